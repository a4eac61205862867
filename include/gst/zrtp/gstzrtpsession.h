/* gstzrtpsession.h: one endpoint of one call, shared by the elements that carry its media.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/zrtp/gstzrtp-prelude.h>
#include <gst/zrtp/gstzrtpenums.h>

G_BEGIN_DECLS

#define GST_TYPE_ZRTP_SESSION (gst_zrtp_session_get_type ())
GST_ZRTP_API
G_DECLARE_FINAL_TYPE (GstZrtpSession, gst_zrtp_session, GST, ZRTP_SESSION, GstObject)

/**
 * GST_ZRTP_SESSION_CONTEXT_TYPE:
 *
 * The type of the #GstContext by which the elements of one pipeline share a session. Its structure has a field
 * `session` with a #GstZrtpSession. An application may answer `GST_MESSAGE_NEED_CONTEXT` with one of its own:
 * gst_zrtp_session_make_context().
 *
 * Since: 0.1
 */
#define GST_ZRTP_SESSION_CONTEXT_TYPE "gst.zrtp.Session"

GST_ZRTP_API
GstZrtpSession *gst_zrtp_session_new (void);

GST_ZRTP_API
GstZrtpSession *gst_zrtp_session_obtain (const gchar * session_id);

GST_ZRTP_API
GstZrtpSession *gst_zrtp_session_find (const gchar * session_id);

GST_ZRTP_API
GstContext *gst_zrtp_session_make_context (GstZrtpSession * session, gboolean persistent);

GST_ZRTP_API
const gchar *gst_zrtp_session_get_id (GstZrtpSession * session);

GST_ZRTP_API
void gst_zrtp_session_secure (GstZrtpSession * session);

GST_ZRTP_API
void gst_zrtp_session_clear (GstZrtpSession * session);

GST_ZRTP_API
void gst_zrtp_session_accept_clear (GstZrtpSession * session);

GST_ZRTP_API
void gst_zrtp_session_sas_match (GstZrtpSession * session);

GST_ZRTP_API
void gst_zrtp_session_sas_differs (GstZrtpSession * session);

GST_ZRTP_API
void gst_zrtp_session_set_verified (GstZrtpSession * session, gboolean verified);

GST_ZRTP_API
gboolean gst_zrtp_session_new_call (GstZrtpSession * session);

GST_ZRTP_API
void gst_zrtp_session_set_aux_secret (GstZrtpSession * session, GBytes * secret);

GST_ZRTP_API
void gst_zrtp_session_set_srtp_secret (GstZrtpSession * session, GBytes * master_key, GBytes * master_salt);

GST_ZRTP_API
GBytes *gst_zrtp_session_get_exported_key (GstZrtpSession * session);

GST_ZRTP_API
GBytes *gst_zrtp_session_get_signature (GstZrtpSession * session);

GST_ZRTP_API
void gst_zrtp_session_accept_signature (GstZrtpSession * session);

GST_ZRTP_API
void gst_zrtp_session_set_enrolled (GstZrtpSession * session, gboolean enrolled);

GST_ZRTP_API
gboolean gst_zrtp_session_relay_sas (GstZrtpSession * session, GstZrtpSession * other);

GST_ZRTP_API
void gst_zrtp_session_add_entropy (GstZrtpSession * session, GBytes * bytes);

GST_ZRTP_API
GstZrtpState gst_zrtp_session_get_state (GstZrtpSession * session, guint stream);

GST_ZRTP_API
GstZrtpSecurity gst_zrtp_session_get_security (GstZrtpSession * session, guint stream);

GST_ZRTP_API
gchar *gst_zrtp_session_get_zrtp_hash (GstZrtpSession * session, guint stream);

GST_ZRTP_API
gboolean gst_zrtp_session_set_peer_zrtp_hash (GstZrtpSession * session, guint stream, const gchar * value);

GST_ZRTP_API
GstStructure *gst_zrtp_session_get_stats (GstZrtpSession * session);

G_END_DECLS
