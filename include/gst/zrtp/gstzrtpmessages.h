/* gstzrtpmessages.h: reading the messages that a session's elements post on the bus.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/zrtp/gstzrtp-prelude.h>
#include <gst/zrtp/gstzrtpenums.h>

G_BEGIN_DECLS

#define GST_ZRTP_MESSAGE_STATE "zrtp-state"
#define GST_ZRTP_MESSAGE_SAS "zrtp-sas"
#define GST_ZRTP_MESSAGE_WARNING "zrtp-warning"
#define GST_ZRTP_MESSAGE_ERROR "zrtp-error"
#define GST_ZRTP_MESSAGE_ENROLLMENT "zrtp-enrollment"
#define GST_ZRTP_MESSAGE_SIGNATURE "zrtp-signature"

GST_ZRTP_API
gboolean gst_zrtp_message_is (GstMessage * message);

GST_ZRTP_API
gboolean gst_zrtp_message_parse (GstMessage * message, const gchar ** session_id, guint * stream,
    const gchar ** text);

GST_ZRTP_API
gboolean gst_zrtp_message_parse_state (GstMessage * message, GstZrtpState * old_state, GstZrtpState * state,
    GstZrtpSecurity * security);

GST_ZRTP_API
gboolean gst_zrtp_message_parse_sas (GstMessage * message, const gchar ** sas, const gchar ** sas_type,
    GstZrtpSecurity * security, gboolean * verified);

GST_ZRTP_API
gboolean gst_zrtp_message_parse_warning (GstMessage * message, const gchar ** code, const gchar ** text);

GST_ZRTP_API
gboolean gst_zrtp_message_parse_error (GstMessage * message, guint * code, const gchar ** name, gboolean * remote);

GST_ZRTP_API
gboolean gst_zrtp_message_parse_enrollment (GstMessage * message, const gchar ** status);

GST_ZRTP_API
gboolean gst_zrtp_message_parse_signature (GstMessage * message, const gchar ** sas_hash,
    const gchar ** signature);

G_END_DECLS
