/* test-alert.c: zrtpalert as a filter: every format, what passes untouched, what is mixed in, and where it begins and ends.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ear.h"

#include <math.h>
#include <string.h>

#define RATE 8000

/* As if the session had told it on its own: the alarm needs no call. */
static void
warn_of (GstZrtpSession *session, const gchar *code)
{
  GstStructure *warning
      = gst_structure_new ("zrtp-warning", "stream", G_TYPE_INT, 0, "code", G_TYPE_STRING, code, NULL);

  g_signal_emit_by_name (session, "message", warning);
  gst_structure_free (warning);
}

typedef void (*EachFormat) (GstAudioFormat format, guint channels, GstAudioLayout layout);

/* All there are, interleaved with one channel and three, and each channel for itself. */
static void
for_each_format (EachFormat test)
{
  guint n, i;
  const GstAudioFormat *formats = gst_audio_formats_raw (&n);

  fail_unless (n >= 30);
  for (i = 0; i < n; i++) {
    test (formats[i], 1, GST_AUDIO_LAYOUT_INTERLEAVED);
    test (formats[i], 3, GST_AUDIO_LAYOUT_INTERLEAVED);
    test (formats[i], 3, GST_AUDIO_LAYOUT_NON_INTERLEAVED);
  }
}

/* The same buffer comes out, with the same octets, also when nobody may write to it. */
static void
check_silent (GstAudioFormat format, guint channels, GstAudioLayout layout)
{
  GstZrtpSession *session = gst_zrtp_session_new ();
  Ear *ear = ear_new (session, NULL);
  guint i;

  ear_set_caps (ear, format, RATE, channels, layout);
  for (i = 0; i < 2; i++) {
    GstBuffer *in = ear_make_buffer (ear, 160, 0.4), *out;
    GstBuffer *kept = gst_buffer_copy_deep (in);
    GstMapInfo map;

    if (i == 1)
      gst_buffer_ref (in);
    gst_harness_push (ear->harness, in);
    out = gst_harness_pull (ear->harness);
    fail_unless (out == in);
    gst_buffer_map (kept, &map, GST_MAP_READ);
    fail_unless_equals_int (gst_buffer_get_size (out), map.size);
    fail_unless_equals_int (gst_buffer_memcmp (out, 0, map.data, map.size), 0);
    gst_buffer_unmap (kept, &map);
    gst_buffer_unref (kept);
    gst_buffer_unref (out);
    if (i == 1)
      gst_buffer_unref (in);
  }
  assert_messages (ear, "");
  ear_free (ear);
  gst_object_unref (session);
}

GST_START_TEST (test_silent)
{
  for_each_format (check_silent);
}
GST_END_TEST;

/* On every channel, over silence and over the loudest that there is, which must not wrap around; a buffer of somebody else's is
 * left as it is. */
static void
check_sounding (GstAudioFormat format, guint channels, GstAudioLayout layout)
{
  static const gdouble levels[] = { 0.0, 0.99, -0.99 };
  GstZrtpSession *session = gst_zrtp_session_new ();
  /* The first note lasts for 960 samples. */
  const guint n = 800;
  guint i, c, k;

  /* What wraps around does so on any number of channels. */
  for (i = 0; i < (channels == 1 ? G_N_ELEMENTS (levels) : 1); i++) {
    Ear *ear = ear_new (session, "volume", 0.5, NULL);
    GstBuffer *in, *out, *before;
    guint heard;

    ear_set_caps (ear, format, RATE, channels, layout);
    in = gst_buffer_ref (ear_make_buffer (ear, n, levels[i]));
    before = gst_buffer_copy_deep (in);
    warn_of (session, "message-mac");
    gst_harness_push (ear->harness, in);
    out = gst_harness_pull (ear->harness);
    fail_unless (out != in);
    for (c = 0; c < channels; c++) {
      gdouble *samples = ear_unpack (ear, out, c, &heard), least = 1.0, most = -1.0;
      gdouble strength = ear_strength (samples, heard, RATE, 1200);

      fail_unless_equals_int (heard, n);
      fail_unless (strength > 0.2 && strength < 0.55, "format %s, channel %u, level %f: %f",
          gst_audio_format_to_string (format), c, levels[i], strength);
      fail_unless (ear_strength (samples, heard, RATE, 1700) < 0.02);
      for (k = 0; k < heard; k++) {
        least = MIN (least, samples[k]);
        most = MAX (most, samples[k]);
      }
      fail_unless (least > levels[i] - 0.52 && most < levels[i] + 0.52, "format %s, level %f: from %f to %f",
          gst_audio_format_to_string (format), levels[i], least, most);
      fail_unless (most - least > 0.45);
      g_free (samples);
    }
    {
      GstMapInfo map;

      gst_buffer_map (before, &map, GST_MAP_READ);
      fail_unless_equals_int (gst_buffer_memcmp (in, 0, map.data, map.size), 0);
      gst_buffer_unmap (before, &map);
    }
    fail_unless_equals_uint64 (GST_BUFFER_PTS (out), GST_BUFFER_PTS (in));
    gst_buffer_unref (in);
    gst_buffer_unref (before);
    gst_buffer_unref (out);
    ear_free (ear);
  }
  gst_object_unref (session);
}

GST_START_TEST (test_sounding)
{
  for_each_format (check_sounding);
}
GST_END_TEST;

static GArray *
listen_in_pieces (guint piece, gsize total)
{
  GstZrtpSession *session = gst_zrtp_session_new ();
  Ear *ear = ear_new (session, NULL);
  GArray *heard;

  ear_set_caps (ear, GST_AUDIO_FORMAT_F64, RATE, 1, GST_AUDIO_LAYOUT_INTERLEAVED);
  warn_of (session, "message-mac");
  while (ear->heard->len < total) {
    gst_harness_push (ear->harness, ear_make_buffer (ear, MIN (piece, total - ear->heard->len), 0.0));
    ear_hear_buffer (ear, gst_harness_pull (ear->harness));
  }
  heard = g_array_ref (ear->heard);
  ear_free (ear);
  gst_object_unref (session);
  return heard;
}

/* A figure is the same to the sample, however the audio is cut. */
GST_START_TEST (test_pieces)
{
  static const guint pieces[] = { 1, 7, 160, 961 };
  const guint total = 8200;
  GArray *whole = listen_in_pieces (total, total);
  guint i, k;

  for (i = 0; i < G_N_ELEMENTS (pieces); i++) {
    GArray *heard = listen_in_pieces (pieces[i], total);

    for (k = 0; k < total; k++)
      fail_unless (g_array_index (whole, gdouble, k) == g_array_index (heard, gdouble, k), "pieces of %u: sample %u",
          pieces[i], k);
    g_array_unref (heard);
  }
  /* Eight notes of 120 ms, and nothing behind them. */
  for (k = 0, i = 0; k < total; k++) {
    if (g_array_index (whole, gdouble, k) != 0.0)
      i = k;
  }
  fail_unless (i >= 7670 && i < 7680, "%u", i);
  g_array_unref (whole);
}
GST_END_TEST;

/* Once it has sounded buffers pass as before, and the loudness is as it was set. */
GST_START_TEST (test_afterwards)
{
  GstZrtpSession *session = gst_zrtp_session_new ();
  Ear *ear = ear_new (session, "volume", 0.1, NULL);
  gdouble most = 0.0;
  guint i;

  ear_set_caps (ear, GST_AUDIO_FORMAT_S16, RATE, 2, GST_AUDIO_LAYOUT_INTERLEAVED);
  ear_listen (ear, GST_SECOND);
  fail_unless_equals_int (ear->untouched, 50);
  warn_of (session, "message-mac");
  ear_listen (ear, 2 * GST_SECOND);
  for (i = 0; i < ear->heard->len; i++)
    most = MAX (most, fabs (g_array_index (ear->heard, gdouble, i)));
  fail_unless (most > 0.099 && most < 0.101, "%f", most);
  assert_notes (ear, HEARD_MISMATCH);
  fail_unless_equals_int (ear->untouched, 150 - 48);
  assert_messages (ear, "+mismatch -mismatch");
  /* What was told is not told again. */
  warn_of (session, "message-mac");
  ear_listen (ear, GST_SECOND);
  assert_notes (ear, "");
  ear_free (ear);
  gst_object_unref (session);
}
GST_END_TEST;

/* One after the other, the more important one first, with a rest between. */
GST_START_TEST (test_order)
{
  GstZrtpSession *session = gst_zrtp_session_new ();
  Ear *ear = ear_new (session, NULL);

  ear_set_caps (ear, GST_AUDIO_FORMAT_S16, RATE, 1, GST_AUDIO_LAYOUT_INTERLEAVED);
  warn_of (session, "key-expired");
  warn_of (session, "hello-hash");
  warn_of (session, "undecryptable");
  warn_of (session, "no-sender");
  ear_listen (ear, 4 * GST_SECOND);
  assert_notes (ear, HEARD_MISMATCH " " HEARD_ERROR);
  assert_messages (ear, "+mismatch -mismatch +error -error");
  ear_free (ear);

  /* What is not wanted does not sound, nor later. */
  ear = ear_new (session, "stream", 1, NULL);
  gst_util_set_object_arg (G_OBJECT (ear->alert), "events", "secure+error");
  ear_set_caps (ear, GST_AUDIO_FORMAT_S16, RATE, 1, GST_AUDIO_LAYOUT_INTERLEAVED);
  warn_of (session, "hello-hash");
  gst_util_set_object_arg (G_OBJECT (ear->alert), "events", "mismatch+error");
  ear_listen (ear, GST_SECOND);
  assert_notes (ear, "");
  /* Another stream's trouble, but not an attack on it. */
  warn_of (session, "key-expired");
  ear_listen (ear, GST_SECOND);
  assert_notes (ear, "");
  ear_free (ear);
  gst_object_unref (session);
}
GST_END_TEST;

/* In the middle of a figure: another rate and format, a flush, a gap, another run of the element. */
GST_START_TEST (test_interrupted)
{
  GstZrtpSession *session = gst_zrtp_session_new ();
  Ear *ear = ear_new (session, NULL);
  GstBuffer *buffer;
  guint i;

  ear_set_caps (ear, GST_AUDIO_FORMAT_S16, RATE, 1, GST_AUDIO_LAYOUT_INTERLEAVED);
  warn_of (session, "message-mac");
  ear_listen (ear, 300 * GST_MSECOND);
  assert_notes (ear, "1200 1700 1200");
  ear_set_caps (ear, GST_AUDIO_FORMAT_F32, 44100, 2, GST_AUDIO_LAYOUT_NON_INTERLEAVED);
  ear_listen (ear, 180 * GST_MSECOND);
  assert_notes (ear, "1200 1700");
  ear_set_caps (ear, GST_AUDIO_FORMAT_U8, 11025, 1, GST_AUDIO_LAYOUT_INTERLEAVED);
  ear_listen (ear, GST_SECOND);
  assert_notes (ear, "1200 1700 1200 1700");
  assert_messages (ear, "+mismatch -mismatch");
  ear_free (ear);

  ear = ear_new (session, NULL);
  ear_set_caps (ear, GST_AUDIO_FORMAT_S16, RATE, 1, GST_AUDIO_LAYOUT_INTERLEAVED);
  warn_of (session, "message-mac");
  ear_listen (ear, 300 * GST_MSECOND);
  gst_harness_push_event (ear->harness, gst_event_new_flush_start ());
  gst_harness_push_event (ear->harness, gst_event_new_flush_stop (TRUE));
  {
    GstSegment segment;

    gst_segment_init (&segment, GST_FORMAT_TIME);
    gst_harness_push_event (ear->harness, gst_event_new_segment (&segment));
  }
  g_array_set_size (ear->heard, 0);
  ear_listen (ear, 2 * GST_SECOND);
  assert_notes (ear, HEARD_MISMATCH);
  assert_messages (ear, "+mismatch -mismatch");
  ear_free (ear);

  /* What is called a gap is silent whatever it holds, and no gap afterwards. Gaps without a buffer sound too. */
  ear = ear_new (session, NULL);
  ear_set_caps (ear, GST_AUDIO_FORMAT_U16LE, RATE, 2, GST_AUDIO_LAYOUT_NON_INTERLEAVED);
  buffer = ear_make_buffer (ear, 160, 0.9);
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP);
  gst_harness_push (ear->harness, buffer);
  fail_unless (gst_harness_pull (ear->harness) == buffer);
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP));
  gst_buffer_unref (buffer);
  gst_harness_push_event (ear->harness, gst_event_new_gap (ear->now, 20 * GST_MSECOND));
  fail_unless (gst_harness_try_pull (ear->harness) == NULL);
  warn_of (session, "message-mac");
  for (i = 0; i < 60; i++) {
    if (i % 2 == 0) {
      buffer = ear_make_buffer (ear, 160, 0.9);
      GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP);
      gst_harness_push (ear->harness, buffer);
    } else {
      gst_harness_push_event (ear->harness, gst_event_new_gap (ear->now, 20 * GST_MSECOND));
      ear->now += 20 * GST_MSECOND;
    }
    while ((buffer = gst_harness_try_pull (ear->harness)) != NULL) {
      fail_unless (i >= 48 || !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP));
      fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer) + GST_BUFFER_DURATION (buffer), ear->now);
      if (i < 48)
        ear_hear_buffer (ear, buffer);
      else
        gst_buffer_unref (buffer);
    }
  }
  for (i = 0; i < ear->heard->len; i++)
    fail_unless (fabs (g_array_index (ear->heard, gdouble, i)) < 0.26);
  assert_notes (ear, HEARD_MISMATCH);
  assert_messages (ear, "+mismatch -mismatch");

  /* Stopped: the lamp goes out, and the rest is not made up for. */
  warn_of (session, "key-expired");
  ear_listen (ear, 400 * GST_MSECOND);
  assert_messages (ear, "+error");
  fail_unless_equals_int (gst_element_set_state (ear->alert, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  assert_messages (ear, "-error");
  ear_free (ear);
  gst_object_unref (session);
}
GST_END_TEST;

/* Buffers that are not as caps and metadata say: nothing but them is written to, and they go on. */
GST_START_TEST (test_odd_buffers)
{
  GstZrtpSession *session = gst_zrtp_session_new ();
  GstAudioLayout layout = __i__ < 4 ? GST_AUDIO_LAYOUT_INTERLEAVED : GST_AUDIO_LAYOUT_NON_INTERLEAVED;
  Ear *ear = ear_new (session, NULL);
  GstAudioMeta *meta;
  GstBuffer *buffer;

  ear_set_caps (ear, GST_AUDIO_FORMAT_S16, RATE, 2, layout);
  buffer = ear_make_buffer (ear, 800, 0.0);
  switch (__i__) {
    case 0:
      gst_buffer_resize (buffer, 0, 3);
      break;
    case 1:
      gst_buffer_resize (buffer, 0, 0);
      break;
    case 2:
      gst_buffer_add_audio_meta (buffer, &ear->info, 800, NULL);
      gst_buffer_resize (buffer, 0, 8);
      break;
    case 3:
      meta = gst_buffer_add_audio_meta (buffer, &ear->info, 800, NULL);
      meta->info.bpf = 1;
      meta->samples = 3200;
      break;
    case 4:
      gst_buffer_resize (buffer, 0, 8);
      break;
    case 5:
      gst_buffer_get_audio_meta (buffer)->samples = 100000;
      break;
    case 6:
      gst_buffer_get_audio_meta (buffer)->samples = G_MAXSIZE / 2 + 1;
      break;
    case 7:
      gst_buffer_get_audio_meta (buffer)->offsets[1] = G_MAXSIZE - 16;
      break;
    case 8:
      gst_buffer_remove_meta (buffer, (GstMeta *) gst_buffer_get_audio_meta (buffer));
      break;
    case 9:
      meta = gst_buffer_get_audio_meta (buffer);
      meta->info.channels = 64;
      break;
    case 10:
      meta = gst_buffer_get_audio_meta (buffer);
      meta->info.bpf = 1;
      break;
  }
  warn_of (session, "message-mac");
  fail_unless_equals_int (gst_harness_push (ear->harness, buffer), GST_FLOW_OK);
  gst_buffer_unref (gst_harness_pull (ear->harness));
  /* What comes then sounds. */
  ear_listen (ear, 2 * GST_SECOND);
  {
    gchar *notes = ear_take_notes (ear);

    fail_unless (g_str_has_suffix (notes, "1700 1200 1700"), "%s", notes);
    g_free (notes);
  }
  ear_free (ear);
  gst_object_unref (session);
}
GST_END_TEST;

static gpointer
warn_on_and_on (gpointer data)
{
  gpointer *of = data;

  while (!g_atomic_int_get ((gint *) of[1]))
    warn_of (of[0], "message-mac");
  return NULL;
}

/* The element comes and goes while other threads tell it of things. */
GST_START_TEST (test_goes_while_told)
{
  GstZrtpSession *session = gst_zrtp_session_new ();
  GThread *threads[2];
  gint stop = FALSE;
  gpointer of[] = { session, &stop };
  guint i;

  for (i = 0; i < 2; i++)
    threads[i] = g_thread_new ("tells", warn_on_and_on, of);
  for (i = 0; i < 60; i++) {
    Ear *ear = ear_new (session, "hold-media", i % 2, NULL);

    ear_set_caps (ear, GST_AUDIO_FORMAT_S16, RATE, 1, GST_AUDIO_LAYOUT_INTERLEAVED);
    if (i % 3 == 0)
      ear_listen (ear, 40 * GST_MSECOND);
    ear_free (ear);
  }
  g_atomic_int_set (&stop, TRUE);
  for (i = 0; i < 2; i++)
    g_thread_join (threads[i]);
  gst_zrtp_session_wait_idle (session);
  gst_object_unref (session);
}
GST_END_TEST;

static Suite *
alert_suite (void)
{
  Suite *suite = suite_create ("alert");
  TCase *tcase = tcase_create ("alert");

  tcase_set_timeout (tcase, 120);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_silent);
  tcase_add_test (tcase, test_sounding);
  tcase_add_test (tcase, test_pieces);
  tcase_add_test (tcase, test_afterwards);
  tcase_add_test (tcase, test_order);
  tcase_add_test (tcase, test_interrupted);
  tcase_add_loop_test (tcase, test_odd_buffers, 0, 11);
  tcase_add_test (tcase, test_goes_while_told);
  return suite;
}

GST_CHECK_MAIN (alert)
