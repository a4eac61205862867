/* exchange.c: the key agreement from DHPart1 to Conf2ACK; one function for each message made or consumed
 * (RFC 6189 sections 4.3 to 4.6, 5.5 to 5.8).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gst/protocol/stream.h"

/* ---- Begin and end ---- */

void
zrtp_exchange_free (ZrtpExchange * exchange)
{
  zrtp_message_clear (&exchange->commit);
  zrtp_message_clear (&exchange->dhpart1);
  zrtp_message_clear (&exchange->dhpart2);
  zrtp_message_clear (&exchange->confirm1);
  zrtp_message_clear (&exchange->confirm2);
  zrtp_message_clear (&exchange->peer_signature);
  zrtp_message_clear (&exchange->auxsecret);
  zrtp_wipe (exchange, sizeof *exchange);
  g_free (exchange);
}

/* A loser of contention keeps its key pair if the type is the same (Z-4.2-8). */
static void
inherit_key_pair (ZrtpExchange * exchange, const ZrtpExchange * lost)
{
  if (!lost->have_secret || lost->key_agreement != exchange->key_agreement
      || lost->cipher != exchange->cipher)
    return;
  exchange->have_secret = TRUE;
  memcpy (exchange->secret, lost->secret, sizeof exchange->secret);
  memcpy (exchange->public_value, lost->public_value, sizeof exchange->public_value);
}

/* It depends on roles and hash: made anew for each exchange, and after a lost contention (Z-8.2-2). */
static ZrtpSecret
signalled_secret (ZrtpStream * stream)
{
  const ZrtpAssociation *association = stream->association;
  ZrtpExchange *exchange = stream->exchange;
  const ZrtpMessage *key = &association->signalled_key, *salt = &association->signalled_salt;
  const guint8 *own = association->config.zid, *peer = stream->peer->hello.zid;
  gboolean initiator = exchange->role == ZRTP_ROLE_INITIATOR;

  zrtp_derive_srtps (exchange->hash, initiator ? own : peer, initiator ? peer : own,
      (ZrtpSecret) { key->data, key->len }, (ZrtpSecret) { salt->data, salt->len }, exchange->srtps);
  return (ZrtpSecret) { exchange->srtps, sizeof exchange->srtps };
}

/* The secrets that we share with this peer, as far as we know. They stay in the exchange. */
static gboolean
gather_secrets (ZrtpStream * stream)
{
  ZrtpAssociation *association = stream->association;
  ZrtpExchange *exchange = stream->exchange;
  ZrtpCacheEntry *entry = &exchange->entry;
  ZrtpSecret *secrets = exchange->shared.secrets;
  ZrtpCache *cache = association->cache;

  if (cache)
    exchange->entry_found = cache->lookup (cache, association->config.zid, stream->peer->hello.zid, entry);
  if (entry->has_rs1)
    secrets[ZRTP_SECRET_RS1] = (ZrtpSecret) { entry->rs1, ZRTP_RETAINED_LEN };
  if (entry->has_rs2)
    secrets[ZRTP_SECRET_RS2] = (ZrtpSecret) { entry->rs2, ZRTP_RETAINED_LEN };
  if (association->auxsecret) {
    /* A copy: the application may set another one while this exchange goes on. */
    zrtp_message_set (&exchange->auxsecret, association->auxsecret, association->auxsecret_len);
    secrets[ZRTP_SECRET_AUX] = (ZrtpSecret) { exchange->auxsecret.data, exchange->auxsecret.len };
  } else if (association->signalled_key.data) {
    secrets[ZRTP_SECRET_AUX] = signalled_secret (stream);
  }
  if (entry->has_pbxsecret)
    secrets[ZRTP_SECRET_PBX] = (ZrtpSecret) { entry->pbxsecret, ZRTP_RETAINED_LEN };
  return zrtp_shared_secrets_draw_stand_ins (&exchange->shared, association->random);
}

gboolean
zrtp_exchange_begin (ZrtpStream * stream, ZrtpRole role, ZrtpMode mode, const ZrtpChoice * choice)
{
  ZrtpExchange *lost = stream->exchange;
  ZrtpExchange *exchange = g_new0 (ZrtpExchange, 1);

  stream->exchange = exchange;
  stream->stats.commit_at = stream->association->now;
  zrtp_timers_exchange_begun (stream);
  exchange->role = role;
  exchange->mode = mode;
  exchange->choice = *choice;
  exchange->hash = zrtp_hash_find (choice->hash);
  exchange->cipher = zrtp_cipher_find (choice->cipher);
  exchange->auth_tag = zrtp_auth_tag_find (choice->auth_tag);
  if (mode == ZRTP_MODE_DH)
    exchange->key_agreement = zrtp_key_agreement_find (choice->key_agreement);
  if (mode != ZRTP_MODE_MULTISTREAM)
    exchange->sas_type = zrtp_sas_type_find (choice->sas);
  if (lost) {
    inherit_key_pair (exchange, lost);
    zrtp_exchange_free (lost);
  }
  if (mode != ZRTP_MODE_MULTISTREAM && !gather_secrets (stream)) {
    zrtp_stream_fail (stream, ZRTP_ERROR_SOFTWARE);
    return FALSE;
  }
  return TRUE;
}

ZrtpVerdict
zrtp_altered_message (ZrtpStream * stream)
{
  zrtp_association_warn (stream->association, stream->id, ZRTP_WARNING_MESSAGE_MAC);
  return zrtp_stream_fail (stream, ZRTP_ERROR_SOFTWARE);
}

/* ---- DHPart1, DHPart2 ---- */

/* Own DHPart, by role; it is complete before its hash goes into hvi (Z-4.4.1.1-7). */
gboolean
zrtp_create_dhpart (ZrtpStream * stream)
{
  ZrtpAssociation *association = stream->association;
  ZrtpExchange *exchange = stream->exchange;
  gboolean initiator = exchange->role == ZRTP_ROLE_INITIATOR;
  const ZrtpKeyAgreement *key_agreement = exchange->key_agreement;
  guint8 data[ZRTP_MESSAGE_MAX_LEN];
  ZrtpDhPart dhpart = { 0 };
  gsize len;

  if (!exchange->have_secret) {
    /* Twice the strength of the cipher (Z-5.1.5-4). */
    guint secret_bits = exchange->cipher->key_len * 16;

    stream->stats.public_key_operations++;
    if (!key_agreement->generate (association->random, secret_bits, exchange->secret,
            exchange->public_value)) {
      zrtp_stream_fail (stream, ZRTP_ERROR_SOFTWARE);
      return FALSE;
    }
    exchange->have_secret = TRUE;
  }
  memcpy (dhpart.h1, stream->h1, ZRTP_CHAIN_LEN);
  zrtp_shared_secrets_ids (&exchange->shared, exchange->hash, exchange->role, stream->h3, dhpart.ids);
  dhpart.public_value = exchange->public_value;
  dhpart.public_len = key_agreement->public_len;
  len = zrtp_dhpart_build (initiator ? ZRTP_MESSAGE_DHPART2 : ZRTP_MESSAGE_DHPART1, &dhpart, stream->h0, data);
  zrtp_message_set (initiator ? &exchange->dhpart2 : &exchange->dhpart1, data, len);
  return TRUE;
}

static void
set_kdf_context (ZrtpStream * stream, const ZrtpPart * parts, guint n_parts)
{
  ZrtpExchange *exchange = stream->exchange;
  gboolean initiator = exchange->role == ZRTP_ROLE_INITIATOR;
  const guint8 *own_zid = stream->association->config.zid;
  const guint8 *peer_zid = stream->peer->hello.zid;

  exchange->context.hash = exchange->hash;
  memcpy (exchange->context.zidi, initiator ? own_zid : peer_zid, ZRTP_ZID_LEN);
  memcpy (exchange->context.zidr, initiator ? peer_zid : own_zid, ZRTP_ZID_LEN);
  exchange->hash->digest (parts, n_parts, exchange->context.total_hash);
}

/* The responder's Hello, by role (Z-4.4.1.4-1, Z-4.4.3.2-1). */
static ZrtpPart
responder_hello (const ZrtpStream * stream)
{
  const ZrtpMessage *hello =
      stream->exchange->role == ZRTP_ROLE_INITIATOR ? &stream->peer->message : &stream->hello;

  return (ZrtpPart) { hello->data, hello->len };
}

/* Which secrets we have in common. */
static void
match_secrets (ZrtpStream * stream, const ZrtpDhPart * peer_dhpart, ZrtpMatch * match)
{
  ZrtpExchange *exchange = stream->exchange;

  zrtp_shared_secrets_match (&exchange->shared, exchange->hash, exchange->role, stream->peer->hello.h3,
      peer_dhpart->ids, match);
  exchange->own_rs1_matched = match->own_rs1_matched;
  exchange->pbx_matched = match->s3.len > 0;
  /* An rs1 that came to nothing is a mismatch, whatever else matched (Z-4.3.2-1, -8). */
  exchange->cache_status = match->s1.len > 0 ? ZRTP_CACHE_MATCH
      : exchange->entry.has_rs1 ? ZRTP_CACHE_MISMATCH : ZRTP_CACHE_NONE;
  exchange->aux_mismatch = exchange->shared.secrets[ZRTP_SECRET_AUX].len > 0 && match->s2.len == 0;
}

/* What s0 of a first stream leads to (4.5.2, 4.5.3). */
static void
derive_first_stream_keys (ZrtpExchange * exchange, const guint8 * s0)
{
  const ZrtpKdfContext *context = &exchange->context;

  zrtp_derive_stream_keys (context, s0, exchange->cipher, exchange->auth_tag, &exchange->keys);
  zrtp_derive_zrtp_sess (context, s0, exchange->zrtp_sess);
  zrtp_derive_sashash (context, s0, exchange->sashash);
  zrtp_derive_exported_key (context, s0, exchange->exported_key);
  zrtp_derive_retained_secret (context, s0, exchange->new_rs1);
}

/* DHResult, s0 and all that comes of it; DHResult, sv and s0 are gone afterwards (Z-4.4.1.4-5). FALSE: the public value leads to a
 * result that must be refused. */
static gboolean
derive_dh_keys (ZrtpStream * stream, const ZrtpDhPart * peer_dhpart)
{
  ZrtpExchange *exchange = stream->exchange;
  guint8 dh_result[ZRTP_RESULT_MAX_LEN];
  guint8 s0[ZRTP_HASH_MAX_LEN];
  ZrtpMatch match;
  ZrtpPart parts[] = {
    responder_hello (stream), {exchange->commit.data, exchange->commit.len},
    {exchange->dhpart1.data, exchange->dhpart1.len}, {exchange->dhpart2.data, exchange->dhpart2.len}
  };
  gboolean good;

  stream->stats.public_key_operations++;
  good = exchange->key_agreement->agree (exchange->secret, peer_dhpart->public_value, dh_result);
  zrtp_wipe (exchange->secret, sizeof exchange->secret);
  exchange->have_secret = FALSE;
  if (good) {
    match_secrets (stream, peer_dhpart, &match);
    set_kdf_context (stream, parts, G_N_ELEMENTS (parts));
    zrtp_s0_from_dh (&exchange->context, dh_result, exchange->key_agreement->result_len, match.s1, match.s2,
        match.s3, s0);
    derive_first_stream_keys (exchange, s0);
    zrtp_wipe (s0, sizeof s0);
  }
  zrtp_wipe (dh_result, sizeof dh_result);
  zrtp_wipe (&match, sizeof match);
  return good;
}

ZrtpVerdict
zrtp_consume_dhpart1 (ZrtpStream * stream, const ZrtpReceived * in)
{
  ZrtpExchange *exchange = stream->exchange;
  guint8 h2[ZRTP_CHAIN_LEN], h3[ZRTP_CHAIN_LEN];
  ZrtpDhPart dhpart;

  if (exchange->mode != ZRTP_MODE_DH)
    return ZRTP_DROP_STATE;
  if (!zrtp_dhpart_parse (in->data, in->len, &dhpart))
    return ZRTP_DROP_MALFORMED;
  zrtp_chain_step (dhpart.h1, h2);
  zrtp_chain_step (h2, h3);
  if (!zrtp_equal (h3, stream->peer->hello.h3, ZRTP_CHAIN_LEN))
    return ZRTP_DROP_CHAIN;
  if (!zrtp_message_check_mac (stream->peer->message.data, stream->peer->message.len, h2))
    return zrtp_altered_message (stream);
  /* From here on it is the peer, or somebody on the path who has seen its H1. */
  if (dhpart.public_len != exchange->key_agreement->public_len)
    return zrtp_stream_fail (stream, ZRTP_ERROR_MALFORMED);     /* Z-5.1.5-12 */
  if (!exchange->key_agreement->check (dhpart.public_value))
    return zrtp_stream_fail (stream, ZRTP_ERROR_BAD_PUBLIC_VALUE);      /* Z-4.4.1.3-1 */
  zrtp_message_set (&exchange->dhpart1, in->data, in->len);
  if (!derive_dh_keys (stream, &dhpart))
    return zrtp_stream_fail (stream, ZRTP_ERROR_BAD_PUBLIC_VALUE);
  zrtp_stream_send_until_answered (stream, &exchange->dhpart2);
  return ZRTP_ACCEPT;
}

/* T2 resends DHPart2 by itself; a DHPart1 with other contents is a second guess (attack A4). */
ZrtpVerdict
zrtp_consume_repeated_dhpart1 (ZrtpStream * stream, const ZrtpReceived * in)
{
  const ZrtpMessage *first = &stream->exchange->dhpart1;
  ZrtpDhPart dhpart, first_dhpart;

  if (zrtp_message_equal (first, in->data, in->len))
    return ZRTP_DROP_STATE;
  if (!zrtp_dhpart_parse (in->data, in->len, &dhpart)
      || !zrtp_dhpart_parse (first->data, first->len, &first_dhpart))
    return ZRTP_DROP_MALFORMED;
  return memcmp (dhpart.h1, first_dhpart.h1, ZRTP_CHAIN_LEN) == 0 ? ZRTP_DROP_CHANGED : ZRTP_DROP_CHAIN;
}

/* In the order of Z-4.4.1.2-4. */
ZrtpVerdict
zrtp_consume_dhpart2 (ZrtpStream * stream, const ZrtpReceived * in)
{
  ZrtpExchange *exchange = stream->exchange;
  guint8 h2[ZRTP_CHAIN_LEN];
  guint8 digest[ZRTP_HASH_MAX_LEN];
  ZrtpPart parts[] = { {in->data, in->len}, {stream->hello.data, stream->hello.len} };
  ZrtpDhPart dhpart;

  if (!zrtp_dhpart_parse (in->data, in->len, &dhpart))
    return ZRTP_DROP_MALFORMED;
  zrtp_chain_step (dhpart.h1, h2);
  if (!zrtp_equal (h2, exchange->commit_fields.h2, ZRTP_CHAIN_LEN))
    return ZRTP_DROP_CHAIN;
  if (!zrtp_message_check_mac (exchange->commit.data, exchange->commit.len, dhpart.h1))
    return zrtp_altered_message (stream);
  if (dhpart.public_len != exchange->key_agreement->public_len)
    return zrtp_stream_fail (stream, ZRTP_ERROR_MALFORMED);
  if (!exchange->key_agreement->check (dhpart.public_value))
    return zrtp_stream_fail (stream, ZRTP_ERROR_BAD_PUBLIC_VALUE);
  exchange->hash->digest (parts, G_N_ELEMENTS (parts), digest);
  if (!zrtp_equal (digest, exchange->commit_fields.hvi, ZRTP_HVI_LEN))
    return zrtp_stream_fail (stream, ZRTP_ERROR_HVI);   /* Z-4.4.1.2-3, attack A2 */
  zrtp_message_set (&exchange->dhpart2, in->data, in->len);
  if (!derive_dh_keys (stream, &dhpart))
    return zrtp_stream_fail (stream, ZRTP_ERROR_BAD_PUBLIC_VALUE);
  if (!zrtp_create_confirm (stream))
    return ZRTP_FAIL;
  zrtp_stream_send (stream, &exchange->confirm1);
  zrtp_timers_responder_entered (stream);
  return ZRTP_ACCEPT;
}

ZrtpVerdict
zrtp_consume_repeated_dhpart2 (ZrtpStream * stream, const ZrtpReceived * in)
{
  const ZrtpExchange *exchange = stream->exchange;
  ZrtpDhPart dhpart;
  guint8 h2[ZRTP_CHAIN_LEN];

  if (exchange->mode == ZRTP_MODE_DH && zrtp_message_equal (&exchange->dhpart2, in->data, in->len)) {
    stream->stats.resent++;
    zrtp_stream_send (stream, &exchange->confirm1);
    zrtp_timers_responder_heard (stream);
    return ZRTP_STAY;
  }
  if (!zrtp_dhpart_parse (in->data, in->len, &dhpart))
    return ZRTP_DROP_MALFORMED;
  zrtp_chain_step (dhpart.h1, h2);
  return zrtp_equal (h2, exchange->commit_fields.h2, ZRTP_CHAIN_LEN) ? ZRTP_DROP_CHANGED : ZRTP_DROP_CHAIN;
}

/* ---- Multistream and Preshared instead of DHPart (4.4.2, 4.4.3) ---- */

static void
set_kdf_context_without_dh (ZrtpStream * stream)
{
  const ZrtpMessage *commit = &stream->exchange->commit;
  ZrtpPart parts[] = { responder_hello (stream), {commit->data, commit->len} };

  set_kdf_context (stream, parts, G_N_ELEMENTS (parts));
}

void
zrtp_derive_multistream_keys (ZrtpStream * stream)
{
  ZrtpAssociation *association = stream->association;
  ZrtpExchange *exchange = stream->exchange;
  guint8 s0[ZRTP_HASH_MAX_LEN];

  set_kdf_context_without_dh (stream);
  zrtp_s0_from_session (&exchange->context, association->zrtp_sess, association->session_hash->length, s0);
  zrtp_derive_stream_keys (&exchange->context, s0, exchange->cipher, exchange->auth_tag, &exchange->keys);
  zrtp_wipe (s0, sizeof s0);
}

void
zrtp_derive_preshared_keys (ZrtpStream * stream)
{
  ZrtpExchange *exchange = stream->exchange;
  guint8 s0[ZRTP_HASH_MAX_LEN];

  set_kdf_context_without_dh (stream);
  zrtp_s0_from_preshared_key (&exchange->context, exchange->preshared_key, s0);
  zrtp_wipe (exchange->preshared_key, sizeof exchange->preshared_key);  /* Z-4.4.2.4-3 */
  exchange->cache_status = ZRTP_CACHE_MATCH;
  exchange->own_rs1_matched = TRUE;
  derive_first_stream_keys (exchange, s0);
  zrtp_wipe (s0, sizeof s0);
}

/* rs1 with aux and pbxsecret, then without the one, the other, both; rs2 never (Z-4.4.2.3-1). */
gboolean
zrtp_find_preshared_key (ZrtpStream * stream, const guint8 key_id[ZRTP_SECRET_ID_LEN])
{
  ZrtpExchange *exchange = stream->exchange;
  const ZrtpSecret *own = exchange->shared.secrets;
  const ZrtpSecret none = { (const guint8 *) "", 0 };
  guint8 own_id[ZRTP_SECRET_ID_LEN];

  if (own[ZRTP_SECRET_RS1].len == 0)
    return FALSE;
  for (guint without = 0; without < 4; without++) {
    ZrtpSecret aux = own[ZRTP_SECRET_AUX].len > 0 && !(without & 1) ? own[ZRTP_SECRET_AUX] : none;
    ZrtpSecret pbx = own[ZRTP_SECRET_PBX].len > 0 && !(without & 2) ? own[ZRTP_SECRET_PBX] : none;

    zrtp_preshared_key (exchange->hash, own[ZRTP_SECRET_RS1], aux, pbx, exchange->preshared_key);
    zrtp_preshared_key_id (exchange->hash, exchange->preshared_key, own_id);
    if (zrtp_equal (own_id, key_id, ZRTP_SECRET_ID_LEN)) {
      exchange->pbx_matched = pbx.len > 0;
      return TRUE;
    }
  }
  zrtp_wipe (exchange->preshared_key, sizeof exchange->preshared_key);
  return FALSE;
}

/* ---- Confirm1, Confirm2 ---- */

/* The keys that the end in this role seals its messages with (Z-4.5.3-6). They point into the exchange. */
ZrtpSealKeys
zrtp_exchange_seal_keys (const ZrtpExchange * exchange, ZrtpRole role)
{
  const ZrtpStreamKeys *keys = &exchange->keys;
  gboolean initiator = role == ZRTP_ROLE_INITIATOR;

  return (ZrtpSealKeys) { exchange->hash, exchange->cipher, initiator ? keys->mackeyi : keys->mackeyr,
    initiator ? keys->zrtpkeyi : keys->zrtpkeyr };
}

/* Own Confirm, by role; built once, so that a resend has the same IV (Z-5.7-8). */
gboolean
zrtp_create_confirm (ZrtpStream * stream)
{
  ZrtpAssociation *association = stream->association;
  ZrtpExchange *exchange = stream->exchange;
  gboolean initiator = exchange->role == ZRTP_ROLE_INITIATOR;
  gboolean multistream = exchange->mode == ZRTP_MODE_MULTISTREAM;
  ZrtpRandom *random = association->random;
  guint8 data[ZRTP_MESSAGE_MAX_LEN];
  guint8 iv[ZRTP_IV_LEN];
  guint8 signature[ZRTP_SIGNATURE_MAX_SENT_LEN];
  ZrtpConfirmBody body = { 0 };
  ZrtpSealKeys keys;
  gsize len;

  if (!random->fill (random, ZRTP_RANDOM_CONFIRM_IV, iv, sizeof iv)) {
    zrtp_stream_fail (stream, ZRTP_ERROR_SOFTWARE);
    return FALSE;
  }
  memcpy (body.h0, stream->h0, ZRTP_CHAIN_LEN);
  /* V speaks of earlier calls, and not where the secret did not match (Z-7.1-2, -7). A later stream repeats the first's: a peer may heed it
   * (attack D5). */
  exchange->sent_verified = multistream ? association->sent_verified
      : exchange->entry.verified && exchange->cache_status == ZRTP_CACHE_MATCH;
  body.verified = exchange->sent_verified;
  /* E and A exclude each other (Z-7.3.1-4). */
  body.enrollment = association->config.mitm && association->config.enroll && !multistream;
  body.allow_clear = association->config.allow_clear && !body.enrollment;
  exchange->sent_allow_clear = body.allow_clear;
  body.disclosure = association->config.disclosure;
  body.cache_expiry = multistream ? ZRTP_CACHE_FOREVER  /* Z-4.9-10 */
      : association->cache ? association->config.cache_expiry : 0;      /* Z-4.9.1-1 */
  /* Only in the first stream, and only for who can check it (Z-7.2-3, -4). */
  if (association->config.signer && !multistream && stream->peer->hello.sign) {
    ZrtpSigner *signer = association->config.signer;

    body.signature_len = signer->sign (signer, exchange->sashash, signature, sizeof signature);
    if (body.signature_len % 4 != 0 || body.signature_len > sizeof signature)
      body.signature_len = 0;
    body.signature = body.signature_len > 0 ? signature : NULL;
  }
  keys = zrtp_exchange_seal_keys (exchange, exchange->role);
  len = zrtp_confirm_build (initiator ? ZRTP_MESSAGE_CONFIRM2 : ZRTP_MESSAGE_CONFIRM1, &body, &keys, iv, data);
  zrtp_message_set (initiator ? &exchange->confirm2 : &exchange->confirm1, data, len);
  zrtp_wipe (&body, sizeof body);
  return TRUE;
}

/* A Confirm that is not the peer's must not end the exchange; if no better one comes, the timeout says 0x70 (catalogue 16). */
static ZrtpVerdict
bad_confirm (ZrtpStream * stream, ZrtpVerdict verdict)
{
  if (!stream->exchange->bad_confirm_seen)
    zrtp_association_warn (stream->association, stream->id, ZRTP_WARNING_BAD_CONFIRM);
  stream->exchange->bad_confirm_seen = TRUE;
  return verdict;
}

/* The peer's Confirm, by role: its MAC, then its contents, which nothing may use before H0 has proved good as well: the MAC does not
 * cover the IV that H0 is decrypted with. */
static ZrtpVerdict
open_confirm (ZrtpStream * stream, const ZrtpReceived * in, ZrtpConfirmBody * body)
{
  ZrtpExchange *exchange = stream->exchange;
  ZrtpRole peer_role = exchange->role == ZRTP_ROLE_INITIATOR ? ZRTP_ROLE_RESPONDER : ZRTP_ROLE_INITIATOR;
  ZrtpSealKeys keys = zrtp_exchange_seal_keys (exchange, peer_role);
  guint8 plaintext[ZRTP_MESSAGE_MAX_LEN];
  gboolean mac_ok, good;

  good = zrtp_confirm_open (in->data, in->len, &keys, plaintext, body, &mac_ok);
  if (good && body->signature)
    zrtp_message_set (&exchange->peer_signature, body->signature, body->signature_len);
  body->signature = NULL;       /* pointed into plaintext */
  zrtp_wipe (plaintext, sizeof plaintext);
  if (!mac_ok)
    return bad_confirm (stream, ZRTP_DROP_MAC);
  /* The flags word lies beyond the first CFB block, so a length that disagrees is no accident of the IV. */
  return good ? ZRTP_ACCEPT : zrtp_stream_fail (stream, ZRTP_ERROR_MALFORMED);
}

/* H0 must lead to the chain value that came before; a message before it whose MAC is wrong under the right H0 is an attack
 * (attacks A9, A10). */
static ZrtpVerdict
check_dhpart_with_h0 (ZrtpStream * stream, const ZrtpConfirmBody * body, const ZrtpMessage * dhpart_message)
{
  guint8 h1[ZRTP_CHAIN_LEN];
  ZrtpDhPart dhpart;

  zrtp_chain_step (body->h0, h1);
  if (!zrtp_dhpart_parse (dhpart_message->data, dhpart_message->len, &dhpart)
      || !zrtp_equal (h1, dhpart.h1, ZRTP_CHAIN_LEN))
    return bad_confirm (stream, ZRTP_DROP_CHAIN);
  if (!zrtp_message_check_mac (dhpart_message->data, dhpart_message->len, body->h0))
    return zrtp_altered_message (stream);
  return ZRTP_ACCEPT;
}

static void
install_keys (ZrtpStream * stream, ZrtpDirection direction)
{
  const ZrtpExchange *exchange = stream->exchange;
  ZrtpOutput *output = zrtp_association_output (stream->association, ZRTP_OUTPUT_KEYS, stream->id);
  /* The initiator encrypts with its own keys and decrypts with the responder's (Z-4.5.3-2). */
  gboolean initiators = (exchange->role == ZRTP_ROLE_INITIATOR) == (direction == ZRTP_DIRECTION_SEND);

  output->u.keys.direction = direction;
  output->u.keys.keys = initiators ? exchange->keys.srtp_i : exchange->keys.srtp_r;
}

/* The peer's Confirm1 is good: ready to receive before Confirm2 goes out (Z-4-9). */
static ZrtpVerdict
answer_confirm1 (ZrtpStream * stream, const ZrtpReceived * in, const ZrtpConfirmBody * body)
{
  stream->exchange->peer_confirm = *body;
  if (!zrtp_create_confirm (stream))
    return ZRTP_FAIL;
  zrtp_message_set (&stream->exchange->confirm1, in->data, in->len);
  install_keys (stream, ZRTP_DIRECTION_RECEIVE);
  zrtp_stream_send_until_answered (stream, &stream->exchange->confirm2);
  return ZRTP_ACCEPT;
}

ZrtpVerdict
zrtp_consume_confirm1_dh (ZrtpStream * stream, const ZrtpReceived * in)
{
  ZrtpConfirmBody body;
  ZrtpVerdict verdict = open_confirm (stream, in, &body);

  if (verdict == ZRTP_ACCEPT)
    verdict = check_dhpart_with_h0 (stream, &body, &stream->exchange->dhpart1);
  return verdict == ZRTP_ACCEPT ? answer_confirm1 (stream, in, &body) : verdict;
}

ZrtpVerdict
zrtp_consume_confirm1_without_dh (ZrtpStream * stream, const ZrtpReceived * in)
{
  const ZrtpPeer *peer = stream->peer;
  guint8 h1[ZRTP_CHAIN_LEN], h2[ZRTP_CHAIN_LEN], h3[ZRTP_CHAIN_LEN];
  ZrtpConfirmBody body;
  ZrtpVerdict verdict;

  if (stream->exchange->mode == ZRTP_MODE_DH)
    return ZRTP_DROP_STATE;
  verdict = open_confirm (stream, in, &body);
  if (verdict != ZRTP_ACCEPT)
    return verdict;
  zrtp_chain_step (body.h0, h1);
  zrtp_chain_step (h1, h2);
  zrtp_chain_step (h2, h3);
  if (!zrtp_equal (h3, peer->hello.h3, ZRTP_CHAIN_LEN))
    return bad_confirm (stream, ZRTP_DROP_CHAIN);
  if (!zrtp_message_check_mac (peer->message.data, peer->message.len, h2))
    return zrtp_altered_message (stream);
  return answer_confirm1 (stream, in, &body);
}

/* The Commit's MAC is keyed by H1, which only Confirm2 brings to light where there is no DHPart2 (section 9). */
static ZrtpVerdict
check_commit_with_h0 (ZrtpStream * stream, const ZrtpConfirmBody * body)
{
  const ZrtpExchange *exchange = stream->exchange;
  guint8 h1[ZRTP_CHAIN_LEN], h2[ZRTP_CHAIN_LEN];

  zrtp_chain_step (body->h0, h1);
  zrtp_chain_step (h1, h2);
  if (!zrtp_equal (h2, exchange->commit_fields.h2, ZRTP_CHAIN_LEN))
    return bad_confirm (stream, ZRTP_DROP_CHAIN);
  if (!zrtp_message_check_mac (exchange->commit.data, exchange->commit.len, h1))
    return zrtp_altered_message (stream);
  return ZRTP_ACCEPT;
}

ZrtpVerdict
zrtp_consume_confirm2 (ZrtpStream * stream, const ZrtpReceived * in)
{
  ZrtpExchange *exchange = stream->exchange;
  ZrtpConfirmBody body;
  ZrtpVerdict verdict = open_confirm (stream, in, &body);

  if (verdict == ZRTP_ACCEPT)
    verdict = exchange->mode == ZRTP_MODE_DH ? check_dhpart_with_h0 (stream, &body, &exchange->dhpart2)
        : check_commit_with_h0 (stream, &body);
  if (verdict != ZRTP_ACCEPT)
    return verdict;
  exchange->peer_confirm = body;
  zrtp_message_set (&exchange->confirm2, in->data, in->len);
  install_keys (stream, ZRTP_DIRECTION_RECEIVE);
  zrtp_stream_send_ack (stream, ZRTP_MESSAGE_CONF2_ACK);
  zrtp_exchange_complete (stream);
  return ZRTP_ACCEPT;
}

/* Always answered: some peers wait for it however much media they hear (Z-5.8-1, Z-4.6-7). */
ZrtpVerdict
zrtp_consume_repeated_confirm2 (ZrtpStream * stream, const ZrtpReceived * in)
{
  const ZrtpExchange *exchange = stream->exchange;

  if (exchange->role != ZRTP_ROLE_RESPONDER || !zrtp_message_equal (&exchange->confirm2, in->data, in->len))
    return ZRTP_DROP_STATE;
  stream->stats.resent++;
  zrtp_stream_send_ack (stream, ZRTP_MESSAGE_CONF2_ACK);
  return ZRTP_STAY;
}

ZrtpVerdict
zrtp_consume_conf2_ack (ZrtpStream * stream, const ZrtpReceived * in)
{
  zrtp_exchange_complete (stream);
  return ZRTP_ACCEPT;
}

/* ---- Secure ---- */

void
zrtp_exchange_complete (ZrtpStream * stream)
{
  ZrtpAssociation *association = stream->association;
  ZrtpExchange *exchange = stream->exchange;
  gboolean resumed;

  zrtp_timers_clear (stream);
  install_keys (stream, ZRTP_DIRECTION_SEND);
  stream->failures = 0;
  stream->stats.secure_at = association->now;
  stream->stats.role = exchange->role;
  stream->stats.choice = exchange->choice;
  zrtp_goclear_prepare (stream);
  zrtp_relay_prepare (stream);
  resumed = exchange->mode == ZRTP_MODE_MULTISTREAM && !zrtp_association_is_secure (association);
  if (exchange->mode != ZRTP_MODE_MULTISTREAM)
    zrtp_association_begin_session (association, stream);
  zrtp_stream_enter (stream, ZRTP_STREAM_SECURE);
  /* One SAS for the call (Z-7-2); told again when the call is secure again. */
  if (resumed && stream->id == association->session_stream)
    zrtp_association_judge_hello (association, stream); /* signalling may have said something since */
  else if (exchange->mode != ZRTP_MODE_MULTISTREAM || resumed)
    zrtp_association_sas_changed (association);
  /* What stays is what repeats are told by; no secret does (Z-4.6.1-8). */
  zrtp_wipe (&exchange->keys, sizeof exchange->keys);
  zrtp_wipe (&exchange->entry, sizeof exchange->entry);
  zrtp_wipe (&exchange->shared, sizeof exchange->shared);
  zrtp_wipe (exchange->srtps, sizeof exchange->srtps);
  zrtp_message_clear (&exchange->auxsecret);
  zrtp_wipe (exchange->new_rs1, sizeof exchange->new_rs1);
  zrtp_wipe (exchange->zrtp_sess, sizeof exchange->zrtp_sess);
  zrtp_wipe (exchange->sashash, sizeof exchange->sashash);
  zrtp_wipe (exchange->exported_key, sizeof exchange->exported_key);
  zrtp_wipe (exchange->peer_confirm.h0, ZRTP_CHAIN_LEN);
  zrtp_association_exchange_over (association, stream);
}
