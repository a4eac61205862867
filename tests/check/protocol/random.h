/* random.h: sources of "randomness" for tests: one from a seed, one that answers from a recorded call.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ext/crypto.h"

G_BEGIN_DECLS

/* splitmix64: small, seeded by any number, good enough for schedules and test keys. */
typedef struct
{
  guint64 state;
} TestPrng;

guint64 test_prng_next (TestPrng * prng);
/* Uniform in 0..n-1 for the small n of tests. */
guint test_prng_below (TestPrng * prng, guint n);

typedef struct
{
  ZrtpRandom parent;
  TestPrng prng;
  guint draws[ZRTP_RANDOM_OTHER + 1];   /* how often each use was asked for */
  gsize lengths[ZRTP_RANDOM_OTHER + 1]; /* of the last draw for each use */
  gboolean broken;              /* fill() fails */
  guint fail_after;             /* or fails after so many draws, if not 0 */
  guint total;
  /* Answers by use, taken in order and used once; then the seeded stream goes on. GBytes. */
  GQueue *script[ZRTP_RANDOM_OTHER + 1];
} TestRandom;

void test_random_init (TestRandom * random, guint64 seed);
void test_random_clear (TestRandom * random);
/* The next draw for this use gets these octets: right-aligned behind zeros if more are asked for in a secret,
 * left-aligned before zeros otherwise. */
void test_random_script (TestRandom * random, ZrtpRandomUse use, gconstpointer data, gsize len);

G_END_DECLS
