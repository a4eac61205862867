/* actions.h: what the files of actions share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/validate/validate.h>
#include <gst/zrtp/zrtp.h>

#include "gst/validate/journal.h"

G_BEGIN_DECLS

/* Issues that gst-validate reports. */
#define GST_ZRTP_ISSUE_NOT_MET g_quark_from_static_string ("zrtp::expectation-not-met")
#define GST_ZRTP_ISSUE_FORBIDDEN g_quark_from_static_string ("zrtp::forbidden-message")
#define GST_ZRTP_ISSUE_SAS g_quark_from_static_string ("zrtp::sas-differs")

/* What every action that waits for something is willing to wait, if its scenario does not say. */
#define GST_ZRTP_DEFAULT_TIMEOUT (10 * GST_SECOND)

/* For tables of parameters. */
#define GST_ZRTP_PARAMETER(param_name, param_mandatory, param_types, param_default, param_description) \
  { .name = (param_name), .description = (param_description), .mandatory = (param_mandatory), .types = (param_types), \
    .possible_variables = NULL, .def = (param_default) }

#define GST_ZRTP_PARAMETER_SESSION \
  GST_ZRTP_PARAMETER ("session", FALSE, "string", "the pipeline's only session", "The session-id of the session.")
#define GST_ZRTP_PARAMETER_SESSIONS \
  GST_ZRTP_PARAMETER ("session", FALSE, "string", "every session of the pipeline", "The session-id of the session.")
#define GST_ZRTP_PARAMETER_TIMEOUT \
  GST_ZRTP_PARAMETER ("timeout", FALSE, "double or string (GstClockTime)", "10.0", "For how long to wait, in seconds.")

/* Each file registers its actions. */
void gst_zrtp_validate_register_expect (GstPlugin * plugin);
void gst_zrtp_validate_register_verbs (GstPlugin * plugin);
void gst_zrtp_validate_register_impair (GstPlugin * plugin);
void gst_zrtp_validate_register_stats (GstPlugin * plugin);

/* actions.c */

/* The pipeline of an action, transfer full, and its journal; a report is made if one of them is missing. */
GstElement *gst_zrtp_action_get_pipeline (GstValidateScenario * scenario, GstValidateAction * action,
    GstZrtpJournal ** journal);

/* The sessions that an action is about: the one that its field "session" names by its id, else all of the pipeline,
 * each with a reference. Empty: a report was made. A session is there from READY on. */
GPtrArray *gst_zrtp_action_get_sessions (GstValidateScenario * scenario, GstValidateAction * action);

/* The one session that a field names, or the only one; transfer full. NULL: a report was made. */
GstZrtpSession *gst_zrtp_action_get_session (GstValidateScenario * scenario, GstValidateAction * action,
    const gchar * field);

/* The zrtpenc of a session, or the only one; transfer full. NULL: there is none, or more than one. */
GstElement *gst_zrtp_action_find_encoder (GstElement * pipeline, const gchar * session);

/* Whether a field of an action is about the action itself, and not about what it looks for. */
gboolean gst_zrtp_action_is_own_field (const gchar * field);

/* Calls the function in the main loop when the action's timeout is over, a moment before gst-validate would say no
 * more than that. */
void gst_zrtp_action_set_timeout (GstValidateScenario * scenario, GstValidateAction * action, GSourceFunc function);

/* Ends an action in the main loop, where it has begun. Any thread. */
void gst_zrtp_action_finish_later (GstValidateAction * action);

/* The action's timeout, or the default. */
GstClockTime gst_zrtp_action_get_timeout (GstValidateScenario * scenario, GstValidateAction * action);

G_END_DECLS
