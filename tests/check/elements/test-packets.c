/* test-packets.c: the media path packet by packet: told apart, lists, shared and read-only buffers, forged ones, floods, RTCP.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <string.h>

static GstBuffer *
make_packet (const guint8 *data, gsize len)
{
  return gst_buffer_new_memdup (data, len);
}

static guint
heard (Endpoint *self)
{
  return self->heard.length;
}

/* All 256 first octets, short and long: only version 2 gets on, ZRTP by its cookie alone (Z-5-4, Z-5-6, attack F10).
 * (Z-5-16) */
GST_START_TEST (test_classifier)
{
  Call *call = call_new ();
  guint octet, n = 0, foreign = 0;

  endpoint_start (&call->a);
  for (octet = 0; octet < 256; octet++) {
    guint8 packet[40] = { octet, 0, 0, 1, 'Z', 'R', 'T', 'Q' };

    endpoint_inject (&call->a, make_packet (packet, 1));
    endpoint_inject (&call->a, make_packet (packet, sizeof packet));
    if ((octet & 0xc0) == 0x80)
      n += 2;
    else
      foreign += 2;
    fail_unless_equals_int (heard (&call->a), n);
    /* The cookie: never further. */
    packet[7] = 'P';
    if ((octet & 0xf0) == 0x10) {
      endpoint_inject (&call->a, make_packet (packet, sizeof packet));
      fail_unless_equals_int (heard (&call->a), n);
    }
  }
  fail_unless_equals_int (endpoint_stat (&call->a, "receive-foreign"), foreign);
  endpoint_inject (&call->a, gst_buffer_new ());
  fail_unless_equals_int (heard (&call->a), n);
  call_check (call);
  call_free (call);
}
GST_END_TEST;

/* Replayed, forged and truncated packets are dropped and counted; the call goes on (attack C10). */
GST_START_TEST (test_injection)
{
  Call *call = call_new_secure ();
  GstBuffer *packet = g_queue_peek_tail (&call->b.wire);
  guint before = heard (&call->a), i;

  for (i = 0; i < 1000; i++)
    fail_unless_equals_int (endpoint_inject (&call->a, gst_buffer_ref (packet)), GST_FLOW_OK);
  fail_unless_equals_int (endpoint_stat (&call->a, "receive-replayed"), 1000);
  for (i = 0; i < 1000; i++) {
    GstBuffer *forged = gst_buffer_copy_deep (packet);
    guint8 octet = i >> 1;

    /* A later packet, so that it is not a replay; another octet of it each time. */
    gst_buffer_fill (forged, 3, &octet, 1);
    octet = g_random_int ();
    gst_buffer_fill (forged, 12 + i % CALL_PAYLOAD, &octet, 1);
    fail_unless_equals_int (endpoint_inject (&call->a, forged), GST_FLOW_OK);
  }
  for (i = 0; i < gst_buffer_get_size (packet); i++)
    fail_unless_equals_int (endpoint_inject (&call->a, gst_buffer_copy_region (packet, GST_BUFFER_COPY_ALL, 0, i)),
        GST_FLOW_OK);
  fail_unless_equals_int (heard (&call->a), before);
  fail_unless (endpoint_stat (&call->a, "receive-forged") > 900);
  fail_unless_equals_int (endpoint_count_messages (&call->a, "zrtp-error"), 0);
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

/* A flood of ZRTP is bounded in memory and time and does not end the call (attack C8). */
GST_START_TEST (test_zrtp_flood)
{
  Call *call = call_new_secure ();
  guint i;

  for (i = 0; i < 20000; i++) {
    guint8 packet[64] = { 0x10, 0, i >> 8, i, 'Z', 'R', 'T', 'P', i };

    endpoint_inject (&call->a, make_packet (packet, sizeof packet));
  }
  call_settle (call);
  fail_unless_equals_int (
      endpoint_stat (&call->a, "zrtp-dropped-crc") + endpoint_stat (&call->a, "zrtp-dropped-overflow"), 20000);
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

/* One list goes through as one list, each packet protected, order and metadata kept. */
GST_START_TEST (test_lists)
{
  Call *call = call_new_secure ();
  guint before = heard (&call->b), secret = call->a.sent[PACKET_SECRET], round, i;

  for (round = 0; round < 2; round++) {
    GstBufferList *list = gst_buffer_list_new ();
    GstBufferList *tee = NULL;

    for (i = 0; i < 10; i++)
      gst_buffer_list_add (list, endpoint_make_rtp (&call->a));
    /* A list that somebody else holds too stays as it is. */
    if (round == 1)
      tee = gst_buffer_list_ref (list);
    fail_unless_equals_int (gst_pad_push_list (call->a.media_in, list), GST_FLOW_OK);
    if (tee != NULL) {
      for (i = 0; i < 10; i++)
        fail_unless (is_marked (gst_buffer_list_get (tee, i)));
      gst_buffer_list_unref (tee);
    }
  }
  fail_unless_equals_int (call->a.sent[PACKET_SECRET], secret + 20);
  fail_unless_equals_int (heard (&call->b), before + 20);
  for (i = 0; i < 20; i++)
    fail_unless (is_marked (g_queue_peek_nth (&call->b.heard, before + i)));

  /* In at the other end as a list: RTP, a forged one, ZRTP and RTP. */
  before = heard (&call->b);
  {
    static const guint8 zrtp[28] = { 0x10, 0, 0, 1, 'Z', 'R', 'T', 'P' };
    GstBufferList *list = gst_buffer_list_new ();
    guint n;

    n = call->a.wire.length;
    endpoint_talk (&call->a);
    fail_unless_equals_int (call->a.wire.length, n + 1);
    gst_buffer_list_add (list, gst_buffer_ref (g_queue_peek_tail (&call->a.wire)));
    gst_buffer_list_add (list, endpoint_make_rtp (&call->a));
    gst_buffer_list_add (list, make_packet (zrtp, sizeof zrtp));
    fail_unless_equals_int (gst_pad_push_list (call->b.wire_out, list), GST_FLOW_OK);
    /* The first is a replay of what came by the wire, the others are not authentic or not media. */
    fail_unless_equals_int (heard (&call->b), before + 1);
  }
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

/* Buffers that others hold, read-only memory, several memories, room and no room: the same packet on the wire, and the
 * original is not touched. Metadata goes along. */
GST_START_TEST (test_buffers)
{
  Call *call = call_new_secure ();
  GstCaps *reference = gst_caps_new_empty_simple ("timestamp/x-test");
  guint8 fixed[12 + CALL_PAYLOAD];
  guint form;

  for (form = 0; form < 9; form++) {
    GstBuffer *buffer = endpoint_make_rtp (&call->a), *tee = NULL, *wire, *got;
    guint sent = call->a.sent[PACKET_SECRET], before = heard (&call->b);
    GstMemory *memory, *whole;
    GstReferenceTimestampMeta *meta;

    gst_buffer_add_reference_timestamp_meta (buffer, reference, 4711, GST_CLOCK_TIME_NONE);
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_MARKER);
    if (form >= 6) {
      /* Room behind the packet. */
      gst_buffer_append_memory (buffer, gst_allocator_alloc (NULL, 64, NULL));
      gst_buffer_replace_all_memory (buffer, gst_buffer_get_all_memory (buffer));
      gst_buffer_set_size (buffer, 12 + CALL_PAYLOAD);
    }
    switch (form) {
      case 0:                  /* ours alone */
      case 6:
        break;
      case 1:                  /* tee */
      case 7:
        tee = gst_buffer_ref (buffer);
        break;
      case 2:                  /* a copy that shares the memory */
      case 8:
        tee = gst_buffer_copy (buffer);
        break;
      case 3:                  /* as payloaders make them: header and payload */
        memory = gst_buffer_get_memory (buffer, 0);
        whole = gst_memory_copy (memory, 0, -1);
        gst_memory_unref (memory);
        gst_buffer_remove_all_memory (buffer);
        gst_buffer_append_memory (buffer, gst_memory_share (whole, 0, 12));
        gst_buffer_append_memory (buffer, gst_memory_share (whole, 12, -1));
        gst_memory_unref (whole);
        break;
      case 4:                  /* the middle of something larger that lives on */
        memory = gst_buffer_get_memory (buffer, 0);
        gst_buffer_insert_memory (buffer, 0, gst_allocator_alloc (NULL, 8, NULL));
        whole = gst_buffer_get_all_memory (buffer);
        gst_buffer_replace_all_memory (buffer, gst_memory_share (whole, 8, -1));
        gst_memory_unref (memory);
        tee = gst_buffer_new ();
        gst_buffer_append_memory (tee, gst_memory_share (whole, 8, -1));
        gst_memory_unref (whole);
        break;
      case 5:                  /* read-only */
        gst_buffer_extract (buffer, 0, fixed, sizeof fixed);
        memory = gst_memory_new_wrapped (GST_MEMORY_FLAG_READONLY, fixed, sizeof fixed, 0, sizeof fixed, NULL, NULL);
        gst_buffer_replace_all_memory (buffer, memory);
        tee = gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, fixed, sizeof fixed, 0, sizeof fixed, NULL, NULL);
        break;
    }
    fail_unless_equals_int (gst_pad_push (call->a.media_in, buffer), GST_FLOW_OK);
    fail_unless_equals_int (call->a.sent[PACKET_SECRET], sent + 1);
    fail_unless_equals_int (heard (&call->b), before + 1);
    wire = g_queue_peek_tail (&call->a.wire);
    fail_unless (!is_marked (wire), "form %u went out in the clear", form);
    fail_unless_equals_int (gst_buffer_get_size (wire), 12 + CALL_PAYLOAD + 10);
    got = g_queue_peek_tail (&call->b.heard);
    fail_unless (is_marked (got));
    fail_unless_equals_int (gst_buffer_get_size (got), 12 + CALL_PAYLOAD);
    meta = gst_buffer_get_reference_timestamp_meta (got, reference);
    fail_unless (meta != NULL && meta->timestamp == 4711);
    fail_unless (GST_BUFFER_FLAG_IS_SET (got, GST_BUFFER_FLAG_MARKER));
    fail_unless (GST_BUFFER_PTS_IS_VALID (got) && GST_BUFFER_DURATION (got) == 20 * GST_MSECOND);
    if (tee != NULL) {
      fail_unless (is_marked (tee));
      fail_unless_equals_int (gst_buffer_get_size (tee), 12 + CALL_PAYLOAD);
      gst_buffer_unref (tee);
    }
  }
  gst_caps_unref (reference);
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

static GstBuffer *
make_rtcp (guint32 ssrc)
{
  guint8 packet[8 + 20] = { 0x80, 201, 0, 6 };

  GST_WRITE_UINT32_BE (packet + 4, ssrc);
  memcpy (packet + 8, "in the clear, RTCP!!", 20);
  return make_packet (packet, sizeof packet);
}

static GstFlowReturn
mux_chain (GstPad *pad, GstObject *parent, GstBuffer *packet)
{
  Endpoint *self = gst_pad_get_element_private (pad);

  return gst_pad_push (self->peer->wire_out, packet);
}

/* RTCP has the gates and keys of its stream (Z-4-10), and may come by the port of RTP (RFC 5761). */
GST_START_TEST (test_rtcp)
{
  Call *call = call_new ();
  GstPad *sink = gst_element_request_pad_simple (call->a.enc, "rtcp_sink_0");
  GstPad *src = gst_element_get_static_pad (call->a.enc, "rtcp_src_0");
  GstPad *in = gst_pad_new ("in", GST_PAD_SRC), *out = gst_pad_new ("out", GST_PAD_SINK);
  GstSegment segment;
  GstBuffer *got;

  gst_pad_set_chain_function (out, mux_chain);
  gst_pad_set_element_private (out, &call->a);
  fail_unless_equals_int (gst_pad_link (in, sink), GST_PAD_LINK_OK);
  fail_unless_equals_int (gst_pad_link (src, out), GST_PAD_LINK_OK);
  call_start (call);
  gst_pad_set_active (in, TRUE);
  gst_pad_set_active (out, TRUE);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (in, gst_event_new_stream_start ("rtcp"));
  gst_pad_push_event (in, gst_event_new_segment (&segment));

  fail_unless_equals_int (gst_pad_push (in, make_rtcp (call->a.ssrc)), GST_FLOW_OK);
  fail_unless_equals_int (call->b.heard_rtcp.length, 1);
  fail_unless_equals_int (heard (&call->b), 0);
  got = g_queue_peek_tail (&call->b.heard_rtcp);
  fail_unless (gst_buffer_memcmp (got, 8, "in the clear", 12) == 0);

  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  fail_unless_equals_int (gst_pad_push (in, make_rtcp (call->a.ssrc)), GST_FLOW_OK);
  fail_unless_equals_int (call->b.heard_rtcp.length, 2);
  got = g_queue_peek_tail (&call->b.heard_rtcp);
  fail_unless_equals_int (gst_buffer_get_size (got), 28);
  fail_unless (gst_buffer_memcmp (got, 8, "in the clear", 12) == 0);
  /* In the clear it is not taken any more. */
  endpoint_inject (&call->b, make_rtcp (call->a.ssrc));
  fail_unless_equals_int (call->b.heard_rtcp.length, 2);
  call_check_secure (call);
  /* Events of its own, as nothing came by rtcp_sink. */
  fail_unless (gst_pad_has_current_caps (call->b.rtcp_out));

  endpoint_stop (&call->a);
  gst_pad_unlink (in, sink);
  gst_pad_unlink (src, out);
  gst_element_release_request_pad (call->a.enc, sink);
  fail_unless (gst_element_get_static_pad (call->a.enc, "rtcp_src_0") == NULL);
  gst_object_unref (sink);
  gst_object_unref (src);
  gst_object_unref (in);
  gst_object_unref (out);
  call_free (call);
}
GST_END_TEST;

static Suite *
packets_suite (void)
{
  Suite *suite = suite_create ("packets");
  TCase *tcase = tcase_create ("packets");

  tcase_set_timeout (tcase, 60);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_classifier);
  tcase_add_test (tcase, test_injection);
  tcase_add_test (tcase, test_zrtp_flood);
  tcase_add_test (tcase, test_lists);
  tcase_add_test (tcase, test_buffers);
  tcase_add_test (tcase, test_rtcp);
  return suite;
}

GST_CHECK_MAIN (packets)
