/* describe.c: what the elements of the plugin have, line by line: tables and pictures of the pages are made from it.
 *
 * Usage: describe PLUGIN-FILE. Columns are separated by tabs:
 *
 *   element NAME LONG-NAME CLASSIFICATION DESCRIPTION
 *   pad ELEMENT TEMPLATE sink|src always|request|sometimes CAPS
 *   property ELEMENT NAME TYPE RANGE DEFAULT ACCESS BLURB
 *   signal ELEMENT NAME RETURN-TYPE PARAMETER-TYPES
 *   action ELEMENT NAME RETURN-TYPE PARAMETER-TYPES
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/gst.h>

#include <stdio.h>

/* All that was installed by the plugin's own classes, not by GStreamer's. */
static gboolean
is_own (GType owner, GstElementFactory *factory)
{
  return owner == gst_element_factory_get_element_type (factory);
}

static void
tell_pads (GstElementFactory *factory)
{
  static const gchar *const presences[]
      = { [GST_PAD_ALWAYS] = "always", [GST_PAD_SOMETIMES] = "sometimes", [GST_PAD_REQUEST] = "request" };
  const GList *item;

  for (item = gst_element_factory_get_static_pad_templates (factory); item != NULL; item = item->next) {
    GstStaticPadTemplate *template = item->data;
    GstCaps *caps = gst_static_pad_template_get_caps (template);
    gchar *text = gst_caps_to_string (caps);

    printf ("pad\t%s\t%s\t%s\t%s\t%s\n", GST_OBJECT_NAME (factory), template->name_template,
        template->direction == GST_PAD_SINK ? "sink" : "src", presences[template->presence], text);
    g_free (text);
    gst_caps_unref (caps);
  }
}

static gchar *
enum_values (GParamSpec *spec)
{
  GString *text = g_string_new (NULL);
  guint i;

  if (G_IS_PARAM_SPEC_ENUM (spec)) {
    GEnumClass *klass = G_PARAM_SPEC_ENUM (spec)->enum_class;

    for (i = 0; i < klass->n_values; i++)
      g_string_append_printf (text, "%s%s", i ? ", " : "", klass->values[i].value_nick);
  } else if (G_IS_PARAM_SPEC_FLAGS (spec)) {
    GFlagsClass *klass = G_PARAM_SPEC_FLAGS (spec)->flags_class;

    for (i = 0; i < klass->n_values; i++)
      g_string_append_printf (text, "%s%s", i ? ", " : "", klass->values[i].value_nick);
  }
  return g_string_free (text, FALSE);
}

static gchar *
range (GParamSpec *spec)
{
  if (G_IS_PARAM_SPEC_INT (spec))
    return g_strdup_printf ("%d to %d", G_PARAM_SPEC_INT (spec)->minimum, G_PARAM_SPEC_INT (spec)->maximum);
  if (G_IS_PARAM_SPEC_UINT (spec))
    return g_strdup_printf ("%u to %u", G_PARAM_SPEC_UINT (spec)->minimum, G_PARAM_SPEC_UINT (spec)->maximum);
  if (G_IS_PARAM_SPEC_UINT64 (spec))
    return g_strdup_printf ("%" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, G_PARAM_SPEC_UINT64 (spec)->minimum,
        G_PARAM_SPEC_UINT64 (spec)->maximum);
  if (G_IS_PARAM_SPEC_FLOAT (spec))
    return g_strdup_printf ("%g to %g", G_PARAM_SPEC_FLOAT (spec)->minimum, G_PARAM_SPEC_FLOAT (spec)->maximum);
  if (G_IS_PARAM_SPEC_DOUBLE (spec))
    return g_strdup_printf ("%g to %g", G_PARAM_SPEC_DOUBLE (spec)->minimum, G_PARAM_SPEC_DOUBLE (spec)->maximum);
  return enum_values (spec);
}

static gchar *
flag_nicks (GFlagsClass *klass, guint flags)
{
  GString *text = g_string_new (NULL);
  guint i;

  for (i = 0; i < klass->n_values; i++) {
    if (flags & klass->values[i].value)
      g_string_append_printf (text, "%s%s", text->len ? "+" : "", klass->values[i].value_nick);
  }
  return g_string_free (text, FALSE);
}

static gchar *
default_value (GParamSpec *spec)
{
  const GValue *value = g_param_spec_get_default_value (spec);
  gchar *text;

  if (!(spec->flags & G_PARAM_WRITABLE) || G_VALUE_HOLDS_OBJECT (value) || G_VALUE_HOLDS_BOXED (value)
      || (G_VALUE_HOLDS_STRING (value) && g_value_get_string (value) == NULL))
    return g_strdup ("");
  if (G_VALUE_HOLDS_STRING (value))
    return g_value_dup_string (value);
  if (G_VALUE_HOLDS_FLAGS (value))
    return flag_nicks (g_type_class_peek (G_VALUE_TYPE (value)), g_value_get_flags (value));
  text = gst_value_serialize (value);
  return text != NULL ? text : g_strdup ("");
}

/* When a property may be set, in the words of the pages. */
static const gchar *
access_of (GParamSpec *spec)
{
  if (!(spec->flags & G_PARAM_WRITABLE))
    return "read only";
  if (spec->flags & G_PARAM_CONSTRUCT_ONLY)
    return "at creation";
  if (spec->flags & GST_PARAM_MUTABLE_READY)
    return "up to READY";
  return "any time";
}

static void
tell_properties (GstElementFactory *factory, GObjectClass *klass)
{
  guint n, i;
  GParamSpec **specs = g_object_class_list_properties (klass, &n);

  for (i = 0; i < n; i++) {
    gchar *allowed, *initial;

    if (!is_own (specs[i]->owner_type, factory))
      continue;
    allowed = range (specs[i]);
    initial = default_value (specs[i]);
    printf ("property\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", GST_OBJECT_NAME (factory), specs[i]->name,
        g_type_name (specs[i]->value_type), allowed, initial, access_of (specs[i]), g_param_spec_get_blurb (specs[i]));
    g_free (allowed);
    g_free (initial);
  }
  g_free (specs);
}

static void
tell_signals (GstElementFactory *factory)
{
  guint n, i, p;
  guint *ids = g_signal_list_ids (gst_element_factory_get_element_type (factory), &n);

  for (i = 0; i < n; i++) {
    GSignalQuery query;

    g_signal_query (ids[i], &query);
    printf ("%s\t%s\t%s\t%s\t", query.signal_flags & G_SIGNAL_ACTION ? "action" : "signal", GST_OBJECT_NAME (factory),
        query.signal_name, query.return_type == G_TYPE_NONE ? "" : g_type_name (query.return_type));
    for (p = 0; p < query.n_params; p++)
      printf ("%s%s", p ? ", " : "", g_type_name (query.param_types[p] & ~G_SIGNAL_TYPE_STATIC_SCOPE));
    printf ("\n");
  }
  g_free (ids);
}

static void
tell_element (GstElementFactory *factory)
{
  GObjectClass *klass = g_type_class_ref (gst_element_factory_get_element_type (factory));

  printf ("element\t%s\t%s\t%s\t%s\n", GST_OBJECT_NAME (factory),
      gst_element_factory_get_metadata (factory, GST_ELEMENT_METADATA_LONGNAME),
      gst_element_factory_get_metadata (factory, GST_ELEMENT_METADATA_KLASS),
      gst_element_factory_get_metadata (factory, GST_ELEMENT_METADATA_DESCRIPTION));
  tell_pads (factory);
  tell_properties (factory, klass);
  tell_signals (factory);
  g_type_class_unref (klass);
}

int
main (int argc, char **argv)
{
  GList *features, *item;
  GError *error = NULL;
  GstPlugin *plugin;

  gst_init (&argc, &argv);
  plugin = argc == 2 ? gst_plugin_load_file (argv[1], &error) : NULL;
  if (plugin == NULL) {
    fprintf (stderr, "%s\n", error != NULL ? error->message : "Usage: describe PLUGIN-FILE");
    g_clear_error (&error);
    return 1;
  }
  features = gst_registry_get_feature_list_by_plugin (gst_registry_get (), gst_plugin_get_name (plugin));
  for (item = features; item != NULL; item = item->next) {
    if (GST_IS_ELEMENT_FACTORY (item->data)) {
      GstPluginFeature *loaded = gst_plugin_feature_load (item->data);

      tell_element (GST_ELEMENT_FACTORY (loaded));
      gst_object_unref (loaded);
    }
  }
  gst_plugin_feature_list_free (features);
  gst_object_unref (plugin);
  return 0;
}
