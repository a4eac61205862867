/* curve.c: elliptic curve Diffie-Hellman on P-256, P-384 and P-521 (RFC 6189 section 5.1.5), X25519 and X448.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ext/nettle/nettle.h"

#include <nettle/curve25519.h>
#include <nettle/curve448.h>
#include <nettle/ecc.h>
#include <nettle/ecc-curve.h>

#include "ext/declassify.h"
#include "ext/limbs.h"

/* A good generator is asked again with a chance of 2^-32 at most; one that never answers with a usable number
 * has failed. */
#define MAX_DRAWS 64

#define NIST_MAX_OCTETS 66

/* Nettle 3.8.1 multiplies on Montgomery curves in 9 to 12 field elements; others may take some more or
 * less. */
#define MIN_SCRATCH_FIELDS 6
#define MAX_SCRATCH_FIELDS 18

typedef struct
{
  const struct ecc_curve *(*get) (void);
  guint len;                    /* octets of a coordinate, of a scalar and of the order */
  guint8 top_mask;              /* what bits of the first octet a scalar may use */
  guint8 order[NIST_MAX_OCTETS];
} NistCurve;

/* Orders from FIPS 186-4 D.1.2.3 to D.1.2.5. */
static const NistCurve p256 = {
  .get = nettle_get_secp_256r1,
  .len = 32,
  .top_mask = 0xff,
  .order = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
  },
};

static const NistCurve p384 = {
  .get = nettle_get_secp_384r1,
  .len = 48,
  .top_mask = 0xff,
  .order = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
  },
};

static const NistCurve p521 = {
  .get = nettle_get_secp_521r1,
  .len = 66,
  .top_mask = 0x01,             /* Z-5.1.5-13 */
  .order = {
    0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xfa, 0x51, 0x86, 0x87, 0x83, 0xbf, 0x2f, 0x96, 0x6b, 0x7f, 0xcc, 0x01, 0x48, 0xf7, 0x09,
    0xa5, 0xd0, 0x3b, 0xb5, 0xc9, 0xb8, 0x89, 0x9c, 0x47, 0xae, 0xbb, 0x6f, 0xb7, 0x1e, 0x91, 0x38,
    0x64, 0x09,
  },
};

/* Nettle copies scalars to the stack, and computes in a block of GMP's allocator that it gives back with
 * results and their like in it. How many field elements that block holds is Nettle's own affair; but
 * allocators hand out the block of a size that came back last, so asking for each size once finds it. What
 * it costs is under a microsecond. */
static void
wipe_traces (guint len)
{
  void *(*allocate) (size_t);
  void (*release) (void *, size_t);
  gsize field = ZRTP_LIMBS_FOR_OCTETS (len) * sizeof (mp_limb_t);

  mp_get_memory_functions (&allocate, NULL, &release);
  for (gsize size = MIN_SCRATCH_FIELDS * field; size <= MAX_SCRATCH_FIELDS * field; size += field) {
    gpointer block = allocate (size);

    zrtp_wipe (block, size);
    release (block, size);
  }
  zrtp_wipe_stack ();
}

/* 0 < secret < order, told without a branch or a table index that depends on the secret. */
static gboolean
scalar_in_range (const NistCurve * curve, const guint8 * secret)
{
  guint borrow = 0, any = 0;

  for (guint i = curve->len; i-- > 0;) {
    borrow = ((guint) secret[i] - curve->order[i] - borrow) >> 31;
    any |= secret[i];
  }
  return borrow & ((0 - any) >> 31);
}

/* Nettle's point and scalar keep plain limbs, least significant first, behind public pointers. Reading and
 * writing them here spares the detour over mpz_t, whose memory would hold secrets unwiped. */
static void
scalar_load (struct ecc_scalar *scalar, const NistCurve * curve, const guint8 * secret)
{
  ecc_scalar_init (scalar, curve->get ());
  zrtp_limbs_from_octets (scalar->p, ecc_size (curve->get ()), secret, curve->len);
}

static void
scalar_clear (struct ecc_scalar *scalar)
{
  zrtp_wipe (scalar->p, ecc_size (scalar->ecc) * sizeof (mp_limb_t));
  ecc_scalar_clear (scalar);
}

static void
point_clear (struct ecc_point *point)
{
  zrtp_wipe (point->p, ecc_size_a (point->ecc) * sizeof (mp_limb_t));
  ecc_point_clear (point);
}

/* Reads X || Y (Z-5.1.5-5). ecc_point_set() is ECC partial validation: it refuses coordinates that are not
 * reduced and points off the curve; the point at infinity has no such encoding (Z-5.1.5-6). */
static gboolean
point_load (struct ecc_point *point, const NistCurve * curve, const guint8 * public_value)
{
  mpz_t x, y;
  gboolean valid;

  ecc_point_init (point, curve->get ());
  mpz_init (x);
  mpz_init (y);
  mpz_import (x, curve->len, 1, 1, 1, 0, public_value);
  mpz_import (y, curve->len, 1, 1, 1, 0, public_value + curve->len);
  valid = ecc_point_set (point, x, y) != 0;
  mpz_clear (x);
  mpz_clear (y);
  return valid;
}

/* Uniform in [1, n - 1], by rejection (Z-4.8-4). */
static gboolean
nist_generate (const NistCurve * curve, ZrtpRandom * random, guint8 * secret, guint8 * public_value)
{
  struct ecc_scalar scalar;
  struct ecc_point point;

  for (guint draws = 0; draws < MAX_DRAWS; draws++) {
    if (!random->fill (random, ZRTP_RANDOM_SECRET, secret, curve->len))
      break;
    secret[0] &= curve->top_mask;
    if (!zrtp_declassify (scalar_in_range (curve, secret)))
      continue;

    scalar_load (&scalar, curve, secret);
    ecc_point_init (&point, curve->get ());
    ecc_point_mul_g (&point, &scalar);
    zrtp_limbs_to_octets (point.p, public_value, curve->len);
    zrtp_limbs_to_octets (point.p + ecc_size (curve->get ()), public_value + curve->len, curve->len);
    scalar_clear (&scalar);
    point_clear (&point);
    wipe_traces (curve->len);
    return TRUE;
  }
  zrtp_wipe (secret, curve->len);
  return FALSE;
}

static gboolean
nist_check (const NistCurve * curve, const guint8 * public_value)
{
  struct ecc_point point;
  gboolean valid = point_load (&point, curve, public_value);

  ecc_point_clear (&point);
  return valid;
}

/* DHResult is the X coordinate alone, leading zeros kept (Z-4.4.1.3-3, Z-4.4.1.4-2). The order is prime
 * and the scalar below it, so the result is never the point at infinity. */
static gboolean
nist_agree (const NistCurve * curve, const guint8 * secret, const guint8 * public_value, guint8 * result)
{
  struct ecc_scalar scalar;
  struct ecc_point point;
  gboolean valid = point_load (&point, curve, public_value);

  /* Against a caller that did not check(): a point off the curve gives parts of the secret away. */
  if (valid) {
    scalar_load (&scalar, curve, secret);
    ecc_point_mul (&point, &scalar, &point);
    zrtp_limbs_to_octets (point.p, result, curve->len);
    scalar_clear (&scalar);
  }
  point_clear (&point);
  if (valid)
    wipe_traces (curve->len);
  return valid;
}

#define DEFINE_NIST(id, wire_name, octets) \
static gboolean \
id##_generate (ZrtpRandom * random, guint secret_bits, guint8 * secret, guint8 * public_value) \
{ \
  return nist_generate (&id, random, secret, public_value); \
} \
\
static gboolean \
id##_check (const guint8 * public_value) \
{ \
  return nist_check (&id, public_value); \
} \
\
static gboolean \
id##_agree (const guint8 * secret, const guint8 * public_value, guint8 * result) \
{ \
  return nist_agree (&id, secret, public_value, result); \
} \
\
const ZrtpKeyAgreement zrtp_##id = { \
  .name = wire_name, \
  .public_len = 2 * octets, \
  .secret_len = octets, \
  .result_len = octets, \
  .generate = id##_generate, \
  .check = id##_check, \
  .agree = id##_agree, \
}

DEFINE_NIST (p256, "EC25", 32);
DEFINE_NIST (p384, "EC38", 48);
DEFINE_NIST (p521, "EC52", 66);

/* X25519 and X448 take any octet string as public value and any as secret (RFC 7748 section 5 sets and clears
 * the scalar's fixed bits inside the function); a peer that sends a point of small order shows in a result of
 * zeros, which section 6 lets refuse. */
static gboolean
any_check (const guint8 * public_value)
{
  return TRUE;
}

static gboolean
any_bit_set (const guint8 * octets, guint len)
{
  guint any = 0;

  for (guint i = 0; i < len; i++)
    any |= octets[i];
  return any != 0;
}

#define DEFINE_MONTGOMERY(id, wire_name, octets, mul_g, mul) \
static gboolean \
id##_generate (ZrtpRandom * random, guint secret_bits, guint8 * secret, guint8 * public_value) \
{ \
  if (!random->fill (random, ZRTP_RANDOM_SECRET, secret, octets)) { \
    zrtp_wipe (secret, octets); \
    return FALSE; \
  } \
  mul_g (public_value, secret); \
  wipe_traces (octets); \
  return TRUE; \
} \
\
static gboolean \
id##_agree (const guint8 * secret, const guint8 * public_value, guint8 * result) \
{ \
  mul (result, secret, public_value); \
  wipe_traces (octets); \
  return zrtp_declassify (any_bit_set (result, octets)); \
} \
\
const ZrtpKeyAgreement zrtp_##id = { \
  .name = wire_name, \
  .public_len = octets, \
  .secret_len = octets, \
  .result_len = octets, \
  .generate = id##_generate, \
  .check = any_check, \
  .agree = id##_agree, \
}

DEFINE_MONTGOMERY (x25519, "X255", CURVE25519_SIZE, curve25519_mul_g, curve25519_mul);
DEFINE_MONTGOMERY (x448, "X448", CURVE448_SIZE, curve448_mul_g, curve448_mul);
