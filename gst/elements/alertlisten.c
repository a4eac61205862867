/* alertlisten.c: zrtpalert hears what its session tells, and holds the session's media until the user has heard it too.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/elements/gstzrtpalert.h"

GST_DEBUG_CATEGORY_EXTERN (gst_zrtp_alert_debug);
#define GST_CAT_DEFAULT gst_zrtp_alert_debug

/* Media is not held for longer, whether or not a figure could sound. */
#define MAX_HOLD (5 * GST_SECOND)

void
gst_zrtp_alert_change_ticket (GstZrtpAlert *self, guint ticket, GstClockTime after)
{
  if (self->ticket != 0)
    gst_zrtp_session_release_media (self->session, self->ticket, after);
  self->ticket = ticket;
}

/* Whether the message says that the stream has begun with what makes a call. */
static gboolean
is_beginning (GstZrtpAlert *self, const GstStructure *message)
{
  gint stream = 0;

  return message != NULL && gst_structure_has_name (message, GST_ZRTP_MESSAGE_STATE)
      && g_strcmp0 (gst_structure_get_string (message, "old-state"), "idle") == 0
      && gst_structure_get_int (message, "stream", &stream) && (guint) stream == self->watched;
}

/* The session has told something, or this element has just come. */
static void
hear (GstZrtpAlert *self, GstZrtpSession *session, const GstStructure *message)
{
  guint wanted, before;
  gint stream = 0;
  gboolean fill = FALSE;

  GST_OBJECT_LOCK (self);
  wanted = self->events;
  GST_OBJECT_UNLOCK (self);

  g_mutex_lock (&self->lock);
  if (self->session != session) {
    g_mutex_unlock (&self->lock);
    return;
  }
  if (is_beginning (self, message))
    gst_zrtp_alert_queue_begin (&self->queue);
  before = self->queue.pending;
  gst_zrtp_alert_queue_note_state (&self->queue, wanted, gst_zrtp_session_get_state (session, self->watched),
      gst_zrtp_session_get_security (session, self->watched));
  if (message != NULL && gst_structure_has_name (message, GST_ZRTP_MESSAGE_WARNING)) {
    gst_structure_get_int (message, "stream", &stream);
    /* An attack on one stream is one on the call; what goes wrong with another one is not ours to tell. */
    if ((guint) stream != self->watched)
      wanted &= GST_ZRTP_ALERT_MISMATCH;
    gst_zrtp_alert_queue_note_warning (&self->queue, wanted, gst_structure_get_string (message, "code"));
  }
  if (self->queue.pending & ~before) {
    GST_DEBUG_OBJECT (self, "figures wait: %02x", self->queue.pending);
    if (self->holding)
      gst_zrtp_alert_change_ticket (self, gst_zrtp_session_hold_media (session, MAX_HOLD), 0);
    g_atomic_int_set (&self->busy, TRUE);
    fill = gst_zrtp_alert_wants_fill (self);
  } else if (self->queue.pending == 0 && self->figure == NULL)
    gst_zrtp_alert_change_ticket (self, 0, 0);
  g_mutex_unlock (&self->lock);

  if (fill)
    gst_zrtp_alert_fill (self);
}

/* On a worker, which may be on its way here while the element goes. */
static void
on_message (GstZrtpSession *session, const GstStructure *message, gpointer data)
{
  GstZrtpAlert *self = g_weak_ref_get (data);

  if (self == NULL)
    return;
  hear (self, session, message);
  gst_object_unref (self);
}

static void
free_weak_ref (gpointer data, GClosure *closure)
{
  g_weak_ref_clear (data);
  g_free (data);
}

GstMessage *
gst_zrtp_alert_new_message (GstZrtpAlert *self, gboolean sounding)
{
  return gst_message_new_element (GST_OBJECT (self),
      gst_structure_new (GST_ZRTP_MESSAGE_ALERT, "session-id", G_TYPE_STRING, gst_zrtp_session_get_id (self->session),
          "stream", G_TYPE_INT, (gint) self->watched, "text", G_TYPE_STRING, self->figure->text, "alert", G_TYPE_STRING,
          self->figure->name, "sounding", G_TYPE_BOOLEAN, sounding, NULL));
}

gboolean
gst_zrtp_alert_start (GstZrtpAlert *self)
{
  GstZrtpSession *session;
  GWeakRef *ref;
  guint stream;
  gboolean hold;

  if (!gst_zrtp_endpoint_resolve (&self->endpoint))
    return FALSE;
  ref = g_new (GWeakRef, 1);
  g_weak_ref_init (ref, self);
  session = gst_zrtp_endpoint_get_session (&self->endpoint);
  gst_zrtp_endpoint_set_listening (&self->endpoint, TRUE);
  GST_OBJECT_LOCK (self);
  stream = self->stream;
  hold = self->hold_media;
  GST_OBJECT_UNLOCK (self);

  g_mutex_lock (&self->lock);
  self->session = session;
  self->watched = stream;
  self->holding = hold;
  gst_zrtp_alert_queue_begin (&self->queue);
  self->figure = NULL;
  self->position = self->rest = 0;
  self->ticket = 0;
  self->latency = 0;
  self->handler = g_signal_connect_data (session, "message", G_CALLBACK (on_message), ref, free_weak_ref, 0);
  g_mutex_unlock (&self->lock);
  if (hold)
    gst_zrtp_session_want_hold (session, TRUE);
  hear (self, session, NULL);
  return TRUE;
}

void
gst_zrtp_alert_stop (GstZrtpAlert *self)
{
  GstMessage *end = NULL;
  GstZrtpSession *session;

  g_mutex_lock (&self->lock);
  if (self->figure != NULL)
    end = gst_zrtp_alert_new_message (self, FALSE);
  self->figure = NULL;
  self->queue.pending = 0;
  gst_zrtp_alert_change_ticket (self, 0, 0);
  session = g_steal_pointer (&self->session);
  g_atomic_int_set (&self->busy, FALSE);
  g_mutex_unlock (&self->lock);

  gst_zrtp_endpoint_set_listening (&self->endpoint, FALSE);
  g_signal_handler_disconnect (session, self->handler);
  if (self->holding)
    gst_zrtp_session_want_hold (session, FALSE);
  gst_object_unref (session);
  if (end != NULL)
    gst_element_post_message (GST_ELEMENT (self), end);
}
