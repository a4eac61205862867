/* hold.c: own media rests for a moment, so that nothing is said before the user has heard what the call is now.
 *
 * Who wants that takes a ticket, and gives it back when the user has heard it. It is never for long, whatever becomes of the
 * ticket: each lasts no longer than it says, and all of them together draw on an allowance, so that a peer whose state flips to
 * and fro cannot silence this end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

/* How long media may rest at a stretch, and how much longer it has to have flowed until it may do so again. */
#define ALLOWANCE (10 * GST_SECOND)
#define REFILL 8

typedef struct
{
  guint number;
  GstClockTime length;          /* none once it is counted into until */
  guint64 until;
} Ticket;

void
gst_zrtp_hold_init (GstZrtpSession *self)
{
  g_mutex_init (&self->hold.lock);
  self->hold.tickets = g_array_new (FALSE, FALSE, sizeof (Ticket));
  self->hold.allowance = ALLOWANCE;
}

void
gst_zrtp_hold_free (GstZrtpSession *self)
{
  g_array_unref (self->hold.tickets);
  g_mutex_clear (&self->hold.lock);
}

/* The hold's lock is held. */
static void
apply (GstZrtpSession *self)
{
  gboolean resting = self->hold.in_step || self->hold.tickets->len > 0;
  guint i;

  if (resting == self->hold.resting)
    return;
  self->hold.resting = resting;
  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    GstZrtpMedia *media = gst_zrtp_session_peek_media (self, i);

    if (media != NULL)
      gst_zrtp_media_set_resting (media, resting);
  }
}

static Ticket *
find (GstZrtpSession *self, guint number)
{
  guint i;

  for (i = 0; i < self->hold.tickets->len; i++) {
    Ticket *ticket = &g_array_index (self->hold.tickets, Ticket, i);

    if (ticket->number == number)
      return ticket;
  }
  return NULL;
}

static void
drop (GstZrtpSession *self, Ticket *ticket)
{
  g_array_remove_index_fast (self->hold.tickets, ticket - (Ticket *) self->hold.tickets->data);
}

/**
 * gst_zrtp_session_want_hold: (skip)
 */
void
gst_zrtp_session_want_hold (GstZrtpSession *self, gboolean wanted)
{
  g_atomic_int_add (&self->hold.wanted, wanted ? 1 : -1);
}

/**
 * gst_zrtp_session_hold_media: (skip)
 */
guint
gst_zrtp_session_hold_media (GstZrtpSession *self, GstClockTime max)
{
  Ticket ticket = { 0, max, ZRTP_NO_DEADLINE };

  g_mutex_lock (&self->hold.lock);
  /* 0 is no ticket. */
  ticket.number = ++self->hold.last_number ? self->hold.last_number : ++self->hold.last_number;
  g_array_append_val (self->hold.tickets, ticket);
  apply (self);
  g_mutex_unlock (&self->hold.lock);
  /* The worker has the clock. */
  gst_zrtp_mailbox_post (self, GST_ZRTP_INPUT_HOLD, 0, 0, NULL, 0);
  return ticket.number;
}

/**
 * gst_zrtp_session_release_media: (skip)
 */
void
gst_zrtp_session_release_media (GstZrtpSession *self, guint number, GstClockTime after)
{
  Ticket *ticket;

  g_mutex_lock (&self->hold.lock);
  ticket = find (self, number);
  if (ticket != NULL && after == 0)
    drop (self, ticket);
  else if (ticket != NULL)
    ticket->length = MIN (ticket->length, after);
  apply (self);
  g_mutex_unlock (&self->hold.lock);
  if (ticket != NULL)
    gst_zrtp_mailbox_post (self, GST_ZRTP_INPUT_HOLD, 0, 0, NULL, 0);
}

void
gst_zrtp_hold_begin_step (GstZrtpSession *self)
{
  g_mutex_lock (&self->hold.lock);
  self->hold.in_step = TRUE;
  apply (self);
  g_mutex_unlock (&self->hold.lock);
}

void
gst_zrtp_hold_end_step (GstZrtpSession *self)
{
  g_mutex_lock (&self->hold.lock);
  self->hold.in_step = FALSE;
  apply (self);
  g_mutex_unlock (&self->hold.lock);
}

void
gst_zrtp_hold_cover (GstZrtpSession *self, GstZrtpMedia *media)
{
  g_mutex_lock (&self->hold.lock);
  gst_zrtp_media_set_resting (media, self->hold.resting);
  g_mutex_unlock (&self->hold.lock);
}

void
gst_zrtp_hold_clear (GstZrtpSession *self)
{
  g_mutex_lock (&self->hold.lock);
  g_array_set_size (self->hold.tickets, 0);
  self->hold.allowance = ALLOWANCE;
  self->hold.updated_at = 0;
  self->hold.charged = FALSE;
  apply (self);
  g_mutex_unlock (&self->hold.lock);
}

/* What resting has cost since the last time. The hold's lock is held. */
static void
charge (GstZrtpSession *self, guint64 now)
{
  guint64 elapsed = self->hold.updated_at != 0 && now > self->hold.updated_at ? now - self->hold.updated_at : 0;

  if (self->hold.charged)
    self->hold.allowance -= MIN (elapsed, self->hold.allowance);
  else
    self->hold.allowance = MIN (ALLOWANCE, self->hold.allowance + elapsed / REFILL);
  self->hold.updated_at = now;
}

guint64
gst_zrtp_hold_update (GstZrtpSession *self, guint64 now)
{
  guint64 deadline = ZRTP_NO_DEADLINE;
  guint i = 0;

  g_mutex_lock (&self->hold.lock);
  charge (self, now);
  while (i < self->hold.tickets->len) {
    Ticket *ticket = &g_array_index (self->hold.tickets, Ticket, i);

    if (GST_CLOCK_TIME_IS_VALID (ticket->length))
      ticket->until = MIN (ticket->until, now + ticket->length);
    ticket->length = GST_CLOCK_TIME_NONE;
    ticket->until = MIN (ticket->until, now + self->hold.allowance);
    if (ticket->until <= now)
      drop (self, ticket);
    else {
      deadline = MIN (deadline, ticket->until);
      i++;
    }
  }
  self->hold.charged = self->hold.tickets->len > 0;
  apply (self);
  g_mutex_unlock (&self->hold.lock);
  return deadline;
}
