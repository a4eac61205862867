/* test-random.c: the random generator, with good, bad and failing sources of entropy.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include "ext/nettle/nettle.h"
#include "ext/nettle/random-private.h"

#define DRAW 32

/* A source that gives a count, or the same for ever, or nothing. */
typedef struct
{
  guint calls;
  gboolean fails, repeats;
} Source;

static gboolean
source_seed (gpointer user_data, guint8 * out, gsize len)
{
  Source *source = user_data;

  source->calls++;
  memset (out, 0x77, len);
  if (!source->repeats)
    memcpy (out, &source->calls, sizeof (source->calls));
  /* Like a kernel that stops half way. */
  return !source->fails;
}

static gboolean
draw (ZrtpRandom * random, guint8 out[DRAW])
{
  return random->fill (random, ZRTP_RANDOM_H0, out, DRAW);
}

/* Adds a draw to those seen before; FALSE if it was among them or is all zeros. */
static gboolean
is_new (GHashTable * seen, const guint8 out[DRAW])
{
  static const guint8 zeros[DRAW];
  GBytes *bytes = g_bytes_new (out, DRAW);

  return memcmp (out, zeros, DRAW) != 0 && g_hash_table_add (seen, bytes);
}

static GHashTable *
seen_new (void)
{
  return g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
}

/* Z-4.8-1, Z-4.8-3. */
static void
test_default (void)
{
  ZrtpRandom *random = zrtp_random_default ();
  g_autoptr (GHashTable) seen = seen_new ();
  guint ones = 0, n = 20000;

  g_assert_nonnull (random);
  g_assert_true (random == zrtp_random_default ());
  for (guint i = 0; i < n; i++) {
    guint8 out[DRAW] = { 0 };

    g_assert_true (draw (random, out));
    g_assert_true (is_new (seen, out));
    for (guint j = 0; j < DRAW; j++)
      for (guint bit = 0; bit < 8; bit++)
        ones += out[j] >> bit & 1;
    zrtp_random_add_entropy (out, i % 7 == 0 ? i % DRAW : 0);
  }
  /* Half of the bits within 10 standard deviations of sqrt (bits) / 2. */
  g_assert_cmpuint (ones, >, n * DRAW * 4 - 5 * 2263);
  g_assert_cmpuint (ones, <, n * DRAW * 4 + 5 * 2263);
}

/* All of what was asked for is written, and nothing more. */
static void
test_lengths (void)
{
  for (guint len = 0; len < 200; len++) {
    g_autofree guint8 *out = g_malloc (len + 1);
    guint8 any[200] = { 0 };

    for (guint i = 0; i < 16; i++) {
      memset (out, 0, len);
      out[len] = 0x5a;
      g_assert_true (zrtp_random_default ()->fill (zrtp_random_default (), ZRTP_RANDOM_OTHER, out, len));
      g_assert_cmpuint (out[len], ==, 0x5a);
      for (guint j = 0; j < len; j++)
        any[j] |= out[j];
    }
    for (guint j = 0; j < len; j++)
      g_assert_cmpuint (any[j], !=, 0);
  }
}

/* Z-4.8-5: no answer, no octet, until the source is well again. */
static void
test_failing_source (void)
{
  Source source = {.fails = TRUE };
  ZrtpRandom *random = zrtp_random_new (source_seed, &source);
  guint8 out[DRAW], before[DRAW];

  memset (out, 0x33, DRAW);
  memcpy (before, out, DRAW);
  for (guint i = 1; i <= 3; i++) {
    g_assert_false (draw (random, out));
    g_assert_cmpmem (out, DRAW, before, DRAW);
    g_assert_cmpuint (source.calls, ==, i);
  }
  /* What an application adds does not stand in for the kernel. */
  zrtp_random_stir (random, "entropy", 7);
  g_assert_false (draw (random, out));
  g_assert_cmpmem (out, DRAW, before, DRAW);

  source.fails = FALSE;
  g_assert_true (draw (random, out));
  g_assert_true (memcmp (out, before, DRAW) != 0);

  /* And a source that fails later. */
  source.fails = TRUE;
  for (guint i = 1; i < ZRTP_RANDOM_RESEED_REQUESTS; i++)
    g_assert_true (draw (random, out));
  memcpy (before, out, DRAW);
  g_assert_false (draw (random, out));
  g_assert_cmpmem (out, DRAW, before, DRAW);
  zrtp_random_free (random);
}

/* attacks.md I8: a constant source gives no two equal draws, and does not pass for long. */
static void
test_constant_source (void)
{
  Source source = {.repeats = TRUE };
  ZrtpRandom *random = zrtp_random_new (source_seed, &source);
  ZrtpRandom *other = zrtp_random_new (source_seed, &source);
  g_autoptr (GHashTable) seen = seen_new ();
  guint8 out[DRAW];

  for (guint i = 0; i < ZRTP_RANDOM_RESEED_REQUESTS; i++) {
    g_assert_true (draw (random, out));
    g_assert_true (is_new (seen, out));
    g_assert_true (draw (other, out));
    g_assert_true (is_new (seen, out));
  }
  g_assert_cmpuint (source.calls, ==, 2);
  g_assert_false (draw (random, out));
  g_assert_false (draw (random, out));
  zrtp_random_free (random);
  zrtp_random_free (other);
}

static void
test_reseed (void)
{
  Source source = { 0 };
  ZrtpRandom *random = zrtp_random_new (source_seed, &source);
  g_autofree guint8 *much = g_malloc (ZRTP_RANDOM_RESEED_OCTETS);
  guint8 out[DRAW];

  g_assert_true (draw (random, out));
  g_assert_cmpuint (source.calls, ==, 1);
  for (guint i = 1; i < ZRTP_RANDOM_RESEED_REQUESTS; i++)
    g_assert_true (draw (random, out));
  g_assert_cmpuint (source.calls, ==, 1);
  g_assert_true (draw (random, out));
  g_assert_cmpuint (source.calls, ==, 2);

  g_assert_true (random->fill (random, ZRTP_RANDOM_OTHER, much, ZRTP_RANDOM_RESEED_OCTETS));
  g_assert_cmpuint (source.calls, ==, 2);
  g_assert_true (draw (random, out));
  g_assert_cmpuint (source.calls, ==, 3);

  zrtp_random_stir (random, "a", 1);
  zrtp_random_stir (random, "b", 1);
  g_assert_true (draw (random, out));
  g_assert_cmpuint (source.calls, ==, 4);
  zrtp_random_free (random);
}

/* Z-4.8-5: parent and child part, whichever draws first, and the child asks the source again. */
static void
test_fork (void)
{
  Source source = {.repeats = FALSE };
  ZrtpRandom *random = zrtp_random_new (source_seed, &source);
  ZrtpRandom *generators[] = { random, zrtp_random_default () };
  guint8 drawn[2][2][DRAW], first[DRAW];
  gint channel[2], status;
  guint calls = 0;
  pid_t child;

  g_assert_true (draw (generators[0], first));
  g_assert_true (draw (generators[1], first));
  g_assert_cmpint (pipe (channel), ==, 0);
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0) {
    gboolean good = draw (generators[0], drawn[1][0]) && draw (generators[1], drawn[1][1])
        && write (channel[1], drawn[1], sizeof (drawn[1])) == sizeof (drawn[1])
        && write (channel[1], &source.calls, sizeof (source.calls)) == sizeof (source.calls);

    _exit (good ? 0 : 1);
  }
  g_assert_cmpint (read (channel[0], drawn[1], sizeof (drawn[1])), ==, sizeof (drawn[1]));
  g_assert_cmpint (read (channel[0], &calls, sizeof (calls)), ==, sizeof (calls));
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
  for (guint i = 0; i < 2; i++) {
    g_assert_true (draw (generators[i], drawn[0][i]));
    g_assert_true (memcmp (drawn[0][i], drawn[1][i], DRAW) != 0);
  }
  g_assert_cmpuint (calls, ==, 2);
  g_assert_cmpuint (source.calls, ==, 1);
  close (channel[0]);
  close (channel[1]);
  zrtp_random_free (random);
}

#define THREADS 8
#define THREAD_DRAWS 4000

static gpointer
draw_many (gpointer user_data)
{
  guint8 *out = user_data;

  for (guint i = 0; i < THREAD_DRAWS; i++) {
    g_assert_true (draw (zrtp_random_default (), out + i * DRAW));
    if (i % 512 == 0)
      zrtp_random_add_entropy (out, i);
  }
  return NULL;
}

static void
test_threads (void)
{
  g_autofree guint8 *out = g_malloc (THREADS * THREAD_DRAWS * DRAW);
  g_autoptr (GHashTable) seen = seen_new ();
  GThread *threads[THREADS];

  for (guint i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("draw", draw_many, out + i * THREAD_DRAWS * DRAW);
  for (guint i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < THREADS * THREAD_DRAWS; i++)
    g_assert_true (is_new (seen, out + i * DRAW));
}

#ifdef __linux__
/* A kernel that refuses getrandom(): the real generator gives nothing. */
static void
test_kernel_refuses (void)
{
  struct sock_filter code[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = { G_N_ELEMENTS (code), code };
  gint status;
  pid_t child = fork ();

  g_assert_cmpint (child, >=, 0);
  if (child == 0) {
    guint8 out[DRAW] = { 0 }, zeros[DRAW] = { 0 };

    if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
      _exit (77);
    _exit (!draw (zrtp_random_default (), out) && memcmp (out, zeros, DRAW) == 0 ? 0 : 1);
  }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  if (WEXITSTATUS (status) == 77)
    g_test_skip ("no seccomp filters here");
  else
    g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}
#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ext/random/default", test_default);
  g_test_add_func ("/ext/random/lengths", test_lengths);
  g_test_add_func ("/ext/random/failing-source", test_failing_source);
  g_test_add_func ("/ext/random/constant-source", test_constant_source);
  g_test_add_func ("/ext/random/reseed", test_reseed);
  g_test_add_func ("/ext/random/fork", test_fork);
  g_test_add_func ("/ext/random/threads", test_threads);
#ifdef __linux__
  g_test_add_func ("/ext/random/kernel-refuses", test_kernel_refuses);
#endif
  return g_test_run ();
}
