/* enums.c: GTypes of the enumerations; each value's name is what gst-inspect-1.0 says of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/zrtp/gstzrtpenums.h>

static const GEnumValue states[] = {
  { GST_ZRTP_STATE_IDLE, "Nothing has begun", "idle" },
  { GST_ZRTP_STATE_DISCOVERING, "Asking whether the other side speaks ZRTP", "discovering" },
  { GST_ZRTP_STATE_NO_PEER, "The other side does not answer with ZRTP", "no-peer" },
  { GST_ZRTP_STATE_CLEAR, "The other side speaks ZRTP; the call is not encrypted", "clear" },
  { GST_ZRTP_STATE_SECURING, "Agreeing on keys; no media flows", "securing" },
  { GST_ZRTP_STATE_SECURE, "Encrypted", "secure" },
  { GST_ZRTP_STATE_CLEARING, "Encryption is being switched off; nothing is sent", "clearing" },
  { GST_ZRTP_STATE_FAILED, "The key agreement failed", "failed" },
  { 0, NULL, NULL },
};

static const GEnumValue securities[] = {
  { GST_ZRTP_SECURITY_NONE, "Not encrypted", "none" },
  { GST_ZRTP_SECURITY_INSECURE, "Encrypted, but maybe for somebody else", "insecure" },
  { GST_ZRTP_SECURITY_UNVERIFIED, "Encrypted; the users have not compared the string", "unverified" },
  { GST_ZRTP_SECURITY_VERIFIED, "Encrypted, partner verified", "verified" },
  { GST_ZRTP_SECURITY_VERIFIED_SIGNALLED, "Encrypted, partner verified, also by the signalling", "verified-signalled" },
  { 0, NULL, NULL },
};

static const GEnumValue policies[] = {
  { GST_ZRTP_MEDIA_POLICY_OPPORTUNISTIC, "Clear media may flow until the call is secure", "opportunistic" },
  { GST_ZRTP_MEDIA_POLICY_SECURE_ONLY, "Nothing is sent or played unless it is encrypted", "secure-only" },
  { 0, NULL, NULL },
};

#define DEFINE_ENUM(Name, name, values)                                                                      \
  GType gst_zrtp_##name##_get_type (void)                                                                     \
  {                                                                                                           \
    static gsize type = 0;                                                                                    \
                                                                                                              \
    if (g_once_init_enter (&type))                                                                            \
      g_once_init_leave (&type, g_enum_register_static ("GstZrtp" #Name, values));                            \
    return type;                                                                                              \
  }

DEFINE_ENUM (State, state, states)
DEFINE_ENUM (Security, security, securities)
DEFINE_ENUM (MediaPolicy, media_policy, policies)

/**
 * gst_zrtp_state_to_string:
 * @state: a #GstZrtpState
 *
 * What messages call a state. Any thread.
 *
 * Returns: (transfer none): the name that messages use, or "unknown". Static
 *
 * Since: 0.1
 */
const gchar *
gst_zrtp_state_to_string (GstZrtpState state)
{
  return (guint) state < G_N_ELEMENTS (states) - 1 ? states[state].value_nick : "unknown";
}

/**
 * gst_zrtp_security_to_string:
 * @security: a #GstZrtpSecurity
 *
 * What messages call a level of security. Any thread.
 *
 * Returns: (transfer none): the name that messages use, or "unknown". Static
 *
 * Since: 0.1
 */
const gchar *
gst_zrtp_security_to_string (GstZrtpSecurity security)
{
  return (guint) security < G_N_ELEMENTS (securities) - 1 ? securities[security].value_nick : "unknown";
}
