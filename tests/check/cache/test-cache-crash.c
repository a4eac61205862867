/* test-cache-crash.c: deaths, errors and power cuts at every step of a store (Z-4.6.1-10, -11, attack D7).
 *
 * Afterwards a peer has the old pair of secrets or the new one, and what a store said was stored is there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "support.h"
#include "shim.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_STEPS 2000

/* Opens what a crash has left and finds which store of peer 1 is in it; it must be one of these two. */
static guint
assert_old_or_new (const gchar *path, guint old, guint new)
{
  ZrtpCache *cache = open_cache (path);
  GError *error = NULL;
  ZrtpCacheEntry entry;
  gboolean found = lookup (cache, 1, &entry);
  guint n;

  g_assert_false (entry.unreadable);
  if (old == 0 && !found) {
    n = 0;
  } else {
    g_assert_true (found);
    for (n = old; n < new && !entry_is (&entry, 1, n); n++);
    g_assert_true (entry_is (&entry, 1, n));
  }
  zrtp_sqlite_cache_check (cache, NULL, &error);
  g_assert_no_error (error);
  zrtp_sqlite_cache_close (cache);
  return n;
}

/* ---- One step after the other ---- */

typedef struct
{
  const gchar *path;
  ShimMode mode;
  guint at;
  guint n;
} Run;

/* A store that also writes the log back, and a close; some stores before it, so that the log has a past. */
static gint
run_stores (gpointer user_data)
{
  Run *run = user_data;
  ZrtpCache *cache;
  GError *error = NULL;
  guint8 own_zid[ZRTP_ZID_LEN], peer_zid[ZRTP_ZID_LEN];
  gboolean good;

  shim_install (run->mode, run->at);
  cache = zrtp_sqlite_cache_open (run->path, &error);
  if (cache == NULL)
    return run->mode == SHIM_FAIL || run->mode == SHIM_FULL ? 1 : 10;
  good = store (cache, 1, run->n);
  make_zid (0, own_zid);
  make_zid (2, peer_zid);
  if (store (cache, 2, run->n))
    zrtp_sqlite_cache_forget (cache, own_zid, peer_zid, NULL);
  zrtp_sqlite_cache_close (cache);
  if (shim_steps () < run->at)
    return 2;                   /* the step was never reached */
  return good ? 0 : 1;
}

static void
test_steps (Place *place, ShimMode mode)
{
  guint n = 1, kills = 0;
  gint status = 0;

  fill_cache (place->path, 4, 1);
  for (guint at = 1; at < MAX_STEPS && status != 2; at++) {
    Run run = { place->path, mode, at, n + 1 };

    status = in_child (run_stores, &run);
    g_assert_cmpint (status, <=, 2);
    if (mode == SHIM_KILL && status != 2)
      g_assert_cmpint (status, ==, -1);
    kills += status == -1;
    /* What was stored is there, whatever came after it. */
    n = assert_old_or_new (place->path, status == 0 || status == 2 ? n + 1 : n, n + 1);
    for (guint peer = 3; peer <= 4; peer++) {
      ZrtpCache *cache = open_cache (place->path);
      ZrtpCacheEntry entry;

      g_assert_true (lookup (cache, peer, &entry));
      g_assert_true (entry_is (&entry, peer, 1));
      zrtp_sqlite_cache_close (cache);
    }
  }
  g_assert_cmpint (status, ==, 2);
  g_test_message ("%u deaths, %u stores that were done", kills, n - 1);
}

static void
test_kill_steps (Place *place, gconstpointer unused)
{
  test_steps (place, SHIM_KILL);
}

static void
test_torn_writes (Place *place, gconstpointer unused)
{
  test_steps (place, SHIM_TEAR);
}

static void
test_io_errors (Place *place, gconstpointer unused)
{
  test_steps (place, SHIM_FAIL);
}

static void
test_full_disk (Place *place, gconstpointer unused)
{
  test_steps (place, SHIM_FULL);
}

/* An I/O error in a store: it says so, and the same cache works on. */
static void
test_error_and_on (Place *place, gconstpointer unused)
{
  guint n = 1, failures = 0;
  ZrtpCacheEntry entry;

  fill_cache (place->path, 2, 1);
  for (guint at = 1; at < 40; at++) {
    ZrtpCache *cache;
    gboolean good;

    shim_install (SHIM_COUNT, 0);
    cache = open_cache (place->path);
    shim_install (SHIM_FAIL, at);
    good = store (cache, 1, n + 1);
    failures += !good;
    shim_install (SHIM_COUNT, 0);
    g_assert_true (lookup (cache, 1, &entry));
    g_assert_true (entry_is (&entry, 1, good ? n + 1 : n));
    g_assert_true (store (cache, 1, n + 2));
    g_assert_true (lookup (cache, 1, &entry));
    g_assert_true (entry_is (&entry, 1, n + 2));
    zrtp_sqlite_cache_close (cache);
    shim_uninstall ();
    n = assert_old_or_new (place->path, n + 2, n + 2);
  }
  g_assert_cmpuint (failures, >, 2);
}

/* ---- kill -9 at any time ---- */

static void
write_until_killed (const gchar *path, guint n, gint report)
{
  ZrtpCache *cache = zrtp_sqlite_cache_open (path, NULL);

  while (cache != NULL && store (cache, 1, ++n))
    if (write (report, &n, sizeof n) != sizeof n)
      break;
  _exit (1);
}

static void
test_kill_at_random (Place *place, gconstpointer unused)
{
  guint n = 0, rounds = g_test_quick () ? 150 : 1000, stores = 0;

  for (guint round = 0; round < rounds; round++) {
    gint report[2], status;
    guint reported;
    pid_t child;

    /* Some begin with no file. */
    if (round % 5 == 0) {
      g_autofree gchar *log = g_strconcat (place->path, "-wal", NULL);
      g_unlink (place->path);
      g_unlink (log);
      n = 0;
    }
    g_assert_cmpint (pipe (report), ==, 0);
    child = fork ();
    g_assert_cmpint (child, >=, 0);
    if (child == 0)
      write_until_killed (place->path, n, report[1]);
    close (report[1]);
    g_usleep (g_test_rand_int_range (0, round % 5 == 0 ? 8000 : 40000));
    g_assert_cmpint (kill (child, SIGKILL), ==, 0);
    g_assert_cmpint (waitpid (child, &status, 0), ==, child);
    g_assert_true (WIFSIGNALED (status));
    while (read (report[0], &reported, sizeof reported) == sizeof reported) {
      n = reported;
      stores++;
    }
    close (report[0]);
    n = assert_old_or_new (place->path, n, n + 1);
  }
  g_test_message ("%u kills among %u stores", rounds, stores);
  g_assert_cmpuint (stores, >, 0);
}

/* ---- Power cuts ---- */

/* A file as a disk may have it: what was synced for certain, what was written since perhaps. */
typedef struct
{
  GByteArray *image;
  gboolean exists;
} Disk;

static void
disk_apply (Disk *disk, const ShimNote *note, gsize len)
{
  if (note->operation == SHIM_DELETE) {
    disk->exists = FALSE;
    g_byte_array_set_size (disk->image, 0);
    return;
  }
  disk->exists = TRUE;
  if (note->operation == SHIM_TRUNCATE) {
    if (note->offset < disk->image->len)
      g_byte_array_set_size (disk->image, note->offset);
  } else if (note->operation == SHIM_WRITE) {
    guint old_len = disk->image->len, end = note->offset + len;

    if (end > old_len) {
      g_byte_array_set_size (disk->image, end);
      memset (disk->image->data + old_len, 0, end - old_len);
    }
    if (len > 0)
      memcpy (disk->image->data + note->offset, note->data, len);
  }
}

/* What the disk holds when the power fails after the first n notes. variant 0: nothing that was not
 * synced, 1: all, else each write whole, not at all, or its first sectors. */
static void
disk_after (Disk *disk, const guint8 *start, gsize start_len, gboolean log, const GArray *notes, guint n,
    guint variant)
{
  gint synced = -1;

  disk->image = g_byte_array_new ();
  disk->exists = !log;
  g_byte_array_append (disk->image, start, start_len);
  for (guint i = 0; i < n; i++) {
    const ShimNote *note = &g_array_index (notes, ShimNote, i);
    if (note->log == log && note->operation == SHIM_SYNC)
      synced = i;
  }
  for (guint i = 0; i < n; i++) {
    const ShimNote *note = &g_array_index (notes, ShimNote, i);
    gsize len = note->len;

    if (note->log != log || note->operation == SHIM_SYNC || note->operation == SHIM_MARK)
      continue;
    if ((gint) i > synced) {
      guint chance = g_test_rand_int_range (0, 3);
      gsize sectors = g_test_rand_int_range (0, 9);

      if (variant == 0 || (variant > 1 && chance == 0))
        continue;
      if (variant > 1 && chance == 1)
        len = MIN (len, sectors * 512);
    }
    disk_apply (disk, note, len);
  }
}

static void
test_power_cut (Place *place, gconstpointer unused)
{
  g_autofree gchar *after = g_strconcat (place->path, ".after", NULL), *log = g_strconcat (after, "-wal", NULL);
  guint variants = g_test_quick () ? 5 : 20, done = 1, cuts = 0;
  guint8 *start;
  gsize start_len;
  GArray *notes;
  ZrtpCache *cache;

  fill_cache (place->path, 8, 1);
  start = read_octets (place->path, &start_len);
  shim_install (SHIM_COUNT, 0);
  notes = shim_take_notes ();
  /* Enough for the log to be written back and begun again, more than once, and a close. */
  cache = open_cache (place->path);
  for (guint n = 2; n <= 50; n++) {
    g_assert_true (store (cache, 1, n));
    shim_mark (n);
  }
  zrtp_sqlite_cache_close (cache);
  shim_uninstall ();

  for (guint cut = 0; cut <= notes->len; cut++) {
    const ShimNote *last = cut > 0 ? &g_array_index (notes, ShimNote, cut - 1) : NULL;

    if (last != NULL && last->operation == SHIM_MARK)
      done = last->offset;
    for (guint variant = 0; variant < variants; variant++) {
      Disk disks[2];

      for (guint i = 0; i < 2; i++) {
        g_autofree gchar *index = g_strconcat (after, "-shm", NULL);

        disk_after (&disks[i], i == 0 ? start : NULL, i == 0 ? start_len : 0, i == 1, notes, cut, variant);
        g_unlink (index);
        g_unlink (i == 0 ? after : log);
        if (disks[i].exists)
          write_octets (i == 0 ? after : log, disks[i].image->data, disks[i].image->len);
        g_byte_array_unref (disks[i].image);
      }
      /* At most the store that was under way is lost. */
      assert_old_or_new (after, done, done + 1);
      cuts++;
    }
  }
  g_test_message ("%u operations, %u power cuts", notes->len, cuts);
  g_assert_cmpuint (done, ==, 50);
  g_array_unref (notes);
  g_free (start);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_test ("/cache/crash/kill-at-each-step", test_kill_steps);
  add_test ("/cache/crash/torn-writes", test_torn_writes);
  add_test ("/cache/crash/io-errors", test_io_errors);
  add_test ("/cache/crash/full-disk", test_full_disk);
  add_test ("/cache/crash/error-and-on", test_error_and_on);
  add_test ("/cache/crash/kill-at-random", test_kill_at_random);
  add_test ("/cache/crash/power-cut", test_power_cut);
  return g_test_run ();
}
