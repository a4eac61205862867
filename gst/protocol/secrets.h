/* secrets.h: the shared secrets that two ends may have in common, and finding out which (RFC 6189 section 4.3).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gst/protocol/keyschedule.h"

G_BEGIN_DECLS

typedef enum
{
  ZRTP_SECRET_RS1,
  ZRTP_SECRET_RS2,
  ZRTP_SECRET_AUX,
  ZRTP_SECRET_PBX,
  ZRTP_N_SECRETS
} ZrtpSecretKind;

/* What one end brings into an exchange. An absent secret has length 0, and a random stand-in so that its ID tells an
 * observer nothing (Z-4.3-2). The secrets are borrowed. */
typedef struct
{
  ZrtpSecret secrets[ZRTP_N_SECRETS];
  guint8 stand_ins[ZRTP_N_SECRETS][ZRTP_RETAINED_LEN];
} ZrtpSharedSecrets;

/* What both ends turn out to have; lengths are 0 for what they do not. */
typedef struct
{
  ZrtpSecret s1, s2, s3;
  gboolean own_rs1_matched;     /* s1 is our rs1 rather than our rs2 */
} ZrtpMatch;

/* Draws the stand-ins of what is absent. FALSE: no randomness. */
gboolean zrtp_shared_secrets_draw_stand_ins (ZrtpSharedSecrets * self, ZrtpRandom * random);

/* The IDs that an end in this role sends, h3 being its own (Z-4.3.1-1, -2). */
void zrtp_shared_secrets_ids (const ZrtpSharedSecrets * self, const ZrtpHash * hash, ZrtpRole role,
    const guint8 h3[ZRTP_CHAIN_LEN], guint8 ids[ZRTP_N_SECRETS][ZRTP_SECRET_ID_LEN]);

/* Compares the IDs that the peer sent with those that it should have sent (Z-4.3-4 to -8), in constant time and without early exit
 * (Z-4.3.1-6). role is our own, peer_h3 the peer's. */
void zrtp_shared_secrets_match (const ZrtpSharedSecrets * self, const ZrtpHash * hash, ZrtpRole role,
    const guint8 peer_h3[ZRTP_CHAIN_LEN], const guint8 peer_ids[ZRTP_N_SECRETS][ZRTP_SECRET_ID_LEN],
    ZrtpMatch * match);

G_END_DECLS
