/* plugin.c: the zrtp plugin.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/elements/gstzrtpalert.h"
#include "gst/elements/gstzrtpdec.h"
#include "gst/elements/gstzrtpenc.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  gboolean registered = GST_ELEMENT_REGISTER (zrtpenc, plugin);

  registered = GST_ELEMENT_REGISTER (zrtpdec, plugin) && registered;
  return GST_ELEMENT_REGISTER (zrtpalert, plugin) && registered;
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, zrtp, "Media encryption with ZRTP (RFC 6189)", plugin_init,
    PACKAGE_VERSION, "LGPL", "gst-zrtp", "https://www.rfc-editor.org/rfc/rfc6189")
