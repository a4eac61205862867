/* cache.c: lookup and store for the protocol, and the transactions around them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <unistd.h>

#include "ext/sqlite/cache_private.h"

#define PURGE_INTERVAL 3600     /* seconds */

/* The rest of the API hands its errors to callers; the two functions of the protocol can only fail. */
static void
keep_error (ZrtpCacheDb *self, GError *failure)
{
  g_mutex_lock (&self->error_lock);
  g_free (self->last_error);
  self->last_error = g_strdup (failure->message);
  g_mutex_unlock (&self->error_lock);
  g_error_free (failure);
}

/**
 * zrtp_sqlite_cache_dup_last_error:
 * @cache: a cache
 *
 * Why the last lookup or store that failed did so, in plain English; for the message to the user, as
 * #ZrtpCache's functions tell no reason. Sessions that share a file share this too. May be called from any
 * thread.
 *
 * Returns: (transfer full) (nullable): the text, or %NULL if none has failed
 */
gchar *
zrtp_sqlite_cache_dup_last_error (ZrtpCache *cache)
{
  ZrtpCacheDb *self = (ZrtpCacheDb *) cache;
  gchar *text;

  if (self->pid != getpid ())
    return g_strdup_printf ("%s: was opened by the parent of this process", self->path);
  g_mutex_lock (&self->error_lock);
  text = g_strdup (self->last_error);
  g_mutex_unlock (&self->error_lock);
  return text;
}

/* ---- Transactions ---- */

/* To be asked before any lock is taken: after a fork another thread of the parent may hold it for ever,
 * and SQLite's locks are the parent's. */
gboolean
zrtp_cache_db_usable (ZrtpCacheDb *self, GError **error)
{
  if (self->pid != getpid ())
    zrtp_cache_db_fail (error, self->path, ZRTP_CACHE_DB_ERROR_FORKED, "was opened by the parent of this "
        "process; open the cache after fork(), not before");
  else if (!zrtp_cache_db_in_place (self))
    zrtp_cache_db_fail (error, self->path, ZRTP_CACHE_DB_ERROR_REPLACED, "was removed or replaced by another "
        "file while it was in use; restart the program, or put the file back");
  else
    return TRUE;
  return FALSE;
}

/* Locks the writer and begins; the time is read when nobody else can write any more, so that it never runs
 * backwards from one transaction to the next. Always followed by zrtp_cache_db_end(), even after FALSE. */
gboolean
zrtp_cache_db_begin (ZrtpCacheDb *self, gint64 *now, GError **error)
{
  ZrtpCacheDbConnection *writer = &self->writer;
  gint64 version;

  g_mutex_lock (&writer->lock);
  if (!zrtp_cache_db_run (writer, ZRTP_CACHE_DB_BEGIN, error)
      || !zrtp_cache_db_get_number (writer, "PRAGMA user_version", &version, error))
    return FALSE;
  if (version != self->schema->n_steps) {
    zrtp_cache_db_fail (error, self->path, ZRTP_CACHE_DB_ERROR_NEWER, "was brought to version %"
        G_GINT64_FORMAT " of the format by a newer gst-zrtp; restart the program", version);
    return FALSE;
  }
  *now = self->now (self->now_data);
  return zrtp_cache_db_keep_time (writer, *now, error);
}

gboolean
zrtp_cache_db_end (ZrtpCacheDb *self, gboolean good, GError **error)
{
  ZrtpCacheDbConnection *writer = &self->writer;

  if (good)
    good = zrtp_cache_db_run (writer, ZRTP_CACHE_DB_COMMIT, error);
  if (!sqlite3_get_autocommit (writer->db))
    zrtp_cache_db_run (writer, ZRTP_CACHE_DB_ROLLBACK, NULL);
  g_mutex_unlock (&writer->lock);
  return good;
}

/* Writes the log back and empties it: after a person has asked for a secret to be gone, it must not lie
 * there. If somebody reads at the same time, a later one does it. */
void
zrtp_cache_db_scrub_log (ZrtpCacheDb *self)
{
  g_mutex_lock (&self->writer.lock);
  self->writer.busy_since = 0;
  sqlite3_wal_checkpoint_v2 (self->writer.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  g_mutex_unlock (&self->writer.lock);
}

/* ---- Lookup ---- */

static ZrtpCacheDbResult
read_entry (ZrtpCacheDb *self, const guint8 *local_zid, const guint8 *peer_zid, ZrtpCacheDbRow *row,
    gint64 *now, gboolean *clock_is_back, GError **error)
{
  ZrtpCacheDbConnection *reader = &self->reader;
  ZrtpCacheDbFile file = { .latest = 0 };
  ZrtpCacheDbResult result;

  g_mutex_lock (&reader->lock);
  /* What another process writes between the two is a later time, never an earlier. */
  result = zrtp_cache_db_read_peer (reader, local_zid, peer_zid, row, error);
  if (result == ZRTP_CACHE_DB_FOUND)
    result = zrtp_cache_db_read_file (reader, &file, error);
  g_mutex_unlock (&reader->lock);
  *now = self->now (self->now_data);
  *clock_is_back = zrtp_cache_db_clock_is_back (file.latest, *now);
  return result;
}

/* Deletes expired secrets from the file, and follows a clock that was set back. */
static gboolean
tidy (ZrtpCacheDb *self, GError **error)
{
  gint64 now;
  gboolean good = zrtp_cache_db_begin (self, &now, error) && zrtp_cache_db_purge (&self->writer, now, error);

  return zrtp_cache_db_end (self, good, error);
}

static gboolean
sqlite_cache_lookup (ZrtpCache *cache, const guint8 local_zid[ZRTP_ZID_LEN],
    const guint8 peer_zid[ZRTP_ZID_LEN], ZrtpCacheEntry *entry)
{
  ZrtpCacheDb *self = (ZrtpCacheDb *) cache;
  ZrtpCacheDbRow row = { .first_use = 0 };
  ZrtpCacheDbResult result = ZRTP_CACHE_DB_FAILED;
  gboolean clock_is_back = FALSE;
  GError *failure = NULL;
  gint64 now = 0;

  memset (entry, 0, sizeof *entry);
  if (zrtp_cache_db_usable (self, &failure)) {
    result = read_entry (self, local_zid, peer_zid, &row, &now, &clock_is_back, &failure);
    if (result == ZRTP_CACHE_DB_FOUND && clock_is_back) {
      result = ZRTP_CACHE_DB_FAILED;
      if (tidy (self, &failure))
        result = read_entry (self, local_zid, peer_zid, &row, &now, &clock_is_back, &failure);
    }
  }
  if (result == ZRTP_CACHE_DB_FOUND) {
    /* At once, so that no clock brings it back; where the file cannot be written it will be later. */
    if (zrtp_cache_db_expire (&row, now))
      tidy (self, NULL);
    if (zrtp_cache_db_is_empty (&row))
      result = ZRTP_CACHE_DB_ABSENT;
  }
  if (result == ZRTP_CACHE_DB_FOUND) {
    *entry = row.entry;
    entry->expiry_interval = zrtp_cache_db_remaining (&row, now);
    /* A verified flag without a secret would speak for the next caller, whoever that is. */
    entry->verified = entry->verified && entry->has_rs1;
  } else if (result == ZRTP_CACHE_DB_FAILED && self->pid == getpid ()) {
    keep_error (self, failure);
    failure = NULL;
  }
  entry->unreadable = result == ZRTP_CACHE_DB_FAILED;
  g_clear_error (&failure);
  zrtp_wipe (&row, sizeof row);
  return result == ZRTP_CACHE_DB_FOUND;
}

/* ---- Store ---- */

static gboolean
write_entry (ZrtpCacheDb *self, const guint8 *local_zid, const guint8 *peer_zid, const ZrtpCacheEntry *entry,
    gint64 now, GError **error)
{
  ZrtpCacheDbRow before, row = { .first_use = now, .last_use = now, .entry = *entry };
  /* An entry that cannot be read is not written over. */
  ZrtpCacheDbResult result = zrtp_cache_db_read_peer (&self->writer, local_zid, peer_zid, &before, error);
  gboolean good = result != ZRTP_CACHE_DB_FAILED;

  if (good) {
    memcpy (row.local_zid, local_zid, ZRTP_ZID_LEN);
    memcpy (row.peer_zid, peer_zid, ZRTP_ZID_LEN);
    zrtp_cache_db_copy_name (row.entry.name, entry->name, strnlen (entry->name, sizeof entry->name));
    if (result == ZRTP_CACHE_DB_FOUND)
      row.first_use = before.first_use;
    zrtp_cache_db_set_expiry (&row, result == ZRTP_CACHE_DB_FOUND ? &before : NULL,
        entry->expiry_interval, now);
    good = zrtp_cache_db_write_peer (&self->writer, &row, error);
  }
  zrtp_wipe (&before, sizeof before);
  zrtp_wipe (&row, sizeof row);
  return good;
}

static gboolean
sqlite_cache_store (ZrtpCache *cache, const guint8 local_zid[ZRTP_ZID_LEN],
    const guint8 peer_zid[ZRTP_ZID_LEN], const ZrtpCacheEntry *entry)
{
  ZrtpCacheDb *self = (ZrtpCacheDb *) cache;
  GError *failure = NULL;
  gboolean good;
  gint64 now;

  if (!zrtp_cache_db_usable (self, &failure)) {
    if (self->pid == getpid ())
      keep_error (self, failure);
    else
      g_error_free (failure);
    return FALSE;
  }
  /* One transaction: the old pair of secrets or the new one (Z-4.6.1-10). */
  good = zrtp_cache_db_begin (self, &now, &failure)
      && write_entry (self, local_zid, peer_zid, entry, now, &failure);
  if (good && now >= self->next_purge) {
    self->next_purge = now + PURGE_INTERVAL;
    good = zrtp_cache_db_purge (&self->writer, now, &failure);
  }
  good = zrtp_cache_db_end (self, good, &failure);
  if (!good)
    keep_error (self, failure);
  return good;
}

void
zrtp_cache_db_init_interface (ZrtpCacheDb *self)
{
  self->interface.lookup = sqlite_cache_lookup;
  self->interface.store = sqlite_cache_store;
}
