/* harness.c: pads around an element, and RTP packets to push through them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "harness.h"

#include <string.h>

/* What udpsrc allocates for any datagram. */
#define DATAGRAM_LEN 1500

/* ZRTP packets have no time stamp. */
static inline gboolean
is_media (GstBuffer * buffer)
{
  return GST_BUFFER_PTS_IS_VALID (buffer);
}

static GstFlowReturn
tap_chain (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  Tap *tap = gst_pad_get_element_private (pad);

  if (tap->src && (tap->mode == TAP_FORWARD || !is_media (buffer)))
    return gst_pad_push (tap->src, buffer);
  if (tap->mode == TAP_KEEP && is_media (buffer)) {
    g_ptr_array_add (tap->kept, buffer);
    return GST_FLOW_OK;
  }
  if (is_media (buffer)) {
    tap->packets++;
    tap->octets += gst_buffer_get_size (buffer);
  }
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static GstFlowReturn
tap_chain_list (GstPad * pad, GstObject * parent, GstBufferList * list)
{
  Tap *tap = gst_pad_get_element_private (pad);
  guint i;

  if (tap->mode == TAP_FORWARD)
    return gst_pad_push_list (tap->src, list);
  for (i = 0; i < gst_buffer_list_length (list); i++) {
    GstBuffer *buffer = gst_buffer_list_get (list, i);

    if (tap->mode == TAP_KEEP) {
      g_ptr_array_add (tap->kept, gst_buffer_ref (buffer));
    } else {
      tap->packets++;
      tap->octets += gst_buffer_get_size (buffer);
    }
  }
  gst_buffer_list_unref (list);
  return GST_FLOW_OK;
}

static gboolean
tap_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  Tap *tap = gst_pad_get_element_private (pad);

  if (tap->src)
    return gst_pad_push_event (tap->src, event);
  gst_event_unref (event);
  return TRUE;
}

Tap *
tap_new (GstPad * from, GstPad * next)
{
  Tap *tap = g_new0 (Tap, 1);

  g_assert (from != NULL);
  tap->kept = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);
  tap->sink = gst_pad_new ("tap", GST_PAD_SINK);
  gst_pad_set_element_private (tap->sink, tap);
  gst_pad_set_chain_function (tap->sink, tap_chain);
  gst_pad_set_chain_list_function (tap->sink, tap_chain_list);
  gst_pad_set_event_function (tap->sink, tap_event);
  gst_pad_set_active (tap->sink, TRUE);
  if (next) {
    tap->src = gst_pad_new ("tap", GST_PAD_SRC);
    gst_pad_set_active (tap->src, TRUE);
    if (gst_pad_link (tap->src, next) != GST_PAD_LINK_OK)
      g_error ("a tap does not link to %s", GST_PAD_NAME (next));
  } else {
    tap->mode = TAP_COUNT;
  }
  if (gst_pad_link (from, tap->sink) != GST_PAD_LINK_OK)
    g_error ("%s does not link to a tap", GST_PAD_NAME (from));
  return tap;
}

void
source_start (GstPad * pad, GstCaps * caps)
{
  GstSegment segment;

  gst_pad_set_active (pad, TRUE);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pad, gst_event_new_stream_start ("bench"));
  gst_pad_push_event (pad, gst_event_new_caps (caps));
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
  gst_caps_unref (caps);
}

GstPad *
source_new (GstPad * sink, GstCaps * caps)
{
  GstPad *pad = gst_pad_new ("source", GST_PAD_SRC);

  g_assert (sink != NULL);
  if (gst_pad_link (pad, sink) != GST_PAD_LINK_OK)
    g_error ("nothing links to %s", GST_PAD_NAME (sink));
  source_start (pad, caps);
  return pad;
}

static void
write_header (guint8 * header, guint16 seq)
{
  GST_WRITE_UINT8 (header, 0x80);
  GST_WRITE_UINT8 (header + 1, 96);
  GST_WRITE_UINT16_BE (header + 2, seq);
  GST_WRITE_UINT32_BE (header + 4, seq * 960u);
  GST_WRITE_UINT32_BE (header + 8, BENCH_SSRC);
}

static GstBuffer *
stamp (GstBuffer * buffer, guint16 seq)
{
  GST_BUFFER_PTS (buffer) = seq * 20 * GST_MSECOND;
  GST_BUFFER_DURATION (buffer) = 20 * GST_MSECOND;
  return buffer;
}

GstBuffer *
packet_new (Shape shape, guint16 seq, gsize payload_len)
{
  GstBuffer *buffer;
  GstMapInfo map;

  if (shape == SHAPE_PAYLOADER) {
    GstMemory *payload = gst_allocator_alloc (NULL, payload_len, NULL);

    gst_memory_map (payload, &map, GST_MAP_WRITE);
    memset (map.data, seq, map.size);
    gst_memory_unmap (payload, &map);
    buffer = gst_buffer_new_allocate (NULL, 12, NULL);
    gst_buffer_map (buffer, &map, GST_MAP_WRITE);
    write_header (map.data, seq);
    gst_buffer_unmap (buffer, &map);
    gst_buffer_append_memory (buffer, payload);
  } else {
    buffer = gst_buffer_new_allocate (NULL, DATAGRAM_LEN, NULL);
    gst_buffer_map (buffer, &map, GST_MAP_WRITE);
    write_header (map.data, seq);
    memset (map.data + 12, seq, payload_len);
    gst_buffer_unmap (buffer, &map);
    gst_buffer_set_size (buffer, 12 + payload_len);
  }
  return stamp (buffer, seq);
}

GstBuffer *
packet_received (const guint8 * octets, gsize len, guint16 seq)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, DATAGRAM_LEN, NULL);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  memcpy (map.data, octets, len);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_set_size (buffer, len);
  return stamp (buffer, seq);
}
