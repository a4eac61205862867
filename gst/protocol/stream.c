/* stream.c: the state machine of one media stream, as a table (RFC 6189; catalogue section 6.1).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "ext/nettle/nettle.h"
#include "gst/protocol/packet.h"
#include "gst/protocol/stream.h"

/* ---- Messages and their sending ---- */

void
zrtp_message_set (ZrtpMessage * message, const guint8 * data, gsize len)
{
  guint8 *copy = g_memdup2 (data, len);

  zrtp_message_clear (message);
  message->data = copy;
  message->len = len;
}

void
zrtp_message_clear (ZrtpMessage * message)
{
  if (message->data)
    zrtp_wipe (message->data, message->len);
  g_clear_pointer (&message->data, g_free);
  message->len = 0;
}

gboolean
zrtp_message_equal (const ZrtpMessage * message, const guint8 * data, gsize len)
{
  return message->len == len && memcmp (message->data, data, len) == 0;
}

static void
send_octets (ZrtpStream * stream, const guint8 * data, gsize len)
{
  ZrtpOutput *output = zrtp_association_output (stream->association, ZRTP_OUTPUT_SEND, stream->id);

  output->u.send.len = zrtp_packet_build (output->u.send.data, stream->sequence++, stream->ssrc, data, len);
  stream->stats.sent++;
  stream->stats.sent_octets += output->u.send.len;
}

void
zrtp_stream_send (ZrtpStream * stream, const ZrtpMessage * message)
{
  send_octets (stream, message->data, message->len);
}

void
zrtp_stream_send_ack (ZrtpStream * stream, ZrtpMessageType type)
{
  guint8 ack[ZRTP_MESSAGE_MAX_LEN];

  send_octets (stream, ack, zrtp_ack_build (type, ack));
}

void
zrtp_stream_send_until_answered (ZrtpStream * stream, const ZrtpMessage * message)
{
  zrtp_message_set (&stream->outstanding, message->data, message->len);
  stream->asked_at = stream->association->now;
  zrtp_stream_send (stream, message);
  zrtp_timers_request_sent (stream);
}

/* ---- States ---- */

static gboolean
in_exchange (const ZrtpStream * stream)
{
  return stream->state >= ZRTP_STREAM_I1 && stream->state <= ZRTP_STREAM_R2;
}

ZrtpState
zrtp_stream_get_public_state (const ZrtpStream * stream)
{
  switch (stream->state) {
    case ZRTP_STREAM_IDLE:
      return ZRTP_STATE_IDLE;
    case ZRTP_STREAM_HELLO:
      return stream->no_peer ? ZRTP_STATE_NO_PEER : ZRTP_STATE_DISCOVERING;
    case ZRTP_STREAM_READY:
      return ZRTP_STATE_CLEAR;
    case ZRTP_STREAM_SECURE:
      return ZRTP_STATE_SECURE;
    case ZRTP_STREAM_CLEARING:
    case ZRTP_STREAM_CLEARED:
      return ZRTP_STATE_CLEARING;
    case ZRTP_STREAM_CLEAR:
      return ZRTP_STATE_CLEAR;
    case ZRTP_STREAM_FAILING:
    case ZRTP_STREAM_FAILED:
      return ZRTP_STATE_FAILED;
    default:
      return ZRTP_STATE_SECURING;
  }
}

/* Tells of the public state when it is not the one last told. */
void
zrtp_stream_announce_state (ZrtpStream * stream)
{
  ZrtpState state = zrtp_stream_get_public_state (stream);
  ZrtpOutput *output;

  if (state == stream->announced_state)
    return;
  output = zrtp_association_output (stream->association, ZRTP_OUTPUT_STATE, stream->id);
  output->u.state.old_state = stream->announced_state;
  output->u.state.state = state;
  stream->announced_state = state;
}

void
zrtp_stream_enter (ZrtpStream * stream, ZrtpStreamState state)
{
  stream->state = state;
  zrtp_stream_announce_state (stream);
}

static void
leave_exchange (ZrtpStream * stream)
{
  zrtp_timers_clear (stream);
  g_clear_pointer (&stream->exchange, zrtp_exchange_free);
  zrtp_relay_forget (stream);
  if (stream->association->config.automatic && stream->failures == ZRTP_MAX_FAILURES)
    zrtp_association_warn (stream->association, stream->id, ZRTP_WARNING_TOO_MANY_FAILURES);
}

void
zrtp_stream_forget_keys (ZrtpStream * stream)
{
  zrtp_association_output (stream->association, ZRTP_OUTPUT_KEYS_GONE, stream->id);
  g_clear_pointer (&stream->exchange, zrtp_exchange_free);
  zrtp_relay_forget (stream);
}

static void
announce_error (ZrtpStream * stream, guint32 code, gboolean remote)
{
  ZrtpOutput *output;

  stream->failures++;
  stream->stats.failures++;
  zrtp_association_output (stream->association, ZRTP_OUTPUT_KEYS_GONE, stream->id);
  output = zrtp_association_output (stream->association, ZRTP_OUTPUT_ERROR, stream->id);
  output->u.error.code = code;
  output->u.error.remote = remote;
}

ZrtpVerdict
zrtp_stream_fail (ZrtpStream * stream, guint32 code)
{
  guint8 data[ZRTP_MESSAGE_MAX_LEN];
  ZrtpMessage error = { data, zrtp_error_build (code, data) };

  stream->collided |= code == ZRTP_ERROR_SSRC_COLLISION;
  announce_error (stream, code, FALSE);
  leave_exchange (stream);
  zrtp_stream_send_until_answered (stream, &error);
  zrtp_stream_enter (stream, ZRTP_STREAM_FAILING);
  zrtp_association_exchange_over (stream->association, stream);
  return ZRTP_FAIL;
}

ZrtpVerdict
zrtp_stream_refuse (ZrtpStream * stream, const ZrtpPeer * sender, guint32 code)
{
  guint8 data[ZRTP_MESSAGE_MAX_LEN];

  if (in_exchange (stream))
    return sender && sender == stream->peer ? zrtp_stream_fail (stream, code) : ZRTP_DROP_CHAIN;
  if (stream->state == ZRTP_STREAM_FAILING || !zrtp_timers_refusal_allowed (stream))
    return ZRTP_DROP_STATE;
  stream->collided |= code == ZRTP_ERROR_SSRC_COLLISION;
  send_octets (stream, data, zrtp_error_build (code, data));
  if (stream->last_refusal != code && stream->refusals < ZRTP_MAX_REFUSALS) {
    ZrtpOutput *output = zrtp_association_output (stream->association, ZRTP_OUTPUT_ERROR, stream->id);

    stream->last_refusal = code;
    stream->refusals++;
    output->u.error.code = code;
  }
  return ZRTP_DROP_STATE;
}

/* Z-4.7.2-14: see zrtp_consume_fallback_commit(). */
static gboolean
fall_back_to_dh (ZrtpStream * stream)
{
  ZrtpAssociation *association = stream->association;
  const ZrtpExchange *exchange = stream->exchange;

  if (!exchange || exchange->mode != ZRTP_MODE_MULTISTREAM || exchange->role != ZRTP_ROLE_INITIATOR
      || !association->was_cleared || zrtp_association_is_secure (association))
    return FALSE;
  association->have_session = FALSE;
  association->was_cleared = FALSE;
  zrtp_timers_clear (stream);
  g_clear_pointer (&stream->exchange, zrtp_exchange_free);
  zrtp_stream_enter (stream, ZRTP_STREAM_CLEAR);
  zrtp_stream_try_commit (stream);
  return TRUE;
}

void
zrtp_stream_give_up (ZrtpStream * stream, guint32 code, gboolean remote)
{
  if (fall_back_to_dh (stream))
    return;
  announce_error (stream, code, remote);
  leave_exchange (stream);
  zrtp_stream_enter (stream, ZRTP_STREAM_FAILED);
  zrtp_association_exchange_over (stream->association, stream);
}

static void
peer_free (gpointer data)
{
  ZrtpPeer *peer = data;

  zrtp_message_clear (&peer->message);
  g_free (peer);
}

ZrtpStream *
zrtp_stream_new (ZrtpAssociation * association, guint id, guint32 ssrc)
{
  ZrtpStream *stream = g_new0 (ZrtpStream, 1);
  ZrtpRandom *random = association->random;
  guint8 sequence[2];
  guint8 data[ZRTP_MESSAGE_MAX_LEN];
  ZrtpHello hello = { 0 };

  stream->association = association;
  stream->id = id;
  stream->ssrc = ssrc;
  stream->peers = g_ptr_array_new_with_free_func (peer_free);
  zrtp_timers_clear (stream);
  if (!random->fill (random, ZRTP_RANDOM_H0, stream->h0, sizeof stream->h0)
      || !random->fill (random, ZRTP_RANDOM_SEQUENCE, sequence, sizeof sequence)) {
    zrtp_stream_free (stream);
    return NULL;
  }
  zrtp_chain_step (stream->h0, stream->h1);
  zrtp_chain_step (stream->h1, stream->h2);
  zrtp_chain_step (stream->h2, stream->h3);
  /* Deployed peers know no wrap and drop 0: start in 1..0x0fff (catalogue 17.2). */
  stream->sequence = 1 + ((sequence[0] << 8) | sequence[1]) % 0x0fff;

  memcpy (hello.version, "1.10", 4);
  memset (hello.client_id, ' ', sizeof hello.client_id);
  memcpy (hello.client_id, association->config.client_id,
      strnlen (association->config.client_id, sizeof hello.client_id));
  memcpy (hello.h3, stream->h3, sizeof hello.h3);
  memcpy (hello.zid, association->config.zid, sizeof hello.zid);
  hello.sign = association->config.checks_signatures;
  hello.mitm = association->config.mitm;
  hello.passive = association->config.passive;
  hello.offer = association->offer;
  zrtp_message_set (&stream->hello, data, zrtp_hello_build (&hello, stream->h2, data));
  return stream;
}

void
zrtp_stream_free (ZrtpStream * stream)
{
  zrtp_message_clear (&stream->hello);
  zrtp_message_clear (&stream->outstanding);
  zrtp_message_clear (&stream->last_relay);
  g_ptr_array_unref (stream->peers);
  g_clear_pointer (&stream->exchange, zrtp_exchange_free);
  zrtp_wipe (stream, sizeof *stream);
  g_free (stream);
}

void
zrtp_stream_start (ZrtpStream * stream)
{
  if (stream->state != ZRTP_STREAM_IDLE)
    return;
  stream->stats.started_at = stream->association->now;
  zrtp_stream_enter (stream, ZRTP_STREAM_HELLO);
  zrtp_stream_send (stream, &stream->hello);
  zrtp_timers_hello_started (stream);
}

void
zrtp_stream_stop (ZrtpStream * stream)
{
  if (stream->state == ZRTP_STREAM_IDLE)
    return;
  zrtp_timers_clear (stream);
  zrtp_stream_forget_keys (stream);
  zrtp_stream_enter (stream, ZRTP_STREAM_IDLE);
  zrtp_association_stream_stopped (stream->association, stream);
  zrtp_association_exchange_over (stream->association, stream);
}

void
zrtp_stream_media_authenticated (ZrtpStream * stream)
{
  ZrtpAssociation *association = stream->association;

  if (stream->state == ZRTP_STREAM_I3)
    zrtp_exchange_complete (stream);    /* as good as a Conf2ACK (Z-4.6-6) */
  /* The peer has gone secure with us, so it has the new rs1 (attack C5). */
  if (stream->state == ZRTP_STREAM_SECURE && association->update_done
      && stream->id == association->session_stream && !association->entry_after.rs1_confirmed) {
    association->entry_after.rs1_confirmed = TRUE;
    zrtp_association_store_entry (association, &association->entry_after);
  }
}

/* ---- Messages without a chain ---- */

/* An Error is not authenticated: remembered, and believed when nothing better comes in time (attack C1). Outside an exchange it
 * means nothing (Z-4.7.1-3). */
static ZrtpVerdict
consume_error (ZrtpStream * stream, const ZrtpReceived * in)
{
  zrtp_stream_send_ack (stream, ZRTP_MESSAGE_ERROR_ACK);
  if (!in_exchange (stream))
    return ZRTP_DROP_STATE;
  stream->exchange->remote_error = zrtp_error_parse (in->data, in->len);
  zrtp_timers_error_received (stream);
  return ZRTP_DROP_STATE;
}

static ZrtpVerdict
consume_ping (ZrtpStream * stream, const ZrtpReceived * in)
{
  guint8 data[ZRTP_MESSAGE_MAX_LEN];
  ZrtpPing ping;

  if (!zrtp_ping_parse (in->data, in->len, &ping))
    return ZRTP_DROP_MALFORMED;
  if (!zrtp_timers_ping_allowed (stream))
    return ZRTP_DROP_STATE;
  /* The first octets of the ZID are persistent and improbable to be anyone else's (Z-5.15-3). */
  send_octets (stream, data, zrtp_ping_ack_build (stream->association->config.zid, &ping, in->ssrc, data));
  return ZRTP_DROP_STATE;       /* without effect on anything else (Z-5.15-1) */
}

/* In the secure state: of the Error that refused a GoClear. */
static ZrtpVerdict
consume_error_ack_while_secure (ZrtpStream * stream, const ZrtpReceived * in)
{
  gboolean good_length;

  if (!stream->outstanding.data || zrtp_message_type (stream->outstanding.data, stream->outstanding.len,
          &good_length) != ZRTP_MESSAGE_ERROR)
    return ZRTP_DROP_STATE;
  zrtp_timers_request_answered (stream);
  return ZRTP_STAY;
}

static ZrtpVerdict
consume_error_ack (ZrtpStream * stream, const ZrtpReceived * in)
{
  zrtp_timers_request_answered (stream);
  return ZRTP_ACCEPT;
}

/* ---- The table ---- */

/* Message types, the Commit by its mode. */
typedef enum
{
  INPUT_HELLO,
  INPUT_HELLO_ACK,
  INPUT_COMMIT_DH,
  INPUT_COMMIT_MULTISTREAM,
  INPUT_COMMIT_PRESHARED,
  INPUT_DHPART1,
  INPUT_DHPART2,
  INPUT_CONFIRM1,
  INPUT_CONFIRM2,
  INPUT_CONF2_ACK,
  INPUT_ERROR,
  INPUT_ERROR_ACK,
  INPUT_GO_CLEAR,
  INPUT_CLEAR_ACK,
  INPUT_SAS_RELAY,
  INPUT_RELAY_ACK,
  INPUT_PING,
  N_INPUTS,
  INPUT_OTHER = N_INPUTS
} Input;

typedef struct
{
  ZrtpVerdict (*consume) (ZrtpStream * stream, const ZrtpReceived * in);
  ZrtpStreamState next;         /* after ZRTP_ACCEPT */
} Transition;

#define STATE(name) ZRTP_STREAM_##name

/* What is not in the table is dropped and counted. */
static const Transition transitions[ZRTP_N_STREAM_STATES][N_INPUTS] = {
  [STATE (HELLO)] = {
    [INPUT_HELLO] = {zrtp_consume_hello, STATE (HELLO)},
    [INPUT_HELLO_ACK] = {zrtp_consume_hello_ack, STATE (HELLO)},
    [INPUT_COMMIT_DH] = {zrtp_consume_first_commit, STATE (R1)},
    [INPUT_COMMIT_MULTISTREAM] = {zrtp_consume_commit_multistream, STATE (R2)},
    [INPUT_COMMIT_PRESHARED] = {zrtp_consume_first_commit, STATE (R2)},
    [INPUT_ERROR] = {consume_error, STATE (HELLO)},
    [INPUT_PING] = {consume_ping, STATE (HELLO)},
  },
  [STATE (READY)] = {
    [INPUT_HELLO] = {zrtp_consume_hello, STATE (READY)},
    [INPUT_COMMIT_DH] = {zrtp_consume_first_commit, STATE (R1)},
    [INPUT_COMMIT_MULTISTREAM] = {zrtp_consume_commit_multistream, STATE (R2)},
    [INPUT_COMMIT_PRESHARED] = {zrtp_consume_first_commit, STATE (R2)},
    [INPUT_ERROR] = {consume_error, STATE (READY)},
    [INPUT_PING] = {consume_ping, STATE (READY)},
  },
  [STATE (I1)] = {
    [INPUT_HELLO] = {zrtp_consume_repeated_hello, STATE (I1)},
    [INPUT_COMMIT_DH] = {zrtp_consume_contending_commit, STATE (R1)},
    [INPUT_COMMIT_MULTISTREAM] = {zrtp_consume_contending_commit, STATE (R2)},
    [INPUT_COMMIT_PRESHARED] = {zrtp_consume_contending_commit, STATE (R2)},
    [INPUT_DHPART1] = {zrtp_consume_dhpart1, STATE (I2)},
    [INPUT_CONFIRM1] = {zrtp_consume_confirm1_without_dh, STATE (I3)},
    [INPUT_ERROR] = {consume_error, STATE (I1)},
    [INPUT_PING] = {consume_ping, STATE (I1)},
  },
  [STATE (I2)] = {
    [INPUT_HELLO] = {zrtp_consume_repeated_hello, STATE (I2)},
    [INPUT_DHPART1] = {zrtp_consume_repeated_dhpart1, STATE (I2)},
    [INPUT_CONFIRM1] = {zrtp_consume_confirm1_dh, STATE (I3)},
    [INPUT_ERROR] = {consume_error, STATE (I2)},
    [INPUT_PING] = {consume_ping, STATE (I2)},
  },
  [STATE (I3)] = {
    [INPUT_HELLO] = {zrtp_consume_repeated_hello, STATE (I3)},
    [INPUT_CONF2_ACK] = {zrtp_consume_conf2_ack, STATE (SECURE)},
    [INPUT_ERROR] = {consume_error, STATE (I3)},
    [INPUT_PING] = {consume_ping, STATE (I3)},
  },
  [STATE (R1)] = {
    [INPUT_HELLO] = {zrtp_consume_repeated_hello, STATE (R1)},
    [INPUT_COMMIT_DH] = {zrtp_consume_repeated_commit, STATE (R1)},
    [INPUT_DHPART2] = {zrtp_consume_dhpart2, STATE (R2)},
    [INPUT_ERROR] = {consume_error, STATE (R1)},
    [INPUT_PING] = {consume_ping, STATE (R1)},
  },
  [STATE (R2)] = {
    [INPUT_HELLO] = {zrtp_consume_repeated_hello, STATE (R2)},
    [INPUT_COMMIT_MULTISTREAM] = {zrtp_consume_repeated_commit, STATE (R2)},
    [INPUT_COMMIT_PRESHARED] = {zrtp_consume_repeated_commit, STATE (R2)},
    [INPUT_DHPART2] = {zrtp_consume_repeated_dhpart2, STATE (R2)},
    [INPUT_CONFIRM2] = {zrtp_consume_confirm2, STATE (SECURE)},
    [INPUT_COMMIT_DH] = {zrtp_consume_fallback_commit, STATE (R1)},
    [INPUT_ERROR] = {consume_error, STATE (R2)},
    [INPUT_PING] = {consume_ping, STATE (R2)},
  },
  [STATE (SECURE)] = {
    [INPUT_HELLO] = {zrtp_consume_repeated_hello, STATE (SECURE)},
    [INPUT_CONFIRM2] = {zrtp_consume_repeated_confirm2, STATE (SECURE)},
    [INPUT_GO_CLEAR] = {zrtp_consume_go_clear, STATE (CLEARED)},
    [INPUT_SAS_RELAY] = {zrtp_consume_sas_relay, STATE (SECURE)},
    [INPUT_RELAY_ACK] = {zrtp_consume_relay_ack, STATE (SECURE)},
    [INPUT_ERROR] = {consume_error, STATE (SECURE)},
    [INPUT_ERROR_ACK] = {consume_error_ack_while_secure, STATE (SECURE)},
    [INPUT_PING] = {consume_ping, STATE (SECURE)},
  },
  [STATE (CLEARING)] = {
    [INPUT_HELLO] = {zrtp_consume_repeated_hello, STATE (CLEARING)},
    [INPUT_CONFIRM2] = {zrtp_consume_repeated_confirm2, STATE (CLEARING)},
    [INPUT_GO_CLEAR] = {zrtp_consume_go_clear, STATE (CLEAR)},
    [INPUT_CLEAR_ACK] = {zrtp_consume_clear_ack, STATE (CLEAR)},
    [INPUT_ERROR] = {consume_error, STATE (CLEARING)},
    [INPUT_PING] = {consume_ping, STATE (CLEARING)},
  },
  [STATE (CLEARED)] = {
    [INPUT_HELLO] = {zrtp_consume_repeated_hello, STATE (CLEARED)},
    [INPUT_COMMIT_DH] = {zrtp_consume_first_commit, STATE (R1)},
    [INPUT_COMMIT_MULTISTREAM] = {zrtp_consume_commit_multistream, STATE (R2)},
    [INPUT_GO_CLEAR] = {zrtp_consume_go_clear_again, STATE (CLEARED)},
    [INPUT_ERROR] = {consume_error, STATE (CLEARED)},
    [INPUT_PING] = {consume_ping, STATE (CLEARED)},
  },
  [STATE (CLEAR)] = {
    [INPUT_HELLO] = {zrtp_consume_repeated_hello, STATE (CLEAR)},
    [INPUT_COMMIT_DH] = {zrtp_consume_first_commit, STATE (R1)},
    [INPUT_COMMIT_MULTISTREAM] = {zrtp_consume_commit_multistream, STATE (R2)},
    [INPUT_GO_CLEAR] = {zrtp_consume_go_clear_again, STATE (CLEAR)},
    [INPUT_ERROR] = {consume_error, STATE (CLEAR)},
    [INPUT_PING] = {consume_ping, STATE (CLEAR)},
  },
  [STATE (FAILING)] = {
    [INPUT_ERROR] = {consume_error, STATE (FAILING)},
    [INPUT_ERROR_ACK] = {consume_error_ack, STATE (FAILED)},
    [INPUT_PING] = {consume_ping, STATE (FAILING)},
  },
  [STATE (FAILED)] = {
    [INPUT_HELLO] = {zrtp_consume_hello_after_failure, STATE (FAILED)},
    /* The peer's user may have asked for another try, within bounds (Z-4.7.1-6, attack A5). */
    [INPUT_COMMIT_DH] = {zrtp_consume_first_commit, STATE (R1)},
    [INPUT_COMMIT_MULTISTREAM] = {zrtp_consume_commit_multistream, STATE (R2)},
    [INPUT_ERROR] = {consume_error, STATE (FAILED)},
    [INPUT_PING] = {consume_ping, STATE (FAILED)},
  },
};

static Input
classify (const ZrtpReceived * in)
{
  static const Input inputs[ZRTP_N_MESSAGES] = {
    [ZRTP_MESSAGE_HELLO] = INPUT_HELLO,
    [ZRTP_MESSAGE_HELLO_ACK] = INPUT_HELLO_ACK,
    [ZRTP_MESSAGE_COMMIT] = INPUT_COMMIT_DH,
    [ZRTP_MESSAGE_DHPART1] = INPUT_DHPART1,
    [ZRTP_MESSAGE_DHPART2] = INPUT_DHPART2,
    [ZRTP_MESSAGE_CONFIRM1] = INPUT_CONFIRM1,
    [ZRTP_MESSAGE_CONFIRM2] = INPUT_CONFIRM2,
    [ZRTP_MESSAGE_CONF2_ACK] = INPUT_CONF2_ACK,
    [ZRTP_MESSAGE_ERROR] = INPUT_ERROR,
    [ZRTP_MESSAGE_ERROR_ACK] = INPUT_ERROR_ACK,
    [ZRTP_MESSAGE_GO_CLEAR] = INPUT_GO_CLEAR,
    [ZRTP_MESSAGE_CLEAR_ACK] = INPUT_CLEAR_ACK,
    [ZRTP_MESSAGE_SAS_RELAY] = INPUT_SAS_RELAY,
    [ZRTP_MESSAGE_RELAY_ACK] = INPUT_RELAY_ACK,
    [ZRTP_MESSAGE_PING] = INPUT_PING,
    [ZRTP_MESSAGE_PING_ACK] = INPUT_OTHER,
  };
  ZrtpMode mode;

  if (in->type != ZRTP_MESSAGE_COMMIT)
    return inputs[in->type];
  mode = zrtp_commit_get_mode (in->data);
  return mode == ZRTP_MODE_DH ? INPUT_COMMIT_DH
      : mode == ZRTP_MODE_MULTISTREAM ? INPUT_COMMIT_MULTISTREAM : INPUT_COMMIT_PRESHARED;
}

/* The next chain value of the peer that the exchange is with: nobody but the peer, or somebody on the path, can show it. */
static gboolean
proves_peer (const ZrtpStream * stream, const ZrtpReceived * in)
{
  guint8 value[ZRTP_CHAIN_LEN];
  gboolean dhpart = in->type == ZRTP_MESSAGE_DHPART1 || in->type == ZRTP_MESSAGE_DHPART2;

  if (!in_exchange (stream) || !stream->peer || (!dhpart && in->type != ZRTP_MESSAGE_COMMIT))
    return FALSE;
  memcpy (value, in->data + ZRTP_CHAIN_OFFSET, ZRTP_CHAIN_LEN);
  for (guint step = 0; step < (dhpart ? 2 : 1); step++)
    zrtp_chain_step (value, value);
  return memcmp (value, stream->peer->hello.h3, ZRTP_CHAIN_LEN) == 0;
}

/* Where the stream was tells what the message answers. One that was sent again has no certain time (RFC 6298 section 3). */
static void
measure_round_trip (ZrtpStream * stream, ZrtpStreamState before, guint64 asked_at)
{
  guint64 took = MAX (stream->association->now - asked_at, 1);

  if (before == ZRTP_STREAM_I1 && (stream->state == ZRTP_STREAM_I2 || stream->state == ZRTP_STREAM_I3))
    stream->stats.round_trip[ZRTP_ROUND_TRIP_COMMIT] = took;
  else if (before == ZRTP_STREAM_I2)
    stream->stats.round_trip[ZRTP_ROUND_TRIP_DHPART2] = took;
  else if (before == ZRTP_STREAM_I3)
    stream->stats.round_trip[ZRTP_ROUND_TRIP_CONFIRM2] = took;
}

static ZrtpVerdict
consume (ZrtpStream * stream, const ZrtpReceived * in)
{
  ZrtpStreamState before = stream->state;
  guint64 asked_at = stream->asked_at;
  gboolean asked_once = stream->schedule.resent == 0;
  Input input = classify (in);
  const Transition *transition;
  ZrtpVerdict verdict;

  gboolean discovering = stream->state == ZRTP_STREAM_HELLO || stream->state == ZRTP_STREAM_READY;

  if (in->ssrc == stream->ssrc && !(discovering && in->type == ZRTP_MESSAGE_HELLO)) {
    /* Anything of our own that comes back, or that a stranger sends, must not end what is under way with the peer. */
    return proves_peer (stream, in) ? zrtp_stream_fail (stream, ZRTP_ERROR_SSRC_COLLISION) : ZRTP_DROP_STATE;
  }
  if (input == INPUT_OTHER || !transitions[stream->state][input].consume)
    return ZRTP_DROP_STATE;
  transition = &transitions[stream->state][input];
  verdict = transition->consume (stream, in);
  if (verdict == ZRTP_ACCEPT && stream->state != transition->next)
    zrtp_stream_enter (stream, transition->next);
  if (verdict == ZRTP_ACCEPT && asked_once)
    measure_round_trip (stream, before, asked_at);
  return verdict;
}

static void
count (ZrtpStream * stream, ZrtpVerdict verdict)
{
  ZrtpStreamStats *stats = &stream->stats;

  switch (verdict) {
    case ZRTP_ACCEPT:
    case ZRTP_STAY:
    case ZRTP_FAIL:
      break;
    case ZRTP_DROP_STATE:
      stats->dropped_state++;
      break;
    case ZRTP_DROP_CHAIN:
      stats->dropped_chain++;
      break;
    case ZRTP_DROP_MAC:
      stats->dropped_mac++;
      break;
    case ZRTP_DROP_CHANGED:
      stats->changed_repeats++;
      break;
    case ZRTP_DROP_MALFORMED:
      stats->dropped_malformed++;
      break;
  }
  if (verdict == ZRTP_DROP_CHANGED)
    zrtp_association_warn_once (stream->association, stream, ZRTP_WARNING_CHANGED_MESSAGE);
}

void
zrtp_stream_receive (ZrtpStream * stream, const guint8 * data, gsize len)
{
  ZrtpReceived in;
  guint16 sequence;             /* for loss statistics only: never a reason to drop (Z-5-3) */
  gboolean good_length;
  ZrtpVerdict verdict;

  switch (zrtp_packet_parse (data, len, &sequence, &in.ssrc, &in.data, &in.len)) {
    case ZRTP_PACKET_OK:
      break;
    case ZRTP_PACKET_MALFORMED:
      stream->stats.dropped_malformed++;
      return;
    default:
      stream->stats.dropped_crc++;
      return;
  }
  stream->stats.received++;
  stream->stats.received_octets += len;
  in.type = zrtp_message_type (in.data, in.len, &good_length);
  if (in.type == ZRTP_MESSAGE_UNKNOWN)
    verdict = ZRTP_DROP_STATE;  /* extensions may add some: no Error (Z-5.1.1-3) */
  else if (!good_length)
    verdict = ZRTP_DROP_MALFORMED;
  else
    verdict = consume (stream, &in);
  if (verdict == ZRTP_ACCEPT || verdict == ZRTP_STAY)
    zrtp_timers_progress (stream);
  count (stream, verdict);
}
