/* test-call.c: whole calls through the elements: handshake, restart, states at every point, loss, EOS, flush.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <string.h>

static void
talk_both (Call *call)
{
  fail_unless_equals_int (endpoint_talk (&call->a), GST_FLOW_OK);
  if (call->b.media_in != NULL)
    fail_unless_equals_int (endpoint_talk (&call->b), GST_FLOW_OK);
}

/* Z-3-4, Z-4-5, Z-4-7, Z-4-11 */
GST_START_TEST (test_secure)
{
  Call *call = call_new ();
  GstMessage *message;
  GstZrtpState old_state, state;
  GstZrtpSecurity security;
  const gchar *sas, *sas_type, *text, *id;
  gboolean verified;
  guint stream, i;

  call_start (call);
  talk_both (call);
  fail_unless_equals_int (call->a.sent[PACKET_CLEAR], 1);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_check_secure (call);

  message = endpoint_message (&call->a, "zrtp-state");
  fail_unless (gst_zrtp_message_parse_state (message, &old_state, &state, &security));
  fail_unless_equals_int (state, GST_ZRTP_STATE_SECURE);
  fail_unless_equals_int (old_state, GST_ZRTP_STATE_SECURING);
  fail_unless_equals_int (security, GST_ZRTP_SECURITY_UNVERIFIED);
  fail_unless (GST_MESSAGE_SRC (message) == GST_OBJECT (call->a.enc));
  message = endpoint_message (&call->a, "zrtp-sas");
  fail_unless (gst_zrtp_message_parse_sas (message, &sas, &sas_type, &security, &verified));
  fail_unless_equals_string (sas_type, "B32");
  fail_unless_equals_int (strlen (sas), 4);
  fail_unless (!verified);
  fail_unless (gst_zrtp_message_parse (message, &id, &stream, &text));
  fail_unless_equals_string (id, gst_zrtp_session_get_id (call->a.session));
  fail_unless_equals_int (stream, 0);
  fail_unless (strlen (text) > 10);
  fail_unless (!gst_zrtp_message_parse_error (message, NULL, NULL, NULL));

  for (i = 0; i < 20; i++)
    talk_both (call);
  fail_unless_equals_int (call->a.sent[PACKET_CLEAR], 1);
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

/* An end that only receives sends ZRTP with events of its own. */
GST_START_TEST (test_receive_only)
{
  Call *call = call_new_receive_only_b ();
  GstEvent *event;

  call_start (call);
  talk_both (call);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_check_secure (call);
  event = gst_pad_get_sticky_event (call->b.wire_in, GST_EVENT_STREAM_START, 0);
  fail_unless (event != NULL);
  gst_event_unref (event);
  event = gst_pad_get_sticky_event (call->b.wire_in, GST_EVENT_CAPS, 0);
  fail_unless (event != NULL);
  gst_event_unref (event);
  event = gst_pad_get_sticky_event (call->b.wire_in, GST_EVENT_SEGMENT, 0);
  fail_unless (event != NULL);
  gst_event_unref (event);
  call_free (call);
}
GST_END_TEST;

/* ZRTP goes out under the SSRC of the media, without a PTS. (Z-4-1) */
GST_START_TEST (test_zrtp_packets)
{
  Call *call = call_new ();
  GList *l;

  call_start (call);
  call_settle (call);
  /* No SSRC yet: nothing to send. */
  fail_unless_equals_int (call->a.sent[PACKET_ZRTP], 0);
  talk_both (call);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  for (l = call->a.wire.head; l != NULL; l = l->next) {
    guint8 version = 0;
    guint32 ssrc = 0;

    gst_buffer_extract (l->data, 0, &version, 1);
    if ((version & 0xc0) != 0)
      continue;
    gst_buffer_extract (l->data, 8, &ssrc, sizeof ssrc);
    fail_unless (!GST_BUFFER_PTS_IS_VALID (l->data) && !GST_BUFFER_DTS_IS_VALID (l->data));
    fail_unless_equals_int_hex (GUINT32_FROM_BE (ssrc), call->a.ssrc);
  }
  call_free (call);
}
GST_END_TEST;

GST_START_TEST (test_ssrc_from_caps)
{
  Call *call = call_new ();
  GstCaps *caps = gst_caps_from_string ("application/x-rtp, ssrc=(uint)168430090");

  call_start (call);
  gst_pad_push_event (call->a.media_in, gst_event_new_caps (caps));
  gst_caps_unref (caps);
  call_settle (call);
  fail_unless_equals_int (call->a.sent[PACKET_ZRTP], 1);
  call_free (call);
}
GST_END_TEST;

static gboolean
count_zrtp (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  gint *left = data;

  if (kind != PACKET_ZRTP)
    return TRUE;
  return g_atomic_int_add (left, -1) > 0;
}

/* A run that ends after the n-th ZRTP packet, in every state in turn, leaves nothing behind; the next run is a new exchange with
 * another SAS (attack F5). */
GST_START_TEST (test_stop_anywhere)
{
  guint n;

  for (n = 0; n < 16; n++) {
    Call *call = call_new ();
    GstZrtpSession *sessions[2];
    gint left = n;
    guint clear;

    call->filter = count_zrtp;
    call->filter_data = &left;
    call_start (call);
    sessions[0] = gst_object_ref (call->a.session);
    sessions[1] = gst_object_ref (call->b.session);
    talk_both (call);
    call_run_until_secure (call, 300 * GST_MSECOND);
    if (n & 1)
      endpoint_stop (&call->a);
    else
      endpoint_stop (&call->b);
    call_settle (call);
    endpoint_stop (&call->a);
    endpoint_stop (&call->b);

    call->filter = NULL;
    clear = call->a.sent[PACKET_CLEAR];
    fail_unless (gst_zrtp_session_new_call (sessions[0]) && gst_zrtp_session_new_call (sessions[1]));
    gst_object_unref (sessions[0]);
    gst_object_unref (sessions[1]);
    call_start (call);
    fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->a)), "idle");
    talk_both (call);
    fail_unless_equals_int (call->a.sent[PACKET_CLEAR], clear + 1);
    fail_unless (call_run_until_secure (call, 5 * GST_SECOND), "not secure after a stop at packet %u", n);
    call_check_secure (call);
    call_free (call);
  }
}
GST_END_TEST;

GST_START_TEST (test_restart_twice)
{
  Call *call = call_new ();
  gchar *sas[3];
  guint i;

  for (i = 0; i < 3; i++) {
    call_start (call);
    talk_both (call);
    fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
    call_check_secure (call);
    sas[i] = endpoint_sas (&call->a);
    endpoint_stop (&call->a);
    endpoint_stop (&call->b);
  }
  /* Equal by chance once in 2^20 pairs. */
  fail_if (g_str_equal (sas[0], sas[1]) && g_str_equal (sas[1], sas[2]));
  for (i = 0; i < 3; i++)
    g_free (sas[i]);
  /* The secret of the first run was kept: Z-4.3-1. */
  fail_unless_equals_string (
      gst_structure_get_string (gst_message_get_structure (endpoint_message (&call->a, "zrtp-sas")), "cache"), "match");
  call_free (call);
}
GST_END_TEST;

/* Who has zrtpenc now, messages aside: the thread on which it sends what has waited in a pause is one, and the test's clock does
 * not wait for that. */
static gint
count_users (Endpoint *self)
{
  gint users;
  GList *l;

  call_settle (self->call);
  users = GST_OBJECT_REFCOUNT_VALUE (self->enc);
  for (l = self->messages.head; l != NULL; l = l->next)
    users -= GST_MESSAGE_SRC (l->data) == GST_OBJECT (self->enc);
  return users;
}

/* PLAYING to PAUSED and back at every point of the handshake loses nothing. */
GST_START_TEST (test_pause_anywhere)
{
  guint n;

  for (n = 1; n < 14; n++) {
    Call *call = call_new ();
    gint left = n, users;

    call->filter = count_zrtp;
    call->filter_data = &left;
    call_start (call);
    talk_both (call);
    call_run_until_secure (call, 100 * GST_MSECOND);
    gst_element_set_state (call->a.pipeline, GST_STATE_PAUSED);
    call->filter = NULL;
    call_run (call, 100 * GST_MSECOND);
    users = count_users (&call->a);
    gst_element_set_state (call->a.pipeline, GST_STATE_PLAYING);
    while (count_users (&call->a) > users)
      g_thread_yield ();
    fail_unless (call_run_until_secure (call, 10 * GST_SECOND), "not secure after a pause at packet %u", n);
    call_check_secure (call);
    call_free (call);
  }
}
GST_END_TEST;

static gboolean
drop_nth (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  gint *left = data;

  return kind != PACKET_ZRTP || g_atomic_int_add (left, -1) != 0;
}

GST_START_TEST (test_loss)
{
  guint n;

  for (n = 0; n < 14; n++) {
    Call *call = call_new ();
    gint left = n;

    call->filter = drop_nth;
    call->filter_data = &left;
    call_start (call);
    talk_both (call);
    fail_unless (call_run_until_secure (call, 10 * GST_SECOND), "not secure without packet %u", n);
    call_check_secure (call);
    call_free (call);
  }
}
GST_END_TEST;

/* Z-3-3: nobody answers. Clear media goes on, and a late peer is served (Z-6-15). */
GST_START_TEST (test_no_peer)
{
  Call *call = call_new ();

  endpoint_start (&call->a);
  endpoint_talk (&call->a);
  call_run (call, 30 * GST_SECOND);
  fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->a)), "no-peer");
  endpoint_talk (&call->a);
  fail_unless_equals_int (call->a.sent[PACKET_CLEAR], 2);
  endpoint_start (&call->b);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 10 * GST_SECOND));
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

/* A decoder without an encoder cannot answer, and says so once. */
GST_START_TEST (test_missing_partner)
{
  Call *call = call_new ();
  const gchar *code, *text;

  gst_element_set_state (call->b.enc, GST_STATE_NULL);
  gst_object_ref (call->b.enc);
  gst_bin_remove (GST_BIN (call->b.pipeline), call->b.enc);
  call_start (call);
  g_object_get (call->b.dec, "session", &call->b.session, NULL);
  endpoint_talk (&call->a);
  call_run (call, 10 * GST_SECOND);
  fail_unless_equals_int (endpoint_count_messages (&call->b, "zrtp-warning"), 1);
  fail_unless (gst_zrtp_message_parse_warning (endpoint_message (&call->b, "zrtp-warning"), &code, &text));
  fail_unless_equals_string (code, "no-sender");
  fail_unless (strstr (text, "zrtpenc") != NULL);
  fail_unless (is_marked (g_queue_peek_tail (&call->b.heard)));
  call_check (call);
  gst_object_unref (call->b.enc);
  call_free (call);
}
GST_END_TEST;

GST_START_TEST (test_eos)
{
  Call *call = call_new ();

  call_start (call);
  talk_both (call);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  fail_unless (gst_pad_push_event (call->a.media_in, gst_event_new_eos ()));
  fail_unless_equals_int (endpoint_talk (&call->a), GST_FLOW_EOS);
  call_run (call, GST_SECOND);
  /* The other direction goes on. */
  fail_unless_equals_int (endpoint_talk (&call->b), GST_FLOW_OK);
  fail_unless (is_marked (g_queue_peek_tail (&call->a.heard)));
  fail_unless (gst_pad_push_event (call->a.wire_out, gst_event_new_eos ()));
  call_check (call);
  call_free (call);
}
GST_END_TEST;

GST_START_TEST (test_eos_first)
{
  Call *call = call_new ();

  call_start (call);
  fail_unless (gst_pad_push_event (call->a.media_in, gst_event_new_eos ()));
  fail_unless (gst_pad_push_event (call->b.wire_out, gst_event_new_eos ()));
  endpoint_talk (&call->b);
  call_run (call, 15 * GST_SECOND);
  fail_unless_equals_int (endpoint_state (&call->a), GST_ZRTP_STATE_IDLE);
  call_check (call);
  call_free (call);
}
GST_END_TEST;

/* A flush keeps keys and counters: the peer goes on decrypting, and no sequence number meets its key twice (attacks F5, B8). */
GST_START_TEST (test_flush)
{
  Call *call = call_new ();
  GstSegment segment;

  call_start (call);
  talk_both (call);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_check_secure (call);
  fail_unless (gst_pad_push_event (call->a.media_in, gst_event_new_flush_start ()));
  fail_unless (gst_pad_push_event (call->a.media_in, gst_event_new_flush_stop (TRUE)));
  fail_unless (gst_pad_push_event (call->b.wire_out, gst_event_new_flush_start ()));
  fail_unless (gst_pad_push_event (call->b.wire_out, gst_event_new_flush_stop (TRUE)));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (call->a.media_in, gst_event_new_segment (&segment));
  gst_pad_push_event (call->b.wire_out, gst_event_new_segment (&segment));
  call_check_secure (call);
  call->a.sequence--;
  fail_unless_equals_int (endpoint_talk (&call->a), GST_FLOW_OK);
  fail_unless_equals_int (endpoint_stat (&call->a, "send-replayed"), 1);
  call_free (call);
}
GST_END_TEST;

GST_START_TEST (test_caps_change)
{
  Call *call = call_new ();
  GstCaps *caps = gst_caps_from_string ("application/x-rtp, media=audio, clock-rate=48000, encoding-name=OPUS, ssrc=(uint)77");
  GstCaps *now;

  call_start (call);
  talk_both (call);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  fail_unless (gst_pad_push_event (call->a.media_in, gst_event_new_caps (caps)));
  now = gst_pad_get_current_caps (call->a.wire_in);
  fail_unless (gst_caps_is_equal (now, caps));
  gst_caps_unref (now);
  gst_caps_unref (caps);
  /* Another SSRC under the same keys. */
  call->a.ssrc = 77;
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

/* The transport comes up late: discovery begins with the first packet that gets through, not before. */
GST_START_TEST (test_late_transport)
{
  Call *call = call_new ();

  gst_pad_set_active (call->a.wire_in, FALSE);
  endpoint_start (&call->a);
  gst_pad_set_active (call->a.wire_in, FALSE);
  endpoint_talk (&call->a);
  call_run (call, 60 * GST_SECOND);
  fail_unless_equals_int (call->a.sent[PACKET_ZRTP], 0);
  fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->a)), "discovering");
  fail_unless_equals_int (endpoint_count_messages (&call->a, "zrtp-state"), 1);
  gst_pad_set_active (call->a.wire_in, TRUE);
  call_run (call, 200 * GST_MSECOND);
  /* The start of the schedule: 0, 50, 150 ms. */
  fail_unless (call->a.sent[PACKET_ZRTP] >= 2 && call->a.sent[PACKET_ZRTP] <= 3, "%u", call->a.sent[PACKET_ZRTP]);
  endpoint_start (&call->b);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

static Suite *
call_suite (void)
{
  Suite *suite = suite_create ("call");
  TCase *tcase = tcase_create ("call");

  tcase_set_timeout (tcase, 60);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_secure);
  tcase_add_test (tcase, test_receive_only);
  tcase_add_test (tcase, test_zrtp_packets);
  tcase_add_test (tcase, test_ssrc_from_caps);
  tcase_add_test (tcase, test_stop_anywhere);
  tcase_add_test (tcase, test_restart_twice);
  tcase_add_test (tcase, test_pause_anywhere);
  tcase_add_test (tcase, test_loss);
  tcase_add_test (tcase, test_no_peer);
  tcase_add_test (tcase, test_missing_partner);
  tcase_add_test (tcase, test_eos);
  tcase_add_test (tcase, test_eos_first);
  tcase_add_test (tcase, test_flush);
  tcase_add_test (tcase, test_caps_change);
  tcase_add_test (tcase, test_late_transport);
  return suite;
}

GST_CHECK_MAIN (call)
