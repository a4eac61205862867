/* hash.c: SHA-256, SHA-384 and SHA-512, and HMAC on each (RFC 6189 section 5.1.2).
 *
 * Every context is wiped after use: what RFC 6189 hashes often holds a secret (s0, H0, retained secrets),
 * and a key block is as good as the key (Z-15-2). The stack is wiped as well, where Nettle expands message
 * blocks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ext/nettle/nettle.h"

#include <nettle/hmac.h>
#include <nettle/sha2.h>

/* Nettle's functions for one hash, under the names that ZrtpHash has for them. Nettle's SHA-384 is SHA-512
 * with other initial values, so the two share contexts and update functions. */
#define DEFINE_HASH(id, wire_name, digest_size, context, init, update, finish, hmac_context, hmac_set_key, \
    hmac_update, hmac_finish) \
static void \
digest_##id (const ZrtpPart * parts, guint n_parts, guint8 * out) \
{ \
  struct context ctx; \
  \
  init (&ctx); \
  for (guint i = 0; i < n_parts; i++) \
    update (&ctx, parts[i].len, parts[i].data); \
  finish (&ctx, digest_size, out); \
  zrtp_wipe (&ctx, sizeof (ctx)); \
  zrtp_wipe_stack (); \
} \
\
static void \
hmac_##id (const guint8 * key, gsize key_len, const ZrtpPart * parts, guint n_parts, guint8 * out) \
{ \
  struct hmac_context ctx; \
  \
  hmac_set_key (&ctx, key_len, key); \
  for (guint i = 0; i < n_parts; i++) \
    hmac_update (&ctx, parts[i].len, parts[i].data); \
  hmac_finish (&ctx, digest_size, out); \
  zrtp_wipe (&ctx, sizeof (ctx)); \
  zrtp_wipe_stack (); \
} \
\
const ZrtpHash zrtp_##id = { \
  .name = wire_name, \
  .length = digest_size, \
  .digest = digest_##id, \
  .hmac = hmac_##id, \
}

/* *INDENT-OFF* */
DEFINE_HASH (sha256, "S256", SHA256_DIGEST_SIZE,
    sha256_ctx, sha256_init, sha256_update, sha256_digest,
    hmac_sha256_ctx, hmac_sha256_set_key, hmac_sha256_update, hmac_sha256_digest);
DEFINE_HASH (sha384, "S384", SHA384_DIGEST_SIZE,
    sha512_ctx, sha384_init, sha512_update, sha384_digest,
    hmac_sha512_ctx, hmac_sha384_set_key, hmac_sha512_update, hmac_sha384_digest);
DEFINE_HASH (sha512, "S512", SHA512_DIGEST_SIZE,
    sha512_ctx, sha512_init, sha512_update, sha512_digest,
    hmac_sha512_ctx, hmac_sha512_set_key, hmac_sha512_update, hmac_sha512_digest);
/* *INDENT-ON* */
