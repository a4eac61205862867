/* test-clear.c: from secure back to clear and to secure again, as a tap on the wire sees it (RFC 6189 section 4.7.2, attack F1).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <string.h>

typedef struct
{
  guint clear, secret;
} Sent;

static Sent
sent (Endpoint *self)
{
  return (Sent) { self->sent[PACKET_CLEAR], self->sent[PACKET_SECRET] };
}

/* What one packet of media becomes on the wire. */
static const gchar *
fate (Endpoint *self)
{
  Sent before = sent (self), after;

  fail_unless_equals_int (endpoint_talk (self), GST_FLOW_OK);
  after = sent (self);
  fail_unless (after.clear + after.secret - before.clear - before.secret <= 1);
  return after.clear > before.clear ? "clear" : after.secret > before.secret ? "encrypted" : "held";
}

static Call *
secure_call (gboolean a_allows, gboolean b_allows)
{
  Call *call = call_new ();

  g_object_set (call->a.enc, "allow-clear", a_allows, NULL);
  g_object_set (call->b.enc, "allow-clear", b_allows, NULL);
  call_go (call);
  call_check_secure (call);
  return call;
}

static void
check_states (Call *call, const gchar *a, const gchar *b)
{
  fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->a)), a);
  fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->b)), b);
}

static void
check_warning (Endpoint *self, const gchar *expected)
{
  const gchar *code = NULL;

  fail_unless (endpoint_message (self, "zrtp-warning") != NULL, "no warning %s", expected);
  fail_unless (gst_zrtp_message_parse_warning (endpoint_message (self, "zrtp-warning"), &code, NULL));
  fail_unless_equals_string (code, expected);
}

static gboolean
drop_type (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  guint8 type[8];

  return kind != PACKET_ZRTP || gst_buffer_extract (packet, 16, type, 8) != 8 || memcmp (type, data, 8) != 0;
}

/* Nothing clear before both have agreed, at either end, at every step (Z-4.7.2-5, -6, -8); then secure again with the same
 * authentication string, and the gates shut as before (Z-4.7.2-10, Z-4.7.2.1-5). */
GST_START_TEST (test_clear_and_back)
{
  Call *call = secure_call (FALSE, TRUE);
  GstZrtpSecurity security;
  guint round;

  for (round = 0; round < 2; round++) {
    const gchar *text;

    /* Our GoClear gets no answer yet: we are silent, the other end encrypts and is heard. */
    call->filter = drop_type;
    call->filter_data = (gpointer) "GoClear ";
    g_signal_emit_by_name (call->a.enc, "clear");
    call_settle (call);
    check_states (call, "clearing", "secure");
    fail_unless_equals_string (fate (&call->a), "held");
    {
      guint heard = call->a.heard.length;

      fail_unless_equals_string (fate (&call->b), "encrypted");
      fail_unless_equals_int (call->a.heard.length, heard + 1);
    }

    /* It has answered, its user has not agreed: it is silent, and takes nothing clear. */
    call->filter = drop_type;
    call->filter_data = (gpointer) "ClearACK";
    call_run (call, 300 * GST_MSECOND);
    check_states (call, "clearing", "clearing");
    fail_unless_equals_string (fate (&call->a), "held");
    fail_unless_equals_string (fate (&call->b), "held");
    call->filter = NULL;
    call_run (call, 2 * GST_SECOND);
    check_states (call, "clear", "clearing");
    check_warning (&call->b, "clear-requested");
    gst_zrtp_message_parse_warning (endpoint_message (&call->b, "zrtp-warning"), NULL, &text);
    fail_unless (strstr (text, "accept-clear") != NULL);
    gst_zrtp_message_parse (endpoint_message (&call->a, "zrtp-state"), NULL, NULL, &text);
    fail_unless (strstr (text, "until its user agrees") && strstr (text, "not encrypted"), "%s", text);
    fail_unless_equals_string (fate (&call->b), "held");
    {
      guint heard = call->b.heard.length;

      fail_unless_equals_string (fate (&call->a), "clear");
      fail_unless_equals_int (call->b.heard.length, heard);
    }

    /* Now both have. */
    g_signal_emit_by_name (call->b.dec, "accept-clear");
    call_settle (call);
    check_states (call, "clear", "clear");
    gst_zrtp_message_parse (endpoint_message (&call->b, "zrtp-state"), NULL, NULL, &text);
    fail_unless (strstr (text, "both sides agreed") && strstr (text, "not encrypted"), "%s", text);
    fail_unless_equals_string (fate (&call->a), "clear");
    fail_unless_equals_string (fate (&call->b), "clear");
    fail_unless (is_marked (g_queue_peek_tail (&call->a.heard)));
    fail_unless (is_marked (g_queue_peek_tail (&call->b.heard)));
    g_object_get (call->a.enc, "security", &security, NULL);
    fail_unless_equals_int (security, GST_ZRTP_SECURITY_NONE);

    /* Not by itself, only when asked for. */
    call_run (call, 20 * GST_SECOND);
    check_states (call, "clear", "clear");
    call->a.committed = call->b.committed = FALSE;
    call->a.clear_after_commit = call->b.clear_after_commit = 0;
    g_signal_emit_by_name (round ? call->a.enc : call->b.enc, "secure");
    fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
    call_check_secure (call);
    g_object_set (call->a.enc, "media-policy", GST_ZRTP_MEDIA_POLICY_OPPORTUNISTIC, NULL);
    fail_unless_equals_string (fate (&call->a), "encrypted");
  }
  call_free (call);
}
GST_END_TEST;

/* secure is the other answer to a request to go clear: nothing clear ever leaves. */
GST_START_TEST (test_secure_instead)
{
  Call *call = secure_call (FALSE, TRUE);
  guint clear = call->b.sent[PACKET_CLEAR];

  g_signal_emit_by_name (call->a.enc, "clear");
  call_run (call, GST_SECOND);
  check_states (call, "clear", "clearing");
  g_signal_emit_by_name (call->b.enc, "secure");
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_check_secure (call);
  fail_unless_equals_int (call->b.sent[PACKET_CLEAR], clear);
  call_free (call);
}
GST_END_TEST;

/* A=0: what we ask for is not even sent, and media stays secure (Z-4.7.2-11). */
GST_START_TEST (test_not_allowed)
{
  Call *call = secure_call (FALSE, FALSE);
  guint zrtp = call->a.sent[PACKET_ZRTP];

  g_signal_emit_by_name (call->a.enc, "clear");
  call_run (call, GST_SECOND);
  check_warning (&call->a, "clear-not-allowed");
  fail_unless_equals_int (call->a.sent[PACKET_ZRTP], zrtp);
  call_check_secure (call);
  /* Nobody has asked our user. */
  g_signal_emit_by_name (call->b.enc, "accept-clear");
  call_run (call, GST_SECOND);
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

/* secure-only: refused here, and not offered to the peer. */
GST_START_TEST (test_secure_only)
{
  Call *call = call_new ();

  g_object_set (call->a.enc, "allow-clear", TRUE, "media-policy", GST_ZRTP_MEDIA_POLICY_SECURE_ONLY, NULL);
  g_object_set (call->b.enc, "allow-clear", TRUE, NULL);
  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  g_signal_emit_by_name (call->a.enc, "clear");
  call_run (call, GST_SECOND);
  check_warning (&call->a, "clear-refused");
  call_check_secure (call);
  g_signal_emit_by_name (call->b.enc, "clear");
  call_run (call, GST_SECOND);
  check_warning (&call->b, "clear-not-allowed");
  call_check_secure (call);
  fail_unless_equals_int (call->a.sent[PACKET_CLEAR], 0);
  call_free (call);
}
GST_END_TEST;

static guint32
crc32c (const guint8 *data, gsize len)
{
  guint32 crc = 0xffffffff;
  gsize i;
  guint bit;

  for (i = 0; i < len; i++) {
    crc ^= data[i];
    for (bit = 0; bit < 8; bit++)
      crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc;
}

static GstBuffer *
make_zrtp (Endpoint *from, const gchar *type, gsize len, guint16 sequence)
{
  guint8 data[64] = { 0x10 };
  guint32 crc;

  GST_WRITE_UINT16_BE (data + 2, sequence);
  GST_WRITE_UINT32_BE (data + 4, 0x5a525450);
  GST_WRITE_UINT32_BE (data + 8, from->ssrc);
  GST_WRITE_UINT16_BE (data + 12, 0x505a);
  GST_WRITE_UINT16_BE (data + 14, len / 4);
  memcpy (data + 16, type, 8);
  crc = crc32c (data, 12 + len);
  /* As the RFC's CRC goes out: the octets of the reversed register. */
  GST_WRITE_UINT32_BE (data + 12 + len, GUINT32_SWAP_LE_BE (crc));
  return gst_buffer_new_memdup (data, 16 + len);
}

/* A GoClear with a wrong clear_mac, and a ClearACK that nobody waits for: no answer, no change, the user is told (Z-4.7.2-4). */
GST_START_TEST (test_forged)
{
  Call *call = secure_call (TRUE, TRUE);
  guint zrtp = call->a.sent[PACKET_ZRTP];
  guint64 received = endpoint_stat (&call->a, "zrtp-received"), mac = endpoint_stat (&call->a, "zrtp-dropped-mac");
  guint i;

  for (i = 0; i < 3; i++) {
    endpoint_inject (&call->a, make_zrtp (&call->b, "GoClear ", 20, 60000 + i));
    endpoint_inject (&call->a, make_zrtp (&call->b, "ClearACK", 12, 60010 + i));
  }
  call_run (call, 5 * GST_SECOND);
  fail_unless_equals_uint64 (endpoint_stat (&call->a, "zrtp-received"), received + 6);
  fail_unless_equals_uint64 (endpoint_stat (&call->a, "zrtp-dropped-mac"), mac + 3);
  fail_unless_equals_int (call->a.sent[PACKET_ZRTP], zrtp);
  check_warning (&call->a, "forged-clear");
  fail_unless_equals_int (endpoint_count_messages (&call->a, "zrtp-warning"), 1);
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

/* Both at once: nobody need be asked again. */
GST_START_TEST (test_crossed)
{
  Call *call = secure_call (TRUE, TRUE);

  g_signal_emit_by_name (call->a.enc, "clear");
  g_signal_emit_by_name (call->b.enc, "clear");
  call_run (call, 5 * GST_SECOND);
  if (endpoint_state (&call->a) == GST_ZRTP_STATE_CLEARING)
    g_signal_emit_by_name (call->a.enc, "accept-clear");
  if (endpoint_state (&call->b) == GST_ZRTP_STATE_CLEARING)
    g_signal_emit_by_name (call->b.enc, "accept-clear");
  call_settle (call);
  check_states (call, "clear", "clear");
  fail_unless_equals_string (fate (&call->a), "clear");
  fail_unless_equals_string (fate (&call->b), "clear");
  call_free (call);
}
GST_END_TEST;

static Suite *
clear_suite (void)
{
  Suite *suite = suite_create ("clear");
  TCase *tcase = tcase_create ("clear");

  tcase_set_timeout (tcase, 60);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_clear_and_back);
  tcase_add_test (tcase, test_secure_instead);
  tcase_add_test (tcase, test_not_allowed);
  tcase_add_test (tcase, test_secure_only);
  tcase_add_test (tcase, test_forged);
  tcase_add_test (tcase, test_crossed);
  return suite;
}

GST_CHECK_MAIN (clear)
