/* support.c: what the tests of the cache share: folders, entries, files as octets, children.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "support.h"

#include <dirent.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

void
place_set_up (Place *place, gconstpointer unused)
{
  GError *error = NULL;

  place->folder = g_dir_make_tmp ("zrtp-cache-XXXXXX", &error);
  g_assert_no_error (error);
  place->path = g_build_filename (place->folder, "cache.db", NULL);
}

static void
remove_all (const gchar *path)
{
  struct stat status;

  if (lstat (path, &status) == 0 && S_ISDIR (status.st_mode)) {
    GDir *dir = g_dir_open (path, 0, NULL);
    const gchar *name;

    while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
      g_autofree gchar *child = g_build_filename (path, name, NULL);
      remove_all (child);
    }
    g_clear_pointer (&dir, g_dir_close);
  }
  g_assert_cmpint (remove (path), ==, 0);
}

void
place_tear_down (Place *place, gconstpointer unused)
{
  remove_all (place->folder);
  g_free (place->folder);
  g_free (place->path);
}

void
make_secret (guint peer, guint n, guint8 secret[ZRTP_RETAINED_LEN])
{
  for (guint i = 0; i < ZRTP_RETAINED_LEN; i += 8) {
    guint32 words[2] = { GUINT32_TO_BE (peer * 2654435761u + i), GUINT32_TO_BE (n) };
    memcpy (secret + i, words, 8);
  }
}

void
make_zid (guint number, guint8 zid[ZRTP_ZID_LEN])
{
  memset (zid, 0xa5, ZRTP_ZID_LEN);
  number = GUINT32_TO_BE (number);
  memcpy (zid, &number, 4);
}

void
make_entry (guint peer, guint n, ZrtpCacheEntry *entry)
{
  memset (entry, 0, sizeof *entry);
  entry->has_rs1 = TRUE;
  make_secret (peer, n, entry->rs1);
  if (n > 1) {
    entry->has_rs2 = TRUE;
    make_secret (peer, n - 1, entry->rs2);
  }
  entry->verified = n % 2;
  entry->rs1_confirmed = n % 3 == 0;
  entry->expiry_interval = 0xffffffff;
  g_snprintf (entry->name, sizeof entry->name, "Peer %u", peer);
}

gboolean
entry_is (const ZrtpCacheEntry *entry, guint peer, guint n)
{
  ZrtpCacheEntry expected;

  make_entry (peer, n, &expected);
  return memcmp (entry, &expected, sizeof expected) == 0;
}

gboolean
store (ZrtpCache *cache, guint peer, guint n)
{
  guint8 own_zid[ZRTP_ZID_LEN], peer_zid[ZRTP_ZID_LEN];
  ZrtpCacheEntry entry;

  make_zid (0, own_zid);
  make_zid (peer, peer_zid);
  make_entry (peer, n, &entry);
  return cache->store (cache, own_zid, peer_zid, &entry);
}

gboolean
lookup (ZrtpCache *cache, guint peer, ZrtpCacheEntry *entry)
{
  guint8 own_zid[ZRTP_ZID_LEN], peer_zid[ZRTP_ZID_LEN];

  make_zid (0, own_zid);
  make_zid (peer, peer_zid);
  return cache->lookup (cache, own_zid, peer_zid, entry);
}

ZrtpCache *
open_cache (const gchar *path)
{
  GError *error = NULL;
  ZrtpCache *cache = zrtp_sqlite_cache_open (path, &error);

  g_assert_no_error (error);
  g_assert_nonnull (cache);
  return cache;
}

void
assert_refused (const gchar *path, gint code)
{
  GError *error = NULL;

  g_assert_null (zrtp_sqlite_cache_open (path, &error));
  g_assert_error (error, ZRTP_CACHE_DB_ERROR, code);
  /* The message names the file. */
  g_assert_nonnull (strstr (error->message, path));
  g_error_free (error);
}

void
fill_cache (const gchar *path, guint peers, guint n)
{
  ZrtpCache *cache = open_cache (path);

  for (guint peer = 1; peer <= peers; peer++)
    g_assert_true (store (cache, peer, n));
  zrtp_sqlite_cache_close (cache);
}

guint8 *
read_octets (const gchar *path, gsize *len)
{
  GError *error = NULL;
  gchar *data;

  g_file_get_contents (path, &data, len, &error);
  g_assert_no_error (error);
  return (guint8 *) data;
}

void
write_octets (const gchar *path, gconstpointer data, gsize len)
{
  FILE *file = g_fopen (path, "w");

  g_assert_nonnull (file);
  g_assert_cmpint (fchmod (fileno (file), 0600), ==, 0);
  g_assert_cmpuint (fwrite (data, 1, len, file), ==, len);
  g_assert_cmpint (fclose (file), ==, 0);
}

guint
get_mode (const gchar *path)
{
  struct stat status;

  g_assert_cmpint (lstat (path, &status), ==, 0);
  return status.st_mode & 07777;
}

void
run_sql (const gchar *path, const gchar *sql)
{
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
}

gboolean
file_holds (const gchar *path, gconstpointer needle, gsize len)
{
  gchar *data = NULL;
  gsize size;
  gboolean found;

  if (!g_file_get_contents (path, &data, &size, NULL))
    return FALSE;
  found = memmem (data, size, needle, len) != NULL;
  g_free (data);
  return found;
}

gint
in_child (gint (*function) (gpointer user_data), gpointer user_data)
{
  gint status;
  pid_t child = fork ();

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    _exit (function (user_data));
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  return WIFEXITED (status) ? WEXITSTATUS (status) : -1;
}

typedef struct
{
  gint (*function) (gpointer user_data);
  gpointer user_data;
} AsUser;

static gint
become_user (gpointer user_data)
{
  AsUser *as_user = user_data;

  if (getuid () == 0 && (setgid (NOBODY) != 0 || setuid (NOBODY) != 0))
    return 99;
  return as_user->function (as_user->user_data);
}

gint
in_child_as_user (Place *place, gint (*function) (gpointer user_data), gpointer user_data)
{
  AsUser as_user = { function, user_data };

  if (getuid () == 0) {
    GDir *dir = g_dir_open (place->folder, 0, NULL);
    const gchar *name;

    while ((name = g_dir_read_name (dir)) != NULL) {
      g_autofree gchar *path = g_build_filename (place->folder, name, NULL);
      g_assert_cmpint (lchown (path, NOBODY, NOBODY), ==, 0);
    }
    g_dir_close (dir);
    g_assert_cmpint (chown (place->folder, NOBODY, NOBODY), ==, 0);
  }
  return in_child (become_user, &as_user);
}
