/* test-loss.c: lost, repeated, reordered and late packets (RFC 6189 section 6; Z-6.1-2).
 *
 * ZRTP_TEST_SEEDS sets the number of random schedules.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "link.h"

typedef struct
{
  guint end, index;
  gboolean hit;
} Victim;

static gboolean
drop_one (TestLink * link, TestPacket * packet, gpointer user_data)
{
  Victim *victim = user_data;

  if (packet->from == victim->end && packet->index == victim->index) {
    victim->hit = TRUE;
    return FALSE;
  }
  return TRUE;
}

static gboolean
call_without (const gchar * key_agreements, guint mode, guint end, guint index)
{
  Victim victim = { end, index, FALSE };
  TestLink link;

  test_link_init (&link, index);
  for (guint e = 0; e < 2; e++)
    test_list (&link.ends[e].config.key_agreements, key_agreements);
  if (mode < 2)
    test_link_set_initiator (&link, mode);
  link.filter = drop_one;
  link.user_data = &victim;
  test_link_open (&link, 1);
  test_link_start_all (&link);
  g_assert_true (test_link_run_until_secure (&link, 5 * SEC));
  test_link_settle (&link);
  test_link_assert_secure (&link);
  for (guint e = 0; e < 2; e++) {
    g_assert_cmpuint (link.ends[e].streams[0].n_errors, ==, 0);
    g_assert_cmpuint (link.ends[e].streams[0].warnings, ==, 0);
  }
  test_link_clear (&link);
  return victim.hit;
}

/* Z-6-5, -7: each single packet in turn, in both directions, whoever commits, for each class of key agreement;
 * without media, so Conf2ACK must be had again by Confirm2. */
static void
test_each_packet (gconstpointer key_agreements)
{
  for (guint mode = 0; mode < 3; mode++)
    for (guint end = 0; end < 2; end++) {
      guint index = 0;

      while (call_without (key_agreements, mode, end, index))
        index++;
      g_assert_cmpuint (index, >=, 4);
    }
}

/* Z-4.6-6, Z-4-6, -8: no Conf2ACK ever arrives; authenticated media stands in for it. */
static gboolean
drop_conf2acks (TestLink * link, TestPacket * packet, gpointer user_data)
{
  return packet->type != WIRE_CONF2ACK;
}

/* Z-4.6-5 */
static void
test_media_is_conf2ack (void)
{
  TestLink link;

  test_link_init (&link, 1);
  link.filter = drop_conf2acks;
  link.media = TRUE;
  test_link_open (&link, 1);
  test_link_start_all (&link);
  g_assert_true (test_link_run_until_secure (&link, SEC));
  test_link_settle (&link);
  test_link_assert_secure (&link);
  test_link_clear (&link);
}

/* Without media either, the initiator must not think itself secure (Z-6-16), and its cache is as it was
 * (Z-4.6.1-3). */
static void
test_no_conf2ack_no_media (void)
{
  TestLink link;

  test_link_init (&link, 1);
  link.filter = drop_conf2acks;
  test_link_set_initiator (&link, 0);
  test_link_open (&link, 1);
  test_link_start_all (&link);
  test_link_settle (&link);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_FAILED);
  g_assert_cmphex (link.ends[0].streams[0].error_code, ==, ZRTP_ERROR_TIMEOUT);
  g_assert_cmpuint (link.ends[0].cache.stores, ==, 0);
  test_link_clear (&link);
}

/* Z-4.6.1-2: the responder has not Confirm2, so no keys to send with and no cache update. */
static gboolean
drop_confirm2s (TestLink * link, TestPacket * packet, gpointer user_data)
{
  return packet->type != WIRE_CONFIRM2;
}

static void
test_no_confirm2 (void)
{
  TestLink link;

  test_link_init (&link, 1);
  link.filter = drop_confirm2s;
  link.media = TRUE;
  test_link_set_initiator (&link, 0);
  test_link_open (&link, 1);
  test_link_start_all (&link);
  test_link_settle (&link);
  for (guint e = 0; e < 2; e++) {
    g_assert_cmpint (test_link_state (&link, e, 0), ==, ZRTP_STATE_FAILED);
    g_assert_cmpuint (link.ends[e].cache.stores, ==, 0);
    g_assert_cmpuint (link.ends[e].streams[0].n_secure, ==, 0);
    g_assert_false (link.ends[e].streams[0].has_send);
  }
  test_link_clear (&link);
}

typedef struct
{
  guint secure, timed_out;
} Outcome;

static void
random_call (guint64 seed, guint loss, guint duplicates, guint64 jitter, Outcome * outcome)
{
  TestLink link;

  test_link_init (&link, seed);
  if (seed % 3 < 2)
    test_link_set_initiator (&link, seed % 3);
  link.media = TRUE;
  link.delay = (1 + seed % 80) * MSEC;
  link.jitter = jitter;
  link.loss_percent[0] = link.loss_percent[1] = loss;
  link.duplicate_percent = duplicates;
  test_link_open (&link, 1);
  test_link_start (&link, 0, 0);
  test_link_run (&link, (seed % 7) * 30 * MSEC);
  test_link_start (&link, 1, 0);
  test_link_settle (&link);
  test_link_assert_no_split (&link);
  if (test_link_all_secure (&link)) {
    outcome->secure++;
  } else {
    /* An honest timeout: somebody gave up and said so; nobody else claims more. */
    outcome->timed_out++;
    for (guint e = 0; e < 2; e++) {
      TestStream *stream = &link.ends[e].streams[0];

      g_assert_true (stream->state == ZRTP_STATE_FAILED || stream->state == ZRTP_STATE_NO_PEER
          || stream->state == ZRTP_STATE_CLEAR);
      if (stream->state == ZRTP_STATE_FAILED)
        g_assert_cmphex (stream->error_code, ==, ZRTP_ERROR_TIMEOUT);
      g_assert_cmpuint (link.ends[e].cache.stores, ==, 0);
    }
  }
  for (guint e = 0; e < 2; e++)
    g_assert_cmpuint (link.ends[e].streams[0].warnings, ==, 0);
  test_link_clear (&link);
}

/* Z-6.1-2: 40 % of the packets lost in each direction, media too. */
static void
test_random_loss (void)
{
  Outcome outcome = { 0 };
  guint seeds = test_count ("ZRTP_TEST_SEEDS", 1000);

  for (guint seed = 0; seed < seeds; seed++)
    random_call (seed, 40, 0, 0, &outcome);
  g_test_message ("%u secure, %u timed out", outcome.secure, outcome.timed_out);
  g_assert_cmpuint (outcome.secure + outcome.timed_out, ==, seeds);
  /* A leg of the exchange fails when 11 round trips in a row do: 0.64^11, under 1 %; there are three. */
  g_assert_cmpuint (outcome.timed_out * 100, <=, seeds * 5 + 100);
}

/* Repeats and any order, no loss: always secure (Z-5-3, Z-4.1-10, Z-5.5-4, Z-5.8-1). */
static void
test_duplicates_and_reordering (void)
{
  Outcome outcome = { 0 };
  guint seeds = test_count ("ZRTP_TEST_SEEDS", 1000) / 2 + 1;

  for (guint seed = 0; seed < seeds; seed++)
    random_call (seed, 0, 60, (seed % 12) * 20 * MSEC, &outcome);
  g_assert_cmpuint (outcome.timed_out, ==, 0);
}

/* All at once. */
static void
test_everything (void)
{
  Outcome outcome = { 0 };
  guint seeds = test_count ("ZRTP_TEST_SEEDS", 1000) / 2 + 1;

  for (guint seed = 0; seed < seeds; seed++)
    random_call (seed + 5000, 25, 30, (seed % 10) * 25 * MSEC, &outcome);
  g_test_message ("%u secure, %u timed out", outcome.secure, outcome.timed_out);
  g_assert_cmpuint (outcome.timed_out * 100, <=, seeds * 3 + 100);
}

/* Long delays, up to two seconds each way: the schedules are longer (Z-6-3, Z-6-12). */
static void
test_long_delay (void)
{
  for (guint64 delay = 100; delay <= 2000; delay += 100)
    for (guint mode = 0; mode < 3; mode++) {
      TestLink link;

      test_link_init (&link, delay);
      if (mode < 2)
        test_link_set_initiator (&link, mode);
      link.delay = delay * MSEC;
      test_link_open (&link, 1);
      test_link_start_all (&link);
      g_assert_true (test_link_run_until_secure (&link, 20 * SEC));
      test_link_settle (&link);
      test_link_assert_secure (&link);
      test_link_clear (&link);
    }
}

/* A yesterday's call is played to a new one of the same ends: it changes nothing (A8). */
static void
test_replay (void)
{
  TestLink link;
  GPtrArray *old[2];

  test_link_init (&link, 1);
  test_link_open (&link, 1);
  test_link_start_all (&link);
  g_assert_true (test_link_run_until_secure (&link, 2 * SEC));
  for (guint e = 0; e < 2; e++) {
    old[e] = link.ends[e].sent;
    link.ends[e].sent = g_ptr_array_new_with_free_func (g_free);
  }
  test_link_close (&link);
  /* To a lone end first: never secure. */
  for (guint to = 0; to < 2; to++) {
    test_link_open (&link, 1);
    test_link_start (&link, to, 0);
    for (guint i = 0; i < old[!to]->len; i++) {
      TestPacket *packet = g_ptr_array_index (old[!to], i);

      link.ends[!to].streams[0].n_sent = 0;
      test_link_inject (&link, to, 0, packet->data, packet->len);
      g_assert_false (test_link_is_secure (&link, to, 0));
    }
    test_link_run (&link, 60 * SEC);
    g_assert_cmpuint (link.ends[to].streams[0].n_secure, ==, 0);
    test_link_close (&link);
  }
  /* Then after each point of a living call, all but the Hellos (which a lone end had to believe). */
  for (guint64 when = 1; when < 80; when += 3) {
    test_link_open (&link, 1);
    test_link_start_all (&link);
    test_link_run (&link, when * MSEC);
    for (guint to = 0; to < 2; to++)
      for (guint i = 0; i < old[!to]->len; i++) {
        TestPacket *packet = g_ptr_array_index (old[!to], i);

        if (packet->type != WIRE_HELLO && packet->type != WIRE_CONF2ACK)
          test_link_inject (&link, to, 0, packet->data, packet->len);
      }
    g_assert_true (test_link_run_until_secure (&link, 2 * SEC));
    test_link_assert_secure (&link);
    test_link_close (&link);
  }
  for (guint e = 0; e < 2; e++)
    g_ptr_array_unref (old[e]);
  test_link_clear (&link);
}

int
main (int argc, char **argv)
{
  static const gchar *const lists[] = { "X255DH3k", "EC25DH3k", "X448DH3k", "DH3k" };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++) {
    gchar *path = g_strdup_printf ("/loss/each-packet/%s", lists[i]);

    g_test_add_data_func (path, lists[i], test_each_packet);
    g_free (path);
  }
  g_test_add_func ("/loss/media-is-conf2ack", test_media_is_conf2ack);
  g_test_add_func ("/loss/no-conf2ack-no-media", test_no_conf2ack_no_media);
  g_test_add_func ("/loss/no-confirm2", test_no_confirm2);
  g_test_add_func ("/loss/random", test_random_loss);
  g_test_add_func ("/loss/duplicates-and-reordering", test_duplicates_and_reordering);
  g_test_add_func ("/loss/everything", test_everything);
  g_test_add_func ("/loss/long-delay", test_long_delay);
  g_test_add_func ("/loss/replay", test_replay);
  return g_test_run ();
}
