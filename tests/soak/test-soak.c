/* test-soak.c: thousands of calls of the protocol in one process, on virtual time, on a bad line, ended at
 * any moment, with the secrets in files.
 *
 * One user calls many others again and again; each side keeps its secrets in a file of its own. Whatever is
 * torn down, and whenever: no end is secure with keys that the other has not (link.h asserts that all the
 * time), both ends of a stream that nobody tore down come out alike, and people who once had a call are never
 * told of a mismatch (Z-4.6.1-10, -11, Z-4.9-14) unless one of them lost or refused a secret. In the end the
 * files are whole, and memory, threads and descriptors are as before.
 *
 * ZRTP_SOAK_CALLS sets the number of calls.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>
#include <string.h>

#include "curve.h"
#include "ext/sqlite/cache_db.h"
#include "gst/protocol/stream.h"
#include "link.h"

#define N_PEERS 24
#define NORMAL_CALLS 10000
#define RESIDENT_SLACK (2 * 1024 * 1024)

typedef enum
{
  TEARDOWN_NONE,
  TEARDOWN_ASSOCIATION, /* both ends at once */
  TEARDOWN_STREAM,      /* one stream is stopped or removed, at one end or both */
  TEARDOWN_END,         /* one end is gone */
  TEARDOWN_BACK,        /* and comes back, to a peer that does not know */
  TEARDOWN_RESTART,     /* both ends run again */
  TEARDOWN_CLEAR,       /* GoClear and secure again */
  N_TEARDOWNS
} Teardown;

static const gchar *const teardown_names[]
    = { "none", "association", "stream", "one end", "one end and back", "restart", "clear and back" };

typedef struct
{
  gchar *folder;
  gchar *paths[2];
  ZrtpCache *files[2];
  TestPrng prng;
  guint64 now;
  gboolean in_common[N_PEERS]; /* both ends have had a call, and neither lost or refused its secret since */
  guint secure, preshared, matches, first, mismatches, verified, refused, lost, errors, misled, beside,
      torn[N_TEARDOWNS];
  guint stores;
  guint64 packets, dropped;
} Soak;

/* A call under way. */
typedef struct
{
  TestLink link;
  Soak *soak;
  guint number, peer, n_streams;
  Teardown teardown;
  gboolean lossless, misled, refused, spoiled, complete;
  gboolean torn[ZRTP_MAX_STREAMS];
} Call;

static Call *current;

/* ---- Caches: the link's, in files ---- */

static ZrtpCache *
file_of (ZrtpCache *cache)
{
  return current->soak->files[cache == &current->link.ends[0].cache.parent ? 0 : 1];
}

static gboolean
lookup_in_file (ZrtpCache *cache, const guint8 local_zid[ZRTP_ZID_LEN], const guint8 peer_zid[ZRTP_ZID_LEN],
    ZrtpCacheEntry *entry)
{
  gboolean found = file_of (cache)->lookup (file_of (cache), local_zid, peer_zid, entry);

  g_assert_false (entry->unreadable);
  return found;
}

static gboolean
store_in_file (ZrtpCache *cache, const guint8 local_zid[ZRTP_ZID_LEN], const guint8 peer_zid[ZRTP_ZID_LEN],
    const ZrtpCacheEntry *entry)
{
  current->soak->stores++;
  g_assert_true (file_of (cache)->store (file_of (cache), local_zid, peer_zid, entry));
  return TRUE;
}

static void
open_files (Soak *soak)
{
  for (guint e = 0; e < 2; e++) {
    GError *error = NULL;

    soak->files[e] = zrtp_sqlite_cache_open (soak->paths[e], &error);
    g_assert_no_error (error);
  }
}

static void
close_files (Soak *soak)
{
  for (guint e = 0; e < 2; e++) {
    GError *error = NULL;
    guint n;

    zrtp_sqlite_cache_check (soak->files[e], &n, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (n, <=, N_PEERS);
    g_clear_pointer (&soak->files[e], zrtp_sqlite_cache_close);
  }
}

/* ---- What happens in a call ---- */

static guint
below (Call *call, guint n)
{
  return test_prng_below (&call->soak->prng, n);
}

static gboolean
chance (Call *call, guint percent)
{
  return below (call, 100) < percent;
}

static void
set_up (Call *call, Soak *soak, guint number)
{
  static const gchar *const slow[] = { "EC25DH3kMult", "X448DH3kMult", "EC38DH3kMult", "DH3kMult" };
  TestLink *link = &call->link;
  const gchar *agreements = "X255DH3kMult";
  gboolean preshared, wide;

  memset (call, 0, sizeof *call);
  current = call;
  call->soak = soak;
  call->number = number;
  test_link_init (link, number);
  link->now = soak->now;
  call->peer = below (call, N_PEERS);
  call->n_streams = 1 + (chance (call, 40) ? below (call, 4) : 0);
  call->lossless = chance (call, 40);
  link->delay = (1 + below (call, 60)) * MSEC;
  link->media = TRUE;
  if (!call->lossless) {
    link->loss_percent[0] = below (call, 35);
    link->loss_percent[1] = below (call, 35);
    link->duplicate_percent = below (call, 20);
    link->jitter = below (call, 100) * MSEC;
  }
  preshared = chance (call, 10);
  if (chance (call, 2))
    agreements = slow[below (call, G_N_ELEMENTS (slow))];
  else if (preshared)
    agreements = "X255DH3kMultPrsh";
  wide = chance (call, 20);
  for (guint e = 0; e < 2; e++) {
    ZrtpConfig *config = &link->ends[e].config;

    if (e == 1)
      config->zid[0] = call->peer;
    link->ends[e].cache.parent.lookup = lookup_in_file;
    link->ends[e].cache.parent.store = store_in_file;
    test_list (&config->key_agreements, agreements);
    config->preshared = preshared;
    config->preshared_limit = 3;
    if (wide || strstr (agreements, "EC38")) {
      test_list (&config->hashes, "S384S256");
      test_list (&config->ciphers, "AES3AES1");
    }
    config->allow_clear = TRUE;
  }
  if (chance (call, 60))
    test_link_set_initiator (link, below (call, 2));
}

static void
start (Call *call, guint s)
{
  guint first = below (call, 2);

  test_link_start (&call->link, first, s);
  if (chance (call, 20))
    test_link_run (&call->link, below (call, 300) * MSEC);
  test_link_start (&call->link, !first, s);
}

static void
start_all (Call *call)
{
  for (guint s = 0; s < call->n_streams; s++) {
    start (call, s);
    if (chance (call, 30))
      test_link_run (&call->link, below (call, 400) * MSEC);
  }
}

/* Just after a message of this type has been sent for the first time. */
static void
run_to_message (Call *call, WireType type)
{
  const TestEnd *ends = call->link.ends;

  for (guint i = 0; i < 2000; i++) {
    if (ends[0].streams[0].n_sent_of_type[type] > 0 || ends[1].streams[0].n_sent_of_type[type] > 0)
      break;
    test_link_run (&call->link, MSEC);
  }
  test_link_run (&call->link, below (call, 3) * call->link.delay / 2);
}

/* Many moments are within a handshake, where one end has something that the other has not yet, some long
 * after it. */
static void
run_to_any_moment (Call *call)
{
  guint die = below (call, 100);

  if (die < 40)
    run_to_message (call, WIRE_COMMIT + below (call, WIRE_CONF2ACK - WIRE_COMMIT + 1));
  else
    test_link_run (&call->link, (die < 85 ? below (call, 250) : below (call, 10000)) * MSEC);
}

/* An end whose peer has gone talks to it again, from now on. */
static void
settle (Call *call)
{
  for (guint e = 0; e < 2; e++)
    for (guint s = 0; s < call->n_streams; s++) {
      TestStream *stream = &call->link.ends[e].streams[s];

      stream->media_at = MAX (stream->media_at, call->link.now);
    }
  test_link_settle (&call->link);
}

static void
stop (Call *call, guint e, guint s)
{
  zrtp_association_stop (call->link.ends[e].association, s, call->link.now);
  test_link_drain (&call->link, e);
}

/* The keys that it ever had stay in the link's books: the peer may have just made the same. */
static void
forget_stream (Call *call, guint e, guint s)
{
  TestStream *stream = &call->link.ends[e].streams[s];

  stream->added = stream->has_send = stream->has_receive = FALSE;
  stream->state = ZRTP_STATE_IDLE;
}

static void
add_stream (Call *call, guint e, guint s)
{
  TestStream *stream = &call->link.ends[e].streams[s];

  stream->added = TRUE;
  stream->ssrc += 0x10000;
  g_assert_true (zrtp_association_add_stream (call->link.ends[e].association, s, stream->ssrc));
}

static void
tear_stream (Call *call)
{
  guint s = below (call, call->n_streams), ends = 1 + below (call, 3);
  gboolean removes = chance (call, 50), again = chance (call, 50);

  call->torn[s] = TRUE;
  for (guint e = 0; e < 2; e++) {
    if (!(ends & 1u << e))
      continue;
    /* What concerns the whole call is told under the number of the stream that agreed on its keys: that one
     * stays. */
    if (removes
        && !(call->link.ends[e].association->have_session
             && call->link.ends[e].association->session_stream == s)) {
      /* Removing brings no time along, and another stream may take its turn. */
      zrtp_association_advance (call->link.ends[e].association, call->link.now);
      zrtp_association_remove_stream (call->link.ends[e].association, s);
      test_link_drain (&call->link, e);
      forget_stream (call, e, s);
      if (again)
        add_stream (call, e, s);
    } else {
      stop (call, e, s);
    }
  }
  if (chance (call, 50))
    run_to_any_moment (call);
  for (guint e = 0; again && e < 2; e++)
    if (ends & 1u << e)
      test_link_start (&call->link, e, s);
}

static void
renew_end (Call *call, guint e)
{
  TestEnd *end = &call->link.ends[e];

  zrtp_association_free (end->association);
  end->association = zrtp_association_new (&end->config, &end->random.parent, &end->cache.parent);
  for (guint s = 0; s < call->n_streams; s++)
    forget_stream (call, e, s);
}

static void
tear_end (Call *call, gboolean comes_back)
{
  guint e = below (call, 2);

  renew_end (call, e);
  for (guint s = 0; s < call->n_streams; s++)
    call->torn[s] = TRUE;
  if (!comes_back)
    return;
  if (chance (call, 50))
    run_to_any_moment (call);
  for (guint s = 0; s < call->n_streams; s++) {
    add_stream (call, e, s);
    test_link_start (&call->link, e, s);
  }
}

/* As a session does that runs again. On other ports nothing of the run before arrives; on the same ones, and
 * within one delay of the line, its Hellos and Commits may mislead both, and the try ends with a timeout. */
static void
restart (Call *call)
{
  if (chance (call, 50))
    g_queue_clear_full (&call->link.queue, g_free);
  else
    call->misled = call->lossless;
  for (guint e = 0; e < 2; e++) {
    renew_end (call, e);
    for (guint s = 0; s < call->n_streams; s++)
      add_stream (call, e, s);
  }
  start_all (call);
}

static void
clear_and_back (Call *call)
{
  TestLink *link = &call->link;
  guint e = below (call, 2);

  if (!call->lossless || !test_link_run_until_secure (link, 60 * SEC))
    return;
  test_link_run (link, SEC);
  zrtp_association_clear (link->ends[e].association, link->now);
  test_link_drain (link, e);
  test_link_run (link, 5 * SEC);
  zrtp_association_accept_clear (link->ends[!e].association, link->now);
  test_link_drain (link, !e);
  test_link_run (link, SEC);
  for (guint s = 0; s < call->n_streams; s++)
    for (guint i = 0; i < 2; i++) {
      g_assert_cmpint (test_link_state (link, i, s), ==, ZRTP_STATE_CLEAR);
      zrtp_association_secure (link->ends[i].association, s, link->now);
      test_link_drain (link, i);
    }
}

static void
say (Call *call, guint e, gboolean matches)
{
  zrtp_association_set_verified (call->link.ends[e].association, matches, call->link.now);
  test_link_drain (&call->link, e);
  if (matches)
    call->soak->verified++;
  else
    call->soak->refused++;
  call->refused |= !matches;
}

/* Media arrives at both ends. */
static void
talk (Call *call)
{
  for (guint s = 0; s < call->n_streams; s++)
    for (guint e = 0; e < 2; e++)
      if (test_link_is_secure (&call->link, e, s) && test_link_is_secure (&call->link, !e, s)) {
        zrtp_association_media_authenticated (call->link.ends[e].association, s, call->link.now);
        test_link_drain (&call->link, e);
      }
}

/* The users of a call that is secure compare, or do not. */
static void
answer (Call *call)
{
  ZrtpSasInfo sas[2];
  guint die = below (call, 100);

  for (guint e = 0; e < 2; e++)
    if (!zrtp_association_get_sas (call->link.ends[e].association, &sas[e]))
      return;
  g_assert_cmpstr (sas[0].text, ==, sas[1].text);
  if (sas[0].cache == ZRTP_CACHE_MISMATCH || sas[1].cache == ZRTP_CACHE_MISMATCH)
    die = 0; /* they have been warned */
  if (die < 20) {
    say (call, 0, TRUE);
    say (call, 1, TRUE);
  } else if (die < 30) {
    say (call, die % 2, TRUE);
  } else if (die < 32) {
    /* One refuses the secret that the other keeps. */
    call->spoiled = TRUE;
    say (call, die % 2, FALSE);
  } else if (die < 34) {
    say (call, 0, FALSE);
    say (call, 1, FALSE);
  }
}

/* ---- What must be so ---- */

/* Told before an assertion fails: a soak that fails after minutes should say where. */
static gboolean
tell (Call *call)
{
  g_test_message ("call %u, torn down: %s, %u streams, delay %u ms, %s", call->number,
      teardown_names[call->teardown], call->n_streams, (guint) (call->link.delay / MSEC),
      call->lossless ? "no loss" : "loss");
  for (guint s = 0; s < call->n_streams; s++)
    for (guint e = 0; e < 2; e++) {
      const TestStream *stream = &call->link.ends[e].streams[s];

      g_test_message ("end %u stream %u%s: state %d, %u errors, the last 0x%x, warnings 0x%x", e, s,
          call->torn[s] ? " (torn)" : "", stream->state, stream->n_errors, stream->error_code,
          stream->warnings);
    }
  return FALSE;
}

#define require(call, condition) g_assert_true ((condition) || tell (call))

static gboolean
check_streams (Call *call)
{
  TestLink *link = &call->link;
  gboolean any = FALSE;

  for (guint s = 0; s < call->n_streams; s++) {
    if (call->torn[s])
      continue;
    require (call, test_link_is_secure (link, 0, s) == test_link_is_secure (link, 1, s));
    any |= test_link_is_secure (link, 0, s);
    /* The streams beside one that was torn down may fail, alike at both ends: one end is done with the
     * exchange that makes the session and the other is not, so that Multistream meets DH (Z-4.2-5); or one
     * end waits for a stream that the other has stopped. */
    if (call->lossless && !call->misled && call->teardown != TEARDOWN_STREAM)
      require (call, test_link_is_secure (link, 0, s));
    call->soak->beside
        += call->lossless && call->teardown == TEARDOWN_STREAM && !test_link_is_secure (link, 0, s);
    call->soak->misled += s == 0 && call->misled && !test_link_is_secure (link, 0, s);
    for (guint e = 0; e < 2; e++)
      if (!test_link_is_secure (link, e, s)) {
        require (call, test_link_state (link, e, s) != ZRTP_STATE_SECURING);
        call->soak->errors++;
      }
  }
  return any;
}

/* A call that is over for both, with a stream that nobody tore down. */
static void
check_session (Call *call)
{
  Soak *soak = call->soak;
  ZrtpSasInfo sas[2];
  gboolean known = soak->in_common[call->peer], settled = FALSE;

  for (guint e = 0; e < 2; e++) {
    g_assert_true (zrtp_association_get_sas (call->link.ends[e].association, &sas[e]));
    g_assert_cmpuint (call->link.ends[e].streams[0].warnings & (1u << ZRTP_WARNING_CACHE_WRITE), ==, 0);
    if (known)
      require (call, sas[e].cache == ZRTP_CACHE_MATCH);
    settled |= sas[e].cache == ZRTP_CACHE_MISMATCH;
  }
  g_assert_cmpmem (sas[0].sashash, ZRTP_SASHASH_LEN, sas[1].sashash, ZRTP_SASHASH_LEN);
  g_assert_cmpint (sas[0].role + sas[1].role, ==, ZRTP_ROLE_INITIATOR + ZRTP_ROLE_RESPONDER);
  g_assert_cmpmem (&sas[0].choice, sizeof sas[0].choice, &sas[1].choice, sizeof sas[1].choice);
  call->complete = TRUE;
  soak->secure++;
  soak->preshared += strcmp (sas[0].choice.key_agreement, "Prsh") == 0;
  soak->matches += sas[0].cache == ZRTP_CACHE_MATCH;
  soak->first += sas[0].cache == ZRTP_CACHE_NONE;
  soak->mismatches += settled;
  /* After a mismatch the new secret counts once both users have said that the words are the same. */
  if (!call->refused && (!settled || (sas[0].verified && sas[1].verified)))
    soak->in_common[call->peer] = TRUE;
}

static void
lose_a_peer (Call *call)
{
  guint e = below (call, 2);
  GError *error = NULL;

  if (zrtp_sqlite_cache_forget (
          call->soak->files[e], call->link.ends[e].config.zid, call->link.ends[!e].config.zid, &error))
    call->soak->lost++;
  else
    g_assert_error (error, ZRTP_CACHE_DB_ERROR, ZRTP_CACHE_DB_ERROR_NOT_FOUND);
  g_clear_error (&error);
  call->soak->in_common[call->peer] = FALSE;
}

static void
make_call (Soak *soak, guint number)
{
  Call *call = g_new (Call, 1);

  set_up (call, soak, number);
  if (chance (call, 1))
    lose_a_peer (call);
  if (chance (call, 55))
    call->teardown = 1 + below (call, N_TEARDOWNS - 1);
  soak->torn[call->teardown]++;
  test_link_open (&call->link, call->n_streams);
  start_all (call);
  if (call->teardown != TEARDOWN_NONE && call->teardown != TEARDOWN_CLEAR) {
    run_to_any_moment (call);
    if (chance (call, 30))
      answer (call);
  }
  switch (call->teardown) {
    case TEARDOWN_STREAM:
      tear_stream (call);
      break;
    case TEARDOWN_END:
    case TEARDOWN_BACK:
      tear_end (call, call->teardown == TEARDOWN_BACK);
      break;
    case TEARDOWN_RESTART:
      restart (call);
      break;
    case TEARDOWN_CLEAR:
      clear_and_back (call);
      break;
    default:
      break;
  }
  if (call->teardown != TEARDOWN_ASSOCIATION) {
    settle (call);
    if (chance (call, 60))
      talk (call);
    answer (call);
    if (check_streams (call))
      check_session (call);
  }
  /* Preshared replaces rs1 and leaves rs2 as it is (Z-4.6.1-5): who had one secret in common may be left with
   * none when such a call is cut off between the two writes. */
  if (call->spoiled || (call->link.ends[0].config.preshared && !call->complete))
    soak->in_common[call->peer] = FALSE;
  soak->now = call->link.now;
  soak->packets += call->link.delivered;
  soak->dropped += call->link.dropped;
  test_link_close (&call->link);
  test_link_clear (&call->link);
  g_free (call);
}

static void
assert_files_alone (Soak *soak)
{
  GDir *dir = g_dir_open (soak->folder, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  g_dir_close (dir);
  g_assert_cmpuint (n, ==, 2);
}

static void
test_soak (void)
{
  guint calls = soak_calls (NORMAL_CALLS), threads = count_threads (), descriptors = count_descriptors ();
  gint64 began = g_get_monotonic_time ();
  Soak soak = { .prng = { 2026 }, .now = TEST_LINK_START };
  Curve curve;

  soak.folder = g_dir_make_tmp ("zrtp-soak-XXXXXX", NULL);
  g_assert_nonnull (soak.folder);
  for (guint e = 0; e < 2; e++)
    soak.paths[e] = g_strdup_printf ("%s/end%u.db", soak.folder, e);
  open_files (&soak);
  curve_init (&curve, calls, 20);
  for (guint i = 0; i < calls; i++) {
    if (i % curve.every == 0) {
      curve_add (&curve, i);
      /* As a process that starts anew: all that counts is in the files. */
      close_files (&soak);
      open_files (&soak);
    }
    make_call (&soak, i);
  }
  curve_add (&curve, calls);
  close_files (&soak);

  g_test_message ("%u calls in %.1f s, %.1f h of virtual time, %" G_GUINT64_FORMAT
                  " packets delivered, %" G_GUINT64_FORMAT " lost, %u cache writes",
      calls, (g_get_monotonic_time () - began) / 1e6, (soak.now - TEST_LINK_START) / 3600e9, soak.packets,
      soak.dropped, soak.stores);
  for (guint i = 0; i < N_TEARDOWNS; i++)
    g_test_message ("torn down: %s %u", teardown_names[i], soak.torn[i]);
  g_test_message ("%u secure at both ends: %u matches, %u first calls, %u mismatches, %u Preshared; %u ends "
                  "not secure, %u calls misled by packets of the last one, "
                  "%u streams failed beside one torn down",
      soak.secure, soak.matches, soak.first, soak.mismatches, soak.preshared, soak.errors, soak.misled,
      soak.beside);
  g_test_message (
      "the users: %u times alike, %u times not; %u entries lost", soak.verified, soak.refused, soak.lost);

  curve_check (&curve, RESIDENT_SLACK);
  assert_threads (threads);
  g_assert_cmpuint (count_descriptors (), ==, descriptors);
  /* SQLite's own files beside them are gone. */
  assert_files_alone (&soak);
  g_assert_cmpuint (soak.secure * 2, >, calls);
  for (guint e = 0; e < 2; e++) {
    g_assert_cmpint (g_unlink (soak.paths[e]), ==, 0);
    g_free (soak.paths[e]);
  }
  g_assert_cmpint (g_rmdir (soak.folder), ==, 0);
  g_free (soak.folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/soak/protocol", test_soak);
  return g_test_run ();
}
