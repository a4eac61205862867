/* test-soak-elements.c: hundreds of calls of two sessions with their elements, on a clock that the test
 * drives and a bad wire, stopped, restarted and taken apart at any moment, with the secrets in files.
 *
 * ZRTP_SOAK_CALLS sets the number of calls.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>

#include "call.h"
#include "curve.h"

#define NORMAL_CALLS 500
/* Until a pair of endpoints is taken apart and another made. */
#define CALLS_OF_A_PAIR 6
#define RESIDENT_SLACK (4 * 1024 * 1024)

typedef enum
{
  ENDING_PLAIN,   /* both hang up after the call */
  ENDING_EARLY,   /* both hang up at any moment */
  ENDING_ONE,     /* one hangs up, the other waits */
  ENDING_BACK,    /* one hangs up and calls again, then the other does */
  ENDING_RESTART, /* both hang up and call again at once */
  ENDING_APART,   /* the pipelines are taken apart at any moment */
  N_ENDINGS
} Ending;

static const gchar *const ending_names[]
    = { "plain", "early", "one end", "one end and back", "restart", "taken apart" };

static const gchar *const bobs[] = { "bob.db", "bo.db", "bobby.db", "rob.db", "robert.db" };

static GMutex lock; /* the generator's, as the wire is asked on any thread */
static GRand *generator;
static guint loss;
static gchar *folder;
static guint secure, lost_packets, answers, endings[N_ENDINGS];

static guint
below (guint n)
{
  guint number;

  g_mutex_lock (&lock);
  number = g_rand_int_range (generator, 0, (gint32) n);
  g_mutex_unlock (&lock);
  return number;
}

static gboolean
chance (guint percent)
{
  return below (100) < percent;
}

static gboolean
lose (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  if (!chance (loss))
    return TRUE;
  g_atomic_int_inc ((gint *) &lost_packets);
  return FALSE;
}

static void
set_cache (Endpoint *self, const gchar *name)
{
  gchar *path = g_build_filename (folder, name, NULL);

  g_object_set (self->enc, "cache", path, NULL);
  g_free (path);
}

static void
talk (Call *call)
{
  if (call->a.running)
    fail_unless_equals_int (endpoint_talk (&call->a), GST_FLOW_OK);
  if (call->b.running)
    fail_unless_equals_int (endpoint_talk (&call->b), GST_FLOW_OK);
}

static void
run_to_any_moment (Call *call)
{
  call_run (call, (chance (75) ? below (300) : below (5000)) * GST_MSECOND);
}

static void
answer (Endpoint *self)
{
  static const gchar *const words[] = { "sas-match", "sas-match", "sas-match", "sas-differs" };

  g_signal_emit_by_name (self->enc, words[below (G_N_ELEMENTS (words))]);
  answers++;
}

/* As it should be on a wire that loses nothing; on another it may fail, but not in one of the two ways alone.
 */
static void
finish (Call *call)
{
  gboolean both;

  talk (call);
  both = call_run_until_secure (call, 60 * GST_SECOND);
  call->filter = NULL;
  if (both) {
    /* Whoever is secure by its own account is so for the other. */
    call_check_secure (call);
    secure++;
    if (chance (30))
      answer (&call->a);
    if (chance (30))
      answer (&call->b);
    call_settle (call);
    return;
  }
  fail_unless (loss > 0, "not secure on a good wire");
  fail_if (endpoint_state (&call->a) == GST_ZRTP_STATE_SECURE
           && endpoint_state (&call->b) == GST_ZRTP_STATE_SECURE);
}

static void
start (Call *call)
{
  call->filter = loss > 0 ? lose : NULL;
  if (chance (50)) {
    endpoint_start (&call->a);
    if (chance (30))
      call_run (call, below (500) * GST_MSECOND);
    endpoint_start (&call->b);
  } else {
    endpoint_start (&call->b);
    endpoint_start (&call->a);
  }
  talk (call);
}

static void
hang_up (Call *call)
{
  Endpoint *first = chance (50) ? &call->a : &call->b;

  endpoint_stop (first);
  if (chance (20))
    run_to_any_moment (call);
  endpoint_stop (first->peer);
  call_check (call);
}

/* TRUE: the endpoints can be used again. */
static gboolean
make_call (Call *call)
{
  Ending ending = chance (40) ? ENDING_PLAIN : 1 + below (N_ENDINGS - 1);
  Endpoint *one = chance (50) ? &call->a : &call->b;

  loss = chance (50) ? 0 : below (30);
  endings[ending]++;
  start (call);
  if (ending != ENDING_PLAIN)
    run_to_any_moment (call);
  switch (ending) {
    case ENDING_EARLY:
      hang_up (call);
      return TRUE;
    case ENDING_APART:
      return FALSE;
    case ENDING_ONE:
      endpoint_stop (one);
      call_run (call, 30 * GST_SECOND);
      hang_up (call);
      return TRUE;
    case ENDING_BACK:
      endpoint_stop (one);
      run_to_any_moment (call);
      endpoint_start (one);
      talk (call);
      run_to_any_moment (call);
      endpoint_stop (one->peer);
      endpoint_stop (one);
      start (call);
      break;
    case ENDING_RESTART:
      hang_up (call);
      start (call);
      break;
    default:
      break;
  }
  finish (call);
  hang_up (call);
  return TRUE;
}

/* Until all workers have gone (half a second after their last work), and with them what they held. */
static void
wait_for_workers (guint n)
{
  for (guint i = 0; i < 1000 && count_threads () > n; i++) {
    g_thread_pool_stop_unused_threads ();
    g_usleep (5 * 1000);
  }
  fail_unless (count_threads () <= n, "%u threads are left", count_threads ());
}

static void
check_files (guint at_most)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  const gchar *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL) {
    gchar *path = g_build_filename (folder, name, NULL);
    const gchar *argv[] = { g_getenv ("ZRTP_CACHE_COMMAND"), "-c", path, "check", NULL };
    GError *error = NULL;
    gint status;

    /* SQLite's own files beside it are gone. */
    fail_unless (g_str_has_suffix (name, ".db"), "%s is left", name);
    fail_unless (argv[0] != NULL, "ZRTP_CACHE_COMMAND is not set");
    fail_unless (g_spawn_sync (
        NULL, (gchar **) argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status, &error));
    fail_unless_equals_int (status, 0);
    fail_unless_equals_int (g_unlink (path), 0);
    g_free (path);
    n++;
  }
  g_dir_close (dir);
  fail_unless (n <= at_most);
}

GST_START_TEST (test_soak)
{
  guint calls = soak_calls (NORMAL_CALLS), threads, descriptors, of_pair = 0;
  gint64 began = g_get_monotonic_time ();
  Call *call = NULL;
  Curve curve;
  guint i;

  generator = g_rand_new_with_seed (2026);
  folder = g_dir_make_tmp ("zrtp-soak-XXXXXX", NULL);
  fail_unless (folder != NULL);
  /* GLib starts a thread that starts threads, and keeps it. */
  call = call_new ();
  start (call);
  hang_up (call);
  g_clear_pointer (&call, call_free);
  wait_for_workers (2);
  threads = count_threads ();
  descriptors = count_descriptors ();

  curve_init (&curve, calls, 10);
  for (i = 0; i < calls; i++) {
    if (i % curve.every == 0) {
      g_clear_pointer (&call, call_free);
      wait_for_workers (threads);
      curve_add (&curve, i);
    }
    if (call == NULL) {
      call = call_new ();
      of_pair = 0;
    }
    if (of_pair == 0) {
      set_cache (&call->a, "alice.db");
      set_cache (&call->b, bobs[below (G_N_ELEMENTS (bobs))]);
    }
    if (!make_call (call) || ++of_pair == CALLS_OF_A_PAIR)
      g_clear_pointer (&call, call_free);
  }
  g_clear_pointer (&call, call_free);
  wait_for_workers (threads);
  curve_add (&curve, calls);

  g_print ("# %u calls in %.1f s, %u secure, %u packets lost, %u answers\n", calls,
      (g_get_monotonic_time () - began) / 1e6, secure, lost_packets, answers);
  for (i = 0; i < N_ENDINGS; i++)
    g_print ("# ended: %s %u\n", ending_names[i], endings[i]);
  curve_check (&curve, RESIDENT_SLACK);
  check_files (1 + G_N_ELEMENTS (bobs));
  fail_unless (secure * 3 > calls);
  fail_unless_equals_int (count_descriptors (), descriptors);
  fail_unless_equals_int (g_rmdir (folder), 0);
  g_free (folder);
  g_rand_free (generator);
}
GST_END_TEST;

static Suite *
soak_suite (void)
{
  Suite *suite = suite_create ("soak");
  TCase *tcase = tcase_create ("soak");

  tcase_set_timeout (tcase, 0);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_soak);
  return suite;
}

GST_CHECK_MAIN (soak)
