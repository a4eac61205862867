/* rtpcaps.c: RTP and RTCP caps under their plain and their SRTP names.
 *
 * What goes by one socket is RTP first and SRTP later, so both names fit; pipelines built for srtpenc and srtpdec use the
 * SRTP names.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/elements/rtpcaps.h"

static const struct
{
  const gchar *plain, *secure;
} names[] = {
  { "application/x-rtp", "application/x-srtp" },
  { "application/x-rtcp", "application/x-srtcp" },
};

/* What srtpenc puts in caps for srtpdec; of no meaning here. */
static gboolean
is_srtp_field (const gchar *name)
{
  return g_str_has_prefix (name, "srtp-") || g_str_has_prefix (name, "srtcp-") || g_str_equal (name, "mki")
      || g_str_equal (name, "roc");
}

static void
remove_srtp_fields (GstStructure *structure)
{
  gint i;

  for (i = gst_structure_n_fields (structure) - 1; i >= 0; i--) {
    const gchar *name = gst_structure_nth_field_name (structure, i);

    if (is_srtp_field (name))
      gst_structure_remove_field (structure, name);
  }
}

static GstCaps *
rename_caps (GstCaps *caps, gboolean to_secure)
{
  GstCaps *renamed = gst_caps_copy (caps);
  guint i, j;

  for (i = 0; i < gst_caps_get_size (renamed); i++) {
    GstStructure *structure = gst_caps_get_structure (renamed, i);

    for (j = 0; j < G_N_ELEMENTS (names); j++) {
      if (gst_structure_has_name (structure, to_secure ? names[j].plain : names[j].secure)) {
        gst_structure_set_name (structure, to_secure ? names[j].secure : names[j].plain);
        remove_srtp_fields (structure);
        break;
      }
    }
  }
  return renamed;
}

GstCaps *
gst_zrtp_caps_to_plain (GstCaps *caps)
{
  return rename_caps (caps, FALSE);
}

GstCaps *
gst_zrtp_caps_to_secure (GstCaps *caps)
{
  return rename_caps (caps, TRUE);
}

gboolean
gst_zrtp_caps_query (GstPad *pad, GstPad *other, GstQuery *query)
{
  GstCaps *template = gst_pad_get_pad_template_caps (other), *own = gst_pad_get_pad_template_caps (pad);
  GstCaps *peer = gst_pad_peer_query_caps (other, template);
  GstCaps *plain = gst_zrtp_caps_to_plain (peer), *secure = gst_zrtp_caps_to_secure (peer);
  GstCaps *caps, *filter;

  secure = gst_caps_merge (plain, secure);
  caps = gst_caps_intersect_full (secure, own, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref (secure);
  gst_query_parse_caps (query, &filter);
  if (filter != NULL) {
    GstCaps *filtered = gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);

    gst_caps_unref (caps);
    caps = filtered;
  }
  gst_query_set_caps_result (query, caps);
  gst_caps_unref (caps);
  gst_caps_unref (peer);
  gst_caps_unref (own);
  gst_caps_unref (template);
  return TRUE;
}
