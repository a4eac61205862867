/* cache_private.h: what the files of this room, and its tests, share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <sqlite3.h>
#include <sys/types.h>

#include "ext/sqlite/cache_db.h"

G_BEGIN_DECLS

/* In octets 68 to 71 of the file: "ZRTP". */
#define ZRTP_CACHE_DB_APPLICATION_ID 0x5a525450

/* How long a call waits for another process that writes. */
#define ZRTP_CACHE_DB_BUSY_USEC (5 * G_USEC_PER_SEC)

/* SQL that brings a file from version i (its place in the table) to i + 1. */
typedef struct
{
  const gchar *const *steps;
  guint n_steps;                /* the newest version */
} ZrtpCacheDbSchema;

extern const ZrtpCacheDbSchema zrtp_cache_db_schema;

typedef enum
{
  ZRTP_CACHE_DB_BEGIN,
  ZRTP_CACHE_DB_COMMIT,
  ZRTP_CACHE_DB_ROLLBACK,
  ZRTP_CACHE_DB_GET_FILE,
  ZRTP_CACHE_DB_SET_FILE,
  ZRTP_CACHE_DB_GET_PEER,
  ZRTP_CACHE_DB_GET_PEERS,
  ZRTP_CACHE_DB_SET_PEER,
  ZRTP_CACHE_DB_DELETE_PEER,
  ZRTP_CACHE_DB_N_STATEMENTS
} ZrtpCacheDbStatement;

/* SQLite lets one thread at a time use a connection: hold lock. */
typedef struct
{
  GMutex lock;
  const gchar *path;            /* of the cache */
  sqlite3 *db;
  sqlite3_stmt *statements[ZRTP_CACHE_DB_N_STATEMENTS];
  gint64 busy_since;
} ZrtpCacheDbConnection;

/* One for each file that a process has open, however often: POSIX drops a process's locks on a file as
 * soon as any of its descriptors is closed. Lookups have a connection of their own, so that they do not
 * wait for another call's fsync. */
typedef struct
{
  ZrtpCache interface;
  guint refs;                   /* under the registry's lock */
  pid_t pid;
  gchar *path;                  /* absolute, its folder without symbolic links */
  dev_t device;
  ino_t inode;
  const ZrtpCacheDbSchema *schema;
  ZrtpCacheDbConnection reader, writer;
  gint64 next_purge;            /* under the writer's lock */
  gint64 (*now) (gpointer user_data);
  gpointer now_data;
  GMutex error_lock;
  gchar *last_error;
} ZrtpCacheDb;

/* A row of table peer. */
typedef struct
{
  guint8 local_zid[ZRTP_ZID_LEN];
  guint8 peer_zid[ZRTP_ZID_LEN];
  ZrtpCacheEntry entry;         /* expiry_interval is not used */
  gint64 rs1_expiry, rs2_expiry;
  gint64 first_use, last_use;
} ZrtpCacheDbRow;

/* The row of table file. */
typedef struct
{
  gboolean has_zid;
  guint8 zid[ZRTP_ZID_LEN];
  gint64 latest;                /* the latest time that the clock has shown, give or take some seconds */
} ZrtpCacheDbFile;

typedef enum
{
  ZRTP_CACHE_DB_FAILED = -1,    /* error is set */
  ZRTP_CACHE_DB_ABSENT,
  ZRTP_CACHE_DB_FOUND
} ZrtpCacheDbResult;

/* ---- registry.c: one ZrtpCacheDb for each file ---- */

ZrtpCache *zrtp_cache_db_open_full (const gchar * path, const ZrtpCacheDbSchema * schema, GError ** error);
gboolean zrtp_cache_db_in_place (const ZrtpCacheDb * self);
/* For tests: another source of seconds since 1970. */
void zrtp_cache_db_set_clock (ZrtpCache * cache, gint64 (*now) (gpointer user_data), gpointer user_data);

/* ---- file.c: what is at a path ---- */

gchar *zrtp_cache_db_resolve (const gchar * path, GError ** error);
ZrtpCacheDbResult zrtp_cache_db_check_file (const gchar * path, guint newest, GError ** error);
gboolean zrtp_cache_db_create_file (const gchar * path, gconstpointer image, gsize len, GError ** error);
gboolean zrtp_cache_db_write_private (const gchar * path, gconstpointer data, gsize len, GError ** error);

/* ---- connection.c: SQLite, with errors that people understand ---- */

gboolean zrtp_cache_db_connect (ZrtpCacheDbConnection * self, const gchar * path, GError ** error);
gboolean zrtp_cache_db_set_up (ZrtpCacheDbConnection * self, GError ** error);
void zrtp_cache_db_disconnect (ZrtpCacheDbConnection * self);
void zrtp_cache_db_keep_hands_off (ZrtpCacheDbConnection * self, gboolean off);
void zrtp_cache_db_sqlite_error (ZrtpCacheDbConnection * self, gint code, GError ** error);
void zrtp_cache_db_fail (GError ** error, const gchar * path, ZrtpCacheDbError code, const gchar * format, ...)
    G_GNUC_PRINTF (4, 5);
void zrtp_cache_db_foreign (const gchar * path, GError ** error);
void zrtp_cache_db_newer (const gchar * path, gint64 version, guint newest, GError ** error);
void zrtp_cache_db_damaged (const gchar * path, const gchar * what, GError ** error);
sqlite3_stmt *zrtp_cache_db_statement (ZrtpCacheDbConnection * self, ZrtpCacheDbStatement id, GError ** error);
gint zrtp_cache_db_step (ZrtpCacheDbConnection * self, sqlite3_stmt * statement, GError ** error);
void zrtp_cache_db_done (sqlite3_stmt * statement);
gboolean zrtp_cache_db_execute (ZrtpCacheDbConnection * self, const gchar * sql, GError ** error);
gboolean zrtp_cache_db_run (ZrtpCacheDbConnection * self, ZrtpCacheDbStatement id, GError ** error);
gboolean zrtp_cache_db_get_number (ZrtpCacheDbConnection * self, const gchar * sql, gint64 * number,
    GError ** error);

/* ---- schema.c: tables, their versions, and whether a file is whole ---- */

guint8 *zrtp_cache_db_new_image (const ZrtpCacheDbSchema * schema, gint64 now, gsize * len, GError ** error);
gboolean zrtp_cache_db_validate (ZrtpCacheDbConnection * self, const ZrtpCacheDbSchema * schema,
    gboolean thorough, guint * version, GError ** error);
gboolean zrtp_cache_db_migrate (ZrtpCacheDbConnection * self, const ZrtpCacheDbSchema * schema,
    GError ** error);
gboolean zrtp_cache_db_check_rows (ZrtpCacheDbConnection * self, guint * n_peers, GError ** error);

/* ---- row.c: rows, each under a digest ---- */

ZrtpCacheDbResult zrtp_cache_db_read_file (ZrtpCacheDbConnection * self, ZrtpCacheDbFile * file,
    GError ** error);
gboolean zrtp_cache_db_write_file (ZrtpCacheDbConnection * self, const ZrtpCacheDbFile * file, GError ** error);
ZrtpCacheDbResult zrtp_cache_db_read_peer (ZrtpCacheDbConnection * self, const guint8 * local_zid,
    const guint8 * peer_zid, ZrtpCacheDbRow * row, GError ** error);
GArray *zrtp_cache_db_read_peers (ZrtpCacheDbConnection * self, GError ** error);
gboolean zrtp_cache_db_write_peer (ZrtpCacheDbConnection * self, const ZrtpCacheDbRow * row, GError ** error);
gboolean zrtp_cache_db_delete_peer (ZrtpCacheDbConnection * self, const guint8 * local_zid,
    const guint8 * peer_zid, GError ** error);
void zrtp_cache_db_copy_name (gchar name[64], const gchar * text, gssize len);

/* ---- cache.c: transactions, lookup and store ---- */

void zrtp_cache_db_init_interface (ZrtpCacheDb * self);
gboolean zrtp_cache_db_usable (ZrtpCacheDb * self, GError ** error);
gboolean zrtp_cache_db_begin (ZrtpCacheDb * self, gint64 * now, GError ** error);
gboolean zrtp_cache_db_end (ZrtpCacheDb * self, gboolean good, GError ** error);
void zrtp_cache_db_scrub_log (ZrtpCacheDb * self);

/* ---- expiry.c: times of secrets ---- */

gboolean zrtp_cache_db_expire (ZrtpCacheDbRow * row, gint64 now);
gboolean zrtp_cache_db_is_empty (const ZrtpCacheDbRow * row);
void zrtp_cache_db_set_expiry (ZrtpCacheDbRow * row, const ZrtpCacheDbRow * before, guint32 interval,
    gint64 now);
guint32 zrtp_cache_db_remaining (const ZrtpCacheDbRow * row, gint64 now);
gboolean zrtp_cache_db_clock_is_back (gint64 latest, gint64 now);
gboolean zrtp_cache_db_keep_time (ZrtpCacheDbConnection * writer, gint64 now, GError ** error);
gboolean zrtp_cache_db_purge (ZrtpCacheDbConnection * writer, gint64 now, GError ** error);

G_END_DECLS
