/* test-passthrough.c: what is asked, told and noted around the packets goes through both elements as it is: queries, events, caps,
 * timestamps, metadata; and what a jitterbuffer makes of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <gio/gio.h>
#include <gst/net/gstnetaddressmeta.h>
#include <string.h>

/* The pads of the test around an element. */
typedef struct
{
  GstPad *before, *after;
} Way;

static void
get_ways (Call *call, Way ways[2])
{
  ways[0] = (Way) { call->a.media_in, call->a.wire_in };
  ways[1] = (Way) { call->b.wire_out, call->b.media_out };
}

/* Events */

static GstPadProbeReturn
note_event (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  g_ptr_array_add (data, gst_event_ref (GST_PAD_PROBE_INFO_EVENT (info)));
  return GST_PAD_PROBE_OK;
}

static GstEvent *
make_event (guint i, gboolean upstream)
{
  switch (i) {
    case 0:
      return gst_event_new_custom (upstream ? GST_EVENT_CUSTOM_UPSTREAM : GST_EVENT_CUSTOM_DOWNSTREAM,
          gst_structure_new ("GstForceKeyUnit", "all-headers", G_TYPE_BOOLEAN, TRUE, "count", G_TYPE_UINT, 7, NULL));
    case 1:
      return upstream ? gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 0.5, -3 * GST_MSECOND, 5 * GST_SECOND)
                      : gst_event_new_tag (gst_tag_list_new (GST_TAG_TITLE, "a title", NULL));
    case 2:
      return upstream ? gst_event_new_latency (70 * GST_MSECOND) : gst_event_new_gap (GST_SECOND, 20 * GST_MSECOND);
    case 3:
      return upstream ? gst_event_new_reconfigure () : gst_event_new_custom (GST_EVENT_CUSTOM_BOTH_OOB, gst_structure_new_empty ("oob"));
    case 4:
      return upstream ? gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM,
                 gst_structure_new ("GstRTPRetransmissionRequest", "seqnum", G_TYPE_UINT, 65535, "ssrc", G_TYPE_UINT, 1, NULL))
                      : gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, gst_structure_new_empty ("sticky"));
    default:
      return NULL;
  }
}

/* The very same event, once, in either direction, through either element. */
GST_START_TEST (test_events)
{
  Call *call = call_new_secure ();
  GPtrArray *noted = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_event_unref);
  Way ways[2];
  guint w, i;

  get_ways (call, ways);
  for (w = 0; w < 2; w++) {
    gulong up = gst_pad_add_probe (ways[w].before, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, note_event, noted, NULL);
    gulong down = gst_pad_add_probe (ways[w].after, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, note_event, noted, NULL);
    gboolean upstream;

    for (upstream = 0; upstream < 2; upstream++) {
      GstEvent *event;

      for (i = 0; (event = make_event (i, upstream)) != NULL; i++) {
        guint32 number = gst_event_get_seqnum (event);

        g_ptr_array_set_size (noted, 0);
        gst_pad_push_event (upstream ? ways[w].after : ways[w].before, gst_event_ref (event));
        fail_unless (noted->len == 1, "%s: %u", GST_EVENT_TYPE_NAME (event), noted->len);
        fail_unless (g_ptr_array_index (noted, 0) == event || gst_event_get_seqnum (g_ptr_array_index (noted, 0)) == number);
        fail_unless (gst_event_get_structure (event) == NULL || gst_structure_is_equal (gst_event_get_structure (event),
                gst_event_get_structure (g_ptr_array_index (noted, 0))));
        gst_event_unref (event);
      }
    }
    gst_pad_remove_probe (ways[w].before, up);
    gst_pad_remove_probe (ways[w].after, down);
  }
  g_ptr_array_unref (noted);
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

/* What a source is told by "reconfigure" arrives as its pad's flag. */
GST_START_TEST (test_reconfigure)
{
  Call *call = call_new_secure ();
  Way ways[2];
  guint w;

  get_ways (call, ways);
  for (w = 0; w < 2; w++) {
    gst_pad_check_reconfigure (ways[w].before);
    gst_pad_push_event (ways[w].after, gst_event_new_reconfigure ());
    fail_unless (gst_pad_check_reconfigure (ways[w].before));
  }
  call_free (call);
}
GST_END_TEST;

/* Queries */

static gboolean
answer_upstream (GstPad *pad, GstObject *parent, GstQuery *query)
{
  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_LATENCY:
      gst_query_set_latency (query, TRUE, 11 * GST_MSECOND, 222 * GST_MSECOND);
      return TRUE;
    case GST_QUERY_POSITION:
      gst_query_set_position (query, GST_FORMAT_TIME, 4711);
      return TRUE;
    case GST_QUERY_CUSTOM:
      gst_structure_set (gst_query_writable_structure (query), "answer", G_TYPE_INT, 42, NULL);
      return TRUE;
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

static gboolean
answer_downstream (GstPad *pad, GstObject *parent, GstQuery *query)
{
  GstAllocationParams params = { 0, 15, 64, 32 };

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_ALLOCATION:
      gst_query_add_allocation_param (query, NULL, &params);
      gst_query_add_allocation_meta (query, GST_NET_ADDRESS_META_API_TYPE, NULL);
      return TRUE;
    case GST_QUERY_CUSTOM:
      gst_structure_set (gst_query_writable_structure (query), "answer", G_TYPE_INT, 42, NULL);
      return TRUE;
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

static void
check_custom (GstPad *pad, gboolean upstream)
{
  GstQuery *query = gst_query_new_custom (GST_QUERY_CUSTOM, gst_structure_new_empty ("question"));
  gint answer = 0;

  fail_unless (gst_pad_peer_query (pad, query), "%s", upstream ? "upstream" : "downstream");
  fail_unless (gst_structure_get_int (gst_query_get_structure (query), "answer", &answer));
  fail_unless_equals_int (answer, 42);
  gst_query_unref (query);
}

static void
check_latency (GstPad *pad)
{
  GstQuery *query = gst_query_new_latency ();
  GstClockTime min, max;
  gboolean live;

  fail_unless (gst_pad_peer_query (pad, query));
  gst_query_parse_latency (query, &live, &min, &max);
  fail_unless (live);
  fail_unless_equals_uint64 (min, 11 * GST_MSECOND);
  fail_unless_equals_uint64 (max, 222 * GST_MSECOND);
  gst_query_unref (query);
}

GST_START_TEST (test_queries)
{
  Call *call = call_new_secure ();
  Way ways[2];
  guint w;

  get_ways (call, ways);
  for (w = 0; w < 2; w++) {
    GstCaps *caps = gst_pad_get_current_caps (ways[w].before);
    GstQuery *query = gst_query_new_allocation (caps, TRUE);
    GstAllocationParams params;
    gint64 position;

    gst_pad_set_query_function (ways[w].before, answer_upstream);
    gst_pad_set_query_function (ways[w].after, answer_downstream);
    check_latency (ways[w].after);
    fail_unless (gst_pad_peer_query_position (ways[w].after, GST_FORMAT_TIME, &position));
    fail_unless_equals_int (position, 4711);
    check_custom (ways[w].after, TRUE);
    check_custom (ways[w].before, FALSE);
    fail_unless (gst_pad_peer_query (ways[w].before, query));
    fail_unless_equals_int (gst_query_get_n_allocation_params (query), 1);
    gst_query_parse_nth_allocation_param (query, 0, NULL, &params);
    fail_unless_equals_int (params.padding, 32);
    fail_unless (gst_query_find_allocation_meta (query, GST_NET_ADDRESS_META_API_TYPE, NULL));
    gst_query_unref (query);
    gst_caps_unref (caps);
  }
  /* RTCP that comes with RTP has the latency of RTP. */
  check_latency (call->b.rtcp_out);
  check_custom (call->b.rtcp_out, TRUE);
  call_free (call);
}
GST_END_TEST;

/* The same, and its end, when rtcp_sink is linked but nothing comes by it, as rtpbin leaves it; not when something does. */
GST_START_TEST (test_silent_rtcp)
{
  Call *call = call_new ();
  GstPad *silent = gst_pad_new ("silent", GST_PAD_SRC), *sink = gst_element_get_static_pad (call->b.dec, "rtcp_sink");
  GstEvent *eos;

  fail_unless_equals_int (gst_pad_link (silent, sink), GST_PAD_LINK_OK);
  call_start (call);
  gst_pad_set_active (silent, TRUE);
  gst_pad_set_query_function (call->b.wire_out, answer_upstream);
  if (__i__ == 0)
    check_latency (call->b.rtcp_out);
  else
    gst_pad_push_event (silent, gst_event_new_stream_start ("rtcp"));
  gst_pad_push_event (call->b.wire_out, gst_event_new_eos ());
  eos = gst_pad_get_sticky_event (call->b.rtcp_out, GST_EVENT_EOS, 0);
  fail_unless ((eos != NULL) == (__i__ == 0));
  gst_clear_event (&eos);
  endpoint_stop (&call->b);
  gst_pad_unlink (silent, sink);
  gst_object_unref (silent);
  gst_object_unref (sink);
  call_free (call);
}
GST_END_TEST;

/* New caps in mid-call come out in front of the next packet. */
GST_START_TEST (test_new_caps)
{
  Call *call = call_new_secure ();
  Way ways[2];
  guint w, i;

  get_ways (call, ways);
  for (i = 0; i < 3; i++) {
    for (w = 0; w < 2; w++) {
      GstCaps *caps = gst_caps_new_simple ("application/x-rtp", "media", G_TYPE_STRING, "audio", "clock-rate", G_TYPE_INT, 48000,
          "payload", G_TYPE_INT, 96 + i, "encoding-name", G_TYPE_STRING, "OPUS", NULL), *got;

      fail_unless (gst_pad_push_event (ways[w].before, gst_event_new_caps (caps)));
      got = gst_pad_get_current_caps (ways[w].after);
      fail_unless (gst_caps_is_equal (caps, got), "%" GST_PTR_FORMAT, got);
      gst_caps_unref (caps);
      gst_caps_unref (got);
    }
    call_check_secure (call);
  }
  call_free (call);
}
GST_END_TEST;

/* Timestamps, flags and metadata of what zrtpdec decrypts, where it is and in a copy. */
GST_START_TEST (test_metadata)
{
  Call *call = call_new_secure ();
  GstCaps *reference = gst_caps_new_empty_simple ("timestamp/x-test");
  GSocketAddress *address = g_inet_socket_address_new_from_string ("192.0.2.1", 4000);
  gboolean shared;

  for (shared = 0; shared < 2; shared++) {
    GstBuffer *packet, *tee = NULL, *got;
    GstReferenceTimestampMeta *timestamp;
    GstNetAddressMeta *net;
    guint heard = call->b.heard.length;

    call->filter = NULL;
    endpoint_talk (&call->a);
    fail_unless_equals_int (call->b.heard.length, ++heard);
    /* The next one by hand. */
    packet = endpoint_make_rtp (&call->a);
    packet = gst_zrtp_media_protect (gst_zrtp_session_get_media (call->a.session, 0), packet, FALSE);
    fail_unless (packet != NULL);
    GST_BUFFER_PTS (packet) = 12345678;
    GST_BUFFER_DTS (packet) = 12345670;
    GST_BUFFER_DURATION (packet) = 777;
    GST_BUFFER_OFFSET (packet) = 99;
    GST_BUFFER_FLAG_SET (packet, GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_MARKER | GST_BUFFER_FLAG_LIVE);
    gst_buffer_add_reference_timestamp_meta (packet, reference, 4711, 13);
    gst_buffer_add_net_address_meta (packet, address);
    if (shared)
      tee = gst_buffer_ref (packet);
    fail_unless_equals_int (endpoint_inject (&call->b, packet), GST_FLOW_OK);
    fail_unless_equals_int (call->b.heard.length, ++heard);
    got = g_queue_peek_tail (&call->b.heard);
    fail_unless (is_marked (got) && (got == packet) == !shared);
    fail_unless_equals_uint64 (GST_BUFFER_PTS (got), 12345678);
    fail_unless_equals_uint64 (GST_BUFFER_DTS (got), 12345670);
    fail_unless_equals_uint64 (GST_BUFFER_DURATION (got), 777);
    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (got), 99);
    fail_unless (GST_BUFFER_FLAG_IS_SET (got, GST_BUFFER_FLAG_DISCONT) && GST_BUFFER_FLAG_IS_SET (got, GST_BUFFER_FLAG_MARKER)
        && GST_BUFFER_FLAG_IS_SET (got, GST_BUFFER_FLAG_LIVE));
    timestamp = gst_buffer_get_reference_timestamp_meta (got, reference);
    fail_unless (timestamp != NULL && timestamp->timestamp == 4711 && timestamp->duration == 13);
    net = gst_buffer_get_net_address_meta (got);
    fail_unless (net != NULL && net->addr == address);
    gst_clear_buffer (&tee);
  }
  g_object_unref (address);
  gst_caps_unref (reference);
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

static Suite *
passthrough_suite (void)
{
  Suite *suite = suite_create ("passthrough");
  TCase *tcase = tcase_create ("passthrough");

  tcase_set_timeout (tcase, 120);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_events);
  tcase_add_test (tcase, test_reconfigure);
  tcase_add_test (tcase, test_queries);
  tcase_add_loop_test (tcase, test_silent_rtcp, 0, 2);
  tcase_add_test (tcase, test_new_caps);
  tcase_add_test (tcase, test_metadata);
  return suite;
}

GST_CHECK_MAIN (passthrough)
