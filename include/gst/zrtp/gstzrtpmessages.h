/* gstzrtpmessages.h: reading the messages that a session's elements post on the bus.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/zrtp/gstzrtp-prelude.h>
#include <gst/zrtp/gstzrtpenums.h>

G_BEGIN_DECLS

/**
 * GST_ZRTP_MESSAGE_STATE:
 *
 * Name of the message's structure: a media stream does something else now. Read by gst_zrtp_message_parse_state().
 *
 * Since: 0.1
 */
#define GST_ZRTP_MESSAGE_STATE "zrtp-state"

/**
 * GST_ZRTP_MESSAGE_SAS:
 *
 * Name of the message's structure: the short authentication string that users compare. Read by gst_zrtp_message_parse_sas().
 *
 * Since: 0.1
 */
#define GST_ZRTP_MESSAGE_SAS "zrtp-sas"

/**
 * GST_ZRTP_MESSAGE_WARNING:
 *
 * Name of the message's structure: what a person should know though the call goes on. Read by gst_zrtp_message_parse_warning().
 *
 * Since: 0.1
 */
#define GST_ZRTP_MESSAGE_WARNING "zrtp-warning"

/**
 * GST_ZRTP_MESSAGE_ERROR:
 *
 * Name of the message's structure: the key agreement failed, or a peer was refused. Read by gst_zrtp_message_parse_error().
 *
 * Since: 0.1
 */
#define GST_ZRTP_MESSAGE_ERROR "zrtp-error"

/**
 * GST_ZRTP_MESSAGE_ENROLLMENT:
 *
 * Name of the message's structure: a telephone system asks to be trusted, or is. Read by
 * gst_zrtp_message_parse_enrollment().
 *
 * Since: 0.1
 */
#define GST_ZRTP_MESSAGE_ENROLLMENT "zrtp-enrollment"

/**
 * GST_ZRTP_MESSAGE_SIGNATURE:
 *
 * Name of the message's structure: the peer has signed the authentication string. Read by
 * gst_zrtp_message_parse_signature().
 *
 * Since: 0.1
 */
#define GST_ZRTP_MESSAGE_SIGNATURE "zrtp-signature"

/**
 * GST_ZRTP_MESSAGE_ALERT:
 *
 * Name of the message's structure: a tone figure of `zrtpalert` begins or ends. Read by gst_zrtp_message_parse_alert().
 *
 * Since: 0.1
 */
#define GST_ZRTP_MESSAGE_ALERT "zrtp-alert"

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

GST_ZRTP_API
gboolean gst_zrtp_message_parse_alert (GstMessage * message, const gchar ** alert, gboolean * sounding);

G_END_DECLS
