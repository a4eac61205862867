/* gstzrtpsdp.h: a=zrtp-hash in session descriptions. Needs gstreamer-sdp-1.0; not included by zrtp.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/sdp/sdp.h>
#include <gst/zrtp/gstzrtp-prelude.h>

G_BEGIN_DECLS

GST_ZRTP_API
gboolean gst_zrtp_sdp_media_add_zrtp_hash (GstSDPMedia * media, const gchar * value);

GST_ZRTP_API
gchar *gst_zrtp_sdp_media_get_zrtp_hash (const GstSDPMedia * media);

G_END_DECLS
