/* packet.h: the ZRTP packet around a message: header, CRC-32C (RFC 6189 section 5).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define ZRTP_PACKET_HEADER_LEN 12
#define ZRTP_PACKET_CRC_LEN 4
#define ZRTP_PACKET_OVERHEAD (ZRTP_PACKET_HEADER_LEN + ZRTP_PACKET_CRC_LEN)
#define ZRTP_PACKET_MIN_LEN 28

typedef enum
{
  ZRTP_PACKET_OK,
  ZRTP_PACKET_NOT_ZRTP,         /* too short for a header, other first bits or cookie */
  ZRTP_PACKET_BAD_CRC,          /* drop in silence (Z-5-9) */
  ZRTP_PACKET_MALFORMED         /* right CRC, wrong structure (Z-5-15) */
} ZrtpPacketResult;

/* CRC-32C as its value; on the wire it goes least significant octet first (Z-5-7). */
guint32 zrtp_crc32c (const guint8 * data, gsize len);

/* Checks in the order of Z-5-14. On OK *message points into data and *message_len equals its length field times 4. */
ZrtpPacketResult zrtp_packet_parse (const guint8 * data, gsize len, guint16 * sequence, guint32 * ssrc,
    const guint8 ** message, gsize * message_len);

/* Frames a message of message_len octets (a multiple of 4) into out, which has room for ZRTP_PACKET_OVERHEAD more.
 * Returns the packet's length. */
gsize zrtp_packet_build (guint8 * out, guint16 sequence, guint32 ssrc, const guint8 * message,
    gsize message_len);

G_END_DECLS
