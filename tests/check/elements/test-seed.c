/* test-seed.c: the seed file: used once, renewed at once and at the end, never somebody else's.
 *
 * Run as "test-seed child PATH MIDDLE" it is a program that uses the file, copies it, and exits.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/check.h>
#include <gst/zrtp/zrtp.h>

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gchar *folder, *path;

static void
make_folder (void)
{
  folder = g_dir_make_tmp ("zrtp-seed-XXXXXX", NULL);
  path = g_build_filename (folder, "seed", NULL);
}

static void
remove_folder (void)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (dir)) != NULL) {
    gchar *file = g_build_filename (folder, name, NULL);

    g_remove (file);
    g_free (file);
  }
  g_dir_close (dir);
  g_rmdir (folder);
  g_free (folder);
  g_free (path);
}

static GBytes *
contents (const gchar *file)
{
  gchar *data;
  gsize len;

  fail_unless (g_file_get_contents (file, &data, &len, NULL));
  return g_bytes_new_take (data, len);
}

static void
check_new (const gchar *file, GBytes **last)
{
  GBytes *now = contents (file);
  struct stat status;

  fail_unless_equals_int (g_bytes_get_size (now), 64);
  fail_unless (g_stat (file, &status) == 0);
  fail_unless_equals_int_hex (status.st_mode & 07777, 0600);
  if (*last != NULL) {
    fail_if (g_bytes_equal (now, *last));
    g_bytes_unref (*last);
  }
  *last = now;
}

GST_START_TEST (test_renewed)
{
  GBytes *last = NULL;
  GError *error = NULL;
  guint i;

  for (i = 0; i < 3; i++) {
    fail_unless (gst_zrtp_use_seed_file (path, &error), "%s", error ? error->message : "");
    check_new (path, &last);
  }
  /* Others could read it: nobody can from now on. */
  g_chmod (path, 0644);
  fail_unless (gst_zrtp_use_seed_file (path, &error));
  check_new (path, &last);
  /* Of any length. */
  fail_unless (g_file_set_contents (path, "", 0, NULL));
  fail_unless (gst_zrtp_use_seed_file (path, &error));
  check_new (path, &last);
  g_bytes_unref (last);
}
GST_END_TEST;

GST_START_TEST (test_at_exit)
{
  gchar *middle = g_build_filename (folder, "middle", NULL);
  gchar *program = g_file_read_link ("/proc/self/exe", NULL);
  gchar *arguments[] = { program, (gchar *) "child", path, middle, NULL };
  GBytes *last = NULL;
  gint status;

  fail_unless (g_spawn_sync (NULL, arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status, NULL));
  fail_unless_equals_int (status, 0);
  check_new (middle, &last);
  check_new (path, &last);
  g_bytes_unref (last);
  g_free (program);
  g_free (middle);
}
GST_END_TEST;

static void
check_refused (const gchar *file, const gchar *hint)
{
  GError *error = NULL;

  fail_if (gst_zrtp_use_seed_file (file, &error));
  fail_unless (error != NULL && strstr (error->message, file) && strstr (error->message, hint), "%s", error->message);
  g_error_free (error);
}

/* Nothing is written then. */
GST_START_TEST (test_refused)
{
  gchar *link = g_build_filename (folder, "link", NULL), *absent = g_build_filename (folder, "no", "seed", NULL);
  GBytes *data;

  fail_unless (g_file_set_contents (path, "known", -1, NULL));
  fail_unless (symlink (path, link) == 0);
  check_refused (link, "symbolic link");
  g_chmod (path, 0622);
  check_refused (path, "others");
  check_refused (folder, "not a file");
  check_refused (absent, "no");
  data = contents (path);
  fail_unless_equals_int (g_bytes_get_size (data), 5);
  g_bytes_unref (data);
  g_free (link);
  g_free (absent);
}
GST_END_TEST;

static Suite *
seed_suite (void)
{
  Suite *suite = suite_create ("seed");
  TCase *tcase = tcase_create ("seed");

  tcase_add_checked_fixture (tcase, make_folder, remove_folder);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_renewed);
  tcase_add_test (tcase, test_at_exit);
  tcase_add_test (tcase, test_refused);
  return suite;
}

static int
child (const gchar *file, const gchar *middle)
{
  gchar *data;
  gsize len;

  if (!gst_zrtp_use_seed_file (file, NULL) || !g_file_get_contents (file, &data, &len, NULL)
      || !g_file_set_contents_full (middle, data, len, G_FILE_SET_CONTENTS_NONE, 0600, NULL))
    return 1;
  g_free (data);
  return 0;
}

int
main (int argc, char **argv)
{
  if (argc == 4 && strcmp (argv[1], "child") == 0)
    return child (argv[2], argv[3]);
  gst_check_init (&argc, &argv);
  return gst_check_run_suite (seed_suite (), "seed", __FILE__);
}
