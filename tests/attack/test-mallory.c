/* test-mallory.c: the engine against an endpoint written independently (mallory.py), that keeps all rules or
 * breaks one.
 *
 * Kept, it is a second implementation: both ends must come to the same SAS and keys. Broken, it must never be
 * secure with us, or at least never be taken for more than it is.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "attack.h"

#include <gio/gio.h>
#include <string.h>

typedef struct
{
  Attack attack;
  gboolean engine_initiates;
  GSubprocess *process;
  GDataInputStream *out;
  gchar *secure;                /* what it said when it was secure: SAS and keys */
} Call;

static void
ask (Call * call, const gchar * line)
{
  GOutputStream *in = g_subprocess_get_stdin_pipe (call->process);

  g_assert_true (g_output_stream_write_all (in, line, strlen (line), NULL, NULL, NULL));
  g_assert_true (g_output_stream_write_all (in, "\n", 1, NULL, NULL, NULL));
  g_assert_true (g_output_stream_flush (in, NULL, NULL));
  for (;;) {
    gchar *answer = g_data_input_stream_read_line (call->out, NULL, NULL, NULL);

    if (!answer)
      g_error ("mallory.py has died");
    if (strcmp (answer, "done") == 0) {
      g_free (answer);
      return;
    }
    if (g_str_has_prefix (answer, "send ")) {
      guint8 packet[WIRE_MAX_LEN + 64];
      const gchar *hex = answer + 5;
      gsize len = strlen (hex) / 2;

      g_assert_cmpuint (len, <=, sizeof packet);
      for (gsize i = 0; i < len; i++)
        packet[i] = g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]);
      test_link_inject_later (&call->attack.link, 0, 0, packet, len, 5 * MSEC);
    } else if (g_str_has_prefix (answer, "secure ")) {
      g_assert_null (call->secure);
      call->secure = g_strdup (answer + 7);
    }
    g_free (answer);
  }
}

static gboolean
hand_over (TestLink * link, TestPacket * packet, gpointer user_data)
{
  Call *call = user_data;
  GString *line = g_string_new ("packet ");

  for (gsize i = 0; i < packet->len; i++)
    g_string_append_printf (line, "%02x", packet->data[i]);
  ask (call, line->str);
  g_string_free (line, TRUE);
  return FALSE;
}

static void
call_init (Call * call, gboolean engine_initiates)
{
  TestLink *link = &call->attack.link;
  ZrtpConfig *config = &link->ends[0].config;

  memset (call, 0, sizeof *call);
  attack_init (&call->attack, 1, 2);
  call->engine_initiates = engine_initiates;
  test_link_make_solo (link);
  link->filter = hand_over;
  link->user_data = call;
  config->automatic = engine_initiates;
  test_list (&config->hashes, "S256S384");
  test_list (&config->ciphers, "AES1AES3");
  test_list (&config->sas_types, "B32 B256");
}

/* Twelve seconds of virtual time, in which Mallory repeats what is not answered. */
static void
call_run (Call * call, const gchar * rule, const gchar * choice, const gchar * more)
{
  TestLink *link = &call->attack.link;
  GPtrArray *args = g_ptr_array_new ();
  gchar **extra = g_strsplit (more, " ", -1);

  g_ptr_array_add (args, (gpointer) g_getenv ("ZRTP_PYTHON"));
  g_ptr_array_add (args, (gpointer) g_getenv ("ZRTP_MALLORY"));
  g_ptr_array_add (args, (gpointer) "--role");
  g_ptr_array_add (args, (gpointer) (call->engine_initiates ? "responder" : "initiator"));
  g_ptr_array_add (args, (gpointer) "--break");
  g_ptr_array_add (args, (gpointer) rule);
  g_ptr_array_add (args, (gpointer) "--choice");
  g_ptr_array_add (args, (gpointer) choice);
  for (guint i = 0; extra[i] && *extra[i]; i++)
    g_ptr_array_add (args, extra[i]);
  g_ptr_array_add (args, NULL);
  call->process = g_subprocess_newv ((const gchar * const *) args->pdata,
      G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, NULL);
  g_assert_nonnull (call->process);
  g_ptr_array_free (args, TRUE);
  g_strfreev (extra);
  call->out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (call->process));
  attack_open (&call->attack, 1);
  ask (call, "start");
  for (guint i = 0; i < 60 && link->ends[0].streams[0].state != ZRTP_STATE_FAILED; i++) {
    test_link_run (link, 200 * MSEC);
    if (!call->secure)
      ask (call, "tick");
  }
}

static void
call_clear (Call * call)
{
  GOutputStream *in = g_subprocess_get_stdin_pipe (call->process);

  g_output_stream_write_all (in, "quit\n", 5, NULL, NULL, NULL);
  g_assert_true (g_subprocess_wait_check (call->process, NULL, NULL));
  g_object_unref (call->out);
  g_object_unref (call->process);
  g_free (call->secure);
  attack_clear (&call->attack);
}

static void
append_key (GString * text, const guint8 * data, gsize len)
{
  g_string_append_c (text, ' ');
  for (gsize i = 0; i < len; i++)
    g_string_append_printf (text, "%02x", data[i]);
}

/* Both secure, with one SAS and the same four keys and salts. */
static void
assert_agreed (Call * call, ZrtpSasInfo * sas)
{
  const TestStream *stream = &call->attack.link.ends[0].streams[0];
  const ZrtpSrtpKeys *keys[2];
  GString *text;

  g_assert_cmpint (stream->state, ==, ZRTP_STATE_SECURE);
  g_assert_nonnull (call->secure);
  g_assert_true (zrtp_association_get_sas (call->attack.link.ends[0].association, sas));
  g_assert_cmpint (sas->role, ==, call->engine_initiates ? ZRTP_ROLE_INITIATOR : ZRTP_ROLE_RESPONDER);
  keys[0] = call->engine_initiates ? &stream->send : &stream->receive;
  keys[1] = call->engine_initiates ? &stream->receive : &stream->send;
  text = g_string_new (strcmp (sas->choice.sas, "B32 ") ? "?" : sas->text);
  for (guint i = 0; i < 2; i++) {
    append_key (text, keys[i]->key, keys[i]->key_len);
    append_key (text, keys[i]->salt, keys[i]->salt_len);
  }
  g_assert_cmpstr (text->str, ==, call->secure);
  g_string_free (text, TRUE);
  /* A stranger: nothing more than that. */
  g_assert_false (sas->verified || sas->local_verified || sas->authenticated || sas->enrolled || sas->relayed);
  g_assert_cmpint (sas->cache, ==, ZRTP_CACHE_NONE);
}

/* A second implementation, in both roles. */
static void
test_honest (void)
{
  static const gchar *const choices[] = {
    "S256AES1HS32X255B32 ", "S256AES1HS80DH3kB32 ", "S384AES3HS32X255B32 ", "S256AES3HS32DH3kB32 "
  };

  for (guint engine_initiates = 0; engine_initiates < 2; engine_initiates++)
    for (guint i = 0; i < G_N_ELEMENTS (choices); i++) {
      ZrtpSasInfo sas;
      Call call;

      call_init (&call, engine_initiates);
      if (engine_initiates) {
        /* What it initiates with is its own choice: make that the one. */
        test_list (&call.attack.link.ends[0].config.hashes, i == 2 ? "S384" : "S256");
        test_list (&call.attack.link.ends[0].config.ciphers, i >= 2 ? "AES3" : "AES1");
      }
      call_run (&call, "", choices[i], "");
      assert_agreed (&call, &sas);
      g_assert_cmpstr (sas.peer_client, ==, "mallory");
      call_clear (&call);
    }
}

typedef struct
{
  const gchar *rule;
  gint role;                    /* Mallory's; NONE: both */
  guint32 code;                 /* our Error; 0: none, she is just not listened to */
} Rule;

#define AS_INITIATOR ZRTP_ROLE_INITIATOR
#define AS_RESPONDER ZRTP_ROLE_RESPONDER
#define AS_BOTH ZRTP_ROLE_NONE

/* Z-5.7-7, Z-9-3: what stops her, and how she and the user are told. A message with a broken hash chain is
 * not used, and in the end our patience is used up (0xB0); other keys than ours she sees herself, in our
 * Confirm1. */
static const Rule rules[] = {
  {"version-low", AS_BOTH, ZRTP_ERROR_VERSION},
  {"version-junk", AS_BOTH, ZRTP_ERROR_VERSION},
  {"version-high", AS_BOTH, 0},
  {"hvi", AS_INITIATOR, ZRTP_ERROR_HVI},
  {"h3-chain", AS_INITIATOR, 0},
  {"h3-chain", AS_RESPONDER, ZRTP_ERROR_TIMEOUT},
  {"h2-chain", AS_INITIATOR, 0},
  {"h1-chain", AS_BOTH, ZRTP_ERROR_TIMEOUT},
  {"h0-chain", AS_BOTH, ZRTP_ERROR_CONFIRM_MAC},
  {"hello-mac", AS_BOTH, ZRTP_ERROR_SOFTWARE},
  {"commit-mac", AS_INITIATOR, ZRTP_ERROR_SOFTWARE},
  {"dhpart-mac", AS_BOTH, ZRTP_ERROR_SOFTWARE},
  {"commit-zid", AS_INITIATOR, 0},
  {"hash", AS_INITIATOR, ZRTP_ERROR_HASH},
  {"cipher", AS_INITIATOR, ZRTP_ERROR_CIPHER},
  {"auth-tag", AS_INITIATOR, ZRTP_ERROR_AUTH_TAG},
  {"key-agreement", AS_INITIATOR, ZRTP_ERROR_KEY_AGREEMENT},
  {"sas", AS_INITIATOR, ZRTP_ERROR_SAS},
  {"pv-0", AS_BOTH, ZRTP_ERROR_BAD_PUBLIC_VALUE},
  {"pv-1", AS_BOTH, ZRTP_ERROR_BAD_PUBLIC_VALUE},
  {"pv-high", AS_BOTH, ZRTP_ERROR_BAD_PUBLIC_VALUE},
  {"pv-length", AS_BOTH, ZRTP_ERROR_MALFORMED},
  {"total-hash", AS_INITIATOR, ZRTP_ERROR_TIMEOUT},
  {"total-hash", AS_RESPONDER, ZRTP_ERROR_CONFIRM_MAC},
  {"kdf-roles", AS_INITIATOR, ZRTP_ERROR_TIMEOUT},
  {"kdf-roles", AS_RESPONDER, ZRTP_ERROR_CONFIRM_MAC},
  {"s1", AS_INITIATOR, ZRTP_ERROR_TIMEOUT},
  {"s1", AS_RESPONDER, ZRTP_ERROR_CONFIRM_MAC},
  {"confirm-mac", AS_BOTH, ZRTP_ERROR_CONFIRM_MAC},
  {"confirm-key", AS_BOTH, ZRTP_ERROR_MALFORMED},
  {"confirm-side", AS_BOTH, ZRTP_ERROR_CONFIRM_MAC},
  {"reflect-confirm", AS_INITIATOR, ZRTP_ERROR_CONFIRM_MAC},
  {"signature-length", AS_BOTH, ZRTP_ERROR_MALFORMED},
  {"skip-dhpart2", AS_INITIATOR, ZRTP_ERROR_TIMEOUT},
  {"no-conf2ack", AS_RESPONDER, ZRTP_ERROR_TIMEOUT},
};

static void
break_rule (const Rule * rule, gboolean engine_initiates, const gchar * choice)
{
  TestStream *stream;
  Call call;

  call_init (&call, engine_initiates);
  call_run (&call, rule->rule, choice, "");
  stream = &call.attack.link.ends[0].streams[0];
  g_test_message ("%s with %.4s as %s: state %d, error 0x%x", rule->rule, choice + 12,
      engine_initiates ? "responder" : "initiator", stream->state, stream->error_code);
  test_link_run (&call.attack.link, 30 * SEC);
  g_assert_cmpuint (stream->n_secure, ==, 0);
  g_assert_false (stream->has_send);
  g_assert_cmphex (stream->error_code, ==, rule->code);
  g_assert_cmpuint (stream->n_remote_errors, ==, 0);
  g_assert_cmpuint (stream->n_sas, ==, 0);
  attack_assert_cache_unchanged (&call.attack);
  call_clear (&call);
}

static void
test_rule (gconstpointer data)
{
  const Rule *rule = data;
  /* A DHPart of 4 octets more than DH3k's fits no key agreement: it is not a DHPart at all, and dropped. */
  gboolean values = rule->code == ZRTP_ERROR_BAD_PUBLIC_VALUE || rule->code == ZRTP_ERROR_HVI;

  for (guint group = 0; group < 1u + values; group++) {
    const gchar *choice = group ? "S256AES1HS32DH3kB32 " : "S256AES1HS32X255B32 ";

    if (rule->role != AS_RESPONDER)
      break_rule (rule, FALSE, choice);
    if (rule->role != AS_INITIATOR)
      break_rule (rule, TRUE, choice);
  }
}

/* E2, A9, Z-7.3.1-10, Z-5.7-4: flags that she has no right to, and bits that mean nothing. Secure, and
 * nothing more than that. */
static void
test_flags (void)
{
  static const gchar *const flags[] = { "flag-v", "flag-e", "flags-all", "flags-undefined" };

  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    for (guint engine_initiates = 0; engine_initiates < 2; engine_initiates++) {
      const ZrtpCacheEntry *entry;
      ZrtpSasInfo sas;
      Call call;
      TestEnd *end = &call.attack.link.ends[0];

      call_init (&call, engine_initiates);
      call_run (&call, flags[i], "S256AES1HS32X255B32 ", "");
      assert_agreed (&call, &sas);
      g_assert_false (sas.enrollment_offered);
      entry = test_cache_get (&end->cache, end->config.zid, sas.peer_zid);
      g_assert_nonnull (entry);
      g_assert_false (entry->verified);
      g_assert_false (entry->has_pbxsecret);
      zrtp_association_enroll (end->association, TRUE, call.attack.link.now);
      test_link_drain (&call.attack.link, 0);
      entry = test_cache_get (&end->cache, end->config.zid, sas.peer_zid);
      g_assert_false (entry->has_pbxsecret);
      call_clear (&call);
    }
}

/* B3, Z-5.2-17: the least that the RFC allows, against each floor: who would commit says that the Hellos
 * lead nowhere, who is committed to says what it does not take. */
static void
test_minimal (void)
{
  static const guint32 codes[] = { 0, ZRTP_ERROR_HASH, ZRTP_ERROR_CIPHER, ZRTP_ERROR_AUTH_TAG,
    ZRTP_ERROR_KEY_AGREEMENT
  };

  for (guint floor = 0; floor < 5; floor++)
    for (guint engine_initiates = 0; engine_initiates < 2; engine_initiates++) {
      ZrtpConfig *config;
      ZrtpSasInfo sas;
      Call call;

      call_init (&call, engine_initiates);
      config = &call.attack.link.ends[0].config;
      test_list (floor == 1 ? &config->allowed_hashes : floor == 2 ? &config->allowed_ciphers
          : floor == 3 ? &config->allowed_auth_tags : &config->allowed_key_agreements,
          floor == 1 ? "S384" : floor == 2 ? "AES3" : floor == 3 ? "HS80" : floor == 4 ? "X255" : "");
      if (floor == 3)
        test_list (&config->auth_tags, "HS32");
      call_run (&call, "minimal", "S256AES1HS32DH3kB32 ", "");
      if (floor == 0)
        assert_agreed (&call, &sas);
      else {
        g_assert_cmpuint (call.attack.link.ends[0].streams[0].n_secure, ==, 0);
        g_assert_cmpuint (call.attack.link.ends[0].streams[0].n_errors, ==, 1);
        g_assert_cmphex (call.attack.link.ends[0].streams[0].error_code, ==,
            engine_initiates ? ZRTP_ERROR_HELLO_MISMATCH : codes[floor]);
        attack_assert_cache_unchanged (&call.attack);
      }
      call_clear (&call);
    }
}

/* A6: our ZID, our SSRC. */
static void
test_impostor (void)
{
  for (guint what = 0; what < 2; what++) {
    Call call;

    call_init (&call, FALSE);
    call_run (&call, "", "S256AES1HS32X255B32 ", what ? "--ssrc 10001000" : "--zid a0a0a0a0a0a0a0a0a0a0a000");
    attack_assert_alone_never_secure (&call.attack, what ? ZRTP_ERROR_SSRC_COLLISION : ZRTP_ERROR_EQUAL_ZID);
    call_clear (&call);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!g_getenv ("ZRTP_MALLORY") || !g_getenv ("ZRTP_PYTHON"))
    g_error ("ZRTP_MALLORY and ZRTP_PYTHON say where mallory.py and its python3 are");
  g_test_add_func ("/attack/mallory-honest", test_honest);
  for (guint i = 0; i < G_N_ELEMENTS (rules); i++) {
    gchar *path = g_strdup_printf ("/attack/mallory-breaks/%s%s", rules[i].rule,
        rules[i].role == AS_INITIATOR ? "-as-initiator" : rules[i].role == AS_RESPONDER ? "-as-responder" : "");

    g_test_add_data_func (path, &rules[i], test_rule);
    g_free (path);
  }
  g_test_add_func ("/attack/mallory-flags", test_flags);
  g_test_add_func ("/attack/mallory-minimal", test_minimal);
  g_test_add_func ("/attack/mallory-impostor", test_impostor);
  return g_test_run ();
}
