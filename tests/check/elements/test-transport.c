/* test-transport.c: transports that come up late, one socket for both directions, what else goes by that socket.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include "rtpend.h"

#include <gst/net/gstnetaddressmeta.h>
#include <string.h>

static gboolean
lose_all (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  return FALSE;
}

/* A transport that takes packets and loses them all (ICE that is still looking) for longer than any Hello is repeated: the first media
 * that gets through is reason to say Hello again, once. */
GST_START_TEST (test_late)
{
  Call *call = call_new ();
  guint zrtp;

  call->filter = lose_all;
  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  call_run (call, GST_SECOND * 60);
  fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->a)), "no-peer");
  fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->b)), "no-peer");
  call->filter = NULL;
  zrtp = call->b.sent[PACKET_ZRTP];
  call_run (call, GST_SECOND * 60);
  fail_unless_equals_int (call->b.sent[PACKET_ZRTP], zrtp);
  endpoint_talk (&call->a);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

static gboolean
lose_zrtp (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  return kind != PACKET_ZRTP;
}

/* Where there is no ZRTP at the other end that is all: as many Hellos again, then silence. What came before the end of discovery is no
 * reason. */
GST_START_TEST (test_late_without_zrtp)
{
  Call *call = call_new ();
  gboolean early = __i__;
  guint zrtp, i;

  call->filter = lose_zrtp;
  endpoint_start (&call->a);
  endpoint_talk (&call->a);
  if (early)
    endpoint_inject (&call->a, endpoint_make_rtp (&call->b));
  call_run (call, GST_SECOND * 60);
  fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->a)), "no-peer");
  zrtp = call->a.sent[PACKET_ZRTP];
  for (i = 0; i < 60; i++) {
    endpoint_inject (&call->a, endpoint_make_rtp (&call->b));
    endpoint_talk (&call->a);
    call_run (call, GST_SECOND);
  }
  fail_unless_equals_int (call->a.sent[PACKET_ZRTP], early ? zrtp : 2 * zrtp);
  fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->a)), "no-peer");
  call_free (call);
}
GST_END_TEST;

/* What else may go by the socket (RFC 7983) and reaches zrtpdec after all: dropped and counted, whether secure or not, under every
 * policy; it is for whoever owns the socket (attack F10). */
GST_START_TEST (test_foreign)
{
  static const guint8 stun[20] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
  static const guint8 dtls[25] = { 22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
  static const guint8 turn[8] = { 0x40, 0, 0, 4, 1, 2, 3, 4 };
  static const guint8 no_cookie[28] = { 0x10, 0, 0, 1, 'S', 'T', 'U', 'N' };
  static const struct
  {
    const guint8 *data;
    gsize len;
  } packets[] = { { stun, sizeof stun }, { dtls, sizeof dtls }, { turn, sizeof turn }, { no_cookie, sizeof no_cookie } };
  Call *call = call_new ();
  guint round, i, n = 0;

  if (__i__)
    g_object_set (call->a.enc, "media-policy", GST_ZRTP_MEDIA_POLICY_SECURE_ONLY, NULL);
  call_start (call);
  for (round = 0; round < 2; round++) {
    guint heard = call->a.heard.length;

    for (i = 0; i < G_N_ELEMENTS (packets); i++) {
      GstBufferList *list = gst_buffer_list_new ();

      fail_unless_equals_int (endpoint_inject (&call->a, gst_buffer_new_memdup (packets[i].data, packets[i].len)), GST_FLOW_OK);
      gst_buffer_list_add (list, gst_buffer_new_memdup (packets[i].data, packets[i].len));
      fail_unless_equals_int (gst_pad_push_list (call->a.wire_out, list), GST_FLOW_OK);
      n += 2;
    }
    fail_unless_equals_int (endpoint_stat (&call->a, "receive-foreign"), n);
    fail_unless_equals_int (call->a.heard.length, heard);
    fail_unless_equals_int (call->a.heard_rtcp.length, 0);
    if (round == 0) {
      endpoint_talk (&call->a);
      endpoint_talk (&call->b);
      fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
    }
  }
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

/* One pipeline as on a command line, udpsrc and udpsink on one socket. */
typedef struct
{
  GstElement *pipeline, *enc, *dec;
  GSocket *socket;
  guint peer_port;
  gint heard;                   /* atomic */
} OneSocket;

static gint
port_of (GstBuffer *buffer)
{
  GstNetAddressMeta *meta = gst_buffer_get_net_address_meta (buffer);

  return meta ? g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (meta->addr)) : -1;
}

/* Behind zrtpdec: where a packet came from is still known, and that is where ours go to. */
static GstPadProbeReturn
check_source (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  OneSocket *self = data;

  fail_unless_equals_int (port_of (GST_PAD_PROBE_INFO_BUFFER (info)), self->peer_port);
  g_atomic_int_inc (&self->heard);
  return GST_PAD_PROBE_OK;
}

static void
set (OneSocket *self, const gchar *name, const gchar *property, gconstpointer value)
{
  GstElement *element = gst_bin_get_by_name (GST_BIN (self->pipeline), name);

  g_object_set (element, property, value, NULL);
  gst_object_unref (element);
}

static void
one_socket_play (OneSocket *self, OneSocket *peer)
{
  GError *error = NULL;
  GstPad *pad;

  self->pipeline = gst_parse_launch ("audiotestsrc is-live=true samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1 "
      "! mulawenc ! rtppcmupay max-ptime=20000000 ! zrtpenc name=enc cache=memory media-policy=secure-only "
      "! udpsink name=sink host=127.0.0.1 async=false sync=false close-socket=false "
      "udpsrc name=source close-socket=false caps=application/x-rtp,media=audio,clock-rate=8000,encoding-name=PCMU,payload=0 "
      "! zrtpdec name=dec ! rtpjitterbuffer latency=20 ! rtppcmudepay ! mulawdec ! fakesink async=false", &error);
  fail_unless (error == NULL, "%s", error ? error->message : "");
  set (self, "sink", "socket", self->socket);
  set (self, "source", "socket", self->socket);
  self->peer_port = rtp_end_get_port (peer->socket);
  set (self, "sink", "port", GUINT_TO_POINTER (self->peer_port));
  self->enc = gst_bin_get_by_name (GST_BIN (self->pipeline), "enc");
  self->dec = gst_bin_get_by_name (GST_BIN (self->pipeline), "dec");
  pad = gst_element_get_static_pad (self->dec, "rtp_src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, check_source, self, NULL);
  gst_object_unref (pad);
  fail_unless (gst_element_set_state (self->pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE);
}

GST_START_TEST (test_one_socket)
{
  OneSocket ends[2] = { { NULL } };
  gint64 patience = g_get_monotonic_time () + 40 * G_TIME_SPAN_SECOND;
  guint i;

  ends[0].socket = rtp_end_make_socket ();
  ends[1].socket = rtp_end_make_socket ();
  one_socket_play (&ends[0], &ends[1]);
  one_socket_play (&ends[1], &ends[0]);
  while (g_atomic_int_get (&ends[0].heard) < 10 || g_atomic_int_get (&ends[1].heard) < 10) {
    fail_unless (g_get_monotonic_time () < patience);
    g_usleep (5000);
  }
  for (i = 0; i < 2; i++) {
    GstBus *bus = gst_element_get_bus (ends[i].pipeline);
    GstMessage *error = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);

    fail_unless (error == NULL);
    gst_object_unref (bus);
    gst_element_set_state (ends[i].pipeline, GST_STATE_NULL);
    gst_object_unref (ends[i].enc);
    gst_object_unref (ends[i].dec);
    gst_object_unref (ends[i].pipeline);
    g_object_unref (ends[i].socket);
  }
}
GST_END_TEST;

static Suite *
transport_suite (void)
{
  Suite *suite = suite_create ("transport");
  TCase *tcase = tcase_create ("transport");

  tcase_set_timeout (tcase, 120);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_late);
  tcase_add_loop_test (tcase, test_late_without_zrtp, 0, 2);
  tcase_add_loop_test (tcase, test_foreign, 0, 2);
  tcase_add_test (tcase, test_one_socket);
  return suite;
}

GST_CHECK_MAIN (transport)
