/* journal.c: what the sessions of a pipeline have posted, from its first message on, and who waits for what comes next.
 *
 * Messages are noted in the thread that posts them, before anybody can miss them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/validate/journal.h"
#include "gst/session/compat.h"
#include "gst/validate/actions.h"

#include <gst/zrtp/zrtp.h>
#include <gst/validate/gst-validate-override.h>
#include <gst/validate/gst-validate-override-registry.h>
#include <gst/validate/gst-validate-pipeline-monitor.h>
#include <string.h>

typedef struct
{
  GstClockTime time;            /* since the journal was begun */
  GstStructure *structure;
  gboolean met;                 /* an expectation; or what came after it has */
  gboolean forgotten;
} Entry;

/* An action that waits for a message, or forbids it. */
typedef struct
{
  GstValidateAction *action;
  GstStructure *wanted;
} Interest;

struct _GstZrtpJournal
{
  GMutex lock;
  GstClockTime begun;
  GPtrArray *entries;           /* Entry */
  GPtrArray *waiting;           /* Interest */
  GPtrArray *forbidden;         /* Interest */
};

static G_DEFINE_QUARK (gst-zrtp-journal, journal)

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  gst_structure_free (entry->structure);
  g_free (entry);
}

static Interest *
interest_new (GstValidateAction *action, GstStructure *wanted)
{
  Interest *interest = g_new (Interest, 1);

  interest->action = gst_validate_action_ref (action);
  interest->wanted = wanted;
  return interest;
}

static void
interest_free (gpointer data)
{
  Interest *interest = data;

  gst_validate_action_unref (interest->action);
  gst_structure_free (interest->wanted);
  g_free (interest);
}

static GstZrtpJournal *
journal_new (void)
{
  GstZrtpJournal *self = g_new0 (GstZrtpJournal, 1);

  g_mutex_init (&self->lock);
  self->begun = gst_util_get_timestamp ();
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->waiting = g_ptr_array_new_with_free_func (interest_free);
  self->forbidden = g_ptr_array_new_with_free_func (interest_free);
  return self;
}

static void
journal_free (gpointer data)
{
  GstZrtpJournal *self = data;

  g_ptr_array_unref (self->entries);
  g_ptr_array_unref (self->waiting);
  g_ptr_array_unref (self->forbidden);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Matching */

/* Scenarios write numbers and flags as it comes: what the message has decides on the type. */
static gboolean
value_fits (const GValue *wanted, const GValue *value)
{
  GValue converted = G_VALUE_INIT;
  gboolean fits;

  if (gst_value_can_intersect (wanted, value))
    return gst_value_intersect (NULL, wanted, value);
  g_value_init (&converted, G_VALUE_TYPE (value));
  if (G_VALUE_HOLDS_STRING (wanted))
    fits = gst_value_deserialize (&converted, g_value_get_string (wanted));
  else
    fits = g_value_type_transformable (G_VALUE_TYPE (wanted), G_VALUE_TYPE (value))
        && g_value_transform (wanted, &converted);
  fits = fits && gst_value_compare (&converted, value) == GST_VALUE_EQUAL;
  g_value_unset (&converted);
  return fits;
}

static gboolean
field_fits (const gchar *name, const GValue *wanted, gpointer data)
{
  const GValue *value = gst_structure_get_value (data, name);

  return value != NULL && value_fits (wanted, value);
}

static gboolean
fits (GstStructure *wanted, const Entry *entry)
{
  if (entry->forgotten)
    return FALSE;
  if (!gst_structure_has_name (wanted, "any")
      && !gst_structure_has_name (entry->structure, gst_structure_get_name (wanted)))
    return FALSE;
  return gst_zrtp_structure_foreach (wanted, field_fits, entry->structure);
}

static gboolean
is_same_series (const Entry *a, const Entry *b)
{
  gint stream_a = 0, stream_b = 0;

  gst_structure_get_int (a->structure, "stream", &stream_a);
  gst_structure_get_int (b->structure, "stream", &stream_b);
  return stream_a == stream_b
      && gst_structure_has_name (b->structure, gst_structure_get_name (a->structure))
      && g_strcmp0 (gst_structure_get_string (a->structure, "session-id"),
             gst_structure_get_string (b->structure, "session-id")) == 0;
}

/* States follow each other, and so do what is known of a string: who has seen a later one has seen the earlier ones go
 * by. Otherwise "clear" after "secure" would be met by the "clear" before it. Warnings stand each for itself. */
static void
mark_met (GstZrtpJournal *self, guint index)
{
  Entry *entry = g_ptr_array_index (self->entries, index);
  gboolean is_series = gst_structure_has_name (entry->structure, GST_ZRTP_MESSAGE_STATE)
      || gst_structure_has_name (entry->structure, GST_ZRTP_MESSAGE_SAS);
  guint i;

  entry->met = TRUE;
  for (i = 0; is_series && i < index; i++) {
    Entry *earlier = g_ptr_array_index (self->entries, i);

    earlier->met = earlier->met || is_same_series (earlier, entry);
  }
}

/* Noting */

static void
unref_action (gpointer data)
{
  gst_validate_action_unref (data);
}

static void
report_forbidden (GstZrtpJournal *self, GstValidateAction *action, const GstStructure *structure)
{
  GstValidateScenario *scenario = gst_validate_action_get_scenario (action);
  gchar *text = gst_zrtp_journal_to_string (self, gst_structure_get_string (structure, "session-id"));

  if (scenario != NULL) {
    GST_VALIDATE_REPORT_ACTION (scenario, action, GST_ZRTP_ISSUE_FORBIDDEN,
        "session %s has posted %s, which is forbidden here: %s\nIt has posted so far:\n%s",
        gst_structure_get_string (structure, "session-id"), gst_structure_get_name (structure),
        gst_structure_get_string (structure, "text"), text);
    gst_object_unref (scenario);
  }
  g_free (text);
}

static void
note (GstZrtpJournal *self, const GstStructure *structure)
{
  Entry *entry = g_new0 (Entry, 1);
  GPtrArray *offended = g_ptr_array_new_with_free_func (unref_action);
  GstStructure *copy = gst_structure_copy (structure);
  guint i;

  g_mutex_lock (&self->lock);
  entry->time = gst_util_get_timestamp () - self->begun;
  entry->structure = gst_structure_copy (structure);
  g_ptr_array_add (self->entries, entry);
  for (i = 0; i < self->waiting->len; i++) {
    Interest *interest = g_ptr_array_index (self->waiting, i);

    if (fits (interest->wanted, entry)) {
      mark_met (self, self->entries->len - 1);
      gst_zrtp_action_finish_later (interest->action);
      g_ptr_array_remove_index (self->waiting, i);
      break;
    }
  }
  for (i = 0; i < self->forbidden->len; i++) {
    Interest *interest = g_ptr_array_index (self->forbidden, i);

    if (fits (interest->wanted, entry))
      g_ptr_array_add (offended, gst_validate_action_ref (interest->action));
  }
  g_mutex_unlock (&self->lock);

  for (i = 0; i < offended->len; i++)
    report_forbidden (self, g_ptr_array_index (offended, i), copy);
  g_ptr_array_unref (offended);
  gst_structure_free (copy);
}

static void
on_message (GstBus *bus, GstMessage *message, gpointer data)
{
  if (gst_zrtp_message_is (message))
    note (gst_zrtp_journal_get (data), gst_message_get_structure (message));
}

/* gst-validate shows its overrides everything that it begins to watch. This one alters nothing, hence attaches to
 * nothing. */

typedef struct
{
  GstValidateOverride parent;
} Watcher;

typedef struct
{
  GstValidateOverrideClass parent_class;
} WatcherClass;

static GType watcher_get_type (void);
G_DEFINE_TYPE (Watcher, watcher, GST_TYPE_VALIDATE_OVERRIDE)

static gboolean
watcher_can_attach (GstValidateOverride *override, GstValidateMonitor *monitor)
{
  GstElement *pipeline = gst_validate_monitor_get_element (monitor);
  GstBus *bus;

  if (GST_IS_VALIDATE_PIPELINE_MONITOR (monitor) && pipeline != NULL && gst_zrtp_journal_get (pipeline) == NULL) {
    g_object_set_qdata_full (G_OBJECT (pipeline), journal_quark (), journal_new (), journal_free);
    bus = gst_element_get_bus (pipeline);
    gst_bus_enable_sync_message_emission (bus);
    g_signal_connect_object (bus, "sync-message::element", G_CALLBACK (on_message), pipeline, 0);
    gst_object_unref (bus);
  }
  gst_clear_object (&pipeline);
  return FALSE;
}

static void
watcher_class_init (WatcherClass *klass)
{
  GST_VALIDATE_OVERRIDE_CLASS (klass)->can_attach = watcher_can_attach;
}

static void
watcher_init (Watcher *self)
{
}

void
gst_zrtp_journal_install (void)
{
  GstValidateOverride *override = g_object_new (watcher_get_type (), NULL);

  gst_validate_override_register_by_type (GST_TYPE_PIPELINE, override);
  g_object_unref (override);
}

/* What actions ask */

GstZrtpJournal *
gst_zrtp_journal_get (GstElement *pipeline)
{
  return g_object_get_qdata (G_OBJECT (pipeline), journal_quark ());
}

gboolean
gst_zrtp_journal_expect (GstZrtpJournal *self, GstValidateAction *action, GstStructure *wanted)
{
  gboolean met = FALSE;
  guint i;

  g_mutex_lock (&self->lock);
  for (i = 0; i < self->entries->len && !met; i++) {
    Entry *entry = g_ptr_array_index (self->entries, i);

    met = !entry->met && fits (wanted, entry);
    if (met)
      mark_met (self, i);
  }
  if (!met)
    g_ptr_array_add (self->waiting, interest_new (action, wanted));
  g_mutex_unlock (&self->lock);

  if (met)
    gst_structure_free (wanted);
  return met;
}

gboolean
gst_zrtp_journal_give_up (GstZrtpJournal *self, GstValidateAction *action)
{
  gboolean found = FALSE;
  guint i;

  g_mutex_lock (&self->lock);
  for (i = 0; i < self->waiting->len && !found; i++) {
    Interest *interest = g_ptr_array_index (self->waiting, i);

    found = interest->action == action;
    if (found)
      g_ptr_array_remove_index (self->waiting, i);
  }
  g_mutex_unlock (&self->lock);
  return found;
}

void
gst_zrtp_journal_forbid (GstZrtpJournal *self, GstValidateAction *action, GstStructure *unwanted)
{
  GstStructure *offender = NULL;
  guint i;

  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->forbidden, interest_new (action, unwanted));
  for (i = 0; i < self->entries->len && offender == NULL; i++) {
    Entry *entry = g_ptr_array_index (self->entries, i);

    if (fits (unwanted, entry))
      offender = gst_structure_copy (entry->structure);
  }
  g_mutex_unlock (&self->lock);

  if (offender != NULL) {
    report_forbidden (self, action, offender);
    gst_structure_free (offender);
  }
}

static gboolean
is_of_session (const Entry *entry, const gchar *session)
{
  return session == NULL || g_strcmp0 (gst_structure_get_string (entry->structure, "session-id"), session) == 0;
}

void
gst_zrtp_journal_forget (GstZrtpJournal *self, const gchar *session)
{
  guint i;

  g_mutex_lock (&self->lock);
  for (i = 0; i < self->entries->len; i++) {
    Entry *entry = g_ptr_array_index (self->entries, i);

    entry->forgotten = entry->forgotten || is_of_session (entry, session);
  }
  g_mutex_unlock (&self->lock);
}

static gboolean
append_field (const gchar *name, const GValue *value, gpointer data)
{
  gchar *text = gst_value_serialize (value);

  if (strcmp (name, "session-id") != 0 && strcmp (name, "stream") != 0 && strcmp (name, "text") != 0)
    g_string_append_printf (data, " %s=%s", name, text);
  g_free (text);
  return TRUE;
}

gchar *
gst_zrtp_journal_to_string (GstZrtpJournal *self, const gchar *session)
{
  GString *text = g_string_new (NULL);
  guint i;

  g_mutex_lock (&self->lock);
  for (i = 0; i < self->entries->len; i++) {
    Entry *entry = g_ptr_array_index (self->entries, i);
    gint stream = 0;

    if (!is_of_session (entry, session))
      continue;
    gst_structure_get_int (entry->structure, "stream", &stream);
    g_string_append_printf (text, "  %" GST_TIME_FORMAT " %s, stream %d: %s", GST_TIME_ARGS (entry->time),
        gst_structure_get_string (entry->structure, "session-id"), stream, gst_structure_get_name (entry->structure));
    gst_zrtp_structure_foreach (entry->structure, append_field, text);
    g_string_append (text, entry->forgotten ? " (forgotten)\n" : entry->met ? " (as expected before)\n" : "\n");
  }
  g_mutex_unlock (&self->lock);
  if (text->len == 0)
    g_string_append (text, "  nothing\n");
  return g_string_free (text, FALSE);
}
