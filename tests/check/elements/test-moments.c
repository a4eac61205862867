/* test-moments.c: what comes at a bad moment: a handler that calls back, an answer to a string that has been
 * replaced, a transport that is not up yet, the end of a key.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"
#undef GST_CAT_DEFAULT /* GstCheck has one of its own */
#include "call.h"

#include <string.h>

static GstZrtpSession *
session_of (Endpoint *self)
{
  GstZrtpSession *session;

  gst_element_set_state (self->pipeline, GST_STATE_READY);
  g_object_get (self->enc, "session", &session, NULL);
  return session;
}

/* A handler that calls back */

typedef struct
{
  Endpoint *endpoint;
  GThread *thread;
  gint stopped; /* atomic */
  guint asked;
} Restart;

static gpointer
stop_and_start (gpointer data)
{
  Restart *self = data;

  gst_element_set_state (self->endpoint->pipeline, GST_STATE_READY);
  g_atomic_int_set (&self->stopped, TRUE);
  gst_element_set_state (self->endpoint->pipeline, GST_STATE_PAUSED);
  return NULL;
}

/* Elements stop and start while the key agreement waits for this. Everything of the session can be read and
 * set meanwhile. */
static GBytes *
sign_in_between (GstZrtpSession *session, GBytes *sas_hash, gpointer data)
{
  Restart *self = data;
  guint i;

  if (self->asked++ > 0)
    return NULL;
  self->thread = g_thread_new ("restart", stop_and_start, self);
  while (!g_atomic_int_get (&self->stopped))
    g_thread_yield ();
  /* Until the other thread is sure to have come as far as it can while this one does not return. */
  for (i = 0; i < 100; i++) {
    GstStructure *stats = gst_zrtp_session_get_stats (session);
    GBytes *signature = gst_zrtp_session_get_signature (session);
    gchar *sas;

    g_object_set (session, "media-policy", i % 2, "peer-name", i % 2 ? "Alice" : "Bob", NULL);
    g_object_get (session, "sas", &sas, NULL);
    gst_zrtp_session_get_state (session, 0);
    gst_zrtp_session_get_security (session, 0);
    gst_zrtp_session_set_peer_zrtp_hash (session, 0, NULL);
    gst_zrtp_session_set_verified (session, TRUE);
    g_free (sas);
    g_clear_pointer (&signature, g_bytes_unref);
    gst_structure_free (stats);
    g_usleep (G_TIME_SPAN_MILLISECOND);
  }
  g_object_set (session, "media-policy", GST_ZRTP_MEDIA_POLICY_OPPORTUNISTIC, "peer-name", NULL, NULL);
  return NULL;
}

GST_START_TEST (test_handler)
{
  Call *call = call_new ();
  Restart restart = { &call->b };
  GstZrtpSession *session = session_of (&call->b);

  g_signal_connect (session, "sign-sas", G_CALLBACK (sign_in_between), &restart);
  g_object_set (call->a.enc, "check-signatures", TRUE, NULL);
  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  call_run (call, 5 * GST_SECOND);
  fail_unless (restart.thread != NULL, "nobody was asked for a signature");
  g_thread_join (restart.thread);
  call_hang_up (call);
  /* A call like any other after that. */
  call_go (call);
  fail_unless_equals_int (restart.asked, 2);
  call_check_secure (call);
  gst_object_unref (session);
  call_free (call);
}
GST_END_TEST;

/* A string that has been replaced */

static GBytes *
sign (GstZrtpSession *session, GBytes *sas_hash, gpointer data)
{
  static const guint8 block[36] = "PGP ";

  return g_bytes_new (block, sizeof block);
}

static Call *
call_to_pbx (void)
{
  Call *call = call_new ();

  g_object_set (call->a.enc, "accept-relay", TRUE, "check-signatures", TRUE, NULL);
  g_object_set (call->b.enc, "mitm", TRUE, "enroll", TRUE, NULL);
  call_go (call);
  g_signal_emit_by_name (call->a.enc, "sas-match");
  g_signal_emit_by_name (call->a.enc, "enroll", TRUE);
  call_settle (call);
  call_hang_up (call);
  return call;
}

/* The application has found the signature of one string good. Then the telephone system passes on that of the
 * other leg: for this one nobody has signed, nor does accepting what came before it help. */
GST_START_TEST (test_replaced_sas)
{
  Call *one = call_to_pbx (), *two = call_to_pbx ();
  GstZrtpSession *session = session_of (&one->b);
  gchar *own, *shown;

  g_signal_connect (session, "sign-sas", G_CALLBACK (sign), NULL);
  call_go (one);
  call_go (two);
  g_signal_emit_by_name (one->a.enc, "accept-signature");
  call_settle (one);
  fail_unless_equals_int (endpoint_security (&one->a), GST_ZRTP_SECURITY_VERIFIED);
  fail_unless (gst_zrtp_session_relay_sas (one->b.session, two->b.session));
  call_settle (one);
  call_settle (two);
  own = endpoint_sas (&one->b);
  shown = endpoint_sas (&one->a);
  fail_if (g_strcmp0 (own, shown) == 0, "nothing was relayed");
  fail_unless_equals_int (endpoint_security (&one->a), GST_ZRTP_SECURITY_UNVERIFIED);
  /* An answer to the message of before that comes late. */
  fail_unless (gst_zrtp_session_get_signature (one->a.session) == NULL);
  g_signal_emit_by_name (one->a.enc, "accept-signature");
  call_settle (one);
  fail_unless_equals_int (endpoint_security (&one->a), GST_ZRTP_SECURITY_UNVERIFIED);
  g_free (own);
  g_free (shown);
  gst_object_unref (session);
  call_free (one);
  call_free (two);
}
GST_END_TEST;

/* A transport that is not up yet */

static GstPadProbeReturn
count_packet (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  ++*(guint *) data;
  return GST_PAD_PROBE_OK;
}

/* While the transport refuses all packets, a first Hello is tried ten times a second for as long as that
 * lasts: no backoff, no failure, and the whole schedule of Hellos for the peer once it is up. */
GST_START_TEST (test_postponed)
{
  Call *call = call_new ();
  GstPad *src = gst_element_get_static_pad (call->a.enc, "rtp_src_0");
  guint tried = 0, before;

  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BUFFER, count_packet, &tried, NULL);
  endpoint_start (&call->a);
  gst_pad_set_active (call->a.wire_in, FALSE);
  endpoint_talk (&call->a);
  call_run (call, 10 * GST_SECOND);
  fail_unless (tried > 90 && tried < 110, "tried %u times in 10 s", tried);
  before = tried;
  call_run (call, 290 * GST_SECOND);
  fail_unless (tried - before > 2800 && tried - before < 3000, "tried %u times in 290 s", tried - before);
  fail_unless_equals_int (call->a.sent[PACKET_ZRTP], 0);
  fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->a)), "discovering");
  fail_unless_equals_int (endpoint_count_messages (&call->a, "zrtp-state"), 1);
  fail_unless_equals_int (endpoint_count_messages (&call->a, "zrtp-warning"), 0);

  gst_pad_set_active (call->a.wire_in, TRUE);
  call_run (call, 60 * GST_SECOND);
  /* T1: one, and twenty again (RFC 6189 section 6). */
  fail_unless_equals_int (call->a.sent[PACKET_ZRTP], 21);
  endpoint_start (&call->b);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_check_secure (call);
  gst_object_unref (src);
  call_free (call);
}
GST_END_TEST;

/* The end of a key */

static void
let_expire (Endpoint *self, guint left)
{
  GstZrtpMedia *media = self->session->media[0];

  g_mutex_lock (&media->send.lock);
  zrtp_srtp_set_lifetime (media->send.srtp, left, left);
  g_mutex_unlock (&media->send.lock);
}

/* It is told once for each key, nothing goes out after it, clear least of all, and a new call has a new key.
 */
GST_START_TEST (test_expired)
{
  Call *call = call_new ();
  guint round, i, secret, clear;

  for (round = 1; round <= 2; round++) {
    call_go (call);
    let_expire (&call->a, 3);
    secret = call->a.sent[PACKET_SECRET];
    clear = call->a.sent[PACKET_CLEAR];
    for (i = 0; i < 20; i++) {
      fail_unless_equals_int (endpoint_talk (&call->a), GST_FLOW_OK);
      call_settle (call);
    }
    fail_unless_equals_int (call->a.sent[PACKET_SECRET], secret + 3);
    fail_unless_equals_int (call->a.sent[PACKET_CLEAR], clear);
    fail_unless_equals_int (endpoint_count_warnings (&call->a, "key-expired"), round);
    fail_unless_equals_int (endpoint_count_warnings (&call->b, "key-expired"), 0);
    /* The other way it goes on. */
    secret = call->b.sent[PACKET_SECRET];
    endpoint_talk (&call->b);
    fail_unless_equals_int (call->b.sent[PACKET_SECRET], secret + 1);
    call_check (call);
    call_hang_up (call);
  }
  call_free (call);
}
GST_END_TEST;

static Suite *
moments_suite (void)
{
  Suite *suite = suite_create ("moments");
  TCase *tcase = tcase_create ("moments");

  tcase_set_timeout (tcase, 60);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_handler);
  tcase_add_test (tcase, test_replaced_sas);
  tcase_add_test (tcase, test_postponed);
  tcase_add_test (tcase, test_expired);
  return suite;
}

GST_CHECK_MAIN (moments)
