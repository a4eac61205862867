/* test-discont.c: packets that are left out or put in between do not cost what follows its DISCONT flag.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <string.h>

static gboolean
is_discont (GstBuffer *buffer)
{
  fail_unless (buffer != NULL);
  return GST_BUFFER_IS_DISCONT (buffer);
}

static void
set_secure_only (Call *call)
{
  g_object_set (call->a.enc, "media-policy", GST_ZRTP_MEDIA_POLICY_SECURE_ONLY, NULL);
  g_object_set (call->b.enc, "media-policy", GST_ZRTP_MEDIA_POLICY_SECURE_ONLY, NULL);
}

static GstFlowReturn
talk_discont (Endpoint *from)
{
  GstBuffer *buffer = endpoint_make_rtp (from);

  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  return gst_pad_push (from->media_in, buffer);
}

static void
go_secure (Call *call)
{
  talk_discont (&call->a);
  talk_discont (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
}

/* The first media is held back, and the first packet is ZRTP: that says DISCONT, once, and so does the media when it comes,
 * in both elements, once. */
GST_START_TEST (test_held)
{
  Call *call = call_new ();
  GList *l;

  set_secure_only (call);
  call_start (call);
  go_secure (call);
  fail_unless_equals_int (call->a.sent[PACKET_CLEAR] + call->a.sent[PACKET_SECRET], 0);
  fail_unless (is_discont (g_queue_peek_head (&call->a.wire)));
  for (l = call->a.wire.head->next; l != NULL; l = l->next)
    fail_if (is_discont (l->data));

  endpoint_talk (&call->a);
  endpoint_talk (&call->a);
  call_settle (call);
  fail_unless_equals_int (call->b.heard.length, 2);
  fail_unless (is_discont (g_queue_peek_head (&call->b.heard)));
  fail_if (is_discont (g_queue_peek_tail (&call->b.heard)));
  fail_unless (is_discont (g_queue_peek_nth (&call->a.wire, call->a.wire.length - 2)));
  fail_if (is_discont (g_queue_peek_tail (&call->a.wire)));
  call_check (call);
  call_free (call);
}
GST_END_TEST;

static GstBufferList *
make_list (Endpoint *from)
{
  GstBufferList *list = gst_buffer_list_new ();

  gst_buffer_list_add (list, endpoint_make_rtp (from));
  gst_buffer_list_add (list, endpoint_make_rtp (from));
  return list;
}

/* The same with lists. */
GST_START_TEST (test_held_list)
{
  Call *call = call_new ();

  set_secure_only (call);
  call_start (call);
  fail_unless_equals_int (gst_pad_push_list (call->a.media_in, make_list (&call->a)), GST_FLOW_OK);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  fail_unless_equals_int (gst_pad_push_list (call->a.media_in, make_list (&call->a)), GST_FLOW_OK);
  fail_unless_equals_int (gst_pad_push_list (call->a.media_in, make_list (&call->a)), GST_FLOW_OK);
  call_settle (call);
  fail_unless_equals_int (call->b.heard.length, 4);
  fail_unless (is_discont (g_queue_peek_nth (&call->b.heard, 0)));
  fail_if (is_discont (g_queue_peek_nth (&call->b.heard, 1)));
  fail_if (is_discont (g_queue_peek_nth (&call->b.heard, 2)));
  call_free (call);
}
GST_END_TEST;

static gboolean
drop_confirm (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  gchar type[8];

  return kind != PACKET_ZRTP || gst_buffer_extract (packet, 16, type, sizeof type) < sizeof type
      || memcmp (type, "Confirm", 7) != 0;
}

/* What is held back between Commit and secure is a gap in media that has begun. */
GST_START_TEST (test_gap)
{
  Call *call = call_new ();
  gboolean lists;

  for (lists = FALSE; lists <= TRUE; lists++) {
    call_start (call);
    call->filter = drop_confirm;
    talk_discont (&call->a);
    talk_discont (&call->b);
    call_run (call, 300 * GST_MSECOND);
    fail_unless_equals_int (endpoint_state (&call->a), GST_ZRTP_STATE_SECURING);
    if (lists)
      gst_pad_push_list (call->a.media_in, make_list (&call->a));
    else
      endpoint_talk (&call->a);
    call->filter = NULL;
    fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
    if (lists)
      gst_pad_push_list (call->a.media_in, make_list (&call->a));
    else
      endpoint_talk (&call->a);
    call_settle (call);
    fail_unless (is_discont (g_queue_peek_nth (&call->b.heard, call->b.heard.length - (lists ? 2 : 1))));
    call_check_secure (call);
    fail_if (is_discont (g_queue_peek_tail (&call->b.heard)));
    endpoint_stop (&call->a);
    endpoint_stop (&call->b);
  }
  call_free (call);
}
GST_END_TEST;

/* A packet that a receiver takes out, as every ZRTP packet, leaves its flag to the next one. */
GST_START_TEST (test_taken_out)
{
  Call *call = call_new ();
  GstBuffer *copy;

  call_start (call);
  go_secure (call);
  call_check_secure (call);
  fail_if (is_discont (g_queue_peek_tail (&call->b.heard)));
  /* A replay, which is dropped, after a jump of the source. */
  copy = gst_buffer_copy_deep (g_queue_peek_tail (&call->a.wire));
  GST_BUFFER_FLAG_SET (copy, GST_BUFFER_FLAG_DISCONT);
  fail_unless_equals_int (endpoint_inject (&call->b, copy), GST_FLOW_OK);
  call_check_secure (call);
  fail_unless (is_discont (g_queue_peek_tail (&call->b.heard)));
  call_check_secure (call);
  fail_if (is_discont (g_queue_peek_tail (&call->b.heard)));
  call_free (call);
}
GST_END_TEST;

/* After a flush it begins anew, whichever packet comes first. */
GST_START_TEST (test_flush)
{
  Call *call = call_new ();
  GstSegment segment;
  guint before;

  call_start (call);
  go_secure (call);
  call_check_secure (call);
  fail_if (is_discont (g_queue_peek_tail (&call->a.wire)));
  gst_pad_push_event (call->a.media_in, gst_event_new_flush_start ());
  gst_pad_push_event (call->a.media_in, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (call->a.media_in, gst_event_new_segment (&segment));
  before = call->a.wire.length;
  endpoint_talk (&call->a);
  endpoint_talk (&call->a);
  call_settle (call);
  fail_unless (is_discont (g_queue_peek_nth (&call->a.wire, before)));
  fail_if (is_discont (g_queue_peek_tail (&call->a.wire)));
  call_free (call);
}
GST_END_TEST;

/* One who only receives makes its own segment. */
GST_START_TEST (test_alone)
{
  Call *call = call_new_receive_only_b ();

  call_start (call);
  endpoint_talk (&call->a);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  fail_unless (is_discont (g_queue_peek_head (&call->b.wire)));
  fail_if (is_discont (g_queue_peek_tail (&call->b.wire)));
  call_free (call);
}
GST_END_TEST;

static GstBuffer *
make_rtcp (Endpoint *from)
{
  /* A sender report without reports: 28 octets. */
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 28, NULL);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  memset (map.data, 0, map.size);
  map.data[0] = 0x80;
  map.data[1] = 200;
  GST_WRITE_UINT16_BE (map.data + 2, 6);
  GST_WRITE_UINT32_BE (map.data + 4, from->ssrc);
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

/* RTCP that comes with RTP begins a stream of its own. */
GST_START_TEST (test_muxed_rtcp)
{
  Call *call = call_new ();

  call_start (call);
  fail_unless_equals_int (endpoint_inject (&call->b, make_rtcp (&call->a)), GST_FLOW_OK);
  fail_unless_equals_int (endpoint_inject (&call->b, make_rtcp (&call->a)), GST_FLOW_OK);
  fail_unless_equals_int (call->b.heard_rtcp.length, 2);
  fail_unless (is_discont (g_queue_peek_head (&call->b.heard_rtcp)));
  fail_if (is_discont (g_queue_peek_tail (&call->b.heard_rtcp)));
  call_free (call);
}
GST_END_TEST;

static Suite *
discont_suite (void)
{
  Suite *suite = suite_create ("discont");
  TCase *tcase = tcase_create ("discont");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_held);
  tcase_add_test (tcase, test_held_list);
  tcase_add_test (tcase, test_gap);
  tcase_add_test (tcase, test_taken_out);
  tcase_add_test (tcase, test_flush);
  tcase_add_test (tcase, test_alone);
  tcase_add_test (tcase, test_muxed_rtcp);
  return suite;
}

GST_CHECK_MAIN (discont)
