/* tones.h: the tone figures of zrtpalert, and mixing them into raw audio of any format.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/audio/audio.h>

G_BEGIN_DECLS

/* What a figure tells, the least important one first. */
typedef enum
{
  GST_ZRTP_ALERT_SECURE = 1 << 0,
  GST_ZRTP_ALERT_VERIFIED = 1 << 1,
  GST_ZRTP_ALERT_NO_PEER = 1 << 2,
  GST_ZRTP_ALERT_ERROR = 1 << 3,
  GST_ZRTP_ALERT_CLEAR = 1 << 4,
  GST_ZRTP_ALERT_MISMATCH = 1 << 5
} GstZrtpAlertEvents;

typedef struct
{
  guint16 frequency;            /* Hz; 0: a rest */
  guint16 length;               /* milliseconds */
} GstZrtpNote;

typedef struct
{
  GstZrtpAlertEvents event;
  const gchar *name, *text;
  GstZrtpNote notes[16];        /* up to one of no length */
} GstZrtpFigure;

/* NULL if there is none for that. */
const GstZrtpFigure *gst_zrtp_figure_find (GstZrtpAlertEvents event);
/* In samples of one channel. */
guint gst_zrtp_figure_get_length (const GstZrtpFigure * figure, guint rate);
/* Adds n samples of the figure, from position on, to each of n_channels interleaved channels at data. Integers saturate; floats, which
 * have no limit, just add up. volume: 1.0 is full scale. */
void gst_zrtp_figure_mix (const GstZrtpFigure * figure, guint rate, guint position, gdouble volume,
    const GstAudioFormatInfo * format, gpointer data, guint n_channels, guint n);

G_END_DECLS
