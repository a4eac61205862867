/* secrets.c: what an application shares with a call beyond ZRTP's own secrets: an auxiliary secret in, a key out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

#include <string.h>

/* The object lock is held. */
void
gst_zrtp_session_wipe_aux_secret (GstZrtpSession *self)
{
  if (self->aux_secret != NULL)
    zrtp_wipe (self->aux_secret, self->aux_secret_len);
  g_clear_pointer (&self->aux_secret, g_free);
  self->aux_secret_len = 0;
}

/* The object lock is held. */
void
gst_zrtp_session_wipe_srtp_secret (GstZrtpSession *self)
{
  zrtp_wipe (self->srtp_key, sizeof self->srtp_key);
  zrtp_wipe (self->srtp_salt, sizeof self->srtp_salt);
  self->srtp_key_len = self->srtp_salt_len = 0;
}

/* The engine lock is held. */
void
gst_zrtp_session_apply_aux_secret (GstZrtpSession *self)
{
  GST_OBJECT_LOCK (self);
  zrtp_association_set_auxsecret (self->association, self->aux_secret, self->aux_secret_len);
  zrtp_association_set_srtp_secret (self->association, self->srtp_key, self->srtp_key_len, self->srtp_salt,
      self->srtp_salt_len);
  GST_OBJECT_UNLOCK (self);
}

/**
 * gst_zrtp_session_set_aux_secret:
 * @session: a #GstZrtpSession
 * @secret: (nullable): a secret that the peer's user has set as well, of any length; %NULL to take it back
 *
 * An auxiliary secret (RFC 6189 section 4.3), such as a pass phrase that both users know, for the key agreements to come. Both
 * ends must know it for it to count; if the peer has another one, or none, the warning `aux-mismatch` says so. The octets are
 * copied, cannot be read back, and are wiped with the session. Any thread.
 *
 * Since: 0.1
 */
void
gst_zrtp_session_set_aux_secret (GstZrtpSession *session, GBytes *secret)
{
  gconstpointer data = NULL;
  gsize len = 0;

  g_return_if_fail (GST_IS_ZRTP_SESSION (session));

  if (secret != NULL)
    data = g_bytes_get_data (secret, &len);
  GST_OBJECT_LOCK (session);
  gst_zrtp_session_wipe_aux_secret (session);
  if (len > 0) {
    session->aux_secret = g_memdup2 (data, len);
    session->aux_secret_len = len;
  }
  GST_OBJECT_UNLOCK (session);
  gst_zrtp_mailbox_post (session, GST_ZRTP_INPUT_AUX_SECRET, 0, 0, NULL, 0);
}

/**
 * gst_zrtp_session_set_srtp_secret:
 * @session: a #GstZrtpSession
 * @master_key: (nullable): an SRTP master key that signalling brought to both ends (SDES and the like), at most 64 octets; %NULL
 *   to take it back
 * @master_salt: (nullable): the master salt that goes with it, at most 64 octets
 *
 * Keys of the signalling do not encrypt media beside ZRTP's, but they may strengthen it: they count as auxiliary secret (RFC 6189
 * section 8.2) in the key agreements to come, where none was set by gst_zrtp_session_set_aux_secret(). The octets are copied,
 * cannot be read back, and are wiped with the session. Any thread.
 *
 * Since: 0.1
 */
void
gst_zrtp_session_set_srtp_secret (GstZrtpSession *session, GBytes *master_key, GBytes *master_salt)
{
  gconstpointer key = NULL, salt = NULL;
  gsize key_len = 0, salt_len = 0;

  g_return_if_fail (GST_IS_ZRTP_SESSION (session));

  if (master_key != NULL)
    key = g_bytes_get_data (master_key, &key_len);
  if (master_salt != NULL)
    salt = g_bytes_get_data (master_salt, &salt_len);
  g_return_if_fail (key_len <= GST_ZRTP_MAX_SRTP_SECRET && salt_len <= GST_ZRTP_MAX_SRTP_SECRET);

  GST_OBJECT_LOCK (session);
  gst_zrtp_session_wipe_srtp_secret (session);
  if (key_len > 0) {
    memcpy (session->srtp_key, key, key_len);
    if (salt_len > 0)
      memcpy (session->srtp_salt, salt, salt_len);
    session->srtp_key_len = key_len;
    session->srtp_salt_len = salt_len;
  }
  GST_OBJECT_UNLOCK (session);
  gst_zrtp_mailbox_post (session, GST_ZRTP_INPUT_AUX_SECRET, 0, 0, NULL, 0);
}

typedef struct
{
  gsize len;
  guint8 data[ZRTP_HASH_MAX_LEN];
} ExportedKey;

static void
free_exported_key (gpointer data)
{
  zrtp_wipe (data, sizeof (ExportedKey));
  g_free (data);
}

/**
 * gst_zrtp_session_get_exported_key:
 * @session: a #GstZrtpSession
 *
 * A key that both ends have and nobody else, from which an application may derive keys of its own (RFC 6189 section 4.5.2). It
 * needs the property `export-key`, set before the call: the peer is told then that keys may be disclosed (section 11), as
 * nobody can tell what an application does with a key. The octets are wiped when the last reference goes.
 *
 * Any thread but a streaming thread that must not wait for a public-key operation.
 *
 * Returns: (transfer full) (nullable): the key, as long as the agreed hash; %NULL if the call is not secure or `export-key`
 *   was not set before it
 *
 * Since: 0.1
 */
GBytes *
gst_zrtp_session_get_exported_key (GstZrtpSession *session)
{
  ExportedKey *key;

  g_return_val_if_fail (GST_IS_ZRTP_SESSION (session), NULL);

  key = g_new0 (ExportedKey, 1);
  g_rec_mutex_lock (&session->engine_lock);
  if (session->association != NULL && session->export_allowed)
    key->len = zrtp_association_get_exported_key (session->association, key->data);
  g_rec_mutex_unlock (&session->engine_lock);
  if (key->len == 0) {
    free_exported_key (key);
    return NULL;
  }
  return g_bytes_new_with_free_func (key->data, key->len, free_exported_key, key);
}
