/* test-cache-file.c: whose file it may be, and files that are no good: refused and left as they are (attack
 * D7, Z-4.9-13).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "support.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEERS 40

/* ---- Rights ---- */

/* Root may read a file of mode 0000, which a umask can make. */
static gint
user_makes_file (gpointer path)
{
  ZrtpCache *cache;

  umask (0777);
  cache = zrtp_sqlite_cache_open (path, NULL);
  if (cache == NULL || !store (cache, 1, 1))
    return 1;
  zrtp_sqlite_cache_close (cache);
  return get_mode (path) == 0600 ? 0 : 2;
}

/* 0600 from the first octet, and so are the files that SQLite keeps beside it, whatever the umask. */
static void
test_new_file (Place *place, gconstpointer unused)
{
  static const mode_t umasks[] = { 0, 022, 077, 0777 };

  for (guint i = 0; i < G_N_ELEMENTS (umasks); i++) {
    g_autofree gchar *path = g_strdup_printf ("%s-%u", place->path, i);
    g_autofree gchar *log = g_strconcat (path, "-wal", NULL), *index = g_strconcat (path, "-shm", NULL);
    mode_t before = umask (umasks[i]);
    ZrtpCache *cache = open_cache (path);

    g_assert_true (store (cache, 1, 1));
    umask (before);
    g_assert_cmpuint (get_mode (path), ==, 0600);
    g_assert_cmpuint (get_mode (log), ==, 0600);
    g_assert_cmpuint (get_mode (index), ==, 0600);
    zrtp_sqlite_cache_close (cache);
    g_assert_cmpuint (get_mode (path), ==, 0600);
    /* The last one out leaves one file. */
    g_assert_false (g_file_test (log, G_FILE_TEST_EXISTS) || g_file_test (index, G_FILE_TEST_EXISTS));
  }
  g_assert_cmpint (in_child_as_user (place, user_makes_file, place->path), ==, 0);
}

static void
test_default_path (Place *place, gconstpointer unused)
{
  g_autofree gchar *path = zrtp_sqlite_cache_default_path (), *folder = g_path_get_dirname (path);
  ZrtpCache *cache;

  g_assert_true (g_str_has_prefix (path, g_get_user_data_dir ()));
  g_assert_true (g_str_has_suffix (path, "/gst-zrtp/cache.db"));
  cache = open_cache (NULL);
  g_assert_cmpstr (zrtp_sqlite_cache_get_path (cache), ==, path);
  g_assert_cmpuint (get_mode (folder), ==, 0700);
  zrtp_sqlite_cache_close (cache);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* What others could read gets the right mode, with a message; what others could write is not trusted. */
static void
test_wrong_mode (Place *place, gconstpointer unused)
{
  static const guint readable[] = { 0640, 0644, 0604, 0700 }, writable[] = { 0620, 0602, 0666, 0777 };
  guint8 *before, *after;
  gsize len, len_after;

  fill_cache (place->path, 3, 1);
  before = read_octets (place->path, &len);
  for (guint i = 0; i < G_N_ELEMENTS (readable); i++) {
    ZrtpCacheEntry entry;
    ZrtpCache *cache;

    g_assert_cmpint (g_chmod (place->path, readable[i]), ==, 0);
    if (readable[i] & 044)
      g_test_expect_message ("GstZrtp", G_LOG_LEVEL_MESSAGE, "*others could read*");
    cache = open_cache (place->path);
    g_test_assert_expected_messages ();
    g_assert_cmpuint (get_mode (place->path), ==, 0600);
    g_assert_true (lookup (cache, 3, &entry));
    zrtp_sqlite_cache_close (cache);
  }
  for (guint i = 0; i < G_N_ELEMENTS (writable); i++) {
    g_assert_cmpint (g_chmod (place->path, writable[i]), ==, 0);
    assert_refused (place->path, ZRTP_CACHE_DB_ERROR_UNSAFE);
    g_assert_cmpuint (get_mode (place->path), ==, writable[i]);
  }
  after = read_octets (place->path, &len_after);
  g_assert_cmpmem (after, len_after, before, len);
  g_free (before);
  g_free (after);
}

static void
test_links (Place *place, gconstpointer unused)
{
  g_autofree gchar *link_path = g_build_filename (place->folder, "link.db", NULL);
  g_autofree gchar *folder_link = g_build_filename (place->folder, "folder", NULL);
  g_autofree gchar *through_folder = g_build_filename (folder_link, "cache.db", NULL);
  g_autofree gchar *log = g_strconcat (place->path, "-wal", NULL);
  ZrtpCache *cache;

  /* Dangling: nothing is made at its end. */
  g_assert_cmpint (symlink (place->path, link_path), ==, 0);
  assert_refused (link_path, ZRTP_CACHE_DB_ERROR_UNSAFE);
  g_assert_false (g_file_test (place->path, G_FILE_TEST_EXISTS));
  fill_cache (place->path, 1, 1);
  assert_refused (link_path, ZRTP_CACHE_DB_ERROR_UNSAFE);
  /* Also while the file is open by its name. */
  cache = open_cache (place->path);
  assert_refused (link_path, ZRTP_CACHE_DB_ERROR_UNSAFE);
  zrtp_sqlite_cache_close (cache);
  g_assert_cmpint (g_unlink (link_path), ==, 0);

  g_assert_cmpint (link (place->path, link_path), ==, 0);
  assert_refused (link_path, ZRTP_CACHE_DB_ERROR_UNSAFE);
  assert_refused (place->path, ZRTP_CACHE_DB_ERROR_UNSAFE);
  g_assert_cmpint (g_unlink (link_path), ==, 0);

  /* A log that somebody else keeps. */
  g_assert_cmpint (symlink ("/dev/null", log), ==, 0);
  assert_refused (place->path, ZRTP_CACHE_DB_ERROR_UNSAFE);
  g_assert_cmpint (g_unlink (log), ==, 0);

  /* Folders that are links are the user's business. */
  g_assert_cmpint (symlink (place->folder, folder_link), ==, 0);
  cache = open_cache (through_folder);
  g_assert_cmpstr (zrtp_sqlite_cache_get_path (cache), ==, place->path);
  zrtp_sqlite_cache_close (cache);
}

static void
test_not_files (Place *place, gconstpointer unused)
{
  g_autofree gchar *no_folder = g_build_filename (place->folder, "none", "cache.db", NULL);

  g_assert_cmpint (g_mkdir (place->path, 0700), ==, 0);
  assert_refused (place->path, ZRTP_CACHE_DB_ERROR_FOREIGN);
  g_assert_cmpint (g_rmdir (place->path), ==, 0);
  g_assert_cmpint (mkfifo (place->path, 0600), ==, 0);
  assert_refused (place->path, ZRTP_CACHE_DB_ERROR_FOREIGN);
  g_assert_cmpint (g_unlink (place->path), ==, 0);
  assert_refused (no_folder, ZRTP_CACHE_DB_ERROR_UNREADABLE);
}

static gint
user_cannot_open (gpointer path)
{
  GError *error = NULL;

  if (zrtp_sqlite_cache_open (path, &error) != NULL)
    return 1;
  return error->code == ZRTP_CACHE_DB_ERROR_UNREADABLE && strstr (error->message, path) != NULL ? 0 : 2;
}

static void
test_no_permission (Place *place, gconstpointer unused)
{
  fill_cache (place->path, 1, 1);
  for (guint i = 0; i < 2; i++) {
    g_assert_cmpint (g_chmod (place->path, i == 0 ? 0000 : 0400), ==, 0);
    g_assert_cmpint (in_child_as_user (place, user_cannot_open, place->path), ==, 0);
  }
  /* A folder that may not be written, with a cache and without. */
  g_assert_cmpint (g_chmod (place->path, 0600), ==, 0);
  g_assert_cmpint (g_chmod (place->folder, 0500), ==, 0);
  g_assert_cmpint (in_child_as_user (place, user_cannot_open, place->path), ==, 0);
  g_assert_cmpint (g_unlink (place->path) == 0 || errno == EACCES, ==, 1);
  g_assert_cmpint (in_child_as_user (place, user_cannot_open, place->path), ==, 0);
  g_assert_cmpint (g_chmod (place->folder, 0700), ==, 0);
}

static void
test_shared_folder (Place *place, gconstpointer unused)
{
  for (guint i = 0; i < 2; i++) {
    g_assert_cmpint (g_chmod (place->folder, i == 0 ? 0770 : 01777), ==, 0);
    assert_refused (place->path, ZRTP_CACHE_DB_ERROR_UNSAFE);
    g_assert_false (g_file_test (place->path, G_FILE_TEST_EXISTS));
  }
  /* Another user's file, as root sees it. */
  g_assert_cmpint (g_chmod (place->folder, 0700), ==, 0);
  if (getuid () == 0) {
    fill_cache (place->path, 1, 1);
    g_assert_cmpint (chown (place->path, 65534, 65534), ==, 0);
    assert_refused (place->path, ZRTP_CACHE_DB_ERROR_UNSAFE);
  }
}

/* ---- Other files ---- */

static void
assert_refused_as_it_is (const gchar *path, gint code)
{
  gsize len, len_after;
  guint8 *before = read_octets (path, &len), *after;
  guint mode = get_mode (path);

  assert_refused (path, code);
  after = read_octets (path, &len_after);
  g_assert_cmpmem (after, len_after, before, len);
  g_assert_cmpuint (get_mode (path), ==, mode);
  g_free (before);
  g_free (after);
}

static void
test_foreign (Place *place, gconstpointer unused)
{
  static const gchar text[] = "These are the notes of a user. They are longer than the header of a database, which is one "
      "hundred octets.";

  run_sql (place->path, "CREATE TABLE peer (id, name); INSERT INTO peer VALUES (1, 'x'); PRAGMA user_version = 1");
  assert_refused_as_it_is (place->path, ZRTP_CACHE_DB_ERROR_FOREIGN);
  run_sql (place->path, "PRAGMA application_id = 0x12345678; PRAGMA journal_mode = WAL");
  assert_refused_as_it_is (place->path, ZRTP_CACHE_DB_ERROR_FOREIGN);
  write_octets (place->path, text, sizeof text);
  assert_refused_as_it_is (place->path, ZRTP_CACHE_DB_ERROR_FOREIGN);
  write_octets (place->path, text, 99);
  assert_refused_as_it_is (place->path, ZRTP_CACHE_DB_ERROR_DAMAGED);
  /* Empty is cut off, not new: a new one would make every peer a stranger without a word. */
  write_octets (place->path, "", 0);
  assert_refused_as_it_is (place->path, ZRTP_CACHE_DB_ERROR_DAMAGED);
}

/* Our mark on somebody else's tables. */
static void
test_wrong_tables (Place *place, gconstpointer unused)
{
  static const gchar *changes[] = {
    "DROP TABLE peer", "CREATE TABLE more (x)", "CREATE VIEW more AS SELECT * FROM peer", "DELETE FROM file",
    "CREATE TRIGGER t AFTER INSERT ON peer BEGIN DELETE FROM peer; END", "ALTER TABLE peer ADD COLUMN x TEXT",
    "UPDATE file SET zid = x'000102030405060708090a0b'", "UPDATE peer SET rs1 = rs2", "PRAGMA user_version = 0",
    "UPDATE peer SET peer_zid = x'000102030405060708090a0b' WHERE name = 'Peer 1'",
  };

  for (guint i = 0; i < G_N_ELEMENTS (changes); i++) {
    fill_cache (place->path, 3, 2);
    run_sql (place->path, changes[i]);
    assert_refused_as_it_is (place->path, ZRTP_CACHE_DB_ERROR_DAMAGED);
    g_assert_cmpint (g_unlink (place->path), ==, 0);
  }
}

static void
copy_file (const gchar *from, const gchar *to, const gchar *suffix)
{
  g_autofree gchar *source = g_strconcat (from, suffix, NULL), *target = g_strconcat (to, suffix, NULL);
  gsize len;
  guint8 *data = read_octets (source, &len);

  write_octets (target, data, len);
  g_free (data);
}

static void
test_newer (Place *place, gconstpointer unused)
{
  g_autofree gchar *copy = g_strconcat (place->path, ".copy", NULL);
  sqlite3 *db;

  fill_cache (place->path, 3, 2);
  run_sql (place->path, "PRAGMA user_version = 2");
  assert_refused_as_it_is (place->path, ZRTP_CACHE_DB_ERROR_NEWER);
  run_sql (place->path, "PRAGMA user_version = 1");

  /* The same in the log alone, as after a crash. */
  g_assert_cmpint (sqlite3_open (place->path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, "PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 2", NULL, NULL, NULL), ==, 0);
  copy_file (place->path, copy, "");
  copy_file (place->path, copy, "-wal");
  sqlite3_close (db);
  assert_refused_as_it_is (copy, ZRTP_CACHE_DB_ERROR_NEWER);
}

/* A file that goes newer under a running program is not written any more. */
static void
test_becomes_newer (Place *place, gconstpointer unused)
{
  ZrtpCache *cache = open_cache (place->path);
  g_autofree gchar *text = NULL;

  g_assert_true (store (cache, 1, 1));
  run_sql (place->path, "PRAGMA user_version = 2");
  g_assert_false (store (cache, 1, 2));
  text = zrtp_sqlite_cache_dup_last_error (cache);
  g_assert_nonnull (strstr (text, "newer"));
  zrtp_sqlite_cache_close (cache);
}

/* ---- Migration ---- */

static void
test_migration (Place *place, gconstpointer unused)
{
  const gchar *steps[] = { zrtp_cache_db_schema.steps[0], "ALTER TABLE peer ADD COLUMN more TEXT NOT NULL DEFAULT 'x'",
    "CREATE TABLE third (x) STRICT"
  };
  ZrtpCacheDbSchema two = { steps, 2 }, three = { steps, 3 };
  ZrtpCacheEntry entry;
  ZrtpCache *cache;
  GError *error = NULL;

  fill_cache (place->path, 3, 2);
  cache = zrtp_cache_db_open_full (place->path, &two, &error);
  g_assert_no_error (error);
  g_assert_true (lookup (cache, 3, &entry));
  g_assert_true (entry_is (&entry, 3, 2));
  g_assert_true (store (cache, 3, 3));
  zrtp_sqlite_cache_close (cache);
  assert_refused_as_it_is (place->path, ZRTP_CACHE_DB_ERROR_NEWER);

  /* A step that fails leaves the version and the file as they were. */
  steps[2] = "CREATE TABLE third (x INTEGER) STRICT; CREATE TABLE third (x INTEGER) STRICT";
  g_assert_null (zrtp_cache_db_open_full (place->path, &three, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  cache = zrtp_cache_db_open_full (place->path, &two, &error);
  g_assert_no_error (error);
  g_assert_true (lookup (cache, 3, &entry));
  g_assert_true (entry_is (&entry, 3, 3));
  zrtp_sqlite_cache_close (cache);

  /* Several steps at once. */
  steps[2] = "CREATE TABLE third (x INTEGER) STRICT";
  g_assert_cmpint (g_unlink (place->path), ==, 0);
  fill_cache (place->path, 3, 2);
  cache = zrtp_cache_db_open_full (place->path, &three, &error);
  g_assert_no_error (error);
  g_assert_true (lookup (cache, 1, &entry));
  g_assert_true (entry_is (&entry, 1, 2));
  zrtp_sqlite_cache_close (cache);
}

/* ---- Damage ---- */

static guint opened, refused;

/* Refused with the octets as they were, or open with all that was in it. */
static void
assert_intact_or_refused (const gchar *path, const guint8 *data, gsize len, guint peers, guint n)
{
  GError *error = NULL;
  ZrtpCache *cache;

  write_octets (path, data, len);
  cache = zrtp_sqlite_cache_open (path, &error);
  if (cache == NULL) {
    gsize len_after;
    guint8 *after = read_octets (path, &len_after);

    g_assert_true (error->domain == ZRTP_CACHE_DB_ERROR);
    g_assert_nonnull (strstr (error->message, path));
    g_assert_cmpmem (after, len_after, data, len);
    g_free (after);
    g_error_free (error);
    refused++;
  } else {
    for (guint peer = 1; peer <= peers; peer++) {
      ZrtpCacheEntry entry;

      g_assert_true (lookup (cache, peer, &entry));
      g_assert_true (entry_is (&entry, peer, n));
    }
    zrtp_sqlite_cache_close (cache);
    opened++;
  }
}

static void
remove_log (const gchar *path)
{
  g_autofree gchar *log = g_strconcat (path, "-wal", NULL), *index = g_strconcat (path, "-shm", NULL);

  g_unlink (path);
  g_unlink (log);
  g_unlink (index);
}

static void
test_cut_off (Place *place, gconstpointer unused)
{
  gsize len;
  guint8 *data;

  fill_cache (place->path, PEERS, 2);
  data = read_octets (place->path, &len);
  opened = refused = 0;
  for (gsize cut = 0; cut < len; cut += cut < 200 || cut % 4096 > 4090 || cut % 4096 < 5 ? 1 : 97)
    assert_intact_or_refused (place->path, data, cut, PEERS, 2);
  g_assert_cmpuint (opened, ==, 0);
  g_test_message ("%u lengths of a file of %u octets: all refused", refused, (guint) len);
  /* Longer is another matter: SQLite knows how many pages are its own. */
  data = g_realloc (data, len + 5000);
  memset (data + len, 0x55, 5000);
  assert_intact_or_refused (place->path, data, len + 5000, PEERS, 2);
  g_free (data);
}

static void
test_flipped (Place *place, gconstpointer unused)
{
  gsize len;
  guint8 *data;

  fill_cache (place->path, PEERS, 2);
  data = read_octets (place->path, &len);
  opened = refused = 0;
  for (gsize offset = 0; offset < len; offset += offset < 100 || offset % 4096 < 40 ? 1 : 13) {
    static const guint8 flips[] = { 0x01, 0x80, 0xff };
    guint8 flip = flips[offset % 3];

    data[offset] ^= flip;
    assert_intact_or_refused (place->path, data, len, PEERS, 2);
    data[offset] ^= flip;
    remove_log (place->path);
  }
  g_test_message ("%u flips in a file of %u octets: %u refused, %u harmless", opened + refused, (guint) len, refused,
      opened);
  g_assert_cmpuint (refused, >, opened / 10);
  /* Pages with a row less than they had (octets 3 and 4 of a page of a table): no row is bad, but one is
   * not found. */
  for (gsize page = 4096; page < len; page += 4096)
    if (data[page + 4] > 0) {
      data[page + 4]--;
      assert_intact_or_refused (place->path, data, len, PEERS, 2);
      data[page + 4]++;
      remove_log (place->path);
    }
  /* Whole pages of nothing or of noise. */
  for (gsize page = 0; page < len; page += 4096)
    for (guint i = 0; i < 2; i++) {
      guint8 *copy = g_memdup2 (data, len);

      for (guint j = 0; j < 4096; j++)
        copy[page + j] = i == 0 ? 0 : g_test_rand_int ();
      assert_intact_or_refused (place->path, copy, len, PEERS, 2);
      remove_log (place->path);
      g_free (copy);
    }
  g_free (data);
}

/* A log that is cut or flipped: each peer has a complete old or new entry, for SQLite's sums tell where
 * the good part ends. */
static void
test_damaged_log (Place *place, gconstpointer unused)
{
  g_autofree gchar *copy = g_strconcat (place->path, ".copy", NULL), *log = g_strconcat (copy, "-wal", NULL);
  ZrtpCache *cache;
  guint8 *data, *log_data;
  gsize len, log_len;

  fill_cache (place->path, 4, 1);
  cache = open_cache (place->path);
  for (guint peer = 1; peer <= 4; peer++)
    g_assert_true (store (cache, peer, 2));
  data = read_octets (place->path, &len);
  copy_file (place->path, copy, "-wal");
  zrtp_sqlite_cache_close (cache);
  log_data = read_octets (log, &log_len);
  g_assert_cmpuint (log_len, >, 4 * 4096);

  for (gsize offset = 0; offset < log_len; offset += 101) {
    guint8 *bad = g_memdup2 (log_data, log_len);
    guint before = 2;

    bad[offset] ^= 0x40;
    remove_log (copy);
    write_octets (copy, data, len);
    write_octets (log, bad, offset % 2 ? log_len : offset);
    cache = open_cache (copy);
    for (guint peer = 1; peer <= 4; peer++) {
      ZrtpCacheEntry entry;
      guint n;

      g_assert_true (lookup (cache, peer, &entry));
      n = entry_is (&entry, peer, 2) ? 2 : 1;
      g_assert_true (entry_is (&entry, peer, n));
      /* In the order of the stores. */
      g_assert_cmpuint (n, <=, before);
      before = n;
    }
    zrtp_sqlite_cache_close (cache);
    g_free (bad);
  }
  g_free (data);
  g_free (log_data);
}

/* The log of a file that is gone must not get into a new one. */
static void
test_orphaned_log (Place *place, gconstpointer unused)
{
  g_autofree gchar *copy = g_strconcat (place->path, ".copy", NULL);
  ZrtpCache *cache = open_cache (place->path);

  g_assert_true (store (cache, 1, 1));
  copy_file (place->path, copy, "-wal");
  zrtp_sqlite_cache_close (cache);
  assert_refused (copy, ZRTP_CACHE_DB_ERROR_DAMAGED);
  g_assert_false (g_file_test (copy, G_FILE_TEST_EXISTS));
}

/* Damage that comes while the file is open: no entry is not the same as none that can be read, and it is
 * not written over. */
static void
test_damaged_while_open (Place *place, gconstpointer unused)
{
  ZrtpCache *cache = open_cache (place->path);
  g_autofree gchar *text = NULL;
  ZrtpCacheEntry entry;
  GError *error = NULL;

  g_assert_true (store (cache, 1, 1));
  g_assert_true (store (cache, 2, 1));
  run_sql (place->path, "UPDATE peer SET rs1 = zeroblob (32) WHERE name = 'Peer 1'");
  g_assert_false (lookup (cache, 1, &entry));
  g_assert_true (entry.unreadable);
  g_assert_false (entry.has_rs1);
  text = zrtp_sqlite_cache_dup_last_error (cache);
  g_assert_nonnull (strstr (text, place->path));
  g_assert_nonnull (strstr (text, "damaged"));
  g_assert_false (store (cache, 1, 2));
  g_assert_false (lookup (cache, 1, &entry));
  g_assert_true (entry.unreadable);
  g_assert_true (lookup (cache, 2, &entry));
  g_assert_false (zrtp_sqlite_cache_check (cache, NULL, &error));
  g_assert_error (error, ZRTP_CACHE_DB_ERROR, ZRTP_CACHE_DB_ERROR_DAMAGED);
  g_clear_error (&error);
  zrtp_sqlite_cache_close (cache);
}

/* A file that is removed or exchanged under a running program: secrets do not vanish into it in silence,
 * and the new file does not suffer. */
static void
test_replaced_while_open (Place *place, gconstpointer unused)
{
  g_autofree gchar *other = g_strconcat (place->path, ".other", NULL), *log = g_strconcat (place->path, "-wal", NULL);
  ZrtpCache *cache, *new_cache;
  ZrtpCacheEntry entry;

  fill_cache (other, 1, 5);
  cache = open_cache (place->path);
  g_assert_true (store (cache, 1, 1));
  remove_log (place->path);
  g_assert_false (store (cache, 1, 2));
  g_assert_false (lookup (cache, 1, &entry));
  g_assert_true (entry.unreadable);
  g_assert_cmpint (g_rename (other, place->path), ==, 0);
  g_assert_false (store (cache, 1, 2));
  new_cache = open_cache (place->path);
  g_assert_true (new_cache != cache);
  g_assert_true (lookup (new_cache, 1, &entry));
  g_assert_true (entry_is (&entry, 1, 5));
  g_assert_true (store (new_cache, 1, 6));
  zrtp_sqlite_cache_close (cache);
  g_assert_true (g_file_test (log, G_FILE_TEST_EXISTS));
  g_assert_true (store (new_cache, 1, 7));
  zrtp_sqlite_cache_close (new_cache);
  new_cache = open_cache (place->path);
  g_assert_true (lookup (new_cache, 1, &entry));
  g_assert_true (entry_is (&entry, 1, 7));
  zrtp_sqlite_cache_close (new_cache);
}

/* ---- Disk full, by way of a limit on the size of files ---- */

static gint
write_to_the_limit (gpointer path)
{
  ZrtpCache *cache;
  struct rlimit limit;
  ZrtpCacheEntry entry;
  gchar *text;
  guint peer = 100;

  signal (SIGXFSZ, SIG_IGN);
  getrlimit (RLIMIT_FSIZE, &limit);
  limit.rlim_cur = 40000;
  setrlimit (RLIMIT_FSIZE, &limit);
  cache = zrtp_sqlite_cache_open (path, NULL);
  if (cache == NULL)
    return 1;
  while (store (cache, peer, 2))
    if (++peer > 1000)
      return 2;
  text = zrtp_sqlite_cache_dup_last_error (cache);
  if (text == NULL || strstr (text, "full") == NULL || strstr (text, path) == NULL)
    return 3;
  g_free (text);
  /* What is there can still be read. */
  for (guint i = 100; i < peer; i++)
    if (!lookup (cache, i, &entry) || !entry_is (&entry, i, 2))
      return 4;
  if (lookup (cache, peer, &entry) || entry.unreadable)
    return 5;
  /* There is room again. */
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_FSIZE, &limit);
  if (!store (cache, peer, 2) || !zrtp_sqlite_cache_check (cache, NULL, NULL))
    return 6;
  zrtp_sqlite_cache_close (cache);
  return peer > 101 ? 0 : 7;
}

static gint
create_beyond_limit (gpointer path)
{
  struct rlimit limit;
  GError *error = NULL;

  signal (SIGXFSZ, SIG_IGN);
  getrlimit (RLIMIT_FSIZE, &limit);
  limit.rlim_cur = 5000;
  setrlimit (RLIMIT_FSIZE, &limit);
  if (zrtp_sqlite_cache_open (path, &error) != NULL)
    return 1;
  return error->code == ZRTP_CACHE_DB_ERROR_WRITE ? 0 : 2;
}

static void
test_disk_full (Place *place, gconstpointer unused)
{
  ZrtpCacheEntry entry;
  ZrtpCache *cache;
  GDir *dir;

  /* No half of a new file stays. */
  g_assert_cmpint (in_child (create_beyond_limit, place->path), ==, 0);
  dir = g_dir_open (place->folder, 0, NULL);
  g_assert_null (g_dir_read_name (dir));
  g_dir_close (dir);

  g_assert_cmpint (in_child (write_to_the_limit, place->path), ==, 0);
  cache = open_cache (place->path);
  g_assert_true (lookup (cache, 100, &entry));
  zrtp_sqlite_cache_close (cache);
}

int
main (int argc, char **argv)
{
  g_autofree gchar *data_folder = g_dir_make_tmp ("zrtp-data-XXXXXX", NULL);
  gint status;

  g_setenv ("XDG_DATA_HOME", data_folder, TRUE);
  g_test_init (&argc, &argv, NULL);
  add_test ("/cache/file/new", test_new_file);
  add_test ("/cache/file/default-path", test_default_path);
  add_test ("/cache/file/wrong-mode", test_wrong_mode);
  add_test ("/cache/file/links", test_links);
  add_test ("/cache/file/not-files", test_not_files);
  add_test ("/cache/file/no-permission", test_no_permission);
  add_test ("/cache/file/shared-folder", test_shared_folder);
  add_test ("/cache/file/foreign", test_foreign);
  add_test ("/cache/file/wrong-tables", test_wrong_tables);
  add_test ("/cache/file/newer", test_newer);
  add_test ("/cache/file/becomes-newer", test_becomes_newer);
  add_test ("/cache/file/migration", test_migration);
  add_test ("/cache/file/cut-off", test_cut_off);
  add_test ("/cache/file/flipped", test_flipped);
  add_test ("/cache/file/damaged-log", test_damaged_log);
  add_test ("/cache/file/orphaned-log", test_orphaned_log);
  add_test ("/cache/file/damaged-while-open", test_damaged_while_open);
  add_test ("/cache/file/replaced-while-open", test_replaced_while_open);
  add_test ("/cache/file/disk-full", test_disk_full);
  status = g_test_run ();
  g_rmdir (data_folder);
  return status;
}
