/* describe-properties.c: a tool of the build: writes each property's blurb as the comment that g-ir-scanner reads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/zrtp/zrtp.h>

int
main (int argc, char **argv)
{
  GObjectClass *klass;
  GParamSpec **properties;
  guint i, n;

  /* No plugin is needed, and none looked for, at build time. */
  g_setenv ("GST_REGISTRY_DISABLE", "yes", TRUE);
  gst_init (NULL, NULL);
  klass = g_type_class_ref (GST_TYPE_ZRTP_SESSION);
  properties = g_object_class_list_properties (klass, &n);
  g_print ("/* Made by describe-properties from the blurbs of the properties. */\n");
  for (i = 0; i < n; i++) {
    if (properties[i]->owner_type == GST_TYPE_ZRTP_SESSION)
      g_print ("\n/**\n * GstZrtpSession:%s:\n *\n * %s.\n *\n * Since: 0.1\n */\n", properties[i]->name,
          g_param_spec_get_blurb (properties[i]));
  }
  g_free (properties);
  g_type_class_unref (klass);
  return 0;
}
