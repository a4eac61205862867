/* crypto.h: what the protocol asks of a crypto library, as const descriptor structs.
 *
 * Each room under ext/ fills such structs in files of its own; gst/protocol never names a library.
 * Everything here is pure computation: no state outside the arguments, callable from any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define ZRTP_HASH_MAX_LEN 64            /* S512 */
#define ZRTP_PUBLIC_MAX_LEN 384         /* DH3k */
#define ZRTP_RESULT_MAX_LEN 384         /* DH3k */
#define ZRTP_SECRET_MAX_LEN 66          /* EC52 */
#define ZRTP_CIPHER_MAX_KEY_LEN 32
#define ZRTP_SALT_MAX_LEN 14

/* One piece of a message that is hashed in pieces. Hash inputs of RFC 6189 are concatenations; a caller
 * lists the pieces as the RFC lists them. */
typedef struct
{
  gconstpointer data;
  gsize len;
} ZrtpPart;

/* What a random number is for (Z-4.8-6 lists the callers). A generator ignores it; a test that replays a
 * recorded call answers by it. */
typedef enum
{
  ZRTP_RANDOM_H0,               /* 32 octets, root of a hash chain */
  ZRTP_RANDOM_SECRET,           /* svi or svr, length by key agreement */
  ZRTP_RANDOM_NONCE,            /* 16 octets, Multistream and Preshared */
  ZRTP_RANDOM_CONFIRM_IV,       /* 16 octets */
  ZRTP_RANDOM_STAND_IN_RS1,     /* 32 octets each, in place of an absent secret */
  ZRTP_RANDOM_STAND_IN_RS2,
  ZRTP_RANDOM_STAND_IN_AUX,
  ZRTP_RANDOM_STAND_IN_PBX,
  ZRTP_RANDOM_SEQUENCE,         /* 2 octets, first packet number */
  ZRTP_RANDOM_ZID,              /* 12 octets */
  ZRTP_RANDOM_OTHER
} ZrtpRandomUse;

/* A source of random octets. fill() returns FALSE when no good randomness can be had; the caller then
 * stops the protocol and never goes on with what is in the buffer (Z-4.8-5). */
typedef struct _ZrtpRandom ZrtpRandom;
struct _ZrtpRandom
{
  gboolean (*fill) (ZrtpRandom * self, ZrtpRandomUse use, guint8 * out, gsize len);
};

typedef struct
{
  gchar name[5];                /* "S256" */
  guint length;                 /* octets of the digest */
  void (*digest) (const ZrtpPart * parts, guint n_parts, guint8 * out);
  void (*hmac) (const guint8 * key, gsize key_len, const ZrtpPart * parts, guint n_parts,
      guint8 * out);
} ZrtpHash;

typedef struct
{
  gchar name[5];                /* "AES1" */
  guint key_len;                /* octets */
  /* CFB with 128-bit feedback, in place; len need not be a multiple of 16 (Z-5.7-5). */
  void (*cfb_encrypt) (const guint8 * key, const guint8 iv[16], guint8 * data, gsize len);
  void (*cfb_decrypt) (const guint8 * key, const guint8 iv[16], guint8 * data, gsize len);
} ZrtpCipher;

typedef struct
{
  gchar name[5];                /* "DH3k" */
  guint public_len;             /* octets of pv on the wire, a multiple of 4 */
  guint secret_len;             /* octets of sv in the caller's buffer */
  guint result_len;             /* octets of DHResult, fixed width, leading zeros kept (Z-4.4.1.4-2) */
  /* Draws a fresh secret (ZRTP_RANDOM_SECRET) and computes its public value. secret_bits is the wanted
   * size of a finite field exponent (Z-5.1.5-4: 256, 384 or 512); curves ignore it. The secret is stored
   * right-aligned in secret_len octets for finite fields. FALSE: no randomness. */
  gboolean (*generate) (ZrtpRandom * random, guint secret_bits, guint8 * secret, guint8 * public_value);
  /* FALSE for a public value that must be refused with Error 0x61 before any secret touches it. */
  gboolean (*check) (const guint8 * public_value);
  /* DHResult of own secret and the peer's public value, which check() has accepted. FALSE if the result
   * must be refused (all zero on X25519 and X448), again Error 0x61. */
  gboolean (*agree) (const guint8 * secret, const guint8 * public_value, guint8 * result);
} ZrtpKeyAgreement;

/* Keys for one direction of one media stream's SRTP and SRTCP. */
typedef struct
{
  guint8 key[ZRTP_CIPHER_MAX_KEY_LEN];
  guint key_len;                /* 16, 24 or 32 octets */
  guint8 salt[ZRTP_SALT_MAX_LEN];
  guint salt_len;               /* 14, or 12 for AES-GCM */
  guint tag_len;                /* octets of the SRTP tag: 4 or 10, 16 for AES-GCM */
  gboolean aead;                /* AES-GCM (RFC 7714) instead of AES-CM with HMAC-SHA1 (RFC 3711) */
} ZrtpSrtpKeys;

/* Overwrites memory in a way that the compiler cannot drop. */
void zrtp_wipe (gpointer data, gsize len);

/* Overwrites the stack below the caller's frame, where functions that have returned left copies of secrets. */
void zrtp_wipe_stack (void);

/* Equal or not, in time that depends on len alone. */
gboolean zrtp_equal (gconstpointer a, gconstpointer b, gsize len);

G_END_DECLS
