/* algorithms.h: the tables of everything that can be negotiated, and the negotiation (RFC 6189 4.1.2, 5.1.2 to 5.1.6).
 *
 * Adding an algorithm is one row here and one descriptor under ext/.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ext/crypto.h"
#include "gst/protocol/association.h"

G_BEGIN_DECLS

typedef struct
{
  gchar name[5];                /* "HS80" */
  guint tag_len;                /* octets of the SRTP tag */
  guint salt_len;               /* octets of srtpsalt */
  gboolean aead;
} ZrtpAuthTag;

typedef struct
{
  gchar name[5];                /* "B32 " */
  /* Renders the leftmost bits of sashash as text for people. */
  void (*render) (const guint8 sashash[ZRTP_SASHASH_LEN], gchar * text, gsize text_len);
} ZrtpSasType;

typedef enum
{
  ZRTP_ALGORITHM_HASH,
  ZRTP_ALGORITHM_CIPHER,
  ZRTP_ALGORITHM_AUTH_TAG,
  ZRTP_ALGORITHM_KEY_AGREEMENT,
  ZRTP_ALGORITHM_SAS
} ZrtpAlgorithmKind;

/* A list with the implied mandatory algorithms appended (Z-5.2-13: beyond the seven, if need be). */
typedef struct
{
  guint count;
  const gchar *names[ZRTP_MAX_ALGORITHMS + 2];
} ZrtpFullList;

/* What one side offers in its Hello. */
typedef struct
{
  ZrtpAlgorithmList hashes, ciphers, auth_tags, key_agreements, sas_types;
} ZrtpOffer;

/* By name of 4 characters; NULL if unknown here. Mult and Prsh are no key agreements in this sense. */
const ZrtpHash *zrtp_hash_find (const gchar * name);
const ZrtpCipher *zrtp_cipher_find (const gchar * name);
const ZrtpAuthTag *zrtp_auth_tag_find (const gchar * name);
const ZrtpKeyAgreement *zrtp_key_agreement_find (const gchar * name);
const ZrtpSasType *zrtp_sas_type_find (const gchar * name);

/* Parses "X255, EC25,DH3k" (case matters, trailing blanks of a name may be left out), drops repeats, appends the RFC's
 * mandatory algorithms of the kind and, for key agreements, "Mult". An unknown name, or more than 7 in the end: FALSE and
 * an error whose message lists the known names. */
gboolean zrtp_algorithm_list_parse (ZrtpAlgorithmKind kind, const gchar * text, ZrtpAlgorithmList * list,
    GError ** error);
/* The reverse, comma separated; names without their padding. Free with g_free. */
gchar *zrtp_algorithm_list_to_string (const ZrtpAlgorithmList * list);
/* Default preference, comma separated. Static. */
const gchar *zrtp_algorithm_defaults (ZrtpAlgorithmKind kind);
/* All known names of the kind, comma separated. Free with g_free. */
gchar *zrtp_algorithm_known (ZrtpAlgorithmKind kind);

gboolean zrtp_algorithm_list_contains (const ZrtpAlgorithmList * list, const gchar * name);

/* The list as the peer means it: mandatory algorithms that it left out count as its last items (Z-5.2-11). */
void zrtp_algorithm_list_add_mandatory (ZrtpAlgorithmKind kind, const ZrtpAlgorithmList * list,
    ZrtpFullList * full);

/* The key agreement both sides arrive at (Z-4.1.2-2, -3). DH3k is always common. */
const ZrtpKeyAgreement *zrtp_negotiate_key_agreement (const ZrtpAlgorithmList * own,
    const ZrtpAlgorithmList * peer);

/* All five choices of an initiator: key agreement first, then a hash and cipher that go with it (Z-4.1.2-6, Z-5.1.5-7). */
void zrtp_negotiate (const ZrtpOffer * own, const ZrtpOffer * peer, ZrtpChoice * choice);

/* Whether an initiator's choice is one that we offer, and its parts go together; else the code of the Error to send
 * (Z-5.4-4, Z-5.1.5-7). Judged by our own offer alone: the peer's Hello is not authenticated yet (attack B1). The key
 * agreement may be Mult; the SAS type is then not looked at. A list in allowed that is not empty must have the choice as well; allowed
 * may be NULL. 0 if it is good. */
guint32 zrtp_check_choice (const ZrtpOffer * own, const ZrtpOffer * allowed, const ZrtpChoice * choice);

/* SAS rendering (RFC 6189 5.1.6). */
void zrtp_sas_render_b32 (const guint8 sashash[ZRTP_SASHASH_LEN], gchar * text, gsize text_len);
void zrtp_sas_render_b256 (const guint8 sashash[ZRTP_SASHASH_LEN], gchar * text, gsize text_len);

G_END_DECLS
