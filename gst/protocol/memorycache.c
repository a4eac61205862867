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
  GHashTable *entries;          /* own ZID and peer ZID together (Z-4.9-11) -> Kept */
  gint64 (*wall_seconds) (void);
} MemoryCache;

typedef struct
{
  ZrtpCacheEntry entry;
  gint64 expires;               /* in seconds of the wall clock, G_MAXINT64 for never */
} Kept;

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
  zrtp_wipe (entry, sizeof (Kept));
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
  const Kept *found;

  make_key (local_zid, peer_zid, key);
  g_mutex_lock (&self->lock);
  found = g_hash_table_lookup (self->entries, key);
  /* The secrets go with their time, what the user knows of the peer stays (Z-4.9-9). */
  if (found) {
    memcpy (entry, &found->entry, sizeof *entry);
    if (self->wall_seconds && self->wall_seconds () >= found->expires) {
      entry->has_rs1 = entry->has_rs2 = FALSE;
      zrtp_wipe (entry->rs1, sizeof entry->rs1);
      zrtp_wipe (entry->rs2, sizeof entry->rs2);
    }
  } else
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
  Kept *kept = g_new0 (Kept, 1);

  memcpy (&kept->entry, entry, sizeof *entry);
  kept->expires = self->wall_seconds && entry->expiry_interval != G_MAXUINT32
      ? self->wall_seconds () + entry->expiry_interval : G_MAXINT64;
  make_key (local_zid, peer_zid, key);
  g_mutex_lock (&self->lock);
  g_hash_table_replace (self->entries, key, kept);
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
zrtp_memory_cache_set_clock (ZrtpCache * cache, gint64 (*wall_seconds) (void))
{
  ((MemoryCache *) cache)->wall_seconds = wall_seconds;
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
