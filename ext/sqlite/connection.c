/* connection.c: a connection to SQLite, set up for secrets and for many users at once, with errors that
 * people understand.
 *
 * Copies of secrets in our own memory are wiped. SQLite keeps pages of the file in memory while a connection
 * is open, and frees them without wiping: only an allocator for the whole process could change that, which is
 * not a library's to set. They hold no more than the file does.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ext/sqlite/cache_private.h"

/* Pages of 4 KiB in the log after which it is written back: old secrets do not lie in it for long. */
#define LOG_PAGES "64"

static const gchar *const statements[ZRTP_CACHE_DB_N_STATEMENTS] = {
  [ZRTP_CACHE_DB_BEGIN] = "BEGIN IMMEDIATE",
  [ZRTP_CACHE_DB_COMMIT] = "COMMIT",
  [ZRTP_CACHE_DB_ROLLBACK] = "ROLLBACK",
  [ZRTP_CACHE_DB_GET_FILE] = "SELECT zid, latest, digest FROM file WHERE id = 1",
  [ZRTP_CACHE_DB_SET_FILE] = "INSERT OR REPLACE INTO file (id, zid, latest, digest) VALUES (1, ?1, ?2, ?3)",
#define PEER_COLUMNS "local_zid, peer_zid, name, verified, rs1, rs1_confirmed, rs1_expiry, rs2, rs2_expiry, " \
  "pbxsecret, first_use, last_use, digest"
  [ZRTP_CACHE_DB_GET_PEER] = "SELECT " PEER_COLUMNS " FROM peer WHERE local_zid = ?1 AND peer_zid = ?2",
  [ZRTP_CACHE_DB_GET_PEERS] = "SELECT " PEER_COLUMNS " FROM peer ORDER BY local_zid, peer_zid",
  [ZRTP_CACHE_DB_SET_PEER] = "INSERT OR REPLACE INTO peer (" PEER_COLUMNS ") "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
  [ZRTP_CACHE_DB_DELETE_PEER] = "DELETE FROM peer WHERE local_zid = ?1 AND peer_zid = ?2",
};

G_DEFINE_QUARK (zrtp-cache-db-error-quark, zrtp_cache_db_error)

/* ---- Errors ---- */

/* An error about the file; the message is its path and then format. */
void
zrtp_cache_db_fail (GError **error, const gchar *path, ZrtpCacheDbError code, const gchar *format, ...)
{
  va_list args;
  gchar *text;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, ZRTP_CACHE_DB_ERROR, code, "%s: %s", path, text);
  g_free (text);
}

void
zrtp_cache_db_foreign (const gchar *path, GError **error)
{
  zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_FOREIGN, "is not a cache of gst-zrtp; it is left as it "
      "is. Choose another path for the cache");
}

void
zrtp_cache_db_newer (const gchar *path, gint64 version, guint newest, GError **error)
{
  zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_NEWER, "was written by a newer gst-zrtp (version %"
      G_GINT64_FORMAT " of the format, this one knows up to %u); it is left as it is. Use that gst-zrtp, or "
      "another path for the cache", version, newest);
}

void
zrtp_cache_db_damaged (const gchar *path, const gchar *what, GError **error)
{
  zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_DAMAGED, "is damaged (%s); it is left as it is. Put a "
      "copy of it back, or move it away to start a new cache: then every peer is a stranger and has to be "
      "verified again", what);
}

/* What went wrong, by the code of an SQLite call. */
void
zrtp_cache_db_sqlite_error (ZrtpCacheDbConnection *self, gint code, GError **error)
{
  const gchar *detail = self->db != NULL ? sqlite3_errmsg (self->db) : sqlite3_errstr (code);

  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_SCHEMA:
    case SQLITE_ERROR:         /* a statement of ours that the tables do not fit */
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:
      zrtp_cache_db_damaged (self->path, detail, error);
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      zrtp_cache_db_fail (error, self->path, ZRTP_CACHE_DB_ERROR_BUSY, "another program has kept it locked "
          "for %d seconds; close that program", (gint) (ZRTP_CACHE_DB_BUSY_USEC / G_USEC_PER_SEC));
      break;
    case SQLITE_FULL:
      zrtp_cache_db_fail (error, self->path, ZRTP_CACHE_DB_ERROR_WRITE, "cannot be written, the disk is "
          "full; what it holds is intact");
      break;
    case SQLITE_IOERR:
      zrtp_cache_db_fail (error, self->path, ZRTP_CACHE_DB_ERROR_WRITE, "cannot be read or written (%s, error "
          "%d): the disk may be full, or not a local one", detail, code);
      break;
    default:
      zrtp_cache_db_fail (error, self->path, ZRTP_CACHE_DB_ERROR_UNREADABLE, "cannot be used (%s, error %d); "
          "check the rights of the file and its folder", detail, code);
      break;
  }
}

/* ---- Statements ---- */

/* The statement, ready to be bound; valid while the connection is. */
sqlite3_stmt *
zrtp_cache_db_statement (ZrtpCacheDbConnection *self, ZrtpCacheDbStatement id, GError **error)
{
  gint code;

  if (self->statements[id] == NULL) {
    code = sqlite3_prepare_v3 (self->db, statements[id], -1, SQLITE_PREPARE_PERSISTENT,
        &self->statements[id], NULL);
    if (code != SQLITE_OK) {
      zrtp_cache_db_sqlite_error (self, code, error);
      return NULL;
    }
  }
  return self->statements[id];
}

/* SQLITE_ROW, SQLITE_DONE, or another code with the error set. */
gint
zrtp_cache_db_step (ZrtpCacheDbConnection *self, sqlite3_stmt *statement, GError **error)
{
  gint code;

  self->busy_since = 0;
  code = sqlite3_step (statement);
  if (code != SQLITE_ROW && code != SQLITE_DONE)
    zrtp_cache_db_sqlite_error (self, code, error);
  return code;
}

/* Ends the use of a statement; what was bound to it is let go. */
void
zrtp_cache_db_done (sqlite3_stmt *statement)
{
  if (statement == NULL)
    return;
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
}

/* Runs a statement that has no result to read. */
gboolean
zrtp_cache_db_run (ZrtpCacheDbConnection *self, ZrtpCacheDbStatement id, GError **error)
{
  sqlite3_stmt *statement = zrtp_cache_db_statement (self, id, error);
  gint code;

  if (statement == NULL)
    return FALSE;
  code = zrtp_cache_db_step (self, statement, error);
  zrtp_cache_db_done (statement);
  return code == SQLITE_ROW || code == SQLITE_DONE;
}

gboolean
zrtp_cache_db_execute (ZrtpCacheDbConnection *self, const gchar *sql, GError **error)
{
  gint code;

  self->busy_since = 0;
  code = sqlite3_exec (self->db, sql, NULL, NULL, NULL);
  if (code != SQLITE_OK)
    zrtp_cache_db_sqlite_error (self, code, error);
  return code == SQLITE_OK;
}

/* The first column of the first row. */
gboolean
zrtp_cache_db_get_number (ZrtpCacheDbConnection *self, const gchar *sql, gint64 *number, GError **error)
{
  sqlite3_stmt *statement = NULL;
  gint code = sqlite3_prepare_v2 (self->db, sql, -1, &statement, NULL);

  if (code != SQLITE_OK) {
    zrtp_cache_db_sqlite_error (self, code, error);
    return FALSE;
  }
  code = zrtp_cache_db_step (self, statement, error);
  if (code == SQLITE_ROW)
    *number = sqlite3_column_int64 (statement, 0);
  else if (code == SQLITE_DONE)
    zrtp_cache_db_damaged (self->path, "a value is missing", error);
  sqlite3_finalize (statement);
  return code == SQLITE_ROW;
}

/* ---- Life ---- */

/* Waits a little for another process, up to ZRTP_CACHE_DB_BUSY_USEC in all. Not sqlite3_busy_timeout(): an
 * SQLite built without usleep() would wait whole seconds. */
static int
wait_for_others (void *user_data, int times)
{
  ZrtpCacheDbConnection *self = user_data;
  gint64 now = g_get_monotonic_time ();

  if (times == 0 || self->busy_since == 0)
    self->busy_since = now;
  if (now - self->busy_since >= ZRTP_CACHE_DB_BUSY_USEC)
    return 0;
  g_usleep (g_random_int_range (200, times < 5 ? 1000 : 5000));
  return 1;
}

/* While off, closing the connection leaves the database file as it is, and the log too. */
void
zrtp_cache_db_keep_hands_off (ZrtpCacheDbConnection *self, gboolean off)
{
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, off ? 1 : 0, NULL);
}

/* Opens the file, which exists, but does not touch it yet. */
gboolean
zrtp_cache_db_connect (ZrtpCacheDbConnection *self, const gchar *path, GError **error)
{
  gint code;

  self->path = path;
  code = sqlite3_open_v2 (path, &self->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX
      | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE, NULL);
  if (code != SQLITE_OK) {
    zrtp_cache_db_sqlite_error (self, code, error);
    zrtp_cache_db_disconnect (self);
    return FALSE;
  }
  sqlite3_busy_handler (self->db, wait_for_others, self);
  zrtp_cache_db_keep_hands_off (self, TRUE);
  /* A file made by somebody else must not run anything. */
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
  /* synchronous=FULL: with WAL, NORMAL syncs the log only when it is written back. A power cut could then
   * take the last few secrets of a peer at once, more than rs2 makes up for, and the next call would be a
   * false alarm (4.3.2). */
  if (!zrtp_cache_db_execute (self, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"
          "PRAGMA temp_store = MEMORY; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;"
          "PRAGMA cache_size = -256;", error)) {
    zrtp_cache_db_disconnect (self);
    return FALSE;
  }
  return TRUE;
}

/* Settings that read or write the file: for one that was found good. */
gboolean
zrtp_cache_db_set_up (ZrtpCacheDbConnection *self, GError **error)
{
  return zrtp_cache_db_execute (self, "PRAGMA secure_delete = ON; PRAGMA journal_mode = WAL;"
      "PRAGMA journal_size_limit = 0; PRAGMA wal_autocheckpoint = " LOG_PAGES ";", error);
}

void
zrtp_cache_db_disconnect (ZrtpCacheDbConnection *self)
{
  for (guint i = 0; i < ZRTP_CACHE_DB_N_STATEMENTS; i++) {
    sqlite3_finalize (self->statements[i]);
    self->statements[i] = NULL;
  }
  sqlite3_close (self->db);
  self->db = NULL;
}
