/* replay.c: runs a fuzz target over files and folders, for compilers without libFuzzer and as an ordinary test.
 *
 * Usage: replay-TARGET FILE-OR-FOLDER...
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include <stdio.h>

static guint
run (const gchar * path)
{
  GError *error = NULL;
  gchar *data;
  gsize len;
  guint n = 0;

  if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
    GDir *folder = g_dir_open (path, 0, &error);
    const gchar *name;

    if (!folder)
      g_error ("%s", error->message);
    while ((name = g_dir_read_name (folder))) {
      gchar *inner = g_build_filename (path, name, NULL);

      n += run (inner);
      g_free (inner);
    }
    g_dir_close (folder);
    return n;
  }
  if (!g_file_get_contents (path, &data, &len, &error))
    g_error ("%s", error->message);
  LLVMFuzzerTestOneInput ((const guint8 *) data, len);
  g_free (data);
  return 1;
}

int
main (int argc, char **argv)
{
  guint n = 0;

  for (int i = 1; i < argc; i++)
    n += run (argv[i]);
  printf ("%u inputs\n", n);
  return n == 0;
}
