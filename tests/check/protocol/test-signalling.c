/* test-signalling.c: what signalling and the application add: zrtp-hash, a floor of algorithms, the exported key
 * (RFC 6189 8.1, 4.5.2; attacks B3, B9).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <string.h>

static void
exchange_hashes (TestLink * link, guint n_streams)
{
  guint8 hash[ZRTP_HELLO_HASH_LEN];

  for (guint s = 0; s < n_streams; s++)
    for (guint e = 0; e < 2; e++) {
      g_assert_true (zrtp_association_get_hello_hash (link->ends[!e].association, s, hash));
      zrtp_association_set_peer_hello_hash (link->ends[e].association, s, hash, link->now);
      test_link_drain (link, e);
    }
}

/* Z-8.1-5, -6, B9: absent, match, mismatch; three states, all told. (Z-8.1-4) */
static void
test_three_states (void)
{
  for (guint state = 0; state < 3; state++)
    for (guint late = 0; late < 2; late++) {
      static const guint8 wrong[ZRTP_HELLO_HASH_LEN] = { 1 };
      TestLink link;

      test_link_init (&link, state);
      test_link_open (&link, 1);
      if (late)
        test_link_start_all (&link);
      if (state == 1)
        exchange_hashes (&link, 1);
      if (state == 2)
        zrtp_association_set_peer_hello_hash (link.ends[0].association, 0, wrong, link.now);
      if (!late)
        test_link_start_all (&link);
      g_assert_true (test_link_run_until_secure (&link, 5 * SEC));
      g_assert_cmpint (test_link_sas (&link, 0).hello_hash, ==, state == 0 ? ZRTP_HELLO_HASH_ABSENT
          : state == 1 ? ZRTP_HELLO_HASH_MATCH : ZRTP_HELLO_HASH_MISMATCH);
      g_assert_cmpint (!!(link.ends[0].streams[0].warnings & (1 << ZRTP_WARNING_HELLO_HASH)), ==, state == 2);
      g_assert_false (test_link_sas (&link, 0).authenticated || test_link_sas (&link, 0).verified);
      test_link_clear (&link);
    }
}

/* Z-8.1-3, Z-5.3-4: where it is required, a Hello that differs gets no HelloACK and no state. */
static void
test_required (void)
{
  static const guint8 wrong[ZRTP_HELLO_HASH_LEN] = { 1 };
  TestLink link;
  ZrtpStreamStats stats;

  test_link_init (&link, 1);
  link.ends[0].config.require_hello_hash = TRUE;
  test_link_open (&link, 1);
  zrtp_association_set_peer_hello_hash (link.ends[0].association, 0, wrong, link.now);
  test_link_start_all (&link);
  test_link_run (&link, 60 * SEC);
  for (guint e = 0; e < 2; e++)
    g_assert_cmpuint (link.ends[e].streams[0].n_secure, ==, 0);
  g_assert_cmpuint (link.ends[0].streams[0].n_sent_of_type[WIRE_HELLO_ACK], ==, 0);
  zrtp_association_get_stats (link.ends[0].association, 0, &stats);
  g_assert_cmpuint (stats.dropped_hello_hash, >, 0);
  g_assert_cmpuint (link.ends[0].streams[0].n_warnings[ZRTP_WARNING_HELLO_HASH], ==, 1);
  test_link_clear (&link);
}

/* Signalling that comes after the Hello and disowns it: the Hello is forgotten; the right hash then lets the peer
 * in. */
static void
test_disowned (void)
{
  static const guint8 wrong[ZRTP_HELLO_HASH_LEN] = { 1 };
  TestLink link;

  test_link_init (&link, 1);
  link.ends[0].config.require_hello_hash = TRUE;
  link.ends[0].config.automatic = link.ends[1].config.automatic = FALSE;
  test_link_open (&link, 1);
  test_link_start_all (&link);
  test_link_run (&link, SEC);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_CLEAR);
  zrtp_association_set_peer_hello_hash (link.ends[0].association, 0, wrong, link.now);
  test_link_drain (&link, 0);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_DISCOVERING);
  zrtp_association_secure (link.ends[1].association, 0, link.now);
  test_link_drain (&link, 1);
  test_link_run (&link, 300 * MSEC);
  g_assert_cmpuint (link.ends[0].streams[0].n_sent_of_type[WIRE_DHPART1], ==, 0);
  exchange_hashes (&link, 1);
  g_assert_true (test_link_run_until_secure (&link, 15 * SEC));
  test_link_assert_secure (&link);
  test_link_clear (&link);
}

/* H4: audio and video swapped by somebody in the middle. */
static gboolean
swap_streams (TestLink * link, TestPacket * packet, gpointer user_data)
{
  packet->stream = !packet->stream;
  return TRUE;
}

static void
test_swapped (void)
{
  TestLink link;

  test_link_init (&link, 1);
  link.ends[0].config.require_hello_hash = link.ends[1].config.require_hello_hash = TRUE;
  link.check_off = TRUE;
  link.filter = swap_streams;
  test_link_open (&link, 2);
  exchange_hashes (&link, 2);
  test_link_start_all (&link);
  test_link_run (&link, 60 * SEC);
  for (guint e = 0; e < 2; e++)
    for (guint s = 0; s < 2; s++)
      g_assert_cmpuint (link.ends[e].streams[s].n_secure, ==, 0);
  test_link_clear (&link);
}

/* Z-8.1.1-1, Z-4.6.1.1-3: authenticated only if the application says that signalling is protected; then a cache
 * mismatch delays nothing. */
static void
test_authenticated (void)
{
  for (guint protected = 0; protected < 2; protected++) {
    TestLink link;
    guint stores;

    test_link_init (&link, 1);
    test_link_open (&link, 1);
    test_link_start_all (&link);
    g_assert_true (test_link_run_until_secure (&link, SEC));
    test_link_close (&link);
    g_hash_table_remove_all (link.ends[1].cache.entries);
    stores = link.ends[0].cache.stores;
    link.ends[0].config.signalling_secure = protected;
    test_link_open (&link, 1);
    exchange_hashes (&link, 1);
    test_link_start_all (&link);
    g_assert_true (test_link_run_until_secure (&link, SEC));
    g_assert_cmpint (test_link_sas (&link, 0).authenticated, ==, protected);
    g_assert_false (test_link_sas (&link, 1).authenticated);
    g_assert_cmpint (test_link_sas (&link, 0).cache, ==, ZRTP_CACHE_MISMATCH);
    g_assert_true (link.ends[0].streams[0].warnings & (1 << ZRTP_WARNING_CACHE_MISMATCH));
    g_assert_cmpint (link.ends[0].cache.stores > stores, ==, protected);
    test_link_clear (&link);
  }
}

/* C2: with a zrtp-hash only the matching Hello counts, however many forged ones come, and no time is lost. */
static void
test_forged_hellos (void)
{
  TestLink link;

  test_link_init (&link, 1);
  link.ends[0].config.require_hello_hash = link.ends[1].config.require_hello_hash = TRUE;
  test_link_open (&link, 1);
  exchange_hashes (&link, 1);
  for (guint i = 0; i < 500; i++) {
    WireBuffer message, packet;
    WireChain chain;
    guint8 zid[12];

    wire_chain (&chain, i);
    memset (zid, i, sizeof zid);
    wire_hello (&message, &chain, zid, "1.10", 0, "", "", "", "X255", "");
    wire_frame (&packet, i, link.ends[1].streams[0].ssrc, &message);
    test_link_inject_later (&link, 0, 0, packet.data, packet.len, i * MSEC / 8);
  }
  test_link_start_all (&link);
  g_assert_true (test_link_run_until_secure (&link, SEC));
  test_link_assert_secure (&link);
  g_assert_cmpint (test_link_sas (&link, 0).hello_hash, ==, ZRTP_HELLO_HASH_MATCH);
  test_link_clear (&link);
}

/* B3: below the floor there is no call, whoever commits, and the user is told; above it there is. */
static void
test_floor (void)
{
  for (guint initiator = 0; initiator < 2; initiator++)
    for (guint good = 0; good < 2; good++) {
      TestLink link;

      test_link_init (&link, 1);
      test_link_set_initiator (&link, initiator);
      test_list (&link.ends[0].config.key_agreements, "X255EC25DH3kMult");
      test_list (&link.ends[0].config.allowed_key_agreements, "X255EC25");
      test_list (&link.ends[1].config.key_agreements, good ? "EC25DH3kMult" : "DH3kMult");
      test_link_open (&link, 2);
      test_link_start_all (&link);
      test_link_run (&link, 60 * SEC);
      for (guint e = 0; e < 2; e++)
        g_assert_cmpuint (link.ends[e].streams[0].n_secure, ==, good);
      if (good) {
        test_link_assert_secure (&link);
        g_assert_cmpstr (test_link_sas (&link, 0).choice.key_agreement, ==, "EC25");
      } else {
        g_assert_cmpuint (link.ends[0].streams[0].n_errors, >, 0);
      }
      test_link_clear (&link);
    }
}

/* Z-4.5.2-4, -5: once for the call, the same at both ends, another in each call. */
static void
test_exported_key (void)
{
  TestLink link;
  guint8 keys[2][ZRTP_HASH_MAX_LEN], before[ZRTP_HASH_MAX_LEN] = { 0 };

  test_link_init (&link, 1);
  for (guint i = 0; i < 2; i++) {
    test_link_open (&link, 2);
    g_assert_cmpuint (zrtp_association_get_exported_key (link.ends[0].association, keys[0]), ==, 0);
    test_link_start_all (&link);
    g_assert_true (test_link_run_until_secure (&link, 2 * SEC));
    for (guint e = 0; e < 2; e++)
      g_assert_cmpuint (zrtp_association_get_exported_key (link.ends[e].association, keys[e]), ==, 32);
    g_assert_cmpmem (keys[0], 32, keys[1], 32);
    g_assert_true (memcmp (keys[0], before, 32) != 0);
    memcpy (before, keys[0], 32);
    test_link_close (&link);
  }
  test_link_clear (&link);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/signalling/three-states", test_three_states);
  g_test_add_func ("/signalling/required", test_required);
  g_test_add_func ("/signalling/disowned", test_disowned);
  g_test_add_func ("/signalling/swapped", test_swapped);
  g_test_add_func ("/signalling/authenticated", test_authenticated);
  g_test_add_func ("/signalling/forged-hellos", test_forged_hellos);
  g_test_add_func ("/signalling/floor", test_floor);
  g_test_add_func ("/signalling/exported-key", test_exported_key);
  return g_test_run ();
}
