/* nettle.h: the algorithms that Nettle computes, and the random generator built on it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ext/crypto.h"

G_BEGIN_DECLS

extern const ZrtpHash zrtp_sha256;      /* S256 */
extern const ZrtpHash zrtp_sha384;      /* S384 */
extern const ZrtpHash zrtp_sha512;      /* S512 */

extern const ZrtpCipher zrtp_aes128;    /* AES1 */
extern const ZrtpCipher zrtp_aes192;    /* AES2 */
extern const ZrtpCipher zrtp_aes256;    /* AES3 */

extern const ZrtpKeyAgreement zrtp_p256;        /* EC25 */
extern const ZrtpKeyAgreement zrtp_p384;        /* EC38 */
extern const ZrtpKeyAgreement zrtp_p521;        /* EC52 */
extern const ZrtpKeyAgreement zrtp_x25519;      /* X255 */
extern const ZrtpKeyAgreement zrtp_x448;        /* X448 */

/* The process-wide generator: AES-256-CTR, keyed from getrandom() and an SHA-512 pool. Thread safe, reseeds after a
 * fork and regularly, fails closed. Never NULL, owned by the library. */
ZrtpRandom *zrtp_random_default (void);

/* Stirs len octets into the pool of the default generator; can only add entropy, never take it away. Thread safe. */
void zrtp_random_add_entropy (gconstpointer data, gsize len);

G_END_DECLS
