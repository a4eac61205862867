/* stats.c: the counters of a session as a structure.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

#include <string.h>

typedef struct
{
  ZrtpStreamStats zrtp;
  GstZrtpMediaCounters send, receive;
  guint64 overflow;
} Counters;

/* Every counter once: its field's name and where it is. */
static const struct
{
  const gchar *field;
  gsize offset;
} fields[] = {
#define FIELD(name, member) { name, G_STRUCT_OFFSET (Counters, member) }
  FIELD ("zrtp-sent", zrtp.sent),
  FIELD ("zrtp-resent", zrtp.resent),
  FIELD ("zrtp-received", zrtp.received),
  FIELD ("zrtp-dropped-crc", zrtp.dropped_crc),
  FIELD ("zrtp-dropped-malformed", zrtp.dropped_malformed),
  FIELD ("zrtp-dropped-chain", zrtp.dropped_chain),
  FIELD ("zrtp-dropped-state", zrtp.dropped_state),
  FIELD ("zrtp-dropped-mac", zrtp.dropped_mac),
  FIELD ("zrtp-dropped-overflow", overflow),
  FIELD ("zrtp-changed-repeats", zrtp.changed_repeats),
  FIELD ("public-key-operations", zrtp.public_key_operations),
  FIELD ("exchanges", zrtp.exchanges),
  FIELD ("failures", zrtp.failures),
  FIELD ("sent-clear", send.clear),
  FIELD ("sent-encrypted", send.secured),
  FIELD ("send-held", send.held),
  FIELD ("send-malformed", send.malformed),
  FIELD ("send-replayed", send.replayed),
  FIELD ("send-failed", send.failed),
  FIELD ("received-clear", receive.clear),
  FIELD ("received-decrypted", receive.secured),
  FIELD ("receive-held", receive.held),
  FIELD ("receive-forged", receive.forged),
  FIELD ("receive-replayed", receive.replayed),
  FIELD ("receive-malformed", receive.malformed),
  FIELD ("receive-foreign", receive.foreign),
  FIELD ("receive-failed", receive.failed),
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
  g_rec_mutex_unlock (&self->engine_lock);
  gst_zrtp_media_get_counters (media, &counters->send, &counters->receive);
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

/**
 * gst_zrtp_session_get_stats:
 * @session: a #GstZrtpSession
 *
 * Counters of the current run, or of the last one: packets and, in `streams`, the same for each media stream with its
 * `stream` number, `state`, `security` and, once it was secure, `time-to-secure` in nanoseconds. May wait for an ongoing
 * public-key operation. Any thread but a streaming thread that must not wait.
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
  g_value_init (&streams, GST_TYPE_ARRAY);
  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    GstZrtpMedia *media = gst_zrtp_session_peek_media (session, i);
    GstStructure *stream;
    GValue value = G_VALUE_INIT;
    Counters counters;

    if (media == NULL)
      continue;
    collect (session, media, &counters);
    add_up (&sum, &counters);
    stream = gst_structure_new ("application/x-zrtp-stream-stats", "stream", G_TYPE_INT, (gint) i, "state",
        G_TYPE_STRING, gst_zrtp_state_to_string (gst_zrtp_session_get_state (session, i)), "security", G_TYPE_STRING,
        gst_zrtp_security_to_string (gst_zrtp_session_get_security (session, i)), NULL);
    write_counters (stream, &counters);
    if (counters.zrtp.secure_at != 0)
      gst_structure_set (stream, "time-to-secure", G_TYPE_UINT64,
          counters.zrtp.secure_at - counters.zrtp.started_at, NULL);
    g_value_init (&value, GST_TYPE_STRUCTURE);
    g_value_take_boxed (&value, stream);
    gst_value_array_append_and_take_value (&streams, &value);
  }
  write_counters (stats, &sum);
  gst_structure_take_value (stats, "streams", &streams);
  return stats;
}
