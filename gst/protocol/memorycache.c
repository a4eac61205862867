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

typedef ZrtpMemoryCacheEntry Kept;

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

/* The secrets go with their time, what the user knows of the peer stays (Z-4.9-9). */
static void
copy_entry (MemoryCache * self, const Kept * kept, ZrtpCacheEntry * entry)
{
  memcpy (entry, &kept->entry, sizeof *entry);
  if (self->wall_seconds && self->wall_seconds () >= kept->expires) {
    entry->has_rs1 = entry->has_rs2 = FALSE;
    zrtp_wipe (entry->rs1, sizeof entry->rs1);
    zrtp_wipe (entry->rs2, sizeof entry->rs2);
  }
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
  if (found)
    copy_entry (self, found, entry);
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
  Kept *kept = g_new0 (Kept, 1);
  const Kept *before;

  memcpy (kept->peer_zid, peer_zid, ZRTP_ZID_LEN);
  memcpy (&kept->entry, entry, sizeof *entry);
  kept->expires = self->wall_seconds && entry->expiry_interval != G_MAXUINT32
      ? self->wall_seconds () + entry->expiry_interval : G_MAXINT64;
  kept->last_use = self->wall_seconds ? self->wall_seconds () : 0;
  make_key (local_zid, peer_zid, key);
  g_mutex_lock (&self->lock);
  before = g_hash_table_lookup (self->entries, key);
  kept->first_use = before ? before->first_use : kept->last_use;
  g_hash_table_replace (self->entries, key, kept);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static gint
compare_entries (gconstpointer a, gconstpointer b)
{
  return memcmp (((const Kept *) a)->peer_zid, ((const Kept *) b)->peer_zid, ZRTP_ZID_LEN);
}

GArray *
zrtp_memory_cache_list (ZrtpCache * cache, const guint8 local_zid[ZRTP_ZID_LEN])
{
  MemoryCache *self = (MemoryCache *) cache;
  GArray *list;
  GHashTableIter iter;
  gpointer key, value;

  g_mutex_lock (&self->lock);
  list = g_array_new (FALSE, FALSE, sizeof (Kept));
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    Kept copy;

    if (memcmp (key, local_zid, ZRTP_ZID_LEN) != 0)
      continue;
    copy = *(const Kept *) value;
    copy_entry (self, value, &copy.entry);
    /* Nobody wants them, and they would be left behind where the array grows and is sorted. */
    zrtp_wipe (copy.entry.rs1, sizeof copy.entry.rs1);
    zrtp_wipe (copy.entry.rs2, sizeof copy.entry.rs2);
    zrtp_wipe (copy.entry.pbxsecret, sizeof copy.entry.pbxsecret);
    g_array_append_val (list, copy);
  }
  g_mutex_unlock (&self->lock);
  g_array_sort (list, compare_entries);
  return list;
}

gboolean
zrtp_memory_cache_change (ZrtpCache * cache, const guint8 local_zid[ZRTP_ZID_LEN],
    const guint8 peer_zid[ZRTP_ZID_LEN], void (*change) (ZrtpCacheEntry * entry, gconstpointer data), gconstpointer data)
{
  MemoryCache *self = (MemoryCache *) cache;
  guint8 key[KEY_LEN];
  Kept *found;

  make_key (local_zid, peer_zid, key);
  g_mutex_lock (&self->lock);
  found = g_hash_table_lookup (self->entries, key);
  if (found && change)
    change (&found->entry, data);
  else if (found)
    g_hash_table_remove (self->entries, key);
  g_mutex_unlock (&self->lock);
  return found != NULL;
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
