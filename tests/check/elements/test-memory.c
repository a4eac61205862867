/* test-memory.c: what a session remembers of its peers, in a file: who they are, under which name, verified or not.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static gchar *folder;
static gint64 later;            /* microseconds */

/* Instead of GLib's: the wall clock of everything in this program. */
__attribute__ ((visibility ("default"))) gint64 g_get_real_time (void);

gint64
g_get_real_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_REALTIME, &now);
  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000 + later;
}

static void
make_folder (void)
{
  folder = g_dir_make_tmp ("zrtp-memory-XXXXXX", NULL);
  fail_unless (folder != NULL);
}

static void
remove_folder (void)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (dir)) != NULL) {
    gchar *path = g_build_filename (folder, name, NULL);

    g_remove (path);
    g_free (path);
  }
  g_dir_close (dir);
  g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
}

static gchar *
path_of (const gchar *name)
{
  return g_build_filename (folder, name, NULL);
}

static void
set_cache (Endpoint *self, const gchar *name)
{
  gchar *path = path_of (name);

  g_object_set (self->enc, "cache", path, NULL);
  g_free (path);
}

/* A call between programs that have just been started. */
static Call *
new_call (const gchar *a, const gchar *b)
{
  Call *call = call_new ();

  set_cache (&call->a, a);
  set_cache (&call->b, b);
  return call;
}

static const gchar *
sas_field (Endpoint *self, const gchar *field)
{
  return gst_structure_get_string (gst_message_get_structure (endpoint_message (self, "zrtp-sas")), field);
}

static gboolean
is_verified (Endpoint *self)
{
  gboolean verified;
  GstZrtpSecurity security, property;

  fail_unless (gst_zrtp_message_parse_sas (endpoint_message (self, "zrtp-sas"), NULL, NULL, &security, &verified));
  g_object_get (self->enc, "security", &property, NULL);
  fail_unless_equals_int (security, property);
  fail_unless_equals_int (verified, security >= GST_ZRTP_SECURITY_VERIFIED);
  return verified;
}

/* Sessions of their own, as the elements' are gone. */
static GPtrArray *
peers_of (const gchar *name)
{
  GstZrtpSession *session = gst_zrtp_session_new ();
  gchar *path = path_of (name);
  GError *error = NULL;
  GPtrArray *peers;

  g_object_set (session, "cache", path, NULL);
  peers = gst_zrtp_session_list_peers (session, &error);
  fail_unless (peers != NULL && error == NULL);
  g_free (path);
  gst_object_unref (session);
  return peers;
}

/* A first call, then one after a restart of both programs: same ZID, the secret matches, verified stays (Z-4.9-1). */
GST_START_TEST (test_restart)
{
  gchar *zid = NULL, *path;
  GPtrArray *peers;
  struct stat status;
  guint i;

  for (i = 0; i < 3; i++) {
    Call *call = new_call ("a.db", "b.db");

    call_go (call);
    fail_unless_equals_string (sas_field (&call->a, "cache"), i ? "match" : "none");
    fail_unless_equals_string (sas_field (&call->b, "cache"), i ? "match" : "none");
    fail_unless_equals_int (is_verified (&call->a), i == 2);
    if (zid == NULL)
      zid = g_strdup (sas_field (&call->b, "peer-zid"));
    fail_unless_equals_string (sas_field (&call->b, "peer-zid"), zid);
    if (i == 1) {
      g_signal_emit_by_name (call->a.enc, "sas-match");
      g_signal_emit_by_name (call->b.enc, "sas-match");
      call_settle (call);
    }
    call_free (call);
  }
  path = path_of ("a.db");
  fail_unless (g_stat (path, &status) == 0);
  fail_unless_equals_int_hex (status.st_mode & 0777, 0600);
  g_free (path);
  peers = peers_of ("b.db");
  fail_unless_equals_int (peers->len, 1);
  {
    GstZrtpPeer *peer = g_ptr_array_index (peers, 0), *copy = gst_zrtp_peer_copy (peer);

    fail_unless_equals_string (peer->zid, zid);
    fail_unless_equals_string (copy->zid, zid);
    fail_unless (copy->verified && copy->has_secret && !copy->enrolled);
    fail_unless (copy->first_use > 0 && copy->last_use >= copy->first_use && copy->expiry > copy->last_use);
    gst_zrtp_peer_free (copy);
  }
  g_ptr_array_unref (peers);
  g_free (zid);
}
GST_END_TEST;

/* A secret is kept for as long as the shorter wish of the two ends, in a file and in memory (Z-4.9-6, Z-4.9-9). */
GST_START_TEST (test_ttl)
{
  guint i, memory;

  for (memory = 0; memory < 2; memory++) {
    Call *call = new_call ("a.db", "b.db");

    if (memory) {
      g_object_set (call->a.enc, "cache", "memory", NULL);
      g_object_set (call->b.enc, "cache", "memory", NULL);
    }
    g_object_set (call->a.enc, "cache-ttl", 1000, NULL);
    for (i = 0; i < 3; i++) {
      call_go (call);
      fail_unless_equals_string (sas_field (&call->a, "cache"), i == 1 ? "match" : "none");
      fail_unless_equals_string (sas_field (&call->b, "cache"), i == 1 ? "match" : "none");
      call_hang_up (call);
      later += (i == 1 ? 1001 : 900) * G_USEC_PER_SEC;
    }
    call_free (call);
  }
}
GST_END_TEST;

/* By default the file is in the user's data folder, and not touched before it is needed. */
GST_START_TEST (test_default)
{
  static const gchar *const names[] = { "cache.db", "cache.db-wal", "cache.db-shm" };
  gchar *path = NULL;
  guint i;
  GstElement *pipeline = gst_pipeline_new (NULL), *dec = gst_element_factory_make ("zrtpdec", NULL);

  fail_unless (g_str_has_prefix (g_get_user_data_dir (), g_getenv ("XDG_DATA_HOME")));
  /* What an earlier run of this test has left, if it was killed. */
  for (i = G_N_ELEMENTS (names); i-- > 0;) {
    g_free (path);
    path = g_build_filename (g_get_user_data_dir (), "gst-zrtp", names[i], NULL);
    g_remove (path);
  }
  gst_bin_add (GST_BIN (pipeline), dec);
  gst_element_set_state (pipeline, GST_STATE_READY);
  fail_if (g_file_test (path, G_FILE_TEST_EXISTS));
  g_object_set (dec, "cache-required", TRUE, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  fail_unless (g_file_test (path, G_FILE_TEST_EXISTS));
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  g_free (path);
}
GST_END_TEST;

/* One file for both ends is one ZID: they are told what to do (Z-4.1-9). */
GST_START_TEST (test_shared_file)
{
  Call *call = new_call ("a.db", "a.db");
  const gchar *text;

  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  call_run (call, 5 * GST_SECOND);
  fail_unless (gst_zrtp_message_parse (endpoint_message (&call->a, "zrtp-error"), NULL, NULL, &text));
  fail_unless (strstr (text, "cache=memory") != NULL, "%s", text);
  call_free (call);
}
GST_END_TEST;

/* A file that is not ours: it is named and left as it is, the call is secure all the same, or does not start (attack D7). */
GST_START_TEST (test_unreadable)
{
  static const gchar letter[] = "Dear diary, this is not a database.\n";
  gchar *path = path_of ("a.db"), *contents;
  Call *call = new_call ("a.db", "b.db");
  const gchar *text = NULL;
  GError *error = NULL;
  GstMessage *message;
  GstBus *bus;

  fail_unless (g_file_set_contents (path, letter, -1, NULL));
  g_chmod (path, 0600);
  call_go (call);
  text = endpoint_warning (&call->a, "cache-unreadable");
  fail_unless (text != NULL);
  fail_unless (strstr (text, path) != NULL, "%s", text);
  fail_if (endpoint_warning (&call->b, "cache-unreadable") != NULL);
  fail_unless_equals_string (sas_field (&call->a, "cache"), "none");
  call_hang_up (call);
  fail_unless (g_file_get_contents (path, &contents, NULL, NULL));
  fail_unless_equals_string (contents, letter);
  g_free (contents);

  g_object_set (call->a.enc, "cache-required", TRUE, NULL);
  fail_unless_equals_int (gst_element_set_state (call->a.pipeline, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  bus = gst_element_get_bus (call->a.pipeline);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, path) != NULL, "%s", error->message);
  g_error_free (error);
  gst_message_unref (message);
  gst_bus_set_flushing (bus, TRUE);
  gst_element_set_state (call->a.pipeline, GST_STATE_NULL);
  gst_bus_set_flushing (bus, FALSE);
  gst_object_unref (bus);

  /* With a file that can be used it starts. */
  set_cache (&call->a, "new.db");
  call_go (call);
  call_free (call);
  g_free (path);
}
GST_END_TEST;

/* The file goes away in the middle: the user is told, nothing is written over what took its place. */
GST_START_TEST (test_replaced)
{
  Call *call = new_call ("a.db", "b.db");
  gchar *path = path_of ("a.db"), *contents;

  call_start (call);
  /* The run has its association, and with it the file. */
  g_free (gst_zrtp_session_get_zrtp_hash (call->a.session, 0));
  fail_unless (g_remove (path) == 0);
  fail_unless (g_file_set_contents (path, "mine", -1, NULL));
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_check_secure (call);
  fail_unless (endpoint_warning (&call->a, "cache-unreadable") != NULL);
  call_hang_up (call);
  fail_unless (g_file_get_contents (path, &contents, NULL, NULL));
  fail_unless_equals_string (contents, "mine");
  g_free (contents);

  /* Put right between two calls, all is well. */
  fail_unless (g_remove (path) == 0);
  {
    gchar *log = g_strconcat (path, "-wal", NULL), *shared = g_strconcat (path, "-shm", NULL);

    g_remove (log);
    g_remove (shared);
    g_free (log);
    g_free (shared);
  }
  g_queue_clear_full (&call->a.messages, (GDestroyNotify) gst_message_unref);
  call_go (call);
  fail_if (endpoint_warning (&call->a, "cache-unreadable") != NULL || endpoint_warning (&call->a, "cache-write") != NULL);
  call_free (call);
  fail_unless (g_file_test (path, G_FILE_TEST_EXISTS));
  g_free (path);
}
GST_END_TEST;

/* Verified means verified under the name that the user expects (attack D4); a known name on an unknown device is told. */
GST_START_TEST (test_names)
{
  Call *call = new_call ("a.db", "bob.db");
  GPtrArray *peers;
  GstZrtpPeer *peer;
  gchar *name, *path;
  GstZrtpSession *session;
  GError *error = NULL;
  guint told;

  g_object_set (call->a.enc, "peer-name", "Bob", NULL);
  call_go (call);
  fail_if (endpoint_warning (&call->a, "new-device") != NULL);
  fail_unless_equals_string (sas_field (&call->a, "peer-name"), "");
  fail_unless_equals_string (sas_field (&call->a, "expected-name"), "Bob");
  told = endpoint_count_messages (&call->a, "zrtp-sas");
  g_signal_emit_by_name (call->a.enc, "sas-match");
  g_signal_emit_by_name (call->b.enc, "sas-match");
  call_settle (call);
  /* Verified, and known by that name: one message has both. */
  fail_unless_equals_int (endpoint_count_messages (&call->a, "zrtp-sas"), told + 1);
  fail_unless (is_verified (&call->a));
  fail_unless_equals_string (sas_field (&call->a, "peer-name"), "Bob");
  call_free (call);

  /* The same again, nobody asks: remembered. */
  call = new_call ("a.db", "bob.db");
  call_go (call);
  fail_unless (is_verified (&call->a));
  g_object_get (call->a.enc, "peer-name", &name, NULL);
  fail_unless_equals_string (name, "Bob");
  g_free (name);
  call_free (call);

  /* Bob's verified device answers when Carol is called: not verified, also when the wish comes in the call. */
  call = new_call ("a.db", "bob.db");
  g_object_set (call->a.enc, "peer-name", "Carol", NULL);
  call_go (call);
  fail_unless (endpoint_warning (&call->a, "other-name") != NULL);
  fail_if (is_verified (&call->a));
  g_object_set (call->a.enc, "peer-name", "Bob", NULL);
  call_settle (call);
  fail_unless (is_verified (&call->a));
  g_object_set (call->a.enc, "peer-name", "Carol", NULL);
  call_settle (call);
  fail_if (is_verified (&call->a));
  call_free (call);
  peers = peers_of ("a.db");
  peer = g_ptr_array_index (peers, 0);
  fail_unless_equals_string (peer->name, "Bob");

  /* Somebody with another ZID when Bob is called. */
  call = new_call ("a.db", "mallory.db");
  g_object_set (call->a.enc, "peer-name", "Bob", NULL);
  call_go (call);
  fail_unless (endpoint_warning (&call->a, "new-device") != NULL);
  {
    gboolean new_device;

    fail_unless (gst_structure_get_boolean (gst_message_get_structure (endpoint_message (&call->a, "zrtp-sas")),
        "new-device", &new_device));
    fail_unless (new_device);
  }
  fail_if (is_verified (&call->a));
  call_free (call);

  /* Renaming compares nothing, so V goes. */
  session = gst_zrtp_session_new ();
  path = path_of ("a.db");
  g_object_set (session, "cache", path, NULL);
  g_free (path);
  fail_unless (peer->verified);
  fail_if (gst_zrtp_session_rename_peer (session, "12", "Robert", &error));
  fail_unless (error != NULL);
  g_clear_error (&error);
  fail_if (gst_zrtp_session_rename_peer (session, peer->zid,
      "a name of more than sixty-three octets is more than there is room for in a row", &error));
  fail_unless (error != NULL);
  g_clear_error (&error);
  fail_unless (gst_zrtp_session_rename_peer (session, peer->zid, "Bob", &error));
  name = g_strdup (peer->zid);
  g_ptr_array_unref (peers);
  peers = gst_zrtp_session_list_peers (session, &error);
  fail_unless_equals_int (peers->len, 2);
  peer = g_ptr_array_index (peers, strcmp (((GstZrtpPeer *) g_ptr_array_index (peers, 0))->zid, name) != 0);
  fail_unless (peer->verified);
  fail_unless (gst_zrtp_session_rename_peer (session, peer->zid, "Robert", &error));
  g_ptr_array_unref (peers);

  call = new_call ("a.db", "bob.db");
  g_object_set (call->a.enc, "peer-name", "Robert", NULL);
  call_go (call);
  fail_unless_equals_string (sas_field (&call->a, "peer-name"), "Robert");
  fail_if (is_verified (&call->a));
  g_signal_emit_by_name (call->a.enc, "sas-match");
  call_settle (call);
  fail_unless (is_verified (&call->a));
  call_free (call);

  /* Taken back, and forgotten. */
  fail_unless (gst_zrtp_session_unverify_peer (session, name, &error));
  call = new_call ("a.db", "bob.db");
  call_go (call);
  fail_unless_equals_string (sas_field (&call->a, "cache"), "match");
  fail_if (is_verified (&call->a));
  call_free (call);
  fail_unless (gst_zrtp_session_forget_peer (session, name, &error));
  fail_if (gst_zrtp_session_forget_peer (session, name, &error));
  g_clear_error (&error);
  call = new_call ("a.db", "bob.db");
  call_go (call);
  fail_unless_equals_string (sas_field (&call->a, "cache"), "none");
  fail_unless_equals_string (sas_field (&call->b, "cache"), "mismatch");
  call_free (call);

  g_object_set (session, "cache", "none", NULL);
  fail_unless (gst_zrtp_session_list_peers (session, &error) == NULL);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED));
  g_clear_error (&error);
  gst_object_unref (session);
  g_free (name);
}
GST_END_TEST;

static GPtrArray *
list (GstZrtpSession *session)
{
  GError *error = NULL;
  GPtrArray *peers = gst_zrtp_session_list_peers (session, &error);

  fail_unless (peers != NULL && error == NULL, "%s", error ? error->message : "");
  return peers;
}

/* With cache=memory the same, for as long as the session lives, or the process if the ZID is the application's. */
static void
check_in_memory (const gchar *zid)
{
  Call *call = call_new ();
  GstZrtpSession *session, *other = gst_zrtp_session_new ();
  GError *error = NULL;
  GPtrArray *peers;
  GstZrtpPeer *peer;
  gchar *bob;

  g_object_set (call->a.enc, "zid", zid, "peer-name", "Bob", NULL);
  g_object_set (other, "cache", "memory", "zid", zid, NULL);
  gst_element_set_state (call->a.pipeline, GST_STATE_READY);
  g_object_get (call->a.enc, "session", &session, NULL);
  peers = list (session);
  fail_unless_equals_int (peers->len, 0);
  g_ptr_array_unref (peers);
  call_go (call);
  g_signal_emit_by_name (call->a.enc, "sas-match");
  call_settle (call);
  peers = list (session);
  fail_unless_equals_int (peers->len, 1);
  peer = g_ptr_array_index (peers, 0);
  fail_unless_equals_string (peer->zid, sas_field (&call->a, "peer-zid"));
  fail_unless_equals_string (peer->name, "Bob");
  fail_unless (peer->verified && peer->has_secret && !peer->enrolled);
  fail_unless (peer->first_use > 0 && peer->last_use >= peer->first_use);
  bob = g_strdup (peer->zid);
  g_ptr_array_unref (peers);
  peers = list (other);
  fail_unless_equals_int (peers->len, zid != NULL);
  g_ptr_array_unref (peers);
  call_hang_up (call);

  /* Bob is known, and this is somebody else's ZID. */
  g_object_set (call->b.enc, "zid", "bbbbbbbbbbbbbbbbbbbbbbbb", NULL);
  call_go (call);
  fail_unless (endpoint_warning (&call->a, "new-device") != NULL);
  call_hang_up (call);
  peers = list (session);
  fail_unless_equals_int (peers->len, 2);
  g_ptr_array_unref (peers);

  fail_if (gst_zrtp_session_rename_peer (session, bob, "two\nlines", &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT));
  g_clear_error (&error);
  fail_unless (gst_zrtp_session_rename_peer (session, bob, "Bob", &error));
  peers = list (session);
  fail_unless (((GstZrtpPeer *) g_ptr_array_index (peers, strcmp (bob, "bbbb") > 0))->verified
      || ((GstZrtpPeer *) g_ptr_array_index (peers, strcmp (bob, "bbbb") <= 0))->verified);
  g_ptr_array_unref (peers);
  fail_unless (gst_zrtp_session_forget_peer (session, "bbbbbbbbbbbbbbbbbbbbbbbb", &error));
  fail_unless (gst_zrtp_session_rename_peer (session, bob, "Robert", &error));
  peers = list (session);
  fail_unless_equals_int (peers->len, 1);
  peer = g_ptr_array_index (peers, 0);
  fail_unless_equals_string (peer->name, "Robert");
  fail_if (peer->verified);
  g_ptr_array_unref (peers);
  fail_unless (gst_zrtp_session_unverify_peer (session, bob, &error));
  fail_unless (gst_zrtp_session_forget_peer (session, bob, &error));
  fail_if (gst_zrtp_session_forget_peer (session, bob, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
  g_clear_error (&error);
  peers = list (session);
  fail_unless_equals_int (peers->len, 0);
  g_ptr_array_unref (peers);
  g_free (bob);
  gst_object_unref (session);
  gst_object_unref (other);
  call_free (call);
}

GST_START_TEST (test_in_memory)
{
  check_in_memory (NULL);
  check_in_memory ("aaaaaaaaaaaaaaaaaaaaaaaa");
}
GST_END_TEST;

static Suite *
memory_suite (void)
{
  Suite *suite = suite_create ("memory");
  TCase *tcase = tcase_create ("memory");

  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, make_folder, remove_folder);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_restart);
  tcase_add_test (tcase, test_ttl);
  tcase_add_test (tcase, test_default);
  tcase_add_test (tcase, test_shared_file);
  tcase_add_test (tcase, test_unreadable);
  tcase_add_test (tcase, test_replaced);
  tcase_add_test (tcase, test_names);
  tcase_add_test (tcase, test_in_memory);
  return suite;
}

GST_CHECK_MAIN (memory)
