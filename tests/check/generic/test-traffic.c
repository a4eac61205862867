/* test-traffic.c: all that can be pushed and asked, on running elements and in a secure call: nothing breaks
 * or stops them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../elements/call.h"
#include "generic.h"

#include <string.h>

/* What its first sink pad takes: an RTP or RTCP packet, or raw audio. */
static GstBuffer *
proper_buffer (guint number)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 172, NULL);

  gst_buffer_memset (buffer, 0, 0, 172);
  gst_buffer_memset (buffer, 0, 0x80, 1);
  gst_buffer_memset (buffer, 3, number, 1);
  GST_BUFFER_PTS (buffer) = number * 20 * GST_MSECOND;
  GST_BUFFER_DURATION (buffer) = 20 * GST_MSECOND;
  return buffer;
}

static const gchar *
first_template (GstElementFactory *factory, GstPadDirection direction)
{
  const GList *l;

  for (l = gst_element_factory_get_static_pad_templates (factory); l != NULL; l = l->next) {
    GstStaticPadTemplate *template = l->data;

    if (template->direction == direction)
      return template->name_template;
  }
  fail ("%s has no such pad", GST_OBJECT_NAME (factory));
  return NULL;
}

static void
check_harness (GstElementFactory *factory)
{
  gchar *sink = g_strdelimit (g_strdup (first_template (factory, GST_PAD_SINK)), "%", '\0');
  gchar *src = g_strdelimit (g_strdup (first_template (factory, GST_PAD_SRC)), "%", '\0');
  gboolean requested = sink[strlen (sink) - 1] == '_';
  GstElement *element = generic_make (factory);
  GstBus *bus = gst_bus_new ();
  GstZrtpSession *session;
  GstHarness *harness;
  GstCaps *caps;
  GstPad *peer;
  guint i;

  /* rtp_sink_%u is asked for as rtp_sink_0. */
  if (requested) {
    gchar *one = g_strconcat (sink, "0", NULL), *other = g_strconcat (src, "0", NULL);

    harness = gst_harness_new_with_element (element, one, other);
    g_free (one);
    g_free (other);
  } else
    harness = gst_harness_new_with_element (element, sink, src);
  gst_element_set_bus (element, bus);
  session = generic_session (element);
  gst_harness_set_drop_buffers (harness, TRUE);
  for (i = 0; i < rounds (4000); i++)
    traffic_on (one_in (4) ? harness->sinkpad : harness->srcpad, element);
  check_no_error (bus, NULL);

  /* Only a flush ends EOS. */
  gst_harness_push_event (harness, gst_event_new_flush_start ());
  gst_harness_push_event (harness, gst_event_new_flush_stop (TRUE));
  peer = gst_pad_get_peer (harness->srcpad);
  caps = gst_caps_fixate (gst_caps_truncate (gst_pad_get_pad_template_caps (peer)));
  gst_harness_set_src_caps (harness, caps);
  gst_object_unref (peer);
  gst_harness_set_drop_buffers (harness, FALSE);
  for (i = 0; i < 10; i++)
    fail_unless_equals_int (gst_harness_push (harness, proper_buffer (i)), GST_FLOW_OK);
  for (i = 0; i < 10; i++) {
    GstBuffer *buffer = gst_harness_try_pull (harness);

    fail_unless (buffer != NULL, "only %u of 10 came through %s", i, GST_OBJECT_NAME (factory));
    gst_buffer_unref (buffer);
  }
  check_no_error (bus, NULL);
  gst_element_set_bus (element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (harness);
  if (session != NULL) {
    gst_zrtp_session_wait_idle (session);
    gst_object_unref (session);
  }
  generic_drop (element);
  g_free (sink);
  g_free (src);
}

GST_START_TEST (test_harness)
{
  GList *factories = generic_factories (), *l;

  for (l = factories; l != NULL; l = l->next) {
    generic_begin ("harness");
    check_harness (l->data);
    generic_end ();
  }
  gst_plugin_feature_list_free (factories);
}
GST_END_TEST;

/* The beginning of a stream, after what may have been its end. */
static void
put_right (GstPad *pad)
{
  GstCaps *caps = gst_caps_new_empty_simple ("application/x-rtp");
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pad, gst_event_new_flush_start ());
  gst_pad_push_event (pad, gst_event_new_flush_stop (TRUE));
  gst_pad_push_event (pad, gst_event_new_stream_start ("again"));
  gst_pad_push_event (pad, gst_event_new_caps (caps));
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
  gst_caps_unref (caps);
}

static void
junk (Endpoint *endpoint)
{
  switch (chance_below (4)) {
    case 0:
      traffic_on (endpoint->media_in, endpoint->enc);
      break;
    case 1:
      traffic_on (one_in (2) ? endpoint->wire_in : endpoint->media_out, endpoint->enc);
      break;
    case 2:
      /* The other end pushes here too, so that the stream is not for the test to begin and to end. */
      gst_pad_push (endpoint->wire_out, random_buffer ());
      break;
    default:
      gst_pad_push_list (endpoint->wire_out, random_buffer_list ());
      break;
  }
}

static void
check_call_with (gboolean secure)
{
  Call *call = call_new ();
  guint i;

  call_start (call);
  generic_watch (call->a.session);
  generic_watch (call->b.session);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  if (secure)
    fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  for (i = 0; i < rounds (1000); i++) {
    junk (one_in (2) ? &call->a : &call->b);
    if (!secure && one_in (20))
      call_run (call, 30 * GST_MSECOND);
  }
  call_settle (call);
  put_right (call->a.media_in);
  put_right (call->b.media_in);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  /* Random media were among it, so that clear packets before the keys are nothing to wonder about. */
  fail_unless (call_run_until_secure (call, 120 * GST_SECOND));
  call_check_secure (call);
  call_free (call);
}

/* A call is secure before, or is not hindered to become it, and people hear each other after it. */
GST_START_TEST (test_call)
{
  guint i;

  generic_begin ("call");
  for (i = 0; i < MAX (2, rounds (10)); i++)
    check_call_with (i % 2 == 0);
  generic_end ();
}
GST_END_TEST;

static Suite *
traffic_suite (void)
{
  Suite *suite = suite_create ("traffic");
  TCase *tcase = tcase_create ("traffic");

  tcase_set_timeout (tcase, 120);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_harness);
  tcase_add_test (tcase, test_call);
  return suite;
}

GST_CHECK_MAIN (traffic)
