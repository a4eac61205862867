/* attack.c: what must hold after every attack.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "attack.h"

#include <string.h>

void
attack_init (Attack * attack, guint64 seed, guint initiator)
{
  memset (attack, 0, sizeof *attack);
  test_link_init (&attack->link, seed);
  if (initiator < 2)
    test_link_set_initiator (&attack->link, initiator);
  attack->link.media = TRUE;
}

static GHashTable *
copy_cache (TestCache * cache)
{
  GHashTable *copy = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, g_free);
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, cache->entries);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_hash_table_insert (copy, g_bytes_new (key, 2 * ZRTP_ZID_LEN), g_memdup2 (value, sizeof (ZrtpCacheEntry)));
  return copy;
}

void
attack_open (Attack * attack, guint n_streams)
{
  for (guint e = 0; e < 2; e++) {
    g_clear_pointer (&attack->cache_before[e], g_hash_table_unref);
    attack->cache_before[e] = copy_cache (&attack->link.ends[e].cache);
  }
  test_link_open (&attack->link, n_streams);
  if (!attack->link.check_off) {
    test_link_start_all (&attack->link);
    return;
  }
  /* The test plays end 1. */
  for (guint s = 0; s < n_streams; s++)
    test_link_start (&attack->link, 0, s);
}

void
attack_make_friends (Attack * attack)
{
  TestLink *link = &attack->link;

  test_link_open (link, 1);
  test_link_start_all (link);
  g_assert_true (test_link_run_until_secure (link, 5 * SEC));
  for (guint e = 0; e < 2; e++) {
    zrtp_association_set_verified (link->ends[e].association, TRUE, link->now);
    test_link_drain (link, e);
    attack->user_verified[e] = TRUE;
  }
  test_link_close (link);
}

void
attack_clear (Attack * attack)
{
  for (guint e = 0; e < 2; e++)
    g_clear_pointer (&attack->cache_before[e], g_hash_table_unref);
  test_link_clear (&attack->link);
}

void
attack_assert_cache_unchanged (Attack * attack)
{
  for (guint e = 0; e < 2; e++) {
    GHashTable *now = copy_cache (&attack->link.ends[e].cache);
    GHashTableIter iter;
    gpointer key, value;

    g_assert_cmpuint (g_hash_table_size (now), ==, g_hash_table_size (attack->cache_before[e]));
    g_hash_table_iter_init (&iter, now);
    while (g_hash_table_iter_next (&iter, &key, &value)) {
      gconstpointer before = g_hash_table_lookup (attack->cache_before[e], key);

      g_assert_nonnull (before);
      g_assert_cmpmem (value, sizeof (ZrtpCacheEntry), before, sizeof (ZrtpCacheEntry));
    }
    g_hash_table_unref (now);
  }
}

/* Never verified unless that end's user has said so; never clear after secure. */
static void
assert_end (Attack * attack, guint e)
{
  TestEnd *end = &attack->link.ends[e];
  ZrtpSasInfo sas;

  if (zrtp_association_get_sas (end->association, &sas) && !attack->user_verified[e]) {
    g_assert_false (sas.verified);
    g_assert_false (sas.local_verified);
    g_assert_false (sas.authenticated);
  }
  for (guint s = 0; s < ZRTP_MAX_STREAMS; s++) {
    const TestStream *stream = &end->streams[s];

    if (stream->n_secure == 0) {
      g_assert_false (stream->has_send);
      continue;
    }
    g_assert_true (stream->state == ZRTP_STATE_SECURE || stream->state == ZRTP_STATE_FAILED
        || stream->state == ZRTP_STATE_SECURING);
  }
}

void
attack_assert_universal (Attack * attack, AttackOutcome outcome)
{
  TestLink *link = &attack->link;
  gboolean secure = FALSE;

  /* Never secure at one end with keys that the other lacks; the link has watched each key as well. */
  test_link_assert_no_split (link);
  for (guint e = 0; e < 2; e++)
    assert_end (attack, e);
  for (guint s = 0; s < ZRTP_MAX_STREAMS; s++)
    secure |= link->ends[0].streams[s].n_secure > 0 || link->ends[1].streams[s].n_secure > 0;
  if (outcome == ATTACK_SECURE)
    test_link_assert_secure (link);
  else if (outcome == ATTACK_NEVER_SECURE)
    g_assert_false (secure);
  if (!secure)
    attack_assert_cache_unchanged (attack);
}

void
attack_assert_alone_never_secure (Attack * attack, guint32 error_code)
{
  TestStream *stream = &attack->link.ends[0].streams[0];

  assert_end (attack, 0);
  g_assert_cmpuint (stream->n_secure, ==, 0);
  g_assert_cmpuint (stream->n_sas, ==, 0);
  g_assert_cmpuint (stream->n_received_keys, ==, 0);
  if (error_code) {
    /* In an exchange FAILED; before one a stranger is refused and the true peer may still come. */
    g_assert_cmpint (stream->state, !=, ZRTP_STATE_SECURE);
    g_assert_cmpint (stream->state, !=, ZRTP_STATE_SECURING);
    g_assert_cmphex (stream->error_code, ==, error_code);
  }
  attack_assert_cache_unchanged (attack);
}

void
attack_edit (TestPacket * packet, gsize offset, guint8 bits)
{
  g_assert_cmpuint (offset, <, WIRE_MESSAGE_LEN (packet->len));
  WIRE_MESSAGE (packet->data)[offset] ^= bits;
  wire_fix_crc (packet->data, packet->len);
}

void
attack_fix_mac (TestPacket * packet, const guint8 key[32])
{
  guint8 *message = WIRE_MESSAGE (packet->data);
  gsize len = WIRE_MESSAGE_LEN (packet->len);
  guint8 mac[32];

  wire_hmac256 (key, 32, message, len - 8, mac);
  memcpy (message + len - 8, mac, 8);
  wire_fix_crc (packet->data, packet->len);
}

gboolean
attack_warned (const Attack * attack, guint end, ZrtpWarning warning)
{
  return (attack->link.ends[end].streams[0].warnings & (1u << warning)) != 0;
}
