/* test-exchange.c: requirements of the exchange that the subject tests of tests/check leave over.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _GNU_SOURCE             /* memmem */
#include "gst/protocol/stream.h"
#include "call.h"
#include "peer.h"

#include <string.h>

static void
alone (TestLink * link, gboolean automatic)
{
  test_link_init (link, 1);
  test_link_make_solo (link);
  link->ends[0].config.automatic = automatic;
  test_link_open (link, 1);
  test_link_start (link, 0, 0);
}

static const guint8 *
sent_message (TestLink * link, guint end, guint stream, WireType type)
{
  TestPacket *packet = test_link_sent (link, end, stream, type, 0);

  g_assert_nonnull (packet);
  return WIRE_MESSAGE (packet->data);
}

static void
secure_call (TestLink * link, guint n_streams)
{
  test_link_open (link, n_streams);
  test_link_start_all (link);
  g_assert_true (test_link_run_until_secure (link, 5 * SEC));
  test_link_settle (link);
  test_link_assert_secure (link);
}

/* Z-4.1-1, Z-4.1.1-3, Z-4.1.2-1, Z-5.2-2, Z-5.2-10, Z-8-1: our Hello says 1.10, who we are, and each list
 * in our order, the mandatory names among them; it goes out though no signalling has spoken of ZRTP. */
static void
test_hello (void)
{
  static const gchar names[] = "S384S256" "AES3AES1" "HS80HS32" "EC38X255DH3kMult" "B256B32 ";
  TestLink link;
  const guint8 *hello;

  test_link_init (&link, 1);
  test_link_make_solo (&link);
  test_list (&link.ends[0].config.hashes, "S384S256");
  test_list (&link.ends[0].config.ciphers, "AES3AES1");
  test_list (&link.ends[0].config.auth_tags, "HS80HS32");
  test_list (&link.ends[0].config.key_agreements, "EC38X255DH3kMult");
  test_list (&link.ends[0].config.sas_types, "B256B32 ");
  test_link_open (&link, 1);
  test_link_start (&link, 0, 0);
  hello = sent_message (&link, 0, 0, WIRE_HELLO);
  g_assert_cmpmem (hello + 12, 4, "1.10", 4);
  g_assert_cmpmem (hello + 16, 16, "gst-zrtp test   ", 16);
  g_assert_cmpmem (hello + 64, ZRTP_ZID_LEN, link.ends[0].config.zid, ZRTP_ZID_LEN);
  g_assert_cmpmem (hello + 76, 4, "\x00\x02\x22\x42", 4);
  g_assert_cmpmem (hello + 80, sizeof names - 1, names, sizeof names - 1);
  test_link_clear (&link);
}

/* Z-3.1.1-1, Z-4.4.1.1-7, Z-4.4.1.1-8, Z-4.4.1.3-2, Z-5.6-1: hvi is over the DHPart2 that comes later,
 * whole, and over the peer's Hello octet for octet, with names and bits that we do not know. */
static void
test_hvi (void)
{
  guint8 concatenation[2048], digest[32];
  const TestPacket *dhpart2;
  ZrtpStreamStats stats;
  TestLink link;
  TestPeer peer;

  alone (&link, TRUE);
  peer_init (&peer, &link, 0, 1, "X255");
  wire_hello (&peer.hello, &peer.chain, peer.zid, "1.1z", 0x8f, "S256ABCD", "AES1\x01\x02\x03\x04", "HS32",
      "X255what", "B32 B32E");
  peer_respond (&peer);
  zrtp_association_get_stats (link.ends[0].association, 0, &stats);
  g_assert_cmpuint (stats.public_key_operations, ==, 1);
  peer_make_dhpart (&peer, WIRE_DHPART1, NULL);
  peer_send (&peer, &peer.dhpart);
  dhpart2 = peer_received (&peer, WIRE_DHPART2, 0);
  memcpy (concatenation, WIRE_MESSAGE (dhpart2->data), WIRE_MESSAGE_LEN (dhpart2->len));
  memcpy (concatenation + WIRE_MESSAGE_LEN (dhpart2->len), peer.hello.data, peer.hello.len);
  wire_sha256 (concatenation, WIRE_MESSAGE_LEN (dhpart2->len) + peer.hello.len, digest);
  g_assert_cmpmem (sent_message (&link, 0, 0, WIRE_COMMIT) + 76, 32, digest, 32);
  peer_clear (&peer);
  test_link_clear (&link);
}

/* Z-4.4.1.2-1, Z-4.4.1.2-4: what is looked at first in a DHPart2 that is wrong in several ways: chain,
 * Commit's MAC, length, public value, hvi. */
static void
test_dhpart2_order (void)
{
  enum
  { CHAIN = 1, COMMIT_MAC = 2, VALUE = 4, HVI = 8 };
  static const guint8 zero[384];

  for (guint faults = 0; faults < 16; faults++) {
    guint32 code = faults & CHAIN ? 0 : faults & COMMIT_MAC ? ZRTP_ERROR_SOFTWARE
        : faults & VALUE ? ZRTP_ERROR_BAD_PUBLIC_VALUE : faults & HVI ? ZRTP_ERROR_HVI : 0;
    TestLink link;
    TestPeer peer;
    TestStream *stream = &link.ends[0].streams[0];
    guint8 hvi[32] = { 1 };

    alone (&link, FALSE);
    peer_init (&peer, &link, 0, 1, "DH3k");
    peer_discover (&peer);
    peer_make_dhpart (&peer, WIRE_DHPART2, faults & VALUE ? zero : NULL);
    peer_make_commit (&peer, "S256AES1HS32DH3kB32 ", faults & HVI ? hvi : NULL);
    if (faults & COMMIT_MAC)
      peer.commit.data[peer.commit.len - 1] ^= 1;
    peer_send (&peer, &peer.commit);
    g_assert_cmpuint (peer_count (&peer, WIRE_DHPART1), ==, 1);
    if (faults & CHAIN) {
      wire_chain (&peer.chain, 2);
      peer_make_dhpart (&peer, WIRE_DHPART2, faults & VALUE ? zero : NULL);
    }
    peer_send (&peer, &peer.dhpart);
    g_assert_cmphex (stream->error_code, ==, code);
    g_assert_cmpuint (peer_count (&peer, WIRE_CONFIRM1), ==, faults == 0);
    g_assert_cmpint (stream->state, ==, code ? ZRTP_STATE_FAILED : ZRTP_STATE_SECURING);
    peer_clear (&peer);
    test_link_clear (&link);
  }
}

/* Z-4.3.1-5, Z-4.4.1.4-7: both commit, and both know each other: the loser's IDs are keyed anew, the
 * secrets match, and ZIDi is the winner's. */
static void
test_contention_with_memory (void)
{
  guint contended = 0;

  for (guint seed = 0; seed < 20; seed++) {
    TestLink link;

    test_link_init (&link, seed);
    secure_call (&link, 1);
    test_link_close (&link);
    secure_call (&link, 1);
    contended += test_link_sent (&link, 0, 0, WIRE_COMMIT, 0) && test_link_sent (&link, 1, 0, WIRE_COMMIT, 0);
    for (guint e = 0; e < 2; e++) {
      guint initiator = test_link_sas (&link, e).role == ZRTP_ROLE_INITIATOR ? e : !e;

      g_assert_cmpint (test_link_sas (&link, e).cache, ==, ZRTP_CACHE_MATCH);
      g_assert_cmpmem (link.ends[e].association->session_zids, ZRTP_ZID_LEN,
          link.ends[initiator].config.zid, ZRTP_ZID_LEN);
    }
    test_link_clear (&link);
  }
  g_assert_cmpuint (contended, >, 5);
}

/* Z-4.2-8: another key agreement than the loser's costs it a new key pair. */
static void
test_contention_of_types (void)
{
  static const ZrtpChoice choices[2] = {
    {"S256", "AES1", "HS32", "X255", "B32 "}, {"S256", "AES1", "HS32", "EC25", "B32 "}
  };
  guint contended = 0;

  for (guint seed = 0; seed < 20; seed++) {
    TestLink link;

    test_link_init (&link, seed);
    for (guint e = 0; e < 2; e++) {
      test_list (&link.ends[e].config.key_agreements, "X255EC25DH3kMult");
      link.ends[e].config.fixed_choice = &choices[e];
    }
    secure_call (&link, 1);
    if (test_link_sent (&link, 0, 0, WIRE_COMMIT, 0) && test_link_sent (&link, 1, 0, WIRE_COMMIT, 0)) {
      contended++;
      for (guint e = 0; e < 2; e++) {
        ZrtpStreamStats stats;

        zrtp_association_get_stats (link.ends[e].association, 0, &stats);
        g_assert_cmpuint (stats.public_key_operations, ==, test_link_sas (&link, e).role == ZRTP_ROLE_INITIATOR ? 2 : 3);
      }
    }
    test_link_clear (&link);
  }
  g_assert_cmpuint (contended, >, 5);
}

static gboolean
drop_hello_acks (TestLink * link, TestPacket * packet, gpointer user_data)
{
  return packet->type != WIRE_HELLO_ACK || packet->from != 0;
}

/* Z-5.4-8, Z-5.3-2: the initiator's HelloACKs are all lost. Its Commit says as much, and the responder's
 * Hellos end with it. */
static void
test_commit_acknowledges (void)
{
  TestLink link;
  TestPacket *commit;

  test_link_init (&link, 1);
  test_link_set_initiator (&link, 0);
  link.filter = drop_hello_acks;
  secure_call (&link, 1);
  commit = test_link_sent (&link, 0, 0, WIRE_COMMIT, 0);
  for (guint i = 0; i < link.ends[1].sent->len; i++) {
    const TestPacket *packet = g_ptr_array_index (link.ends[1].sent, i);

    if (packet->type == WIRE_HELLO)
      g_assert_cmpuint (packet->sent_at, <=, commit->sent_at + link.delay);
  }
  test_link_clear (&link);
}

/* Z-5.3-1, Z-5.3-3, Z-6-9: a Hello is answered with HelloACK at once, by those too who are going to commit. */
static void
test_hello_ack_first (void)
{
  for (guint automatic = 0; automatic < 2; automatic++) {
    TestLink link;
    TestPeer peer;
    guint before;

    alone (&link, automatic);
    peer_init (&peer, &link, 0, 1, "X255");
    peer_send_ack (&peer, WIRE_HELLO_ACK);
    before = link.ends[0].sent->len;
    peer_send_hello (&peer);
    g_assert_cmpuint (link.ends[0].sent->len, ==, before + 1 + automatic);
    g_assert_cmpuint (((TestPacket *) g_ptr_array_index (link.ends[0].sent, before))->type, ==, WIRE_HELLO_ACK);
    peer_clear (&peer);
    test_link_clear (&link);
  }
}

/* Z-4.1-5: after a collision the stream comes back with another SSRC, and a new exchange makes it secure. */
static void
test_collision (void)
{
  TestLink link;

  test_link_init (&link, 1);
  test_link_open (&link, 1);
  for (guint e = 0; e < 2; e++) {
    zrtp_association_remove_stream (link.ends[e].association, 0);
    link.ends[e].streams[0].ssrc = 0x5555;
    g_assert_true (zrtp_association_add_stream (link.ends[e].association, 0, 0x5555));
  }
  test_link_start_all (&link);
  test_link_settle (&link);
  for (guint e = 0; e < 2; e++) {
    g_assert_cmphex (link.ends[e].streams[0].error_code, ==, ZRTP_ERROR_SSRC_COLLISION);
    zrtp_association_remove_stream (link.ends[e].association, 0);
    test_link_drain (&link, !e);
  }
  for (guint e = 0; e < 2; e++) {
    ZrtpOutput output;

    while (zrtp_association_poll (link.ends[e].association, &output))
      zrtp_output_clear (&output);
    memset (&link.ends[e].streams[0], 0, sizeof link.ends[e].streams[0]);
    link.ends[e].streams[0].added = TRUE;
    link.ends[e].streams[0].ssrc = 0x6666 + e;
    g_assert_true (zrtp_association_add_stream (link.ends[e].association, 0, 0x6666 + e));
  }
  test_link_start_all (&link);
  g_assert_true (test_link_run_until_secure (&link, 5 * SEC));
  test_link_settle (&link);
  test_link_assert_secure (&link);
  test_link_clear (&link);
}

/* Z-9-2, Z-9-5, Z-7.2-5, Z-7.3-1: the chain is revealed link by link, in each mode and by both ends; the
 * SAS hash is in no packet; and each DHPart has four IDs that are not zero, whatever secrets there are. */
static void
test_chain (void)
{
  TestLink link;

  test_link_init (&link, 2);
  test_link_set_initiator (&link, 0);
  secure_call (&link, 2);
  for (guint s = 0; s < 2; s++)
    for (guint e = 0; e < 2; e++) {
      const guint8 *h3 = sent_message (&link, e, s, WIRE_HELLO) + 32;
      guint8 hashed[32];

      wire_sha256 (link.ends[e].association->streams[s]->h0, 32, hashed);
      if (s == 0) {
        const guint8 *dhpart = sent_message (&link, e, s, e ? WIRE_DHPART1 : WIRE_DHPART2);
        static const guint8 zero[8];

        g_assert_cmpmem (dhpart + 12, 32, hashed, 32);
        for (guint id = 0; id < 4; id++)
          g_assert_true (memcmp (dhpart + 44 + 8 * id, zero, 8) != 0);
      }
      wire_sha256 (hashed, 32, hashed);
      if (e == 0)
        g_assert_cmpmem (sent_message (&link, e, s, WIRE_COMMIT) + 12, 32, hashed, 32);
      wire_sha256 (hashed, 32, hashed);
      g_assert_cmpmem (h3, 32, hashed, 32);
    }
  for (guint e = 0; e < 2; e++)
    for (guint i = 0; i < link.ends[e].sent->len; i++) {
      const TestPacket *packet = g_ptr_array_index (link.ends[e].sent, i);

      g_assert_null (memmem (packet->data, packet->len, test_link_sas (&link, 0).sashash, 8));
    }
  test_link_clear (&link);
}

/* Z-4.8-6: everything that is to be random is drawn, once each. */
static void
test_draws (void)
{
  TestLink link;

  test_link_init (&link, 1);
  test_link_set_initiator (&link, 0);
  secure_call (&link, 3);
  for (guint e = 0; e < 2; e++) {
    const guint *draws = link.ends[e].random.draws;

    g_assert_cmpuint (draws[ZRTP_RANDOM_H0], ==, 3);
    g_assert_cmpuint (draws[ZRTP_RANDOM_SEQUENCE], ==, 3);
    g_assert_cmpuint (draws[ZRTP_RANDOM_CONFIRM_IV], ==, 3);
    g_assert_cmpuint (draws[ZRTP_RANDOM_NONCE], ==, e == 0 ? 2 : 0);
    g_assert_cmpuint (draws[ZRTP_RANDOM_SECRET], ==, 1);
    for (guint use = ZRTP_RANDOM_STAND_IN_RS1; use <= ZRTP_RANDOM_STAND_IN_PBX; use++)
      g_assert_cmpuint (draws[use], ==, 1);
  }
  test_link_clear (&link);
}

/* Z-4.9.1-2, Z-4.4.2-7: without a cache there is no Preshared; Z-4.4.2.2-4: with one no nonce comes twice;
 * Z-4.4.2-3: three streams at once, one Preshared exchange. */
static void
test_preshared (void)
{
  for (guint without = 0; without < 2; without++) {
    GHashTable *nonces = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
    guint n_preshared = 0;
    TestLink link;

    test_link_init (&link, 1);
    link.ends[0].without_cache = without;
    for (guint e = 0; e < 2; e++) {
      test_list (&link.ends[e].config.key_agreements, "X255DH3kPrshMult");
      link.ends[e].config.preshared = TRUE;
      link.ends[e].config.preshared_limit = 10;
    }
    test_link_set_initiator (&link, 0);
    for (guint call = 0; call < 4; call++) {
      secure_call (&link, 3);
      for (guint s = 0; s < 3; s++) {
        const guint8 *commit = sent_message (&link, 0, s, WIRE_COMMIT);

        if (memcmp (commit + 68, "Prsh", 4) != 0)
          continue;
        n_preshared++;
        g_assert_true (g_hash_table_add (nonces, g_bytes_new (commit + 76, 16)));
      }
      for (guint e = 0; e < 2; e++) {
        zrtp_association_set_verified (link.ends[e].association, TRUE, link.now);
        test_link_drain (&link, e);
      }
      test_link_close (&link);
    }
    g_assert_cmpuint (n_preshared, ==, without ? 0 : 3);
    g_hash_table_unref (nonces);
    test_link_clear (&link);
  }
}

/* Z-6-4: ZRTP takes no more than the narrowest call that it may stand in for, 64 kbit/s, in any second,
 * with the largest key agreement and half of the packets lost. */
static void
test_bandwidth (void)
{
  for (guint seed = 0; seed < 5; seed++) {
    TestLink link;

    test_link_init (&link, seed);
    for (guint e = 0; e < 2; e++) {
      test_list (&link.ends[e].config.key_agreements, "DH3kMult");
      link.loss_percent[e] = 50;
    }
    test_link_open (&link, 1);
    test_link_start_all (&link);
    test_link_settle (&link);
    for (guint e = 0; e < 2; e++) {
      GPtrArray *sent = link.ends[e].sent;

      for (guint i = 0; i < sent->len; i++) {
        guint64 start = ((TestPacket *) g_ptr_array_index (sent, i))->sent_at;
        gsize octets = 0;

        for (guint j = i; j < sent->len && ((TestPacket *) g_ptr_array_index (sent, j))->sent_at < start + SEC; j++)
          octets += ((TestPacket *) g_ptr_array_index (sent, j))->len + 28;     /* IP and UDP */
        g_assert_cmpuint (octets, <=, 8000);
      }
    }
    test_link_clear (&link);
  }
}

/* Z-15-11: a first call that loses packets, and gets some twice, some late and some damaged, warns of
 * nothing. */
static gboolean
damage (TestLink * link, TestPacket * packet, gpointer user_data)
{
  if (test_prng_below (&link->prng, 6) == 0)
    packet->data[test_prng_below (&link->prng, packet->len)] ^= 0x10;
  return TRUE;
}

static void
test_no_warnings (void)
{
  for (guint seed = 0; seed < 30; seed++) {
    TestLink link;

    test_link_init (&link, seed);
    link.media = TRUE;
    link.loss_percent[0] = link.loss_percent[1] = 15;
    link.duplicate_percent = 20;
    link.jitter = 40 * MSEC;
    link.filter = damage;
    test_link_open (&link, 2);
    test_link_start_all (&link);
    g_assert_true (test_link_run_until_secure (&link, 20 * SEC));
    test_link_settle (&link);
    for (guint e = 0; e < 2; e++)
      for (guint s = 0; s < 2; s++)
        g_assert_cmphex (link.ends[e].streams[s].warnings, ==, 0);
    test_link_clear (&link);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/conformance/hello", test_hello);
  g_test_add_func ("/conformance/hvi", test_hvi);
  g_test_add_func ("/conformance/dhpart2-order", test_dhpart2_order);
  g_test_add_func ("/conformance/contention-with-memory", test_contention_with_memory);
  g_test_add_func ("/conformance/contention-of-types", test_contention_of_types);
  g_test_add_func ("/conformance/commit-acknowledges", test_commit_acknowledges);
  g_test_add_func ("/conformance/hello-ack-first", test_hello_ack_first);
  g_test_add_func ("/conformance/collision", test_collision);
  g_test_add_func ("/conformance/chain", test_chain);
  g_test_add_func ("/conformance/draws", test_draws);
  g_test_add_func ("/conformance/preshared", test_preshared);
  g_test_add_func ("/conformance/bandwidth", test_bandwidth);
  g_test_add_func ("/conformance/no-warnings", test_no_warnings);
  return g_test_run ();
}
