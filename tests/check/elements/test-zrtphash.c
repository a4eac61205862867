/* test-zrtphash.c: the hash of the Hello in the signalling, a=zrtp-hash (RFC 6189 section 8).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <gst/zrtp/gstzrtpsdp.h>
#include <string.h>

static gchar *
hash_of (Endpoint *self)
{
  gchar *value;

  g_signal_emit_by_name (self->enc, "get-zrtp-hash", 0, &value);
  fail_unless (value != NULL);
  fail_unless_equals_int (strlen (value), 5 + 64);
  fail_unless (g_str_has_prefix (value, "1.10 "));
  return value;
}

static void
make_ready (Call *call)
{
  gst_element_set_state (call->a.pipeline, GST_STATE_READY);
  gst_element_set_state (call->b.pipeline, GST_STATE_READY);
}

static void
tell (Endpoint *self, const gchar *value)
{
  gboolean good;

  g_signal_emit_by_name (self->dec, "set-peer-zrtp-hash", 0, value, &good);
  fail_unless (good);
}

static const gchar *
outcome (Endpoint *self)
{
  return gst_structure_get_string (gst_message_get_structure (endpoint_message (self, "zrtp-sas")), "signalled-hash");
}

/* SHA-256 of the Hello that went over the wire, in the notation of the attribute (Z-8.1-1). */
static gchar *
hash_on_wire (Endpoint *self)
{
  GList *l;

  for (l = self->wire.head; l != NULL; l = l->next) {
    gsize len = gst_buffer_get_size (l->data);
    guint8 *data = g_malloc (len);
    gchar *hex, *value = NULL;

    gst_buffer_extract (l->data, 0, data, len);
    if (len > 32 && memcmp (data + 16, "Hello   ", 8) == 0) {
      hex = g_compute_checksum_for_data (G_CHECKSUM_SHA256, data + 12, len - 16);
      value = g_strconcat ("1.10 ", hex, NULL);
      g_free (hex);
    }
    g_free (data);
    if (value != NULL)
      return value;
  }
  fail ("no Hello on the wire");
  return NULL;
}

/* The hash can be had before the start and is the one of the run (Z-8.1-2); the next run has another, and it can be had as
 * soon as the one before has ended. */
GST_START_TEST (test_stable)
{
  Call *call = call_new ();
  gchar *before, *again, *wire, *last = NULL;
  guint run;

  for (run = 0; run < 3; run++) {
    make_ready (call);
    before = hash_of (&call->a);
    again = hash_of (&call->a);
    fail_unless_equals_string (before, again);
    g_free (again);
    /* Too late for this run: the Hello stays what was announced. */
    g_object_set (call->a.enc, "client-id", run & 1 ? "one" : "two", NULL);
    call_go (call);
    call_check_secure (call);
    wire = hash_on_wire (&call->a);
    fail_unless_equals_string (before, wire);
    again = hash_of (&call->a);
    fail_unless_equals_string (before, again);
    fail_unless (g_strcmp0 (last, before) != 0);
    g_free (wire);
    g_free (again);
    g_free (last);
    last = before;
    endpoint_stop (&call->b);
    endpoint_stop (&call->a);
    g_queue_clear_full (&call->a.wire, (GDestroyNotify) gst_buffer_unref);
  }
  g_free (last);
  call_free (call);
}
GST_END_TEST;

/* Without waiting for the end of the run before. */
GST_START_TEST (test_next_run_at_once)
{
  GstZrtpSession *session = gst_zrtp_session_new ();
  gchar *last = NULL, *value, *problem;
  guint i;

  g_object_set (session, "cache", "memory", NULL);
  for (i = 0; i < 50; i++) {
    gst_zrtp_session_activate (session, &problem);
    value = gst_zrtp_session_get_zrtp_hash (session, 0);
    fail_unless (value != NULL && g_strcmp0 (last, value) != 0);
    g_free (last);
    last = value;
    gst_zrtp_session_deactivate (session);
    value = gst_zrtp_session_get_zrtp_hash (session, 0);
    fail_unless (g_strcmp0 (last, value) != 0, "the hash of a run that is over");
    g_free (last);
    last = value;
    gst_zrtp_session_wait_idle (session);
    value = gst_zrtp_session_get_zrtp_hash (session, 0);
    fail_unless_equals_string (value, last);
    g_free (value);
    gst_zrtp_session_activate (session, &problem);
    gst_zrtp_session_deactivate (session);
  }
  g_free (last);
  fail_unless (gst_zrtp_session_get_zrtp_hash (session, 99) == NULL);
  gst_object_unref (session);
}
GST_END_TEST;

/* Each stream has its own (Z-8-2). */
GST_START_TEST (test_streams_differ)
{
  GstZrtpSession *session = gst_zrtp_session_new ();
  gchar *a = gst_zrtp_session_get_zrtp_hash (session, 0), *b = gst_zrtp_session_get_zrtp_hash (session, 1);

  fail_unless (a != NULL && b != NULL);
  fail_if (g_str_equal (a, b));
  g_free (a);
  g_free (b);
  gst_object_unref (session);
}
GST_END_TEST;

/* The three outcomes, with and without signalling that is secure from end to end (Z-8.1.1-1). */
GST_START_TEST (test_outcomes)
{
  guint i;

  for (i = 0; i < 4; i++) {
    gboolean match = i != 1, secure = i == 3;
    Call *call = call_new ();
    gchar *a, *b;

    g_object_set (call->a.enc, "signalling-secure", secure, NULL);
    g_object_set (call->b.enc, "signalling-secure", secure, NULL);
    make_ready (call);
    a = hash_of (&call->a);
    b = hash_of (&call->b);
    if (i > 0) {
      tell (&call->a, match ? b : a);
      tell (&call->b, match ? a : b);
    }
    call_go (call);
    fail_unless_equals_string (outcome (&call->a), i == 0 ? "absent" : match ? "match" : "mismatch");
    fail_unless_equals_string (outcome (&call->b), i == 0 ? "absent" : match ? "match" : "mismatch");
    fail_unless_equals_int (endpoint_security (&call->a),
        match ? GST_ZRTP_SECURITY_UNVERIFIED : GST_ZRTP_SECURITY_INSECURE);
    if (!match) {
      const gchar *code;

      fail_unless (gst_zrtp_message_parse_warning (endpoint_message (&call->a, "zrtp-warning"), &code, NULL));
      fail_unless_equals_string (code, "hello-hash");
    }
    g_signal_emit_by_name (call->a.enc, "sas-match");
    call_settle (call);
    fail_unless_equals_int (endpoint_security (&call->a),
        !match       ? GST_ZRTP_SECURITY_INSECURE
            : secure ? GST_ZRTP_SECURITY_VERIFIED_SIGNALLED
                     : GST_ZRTP_SECURITY_VERIFIED);
    call_check_secure (call);
    g_free (a);
    g_free (b);
    call_free (call);
  }
}
GST_END_TEST;

/* The peer's may come before anybody has asked for ours, and then the run begins. */
GST_START_TEST (test_peer_first)
{
  Call *call = call_new ();
  gchar *b;

  make_ready (call);
  b = hash_of (&call->b);
  tell (&call->a, b);
  call_go (call);
  fail_unless_equals_string (outcome (&call->a), "match");
  fail_unless_equals_string (outcome (&call->b), "absent");
  endpoint_stop (&call->a);
  endpoint_stop (&call->b);
  /* It was about that run. */
  call_go (call);
  fail_unless_equals_string (outcome (&call->a), "absent");
  g_free (b);
  call_free (call);
}
GST_END_TEST;

/* require-zrtp-hash: who is not the one announced gets no answer (Z-8.1-3, attack H1). */
GST_START_TEST (test_required)
{
  Call *call = call_new ();
  gchar *a;

  g_object_set (call->a.enc, "require-zrtp-hash", TRUE, NULL);
  make_ready (call);
  a = hash_of (&call->a);
  tell (&call->a, a);
  /* Nor is it sent anything, or heard, in the clear. */
  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_if (call_run_until_secure (call, 20 * GST_SECOND));
  fail_unless (endpoint_state (&call->a) != GST_ZRTP_STATE_SECURE);
  fail_unless (endpoint_state (&call->b) != GST_ZRTP_STATE_SECURE);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless_equals_int (call->a.sent[PACKET_CLEAR], 0);
  fail_unless_equals_int (call->a.heard.length, 0);
  fail_unless (call->b.sent[PACKET_CLEAR] > 0);
  endpoint_stop (&call->a);
  endpoint_stop (&call->b);

  /* Without a hash it is as if none were required, and that is told. */
  call_go (call);
  fail_unless (call->a.sent[PACKET_CLEAR] > 0);
  fail_unless_equals_string (outcome (&call->a), "absent");
  {
    const gchar *code;

    fail_unless (gst_zrtp_message_parse_warning (endpoint_message (&call->a, "zrtp-warning"), &code, NULL));
    fail_unless_equals_string (code, "no-zrtp-hash");
    fail_unless (endpoint_message (&call->b, "zrtp-warning") == NULL);
  }
  g_free (a);
  call_free (call);
}
GST_END_TEST;

/* Malformed values count as absent and are told (Z-8.1-7). */
GST_START_TEST (test_malformed)
{
  static const gchar *const values[] = { "", "1.10", "1.10 ", "1.10 12", "garbage", "2.00 ", NULL };
  Call *call = call_new ();
  gchar *b, *bad;
  gboolean good;
  guint i;

  make_ready (call);
  b = hash_of (&call->b);
  for (i = 0; values[i] != NULL; i++) {
    g_signal_emit_by_name (call->a.enc, "set-peer-zrtp-hash", 0, values[i], &good);
    fail_if (good);
  }
  bad = g_strconcat (b, "0", NULL);
  g_signal_emit_by_name (call->a.enc, "set-peer-zrtp-hash", 0, bad, &good);
  fail_if (good);
  bad[strlen (bad) - 2] = 'g';
  bad[strlen (bad) - 1] = '\0';
  g_signal_emit_by_name (call->a.enc, "set-peer-zrtp-hash", 0, bad, &good);
  fail_if (good);
  call_go (call);
  fail_unless_equals_string (outcome (&call->a), "absent");
  /* Once there is a bus to tell it on. */
  g_signal_emit_by_name (call->a.enc, "set-peer-zrtp-hash", 0, bad, &good);
  call_settle (call);
  {
    const gchar *code;

    fail_unless (gst_zrtp_message_parse_warning (endpoint_message (&call->a, "zrtp-warning"), &code, NULL));
    fail_unless_equals_string (code, "malformed-zrtp-hash");
  }
  /* The right one may come late. */
  tell (&call->a, b);
  call_settle (call);
  g_free (bad);
  g_free (b);
  call_free (call);
}
GST_END_TEST;

#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UPPER "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"

/* Lower case is written, both are read, other versions are skipped (Z-8-3, Z-8-4). */
GST_START_TEST (test_sdp)
{
  static const struct
  {
    const gchar *lines[3], *got;
  } rows[] = {
    { { NULL }, NULL },
    { { "1.10 " DIGITS }, "1.10 " DIGITS },
    { { "1.10 " UPPER }, "1.10 " UPPER },
    { { "2.00 1234", "1.10 " DIGITS }, "1.10 " DIGITS },
    { { "2.00 1234" }, NULL },
    { { "1.10 12", "1.12   " DIGITS }, "1.12   " DIGITS },
    { { "1.10 12", "0.95 34" }, "1.10 12" },
    { { "nonsense" }, "nonsense" },
  };
  GstSDPMedia *media;
  gchar *value;
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    gst_sdp_media_new (&media);
    for (j = 0; j < 3 && rows[i].lines[j] != NULL; j++)
      gst_sdp_media_add_attribute (media, "zrtp-hash", rows[i].lines[j]);
    value = gst_zrtp_sdp_media_get_zrtp_hash (media);
    fail_unless_equals_string (value, rows[i].got);
    g_free (value);
    gst_sdp_media_free (media);
  }

  gst_sdp_media_new (&media);
  gst_sdp_media_set_media (media, "audio");
  gst_sdp_media_set_port_info (media, 5004, 1);
  gst_sdp_media_set_proto (media, "RTP/AVP");
  fail_if (gst_zrtp_sdp_media_add_zrtp_hash (media, "1.10 12"));
  fail_unless (gst_zrtp_sdp_media_add_zrtp_hash (media, "1.10 " UPPER));
  fail_unless_equals_int (gst_sdp_media_attributes_len (media), 1);
  value = gst_sdp_media_as_text (media);
  fail_unless (strstr (value, "a=zrtp-hash:1.10 " DIGITS "\r\n") != NULL, "%s", value);
  g_free (value);
  gst_sdp_media_free (media);
}
GST_END_TEST;

static Suite *
zrtphash_suite (void)
{
  Suite *suite = suite_create ("zrtphash");
  TCase *tcase = tcase_create ("zrtphash");

  tcase_set_timeout (tcase, 60);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_stable);
  tcase_add_test (tcase, test_next_run_at_once);
  tcase_add_test (tcase, test_streams_differ);
  tcase_add_test (tcase, test_outcomes);
  tcase_add_test (tcase, test_peer_first);
  tcase_add_test (tcase, test_required);
  tcase_add_test (tcase, test_malformed);
  tcase_add_test (tcase, test_sdp);
  return suite;
}

GST_CHECK_MAIN (zrtphash)
