/* ear.h: what somebody hears behind a zrtpalert, as the notes that sound.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/audio/audio.h>
#include <gst/check/check.h>
#include <gst/check/gstharness.h>

#include "gst/session/session.h"

typedef struct
{
  GstElement *alert;
  GstHarness *harness;
  GstBus *bus;
  GstAudioInfo info;
  GstClockTime now;             /* PTS of the next buffer */
  GArray *heard;                /* gdouble: first channel of all that came out */
  guint rate;
  guint untouched;              /* buffers that came out as they went in */
} Ear;

/* A zrtpalert of this session, playing. First property and so on as g_object_set takes them. */
Ear *ear_new (GstZrtpSession * session, const gchar * first, ...);
void ear_free (Ear * self);
void ear_set_caps (Ear * self, GstAudioFormat format, guint rate, guint channels, GstAudioLayout layout);
/* So many samples of silence, or of a constant level from -1 to 1 on all channels. */
GstBuffer *ear_make_buffer (Ear * self, guint n, gdouble level);
/* Pushes silence of 20 ms at a time, and listens. */
void ear_listen (Ear * self, GstClockTime duration);
/* Adds what a buffer has, or all that has come out. Takes the buffer. */
void ear_hear_buffer (Ear * self, GstBuffer * buffer);
/* The notes heard so far, like "660 990"; "" is silence. Forgets them. Transfer full. */
gchar *ear_take_notes (Ear * self);
/* How strong a frequency is in samples from..to, from 0 to 1. */
gdouble ear_strength (const gdouble * samples, guint n, guint rate, gdouble frequency);
/* The first channel, or any. Free with g_free. */
gdouble *ear_unpack (Ear * self, GstBuffer * buffer, guint channel, guint * n);
/* The messages zrtp-alert so far, like "+secure -secure". Transfer full. */
gchar *ear_take_messages (Ear * self);

#define assert_notes(ear, expected) \
  do { \
    gchar *notes = ear_take_notes (ear); \
    fail_unless_equals_string (notes, expected); \
    g_free (notes); \
  } while (0)
#define assert_messages(ear, expected) \
  do { \
    gchar *messages = ear_take_messages (ear); \
    fail_unless_equals_string (messages, expected); \
    g_free (messages); \
  } while (0)

/* The figures as gst/elements/tones.c has them. */
#define HEARD_SECURE "660 990"
#define HEARD_VERIFIED "660 880 1320"
#define HEARD_NO_PEER "440"
#define HEARD_ERROR "370 370 370"
#define HEARD_CLEAR "880 550"
#define HEARD_MISMATCH "1200 1700 1200 1700 1200 1700 1200 1700"
