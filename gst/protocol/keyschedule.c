/* keyschedule.c: the key derivations of RFC 6189 sections 4.3.1, 4.4.1.4, 4.4.3.2 and 4.5.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "ext/nettle/nettle.h"
#include "gst/protocol/keyschedule.h"

#define PART(pointer, length) ((ZrtpPart) { (pointer), (length) })
#define KDF_MAX_CONTEXT 4

/* HMAC(KI, i + Label + 00 + Context + L) cut to L bits, i = 1 (Z-4.5.1-1, -2). */
void
zrtp_kdf (const ZrtpHash * hash, const guint8 * ki, gsize ki_len, const gchar * label,
    const ZrtpPart * context, guint n_context, guint8 * out, gsize length)
{
  static const guint8 counter[4] = { 0, 0, 0, 1 };
  guint32 bits = GUINT32_TO_BE ((guint32) length * 8);
  guint8 full[ZRTP_HASH_MAX_LEN];
  ZrtpPart parts[KDF_MAX_CONTEXT + 3];
  guint n = 0;

  g_return_if_fail (n_context <= KDF_MAX_CONTEXT && length <= hash->length);

  parts[n++] = PART (counter, 4);
  parts[n++] = PART (label, strlen (label) + 1);        /* with its terminator: the 00 of the RFC */
  for (guint i = 0; i < n_context; i++)
    parts[n++] = context[i];
  parts[n++] = PART (&bits, 4);
  hash->hmac (ki, ki_len, parts, n, full);
  memcpy (out, full, length);
  zrtp_wipe (full, sizeof full);
}

/* KDF with KDF_Context = ZIDi + ZIDr + total_hash (Z-4.4.1.4-6). */
static void
kdf_with (const ZrtpKdfContext * context, const guint8 * ki, gsize ki_len, const gchar * label, guint8 * out,
    gsize length)
{
  ZrtpPart parts[] = {
    PART (context->zidi, ZRTP_ZID_LEN), PART (context->zidr, ZRTP_ZID_LEN),
    PART (context->total_hash, context->hash->length)
  };

  zrtp_kdf (context->hash, ki, ki_len, label, parts, G_N_ELEMENTS (parts), out, length);
}

static void
kdf (const ZrtpKdfContext * context, const guint8 * s0, const gchar * label, guint8 * out, gsize length)
{
  kdf_with (context, s0, context->hash->length, label, out, length);
}

void
zrtp_s0_from_dh (const ZrtpKdfContext * context, const guint8 * dh_result, gsize dh_result_len,
    ZrtpSecret s1, ZrtpSecret s2, ZrtpSecret s3, guint8 * s0)
{
  static const guint8 counter[4] = { 0, 0, 0, 1 };
  guint32 len1 = GUINT32_TO_BE ((guint32) s1.len);
  guint32 len2 = GUINT32_TO_BE ((guint32) s2.len);
  guint32 len3 = GUINT32_TO_BE ((guint32) s3.len);
  ZrtpPart parts[] = {
    PART (counter, 4), PART (dh_result, dh_result_len), PART ("ZRTP-HMAC-KDF", 13),
    PART (context->zidi, ZRTP_ZID_LEN), PART (context->zidr, ZRTP_ZID_LEN),
    PART (context->total_hash, context->hash->length),
    PART (&len1, 4), PART (s1.data, s1.len), PART (&len2, 4), PART (s2.data, s2.len),
    PART (&len3, 4), PART (s3.data, s3.len)
  };

  context->hash->digest (parts, G_N_ELEMENTS (parts), s0);
}

void
zrtp_s0_from_session (const ZrtpKdfContext * context, const guint8 * zrtp_sess, gsize zrtp_sess_len,
    guint8 * s0)
{
  kdf_with (context, zrtp_sess, zrtp_sess_len, "ZRTP MSK", s0, context->hash->length);
}

void
zrtp_derive_srtps (const ZrtpHash * hash, const guint8 zidi[ZRTP_ZID_LEN], const guint8 zidr[ZRTP_ZID_LEN],
    ZrtpSecret master_key, ZrtpSecret master_salt, guint8 srtps[ZRTP_RETAINED_LEN])
{
  ZrtpPart context[] = {
    PART (zidi, ZRTP_ZID_LEN), PART (zidr, ZRTP_ZID_LEN), PART (master_salt.data, master_salt.len)
  };

  zrtp_kdf (hash, master_key.data, master_key.len, "SRTP Secret", context, G_N_ELEMENTS (context), srtps,
      ZRTP_RETAINED_LEN);
}

void
zrtp_preshared_key (const ZrtpHash * hash, ZrtpSecret rs1, ZrtpSecret auxsecret, ZrtpSecret pbxsecret,
    guint8 * preshared_key)
{
  guint32 len1 = GUINT32_TO_BE ((guint32) rs1.len);
  guint32 len2 = GUINT32_TO_BE ((guint32) auxsecret.len);
  guint32 len3 = GUINT32_TO_BE ((guint32) pbxsecret.len);
  ZrtpPart parts[] = {
    PART (&len1, 4), PART (rs1.data, rs1.len), PART (&len2, 4), PART (auxsecret.data, auxsecret.len),
    PART (&len3, 4), PART (pbxsecret.data, pbxsecret.len)
  };

  hash->digest (parts, G_N_ELEMENTS (parts), preshared_key);
}

void
zrtp_preshared_key_id (const ZrtpHash * hash, const guint8 * preshared_key, guint8 key_id[ZRTP_SECRET_ID_LEN])
{
  zrtp_secret_id (hash, (ZrtpSecret) { preshared_key, hash->length }, "Prsh", 4, key_id);
}

void
zrtp_s0_from_preshared_key (const ZrtpKdfContext * context, const guint8 * preshared_key, guint8 * s0)
{
  kdf (context, preshared_key, "ZRTP PSK", s0, context->hash->length);
}

static void
derive_srtp_keys (const ZrtpKdfContext * context, const guint8 * s0, const ZrtpCipher * cipher,
    const ZrtpAuthTag * auth_tag, const gchar * key_label, const gchar * salt_label, ZrtpSrtpKeys * keys)
{
  memset (keys, 0, sizeof *keys);
  keys->key_len = cipher->key_len;
  keys->salt_len = auth_tag->salt_len;
  keys->tag_len = auth_tag->tag_len;
  keys->aead = auth_tag->aead;
  kdf (context, s0, key_label, keys->key, keys->key_len);
  kdf (context, s0, salt_label, keys->salt, keys->salt_len);
}

void
zrtp_derive_stream_keys (const ZrtpKdfContext * context, const guint8 * s0, const ZrtpCipher * cipher,
    const ZrtpAuthTag * auth_tag, ZrtpStreamKeys * keys)
{
  gsize hash_len = context->hash->length;

  derive_srtp_keys (context, s0, cipher, auth_tag, "Initiator SRTP master key",
      "Initiator SRTP master salt", &keys->srtp_i);
  derive_srtp_keys (context, s0, cipher, auth_tag, "Responder SRTP master key",
      "Responder SRTP master salt", &keys->srtp_r);
  kdf (context, s0, "Initiator HMAC key", keys->mackeyi, hash_len);
  kdf (context, s0, "Responder HMAC key", keys->mackeyr, hash_len);
  kdf (context, s0, "Initiator ZRTP key", keys->zrtpkeyi, cipher->key_len);
  kdf (context, s0, "Responder ZRTP key", keys->zrtpkeyr, cipher->key_len);
}

void
zrtp_derive_zrtp_sess (const ZrtpKdfContext * context, const guint8 * s0, guint8 * zrtp_sess)
{
  kdf (context, s0, "ZRTP Session Key", zrtp_sess, context->hash->length);
}

/* 256 bits whatever the hash (Z-4.5.2-2). */
void
zrtp_derive_sashash (const ZrtpKdfContext * context, const guint8 * s0, guint8 sashash[ZRTP_SASHASH_LEN])
{
  kdf (context, s0, "SAS", sashash, ZRTP_SASHASH_LEN);
}

void
zrtp_derive_exported_key (const ZrtpKdfContext * context, const guint8 * s0, guint8 * exported_key)
{
  kdf (context, s0, "Exported key", exported_key, context->hash->length);
}

void
zrtp_derive_retained_secret (const ZrtpKdfContext * context, const guint8 * s0, guint8 rs1[ZRTP_RETAINED_LEN])
{
  kdf (context, s0, "retained secret", rs1, ZRTP_RETAINED_LEN);
}

void
zrtp_replace_zrtp_sess (const ZrtpHash * hash, const guint8 zids[2 * ZRTP_ZID_LEN], guint8 * zrtp_sess)
{
  ZrtpPart context = PART (zids, 2 * ZRTP_ZID_LEN);
  guint8 next[ZRTP_HASH_MAX_LEN];

  zrtp_kdf (hash, zrtp_sess, hash->length, "New ZRTP Session", &context, 1, next, hash->length);
  memcpy (zrtp_sess, next, hash->length);
  zrtp_wipe (next, sizeof next);
}

void
zrtp_derive_pbxsecret (const ZrtpHash * hash, const guint8 zids[2 * ZRTP_ZID_LEN], const guint8 * zrtp_sess,
    guint8 pbxsecret[ZRTP_RETAINED_LEN])
{
  ZrtpPart context = PART (zids, 2 * ZRTP_ZID_LEN);

  zrtp_kdf (hash, zrtp_sess, hash->length, "Trusted MiTM key", &context, 1, pbxsecret, ZRTP_RETAINED_LEN);
}

void
zrtp_clear_mac (const ZrtpHash * hash, const guint8 * mackey, guint8 mac[ZRTP_MAC_LEN])
{
  ZrtpPart part = PART ("GoClear ", 8);
  guint8 full[ZRTP_HASH_MAX_LEN];

  hash->hmac (mackey, hash->length, &part, 1, full);
  memcpy (mac, full, ZRTP_MAC_LEN);
}

void
zrtp_secret_id (const ZrtpHash * hash, ZrtpSecret secret, gconstpointer label, gsize label_len,
    guint8 id[ZRTP_SECRET_ID_LEN])
{
  guint8 full[ZRTP_HASH_MAX_LEN];
  ZrtpPart part = PART (label, label_len);

  hash->hmac (secret.data, secret.len, &part, 1, full);
  memcpy (id, full, ZRTP_SECRET_ID_LEN);
}

void
zrtp_message_mac (const guint8 key[ZRTP_CHAIN_LEN], const guint8 * message, gsize len,
    guint8 mac[ZRTP_MAC_LEN])
{
  guint8 full[ZRTP_HASH_MAX_LEN];
  ZrtpPart part = PART (message, len);

  zrtp_sha256.hmac (key, ZRTP_CHAIN_LEN, &part, 1, full);
  memcpy (mac, full, ZRTP_MAC_LEN);
}

void
zrtp_chain_step (const guint8 in[ZRTP_CHAIN_LEN], guint8 out[ZRTP_CHAIN_LEN])
{
  ZrtpPart part = PART (in, ZRTP_CHAIN_LEN);
  guint8 digest[ZRTP_CHAIN_LEN];

  zrtp_sha256.digest (&part, 1, digest);
  memcpy (out, digest, ZRTP_CHAIN_LEN);
}
