/* test-clear.c: GoClear: back to clear media by agreement, and secure again (RFC 6189 4.7.2).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/protocol/stream.h"
#include "link.h"

#include <string.h>

static void
open_call (TestLink * link, guint64 seed, guint n_streams, gboolean allowed0, gboolean allowed1)
{
  test_link_init (link, seed);
  link->ends[0].config.allow_clear = allowed0;
  link->ends[1].config.allow_clear = allowed1;
  test_link_set_initiator (link, seed % 2);
  test_link_open (link, n_streams);
  test_link_start_all (link);
  g_assert_true (test_link_run_until_secure (link, 2 * SEC));
  test_link_settle (link);
}

static void
clear (TestLink * link, guint e)
{
  zrtp_association_clear (link->ends[e].association, link->now);
  test_link_drain (link, e);
}

static void
accept (TestLink * link, guint e)
{
  zrtp_association_accept_clear (link->ends[e].association, link->now);
  test_link_drain (link, e);
}

static void
secure (TestLink * link, guint e, guint s)
{
  zrtp_association_secure (link->ends[e].association, s, link->now);
  test_link_drain (link, e);
}

static void
assert_states (TestLink * link, guint e, guint n_streams, ZrtpState state)
{
  for (guint s = 0; s < n_streams; s++) {
    g_assert_cmpint (test_link_state (link, e, s), ==, state);
    if (state == ZRTP_STATE_CLEAR)
      g_assert_false (link->ends[e].streams[s].has_send || link->ends[e].streams[s].has_receive);
  }
}

/* Z-4.7.2-5, -6, -8, -10, Z-4.7.2.1-1, -5: one GoClear for all streams; the user at the other end is asked; and
 * back, again and again, by Multistream without a new Hello. (Z-4.4.3-4) */
static void
test_toggle (void)
{
  for (guint n = 1; n <= 3; n += 2)
    for (guint who = 0; who < 2; who++) {
      TestLink link;
      ZrtpSrtpKeys old = { {0} };

      open_call (&link, n, n, TRUE, TRUE);
      for (guint round = 0; round < 6; round++) {
        guint hellos = link.ends[0].streams[0].n_sent_of_type[WIRE_HELLO];

        g_assert_false (test_keys_equal (&old, &link.ends[0].streams[0].send));
        old = link.ends[0].streams[0].send;
        clear (&link, who);
        assert_states (&link, who, n, ZRTP_STATE_CLEARING);
        test_link_run (&link, 100 * MSEC);
        assert_states (&link, who, n, ZRTP_STATE_CLEAR);
        /* No keys, but no clear media either before this user has agreed. */
        assert_states (&link, !who, n, ZRTP_STATE_CLEARING);
        for (guint s = 0; s < n; s++)
          g_assert_false (link.ends[!who].streams[s].has_send || link.ends[!who].streams[s].has_receive);
        g_assert_true (link.ends[!who].streams[0].warnings & (1 << ZRTP_WARNING_CLEAR_REQUESTED));
        test_link_run (&link, 60 * SEC);
        assert_states (&link, !who, n, ZRTP_STATE_CLEARING);
        accept (&link, !who);
        assert_states (&link, !who, n, ZRTP_STATE_CLEAR);
        /* And so it stays until somebody says otherwise, though both ends are automatic or were told to go
         * secure. */
        test_link_run (&link, 60 * SEC);
        for (guint e = 0; e < 2; e++)
          assert_states (&link, e, n, ZRTP_STATE_CLEAR);
        for (guint s = 0; s < n; s++)
          secure (&link, round % 2, s);
        g_assert_true (test_link_run_until_secure (&link, 2 * SEC));
        test_link_settle (&link);
        test_link_assert_secure (&link);
        /* The SAS of the call is shown again, once. */
        for (guint e = 0; e < 2; e++) {
          guint n_sas = 0;

          for (guint s = 0; s < n; s++)
            n_sas += link.ends[e].streams[s].n_sas;
          g_assert_cmpuint (n_sas, ==, round + 2);
        }
        g_assert_cmpuint (link.ends[0].streams[0].n_sent_of_type[WIRE_HELLO], ==, hellos);
      }
      /* One DH in all, and one SAS. */
      g_assert_cmpuint (link.ends[0].streams[0].n_sent_of_type[WIRE_DHPART1]
          + link.ends[1].streams[0].n_sent_of_type[WIRE_DHPART1], ==, 1);
      test_link_clear (&link);
    }
}

/* Z-4.7.2-11: not without the peer's A. (Z-4.7.2-1) */
static void
test_not_allowed (void)
{
  TestLink link;

  open_call (&link, 1, 2, TRUE, FALSE);
  clear (&link, 0);
  test_link_run (&link, 30 * SEC);
  g_assert_null (test_link_sent (&link, 0, 0, WIRE_GOCLEAR, 0));
  g_assert_true (link.ends[0].streams[0].warnings & (1 << ZRTP_WARNING_CLEAR_NOT_ALLOWED));
  test_link_assert_secure (&link);
  test_link_clear (&link);
}

/* A peer that sends GoClear though our A was 0, as a recorded GoClear of the same call tells: Error 0x100, and
 * media stays secure, whether the Error is ever acknowledged or not. */
static gboolean
keep_goclear (TestLink * link, TestPacket * packet, gpointer user_data)
{
  if (packet->type == WIRE_GOCLEAR)
    memcpy (user_data, packet, sizeof *packet);
  return packet->type != WIRE_GOCLEAR;
}

static gboolean
drop_error_acks (TestLink * link, TestPacket * packet, gpointer user_data)
{
  return packet->type != WIRE_ERROR_ACK;
}

static void
test_refused (void)
{
  for (guint acked = 0; acked < 2; acked++) {
    static TestPacket kept;
    TestLink link;

    /* The same seed gives the same keys: first with A, to get the GoClear; then without. */
    open_call (&link, 4, 1, TRUE, TRUE);
    link.filter = keep_goclear;
    link.user_data = &kept;
    clear (&link, 0);
    g_assert_cmpuint (kept.type, ==, WIRE_GOCLEAR);
    test_link_clear (&link);
    open_call (&link, 4, 1, TRUE, FALSE);
    link.filter = acked ? NULL : drop_error_acks;
    test_link_inject (&link, 1, 0, kept.data, kept.len);
    g_assert_cmpuint (link.ends[1].streams[0].n_sent_of_type[WIRE_ERROR], ==, 1);
    g_assert_cmphex (wire_get_u32 (WIRE_MESSAGE (test_link_sent (&link, 1, 0, WIRE_ERROR, 0)->data) + 12), ==,
        ZRTP_ERROR_GOCLEAR_NOT_ALLOWED);
    g_assert_cmpuint (link.ends[1].streams[0].n_sent_of_type[WIRE_CLEAR_ACK], ==, 0);
    test_link_run (&link, 60 * SEC);
    test_link_assert_secure (&link);
    g_assert_cmpuint (link.ends[1].streams[0].n_sent_of_type[WIRE_ERROR], ==, acked ? 1 : 11);
    test_link_clear (&link);
  }
}

/* Z-4.7.2-4, Z-4.5.3-6, F1: a wrong clear_mac, and one's own GoClear come back: no ClearACK, no action. */
static gboolean
reflect (TestLink * link, TestPacket * packet, gpointer user_data)
{
  WireBuffer message;
  WireBuffer reflected;

  if (packet->type != WIRE_GOCLEAR)
    return TRUE;
  message.len = WIRE_MESSAGE_LEN (packet->len);
  memcpy (message.data, WIRE_MESSAGE (packet->data), message.len);
  wire_frame (&reflected, 1, link->ends[!packet->from].streams[0].ssrc, &message);
  test_link_inject_later (link, packet->from, packet->stream, reflected.data, reflected.len, MSEC);
  return FALSE;
}

/* Z-5.12-1 */
static void
test_forged (void)
{
  TestLink link;
  WireBuffer message, packet;

  open_call (&link, 1, 1, TRUE, TRUE);
  for (guint e = 0; e < 2; e++)
    for (guint i = 0; i < 50; i++) {
      wire_begin (&message, WIRE_GOCLEAR);
      wire_append_u32 (&message, i);
      wire_append_u32 (&message, i);
      wire_end (&message);
      wire_frame (&packet, i, link.ends[!e].streams[0].ssrc, &message);
      test_link_inject (&link, e, 0, packet.data, packet.len);
      g_assert_cmpuint (link.ends[e].streams[0].n_sent_of_type[WIRE_CLEAR_ACK], ==, 0);
      g_assert_true (test_link_is_secure (&link, e, 0));
    }
  g_assert_true (link.ends[0].streams[0].n_warnings[ZRTP_WARNING_FORGED_CLEAR] == 1);
  link.filter = reflect;
  clear (&link, 0);
  test_link_run (&link, 30 * SEC);
  g_assert_cmpuint (link.ends[0].streams[0].n_sent_of_type[WIRE_CLEAR_ACK], ==, 0);
  test_link_clear (&link);
}

/* A GoClear of before comes again after the call is secure once more (F1). */
static void
test_replayed (void)
{
  TestLink link;
  TestPacket goclear;

  open_call (&link, 1, 1, TRUE, TRUE);
  clear (&link, 0);
  test_link_run (&link, SEC);
  accept (&link, 1);
  goclear = *test_link_sent (&link, 0, 0, WIRE_GOCLEAR, 0);
  secure (&link, 0, 0);
  g_assert_true (test_link_run_until_secure (&link, SEC));
  test_link_inject (&link, 1, 0, goclear.data, goclear.len);
  test_link_run (&link, 30 * SEC);
  test_link_assert_secure (&link);
  test_link_clear (&link);
}

/* Z-4.7.2-3, -9, -12: lost GoClears and ClearACKs; ZRTPSess is replaced once all the same, so Multistream works
 * afterwards. */
typedef struct
{
  WireType type;
  guint n;
} Losses;

static gboolean
drop_some (TestLink * link, TestPacket * packet, gpointer user_data)
{
  Losses *losses = user_data;

  return packet->type != losses->type || packet->type_index >= losses->n;
}

static void
test_loss (void)
{
  for (guint n = 0; n <= 11; n++)
    for (guint acks = 0; acks < 2; acks++) {
      Losses losses = { acks ? WIRE_CLEAR_ACK : WIRE_GOCLEAR, n };
      TestLink link;

      if (!acks && n == 11)
        continue;
      open_call (&link, n, 2, TRUE, TRUE);
      link.filter = drop_some;
      link.user_data = &losses;
      clear (&link, 0);
      test_link_settle (&link);
      assert_states (&link, 0, 2, ZRTP_STATE_CLEAR);
      assert_states (&link, 1, 2, ZRTP_STATE_CLEARING);
      g_assert_cmpuint (link.ends[0].streams[0].n_sent_of_type[WIRE_GOCLEAR], ==, MIN (n + 1, 11));
      accept (&link, 1);
      for (guint s = 0; s < 2; s++)
        secure (&link, n % 2, s);
      g_assert_true (test_link_run_until_secure (&link, 5 * SEC));
      test_link_settle (&link);
      test_link_assert_secure (&link);
      /* No second DH was needed. */
      g_assert_cmpuint (link.ends[0].streams[0].n_sent_of_type[WIRE_DHPART1]
          + link.ends[1].streams[0].n_sent_of_type[WIRE_DHPART1], ==, 1);
      test_link_clear (&link);
    }
}

/* Z-4.7.2-9: nobody answers: the keys go all the same. */
static gboolean
drop_goclears (TestLink * link, TestPacket * packet, gpointer user_data)
{
  return packet->type != WIRE_GOCLEAR;
}

static void
test_silence (void)
{
  TestLink link;
  guint64 start;

  open_call (&link, 1, 2, TRUE, TRUE);
  link.filter = drop_goclears;
  start = link.now;
  clear (&link, 0);
  test_link_run (&link, 10649 * MSEC);
  assert_states (&link, 0, 2, ZRTP_STATE_CLEARING);
  test_link_run (&link, 2 * MSEC);
  assert_states (&link, 0, 2, ZRTP_STATE_CLEAR);
  for (guint i = 0; i < 11; i++)
    g_assert_nonnull (test_link_sent (&link, 0, 0, WIRE_GOCLEAR, i));
  g_assert_cmpuint (test_link_sent (&link, 0, 0, WIRE_GOCLEAR, 10)->sent_at - start, ==, 9450 * MSEC);
  test_link_clear (&link);
}

/* Z-4.7.2-14: both ask at once. Nobody is asked again, and the call can become secure again, by DH if it must. */
static void
test_crossed (void)
{
  for (guint skew = 0; skew < 30; skew += 3) {
    TestLink link;

    open_call (&link, skew, 2, TRUE, TRUE);
    clear (&link, 0);
    test_link_run (&link, skew * MSEC);
    clear (&link, 1);
    test_link_settle (&link);
    accept (&link, 0);
    accept (&link, 1);
    assert_states (&link, 0, 2, ZRTP_STATE_CLEAR);
    assert_states (&link, 1, 2, ZRTP_STATE_CLEAR);
    for (guint s = 0; s < 2; s++)
      secure (&link, 0, s);
    if (!test_link_run_until_secure (&link, 40 * SEC)) {
      test_link_settle (&link);
      for (guint s = 0; s < 2; s++)
        secure (&link, 0, s);
      g_assert_true (test_link_run_until_secure (&link, 40 * SEC));
    }
    test_link_settle (&link);
    test_link_assert_secure (&link);
    test_link_clear (&link);
  }
}

/* Z-4.7.2-14: ZRTPSess has come to differ: a forged ClearACK made one end go on by itself, and its peer's own
 * GoClear then made it step twice. Multistream cannot work any more; DH does, without anybody asking again. */
static gboolean
forge_clear_ack (TestLink * link, TestPacket * packet, gpointer user_data)
{
  WireBuffer message, forged;

  if (packet->type != WIRE_GOCLEAR || packet->from != 0)
    return TRUE;
  wire_begin (&message, WIRE_CLEAR_ACK);
  wire_end (&message);
  wire_frame (&forged, 1, link->ends[1].streams[0].ssrc, &message);
  test_link_inject_later (link, 0, 0, forged.data, forged.len, MSEC);
  return FALSE;
}

static void
test_sessions_differ (void)
{
  for (guint who = 0; who < 2; who++) {
    TestLink link;

    open_call (&link, who, 1, TRUE, TRUE);
    link.filter = forge_clear_ack;
    clear (&link, 0);
    test_link_run (&link, SEC);
    assert_states (&link, 0, 1, ZRTP_STATE_CLEAR);
    g_assert_true (test_link_is_secure (&link, 1, 0));
    link.filter = NULL;
    clear (&link, 1);
    test_link_run (&link, SEC);
    accept (&link, 0);
    assert_states (&link, 1, 1, ZRTP_STATE_CLEAR);
    secure (&link, who, 0);
    g_assert_true (test_link_run_until_secure (&link, 60 * SEC));
    test_link_settle (&link);
    test_link_assert_secure (&link);
    g_assert_cmpuint (link.ends[0].streams[0].n_sent_of_type[WIRE_DHPART1]
        + link.ends[1].streams[0].n_sent_of_type[WIRE_DHPART1], >=, 2);
    test_link_clear (&link);
  }
}

/* Z-4.7.2.1-4, Z-4.7.2-12: a peer that sends a GoClear for each stream: each is acknowledged, each replaces
 * ZRTPSess once. */
static void
test_one_for_each_stream (void)
{
  TestLink link;
  guint8 sessions[3][32];
  WireBuffer message, packet;

  open_call (&link, 1, 2, TRUE, TRUE);
  memcpy (sessions[0], link.ends[1].association->zrtp_sess, 32);
  for (guint repeat = 0; repeat < 3; repeat++)
    for (guint s = 0; s < 2; s++) {
      wire_begin (&message, WIRE_GOCLEAR);
      wire_append (&message, link.ends[0].association->streams[s]->own_clear_mac, 8);
      wire_end (&message);
      wire_frame (&packet, 1, link.ends[0].streams[s].ssrc, &message);
      test_link_inject (&link, 1, s, packet.data, packet.len);
      g_assert_cmpuint (link.ends[1].streams[s].n_sent_of_type[WIRE_CLEAR_ACK], ==, repeat + 1);
      if (repeat == 0) {
        memcpy (sessions[1 + s], link.ends[1].association->zrtp_sess, 32);
        g_assert_true (memcmp (sessions[1 + s], sessions[s], 32) != 0);
      } else {
        g_assert_cmpmem (link.ends[1].association->zrtp_sess, 32, sessions[2], 32);
      }
    }
  link.check_off = TRUE;
  test_link_clear (&link);
}

/* Both press "secure" at once after a GoClear: Multistream Commits contend (Z-4.4.3.1-6). */
static void
test_contention_after (void)
{
  for (guint seed = 0; seed < 40; seed++) {
    TestLink link;

    open_call (&link, seed, 1, TRUE, TRUE);
    clear (&link, 0);
    test_link_run (&link, SEC);
    accept (&link, 1);
    secure (&link, 0, 0);
    test_link_run (&link, (seed % 4) * 4 * MSEC);
    secure (&link, 1, 0);
    g_assert_true (test_link_run_until_secure (&link, 3 * SEC));
    test_link_settle (&link);
    test_link_assert_secure (&link);
    test_link_clear (&link);
  }
}

/* Z-4.5.2-7, Z-4.7.2.1-2: the cache is not touched by any of it. */
static void
test_cache (void)
{
  TestLink link;
  guint stores;

  open_call (&link, 1, 1, TRUE, TRUE);
  for (guint e = 0; e < 2; e++) {
    zrtp_association_media_authenticated (link.ends[e].association, 0, link.now);
    test_link_drain (&link, e);
  }
  stores = link.ends[0].cache.stores + link.ends[1].cache.stores;
  clear (&link, 0);
  test_link_run (&link, SEC);
  accept (&link, 1);
  secure (&link, 1, 0);
  g_assert_true (test_link_run_until_secure (&link, SEC));
  for (guint e = 0; e < 2; e++) {
    zrtp_association_media_authenticated (link.ends[e].association, 0, link.now);
    test_link_drain (&link, e);
  }
  g_assert_cmpuint (link.ends[0].cache.stores + link.ends[1].cache.stores, ==, stores);
  test_link_clear (&link);
}

/* Z-15-5: nonces are remembered, so many and no more; after that a refusal, not a forgetting. */
static void
test_many_times (void)
{
  TestLink link;
  guint rounds = 0;

  open_call (&link, 1, 1, TRUE, TRUE);
  for (; rounds < 200; rounds++) {
    clear (&link, 0);
    test_link_run (&link, 100 * MSEC);
    accept (&link, 1);
    secure (&link, 0, 0);
    if (!test_link_run_until_secure (&link, 20 * SEC))
      break;
  }
  g_assert_cmpuint (rounds, >=, 30);
  g_assert_cmpuint (rounds, <, 200);
  test_link_settle (&link);
  test_link_assert_no_split (&link);
  g_assert_cmphex (link.ends[0].streams[0].error_code, ==, ZRTP_ERROR_SERVICE_UNAVAILABLE);
  test_link_clear (&link);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clear/toggle", test_toggle);
  g_test_add_func ("/clear/not-allowed", test_not_allowed);
  g_test_add_func ("/clear/refused", test_refused);
  g_test_add_func ("/clear/forged", test_forged);
  g_test_add_func ("/clear/replayed", test_replayed);
  g_test_add_func ("/clear/loss", test_loss);
  g_test_add_func ("/clear/silence", test_silence);
  g_test_add_func ("/clear/crossed", test_crossed);
  g_test_add_func ("/clear/sessions-differ", test_sessions_differ);
  g_test_add_func ("/clear/one-for-each-stream", test_one_for_each_stream);
  g_test_add_func ("/clear/contention-after", test_contention_after);
  g_test_add_func ("/clear/cache", test_cache);
  g_test_add_func ("/clear/many-times", test_many_times);
  return g_test_run ();
}
