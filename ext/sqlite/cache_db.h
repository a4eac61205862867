/* cache_db.h: the cache of retained secrets in an SQLite file, and what people do with its entries.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ext/crypto.h"
#include "gst/protocol/cache.h"

G_BEGIN_DECLS

/* An expiry that never comes. */
#define ZRTP_CACHE_DB_NEVER G_MAXINT64

#define ZRTP_CACHE_DB_ERROR (zrtp_cache_db_error_quark ())
GQuark zrtp_cache_db_error_quark (void);

/* Every message names the file and says what to do. */
typedef enum
{
  ZRTP_CACHE_DB_ERROR_UNREADABLE,       /* absent, no permission, an I/O error */
  ZRTP_CACHE_DB_ERROR_UNSAFE,           /* a symbolic link, or others could have written it */
  ZRTP_CACHE_DB_ERROR_FOREIGN,          /* not a cache of gst-zrtp */
  ZRTP_CACHE_DB_ERROR_NEWER,            /* written by a newer gst-zrtp */
  ZRTP_CACHE_DB_ERROR_DAMAGED,
  ZRTP_CACHE_DB_ERROR_BUSY,             /* another process kept it locked for too long */
  ZRTP_CACHE_DB_ERROR_WRITE,            /* the disk is full, or an I/O error */
  ZRTP_CACHE_DB_ERROR_REPLACED,         /* the file was removed or replaced while open */
  ZRTP_CACHE_DB_ERROR_FORKED,           /* opened by the parent of this process */
  ZRTP_CACHE_DB_ERROR_NOT_FOUND,        /* no such peer */
  ZRTP_CACHE_DB_ERROR_INVALID,          /* a name or a text to import that cannot be taken */
  ZRTP_CACHE_DB_ERROR_NO_RANDOM         /* no randomness for a ZID */
} ZrtpCacheDbError;

/* What may be shown of an entry: no secrets. Times are seconds since 1970, UTC. */
typedef struct
{
  guint8 local_zid[ZRTP_ZID_LEN];
  guint8 peer_zid[ZRTP_ZID_LEN];
  gchar name[64];
  gboolean verified;
  gboolean has_rs1, has_rs2, has_pbxsecret;
  gboolean rs1_confirmed;
  gint64 expiry;                /* of the retained secrets; ZRTP_CACHE_DB_NEVER */
  gint64 first_use, last_use;
} ZrtpCachePeer;

/* ---- Life ---- */

gchar *zrtp_sqlite_cache_default_path (void);
ZrtpCache *zrtp_sqlite_cache_open (const gchar * path, GError ** error);
void zrtp_sqlite_cache_close (ZrtpCache * cache);
const gchar *zrtp_sqlite_cache_get_path (ZrtpCache * cache);
gchar *zrtp_sqlite_cache_dup_last_error (ZrtpCache * cache);

/* ---- Own ZID ---- */

gboolean zrtp_sqlite_cache_get_zid (ZrtpCache * cache, ZrtpRandom * random, guint8 zid[ZRTP_ZID_LEN],
    GError ** error);

/* ---- Peers. local_zid may be NULL where a file has one own ZID only ---- */

GArray *zrtp_sqlite_cache_list (ZrtpCache * cache, GError ** error);
gboolean zrtp_sqlite_cache_get_peer (ZrtpCache * cache, const guint8 * local_zid,
    const guint8 peer_zid[ZRTP_ZID_LEN], ZrtpCachePeer * peer, GError ** error);
/* Up to 63 octets of printable UTF-8, or empty. */
gboolean zrtp_cache_db_is_name (const gchar * name);
gboolean zrtp_sqlite_cache_rename (ZrtpCache * cache, const guint8 * local_zid,
    const guint8 peer_zid[ZRTP_ZID_LEN], const gchar * name, GError ** error);
gboolean zrtp_sqlite_cache_unverify (ZrtpCache * cache, const guint8 * local_zid,
    const guint8 peer_zid[ZRTP_ZID_LEN], GError ** error);
gboolean zrtp_sqlite_cache_remove_pbxsecret (ZrtpCache * cache, const guint8 * local_zid,
    const guint8 peer_zid[ZRTP_ZID_LEN], GError ** error);
gboolean zrtp_sqlite_cache_forget (ZrtpCache * cache, const guint8 * local_zid,
    const guint8 peer_zid[ZRTP_ZID_LEN], GError ** error);

/* ---- The file as a whole ---- */

gboolean zrtp_sqlite_cache_check (ZrtpCache * cache, guint * n_peers, GError ** error);
gchar *zrtp_sqlite_cache_to_text (ZrtpCache * cache, gboolean with_secrets, gsize * len, GError ** error);
gboolean zrtp_sqlite_cache_from_text (ZrtpCache * cache, const gchar * text, gsize len, gboolean replace,
    guint * n_taken, guint * n_kept, GError ** error);
gboolean zrtp_sqlite_cache_export (ZrtpCache * cache, const gchar * path, gboolean with_secrets,
    GError ** error);
gboolean zrtp_sqlite_cache_import (ZrtpCache * cache, const gchar * path, gboolean replace, guint * n_taken,
    guint * n_kept, GError ** error);

G_END_DECLS
