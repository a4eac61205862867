/* test-media.c: what the policy lets pass, at a tap: before, in and after a secure call, and when something is amiss.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <string.h>

static GstBuffer *
make_packet (const guint8 *data, gsize len)
{
  return gst_buffer_new_memdup (data, len);
}

static guint
heard (Endpoint *self)
{
  return self->heard.length;
}

/* Opportunistic: clear until Commit, nothing until the keys may be used, nothing clear after that (Z-4-5, Z-4-7, Z-4-11). The tap
 * of call.c counts clear packets behind a Commit; media is offered before every step of the clock. */
GST_START_TEST (test_opportunistic)
{
  Call *call = call_new ();
  guint clear, i;

  call_start (call);
  for (i = 0; i < 10; i++) {
    endpoint_talk (&call->a);
    endpoint_talk (&call->b);
    call_run (call, 10 * GST_MSECOND);
  }
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  fail_unless (call->a.clear_octets > 0);
  clear = call->a.sent[PACKET_CLEAR] + call->b.sent[PACKET_CLEAR];
  call_check_secure (call);
  fail_unless_equals_int (call->a.sent[PACKET_CLEAR] + call->b.sent[PACKET_CLEAR], clear);
  call_free (call);
}
GST_END_TEST;

/* Drops the ZRTP messages of one type. */
static gboolean
drop_type (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  guint8 type[8];

  return kind != PACKET_ZRTP || gst_buffer_extract (packet, 16, type, 8) != 8 || memcmp (type, data, 8) != 0;
}

/* Between Commit and secure own media is held; the initiator's even after its Confirm2 (Z-4-6). */
GST_START_TEST (test_held_while_securing)
{
  static const gchar *const types[] = { "DHPart1 ", "DHPart2 ", "Confirm1", "Confirm2" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (types); i++) {
    Call *call = call_new ();
    guint clear;

    call->filter = drop_type;
    call->filter_data = (gpointer) types[i];
    call_start (call);
    endpoint_talk (&call->a);
    endpoint_talk (&call->b);
    call_run (call, 200 * GST_MSECOND);
    fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->a)), "securing");
    clear = call->a.sent[PACKET_CLEAR] + call->b.sent[PACKET_CLEAR];
    endpoint_talk (&call->a);
    endpoint_talk (&call->b);
    fail_unless_equals_int (call->a.sent[PACKET_CLEAR] + call->b.sent[PACKET_CLEAR], clear);
    fail_unless_equals_int (call->a.sent[PACKET_SECRET] + call->b.sent[PACKET_SECRET], 0);
    fail_unless_equals_int (endpoint_stat (&call->a, "send-held") + endpoint_stat (&call->b, "send-held"), 4 - clear);
    call->filter = NULL;
    fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
    call_check_secure (call);
    call_free (call);
  }
}
GST_END_TEST;

static gboolean
drop_zrtp (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  return kind != PACKET_ZRTP;
}

/* Media that authenticates stands for a lost Conf2ACK (Z-4.6-6). */
GST_START_TEST (test_media_as_conf2ack)
{
  Call *call = call_new ();
  Endpoint *initiator, *responder;

  /* Nothing goes on until both have talked: media of the responder that comes later would be as good as a Conf2ACK. */
  call->filter = drop_zrtp;
  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  call_settle (call);
  call->filter_data = (gpointer) "Conf2ACK";
  call->filter = drop_type;
  call_run (call, 200 * GST_MSECOND);
  initiator = endpoint_state (&call->a) == GST_ZRTP_STATE_SECURE ? &call->b : &call->a;
  responder = initiator->peer;
  fail_unless_equals_int (endpoint_state (responder), GST_ZRTP_STATE_SECURE);
  fail_unless_equals_int (endpoint_state (initiator), GST_ZRTP_STATE_SECURING);
  endpoint_talk (initiator);
  fail_unless_equals_int (initiator->sent[PACKET_SECRET], 0);
  endpoint_talk (responder);
  call_settle (call);
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

/* secure-only: not one clear octet out or in, ever (attack B7); a gap keeps the sink's time. */
GST_START_TEST (test_secure_only)
{
  Call *call = call_new ();
  GstBuffer *clear;

  g_object_set (call->a.enc, "media-policy", GST_ZRTP_MEDIA_POLICY_SECURE_ONLY, NULL);
  endpoint_start (&call->a);
  endpoint_talk (&call->a);
  clear = endpoint_make_rtp (&call->b);
  endpoint_inject (&call->a, clear);
  fail_unless_equals_int (heard (&call->a), 0);
  call_run (call, 20 * GST_SECOND);
  fail_unless_equals_int (endpoint_state (&call->a), GST_ZRTP_STATE_NO_PEER);
  {
    const gchar *text;

    gst_zrtp_message_parse (endpoint_message (&call->a, "zrtp-state"), NULL, NULL, &text);
    fail_unless (strstr (text, "Nothing is sent") && !strstr (text, "not encrypted"), "%s", text);
  }
  endpoint_talk (&call->a);
  endpoint_start (&call->b);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 10 * GST_SECOND));
  call_check_secure (call);
  fail_unless_equals_int (call->a.clear_octets, 0);
  fail_unless_equals_int (endpoint_stat (&call->a, "sent-clear"), 0);
  fail_unless_equals_int (endpoint_stat (&call->a, "received-clear"), 0);
  fail_unless_equals_int (endpoint_stat (&call->a, "receive-held"), 1 + call->b.sent[PACKET_CLEAR]);
  call_free (call);
}
GST_END_TEST;

static GstPadProbeReturn
count_gaps (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_GAP)
    ++*(guint *) data;
  return GST_PAD_PROBE_OK;
}

GST_START_TEST (test_gap_for_held)
{
  Call *call = call_new ();
  guint gaps = 0;

  g_object_set (call->a.enc, "media-policy", GST_ZRTP_MEDIA_POLICY_SECURE_ONLY, NULL);
  gst_pad_add_probe (call->a.wire_in, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, count_gaps, &gaps, NULL);
  endpoint_start (&call->a);
  endpoint_talk (&call->a);
  endpoint_talk (&call->a);
  fail_unless_equals_int (gaps, 2);
  call_free (call);
}
GST_END_TEST;

/* After secure nothing brings clear media back: not a policy, not the end of the peer, not a property (attacks B8, F2). */
GST_START_TEST (test_latch)
{
  Call *call = call_new_secure ();
  guint before = heard (&call->a), clear = call->a.sent[PACKET_CLEAR];

  endpoint_inject (&call->a, endpoint_make_rtp (&call->b));
  fail_unless_equals_int (heard (&call->a), before);
  fail_unless_equals_int (endpoint_stat (&call->a, "receive-forged"), 1);
  g_object_set (call->a.enc, "enabled", FALSE, "media-policy", GST_ZRTP_MEDIA_POLICY_OPPORTUNISTIC, NULL);
  endpoint_talk (&call->a);
  endpoint_stop (&call->b);
  call_run (call, 30 * GST_SECOND);
  endpoint_talk (&call->a);
  fail_unless_equals_int (call->a.sent[PACKET_CLEAR], clear);
  fail_unless_equals_int (call->a.clear_after_commit, 0);
  /* The encoder alone restarts; the session goes on, and so does the latch. */
  g_object_set (call->a.enc, "enabled", TRUE, NULL);
  gst_element_set_state (call->a.enc, GST_STATE_READY);
  gst_element_set_state (call->a.enc, GST_STATE_PLAYING);
  gst_pad_set_active (call->a.media_in, FALSE);
  gst_pad_set_active (call->a.media_in, TRUE);
  gst_pad_push_event (call->a.media_in, gst_event_new_stream_start ("again"));
  {
    GstSegment segment;

    gst_segment_init (&segment, GST_FORMAT_TIME);
    gst_pad_push_event (call->a.media_in, gst_event_new_segment (&segment));
  }
  fail_unless_equals_int (endpoint_talk (&call->a), GST_FLOW_OK);
  fail_unless_equals_int (call->a.sent[PACKET_CLEAR], clear);
  call_free (call);
}
GST_END_TEST;

static void
inject_forged (Call *call, guint n)
{
  while (n-- > 0)
    endpoint_inject (&call->a, endpoint_make_rtp (&call->b));
  call_settle (call);
}

/* A peer that has started anew has other keys: told once, and not for somebody's forgeries between good packets, however many. */
GST_START_TEST (test_undecryptable)
{
  Call *call = call_new_secure ();
  guint i;

  for (i = 0; i < 10; i++) {
    inject_forged (call, 300);
    call_run (call, GST_SECOND);
    endpoint_talk (&call->b);
    inject_forged (call, 40);
    call_run (call, GST_SECOND);
  }
  fail_unless_equals_int (endpoint_count_warnings (&call->a, "undecryptable"), 0);
  endpoint_talk (&call->b);
  for (i = 0; i < 10; i++) {
    inject_forged (call, 50);
    fail_unless_equals_int (endpoint_count_warnings (&call->a, "undecryptable"), i >= 3);
    call_run (call, GST_SECOND);
  }
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

/* A zrtpdec without a zrtpenc, and media that nobody encrypts: told, once, and not where there is a zrtpenc. */
GST_START_TEST (test_no_sender)
{
  Call *call = call_new ();
  guint with, i;

  for (with = 0; with < 2; with++) {
    if (!with)
      g_object_set (call->a.enc, "session-id", "somewhere else", NULL);
    else
      g_object_set (call->a.enc, "session-id", NULL, NULL);
    g_object_set (call->a.dec, "cache", "memory", NULL);
    endpoint_start (&call->a);
    for (i = 0; i < 200; i++)
      endpoint_inject (&call->a, endpoint_make_rtp (&call->b));
    /* The pipeline's session is the encoder's, so wait for the other one as well. */
    {
      GstZrtpSession *session;

      g_object_get (call->a.dec, "session", &session, NULL);
      gst_zrtp_session_wait_idle (session);
      gst_object_unref (session);
    }
    call_settle (call);
    fail_unless_equals_int (endpoint_count_warnings (&call->a, "no-sender"), 1);
    endpoint_stop (&call->a);
  }
  call_free (call);
}
GST_END_TEST;

/* A zrtpenc without a zrtpdec: the peer is not to blame for the silence. */
GST_START_TEST (test_no_receiver)
{
  Call *call = call_new ();
  const gchar *text;
  guint with;

  for (with = 0; with < 2; with++) {
    if (!with)
      g_object_set (call->a.dec, "session-id", "somewhere else", "cache", "none", NULL);
    else
      g_object_set (call->a.dec, "session-id", NULL, NULL);
    endpoint_start (&call->a);
    endpoint_talk (&call->a);
    call_run (call, 20 * GST_SECOND);
    fail_unless_equals_int (endpoint_state (&call->a), GST_ZRTP_STATE_NO_PEER);
    gst_zrtp_message_parse (endpoint_message (&call->a, "zrtp-state"), NULL, NULL, &text);
    fail_unless ((strstr (text, "does not answer") != NULL) == (with == 1), "%s", text);
    fail_unless_equals_int (endpoint_count_warnings (&call->a, "no-receiver"), 1);
    endpoint_stop (&call->a);
  }
  call_free (call);
}
GST_END_TEST;

/* Nor does a restart of the pipeline, until somebody says that it is another call (attack B8). */
GST_START_TEST (test_latch_restart)
{
  Call *call = call_new_secure ();
  guint clear = call->a.sent[PACKET_CLEAR], heard_before = heard (&call->a);
  GstZrtpSession *session = gst_object_ref (call->a.session);
  const gchar *code;
  gboolean done;

  g_signal_emit_by_name (call->a.enc, "new-call", &done);
  fail_if (done);
  endpoint_stop (&call->b);
  endpoint_stop (&call->a);
  endpoint_start (&call->a);
  fail_unless_equals_int (endpoint_talk (&call->a), GST_FLOW_OK);
  endpoint_inject (&call->a, endpoint_make_rtp (&call->b));
  call_run (call, 30 * GST_SECOND);
  fail_unless_equals_int (endpoint_talk (&call->a), GST_FLOW_OK);
  fail_unless_equals_int (call->a.sent[PACKET_CLEAR], clear);
  fail_unless_equals_int (heard (&call->a), heard_before);
  fail_unless (gst_zrtp_message_parse_warning (endpoint_message (&call->a, "zrtp-warning"), &code, NULL));
  fail_unless_equals_string (code, "stream-held");
  /* The same partner comes back. */
  endpoint_start (&call->b);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 10 * GST_SECOND));
  call_check_secure (call);

  endpoint_stop (&call->b);
  endpoint_stop (&call->a);
  fail_unless (gst_zrtp_session_new_call (session));
  gst_object_unref (session);
  endpoint_start (&call->a);
  fail_unless_equals_int (endpoint_talk (&call->a), GST_FLOW_OK);
  fail_unless (call->a.sent[PACKET_CLEAR] > clear);
  call_free (call);
}
GST_END_TEST;

/* The stream's pads go and come back within one run: the new exchange must be secure before anything is sent (attack B8). */
GST_START_TEST (test_latch_pads)
{
  Call *call = call_new_secure ();
  guint clear = call->a.sent[PACKET_CLEAR], secret = call->a.sent[PACKET_SECRET];
  GstPad *sink = gst_element_get_static_pad (call->a.enc, "rtp_sink_0");
  GstPad *src = gst_element_get_static_pad (call->a.enc, "rtp_src_0");
  GstSegment segment;
  guint i;

  fail_unless (gst_pad_unlink (call->a.media_in, sink));
  fail_unless (gst_pad_unlink (src, call->a.wire_in));
  gst_element_release_request_pad (call->a.enc, sink);
  gst_object_unref (sink);
  gst_object_unref (src);
  call_settle (call);
  gst_object_unref (gst_element_request_pad_simple (call->a.enc, "rtp_sink_0"));
  sink = gst_element_get_static_pad (call->a.enc, "rtp_sink_0");
  src = gst_element_get_static_pad (call->a.enc, "rtp_src_0");
  fail_unless_equals_int (gst_pad_link (call->a.media_in, sink), GST_PAD_LINK_OK);
  fail_unless_equals_int (gst_pad_link (src, call->a.wire_in), GST_PAD_LINK_OK);
  gst_object_unref (sink);
  gst_object_unref (src);
  gst_pad_push_event (call->a.media_in, gst_event_new_stream_start ("again"));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (call->a.media_in, gst_event_new_segment (&segment));
  for (i = 0; i < 10; i++) {
    endpoint_talk (&call->a);
    endpoint_inject (&call->a, endpoint_make_rtp (&call->b));
    call_run (call, GST_SECOND);
  }
  fail_unless_equals_int (call->a.sent[PACKET_CLEAR], clear);
  fail_unless (call->a.sent[PACKET_SECRET] == secret || endpoint_state (&call->a) == GST_ZRTP_STATE_SECURE);
  fail_unless_equals_int (endpoint_stat (&call->a, "received-clear"), call->b.sent[PACKET_CLEAR]);
  call_free (call);
}
GST_END_TEST;

/* A peer that is refused before it was ever secure: best effort goes on in the clear, secure-only does not (Z-4-12). The message
 * says what to do, and not that the call has failed, as nothing is known of who was refused. */
GST_START_TEST (test_failure)
{
  guint secure_only;

  for (secure_only = 0; secure_only < 2; secure_only++) {
    Call *call = call_new ();
    guint8 zid_text[] = "0102030405060708090a0b0c";
    GstMessage *message;
    const gchar *name, *text;
    gboolean remote;
    guint code;

    /* Equal ZIDs: Z-4.1-9. */
    g_object_set (call->a.enc, "zid", zid_text, "media-policy", secure_only, NULL);
    g_object_set (call->b.dec, "zid", zid_text, NULL);
    call_start (call);
    endpoint_talk (&call->a);
    endpoint_talk (&call->b);
    call_run (call, 20 * GST_SECOND);
    message = endpoint_message (&call->a, "zrtp-error");
    fail_unless (message != NULL);
    fail_unless (gst_zrtp_message_parse_error (message, &code, &name, &remote));
    fail_unless_equals_int_hex (code, 0x90);
    fail_unless (gst_zrtp_message_parse (message, NULL, NULL, &text));
    fail_unless (strstr (text, "refused") && strstr (text, "cache=memory") && strstr (text, "come back") && !strstr (text, "failed"), "%s", text);
    fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->a)), "no-peer");
    endpoint_talk (&call->a);
    fail_unless_equals_int (call->a.sent[PACKET_CLEAR], secure_only ? 0 : 2);
    call_check (call);
    call_free (call);
  }
}
GST_END_TEST;

/* Transparent: ZRTP, STUN, media and RTCP pass untouched both ways. (Z-10-1) */
GST_START_TEST (test_disabled)
{
  static const guint8 zrtp[16] = { 0x10, 0, 0, 1, 'Z', 'R', 'T', 'P' };
  static const guint8 stun[20] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
  static const guint8 rtcp[8] = { 0x80, 201, 0, 1 };
  Call *call = call_new ();

  g_object_set (call->a.dec, "enabled", FALSE, NULL);
  endpoint_start (&call->a);
  endpoint_talk (&call->a);
  call_run (call, GST_SECOND);
  fail_unless_equals_int (call->a.sent[PACKET_ZRTP], 0);
  fail_unless_equals_int (call->a.sent[PACKET_CLEAR], 1);
  gst_pad_push (call->a.media_in, make_packet (zrtp, sizeof zrtp));
  fail_unless_equals_int (call->a.sent[PACKET_ZRTP], 1);
  endpoint_inject (&call->a, make_packet (zrtp, sizeof zrtp));
  endpoint_inject (&call->a, make_packet (stun, sizeof stun));
  endpoint_inject (&call->a, make_packet (rtcp, sizeof rtcp));
  endpoint_inject (&call->a, endpoint_make_rtp (&call->b));
  fail_unless_equals_int (heard (&call->a), 4);
  fail_unless (gst_buffer_memcmp (g_queue_peek_nth (&call->a.heard, 0), 0, zrtp, sizeof zrtp) == 0);
  fail_unless (gst_buffer_memcmp (g_queue_peek_nth (&call->a.heard, 1), 0, stun, sizeof stun) == 0);
  call_free (call);
}
GST_END_TEST;

static Suite *
media_suite (void)
{
  Suite *suite = suite_create ("media");
  TCase *tcase = tcase_create ("media");

  tcase_set_timeout (tcase, 60);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_opportunistic);
  tcase_add_test (tcase, test_held_while_securing);
  tcase_add_test (tcase, test_media_as_conf2ack);
  tcase_add_test (tcase, test_secure_only);
  tcase_add_test (tcase, test_gap_for_held);
  tcase_add_test (tcase, test_latch);
  tcase_add_test (tcase, test_latch_pads);
  tcase_add_test (tcase, test_latch_restart);
  tcase_add_test (tcase, test_undecryptable);
  tcase_add_test (tcase, test_no_sender);
  tcase_add_test (tcase, test_no_receiver);
  tcase_add_test (tcase, test_failure);
  tcase_add_test (tcase, test_disabled);
  return suite;
}

GST_CHECK_MAIN (media)
