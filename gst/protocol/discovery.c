/* discovery.c: finding the peer: Hello, HelloACK, and when to begin an exchange (RFC 6189 section 4.1).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gst/protocol/stream.h"

/* A Hello that is not acknowledged comes again after 50 to 200 ms, one or two copies may be lost. */
#define ZRTP_HELLO_REPEATED_WITHIN (500 * G_GUINT64_CONSTANT (1000000))
/* Somebody who speaks ZRTP and is not heard of for so long may be forgotten for somebody new. */
#define ZRTP_PEER_FORGOTTEN_AFTER (5000 * G_GUINT64_CONSTANT (1000000))
/* How long the Hello that signalling speaks of is waited for before another one may do, where policy lets it. */
#define ZRTP_NAMED_PEER_AWAITED (3000 * G_GUINT64_CONSTANT (1000000))
#define SUPPORTED_VERSION "1.1"         /* of "1.10" three octets count (Z-4.1.1-1) */

ZrtpPeer *
zrtp_stream_find_peer (ZrtpStream * stream, const guint8 h3[ZRTP_CHAIN_LEN])
{
  for (guint i = 0; i < stream->peers->len; i++) {
    ZrtpPeer *peer = g_ptr_array_index (stream->peers, i);
    if (memcmp (peer->hello.h3, h3, ZRTP_CHAIN_LEN) == 0)
      return peer;
  }
  return NULL;
}

ZrtpHelloHashStatus
zrtp_stream_check_hello_hash (const ZrtpStream * stream, const ZrtpMessage * hello)
{
  ZrtpPart part = { hello->data, hello->len };
  guint8 hash[ZRTP_HASH_MAX_LEN];

  if (!stream->have_peer_hash)
    return ZRTP_HELLO_HASH_ABSENT;
  zrtp_hash_find ("S256")->digest (&part, 1, hash);
  return zrtp_equal (hash, stream->peer_hash, ZRTP_HELLO_HASH_LEN) ? ZRTP_HELLO_HASH_MATCH : ZRTP_HELLO_HASH_MISMATCH;
}

/* Whether policy lets us talk to the sender of this Hello; told once if not (Z-8.1-3, -4). */
static gboolean
hello_hash_allows (ZrtpStream * stream, const ZrtpMessage * hello)
{
  if (zrtp_stream_check_hello_hash (stream, hello) != ZRTP_HELLO_HASH_MISMATCH)
    return TRUE;
  zrtp_association_warn_once (stream->association, stream, ZRTP_WARNING_HELLO_HASH);
  return !stream->association->config.require_hello_hash;
}

void
zrtp_stream_set_peer_hash (ZrtpStream * stream, const guint8 * hash)
{
  stream->have_peer_hash = hash != NULL;
  stream->warned &= ~(1u << ZRTP_WARNING_HELLO_HASH);
  if (!hash)
    return;
  memcpy (stream->peer_hash, hash, ZRTP_HELLO_HASH_LEN);
  /* Signalling may come after the media: what the call goes by is judged now, other Hellos that it disowns are forgotten. */
  if (stream->peer && stream->state != ZRTP_STREAM_HELLO && stream->state != ZRTP_STREAM_READY) {
    hello_hash_allows (stream, &stream->peer->message); /* tells our user */
    zrtp_association_judge_hello (stream->association, stream);
  }
  for (guint i = stream->peers->len; i-- > 0;) {
    ZrtpPeer *peer = g_ptr_array_index (stream->peers, i);
    gboolean in_use = peer == stream->peer && stream->state != ZRTP_STREAM_HELLO
        && stream->state != ZRTP_STREAM_READY;

    if (in_use || hello_hash_allows (stream, &peer->message))
      continue;
    stream->stats.dropped_hello_hash++;
    zrtp_stream_forget_peer (stream, peer);
  }
  /* The peer speaks ZRTP (Z-6-10). */
  if (stream->state == ZRTP_STREAM_HELLO)
    zrtp_timers_peer_seen (stream);
}

/* The one that signalling speaks of, or the most recent that was acknowledged: the peer repeats its Hello until then, a
 * forger's guess is sent once. */
static ZrtpPeer *
likeliest_peer (ZrtpStream * stream)
{
  ZrtpPeer *best = NULL;

  for (guint i = 0; i < stream->peers->len; i++) {
    ZrtpPeer *peer = g_ptr_array_index (stream->peers, i);

    if (zrtp_stream_check_hello_hash (stream, &peer->message) == ZRTP_HELLO_HASH_MATCH)
      return peer;
    if (!best || (peer->acknowledged && !best->acknowledged)
        || (peer->acknowledged == best->acknowledged && peer->last_seen >= best->last_seen))
      best = peer;
  }
  return best;
}

static gboolean
is_named_by_signalling (const ZrtpStream * stream, const ZrtpPeer * peer)
{
  return zrtp_stream_check_hello_hash (stream, &peer->message) == ZRTP_HELLO_HASH_MATCH;
}

gboolean
zrtp_stream_is_disowned (const ZrtpStream * stream, const ZrtpPeer * peer)
{
  if (!stream->have_peer_hash || is_named_by_signalling (stream, peer))
    return FALSE;
  if (stream->association->config.require_hello_hash
      || stream->association->now < stream->stats.started_at + ZRTP_NAMED_PEER_AWAITED)
    return TRUE;
  for (guint i = 0; i < stream->peers->len; i++)
    if (is_named_by_signalling (stream, g_ptr_array_index (stream->peers, i)))
      return TRUE;
  return FALSE;
}

void
zrtp_stream_forget_peer (ZrtpStream * stream, ZrtpPeer * peer)
{
  if (stream->peer == peer)
    stream->peer = NULL;
  g_ptr_array_remove (stream->peers, peer);
  if (stream->state == ZRTP_STREAM_READY && stream->peers->len == 0)
    zrtp_stream_enter (stream, ZRTP_STREAM_HELLO);
}

/* Makes room for one more Hello at the cost of the one that was silent for longest: a guess that was not repeated in its time, or
 * after a longer one any. The Hello that signalling speaks of always gets a place. FALSE: there is none. */
static gboolean
make_room (ZrtpStream * stream, const ZrtpMessage * hello)
{
  gboolean named = zrtp_stream_check_hello_hash (stream, hello) == ZRTP_HELLO_HASH_MATCH;
  guint64 now = stream->association->now;
  gint oldest = -1;

  for (guint i = 0; i < stream->peers->len; i++) {
    const ZrtpPeer *peer = g_ptr_array_index (stream->peers, i);
    guint64 patience = peer->acknowledged ? ZRTP_PEER_FORGOTTEN_AFTER : ZRTP_HELLO_REPEATED_WITHIN;

    if (peer == stream->peer || is_named_by_signalling (stream, peer))
      continue;
    if (!named && now < peer->last_seen + patience)
      continue;
    if (oldest < 0
        || peer->last_seen < ((ZrtpPeer *) g_ptr_array_index (stream->peers, (guint) oldest))->last_seen)
      oldest = (gint) i;
  }
  if (oldest < 0)
    return FALSE;
  g_ptr_array_remove_index (stream->peers, (guint) oldest);
  return TRUE;
}

/* A Hello of a chain that was not known before (attack C2): the first is as good as acknowledged, a further one when it is repeated.
 * NULL: no room. */
static ZrtpPeer *
add_peer (ZrtpStream * stream, const ZrtpReceived * in, const ZrtpHello * hello)
{
  ZrtpMessage message = { (guint8 *) in->data, in->len };
  ZrtpPeer *peer;

  if (stream->peers->len == ZRTP_MAX_PEERS && !make_room (stream, &message))
    return NULL;
  peer = g_new0 (ZrtpPeer, 1);
  peer->hello = *hello;
  peer->acknowledged = stream->peers->len == 0
      || zrtp_stream_check_hello_hash (stream, &message) == ZRTP_HELLO_HASH_MATCH;
  zrtp_message_set (&peer->message, in->data, in->len);
  g_ptr_array_add (stream->peers, peer);
  zrtp_timers_peer_seen (stream);
  return peer;
}

/* After a Hello or HelloACK: with both there, on to READY. */
static void
settle (ZrtpStream * stream)
{
  if (stream->state == ZRTP_STREAM_HELLO && stream->acked && stream->peers->len > 0)
    zrtp_stream_enter (stream, ZRTP_STREAM_READY);
  zrtp_stream_try_commit_if_wanted (stream);
}

/* Takes a Hello among the candidates, or knows it again, and acknowledges it. Changes nothing of what is under way. */
static ZrtpVerdict
learn_peer (ZrtpStream * stream, const ZrtpReceived * in)
{
  ZrtpAssociation *association = stream->association;
  ZrtpMessage message = { (guint8 *) in->data, in->len };
  ZrtpHello hello;
  ZrtpPeer *peer;
  gint version;

  if (!zrtp_hello_parse (in->data, in->len, &hello))
    return ZRTP_DROP_MALFORMED;
  /* What signalling disowns is no reason for anything (attack C2). */
  if (!hello_hash_allows (stream, &message)) {
    stream->stats.dropped_hello_hash++;
    return ZRTP_DROP_STATE;     /* and no HelloACK (Z-5.3-4) */
  }
  if (memcmp (hello.zid, association->config.zid, ZRTP_ZID_LEN) == 0)
    return zrtp_stream_refuse (stream, NULL, ZRTP_ERROR_EQUAL_ZID);     /* Z-4.1-9 */
  if (in->ssrc == stream->ssrc)
    return zrtp_stream_refuse (stream, NULL, ZRTP_ERROR_SSRC_COLLISION);        /* Z-4.1-4 */
  version = memcmp (hello.version, SUPPORTED_VERSION, 3);
  if (version < 0)
    return zrtp_stream_refuse (stream, NULL, ZRTP_ERROR_VERSION);       /* Z-4.1.1-7 */
  if (version > 0) {
    /* Acknowledged, and for the rest ignored: the peer will come down to ours (Z-4.1.1-5, -10). */
    zrtp_stream_send_ack (stream, ZRTP_MESSAGE_HELLO_ACK);
    return ZRTP_STAY;
  }
  /* All streams of a call are with one ZID (Z-4.4.3-2). */
  if (association->have_session && memcmp (hello.zid, association->peer_zid, ZRTP_ZID_LEN) != 0)
    return ZRTP_DROP_STATE;

  peer = zrtp_stream_find_peer (stream, hello.h3);
  if (peer && !zrtp_message_equal (&peer->message, in->data, in->len))
    return ZRTP_DROP_CHANGED;   /* attack B1 */
  if (peer) {
    peer->acknowledged = TRUE;
  } else {
    peer = add_peer (stream, in, &hello);
    if (!peer)
      return ZRTP_DROP_STATE;
  }
  peer->last_seen = association->now;
  if (!peer->acknowledged)
    return ZRTP_STAY;
  zrtp_stream_send_ack (stream, ZRTP_MESSAGE_HELLO_ACK);
  /* It may have been another one that has acknowledged ours, before this one was there (attack C2). */
  if (stream->acked && stream->peers->len > 1 && !peer->told) {
    peer->told = TRUE;
    zrtp_stream_send (stream, &stream->hello);
  }
  return ZRTP_STAY;
}

ZrtpVerdict
zrtp_consume_hello (ZrtpStream * stream, const ZrtpReceived * in)
{
  ZrtpVerdict verdict = learn_peer (stream, in);

  if (verdict != ZRTP_STAY)
    return verdict;
  if (stream->no_peer && stream->peers->len > 0) {
    stream->no_peer = FALSE;
    zrtp_stream_announce_state (stream);
  }
  settle (stream);
  return ZRTP_STAY;
}

/* In an exchange and after: only acknowledged, and only if it is the one that we go by (Z-4.1-10, -11). While nobody has proved to be
 * the peer, another one is heard as well: a stranger may have come first (attack C2). */
ZrtpVerdict
zrtp_consume_repeated_hello (ZrtpStream * stream, const ZrtpReceived * in)
{
  gboolean proven = stream->state != ZRTP_STREAM_I1 && stream->state != ZRTP_STREAM_R1;

  if (!stream->peer || !zrtp_message_equal (&stream->peer->message, in->data, in->len))
    return proven || !zrtp_timers_refusal_allowed (stream) ? ZRTP_DROP_STATE : learn_peer (stream, in);
  zrtp_stream_send_ack (stream, ZRTP_MESSAGE_HELLO_ACK);
  return ZRTP_STAY;
}

/* After a failure, and after a discovery that found nobody. */
static void
begin_again (ZrtpStream * stream)
{
  if (stream->state == ZRTP_STREAM_FAILING || stream->state == ZRTP_STREAM_FAILED) {
    /* The chain and the Hello stay, all else is fresh (catalogue 6.1). */
    zrtp_timers_clear (stream);
    zrtp_stream_enter (stream, stream->acked && stream->peers->len > 0 ? ZRTP_STREAM_READY : ZRTP_STREAM_HELLO);
  }
  zrtp_stream_discover (stream);
}

/* Who has failed need not be the peer: a stranger may have come first, or a leg of a forked call that is gone. Another one is heard
 * within the bounds of all failures (attack A5), and tried as after the first Hello. */
ZrtpVerdict
zrtp_consume_hello_after_failure (ZrtpStream * stream, const ZrtpReceived * in)
{
  gboolean known = stream->peer && zrtp_message_equal (&stream->peer->message, in->data, in->len);
  ZrtpPeer *best;
  ZrtpVerdict verdict;

  if (known || stream->failures >= ZRTP_MAX_FAILURES)
    return ZRTP_DROP_STATE;
  verdict = learn_peer (stream, in);
  best = likeliest_peer (stream);
  if (verdict != ZRTP_STAY || !best || !best->acknowledged || best == stream->peer
      || !zrtp_message_equal (&best->message, in->data, in->len))
    return verdict;
  begin_again (stream);
  settle (stream);
  return ZRTP_STAY;
}

ZrtpVerdict
zrtp_consume_hello_ack (ZrtpStream * stream, const ZrtpReceived * in)
{
  if (stream->acked)
    return ZRTP_DROP_STATE;
  stream->acked = TRUE;
  zrtp_timers_hello_acknowledged (stream);
  settle (stream);
  return ZRTP_STAY;
}

/* ---- Beginning an exchange ---- */

void
zrtp_stream_try_commit (ZrtpStream * stream)
{
  ZrtpAssociation *association = stream->association;
  gboolean multistream = association->have_session;

  if (stream->state != ZRTP_STREAM_READY && stream->state != ZRTP_STREAM_CLEARED
      && stream->state != ZRTP_STREAM_CLEAR)
    return;
  /* Back to secure goes on with the peer and the Hello that there were (Z-4.7.2-10). */
  if (stream->state == ZRTP_STREAM_READY || !stream->peer)
    stream->peer = likeliest_peer (stream);
  /* Nor back to secure with somebody whom signalling has disowned since. */
  if (!stream->peer || !hello_hash_allows (stream, &stream->peer->message))
    return;
  if (association->config.passive) {    /* Z-4.2-13 */
    if (stream->peer->hello.passive)
      zrtp_association_warn_once (association, stream, ZRTP_WARNING_EQUAL_PASSIVE);
    return;
  }
  if (stream->state == ZRTP_STREAM_READY
      && (stream->peers->len > 1 || zrtp_stream_is_disowned (stream, stream->peer)) && !zrtp_timers_several_peers_waited (stream)) {
    zrtp_timers_several_peers (stream);
    return;
  }
  if (multistream) {
    if (!zrtp_algorithm_list_contains (&stream->peer->hello.offer.key_agreements, "Mult"))
      return;
    if (zrtp_create_commit_multistream (stream))
      zrtp_stream_enter (stream, ZRTP_STREAM_I1);
    return;
  }
  /* One DH exchange at a time with a peer; exchange_over() comes back to this stream (Z-4.4.1-1). */
  if (association->exchanging && association->exchanging != stream)
    return;
  association->exchanging = stream;
  if (zrtp_preshared_possible (stream) ? zrtp_create_commit_preshared (stream) : zrtp_create_commit_dh (stream))
    zrtp_stream_enter (stream, ZRTP_STREAM_I1);
}

void
zrtp_stream_try_commit_if_wanted (ZrtpStream * stream)
{
  /* Who went clear on purpose stays so until a user says otherwise. */
  gboolean automatic = stream->association->config.automatic && stream->state == ZRTP_STREAM_READY;

  if (automatic || stream->wanted)
    zrtp_stream_try_commit (stream);
}

void
zrtp_stream_discover (ZrtpStream * stream)
{
  if (stream->state != ZRTP_STREAM_HELLO || stream->hello_schedule.due != ZRTP_NO_DEADLINE)
    return;
  stream->no_peer = FALSE;
  zrtp_stream_announce_state (stream);
  zrtp_stream_send (stream, &stream->hello);
  zrtp_timers_hello_started (stream);
}

void
zrtp_stream_secure (ZrtpStream * stream)
{
  stream->wanted = TRUE;
  if (stream->state == ZRTP_STREAM_FAILING || stream->state == ZRTP_STREAM_FAILED)
    stream->failures = 0;
  begin_again (stream);
  zrtp_stream_try_commit (stream);
}

/* What a collision of SSRCs has ended begins again (Z-4.1-5), within the bounds of all failures: a peer may bear each SSRC that we move
 * to (attack A5). */
void
zrtp_stream_set_ssrc (ZrtpStream * stream, guint32 ssrc)
{
  stream->ssrc = ssrc;
  if (!stream->collided)
    return;
  stream->collided = FALSE;
  if (stream->last_refusal == ZRTP_ERROR_SSRC_COLLISION)
    stream->last_refusal = 0;
  if (stream->failures >= ZRTP_MAX_FAILURES)
    return;
  begin_again (stream);
  zrtp_stream_try_commit_if_wanted (stream);
}
