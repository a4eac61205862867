/* rtpcaps.h: RTP and RTCP caps under their plain and their SRTP names.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* A copy under the plain name (application/x-rtp) or the SRTP name (application/x-srtp), without the fields of srtpenc. */
GstCaps *gst_zrtp_caps_to_plain (GstCaps * caps);
GstCaps *gst_zrtp_caps_to_secure (GstCaps * caps);

/* Answers a caps query on pad: what is possible behind other, the pad at the other side of the element, under both names as
 * far as pad's template has them. */
gboolean gst_zrtp_caps_query (GstPad * pad, GstPad * other, GstQuery * query);

G_END_DECLS
