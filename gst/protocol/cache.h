/* cache.h: what the protocol remembers of a peer between calls, as an interface.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define ZRTP_ZID_LEN 12
#define ZRTP_RETAINED_LEN 32

/* What is known of one peer ZID (Z-4.3-1, Z-4.9-12). */
typedef struct
{
  gboolean has_rs1, has_rs2, has_pbxsecret;
  guint8 rs1[ZRTP_RETAINED_LEN];
  guint8 rs2[ZRTP_RETAINED_LEN];
  guint8 pbxsecret[ZRTP_RETAINED_LEN];
  /* FALSE while rs1 was stored on a Conf2ACK alone: the next update then keeps rs2, the last secret that
   * the peer is known to have (attack C5). */
  gboolean rs1_confirmed;
  gboolean verified;            /* the user compared the SAS in an earlier call */
  guint32 preshared_run;        /* Preshared calls since the last DH exchange */
  guint32 expiry_interval;      /* seconds from now; 0xffffffff: never */
  gchar name[64];               /* given by the local user, UTF-8; empty if none */
  /* Set by lookup alone: the cache could not be read, so "no entry" means nothing. The user is told, and nothing is stored
   * over what may be there (attack D7). */
  gboolean unreadable;
} ZrtpCacheEntry;

/* Called by the association from whatever thread drives it; a shared table does its own locking. */
typedef struct _ZrtpCache ZrtpCache;
struct _ZrtpCache
{
  /* FALSE: no entry; *entry is then all zero. */
  gboolean (*lookup) (ZrtpCache * self, const guint8 local_zid[ZRTP_ZID_LEN],
      const guint8 peer_zid[ZRTP_ZID_LEN], ZrtpCacheEntry * entry);
  /* Creates or replaces the entry in one atomic step (Z-4.6.1-10). FALSE: it could not be kept. */
  gboolean (*store) (ZrtpCache * self, const guint8 local_zid[ZRTP_ZID_LEN],
      const guint8 peer_zid[ZRTP_ZID_LEN], const ZrtpCacheEntry * entry);
};

/* A table in memory, thread safe. Free it after the associations that use it; NULL is allowed. */
ZrtpCache *zrtp_memory_cache_new (void);
/* Wall clock in seconds by which its entries expire; without one they do not. */
void zrtp_memory_cache_set_clock (ZrtpCache * cache, gint64 (*wall_seconds) (void));
void zrtp_memory_cache_free (ZrtpCache * cache);

/* An entry as it is kept there. Times are seconds of the wall clock; G_MAXINT64 never comes. */
typedef struct
{
  guint8 peer_zid[ZRTP_ZID_LEN];
  ZrtpCacheEntry entry;
  gint64 first_use, last_use, expires;
} ZrtpMemoryCacheEntry;

/* What is kept for this own ZID, ordered by peer ZID: an array of ZrtpMemoryCacheEntry, which say whether there are secrets that
 * have not expired, but do not have them. */
GArray *zrtp_memory_cache_list (ZrtpCache * cache, const guint8 local_zid[ZRTP_ZID_LEN]);
/* Changes an entry in one step, or forgets it if change is NULL. FALSE: there is none. */
gboolean zrtp_memory_cache_change (ZrtpCache * cache, const guint8 local_zid[ZRTP_ZID_LEN],
    const guint8 peer_zid[ZRTP_ZID_LEN], void (*change) (ZrtpCacheEntry * entry, gconstpointer data), gconstpointer data);

G_END_DECLS
