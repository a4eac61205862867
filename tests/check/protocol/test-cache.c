/* test-cache.c: what two ends remember of each other from call to call (RFC 6189 4.3, 4.6.1, 4.9, 7.1).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/protocol/keyschedule.h"
#include "call.h"
#include "vectors.h"

#include <string.h>

static void
begin_call (TestLink * link)
{
  test_link_open (link, 1);
  test_link_start_all (link);
}

/* A call to its end; the ends have heard each other's media. */
static void
finish_call (TestLink * link, ZrtpCacheStatus status0, ZrtpCacheStatus status1)
{
  const ZrtpCacheStatus expected[2] = { status0, status1 };

  g_assert_true (test_link_run_until_secure (link, 5 * SEC));
  test_link_assert_secure (link);
  for (guint e = 0; e < 2; e++) {
    TestStream *stream = &link->ends[e].streams[0];
    ZrtpSasInfo sas;

    zrtp_association_media_authenticated (link->ends[e].association, 0, link->now);
    test_link_drain (link, e);
    g_assert_true (zrtp_association_get_sas (link->ends[e].association, &sas));
    g_assert_cmpint (sas.cache, ==, expected[e]);
    g_assert_cmpuint (stream->n_warnings[ZRTP_WARNING_CACHE_MISMATCH], ==, expected[e] == ZRTP_CACHE_MISMATCH);
    if (sas.cache == ZRTP_CACHE_MISMATCH)
      g_assert_false (sas.verified);    /* Z-4.3.2-10 */
  }
}

static void
call (TestLink * link, ZrtpCacheStatus status0, ZrtpCacheStatus status1)
{
  begin_call (link);
  finish_call (link, status0, status1);
}

static void
assert_same_rs1 (TestLink * link)
{
  g_assert_true (test_link_entry (link, 0)->has_rs1 && test_link_entry (link, 1)->has_rs1);
  g_assert_cmpmem (test_link_entry (link, 0)->rs1, ZRTP_RETAINED_LEN, test_link_entry (link, 1)->rs1, ZRTP_RETAINED_LEN);
}

/* Z-4.6.1-1, -4, -6, Z-4.1-7, Z-4.9-4, Z-15-8: rs1 is new in each call, the old one becomes rs2, whoever commits.
 * (Z-4.6.1.1-4) */
static void
test_life (void)
{
  TestLink link;
  ZrtpCacheEntry before;

  test_link_init (&link, 1);
  call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
  assert_same_rs1 (&link);
  g_assert_false (test_link_entry (&link, 0)->has_rs2 || test_link_entry (&link, 1)->has_rs2);
  for (guint i = 0; i < 10; i++) {
    before = *test_link_entry (&link, 0);
    test_link_close (&link);
    test_link_set_initiator (&link, i % 2);
    call (&link, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH);
    assert_same_rs1 (&link);
    for (guint e = 0; e < 2; e++) {
      g_assert_true (test_link_entry (&link, e)->has_rs2 && test_link_entry (&link, e)->rs1_confirmed);
      g_assert_cmpmem (test_link_entry (&link, e)->rs2, ZRTP_RETAINED_LEN, before.rs1, ZRTP_RETAINED_LEN);
      g_assert_true (memcmp (test_link_entry (&link, e)->rs1, before.rs1, ZRTP_RETAINED_LEN) != 0);
      g_assert_cmpuint (test_link_entry (&link, e)->expiry_interval, ==, ZRTP_CACHE_FOREVER);
      g_assert_false (test_link_entry (&link, e)->verified || test_link_entry (&link, e)->has_pbxsecret);
    }
  }
  test_link_clear (&link);
}

/* Z-4.6.1-11: the line is cut so that one end alone has the new secret; the next call matches all the same. Both
 * ways, several times in a row. */
static gboolean
cut (TestLink * link, TestPacket * packet, gpointer user_data)
{
  return packet->type != GPOINTER_TO_UINT (user_data);
}

static void
test_cut_line (void)
{
  for (guint initiator = 0; initiator < 2; initiator++)
    for (guint cuts = 1; cuts < 5; cuts++) {
      TestLink link;

      test_link_init (&link, cuts);
      test_link_set_initiator (&link, initiator);
      call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
      test_link_close (&link);
      for (guint i = 0; i < cuts; i++) {
        link.filter = cut;
        link.user_data = GUINT_TO_POINTER (WIRE_CONF2ACK);
        begin_call (&link);
        test_link_settle (&link);
        g_assert_false (test_link_is_secure (&link, initiator, 0));
        g_assert_true (test_link_is_secure (&link, !initiator, 0));
        test_link_close (&link);
      }
      link.filter = NULL;
      call (&link, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH);
      assert_same_rs1 (&link);
      test_link_close (&link);
      call (&link, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH);
      test_link_clear (&link);
    }
}

/* C5: Confirm2 is withheld and Conf2ACK forged, in several calls running: only the initiator thinks that it has a
 * new secret. The clean call afterwards matches. */
static gboolean
forge_conf2ack (TestLink * link, TestPacket * packet, gpointer user_data)
{
  WireBuffer message, forged;

  if (packet->type != WIRE_CONFIRM2)
    return TRUE;
  wire_begin (&message, WIRE_CONF2ACK);
  wire_end (&message);
  wire_frame (&forged, 1, link->ends[!packet->from].streams[0].ssrc, &message);
  test_link_inject_later (link, packet->from, 0, forged.data, forged.len, MSEC);
  return FALSE;
}

static void
test_forged_conf2ack (void)
{
  for (guint n = 1; n < 5; n++)
    for (guint initiator = 0; initiator < 2; initiator++) {
      TestLink link;

      test_link_init (&link, n);
      test_link_set_initiator (&link, initiator);
      call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
      test_link_close (&link);
      link.filter = forge_conf2ack;
      link.forged_ack_allowed = TRUE;
      for (guint i = 0; i < n; i++) {
        begin_call (&link);
        test_link_settle (&link);
        g_assert_true (test_link_is_secure (&link, initiator, 0));
        g_assert_false (test_link_is_secure (&link, !initiator, 0));
        test_link_close (&link);
      }
      link.filter = NULL;
      link.forged_ack_allowed = FALSE;
      call (&link, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH);
      assert_same_rs1 (&link);
      test_link_clear (&link);
    }
}

/* Z-4.3.2-1 to -6, Z-4.6.1.1-1, -2, -5, D1: one end has lost its cache. The other is warned in each call and its
 * cache stays as it is, until the user says that the SAS matches. */
static void
test_mismatch (void)
{
  TestLink link;
  ZrtpCacheEntry before;

  test_link_init (&link, 1);
  call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
  test_link_verify (&link, 0, TRUE);
  before = *test_link_entry (&link, 0);
  for (guint i = 0; i < 3; i++) {
    guint stores = link.ends[0].cache.stores;

    test_link_close (&link);
    g_hash_table_remove_all (link.ends[1].cache.entries);
    call (&link, ZRTP_CACHE_MISMATCH, ZRTP_CACHE_NONE);
    g_assert_cmpuint (link.ends[0].cache.stores, ==, stores);
    g_assert_cmpmem (test_link_entry (&link, 0), sizeof before, &before, sizeof before);
    g_assert_true (test_link_entry (&link, 1)->has_rs1);
    /* Z-7.1-7: no V from this end now, but the stored flag stays. */
    g_assert_false (test_link_sas (&link, 1).remote_verified);
    g_assert_true (test_link_entry (&link, 0)->verified);
  }
  test_link_verify (&link, 0, TRUE);
  assert_same_rs1 (&link);
  g_assert_cmpmem (test_link_entry (&link, 0)->rs2, ZRTP_RETAINED_LEN, before.rs1, ZRTP_RETAINED_LEN);
  g_assert_true (test_link_entry (&link, 0)->verified);
  g_assert_true (test_link_sas (&link, 0).verified);
  test_link_close (&link);
  call (&link, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH);
  test_link_clear (&link);
}

/* Z-7.1-4: the user says that it differs. The secret of this call goes, V too; older secrets do not. */
static void
test_refused (void)
{
  TestLink link;
  ZrtpCacheEntry before;

  test_link_init (&link, 1);
  call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
  test_link_verify (&link, 0, FALSE);
  g_assert_false (test_link_sas (&link, 0).verified);
  g_assert_true (test_link_entry (&link, 0) == NULL || !test_link_entry (&link, 0)->has_rs1);
  test_link_close (&link);
  call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_MISMATCH);
  test_link_close (&link);

  test_link_clear (&link);
  test_link_init (&link, 2);
  call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
  test_link_verify (&link, 0, TRUE);
  before = *test_link_entry (&link, 0);
  test_link_close (&link);
  call (&link, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH);
  test_link_verify (&link, 0, FALSE);
  g_assert_false (test_link_entry (&link, 0)->verified);
  g_assert_cmpmem (test_link_entry (&link, 0)->rs1, ZRTP_RETAINED_LEN, before.rs1, ZRTP_RETAINED_LEN);
  g_assert_true (link.ends[0].streams[0].warnings & (1 << ZRTP_WARNING_SAS_REFUSED));
  test_link_clear (&link);
}

/* After a mismatch and the answer "differs", and after a call that ends without an answer, the cache is as
 * before. */
static void
test_mismatch_refused (void)
{
  TestLink link;
  ZrtpCacheEntry before;

  test_link_init (&link, 1);
  call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
  before = *test_link_entry (&link, 0);
  test_link_close (&link);
  g_hash_table_remove_all (link.ends[1].cache.entries);
  call (&link, ZRTP_CACHE_MISMATCH, ZRTP_CACHE_NONE);
  test_link_verify (&link, 0, FALSE);
  g_assert_cmpmem (test_link_entry (&link, 0)->rs1, ZRTP_RETAINED_LEN, before.rs1, ZRTP_RETAINED_LEN);
  g_assert_cmpint (test_link_entry (&link, 0)->has_rs2, ==, before.has_rs2);
  test_link_clear (&link);
}

/* No verdict before there is a SAS (Z-7-6), and none by anybody but the user (A1). */
static void
test_no_early_verdict (void)
{
  TestLink link;
  ZrtpSasInfo sas;

  test_link_init (&link, 1);
  test_link_set_initiator (&link, 0);
  begin_call (&link);
  for (guint i = 0; i < 40 && !test_link_is_secure (&link, 0, 0); i++) {
    g_assert_false (zrtp_association_get_sas (link.ends[0].association, &sas));
    test_link_verify (&link, 0, TRUE);
    g_assert_cmpuint (link.ends[0].streams[0].n_sas, ==, 0);
    g_assert_null (test_link_entry (&link, 0));
    test_link_run (&link, 5 * MSEC);
  }
  finish_call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
  g_assert_false (test_link_sas (&link, 0).verified);
  g_assert_false (test_link_entry (&link, 0)->verified);
  test_link_clear (&link);
}

/* Z-7.1-1, -2, -5, -6: V tells of earlier calls; a call counts as verified only with both and a match. */
static void
test_verified_flags (void)
{
  for (guint who = 0; who < 4; who++) {
    TestLink link;

    test_link_init (&link, who);
    call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
    for (guint e = 0; e < 2; e++) {
      if (who & (1 << e)) {
        test_link_verify (&link, e, TRUE);
        g_assert_true (test_link_sas (&link, e).verified);
        g_assert_cmpuint (link.ends[e].streams[0].n_sas, ==, 2);
      }
      /* The other's word of now does not travel. */
      g_assert_false (test_link_sas (&link, e).remote_verified);
    }
    test_link_close (&link);
    call (&link, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH);
    for (guint e = 0; e < 2; e++) {
      g_assert_cmpint (test_link_sas (&link, e).local_verified, ==, !!(who & (1 << e)));
      g_assert_cmpint (test_link_sas (&link, e).remote_verified, ==, !!(who & (2 >> e)));
      g_assert_cmpint (test_link_sas (&link, e).verified, ==, who == 3);
      /* The peer's flag is shown, never stored as one's own. */
      if (!(who & (1 << e)))
        g_assert_false (test_link_entry (&link, e)->verified);
    }
    test_link_clear (&link);
  }
}

/* Z-4.9-5 to -8: the minimum of both; 0 of either: nothing new is kept, and what is kept is marked.
 * (Z-4.6.1-7) */
static void
test_expiry (void)
{
  static const guint32 intervals[] = { 0, 1, 86400, 0xfffffffe, ZRTP_CACHE_FOREVER };

  for (guint i = 0; i < G_N_ELEMENTS (intervals); i++)
    for (guint j = 0; j < G_N_ELEMENTS (intervals); j++) {
      guint32 expected = MIN (intervals[i], intervals[j]);
      ZrtpCacheEntry before;
      TestLink link;

      test_link_init (&link, i * 8 + j);
      link.ends[0].config.cache_expiry = intervals[i];
      link.ends[1].config.cache_expiry = intervals[j];
      call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
      for (guint e = 0; e < 2; e++) {
        if (expected)
          g_assert_cmpuint (test_link_entry (&link, e)->expiry_interval, ==, expected);
        else
          g_assert_null (test_link_entry (&link, e));
      }
      test_link_close (&link);
      if (expected)
        call (&link, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH);
      else
        call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
      test_link_clear (&link);

      /* With an entry from before. */
      test_link_init (&link, i * 8 + j);
      call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
      before = *test_link_entry (&link, 0);
      test_link_close (&link);
      link.ends[0].config.cache_expiry = intervals[i];
      link.ends[1].config.cache_expiry = intervals[j];
      call (&link, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH);
      for (guint e = 0; e < 2; e++) {
        g_assert_cmpuint (test_link_entry (&link, e)->expiry_interval, ==, expected);
        if (expected == 0)
          g_assert_cmpmem (test_link_entry (&link, e)->rs1, ZRTP_RETAINED_LEN, before.rs1, ZRTP_RETAINED_LEN);
      }
      test_link_clear (&link);
    }
}

/* Z-4.9.1-1: without a cache interval 0 and V 0 are said, and the peer keeps nothing. (Z-7.1-9) */
static void
test_without_cache (void)
{
  TestLink link;

  test_link_init (&link, 1);
  link.ends[0].without_cache = TRUE;
  for (guint i = 0; i < 2; i++) {
    call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
    test_link_verify (&link, 0, TRUE);
    g_assert_true (test_link_sas (&link, 0).verified);
    g_assert_false (test_link_sas (&link, 1).remote_verified);
    g_assert_null (test_link_entry (&link, 1));
    test_link_close (&link);
  }
  test_link_clear (&link);
}

/* A cache that cannot be written is told of, and the call goes on. */
static void
test_broken_cache (void)
{
  TestLink link;

  test_link_init (&link, 1);
  link.ends[0].cache.broken = TRUE;
  call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
  g_assert_true (link.ends[0].streams[0].warnings & (1 << ZRTP_WARNING_CACHE_WRITE));
  g_assert_cmpuint (link.ends[1].streams[0].warnings, ==, 0);
  test_link_clear (&link);
}

/* Z-12-2, -4 (Z-bis-2) */
static void
test_names (void)
{
  TestLink link;

  test_link_init (&link, 1);
  call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
  g_assert_cmpstr (test_link_sas (&link, 0).peer_name, ==, "");
  zrtp_association_set_peer_name (link.ends[0].association, "Bob Østergård");
  g_assert_cmpstr (test_link_sas (&link, 0).peer_name, ==, "Bob Østergård");
  test_link_close (&link);
  call (&link, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH);
  g_assert_cmpstr (test_link_sas (&link, 0).peer_name, ==, "Bob Østergård");
  g_assert_cmpstr (test_link_sas (&link, 1).peer_name, ==, "");
  test_link_close (&link);
  /* Given before there is a call to give it to. */
  test_link_open (&link, 1);
  zrtp_association_set_peer_name (link.ends[1].association, "Alice");
  test_link_start_all (&link);
  finish_call (&link, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH);
  g_assert_cmpstr (test_link_sas (&link, 1).peer_name, ==, "Alice");
  g_assert_cmpstr (test_link_entry (&link, 1)->name, ==, "Alice");
  test_link_clear (&link);
}

/* D2: another device is a first call, not a mismatch; each pair of ZIDs has an entry of its own (Z-4.9-11). */
static void
test_other_devices (void)
{
  TestLink link;
  guint8 old[2][ZRTP_RETAINED_LEN];

  test_link_init (&link, 1);
  call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
  memcpy (old[0], test_link_entry (&link, 0)->rs1, ZRTP_RETAINED_LEN);
  test_link_close (&link);
  link.ends[1].config.zid[0] ^= 1;
  call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
  test_link_close (&link);
  link.ends[0].config.zid[0] ^= 1;
  call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
  test_link_close (&link);
  link.ends[0].config.zid[0] ^= 1;
  link.ends[1].config.zid[0] ^= 1;
  g_assert_cmpmem (test_link_entry (&link, 0)->rs1, ZRTP_RETAINED_LEN, old[0], ZRTP_RETAINED_LEN);
  call (&link, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH);
  test_link_clear (&link);
}

/* Z-4.3-5, -6, Z-4.3.2-7, -8, D6: auxsecret and pbxsecret, matching, differing and absent; an auxsecret that
 * matches excuses no mismatch of rs1. (Z-4.3-3) */
static void
test_auxsecret (void)
{
  static const gchar *const secrets[] = { NULL, "one",
    "a rather longer auxiliary secret, beyond one block of the hash function, to see that any length will do; it "
        "goes on and on and on"
  };

  for (guint i = 0; i < 3; i++)
    for (guint j = 0; j < 3; j++)
      for (guint lost = 0; lost < 2; lost++) {
        TestLink link;
        guint own[2] = { i, j };

        test_link_init (&link, i * 3 + j);
        /* With several hashes on offer, IDs may be looked at by more than one (interop.md). */
        for (guint e = 0; e < 2; e++)
          test_list (&link.ends[e].config.hashes, "S256S384S512");
        call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
        test_link_close (&link);
        if (lost)
          g_hash_table_remove_all (link.ends[1].cache.entries);
        test_link_open (&link, 1);
        for (guint e = 0; e < 2; e++)
          if (secrets[own[e]])
            zrtp_association_set_auxsecret (link.ends[e].association, (const guint8 *) secrets[own[e]],
                strlen (secrets[own[e]]));
        test_link_start_all (&link);
        finish_call (&link, lost ? ZRTP_CACHE_MISMATCH : ZRTP_CACHE_MATCH, lost ? ZRTP_CACHE_NONE : ZRTP_CACHE_MATCH);
        for (guint e = 0; e < 2; e++)
          g_assert_cmpuint (link.ends[e].streams[0].n_warnings[ZRTP_WARNING_AUX_MISMATCH], ==,
              own[e] != 0 && own[0] != own[1]);
        test_link_clear (&link);
      }
}

/* Z-8.2-1 to -3: SRTP keys of the signalling are an auxsecret, whoever becomes initiator (both commit, so that roles change while it is
 * under way) and whatever the hash; other keys, or another salt, are none that match; a set auxsecret goes before them. */
static void
test_srtp_secret (void)
{
  static const guint8 key[16] = "an SDES key of 1", salts[2][14] = { "its salt is ..", "another salt.." };

  for (guint seed = 0; seed < 24; seed++) {
    TestLink link;
    guint kind = seed % 3;      /* alike, other salt, alike but an auxsecret at one end */

    test_link_init (&link, seed);
    for (guint e = 0; e < 2; e++)
      test_list (&link.ends[e].config.hashes, seed % 2 ? "S384S256" : "S256S384");
    test_link_open (&link, 1);
    for (guint e = 0; e < 2; e++)
      zrtp_association_set_srtp_secret (link.ends[e].association, key, sizeof key, salts[e && kind == 1],
          sizeof salts[0]);
    if (kind == 2)
      zrtp_association_set_auxsecret (link.ends[0].association, key, sizeof key);
    test_link_start_all (&link);
    finish_call (&link, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE);
    for (guint e = 0; e < 2; e++)
      g_assert_cmpuint (link.ends[e].streams[0].n_warnings[ZRTP_WARNING_AUX_MISMATCH], ==, kind != 0);
    test_link_clear (&link);
  }
}

/* The keys that this s1 gives, from the recorded private values, whose DHResult is known whatever else happens. */
static void
assert_s1 (TestLink * link, JsonObject * transcript, ZrtpSecret s1)
{
  static const ZrtpSecret none;
  Octets dh_result = vector_octets (vector_object (transcript, "derived"), "DHResult");
  const TestPacket *packets[4] = {
    test_link_sent (link, 1, 0, WIRE_HELLO, 0), test_link_sent (link, 0, 0, WIRE_COMMIT, 0),
    test_link_sent (link, 1, 0, WIRE_DHPART1, 0), test_link_sent (link, 0, 0, WIRE_DHPART2, 0)
  };
  ZrtpPart parts[4];
  ZrtpKdfContext context = { zrtp_hash_find ("S256") };
  ZrtpStreamKeys keys;
  guint8 s0[32];

  for (guint i = 0; i < 4; i++)
    parts[i] = (ZrtpPart) { WIRE_MESSAGE (packets[i]->data), WIRE_MESSAGE_LEN (packets[i]->len) };
  memcpy (context.zidi, link->ends[0].config.zid, ZRTP_ZID_LEN);
  memcpy (context.zidr, link->ends[1].config.zid, ZRTP_ZID_LEN);
  context.hash->digest (parts, 4, context.total_hash);
  zrtp_s0_from_dh (&context, dh_result.data, dh_result.len, s1, none, none, s0);
  zrtp_derive_stream_keys (&context, s0, zrtp_cipher_find ("AES1"), zrtp_auth_tag_find ("HS32"), &keys);
  g_assert_true (test_keys_equal (&keys.srtp_i, &link->ends[0].streams[0].send));
  g_assert_true (test_keys_equal (&keys.srtp_r, &link->ends[0].streams[0].receive));
}

static void
put_secrets (TestLink * link, guint e, JsonObject * root, JsonObject * side)
{
  JsonObject *values = vector_object (root, "values");
  ZrtpCacheEntry filled = { 0 };
  const gchar *names[2] = { "rs1", "rs2" };

  for (guint i = 0; i < 2; i++) {
    JsonNode *node = json_object_get_member (side, names[i]);

    if (JSON_NODE_HOLDS_VALUE (node)) {
      Octets value = vector_octets (values, json_node_get_string (node));

      g_assert_cmpuint (value.len, ==, ZRTP_RETAINED_LEN);
      memcpy (i ? filled.rs2 : filled.rs1, value.data, ZRTP_RETAINED_LEN);
      *(i ? &filled.has_rs2 : &filled.has_rs1) = TRUE;
    }
  }
  filled.rs1_confirmed = TRUE;
  filled.expiry_interval = ZRTP_CACHE_FOREVER;
  if (filled.has_rs1)
    test_cache_put (&link->ends[e].cache, link->ends[e].config.zid, link->ends[!e].config.zid, &filled);
}

static void
check_ids (TestLink * link, JsonObject * root, JsonObject * row, guint e)
{
  JsonObject *side = vector_object (row, e ? "responder" : "initiator");
  JsonArray *ids = json_object_get_array_member (row, e ? "ids_in_DHPart1" : "ids_in_DHPart2");
  const TestPacket *dhpart = test_link_sent (link, e, 0, e ? WIRE_DHPART1 : WIRE_DHPART2, 0);
  const gchar *names[2] = { "rs1", "rs2" };

  for (guint i = 0; i < 2; i++) {
    Octets id;

    octets_from_hex (&id, json_array_get_string_element (ids, i));
    if (JSON_NODE_HOLDS_VALUE (json_object_get_member (side, names[i])))
      assert_octets (id, WIRE_MESSAGE (dhpart->data) + 44 + 8 * i, 8);
    else
      g_assert_true (memcmp (WIRE_MESSAGE (dhpart->data) + 44 + 8 * i, id.data, 8) != 0);
  }
}

/* secret_matching.json: Z-4.3-4, -7, -8, Z-4.3.1-4, Z-4.3.2-1 */
static void
test_matching (void)
{
  JsonObject *root = vector_load ("secret_matching.json"), *transcript = vector_load ("transcript_ec25_s256.json");
  JsonArray *rows = json_object_get_array_member (root, "rows");

  g_assert_cmpuint (json_array_get_length (rows), >, 0);
  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonObject *row = json_array_get_object_element (rows, i);
    JsonNode *s1 = json_object_get_member (row, "s1");
    const gchar *sides[2] = { "initiator", "responder" };
    ZrtpSecret secret = { NULL, 0 };
    Octets value;
    TestLink link;

    test_link_init (&link, i);
    test_link_set_initiator (&link, 0);
    for (guint e = 0; e < 2; e++) {
      Octets private_value = vector_octets (vector_object (transcript, sides[e]), "dh_private");

      test_list (&link.ends[e].config.key_agreements, "EC25DH3k");
      test_random_script (&link.ends[e].random, ZRTP_RANDOM_SECRET, private_value.data, private_value.len);
      put_secrets (&link, e, root, vector_object (row, sides[e]));
    }
    begin_call (&link);
    g_assert_true (test_link_run_until_secure (&link, SEC));
    test_link_assert_secure (&link);
    for (guint e = 0; e < 2; e++) {
      gboolean mismatch = json_object_get_boolean_member (row, e ? "mismatch_at_responder" : "mismatch_at_initiator");
      ZrtpSasInfo sas = test_link_sas (&link, e);

      g_assert_cmpint (sas.cache == ZRTP_CACHE_MISMATCH, ==, mismatch);
      g_assert_cmpint (sas.cache == ZRTP_CACHE_MATCH, ==, JSON_NODE_HOLDS_VALUE (s1));
      check_ids (&link, root, row, e);
    }
    if (JSON_NODE_HOLDS_VALUE (s1)) {
      value = vector_octets (vector_object (root, "values"), json_node_get_string (s1));
      secret = (ZrtpSecret) { value.data, value.len };
    }
    assert_s1 (&link, transcript, secret);
    test_link_clear (&link);
  }
  json_object_unref (root);
  json_object_unref (transcript);
}

/* The table in memory behind the same interface. */
static void
test_memory_cache (void)
{
  ZrtpCache *cache = zrtp_memory_cache_new ();
  static const guint8 a[ZRTP_ZID_LEN] = "aaaaaaaaaaa", b[ZRTP_ZID_LEN] = "bbbbbbbbbbb";
  const ZrtpMemoryCacheEntry *listed;
  ZrtpCacheEntry one, two;
  GArray *list;

  memset (&one, 0x55, sizeof one);
  g_assert_false (cache->lookup (cache, a, b, &one));
  memset (&two, 0, sizeof two);
  g_assert_cmpmem (&one, sizeof one, &two, sizeof two);
  one.has_rs1 = TRUE;
  memset (one.rs1, 7, sizeof one.rs1);
  strcpy (one.name, "Bob");
  g_assert_true (cache->store (cache, a, b, &one));
  g_assert_false (cache->lookup (cache, b, a, &two));
  g_assert_true (cache->lookup (cache, a, b, &two));
  g_assert_cmpmem (&one, sizeof one, &two, sizeof two);
  memset (one.rs1, 8, sizeof one.rs1);
  g_assert_true (cache->store (cache, a, b, &one));
  g_assert_true (cache->store (cache, b, a, &two));
  g_assert_true (cache->lookup (cache, a, b, &two));
  g_assert_cmpmem (&one, sizeof one, &two, sizeof two);

  /* Who only wants to know whom we know gets no secrets into its hands. */
  list = zrtp_memory_cache_list (cache, a);
  g_assert_cmpuint (list->len, ==, 1);
  listed = &g_array_index (list, ZrtpMemoryCacheEntry, 0);
  g_assert_cmpmem (listed->peer_zid, ZRTP_ZID_LEN, b, ZRTP_ZID_LEN);
  g_assert_true (listed->entry.has_rs1);
  g_assert_cmpstr (listed->entry.name, ==, "Bob");
  memset (one.rs1, 0, sizeof one.rs1);
  g_assert_cmpmem (&listed->entry, sizeof one, &one, sizeof one);
  g_array_unref (list);
  zrtp_memory_cache_free (cache);
  zrtp_memory_cache_free (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cache/life", test_life);
  g_test_add_func ("/cache/cut-line", test_cut_line);
  g_test_add_func ("/cache/forged-conf2ack", test_forged_conf2ack);
  g_test_add_func ("/cache/mismatch", test_mismatch);
  g_test_add_func ("/cache/refused", test_refused);
  g_test_add_func ("/cache/mismatch-refused", test_mismatch_refused);
  g_test_add_func ("/cache/no-early-verdict", test_no_early_verdict);
  g_test_add_func ("/cache/verified-flags", test_verified_flags);
  g_test_add_func ("/cache/expiry", test_expiry);
  g_test_add_func ("/cache/without-cache", test_without_cache);
  g_test_add_func ("/cache/broken-cache", test_broken_cache);
  g_test_add_func ("/cache/names", test_names);
  g_test_add_func ("/cache/other-devices", test_other_devices);
  g_test_add_func ("/cache/auxsecret", test_auxsecret);
  g_test_add_func ("/cache/srtp-secret", test_srtp_secret);
  g_test_add_func ("/cache/matching", test_matching);
  g_test_add_func ("/cache/memory-cache", test_memory_cache);
  return g_test_run ();
}
