/* random-private.h: the random generator with a seed source of choice, for tests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ext/crypto.h"

G_BEGIN_DECLS

/* Fills out with entropy, or returns FALSE if it cannot fill all of it. */
typedef gboolean (*ZrtpSeedFunc) (gpointer user_data, guint8 * out, gsize len);

/* When the generator goes back to its seed source. */
#define ZRTP_RANDOM_RESEED_REQUESTS 4096
#define ZRTP_RANDOM_RESEED_OCTETS (1024 * 1024)

/* A generator like zrtp_random_default()'s, but seeded by seed. Free with zrtp_random_free(). */
ZrtpRandom *zrtp_random_new (ZrtpSeedFunc seed, gpointer user_data);
void zrtp_random_free (ZrtpRandom * random);

/* zrtp_random_add_entropy() for a generator made by zrtp_random_new(). */
void zrtp_random_stir (ZrtpRandom * random, gconstpointer data, gsize len);

G_END_DECLS
