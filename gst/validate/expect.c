/* expect.c: actions about what sessions post: zrtp-expect, zrtp-forbid, zrtp-forget.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/validate/actions.h"
#include "gst/session/compat.h"

#include <string.h>

#define MESSAGE_PARAMETERS \
  GST_ZRTP_PARAMETER ("session", FALSE, "string", "any session", \
      "The session-id of the session that posts the message."), \
  GST_ZRTP_PARAMETER ("message", FALSE, "string", "whichever has the fields", \
      "The name of its structure: zrtp-state, zrtp-sas, zrtp-warning, zrtp-error, zrtp-enrollment, " \
      "zrtp-signature or zrtp-alert."), \
  GST_ZRTP_PARAMETER ("stream", FALSE, "int", "any stream", "The number of the media stream that it is about."), \
  GST_ZRTP_PARAMETER ("any field of the message", FALSE, \
      "as in the message, or a list { } or range [ ] of such values", "any value", \
      "What the message holds: state, security, verified, cache, code, ... as the README lists them.")

static gboolean
copy_field (const gchar *name, const GValue *value, gpointer data)
{
  if (strcmp (name, "session") != 0 && strcmp (name, "message") != 0 && !gst_zrtp_action_is_own_field (name))
    gst_structure_set_value (data, name, value);
  return TRUE;
}

/* The message that an action is about; transfer full. */
static GstStructure *
make_wanted (GstValidateAction *action)
{
  const gchar *message = gst_structure_get_string (action->structure, "message");
  const gchar *session = gst_structure_get_string (action->structure, "session");
  GstStructure *wanted = gst_structure_new_empty (message ? message : "any");

  if (session != NULL)
    gst_structure_set (wanted, "session-id", G_TYPE_STRING, session, NULL);
  gst_zrtp_structure_foreach (action->structure, copy_field, wanted);
  return wanted;
}

static gboolean
on_timeout (gpointer data)
{
  GstValidateAction *action = data;
  GstValidateScenario *scenario = gst_validate_action_get_scenario (action);
  GstElement *pipeline = scenario ? gst_validate_scenario_get_pipeline (scenario) : NULL;
  GstZrtpJournal *journal = pipeline ? gst_zrtp_journal_get (pipeline) : NULL;

  if (journal != NULL && gst_zrtp_journal_give_up (journal, action)) {
    const gchar *session = gst_structure_get_string (action->structure, "session");
    gchar *seen = gst_zrtp_journal_to_string (journal, session);
    GstStructure *wanted = make_wanted (action);
    gchar *text = gst_structure_to_string (wanted);

    GST_VALIDATE_REPORT_ACTION (scenario, action, GST_ZRTP_ISSUE_NOT_MET,
        "no such message within %" GST_TIME_FORMAT ": %s\n%s has posted:\n%s",
        GST_TIME_ARGS (gst_zrtp_action_get_timeout (scenario, action)), text, session ? session : "The pipeline", seen);
    gst_structure_free (wanted);
    g_free (text);
    g_free (seen);
    gst_validate_action_set_done (action);
  }
  gst_clear_object (&pipeline);
  gst_clear_object (&scenario);
  return G_SOURCE_REMOVE;
}

static GstValidateExecuteActionReturn
execute_expect (GstValidateScenario *scenario, GstValidateAction *action)
{
  GstZrtpJournal *journal;
  GstElement *pipeline = gst_zrtp_action_get_pipeline (scenario, action, &journal);
  gboolean met;

  if (pipeline == NULL)
    return GST_VALIDATE_EXECUTE_ACTION_ERROR_REPORTED;
  met = gst_zrtp_journal_expect (journal, action, make_wanted (action));
  gst_object_unref (pipeline);
  if (met)
    return GST_VALIDATE_EXECUTE_ACTION_OK;
  gst_zrtp_action_set_timeout (scenario, action, on_timeout);
  return GST_VALIDATE_EXECUTE_ACTION_ASYNC;
}

static GstValidateExecuteActionReturn
execute_forbid (GstValidateScenario *scenario, GstValidateAction *action)
{
  GstZrtpJournal *journal;
  GstElement *pipeline = gst_zrtp_action_get_pipeline (scenario, action, &journal);

  if (pipeline == NULL)
    return GST_VALIDATE_EXECUTE_ACTION_ERROR_REPORTED;
  gst_zrtp_journal_forbid (journal, action, make_wanted (action));
  gst_object_unref (pipeline);
  return GST_VALIDATE_EXECUTE_ACTION_OK;
}

static GstValidateExecuteActionReturn
execute_forget (GstValidateScenario *scenario, GstValidateAction *action)
{
  GstZrtpJournal *journal;
  GstElement *pipeline = gst_zrtp_action_get_pipeline (scenario, action, &journal);

  if (pipeline == NULL)
    return GST_VALIDATE_EXECUTE_ACTION_ERROR_REPORTED;
  gst_zrtp_journal_forget (journal, gst_structure_get_string (action->structure, "session"));
  gst_object_unref (pipeline);
  return GST_VALIDATE_EXECUTE_ACTION_OK;
}

void
gst_zrtp_validate_register_expect (GstPlugin *plugin)
{
  gst_validate_register_action_type_dynamic (plugin, "zrtp-expect", GST_RANK_PRIMARY, execute_expect,
      ((GstValidateActionParameter[]) { MESSAGE_PARAMETERS, GST_ZRTP_PARAMETER_TIMEOUT, { NULL } }),
      "Waits for a message of a ZRTP session, for example\n"
      "    zrtp-expect, session=alice, state=secure, security=unverified, timeout=5.0\n"
      "Messages that were posted before the action count too, in whatever order, and each one meets one expectation. "
      "Only the states of a stream, and what is told of its string, follow each other: whoever has expected one cannot "
      "expect an earlier one any more. If there is no such message in time, the report lists those that came.",
      GST_VALIDATE_ACTION_TYPE_ASYNC);
  gst_validate_register_action_type_dynamic (plugin, "zrtp-forbid", GST_RANK_PRIMARY, execute_forbid,
      ((GstValidateActionParameter[]) { MESSAGE_PARAMETERS, { NULL } }),
      "Fails at once when a ZRTP session posts such a message, from the beginning to the end of the test, for example\n"
      "    zrtp-forbid, message=zrtp-warning",
      GST_VALIDATE_ACTION_TYPE_NONE);
  gst_validate_register_action_type_dynamic (plugin, "zrtp-forget", GST_RANK_PRIMARY, execute_forget,
      ((GstValidateActionParameter[]) {
          GST_ZRTP_PARAMETER ("session", FALSE, "string", "all sessions", "Whose messages."), { NULL } }),
      "Forgets what was posted up to now: zrtp-expect and zrtp-forbid no longer look at it.",
      GST_VALIDATE_ACTION_TYPE_NONE);
}
