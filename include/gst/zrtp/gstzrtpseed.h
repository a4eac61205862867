/* gstzrtpseed.h: randomness from one start of a program to the next.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/zrtp/gstzrtp-prelude.h>

G_BEGIN_DECLS

GST_ZRTP_API
gboolean gst_zrtp_use_seed_file (const gchar * path, GError ** error);

G_END_DECLS
