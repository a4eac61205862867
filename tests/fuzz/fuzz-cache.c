/* fuzz-cache.c: the cache of retained secrets with any octets as its file, as damage to a good file or its
 * log, or as text to import.
 *
 * Whatever is opened holds all that it held; whatever is refused is left octet for octet; and what is open
 * works on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "../check/cache/support.h"

#define PEERS 30
#define BEFORE 2                /* what is stored in the file, and in the log after it */
#define AFTER 3

static Place place;
static gchar *path, *log_path, *index_path;
static guint8 *file, *logged_file, *log_data;
static gsize file_len, logged_file_len, log_len;

static void
clean_up (void)
{
  place_tear_down (&place, NULL);
}

static void
remove_files (void)
{
  g_unlink (path);
  g_unlink (log_path);
  g_unlink (index_path);
}

static void
set_up (void)
{
  ZrtpCache *cache;

  /* The disk is not what is tested. */
  if (g_file_test ("/dev/shm", G_FILE_TEST_IS_DIR))
    g_setenv ("TMPDIR", "/dev/shm", TRUE);
  place_set_up (&place, NULL);
  atexit (clean_up);
  path = place.path;
  log_path = g_strconcat (path, "-wal", NULL);
  index_path = g_strconcat (path, "-shm", NULL);
  fill_cache (path, PEERS, BEFORE);
  file = read_octets (path, &file_len);
  cache = open_cache (path);
  for (guint peer = 1; peer <= PEERS; peer++)
    g_assert_true (store (cache, peer, AFTER));
  logged_file = read_octets (path, &logged_file_len);
  log_data = read_octets (log_path, &log_len);
  zrtp_sqlite_cache_close (cache);
}

/* All that people and calls do. */
static void
use (ZrtpCache *cache)
{
  gsize len;
  GArray *peers = zrtp_sqlite_cache_list (cache, NULL);
  gchar *text = zrtp_sqlite_cache_to_text (cache, TRUE, &len, NULL);
  ZrtpCacheEntry entry;
  GError *error = NULL;

  g_assert_nonnull (peers);
  g_assert_nonnull (text);
  zrtp_sqlite_cache_from_text (cache, text, len, TRUE, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (store (cache, PEERS + 1, 1));
  g_assert_true (lookup (cache, PEERS + 1, &entry));
  g_assert_true (entry_is (&entry, PEERS + 1, 1));
  if (peers->len > 0) {
    const ZrtpCachePeer *peer = &g_array_index (peers, ZrtpCachePeer, 0);
    g_assert_true (zrtp_sqlite_cache_forget (cache, peer->local_zid, peer->peer_zid, NULL));
  }
  g_assert_true (zrtp_sqlite_cache_check (cache, NULL, NULL));
  g_array_unref (peers);
  g_free (text);
}

/* Opens what is at path. n_min and n_max: the stores of which each peer may be; 0: no matter. */
static void
open_and_use (const guint8 *octets, gsize len, guint n_min, guint n_max)
{
  GError *error = NULL;
  ZrtpCache *cache = zrtp_sqlite_cache_open (path, &error);

  if (cache == NULL) {
    gsize len_after;
    guint8 *after = read_octets (path, &len_after);

    g_assert_nonnull (strstr (error->message, path));
    g_assert_cmpmem (after, len_after, octets, len);
    g_free (after);
    g_error_free (error);
    return;
  }
  for (guint peer = 1; n_min > 0 && peer <= PEERS; peer++) {
    ZrtpCacheEntry entry;
    guint n = n_min;

    g_assert_true (lookup (cache, peer, &entry));
    while (n < n_max && !entry_is (&entry, peer, n))
      n++;
    g_assert_true (entry_is (&entry, peer, n));
  }
  use (cache);
  zrtp_sqlite_cache_close (cache);
  zrtp_sqlite_cache_close (open_cache (path));
}

/* Damage by a list of edits: place, kind and value. */
static guint8 *
damage (FuzzInput *input, const guint8 *octets, gsize *len)
{
  guint8 *copy = g_memdup2 (octets, *len);

  while (input->len >= 4 && *len > 0) {
    guint at = fuzz_take16 (input) * 2u, kind = fuzz_take8 (input), value = fuzz_take8 (input);

    at = (at + (kind & 1)) % *len;
    if (kind < 128)
      copy[at] = value;
    else if (kind < 192)
      copy[at] ^= value;
    else if (kind < 224)
      copy[at] += (gint8) value;
    else if (kind < 248)
      memmove (copy + at, copy + value * (*len / 256), MIN (value, *len - MAX (at, value * (*len / 256))));
    else
      *len = at;
  }
  return copy;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  FuzzInput input = { data, size };
  guint mode = fuzz_take8 (&input) % 4;
  guint8 *octets;
  gsize len;

  if (place.path == NULL)
    set_up ();
  remove_files ();
  if (mode == 0) {
    ZrtpCache *cache = open_cache (path);

    if (zrtp_sqlite_cache_from_text (cache, (const gchar *) input.data, input.len, TRUE, NULL, NULL, NULL))
      use (cache);
    zrtp_sqlite_cache_close (cache);
  } else if (mode == 1) {
    write_octets (path, input.data, input.len);
    open_and_use (input.data, input.len, 0, 0);
  } else if (mode == 2) {
    len = file_len;
    octets = damage (&input, file, &len);
    write_octets (path, octets, len);
    open_and_use (octets, len, BEFORE, BEFORE);
    g_free (octets);
  } else {
    len = log_len;
    octets = damage (&input, log_data, &len);
    write_octets (path, logged_file, logged_file_len);
    write_octets (log_path, octets, len);
    open_and_use (logged_file, logged_file_len, BEFORE, AFTER);
    g_free (octets);
  }
  return 0;
}
