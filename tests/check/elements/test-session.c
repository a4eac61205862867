/* test-session.c: how elements find their session, properties, signals, the user's answer, sessions across pipelines.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <string.h>

static GstZrtpSession *
session_of (GstElement *element)
{
  GstZrtpSession *session;

  g_object_get (element, "session", &session, NULL);
  return session;
}

static GstElement *
make (const gchar *factory)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  fail_unless (element != NULL);
  return element;
}

/* The worker that was last busy with a session lets go of it a moment after. */
static void
wait_gone (GWeakRef *ref)
{
  gint64 end = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;
  gpointer object;

  while ((object = g_weak_ref_get (ref)) != NULL) {
    g_object_unref (object);
    fail_unless (g_get_monotonic_time () < end, "the session stays");
    g_thread_yield ();
  }
}

/* In one pipeline, however deep and in whatever order, all share one session; it goes with them. */
GST_START_TEST (test_same_pipeline)
{
  guint order;

  for (order = 0; order < 2; order++) {
    GstElement *pipeline = gst_pipeline_new (NULL), *bin = gst_bin_new (NULL);
    GstElement *enc = make ("zrtpenc"), *dec = make ("zrtpdec"), *late = make ("zrtpdec");
    GstZrtpSession *one, *two, *three;
    GWeakRef gone;

    g_object_set (late, "stream", 1, NULL);
    gst_bin_add (GST_BIN (bin), dec);
    gst_bin_add (GST_BIN (pipeline), order ? enc : bin);
    gst_bin_add (GST_BIN (pipeline), order ? bin : enc);
    fail_unless (session_of (enc) == NULL);
    gst_element_set_state (pipeline, GST_STATE_READY);
    one = session_of (enc);
    two = session_of (dec);
    fail_unless (one != NULL && one == two);
    gst_bin_add (GST_BIN (bin), late);
    gst_element_set_state (pipeline, GST_STATE_PAUSED);
    three = session_of (late);
    fail_unless (three == one);
    g_weak_ref_init (&gone, one);
    gst_object_unref (one);
    gst_object_unref (two);
    gst_object_unref (three);
    /* A restart keeps the session, and with it its ZID and cache. */
    gst_element_set_state (pipeline, GST_STATE_NULL);
    gst_element_set_state (pipeline, GST_STATE_PAUSED);
    two = session_of (dec);
    three = g_weak_ref_get (&gone);
    fail_unless (two == three);
    gst_zrtp_session_wait_idle (two);
    gst_object_unref (two);
    gst_object_unref (three);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    two = session_of (dec);
    gst_zrtp_session_wait_idle (two);
    gst_object_unref (two);
    gst_object_unref (pipeline);
    wait_gone (&gone);
    g_weak_ref_clear (&gone);
  }
}
GST_END_TEST;

GST_START_TEST (test_two_pipelines)
{
  GstElement *pipelines[2], *dec[2];
  GstZrtpSession *sessions[2];
  guint i;

  for (i = 0; i < 2; i++) {
    pipelines[i] = gst_pipeline_new (NULL);
    dec[i] = make ("zrtpdec");
    gst_bin_add (GST_BIN (pipelines[i]), dec[i]);
    gst_element_set_state (pipelines[i], GST_STATE_READY);
    sessions[i] = session_of (dec[i]);
  }
  fail_unless (sessions[0] != sessions[1]);
  fail_if (g_str_equal (gst_zrtp_session_get_id (sessions[0]), gst_zrtp_session_get_id (sessions[1])));
  for (i = 0; i < 2; i++) {
    gst_object_unref (sessions[i]);
    gst_element_set_state (pipelines[i], GST_STATE_NULL);
    gst_object_unref (pipelines[i]);
  }
}
GST_END_TEST;

/* A call whose sending and receiving halves are two pipelines, by session-id. */
GST_START_TEST (test_id_across_pipelines)
{
  Call *call = call_new ();
  GstElement *other = gst_pipeline_new (NULL);
  GstZrtpSession *session;
  GWeakRef gone;
  gchar *id;

  g_object_set (call->a.enc, "session-id", "split", NULL);
  g_object_set (call->a.dec, "session-id", "split", NULL);
  gst_object_ref (call->a.dec);
  gst_bin_remove (GST_BIN (call->a.pipeline), call->a.dec);
  gst_bin_add (GST_BIN (other), call->a.dec);
  gst_object_unref (call->a.dec);
  endpoint_link_decoder (&call->a);

  gst_element_set_state (other, GST_STATE_PLAYING);
  call_start (call);
  fail_unless_equals_string (gst_zrtp_session_get_id (call->a.session), "split");
  g_object_get (call->a.dec, "session-id", &id, NULL);
  fail_unless_equals_string (id, "split");
  g_free (id);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_check_secure (call);
  fail_unless_equals_string (
      gst_structure_get_string (gst_message_get_structure (endpoint_message (&call->a, "zrtp-sas")), "session-id"),
      "split");

  gst_element_set_state (other, GST_STATE_NULL);
  endpoint_stop (&call->a);
  fail_unless (gst_zrtp_session_find ("never heard of") == NULL);
  session = gst_zrtp_session_find ("split");
  g_weak_ref_init (&gone, session);
  gst_object_unref (session);
  call_free (call);
  gst_object_unref (other);
  /* No entry outlives its users. */
  wait_gone (&gone);
  g_weak_ref_clear (&gone);
  fail_unless (gst_zrtp_session_find ("split") == NULL);
}
GST_END_TEST;

GST_START_TEST (test_obtain)
{
  GstZrtpSession *one = gst_zrtp_session_obtain ("name"), *two = gst_zrtp_session_obtain ("name"), *other;

  fail_unless (one == two);
  other = gst_zrtp_session_obtain ("other");
  fail_unless (other != one);
  fail_unless (gst_zrtp_session_find ("name") == one);
  gst_object_unref (one);
  gst_object_unref (one);
  gst_object_unref (two);
  fail_unless (gst_zrtp_session_find ("name") == NULL);
  /* The name is free again. */
  one = gst_zrtp_session_obtain ("name");
  fail_unless (one != NULL);
  gst_object_unref (one);
  gst_object_unref (other);
}
GST_END_TEST;

/* The application's own session, as a property and as a context. */
GST_START_TEST (test_given)
{
  GstZrtpSession *mine = gst_zrtp_session_new (), *got;
  GstElement *pipeline = gst_pipeline_new (NULL), *enc = make ("zrtpenc"), *dec = make ("zrtpdec");
  GstContext *context = gst_context_new (GST_ZRTP_SESSION_CONTEXT_TYPE, TRUE);

  gst_structure_set (gst_context_writable_structure (context), "session", GST_TYPE_ZRTP_SESSION, mine, NULL);
  gst_bin_add_many (GST_BIN (pipeline), enc, dec, NULL);
  g_object_set (enc, "session", mine, "hashes", "S384", NULL);
  got = session_of (enc);
  fail_unless (got == mine);
  gst_object_unref (got);
  gst_element_set_context (pipeline, context);
  gst_element_set_state (pipeline, GST_STATE_READY);
  got = session_of (dec);
  fail_unless (got == mine);
  gst_object_unref (got);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_context_unref (context);
  gst_object_unref (pipeline);
  ASSERT_OBJECT_REFCOUNT (mine, "session", 1);
  gst_object_unref (mine);
}
GST_END_TEST;

/* Each property can be read and set on either element, before and after there is a session. */
GST_START_TEST (test_properties)
{
  static const gchar *const factories[] = { "zrtpenc", "zrtpdec" };
  guint i;

  for (i = 0; i < 2; i++) {
    GstElement *pipeline = gst_pipeline_new (NULL);
    GstElement *one = make (factories[i]), *two = make (factories[1 - i]);
    gchar *text;
    guint ttl;
    gboolean passive;
    GstZrtpMediaPolicy policy;
    GstZrtpState state;

    gst_bin_add_many (GST_BIN (pipeline), one, two, NULL);
    g_object_get (one, "client-id", &text, "cache-ttl", &ttl, "state", &state, NULL);
    fail_unless (g_str_has_prefix (text, "gst-zrtp"));
    fail_unless_equals_uint64 (ttl, 4294967295u);
    fail_unless_equals_int (state, GST_ZRTP_STATE_IDLE);
    g_free (text);
    g_object_set (one, "key-agreements", "EC38,X255", "passive", TRUE, "cache-ttl", 7, "peer-name", "Bob", NULL);
    g_object_set (two, "ciphers", "AES3", "zid", "0123456789abcdefABCDEF01", NULL);
    g_object_get (one, "passive", &passive, NULL);
    fail_unless (passive);
    gst_element_set_state (pipeline, GST_STATE_READY);
    /* Seen from the other one; mandatory ones are there. */
    g_object_get (two, "key-agreements", &text, "passive", &passive, "cache-ttl", &ttl, NULL);
    fail_unless (g_str_has_prefix (text, "EC38,X255,DH3k"), "%s", text);
    fail_unless (passive);
    fail_unless_equals_int (ttl, 7);
    g_free (text);
    g_object_get (one, "ciphers", &text, NULL);
    fail_unless_equals_string (text, "AES3,AES1");
    g_free (text);
    g_object_get (two, "peer-name", &text, NULL);
    fail_unless_equals_string (text, "Bob");
    g_free (text);
    g_object_set (two, "media-policy", GST_ZRTP_MEDIA_POLICY_SECURE_ONLY, NULL);
    g_object_get (one, "media-policy", &policy, NULL);
    fail_unless_equals_int (policy, GST_ZRTP_MEDIA_POLICY_SECURE_ONLY);
    g_object_get (one, "sas", &text, NULL);
    fail_unless (text == NULL);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    gst_object_unref (pipeline);
  }
}
GST_END_TEST;

GST_START_TEST (test_bad_property)
{
  static const struct
  {
    const gchar *property, *bad, *good, *hint;
  } rows[] = {
    { "key-agreements", "X255,EC99", "EC25", "X448" },
    { "hashes", "MD5", "S384", "S384" },
    { "ciphers", "aes1", "AES1", "AES3" },
    { "auth-tags", "HS16", "HS80", "HS32" },
    { "sas-types", "B64", "B256", "B256" },
    { "zid", "12", "0102030405060708090a0b0c", "24" },
    { "zid", "0102030405060708090a0bxy", NULL, "hexadecimal" },
    { "client-id", "a name that is too long", "short", "16" },
    { "cache", "disk", "none", "memory" },
    { "peer-name", "Bob\033[2J", "Bob", "printable" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    GstElement *pipeline = gst_pipeline_new (NULL), *dec = make ("zrtpdec");
    GstBus *bus = gst_element_get_bus (pipeline);
    GstMessage *message;
    GError *error;
    gchar *before, *after;

    gst_bin_add (GST_BIN (pipeline), dec);
    g_object_set (dec, rows[i].property, rows[i].bad, NULL);
    fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
    message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    fail_unless (message != NULL);
    gst_message_parse_error (message, &error, NULL);
    fail_unless (strstr (error->message, rows[i].property) != NULL, "%s", error->message);
    fail_unless (strstr (error->message, rows[i].hint) != NULL, "%s", error->message);
    g_error_free (error);
    gst_message_unref (message);
    gst_element_set_state (pipeline, GST_STATE_NULL);

    /* Put right, it runs; a later mistake is told and changes nothing. */
    g_object_set (dec, rows[i].property, rows[i].good, NULL);
    fail_unless (gst_element_set_state (pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE);
    g_object_get (dec, rows[i].property, &before, NULL);
    g_object_set (dec, rows[i].property, rows[i].bad, NULL);
    g_object_get (dec, rows[i].property, &after, NULL);
    fail_unless_equals_string (before, after);
    message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR);
    fail_unless (message != NULL && GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING);
    gst_message_unref (message);
    g_free (before);
    g_free (after);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    gst_object_unref (bus);
    gst_object_unref (pipeline);
  }
}
GST_END_TEST;

/* Two elements of one session that want different things: somebody should know. The same on both is no matter. */
GST_START_TEST (test_conflict)
{
  GstElement *pipeline = gst_pipeline_new (NULL), *enc = make ("zrtpenc"), *dec = make ("zrtpdec");
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;
  GError *error;

  gst_bin_add_many (GST_BIN (pipeline), enc, dec, NULL);
  g_object_set (enc, "hashes", "S384", "ciphers", "AES1", NULL);
  g_object_set (dec, "hashes", "S256", "ciphers", "AES1", NULL);
  fail_unless (gst_element_set_state (pipeline, GST_STATE_READY) != GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
  fail_unless (message != NULL);
  gst_message_parse_warning (message, &error, NULL);
  fail_unless (strstr (error->message, "hashes") && strstr (error->message, GST_OBJECT_NAME (enc))
      && strstr (error->message, GST_OBJECT_NAME (dec)), "%s", error->message);
  g_error_free (error);
  gst_message_unref (message);
  fail_unless (gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING) == NULL);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
}
GST_END_TEST;

/* Algorithms and rendering that the properties ask for are what both ends agree on. (Z-4.1.2-10) */
GST_START_TEST (test_algorithms)
{
  static const struct
  {
    const gchar *key_agreement, *hash, *cipher, *auth_tag, *sas_type;
  } rows[] = {
    { "X255", "S256", "AES1", "HS32", "B32" },
    { "EC38", "S384", "AES3", "HS80", "B256" },
    { "X448", "S512", "AES3", "GCM", "B256" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    Call *call = call_new ();
    const GstStructure *sas;
    guint end;

    for (end = 0; end < 2; end++)
      g_object_set (end ? call->a.enc : call->b.dec, "key-agreements", rows[i].key_agreement, "hashes", rows[i].hash,
          "ciphers", rows[i].cipher, "auth-tags", rows[i].auth_tag, "sas-types", rows[i].sas_type, NULL);
    call_start (call);
    endpoint_talk (&call->a);
    endpoint_talk (&call->b);
    fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
    call_check_secure (call);
    sas = gst_message_get_structure (endpoint_message (&call->b, "zrtp-sas"));
    fail_unless_equals_string (gst_structure_get_string (sas, "key-agreement"), rows[i].key_agreement);
    fail_unless_equals_string (gst_structure_get_string (sas, "hash"), rows[i].hash);
    fail_unless_equals_string (gst_structure_get_string (sas, "cipher"), rows[i].cipher);
    fail_unless_equals_string (gst_structure_get_string (sas, "auth-tag"), rows[i].auth_tag);
    fail_unless_equals_string (gst_structure_get_string (sas, "sas-type"), rows[i].sas_type);
    call_free (call);
  }
}
GST_END_TEST;

static GstZrtpSecurity
security_of (Endpoint *endpoint)
{
  GstZrtpSecurity security;

  g_object_get (endpoint->dec, "security", &security, NULL);
  return security;
}

/* The user's answer: verified on this side now, on the next call on both (Z-7.1-1 to -5); refused is insecure.
 * (Z-7-1) */
GST_START_TEST (test_answer)
{
  Call *call = call_new ();
  GstZrtpSecurity security;
  gboolean verified;
  guint told, i;

  for (i = 0; i < 2; i++) {
    call_start (call);
    endpoint_talk (&call->a);
    endpoint_talk (&call->b);
    fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
    if (i == 0) {
      fail_unless_equals_int (security_of (&call->a), GST_ZRTP_SECURITY_UNVERIFIED);
      told = endpoint_count_messages (&call->a, "zrtp-sas");
      g_signal_emit_by_name (call->a.enc, "sas-match");
      g_signal_emit_by_name (call->b.dec, "set-verified", TRUE);
      call_settle (call);
      fail_unless_equals_int (endpoint_count_messages (&call->a, "zrtp-sas"), told + 1);
    }
    fail_unless_equals_int (security_of (&call->a), GST_ZRTP_SECURITY_VERIFIED);
    fail_unless_equals_int (security_of (&call->b), GST_ZRTP_SECURITY_VERIFIED);
    fail_unless (gst_zrtp_message_parse_sas (endpoint_message (&call->a, "zrtp-sas"), NULL, NULL, &security, &verified));
    fail_unless (verified && security == GST_ZRTP_SECURITY_VERIFIED);
    if (i == 0) {
      endpoint_stop (&call->a);
      endpoint_stop (&call->b);
    }
  }
  g_signal_emit_by_name (call->a.dec, "sas-differs");
  call_settle (call);
  fail_unless_equals_int (security_of (&call->a), GST_ZRTP_SECURITY_INSECURE);
  fail_unless (gst_zrtp_message_parse_sas (endpoint_message (&call->a, "zrtp-sas"), NULL, NULL, &security, NULL));
  fail_unless_equals_int (security, GST_ZRTP_SECURITY_INSECURE);
  call_check (call);
  call_free (call);
}
GST_END_TEST;

/* The session of a running element stays, whatever is set: nothing is left behind in either. */
GST_START_TEST (test_changed_in_run)
{
  static const gchar *const factories[] = { "zrtpenc", "zrtpdec" };
  guint i, j;

  for (i = 0; i < 2; i++) {
    for (j = 0; j < 2; j++) {
      GstZrtpSession *one = gst_zrtp_session_new (), *two = gst_zrtp_session_obtain ("two"), *got;
      GstElement *pipeline = gst_pipeline_new (NULL), *element = make (factories[i]);
      GstBus *bus = gst_element_get_bus (pipeline);
      GstMessage *message;

      g_object_set (one, "cache", "memory", NULL);
      if (i == 0)
        gst_object_unref (gst_element_request_pad_simple (element, "rtp_src_0"));
      gst_bin_add (GST_BIN (pipeline), element);
      g_object_set (element, "session", one, NULL);
      fail_unless (gst_element_set_state (pipeline, GST_STATE_PAUSED) != GST_STATE_CHANGE_FAILURE);
      if (j)
        g_object_set (element, "session-id", "two", NULL);
      else
        g_object_set (element, "session", two, NULL);
      message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
      fail_unless (message != NULL);
      gst_message_unref (message);
      got = session_of (element);
      fail_unless (got == one);
      gst_object_unref (got);
      gst_element_set_state (pipeline, GST_STATE_NULL);
      /* Back in NULL it may change. */
      g_object_set (element, "session", two, NULL);
      got = session_of (element);
      fail_unless (got == two);
      gst_object_unref (got);
      gst_object_unref (bus);
      gst_object_unref (pipeline);

      /* The place in the session is free for another element. */
      element = make (factories[i]);
      if (i == 0)
        gst_object_unref (gst_element_request_pad_simple (element, "rtp_src_0"));
      g_object_set (element, "session", one, NULL);
      fail_unless (gst_element_set_state (element, GST_STATE_PAUSED) != GST_STATE_CHANGE_FAILURE);
      gst_element_set_state (element, GST_STATE_NULL);
      gst_object_unref (element);
      gst_zrtp_session_wait_idle (one);
      gst_object_unref (one);
      gst_object_unref (two);
    }
  }
}
GST_END_TEST;

/* A pad that outlives its element knows nobody any more. */
GST_START_TEST (test_orphan_pad)
{
  GstElement *enc = make ("zrtpenc");
  GstPad *src = gst_element_request_pad_simple (enc, "rtp_src_0"), *sink = gst_pad_new ("sink", GST_PAD_SINK);

  gst_object_unref (enc);
  gst_pad_link (src, sink);
  gst_pad_unlink (src, sink);
  gst_object_unref (src);
  gst_object_unref (sink);
}
GST_END_TEST;

/* What is said to a session before its properties are all set does not settle its clock. */
GST_START_TEST (test_said_early)
{
  GstZrtpSession *mine = gst_zrtp_session_new ();
  Call *call = call_new ();

  g_object_set (mine, "peer-name", "Bob", NULL);
  gst_zrtp_session_secure (mine);
  fail_unless (gst_zrtp_session_set_peer_zrtp_hash (mine, 0, NULL));
  gst_zrtp_session_wait_idle (mine);
  g_object_set (call->a.enc, "session", mine, NULL);
  g_object_set (call->a.dec, "session", mine, NULL);
  endpoint_start (&call->a);
  endpoint_talk (&call->a);
  /* Unanswered Hellos, which the test's clock brings out (Z-6-1). */
  call_run (call, 3 * GST_SECOND);
  fail_unless (call->a.sent[PACKET_ZRTP] > 10);
  call_free (call);
  gst_object_unref (mine);
}
GST_END_TEST;

/* What libsrtp2 cannot do here (AES2 and GCM in some builds) is not offered: whatever is agreed on can encrypt. */
GST_START_TEST (test_unsupported)
{
  static const gchar *const ciphers[] = { "AES1", "AES2", "AES3" }, *const tags[] = { "HS80", "HS32", "GCM" };
  guint i;

  for (i = 0; i < 9; i++) {
    Call *call = call_new ();

    g_object_set (call->a.enc, "ciphers", ciphers[i % 3], "auth-tags", tags[i / 3], NULL);
    g_object_set (call->b.enc, "ciphers", ciphers[i % 3], "auth-tags", tags[i / 3], NULL);
    call_start (call);
    endpoint_talk (&call->a);
    endpoint_talk (&call->b);
    fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
    call_check_secure (call);
    fail_unless (endpoint_message (&call->a, "zrtp-warning") == NULL);
    call_free (call);
  }
}
GST_END_TEST;

/* auto-secure=false on both: clear until somebody asks. */
GST_START_TEST (test_secure_verb)
{
  Call *call = call_new ();

  g_object_set (call->a.enc, "auto-secure", FALSE, NULL);
  g_object_set (call->b.enc, "auto-secure", FALSE, NULL);
  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  call_run (call, 20 * GST_SECOND);
  fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->a)), "clear");
  fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->b)), "clear");
  g_signal_emit_by_name (call->b.dec, "secure");
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

GST_START_TEST (test_passive)
{
  Call *call = call_new ();
  const gchar *code;

  g_object_set (call->a.enc, "passive", TRUE, NULL);
  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_check_secure (call);
  fail_unless_equals_string (
      gst_structure_get_string (gst_message_get_structure (endpoint_message (&call->a, "zrtp-sas")), "role"),
      "responder");
  endpoint_stop (&call->a);
  endpoint_stop (&call->b);
  g_object_set (call->b.enc, "passive", TRUE, NULL);
  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  call_run (call, 20 * GST_SECOND);
  fail_unless (endpoint_message (&call->a, "zrtp-warning") != NULL);
  fail_unless (gst_zrtp_message_parse_warning (endpoint_message (&call->a, "zrtp-warning"), &code, NULL));
  fail_unless_equals_string (code, "equal-passive");
  call_free (call);
}
GST_END_TEST;

/* Fields are strings, ints and booleans, and each message can be told by its fields. (Z-5.1.6-6) */
GST_START_TEST (test_message_fields)
{
  static const gchar *const names[] = { "zrtp-state", "zrtp-sas" };
  static const gchar *const own_field[] = { "old-state", "sas" };
  Call *call = call_new ();
  guint i;
  gint j;

  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  for (i = 0; i < 2; i++) {
    const GstStructure *structure = gst_message_get_structure (endpoint_message (&call->a, names[i]));

    fail_unless (gst_structure_has_field_typed (structure, own_field[i], G_TYPE_STRING));
    fail_unless (!gst_structure_has_field (structure, own_field[1 - i]));
    fail_unless (gst_structure_has_field_typed (structure, "session-id", G_TYPE_STRING));
    fail_unless (gst_structure_has_field_typed (structure, "stream", G_TYPE_INT));
    fail_unless (gst_structure_has_field_typed (structure, "text", G_TYPE_STRING));
    for (j = 0; j < gst_structure_n_fields (structure); j++) {
      GType type = gst_structure_get_field_type (structure, gst_structure_nth_field_name (structure, j));

      fail_unless (type == G_TYPE_STRING || type == G_TYPE_INT || type == G_TYPE_BOOLEAN);
    }
  }
  call_free (call);
}
GST_END_TEST;

GST_START_TEST (test_enums)
{
  static GType (*const types[]) (void)
      = { gst_zrtp_state_get_type, gst_zrtp_security_get_type, gst_zrtp_media_policy_get_type };
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (types); i++) {
    GEnumClass *klass = g_type_class_ref (types[i] ());

    /* gst-validate's check-property compares the names with the words of the messages. */
    for (j = 0; j < klass->n_values; j++)
      fail_unless_equals_string (klass->values[j].value_name, klass->values[j].value_nick);
    g_type_class_unref (klass);
  }
  fail_unless_equals_string (gst_zrtp_state_to_string (99), "unknown");
  fail_unless_equals_string (gst_zrtp_security_to_string (-1), "unknown");
}
GST_END_TEST;

/* add-entropy takes anything, also while there is no session; it can be called from any thread. */
GST_START_TEST (test_add_entropy)
{
  Call *call = call_new ();
  GBytes *bytes = g_bytes_new_static ("noise", 5), *empty = g_bytes_new_static ("", 0);

  call_start (call);
  g_signal_emit_by_name (call->a.enc, "add-entropy", bytes);
  g_signal_emit_by_name (call->a.dec, "add-entropy", empty);
  g_bytes_unref (bytes);
  g_bytes_unref (empty);
  call_free (call);
}
GST_END_TEST;

static Suite *
session_suite (void)
{
  Suite *suite = suite_create ("session");
  TCase *tcase = tcase_create ("session");

  tcase_set_timeout (tcase, 60);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_same_pipeline);
  tcase_add_test (tcase, test_two_pipelines);
  tcase_add_test (tcase, test_id_across_pipelines);
  tcase_add_test (tcase, test_obtain);
  tcase_add_test (tcase, test_given);
  tcase_add_test (tcase, test_properties);
  tcase_add_test (tcase, test_bad_property);
  tcase_add_test (tcase, test_conflict);
  tcase_add_test (tcase, test_algorithms);
  tcase_add_test (tcase, test_answer);
  tcase_add_test (tcase, test_changed_in_run);
  tcase_add_test (tcase, test_orphan_pad);
  tcase_add_test (tcase, test_said_early);
  tcase_add_test (tcase, test_unsupported);
  tcase_add_test (tcase, test_secure_verb);
  tcase_add_test (tcase, test_passive);
  tcase_add_test (tcase, test_message_fields);
  tcase_add_test (tcase, test_enums);
  tcase_add_test (tcase, test_add_entropy);
  return suite;
}

GST_CHECK_MAIN (session)
