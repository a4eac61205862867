/* peer.c: a scripted ZRTP endpoint.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "peer.h"

#include "gst/protocol/algorithms.h"

#include <string.h>

static gboolean
drop_all (TestLink * link, TestPacket * packet, gpointer user_data)
{
  return FALSE;
}

void
test_link_make_solo (TestLink * link)
{
  link->filter = drop_all;
  link->check_off = TRUE;
}

void
peer_init (TestPeer * peer, TestLink * link, guint stream, guint64 seed, const gchar * key_agreement)
{
  gchar *key_agreements = g_strconcat (key_agreement, strcmp (key_agreement, "DH3k") ? "DH3kMult" : "Mult", NULL);

  memset (peer, 0, sizeof *peer);
  peer->link = link;
  peer->stream = stream;
  peer->ssrc = 0xc0ffee00 + stream;
  peer->sequence = seed;
  memset (peer->zid, 0xcc, sizeof peer->zid);
  peer->zid[0] = seed;
  wire_chain (&peer->chain, seed);
  test_random_init (&peer->random, seed);
  peer->key_agreement = zrtp_key_agreement_find (key_agreement);
  g_assert_true (peer->key_agreement->generate (&peer->random.parent, 256, peer->secret, peer->public_value));
  wire_hello (&peer->hello, &peer->chain, peer->zid, "1.10", 0, "S256S384", "AES1AES3", "HS32HS80", key_agreements,
      "B32 B256");
  g_free (key_agreements);
}

void
peer_clear (TestPeer * peer)
{
  test_random_clear (&peer->random);
}

void
peer_send (TestPeer * peer, const WireBuffer * message)
{
  WireBuffer packet;

  wire_frame (&packet, peer->sequence++, peer->ssrc, message);
  test_link_inject (peer->link, 0, peer->stream, packet.data, packet.len);
}

void
peer_send_hello (TestPeer * peer)
{
  peer_send (peer, &peer->hello);
}

void
peer_send_ack (TestPeer * peer, WireType type)
{
  WireBuffer message;

  wire_begin (&message, type);
  wire_end (&message);
  peer_send (peer, &message);
}

void
peer_send_error (TestPeer * peer, guint32 code)
{
  WireBuffer message;

  wire_begin (&message, WIRE_ERROR);
  wire_append_u32 (&message, code);
  wire_end (&message);
  peer_send (peer, &message);
}

void
peer_make_dhpart (TestPeer * peer, WireType type, const guint8 * public_value)
{
  wire_begin (&peer->dhpart, type);
  wire_append (&peer->dhpart, peer->chain.h[1], 32);
  wire_append (&peer->dhpart, "rs1-id..rs2-id..aux-id..pbx-id..", 32);
  wire_append (&peer->dhpart, public_value ? public_value : peer->public_value, peer->key_agreement->public_len);
  wire_end_with_mac (&peer->dhpart, peer->chain.h[0]);
}

static void
begin_commit (TestPeer * peer, const gchar * names)
{
  g_assert_cmpuint (strlen (names), ==, 20);
  wire_begin (&peer->commit, WIRE_COMMIT);
  wire_append (&peer->commit, peer->chain.h[2], 32);
  wire_append (&peer->commit, peer->zid, ZRTP_ZID_LEN);
  wire_append (&peer->commit, names, 20);
}

void
peer_make_commit (TestPeer * peer, const gchar * names, const guint8 * hvi)
{
  const TestPacket *hello = peer_received (peer, WIRE_HELLO, 0);
  gchar name[5] = { 0 };
  guint8 digest[ZRTP_HASH_MAX_LEN];

  if (!hvi) {
    memcpy (name, names, 4);
    zrtp_hash_find (name)->digest ((ZrtpPart[]) { {peer->dhpart.data, peer->dhpart.len},
      {WIRE_MESSAGE (hello->data), WIRE_MESSAGE_LEN (hello->len)} }, 2, digest);
    hvi = digest;
  }
  begin_commit (peer, names);
  wire_append (&peer->commit, hvi, 32);
  wire_end_with_mac (&peer->commit, peer->chain.h[1]);
}

void
peer_make_multistream_commit (TestPeer * peer, const guint8 nonce[16])
{
  begin_commit (peer, "S256AES1HS32MultB32 ");
  wire_append (&peer->commit, nonce, 16);
  wire_end_with_mac (&peer->commit, peer->chain.h[1]);
}

void
peer_discover (TestPeer * peer)
{
  g_assert_cmpuint (peer_count (peer, WIRE_HELLO), >, 0);
  peer_send_ack (peer, WIRE_HELLO_ACK);
  peer_send_hello (peer);
}

void
peer_initiate (TestPeer * peer)
{
  gchar *names = g_strdup_printf ("S256AES1HS32%sB32 ", peer->key_agreement->name);

  peer_discover (peer);
  peer_make_dhpart (peer, WIRE_DHPART2, NULL);
  peer_make_commit (peer, names, NULL);
  peer_send (peer, &peer->commit);
  g_assert_cmpuint (peer_count (peer, WIRE_DHPART1), ==, 1);
  g_free (names);
}

void
peer_respond (TestPeer * peer)
{
  peer_discover (peer);
  g_assert_cmpuint (peer_count (peer, WIRE_COMMIT), ==, 1);
}

guint
peer_count (TestPeer * peer, WireType type)
{
  return peer->link->ends[0].streams[peer->stream].n_sent_of_type[type];
}

const TestPacket *
peer_received (TestPeer * peer, WireType type, guint n)
{
  const TestPacket *packet = test_link_sent (peer->link, 0, peer->stream, type, n);

  g_assert_nonnull (packet);
  return packet;
}

guint32
peer_sent_error (TestPeer * peer)
{
  return wire_get_u32 (WIRE_MESSAGE (peer_received (peer, WIRE_ERROR, 0)->data) + 12);
}

void
peer_assert_failed (TestPeer * peer, guint32 code)
{
  TestStream *stream = &peer->link->ends[0].streams[peer->stream];

  g_assert_cmphex (peer_sent_error (peer), ==, code);
  g_assert_cmpint (stream->state, ==, ZRTP_STATE_FAILED);
  g_assert_cmphex (stream->error_code, ==, code);
  g_assert_cmpuint (stream->n_errors, ==, 1);
  g_assert_cmpuint (stream->n_remote_errors, ==, 0);
  g_assert_cmpuint (stream->n_sas, ==, 0);
  g_assert_cmpuint (stream->n_received_keys, ==, 0);
  g_assert_cmpuint (peer->link->ends[0].cache.stores, ==, 0);
}

/* Before an exchange the sender is told and our user too, and we stay open for the true peer (attack C2). */
void
peer_assert_refused (TestPeer * peer, guint32 code)
{
  TestStream *stream = &peer->link->ends[0].streams[peer->stream];

  g_assert_cmphex (peer_sent_error (peer), ==, code);
  g_assert_cmpuint (peer_count (peer, WIRE_ERROR), ==, 1);
  g_assert_cmpint (stream->state, !=, ZRTP_STATE_FAILED);
  g_assert_cmpint (stream->state, !=, ZRTP_STATE_SECURING);
  g_assert_cmphex (stream->error_code, ==, code);
  g_assert_cmpuint (stream->n_errors, ==, 1);
  g_assert_cmpuint (stream->n_remote_errors, ==, 0);
  g_assert_cmpuint (stream->n_received_keys, ==, 0);
  g_assert_cmpuint (peer_count (peer, WIRE_COMMIT) + peer_count (peer, WIRE_DHPART1), ==, 0);
}

/* The true peer comes after the one that was refused, and is served. */
void
peer_assert_still_open (TestPeer * peer)
{
  TestPeer right;

  peer_init (&right, peer->link, peer->stream, 77, "X255");
  right.ssrc = 0x0badcafe;
  peer_send_hello (&right);
  test_link_run (peer->link, 50 * MSEC);
  peer_send_hello (&right);
  peer_make_dhpart (&right, WIRE_DHPART2, NULL);
  peer_make_commit (&right, "S256AES1HS32X255B32 ", NULL);
  peer_send (&right, &right.commit);
  g_assert_cmpuint (peer_count (&right, WIRE_DHPART1), ==, 1);
  peer_send (&right, &right.dhpart);
  g_assert_cmpuint (peer_count (&right, WIRE_CONFIRM1), ==, 1);
  peer_clear (&right);
}
