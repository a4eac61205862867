/* nettle_backend.c: Nettle's HMAC-SHA1, AES-CTR and AES-GCM as libsrtp2 algorithm types.
 *
 * libsrtp2 keeps one process-wide table of algorithms and lets a program replace rows of it. A row is a
 * struct of functions that the installed headers <srtp2/cipher.h> and <srtp2/auth.h> define; their layout is
 * the same in libsrtp2 2.2 to 2.8 (3.0 changes it), which is checked when compiling and again when running.
 * The library's own rows on NSS build a context for each packet; these keep everything that depends on the
 * key alone.
 *
 * Since the tables are process-wide, srtpenc and srtpdec in the same process run on these too: everything
 * that libsrtp2 can ask of a type is implemented, not only what we use.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ext/srtp2/nettle_backend.h"

#include <string.h>

#include <nettle/aes.h>
#include <nettle/gcm.h>
#include <nettle/hmac.h>
#include <nettle/memxor.h>
#include <srtp2/auth.h>
#include <srtp2/cipher.h>
#include <srtp2/srtp.h>

#include "ext/crypto.h"

#define ICM_SALT_LEN 14
#define GCM_SALT_LEN 12
#define GCM_NONCE_LEN 12

/* --- HMAC-SHA1
 * ------------------------------------------------------------------------------------------------ */

typedef struct
{
  srtp_auth_t auth;             /* what libsrtp2 sees */
  gboolean fresh;               /* nothing hashed since the key was set or the last tag came out */
  struct hmac_sha1_ctx hmac;
} HmacAuth;

static srtp_err_status_t auth_alloc (srtp_auth_pointer_t * auth, int key_len, int tag_len);

static srtp_err_status_t
auth_dealloc (srtp_auth_pointer_t auth)
{
  zrtp_wipe (auth, sizeof (HmacAuth));
  g_free (auth);
  return srtp_err_status_ok;
}

static srtp_err_status_t
auth_init (void *state, const uint8_t * key, int key_len)
{
  HmacAuth *self = state;

  if (key_len < 0)
    return srtp_err_status_bad_param;
  hmac_sha1_set_key (&self->hmac, key_len, key);
  self->fresh = TRUE;
  return srtp_err_status_ok;
}

static srtp_err_status_t
auth_start (void *state)
{
  HmacAuth *self = state;

  /* hmac_sha1_digest() leaves it so; this is for a message that was given up half way. */
  if (!self->fresh)
    self->hmac.state = self->hmac.inner;
  self->fresh = TRUE;
  return srtp_err_status_ok;
}

static srtp_err_status_t
auth_update (void *state, const uint8_t * data, int len)
{
  HmacAuth *self = state;

  if (len < 0)
    return srtp_err_status_bad_param;
  self->fresh = FALSE;
  hmac_sha1_update (&self->hmac, len, data);
  return srtp_err_status_ok;
}

static srtp_err_status_t
auth_compute (void *state, const uint8_t * data, int len, int tag_len, uint8_t * tag)
{
  HmacAuth *self = state;

  if (len < 0 || tag_len < 0 || tag_len > SHA1_DIGEST_SIZE)
    return srtp_err_status_bad_param;
  hmac_sha1_update (&self->hmac, len, data);
  hmac_sha1_digest (&self->hmac, tag_len, tag);
  self->fresh = TRUE;
  return srtp_err_status_ok;
}

/* RFC 2202 section 3, test case 1. */
static const uint8_t hmac_test_key[20] = {
  0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
  0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b
};

static const uint8_t hmac_test_data[8] = { 'H', 'i', ' ', 'T', 'h', 'e', 'r', 'e' };

static const uint8_t hmac_test_tag[20] = {
  0xb6, 0x17, 0x31, 0x86, 0x55, 0x05, 0x72, 0x64, 0xe2, 0x8b,
  0xc0, 0xb6, 0xfb, 0x37, 0x8c, 0x8e, 0xf1, 0x46, 0xbe, 0x00
};

static const srtp_auth_test_case_t hmac_test = {
  sizeof hmac_test_key, hmac_test_key, sizeof hmac_test_data, hmac_test_data,
  sizeof hmac_test_tag, hmac_test_tag, NULL
};

static const srtp_auth_type_t auth_type = {
  .alloc = auth_alloc,
  .dealloc = auth_dealloc,
  .init = auth_init,
  .compute = auth_compute,
  .update = auth_update,
  .start = auth_start,
  .description = "HMAC-SHA1 by Nettle",
  .test_data = &hmac_test,
  .id = SRTP_HMAC_SHA1
};

static srtp_err_status_t
auth_alloc (srtp_auth_pointer_t * auth, int key_len, int tag_len)
{
  HmacAuth *self;

  if (tag_len < 0 || tag_len > SHA1_DIGEST_SIZE)
    return srtp_err_status_bad_param;
  self = g_try_new0 (HmacAuth, 1);
  if (!self)
    return srtp_err_status_alloc_fail;
  self->auth.type = &auth_type;
  self->auth.state = self;
  self->auth.key_len = key_len;
  self->auth.out_len = tag_len;
  *auth = &self->auth;
  return srtp_err_status_ok;
}

/* --- Counter mode --------------------------------------------------------------------------------------------- */

#define KEYSTREAM_BLOCKS 32

/* Sixteen octets at any address. */
typedef guint64 Block __attribute__ ((vector_size (AES_BLOCK_SIZE), aligned (1), may_alias));

/* XORs len octets of key stream into data and steps counter by the blocks begun. What is left of the last block goes
 * to rest, if that is not NULL, at the place that it has in the block. Nettle's ctr_crypt() does the same; in place it
 * spends as much on copying as on AES. */
static void
ctr_xor (gconstpointer key, nettle_cipher_func * encrypt, guint8 counter[AES_BLOCK_SIZE], guint8 * data, gsize len,
    guint8 * rest)
{
  guint64 keystream[KEYSTREAM_BLOCKS * 2] __attribute__ ((aligned (AES_BLOCK_SIZE)));
  guint64 high, low;
  gsize n, i;

  memcpy (&high, counter, sizeof high);
  memcpy (&low, counter + 8, sizeof low);
  low = GUINT64_FROM_BE (low);
  while (len > 0) {
    gsize blocks = MIN (KEYSTREAM_BLOCKS, (len + AES_BLOCK_SIZE - 1) / AES_BLOCK_SIZE);

    for (i = 0; i < blocks; i++) {
      keystream[2 * i] = high;
      keystream[2 * i + 1] = GUINT64_TO_BE (low);
      if (G_UNLIKELY (++low == 0)) {
        high = GUINT64_FROM_BE (high) + 1;
        high = GUINT64_TO_BE (high);
      }
    }
    encrypt (key, blocks * AES_BLOCK_SIZE, (guint8 *) keystream, (const guint8 *) keystream);

    n = MIN (len, blocks * AES_BLOCK_SIZE);
    for (i = 0; i + AES_BLOCK_SIZE <= n; i += AES_BLOCK_SIZE)
      *(Block *) (data + i) ^= *(const Block *) ((const guint8 *) keystream + i);
    if (i < n) {
      memxor (data + i, (const guint8 *) keystream + i, n - i);
      if (rest)
        memcpy (rest, (const guint8 *) keystream + i, AES_BLOCK_SIZE);
    }
    data += n;
    len -= n;
  }
  low = GUINT64_TO_BE (low);
  memcpy (counter, &high, sizeof high);
  memcpy (counter + 8, &low, sizeof low);
}

/* --- AES in counter mode, RFC 3711 section 4.1.1 and RFC 6188
 * ------------------------------------------------- */

typedef struct
{
  srtp_cipher_t cipher;         /* what libsrtp2 sees */
  guint key_len;
  guint keystream_left;         /* octets at the end of keystream that are not used yet */
  guint8 offset[AES_BLOCK_SIZE];        /* the session salt, k_s * 2^16 */
  guint8 counter[AES_BLOCK_SIZE];
  guint8 keystream[AES_BLOCK_SIZE];
  nettle_cipher_func *encrypt;
  union
  {
    struct aes128_ctx aes128;
    struct aes192_ctx aes192;
    struct aes256_ctx aes256;
  } key;
} IcmCipher;

static _Thread_local gboolean icm_derive_192;

void
zrtp_srtp_nettle_derive_192 (gboolean on)
{
  icm_derive_192 = on;
}

static srtp_err_status_t icm_alloc (srtp_cipher_pointer_t * cipher, int key_len, int tag_len);

static srtp_err_status_t
icm_dealloc (srtp_cipher_pointer_t cipher)
{
  zrtp_wipe (cipher, sizeof (IcmCipher));
  g_free (cipher);
  return srtp_err_status_ok;
}

/* key is the AES key and behind it 14 octets of salt. */
static srtp_err_status_t
icm_init (void *state, const uint8_t * key)
{
  IcmCipher *self = state;

  switch (self->key_len) {
    case AES128_KEY_SIZE:
      aes128_set_encrypt_key (&self->key.aes128, key);
      self->encrypt = (nettle_cipher_func *) aes128_encrypt;
      break;
    case AES192_KEY_SIZE:
      aes192_set_encrypt_key (&self->key.aes192, key);
      self->encrypt = (nettle_cipher_func *) aes192_encrypt;
      break;
    default:
      aes256_set_encrypt_key (&self->key.aes256, key);
      self->encrypt = (nettle_cipher_func *) aes256_encrypt;
      break;
  }
  memset (self->offset, 0, sizeof self->offset);
  memcpy (self->offset, key + self->key_len, ICM_SALT_LEN);
  memcpy (self->counter, self->offset, sizeof self->counter);
  self->keystream_left = 0;
  return srtp_err_status_ok;
}

static srtp_err_status_t
icm_set_iv (void *state, uint8_t * iv, srtp_cipher_direction_t direction)
{
  IcmCipher *self = state;

  memxor3 (self->counter, self->offset, iv, AES_BLOCK_SIZE);
  self->keystream_left = 0;
  return srtp_err_status_ok;
}

/* Encrypts and decrypts. Goes on in the keystream where the last call ended: libsrtp2's header extension
 * encryption (RFC 6904) asks for it in pieces. */
static srtp_err_status_t
icm_crypt (void *state, uint8_t * data, unsigned int *data_len)
{
  IcmCipher *self = state;
  gsize len = *data_len, n;

  if (!self->encrypt)
    return srtp_err_status_bad_param;

  if (self->keystream_left > 0) {
    n = MIN (len, self->keystream_left);
    memxor (data, self->keystream + AES_BLOCK_SIZE - self->keystream_left, n);
    self->keystream_left -= n;
    data += n;
    len -= n;
  }

  if (len > 0) {
    ctr_xor (&self->key, self->encrypt, self->counter, data, len, self->keystream);
    self->keystream_left = (AES_BLOCK_SIZE - len % AES_BLOCK_SIZE) % AES_BLOCK_SIZE;
  }
  return srtp_err_status_ok;
}

/* The keys of RFC 3711 appendix B.2 and RFC 6188 sections 7.1 and 7.2, each with the salt f0..fd behind it,
 * and the first two blocks of their keystreams. */
#define TEST_SALT 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd

static const uint8_t icm_test_key_128[AES128_KEY_SIZE + ICM_SALT_LEN] = {
  0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c,
  TEST_SALT
};

static const uint8_t icm_test_key_192[AES192_KEY_SIZE + ICM_SALT_LEN] = {
  0xea, 0xb2, 0x34, 0x76, 0x4e, 0x51, 0x7b, 0x2d, 0x3d, 0x16, 0x0d, 0x58, 0x7d, 0x8c, 0x86, 0x21,
  0x97, 0x40, 0xf6, 0x5f, 0x99, 0xb6, 0xbc, 0xf7,
  TEST_SALT
};

static const uint8_t icm_test_key_256[AES256_KEY_SIZE + ICM_SALT_LEN] = {
  0x57, 0xf8, 0x2f, 0xe3, 0x61, 0x3f, 0xd1, 0x70, 0xa8, 0x5e, 0xc9, 0x3c, 0x40, 0xb1, 0xf0, 0x92,
  0x2e, 0xc4, 0xcb, 0x0d, 0xc0, 0x25, 0xb5, 0x82, 0x72, 0x14, 0x7c, 0xc4, 0x38, 0x94, 0x4a, 0x98,
  TEST_SALT
};

static uint8_t icm_test_iv[AES_BLOCK_SIZE];
static const uint8_t icm_test_plain[2 * AES_BLOCK_SIZE];

static const uint8_t icm_test_stream_128[2 * AES_BLOCK_SIZE] = {
  0xe0, 0x3e, 0xad, 0x09, 0x35, 0xc9, 0x5e, 0x80, 0xe1, 0x66, 0xb1, 0x6d, 0xd9, 0x2b, 0x4e, 0xb4,
  0xd2, 0x35, 0x13, 0x16, 0x2b, 0x02, 0xd0, 0xf7, 0x2a, 0x43, 0xa2, 0xfe, 0x4a, 0x5f, 0x97, 0xab
};

static const uint8_t icm_test_stream_192[2 * AES_BLOCK_SIZE] = {
  0x35, 0x09, 0x6c, 0xba, 0x46, 0x10, 0x02, 0x8d, 0xc1, 0xb5, 0x75, 0x03, 0x80, 0x4c, 0xe3, 0x7c,
  0x5d, 0xe9, 0x86, 0x29, 0x1d, 0xcc, 0xe1, 0x61, 0xd5, 0x16, 0x5e, 0xc4, 0x56, 0x8f, 0x5c, 0x9a
};

static const uint8_t icm_test_stream_256[2 * AES_BLOCK_SIZE] = {
  0x92, 0xbd, 0xd2, 0x8a, 0x93, 0xc3, 0xf5, 0x25, 0x11, 0xc6, 0x77, 0xd0, 0x8b, 0x55, 0x15, 0xa4,
  0x9d, 0xa7, 0x1b, 0x23, 0x78, 0xa8, 0x54, 0xf6, 0x70, 0x50, 0x75, 0x6d, 0xed, 0x16, 0x5b, 0xac
};

#define ICM_TEST(bits) \
static const srtp_cipher_test_case_t icm_test_##bits = { \
  sizeof icm_test_key_##bits, icm_test_key_##bits, icm_test_iv, \
  sizeof icm_test_plain, icm_test_plain, sizeof icm_test_stream_##bits, icm_test_stream_##bits, \
  0, NULL, 0, NULL \
}
ICM_TEST (128);
ICM_TEST (192);
ICM_TEST (256);

#define ICM_TYPE(bits) \
static const srtp_cipher_type_t icm_type_##bits = { \
  .alloc = icm_alloc, \
  .dealloc = icm_dealloc, \
  .init = icm_init, \
  .encrypt = icm_crypt, \
  .decrypt = icm_crypt, \
  .set_iv = icm_set_iv, \
  .description = "AES-" #bits " counter mode by Nettle", \
  .test_data = &icm_test_##bits, \
  .id = SRTP_AES_ICM_##bits \
}
ICM_TYPE (128);
ICM_TYPE (192);
ICM_TYPE (256);

static srtp_err_status_t
icm_alloc (srtp_cipher_pointer_t * cipher, int key_len, int tag_len)
{
  const srtp_cipher_type_t *type;
  IcmCipher *self;

  switch (key_len) {
    case AES128_KEY_SIZE + ICM_SALT_LEN:
      type = &icm_type_128;
      break;
    case AES192_KEY_SIZE + ICM_SALT_LEN:
      type = &icm_type_192;
      break;
    case AES256_KEY_SIZE + ICM_SALT_LEN:
      type = &icm_type_256;
      break;
    default:
      return srtp_err_status_bad_param;
  }
  self = g_try_new0 (IcmCipher, 1);
  if (!self)
    return srtp_err_status_alloc_fail;
  self->key_len = key_len - ICM_SALT_LEN;
  if (self->key_len == AES256_KEY_SIZE && icm_derive_192)
    self->key_len = AES192_KEY_SIZE;    /* the salt follows it, and then zeros */
  self->cipher.type = type;
  self->cipher.state = self;
  self->cipher.key_len = key_len;
  self->cipher.algorithm = type->id;
  *cipher = &self->cipher;
  return srtp_err_status_ok;
}

/* --- AES-GCM, RFC 7714
 * ---------------------------------------------------------------------------------------- */

typedef struct
{
  srtp_cipher_t cipher;         /* what libsrtp2 sees */
  guint key_len, tag_len;
  gboolean open;                /* between a nonce and the one call that takes data: Nettle aborts on a second */
  guint aad_left;               /* octets of aad that are not hashed yet */
  guint8 aad[GCM_BLOCK_SIZE];   /* gcm_update() takes whole blocks, libsrtp2 gives pieces */
  guint8 nonce[GCM_NONCE_LEN];
  nettle_cipher_func *encrypt;
  union
  {
    struct aes128_ctx aes128;
    struct aes256_ctx aes256;
  } key;
  struct gcm_ctx message;
  struct gcm_key hash_key;
} GcmCipher;

static srtp_err_status_t gcm_alloc (srtp_cipher_pointer_t * cipher, int key_len, int tag_len);

static srtp_err_status_t
gcm_dealloc (srtp_cipher_pointer_t cipher)
{
  zrtp_wipe (cipher, sizeof (GcmCipher));
  g_free (cipher);
  return srtp_err_status_ok;
}

/* The 12 octets of salt behind the key are not for the cipher: libsrtp2 has them in the nonce already. */
static srtp_err_status_t
gcm_init (void *state, const uint8_t * key)
{
  GcmCipher *self = state;

  if (self->key_len == AES128_KEY_SIZE) {
    aes128_set_encrypt_key (&self->key.aes128, key);
    self->encrypt = (nettle_cipher_func *) aes128_encrypt;
  } else {
    aes256_set_encrypt_key (&self->key.aes256, key);
    self->encrypt = (nettle_cipher_func *) aes256_encrypt;
  }
  gcm_set_key (&self->hash_key, &self->key, self->encrypt);
  return srtp_err_status_ok;
}

static srtp_err_status_t
gcm_start (void *state, uint8_t * nonce, srtp_cipher_direction_t direction)
{
  GcmCipher *self = state;

  if (!self->encrypt)
    return srtp_err_status_bad_param;
  memcpy (self->nonce, nonce, GCM_NONCE_LEN);
  gcm_set_iv (&self->message, &self->hash_key, GCM_NONCE_LEN, self->nonce);
  self->aad_left = 0;
  self->open = TRUE;
  return srtp_err_status_ok;
}

static srtp_err_status_t
gcm_aad (void *state, const uint8_t * data, uint32_t len)
{
  GcmCipher *self = state;
  gsize n;

  if (!self->open)
    return srtp_err_status_bad_param;
  if (self->aad_left > 0) {
    n = MIN (len, GCM_BLOCK_SIZE - self->aad_left);
    memcpy (self->aad + self->aad_left, data, n);
    self->aad_left += n;
    data += n;
    len -= n;
    if (self->aad_left < GCM_BLOCK_SIZE)
      return srtp_err_status_ok;
    gcm_update (&self->message, &self->hash_key, GCM_BLOCK_SIZE, self->aad);
    self->aad_left = 0;
  }
  n = len & ~(gsize) (GCM_BLOCK_SIZE - 1);
  if (n > 0)
    gcm_update (&self->message, &self->hash_key, n, data);
  if (n < len) {
    memcpy (self->aad, data + n, len - n);
    self->aad_left = len - n;
  }
  return srtp_err_status_ok;
}

static void
gcm_aad_end (GcmCipher * self)
{
  if (self->aad_left > 0)
    gcm_update (&self->message, &self->hash_key, self->aad_left, self->aad);
  self->aad_left = 0;
  self->open = FALSE;
}

static srtp_err_status_t
gcm_seal (void *state, uint8_t * data, unsigned int *len)
{
  GcmCipher *self = state;

  if (!self->open)
    return srtp_err_status_bad_param;
  gcm_aad_end (self);
  if (*len > 0)
    gcm_encrypt (&self->message, &self->hash_key, &self->key, self->encrypt, *len, data, data);
  return srtp_err_status_ok;
}

static srtp_err_status_t
gcm_tag (void *state, uint8_t * tag, uint32_t * len)
{
  GcmCipher *self = state;

  gcm_digest (&self->message, &self->hash_key, &self->key, self->encrypt, self->tag_len, tag);
  *len = self->tag_len;
  return srtp_err_status_ok;
}

/* *len counts the tag behind the data on entry, and no longer on success. */
static srtp_err_status_t
gcm_open (void *state, uint8_t * data, unsigned int *len)
{
  GcmCipher *self = state;
  guint8 tag[GCM_DIGEST_SIZE];
  gsize n;

  if (!self->open || *len < self->tag_len)
    return srtp_err_status_bad_param;
  n = *len - self->tag_len;
  gcm_aad_end (self);
  if (n > 0)
    gcm_decrypt (&self->message, &self->hash_key, &self->key, self->encrypt, n, data, data);
  gcm_digest (&self->message, &self->hash_key, &self->key, self->encrypt, self->tag_len, tag);
  if (!zrtp_equal (tag, data + n, self->tag_len)) {
    /* Leave what came in, not what a forger would have had us read. */
    gcm_set_iv (&self->message, &self->hash_key, GCM_NONCE_LEN, self->nonce);
    if (n > 0)
      gcm_encrypt (&self->message, &self->hash_key, &self->key, self->encrypt, n, data, data);
    return srtp_err_status_auth_fail;
  }
  *len = n;
  return srtp_err_status_ok;
}

/* RFC 7714 sections 16.1.1 and 16.2.1: the session keys 00 01 02 ..., the salt "Quid pro quo". */
static const uint8_t gcm_test_key[AES256_KEY_SIZE + GCM_SALT_LEN] = {
  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
  0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
  0x51, 0x75, 0x69, 0x64, 0x20, 0x70, 0x72, 0x6f, 0x20, 0x71, 0x75, 0x6f
};

/* 16 octets, since libsrtp2's own vectors have them. */
static uint8_t gcm_test_nonce[16] = {
  0x51, 0x75, 0x3c, 0x65, 0x80, 0xc2, 0x72, 0x6f, 0x20, 0x71, 0x84, 0x14
};

static const uint8_t gcm_test_aad[12] = {
  0x80, 0x40, 0xf1, 0x7b, 0x80, 0x41, 0xf8, 0xd3, 0x55, 0x01, 0xa0, 0xb2
};

static const uint8_t gcm_test_plain[38] = {
  'G', 'a', 'l', 'l', 'i', 'a', ' ', 'e', 's', 't', ' ', 'o', 'm', 'n', 'i', 's', ' ', 'd', 'i',
  'v', 'i', 's', 'a', ' ', 'i', 'n', ' ', 'p', 'a', 'r', 't', 'e', 's', ' ', 't', 'r', 'e', 's'
};

static const uint8_t gcm_test_sealed_128[54] = {
  0xf2, 0x4d, 0xe3, 0xa3, 0xfb, 0x34, 0xde, 0x6c, 0xac, 0xba, 0x86, 0x1c, 0x9d, 0x7e, 0x4b, 0xca,
  0xbe, 0x63, 0x3b, 0xd5, 0x0d, 0x29, 0x4e, 0x6f, 0x42, 0xa5, 0xf4, 0x7a, 0x51, 0xc7, 0xd1, 0x9b,
  0x36, 0xde, 0x3a, 0xdf, 0x88, 0x33,
  0x89, 0x9d, 0x7f, 0x27, 0xbe, 0xb1, 0x6a, 0x91, 0x52, 0xcf, 0x76, 0x5e, 0xe4, 0x39, 0x0c, 0xce
};

static const uint8_t gcm_test_sealed_256[54] = {
  0x32, 0xb1, 0xde, 0x78, 0xa8, 0x22, 0xfe, 0x12, 0xef, 0x9f, 0x78, 0xfa, 0x33, 0x2e, 0x33, 0xaa,
  0xb1, 0x80, 0x12, 0x38, 0x9a, 0x58, 0xe2, 0xf3, 0xb5, 0x0b, 0x2a, 0x02, 0x76, 0xff, 0xae, 0x0f,
  0x1b, 0xa6, 0x37, 0x99, 0xb8, 0x7b,
  0x7a, 0xa3, 0xdb, 0x36, 0xdf, 0xff, 0xd6, 0xb0, 0xf9, 0xbb, 0x78, 0x78, 0xd7, 0xa7, 0x6c, 0x13
};

#define GCM_TEST(bits) \
static const srtp_cipher_test_case_t gcm_test_##bits = { \
  bits / 8 + GCM_SALT_LEN, gcm_test_key, gcm_test_nonce, \
  sizeof gcm_test_plain, gcm_test_plain, sizeof gcm_test_sealed_##bits, gcm_test_sealed_##bits, \
  sizeof gcm_test_aad, gcm_test_aad, GCM_DIGEST_SIZE, NULL \
}
GCM_TEST (128);
GCM_TEST (256);

#define GCM_TYPE(bits) \
static const srtp_cipher_type_t gcm_type_##bits = { \
  .alloc = gcm_alloc, \
  .dealloc = gcm_dealloc, \
  .init = gcm_init, \
  .set_aad = gcm_aad, \
  .encrypt = gcm_seal, \
  .decrypt = gcm_open, \
  .set_iv = gcm_start, \
  .get_tag = gcm_tag, \
  .description = "AES-" #bits " GCM by Nettle", \
  .test_data = &gcm_test_##bits, \
  .id = SRTP_AES_GCM_##bits \
}
GCM_TYPE (128);
GCM_TYPE (256);

static srtp_err_status_t
gcm_alloc (srtp_cipher_pointer_t * cipher, int key_len, int tag_len)
{
  const srtp_cipher_type_t *type;
  GcmCipher *self;

  if (key_len == AES128_KEY_SIZE + GCM_SALT_LEN)
    type = &gcm_type_128;
  else if (key_len == AES256_KEY_SIZE + GCM_SALT_LEN)
    type = &gcm_type_256;
  else
    return srtp_err_status_bad_param;
  if (tag_len != 8 && tag_len != GCM_DIGEST_SIZE)
    return srtp_err_status_bad_param;

  self = g_try_new0 (GcmCipher, 1);
  if (!self)
    return srtp_err_status_alloc_fail;
  self->key_len = key_len - GCM_SALT_LEN;
  self->tag_len = tag_len;
  self->cipher.type = type;
  self->cipher.state = self;
  self->cipher.key_len = key_len;
  self->cipher.algorithm = type->id;
  *cipher = &self->cipher;
  return srtp_err_status_ok;
}

/* --- Installation
 * --------------------------------------------------------------------------------------------- */

gboolean
zrtp_srtp_install_nettle (void)
{
  static const srtp_cipher_type_t *const types[] = {
    &icm_type_128, &icm_type_192, &icm_type_256, &gcm_type_128, &gcm_type_256
  };
  guint version = srtp_get_version (), minor = (version >> 16) & 0xff;
  gboolean all;
  guint i;

  /* Another layout of the structs, or one that nobody has looked at. */
  if (version >> 24 != 2 || minor < 2)
    return FALSE;

  all = srtp_replace_auth_type (&auth_type, SRTP_HMAC_SHA1) == srtp_err_status_ok;
  for (i = 0; i < G_N_ELEMENTS (types); i++)
    all = srtp_replace_cipher_type (types[i], types[i]->id) == srtp_err_status_ok && all;
  return all;
}
