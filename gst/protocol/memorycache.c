/* memorycache.c: retained secrets in a table in memory.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "ext/crypto.h"
#include "gst/protocol/cache.h"

typedef struct
{
  ZrtpCache interface;
  GMutex lock;
  GHashTable *entries;          /* own ZID and peer ZID together (Z-4.9-11) -> ZrtpCacheEntry */
} MemoryCache;

#define KEY_LEN (2 * ZRTP_ZID_LEN)

static guint
key_hash (gconstpointer key)
{
  const guint8 *octets = key;
  guint hash = 0;

  /* ZIDs are random: any few octets of both make a good hash. */
  for (guint i = 0; i < 4; i++)
    hash = (hash << 8) | (octets[i] ^ octets[ZRTP_ZID_LEN + i]);
  return hash;
}

static gboolean
key_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, KEY_LEN) == 0;
}

static void
entry_free (gpointer entry)
{
  zrtp_wipe (entry, sizeof (ZrtpCacheEntry));
  g_free (entry);
}

static void
make_key (const guint8 * local_zid, const guint8 * peer_zid, guint8 key[KEY_LEN])
{
  memcpy (key, local_zid, ZRTP_ZID_LEN);
  memcpy (key + ZRTP_ZID_LEN, peer_zid, ZRTP_ZID_LEN);
}

static gboolean
memory_cache_lookup (ZrtpCache * cache, const guint8 local_zid[ZRTP_ZID_LEN],
    const guint8 peer_zid[ZRTP_ZID_LEN], ZrtpCacheEntry * entry)
{
  MemoryCache *self = (MemoryCache *) cache;
  guint8 key[KEY_LEN];
  const ZrtpCacheEntry *found;

  make_key (local_zid, peer_zid, key);
  g_mutex_lock (&self->lock);
  found = g_hash_table_lookup (self->entries, key);
  if (found)
    *entry = *found;
  else
    memset (entry, 0, sizeof *entry);
  g_mutex_unlock (&self->lock);
  return found != NULL;
}

static gboolean
memory_cache_store (ZrtpCache * cache, const guint8 local_zid[ZRTP_ZID_LEN],
    const guint8 peer_zid[ZRTP_ZID_LEN], const ZrtpCacheEntry * entry)
{
  MemoryCache *self = (MemoryCache *) cache;
  guint8 *key = g_malloc (KEY_LEN);

  make_key (local_zid, peer_zid, key);
  g_mutex_lock (&self->lock);
  g_hash_table_replace (self->entries, key, g_memdup2 (entry, sizeof *entry));
  g_mutex_unlock (&self->lock);
  return TRUE;
}

ZrtpCache *
zrtp_memory_cache_new (void)
{
  MemoryCache *self = g_new0 (MemoryCache, 1);

  self->interface.lookup = memory_cache_lookup;
  self->interface.store = memory_cache_store;
  g_mutex_init (&self->lock);
  self->entries = g_hash_table_new_full (key_hash, key_equal, g_free, entry_free);
  return &self->interface;
}

void
zrtp_memory_cache_free (ZrtpCache * cache)
{
  MemoryCache *self = (MemoryCache *) cache;

  if (!self)
    return;
  g_hash_table_unref (self->entries);
  g_mutex_clear (&self->lock);
  g_free (self);
}
