/* timers.c: the engine's time, and its one deadline as a single-shot wait on a clock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

/* A wait must not keep a session alive: a clock that nobody advances never ends it. */
static void
free_weak_ref (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static gboolean
deadline_passed (GstClock *clock, GstClockTime time, GstClockID id, gpointer data)
{
  GstZrtpSession *self = g_weak_ref_get (data);

  if (self != NULL) {
    gst_zrtp_mailbox_post (self, GST_ZRTP_INPUT_ADVANCE, 0, 0, NULL, 0);
    gst_object_unref (self);
  }
  return TRUE;
}

static GstClockID
take_timer (GstZrtpSession *self)
{
  GstClockID id;

  g_mutex_lock (&self->inbox_lock);
  id = self->timer;
  self->timer = NULL;
  g_mutex_unlock (&self->inbox_lock);
  return id;
}

void
gst_zrtp_timer_cancel (GstZrtpSession *self)
{
  GstClockID id = take_timer (self);

  if (id != NULL) {
    gst_clock_id_unschedule (id);
    gst_clock_id_unref (id);
  }
}

void
gst_zrtp_timer_begin (GstZrtpSession *self)
{
  if (self->clock != NULL)
    return;
  GST_OBJECT_LOCK (self);
  if (self->settings.clock != NULL)
    self->clock = gst_object_ref (self->settings.clock);
  GST_OBJECT_UNLOCK (self);
  if (self->clock == NULL)
    self->clock = gst_system_clock_obtain ();
}

void
gst_zrtp_timer_end (GstZrtpSession *self)
{
  self->paused_at = ZRTP_NO_DEADLINE;
  self->paused_for = 0;
  gst_zrtp_timer_set (self, ZRTP_NO_DEADLINE);
  gst_clear_object (&self->clock);
}

guint64
gst_zrtp_timer_now (GstZrtpSession *self)
{
  return (self->paused_at != ZRTP_NO_DEADLINE ? self->paused_at : gst_clock_get_time (self->clock)) - self->paused_for;
}

/* A packet that cannot be sent is no packet without an answer: what is under way when a call is put on hold goes on after it. */
void
gst_zrtp_timer_pause (GstZrtpSession *self, gboolean pause)
{
  guint64 now;

  if (self->clock == NULL || pause == (self->paused_at != ZRTP_NO_DEADLINE))
    return;
  now = gst_clock_get_time (self->clock);
  if (pause)
    self->paused_at = now;
  else {
    self->paused_for += now - self->paused_at;
    self->paused_at = ZRTP_NO_DEADLINE;
  }
  GST_DEBUG_OBJECT (self, "time %s", pause ? "stands still: nothing can be sent" : "goes on");
}

void
gst_zrtp_timer_set (GstZrtpSession *self, guint64 at)
{
  GWeakRef *ref;
  GstClockID id;

  if (self->paused_at != ZRTP_NO_DEADLINE)
    at = ZRTP_NO_DEADLINE;
  else if (at != ZRTP_NO_DEADLINE)
    at += self->paused_for;
  if (at == self->timer_at)
    return;
  gst_zrtp_timer_cancel (self);
  self->timer_at = at;
  if (at == ZRTP_NO_DEADLINE)
    return;

  ref = g_new (GWeakRef, 1);
  g_weak_ref_init (ref, self);
  id = gst_clock_new_single_shot_id (self->clock, at);
  g_mutex_lock (&self->inbox_lock);
  self->timer = gst_clock_id_ref (id);
  g_mutex_unlock (&self->inbox_lock);
  if (gst_clock_id_wait_async (id, deadline_passed, ref, free_weak_ref) == GST_CLOCK_UNSUPPORTED)
    GST_WARNING_OBJECT (self, "the clock cannot wait: no packet will be sent again");
  gst_clock_id_unref (id);
}
