/* srtp-model.c: SRTP and SRTCP written once more, straight from RFC 3711, RFC 6188 and RFC 7714, in the
 * plainest way.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "srtp-model.h"

#include <string.h>

#include <nettle/aes.h>
#include <nettle/ctr.h>
#include <nettle/gcm.h>
#include <nettle/hmac.h>

typedef union
{
  struct aes128_ctx aes128;
  struct aes192_ctx aes192;
  struct aes256_ctx aes256;
} AesKey;

static nettle_cipher_func *
aes_set_key (AesKey * ctx, const guint8 * key, guint key_len)
{
  switch (key_len) {
    case 16:
      aes128_set_encrypt_key (&ctx->aes128, key);
      return (nettle_cipher_func *) aes128_encrypt;
    case 24:
      aes192_set_encrypt_key (&ctx->aes192, key);
      return (nettle_cipher_func *) aes192_encrypt;
    default:
      aes256_set_encrypt_key (&ctx->aes256, key);
      return (nettle_cipher_func *) aes256_encrypt;
  }
}

static void
aes_ctr (const guint8 * key, guint key_len, const guint8 iv[16], guint8 * data, gsize len)
{
  nettle_cipher_func *encrypt;
  guint8 counter[16];
  AesKey ctx;

  encrypt = aes_set_key (&ctx, key, key_len);
  memcpy (counter, iv, 16);
  ctr_crypt (&ctx, encrypt, 16, counter, len, data, data);
}

/* RFC 3711 section 4.3.3 with a key derivation rate of 0; AES-GCM's 12 octets of salt are padded (RFC 7714
 * section 11). */
static void
derive (const ZrtpSrtpKeys * keys, guint8 label, guint8 * out, gsize len)
{
  guint8 iv[16] = { 0 };

  memcpy (iv, keys->salt, keys->salt_len);
  iv[7] ^= label;
  memset (out, 0, len);
  aes_ctr (keys->key, keys->key_len, iv, out, len);
}

void
srtp_model_init (SrtpModel * model, const ZrtpSrtpKeys * keys)
{
  memset (model, 0, sizeof *model);
  model->key_len = keys->key_len;
  model->tag_len = keys->tag_len;
  model->aead = keys->aead;
  model->rtcp_tag_len = keys->aead ? 16 : 10;
  derive (keys, 0, model->rtp_key, keys->key_len);
  derive (keys, 1, model->rtp_auth, 20);
  derive (keys, 2, model->rtp_salt, keys->salt_len);
  derive (keys, 3, model->rtcp_key, keys->key_len);
  derive (keys, 4, model->rtcp_auth, 20);
  derive (keys, 5, model->rtcp_salt, keys->salt_len);
}

static gsize
rtp_header_len (const guint8 * packet)
{
  gsize len = 12 + 4 * (packet[0] & 0x0f);

  if (packet[0] & 0x10)
    len += 4 + 4 * (packet[len + 2] << 8 | packet[len + 3]);
  return len;
}

static void
put_u32 (guint8 * at, guint32 value)
{
  value = GUINT32_TO_BE (value);
  memcpy (at, &value, 4);
}

static void
xor_octets (guint8 * to, const guint8 * from, gsize len)
{
  gsize i;

  for (i = 0; i < len; i++)
    to[i] ^= from[i];
}

/* RFC 3711 section 4.1.1: (k_s * 2^16) XOR (SSRC * 2^64) XOR (i * 2^16) */
static void
cm_iv (guint8 iv[16], const guint8 salt[14], const guint8 * ssrc, guint64 index)
{
  guint i;

  memset (iv, 0, 16);
  memcpy (iv, salt, 14);
  xor_octets (iv + 4, ssrc, 4);
  for (i = 0; i < 6; i++)
    iv[13 - i] ^= (index >> 8 * i) & 0xff;
}

/* The AEAD of RFC 7714: seals data, puts the tag behind it. */
static void
gcm_seal (const guint8 * key, guint key_len, const guint8 nonce[12], const guint8 * aad, gsize aad_len,
    guint8 * data, gsize len, guint8 * tag)
{
  nettle_cipher_func *encrypt;
  struct gcm_key hash_key;
  struct gcm_ctx message;
  AesKey ctx;

  encrypt = aes_set_key (&ctx, key, key_len);
  gcm_set_key (&hash_key, &ctx, encrypt);
  gcm_set_iv (&message, &hash_key, 12, nonce);
  gcm_update (&message, &hash_key, aad_len, aad);
  gcm_encrypt (&message, &hash_key, &ctx, encrypt, len, data, data);
  gcm_digest (&message, &hash_key, &ctx, encrypt, 16, tag);
}

static void
hmac (const guint8 key[20], const guint8 * data, gsize len, const guint8 * more, gsize more_len, guint8 * tag,
    gsize tag_len)
{
  struct hmac_sha1_ctx ctx;

  hmac_sha1_set_key (&ctx, 20, key);
  hmac_sha1_update (&ctx, len, data);
  hmac_sha1_update (&ctx, more_len, more);
  hmac_sha1_digest (&ctx, tag_len, tag);
}

gsize
srtp_model_protect (const SrtpModel * model, guint8 * packet, gsize len, guint32 roc)
{
  gsize header_len = rtp_header_len (packet);
  guint8 iv[16], roc_octets[4];

  put_u32 (roc_octets, roc);
  if (model->aead) {
    /* RFC 7714 section 8.1: 00 00 SSRC ROC SEQ, XOR the salt. */
    memset (iv, 0, sizeof iv);
    memcpy (iv + 2, packet + 8, 4);
    memcpy (iv + 6, roc_octets, 4);
    memcpy (iv + 10, packet + 2, 2);
    xor_octets (iv, model->rtp_salt, 12);
    gcm_seal (model->rtp_key, model->key_len, iv, packet, header_len, packet + header_len, len - header_len,
        packet + len);
    return len + 16;
  }
  cm_iv (iv, model->rtp_salt, packet + 8, (guint64) roc << 16 | packet[2] << 8 | packet[3]);
  aes_ctr (model->rtp_key, model->key_len, iv, packet + header_len, len - header_len);
  hmac (model->rtp_auth, packet, len, roc_octets, 4, packet + len, model->tag_len);
  return len + model->tag_len;
}

gsize
srtp_model_protect_rtcp (const SrtpModel * model, guint8 * packet, gsize len, guint32 index, gboolean encrypted)
{
  guint8 iv[16], trailer[4];

  put_u32 (trailer, index | (encrypted ? 0x80000000u : 0));
  if (model->aead) {
    /* RFC 7714 sections 9.1 to 9.3: 00 00 SSRC 00 00 index, XOR the salt; the index word is authenticated
     * last. */
    guint8 *aad = g_malloc (len + 4);
    gsize clear_len = encrypted ? 8 : len;

    memset (iv, 0, sizeof iv);
    memcpy (iv + 2, packet + 4, 4);
    put_u32 (iv + 8, index);
    xor_octets (iv, model->rtcp_salt, 12);
    memcpy (aad, packet, clear_len);
    memcpy (aad + clear_len, trailer, 4);
    gcm_seal (model->rtcp_key, model->key_len, iv, aad, clear_len + 4, packet + clear_len, len - clear_len,
        packet + len);
    memcpy (packet + len + 16, trailer, 4);
    g_free (aad);
    return len + 20;
  }
  if (encrypted) {
    cm_iv (iv, model->rtcp_salt, packet + 4, index);
    aes_ctr (model->rtcp_key, model->key_len, iv, packet + 8, len - 8);
  }
  memcpy (packet + len, trailer, 4);
  hmac (model->rtcp_auth, packet, len, trailer, 4, packet + len + 4, model->rtcp_tag_len);
  return len + 4 + model->rtcp_tag_len;
}

void
srtp_model_extension_keystream (const ZrtpSrtpKeys * keys, const guint8 * packet, guint32 roc, guint8 * out,
    gsize len)
{
  guint8 key[32], salt[14], iv[16];

  derive (keys, 6, key, keys->key_len);
  derive (keys, 7, salt, sizeof salt);
  cm_iv (iv, salt, packet + 8, (guint64) roc << 16 | packet[2] << 8 | packet[3]);
  memset (out, 0, len);
  aes_ctr (key, keys->key_len, iv, out, len);
}
