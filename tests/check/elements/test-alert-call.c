/* test-alert-call.c: what the users of a call hear of it, and what does not go out before they have.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"
#include "ear.h"

#include <string.h>

static Ear *
ear_of (Endpoint *self, gboolean hold)
{
  Ear *ear = ear_new (self->session, "hold-media", hold, NULL);

  ear_set_caps (ear, GST_AUDIO_FORMAT_S16, 8000, 1, GST_AUDIO_LAYOUT_INTERLEAVED);
  return ear;
}

/* Within the time of a hold, as the clock jumps to what is due next. */
static void
go (Call *call)
{
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 4 * GST_SECOND));
}

static Call *
call_new_clearable (void)
{
  Call *call = call_new ();

  g_object_set (call->a.enc, "allow-clear", TRUE, NULL);
  g_object_set (call->b.enc, "allow-clear", TRUE, NULL);
  return call;
}

/* Whether one packet of media gets onto the wire. */
static gboolean
speaks (Endpoint *self)
{
  guint before = self->sent[PACKET_CLEAR] + self->sent[PACKET_SECRET];

  fail_unless_equals_int (endpoint_talk (self), GST_FLOW_OK);
  return self->sent[PACKET_CLEAR] + self->sent[PACKET_SECRET] == before + 1;
}

/* Secure once, then verified, then clear, then secure again, each once and at both ends; and nothing else in between. */
GST_START_TEST (test_course)
{
  Call *call = call_new_clearable ();
  Ear *a, *b;

  call_start (call);
  a = ear_of (&call->a, FALSE);
  b = ear_of (&call->b, FALSE);
  ear_listen (a, GST_SECOND);
  assert_notes (a, "");
  go (call);
  ear_listen (a, 3 * GST_SECOND);
  ear_listen (b, 3 * GST_SECOND);
  assert_notes (a, HEARD_SECURE);
  assert_notes (b, HEARD_SECURE);
  assert_messages (a, "+secure -secure");

  g_signal_emit_by_name (call->a.enc, "sas-match");
  call_settle (call);
  ear_listen (a, GST_SECOND);
  ear_listen (b, GST_SECOND);
  assert_notes (a, HEARD_VERIFIED);
  assert_notes (b, "");

  g_signal_emit_by_name (call->a.enc, "clear");
  call_run (call, GST_SECOND);
  ear_listen (a, 2 * GST_SECOND);
  /* Before its user has agreed. */
  ear_listen (b, 2 * GST_SECOND);
  assert_notes (a, HEARD_CLEAR);
  assert_notes (b, HEARD_CLEAR);
  g_signal_emit_by_name (call->b.enc, "accept-clear");
  call_settle (call);
  fail_unless_equals_int (endpoint_state (&call->b), GST_ZRTP_STATE_CLEAR);
  ear_listen (b, 2 * GST_SECOND);
  assert_notes (b, "");

  call->a.committed = call->b.committed = FALSE;
  g_signal_emit_by_name (call->b.enc, "secure");
  fail_unless (call_run_until_secure (call, 4 * GST_SECOND));
  ear_listen (a, 2 * GST_SECOND);
  ear_listen (b, 2 * GST_SECOND);
  assert_notes (a, HEARD_VERIFIED);
  assert_notes (b, HEARD_SECURE);

  /* The codes differ. */
  g_signal_emit_by_name (call->b.enc, "sas-differs");
  call_settle (call);
  ear_listen (b, 4 * GST_SECOND);
  assert_notes (b, HEARD_MISMATCH);
  ear_free (a);
  ear_free (b);
  call_check (call);
  call_free (call);
}
GST_END_TEST;

/* Nobody heard what is no longer so, however often it changed; what is so is heard once. */
GST_START_TEST (test_flips)
{
  Call *call = call_new_clearable ();
  Ear *ear;
  guint i;

  call_start (call);
  ear = ear_of (&call->a, FALSE);
  go (call);
  for (i = 0; i < 5; i++) {
    g_signal_emit_by_name (call->b.enc, "clear");
    call_run (call, GST_SECOND);
    fail_unless_equals_int (endpoint_state (&call->a), GST_ZRTP_STATE_CLEARING);
    call->a.committed = call->b.committed = FALSE;
    g_signal_emit_by_name (call->b.enc, "secure");
    fail_unless (call_run_until_secure (call, 4 * GST_SECOND));
  }
  g_signal_emit_by_name (call->b.enc, "clear");
  call_run (call, GST_SECOND);
  ear_listen (ear, 4 * GST_SECOND);
  assert_notes (ear, HEARD_CLEAR);
  assert_messages (ear, "+clear -clear");
  ear_free (ear);
  call_free (call);
}
GST_END_TEST;

/* A peer that does so all the time silences nobody: media is held for a while, and then no more. */
GST_START_TEST (test_flips_with_hold)
{
  Call *call = call_new_clearable ();
  guint spoken = 0, i;
  Ear *ear;

  call_start (call);
  ear = ear_of (&call->a, TRUE);
  go (call);
  for (i = 0; i < 40; i++) {
    g_signal_emit_by_name (call->b.enc, "clear");
    call_run (call, 500 * GST_MSECOND);
    call->a.committed = call->b.committed = FALSE;
    g_signal_emit_by_name (call->b.enc, "secure");
    call_run (call, 500 * GST_MSECOND);
    fail_unless_equals_int (endpoint_state (&call->a), GST_ZRTP_STATE_SECURE);
    spoken += speaks (&call->a);
    fail_if (i < 9 && spoken > 0);
  }
  fail_unless (spoken >= 25, "%u", spoken);
  fail_unless_equals_int (call->a.clear_octets, CALL_PAYLOAD);
  ear_listen (ear, 3 * GST_SECOND);
  assert_notes (ear, HEARD_SECURE);
  ear_free (ear);
  call_free (call);
}
GST_END_TEST;

static gboolean
drop_zrtp_from_b (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  return kind != PACKET_ZRTP || from == &from->call->a || !from->call->a.committed;
}

static gboolean
drop_zrtp (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  return kind != PACKET_ZRTP;
}

static gboolean spoke_early;

/* Before and after the element has heard of it. */
static void
speak_at_once (GstZrtpSession *session, const GstStructure *message, Endpoint *self)
{
  const gchar *state = gst_structure_get_string (message, "state");

  if (g_strcmp0 (state, "secure") == 0 || g_strcmp0 (state, "clear") == 0
      || gst_structure_has_name (message, "zrtp-error"))
    spoke_early |= speaks (self);
}

/* It fails, and there is nobody; who is not secure is told of that only if it is wanted. */
GST_START_TEST (test_failures)
{
  Call *call = call_new ();
  Ear *ear;
  guint i;

  g_object_set (call->b.enc, "passive", TRUE, NULL);
  call->filter = drop_zrtp_from_b;
  call_start (call);
  g_signal_connect (call->a.session, "message", G_CALLBACK (speak_at_once), &call->a);
  ear = ear_of (&call->a, TRUE);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  for (i = 0; i < 600 && endpoint_state (&call->a) != GST_ZRTP_STATE_FAILED; i++) {
    /* Until there is something to hear. */
    spoke_early = FALSE;
    call_run (call, 100 * GST_MSECOND);
  }
  fail_unless_equals_int (endpoint_state (&call->a), GST_ZRTP_STATE_FAILED);
  fail_if (spoke_early);
  fail_if (speaks (&call->a));
  g_signal_handlers_disconnect_by_data (call->a.session, &call->a);
  call_run (call, 5 * GST_SECOND);
  fail_unless (speaks (&call->a));
  ear_listen (ear, 3 * GST_SECOND);
  assert_notes (ear, HEARD_ERROR);
  assert_messages (ear, "+error -error");
  ear_free (ear);
  call_free (call);

  call = call_new ();
  call->filter = drop_zrtp;
  call_start (call);
  ear = ear_of (&call->a, FALSE);
  endpoint_talk (&call->a);
  call_run (call, 60 * GST_SECOND);
  fail_unless_equals_int (endpoint_state (&call->a), GST_ZRTP_STATE_NO_PEER);
  ear_listen (ear, GST_SECOND);
  assert_notes (ear, "");
  ear_free (ear);
  ear = ear_new (call->a.session, NULL);
  ear_free (ear);
  ear = ear_new (call->a.session, "events", 0x3f, NULL);
  ear_set_caps (ear, GST_AUDIO_FORMAT_S16, 8000, 1, GST_AUDIO_LAYOUT_INTERLEAVED);
  ear_listen (ear, GST_SECOND);
  assert_notes (ear, HEARD_NO_PEER);
  ear_free (ear);
  call_free (call);
}
GST_END_TEST;

static gboolean
has_session (GstElement *alert, GstZrtpSession *session)
{
  GstZrtpSession *own;
  gboolean same;

  g_object_get (alert, "session", &own, NULL);
  same = own == session;
  gst_clear_object (&own);
  return same;
}

/* In the pipeline of the call it needs to be told nothing, elsewhere the id; and it cannot be moved while it plays. It takes no
 * part: the call ends without it. */
GST_START_TEST (test_session)
{
  GstElement *alert = gst_element_factory_make ("zrtpalert", NULL), *other = gst_element_factory_make ("zrtpalert", NULL);
  GstBus *bus = gst_bus_new ();
  Call *call = call_new ();
  GstMessage *message;
  GError *error;
  gchar *text;

  g_object_set (call->b.enc, "session-id", "bob", NULL);
  g_object_set (call->b.dec, "session-id", "bob", NULL);
  gst_bin_add (GST_BIN (call->a.pipeline), gst_object_ref (alert));
  call_start (call);
  gst_element_set_state (alert, GST_STATE_PAUSED);
  fail_unless (has_session (alert, call->a.session));

  gst_element_set_bus (other, bus);
  g_object_set (other, "session-id", "bob", NULL);
  fail_unless_equals_int (gst_element_set_state (other, GST_STATE_PLAYING), GST_STATE_CHANGE_SUCCESS);
  fail_unless (has_session (other, call->b.session));
  g_object_set (other, "session", call->a.session, NULL);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
  fail_unless (message != NULL);
  gst_message_parse_warning (message, &error, &text);
  fail_unless (strstr (error->message, "Set session in READY") != NULL, "%s", error->message);
  g_error_free (error);
  g_free (text);
  gst_message_unref (message);
  fail_unless (has_session (other, call->b.session));

  go (call);
  endpoint_stop (&call->b);
  fail_unless_equals_int (endpoint_state (&call->b), GST_ZRTP_STATE_IDLE);
  gst_element_set_state (other, GST_STATE_NULL);
  gst_element_set_bus (other, NULL);
  gst_object_unref (other);
  gst_object_unref (bus);
  call_free (call);
  gst_object_unref (alert);
}
GST_END_TEST;

static gchar *
hash_of (Endpoint *self)
{
  gchar *hash;

  g_signal_emit_by_name (self->enc, "get-zrtp-hash", 0, &hash);
  fail_unless (hash != NULL);
  return hash;
}

/* Not whom the signalling announced: the alarm, once, instead of the good news. One who comes late hears what is so too. */
GST_START_TEST (test_mismatch)
{
  Call *call = call_new ();
  gboolean good;
  gchar *hash;
  Ear *ear;

  gst_element_set_state (call->a.pipeline, GST_STATE_READY);
  hash = hash_of (&call->a);
  g_signal_emit_by_name (call->a.enc, "set-peer-zrtp-hash", 0, hash, &good);
  g_free (hash);
  call_start (call);
  ear = ear_of (&call->a, FALSE);
  go (call);
  ear_listen (ear, 4 * GST_SECOND);
  assert_notes (ear, HEARD_MISMATCH);
  ear_free (ear);

  ear = ear_of (&call->a, FALSE);
  ear_listen (ear, 3 * GST_SECOND);
  assert_notes (ear, HEARD_MISMATCH);
  ear_free (ear);
  ear = ear_of (&call->b, FALSE);
  ear_listen (ear, 3 * GST_SECOND);
  assert_notes (ear, HEARD_SECURE);
  ear_free (ear);
  call_free (call);
}
GST_END_TEST;

/* Who holds ZRTP back cannot silence the alarm by making this end look for a peer again. */
GST_START_TEST (test_alarm_stays)
{
  static const gchar announced[] = "1.10 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  Call *call = call_new ();
  gboolean good;
  Ear *ear;

  call->filter = drop_zrtp;
  gst_element_set_state (call->a.pipeline, GST_STATE_READY);
  g_signal_emit_by_name (call->a.enc, "set-peer-zrtp-hash", 0, announced, &good);
  fail_unless (good);
  call_start (call);
  ear = ear_of (&call->a, FALSE);
  endpoint_talk (&call->a);
  call_run (call, 60 * GST_SECOND);
  fail_unless_equals_int (endpoint_state (&call->a), GST_ZRTP_STATE_NO_PEER);
  endpoint_talk (&call->b);
  call_settle (call);
  fail_unless_equals_int (endpoint_state (&call->a), GST_ZRTP_STATE_DISCOVERING);
  ear_listen (ear, 4 * GST_SECOND);
  assert_notes (ear, HEARD_MISMATCH);
  ear_free (ear);
  call_free (call);
}
GST_END_TEST;

/* The secret kept from the call before does not match: the alarm, once (Z-4.3.2-2), until the users have compared the codes. */
GST_START_TEST (test_cache_mismatch)
{
  Call *call = call_new ();
  GstZrtpSession *session;
  Ear *ear;

  g_object_set (call->a.enc, "zid", "0102030405060708090a0b0c", NULL);
  call_start (call);
  session = gst_object_ref (call->b.session);
  go (call);
  call_check_secure (call);
  endpoint_stop (&call->a);
  endpoint_stop (&call->b);
  /* The same device, says it, but it knows nothing. */
  g_object_set (call->a.enc, "cache", "none", NULL);

  ear = ear_new (session, "hold-media", TRUE, NULL);
  ear_set_caps (ear, GST_AUDIO_FORMAT_S16, 8000, 1, GST_AUDIO_LAYOUT_INTERLEAVED);
  call_start (call);
  go (call);
  fail_if (speaks (&call->b));
  ear_listen (ear, 4 * GST_SECOND);
  assert_notes (ear, HEARD_MISMATCH);
  assert_messages (ear, "+mismatch -mismatch");
  call_run (call, 2 * GST_SECOND);
  fail_unless (speaks (&call->b));
  g_signal_emit_by_name (call->b.enc, "sas-match");
  call_settle (call);
  ear_listen (ear, 2 * GST_SECOND);
  assert_notes (ear, HEARD_VERIFIED);
  ear_free (ear);
  gst_object_unref (session);
  call_free (call);
}
GST_END_TEST;

/* Another run of the session is another call, and what nobody heard of the last one is not heard any more. */
GST_START_TEST (test_restart)
{
  Call *call = call_new ();
  GstZrtpSession *session;
  Ear *ear;

  call_start (call);
  ear = ear_of (&call->a, FALSE);
  session = gst_object_ref (call->a.session);
  go (call);
  ear_listen (ear, GST_SECOND);
  assert_notes (ear, HEARD_SECURE);
  g_signal_emit_by_name (call->a.enc, __i__ == 0 ? "sas-match" : "sas-differs");
  call_settle (call);

  endpoint_stop (&call->a);
  endpoint_stop (&call->b);
  fail_unless (gst_zrtp_session_new_call (session));
  call_start (call);
  endpoint_talk (&call->a);
  call_run (call, 0);
  ear_listen (ear, GST_SECOND);
  assert_notes (ear, "");
  go (call);
  ear_listen (ear, GST_SECOND);
  assert_notes (ear, HEARD_SECURE);

  /* The call ends in the middle of a figure, and then the session is gone but for us. */
  g_signal_emit_by_name (call->a.enc, "sas-differs");
  call_settle (call);
  ear_listen (ear, 340 * GST_MSECOND);
  assert_notes (ear, "1200 1700 1200");
  call_free (call);
  gst_object_unref (session);
  ear_listen (ear, 2 * GST_SECOND);
  ear_free (ear);
}
GST_END_TEST;

/* With hold-media nothing goes out from the very change on until its figure has sounded; then everything does. */
GST_START_TEST (test_hold)
{
  Call *call = call_new_clearable ();
  const gchar *text;
  guint64 held;
  Ear *ear;

  call_start (call);
  g_signal_connect (call->a.session, "message", G_CALLBACK (speak_at_once), &call->a);
  ear = ear_of (&call->a, TRUE);
  g_signal_connect (call->a.session, "message", G_CALLBACK (speak_at_once), &call->a);
  spoke_early = FALSE;
  fail_unless (speaks (&call->a));
  fail_unless (speaks (&call->b));
  fail_unless (call_run_until_secure (call, 4 * GST_SECOND));
  /* The peer could encrypt is no news, and was not secure. */
  fail_if (speaks (&call->a));
  held = endpoint_stat (&call->a, "send-held");
  fail_unless (held >= 3, "%u", (guint) held);
  ear_listen (ear, 200 * GST_MSECOND);
  fail_if (speaks (&call->a));
  /* The other end has no such element. */
  fail_unless (speaks (&call->b));
  ear_listen (ear, 200 * GST_MSECOND);
  assert_notes (ear, HEARD_SECURE);
  /* The last of it is not before its time: 300 ms of audio, and this element's clock stands at 0. */
  fail_if (speaks (&call->a));
  call_run (call, 310 * GST_MSECOND);
  fail_unless (speaks (&call->a));
  fail_if (spoke_early);
  call_check_secure (call);

  /* Nor in the clear. */
  g_signal_emit_by_name (call->a.enc, "clear");
  call_run (call, GST_SECOND);
  g_signal_emit_by_name (call->b.enc, "accept-clear");
  call_settle (call);
  fail_unless_equals_int (endpoint_state (&call->a), GST_ZRTP_STATE_CLEAR);
  fail_if (speaks (&call->a));
  /* What is told is what the policy lets be sent. */
  gst_zrtp_message_parse (endpoint_message (&call->a, "zrtp-state"), NULL, NULL, &text);
  fail_unless (strstr (text, "not encrypted") && !strstr (text, "Nothing is sent"), "%s", text);
  ear_listen (ear, GST_SECOND);
  assert_notes (ear, HEARD_CLEAR);
  call_run (call, 2 * GST_SECOND);
  fail_unless (speaks (&call->a));
  fail_if (spoke_early);

  /* An element that goes takes its hold with it. */
  call->a.committed = call->b.committed = FALSE;
  g_signal_emit_by_name (call->b.enc, "secure");
  fail_unless (call_run_until_secure (call, 4 * GST_SECOND));
  fail_if (speaks (&call->a));
  ear_free (ear);
  fail_unless (speaks (&call->a));
  g_signal_handlers_disconnect_by_data (call->a.session, &call->a);
  call_free (call);
}
GST_END_TEST;

/* Nobody listens, and the peer does what it can to keep it so: it lasts as long as is said, and no longer. */
GST_START_TEST (test_hold_ends)
{
  Call *call = call_new_clearable ();
  GstZrtpSession *session;
  guint number, other;
  GstZrtpMedia *media;
  GstBuffer *packet;
  Ear *ear;

  call_start (call);
  session = call->a.session;
  /* Nothing can be held before the run has its clock. A stream that comes meanwhile is no exception. */
  fail_unless (speaks (&call->a));
  call_settle (call);
  number = gst_zrtp_session_hold_media (session, GST_SECOND);
  media = gst_zrtp_session_get_media (session, 5);
  fail_unless (gst_zrtp_media_protect (media, endpoint_make_rtp (&call->a), FALSE) == NULL);
  gst_zrtp_session_release_media (session, number, 0);
  packet = gst_zrtp_media_protect (media, endpoint_make_rtp (&call->a), FALSE);
  fail_unless (packet != NULL);
  gst_buffer_unref (packet);

  ear = ear_of (&call->a, TRUE);
  go (call);
  fail_if (speaks (&call->a));
  call_run (call, 4900 * GST_MSECOND);
  fail_if (speaks (&call->a));
  call_run (call, 200 * GST_MSECOND);
  fail_unless (speaks (&call->a));
  /* What was not heard then is heard when audio comes. */
  ear_listen (ear, GST_SECOND);
  assert_notes (ear, HEARD_SECURE);
  ear_free (ear);

  /* Two hold it. A number of before does nothing. */
  call_run (call, 80 * GST_SECOND);
  number = gst_zrtp_session_hold_media (session, GST_SECOND);
  other = gst_zrtp_session_hold_media (session, 2 * GST_SECOND);
  fail_unless (number != 0 && other != 0 && number != other);
  gst_zrtp_session_release_media (session, number, 0);
  gst_zrtp_session_release_media (session, number, 0);
  fail_if (speaks (&call->a));
  /* Some time from now, and not later than was said first. */
  gst_zrtp_session_release_media (session, other, 500 * GST_MSECOND);
  gst_zrtp_session_release_media (session, other, 9 * GST_SECOND);
  call_run (call, 490 * GST_MSECOND);
  fail_if (speaks (&call->a));
  call_run (call, 20 * GST_MSECOND);
  fail_unless (speaks (&call->a));

  /* However long is asked for, and again and again: ten seconds in a row, and one in eight after. */
  call_run (call, 80 * GST_SECOND);
  gst_zrtp_session_hold_media (session, 100 * GST_SECOND);
  call_run (call, 9900 * GST_MSECOND);
  fail_if (speaks (&call->a));
  call_run (call, 200 * GST_MSECOND);
  fail_unless (speaks (&call->a));
  gst_zrtp_session_hold_media (session, 100 * GST_SECOND);
  call_run (call, 200 * GST_MSECOND);
  fail_unless (speaks (&call->a));
  call_run (call, 16 * GST_SECOND);
  gst_zrtp_session_hold_media (session, 100 * GST_SECOND);
  call_run (call, 1500 * GST_MSECOND);
  fail_if (speaks (&call->a));
  call_run (call, GST_SECOND);
  fail_unless (speaks (&call->a));

  /* A new run knows nothing of it; between two of them there is nothing to hold. */
  call_run (call, 80 * GST_SECOND);
  gst_object_ref (session);
  gst_zrtp_session_hold_media (session, 5 * GST_SECOND);
  call_settle (call);
  fail_if (speaks (&call->a));
  endpoint_stop (&call->a);
  endpoint_stop (&call->b);
  gst_zrtp_session_hold_media (session, 5 * GST_SECOND);
  gst_zrtp_session_wait_idle (session);
  fail_unless (gst_zrtp_session_new_call (session));
  call_start (call);
  fail_unless (speaks (&call->a));
  gst_object_unref (session);
  call_free (call);
}
GST_END_TEST;

static Suite *
alert_call_suite (void)
{
  Suite *suite = suite_create ("alert-call");
  TCase *tcase = tcase_create ("alert-call");

  tcase_set_timeout (tcase, 60);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_session);
  tcase_add_test (tcase, test_course);
  tcase_add_test (tcase, test_flips);
  tcase_add_test (tcase, test_flips_with_hold);
  tcase_add_test (tcase, test_failures);
  tcase_add_test (tcase, test_mismatch);
  tcase_add_test (tcase, test_alarm_stays);
  tcase_add_test (tcase, test_cache_mismatch);
  tcase_add_loop_test (tcase, test_restart, 0, 2);
  tcase_add_test (tcase, test_hold);
  tcase_add_test (tcase, test_hold_ends);
  return suite;
}

GST_CHECK_MAIN (alert_call)
