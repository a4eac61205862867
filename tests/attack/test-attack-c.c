/* test-attack-c.c: injection and denial of service (attacks.md C).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "attack.h"

#include <string.h>

/* ---- C2: an off-path Mallory with a chain of her own tries to get herself refused, so that the true peer
 * is locked out ---- */

typedef enum
{
  REFUSED_VERSION,
  REFUSED_ALGORITHM,
  REFUSED_HELLO_MAC,
  REFUSED_MULTISTREAM,
  N_REFUSALS
} Refusal;

static void
provoke (TestLink * link, guint to, Refusal refusal, guint64 seed)
{
  WireChain chain;
  guint8 zid[ZRTP_ZID_LEN] = "mallory";
  guint8 hvi[32] = { 3 };
  WireBuffer hello, commit, packet;

  wire_chain (&chain, seed);
  wire_hello (&hello, &chain, zid, refusal == REFUSED_VERSION ? "0.90" : "1.10", 0, "S256", "AES1", "HS32", "X255",
      "B32 ");
  if (refusal == REFUSED_HELLO_MAC)
    hello.data[hello.len - 1] ^= 1;
  wire_begin (&commit, WIRE_COMMIT);
  wire_append (&commit, chain.h[2], 32);
  wire_append (&commit, zid, ZRTP_ZID_LEN);
  wire_append (&commit, refusal == REFUSED_ALGORITHM ? "S256AES1HS32E414B32 "
      : refusal == REFUSED_MULTISTREAM ? "S256AES1HS32MultB32 " : "S256AES1HS32X255B32 ", 20);
  wire_append (&commit, hvi, refusal == REFUSED_MULTISTREAM ? 16 : 32);
  wire_end_with_mac (&commit, chain.h[1]);
  wire_frame (&packet, 1, 0xbad, &hello);
  test_link_inject_later (link, to, 0, packet.data, packet.len, 0);
  wire_frame (&packet, 2, 0xbad, &commit);
  test_link_inject_later (link, to, 0, packet.data, packet.len, MSEC);
}

typedef struct
{
  Refusal refusal;
  gboolean done[2];
} Provocation;

/* As soon as the true Hello has been sent. */
static gboolean
provoke_after_hello (TestLink * link, TestPacket * packet, gpointer user_data)
{
  Provocation *state = user_data;

  if (packet->type == WIRE_HELLO && packet->index == 0 && !state->done[packet->from]) {
    state->done[packet->from] = TRUE;
    provoke (link, !packet->from, state->refusal, 900 + packet->from);
  }
  return TRUE;
}

static void
test_provoked (gboolean with_hash)
{
  for (guint initiator = 0; initiator < 3; initiator++)
    for (Refusal refusal = 0; refusal < N_REFUSALS; refusal++) {
      Provocation state = { refusal };
      guint8 hash[ZRTP_HELLO_HASH_LEN];
      Attack attack;

      attack_init (&attack, 1 + refusal, initiator);
      attack.link.filter = provoke_after_hello;
      attack.link.user_data = &state;
      for (guint e = 0; e < 2; e++)
        attack.link.ends[e].config.require_hello_hash = with_hash;
      attack_open (&attack, 1);
      for (guint e = 0; with_hash && e < 2; e++) {
        zrtp_association_get_hello_hash (attack.link.ends[!e].association, 0, hash);
        zrtp_association_set_peer_hello_hash (attack.link.ends[e].association, 0, hash, attack.link.now);
      }
      g_test_message ("initiator %u, refusal %u", initiator, refusal);
      test_link_run (&attack.link, 20 * SEC);
      if (!with_hash && !test_link_all_secure (&attack.link)) {
        /* The RFC wants these to end the exchange (0x30, 0x53, ...). A user who tries again is served. */
        test_link_settle (&attack.link);
        zrtp_association_secure (attack.link.ends[0].association, 0, attack.link.now);
        test_link_drain (&attack.link, 0);
        g_assert_true (test_link_run_until_secure (&attack.link, 20 * SEC));
      }
      test_link_settle (&attack.link);
      attack_assert_universal (&attack, ATTACK_SECURE);
      if (with_hash)
        for (guint e = 0; e < 2; e++)
          g_assert_cmpuint (attack.link.ends[e].streams[0].n_errors, ==, 0);
      attack_clear (&attack);
    }
}

/* C2, Z-15-7: what signalling speaks of is not disturbed. */
static void
test_provoked_with_hash (void)
{
  test_provoked (TRUE);
}

/* C2, Z-4.7.1-6: without zrtp-hash at worst one more try is needed. */
static void
test_provoked_without_hash (void)
{
  test_provoked (FALSE);
}

/* C3, Z-9-3, Z-9-4: before each true message one of the same kind from another call, whose chain is in
 * order but is not the peer's. */
static GPtrArray *others[2];

static gboolean
forge_before (TestLink * link, TestPacket * packet, gpointer user_data)
{
  for (guint e = 0; e < 2; e++)
    for (guint i = 0; i < others[e]->len; i++) {
      TestPacket other = *(const TestPacket *) g_ptr_array_index (others[e], i);

      if (other.type != packet->type || packet->type == WIRE_HELLO)
        continue;
      memcpy (other.data + 8, packet->data + 8, 4);     /* the SSRC */
      wire_fix_crc (other.data, other.len);
      test_link_inject_later (link, !packet->from, 0, other.data, other.len, 0);
    }
  return TRUE;
}

static void
test_forged_copies (void)
{
  for (guint initiator = 0; initiator < 3; initiator++) {
    Attack attack;

    attack_init (&attack, 100 + initiator, initiator);
    attack_open (&attack, 1);
    g_assert_true (test_link_run_until_secure (&attack.link, 5 * SEC));
    for (guint e = 0; e < 2; e++) {
      others[e] = g_steal_pointer (&attack.link.ends[e].sent);
      attack.link.ends[e].sent = g_ptr_array_new_with_free_func (g_free);
    }
    attack_clear (&attack);
    attack_init (&attack, 200 + initiator, initiator);
    attack.link.forged_ack_allowed = TRUE;
    attack.link.filter = forge_before;
    attack_open (&attack, 1);
    test_link_settle (&attack.link);
    attack_assert_universal (&attack, ATTACK_SECURE);
    for (guint e = 0; e < 2; e++) {
      ZrtpStreamStats stats;

      zrtp_association_get_stats (attack.link.ends[e].association, 0, &stats);
      g_assert_cmpuint (stats.public_key_operations, <=, 2);
      g_ptr_array_unref (others[e]);
    }
    attack_clear (&attack);
  }
}

/* ---- C6: "you have lost your secret" ---- */

typedef struct
{
  WireType type;
  gsize offset;
  guint32 initiator_error, responder_error;     /* what it is found out by */
  gboolean both;                /* ZID in Hello and Commit alike */
} Loss;

static gboolean
lose (TestLink * link, TestPacket * packet, gpointer user_data)
{
  const Loss *loss = user_data;

  if (packet->type == loss->type)
    attack_edit (packet, loss->offset, 0xff);
  if (loss->both && packet->type == WIRE_COMMIT)
    attack_edit (packet, 44, 0xff);
  return TRUE;
}

/* Any edit ends in failure and not in a "first call"; the caches are as before, and the next call matches. */
static void
test_lost_secret (void)
{
  /* rs1ID, rs2ID, auxsecretID and pbxsecretID: in total_hash, and the responder's view of DHPart2 in hvi as well. */
  static const Loss losses[] = {
    {WIRE_DHPART1, 44, ZRTP_ERROR_CONFIRM_MAC, ZRTP_ERROR_TIMEOUT},
    {WIRE_DHPART1, 52, ZRTP_ERROR_CONFIRM_MAC, ZRTP_ERROR_TIMEOUT},
    {WIRE_DHPART1, 60, ZRTP_ERROR_CONFIRM_MAC, ZRTP_ERROR_TIMEOUT},
    {WIRE_DHPART1, 68, ZRTP_ERROR_CONFIRM_MAC, ZRTP_ERROR_TIMEOUT},
    {WIRE_DHPART2, 44, ZRTP_ERROR_HVI, ZRTP_ERROR_HVI}, {WIRE_DHPART2, 52, ZRTP_ERROR_HVI, ZRTP_ERROR_HVI},
    {WIRE_DHPART2, 60, ZRTP_ERROR_HVI, ZRTP_ERROR_HVI}, {WIRE_DHPART2, 68, ZRTP_ERROR_HVI, ZRTP_ERROR_HVI},
    /* ZIDs: one that is not the Hello's, or the Hello's MAC. */
    {WIRE_HELLO, 64, ZRTP_ERROR_TIMEOUT, 0}, {WIRE_COMMIT, 44, ZRTP_ERROR_TIMEOUT, 0},
    {WIRE_HELLO, 64, ZRTP_ERROR_TIMEOUT, ZRTP_ERROR_SOFTWARE, TRUE}
  };

  for (guint initiator = 0; initiator < 2; initiator++)
    for (guint i = 0; i < G_N_ELEMENTS (losses); i++) {
      ZrtpSasInfo sas;
      Attack attack;

      attack_init (&attack, i, initiator);
      attack_make_friends (&attack);
      attack.link.filter = lose;
      attack.link.user_data = (gpointer) & losses[i];
      attack_open (&attack, 1);
      test_link_settle (&attack.link);
      attack_assert_universal (&attack, ATTACK_NEVER_SECURE);
      g_assert_cmphex (attack.link.ends[initiator].streams[0].error_code, ==, losses[i].initiator_error);
      g_assert_cmphex (attack.link.ends[!initiator].streams[0].error_code, ==, losses[i].responder_error);
      attack_assert_cache_unchanged (&attack);
      test_link_close (&attack.link);

      attack.link.filter = NULL;
      attack_open (&attack, 1);
      test_link_settle (&attack.link);
      attack_assert_universal (&attack, ATTACK_SECURE);
      g_assert_true (zrtp_association_get_sas (attack.link.ends[0].association, &sas));
      g_assert_cmpint (sas.cache, ==, ZRTP_CACHE_MATCH);
      g_assert_true (sas.verified);
      attack_clear (&attack);
    }
}

/* C7, Z-5-3: a forged 0xffff makes nobody deaf. */
static gboolean
number (TestLink * link, TestPacket * packet, gpointer user_data)
{
  guint mode = GPOINTER_TO_UINT (user_data);
  guint16 sequence = mode == 0 ? 0xffff : mode == 1 ? 0xfffe + packet->index : 5000 - packet->index;

  packet->data[2] = sequence >> 8;
  packet->data[3] = sequence;
  wire_fix_crc (packet->data, packet->len);
  return TRUE;
}

static void
test_sequence_numbers (void)
{
  for (guint mode = 0; mode < 3; mode++) {
    Attack attack;

    attack_init (&attack, mode, 2);
    attack.link.filter = number;
    attack.link.user_data = GUINT_TO_POINTER (mode);
    attack_open (&attack, 1);
    test_link_settle (&attack.link);
    attack_assert_universal (&attack, ATTACK_SECURE);
    attack_clear (&attack);
  }
}

/* ---- C8: floods ---- */

static gsize
octets_sent (TestLink * link)
{
  gsize sum = 0;

  for (guint i = 0; i < link->ends[0].sent->len; i++)
    sum += ((TestPacket *) g_ptr_array_index (link->ends[0].sent, i))->len;
  return sum;
}

/* C8, Z-15-4, Z-15-5, Z-5.15-6, Z-9-7: 5000 packets of each kind in a second, each from a chain of its own where it has
 * one, upon an end that waits, one that has committed and one that has been committed to. Few answers, no more than three
 * times the octets that came, a handful of public key operations, and the end stands where it stood. */
static void
test_floods (void)
{
  static const WireType kinds[] = { WIRE_HELLO, WIRE_COMMIT, WIRE_DHPART1, WIRE_DHPART2, WIRE_CONFIRM1, WIRE_ERROR,
    WIRE_PING, WIRE_GOCLEAR, WIRE_SASRELAY
  };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    for (guint mode = 0; mode < 3; mode++) {
      gsize octets_in = 0, before;
      guint sent;
      ZrtpState state;
      ZrtpStreamStats stats;
      TestPeer peer;
      Attack attack;

      attack_init (&attack, k, 2);
      test_link_make_solo (&attack.link);
      attack.link.ends[0].config.automatic = mode == 1;
      attack_open (&attack, 1);
      peer_init (&peer, &attack.link, 0, 1, "X255");
      if (mode < 2)
        peer_discover (&peer);
      else
        peer_initiate (&peer);
      state = test_link_state (&attack.link, 0, 0);
      g_assert_cmpint (state, ==, mode ? ZRTP_STATE_SECURING : ZRTP_STATE_CLEAR);
      before = octets_sent (&attack.link);
      sent = attack.link.ends[0].sent->len;
      for (guint i = 0; i < 5000; i++) {
        WireBuffer message, packet;
        WireChain chain;

        wire_chain (&chain, 10000 + i);
        wire_hello (&message, &chain, peer.zid, "1.10", 0, "", "", "", "", "");
        if (kinds[k] != WIRE_HELLO) {
          wire_begin (&message, kinds[k]);
          if (kinds[k] == WIRE_PING)
            wire_append (&message, "1.10endpoint", 12);
          else if (kinds[k] == WIRE_ERROR)
            wire_append_u32 (&message, i);
          else if (kinds[k] == WIRE_GOCLEAR)
            wire_append (&message, chain.h[0], 8);
          else if (kinds[k] == WIRE_COMMIT) {
            wire_append (&message, chain.h[2], 32);
            wire_append (&message, peer.zid, ZRTP_ZID_LEN);
            wire_append (&message, "S256AES1HS32X255B32 ", 20);
            wire_append (&message, chain.h[1], 32);
          } else
            wire_append (&message, &chain, kinds[k] == WIRE_CONFIRM1 || kinds[k] == WIRE_SASRELAY ? 64 : 96);
          if (kinds[k] == WIRE_COMMIT || kinds[k] == WIRE_DHPART1 || kinds[k] == WIRE_DHPART2)
            wire_end_with_mac (&message, chain.h[1]);
          else
            wire_end (&message);
        }
        wire_frame (&packet, i, 0xbad, &message);
        octets_in += packet.len;
        test_link_inject (&attack.link, 0, 0, packet.data, packet.len);
        if (i % 5 == 0)
          test_link_run (&attack.link, MSEC);
      }
      zrtp_association_get_stats (attack.link.ends[0].association, 0, &stats);
      g_assert_cmpuint (stats.public_key_operations, <=, 2);
      g_assert_cmpint (test_link_state (&attack.link, 0, 0), ==, state);
      g_assert_cmpuint (octets_sent (&attack.link) - before, <=, 3 * octets_in);
      /* An Error is acknowledged each time (Z-5.10-1); no more than twenty Pings are answered in a second. */
      g_assert_cmpuint (attack.link.ends[0].sent->len - sent, <=, kinds[k] == WIRE_ERROR ? 5003 : 25);
      attack_assert_alone_never_secure (&attack, 0);
      peer_clear (&peer);
      attack_clear (&attack);
    }
}

/* C8: a Commit that must be refused, 5000 times in a second by one whose Hello is known. Not each of them is worth an Error, and our
 * user hears of it once. */
static void
test_refusal_flood (void)
{
  Attack attack;
  TestPeer peer;

  attack_init (&attack, 20, 2);
  test_link_make_solo (&attack.link);
  attack.link.ends[0].config.automatic = FALSE;
  attack_open (&attack, 1);
  peer_init (&peer, &attack.link, 0, 1, "X255");
  peer_discover (&peer);
  peer_make_commit (&peer, "S256AES9HS32X255B32 ", NULL);
  for (guint i = 0; i < 5000; i++) {
    peer_send (&peer, &peer.commit);
    if (i % 5 == 0)
      test_link_run (&attack.link, MSEC);
  }
  g_assert_cmpuint (attack.link.ends[0].streams[0].n_sent_of_type[WIRE_ERROR], >=, 1);
  g_assert_cmpuint (attack.link.ends[0].streams[0].n_sent_of_type[WIRE_ERROR], <=, 8);
  g_assert_cmpuint (attack.link.ends[0].streams[0].n_errors, ==, 1);
  g_assert_cmpint (test_link_state (&attack.link, 0, 0), ==, ZRTP_STATE_CLEAR);
  peer_clear (&peer);
  attack_clear (&attack);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/attack/C2-provoked-with-hash", test_provoked_with_hash);
  g_test_add_func ("/attack/C2-provoked-without-hash", test_provoked_without_hash);
  g_test_add_func ("/attack/C3-forged-copies", test_forged_copies);
  g_test_add_func ("/attack/C6-lost-secret", test_lost_secret);
  g_test_add_func ("/attack/C7-sequence-numbers", test_sequence_numbers);
  g_test_add_func ("/attack/C8-floods", test_floods);
  g_test_add_func ("/attack/C8-refusals", test_refusal_flood);
  return g_test_run ();
}
