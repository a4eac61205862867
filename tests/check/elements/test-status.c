/* test-status.c: zrtp-top and the status sockets that it reads, as users and as other programs meet them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static gchar *folder, *own_socket;
static gchar *out, *err;        /* of the last run of zrtp-top */

static void
set_up (void)
{
  folder = g_dir_make_tmp ("zrtp-status-XXXXXX", NULL);
  own_socket = g_strdup_printf ("%s/%d.sock", folder, (gint) getpid ());
  g_setenv ("GST_ZRTP_STATUS", folder, TRUE);
}

/* A worker may hold the last reference to a session for a moment. */
static gboolean
comes_to_be_gone (const gchar *path)
{
  gint64 until = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while (g_file_test (path, G_FILE_TEST_EXISTS) && g_get_monotonic_time () < until)
    g_usleep (1000);
  return !g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
tear_down (void)
{
  g_unsetenv ("GST_ZRTP_STATUS");
  /* Nothing is left behind. */
  fail_unless (comes_to_be_gone (own_socket));
  fail_unless (g_rmdir (folder) == 0, "%s is not empty", folder);
  g_clear_pointer (&folder, g_free);
  g_clear_pointer (&own_socket, g_free);
  g_clear_pointer (&out, g_free);
  g_clear_pointer (&err, g_free);
}

/* Runs zrtp-top with the words of a line; its exit status. */
static gint
run (const gchar *line)
{
  gchar *command = g_strdup_printf ("'%s' %s", g_getenv ("ZRTP_TOP"), line), **argv;
  GError *error = NULL;
  gint status;

  g_clear_pointer (&out, g_free);
  g_clear_pointer (&err, g_free);
  fail_unless (g_shell_parse_argv (command, NULL, &argv, NULL));
  fail_unless (g_spawn_sync (NULL, argv, NULL, 0, NULL, NULL, &out, &err, &status, &error), "%s", error ? error->message : "");
  fail_unless (WIFEXITED (status));
  g_strfreev (argv);
  g_free (command);
  return WEXITSTATUS (status);
}

#define assert_says(text, part) fail_unless (strstr (text, part) != NULL, "\"%s\" is not in \"%.2000s\"", part, text)
#define assert_silent(text, part) fail_unless (strstr (text, part) == NULL, "\"%s\" is in \"%.2000s\"", part, text)

/* The line of out that has a part; free with g_free. */
static gchar *
line_with (const gchar *part)
{
  gchar **all = g_strsplit (out, "\n", -1), *found = NULL;
  guint i;

  for (i = 0; all[i] != NULL && found == NULL; i++) {
    if (strstr (all[i], part) != NULL)
      found = g_strdup (all[i]);
  }
  g_strfreev (all);
  fail_unless (found != NULL, "no %s in %s", part, out);
  return found;
}

static Call *
secure_call (void)
{
  Call *call = call_new ();

  g_object_set (call->a.enc, "session-id", "alice", NULL);
  g_object_set (call->a.dec, "session-id", "alice", NULL);
  g_object_set (call->b.enc, "session-id", "b\033[2Job\302\233m", NULL);
  g_object_set (call->b.dec, "session-id", "b\033[2Job\302\233m", NULL);
  call_go (call);
  return call;
}

static GSocket *
connect_to (const gchar *path)
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
  g_setenv ("XDG_RUNTIME_DIR", folder, TRUE);
  call = secure_call ();
  fail_if (g_file_test (own_socket, G_FILE_TEST_EXISTS));
  g_setenv ("GST_ZRTP_STATUS", folder, TRUE);
  fail_unless_equals_int (run ("--once"), 1);
  assert_says (err, folder);
  assert_says (err, "GST_ZRTP_STATUS=1");
  fail_unless_equals_string (out, "");
  call_free (call);
  g_unsetenv ("XDG_RUNTIME_DIR");
}
GST_END_TEST;

/* What a user sees of a call, from its start to its end. */
GST_START_TEST (test_call)
{
  Call *call = secure_call ();
  gchar *sas = endpoint_sas (&call->a), *row, *pid;
  struct stat status;

  fail_unless (g_stat (own_socket, &status) == 0 && S_ISSOCK (status.st_mode));
  fail_unless_equals_int_hex (status.st_mode & 0777, 0600);
  fail_unless (g_stat (folder, &status) == 0);
  fail_unless_equals_int_hex (status.st_mode & 0777, 0700);

  fail_unless_equals_int (run ("--once --interval=0.1"), 0);
  row = line_with ("alice");
  assert_says (row, "secure  unverified");
  assert_says (row, sas);
  assert_says (row, "X255 S256 AES3 HS80");
  assert_says (row, "0:00:00");
  assert_says (row, "gst-zrtp");
  g_free (row);
  /* What commands a terminal gets to none, nor do colours get into a pipe. */
  assert_silent (out, "\033");
  assert_silent (out, "\302\233");
  assert_says (out, "[2Job");
  fail_unless_equals_string (err, "");

  g_signal_emit_by_name (call->a.enc, "sas-match");
  call_settle (call);
  call_run (call, 3725 * GST_SECOND);
  pid = g_strdup_printf ("-1 -i 0.1 %d", (gint) getpid ());
  fail_unless_equals_int (run (pid), 0);
  row = line_with ("alice");
  assert_says (row, "secure  verified");
  assert_says (row, "1:02:05");
  g_free (row);
  g_free (pid);
  fail_unless_equals_int (run ("--once 1"), 1);

  endpoint_stop (&call->a);
  fail_unless_equals_int (run ("--once --interval=0.1"), 0);
  row = line_with ("alice");
  assert_says (row, "idle");
  assert_silent (row, sas);
  g_free (row);
  call_free (call);
  /* Its sessions are gone, and so is it. */
  fail_unless (comes_to_be_gone (own_socket));
  g_free (sas);
}
GST_END_TEST;

/* The speeds are those between two pictures, drops and what is held are counted. */
GST_START_TEST (test_speeds)
{
  Call *call = secure_call ();
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
  out = g_malloc0 (65536);
  fail_unless (read (fd, out, 65535) > 0);
  close (fd);

  row = line_with ("alice");
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
  row = line_with ("[2Job");
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
  Call *call = secure_call ();
  gchar *hash, *field;
  GstStructure *stats;
  gint i;

  fail_unless_equals_int (run ("--json"), 0);
  field = g_strdup_printf ("\"pid\":%d,", (gint) getpid ());
  assert_says (out, field);
  g_free (field);
  assert_says (out, "\"session-id\":\"alice\"");
  assert_says (out, "\"session-id\":\"b\\u001b[2Job\\u009bm\"");
  assert_says (out, "\"streams\":[{\"stream\":0,\"state\":\"secure\",\"security\":\"unverified\",");
  g_object_get (call->a.enc, "stats", &stats, NULL);
  for (i = 0; i < gst_structure_n_fields (stats); i++) {
    field = g_strdup_printf ("\"%s\":", gst_structure_nth_field_name (stats, i));
    assert_says (out, field);
    g_free (field);
  }
  gst_structure_free (stats);
  hash = g_strndup (gst_structure_get_string (gst_message_get_structure (endpoint_message (&call->a, "zrtp-sas")), "sas-hash"), 16);
  assert_silent (out, hash);
  assert_silent (out, "sas-hash");
  g_free (hash);
  call_free (call);
}
GST_END_TEST;

/* Clients that go away, clients that do not read, too many of them: others are served, media flows, and nothing is lost. */
GST_START_TEST (test_bad_clients)
{
  Call *call = secure_call ();
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
    g_object_unref (connect_to (own_socket));
  for (i = 0; i < 8; i++)
    slow[i] = connect_to (own_socket);
  text = read_all (connect_to (own_socket));
  assert_says (text, "'alice'");
  assert_says (text, "'idle-4000");
  assert_says (text, "'idle-110'");
  fail_unless (g_str_has_suffix (text, "}"));
  fail_unless (strlen (text) > 256 * 1024, "%u", (guint) strlen (text));
  g_free (text);
  fail_unless_equals_int (run ("--json"), 0);
  assert_says (out, "idle-110");

  secret = call->a.sent[PACKET_SECRET];
  for (i = 0; i < 100; i++)
    fail_unless_equals_int (endpoint_talk (&call->a), GST_FLOW_OK);
  fail_unless_equals_int (call->a.sent[PACKET_SECRET], secret + 100);

  /* With as many as it takes the next one is turned away; when they are gone it is served again. */
  for (; i < 108; i++)
    slow[i - 92] = connect_to (own_socket);
  text = read_all (connect_to (own_socket));
  fail_unless_equals_string (text, "");
  g_free (text);
  fail_unless_equals_int (run ("--json"), 0);
  assert_says (out, "too many others");
  for (i = 0; i < 16; i++)
    g_object_unref (slow[i]);
  do {
    text = read_all (connect_to (own_socket));
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
  GSocket *client = connect_to (own_socket);

  fail_unless_equals_int (g_socket_receive (client, &octet, 1, NULL, NULL), 1);
  gst_object_unref (session);
  fail_unless (comes_to_be_gone (own_socket));
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
  Call *call = secure_call ();
  gchar *words, *row, *path;
  gint input, status;
  GPid other = start_other (&input);

  fail_unless_equals_int (run ("--once --interval=0.1"), 0);
  assert_says (out, "alice");
  row = line_with ("other");
  assert_says (row, "idle");
  g_free (row);
  words = g_strdup_printf ("--once --interval=0.1 %d", (gint) other);
  fail_unless_equals_int (run (words), 0);
  assert_says (out, "other");
  assert_silent (out, "alice");
  g_free (words);

  kill (other, SIGSTOP);
  fail_unless (waitpid (other, &status, WUNTRACED) == other && WIFSTOPPED (status));
  fail_unless_equals_int (run ("--json"), 0);
  assert_says (out, "does not answer");
  assert_says (out, "alice");
  kill (other, SIGCONT);

  kill (other, SIGKILL);
  waitpid (other, &status, 0);
  close (input);
  path = g_strdup_printf ("%s/%d.sock", folder, (gint) other);
  fail_unless (g_file_test (path, G_FILE_TEST_EXISTS));
  fail_unless_equals_int (run ("--once --interval=0.1"), 0);
  assert_silent (out, "other");
  assert_says (out, "alice");
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
  GSocketAddress *address = g_unix_socket_address_new (own_socket);
  gchar *other = g_strdup_printf ("%s/%d-1.sock", folder, (gint) getpid ()), *text;
  GstZrtpSession *session;

  fail_unless (g_socket_bind (socket, address, FALSE, NULL));
  if (alive)
    fail_unless (g_socket_listen (socket, NULL));
  session = gst_zrtp_session_new ();
  fail_unless_equals_int (g_file_test (other, G_FILE_TEST_EXISTS), alive);
  text = read_all (connect_to (alive ? other : own_socket));
  assert_says (text, gst_zrtp_session_get_id (session));
  g_free (text);
  gst_object_unref (session);
  fail_if (g_file_test (other, G_FILE_TEST_EXISTS));
  fail_unless_equals_int (g_file_test (own_socket, G_FILE_TEST_EXISTS), alive);
  g_unlink (own_socket);
  g_object_unref (address);
  g_object_unref (socket);
  g_free (other);
}
GST_END_TEST;

static const gchar *
warning_of (Endpoint *self)
{
  GList *l;
  const gchar *code, *text;

  for (l = self->messages.head; l != NULL; l = l->next) {
    if (gst_zrtp_message_parse_warning (l->data, &code, &text) && strcmp (code, "status-unavailable") == 0)
      return text;
  }
  return NULL;
}

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
  gchar *path = below ? g_build_filename (folder, below, NULL) : g_strdup ("here"), *target = g_build_filename (folder, "target", NULL);
  gchar *setting = g_strconcat (path, cases[__i__].behind, NULL);
  Call *call;

  if (cases[__i__].mode > 0)
    fail_unless (g_mkdir (path, cases[__i__].mode) == 0);
  else if (cases[__i__].mode < 0)
    fail_unless (g_file_set_contents (path, "", -1, NULL));
  else if (below != NULL)
    fail_unless (g_mkdir (target, 0700) == 0 && symlink (target, path) == 0);
  g_setenv ("GST_ZRTP_STATUS", setting, TRUE);
  call = secure_call ();
  call_check_secure (call);
  fail_unless ((warning_of (&call->a) != NULL) + (warning_of (&call->b) != NULL) == 1);
  {
    const gchar *text = warning_of (&call->a) ? warning_of (&call->a) : warning_of (&call->b);

    assert_says (text, cases[__i__].why);
    assert_says (text, path);
  }
  call_free (call);
  if (below == NULL) {
    fail_unless_equals_int (run ("--once"), 2);
    assert_says (err, "GST_ZRTP_STATUS");
  }
  g_remove (path);
  g_rmdir (target);
  g_free (setting);
  g_free (path);
  g_free (target);
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
  gchar *path = g_build_filename (folder, "1.sock", NULL), *file = g_build_filename (folder, "2147483647.sock", NULL);
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
  fail_unless_equals_int (run ("--once --interval=0.1"), 0);
  assert_says (out, "honest");
  for (at = out; *at != '\0'; at = g_utf8_next_char (at))
    fail_unless (*at == '\n' || g_unichar_isprint (g_utf8_get_char (at)), "%s", out);
  fail_unless_equals_int (run ("--json"), 0);
  assert_says (out, "honest");
  for (at = out; *at != '\0'; at = g_utf8_next_char (at))
    fail_unless (*at == '\n' || g_unichar_isprint (g_utf8_get_char (at)), "%s", out);
  if (__i__ == 0)
    assert_says (out, "\"\\u001b]0;evil\\u0007\\u009b2J\\u202e\\udb40\\udc01\"");
  else if (__i__ < 3)
    assert_says (out, "no text");
  else if (texts[__i__] == NULL)
    assert_says (out, "does not answer");
  fail_unless (g_get_monotonic_time () - begun < 15 * G_USEC_PER_SEC);

  fail_unless (g_file_test (file, G_FILE_TEST_EXISTS));
  g_unlink (file);
  g_atomic_int_set (&hostile.stop, TRUE);
  g_object_unref (connect_to (path));
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
  Call *call = secure_call ();
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
  Call *call = secure_call ();
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
    fail_unless_equals_int (run (mistakes[i]), 2);
    assert_says (err, "--help");
  }
  fail_unless_equals_int (run ("--help"), 0);
  for (i = 0; i < G_N_ELEMENTS (words); i++)
    assert_says (out, words[i]);
  fail_unless_equals_int (run ("--version"), 0);
  assert_says (out, PACKAGE_VERSION);
  fail_unless_equals_int (run ("--json"), 1);
  fail_unless_equals_string (out, "[]\n");
}
GST_END_TEST;

static Suite *
status_suite (void)
{
  Suite *suite = suite_create ("status");
  TCase *tcase = tcase_create ("status");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_add_loop_test (tcase, test_off, 0, 3);
  tcase_add_test (tcase, test_call);
  tcase_add_test (tcase, test_speeds);
  tcase_add_test (tcase, test_json);
  tcase_add_test (tcase, test_bad_clients);
  tcase_add_test (tcase, test_client_left);
  tcase_add_test (tcase, test_processes);
  tcase_add_loop_test (tcase, test_taken_name, 0, 2);
  tcase_add_loop_test (tcase, test_bad_folder, 0, 5);
  tcase_add_loop_test (tcase, test_hostile_program, 0, 6);
  tcase_add_test (tcase, test_terminal);
  tcase_add_test (tcase, test_pipe);
  tcase_add_test (tcase, test_command_line);
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
