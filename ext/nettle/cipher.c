/* cipher.c: AES in CFB mode with 128-bit feedback, for what Confirm and SASrelay hide (RFC 6189 section 5.7).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ext/nettle/nettle.h"

#include <string.h>
#include <nettle/aes.h>
#include <nettle/cfb.h>

/* Nettle's short names are macros, and would rename ZrtpCipher's members. */
#undef cfb_encrypt
#undef cfb_decrypt

/* CFB runs the block cipher forwards in both directions. Nettle cuts the last block to the data's length by
 * itself (Z-5.7-5), works in place, and moves the feedback along in the IV that it is given: so a copy. */
#define DEFINE_CIPHER(id, wire_name, bits) \
static void \
id##_cfb (const guint8 * key, const guint8 iv[16], guint8 * data, gsize len, \
    void (*crypt) (const void *, nettle_cipher_func *, size_t, uint8_t *, size_t, uint8_t *, const uint8_t *)) \
{ \
  struct aes##bits##_ctx ctx; \
  guint8 feedback[AES_BLOCK_SIZE]; \
  \
  aes##bits##_set_encrypt_key (&ctx, key); \
  memcpy (feedback, iv, sizeof (feedback)); \
  crypt (&ctx, (nettle_cipher_func *) aes##bits##_encrypt, AES_BLOCK_SIZE, feedback, len, data, data); \
  zrtp_wipe (&ctx, sizeof (ctx)); \
  zrtp_wipe_stack (); \
  zrtp_wipe (feedback, sizeof (feedback)); \
} \
\
static void \
id##_cfb_encrypt (const guint8 * key, const guint8 iv[16], guint8 * data, gsize len) \
{ \
  id##_cfb (key, iv, data, len, nettle_cfb_encrypt); \
} \
\
static void \
id##_cfb_decrypt (const guint8 * key, const guint8 iv[16], guint8 * data, gsize len) \
{ \
  id##_cfb (key, iv, data, len, nettle_cfb_decrypt); \
} \
\
const ZrtpCipher zrtp_##id = { \
  .name = wire_name, \
  .key_len = AES##bits##_KEY_SIZE, \
  .cfb_encrypt = id##_cfb_encrypt, \
  .cfb_decrypt = id##_cfb_decrypt, \
}

DEFINE_CIPHER (aes128, "AES1", 128);
DEFINE_CIPHER (aes192, "AES2", 192);
DEFINE_CIPHER (aes256, "AES3", 256);
