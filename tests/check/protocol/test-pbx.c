/* test-pbx.c: a trusted PBX in the middle: enrollment and the relayed SAS (RFC 6189 5.13, 7.3; attacks E1, E2).
 *
 * End 0 is the phone, end 1 the PBX.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/protocol/stream.h"
#include "call.h"

#include <string.h>

static const guint8 relayed_hash[ZRTP_SASHASH_LEN] = "the sashash of the other leg....";

static void
prepare (TestLink * link, guint64 seed)
{
  test_link_init (link, seed);
  link->ends[1].config.mitm = TRUE;
  link->ends[0].config.accept_relay = TRUE;
  test_list (&link->ends[0].config.sas_types, "B32 B256");
  test_list (&link->ends[1].config.sas_types, "B32 B256");
}

static void
relay (TestLink * link, const gchar * type)
{
  zrtp_association_relay_sas (link->ends[1].association, type, relayed_hash, TRUE, TRUE, link->now);
  test_link_drain (link, 1);
}

/* An enrolled pair, at the beginning of a new call. */
static void
enrolled_call (TestLink * link, guint64 seed)
{
  prepare (link, seed);
  link->ends[1].config.enroll = TRUE;
  test_link_call (link, 1);
  test_link_verify (link, 0, TRUE);
  test_link_enroll (link, 0, TRUE);
  test_link_close (link);
  link->ends[1].config.enroll = FALSE;
  test_link_set_initiator (link, seed % 2);
  test_link_call (link, 1);
}

/* Z-7.3.1-1 to -3, -5, -7, E2: offered, stored by the phone only on its user's word, and that only for a verified
 * call. (Z-7.3.1-4, Z-7.3-2) */
static void
test_enrollment (void)
{
  for (guint initiator = 0; initiator < 2; initiator++) {
    TestLink link;

    prepare (&link, initiator);
    test_link_set_initiator (&link, initiator);
    link.ends[1].config.enroll = TRUE;
    link.ends[1].config.allow_clear = TRUE;
    test_link_call (&link, 1);
    /* Z-7.3.1-4: E and A are never said together. */
    g_assert_false (link.ends[1].association->streams[0]->own_allow_clear);
    g_assert_true (test_link_sas (&link, 0).enrollment_offered);
    g_assert_false (test_link_sas (&link, 0).enrolled);
    g_assert_false (test_link_entry (&link, 0)->has_pbxsecret);
    test_link_enroll (&link, 0, TRUE);    /* not verified */
    g_assert_false (test_link_entry (&link, 0)->has_pbxsecret);
    g_assert_true (link.ends[0].streams[0].warnings & (1 << ZRTP_WARNING_ENROLLMENT_UNPROVEN));
    test_link_verify (&link, 0, TRUE);
    test_link_enroll (&link, 0, TRUE);
    g_assert_true (test_link_entry (&link, 0)->has_pbxsecret && test_link_entry (&link, 1)->has_pbxsecret);
    g_assert_cmpmem (test_link_entry (&link, 0)->pbxsecret, ZRTP_RETAINED_LEN, test_link_entry (&link, 1)->pbxsecret, ZRTP_RETAINED_LEN);
    test_link_close (&link);
    link.ends[1].config.enroll = FALSE;
    test_link_call (&link, 1);
    for (guint e = 0; e < 2; e++)
      g_assert_true (test_link_sas (&link, e).enrolled);
    g_assert_false (test_link_sas (&link, 0).enrollment_offered);
    /* Z-7.3.1-9: it does not roll, and can be taken back. */
    g_assert_true (test_link_entry (&link, 0)->has_pbxsecret);
    test_link_enroll (&link, 0, FALSE);
    g_assert_false (test_link_entry (&link, 0)->has_pbxsecret);
    g_assert_true (test_link_entry (&link, 0)->has_rs1);
    test_link_close (&link);
    test_link_call (&link, 1);
    g_assert_false (test_link_sas (&link, 0).enrolled || test_link_sas (&link, 1).enrolled);
    test_link_clear (&link);
  }
}

/* Z-7.3.1-10: E from somebody without M means nothing, and enroll() without an offer stores nothing. */
static void
test_no_offer (void)
{
  TestLink link;

  prepare (&link, 1);
  link.ends[1].config.mitm = FALSE;
  link.ends[1].config.enroll = TRUE;
  test_link_call (&link, 1);
  test_link_verify (&link, 0, TRUE);
  g_assert_false (test_link_sas (&link, 0).enrollment_offered);
  test_link_enroll (&link, 0, TRUE);
  g_assert_false (test_link_entry (&link, 0)->has_pbxsecret);
  test_link_clear (&link);
}

/* Z-5.13-2, -3, -7, -8, -13, Z-7.3-4: the phone shows the other leg's SAS in the type given. (Z-5.14-1) */
static void
test_relay (void)
{
  for (guint seed = 0; seed < 2; seed++) {
    TestLink link;
    gchar expected[64];
    ZrtpSasInfo sas;

    enrolled_call (&link, seed);
    /* The user's word is about the SAS that was shown, not about the one to come. */
    test_link_verify (&link, 0, TRUE);
    g_assert_true (test_link_sas (&link, 0).verified);
    relay (&link, "B256");
    test_link_settle (&link);
    zrtp_sas_render_b256 (relayed_hash, expected, sizeof expected);
    sas = test_link_sas (&link, 0);
    g_assert_cmpstr (sas.text, ==, expected);
    g_assert_true (sas.relayed && sas.relayed_verified && sas.remote_disclosure);
    g_assert_false (sas.verified);
    g_assert_cmpmem (sas.sashash, ZRTP_SASHASH_LEN, relayed_hash, ZRTP_SASHASH_LEN);
    g_assert_cmpuint (link.ends[1].streams[0].n_sent_of_type[WIRE_SASRELAY], ==, 1);
    g_assert_cmpuint (link.ends[0].streams[0].n_sent_of_type[WIRE_RELAY_ACK], ==, 1);
    g_assert_false (test_link_sas (&link, 1).relayed);
    /* Z-5.13-12: a transfer replaces it. */
    relay (&link, "B32 ");
    test_link_settle (&link);
    zrtp_sas_render_b32 (relayed_hash, expected, sizeof expected);
    g_assert_cmpstr (test_link_sas (&link, 0).text, ==, expected);
    test_link_clear (&link);
  }
}

/* Z-5.13-4 to -6, Z-7.3-7, -8, Z-5.14-2, E1: what a PBX relays that the phone is not enrolled with is
 * acknowledged and not shown, be it honest, and send nothing but the type, or not. */
static void
test_untrusted (void)
{
  for (guint honest = 0; honest < 2; honest++) {
    TestLink link;
    gchar before[64];

    prepare (&link, 1);
    test_link_call (&link, 1);
    g_strlcpy (before, test_link_sas (&link, 0).text, sizeof before);
    if (!honest)
      link.ends[1].association->sas.enrolled = TRUE;
    relay (&link, "B32 ");
    test_link_settle (&link);
    g_assert_cmpuint (link.ends[0].streams[0].n_sent_of_type[WIRE_RELAY_ACK], ==, 1);
    g_assert_false (test_link_sas (&link, 0).relayed);
    g_assert_cmpstr (test_link_sas (&link, 0).text, ==, before);
    g_assert_cmpint (!!(link.ends[0].streams[0].warnings & (1 << ZRTP_WARNING_UNTRUSTED_RELAY)), ==, !honest);
    g_assert_cmpuint (link.ends[0].streams[0].n_errors, ==, 0);
    test_link_clear (&link);
  }
}

/* A phone whose user has not asked for relays keeps its own SAS. */
static void
test_not_accepted (void)
{
  TestLink link;
  gchar before[64];

  prepare (&link, 1);
  link.ends[0].config.accept_relay = FALSE;
  link.ends[1].config.enroll = TRUE;
  test_link_call (&link, 1);
  test_link_verify (&link, 0, TRUE);
  test_link_enroll (&link, 0, TRUE);
  test_link_close (&link);
  test_link_call (&link, 1);
  g_strlcpy (before, test_link_sas (&link, 0).text, sizeof before);
  relay (&link, "B32 ");
  test_link_settle (&link);
  g_assert_cmpuint (link.ends[0].streams[0].n_sent_of_type[WIRE_RELAY_ACK], ==, 1);
  g_assert_false (test_link_sas (&link, 0).relayed);
  g_assert_cmpstr (test_link_sas (&link, 0).text, ==, before);
  test_link_clear (&link);
}

/* Z-5.13-11, -12: any bit altered: no RelayACK and no change; only when secure; repeats are acknowledged again. */
typedef struct
{
  guint bit;
  gboolean drop_acks;
} Tamper;

static gboolean
tamper (TestLink * link, TestPacket * packet, gpointer user_data)
{
  Tamper *self = user_data;

  if (packet->type == WIRE_RELAY_ACK && self->drop_acks)
    return FALSE;
  if (packet->type == WIRE_SASRELAY && self->bit) {
    packet->data[self->bit / 8] ^= 0x80 >> (self->bit % 8);
    wire_fix_crc (packet->data, packet->len);
  }
  return TRUE;
}

static void
test_altered (void)
{
  Tamper self = { 0, FALSE };

  for (guint octet = 12; octet < 88; octet++) {
    TestLink link;
    gchar before[64];

    if (octet >= 12 + 20 && octet < 12 + 36)
      continue;                 /* the IV: see below */
    self.bit = octet * 8 + octet % 8;
    enrolled_call (&link, octet);
    g_strlcpy (before, test_link_sas (&link, 0).text, sizeof before);
    link.filter = tamper;
    link.user_data = &self;
    relay (&link, "B256");
    test_link_settle (&link);
    g_assert_cmpuint (link.ends[0].streams[0].n_sent_of_type[WIRE_RELAY_ACK], ==, 0);
    g_assert_cmpstr (test_link_sas (&link, 0).text, ==, before);
    g_assert_false (test_link_sas (&link, 0).relayed);
    test_link_assert_secure (&link);
    /* Z-5.13-3: eleven times in all. */
    g_assert_cmpuint (link.ends[1].streams[0].n_sent_of_type[WIRE_SASRELAY], ==, 11);
    test_link_clear (&link);
  }
}

static void
test_repeats (void)
{
  Tamper self = { 0, TRUE };
  TestLink link;

  enrolled_call (&link, 1);
  link.filter = tamper;
  link.user_data = &self;
  relay (&link, "B256");
  test_link_settle (&link);
  g_assert_cmpuint (link.ends[1].streams[0].n_sent_of_type[WIRE_SASRELAY], ==, 11);
  g_assert_cmpuint (link.ends[0].streams[0].n_sent_of_type[WIRE_RELAY_ACK], ==, 11);
  /* One change for the user, not eleven. */
  g_assert_cmpuint (link.ends[0].streams[0].n_sas, ==, 2);
  g_assert_true (test_link_all_secure (&link));
  test_link_clear (&link);
}

/* No PBX relays before it is secure, and no phone relays. */
static void
test_no_relay (void)
{
  TestLink link;

  prepare (&link, 1);
  test_link_open (&link, 1);
  relay (&link, "B32 ");
  test_link_start_all (&link);
  relay (&link, "B32 ");
  g_assert_true (test_link_run_until_secure (&link, SEC));
  zrtp_association_relay_sas (link.ends[0].association, "B32 ", relayed_hash, TRUE, FALSE, link.now);
  test_link_drain (&link, 0);
  test_link_settle (&link);
  for (guint e = 0; e < 2; e++)
    g_assert_cmpuint (link.ends[e].streams[0].n_sent_of_type[WIRE_SASRELAY], ==, 0);
  test_link_clear (&link);
}

/* Z-bis-4: nobody sits at the PBX to compare after a mismatch; its entry goes on, but for a phone that is enrolled and did not show the
 * secret of that (E7). */
static void
test_nobody_to_compare (void)
{
  for (guint enrolled = 0; enrolled < 2; enrolled++) {
    TestLink link;
    ZrtpCacheEntry before;

    prepare (&link, 40 + enrolled);
    link.ends[1].config.enroll = enrolled;
    test_link_call (&link, 1);
    if (enrolled) {
      test_link_verify (&link, 0, TRUE);
      test_link_enroll (&link, 0, TRUE);
    }
    test_link_close (&link);
    before = *test_link_entry (&link, 1);
    g_hash_table_remove_all (link.ends[0].cache.entries);
    test_link_call (&link, 1);
    g_assert_cmpint (test_link_sas (&link, 1).cache, ==, ZRTP_CACHE_MISMATCH);
    if (enrolled)
      g_assert_cmpmem (&before, sizeof before, test_link_entry (&link, 1), sizeof before);
    else
      g_assert_cmpmem (test_link_entry (&link, 0)->rs1, 32, test_link_entry (&link, 1)->rs1, 32);
    test_link_close (&link);
    test_link_call (&link, 1);
    g_assert_cmpint (test_link_sas (&link, 1).cache, ==, enrolled ? ZRTP_CACHE_MISMATCH : ZRTP_CACHE_MATCH);
    test_link_clear (&link);
  }
}

/* Z-7.3.1-6: a phone's user who declined the first offer may accept a later one. */
static void
test_late_enrollment (void)
{
  TestLink link;

  prepare (&link, 50);
  link.ends[1].config.enroll = TRUE;
  test_link_call (&link, 1);
  test_link_close (&link);
  test_link_call (&link, 1);
  g_assert_true (test_link_sas (&link, 0).enrollment_offered);
  g_assert_false (test_link_sas (&link, 0).enrolled);
  test_link_verify (&link, 0, TRUE);
  test_link_enroll (&link, 0, TRUE);
  test_link_close (&link);
  test_link_call (&link, 1);
  for (guint e = 0; e < 2; e++)
    g_assert_true (test_link_sas (&link, e).enrolled);
  test_link_clear (&link);
}

/* D2: what a PBX, or a phone, keeps of the other end is there but cannot be read. Nothing that its user says, and no enrollment, writes
 * over it: it may be put right again. */
static void
test_unreadable (void)
{
  for (guint e = 0; e < 2; e++) {
    TestLink link;
    ZrtpCacheEntry unreadable = { .unreadable = TRUE };

    prepare (&link, 60 + e);
    link.ends[1].config.enroll = TRUE;
    test_cache_put (&link.ends[e].cache, link.ends[e].config.zid, link.ends[!e].config.zid, &unreadable);
    test_link_call (&link, 1);
    g_assert_cmpuint (link.ends[e].streams[0].n_warnings[ZRTP_WARNING_CACHE_UNREADABLE], ==, 1);
    test_link_hear (&link);
    test_link_verify (&link, 0, TRUE);
    test_link_enroll (&link, 0, TRUE);
    test_link_enroll (&link, 0, FALSE);
    zrtp_association_set_peer_name (link.ends[e].association, "a name");
    test_link_verify (&link, e, FALSE);
    g_assert_cmpuint (link.ends[e].cache.stores, ==, 0);
    g_assert_true (test_link_entry (&link, e)->unreadable);
    g_assert_false (test_link_entry (&link, e)->has_pbxsecret);
    test_link_clear (&link);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pbx/enrollment", test_enrollment);
  g_test_add_func ("/pbx/no-offer", test_no_offer);
  g_test_add_func ("/pbx/nobody-to-compare", test_nobody_to_compare);
  g_test_add_func ("/pbx/unreadable", test_unreadable);
  g_test_add_func ("/pbx/late-enrollment", test_late_enrollment);
  g_test_add_func ("/pbx/relay", test_relay);
  g_test_add_func ("/pbx/untrusted", test_untrusted);
  g_test_add_func ("/pbx/not-accepted", test_not_accepted);
  g_test_add_func ("/pbx/altered", test_altered);
  g_test_add_func ("/pbx/repeats", test_repeats);
  g_test_add_func ("/pbx/no-relay", test_no_relay);
  return g_test_run ();
}
