/* testcache.c: a ZrtpCache for tests that counts and can fail.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "testcache.h"

#include <string.h>

static GBytes *
make_key (const guint8 * local_zid, const guint8 * peer_zid)
{
  guint8 key[2 * ZRTP_ZID_LEN];

  memcpy (key, local_zid, ZRTP_ZID_LEN);
  memcpy (key + ZRTP_ZID_LEN, peer_zid, ZRTP_ZID_LEN);
  return g_bytes_new (key, sizeof key);
}

const ZrtpCacheEntry *
test_cache_get (TestCache * cache, const guint8 local_zid[ZRTP_ZID_LEN], const guint8 peer_zid[ZRTP_ZID_LEN])
{
  GBytes *key = make_key (local_zid, peer_zid);
  const ZrtpCacheEntry *entry = g_hash_table_lookup (cache->entries, key);

  g_bytes_unref (key);
  return entry;
}

void
test_cache_put (TestCache * cache, const guint8 local_zid[ZRTP_ZID_LEN], const guint8 peer_zid[ZRTP_ZID_LEN],
    const ZrtpCacheEntry * entry)
{
  g_hash_table_replace (cache->entries, make_key (local_zid, peer_zid), g_memdup2 (entry, sizeof *entry));
}

static gboolean
test_cache_lookup (ZrtpCache * parent, const guint8 * local_zid, const guint8 * peer_zid, ZrtpCacheEntry * entry)
{
  TestCache *self = (TestCache *) parent;
  const ZrtpCacheEntry *found = test_cache_get (self, local_zid, peer_zid);

  self->lookups++;
  memset (entry, 0, sizeof *entry);
  if (!found)
    return FALSE;
  *entry = *found;
  return TRUE;
}

static gboolean
test_cache_store (ZrtpCache * parent, const guint8 * local_zid, const guint8 * peer_zid, const ZrtpCacheEntry * entry)
{
  TestCache *self = (TestCache *) parent;

  if (self->broken)
    return FALSE;
  self->stores++;
  test_cache_put (self, local_zid, peer_zid, entry);
  return TRUE;
}

void
test_cache_init (TestCache * cache)
{
  memset (cache, 0, sizeof *cache);
  cache->parent.lookup = test_cache_lookup;
  cache->parent.store = test_cache_store;
  cache->entries = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, g_free);
}

void
test_cache_clear (TestCache * cache)
{
  g_clear_pointer (&cache->entries, g_hash_table_unref);
}
