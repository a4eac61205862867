/* peer.h: a scripted ZRTP endpoint that says what a test wants, true or false, with a hash chain and MACs of its own.
 *
 * It talks to end 0 of a TestLink whose end 1 stays silent.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "link.h"

G_BEGIN_DECLS

typedef struct
{
  TestLink *link;
  guint stream;
  WireChain chain;
  guint8 zid[ZRTP_ZID_LEN];
  guint32 ssrc;
  guint16 sequence;
  TestRandom random;
  const ZrtpKeyAgreement *key_agreement;
  guint8 secret[ZRTP_SECRET_MAX_LEN], public_value[ZRTP_PUBLIC_MAX_LEN];
  WireBuffer hello, commit, dhpart;
} TestPeer;

/* Makes the link one of end 0 alone: what it sends is logged and goes nowhere. Before test_link_open(). */
void test_link_make_solo (TestLink * link);

/* key_agreement: a name. The Hello offers S256S384, AES1AES3, HS32HS80, that name and DH3k and Mult, B32 and
 * B256. */
void peer_init (TestPeer * peer, TestLink * link, guint stream, guint64 seed, const gchar * key_agreement);
void peer_clear (TestPeer * peer);

/* Frames and delivers a message. */
void peer_send (TestPeer * peer, const WireBuffer * message);
void peer_send_hello (TestPeer * peer);
void peer_send_ack (TestPeer * peer, WireType type);
void peer_send_error (TestPeer * peer, guint32 code);

/* DHPart with these four secret IDs made from the seed and this public value (NULL: the peer's own). */
void peer_make_dhpart (TestPeer * peer, WireType type, const guint8 * public_value);
/* A DH Commit with names of hash, cipher, tag, key agreement and SAS one after another, committing to
 * peer->dhpart and the engine's Hello; hvi replaces the right one if it is not NULL. */
void peer_make_commit (TestPeer * peer, const gchar * names, const guint8 * hvi);
void peer_make_multistream_commit (TestPeer * peer, const guint8 nonce[16]);

/* Hello, HelloACK: the engine knows the peer and is known. */
void peer_discover (TestPeer * peer);
/* The engine is not automatic: Hello, Commit; the engine answers DHPart1. */
void peer_initiate (TestPeer * peer);
/* The engine is automatic: Hello; the engine commits. */
void peer_respond (TestPeer * peer);

/* The engine's n-th message of a type on this stream; aborts if there is none. */
const TestPacket *peer_received (TestPeer * peer, WireType type, guint n);
guint peer_count (TestPeer * peer, WireType type);

/* The code of the engine's first Error. */
guint32 peer_sent_error (TestPeer * peer);
/* An exchange has failed with this code: Error sent, our user told, no keys, no SAS, no cache update. */
void peer_assert_failed (TestPeer * peer, guint32 code);
/* Before an exchange: the sender is told and our user too, and the engine stays open for the true peer (attack
 * C2). */
void peer_assert_refused (TestPeer * peer, guint32 code);
/* The true peer comes now, and is served. For an engine that is not automatic. */
void peer_assert_still_open (TestPeer * peer);

G_END_DECLS
