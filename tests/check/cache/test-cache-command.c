/* test-cache-command.c: zrtp-cache, as a user runs it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "support.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>

#include "ext/nettle/nettle.h"

static gchar *out, *err;        /* of the last run */

/* Runs the command with the words of a line, which may be in quotes; CACHE in it is the path. Gives the
 * exit status. */
static gint
run (Place *place, const gchar *line)
{
  g_auto (GStrv) pieces = g_strsplit (line, "CACHE", -1);
  g_autofree gchar *words = g_strjoinv (place->path, pieces);
  g_autofree gchar *whole = g_strdup_printf ("'%s' %s", g_getenv ("ZRTP_CACHE_COMMAND"), words);
  g_auto (GStrv) argv = NULL;
  GError *error = NULL;
  gint status;

  g_clear_pointer (&out, g_free);
  g_clear_pointer (&err, g_free);
  g_assert_true (g_shell_parse_argv (whole, NULL, &argv, &error));
  g_spawn_sync (NULL, argv, NULL, 0, NULL, NULL, &out, &err, &status, &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (status));
  /* What went wrong is on standard error, and nothing else is. */
  g_assert_cmpint (WEXITSTATUS (status) == 0, ==, err[0] == '\0');
  return WEXITSTATUS (status);
}

#define assert_says(text, part) \
  G_STMT_START { if (strstr (text, part) == NULL) g_error ("\"%s\" is not in \"%s\"", part, text); } G_STMT_END
#define assert_silent(text, part) \
  G_STMT_START { if (strstr (text, part) != NULL) g_error ("\"%s\" is in \"%s\"", part, text); } G_STMT_END

/* Three peers under the cache's own ZID: Peer 1 (verified), Peer 2, and one with a PBX secret and no name. */
static void
make_peers (Place *place)
{
  ZrtpCache *cache = open_cache (place->path);
  guint8 own_zid[ZRTP_ZID_LEN], peer_zid[ZRTP_ZID_LEN];
  ZrtpCacheEntry entry;

  g_assert_true (zrtp_sqlite_cache_get_zid (cache, zrtp_random_default (), own_zid, NULL));
  for (guint i = 1; i <= 3; i++) {
    make_zid (i << 20, peer_zid);
    make_entry (i, i == 2 ? 2 : 3, &entry);
    if (i == 3) {
      entry.has_pbxsecret = TRUE;
      make_secret (3, 99, entry.pbxsecret);
      entry.name[0] = '\0';
    }
    g_assert_true (cache->store (cache, own_zid, peer_zid, &entry));
  }
  zrtp_sqlite_cache_close (cache);
}

static void
test_help (Place *place, gconstpointer unused)
{
  static const gchar *words[] = { "list", "show", "rename", "unverify", "forget", "forget-pbx", "export", "import",
    "check", "--secrets", "--replace", "--cache", "Examples", "Exit status", "cache.db" };

  g_assert_cmpint (run (place, "--help"), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    assert_says (out, words[i]);
  g_assert_cmpint (run (place, "--version"), ==, 0);
  assert_says (out, PACKAGE_VERSION);
}

static void
test_mistakes (Place *place, gconstpointer unused)
{
  static const gchar *lines[] = { "", "lisst", "list x", "show", "rename 'Peer 1'", "rename a b c", "--nonsense list",
    "--secrets list", "--replace check", "export", "import a b", "check x", "--cache" };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_assert_cmpint (run (place, lines[i]), ==, 2);
    assert_says (err, "--help");
  }
  g_assert_cmpint (run (place, "--cache=CACHE list"), ==, 1);
  assert_says (err, "there is no cache");
  assert_says (err, place->path);
  g_assert_false (g_file_test (place->path, G_FILE_TEST_EXISTS));
}

static void
test_list_and_show (Place *place, gconstpointer unused)
{
  make_peers (place);
  g_assert_cmpint (run (place, "--cache=CACHE list"), ==, 0);
  assert_says (out, "00100000a5a5a5a5a5a5a5a5  yes       yes");
  assert_says (out, "Peer 1\n");
  assert_says (out, "00200000a5a5a5a5a5a5a5a5  no        yes");
  assert_says (out, "00300000a5a5a5a5a5a5a5a5  yes       yes, pbx");
  g_assert_cmpint (run (place, "-c CACHE show 'Peer 2' 0030"), ==, 0);
  assert_says (out, "Name:        Peer 2\n");
  assert_says (out, "Secrets:     rs1, rs2; not certain");
  assert_says (out, "Kept until:  forgotten by you\n");
  assert_says (out, "PBX:         enrolled");
  /* Digits in capitals, more than one match, none. */
  g_assert_cmpint (run (place, "-c CACHE show 00100000A5A5"), ==, 0);
  g_assert_cmpint (run (place, "-c CACHE show 00"), ==, 1);
  assert_says (err, "no peer");
  g_assert_cmpint (run (place, "-c CACHE show Nobody"), ==, 1);
  assert_says (err, "Nobody");
  g_assert_cmpint (run (place, "-c CACHE rename 'Peer 2' 'Peer 1'"), ==, 0);
  g_assert_cmpint (run (place, "-c CACHE show 'Peer 1'"), ==, 1);
  assert_says (err, "2 peers match");
}

static void
test_changes (Place *place, gconstpointer unused)
{
  make_peers (place);
  g_assert_cmpint (run (place, "-c CACHE rename 'Peer 1' 'Zo\xc3\xab'"), ==, 0);
  g_assert_cmpint (run (place, "-c CACHE show 'Zo\xc3\xab'"), ==, 0);
  assert_says (out, "Verified:    yes");
  g_assert_cmpint (run (place, "-c CACHE rename 'Zo\xc3\xab' 'a\tb'"), ==, 1);
  assert_says (err, "UTF-8");
  g_assert_cmpint (run (place, "-c CACHE unverify 'Zo\xc3\xab'"), ==, 0);
  g_assert_cmpint (run (place, "-c CACHE show 0010"), ==, 0);
  assert_says (out, "Verified:    no");
  assert_says (out, "Secrets:     rs1, rs2");
  g_assert_cmpint (run (place, "-c CACHE forget-pbx 0030"), ==, 0);
  g_assert_cmpint (run (place, "-c CACHE show 0030"), ==, 0);
  assert_says (out, "PBX:         no");
  /* One that is not known: none is forgotten. */
  g_assert_cmpint (run (place, "-c CACHE forget 0010 Nobody 0020"), ==, 1);
  g_assert_cmpint (run (place, "-c CACHE forget 0010 0020"), ==, 0);
  g_assert_cmpint (run (place, "-c CACHE list"), ==, 0);
  assert_silent (out, "00100000");
  assert_silent (out, "00200000");
  assert_says (out, "00300000");
  g_assert_cmpint (run (place, "-c CACHE forget 0030"), ==, 0);
  g_assert_cmpint (run (place, "-c CACHE list"), ==, 0);
  assert_says (out, "No peers");
}

static void
test_export_and_import (Place *place, gconstpointer unused)
{
  g_autofree gchar *file = g_strconcat (place->path, ".txt", NULL);
  g_autofree gchar *before = NULL;

  make_peers (place);
  g_assert_cmpint (run (place, "-c CACHE export -"), ==, 0);
  assert_says (out, "name Peer 1");
  assert_silent (out, "rs1");
  g_assert_cmpint (run (place, "-c CACHE --secrets export -"), ==, 1);
  g_assert_cmpint (run (place, "-c CACHE export --secrets CACHE.txt"), ==, 0);
  g_assert_cmpuint (get_mode (file), ==, 0600);
  g_assert_cmpint (run (place, "-c CACHE export --secrets CACHE.txt"), ==, 1);
  assert_says (err, "exists already");
  g_assert_cmpint (run (place, "-c CACHE list"), ==, 0);
  before = g_strdup (out);

  g_assert_cmpint (run (place, "-c CACHE.new import CACHE.txt"), ==, 0);
  assert_says (out, "3 taken, 0 left");
  g_assert_cmpint (run (place, "-c CACHE.new list"), ==, 0);
  g_assert_cmpstr (out, ==, before);
  g_assert_cmpint (run (place, "-c CACHE.new import CACHE.txt"), ==, 0);
  assert_says (out, "0 taken, 3 left");
  g_assert_cmpint (run (place, "-c CACHE.new import --replace CACHE.txt"), ==, 0);
  assert_says (out, "3 taken");
  g_assert_cmpint (run (place, "-c CACHE.new import CACHE.none"), ==, 1);
  assert_says (err, "cache.db.none");
  g_assert_cmpint (run (place, "-c CACHE.new import CACHE"), ==, 1);
  assert_says (err, "not an export");
}

static void
test_check (Place *place, gconstpointer unused)
{
  gsize len;
  guint8 *data;

  make_peers (place);
  g_assert_cmpint (run (place, "-c CACHE check"), ==, 0);
  assert_says (out, "whole; 3 peers");
  data = read_octets (place->path, &len);
  write_octets (place->path, data, len - 1000);
  g_free (data);
  g_assert_cmpint (run (place, "-c CACHE check"), ==, 1);
  assert_says (err, "is damaged");
  assert_says (err, place->path);
  g_assert_cmpint (run (place, "-c CACHE list"), ==, 1);
  g_assert_cmpint (run (place, "-c CACHE forget 0010"), ==, 1);
  /* A letter, say. */
  data = g_malloc (len);
  memset (data, 'x', len);
  write_octets (place->path, data, len);
  g_free (data);
  g_assert_cmpint (run (place, "-c CACHE check"), ==, 1);
  assert_says (err, "not a cache");
}

/* The default cache; and a program that has it open meanwhile. */
static void
test_default_cache (Place *place, gconstpointer unused)
{
  g_autofree gchar *path = zrtp_sqlite_cache_default_path (), *folder = g_path_get_dirname (path);
  ZrtpCache *cache = open_cache (NULL);
  ZrtpCacheEntry entry;

  g_assert_true (store (cache, 0x11223344, 1));
  g_assert_cmpint (run (place, "list"), ==, 0);
  assert_says (out, "11223344a5a5a5a5a5a5a5a5");
  g_assert_cmpint (run (place, "rename 11223344 Alice"), ==, 0);
  g_assert_true (lookup (cache, 0x11223344, &entry));
  g_assert_cmpstr (entry.name, ==, "Alice");
  g_assert_cmpint (run (place, "check"), ==, 0);
  zrtp_sqlite_cache_close (cache);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

int
main (int argc, char **argv)
{
  g_autofree gchar *data_folder = g_dir_make_tmp ("zrtp-data-XXXXXX", NULL);
  gint status;

  g_setenv ("XDG_DATA_HOME", data_folder, TRUE);
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  g_test_init (&argc, &argv, NULL);
  add_test ("/cache/command/help", test_help);
  add_test ("/cache/command/mistakes", test_mistakes);
  add_test ("/cache/command/list-and-show", test_list_and_show);
  add_test ("/cache/command/changes", test_changes);
  add_test ("/cache/command/export-and-import", test_export_and_import);
  add_test ("/cache/command/check", test_check);
  add_test ("/cache/command/default-cache", test_default_cache);
  status = g_test_run ();
  g_rmdir (data_folder);
  g_free (out);
  g_free (err);
  return status;
}
