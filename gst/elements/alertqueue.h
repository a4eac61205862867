/* alertqueue.h: what a user should hear of a call, in which order. Knows nothing of sound, threads or time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/zrtp/zrtp.h>
#include "gst/elements/tones.h"

G_BEGIN_DECLS

/* What a stream is worth, as a user is told. */
typedef enum
{
  GST_ZRTP_LEVEL_UNKNOWN,
  GST_ZRTP_LEVEL_NO_PEER,
  GST_ZRTP_LEVEL_FAILED,
  GST_ZRTP_LEVEL_CLEAR,
  GST_ZRTP_LEVEL_INSECURE,
  GST_ZRTP_LEVEL_SECURE,
  GST_ZRTP_LEVEL_VERIFIED
} GstZrtpLevel;

/* At most one of each event waits, so that nobody can make it grow. */
typedef struct
{
  GstZrtpLevel level;
  guint told;                   /* alarms raised since the level last changed */
  guint pending;                /* GstZrtpAlertEvents that nobody has heard yet */
} GstZrtpAlertQueue;

/* A call begins; nothing of the one before is told any more. */
void gst_zrtp_alert_queue_begin (GstZrtpAlertQueue * queue);
/* The stream is in this state now. Events not among those wanted do not wait. */
void gst_zrtp_alert_queue_note_state (GstZrtpAlertQueue * queue, guint wanted, GstZrtpState state,
    GstZrtpSecurity security);
/* The call brought this zrtp-warning. */
void gst_zrtp_alert_queue_note_warning (GstZrtpAlertQueue * queue, guint wanted, const gchar * code);
/* The most important event, which then waits no longer; 0: none. */
guint gst_zrtp_alert_queue_take (GstZrtpAlertQueue * queue);

G_END_DECLS
