/* commit.c: who is initiator: making, accepting and contending Commits (RFC 6189 sections 4.2, 4.4 and 5.4).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gst/protocol/stream.h"

ZrtpContention
zrtp_commit_contend (const ZrtpCommit * own, gboolean own_mitm, const ZrtpCommit * peer, gboolean peer_mitm)
{
  gint order;

  if ((own->mode == ZRTP_MODE_MULTISTREAM) != (peer->mode == ZRTP_MODE_MULTISTREAM))
    return ZRTP_CONTENTION_ERROR;
  if (own->mode != peer->mode)  /* DH against Preshared (Z-4.2-2) */
    return own->mode == ZRTP_MODE_DH ? ZRTP_CONTENTION_WON : ZRTP_CONTENTION_LOST;
  if (own->mode == ZRTP_MODE_PRESHARED && own_mitm != peer_mitm)        /* Z-4.2-3 */
    return own_mitm ? ZRTP_CONTENTION_LOST : ZRTP_CONTENTION_WON;
  /* As big-endian integers (Z-4.2-4). */
  order = own->mode == ZRTP_MODE_DH ? memcmp (own->hvi, peer->hvi, ZRTP_HVI_LEN)
      : memcmp (own->nonce, peer->nonce, ZRTP_NONCE_LEN);
  return order > 0 ? ZRTP_CONTENTION_WON : order < 0 ? ZRTP_CONTENTION_LOST : ZRTP_CONTENTION_EQUAL;
}

/* ---- As initiator ---- */

static void
fill_commit (ZrtpStream * stream, ZrtpCommit * commit)
{
  memcpy (commit->h2, stream->h2, ZRTP_CHAIN_LEN);
  memcpy (commit->zid, stream->association->config.zid, ZRTP_ZID_LEN);
  commit->choice = stream->exchange->choice;
  commit->mode = stream->exchange->mode;
}

static void
send_commit (ZrtpStream * stream)
{
  ZrtpExchange *exchange = stream->exchange;
  guint8 data[ZRTP_MESSAGE_MAX_LEN];

  zrtp_message_set (&exchange->commit, data,
      zrtp_commit_build (&exchange->commit_fields, stream->h1, data));
  stream->stats.exchanges++;
  zrtp_stream_send_until_answered (stream, &exchange->commit);
}

static gboolean
has_retained_secret (const ZrtpStream * stream)
{
  ZrtpCache *cache = stream->association->cache;
  ZrtpCacheEntry entry;
  gboolean has;

  if (!cache)
    return FALSE;
  has = cache->lookup (cache, stream->association->config.zid, stream->peer->hello.zid, &entry)
      && (entry.has_rs1 || entry.has_rs2);
  zrtp_wipe (&entry, sizeof entry);
  return has;
}

/* A peer may make and compare the IDs of retained secrets with the hash that it would have chosen itself, whatever the Commit says
 * (interop.md): where there is such a secret we commit to that one, the first of the peer's that we have too. */
static void
choose (const ZrtpStream * stream, ZrtpChoice * choice)
{
  const ZrtpAssociation *association = stream->association;
  const ZrtpOffer *peer = &stream->peer->hello.offer;
  ZrtpOffer own = association->offer;

  if (association->config.fixed_choice) {
    *choice = *association->config.fixed_choice;
    return;
  }
  zrtp_negotiate (&own, peer, choice);
  if (strcmp (choice->key_agreement, "EC38") == 0 || !has_retained_secret (stream))     /* EC38 goes with S384 */
    return;
  for (guint i = 0; i < peer->hashes.count; i++) {
    const gchar *name = peer->hashes.names[i];

    if (!zrtp_algorithm_list_contains (&association->offer.hashes, name)
        || (association->allowed.hashes.count > 0
            && !zrtp_algorithm_list_contains (&association->allowed.hashes, name)))
      continue;
    g_strlcpy (own.hashes.names[0], name, sizeof own.hashes.names[0]);
    own.hashes.count = 1;
    zrtp_negotiate (&own, peer, choice);
    return;
  }
}

gboolean
zrtp_create_commit_dh (ZrtpStream * stream)
{
  ZrtpAssociation *association = stream->association;
  guint8 digest[ZRTP_HASH_MAX_LEN];
  ZrtpExchange *exchange;
  ZrtpChoice choice;

  choose (stream, &choice);
  if (!zrtp_key_agreement_find (choice.key_agreement))
    zrtp_negotiate (&association->offer, &stream->peer->hello.offer, &choice);  /* a recorded Preshared call */
  if (zrtp_check_choice (&association->offer, &association->allowed, &choice) != 0) {
    /* What both have lies below what we may use (attack B3). */
    zrtp_stream_fail (stream, ZRTP_ERROR_HELLO_MISMATCH);
    return FALSE;
  }
  if (!zrtp_exchange_begin (stream, ZRTP_ROLE_INITIATOR, ZRTP_MODE_DH, &choice)
      || !zrtp_create_dhpart (stream))
    return FALSE;
  exchange = stream->exchange;
  fill_commit (stream, &exchange->commit_fields);
  {
    /* hvi over our whole DHPart2 and the peer's Hello as received (Z-4.4.1.1-6, -8). */
    ZrtpPart parts[] = {
      {exchange->dhpart2.data, exchange->dhpart2.len},
      {stream->peer->message.data, stream->peer->message.len}
    };
    exchange->hash->digest (parts, G_N_ELEMENTS (parts), digest);
    memcpy (exchange->commit_fields.hvi, digest, ZRTP_HVI_LEN);
  }
  send_commit (stream);
  return TRUE;
}

gboolean
zrtp_create_commit_multistream (ZrtpStream * stream)
{
  ZrtpAssociation *association = stream->association;
  ZrtpRandom *random = association->random;
  ZrtpChoice choice = association->session_choice;      /* Z-4.4.3.1-2 */
  ZrtpCommit *commit;

  memcpy (choice.key_agreement, "Mult", 5);
  if (!zrtp_exchange_begin (stream, ZRTP_ROLE_INITIATOR, ZRTP_MODE_MULTISTREAM, &choice))
    return FALSE;
  commit = &stream->exchange->commit_fields;
  fill_commit (stream, commit);
  if (!random->fill (random, ZRTP_RANDOM_NONCE, commit->nonce, ZRTP_NONCE_LEN)) {
    zrtp_stream_fail (stream, ZRTP_ERROR_SOFTWARE);
    return FALSE;
  }
  if (!zrtp_association_remember_nonce (association, commit->nonce)) {
    zrtp_stream_fail (stream, ZRTP_ERROR_SERVICE_UNAVAILABLE);
    return FALSE;
  }
  send_commit (stream);
  zrtp_derive_multistream_keys (stream);
  return TRUE;
}

gboolean
zrtp_preshared_possible (const ZrtpStream * stream)
{
  const ZrtpAssociation *association = stream->association;
  ZrtpCache *cache = association->cache;
  ZrtpCacheEntry entry;
  gboolean possible;

  if (!association->config.preshared || !cache
      || !zrtp_algorithm_list_contains (&association->offer.key_agreements, "Prsh")
      || !zrtp_algorithm_list_contains (&stream->peer->hello.offer.key_agreements, "Prsh"))
    return FALSE;
  /* A secret that the user has vouched for, and a DH exchange from time to time (Z-4.4.2.1-1, Z-4.4.2-4). */
  possible = cache->lookup (cache, association->config.zid, stream->peer->hello.zid, &entry)
      && entry.has_rs1 && entry.verified && entry.preshared_run < association->config.preshared_limit;
  zrtp_wipe (&entry, sizeof entry);
  return possible;
}

gboolean
zrtp_create_commit_preshared (ZrtpStream * stream)
{
  ZrtpAssociation *association = stream->association;
  ZrtpRandom *random = association->random;
  const ZrtpSecret none = { (const guint8 *) "", 0 };
  ZrtpExchange *exchange;
  ZrtpChoice choice;
  const ZrtpSecret *own;

  choose (stream, &choice);
  memcpy (choice.key_agreement, "Prsh", 5);
  if (!zrtp_exchange_begin (stream, ZRTP_ROLE_INITIATOR, ZRTP_MODE_PRESHARED, &choice))
    return FALSE;
  exchange = stream->exchange;
  own = exchange->shared.secrets;
  fill_commit (stream, &exchange->commit_fields);
  if (!random->fill (random, ZRTP_RANDOM_NONCE, exchange->commit_fields.nonce, ZRTP_NONCE_LEN)) {
    zrtp_stream_fail (stream, ZRTP_ERROR_SOFTWARE);
    return FALSE;
  }
  exchange->pbx_matched = own[ZRTP_SECRET_PBX].len > 0;
  zrtp_preshared_key (exchange->hash, own[ZRTP_SECRET_RS1],
      own[ZRTP_SECRET_AUX].len > 0 ? own[ZRTP_SECRET_AUX] : none,
      own[ZRTP_SECRET_PBX].len > 0 ? own[ZRTP_SECRET_PBX] : none, exchange->preshared_key);
  zrtp_preshared_key_id (exchange->hash, exchange->preshared_key, exchange->commit_fields.key_id);
  send_commit (stream);
  zrtp_derive_preshared_keys (stream);
  return TRUE;
}

/* ---- As responder ---- */

/* Somebody on the path has altered this Hello. Before an exchange it is enough to forget it: the true one comes again with the
 * Commit's resends. */
static ZrtpVerdict
altered_hello (ZrtpStream * stream, ZrtpPeer * sender)
{
  ZrtpVerdict verdict;

  zrtp_association_warn_once (stream->association, stream, ZRTP_WARNING_MESSAGE_MAC);
  verdict = zrtp_stream_refuse (stream, sender, ZRTP_ERROR_SOFTWARE);
  if (verdict != ZRTP_FAIL)
    zrtp_stream_forget_peer (stream, sender);
  return verdict;
}

/* What every Commit must pass before it may do anything, be it to win a contention (Z-5.4-3, -5; Z-4.2-11): the
 * hash chain, the ZID, and the MAC of the Hello whose key it brings. On ZRTP_ACCEPT *sender has sent it. */
static ZrtpVerdict
admit_commit (ZrtpStream * stream, const ZrtpReceived * in, ZrtpCommit * commit, ZrtpPeer ** sender)
{
  ZrtpAssociation *association = stream->association;
  guint8 h3[ZRTP_CHAIN_LEN];
  guint32 error;

  if (!zrtp_commit_parse (in->data, in->len, commit))
    return ZRTP_DROP_MALFORMED;
  zrtp_chain_step (commit->h2, h3);
  *sender = zrtp_stream_find_peer (stream, h3);
  /* Where signalling has named the peer and its Hello is there, nobody else is it (Z-8.1-6). */
  if (*sender && zrtp_stream_is_disowned (stream, *sender))
    return ZRTP_DROP_CHAIN;
  if (!*sender || memcmp (commit->zid, (*sender)->hello.zid, ZRTP_ZID_LEN) != 0)
    return ZRTP_DROP_CHAIN;
  if (stream->failures >= ZRTP_MAX_FAILURES)    /* only our user decides now (attack A5) */
    return ZRTP_DROP_STATE;
  if (!zrtp_message_check_mac ((*sender)->message.data, (*sender)->message.len, commit->h2))
    return altered_hello (stream, *sender);
  /* A nonce is used once in a call (Z-4.4.3.1-4). */
  if (commit->mode != ZRTP_MODE_DH && zrtp_association_nonce_known (association, commit->nonce))
    return zrtp_stream_refuse (stream, *sender, ZRTP_ERROR_NONCE_REUSE);
  /* All of a call is with one ZID, also after a GoClear. */
  if (association->have_session && memcmp (commit->zid, association->peer_zid, ZRTP_ZID_LEN) != 0)
    return ZRTP_DROP_CHAIN;
  error = zrtp_check_choice (&association->offer, &association->allowed, &commit->choice);
  return error ? zrtp_stream_refuse (stream, *sender, error) : ZRTP_ACCEPT;
}

static void
hello_answered (ZrtpStream * stream)
{
  /* A Commit acknowledges our Hello (Z-5.4-8). */
  stream->acked = TRUE;
  stream->no_peer = FALSE;
  zrtp_timers_request_answered (stream);
}

/* No secret of ours made this keyID: a DH Commit of our own wins over it (Z-4.4.2.3-2), where we may send one (-3). */
static ZrtpVerdict
answer_preshared_with_dh (ZrtpStream * stream)
{
  if (stream->association->config.passive) {
    zrtp_timers_clear (stream);
    g_clear_pointer (&stream->exchange, zrtp_exchange_free);
    stream->association->exchanging = NULL;
    stream->acked = FALSE;
    zrtp_stream_enter (stream, ZRTP_STREAM_HELLO);
    zrtp_timers_hello_started (stream);
    return zrtp_stream_refuse (stream, NULL, ZRTP_ERROR_NO_SHARED_SECRET);
  }
  zrtp_timers_request_answered (stream);
  if (!zrtp_create_commit_dh (stream))
    return ZRTP_FAIL;
  zrtp_stream_enter (stream, ZRTP_STREAM_I1);
  return ZRTP_STAY;
}

/* Accepts a Commit that was admitted: DHPart1 answers it, or Confirm1 where there is no DH. */
static ZrtpVerdict
respond (ZrtpStream * stream, const ZrtpReceived * in, const ZrtpCommit * commit, ZrtpPeer * sender)
{
  ZrtpMode mode = commit->mode;
  ZrtpExchange *exchange;

  if (mode == ZRTP_MODE_MULTISTREAM && !zrtp_association_remember_nonce (stream->association, commit->nonce))
    return zrtp_stream_refuse (stream, sender, ZRTP_ERROR_SERVICE_UNAVAILABLE);
  stream->peer = sender;
  if (mode != ZRTP_MODE_MULTISTREAM)
    stream->association->exchanging = stream;
  hello_answered (stream);
  if (!zrtp_exchange_begin (stream, ZRTP_ROLE_RESPONDER, mode, &commit->choice))
    return ZRTP_FAIL;
  exchange = stream->exchange;
  /* The policy is ours too, not the initiator's alone (attack B5). */
  if (mode == ZRTP_MODE_PRESHARED
      && (!zrtp_preshared_possible (stream) || !zrtp_find_preshared_key (stream, commit->key_id)))
    return answer_preshared_with_dh (stream);
  if (mode == ZRTP_MODE_PRESHARED && !zrtp_association_remember_nonce (stream->association, commit->nonce))
    return zrtp_stream_fail (stream, ZRTP_ERROR_SERVICE_UNAVAILABLE);
  exchange->commit_fields = *commit;
  zrtp_message_set (&exchange->commit, in->data, in->len);
  stream->stats.exchanges++;
  if (mode == ZRTP_MODE_MULTISTREAM)
    zrtp_derive_multistream_keys (stream);
  else if (mode == ZRTP_MODE_PRESHARED)
    zrtp_derive_preshared_keys (stream);
  if (!(mode == ZRTP_MODE_DH ? zrtp_create_dhpart (stream) : zrtp_create_confirm (stream)))
    return ZRTP_FAIL;
  zrtp_stream_send (stream, mode == ZRTP_MODE_DH ? &exchange->dhpart1 : &exchange->confirm1);
  zrtp_timers_responder_entered (stream);
  return ZRTP_ACCEPT;
}

/* Back to where the stream may commit or be committed to. */
static void
abandon_exchange (ZrtpStream * stream)
{
  zrtp_timers_clear (stream);
  g_clear_pointer (&stream->exchange, zrtp_exchange_free);
  zrtp_stream_enter (stream, ZRTP_STREAM_READY);
}

/* A DH Commit while another stream of the call holds the one DH exchange: only if that one has just sent its own Commit
 * and loses (Z-4.2-7), or has accepted one that nothing came of (attack C2). TRUE: the way is free. */
static gboolean
take_over_exchange (ZrtpStream * stream, const ZrtpCommit * commit, const ZrtpPeer * sender)
{
  ZrtpAssociation *association = stream->association;
  ZrtpStream *holder = association->exchanging;

  if (!holder || holder == stream)
    return TRUE;
  if (holder->state == ZRTP_STREAM_I1 ? zrtp_commit_contend (&holder->exchange->commit_fields,
          association->config.mitm, commit, sender->hello.mitm) != ZRTP_CONTENTION_LOST
      : holder->state != ZRTP_STREAM_R1 || !zrtp_timers_exchange_is_doubtful (holder))
    return FALSE;
  abandon_exchange (holder);
  return TRUE;
}

/* DH or Preshared: the exchange that a call begins with. */
ZrtpVerdict
zrtp_consume_first_commit (ZrtpStream * stream, const ZrtpReceived * in)
{
  ZrtpCommit commit;
  ZrtpPeer *sender;
  ZrtpVerdict verdict = admit_commit (stream, in, &commit, &sender);

  if (verdict != ZRTP_ACCEPT)
    return verdict;
  /* Further streams of a secure call use Multistream (Z-4.4.3-1, Z-4.4.2-2). */
  if (zrtp_association_is_secure (stream->association) || !take_over_exchange (stream, &commit, sender))
    return ZRTP_DROP_STATE;
  return respond (stream, in, &commit, sender);
}

ZrtpVerdict
zrtp_consume_commit_multistream (ZrtpStream * stream, const ZrtpReceived * in)
{
  ZrtpAssociation *association = stream->association;
  ZrtpCommit commit;
  ZrtpPeer *sender;
  ZrtpVerdict verdict = admit_commit (stream, in, &commit, &sender);

  if (verdict != ZRTP_ACCEPT)
    return verdict;
  if (association->exchanging)
    return ZRTP_DROP_STATE;     /* the peer is a little ahead of us, and will ask again */
  if (!association->have_session || memcmp (commit.zid, association->peer_zid, ZRTP_ZID_LEN) != 0)
    return zrtp_stream_refuse (stream, sender, ZRTP_ERROR_NO_SHARED_SECRET);    /* Z-4.4.3.1-5, Z-4.4.3-2 */
  return respond (stream, in, &commit, sender);
}

/* A good Commit of another candidate than the one in the exchange, in the same mode. An off-path stranger can send one, too, but cannot
 * go on from there; so the exchange passes to whoever asks when its partner has been silent for a while, and back. */
static ZrtpVerdict
switch_peer (ZrtpStream * stream, const ZrtpReceived * in, const ZrtpCommit * commit, ZrtpPeer * sender)
{
  ZrtpAssociation *association = stream->association;
  ZrtpVerdict verdict;

  /* Who is answered in Preshared mode has shown a secret: that is the peer. */
  if (commit->mode != stream->exchange->mode || commit->mode == ZRTP_MODE_PRESHARED
      || !zrtp_timers_exchange_is_doubtful (stream)
      || zrtp_stream_check_hello_hash (stream, &stream->peer->message) == ZRTP_HELLO_HASH_MATCH)
    return ZRTP_DROP_CHAIN;
  if (commit->mode == ZRTP_MODE_MULTISTREAM && memcmp (commit->zid, association->peer_zid, ZRTP_ZID_LEN) != 0)
    return ZRTP_DROP_CHAIN;
  verdict = respond (stream, in, commit, sender);
  return verdict == ZRTP_ACCEPT && stream->state != ZRTP_STREAM_I1 ? ZRTP_STAY : verdict;
}

/* Both have sent a Commit on this stream (Z-4.2). */
ZrtpVerdict
zrtp_consume_contending_commit (ZrtpStream * stream, const ZrtpReceived * in)
{
  ZrtpAssociation *association = stream->association;
  ZrtpCommit commit;
  ZrtpPeer *sender;
  ZrtpVerdict verdict = admit_commit (stream, in, &commit, &sender);

  if (verdict != ZRTP_ACCEPT)
    return verdict;
  /* Contention is with the peer that our Commit went to. Somebody else's is only heard when that one does not answer (attack
   * C2). */
  if (sender != stream->peer)
    return switch_peer (stream, in, &commit, sender);
  switch (zrtp_commit_contend (&stream->exchange->commit_fields, association->config.mitm, &commit,
          sender->hello.mitm)) {
    case ZRTP_CONTENTION_LOST:
      return respond (stream, in, &commit, sender);
    case ZRTP_CONTENTION_ERROR:
      return zrtp_stream_fail (stream, ZRTP_ERROR_SOFTWARE);
    default:
      return ZRTP_DROP_STATE;   /* ours proceeds; T2 goes on as if nothing had come (Z-4.2-10) */
  }
}

/* The same Commit gets the same answer (Z-5.5-4); another is a second guess (attack A4). */
ZrtpVerdict
zrtp_consume_repeated_commit (ZrtpStream * stream, const ZrtpReceived * in)
{
  const ZrtpExchange *exchange = stream->exchange;
  ZrtpCommit commit;

  if (!zrtp_message_equal (&exchange->commit, in->data, in->len)) {
    gboolean same_chain = zrtp_commit_parse (in->data, in->len, &commit)
        && memcmp (commit.h2, exchange->commit_fields.h2, ZRTP_CHAIN_LEN) == 0;
    ZrtpPeer *sender;
    ZrtpVerdict verdict;

    if (same_chain)
      return ZRTP_DROP_CHANGED;
    verdict = admit_commit (stream, in, &commit, &sender);
    return verdict == ZRTP_ACCEPT ? switch_peer (stream, in, &commit, sender) : verdict;
  }
  zrtp_timers_responder_heard (stream);
  stream->stats.resent++;
  zrtp_stream_send (stream, exchange->mode == ZRTP_MODE_DH ? &exchange->dhpart1 : &exchange->confirm1);
  return ZRTP_STAY;
}

/* After a GoClear the two ends may have arrived at different ZRTPSess: an initiator whose Multistream Commit came to nothing
 * tries DH (Z-4.7.2-14). */
ZrtpVerdict
zrtp_consume_fallback_commit (ZrtpStream * stream, const ZrtpReceived * in)
{
  if (stream->exchange->mode != ZRTP_MODE_MULTISTREAM || !stream->association->was_cleared)
    return ZRTP_DROP_STATE;
  return zrtp_consume_first_commit (stream, in);
}
