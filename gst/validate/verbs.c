/* verbs.c: actions by which a scenario does what users and signalling do: zrtp-verify, zrtp-secure, zrtp-clear,
 * zrtp-accept-clear, zrtp-new-call, zrtp-signal-hash.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/validate/actions.h"

#include <string.h>

/* The string that a session shows, or NULL with a report; transfer full. */
static gchar *
get_sas (GstValidateScenario *scenario, GstValidateAction *action, GstZrtpSession *session)
{
  gchar *sas;

  g_object_get (session, "sas", &sas, NULL);
  if (sas != NULL && sas[0] != '\0')
    return sas;
  g_free (sas);
  GST_VALIDATE_REPORT_ACTION (scenario, action, SCENARIO_ACTION_EXECUTION_ERROR,
      "session %s shows no string, as it is not secure. Put zrtp-expect, session=%s, state=secure before.",
      gst_zrtp_session_get_id (session), gst_zrtp_session_get_id (session));
  return NULL;
}

static gboolean
compare (GstValidateScenario *scenario, GstValidateAction *action, GstZrtpSession *session, GstZrtpSession *other)
{
  gchar *ours = get_sas (scenario, action, session), *theirs = ours ? get_sas (scenario, action, other) : NULL;
  gboolean same = ours != NULL && theirs != NULL && strcmp (ours, theirs) == 0;

  if (ours != NULL && theirs != NULL && !same)
    GST_VALIDATE_REPORT_ACTION (scenario, action, GST_ZRTP_ISSUE_SAS, "%s shows %s, but %s shows %s.",
        gst_zrtp_session_get_id (session), ours, gst_zrtp_session_get_id (other), theirs);
  g_free (ours);
  g_free (theirs);
  return same;
}

static gboolean
compare_with_other (GstValidateScenario *scenario, GstValidateAction *action, GstZrtpSession *session)
{
  GstZrtpSession *other = gst_zrtp_action_get_session (scenario, action, "same-as");
  gboolean same = other != NULL && compare (scenario, action, session, other);

  gst_clear_object (&other);
  return same;
}

static gboolean
verify (GstValidateScenario *scenario, GstValidateAction *action, GstZrtpSession *session)
{
  const gchar *answer = gst_structure_get_string (action->structure, "answer");
  gchar *sas;

  if (gst_structure_has_field (action->structure, "same-as") && !compare_with_other (scenario, action, session))
    return FALSE;
  sas = get_sas (scenario, action, session);
  if (sas == NULL)
    return FALSE;
  g_free (sas);
  if (answer == NULL || strcmp (answer, "match") == 0)
    gst_zrtp_session_sas_match (session);
  else if (strcmp (answer, "differs") == 0)
    gst_zrtp_session_sas_differs (session);
  else if (strcmp (answer, "later") != 0) {
    GST_VALIDATE_REPORT_ACTION (scenario, action, SCENARIO_ACTION_EXECUTION_ERROR,
        "answer=%s is none of match, differs and later.", answer);
    return FALSE;
  }
  return TRUE;
}

/* Whether the function has done its work for each session; a report was made otherwise. */
typedef gboolean (*SessionFunc) (GstValidateScenario * scenario, GstValidateAction * action, GstZrtpSession * session);

static GstValidateExecuteActionReturn
execute_on_sessions (GstValidateScenario *scenario, GstValidateAction *action, SessionFunc function)
{
  GPtrArray *sessions = gst_zrtp_action_get_sessions (scenario, action);
  gboolean done = sessions->len > 0;
  guint i;

  for (i = 0; i < sessions->len && done; i++)
    done = function (scenario, action, g_ptr_array_index (sessions, i));
  g_ptr_array_unref (sessions);
  return done ? GST_VALIDATE_EXECUTE_ACTION_OK : GST_VALIDATE_EXECUTE_ACTION_ERROR_REPORTED;
}

static GstValidateExecuteActionReturn
execute_verify (GstValidateScenario *scenario, GstValidateAction *action)
{
  return execute_on_sessions (scenario, action, verify);
}

static gboolean
secure (GstValidateScenario *scenario, GstValidateAction *action, GstZrtpSession *session)
{
  gst_zrtp_session_secure (session);
  return TRUE;
}

static gboolean
clear (GstValidateScenario *scenario, GstValidateAction *action, GstZrtpSession *session)
{
  gst_zrtp_session_clear (session);
  return TRUE;
}

static gboolean
accept_clear (GstValidateScenario *scenario, GstValidateAction *action, GstZrtpSession *session)
{
  gst_zrtp_session_accept_clear (session);
  return TRUE;
}

static gboolean
new_call (GstValidateScenario *scenario, GstValidateAction *action, GstZrtpSession *session)
{
  if (gst_zrtp_session_new_call (session))
    return TRUE;
  GST_VALIDATE_REPORT_ACTION (scenario, action, SCENARIO_ACTION_EXECUTION_ERROR,
      "session %s is in a call. Set the pipeline to READY before.", gst_zrtp_session_get_id (session));
  return FALSE;
}

static GstValidateExecuteActionReturn
execute_secure (GstValidateScenario *scenario, GstValidateAction *action)
{
  return execute_on_sessions (scenario, action, secure);
}

static GstValidateExecuteActionReturn
execute_clear (GstValidateScenario *scenario, GstValidateAction *action)
{
  return execute_on_sessions (scenario, action, clear);
}

static GstValidateExecuteActionReturn
execute_accept_clear (GstValidateScenario *scenario, GstValidateAction *action)
{
  return execute_on_sessions (scenario, action, accept_clear);
}

static GstValidateExecuteActionReturn
execute_new_call (GstValidateScenario *scenario, GstValidateAction *action)
{
  return execute_on_sessions (scenario, action, new_call);
}

/* One digit more or less: another hash, well-formed. */
static void
forge (gchar *hash)
{
  gchar *last = hash + strlen (hash) - 1;

  *last = *last == '0' ? '1' : '0';
}

static gboolean
signal_hash (GstValidateScenario *scenario, GstValidateAction *action, GstZrtpSession *from, GstZrtpSession *to)
{
  gboolean forged = FALSE, taken;
  gint stream = 0;
  gchar *hash;

  gst_structure_get_boolean (action->structure, "forged", &forged);
  gst_structure_get_int (action->structure, "stream", &stream);
  hash = gst_zrtp_session_get_zrtp_hash (from, stream);
  if (hash == NULL) {
    GST_VALIDATE_REPORT_ACTION (scenario, action, SCENARIO_ACTION_EXECUTION_ERROR,
        "session %s has no zrtp-hash for stream %d.", gst_zrtp_session_get_id (from), stream);
    return FALSE;
  }
  if (forged)
    forge (hash);
  taken = gst_zrtp_session_set_peer_zrtp_hash (to, stream, hash);
  if (!taken)
    GST_VALIDATE_REPORT_ACTION (scenario, action, SCENARIO_ACTION_EXECUTION_ERROR, "session %s does not take %s.",
        gst_zrtp_session_get_id (to), hash);
  g_free (hash);
  return taken;
}

static GstValidateExecuteActionReturn
execute_signal_hash (GstValidateScenario *scenario, GstValidateAction *action)
{
  GstZrtpSession *from = gst_zrtp_action_get_session (scenario, action, "from");
  GstZrtpSession *to = from ? gst_zrtp_action_get_session (scenario, action, "to") : NULL;
  gboolean done = to != NULL && signal_hash (scenario, action, from, to);

  gst_clear_object (&from);
  gst_clear_object (&to);
  return done ? GST_VALIDATE_EXECUTE_ACTION_OK : GST_VALIDATE_EXECUTE_ACTION_ERROR_REPORTED;
}

static void
register_word (GstPlugin *plugin, const gchar *name, GstValidateExecuteAction function, const gchar *description)
{
  gst_validate_register_action_type_dynamic (plugin, name, GST_RANK_PRIMARY, function,
      ((GstValidateActionParameter[]) { GST_ZRTP_PARAMETER_SESSIONS, { NULL } }), description,
      GST_VALIDATE_ACTION_TYPE_NONE);
}

void
gst_zrtp_validate_register_verbs (GstPlugin *plugin)
{
  gst_validate_register_action_type_dynamic (plugin, "zrtp-verify", GST_RANK_PRIMARY, execute_verify,
      ((GstValidateActionParameter[]) {
          GST_ZRTP_PARAMETER_SESSIONS,
          GST_ZRTP_PARAMETER ("answer", FALSE, "string", "match",
              "What the user says after comparing: match, differs (the alarm), or later (nothing)."),
          GST_ZRTP_PARAMETER ("same-as", FALSE, "string", NULL,
              "Session at the other end. The test fails if it shows another string, and the user says nothing."),
          { NULL } }),
      "The user compares the short authentication string of a session, which must be secure, for example\n"
      "    zrtp-verify, session=alice, same-as=bob",
      GST_VALIDATE_ACTION_TYPE_NONE);
  register_word (plugin, "zrtp-secure", execute_secure,
      "The user asks for encryption: the action signal `secure`.");
  register_word (plugin, "zrtp-clear", execute_clear,
      "The user switches encryption off, which both ends must allow: the action signal `clear`.");
  register_word (plugin, "zrtp-accept-clear", execute_accept_clear,
      "The user agrees that the other one has switched encryption off: the action signal `accept-clear`.");
  register_word (plugin, "zrtp-new-call", execute_new_call,
      "The pipeline was stopped, and what comes next is another call: the action signal `new-call`.");
  gst_validate_register_action_type_dynamic (plugin, "zrtp-signal-hash", GST_RANK_PRIMARY, execute_signal_hash,
      ((GstValidateActionParameter[]) {
          GST_ZRTP_PARAMETER ("from", TRUE, "string", NULL, "The session of which it is."),
          GST_ZRTP_PARAMETER ("to", TRUE, "string", NULL, "The session that is told."),
          GST_ZRTP_PARAMETER ("stream", FALSE, "int", "0", "The number of the media stream."),
          GST_ZRTP_PARAMETER ("forged", FALSE, "boolean", "false", "Whether somebody alters it on its way."),
          { NULL } }),
      "Brings the zrtp-hash of one end to the other, as the signalling would in a=zrtp-hash. Both must be in READY.",
      GST_VALIDATE_ACTION_TYPE_NONE);
}
