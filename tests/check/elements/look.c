/* look.c: looking at the calls of a test with zrtp-top, and at the sockets that it reads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "look.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

gchar *look_folder, *look_own_socket;
gchar *look_out, *look_err;

void
look_set_up (void)
{
  look_folder = g_dir_make_tmp ("zrtp-status-XXXXXX", NULL);
  look_own_socket = g_strdup_printf ("%s/%d.sock", look_folder, (gint) getpid ());
  g_setenv ("GST_ZRTP_STATUS", look_folder, TRUE);
}

/* A worker may hold the last reference to a session for a moment. */
gboolean
look_is_gone (const gchar *path)
{
  gint64 until = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while (g_file_test (path, G_FILE_TEST_EXISTS) && g_get_monotonic_time () < until)
    g_usleep (1000);
  return !g_file_test (path, G_FILE_TEST_EXISTS);
}

void
look_tear_down (void)
{
  g_unsetenv ("GST_ZRTP_STATUS");
  /* Nothing is left behind. */
  fail_unless (look_is_gone (look_own_socket));
  fail_unless (g_rmdir (look_folder) == 0, "%s is not empty", look_folder);
  g_clear_pointer (&look_folder, g_free);
  g_clear_pointer (&look_own_socket, g_free);
  g_clear_pointer (&look_out, g_free);
  g_clear_pointer (&look_err, g_free);
}

gint
look_run (const gchar *line)
{
  gchar *command = g_strdup_printf ("'%s' %s", g_getenv ("ZRTP_TOP"), line), **argv;
  GError *error = NULL;
  gint status;

  g_clear_pointer (&look_out, g_free);
  g_clear_pointer (&look_err, g_free);
  fail_unless (g_shell_parse_argv (command, NULL, &argv, NULL));
  fail_unless (g_spawn_sync (NULL, argv, NULL, 0, NULL, NULL, &look_out, &look_err, &status, &error), "%s", error ? error->message : "");
  fail_unless (WIFEXITED (status));
  g_strfreev (argv);
  g_free (command);
  return WEXITSTATUS (status);
}

gchar *
look_line_with (const gchar *part)
{
  gchar **all = g_strsplit (look_out, "\n", -1), *found = NULL;
  guint i;

  for (i = 0; all[i] != NULL && found == NULL; i++) {
    if (strstr (all[i], part) != NULL)
      found = g_strdup (all[i]);
  }
  g_strfreev (all);
  fail_unless (found != NULL, "no %s in %s", part, look_out);
  return found;
}

Call *
look_call_new_secure (void)
{
  Call *call = call_new ();

  g_object_set (call->a.enc, "session-id", "alice", NULL);
  g_object_set (call->a.dec, "session-id", "alice", NULL);
  g_object_set (call->b.enc, "session-id", "b\033[2Job\302\233m", NULL);
  g_object_set (call->b.dec, "session-id", "b\033[2Job\302\233m", NULL);
  call_go (call);
  return call;
}

GSocket *
look_connect (const gchar *path)
{
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  GSocketAddress *address = g_unix_socket_address_new (path);
  GError *error = NULL;

  /* It may have more to accept than it has been able to. */
  while (!g_socket_connect (socket, address, NULL, &error)) {
    fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK), "%s", error->message);
    g_clear_error (&error);
    g_thread_yield ();
  }
  g_object_unref (address);
  return socket;
}
