/* test-attack-a.c: man in the middle of the key agreement (attacks.md A).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "attack.h"
#include "peer.h"

#include <string.h>

/* A Mallory of two engines: with Alice on one link, with Bob on another, packets ending at her. */
typedef struct
{
  TestLink with_alice, with_bob;
} Middle;

static void
middle_init (Middle * middle, guint64 seed)
{
  test_link_init (&middle->with_alice, seed);
  test_link_init (&middle->with_bob, seed + 1000000);
  /* Towards each she says the other's ZID. */
  memcpy (middle->with_alice.ends[1].config.zid, middle->with_bob.ends[1].config.zid, ZRTP_ZID_LEN);
  memcpy (middle->with_bob.ends[0].config.zid, middle->with_alice.ends[0].config.zid, ZRTP_ZID_LEN);
}

static void
call (TestLink * link, ZrtpSasInfo * sas, guint end)
{
  test_link_open (link, 1);
  test_link_start_all (link);
  g_assert_true (test_link_run_until_secure (link, 5 * SEC));
  test_link_settle (link);
  g_assert_true (zrtp_association_get_sas (link->ends[end].association, sas));
}

/* A1, I3, Z-15-10: Diffie-Hellman with each side. The SAS gives her away, and nothing calls itself verified. */
static void
test_terminating (void)
{
  guint runs = test_count ("ZRTP_ATTACK_RUNS", 200);

  for (guint run = 0; run < runs; run++) {
    Middle middle;
    ZrtpSasInfo alice, bob;

    middle_init (&middle, run);
    call (&middle.with_alice, &alice, 0);
    call (&middle.with_bob, &bob, 1);
    g_assert_cmpint (memcmp (alice.sashash, bob.sashash, ZRTP_SASHASH_LEN), !=, 0);
    g_assert_cmpstr (alice.text, !=, bob.text);
    g_assert_false (alice.verified || bob.verified || alice.authenticated || bob.authenticated);
    g_assert_cmpint (alice.cache, ==, ZRTP_CACHE_NONE);
    test_link_clear (&middle.with_alice);
    test_link_clear (&middle.with_bob);
  }
}

/* Makes Alice and Bob friends, each with their own cache. */
static void
befriend (Middle * middle, guint64 seed)
{
  Attack attack;

  attack_init (&attack, seed, 2);
  attack_make_friends (&attack);
  for (guint e = 0; e < 2; e++) {
    const guint8 *own = attack.link.ends[e].config.zid, *peer = attack.link.ends[!e].config.zid;
    const ZrtpCacheEntry *entry = test_cache_get (&attack.link.ends[e].cache, own, peer);

    g_assert_true (entry->verified);
    test_cache_put (e ? &middle->with_bob.ends[1].cache : &middle->with_alice.ends[0].cache, own, peer, entry);
  }
  attack_clear (&attack);
}

/* A1, Z-bis-3, Z-4.6.1.1-7: Alice and Bob know each other. Each is told of a mismatch, nothing is
 * verified, and neither cache forgets what the other still has: the next call without Mallory matches and
 * is verified. */
static void
test_terminating_friends (void)
{
  for (guint run = 0; run < 8; run++) {
    Middle middle;
    ZrtpSasInfo sas[2];
    TestEnd *ends[2];
    ZrtpCacheEntry before[2];
    Attack again;

    middle_init (&middle, run);
    befriend (&middle, run);
    ends[0] = &middle.with_alice.ends[0];
    ends[1] = &middle.with_bob.ends[1];
    for (guint e = 0; e < 2; e++)
      before[e] = *test_cache_get (&ends[e]->cache, ends[e]->config.zid, ends[!e]->config.zid);
    call (&middle.with_alice, &sas[0], 0);
    call (&middle.with_bob, &sas[1], 1);
    for (guint e = 0; e < 2; e++) {
      g_assert_cmpint (sas[e].cache, ==, ZRTP_CACHE_MISMATCH);
      g_assert_false (sas[e].verified || sas[e].local_verified);
      g_assert_true (ends[e]->streams[0].warnings & (1u << ZRTP_WARNING_CACHE_MISMATCH));
      g_assert_cmpmem (test_cache_get (&ends[e]->cache, ends[e]->config.zid, ends[!e]->config.zid),
          sizeof (ZrtpCacheEntry), &before[e], sizeof (ZrtpCacheEntry));
    }
    attack_init (&again, run + 77, 2);
    for (guint e = 0; e < 2; e++)
      test_cache_put (&again.link.ends[e].cache, ends[e]->config.zid, ends[!e]->config.zid, &before[e]);
    call (&again.link, &sas[0], 0);
    g_assert_cmpint (sas[0].cache, ==, ZRTP_CACHE_MATCH);
    g_assert_true (sas[0].verified);
    attack_clear (&again);
    test_link_clear (&middle.with_alice);
    test_link_clear (&middle.with_bob);
  }
}

static void
alone (Attack * attack, guint64 seed, gboolean automatic)
{
  attack_init (attack, seed, 2);
  test_link_make_solo (&attack->link);
  attack->link.ends[0].config.automatic = automatic;
  attack_open (attack, 1);
}

/* A2: Mallory sees DHPart1 before she chooses her public value. Each candidate has a chain and MACs that
 * are in order, and each is refused, so she has not even two tries at a SAS that fits. */
static void
test_grinding (void)
{
  for (guint guess = 0; guess < 40; guess++) {
    Attack attack;
    TestPeer peer, other;

    alone (&attack, 5, FALSE);  /* the same engine each time: this is her search */
    peer_init (&peer, &attack.link, 0, 1, "X255");
    peer_init (&other, &attack.link, 0, 100 + guess, "X255");
    peer_initiate (&peer);
    peer_make_dhpart (&peer, WIRE_DHPART2, other.public_value);
    peer_send (&peer, &peer.dhpart);
    g_assert_cmpuint (peer_count (&peer, WIRE_CONFIRM1), ==, 0);
    attack_assert_alone_never_secure (&attack, ZRTP_ERROR_HVI);
    g_assert_cmpint (test_link_state (&attack.link, 0, 0), ==, ZRTP_STATE_FAILED);
    /* The one that she did commit to comes too late as well. */
    peer_make_dhpart (&peer, WIRE_DHPART2, NULL);
    peer_send (&peer, &peer.dhpart);
    g_assert_cmpuint (peer_count (&peer, WIRE_CONFIRM1), ==, 0);
    peer_clear (&peer);
    peer_clear (&other);
    attack_clear (&attack);
  }
}

/* A2 in a live call: the DHPart2 on the way is replaced, with H1 as it was and whatever else Mallory likes. */
static gboolean
replace_dhpart2 (TestLink * link, TestPacket * packet, gpointer user_data)
{
  if (packet->type == WIRE_DHPART2)
    memset (WIRE_MESSAGE (packet->data) + 76, 0x42, 32);
  wire_fix_crc (packet->data, packet->len);
  return TRUE;
}

static void
test_replaced_dhpart2 (void)
{
  Attack attack;

  attack_init (&attack, 3, 0);
  attack.link.filter = replace_dhpart2;
  attack_open (&attack, 1);
  test_link_settle (&attack.link);
  g_assert_cmphex (attack.link.ends[1].streams[0].error_code, ==, ZRTP_ERROR_HVI);
  attack_assert_universal (&attack, ATTACK_NEVER_SECURE);
  attack_clear (&attack);
}

/* A10, Z-5.2-14, Z-5.4-6, Z-5.5-3, Z-8.1.1-2: a field of one message is edited, in turn, and its MAC left
 * as it was. */
typedef struct
{
  WireType type;
  guint from;
  gsize offset;
} Edit;

static gboolean
edit_once (TestLink * link, TestPacket * packet, gpointer user_data)
{
  const Edit *edit = user_data;

  if (packet->type == edit->type && packet->from == edit->from)
    attack_edit (packet, edit->offset, 1);
  return TRUE;
}

static void
test_unchecked_macs (void)
{
  /* End 0 is initiator. Client id and unused bits of Hello; hvi and MAC of Commit; an ID and the public
   * value of DHPart. */
  static const Edit edits[] = {
    {WIRE_HELLO, 0, 16}, {WIRE_HELLO, 0, 76}, {WIRE_HELLO, 1, 16}, {WIRE_HELLO, 1, 76}, {WIRE_COMMIT, 0, 80},
    {WIRE_COMMIT, 0, 109}, {WIRE_DHPART1, 1, 44}, {WIRE_DHPART1, 1, 76}, {WIRE_DHPART2, 0, 68},
    {WIRE_DHPART2, 0, 108}
  };

  for (guint i = 0; i < G_N_ELEMENTS (edits); i++) {
    Attack attack;
    Edit edit = edits[i];

    attack_init (&attack, i, 0);
    attack.link.filter = edit_once;
    attack.link.user_data = &edit;
    attack_open (&attack, 1);
    test_link_settle (&attack.link);
    attack_assert_universal (&attack, ATTACK_NEVER_SECURE);
    if (edit.type == WIRE_HELLO)        /* told as what it is, by who received it */
      g_assert_true (attack_warned (&attack, !edit.from, ZRTP_WARNING_MESSAGE_MAC));
    attack_clear (&attack);
  }
}

/* A8, Z-9-1: yesterday's call, played to today's end: the whole of it, and from every point on. What yesterday's initiator said meets
 * an end that leaves the Commit to the other, what its responder said one that commits by itself. */
static void
test_replayed_session (void)
{
  for (guint initiator = 0; initiator < 2; initiator++) {
    guint n_answers = 0;
    GPtrArray *recorded;
    Attack attack;

    attack_init (&attack, 11, initiator);
    attack_open (&attack, 1);
    g_assert_true (test_link_run_until_secure (&attack.link, 5 * SEC));
    test_link_settle (&attack.link);
    recorded = g_steal_pointer (&attack.link.ends[1].sent);
    attack.link.ends[1].sent = g_ptr_array_new_with_free_func (g_free);
    attack_clear (&attack);
    for (guint cut = 0; cut < recorded->len; cut++) {
      TestStream *stream;

      attack_init (&attack, 12, initiator);
      test_link_make_solo (&attack.link);
      attack_open (&attack, 1);
      stream = &attack.link.ends[0].streams[0];
      for (guint i = cut; i < recorded->len; i++) {
        const TestPacket *packet = g_ptr_array_index (recorded, i);

        test_link_inject (&attack.link, 0, 0, packet->data, packet->len);
        test_link_run (&attack.link, 20 * MSEC);
      }
      test_link_settle (&attack.link);
      attack_assert_alone_never_secure (&attack, 0);
      /* The responder finds that the hash committed to is of another Hello, the initiator that the confirmation is of other keys. */
      g_assert_cmpuint (stream->n_sent_of_type[WIRE_CONFIRM1], ==, 0);
      g_assert_cmpuint (stream->n_sent_of_type[WIRE_CONFIRM2], ==, 0);
      if (cut == 0) {
        g_assert_cmphex (stream->error_code, ==, initiator ? ZRTP_ERROR_HVI : ZRTP_ERROR_CONFIRM_MAC);
        g_assert_cmpuint (stream->n_errors, ==, 1);
      }
      n_answers += stream->n_sent_of_type[initiator ? WIRE_DHPART1 : WIRE_DHPART2];
      attack_clear (&attack);
    }
    /* The beginning of it is believed. */
    g_assert_cmpuint (n_answers, >, 0);
    g_ptr_array_unref (recorded);
  }
}

/* A5: the key agreement is cut off after DHPart2 for ever. No quiet loop: so many tries, all of them told,
 * then only a user's. */
static gboolean
drop_after_dhpart2 (TestLink * link, TestPacket * packet, gpointer user_data)
{
  return packet->type < WIRE_CONFIRM1;
}

static void
test_silent_restarts (void)
{
  Attack attack;

  attack_init (&attack, 3, 2);
  attack.link.filter = drop_after_dhpart2;
  attack_open (&attack, 1);
  test_link_settle (&attack.link);
  for (guint e = 0; e < 2; e++) {
    ZrtpStreamStats stats;

    zrtp_association_get_stats (attack.link.ends[e].association, 0, &stats);
    g_assert_cmpuint (stats.exchanges, <=, 8);
    g_assert_cmpuint (attack.link.ends[e].streams[0].n_errors, ==, stats.failures);
    g_assert_cmpuint (stats.failures, >=, 1);
  }
  attack_assert_universal (&attack, ATTACK_NEVER_SECURE);
  attack_clear (&attack);
}

#define MAX_TRIES 4

/* A5: Mallory breaks each exchange off when she has seen the SAS that it would have, and begins another. She has as many guesses as
 * exchanges may fail; after that our user is asked. */
static void
test_guesses (void)
{
  Attack attack;
  TestPeer mallory;
  TestStream *stream;

  alone (&attack, 4, FALSE);
  stream = &attack.link.ends[0].streams[0];
  peer_init (&mallory, &attack.link, 0, 1, "X255");
  peer_discover (&mallory);
  for (guint i = 0; i < 20; i++) {
    guint8 hvi[32] = { i };

    peer_make_commit (&mallory, "S256AES1HS32X255B32 ", hvi);
    peer_send (&mallory, &mallory.commit);
    test_link_run (&attack.link, SEC);
    peer_send_error (&mallory, ZRTP_ERROR_SOFTWARE);
    test_link_run (&attack.link, 10 * SEC);
  }
  g_assert_cmpuint (stream->n_sent_of_type[WIRE_DHPART1], ==, MAX_TRIES);
  g_assert_cmpuint (stream->n_errors, ==, MAX_TRIES);
  g_assert_cmpint (test_link_state (&attack.link, 0, 0), ==, ZRTP_STATE_FAILED);
  zrtp_association_secure (attack.link.ends[0].association, 0, attack.link.now);
  test_link_drain (&attack.link, 0);
  g_assert_cmpuint (stream->n_sent_of_type[WIRE_COMMIT], ==, 1);
  peer_clear (&mallory);
  attack_clear (&attack);
}

/* A6: every packet comes back to its sender too, under its own SSRC and under the peer's. */
static gboolean
reflect (TestLink * link, TestPacket * packet, gpointer user_data)
{
  TestPacket copy = *packet;

  if (packet->type != WIRE_HELLO || user_data)
    test_link_inject_later (link, packet->from, 0, copy.data, copy.len, MSEC);
  wire_put_u32 (copy.data + 8, link->ends[!packet->from].streams[0].ssrc);
  wire_fix_crc (copy.data, copy.len);
  if (packet->type != WIRE_HELLO || user_data)
    test_link_inject_later (link, packet->from, 0, copy.data, copy.len, 2 * MSEC);
  return TRUE;
}

static void
test_reflection (void)
{
  for (guint mode = 0; mode < 3; mode++)
    for (guint hellos = 0; hellos < 2; hellos++) {
      Attack attack;

      attack_init (&attack, mode, mode);
      attack.link.filter = reflect;
      attack.link.user_data = GUINT_TO_POINTER (hellos);
      attack_open (&attack, 1);
      test_link_settle (&attack.link);
      /* An own Hello that comes back is an equal ZID (0x90), as the RFC says; nothing else that comes back
       * matters. */
      attack_assert_universal (&attack, hellos ? ATTACK_EITHER : ATTACK_SECURE);
      attack_clear (&attack);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/attack/A1-terminating", test_terminating);
  g_test_add_func ("/attack/A1-terminating-friends", test_terminating_friends);
  g_test_add_func ("/attack/A2-grinding", test_grinding);
  g_test_add_func ("/attack/A2-replaced-dhpart2", test_replaced_dhpart2);
  g_test_add_func ("/attack/A5-silent-restarts", test_silent_restarts);
  g_test_add_func ("/attack/A5-guesses", test_guesses);
  g_test_add_func ("/attack/A6-reflection", test_reflection);
  g_test_add_func ("/attack/A8-replayed-session", test_replayed_session);
  g_test_add_func ("/attack/A10-unchecked-macs", test_unchecked_macs);
  return g_test_run ();
}
