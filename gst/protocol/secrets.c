/* secrets.c: the shared secrets that two ends may have in common, and finding out which (RFC 6189 section 4.3).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gst/protocol/secrets.h"

gboolean
zrtp_shared_secrets_draw_stand_ins (ZrtpSharedSecrets * self, ZrtpRandom * random)
{
  static const ZrtpRandomUse uses[ZRTP_N_SECRETS] = {
    ZRTP_RANDOM_STAND_IN_RS1, ZRTP_RANDOM_STAND_IN_RS2, ZRTP_RANDOM_STAND_IN_AUX, ZRTP_RANDOM_STAND_IN_PBX
  };

  for (guint i = 0; i < ZRTP_N_SECRETS; i++)
    if (self->secrets[i].len == 0
        && !random->fill (random, uses[i], self->stand_ins[i], ZRTP_RETAINED_LEN))
      return FALSE;
  return TRUE;
}

/* The ID of one secret as an end in this role sends it: auxsecret's is bound to the sender's H3. */
static void
secret_id (ZrtpSecret secret, ZrtpSecretKind kind, const ZrtpHash * hash, ZrtpRole role,
    const guint8 h3[ZRTP_CHAIN_LEN], guint8 id[ZRTP_SECRET_ID_LEN])
{
  if (kind == ZRTP_SECRET_AUX)
    zrtp_secret_id (hash, secret, h3, ZRTP_CHAIN_LEN, id);
  else
    zrtp_secret_id (hash, secret, role == ZRTP_ROLE_INITIATOR ? "Initiator" : "Responder", 9, id);
}

void
zrtp_shared_secrets_ids (const ZrtpSharedSecrets * self, const ZrtpHash * hash, ZrtpRole role,
    const guint8 h3[ZRTP_CHAIN_LEN], guint8 ids[ZRTP_N_SECRETS][ZRTP_SECRET_ID_LEN])
{
  for (guint i = 0; i < ZRTP_N_SECRETS; i++) {
    ZrtpSecret stand_in = { self->stand_ins[i], ZRTP_RETAINED_LEN };
    gboolean present = self->secrets[i].len > 0;

    secret_id (present ? self->secrets[i] : stand_in, i, hash, role, h3, ids[i]);
  }
}

void
zrtp_shared_secrets_match (const ZrtpSharedSecrets * self, const ZrtpHash * hash, ZrtpRole role,
    const guint8 peer_h3[ZRTP_CHAIN_LEN], const guint8 peer_ids[ZRTP_N_SECRETS][ZRTP_SECRET_ID_LEN],
    ZrtpMatch * match)
{
  ZrtpRole peer_role = role == ZRTP_ROLE_INITIATOR ? ZRTP_ROLE_RESPONDER : ZRTP_ROLE_INITIATOR;
  guint8 expected[ZRTP_N_SECRETS][ZRTP_SECRET_ID_LEN];
  gboolean retained[2][2];      /* own rs1 or rs2, with the peer's rs1 or rs2 */
  gboolean aux, pbx, own1, own2;

  memset (match, 0, sizeof *match);
  for (guint i = 0; i < ZRTP_N_SECRETS; i++) {
    ZrtpSecret empty = { (const guint8 *) "", 0 };
    secret_id (self->secrets[i].len ? self->secrets[i] : empty, i, hash, peer_role, peer_h3, expected[i]);
  }
  for (guint own = 0; own < 2; own++)
    for (guint peer = 0; peer < 2; peer++)
      retained[own][peer] = zrtp_equal (expected[own], peer_ids[peer], ZRTP_SECRET_ID_LEN)
          & (self->secrets[own].len > 0);
  aux = zrtp_equal (expected[ZRTP_SECRET_AUX], peer_ids[ZRTP_SECRET_AUX], ZRTP_SECRET_ID_LEN)
      & (self->secrets[ZRTP_SECRET_AUX].len > 0);
  pbx = zrtp_equal (expected[ZRTP_SECRET_PBX], peer_ids[ZRTP_SECRET_PBX], ZRTP_SECRET_ID_LEN)
      & (self->secrets[ZRTP_SECRET_PBX].len > 0);

  /* The initiator's rs1 decides first, whichever side we are (Z-4.3-4): as responder that is the peer's first ID. */
  if (role == ZRTP_ROLE_INITIATOR) {
    own1 = retained[0][0] | retained[0][1];
    own2 = retained[1][0] | retained[1][1];
  } else {
    gboolean by_peer_rs1 = retained[0][0] | retained[1][0];

    own1 = retained[0][0] | ((by_peer_rs1 ^ 1) & retained[0][1]);
    own2 = (own1 ^ 1) & (retained[1][0] | retained[1][1]);
  }
  if (own1)
    match->s1 = self->secrets[ZRTP_SECRET_RS1];
  else if (own2)
    match->s1 = self->secrets[ZRTP_SECRET_RS2];
  match->own_rs1_matched = own1;
  if (aux)
    match->s2 = self->secrets[ZRTP_SECRET_AUX];
  if (pbx)
    match->s3 = self->secrets[ZRTP_SECRET_PBX];
}
