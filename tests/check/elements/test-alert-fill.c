/* test-alert-fill.c: zrtpalert when no audio comes, and in a whole pipeline, where both ends wait for each other.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ear.h"

#include <string.h>

#define RATE 8000
#define CHUNK (20 * GST_MSECOND)

static void
warn_of (GstZrtpSession *session, const gchar *code)
{
  GstStructure *warning
      = gst_structure_new ("zrtp-warning", "stream", G_TYPE_INT, 0, "code", G_TYPE_STRING, code, NULL);

  g_signal_emit_by_name (session, "message", warning);
  gst_structure_free (warning);
}

/* Lets the element's clock jump until this many samples have come out of their own. */
static void
listen_to_silence (Ear *ear, guint samples)
{
  GstTestClock *clock = gst_harness_get_testclock (ear->harness);
  gint64 patience = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  while (ear->heard->len < samples) {
    GstBuffer *buffer = gst_harness_try_pull (ear->harness);

    if (buffer != NULL) {
      fail_unless (GST_BUFFER_PTS (buffer) >= ear->now, "%" GST_TIME_FORMAT, GST_TIME_ARGS (GST_BUFFER_PTS (buffer)));
      ear->now = GST_BUFFER_PTS (buffer) + GST_BUFFER_DURATION (buffer);
      ear_hear_buffer (ear, buffer);
    } else if (gst_test_clock_peek_id_count (clock) > 0)
      gst_harness_crank_single_clock_wait (ear->harness);
    else
      g_thread_yield ();
    fail_unless (g_get_monotonic_time () < patience, "%u samples of %u", ear->heard->len, samples);
  }
  gst_object_unref (clock);
}

/* Nobody watches any more. */
static void
wait_for_thread (Ear *ear, gint refs)
{
  gint64 patience = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  gst_bus_set_flushing (ear->bus, TRUE);
  gst_bus_set_flushing (ear->bus, FALSE);
  while (GST_OBJECT_REFCOUNT_VALUE (ear->alert) > refs && g_get_monotonic_time () < patience)
    g_thread_yield ();
  fail_unless_equals_int (GST_OBJECT_REFCOUNT_VALUE (ear->alert), refs);
  fail_unless (gst_harness_try_pull (ear->harness) == NULL);
}

/* It sounds in silence of its own once audio has not come for a while, goes on in the audio that comes again, and pushes nothing
 * when there is nothing to sound. */
GST_START_TEST (test_no_audio)
{
  GstZrtpSession *session = gst_zrtp_session_new ();
  Ear *ear = ear_new (session, NULL);
  GstTestClock *clock = gst_harness_get_testclock (ear->harness);
  gint refs;
  guint i;

  ear_set_caps (ear, GST_AUDIO_FORMAT_S16, RATE, 2, GST_AUDIO_LAYOUT_NON_INTERLEAVED);
  ear_listen (ear, 100 * GST_MSECOND);
  g_array_set_size (ear->heard, 0);
  gst_bus_set_flushing (ear->bus, TRUE);
  gst_bus_set_flushing (ear->bus, FALSE);
  refs = GST_OBJECT_REFCOUNT_VALUE (ear->alert);
  warn_of (session, "message-mac");
  listen_to_silence (ear, 48 * RATE / 50);
  /* From when it was clear that nothing comes: 150 ms after the audio that there was. */
  fail_unless_equals_uint64 (ear->now, 250 * GST_MSECOND + 48 * CHUNK);
  assert_messages (ear, "+mismatch -mismatch");
  assert_notes (ear, HEARD_MISMATCH);
  wait_for_thread (ear, refs);

  warn_of (session, "key-expired");
  listen_to_silence (ear, 15 * RATE / 50);
  for (i = 0; i < 50; i++) {
    /* Audio comes when it should. */
    gst_test_clock_set_time (clock, MAX (ear->now, gst_clock_get_time (GST_CLOCK (clock))));
    ear_listen (ear, CHUNK);
  }
  assert_notes (ear, HEARD_ERROR);
  gst_object_unref (clock);
  ear_free (ear);
  gst_object_unref (session);
}
GST_END_TEST;

/* Nor has any ever come: in what the one behind likes best. */
GST_START_TEST (test_never_any_audio)
{
  static const struct
  {
    const gchar *caps;
    guint rate;
  } sinks[] = {
    { "audio/x-raw, format=F32LE, rate=[8000,16000], channels=[2,6], layout=non-interleaved", 16000 },
    { "audio/x-raw, format={U8,S16LE}, rate={8000,44100}, channels=1, layout=interleaved", 44100 },
    { "ANY", 48000 },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (sinks); i++) {
    GstZrtpSession *session = gst_zrtp_session_new ();
    Ear *ear = ear_new (session, NULL);

    gst_harness_set_sink_caps_str (ear->harness, sinks[i].caps);
    warn_of (session, "message-mac");
    listen_to_silence (ear, 48 * sinks[i].rate / 50);
    fail_unless_equals_int (ear->rate, sinks[i].rate);
    assert_notes (ear, HEARD_MISMATCH);

    /* Then it does come, of another kind. */
    if (i == 2) {
      ear_set_caps (ear, GST_AUDIO_FORMAT_S16, RATE, 1, GST_AUDIO_LAYOUT_INTERLEAVED);
      ear_listen (ear, GST_SECOND);
      assert_notes (ear, "");
    }
    ear_free (ear);
    gst_object_unref (session);
  }

  /* One behind that wants no audio at all is left alone. */
  {
    GstZrtpSession *session = gst_zrtp_session_new ();
    Ear *ear = ear_new (session, NULL);
    gint refs;

    gst_bus_set_flushing (ear->bus, TRUE);
    gst_bus_set_flushing (ear->bus, FALSE);
    refs = GST_OBJECT_REFCOUNT_VALUE (ear->alert);
    gst_harness_set_sink_caps_str (ear->harness, "video/x-raw");
    warn_of (session, "message-mac");
    gst_harness_crank_single_clock_wait (ear->harness);
    wait_for_thread (ear, refs);
    assert_messages (ear, "");
    ear_free (ear);
    gst_object_unref (session);
  }
}
GST_END_TEST;

/* A pause in the middle, and the end of it: the thread comes again, and goes. */
GST_START_TEST (test_pause)
{
  GstZrtpSession *session = gst_zrtp_session_new ();
  Ear *ear = ear_new (session, NULL);
  gint refs;

  ear_set_caps (ear, GST_AUDIO_FORMAT_S16, RATE, 1, GST_AUDIO_LAYOUT_INTERLEAVED);
  gst_bus_set_flushing (ear->bus, TRUE);
  gst_bus_set_flushing (ear->bus, FALSE);
  refs = GST_OBJECT_REFCOUNT_VALUE (ear->alert);
  warn_of (session, "message-mac");
  listen_to_silence (ear, 20 * RATE / 50);
  gst_element_set_state (ear->alert, GST_STATE_PAUSED);
  wait_for_thread (ear, refs);
  gst_element_set_state (ear->alert, GST_STATE_PLAYING);
  listen_to_silence (ear, 30 * RATE / 50);
  /* So short that the thread notices it afterwards, if at all. */
  gst_element_set_state (ear->alert, GST_STATE_PAUSED);
  gst_element_set_state (ear->alert, GST_STATE_PLAYING);
  listen_to_silence (ear, 48 * RATE / 50);
  assert_notes (ear, HEARD_MISMATCH);
  wait_for_thread (ear, refs);
  /* More than once, before anything can happen. */
  warn_of (session, "key-expired");
  gst_element_set_state (ear->alert, GST_STATE_PAUSED);
  gst_element_set_state (ear->alert, GST_STATE_PLAYING);
  gst_element_set_state (ear->alert, GST_STATE_READY);
  wait_for_thread (ear, refs);
  ear_free (ear);
  gst_object_unref (session);
}
GST_END_TEST;

/* A whole call in real time, in which both ends send nothing before they have heard that it is secure. */

typedef struct
{
  GstElement *enc;
  Ear ear;
  guint before;                 /* encrypted packets when the figure began to sound */
  gint begun, ended;            /* atomic */
} Party;

static void
hear_buffer (GstElement *sink, GstBuffer *buffer, GstPad *pad, Ear *ear)
{
  ear_hear_buffer (ear, gst_buffer_ref (buffer));
}

static guint64
sent_encrypted (Party *party)
{
  GstStructure *stats;
  guint64 n = 0;

  g_object_get (party->enc, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, "sent-encrypted", &n));
  gst_structure_free (stats);
  return n;
}

static GstBusSyncReply
on_message (GstBus *bus, GstMessage *message, gpointer data)
{
  Party *parties = data;
  gboolean sounding;
  guint i;

  for (i = 0; i < 2; i++) {
    if (GST_MESSAGE_SRC (message) == GST_OBJECT (parties[i].ear.alert)
        && gst_zrtp_message_parse_alert (message, NULL, &sounding)) {
      if (sounding)
        parties[i].before = sent_encrypted (&parties[i]);
      g_atomic_int_inc (sounding ? &parties[i].begun : &parties[i].ended);
    }
  }
  return GST_BUS_PASS;
}

static void
party_init (Party *self, GstElement *pipeline, const gchar *name)
{
  gchar *full = g_strdup_printf ("sink-%s", name);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), full);

  self->ear.heard = g_array_new (FALSE, FALSE, sizeof (gdouble));
  g_signal_connect (sink, "handoff", G_CALLBACK (hear_buffer), &self->ear);
  gst_object_unref (sink);
  g_free (full);
  full = g_strdup_printf ("alert-%s", name);
  self->ear.alert = gst_bin_get_by_name (GST_BIN (pipeline), full);
  g_free (full);
  self->enc = gst_bin_get_by_name (GST_BIN (pipeline), name);
}

static void
party_clear (Party *self)
{
  gst_object_unref (self->enc);
  gst_object_unref (self->ear.alert);
  g_array_unref (self->ear.heard);
}

#define END(me, other) \
  "audiotestsrc is-live=true wave=silence samplesperbuffer=160 ! audio/x-raw,rate=8000 ! mulawenc ! rtppcmupay " \
  "max-ptime=20000000 ! zrtpenc name=" me " session-id=" me " cache=memory media-policy=secure-only ! queue " \
  "! zrtpdec session-id=" other " ! rtpjitterbuffer latency=50 ! rtppcmudepay ! mulawdec " \
  "! zrtpalert name=alert-" other " session-id=" other " hold-media=true ! fakesink name=sink-" other \
  " sync=true async=false signal-handoffs=true "

GST_START_TEST (test_pipeline)
{
  Party parties[2];
  GError *error = NULL;
  GstElement *pipeline;
  GstMessage *message;
  GstBus *bus;
  gint64 patience = g_get_monotonic_time () + 40 * G_USEC_PER_SEC;
  guint i;

  memset (parties, 0, sizeof parties);
  pipeline = gst_parse_launch (END ("alice", "bob") END ("bob", "alice"), &error);
  fail_unless (error == NULL, "%s", error ? error->message : "");
  party_init (&parties[0], pipeline, "alice");
  party_init (&parties[1], pipeline, "bob");
  bus = gst_element_get_bus (pipeline);
  gst_bus_set_sync_handler (bus, on_message, parties, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);

  while (g_get_monotonic_time () < patience
      && !(g_atomic_int_get (&parties[0].ended) && g_atomic_int_get (&parties[1].ended)
          && sent_encrypted (&parties[0]) >= 5 && sent_encrypted (&parties[1]) >= 5)) {
    message = gst_bus_timed_pop_filtered (bus, 20 * GST_MSECOND, GST_MESSAGE_ERROR);
    fail_unless (message == NULL);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  for (i = 0; i < 2; i++) {
    fail_unless_equals_int (parties[i].begun, 1);
    fail_unless_equals_int (parties[i].ended, 1);
    fail_unless_equals_int (parties[i].before, 0);
    assert_notes (&parties[i].ear, HEARD_SECURE);
    party_clear (&parties[i]);
  }
  gst_object_unref (bus);
  gst_object_unref (pipeline);
}
GST_END_TEST;

static Suite *
alert_fill_suite (void)
{
  Suite *suite = suite_create ("alert-fill");
  TCase *tcase = tcase_create ("alert-fill");

  tcase_set_timeout (tcase, 60);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_no_audio);
  tcase_add_test (tcase, test_never_any_audio);
  tcase_add_test (tcase, test_pause);
  tcase_add_test (tcase, test_pipeline);
  return suite;
}

GST_CHECK_MAIN (alert_fill)
