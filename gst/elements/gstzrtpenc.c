/* gstzrtpenc.c: the element that sends: media that the policy allows, encrypted, and the session's ZRTP packets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-zrtpenc
 * @title: zrtpenc
 * @see_also: zrtpdec, srtpenc
 *
 * Encrypts the RTP and RTCP that a pipeline sends with keys that it agrees on with the peer by ZRTP (RFC 6189), in the media
 * path itself: no certificates, no signalling server to trust. Together with a #zrtpdec on the way in it is one endpoint
 * of a call; the two find each other when they are in one pipeline, or by the `session-id` or `session` property.
 *
 * Pads are those of #srtpenc: request rtp_sink_N and rtp_src_N appears; likewise for RTCP. N is the number of the media
 * stream, 0 to 15. Give the rtp_sink and rtcp_sink of one stream the same number. A call that only receives still has to
 * send ZRTP: request rtp_src_N alone for that. Elements send ZRTP on rtp_src_N between the media, and therefore the caps
 * stay application/x-rtp: it is RTP, ZRTP and, later, SRTP on one socket.
 *
 * What happens is told by element messages on the bus: zrtp-state, zrtp-sas, zrtp-warning and zrtp-error. Show the `sas`
 * of zrtp-sas to the user, and call sas-match or sas-differs with the answer.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m audiotestsrc is-live=true ! opusenc ! rtpopuspay ! zrtpenc ! udpsink host=127.0.0.1 port=5002 async=false udpsrc port=5000 caps="application/x-rtp,media=audio,clock-rate=48000,encoding-name=OPUS" ! zrtpdec ! rtpopusdepay ! opusdec ! fakesink
 * gst-launch-1.0 -m audiotestsrc is-live=true ! opusenc ! rtpopuspay ! zrtpenc ! udpsink host=127.0.0.1 port=5000 async=false udpsrc port=5002 caps="application/x-rtp,media=audio,clock-rate=48000,encoding-name=OPUS" ! zrtpdec ! rtpopusdepay ! opusdec ! fakesink
 * ]| Both ends of a call, each in its own terminal: they go secure and print the same `sas`.
 *
 * Since: 0.1
 */
#include "gst/elements/gstzrtpenc.h"
#include "gst/protocol/association.h"

#include <stdio.h>
#include <string.h>

GST_DEBUG_CATEGORY_STATIC (gst_zrtp_enc_debug);
#define GST_CAT_DEFAULT gst_zrtp_enc_debug

/* Packets that wait for the transport. The engine sends again what is lost, so only the newest are of use. */
#define MAX_WAITING 4

typedef enum
{
  TRANSPORT_UNKNOWN,
  TRANSPORT_UP,
  TRANSPORT_DOWN
} Transport;

/* One media stream. Made when its first pad is requested, freed with the element. */
typedef struct
{
  GstZrtpEnc *enc;
  guint id;
  GstZrtpMedia *media;          /* while the element is above READY */

  GMutex lock;                  /* for the rest */
  GstPad *rtp_sink, *rtp_src, *rtcp_sink, *rtcp_src;    /* owned by the element */
  gboolean src_requested;       /* rtp_src was asked for by itself */
  gboolean have_ssrc;
  guint32 ssrc;
  gboolean attached;
  GQueue waiting;               /* GstBuffer: ZRTP packets */

  gint n_waiting;               /* atomic: length of waiting */
  gint started;                 /* atomic: the session was told to start */
  gint transport;               /* atomic: Transport */
} Stream;

struct _GstZrtpEnc
{
  GstElement parent;

  GstZrtpEndpoint endpoint;
  GMutex lock;                  /* for making streams, and for what follows */
  Stream *streams[ZRTP_MAX_STREAMS];    /* read atomically */
  gboolean running;             /* above READY */
  gint playing;                 /* atomic */
};

static GstStaticPadTemplate rtp_sink_template = GST_STATIC_PAD_TEMPLATE ("rtp_sink_%u", GST_PAD_SINK,
    GST_PAD_REQUEST, GST_STATIC_CAPS ("application/x-rtp"));
/* application/x-srtp is there for those who insist on it, as a part of rtpbin does; see SECTION for why it is not used. */
static GstStaticPadTemplate rtp_src_template = GST_STATIC_PAD_TEMPLATE ("rtp_src_%u", GST_PAD_SRC, GST_PAD_REQUEST,
    GST_STATIC_CAPS ("application/x-rtp; application/x-srtp"));
static GstStaticPadTemplate rtcp_sink_template = GST_STATIC_PAD_TEMPLATE ("rtcp_sink_%u", GST_PAD_SINK,
    GST_PAD_REQUEST, GST_STATIC_CAPS ("application/x-rtcp"));
static GstStaticPadTemplate rtcp_src_template = GST_STATIC_PAD_TEMPLATE ("rtcp_src_%u", GST_PAD_SRC,
    GST_PAD_SOMETIMES, GST_STATIC_CAPS ("application/x-rtcp; application/x-srtcp"));

G_DEFINE_TYPE_WITH_CODE (GstZrtpEnc, gst_zrtp_enc, GST_TYPE_ELEMENT,
    GST_DEBUG_CATEGORY_INIT (gst_zrtp_enc_debug, "zrtpenc", 0, "ZRTP encoder"))
GST_ELEMENT_REGISTER_DEFINE (zrtpenc, "zrtpenc", GST_RANK_NONE, GST_TYPE_ZRTP_ENC);

static Stream *
peek_stream (GstZrtpEnc *self, guint id)
{
  return g_atomic_pointer_get (&self->streams[id]);
}

/* Sending ZRTP. Whoever pushes on rtp_src holds that pad's stream lock, and after letting go of it looks at the queue
 * again. So a packet that finds the lock taken is sent by the one who has it, and nobody waits. */

/* An endpoint that only receives has nobody upstream to say what flows. The stream lock is held. */
static void
ensure_own_events (Stream *stream, GstPad *src)
{
  GstEvent *event = gst_pad_get_sticky_event (src, GST_EVENT_SEGMENT, 0);
  GstSegment segment;
  GstCaps *caps;
  gchar *uuid, *id;

  if (event != NULL) {
    gst_event_unref (event);
    return;
  }
  /* gst_pad_create_stream_id is for elements with one sink pad. */
  uuid = g_uuid_string_random ();
  id = g_strconcat (uuid, "/", GST_PAD_NAME (src), NULL);
  gst_pad_push_event (src, gst_event_new_stream_start (id));
  g_free (uuid);
  g_free (id);
  caps = gst_caps_new_simple ("application/x-rtp", "ssrc", G_TYPE_UINT, stream->ssrc, NULL);
  gst_pad_push_event (src, gst_event_new_caps (caps));
  gst_caps_unref (caps);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (src, gst_event_new_segment (&segment));
}

/* Whether a packet would get past the pad. */
static gboolean
can_send (Stream *stream, GstPad *src, gboolean alone)
{
  GstEvent *event;

  if (!g_atomic_int_get (&stream->enc->playing) || !gst_pad_is_linked (src) || gst_pad_is_blocked (src))
    return FALSE;
  if (alone)
    return TRUE;
  event = gst_pad_get_sticky_event (src, GST_EVENT_SEGMENT, 0);
  if (event == NULL)
    return FALSE;
  gst_event_unref (event);
  return TRUE;
}

/* The first packet that gets through, or is refused, decides when discovery begins. */
static void
note_transport (Stream *stream, gboolean up)
{
  Transport now = up ? TRANSPORT_UP : TRANSPORT_DOWN;
  GstZrtpSession *session;

  if (g_atomic_int_get (&stream->transport) == TRANSPORT_UP)
    return;
  g_atomic_int_set (&stream->transport, now);
  session = gst_zrtp_endpoint_get_session (&stream->enc->endpoint);
  if (session != NULL) {
    gst_zrtp_session_transport (session, stream->id, up);
    gst_object_unref (session);
  }
}

static GstBuffer *
take_waiting (Stream *stream)
{
  GstBuffer *packet;

  g_mutex_lock (&stream->lock);
  packet = g_queue_pop_head (&stream->waiting);
  g_atomic_int_set (&stream->n_waiting, stream->waiting.length);
  g_mutex_unlock (&stream->lock);
  return packet;
}

/* The stream lock of src is held. */
static void
send_waiting_locked (Stream *stream, GstPad *src, gboolean alone)
{
  GstBuffer *packet;

  while (g_atomic_int_get (&stream->n_waiting) > 0 && can_send (stream, src, alone)
      && (packet = take_waiting (stream)) != NULL) {
    GstFlowReturn ret;

    if (alone)
      ensure_own_events (stream, src);
    ret = gst_pad_push (src, packet);
    GST_LOG_OBJECT (src, "ZRTP packet: %s", gst_flow_get_name (ret));
    note_transport (stream, ret == GST_FLOW_OK);
  }
}

/* Transfer full. */
static GstPad *
get_rtp_src (Stream *stream, gboolean *alone)
{
  GstPad *src;

  g_mutex_lock (&stream->lock);
  src = stream->rtp_src ? gst_object_ref (stream->rtp_src) : NULL;
  *alone = stream->rtp_sink == NULL;
  g_mutex_unlock (&stream->lock);
  return src;
}

static void
send_waiting (Stream *stream)
{
  gboolean alone;
  GstPad *src = get_rtp_src (stream, &alone);

  if (src == NULL)
    return;
  while (g_atomic_int_get (&stream->n_waiting) > 0 && can_send (stream, src, alone)
      && g_rec_mutex_trylock (GST_PAD_GET_STREAM_LOCK (src))) {
    send_waiting_locked (stream, src, alone);
    GST_PAD_STREAM_UNLOCK (src);
  }
  gst_object_unref (src);
}

/* From a worker of the session. */
static void
send_packet (GstElement *element, guint id, GstBuffer *packet)
{
  Stream *stream = peek_stream (GST_ZRTP_ENC (element), id);

  g_mutex_lock (&stream->lock);
  if (stream->waiting.length == MAX_WAITING)
    gst_buffer_unref (g_queue_pop_head (&stream->waiting));
  g_queue_push_tail (&stream->waiting, packet);
  g_atomic_int_set (&stream->n_waiting, stream->waiting.length);
  g_mutex_unlock (&stream->lock);
  send_waiting (stream);
}

/* Starts the protocol as soon as its first packet can go out: playing, linked, and under the SSRC of the media. */
static void
maybe_start (Stream *stream)
{
  GstZrtpSession *session;
  gboolean alone, start = FALSE;
  guint32 ssrc = 0;
  GstPad *src;

  if (g_atomic_int_get (&stream->started) || !g_atomic_int_get (&stream->enc->playing))
    return;
  src = get_rtp_src (stream, &alone);
  if (src == NULL)
    return;
  if (gst_pad_is_linked (src)) {
    g_mutex_lock (&stream->lock);
    if (alone && !stream->have_ssrc) {
      stream->ssrc = g_random_int ();
      stream->have_ssrc = TRUE;
    }
    start = stream->attached && stream->have_ssrc;
    ssrc = stream->ssrc;
    g_mutex_unlock (&stream->lock);
  }
  gst_object_unref (src);

  if (start && g_atomic_int_compare_and_exchange (&stream->started, FALSE, TRUE)) {
    session = gst_zrtp_endpoint_get_session (&stream->enc->endpoint);
    gst_zrtp_session_start_stream (session, stream->id, ssrc);
    gst_object_unref (session);
  }
}

static void
rtp_src_linked (GstPad *pad, GstPad *peer, gpointer data)
{
  maybe_start (data);
}

/* Media */

static void
note_ssrc (Stream *stream, guint32 ssrc)
{
  g_mutex_lock (&stream->lock);
  if (!stream->have_ssrc) {
    stream->ssrc = ssrc;
    stream->have_ssrc = TRUE;
    GST_DEBUG_OBJECT (stream->enc, "stream %u sends as SSRC %08x", stream->id, ssrc);
  }
  g_mutex_unlock (&stream->lock);
}

static void
note_ssrc_of_buffer (Stream *stream, GstBuffer *buffer)
{
  guint8 version = 0;
  guint32 ssrc;

  gst_buffer_extract (buffer, 0, &version, 1);
  if ((version & 0xc0) == 0x80 && gst_buffer_extract (buffer, 8, &ssrc, sizeof ssrc) == sizeof ssrc)
    note_ssrc (stream, GUINT32_FROM_BE (ssrc));
  maybe_start (stream);
}

/* What is held back leaves a gap: sinks still preroll and keep time, and a source that is not live is not drained. */
static void
push_gap (GstPad *src, GstClockTime pts, GstClockTime duration)
{
  if (GST_CLOCK_TIME_IS_VALID (pts))
    gst_pad_push_event (src, gst_event_new_gap (pts, duration));
}

/* The policy is asked with the stream lock held: a clear packet that may still go is on its way before the Commit that closes
 * the gate (Z-4-5, Z-4-7). */
static void
begin_push (Stream *stream, GstPad *src)
{
  GST_PAD_STREAM_LOCK (src);
  if (G_UNLIKELY (g_atomic_int_get (&stream->n_waiting) > 0))
    send_waiting_locked (stream, src, FALSE);
}

static GstFlowReturn
end_push (Stream *stream, GstPad *src, gboolean pushed, GstFlowReturn ret)
{
  if (G_UNLIKELY (g_atomic_int_get (&stream->n_waiting) > 0))
    send_waiting_locked (stream, src, FALSE);
  GST_PAD_STREAM_UNLOCK (src);

  if (G_UNLIKELY (g_atomic_int_get (&stream->n_waiting) > 0))
    send_waiting (stream);
  if (G_UNLIKELY (g_atomic_int_get (&stream->transport) == TRANSPORT_DOWN) && pushed && ret == GST_FLOW_OK)
    note_transport (stream, TRUE);
  return ret;
}

static GstFlowReturn
rtp_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  Stream *stream = gst_pad_get_element_private (pad);
  GstPad *src = stream->rtp_src;
  GstClockTime pts = GST_BUFFER_PTS (buffer), duration = GST_BUFFER_DURATION (buffer);
  GstFlowReturn ret = GST_FLOW_OK;

  if (G_UNLIKELY (!g_atomic_int_get (&stream->started)))
    note_ssrc_of_buffer (stream, buffer);
  begin_push (stream, src);
  buffer = gst_zrtp_media_protect (stream->media, buffer, FALSE);
  if (G_LIKELY (buffer != NULL))
    ret = gst_pad_push (src, buffer);
  else
    push_gap (src, pts, duration);
  return end_push (stream, src, buffer != NULL, ret);
}

static GstFlowReturn
rtp_chain_list (GstPad *pad, GstObject *parent, GstBufferList *list)
{
  Stream *stream = gst_pad_get_element_private (pad);
  GstPad *src = stream->rtp_src;
  GstClockTime pts = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
  GstFlowReturn ret = GST_FLOW_OK;

  if (gst_buffer_list_length (list) > 0) {
    GstBuffer *first = gst_buffer_list_get (list, 0);

    pts = GST_BUFFER_PTS (first);
    duration = GST_BUFFER_DURATION (first);
    if (G_UNLIKELY (!g_atomic_int_get (&stream->started)))
      note_ssrc_of_buffer (stream, first);
  }
  begin_push (stream, src);
  list = gst_zrtp_media_protect_list (stream->media, list, FALSE);
  if (G_LIKELY (list != NULL))
    ret = gst_pad_push_list (src, list);
  else
    push_gap (src, pts, duration);
  return end_push (stream, src, list != NULL, ret);
}

static GstFlowReturn
rtcp_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  Stream *stream = gst_pad_get_element_private (pad);

  buffer = gst_zrtp_media_protect (stream->media, buffer, TRUE);
  return buffer ? gst_pad_push (stream->rtcp_src, buffer) : GST_FLOW_OK;
}

static GstFlowReturn
rtcp_chain_list (GstPad *pad, GstObject *parent, GstBufferList *list)
{
  Stream *stream = gst_pad_get_element_private (pad);

  list = gst_zrtp_media_protect_list (stream->media, list, TRUE);
  return list ? gst_pad_push_list (stream->rtcp_src, list) : GST_FLOW_OK;
}

static gboolean
rtp_sink_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  Stream *stream = gst_pad_get_element_private (pad);
  GstPad *src = stream->rtp_src;
  gboolean serialized = GST_EVENT_IS_SERIALIZED (event);
  gboolean ret;

  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
    GstCaps *caps;
    guint ssrc;

    gst_event_parse_caps (event, &caps);
    if (gst_structure_get_uint (gst_caps_get_structure (caps, 0), "ssrc", &ssrc))
      note_ssrc (stream, ssrc);
  }

  if (serialized)
    GST_PAD_STREAM_LOCK (src);
  ret = gst_pad_event_default (pad, parent, event);
  if (serialized) {
    GST_PAD_STREAM_UNLOCK (src);
    maybe_start (stream);
    if (g_atomic_int_get (&stream->n_waiting) > 0)
      send_waiting (stream);
  }
  return ret;
}

static gboolean
rtp_src_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  Stream *stream = gst_pad_get_element_private (pad);

  /* ZRTP alone is live. */
  if (GST_QUERY_TYPE (query) == GST_QUERY_LATENCY && stream->rtp_sink == NULL) {
    gst_query_set_latency (query, TRUE, 0, GST_CLOCK_TIME_NONE);
    return TRUE;
  }
  return gst_pad_query_default (pad, parent, query);
}

static GstIterator *
iterate_internal_links (GstPad *pad, GstObject *parent)
{
  Stream *stream = gst_pad_get_element_private (pad);
  GstPad *other = NULL;
  GValue value = G_VALUE_INIT;
  GstIterator *iterator;

  g_mutex_lock (&stream->lock);
  if (pad == stream->rtp_sink)
    other = stream->rtp_src;
  else if (pad == stream->rtp_src)
    other = stream->rtp_sink;
  else if (pad == stream->rtcp_sink)
    other = stream->rtcp_src;
  else if (pad == stream->rtcp_src)
    other = stream->rtcp_sink;
  g_value_init (&value, GST_TYPE_PAD);
  g_value_set_object (&value, other);
  g_mutex_unlock (&stream->lock);

  iterator = other ? gst_iterator_new_single (GST_TYPE_PAD, &value) : NULL;
  g_value_unset (&value);
  return iterator;
}

/* Pads and streams */

/* Joins the session as the sender of a stream, or says who already is it. */
static gboolean
attach_stream (Stream *stream)
{
  GstZrtpEnc *self = stream->enc;
  GstZrtpSession *session = gst_zrtp_endpoint_get_session (&self->endpoint);
  gchar *other = NULL;

  if (stream->rtp_src == NULL)
    stream->media = gst_zrtp_session_get_media (session, stream->id);
  else if (!stream->attached) {
    stream->media
        = gst_zrtp_session_attach_sender (session, stream->id, GST_ELEMENT (self), send_packet, &other);
    if (stream->media == NULL) {
      GST_ELEMENT_ERROR (self, RESOURCE, BUSY,
          ("%s and %s both send stream %u of session %s.", other, GST_OBJECT_NAME (self), stream->id,
              gst_zrtp_session_get_id (session)),
          ("Give one of them other pads (rtp_sink_N with another N) if this is another medium of the same call, or set "
           "its session-id, and that of its zrtpdec, if it is another call."));
      g_free (other);
      gst_object_unref (session);
      return FALSE;
    }
    stream->attached = TRUE;
  }
  gst_object_unref (session);
  return TRUE;
}

static void
clear_waiting (Stream *stream)
{
  g_mutex_lock (&stream->lock);
  g_queue_clear_full (&stream->waiting, (GDestroyNotify) gst_buffer_unref);
  g_atomic_int_set (&stream->n_waiting, 0);
  g_mutex_unlock (&stream->lock);
}

static void
detach_stream (Stream *stream, gboolean for_good)
{
  GstZrtpSession *session = gst_zrtp_endpoint_get_session (&stream->enc->endpoint);

  if (stream->attached) {
    gst_zrtp_session_detach_sender (session, stream->id, GST_ELEMENT (stream->enc));
    if (for_good)
      gst_zrtp_session_remove_stream (session, stream->id);
    stream->attached = FALSE;
  }
  g_atomic_int_set (&stream->started, FALSE);
  g_atomic_int_set (&stream->transport, TRANSPORT_UNKNOWN);
  clear_waiting (stream);
  g_mutex_lock (&stream->lock);
  stream->have_ssrc = FALSE;
  g_mutex_unlock (&stream->lock);
  gst_object_unref (session);
}

/* The element's lock is held. */
static Stream *
ensure_stream (GstZrtpEnc *self, guint id)
{
  Stream *stream = peek_stream (self, id);

  if (stream == NULL) {
    stream = g_new0 (Stream, 1);
    stream->enc = self;
    stream->id = id;
    g_mutex_init (&stream->lock);
    g_queue_init (&stream->waiting);
    g_atomic_pointer_set (&self->streams[id], stream);
  }
  return stream;
}

static GstPad *
make_pad (Stream *stream, GstStaticPadTemplate *template)
{
  /* "rtp_src_" of "rtp_src_%u". */
  gint prefix = strcspn (template->name_template, "%");
  gchar *name = g_strdup_printf ("%.*s%u", prefix, template->name_template, stream->id);
  GstPad *pad = gst_pad_new_from_static_template (template, name);

  g_free (name);
  gst_pad_set_element_private (pad, stream);
  gst_pad_set_iterate_internal_links_function (pad, iterate_internal_links);
  GST_PAD_SET_PROXY_CAPS (pad);
  return pad;
}

static GstPad *
make_rtp_src (Stream *stream)
{
  GstPad *pad = make_pad (stream, &rtp_src_template);

  gst_pad_set_query_function (pad, rtp_src_query);
  g_signal_connect (pad, "linked", G_CALLBACK (rtp_src_linked), stream);
  return pad;
}

static GstPad *
make_rtp_sink (Stream *stream)
{
  GstPad *pad = make_pad (stream, &rtp_sink_template);

  gst_pad_set_chain_function (pad, rtp_chain);
  gst_pad_set_chain_list_function (pad, rtp_chain_list);
  gst_pad_set_event_function (pad, rtp_sink_event);
  return pad;
}

static GstPad *
make_rtcp_sink (Stream *stream)
{
  GstPad *pad = make_pad (stream, &rtcp_sink_template);

  gst_pad_set_chain_function (pad, rtcp_chain);
  gst_pad_set_chain_list_function (pad, rtcp_chain_list);
  return pad;
}

typedef enum
{
  RTP_SINK,
  RTP_SRC,
  RTCP_SINK
} PadKind;

static GstPad **
pad_place (Stream *stream, PadKind kind)
{
  return kind == RTP_SINK ? &stream->rtp_sink : kind == RTP_SRC ? &stream->rtp_src : &stream->rtcp_sink;
}

/* The stream that a name asks for; without a number the first one that does not have such a pad. */
static gboolean
choose_stream (GstZrtpEnc *self, const gchar *name, PadKind kind, guint *id)
{
  if (name != NULL && sscanf (name, "%*[^0-9]%u", id) == 1)
    return *id < ZRTP_MAX_STREAMS;
  for (*id = 0; *id < ZRTP_MAX_STREAMS; ++*id) {
    Stream *stream = peek_stream (self, *id);

    if (stream == NULL || *pad_place (stream, kind) == NULL)
      return TRUE;
  }
  return FALSE;
}

static void
add_pad (GstZrtpEnc *self, GstPad *pad, gboolean running)
{
  if (running)
    gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (GST_ELEMENT (self), pad);
}

static GstPad *
request_new_pad (GstElement *element, GstPadTemplate *templ, const gchar *name, const GstCaps *caps)
{
  GstZrtpEnc *self = GST_ZRTP_ENC (element);
  const gchar *template_name = GST_PAD_TEMPLATE_NAME_TEMPLATE (templ);
  GstPad *pad, *new_src = NULL;
  gboolean running;
  Stream *stream;
  PadKind kind;
  guint id;

  kind = g_str_has_prefix (template_name, "rtcp") ? RTCP_SINK
      : GST_PAD_TEMPLATE_DIRECTION (templ) == GST_PAD_SINK ? RTP_SINK
                                                           : RTP_SRC;
  g_mutex_lock (&self->lock);
  if (!choose_stream (self, name, kind, &id)) {
    g_mutex_unlock (&self->lock);
    GST_WARNING_OBJECT (self, "no pad %s: streams are numbered 0 to %d", name ? name : template_name,
        ZRTP_MAX_STREAMS - 1);
    return NULL;
  }
  stream = ensure_stream (self, id);
  pad = *pad_place (stream, kind);
  if (pad != NULL) {
    /* It came with its sink, or was asked for before. */
    if (kind == RTP_SRC)
      stream->src_requested = TRUE;
    g_mutex_unlock (&self->lock);
    return pad;
  }

  pad = kind == RTP_SINK ? make_rtp_sink (stream) : kind == RTP_SRC ? make_rtp_src (stream) : make_rtcp_sink (stream);
  if (kind == RTP_SINK && stream->rtp_src == NULL)
    new_src = make_rtp_src (stream);
  else if (kind == RTCP_SINK)
    new_src = make_pad (stream, &rtcp_src_template);
  g_mutex_lock (&stream->lock);
  *pad_place (stream, kind) = pad;
  if (kind == RTP_SINK && new_src != NULL)
    stream->rtp_src = new_src;
  else if (kind == RTP_SRC)
    stream->src_requested = TRUE;
  else if (kind == RTCP_SINK)
    stream->rtcp_src = new_src;
  g_mutex_unlock (&stream->lock);
  running = self->running;
  g_mutex_unlock (&self->lock);

  if (running && !attach_stream (stream)) {
    g_mutex_lock (&stream->lock);
    *pad_place (stream, kind) = NULL;
    if (new_src != NULL)
      stream->rtp_src = NULL;
    g_mutex_unlock (&stream->lock);
    gst_object_unref (gst_object_ref_sink (pad));
    if (new_src != NULL)
      gst_object_unref (gst_object_ref_sink (new_src));
    return NULL;
  }
  if (new_src != NULL)
    add_pad (self, new_src, running);
  add_pad (self, pad, running);
  maybe_start (stream);
  return pad;
}

static void
remove_pad (GstZrtpEnc *self, Stream *stream, GstPad **place)
{
  GstPad *pad;

  g_mutex_lock (&stream->lock);
  pad = g_steal_pointer (place);
  g_mutex_unlock (&stream->lock);
  if (pad != NULL)
    gst_element_remove_pad (GST_ELEMENT (self), pad);
}

static void
release_pad (GstElement *element, GstPad *pad)
{
  GstZrtpEnc *self = GST_ZRTP_ENC (element);
  Stream *stream = gst_pad_get_element_private (pad);

  /* Nobody is in a chain function after this. */
  gst_pad_set_active (pad, FALSE);
  if (pad == stream->rtcp_sink) {
    remove_pad (self, stream, &stream->rtcp_sink);
    remove_pad (self, stream, &stream->rtcp_src);
    return;
  }
  if (pad == stream->rtp_src) {
    stream->src_requested = FALSE;
    if (stream->rtp_sink != NULL) {
      gst_pad_set_active (pad, self->running);
      return;
    }
  } else
    remove_pad (self, stream, &stream->rtp_sink);
  if (stream->src_requested)
    return;
  if (stream->attached)
    detach_stream (stream, TRUE);
  if (stream->rtp_src != NULL)
    gst_pad_set_active (stream->rtp_src, FALSE);
  remove_pad (self, stream, &stream->rtp_src);
}

/* State */

static void
stop (GstZrtpEnc *self)
{
  GstZrtpSession *session = gst_zrtp_endpoint_get_session (&self->endpoint);
  guint i;

  g_mutex_lock (&self->lock);
  self->running = FALSE;
  g_mutex_unlock (&self->lock);
  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    Stream *stream = peek_stream (self, i);

    if (stream != NULL)
      detach_stream (stream, FALSE);
  }
  gst_zrtp_session_deactivate (session);
  gst_object_unref (session);
}

static gboolean
start (GstZrtpEnc *self)
{
  GstZrtpSession *session;
  gboolean attached = TRUE;
  guint i;

  if (!gst_zrtp_endpoint_resolve (&self->endpoint))
    return FALSE;
  session = gst_zrtp_endpoint_get_session (&self->endpoint);
  gst_zrtp_session_activate (session);
  gst_object_unref (session);
  g_mutex_lock (&self->lock);
  self->running = TRUE;
  g_mutex_unlock (&self->lock);
  for (i = 0; i < ZRTP_MAX_STREAMS && attached; i++) {
    Stream *stream = peek_stream (self, i);

    if (stream != NULL && (stream->rtp_src != NULL || stream->rtcp_src != NULL))
      attached = attach_stream (stream);
  }
  if (!attached)
    stop (self);
  return attached;
}

static void
play (GstZrtpEnc *self)
{
  guint i;

  g_atomic_int_set (&self->playing, TRUE);
  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    Stream *stream = peek_stream (self, i);

    if (stream != NULL) {
      maybe_start (stream);
      send_waiting (stream);
    }
  }
}

/* An rtp_src without an rtp_sink sends in PLAYING only, as live sources do; nobody may wait for it in PAUSED. */
static gboolean
is_live (GstZrtpEnc *self)
{
  guint i;

  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    Stream *stream = peek_stream (self, i);

    if (stream != NULL && stream->rtp_src != NULL && stream->rtp_sink == NULL)
      return TRUE;
  }
  return FALSE;
}

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange transition)
{
  GstZrtpEnc *self = GST_ZRTP_ENC (element);
  GstStateChangeReturn ret;

  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      if (!gst_zrtp_endpoint_resolve (&self->endpoint)) {
        gst_zrtp_endpoint_release (&self->endpoint);
        return GST_STATE_CHANGE_FAILURE;
      }
      break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (!start (self))
        return GST_STATE_CHANGE_FAILURE;
      break;
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      g_atomic_int_set (&self->playing, FALSE);
      break;
    default:
      break;
  }

  ret = GST_ELEMENT_CLASS (gst_zrtp_enc_parent_class)->change_state (element, transition);

  switch (transition) {
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (ret == GST_STATE_CHANGE_FAILURE)
        stop (self);
      else if (ret == GST_STATE_CHANGE_SUCCESS && is_live (self))
        ret = GST_STATE_CHANGE_NO_PREROLL;
      break;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
      if (ret != GST_STATE_CHANGE_FAILURE)
        play (self);
      break;
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      if (ret == GST_STATE_CHANGE_SUCCESS && is_live (self))
        ret = GST_STATE_CHANGE_NO_PREROLL;
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      stop (self);
      break;
    case GST_STATE_CHANGE_READY_TO_NULL:
      gst_zrtp_endpoint_release (&self->endpoint);
      break;
    default:
      break;
  }
  return ret;
}

/* Object */

static GstZrtpSession *
get_session (gpointer instance)
{
  return gst_zrtp_endpoint_get_session (&GST_ZRTP_ENC (instance)->endpoint);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  gst_zrtp_endpoint_set_property (&GST_ZRTP_ENC (object)->endpoint, id, value, pspec);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  gst_zrtp_endpoint_get_property (&GST_ZRTP_ENC (object)->endpoint, id, value, pspec);
}

static void
finalize (GObject *object)
{
  GstZrtpEnc *self = GST_ZRTP_ENC (object);
  guint i;

  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    Stream *stream = peek_stream (self, i);

    if (stream != NULL) {
      clear_waiting (stream);
      g_mutex_clear (&stream->lock);
      g_free (stream);
    }
  }
  gst_zrtp_endpoint_clear (&self->endpoint);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (gst_zrtp_enc_parent_class)->finalize (object);
}

static void
gst_zrtp_enc_init (GstZrtpEnc *self)
{
  g_mutex_init (&self->lock);
  gst_zrtp_endpoint_init (&self->endpoint, GST_ELEMENT (self));
}

static void
gst_zrtp_enc_class_init (GstZrtpEncClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  gst_zrtp_endpoint_install (object_class, get_session);

  element_class->change_state = change_state;
  element_class->request_new_pad = request_new_pad;
  element_class->release_pad = release_pad;
  /* RTP first: gst-launch takes the first that fits. */
  gst_element_class_add_static_pad_template (element_class, &rtp_sink_template);
  gst_element_class_add_static_pad_template (element_class, &rtp_src_template);
  gst_element_class_add_static_pad_template (element_class, &rtcp_sink_template);
  gst_element_class_add_static_pad_template (element_class, &rtcp_src_template);
  gst_element_class_set_static_metadata (element_class, "ZRTP encoder", "Filter/Network/ZRTP",
      "Encrypts RTP and RTCP with keys agreed on with the peer by ZRTP", "The gst-zrtp authors");
}
