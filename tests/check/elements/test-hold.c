/* test-hold.c: calls that are put on hold, while secure and while they become so; packets that are late for a change of keys.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <string.h>

static Call *
secure_call (void)
{
  Call *call = call_new ();

  g_object_set (call->a.enc, "allow-clear", TRUE, NULL);
  g_object_set (call->b.enc, "allow-clear", TRUE, NULL);
  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_check_secure (call);
  return call;
}

static void
hold (Endpoint *self, GstState state)
{
  fail_unless (gst_element_set_state (self->pipeline, state) != GST_STATE_CHANGE_FAILURE);
}

/* A minute without a packet, an hour, with the pipelines playing or paused, one or both: it goes on where it was, without a word of
 * ZRTP. A payloader may count on meanwhile, or not. */
GST_START_TEST (test_hold)
{
  static const struct
  {
    gboolean pause_a, pause_b;
    GstClockTime time;
    guint16 skipped;
  } rows[] = {
    { FALSE, FALSE, GST_SECOND * 60, 0 },
    { FALSE, FALSE, GST_SECOND * 60, 3000 },
    { FALSE, FALSE, GST_SECOND * 3600, 30000 },
    { TRUE, TRUE, GST_SECOND * 60, 0 },
    { TRUE, FALSE, GST_SECOND * 60, 3000 },
  };
  Call *call = secure_call ();
  guint i, round;

  for (round = 0; round < 3; round++) {
    for (i = 0; i < G_N_ELEMENTS (rows); i++) {
      guint zrtp = call->a.sent[PACKET_ZRTP] + call->b.sent[PACKET_ZRTP];

      if (rows[i].pause_a)
        hold (&call->a, GST_STATE_PAUSED);
      if (rows[i].pause_b)
        hold (&call->b, GST_STATE_PAUSED);
      call_run (call, rows[i].time);
      hold (&call->a, GST_STATE_PLAYING);
      hold (&call->b, GST_STATE_PLAYING);
      call->a.sequence += rows[i].skipped;
      call_check_secure (call);
      fail_unless_equals_int (call->a.sent[PACKET_ZRTP] + call->b.sent[PACKET_ZRTP], zrtp);
    }
  }
  fail_unless_equals_int (endpoint_count_messages (&call->a, "zrtp-warning"), 0);
  fail_unless_equals_int (endpoint_count_messages (&call->a, "zrtp-sas"), 1);
  call_free (call);
}
GST_END_TEST;

typedef struct
{
  const gchar *type;
  Endpoint *from;               /* who sent it */
} Stop;

static gboolean
stop_at (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  Stop *stop = data;
  guint8 type[8];

  if (kind != PACKET_ZRTP || gst_buffer_extract (packet, 16, type, 8) != 8)
    return TRUE;
  if (memcmp (type, stop->type, 8) == 0)
    stop->from = from;
  return stop->from == NULL;
}

/* On hold in the middle of the key agreement, at each message of it, for a short time and for one that no timer survives. */
GST_START_TEST (test_hold_while_securing)
{
  static const gchar *const types[] = { "Hello   ", "HelloACK", "Commit  ", "DHPart1 ", "DHPart2 ", "Confirm1", "Confirm2", "Conf2ACK" };
  guint n_types = G_N_ELEMENTS (types);
  GstClockTime time = __i__ < (gint) n_types ? 2 * GST_SECOND : 60 * GST_SECOND;
  Stop stop = { types[__i__ % n_types], NULL };
  Call *call = call_new ();

  call->filter = stop_at;
  call->filter_data = &stop;
  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  call_run (call, 200 * GST_MSECOND);
  fail_unless (stop.from != NULL);
  hold (&call->a, GST_STATE_PAUSED);
  hold (&call->b, GST_STATE_PAUSED);
  call_run (call, time);
  call->filter = NULL;
  hold (&call->a, GST_STATE_PLAYING);
  hold (&call->b, GST_STATE_PLAYING);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  if (!call_run_until_secure (call, 15 * GST_SECOND))
  fail ("%d %s: a %s b %s", __i__, types[__i__ % n_types], gst_zrtp_state_to_string (endpoint_state (&call->a)), gst_zrtp_state_to_string (endpoint_state (&call->b)));
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

static Suite *
hold_suite (void)
{
  Suite *suite = suite_create ("hold");
  TCase *tcase = tcase_create ("hold");

  tcase_set_timeout (tcase, 120);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_hold);
  tcase_add_loop_test (tcase, test_hold_while_securing, 0, 16);
  return suite;
}

GST_CHECK_MAIN (hold)
