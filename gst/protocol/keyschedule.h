/* keyschedule.h: the key derivations of RFC 6189 sections 4.3.1, 4.4.1.4, 4.4.3.2 and 4.5, one function for each value.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gst/protocol/algorithms.h"

G_BEGIN_DECLS

#define ZRTP_CHAIN_LEN 32       /* H0..H3 */
#define ZRTP_MAC_LEN 8
#define ZRTP_SECRET_ID_LEN 8

/* KDF(KI, Label, Context, L) of section 4.5.1; length in octets, at most the hash's (Z-4.5.1-1..3). label is an ASCII string without its
 * terminator in the input but for the one zero octet that the RFC puts there. */
void zrtp_kdf (const ZrtpHash * hash, const guint8 * ki, gsize ki_len, const gchar * label,
    const ZrtpPart * context, guint n_context, guint8 * out, gsize length);

/* ZIDi + ZIDr + total_hash (Z-4.4.1.4-6). */
typedef struct
{
  const ZrtpHash *hash;
  guint8 zidi[ZRTP_ZID_LEN], zidr[ZRTP_ZID_LEN];
  guint8 total_hash[ZRTP_HASH_MAX_LEN];
} ZrtpKdfContext;

/* A secret of any length, absent if len is 0. */
typedef struct
{
  const guint8 *data;
  gsize len;
} ZrtpSecret;

/* s0 in DH mode (Z-4.4.1.4-3). */
void zrtp_s0_from_dh (const ZrtpKdfContext * context, const guint8 * dh_result, gsize dh_result_len,
    ZrtpSecret s1, ZrtpSecret s2, ZrtpSecret s3, guint8 * s0);
/* s0 in Multistream mode (Z-4.4.3.2-2). ZRTPSess has the length of the first exchange's hash. */
void zrtp_s0_from_session (const ZrtpKdfContext * context, const guint8 * zrtp_sess, gsize zrtp_sess_len,
    guint8 * s0);

/* auxsecret from SRTP keys of the signalling (Z-8.2-1). */
void zrtp_derive_srtps (const ZrtpHash * hash, const guint8 zidi[ZRTP_ZID_LEN], const guint8 zidr[ZRTP_ZID_LEN],
    ZrtpSecret master_key, ZrtpSecret master_salt, guint8 srtps[ZRTP_RETAINED_LEN]);

/* preshared_key of a retained secret and what else is shared (Z-4.4.2.2-2), its keyID (Z-4.4.2.2-3) and s0 (Z-4.4.2.4-2). */
void zrtp_preshared_key (const ZrtpHash * hash, ZrtpSecret rs1, ZrtpSecret auxsecret, ZrtpSecret pbxsecret,
    guint8 * preshared_key);
void zrtp_preshared_key_id (const ZrtpHash * hash, const guint8 * preshared_key,
    guint8 key_id[ZRTP_SECRET_ID_LEN]);
void zrtp_s0_from_preshared_key (const ZrtpKdfContext * context, const guint8 * preshared_key, guint8 * s0);

/* Everything that one stream needs of s0 in every mode (Z-4.5.3-1). */
typedef struct
{
  ZrtpSrtpKeys srtp_i, srtp_r;
  guint8 mackeyi[ZRTP_HASH_MAX_LEN], mackeyr[ZRTP_HASH_MAX_LEN];
  guint8 zrtpkeyi[ZRTP_CIPHER_MAX_KEY_LEN], zrtpkeyr[ZRTP_CIPHER_MAX_KEY_LEN];
} ZrtpStreamKeys;

void zrtp_derive_stream_keys (const ZrtpKdfContext * context, const guint8 * s0, const ZrtpCipher * cipher,
    const ZrtpAuthTag * auth_tag, ZrtpStreamKeys * keys);

/* What only the first stream derives (Z-4.5.2-1, -2, -4; Z-4.6.1-4). */
void zrtp_derive_zrtp_sess (const ZrtpKdfContext * context, const guint8 * s0, guint8 * zrtp_sess);
void zrtp_derive_sashash (const ZrtpKdfContext * context, const guint8 * s0,
    guint8 sashash[ZRTP_SASHASH_LEN]);
void zrtp_derive_exported_key (const ZrtpKdfContext * context, const guint8 * s0, guint8 * exported_key);
void zrtp_derive_retained_secret (const ZrtpKdfContext * context, const guint8 * s0,
    guint8 rs1[ZRTP_RETAINED_LEN]);

/* ZRTPSess after a GoClear, in place of the old one (Z-4.7.2.1-3), and the secret of an enrollment with a trusted MitM (Z-7.3.1-1);
 * zids are ZIDi + ZIDr of the exchange that made ZRTPSess. */
void zrtp_replace_zrtp_sess (const ZrtpHash * hash, const guint8 zids[2 * ZRTP_ZID_LEN], guint8 * zrtp_sess);
void zrtp_derive_pbxsecret (const ZrtpHash * hash, const guint8 zids[2 * ZRTP_ZID_LEN], const guint8 * zrtp_sess,
    guint8 pbxsecret[ZRTP_RETAINED_LEN]);
/* What authenticates a GoClear of the mackey's owner (Z-4.7.2-2). */
void zrtp_clear_mac (const ZrtpHash * hash, const guint8 * mackey, guint8 mac[ZRTP_MAC_LEN]);

/* MAC(secret, role or H3)[64]: what stands for a secret in DHPart (Z-4.3.1-1). */
void zrtp_secret_id (const ZrtpHash * hash, ZrtpSecret secret, gconstpointer label, gsize label_len,
    guint8 id[ZRTP_SECRET_ID_LEN]);

/* HMAC-SHA-256 [64] over a message, whatever hash was negotiated (Z-5.1.2.2-1). */
void zrtp_message_mac (const guint8 key[ZRTP_CHAIN_LEN], const guint8 * message, gsize len,
    guint8 mac[ZRTP_MAC_LEN]);
/* SHA-256, one link of the hash chain (Z-9-1). */
void zrtp_chain_step (const guint8 in[ZRTP_CHAIN_LEN], guint8 out[ZRTP_CHAIN_LEN]);

G_END_DECLS
