/* peers.c: the own ZID, and what people do with the entries of their peers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "ext/sqlite/cache_private.h"

/* ---- Own ZID ---- */

static gboolean
make_zid (ZrtpCacheDb *self, ZrtpRandom *random, ZrtpCacheDbFile *file, GError **error)
{
  if (file->has_zid)
    return TRUE;
  if (!random->fill (random, ZRTP_RANDOM_ZID, file->zid, ZRTP_ZID_LEN)) {
    zrtp_cache_db_fail (error, self->path, ZRTP_CACHE_DB_ERROR_NO_RANDOM, "the system gives no random "
        "numbers for a ZID");
    return FALSE;
  }
  file->has_zid = TRUE;
  return zrtp_cache_db_write_file (&self->writer, file, error);
}

/**
 * zrtp_sqlite_cache_get_zid:
 * @cache: a cache
 * @random: where a new ZID is drawn from
 * @zid: (out caller-allocates): the ZID
 * @error: a #GError of #ZRTP_CACHE_DB_ERROR
 *
 * The ZID of this installation: made at the first call and kept in the file from then on (Z-4.9-1), the same
 * for all processes that use it. May be called from any thread.
 *
 * Returns: whether @zid is set
 */
gboolean
zrtp_sqlite_cache_get_zid (ZrtpCache *cache, ZrtpRandom *random, guint8 zid[ZRTP_ZID_LEN], GError **error)
{
  ZrtpCacheDb *self = (ZrtpCacheDb *) cache;
  ZrtpCacheDbFile file;
  ZrtpCacheDbResult result;
  gint64 now;

  memset (zid, 0, ZRTP_ZID_LEN);
  if (!zrtp_cache_db_usable (self, error))
    return FALSE;
  g_mutex_lock (&self->reader.lock);
  result = zrtp_cache_db_read_file (&self->reader, &file, error);
  g_mutex_unlock (&self->reader.lock);
  if (result == ZRTP_CACHE_DB_FOUND && !file.has_zid) {
    gboolean good = zrtp_cache_db_begin (self, &now, error)
        && zrtp_cache_db_read_file (&self->writer, &file, error) == ZRTP_CACHE_DB_FOUND
        && make_zid (self, random, &file, error);

    if (!zrtp_cache_db_end (self, good, error))
      result = ZRTP_CACHE_DB_FAILED;
  }
  if (result != ZRTP_CACHE_DB_FOUND)
    return FALSE;
  memcpy (zid, file.zid, ZRTP_ZID_LEN);
  return TRUE;
}

/* ---- Reading ---- */

static void
describe_row (const ZrtpCacheDbRow *row, ZrtpCachePeer *peer)
{
  const ZrtpCacheEntry *entry = &row->entry;

  memset (peer, 0, sizeof *peer);
  memcpy (peer->local_zid, row->local_zid, ZRTP_ZID_LEN);
  memcpy (peer->peer_zid, row->peer_zid, ZRTP_ZID_LEN);
  g_strlcpy (peer->name, entry->name, sizeof peer->name);
  peer->verified = entry->verified && entry->has_rs1;
  peer->has_rs1 = entry->has_rs1;
  peer->has_rs2 = entry->has_rs2;
  peer->has_pbxsecret = entry->has_pbxsecret;
  peer->rs1_confirmed = entry->rs1_confirmed;
  peer->expiry = row->rs1_expiry;
  peer->first_use = row->first_use;
  peer->last_use = row->last_use;
}

/**
 * zrtp_sqlite_cache_list:
 * @cache: a cache
 * @error: a #GError of #ZRTP_CACHE_DB_ERROR
 *
 * All peers, ordered by own and peer ZID, without what has expired. May be called from any thread.
 *
 * Returns: (transfer full) (nullable) (element-type ZrtpCachePeer): the peers
 */
GArray *
zrtp_sqlite_cache_list (ZrtpCache *cache, GError **error)
{
  ZrtpCacheDb *self = (ZrtpCacheDb *) cache;
  GArray *rows, *peers;
  gint64 now;

  if (!zrtp_cache_db_usable (self, error))
    return NULL;
  g_mutex_lock (&self->reader.lock);
  rows = zrtp_cache_db_read_peers (&self->reader, error);
  g_mutex_unlock (&self->reader.lock);
  if (rows == NULL)
    return NULL;
  now = self->now (self->now_data);
  peers = g_array_sized_new (FALSE, FALSE, sizeof (ZrtpCachePeer), rows->len);
  for (guint i = 0; i < rows->len; i++) {
    ZrtpCacheDbRow *row = &g_array_index (rows, ZrtpCacheDbRow, i);
    ZrtpCachePeer peer;

    zrtp_cache_db_expire (row, now);
    if (zrtp_cache_db_is_empty (row))
      continue;
    describe_row (row, &peer);
    g_array_append_val (peers, peer);
  }
  g_array_unref (rows);
  return peers;
}

static void
not_found (ZrtpCacheDb *self, const guint8 *peer_zid, GError **error)
{
  GString *hex = g_string_new (NULL);

  for (guint i = 0; i < ZRTP_ZID_LEN; i++)
    g_string_append_printf (hex, "%02x", peer_zid[i]);
  zrtp_cache_db_fail (error, self->path, ZRTP_CACHE_DB_ERROR_NOT_FOUND, "knows no peer %s", hex->str);
  g_string_free (hex, TRUE);
}

/* The own ZID that is meant: local_zid, or the file's if that is NULL. */
static gboolean
get_local_zid (ZrtpCacheDb *self, ZrtpCacheDbConnection *connection, const guint8 *local_zid,
    guint8 zid[ZRTP_ZID_LEN], GError **error)
{
  ZrtpCacheDbFile file;

  if (local_zid == NULL) {
    if (zrtp_cache_db_read_file (connection, &file, error) != ZRTP_CACHE_DB_FOUND)
      return FALSE;
    local_zid = file.zid;       /* all zero if there is none: then there is no peer either */
  }
  memcpy (zid, local_zid, ZRTP_ZID_LEN);
  return TRUE;
}

/**
 * zrtp_sqlite_cache_get_peer:
 * @cache: a cache
 * @local_zid: (nullable): the own ZID; %NULL for the file's
 * @peer_zid: the peer's ZID
 * @peer: (out caller-allocates): what is known of it
 * @error: a #GError of #ZRTP_CACHE_DB_ERROR, #ZRTP_CACHE_DB_ERROR_NOT_FOUND among them
 *
 * May be called from any thread.
 *
 * Returns: whether there is such a peer
 */
gboolean
zrtp_sqlite_cache_get_peer (ZrtpCache *cache, const guint8 *local_zid, const guint8 peer_zid[ZRTP_ZID_LEN],
    ZrtpCachePeer *peer, GError **error)
{
  ZrtpCacheDb *self = (ZrtpCacheDb *) cache;
  ZrtpCacheDbResult result = ZRTP_CACHE_DB_FAILED;
  ZrtpCacheDbRow row = { .first_use = 0 };
  guint8 zid[ZRTP_ZID_LEN];

  memset (peer, 0, sizeof *peer);
  if (!zrtp_cache_db_usable (self, error))
    return FALSE;
  g_mutex_lock (&self->reader.lock);
  if (get_local_zid (self, &self->reader, local_zid, zid, error))
    result = zrtp_cache_db_read_peer (&self->reader, zid, peer_zid, &row, error);
  g_mutex_unlock (&self->reader.lock);
  if (result == ZRTP_CACHE_DB_FOUND) {
    zrtp_cache_db_expire (&row, self->now (self->now_data));
    if (zrtp_cache_db_is_empty (&row))
      result = ZRTP_CACHE_DB_ABSENT;
    else
      describe_row (&row, peer);
  }
  if (result == ZRTP_CACHE_DB_ABSENT)
    not_found (self, peer_zid, error);
  zrtp_wipe (&row, sizeof row);
  return result == ZRTP_CACHE_DB_FOUND;
}

/* ---- Changing ---- */

typedef void (*ChangeFunc) (ZrtpCacheDbRow *row, gconstpointer user_data);

/* One transaction on one entry; without change the entry goes. */
static gboolean
change_peer (ZrtpCacheDb *self, const guint8 *local_zid, const guint8 *peer_zid, ChangeFunc change,
    gconstpointer user_data, GError **error)
{
  ZrtpCacheDbConnection *writer = &self->writer;
  ZrtpCacheDbResult result = ZRTP_CACHE_DB_FAILED;
  ZrtpCacheDbRow row = { .first_use = 0 };
  guint8 zid[ZRTP_ZID_LEN];
  gboolean good;
  gint64 now;

  if (!zrtp_cache_db_usable (self, error))
    return FALSE;
  if (zrtp_cache_db_begin (self, &now, error) && get_local_zid (self, writer, local_zid, zid, error))
    result = zrtp_cache_db_read_peer (writer, zid, peer_zid, &row, error);
  if (result == ZRTP_CACHE_DB_ABSENT)
    not_found (self, peer_zid, error);
  good = result == ZRTP_CACHE_DB_FOUND;
  if (good && change != NULL)
    change (&row, user_data);
  if (good)
    good = change != NULL && !zrtp_cache_db_is_empty (&row) ? zrtp_cache_db_write_peer (writer, &row, error)
        : zrtp_cache_db_delete_peer (writer, zid, peer_zid, error);
  zrtp_wipe (&row, sizeof row);
  return zrtp_cache_db_end (self, good, error);
}

static void
set_name (ZrtpCacheDbRow *row, gconstpointer name)
{
  zrtp_cache_db_copy_name (row->entry.name, name, -1);
}

static void
clear_verified (ZrtpCacheDbRow *row, gconstpointer unused)
{
  row->entry.verified = FALSE;
}

static void
clear_pbxsecret (ZrtpCacheDbRow *row, gconstpointer unused)
{
  row->entry.has_pbxsecret = FALSE;
  zrtp_wipe (row->entry.pbxsecret, sizeof row->entry.pbxsecret);
}

gboolean
zrtp_cache_db_is_name (const gchar *name)
{
  if (strlen (name) > 63 || !g_utf8_validate (name, -1, NULL))
    return FALSE;
  for (const gchar *at = name; *at != '\0'; at = g_utf8_next_char (at))
    if (!g_unichar_isprint (g_utf8_get_char (at)))
      return FALSE;
  return TRUE;
}

/**
 * zrtp_sqlite_cache_rename:
 * @cache: a cache
 * @local_zid: (nullable): the own ZID; %NULL for the file's
 * @peer_zid: the peer's ZID
 * @name: the user's name for it, up to 63 octets of printable UTF-8; empty to take it away
 * @error: a #GError of #ZRTP_CACHE_DB_ERROR
 *
 * Gives a peer a name (Z-12-2). May be called from any thread.
 *
 * Returns: whether that was done
 */
gboolean
zrtp_sqlite_cache_rename (ZrtpCache *cache, const guint8 *local_zid, const guint8 peer_zid[ZRTP_ZID_LEN],
    const gchar *name, GError **error)
{
  if (!zrtp_cache_db_is_name (name)) {
    g_set_error (error, ZRTP_CACHE_DB_ERROR, ZRTP_CACHE_DB_ERROR_INVALID,
        "A name is up to 63 octets of printable UTF-8");
    return FALSE;
  }
  return change_peer ((ZrtpCacheDb *) cache, local_zid, peer_zid, set_name, name, error);
}

/**
 * zrtp_sqlite_cache_unverify:
 * @cache: a cache
 * @local_zid: (nullable): the own ZID; %NULL for the file's
 * @peer_zid: the peer's ZID
 * @error: a #GError of #ZRTP_CACHE_DB_ERROR
 *
 * Takes back that the user has compared the SAS with this peer; its secrets stay. May be called from any
 * thread.
 *
 * Returns: whether that was done
 */
gboolean
zrtp_sqlite_cache_unverify (ZrtpCache *cache, const guint8 *local_zid, const guint8 peer_zid[ZRTP_ZID_LEN],
    GError **error)
{
  return change_peer ((ZrtpCacheDb *) cache, local_zid, peer_zid, clear_verified, NULL, error);
}

/**
 * zrtp_sqlite_cache_remove_pbxsecret:
 * @cache: a cache
 * @local_zid: (nullable): the own ZID; %NULL for the file's
 * @peer_zid: the PBX's ZID
 * @error: a #GError of #ZRTP_CACHE_DB_ERROR
 *
 * Ends the enrollment with a PBX (Z-7.3.1-9); the secret is overwritten in the file and its log. May be
 * called from any thread.
 *
 * Returns: whether that was done
 */
gboolean
zrtp_sqlite_cache_remove_pbxsecret (ZrtpCache *cache, const guint8 *local_zid,
    const guint8 peer_zid[ZRTP_ZID_LEN], GError **error)
{
  if (!change_peer ((ZrtpCacheDb *) cache, local_zid, peer_zid, clear_pbxsecret, NULL, error))
    return FALSE;
  zrtp_cache_db_scrub_log ((ZrtpCacheDb *) cache);
  return TRUE;
}

/**
 * zrtp_sqlite_cache_forget:
 * @cache: a cache
 * @local_zid: (nullable): the own ZID; %NULL for the file's
 * @peer_zid: the peer's ZID
 * @error: a #GError of #ZRTP_CACHE_DB_ERROR
 *
 * Deletes all that is known of a peer; its secrets are overwritten in the file and its log. At the next call
 * the peer, who has not forgotten, is warned of a mismatch. May be called from any thread.
 *
 * Returns: whether that was done
 */
gboolean
zrtp_sqlite_cache_forget (ZrtpCache *cache, const guint8 *local_zid, const guint8 peer_zid[ZRTP_ZID_LEN],
    GError **error)
{
  if (!change_peer ((ZrtpCacheDb *) cache, local_zid, peer_zid, NULL, NULL, error))
    return FALSE;
  zrtp_cache_db_scrub_log ((ZrtpCacheDb *) cache);
  return TRUE;
}

/**
 * zrtp_sqlite_cache_check:
 * @cache: a cache
 * @n_peers: (out) (optional): how many peers it knows
 * @error: a #GError of #ZRTP_CACHE_DB_ERROR
 *
 * Checks the whole file: SQLite's structures, and each entry against its digest. Changes nothing. May be
 * called from any thread.
 *
 * Returns: whether the file is whole
 */
gboolean
zrtp_sqlite_cache_check (ZrtpCache *cache, guint *n_peers, GError **error)
{
  ZrtpCacheDb *self = (ZrtpCacheDb *) cache;
  gboolean good;
  guint version;

  if (!zrtp_cache_db_usable (self, error))
    return FALSE;
  g_mutex_lock (&self->reader.lock);
  good = zrtp_cache_db_validate (&self->reader, self->schema, TRUE, &version, error)
      && zrtp_cache_db_check_rows (&self->reader, n_peers, error);
  g_mutex_unlock (&self->reader.lock);
  return good;
}
