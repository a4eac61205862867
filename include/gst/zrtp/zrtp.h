/* zrtp.h: everything that an application includes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/zrtp/gstzrtp-prelude.h>
#include <gst/zrtp/gstzrtpenums.h>
#include <gst/zrtp/gstzrtpmessages.h>
#include <gst/zrtp/gstzrtpsession.h>
#include <gst/zrtp/gstzrtppeer.h>
#include <gst/zrtp/gstzrtpseed.h>
