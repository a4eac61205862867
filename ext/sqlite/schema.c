/* schema.c: the tables, the versions they went through, and whether a file is whole.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "ext/sqlite/cache_private.h"

/* Step i brings version i to version i + 1. A step that was released is never changed: add another. */
static const gchar *const steps[] = {
  "CREATE TABLE file ("
      " id INTEGER PRIMARY KEY CHECK (id = 1),"
      " zid BLOB,"
      " latest INTEGER NOT NULL,"
      " digest BLOB NOT NULL"
      ") STRICT;"
      "CREATE TABLE peer ("
      " local_zid BLOB NOT NULL,"
      " peer_zid BLOB NOT NULL,"
      " name TEXT NOT NULL,"
      " verified INTEGER NOT NULL,"
      " rs1 BLOB,"
      " rs1_confirmed INTEGER NOT NULL,"
      " rs1_expiry INTEGER NOT NULL,"
      " rs2 BLOB,"
      " rs2_expiry INTEGER NOT NULL,"
      " pbxsecret BLOB,"
      " first_use INTEGER NOT NULL,"
      " last_use INTEGER NOT NULL,"
      " digest BLOB NOT NULL,"
      " PRIMARY KEY (local_zid, peer_zid)"
      ") STRICT, WITHOUT ROWID;",
};

const ZrtpCacheDbSchema zrtp_cache_db_schema = { steps, G_N_ELEMENTS (steps) };

/* SQLite's file format: octets 18 and 19 are 2 where a database has a write-ahead log. */
#define HEADER_WRITE_VERSION 18
#define HEADER_READ_VERSION 19
#define HEADER_WAL 2

static gboolean
run_steps (ZrtpCacheDbConnection *self, const ZrtpCacheDbSchema *schema, guint from, guint to, GError **error)
{
  g_autofree gchar *pragma = g_strdup_printf ("PRAGMA user_version = %u", to);

  for (guint i = from; i < to; i++)
    if (!zrtp_cache_db_execute (self, schema->steps[i], error))
      return FALSE;
  return zrtp_cache_db_execute (self, pragma, error);
}

/* A database in memory with the tables of a version. */
static gboolean
connect_memory (ZrtpCacheDbConnection *self, const ZrtpCacheDbSchema *schema, guint version, GError **error)
{
  gint code = sqlite3_open_v2 (":memory:", &self->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

  self->path = "a database in memory";
  if (code != SQLITE_OK)
    zrtp_cache_db_sqlite_error (self, code, error);
  return code == SQLITE_OK && run_steps (self, schema, 0, version, error);
}

/* The octets of an empty cache. Free them with g_free(). */
guint8 *
zrtp_cache_db_new_image (const ZrtpCacheDbSchema *schema, gint64 now, gsize *len, GError **error)
{
  g_autofree gchar *pragma = g_strdup_printf ("PRAGMA application_id = %d", ZRTP_CACHE_DB_APPLICATION_ID);
  ZrtpCacheDbConnection memory = { .db = NULL };
  ZrtpCacheDbFile file = { .latest = now };
  guint8 *image = NULL;

  if (connect_memory (&memory, schema, schema->n_steps, error) && zrtp_cache_db_execute (&memory, pragma, error)
      && zrtp_cache_db_write_file (&memory, &file, error)) {
    sqlite3_int64 size;
    unsigned char *data = sqlite3_serialize (memory.db, "main", &size, 0);

    if (data == NULL) {
      zrtp_cache_db_sqlite_error (&memory, SQLITE_NOMEM, error);
    } else {
      data[HEADER_WRITE_VERSION] = data[HEADER_READ_VERSION] = HEADER_WAL;
      image = g_memdup2 (data, size);
      *len = size;
      sqlite3_free (data);
    }
  }
  zrtp_cache_db_disconnect (&memory);
  return image;
}

/* ---- Whole or not ---- */

/* All that was declared in the database, as one text. */
static gchar *
read_schema (ZrtpCacheDbConnection *self, GError **error)
{
  static const gchar sql[] = "SELECT type, name, sql FROM sqlite_schema "
      "WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name";
  sqlite3_stmt *statement = NULL;
  GString *text;
  gint code = sqlite3_prepare_v2 (self->db, sql, -1, &statement, NULL);

  if (code != SQLITE_OK) {
    zrtp_cache_db_sqlite_error (self, code, error);
    return NULL;
  }
  text = g_string_new (NULL);
  while ((code = zrtp_cache_db_step (self, statement, error)) == SQLITE_ROW)
    for (gint i = 0; i < 3; i++) {
      const gchar *column = (const gchar *) sqlite3_column_text (statement, i);

      g_string_append (text, column != NULL ? column : "");
      g_string_append_c (text, '\n');
    }
  sqlite3_finalize (statement);
  return g_string_free (text, code != SQLITE_DONE);
}

static gboolean
check_tables (ZrtpCacheDbConnection *self, const ZrtpCacheDbSchema *schema, guint version, GError **error)
{
  ZrtpCacheDbConnection memory = { .db = NULL };
  g_autofree gchar *found = read_schema (self, error);
  g_autofree gchar *expected = NULL;

  if (found == NULL)
    return FALSE;
  if (connect_memory (&memory, schema, version, error))
    expected = read_schema (&memory, error);
  zrtp_cache_db_disconnect (&memory);
  if (expected == NULL)
    return FALSE;
  if (strcmp (found, expected) == 0)
    return TRUE;
  zrtp_cache_db_damaged (self->path, "its tables are not those of a cache", error);
  return FALSE;
}

/* SQLite's own check of the structure of all pages. */
static gboolean
check_pages (ZrtpCacheDbConnection *self, gboolean thorough, GError **error)
{
  const gchar *sql = thorough ? "PRAGMA integrity_check (1)" : "PRAGMA quick_check (1)";
  sqlite3_stmt *statement = NULL;
  gboolean good = FALSE;
  gint code = sqlite3_prepare_v2 (self->db, sql, -1, &statement, NULL);

  if (code != SQLITE_OK)
    zrtp_cache_db_sqlite_error (self, code, error);
  else if (zrtp_cache_db_step (self, statement, error) == SQLITE_ROW) {
    const gchar *text = (const gchar *) sqlite3_column_text (statement, 0);

    good = g_strcmp0 (text, "ok") == 0;
    if (!good) {
      /* The first line says it; the others repeat it in SQLite's terms. */
      g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "no answer", "\n", 0);
      guint n = g_strv_length (lines);

      zrtp_cache_db_damaged (self->path, n > 0 ? lines[n - 1] : "no answer", error);
    }
  }
  sqlite3_finalize (statement);
  return good;
}

/* Each row against its digest. n_peers may be NULL. */
gboolean
zrtp_cache_db_check_rows (ZrtpCacheDbConnection *self, guint *n_peers, GError **error)
{
  ZrtpCacheDbFile file;
  GArray *rows;

  if (zrtp_cache_db_read_file (self, &file, error) != ZRTP_CACHE_DB_FOUND)
    return FALSE;
  rows = zrtp_cache_db_read_peers (self, error);
  if (rows == NULL)
    return FALSE;
  if (n_peers != NULL)
    *n_peers = rows->len;
  g_array_unref (rows);
  return TRUE;
}

static gboolean
validate (ZrtpCacheDbConnection *self, const ZrtpCacheDbSchema *schema, gboolean thorough, guint *version,
    GError **error)
{
  gint64 application_id, number;

  if (!zrtp_cache_db_get_number (self, "PRAGMA application_id", &application_id, error)
      || !zrtp_cache_db_get_number (self, "PRAGMA user_version", &number, error))
    return FALSE;
  if (application_id != ZRTP_CACHE_DB_APPLICATION_ID) {
    zrtp_cache_db_foreign (self->path, error);
    return FALSE;
  }
  /* The header in the file was looked at before; the log may hold a newer one. */
  if (number > schema->n_steps) {
    zrtp_cache_db_newer (self->path, number, schema->n_steps, error);
    return FALSE;
  }
  if (number < 1) {
    zrtp_cache_db_damaged (self->path, "it has no version", error);
    return FALSE;
  }
  /* The header's write version, in the file or in the log, is none of SQLite's: it reads such a file and cannot write it. */
  if (sqlite3_db_readonly (self->db, "main") == 1) {
    zrtp_cache_db_damaged (self->path, "its header says that it cannot be written", error);
    return FALSE;
  }
  *version = number;
  return check_tables (self, schema, number, error) && check_pages (self, thorough, error)
      && (number < schema->n_steps || zrtp_cache_db_check_rows (self, NULL, error));
}

/* Reads the whole file, as it is at one instant, and writes nothing. */
gboolean
zrtp_cache_db_validate (ZrtpCacheDbConnection *self, const ZrtpCacheDbSchema *schema, gboolean thorough,
    guint *version, GError **error)
{
  gboolean good = zrtp_cache_db_execute (self, "BEGIN", error)
      && validate (self, schema, thorough, version, error);

  if (!sqlite3_get_autocommit (self->db))
    zrtp_cache_db_execute (self, "ROLLBACK", NULL);
  return good;
}

/* Brings the tables to the newest version in one transaction: a file has one version or the other. */
gboolean
zrtp_cache_db_migrate (ZrtpCacheDbConnection *self, const ZrtpCacheDbSchema *schema, GError **error)
{
  gint64 version;
  gboolean good = zrtp_cache_db_execute (self, "BEGIN IMMEDIATE", error)
      && zrtp_cache_db_get_number (self, "PRAGMA user_version", &version, error)
      /* Another process may have been quicker. */
      && (version >= schema->n_steps || (run_steps (self, schema, version, schema->n_steps, error)
          && zrtp_cache_db_check_rows (self, NULL, error)))
      && zrtp_cache_db_execute (self, "COMMIT", error);

  if (!sqlite3_get_autocommit (self->db))
    zrtp_cache_db_execute (self, "ROLLBACK", NULL);
  return good;
}
