/* cachefile.c: which cache of retained secrets a session uses: a file, a table in memory, or none.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"
#include "ext/nettle/nettle.h"

#include <string.h>

static gint64
wall_seconds (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static ZrtpCache *
new_table (void)
{
  ZrtpCache *table = zrtp_memory_cache_new ();

  zrtp_memory_cache_set_clock (table, wall_seconds);
  return table;
}

/* One table for all sessions with a ZID of the application's. A ZID drawn for one session is of no use after it, so its
 * secrets are not kept here. */
static ZrtpCache *
shared_table (void)
{
  static gsize cache = 0;

  if (g_once_init_enter (&cache))
    g_once_init_leave (&cache, (gsize) new_table ());
  return (ZrtpCache *) cache;
}

ZrtpCache *
gst_zrtp_cache_get_table (GstZrtpCache *self, gboolean shared)
{
  return shared ? shared_table () : self->own_table;
}

gboolean
gst_zrtp_cache_is_file (const gchar *setting)
{
  return setting == NULL || (strcmp (setting, "memory") != 0 && strcmp (setting, "none") != 0);
}

void
gst_zrtp_cache_close (GstZrtpCache *self)
{
  if (self->is_file)
    zrtp_sqlite_cache_close (self->target);
  else
    zrtp_memory_cache_free (self->own_table);
  g_free (self->setting);
  zrtp_wipe (self, sizeof *self);
}

static gboolean
open_file (GstZrtpCache *self, GError **error)
{
  self->target = zrtp_sqlite_cache_open (self->setting, error);
  if (self->target == NULL)
    return FALSE;
  self->is_file = TRUE;
  return zrtp_sqlite_cache_get_zid (self->target, zrtp_random_default (), self->zid, error);
}

gboolean
gst_zrtp_cache_open (GstZrtpCache *self, const gchar *setting, gboolean shared, GError **error)
{
  gboolean memory = g_strcmp0 (setting, "memory") == 0;

  /* A file is opened for each run: the one of the last may have been put away since. */
  if (memory && self->own_table != NULL) {
    self->target = gst_zrtp_cache_get_table (self, shared);
    return TRUE;
  }
  gst_zrtp_cache_close (self);
  self->setting = g_strdup (setting);
  if (memory) {
    self->own_table = new_table ();
    self->target = gst_zrtp_cache_get_table (self, shared);
  } else if (gst_zrtp_cache_is_file (setting) && !open_file (self, error)) {
    gst_zrtp_cache_close (self);
    return FALSE;
  }
  return TRUE;
}

gchar *
gst_zrtp_cache_dup_trouble (GstZrtpCache *self)
{
  return self->is_file ? zrtp_sqlite_cache_dup_last_error (self->target) : NULL;
}

static gboolean
table_knows_name (ZrtpCache *table, const guint8 local_zid[ZRTP_ZID_LEN], const gchar *name)
{
  GArray *entries = zrtp_memory_cache_list (table, local_zid);
  gboolean known = FALSE;
  guint i;

  for (i = 0; i < entries->len && !known; i++)
    known = strcmp (g_array_index (entries, ZrtpMemoryCacheEntry, i).entry.name, name) == 0;
  g_array_unref (entries);
  return known;
}

gboolean
gst_zrtp_cache_knows_name (GstZrtpCache *self, const guint8 local_zid[ZRTP_ZID_LEN], const gchar *name)
{
  GArray *peers;
  gboolean known = FALSE;
  guint i;

  if (!self->is_file)
    return self->target != NULL && table_knows_name (self->target, local_zid, name);
  peers = zrtp_sqlite_cache_list (self->target, NULL);
  for (i = 0; peers != NULL && i < peers->len && !known; i++) {
    const ZrtpCachePeer *peer = &g_array_index (peers, ZrtpCachePeer, i);

    known = memcmp (peer->local_zid, local_zid, ZRTP_ZID_LEN) == 0 && strcmp (peer->name, name) == 0;
  }
  if (peers != NULL)
    g_array_unref (peers);
  return known;
}
