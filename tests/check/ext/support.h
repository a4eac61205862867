/* support.h: what the tests of ext/ share: test vectors, and a random source that says what a test wants.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

#include "ext/crypto.h"

G_BEGIN_DECLS

/* The top-level object of $ZRTP_VECTORS/name. Free the parser that owns it with g_object_unref(). */
JsonObject *vectors_load (const gchar * name, JsonParser ** parser);

/* Hexadecimal text to octets. Transfer full. */
guint8 *octets_from_hex (const gchar * hex, gsize * len);
/* The same of a member that must be there. */
guint8 *octets_from_member (JsonObject * object, const gchar * member, gsize * len);

/* Answers the first request with the first n octets of answers[0], and so on; after the last it fails. */
typedef struct
{
  ZrtpRandom parent;
  const guint8 *const *answers;
  guint n_answers;
  guint requests;               /* so far, those that failed included */
  gsize last_len;
  ZrtpRandomUse last_use;
} ScriptedRandom;

void scripted_random_init (ScriptedRandom * self, const guint8 * const *answers, guint n_answers);

G_END_DECLS
