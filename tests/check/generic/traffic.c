/* traffic.c: buffers, lists, events and queries of all sorts, most of them wrong.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "generic.h"

#include <string.h>

static gpointer
random_octets (gsize size)
{
  guint8 *octets = g_malloc (size + 1);
  gsize i;

  for (i = 0; i < size; i += 4) {
    guint32 number = chance ();

    memcpy (octets + i, &number, MIN (4, size + 1 - i));
  }
  switch (chance_below (6)) {
    case 0: /* RTP */
      if (size >= 12)
        memcpy (octets, "\x80\x00", 2);
      break;
    case 1: /* RTCP */
      if (size >= 8)
        memcpy (octets, "\x80\xc8\x00\x01", 4);
      break;
    case 2: /* ZRTP, with a checksum that is wrong */
      if (size >= 28)
        memcpy (octets, "\x10\x00\x00\x01ZRTP\0\0\0\x01\x50\x5a\x00\x04Hello   ", 24);
      break;
    case 3: /* STUN */
      if (size >= 20)
        memcpy (octets, "\x00\x01\x00\x00\x21\x12\xa4\x42", 8);
      break;
    default:
      break;
  }
  return octets;
}

static GstMemory *
random_memory (void)
{
  static const gsize sizes[]
      = { 0, 1, 3, 11, 12, 13, 27, 28, 40, 172, 172, 172, 1200, 1472, 3072, 65507, 65536, 70000 };
  gsize size = sizes[chance_below (G_N_ELEMENTS (sizes))];
  guint8 *octets = random_octets (size);
  GstMemory *memory;

  if (one_in (2))
    return gst_memory_new_wrapped (
        one_in (3) ? GST_MEMORY_FLAG_READONLY : 0, octets, size + 1, 0, size, octets, g_free);
  memory = gst_allocator_alloc (NULL, size, NULL);
  if (size > 0) {
    GstMapInfo map;

    gst_memory_map (memory, &map, GST_MAP_WRITE);
    memcpy (map.data, octets, size);
    gst_memory_unmap (memory, &map);
  }
  g_free (octets);
  return memory;
}

GstBuffer *
random_buffer (void)
{
  GstBuffer *buffer = gst_buffer_new ();
  guint n = one_in (8) ? 0 : one_in (6) ? 2 + chance_below (20) : 1, i;

  for (i = 0; i < n; i++)
    gst_buffer_append_memory (buffer, random_memory ());
  if (!one_in (4))
    GST_BUFFER_PTS (buffer) = one_in (8) ? GST_CLOCK_TIME_NONE - 1 - chance () : chance () * GST_USECOND;
  if (one_in (4))
    GST_BUFFER_DTS (buffer) = chance () * GST_USECOND;
  if (one_in (4))
    GST_BUFFER_DURATION (buffer) = chance ();
  if (one_in (4))
    GST_BUFFER_FLAG_SET (buffer, 1u << (4 + chance_below (14)));
  return buffer;
}

GstBufferList *
random_buffer_list (void)
{
  GstBufferList *list = gst_buffer_list_new ();
  guint n = chance_below (6), i;

  for (i = 0; i < n; i++) {
    GstBuffer *buffer = random_buffer ();

    /* The same one twice: it is not writable. */
    if (one_in (5))
      gst_buffer_list_add (list, gst_buffer_ref (buffer));
    gst_buffer_list_add (list, buffer);
  }
  return list;
}

GstCaps *
random_caps (void)
{
  static const gchar *const texts[] = {
    "application/x-rtp",
    "application/x-rtp, media=(string)audio, clock-rate=(int)8000, encoding-name=(string)PCMU, "
    "payload=(int)0",
    "application/x-rtp, ssrc=(uint)4294967295, clock-rate=(int)-1, payload=(int)999",
    "application/x-rtp, ssrc=(string)none",
    "application/x-rtp(memory:Nowhere), ssrc=(uint)1",
    "application/x-srtp, srtp-key=(string)none, roc=(uint)4294967295",
    "application/x-rtcp",
    "application/x-srtcp",
    "audio/x-raw, format=(string)S16LE, rate=(int)8000, channels=(int)1, layout=(string)interleaved",
    "audio/x-raw, format=(string)F64BE, rate=(int)192000, channels=(int)2, layout=(string)non-interleaved",
    "audio/x-raw, format=(string)none, rate=(int)0, channels=(int)-3",
    "audio/x-raw",
    "nonsense/x-nothing, field=(fraction)1/2147483647",
  };

  return gst_caps_from_string (texts[chance_below (G_N_ELEMENTS (texts))]);
}

static GstEvent *
random_segment (void)
{
  static const GstFormat formats[]
      = { GST_FORMAT_TIME, GST_FORMAT_TIME, GST_FORMAT_BYTES, GST_FORMAT_DEFAULT, GST_FORMAT_PERCENT };
  GstSegment segment;

  gst_segment_init (&segment, formats[chance_below (G_N_ELEMENTS (formats))]);
  segment.start = chance ();
  segment.time = one_in (3) ? GST_CLOCK_TIME_NONE : chance ();
  segment.rate = one_in (4) ? -2.5 : 1;
  segment.stop = segment.rate > 0 && one_in (2) ? GST_CLOCK_TIME_NONE : segment.start + chance ();
  return gst_event_new_segment (&segment);
}

static GstEvent *
custom_event (GstEventType type)
{
  static const gchar *const names[] = { "GstForceKeyUnit", "GstRTPRetransmissionRequest", "GstRTPCollision",
    "GstRTPPacketLost", "application/x-rtp-source-sdes", "zrtp-nothing" };
  GstStructure *structure = gst_structure_new (names[chance_below (G_N_ELEMENTS (names))], "ssrc",
      G_TYPE_UINT, chance (), "payload", G_TYPE_INT, (gint) chance (), NULL);

  return gst_event_new_custom (type, structure);
}

static GstEvent *
downstream_event (void)
{
  GstEvent *event;
  GstMessage *message;
  GstCaps *caps;

  switch (chance_below (13)) {
    case 0:
      return random_segment ();
    case 1:
      caps = random_caps ();
      event = gst_event_new_caps (caps);
      gst_caps_unref (caps);
      return event;
    case 2:
      return one_in (4) ? gst_event_new_eos () : gst_event_new_flush_start ();
    case 3:
      return gst_event_new_tag (gst_tag_list_new (GST_TAG_TITLE, "a title", NULL));
    case 4:
      return gst_event_new_gap (chance (), one_in (2) ? GST_CLOCK_TIME_NONE : chance ());
    case 5:
      return gst_event_new_flush_stop (one_in (2));
    case 6:
      return custom_event (GST_EVENT_CUSTOM_DOWNSTREAM);
    case 7:
      return custom_event (one_in (2) ? GST_EVENT_CUSTOM_DOWNSTREAM_OOB : GST_EVENT_CUSTOM_BOTH_OOB);
    case 8:
      return custom_event (one_in (2) ? GST_EVENT_CUSTOM_DOWNSTREAM_STICKY : GST_EVENT_CUSTOM_BOTH);
    case 9:
      message = gst_message_new_latency (NULL);
      event = gst_event_new_sink_message ("message", message);
      gst_message_unref (message);
      return event;
    case 10:
      return gst_event_new_buffer_size (GST_FORMAT_BYTES, 0, chance (), one_in (2));
    case 11:
      return gst_event_new_segment_done (GST_FORMAT_TIME, chance ());
    default:
      return gst_event_new_stream_start (one_in (2) ? "one" : "another");
  }
}

static GstEvent *
upstream_event (void)
{
  switch (chance_below (8)) {
    case 0:
      return gst_event_new_qos (GST_QOS_TYPE_THROTTLE, 1, chance_below (1000), chance ());
    case 1:
      return gst_event_new_seek (one_in (2) ? 1 : -1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET,
          chance (), GST_SEEK_TYPE_NONE, 0);
    case 2:
      return gst_event_new_navigation (gst_structure_new_empty ("application/x-gst-navigation"));
    case 3:
      return gst_event_new_latency (chance ());
    case 4:
      return gst_event_new_reconfigure ();
    case 5:
      return gst_event_new_step (GST_FORMAT_BUFFERS, 1, 1, TRUE, FALSE);
    case 6:
      return custom_event (GST_EVENT_CUSTOM_UPSTREAM);
    default:
      return custom_event (one_in (2) ? GST_EVENT_CUSTOM_BOTH : GST_EVENT_CUSTOM_BOTH_OOB);
  }
}

GstEvent *
random_event (gboolean downstream)
{
  return downstream ? downstream_event () : upstream_event ();
}

GstQuery *
random_query (void)
{
  GstQuery *query;
  GstCaps *caps;

  switch (chance_below (14)) {
    case 0:
      return gst_query_new_position (GST_FORMAT_TIME);
    case 1:
      return gst_query_new_duration (GST_FORMAT_BYTES);
    case 2:
      return gst_query_new_latency ();
    case 3:
      return gst_query_new_seeking (GST_FORMAT_TIME);
    case 4:
      return gst_query_new_segment (GST_FORMAT_TIME);
    case 5:
      return gst_query_new_convert (GST_FORMAT_TIME, chance (), GST_FORMAT_BYTES);
    case 6:
      return gst_query_new_formats ();
    case 7:
      return gst_query_new_buffering (GST_FORMAT_PERCENT);
    case 8:
      return gst_query_new_custom (GST_QUERY_CUSTOM, gst_structure_new_empty ("anything"));
    case 9:
      return gst_query_new_uri ();
    case 10:
      return gst_query_new_scheduling ();
    case 11:
      return gst_query_new_context (one_in (2) ? "gst.zrtp.Session" : "nothing");
    case 12:
      caps = random_caps ();
      query = one_in (3)   ? gst_query_new_caps (caps)
              : one_in (2) ? gst_query_new_accept_caps (caps)
                           : gst_query_new_allocation (caps, one_in (2));
      gst_caps_unref (caps);
      return query;
    default:
      return one_in (2) ? gst_query_new_caps (NULL) : gst_query_new_drain ();
  }
}

/* GStreamer itself warns of those who do not keep to this order. */
static void
ensure_beginning (GstPad *pad, GstElement *element)
{
  GstEvent *event;
  GstSegment segment;
  GstPad *peer;
  GstCaps *caps;

  if ((event = gst_pad_get_sticky_event (pad, GST_EVENT_STREAM_START, 0)) == NULL)
    gst_pad_push_event (pad, gst_event_new_stream_start ("a stream"));
  gst_clear_event (&event);
  if ((event = gst_pad_get_sticky_event (pad, GST_EVENT_CAPS, 0)) == NULL) {
    peer = gst_pad_get_peer (pad);
    caps = peer ? gst_pad_get_pad_template_caps (peer) : random_caps ();
    caps = gst_caps_fixate (gst_caps_truncate (caps));
    gst_pad_push_event (pad, gst_event_new_caps (caps));
    gst_caps_unref (caps);
    gst_clear_object (&peer);
  }
  gst_clear_event (&event);
  if ((event = gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0)) == NULL) {
    gst_segment_init (&segment, GST_FORMAT_TIME);
    gst_pad_push_event (pad, gst_event_new_segment (&segment));
  }
  gst_clear_event (&event);
}

static void
go_downstream (GstPad *pad, GstElement *element)
{
  GstBuffer *buffer;
  GstEvent *event;
  GstCaps *caps;
  GstPad *peer;

  ensure_beginning (pad, element);
  switch (chance_below (8)) {
    case 0:
      event = random_event (TRUE);
      if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_START) {
        gst_pad_push_event (pad, event);
        event = gst_event_new_flush_stop (one_in (2));
      }
      gst_pad_push_event (pad, event);
      /* What is wrong with caps is put right again, most of the time. */
      if ((peer = gst_pad_get_peer (pad)) != NULL) {
        caps = gst_caps_fixate (gst_caps_truncate (gst_pad_get_pad_template_caps (peer)));
        if (!one_in (4)) {
          ensure_beginning (pad, element);
          gst_pad_push_event (pad, gst_event_new_caps (caps));
        }
        gst_caps_unref (caps);
        gst_object_unref (peer);
      }
      break;
    case 1:
      gst_pad_push_list (pad, random_buffer_list ());
      break;
    case 2:
      /* Somebody else has it as well. */
      buffer = random_buffer ();
      gst_pad_push (pad, gst_buffer_ref (buffer));
      gst_buffer_unref (buffer);
      break;
    default:
      gst_pad_push (pad, random_buffer ());
      break;
  }
}

static void
ask (GstPad *pad)
{
  GstQuery *query = random_query ();

  if (GST_PAD_IS_SRC (pad) ? GST_QUERY_IS_DOWNSTREAM (query) : GST_QUERY_IS_UPSTREAM (query))
    gst_pad_peer_query (pad, query);
  gst_query_unref (query);
}

void
traffic_on (GstPad *pad, GstElement *element)
{
  if (one_in (5))
    ask (pad);
  else if (GST_PAD_IS_SRC (pad)) {
    GST_PAD_STREAM_LOCK (pad);
    go_downstream (pad, element);
    GST_PAD_STREAM_UNLOCK (pad);
  } else
    gst_pad_push_event (pad, random_event (FALSE));
}

void
world_traffic (World *self)
{
  GstPad *pad = world_pad (self, one_in (4) ? GST_PAD_SINK : GST_PAD_SRC);

  if (one_in (20)) {
    GstQuery *query = random_query ();

    if (GST_QUERY_IS_UPSTREAM (query))
      gst_element_query (self->element, query);
    gst_query_unref (query);
  } else if (one_in (20))
    gst_element_send_event (self->element, random_event (FALSE));
  else if (pad != NULL)
    traffic_on (pad, self->element);
  gst_clear_object (&pad);
}
