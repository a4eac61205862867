/* test-residue.c: nothing secret is left in heap, stack or data when RFC 6189 lets it go.
 *
 * The secrets of a call are noted while it runs, masked so that the notes themselves are not found, and all
 * writable memory is searched for them afterwards, freed blocks included.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/protocol/stream.h"
#include "link.h"

#include <stdio.h>
#include <string.h>

#define MASK 0xa5
#define SEARCHED 12             /* octets of a secret that are looked for */
#define MAX_NOTES 64

typedef enum
{
  SPENT = 1,                    /* to be gone as soon as the stream is secure */
  SESSION = 2                   /* to be gone when the call is over, or has failed */
} Life;

static struct
{
  const gchar *name;
  Life life;
  guint8 masked[SEARCHED];
} notes[MAX_NOTES];
static guint n_notes;

static void
note (const gchar * name, Life life, const guint8 * secret)
{
  g_assert_cmpuint (n_notes, <, MAX_NOTES);
  notes[n_notes].name = name;
  notes[n_notes].life = life;
  for (guint i = 0; i < SEARCHED; i++)
    notes[n_notes].masked[i] = secret[i] ^ MASK;
  n_notes++;
}

static guint
count_in (const volatile guint8 * from, const volatile guint8 * to, const guint8 * masked)
{
  guint8 first = masked[0] ^ MASK;
  guint found = 0;

  for (const volatile guint8 * at = from; at + SEARCHED <= to; at++) {
    guint i = 1;

    if (*at != first)
      continue;
    while (i < SEARCHED && (guint8) (at[i] ^ MASK) == masked[i])
      i++;
    found += i == SEARCHED;
  }
  return found;
}

static guint
count_everywhere (const guint8 * masked)
{
  FILE *maps = fopen ("/proc/self/maps", "r");
  gchar line[512];
  guint found = 0;

  g_assert_nonnull (maps);
  while (fgets (line, sizeof line, maps)) {
    guint64 from, to;
    gchar rights[5];

    if (sscanf (line, "%" G_GINT64_MODIFIER "x-%" G_GINT64_MODIFIER "x %4s", &from, &to, rights) != 3
        || strncmp (rights, "rw", 2) != 0 || strstr (line, "[vvar") || to - from > 64 * 1024 * 1024)
      continue;
    found += count_in ((const guint8 *) (gsize) from, (const guint8 *) (gsize) to, masked);
  }
  fclose (maps);
  return found;
}

static void
assert_gone (Life life)
{
  for (guint i = 0; i < n_notes; i++)
    if (notes[i].life <= life && count_everywhere (notes[i].masked) > 0)
      g_error ("%s is still there", notes[i].name);
}

static guint
count_left (Life life)
{
  guint left = 0;

  for (guint i = 0; i < n_notes; i++)
    left += notes[i].life == life && count_everywhere (notes[i].masked) > 0;
  return left;
}

/* What an end has when it has computed s0, and what went into it. */
static void
note_exchange (const ZrtpExchange * exchange)
{
  const ZrtpStreamKeys *keys = &exchange->keys;

  note ("mackeyi", SPENT, keys->mackeyi);
  note ("mackeyr", SPENT, keys->mackeyr);
  note ("zrtpkeyi", SPENT, keys->zrtpkeyi);
  note ("zrtpkeyr", SPENT, keys->zrtpkeyr);
  note ("srtp key of the initiator", SESSION, keys->srtp_i.key);
  note ("srtp key of the responder", SESSION, keys->srtp_r.key);
  note ("srtp salt of the initiator", SESSION, keys->srtp_i.salt);
  note ("srtp salt of the responder", SESSION, keys->srtp_r.salt);
  note ("ZRTPSess", SESSION, exchange->zrtp_sess);
  note ("exported key", SESSION, exchange->exported_key);
}

/* s0 and DHResult, computed as the engine does, from the initiator's secret and the responder's DHPart1. */
static void
note_s0 (const ZrtpExchange * exchange, guint8 * secret, const guint8 * public_value)
{
  const ZrtpSecret none = { (const guint8 *) "", 0 };
  guint8 dh_result[ZRTP_RESULT_MAX_LEN], s0[ZRTP_HASH_MAX_LEN];

  g_assert_true (exchange->key_agreement->agree (secret, public_value, dh_result));
  zrtp_s0_from_dh (&exchange->context, dh_result, exchange->key_agreement->result_len, none, none, none, s0);
  note ("DHResult", SPENT, dh_result);
  note ("s0", SPENT, s0);
  zrtp_wipe (dh_result, sizeof dh_result);
  zrtp_wipe (s0, sizeof s0);
  zrtp_wipe (secret, ZRTP_SECRET_MAX_LEN);
  zrtp_wipe_stack ();
}

static const ZrtpStream *
stream_of (TestLink * link, guint e)
{
  return link->ends[e].association->streams[0];
}

static void
run_until (TestLink * link, guint e, ZrtpStreamState state)
{
  while (stream_of (link, e)->state != state)
    test_link_run (link, MSEC);
}

/* To the point where both ends have their keys and neither is secure. */
static void
start_call (TestLink * link, const gchar * key_agreement)
{
  const ZrtpKeyAgreement *agreement = zrtp_key_agreement_find (key_agreement);
  guint8 secret[ZRTP_SECRET_MAX_LEN];

  n_notes = 0;
  test_link_init (link, 1);
  link->ends[0].without_cache = link->ends[1].without_cache = TRUE;
  test_list (&link->ends[0].config.key_agreements, key_agreement);
  test_list (&link->ends[1].config.key_agreements, key_agreement);
  test_link_set_initiator (link, 0);
  test_link_open (link, 1);
  test_link_start_all (link);
  run_until (link, 0, ZRTP_STREAM_I1);
  memcpy (secret, stream_of (link, 0)->exchange->secret, sizeof secret);
  /* A finite field's secret stands right-aligned. */
  note ("svi", SPENT, secret + agreement->secret_len - SEARCHED);
  run_until (link, 1, ZRTP_STREAM_R1);
  note ("svr", SPENT, stream_of (link, 1)->exchange->secret + agreement->secret_len - SEARCHED);
  run_until (link, 0, ZRTP_STREAM_I2);
  note_s0 (stream_of (link, 0)->exchange, secret, stream_of (link, 1)->exchange->public_value);
  note_exchange (stream_of (link, 0)->exchange);
  run_until (link, 1, ZRTP_STREAM_R2);
}

/* The link's own notes of the keys. */
static void
forget_link (TestLink * link)
{
  for (guint e = 0; e < 2; e++)
    zrtp_wipe (link->ends[e].streams, sizeof link->ends[e].streams);
  zrtp_wipe_stack ();
}

static gboolean
skipped (void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  g_test_skip ("a sanitizer keeps memory of its own");
  return TRUE;
#else
  if (g_getenv ("LD_PRELOAD") || g_getenv ("VALGRIND_LIB") || g_getenv ("ZRTP_VALGRIND")) {
    g_test_skip ("valgrind keeps memory of its own");
    return TRUE;
  }
  return FALSE;
#endif
}

/* Z-4.4.1.4-5, Z-4.6.1-8, Z-4.5.3-8, I6: once secure, of the exchange nothing is left but what the call
 * needs. Z-4.7.3-1, Z-4.7.3-2, Z-4.5.2-8, Z-15-2: when it is over, that too is gone. */
static void
test_call (gconstpointer key_agreement)
{
  TestLink link;

  if (skipped ())
    return;
  start_call (&link, key_agreement);
  g_assert_cmpuint (count_left (SPENT), >=, 4); /* the search does find what is there */
  g_assert_cmpuint (count_left (SESSION), ==, 6);
  g_assert_true (test_link_run_until_secure (&link, 5 * SEC));
  test_link_settle (&link);
  assert_gone (SPENT);
  g_assert_cmpuint (count_left (SESSION), >=, 1);       /* ZRTPSess */
  test_link_close (&link);
  forget_link (&link);
  assert_gone (SESSION);
  test_link_clear (&link);
}

static gboolean
spoil_confirms (TestLink * link, TestPacket * packet, gpointer user_data)
{
  if (packet->type == WIRE_CONFIRM1 || packet->type == WIRE_CONFIRM2) {
    packet->data[WIRE_HEADER_LEN + 12] ^= 1;
    wire_fix_crc (packet->data, packet->len);
  }
  return TRUE;
}

/* Z-6.1-3: an exchange that has failed leaves nothing behind, though the association lives. Z-4.7.1-1. */
static void
test_failure (gconstpointer key_agreement)
{
  TestLink link;

  if (skipped ())
    return;
  start_call (&link, key_agreement);
  link.filter = spoil_confirms;
  g_queue_clear_full (&link.queue, g_free);     /* the Confirm1 that is under way */
  test_link_settle (&link);
  for (guint e = 0; e < 2; e++)
    g_assert_cmpint (test_link_state (&link, e, 0), ==, ZRTP_STATE_FAILED);
  forget_link (&link);
  assert_gone (SESSION);
  test_link_clear (&link);
}

int
main (int argc, char **argv)
{
  static const gchar *const key_agreements[] = { "X255", "X448", "EC25", "DH3k" };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (key_agreements); i++) {
    gchar *call = g_strdup_printf ("/conformance/residue/call/%s", key_agreements[i]);
    gchar *failure = g_strdup_printf ("/conformance/residue/failure/%s", key_agreements[i]);

    g_test_add_data_func (call, key_agreements[i], test_call);
    g_test_add_data_func (failure, key_agreements[i], test_failure);
    g_free (call);
    g_free (failure);
  }
  return g_test_run ();
}
