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
#include "gst/elements/encstream.h"
#include "gst/protocol/association.h"
#include "gst/session/compat.h"

#include <stdio.h>

GST_DEBUG_CATEGORY (gst_zrtp_enc_debug);
#define GST_CAT_DEFAULT gst_zrtp_enc_debug

struct _GstZrtpEnc
{
  GstElement parent;

  GstZrtpEndpoint endpoint;
  GMutex lock;                  /* for making streams, and for what follows */
  GstZrtpEncStream *streams[ZRTP_MAX_STREAMS];    /* read atomically */
  gboolean running;             /* above READY */
  gint playing;                 /* atomic */
};

static GstStaticPadTemplate rtp_sink_template = GST_STATIC_PAD_TEMPLATE ("rtp_sink_%u", GST_PAD_SINK,
    GST_PAD_REQUEST, GST_STATIC_CAPS ("application/x-rtp"));
/* application/x-srtp for one behind us who insists on it. */
static GstStaticPadTemplate rtp_src_template = GST_STATIC_PAD_TEMPLATE ("rtp_src_%u", GST_PAD_SRC, GST_PAD_REQUEST,
    GST_STATIC_CAPS ("application/x-rtp; application/x-srtp"));
static GstStaticPadTemplate rtcp_sink_template = GST_STATIC_PAD_TEMPLATE ("rtcp_sink_%u", GST_PAD_SINK,
    GST_PAD_REQUEST, GST_STATIC_CAPS ("application/x-rtcp"));
static GstStaticPadTemplate rtcp_src_template = GST_STATIC_PAD_TEMPLATE ("rtcp_src_%u", GST_PAD_SRC,
    GST_PAD_SOMETIMES, GST_STATIC_CAPS ("application/x-rtcp; application/x-srtcp"));

G_DEFINE_TYPE_WITH_CODE (GstZrtpEnc, gst_zrtp_enc, GST_TYPE_ELEMENT,
    GST_DEBUG_CATEGORY_INIT (gst_zrtp_enc_debug, "zrtpenc", 0, "ZRTP encoder"))
GST_ELEMENT_REGISTER_DEFINE (zrtpenc, "zrtpenc", GST_RANK_NONE, GST_TYPE_ZRTP_ENC);

static GstZrtpEncStream *
peek_stream (GstZrtpEnc *self, guint id)
{
  return g_atomic_pointer_get (&self->streams[id]);
}

/* From a worker of the session. */
static void
send_packet (GstElement *element, guint id, GstBuffer *packet)
{
  gst_zrtp_enc_stream_send (peek_stream (GST_ZRTP_ENC (element), id), packet);
}

static void
tell_collision (GstElement *element, gpointer id)
{
  gst_zrtp_enc_stream_tell_collision (peek_stream (GST_ZRTP_ENC (element), GPOINTER_TO_UINT (id)));
}

/* From a worker, which must not wait for the media: caps may come back on the thread that asks for them. */
static void
collided (GstElement *element, guint id)
{
  gst_zrtp_call_async (element, tell_collision, GUINT_TO_POINTER (id));
}

static const GstZrtpSenderFuncs sender_funcs = { send_packet, collided };

/* Pads and streams */

/* The element's lock is held. */
static GstZrtpEncStream *
ensure_stream (GstZrtpEnc *self, guint id)
{
  GstZrtpEncStream *stream = peek_stream (self, id);

  if (stream == NULL) {
    stream = gst_zrtp_enc_stream_new (GST_ELEMENT (self), &self->endpoint, &self->playing, id);
    g_atomic_pointer_set (&self->streams[id], stream);
  }
  return stream;
}

typedef enum
{
  RTP_SINK,
  RTP_SRC,
  RTCP_SINK
} PadKind;

static GstPad **
pad_place (GstZrtpEncStream *stream, PadKind kind)
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
    GstZrtpEncStream *stream = peek_stream (self, *id);

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
  GstZrtpEncStream *stream;
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

  pad = kind == RTP_SINK ? gst_zrtp_enc_stream_make_rtp_sink (stream, &rtp_sink_template)
      : kind == RTP_SRC  ? gst_zrtp_enc_stream_make_rtp_src (stream, &rtp_src_template)
                         : gst_zrtp_enc_stream_make_rtcp_sink (stream, &rtcp_sink_template);
  if (kind == RTP_SINK && stream->rtp_src == NULL)
    new_src = gst_zrtp_enc_stream_make_rtp_src (stream, &rtp_src_template);
  else if (kind == RTCP_SINK)
    new_src = gst_zrtp_enc_stream_make_rtcp_src (stream, &rtcp_src_template);
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

  if (running && !gst_zrtp_enc_stream_attach (stream, &sender_funcs)) {
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
  gst_zrtp_enc_stream_maybe_start (stream);
  return pad;
}

static void
remove_pad (GstZrtpEnc *self, GstZrtpEncStream *stream, GstPad **place)
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
  GstZrtpEncStream *stream = gst_pad_get_element_private (pad);

  if (pad == stream->rtp_src && stream->rtp_sink != NULL) {
    /* It goes with its sink. */
    stream->src_requested = FALSE;
    return;
  }
  /* Nobody is in a chain function after this. */
  gst_pad_set_active (pad, FALSE);
  if (pad == stream->rtcp_sink) {
    remove_pad (self, stream, &stream->rtcp_sink);
    remove_pad (self, stream, &stream->rtcp_src);
    return;
  }
  if (pad == stream->rtp_src)
    stream->src_requested = FALSE;
  else
    remove_pad (self, stream, &stream->rtp_sink);
  if (stream->src_requested)
    return;
  if (stream->attached)
    gst_zrtp_enc_stream_detach (stream, TRUE);
  if (stream->rtp_src != NULL)
    gst_pad_set_active (stream->rtp_src, FALSE);
  remove_pad (self, stream, &stream->rtp_src);
}

/* The application may keep a pad for longer than the element lives. */
static void
pad_removed (GstElement *element, GstPad *pad)
{
  gst_zrtp_enc_stream_let_go (gst_pad_get_element_private (pad), pad);
  if (GST_ELEMENT_CLASS (gst_zrtp_enc_parent_class)->pad_removed != NULL)
    GST_ELEMENT_CLASS (gst_zrtp_enc_parent_class)->pad_removed (element, pad);
}

/* State */

static void
stop (GstZrtpEnc *self)
{
  guint i;

  g_mutex_lock (&self->lock);
  self->running = FALSE;
  g_mutex_unlock (&self->lock);
  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    GstZrtpEncStream *stream = peek_stream (self, i);

    if (stream != NULL)
      gst_zrtp_enc_stream_detach (stream, FALSE);
  }
  gst_zrtp_endpoint_deactivate (&self->endpoint);
}

static gboolean
start (GstZrtpEnc *self)
{
  GstZrtpSession *session;
  gboolean attached = TRUE, active;
  guint i;

  if (!gst_zrtp_endpoint_resolve (&self->endpoint))
    return FALSE;
  session = gst_zrtp_endpoint_get_session (&self->endpoint);
  active = gst_zrtp_endpoint_activate (&self->endpoint, session);
  gst_object_unref (session);
  if (!active)
    return FALSE;
  g_mutex_lock (&self->lock);
  self->running = TRUE;
  g_mutex_unlock (&self->lock);
  for (i = 0; i < ZRTP_MAX_STREAMS && attached; i++) {
    GstZrtpEncStream *stream = peek_stream (self, i);

    if (stream != NULL && (stream->rtp_src != NULL || stream->rtcp_src != NULL))
      attached = gst_zrtp_enc_stream_attach (stream, &sender_funcs);
  }
  if (!attached)
    stop (self);
  return attached;
}

/* What waited for PLAYING goes out on a thread of its own: a sink that has not prerolled yet blocks whoever pushes, and the
 * application's thread must come back from its state change. */
static void
send_waiting (GstElement *element, gpointer data)
{
  guint i;

  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    GstZrtpEncStream *stream = peek_stream (GST_ZRTP_ENC (element), i);

    if (stream != NULL)
      gst_zrtp_enc_stream_send_waiting (stream);
  }
}

static void
set_playing (GstZrtpEnc *self, gboolean playing)
{
  GstZrtpSession *session;

  if (!g_atomic_int_compare_and_exchange (&self->playing, !playing, playing))
    return;
  session = gst_zrtp_endpoint_get_session (&self->endpoint);
  gst_zrtp_session_set_playing (session, playing);
  gst_object_unref (session);
}

static void
play (GstZrtpEnc *self)
{
  gboolean waiting = FALSE;
  guint i;

  set_playing (self, TRUE);
  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    GstZrtpEncStream *stream = peek_stream (self, i);

    if (stream != NULL) {
      gst_zrtp_enc_stream_maybe_start (stream);
      waiting |= gst_zrtp_enc_stream_has_waiting (stream);
    }
  }
  if (waiting)
    gst_zrtp_call_async (GST_ELEMENT (self), send_waiting, NULL);
}

/* An rtp_src without an rtp_sink sends in PLAYING only, as live sources do; nobody may wait for it in PAUSED. */
static gboolean
is_live (GstZrtpEnc *self)
{
  guint i;

  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    GstZrtpEncStream *stream = peek_stream (self, i);

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
      set_playing (self, FALSE);
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
    GstZrtpEncStream *stream = peek_stream (self, i);

    if (stream != NULL)
      gst_zrtp_enc_stream_free (stream);
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
  element_class->pad_removed = pad_removed;
  /* RTP first: gst-launch takes the first that fits. */
  gst_element_class_add_static_pad_template (element_class, &rtp_sink_template);
  gst_element_class_add_static_pad_template (element_class, &rtp_src_template);
  gst_element_class_add_static_pad_template (element_class, &rtcp_sink_template);
  gst_element_class_add_static_pad_template (element_class, &rtcp_src_template);
  gst_element_class_set_static_metadata (element_class, "ZRTP encoder", "Filter/Network/ZRTP",
      "Encrypts RTP and RTCP with keys agreed on with the peer by ZRTP", "The gst-zrtp authors");
}
