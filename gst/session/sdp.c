/* sdp.c: a=zrtp-hash in session descriptions.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

#include <gst/zrtp/gstzrtpsdp.h>

#define ATTRIBUTE "zrtp-hash"

/**
 * gst_zrtp_sdp_media_add_zrtp_hash:
 * @media: a medium of an offer or answer
 * @value: what gst_zrtp_session_get_zrtp_hash() returned for its stream
 *
 * Adds `a=zrtp-hash:` and the value, digits in lower case, to the medium. A description's session level is no place for it: each
 * stream has its own (Z-8-2). Any thread, but one at a time for a medium.
 *
 * Returns: %FALSE, and nothing is added, if @value is not the value of such an attribute
 *
 * Since: 0.1
 */
gboolean
gst_zrtp_sdp_media_add_zrtp_hash (GstSDPMedia *media, const gchar *value)
{
  guint8 hash[ZRTP_HELLO_HASH_LEN];
  gboolean added;
  gchar *written;

  g_return_val_if_fail (media != NULL, FALSE);
  g_return_val_if_fail (value != NULL, FALSE);

  if (!gst_zrtp_hash_parse (value, hash))
    return FALSE;
  written = gst_zrtp_hash_to_string (hash);
  added = gst_sdp_media_add_attribute (media, ATTRIBUTE, written) == GST_SDP_OK;
  g_free (written);
  return added;
}

/**
 * gst_zrtp_sdp_media_get_zrtp_hash:
 * @media: a medium of the peer's offer or answer
 *
 * The value to give to gst_zrtp_session_set_peer_zrtp_hash(). Lines of versions that are not ours are skipped (Z-8-4). If no
 * line of our version is well-formed, a malformed one is returned all the same, so that it is reported. Any thread. Free with
 * g_free().
 *
 * Returns: (transfer full) (nullable): the value, or %NULL if the medium has none
 *
 * Since: 0.1
 */
gchar *
gst_zrtp_sdp_media_get_zrtp_hash (const GstSDPMedia *media)
{
  const gchar *malformed = NULL, *value;
  guint8 hash[ZRTP_HELLO_HASH_LEN];
  guint i;

  g_return_val_if_fail (media != NULL, NULL);

  for (i = 0; (value = gst_sdp_media_get_attribute_val_n (media, ATTRIBUTE, i)) != NULL; i++) {
    if (gst_zrtp_hash_parse (value, hash))
      return g_strdup (value);
    if (malformed == NULL && (gst_zrtp_hash_has_our_version (value) || !g_ascii_isdigit (value[0])))
      malformed = value;
  }
  return g_strdup (malformed);
}
