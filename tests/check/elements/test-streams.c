/* test-streams.c: several media streams of one call: one key agreement, Multistream for the rest, one SAS (Z-3.1.3-1, H5).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <string.h>

#define STREAMS 3

/* Streams after the first of a call: from a's encoder to b's decoder and back, by pads of the test. */
typedef struct
{
  Endpoint *from;
  guint stream;
  GstElement *dec;              /* at the other end */
  GstPad *in, *wire_in, *wire_out, *out;
  guint16 sequence;
  guint zrtp, media, clear, heard, heard_clear;
  gboolean cut;                 /* its ZRTP does not get through */
} Extra;

static GstFlowReturn
extra_wire (GstPad *pad, GstObject *parent, GstBuffer *packet)
{
  Extra *self = gst_pad_get_element_private (pad);
  guint8 first = 0;

  gst_buffer_extract (packet, 0, &first, 1);
  if ((first & 0xf0) == 0x10) {
    self->zrtp++;
    if (self->cut) {
      gst_buffer_unref (packet);
      return GST_FLOW_OK;
    }
  } else if (is_marked (packet))
    self->clear++;
  else
    self->media++;
  g_atomic_int_inc (&self->from->call->packets);
  gst_pad_push (self->wire_out, packet);
  return GST_FLOW_OK;
}

static GstFlowReturn
extra_out (GstPad *pad, GstObject *parent, GstBuffer *packet)
{
  Extra *self = gst_pad_get_element_private (pad);

  self->heard++;
  self->heard_clear += is_marked (packet);
  gst_buffer_unref (packet);
  return GST_FLOW_OK;
}

static GstPad *
extra_pad (Extra *self, GstPadDirection direction, GstElement *element, const gchar *name, GstPadChainFunction chain)
{
  GstPad *pad = gst_pad_new (NULL, direction), *peer = gst_element_get_static_pad (element, name);

  gst_pad_set_element_private (pad, self);
  if (chain != NULL)
    gst_pad_set_chain_function (pad, chain);
  fail_unless_equals_int (direction == GST_PAD_SRC ? gst_pad_link (pad, peer) : gst_pad_link (peer, pad),
      GST_PAD_LINK_OK);
  gst_object_unref (peer);
  return pad;
}

static void
extra_init (Extra *self, Endpoint *from, guint stream)
{
  gchar *sink = g_strdup_printf ("rtp_sink_%u", stream), *src = g_strdup_printf ("rtp_src_%u", stream);

  self->from = from;
  self->stream = stream;
  self->dec = gst_element_factory_make ("zrtpdec", NULL);
  g_object_set (self->dec, "stream", stream, NULL);
  gst_bin_add (GST_BIN (from->peer->pipeline), self->dec);
  gst_object_unref (gst_element_request_pad_simple (from->enc, sink));
  self->in = extra_pad (self, GST_PAD_SRC, from->enc, sink, NULL);
  self->wire_in = extra_pad (self, GST_PAD_SINK, from->enc, src, extra_wire);
  self->wire_out = extra_pad (self, GST_PAD_SRC, self->dec, "rtp_sink", NULL);
  self->out = extra_pad (self, GST_PAD_SINK, self->dec, "rtp_src", extra_out);
  g_free (sink);
  g_free (src);
}

static void
extra_start (Extra *self)
{
  GstPad *pads[] = { self->out, self->wire_in, self->wire_out, self->in };
  GstSegment segment;
  guint i;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  for (i = 0; i < 4; i++) {
    gst_pad_set_active (pads[i], TRUE);
    if (GST_PAD_IS_SRC (pads[i])) {
      gst_pad_push_event (pads[i], gst_event_new_stream_start ("extra"));
      gst_pad_push_event (pads[i], gst_event_new_segment (&segment));
    }
  }
}

static void
extra_clear (Extra *self)
{
  GstPad *pads[] = { self->out, self->wire_in, self->wire_out, self->in };
  guint i;

  for (i = 0; i < 4; i++) {
    GstPad *peer = gst_pad_get_peer (pads[i]);

    if (GST_PAD_IS_SRC (pads[i]))
      gst_pad_unlink (pads[i], peer);
    else
      gst_pad_unlink (peer, pads[i]);
    gst_object_unref (peer);
    gst_object_unref (pads[i]);
  }
}

static void
extra_talk (Extra *self)
{
  Endpoint fake = { .sequence = self->sequence++, .ssrc = (self->from->ssrc & 0xffff) << 8 | self->stream };

  fail_unless_equals_int (gst_pad_push (self->in, endpoint_make_rtp (&fake)), GST_FLOW_OK);
}

GST_START_TEST (test_three_streams)
{
  Call *call = call_new ();
  Extra extras[2 * (STREAMS - 1)] = { { NULL } };
  GstStructure *stats;
  const GValue *streams;
  guint64 operations = 0, encrypted = 0;
  guint i, secret, round, multistreams = 0;

  for (i = 0; i < G_N_ELEMENTS (extras); i++)
    extra_init (&extras[i], i & 1 ? &call->b : &call->a, 1 + i / 2);
  call_start (call);
  for (i = 0; i < G_N_ELEMENTS (extras); i++)
    extra_start (&extras[i]);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  for (i = 0; i < G_N_ELEMENTS (extras); i++)
    extra_talk (&extras[i]);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_run (call, 5 * GST_SECOND);
  for (i = 0; i < STREAMS; i++) {
    fail_unless_equals_string (gst_zrtp_state_to_string (gst_zrtp_session_get_state (call->a.session, i)), "secure");
    fail_unless_equals_string (gst_zrtp_state_to_string (gst_zrtp_session_get_state (call->b.session, i)), "secure");
  }
  call_check_secure (call);
  for (round = 0; round < 3; round++) {
    for (i = 0; i < G_N_ELEMENTS (extras); i++) {
      secret = extras[i].media;
      extras[i].heard = extras[i].heard_clear = 0;
      extra_talk (&extras[i]);
      fail_unless_equals_int (extras[i].media, secret + 1);
      fail_unless_equals_int (extras[i].heard, 1);
      fail_unless_equals_int (extras[i].heard_clear, 1);
    }
  }

  /* One SAS for the call, and public-key work for one stream alone. */
  fail_unless_equals_int (endpoint_count_messages (&call->a, "zrtp-sas"), 1);
  stats = gst_zrtp_session_get_stats (call->a.session);
  streams = gst_structure_get_value (stats, "streams");
  fail_unless_equals_int (gst_value_array_get_size (streams), STREAMS);
  for (i = 0; i < STREAMS; i++) {
    const GstStructure *stream = gst_value_get_structure (gst_value_array_get_value (streams, i));
    guint64 n;

    fail_unless (gst_structure_get_uint64 (stream, "public-key-operations", &n));
    fail_unless (i == 0 || n == 0 || operations == 0);
    operations += n;
    multistreams += strcmp (gst_structure_get_string (stream, "key-agreement"), "Mult") == 0;
    fail_unless (gst_structure_get_uint64 (stream, "sent-encrypted", &n));
    encrypted += n;
  }
  fail_unless (operations > 0);
  /* Each stream's own algorithms, and the sums over all. */
  fail_unless_equals_int (multistreams, STREAMS - 1);
  fail_unless (gst_structure_get_uint64 (stats, "sent-encrypted", &operations));
  fail_unless_equals_uint64 (operations, encrypted);
  gst_structure_free (stats);

  /* The user's word counts for all streams. */
  g_signal_emit_by_name (call->a.enc, "sas-match");
  call_settle (call);
  for (i = 0; i < STREAMS; i++)
    fail_unless_equals_int (gst_zrtp_session_get_security (call->a.session, i), GST_ZRTP_SECURITY_VERIFIED);

  endpoint_stop (&call->a);
  endpoint_stop (&call->b);
  for (i = 0; i < G_N_ELEMENTS (extras); i++)
    extra_clear (&extras[i]);
  call_free (call);
}
GST_END_TEST;

/* Who cuts one stream's ZRTP does not get its media in the clear while the call is secure (attack B8); it is told, and flows as
 * soon as it is secure, or the call has gone clear by agreement. */
GST_START_TEST (test_stream_held)
{
  guint agreed;

  for (agreed = 0; agreed < 2; agreed++) {
    Call *call = call_new ();
    Extra extras[2] = { { NULL } };
    guint i, clear;

    g_object_set (call->b.enc, "allow-clear", TRUE, NULL);
    for (i = 0; i < 2; i++) {
      extra_init (&extras[i], i ? &call->b : &call->a, 1);
      extras[i].cut = TRUE;
    }
    call_start (call);
    for (i = 0; i < 2; i++)
      extra_start (&extras[i]);
    /* The second stream is the first to begin: nothing is secure yet. */
    extra_talk (&extras[0]);
    fail_unless_equals_int (extras[0].clear, 1);
    endpoint_talk (&call->a);
    endpoint_talk (&call->b);
    fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
    clear = extras[0].clear;
    for (i = 0; i < 30; i++) {
      extra_talk (&extras[0]);
      call_run (call, GST_SECOND);
    }
    fail_unless_equals_int (extras[0].clear, clear);
    fail_unless (endpoint_warning (&call->a, "stream-held") != NULL);
    /* Nor is what comes in clear taken for the peer's. */
    i = extras[0].heard;
    gst_pad_push (extras[0].wire_out, endpoint_make_rtp (&call->a));
    fail_unless_equals_int (extras[0].heard, i);
    call_check_secure (call);

    if (agreed) {
      g_signal_emit_by_name (call->a.enc, "clear");
      call_run (call, 2 * GST_SECOND);
      g_signal_emit_by_name (call->b.enc, "accept-clear");
      call_settle (call);
      extra_talk (&extras[0]);
      fail_unless_equals_int (extras[0].clear, clear + 1);
      fail_unless (extras[0].heard > i);
    } else {
      extras[0].cut = extras[1].cut = FALSE;
      g_signal_emit_by_name (call->a.enc, "secure");
      extra_talk (&extras[1]);
      call_run (call, 10 * GST_SECOND);
      fail_unless_equals_string (gst_zrtp_state_to_string (gst_zrtp_session_get_state (call->a.session, 1)), "secure");
      extra_talk (&extras[0]);
      fail_unless_equals_int (extras[0].clear, clear);
      fail_unless (extras[0].heard > i);
    }
    endpoint_stop (&call->a);
    endpoint_stop (&call->b);
    for (i = 0; i < 2; i++)
      extra_clear (&extras[i]);
    call_free (call);
  }
}
GST_END_TEST;

#define CALLS 40

static gpointer
start_calls (gpointer data)
{
  Call **calls = data;
  guint i;

  for (i = 0; i < CALLS; i++) {
    call_start (calls[i]);
    endpoint_talk (&calls[i]->a);
    endpoint_talk (&calls[i]->b);
  }
  return NULL;
}

/* Many calls at once on a few worker threads: each goes secure by itself. */
GST_START_TEST (test_many_calls)
{
  Call *calls[CALLS];
  GThread *thread;
  guint i;

  for (i = 0; i < CALLS; i++)
    calls[i] = call_new ();
  thread = g_thread_new ("starter", start_calls, calls);
  g_thread_join (thread);
  for (i = 0; i < CALLS; i++)
    fail_unless (call_run_until_secure (calls[i], 10 * GST_SECOND), "call %u", i);
  for (i = 0; i < CALLS; i++)
    call_check_secure (calls[i]);
  for (i = 0; i < CALLS; i++)
    call_free (calls[i]);
}
GST_END_TEST;

static Suite *
streams_suite (void)
{
  Suite *suite = suite_create ("streams");
  TCase *tcase = tcase_create ("streams");

  tcase_set_timeout (tcase, 120);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_three_streams);
  tcase_add_test (tcase, test_stream_held);
  tcase_add_test (tcase, test_many_calls);
  return suite;
}

GST_CHECK_MAIN (streams)
