/* gstzrtp-prelude.h: how the library's symbols are exported.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

#ifndef GST_ZRTP_API
#if defined (BUILDING_GST_ZRTP) && (defined (__GNUC__) || defined (__clang__))
#define GST_ZRTP_API extern __attribute__ ((visibility ("default")))
#else
#define GST_ZRTP_API extern
#endif
#endif
