/* goclear.c: back to clear media by agreement: GoClear and ClearACK (RFC 6189 section 4.7.2).
 *
 * One GoClear ends encryption on all streams of the call. Its sender stops sending SRTP at once and its receiver when it has authenticated
 * the message; RTP flows only when both have agreed, the receiver's user included.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gst/protocol/stream.h"

/* At Confirm time, while the mackeys are there (Z-4.7.2-13). */
void
zrtp_goclear_prepare (ZrtpStream * stream)
{
  const ZrtpExchange *exchange = stream->exchange;
  gboolean initiator = exchange->role == ZRTP_ROLE_INITIATOR;
  const ZrtpStreamKeys *keys = &exchange->keys;

  zrtp_clear_mac (exchange->hash, initiator ? keys->mackeyi : keys->mackeyr, stream->own_clear_mac);
  zrtp_clear_mac (exchange->hash, initiator ? keys->mackeyr : keys->mackeyi, stream->peer_clear_mac);
  stream->have_clear_macs = TRUE;
  stream->peer_cleared = FALSE;
  stream->own_allow_clear = exchange->sent_allow_clear;
  /* An enrolling PBX's A counts as 0 (Z-7.3.1-5). */
  stream->peer_allows_clear = exchange->peer_confirm.allow_clear && !exchange->peer_confirm.enrollment;
}

static void
replace_session (ZrtpAssociation * association)
{
  association->was_cleared = TRUE;
  /* A pbxsecret of the new one would not be the PBX's (Z-7.3.1-11). */
  association->sas.enrollment_offered = FALSE;
  zrtp_replace_zrtp_sess (association->session_hash, association->session_zids, association->zrtp_sess);
}

/* All SRTP keys of all streams go (Z-4.7.2.1-1); streams that were secure or on their way out are in state now. */
static void
clear_all (ZrtpAssociation * association, ZrtpStreamState state)
{
  for (guint i = 0; i < ZRTP_MAX_STREAMS; i++) {
    ZrtpStream *stream = association->streams[i];
    if (!stream || (stream->state != ZRTP_STREAM_SECURE && stream->state != ZRTP_STREAM_CLEARING))
      continue;
    stream->wanted = FALSE;
    zrtp_timers_clear (stream);
    zrtp_stream_forget_keys (stream);
    zrtp_stream_enter (stream, state);
  }
}

/* ---- Our user's wish ---- */

void
zrtp_association_clear (ZrtpAssociation * self, guint64 now)
{
  ZrtpStream *speaker = NULL;
  guint8 data[ZRTP_MESSAGE_MAX_LEN];
  ZrtpMessage go_clear = { data, 0 };

  self->now = MAX (self->now, now);
  for (guint i = 0; i < ZRTP_MAX_STREAMS; i++) {
    ZrtpStream *stream = self->streams[i];
    if (!stream || stream->state != ZRTP_STREAM_SECURE)
      continue;
    if (!stream->peer_allows_clear) {
      zrtp_association_warn (self, i, ZRTP_WARNING_CLEAR_NOT_ALLOWED);
      return;
    }
    if (!speaker)
      speaker = stream;
  }
  if (!speaker)
    return;
  /* SRTP stops on all streams now (Z-4.7.2-8): the state says so. */
  for (guint i = 0; i < ZRTP_MAX_STREAMS; i++)
    if (self->streams[i] && self->streams[i]->state == ZRTP_STREAM_SECURE)
      zrtp_stream_enter (self->streams[i], ZRTP_STREAM_CLEARING);
  go_clear.len = zrtp_go_clear_build (speaker->own_clear_mac, data);
  zrtp_stream_send_until_answered (speaker, &go_clear);
}

void
zrtp_association_accept_clear (ZrtpAssociation * self, guint64 now)
{
  self->now = MAX (self->now, now);
  if (zrtp_association_is_secure (self))
    return;
  for (guint i = 0; i < ZRTP_MAX_STREAMS; i++)
    if (self->streams[i] && self->streams[i]->state == ZRTP_STREAM_CLEARED)
      zrtp_stream_enter (self->streams[i], ZRTP_STREAM_CLEAR);
}

static gboolean
go_clear_sent_on (const ZrtpStream * stream)
{
  return stream->state == ZRTP_STREAM_CLEARING && stream->outstanding.data != NULL;
}

ZrtpVerdict
zrtp_consume_clear_ack (ZrtpStream * stream, const ZrtpReceived * in)
{
  /* A forged one lets us go no further than our user has asked for. */
  if (!go_clear_sent_on (stream))
    return ZRTP_DROP_STATE;
  replace_session (stream->association);
  clear_all (stream->association, ZRTP_STREAM_CLEAR);
  return ZRTP_STAY;
}

void
zrtp_goclear_unanswered (ZrtpStream * stream)
{
  replace_session (stream->association);
  clear_all (stream->association, ZRTP_STREAM_CLEAR);
}

/* ---- The peer's wish ---- */

static gboolean
is_authentic (const ZrtpStream * stream, const ZrtpReceived * in)
{
  const guint8 *mac = zrtp_go_clear_parse (in->data, in->len);

  return stream->have_clear_macs && mac && zrtp_equal (mac, stream->peer_clear_mac, ZRTP_MAC_LEN);
}

/* Secure, or with our own GoClear under way: authenticate first, then ask whether we allow it (attack F1). */
ZrtpVerdict
zrtp_consume_go_clear (ZrtpStream * stream, const ZrtpReceived * in)
{
  ZrtpAssociation *association = stream->association;

  if (!is_authentic (stream, in)) {
    zrtp_association_warn_once (association, stream, ZRTP_WARNING_FORGED_CLEAR);
    return ZRTP_DROP_MAC;       /* no ClearACK (Z-4.7.2-4) */
  }
  if (!stream->own_allow_clear) {
    guint8 data[ZRTP_MESSAGE_MAX_LEN];
    ZrtpMessage error = { data, zrtp_error_build (ZRTP_ERROR_GOCLEAR_NOT_ALLOWED, data) };

    /* Media stays secure (Z-4.7.2-11). */
    if (!stream->outstanding.data) {
      zrtp_association_warn (association, stream->id, ZRTP_WARNING_CLEAR_NOT_ALLOWED);
      zrtp_stream_send_until_answered (stream, &error);
    }
    return ZRTP_DROP_STATE;
  }
  {
    gboolean crossed = go_clear_sent_on (stream);

    stream->peer_cleared = TRUE;
    zrtp_stream_send_ack (stream, ZRTP_MESSAGE_CLEAR_ACK);
    replace_session (association);
    /* Our user has asked for the same already: nobody need be asked again. */
    clear_all (association, crossed ? ZRTP_STREAM_CLEAR : ZRTP_STREAM_CLEARED);
    if (!crossed)
      zrtp_association_warn (association, stream->id, ZRTP_WARNING_CLEAR_REQUESTED);
  }
  return ZRTP_STAY;
}

/* After the keys are gone: its repeat, or the one that a peer sends for each stream, which replaces ZRTPSess once more
 * (Z-4.7.2-12, Z-4.7.2.1-4). */
ZrtpVerdict
zrtp_consume_go_clear_again (ZrtpStream * stream, const ZrtpReceived * in)
{
  if (!is_authentic (stream, in))
    return ZRTP_DROP_MAC;
  if (!stream->peer_cleared) {
    stream->peer_cleared = TRUE;
    replace_session (stream->association);
  }
  zrtp_stream_send_ack (stream, ZRTP_MESSAGE_CLEAR_ACK);
  return ZRTP_STAY;
}
