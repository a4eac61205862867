/* gstzrtpdec.h: the element that receives.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gst/elements/common.h"

G_BEGIN_DECLS

#define GST_TYPE_ZRTP_DEC (gst_zrtp_dec_get_type ())
G_DECLARE_FINAL_TYPE (GstZrtpDec, gst_zrtp_dec, GST, ZRTP_DEC, GstElement)

GST_ELEMENT_REGISTER_DECLARE (zrtpdec);

G_END_DECLS
