/* signatures.c: the authentication string signed and checked with the application's keys (RFC 6189 section 7.2).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

#include <string.h>

static guint sign_signal;

/* On a worker, with the engine's lock held, which is recursive: the handler may read the session. */
static gsize
sign (ZrtpSigner *interface, const guint8 sashash[ZRTP_SASHASH_LEN], guint8 *block, gsize size)
{
  GstZrtpSession *self = ((GstZrtpSigner *) interface)->session;
  GBytes *bytes = g_bytes_new (sashash, ZRTP_SASHASH_LEN), *signature = NULL;
  gsize len = 0;

  self->signing = TRUE;
  g_signal_emit (self, sign_signal, 0, bytes, &signature);
  self->signing = FALSE;
  g_bytes_unref (bytes);
  if (signature == NULL)
    return 0;
  len = g_bytes_get_size (signature);
  if (len <= size && len % 4 == 0)
    memcpy (block, g_bytes_get_data (signature, NULL), len);
  else {
    GST_WARNING_OBJECT (self, "a signature block of %" G_GSIZE_FORMAT " octets is not sent: it must be a multiple of 4, and at "
        "most %" G_GSIZE_FORMAT, len, size);
    len = 0;
  }
  g_bytes_unref (signature);
  return len;
}

void
gst_zrtp_signer_init (GstZrtpSigner *signer, GstZrtpSession *session)
{
  signer->interface.sign = sign;
  signer->session = session;
}

gboolean
gst_zrtp_session_signs (GstZrtpSession *self)
{
  return g_signal_has_handler_pending (self, sign_signal, 0, TRUE);
}

static gboolean
first_signature (GSignalInvocationHint *hint, GValue *result, const GValue *returned, gpointer data)
{
  g_value_copy (returned, result);
  return g_value_get_boxed (returned) == NULL;
}

void
gst_zrtp_session_install_sign_signal (GstZrtpSessionClass *klass)
{
  /**
   * GstZrtpSession::sign-sas:
   * @session: the session
   * @sas_hash: the 32 octets that the authentication string is made of
   *
   * Asks for a signature of @sas_hash to send to the peer: type block and signature as RFC 6189 section 7.2 says, together a
   * multiple of 4 octets and at most 2044. It is emitted only if a handler was connected before the call began and the peer
   * checks signatures.
   *
   * The handler runs on a worker thread while the key agreement waits, so it should take less than the peer's patience, some
   * hundred milliseconds. It may read the session, but must not change the state of elements, nor wait for another thread that uses
   * the session.
   *
   * Returns: (transfer full) (nullable): the block, or %NULL for none
   *
   * Since: 0.1
   */
  sign_signal = g_signal_new ("sign-sas", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, first_signature, NULL, NULL,
      G_TYPE_BYTES, 1, G_TYPE_BYTES);
}

/**
 * gst_zrtp_session_get_signature:
 * @session: a #GstZrtpSession
 *
 * The peer's signature of the authentication string, type block first (RFC 6189 section 7.2), which the message
 * `zrtp-signature` has told of. It is for the application to check it against the message's `sas-hash`, with keys that it
 * trusts; nothing is believed before gst_zrtp_session_accept_signature().
 *
 * Any thread but a streaming thread that must not wait for a public-key operation.
 *
 * Returns: (transfer full) (nullable): the block, or %NULL if the peer has sent none
 *
 * Since: 0.1
 */
GBytes *
gst_zrtp_session_get_signature (GstZrtpSession *session)
{
  const guint8 *block = NULL;
  GBytes *bytes = NULL;
  gsize len = 0;

  g_return_val_if_fail (GST_IS_ZRTP_SESSION (session), NULL);

  g_rec_mutex_lock (&session->engine_lock);
  if (session->association != NULL)
    block = zrtp_association_get_signature (session->association, &len);
  if (block != NULL)
    bytes = g_bytes_new (block, len);
  g_rec_mutex_unlock (&session->engine_lock);
  return bytes;
}

/**
 * gst_zrtp_session_accept_signature:
 * @session: a #GstZrtpSession
 *
 * The application has checked the peer's signature of the authentication string: it is good, and by somebody whom the user
 * trusts. The call counts as verified then, without the users' comparing. Any thread.
 *
 * Since: 0.1
 */
void
gst_zrtp_session_accept_signature (GstZrtpSession *session)
{
  g_return_if_fail (GST_IS_ZRTP_SESSION (session));

  gst_zrtp_mailbox_post (session, GST_ZRTP_INPUT_ACCEPT_SIGNATURE, 0, 0, NULL, 0);
}
