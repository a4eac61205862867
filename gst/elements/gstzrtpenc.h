/* gstzrtpenc.h: the element that sends.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gst/elements/common.h"

G_BEGIN_DECLS

#define GST_TYPE_ZRTP_ENC (gst_zrtp_enc_get_type ())
G_DECLARE_FINAL_TYPE (GstZrtpEnc, gst_zrtp_enc, GST, ZRTP_ENC, GstElement)

GST_ELEMENT_REGISTER_DECLARE (zrtpenc);

G_END_DECLS
