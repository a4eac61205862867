/* gstzrtpdec.c: the element that receives: takes ZRTP out, decrypts, lets pass what the policy allows.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-zrtpdec
 * @title: zrtpdec
 * @see_also: zrtpenc, srtpdec
 *
 * Receives the RTP and RTCP of one media stream of a ZRTP call (RFC 6189): takes the peer's ZRTP packets out, decrypts what
 * is encrypted, and once the call is secure lets nothing pass that is not authentic. It answers through the #zrtpenc of the
 * same session, which is found when both are in one pipeline, or by the `session-id` or `session` property.
 *
 * Pads are those of #srtpdec. RTCP that comes with RTP on one port (RFC 5761) leaves by rtcp_src. What is neither RTP, RTCP
 * nor ZRTP is dropped and counted.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m zrtpenc name=enc enc.rtp_src_0 ! udpsink host=127.0.0.1 port=5002 async=false udpsrc port=5000 caps="application/x-rtp,media=audio,clock-rate=48000,encoding-name=OPUS" ! zrtpdec ! rtpopusdepay ! opusdec ! autoaudiosink
 * ]| An end that only listens; its zrtpenc sends ZRTP alone.
 *
 * Since: 0.1
 */
#include "gst/elements/gstzrtpdec.h"
#include "gst/elements/discont.h"
#include "gst/elements/rtpcaps.h"
#include "gst/protocol/association.h"

GST_DEBUG_CATEGORY_STATIC (gst_zrtp_dec_debug);
#define GST_CAT_DEFAULT gst_zrtp_dec_debug

enum
{
  PROP_STREAM = GST_ZRTP_N_ENDPOINT_PROPS
};

struct _GstZrtpDec
{
  GstElement parent;

  GstZrtpEndpoint endpoint;
  guint stream;                 /* the property; object lock */
  guint attached_stream;
  GstZrtpMedia *media;          /* while the element is above READY */
  GstPad *rtp_sink, *rtp_src, *rtcp_sink, *rtcp_src;
  gboolean discont;             /* what leaves rtp_src next has to say so; under rtp_sink's stream lock */
  gboolean rtcp_discont;        /* likewise; under rtcp_src's stream lock */
};

static GstStaticPadTemplate rtp_sink_template = GST_STATIC_PAD_TEMPLATE ("rtp_sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("application/x-rtp; application/x-srtp"));
static GstStaticPadTemplate rtp_src_template = GST_STATIC_PAD_TEMPLATE ("rtp_src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("application/x-rtp"));
static GstStaticPadTemplate rtcp_sink_template = GST_STATIC_PAD_TEMPLATE ("rtcp_sink", GST_PAD_SINK,
    GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/x-rtcp; application/x-srtcp"));
static GstStaticPadTemplate rtcp_src_template = GST_STATIC_PAD_TEMPLATE ("rtcp_src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("application/x-rtcp"));

G_DEFINE_TYPE_WITH_CODE (GstZrtpDec, gst_zrtp_dec, GST_TYPE_ELEMENT,
    GST_DEBUG_CATEGORY_INIT (gst_zrtp_dec_debug, "zrtpdec", 0, "ZRTP decoder"))
GST_ELEMENT_REGISTER_DEFINE (zrtpdec, "zrtpdec", GST_RANK_NONE, GST_TYPE_ZRTP_DEC);

/* The pad on the other side. */
static GstPad *
other_pad (GstZrtpDec *self, GstPad *pad)
{
  return pad == self->rtp_sink  ? self->rtp_src
      : pad == self->rtp_src    ? self->rtp_sink
      : pad == self->rtcp_sink  ? self->rtcp_src
                                : self->rtcp_sink;
}

/* Whether rtcp_src follows rtp_sink (RFC 5761): nothing is sent to rtcp_sink, linked as it may be, by rtpbin for example. */
static gboolean
is_muxed (GstZrtpDec *self)
{
  GstEvent *event;

  if (!gst_pad_is_linked (self->rtcp_src))
    return FALSE;
  event = gst_pad_get_sticky_event (self->rtcp_sink, GST_EVENT_STREAM_START, 0);
  if (event == NULL)
    return TRUE;
  gst_event_unref (event);
  return FALSE;
}

/* RTCP that came on the RTP pad has no events of its own. The stream lock of rtcp_src is held. */
static void
ensure_rtcp_events (GstZrtpDec *self)
{
  GstEvent *event = gst_pad_get_sticky_event (self->rtcp_src, GST_EVENT_SEGMENT, 0);
  GstSegment segment;
  GstCaps *caps;
  gchar *rtp_id, *id;

  if (event != NULL) {
    gst_event_unref (event);
    return;
  }
  GST_INFO_OBJECT (self, "RTCP comes between RTP (RFC 5761), and leaves by rtcp_src");
  rtp_id = gst_pad_get_stream_id (self->rtp_sink);
  id = g_strconcat (rtp_id ? rtp_id : GST_OBJECT_NAME (self), "/rtcp", NULL);
  gst_pad_push_event (self->rtcp_src, gst_event_new_stream_start (id));
  g_free (rtp_id);
  g_free (id);
  caps = gst_caps_new_empty_simple ("application/x-rtcp");
  gst_pad_push_event (self->rtcp_src, gst_event_new_caps (caps));
  gst_caps_unref (caps);
  event = gst_pad_get_sticky_event (self->rtp_sink, GST_EVENT_SEGMENT, 0);
  if (event == NULL) {
    gst_segment_init (&segment, GST_FORMAT_TIME);
    event = gst_event_new_segment (&segment);
  }
  gst_pad_push_event (self->rtcp_src, event);
  self->rtcp_discont = TRUE;
}

/* Nobody has to listen to RTCP. */
static void
push_muxed_rtcp (GstZrtpDec *self, GstBuffer *buffer, GstBufferList *list)
{
  if (!gst_pad_is_linked (self->rtcp_src)) {
    gst_clear_buffer (&buffer);
    gst_clear_buffer_list (&list);
    return;
  }
  GST_PAD_STREAM_LOCK (self->rtcp_src);
  ensure_rtcp_events (self);
  if (self->rtcp_discont) {
    if (buffer != NULL)
      buffer = gst_zrtp_pass_discont (buffer, &self->rtcp_discont);
    else
      list = gst_zrtp_pass_discont_list (list, &self->rtcp_discont);
  }
  if (buffer != NULL)
    gst_pad_push (self->rtcp_src, buffer);
  else
    gst_pad_push_list (self->rtcp_src, list);
  GST_PAD_STREAM_UNLOCK (self->rtcp_src);
}

static GstFlowReturn
rtp_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstZrtpDec *self = (GstZrtpDec *) parent;
  gboolean discont = GST_BUFFER_IS_DISCONT (buffer);
  GstBuffer *rtcp;

  buffer = gst_zrtp_media_unprotect (self->media, buffer, FALSE, &rtcp);
  if (G_UNLIKELY (rtcp != NULL))
    push_muxed_rtcp (self, rtcp, NULL);
  if (G_UNLIKELY (discont || self->discont))
    buffer = gst_zrtp_pass_discont (buffer, &self->discont);
  return buffer ? gst_pad_push (self->rtp_src, buffer) : GST_FLOW_OK;
}

static GstFlowReturn
rtp_chain_list (GstPad *pad, GstObject *parent, GstBufferList *list)
{
  GstZrtpDec *self = (GstZrtpDec *) parent;
  gboolean discont = gst_zrtp_list_is_discont (list);
  GstBufferList *rtcp;

  list = gst_zrtp_media_unprotect_list (self->media, list, FALSE, &rtcp);
  if (rtcp != NULL)
    push_muxed_rtcp (self, NULL, rtcp);
  if (G_UNLIKELY (discont || self->discont))
    list = gst_zrtp_pass_discont_list (list, &self->discont);
  return list ? gst_pad_push_list (self->rtp_src, list) : GST_FLOW_OK;
}

static GstFlowReturn
rtcp_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstZrtpDec *self = (GstZrtpDec *) parent;
  gboolean discont = GST_BUFFER_IS_DISCONT (buffer);
  GstFlowReturn ret = GST_FLOW_OK;

  buffer = gst_zrtp_media_unprotect (self->media, buffer, TRUE, NULL);
  GST_PAD_STREAM_LOCK (self->rtcp_src);
  if (discont || self->rtcp_discont)
    buffer = gst_zrtp_pass_discont (buffer, &self->rtcp_discont);
  if (buffer != NULL)
    ret = gst_pad_push (self->rtcp_src, buffer);
  GST_PAD_STREAM_UNLOCK (self->rtcp_src);
  return ret;
}

static GstFlowReturn
rtcp_chain_list (GstPad *pad, GstObject *parent, GstBufferList *list)
{
  GstZrtpDec *self = (GstZrtpDec *) parent;
  gboolean discont = gst_zrtp_list_is_discont (list);
  GstFlowReturn ret = GST_FLOW_OK;

  list = gst_zrtp_media_unprotect_list (self->media, list, TRUE, NULL);
  GST_PAD_STREAM_LOCK (self->rtcp_src);
  if (discont || self->rtcp_discont)
    list = gst_zrtp_pass_discont_list (list, &self->rtcp_discont);
  if (list != NULL)
    ret = gst_pad_push_list (self->rtcp_src, list);
  GST_PAD_STREAM_UNLOCK (self->rtcp_src);
  return ret;
}

/* What leaves is plain RTP or RTCP, however what arrives is called. */
static GstEvent *
make_plain (GstEvent *event)
{
  GstCaps *caps, *plain;
  GstEvent *renamed;

  gst_event_parse_caps (event, &caps);
  plain = gst_zrtp_caps_to_plain (caps);
  renamed = gst_event_new_caps (plain);
  gst_caps_unref (plain);
  gst_event_unref (event);
  return renamed;
}

static gboolean
pad_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  /* A source fixates its caps by what is asked for behind us. */
  if (GST_QUERY_TYPE (query) == GST_QUERY_CAPS)
    return gst_zrtp_caps_query (pad, other_pad ((GstZrtpDec *) parent, pad), query);
  return gst_pad_query_default (pad, parent, query);
}

static gboolean
rtp_sink_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstZrtpDec *self = (GstZrtpDec *) parent;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      return gst_pad_push_event (self->rtp_src, make_plain (event));
    case GST_EVENT_FLUSH_START:
    case GST_EVENT_FLUSH_STOP:
      if (is_muxed (self))
        gst_pad_push_event (self->rtcp_src, gst_event_ref (event));
      break;
    case GST_EVENT_EOS:
      if (is_muxed (self)) {
        GST_PAD_STREAM_LOCK (self->rtcp_src);
        ensure_rtcp_events (self);
        gst_pad_push_event (self->rtcp_src, gst_event_ref (event));
        GST_PAD_STREAM_UNLOCK (self->rtcp_src);
      }
      break;
    default:
      break;
  }
  return gst_pad_event_default (pad, parent, event);
}

static gboolean
rtcp_sink_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstZrtpDec *self = (GstZrtpDec *) parent;
  gboolean serialized = GST_EVENT_IS_SERIALIZED (event);
  gboolean ret;

  if (serialized)
    GST_PAD_STREAM_LOCK (self->rtcp_src);
  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS)
    ret = gst_pad_push_event (self->rtcp_src, make_plain (event));
  else
    ret = gst_pad_event_default (pad, parent, event);
  if (serialized)
    GST_PAD_STREAM_UNLOCK (self->rtcp_src);
  return ret;
}

static GstIterator *
iterate_internal_links (GstPad *pad, GstObject *parent)
{
  GstZrtpDec *self = (GstZrtpDec *) parent;
  /* What is asked or told from behind rtcp_src is for where its packets come from. */
  GstPad *other = pad == self->rtcp_src && is_muxed (self) ? self->rtp_sink : other_pad (self, pad);
  GValue value = G_VALUE_INIT;
  GstIterator *iterator;

  g_value_init (&value, GST_TYPE_PAD);
  g_value_set_object (&value, other);
  iterator = gst_iterator_new_single (GST_TYPE_PAD, &value);
  g_value_unset (&value);
  return iterator;
}

static gboolean
start (GstZrtpDec *self)
{
  GstZrtpSession *session;
  gchar *other = NULL;
  gboolean started;

  if (!gst_zrtp_endpoint_resolve (&self->endpoint))
    return FALSE;
  session = gst_zrtp_endpoint_get_session (&self->endpoint);
  GST_OBJECT_LOCK (self);
  self->attached_stream = self->stream;
  GST_OBJECT_UNLOCK (self);
  self->media = gst_zrtp_session_attach_receiver (session, self->attached_stream, GST_ELEMENT (self), &other);
  if (self->media != NULL)
    started = gst_zrtp_endpoint_activate (&self->endpoint, session);
  else {
    started = FALSE;
    GST_ELEMENT_ERROR (self, RESOURCE, BUSY,
        ("%s and %s both receive stream %u of session %s. Set the stream property of one of them if this is another medium "
         "of the same call, or its session-id, and that of its zrtpenc, if it is another call.",
            other, GST_OBJECT_NAME (self), self->attached_stream, gst_zrtp_session_get_id (session)),
        (NULL));
  }
  if (self->media != NULL && !started)
    gst_zrtp_session_detach_receiver (session, self->attached_stream, GST_ELEMENT (self));
  g_free (other);
  gst_object_unref (session);
  return started;
}

static void
stop (GstZrtpDec *self)
{
  GstZrtpSession *session = gst_zrtp_endpoint_get_session (&self->endpoint);

  gst_zrtp_session_detach_receiver (session, self->attached_stream, GST_ELEMENT (self));
  gst_zrtp_endpoint_deactivate (&self->endpoint);
  gst_object_unref (session);
}

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange transition)
{
  GstZrtpDec *self = GST_ZRTP_DEC (element);
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
    default:
      break;
  }

  ret = GST_ELEMENT_CLASS (gst_zrtp_dec_parent_class)->change_state (element, transition);

  switch (transition) {
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (ret == GST_STATE_CHANGE_FAILURE)
        stop (self);
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

static GstZrtpSession *
get_session (gpointer instance)
{
  return gst_zrtp_endpoint_get_session (&GST_ZRTP_DEC (instance)->endpoint);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstZrtpDec *self = GST_ZRTP_DEC (object);

  if (id == PROP_STREAM) {
    GST_OBJECT_LOCK (self);
    self->stream = g_value_get_uint (value);
    GST_OBJECT_UNLOCK (self);
  } else
    gst_zrtp_endpoint_set_property (&self->endpoint, id, value, pspec);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstZrtpDec *self = GST_ZRTP_DEC (object);
  GstZrtpSession *session = NULL;
  guint stream;

  GST_OBJECT_LOCK (self);
  stream = self->stream;
  GST_OBJECT_UNLOCK (self);
  if (id == GST_ZRTP_PROP_STATE || id == GST_ZRTP_PROP_SECURITY)
    session = get_session (self);

  if (id == PROP_STREAM)
    g_value_set_uint (value, stream);
  else if (session != NULL && id == GST_ZRTP_PROP_STATE)
    g_value_set_enum (value, gst_zrtp_session_get_state (session, stream));
  else if (session != NULL)
    g_value_set_enum (value, gst_zrtp_session_get_security (session, stream));
  else
    gst_zrtp_endpoint_get_property (&self->endpoint, id, value, pspec);
  gst_clear_object (&session);
}

static void
finalize (GObject *object)
{
  gst_zrtp_endpoint_clear (&GST_ZRTP_DEC (object)->endpoint);
  G_OBJECT_CLASS (gst_zrtp_dec_parent_class)->finalize (object);
}

static GstPad *
add_pad (GstZrtpDec *self, GstStaticPadTemplate *template)
{
  GstPad *pad = gst_pad_new_from_static_template (template, template->name_template);

  gst_pad_set_iterate_internal_links_function (pad, iterate_internal_links);
  gst_pad_set_query_function (pad, pad_query);
  /* Packets are changed where they are, if they may be. */
  GST_PAD_SET_PROXY_ALLOCATION (pad);
  gst_element_add_pad (GST_ELEMENT (self), pad);
  return pad;
}

static void
gst_zrtp_dec_init (GstZrtpDec *self)
{
  gst_zrtp_endpoint_init (&self->endpoint, GST_ELEMENT (self));

  self->rtp_sink = add_pad (self, &rtp_sink_template);
  gst_pad_set_chain_function (self->rtp_sink, rtp_chain);
  gst_pad_set_chain_list_function (self->rtp_sink, rtp_chain_list);
  gst_pad_set_event_function (self->rtp_sink, rtp_sink_event);
  self->rtp_src = add_pad (self, &rtp_src_template);
  self->rtcp_sink = add_pad (self, &rtcp_sink_template);
  gst_pad_set_chain_function (self->rtcp_sink, rtcp_chain);
  gst_pad_set_chain_list_function (self->rtcp_sink, rtcp_chain_list);
  gst_pad_set_event_function (self->rtcp_sink, rtcp_sink_event);
  self->rtcp_src = add_pad (self, &rtcp_src_template);
}

static void
gst_zrtp_dec_class_init (GstZrtpDecClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  gst_zrtp_endpoint_install (object_class, get_session);
  g_object_class_install_property (object_class, PROP_STREAM,
      g_param_spec_uint ("stream", "Media stream",
          "Number of the media stream of the call that this element receives: N of zrtpenc's rtp_src_N", 0,
          ZRTP_MAX_STREAMS - 1, 0, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY));

  element_class->change_state = change_state;
  gst_element_class_add_static_pad_template (element_class, &rtp_sink_template);
  gst_element_class_add_static_pad_template (element_class, &rtp_src_template);
  gst_element_class_add_static_pad_template (element_class, &rtcp_sink_template);
  gst_element_class_add_static_pad_template (element_class, &rtcp_src_template);
  gst_element_class_set_static_metadata (element_class, "ZRTP decoder", "Filter/Network/ZRTP",
      "Decrypts RTP and RTCP with keys agreed on with the peer by ZRTP", "The gst-zrtp authors");
}
