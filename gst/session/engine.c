/* engine.c: one input into the association, and what comes out of it to media, senders and the bus.
 *
 * Runs on a worker. Gates and keys change first, then packets go out, then messages are posted, so that no clear media
 * follows a Commit and nobody hears of keys that are not there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

#include <string.h>

/* How long to wait before trying again to begin, while the transport refuses packets. */
#define TRANSPORT_RETRY (100 * GST_MSECOND)

typedef GstZrtpOutcome Outcome;
typedef GstZrtpStep Step;

static void
add_packet (Step *step, guint stream, const guint8 *data, gsize len)
{
  Outcome outcome = { stream, gst_buffer_new_memdup (data, len), NULL };

  gst_zrtp_trace_sent (gst_zrtp_session_peek_media (step->session, stream), data, len);
  g_array_append_val (step->packets, outcome);
}

static void
add_collision (Step *step, guint stream)
{
  Outcome outcome = { stream, NULL, NULL };

  g_array_append_val (step->packets, outcome);
}

/* Clear media is for the call as a whole: none beside a stream that is secure, whatever becomes of the others (attack B8). */
static void
set_latched (Step *step, gboolean latched)
{
  GstZrtpSession *self = step->session;
  guint i;

  g_atomic_int_set (&self->latched, latched);
  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    GstZrtpMedia *media = gst_zrtp_session_peek_media (self, i);

    if (media == NULL)
      continue;
    if (latched)
      gst_zrtp_media_latch (media, step->run);
    else
      gst_zrtp_media_unlatch (media, step->run);
  }
}

static void
tell_held (Step *step, guint stream)
{
  gst_zrtp_step_add_message (step, stream,
      gst_zrtp_message_new_warning (step->session, stream, "stream-held",
          "Nothing is sent on this stream: it is not encrypted, and the call has been secure before. If this is another call, "
          "say so between the two (new-call)."));
}

/* Who requires a hash and gave none has been promised something that did not happen. */
static void
look_for_hash (Step *step, GstZrtpMedia *media)
{
  if (media->have_peer_hash || !step->session->hash_required)
    return;
  gst_zrtp_step_add_message (step, media->stream,
      gst_zrtp_message_new_warning (step->session, media->stream, "no-zrtp-hash",
          "The signalling brought no zrtp-hash, though one is required: nothing there speaks for the other side. Compare the "
          "code."));
}

static gboolean
any_stream_secure (GstZrtpSession *self)
{
  guint i;

  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    GstZrtpMedia *media = gst_zrtp_session_peek_media (self, i);

    if (media != NULL && gst_zrtp_media_get_state (media) == GST_ZRTP_STATE_SECURE)
      return TRUE;
  }
  return FALSE;
}

static void
change_state (Step *step, GstZrtpMedia *media, GstZrtpState state)
{
  GstZrtpSession *self = step->session;
  GstZrtpState old_state = gst_zrtp_media_set_state (media, step->run, state);
  GstZrtpOutlook outlook = { GST_ZRTP_SECURITY_NONE };

  gst_zrtp_step_refresh_security (self);
  if (old_state == state)
    return;
  /* The one way back to clear media: both sides have agreed (Z-4.7.2-6). */
  if (old_state == GST_ZRTP_STATE_CLEARING && state == GST_ZRTP_STATE_CLEAR && !any_stream_secure (self))
    set_latched (step, FALSE);
  GST_OBJECT_LOCK (self);
  outlook.security = media->security;
  outlook.no_receiver = media->receiver == NULL;
  GST_OBJECT_UNLOCK (self);
  outlook.held = gst_zrtp_media_is_held (media);
  outlook.asked_clear = self->asked_clear;
  if (state == GST_ZRTP_STATE_SECURING)
    self->asked_clear = FALSE;
  gst_zrtp_trace_state (media, state);
  gst_zrtp_step_add_message (step, media->stream, gst_zrtp_message_new_state (self, media->stream, old_state, state, &outlook));
  if (g_atomic_int_get (&self->latched) && (state == GST_ZRTP_STATE_NO_PEER || state == GST_ZRTP_STATE_FAILED))
    tell_held (step, media->stream);
  if (state == GST_ZRTP_STATE_NO_PEER && outlook.no_receiver)
    gst_zrtp_step_no_receiver (step, media);
  if (state == GST_ZRTP_STATE_SECURE)
    look_for_hash (step, media);
}

static void
install_keys (Step *step, GstZrtpMedia *media, ZrtpDirection direction, const ZrtpSrtpKeys *keys)
{
  ZrtpSrtpRole role = direction == ZRTP_DIRECTION_SEND ? ZRTP_SRTP_SENDER : ZRTP_SRTP_RECEIVER;
  GError *error = NULL;
  ZrtpSrtp *srtp = zrtp_srtp_new (role, keys, &error);

  gst_zrtp_trace_keys (media, direction, keys);
  gst_zrtp_keylog_write (step, media, direction, keys);
  if (direction == ZRTP_DIRECTION_SEND)
    set_latched (step, TRUE);
  else {
    media->undecryptable_since = 0;
    media->undecryptable_told = FALSE;
  }
  if (srtp != NULL) {
    gst_zrtp_media_install (media, step->run, role, srtp);
    return;
  }
  /* The peer will go secure: nothing clear may flow beside that. */
  GST_ERROR_OBJECT (step->session, "stream %u: no SRTP context: %s", media->stream, error->message);
  set_latched (step, TRUE);
  gst_zrtp_step_add_message (step, media->stream,
      gst_zrtp_message_new_warning (step->session, media->stream, "srtp",
          "The keys are agreed on, but this system cannot encrypt media with the algorithm: nothing is sent."));
  g_clear_error (&error);
}

/* What a user may have to hear of; the rest are steps on the way. */
static gboolean
is_news (ZrtpState state)
{
  return state != ZRTP_STATE_IDLE && state != ZRTP_STATE_DISCOVERING && state != ZRTP_STATE_SECURING;
}

/* An element that sounds alerts says for how much longer when it hears of the change. */
static void
rest_until_told (Step *step)
{
  if (step->resting || g_atomic_int_get (&step->session->hold.wanted) == 0)
    return;
  step->resting = TRUE;
  gst_zrtp_hold_begin_step (step->session);
}

static void
drain (Step *step, const GstZrtpMedia *unheard)
{
  GstZrtpSession *self = step->session;
  ZrtpOutput output;

  while (zrtp_association_poll (self->association, &output)) {
    GstZrtpMedia *media = gst_zrtp_session_peek_media (self, output.stream);

    if (media == NULL || media == unheard) {
      zrtp_output_clear (&output);
      continue;
    }
    if (output.type == ZRTP_OUTPUT_KEYS || (output.type == ZRTP_OUTPUT_STATE && is_news (output.u.state.state)))
      rest_until_told (step);
    switch (output.type) {
      case ZRTP_OUTPUT_SEND:
        add_packet (step, output.stream, output.u.send.data, output.u.send.len);
        break;
      case ZRTP_OUTPUT_KEYS:
        install_keys (step, media, output.u.keys.direction, &output.u.keys.keys);
        break;
      case ZRTP_OUTPUT_KEYS_GONE:
        gst_zrtp_media_uninstall (media, step->run);
        break;
      case ZRTP_OUTPUT_STATE:
        change_state (step, media, (GstZrtpState) output.u.state.state);
        break;
      case ZRTP_OUTPUT_SAS:
        gst_zrtp_step_tell_sas (step, output.stream);
        break;
      case ZRTP_OUTPUT_WARNING:
        gst_zrtp_step_add_warning (step, output.stream, output.u.warning);
        break;
      case ZRTP_OUTPUT_ERROR:
        if (output.u.error.code == ZRTP_ERROR_SSRC_COLLISION && !output.u.error.remote)
          add_collision (step, output.stream);
        gst_zrtp_step_add_message (step, output.stream,
            gst_zrtp_message_new_error (self, output.stream, output.u.error.code, output.u.error.remote,
                zrtp_association_get_state (self->association, output.stream) == ZRTP_STATE_FAILED));
        break;
    }
    zrtp_output_clear (&output);
  }
}

/* The end of a run: everything secret goes. */
static void
reset (GstZrtpSession *self)
{
  guint i;

  gst_zrtp_timer_end (self);
  self->now = 0;
  self->names_told = self->signature_told = self->new_device = self->asked_clear = FALSE;
  self->enrollment = GST_ZRTP_ENROLLMENT_NONE;
  GST_OBJECT_LOCK (self);
  self->signature_accepted = FALSE;
  GST_OBJECT_UNLOCK (self);
  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    GstZrtpMedia *media = gst_zrtp_session_peek_media (self, i);

    if (media != NULL) {
      if (self->association != NULL)
        zrtp_association_get_stats (self->association, i, &media->last_stats);
      media->added = media->started = media->transport_up = FALSE;
      media->have_peer_hash = FALSE;
      media->retry_at = ZRTP_NO_DEADLINE;
    }
  }
  g_clear_pointer (&self->association, zrtp_association_free);
  gst_zrtp_keylog_close (&self->keylog);
}

void
gst_zrtp_engine_end_run (GstZrtpSession *self, guint run)
{
  if (self->association != NULL && self->association_run != run && !self->signing)
    reset (self);
}

gboolean
gst_zrtp_engine_add_stream (GstZrtpSession *self, GstZrtpMedia *media, guint run)
{
  gst_zrtp_engine_end_run (self, run);
  if (!gst_zrtp_session_ensure_association (self, run) || self->association_run != run)
    return FALSE;
  if (!media->added) {
    /* The SSRC is told at the start. */
    media->added = zrtp_association_add_stream (self->association, media->stream, 0);
    if (media->added && media->have_peer_hash)
      zrtp_association_set_peer_hello_hash (self->association, media->stream, media->peer_hash, self->now);
  }
  return media->added;
}

static void
start (Step *step, GstZrtpMedia *media, guint32 ssrc)
{
  GstZrtpSession *self = step->session;

  media->retry_at = ZRTP_NO_DEADLINE;
  if (!gst_zrtp_engine_add_stream (self, media, step->run)) {
    gst_zrtp_step_add_message (step, media->stream,
        gst_zrtp_message_new_error (self, media->stream, ZRTP_ERROR_SOFTWARE, FALSE, TRUE));
    gst_zrtp_media_set_state (media, step->run, GST_ZRTP_STATE_FAILED);
    return;
  }
  if (self->cache_trouble != NULL) {
    gst_zrtp_step_cache_unreadable (step, media->stream, self->cache_trouble);
    g_clear_pointer (&self->cache_trouble, g_free);
  }
  gst_zrtp_keylog_tell (step, media->stream);
  gst_zrtp_status_tell (step, media->stream);
  media->started = TRUE;
  media->ssrc = ssrc;
  zrtp_association_set_ssrc (self->association, media->stream, ssrc, step->now);
  GST_INFO_OBJECT (self, "stream %u: begins, sending as SSRC 0x%08x", media->stream, ssrc);
  zrtp_association_start (self->association, media->stream, step->now);
}

/* The transport refused the first packet: forget it, so that discovery begins with the one that gets through. */
static void
postpone (Step *step, GstZrtpMedia *media)
{
  if (media->transport_up || !media->started || media->retry_at != ZRTP_NO_DEADLINE)
    return;
  GST_INFO_OBJECT (step->session, "stream %u: the transport is not up yet; waits for it", media->stream);
  zrtp_association_stop (step->session->association, media->stream, step->now);
  /* But not what another stream does now that this one is out of its way. */
  drain (step, media);
  media->retry_at = step->now + TRANSPORT_RETRY;
}

static void
advance (Step *step)
{
  GstZrtpSession *self = step->session;
  guint i;

  if (self->association == NULL)
    return;
  zrtp_association_advance (self->association, step->now);
  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    GstZrtpMedia *media = gst_zrtp_session_peek_media (self, i);

    if (media != NULL && media->retry_at <= step->now)
      start (step, media, media->ssrc);
  }
}

static void
remove_stream (Step *step, GstZrtpMedia *media)
{
  GstZrtpSession *self = step->session;

  gst_zrtp_media_uninstall (media, step->run);
  if (self->association != NULL && media->added) {
    zrtp_association_remove_stream (self->association, media->stream);
    change_state (step, media, GST_ZRTP_STATE_IDLE);
  }
  media->added = media->started = media->transport_up = FALSE;
  media->retry_at = ZRTP_NO_DEADLINE;
}

static void
peer_hash (Step *step, GstZrtpMedia *media, const GstZrtpInput *input)
{
  GstZrtpSession *self = step->session;

  media->have_peer_hash = input->len == sizeof media->peer_hash;
  if (media->have_peer_hash)
    memcpy (media->peer_hash, input->data, sizeof media->peer_hash);
  if (media->added)
    zrtp_association_set_peer_hello_hash (self->association, media->stream,
        media->have_peer_hash ? media->peer_hash : NULL, step->now);
  if (input->value)
    gst_zrtp_step_add_message (step, media->stream,
        gst_zrtp_message_new_warning (self, media->stream, "malformed-zrtp-hash",
            "The zrtp-hash in the signalling is malformed and counts as absent: it cannot speak for the other side."));
}

static void
secure (Step *step)
{
  GstZrtpSession *self = step->session;
  guint i;

  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    GstZrtpMedia *media = gst_zrtp_session_peek_media (self, i);

    if (media != NULL && media->started)
      zrtp_association_secure (self->association, i, step->now);
  }
}

/* Our user wants to switch encryption off. */
static void
clear (Step *step)
{
  GstZrtpSession *self = step->session;
  gboolean secure_only;
  guint stream = gst_zrtp_session_first_stream (self);

  GST_OBJECT_LOCK (self);
  secure_only = self->settings.media_policy == GST_ZRTP_MEDIA_POLICY_SECURE_ONLY;
  GST_OBJECT_UNLOCK (self);
  if (secure_only)
    gst_zrtp_step_add_message (step, stream,
        gst_zrtp_message_new_warning (self, stream, "clear-refused",
            "Encryption stays on: media-policy is secure-only, so nothing may be sent without it."));
  else {
    self->asked_clear = TRUE;
    zrtp_association_clear (self->association, step->now);
  }
}

static void
accept_clear (Step *step)
{
  step->session->asked_clear = FALSE;
  zrtp_association_accept_clear (step->session->association, step->now);
}

/* The user has compared the strings. */
static void
verify (Step *step, gboolean verified)
{
  GstZrtpSession *self = step->session;

  ZrtpSasInfo info;
  gchar *expected;

  zrtp_association_set_verified (self->association, verified, step->now);
  GST_OBJECT_LOCK (self);
  expected = g_strdup (self->settings.peer_name);
  GST_OBJECT_UNLOCK (self);
  /* Whom the user was talking to is who that is from now on. */
  if (verified && expected != NULL && zrtp_association_get_sas (self->association, &info)
      && !gst_zrtp_name_fits (&info, expected))
    zrtp_association_set_peer_name (self->association, expected);
  g_free (expected);
  drain (step, NULL);
  if (!step->sas_told)
    gst_zrtp_step_tell_sas (step, gst_zrtp_session_first_stream (self));
}

/* The application has found the peer's signature good. */
static void
accept_signature (Step *step)
{
  GstZrtpSession *self = step->session;
  gsize len;

  if (zrtp_association_get_signature (self->association, &len) == NULL)
    return;
  GST_OBJECT_LOCK (self);
  self->signature_accepted = TRUE;
  GST_OBJECT_UNLOCK (self);
  zrtp_association_accept_signature (self->association, step->now);
}

static void
relay_sas (Step *step, const GstZrtpRelay *sas)
{
  zrtp_association_relay_sas (step->session->association, sas->type, sas->sashash, sas->verified, sas->disclosure,
      step->now);
}

/* For so long nothing was authentic: a burst of forgeries between two packets of the peer says nothing about the keys. */
#define UNDECRYPTABLE_FOR (2 * GST_SECOND)

static void
undecryptable (Step *step, GstZrtpMedia *media, guint32 authentic)
{
  if (media->undecryptable_since == 0 || media->undecryptable_after != authentic) {
    media->undecryptable_since = step->now;
    media->undecryptable_after = authentic;
  } else if (!media->undecryptable_told && step->now >= media->undecryptable_since + UNDECRYPTABLE_FOR) {
    media->undecryptable_told = TRUE;
    gst_zrtp_step_add_message (step, media->stream,
        gst_zrtp_message_new_warning (step->session, media->stream, "undecryptable",
            "Nothing that arrives can be decrypted: the other side may have started anew. Both ends must start the call "
            "anew."));
  }
}

static void
handle_input (Step *step, GstZrtpMedia *media, const GstZrtpInput *input)
{
  GstZrtpSession *self = step->session;

  gst_zrtp_trace_input (self, input);
  switch (input->type) {
    case GST_ZRTP_INPUT_START:
      if (media != NULL && !media->started)
        start (step, media, input->value);
      break;
    case GST_ZRTP_INPUT_PLAYING:
      break;
    case GST_ZRTP_INPUT_SSRC:
      if (media != NULL && media->started) {
        media->ssrc = input->value;
        zrtp_association_set_ssrc (self->association, input->stream, input->value, step->now);
      }
      break;
    case GST_ZRTP_INPUT_TRANSPORT_DOWN:
      if (media != NULL && self->association != NULL)
        postpone (step, media);
      break;
    case GST_ZRTP_INPUT_TRANSPORT_UP:
      if (media != NULL) {
        media->transport_up = TRUE;
        if (media->retry_at != ZRTP_NO_DEADLINE)
          start (step, media, media->ssrc);
      }
      break;
    case GST_ZRTP_INPUT_PACKET:
      if (media != NULL && input->len >= 12)
        media->peer_ssrc = GST_READ_UINT32_BE (input->data + 8);
      if (media != NULL && media->started)
        gst_zrtp_trace_receive (media, input->data, input->len, step->now);
      else if (media != NULL)
        gst_zrtp_step_no_sender (step, media, "The other side speaks ZRTP, but it gets no answer");
      break;
    case GST_ZRTP_INPUT_ADVANCE:
      self->timer_at = ZRTP_NO_DEADLINE;
      advance (step);
      break;
    case GST_ZRTP_INPUT_AUTHENTICATED:
      if (self->association != NULL)
        zrtp_association_media_authenticated (self->association, input->stream, step->now);
      break;
    case GST_ZRTP_INPUT_REMOVE:
      if (media != NULL)
        remove_stream (step, media);
      break;
    case GST_ZRTP_INPUT_EXPIRED:
      gst_zrtp_step_add_message (step, input->stream,
          gst_zrtp_message_new_warning (self, input->stream, "key-expired",
              "The key has encrypted as many packets as it may: nothing is sent until a new call."));
      break;
    case GST_ZRTP_INPUT_FIRST_CLEAR:
      /* The transport may have come up this moment, with ICE for example, when the first Hellos were sent into nothing. */
      if (media != NULL && media->started)
        zrtp_association_discover (self->association, input->stream, step->now);
      break;
    case GST_ZRTP_INPUT_CLEAR_FOR_LONG:
      if (media != NULL)
        gst_zrtp_step_no_sender (step, media, "Media arrives that is not encrypted, and nobody asks the other side to encrypt it");
      break;
    case GST_ZRTP_INPUT_UNDECRYPTABLE:
      if (media != NULL)
        undecryptable (step, media, input->value);
      break;
    case GST_ZRTP_INPUT_SECURE:
      if (self->association != NULL)
        secure (step);
      break;
    case GST_ZRTP_INPUT_CLEAR:
      if (self->association != NULL)
        clear (step);
      break;
    case GST_ZRTP_INPUT_ACCEPT_CLEAR:
      if (self->association != NULL)
        accept_clear (step);
      break;
    case GST_ZRTP_INPUT_VERIFIED:
      if (self->association != NULL)
        verify (step, input->value);
      break;
    case GST_ZRTP_INPUT_PEER_NAME:
      if (self->association != NULL)
        gst_zrtp_step_tell_sas (step, gst_zrtp_session_first_stream (self));
      break;
    case GST_ZRTP_INPUT_PEER_HASH:
      if (media != NULL)
        peer_hash (step, media, input);
      break;
    case GST_ZRTP_INPUT_AUX_SECRET:
      if (self->association != NULL)
        gst_zrtp_session_apply_aux_secret (self);
      break;
    case GST_ZRTP_INPUT_ACCEPT_SIGNATURE:
      if (self->association != NULL)
        accept_signature (step);
      break;
    case GST_ZRTP_INPUT_ENROLL:
      if (self->association != NULL)
        zrtp_association_enroll (self->association, input->value, step->now);
      break;
    case GST_ZRTP_INPUT_RELAY_SAS:
      if (self->association != NULL)
        relay_sas (step, (const GstZrtpRelay *) input->data);
      break;
    case GST_ZRTP_INPUT_HOLD:
      /* All of it is in the next deadline. */
      break;
    case GST_ZRTP_INPUT_RESET:
      /* Unless the next run has been prepared already. */
      if (self->association == NULL || self->association_run != step->run)
        reset (self);
      break;
  }
}

/* When the engine, or a stream that waits for its transport, wants to be woken. */
static guint64
next_deadline (GstZrtpSession *self)
{
  guint64 at = ZRTP_NO_DEADLINE;
  guint i;

  if (self->association != NULL)
    at = zrtp_association_get_deadline (self->association);
  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    GstZrtpMedia *media = gst_zrtp_session_peek_media (self, i);

    if (media != NULL)
      at = MIN (at, media->retry_at);
  }
  return at;
}

/* packet: NULL for a collision. */
static void
send_packet (GstZrtpSession *self, guint stream, GstBuffer *packet)
{
  GstZrtpMedia *media = gst_zrtp_session_peek_media (self, stream);
  GstElement *sender;
  const GstZrtpSenderFuncs *funcs;

  GST_OBJECT_LOCK (self);
  sender = media->sender ? gst_object_ref (media->sender) : NULL;
  funcs = media->sender_funcs;
  GST_OBJECT_UNLOCK (self);
  if (sender == NULL) {
    gst_clear_buffer (&packet);
    return;
  }
  if (packet != NULL)
    funcs->send (sender, stream, packet);
  else
    funcs->collided (sender, stream);
  gst_object_unref (sender);
}

static gboolean
is_current (GstZrtpSession *self, guint run)
{
  return run == (guint) g_atomic_int_get (&self->run);
}

/* The engine's lock is held. */
static void
handle_input_locked (Step *step, const GstZrtpInput *input)
{
  GstZrtpSession *self = step->session;

  /* What is said before the start does not settle which clock the run has. */
  if (input->type == GST_ZRTP_INPUT_START)
    gst_zrtp_timer_begin (self);
  else if (input->type == GST_ZRTP_INPUT_PLAYING)
    gst_zrtp_timer_pause (self, g_atomic_int_get (&self->playing) == 0);
  /* The engine's time never runs backwards. */
  if (self->clock != NULL)
    self->now = MAX (self->now, gst_zrtp_timer_now (self));
  step->now = self->now;
  handle_input (step, gst_zrtp_session_peek_media (self, input->stream), input);
  if (self->association != NULL)
    drain (step, NULL);
  if (self->clock != NULL)
    gst_zrtp_timer_set (self, MIN (next_deadline (self), gst_zrtp_hold_update (self, self->now)));
  else
    gst_zrtp_hold_clear (self);
}

void
gst_zrtp_engine_handle (GstZrtpSession *self, const GstZrtpInput *input)
{
  Step step = { self, input->run };
  guint i;

  step.packets = g_array_new (FALSE, FALSE, sizeof (Outcome));
  step.messages = g_array_new (FALSE, FALSE, sizeof (Outcome));

  g_rec_mutex_lock (&self->engine_lock);
  if (is_current (self, step.run))
    handle_input_locked (&step, input);
  g_rec_mutex_unlock (&self->engine_lock);

  /* Nothing of a run that has ended meanwhile gets into the next one. */
  for (i = 0; i < step.packets->len; i++) {
    Outcome *outcome = &g_array_index (step.packets, Outcome, i);

    if (is_current (self, step.run))
      send_packet (self, outcome->stream, outcome->packet);
    else
      gst_clear_buffer (&outcome->packet);
  }
  for (i = 0; i < step.messages->len; i++) {
    Outcome *outcome = &g_array_index (step.messages, Outcome, i);

    if (is_current (self, step.run))
      gst_zrtp_session_post (self, outcome->stream, outcome->message);
    else
      gst_structure_free (outcome->message);
  }
  if (step.resting)
    gst_zrtp_hold_end_step (self);
  g_array_unref (step.packets);
  g_array_unref (step.messages);
}
