/* packets.h: what a packet on the wire is, and which packets a scenario means.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef enum
{
  GST_ZRTP_PACKET_OTHER,        /* neither ZRTP nor RTP nor RTCP */
  GST_ZRTP_PACKET_ZRTP,
  GST_ZRTP_PACKET_CLEAR,        /* RTP or RTCP, not known to be encrypted */
  GST_ZRTP_PACKET_ENCRYPTED
} GstZrtpPacketKind;

typedef struct
{
  GstZrtpPacketKind kind;
  gchar message[9];             /* of ZRTP: the type, without padding */
} GstZrtpPacketInfo;

/* What of a media packet goes in, to be known again when it comes out. */
typedef struct
{
  guint32 ssrc;
  guint16 sequence;
  guint8 len;
  guint8 payload[16];           /* its beginning */
} GstZrtpOriginal;

/* FALSE: it is not RTP. */
gboolean gst_zrtp_packet_get_original (GstBuffer * packet, GstZrtpOriginal * original);

/* Tells ZRTP from the rest; media counts as clear. */
void gst_zrtp_packet_inspect (GstBuffer * packet, GstZrtpPacketInfo * info);

/* Which packets: "all", "zrtp", "media", "clear", "encrypted", or types of ZRTP messages; several with commas, or as a
 * list. */
typedef struct _GstZrtpPacketFilter GstZrtpPacketFilter;

/* value: a string, a list of strings, or NULL for all. NULL: *problem says why (transfer full). */
GstZrtpPacketFilter *gst_zrtp_packet_filter_new (const GValue * value, gchar ** problem);
void gst_zrtp_packet_filter_free (GstZrtpPacketFilter * self);
gboolean gst_zrtp_packet_filter_matches (const GstZrtpPacketFilter * self, const GstZrtpPacketInfo * info);

/* Turns over one bit of an octet; crc: and makes the checksum of a ZRTP packet right again. Takes the packet and
 * returns it. */
GstBuffer *gst_zrtp_packet_corrupt (GstBuffer * packet, gsize octet, guint bit, gboolean crc);

G_END_DECLS
