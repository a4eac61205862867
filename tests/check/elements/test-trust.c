/* test-trust.c: what an application adds to a call's trust: secrets, keys, signatures, a floor, telephone systems.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <string.h>

static void
hang_up (Call *call)
{
  endpoint_stop (&call->a);
  endpoint_stop (&call->b);
  g_queue_clear_full (&call->a.messages, (GDestroyNotify) gst_message_unref);
  g_queue_clear_full (&call->b.messages, (GDestroyNotify) gst_message_unref);
}

static GstZrtpSession *
session_of (Endpoint *self)
{
  GstZrtpSession *session;

  gst_element_set_state (self->pipeline, GST_STATE_READY);
  g_object_get (self->enc, "session", &session, NULL);
  return session;
}

static const gchar *
field (Endpoint *self, const gchar *message, const gchar *name)
{
  GstMessage *found = endpoint_message (self, message);

  return found ? gst_structure_get_string (gst_message_get_structure (found), name) : NULL;
}

static gboolean
flag (Endpoint *self, const gchar *name)
{
  gboolean value;

  fail_unless (gst_structure_get_boolean (gst_message_get_structure (endpoint_message (self, "zrtp-sas")), name,
      &value));
  return value;
}

static void
set_aux (Endpoint *self, const gchar *text)
{
  GBytes *bytes = text ? g_bytes_new (text, strlen (text)) : NULL;
  GstZrtpSession *session = session_of (self);

  g_signal_emit_by_name (self->dec, "set-aux-secret", bytes);
  gst_object_unref (session);
  if (bytes != NULL)
    g_bytes_unref (bytes);
}

/* The same on both, on one alone, different, taken back: who has one is told when the other end does not (Z-4.3-3, Z-4.3.2-7). */
GST_START_TEST (test_aux_secret)
{
  static const gchar *const secrets[][2]
      = { { "sesame", "sesame" }, { "sesame", NULL }, { "sesame", "simsim" }, { "sesame", "sesame" }, { NULL, NULL } };
  Call *call = call_new ();
  guint i;

  for (i = 0; i < G_N_ELEMENTS (secrets); i++) {
    set_aux (&call->a, secrets[i][0]);
    set_aux (&call->b, secrets[i][1]);
    call_go (call);
    fail_unless_equals_int (endpoint_warning (&call->a, "aux-mismatch") != NULL, i == 1 || i == 2);
    fail_unless_equals_int (endpoint_warning (&call->b, "aux-mismatch") != NULL, i == 2);
    call_check_secure (call);
    hang_up (call);
  }
  call_free (call);
}
GST_END_TEST;

static void
set_srtp (Endpoint *self, const gchar *key)
{
  GBytes *bytes = key ? g_bytes_new (key, 16) : NULL, *salt = g_bytes_new ("fourteen of it", 14);
  GstZrtpSession *session = session_of (self);

  gst_zrtp_session_set_srtp_secret (session, bytes, salt);
  gst_object_unref (session);
  g_bytes_unref (salt);
  if (bytes != NULL)
    g_bytes_unref (bytes);
}

/* SRTP keys of the signalling, the same, different, taken back (Z-8.2-1). */
GST_START_TEST (test_srtp_secret)
{
  static const gchar *const keys[][2] = { { "0123456789abcdef", "0123456789abcdef" },
    { "0123456789abcdef", "0123456789abcdeX" }, { NULL, NULL } };
  Call *call = call_new ();
  guint i;

  for (i = 0; i < G_N_ELEMENTS (keys); i++) {
    set_srtp (&call->a, keys[i][0]);
    set_srtp (&call->b, keys[i][1]);
    call_go (call);
    fail_unless_equals_int (endpoint_warning (&call->a, "aux-mismatch") != NULL, i == 1);
    fail_unless_equals_int (endpoint_warning (&call->b, "aux-mismatch") != NULL, i == 1);
    call_check_secure (call);
    hang_up (call);
  }
  call_free (call);
}
GST_END_TEST;

/* Both have it and nobody else; only for who has said so before, and the peer is told (Z-4.5.2-4, Z-11-5). */
GST_START_TEST (test_exported_key)
{
  Call *call = call_new ();
  GBytes *a, *b;

  g_object_set (call->a.enc, "hashes", "S384", "key-agreements", "EC38", NULL);
  g_object_set (call->b.enc, "hashes", "S384", "key-agreements", "EC38", NULL);
  call_go (call);
  fail_unless (gst_zrtp_session_get_exported_key (call->a.session) == NULL);
  fail_if (endpoint_warning (&call->a, "peer-discloses") != NULL);
  hang_up (call);

  g_object_set (call->a.enc, "export-key", TRUE, NULL);
  g_object_set (call->b.enc, "export-key", TRUE, NULL);
  call_start (call);
  fail_unless (gst_zrtp_session_get_exported_key (call->a.session) == NULL);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  a = gst_zrtp_session_get_exported_key (call->a.session);
  b = gst_zrtp_session_get_exported_key (call->b.session);
  fail_unless (a != NULL && b != NULL);
  fail_unless_equals_int (g_bytes_get_size (a), 48);
  fail_unless (g_bytes_equal (a, b));
  fail_unless (endpoint_warning (&call->a, "peer-discloses") != NULL);
  fail_unless (flag (&call->b, "disclosure"));
  g_bytes_unref (b);
  /* Too late for this call. */
  hang_up (call);
  g_object_set (call->a.enc, "export-key", FALSE, NULL);
  call_go (call);
  g_object_set (call->a.enc, "export-key", TRUE, NULL);
  fail_unless (gst_zrtp_session_get_exported_key (call->a.session) == NULL);
  b = gst_zrtp_session_get_exported_key (call->b.session);
  fail_if (g_bytes_equal (a, b));
  g_bytes_unref (a);
  g_bytes_unref (b);
  call_free (call);
}
GST_END_TEST;

typedef struct
{
  gsize len;
  guint asked;
  gchar *sas_hash;
} Signer;

static GBytes *
sign (GstZrtpSession *session, GBytes *sas_hash, gpointer data)
{
  Signer *signer = data;
  guint8 block[64] = "PGP ";
  const guint8 *octets;
  gsize len, i;
  GString *hex = g_string_new (NULL);
  gchar *hash;

  octets = g_bytes_get_data (sas_hash, &len);
  fail_unless_equals_int (len, 32);
  for (i = 0; i < len; i++)
    g_string_append_printf (hex, "%02x", octets[i]);
  g_free (signer->sas_hash);
  signer->sas_hash = g_string_free (hex, FALSE);
  signer->asked++;
  memcpy (block + 4, octets, len);
  /* A handler may read the session. */
  gst_structure_free (gst_zrtp_session_get_stats (session));
  hash = gst_zrtp_session_get_zrtp_hash (session, 0);
  fail_unless (hash != NULL);
  g_free (hash);
  return signer->len ? g_bytes_new (block, signer->len) : NULL;
}

/* The string signed and checked with the application's keys (Z-7.2-1, -2, -4, -8). */
GST_START_TEST (test_signature)
{
  static const struct
  {
    gboolean checks;
    gsize len;
    gboolean arrives;
  } rows[] = { { TRUE, 64, TRUE }, { FALSE, 64, FALSE }, { TRUE, 0, FALSE }, { TRUE, 63, FALSE } };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    Call *call = call_new ();
    Signer signer = { rows[i].len };
    GstZrtpSession *session = session_of (&call->b);
    const gchar *sas_hash, *signature;
    GBytes *block;

    g_signal_connect (session, "sign-sas", G_CALLBACK (sign), &signer);
    g_object_set (call->a.enc, "check-signatures", rows[i].checks, NULL);
    call_go (call);
    fail_unless_equals_int (signer.asked, rows[i].checks);
    block = gst_zrtp_session_get_signature (call->a.session);
    fail_unless_equals_int (block != NULL, rows[i].arrives);
    fail_unless_equals_int (endpoint_count_messages (&call->a, "zrtp-signature"), rows[i].arrives);
    fail_unless_equals_int (flag (&call->a, "signature"), rows[i].arrives);
    fail_unless_equals_int (endpoint_security (&call->a), GST_ZRTP_SECURITY_UNVERIFIED);
    if (rows[i].arrives) {
      fail_unless (gst_zrtp_message_parse_signature (endpoint_message (&call->a, "zrtp-signature"), &sas_hash,
          &signature));
      fail_unless_equals_string (sas_hash, signer.sas_hash);
      fail_unless (g_str_has_prefix (signature, "50475020") && g_str_has_prefix (signature + 8, sas_hash));
      fail_unless_equals_int (g_bytes_get_size (block), 64);
      g_bytes_unref (block);
    }
    g_signal_emit_by_name (call->a.enc, "accept-signature");
    call_settle (call);
    fail_unless_equals_int (endpoint_security (&call->a),
        rows[i].arrives ? GST_ZRTP_SECURITY_VERIFIED : GST_ZRTP_SECURITY_UNVERIFIED);
    call_check_secure (call);
    hang_up (call);
    /* It was about that call; the next one has a signature of its own. */
    call_go (call);
    fail_unless_equals_int (flag (&call->a, "signature"), rows[i].arrives);
    fail_unless_equals_int (endpoint_security (&call->a), GST_ZRTP_SECURITY_UNVERIFIED);
    g_signal_handlers_disconnect_by_data (session, &signer);
    gst_object_unref (session);
    g_free (signer.sas_hash);
    call_free (call);
  }
}
GST_END_TEST;

/* What is not listed is refused, mandatory or not (attack B3); by default it is not. */
GST_START_TEST (test_only_listed)
{
  static const struct
  {
    gboolean only;
    const gchar *peer;
    gboolean secure;
  } rows[] = { { FALSE, "S256", TRUE }, { TRUE, "S256", FALSE }, { TRUE, "S384", TRUE } };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    Call *call = call_new ();

    g_object_set (call->a.enc, "only-listed", rows[i].only, "hashes", " S384 ", "key-agreements", "EC38,X255", "media-policy",
        GST_ZRTP_MEDIA_POLICY_SECURE_ONLY, NULL);
    g_object_set (call->b.enc, "hashes", rows[i].peer, NULL);
    call_start (call);
    endpoint_talk (&call->a);
    endpoint_talk (&call->b);
    fail_unless_equals_int (call_run_until_secure (call, 10 * GST_SECOND), rows[i].secure);
    if (!rows[i].secure) {
      fail_unless (endpoint_state (&call->a) != GST_ZRTP_STATE_SECURE);
      fail_unless (endpoint_state (&call->b) != GST_ZRTP_STATE_SECURE);
      fail_unless (strstr (field (&call->a, "zrtp-error", "text"), "unset only-listed") != NULL);
    } else
      fail_unless_equals_string (field (&call->a, "zrtp-sas", "hash"), rows[i].only ? "S384" : "S256");
    call_check (call);
    call_free (call);
  }
}
GST_END_TEST;

/* Off unless asked for on both ends; then as often as allowed between two key agreements (Z-4.4.2-4, -7). */
GST_START_TEST (test_preshared)
{
  Call *call = call_new ();
  guint i;

  for (i = 0; i < 2; i++) {
    call_go (call);
    g_signal_emit_by_name (call->a.enc, "sas-match");
    g_signal_emit_by_name (call->b.enc, "sas-match");
    call_settle (call);
    fail_unless (g_strcmp0 (field (&call->a, "zrtp-sas", "key-agreement"), "Prsh") != 0);
    hang_up (call);
  }
  g_object_set (call->a.enc, "preshared", TRUE, "preshared-limit", 2, NULL);
  call_go (call);
  fail_unless (g_strcmp0 (field (&call->a, "zrtp-sas", "key-agreement"), "Prsh") != 0);
  hang_up (call);
  g_object_set (call->b.enc, "preshared", TRUE, "preshared-limit", 2, NULL);
  for (i = 0; i < 6; i++) {
    call_go (call);
    fail_unless_equals_int (g_strcmp0 (field (&call->a, "zrtp-sas", "key-agreement"), "Prsh") == 0, i % 3 != 2);
    call_check_secure (call);
    hang_up (call);
  }
  call_free (call);
}
GST_END_TEST;

/* A call of a phone, a, with a telephone system, b. */
static Call *
call_to_pbx (gboolean offers)
{
  Call *call = call_new ();

  g_object_set (call->a.enc, "accept-relay", TRUE, NULL);
  g_object_set (call->b.enc, "mitm", TRUE, "enroll", offers, NULL);
  return call;
}

static void
enroll (Call *call)
{
  call_go (call);
  g_signal_emit_by_name (call->a.enc, "sas-match");
  g_signal_emit_by_name (call->a.enc, "enroll", TRUE);
  call_settle (call);
  fail_unless_equals_string (field (&call->a, "zrtp-enrollment", "status"), "accepted");
  hang_up (call);
  call_go (call);
  fail_unless_equals_string (field (&call->a, "zrtp-enrollment", "status"), "present");
  fail_unless_equals_string (field (&call->b, "zrtp-enrollment", "status"), "present");
}

/* The user says yes, once the call is verified, and can say no later (Z-7.3.1-3, -7, -9). */
GST_START_TEST (test_enrollment)
{
  Call *call = call_to_pbx (TRUE);
  const gchar *status;

  call_go (call);
  fail_unless (gst_zrtp_message_is (endpoint_message (&call->a, "zrtp-enrollment")));
  fail_unless (gst_zrtp_message_parse_enrollment (endpoint_message (&call->a, "zrtp-enrollment"), &status));
  fail_unless_equals_string (status, "offered");
  fail_unless (endpoint_message (&call->b, "zrtp-enrollment") == NULL);
  g_signal_emit_by_name (call->a.enc, "enroll", TRUE);
  call_settle (call);
  fail_unless (endpoint_warning (&call->a, "enrollment-unproven") != NULL);
  fail_if (flag (&call->a, "enrolled"));
  call_free (call);

  call = call_to_pbx (TRUE);
  enroll (call);
  g_signal_emit_by_name (call->a.enc, "enroll", FALSE);
  call_settle (call);
  fail_unless_equals_string (field (&call->a, "zrtp-enrollment", "status"), "removed");
  hang_up (call);
  call_go (call);
  fail_unless_equals_string (field (&call->a, "zrtp-enrollment", "status"), "offered");
  call_free (call);

  /* Without an offer there is nothing to agree to (attack E2). */
  call = call_to_pbx (FALSE);
  call_go (call);
  g_signal_emit_by_name (call->a.enc, "sas-match");
  g_signal_emit_by_name (call->a.enc, "enroll", TRUE);
  call_settle (call);
  fail_if (flag (&call->a, "enrolled"));
  fail_unless (endpoint_message (&call->a, "zrtp-enrollment") == NULL);
  call_free (call);
}
GST_END_TEST;

static void
check_shown (Call *call, Call *other, gboolean relayed)
{
  gchar *own = endpoint_sas (&call->b), *shown = endpoint_sas (&call->a), *far = endpoint_sas (&other->b);

  fail_unless_equals_string (shown, relayed ? far : own);
  fail_unless_equals_int (flag (&call->a, "relayed"), relayed);
  g_free (own);
  g_free (shown);
  g_free (far);
}

static void
settle (Call *one, Call *two)
{
  call_settle (one);
  call_settle (two);
}

/* One phone trusts the system, both do, neither does; in whichever order the legs are named (Z-7.3-3 to -8). */
GST_START_TEST (test_relay)
{
  guint trusting, order;

  for (trusting = 0; trusting < 4; trusting++) {
    for (order = 0; order < 2; order++) {
      Call *one = call_to_pbx (TRUE), *two = call_to_pbx (TRUE);
      Call *named = order ? two : one, *other = order ? one : two;
      gboolean one_shown, two_shown;

      if (trusting & 1)
        enroll (one);
      else
        call_go (one);
      if (trusting & 2)
        enroll (two);
      else
        call_go (two);
      g_signal_emit_by_name (one->a.enc, "sas-match");
      call_settle (one);
      fail_unless (gst_zrtp_session_relay_sas (named->b.session, other->b.session));
      settle (one, two);
      one_shown = trusting == 1 || (trusting == 3 && named == one);
      two_shown = trusting == 2 || (trusting == 3 && named == two);
      check_shown (one, two, one_shown);
      check_shown (two, one, two_shown);
      /* The user's word was about another string. */
      fail_unless_equals_int (endpoint_security (&one->a) == GST_ZRTP_SECURITY_VERIFIED, !one_shown);
      fail_if (endpoint_warning (&one->a, "untrusted-relay") != NULL || endpoint_warning (&two->a, "untrusted-relay") != NULL);
      call_free (one);
      call_free (two);
    }
  }
}
GST_END_TEST;

/* The string of two systems is shown by the phone (Z-7.3-6). */
GST_START_TEST (test_relay_between_systems)
{
  Call *one = call_to_pbx (TRUE), *two = call_to_pbx (TRUE);

  g_object_set (one->a.enc, "mitm", TRUE, NULL);
  enroll (one);
  enroll (two);
  fail_unless (gst_zrtp_session_relay_sas (one->b.session, two->b.session));
  settle (one, two);
  check_shown (one, two, FALSE);
  check_shown (two, one, TRUE);
  call_free (one);
  call_free (two);
}
GST_END_TEST;

/* Who is no telephone system, or has no secure leg, relays nothing; who does not want it is shown nothing (attacks E1, E3). */
GST_START_TEST (test_relay_refused)
{
  Call *one = call_to_pbx (TRUE), *two = call_new ();
  gboolean relayed;

  enroll (one);
  call_start (two);
  fail_if (gst_zrtp_session_relay_sas (one->b.session, two->b.session));
  endpoint_talk (&two->a);
  endpoint_talk (&two->b);
  fail_unless (call_run_until_secure (two, 5 * GST_SECOND));
  g_signal_emit_by_name (one->b.enc, "relay-sas", two->b.session, &relayed);
  fail_if (relayed);
  settle (one, two);
  check_shown (one, two, FALSE);
  hang_up (one);
  call_free (two);

  two = call_to_pbx (FALSE);
  call_go (two);
  g_object_set (one->a.enc, "accept-relay", FALSE, NULL);
  call_go (one);
  g_signal_emit_by_name (one->b.enc, "relay-sas", two->b.session, &relayed);
  fail_unless (relayed);
  settle (one, two);
  check_shown (one, two, FALSE);
  call_free (one);
  call_free (two);
}
GST_END_TEST;

static Suite *
trust_suite (void)
{
  Suite *suite = suite_create ("trust");
  TCase *tcase = tcase_create ("trust");

  tcase_set_timeout (tcase, 120);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_aux_secret);
  tcase_add_test (tcase, test_srtp_secret);
  tcase_add_test (tcase, test_exported_key);
  tcase_add_test (tcase, test_signature);
  tcase_add_test (tcase, test_only_listed);
  tcase_add_test (tcase, test_preshared);
  tcase_add_test (tcase, test_enrollment);
  tcase_add_test (tcase, test_relay);
  tcase_add_test (tcase, test_relay_between_systems);
  tcase_add_test (tcase, test_relay_refused);
  return suite;
}

GST_CHECK_MAIN (trust)
