/* common.c: how an element finds the session of its call, and shows the session's properties as its own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/elements/common.h"

static GST_DEBUG_CATEGORY (gst_zrtp_endpoint_debug);
#define GST_CAT_DEFAULT gst_zrtp_endpoint_debug

/* Serialises the making of a top-level bin's session. */
static GMutex root_lock;
static G_DEFINE_QUARK (gst-zrtp-root-session, root_session)

static void
free_value (gpointer data)
{
  g_value_unset (data);
  g_free (data);
}

void
gst_zrtp_endpoint_install (GObjectClass *klass, GstZrtpGetSession get)
{
  gst_zrtp_install_session_properties (klass);
  gst_zrtp_install_session_signals (klass, get);
  gst_zrtp_endpoint_install_session (klass);
}

void
gst_zrtp_endpoint_install_session (GObjectClass *klass)
{
  GST_DEBUG_CATEGORY_INIT (gst_zrtp_endpoint_debug, "zrtpendpoint", 0, "Sessions of ZRTP elements");

  g_object_class_install_property (klass, GST_ZRTP_PROP_SESSION,
      g_param_spec_object ("session", "Session",
          "The call that this element belongs to. By default the one that session-id names, else the one that all ZRTP "
          "elements of the pipeline share",
          GST_TYPE_ZRTP_SESSION, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY));
  g_object_class_install_property (klass, GST_ZRTP_PROP_SESSION_ID,
      g_param_spec_string ("session-id", "Session identifier",
          "Name of the call that this element belongs to. Elements with the same name share a session, also across "
          "pipelines of this process",
          NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY));
}

void
gst_zrtp_endpoint_init (GstZrtpEndpoint *self, GstElement *element)
{
  self->element = element;
  self->wanted = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, free_value);
}

void
gst_zrtp_endpoint_clear (GstZrtpEndpoint *self)
{
  gst_clear_object (&self->session);
  gst_clear_object (&self->given);
  g_clear_pointer (&self->session_id, g_free);
  g_clear_pointer (&self->wanted, g_hash_table_unref);
}

GstZrtpSession *
gst_zrtp_endpoint_get_session (GstZrtpEndpoint *self)
{
  GstZrtpSession *session;

  GST_OBJECT_LOCK (self->element);
  session = self->active                  ? self->active
      : self->given && !self->resolved && !self->listening ? self->given
                                       : self->session;
  if (session != NULL)
    gst_object_ref (session);
  GST_OBJECT_UNLOCK (self->element);
  return session;
}

void
gst_zrtp_endpoint_set_property (GstZrtpEndpoint *self, guint id, const GValue *value, GParamSpec *pspec)
{
  GstZrtpSession *session = NULL;
  gboolean active;
  GValue *copy;

  GST_OBJECT_LOCK (self->element);
  active = self->active != NULL || self->listening;
  GST_OBJECT_UNLOCK (self->element);
  if (active && (id == GST_ZRTP_PROP_SESSION || id == GST_ZRTP_PROP_SESSION_ID)) {
    GST_ELEMENT_WARNING (self->element, LIBRARY, SETTINGS,
        ("%s cannot change its session in a call. Set %s in READY or below.", GST_OBJECT_NAME (self->element), pspec->name),
        ("The old value stays."));
    return;
  }
  if (id == GST_ZRTP_PROP_SESSION_ID && g_value_get_string (value) != NULL
      && !g_utf8_validate (g_value_get_string (value), -1, NULL)) {
    GST_ELEMENT_WARNING (self->element, LIBRARY, SETTINGS,
        ("The session-id of %s is no text in UTF-8. Set another one.", GST_OBJECT_NAME (self->element)),
        ("The old value stays."));
    return;
  }

  GST_OBJECT_LOCK (self->element);
  switch (id) {
    case GST_ZRTP_PROP_SESSION:
      gst_object_replace ((GstObject **) &self->given, g_value_get_object (value));
      self->resolved = FALSE;
      break;
    case GST_ZRTP_PROP_SESSION_ID:
      g_free (self->session_id);
      self->session_id = g_value_dup_string (value);
      self->resolved = FALSE;
      break;
    default:
      copy = g_new0 (GValue, 1);
      g_value_init (copy, G_VALUE_TYPE (value));
      g_value_copy (value, copy);
      g_hash_table_replace (self->wanted, (gpointer) pspec->name, copy);
      if (self->resolved)
        session = gst_object_ref (self->session);
      break;
  }
  GST_OBJECT_UNLOCK (self->element);

  if (session != NULL) {
    gchar *refusal;

    g_object_set_property (G_OBJECT (session), pspec->name, value);
    refusal = gst_zrtp_session_dup_refusal (session, pspec->name);
    if (refusal != NULL)
      GST_ELEMENT_WARNING (self->element, LIBRARY, SETTINGS, ("%s", refusal), ("The old value stays."));
    g_free (refusal);
    gst_object_unref (session);
  }
}

void
gst_zrtp_endpoint_get_property (GstZrtpEndpoint *self, guint id, GValue *value, GParamSpec *pspec)
{
  GstZrtpSession *session = gst_zrtp_endpoint_get_session (self);
  const GValue *wanted;

  if (id == GST_ZRTP_PROP_SESSION)
    g_value_set_object (value, session);
  else if (id == GST_ZRTP_PROP_SESSION_ID) {
    GST_OBJECT_LOCK (self->element);
    g_value_set_string (value,
        self->session_id ? self->session_id : session ? gst_zrtp_session_get_id (session) : NULL);
    GST_OBJECT_UNLOCK (self->element);
  } else {
    GST_OBJECT_LOCK (self->element);
    wanted = self->resolved ? NULL : g_hash_table_lookup (self->wanted, pspec->name);
    if (wanted != NULL)
      g_value_copy (wanted, value);
    GST_OBJECT_UNLOCK (self->element);
    if (wanted == NULL && session != NULL)
      g_object_get_property (G_OBJECT (session), pspec->name, value);
    else if (wanted == NULL)
      g_param_value_set_default (pspec, value);
  }
  gst_clear_object (&session);
}

static GstZrtpSession *
session_of_context (GstElement *element)
{
  GstContext *context = gst_element_get_context (element, GST_ZRTP_SESSION_CONTEXT_TYPE);
  GstZrtpSession *session = NULL;

  if (context != NULL) {
    gst_structure_get (gst_context_get_structure (context), "session", GST_TYPE_ZRTP_SESSION, &session, NULL);
    gst_context_unref (context);
  }
  return session;
}

static void
free_weak_ref (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static GstObject *
find_root (GstElement *element)
{
  GstObject *root = gst_object_ref (element), *parent;

  while ((parent = gst_object_get_parent (root)) != NULL) {
    gst_object_unref (root);
    root = parent;
  }
  return root;
}

/* The session of the whole pipeline. It is noted on the top-level bin, weakly, so that elements that change state at the same
 * time do not each make one; it lives as long as its elements. */
static GstZrtpSession *
session_of_root (GstZrtpEndpoint *self)
{
  GstObject *root = find_root (self->element);
  GstZrtpSession *session = NULL;
  GWeakRef *ref;

  g_mutex_lock (&root_lock);
  ref = g_object_get_qdata (G_OBJECT (root), root_session_quark ());
  if (ref == NULL) {
    ref = g_new (GWeakRef, 1);
    g_weak_ref_init (ref, NULL);
    g_object_set_qdata_full (G_OBJECT (root), root_session_quark (), ref, free_weak_ref);
  }
  session = g_weak_ref_get (ref);
  if (session == NULL) {
    session = gst_zrtp_session_new ();
    g_weak_ref_set (ref, session);
  }
  g_mutex_unlock (&root_lock);

  gst_object_unref (root);
  return session;
}

/* As GstContext asks: what was given, then ask the application and the bins, then make one and tell. */
static GstZrtpSession *
shared_session (GstZrtpEndpoint *self)
{
  GstZrtpSession *session = session_of_context (self->element);
  GstContext *context;

  if (session == NULL) {
    gst_element_post_message (self->element,
        gst_message_new_need_context (GST_OBJECT (self->element), GST_ZRTP_SESSION_CONTEXT_TYPE));
    session = session_of_context (self->element);
  }
  if (session != NULL)
    return session;

  session = session_of_root (self);
  context = gst_zrtp_session_make_context (session, FALSE);
  gst_element_set_context (self->element, context);
  gst_element_post_message (self->element, gst_message_new_have_context (GST_OBJECT (self->element), context));
  return session;
}

/* The session that the application named, or NULL. */
static GstZrtpSession *
named_session (GstZrtpEndpoint *self)
{
  GstZrtpSession *session = NULL;
  gchar *id = NULL;

  GST_OBJECT_LOCK (self->element);
  if (self->given != NULL)
    session = gst_object_ref (self->given);
  else
    id = g_strdup (self->session_id);
  GST_OBJECT_UNLOCK (self->element);
  if (id != NULL)
    session = gst_zrtp_session_obtain (id);
  g_free (id);
  return session;
}

static void
set_on_session (GstZrtpEndpoint *self, GstZrtpSession *session, const gchar *name, const GValue *value)
{
  gchar *other = gst_zrtp_session_claim_property (session, name, value, GST_OBJECT_NAME (self->element));

  if (other != NULL)
    GST_ELEMENT_WARNING (self->element, LIBRARY, SETTINGS,
        ("%s and %s set %s of session %s to different values. Set it on one of them alone.", other,
            GST_OBJECT_NAME (self->element), name, gst_zrtp_session_get_id (session)),
        ("That of %s counts now.", GST_OBJECT_NAME (self->element)));
  g_free (other);
  g_object_set_property (G_OBJECT (session), name, value);
}

/* A copy of what was set on this element, as it cannot be applied under the lock. */
static void
apply_wanted (GstZrtpEndpoint *self, GstZrtpSession *session)
{
  GHashTableIter iter;
  gpointer name, value;
  guint n, i;
  const gchar **names;
  GValue *values;

  GST_OBJECT_LOCK (self->element);
  n = g_hash_table_size (self->wanted);
  names = g_new0 (const gchar *, n);
  values = g_new0 (GValue, n);
  g_hash_table_iter_init (&iter, self->wanted);
  for (i = 0; g_hash_table_iter_next (&iter, &name, &value); i++) {
    names[i] = name;
    g_value_init (&values[i], G_VALUE_TYPE (value));
    g_value_copy (value, &values[i]);
  }
  GST_OBJECT_UNLOCK (self->element);

  for (i = 0; i < n; i++) {
    set_on_session (self, session, names[i], &values[i]);
    g_value_unset (&values[i]);
  }
  g_free (names);
  g_free (values);
}

gboolean
gst_zrtp_endpoint_resolve (GstZrtpEndpoint *self)
{
  GstZrtpSession *session;
  gboolean resolved;
  gchar *refusal;

  GST_OBJECT_LOCK (self->element);
  resolved = self->resolved;
  GST_OBJECT_UNLOCK (self->element);

  if (!resolved) {
    session = named_session (self);
    if (session == NULL)
      session = shared_session (self);
    apply_wanted (self, session);
    GST_INFO_OBJECT (self->element, "belongs to call %s", GST_OBJECT_NAME (session));

    GST_OBJECT_LOCK (self->element);
    gst_object_replace ((GstObject **) &self->session, GST_OBJECT (session));
    self->resolved = TRUE;
    GST_OBJECT_UNLOCK (self->element);
    gst_object_unref (session);
  }

  session = gst_zrtp_endpoint_get_session (self);
  refusal = gst_zrtp_session_dup_refusal (session, NULL);
  gst_object_unref (session);
  if (refusal == NULL)
    return TRUE;
  GST_ELEMENT_ERROR (self->element, LIBRARY, SETTINGS, ("%s", refusal), (NULL));
  g_free (refusal);
  return FALSE;
}

gboolean
gst_zrtp_endpoint_activate (GstZrtpEndpoint *self, GstZrtpSession *session)
{
  gchar *problem;

  if (gst_zrtp_session_activate (session, &problem)) {
    GST_OBJECT_LOCK (self->element);
    self->active = gst_object_ref (session);
    GST_OBJECT_UNLOCK (self->element);
    return TRUE;
  }
  GST_ELEMENT_ERROR (self->element, RESOURCE, OPEN_READ_WRITE,
      ("No call without its cache (cache-required is set): %s", problem),
      ("cache-required is set on session %s", gst_zrtp_session_get_id (session)));
  g_free (problem);
  return FALSE;
}

void
gst_zrtp_endpoint_deactivate (GstZrtpEndpoint *self)
{
  GstZrtpSession *session;

  GST_OBJECT_LOCK (self->element);
  session = g_steal_pointer (&self->active);
  GST_OBJECT_UNLOCK (self->element);
  if (session != NULL) {
    gst_zrtp_session_deactivate (session);
    gst_object_unref (session);
  }
}

void
gst_zrtp_endpoint_set_listening (GstZrtpEndpoint *self, gboolean listening)
{
  GST_OBJECT_LOCK (self->element);
  self->listening = listening;
  GST_OBJECT_UNLOCK (self->element);
}

void
gst_zrtp_endpoint_release (GstZrtpEndpoint *self)
{
  GST_OBJECT_LOCK (self->element);
  self->resolved = FALSE;
  GST_OBJECT_UNLOCK (self->element);
}
