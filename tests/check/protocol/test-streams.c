/* test-streams.c: several media streams in one call: one Diffie-Hellman, then Multistream (RFC 6189 4.4.3).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/protocol/stream.h"
#include "peer.h"
#include "vectors.h"

#include <string.h>

static guint
count_sas (TestLink * link, guint e)
{
  guint n = 0;

  for (guint s = 0; s < ZRTP_MAX_STREAMS; s++)
    n += link->ends[e].streams[s].n_sas;
  return n;
}

static guint
count_sent (TestLink * link, WireType type)
{
  guint n = 0;

  for (guint e = 0; e < 2; e++)
    for (guint s = 0; s < ZRTP_MAX_STREAMS; s++)
      n += link->ends[e].streams[s].n_sent_of_type[type];
  return n;
}

/* No two streams or directions share a key (F5). */
static void
assert_keys_differ (TestLink * link, guint n_streams)
{
  for (guint i = 0; i < 2 * n_streams; i++)
    for (guint j = 0; j < i; j++) {
      const TestStream *a = &link->ends[0].streams[i / 2], *b = &link->ends[0].streams[j / 2];

      g_assert_false (test_keys_equal (i % 2 ? &a->send : &a->receive, j % 2 ? &b->send : &b->receive));
    }
}

static void
assert_call (TestLink * link, guint n_streams)
{
  test_link_assert_secure (link);
  assert_keys_differ (link, n_streams);
  for (guint e = 0; e < 2; e++) {
    g_assert_cmpuint (count_sas (link, e), ==, 1);      /* Z-7-2, H5 */
    g_assert_cmpuint (link->ends[e].cache.stores, <=, 2);       /* the one update, and its confirmation */
    g_assert_cmpuint (link->ends[e].streams[0].warnings, ==, 0);
  }
}

/* Z-3.1.3-1, Z-4.4.3-1, -3, Z-4.4.3.2-4, Z-4.4.1-1: all started at once; one does DH, whichever it is. */
static void
test_together (void)
{
  for (guint n = 2; n <= 8; n += 3)
    for (guint mode = 0; mode < 3; mode++)
      for (guint seed = 0; seed < 10; seed++) {
        TestLink link;

        test_link_init (&link, seed);
        link.media = TRUE;
        link.delay = (1 + seed * 7) * MSEC;    /* no resend within a round trip */
        if (mode < 2)
          test_link_set_initiator (&link, mode);
        test_link_open (&link, n);
        test_link_start_all (&link);
        g_assert_true (test_link_run_until_secure (&link, 5 * SEC));
        test_link_settle (&link);
        assert_call (&link, n);
        /* One pair of public values in all. */
        g_assert_cmpuint (count_sent (&link, WIRE_DHPART1), ==, 1);
        g_assert_cmpuint (count_sent (&link, WIRE_DHPART2), ==, 1);
        test_link_clear (&link);
      }
}

/* Streams that come later, in any number; Z-4.4.3.1-2: the choice of the first. */
static void
test_later (void)
{
  TestLink link;

  test_link_init (&link, 1);
  for (guint e = 0; e < 2; e++) {
    test_list (&link.ends[e].config.hashes, "S384S256");
    test_list (&link.ends[e].config.ciphers, "AES3AES1");
    test_list (&link.ends[e].config.auth_tags, "HS80HS32");
  }
  test_link_open (&link, 1);
  test_link_start_all (&link);
  g_assert_true (test_link_run_until_secure (&link, SEC));
  for (guint s = 1; s < ZRTP_MAX_STREAMS; s++) {
    TestPacket *commit;

    for (guint e = 0; e < 2; e++) {
      link.ends[e].streams[s].ssrc = 0x2000 * (e + 1) + s;
      link.ends[e].streams[s].added = TRUE;
      g_assert_true (zrtp_association_add_stream (link.ends[e].association, s, link.ends[e].streams[s].ssrc));
      g_assert_false (zrtp_association_add_stream (link.ends[e].association, s, 1));
      test_link_start (&link, e, s);
    }
    g_assert_true (test_link_run_until_secure (&link, SEC));
    commit = test_link_sent (&link, 0, s, WIRE_COMMIT, 0);
    if (!commit)
      commit = test_link_sent (&link, 1, s, WIRE_COMMIT, 0);
    g_assert_cmpuint (WIRE_MESSAGE_LEN (commit->len), ==, 100);
    g_assert_cmpmem (WIRE_MESSAGE (commit->data) + 56, 16, "S384AES3HS80Mult", 16);
    g_assert_cmpuint (link.ends[0].streams[s].send.key_len, ==, 32);
    g_assert_cmpuint (link.ends[0].streams[s].send.tag_len, ==, 10);
  }
  g_assert_false (zrtp_association_add_stream (link.ends[0].association, ZRTP_MAX_STREAMS, 1));
  assert_call (&link, ZRTP_MAX_STREAMS);
  test_link_clear (&link);
}

/* H3: together, with 30 % loss. */
static void
test_loss (void)
{
  guint seeds = test_count ("ZRTP_TEST_SEEDS", 1000) / 4 + 1, secure = 0;

  for (guint seed = 0; seed < seeds; seed++) {
    TestLink link;

    test_link_init (&link, seed);
    link.media = TRUE;
    link.loss_percent[0] = link.loss_percent[1] = 30;
    link.jitter = (seed % 5) * 20 * MSEC;
    link.duplicate_percent = seed % 2 * 20;
    if (seed % 3)
      test_link_set_initiator (&link, seed % 3 - 1);
    test_link_open (&link, 3);
    test_link_start_all (&link);
    test_link_settle (&link);
    test_link_assert_no_split (&link);
    for (guint e = 0; e < 2; e++)
      g_assert_cmpuint (count_sas (&link, e), <=, 1);
    if (test_link_all_secure (&link)) {
      secure++;
      assert_call (&link, 3);
    }
    test_link_clear (&link);
  }
  g_test_message ("%u of %u secure", secure, seeds);
  g_assert_cmpuint (secure * 100, >=, seeds * 95 - 100);
}

/* Z-4.4.1-2, H3: the first stream's exchange fails, or its transport is dead; the others do not wait for ever. */
static gboolean
drop_stream_zero (TestLink * link, TestPacket * packet, gpointer user_data)
{
  WireType from = GPOINTER_TO_UINT (user_data);

  return packet->stream != 0 || packet->type < from;
}

/* Z-4.4.1-2 */
static void
test_first_dies (void)
{
  for (guint type = WIRE_HELLO; type <= WIRE_CONFIRM2; type++) {
    TestLink link;

    if (type == WIRE_HELLO_ACK)
      continue;
    test_link_init (&link, type);
    link.filter = drop_stream_zero;
    link.user_data = GUINT_TO_POINTER (type);
    test_link_open (&link, 3);
    test_link_start_all (&link);
    test_link_run (&link, 60 * SEC);
    test_link_assert_no_split (&link);
    for (guint s = 1; s < 3; s++)
      for (guint e = 0; e < 2; e++)
        g_assert_true (test_link_is_secure (&link, e, s));
    for (guint e = 0; e < 2; e++)
      g_assert_cmpuint (count_sas (&link, e), ==, 1);
    test_link_clear (&link);
  }
}

/* Z-4.7.1-2: a stream that is stopped takes nothing from the others, and can come back. */
static void
test_stop_one (void)
{
  for (guint victim = 0; victim < 3; victim++) {
    TestLink link;
    ZrtpSrtpKeys before[2];
    ZrtpSasInfo sas;

    test_link_init (&link, victim);
    test_link_open (&link, 3);
    test_link_start_all (&link);
    g_assert_true (test_link_run_until_secure (&link, 2 * SEC));
    before[0] = link.ends[0].streams[victim].send;
    before[1] = link.ends[0].streams[victim].receive;
    for (guint e = 0; e < 2; e++) {
      zrtp_association_stop (link.ends[e].association, victim, link.now);
      test_link_drain (&link, e);
      g_assert_cmpint (test_link_state (&link, e, victim), ==, ZRTP_STATE_IDLE);
      for (guint s = 0; s < 3; s++)
        g_assert_cmpint (link.ends[e].streams[s].has_send, ==, s != victim);
      g_assert_true (zrtp_association_get_sas (link.ends[e].association, &sas));
    }
    test_link_run (&link, SEC);
    for (guint e = 0; e < 2; e++)
      test_link_start (&link, e, victim);
    g_assert_true (test_link_run_until_secure (&link, 2 * SEC));
    assert_keys_differ (&link, 3);
    /* F5: no key survives a restart. */
    g_assert_false (test_keys_equal (&before[0], &link.ends[0].streams[victim].send));
    g_assert_false (test_keys_equal (&before[1], &link.ends[0].streams[victim].receive));
    test_link_clear (&link);
  }
}

/* A secure call of streams 0 and 1; then a stream 2 at end 0 alone, for a scripted peer. */
static void
open_third (TestLink * link, TestPeer * peer)
{
  TestStream *stream = &link->ends[0].streams[2];

  test_link_init (link, 1);
  test_link_open (link, 2);
  test_link_start_all (link);
  g_assert_true (test_link_run_until_secure (link, 2 * SEC));
  test_link_settle (link);
  link->check_off = TRUE;
  stream->ssrc = 0x77777777;
  stream->added = TRUE;
  g_assert_true (zrtp_association_add_stream (link->ends[0].association, 2, stream->ssrc));
  test_link_make_solo (link);
  test_link_start (link, 0, 2);
  peer_init (peer, link, 2, 9, "X255");
  memcpy (peer->zid, link->ends[1].config.zid, ZRTP_ZID_LEN);
}

static void
renew_hello (TestPeer * peer)
{
  wire_hello (&peer->hello, &peer->chain, peer->zid, "1.10", 0, "S256", "AES1", "HS32", "X255DH3kMult", "B32 ");
}

static void
assert_others_live (TestLink * link)
{
  for (guint s = 0; s < 2; s++)
    for (guint e = 0; e < 2; e++)
      g_assert_true (test_link_is_secure (link, e, s));
  g_assert_cmpuint (link->ends[0].streams[2].n_secure, ==, 0);
  g_assert_cmpuint (link->ends[0].streams[2].n_sas, ==, 0);
}

/* H1, Z-4.4.3.1-4: a nonce that was used in this call, sent or received, on whatever stream. */
static void
test_nonce_reuse (void)
{
  TestLink link;
  TestPeer peer;
  TestPacket *commit;

  open_third (&link, &peer);
  renew_hello (&peer);
  commit = test_link_sent (&link, 0, 1, WIRE_COMMIT, 0);
  if (!commit)
    commit = test_link_sent (&link, 1, 1, WIRE_COMMIT, 0);
  /* Passive here, so that no contention hides the matter: the Commit comes before our HelloACK would. */
  peer_send_hello (&peer);
  peer_make_multistream_commit (&peer, WIRE_MESSAGE (commit->data) + 76);
  peer_send (&peer, &peer.commit);
  g_assert_cmpuint (peer_count (&peer, WIRE_ERROR), ==, 1);
  g_assert_cmphex (link.ends[0].streams[2].error_code, ==, ZRTP_ERROR_NONCE_REUSE);
  g_assert_cmpuint (link.ends[0].streams[2].n_received_keys, ==, 0);
  g_assert_cmpuint (peer_count (&peer, WIRE_CONFIRM1), ==, 0);
  assert_others_live (&link);
  peer_clear (&peer);
  test_link_clear (&link);
}

/* Z-4.4.3.1-7, -8: a fresh nonce is taken, and its repetition is no reuse. */
static void
test_repeated_commit (void)
{
  static const guint8 nonce[16] = "a fresh nonce..";
  TestLink link;
  TestPeer peer;
  const TestPacket *first, *second;

  open_third (&link, &peer);
  renew_hello (&peer);
  peer_send_hello (&peer);
  peer_make_multistream_commit (&peer, nonce);
  peer_send (&peer, &peer.commit);
  peer_send (&peer, &peer.commit);
  g_assert_cmpuint (peer_count (&peer, WIRE_CONFIRM1), ==, 2);
  first = peer_received (&peer, WIRE_CONFIRM1, 0);
  second = peer_received (&peer, WIRE_CONFIRM1, 1);
  g_assert_cmpmem (WIRE_MESSAGE (first->data), WIRE_MESSAGE_LEN (first->len), WIRE_MESSAGE (second->data),
      WIRE_MESSAGE_LEN (second->len));
  g_assert_cmpuint (peer_count (&peer, WIRE_ERROR), ==, 0);
  peer_clear (&peer);
  test_link_clear (&link);
}

/* H2, Z-4.4.3-2: another ZID has no part in this session. */
static void
test_other_zid (void)
{
  static const guint8 nonce[16] = "a fresh nonce..";
  TestLink link;
  TestPeer peer;

  open_third (&link, &peer);
  memset (peer.zid, 0x99, ZRTP_ZID_LEN);
  renew_hello (&peer);
  peer_send_hello (&peer);
  peer_make_multistream_commit (&peer, nonce);
  peer_send (&peer, &peer.commit);
  g_assert_cmpuint (peer_count (&peer, WIRE_CONFIRM1), ==, 0);
  g_assert_cmpuint (link.ends[0].streams[2].n_received_keys, ==, 0);
  peer_send_ack (&peer, WIRE_HELLO_ACK);
  g_assert_cmpuint (peer_count (&peer, WIRE_COMMIT), ==, 0);
  assert_others_live (&link);
  peer_clear (&peer);
  test_link_clear (&link);
}

/* Z-4.4.3-1: nor does a second DH in a secure call. */
static void
test_second_dh (void)
{
  static const guint8 hvi[32] = { 0xff };
  TestLink link;
  TestPeer peer;

  open_third (&link, &peer);
  renew_hello (&peer);
  peer_send_hello (&peer);
  peer_make_commit (&peer, "S256AES1HS32X255B32 ", hvi);
  peer_send (&peer, &peer.commit);
  g_assert_cmpuint (peer_count (&peer, WIRE_DHPART1), ==, 0);
  assert_others_live (&link);
  peer_clear (&peer);
  test_link_clear (&link);
}

/* Z-5.1.5-2, Z-5.2-12: a peer without Mult gets its first stream and no Commit on a second. */
static void
test_peer_without_mult (void)
{
  TestLink link;

  test_link_init (&link, 1);
  test_list (&link.ends[1].config.key_agreements, "X255DH3k");
  test_link_set_initiator (&link, 0);
  test_link_open (&link, 2);
  test_link_start_all (&link);
  test_link_run (&link, 30 * SEC);
  for (guint e = 0; e < 2; e++) {
    g_assert_true (test_link_is_secure (&link, e, 0));
    g_assert_cmpint (test_link_state (&link, e, 1), ==, ZRTP_STATE_CLEAR);
    g_assert_null (test_link_sent (&link, e, 1, WIRE_COMMIT, 0));
  }
  test_link_clear (&link);
}

/* What a Multistream Confirm says, while its sender still has the keys. */
static gboolean
look_into_confirms (TestLink * link, TestPacket * packet, gpointer user_data)
{
  const ZrtpExchange *exchange = link->ends[packet->from].association->streams[packet->stream]->exchange;
  guint8 plaintext[ZRTP_MESSAGE_MAX_LEN];
  ZrtpConfirmBody body;
  ZrtpSealKeys keys;
  gboolean mac_ok;

  if (packet->stream == 0 || (packet->type != WIRE_CONFIRM1 && packet->type != WIRE_CONFIRM2))
    return TRUE;
  keys = zrtp_exchange_seal_keys (exchange, exchange->role);
  g_assert_true (zrtp_confirm_open (WIRE_MESSAGE (packet->data), WIRE_MESSAGE_LEN (packet->len), &keys, plaintext,
          &body, &mac_ok));
  g_assert_cmpuint (body.cache_expiry, ==, ZRTP_CACHE_FOREVER);
  g_assert_cmpint (body.verified, ==, packet->from == 0);       /* who had verified in the call before */
  g_assert_false (body.enrollment);
  (*(guint *) user_data)++;
  return TRUE;
}

/* D5, Z-7.1-8, Z-4.9-10: a Multistream Confirm says V and ffffffff, and moves neither the stored V nor the cache. */
static void
test_cache_untouched (void)
{
  TestLink link;
  const ZrtpCacheEntry *entry;
  ZrtpCacheEntry before;
  guint confirms = 0;

  test_link_init (&link, 1);
  link.ends[0].config.cache_expiry = 1000;
  test_link_open (&link, 1);
  test_link_start_all (&link);
  g_assert_true (test_link_run_until_secure (&link, SEC));
  zrtp_association_set_verified (link.ends[0].association, TRUE, link.now);
  test_link_drain (&link, 0);
  test_link_close (&link);
  test_link_open (&link, 3);
  test_link_start (&link, 0, 0);
  test_link_start (&link, 1, 0);
  test_link_run (&link, SEC);
  for (guint e = 0; e < 2; e++) {
    g_assert_true (test_link_is_secure (&link, e, 0));
    zrtp_association_media_authenticated (link.ends[e].association, 0, link.now);
    test_link_drain (&link, e);
  }
  entry = test_cache_get (&link.ends[0].cache, link.ends[0].config.zid, link.ends[1].config.zid);
  before = *entry;
  link.filter = look_into_confirms;
  link.user_data = &confirms;
  for (guint s = 1; s < 3; s++)
    for (guint e = 0; e < 2; e++)
      test_link_start (&link, e, s);
  g_assert_true (test_link_run_until_secure (&link, SEC));
  entry = test_cache_get (&link.ends[0].cache, link.ends[0].config.zid, link.ends[1].config.zid);
  g_assert_cmpmem (entry, sizeof *entry, &before, sizeof before);
  g_assert_true (entry->verified);
  g_assert_cmpuint (entry->expiry_interval, ==, 1000);
  g_assert_cmpuint (confirms, ==, 4);
  test_link_clear (&link);
}

/* commit_contention.json, every row, through the engine's rule (Z-4.2-2 to -6, -12). */
static void
fill (ZrtpCommit * commit, gboolean * mitm, JsonObject * side)
{
  const gchar *mode = json_object_get_string_member (side, "mode");
  gboolean dh = strcmp (mode, "DH") == 0;
  Octets value = vector_octets (side, dh ? "hvi" : "nonce");

  memset (commit, 0, sizeof *commit);
  commit->mode = dh ? ZRTP_MODE_DH : strcmp (mode, "Mult") == 0 ? ZRTP_MODE_MULTISTREAM : ZRTP_MODE_PRESHARED;
  memcpy (dh ? commit->hvi : commit->nonce, value.data, value.len);
  *mitm = json_object_get_int_member (side, "M");
}

/* Z-4.4.2.3-4 */
static void
test_contention_table (void)
{
  JsonObject *root = vector_load ("commit_contention.json");
  JsonArray *rows = json_object_get_array_member (root, "rows");

  g_assert_cmpuint (json_array_get_length (rows), >=, 11);
  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonObject *row = json_array_get_object_element (rows, i);
    const gchar *result = json_object_get_string_member (row, "result");
    ZrtpContention at_a, at_b;
    ZrtpCommit a, b;
    gboolean mitm_a, mitm_b;

    fill (&a, &mitm_a, vector_object (row, "a"));
    fill (&b, &mitm_b, vector_object (row, "b"));
    at_a = zrtp_commit_contend (&a, mitm_a, &b, mitm_b);
    at_b = zrtp_commit_contend (&b, mitm_b, &a, mitm_a);
    if (strcmp (result, "a is initiator") == 0) {
      g_assert_cmpint (at_a, ==, ZRTP_CONTENTION_WON);
      g_assert_cmpint (at_b, ==, ZRTP_CONTENTION_LOST);
    } else if (strcmp (result, "b is initiator") == 0) {
      g_assert_cmpint (at_a, ==, ZRTP_CONTENTION_LOST);
      g_assert_cmpint (at_b, ==, ZRTP_CONTENTION_WON);
    } else if (strcmp (result, "error") == 0) {
      g_assert_cmpint (at_a, ==, ZRTP_CONTENTION_ERROR);
      g_assert_cmpint (at_b, ==, ZRTP_CONTENTION_ERROR);
    } else {
      g_assert_cmpint (at_a, ==, ZRTP_CONTENTION_EQUAL);
      g_assert_cmpint (at_b, ==, ZRTP_CONTENTION_EQUAL);
    }
  }
  json_object_unref (root);
}

/* Z-4.2-7: DH Commits cross on different streams; one goes on, the other waits and then does Multistream. */
static void
test_crossed_streams (void)
{
  for (guint seed = 0; seed < 60; seed++) {
    TestLink link;

    test_link_init (&link, seed);
    link.delay = 20 * MSEC;
    link.media = TRUE;
    link.ends[0].config.automatic = link.ends[1].config.automatic = FALSE;
    test_link_open (&link, 2);
    test_link_start_all (&link);
    test_link_run (&link, SEC);
    zrtp_association_secure (link.ends[0].association, 0, link.now);
    test_link_drain (&link, 0);
    test_link_run (&link, (seed % 10) * 4 * MSEC);
    zrtp_association_secure (link.ends[1].association, 1, link.now);
    test_link_drain (&link, 1);
    g_assert_true (test_link_run_until_secure (&link, 15 * SEC));
    assert_call (&link, 2);
    test_link_clear (&link);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/streams/together", test_together);
  g_test_add_func ("/streams/later", test_later);
  g_test_add_func ("/streams/loss", test_loss);
  g_test_add_func ("/streams/first-dies", test_first_dies);
  g_test_add_func ("/streams/stop-one", test_stop_one);
  g_test_add_func ("/streams/nonce-reuse", test_nonce_reuse);
  g_test_add_func ("/streams/repeated-commit", test_repeated_commit);
  g_test_add_func ("/streams/other-zid", test_other_zid);
  g_test_add_func ("/streams/second-dh", test_second_dh);
  g_test_add_func ("/streams/peer-without-mult", test_peer_without_mult);
  g_test_add_func ("/streams/cache-untouched", test_cache_untouched);
  g_test_add_func ("/streams/contention-table", test_contention_table);
  g_test_add_func ("/streams/crossed-streams", test_crossed_streams);
  return g_test_run ();
}
