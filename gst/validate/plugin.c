/* plugin.c: the gst-validate plugin: actions and issues for tests of calls with ZRTP.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/validate/actions.h"

static void
register_issue (GQuark id, const gchar *summary, const gchar *description)
{
  gst_validate_issue_register (gst_validate_issue_new_full (id, summary, description,
      GST_VALIDATE_REPORT_LEVEL_CRITICAL,
      GST_VALIDATE_ISSUE_FLAGS_NO_BACKTRACE | GST_VALIDATE_ISSUE_FLAGS_FULL_DETAILS));
}

static gboolean
plugin_init (GstPlugin *plugin)
{
  register_issue (GST_ZRTP_ISSUE_NOT_MET, "what was expected of a ZRTP session did not come",
      "A zrtp-expect action has waited for its timeout.");
  register_issue (GST_ZRTP_ISSUE_FORBIDDEN, "a ZRTP session has posted what it must not",
      "A zrtp-forbid action says which messages must not come.");
  register_issue (GST_ZRTP_ISSUE_SAS, "two ends of a call show different strings",
      "Somebody is between them, or they are not ends of one call.");
  gst_zrtp_validate_register_expect (plugin);
  gst_zrtp_validate_register_verbs (plugin);
  gst_zrtp_validate_register_impair (plugin);
  gst_zrtp_validate_register_stats (plugin);
  gst_zrtp_journal_install ();
  return TRUE;
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, validatezrtp,
    "gst-validate actions for calls with ZRTP", plugin_init, PACKAGE_VERSION, "LGPL", PACKAGE, PACKAGE)
