/* testcache.h: a ZrtpCache for tests that counts and can fail.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gst/protocol/cache.h"

G_BEGIN_DECLS

typedef struct
{
  ZrtpCache parent;
  GHashTable *entries;          /* both ZIDs -> ZrtpCacheEntry */
  guint lookups, stores;
  gboolean broken;              /* store() fails */
} TestCache;

void test_cache_init (TestCache * cache);
void test_cache_clear (TestCache * cache);
void test_cache_put (TestCache * cache, const guint8 local_zid[ZRTP_ZID_LEN], const guint8 peer_zid[ZRTP_ZID_LEN],
    const ZrtpCacheEntry * entry);
/* NULL if there is none. */
const ZrtpCacheEntry *test_cache_get (TestCache * cache, const guint8 local_zid[ZRTP_ZID_LEN],
    const guint8 peer_zid[ZRTP_ZID_LEN]);

G_END_DECLS
