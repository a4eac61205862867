/* gstzrtpalert.h: the element by which a user hears what the call is.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/audio/gstaudiofilter.h>

#include "gst/elements/alertqueue.h"
#include "gst/elements/common.h"

G_BEGIN_DECLS

#define GST_TYPE_ZRTP_ALERT (gst_zrtp_alert_get_type ())
G_DECLARE_FINAL_TYPE (GstZrtpAlert, gst_zrtp_alert, GST, ZRTP_ALERT, GstAudioFilter)
GST_ELEMENT_REGISTER_DECLARE (zrtpalert);

struct _GstZrtpAlert
{
  GstAudioFilter parent;

  GstZrtpEndpoint endpoint;

  /* Object lock: properties. */
  guint stream;
  guint events;                 /* GstZrtpAlertEvents */
  gdouble volume;
  gboolean hold_media;

  gint busy;                    /* atomic: there is, or was a moment ago, something to sound */
  gboolean passing;             /* streaming thread: the base class is in passthrough */

  GMutex lock;                  /* for the rest; taken by the streaming thread only while busy */
  GstZrtpSession *session;      /* listened to, above READY */
  gulong handler;
  guint watched;                /* stream */
  gboolean holding;             /* hold-media as the element started */
  guint ticket;                 /* of the session's hold; 0: none */
  GstZrtpAlertQueue queue;
  const GstZrtpFigure *figure;  /* sounds now */
  guint position, rest;         /* in it, and after it; samples of one channel */
  guint rate;                   /* that these count in */
  GstClockTime latency;         /* until what is pushed is heard */

  /* alertfill.c */
  gboolean playing;
  gboolean filling;             /* a thread looks after it */
  GstClockID wait;              /* of that thread */
};

/* alertlisten.c: what there is to sound. */
/* Above READY. FALSE: an error is on the bus. */
gboolean gst_zrtp_alert_start (GstZrtpAlert * self);
void gst_zrtp_alert_stop (GstZrtpAlert * self);
/* With the lock held: gives the ticket back, after that much time, for another one; 0: for none. */
void gst_zrtp_alert_change_ticket (GstZrtpAlert * self, guint ticket, GstClockTime after);
/* With the lock held: that the figure begins, or ends. */
GstMessage *gst_zrtp_alert_new_message (GstZrtpAlert * self, gboolean sounding);

/* alertfill.c: sounding when no audio comes. */
/* Something is to be sounded. With the lock held; returns whether to call gst_zrtp_alert_fill() after. */
gboolean gst_zrtp_alert_wants_fill (GstZrtpAlert * self);
void gst_zrtp_alert_fill (GstZrtpAlert * self);
void gst_zrtp_alert_set_playing (GstZrtpAlert * self, gboolean playing);
/* A buffer of silence in the pad's format, at most a second. */
GstBuffer *gst_zrtp_alert_make_silence (GstZrtpAlert * self, GstClockTime pts, GstClockTime duration);

G_END_DECLS
