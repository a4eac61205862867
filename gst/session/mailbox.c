/* mailbox.c: inputs for the engine, and the worker threads of the process that drain them.
 *
 * No media thread, clock or application ever waits for public-key arithmetic: they leave a note here. A session is with one
 * worker at a time, so that its engine sees its inputs in order.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

#include <string.h>

/* A handshake is some ten packets; a peer that sends more at once is no faster served (attack C8). */
#define MAX_PENDING_PACKETS 64
/* Inputs that a session may have worked off before others get their turn. */
#define TURN 16

static void work (gpointer data, gpointer user_data);

static GThreadPool *
workers (void)
{
  static gsize pool = 0;

  if (g_once_init_enter (&pool))
    g_once_init_leave (&pool,
        (gsize) g_thread_pool_new (work, NULL, CLAMP ((gint) g_get_num_processors (), 4, 8), FALSE, NULL));
  return (GThreadPool *) pool;
}

void
gst_zrtp_mailbox_init (GstZrtpSession *self)
{
  g_mutex_init (&self->inbox_lock);
  g_cond_init (&self->inbox_idle);
  g_queue_init (&self->inbox);
}

void
gst_zrtp_mailbox_clear (GstZrtpSession *self)
{
  g_queue_clear_full (&self->inbox, g_free);
  g_cond_clear (&self->inbox_idle);
  g_mutex_clear (&self->inbox_lock);
}

gboolean
gst_zrtp_mailbox_post (GstZrtpSession *self, GstZrtpInputType type, guint stream, guint32 value,
    gconstpointer data, gsize len)
{
  GstZrtpInput *input;
  GstZrtpMedia *media = gst_zrtp_session_peek_media (self, stream);
  gboolean schedule;

  g_mutex_lock (&self->inbox_lock);
  if (type == GST_ZRTP_INPUT_PACKET && (media == NULL || media->pending >= MAX_PENDING_PACKETS)) {
    if (media != NULL)
      media->overflow++;
    g_mutex_unlock (&self->inbox_lock);
    return FALSE;
  }
  if (type == GST_ZRTP_INPUT_ADVANCE && self->advance_queued) {
    g_mutex_unlock (&self->inbox_lock);
    return TRUE;
  }

  input = g_malloc (sizeof *input + len);
  input->type = type;
  input->stream = stream;
  input->run = g_atomic_int_get (&self->run);
  input->value = value;
  input->len = len;
  if (len > 0)
    memcpy (input->data, data, len);

  if (type == GST_ZRTP_INPUT_PACKET)
    media->pending++;
  else if (type == GST_ZRTP_INPUT_ADVANCE)
    self->advance_queued = TRUE;
  g_queue_push_tail (&self->inbox, input);
  schedule = !self->scheduled;
  self->scheduled = TRUE;
  g_mutex_unlock (&self->inbox_lock);

  if (schedule)
    g_thread_pool_push (workers (), gst_object_ref (self), NULL);
  return TRUE;
}

static GstZrtpInput *
take_input (GstZrtpSession *self)
{
  GstZrtpInput *input;

  g_mutex_lock (&self->inbox_lock);
  input = g_queue_pop_head (&self->inbox);
  if (input == NULL) {
    self->scheduled = FALSE;
    g_cond_broadcast (&self->inbox_idle);
  } else if (input->type == GST_ZRTP_INPUT_PACKET)
    self->media[input->stream]->pending--;
  else if (input->type == GST_ZRTP_INPUT_ADVANCE)
    self->advance_queued = FALSE;
  g_mutex_unlock (&self->inbox_lock);
  return input;
}

static void
work (gpointer data, gpointer user_data)
{
  GstZrtpSession *self = data;
  guint i;

  for (i = 0; i < TURN; i++) {
    GstZrtpInput *input = take_input (self);

    if (input == NULL) {
      gst_object_unref (self);
      return;
    }
    if (input->run == (guint) g_atomic_int_get (&self->run))
      gst_zrtp_engine_handle (self, input);
    g_free (input);
  }
  g_thread_pool_push (workers (), self, NULL);
}

/**
 * gst_zrtp_session_wait_idle: (skip)
 */
void
gst_zrtp_session_wait_idle (GstZrtpSession *self)
{
  g_mutex_lock (&self->inbox_lock);
  while (self->scheduled)
    g_cond_wait (&self->inbox_idle, &self->inbox_lock);
  g_mutex_unlock (&self->inbox_lock);
}
