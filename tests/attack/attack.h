/* attack.h: what must hold after every attack, whatever it did (attacks.md section 0).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "peer.h"

G_BEGIN_DECLS

typedef struct
{
  TestLink link;
  gboolean user_verified[2];    /* the end's user has said so, in this call or in an earlier one */
  GHashTable *cache_before[2];
} Attack;

typedef enum
{
  ATTACK_NEVER_SECURE,
  ATTACK_SECURE,                /* the attack came to nothing */
  ATTACK_EITHER
} AttackOutcome;

/* initiator: 0, 1 or 2 for both automatic. Change the link's configs before attack_open(). */
void attack_init (Attack * attack, guint64 seed, guint initiator);
/* Ends are open and started; the caches are as they shall stay. */
void attack_open (Attack * attack, guint n_streams);
/* A first call that both users verify, so that caches hold a verified secret. */
void attack_make_friends (Attack * attack);
void attack_clear (Attack * attack);

/* What must hold after every attack. Ends with the outcome. */
void attack_assert_universal (Attack * attack, AttackOutcome outcome);
void attack_assert_cache_unchanged (Attack * attack);
/* What must hold for end 0 of a link whose end 1 is played by the test. */
void attack_assert_alone_never_secure (Attack * attack, guint32 error_code);

/* Edits a packet's message and makes the CRC right again. */
void attack_edit (TestPacket * packet, gsize offset, guint8 bits);
/* The same with a message MAC made with a key that the attacker knows. */
void attack_fix_mac (TestPacket * packet, const guint8 key[32]);

gboolean attack_warned (const Attack * attack, guint end, ZrtpWarning warning);

G_END_DECLS
