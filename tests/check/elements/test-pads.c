/* test-pads.c: pads, caps, sticky events, queries; linking as gst-launch and rtpbin do it; two elements on one stream.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <string.h>

static GstElement *
make (const gchar *factory)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  fail_unless (element != NULL, "no element %s", factory);
  return gst_object_ref_sink (element);
}

static gboolean
has_pad (GstElement *element, const gchar *name)
{
  GstPad *pad = gst_element_get_static_pad (element, name);

  if (pad == NULL)
    return FALSE;
  gst_object_unref (pad);
  return TRUE;
}

GST_START_TEST (test_request)
{
  GstElement *enc = make ("zrtpenc");
  GstPad *sink0, *sink1, *sink7, *src3, *again, *rtcp;

  fail_unless_equals_int (enc->numpads, 0);
  sink0 = gst_element_request_pad_simple (enc, "rtp_sink_%u");
  fail_unless_equals_string (GST_PAD_NAME (sink0), "rtp_sink_0");
  fail_unless (has_pad (enc, "rtp_src_0"));
  sink1 = gst_element_request_pad_simple (enc, "rtp_sink_%u");
  fail_unless_equals_string (GST_PAD_NAME (sink1), "rtp_sink_1");
  sink7 = gst_element_request_pad_simple (enc, "rtp_sink_7");
  fail_unless (has_pad (enc, "rtp_src_7"));
  /* RTCP has its number from the stream, not from the order of asking. */
  rtcp = gst_element_request_pad_simple (enc, "rtcp_sink_7");
  fail_unless_equals_string (GST_PAD_NAME (rtcp), "rtcp_sink_7");
  fail_unless (has_pad (enc, "rtcp_src_7"));
  src3 = gst_element_request_pad_simple (enc, "rtp_src_3");
  fail_unless (src3 != NULL && !has_pad (enc, "rtp_sink_3"));
  /* Streams are 0 to 15. */
  fail_unless (gst_element_request_pad_simple (enc, "rtp_sink_16") == NULL);

  /* The sink of a stream that had its src already. */
  again = gst_element_request_pad_simple (enc, "rtp_sink_3");
  fail_unless_equals_string (GST_PAD_NAME (again), "rtp_sink_3");
  gst_element_release_request_pad (enc, again);
  gst_object_unref (again);
  fail_unless (has_pad (enc, "rtp_src_3"));
  gst_element_release_request_pad (enc, src3);
  fail_unless (!has_pad (enc, "rtp_src_3"));
  gst_object_unref (src3);

  gst_element_release_request_pad (enc, sink0);
  fail_unless (!has_pad (enc, "rtp_src_0"));
  gst_object_unref (sink0);
  gst_element_release_request_pad (enc, rtcp);
  fail_unless (!has_pad (enc, "rtcp_src_7") && has_pad (enc, "rtp_src_7"));
  gst_object_unref (rtcp);
  gst_object_unref (sink1);
  gst_object_unref (sink7);
  gst_object_unref (enc);
}
GST_END_TEST;

GST_START_TEST (test_templates)
{
  static const struct
  {
    const gchar *factory, *name;
    GstPadPresence presence;
    const gchar *caps;
  } rows[] = {
    { "zrtpenc", "rtp_sink_%u", GST_PAD_REQUEST, "application/x-rtp" },
    { "zrtpenc", "rtp_src_%u", GST_PAD_REQUEST, "application/x-rtp" },
    { "zrtpenc", "rtcp_sink_%u", GST_PAD_REQUEST, "application/x-rtcp" },
    { "zrtpenc", "rtcp_src_%u", GST_PAD_SOMETIMES, "application/x-rtcp" },
    { "zrtpdec", "rtp_sink", GST_PAD_ALWAYS, "application/x-srtp" },
    { "zrtpdec", "rtp_src", GST_PAD_ALWAYS, "application/x-rtp" },
    { "zrtpdec", "rtcp_sink", GST_PAD_ALWAYS, "application/x-srtcp" },
    { "zrtpdec", "rtcp_src", GST_PAD_ALWAYS, "application/x-rtcp" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    GstElement *element = make (rows[i].factory);
    GstPadTemplate *template = gst_element_get_pad_template (element, rows[i].name);
    GstCaps *caps = gst_caps_from_string (rows[i].caps), *template_caps;

    fail_unless (template != NULL, "%s has no %s", rows[i].factory, rows[i].name);
    fail_unless_equals_int (GST_PAD_TEMPLATE_PRESENCE (template), rows[i].presence);
    template_caps = gst_pad_template_get_caps (template);
    fail_unless (gst_caps_can_intersect (template_caps, caps));
    gst_caps_unref (template_caps);
    gst_caps_unref (caps);
    gst_object_unref (element);
  }
}
GST_END_TEST;

/* Every property has a nick, a blurb, and says when it may change; every signal is an action. */
GST_START_TEST (test_documentation)
{
  static const gchar *factories[] = { "zrtpenc", "zrtpdec" };
  static const gchar *signals[] = { "secure", "sas-match", "sas-differs", "set-verified", "add-entropy" };
  guint i, j, n;

  for (i = 0; i < 2; i++) {
    GstElement *element = make (factories[i]);
    GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);

    for (j = 0; j < n; j++) {
      if (pspecs[j]->owner_type != G_OBJECT_TYPE (element))
        continue;
      fail_unless (strlen (g_param_spec_get_blurb (pspecs[j])) > 15, "%s", pspecs[j]->name);
      fail_unless (g_strcmp0 (g_param_spec_get_nick (pspecs[j]), pspecs[j]->name) != 0, "%s", pspecs[j]->name);
      if (pspecs[j]->flags & G_PARAM_WRITABLE)
        fail_unless ((pspecs[j]->flags & (GST_PARAM_MUTABLE_READY | GST_PARAM_MUTABLE_PLAYING)) != 0, "%s",
            pspecs[j]->name);
    }
    g_free (pspecs);
    for (j = 0; j < G_N_ELEMENTS (signals); j++) {
      GSignalQuery query;

      g_signal_query (g_signal_lookup (signals[j], G_OBJECT_TYPE (element)), &query);
      fail_unless (query.signal_flags & G_SIGNAL_ACTION, "%s", signals[j]);
    }
    gst_object_unref (element);
  }
}
GST_END_TEST;

static void
note_order (GString *order, GstPadProbeInfo *info)
{
  if (GST_PAD_PROBE_INFO_TYPE (info) & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM)
    g_string_append_printf (order, "%s ", GST_EVENT_TYPE_NAME (GST_PAD_PROBE_INFO_EVENT (info)));
  else
    g_string_append (order, "buffer ");
}

static GstPadProbeReturn
probe_order (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  note_order (data, info);
  return GST_PAD_PROBE_OK;
}

static void
check_sticky_order (Call *call, Endpoint *endpoint)
{
  GString *order = g_string_new (NULL);

  gst_pad_add_probe (endpoint->wire_in, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM | GST_PAD_PROBE_TYPE_BUFFER, probe_order,
      order, NULL);
  call_start (call);
  endpoint_talk (&call->a);
  fail_unless (endpoint == &call->b || endpoint->wire.length > 0);
  call_run (call, 200 * GST_MSECOND);
  fail_unless (g_str_has_prefix (order->str, "stream-start caps segment buffer buffer"), "%s", order->str);
  g_string_free (order, TRUE);
  call_free (call);
}

/* Sticky events come before the first packet, be it media or ZRTP. */
GST_START_TEST (test_sticky_order)
{
  Call *call = call_new ();

  check_sticky_order (call, &call->a);
  call = call_new_receive_only_b ();
  check_sticky_order (call, &call->b);
}
GST_END_TEST;

/* ZRTP never goes before the segment of the media, though caps have told the SSRC. */
GST_START_TEST (test_no_segment_yet)
{
  Call *call = call_new ();
  GstCaps *caps = gst_caps_from_string ("application/x-rtp, ssrc=(uint)5");
  GstSegment segment;

  endpoint_start (&call->a);
  gst_pad_set_active (call->a.media_in, FALSE);
  gst_pad_set_active (call->a.media_in, TRUE);
  gst_element_set_state (call->a.pipeline, GST_STATE_READY);
  gst_element_set_state (call->a.pipeline, GST_STATE_PLAYING);
  gst_pad_push_event (call->a.media_in, gst_event_new_stream_start ("late"));
  gst_pad_push_event (call->a.media_in, gst_event_new_caps (caps));
  call_run (call, GST_SECOND);
  fail_unless_equals_int (call->a.sent[PACKET_ZRTP], 0);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (call->a.media_in, gst_event_new_segment (&segment));
  call_run (call, 10 * GST_MSECOND);
  fail_unless (call->a.sent[PACKET_ZRTP] > 0);
  gst_caps_unref (caps);
  call_free (call);
}
GST_END_TEST;

static void
collect_error (GstElement *pipeline, gchar **text, gchar **debug)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  GError *error;

  fail_unless (message != NULL, "no error was posted");
  gst_message_parse_error (message, &error, debug);
  *text = g_strdup (error->message);
  g_error_free (error);
  gst_message_unref (message);
  gst_object_unref (bus);
}

static void
check_duplicate (const gchar *factory, const gchar *request)
{
  GstElement *pipeline = gst_pipeline_new (NULL);
  GstElement *one = gst_element_factory_make (factory, "one"), *two = gst_element_factory_make (factory, "two");
  gchar *text, *debug;

  gst_bin_add_many (GST_BIN (pipeline), one, two, NULL);
  if (request != NULL) {
    gst_object_unref (gst_element_request_pad_simple (one, request));
    gst_object_unref (gst_element_request_pad_simple (two, request));
  }
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  collect_error (pipeline, &text, &debug);
  fail_unless (strstr (text, "one") && strstr (text, "two") && strstr (text, "stream 0"), "%s", text);
  fail_unless (strstr (text, "session-id") != NULL, "%s", text);
  g_free (text);
  g_free (debug);
  gst_element_set_state (pipeline, GST_STATE_NULL);

  /* As the text says: a session of its own helps. */
  g_object_set (two, "session-id", "another call", NULL);
  fail_unless (gst_element_set_state (pipeline, GST_STATE_PAUSED) != GST_STATE_CHANGE_FAILURE);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

GST_START_TEST (test_duplicates)
{
  check_duplicate ("zrtpenc", "rtp_sink_0");
  check_duplicate ("zrtpenc", "rtp_src_0");
  check_duplicate ("zrtpdec", NULL);
}
GST_END_TEST;

/* The second one comes while the first one runs. */
GST_START_TEST (test_late_duplicate)
{
  Call *call = call_new ();
  GstElement *two = gst_element_factory_make ("zrtpenc", "two");

  call_start (call);
  gst_bin_add (GST_BIN (call->a.pipeline), two);
  gst_element_sync_state_with_parent (two);
  fail_unless (gst_element_request_pad_simple (two, "rtp_sink_0") == NULL);
  endpoint_message (&call->a, "zrtp-state");
  fail_unless_equals_int (call->a.errors, 1);
  /* Another stream is no mistake. */
  gst_object_unref (gst_element_request_pad_simple (two, "rtp_sink_1"));
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call->a.errors = 0;
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

/* gst-launch takes the RTP pads by itself. */
GST_START_TEST (test_launch)
{
  static const gchar *lines[] = {
    "fakesrc num-buffers=0 ! application/x-rtp ! zrtpenc name=enc ! fakesink",
    "fakesrc num-buffers=0 ! zrtpdec name=dec ! fakesink",
    "zrtpenc name=enc enc.rtp_src_0 ! fakesink async=false fakesrc num-buffers=0 ! enc.rtp_sink_0",
    "zrtpenc name=enc ! fakesink async=false",
    "fakesrc num-buffers=0 ! enc.rtcp_sink_0 zrtpenc name=enc enc.rtcp_src_0 ! fakesink",
    "fakesrc num-buffers=0 ! application/x-rtp ! zrtpenc name=enc ! application/x-srtp ! fakesink",
    "fakesrc num-buffers=0 ! application/x-srtp ! zrtpdec name=dec ! application/x-rtp ! fakesink",
    "fakesrc num-buffers=0 ! dec.rtcp_sink zrtpdec name=dec dec.rtcp_src ! fakesink",
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (lines); i++) {
    GError *error = NULL;
    GstElement *pipeline = gst_parse_launch (lines[i], &error), *element;

    fail_unless (pipeline != NULL && error == NULL, "%s: %s", lines[i], error ? error->message : "");
    element = gst_bin_get_by_name (GST_BIN (pipeline), strstr (lines[i], "name=enc") ? "enc" : "dec");
    if (strstr (lines[i], "zrtpenc name=enc !"))
      fail_unless (has_pad (element, "rtp_src_0") && !has_pad (element, "rtcp_sink_0"));
    fail_unless (gst_element_set_state (pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE, "%s", lines[i]);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    gst_object_unref (element);
    gst_object_unref (pipeline);
  }
}
GST_END_TEST;

/* A sink that waits for its first buffer must not wait for ever for an end that only sends ZRTP. */
GST_START_TEST (test_live)
{
  GstElement *pipeline = gst_parse_launch ("zrtpenc name=enc ! fakesink name=sink", NULL);
  GstElement *enc = gst_bin_get_by_name (GST_BIN (pipeline), "enc");
  GstPad *src = gst_element_get_static_pad (enc, "rtp_src_0");
  GstQuery *query = gst_query_new_latency ();
  gboolean live;

  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PAUSED), GST_STATE_CHANGE_NO_PREROLL);
  fail_unless (gst_pad_query (src, query));
  gst_query_parse_latency (query, &live, NULL, NULL);
  fail_unless (live);
  fail_unless (gst_element_set_state (pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE);
  /* Its Hello is the buffer. */
  fail_unless_equals_int (gst_element_get_state (pipeline, NULL, NULL, 10 * GST_SECOND), GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_query_unref (query);
  gst_object_unref (src);
  gst_object_unref (enc);
  gst_object_unref (pipeline);
}
GST_END_TEST;

/* A pipeline that is being paused: the sink waits already, the encoder still plays. That must not hold a worker of the process. */
GST_START_TEST (test_pausing)
{
  GstElement *pipeline = gst_parse_launch ("zrtpenc name=enc ! fakesink name=sink", NULL);
  GstElement *enc = gst_bin_get_by_name (GST_BIN (pipeline), "enc");
  GstClock *clock = gst_test_clock_new_with_start_time (GST_SECOND);
  GstZrtpSession *session;
  GstClockID id;

  g_object_set (enc, "clock", clock, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  fail_unless_equals_int (gst_element_get_state (pipeline, NULL, NULL, 10 * GST_SECOND), GST_STATE_CHANGE_SUCCESS);
  g_object_get (enc, "session", &session, NULL);
  gst_zrtp_session_wait_idle (session);
  gst_element_set_locked_state (enc, TRUE);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  /* The next Hello is due; it stays, and the worker is free again. */
  gst_test_clock_wait_for_next_pending_id (GST_TEST_CLOCK (clock), &id);
  gst_test_clock_set_time (GST_TEST_CLOCK (clock), gst_clock_id_get_time (id));
  gst_clock_id_unref (id);
  id = gst_test_clock_process_next_clock_id (GST_TEST_CLOCK (clock));
  gst_clock_id_unref (id);
  gst_zrtp_session_wait_idle (session);
  gst_element_set_locked_state (enc, FALSE);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_zrtp_session_wait_idle (session);
  gst_object_unref (session);
  gst_object_unref (enc);
  gst_object_unref (pipeline);
  gst_object_unref (clock);
}
GST_END_TEST;

/* SRTP names on the way in become RTP names, and a source is told what is wanted behind the decoder. */
GST_START_TEST (test_decoder_caps)
{
  GstElement *dec = make ("zrtpdec");
  GstHarness *harness = gst_harness_new_with_element (dec, "rtp_sink", "rtp_src");
  GstCaps *caps;
  GstStructure *structure;
  gint rate;

  gst_harness_set_src_caps_str (harness,
      "application/x-srtp, media=audio, clock-rate=8000, payload=0, srtp-cipher=null, srtcp-auth=null, roc=(uint)1");
  caps = gst_pad_get_current_caps (harness->sinkpad);
  structure = gst_caps_get_structure (caps, 0);
  fail_unless (gst_structure_has_name (structure, "application/x-rtp"));
  fail_unless (gst_structure_get_int (structure, "clock-rate", &rate) && rate == 8000);
  fail_unless (!gst_structure_has_field (structure, "srtp-cipher") && !gst_structure_has_field (structure, "roc"));
  gst_caps_unref (caps);
  gst_harness_teardown (harness);
  gst_object_unref (dec);

  dec = make ("zrtpdec");
  harness = gst_harness_new_with_element (dec, "rtp_sink", "rtp_src");
  gst_harness_set_sink_caps_str (harness, "application/x-rtp, payload=(int)96");
  caps = gst_pad_peer_query_caps (harness->srcpad, NULL);
  fail_unless_equals_int (gst_caps_get_size (caps), 2);
  fail_unless (gst_structure_get_int (gst_caps_get_structure (caps, 1), "payload", &rate) && rate == 96);
  fail_unless (gst_structure_has_name (gst_caps_get_structure (caps, 1), "application/x-srtp"));
  gst_caps_unref (caps);
  gst_harness_teardown (harness);
  gst_object_unref (dec);
}
GST_END_TEST;

/* The encoder leaves caps alone, unless somebody behind it insists on the SRTP name. */
GST_START_TEST (test_encoder_caps)
{
  static const gchar *const wanted[] = { NULL, "application/x-rtp", "application/x-srtp" };
  static const gchar *const got[] = { "application/x-rtp", "application/x-rtp", "application/x-srtp" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (wanted); i++) {
    GstElement *enc = make ("zrtpenc");
    GstHarness *harness = gst_harness_new_with_element (enc, "rtp_sink_0", "rtp_src_0");
    GstCaps *caps;

    if (wanted[i] != NULL)
      gst_harness_set_sink_caps_str (harness, wanted[i]);
    caps = gst_pad_peer_query_caps (harness->srcpad, NULL);
    fail_unless_equals_int (gst_caps_get_size (caps), 1);
    fail_unless (gst_structure_has_name (gst_caps_get_structure (caps, 0), "application/x-rtp"));
    gst_caps_unref (caps);
    gst_harness_set_src_caps_str (harness, "application/x-rtp, payload=(int)96");
    caps = gst_pad_get_current_caps (harness->sinkpad);
    fail_unless (gst_structure_has_name (gst_caps_get_structure (caps, 0), got[i]));
    fail_unless (gst_structure_has_field (gst_caps_get_structure (caps, 0), "payload"));
    gst_caps_unref (caps);
    gst_harness_teardown (harness);
    gst_object_unref (enc);
  }
}
GST_END_TEST;

typedef struct
{
  GstElement *enc, *dec;
} Coders;

static GstElement *
give_encoder (GstElement *rtpbin, guint session, Coders *coders)
{
  return gst_object_ref (coders->enc);
}

static GstElement *
give_decoder (GstElement *rtpbin, guint session, Coders *coders)
{
  return gst_object_ref (coders->dec);
}

/* rtpbin takes the elements as it takes srtpenc and srtpdec, RTCP included. */
GST_START_TEST (test_rtpbin)
{
  GstElement *pipeline = gst_pipeline_new (NULL);
  GstElement *rtpbin = gst_element_factory_make ("rtpbin", NULL);
  Coders coders = { make ("zrtpenc"), make ("zrtpdec") };
  static const gchar *const pads[]
      = { "send_rtp_sink_0", "send_rtcp_src_0", "recv_rtp_sink_0", "recv_rtcp_sink_0" };
  GstPad *requested[4];
  GstPad *src;
  guint i;

  if (rtpbin == NULL) {
    gst_object_unref (coders.enc);
    gst_object_unref (coders.dec);
    gst_object_unref (pipeline);
    return;
  }
  gst_bin_add (GST_BIN (pipeline), rtpbin);
  gst_object_unref (gst_element_request_pad_simple (coders.enc, "rtp_sink_0"));
  gst_object_unref (gst_element_request_pad_simple (coders.enc, "rtcp_sink_0"));
  g_signal_connect (rtpbin, "request-rtp-encoder", G_CALLBACK (give_encoder), &coders);
  g_signal_connect (rtpbin, "request-rtcp-encoder", G_CALLBACK (give_encoder), &coders);
  g_signal_connect (rtpbin, "request-rtp-decoder", G_CALLBACK (give_decoder), &coders);
  g_signal_connect (rtpbin, "request-rtcp-decoder", G_CALLBACK (give_decoder), &coders);
  for (i = 0; i < 4; i++) {
    requested[i] = gst_element_request_pad_simple (rtpbin, pads[i]);
    fail_unless (requested[i] != NULL, "rtpbin gives no %s", pads[i]);
  }
  src = gst_element_get_static_pad (rtpbin, "send_rtp_src_0");
  fail_unless (src != NULL);
  gst_object_unref (src);
  src = gst_element_get_static_pad (coders.enc, "rtp_sink_0");
  fail_unless (gst_pad_is_linked (src));
  gst_object_unref (src);
  src = gst_element_get_static_pad (coders.enc, "rtcp_sink_0");
  fail_unless (gst_pad_is_linked (src));
  gst_object_unref (src);
  src = gst_element_get_static_pad (coders.dec, "rtp_src");
  fail_unless (gst_pad_is_linked (src));
  gst_object_unref (src);
  src = gst_element_get_static_pad (coders.dec, "rtcp_src");
  fail_unless (gst_pad_is_linked (src));
  gst_object_unref (src);
  fail_unless (gst_element_set_state (pipeline, GST_STATE_PAUSED) != GST_STATE_CHANGE_FAILURE);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  for (i = 0; i < 4; i++) {
    gst_element_release_request_pad (rtpbin, requested[i]);
    gst_object_unref (requested[i]);
  }
  gst_object_unref (pipeline);
  gst_object_unref (coders.enc);
  gst_object_unref (coders.dec);
}
GST_END_TEST;

/* A pad that goes while the call runs takes its stream along; asked for again it is a new exchange, but nothing clear passes any
 * more in this run, neither way (attack B8). */
GST_START_TEST (test_release_while_running)
{
  Call *call = call_new ();
  GstPad *sink = gst_element_get_static_pad (call->a.enc, "rtp_sink_0"), *src;
  guint clear, zrtp, heard;

  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  gst_element_release_request_pad (call->a.enc, sink);
  gst_object_unref (sink);
  fail_unless (!has_pad (call->a.enc, "rtp_src_0"));
  call_settle (call);
  fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->a)), "idle");
  call_run (call, GST_SECOND);
  call_check (call);

  clear = call->a.sent[PACKET_CLEAR];
  zrtp = call->a.sent[PACKET_ZRTP];
  heard = call->a.heard.length;
  sink = gst_element_request_pad_simple (call->a.enc, "rtp_sink_0");
  src = gst_element_get_static_pad (call->a.enc, "rtp_src_0");
  fail_unless_equals_int (gst_pad_link (src, call->a.wire_in), GST_PAD_LINK_OK);
  fail_unless_equals_int (gst_pad_link (call->a.media_in, sink), GST_PAD_LINK_OK);
  fail_unless_equals_int (endpoint_talk (&call->a), GST_FLOW_OK);
  endpoint_inject (&call->a, endpoint_make_rtp (&call->b));
  call_run (call, GST_SECOND);
  fail_unless (call->a.sent[PACKET_ZRTP] > zrtp);
  fail_unless_equals_int (endpoint_talk (&call->a), GST_FLOW_OK);
  fail_unless_equals_int (call->a.sent[PACKET_CLEAR], clear);
  fail_unless_equals_int (call->a.heard.length, heard);
  gst_object_unref (sink);
  gst_object_unref (src);
  call_free (call);
}
GST_END_TEST;

static Suite *
pads_suite (void)
{
  Suite *suite = suite_create ("pads");
  TCase *tcase = tcase_create ("pads");

  tcase_set_timeout (tcase, 60);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_request);
  tcase_add_test (tcase, test_templates);
  tcase_add_test (tcase, test_documentation);
  tcase_add_test (tcase, test_sticky_order);
  tcase_add_test (tcase, test_no_segment_yet);
  tcase_add_test (tcase, test_duplicates);
  tcase_add_test (tcase, test_late_duplicate);
  tcase_add_test (tcase, test_launch);
  tcase_add_test (tcase, test_live);
  tcase_add_test (tcase, test_pausing);
  tcase_add_test (tcase, test_decoder_caps);
  tcase_add_test (tcase, test_encoder_caps);
  tcase_add_test (tcase, test_rtpbin);
  tcase_add_test (tcase, test_release_while_running);
  return suite;
}

GST_CHECK_MAIN (pads)
