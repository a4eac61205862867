/* test-dot.c: pictures of a pipeline (GST_DEBUG_BIN_TO_DOT_FILE) show the call, its state and its security on both elements.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <string.h>

/* The label of the element of a type in a picture of the whole pipeline; free with g_free. */
static gchar *
label (Endpoint *self, const gchar *type)
{
  gchar *dot = gst_debug_bin_to_dot_data (GST_BIN (self->pipeline), GST_DEBUG_GRAPH_SHOW_ALL);
  gchar *start = g_strdup_printf ("label=\"%s", type), *at, *end, *found;

  at = strstr (dot, start);
  fail_unless (at != NULL, "no %s in %s", type, dot);
  end = strstr (at, "\";\n");
  fail_unless (end != NULL);
  found = g_strndup (at, end - at);
  g_free (start);
  g_free (dot);
  return found;
}

static void
check (Endpoint *self, const gchar *expected, gboolean there)
{
  static const gchar *const types[] = { "GstZrtpEnc", "GstZrtpDec" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (types); i++) {
    gchar *text = label (self, types[i]);

    fail_unless ((strstr (text, expected) != NULL) == there, "%s %s in %s", expected, there ? "is not" : "is", text);
    g_free (text);
  }
}

GST_START_TEST (test_states)
{
  Call *call = call_new ();
  gchar *hash;

  g_object_set (call->a.enc, "session-id", "office", NULL);
  g_object_set (call->a.dec, "session-id", "office", NULL);
  check (&call->a, "office", TRUE);
  endpoint_start (&call->a);
  endpoint_talk (&call->a);
  call_settle (call);
  check (&call->a, "office", TRUE);
  check (&call->a, "state=discovering", TRUE);
  check (&call->a, "security=", FALSE);

  endpoint_start (&call->b);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  check (&call->a, "state=secure", TRUE);
  check (&call->a, "security=unverified", TRUE);
  /* The one that chose its name itself. */
  check (&call->b, gst_zrtp_session_get_id (call->b.session), TRUE);
  check (&call->b, "state=secure", TRUE);
  g_signal_emit_by_name (call->b.enc, "sas-match");
  call_settle (call);
  check (&call->b, "security=verified", TRUE);
  hash = g_strndup (gst_structure_get_string (gst_message_get_structure (endpoint_message (&call->b, "zrtp-sas")), "sas-hash"), 16);
  check (&call->b, hash, FALSE);
  g_free (hash);

  endpoint_stop (&call->a);
  check (&call->a, "state=", FALSE);
  check (&call->a, "office", TRUE);
  call_free (call);
}
GST_END_TEST;

static Suite *
dot_suite (void)
{
  Suite *suite = suite_create ("dot");
  TCase *tcase = tcase_create ("dot");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_states);
  return suite;
}

GST_CHECK_MAIN (dot)
