/* test-secure.c: requirements on a call that is secure already: GoClear, and the trusted PBX, as far as the subject
 * tests of tests/check leave them over.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _GNU_SOURCE             /* memmem */
#include "gst/protocol/stream.h"
#include "call.h"

#include <string.h>

static void
secure_call (TestLink * link, guint n_streams)
{
  test_link_open (link, n_streams);
  test_link_start_all (link);
  g_assert_true (test_link_run_until_secure (link, 5 * SEC));
  test_link_settle (link);
  test_link_assert_secure (link);
}

/* Z-4.7.2-13, Z-4.7.2.1-4: a peer that sends a GoClear for each stream. The second one is known for what
 * it is though the keys are gone, and replaces ZRTPSess once more; a repeat does not (Z-4.7.2-12). */
static void
test_go_clear_for_each_stream (void)
{
  guint8 expected[ZRTP_HASH_MAX_LEN];
  ZrtpAssociation *association;
  TestLink link;

  test_link_init (&link, 1);
  for (guint e = 0; e < 2; e++)
    link.ends[e].config.allow_clear = TRUE;
  secure_call (&link, 2);
  association = link.ends[0].association;
  memcpy (expected, association->zrtp_sess, sizeof expected);
  for (guint i = 0; i < 4; i++) {
    guint stream = i / 2;
    const ZrtpStream *peer = link.ends[1].association->streams[stream];
    WireBuffer message, packet;

    wire_begin (&message, WIRE_GOCLEAR);
    wire_append (&message, peer->own_clear_mac, 8);
    wire_end (&message);
    wire_frame (&packet, 1, link.ends[1].streams[stream].ssrc, &message);
    test_link_inject (&link, 0, stream, packet.data, packet.len);
    if (i % 2 == 0)
      zrtp_replace_zrtp_sess (association->session_hash, association->session_zids, expected);
    g_assert_cmpmem (association->zrtp_sess, 32, expected, 32);
    g_assert_cmpuint (link.ends[0].streams[stream].n_sent_of_type[WIRE_CLEAR_ACK], ==, 1 + i % 2);
  }
  test_link_clear (&link);
}

/* Z-7.3.1-6, Z-7.3-2: the phone's user does not answer an offer to be remembered, or says no: the phone
 * keeps nothing and is not taken for enrolled. */
static void
test_declined (void)
{
  TestLink link;

  test_link_init (&link, 1);
  link.ends[1].config.mitm = link.ends[1].config.enroll = TRUE;
  for (guint call = 0; call < 3; call++) {
    secure_call (&link, 1);
    for (guint e = 0; e < 2; e++)
      g_assert_false (test_link_sas (&link, e).enrolled);
    zrtp_association_set_verified (link.ends[0].association, TRUE, link.now);
    if (call == 1)
      zrtp_association_enroll (link.ends[0].association, FALSE, link.now);
    test_link_drain (&link, 0);
    g_assert_false (test_cache_get (&link.ends[0].cache, link.ends[0].config.zid,
            link.ends[1].config.zid)->has_pbxsecret);
    test_link_close (&link);
  }
  test_link_clear (&link);
}

/* Z-7.3.1-11: a GoClear has replaced ZRTPSess; the offer is over, and the phone stores no secret that the
 * PBX does not have. */
static void
test_offer_over (void)
{
  const ZrtpCacheEntry *entries[2];
  TestLink link;

  test_link_init (&link, 1);
  link.media = TRUE;
  link.ends[1].config.mitm = link.ends[1].config.enroll = TRUE;
  link.ends[0].config.allow_clear = TRUE;
  secure_call (&link, 1);
  zrtp_association_set_verified (link.ends[0].association, TRUE, link.now);
  test_link_drain (&link, 0);
  zrtp_association_clear (link.ends[1].association, link.now);
  test_link_drain (&link, 1);
  link.media = FALSE;
  test_link_settle (&link);
  zrtp_association_secure (link.ends[0].association, 0, link.now);
  test_link_drain (&link, 0);
  g_assert_true (test_link_run_until_secure (&link, 5 * SEC));
  test_link_settle (&link);
  zrtp_association_enroll (link.ends[0].association, TRUE, link.now);
  test_link_drain (&link, 0);
  for (guint e = 0; e < 2; e++)
    entries[e] = test_cache_get (&link.ends[e].cache, link.ends[e].config.zid, link.ends[!e].config.zid);
  if (entries[0]->has_pbxsecret)
    g_assert_cmpmem (entries[0]->pbxsecret, ZRTP_RETAINED_LEN, entries[1]->pbxsecret, ZRTP_RETAINED_LEN);
  test_link_clear (&link);
}

/* Z-4.7.2-1: A is 0 unless the application wants it, and then says so to the peer. */
static void
test_allow_clear (void)
{
  for (guint allowed = 0; allowed < 2; allowed++) {
    TestLink link;

    test_link_init (&link, 1);
    if (allowed)
      link.ends[0].config.allow_clear = TRUE;
    secure_call (&link, 1);
    g_assert_cmpint (link.ends[0].association->streams[0]->own_allow_clear, ==, allowed);
    g_assert_cmpint (link.ends[1].association->streams[0]->peer_allows_clear, ==, allowed);
    g_assert_false (link.ends[1].association->streams[0]->own_allow_clear);
    test_link_clear (&link);
  }
}

/* Z-5.13-14: bits of a SASrelay that mean nothing, the place of E among them, are ignored. End 1 is the PBX. */
static void
test_relay_bits (void)
{
  for (guint bit = 0; bit < 32; bit++) {
    gboolean meant = (bit >= 15 && bit < 24) || bit >= 29;     /* sig len; V, A, D */
    TestLink link;
    const ZrtpStream *pbx;
    guint8 message[76] = "PZ\0\x13SASrelay", mac[ZRTP_HASH_MAX_LEN];
    ZrtpPart part = { message + 36, 40 };
    WireBuffer wire = { 0 }, packet;

    if (meant)
      continue;
    test_link_init (&link, bit);
    link.ends[1].config.mitm = TRUE;
    link.ends[0].config.accept_relay = TRUE;
    secure_call (&link, 1);
    pbx = link.ends[1].association->streams[0];
    message[36 + bit / 8] = 0x80 >> (bit % 8);
    memcpy (message + 40, "B256", 4);
    pbx->relay_cipher->cfb_encrypt (pbx->own_zrtpkey, message + 20, message + 36, 40);
    pbx->relay_hash->hmac (pbx->own_mackey, pbx->relay_hash->length, &part, 1, mac);
    memcpy (message + 12, mac, 8);
    wire_append (&wire, message, sizeof message);
    wire_frame (&packet, 1, link.ends[1].streams[0].ssrc, &wire);
    test_link_inject (&link, 0, 0, packet.data, packet.len);
    g_assert_cmpuint (link.ends[0].streams[0].n_sent_of_type[WIRE_RELAY_ACK], ==, 1);
    g_assert_cmpstr (test_link_sas (&link, 0).choice.sas, ==, "B256");
    g_assert_false (test_link_sas (&link, 0).relayed);
    test_link_clear (&link);
  }
}

/* Z-7.3-10, Z-10-4: two phones and a PBX with one ZID for both. Neither phone ever gets the other's ZID,
 * in no packet. */
static void
test_pbx_zid (void)
{
  TestLink legs[2];

  for (guint leg = 0; leg < 2; leg++) {
    test_link_init (&legs[leg], 10 + leg);
    memset (legs[leg].ends[0].config.zid, 0xd0 + leg, ZRTP_ZID_LEN);
    memset (legs[leg].ends[1].config.zid, 0xbb, ZRTP_ZID_LEN);
    legs[leg].ends[1].config.mitm = TRUE;
    legs[leg].ends[0].config.accept_relay = TRUE;
    secure_call (&legs[leg], 1);
  }
  for (guint leg = 0; leg < 2; leg++) {
    TestEnd *pbx = &legs[leg].ends[1];

    zrtp_association_relay_sas (pbx->association, "B32 ", test_link_sas (&legs[!leg], 1).sashash, FALSE, FALSE,
        legs[leg].now);
    test_link_drain (&legs[leg], 1);
    test_link_settle (&legs[leg]);
    g_assert_cmpmem (test_link_sas (&legs[leg], 0).peer_zid, ZRTP_ZID_LEN, legs[!leg].ends[1].config.zid, ZRTP_ZID_LEN);
    for (guint i = 0; i < pbx->sent->len; i++) {
      const TestPacket *packet = g_ptr_array_index (pbx->sent, i);

      g_assert_null (memmem (packet->data, packet->len, legs[!leg].ends[0].config.zid, ZRTP_ZID_LEN));
    }
  }
  for (guint leg = 0; leg < 2; leg++)
    test_link_clear (&legs[leg]);
}

/* Attack E7: somebody with an enrolled phone's ZID, and none of its secrets, calls a PBX that offers enrollment. The PBX
 * goes on knowing the phone, which is enrolled as before when it calls again. */
static void
test_enrolled_phone_stays (void)
{
  ZrtpCacheEntry before, *after;
  TestCache phones_own;
  TestLink link;

  test_link_init (&link, 3);
  link.ends[1].config.mitm = link.ends[1].config.enroll = TRUE;
  secure_call (&link, 1);
  zrtp_association_set_verified (link.ends[0].association, TRUE, link.now);
  zrtp_association_enroll (link.ends[0].association, TRUE, link.now);
  test_link_drain (&link, 0);
  test_link_close (&link);
  before = *test_cache_get (&link.ends[1].cache, link.ends[1].config.zid, link.ends[0].config.zid);
  g_assert_true (before.has_pbxsecret);

  phones_own = link.ends[0].cache;
  test_cache_init (&link.ends[0].cache);
  secure_call (&link, 1);
  g_assert_false (test_link_sas (&link, 1).enrolled);
  g_assert_cmpint (test_link_sas (&link, 1).cache, ==, ZRTP_CACHE_MISMATCH);
  test_link_close (&link);
  after = (ZrtpCacheEntry *) test_cache_get (&link.ends[1].cache, link.ends[1].config.zid, link.ends[0].config.zid);
  g_assert_true (after->has_pbxsecret);
  g_assert_cmpmem (after->pbxsecret, ZRTP_RETAINED_LEN, before.pbxsecret, ZRTP_RETAINED_LEN);
  g_assert_cmpmem (after->rs1, ZRTP_RETAINED_LEN, before.rs1, ZRTP_RETAINED_LEN);

  test_cache_clear (&link.ends[0].cache);
  link.ends[0].cache = phones_own;
  secure_call (&link, 1);
  for (guint e = 0; e < 2; e++) {
    g_assert_true (test_link_sas (&link, e).enrolled);
    g_assert_cmpint (test_link_sas (&link, e).cache, ==, ZRTP_CACHE_MATCH);
  }
  test_link_clear (&link);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/conformance/go-clear-for-each-stream", test_go_clear_for_each_stream);
  g_test_add_func ("/conformance/declined", test_declined);
  g_test_add_func ("/conformance/offer-over", test_offer_over);
  g_test_add_func ("/conformance/allow-clear", test_allow_clear);
  g_test_add_func ("/conformance/relay-bits", test_relay_bits);
  g_test_add_func ("/conformance/pbx-zid", test_pbx_zid);
  g_test_add_func ("/conformance/enrolled-phone-stays", test_enrolled_phone_stays);
  return g_test_run ();
}
