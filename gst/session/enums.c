/* enums.c: GTypes of the enumerations; each value's name is its nick.
 *
 * So gst-validate, which compares properties by name, and the pictures of pipelines use the same words as the messages.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/zrtp/gstzrtpenums.h>

static const GEnumValue states[] = {
  { GST_ZRTP_STATE_IDLE, "idle", "idle" },
  { GST_ZRTP_STATE_DISCOVERING, "discovering", "discovering" },
  { GST_ZRTP_STATE_NO_PEER, "no-peer", "no-peer" },
  { GST_ZRTP_STATE_CLEAR, "clear", "clear" },
  { GST_ZRTP_STATE_SECURING, "securing", "securing" },
  { GST_ZRTP_STATE_SECURE, "secure", "secure" },
  { GST_ZRTP_STATE_CLEARING, "clearing", "clearing" },
  { GST_ZRTP_STATE_FAILED, "failed", "failed" },
  { 0, NULL, NULL },
};

static const GEnumValue securities[] = {
  { GST_ZRTP_SECURITY_NONE, "none", "none" },
  { GST_ZRTP_SECURITY_INSECURE, "insecure", "insecure" },
  { GST_ZRTP_SECURITY_UNVERIFIED, "unverified", "unverified" },
  { GST_ZRTP_SECURITY_VERIFIED, "verified", "verified" },
  { GST_ZRTP_SECURITY_VERIFIED_SIGNALLED, "verified-signalled", "verified-signalled" },
  { 0, NULL, NULL },
};

static const GEnumValue policies[] = {
  { GST_ZRTP_MEDIA_POLICY_OPPORTUNISTIC, "opportunistic", "opportunistic" },
  { GST_ZRTP_MEDIA_POLICY_SECURE_ONLY, "secure-only", "secure-only" },
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
