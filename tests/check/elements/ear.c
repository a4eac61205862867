/* ear.c: what somebody hears behind a zrtpalert, as the notes that sound.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ear.h"

#include <math.h>
#include <string.h>

#define CHUNK (20 * GST_MSECOND)

static const guint notes[] = { 370, 440, 550, 660, 880, 990, 1200, 1320, 1700 };

Ear *
ear_new (GstZrtpSession *session, const gchar *first, ...)
{
  Ear *self = g_new0 (Ear, 1);
  va_list args;

  self->alert = gst_element_factory_make ("zrtpalert", NULL);
  fail_unless (self->alert != NULL);
  self->bus = gst_bus_new ();
  gst_element_set_bus (self->alert, self->bus);
  g_object_set (self->alert, "session", session, NULL);
  va_start (args, first);
  if (first != NULL)
    g_object_set_valist (G_OBJECT (self->alert), first, args);
  va_end (args);
  self->heard = g_array_new (FALSE, FALSE, sizeof (gdouble));
  self->harness = gst_harness_new_with_element (self->alert, "sink", "src");
  return self;
}

void
ear_free (Ear *self)
{
  gint64 patience = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  gst_harness_teardown (self->harness);
  gst_element_set_bus (self->alert, NULL);
  gst_bus_set_flushing (self->bus, TRUE);
  /* The thread that would have filled a silence lets go of it soon. */
  while (GST_OBJECT_REFCOUNT_VALUE (self->alert) > 1 && g_get_monotonic_time () < patience)
    g_thread_yield ();
  ASSERT_OBJECT_REFCOUNT (self->alert, "zrtpalert", 1);
  gst_object_unref (self->alert);
  gst_object_unref (self->bus);
  g_array_unref (self->heard);
  g_free (self);
}

void
ear_set_caps (Ear *self, GstAudioFormat format, guint rate, guint channels, GstAudioLayout layout)
{
  static const GstAudioChannelPosition none[64] = { GST_AUDIO_CHANNEL_POSITION_NONE };
  GstCaps *caps;

  gst_audio_info_set_format (&self->info, format, rate, channels, channels > 2 ? none : NULL);
  self->info.layout = layout;
  caps = gst_audio_info_to_caps (&self->info);
  fail_unless (gst_audio_info_from_caps (&self->info, caps));
  gst_harness_set_src_caps (self->harness, caps);
}

/* One sample of this level in the format. */
static void
pack (const GstAudioFormatInfo *format, gdouble level, guint8 *sample)
{
  gint32 s32 = CLAMP (level * G_MAXINT32, G_MININT32, G_MAXINT32);

  format->pack_func (format, 0, format->unpack_format == GST_AUDIO_FORMAT_F64 ? (gpointer) &level : (gpointer) &s32, sample, 1);
}

GstBuffer *
ear_make_buffer (Ear *self, guint n, gdouble level)
{
  const GstAudioInfo *info = &self->info;
  guint width = GST_AUDIO_INFO_WIDTH (info) / 8, i;
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, (gsize) n * GST_AUDIO_INFO_BPF (info), NULL);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (i = 0; i < n * (guint) GST_AUDIO_INFO_CHANNELS (info); i++)
    pack (info->finfo, level, map.data + i * width);
  gst_buffer_unmap (buffer, &map);
  if (GST_AUDIO_INFO_LAYOUT (info) == GST_AUDIO_LAYOUT_NON_INTERLEAVED)
    gst_buffer_add_audio_meta (buffer, info, n, NULL);
  GST_BUFFER_PTS (buffer) = self->now;
  GST_BUFFER_DURATION (buffer) = gst_util_uint64_scale_int (n, GST_SECOND, GST_AUDIO_INFO_RATE (info));
  self->now += GST_BUFFER_DURATION (buffer);
  return buffer;
}

gdouble *
ear_unpack (Ear *self, GstBuffer *buffer, guint channel, guint *n)
{
  GstPad *pad = gst_element_get_static_pad (self->alert, "src");
  GstCaps *caps = gst_pad_get_current_caps (pad);
  const GstAudioFormatInfo *format;
  GstAudioBuffer audio;
  GstAudioInfo info;
  gdouble *samples;
  guint i, channels;

  fail_unless (gst_audio_info_from_caps (&info, caps));
  gst_caps_unref (caps);
  gst_object_unref (pad);
  fail_unless (gst_audio_buffer_map (&audio, &info, buffer, GST_MAP_READ));
  self->rate = GST_AUDIO_INFO_RATE (&info);
  format = info.finfo;
  channels = GST_AUDIO_INFO_CHANNELS (&info);
  *n = audio.n_samples;
  samples = g_new (gdouble, *n);
  for (i = 0; i < *n; i++) {
    gboolean planar = info.layout == GST_AUDIO_LAYOUT_NON_INTERLEAVED;
    guint8 *at = (guint8 *) audio.planes[planar ? channel : 0] + (gsize) (planar ? i : i * channels + channel) * format->width / 8;
    gint32 s32;

    if (format->unpack_format == GST_AUDIO_FORMAT_F64)
      format->unpack_func (format, 0, &samples[i], at, 1);
    else {
      format->unpack_func (format, 0, &s32, at, 1);
      samples[i] = (gdouble) s32 / G_MAXINT32;
    }
  }
  gst_audio_buffer_unmap (&audio);
  return samples;
}

void
ear_hear_buffer (Ear *self, GstBuffer *buffer)
{
  guint n;
  gdouble *samples = ear_unpack (self, buffer, 0, &n);

  g_array_append_vals (self->heard, samples, n);
  g_free (samples);
  gst_buffer_unref (buffer);
}

void
ear_listen (Ear *self, GstClockTime duration)
{
  GstClockTime end = self->now + duration;
  guint n = gst_util_uint64_scale_int (CHUNK, GST_AUDIO_INFO_RATE (&self->info), GST_SECOND);

  while (self->now < end) {
    /* Somebody else has it too, so that it cannot be changed without becoming another one. */
    GstBuffer *in = gst_buffer_ref (ear_make_buffer (self, n, 0.0)), *out;

    fail_unless_equals_int (gst_harness_push (self->harness, in), GST_FLOW_OK);
    while ((out = gst_harness_try_pull (self->harness)) != NULL) {
      self->untouched += out == in;
      ear_hear_buffer (self, out);
    }
    gst_buffer_unref (in);
  }
}

/* Goertzel's algorithm. */
gdouble
ear_strength (const gdouble *samples, guint n, guint rate, gdouble frequency)
{
  gdouble coefficient = 2.0 * cos (2.0 * G_PI * frequency / rate), s1 = 0.0, s2 = 0.0;
  guint i;

  for (i = 0; i < n; i++) {
    gdouble s = samples[i] + coefficient * s1 - s2;

    s2 = s1;
    s1 = s;
  }
  return 2.0 * sqrt (MAX (0.0, s1 * s1 + s2 * s2 - coefficient * s1 * s2)) / n;
}

static guint
loudest (const gdouble *samples, guint n, guint rate)
{
  gdouble most = 0.02;
  guint note = 0, i;

  for (i = 0; i < G_N_ELEMENTS (notes); i++) {
    gdouble strength = ear_strength (samples, n, rate, notes[i]);

    if (strength > most) {
      most = strength;
      note = notes[i];
    }
  }
  return note;
}

gchar *
ear_take_notes (Ear *self)
{
  GString *text = g_string_new (NULL);
  guint window = self->rate / 50, before = 0, last = 0, i;

  /* A note is what is heard twice running: between two of them there is something of both. */
  for (i = 0; window > 0 && i + window <= self->heard->len; i += window) {
    guint note = loudest (&g_array_index (self->heard, gdouble, i), window, self->rate);

    if (note == before && note != last) {
      last = note;
      if (note != 0)
        g_string_append_printf (text, "%s%u", text->len > 0 ? " " : "", note);
    }
    before = note;
  }
  g_array_set_size (self->heard, 0);
  return g_string_free (text, FALSE);
}

gchar *
ear_take_messages (Ear *self)
{
  GString *text = g_string_new (NULL);
  GstMessage *message;
  const gchar *alert, *plain;
  gboolean sounding;

  while ((message = gst_bus_pop_filtered (self->bus, GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR)) != NULL) {
    fail_unless (gst_zrtp_message_parse_alert (message, &alert, &sounding));
    fail_unless (gst_zrtp_message_parse (message, NULL, NULL, &plain) && strlen (plain) > 10);
    g_string_append_printf (text, "%s%c%s", text->len > 0 ? " " : "", sounding ? '+' : '-', alert);
    gst_message_unref (message);
  }
  return g_string_free (text, FALSE);
}
