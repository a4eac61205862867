/* encssrc.c: the SSRC that a stream of zrtpenc sends ZRTP under: that of its media.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/elements/encstream.h"

GST_DEBUG_CATEGORY_EXTERN (gst_zrtp_enc_debug);
#define GST_CAT_DEFAULT gst_zrtp_enc_debug

static void
note_ssrc (GstZrtpEncStream *stream, guint32 ssrc)
{
  g_mutex_lock (&stream->lock);
  if (!stream->have_ssrc) {
    stream->ssrc = ssrc;
    stream->have_ssrc = TRUE;
    GST_DEBUG_OBJECT (stream->element, "stream %u sends as SSRC %08x", stream->id, ssrc);
  }
  g_mutex_unlock (&stream->lock);
}

/* Caps tell when the sender has moved to another SSRC, after a collision for example (RFC 3550 section 8.2). Where several sources
 * come by one pad they may tell of each in turn; one that was left before is not gone back to. */
void
gst_zrtp_enc_stream_note_ssrc_of_caps (GstZrtpEncStream *stream, guint32 ssrc)
{
  gboolean changed = FALSE;
  GstZrtpSession *session;

  g_mutex_lock (&stream->lock);
  if (!stream->have_ssrc)
    stream->former_ssrc = ssrc;
  else if (ssrc != stream->ssrc && ssrc != stream->former_ssrc) {
    stream->former_ssrc = stream->ssrc;
    stream->ssrc = ssrc;
    changed = g_atomic_int_get (&stream->started);
  }
  g_mutex_unlock (&stream->lock);
  note_ssrc (stream, ssrc);

  if (changed) {
    GST_DEBUG_OBJECT (stream->element, "stream %u goes on as SSRC %08x", stream->id, ssrc);
    session = gst_zrtp_endpoint_get_session (stream->endpoint);
    gst_zrtp_session_change_ssrc (session, stream->id, ssrc);
    gst_object_unref (session);
  }
}

void
gst_zrtp_enc_stream_note_ssrc_of_buffer (GstZrtpEncStream *stream, GstBuffer *buffer)
{
  guint8 version = 0;
  guint32 ssrc;

  gst_buffer_extract (buffer, 0, &version, 1);
  if ((version & 0xc0) == 0x80 && gst_buffer_extract (buffer, 8, &ssrc, sizeof ssrc) == sizeof ssrc)
    note_ssrc (stream, GUINT32_FROM_BE (ssrc));
  gst_zrtp_enc_stream_maybe_start (stream);
}

/* As rtpsession does it; payloaders choose another SSRC then (RFC 3550 section 8.2). */
void
gst_zrtp_enc_stream_tell_collision (GstZrtpEncStream *stream)
{
  GstPad *sink;
  guint32 ssrc;

  g_mutex_lock (&stream->lock);
  sink = stream->rtp_sink ? gst_object_ref (stream->rtp_sink) : NULL;
  ssrc = stream->ssrc;
  g_mutex_unlock (&stream->lock);
  if (sink == NULL)
    return;
  GST_INFO_OBJECT (stream->element, "stream %u: somebody else sends as SSRC %08x", stream->id, ssrc);
  gst_pad_push_event (sink, gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM,
      gst_structure_new ("GstRTPCollision", "ssrc", G_TYPE_UINT, ssrc, NULL)));
  gst_object_unref (sink);
}
