/* vectors.h: reading the JSON files of tests/vectors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* An octet string of a vector. */
typedef struct
{
  gsize len;
  guint8 data[2048];
} Octets;

/* The root object of $ZRTP_VECTORS/name; aborts the test if it is not there. Unref it. */
JsonObject *vector_load (const gchar * name);
/* Decodes hex; absent or null members give length 0. */
void octets_from_hex (Octets * octets, const gchar * hex);
Octets vector_octets (JsonObject * object, const gchar * member);
/* The object member.member, following "a.b" paths. */
JsonObject *vector_object (JsonObject * object, const gchar * path);

#define assert_octets(octets, data_, len_) \
  g_assert_cmpmem ((octets).data, (octets).len, (data_), (len_))

G_END_DECLS
