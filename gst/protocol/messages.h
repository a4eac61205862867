/* messages.h: every field of every ZRTP message, parsing and building side by side (RFC 6189 sections 5.2 to 5.16).
 *
 * A message is the octets from preamble to MAC, without packet header and CRC. Parsed structs copy small fields and point into
 * the message for long ones.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gst/protocol/keyschedule.h"

G_BEGIN_DECLS

/* Where Commit has H2 and DHPart has H1. */
#define ZRTP_CHAIN_OFFSET 12
#define ZRTP_HVI_LEN 32
#define ZRTP_NONCE_LEN 16
#define ZRTP_IV_LEN 16
#define ZRTP_ENDPOINT_HASH_LEN 8

#define ZRTP_HELLO_MAX_LEN (88 + 4 * 35)
#define ZRTP_COMMIT_MAX_LEN 116
#define ZRTP_DHPART_MAX_LEN (84 + ZRTP_PUBLIC_MAX_LEN)
#define ZRTP_CONFIRM_MIN_LEN 76
#define ZRTP_SIGNATURE_MAX_WORDS 511
/* A longer one would need IP fragments on an IPv4 path with an MTU of 1500 (Z-5-13). */
#define ZRTP_SIGNATURE_MAX_SENT_LEN (345 * 4)
#define ZRTP_MESSAGE_MAX_LEN (ZRTP_CONFIRM_MIN_LEN + 4 * ZRTP_SIGNATURE_MAX_WORDS)

typedef enum
{
  ZRTP_MESSAGE_HELLO,
  ZRTP_MESSAGE_HELLO_ACK,
  ZRTP_MESSAGE_COMMIT,
  ZRTP_MESSAGE_DHPART1,
  ZRTP_MESSAGE_DHPART2,
  ZRTP_MESSAGE_CONFIRM1,
  ZRTP_MESSAGE_CONFIRM2,
  ZRTP_MESSAGE_CONF2_ACK,
  ZRTP_MESSAGE_ERROR,
  ZRTP_MESSAGE_ERROR_ACK,
  ZRTP_MESSAGE_GO_CLEAR,
  ZRTP_MESSAGE_CLEAR_ACK,
  ZRTP_MESSAGE_SAS_RELAY,
  ZRTP_MESSAGE_RELAY_ACK,
  ZRTP_MESSAGE_PING,
  ZRTP_MESSAGE_PING_ACK,
  ZRTP_N_MESSAGES,
  ZRTP_MESSAGE_UNKNOWN = ZRTP_N_MESSAGES
} ZrtpMessageType;

typedef enum
{
  ZRTP_MODE_DH,
  ZRTP_MODE_MULTISTREAM,
  ZRTP_MODE_PRESHARED
} ZrtpMode;

typedef struct
{
  gchar version[4];
  gchar client_id[ZRTP_CLIENT_ID_LEN];
  guint8 h3[ZRTP_CHAIN_LEN];
  guint8 zid[ZRTP_ZID_LEN];
  gboolean sign, mitm, passive;
  ZrtpOffer offer;
  guint8 mac[ZRTP_MAC_LEN];
} ZrtpHello;

typedef struct
{
  guint8 h2[ZRTP_CHAIN_LEN];
  guint8 zid[ZRTP_ZID_LEN];
  ZrtpMode mode;
  ZrtpChoice choice;
  guint8 hvi[ZRTP_HVI_LEN];     /* DH */
  guint8 nonce[ZRTP_NONCE_LEN]; /* Multistream, Preshared */
  guint8 key_id[ZRTP_SECRET_ID_LEN];    /* Preshared */
  guint8 mac[ZRTP_MAC_LEN];
} ZrtpCommit;

typedef struct
{
  guint8 h1[ZRTP_CHAIN_LEN];
  /* rs1ID, rs2ID, auxsecretID, pbxsecretID */
  guint8 ids[4][ZRTP_SECRET_ID_LEN];
  const guint8 *public_value;
  gsize public_len;
  guint8 mac[ZRTP_MAC_LEN];
} ZrtpDhPart;

/* The encrypted part of Confirm1 and Confirm2. */
typedef struct
{
  guint8 h0[ZRTP_CHAIN_LEN];
  gboolean enrollment, verified, allow_clear, disclosure;       /* E V A D */
  guint32 cache_expiry;
  const guint8 *signature;      /* from its type block on; NULL if none */
  gsize signature_len;
} ZrtpConfirmBody;

/* SASrelay's encrypted part. */
typedef struct
{
  gboolean verified, allow_clear, disclosure;   /* V A D */
  gchar sas_type[5];
  guint8 sashash[ZRTP_SASHASH_LEN];
  const guint8 *signature;
  gsize signature_len;
} ZrtpSasRelayBody;

/* What Confirm and SASrelay are encrypted and authenticated with: the sender's, by its role. */
typedef struct
{
  const ZrtpHash *hash;
  const ZrtpCipher *cipher;
  const guint8 *mackey, *zrtpkey;
} ZrtpSealKeys;

typedef struct
{
  gchar version[4];
  guint8 endpoint_hash[ZRTP_ENDPOINT_HASH_LEN];
} ZrtpPing;

/* The type of a message whose preamble and length field have been checked, UNKNOWN for a type block that no RFC has, and
 * whether its length is one that the type can have (Z-5-14). */
ZrtpMessageType zrtp_message_type (const guint8 * message, gsize len, gboolean * good_length);
const gchar *zrtp_message_type_name (ZrtpMessageType type);

/* Builders return the length written to out, which has room for ZRTP_MESSAGE_MAX_LEN; the MAC at the end of Hello, Commit and DHPart is keyed by
 * the next link of the sender's chain. Parsers return FALSE for a structure that the RFC does not allow. */
gsize zrtp_hello_build (const ZrtpHello * hello, const guint8 h2[ZRTP_CHAIN_LEN], guint8 * out);
gboolean zrtp_hello_parse (const guint8 * message, gsize len, ZrtpHello * hello);

gsize zrtp_commit_build (const ZrtpCommit * commit, const guint8 h1[ZRTP_CHAIN_LEN], guint8 * out);
/* Told by the key agreement's name; message has the length of a Commit. */
ZrtpMode zrtp_commit_get_mode (const guint8 * message);
gboolean zrtp_commit_parse (const guint8 * message, gsize len, ZrtpCommit * commit);

gsize zrtp_dhpart_build (ZrtpMessageType type, const ZrtpDhPart * dhpart, const guint8 h0[ZRTP_CHAIN_LEN],
    guint8 * out);
gboolean zrtp_dhpart_parse (const guint8 * message, gsize len, ZrtpDhPart * dhpart);

gsize zrtp_confirm_build (ZrtpMessageType type, const ZrtpConfirmBody * body, const ZrtpSealKeys * keys,
    const guint8 iv[ZRTP_IV_LEN], guint8 * out);
gsize zrtp_sas_relay_build (const ZrtpSasRelayBody * body, const ZrtpSealKeys * keys,
    const guint8 iv[ZRTP_IV_LEN], guint8 * out);
/* Open a Confirm1, Confirm2 or SASrelay: the MAC is verified before anything is decrypted (Z-4.6-4). plaintext has room for
 * ZRTP_MESSAGE_MAX_LEN octets, body points into it. *mac_ok tells a wrong MAC from a malformed body. */
gboolean zrtp_confirm_open (const guint8 * message, gsize len, const ZrtpSealKeys * keys, guint8 * plaintext,
    ZrtpConfirmBody * body, gboolean * mac_ok);
gboolean zrtp_sas_relay_open (const guint8 * message, gsize len, const ZrtpSealKeys * keys, guint8 * plaintext,
    ZrtpSasRelayBody * body, gboolean * mac_ok);

/* The MAC of a sealed message, in place. */
const guint8 *zrtp_sealed_mac (const guint8 * message);

gsize zrtp_go_clear_build (const guint8 clear_mac[ZRTP_MAC_LEN], guint8 * out);
/* The clear_mac of a GoClear, in place. */
const guint8 *zrtp_go_clear_parse (const guint8 * message, gsize len);

/* HelloACK, Conf2ACK, ErrorACK, ClearACK, RelayACK. */
gsize zrtp_ack_build (ZrtpMessageType type, guint8 * out);

gsize zrtp_error_build (guint32 code, guint8 * out);
guint32 zrtp_error_parse (const guint8 * message, gsize len);

gboolean zrtp_ping_parse (const guint8 * message, gsize len, ZrtpPing * ping);
gsize zrtp_ping_ack_build (const guint8 own_hash[ZRTP_ENDPOINT_HASH_LEN], const ZrtpPing * ping,
    guint32 ping_ssrc, guint8 * out);

/* Whether the MAC at the end of a Hello, Commit or DHPart is right under the chain value that has come to light. */
gboolean zrtp_message_check_mac (const guint8 * message, gsize len, const guint8 key[ZRTP_CHAIN_LEN]);

G_END_DECLS
