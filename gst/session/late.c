/* late.c: media that was encrypted, and arrives when the call has gone clear.
 *
 * The keys are deleted when a call goes clear (Z-4.7.2-5), so such a packet cannot be decrypted any more, nor be known by its tag, and
 * it is noise to whoever takes it for a clear one. But clear packets go on where the encrypted ones have ended.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/late.h"

/* More than any network holds back, and few enough that a sender who numbers anew is hardly taken for one that is late. */
#define LOOK_AT 2048

void
gst_zrtp_late_begin (GstZrtpLate *self, ZrtpSrtp *srtp)
{
  if (srtp == NULL)
    return;
  self->n = zrtp_srtp_get_sequences (srtp, self->last, G_N_ELEMENTS (self->last));
  self->left = LOOK_AT;
}

/* Octets of RTCP packets fill the datagram exactly; with SRTCP an index and a tag follow, and all behind the first header is
 * encrypted. */
static gboolean
is_srtcp (GstBuffer *packet)
{
  gsize size = gst_buffer_get_size (packet), at = 0;
  guint8 header[4];

  while (at < size) {
    if (gst_buffer_extract (packet, at, header, sizeof header) < sizeof header || (header[0] & 0xc0) != 0x80)
      return TRUE;
    at += 4 + 4 * GST_READ_UINT16_BE (header + 2);
  }
  return at > size;
}

gboolean
gst_zrtp_late_is_encrypted (GstZrtpLate *self, GstBuffer *packet, gboolean rtcp)
{
  guint8 header[12];
  guint i;

  self->left--;
  if (rtcp)
    return is_srtcp (packet);
  if (gst_buffer_extract (packet, 0, header, sizeof header) < sizeof header)
    return FALSE;
  for (i = 0; i < self->n; i++) {
    if (self->last[i].ssrc == GST_READ_UINT32_BE (header + 8))
      return (guint16) (self->last[i].sequence - GST_READ_UINT16_BE (header + 2)) < LOOK_AT;
  }
  return FALSE;
}
