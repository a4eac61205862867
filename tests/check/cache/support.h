/* support.h: what the tests of the cache share: folders, entries, files as octets, children.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <sqlite3.h>

#include "ext/sqlite/cache_private.h"

/* A folder of mode 0700 that goes, with all files in it, when the test ends. */
typedef struct
{
  gchar *folder;
  gchar *path;                  /* folder/cache.db, which does not exist yet */
} Place;

void place_set_up (Place *place, gconstpointer unused);
void place_tear_down (Place *place, gconstpointer unused);
#define add_test(path, function) g_test_add (path, Place, NULL, place_set_up, function, place_tear_down)

/* Secrets that tell from which entry and store they are: of store n are rs1 (n) and, if n > 1, rs2 = rs1
 * (n - 1). */
void make_secret (guint peer, guint n, guint8 secret[ZRTP_RETAINED_LEN]);
void make_zid (guint number, guint8 zid[ZRTP_ZID_LEN]);
void make_entry (guint peer, guint n, ZrtpCacheEntry *entry);
gboolean entry_is (const ZrtpCacheEntry *entry, guint peer, guint n);

/* With own ZID 0. */
gboolean store (ZrtpCache *cache, guint peer, guint n);
gboolean lookup (ZrtpCache *cache, guint peer, ZrtpCacheEntry *entry);

ZrtpCache *open_cache (const gchar *path);
void assert_refused (const gchar *path, gint code);
/* Makes a cache with some peers, entry n of each, and closes it. */
void fill_cache (const gchar *path, guint peers, guint n);

guint8 *read_octets (const gchar *path, gsize *len);
void write_octets (const gchar *path, gconstpointer data, gsize len);
guint get_mode (const gchar *path);
void run_sql (const gchar *path, const gchar *sql);
/* Whether the octets of needle are in the file; FALSE if there is no file. */
gboolean file_holds (const gchar *path, gconstpointer needle, gsize len);

/* Runs function in a child and gives what it returned, or -1 if a signal ended it. */
gint in_child (gint (*function) (gpointer user_data), gpointer user_data);
/* The same, as a user who is not root, if the test is: root may write everywhere. The folder becomes that
 * user's. */
gint in_child_as_user (Place *place, gint (*function) (gpointer user_data), gpointer user_data);
