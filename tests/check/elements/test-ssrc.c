/* test-ssrc.c: SSRCs that change, collide, or come several on one stream; sequence numbers that wrap where keys begin.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"
#include "rtpend.h"

#include <string.h>

static void
push_caps (Endpoint *self, guint32 ssrc)
{
  GstCaps *caps = gst_caps_new_simple ("application/x-rtp", "media", G_TYPE_STRING, "audio", "clock-rate", G_TYPE_INT, 8000,
      "encoding-name", G_TYPE_STRING, "PCMU", "payload", G_TYPE_INT, 0, "ssrc", G_TYPE_UINT, ssrc, NULL);

  gst_pad_push_event (self->media_in, gst_event_new_caps (caps));
  gst_caps_unref (caps);
}

/* As a payloader does it. */
static void
change_ssrc (Endpoint *self, guint32 ssrc)
{
  self->ssrc = ssrc;
  push_caps (self, ssrc);
}

static Call *
secure_call (guint16 sequence)
{
  Call *call = call_new ();

  call->a.sequence = call->b.sequence = sequence;
  call_go (call);
  call_settle (call);
  return call;
}

/* The SSRC of the newest packet of a kind that went out. */
static guint32
last_ssrc (Endpoint *self, gboolean zrtp)
{
  guint32 ssrc = 0;
  GList *l;

  g_mutex_lock (&self->lock);
  for (l = self->wire.tail; l != NULL && ssrc == 0; l = l->prev) {
    guint8 header[12];

    gst_buffer_extract (l->data, 0, header, sizeof header);
    if ((header[0] == 0x10) == zrtp)
      ssrc = GST_READ_UINT32_BE (header + 8);
  }
  g_mutex_unlock (&self->lock);
  return ssrc;
}

/* The first Hello of self, once more to its peer: it is acknowledged in every state. */
static void
repeat_hello (Endpoint *self)
{
  GstBuffer *hello = NULL;
  GList *l;

  g_mutex_lock (&self->lock);
  for (l = self->wire.head; l != NULL && hello == NULL; l = l->next) {
    if (gst_buffer_memcmp (l->data, 16, "Hello   ", 8) == 0)
      hello = gst_buffer_ref (l->data);
  }
  g_mutex_unlock (&self->lock);
  fail_unless (hello != NULL);
  endpoint_inject (self->peer, hello);
  call_settle (self->call);
}

/* In mid-call: the media is heard, and ZRTP goes under the new one. Sources that take turns in the caps do not move it to and fro. */
GST_START_TEST (test_change)
{
  Call *call = call_new ();
  guint i;

  call_start (call);
  change_ssrc (&call->a, 0x11111111);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_check_secure (call);
  fail_unless_equals_int_hex (last_ssrc (&call->a, TRUE), 0x11111111);
  for (i = 0; i < 20; i++) {
    change_ssrc (&call->a, 0x22222222 + i);
    call->a.sequence = 3000 * i;
    call_check_secure (call);
    fail_unless_equals_int_hex (last_ssrc (&call->a, FALSE), 0x22222222 + i);
  }
  repeat_hello (&call->b);
  fail_unless_equals_int_hex (last_ssrc (&call->a, TRUE), 0x22222222 + 19);
  push_caps (&call->a, 0x33333333);
  for (i = 0; i < 4; i++) {
    push_caps (&call->a, i & 1 ? 0x33333333 : 0x22222222 + 19);
    call_settle (call);
    repeat_hello (&call->b);
    fail_unless_equals_int_hex (last_ssrc (&call->a, TRUE), 0x33333333);
  }
  fail_unless_equals_int (endpoint_count_messages (&call->a, "zrtp-error"), 0);
  fail_unless_equals_int (endpoint_count_messages (&call->a, "zrtp-sas"), 1);
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

static GstPadProbeReturn
count_collisions (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);

  if (gst_event_has_name (event, "GstRTPCollision")) {
    guint ssrc;

    fail_unless (gst_structure_get_uint (gst_event_get_structure (event), "ssrc", &ssrc));
    fail_unless_equals_int_hex (ssrc, 0x0c0c0c0c);
    g_atomic_int_inc ((gint *) data);
  }
  return GST_PAD_PROBE_OK;
}

/* Both ends have one SSRC (Z-4.1-4): upstream is asked for another one, and as soon as one of them has one the call goes secure, be it
 * at once or after both have given up (Z-4.1-5). */
GST_START_TEST (test_collision)
{
  Call *call = call_new ();
  gint64 patience = g_get_monotonic_time () + 30 * G_TIME_SPAN_SECOND;
  gint asked[2] = { 0, 0 };
  gboolean late = __i__;
  const gchar *name, *text;
  guint code;

  call_start (call);
  gst_pad_add_probe (call->a.media_in, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, count_collisions, &asked[0], NULL);
  gst_pad_add_probe (call->b.media_in, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, count_collisions, &asked[1], NULL);
  change_ssrc (&call->a, 0x0c0c0c0c);
  change_ssrc (&call->b, 0x0c0c0c0c);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  call_run (call, late ? 30 * GST_SECOND : 100 * GST_MSECOND);
  fail_unless (endpoint_state (&call->a) != GST_ZRTP_STATE_SECURE && endpoint_state (&call->b) != GST_ZRTP_STATE_SECURE);
  fail_unless (endpoint_message (&call->a, "zrtp-error") != NULL);
  gst_zrtp_message_parse_error (endpoint_message (&call->a, "zrtp-error"), &code, &name, NULL);
  fail_unless_equals_int_hex (code, 0x91);
  gst_zrtp_message_parse (endpoint_message (&call->a, "zrtp-error"), NULL, NULL, &text);
  fail_unless (strstr (text, "begins again") != NULL, "%s", text);
  /* From a thread of GStreamer's. */
  while (g_atomic_int_get (&asked[0]) == 0 || g_atomic_int_get (&asked[1]) == 0) {
    fail_unless (g_get_monotonic_time () < patience);
    g_thread_yield ();
  }
  change_ssrc (&call->b, 0x0d0d0d0d);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_check_secure (call);
  fail_unless_equals_int (asked[0], 1);
  fail_unless_equals_int (asked[1], 1);
  call_free (call);
}
GST_END_TEST;

static gboolean
has_heard (RtpEnd *self)
{
  gboolean heard;

  g_mutex_lock (&self->lock);
  heard = self->sessions[0].heard >= 10;
  g_mutex_unlock (&self->lock);
  return heard;
}

/* The same with rtpbin and payloaders: they choose others and the call becomes secure. With the opportunistic policy rtpbin notices
 * too, and takes leave of the old one (RFC 3550 section 8.2); with secure-only nothing of the other end reaches it before. */
GST_START_TEST (test_rtpbin_collision)
{
  RtpEnd a, b, *ends[] = { &a, &b };
  guint i, ssrc[2];

  rtp_end_make_pair (&a, &b, 1, TRUE);
  for (i = 0; i < 2; i++) {
    GstElement *source = rtp_end_add_session (ends[i], 0, RTP_END_AUDIO), *pay;

    pay = gst_bin_get_by_name (GST_BIN (source), "pay");
    g_object_set (pay, "ssrc", 0x0c0c0c0c, NULL);
    gst_object_unref (pay);
    if (__i__)
      g_object_set (ends[i]->enc, "media-policy", GST_ZRTP_MEDIA_POLICY_SECURE_ONLY, NULL);
  }
  rtp_end_start (&a);
  rtp_end_start (&b);
  fail_unless (rtp_end_wait (&a, &b, rtp_end_is_secure));
  fail_unless (rtp_end_wait (&a, &b, has_heard));
  for (i = 0; i < 2; i++) {
    GObject *session = rtp_end_get_rtp_session (ends[i], 0);

    g_object_get (session, "internal-ssrc", &ssrc[i], NULL);
    g_object_unref (session);
    fail_unless_equals_int (ends[i]->sessions[0].altered, 0);
  }
  fail_unless (ssrc[0] != ssrc[1]);
  rtp_end_clear (&a);
  rtp_end_clear (&b);
}
GST_END_TEST;

/* What a sent, SRTP alone, instead of its going to b at once. */
static gboolean
keep_back (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  if (from != &from->call->a || kind == PACKET_ZRTP)
    return TRUE;
  g_ptr_array_add (data, gst_buffer_ref (packet));
  return FALSE;
}

static guint16
sequence_of (GstBuffer *packet)
{
  guint8 number[2];

  gst_buffer_extract (packet, 2, number, 2);
  return GST_READ_UINT16_BE (number);
}

#define PACKETS 12              /* of which the first half comes before the wrap */

/* Packets by their place in what was sent, in the order of their arrival; -1 ends it. */
static const gint8 orders[][PACKETS + 1] = {
  { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, -1 },
  { 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1 },
  { 6, 5, 4, 7, 3, 8, -1 },                     /* the first after the wrap overtakes */
  { 5, 6, 7, 8, -1 },
  { 5, 7, 6, -1 },
  { 4, 6, 5, 7, -1 },                           /* around it */
  { 4, 7, 8, 5, 9, -1 },
  { 6, 7, 8, 9, 10, 11, -1 },                   /* all before it are lost */
  { 11, -1 },
  { 0, 11, 5, 6, -1 },
  { 3, 9, 2, 10, 1, 11, -1 },
  { 8, 3, 9, 4, 10, 5, 11, -1 },
};

static void
deliver (Call *call, GPtrArray *packets, const gint8 *order)
{
  guint i;

  for (i = 0; order[i] >= 0; i++) {
    GstBuffer *packet = g_ptr_array_index (packets, order[i]), *got;
    guint heard = call->b.heard.length;

    fail_unless_equals_int (endpoint_inject (&call->b, gst_buffer_copy_deep (packet)), GST_FLOW_OK);
    fail_unless (call->b.heard.length == heard + 1, "number %u, %dth to arrive, was dropped", sequence_of (packet), i);
    got = g_queue_peek_tail (&call->b.heard);
    fail_unless (is_marked (got) && sequence_of (got) == sequence_of (packet));
    /* Once. */
    endpoint_inject (&call->b, gst_buffer_copy_deep (packet));
    fail_unless_equals_int (call->b.heard.length, heard + 1);
  }
}

static GPtrArray *
talk_over_wrap (Call *call)
{
  GPtrArray *packets = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);
  guint i;

  call->filter_data = packets;
  call->filter = keep_back;
  call->a.sequence = 65536 - PACKETS / 2;
  for (i = 0; i < PACKETS; i++)
    endpoint_talk (&call->a);
  call->filter = NULL;
  fail_unless_equals_int (packets->len, PACKETS);
  return packets;
}

static void
check_wrap (Call *call, const gint8 *order)
{
  GPtrArray *packets = talk_over_wrap (call);

  deliver (call, packets, order);
  g_ptr_array_unref (packets);
  /* And goes on. */
  call->a.sequence = PACKETS / 2 + 20;
  call_check_secure (call);
}

/* The sequence numbers wrap with the first packets under the key, which come in every order and not all (Z-4.5.3-10). */
GST_START_TEST (test_wrap_at_start)
{
  Call *call = secure_call (100);

  check_wrap (call, orders[__i__]);
  fail_unless_equals_int (endpoint_stat (&call->b, "receive-forged"), 0);
  call_free (call);
}
GST_END_TEST;

/* The same for SSRCs that begin later, as retransmissions do, or another source of a mixer. */
GST_START_TEST (test_wrap_later)
{
  Call *call = secure_call (100);
  guint i;

  call_check_secure (call);
  for (i = 0; i < G_N_ELEMENTS (orders); i++) {
    change_ssrc (&call->a, 0x55550000 + i);
    check_wrap (call, orders[i]);
  }
  fail_unless_equals_int (endpoint_stat (&call->b, "receive-forged"), 0);
  call_free (call);
}
GST_END_TEST;

/* The wrap comes while the media is still clear, and while it is held: neither counts for SRTP, which begins with its own first
 * packet. */
GST_START_TEST (test_wrap_before_secure)
{
  static const guint before[] = { 0, 1, 3, 6 };
  Call *call = call_new ();
  guint i;

  call->a.sequence = call->b.sequence = 65536 - before[__i__];
  call_start (call);
  for (i = 0; i < 4; i++) {
    endpoint_talk (&call->a);
    endpoint_talk (&call->b);
    call_run (call, 5 * GST_MSECOND);
  }
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  for (i = 0; i < 12; i++)
    call_check_secure (call);
  fail_unless (call->a.sent[PACKET_CLEAR] > 0);
  fail_unless_equals_int (endpoint_stat (&call->b, "receive-forged") + endpoint_stat (&call->a, "receive-forged"), 0);
  call_free (call);
}
GST_END_TEST;

/* Several SSRCs on one pad, each with numbers of its own, some of which wrap again and again: none is mistaken for another's, and
 * none is a replay of another (RFC 3711 section 3.3). */
GST_START_TEST (test_several)
{
  Call *call = secure_call (100);
  guint16 sequences[4] = { 65000, 0, 30000, 65535 };
  static const guint16 steps[4] = { 997, 1, 313, 4001 };
  guint round, i, heard = call->b.heard.length;

  for (round = 0; round < 500; round++) {
    for (i = 0; i < 4; i++) {
      call->a.ssrc = 0x01010101 * i;
      call->a.sequence = sequences[i];
      endpoint_talk (&call->a);
      fail_unless_equals_int (call->b.heard.length, ++heard);
      fail_unless (is_marked (g_queue_peek_tail (&call->b.heard)));
      sequences[i] += steps[i];
    }
  }
  fail_unless_equals_int (endpoint_stat (&call->b, "receive-forged") + endpoint_stat (&call->b, "receive-replayed"), 0);
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

static Suite *
ssrc_suite (void)
{
  Suite *suite = suite_create ("ssrc");
  TCase *tcase = tcase_create ("ssrc");

  tcase_set_timeout (tcase, 120);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_change);
  tcase_add_loop_test (tcase, test_collision, 0, 2);
  tcase_add_loop_test (tcase, test_rtpbin_collision, 0, 2);
  tcase_add_loop_test (tcase, test_wrap_at_start, 0, G_N_ELEMENTS (orders));
  tcase_add_test (tcase, test_wrap_later);
  tcase_add_loop_test (tcase, test_wrap_before_secure, 0, 4);
  tcase_add_test (tcase, test_several);
  return suite;
}

GST_CHECK_MAIN (ssrc)
