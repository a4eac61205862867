/* test-cache-calls.c: calls between two ends that keep their secrets in files.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "support.h"
#include "shim.h"

#include <glib/gstdio.h>
#include <string.h>

#include "link.h"

/* Each end's file, in the place's folder. */
typedef struct
{
  gchar *paths[2];
  guint calls;
  ShimMode mode;
  guint at;
  gint expected[2];             /* ZrtpCacheStatus, or -1 */
  guint warnings;               /* that both ends may have */
  guint32 expiry[2];            /* what the ends say in Confirm, unless 0 */
  gint64 clock;                 /* of both, unless 0 */
} Calls;

static TestLink *link_of_call;
static ZrtpCache *caches[2];

static ZrtpCache *
real_cache (ZrtpCache *cache)
{
  return caches[cache == &link_of_call->ends[0].cache.parent ? 0 : 1];
}

static gboolean
lookup_in_file (ZrtpCache *cache, const guint8 local_zid[ZRTP_ZID_LEN], const guint8 peer_zid[ZRTP_ZID_LEN],
    ZrtpCacheEntry *entry)
{
  return real_cache (cache)->lookup (real_cache (cache), local_zid, peer_zid, entry);
}

static gboolean
store_in_file (ZrtpCache *cache, const guint8 local_zid[ZRTP_ZID_LEN], const guint8 peer_zid[ZRTP_ZID_LEN],
    const ZrtpCacheEntry *entry)
{
  return real_cache (cache)->store (real_cache (cache), local_zid, peer_zid, entry);
}

static gint64
read_clock (gpointer user_data)
{
  return *(gint64 *) user_data;
}

/* One call in a process of its own, which may die in it. */
static gint
run_call (gpointer user_data)
{
  Calls *calls = user_data;
  TestLink link;
  ZrtpSasInfo sas;
  gint status = 0;

  link_of_call = &link;
  shim_install (SHIM_COUNT, 0);
  for (guint e = 0; e < 2; e++)
    if ((caches[e] = zrtp_sqlite_cache_open (calls->paths[e], NULL)) == NULL)
      return 10;
  test_link_init (&link, 1000 + calls->calls);
  for (guint e = 0; e < 2; e++) {
    memset (link.ends[e].config.zid, 0x50 + e, ZRTP_ZID_LEN);
    link.ends[e].cache.parent.lookup = lookup_in_file;
    link.ends[e].cache.parent.store = store_in_file;
    if (calls->expiry[e] != 0)
      link.ends[e].config.cache_expiry = calls->expiry[e];
    if (calls->clock != 0)
      zrtp_cache_db_set_clock (caches[e], read_clock, &calls->clock);
  }
  shim_install (calls->mode, calls->at);
  test_link_open (&link, 1);
  test_link_start_all (&link);
  if (!test_link_run_until_secure (&link, 5 * SEC))
    return 11;
  test_link_assert_secure (&link);
  for (guint e = 0; e < 2; e++) {
    zrtp_association_media_authenticated (link.ends[e].association, 0, link.now);
    test_link_drain (&link, e);
  }
  for (guint e = 0; e < 2; e++) {
    if (!zrtp_association_get_sas (link.ends[e].association, &sas))
      return 12;
    if (calls->expected[e] >= 0 && (gint) sas.cache != calls->expected[e])
      status = 20 + e;
    if (link.ends[e].streams[0].warnings & ~calls->warnings & (1u << ZRTP_WARNING_CACHE_WRITE))
      status = 13;
  }
  test_link_close (&link);
  test_link_clear (&link);
  for (guint e = 0; e < 2; e++)
    zrtp_sqlite_cache_close (caches[e]);
  if (status == 0 && calls->mode != SHIM_COUNT && shim_steps () < calls->at)
    return 2;                   /* the step was never reached */
  return status;
}

static gint
call (Calls *calls, gint expected0, gint expected1)
{
  calls->calls++;
  calls->expected[0] = expected0;
  calls->expected[1] = expected1;
  return in_child (run_call, calls);
}

static void
set_up (Place *place, Calls *calls)
{
  memset (calls, 0, sizeof *calls);
  for (guint e = 0; e < 2; e++)
    calls->paths[e] = g_strdup_printf ("%s/end%u.db", place->folder, e);
  calls->mode = SHIM_COUNT;
  g_assert_cmpint (call (calls, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE), ==, 0);
  g_assert_cmpint (call (calls, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH), ==, 0);
}

static void
tear_down (Calls *calls)
{
  g_free (calls->paths[0]);
  g_free (calls->paths[1]);
}

/* Z-4.9-4, Z-4.6.1-4: the secrets of a call are those of the next one, in other processes. */
static void
test_call_to_call (Place *place, gconstpointer unused)
{
  Calls calls;

  set_up (place, &calls);
  for (guint i = 0; i < 10; i++)
    g_assert_cmpint (call (&calls, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH), ==, 0);
  tear_down (&calls);
}

/* Z-4.6.1-10, -11: both ends die in the middle of a call, at each step that any file sees. The next call
 * matches. */
static void
test_die_in_call (Place *place, ShimMode mode)
{
  guint deaths = 0, at;
  gint status = 0;
  Calls calls;

  set_up (place, &calls);
  for (at = 1; at < 2000 && status != 2; at++) {
    calls.mode = mode;
    calls.at = at;
    status = call (&calls, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH);
    g_assert_true (status == -1 || status == 2 || (mode == SHIM_TEAR && status == 0));
    deaths += status == -1;
    calls.mode = SHIM_COUNT;
    g_assert_cmpint (call (&calls, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH), ==, 0);
  }
  g_assert_cmpint (status, ==, 2);
  g_assert_cmpuint (deaths, >, 5);
  g_test_message ("%u deaths in calls", deaths);
  tear_down (&calls);
}

static void
test_killed (Place *place, gconstpointer unused)
{
  test_die_in_call (place, SHIM_KILL);
}

static void
test_torn (Place *place, gconstpointer unused)
{
  test_die_in_call (place, SHIM_TEAR);
}

/* The disk is full for one call after the other: they are secure, with a warning, and match for as long as
 * the peers' rs2 goes back. */
static void
test_full_disk (Place *place, gconstpointer unused)
{
  Calls calls;

  set_up (place, &calls);
  calls.warnings = 1u << ZRTP_WARNING_CACHE_WRITE;
  for (guint at = 1; at < 40; at++) {
    calls.mode = SHIM_FULL;
    calls.at = at;
    g_assert_cmpint (call (&calls, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH), <=, 2);
    calls.mode = SHIM_COUNT;
    g_assert_cmpint (call (&calls, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH), ==, 0);
  }
  tear_down (&calls);
}

static void
save (const gchar *path, guint8 **data, gsize *len)
{
  *data = read_octets (path, len);
}

/* A file put back: one call behind is made up for by rs2, two are a mismatch at both ends (Z-4.9-14,
 * Z-4.3.2-1). */
static void
test_put_back (Place *place, gconstpointer unused)
{
  for (guint behind = 1; behind <= 2; behind++)
    for (guint e = 0; e < 2; e++) {
      Calls calls;
      guint8 *data;
      gsize len;

      set_up (place, &calls);
      save (calls.paths[e], &data, &len);
      for (guint i = 0; i < behind; i++)
        g_assert_cmpint (call (&calls, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH), ==, 0);
      write_octets (calls.paths[e], data, len);
      g_free (data);
      if (behind == 1) {
        g_assert_cmpint (call (&calls, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH), ==, 0);
        g_assert_cmpint (call (&calls, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH), ==, 0);
      } else {
        /* And again, until somebody has compared the words: nothing was written. */
        g_assert_cmpint (call (&calls, ZRTP_CACHE_MISMATCH, ZRTP_CACHE_MISMATCH), ==, 0);
        g_assert_cmpint (call (&calls, ZRTP_CACHE_MISMATCH, ZRTP_CACHE_MISMATCH), ==, 0);
      }
      g_unlink (calls.paths[0]);
      g_unlink (calls.paths[1]);
      tear_down (&calls);
    }
}

/* Z-4.6.1.1-5: one end lost its file: a first call there, a mismatch here. */
static void
test_lost (Place *place, gconstpointer unused)
{
  Calls calls;

  set_up (place, &calls);
  g_unlink (calls.paths[1]);
  g_assert_cmpint (call (&calls, ZRTP_CACHE_MISMATCH, ZRTP_CACHE_NONE), ==, 0);
  g_assert_cmpint (call (&calls, ZRTP_CACHE_MISMATCH, ZRTP_CACHE_MISMATCH), ==, 0);
  tear_down (&calls);
}

/* Z-4.9-5, -6, -9, attack D9: the shorter of the two intervals holds at both ends; what has expired is no mismatch. */
static void
test_intervals (Place *place, gconstpointer unused)
{
  for (guint e = 0; e < 2; e++) {
    Calls calls;

    set_up (place, &calls);
    calls.clock = 2000000000;
    calls.expiry[e] = 100;
    g_assert_cmpint (call (&calls, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH), ==, 0);
    calls.clock += 99;
    g_assert_cmpint (call (&calls, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH), ==, 0);
    calls.clock += 100;
    g_assert_cmpint (call (&calls, ZRTP_CACHE_NONE, ZRTP_CACHE_NONE), ==, 0);
    calls.expiry[e] = 0;
    g_assert_cmpint (call (&calls, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH), ==, 0);
    calls.clock += 1000;
    g_assert_cmpint (call (&calls, ZRTP_CACHE_MATCH, ZRTP_CACHE_MATCH), ==, 0);
    g_unlink (calls.paths[0]);
    g_unlink (calls.paths[1]);
    tear_down (&calls);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_test ("/cache/calls/call-to-call", test_call_to_call);
  add_test ("/cache/calls/killed", test_killed);
  add_test ("/cache/calls/torn", test_torn);
  add_test ("/cache/calls/full-disk", test_full_disk);
  add_test ("/cache/calls/put-back", test_put_back);
  add_test ("/cache/calls/lost", test_lost);
  add_test ("/cache/calls/intervals", test_intervals);
  return g_test_run ();
}
