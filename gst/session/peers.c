/* peers.c: the peers that the cache's file remembers, for the user to look through and put right.
 *
 * These functions open the file for themselves, which costs little while a session has it open, so they need no run and wait for
 * no call.
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

/* The session's file and its own ZID there. NULL: error is set. */
static ZrtpCache *
open_file (GstZrtpSession *self, guint8 local_zid[ZRTP_ZID_LEN], GError **error)
{
  gchar *setting;
  gboolean have_zid;
  ZrtpCache *cache = NULL;

  GST_OBJECT_LOCK (self);
  setting = g_strdup (self->settings.cache);
  have_zid = self->settings.zid != NULL && gst_zrtp_parse_zid (self->settings.zid, local_zid);
  GST_OBJECT_UNLOCK (self);
  if (!gst_zrtp_cache_is_file (setting))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "Session %s remembers its peers in no file: cache is %s",
        self->id, setting);
  else
    cache = zrtp_sqlite_cache_open (setting, error);
  g_free (setting);
  if (cache != NULL && !have_zid && !zrtp_sqlite_cache_get_zid (cache, zrtp_random_default (), local_zid, error)) {
    zrtp_sqlite_cache_close (cache);
    cache = NULL;
  }
  return cache;
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

/**
 * gst_zrtp_session_list_peers:
 * @session: a #GstZrtpSession
 * @error: why there is no list: among others, the session's `cache` is no file (%G_IO_ERROR_NOT_SUPPORTED)
 *
 * The peers that the session's `cache` file remembers for this end's ZID. Any thread but a streaming thread, as it reads a file.
 *
 * Returns: (transfer container) (element-type GstZrtpPeer): the peers; the array frees them
 *
 * Since: 0.1
 */
GPtrArray *
gst_zrtp_session_list_peers (GstZrtpSession *session, GError **error)
{
  guint8 local_zid[ZRTP_ZID_LEN];
  GPtrArray *peers = NULL;
  ZrtpCache *cache;
  GArray *rows;
  guint i;

  g_return_val_if_fail (GST_IS_ZRTP_SESSION (session), NULL);

  cache = open_file (session, local_zid, error);
  if (cache == NULL)
    return NULL;
  rows = zrtp_sqlite_cache_list (cache, error);
  if (rows != NULL) {
    peers = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_zrtp_peer_free);
    for (i = 0; i < rows->len; i++) {
      const ZrtpCachePeer *row = &g_array_index (rows, ZrtpCachePeer, i);

      if (memcmp (row->local_zid, local_zid, ZRTP_ZID_LEN) == 0)
        g_ptr_array_add (peers, make_peer (row));
    }
    g_array_unref (rows);
  }
  zrtp_sqlite_cache_close (cache);
  return peers;
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
  guint8 local_zid[ZRTP_ZID_LEN], peer_zid[ZRTP_ZID_LEN];
  ZrtpCachePeer peer;
  ZrtpCache *cache;
  gboolean done;

  g_return_val_if_fail (GST_IS_ZRTP_SESSION (session), FALSE);
  g_return_val_if_fail (zid != NULL && name != NULL, FALSE);

  if (!parse_peer_zid (zid, peer_zid, error) || (cache = open_file (session, local_zid, error)) == NULL)
    return FALSE;
  /* V first: in between the peer is unverified rather than verified under a name that nobody has checked. */
  done = zrtp_sqlite_cache_get_peer (cache, local_zid, peer_zid, &peer, error);
  if (done && strcmp (peer.name, name) != 0)
    done = (!peer.verified || !g_utf8_validate (name, -1, NULL) || strlen (name) > 63
               || zrtp_sqlite_cache_unverify (cache, local_zid, peer_zid, error))
        && zrtp_sqlite_cache_rename (cache, local_zid, peer_zid, name, error);
  zrtp_sqlite_cache_close (cache);
  return done;
}

typedef gboolean (*Change) (ZrtpCache *cache, const guint8 *local_zid, const guint8 peer_zid[ZRTP_ZID_LEN],
    GError **error);

static gboolean
change_peer (GstZrtpSession *self, const gchar *zid, Change change, GError **error)
{
  guint8 local_zid[ZRTP_ZID_LEN], peer_zid[ZRTP_ZID_LEN];
  ZrtpCache *cache;
  gboolean done;

  if (!parse_peer_zid (zid, peer_zid, error) || (cache = open_file (self, local_zid, error)) == NULL)
    return FALSE;
  done = change (cache, local_zid, peer_zid, error);
  zrtp_sqlite_cache_close (cache);
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

  return change_peer (session, zid, zrtp_sqlite_cache_unverify, error);
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

  return change_peer (session, zid, zrtp_sqlite_cache_forget, error);
}
