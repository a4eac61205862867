/* packet.c: the ZRTP packet around a message: header, CRC-32C (RFC 6189 section 5).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gst/protocol/association.h"
#include "gst/protocol/cursor.h"
#include "gst/protocol/packet.h"

#define CRC32C_REFLECTED_POLYNOMIAL 0x82f63b78u

static guint32 crc_table[256];

static void
crc_table_init (void)
{
  static gsize done = 0;

  if (!g_once_init_enter (&done))
    return;
  for (guint i = 0; i < 256; i++) {
    guint32 crc = i;
    for (guint bit = 0; bit < 8; bit++)
      crc = (crc >> 1) ^ ((crc & 1) ? CRC32C_REFLECTED_POLYNOMIAL : 0);
    crc_table[i] = crc;
  }
  g_once_init_leave (&done, 1);
}

guint32
zrtp_crc32c (const guint8 * data, gsize len)
{
  guint32 crc = 0xffffffffu;

  crc_table_init ();
  for (gsize i = 0; i < len; i++)
    crc = (crc >> 8) ^ crc_table[(crc ^ data[i]) & 0xff];
  return ~crc;
}

ZrtpPacketResult
zrtp_packet_parse (const guint8 * data, gsize len, guint16 * sequence, guint32 * ssrc,
    const guint8 ** message, gsize * message_len)
{
  gsize body_len;

  if (!zrtp_packet_is_zrtp (data, len))
    return ZRTP_PACKET_NOT_ZRTP;
  /* Nothing else is believed before the CRC holds (Z-5-14); a packet of an odd size has none. */
  if (len < ZRTP_PACKET_MIN_LEN || len > ZRTP_MAX_PACKET_LEN || len % 4 != 0)
    return ZRTP_PACKET_MALFORMED;
  body_len = len - ZRTP_PACKET_CRC_LEN;
  if (zrtp_crc32c (data, body_len) != GUINT32_FROM_LE (zrtp_load32 (data + body_len)))
    return ZRTP_PACKET_BAD_CRC;

  *message = data + ZRTP_PACKET_HEADER_LEN;
  *message_len = len - ZRTP_PACKET_OVERHEAD;
  if ((*message)[0] != 0x50 || (*message)[1] != 0x5a)
    return ZRTP_PACKET_MALFORMED;
  if ((gsize) zrtp_read16 (*message + 2) * 4 != *message_len)
    return ZRTP_PACKET_MALFORMED;
  *sequence = zrtp_read16 (data + 2);
  *ssrc = zrtp_read32 (data + 8);
  return ZRTP_PACKET_OK;
}

gsize
zrtp_packet_build (guint8 * out, guint16 sequence, guint32 ssrc, const guint8 * message, gsize message_len)
{
  ZrtpWriter writer;
  guint32 crc;

  zrtp_writer_init (&writer, out, message_len + ZRTP_PACKET_OVERHEAD);
  zrtp_write16 (&writer, 0x1000);
  zrtp_write16 (&writer, sequence);
  zrtp_write (&writer, "ZRTP", 4);
  zrtp_write32 (&writer, ssrc);
  zrtp_write (&writer, message, message_len);
  crc = zrtp_crc32c (out, writer.used);
  /* Least significant octet first (Z-5-7). */
  zrtp_write32 (&writer, GUINT32_SWAP_LE_BE (crc));
  g_assert (!writer.overrun);
  return writer.used;
}
