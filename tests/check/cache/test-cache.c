/* test-cache.c: what is stored is found again, for as long as it should be.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "support.h"

#include <string.h>

#include "ext/nettle/nettle.h"

#define FOREVER 0xffffffff
#define DAY 86400

/* ---- Lookup and store ---- */

/* Z-4.3-1, Z-4.9-4: each combination of what an entry may hold, before and after another open. */
static void
test_matrix (Place *place, gconstpointer unused)
{
  guint8 own_zid[ZRTP_ZID_LEN];
  ZrtpCacheEntry entries[64];

  make_zid (0, own_zid);
  for (guint run = 0; run < 2; run++) {
    ZrtpCache *cache = open_cache (place->path);

    for (guint i = 0; i < G_N_ELEMENTS (entries); i++) {
      ZrtpCacheEntry found, *entry = &entries[i];
      guint8 peer_zid[ZRTP_ZID_LEN];

      make_zid (i + 1, peer_zid);
      memset (entry, 0, sizeof *entry);
      entry->has_rs1 = i & 1;
      entry->has_rs2 = (i & 3) == 3;
      entry->has_pbxsecret = i >> 2 & 1;
      entry->rs1_confirmed = i >> 3 & 1;
      entry->verified = (i >> 4 & 1) && entry->has_rs1;
      if (i >> 5 & 1)
        strcpy (entry->name, "Zo\xc3\xab, \"quoted\"; DROP TABLE peer");
      if (entry->has_rs1)
        make_secret (i, 1, entry->rs1);
      if (entry->has_rs2)
        make_secret (i, 2, entry->rs2);
      if (entry->has_pbxsecret)
        make_secret (i, 3, entry->pbxsecret);
      entry->expiry_interval = FOREVER;
      if (run == 0) {
        g_assert_false (cache->lookup (cache, own_zid, peer_zid, &found));
        g_assert_true (cache->store (cache, own_zid, peer_zid, entry));
      }
      /* An entry that says nothing is as good as none. */
      if (!entry->has_rs1 && !entry->has_pbxsecret && entry->name[0] == '\0') {
        g_assert_false (cache->lookup (cache, own_zid, peer_zid, &found));
        memset (entry, 0, sizeof *entry);
      } else {
        g_assert_true (cache->lookup (cache, own_zid, peer_zid, &found));
      }
      g_assert_cmpmem (&found, sizeof found, entry, sizeof *entry);
    }
    zrtp_sqlite_cache_close (cache);
  }
}

/* Z-4.9-3, -11: entries are told apart by own and peer ZID together. */
static void
test_zids (Place *place, gconstpointer unused)
{
  ZrtpCache *cache = open_cache (place->path);
  guint8 zids[4][ZRTP_ZID_LEN];
  ZrtpCacheEntry entry;

  for (guint i = 0; i < 4; i++)
    make_zid (i, zids[i]);
  for (guint i = 0; i < 4; i++)
    for (guint j = 0; j < 4; j++) {
      make_entry (10 * i + j, 2, &entry);
      g_assert_true (cache->store (cache, zids[i], zids[j], &entry));
    }
  for (guint i = 0; i < 4; i++)
    for (guint j = 0; j < 4; j++) {
      g_assert_true (cache->lookup (cache, zids[i], zids[j], &entry));
      g_assert_true (entry_is (&entry, 10 * i + j, 2));
    }
  zrtp_sqlite_cache_close (cache);
}

/* A name of the protocol's may be cut within a character: what is left is UTF-8. */
static void
test_names (Place *place, gconstpointer unused)
{
  ZrtpCache *cache = open_cache (place->path);
  ZrtpCacheEntry entry;

  for (guint offset = 0; offset < 4; offset++) {
    guint8 own_zid[ZRTP_ZID_LEN], peer_zid[ZRTP_ZID_LEN];
    gchar text[128] = "abc";

    make_zid (0, own_zid);
    make_zid (offset + 1, peer_zid);
    make_entry (1, 1, &entry);
    text[offset] = '\0';
    for (guint i = 0; i < 20; i++)
      strcat (text, "\xf0\x9f\x94\x92");
    g_strlcpy (entry.name, text, sizeof entry.name);
    g_assert_true (cache->store (cache, own_zid, peer_zid, &entry));
    g_assert_true (cache->lookup (cache, own_zid, peer_zid, &entry));
    g_assert_true (g_utf8_validate (entry.name, -1, NULL));
    g_assert_cmpuint (strlen (entry.name), >=, 60);
    g_assert_true (strncmp (entry.name, text, strlen (entry.name)) == 0);
  }
  zrtp_sqlite_cache_close (cache);
}

/* Two opens in a process share the file, by whatever name, and outlive each other. */
static void
test_shared (Place *place, gconstpointer unused)
{
  g_autofree gchar *name = g_path_get_basename (place->folder);
  g_autofree gchar *other_name = g_build_filename (place->folder, ".", "..", name, "cache.db", NULL);
  ZrtpCache *one = open_cache (place->path), *two = open_cache (other_name);
  ZrtpCacheEntry entry;

  g_assert_true (one == two);
  g_assert_true (store (one, 1, 1));
  zrtp_sqlite_cache_close (one);
  g_assert_true (lookup (two, 1, &entry));
  g_assert_true (store (two, 1, 2));
  zrtp_sqlite_cache_close (two);
  zrtp_sqlite_cache_close (NULL);
  one = open_cache (place->path);
  g_assert_true (lookup (one, 1, &entry));
  g_assert_true (entry_is (&entry, 1, 2));
  zrtp_sqlite_cache_close (one);
}

/* ---- Expiry, on a clock of the test's (Z-4.9-5 to -9, attack D9) ---- */

static gint64
read_clock (gpointer user_data)
{
  return *(gint64 *) user_data;
}

static ZrtpCache *
open_at (const gchar *path, gint64 *clock)
{
  ZrtpCache *cache = open_cache (path);

  zrtp_cache_db_set_clock (cache, read_clock, clock);
  return cache;
}

static void
store_for (ZrtpCache *cache, guint peer, guint n, guint32 interval, const gchar *name)
{
  guint8 own_zid[ZRTP_ZID_LEN], peer_zid[ZRTP_ZID_LEN];
  ZrtpCacheEntry entry;

  make_zid (0, own_zid);
  make_zid (peer, peer_zid);
  make_entry (peer, n, &entry);
  entry.verified = TRUE;
  entry.expiry_interval = interval;
  g_strlcpy (entry.name, name, sizeof entry.name);
  g_assert_true (cache->store (cache, own_zid, peer_zid, &entry));
}

/* Seconds left; -1 if there is no retained secret. */
static gint64
seconds_left (ZrtpCache *cache, guint peer)
{
  ZrtpCacheEntry entry;
  gboolean found = lookup (cache, peer, &entry);

  g_assert_false (entry.unreadable);
  /* No verified flag without a secret: it would be the next caller's, whoever that is. */
  if (!entry.has_rs1)
    g_assert_false (entry.verified || entry.has_rs2 || entry.rs1_confirmed);
  return found && entry.has_rs1 ? (gint64) entry.expiry_interval : -1;
}

static void
test_expiry (Place *place, gconstpointer unused)
{
  gint64 clock = 2000000000;
  ZrtpCache *cache = open_at (place->path, &clock);
  guint8 secret[ZRTP_RETAINED_LEN];
  ZrtpCacheEntry entry;

  store_for (cache, 1, 2, FOREVER, "");
  store_for (cache, 2, 2, FOREVER - 1, "");
  store_for (cache, 3, 2, DAY, "");
  store_for (cache, 4, 2, 1, "Dora");
  g_assert_cmpint (seconds_left (cache, 1), ==, FOREVER);
  g_assert_cmpint (seconds_left (cache, 2), ==, FOREVER - 1);
  g_assert_cmpint (seconds_left (cache, 3), ==, DAY);
  g_assert_cmpint (seconds_left (cache, 4), ==, 1);

  clock += 1;
  g_assert_cmpint (seconds_left (cache, 1), ==, FOREVER);
  g_assert_cmpint (seconds_left (cache, 3), ==, DAY - 1);
  g_assert_cmpint (seconds_left (cache, 4), ==, -1);
  /* The secret is gone; the user's name for the peer is not. */
  g_assert_true (lookup (cache, 4, &entry));
  g_assert_cmpstr (entry.name, ==, "Dora");

  clock += DAY - 2;
  g_assert_cmpint (seconds_left (cache, 3), ==, 1);
  clock += 1;
  g_assert_cmpint (seconds_left (cache, 3), ==, -1);
  zrtp_sqlite_cache_close (cache);
  /* And it is overwritten. */
  make_secret (3, 2, secret);
  g_assert_false (file_holds (place->path, secret, sizeof secret));
  make_secret (1, 2, secret);
  g_assert_true (file_holds (place->path, secret, sizeof secret));
}

/* Z-4.9-7: interval 0 on an entry that exists ends it. */
static void
test_expiry_zero (Place *place, gconstpointer unused)
{
  gint64 clock = 2000000000;
  ZrtpCache *cache = open_at (place->path, &clock);

  store_for (cache, 1, 2, FOREVER, "");
  store_for (cache, 1, 2, 0, "");
  g_assert_cmpint (seconds_left (cache, 1), ==, -1);
  clock -= 10 * DAY;
  g_assert_cmpint (seconds_left (cache, 1), ==, -1);
  zrtp_sqlite_cache_close (cache);
}

/* Storing the same secret again does not prolong its life; a new one has a life of its own, and the older
 * goes first. */
static void
test_expiry_counts_from_first_store (Place *place, gconstpointer unused)
{
  gint64 clock = 2000000000;
  ZrtpCache *cache = open_at (place->path, &clock);
  ZrtpCacheEntry entry;

  store_for (cache, 1, 1, 1000, "");
  clock += 100;
  store_for (cache, 1, 1, 1000, "a name");
  g_assert_cmpint (seconds_left (cache, 1), ==, 900);
  clock += 100;
  store_for (cache, 1, 2, 1000, "a name");
  g_assert_cmpint (seconds_left (cache, 1), ==, 1000);
  g_assert_true (lookup (cache, 1, &entry));
  g_assert_true (entry.has_rs2);
  clock += 800;
  g_assert_cmpint (seconds_left (cache, 1), ==, 200);
  g_assert_true (lookup (cache, 1, &entry));
  g_assert_false (entry.has_rs2);

  /* rs2 does not outlive an rs1 with a short life. */
  store_for (cache, 2, 1, FOREVER, "");
  store_for (cache, 2, 2, 10, "");
  clock += 10;
  g_assert_cmpint (seconds_left (cache, 2), ==, -1);
  zrtp_sqlite_cache_close (cache);
}

/* A clock set back keeps what was left of each interval: nothing comes back to life, nothing lives longer,
 * nothing is lost. */
static void
test_clock_set_back (Place *place, gconstpointer unused)
{
  gint64 clock = 2000000000;
  ZrtpCache *cache = open_at (place->path, &clock);

  store_for (cache, 1, 1, DAY, "");
  store_for (cache, 2, 1, 10 * DAY, "");
  store_for (cache, 3, 1, FOREVER, "");
  clock += DAY;
  store_for (cache, 4, 1, DAY, "");
  clock -= 1000 * DAY;
  g_assert_cmpint (seconds_left (cache, 1), ==, -1);
  g_assert_cmpint (seconds_left (cache, 2), ==, 9 * DAY);
  g_assert_cmpint (seconds_left (cache, 3), ==, FOREVER);
  g_assert_cmpint (seconds_left (cache, 4), ==, DAY);
  clock += 9 * DAY - 1;
  g_assert_cmpint (seconds_left (cache, 2), ==, 1);
  g_assert_cmpint (seconds_left (cache, 4), ==, -1);
  clock += 1;
  g_assert_cmpint (seconds_left (cache, 2), ==, -1);
  /* A call on each side of every step back: the days add up all the same. */
  store_for (cache, 5, 1, DAY, "");
  for (guint i = 0; i < 20; i += 2) {
    clock += DAY / 10;
    store_for (cache, 6, i + 1, FOREVER, "");
    clock -= DAY / 10;
    store_for (cache, 6, i + 2, FOREVER, "");
  }
  g_assert_cmpint (seconds_left (cache, 5), ==, -1);
  g_assert_cmpint (seconds_left (cache, 3), ==, FOREVER);
  zrtp_sqlite_cache_close (cache);
}

/* Expired entries of peers who never call again go too. (Z-4.3.2-9) */
static void
test_purge (Place *place, gconstpointer unused)
{
  gint64 clock = 2000000000;
  ZrtpCache *cache = open_at (place->path, &clock);
  guint8 secret[ZRTP_RETAINED_LEN];

  store_for (cache, 1, 1, DAY, "");
  clock += 2 * DAY;
  store_for (cache, 2, 1, FOREVER, "");
  zrtp_sqlite_cache_close (cache);
  make_secret (1, 1, secret);
  g_assert_false (file_holds (place->path, secret, sizeof secret));
}

/* ---- Own ZID (Z-4.9-1, -2) ---- */

static gboolean
no_random (ZrtpRandom *self, ZrtpRandomUse use, guint8 *out, gsize len)
{
  memset (out, 0x77, len);
  return FALSE;
}

static void
test_own_zid (Place *place, gconstpointer unused)
{
  static const guint8 zeros[ZRTP_ZID_LEN];
  ZrtpRandom none = { no_random };
  ZrtpCache *cache = open_cache (place->path);
  guint8 zid[ZRTP_ZID_LEN], again[ZRTP_ZID_LEN];
  GError *error = NULL;

  g_assert_false (zrtp_sqlite_cache_get_zid (cache, &none, zid, &error));
  g_assert_error (error, ZRTP_CACHE_DB_ERROR, ZRTP_CACHE_DB_ERROR_NO_RANDOM);
  g_clear_error (&error);
  g_assert_cmpmem (zid, sizeof zid, zeros, sizeof zeros);

  g_assert_true (zrtp_sqlite_cache_get_zid (cache, zrtp_random_default (), zid, &error));
  g_assert_true (memcmp (zid, zeros, sizeof zid) != 0);
  g_assert_true (zrtp_sqlite_cache_get_zid (cache, &none, again, &error));
  g_assert_cmpmem (zid, sizeof zid, again, sizeof again);
  zrtp_sqlite_cache_close (cache);
  cache = open_cache (place->path);
  g_assert_true (zrtp_sqlite_cache_get_zid (cache, zrtp_random_default (), again, &error));
  g_assert_cmpmem (zid, sizeof zid, again, sizeof again);
  zrtp_sqlite_cache_close (cache);
}

/* ---- Peers (Z-4.9-12, Z-12-2, Z-7.3.1-9) ---- */

/* Z-4.9-12 */
static void
test_peers (Place *place, gconstpointer unused)
{
  gint64 clock = 2000000000;
  ZrtpCache *cache = open_at (place->path, &clock);
  guint8 own_zid[ZRTP_ZID_LEN], zids[4][ZRTP_ZID_LEN], secret[ZRTP_RETAINED_LEN];
  g_autofree gchar *log = g_strconcat (place->path, "-wal", NULL);
  ZrtpCacheEntry entry;
  ZrtpCachePeer peer;
  GError *error = NULL;
  GArray *peers;

  make_zid (0, own_zid);
  for (guint i = 0; i < 4; i++)
    make_zid (i, zids[i]);
  make_entry (1, 2, &entry);
  make_secret (1, 9, entry.pbxsecret);
  entry.has_pbxsecret = entry.verified = TRUE;
  entry.expiry_interval = DAY;
  g_assert_true (cache->store (cache, own_zid, zids[1], &entry));
  clock += 5;
  g_assert_true (cache->store (cache, own_zid, zids[1], &entry));
  g_assert_true (store (cache, 2, 1));
  store_for (cache, 3, 1, 1, "");
  clock += 1;

  peers = zrtp_sqlite_cache_list (cache, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (peers->len, ==, 2);
  peer = g_array_index (peers, ZrtpCachePeer, 0);
  g_assert_cmpmem (peer.local_zid, ZRTP_ZID_LEN, own_zid, ZRTP_ZID_LEN);
  g_assert_cmpmem (peer.peer_zid, ZRTP_ZID_LEN, zids[1], ZRTP_ZID_LEN);
  g_assert_cmpstr (peer.name, ==, "Peer 1");
  g_assert_true (peer.verified && peer.has_rs1 && peer.has_rs2 && peer.has_pbxsecret && !peer.rs1_confirmed);
  g_assert_cmpint (peer.expiry, ==, 2000000000 + DAY);
  g_assert_cmpint (peer.first_use, ==, 2000000000);
  g_assert_cmpint (peer.last_use, ==, 2000000005);
  g_assert_cmpint (g_array_index (peers, ZrtpCachePeer, 1).expiry, ==, ZRTP_CACHE_DB_NEVER);
  g_array_unref (peers);

  g_assert_true (zrtp_sqlite_cache_rename (cache, own_zid, zids[1], "Alice \xc3\xa4", &error));
  g_assert_true (zrtp_sqlite_cache_get_peer (cache, own_zid, zids[1], &peer, &error));
  g_assert_cmpstr (peer.name, ==, "Alice \xc3\xa4");
  g_assert_cmpint (peer.expiry, ==, 2000000000 + DAY);
  for (guint i = 0; i < 3; i++) {
    static const gchar *bad[] = { "a\nb", "\xff", "\x1b[2J" };
    g_assert_false (zrtp_sqlite_cache_rename (cache, own_zid, zids[1], bad[i], &error));
    g_assert_error (error, ZRTP_CACHE_DB_ERROR, ZRTP_CACHE_DB_ERROR_INVALID);
    g_clear_error (&error);
  }
  g_assert_true (zrtp_sqlite_cache_unverify (cache, own_zid, zids[1], &error));
  g_assert_true (zrtp_sqlite_cache_get_peer (cache, own_zid, zids[1], &peer, &error));
  g_assert_true (!peer.verified && peer.has_rs1 && peer.has_rs2 && peer.has_pbxsecret);

  make_secret (1, 9, secret);
  g_assert_true (file_holds (place->path, secret, sizeof secret) || file_holds (log, secret, sizeof secret));
  g_assert_true (zrtp_sqlite_cache_remove_pbxsecret (cache, own_zid, zids[1], &error));
  g_assert_true (zrtp_sqlite_cache_get_peer (cache, own_zid, zids[1], &peer, &error));
  g_assert_true (peer.has_rs1 && !peer.has_pbxsecret);
  g_assert_false (file_holds (place->path, secret, sizeof secret) || file_holds (log, secret, sizeof secret));

  make_secret (1, 2, secret);
  g_assert_true (file_holds (place->path, secret, sizeof secret));
  g_assert_true (zrtp_sqlite_cache_forget (cache, own_zid, zids[1], &error));
  g_assert_false (file_holds (place->path, secret, sizeof secret) || file_holds (log, secret, sizeof secret));
  g_assert_false (lookup (cache, 1, &entry));
  g_assert_false (entry.unreadable);
  g_assert_true (lookup (cache, 2, &entry));

  /* Gone or never there: each call says so, and the other stays. */
  g_assert_false (zrtp_sqlite_cache_forget (cache, own_zid, zids[1], &error));
  g_assert_error (error, ZRTP_CACHE_DB_ERROR, ZRTP_CACHE_DB_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (zrtp_sqlite_cache_get_peer (cache, NULL, zids[2], &peer, &error));
  g_assert_error (error, ZRTP_CACHE_DB_ERROR, ZRTP_CACHE_DB_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (zrtp_sqlite_cache_get_peer (cache, own_zid, zids[2], &peer, &error));
  zrtp_sqlite_cache_close (cache);
}

/* NULL is the file's own ZID. */
static void
test_peers_of_own_zid (Place *place, gconstpointer unused)
{
  ZrtpCache *cache = open_cache (place->path);
  guint8 own_zid[ZRTP_ZID_LEN], peer_zid[ZRTP_ZID_LEN];
  ZrtpCacheEntry entry;
  ZrtpCachePeer peer;
  GError *error = NULL;

  g_assert_true (zrtp_sqlite_cache_get_zid (cache, zrtp_random_default (), own_zid, &error));
  make_zid (1, peer_zid);
  make_entry (1, 1, &entry);
  g_assert_true (cache->store (cache, own_zid, peer_zid, &entry));
  g_assert_true (zrtp_sqlite_cache_rename (cache, NULL, peer_zid, "Bob", &error));
  g_assert_true (zrtp_sqlite_cache_get_peer (cache, NULL, peer_zid, &peer, &error));
  g_assert_cmpstr (peer.name, ==, "Bob");
  g_assert_true (zrtp_sqlite_cache_unverify (cache, NULL, peer_zid, &error));
  g_assert_true (zrtp_sqlite_cache_forget (cache, NULL, peer_zid, &error));
  zrtp_sqlite_cache_close (cache);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_test ("/cache/matrix", test_matrix);
  add_test ("/cache/zids", test_zids);
  add_test ("/cache/names", test_names);
  add_test ("/cache/shared", test_shared);
  add_test ("/cache/expiry/interval", test_expiry);
  add_test ("/cache/expiry/zero", test_expiry_zero);
  add_test ("/cache/expiry/first-store", test_expiry_counts_from_first_store);
  add_test ("/cache/expiry/clock-set-back", test_clock_set_back);
  add_test ("/cache/expiry/purge", test_purge);
  add_test ("/cache/own-zid", test_own_zid);
  add_test ("/cache/peers", test_peers);
  add_test ("/cache/peers-of-own-zid", test_peers_of_own_zid);
  return g_test_run ();
}
