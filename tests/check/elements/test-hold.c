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
  call_go (call);
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
  static const gchar *const types[] = { "Commit  ", "DHPart2 ", "Conf2ACK", "Hello   ", "HelloACK", "DHPart1 ", "Confirm1",
    "Confirm2" };
  guint n_types = G_N_ELEMENTS (types);
  GstClockTime time = __i__ < (gint) n_types ? 60 * GST_SECOND : 2 * GST_SECOND;
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
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

/* What is still on the way when the keys change. */

#define LATE 8

static gboolean
keep_back (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  if (from != &from->call->a || kind == PACKET_ZRTP)
    return TRUE;
  g_ptr_array_add (data, gst_buffer_ref (packet));
  return FALSE;
}

static GstBuffer *
make_rtcp (guint32 ssrc)
{
  guint8 packet[8 + 12] = { 0x80, 201, 0, 1, 0, 0, 0, 0, 0x81, 202, 0, 2 };

  GST_WRITE_UINT32_BE (packet + 4, ssrc);
  return gst_buffer_new_memdup (packet, sizeof packet);
}

/* Media and RTCP of a that are late, some of each kind. */
static GPtrArray *
make_late (Call *call)
{
  GPtrArray *late = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);
  guint i;

  call->filter_data = late;
  call->filter = keep_back;
  for (i = 0; i < LATE - 1; i++)
    endpoint_talk (&call->a);
  gst_pad_push (call->a.media_in, make_rtcp (call->a.ssrc));
  call->filter = NULL;
  fail_unless_equals_int (late->len, LATE);
  return late;
}

/* How many of them b's decoder lets pass. */
static guint
come_late (Call *call, GPtrArray *late)
{
  guint before = call->b.heard.length + call->b.heard_rtcp.length, i;

  for (i = 0; i < late->len; i++)
    fail_unless_equals_int (endpoint_inject (&call->b, gst_buffer_copy_deep (g_ptr_array_index (late, i))), GST_FLOW_OK);
  return call->b.heard.length + call->b.heard_rtcp.length - before;
}

/* Packets that come late for the change of keys are dropped and counted, and nothing else comes of them: clear ones when the call has
 * become secure, encrypted ones when it has gone clear, when keys are agreed on again, and under the new keys. */
GST_START_TEST (test_late_packets)
{
  static const guint before_wrap[] = { 4, 11, 18, 26 };
  Call *call = call_new ();
  GPtrArray *clear, *encrypted;
  guint64 dropped;
  guint heard, i;

  g_object_set (call->a.enc, "allow-clear", TRUE, NULL);
  g_object_set (call->b.enc, "allow-clear", TRUE, NULL);
  call->a.sequence = 65536 - before_wrap[__i__];
  call_start (call);
  clear = make_late (call);
  fail_unless_equals_int (come_late (call, clear), LATE);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  fail_unless_equals_int (come_late (call, clear), 0);
  fail_unless_equals_int (endpoint_stat (&call->b, "receive-forged") + endpoint_stat (&call->b, "receive-malformed"), LATE);
  call_check_secure (call);

  encrypted = make_late (call);
  call_check_secure (call);
  g_signal_emit_by_name (call->a.enc, "clear");
  call_run (call, 2 * GST_SECOND);
  fail_unless_equals_int (come_late (call, encrypted), 0);
  g_signal_emit_by_name (call->b.enc, "accept-clear");
  call_settle (call);
  fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->b)), "clear");
  fail_unless_equals_int (endpoint_stat (&call->b, "receive-late"), 0);
  fail_unless_equals_int (come_late (call, encrypted), 0);
  fail_unless_equals_int (endpoint_stat (&call->b, "receive-late"), LATE);
  /* What is clear goes on behind that. */
  heard = call->b.heard.length;
  for (i = 0; i < 10; i++)
    endpoint_talk (&call->a);
  gst_pad_push (call->a.media_in, make_rtcp (call->a.ssrc));
  fail_unless_equals_int (call->b.heard.length, heard + 10);
  for (i = 0; i < 10; i++)
    fail_unless (is_marked (g_queue_peek_nth (&call->b.heard, heard + i)));
  fail_unless_equals_int (endpoint_stat (&call->b, "receive-late"), LATE);
  /* A sender that numbers anew is not late. */
  call->a.sequence -= 20000;
  heard = call->b.heard.length;
  for (i = 0; i < 10; i++)
    endpoint_talk (&call->a);
  fail_unless_equals_int (call->b.heard.length, heard + 10);

  dropped = endpoint_stat (&call->b, "receive-forged") + endpoint_stat (&call->b, "receive-replayed");
  g_signal_emit_by_name (call->b.enc, "secure");
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  fail_unless_equals_int (come_late (call, encrypted), 0);
  fail_unless_equals_int (endpoint_stat (&call->b, "receive-forged") + endpoint_stat (&call->b, "receive-replayed"), dropped + LATE);
  call->a.clear_after_commit = call->b.clear_after_commit = 0;
  call_check_secure (call);
  fail_unless (come_late (call, clear) == 0);
  call_check_secure (call);
  fail_unless_equals_int (endpoint_count_messages (&call->b, "zrtp-error"), 0);
  g_ptr_array_unref (clear);
  g_ptr_array_unref (encrypted);
  call_free (call);
}
GST_END_TEST;

/* The same for packets of the run before, when both ends have started anew: not before there are keys again, not with them. */
GST_START_TEST (test_late_after_restart)
{
  Call *call = secure_call ();
  GPtrArray *late = make_late (call);
  guint64 held, dropped;

  endpoint_stop (&call->a);
  endpoint_stop (&call->b);
  call_start (call);
  fail_unless_equals_int (come_late (call, late), 0);
  held = endpoint_stat (&call->b, "receive-held");
  fail_unless_equals_int (held, LATE);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  dropped = endpoint_stat (&call->b, "receive-forged") + endpoint_stat (&call->b, "receive-replayed");
  fail_unless_equals_int (come_late (call, late), 0);
  fail_unless_equals_int (endpoint_stat (&call->b, "receive-forged") + endpoint_stat (&call->b, "receive-replayed"), dropped + LATE);
  call_check_secure (call);
  g_ptr_array_unref (late);
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
  tcase_add_loop_test (tcase, test_hold_while_securing, 0, 11);
  /* Sequence numbers that wrap in between, at one place or another. */
  tcase_add_loop_test (tcase, test_late_packets, 0, 4);
  tcase_add_test (tcase, test_late_after_restart);
  return suite;
}

GST_CHECK_MAIN (hold)
