/* test-log.c: what GST_DEBUG=zrtp*:4 tells of a call, and that no debug level tells a secret.
 *
 * What gst/protocol computes can be logged only by way of what it hands out, since it includes no GStreamer: SRTP keys, the
 * exported key, and what goes to the cache. These are the secrets looked for here, with the application's own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include "ext/sqlite/cache_db.h"

#include <glib/gstdio.h>
#include <string.h>

static GMutex lines_lock;
static GPtrArray *lines;        /* "category: <object> text" */

static void
keep_line (GstDebugCategory *category, GstDebugLevel level, const gchar *file, const gchar *function, gint line,
    GObject *object, GstDebugMessage *message, gpointer data)
{
  /* What is being finalized has no name any more. */
  gboolean named = object != NULL && object->ref_count > 0 && GST_IS_ZRTP_SESSION (object);
  const gchar *name = named ? gst_zrtp_session_get_id ((GstZrtpSession *) object) : "";
  gchar *text = g_strdup_printf ("%s: <%s> %s", gst_debug_category_get_name (category), name, gst_debug_message_get (message));

  g_mutex_lock (&lines_lock);
  g_ptr_array_add (lines, text);
  g_mutex_unlock (&lines_lock);
}

static void
listen (const gchar *pattern, GstDebugLevel level)
{
  lines = g_ptr_array_new_with_free_func (g_free);
  gst_debug_remove_log_function (gst_debug_log_default);
  gst_debug_add_log_function (keep_line, NULL, NULL);
  gst_debug_set_active (TRUE);
  gst_debug_set_threshold_for_name (pattern, level);
}

static void
listen_no_more (const gchar *pattern)
{
  gst_debug_unset_threshold_for_name (pattern);
  gst_debug_set_active (FALSE);
  gst_debug_remove_log_function (keep_line);
  g_clear_pointer (&lines, g_ptr_array_unref);
}

/* The first line from start on that has all parts of expected, which "*" separates; its index + 1. */
static guint
find_line (guint start, const gchar *id, const gchar *expected)
{
  gchar *object = g_strdup_printf ("<%s>", id);
  gchar **parts = g_strsplit (expected, "*", -1);
  guint i, found = 0;

  g_mutex_lock (&lines_lock);
  for (i = start; i < lines->len && !found; i++) {
    const gchar *line = g_ptr_array_index (lines, i);
    gboolean all = strstr (line, object) != NULL;
    guint j;

    for (j = 0; parts[j] != NULL && all; j++)
      all = strstr (line, parts[j]) != NULL;
    if (all)
      found = i + 1;
  }
  g_mutex_unlock (&lines_lock);
  g_strfreev (parts);
  g_free (object);
  return found;
}

static void
print_lines (void)
{
  guint i;

  for (i = 0; i < lines->len; i++)
    g_printerr ("%s\n", (const gchar *) g_ptr_array_index (lines, i));
}

/* That these lines are there, in this order. */
static void
check_story (const gchar *id, const gchar *const *story)
{
  guint at = 0, i;

  for (i = 0; story[i] != NULL; i++) {
    guint found = find_line (at, id, story[i]);

    if (found == 0)
      print_lines ();
    fail_unless (found != 0, "not told, or out of order: %s", story[i]);
    at = found;
  }
}

static guint
count_lines (const gchar *id, const gchar *expected)
{
  guint at = 0, n = 0;

  while ((at = find_line (at, id, expected)) != 0)
    n++;
  return n;
}

static void
start (Call *call)
{
  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
}

/* A whole call, as one who begins it and one who answers. */
GST_START_TEST (test_story)
{
  static const gchar *const begins[] = {
    "zrtpsession: *run 0 of call alice begins",
    "zrtpsession: *stream 0: *sends it",
    "zrtpcache: *cache of earlier calls: memory",
    "zrtpsession: *begins, sending as SSRC 0x0a0a0a0a",
    "zrtpsession: *idle -> discovering",
    "zrtpprotocol: *sends Hello",
    "zrtpprotocol: *received Hello",
    "zrtpsession: *discovering -> clear",
    "zrtpprotocol: *sends Commit",
    "zrtpmedia: *media to send is held back: keys are being agreed on",
    "zrtpsession: *clear -> securing",
    "zrtpprotocol: *received DHPart1",
    "zrtpprotocol: *sends DHPart2",
    "zrtpprotocol: *received Confirm1",
    "zrtpmedia: *has a key to decrypt with*256 bits",
    "zrtpmedia: *media received is decrypted",
    "zrtpprotocol: *sends Confirm2",
    "zrtpprotocol: *received Conf2ACK",
    "zrtpmedia: *has a key to encrypt with",
    "zrtpmedia: *media to send is encrypted: there is a key",
    "zrtpsession: *securing -> secure, security unverified",
    "zrtpsession: *as initiator, by X255, S256, AES3, HS80; retained secret: none",
    "zrtpmedia: *first encrypted packet of the other side is authentic",
    "zrtpsession: *both see the same string",
    "zrtpsession: *security: verified",
    "zrtpsession: *wants to switch encryption off",
    "zrtpmedia: *media to send is held back: encryption is being switched off",
    "zrtpsession: *secure -> clearing",
    "zrtpprotocol: *sends GoClear",
    "zrtpprotocol: *received ClearACK",
    "zrtpmedia: *media to send passes in the clear",
    "zrtpsession: *clearing -> clear",
    "zrtpsession: *wants encryption",
    "zrtpprotocol: *sends Commit",
    "zrtpsession: *securing -> secure, security verified",
    "zrtpsession: *run 0 ends",
    "zrtpsession: *all that was of the run is wiped",
    NULL
  };
  static const gchar *const answers[] = {
    "zrtpcache: *is not known: a first call",
    "zrtpprotocol: *received Commit",
    "zrtpprotocol: *sends DHPart1",
    "zrtpprotocol: *received DHPart2",
    "zrtpprotocol: *sends Confirm1",
    "zrtpcache: *is kept: one secret, string not compared",
    "zrtpprotocol: *received Confirm2",
    "zrtpsession: *as responder",
    "zrtpprotocol: *received GoClear",
    "zrtpsession: *clear-requested",
    "zrtpsession: *agrees to go on without encryption",
    NULL
  };
  Call *call = call_new ();

  listen ("zrtp*", GST_LEVEL_INFO);
  g_object_set (call->a.dec, "session-id", "alice", NULL);
  g_object_set (call->a.enc, "session-id", "alice", NULL);
  g_object_set (call->b.enc, "session-id", "bob", "passive", TRUE, "allow-clear", TRUE, NULL);
  g_object_set (call->b.dec, "session-id", "bob", NULL);
  start (call);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_check_secure (call);
  g_signal_emit_by_name (call->a.enc, "sas-match");
  call_settle (call);
  g_signal_emit_by_name (call->a.enc, "clear");
  call_settle (call);
  g_signal_emit_by_name (call->b.enc, "accept-clear");
  call_settle (call);
  g_signal_emit_by_name (call->a.enc, "secure");
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_free (call);
  check_story ("alice", begins);
  check_story ("bob", answers);
  /* A story, no transcript. */
  fail_unless (count_lines ("alice", "") < 90, "%u lines", count_lines ("alice", ""));
  listen_no_more ("zrtp*");
}
GST_END_TEST;

/* The key agreement that ends a GoClear is told like the first one. */
GST_START_TEST (test_encrypted_again)
{
  static const gchar *const begins[] = {
    "zrtpsession: *securing -> secure", "zrtpprotocol: *received GoClear", "zrtpsession: *secure -> clearing",
    "zrtpsession: *wants encryption", "zrtpprotocol: *sends Commit", "zrtpsession: *securing -> secure",
    "zrtpprotocol: *received GoClear", "zrtpprotocol: *sends Commit", NULL
  };
  Call *call = call_new ();
  guint i;

  listen ("zrtp*", GST_LEVEL_INFO);
  g_object_set (call->a.dec, "session-id", "alice", NULL);
  g_object_set (call->a.enc, "session-id", "alice", NULL);
  g_object_set (call->b.enc, "session-id", "bob", "allow-clear", TRUE, NULL);
  g_object_set (call->b.dec, "session-id", "bob", NULL);
  start (call);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  for (i = 0; i < 2; i++) {
    g_signal_emit_by_name (call->a.enc, "clear");
    call_settle (call);
    g_signal_emit_by_name (call->b.enc, "secure");
    fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  }
  check_story ("bob", begins);
  fail_unless_equals_int (count_lines ("bob", "received GoClear"), 2);
  call_free (call);
  listen_no_more ("zrtp*");
}
GST_END_TEST;

/* Nobody answers: twenty Hellos are one line, and the last line says what it comes to. */
GST_START_TEST (test_nobody)
{
  static const gchar *const told[] = { "zrtpprotocol: *sends Hello", "discovering -> no-peer", NULL };
  Call *call = call_new ();

  listen ("zrtp*", GST_LEVEL_INFO);
  g_object_set (call->a.dec, "session-id", "alice", NULL);
  g_object_set (call->a.enc, "session-id", "alice", NULL);
  endpoint_start (&call->a);
  endpoint_talk (&call->a);
  call_run (call, 10 * GST_SECOND);
  fail_unless (call->a.sent[PACKET_ZRTP] > 15);
  check_story ("alice", told);
  fail_unless_equals_int (count_lines ("alice", "sends Hello"), 1);
  fail_unless (count_lines ("alice", "") < 15);
  call_free (call);
  listen_no_more ("zrtp*");
}
GST_END_TEST;

/* What goes wrong is told with why; what somebody can repeat at will, ever more seldom. */
GST_START_TEST (test_failures)
{
  static const gchar *const equal[] = { "error 0x90: *equal ZIDs*cache=memory", NULL };
  guint8 damaged[32] = { 0x10, 0, 0, 1, 'Z', 'R', 'T', 'P' };
  Call *call = call_new ();
  guint i;

  listen ("zrtp*", GST_LEVEL_INFO);
  g_object_set (call->a.enc, "zid", "0102030405060708090a0b0c", NULL);
  g_object_set (call->b.enc, "zid", "0102030405060708090a0b0c", NULL);
  start (call);
  call_run (call, 5 * GST_SECOND);
  check_story (gst_zrtp_session_get_id (call->a.session), equal);
  for (i = 0; i < 1000; i++) {
    damaged[3] = i;
    endpoint_inject (&call->a, gst_buffer_new_memdup (damaged, sizeof damaged));
    /* No more at once than the mailbox takes. */
    if (i % 32 == 0)
      gst_zrtp_session_wait_idle (call->a.session);
  }
  call_settle (call);
  fail_unless (endpoint_stat (&call->a, "zrtp-dropped-crc") > 500);
  i = count_lines (gst_zrtp_session_get_id (call->a.session), "drops a packet: *damaged on the way");
  fail_unless (i >= 9 && i <= 10, "%u lines", i);
  call_free (call);
  listen_no_more ("zrtp*");
}
GST_END_TEST;

/* Eight octets that a log must not have, in any of the usual forms. */
static void
check_absent (const gchar *log, const gchar *what, const guint8 *secret)
{
  GString *plain = g_string_new (NULL), *spaced = g_string_new (NULL);
  gchar *base64 = g_base64_encode (secret, 9), *upper;
  guint i;

  for (i = 0; i < 8; i++) {
    g_string_append_printf (plain, "%02x", secret[i]);
    g_string_append_printf (spaced, i ? " %02x" : "%02x", secret[i]);
  }
  upper = g_ascii_strup (plain->str, -1);
  fail_if (strstr (log, plain->str) || strstr (log, spaced->str) || strstr (log, upper) || strstr (log, base64),
      "the log has %s", what);
  g_free (upper);
  g_free (base64);
  g_string_free (plain, TRUE);
  g_string_free (spaced, TRUE);
}

static gchar *
join_lines (void)
{
  gchar *text;

  g_mutex_lock (&lines_lock);
  g_ptr_array_add (lines, NULL);
  text = g_strjoinv ("\n", (gchar **) lines->pdata);
  g_ptr_array_remove_index (lines, lines->len - 1);
  g_mutex_unlock (&lines_lock);
  return text;
}

/* The keys of the key log. */
static guint
check_keys (const gchar *log, const gchar *path)
{
  gchar *text, *at;
  guint n = 0;

  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  at = strstr (text, "inline:key-and-salt") + 1;
  while ((at = strstr (at, " inline:")) != NULL) {
    gsize len;
    guchar *key;

    at += strlen (" inline:");
    *strchr (at, ' ') = '\0';
    key = g_base64_decode (at, &len);
    fail_unless_equals_int (len, 46);
    check_absent (log, "an SRTP key", key);
    check_absent (log, "an SRTP salt", key + 32);
    g_free (key);
    at += strlen (at) + 1;
    n++;
  }
  g_free (text);
  return n;
}

/* The retained secrets in a cache. */
static guint
check_retained (const gchar *log, const gchar *path)
{
  ZrtpCache *cache = zrtp_sqlite_cache_open (path, NULL);
  GArray *peers = zrtp_sqlite_cache_list (cache, NULL);
  ZrtpCacheEntry entry;
  guint i, n = 0;

  for (i = 0; i < peers->len; i++) {
    const ZrtpCachePeer *peer = &g_array_index (peers, ZrtpCachePeer, i);

    fail_unless (cache->lookup (cache, peer->local_zid, peer->peer_zid, &entry));
    check_absent (log, "rs1", entry.rs1);
    n++;
    if (entry.has_rs2) {
      check_absent (log, "rs2", entry.rs2);
      n++;
    }
  }
  g_array_unref (peers);
  zrtp_sqlite_cache_close (cache);
  return n;
}

/* Two calls with everything logged that GStreamer can log. */
GST_START_TEST (test_no_secrets)
{
  static const guint8 aux[] = "between the two of us";
  gchar *folder = g_dir_make_tmp ("zrtp-log-XXXXXX", NULL), *keys = g_build_filename (folder, "keys", NULL);
  gchar *caches[] = { g_build_filename (folder, "a.db", NULL), g_build_filename (folder, "b.db", NULL) };
  GBytes *bytes = g_bytes_new_static (aux, sizeof aux), *exported;
  gchar *log;
  guint i, round;

  listen ("*", GST_LEVEL_MEMDUMP);
  for (round = 0; round < 2; round++) {
    Call *call = call_new ();

    g_object_set (call->a.enc, "keylog", keys, "cache", caches[0], "export-key", TRUE, NULL);
    g_object_set (call->b.enc, "cache", caches[1], NULL);
    gst_element_set_state (call->a.pipeline, GST_STATE_READY);
    gst_element_set_state (call->b.pipeline, GST_STATE_READY);
    g_signal_emit_by_name (call->a.enc, "set-aux-secret", bytes);
    g_signal_emit_by_name (call->b.enc, "set-aux-secret", bytes);
    start (call);
    fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
    call_check_secure (call);
    g_signal_emit_by_name (call->a.enc, "sas-match");
    call_settle (call);
    exported = gst_zrtp_session_get_exported_key (call->a.session);
    fail_unless (exported != NULL);
    call_free (call);
    log = join_lines ();
    fail_unless (strstr (log, "zrtpsession") && strstr (log, "GST_PADS") && strlen (log) > 10000);
    check_absent (log, "the exported key", g_bytes_get_data (exported, NULL));
    g_bytes_unref (exported);
    check_absent (log, "the auxiliary secret", aux);
    fail_unless (strstr (log, (const gchar *) aux) == NULL);
    fail_unless_equals_int (check_keys (log, keys), 2 * (round + 1));
    fail_unless_equals_int (check_retained (log, caches[0]), round + 1);
    fail_unless_equals_int (check_retained (log, caches[1]), round + 1);
    g_free (log);
  }
  listen_no_more ("*");
  g_bytes_unref (bytes);
  for (i = 0; i < 2; i++) {
    static const gchar *const suffixes[] = { "", "-wal", "-shm" };
    guint j;

    for (j = 0; j < G_N_ELEMENTS (suffixes); j++) {
      gchar *path = g_strconcat (caches[i], suffixes[j], NULL);

      g_remove (path);
      g_free (path);
    }
    g_free (caches[i]);
  }
  g_remove (keys);
  g_free (keys);
  g_rmdir (folder);
  g_free (folder);
}
GST_END_TEST;

/* Each room has a category of its own, with words that say what it is. */
GST_START_TEST (test_categories)
{
  static const gchar *const names[] = { "zrtpsession", "zrtpprotocol", "zrtpmedia", "zrtpcache", "zrtpenc", "zrtpdec",
    "zrtpendpoint" };
  Call *call = call_new ();
  GSList *all = gst_debug_get_all_categories (), *l;
  guint i;

  endpoint_start (&call->a);
  g_slist_free (all);
  all = gst_debug_get_all_categories ();
  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    for (l = all; l != NULL && strcmp (gst_debug_category_get_name (l->data), names[i]) != 0; l = l->next)
      continue;
    fail_unless (l != NULL, "no category %s", names[i]);
    fail_unless (strlen (gst_debug_category_get_description (l->data)) > 5);
  }
  g_slist_free (all);
  call_free (call);
}
GST_END_TEST;

/* The id may come from signalling: it makes no lines of its own, and commands no terminal. */
GST_START_TEST (test_evil_id)
{
  static const gchar evil[] = "evil\033[2J\n0:00:00.1 WARN zrtpsession forged\302\233m";
  Call *call;
  guint i;
  const gchar *at;

  listen ("zrtp*", GST_LEVEL_TRACE);
  call = call_new ();
  g_object_set (call->a.enc, "session-id", evil, NULL);
  g_object_set (call->a.dec, "session-id", evil, NULL);
  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  fail_unless_equals_string (gst_zrtp_session_get_id (call->a.session), evil);
  fail_unless (strstr (GST_OBJECT_NAME (call->a.session), "evil") != NULL);
  fail_unless_equals_string (GST_OBJECT_NAME (call->a.session), "evil?[2J?0:00:00.1 WARN zrtpsession forged?m");
  call_free (call);
  for (i = 0; i < lines->len; i++) {
    /* Before that is what keep_line() makes of the session. */
    at = strstr (g_ptr_array_index (lines, i), "> ") + 2;
    fail_unless (strpbrk (at, "\n\033") == NULL, "%s", at);
  }
  listen_no_more ("zrtp*");
}
GST_END_TEST;

static Suite *
log_suite (void)
{
  Suite *suite = suite_create ("log");
  TCase *tcase = tcase_create ("log");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_story);
  tcase_add_test (tcase, test_encrypted_again);
  tcase_add_test (tcase, test_nobody);
  tcase_add_test (tcase, test_failures);
  tcase_add_test (tcase, test_no_secrets);
  tcase_add_test (tcase, test_evil_id);
  tcase_add_test (tcase, test_categories);
  return suite;
}

GST_CHECK_MAIN (log)
