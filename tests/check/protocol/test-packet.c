/* test-packet.c: the packet around a message: CRC-32C, header, lengths (RFC 6189 section 5).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/protocol/association.h"
#include "gst/protocol/packet.h"
#include "vectors.h"
#include "wire.h"

#include <string.h>

/* Z-5-7: known answers, and the octet order on the wire. */
static void
test_crc (void)
{
  JsonObject *root = vector_load ("crc32c.json");
  JsonArray *rows = json_object_get_array_member (root, "generic");

  g_assert_cmphex (zrtp_crc32c ((const guint8 *) "123456789", 9), ==, 0xe3069283);
  g_assert_cmpuint (json_array_get_length (rows), >, 0);
  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonObject *row = json_array_get_object_element (rows, i);
    Octets data = vector_octets (row, "data"), crc = vector_octets (row, "crc_on_wire");
    guint32 value = zrtp_crc32c (data.data, data.len);

    for (guint j = 0; j < 4; j++)
      g_assert_cmphex ((guint8) (value >> (8 * j)), ==, crc.data[j]);
  }
  json_object_unref (root);
}

/* Against the definition, at every length and alignment: a table or a CPU instruction must not mind. */
static void
test_crc_lengths (void)
{
  guint8 data[300];

  for (guint i = 0; i < sizeof data; i++)
    data[i] = i * 37 + 11;
  for (guint start = 0; start < 9; start++)
    for (guint len = 0; len < 280; len++)
      g_assert_cmphex (zrtp_crc32c (data + start, len), ==, wire_crc32c (data + start, len));
}

/* Z-5-1, Z-5-8, Z-5-14: whole packets parse, and build to the same octets. */
static void
test_packets (void)
{
  JsonObject *root = vector_load ("crc32c.json");
  JsonArray *rows = json_object_get_array_member (root, "packets");

  g_assert_cmpuint (json_array_get_length (rows), >, 0);
  for (guint i = 0; i < json_array_get_length (rows); i++) {
    Octets packet = vector_octets (json_array_get_object_element (rows, i), "packet");
    const guint8 *message;
    gsize message_len;
    guint16 sequence;
    guint32 ssrc;
    guint8 built[WIRE_MAX_LEN];

    g_assert_cmpint (zrtp_packet_parse (packet.data, packet.len, &sequence, &ssrc, &message, &message_len), ==,
        ZRTP_PACKET_OK);
    g_assert_cmpuint (sequence, ==, wire_sequence (packet.data));
    g_assert_cmphex (ssrc, ==, 0xdecafbad);
    g_assert_true (message == packet.data + 12);
    g_assert_cmpuint (message_len, ==, packet.len - 16);
    g_assert_cmpuint (zrtp_packet_build (built, sequence, ssrc, message, message_len), ==, packet.len);
    assert_octets (packet, built, packet.len);
  }
  json_object_unref (root);
}

static ZrtpPacketResult
parse (const guint8 * data, gsize len)
{
  const guint8 *message;
  gsize message_len;
  guint16 sequence;
  guint32 ssrc;
  guint8 *copy = g_memdup2 (data, len);
  ZrtpPacketResult result = zrtp_packet_parse (copy, len, &sequence, &ssrc, &message, &message_len);

  if (result == ZRTP_PACKET_OK) {
    g_assert_true (message >= copy && message + message_len <= copy + len);
    g_assert_cmpuint (message_len, ==, len - ZRTP_PACKET_OVERHEAD);
  }
  g_free (copy);
  return result;
}

static void
make_packet (WireBuffer * packet)
{
  WireBuffer message;

  wire_begin (&message, WIRE_PING);
  wire_append (&message, "1.10abcdefgh", 12);
  wire_end (&message);
  wire_frame (packet, 7, 0x01020304, &message);
}

/* Z-5-9: no flipped bit passes. (Bits that say what is ZRTP at all are judged before the CRC.) */
static void
test_bit_flips (void)
{
  WireBuffer packet;

  make_packet (&packet);
  g_assert_cmpint (parse (packet.data, packet.len), ==, ZRTP_PACKET_OK);
  for (guint bit = 0; bit < packet.len * 8; bit++) {
    ZrtpPacketResult result;

    packet.data[bit / 8] ^= 0x80 >> (bit % 8);
    result = parse (packet.data, packet.len);
    if (bit < 4 || (bit >= 32 && bit < 64))
      g_assert_cmpint (result, ==, ZRTP_PACKET_NOT_ZRTP);
    else
      g_assert_cmpint (result, ==, ZRTP_PACKET_BAD_CRC);
    packet.data[bit / 8] ^= 0x80 >> (bit % 8);
  }
}

/* Z-5-5: the 12 unused bits are ignored. Z-5-4: another cookie is not ours. */
static void
test_unused_bits (void)
{
  WireBuffer packet;

  make_packet (&packet);
  packet.data[0] = 0x1f;
  packet.data[1] = 0xff;
  wire_fix_crc (packet.data, packet.len);
  g_assert_cmpint (parse (packet.data, packet.len), ==, ZRTP_PACKET_OK);
  packet.data[4] = 0x21;
  wire_fix_crc (packet.data, packet.len);
  g_assert_cmpint (parse (packet.data, packet.len), ==, ZRTP_PACKET_NOT_ZRTP);
}

/* Z-5-14, Z-15-6, G4: every truncation and extension, with a right CRC. */
static void
test_lengths (void)
{
  WireBuffer whole, packet;

  make_packet (&whole);
  for (gsize len = 0; len < whole.len + 64; len++) {
    ZrtpPacketResult result;

    memset (&packet, 0, sizeof packet);
    memcpy (packet.data, whole.data, MIN (len, whole.len));
    if (len >= 4)
      wire_fix_crc (packet.data, len);
    result = parse (packet.data, len);
    if (len == whole.len)
      g_assert_cmpint (result, ==, ZRTP_PACKET_OK);
    else
      g_assert_cmpint (result, !=, ZRTP_PACKET_OK);
  }
  /* The length field lies. */
  for (guint words = 0; words < 0x10000; words += words < 16 ? 1 : 997) {
    if (words == 6)
      continue;
    packet = whole;
    packet.data[14] = words >> 8;
    packet.data[15] = words;
    wire_fix_crc (packet.data, packet.len);
    g_assert_cmpint (parse (packet.data, packet.len), ==, ZRTP_PACKET_MALFORMED);
  }
  /* The preamble does. */
  packet = whole;
  packet.data[12] = 0x51;
  wire_fix_crc (packet.data, packet.len);
  g_assert_cmpint (parse (packet.data, packet.len), ==, ZRTP_PACKET_MALFORMED);
}

/* Z-5-12: nothing longer than 2136 octets is ZRTP 1.10. */
static void
test_too_long (void)
{
  WireBuffer message = { 0 }, packet;

  for (guint len = 2112; len <= 2200; len += 4) {
    wire_begin (&message, WIRE_CONFIRM1);
    message.len = len;
    wire_end (&message);
    wire_frame (&packet, 1, 1, &message);
    if (packet.len > WIRE_MAX_LEN)
      g_assert_cmpint (parse (packet.data, packet.len), !=, ZRTP_PACKET_OK);
    else
      g_assert_cmpint (parse (packet.data, packet.len), ==, ZRTP_PACKET_OK);
  }
}

/* Z-5-6, F10: what shares the port with ZRTP is told from it. */
static void
test_classifier (void)
{
  static const guint8 stun[20] = { 0x00, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
  static const guint8 rtp[12] = { 0x80, 0x00, 0, 1, 0x5a, 0x52, 0x54, 0x50 };
  static const guint8 rtcp[12] = { 0x81, 0xc8, 0, 1, 0x5a, 0x52, 0x54, 0x50 };
  static const guint8 dtls[16] = { 22, 0xfe, 0xfd, 0, 0x5a, 0x52, 0x54, 0x50 };
  WireBuffer packet;

  make_packet (&packet);
  g_assert_true (zrtp_packet_is_zrtp (packet.data, packet.len));
  g_assert_false (zrtp_packet_is_zrtp (packet.data, 11));
  g_assert_false (zrtp_packet_is_zrtp (stun, sizeof stun));
  g_assert_false (zrtp_packet_is_zrtp (rtp, sizeof rtp));
  g_assert_false (zrtp_packet_is_zrtp (rtcp, sizeof rtcp));
  for (guint first = 0; first < 256; first++) {
    packet.data[0] = first;
    g_assert_cmpint (zrtp_packet_is_zrtp (packet.data, packet.len), ==, (first >> 4) == 1);
  }
  g_assert_cmpint (parse (dtls, sizeof dtls), !=, ZRTP_PACKET_OK);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/packet/crc", test_crc);
  g_test_add_func ("/packet/crc-lengths", test_crc_lengths);
  g_test_add_func ("/packet/whole-packets", test_packets);
  g_test_add_func ("/packet/bit-flips", test_bit_flips);
  g_test_add_func ("/packet/unused-bits", test_unused_bits);
  g_test_add_func ("/packet/lengths", test_lengths);
  g_test_add_func ("/packet/too-long", test_too_long);
  g_test_add_func ("/packet/classifier", test_classifier);
  return g_test_run ();
}
