/* test-properties.c: properties set at random, in range and out of sense, in every state; and what they say
 * of themselves.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../elements/call.h"
#include "generic.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static const GstState states[] = { GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING };

static const gchar *const lists[] = { "hashes", "ciphers", "auth-tags", "key-agreements", "sas-types", NULL };

/* Random values */

/* Much of it is nonsense; what could be a file is one of the folder in which the test runs. */
static gchar *
random_string (void)
{
  static const gchar *const strings[] = { "", " ", ",", "none", "memory", "./file", "./no/such/folder/file",
    "/", "./", "S256", "S384, S256", "AES3,AES1", "GCM,HS80", "DH3k,X255", "B256", "B32,B32,B32",
    "S256,nonsense", ",,,", "0123456789abcdef01234567", "0123456789ABCDEF0123456", "zz", "a name", "%s%n%d",
    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x92", "\xff\xfe", "\xc3", "line\nline\ttab", "\x1b[31m", "1.10 0123" };
  gchar *text;
  guint i, length;

  switch (chance_below (5)) {
    case 0:
      return NULL;
    case 1:
      length = one_in (4) ? 20000 : chance_below (80);
      text = g_malloc (length + 1);
      for (i = 0; i < length; i++)
        text[i] = 'a' + chance_below (26);
      text[length] = '\0';
      return text;
    case 2:
      length = chance_below (30);
      text = g_malloc (length + 1);
      /* Any octets but the slash. */
      for (i = 0; i < length; i++)
        text[i] = '0' + chance_below (207);
      text[length] = '\0';
      return text;
    default:
      return g_strdup (strings[chance_below (G_N_ELEMENTS (strings))]);
  }
}

static guint64
random_number (guint64 min, guint64 max)
{
  guint64 number = (guint64) chance () << 32 | chance ();

  if (one_in (3))
    return one_in (2) ? min : max;
  return max - min == G_MAXUINT64 ? number : min + number % (max - min + 1);
}

static gpointer
random_object (GType type)
{
  if (one_in (3))
    return NULL;
  if (type == GST_TYPE_CLOCK)
    return one_in (2) ? gst_system_clock_obtain () : gst_test_clock_new ();
  if (type == GST_TYPE_ZRTP_SESSION) {
    GstZrtpSession *session = gst_zrtp_session_new ();

    g_object_set (session, "cache", "memory", NULL);
    generic_watch (session);
    return session;
  }
  return NULL;
}

static void
random_value (GParamSpec *pspec, GValue *value)
{
  g_value_init (value, pspec->value_type);
  if (G_IS_PARAM_SPEC_BOOLEAN (pspec))
    g_value_set_boolean (value, one_in (2));
  else if (G_IS_PARAM_SPEC_INT (pspec))
    g_value_set_int (value, G_PARAM_SPEC_INT (pspec)->minimum
                                + (gint) random_number (0, (gint64) G_PARAM_SPEC_INT (pspec)->maximum
                                                               - G_PARAM_SPEC_INT (pspec)->minimum));
  else if (G_IS_PARAM_SPEC_UINT (pspec))
    g_value_set_uint (
        value, random_number (G_PARAM_SPEC_UINT (pspec)->minimum, G_PARAM_SPEC_UINT (pspec)->maximum));
  else if (G_IS_PARAM_SPEC_INT64 (pspec))
    g_value_set_int64 (value, G_PARAM_SPEC_INT64 (pspec)->minimum
                                  + random_number (0, (guint64) G_PARAM_SPEC_INT64 (pspec)->maximum
                                                          - G_PARAM_SPEC_INT64 (pspec)->minimum));
  else if (G_IS_PARAM_SPEC_UINT64 (pspec))
    g_value_set_uint64 (
        value, random_number (G_PARAM_SPEC_UINT64 (pspec)->minimum, G_PARAM_SPEC_UINT64 (pspec)->maximum));
  else if (G_IS_PARAM_SPEC_DOUBLE (pspec))
    g_value_set_double (
        value, G_PARAM_SPEC_DOUBLE (pspec)->minimum
                   + (G_PARAM_SPEC_DOUBLE (pspec)->maximum / 2 - G_PARAM_SPEC_DOUBLE (pspec)->minimum / 2) * 2
                         * (chance_below (1001) / 1000.0));
  else if (G_IS_PARAM_SPEC_FLOAT (pspec))
    g_value_set_float (
        value, one_in (2) ? G_PARAM_SPEC_FLOAT (pspec)->minimum : G_PARAM_SPEC_FLOAT (pspec)->maximum);
  else if (G_IS_PARAM_SPEC_ENUM (pspec)) {
    GEnumClass *klass = G_PARAM_SPEC_ENUM (pspec)->enum_class;

    g_value_set_enum (value, klass->values[chance_below (klass->n_values)].value);
  } else if (G_IS_PARAM_SPEC_FLAGS (pspec))
    g_value_set_flags (value, chance () & G_PARAM_SPEC_FLAGS (pspec)->flags_class->mask);
  else if (G_IS_PARAM_SPEC_STRING (pspec))
    g_value_take_string (value, random_string ());
  else if (G_IS_PARAM_SPEC_OBJECT (pspec))
    g_value_take_object (value, random_object (pspec->value_type));
  else
    fail_unless (G_IS_PARAM_SPEC_BOXED (pspec), "this test knows no values of %s's type", pspec->name);
}

/* Messages */

typedef struct
{
  gchar *error, *warning; /* the newest; NULL if there was none */
} Told;

static void
told_clear (Told *told)
{
  g_clear_pointer (&told->error, g_free);
  g_clear_pointer (&told->warning, g_free);
}

static void
listen_to (GstBus *bus, Told *told)
{
  GstMessage *message;

  told_clear (told);
  while ((message = gst_bus_pop (bus)) != NULL) {
    GError *error = NULL;
    gchar *debug = NULL;

    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
      gst_message_parse_error (message, &error, &debug);
    else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING)
      gst_message_parse_warning (message, &error, &debug);
    if (error != NULL) {
      gchar **place = GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR ? &told->error : &told->warning;

      fail_unless (g_utf8_validate (error->message, -1, NULL), "not a text: %s", error->message);
      fail_unless (strlen (error->message) > 30 && strlen (error->message) < 600, "too short or too long: %s",
          error->message);
      g_free (*place);
      *place = g_strdup (error->message);
    }
    g_clear_error (&error);
    g_free (debug);
    gst_message_unref (message);
  }
}

/* What is so after a value was set */

static gboolean
in_list (const gchar *list, const gchar *name)
{
  gchar **names = g_strsplit (list, ",", -1);
  gboolean found = g_strv_contains ((const gchar *const *) names, name);

  g_strfreev (names);
  return found;
}

static void
check_list (const gchar *property, const gchar *set, const gchar *got)
{
  gchar **names = g_strsplit (set, ",", -1);
  guint i;

  for (i = 0; names[i] != NULL; i++)
    fail_unless (*g_strstrip (names[i]) == '\0' || in_list (got, names[i]),
        "%s was set to %s and reads as %s", property, set, got);
  g_strfreev (names);
}

/* Either it is there, or it was refused with a text that names the property. */
static void
check_value (GObject *object, GParamSpec *pspec, const GValue *set, const gchar *refusal)
{
  GValue got = G_VALUE_INIT;

  if (refusal != NULL && strstr (refusal, pspec->name) != NULL)
    return;
  g_value_init (&got, pspec->value_type);
  g_object_get_property (object, pspec->name, &got);
  if (g_param_values_cmp (pspec, set, &got) != 0) {
    if (g_strv_contains (lists, pspec->name) && g_value_get_string (set) != NULL)
      check_list (pspec->name, g_value_get_string (set), g_value_get_string (&got));
    else if (!G_IS_PARAM_SPEC_STRING (pspec)
             || (g_value_get_string (set) != NULL && *g_value_get_string (set) != '\0')) {
      gchar *one = g_strdup_value_contents (set), *other = g_strdup_value_contents (&got);

      /* Without one of its own it has one all the same. */
      fail_unless (G_IS_PARAM_SPEC_OBJECT (pspec) && g_value_get_object (set) == NULL,
          "%s was set to %s and reads as %s; %s", pspec->name, one, other,
          refusal ? refusal : "nothing was said");
      g_free (one);
      g_free (other);
    }
  }
  g_value_unset (&got);
}

static void
read_all (GObject *object, GParamSpec **pspecs, guint n)
{
  guint i;

  for (i = 0; i < n; i++) {
    GValue value = G_VALUE_INIT;

    fail_unless (pspecs[i]->flags & G_PARAM_READABLE, "%s", pspecs[i]->name);
    g_value_init (&value, pspecs[i]->value_type);
    g_object_get_property (object, pspecs[i]->name, &value);
    if (G_VALUE_HOLDS_STRING (&value) && pspecs[i]->owner_type != GST_TYPE_OBJECT
        && !(pspecs[i]->flags & G_PARAM_WRITABLE))
      fail_unless (
          g_value_get_string (&value) == NULL || g_utf8_validate (g_value_get_string (&value), -1, NULL));
    g_value_unset (&value);
  }
}

static GParamSpec *
choose (GParamSpec **pspecs, guint n)
{
  GParamSpec *pspec;

  do
    pspec = pspecs[chance_below (n)];
  while (!(pspec->flags & G_PARAM_WRITABLE) || (pspec->flags & G_PARAM_CONSTRUCT_ONLY)
         || pspec->owner_type == GST_TYPE_OBJECT);
  return pspec;
}

/* The property that a refused start names gets its default again. */
static void
mend (GstElement *element, GParamSpec **pspecs, guint n, const gchar *error)
{
  guint i;

  for (i = 0; i < n; i++) {
    gchar *start = g_strdup_printf ("Property %s:", pspecs[i]->name);

    if (g_str_has_prefix (error, start))
      g_object_set (element, pspecs[i]->name, NULL, NULL);
    else if (strcmp (pspecs[i]->name, "cache-required") == 0 && strstr (error, "cache"))
      g_object_set (element, "cache-required", FALSE, NULL);
    g_free (start);
  }
}

static void
check_element (GstElementFactory *factory)
{
  Told told = { NULL };
  GstZrtpSession *session;
  GParamSpec **pspecs;
  World world;
  guint i, n;

  world_init (&world, factory);
  pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (world.element), &n);
  world_request (&world);
  world_link (&world);
  for (i = 0; i < rounds (600); i++) {
    GParamSpec *pspec = choose (pspecs, n);
    GValue value = G_VALUE_INIT;

    if (one_in (5)) {
      GstState state = states[chance_below (4)];
      guint attempts = 0;

      listen_to (world.bus, &told);
      while (gst_element_set_state (world.element, state) == GST_STATE_CHANGE_FAILURE) {
        listen_to (world.bus, &told);
        fail_unless (told.error != NULL, "it does not start, and does not say why");
        fail_unless (++attempts < n, "it does not start after what it said was put right: %s", told.error);
        mend (world.element, pspecs, n, told.error);
      }
      session = generic_session (world.element);
      gst_clear_object (&session);
    }
    listen_to (world.bus, &told);
    random_value (pspec, &value);
    g_object_set_property (G_OBJECT (world.element), pspec->name, &value);
    listen_to (world.bus, &told);
    fail_unless (told.error == NULL, "an error for a property: %s", told.error);
    check_value (G_OBJECT (world.element), pspec, &value, told.warning);
    g_value_unset (&value);
    read_all (G_OBJECT (world.element), pspecs, n);
    if (one_in (2))
      world_traffic (&world);
  }
  told_clear (&told);
  g_free (pspecs);
  world_clear (&world);
}

GST_START_TEST (test_elements)
{
  GList *factories = generic_factories (), *l;

  for (l = factories; l != NULL; l = l->next) {
    generic_begin ("properties of an element");
    check_element (l->data);
    generic_end ();
  }
  gst_plugin_feature_list_free (factories);
}
GST_END_TEST;

GST_START_TEST (test_session)
{
  GstZrtpSession *session;
  GParamSpec **pspecs;
  guint i, n;

  generic_begin ("properties of a session");
  session = gst_zrtp_session_new ();
  generic_watch (session);
  pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (session), &n);
  for (i = 0; i < rounds (2000); i++) {
    GParamSpec *pspec = choose (pspecs, n);
    GValue value = G_VALUE_INIT;
    gchar *refusal;

    random_value (pspec, &value);
    g_object_set_property (G_OBJECT (session), pspec->name, &value);
    refusal = gst_zrtp_session_dup_refusal (session, NULL);
    fail_unless (refusal == NULL || g_utf8_validate (refusal, -1, NULL), "%s", refusal);
    check_value (G_OBJECT (session), pspec, &value, refusal);
    /* A good one takes the refusal back. */
    if (refusal != NULL) {
      g_object_set (session, pspec->name, NULL, NULL);
      g_free (refusal);
      refusal = gst_zrtp_session_dup_refusal (session, NULL);
      fail_unless (refusal == NULL, "%s", refusal);
    }
    g_value_unset (&value);
    read_all (G_OBJECT (session), pspecs, n);
  }
  g_free (pspecs);
  gst_zrtp_session_wait_idle (session);
  gst_object_unref (session);
  generic_end ();
}
GST_END_TEST;

static void
start (Call *call)
{
  call_start (call);
  generic_watch (call->a.session);
  generic_watch (call->b.session);
}

/* In a call, whatever its state: all that is in range will do, and nobody has to put up with an error. */
GST_START_TEST (test_call)
{
  Call *call;
  GParamSpec **pspecs;
  guint i, j, n;

  generic_begin ("properties in a call");
  for (i = 0; i < rounds (20); i++) {
    call = call_new ();
    pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (call->a.dec), &n);
    if (one_in (2))
      start (call);
    for (j = 0; j < 30; j++) {
      GParamSpec *pspec = choose (pspecs, n);
      GValue value = G_VALUE_INIT;

      /* Strings can be wrong, and the objects are the test's. The other end's stream is 0. */
      if (G_IS_PARAM_SPEC_STRING (pspec) || G_IS_PARAM_SPEC_OBJECT (pspec)
          || strcmp (pspec->name, "stream") == 0)
        continue;
      random_value (pspec, &value);
      g_object_set_property (G_OBJECT (one_in (2) ? call->a.dec : call->b.dec), pspec->name, &value);
      g_value_unset (&value);
      if (call->a.running) {
        endpoint_talk (one_in (2) ? &call->a : &call->b);
        call_run (call, chance_below (100) * GST_MSECOND);
      } else if (one_in (8))
        start (call);
      if (call->a.running && one_in (12)) {
        endpoint_stop (&call->a);
        endpoint_stop (&call->b);
      }
    }
    call_check (call);
    g_free (pspecs);
    call_free (call);
  }
  generic_end ();
}
GST_END_TEST;

/* What they say of themselves */

static guint
count_words (const gchar *text)
{
  gchar **words = g_strsplit_set (text, " ", -1);
  guint n = g_strv_length (words);

  g_strfreev (words);
  return n;
}

static void
check_pspec (GObject *object, GParamSpec *pspec, GHashTable *blurbs)
{
  const gchar *nick = g_param_spec_get_nick (pspec), *blurb = g_param_spec_get_blurb (pspec), *other;
  const GParamFlags mutable = GST_PARAM_MUTABLE_READY | GST_PARAM_MUTABLE_PAUSED | GST_PARAM_MUTABLE_PLAYING;
  guint flags = pspec->flags & mutable;
  GValue value = G_VALUE_INIT;

  fail_unless (nick != NULL && g_ascii_isupper (nick[0]) && strcmp (nick, pspec->name) != 0, "nick of %s",
      pspec->name);
  fail_unless (blurb != NULL && count_words (blurb) >= 4, "blurb of %s", pspec->name);
  fail_unless (
      g_ascii_isupper (blurb[0]) || g_str_has_prefix (blurb, pspec->name), "%s: %s", pspec->name, blurb);
  fail_unless (g_ascii_isalnum (blurb[strlen (blurb) - 1]) || g_str_has_suffix (blurb, ")"), "%s: %s",
      pspec->name, blurb);
  fail_unless (
      g_utf8_validate (blurb, -1, NULL) && strchr (blurb, '\n') == NULL && strstr (blurb, "  ") == NULL,
      "%s: %s", pspec->name, blurb);
  other = g_hash_table_lookup (blurbs, blurb);
  fail_unless (other == NULL, "%s and %s have the same blurb", other, pspec->name);
  g_hash_table_insert (blurbs, (gpointer) blurb, (gpointer) pspec->name);
  fail_unless ((pspec->flags & G_PARAM_STATIC_STRINGS) == G_PARAM_STATIC_STRINGS, "%s", pspec->name);
  fail_unless (pspec->flags & G_PARAM_READABLE, "%s cannot be read", pspec->name);
  if ((pspec->flags & G_PARAM_WRITABLE) && !(pspec->flags & G_PARAM_CONSTRUCT_ONLY))
    fail_unless (flags != 0 && (flags & (flags - 1)) == 0, "until which state can %s be set?", pspec->name);
  else
    fail_unless (flags == 0, "%s", pspec->name);

  /* A new one has the defaults, and they are in range. */
  g_value_init (&value, pspec->value_type);
  g_param_value_set_default (pspec, &value);
  fail_unless (!g_param_value_validate (pspec, &value), "default of %s", pspec->name);
  g_object_get_property (object, pspec->name, &value);
  if (g_strv_contains (lists, pspec->name))
    check_list (pspec->name, g_value_get_string (g_param_spec_get_default_value (pspec)),
        g_value_get_string (&value));
  else
    fail_unless (g_param_value_defaults (pspec, &value) || (pspec->flags & G_PARAM_CONSTRUCT_ONLY)
                     || G_IS_PARAM_SPEC_BOXED (pspec),
        "%s does not have its default", pspec->name);
  g_value_unset (&value);
}

static void
check_words (GObject *object)
{
  GHashTable *blurbs = g_hash_table_new (g_str_hash, g_str_equal);
  guint i, n, own = 0;
  GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);

  for (i = 0; i < n; i++) {
    if (pspecs[i]->owner_type == G_OBJECT_TYPE (object)) {
      check_pspec (object, pspecs[i], blurbs);
      own++;
    }
  }
  fail_unless (own > 0, "%s has no properties", G_OBJECT_TYPE_NAME (object));
  g_hash_table_unref (blurbs);
  g_free (pspecs);
}

GST_START_TEST (test_words)
{
  static const gchar *const metadata[] = { GST_ELEMENT_METADATA_LONGNAME, GST_ELEMENT_METADATA_KLASS,
    GST_ELEMENT_METADATA_DESCRIPTION, GST_ELEMENT_METADATA_AUTHOR };
  GstZrtpSession *session = gst_zrtp_session_new ();
  GList *factories = generic_factories (), *l;
  guint i;

  check_words (G_OBJECT (session));
  gst_object_unref (session);
  for (l = factories; l != NULL; l = l->next) {
    GstElement *element = gst_object_ref_sink (gst_element_factory_create (l->data, NULL));
    const GList *t;

    check_words (G_OBJECT (element));
    for (i = 0; i < G_N_ELEMENTS (metadata); i++)
      fail_unless (gst_element_factory_get_metadata (l->data, metadata[i]) != NULL, "%s", metadata[i]);
    fail_unless (
        count_words (gst_element_factory_get_metadata (l->data, GST_ELEMENT_METADATA_DESCRIPTION)) >= 5);
    fail_unless (gst_element_factory_get_num_pad_templates (l->data) >= 2);
    for (t = gst_element_factory_get_static_pad_templates (l->data); t != NULL; t = t->next) {
      GstCaps *caps = gst_static_pad_template_get_caps (t->data);

      fail_unless (!gst_caps_is_any (caps) && !gst_caps_is_empty (caps));
      gst_caps_unref (caps);
    }
    gst_object_unref (element);
  }
  gst_plugin_feature_list_free (factories);
}
GST_END_TEST;

static gchar *folder, *before;

/* Files that a random property brings about stay in a folder of the test. */
static void
set_up (void)
{
  folder = g_dir_make_tmp ("zrtp-properties-XXXXXX", NULL);
  before = g_get_current_dir ();
  fail_unless (folder != NULL && g_chdir (folder) == 0);
}

static void
tear_down (void)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  const gchar *name;

  /* Where GstCheck may write, without forks. */
  fail_unless (g_chdir (before) == 0);
  while ((name = g_dir_read_name (dir)) != NULL) {
    gchar *path = g_build_filename (folder, name, NULL);

    g_remove (path);
    g_free (path);
  }
  g_dir_close (dir);
  g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
  g_clear_pointer (&before, g_free);
}

static Suite *
properties_suite (void)
{
  Suite *suite = suite_create ("properties");
  TCase *tcase = tcase_create ("properties");

  tcase_set_timeout (tcase, 120);
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_words);
  tcase_add_test (tcase, test_session);
  tcase_add_test (tcase, test_elements);
  tcase_add_test (tcase, test_call);
  return suite;
}

GST_CHECK_MAIN (properties)
