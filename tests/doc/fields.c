/* fields.c: every message that the elements post, with the names and types of its fields, as its maker makes it.
 *
 *   message NAME FIELD TYPE
 *   warning CODE
 *   error CODE NAME
 *   enrollment STATUS
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

#include <stdio.h>

static void
tell (GstStructure *structure)
{
  gint i;

  for (i = 0; i < gst_structure_n_fields (structure); i++) {
    const gchar *field = gst_structure_nth_field_name (structure, i);
    GType type = gst_structure_get_field_type (structure, field);

    printf ("message\t%s\t%s\t%s\n", gst_structure_get_name (structure), field,
        type == G_TYPE_STRING ? "string" : type == G_TYPE_INT ? "int" : type == G_TYPE_BOOLEAN ? "boolean" : "?");
  }
  gst_structure_free (structure);
}

static void
tell_warnings (GstZrtpSession *session)
{
  guint warning;

  for (warning = 0;; warning++) {
    GstStructure *structure = gst_zrtp_message_new_protocol_warning (session, 0, warning);
    const gchar *code = gst_structure_get_string (structure, "code");
    gboolean known = g_strcmp0 (code, "unknown") != 0;

    if (known)
      printf ("warning\t%s\n", code);
    if (warning == 0)
      tell (structure);
    else
      gst_structure_free (structure);
    if (!known)
      return;
  }
}

static void
tell_errors (void)
{
  guint32 code;

  for (code = 0; code < 0x10000; code++) {
    const gchar *name = zrtp_error_code_get_name (code);

    if (g_strcmp0 (name, "unknown error") != 0)
      printf ("error\t0x%X\t%s\n", code, name);
  }
}

int
main (int argc, char **argv)
{
  static const gchar *const statuses[] = { "offered", "accepted", "present", "removed" };
  GstZrtpOutlook outlook = { 0 };
  ZrtpSasInfo info = { "" };
  GstZrtpSession *session;
  guint i;

  gst_init (&argc, &argv);
  session = gst_zrtp_session_new ();
  tell (gst_zrtp_message_new_state (session, 0, GST_ZRTP_STATE_IDLE, GST_ZRTP_STATE_DISCOVERING, &outlook));
  tell (gst_zrtp_message_new_sas (session, 0, &info, GST_ZRTP_SECURITY_NONE, NULL, FALSE));
  tell (gst_zrtp_message_new_error (session, 0, ZRTP_ERROR_EQUAL_ZID, FALSE, TRUE));
  tell (gst_zrtp_message_new_signature (session, 0, &info, NULL, 0));
  for (i = 0; i < G_N_ELEMENTS (statuses); i++) {
    GstStructure *structure = gst_zrtp_message_new_enrollment (session, 0, statuses[i]);

    printf ("enrollment\t%s\n", gst_structure_get_string (structure, "status"));
    if (i == 0)
      tell (structure);
    else
      gst_structure_free (structure);
  }
  tell_warnings (session);
  tell_errors ();
  gst_object_unref (session);
  return 0;
}
