/* zrtphash.c: the hash of a stream's Hello in the signalling, a=zrtp-hash (RFC 6189 section 8).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

#include <string.h>

#define HASH_DIGITS (2 * ZRTP_HELLO_HASH_LEN)

gboolean
gst_zrtp_hash_has_our_version (const gchar *text)
{
  text += strspn (text, " ");
  /* Z-4.1.1: 1.1x is one protocol. */
  return g_str_has_prefix (text, "1.1") && g_ascii_isdigit (text[3]) && text[4] == ' ';
}

gboolean
gst_zrtp_hash_parse (const gchar *text, guint8 hash[ZRTP_HELLO_HASH_LEN])
{
  guint i;

  if (!gst_zrtp_hash_has_our_version (text))
    return FALSE;
  /* The ABNF and the example differ on spaces (Z-8-3). */
  text += strspn (text, " ");
  text += 4;
  text += strspn (text, " ");
  for (i = 0; i < ZRTP_HELLO_HASH_LEN; i++) {
    gint high = g_ascii_xdigit_value (text[2 * i]);
    gint low = high < 0 ? -1 : g_ascii_xdigit_value (text[2 * i + 1]);

    if (low < 0)
      return FALSE;
    hash[i] = high << 4 | low;
  }
  text += HASH_DIGITS;
  return text[strspn (text, " \t\r\n")] == '\0';
}

gchar *
gst_zrtp_hash_to_string (const guint8 hash[ZRTP_HELLO_HASH_LEN])
{
  gchar *hex = gst_zrtp_hex (hash, ZRTP_HELLO_HASH_LEN);
  gchar *value = g_strconcat ("1.10 ", hex, NULL);

  g_free (hex);
  return value;
}

/**
 * gst_zrtp_session_get_zrtp_hash:
 * @session: a #GstZrtpSession
 * @stream: number of a media stream
 *
 * The value of the SDP attribute `a=zrtp-hash` (RFC 6189 section 8) for this end's offer or answer: version and hash of the
 * stream's Hello. It may be asked for before the call starts, and is the one of the next run then: what the Hello tells, the
 * offered algorithms above all, is settled by asking, and properties that are changed later count for the run after. Each
 * run, from the first element in PAUSED to the last one, has a Hello and a hash of its own.
 *
 * Any thread but a streaming thread that must not wait for a public-key operation. Free with g_free().
 *
 * Returns: (transfer full) (nullable): the value, or %NULL if there is no such stream, encryption is not `enabled` or there is
 *   no randomness
 *
 * Since: 0.1
 */
gchar *
gst_zrtp_session_get_zrtp_hash (GstZrtpSession *session, guint stream)
{
  guint8 hash[ZRTP_HELLO_HASH_LEN];
  gboolean enabled, have_hash;
  GstZrtpMedia *media;

  g_return_val_if_fail (GST_IS_ZRTP_SESSION (session), NULL);

  GST_OBJECT_LOCK (session);
  enabled = session->settings.enabled;
  GST_OBJECT_UNLOCK (session);
  media = enabled ? gst_zrtp_session_get_media (session, stream) : NULL;
  if (media == NULL)
    return NULL;

  g_rec_mutex_lock (&session->engine_lock);
  have_hash = gst_zrtp_engine_add_stream (session, media, g_atomic_int_get (&session->run))
      && zrtp_association_get_hello_hash (session->association, stream, hash);
  g_atomic_int_set (&session->hash_given, have_hash);
  g_rec_mutex_unlock (&session->engine_lock);
  return have_hash ? gst_zrtp_hash_to_string (hash) : NULL;
}

/**
 * gst_zrtp_session_set_peer_zrtp_hash:
 * @session: a #GstZrtpSession
 * @stream: number of a media stream
 * @value: (nullable): the value of the attribute `a=zrtp-hash` of the peer's offer or answer for this stream, or %NULL for none
 *
 * Tells what the signalling says of the peer. Its Hello is held against it when it comes, or at once if it is there; the
 * message `zrtp-sas` has the outcome as `signalled-hash`: absent, match or mismatch. It counts for the run that goes on or comes
 * next. With `require-zrtp-hash` nothing clear passes on the stream from now on. A value that is not a version 1.1x and 64 hexadecimal digits counts as absent, and the warning `malformed-zrtp-hash`
 * is posted. Any thread.
 *
 * Returns: %FALSE if @value is malformed
 *
 * Since: 0.1
 */
gboolean
gst_zrtp_session_set_peer_zrtp_hash (GstZrtpSession *session, guint stream, const gchar *value)
{
  guint8 hash[ZRTP_HELLO_HASH_LEN];
  gboolean good;

  g_return_val_if_fail (GST_IS_ZRTP_SESSION (session), FALSE);
  g_return_val_if_fail (stream < ZRTP_MAX_STREAMS, FALSE);

  /* At once: with require-zrtp-hash nothing clear may pass from now on. */
  gst_zrtp_media_set_announced (gst_zrtp_session_get_media (session, stream), value != NULL);
  good = value == NULL || gst_zrtp_hash_parse (value, hash);
  if (!good)
    GST_WARNING_OBJECT (session, "stream %u: malformed zrtp-hash", stream);
  gst_zrtp_mailbox_post (session, GST_ZRTP_INPUT_PEER_HASH, stream, !good, hash,
      value != NULL && good ? sizeof hash : 0);
  return good;
}
