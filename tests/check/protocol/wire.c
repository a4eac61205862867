/* wire.c: building and reading ZRTP packets for tests (RFC 6189 section 5).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "wire.h"

#include <string.h>

static const gchar type_names[WIRE_N_TYPES][9] = {
  "Hello   ", "HelloACK", "Commit  ", "DHPart1 ", "DHPart2 ", "Confirm1", "Confirm2", "Conf2ACK", "Error   ",
  "ErrorACK", "GoClear ", "ClearACK", "SASrelay", "RelayACK", "Ping    ", "PingACK "
};

/* Bit by bit, as the definition says (Z-5-7); the engine is free to be fast. */
guint32
wire_crc32c (const guint8 * data, gsize len)
{
  guint32 crc = 0xffffffff;

  for (gsize i = 0; i < len; i++) {
    crc ^= data[i];
    for (guint bit = 0; bit < 8; bit++)
      crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78 : 0);
  }
  return ~crc;
}

void
wire_put_u32 (guint8 * at, guint32 value)
{
  at[0] = value >> 24;
  at[1] = value >> 16;
  at[2] = value >> 8;
  at[3] = value;
}

guint32
wire_get_u32 (const guint8 * at)
{
  return ((guint32) at[0] << 24) | ((guint32) at[1] << 16) | ((guint32) at[2] << 8) | at[3];
}

void
wire_fix_crc (guint8 * packet, gsize len)
{
  guint32 crc;

  g_assert_cmpuint (len, >=, WIRE_CRC_LEN);
  crc = wire_crc32c (packet, len - WIRE_CRC_LEN);
  /* Least significant octet first. */
  for (guint i = 0; i < 4; i++)
    packet[len - WIRE_CRC_LEN + i] = crc >> (8 * i);
}

gboolean
wire_check_crc (const guint8 * packet, gsize len)
{
  guint32 crc = wire_crc32c (packet, len - WIRE_CRC_LEN);

  for (guint i = 0; i < 4; i++)
    if (packet[len - WIRE_CRC_LEN + i] != (guint8) (crc >> (8 * i)))
      return FALSE;
  return TRUE;
}

void
wire_frame (WireBuffer * packet, guint16 sequence, guint32 ssrc, const WireBuffer * message)
{
  g_assert_cmpuint (message->len + WIRE_HEADER_LEN + WIRE_CRC_LEN, <=, sizeof packet->data);
  packet->data[0] = 0x10;
  packet->data[1] = 0x00;
  packet->data[2] = sequence >> 8;
  packet->data[3] = sequence;
  memcpy (packet->data + 4, "ZRTP", 4);
  wire_put_u32 (packet->data + 8, ssrc);
  memcpy (packet->data + WIRE_HEADER_LEN, message->data, message->len);
  packet->len = message->len + WIRE_HEADER_LEN + WIRE_CRC_LEN;
  wire_fix_crc (packet->data, packet->len);
}

const gchar *
wire_type_name (WireType type)
{
  return type < WIRE_N_TYPES ? type_names[type] : "unknown";
}

WireType
wire_type (const guint8 * packet, gsize len)
{
  if (len < WIRE_HEADER_LEN + 12 + WIRE_CRC_LEN)
    return WIRE_UNKNOWN;
  for (guint i = 0; i < WIRE_N_TYPES; i++)
    if (memcmp (packet + WIRE_HEADER_LEN + 4, type_names[i], 8) == 0)
      return i;
  return WIRE_UNKNOWN;
}

guint16
wire_sequence (const guint8 * packet)
{
  return packet[2] << 8 | packet[3];
}

guint32
wire_ssrc (const guint8 * packet)
{
  return wire_get_u32 (packet + 8);
}

void
wire_append (WireBuffer * message, gconstpointer data, gsize len)
{
  g_assert_cmpuint (message->len + len, <=, sizeof message->data - 64);
  memcpy (message->data + message->len, data, len);
  message->len += len;
}

void
wire_append_u32 (WireBuffer * message, guint32 value)
{
  guint8 octets[4];

  wire_put_u32 (octets, value);
  wire_append (message, octets, 4);
}

void
wire_begin (WireBuffer * message, WireType type)
{
  message->len = 0;
  wire_append (message, "\x50\x5a\0\0", 4);
  wire_append (message, type_names[type], 8);
}

void
wire_end (WireBuffer * message)
{
  message->data[2] = (message->len / 4) >> 8;
  message->data[3] = message->len / 4;
}

void
wire_end_with_mac (WireBuffer * message, const guint8 key[32])
{
  guint8 mac[32];

  message->data[2] = ((message->len + 8) / 4) >> 8;
  message->data[3] = (message->len + 8) / 4;
  wire_hmac256 (key, 32, message->data, message->len, mac);
  wire_append (message, mac, 8);
}

void
wire_sha256 (gconstpointer data, gsize len, guint8 out[32])
{
  GChecksum *checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize out_len = 32;

  g_checksum_update (checksum, data, len);
  g_checksum_get_digest (checksum, out, &out_len);
  g_checksum_free (checksum);
}

void
wire_hmac256 (const guint8 * key, gsize key_len, gconstpointer data, gsize len, guint8 out[32])
{
  GHmac *hmac = g_hmac_new (G_CHECKSUM_SHA256, key, key_len);
  gsize out_len = 32;

  g_hmac_update (hmac, data, len);
  g_hmac_get_digest (hmac, out, &out_len);
  g_hmac_unref (hmac);
}

void
wire_chain (WireChain * chain, guint64 seed)
{
  wire_sha256 (&seed, sizeof seed, chain->h[0]);
  for (guint i = 0; i < 3; i++)
    wire_sha256 (chain->h[i], 32, chain->h[i + 1]);
}

void
wire_hello (WireBuffer * message, const WireChain * chain, const guint8 zid[12], const gchar * version,
    guint8 flags, const gchar * hashes, const gchar * ciphers, const gchar * auth_tags, const gchar * key_agreements,
    const gchar * sas_types)
{
  const gchar *lists[5] = { hashes, ciphers, auth_tags, key_agreements, sas_types };
  guint8 counts[5], bits[4];

  for (guint i = 0; i < 5; i++)
    counts[i] = strlen (lists[i]) / 4;
  wire_begin (message, WIRE_HELLO);
  wire_append (message, version, 4);
  wire_append (message, "test peer       ", 16);
  wire_append (message, chain->h[3], 32);
  wire_append (message, zid, 12);
  bits[0] = flags;
  bits[1] = counts[0] & 15;
  bits[2] = counts[1] << 4 | (counts[2] & 15);
  bits[3] = counts[3] << 4 | (counts[4] & 15);
  wire_append (message, bits, 4);
  for (guint i = 0; i < 5; i++)
    wire_append (message, lists[i], counts[i] * 4);
  wire_end_with_mac (message, chain->h[2]);
}
