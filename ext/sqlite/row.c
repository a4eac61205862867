/* row.c: rows of the database, each with a digest that shows a flipped bit.
 *
 * SQLite checks its structure, not its content. A bit that flips in rs1 would be taken for an attack at the
 * next call; the digest tells the two apart. It is no protection against people: who can write the file can
 * write digests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "ext/nettle/nettle.h"
#include "ext/sqlite/cache_private.h"

#define DIGEST_LEN 16

/* ---- Digests ---- */

/* A row as octets: each field with its presence or its length before it. */
typedef struct
{
  guint8 data[512];
  gsize len;
} Flat;

static void
flat_add (Flat *flat, gconstpointer data, gsize len)
{
  g_assert (len <= 255 && flat->len + 1 + len <= sizeof flat->data);
  flat->data[flat->len++] = len;
  memcpy (flat->data + flat->len, data, len);
  flat->len += len;
}

static void
flat_add_secret (Flat *flat, gboolean present, const guint8 secret[ZRTP_RETAINED_LEN])
{
  flat_add (flat, secret, present ? ZRTP_RETAINED_LEN : 0);
}

static void
flat_add_number (Flat *flat, gint64 number)
{
  guint64 big_endian = GUINT64_TO_BE ((guint64) number);

  flat_add (flat, &big_endian, sizeof big_endian);
}

static void
flat_finish (Flat *flat, guint8 digest[DIGEST_LEN])
{
  ZrtpPart part = { flat->data, flat->len };
  guint8 whole[ZRTP_HASH_MAX_LEN];

  zrtp_sha256.digest (&part, 1, whole);
  memcpy (digest, whole, DIGEST_LEN);
  zrtp_wipe (whole, sizeof whole);
  zrtp_wipe (flat, sizeof *flat);
}

static void
digest_peer (const ZrtpCacheDbRow *row, guint8 digest[DIGEST_LEN])
{
  const ZrtpCacheEntry *entry = &row->entry;
  Flat flat = { .len = 0 };

  flat_add (&flat, "peer", 4);
  flat_add (&flat, row->local_zid, ZRTP_ZID_LEN);
  flat_add (&flat, row->peer_zid, ZRTP_ZID_LEN);
  flat_add (&flat, entry->name, strlen (entry->name));
  flat_add_number (&flat, entry->verified != FALSE);
  flat_add_secret (&flat, entry->has_rs1, entry->rs1);
  flat_add_number (&flat, entry->rs1_confirmed != FALSE);
  flat_add_number (&flat, row->rs1_expiry);
  flat_add_secret (&flat, entry->has_rs2, entry->rs2);
  flat_add_number (&flat, row->rs2_expiry);
  flat_add_secret (&flat, entry->has_pbxsecret, entry->pbxsecret);
  flat_add_number (&flat, row->first_use);
  flat_add_number (&flat, row->last_use);
  flat_finish (&flat, digest);
}

static void
digest_file (const ZrtpCacheDbFile *file, guint8 digest[DIGEST_LEN])
{
  Flat flat = { .len = 0 };

  flat_add (&flat, "file", 4);
  flat_add (&flat, file->zid, file->has_zid ? ZRTP_ZID_LEN : 0);
  flat_add_number (&flat, file->latest);
  flat_finish (&flat, digest);
}

/* ---- Columns ---- */

/* FALSE: a value that was never written by us. */
static gboolean
take_blob (sqlite3_stmt *statement, gint column, guint8 *out, gint len)
{
  if (sqlite3_column_type (statement, column) != SQLITE_BLOB || sqlite3_column_bytes (statement, column) != len)
    return FALSE;
  memcpy (out, sqlite3_column_blob (statement, column), len);
  return TRUE;
}

static gboolean
take_optional (sqlite3_stmt *statement, gint column, guint8 *out, gint len, gboolean *present)
{
  *present = sqlite3_column_type (statement, column) != SQLITE_NULL;
  return !*present || take_blob (statement, column, out, len);
}

static gboolean
take_name (sqlite3_stmt *statement, gint column, gchar name[64])
{
  const gchar *text = (const gchar *) sqlite3_column_text (statement, column);
  gint len = sqlite3_column_bytes (statement, column);

  if (text == NULL || len > 63 || (gint) strlen (text) != len)
    return FALSE;
  memcpy (name, text, len + 1);
  return TRUE;
}

/* Not a copy: data stays until the statement was run. */
static void
bind_blob (sqlite3_stmt *statement, gint parameter, gboolean present, gconstpointer data, gint len)
{
  if (present)
    sqlite3_bind_blob (statement, parameter, data, len, SQLITE_STATIC);
  else
    sqlite3_bind_null (statement, parameter);
}

/* text as a name: cut between characters, and where it is not UTF-8. */
void
zrtp_cache_db_copy_name (gchar name[64], const gchar *text, gssize len)
{
  gsize size = len < 0 ? strlen (text) : (gsize) len;
  const gchar *end;

  g_utf8_validate (text, MIN (size, 63), &end);
  memset (name, 0, 64);
  memcpy (name, text, end - text);
}

/* ---- Table file ---- */

ZrtpCacheDbResult
zrtp_cache_db_read_file (ZrtpCacheDbConnection *self, ZrtpCacheDbFile *file, GError **error)
{
  sqlite3_stmt *statement = zrtp_cache_db_statement (self, ZRTP_CACHE_DB_GET_FILE, error);
  ZrtpCacheDbResult result = ZRTP_CACHE_DB_FAILED;
  guint8 digest[DIGEST_LEN], expected[DIGEST_LEN];
  gint code;

  memset (file, 0, sizeof *file);
  if (statement == NULL)
    return ZRTP_CACHE_DB_FAILED;
  code = zrtp_cache_db_step (self, statement, error);
  if (code == SQLITE_DONE) {
    zrtp_cache_db_damaged (self->path, "its own ZID is missing", error);
  } else if (code == SQLITE_ROW) {
    gboolean good = take_optional (statement, 0, file->zid, ZRTP_ZID_LEN, &file->has_zid)
        && take_blob (statement, 2, digest, DIGEST_LEN);

    file->latest = sqlite3_column_int64 (statement, 1);
    digest_file (file, expected);
    if (good && memcmp (digest, expected, DIGEST_LEN) == 0)
      result = ZRTP_CACHE_DB_FOUND;
    else
      zrtp_cache_db_damaged (self->path, "its own ZID does not match its digest", error);
  }
  zrtp_cache_db_done (statement);
  return result;
}

gboolean
zrtp_cache_db_write_file (ZrtpCacheDbConnection *self, const ZrtpCacheDbFile *file, GError **error)
{
  sqlite3_stmt *statement = zrtp_cache_db_statement (self, ZRTP_CACHE_DB_SET_FILE, error);
  guint8 digest[DIGEST_LEN];

  if (statement == NULL)
    return FALSE;
  digest_file (file, digest);
  bind_blob (statement, 1, file->has_zid, file->zid, ZRTP_ZID_LEN);
  sqlite3_bind_int64 (statement, 2, file->latest);
  bind_blob (statement, 3, TRUE, digest, DIGEST_LEN);
  return zrtp_cache_db_run (self, ZRTP_CACHE_DB_SET_FILE, error);
}

/* ---- Table peer ---- */

/* The row that the statement stands on. FALSE: it is damaged. */
static gboolean
take_peer (sqlite3_stmt *statement, ZrtpCacheDbRow *row)
{
  ZrtpCacheEntry *entry = &row->entry;
  guint8 digest[DIGEST_LEN], expected[DIGEST_LEN];
  gboolean good;

  memset (row, 0, sizeof *row);
  good = take_blob (statement, 0, row->local_zid, ZRTP_ZID_LEN)
      && take_blob (statement, 1, row->peer_zid, ZRTP_ZID_LEN)
      && take_name (statement, 2, entry->name)
      && take_optional (statement, 4, entry->rs1, ZRTP_RETAINED_LEN, &entry->has_rs1)
      && take_optional (statement, 7, entry->rs2, ZRTP_RETAINED_LEN, &entry->has_rs2)
      && take_optional (statement, 9, entry->pbxsecret, ZRTP_RETAINED_LEN, &entry->has_pbxsecret)
      && take_blob (statement, 12, digest, DIGEST_LEN);
  if (good) {
    entry->verified = sqlite3_column_int (statement, 3) != 0;
    entry->rs1_confirmed = sqlite3_column_int (statement, 5) != 0;
    row->rs1_expiry = sqlite3_column_int64 (statement, 6);
    row->rs2_expiry = sqlite3_column_int64 (statement, 8);
    row->first_use = sqlite3_column_int64 (statement, 10);
    row->last_use = sqlite3_column_int64 (statement, 11);
    digest_peer (row, expected);
    good = memcmp (digest, expected, DIGEST_LEN) == 0;
  }
  if (!good)
    zrtp_wipe (row, sizeof *row);
  return good;
}

static void
damaged_peer (ZrtpCacheDbConnection *self, GError **error)
{
  zrtp_cache_db_damaged (self->path, "the entry of a peer does not match its digest", error);
}

ZrtpCacheDbResult
zrtp_cache_db_read_peer (ZrtpCacheDbConnection *self, const guint8 *local_zid, const guint8 *peer_zid,
    ZrtpCacheDbRow *row, GError **error)
{
  sqlite3_stmt *statement = zrtp_cache_db_statement (self, ZRTP_CACHE_DB_GET_PEER, error);
  ZrtpCacheDbResult result = ZRTP_CACHE_DB_FAILED;
  gint code;

  memset (row, 0, sizeof *row);
  if (statement == NULL)
    return ZRTP_CACHE_DB_FAILED;
  bind_blob (statement, 1, TRUE, local_zid, ZRTP_ZID_LEN);
  bind_blob (statement, 2, TRUE, peer_zid, ZRTP_ZID_LEN);
  code = zrtp_cache_db_step (self, statement, error);
  if (code == SQLITE_DONE)
    result = ZRTP_CACHE_DB_ABSENT;
  else if (code == SQLITE_ROW && take_peer (statement, row))
    result = ZRTP_CACHE_DB_FOUND;
  else if (code == SQLITE_ROW)
    damaged_peer (self, error);
  zrtp_cache_db_done (statement);
  return result;
}

static void
clear_row (gpointer row)
{
  zrtp_wipe (row, sizeof (ZrtpCacheDbRow));
}

/* All rows, ordered; they are wiped with the array. */
GArray *
zrtp_cache_db_read_peers (ZrtpCacheDbConnection *self, GError **error)
{
  sqlite3_stmt *statement = zrtp_cache_db_statement (self, ZRTP_CACHE_DB_GET_PEERS, error);
  GPtrArray *chunks;
  GArray *rows;
  ZrtpCacheDbRow row;
  gint code;

  if (statement == NULL)
    return NULL;
  /* An array that grows would leave copies behind: collect, then fill one of the right size. */
  chunks = g_ptr_array_new ();
  while ((code = zrtp_cache_db_step (self, statement, error)) == SQLITE_ROW) {
    if (!take_peer (statement, &row)) {
      damaged_peer (self, error);
      break;
    }
    g_ptr_array_add (chunks, g_memdup2 (&row, sizeof row));
  }
  zrtp_cache_db_done (statement);
  rows = g_array_sized_new (FALSE, FALSE, sizeof row, chunks->len);
  g_array_set_clear_func (rows, clear_row);
  for (guint i = 0; i < chunks->len; i++) {
    ZrtpCacheDbRow *chunk = chunks->pdata[i];

    g_array_append_vals (rows, chunk, 1);
    clear_row (chunk);
    g_free (chunk);
  }
  g_ptr_array_unref (chunks);
  clear_row (&row);
  if (code != SQLITE_DONE)
    g_clear_pointer (&rows, g_array_unref);
  return rows;
}

gboolean
zrtp_cache_db_write_peer (ZrtpCacheDbConnection *self, const ZrtpCacheDbRow *row, GError **error)
{
  sqlite3_stmt *statement = zrtp_cache_db_statement (self, ZRTP_CACHE_DB_SET_PEER, error);
  const ZrtpCacheEntry *entry = &row->entry;
  guint8 digest[DIGEST_LEN];

  if (statement == NULL)
    return FALSE;
  digest_peer (row, digest);
  bind_blob (statement, 1, TRUE, row->local_zid, ZRTP_ZID_LEN);
  bind_blob (statement, 2, TRUE, row->peer_zid, ZRTP_ZID_LEN);
  sqlite3_bind_text (statement, 3, entry->name, -1, SQLITE_STATIC);
  sqlite3_bind_int (statement, 4, entry->verified != FALSE);
  bind_blob (statement, 5, entry->has_rs1, entry->rs1, ZRTP_RETAINED_LEN);
  sqlite3_bind_int (statement, 6, entry->rs1_confirmed != FALSE);
  sqlite3_bind_int64 (statement, 7, row->rs1_expiry);
  bind_blob (statement, 8, entry->has_rs2, entry->rs2, ZRTP_RETAINED_LEN);
  sqlite3_bind_int64 (statement, 9, row->rs2_expiry);
  bind_blob (statement, 10, entry->has_pbxsecret, entry->pbxsecret, ZRTP_RETAINED_LEN);
  sqlite3_bind_int64 (statement, 11, row->first_use);
  sqlite3_bind_int64 (statement, 12, row->last_use);
  bind_blob (statement, 13, TRUE, digest, DIGEST_LEN);
  return zrtp_cache_db_run (self, ZRTP_CACHE_DB_SET_PEER, error);
}

gboolean
zrtp_cache_db_delete_peer (ZrtpCacheDbConnection *self, const guint8 *local_zid, const guint8 *peer_zid,
    GError **error)
{
  sqlite3_stmt *statement = zrtp_cache_db_statement (self, ZRTP_CACHE_DB_DELETE_PEER, error);

  if (statement == NULL)
    return FALSE;
  bind_blob (statement, 1, TRUE, local_zid, ZRTP_ZID_LEN);
  bind_blob (statement, 2, TRUE, peer_zid, ZRTP_ZID_LEN);
  return zrtp_cache_db_run (self, ZRTP_CACHE_DB_DELETE_PEER, error);
}
