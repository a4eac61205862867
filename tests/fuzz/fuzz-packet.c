/* fuzz-packet.c: any octets through the packet parser and, with the CRC put right, through every message parser.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include "gst/protocol/association.h"
#include "gst/protocol/messages.h"
#include "gst/protocol/packet.h"
#include "wire.h"

#include <string.h>

static const guint8 key[ZRTP_HASH_MAX_LEN] = { 1, 2, 3 };

static void
parse_hello (const guint8 * message, gsize len)
{
  ZrtpHello hello;
  ZrtpChoice choice;
  guint8 built[ZRTP_MESSAGE_MAX_LEN];
  gsize built_len;

  if (!zrtp_hello_parse (message, len, &hello))
    return;
  zrtp_negotiate (&hello.offer, &hello.offer, &choice);
  g_assert_nonnull (zrtp_hash_find (choice.hash));
  g_assert_nonnull (zrtp_key_agreement_find (choice.key_agreement));
  /* What was taken apart goes together again, but for flag bits that mean nothing and repeated names. */
  built_len = zrtp_hello_build (&hello, key, built);
  g_assert_cmpuint (built_len, <=, ZRTP_HELLO_MAX_LEN);
  g_assert_true (zrtp_hello_parse (built, built_len, &hello));
}

static void
parse_commit (const guint8 * message, gsize len)
{
  ZrtpCommit commit;
  guint8 built[ZRTP_MESSAGE_MAX_LEN];

  if (!zrtp_commit_parse (message, len, &commit))
    return;
  g_assert_cmpuint (zrtp_commit_build (&commit, key, built), ==, len);
  g_assert_cmpmem (built, len - ZRTP_MAC_LEN, message, len - ZRTP_MAC_LEN);
}

static void
parse_dhpart (const guint8 * message, gsize len, ZrtpMessageType type)
{
  ZrtpDhPart dhpart;
  guint8 built[ZRTP_MESSAGE_MAX_LEN];

  if (!zrtp_dhpart_parse (message, len, &dhpart))
    return;
  g_assert_true (dhpart.public_value >= message
      && dhpart.public_value + dhpart.public_len + ZRTP_MAC_LEN <= message + len);
  g_assert_cmpuint (zrtp_dhpart_build (type, &dhpart, key, built), ==, len);
  g_assert_cmpmem (built, len - ZRTP_MAC_LEN, message, len - ZRTP_MAC_LEN);
}

static void
check_signature (const guint8 * signature, gsize signature_len, const guint8 * plaintext, gsize len)
{
  if (signature)
    g_assert_true (signature >= plaintext && signature + signature_len <= plaintext + len);
  else
    g_assert_cmpuint (signature_len, ==, 0);
}

/* Confirm and SASrelay as they are, and with a right MAC so that what is inside is reached. */
static void
parse_sealed (const guint8 * message, gsize len, ZrtpMessageType type)
{
  const ZrtpSealKeys keys = { zrtp_hash_find ("S256"), zrtp_cipher_find ("AES1"), key, key };
  guint8 *copy = g_memdup2 (message, len), plaintext[ZRTP_MESSAGE_MAX_LEN], mac[32];
  ZrtpConfirmBody confirm;
  ZrtpSasRelayBody relay;
  gboolean mac_ok;

  for (guint pass = 0; pass < 2 && len >= 76; pass++) {
    if (type == ZRTP_MESSAGE_SAS_RELAY) {
      if (zrtp_sas_relay_open (copy, len, &keys, plaintext, &relay, &mac_ok))
        check_signature (relay.signature, relay.signature_len, plaintext, len - 36);
    } else if (zrtp_confirm_open (copy, len, &keys, plaintext, &confirm, &mac_ok)) {
      check_signature (confirm.signature, confirm.signature_len, plaintext, len - 36);
    }
    g_assert_true (pass == 0 || mac_ok);
    wire_hmac256 (key, 32, copy + 36, len - 36, mac);
    memcpy (copy + 12, mac, 8);
  }
  g_free (copy);
}

static void
parse_message (const guint8 * message, gsize len)
{
  gboolean good_length;
  ZrtpMessageType type = zrtp_message_type (message, len, &good_length);
  ZrtpPing ping;
  guint8 built[ZRTP_MESSAGE_MAX_LEN];

  g_assert_nonnull (zrtp_message_type_name (type));
  if (!good_length)
    return;
  switch (type) {
    case ZRTP_MESSAGE_HELLO:
      parse_hello (message, len);
      break;
    case ZRTP_MESSAGE_COMMIT:
      parse_commit (message, len);
      break;
    case ZRTP_MESSAGE_DHPART1:
    case ZRTP_MESSAGE_DHPART2:
      parse_dhpart (message, len, type);
      break;
    case ZRTP_MESSAGE_CONFIRM1:
    case ZRTP_MESSAGE_CONFIRM2:
    case ZRTP_MESSAGE_SAS_RELAY:
      parse_sealed (message, len, type);
      break;
    case ZRTP_MESSAGE_ERROR:
      g_assert_nonnull (zrtp_error_code_get_name (zrtp_error_parse (message, len)));
      break;
    case ZRTP_MESSAGE_PING:
      if (zrtp_ping_parse (message, len, &ping))
        g_assert_cmpuint (zrtp_ping_ack_build (key, &ping, 1, built), ==, 36);
      break;
    default:
      break;
  }
}

static void
parse_packet (const guint8 * data, gsize size)
{
  const guint8 *message;
  gsize message_len;
  guint16 sequence;
  guint32 ssrc;

  zrtp_packet_is_zrtp (data, size);
  if (zrtp_packet_parse (data, size, &sequence, &ssrc, &message, &message_len) != ZRTP_PACKET_OK)
    return;
  g_assert_true (message >= data && message + message_len <= data + size);
  parse_message (message, message_len);
}

int
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  guint8 *copy;

  parse_packet (data, size);
  if (size < ZRTP_PACKET_MIN_LEN || size > 4096 || size % 4)
    return 0;
  copy = g_memdup2 (data, size);
  copy[0] = 0x10 | (copy[0] & 15);
  memcpy (copy + 4, "ZRTP", 4);
  copy[12] = 0x50;
  copy[13] = 0x5a;
  copy[14] = ((size - ZRTP_PACKET_OVERHEAD) / 4) >> 8;
  copy[15] = (size - ZRTP_PACKET_OVERHEAD) / 4;
  wire_fix_crc (copy, size);
  parse_packet (copy, size);
  g_free (copy);
  return 0;
}
