/* test-attack-b.c: negotiation and downgrade (attacks.md B).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "attack.h"

#include <string.h>

/* ---- B1: the initiator's Hello is in no hash. Mallory holds it back until the Commit reveals H2, and
 * then forges one. ---- */

typedef enum
{
  FORGE_ZID,                    /* another identity */
  FORGE_MITM,                   /* a PBX that may relay */
  FORGE_PASSIVE,
  FORGE_ALGORITHMS,             /* nothing but what every end must have */
  N_FORGERIES
} Forgery;

typedef struct
{
  Forgery forgery;
  gboolean after_the_true_one;
  TestPacket hello;
  gboolean have_hello, forged;
} HoldBack;

static void
forge_hello (TestPacket * hello, Forgery forgery, const guint8 h2[32])
{
  guint8 *message = WIRE_MESSAGE (hello->data);

  switch (forgery) {
    case FORGE_ZID:
      message[64] ^= 0xff;
      break;
    case FORGE_MITM:
      message[76] |= 0x20;
      break;
    case FORGE_PASSIVE:
      message[76] |= 0x10;
      break;
    default:
      message[77] &= 0xf0;
      message[78] = message[79] = 0;
      message[2] = 0;
      message[3] = 22;
      hello->len = WIRE_HEADER_LEN + 88 + WIRE_CRC_LEN;
      break;
  }
  attack_fix_mac (hello, h2);
}

static gboolean
hold_back (TestLink * link, TestPacket * packet, gpointer user_data)
{
  HoldBack *state = user_data;

  if (packet->from == 0 && packet->type == WIRE_HELLO) {
    state->hello = *packet;
    state->have_hello = TRUE;
    return state->after_the_true_one;
  }
  if (packet->from == 0 && packet->type == WIRE_COMMIT && state->have_hello && !state->forged) {
    state->forged = TRUE;
    forge_hello (&state->hello, state->forgery, WIRE_MESSAGE (packet->data) + 12);
    test_link_inject_later (link, 1, 0, state->hello.data, state->hello.len, 0);
  }
  return TRUE;
}

/* B1, Z-5.4-3: what Mallory can reach so is at most what she could say in her own name. */
static void
test_hold_back (void)
{
  for (Forgery forgery = 0; forgery < N_FORGERIES; forgery++)
    for (guint protected = 0; protected < 2; protected++) {
      HoldBack state = { forgery };
      ZrtpSasInfo sas[2];
      guint8 hash[ZRTP_HELLO_HASH_LEN];
      Attack attack;

      attack_init (&attack, 1, 0);
      attack.link.filter = hold_back;
      attack.link.user_data = &state;
      attack.link.ends[1].config.require_hello_hash = protected;
      /* The initiator is let go on without the responder knowing it: HelloACK is not authenticated. */
      attack_open (&attack, 1);
      if (protected) {
        zrtp_association_get_hello_hash (attack.link.ends[0].association, 0, hash);
        zrtp_association_set_peer_hello_hash (attack.link.ends[1].association, 0, hash, attack.link.now);
      }
      {
        WireBuffer ack, packet;

        wire_begin (&ack, WIRE_HELLO_ACK);
        wire_end (&ack);
        wire_frame (&packet, 1, attack.link.ends[1].streams[0].ssrc, &ack);
        test_link_inject_later (&attack.link, 0, 0, packet.data, packet.len, 15 * MSEC);
      }
      test_link_settle (&attack.link);
      g_assert_true (state.forged);
      if (protected || forgery == FORGE_ZID) {
        attack_assert_universal (&attack, ATTACK_NEVER_SECURE);
        if (protected)
          g_assert_true (attack_warned (&attack, 1, ZRTP_WARNING_HELLO_HASH));
      } else {
        /* Nobody can tell without zrtp-hash; yet both have the same keys, SAS and choice, and that is the
         * initiator's. */
        attack_assert_universal (&attack, ATTACK_SECURE);
        for (guint e = 0; e < 2; e++)
          g_assert_true (zrtp_association_get_sas (attack.link.ends[e].association, &sas[e]));
        g_assert_cmpstr (sas[1].choice.key_agreement, ==, "X255");
        g_assert_false (sas[1].enrolled || sas[1].relayed);
      }
      attack_clear (&attack);
    }
}

/* B1, Z-4.1-11: a second Hello of the same chain with other contents is an attack, and told. */
static void
test_second_hello (void)
{
  for (Forgery forgery = 0; forgery < N_FORGERIES; forgery++) {
    HoldBack state = { forgery, TRUE };
    Attack attack;

    attack_init (&attack, 1, 0);
    attack.link.filter = hold_back;
    attack.link.user_data = &state;
    attack_open (&attack, 1);
    test_link_settle (&attack.link);
    g_assert_true (state.forged);
    g_assert_true (attack_warned (&attack, 1, ZRTP_WARNING_CHANGED_MESSAGE));
    attack_assert_universal (&attack, ATTACK_SECURE);
    attack_clear (&attack);
  }
}

/* ---- B2, B10: an algorithm is struck from a Hello on its way ---- */

typedef struct
{
  guint from, list, entry;
} Strike;

static gboolean
strike (TestLink * link, TestPacket * packet, gpointer user_data)
{
  const Strike *what = user_data;
  guint8 *message = WIRE_MESSAGE (packet->data);
  guint at = 80, count = 0;

  if (packet->type != WIRE_HELLO || packet->from != what->from)
    return TRUE;
  for (guint list = 0; list <= what->list; list++) {
    at += 4 * count;
    count = list == 0 ? message[77] & 15 : list == 1 ? message[78] >> 4 : list == 2 ? message[78] & 15
        : list == 3 ? message[79] >> 4 : message[79] & 15;
  }
  g_assert_cmpuint (what->entry, <, count);
  at += 4 * what->entry;
  message[what->list == 0 ? 77 : what->list < 3 ? 78 : 79] -= what->list == 0 || !(what->list & 1) ? 1 : 16;
  memmove (message + at, message + at + 4, WIRE_MESSAGE_LEN (packet->len) - at - 4);
  packet->len -= 4;
  message[3]--;
  wire_fix_crc (packet->data, packet->len);
  return TRUE;
}

static void
test_strip (void)
{
  static const struct
  {
    guint list;
    const gchar *names;
  } lists[] = { {0, "S384S256"}, {1, "AES3AES1"}, {2, "HS80HS32"}, {3, "X255EC38DH3kMult"}, {4, "B256B32 "} };

  for (guint initiator = 0; initiator < 2; initiator++)
    for (guint from = 0; from < 2; from++)
      for (guint list = 0; list < G_N_ELEMENTS (lists); list++)
        for (guint entry = 0; entry < strlen (lists[list].names) / 4; entry++) {
          Strike what = { from, list, entry };
          Attack attack;

          attack_init (&attack, 7, initiator);
          for (guint e = 0; e < 2; e++) {
            ZrtpConfig *config = &attack.link.ends[e].config;

            test_list (&config->hashes, lists[0].names);
            test_list (&config->ciphers, lists[1].names);
            test_list (&config->auth_tags, lists[2].names);
            test_list (&config->key_agreements, lists[3].names);
            test_list (&config->sas_types, lists[4].names);
          }
          attack.link.filter = strike;
          attack.link.user_data = &what;
          attack_open (&attack, 1);
          test_link_settle (&attack.link);
          attack_assert_universal (&attack, ATTACK_NEVER_SECURE);
          /* The initiator finds it in the responder's Hello, the responder in the initiator's. */
          g_assert_true (attack_warned (&attack, !from, ZRTP_WARNING_MESSAGE_MAC));
          attack_clear (&attack);
        }
}

/* B4: Mallory turns the version of a Hello down or up on its way; the CRC is right. Never an older protocol. */
static gboolean
roll_back (TestLink * link, TestPacket * packet, gpointer user_data)
{
  if (packet->type == WIRE_HELLO) {
    memcpy (WIRE_MESSAGE (packet->data) + 12, user_data, 4);
    wire_fix_crc (packet->data, packet->len);
  }
  return TRUE;
}

static void
test_rollback (void)
{
  static const gchar *const versions[] = { "0.90", "0.95", "1.00", "1.0 ", "1.20", "2.00",
    "\xff\xff\xff\xff", "1.1a", "1.11"
  };

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++) {
    Attack attack;

    attack_init (&attack, 1, 0);
    attack.link.filter = roll_back;
    attack.link.user_data = (gpointer) versions[i];
    attack_open (&attack, 1);
    test_link_settle (&attack.link);
    /* "1.1a" is the same version, but its MAC is not. */
    attack_assert_universal (&attack, ATTACK_NEVER_SECURE);
    attack_clear (&attack);
  }
}

/* ---- B6: ZRTP is stripped altogether ---- */

/* For a minute, and then a little more. */
static gboolean
strip_all (TestLink * link, TestPacket * packet, gpointer user_data)
{
  guint *n_more = user_data;

  if (link->now - TEST_LINK_START <= 60 * SEC)
    return FALSE;
  return *n_more == 0 || (*n_more)-- == 0;
}

/* B6, Z-6-15, Z-3-3: told in its time, and a peer that is let through after a minute is still served. */
static void
test_stripped (void)
{
  guint n_more = 3;
  Attack attack;

  attack_init (&attack, 1, 2);
  attack.link.filter = strip_all;
  attack.link.user_data = &n_more;
  attack_open (&attack, 1);
  test_link_run (&attack.link, 4 * SEC);
  for (guint e = 0; e < 2; e++)
    g_assert_cmpint (test_link_state (&attack.link, e, 0), ==, ZRTP_STATE_NO_PEER);
  test_link_run (&attack.link, 57 * SEC);
  zrtp_association_secure (attack.link.ends[0].association, 0, attack.link.now);
  test_link_drain (&attack.link, 0);
  g_assert_true (test_link_run_until_secure (&attack.link, 10 * SEC));
  test_link_settle (&attack.link);
  attack_assert_universal (&attack, ATTACK_SECURE);
  attack_clear (&attack);
}

/* B5, Z-4.4.2-6, Z-4.4.2.3-3: a Preshared Commit with a keyID out of the air. Who does not offer Preshared
 * refuses it; who does answers with DH, or with 0x56 if it may not commit. */
static void
test_forced_preshared (void)
{
  for (guint offered = 0; offered < 3; offered++) {
    Attack attack;
    TestPeer peer;
    guint8 value[24] = { 7 };

    attack_init (&attack, 1, 2);
    test_link_make_solo (&attack.link);
    attack.link.ends[0].config.automatic = FALSE;
    attack.link.ends[0].config.passive = offered == 2;
    test_list (&attack.link.ends[0].config.key_agreements, offered ? "X255DH3kPrshMult" : "X255DH3kMult");
    attack_open (&attack, 1);
    peer_init (&peer, &attack.link, 0, 1, "X255");
    wire_hello (&peer.hello, &peer.chain, peer.zid, "1.10", 0, "S256", "AES1", "HS32", "X255Prsh", "B32 ");
    peer_discover (&peer);
    wire_begin (&peer.commit, WIRE_COMMIT);
    wire_append (&peer.commit, peer.chain.h[2], 32);
    wire_append (&peer.commit, peer.zid, ZRTP_ZID_LEN);
    wire_append (&peer.commit, "S256AES1HS32PrshB32 ", 20);
    wire_append (&peer.commit, value, 24);
    wire_end_with_mac (&peer.commit, peer.chain.h[1]);
    peer_send (&peer, &peer.commit);
    g_assert_cmpuint (peer_count (&peer, WIRE_CONFIRM1), ==, 0);
    if (offered == 1) {
      const TestPacket *commit = peer_received (&peer, WIRE_COMMIT, 0);

      g_assert_cmpmem (WIRE_MESSAGE (commit->data) + 68, 4, "X255", 4);
      attack_assert_alone_never_secure (&attack, 0);
    } else
      attack_assert_alone_never_secure (&attack, offered ? ZRTP_ERROR_NO_SHARED_SECRET : ZRTP_ERROR_KEY_AGREEMENT);
    peer_clear (&peer);
    attack_clear (&attack);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/attack/B1-hold-back", test_hold_back);
  g_test_add_func ("/attack/B1-second-hello", test_second_hello);
  g_test_add_func ("/attack/B2-strip", test_strip);
  g_test_add_func ("/attack/B4-rollback", test_rollback);
  g_test_add_func ("/attack/B5-forced-preshared", test_forced_preshared);
  g_test_add_func ("/attack/B6-stripped", test_stripped);
  return g_test_run ();
}
