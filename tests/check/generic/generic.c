/* generic.c: the plugin's elements, whatever they are; chance that can be had again; no leaks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "generic.h"

#include <gst/gsttracer.h>
#include <string.h>

#include "gst/session/session.h"

static GMutex chance_lock;
static GRand *generator;
static gint alive; /* atomic */

GList *
generic_factories (void)
{
  GList *features = gst_registry_get_feature_list_by_plugin (gst_registry_get (), "zrtp"), *next, *l;

  for (l = features; l != NULL; l = next) {
    next = l->next;
    if (!GST_IS_ELEMENT_FACTORY (l->data)) {
      gst_object_unref (l->data);
      features = g_list_delete_link (features, l);
    }
  }
  fail_unless (g_list_length (features) >= 2, "the registry has no elements of the plugin");
  return features;
}

static void
gone (gpointer data, GObject *object)
{
  g_atomic_int_add (&alive, -1);
}

void
generic_watch (gpointer object)
{
  if (g_object_get_data (object, "watched") != NULL)
    return;
  g_object_set_data (object, "watched", object);
  g_atomic_int_inc (&alive);
  g_object_weak_ref (object, gone, NULL);
}

GstElement *
generic_make (GstElementFactory *factory)
{
  GstElement *element = gst_element_factory_create (factory, NULL);

  fail_unless (element != NULL, "%s cannot be made", GST_OBJECT_NAME (factory));
  /* By default it would be a file. */
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), "cache"))
    g_object_set (element, "cache", "memory", NULL);
  return gst_object_ref_sink (element);
}

GstZrtpSession *
generic_session (GstElement *element)
{
  GstZrtpSession *session = NULL;

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), "session"))
    g_object_get (element, "session", &session, NULL);
  if (session != NULL)
    generic_watch (session);
  return session;
}

void
generic_drop (GstElement *element)
{
  GstZrtpSession *session = generic_session (element);
  guint i;

  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  if (session != NULL) {
    gst_zrtp_session_wait_idle (session);
    gst_object_unref (session);
  }
  /* What it does on threads of GStreamer's may not have ended. */
  for (i = 0; i < 5000 && GST_OBJECT_REFCOUNT_VALUE (element) > 1; i++)
    g_usleep (G_TIME_SPAN_MILLISECOND);
  ASSERT_OBJECT_REFCOUNT (element, GST_OBJECT_NAME (element), 1);
  gst_object_unref (element);
}

/* Of the objects that nothing is said to keep for good. */
static guint
list_live_objects (GString *names)
{
  GList *tracers = gst_tracing_get_active_tracers (), *l;
  GstStructure *info = NULL;
  const GValue *objects;
  guint i, n = 0;

  for (l = tracers; l != NULL; l = l->next) {
    if (strcmp (G_OBJECT_TYPE_NAME (l->data), "GstLeaksTracer") == 0)
      g_signal_emit_by_name (l->data, "get-live-objects", &info);
  }
  g_list_free_full (tracers, gst_object_unref);
  fail_unless (info != NULL, "GST_TRACERS=leaks is not set, or there is no such tracer");
  objects = gst_structure_get_value (info, "live-objects-list");
  for (i = 0; i < gst_value_list_get_size (objects); i++) {
    const GstStructure *object = g_value_get_boxed (gst_value_list_get_value (objects, i));
    const GValue *value = gst_structure_get_value (object, "object");
    gchar *text = g_strdup_value_contents (value);

    g_string_append_printf (names, "  %s\n", text);
    g_free (text);
    n++;
  }
  gst_structure_free (info);
  return n;
}

void
generic_begin (const gchar *test)
{
  const gchar *text = g_getenv ("ZRTP_GENERIC_SEED");
  guint32 seed = text == NULL                   ? 1
                 : strcmp (text, "random") == 0 ? g_random_int ()
                                                : g_ascii_strtoull (text, NULL, 10);

  g_print ("%s: ZRTP_GENERIC_SEED=%u\n", test, seed);
  if (generator == NULL)
    generator = g_rand_new_with_seed (seed);
  else
    g_rand_set_seed (generator, seed);
}

void
generic_end (void)
{
  GString *names = g_string_new (NULL);
  guint i, n;

  /* The tracer takes a reference to each object that it lists, be it on its last way on another thread. */
  gst_task_cleanup_all ();
  for (i = 0; i < 5000 && g_atomic_int_get (&alive) > 0; i++)
    g_usleep (G_TIME_SPAN_MILLISECOND);
  n = list_live_objects (names);
  fail_unless (n == 0, "%u objects are left:\n%s", n, names->str);
  g_string_free (names, TRUE);
}

guint
rounds (guint n)
{
  return g_getenv ("ZRTP_GENERIC_LIGHT") ? n / 10 : n;
}

guint32
chance (void)
{
  guint32 number;

  g_mutex_lock (&chance_lock);
  number = g_rand_int (generator);
  g_mutex_unlock (&chance_lock);
  return number;
}

guint
chance_below (guint n)
{
  return chance () % n;
}

gboolean
one_in (guint n)
{
  return chance_below (n) == 0;
}
