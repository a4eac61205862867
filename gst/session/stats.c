/* stats.c: what a session has counted and measured, and where it stands, as a structure.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

#include <string.h>

typedef struct
{
  ZrtpStreamStats zrtp;
  GstZrtpMediaStanding send, receive;
  guint64 overflow;
  guint64 now;                  /* of the run's clock; 0 if it has none */
} Counters;

/* Every counter once: its field's name and where it is. */
static const struct
{
  const gchar *field;
  gsize offset;
} fields[] = {
#define FIELD(name, member) { name, G_STRUCT_OFFSET (Counters, member) }
  FIELD ("zrtp-sent", zrtp.sent),
  FIELD ("zrtp-sent-bytes", zrtp.sent_octets),
  FIELD ("zrtp-resent", zrtp.resent),
  FIELD ("zrtp-received", zrtp.received),
  FIELD ("zrtp-received-bytes", zrtp.received_octets),
  FIELD ("zrtp-dropped-crc", zrtp.dropped_crc),
  FIELD ("zrtp-dropped-malformed", zrtp.dropped_malformed),
  FIELD ("zrtp-dropped-chain", zrtp.dropped_chain),
  FIELD ("zrtp-dropped-state", zrtp.dropped_state),
  FIELD ("zrtp-dropped-mac", zrtp.dropped_mac),
  FIELD ("zrtp-dropped-hello-hash", zrtp.dropped_hello_hash),
  FIELD ("zrtp-dropped-overflow", overflow),
  FIELD ("zrtp-changed-repeats", zrtp.changed_repeats),
  FIELD ("public-key-operations", zrtp.public_key_operations),
  FIELD ("exchanges", zrtp.exchanges),
  FIELD ("failures", zrtp.failures),
  FIELD ("sent-clear", send.counters.clear),
  FIELD ("sent-clear-bytes", send.counters.clear_octets),
  FIELD ("sent-encrypted", send.counters.secured),
  FIELD ("sent-encrypted-bytes", send.counters.secured_octets),
  FIELD ("send-held", send.counters.held),
  FIELD ("send-malformed", send.counters.malformed),
  FIELD ("send-replayed", send.counters.replayed),
  FIELD ("send-failed", send.counters.failed),
  FIELD ("received-clear", receive.counters.clear),
  FIELD ("received-clear-bytes", receive.counters.clear_octets),
  FIELD ("received-decrypted", receive.counters.secured),
  FIELD ("received-decrypted-bytes", receive.counters.secured_octets),
  FIELD ("receive-held", receive.counters.held),
  FIELD ("receive-forged", receive.counters.forged),
  FIELD ("receive-replayed", receive.counters.replayed),
  FIELD ("receive-malformed", receive.counters.malformed),
  FIELD ("receive-foreign", receive.counters.foreign),
  FIELD ("receive-late", receive.counters.late),
  FIELD ("receive-failed", receive.counters.failed),
#undef FIELD
};

static void
collect (GstZrtpSession *self, GstZrtpMedia *media, Counters *counters)
{
  memset (counters, 0, sizeof *counters);
  g_rec_mutex_lock (&self->engine_lock);
  if (self->association != NULL)
    zrtp_association_get_stats (self->association, media->stream, &counters->zrtp);
  else
    counters->zrtp = media->last_stats;
  if (self->clock != NULL)
    counters->now = gst_zrtp_timer_now (self);
  g_rec_mutex_unlock (&self->engine_lock);
  gst_zrtp_media_get_standing (media, &counters->send, &counters->receive);
  g_mutex_lock (&self->inbox_lock);
  counters->overflow = media->overflow;
  g_mutex_unlock (&self->inbox_lock);
}

static void
write_counters (GstStructure *structure, const Counters *counters)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (fields); i++)
    gst_structure_set (structure, fields[i].field, G_TYPE_UINT64,
        *(const guint64 *) ((const guint8 *) counters + fields[i].offset), NULL);
}

static void
add_up (Counters *sum, const Counters *counters)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (fields); i++)
    *(guint64 *) ((guint8 *) sum + fields[i].offset)
        += *(const guint64 *) ((const guint8 *) counters + fields[i].offset);
}

static void
set_uint64 (GstStructure *structure, const gchar *field, guint64 value)
{
  gst_structure_set (structure, field, G_TYPE_UINT64, value, NULL);
}

static void
write_times (GstStructure *stream, const Counters *counters, gboolean secure)
{
  static const gchar *const round_trips[ZRTP_N_ROUND_TRIPS] = {
    [ZRTP_ROUND_TRIP_COMMIT] = "round-trip-commit",
    [ZRTP_ROUND_TRIP_DHPART2] = "round-trip-dhpart2",
    [ZRTP_ROUND_TRIP_CONFIRM2] = "round-trip-confirm2",
  };
  const ZrtpStreamStats *zrtp = &counters->zrtp;
  guint i;

  if (zrtp->started_at != 0)
    set_uint64 (stream, "started-at", zrtp->started_at);
  if (zrtp->commit_at != 0)
    set_uint64 (stream, "commit-at", zrtp->commit_at);
  if (zrtp->secure_at != 0) {
    set_uint64 (stream, "secure-at", zrtp->secure_at);
    set_uint64 (stream, "time-to-secure", zrtp->secure_at - zrtp->started_at);
    if (secure && counters->now >= zrtp->secure_at)
      set_uint64 (stream, "time-secure", counters->now - zrtp->secure_at);
  }
  for (i = 0; i < ZRTP_N_ROUND_TRIPS; i++) {
    if (zrtp->round_trip[i] != 0)
      set_uint64 (stream, round_trips[i], zrtp->round_trip[i]);
  }
}

static void
write_choice (GstStructure *stream, const ZrtpStreamStats *zrtp)
{
  gst_zrtp_structure_set_name (stream, "hash", zrtp->choice.hash);
  gst_zrtp_structure_set_name (stream, "cipher", zrtp->choice.cipher);
  gst_zrtp_structure_set_name (stream, "auth-tag", zrtp->choice.auth_tag);
  gst_zrtp_structure_set_name (stream, "key-agreement", zrtp->choice.key_agreement);
  gst_zrtp_structure_set_name (stream, "sas-type", zrtp->choice.sas);
  gst_structure_set (stream, "role", G_TYPE_STRING, gst_zrtp_role_to_string (zrtp->role), NULL);
}

static void
write_direction (GstStructure *stream, const gchar *direction, const GstZrtpMediaStanding *media)
{
  static const gchar *const gates[] = {
    [GST_ZRTP_GATE_PASS] = "clear",
    [GST_ZRTP_GATE_HOLD] = "held",
    [GST_ZRTP_GATE_SRTP] = "encrypted",
  };
  const ZrtpSrtpStanding *srtp = &media->standing;
  /* The field "roc" of the direction "send" is "send-roc". */
#define SET(field, type, value)                                     \
  G_STMT_START {                                                    \
    gchar *name = g_strconcat (direction, "-", field, NULL);        \
                                                                    \
    gst_structure_set (stream, name, type, value, NULL);            \
    g_free (name);                                                  \
  } G_STMT_END

  SET ("media", G_TYPE_STRING, gates[media->gate]);
  SET ("keys", G_TYPE_UINT, media->keys);
  if (!media->have_standing)
    return;
  SET ("packets-left", G_TYPE_UINT64, srtp->rtp_left);
  SET ("rtcp-packets-left", G_TYPE_UINT64, srtp->rtcp_left);
  SET ("ssrcs", G_TYPE_UINT, srtp->n_ssrcs);
  if (!srtp->have_rtp)
    return;
  SET ("ssrc", G_TYPE_UINT, srtp->ssrc);
  SET ("roc", G_TYPE_UINT, srtp->roc);
  SET ("sequence", G_TYPE_UINT, srtp->sequence);
#undef SET
}

static GstStructure *
make_stream (GstZrtpSession *self, GstZrtpMedia *media, const Counters *counters)
{
  GstZrtpState state = gst_zrtp_media_get_state (media);
  gboolean secure = state == GST_ZRTP_STATE_SECURE;
  GstStructure *stream = gst_structure_new ("application/x-zrtp-stream-stats", "stream", G_TYPE_INT,
      (gint) media->stream, "state", G_TYPE_STRING, gst_zrtp_state_to_string (state), "security", G_TYPE_STRING,
      gst_zrtp_security_to_string (gst_zrtp_session_get_security (self, media->stream)), NULL);

  write_counters (stream, counters);
  write_times (stream, counters, secure);
  if (secure)
    write_choice (stream, &counters->zrtp);
  write_direction (stream, "send", &counters->send);
  write_direction (stream, "receive", &counters->receive);
  return stream;
}

/**
 * gst_zrtp_session_get_stats:
 * @session: a #GstZrtpSession
 *
 * What the current run has counted and measured, or the last one, and where it stands. There are no secrets in it. May wait
 * for an ongoing public-key operation. Any thread but a streaming thread that must not wait.
 *
 * The structure has `session-id` (string), `peer-client` (string, while the call has an authentication string: what the peer
 * says it is), the sums of all counters, and `streams`, a #GST_TYPE_ARRAY with a structure `application/x-zrtp-stream-stats`
 * for each media stream. Bindings that cannot read such an array take it by gst_structure_get_array(), and keep the array for
 * as long as they read what is in it.
 *
 * Counters are guint64, of the structure itself over all streams, and of each stream:
 *
 * - `zrtp-sent`, `zrtp-received`: ZRTP packets, `zrtp-sent-bytes`, `zrtp-received-bytes`; `zrtp-resent` of them are
 *   retransmissions
 * - `zrtp-dropped-crc`, `-malformed`, `-chain` (of a hash chain that is not the peer's), `-state` (out of turn, or a repeat),
 *   `-mac`, `-hello-hash` (not what signalling announced), `-overflow` (too many at once): received and not used, by reason
 * - `zrtp-changed-repeats`: repeats of a message with other contents
 * - `public-key-operations`, `exchanges` (key agreements begun), `failures` (ended without keys)
 * - `sent-clear`, `sent-encrypted`, `received-clear`, `received-decrypted`: RTP and RTCP packets that passed, and the same
 *   with `-bytes`: octets of whole packets as they are on the wire, without UDP and IP
 * - `send-held`, `receive-held`: kept back, as clear media may not pass
 * - `send-malformed`, `send-replayed` (a sequence number twice under one key), `send-failed`, `receive-forged` (not
 *   authentic), `receive-replayed`, `receive-malformed`, `receive-foreign` (neither RTP, RTCP nor ZRTP),
 *   `receive-late` (encrypted with keys that are gone, as the call has gone clear), `receive-failed`: dropped
 *
 * Each stream has `stream` (int), `state` and `security` (strings, as in messages) and, as far as there is something to tell:
 *
 * - `started-at`, `commit-at` (the last key agreement began), `secure-at` (it was done): guint64, nanoseconds of the session's
 *   clock; `time-to-secure` from the first to the last of them, `time-secure` since then
 * - `round-trip-commit`, `round-trip-dhpart2`, `round-trip-confirm2`: guint64, nanoseconds from that message of ours to the
 *   peer's answer, its computing included; only the initiator has them, and only of messages that were sent once
 * - `hash`, `cipher`, `auth-tag`, `key-agreement`, `sas-type`, `role` (initiator, responder): strings, while secure
 * - for each direction, `send-` and `receive-`: `media` (string: clear, held, encrypted: what media may pass now), `keys`
 *   (guint: SRTP keys that there have been in this run); while there is a key, `packets-left` and `rtcp-packets-left`
 *   (guint64: packets until it has done all that it may), `ssrcs` (guint: sources that it has met); and of the source of the
 *   last RTP packet `ssrc`, `roc` (rollover counter) and `sequence` (the highest), guint
 *
 * Returns: (transfer full): a structure `application/x-zrtp-stats`
 *
 * Since: 0.1
 */
GstStructure *
gst_zrtp_session_get_stats (GstZrtpSession *session)
{
  GstStructure *stats;
  GValue streams = G_VALUE_INIT;
  Counters sum;
  guint i;

  g_return_val_if_fail (GST_IS_ZRTP_SESSION (session), NULL);

  memset (&sum, 0, sizeof sum);
  stats = gst_structure_new ("application/x-zrtp-stats", "session-id", G_TYPE_STRING, session->id, NULL);
  GST_OBJECT_LOCK (session);
  if (session->have_sas)
    gst_structure_set (stats, "peer-client", G_TYPE_STRING, session->sas.peer_client, NULL);
  GST_OBJECT_UNLOCK (session);
  g_value_init (&streams, GST_TYPE_ARRAY);
  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    GstZrtpMedia *media = gst_zrtp_session_peek_media (session, i);
    GValue value = G_VALUE_INIT;
    Counters counters;

    if (media == NULL)
      continue;
    collect (session, media, &counters);
    add_up (&sum, &counters);
    g_value_init (&value, GST_TYPE_STRUCTURE);
    g_value_take_boxed (&value, make_stream (session, media, &counters));
    gst_value_array_append_and_take_value (&streams, &value);
  }
  write_counters (stats, &sum);
  gst_structure_take_value (stats, "streams", &streams);
  return stats;
}
