/* test-hostile.c: forged, malformed and mistimed packets thrown into calls that must succeed all the same
 * (attacks.md C, G).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "peer.h"

#include <string.h>

/* Called before each packet of a live call is delivered; what it injects must not matter. */
typedef void (*Attack) (TestLink * link, const TestPacket * packet);

static void
start (TestLink * link, guint64 seed, guint mode)
{
  test_link_init (link, seed);
  if (mode < 2)
    test_link_set_initiator (link, mode);
  link->media = TRUE;
}

static gboolean
run_attack (TestLink * link, TestPacket * packet, gpointer user_data)
{
  static gboolean busy;         /* what an attack provokes is not attacked again */
  Attack attack = user_data;

  if (!busy) {
    busy = TRUE;
    attack (link, packet);
    busy = FALSE;
  }
  return TRUE;
}

static void
attack_calls (Attack attack)
{
  for (guint mode = 0; mode < 3; mode++)
    for (guint seed = 0; seed < 4; seed++) {
      TestLink link;

      start (&link, seed, mode);
      link.filter = run_attack;
      link.user_data = attack;
      test_link_open (&link, 1);
      test_link_start_all (&link);
      g_assert_true (test_link_run_until_secure (&link, 5 * SEC));
      link.filter = NULL;
      test_link_settle (&link);
      test_link_assert_secure (&link);
      test_link_clear (&link);
    }
}

static void
inject_message (TestLink * link, guint to, guint32 ssrc, const WireBuffer * message)
{
  WireBuffer packet;

  wire_frame (&packet, test_prng_next (&link->prng), ssrc, message);
  /* Later: the attack runs inside the drain of the sender. */
  test_link_inject_later (link, to, 0, packet.data, packet.len, 0);
}

/* C1, Z-4.7.1-3: a forged Error of every code, before and after each packet, to both ends, under the peer's SSRC
 * and under another. */
static void
forge_errors (TestLink * link, const TestPacket * packet)
{
  static const guint32 codes[] = { 0x10, 0x20, 0x30, 0x40, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x61, 0x62, 0x63, 0x70,
    0x80, 0x90, 0x91, 0xa0, 0xb0, 0x100, 0, 0xffffffff
  };

  if (packet->type == WIRE_ERROR_ACK)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    for (guint e = 0; e < 2; e++) {
      WireBuffer message;

      wire_begin (&message, WIRE_ERROR);
      wire_append_u32 (&message, codes[i]);
      wire_end (&message);
      inject_message (link, e, link->ends[!e].streams[0].ssrc, &message);
    }
}

static void
test_forged_errors (void)
{
  attack_calls (forge_errors);
}

/* The same in an exchange that takes longer than an Error is pondered: whatever true message comes settles the
 * matter. */
static void
test_forged_error_slow (void)
{
  for (guint mode = 0; mode < 2; mode++) {
    TestLink link;
    WireBuffer message, packet;

    start (&link, 1, mode);
    link.delay = 700 * MSEC;
    test_link_open (&link, 1);
    test_link_start_all (&link);
    while (!test_link_sent (&link, mode, 0, WIRE_COMMIT, 0))
      test_link_run (&link, MSEC);
    for (guint e = 0; e < 2; e++) {
      wire_begin (&message, WIRE_ERROR);
      wire_append_u32 (&message, 0x70);
      wire_end (&message);
      wire_frame (&packet, 9, link.ends[!e].streams[0].ssrc, &message);
      test_link_inject_later (&link, e, 0, packet.data, packet.len, 800 * MSEC);
    }
    g_assert_true (test_link_run_until_secure (&link, 10 * SEC));
    test_link_assert_secure (&link);
    test_link_clear (&link);
  }
}

/* Once secure, Error is at most acknowledged and changes nothing (Z-4.7.1-3, -4). */
static void
test_error_when_secure (void)
{
  TestLink link;
  WireBuffer message, packet;

  start (&link, 1, 2);
  test_link_open (&link, 1);
  test_link_start_all (&link);
  g_assert_true (test_link_run_until_secure (&link, SEC));
  test_link_settle (&link);
  for (guint e = 0; e < 2; e++)
    for (guint i = 0; i < 20; i++) {
      guint acks = link.ends[e].streams[0].n_sent_of_type[WIRE_ERROR_ACK];

      wire_begin (&message, WIRE_ERROR);
      wire_append_u32 (&message, 0x10 * i);
      wire_end (&message);
      wire_frame (&packet, i, link.ends[!e].streams[0].ssrc, &message);
      test_link_inject (&link, e, 0, packet.data, packet.len);
      g_assert_cmpuint (link.ends[e].streams[0].n_sent_of_type[WIRE_ERROR_ACK], <=, acks + 1);
      g_assert_cmpuint (link.ends[e].streams[0].n_sent_of_type[WIRE_ERROR], ==, 0);
      g_assert_cmpuint (link.ends[e].streams[0].n_errors, ==, 0);
    }
  test_link_settle (&link);
  test_link_assert_secure (&link);
  test_link_clear (&link);
}

/* Our own Confirm2 comes back: no Conf2ACK for it. */
static void
test_reflected_confirm2 (void)
{
  TestLink link;
  WireBuffer message, packet;
  TestPacket *confirm2;

  start (&link, 1, 0);
  test_link_open (&link, 1);
  test_link_start_all (&link);
  g_assert_true (test_link_run_until_secure (&link, SEC));
  confirm2 = test_link_sent (&link, 0, 0, WIRE_CONFIRM2, 0);
  message.len = WIRE_MESSAGE_LEN (confirm2->len);
  memcpy (message.data, WIRE_MESSAGE (confirm2->data), message.len);
  wire_frame (&packet, 1, link.ends[1].streams[0].ssrc, &message);
  test_link_inject (&link, 0, 0, packet.data, packet.len);
  g_assert_cmpuint (link.ends[0].streams[0].n_sent_of_type[WIRE_CONF2ACK], ==, 0);
  test_link_clear (&link);
}

/* A true Error, which nothing follows: the exchange ends and the user is told who said so (Z-5.9-1, -2,
 * Z-4.7.1-1, -5). */
static void
test_true_error (void)
{
  static const guint32 codes[] = { 0x10, 0x61, 0xb0, 0x12345678 };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    for (guint automatic = 0; automatic < 2; automatic++) {
      TestLink link;
      TestPeer peer;

      test_link_init (&link, 1);
      test_link_make_solo (&link);
      link.ends[0].config.automatic = automatic;
      test_link_open (&link, 1);
      test_link_start (&link, 0, 0);
      peer_init (&peer, &link, 0, 1, "X255");
      if (automatic)
        peer_respond (&peer);
      else
        peer_initiate (&peer);
      peer_send_error (&peer, codes[i]);
      g_assert_cmpuint (peer_count (&peer, WIRE_ERROR_ACK), ==, 1);
      peer_send_error (&peer, codes[i]);
      g_assert_cmpuint (peer_count (&peer, WIRE_ERROR_ACK), ==, 2);
      test_link_run (&link, 60 * SEC);
      g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_FAILED);
      g_assert_cmpuint (link.ends[0].streams[0].n_remote_errors, ==, 1);
      g_assert_cmphex (link.ends[0].streams[0].error_code, ==, codes[i]);
      g_assert_cmpuint (peer_count (&peer, WIRE_ERROR), ==, 0);
      peer_clear (&peer);
      test_link_clear (&link);
    }
}

/* Z-5.15-1, -2, -4: every Ping gets its PingACK, whatever is going on. */
static void
ping (TestLink * link, const TestPacket * packet)
{
  if (packet->type == WIRE_PING_ACK) {
    const guint8 *message = WIRE_MESSAGE (packet->data);

    g_assert_cmpuint (packet->len, ==, 36 + WIRE_HEADER_LEN + WIRE_CRC_LEN);
    g_assert_cmpmem (message + 12, 4, "1.10", 4);
    g_assert_cmpmem (message + 24, 8, "endpoint", 8);
    g_assert_cmphex (wire_get_u32 (message + 32), ==, 0xabad1dea);
    return;
  }
  for (guint e = 0; e < 2; e++) {
    WireBuffer message;

    wire_begin (&message, WIRE_PING);
    wire_append (&message, packet->index % 2 ? "1.10" : "7.77", 4);
    wire_append (&message, "endpoint", 8);
    wire_end (&message);
    inject_message (link, e, 0xabad1dea, &message);
  }
}

static void
test_ping (void)
{
  attack_calls (ping);
}

static guint
count_ping_acks (TestLink * link)
{
  WireBuffer message, packet;
  guint before = link->ends[0].streams[0].n_sent_of_type[WIRE_PING_ACK];

  wire_begin (&message, WIRE_PING);
  wire_append (&message, "1.10endpoint", 12);
  wire_end (&message);
  wire_frame (&packet, 1, 0x01020304, &message);
  test_link_inject (link, 0, 0, packet.data, packet.len);
  return link->ends[0].streams[0].n_sent_of_type[WIRE_PING_ACK] - before;
}

/* The same in each state by name. C8: at most one answer, no larger than thrice the question. */
static void
test_ping_states (void)
{
  TestLink link;
  TestPeer peer;
  WireBuffer first;

  test_link_init (&link, 1);
  test_link_make_solo (&link);
  test_link_open (&link, 1);
  test_link_start (&link, 0, 0);
  g_assert_cmpuint (count_ping_acks (&link), ==, 1);    /* discovering */
  test_link_run (&link, 30 * SEC);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_NO_PEER);
  g_assert_cmpuint (count_ping_acks (&link), ==, 1);
  peer_init (&peer, &link, 0, 1, "X255");
  peer_respond (&peer);
  test_link_run (&link, SEC);    /* a flood may be answered with less */
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_SECURING);
  g_assert_cmpuint (count_ping_acks (&link), ==, 1);
  test_link_run (&link, 30 * SEC);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_FAILED);
  g_assert_cmpuint (count_ping_acks (&link), ==, 1);
  /* Z-5.15-6, C8: a flood gets a trickle. */
  test_link_run (&link, SEC);
  for (guint i = 0, answers = 0; i < 1000; i++) {
    answers += count_ping_acks (&link);
    g_assert_cmpuint (answers, <=, 10);
  }
  /* Z-5.15-3: the endpoint hash stays. */
  first.len = 8;
  memcpy (first.data, WIRE_MESSAGE (peer_received (&peer, WIRE_PING_ACK, 0)->data) + 16, 8);
  for (guint i = 1; i < 4; i++)
    g_assert_cmpmem (WIRE_MESSAGE (peer_received (&peer, WIRE_PING_ACK, i)->data) + 16, 8, first.data, 8);
  peer_clear (&peer);
  test_link_clear (&link);
}

/* G8, C3, Z-6.1-1: every message of another call, and our own reflected, at every moment. The foreign Hello comes
 * once the true one has. */
static GPtrArray *foreign[2];

static void
record_foreign_call (void)
{
  TestLink link;

  start (&link, 999, 0);
  link.ends[0].config.zid[5] = link.ends[1].config.zid[5] = 0x55;
  test_link_open (&link, 1);
  test_link_start_all (&link);
  g_assert_true (test_link_run_until_secure (&link, SEC));
  for (guint e = 0; e < 2; e++) {
    foreign[e] = link.ends[e].sent;
    link.ends[e].sent = g_ptr_array_new_with_free_func (g_free);
  }
  test_link_clear (&link);
}

static gboolean
is_forgeable (WireType type)
{
  /* No key is needed for these; what they can do is tested apart. */
  return type == WIRE_CONF2ACK || type == WIRE_ERROR;
}

static void
inject_foreign (TestLink * link, const TestPacket * packet)
{
  for (guint e = 0; e < 2; e++)
    for (guint from = 0; from < 2; from++)
      for (guint i = 0; i < foreign[from]->len; i++) {
        TestPacket *other = g_ptr_array_index (foreign[from], i);
        WireBuffer message;

        if (is_forgeable (other->type))
          continue;
        if (other->type == WIRE_HELLO && link->now < TEST_LINK_START + 11 * MSEC)
          continue;
        message.len = WIRE_MESSAGE_LEN (other->len);
        memcpy (message.data, WIRE_MESSAGE (other->data), message.len);
        inject_message (link, e, link->ends[!e].streams[0].ssrc, &message);
        inject_message (link, e, 0xdeadbeef, &message);
      }
  /* Reflected. */
  if (packet->type != WIRE_HELLO && !is_forgeable (packet->type)) {
    WireBuffer message;

    message.len = WIRE_MESSAGE_LEN (packet->len);
    memcpy (message.data, WIRE_MESSAGE (packet->data), message.len);
    inject_message (link, packet->from, link->ends[!packet->from].streams[0].ssrc, &message);
  }
}

/* Z-4.1-12 */
static void
test_foreign_messages (void)
{
  attack_calls (inject_foreign);
}

/* G8: everything that either end has sent so far comes again, to its peer, at every later moment; a true Conf2ACK
 * too, as by then it tells nothing new. */
static void
repeat_all (TestLink * link, const TestPacket * packet)
{
  if (packet->type_index > 0)   /* answers to repeats */
    return;
  for (guint from = 0; from < 2; from++)
    for (guint i = 0; i < link->ends[from].sent->len; i++) {
      TestPacket *old = g_ptr_array_index (link->ends[from].sent, i);

      if (old->type_index == 0)
        test_link_inject_later (link, !from, 0, old->data, old->len, link->delay + MSEC);
    }
}

static void
test_repeats (void)
{
  attack_calls (repeat_all);
}

/* All sixteen types, and some that do not exist, of the length their type has, filled with junk (G8, Z-5.1.1-3). */
static void
inject_junk (TestLink * link, const TestPacket * packet)
{
  static const guint words[WIRE_N_TYPES] = { 27, 3, 29, 29, 29, 19, 19, 3, 4, 3, 5, 3, 19, 3, 6, 9 };

  if (packet->type == WIRE_PING_ACK || packet->type == WIRE_ERROR_ACK)
    return;
  for (guint e = 0; e < 2; e++)
    for (guint type = 0; type <= WIRE_N_TYPES; type++) {
      WireBuffer message;

      if (type < WIRE_N_TYPES && is_forgeable (type))
        continue;
      wire_begin (&message, type % WIRE_N_TYPES);
      if (type == WIRE_N_TYPES)
        memcpy (message.data + 4, "Goodbye ", 8);
      while (message.len < words[type % WIRE_N_TYPES] * 4)
        wire_append_u32 (&message, test_prng_next (&link->prng));
      wire_end (&message);
      inject_message (link, e, link->ends[!e].streams[0].ssrc, &message);
    }
}

static void
test_junk (void)
{
  attack_calls (inject_junk);
}

/* G1, G4, Z-5-14, -15: every shorter and longer form of each true message, length field fitting and not, before
 * the true one arrives. */
static gboolean
is_other_dhpart (const TestPacket * packet, guint len)
{
  /* With a public value of another length: Error 0x10 (Z-5.1.5-12), see test_dhpart_lengths(). */
  return (packet->type == WIRE_DHPART1 || packet->type == WIRE_DHPART2) && len >= 84;
}

static void
inject_lengths (TestLink * link, const TestPacket * packet)
{
  for (guint e = 0; e < 2; e++) {
    guint len = WIRE_MESSAGE_LEN (packet->len);

    for (guint n = 0; n <= len + 40; n += 4) {
      WireBuffer message = { 0 };

      if (n == len || is_other_dhpart (packet, n))
        continue;
      memcpy (message.data, WIRE_MESSAGE (packet->data), MIN (n, len));
      message.len = n;
      inject_message (link, e, link->ends[!e].streams[0].ssrc, &message);
      if (n < 4)
        continue;
      wire_end (&message);
      inject_message (link, e, link->ends[!e].streams[0].ssrc, &message);
    }
    for (guint n = 1; n < len; n += 5) {        /* no multiple of 4 */
      WireBuffer message = { 0 };

      if (n % 4 == 0)
        continue;
      memcpy (message.data, WIRE_MESSAGE (packet->data), n);
      message.len = n;
      inject_message (link, e, link->ends[!e].streams[0].ssrc, &message);
    }
  }
}

static void
test_lengths (void)
{
  attack_calls (inject_lengths);
}

/* G6, Z-5.1.5-12: a DHPart as long as another key agreement's. */
static void
test_dhpart_lengths (void)
{
  static const gchar *const others[] = { "X448", "EC25", "EC38", "EC52", "DH2k", "DH3k" };

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    for (guint automatic = 0; automatic < 2; automatic++) {
      TestLink link;
      TestPeer peer, other;

      test_link_init (&link, 1);
      test_link_make_solo (&link);
      link.ends[0].config.automatic = automatic;
      test_link_open (&link, 1);
      test_link_start (&link, 0, 0);
      peer_init (&peer, &link, 0, 1, "X255");
      peer_init (&other, &link, 0, 1, others[i]);
      peer_make_dhpart (&other, automatic ? WIRE_DHPART1 : WIRE_DHPART2, NULL);
      if (automatic)
        peer_respond (&peer);
      else
        peer_initiate (&peer);
      peer_send (&peer, &other.dhpart);
      g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_FAILED);
      g_assert_cmphex (link.ends[0].streams[0].error_code, ==, ZRTP_ERROR_MALFORMED);
      g_assert_cmpuint (peer_count (&peer, WIRE_ERROR), ==, 1);
      peer_clear (&peer);
      peer_clear (&other);
      test_link_clear (&link);
    }
}

/* G2, Z-5.2-7, -8, -16: every count of each list, and lying ones. */
static void
send_hello_counts (TestLink * link, TestPeer * peer, const guint counts[5], guint n_names)
{
  WireBuffer message;
  static const gchar zeros[4 * 80];

  wire_begin (&message, WIRE_HELLO);
  wire_append (&message, "1.10test peer       ", 20);
  wire_append (&message, peer->chain.h[3], 32);
  wire_append (&message, peer->zid, 12);
  wire_append (&message, (guint8[]) { 0, counts[0], counts[1] << 4 | counts[2], counts[3] << 4 | counts[4] }, 4);
  wire_append (&message, zeros, n_names * 4);
  wire_end_with_mac (&message, peer->chain.h[2]);
  peer_send (peer, &message);
}

static void
test_counts (void)
{
  guint rounds = test_count ("ZRTP_TEST_SEEDS", 1000) * 5;
  TestPrng prng = { 5 };

  for (guint round = 0; round < rounds; round++) {
    TestLink link;
    TestPeer peer;
    guint counts[5], sum = 0;
    gboolean good = TRUE;
    gint lie = round % 3 ? 0 : (gint) test_prng_below (&prng, 9) - 4;

    test_link_init (&link, 1);
    test_link_make_solo (&link);
    test_link_open (&link, 1);
    test_link_start (&link, 0, 0);
    peer_init (&peer, &link, 0, 1, "X255");
    for (guint i = 0; i < 5; i++) {
      counts[i] = round < 80 ? (i == round / 16 ? round % 16 : 1) : test_prng_below (&prng, round % 2 ? 8 : 16);
      sum += counts[i];
      good &= counts[i] <= 7;
    }
    if ((gint) sum + lie < 0)
      lie = 0;
    send_hello_counts (&link, &peer, counts, sum + lie);
    g_assert_cmpuint (peer_count (&peer, WIRE_HELLO_ACK), ==, good && lie == 0);
    peer_clear (&peer);
    test_link_clear (&link);
  }
}

/* Z-5-3, C7: the sequence number means nothing. Z-5-5: nor do the unused header bits. */
static gboolean
scramble_header (TestLink * link, TestPacket * packet, gpointer user_data)
{
  packet->data[0] = 0x10 | (test_prng_next (&link->prng) & 15);
  packet->data[1] = test_prng_next (&link->prng);
  packet->data[2] = packet->index % 2 ? 0xff : test_prng_next (&link->prng);
  packet->data[3] = packet->index % 2 ? 0xff : 0;
  wire_fix_crc (packet->data, packet->len);
  return TRUE;
}

static void
test_headers (void)
{
  for (guint seed = 0; seed < 50; seed++) {
    TestLink link;

    start (&link, seed, seed % 3);
    link.filter = scramble_header;
    link.loss_percent[0] = link.loss_percent[1] = 10;
    test_link_open (&link, 1);
    test_link_start_all (&link);
    g_assert_true (test_link_run_until_secure (&link, 10 * SEC));
    test_link_assert_secure (&link);
    test_link_clear (&link);
  }
}

/* C2, Z-15-7: forged Hellos of many origins come first and all the time; no DH is done for them. */
static void
test_forged_hellos (void)
{
  for (guint mode = 0; mode < 3; mode++)
    for (guint same_ssrc = 0; same_ssrc < 2; same_ssrc++) {
      TestLink link;
      ZrtpStreamStats stats;

      start (&link, mode, mode);
      test_link_open (&link, 1);
      test_link_start_all (&link);
      for (guint i = 0; i < 1000; i++) {
        TestPeer stranger;
        WireBuffer message, packet;
        static const guint8 hvi[32] = { 0xff };

        memset (&stranger, 0, sizeof stranger);
        wire_chain (&stranger.chain, i);
        memset (stranger.zid, 0x40 + i % 32, sizeof stranger.zid);
        wire_hello (&message, &stranger.chain, stranger.zid, "1.10", 0, "S256", "AES1", "HS32", "X255", "B32 ");
        wire_frame (&packet, i, same_ssrc ? link.ends[1].streams[0].ssrc : 0x5000 + i, &message);
        test_link_inject_later (&link, 0, 0, packet.data, packet.len, i * MSEC / 20);
        /* A Commit whose H2 does not fit anything. */
        wire_begin (&message, WIRE_COMMIT);
        wire_append (&message, stranger.chain.h[0], 32);
        wire_append (&message, stranger.zid, 12);
        wire_append (&message, "S256AES1HS32X255B32 ", 20);
        wire_append (&message, hvi, 32);
        wire_end_with_mac (&message, stranger.chain.h[1]);
        wire_frame (&packet, i, same_ssrc ? link.ends[1].streams[0].ssrc : 0x5000 + i, &message);
        test_link_inject_later (&link, 0, 0, packet.data, packet.len, i * MSEC / 20);
      }
      g_assert_true (test_link_run_until_secure (&link, 15 * SEC));
      test_link_assert_secure (&link);
      zrtp_association_get_stats (link.ends[0].association, 0, &stats);
      g_assert_cmpuint (stats.public_key_operations, <=, 8);
      test_link_clear (&link);
    }
}

/* Z-9-7, Z-15-4, C8: a flood of DHParts with wrong chains costs no DH and hardly an answer. */
static void
test_dhpart_flood (void)
{
  TestLink link;
  TestPeer peer, stranger;
  ZrtpStreamStats before, after;
  guint sent;

  test_link_init (&link, 1);
  test_link_make_solo (&link);
  test_link_open (&link, 1);
  test_link_start (&link, 0, 0);
  peer_init (&peer, &link, 0, 1, "X255");
  peer_init (&stranger, &link, 0, 2, "X255");
  stranger.ssrc = peer.ssrc;
  peer_respond (&peer);
  zrtp_association_get_stats (link.ends[0].association, 0, &before);
  sent = link.ends[0].streams[0].n_sent;
  for (guint i = 0; i < 1000; i++) {
    wire_chain (&stranger.chain, 1000 + i);
    peer_make_dhpart (&stranger, WIRE_DHPART1, NULL);
    peer_send (&stranger, &stranger.dhpart);
  }
  zrtp_association_get_stats (link.ends[0].association, 0, &after);
  g_assert_cmpuint (after.public_key_operations, ==, before.public_key_operations);
  g_assert_cmpuint (after.dropped_chain, ==, before.dropped_chain + 1000);
  g_assert_cmpuint (link.ends[0].streams[0].n_sent, ==, sent);
  peer_make_dhpart (&peer, WIRE_DHPART1, NULL);
  peer_send (&peer, &peer.dhpart);
  g_assert_cmpuint (peer_count (&peer, WIRE_DHPART2), ==, 1);
  peer_clear (&peer);
  peer_clear (&stranger);
  test_link_clear (&link);
}

/* Z-5-9: a bad CRC is not even counted as anything but that. */
static void
test_bad_crc (void)
{
  TestLink link;
  TestPeer peer;
  WireBuffer packet;
  ZrtpStreamStats stats;

  test_link_init (&link, 1);
  test_link_make_solo (&link);
  test_link_open (&link, 1);
  test_link_start (&link, 0, 0);
  peer_init (&peer, &link, 0, 1, "X255");
  wire_frame (&packet, 1, peer.ssrc, &peer.hello);
  for (guint octet = 8; octet < packet.len; octet++) {
    packet.data[octet] ^= 4;
    test_link_inject (&link, 0, 0, packet.data, packet.len);
    packet.data[octet] ^= 4;
  }
  zrtp_association_get_stats (link.ends[0].association, 0, &stats);
  g_assert_cmpuint (stats.dropped_crc, ==, packet.len - 8);
  g_assert_cmpuint (stats.received, ==, 0);
  g_assert_cmpuint (link.ends[0].streams[0].n_sent, ==, 1);
  peer_clear (&peer);
  test_link_clear (&link);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  record_foreign_call ();
  g_test_add_func ("/hostile/forged-errors", test_forged_errors);
  g_test_add_func ("/hostile/forged-error-slow", test_forged_error_slow);
  g_test_add_func ("/hostile/error-when-secure", test_error_when_secure);
  g_test_add_func ("/hostile/reflected-confirm2", test_reflected_confirm2);
  g_test_add_func ("/hostile/true-error", test_true_error);
  g_test_add_func ("/hostile/ping", test_ping);
  g_test_add_func ("/hostile/ping-states", test_ping_states);
  g_test_add_func ("/hostile/foreign-messages", test_foreign_messages);
  g_test_add_func ("/hostile/repeats", test_repeats);
  g_test_add_func ("/hostile/junk", test_junk);
  g_test_add_func ("/hostile/lengths", test_lengths);
  g_test_add_func ("/hostile/dhpart-lengths", test_dhpart_lengths);
  g_test_add_func ("/hostile/counts", test_counts);
  g_test_add_func ("/hostile/headers", test_headers);
  g_test_add_func ("/hostile/forged-hellos", test_forged_hellos);
  g_test_add_func ("/hostile/dhpart-flood", test_dhpart_flood);
  g_test_add_func ("/hostile/bad-crc", test_bad_crc);
  result = g_test_run ();
  for (guint e = 0; e < 2; e++)
    g_ptr_array_unref (foreign[e]);
  return result;
}
