/* late.h: media that was encrypted, and arrives when the call has gone clear.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>
#include "ext/srtp2/srtp.h"

G_BEGIN_DECLS

#define GST_ZRTP_LATE_SSRCS 8

/* What came last under keys that are gone. All zero: there were none. */
typedef struct
{
  guint left;                   /* packets that are still looked at */
  guint n;
  ZrtpSrtpSequence last[GST_ZRTP_LATE_SSRCS];
} GstZrtpLate;

/* The keys are about to go; NULL: there are none. */
void gst_zrtp_late_begin (GstZrtpLate * self, ZrtpSrtp * srtp);
/* Whether a packet, which would pass as it is, was encrypted with them. */
gboolean gst_zrtp_late_is_encrypted (GstZrtpLate * self, GstBuffer * packet, gboolean rtcp);

G_END_DECLS
