/* random.c: the random generator (RFC 6189 section 4.8): AES-256 in counter mode over a SHA-512 pool.
 *
 * The pool takes in the kernel's random octets (Z-4.8-3) and whatever an application adds, each time
 * hashed together with all that it took in before. A reseed makes a fresh key of the old key and the pool.
 * A request is answered with the counter mode's stream under the key; the first octets of that stream
 * replace the key before anything leaves, so that the memory of a process never tells what it drew
 * earlier.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ext/nettle/nettle.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <nettle/aes.h>

#include "ext/nettle/random-private.h"

#define SEED_OCTETS 64

typedef struct
{
  ZrtpRandom parent;
  ZrtpSeedFunc seed;
  gpointer user_data;

  /* All under the lock. */
  gboolean seeded;              /* FALSE: reseed before the next answer */
  guint fork_generation;        /* fork_count when last seeded */
  guint requests;               /* since the last reseed, as octets is */
  gsize octets;
  guint8 key[AES256_KEY_SIZE];
  guint8 pool[64];
  guint8 seed_check[32];        /* says what the last seed was, without giving it away */
} Generator;

/* One lock for all generators: a process has one, and it is held for less than a microsecond at a time. */
static GMutex lock;

/* Under the lock. How many forks this process is away from its first ancestor's start. */
static guint fork_count;

/* Holding the lock over a fork makes the child's copy of the state a whole one, and leaves it a free lock. */
static void
before_fork (void)
{
  g_mutex_lock (&lock);
}

static void
after_fork_in_parent (void)
{
  g_mutex_unlock (&lock);
}

static void
after_fork_in_child (void)
{
  fork_count++;
  g_mutex_unlock (&lock);
}

static gboolean
seed_from_kernel (gpointer user_data, guint8 * out, gsize len)
{
#ifdef __linux__
  while (len > 0) {
    /* Flags 0: until the kernel has gathered enough since it started, this waits. */
    gssize got = getrandom (out, len, 0);

    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return FALSE;
    out += got;
    len -= got;
  }
  return TRUE;
#else
  return getentropy (out, len) == 0;
#endif
}

/* The previous pool is the first part of what becomes the new one: an input can add to it, never take
 * away. */
static void
pool_stir (Generator * self, gconstpointer data, gsize len)
{
  const ZrtpPart parts[] = {
    {"zrtp pool", 9},
    {self->pool, sizeof (self->pool)},
    {data, len},
  };

  zrtp_sha512.digest (parts, G_N_ELEMENTS (parts), self->pool);
}

/* A source that says the same thing twice is broken, as 64 octets never repeat. */
static gboolean
seed_is_new (Generator * self, const guint8 * seed)
{
  const ZrtpPart parts[] = {
    {"zrtp seed check", 15},
    {seed, SEED_OCTETS},
  };
  guint8 check[sizeof (self->seed_check)];
  gboolean same;

  zrtp_sha256.digest (parts, G_N_ELEMENTS (parts), check);
  same = zrtp_equal (check, self->seed_check, sizeof (check));
  memcpy (self->seed_check, check, sizeof (check));
  return !same;
}

static gboolean
reseed (Generator * self)
{
  /* No entropy to speak of, but it parts two processes whose kernels tell them the same. */
  struct
  {
    gint64 real_time, monotonic_time;
    gint64 process;
    guint64 address;
  } circumstances = {
    g_get_real_time (), g_get_monotonic_time (), getpid (), (guint64) (gsize) self,
  };
  const ZrtpPart parts[] = {
    {"zrtp key", 8},
    {self->key, sizeof (self->key)},
    {self->pool, sizeof (self->pool)},
  };
  guint8 seed[SEED_OCTETS], fresh[64];
  gboolean good;

  good = self->seed (self->user_data, seed, sizeof (seed)) && seed_is_new (self, seed);
  if (good) {
    pool_stir (self, seed, sizeof (seed));
    pool_stir (self, &circumstances, sizeof (circumstances));
    zrtp_sha512.digest (parts, G_N_ELEMENTS (parts), fresh);
    memcpy (self->key, fresh, sizeof (self->key));
    /* The pool goes on from other octets than those that the key is made of. */
    pool_stir (self, fresh + sizeof (self->key), sizeof (fresh) - sizeof (self->key));
    zrtp_wipe (fresh, sizeof (fresh));
    self->fork_generation = fork_count;
    self->requests = 0;
    self->octets = 0;
  }
  zrtp_wipe (seed, sizeof (seed));
  self->seeded = good;
  return good;
}

/* The stream of counter mode, from block counter on. Nettle's ctr_crypt() would leave a copy on the stack. */
static void
counter_stream (const struct aes256_ctx *aes, guint64 counter, guint8 * out, gsize len)
{
  guint8 block[AES_BLOCK_SIZE];

  for (; len > 0; counter++) {
    gsize n = MIN (len, sizeof (block));
    guint64 number = GUINT64_TO_BE (counter);

    memset (block, 0, sizeof (block));
    memcpy (block + sizeof (block) - sizeof (number), &number, sizeof (number));
    aes256_encrypt (aes, sizeof (block), block, block);
    memcpy (out, block, n);
    out += n;
    len -= n;
  }
  zrtp_wipe (block, sizeof (block));
}

static gboolean
generator_fill (ZrtpRandom * random, ZrtpRandomUse use, guint8 * out, gsize len)
{
  Generator *self = (Generator *) random;
  struct aes256_ctx aes;

  g_mutex_lock (&lock);
  if (!self->seeded || self->fork_generation != fork_count
      || self->requests >= ZRTP_RANDOM_RESEED_REQUESTS || self->octets >= ZRTP_RANDOM_RESEED_OCTETS) {
    /* Z-4.8-5: no answer rather than a worse one, and out stays as it was. */
    if (!reseed (self)) {
      g_mutex_unlock (&lock);
      return FALSE;
    }
  }
  self->requests++;
  self->octets += len;

  aes256_set_encrypt_key (&aes, self->key);
  counter_stream (&aes, 0, self->key, sizeof (self->key));
  g_mutex_unlock (&lock);

  /* The rest of the stream belongs to this request alone, whatever other threads draw meanwhile. */
  counter_stream (&aes, AES256_KEY_SIZE / AES_BLOCK_SIZE, out, len);
  zrtp_wipe (&aes, sizeof (aes));
  return TRUE;
}

static void
generator_init (Generator * self, ZrtpSeedFunc seed, gpointer user_data)
{
  static gsize fork_watched;

  if (g_once_init_enter (&fork_watched)) {
    /* Fails for want of memory alone; a generator that does not see forks must not be (Z-4.8-5). */
    if (pthread_atfork (before_fork, after_fork_in_parent, after_fork_in_child) != 0)
      g_error ("cannot watch for forks");
    g_once_init_leave (&fork_watched, 1);
  }
  self->parent.fill = generator_fill;
  self->seed = seed;
  self->user_data = user_data;
}

ZrtpRandom *
zrtp_random_new (ZrtpSeedFunc seed, gpointer user_data)
{
  Generator *self = g_new0 (Generator, 1);

  generator_init (self, seed, user_data);
  return &self->parent;
}

void
zrtp_random_free (ZrtpRandom * random)
{
  zrtp_wipe (random, sizeof (Generator));
  g_free (random);
}

void
zrtp_random_stir (ZrtpRandom * random, gconstpointer data, gsize len)
{
  Generator *self = (Generator *) random;

  g_mutex_lock (&lock);
  pool_stir (self, data, len);
  /* What was added counts from the next request on, together with fresh octets of the seed source. */
  self->seeded = FALSE;
  g_mutex_unlock (&lock);
}

/**
 * zrtp_random_default:
 *
 * The generator of this process: AES-256 in counter mode under a key that changes with every request,
 * seeded from the kernel on first use, after a fork, after ZRTP_RANDOM_RESEED_REQUESTS requests and after
 * entropy was added. Its fill() may be called from any thread; the first call waits until the kernel has
 * gathered entropy since it started. When the kernel gives none, or the same again, fill() returns %FALSE
 * and writes nothing (Z-4.8-5).
 *
 * Returns: (transfer none): the generator, never %NULL
 */
ZrtpRandom *
zrtp_random_default (void)
{
  static Generator generator;
  static gsize ready;

  if (g_once_init_enter (&ready)) {
    generator_init (&generator, seed_from_kernel, NULL);
    g_once_init_leave (&ready, 1);
  }
  return &generator.parent;
}

/**
 * zrtp_random_add_entropy:
 * @data: octets that others find hard to guess, such as samples of a microphone
 * @len: how many
 *
 * Stirs @data into the pool of zrtp_random_default(). Whatever it holds, what the generator gives is no
 * easier to guess than without it. May be called from any thread; @data is not kept.
 */
void
zrtp_random_add_entropy (gconstpointer data, gsize len)
{
  zrtp_random_stir (zrtp_random_default (), data, len);
}
