/* expiry.c: how long secrets are kept, by a clock that may be set back.
 *
 * RFC 6189 4.9 lets a secret be deleted at any time after its interval, and never asks for it. Here an
 * expired one is gone at the next lookup or store of anything; an older secret never outlives a newer one.
 * Times are those of the wall clock, for they outlast the process; the file remembers the latest that it saw.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "ext/sqlite/cache_private.h"

#define FOREVER 0xffffffff      /* RFC 6189 4.9 */

/* Steps back that a clock does by itself, when the network corrects it. */
#define CLOCK_STEP 60
/* The latest time is written again when it has moved by this. */
#define LATEST_STEP 30

/* Drops what has expired from a row in memory (Z-4.9-9). TRUE: that was something. */
gboolean
zrtp_cache_db_expire (ZrtpCacheDbRow *row, gint64 now)
{
  ZrtpCacheEntry *entry = &row->entry;
  gboolean rs1 = entry->has_rs1 && row->rs1_expiry <= now;
  gboolean rs2 = entry->has_rs2 && (rs1 || row->rs2_expiry <= now);

  if (rs1) {
    entry->has_rs1 = FALSE;
    zrtp_wipe (entry->rs1, sizeof entry->rs1);
    /* What the user verified was a chain of secrets that ends here. */
    entry->verified = FALSE;
    entry->rs1_confirmed = FALSE;
  }
  if (rs2) {
    entry->has_rs2 = FALSE;
    zrtp_wipe (entry->rs2, sizeof entry->rs2);
  }
  return rs1 || rs2;
}

/* Whether nothing is left to remember. pbxsecret does not expire (Z-7.3.1-9), nor does a name given by the
 * user. */
gboolean
zrtp_cache_db_is_empty (const ZrtpCacheDbRow *row)
{
  const ZrtpCacheEntry *entry = &row->entry;

  return !entry->has_rs1 && !entry->has_rs2 && !entry->has_pbxsecret && entry->name[0] == '\0';
}

/* The expiry of a secret that was in the cache before; fallback if it was not. */
static gint64
known_expiry (const ZrtpCacheDbRow *before, const guint8 *secret, gint64 fallback)
{
  const ZrtpCacheEntry *entry = before != NULL ? &before->entry : NULL;

  if (entry != NULL && entry->has_rs1 && zrtp_equal (entry->rs1, secret, ZRTP_RETAINED_LEN))
    return before->rs1_expiry;
  if (entry != NULL && entry->has_rs2 && zrtp_equal (entry->rs2, secret, ZRTP_RETAINED_LEN))
    return before->rs2_expiry;
  return fallback;
}

/* Sets the times of a row that is about to replace before (NULL: there was none). interval counts from
 * when the secret was first stored (Z-4.9-5): storing it again, with a new name perhaps, does not prolong
 * its life. */
void
zrtp_cache_db_set_expiry (ZrtpCacheDbRow *row, const ZrtpCacheDbRow *before, guint32 interval, gint64 now)
{
  gint64 expiry = interval == FOREVER ? ZRTP_CACHE_DB_NEVER : now + interval;

  row->rs1_expiry = MIN (expiry, known_expiry (before, row->entry.rs1, expiry));
  row->rs2_expiry = MIN (row->rs1_expiry, known_expiry (before, row->entry.rs2, row->rs1_expiry));
}

/* Seconds left to the retained secrets. */
guint32
zrtp_cache_db_remaining (const ZrtpCacheDbRow *row, gint64 now)
{
  if (row->rs1_expiry == ZRTP_CACHE_DB_NEVER)
    return FOREVER;
  return CLAMP (row->rs1_expiry - now, 0, FOREVER - 1);
}

/* ---- The clock ---- */

gboolean
zrtp_cache_db_clock_is_back (gint64 latest, gint64 now)
{
  return now < latest - CLOCK_STEP;
}

/* Writes the rows that change tells to write; those left empty go. In a transaction of the caller's. */
static gboolean
rewrite_rows (ZrtpCacheDbConnection *writer, gboolean (*change) (ZrtpCacheDbRow *row, gint64 value),
    gint64 value, GError **error)
{
  GArray *rows = zrtp_cache_db_read_peers (writer, error);
  gboolean good = rows != NULL;

  for (guint i = 0; good && i < rows->len; i++) {
    ZrtpCacheDbRow *row = &g_array_index (rows, ZrtpCacheDbRow, i);

    if (!change (row, value))
      continue;
    if (zrtp_cache_db_is_empty (row))
      good = zrtp_cache_db_delete_peer (writer, row->local_zid, row->peer_zid, error);
    else
      good = zrtp_cache_db_write_peer (writer, row, error);
  }
  if (rows != NULL)
    g_array_unref (rows);
  return good;
}

static gboolean
shift_row (ZrtpCacheDbRow *row, gint64 step)
{
  gboolean changed = FALSE;

  if (row->rs1_expiry != ZRTP_CACHE_DB_NEVER) {
    row->rs1_expiry -= step;
    changed = TRUE;
  }
  if (row->rs2_expiry != ZRTP_CACHE_DB_NEVER) {
    row->rs2_expiry -= step;
    changed = TRUE;
  }
  return changed;
}

/* Remembers the time, in a transaction of the caller's. A clock that was set back takes all expiries with
 * it, so that what is left of each interval stays the same: secrets live no longer for it, and none is
 * lost (attack D9). */
gboolean
zrtp_cache_db_keep_time (ZrtpCacheDbConnection *writer, gint64 now, GError **error)
{
  ZrtpCacheDbFile file;

  if (zrtp_cache_db_read_file (writer, &file, error) != ZRTP_CACHE_DB_FOUND)
    return FALSE;
  if (zrtp_cache_db_clock_is_back (file.latest, now)) {
    if (!rewrite_rows (writer, shift_row, file.latest - now, error))
      return FALSE;
  } else if (now < file.latest + LATEST_STEP) {
    return TRUE;
  }
  file.latest = now;
  return zrtp_cache_db_write_file (writer, &file, error);
}

/* Deletes what has expired, in a transaction of the caller's. */
gboolean
zrtp_cache_db_purge (ZrtpCacheDbConnection *writer, gint64 now, GError **error)
{
  return rewrite_rows (writer, zrtp_cache_db_expire, now, error);
}
