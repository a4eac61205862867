/* gmp_dh.c: finite field Diffie-Hellman in groups 14 and 15 of RFC 3526 (RFC 6189 section 5.1.5).
 *
 * Everything that touches a secret is built from GMP's mpn_sec_* functions, mpn_addmul_1 and mpn_add_n,
 * whose time and memory accesses depend on sizes alone (Z-15-1), in memory that is ours to wipe (Z-15-2);
 * mpz_powm_sec is the same arithmetic in memory that is not.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ext/gmp/gmp_dh.h"

#include "ext/declassify.h"
#include "ext/limbs.h"

#define SECRET_OCTETS 64
#define MAX_OCTETS 384
#define MAX_LIMBS ZRTP_LIMBS_FOR_OCTETS (MAX_OCTETS)

/* A good generator is asked again with a chance of 2^-254; one that never answers with a usable number has
 * failed. */
#define MAX_DRAWS 64

/* The comb that raises g to a secret power. Bit 32 * t + c of the exponent is tooth t at column c; the
 * teeth are taken four at a time, with a table of 16 products for each four. That makes 31 squarings and
 * 64 multiplications for an exponent of 256 bits, 31 and 128 for 512 bits: a third of what a power of an
 * unknown base costs, and generating is half of the work of an exchange. */
#define COMB_COLUMNS 32
#define COMB_TEETH 4
#define COMB_ENTRIES (1 << COMB_TEETH)
#define COMB_BITS (COMB_COLUMNS * COMB_TEETH)
#define COMB_TABLES (8 * SECRET_OCTETS / COMB_BITS)

typedef struct
{
  guint len;                    /* octets of p */
  const guint8 *prime;
  mp_size_t n;                  /* limbs of p */
  /* Made on first use by group_prepare(), then constant. Products are in Montgomery form. */
  gsize prepared;
  mp_limb_t p[MAX_LIMBS];
  mp_limb_t one[MAX_LIMBS];
  mp_limb_t comb[COMB_TABLES][COMB_ENTRIES * MAX_LIMBS];
} Group;

/* The primes agree in their first 245 octets, which are those of pi. */
/* *INDENT-OFF* */
#define MODP_PI \
  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc9, 0x0f, 0xda, 0xa2, 0x21, 0x68, 0xc2, 0x34, \
  0xc4, 0xc6, 0x62, 0x8b, 0x80, 0xdc, 0x1c, 0xd1, 0x29, 0x02, 0x4e, 0x08, 0x8a, 0x67, 0xcc, 0x74, \
  0x02, 0x0b, 0xbe, 0xa6, 0x3b, 0x13, 0x9b, 0x22, 0x51, 0x4a, 0x08, 0x79, 0x8e, 0x34, 0x04, 0xdd, \
  0xef, 0x95, 0x19, 0xb3, 0xcd, 0x3a, 0x43, 0x1b, 0x30, 0x2b, 0x0a, 0x6d, 0xf2, 0x5f, 0x14, 0x37, \
  0x4f, 0xe1, 0x35, 0x6d, 0x6d, 0x51, 0xc2, 0x45, 0xe4, 0x85, 0xb5, 0x76, 0x62, 0x5e, 0x7e, 0xc6, \
  0xf4, 0x4c, 0x42, 0xe9, 0xa6, 0x37, 0xed, 0x6b, 0x0b, 0xff, 0x5c, 0xb6, 0xf4, 0x06, 0xb7, 0xed, \
  0xee, 0x38, 0x6b, 0xfb, 0x5a, 0x89, 0x9f, 0xa5, 0xae, 0x9f, 0x24, 0x11, 0x7c, 0x4b, 0x1f, 0xe6, \
  0x49, 0x28, 0x66, 0x51, 0xec, 0xe4, 0x5b, 0x3d, 0xc2, 0x00, 0x7c, 0xb8, 0xa1, 0x63, 0xbf, 0x05, \
  0x98, 0xda, 0x48, 0x36, 0x1c, 0x55, 0xd3, 0x9a, 0x69, 0x16, 0x3f, 0xa8, 0xfd, 0x24, 0xcf, 0x5f, \
  0x83, 0x65, 0x5d, 0x23, 0xdc, 0xa3, 0xad, 0x96, 0x1c, 0x62, 0xf3, 0x56, 0x20, 0x85, 0x52, 0xbb, \
  0x9e, 0xd5, 0x29, 0x07, 0x70, 0x96, 0x96, 0x6d, 0x67, 0x0c, 0x35, 0x4e, 0x4a, 0xbc, 0x98, 0x04, \
  0xf1, 0x74, 0x6c, 0x08, 0xca, 0x18, 0x21, 0x7c, 0x32, 0x90, 0x5e, 0x46, 0x2e, 0x36, 0xce, 0x3b, \
  0xe3, 0x9e, 0x77, 0x2c, 0x18, 0x0e, 0x86, 0x03, 0x9b, 0x27, 0x83, 0xa2, 0xec, 0x07, 0xa2, 0x8f, \
  0xb5, 0xc5, 0x5d, 0xf0, 0x6f, 0x4c, 0x52, 0xc9, 0xde, 0x2b, 0xcb, 0xf6, 0x95, 0x58, 0x17, 0x18, \
  0x39, 0x95, 0x49, 0x7c, 0xea, 0x95, 0x6a, 0xe5, 0x15, 0xd2, 0x26, 0x18, 0x98, 0xfa, 0x05, 0x10, \
  0x15, 0x72, 0x8e, 0x5a, 0x8a

static const guint8 prime_14[256] = {
  MODP_PI, 0xac, 0xaa, 0x68, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};

static const guint8 prime_15[384] = {
  MODP_PI, 0xaa, 0xc4, 0x2d, 0xad, 0x33, 0x17, 0x0d, 0x04, 0x50, 0x7a, 0x33,
  0xa8, 0x55, 0x21, 0xab, 0xdf, 0x1c, 0xba, 0x64, 0xec, 0xfb, 0x85, 0x04, 0x58, 0xdb, 0xef, 0x0a,
  0x8a, 0xea, 0x71, 0x57, 0x5d, 0x06, 0x0c, 0x7d, 0xb3, 0x97, 0x0f, 0x85, 0xa6, 0xe1, 0xe4, 0xc7,
  0xab, 0xf5, 0xae, 0x8c, 0xdb, 0x09, 0x33, 0xd7, 0x1e, 0x8c, 0x94, 0xe0, 0x4a, 0x25, 0x61, 0x9d,
  0xce, 0xe3, 0xd2, 0x26, 0x1a, 0xd2, 0xee, 0x6b, 0xf1, 0x2f, 0xfa, 0x06, 0xd9, 0x8a, 0x08, 0x64,
  0xd8, 0x76, 0x02, 0x73, 0x3e, 0xc8, 0x6a, 0x64, 0x52, 0x1f, 0x2b, 0x18, 0x17, 0x7b, 0x20, 0x0c,
  0xbb, 0xe1, 0x17, 0x57, 0x7a, 0x61, 0x5d, 0x6c, 0x77, 0x09, 0x88, 0xc0, 0xba, 0xd9, 0x46, 0xe2,
  0x08, 0xe2, 0x4f, 0xa0, 0x74, 0xe5, 0xab, 0x31, 0x43, 0xdb, 0x5b, 0xfc, 0xe0, 0xfd, 0x10, 0x8e,
  0x4b, 0x82, 0xd1, 0x20, 0xa9, 0x3a, 0xd2, 0xca, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};
/* *INDENT-ON* */

static Group group_14 = {.len = sizeof (prime_14),.prime = prime_14 };
static Group group_15 = {.len = sizeof (prime_15),.prime = prime_15 };

/* r = product / R mod p with R = 2^(limb bits * n), which is Montgomery's reduction. Each step adds p
 * times (lowest limb * -1/p mod 2^(limb bits)); RFC 3526 primes end in 64 one bits, which makes -1/p there
 * 1. The result is below R, if not always below p: good enough to go on with. Uses up product. */
static void
group_reduce (const Group * group, mp_limb_t * r, mp_limb_t * product)
{
  mp_size_t n = group->n;

  /* Each step clears the lowest limb that is left; its place keeps the carry. */
  for (mp_size_t i = 0; i < n; i++)
    product[i] = mpn_addmul_1 (product + i, group->p, n, product[i]);
  mpn_cnd_sub_n (mpn_add_n (r, product + n, product, n), r, r, group->p, n);
}

/* Where the steps of one power work. Wiped as one. */
typedef struct
{
  mp_limb_t power[MAX_LIMBS];
  mp_limb_t factor[MAX_LIMBS];
  mp_limb_t product[2 * MAX_LIMBS];
  mp_limb_t exponent[ZRTP_LIMBS_FOR_OCTETS (SECRET_OCTETS)];
  mp_limb_t scratch[];
} Work;

static gsize
group_work_size (const Group * group)
{
  mp_size_t itch = mpn_sec_powm_itch (group->n, 8 * SECRET_OCTETS, group->n);

  itch = MAX (itch, mpn_sec_mul_itch (group->n, group->n));
  itch = MAX (itch, mpn_sec_sqr_itch (group->n));
  return sizeof (Work) + itch * sizeof (mp_limb_t);
}

static void
group_multiply (const Group * group, Work * work, mp_limb_t * r, const mp_limb_t * a, const mp_limb_t * b)
{
  mpn_sec_mul (work->product, a, group->n, b, group->n, work->scratch);
  group_reduce (group, r, work->product);
}

static void
group_square (const Group * group, Work * work, mp_limb_t * r)
{
  mpn_sec_sqr (work->product, r, group->n, work->scratch);
  group_reduce (group, r, work->product);
}

static void
group_prepare (Group * group)
{
  mp_size_t n;
  mp_limb_t *tooth;
  Work *work;

  if (!g_once_init_enter (&group->prepared))
    return;

  n = group->n = ZRTP_LIMBS_FOR_OCTETS (group->len);
  zrtp_limbs_from_octets (group->p, n, group->prime, group->len);
  work = g_malloc (group_work_size (group));

  /* R mod p is R - p, as p has its top bit set; g is 2. */
  mpn_neg (group->one, group->p, n);
  tooth = work->power;
  mpn_cnd_sub_n (mpn_lshift (tooth, group->one, n, 1), tooth, tooth, group->p, n);
  for (guint table = 0; table < COMB_TABLES; table++) {
    mp_limb_t *entries = group->comb[table];

    mpn_copyi (entries, group->one, n);
    for (guint t = 0; t < COMB_TEETH; t++) {
      for (guint entry = 0; entry < (1u << t); entry++)
        group_multiply (group, work, entries + ((1u << t) + entry) * n, entries + entry * n, tooth);
      for (guint c = 0; c < COMB_COLUMNS; c++)
        group_square (group, work, tooth);
    }
  }
  g_free (work);
  g_once_init_leave (&group->prepared, 1);
}

static mp_limb_t
exponent_bit (const mp_limb_t * exponent, guint bit)
{
  return (exponent[bit / GMP_NUMB_BITS] >> (bit % GMP_NUMB_BITS)) & 1;
}

/* power = 2^exponent mod p. */
static void
group_power_of_g (const Group * group, Work * work, guint bits)
{
  mp_size_t n = group->n;

  mpn_copyi (work->power, group->one, n);
  for (guint column = COMB_COLUMNS; column-- > 0;) {
    if (column != COMB_COLUMNS - 1)
      group_square (group, work, work->power);
    for (guint table = 0; table < bits / COMB_BITS; table++) {
      mp_limb_t entry = 0;

      for (guint t = 0; t < COMB_TEETH; t++)
        entry |= exponent_bit (work->exponent, (table * COMB_TEETH + t) * COMB_COLUMNS + column) << t;
      /* Reads every entry, so that the cache does not tell which one it wanted. */
      mpn_sec_tabselect (work->factor, group->comb[table], n, COMB_ENTRIES, entry);
      group_multiply (group, work, work->power, work->power, work->factor);
    }
  }

  /* Out of Montgomery form. What remains is at most p, and p itself only for a power that is 0. */
  mpn_copyi (work->product, work->power, n);
  mpn_zero (work->product + n, n);
  group_reduce (group, work->power, work->product);
}

static gboolean
dh_generate (Group * group, ZrtpRandom * random, guint secret_bits, guint8 * secret, guint8 * public_value)
{
  guint octets = secret_bits / 8;
  guint8 *number = secret + SECRET_OCTETS - octets;
  gsize size;
  Work *work;

  g_return_val_if_fail (secret_bits == 256 || secret_bits == 384 || secret_bits == 512, FALSE);
  group_prepare (group);

  memset (secret, 0, SECRET_OCTETS);
  for (guint draws = 0; draws < MAX_DRAWS; draws++) {
    guint above_one = 0;

    if (!random->fill (random, ZRTP_RANDOM_SECRET, number, octets))
      break;
    /* 1 < k < 2^L (Z-4.8-2). */
    for (guint i = 0; i < octets - 1; i++)
      above_one |= number[i];
    above_one |= number[octets - 1] & 0xfe;
    if (!zrtp_declassify (above_one != 0))
      continue;

    size = group_work_size (group);
    work = g_malloc (size);
    zrtp_limbs_from_octets (work->exponent, ZRTP_LIMBS_FOR_OCTETS (octets), number, octets);
    group_power_of_g (group, work, secret_bits);
    zrtp_limbs_to_octets (work->power, public_value, group->len);       /* Z-4.4.1.1-4 */
    zrtp_wipe (work, size);
    g_free (work);
    zrtp_wipe_stack ();
    return TRUE;
  }
  zrtp_wipe (secret, SECRET_OCTETS);
  return FALSE;
}

/* 1 < pv < p - 1 (Z-4.4.1.2-2, Z-4.4.1.2-5, Z-4.4.1.3-1). p is odd: p - 1 differs from it in the last
 * octet alone. */
static gboolean
dh_check (const Group * group, const guint8 * public_value)
{
  guint last = group->len - 1;
  guint above_one = public_value[last] & 0xfe;
  gint order = memcmp (public_value, group->prime, last);

  for (guint i = 0; i < last; i++)
    above_one |= public_value[i];
  return above_one != 0 && (order < 0 || (order == 0 && public_value[last] < group->prime[last] - 1));
}

static gboolean
dh_agree (Group * group, const guint8 * secret, const guint8 * public_value, guint8 * result)
{
  guint octets = SECRET_OCTETS / 2;
  guint any = 0;
  gsize size;
  Work *work;

  /* Against a caller that did not check(). */
  if (!dh_check (group, public_value))
    return FALSE;
  group_prepare (group);

  /* A secret of 256 or 384 bits stands behind zeros. Its size goes by the cipher (Z-5.1.5-4), which is no
   * secret. */
  for (guint i = 0; i < SECRET_OCTETS / 4; i++)
    any |= secret[i];
  if (zrtp_declassify (any != 0)) {
    octets = SECRET_OCTETS;
  } else {
    for (guint i = SECRET_OCTETS / 4; i < SECRET_OCTETS / 2; i++)
      any |= secret[i];
    if (zrtp_declassify (any != 0))
      octets = 3 * SECRET_OCTETS / 4;
  }

  size = group_work_size (group);
  work = g_malloc (size);
  zrtp_limbs_from_octets (work->exponent, ZRTP_LIMBS_FOR_OCTETS (octets), secret + SECRET_OCTETS - octets,
      octets);
  zrtp_limbs_from_octets (work->factor, group->n, public_value, group->len);
  mpn_sec_powm (work->power, work->factor, group->n, work->exponent, 8 * octets, group->p, group->n,
      work->scratch);
  zrtp_limbs_to_octets (work->power, result, group->len);       /* Z-4.4.1.4-2 */
  zrtp_wipe (work, size);
  g_free (work);
  zrtp_wipe_stack ();
  return TRUE;
}

#define DEFINE_DH(id, wire_name, number) \
static gboolean \
id##_generate (ZrtpRandom * random, guint secret_bits, guint8 * secret, guint8 * public_value) \
{ \
  return dh_generate (&group_##number, random, secret_bits, secret, public_value); \
} \
\
static gboolean \
id##_check (const guint8 * public_value) \
{ \
  return dh_check (&group_##number, public_value); \
} \
\
static gboolean \
id##_agree (const guint8 * secret, const guint8 * public_value, guint8 * result) \
{ \
  return dh_agree (&group_##number, secret, public_value, result); \
} \
\
const ZrtpKeyAgreement zrtp_##id = { \
  .name = wire_name, \
  .public_len = sizeof (prime_##number), \
  .secret_len = SECRET_OCTETS, \
  .result_len = sizeof (prime_##number), \
  .generate = id##_generate, \
  .check = id##_check, \
  .agree = id##_agree, \
}

DEFINE_DH (dh2k, "DH2k", 14);
DEFINE_DH (dh3k, "DH3k", 15);
