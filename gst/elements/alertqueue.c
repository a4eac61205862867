/* alertqueue.c: what a user should hear of a call, in which order.
 *
 * A tone tells what is so now. What has become untrue before anybody heard it is not told any more, and what was told is not
 * told again until something changes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/elements/alertqueue.h"

/* What the call is: one of them is true at a time. */
#define STANDING \
  (GST_ZRTP_ALERT_SECURE | GST_ZRTP_ALERT_VERIFIED | GST_ZRTP_ALERT_NO_PEER | GST_ZRTP_ALERT_CLEAR)

static GstZrtpLevel
level_of (GstZrtpLevel before, GstZrtpState state, GstZrtpSecurity security)
{
  switch (state) {
    case GST_ZRTP_STATE_IDLE:
    case GST_ZRTP_STATE_DISCOVERING:
      return GST_ZRTP_LEVEL_UNKNOWN;
    case GST_ZRTP_STATE_NO_PEER:
      return GST_ZRTP_LEVEL_NO_PEER;
    case GST_ZRTP_STATE_FAILED:
      return GST_ZRTP_LEVEL_FAILED;
    case GST_ZRTP_STATE_CLEAR:
    case GST_ZRTP_STATE_CLEARING:
      return GST_ZRTP_LEVEL_CLEAR;
    case GST_ZRTP_STATE_SECURE:
      /* None: it is not judged yet, and will be told of again. */
      return security == GST_ZRTP_SECURITY_NONE          ? before
          : security == GST_ZRTP_SECURITY_INSECURE   ? GST_ZRTP_LEVEL_INSECURE
          : security == GST_ZRTP_SECURITY_UNVERIFIED ? GST_ZRTP_LEVEL_SECURE
                                                     : GST_ZRTP_LEVEL_VERIFIED;
    case GST_ZRTP_STATE_SECURING:
      return before;
  }
  return before;
}

/* What there is to tell when the level has changed; 0: nothing. */
static guint
event_of (GstZrtpLevel before, GstZrtpLevel level)
{
  gboolean lost = before >= GST_ZRTP_LEVEL_INSECURE;

  switch (level) {
    case GST_ZRTP_LEVEL_UNKNOWN:
      return 0;
    case GST_ZRTP_LEVEL_NO_PEER:
      return lost ? GST_ZRTP_ALERT_CLEAR : GST_ZRTP_ALERT_NO_PEER;
    case GST_ZRTP_LEVEL_FAILED:
      return lost ? GST_ZRTP_ALERT_CLEAR : GST_ZRTP_ALERT_ERROR;
    case GST_ZRTP_LEVEL_CLEAR:
      /* A peer that could encrypt is no news. */
      return lost ? GST_ZRTP_ALERT_CLEAR : 0;
    case GST_ZRTP_LEVEL_INSECURE:
      return GST_ZRTP_ALERT_MISMATCH;
    case GST_ZRTP_LEVEL_SECURE:
      return GST_ZRTP_ALERT_SECURE;
    case GST_ZRTP_LEVEL_VERIFIED:
      return GST_ZRTP_ALERT_VERIFIED;
  }
  return 0;
}

void
gst_zrtp_alert_queue_begin (GstZrtpAlertQueue *queue)
{
  queue->level = GST_ZRTP_LEVEL_UNKNOWN;
  queue->told = queue->pending = 0;
}

void
gst_zrtp_alert_queue_note_state (GstZrtpAlertQueue *queue, guint wanted, GstZrtpState state, GstZrtpSecurity security)
{
  GstZrtpLevel before = queue->level, level = level_of (before, state, security);
  guint event;

  if (level == before)
    return;
  queue->level = level;
  if (level == GST_ZRTP_LEVEL_UNKNOWN) {
    /* It looks for a peer once more. The attack that there was is not undone by that; its author may have caused it. */
    queue->pending &= GST_ZRTP_ALERT_MISMATCH;
    queue->told = queue->pending;
    return;
  }

  event = event_of (before, level);
  queue->pending &= ~STANDING;
  /* A warning of the same may have come before. */
  queue->pending |= event & wanted & ~queue->told;
  queue->told = event;
}

void
gst_zrtp_alert_queue_note_warning (GstZrtpAlertQueue *queue, guint wanted, const gchar *code)
{
  static const struct
  {
    const gchar *code;
    GstZrtpAlertEvents event;
  } alarming[] = {
    /* Somebody attacks, or may. */
    { "cache-mismatch", GST_ZRTP_ALERT_MISMATCH },
    { "hello-hash", GST_ZRTP_ALERT_MISMATCH },
    { "message-mac", GST_ZRTP_ALERT_MISMATCH },
    { "peer-silent", GST_ZRTP_ALERT_MISMATCH },
    { "sas-refused", GST_ZRTP_ALERT_MISMATCH },
    /* Nothing is sent, or heard. */
    { "key-expired", GST_ZRTP_ALERT_ERROR },
    { "srtp", GST_ZRTP_ALERT_ERROR },
    { "stream-held", GST_ZRTP_ALERT_ERROR },
    { "too-many-failures", GST_ZRTP_ALERT_ERROR },
    { "undecryptable", GST_ZRTP_ALERT_ERROR },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (alarming); i++) {
    if (g_strcmp0 (code, alarming[i].code) == 0) {
      queue->pending |= alarming[i].event & wanted & ~queue->told;
      queue->told |= alarming[i].event;
    }
  }
}

guint
gst_zrtp_alert_queue_take (GstZrtpAlertQueue *queue)
{
  guint event;

  if (queue->pending == 0)
    return 0;
  event = 1u << g_bit_nth_msf (queue->pending, -1);
  queue->pending &= ~event;
  return event;
}
