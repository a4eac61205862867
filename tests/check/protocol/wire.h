/* wire.h: ZRTP packets as the tests see them, written from RFC 6189 alone and on GLib's hashes, so that the engine's
 * own code is never its own judge.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define WIRE_HEADER_LEN 12
#define WIRE_CRC_LEN 4
#define WIRE_MAX_LEN 2136

typedef enum
{
  WIRE_HELLO,
  WIRE_HELLO_ACK,
  WIRE_COMMIT,
  WIRE_DHPART1,
  WIRE_DHPART2,
  WIRE_CONFIRM1,
  WIRE_CONFIRM2,
  WIRE_CONF2ACK,
  WIRE_ERROR,
  WIRE_ERROR_ACK,
  WIRE_GOCLEAR,
  WIRE_CLEAR_ACK,
  WIRE_SASRELAY,
  WIRE_RELAY_ACK,
  WIRE_PING,
  WIRE_PING_ACK,
  WIRE_UNKNOWN,
  WIRE_N_TYPES = WIRE_UNKNOWN
} WireType;

/* A message (preamble to last octet) or packet being put together. */
typedef struct
{
  gsize len;
  guint8 data[4096];
} WireBuffer;

typedef struct
{
  guint8 h[4][32];              /* H0 to H3 */
} WireChain;

guint32 wire_crc32c (const guint8 * data, gsize len);
void wire_fix_crc (guint8 * packet, gsize len);
gboolean wire_check_crc (const guint8 * packet, gsize len);
/* Puts header and CRC around a message; also one whose length is no multiple of 4. */
void wire_frame (WireBuffer * packet, guint16 sequence, guint32 ssrc, const WireBuffer * message);

const gchar *wire_type_name (WireType type);
WireType wire_type (const guint8 * packet, gsize len);
guint16 wire_sequence (const guint8 * packet);
guint32 wire_ssrc (const guint8 * packet);
#define WIRE_MESSAGE(packet) ((packet) + WIRE_HEADER_LEN)
#define WIRE_MESSAGE_LEN(packet_len) ((packet_len) - WIRE_HEADER_LEN - WIRE_CRC_LEN)

void wire_begin (WireBuffer * message, WireType type);
void wire_append (WireBuffer * message, gconstpointer data, gsize len);
void wire_append_u32 (WireBuffer * message, guint32 value);
/* Writes the length field. */
void wire_end (WireBuffer * message);
/* Appends HMAC-SHA-256(key)[64] of all before it and writes the length field first (it is covered). */
void wire_end_with_mac (WireBuffer * message, const guint8 key[32]);

void wire_sha256 (gconstpointer data, gsize len, guint8 out[32]);
void wire_hmac256 (const guint8 * key, gsize key_len, gconstpointer data, gsize len, guint8 out[32]);
void wire_chain (WireChain * chain, guint64 seed);

/* A Hello with these algorithm names, each a string of 4-character names one after another ("S256S384"). */
void wire_hello (WireBuffer * message, const WireChain * chain, const guint8 zid[12], const gchar * version,
    guint8 flags, const gchar * hashes, const gchar * ciphers, const gchar * auth_tags, const gchar * key_agreements,
    const gchar * sas_types);

void wire_put_u32 (guint8 * at, guint32 value);
guint32 wire_get_u32 (const guint8 * at);

G_END_DECLS
