/* zrtp-cache.c: the command with which people look after the cache of retained secrets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ext/sqlite/cache_db.h"
#include "gst/tools/printable.h"

#define EXIT_USAGE 2
#define ZID_HEX_LEN (2 * ZRTP_ZID_LEN)
/* Fewer digits could be meant as a name. */
#define ZID_MIN_DIGITS 4

static const gchar summary[] =
    "zrtp-cache shows and changes what ZRTP remembers of the people you have called: the retained secrets\n"
    "that make the next call with them safe without comparing words again.\n"
    "\n"
    "Commands:\n"
    "  list                 all peers\n"
    "  show PEER            all that is known of a peer, except the secrets themselves\n"
    "  rename PEER NAME     give a peer a name; an empty one takes it away\n"
    "  unverify PEER        take back that you compared the words with this peer; the secrets stay\n"
    "  forget PEER...       delete peers and their secrets. When they call again they see a warning, for to\n"
    "                       them you look like somebody else: compare the words then\n"
    "  forget-pbx PEER      end the enrollment with a PBX, which then cannot relay words to you any more\n"
    "  export FILE          write all peers to a new text file, mode 0600; \"-\" is standard output\n"
    "  import FILE          take peers from an export; of two entries for a peer the newer one stays\n"
    "  check                read all of the cache and say whether it is whole\n"
    "\n"
    "PEER is a name, or a ZID as list shows it, or its first digits (4 or more) if no other begins so.";

static const gchar description[] =
    "Secrets:\n"
    "  An export has no secrets unless --secrets is given. Who has the secrets can pass for your peers, and\n"
    "  for you: keep such a file as you keep a private key. Secrets change with every call. After you import\n"
    "  an old export your peers are ahead of you, and both sides are warned at the next call: compare the\n"
    "  words then.\n"
    "\n"
    "Files:\n"
    "  $XDG_DATA_HOME/gst-zrtp/cache.db, or ~/.local/share/gst-zrtp/cache.db: the cache, unless --cache is\n"
    "  given. Programs may have it open at the same time.\n"
    "\n"
    "Exit status:\n"
    "  0 if all was done, 1 if not, 2 if the command line is wrong.\n"
    "\n"
    "Examples:\n"
    "  zrtp-cache list\n"
    "  zrtp-cache rename 3f0c9a21 \"Alice\"\n"
    "  zrtp-cache forget Alice\n"
    "  zrtp-cache export --secrets ~/zrtp-backup.txt\n";

static gchar *cache_path;
static gboolean with_secrets, replace, show_version;

static const GOptionEntry options[] = {
  {"cache", 'c', 0, G_OPTION_ARG_FILENAME, &cache_path, "The cache, instead of the default one", "FILE"},
  {"secrets", 0, 0, G_OPTION_ARG_NONE, &with_secrets, "export: the secrets too", NULL},
  {"replace", 0, 0, G_OPTION_ARG_NONE, &replace,
      "import: take all entries, even over newer ones, and the ZID of the export", NULL},
  {"version", 0, 0, G_OPTION_ARG_NONE, &show_version, "Show the version", NULL},
  {NULL}
};

/* ---- Showing ---- */

static void
print_zid (const guint8 zid[ZRTP_ZID_LEN])
{
  for (guint i = 0; i < ZRTP_ZID_LEN; i++)
    g_print ("%02x", zid[i]);
}

static gchar *
time_text (gint64 time, const gchar *never)
{
  GDateTime *date = time == ZRTP_CACHE_DB_NEVER ? NULL : g_date_time_new_from_unix_local (time);
  gchar *text = date != NULL ? g_date_time_format (date, "%Y-%m-%d %H:%M") : g_strdup (never);

  g_clear_pointer (&date, g_date_time_unref);
  return text;
}

static const gchar *
secrets_text (const ZrtpCachePeer *peer)
{
  if (peer->has_rs1)
    return peer->has_pbxsecret ? "yes, pbx" : "yes";
  return peer->has_pbxsecret ? "pbx" : "no";
}

static gboolean
list (ZrtpCache *cache, GArray *peers)
{
  if (peers->len > 0)
    g_print ("%-24s  %-8s  %-8s  %-16s  %s\n", "ZID", "Verified", "Secrets", "Last call", "Name");
  for (guint i = 0; i < peers->len; i++) {
    const ZrtpCachePeer *peer = &g_array_index (peers, ZrtpCachePeer, i);
    g_autofree gchar *last = time_text (peer->last_use, "unknown"), *name = zrtp_tool_printable (peer->name);

    print_zid (peer->peer_zid);
    g_print ("  %-8s  %-8s  %-16s  %s\n", peer->verified ? "yes" : "no", secrets_text (peer), last, name);
  }
  if (peers->len == 0)
    g_print ("No peers.\n");
  return TRUE;
}

static void
show (const ZrtpCachePeer *peer)
{
  g_autofree gchar *name = zrtp_tool_printable (peer->name), *first = time_text (peer->first_use, "unknown");
  g_autofree gchar *last = time_text (peer->last_use, "unknown");
  g_autofree gchar *expiry = time_text (peer->expiry, "forgotten by you");

  g_print ("ZID:         ");
  print_zid (peer->peer_zid);
  g_print ("\nName:        %s\n", name[0] != '\0' ? name : "(none)");
  g_print ("Verified:    %s\n", peer->verified ? "yes" : "no");
  g_print ("Secrets:     %s%s%s\n", peer->has_rs1 ? "rs1" : "none", peer->has_rs2 ? ", rs2" : "",
      !peer->has_rs1 ? "" : peer->rs1_confirmed ? "; the peer has rs1 too"
      : "; not certain that the peer has rs1");
  if (peer->has_rs1)
    g_print ("Kept until:  %s\n", expiry);
  g_print ("PBX:         %s\n", peer->has_pbxsecret ? "enrolled, may relay words to you" : "no");
  g_print ("First call:  %s\nLast call:   %s\nOwn ZID:     ", first, last);
  print_zid (peer->local_zid);
  g_print ("\n");
}

/* ---- Finding a peer ---- */

static gboolean
zid_begins_with (const guint8 zid[ZRTP_ZID_LEN], const gchar *digits)
{
  gchar hex[ZID_HEX_LEN + 1];

  for (guint i = 0; i < ZRTP_ZID_LEN; i++)
    g_snprintf (hex + 2 * i, 3, "%02x", zid[i]);
  return g_ascii_strncasecmp (hex, digits, strlen (digits)) == 0;
}

static gboolean
are_digits (const gchar *text)
{
  gsize len = strlen (text);

  return len >= ZID_MIN_DIGITS && len <= ZID_HEX_LEN && strspn (text, "0123456789abcdefABCDEF") == len;
}

/* The one peer that is meant, or NULL and a message. */
static const ZrtpCachePeer *
find_peer (GArray *peers, const gchar *text)
{
  const ZrtpCachePeer *found = NULL;
  guint n_found = 0;

  /* Names first: a name may look like digits. */
  for (guint by_zid = 0; by_zid < 2 && n_found == 0; by_zid++)
    for (guint i = 0; i < peers->len; i++) {
      const ZrtpCachePeer *peer = &g_array_index (peers, ZrtpCachePeer, i);

      if (by_zid ? are_digits (text) && zid_begins_with (peer->peer_zid, text)
          : text[0] != '\0' && strcmp (peer->name, text) == 0) {
        found = peer;
        n_found++;
      }
    }
  if (n_found == 1)
    return found;
  if (n_found == 0)
    g_printerr ("zrtp-cache: no peer has the name or ZID \"%s\"; \"zrtp-cache list\" shows them all\n", text);
  else
    g_printerr ("zrtp-cache: %u peers match \"%s\"; give more digits of the ZID, as \"zrtp-cache list\" "
        "shows it\n", n_found, text);
  return NULL;
}

/* ---- Commands ---- */

static gboolean
change (ZrtpCache *cache, const gchar *command, const ZrtpCachePeer *peer, const gchar *argument,
    GError **error)
{
  const guint8 *own = peer->local_zid, *zid = peer->peer_zid;

  if (strcmp (command, "rename") == 0)
    return zrtp_sqlite_cache_rename (cache, own, zid, argument, error);
  if (strcmp (command, "unverify") == 0)
    return zrtp_sqlite_cache_unverify (cache, own, zid, error);
  if (strcmp (command, "forget") == 0)
    return zrtp_sqlite_cache_forget (cache, own, zid, error);
  if (strcmp (command, "forget-pbx") == 0)
    return zrtp_sqlite_cache_remove_pbxsecret (cache, own, zid, error);
  show (peer);
  return TRUE;
}

/* A command about peers: all of them are found before anything is done. */
static gboolean
run_on_peers (ZrtpCache *cache, const gchar *command, gchar **arguments, gint n_arguments, GError **error)
{
  gboolean rename = strcmp (command, "rename") == 0;
  gint n_peers = rename ? 1 : n_arguments;
  GArray *peers = zrtp_sqlite_cache_list (cache, error);
  gboolean good = peers != NULL;

  for (gint i = 0; good && i < n_peers; i++)
    good = find_peer (peers, arguments[i]) != NULL;
  for (gint i = 0; good && i < n_peers; i++)
    good = change (cache, command, find_peer (peers, arguments[i]), rename ? arguments[1] : NULL, error);
  g_clear_pointer (&peers, g_array_unref);
  return good;
}

static gboolean
run_export (ZrtpCache *cache, const gchar *path, GError **error)
{
  gsize len;
  gchar *text;

  if (strcmp (path, "-") != 0)
    return zrtp_sqlite_cache_export (cache, path, with_secrets, error);
  if (with_secrets) {
    g_printerr ("zrtp-cache: secrets are written to a file only, which nobody else can read\n");
    return FALSE;
  }
  text = zrtp_sqlite_cache_to_text (cache, FALSE, &len, error);
  if (text == NULL)
    return FALSE;
  if (fwrite (text, 1, len, stdout) != len || fflush (stdout) != 0) {
    g_printerr ("zrtp-cache: standard output: %s\n", g_strerror (errno));
    g_clear_pointer (&text, g_free);
    return FALSE;
  }
  g_free (text);
  return TRUE;
}

static gboolean
run_import (ZrtpCache *cache, const gchar *path, GError **error)
{
  guint n_taken, n_kept;

  if (!zrtp_sqlite_cache_import (cache, path, replace, &n_taken, &n_kept, error))
    return FALSE;
  g_print ("%u taken, %u left as they were.\n", n_taken, n_kept);
  return TRUE;
}

static gboolean
run_check (ZrtpCache *cache, GError **error)
{
  guint n_peers;

  if (!zrtp_sqlite_cache_check (cache, &n_peers, error))
    return FALSE;
  g_print ("%s: whole; %u peers.\n", zrtp_sqlite_cache_get_path (cache), n_peers);
  return TRUE;
}

static gboolean
run (ZrtpCache *cache, const gchar *command, gchar **arguments, gint n_arguments, GError **error)
{
  if (strcmp (command, "list") == 0) {
    GArray *peers = zrtp_sqlite_cache_list (cache, error);
    gboolean good = peers != NULL && list (cache, peers);

    g_clear_pointer (&peers, g_array_unref);
    return good;
  }
  if (strcmp (command, "check") == 0)
    return run_check (cache, error);
  if (strcmp (command, "export") == 0)
    return run_export (cache, arguments[0], error);
  if (strcmp (command, "import") == 0)
    return run_import (cache, arguments[0], error);
  return run_on_peers (cache, command, arguments, n_arguments, error);
}

static const struct
{
  const gchar *name;
  gint min, max;                /* arguments */
} commands[] = {
  {"list", 0, 0}, {"show", 1, G_MAXINT}, {"rename", 2, 2}, {"unverify", 1, G_MAXINT}, {"forget", 1, G_MAXINT},
  {"forget-pbx", 1, G_MAXINT}, {"export", 1, 1}, {"import", 1, 1}, {"check", 0, 0},
};

static const gchar *
check_command_line (gint n, gchar **words)
{
  if (n < 2)
    return "no command";
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (strcmp (words[1], commands[i].name) != 0)
      continue;
    if (n - 2 < commands[i].min)
      return "too few arguments";
    if (n - 2 > commands[i].max)
      return "too many arguments";
    if (with_secrets && strcmp (words[1], "export") != 0)
      return "--secrets goes with export";
    if (replace && strcmp (words[1], "import") != 0)
      return "--replace goes with import";
    return NULL;
  }
  return "no such command";
}

int
main (int argc, char **argv)
{
  GOptionContext *context = g_option_context_new ("COMMAND [ARGUMENT...]");
  g_autofree gchar *path = NULL;
  GError *error = NULL;
  const gchar *mistake = NULL;
  ZrtpCache *cache = NULL;
  gboolean good = FALSE;

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, options, NULL);
  g_option_context_set_summary (context, summary);
  g_option_context_set_description (context, description);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    mistake = error->message;
  g_option_context_free (context);
  if (mistake == NULL && show_version) {
    g_print ("zrtp-cache (gst-zrtp) %s\n", PACKAGE_VERSION);
    return EXIT_SUCCESS;
  }
  if (mistake == NULL)
    mistake = check_command_line (argc, argv);
  if (mistake != NULL) {
    g_printerr ("zrtp-cache: %s; see zrtp-cache --help\n", mistake);
    g_clear_error (&error);
    return EXIT_USAGE;
  }

  path = cache_path != NULL ? g_steal_pointer (&cache_path) : zrtp_sqlite_cache_default_path ();
  /* Only an import makes a cache; for anything else a wrong path is a mistake. A dangling link is one too,
   * by its own message. */
  if (strcmp (argv[1], "import") != 0 && !g_file_test (path, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK)) {
    g_printerr ("zrtp-cache: %s: there is no cache; the first call makes it\n", path);
    return EXIT_FAILURE;
  }
  cache = zrtp_sqlite_cache_open (path, &error);
  if (cache != NULL)
    good = run (cache, argv[1], argv + 2, argc - 2, &error);
  if (error != NULL)
    g_printerr ("zrtp-cache: %s\n", error->message);
  g_clear_error (&error);
  zrtp_sqlite_cache_close (cache);
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
