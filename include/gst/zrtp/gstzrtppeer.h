/* gstzrtppeer.h: what is remembered of a peer, and what a user does with it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/zrtp/gstzrtpsession.h>

G_BEGIN_DECLS

typedef struct _GstZrtpPeer GstZrtpPeer;

/**
 * GstZrtpPeer:
 * @zid: the peer's ZID, 24 hexadecimal digits
 * @name: the user's name for it, or an empty string
 * @verified: the users have compared the authentication string in an earlier call
 * @has_secret: there is a secret shared with it, which has not expired
 * @enrolled: it is a PBX that the user trusts, or a phone that trusts this one
 * @first_use: time of the first call, in seconds since 1970, UTC
 * @last_use: time of the last call, likewise
 * @expiry: when the secret expires, likewise; %G_MAXINT64: never
 *
 * What the cache remembers of a peer. It holds no secrets.
 *
 * Since: 0.1
 */
struct _GstZrtpPeer
{
  gchar *zid;
  gchar *name;
  gboolean verified;
  gboolean has_secret;
  gboolean enrolled;
  gint64 first_use;
  gint64 last_use;
  gint64 expiry;
};

#define GST_TYPE_ZRTP_PEER (gst_zrtp_peer_get_type ())
GST_ZRTP_API
GType gst_zrtp_peer_get_type (void);

GST_ZRTP_API
GstZrtpPeer *gst_zrtp_peer_copy (const GstZrtpPeer * peer);

GST_ZRTP_API
void gst_zrtp_peer_free (GstZrtpPeer * peer);

GST_ZRTP_API
GPtrArray *gst_zrtp_session_list_peers (GstZrtpSession * session, GError ** error);

GST_ZRTP_API
gboolean gst_zrtp_session_rename_peer (GstZrtpSession * session, const gchar * zid, const gchar * name,
    GError ** error);

GST_ZRTP_API
gboolean gst_zrtp_session_unverify_peer (GstZrtpSession * session, const gchar * zid, GError ** error);

GST_ZRTP_API
gboolean gst_zrtp_session_forget_peer (GstZrtpSession * session, const gchar * zid, GError ** error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstZrtpPeer, gst_zrtp_peer_free)

G_END_DECLS
