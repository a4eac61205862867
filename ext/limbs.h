/* limbs.h: octet strings of the wire to GMP limbs and back, in time that depends on lengths alone.
 *
 * GMP's own mpz_import, mpz_export and mpn_set_str look at values (they strip leading zeros) and leave copies
 * in memory that nobody wipes; secrets go through these instead.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>
#include <gmp.h>
#include <string.h>

G_BEGIN_DECLS

#define ZRTP_LIMB_OCTETS (GMP_NUMB_BITS / 8)
#define ZRTP_LIMBS_FOR_OCTETS(octets) (((octets) + ZRTP_LIMB_OCTETS - 1) / ZRTP_LIMB_OCTETS)

/* Big-endian octets[len] to limbs[n], least significant limb first; n limbs hold at least len octets. */
static inline void
zrtp_limbs_from_octets (mp_limb_t * limbs, gsize n, const guint8 * octets, gsize len)
{
  memset (limbs, 0, n * sizeof (mp_limb_t));
  for (gsize i = 0; i < len; i++)
    limbs[i / ZRTP_LIMB_OCTETS] |= (mp_limb_t) octets[len - 1 - i] << (8 * (i % ZRTP_LIMB_OCTETS));
}

/* The low len octets of limbs[], big-endian. */
static inline void
zrtp_limbs_to_octets (const mp_limb_t * limbs, guint8 * octets, gsize len)
{
  for (gsize i = 0; i < len; i++)
    octets[len - 1 - i] = (guint8) (limbs[i / ZRTP_LIMB_OCTETS] >> (8 * (i % ZRTP_LIMB_OCTETS)));
}

G_END_DECLS
