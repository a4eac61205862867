/* test-top.c: zrtp-top, as users, scripts and hostile programs meet it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "look.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* What a user sees of a call, from its start to its end. */
GST_START_TEST (test_call)
{
  Call *call = look_call_new_secure ();
  gchar *sas = endpoint_sas (&call->a), *row, *pid;
  struct stat status;

  fail_unless (g_stat (look_own_socket, &status) == 0 && S_ISSOCK (status.st_mode));
  fail_unless_equals_int_hex (status.st_mode & 0777, 0600);
  fail_unless (g_stat (look_folder, &status) == 0);
  fail_unless_equals_int_hex (status.st_mode & 0777, 0700);

  fail_unless_equals_int (look_run ("--once --interval=0.1"), 0);
  row = look_line_with ("alice");
  assert_says (row, "secure  unverified");
  assert_says (row, sas);
  assert_says (row, "X255 S256 AES3 HS80");
  assert_says (row, "0:00:00");
  assert_says (row, "gst-zrtp");
  g_free (row);
  /* What commands a terminal gets to none, nor do colours get into a pipe. */
  assert_silent (look_out, "\033");
  assert_silent (look_out, "\302\233");
  assert_says (look_out, "[2Job");
  fail_unless_equals_string (look_err, "");

  g_signal_emit_by_name (call->a.enc, "sas-match");
  call_settle (call);
  call_run (call, 3725 * GST_SECOND);
  pid = g_strdup_printf ("-1 -i 0.1 %d", (gint) getpid ());
  fail_unless_equals_int (look_run (pid), 0);
  row = look_line_with ("alice");
  assert_says (row, "secure  verified");
  assert_says (row, "1:02:05");
  g_free (row);
  g_free (pid);
  fail_unless_equals_int (look_run ("--once 1"), 1);

  endpoint_stop (&call->a);
  fail_unless_equals_int (look_run ("--once --interval=0.1"), 0);
  row = look_line_with ("alice");
  assert_says (row, "idle");
  assert_silent (row, sas);
  g_free (row);
  call_free (call);
  /* Its sessions are gone, and so is it. */
  fail_unless (look_is_gone (look_own_socket));
  g_free (sas);
}
GST_END_TEST;

/* The speeds are those between two pictures, drops and what is held are counted. */
GST_START_TEST (test_speeds)
{
  Call *call = look_call_new_secure ();
  gchar *argv[] = { (gchar *) g_getenv ("ZRTP_TOP"), (gchar *) "--once", (gchar *) "--interval=0.5", NULL };
  GstBuffer *forged;
  guint8 zero[4] = { 0 };
  gchar *row, **cells;
  gdouble kilobits;
  gint fd;
  GPid pid;
  guint i;

  endpoint_talk (&call->a);
  forged = gst_buffer_copy_deep (g_queue_peek_tail (&call->a.wire));
  gst_buffer_fill (forged, 20, zero, 4);
  gst_buffer_fill (forged, 2, zero, 1);
  for (i = 0; i < 7; i++)
    endpoint_inject (&call->b, gst_buffer_ref (forged));
  gst_buffer_unref (forged);

  fail_unless (g_spawn_async_with_pipes (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL, &fd, NULL, NULL));
  /* For as long as it looks. */
  while (waitpid (pid, NULL, WNOHANG) == 0) {
    endpoint_talk (&call->a);
    g_usleep (1000);
  }
  g_spawn_close_pid (pid);
  look_out = g_malloc0 (65536);
  fail_unless (read (fd, look_out, 65535) > 0);
  close (fd);

  row = look_line_with ("alice");
  cells = g_regex_split_simple (" +", row, 0, 0);
  /* CALL STREAM STATE SECURITY COMPARE, four names, OUT/s kbit/s IN/s kbit/s DROPPED HELD. */
  fail_unless (g_strv_length (cells) > 14);
  fail_unless (atoi (cells[9]) > 10 && atoi (cells[9]) <= 1000, "%s", row);
  /* 182 octets each. */
  kilobits = g_ascii_strtod (cells[10], NULL) / atoi (cells[9]);
  fail_unless (kilobits > 1.456 * 0.9 && kilobits < 1.456 * 1.1, "%s", row);
  fail_unless_equals_string (cells[11], "0");
  g_strfreev (cells);
  g_free (row);
  row = look_line_with ("[2Job");
  cells = g_regex_split_simple (" +", row, 0, 0);
  fail_unless (atoi (cells[11]) > 10, "%s", row);
  fail_unless_equals_string (cells[13], "7");
  g_strfreev (cells);
  g_free (row);
  call_free (call);
}
GST_END_TEST;

/* For scripts: all that stats has, as JSON. And no secret is in it. */
GST_START_TEST (test_json)
{
  Call *call = look_call_new_secure ();
  gchar *hash, *field;
  GstStructure *stats;
  gint i;

  fail_unless_equals_int (look_run ("--json"), 0);
  field = g_strdup_printf ("\"pid\":%d,", (gint) getpid ());
  assert_says (look_out, field);
  g_free (field);
  assert_says (look_out, "\"session-id\":\"alice\"");
  assert_says (look_out, "\"session-id\":\"b\\u001b[2Job\\u009bm\"");
  assert_says (look_out, "\"streams\":[{\"stream\":0,\"state\":\"secure\",\"security\":\"unverified\",");
  g_object_get (call->a.enc, "stats", &stats, NULL);
  for (i = 0; i < gst_structure_n_fields (stats); i++) {
    field = g_strdup_printf ("\"%s\":", gst_structure_nth_field_name (stats, i));
    assert_says (look_out, field);
    g_free (field);
  }
  gst_structure_free (stats);
  hash = g_strndup (gst_structure_get_string (gst_message_get_structure (endpoint_message (&call->a, "zrtp-sas")), "sas-hash"), 16);
  assert_silent (look_out, hash);
  assert_silent (look_out, "sas-hash");
  g_free (hash);
  call_free (call);
}
GST_END_TEST;

/* A program that means no good. */
typedef struct
{
  GSocket *socket;
  const gchar *text;
  gboolean slowly;              /* goes on and on, an octet at a time */
  gint stop;
} Hostile;

static gpointer
serve_hostile (gpointer data)
{
  Hostile *self = data;

  while (!g_atomic_int_get (&self->stop)) {
    GSocket *client = g_socket_accept (self->socket, NULL, NULL);

    if (client == NULL)
      continue;
    while (self->slowly && g_socket_send (client, " ", 1, NULL, NULL) == 1)
      g_usleep (G_USEC_PER_SEC / 5);
    if (!self->slowly)
      g_socket_send (client, self->text, strlen (self->text), NULL, NULL);
    g_object_unref (client);
  }
  return NULL;
}

/* A socket in the folder that says what it likes: neither does zrtp-top end by it, nor wait for it, nor is the terminal commanded; the
 * others are shown. And a file that is none is left alone. */
GST_START_TEST (test_hostile_program)
{
#define EVIL "<'\\u001b]0;evil\\u0007\\u009b2J\\u202e\\U000e0001'>"
  static const gchar *const texts[] = {
    "{'program': " EVIL ", 'sessions': <[<{'session-id': " EVIL ", 'sas': " EVIL ", 'peer-name': " EVIL ", 'streams': <[<{"
    "'stream': <0>, 'state': <'secure'>, 'security': " EVIL ", 'key-agreement': " EVIL ", 'hash': " EVIL ", 'cipher': " EVIL
    ", 'auth-tag': " EVIL ", 'time-secure': <uint64 18446744073709551615>}>]>}>]>}",
    "{'program': <'\377\376'>}", "{'program': <'\\ud800'>}",
    "{'program': <1>, 'sessions': <[<1>, <{'streams': <[<2>, <{'stream': <'x'>}>]>}>, <@av []>, <{'streams': <'no'>}>]>}",
    "[[[[[[[[", NULL
  };
  Hostile hostile = { NULL, texts[__i__], texts[__i__] == NULL };
  gchar *path = g_build_filename (look_folder, "1.sock", NULL), *file = g_build_filename (look_folder, "2147483647.sock", NULL);
  GSocketAddress *address = g_unix_socket_address_new (path);
  GstZrtpSession *session = gst_zrtp_session_obtain ("honest");
  GstZrtpMedia *media = gst_zrtp_session_get_media (session, 0);
  GThread *thread;
  gint64 begun;
  const gchar *at;

  fail_unless (media != NULL);
  hostile.socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  fail_unless (g_socket_bind (hostile.socket, address, FALSE, NULL) && g_socket_listen (hostile.socket, NULL));
  thread = g_thread_new ("hostile", serve_hostile, &hostile);
  fail_unless (g_file_set_contents (file, "precious", -1, NULL));

  begun = g_get_monotonic_time ();
  fail_unless_equals_int (look_run ("--once --interval=0.1"), 0);
  assert_says (look_out, "honest");
  for (at = look_out; *at != '\0'; at = g_utf8_next_char (at))
    fail_unless (*at == '\n' || g_unichar_isprint (g_utf8_get_char (at)), "%s", look_out);
  fail_unless_equals_int (look_run ("--json"), 0);
  assert_says (look_out, "honest");
  for (at = look_out; *at != '\0'; at = g_utf8_next_char (at))
    fail_unless (*at == '\n' || g_unichar_isprint (g_utf8_get_char (at)), "%s", look_out);
  if (__i__ == 0)
    assert_says (look_out, "\"\\u001b]0;evil\\u0007\\u009b2J\\u202e\\udb40\\udc01\"");
  else if (__i__ < 3)
    assert_says (look_out, "no text");
  else if (texts[__i__] == NULL)
    assert_says (look_out, "does not answer");
  fail_unless (g_get_monotonic_time () - begun < 15 * G_USEC_PER_SEC);

  fail_unless (g_file_test (file, G_FILE_TEST_EXISTS));
  g_unlink (file);
  g_atomic_int_set (&hostile.stop, TRUE);
  g_object_unref (look_connect (path));
  g_thread_join (thread);
  g_unlink (path);
  gst_object_unref (session);
  g_object_unref (address);
  g_object_unref (hostile.socket);
  g_free (file);
  g_free (path);
#undef EVIL
}
GST_END_TEST;

/* Reads from a terminal until a text has come; all that came. */
static void
read_until (gint fd, GString *screen, const gchar *text)
{
  gchar part[4096];

  while (strstr (screen->str, text) == NULL) {
    gssize n = read (fd, part, sizeof part);

    fail_unless (n > 0, "no \"%s\" in \"%s\"", text, screen->str);
    g_string_append_len (screen, part, n);
  }
}

/* On a terminal: a picture in colours that fits, also after the window has become smaller; q ends it and the terminal is as it
 * was. */
GST_START_TEST (test_terminal)
{
  Call *call = look_call_new_secure ();
  struct winsize large = { .ws_row = 24, .ws_col = 200 }, small = { .ws_row = 3, .ws_col = 30 };
  struct termios before, after;
  GString *screen = g_string_new (NULL);
  gchar *command[] = { (gchar *) g_getenv ("ZRTP_TOP"), (gchar *) "--interval=0.2", NULL }, **lines, *at;
  gint fd, status;
  pid_t pid;
  guint i;

  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  pid = forkpty (&fd, NULL, NULL, &large);
  if (pid == 0) {
    execv (command[0], command);
    _exit (99);
  }
  fail_unless (pid > 0);
  fail_unless (tcgetattr (fd, &before) == 0);
  read_until (fd, screen, "kbit/s");
  read_until (fd, screen, "\033[J");
  assert_says (screen->str, "\033[?1049h");
  assert_says (screen->str, "\033[33munverified\033[0m");
  fail_unless (tcgetattr (fd, &after) == 0);
  fail_unless ((after.c_lflag & (ICANON | ECHO)) == 0);

  fail_unless (ioctl (fd, TIOCSWINSZ, &small) == 0);
  read_until (fd, screen, "lines more");
  read_until (fd, screen, "lines more\033[K\033[J");
  at = g_strrstr (screen->str, "\033[H");
  lines = g_strsplit (at + 3, "\033[K\r\n", -1);
  fail_unless_equals_int (g_strv_length (lines), 3);
  for (i = 0; lines[i] != NULL; i++)
    fail_unless (strcspn (lines[i], "\033") <= 30, "%s", lines[i]);
  g_strfreev (lines);

  fail_unless (write (fd, "q", 1) == 1);
  read_until (fd, screen, "\033[?25h\033[?1049l");
  fail_unless (waitpid (pid, &status, 0) == pid);
  fail_unless (WIFEXITED (status) && WEXITSTATUS (status) == 0);
  if (tcgetattr (fd, &after) == 0)
    fail_unless_equals_int (after.c_lflag & (ICANON | ECHO), before.c_lflag & (ICANON | ECHO));
  close (fd);
  g_string_free (screen, TRUE);
  call_free (call);
}
GST_END_TEST;

/* Into a pipe: one plain picture after the other, until nobody reads any more. */
GST_START_TEST (test_pipe)
{
  Call *call = look_call_new_secure ();
  gchar *argv[] = { (gchar *) g_getenv ("ZRTP_TOP"), (gchar *) "-i", (gchar *) "0.1", NULL };
  GString *text = g_string_new (NULL);
  gint fd, status;
  GPid pid;

  fail_unless (g_spawn_async_with_pipes (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL, &fd, NULL, NULL));
  read_until (fd, text, "alice");
  read_until (fd, text, "\n\n");
  g_string_truncate (text, 0);
  read_until (fd, text, "alice");
  assert_silent (text->str, "\033");
  close (fd);
  fail_unless (waitpid (pid, &status, 0) == pid);
  fail_unless (WIFEXITED (status) && WEXITSTATUS (status) == 0);
  g_string_free (text, TRUE);
  call_free (call);
}
GST_END_TEST;

GST_START_TEST (test_command_line)
{
  static const gchar *const mistakes[] = { "x", "0", "12x", "--nonsense", "--interval=0", "--interval=abc", "-i 4000" };
  static const gchar *const words[] = { "--once", "--json", "--interval", "GST_ZRTP_STATUS=1", "COMPARE", "Exit status", "PID.sock" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (mistakes); i++) {
    fail_unless_equals_int (look_run (mistakes[i]), 2);
    assert_says (look_err, "--help");
  }
  fail_unless_equals_int (look_run ("--help"), 0);
  for (i = 0; i < G_N_ELEMENTS (words); i++)
    assert_says (look_out, words[i]);
  fail_unless_equals_int (look_run ("--version"), 0);
  assert_says (look_out, PACKAGE_VERSION);
  fail_unless_equals_int (look_run ("--json"), 1);
  fail_unless_equals_string (look_out, "[]\n");
}
GST_END_TEST;

static Suite *
top_suite (void)
{
  Suite *suite = suite_create ("top");
  TCase *tcase = tcase_create ("top");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, look_set_up, look_tear_down);
  tcase_add_test (tcase, test_call);
  tcase_add_test (tcase, test_speeds);
  tcase_add_test (tcase, test_json);
  tcase_add_loop_test (tcase, test_hostile_program, 0, 6);
  tcase_add_test (tcase, test_terminal);
  tcase_add_test (tcase, test_pipe);
  tcase_add_test (tcase, test_command_line);
  return suite;
}

GST_CHECK_MAIN (top);
