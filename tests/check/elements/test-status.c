/* test-status.c: the sockets that tell other programs where the calls of this one stand.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "look.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* All that it sends. */
static gchar *
read_all (GSocket *socket)
{
  GString *text = g_string_new (NULL);
  gchar part[4096];
  gssize n;

  while ((n = g_socket_receive (socket, part, sizeof part, NULL, NULL)) > 0)
    g_string_append_len (text, part, n);
  g_object_unref (socket);
  return g_string_free (text, FALSE);
}

/* Nobody listens who was not asked to. */
GST_START_TEST (test_off)
{
  static const gchar *const off[] = { NULL, "", "0" };
  Call *call;

  if (off[__i__] != NULL)
    g_setenv ("GST_ZRTP_STATUS", off[__i__], TRUE);
  else
    g_unsetenv ("GST_ZRTP_STATUS");
  g_setenv ("XDG_RUNTIME_DIR", look_folder, TRUE);
  call = look_call_new_secure ();
  fail_if (g_file_test (look_own_socket, G_FILE_TEST_EXISTS));
  g_setenv ("GST_ZRTP_STATUS", look_folder, TRUE);
  fail_unless_equals_int (look_run ("--once"), 1);
  assert_says (look_err, look_folder);
  assert_says (look_err, "GST_ZRTP_STATUS=1");
  fail_unless_equals_string (look_out, "");
  call_free (call);
  g_unsetenv ("XDG_RUNTIME_DIR");
}
GST_END_TEST;

/* Clients that go away, clients that do not read, too many of them: others are served, media flows, and nothing is lost. */
GST_START_TEST (test_bad_clients)
{
  Call *call = look_call_new_secure ();
  GPtrArray *more = g_ptr_array_new_with_free_func (gst_object_unref);
  GSocket *slow[16];
  gchar *text, *name;
  guint i, secret;

  /* Names so long that no socket takes the text at once. */
  for (i = 0; i < 12; i++) {
    name = g_strdup_printf ("idle-%u%0*d", i, i % 4 ? 1 : 120000, 0);
    g_ptr_array_add (more, gst_zrtp_session_obtain (name));
    g_free (name);
  }
  for (i = 0; i < 20; i++)
    g_object_unref (look_connect (look_own_socket));
  for (i = 0; i < 8; i++)
    slow[i] = look_connect (look_own_socket);
  text = read_all (look_connect (look_own_socket));
  assert_says (text, "'alice'");
  assert_says (text, "'idle-4000");
  assert_says (text, "'idle-110'");
  fail_unless (g_str_has_suffix (text, "}"));
  fail_unless (strlen (text) > 256 * 1024, "%u", (guint) strlen (text));
  g_free (text);
  fail_unless_equals_int (look_run ("--json"), 0);
  assert_says (look_out, "idle-110");

  secret = call->a.sent[PACKET_SECRET];
  for (i = 0; i < 100; i++)
    fail_unless_equals_int (endpoint_talk (&call->a), GST_FLOW_OK);
  fail_unless_equals_int (call->a.sent[PACKET_SECRET], secret + 100);

  /* With as many as it takes the next one is turned away; when they are gone it is served again. */
  for (; i < 108; i++)
    slow[i - 92] = look_connect (look_own_socket);
  text = read_all (look_connect (look_own_socket));
  fail_unless_equals_string (text, "");
  g_free (text);
  fail_unless_equals_int (look_run ("--json"), 0);
  assert_says (look_out, "too many others");
  for (i = 0; i < 16; i++)
    g_object_unref (slow[i]);
  do {
    text = read_all (look_connect (look_own_socket));
    i = strlen (text);
    g_free (text);
  } while (i == 0);
  g_ptr_array_unref (more);
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

/* The last session goes while a client has not taken its text: the client is let go, and that is all. */
GST_START_TEST (test_client_left)
{
  gchar *name = g_strdup_printf ("%0*d", 1 << 20, 0), octet;
  GstZrtpSession *session = gst_zrtp_session_obtain (name);
  GSocket *client = look_connect (look_own_socket);

  fail_unless_equals_int (g_socket_receive (client, &octet, 1, NULL, NULL), 1);
  gst_object_unref (session);
  fail_unless (look_is_gone (look_own_socket));
  g_free (read_all (client));
  g_free (name);
}
GST_END_TEST;

/* This program as another one: a session until its standard input ends. */
static gint
be_other (void)
{
  GstZrtpSession *session = gst_zrtp_session_obtain ("other");
  GstZrtpMedia *media = gst_zrtp_session_get_media (session, 0);
  gchar octet;

  if (media == NULL || write (STDOUT_FILENO, "!", 1) != 1)
    return 1;
  while (read (STDIN_FILENO, &octet, 1) > 0)
    continue;
  gst_object_unref (session);
  return 0;
}

static GPid
start_other (gint *input)
{
  /* /proc/self/exe would be valgrind under valgrind. */
  gchar *argv[] = { (gchar *) g_getenv ("ZRTP_TEST_SELF"), NULL }, **environment = g_get_environ (), octet;
  GError *error = NULL;
  gint output;
  GPid pid;

  environment = g_environ_setenv (environment, "ZRTP_TEST_OTHER", "1", TRUE);
  fail_unless (g_spawn_async_with_pipes (NULL, argv, environment, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, input, &output, NULL,
      &error), "%s", error ? error->message : "");
  fail_unless (read (output, &octet, 1) == 1);
  close (output);
  g_strfreev (environment);
  return pid;
}

/* Two programs; one is asked alone; one hangs; one is killed and leaves its socket. */
GST_START_TEST (test_processes)
{
  Call *call = look_call_new_secure ();
  gchar *words, *row, *path;
  gint input, status;
  GPid other = start_other (&input);

  fail_unless_equals_int (look_run ("--once --interval=0.1"), 0);
  assert_says (look_out, "alice");
  row = look_line_with ("other");
  assert_says (row, "idle");
  g_free (row);
  words = g_strdup_printf ("--once --interval=0.1 %d", (gint) other);
  fail_unless_equals_int (look_run (words), 0);
  assert_says (look_out, "other");
  assert_silent (look_out, "alice");
  g_free (words);

  kill (other, SIGSTOP);
  fail_unless (waitpid (other, &status, WUNTRACED) == other && WIFSTOPPED (status));
  fail_unless_equals_int (look_run ("--json"), 0);
  assert_says (look_out, "does not answer");
  assert_says (look_out, "alice");
  kill (other, SIGCONT);

  kill (other, SIGKILL);
  waitpid (other, &status, 0);
  close (input);
  path = g_strdup_printf ("%s/%d.sock", look_folder, (gint) other);
  fail_unless (g_file_test (path, G_FILE_TEST_EXISTS));
  fail_unless_equals_int (look_run ("--once --interval=0.1"), 0);
  assert_silent (look_out, "other");
  assert_says (look_out, "alice");
  fail_if (g_file_test (path, G_FILE_TEST_EXISTS));
  g_free (path);

  /* One that ends as it should leaves none. */
  other = start_other (&input);
  close (input);
  waitpid (other, &status, 0);
  fail_unless (WIFEXITED (status) && WEXITSTATUS (status) == 0);
  call_free (call);
}
GST_END_TEST;

/* A socket of the name that this process would take: left by a dead one, or of one that lives elsewhere. */
GST_START_TEST (test_taken_name)
{
  gboolean alive = __i__;
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  GSocketAddress *address = g_unix_socket_address_new (look_own_socket);
  gchar *other = g_strdup_printf ("%s/%d-1.sock", look_folder, (gint) getpid ()), *text;
  GstZrtpSession *session;

  fail_unless (g_socket_bind (socket, address, FALSE, NULL));
  if (alive)
    fail_unless (g_socket_listen (socket, NULL));
  session = gst_zrtp_session_new ();
  fail_unless_equals_int (g_file_test (other, G_FILE_TEST_EXISTS), alive);
  text = read_all (look_connect (alive ? other : look_own_socket));
  assert_says (text, gst_zrtp_session_get_id (session));
  g_free (text);
  gst_object_unref (session);
  fail_if (g_file_test (other, G_FILE_TEST_EXISTS));
  fail_unless_equals_int (g_file_test (look_own_socket, G_FILE_TEST_EXISTS), alive);
  g_unlink (look_own_socket);
  g_object_unref (address);
  g_object_unref (socket);
  g_free (other);
}
GST_END_TEST;

/* A folder that others may enter, or that is none, gets no socket; the user is told, once, and the call goes on. */
GST_START_TEST (test_bad_folder)
{
  static const struct
  {
    const gchar *below;
    gint mode;
    const gchar *why, *behind;
  } cases[] = { { "open", 0755, "chmod 700", "" }, { "link", 0, "not a folder", "" }, { "link", 0, "not a folder", "/" },
    { "file", -1, "", "" }, { NULL, 0, "path from the root", "" } };
  const gchar *below = cases[__i__].below;
  gchar *path = below ? g_build_filename (look_folder, below, NULL) : g_strdup ("here"), *target = g_build_filename (look_folder, "target", NULL);
  gchar *setting = g_strconcat (path, cases[__i__].behind, NULL);
  const gchar *texts[2];
  Call *call;

  if (cases[__i__].mode > 0)
    fail_unless (g_mkdir (path, cases[__i__].mode) == 0);
  else if (cases[__i__].mode < 0)
    fail_unless (g_file_set_contents (path, "", -1, NULL));
  else if (below != NULL)
    fail_unless (g_mkdir (target, 0700) == 0 && symlink (target, path) == 0);
  g_setenv ("GST_ZRTP_STATUS", setting, TRUE);
  call = look_call_new_secure ();
  call_check_secure (call);
  texts[0] = endpoint_warning (&call->a, "status-unavailable");
  texts[1] = endpoint_warning (&call->b, "status-unavailable");
  fail_unless ((texts[0] != NULL) + (texts[1] != NULL) == 1);
  assert_says (texts[texts[0] == NULL], cases[__i__].why);
  assert_says (texts[texts[0] == NULL], path);
  call_free (call);
  if (below == NULL) {
    fail_unless_equals_int (look_run ("--once"), 2);
    assert_says (look_err, "GST_ZRTP_STATUS");
  }
  g_remove (path);
  g_rmdir (target);
  g_free (setting);
  g_free (path);
  g_free (target);
}
GST_END_TEST;

static Suite *
status_suite (void)
{
  Suite *suite = suite_create ("status");
  TCase *tcase = tcase_create ("status");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, look_set_up, look_tear_down);
  tcase_add_loop_test (tcase, test_off, 0, 3);
  tcase_add_test (tcase, test_bad_clients);
  tcase_add_test (tcase, test_client_left);
  tcase_add_test (tcase, test_processes);
  tcase_add_loop_test (tcase, test_taken_name, 0, 2);
  tcase_add_loop_test (tcase, test_bad_folder, 0, 5);
  return suite;
}

int
main (int argc, char **argv)
{
  if (g_getenv ("ZRTP_TEST_OTHER") != NULL) {
    gst_init (&argc, &argv);
    return be_other ();
  }
  gst_check_init (&argc, &argv);
  return gst_check_run_suite (status_suite (), "status", __FILE__);
}
