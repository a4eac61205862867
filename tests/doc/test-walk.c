/* test-walk.c: the call of the page "A call from Hello to media" is what the elements do: the same messages of the same
 * length on the wire, and the same messages on the bus.
 *
 * Usage: test-walk WALK PAGE: the program from which the page is made, and the page.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tests/check/elements/call.h"
#include "gst/protocol/association.h"

#include <stdlib.h>
#include <string.h>

/* What one end sends, or posts, in one act of the story: a line for each. */
typedef struct
{
  gchar *wire, *bus;
} Told;

static const gchar *walk;
static gchar **lines, *written;

static void
add (gchar **text, const gchar *format, ...)
{
  va_list arguments;
  gchar *line, *longer;

  va_start (arguments, format);
  line = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  longer = g_strconcat (*text, line, "\n", NULL);
  g_free (line);
  g_free (*text);
  *text = longer;
}

static void
told_clear (Told *told)
{
  g_free (told->wire);
  g_free (told->bus);
}

/* What the page says of stream 0. */
static Told
page (const gchar *act, const gchar *end)
{
  Told told = { g_strdup (""), g_strdup ("") };
  gboolean inside = FALSE;
  guint i;

  for (i = 0; lines[i] != NULL; i++) {
    gchar **cells = g_strsplit (lines[i], "\t", -1);

    if (g_strcmp0 (cells[0], "act") == 0)
      inside = strcmp (cells[1], act) == 0;
    else if (inside && g_strv_length (cells) >= 5 && strcmp (cells[2], end) == 0 && strcmp (cells[3], "0") == 0) {
      if (strcmp (cells[0], "packet") == 0)
        add (&told.wire, "%.8s %u", cells[4], (guint) strlen (cells[5]) / 2);
      else if (strcmp (cells[0], "state") == 0)
        add (&told.bus, "state %s to %s", cells[4], cells[5]);
      else if (strcmp (cells[0], "sas") == 0)
        add (&told.bus, "sas %s %s", cells[5], cells[6]);
      else if (strcmp (cells[0], "warning") == 0)
        add (&told.bus, "warning %s", cells[4]);
    }
    g_strfreev (cells);
  }
  return told;
}

/* What an endpoint has done since the last time it was asked. */
static Told
done (Endpoint *self)
{
  Told told = { g_strdup (""), g_strdup ("") };
  GstMessage *message;
  GstBuffer *packet;
  GHashTable *sent = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);

  while ((packet = g_queue_pop_head (&self->wire)) != NULL) {
    guint8 data[ZRTP_MAX_PACKET_LEN];
    gsize len = gst_buffer_extract (packet, 0, data, sizeof data);

    /* A message that was sent again, as nobody heard it the first time, is not another one. Header and CRC change. */
    if (zrtp_packet_is_zrtp (data, len) && g_hash_table_add (sent, g_bytes_new (data + 12, len - 16)))
      add (&told.wire, "%.8s %u", (const gchar *) data + 16, (guint) len);
    gst_buffer_unref (packet);
  }
  g_hash_table_unref (sent);
  while ((message = g_queue_pop_head (&self->messages)) != NULL) {
    const GstStructure *fields = gst_message_get_structure (message);
    gboolean verified = FALSE;
    const gchar *code;

    gst_structure_get_boolean (fields, "verified", &verified);
    if (gst_structure_has_name (fields, "zrtp-state"))
      add (&told.bus, "state %s to %s", gst_structure_get_string (fields, "old-state"),
          gst_structure_get_string (fields, "state"));
    else if (gst_structure_has_name (fields, "zrtp-sas"))
      add (&told.bus, "sas %s %s", gst_structure_get_string (fields, "cache"), verified ? "verified" : "unverified");
    else if (gst_zrtp_message_parse_warning (message, &code, NULL))
      add (&told.bus, "warning %s", code);
    gst_message_unref (message);
  }
  return told;
}

static void
forget (Endpoint *self)
{
  Told told = done (self);

  told_clear (&told);
}

static void
compare (Call *call, const gchar *act)
{
  Endpoint *ends[] = { &call->a, &call->b };
  static const gchar *const names[] = { "Alice", "Bob" };
  guint e;

  call_settle (call);
  for (e = 0; e < 2; e++) {
    Told expected = page (act, names[e]), seen = done (ends[e]);

    fail_unless (expected.wire[0] != '\0' || expected.bus[0] != '\0', "the page has no act %s", act);
    fail_unless_equals_string (seen.wire, expected.wire);
    fail_unless_equals_string (seen.bus, expected.bus);
    told_clear (&expected);
    told_clear (&seen);
  }
}

static void
start (Call *call)
{
  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
}

static void
emit (Call *call, Endpoint *self, const gchar *verb)
{
  g_signal_emit_by_name (self->enc, verb);
  call_settle (call);
}

GST_START_TEST (test_as_on_the_page)
{
  Call *call = call_new ();

  g_object_set (call->a.enc, "allow-clear", TRUE, NULL);
  g_object_set (call->b.enc, "allow-clear", TRUE, "auto-secure", FALSE, NULL);
  start (call);
  compare (call, "call");
  emit (call, &call->a, "sas-match");
  emit (call, &call->b, "sas-match");
  compare (call, "compare");
  emit (call, &call->a, "clear");
  emit (call, &call->b, "accept-clear");
  compare (call, "clear");
  emit (call, &call->a, "secure");
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  compare (call, "secure-again");

  endpoint_stop (&call->a);
  endpoint_stop (&call->b);
  forget (&call->a);
  forget (&call->b);
  start (call);
  compare (call, "next-day");

  endpoint_stop (&call->a);
  endpoint_stop (&call->b);
  forget (&call->a);
  forget (&call->b);
  g_object_set (call->a.enc, "preshared", TRUE, NULL);
  g_object_set (call->b.enc, "preshared", TRUE, NULL);
  start (call);
  compare (call, "preshared");
  call_free (call);
}

GST_END_TEST;

GST_START_TEST (test_largest_on_the_page)
{
  Call *call = call_new ();

  g_object_set (call->a.enc, "key-agreements", "DH3k", "allow-clear", TRUE, NULL);
  g_object_set (call->b.enc, "key-agreements", "DH3k", "allow-clear", TRUE, "auto-secure", FALSE, NULL);
  start (call);
  compare (call, "dh3k");
  call_free (call);
}

GST_END_TEST;

/* The newest packet of an end that is not ZRTP. */
static gsize
media_size (Endpoint *self)
{
  GstBuffer *packet = g_queue_peek_tail (&self->wire);

  fail_unless (packet != NULL);
  fail_if (is_marked (packet));
  return gst_buffer_get_size (packet);
}

/* What encryption adds to a packet. */
GST_START_TEST (test_media_on_the_page)
{
  static const gchar *const tags[] = { "HS80", "HS32", "GCM" };
  Call *call = call_new ();
  GstBuffer *plain = endpoint_make_rtp (&call->a);
  gsize before = gst_buffer_get_size (plain);
  const gchar *agreed;
  gchar *row;

  g_object_set (call->a.enc, "auth-tags", tags[__i__], NULL);
  g_object_set (call->b.enc, "auth-tags", tags[__i__], NULL);
  start (call);
  endpoint_talk (&call->a);
  agreed = gst_structure_get_string (gst_message_get_structure (endpoint_message (&call->a, "zrtp-sas")), "auth-tag");
  row = g_strdup_printf ("| `%s` | %u |", agreed, (guint) (media_size (&call->a) - before));
  fail_unless (strstr (written, row) != NULL, "the page has no row %s", row);
  g_free (row);
  gst_buffer_unref (plain);
  call_free (call);
}

GST_END_TEST;

/* The page is made anew in each build: it must come out the same. */
GST_START_TEST (test_same_each_time)
{
  gchar *again = NULL, *before = g_strjoinv ("\n", lines);

  fail_unless (g_spawn_command_line_sync (walk, &again, NULL, NULL, NULL));
  fail_unless_equals_string (again, before);
  g_free (again);
  g_free (before);
}

GST_END_TEST;

static Suite *
walk_suite (void)
{
  Suite *suite = suite_create ("walk");
  TCase *all = tcase_create ("all");

  suite_add_tcase (suite, all);
  tcase_add_test (all, test_as_on_the_page);
  tcase_add_test (all, test_largest_on_the_page);
  tcase_add_test (all, test_same_each_time);
  tcase_add_loop_test (all, test_media_on_the_page, 0, 3);
  return suite;
}

int
main (int argc, char **argv)
{
  gchar *output = NULL;
  int status;

  walk = argv[1];
  gst_check_init (&argc, &argv);
  if (argc != 3 || !g_spawn_command_line_sync (walk, &output, NULL, NULL, NULL)
      || !g_file_get_contents (argv[2], &written, NULL, NULL)) {
    g_printerr ("Usage: test-walk WALK PAGE\n");
    return 2;
  }
  lines = g_strsplit (output, "\n", -1);
  g_free (output);
  status = gst_check_run_suite (walk_suite (), "walk", __FILE__);
  g_strfreev (lines);
  g_free (written);
  return status;
}
