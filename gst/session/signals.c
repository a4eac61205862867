/* signals.c: the user's verbs as action signals, the same on a session and on its elements.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

static G_DEFINE_QUARK (gst-zrtp-get-session, get_session)

/* Each class that has the signals knows how to find an instance's session. */
static GstZrtpSession *
find_session (gpointer instance)
{
  GstZrtpGetSession get = (GstZrtpGetSession) g_type_get_qdata (G_OBJECT_TYPE (instance), get_session_quark ());
  GstZrtpSession *session = get ? get (instance) : NULL;

  if (session == NULL)
    GST_WARNING_OBJECT (instance, "no session yet: set the element to READY first");
  return session;
}

static void
do_secure (gpointer instance)
{
  GstZrtpSession *session = find_session (instance);

  if (session != NULL) {
    gst_zrtp_session_secure (session);
    gst_object_unref (session);
  }
}

static void
do_clear (gpointer instance)
{
  GstZrtpSession *session = find_session (instance);

  if (session != NULL) {
    gst_zrtp_session_clear (session);
    gst_object_unref (session);
  }
}

static void
do_accept_clear (gpointer instance)
{
  GstZrtpSession *session = find_session (instance);

  if (session != NULL) {
    gst_zrtp_session_accept_clear (session);
    gst_object_unref (session);
  }
}

static void
do_set_verified (gpointer instance, gboolean verified)
{
  GstZrtpSession *session = find_session (instance);

  if (session != NULL) {
    gst_zrtp_session_set_verified (session, verified);
    gst_object_unref (session);
  }
}

static void
do_sas_match (gpointer instance)
{
  do_set_verified (instance, TRUE);
}

static void
do_sas_differs (gpointer instance)
{
  do_set_verified (instance, FALSE);
}

static gboolean
do_new_call (gpointer instance)
{
  GstZrtpSession *session = find_session (instance);
  gboolean done = FALSE;

  if (session != NULL) {
    done = gst_zrtp_session_new_call (session);
    gst_object_unref (session);
  }
  return done;
}

static gchar *
do_get_zrtp_hash (gpointer instance, guint stream)
{
  GstZrtpSession *session = find_session (instance);
  gchar *value = NULL;

  if (session != NULL) {
    value = gst_zrtp_session_get_zrtp_hash (session, stream);
    gst_object_unref (session);
  }
  return value;
}

static gboolean
do_set_peer_zrtp_hash (gpointer instance, guint stream, const gchar *value)
{
  GstZrtpSession *session = find_session (instance);
  gboolean good = FALSE;

  if (session != NULL) {
    good = gst_zrtp_session_set_peer_zrtp_hash (session, stream, value);
    gst_object_unref (session);
  }
  return good;
}

static void
do_set_aux_secret (gpointer instance, GBytes *secret)
{
  GstZrtpSession *session = find_session (instance);

  if (session != NULL) {
    gst_zrtp_session_set_aux_secret (session, secret);
    gst_object_unref (session);
  }
}

static void
do_accept_signature (gpointer instance)
{
  GstZrtpSession *session = find_session (instance);

  if (session != NULL) {
    gst_zrtp_session_accept_signature (session);
    gst_object_unref (session);
  }
}

static void
do_enroll (gpointer instance, gboolean enroll)
{
  GstZrtpSession *session = find_session (instance);

  if (session != NULL) {
    gst_zrtp_session_set_enrolled (session, enroll);
    gst_object_unref (session);
  }
}

static gboolean
do_relay_sas (gpointer instance, GstZrtpSession *other)
{
  GstZrtpSession *session = find_session (instance);
  gboolean relayed = FALSE;

  if (session != NULL) {
    relayed = gst_zrtp_session_relay_sas (session, other);
    gst_object_unref (session);
  }
  return relayed;
}

static void
do_add_entropy (gpointer instance, GBytes *bytes)
{
  GstZrtpSession *session = find_session (instance);

  if (session != NULL) {
    gst_zrtp_session_add_entropy (session, bytes);
    gst_object_unref (session);
  }
}

/**
 * gst_zrtp_install_session_signals: (skip)
 */
void
gst_zrtp_install_session_signals (GObjectClass *klass, GstZrtpGetSession get)
{
  const GSignalFlags flags = G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION;
  GType type = G_TYPE_FROM_CLASS (klass);

  g_type_set_qdata (type, get_session_quark (), (gpointer) get);

  /**
   * GstZrtpSession::secure:
   * @session: the session, or an element of it
   *
   * Begin the key agreement now: for `auto-secure=false`, and to try again after a failure.
   *
   * Since: 0.1
   */
  g_signal_new_class_handler ("secure", type, flags, G_CALLBACK (do_secure), NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * GstZrtpSession::clear:
   * @session: the session, or an element of it
   *
   * Switch encryption off, if the peer allows that; `secure` switches it on again.
   *
   * Since: 0.1
   */
  g_signal_new_class_handler ("clear", type, flags, G_CALLBACK (do_clear), NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * GstZrtpSession::accept-clear:
   * @session: the session, or an element of it
   *
   * The peer has switched encryption off, and this end's user agrees to go on without it.
   *
   * Since: 0.1
   */
  g_signal_new_class_handler ("accept-clear", type, flags, G_CALLBACK (do_accept_clear), NULL, NULL, NULL, G_TYPE_NONE,
      0);
  /**
   * GstZrtpSession::new-call:
   * @session: the session, or an element of it
   *
   * The elements have been stopped, and what comes next is another call: see gst_zrtp_session_new_call().
   *
   * Returns: %FALSE, and nothing happens, if the elements still run
   *
   * Since: 0.1
   */
  g_signal_new_class_handler ("new-call", type, flags, G_CALLBACK (do_new_call), NULL, NULL, NULL, G_TYPE_BOOLEAN, 0);
  /**
   * GstZrtpSession::sas-match:
   * @session: the session, or an element of it
   *
   * The users have compared the short authentication string: both see the same.
   *
   * Since: 0.1
   */
  g_signal_new_class_handler ("sas-match", type, flags, G_CALLBACK (do_sas_match), NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * GstZrtpSession::sas-differs:
   * @session: the session, or an element of it
   *
   * The users have compared the short authentication string: they see different ones, somebody is between them.
   *
   * Since: 0.1
   */
  g_signal_new_class_handler ("sas-differs", type, flags, G_CALLBACK (do_sas_differs), NULL, NULL, NULL, G_TYPE_NONE,
      0);
  /**
   * GstZrtpSession::set-verified:
   * @session: the session, or an element of it
   * @verified: %TRUE is sas-match, %FALSE is sas-differs
   *
   * The user's answer as a flag.
   *
   * Since: 0.1
   */
  g_signal_new_class_handler ("set-verified", type, flags, G_CALLBACK (do_set_verified), NULL, NULL, NULL,
      G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
  /**
   * GstZrtpSession::get-zrtp-hash:
   * @session: the session, or an element of it in READY or above
   * @stream: number of a media stream
   *
   * The value of `a=zrtp-hash` for this end's offer or answer: see gst_zrtp_session_get_zrtp_hash().
   *
   * Returns: (transfer full) (nullable): the value
   *
   * Since: 0.1
   */
  g_signal_new_class_handler ("get-zrtp-hash", type, flags, G_CALLBACK (do_get_zrtp_hash), NULL, NULL, NULL,
      G_TYPE_STRING, 1, G_TYPE_UINT);
  /**
   * GstZrtpSession::set-peer-zrtp-hash:
   * @session: the session, or an element of it in READY or above
   * @stream: number of a media stream
   * @value: (nullable): the value of `a=zrtp-hash` of the peer's offer or answer
   *
   * What the signalling says of the peer: see gst_zrtp_session_set_peer_zrtp_hash().
   *
   * Returns: %FALSE if @value is malformed
   *
   * Since: 0.1
   */
  g_signal_new_class_handler ("set-peer-zrtp-hash", type, flags, G_CALLBACK (do_set_peer_zrtp_hash), NULL, NULL, NULL,
      G_TYPE_BOOLEAN, 2, G_TYPE_UINT, G_TYPE_STRING);
  /**
   * GstZrtpSession::set-aux-secret:
   * @session: the session, or an element of it in READY or above
   * @secret: (nullable) (type GBytes): a secret that the peer's user has set as well, or %NULL to take it back
   *
   * An auxiliary secret for the key agreements to come: see gst_zrtp_session_set_aux_secret().
   *
   * Since: 0.1
   */
  g_signal_new_class_handler ("set-aux-secret", type, flags, G_CALLBACK (do_set_aux_secret), NULL, NULL, NULL,
      G_TYPE_NONE, 1, G_TYPE_BYTES);
  /**
   * GstZrtpSession::accept-signature:
   * @session: the session, or an element of it
   *
   * The application has checked the signature of which the message zrtp-signature tells, and trusts whom it is of.
   *
   * Since: 0.1
   */
  g_signal_new_class_handler ("accept-signature", type, flags, G_CALLBACK (do_accept_signature), NULL, NULL, NULL,
      G_TYPE_NONE, 0);
  /**
   * GstZrtpSession::enroll:
   * @session: the session, or an element of it
   * @enroll: %TRUE to trust the telephone system at the other end, %FALSE to do so no longer
   *
   * The user's answer to the message zrtp-enrollment.
   *
   * Since: 0.1
   */
  g_signal_new_class_handler ("enroll", type, flags, G_CALLBACK (do_enroll), NULL, NULL, NULL, G_TYPE_NONE, 1,
      G_TYPE_BOOLEAN);
  /**
   * GstZrtpSession::relay-sas:
   * @session: the session of one leg, or an element of it
   * @other: the session of the other leg
   *
   * For a telephone system: see gst_zrtp_session_relay_sas().
   *
   * Returns: %FALSE if nothing can be relayed
   *
   * Since: 0.1
   */
  g_signal_new_class_handler ("relay-sas", type, flags, G_CALLBACK (do_relay_sas), NULL, NULL, NULL, G_TYPE_BOOLEAN, 1,
      GST_TYPE_ZRTP_SESSION);
  /**
   * GstZrtpSession::add-entropy:
   * @session: the session, or an element of it
   * @bytes: (type GBytes): octets that an attacker does not know
   *
   * Stir octets into the random generator of this process.
   *
   * Since: 0.1
   */
  g_signal_new_class_handler ("add-entropy", type, flags, G_CALLBACK (do_add_entropy), NULL, NULL, NULL, G_TYPE_NONE,
      1, G_TYPE_BYTES);
}
