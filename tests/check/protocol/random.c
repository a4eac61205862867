/* random.c: sources of "randomness" for tests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "random.h"

#include <string.h>

guint64
test_prng_next (TestPrng * prng)
{
  guint64 z = (prng->state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15));

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

guint
test_prng_below (TestPrng * prng, guint n)
{
  return (test_prng_next (prng) >> 16) % n;
}

static gboolean
test_random_fill (ZrtpRandom * parent, ZrtpRandomUse use, guint8 * out, gsize len)
{
  TestRandom *self = (TestRandom *) parent;

  if (self->broken || (self->fail_after && self->total >= self->fail_after))
    return FALSE;
  self->total++;
  self->draws[MIN (use, ZRTP_RANDOM_OTHER)]++;
  self->lengths[MIN (use, ZRTP_RANDOM_OTHER)] = len;
  if (use <= ZRTP_RANDOM_OTHER && self->script[use] && !g_queue_is_empty (self->script[use])) {
    GBytes *bytes = g_queue_pop_head (self->script[use]);
    gsize size;
    const guint8 *data = g_bytes_get_data (bytes, &size);
    gsize used = MIN (size, len);

    memset (out, 0, len);
    if (use == ZRTP_RANDOM_SECRET)
      memcpy (out + len - used, data, used);
    else
      memcpy (out, data, used);
    g_bytes_unref (bytes);
    return TRUE;
  }
  for (gsize i = 0; i < len; i += 8) {
    guint64 octets = test_prng_next (&self->prng);

    memcpy (out + i, &octets, MIN (8, len - i));
  }
  return TRUE;
}

void
test_random_init (TestRandom * random, guint64 seed)
{
  memset (random, 0, sizeof *random);
  random->parent.fill = test_random_fill;
  random->prng.state = seed;
}

void
test_random_script (TestRandom * random, ZrtpRandomUse use, gconstpointer data, gsize len)
{
  if (!random->script[use])
    random->script[use] = g_queue_new ();
  g_queue_push_tail (random->script[use], g_bytes_new (data, len));
}

void
test_random_clear (TestRandom * random)
{
  for (guint i = 0; i <= ZRTP_RANDOM_OTHER; i++)
    if (random->script[i])
      g_queue_free_full (g_steal_pointer (&random->script[i]), (GDestroyNotify) g_bytes_unref);
}
