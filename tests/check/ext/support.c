/* support.c: what the tests of ext/ share: test vectors, and a random source that says what a test wants.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "support.h"

#include <string.h>

JsonObject *
vectors_load (const gchar * name, JsonParser ** parser)
{
  const gchar *folder = g_getenv ("ZRTP_VECTORS");
  g_autofree gchar *path = NULL;
  GError *error = NULL;

  g_assert_nonnull (folder);
  path = g_build_filename (folder, name, NULL);
  *parser = json_parser_new ();
  json_parser_load_from_file (*parser, path, &error);
  g_assert_no_error (error);
  return json_node_get_object (json_parser_get_root (*parser));
}

guint8 *
octets_from_hex (const gchar * hex, gsize * len)
{
  gsize n = strlen (hex) / 2;
  guint8 *octets = g_malloc (n + 1);

  g_assert_cmpuint (strlen (hex) % 2, ==, 0);
  for (gsize i = 0; i < n; i++) {
    g_assert_true (g_ascii_isxdigit (hex[2 * i]) && g_ascii_isxdigit (hex[2 * i + 1]));
    octets[i] = g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]);
  }
  if (len)
    *len = n;
  return octets;
}

guint8 *
octets_from_member (JsonObject * object, const gchar * member, gsize * len)
{
  g_assert_true (json_object_has_member (object, member));
  return octets_from_hex (json_object_get_string_member (object, member), len);
}

static gboolean
scripted_fill (ZrtpRandom * random, ZrtpRandomUse use, guint8 * out, gsize len)
{
  ScriptedRandom *self = (ScriptedRandom *) random;
  guint request = self->requests++;

  self->last_use = use;
  self->last_len = len;
  if (request >= self->n_answers)
    return FALSE;
  memcpy (out, self->answers[request], len);
  return TRUE;
}

void
scripted_random_init (ScriptedRandom * self, const guint8 * const *answers, guint n_answers)
{
  memset (self, 0, sizeof (*self));
  self->parent.fill = scripted_fill;
  self->answers = answers;
  self->n_answers = n_answers;
}
