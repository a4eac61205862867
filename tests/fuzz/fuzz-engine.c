/* fuzz-engine.c: whole associations, deterministic.
 *
 * The input's first octet chooses between a call of two engines over a relay that the input makes lossy and hostile,
 * and one engine that a scripted peer, who keeps or breaks the rules as the input says, talks to. CRCs are always
 * right, so that what is sent gets deep. The link asserts that no end has keys that the other lacks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include "peer.h"

#include <string.h>

#define MAX_PACKETS 400         /* attacked; after that the call runs undisturbed */
#define MAX_OPERATIONS 200

static void
configure (TestLink * link, FuzzInput * input)
{
  guint8 bits = fuzz_take8 (input), more = fuzz_take8 (input);

  test_link_init (link, 1);
  link->forged_ack_allowed = TRUE;
  for (guint e = 0; e < 2; e++) {
    ZrtpConfig *config = &link->ends[e].config;

    config->automatic = (bits >> e) & 1;
    config->passive = ((bits >> (2 + e)) & 1) && !config->automatic;
    config->mitm = (bits >> (4 + e)) & 1;
    config->enroll = config->mitm && (bits >> 6 & 1);
    config->allow_clear = (more >> e) & 1;
    config->accept_relay = TRUE;
    config->disclosure = (more >> 2) & 1;
    link->ends[e].without_cache = more >> 3 & 1;
    if (more >> 4 & 1) {
      config->preshared = TRUE;
      config->preshared_limit = 3;
      test_list (&config->key_agreements, "X255DH3kMultPrsh");
    }
  }
  link->media = bits >> 7;
}

static void
verb (TestLink * link, guint e, FuzzInput * input)
{
  static const guint8 sashash[ZRTP_SASHASH_LEN] = { 1 };
  ZrtpAssociation *association = link->ends[e].association;
  guint8 what = fuzz_take8 (input), stream = what >> 6;

  if (!link->ends[e].streams[stream].added)
    stream = 0;
  switch (what & 15) {
    case 0:
      zrtp_association_start (association, stream, link->now);
      break;
    case 1:
      zrtp_association_stop (association, stream, link->now);
      break;
    case 2:
      zrtp_association_secure (association, stream, link->now);
      break;
    case 3:
      zrtp_association_set_verified (association, what >> 4 & 1, link->now);
      break;
    case 4:
      zrtp_association_set_peer_name (association, "name");
      break;
    case 5:
      zrtp_association_clear (association, link->now);
      break;
    case 6:
      zrtp_association_accept_clear (association, link->now);
      break;
    case 7:
      zrtp_association_enroll (association, what >> 4 & 1, link->now);
      break;
    case 8:
      zrtp_association_relay_sas (association, "B256", sashash, what >> 4 & 1, FALSE, link->now);
      break;
    case 9:
      zrtp_association_set_auxsecret (association, sashash, what >> 4 & 3);
      break;
    case 10:
      zrtp_association_set_peer_hello_hash (association, stream, what >> 4 & 1 ? sashash : NULL, link->now);
      break;
    case 11:
      zrtp_association_advance (association, link->now);
      break;
    case 12:
      zrtp_association_discover (association, stream, link->now);
      break;
    case 13:                   /* maybe the one that the other end has */
      link->ends[e].streams[stream].ssrc = 0xc0 + (what >> 4 & 3);
      zrtp_association_set_ssrc (association, stream, link->ends[e].streams[stream].ssrc, link->now);
      break;
    default:
      break;
  }
  test_link_drain (link, e);
}

/* ---- Two engines and a hostile relay ---- */

typedef struct
{
  FuzzInput input;
  guint n_packets;
} Relay;

static gboolean
relay (TestLink * link, TestPacket * packet, gpointer user_data)
{
  Relay *self = user_data;
  guint8 operation = fuzz_take8 (&self->input);
  guint end, at;

  if (++self->n_packets > MAX_PACKETS)
    return TRUE;
  switch (operation >> 4) {
    case 8:                    /* lost */
      return FALSE;
    case 9:                    /* twice, the other one late */
      test_link_inject_later (link, !packet->from, packet->stream, packet->data, packet->len,
          fuzz_take8 (&self->input) * 4 * MSEC);
      return TRUE;
    case 10:                   /* late */
      test_link_inject_later (link, !packet->from, packet->stream, packet->data, packet->len,
          fuzz_take16 (&self->input) * MSEC);
      return FALSE;
    case 11:                   /* altered */
    case 12:
    case 13:
      for (guint n = 1 + (operation & 3); n > 0; n--) {
        at = fuzz_take16 (&self->input) % (packet->len - WIRE_CRC_LEN);
        packet->data[at] ^= fuzz_take8 (&self->input);
      }
      wire_fix_crc (packet->data, packet->len);
      return TRUE;
    case 14:                   /* longer or shorter */
      packet->len = 4 * fuzz_take8 (&self->input);
      packet->len = CLAMP (packet->len, 4, sizeof packet->data);
      if (operation & 1 && packet->len > 16) {
        packet->data[14] = ((packet->len - 16) / 4) >> 8;
        packet->data[15] = (packet->len - 16) / 4;
      }
      wire_fix_crc (packet->data, packet->len);
      return TRUE;
    case 15:                   /* something old, to either end and on any stream */
      end = operation & 1;
      at = fuzz_take8 (&self->input);
      if (at < link->ends[end].sent->len) {
        TestPacket *old = g_ptr_array_index (link->ends[end].sent, at);

        test_link_inject_later (link, operation >> 1 & 1, operation >> 2 & 1 ? packet->stream : old->stream,
            old->data, old->len, 0);
      }
      return TRUE;
    default:
      return TRUE;
  }
}

static void
fuzz_relay (FuzzInput * input)
{
  Relay self = { {NULL, 0}, 0 };
  guint n_streams, n_verbs;
  TestLink link;

  configure (&link, input);
  n_streams = 1 + fuzz_take8 (input) % 3;
  n_verbs = fuzz_take8 (input) % 8;
  test_link_open (&link, n_streams);
  self.input = *input;
  link.filter = relay;
  link.user_data = &self;
  test_link_start_all (&link);
  for (guint i = 0; i < n_verbs; i++) {
    test_link_run (&link, fuzz_take8 (&self.input) * 8 * MSEC);
    verb (&link, i % 2, &self.input);
  }
  test_link_run (&link, 30 * SEC);
  test_link_clear (&link);
}

/* ---- One engine and a scripted peer ---- */

static void
scripted_message (TestPeer * peer, FuzzInput * input, guint8 operation)
{
  static const guint8 hvi[2][32] = { {0}, {0xff} };
  WireBuffer message;
  guint n;

  switch (operation & 15) {
    case 0:
      peer_send_hello (peer);
      break;
    case 1:
      peer_send_ack (peer, fuzz_take8 (input) % WIRE_N_TYPES);
      break;
    case 2:
      peer_send_error (peer, fuzz_take8 (input));
      break;
    case 3:
      peer_make_dhpart (peer, WIRE_DHPART2, NULL);
      peer_make_commit (peer, "S256AES1HS32X255B32 ", NULL);
      peer_send (peer, &peer->commit);
      break;
    case 4:
      peer_make_commit (peer, "S256AES1HS32X255B32 ", hvi[operation >> 4 & 1]);
      peer_send (peer, &peer->commit);
      break;
    case 5:
      peer_make_multistream_commit (peer, hvi[operation >> 4 & 1]);
      peer_send (peer, &peer->commit);
      break;
    case 6:
      peer_make_dhpart (peer, operation >> 4 & 1 ? WIRE_DHPART2 : WIRE_DHPART1, NULL);
      peer_send (peer, &peer->dhpart);
      break;
    case 7:                    /* the last Commit or DHPart, altered */
      message = operation >> 4 & 1 ? peer->dhpart : peer->commit;
      if (message.len) {
        message.data[fuzz_take16 (input) % message.len] ^= fuzz_take8 (input);
        peer_send (peer, &message);
      }
      break;
    case 8:                    /* a Hello with the input's counts and names, rightly signed */
      wire_begin (&message, WIRE_HELLO);
      wire_append (&message, "1.10test peer       ", 20);
      wire_append (&message, peer->chain.h[3], 32);
      wire_append (&message, peer->zid, ZRTP_ZID_LEN);
      for (n = 4 + fuzz_take8 (input); n > 0; n--) {
        guint8 octet = fuzz_take8 (input);

        wire_append (&message, &octet, 1);
      }
      wire_append (&message, "   ", (4 - message.len % 4) % 4);
      wire_end_with_mac (&message, peer->chain.h[2]);
      peer_send (peer, &message);
      break;
    default:                   /* any type with the input's body */
      wire_begin (&message, (operation & 15) == 9 ? operation >> 4 : fuzz_take8 (input) % WIRE_N_TYPES);
      for (n = fuzz_take8 (input) * 4; n > 0; n--) {
        guint8 octet = fuzz_take8 (input);

        wire_append (&message, &octet, 1);
      }
      wire_end (&message);
      peer_send (peer, &message);
      break;
  }
}

static void
fuzz_solo (FuzzInput * input)
{
  TestLink link;
  TestPeer peer;

  configure (&link, input);
  test_link_make_solo (&link);
  test_link_open (&link, 2);
  test_link_start (&link, 0, 0);
  peer_init (&peer, &link, 0, 1, "X255");
  for (guint i = 0; i < MAX_OPERATIONS && input->len > 0; i++) {
    guint8 operation = fuzz_take8 (input);

    if (operation < 0xc0)
      scripted_message (&peer, input, operation);
    else if (operation < 0xe0)
      test_link_run (&link, fuzz_take8 (input) * 16 * MSEC);
    else if (operation < 0xf0)
      peer.ssrc = operation & 1 ? link.ends[0].streams[0].ssrc : operation;
    else
      verb (&link, 0, input);
  }
  test_link_run (&link, 30 * SEC);
  peer_clear (&peer);
  test_link_clear (&link);
}

int
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  FuzzInput input = { data, size };

  if (fuzz_take8 (&input) & 1)
    fuzz_solo (&input);
  else
    fuzz_relay (&input);
  return 0;
}
