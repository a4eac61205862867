/* vectors.c: reading the JSON files of tests/vectors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "vectors.h"

#include <string.h>

JsonObject *
vector_load (const gchar * name)
{
  const gchar *folder = g_getenv ("ZRTP_VECTORS");
  JsonParser *parser = json_parser_new ();
  GError *error = NULL;
  gchar *path;
  JsonObject *root;

  if (!folder)
    g_error ("set ZRTP_VECTORS to the folder tests/vectors (meson test does)");
  path = g_build_filename (folder, name, NULL);
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  root = json_object_ref (json_node_get_object (json_parser_get_root (parser)));
  g_object_unref (parser);
  g_free (path);
  return root;
}

void
octets_from_hex (Octets * octets, const gchar * hex)
{
  octets->len = 0;
  if (!hex)
    return;
  g_assert_cmpuint (strlen (hex) % 2, ==, 0);
  g_assert_cmpuint (strlen (hex) / 2, <=, sizeof octets->data);
  for (; *hex; hex += 2) {
    g_assert_true (g_ascii_isxdigit (hex[0]) && g_ascii_isxdigit (hex[1]));
    octets->data[octets->len++] = g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]);
  }
}

Octets
vector_octets (JsonObject * object, const gchar * member)
{
  Octets octets;
  JsonNode *node = json_object_get_member (object, member);

  octets_from_hex (&octets, node && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL);
  return octets;
}

JsonObject *
vector_object (JsonObject * object, const gchar * path)
{
  gchar **names = *path ? g_strsplit (path, ".", 0) : g_new0 (gchar *, 1);

  for (guint i = 0; names[i]; i++) {
    g_assert_true (json_object_has_member (object, names[i]));
    object = json_object_get_object_member (object, names[i]);
  }
  g_strfreev (names);
  return object;
}
