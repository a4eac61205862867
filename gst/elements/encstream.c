/* encstream.c: one media stream of zrtpenc: its media on the way out, and the session's ZRTP packets between.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/elements/encstream.h"
#include "gst/elements/discont.h"
#include "gst/elements/rtpcaps.h"

#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (gst_zrtp_enc_debug);
#define GST_CAT_DEFAULT gst_zrtp_enc_debug

/* Packets that wait for the transport. The engine sends again what is lost, so only the newest are of use. */
#define MAX_WAITING 4

typedef enum
{
  TRANSPORT_UNKNOWN,
  TRANSPORT_UP,
  TRANSPORT_DOWN
} Transport;

/* After a segment or a flush the first packet says DISCONT, be it ZRTP; after media that was held back the next media does. */
enum
{
  DISCONT_ANY = 1 << 0,
  DISCONT_MEDIA = 1 << 1
};

/* Sending ZRTP. Whoever pushes on rtp_src holds that pad's stream lock, and after letting go of it looks at the queue
 * again. So a packet that finds the lock taken is sent by the one who has it, and nobody waits. */

/* Whether the pipeline is being paused: its sinks are the first to stop, and would hold the worker that sends. */
static gboolean
is_pausing (GstElement *element)
{
  GstObject *object = gst_object_get_parent (GST_OBJECT (element));
  gboolean pausing = FALSE;

  while (object != NULL) {
    GstObject *parent = gst_object_get_parent (object);

    pausing = pausing || GST_STATE_TARGET (object) == GST_STATE_PAUSED;
    gst_object_unref (object);
    object = parent;
  }
  return pausing;
}

/* Whether the media that ZRTP goes between has begun. */
static gboolean
has_segment (GstPad *src)
{
  GstEvent *event = gst_pad_get_sticky_event (src, GST_EVENT_SEGMENT, 0);

  if (event == NULL)
    return FALSE;
  gst_event_unref (event);
  return TRUE;
}

/* An endpoint that only receives has nobody upstream to say what flows. The stream lock is held. */
static void
ensure_own_events (GstZrtpEncStream *stream, GstPad *src)
{
  GstSegment segment;
  GstCaps *caps;
  gchar *uuid, *id;

  if (has_segment (src))
    return;
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
  stream->discont |= DISCONT_ANY;
}

/* Whether a packet would get past the pad. */
static gboolean
can_send (GstZrtpEncStream *stream, GstPad *src, gboolean alone)
{
  return g_atomic_int_get (stream->playing) && !is_pausing (stream->element) && gst_pad_is_linked (src)
      && !gst_pad_is_blocked (src) && (alone || has_segment (src));
}

/* The first packet that gets through, or is refused, decides when discovery begins. */
static void
note_transport (GstZrtpEncStream *stream, gboolean up)
{
  Transport now = up ? TRANSPORT_UP : TRANSPORT_DOWN;
  GstZrtpSession *session;

  if (g_atomic_int_get (&stream->transport) == TRANSPORT_UP)
    return;
  if (g_atomic_int_get (&stream->transport) != (gint) now)
    GST_INFO_OBJECT (stream->element, "stream %u: %s", stream->id,
        up ? "packets get through to the network" : "packets do not get through yet (state, link or pad)");
  g_atomic_int_set (&stream->transport, now);
  session = gst_zrtp_endpoint_get_session (stream->endpoint);
  if (session != NULL) {
    gst_zrtp_session_transport (session, stream->id, up);
    gst_object_unref (session);
  }
}

static GstBuffer *
take_waiting (GstZrtpEncStream *stream)
{
  GstBuffer *packet;

  g_mutex_lock (&stream->lock);
  packet = g_queue_pop_head (&stream->waiting);
  g_atomic_int_set (&stream->n_waiting, stream->waiting.length);
  g_mutex_unlock (&stream->lock);
  return packet;
}

static void
clear_waiting (GstZrtpEncStream *stream)
{
  g_mutex_lock (&stream->lock);
  g_queue_clear_full (&stream->waiting, (GDestroyNotify) gst_buffer_unref);
  g_atomic_int_set (&stream->n_waiting, 0);
  g_mutex_unlock (&stream->lock);
}

/* The stream lock of src is held. */
static void
send_waiting_locked (GstZrtpEncStream *stream, GstPad *src, gboolean alone)
{
  GstBuffer *packet;

  while (g_atomic_int_get (&stream->n_waiting) > 0 && can_send (stream, src, alone)
      && (packet = take_waiting (stream)) != NULL) {
    GstFlowReturn ret;

    if (alone)
      ensure_own_events (stream, src);
    if (stream->discont & DISCONT_ANY) {
      packet = gst_zrtp_mark_discont (packet);
      stream->discont &= ~DISCONT_ANY;
    }
    ret = gst_pad_push (src, packet);
    GST_LOG_OBJECT (src, "ZRTP packet: %s", gst_flow_get_name (ret));
    note_transport (stream, ret == GST_FLOW_OK);
  }
}

/* Transfer full. */
static GstPad *
get_rtp_src (GstZrtpEncStream *stream, gboolean *alone)
{
  GstPad *src;

  g_mutex_lock (&stream->lock);
  src = stream->rtp_src ? gst_object_ref (stream->rtp_src) : NULL;
  *alone = stream->rtp_sink == NULL;
  g_mutex_unlock (&stream->lock);
  return src;
}

gboolean
gst_zrtp_enc_stream_has_waiting (GstZrtpEncStream *stream)
{
  return g_atomic_int_get (&stream->n_waiting) > 0;
}

void
gst_zrtp_enc_stream_send_waiting (GstZrtpEncStream *stream)
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

/* A packet could not go. If that is not for a moment only, because somebody else is sending, discovery has not begun. */
static void
note_obstacle (GstZrtpEncStream *stream)
{
  gboolean alone, obstacle;
  GstPad *src = get_rtp_src (stream, &alone);

  if (src == NULL)
    return;
  obstacle = !can_send (stream, src, alone);
  gst_object_unref (src);
  if (obstacle && g_atomic_int_get (&stream->transport) != TRANSPORT_UP) {
    clear_waiting (stream);
    note_transport (stream, FALSE);
  }
}

void
gst_zrtp_enc_stream_send (GstZrtpEncStream *stream, GstBuffer *packet)
{
  g_mutex_lock (&stream->lock);
  if (stream->waiting.length == MAX_WAITING)
    gst_buffer_unref (g_queue_pop_head (&stream->waiting));
  g_queue_push_tail (&stream->waiting, packet);
  g_atomic_int_set (&stream->n_waiting, stream->waiting.length);
  g_mutex_unlock (&stream->lock);
  gst_zrtp_enc_stream_send_waiting (stream);

  if (g_atomic_int_get (&stream->n_waiting) > 0 && g_atomic_int_get (stream->playing))
    note_obstacle (stream);
}

void
gst_zrtp_enc_stream_maybe_start (GstZrtpEncStream *stream)
{
  GstZrtpSession *session;
  gboolean alone, start = FALSE;
  guint32 ssrc = 0;
  GstPad *src;

  if (g_atomic_int_get (&stream->started) || !g_atomic_int_get (stream->playing))
    return;
  src = get_rtp_src (stream, &alone);
  if (src == NULL)
    return;
  if (gst_pad_is_linked (src) && (alone || has_segment (src))) {
    g_mutex_lock (&stream->lock);
    if (alone && !stream->have_ssrc) {
      stream->ssrc = g_random_int ();
      stream->have_ssrc = TRUE;
    }
    start = stream->attached && stream->have_ssrc
        && g_atomic_int_compare_and_exchange (&stream->started, FALSE, TRUE);
    ssrc = stream->ssrc;
    g_mutex_unlock (&stream->lock);
  }
  gst_object_unref (src);

  if (start) {
    session = gst_zrtp_endpoint_get_session (stream->endpoint);
    gst_zrtp_session_start_stream (session, stream->id, ssrc);
    gst_object_unref (session);
  }
}

static void
rtp_src_linked (GstPad *pad, GstPad *peer, gpointer data)
{
  gst_zrtp_enc_stream_maybe_start (data);
}

/* Media */

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
begin_push (GstZrtpEncStream *stream, GstPad *src)
{
  GST_PAD_STREAM_LOCK (src);
  if (G_UNLIKELY (g_atomic_int_get (&stream->n_waiting) > 0))
    send_waiting_locked (stream, src, FALSE);
}

static GstFlowReturn
end_push (GstZrtpEncStream *stream, GstPad *src, gboolean pushed, GstFlowReturn ret)
{
  if (G_UNLIKELY (g_atomic_int_get (&stream->n_waiting) > 0))
    send_waiting_locked (stream, src, FALSE);
  GST_PAD_STREAM_UNLOCK (src);

  if (G_UNLIKELY (g_atomic_int_get (&stream->n_waiting) > 0))
    gst_zrtp_enc_stream_send_waiting (stream);
  if (G_UNLIKELY (g_atomic_int_get (&stream->transport) == TRANSPORT_DOWN) && pushed && ret == GST_FLOW_OK)
    note_transport (stream, TRUE);
  return ret;
}

static GstBuffer *
say_discont (GstZrtpEncStream *stream, GstBuffer *buffer)
{
  stream->discont = 0;
  return gst_zrtp_mark_discont (buffer);
}

static GstFlowReturn
rtp_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstZrtpEncStream *stream = gst_pad_get_element_private (pad);
  GstPad *src = stream->rtp_src;
  GstClockTime pts = GST_BUFFER_PTS (buffer), duration = GST_BUFFER_DURATION (buffer);
  GstFlowReturn ret = GST_FLOW_OK;

  if (G_UNLIKELY (!g_atomic_int_get (&stream->started)))
    gst_zrtp_enc_stream_note_ssrc_of_buffer (stream, buffer);
  begin_push (stream, src);
  buffer = gst_zrtp_media_protect (stream->media, buffer, FALSE);
  if (G_LIKELY (buffer != NULL)) {
    if (G_UNLIKELY (stream->discont != 0))
      buffer = say_discont (stream, buffer);
    ret = gst_pad_push (src, buffer);
  } else {
    stream->discont |= DISCONT_MEDIA;
    push_gap (src, pts, duration);
  }
  return end_push (stream, src, buffer != NULL, ret);
}

static GstFlowReturn
rtp_chain_list (GstPad *pad, GstObject *parent, GstBufferList *list)
{
  GstZrtpEncStream *stream = gst_pad_get_element_private (pad);
  GstPad *src = stream->rtp_src;
  GstClockTime pts = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
  GstFlowReturn ret = GST_FLOW_OK;

  if (gst_buffer_list_length (list) > 0) {
    GstBuffer *first = gst_buffer_list_get (list, 0);

    pts = GST_BUFFER_PTS (first);
    duration = GST_BUFFER_DURATION (first);
    if (G_UNLIKELY (!g_atomic_int_get (&stream->started)))
      gst_zrtp_enc_stream_note_ssrc_of_buffer (stream, first);
  }
  begin_push (stream, src);
  list = gst_zrtp_media_protect_list (stream->media, list, FALSE);
  if (G_LIKELY (list != NULL)) {
    if (G_UNLIKELY (stream->discont != 0)) {
      stream->discont = 0;
      list = gst_zrtp_mark_discont_list (list);
    }
    ret = gst_pad_push_list (src, list);
  } else {
    stream->discont |= DISCONT_MEDIA;
    push_gap (src, pts, duration);
  }
  return end_push (stream, src, list != NULL, ret);
}

static GstFlowReturn
rtcp_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstZrtpEncStream *stream = gst_pad_get_element_private (pad);
  gboolean discont = GST_BUFFER_IS_DISCONT (buffer) || stream->rtcp_discont;

  buffer = gst_zrtp_media_protect (stream->media, buffer, TRUE);
  if (discont)
    buffer = gst_zrtp_pass_discont (buffer, &stream->rtcp_discont);
  return buffer ? gst_pad_push (stream->rtcp_src, buffer) : GST_FLOW_OK;
}

static GstFlowReturn
rtcp_chain_list (GstPad *pad, GstObject *parent, GstBufferList *list)
{
  GstZrtpEncStream *stream = gst_pad_get_element_private (pad);
  gboolean discont = gst_zrtp_list_is_discont (list) || stream->rtcp_discont;

  list = gst_zrtp_media_protect_list (stream->media, list, TRUE);
  if (discont)
    list = gst_zrtp_pass_discont_list (list, &stream->rtcp_discont);
  return list ? gst_pad_push_list (stream->rtcp_src, list) : GST_FLOW_OK;
}

/* The caps stay what they are, since RTP, ZRTP and SRTP go out between each other; one who wants the SRTP name gets it. */
static gboolean
push_caps (GstPad *src, GstEvent *event)
{
  GstCaps *caps, *secure;

  gst_event_parse_caps (event, &caps);
  if (!gst_pad_peer_query_accept_caps (src, caps)) {
    secure = gst_zrtp_caps_to_secure (caps);
    if (gst_pad_peer_query_accept_caps (src, secure)) {
      gst_event_unref (event);
      event = gst_event_new_caps (secure);
    }
    gst_caps_unref (secure);
  }
  return gst_pad_push_event (src, event);
}

static gboolean
pad_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstZrtpEncStream *stream = gst_pad_get_element_private (pad);

  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS)
    return push_caps (stream->rtcp_src, event);
  return gst_pad_event_default (pad, parent, event);
}

static gboolean
rtp_sink_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstZrtpEncStream *stream = gst_pad_get_element_private (pad);
  GstPad *src = stream->rtp_src;
  gboolean serialized = GST_EVENT_IS_SERIALIZED (event);
  gboolean ret;

  if (serialized)
    GST_PAD_STREAM_LOCK (src);
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT || GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    stream->discont = DISCONT_ANY | DISCONT_MEDIA;
  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
    GstCaps *caps;
    guint ssrc;

    gst_event_parse_caps (event, &caps);
    if (gst_structure_get_uint (gst_caps_get_structure (caps, 0), "ssrc", &ssrc))
      gst_zrtp_enc_stream_note_ssrc_of_caps (stream, ssrc);
    ret = push_caps (src, event);
  } else
    ret = gst_pad_event_default (pad, parent, event);
  if (serialized) {
    GST_PAD_STREAM_UNLOCK (src);
    gst_zrtp_enc_stream_maybe_start (stream);
    if (g_atomic_int_get (&stream->n_waiting) > 0)
      gst_zrtp_enc_stream_send_waiting (stream);
  }
  return ret;
}

/* Transfer none: pads live as long as the stream has them. */
static GstPad *
other_pad (GstZrtpEncStream *stream, GstPad *pad)
{
  GstPad *other = NULL;

  g_mutex_lock (&stream->lock);
  if (pad == stream->rtp_sink)
    other = stream->rtp_src;
  else if (pad == stream->rtp_src)
    other = stream->rtp_sink;
  else if (pad == stream->rtcp_sink)
    other = stream->rtcp_src;
  else if (pad == stream->rtcp_src)
    other = stream->rtcp_sink;
  g_mutex_unlock (&stream->lock);
  return other;
}

static gboolean
pad_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  GstPad *other = other_pad (gst_pad_get_element_private (pad), pad);

  if (GST_QUERY_TYPE (query) == GST_QUERY_CAPS && other != NULL)
    return gst_zrtp_caps_query (pad, other, query);
  /* ZRTP alone is live. */
  if (GST_QUERY_TYPE (query) == GST_QUERY_LATENCY && other == NULL) {
    gst_query_set_latency (query, TRUE, 0, GST_CLOCK_TIME_NONE);
    return TRUE;
  }
  return gst_pad_query_default (pad, parent, query);
}

static GstIterator *
iterate_internal_links (GstPad *pad, GstObject *parent)
{
  GstPad *other = other_pad (gst_pad_get_element_private (pad), pad);
  GValue value = G_VALUE_INIT;
  GstIterator *iterator;

  if (other == NULL)
    return NULL;
  g_value_init (&value, GST_TYPE_PAD);
  g_value_set_object (&value, other);
  iterator = gst_iterator_new_single (GST_TYPE_PAD, &value);
  g_value_unset (&value);
  return iterator;
}

/* Pads */

static GstPad *
make_pad (GstZrtpEncStream *stream, GstStaticPadTemplate *template)
{
  /* "rtp_src_" of "rtp_src_%u". */
  gint prefix = strcspn (template->name_template, "%");
  gchar *name = g_strdup_printf ("%.*s%u", prefix, template->name_template, stream->id);
  GstPad *pad = gst_pad_new_from_static_template (template, name);

  g_free (name);
  gst_pad_set_element_private (pad, stream);
  gst_pad_set_iterate_internal_links_function (pad, iterate_internal_links);
  gst_pad_set_query_function (pad, pad_query);
  gst_pad_set_event_function (pad, pad_event);
  /* Packets are changed where they are, if they may be. */
  GST_PAD_SET_PROXY_ALLOCATION (pad);
  return pad;
}

GstPad *
gst_zrtp_enc_stream_make_rtp_src (GstZrtpEncStream *stream, GstStaticPadTemplate *template)
{
  GstPad *pad = make_pad (stream, template);

  g_signal_connect (pad, "linked", G_CALLBACK (rtp_src_linked), stream);
  return pad;
}

GstPad *
gst_zrtp_enc_stream_make_rtp_sink (GstZrtpEncStream *stream, GstStaticPadTemplate *template)
{
  GstPad *pad = make_pad (stream, template);

  gst_pad_set_chain_function (pad, rtp_chain);
  gst_pad_set_chain_list_function (pad, rtp_chain_list);
  gst_pad_set_event_function (pad, rtp_sink_event);
  return pad;
}

GstPad *
gst_zrtp_enc_stream_make_rtcp_sink (GstZrtpEncStream *stream, GstStaticPadTemplate *template)
{
  GstPad *pad = make_pad (stream, template);

  gst_pad_set_chain_function (pad, rtcp_chain);
  gst_pad_set_chain_list_function (pad, rtcp_chain_list);
  return pad;
}

GstPad *
gst_zrtp_enc_stream_make_rtcp_src (GstZrtpEncStream *stream, GstStaticPadTemplate *template)
{
  return make_pad (stream, template);
}

void
gst_zrtp_enc_stream_let_go (GstZrtpEncStream *stream, GstPad *pad)
{
  g_signal_handlers_disconnect_by_data (pad, stream);
}

/* Life */

gboolean
gst_zrtp_enc_stream_attach (GstZrtpEncStream *stream, const GstZrtpSenderFuncs *funcs)
{
  GstElement *element = stream->element;
  GstZrtpSession *session = gst_zrtp_endpoint_get_session (stream->endpoint);
  gchar *other = NULL;

  if (stream->rtp_src == NULL)
    stream->media = gst_zrtp_session_get_media (session, stream->id);
  else if (!stream->attached) {
    GstZrtpMedia *media = gst_zrtp_session_attach_sender (session, stream->id, element, funcs, &other);

    if (media == NULL) {
      GST_ELEMENT_ERROR (element, RESOURCE, BUSY,
          ("%s and %s both send stream %u of session %s. Give one of them other pads (rtp_sink_N with another N) if this "
           "is another medium of the same call, or set its session-id, and that of its zrtpdec, if it is another call.",
              other, GST_OBJECT_NAME (element), stream->id, gst_zrtp_session_get_id (session)),
          (NULL));
      g_free (other);
      gst_object_unref (session);
      return FALSE;
    }
    stream->media = media;
    stream->attached = TRUE;
  }
  gst_object_unref (session);
  return TRUE;
}

void
gst_zrtp_enc_stream_detach (GstZrtpEncStream *stream, gboolean for_good)
{
  GstZrtpSession *session = gst_zrtp_endpoint_get_session (stream->endpoint);

  if (stream->attached) {
    gst_zrtp_session_detach_sender (session, stream->id, stream->element);
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

GstZrtpEncStream *
gst_zrtp_enc_stream_new (GstElement *element, GstZrtpEndpoint *endpoint, const gint *playing, guint id)
{
  GstZrtpEncStream *stream = g_new0 (GstZrtpEncStream, 1);

  stream->element = element;
  stream->endpoint = endpoint;
  stream->playing = playing;
  stream->id = id;
  g_mutex_init (&stream->lock);
  g_queue_init (&stream->waiting);
  return stream;
}

void
gst_zrtp_enc_stream_free (GstZrtpEncStream *stream)
{
  clear_waiting (stream);
  g_mutex_clear (&stream->lock);
  g_free (stream);
}
