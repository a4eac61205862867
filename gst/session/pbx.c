/* pbx.c: trusted telephone systems in the middle of a call (RFC 6189 section 7.3).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

#include <string.h>

/**
 * gst_zrtp_session_set_enrolled:
 * @session: a #GstZrtpSession
 * @enrolled: %TRUE to trust the telephone system at the other end from now on, %FALSE to trust it no longer
 *
 * The user's answer to the message `zrtp-enrollment` with status `offered`. A trusted system can tell what code the partner
 * behind it sees, and it can listen. Needs a verified call. The action signal is called `enroll`. Any thread.
 *
 * Since: 0.1
 */
void
gst_zrtp_session_set_enrolled (GstZrtpSession *session, gboolean enrolled)
{
  g_return_if_fail (GST_IS_ZRTP_SESSION (session));

  gst_zrtp_mailbox_post (session, GST_ZRTP_INPUT_ENROLL, 0, enrolled != FALSE, NULL, 0);
}

/* What a leg of a call through this PBX is like. */
typedef struct
{
  GstZrtpSession *session;
  gboolean good, enrolled, is_pbx;
  GstZrtpRelay sas;
} Leg;

static void
look_at (GstZrtpSession *self, Leg *leg)
{
  memset (leg, 0, sizeof *leg);
  leg->session = self;
  GST_OBJECT_LOCK (self);
  leg->good = self->settings.mitm && self->have_sas;
  if (leg->good) {
    leg->enrolled = self->sas.enrolled;
    leg->is_pbx = self->sas.remote_mitm;
    memcpy (leg->sas.type, self->sas.choice.sas, sizeof leg->sas.type);
    memcpy (leg->sas.sashash, self->sas.sashash, ZRTP_SASHASH_LEN);
    leg->sas.verified = self->sas.remote_verified;
    leg->sas.disclosure = self->sas.remote_disclosure;
  }
  GST_OBJECT_UNLOCK (self);
}

/* The one leg that gets the other's string (Z-7.3-3 to -6); NULL if neither end trusts us. */
static const Leg *
choose (const Leg *one, const Leg *two)
{
  if (one->enrolled && two->enrolled)
    return one->is_pbx && !two->is_pbx ? two : one;
  return one->enrolled ? one : two->enrolled ? two : NULL;
}

static void
relay (const Leg *to, const Leg *from, gboolean whole)
{
  GstZrtpRelay sas = from->sas;

  if (!whole)
    memset (sas.sashash, 0, sizeof sas.sashash);
  gst_zrtp_mailbox_post (to->session, GST_ZRTP_INPUT_RELAY_SAS, 0, 0, &sas, sizeof sas);
}

/**
 * gst_zrtp_session_relay_sas:
 * @session: the session of one leg
 * @other: the session of the other leg
 *
 * For a telephone system (`mitm` is set on both sessions) that connects two secure legs: one of the ends, if it trusts the
 * system, is shown the authentication string of the other leg, so that both users see the same. Who that is follows from
 * RFC 6189 section 7.3: one that trusts the system, and rather a phone than another system. An end that does not trust it is
 * only told in which rendering to show its own. To be called once both legs are secure, and after each change of who is
 * connected. Any thread.
 *
 * Returns: %FALSE, and nothing is sent, if a leg is not secure or `mitm` is not set
 *
 * Since: 0.1
 */
gboolean
gst_zrtp_session_relay_sas (GstZrtpSession *session, GstZrtpSession *other)
{
  const Leg *target;
  Leg one, two;

  g_return_val_if_fail (GST_IS_ZRTP_SESSION (session), FALSE);
  g_return_val_if_fail (GST_IS_ZRTP_SESSION (other), FALSE);
  g_return_val_if_fail (session != other, FALSE);

  look_at (session, &one);
  look_at (other, &two);
  if (!one.good || !two.good)
    return FALSE;
  target = choose (&one, &two);
  if (target == &two) {
    relay (&two, &one, TRUE);
    if (!one.enrolled)
      relay (&one, &one, FALSE);
  } else {
    /* Without a target the first leg's rendering is used on both. */
    relay (&one, target ? &two : &one, target != NULL);
    if (!two.enrolled)
      relay (&two, target ? &two : &one, FALSE);
  }
  return TRUE;
}
