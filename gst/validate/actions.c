/* actions.c: what the files of actions share: an action's pipeline, its session, its patience.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/validate/actions.h"

#include <string.h>

GstElement *
gst_zrtp_action_get_pipeline (GstValidateScenario *scenario, GstValidateAction *action, GstZrtpJournal **journal)
{
  GstElement *pipeline = gst_validate_scenario_get_pipeline (scenario);

  if (pipeline == NULL) {
    GST_VALIDATE_REPORT_ACTION (scenario, action, SCENARIO_ACTION_EXECUTION_ERROR, "%s comes after the pipeline has gone.",
        action->type);
    return NULL;
  }
  *journal = gst_zrtp_journal_get (pipeline);
  if (*journal == NULL) {
    GST_VALIDATE_REPORT_ACTION (scenario, action, SCENARIO_ACTION_EXECUTION_ERROR,
        "%s needs gst-validate to watch the pipeline from its beginning.", action->type);
    gst_clear_object (&pipeline);
  }
  return pipeline;
}

gboolean
gst_zrtp_action_is_own_field (const gchar *field)
{
  static const gchar *const names[] = { "timeout", "name", "playback-time", "playback_time", "on-message", "optional",
    "repeat", "expected-issues", NULL };

  return g_strv_contains (names, field) || g_str_has_prefix (field, "__");
}

/* Sessions */

static gboolean
is_zrtp_element (GstElement *element, const gchar *factory)
{
  const gchar *name = gst_element_get_factory (element) ? GST_OBJECT_NAME (gst_element_get_factory (element)) : "";

  if (factory != NULL)
    return strcmp (name, factory) == 0;
  return strcmp (name, "zrtpenc") == 0 || strcmp (name, "zrtpdec") == 0;
}

/* The ZRTP elements of a pipeline in whatever bins, each with a reference. */
static GPtrArray *
list_elements (GstElement *pipeline, const gchar *factory)
{
  GPtrArray *elements = g_ptr_array_new_with_free_func (gst_object_unref);
  GstIterator *iterator = gst_bin_iterate_recurse (GST_BIN (pipeline));
  GValue item = G_VALUE_INIT;
  GstIteratorResult result;

  while ((result = gst_iterator_next (iterator, &item)) == GST_ITERATOR_OK || result == GST_ITERATOR_RESYNC) {
    if (result == GST_ITERATOR_RESYNC) {
      g_ptr_array_set_size (elements, 0);
      gst_iterator_resync (iterator);
      continue;
    }
    if (is_zrtp_element (g_value_get_object (&item), factory))
      g_ptr_array_add (elements, g_value_dup_object (&item));
    g_value_reset (&item);
  }
  g_value_unset (&item);
  gst_iterator_free (iterator);
  return elements;
}

GstElement *
gst_zrtp_action_find_element (GstElement *pipeline, const gchar *factory, const gchar *session)
{
  GPtrArray *elements = list_elements (pipeline, factory);
  GstElement *found = NULL;
  guint i;

  for (i = 0; i < elements->len && found == NULL; i++) {
    gchar *id;

    g_object_get (g_ptr_array_index (elements, i), "session-id", &id, NULL);
    if (session == NULL || g_strcmp0 (id, session) == 0)
      found = gst_object_ref (g_ptr_array_index (elements, i));
    g_free (id);
  }
  g_ptr_array_unref (elements);
  return found;
}

/* The sessions of a pipeline by their ids. */
static GHashTable *
list_sessions (GstElement *pipeline)
{
  GHashTable *sessions = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, gst_object_unref);
  GPtrArray *elements = list_elements (pipeline, NULL);
  guint i;

  for (i = 0; i < elements->len; i++) {
    GstZrtpSession *session;

    g_object_get (g_ptr_array_index (elements, i), "session", &session, NULL);
    if (session != NULL)
      g_hash_table_replace (sessions, (gpointer) gst_zrtp_session_get_id (session), session);
  }
  g_ptr_array_unref (elements);
  return sessions;
}

static gchar *
list_ids (GHashTable *sessions)
{
  gchar **ids = (gchar **) g_hash_table_get_keys_as_array (sessions, NULL);
  gchar *list = ids[0] != NULL ? g_strjoinv (", ", ids) : g_strdup ("none (sessions are there from READY on)");

  g_free (ids);
  return list;
}

GstZrtpSession *
gst_zrtp_action_get_session (GstValidateScenario *scenario, GstValidateAction *action, const gchar *field)
{
  const gchar *id = gst_structure_get_string (action->structure, field);
  GstElement *pipeline = gst_validate_scenario_get_pipeline (scenario);
  GHashTable *sessions;
  GstZrtpSession *session = NULL;

  if (pipeline == NULL)
    return NULL;
  sessions = list_sessions (pipeline);
  if (id != NULL)
    session = g_hash_table_lookup (sessions, id);
  else if (g_hash_table_size (sessions) == 1) {
    GHashTableIter iter;

    g_hash_table_iter_init (&iter, sessions);
    g_hash_table_iter_next (&iter, NULL, (gpointer *) &session);
  }
  if (session != NULL)
    gst_object_ref (session);
  else {
    gchar *ids = list_ids (sessions);

    GST_VALIDATE_REPORT_ACTION (scenario, action, SCENARIO_ACTION_EXECUTION_ERROR,
        id ? "no %s=%s in the pipeline. Its sessions: %s" : "%s%s must name one of the pipeline's sessions: %s", field,
        id ? id : "", ids);
    g_free (ids);
  }
  g_hash_table_unref (sessions);
  gst_object_unref (pipeline);
  return session;
}

/* Patience */

GstClockTime
gst_zrtp_action_get_timeout (GstValidateScenario *scenario, GstValidateAction *action)
{
  GstClockTime timeout;

  if (!gst_validate_action_get_clocktime (scenario, action, "timeout", &timeout))
    timeout = GST_ZRTP_DEFAULT_TIMEOUT;
  return timeout;
}

static void
unref_action (gpointer data)
{
  gst_validate_action_unref (data);
}

void
gst_zrtp_action_set_timeout (GstValidateScenario *scenario, GstValidateAction *action, GSourceFunc function)
{
  guint ms = gst_zrtp_action_get_timeout (scenario, action) / GST_MSECOND;

  g_timeout_add_full (G_PRIORITY_HIGH, MAX (ms, 1) - 1, function, gst_validate_action_ref (action), unref_action);
}
