/* verbs.c: what the user says in a call, and what can be asked of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"
#include "ext/nettle/nettle.h"

/**
 * gst_zrtp_session_secure:
 * @session: a #GstZrtpSession
 *
 * Goes secure now: for sessions whose `auto-secure` is %FALSE, and again after a failure. Returns at once; any thread.
 *
 * Since: 0.1
 */
void
gst_zrtp_session_secure (GstZrtpSession *session)
{
  g_return_if_fail (GST_IS_ZRTP_SESSION (session));

  gst_zrtp_mailbox_post (session, GST_ZRTP_INPUT_SECURE, 0, 0, NULL, 0);
}

/**
 * gst_zrtp_session_clear:
 * @session: a #GstZrtpSession
 *
 * Switches encryption off on all streams, if the peer allows that. Nothing at all is sent until it has answered. With a
 * `media-policy` of %GST_ZRTP_MEDIA_POLICY_SECURE_ONLY this is refused with a warning. gst_zrtp_session_secure() goes back.
 * Returns at once; any thread.
 *
 * Since: 0.1
 */
void
gst_zrtp_session_clear (GstZrtpSession *session)
{
  g_return_if_fail (GST_IS_ZRTP_SESSION (session));

  gst_zrtp_mailbox_post (session, GST_ZRTP_INPUT_CLEAR, 0, 0, NULL, 0);
}

/**
 * gst_zrtp_session_accept_clear:
 * @session: a #GstZrtpSession
 *
 * After the warning `clear-requested`: this end's user agrees to go on without encryption. Until then nothing is sent.
 * gst_zrtp_session_secure() is the other answer. Returns at once; any thread.
 *
 * Since: 0.1
 */
void
gst_zrtp_session_accept_clear (GstZrtpSession *session)
{
  g_return_if_fail (GST_IS_ZRTP_SESSION (session));

  gst_zrtp_mailbox_post (session, GST_ZRTP_INPUT_ACCEPT_CLEAR, 0, 0, NULL, 0);
}

/**
 * gst_zrtp_session_set_verified:
 * @session: a #GstZrtpSession
 * @verified: %TRUE if both users see the same string, %FALSE if not
 *
 * The user's answer after comparing the short authentication string. "Later" is to call nothing. It is kept for later calls
 * with this peer, and so is `peer-name` if that is set; after %FALSE the call counts as insecure and its secret is not kept.
 * Returns at once; any thread.
 *
 * Since: 0.1
 */
void
gst_zrtp_session_set_verified (GstZrtpSession *session, gboolean verified)
{
  g_return_if_fail (GST_IS_ZRTP_SESSION (session));

  gst_zrtp_mailbox_post (session, GST_ZRTP_INPUT_VERIFIED, 0, verified ? 1 : 0, NULL, 0);
}

/**
 * gst_zrtp_session_sas_match:
 * @session: a #GstZrtpSession
 *
 * Both users see the same short authentication string. Returns at once; any thread.
 *
 * Since: 0.1
 */
void
gst_zrtp_session_sas_match (GstZrtpSession *session)
{
  gst_zrtp_session_set_verified (session, TRUE);
}

/**
 * gst_zrtp_session_sas_differs:
 * @session: a #GstZrtpSession
 *
 * The users see different short authentication strings: somebody is between them. Returns at once; any thread.
 *
 * Since: 0.1
 */
void
gst_zrtp_session_sas_differs (GstZrtpSession *session)
{
  gst_zrtp_session_set_verified (session, FALSE);
}

/**
 * gst_zrtp_session_add_entropy:
 * @session: a #GstZrtpSession
 * @bytes: octets that an attacker does not know, such as a recording's noise
 *
 * Stirs octets into the random generator of this process. It can only gain from them. Any thread.
 *
 * Since: 0.1
 */
void
gst_zrtp_session_add_entropy (GstZrtpSession *session, GBytes *bytes)
{
  gsize len;
  gconstpointer data;

  g_return_if_fail (GST_IS_ZRTP_SESSION (session));
  g_return_if_fail (bytes != NULL);

  data = g_bytes_get_data (bytes, &len);
  if (len > 0)
    zrtp_random_add_entropy (data, len);
}

/**
 * gst_zrtp_session_get_state:
 * @session: a #GstZrtpSession
 * @stream: number of a media stream
 *
 * What a media stream does now. Any thread.
 *
 * Returns: what the stream is doing; idle if there is no such stream
 *
 * Since: 0.1
 */
GstZrtpState
gst_zrtp_session_get_state (GstZrtpSession *session, guint stream)
{
  GstZrtpMedia *media;

  g_return_val_if_fail (GST_IS_ZRTP_SESSION (session), GST_ZRTP_STATE_IDLE);

  media = gst_zrtp_session_peek_media (session, stream);
  return media ? gst_zrtp_media_get_state (media) : GST_ZRTP_STATE_IDLE;
}

/**
 * gst_zrtp_session_get_security:
 * @session: a #GstZrtpSession
 * @stream: number of a media stream
 *
 * How far a media stream may be trusted now. Colour the lock of a user interface by it. Any thread.
 *
 * Returns: how far the stream may be trusted
 *
 * Since: 0.1
 */
GstZrtpSecurity
gst_zrtp_session_get_security (GstZrtpSession *session, guint stream)
{
  GstZrtpMedia *media;
  GstZrtpSecurity security = GST_ZRTP_SECURITY_NONE;

  g_return_val_if_fail (GST_IS_ZRTP_SESSION (session), GST_ZRTP_SECURITY_NONE);

  media = gst_zrtp_session_peek_media (session, stream);
  if (media != NULL) {
    GST_OBJECT_LOCK (session);
    security = media->security;
    GST_OBJECT_UNLOCK (session);
  }
  return security;
}

/* What a stream in this state is worth; the object lock is held. */
GstZrtpSecurity
gst_zrtp_session_judge (GstZrtpSession *self, GstZrtpState state)
{
  if (state != GST_ZRTP_STATE_SECURE)
    return GST_ZRTP_SECURITY_NONE;
  if (!self->have_sas)
    return GST_ZRTP_SECURITY_UNVERIFIED;
  if (self->sas.refused || self->sas.hello_hash == ZRTP_HELLO_HASH_MISMATCH)
    return GST_ZRTP_SECURITY_INSECURE;
  /* A hash that matches is worth something only if nobody could change it on its way (Z-8.1.1-1). */
  if ((self->sas.verified || (self->sas.authenticated && self->signature_accepted))
      && gst_zrtp_name_fits (&self->sas, self->settings.peer_name))
    return self->sas.hello_hash == ZRTP_HELLO_HASH_MATCH && self->signalling_secure
        ? GST_ZRTP_SECURITY_VERIFIED_SIGNALLED
        : GST_ZRTP_SECURITY_VERIFIED;
  return self->sas.cache == ZRTP_CACHE_MISMATCH && !self->sas.authenticated ? GST_ZRTP_SECURITY_INSECURE
                                                                            : GST_ZRTP_SECURITY_UNVERIFIED;
}
