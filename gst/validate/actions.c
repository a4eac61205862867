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
    GST_VALIDATE_REPORT_ACTION (scenario, action, SCENARIO_ACTION_EXECUTION_ERROR,
        "%s comes after the pipeline has gone.", action->type);
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
is_made_by (GstElement *element, const gchar *factory)
{
  return gst_element_get_factory (element) != NULL
      && strcmp (GST_OBJECT_NAME (gst_element_get_factory (element)), factory) == 0;
}

/* The ZRTP elements of a pipeline in whatever bins, each with a reference. */
static GPtrArray *
list_elements (GstElement *pipeline, gboolean encoders_only)
{
  GPtrArray *elements = g_ptr_array_new_with_free_func (gst_object_unref);
  GstIterator *iterator = gst_bin_iterate_recurse (GST_BIN (pipeline));
  GValue item = G_VALUE_INIT;
  GstIteratorResult result;

  while ((result = gst_iterator_next (iterator, &item)) == GST_ITERATOR_OK || result == GST_ITERATOR_RESYNC) {
    GstElement *element;

    if (result == GST_ITERATOR_RESYNC) {
      g_ptr_array_set_size (elements, 0);
      gst_iterator_resync (iterator);
      continue;
    }
    element = g_value_get_object (&item);
    if (is_made_by (element, "zrtpenc") || (!encoders_only && is_made_by (element, "zrtpdec")))
      g_ptr_array_add (elements, gst_object_ref (element));
    g_value_reset (&item);
  }
  g_value_unset (&item);
  gst_iterator_free (iterator);
  return elements;
}

GstElement *
gst_zrtp_action_find_encoder (GstElement *pipeline, const gchar *session)
{
  GPtrArray *elements = list_elements (pipeline, TRUE);
  GstElement *found = NULL;
  guint i, n = 0;

  for (i = 0; i < elements->len; i++) {
    gchar *id;

    g_object_get (g_ptr_array_index (elements, i), "session-id", &id, NULL);
    if (session == NULL || g_strcmp0 (id, session) == 0) {
      found = g_ptr_array_index (elements, i);
      n++;
    }
    g_free (id);
  }
  if (n == 1)
    gst_object_ref (found);
  g_ptr_array_unref (elements);
  return n == 1 ? found : NULL;
}

/* The sessions of a pipeline by their ids. */
static GHashTable *
list_sessions (GstElement *pipeline)
{
  GHashTable *sessions = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, gst_object_unref);
  GPtrArray *elements = list_elements (pipeline, FALSE);
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

static void
report_no_session (GstValidateScenario *scenario, GstValidateAction *action, const gchar *field, GHashTable *sessions)
{
  const gchar *id = gst_structure_get_string (action->structure, field);
  gchar *ids = list_ids (sessions);

  if (id != NULL)
    GST_VALIDATE_REPORT_ACTION (scenario, action, SCENARIO_ACTION_EXECUTION_ERROR,
        "there is no session %s in the pipeline. Its sessions: %s.", id, ids);
  else
    GST_VALIDATE_REPORT_ACTION (scenario, action, SCENARIO_ACTION_EXECUTION_ERROR,
        "%s must name a session of the pipeline. Its sessions: %s.", field, ids);
  g_free (ids);
}

GPtrArray *
gst_zrtp_action_get_sessions (GstValidateScenario *scenario, GstValidateAction *action)
{
  GstElement *pipeline = gst_validate_scenario_get_pipeline (scenario);
  const gchar *wanted = gst_structure_get_string (action->structure, "session");
  GPtrArray *found = g_ptr_array_new_with_free_func (gst_object_unref);
  GHashTable *sessions;
  GHashTableIter iter;
  gpointer id, session;

  if (pipeline == NULL)
    return found;
  sessions = list_sessions (pipeline);
  g_hash_table_iter_init (&iter, sessions);
  while (g_hash_table_iter_next (&iter, &id, &session)) {
    if (wanted == NULL || strcmp (wanted, id) == 0)
      g_ptr_array_add (found, gst_object_ref (session));
  }
  if (found->len == 0)
    report_no_session (scenario, action, "session", sessions);
  g_hash_table_unref (sessions);
  gst_object_unref (pipeline);
  return found;
}

GstZrtpSession *
gst_zrtp_action_get_session (GstValidateScenario *scenario, GstValidateAction *action, const gchar *field)
{
  const gchar *id = gst_structure_get_string (action->structure, field);
  GstElement *pipeline = gst_validate_scenario_get_pipeline (scenario);
  GHashTable *sessions;
  GstZrtpSession *session = NULL;
  GHashTableIter iter;

  if (pipeline == NULL)
    return NULL;
  sessions = list_sessions (pipeline);
  g_hash_table_iter_init (&iter, sessions);
  if (id != NULL)
    session = g_hash_table_lookup (sessions, id);
  else if (g_hash_table_size (sessions) == 1)
    g_hash_table_iter_next (&iter, NULL, (gpointer *) &session);
  if (session != NULL)
    gst_object_ref (session);
  else
    report_no_session (scenario, action, field, sessions);
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

static gboolean
finish (gpointer data)
{
  gst_validate_action_set_done (data);
  return G_SOURCE_REMOVE;
}

void
gst_zrtp_action_finish_later (GstValidateAction *action)
{
  g_idle_add_full (G_PRIORITY_HIGH, finish, gst_validate_action_ref (action), unref_action);
}
