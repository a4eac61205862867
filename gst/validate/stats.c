/* stats.c: the action zrtp-expect-stats: what a session has counted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/validate/actions.h"
#include "gst/session/compat.h"

#include <string.h>

#define INTERVAL 20             /* milliseconds between two looks; nothing tells when a counter changes */

typedef struct
{
  GstValidateAction *action;
  gint64 deadline;              /* monotonic time, microseconds */
} Watch;

static void
watch_free (gpointer data)
{
  Watch *watch = data;

  gst_validate_action_unref (watch->action);
  g_free (watch);
}

/* The counters of a session, or of one of its streams. */
static GstStructure *
get_counters (GstZrtpSession *session, gint stream)
{
  GstStructure *stats = gst_zrtp_session_get_stats (session), *found = NULL;
  const GValue *streams = gst_structure_get_value (stats, "streams");
  guint i;

  if (stream < 0)
    return stats;
  for (i = 0; i < gst_value_array_get_size (streams) && found == NULL; i++) {
    const GstStructure *counters = gst_value_get_structure (gst_value_array_get_value (streams, i));
    gint number;

    if (gst_structure_get_int (counters, "stream", &number) && number == stream)
      found = gst_structure_copy (counters);
  }
  gst_structure_free (stats);
  return found ? found : gst_structure_new_empty ("no-such-stream");
}

typedef struct
{
  const GstStructure *counters;
  GString *differences;
} Comparison;

static gboolean
compare_field (const gchar *name, const GValue *wanted, gpointer data)
{
  Comparison *comparison = data;
  const GValue *value = gst_structure_get_value (comparison->counters, name);
  GValue number = G_VALUE_INIT;
  gchar *text;

  if (strcmp (name, "session") == 0 || strcmp (name, "stream") == 0 || gst_zrtp_action_is_own_field (name))
    return TRUE;
  if (value == NULL) {
    g_string_append_printf (comparison->differences, "\n  there is no counter %s", name);
    return TRUE;
  }
  /* Scenarios have ints. */
  g_value_init (&number, G_TYPE_INT);
  if (!g_value_transform (value, &number) || !gst_value_intersect (NULL, wanted, &number)) {
    text = gst_value_serialize (value);
    g_string_append_printf (comparison->differences, "\n  %s is %s", name, text);
    g_free (text);
  }
  g_value_unset (&number);
  return TRUE;
}

/* What is not as the action says; NULL: nothing. Transfer full. */
static gchar *
find_differences (GstValidateAction *action, GstZrtpSession *session)
{
  gint stream = -1;
  GstStructure *counters;
  Comparison comparison;

  gst_structure_get_int (action->structure, "stream", &stream);
  counters = get_counters (session, stream);
  comparison.counters = counters;
  comparison.differences = g_string_new (NULL);
  gst_zrtp_structure_foreach (action->structure, compare_field, &comparison);
  gst_structure_free (counters);
  return g_string_free (comparison.differences, comparison.differences->len == 0);
}

static gboolean
look (gpointer data)
{
  Watch *watch = data;
  GstValidateScenario *scenario = gst_validate_action_get_scenario (watch->action);
  GstZrtpSession *session = scenario ? gst_zrtp_action_get_session (scenario, watch->action, "session") : NULL;
  gchar *differences = session ? find_differences (watch->action, session) : NULL;
  gboolean go_on = differences != NULL && g_get_monotonic_time () < watch->deadline;

  if (differences != NULL && !go_on)
    GST_VALIDATE_REPORT_ACTION (scenario, watch->action, GST_ZRTP_ISSUE_NOT_MET,
        "%" GST_TIME_FORMAT " later session %s has still counted otherwise:%s",
        GST_TIME_ARGS (gst_zrtp_action_get_timeout (scenario, watch->action)), gst_zrtp_session_get_id (session),
        differences);
  if (!go_on)
    gst_validate_action_set_done (watch->action);
  g_free (differences);
  gst_clear_object (&session);
  gst_clear_object (&scenario);
  return go_on ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static GstValidateExecuteActionReturn
execute_expect_stats (GstValidateScenario *scenario, GstValidateAction *action)
{
  GstZrtpSession *session = gst_zrtp_action_get_session (scenario, action, "session");
  gchar *differences;
  Watch *watch;

  if (session == NULL)
    return GST_VALIDATE_EXECUTE_ACTION_ERROR_REPORTED;
  differences = find_differences (action, session);
  gst_object_unref (session);
  if (differences == NULL)
    return GST_VALIDATE_EXECUTE_ACTION_OK;
  g_free (differences);
  watch = g_new (Watch, 1);
  watch->action = gst_validate_action_ref (action);
  watch->deadline = g_get_monotonic_time () + gst_zrtp_action_get_timeout (scenario, action) / GST_USECOND
      - INTERVAL * G_TIME_SPAN_MILLISECOND;
  g_timeout_add_full (G_PRIORITY_HIGH, INTERVAL, look, watch, watch_free);
  return GST_VALIDATE_EXECUTE_ACTION_ASYNC;
}

void
gst_zrtp_validate_register_stats (GstPlugin *plugin)
{
  gst_validate_register_action_type_dynamic (plugin, "zrtp-expect-stats", GST_RANK_PRIMARY, execute_expect_stats,
      ((GstValidateActionParameter[]) {
          GST_ZRTP_PARAMETER_SESSION,
          GST_ZRTP_PARAMETER ("stream", FALSE, "int", "all streams together", "The number of a media stream."),
          GST_ZRTP_PARAMETER ("any counter", FALSE, "int or range [ ]", "any number",
              "A field of the property stats, such as received-decrypted."),
          GST_ZRTP_PARAMETER_TIMEOUT, { NULL } }),
      "Waits until the counters of a session are as it says, for example\n"
      "    zrtp-expect-stats, session=bob, received-decrypted=[50, max], received-clear=0",
      GST_VALIDATE_ACTION_TYPE_ASYNC);
}
