/* messages.c: every field of every ZRTP message, parsing and building side by side (RFC 6189 sections 5.2 to 5.16).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gst/protocol/cursor.h"
#include "gst/protocol/messages.h"

/* Type blocks and the lengths in words that each may have (section 5.1). */
static const struct
{
  gchar block[9];
  guint min_words, max_words;
} types[ZRTP_N_MESSAGES] = {
  [ZRTP_MESSAGE_HELLO] = {"Hello   ", 22, 57},
  [ZRTP_MESSAGE_HELLO_ACK] = {"HelloACK", 3, 3},
  [ZRTP_MESSAGE_COMMIT] = {"Commit  ", 25, 29},
  [ZRTP_MESSAGE_DHPART1] = {"DHPart1 ", 21, 117},
  [ZRTP_MESSAGE_DHPART2] = {"DHPart2 ", 21, 117},
  [ZRTP_MESSAGE_CONFIRM1] = {"Confirm1", 19, 19 + ZRTP_SIGNATURE_MAX_WORDS},
  [ZRTP_MESSAGE_CONFIRM2] = {"Confirm2", 19, 19 + ZRTP_SIGNATURE_MAX_WORDS},
  [ZRTP_MESSAGE_CONF2_ACK] = {"Conf2ACK", 3, 3},
  [ZRTP_MESSAGE_ERROR] = {"Error   ", 4, 4},
  [ZRTP_MESSAGE_ERROR_ACK] = {"ErrorACK", 3, 3},
  [ZRTP_MESSAGE_GO_CLEAR] = {"GoClear ", 5, 5},
  [ZRTP_MESSAGE_CLEAR_ACK] = {"ClearACK", 3, 3},
  [ZRTP_MESSAGE_SAS_RELAY] = {"SASrelay", 19, 19 + ZRTP_SIGNATURE_MAX_WORDS},
  [ZRTP_MESSAGE_RELAY_ACK] = {"RelayACK", 3, 3},
  [ZRTP_MESSAGE_PING] = {"Ping    ", 6, 6},
  [ZRTP_MESSAGE_PING_ACK] = {"PingACK ", 9, 9},
};

#define TYPE_BLOCK_OFFSET 4
#define BODY_OFFSET 12

ZrtpMessageType
zrtp_message_type (const guint8 * message, gsize len, gboolean * good_length)
{
  *good_length = FALSE;
  if (len < BODY_OFFSET)
    return ZRTP_MESSAGE_UNKNOWN;
  for (guint type = 0; type < ZRTP_N_MESSAGES; type++) {
    if (memcmp (message + TYPE_BLOCK_OFFSET, types[type].block, 8) == 0) {
      *good_length = len % 4 == 0 && len / 4 >= types[type].min_words && len / 4 <= types[type].max_words;
      return type;
    }
  }
  return ZRTP_MESSAGE_UNKNOWN;
}

const gchar *
zrtp_message_type_name (ZrtpMessageType type)
{
  return type < ZRTP_N_MESSAGES ? types[type].block : "unknown";
}

static void
begin (ZrtpWriter * writer, guint8 * out, ZrtpMessageType type)
{
  zrtp_writer_init (writer, out, ZRTP_MESSAGE_MAX_LEN);
  zrtp_write16 (writer, 0x505a);
  zrtp_write16 (writer, 0);     /* filled in at the end */
  zrtp_write (writer, types[type].block, 8);
}

/* Fills in the length field; reserve counts octets that the caller appends afterwards. */
static void
set_length (ZrtpWriter * writer, gsize reserve)
{
  gsize words = (writer->used + reserve) / 4;

  g_assert (!writer->overrun && (writer->used + reserve) % 4 == 0);
  writer->data[2] = (guint8) (words >> 8);
  writer->data[3] = (guint8) words;
}

/* Ends a message with MAC over all before it, length field included. */
static gsize
finish_with_mac (ZrtpWriter * writer, const guint8 key[ZRTP_CHAIN_LEN])
{
  guint8 mac[ZRTP_MAC_LEN];

  set_length (writer, ZRTP_MAC_LEN);
  zrtp_message_mac (key, writer->data, writer->used, mac);
  zrtp_write (writer, mac, ZRTP_MAC_LEN);
  return writer->used;
}

gboolean
zrtp_message_check_mac (const guint8 * message, gsize len, const guint8 key[ZRTP_CHAIN_LEN])
{
  guint8 mac[ZRTP_MAC_LEN];

  if (len < BODY_OFFSET + ZRTP_MAC_LEN)
    return FALSE;
  zrtp_message_mac (key, message, len - ZRTP_MAC_LEN, mac);
  return zrtp_equal (mac, message + len - ZRTP_MAC_LEN, ZRTP_MAC_LEN);
}

static void
begin_reading (ZrtpReader * reader, const guint8 * message, gsize len)
{
  zrtp_reader_init (reader, message, len);
  zrtp_take (reader, BODY_OFFSET);
}

/* A parser's last word: everything was there and nothing is left over. */
static gboolean
finished (const ZrtpReader * reader)
{
  return !reader->overrun && reader->position == reader->len;
}

static void
take_name (ZrtpReader * reader, gchar name[5])
{
  zrtp_take_into (reader, name, 4);
  name[4] = '\0';
}

/* ---- Hello (5.2) ---- */

#define HELLO_FLAG_SIGN 0x40
#define HELLO_FLAG_MITM 0x20
#define HELLO_FLAG_PASSIVE 0x10

static void
write_names (ZrtpWriter * writer, const ZrtpAlgorithmList * list)
{
  for (guint i = 0; i < list->count; i++)
    zrtp_write (writer, list->names[i], 4);
}

/* A repeated name counts once (Z-5.2-16). */
static void
take_names (ZrtpReader * reader, guint count, ZrtpAlgorithmList * list)
{
  list->count = 0;
  for (guint i = 0; i < count; i++) {
    gchar name[5];

    take_name (reader, name);
    if (!zrtp_algorithm_list_contains (list, name))
      memcpy (list->names[list->count++], name, 5);
  }
}

gsize
zrtp_hello_build (const ZrtpHello * hello, const guint8 h2[ZRTP_CHAIN_LEN], guint8 * out)
{
  const ZrtpOffer *offer = &hello->offer;
  ZrtpWriter writer;

  begin (&writer, out, ZRTP_MESSAGE_HELLO);
  zrtp_write (&writer, hello->version, 4);
  zrtp_write (&writer, hello->client_id, ZRTP_CLIENT_ID_LEN);
  zrtp_write (&writer, hello->h3, ZRTP_CHAIN_LEN);
  zrtp_write (&writer, hello->zid, ZRTP_ZID_LEN);
  zrtp_write8 (&writer, (hello->sign ? HELLO_FLAG_SIGN : 0) | (hello->mitm ? HELLO_FLAG_MITM : 0)
      | (hello->passive ? HELLO_FLAG_PASSIVE : 0));
  zrtp_write8 (&writer, offer->hashes.count);
  zrtp_write8 (&writer, (offer->ciphers.count << 4) | offer->auth_tags.count);
  zrtp_write8 (&writer, (offer->key_agreements.count << 4) | offer->sas_types.count);
  write_names (&writer, &offer->hashes);
  write_names (&writer, &offer->ciphers);
  write_names (&writer, &offer->auth_tags);
  write_names (&writer, &offer->key_agreements);
  write_names (&writer, &offer->sas_types);
  return finish_with_mac (&writer, h2);
}

gboolean
zrtp_hello_parse (const guint8 * message, gsize len, ZrtpHello * hello)
{
  ZrtpOffer *offer = &hello->offer;
  ZrtpReader reader;
  guint8 flags, hc, cc_ac, kc_sc;
  guint counts[5];

  begin_reading (&reader, message, len);
  zrtp_take_into (&reader, hello->version, 4);
  zrtp_take_into (&reader, hello->client_id, ZRTP_CLIENT_ID_LEN);
  zrtp_take_into (&reader, hello->h3, ZRTP_CHAIN_LEN);
  zrtp_take_into (&reader, hello->zid, ZRTP_ZID_LEN);
  flags = zrtp_take8 (&reader);
  hc = zrtp_take8 (&reader);
  cc_ac = zrtp_take8 (&reader);
  kc_sc = zrtp_take8 (&reader);
  /* The unused bits beside them are ignored (Z-5.2-6). */
  hello->sign = (flags & HELLO_FLAG_SIGN) != 0;
  hello->mitm = (flags & HELLO_FLAG_MITM) != 0;
  hello->passive = (flags & HELLO_FLAG_PASSIVE) != 0;
  counts[0] = hc & 0xf;
  counts[1] = cc_ac >> 4;
  counts[2] = cc_ac & 0xf;
  counts[3] = kc_sc >> 4;
  counts[4] = kc_sc & 0xf;
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    if (counts[i] > ZRTP_MAX_ALGORITHMS)        /* Z-5.2-7 */
      return FALSE;
  take_names (&reader, counts[0], &offer->hashes);
  take_names (&reader, counts[1], &offer->ciphers);
  take_names (&reader, counts[2], &offer->auth_tags);
  take_names (&reader, counts[3], &offer->key_agreements);
  take_names (&reader, counts[4], &offer->sas_types);
  zrtp_take_into (&reader, hello->mac, ZRTP_MAC_LEN);
  return finished (&reader);
}

/* ---- Commit (5.4) ---- */

gsize
zrtp_commit_build (const ZrtpCommit * commit, const guint8 h1[ZRTP_CHAIN_LEN], guint8 * out)
{
  ZrtpWriter writer;

  begin (&writer, out, ZRTP_MESSAGE_COMMIT);
  zrtp_write (&writer, commit->h2, ZRTP_CHAIN_LEN);
  zrtp_write (&writer, commit->zid, ZRTP_ZID_LEN);
  zrtp_write (&writer, commit->choice.hash, 4);
  zrtp_write (&writer, commit->choice.cipher, 4);
  zrtp_write (&writer, commit->choice.auth_tag, 4);
  zrtp_write (&writer, commit->choice.key_agreement, 4);
  zrtp_write (&writer, commit->choice.sas, 4);
  if (commit->mode == ZRTP_MODE_DH)
    zrtp_write (&writer, commit->hvi, ZRTP_HVI_LEN);
  else
    zrtp_write (&writer, commit->nonce, ZRTP_NONCE_LEN);
  if (commit->mode == ZRTP_MODE_PRESHARED)
    zrtp_write (&writer, commit->key_id, ZRTP_SECRET_ID_LEN);
  return finish_with_mac (&writer, h1);
}

#define COMMIT_KEY_AGREEMENT_OFFSET 68

ZrtpMode
zrtp_commit_get_mode (const guint8 * message)
{
  const guint8 *name = message + COMMIT_KEY_AGREEMENT_OFFSET;

  if (memcmp (name, "Mult", 4) == 0)
    return ZRTP_MODE_MULTISTREAM;
  return memcmp (name, "Prsh", 4) == 0 ? ZRTP_MODE_PRESHARED : ZRTP_MODE_DH;
}

gboolean
zrtp_commit_parse (const guint8 * message, gsize len, ZrtpCommit * commit)
{
  ZrtpReader reader;

  memset (commit, 0, sizeof *commit);
  begin_reading (&reader, message, len);
  zrtp_take_into (&reader, commit->h2, ZRTP_CHAIN_LEN);
  zrtp_take_into (&reader, commit->zid, ZRTP_ZID_LEN);
  take_name (&reader, commit->choice.hash);
  take_name (&reader, commit->choice.cipher);
  take_name (&reader, commit->choice.auth_tag);
  take_name (&reader, commit->choice.key_agreement);
  take_name (&reader, commit->choice.sas);
  if (reader.overrun)
    return FALSE;
  commit->mode = zrtp_commit_get_mode (message);
  if (commit->mode == ZRTP_MODE_DH)
    zrtp_take_into (&reader, commit->hvi, ZRTP_HVI_LEN);
  else
    zrtp_take_into (&reader, commit->nonce, ZRTP_NONCE_LEN);
  if (commit->mode == ZRTP_MODE_PRESHARED)
    zrtp_take_into (&reader, commit->key_id, ZRTP_SECRET_ID_LEN);
  zrtp_take_into (&reader, commit->mac, ZRTP_MAC_LEN);
  return finished (&reader);
}

/* ---- DHPart1, DHPart2 (5.5, 5.6) ---- */

gsize
zrtp_dhpart_build (ZrtpMessageType type, const ZrtpDhPart * dhpart, const guint8 h0[ZRTP_CHAIN_LEN],
    guint8 * out)
{
  ZrtpWriter writer;

  begin (&writer, out, type);
  zrtp_write (&writer, dhpart->h1, ZRTP_CHAIN_LEN);
  zrtp_write (&writer, dhpart->ids, sizeof dhpart->ids);
  zrtp_write (&writer, dhpart->public_value, dhpart->public_len);
  return finish_with_mac (&writer, h0);
}

gboolean
zrtp_dhpart_parse (const guint8 * message, gsize len, ZrtpDhPart * dhpart)
{
  ZrtpReader reader;
  gsize fixed_len = BODY_OFFSET + ZRTP_CHAIN_LEN + sizeof dhpart->ids + ZRTP_MAC_LEN;

  if (len < fixed_len)
    return FALSE;
  begin_reading (&reader, message, len);
  zrtp_take_into (&reader, dhpart->h1, ZRTP_CHAIN_LEN);
  zrtp_take_into (&reader, dhpart->ids, sizeof dhpart->ids);
  /* Whether that is the length of the Commit's key agreement is for the exchange to judge. */
  dhpart->public_len = len - fixed_len;
  dhpart->public_value = zrtp_take (&reader, dhpart->public_len);
  zrtp_take_into (&reader, dhpart->mac, ZRTP_MAC_LEN);
  return finished (&reader);
}

/* ---- Confirm1, Confirm2 (5.7) and SASrelay (5.13): sealed messages ---- */

#define FLAG_ENROLLMENT 0x08
#define FLAG_VERIFIED 0x04
#define FLAG_ALLOW_CLEAR 0x02
#define FLAG_DISCLOSURE 0x01

#define SEAL_MAC_OFFSET BODY_OFFSET
#define SEAL_IV_OFFSET (SEAL_MAC_OFFSET + ZRTP_MAC_LEN)
#define SEALED_OFFSET (SEAL_IV_OFFSET + ZRTP_IV_LEN)

/* Over the ciphertext only (Z-4.6-3). */
static void
seal_mac (const ZrtpSealKeys * keys, const guint8 * sealed, gsize len, guint8 mac[ZRTP_MAC_LEN])
{
  guint8 full[ZRTP_HASH_MAX_LEN];
  ZrtpPart part = { sealed, len };

  keys->hash->hmac (keys->mackey, keys->hash->length, &part, 1, full);
  memcpy (mac, full, ZRTP_MAC_LEN);
}

static void
begin_sealed (ZrtpWriter * writer, guint8 * out, ZrtpMessageType type, const guint8 iv[ZRTP_IV_LEN])
{
  static const guint8 no_mac[ZRTP_MAC_LEN] = { 0 };

  begin (writer, out, type);
  zrtp_write (writer, no_mac, ZRTP_MAC_LEN);
  zrtp_write (writer, iv, ZRTP_IV_LEN);
}

/* Encrypts and authenticates what was written since begin_sealed(). */
static gsize
finish_sealed (ZrtpWriter * writer, const ZrtpSealKeys * keys)
{
  guint8 *sealed = writer->data + SEALED_OFFSET;
  gsize len = writer->used - SEALED_OFFSET;

  set_length (writer, 0);
  keys->cipher->cfb_encrypt (keys->zrtpkey, writer->data + SEAL_IV_OFFSET, sealed, len);
  seal_mac (keys, sealed, len, writer->data + SEAL_MAC_OFFSET);
  return writer->used;
}

static gboolean
unseal (const guint8 * message, gsize len, const ZrtpSealKeys * keys, guint8 * plaintext, ZrtpReader * reader)
{
  guint8 mac[ZRTP_MAC_LEN];

  if (len < SEALED_OFFSET || len > ZRTP_MESSAGE_MAX_LEN)
    return FALSE;
  seal_mac (keys, message + SEALED_OFFSET, len - SEALED_OFFSET, mac);
  if (!zrtp_equal (mac, message + SEAL_MAC_OFFSET, ZRTP_MAC_LEN))
    return FALSE;
  memcpy (plaintext, message + SEALED_OFFSET, len - SEALED_OFFSET);
  keys->cipher->cfb_decrypt (keys->zrtpkey, message + SEAL_IV_OFFSET, plaintext, len - SEALED_OFFSET);
  zrtp_reader_init (reader, plaintext, len - SEALED_OFFSET);
  return TRUE;
}

/* 15 unused bits, 9 bits sig len in words, flags. */
static void
write_flags (ZrtpWriter * writer, gsize signature_len, guint8 flags)
{
  g_assert (signature_len % 4 == 0 && signature_len / 4 <= ZRTP_SIGNATURE_MAX_WORDS);
  zrtp_write32 (writer, (guint32) (signature_len / 4) << 8 | flags);
}

/* The unused bits are ignored (Z-5.7-4, Z-5.13-14). */
static guint8
take_flags (ZrtpReader * reader, gsize * signature_len)
{
  guint32 word = zrtp_take32 (reader);

  *signature_len = ((word >> 8) & 0x1ff) * 4;
  return word & 0xff;
}

gsize
zrtp_confirm_build (ZrtpMessageType type, const ZrtpConfirmBody * body, const ZrtpSealKeys * keys,
    const guint8 iv[ZRTP_IV_LEN], guint8 * out)
{
  ZrtpWriter writer;

  begin_sealed (&writer, out, type, iv);
  zrtp_write (&writer, body->h0, ZRTP_CHAIN_LEN);
  write_flags (&writer, body->signature_len, (body->enrollment ? FLAG_ENROLLMENT : 0)
      | (body->verified ? FLAG_VERIFIED : 0) | (body->allow_clear ? FLAG_ALLOW_CLEAR : 0)
      | (body->disclosure ? FLAG_DISCLOSURE : 0));
  zrtp_write32 (&writer, body->cache_expiry);
  zrtp_write (&writer, body->signature, body->signature_len);
  return finish_sealed (&writer, keys);
}

gboolean
zrtp_confirm_open (const guint8 * message, gsize len, const ZrtpSealKeys * keys, guint8 * plaintext,
    ZrtpConfirmBody * body, gboolean * mac_ok)
{
  ZrtpReader reader;
  guint8 flags;

  *mac_ok = unseal (message, len, keys, plaintext, &reader);
  if (!*mac_ok)
    return FALSE;
  zrtp_take_into (&reader, body->h0, ZRTP_CHAIN_LEN);
  flags = take_flags (&reader, &body->signature_len);
  body->enrollment = (flags & FLAG_ENROLLMENT) != 0;
  body->verified = (flags & FLAG_VERIFIED) != 0;
  body->allow_clear = (flags & FLAG_ALLOW_CLEAR) != 0;
  body->disclosure = (flags & FLAG_DISCLOSURE) != 0;
  body->cache_expiry = zrtp_take32 (&reader);
  body->signature = body->signature_len > 0 ? zrtp_take (&reader, body->signature_len) : NULL;
  return finished (&reader);    /* the length field and sig len agree (Z-5.7-2) */
}

gsize
zrtp_sas_relay_build (const ZrtpSasRelayBody * body, const ZrtpSealKeys * keys, const guint8 iv[ZRTP_IV_LEN],
    guint8 * out)
{
  ZrtpWriter writer;

  begin_sealed (&writer, out, ZRTP_MESSAGE_SAS_RELAY, iv);
  write_flags (&writer, body->signature_len, (body->verified ? FLAG_VERIFIED : 0)
      | (body->allow_clear ? FLAG_ALLOW_CLEAR : 0) | (body->disclosure ? FLAG_DISCLOSURE : 0));
  zrtp_write (&writer, body->sas_type, 4);
  zrtp_write (&writer, body->sashash, ZRTP_SASHASH_LEN);
  zrtp_write (&writer, body->signature, body->signature_len);
  return finish_sealed (&writer, keys);
}

gboolean
zrtp_sas_relay_open (const guint8 * message, gsize len, const ZrtpSealKeys * keys, guint8 * plaintext,
    ZrtpSasRelayBody * body, gboolean * mac_ok)
{
  ZrtpReader reader;
  guint8 flags;

  *mac_ok = unseal (message, len, keys, plaintext, &reader);
  if (!*mac_ok)
    return FALSE;
  flags = take_flags (&reader, &body->signature_len);
  body->verified = (flags & FLAG_VERIFIED) != 0;
  body->allow_clear = (flags & FLAG_ALLOW_CLEAR) != 0;
  body->disclosure = (flags & FLAG_DISCLOSURE) != 0;
  take_name (&reader, body->sas_type);
  zrtp_take_into (&reader, body->sashash, ZRTP_SASHASH_LEN);
  body->signature = body->signature_len > 0 ? zrtp_take (&reader, body->signature_len) : NULL;
  return finished (&reader);
}

const guint8 *
zrtp_sealed_mac (const guint8 * message)
{
  return message + SEAL_MAC_OFFSET;
}

/* ---- GoClear (5.11) ---- */

gsize
zrtp_go_clear_build (const guint8 clear_mac[ZRTP_MAC_LEN], guint8 * out)
{
  ZrtpWriter writer;

  begin (&writer, out, ZRTP_MESSAGE_GO_CLEAR);
  zrtp_write (&writer, clear_mac, ZRTP_MAC_LEN);
  set_length (&writer, 0);
  return writer.used;
}

const guint8 *
zrtp_go_clear_parse (const guint8 * message, gsize len)
{
  ZrtpReader reader;

  begin_reading (&reader, message, len);
  return zrtp_take (&reader, ZRTP_MAC_LEN);
}

/* ---- Acknowledgements, Error, Ping (5.3, 5.8 to 5.10, 5.15, 5.16) ---- */

gsize
zrtp_ack_build (ZrtpMessageType type, guint8 * out)
{
  ZrtpWriter writer;

  begin (&writer, out, type);
  set_length (&writer, 0);
  return writer.used;
}

gsize
zrtp_error_build (guint32 code, guint8 * out)
{
  ZrtpWriter writer;

  begin (&writer, out, ZRTP_MESSAGE_ERROR);
  zrtp_write32 (&writer, code);
  set_length (&writer, 0);
  return writer.used;
}

guint32
zrtp_error_parse (const guint8 * message, gsize len)
{
  ZrtpReader reader;

  begin_reading (&reader, message, len);
  return zrtp_take32 (&reader);
}

gboolean
zrtp_ping_parse (const guint8 * message, gsize len, ZrtpPing * ping)
{
  ZrtpReader reader;

  begin_reading (&reader, message, len);
  zrtp_take_into (&reader, ping->version, 4);
  zrtp_take_into (&reader, ping->endpoint_hash, ZRTP_ENDPOINT_HASH_LEN);
  return finished (&reader);
}

gsize
zrtp_ping_ack_build (const guint8 own_hash[ZRTP_ENDPOINT_HASH_LEN], const ZrtpPing * ping,
    guint32 ping_ssrc, guint8 * out)
{
  ZrtpWriter writer;

  begin (&writer, out, ZRTP_MESSAGE_PING_ACK);
  zrtp_write (&writer, "1.10", 4);      /* the one version that we know, whatever was asked (Z-5.15-2) */
  zrtp_write (&writer, own_hash, ZRTP_ENDPOINT_HASH_LEN);
  zrtp_write (&writer, ping->endpoint_hash, ZRTP_ENDPOINT_HASH_LEN);
  zrtp_write32 (&writer, ping_ssrc);
  set_length (&writer, 0);
  return writer.used;
}
