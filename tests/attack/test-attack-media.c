/* test-attack-media.c: attacks on the media beside the key agreement, through the elements (attacks.md B, C,
 * F).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tests/check/elements/call.h"

static gboolean
drop_zrtp (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  return kind != PACKET_ZRTP;
}

static gboolean
drop_conf2ack (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  return kind != PACKET_ZRTP || gst_buffer_memcmp (packet, 16, "Conf2ACK", 8) != 0;
}

/* A packet with the header of the peer's media and whatever payload and tag. */
static GstBuffer *
forged_srtp (Endpoint *peer, guint n)
{
  GstBuffer *packet = endpoint_make_rtp (peer);

  for (gsize at = 12; at < gst_buffer_get_size (packet); at++) {
    guint8 octet = at * 7 + n;

    gst_buffer_fill (packet, at, &octet, 1);
  }
  return packet;
}

/* Z-4.6-8, C5: while the initiator waits for its Conf2ACK no forged media takes the place of it: neither
 * in clear nor such as looks encrypted. */
GST_START_TEST (test_forged_media_is_no_conf2ack)
{
  Call *call = call_new ();
  Endpoint *initiator;

  /* Nothing goes on until both have talked: media of the responder that comes later would be as good as a
   * Conf2ACK. */
  call->filter = drop_zrtp;
  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  call_settle (call);
  call->filter = drop_conf2ack;
  call_run (call, 200 * GST_MSECOND);
  initiator = endpoint_state (&call->a) == GST_ZRTP_STATE_SECURE ? &call->b : &call->a;
  fail_unless_equals_int (endpoint_state (initiator), GST_ZRTP_STATE_SECURING);
  for (guint i = 0; i < 200; i++) {
    fail_unless_equals_int (endpoint_inject (initiator, endpoint_make_rtp (initiator->peer)), GST_FLOW_OK);
    fail_unless_equals_int (endpoint_inject (initiator, forged_srtp (initiator->peer, i)), GST_FLOW_OK);
  }
  call_settle (call);
  fail_unless_equals_int (endpoint_state (initiator), GST_ZRTP_STATE_SECURING);
  fail_unless_equals_int (initiator->sent[PACKET_SECRET], 0);
  endpoint_talk (initiator->peer);
  call_settle (call);
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

/* B6, B7: the peer's ZRTP is stripped for ever. Under secure-only not one clear octet leaves, either way;
 * the user is told that there is no peer. */
GST_START_TEST (test_stripped)
{
  Call *call = call_new ();

  g_object_set (call->a.enc, "media-policy", 1, NULL);
  call->filter = drop_zrtp;
  call_start (call);
  for (guint i = 0; i < 50; i++) {
    endpoint_talk (&call->a);
    endpoint_inject (&call->a, endpoint_make_rtp (&call->b));
    call_run (call, 200 * GST_MSECOND);
  }
  fail_unless_equals_int (call->a.sent[PACKET_CLEAR], 0);
  fail_unless_equals_int (call->a.clear_octets, 0);
  fail_unless_equals_int (g_queue_get_length (&call->a.heard), 0);
  fail_unless_equals_int (endpoint_state (&call->a), GST_ZRTP_STATE_NO_PEER);
  fail_unless (endpoint_message (&call->a, "zrtp-state") != NULL);
  call_free (call);
}
GST_END_TEST;

/* I6, Z-15-3: at the highest debug level no line of ours holds 16 octets in hex: no key is shorter, and
 * nothing else that is logged is so long. */
static gint n_lines, n_long;

static void
watch_log (GstDebugCategory *category, GstDebugLevel level, const gchar *file, const gchar *function, gint line,
    GObject *object, GstDebugMessage *message, gpointer data)
{
  const gchar *text = gst_debug_message_get (message);
  guint digits = 0;

  if (!g_str_has_prefix (gst_debug_category_get_name (category), "zrtp"))
    return;
  g_atomic_int_inc (&n_lines);
  for (; text != NULL && *text; text++) {
    digits = g_ascii_isxdigit (*text) ? digits + 1 : 0;
    if (digits == 32)
      g_atomic_int_inc (&n_long);
  }
}

GST_START_TEST (test_log)
{
  Call *call;

  gst_debug_remove_log_function (gst_debug_log_default);
  gst_debug_add_log_function (watch_log, NULL, NULL);
  gst_debug_set_active (TRUE);
  gst_debug_set_threshold_from_string ("zrtp*:9", FALSE);
  call = call_new ();
  call_start (call);
  for (guint i = 0; i < 20; i++) {
    endpoint_talk (&call->a);
    endpoint_talk (&call->b);
    call_run (call, 100 * GST_MSECOND);
  }
  call_check_secure (call);
  for (guint i = 0; i < 10; i++)
    endpoint_inject (&call->a, forged_srtp (&call->b, i));
  call_free (call);
  gst_debug_remove_log_function (watch_log);
  fail_unless (g_atomic_int_get (&n_lines) > 5, "%d", n_lines);
  fail_unless_equals_int (g_atomic_int_get (&n_long), 0);
}
GST_END_TEST;

static Suite *
media_suite (void)
{
  Suite *suite = suite_create ("attack-media");
  TCase *tcase = tcase_create ("attack-media");

  tcase_set_timeout (tcase, 60);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_forged_media_is_no_conf2ack);
  tcase_add_test (tcase, test_stripped);
  tcase_add_test (tcase, test_log);
  return suite;
}

GST_CHECK_MAIN (media);
