/* test-timers.c: when what is sent again, and when an end gives up (RFC 6189 section 6).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "peer.h"

static const guint t1_times[] = { 0, 50, 150, 350, 550, 750, 950, 1150, 1350, 1550, 1750, 1950, 2150, 2350, 2550,
  2750, 2950, 3150, 3350, 3550, 3750
};

static const guint t2_times[] = { 0, 150, 450, 1050, 2250, 3450, 4650, 5850, 7050, 8250, 9450 };

/* The packets of this type went out at exactly these times after start, no more and no fewer. */
static void
assert_schedule (TestLink * link, WireType type, guint64 start, const guint * times, guint n)
{
  for (guint i = 0; i < n; i++) {
    TestPacket *packet = test_link_sent (link, 0, 0, type, i);

    g_assert_nonnull (packet);
    g_assert_cmpuint ((packet->sent_at - start) / 1000, ==, times[i] * 1000);
  }
  g_assert_null (test_link_sent (link, 0, 0, type, n));
}

static void
solo (TestLink * link, gboolean automatic)
{
  test_link_init (link, 1);
  test_link_make_solo (link);
  link->ends[0].config.automatic = automatic;
  test_link_open (link, 1);
  test_link_start (link, 0, 0);
}

/* Z-6-1, Z-6-8, Z-3-3: nobody there. */
static void
test_t1 (void)
{
  TestLink link;

  solo (&link, TRUE);
  test_link_run (&link, 3949 * MSEC);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_DISCOVERING);
  test_link_run (&link, 2 * MSEC);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_NO_PEER);
  test_link_run (&link, 3600 * SEC);
  assert_schedule (&link, WIRE_HELLO, TEST_LINK_START, t1_times, G_N_ELEMENTS (t1_times));
  g_assert_cmpuint (link.ends[0].sent->len, ==, G_N_ELEMENTS (t1_times));
  g_assert_cmpuint (zrtp_association_get_deadline (link.ends[0].association), ==, ZRTP_NO_DEADLINE);
  test_link_clear (&link);
}

/* Z-6-12 */
static void
test_round_trip (void)
{
  TestLink link;
  TestPeer peer;

  test_link_init (&link, 1);
  test_link_make_solo (&link);
  link.ends[0].config.round_trip = 600 * MSEC;
  test_link_open (&link, 1);
  test_link_start (&link, 0, 0);
  test_link_run (&link, 100 * SEC);
  g_assert_cmpuint (link.ends[0].streams[0].n_sent, ==, 21);
  for (guint i = 1; i < 21; i++)
    g_assert_cmpuint (test_link_sent (&link, 0, 0, WIRE_HELLO, i)->sent_at, >=,
        test_link_sent (&link, 0, 0, WIRE_HELLO, i - 1)->sent_at + 600 * MSEC);
  peer_init (&peer, &link, 0, 1, "X255");
  peer_respond (&peer);
  test_link_run (&link, 100 * SEC);
  for (guint i = 1; i < 11; i++)
    g_assert_cmpuint (peer_received (&peer, WIRE_COMMIT, i)->sent_at, >=,
        peer_received (&peer, WIRE_COMMIT, i - 1)->sent_at + 600 * MSEC);
  peer_clear (&peer);
  test_link_clear (&link);
}

/* Z-6-10, -11: a Hello of the peer at any time makes the schedule last 12 s at least, though nothing
 * acknowledges. */
static void
test_extension (void)
{
  static const guint when[] = { 0, 1, 40, 400, 3700, 3800, 3949, 3960, 8000 };

  for (guint i = 0; i < G_N_ELEMENTS (when); i++) {
    TestLink link;
    TestPeer peer;
    TestPacket *last, *before;

    solo (&link, TRUE);
    peer_init (&peer, &link, 0, 1, "X255");
    test_link_run (&link, when[i] * MSEC);
    peer_send_hello (&peer);
    g_assert_cmpuint (peer_count (&peer, WIRE_HELLO_ACK), ==, 1);
    test_link_run (&link, 100 * SEC);
    g_assert_cmpuint (peer_count (&peer, WIRE_HELLO), >=, 60);
    g_assert_cmpuint (peer_count (&peer, WIRE_HELLO), <=, 110);
    last = test_link_sent (&link, 0, 0, WIRE_HELLO, peer_count (&peer, WIRE_HELLO) - 1);
    before = test_link_sent (&link, 0, 0, WIRE_HELLO, peer_count (&peer, WIRE_HELLO) - 2);
    g_assert_cmpuint (last->sent_at - TEST_LINK_START, >=, 12 * SEC);
    g_assert_cmpuint (last->sent_at - before->sent_at, ==, 200 * MSEC);
    /* Never without an acknowledgement (Z-5.4-2). */
    g_assert_cmpuint (peer_count (&peer, WIRE_COMMIT), ==, 0);
    peer_clear (&peer);
    test_link_clear (&link);
  }
}

/* Z-6-7, Z-4.1-3, Z-5.4-2: Hello and HelloACK in either order stop Hello, and only both let Commit go. */
static void
test_discovery_stops_hello (void)
{
  for (guint ack_first = 0; ack_first < 2; ack_first++) {
    TestLink link;
    TestPeer peer;

    solo (&link, FALSE);
    peer_init (&peer, &link, 0, 1, "X255");
    if (ack_first)
      peer_send_ack (&peer, WIRE_HELLO_ACK);
    else
      peer_send_hello (&peer);
    g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_DISCOVERING);
    if (ack_first)
      peer_send_hello (&peer);
    else
      peer_send_ack (&peer, WIRE_HELLO_ACK);
    g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_CLEAR);
    test_link_run (&link, 1999 * MSEC);
    g_assert_cmpuint (peer_count (&peer, WIRE_HELLO), ==, 1);
    /* Neither message is authenticated: while no Commit comes, Hello goes on slowly (C2, C4). */
    test_link_run (&link, 100 * SEC);
    g_assert_cmpuint (peer_count (&peer, WIRE_HELLO), <=, 31);
    for (guint i = 1; i < peer_count (&peer, WIRE_HELLO); i++)
      g_assert_cmpuint (peer_received (&peer, WIRE_HELLO, i)->sent_at, >=,
          peer_received (&peer, WIRE_HELLO, i - 1)->sent_at + 2 * SEC);
    g_assert_cmpuint (peer_count (&peer, WIRE_HELLO_ACK), ==, 1);
    g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_CLEAR);
    peer_clear (&peer);
    test_link_clear (&link);
  }
}

/* None in an exchange, whoever began it, and none after it. */
static void
test_no_hello_in_exchange (void)
{
  TestLink link;
  guint hellos[2];

  test_link_init (&link, 1);
  test_link_open (&link, 1);
  test_link_start_all (&link);
  g_assert_true (test_link_run_until_secure (&link, SEC));
  for (guint e = 0; e < 2; e++) {
    hellos[e] = link.ends[e].streams[0].n_sent_of_type[WIRE_HELLO];
    g_assert_cmpuint (hellos[e], ==, 1);
  }
  test_link_run (&link, 100 * SEC);
  for (guint e = 0; e < 2; e++)
    g_assert_cmpuint (link.ends[e].streams[0].n_sent_of_type[WIRE_HELLO], ==, hellos[e]);
  g_assert_cmpuint (zrtp_association_get_deadline (link.ends[0].association), ==, ZRTP_NO_DEADLINE);
  test_link_clear (&link);
}

static void
assert_gave_up (TestLink * link, guint64 at)
{
  g_assert_cmpint (test_link_state (link, 0, 0), ==, ZRTP_STATE_SECURING);
  test_link_run (link, at - link->now + MSEC);
  g_assert_cmpint (test_link_state (link, 0, 0), ==, ZRTP_STATE_FAILED);
  g_assert_cmpuint (link->ends[0].streams[0].n_errors, ==, 1);
  g_assert_cmpuint (link->ends[0].streams[0].n_remote_errors, ==, 0);
  g_assert_cmphex (link->ends[0].streams[0].error_code, ==, ZRTP_ERROR_TIMEOUT);
  g_assert_cmpuint (link->ends[0].cache.stores, ==, 0);
}

/* Z-6-2, -8, -16. Garbage in between neither stops nor resets anything (Z-6-17). */
static void
test_t2_commit (gconstpointer data)
{
  gboolean garbage = GPOINTER_TO_INT (data);
  TestLink link;
  TestPeer peer, stranger;
  guint64 start;

  solo (&link, TRUE);
  peer_init (&peer, &link, 0, 1, "X255");
  peer_init (&stranger, &link, 0, 2, "X255");
  stranger.ssrc = peer.ssrc;
  test_link_run (&link, 33 * MSEC);
  peer_respond (&peer);
  start = link.now;
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_SECURING);
  for (guint i = 0; garbage && i < 100; i++) {
    WireBuffer broken;

    test_link_run (&link, 97 * MSEC);
    peer_send_ack (&peer, WIRE_HELLO_ACK);
    peer_send_ack (&peer, WIRE_CLEAR_ACK);
    peer_send_ack (&peer, WIRE_RELAY_ACK);
    peer_send_ack (&peer, WIRE_ERROR_ACK);
    peer_send_ack (&peer, WIRE_CONF2ACK);
    peer_make_dhpart (&stranger, WIRE_DHPART1, NULL);
    peer_send (&stranger, &stranger.dhpart);
    wire_frame (&broken, 1, peer.ssrc, &stranger.dhpart);
    broken.data[40] ^= 1;
    test_link_inject (&link, 0, 0, broken.data, broken.len);
  }
  test_link_run (&link, start + 10649 * MSEC - link.now);
  assert_gave_up (&link, start + 10650 * MSEC);
  test_link_run (&link, 100 * SEC);
  assert_schedule (&link, WIRE_COMMIT, start, t2_times, G_N_ELEMENTS (t2_times));
  peer_clear (&peer);
  peer_clear (&stranger);
  test_link_clear (&link);
}

static void
test_t2_dhpart2 (void)
{
  TestLink link;
  TestPeer peer;
  guint64 start;

  solo (&link, TRUE);
  peer_init (&peer, &link, 0, 1, "X255");
  peer_respond (&peer);
  test_link_run (&link, 200 * MSEC);
  g_assert_cmpuint (peer_count (&peer, WIRE_COMMIT), ==, 2);
  peer_make_dhpart (&peer, WIRE_DHPART1, NULL);
  peer_send (&peer, &peer.dhpart);
  start = link.now;
  g_assert_cmpuint (peer_count (&peer, WIRE_DHPART2), ==, 1);
  /* A repeated DHPart1 is dropped: the timer does it (6.1). */
  test_link_run (&link, 20 * MSEC);
  peer_send (&peer, &peer.dhpart);
  g_assert_cmpuint (peer_count (&peer, WIRE_DHPART2), ==, 1);
  test_link_run (&link, start + 10649 * MSEC - link.now);
  assert_gave_up (&link, start + 10650 * MSEC);
  test_link_run (&link, 100 * SEC);
  assert_schedule (&link, WIRE_DHPART2, start, t2_times, G_N_ELEMENTS (t2_times));
  g_assert_cmpuint (peer_count (&peer, WIRE_COMMIT), ==, 2);
  peer_clear (&peer);
  test_link_clear (&link);
}

static gboolean
drop_conf2acks (TestLink * link, TestPacket * packet, gpointer user_data)
{
  return packet->type != WIRE_CONF2ACK;
}

static void
test_t2_confirm2 (void)
{
  TestLink link;
  guint64 start;

  test_link_init (&link, 1);
  test_link_set_initiator (&link, 0);
  link.filter = drop_conf2acks;
  test_link_open (&link, 1);
  test_link_start_all (&link);
  test_link_run (&link, 140 * MSEC);
  start = test_link_sent (&link, 0, 0, WIRE_CONFIRM2, 0)->sent_at;
  test_link_run (&link, start + 10649 * MSEC - link.now);
  assert_gave_up (&link, start + 10650 * MSEC);
  test_link_settle (&link);
  assert_schedule (&link, WIRE_CONFIRM2, start, t2_times, G_N_ELEMENTS (t2_times));
  /* Z-5.8-1: each of them was answered. */
  g_assert_cmpuint (link.ends[1].streams[0].n_sent_of_type[WIRE_CONF2ACK], ==, G_N_ELEMENTS (t2_times));
  test_link_clear (&link);
}

/* Z-6-5, Z-6-14, Z-15-4: a responder sends nothing by itself, and gives up after ten seconds of silence, or when repeats of the same
 * have held it for twenty. */
static void
test_responder (void)
{
  TestLink link;
  TestPeer peer;

  solo (&link, FALSE);
  peer_init (&peer, &link, 0, 1, "X255");
  peer_initiate (&peer);
  for (guint i = 0; i < 2; i++) {
    test_link_run (&link, 9 * SEC);
    g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_SECURING);
    peer_send (&peer, &peer.commit);
  }
  g_assert_cmpuint (peer_count (&peer, WIRE_DHPART1), ==, 3);
  test_link_run (&link, 1990 * MSEC);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_SECURING);
  test_link_run (&link, 20 * MSEC);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_FAILED);
  g_assert_cmphex (link.ends[0].streams[0].error_code, ==, ZRTP_ERROR_TIMEOUT);
  test_link_run (&link, 100 * SEC);
  g_assert_cmpuint (peer_count (&peer, WIRE_DHPART1), ==, 3);
  peer_clear (&peer);
  test_link_clear (&link);
}

/* Z-6-6, Z-5.10-1: Error goes on T2 until ErrorACK. */
static void
test_error (void)
{
  for (guint acked = 0; acked < 2; acked++) {
    TestLink link;
    TestPeer peer;
    guint64 start;
    guint8 hvi[32] = { 1 };

    solo (&link, FALSE);
    peer_init (&peer, &link, 0, 1, "X255");
    peer_discover (&peer);
    peer_make_dhpart (&peer, WIRE_DHPART2, NULL);
    peer_make_commit (&peer, "S256AES1HS32X255B32 ", hvi);
    peer_send (&peer, &peer.commit);
    peer_send (&peer, &peer.dhpart);
    start = link.now;
    g_assert_cmpuint (peer_count (&peer, WIRE_ERROR), ==, 1);
    g_assert_cmphex (peer_sent_error (&peer), ==, ZRTP_ERROR_HVI);
    g_assert_cmphex (link.ends[0].streams[0].error_code, ==, ZRTP_ERROR_HVI);
    test_link_run (&link, 200 * MSEC);
    if (acked)
      peer_send_ack (&peer, WIRE_ERROR_ACK);
    test_link_run (&link, 100 * SEC);
    assert_schedule (&link, WIRE_ERROR, start, t2_times, acked ? 2 : G_N_ELEMENTS (t2_times));
    g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_FAILED);
    peer_clear (&peer);
    test_link_clear (&link);
  }
}

/* A machine that slept: the next tick comes an hour late and causes no burst. */
static void
test_late_tick (void)
{
  TestLink link;

  solo (&link, TRUE);
  test_link_run (&link, 200 * MSEC);
  g_assert_cmpuint (link.ends[0].streams[0].n_sent, ==, 3);
  link.now += 3600 * SEC;
  zrtp_association_advance (link.ends[0].association, link.now);
  test_link_drain (&link, 0);
  g_assert_cmpuint (link.ends[0].streams[0].n_sent, <=, 4);
  test_link_settle (&link);
  g_assert_cmpuint (link.ends[0].streams[0].n_sent, <=, 21);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_NO_PEER);
  test_link_clear (&link);
}

/* Ticks that come too early, or twice, send nothing. */
static void
test_early_ticks (void)
{
  TestLink link;

  solo (&link, TRUE);
  for (guint i = 0; i < 4000; i++) {
    link.now += MSEC;
    zrtp_association_advance (link.ends[0].association, link.now);
    zrtp_association_advance (link.ends[0].association, link.now);
    test_link_drain (&link, 0);
  }
  assert_schedule (&link, WIRE_HELLO, TEST_LINK_START, t1_times, G_N_ELEMENTS (t1_times));
  test_link_clear (&link);
}

/* C4: a forged HelloACK must not silence an end for ever: its first Hellos are lost as well. */
static gboolean
drop_early_hellos (TestLink * link, TestPacket * packet, gpointer user_data)
{
  return packet->type != WIRE_HELLO || link->now >= TEST_LINK_START + 300 * MSEC;
}

static void
test_forged_hello_ack (void)
{
  for (guint mode = 0; mode < 3; mode++) {
    TestLink link;
    WireBuffer message, packet;

    test_link_init (&link, mode);
    if (mode < 2)
      test_link_set_initiator (&link, mode);
    link.filter = drop_early_hellos;
    test_link_open (&link, 1);
    test_link_start_all (&link);
    wire_begin (&message, WIRE_HELLO_ACK);
    wire_end (&message);
    for (guint e = 0; e < 2; e++) {
      wire_frame (&packet, 1, link.ends[!e].streams[0].ssrc, &message);
      test_link_inject (&link, e, 0, packet.data, packet.len);
    }
    g_assert_true (test_link_run_until_secure (&link, 20 * SEC));
    test_link_assert_secure (&link);
    test_link_clear (&link);
  }
}

/* Z-4.7.1-6: after a timeout the user can try again, and then it works. */
static gboolean
drop_for_a_minute (TestLink * link, TestPacket * packet, gpointer user_data)
{
  return link->now > TEST_LINK_START + 60 * SEC || packet->type == WIRE_HELLO || packet->type == WIRE_HELLO_ACK;
}

static void
test_try_again (void)
{
  for (guint mode = 0; mode < 2; mode++) {
    TestLink link;

    test_link_init (&link, 1);
    test_link_set_initiator (&link, mode);
    link.filter = drop_for_a_minute;
    test_link_open (&link, 1);
    test_link_start_all (&link);
    test_link_run (&link, 61 * SEC);
    g_assert_cmpint (test_link_state (&link, mode, 0), ==, ZRTP_STATE_FAILED);
    zrtp_association_secure (link.ends[0].association, 0, link.now);
    test_link_drain (&link, 0);
    g_assert_true (test_link_run_until_secure (&link, 5 * SEC));
    test_link_assert_secure (&link);
    test_link_clear (&link);
  }
}

/* A5: an exchange that keeps failing is not begun again and again by itself. */
static void
test_bounded_tries (void)
{
  TestLink link;
  ZrtpStreamStats stats;

  test_link_init (&link, 1);
  link.filter = drop_for_a_minute;
  test_link_open (&link, 1);
  test_link_start_all (&link);
  test_link_run (&link, 59 * SEC);
  zrtp_association_get_stats (link.ends[0].association, 0, &stats);
  g_assert_cmpuint (stats.exchanges, >=, 1);
  g_assert_cmpuint (stats.exchanges, <=, 5);
  test_link_clear (&link);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/timers/t1", test_t1);
  g_test_add_func ("/timers/round-trip", test_round_trip);
  g_test_add_func ("/timers/extension", test_extension);
  g_test_add_func ("/timers/discovery-stops-hello", test_discovery_stops_hello);
  g_test_add_func ("/timers/no-hello-in-exchange", test_no_hello_in_exchange);
  g_test_add_data_func ("/timers/t2-commit", GINT_TO_POINTER (FALSE), test_t2_commit);
  g_test_add_data_func ("/timers/t2-commit-garbage", GINT_TO_POINTER (TRUE), test_t2_commit);
  g_test_add_func ("/timers/t2-dhpart2", test_t2_dhpart2);
  g_test_add_func ("/timers/t2-confirm2", test_t2_confirm2);
  g_test_add_func ("/timers/responder", test_responder);
  g_test_add_func ("/timers/error", test_error);
  g_test_add_func ("/timers/late-tick", test_late_tick);
  g_test_add_func ("/timers/early-ticks", test_early_ticks);
  g_test_add_func ("/timers/forged-hello-ack", test_forged_hello_ack);
  g_test_add_func ("/timers/try-again", test_try_again);
  g_test_add_func ("/timers/bounded-tries", test_bounded_tries);
  return g_test_run ();
}
