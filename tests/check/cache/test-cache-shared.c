/* test-cache-shared.c: many sessions and several processes on one file at once; forks; and how many stores a
 * second that is.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "support.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ext/nettle/nettle.h"

#define STORES 500              /* of each of two peers */

/* ---- Processes ---- */

/* In a child, where an assertion would not be seen. */
static ZrtpCache *
open_in_child (const gchar *path)
{
  GError *error = NULL;
  ZrtpCache *cache = zrtp_sqlite_cache_open (path, &error);

  if (cache == NULL)
    g_printerr ("%s\n", error->message);
  return cache;
}

typedef struct
{
  const gchar *path;
  guint peer;                   /* own peer; peer 1 is everybody's */
  guint stores;
  gint result;                  /* pipe */
} Writer;

static gint
write_and_read (gpointer user_data)
{
  Writer *self = user_data;
  ZrtpCache *cache = open_in_child (self->path);
  ZrtpCacheEntry entry;
  guint32 there;

  if (cache == NULL)
    return 1;
  for (guint n = 1; n <= self->stores; n++) {
    if (!store (cache, self->peer, n) || !store (cache, 1, n))
      return 2;
    if (!lookup (cache, self->peer, &entry) || !entry_is (&entry, self->peer, n))
      return 3;
    /* Another process may have written it since, but whole entries. */
    if (!lookup (cache, 1, &entry))
      return 4;
    memcpy (&there, entry.rs1 + 4, sizeof there);
    if (!entry_is (&entry, 1, GUINT32_FROM_BE (there)))
      return 5;
  }
  zrtp_sqlite_cache_close (cache);
  return 0;
}

/* Runs function for each of n writers at once, and sees that all return 0. */
static void
run_processes (Writer *writers, guint n, gint (*function) (gpointer user_data))
{
  g_autofree pid_t *children = g_new (pid_t, n);

  for (guint i = 0; i < n; i++) {
    children[i] = fork ();
    g_assert_cmpint (children[i], >=, 0);
    if (children[i] == 0)
      _exit (function (&writers[i]));
  }
  for (guint i = 0; i < n; i++) {
    gint status;

    g_assert_cmpint (waitpid (children[i], &status, 0), ==, children[i]);
    g_assert_true (WIFEXITED (status));
    g_assert_cmpint (WEXITSTATUS (status), ==, 0);
  }
}

/* Two processes that write a thousand times each, from the first instant of a file that does not exist. */
static void
test_processes (Place *place, gconstpointer unused)
{
  Writer writers[2] = { { place->path, 2, STORES }, { place->path, 3, STORES } };
  ZrtpCacheEntry entry;
  ZrtpCache *cache;
  guint n_peers;

  run_processes (writers, 2, write_and_read);
  cache = open_cache (place->path);
  for (guint peer = 1; peer <= 3; peer++) {
    g_assert_true (lookup (cache, peer, &entry));
    g_assert_true (entry_is (&entry, peer, STORES));
  }
  g_assert_true (zrtp_sqlite_cache_check (cache, &n_peers, NULL));
  g_assert_cmpuint (n_peers, ==, 3);
  zrtp_sqlite_cache_close (cache);
}

static gint
get_zid (gpointer user_data)
{
  Writer *self = user_data;
  ZrtpCache *cache = open_in_child (self->path);
  guint8 zid[ZRTP_ZID_LEN];

  if (cache == NULL)
    return 1;
  if (!zrtp_sqlite_cache_get_zid (cache, zrtp_random_default (), zid, NULL))
    return 2;
  zrtp_sqlite_cache_close (cache);
  return write (self->result, zid, sizeof zid) == sizeof zid ? 0 : 3;
}

/* Z-4.9-1: processes that start for the first time at once make one file and one ZID. */
static void
test_first_start (Place *place, gconstpointer unused)
{
  g_autofree gchar *log = g_strconcat (place->path, "-wal", NULL);

  for (guint round = 0; round < 20; round++) {
    guint8 zids[8][ZRTP_ZID_LEN];
    Writer writers[8];
    gint ends[2];

    /* Of two that close at once, none is the last for SQLite: the log may be there still. */
    g_unlink (place->path);
    g_unlink (log);
    g_assert_cmpint (pipe (ends), ==, 0);
    for (guint i = 0; i < 8; i++)
      writers[i] = (Writer) { place->path, 0, 0, ends[1] };
    run_processes (writers, 8, get_zid);
    close (ends[1]);
    g_assert_cmpint (read (ends[0], zids, sizeof zids), ==, sizeof zids);
    close (ends[0]);
    for (guint i = 1; i < 8; i++)
      g_assert_cmpmem (zids[i], ZRTP_ZID_LEN, zids[0], ZRTP_ZID_LEN);
  }
}

/* A program that keeps the file locked: a store gives up after a time, and a lookup does not wait at all. */
static void
test_locked (Place *place, gconstpointer unused)
{
  ZrtpCache *cache = open_cache (place->path);
  g_autofree gchar *text = NULL;
  ZrtpCacheEntry entry;
  gint64 begin, took;
  sqlite3 *db;

  g_assert_true (store (cache, 1, 1));
  g_assert_cmpint (sqlite3_open (place->path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  begin = g_get_monotonic_time ();
  g_assert_true (lookup (cache, 1, &entry));
  g_assert_cmpint (g_get_monotonic_time () - begin, <, ZRTP_CACHE_DB_BUSY_USEC / 2);
  begin = g_get_monotonic_time ();
  g_assert_false (store (cache, 1, 2));
  took = g_get_monotonic_time () - begin;
  g_assert_cmpint (took, >=, ZRTP_CACHE_DB_BUSY_USEC);
  text = zrtp_sqlite_cache_dup_last_error (cache);
  g_assert_nonnull (strstr (text, "locked"));
  g_assert_cmpint (sqlite3_exec (db, "ROLLBACK", NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
  g_assert_true (store (cache, 1, 2));
  zrtp_sqlite_cache_close (cache);
}

/* ---- Threads ---- */

#define THREADS 200
#define CALLS 10

typedef struct
{
  const gchar *path;
  guint peer;
  guint calls;
} Session;

static gpointer
run_session (gpointer user_data)
{
  Session *self = user_data;
  ZrtpCache *cache = open_cache (self->path);

  for (guint n = 1; n <= self->calls; n++) {
    ZrtpCacheEntry entry;
    gboolean found = lookup (cache, self->peer, &entry);

    g_assert_false (entry.unreadable);
    g_assert_true (n == 1 ? !found : found && entry_is (&entry, self->peer, n - 1));
    g_assert_true (store (cache, self->peer, n));
  }
  zrtp_sqlite_cache_close (cache);
  return NULL;
}

static void
test_threads (Place *place, gconstpointer unused)
{
  Session sessions[THREADS];
  GThread *threads[THREADS];
  ZrtpCacheEntry entry;
  ZrtpCache *cache;
  guint n_peers;

  for (guint i = 0; i < THREADS; i++) {
    sessions[i] = (Session) { place->path, i + 1, CALLS };
    threads[i] = g_thread_new ("session", run_session, &sessions[i]);
  }
  for (guint i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
  cache = open_cache (place->path);
  for (guint i = 0; i < THREADS; i++) {
    g_assert_true (lookup (cache, i + 1, &entry));
    g_assert_true (entry_is (&entry, i + 1, CALLS));
  }
  g_assert_true (zrtp_sqlite_cache_check (cache, &n_peers, NULL));
  g_assert_cmpuint (n_peers, ==, THREADS);
  zrtp_sqlite_cache_close (cache);
}

/* ---- Forks ---- */

static gint
use_parents_cache (gpointer user_data)
{
  ZrtpCache *cache = user_data;
  ZrtpCacheEntry entry;
  GError *error = NULL;

  if (lookup (cache, 1, &entry) || !entry.unreadable || store (cache, 1, 9))
    return 1;
  if (zrtp_sqlite_cache_list (cache, &error) != NULL || error->code != ZRTP_CACHE_DB_ERROR_FORKED)
    return 2;
  g_clear_error (&error);
  if (zrtp_sqlite_cache_open (zrtp_sqlite_cache_get_path (cache), &error) != NULL
      || error->code != ZRTP_CACHE_DB_ERROR_FORKED)
    return 3;
  /* And closing does not write the parent's log back, or take its locks away. */
  zrtp_sqlite_cache_close (cache);
  return 0;
}

static void
test_fork (Place *place, gconstpointer unused)
{
  g_autofree gchar *log = g_strconcat (place->path, "-wal", NULL);
  ZrtpCache *cache = open_cache (place->path);
  guint8 *before, *after;
  gsize len, len_after;
  ZrtpCacheEntry entry;

  g_assert_true (store (cache, 1, 1));
  before = read_octets (log, &len);
  /* With the locks of the cache held, as if another thread were at work while this one forks. */
  g_mutex_lock (&((ZrtpCacheDb *) cache)->writer.lock);
  g_mutex_lock (&((ZrtpCacheDb *) cache)->reader.lock);
  g_assert_cmpint (in_child (use_parents_cache, cache), ==, 0);
  g_mutex_unlock (&((ZrtpCacheDb *) cache)->reader.lock);
  g_mutex_unlock (&((ZrtpCacheDb *) cache)->writer.lock);
  after = read_octets (log, &len_after);
  g_assert_cmpmem (after, len_after, before, len);
  g_assert_true (lookup (cache, 1, &entry));
  g_assert_true (entry_is (&entry, 1, 1));
  g_assert_true (store (cache, 1, 2));
  zrtp_sqlite_cache_close (cache);
  g_free (before);
  g_free (after);
}

/* ---- How fast ---- */

/* What the disk gives: a store that survives a power cut takes one of these. */
static void
test_disk (const gchar *folder, guint n)
{
  g_autofree gchar *path = g_build_filename (folder, "disk", NULL);
  FILE *file = g_fopen (path, "w");
  guint8 data[8192] = { 0 };
  gint64 begin = g_get_monotonic_time ();

  for (guint i = 0; i < n; i++)
    g_assert_true (fwrite (data, sizeof data, 1, file) == 1 && fflush (file) == 0 && fdatasync (fileno (file)) == 0);
  g_test_message ("writes and syncs of 8 KiB, for comparison: %.0f a second",
      n * 1e6 / MAX (g_get_monotonic_time () - begin, 1));
  fclose (file);
}

static gint
write_only (gpointer user_data)
{
  Writer *self = user_data;
  ZrtpCache *cache = open_in_child (self->path);

  for (guint n = 1; n <= self->stores; n++)
    if (cache == NULL || !store (cache, self->peer, n))
      return 1;
  zrtp_sqlite_cache_close (cache);
  return 0;
}

static gpointer
write_in_thread (gpointer user_data)
{
  g_assert_cmpint (write_only (user_data), ==, 0);
  return NULL;
}

static void
report (const gchar *what, guint n, gint64 begin)
{
  g_test_message ("%s: %.0f a second", what, n * 1e6 / MAX (g_get_monotonic_time () - begin, 1));
}

static void
test_speed (Place *place, gconstpointer unused)
{
  guint stores = g_test_quick () ? 500 : 5000;
  Writer writers[8];
  GThread *threads[8];
  ZrtpCache *cache;
  ZrtpCacheEntry entry;
  gint64 begin;

  for (guint i = 0; i < 8; i++)
    writers[i] = (Writer) { place->path, i + 1, stores / 8 };
  test_disk (place->folder, stores);
  fill_cache (place->path, 1, 1);
  begin = g_get_monotonic_time ();
  for (guint i = 0; i < 8; i++)
    threads[i] = g_thread_new ("writer", write_in_thread, &writers[i]);
  for (guint i = 0; i < 8; i++)
    g_thread_join (threads[i]);
  report ("stores, 8 threads", stores / 8 * 8, begin);
  begin = g_get_monotonic_time ();
  run_processes (writers, 8, write_only);
  report ("stores, 8 processes", stores / 8 * 8, begin);

  cache = open_cache (place->path);
  begin = g_get_monotonic_time ();
  for (guint n = 1; n <= stores; n++)
    g_assert_true (store (cache, 1, n));
  report ("stores, alone", stores, begin);
  begin = g_get_monotonic_time ();
  for (guint n = 1; n <= 10 * stores; n++)
    g_assert_true (lookup (cache, 1, &entry));
  report ("lookups, alone", 10 * stores, begin);
  zrtp_sqlite_cache_close (cache);
}

/* A cache of many peers: all of it is read and checked when it is opened. */
static void
test_many_peers (Place *place, gconstpointer unused)
{
  guint peers = 20000;
  GString *text = g_string_new ("gst-zrtp-cache 1\n");
  guint8 own_zid[ZRTP_ZID_LEN], peer_zid[ZRTP_ZID_LEN];
  ZrtpCacheEntry entry;
  ZrtpCache *cache = open_cache (place->path);
  GError *error = NULL;
  guint taken;
  gint64 begin;

  for (guint i = 0; i < peers; i++) {
    g_string_append_printf (text, "peer %08xa5a5a5a5a5a5a5a5 %08xa5a5a5a5a5a5a5a5\nname Peer %u\nrs1 ", 0, i, i);
    for (guint j = 0; j < 4; j++)
      g_string_append_printf (text, "%08x%08x", g_test_rand_int (), g_test_rand_int ());
    g_string_append (text, " never\n");
  }
  zrtp_sqlite_cache_from_text (cache, text->str, text->len, FALSE, &taken, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (taken, ==, peers);
  g_string_free (text, TRUE);
  zrtp_sqlite_cache_close (cache);

  begin = g_get_monotonic_time ();
  cache = open_cache (place->path);
  g_test_message ("opening a cache of %u peers: %.0f ms", peers, (g_get_monotonic_time () - begin) / 1e3);
  make_zid (0, own_zid);
  make_zid (peers - 1, peer_zid);
  begin = g_get_monotonic_time ();
  g_assert_true (cache->lookup (cache, own_zid, peer_zid, &entry));
  g_assert_true (store (cache, peers - 1, 2));
  g_test_message ("a lookup and the first store: %.1f ms", (g_get_monotonic_time () - begin) / 1e3);
  begin = g_get_monotonic_time ();
  g_assert_true (store (cache, peers - 1, 3));
  g_test_message ("another store: %.1f ms", (g_get_monotonic_time () - begin) / 1e3);
  zrtp_sqlite_cache_close (cache);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_test ("/cache/shared/processes", test_processes);
  add_test ("/cache/shared/first-start", test_first_start);
  add_test ("/cache/shared/locked", test_locked);
  add_test ("/cache/shared/threads", test_threads);
  add_test ("/cache/shared/fork", test_fork);
  add_test ("/cache/shared/speed", test_speed);
  add_test ("/cache/shared/many-peers", test_many_peers);
  return g_test_run ();
}
