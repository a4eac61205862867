/* registry.c: opening and closing caches; a process has each file open once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ext/sqlite/cache_private.h"

static GMutex registry_lock;
static GList *registry;         /* of ZrtpCacheDb */
/* Read without the lock, which may be held for ever after a fork. */
static gint registry_pid;
static gint registry_len;

static gint64
wall_clock (gpointer user_data)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

/* Whether the path still leads to the file that is open. */
gboolean
zrtp_cache_db_in_place (const ZrtpCacheDb *self)
{
  struct stat status;

  return lstat (self->path, &status) == 0 && status.st_dev == self->device && status.st_ino == self->inode;
}

/* ---- Opening ---- */

static ZrtpCacheDb *
find_open (const gchar *path)
{
  struct stat status;

  if (lstat (path, &status) != 0)
    return NULL;
  for (GList *item = registry; item != NULL; item = item->next) {
    ZrtpCacheDb *other = item->data;

    if (other->device == status.st_dev && other->inode == status.st_ino)
      return other;
  }
  return NULL;
}

/* Sees to it that there is a cache at path, and nothing else. */
static gboolean
prepare_file (const gchar *path, const ZrtpCacheDbSchema *schema, GError **error)
{
  ZrtpCacheDbResult result = zrtp_cache_db_check_file (path, schema->n_steps, error);
  g_autofree guint8 *image = NULL;
  gsize len;

  if (result == ZRTP_CACHE_DB_ABSENT) {
    image = zrtp_cache_db_new_image (schema, wall_clock (NULL), &len, error);
    if (image == NULL || !zrtp_cache_db_create_file (path, image, len, error))
      return FALSE;
    result = zrtp_cache_db_check_file (path, schema->n_steps, error);
  }
  return result == ZRTP_CACHE_DB_FOUND;
}

static gboolean
check_and_set_up (ZrtpCacheDb *self, GError **error)
{
  guint version;

  /* Until here the file is as it was; a bad one stays so. */
  if (!zrtp_cache_db_validate (&self->writer, self->schema, FALSE, &version, error)
      || (version < self->schema->n_steps && !zrtp_cache_db_migrate (&self->writer, self->schema, error)))
    return FALSE;
  if (!zrtp_cache_db_connect (&self->reader, self->path, error)
      || !zrtp_cache_db_set_up (&self->writer, error) || !zrtp_cache_db_set_up (&self->reader, error))
    return FALSE;
  zrtp_cache_db_keep_hands_off (&self->reader, FALSE);
  zrtp_cache_db_keep_hands_off (&self->writer, FALSE);
  return TRUE;
}

static void
free_db (ZrtpCacheDb *self)
{
  zrtp_cache_db_disconnect (&self->reader);
  zrtp_cache_db_disconnect (&self->writer);
  g_mutex_clear (&self->reader.lock);
  g_mutex_clear (&self->writer.lock);
  g_mutex_clear (&self->error_lock);
  g_free (self->last_error);
  g_free (self->path);
  g_free (self);
}

static ZrtpCacheDb *
open_db (const gchar *path, const ZrtpCacheDbSchema *schema, GError **error)
{
  ZrtpCacheDb *self;
  struct stat status;

  if (!prepare_file (path, schema, error))
    return NULL;
  self = g_new0 (ZrtpCacheDb, 1);
  self->path = g_strdup (path);
  self->pid = getpid ();
  self->schema = schema;
  self->now = wall_clock;
  g_mutex_init (&self->reader.lock);
  g_mutex_init (&self->writer.lock);
  g_mutex_init (&self->error_lock);
  zrtp_cache_db_init_interface (self);
  if (lstat (path, &status) == 0) {
    self->device = status.st_dev;
    self->inode = status.st_ino;
  }
  if (!zrtp_cache_db_connect (&self->writer, self->path, error) || !check_and_set_up (self, error)) {
    free_db (self);
    return NULL;
  }
  return self;
}

/* The first open of a process claims the registry; a child of a process that has files open never gets it. */
static gboolean
claim_registry (const gchar *path, GError **error)
{
  gint pid = getpid ();

  if (g_atomic_int_get (&registry_pid) != pid) {
    if (g_atomic_int_get (&registry_len) > 0) {
      zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_FORKED, "the parent of this process had a cache "
          "open when it forked, and SQLite cannot be used on both sides; open caches after fork(), not "
          "before");
      return FALSE;
    }
    g_atomic_int_set (&registry_pid, pid);
  }
  return TRUE;
}

ZrtpCache *
zrtp_cache_db_open_full (const gchar *path, const ZrtpCacheDbSchema *schema, GError **error)
{
  g_autofree gchar *resolved = NULL;
  ZrtpCacheDb *self;

  if (!claim_registry (path, error))
    return NULL;
  resolved = zrtp_cache_db_resolve (path, error);
  if (resolved == NULL)
    return NULL;
  /* Held while opening: two threads must not check and open the same file at once. */
  g_atomic_int_inc (&registry_len);
  g_mutex_lock (&registry_lock);
  self = find_open (resolved);
  if (self == NULL) {
    self = open_db (resolved, schema, error);
    if (self != NULL)
      registry = g_list_prepend (registry, self);
  }
  if (self != NULL)
    self->refs++;
  else
    g_atomic_int_add (&registry_len, -1);
  g_mutex_unlock (&registry_lock);
  return self != NULL ? &self->interface : NULL;
}

/**
 * zrtp_sqlite_cache_default_path:
 *
 * Returns: (transfer full): where the cache is if nothing else is said: gst-zrtp/cache.db in the user's data
 * folder
 */
gchar *
zrtp_sqlite_cache_default_path (void)
{
  return g_build_filename (g_get_user_data_dir (), "gst-zrtp", "cache.db", NULL);
}

/**
 * zrtp_sqlite_cache_open:
 * @path: (nullable): the file; %NULL for zrtp_sqlite_cache_default_path(), whose folder is made, mode 0700,
 * if need be
 * @error: a #GError of #ZRTP_CACHE_DB_ERROR
 *
 * Opens the cache at @path, or makes an empty one of mode 0600 (Z-4.9-13, attack D7). A file that is damaged,
 * foreign, of a newer version, a link, or writable for others is refused and left as it is, octet for octet;
 * the message says what to do. A file of an older version is brought to this one. All of the file is read and
 * checked. A file whose mode lets others read it gets mode 0600, with a message in the log.
 *
 * Any number of processes may have a file open, and any number of sessions in each; within a process they
 * share it. May be called from any thread, and so may the functions of the #ZrtpCache returned. Not across
 * fork(): the child gets nothing but errors.
 *
 * Returns: (transfer full) (nullable): the cache; close it after the associations that use it are gone
 */
ZrtpCache *
zrtp_sqlite_cache_open (const gchar *path, GError **error)
{
  g_autofree gchar *default_path = NULL;

  if (path == NULL) {
    g_autofree gchar *folder = NULL;

    path = default_path = zrtp_sqlite_cache_default_path ();
    folder = g_path_get_dirname (default_path);
    if (g_mkdir_with_parents (folder, 0700) != 0) {
      zrtp_cache_db_fail (error, default_path, ZRTP_CACHE_DB_ERROR_UNREADABLE, "the folder %s cannot be "
          "created (%s); choose another path for the cache", folder, g_strerror (errno));
      return NULL;
    }
  }
  return zrtp_cache_db_open_full (path, &zrtp_cache_db_schema, error);
}

/**
 * zrtp_sqlite_cache_get_path:
 * @cache: a cache
 *
 * Returns: (transfer none): its path, absolute
 */
const gchar *
zrtp_sqlite_cache_get_path (ZrtpCache *cache)
{
  return ((ZrtpCacheDb *) cache)->path;
}

/**
 * zrtp_sqlite_cache_close:
 * @cache: (nullable) (transfer full): a cache
 *
 * To be called once for each zrtp_sqlite_cache_open(). In a child of the process that opened it, nothing is
 * done: closing there could write the parent's log back. May be called from any thread.
 */
void
zrtp_sqlite_cache_close (ZrtpCache *cache)
{
  ZrtpCacheDb *self = (ZrtpCacheDb *) cache;

  if (self == NULL || self->pid != getpid ())
    return;
  g_mutex_lock (&registry_lock);
  g_atomic_int_add (&registry_len, -1);
  if (--self->refs == 0) {
    registry = g_list_remove (registry, self);
    free_db (self);
  }
  g_mutex_unlock (&registry_lock);
}

void
zrtp_cache_db_set_clock (ZrtpCache *cache, gint64 (*now) (gpointer user_data), gpointer user_data)
{
  ZrtpCacheDb *self = (ZrtpCacheDb *) cache;

  self->now = now;
  self->now_data = user_data;
}
