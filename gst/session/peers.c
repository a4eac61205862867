/* peers.c: the peers that the cache remembers, for the user to look through and put right.
 *
 * These functions open the cache's file for themselves, which costs little while a session has it open, so they need no run and
 * wait for no call. A table in memory they find where the session has it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"
#include "ext/nettle/nettle.h"

#include <gio/gio.h>
#include <string.h>

/**
 * gst_zrtp_peer_copy:
 * @peer: a #GstZrtpPeer
 *
 * Copies a record. Any thread.
 *
 * Returns: (transfer full): the copy; free it with gst_zrtp_peer_free()
 *
 * Since: 0.1
 */
GstZrtpPeer *
gst_zrtp_peer_copy (const GstZrtpPeer *peer)
{
  GstZrtpPeer *copy;

  g_return_val_if_fail (peer != NULL, NULL);

  copy = g_memdup2 (peer, sizeof *peer);
  copy->zid = g_strdup (peer->zid);
  copy->name = g_strdup (peer->name);
  return copy;
}

/**
 * gst_zrtp_peer_free:
 * @peer: (transfer full): a #GstZrtpPeer
 *
 * Frees a record. Any thread.
 *
 * Since: 0.1
 */
void
gst_zrtp_peer_free (GstZrtpPeer *peer)
{
  g_return_if_fail (peer != NULL);

  g_free (peer->zid);
  g_free (peer->name);
  g_free (peer);
}

G_DEFINE_BOXED_TYPE (GstZrtpPeer, gst_zrtp_peer, gst_zrtp_peer_copy, gst_zrtp_peer_free)

/* Where the session remembers its peers: in a file, or in memory, where the table is NULL as long as there is none. */
typedef struct
{
  GstZrtpSession *session;
  gboolean in_memory;
  ZrtpCache *file, *table;
  guint8 local_zid[ZRTP_ZID_LEN];
} Book;

/* FALSE: error is set, and there is nothing to close. */
static gboolean
open_book (GstZrtpSession *self, Book *book, GError **error)
{
  gchar *setting;
  gboolean have_zid;

  memset (book, 0, sizeof *book);
  book->session = self;
  GST_OBJECT_LOCK (self);
  setting = g_strdup (self->settings.cache);
  have_zid = self->settings.zid != NULL && gst_zrtp_parse_zid (self->settings.zid, book->local_zid);
  GST_OBJECT_UNLOCK (self);
  book->in_memory = g_strcmp0 (setting, "memory") == 0;
  if (book->in_memory) {
    /* The session's own table may go when its cache is set anew: this keeps it until the book is closed. */
    g_rec_mutex_lock (&self->engine_lock);
    book->table = gst_zrtp_cache_get_table (&self->cache, have_zid);
    if (!have_zid)
      memcpy (book->local_zid, self->zid, ZRTP_ZID_LEN);
  } else if (!gst_zrtp_cache_is_file (setting))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "Session %s remembers no peers: cache is %s", self->id, setting);
  else
    book->file = zrtp_sqlite_cache_open (setting, error);
  g_free (setting);
  if (book->file != NULL && !have_zid
      && !zrtp_sqlite_cache_get_zid (book->file, zrtp_random_default (), book->local_zid, error)) {
    zrtp_sqlite_cache_close (book->file);
    book->file = NULL;
  }
  return book->in_memory || book->file != NULL;
}

static void
close_book (Book *book)
{
  if (book->in_memory)
    g_rec_mutex_unlock (&book->session->engine_lock);
  else
    zrtp_sqlite_cache_close (book->file);
}

static gboolean
parse_peer_zid (const gchar *text, guint8 zid[ZRTP_ZID_LEN], GError **error)
{
  if (gst_zrtp_parse_zid (text, zid))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "'%.40s' is not a ZID: %d hexadecimal digits", text,
      2 * ZRTP_ZID_LEN);
  return FALSE;
}

static GstZrtpPeer *
make_peer (const ZrtpCachePeer *from)
{
  GstZrtpPeer *peer = g_new0 (GstZrtpPeer, 1);

  peer->zid = gst_zrtp_hex (from->peer_zid, ZRTP_ZID_LEN);
  peer->name = g_strdup (from->name);
  peer->verified = from->verified;
  peer->has_secret = from->has_rs1;
  peer->enrolled = from->has_pbxsecret;
  peer->first_use = from->first_use;
  peer->last_use = from->last_use;
  peer->expiry = from->expiry;
  return peer;
}

static GstZrtpPeer *
make_peer_in_memory (const ZrtpMemoryCacheEntry *from)
{
  GstZrtpPeer *peer = g_new0 (GstZrtpPeer, 1);

  peer->zid = gst_zrtp_hex (from->peer_zid, ZRTP_ZID_LEN);
  peer->name = g_strdup (from->entry.name);
  peer->verified = from->entry.verified && from->entry.has_rs1;
  peer->has_secret = from->entry.has_rs1;
  peer->enrolled = from->entry.has_pbxsecret;
  peer->first_use = from->first_use;
  peer->last_use = from->last_use;
  peer->expiry = from->expires;
  return peer;
}

static void
list_file (Book *book, GPtrArray *peers, GArray *rows)
{
  guint i;

  for (i = 0; i < rows->len; i++) {
    const ZrtpCachePeer *row = &g_array_index (rows, ZrtpCachePeer, i);

    if (memcmp (row->local_zid, book->local_zid, ZRTP_ZID_LEN) == 0)
      g_ptr_array_add (peers, make_peer (row));
  }
}

static void
list_table (Book *book, GPtrArray *peers)
{
  GArray *entries = zrtp_memory_cache_list (book->table, book->local_zid);
  guint i;

  for (i = 0; i < entries->len; i++)
    g_ptr_array_add (peers, make_peer_in_memory (&g_array_index (entries, ZrtpMemoryCacheEntry, i)));
  g_array_unref (entries);
}

/**
 * gst_zrtp_session_list_peers:
 * @session: a #GstZrtpSession
 * @error: why there is no list: among others, the session's `cache` is `none` (%G_IO_ERROR_NOT_SUPPORTED)
 *
 * The peers that the session's `cache` remembers for this end's ZID: its file, or the memory of the process or session. Any
 * thread but a streaming thread, as it reads a file.
 *
 * Returns: (transfer container) (element-type GstZrtpPeer): the peers; the array frees them
 *
 * Since: 0.1
 */
GPtrArray *
gst_zrtp_session_list_peers (GstZrtpSession *session, GError **error)
{
  GPtrArray *peers = NULL;
  GArray *rows = NULL;
  Book book;

  g_return_val_if_fail (GST_IS_ZRTP_SESSION (session), NULL);

  if (!open_book (session, &book, error))
    return NULL;
  if (book.in_memory || (rows = zrtp_sqlite_cache_list (book.file, error)) != NULL)
    peers = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_zrtp_peer_free);
  if (rows != NULL) {
    list_file (&book, peers, rows);
    g_array_unref (rows);
  } else if (book.table != NULL)
    list_table (&book, peers);
  close_book (&book);
  return peers;
}

static gboolean
rename_in_file (Book *book, const guint8 peer_zid[ZRTP_ZID_LEN], const gchar *name, GError **error)
{
  ZrtpCachePeer peer;

  if (!zrtp_sqlite_cache_get_peer (book->file, book->local_zid, peer_zid, &peer, error))
    return FALSE;
  if (strcmp (peer.name, name) == 0)
    return TRUE;
  /* V first: in between the peer is unverified rather than verified under a name that nobody has checked. */
  return (!peer.verified || !zrtp_cache_db_is_name (name)
             || zrtp_sqlite_cache_unverify (book->file, book->local_zid, peer_zid, error))
      && zrtp_sqlite_cache_rename (book->file, book->local_zid, peer_zid, name, error);
}

static void
set_name (ZrtpCacheEntry *entry, gconstpointer name)
{
  if (strcmp (entry->name, name) == 0)
    return;
  entry->verified = FALSE;
  g_strlcpy (entry->name, name, sizeof entry->name);
}

static void
clear_verified (ZrtpCacheEntry *entry, gconstpointer unused)
{
  entry->verified = FALSE;
}

static gboolean
change_in_memory (Book *book, const gchar *zid, const guint8 peer_zid[ZRTP_ZID_LEN],
    void (*change) (ZrtpCacheEntry *entry, gconstpointer data), const gchar *name, GError **error)
{
  if (book->table != NULL && zrtp_memory_cache_change (book->table, book->local_zid, peer_zid, change, name))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "Session %s knows no peer %s", book->session->id, zid);
  return FALSE;
}

/**
 * gst_zrtp_session_rename_peer:
 * @session: a #GstZrtpSession
 * @zid: the peer's ZID
 * @name: the user's name for it, up to 63 octets of printable UTF-8; empty to take it away
 * @error: why not
 *
 * Gives a remembered peer another name. As nobody compares anything here, the peer is not verified under the new name until
 * the users compare the authentication string once more. In a call with it set `peer-name` and answer with
 * gst_zrtp_session_sas_match() instead. Any thread but a streaming thread, as it writes a file.
 *
 * Returns: whether that was done
 *
 * Since: 0.1
 */
gboolean
gst_zrtp_session_rename_peer (GstZrtpSession *session, const gchar *zid, const gchar *name, GError **error)
{
  guint8 peer_zid[ZRTP_ZID_LEN];
  gboolean done;
  Book book;

  g_return_val_if_fail (GST_IS_ZRTP_SESSION (session), FALSE);
  g_return_val_if_fail (zid != NULL && name != NULL, FALSE);

  if (!parse_peer_zid (zid, peer_zid, error) || !open_book (session, &book, error))
    return FALSE;
  if (!book.in_memory)
    done = rename_in_file (&book, peer_zid, name, error);
  else if (zrtp_cache_db_is_name (name))
    done = change_in_memory (&book, zid, peer_zid, set_name, name, error);
  else {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "A name is up to 63 octets of printable UTF-8");
    done = FALSE;
  }
  close_book (&book);
  return done;
}

typedef gboolean (*Change) (ZrtpCache *cache, const guint8 *local_zid, const guint8 peer_zid[ZRTP_ZID_LEN],
    GError **error);

static gboolean
change_peer (GstZrtpSession *self, const gchar *zid, Change in_file,
    void (*in_memory) (ZrtpCacheEntry *entry, gconstpointer data), GError **error)
{
  guint8 peer_zid[ZRTP_ZID_LEN];
  gboolean done;
  Book book;

  if (!parse_peer_zid (zid, peer_zid, error) || !open_book (self, &book, error))
    return FALSE;
  done = book.in_memory ? change_in_memory (&book, zid, peer_zid, in_memory, NULL, error)
      : in_file (book.file, book.local_zid, peer_zid, error);
  close_book (&book);
  return done;
}

/**
 * gst_zrtp_session_unverify_peer:
 * @session: a #GstZrtpSession
 * @zid: the peer's ZID
 * @error: why not
 *
 * Takes back that the users have compared the authentication string with this peer; its secrets stay. Any thread but a
 * streaming thread, as it writes a file.
 *
 * Returns: whether that was done
 *
 * Since: 0.1
 */
gboolean
gst_zrtp_session_unverify_peer (GstZrtpSession *session, const gchar *zid, GError **error)
{
  g_return_val_if_fail (GST_IS_ZRTP_SESSION (session), FALSE);
  g_return_val_if_fail (zid != NULL, FALSE);

  return change_peer (session, zid, zrtp_sqlite_cache_unverify, clear_verified, error);
}

/**
 * gst_zrtp_session_forget_peer:
 * @session: a #GstZrtpSession
 * @zid: the peer's ZID
 * @error: why not
 *
 * Forgets a peer with all its secrets: the next call with it is a first one. Not to be used in a call with it, which could
 * remember it anew. Any thread but a streaming thread, as it writes a file.
 *
 * Returns: whether that was done
 *
 * Since: 0.1
 */
gboolean
gst_zrtp_session_forget_peer (GstZrtpSession *session, const gchar *zid, GError **error)
{
  g_return_val_if_fail (GST_IS_ZRTP_SESSION (session), FALSE);
  g_return_val_if_fail (zid != NULL, FALSE);

  return change_peer (session, zid, zrtp_sqlite_cache_forget, NULL, error);
}
