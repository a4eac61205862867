/* test-keylog.c: the keylog property: its lines decrypt captured packets, and whoever is at the other end knows.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <gst/check/gstharness.h>

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gchar *folder, *path;

static void
set_up (void)
{
  folder = g_dir_make_tmp ("zrtp-keylog-XXXXXX", NULL);
  fail_unless (folder != NULL);
  path = g_build_filename (folder, "keys", NULL);
}

static void
tear_down (void)
{
  g_remove (path);
  fail_unless (g_rmdir (folder) == 0);
  g_clear_pointer (&path, g_free);
  g_clear_pointer (&folder, g_free);
}

static gboolean
was_told (Endpoint *self)
{
  gboolean told;

  fail_unless (gst_structure_get_boolean (gst_message_get_structure (endpoint_message (self, "zrtp-sas")), "disclosure",
      &told));
  fail_unless_equals_int (told, endpoint_warning (self, "peer-discloses") != NULL);
  return told;
}

/* The lines that are no comments. */
static gchar **
read_log (guint expected)
{
  gchar *text, **lines;
  guint n = 0, i;

  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  fail_unless (text[0] == '#' && g_str_has_suffix (text, "\n"));
  lines = g_strsplit (text, "\n", -1);
  g_free (text);
  for (i = 0; lines[i] != NULL; i++) {
    if (lines[i][0] == '#' || lines[i][0] == '\0')
      g_free (lines[i]);
    else
      lines[n++] = lines[i];
  }
  lines[n] = NULL;
  fail_unless_equals_int (n, expected);
  return lines;
}

/* The words of the newest line for this direction; some end is its session. */
static gchar **
find_line (gchar **lines, Endpoint *self, const gchar *direction)
{
  gchar *session = g_strconcat ("\"", gst_zrtp_session_get_id (self->session), "\"", NULL);
  gchar **found = NULL;
  guint i;

  for (i = 0; lines[i] != NULL; i++) {
    gchar **words = g_strsplit (lines[i], " ", -1);

    fail_unless_equals_int (g_strv_length (words), 8);
    fail_unless_equals_string (words[1], session);
    fail_unless_equals_string (words[2], "0");
    if (strcmp (words[3], direction) == 0) {
      g_strfreev (found);
      found = words;
    } else
      g_strfreev (words);
  }
  g_free (session);
  fail_unless (found != NULL, "no line for %s", direction);
  return found;
}

/* Whether a line's caps decrypt, by srtpdec, what was captured of an end. */
static gboolean
decrypts (gchar **words, Endpoint *from)
{
  GstHarness *harness = gst_harness_new_with_padnames ("srtpdec", "rtp_sink", "rtp_src");
  GstCaps *caps = gst_caps_from_string (words[7]);
  gboolean good = TRUE;
  GstBuffer *packet;
  guint n = 0;
  GList *l;

  fail_unless (caps != NULL, "no caps: %s", words[7]);
  gst_harness_set_src_caps (harness, caps);
  for (l = from->wire.head; l != NULL; l = l->next) {
    guint8 first;

    gst_buffer_extract (l->data, 0, &first, 1);
    /* SRTP, unless it still was clear. */
    if ((first & 0xc0) == 0x80 && gst_buffer_get_size (l->data) > 12 + CALL_PAYLOAD) {
      gst_harness_push (harness, gst_buffer_copy_deep (l->data));
      packet = gst_harness_try_pull (harness);
      good = good && packet != NULL && is_marked (packet);
      gst_clear_buffer (&packet);
      n++;
    }
  }
  gst_harness_teardown (harness);
  fail_unless (n > 0);
  return good;
}

/* The same key in both forms, and of the length that the suite says. */
static void
check_forms (gchar **words)
{
  GstStructure *caps = gst_structure_from_string (words[7], NULL);
  gsize len, expected = strstr (words[5], "GCM") ? 12 : 14;
  guchar *key;
  GstBuffer *buffer;
  guint ssrc;

  expected += strstr (words[5], "256") ? 32 : 16;
  fail_unless (g_str_has_prefix (words[6], "inline:"));
  key = g_base64_decode (words[6] + strlen ("inline:"), &len);
  fail_unless_equals_int (len, expected);
  buffer = gst_value_get_buffer (gst_structure_get_value (caps, "srtp-key"));
  fail_unless_equals_int (gst_buffer_get_size (buffer), len);
  fail_unless (gst_buffer_memcmp (buffer, 0, key, len) == 0);
  fail_unless (gst_structure_get_uint (caps, "ssrc", &ssrc));
  fail_unless_equals_int_hex (ssrc, g_ascii_strtoull (words[4], NULL, 16));
  gst_structure_free (caps);
  g_free (key);
}

/* Whatever the algorithms, both directions: the logged key decrypts, the other end knows, and our user is warned. */
GST_START_TEST (test_decrypt)
{
  static const gchar *const suites[][3] = {
    { "AES1", "HS80", "AES_CM_128_HMAC_SHA1_80" },
    { "AES3", "HS32", "AES_256_CM_HMAC_SHA1_32" },
    { "AES1", "GCM", "AEAD_AES_128_GCM" },
    { "AES3", "GCM", "AEAD_AES_256_GCM" },
  };
  const gchar *const *suite = suites[__i__];
  Call *call = call_new ();
  gchar **lines, **words;
  const gchar *text;
  struct stat status;
  guint i;

  g_object_set (call->a.dec, "keylog", path, "ciphers", suite[0], "auth-tags", suite[1], NULL);
  g_object_set (call->b.enc, "ciphers", suite[0], "auth-tags", suite[1], NULL);
  call_go (call);
  for (i = 0; i < 10; i++) {
    endpoint_talk (&call->a);
    endpoint_talk (&call->b);
  }
  text = endpoint_warning (&call->a, "keylog");
  fail_unless (text != NULL);
  fail_unless (strstr (text, path) != NULL, "%s", text);
  fail_unless (was_told (&call->b));
  fail_if (was_told (&call->a) || endpoint_warning (&call->b, "keylog") != NULL);
  fail_unless (g_stat (path, &status) == 0);
  fail_unless_equals_int_hex (status.st_mode & 0777, 0600);

  lines = read_log (2);
  words = find_line (lines, &call->a, "send");
  fail_unless_equals_string (words[5], suite[2]);
  fail_unless_equals_int_hex (g_ascii_strtoull (words[4], NULL, 16), call->a.ssrc);
  check_forms (words);
  fail_unless (decrypts (words, &call->a));
  g_strfreev (words);
  words = find_line (lines, &call->a, "receive");
  fail_unless_equals_int_hex (g_ascii_strtoull (words[4], NULL, 16), call->b.ssrc);
  check_forms (words);
  fail_unless (decrypts (words, &call->b));
  g_strfreev (words);
  g_strfreev (lines);
  call_free (call);
}
GST_END_TEST;

/* Another key does not decrypt, so that the test above says something. */
GST_START_TEST (test_wrong_key)
{
  Call *call = call_new ();
  gchar **lines, **words;

  g_object_set (call->a.enc, "keylog", path, NULL);
  call_go (call);
  endpoint_talk (&call->a);
  lines = read_log (2);
  words = find_line (lines, &call->a, "send");
  {
    gchar *digit = strstr (words[7], "(buffer)") + strlen ("(buffer)");

    *digit = *digit == '0' ? '1' : '0';
  }
  fail_if (decrypts (words, &call->a));
  g_strfreev (words);
  g_strfreev (lines);
  call_free (call);
}
GST_END_TEST;

/* Without the property there is none, whatever the environment says, and the peer is not told. */
GST_START_TEST (test_off)
{
  Call *call = call_new ();
  gchar *value;

  g_setenv ("SRTPKEYLOGFILE", path, TRUE);
  g_setenv ("SSLKEYLOGFILE", path, TRUE);
  g_object_set (call->a.enc, "keylog", "", NULL);
  call_go (call);
  g_object_get (call->a.enc, "keylog", &value, NULL);
  fail_unless (value == NULL);
  fail_if (g_file_test (path, G_FILE_TEST_EXISTS));
  fail_if (was_told (&call->b) || was_told (&call->a));
  fail_if (endpoint_warning (&call->a, "keylog") != NULL || endpoint_warning (&call->a, "keylog-unwritable") != NULL);
  call_free (call);
  g_unsetenv ("SRTPKEYLOGFILE");
  g_unsetenv ("SSLKEYLOGFILE");
}
GST_END_TEST;

static void
make_nothing (const gchar *target)
{
}

static void
make_link (const gchar *target)
{
  fail_unless (symlink (target, path) == 0);
}

static void
make_hard_link (const gchar *target)
{
  g_chmod (target, 0600);
  fail_unless (link (target, path) == 0);
}

static void
make_readable (const gchar *target)
{
  fail_unless (g_file_set_contents (path, "mine", -1, NULL));
  g_chmod (path, 0644);
}

static void
make_fifo (const gchar *target)
{
  fail_unless (mkfifo (path, 0600) == 0);
}

/* What is no file for keys gets none: a warning that says why, the call goes on, and the peer is not told of what is not. */
GST_START_TEST (test_unwritable)
{
  static const struct
  {
    void (*make) (const gchar *target);
    const gchar *below, *why;
  } cases[] = {
    { make_link, NULL, "symbolic link" },
    { make_hard_link, NULL, "hard link" },
    { make_readable, NULL, "chmod 600" },
    { make_fifo, NULL, "" },
    { make_nothing, "no-such-folder/keys", "No such file" },
    { make_nothing, ".", "directory" },
  };
  gchar *target = g_build_filename (folder, "target", NULL);
  gchar *keylog = cases[__i__].below ? g_build_filename (folder, cases[__i__].below, NULL) : g_strdup (path);
  Call *call = call_new ();
  const gchar *text;
  gchar *contents;

  fail_unless (g_file_set_contents (target, "theirs", -1, NULL));
  cases[__i__].make (target);
  g_object_set (call->a.enc, "keylog", keylog, NULL);
  call_go (call);
  text = endpoint_warning (&call->a, "keylog-unwritable");
  fail_unless (text != NULL);
  fail_unless (strstr (text, keylog) != NULL && strstr (text, cases[__i__].why) != NULL, "%s", text);
  fail_if (endpoint_warning (&call->a, "keylog") != NULL);
  fail_if (was_told (&call->b));
  call_free (call);
  fail_unless (g_file_get_contents (target, &contents, NULL, NULL));
  fail_unless_equals_string (contents, "theirs");
  g_free (contents);
  if (cases[__i__].make == make_readable) {
    fail_unless (g_file_get_contents (path, &contents, NULL, NULL));
    fail_unless_equals_string (contents, "mine");
    g_free (contents);
  }
  g_remove (target);
  g_free (target);
  g_free (keylog);
}
GST_END_TEST;

static void
clear_and_secure (Call *call)
{
  g_signal_emit_by_name (call->a.enc, "clear");
  call_settle (call);
  g_signal_emit_by_name (call->b.enc, "accept-clear");
  call_settle (call);
  fail_unless_equals_int (endpoint_state (&call->a), GST_ZRTP_STATE_CLEAR);
  g_signal_emit_by_name (call->a.enc, "secure");
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
}

/* A word that is no path is a slip of the pen, or a guess that it is a switch. */
GST_START_TEST (test_slip)
{
  GstZrtpSession *session = gst_zrtp_session_new ();
  gchar *refusal, *value;

  g_object_set (session, "keylog", "true", NULL);
  refusal = gst_zrtp_session_dup_refusal (session, NULL);
  fail_unless (refusal != NULL && strstr (refusal, "./true") != NULL);
  g_object_get (session, "keylog", &value, NULL);
  fail_unless (value == NULL);
  g_free (refusal);
  gst_object_unref (session);
}
GST_END_TEST;

/* Whose peer was not told of a log in the first Confirm gets none, for no key of the call; the next one has it, behind what is
 * there already. Who unsets it gets no more (Z-11-5). */
GST_START_TEST (test_in_mid_call)
{
  Call *call = call_new ();
  gchar **lines;

  g_object_set (call->b.enc, "allow-clear", TRUE, NULL);
  call_go (call);
  g_object_set (call->a.enc, "keylog", path, NULL);
  clear_and_secure (call);
  fail_if (g_file_test (path, G_FILE_TEST_EXISTS));
  endpoint_stop (&call->a);
  endpoint_stop (&call->b);

  call_go (call);
  fail_unless (was_told (&call->b));
  g_strfreev (read_log (2));
  clear_and_secure (call);
  lines = read_log (4);
  fail_unless (strcmp (strstr (lines[0], "inline:"), strstr (lines[2], "inline:")) != 0);
  g_strfreev (lines);

  g_object_set (call->a.enc, "keylog", NULL, NULL);
  clear_and_secure (call);
  g_strfreev (read_log (4));
  endpoint_stop (&call->a);
  endpoint_stop (&call->b);

  g_queue_clear_full (&call->b.messages, (GDestroyNotify) gst_message_unref);
  call_go (call);
  fail_if (was_told (&call->b));
  g_strfreev (read_log (4));
  call_free (call);
}
GST_END_TEST;

static Suite *
keylog_suite (void)
{
  Suite *suite = suite_create ("keylog");
  TCase *tcase = tcase_create ("keylog");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_add_loop_test (tcase, test_decrypt, 0, 4);
  tcase_add_test (tcase, test_wrong_key);
  tcase_add_test (tcase, test_off);
  tcase_add_loop_test (tcase, test_unwritable, 0, 6);
  tcase_add_test (tcase, test_slip);
  tcase_add_test (tcase, test_in_mid_call);
  return suite;
}

GST_CHECK_MAIN (keylog)
