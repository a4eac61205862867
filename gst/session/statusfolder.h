/* statusfolder.h: where programs with ZRTP sessions have their status sockets: what status.c opens and zrtp-top looks for.
 *
 * A socket is called PID.sock, or PID-N.sock if that name is taken, as it can be where process numbers are not unique.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>
#include <string.h>

#define GST_ZRTP_STATUS_VARIABLE "GST_ZRTP_STATUS"
#define GST_ZRTP_STATUS_SUFFIX ".sock"

/* The folder that a value of the environment variable means: 1 for the default one, a path, or nothing for none. Free with
 * g_free. NULL and *problem, static: it means nothing; NULL and no problem: there shall be none. */
static inline gchar *
gst_zrtp_status_folder (const gchar *setting, const gchar **problem)
{
  *problem = NULL;
  if (setting == NULL || setting[0] == '\0' || strcmp (setting, "0") == 0)
    return NULL;
  if (strcmp (setting, "1") == 0)
    return g_build_filename (g_get_user_runtime_dir (), "gst-zrtp", NULL);
  if (g_path_is_absolute (setting))
    return g_canonicalize_filename (setting, NULL);     /* with a slash at its end a link would be followed */
  *problem = "it must be 1, or a folder's path from the root (/...)";
  return NULL;
}
