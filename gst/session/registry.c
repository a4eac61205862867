/* registry.c: sessions by their id, for pipelines that share one. Holds no session alive.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

static GMutex registry_lock;
static GHashTable *registry;    /* id -> GWeakRef */
static gint next_number;

static void
free_weak_ref (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

/* The registry's lock is held. */
static GstZrtpSession *
lookup (const gchar *id)
{
  GWeakRef *ref = registry ? g_hash_table_lookup (registry, id) : NULL;

  return ref ? g_weak_ref_get (ref) : NULL;
}

gchar *
gst_zrtp_registry_new_id (void)
{
  return g_strdup_printf ("call-%d", g_atomic_int_add (&next_number, 1));
}

/**
 * gst_zrtp_session_new:
 *
 * Makes a session with an id of its own, as g_object_new() does if it is given none. Give it to the elements of one call by
 * their `session` property; elements of one pipeline that are given none share one by themselves. Any thread.
 *
 * Returns: (transfer full): the session
 *
 * Since: 0.1
 */
GstZrtpSession *
gst_zrtp_session_new (void)
{
  return gst_object_ref_sink (g_object_new (GST_TYPE_ZRTP_SESSION, NULL));
}

/**
 * gst_zrtp_session_obtain:
 * @session_id: a name in UTF-8, chosen by the application
 *
 * The session of this name in this process, made if there is none. It lives as long as somebody holds a reference: the
 * elements whose `session-id` names it do. Any thread.
 *
 * Returns: (transfer full): the session
 *
 * Since: 0.1
 */
GstZrtpSession *
gst_zrtp_session_obtain (const gchar *session_id)
{
  GstZrtpSession *session;

  g_return_val_if_fail (session_id != NULL && g_utf8_validate (session_id, -1, NULL), NULL);

  g_mutex_lock (&registry_lock);
  session = lookup (session_id);
  if (session == NULL) {
    GWeakRef *ref = g_new (GWeakRef, 1);

    session = gst_object_ref_sink (g_object_new (GST_TYPE_ZRTP_SESSION, "id", session_id, NULL));
    session->registered = TRUE;
    g_weak_ref_init (ref, session);
    if (registry == NULL)
      registry = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_weak_ref);
    g_hash_table_replace (registry, g_strdup (session_id), ref);
  }
  g_mutex_unlock (&registry_lock);
  return session;
}

/**
 * gst_zrtp_session_find:
 * @session_id: a name
 *
 * Any thread.
 *
 * Returns: (transfer full) (nullable): the session of this name in this process, if there is one
 *
 * Since: 0.1
 */
GstZrtpSession *
gst_zrtp_session_find (const gchar *session_id)
{
  GstZrtpSession *session;

  g_return_val_if_fail (session_id != NULL, NULL);

  g_mutex_lock (&registry_lock);
  session = lookup (session_id);
  g_mutex_unlock (&registry_lock);
  return session;
}

void
gst_zrtp_registry_remove (GstZrtpSession *self)
{
  GstZrtpSession *other;

  if (!self->registered)
    return;
  g_mutex_lock (&registry_lock);
  /* A new session may have taken the name since. */
  other = lookup (self->id);
  if (other == NULL)
    g_hash_table_remove (registry, self->id);
  if (registry && g_hash_table_size (registry) == 0)
    g_clear_pointer (&registry, g_hash_table_unref);
  g_mutex_unlock (&registry_lock);
  g_clear_object (&other);
}

/**
 * gst_zrtp_session_make_context:
 * @session: a #GstZrtpSession
 * @persistent: %TRUE if the elements are to keep it when they are stopped
 *
 * A context of type %GST_ZRTP_SESSION_CONTEXT_TYPE, by which elements share the session: the application gives it to a pipeline
 * by gst_element_set_context() before it starts, or in answer to `GST_MESSAGE_NEED_CONTEXT`. Any thread.
 *
 * Returns: (transfer full): the context, which holds a reference to the session
 *
 * Since: 0.1
 */
GstContext *
gst_zrtp_session_make_context (GstZrtpSession *session, gboolean persistent)
{
  GstContext *context;

  g_return_val_if_fail (GST_IS_ZRTP_SESSION (session), NULL);

  context = gst_context_new (GST_ZRTP_SESSION_CONTEXT_TYPE, persistent);
  gst_structure_set (gst_context_writable_structure (context), "session", GST_TYPE_ZRTP_SESSION, session, NULL);
  return context;
}
