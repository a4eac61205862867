/* relay.c: a trusted PBX in the middle of a call: enrollment and SASrelay (RFC 6189 sections 5.13 and 7.3).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gst/protocol/stream.h"

/* ---- Keys ---- */

/* A PBX at either end may relay a SAS later: what that is sealed with outlives the exchange. */
void
zrtp_relay_prepare (ZrtpStream * stream)
{
  const ZrtpExchange *exchange = stream->exchange;
  gboolean initiator = exchange->role == ZRTP_ROLE_INITIATOR;
  const ZrtpStreamKeys *keys = &exchange->keys;

  if (!stream->association->config.mitm && !stream->peer->hello.mitm)
    return;
  stream->relay_hash = exchange->hash;
  stream->relay_cipher = exchange->cipher;
  memcpy (stream->own_mackey, initiator ? keys->mackeyi : keys->mackeyr, sizeof stream->own_mackey);
  memcpy (stream->peer_mackey, initiator ? keys->mackeyr : keys->mackeyi, sizeof stream->peer_mackey);
  memcpy (stream->own_zrtpkey, initiator ? keys->zrtpkeyi : keys->zrtpkeyr, sizeof stream->own_zrtpkey);
  memcpy (stream->peer_zrtpkey, initiator ? keys->zrtpkeyr : keys->zrtpkeyi, sizeof stream->peer_zrtpkey);
}

void
zrtp_relay_forget (ZrtpStream * stream)
{
  stream->relay_hash = NULL;
  zrtp_wipe (stream->own_mackey, sizeof stream->own_mackey);
  zrtp_wipe (stream->peer_mackey, sizeof stream->peer_mackey);
  zrtp_wipe (stream->own_zrtpkey, sizeof stream->own_zrtpkey);
  zrtp_wipe (stream->peer_zrtpkey, sizeof stream->peer_zrtpkey);
  zrtp_message_clear (&stream->last_relay);
  stream->n_relays = 0;
}

/* ---- As PBX ---- */

void
zrtp_association_relay_sas (ZrtpAssociation * self, const gchar * sas_type,
    const guint8 sashash[ZRTP_SASHASH_LEN], gboolean verified, gboolean disclosure, guint64 now)
{
  ZrtpStream *stream = self->have_session ? self->streams[self->session_stream] : NULL;
  ZrtpSasRelayBody body = { 0 };
  guint8 data[ZRTP_MESSAGE_MAX_LEN];
  ZrtpMessage relay = { data, 0 };
  guint8 iv[ZRTP_IV_LEN];
  ZrtpSealKeys keys;

  self->now = MAX (self->now, now);
  if (!self->config.mitm || !stream || stream->state != ZRTP_STREAM_SECURE || !stream->relay_hash
      || strlen (sas_type) != 4)
    return;
  if (!self->random->fill (self->random, ZRTP_RANDOM_CONFIRM_IV, iv, sizeof iv)) {
    zrtp_stream_fail (stream, ZRTP_ERROR_SOFTWARE);
    return;
  }
  memcpy (body.sas_type, sas_type, 5);
  body.verified = verified;
  body.allow_clear = self->config.allow_clear;
  /* Either leg's disclosure is this leg's too. */
  body.disclosure = disclosure || self->config.disclosure;
  /* An end that does not trust us gets the type alone (Z-7.3-7, -8). */
  if (self->sas.enrolled)
    memcpy (body.sashash, sashash, ZRTP_SASHASH_LEN);
  keys = (ZrtpSealKeys) { stream->relay_hash, stream->relay_cipher, stream->own_mackey, stream->own_zrtpkey };
  relay.len = zrtp_sas_relay_build (&body, &keys, iv, data);
  zrtp_stream_send_until_answered (stream, &relay);
}

ZrtpVerdict
zrtp_consume_relay_ack (ZrtpStream * stream, const ZrtpReceived * in)
{
  gboolean good_length;

  if (!stream->outstanding.data || zrtp_message_type (stream->outstanding.data, stream->outstanding.len,
          &good_length) != ZRTP_MESSAGE_SAS_RELAY)
    return ZRTP_DROP_STATE;
  zrtp_timers_request_answered (stream);
  return ZRTP_STAY;
}

/* ---- As phone ---- */

static gboolean
is_zero (const guint8 * data, gsize len)
{
  static const guint8 zeros[ZRTP_SASHASH_LEN] = { 0 };

  return zrtp_equal (data, zeros, len);
}

static void
show_relayed (ZrtpStream * stream, const ZrtpSasRelayBody * body)
{
  ZrtpAssociation *association = stream->association;
  ZrtpSasInfo *sas = &association->sas;
  const ZrtpSasType *type = zrtp_sas_type_find (body->sas_type);
  gboolean empty = is_zero (body->sashash, ZRTP_SASHASH_LEN);

  /* Who is not a PBX relays nothing; who is one, but not ours, may at most name the type (Z-5.13-5, -6, Z-7.3-7). */
  if (!sas->remote_mitm || (!sas->enrolled && !empty)) {
    zrtp_association_warn_once (association, stream, ZRTP_WARNING_UNTRUSTED_RELAY);
    if (!sas->remote_mitm)
      return;
    empty = TRUE;
  }
  if (!association->config.accept_relay || !type)
    return;
  memcpy (sas->choice.sas, body->sas_type, 5);
  if (!empty) {
    sas->relayed = TRUE;
    sas->relayed_verified = body->verified;     /* for the display; our own V stays (Z-5.13-13) */
    sas->remote_disclosure |= body->disclosure; /* sticky (attack E6) */
    memcpy (sas->sashash, body->sashash, ZRTP_SASHASH_LEN);
    /* The user's word was about another SAS, and so was the peer's signature. */
    sas->verified = FALSE;
    sas->signature = FALSE;
    zrtp_message_clear (&association->signature);
  }
  type->render (sas->sashash, sas->text, sizeof sas->text);
  zrtp_association_sas_changed (association);
}

ZrtpVerdict
zrtp_consume_sas_relay (ZrtpStream * stream, const ZrtpReceived * in)
{
  ZrtpSealKeys keys = { stream->relay_hash, stream->relay_cipher, stream->peer_mackey, stream->peer_zrtpkey };
  guint8 plaintext[ZRTP_MESSAGE_MAX_LEN];
  ZrtpSasRelayBody body;
  gboolean mac_ok, good;

  if (!stream->relay_hash || stream->id != stream->association->session_stream)
    return ZRTP_DROP_STATE;
  if (zrtp_message_equal (&stream->last_relay, in->data, in->len)) {
    zrtp_stream_send_ack (stream, ZRTP_MESSAGE_RELAY_ACK);
    return ZRTP_STAY;
  }
  /* An earlier one again, after a later one: a replay (attack E1). */
  for (guint i = 0; i < stream->n_relays; i++)
    if (zrtp_equal (stream->relays[i], zrtp_sealed_mac (in->data), ZRTP_MAC_LEN))
      return ZRTP_DROP_CHANGED;
  if (stream->n_relays == ZRTP_MAX_RELAYS)
    return ZRTP_DROP_STATE;
  good = zrtp_sas_relay_open (in->data, in->len, &keys, plaintext, &body, &mac_ok);
  zrtp_wipe (plaintext, sizeof plaintext);
  if (!good)
    return mac_ok ? ZRTP_DROP_MALFORMED : ZRTP_DROP_MAC;        /* no RelayACK (Z-5.13-11) */
  zrtp_message_set (&stream->last_relay, in->data, in->len);
  memcpy (stream->relays[stream->n_relays++], zrtp_sealed_mac (in->data), ZRTP_MAC_LEN);
  zrtp_stream_send_ack (stream, ZRTP_MESSAGE_RELAY_ACK);
  show_relayed (stream, &body);
  return ZRTP_STAY;
}

/* ---- Enrollment ---- */

void
zrtp_association_enroll (ZrtpAssociation * self, gboolean enroll, guint64 now)
{
  ZrtpSasInfo *sas = &self->sas;

  self->now = MAX (self->now, now);
  if (!zrtp_association_is_secure (self))
    return;
  if (enroll && !sas->enrollment_offered)
    return;                     /* nobody has asked: nothing is stored (attack E2) */
  if (enroll && !sas->verified && !sas->authenticated) {
    zrtp_association_warn (self, self->session_stream, ZRTP_WARNING_ENROLLMENT_UNPROVEN);
    return;
  }
  zrtp_association_set_pbxsecret (self, enroll);
  sas->enrolled = enroll;
  zrtp_association_sas_changed (self);
}
