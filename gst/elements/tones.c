/* tones.c: the tone figures of zrtpalert, and mixing them into raw audio of any format.
 *
 * The notes lie in the band of a telephone. Good news rises, bad news falls, an error stays low, and the alarm warbles, so
 * that who has heard them once tells them apart.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/elements/tones.h"

#include <math.h>

static const GstZrtpFigure figures[] = {
  { GST_ZRTP_ALERT_SECURE, "secure", "The call is encrypted now.", { { 660, 120 }, { 990, 180 } } },
  { GST_ZRTP_ALERT_VERIFIED, "verified", "The call is encrypted and your partner is verified.",
      { { 660, 100 }, { 880, 100 }, { 1320, 220 } } },
  { GST_ZRTP_ALERT_NO_PEER, "no-peer", "The other side does not encrypt.", { { 440, 300 } } },
  { GST_ZRTP_ALERT_ERROR, "error", "The call could not be encrypted, or no longer works as it is.",
      { { 370, 120 }, { 0, 80 }, { 370, 120 }, { 0, 80 }, { 370, 120 } } },
  { GST_ZRTP_ALERT_CLEAR, "clear", "The call is no longer encrypted.", { { 880, 180 }, { 550, 350 } } },
  { GST_ZRTP_ALERT_MISMATCH, "mismatch", "Somebody may be listening: compare the code with your partner.",
      { { 1200, 120 }, { 1700, 120 }, { 1200, 120 }, { 1700, 120 }, { 1200, 120 }, { 1700, 120 }, { 1200, 120 },
          { 1700, 120 } } },
};

/* Notes begin and end softly, or they would click. */
#define RAMP 0.005

/* Samples on their way through the widest format. */
#define SCRATCH 256

const GstZrtpFigure *
gst_zrtp_figure_find (GstZrtpAlertEvents event)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (figures); i++) {
    if (figures[i].event == event)
      return &figures[i];
  }
  return NULL;
}

static guint
to_samples (guint milliseconds, guint rate)
{
  return gst_util_uint64_scale_int (milliseconds, rate, 1000);
}

guint
gst_zrtp_figure_get_length (const GstZrtpFigure *figure, guint rate)
{
  const GstZrtpNote *note;
  guint length = 0;

  for (note = figure->notes; note->length != 0; note++)
    length += note->length;
  return to_samples (length, rate);
}

/* The figure as a walk, sample by sample. */
typedef struct
{
  const GstZrtpNote *note;
  guint before;                 /* milliseconds of the notes before */
  guint begin, end;             /* of the note, in samples */
  guint rate, position;
  gdouble volume;
} Walk;

static void
find_note (Walk *walk)
{
  while (walk->note->length != 0 && walk->position >= walk->end) {
    walk->before += walk->note->length;
    walk->note++;
    walk->begin = walk->end;
    walk->end = to_samples (walk->before + walk->note->length, walk->rate);
  }
}

static gdouble
walk_next (Walk *walk)
{
  gdouble since, left, gain;

  find_note (walk);
  since = (gdouble) (walk->position - walk->begin) / walk->rate;
  left = (gdouble) (walk->end - walk->position) / walk->rate;
  walk->position++;
  /* Nothing that a sampling rate this low cannot carry. */
  if (walk->note->length == 0 || 2 * walk->note->frequency >= walk->rate)
    return 0.0;
  gain = MIN (1.0, MIN (since, left) / RAMP);
  return walk->volume * gain * sin (2.0 * G_PI * walk->note->frequency * since);
}

static void
add_s32 (gint32 *sample, gdouble tone)
{
  gint64 sum = *sample + (gint64) (tone * G_MAXINT32);

  *sample = CLAMP (sum, G_MININT32, G_MAXINT32);
}

void
gst_zrtp_figure_mix (const GstZrtpFigure *figure, guint rate, guint position, gdouble volume,
    const GstAudioFormatInfo *format, gpointer data, guint n_channels, guint n)
{
  Walk walk = { figure->notes, 0, 0, to_samples (figure->notes[0].length, rate), rate, position, volume };
  gboolean is_float = format->unpack_format == GST_AUDIO_FORMAT_F64;
  gsize left = (gsize) n * n_channels;
  guint channel = 0;
  gdouble tone = 0.0;
  guint8 *at = data;
  union
  {
    gint32 s32[SCRATCH];
    gdouble f64[SCRATCH];
  } scratch;

  while (left > 0) {
    guint part = MIN (left, SCRATCH), i;

    format->unpack_func (format, GST_AUDIO_PACK_FLAG_NONE, &scratch, at, part);
    for (i = 0; i < part; i++) {
      if (channel == 0)
        tone = walk_next (&walk);
      if (is_float)
        scratch.f64[i] += tone;
      else
        add_s32 (&scratch.s32[i], tone);
      if (++channel == n_channels)
        channel = 0;
    }
    format->pack_func (format, GST_AUDIO_PACK_FLAG_NONE, &scratch, at, part);
    at += (gsize) part * format->width / 8;
    left -= part;
  }
}
