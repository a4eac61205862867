/* test-cache-text.c: a cache as text, out and in again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "support.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ext/nettle/nettle.h"

static gint64
read_clock (gpointer user_data)
{
  return *(gint64 *) user_data;
}

static gchar *
export_text (ZrtpCache *cache, gboolean with_secrets)
{
  GError *error = NULL;
  gsize len;
  gchar *text = zrtp_sqlite_cache_to_text (cache, with_secrets, &len, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (strlen (text), ==, len);
  return text;
}

static gboolean
import_text (ZrtpCache *cache, const gchar *text, gboolean replace, guint *n_taken, guint *n_kept)
{
  GError *error = NULL;
  gboolean good = zrtp_sqlite_cache_from_text (cache, text, strlen (text), replace, n_taken, n_kept, &error);

  if (!good)
    g_assert_error (error, ZRTP_CACHE_DB_ERROR, ZRTP_CACHE_DB_ERROR_INVALID);
  g_clear_error (&error);
  return good;
}

/* All of a cache comes back, octet for octet. */
static void
test_round_trip (Place *place, gconstpointer unused)
{
  g_autofree gchar *other_path = g_strconcat (place->path, ".other", NULL);
  gint64 clock = 2000000000;
  ZrtpCache *cache = open_cache (place->path), *other = open_cache (other_path);
  g_autofree gchar *text = NULL, *again = NULL;
  guint8 zid[ZRTP_ZID_LEN], other_zid[ZRTP_ZID_LEN], peer_zid[ZRTP_ZID_LEN];
  ZrtpCacheEntry entry, found;
  guint n_taken, n_kept;

  zrtp_cache_db_set_clock (cache, read_clock, &clock);
  zrtp_cache_db_set_clock (other, read_clock, &clock);
  g_assert_true (zrtp_sqlite_cache_get_zid (cache, zrtp_random_default (), zid, NULL));
  for (guint i = 0; i < 64; i++) {
    static const gchar *names[] = { "", "Alice", "Zo\xc3\xab \"Z\" \\n", "tab\tnewline\nescape\x1b end\\" };

    make_zid (i, peer_zid);
    make_entry (i, i % 4, &entry);
    entry.has_pbxsecret = i >> 2 & 1;
    if (entry.has_pbxsecret)
      make_secret (i, 99, entry.pbxsecret);
    entry.expiry_interval = i % 2 ? 0xffffffff : 1000 + i;
    g_strlcpy (entry.name, names[i % 4], sizeof entry.name);
    g_assert_true (cache->store (cache, zid, peer_zid, &entry));
  }
  text = export_text (cache, TRUE);
  g_assert_true (import_text (other, text, FALSE, &n_taken, &n_kept));
  g_assert_cmpuint (n_taken, ==, 64);
  g_assert_cmpuint (n_kept, ==, 0);
  for (guint i = 0; i < 64; i++) {
    make_zid (i, peer_zid);
    g_assert_true (cache->lookup (cache, zid, peer_zid, &entry));
    g_assert_true (other->lookup (other, zid, peer_zid, &found));
    g_assert_cmpmem (&found, sizeof found, &entry, sizeof entry);
  }
  g_assert_true (zrtp_sqlite_cache_get_zid (other, zrtp_random_default (), other_zid, NULL));
  g_assert_cmpmem (other_zid, sizeof other_zid, zid, sizeof zid);
  again = export_text (other, TRUE);
  g_assert_cmpstr (again, ==, text);
  /* Once more: all is there already. */
  g_assert_true (import_text (other, text, FALSE, &n_taken, &n_kept));
  g_assert_cmpuint (n_taken, ==, 0);
  g_assert_cmpuint (n_kept, ==, 64);
  zrtp_sqlite_cache_close (cache);
  zrtp_sqlite_cache_close (other);
}

/* Without being asked for, no octet of a secret gets out. */
static void
test_without_secrets (Place *place, gconstpointer unused)
{
  g_autofree gchar *other_path = g_strconcat (place->path, ".other", NULL), *out = g_strconcat (place->path, ".txt", NULL);
  ZrtpCache *cache = open_cache (place->path), *other = open_cache (other_path);
  g_autofree gchar *text = NULL, *with = NULL;
  ZrtpCacheEntry entry;
  GError *error = NULL;
  mode_t before;
  guint n_taken;

  g_assert_true (store (cache, 1, 3));
  text = export_text (cache, FALSE);
  with = export_text (cache, TRUE);
  for (guint n = 2; n <= 3; n++) {
    guint8 secret[ZRTP_RETAINED_LEN];
    gchar hex[9];

    make_secret (1, n, secret);
    for (guint i = 0; i < 4; i++)
      g_snprintf (hex + 2 * i, 3, "%02x", secret[i]);
    g_assert_nonnull (strstr (with, hex));
    g_assert_null (strstr (text, hex));
  }
  g_assert_null (strstr (text, "rs1"));

  /* Imported: a name, but no verified flag, which would speak for whoever calls first. */
  g_assert_nonnull (strstr (text, "verified yes"));
  g_assert_true (import_text (other, text, FALSE, &n_taken, NULL));
  g_assert_cmpuint (n_taken, ==, 1);
  g_assert_true (lookup (other, 1, &entry));
  g_assert_cmpstr (entry.name, ==, "Peer 1");
  g_assert_false (entry.verified || entry.has_rs1 || entry.has_rs2);
  /* And it takes no secret away. */
  g_assert_true (store (other, 1, 7));
  g_assert_true (import_text (other, text, TRUE, NULL, NULL));
  g_assert_true (lookup (other, 1, &entry));
  g_assert_true (entry_is (&entry, 1, 7));

  /* The file: 0600, and never one that exists. */
  before = umask (0);
  g_assert_true (zrtp_sqlite_cache_export (cache, out, TRUE, &error));
  umask (before);
  g_assert_cmpuint (get_mode (out), ==, 0600);
  g_assert_false (zrtp_sqlite_cache_export (cache, out, TRUE, &error));
  g_assert_error (error, ZRTP_CACHE_DB_ERROR, ZRTP_CACHE_DB_ERROR_WRITE);
  g_clear_error (&error);
  g_assert_cmpint (g_unlink (out), ==, 0);
  g_assert_cmpint (symlink ("elsewhere", out), ==, 0);
  g_assert_false (zrtp_sqlite_cache_export (cache, out, TRUE, &error));
  g_clear_error (&error);
  zrtp_sqlite_cache_close (cache);
  zrtp_sqlite_cache_close (other);
}

/* Z-4.9-14: the newer of two stays, unless one insists. */
static void
test_newer_stays (Place *place, gconstpointer unused)
{
  gint64 clock = 2000000000;
  ZrtpCache *cache = open_cache (place->path);
  g_autofree gchar *text = NULL;
  ZrtpCacheEntry entry;
  guint n_taken, n_kept;

  zrtp_cache_db_set_clock (cache, read_clock, &clock);
  g_assert_true (store (cache, 1, 1));
  g_assert_true (store (cache, 2, 1));
  text = export_text (cache, TRUE);
  clock++;
  g_assert_true (store (cache, 1, 2));
  g_assert_true (import_text (cache, text, FALSE, &n_taken, &n_kept));
  g_assert_true (lookup (cache, 1, &entry));
  g_assert_true (entry_is (&entry, 1, 2));
  g_assert_cmpuint (n_taken, ==, 0);
  g_assert_cmpuint (n_kept, ==, 2);
  g_assert_true (import_text (cache, text, TRUE, &n_taken, &n_kept));
  g_assert_true (lookup (cache, 1, &entry));
  g_assert_true (entry_is (&entry, 1, 1));
  g_assert_cmpuint (n_taken, ==, 2);
  zrtp_sqlite_cache_close (cache);
}

static void
test_other_zid (Place *place, gconstpointer unused)
{
  static const gchar text[] = "gst-zrtp-cache 1\nown-zid 000102030405060708090a0b\n"
      "peer 000102030405060708090a0b ffffffffffffffffffffffff\nname A\n";
  ZrtpCache *cache = open_cache (place->path);
  guint8 zid[ZRTP_ZID_LEN], after[ZRTP_ZID_LEN];
  GArray *peers;

  g_assert_true (zrtp_sqlite_cache_get_zid (cache, zrtp_random_default (), zid, NULL));
  g_assert_false (import_text (cache, text, FALSE, NULL, NULL));
  g_assert_true (zrtp_sqlite_cache_get_zid (cache, zrtp_random_default (), after, NULL));
  g_assert_cmpmem (after, sizeof after, zid, sizeof zid);
  peers = zrtp_sqlite_cache_list (cache, NULL);
  g_assert_cmpuint (peers->len, ==, 0);
  g_array_unref (peers);
  g_assert_true (import_text (cache, text, TRUE, NULL, NULL));
  g_assert_true (zrtp_sqlite_cache_get_zid (cache, zrtp_random_default (), after, NULL));
  for (guint i = 0; i < sizeof after; i++)
    g_assert_cmpuint (after[i], ==, i);
  zrtp_sqlite_cache_close (cache);
}

#define PEER "peer 000102030405060708090a0b ffffffffffffffffffffffff\n"
#define SECRET "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* What is not an export is refused, and nothing of it is taken. */
static void
test_bad_text (Place *place, gconstpointer unused)
{
  static const gchar *good[] = {
    "", "\n\n# a comment\r\n", PEER, PEER "name\n", PEER "name \n", PEER "rs1 " SECRET " never\n",
    PEER "rs1 " SECRET " 2030-01-01T00:00:00Z\r\nverified yes", PEER "pbxsecret " SECRET,
  };
  static const gchar *bad[] = {
    "own-zid 00\n", "own-zid 000102030405060708090a0g\n", "own-zid 000102030405060708090a0b0c\n",
    "own-zid 000102030405060708090a0b x\n", "own-zid 000102030405060708090a0b\nown-zid 000102030405060708090a0b\n",
    PEER "own-zid 000102030405060708090a0b\n", "name A\n", "rs1 " SECRET " never\n", "unknown\n", " \n",
    "peer 000102030405060708090a0b\n", "peer 000102030405060708090a0b ffffffffffffffffffffffff x\n",
    PEER PEER, PEER "verified\n", PEER "verified maybe\n", PEER "confirmed YES\n", PEER "rs1 " SECRET "\n",
    PEER "rs1 " SECRET " tomorrow\n", PEER "rs1 " SECRET " 2030-01-01T00:00:00\n", PEER "rs1 " SECRET "00 never\n",
    PEER "rs1 0123 never\n", PEER "rs1 " SECRET " never\nrs1 " SECRET " never\n", PEER "pbxsecret " SECRET " never\n",
    PEER "pbxsecret " SECRET "\npbxsecret " SECRET "\n", PEER "first-use never\n", PEER "last-use\n",
    PEER "name \xff\xfe\n", PEER "name \\377\n", PEER "name abc\\\n", PEER "name 0123456789012345678901234567890123456789"
        "012345678901234567890123\n", PEER "last-use 99999999999999999999999999999999999999999999999999999999\n",
  };
  ZrtpCache *cache;
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autofree gchar *text = g_strconcat ("gst-zrtp-cache 1\n", good[i], NULL);

    cache = open_cache (place->path);
    g_assert_true (import_text (cache, text, TRUE, NULL, NULL));
    zrtp_sqlite_cache_close (cache);
  }
  g_unlink (place->path);
  cache = open_cache (place->path);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree gchar *text = g_strconcat ("gst-zrtp-cache 1\npeer 000102030405060708090a0b "
        "000000000000000000000000\nname X\n", bad[i], NULL);
    GArray *peers;

    /* A few are bad only at the beginning, where the peer would otherwise be theirs. */
    if (g_str_has_prefix (bad[i], "own-zid") || g_str_has_prefix (bad[i], "name A") || g_str_has_prefix (bad[i], "rs1")) {
      g_free (text);
      text = g_strconcat ("gst-zrtp-cache 1\n", bad[i], NULL);
    }
    if (import_text (cache, text, TRUE, NULL, NULL))
      g_error ("taken: %s", text);
    peers = zrtp_sqlite_cache_list (cache, NULL);
    g_assert_cmpuint (peers->len, ==, 0);
    g_array_unref (peers);
  }
  g_assert_false (import_text (cache, "", TRUE, NULL, NULL));
  g_assert_false (import_text (cache, "gst-zrtp-cache 2\n", TRUE, NULL, NULL));
  g_assert_false (import_text (cache, "gst-zrtp-cache", TRUE, NULL, NULL));
  g_assert_false (import_text (cache, "gst-zrtp-cache-", TRUE, NULL, NULL));
  g_assert_false (import_text (cache, "gst-zrtp-cache 10\n", TRUE, NULL, NULL));
  g_assert_false (zrtp_sqlite_cache_from_text (cache, "gst-zrtp-cache 1\n" PEER "name a\0b\n", 17 + 55 + 10, TRUE, NULL,
          NULL, &error));
  g_assert_error (error, ZRTP_CACHE_DB_ERROR, ZRTP_CACHE_DB_ERROR_INVALID);
  g_clear_error (&error);
  /* Not the database itself. */
  g_assert_false (zrtp_sqlite_cache_import (cache, place->path, TRUE, NULL, NULL, &error));
  g_assert_error (error, ZRTP_CACHE_DB_ERROR, ZRTP_CACHE_DB_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (zrtp_sqlite_cache_import (cache, place->folder, TRUE, NULL, NULL, &error));
  g_clear_error (&error);
  zrtp_sqlite_cache_close (cache);
}

/* An rs2 with a longer life than its rs1: the older secret does not outlive the newer one. */
static void
test_longer_rs2 (Place *place, gconstpointer unused)
{
  gint64 clock = 2000000000;    /* 2033-05-18T03:33:20Z */
  ZrtpCache *cache = open_cache (place->path);
  GArray *peers;

  zrtp_cache_db_set_clock (cache, read_clock, &clock);
  g_assert_true (import_text (cache, "gst-zrtp-cache 1\n" PEER "name A\nverified yes\nrs1 " SECRET " 2033-05-18T03:33:30Z\n"
          "rs2 " SECRET " never\n", FALSE, NULL, NULL));
  for (guint i = 0; i < 2; i++) {
    peers = zrtp_sqlite_cache_list (cache, NULL);
    g_assert_cmpint (g_array_index (peers, ZrtpCachePeer, 0).has_rs1, ==, i == 0);
    g_assert_cmpint (g_array_index (peers, ZrtpCachePeer, 0).has_rs2, ==, i == 0);
    g_assert_cmpint (g_array_index (peers, ZrtpCachePeer, 0).verified, ==, i == 0);
    g_array_unref (peers);
    clock += 10;
  }
  zrtp_sqlite_cache_close (cache);
}

/* No secret is in a message about a bad line. */
static void
test_message_has_no_secret (Place *place, gconstpointer unused)
{
  ZrtpCache *cache = open_cache (place->path);
  static const gchar text[] = "gst-zrtp-cache 1\n" PEER "\n# x\nrs1 " SECRET " soon\n";
  GError *error = NULL;

  g_assert_false (zrtp_sqlite_cache_from_text (cache, text, strlen (text), FALSE, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "Line 5"));
  g_assert_null (strstr (error->message, "0123"));
  g_error_free (error);
  zrtp_sqlite_cache_close (cache);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_test ("/cache/text/round-trip", test_round_trip);
  add_test ("/cache/text/without-secrets", test_without_secrets);
  add_test ("/cache/text/newer-stays", test_newer_stays);
  add_test ("/cache/text/other-zid", test_other_zid);
  add_test ("/cache/text/bad-text", test_bad_text);
  add_test ("/cache/text/longer-rs2", test_longer_rs2);
  add_test ("/cache/text/no-secret-in-messages", test_message_has_no_secret);
  return g_test_run ();
}
