/* gstzrtpenums.h: the enumerations of properties and messages.
 *
 * Each value's name and nick are the same string, and messages carry that string.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/zrtp/gstzrtp-prelude.h>

G_BEGIN_DECLS

/**
 * GstZrtpState:
 * @GST_ZRTP_STATE_IDLE: `idle`: not started
 * @GST_ZRTP_STATE_DISCOVERING: `discovering`: asking whether the peer speaks ZRTP
 * @GST_ZRTP_STATE_NO_PEER: `no-peer`: nobody answered; a peer that comes later is still served
 * @GST_ZRTP_STATE_CLEAR: `clear`: the peer speaks ZRTP, but no keys are being agreed on
 * @GST_ZRTP_STATE_SECURING: `securing`: the key agreement is running
 * @GST_ZRTP_STATE_SECURE: `secure`: media is encrypted
 * @GST_ZRTP_STATE_CLEARING: `clearing`: on the way back to clear, as both sides agreed
 * @GST_ZRTP_STATE_FAILED: `failed`: the key agreement failed
 *
 * What one media stream is doing.
 *
 * Since: 0.1
 */
typedef enum
{
  GST_ZRTP_STATE_IDLE,
  GST_ZRTP_STATE_DISCOVERING,
  GST_ZRTP_STATE_NO_PEER,
  GST_ZRTP_STATE_CLEAR,
  GST_ZRTP_STATE_SECURING,
  GST_ZRTP_STATE_SECURE,
  GST_ZRTP_STATE_CLEARING,
  GST_ZRTP_STATE_FAILED
} GstZrtpState;

/**
 * GstZrtpSecurity:
 * @GST_ZRTP_SECURITY_NONE: `none`: media is not encrypted
 * @GST_ZRTP_SECURITY_INSECURE: `insecure`: encrypted, but the peer is not who it was in earlier calls, or the user
 *   found that the authentication strings differ
 * @GST_ZRTP_SECURITY_UNVERIFIED: `unverified`: encrypted; nobody has compared the authentication strings yet
 * @GST_ZRTP_SECURITY_VERIFIED: `verified`: the users have compared the authentication strings, now or in an
 *   earlier call, or the application has accepted the peer's signature
 * @GST_ZRTP_SECURITY_VERIFIED_SIGNALLED: `verified-signalled`: verified, and the hash in the signalling, which is secure,
 *   matched
 *
 * How far a user interface may trust a stream, from worst to best.
 *
 * Since: 0.1
 */
typedef enum
{
  GST_ZRTP_SECURITY_NONE,
  GST_ZRTP_SECURITY_INSECURE,
  GST_ZRTP_SECURITY_UNVERIFIED,
  GST_ZRTP_SECURITY_VERIFIED,
  GST_ZRTP_SECURITY_VERIFIED_SIGNALLED
} GstZrtpSecurity;

/**
 * GstZrtpMediaPolicy:
 * @GST_ZRTP_MEDIA_POLICY_OPPORTUNISTIC: `opportunistic`: clear media flows until the call is secure, and never after, on
 *   any stream and over restarts, unless both sides agree to go clear or gst_zrtp_session_new_call() says that the call is over
 * @GST_ZRTP_MEDIA_POLICY_SECURE_ONLY: `secure-only`: no clear media leaves or enters, ever
 *
 * What may flow while a stream is not secure.
 *
 * Since: 0.1
 */
typedef enum
{
  GST_ZRTP_MEDIA_POLICY_OPPORTUNISTIC,
  GST_ZRTP_MEDIA_POLICY_SECURE_ONLY
} GstZrtpMediaPolicy;

#define GST_TYPE_ZRTP_STATE (gst_zrtp_state_get_type ())
GST_ZRTP_API
GType gst_zrtp_state_get_type (void);

#define GST_TYPE_ZRTP_SECURITY (gst_zrtp_security_get_type ())
GST_ZRTP_API
GType gst_zrtp_security_get_type (void);

#define GST_TYPE_ZRTP_MEDIA_POLICY (gst_zrtp_media_policy_get_type ())
GST_ZRTP_API
GType gst_zrtp_media_policy_get_type (void);

GST_ZRTP_API
const gchar *gst_zrtp_state_to_string (GstZrtpState state);

GST_ZRTP_API
const gchar *gst_zrtp_security_to_string (GstZrtpSecurity security);

G_END_DECLS
