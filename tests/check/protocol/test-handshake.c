/* test-handshake.c: calls that go well: every choice of algorithms, both roles, every order of events.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "link.h"

#include <string.h>

static const gchar *const hashes[] = { "S256", "S384", "S512" };
static const gchar *const ciphers[] = { "AES1", "AES2", "AES3" };
static const gchar *const auth_tags[] = { "HS32", "HS80", "GCM " };
static const gchar *const sas_types[] = { "B32 ", "B256" };

static void
choose (ZrtpConfig * config, const ZrtpChoice * choice)
{
  /* Nothing else is offered than this, but for the mandatory names behind it. */
  gchar *key_agreements = g_strdup_printf ("%s%sMult", choice->key_agreement,
      strcmp (choice->key_agreement, "DH3k") ? "DH3k" : "");

  test_list (&config->hashes, choice->hash);
  test_list (&config->ciphers, choice->cipher);
  test_list (&config->auth_tags, choice->auth_tag);
  test_list (&config->key_agreements, key_agreements);
  test_list (&config->sas_types, choice->sas);
  g_free (key_agreements);
}

static void
call_with (const ZrtpChoice * choice, guint initiator, guint64 seed)
{
  static const guint key_lens[] = { 16, 24, 32 };
  TestLink link;
  ZrtpSasInfo sas;

  test_link_init (&link, seed);
  choose (&link.ends[0].config, choice);
  choose (&link.ends[1].config, choice);
  /* Left to itself it takes AES1 with DH2k (Z-5.1.5-10), but a responder accepts any (Z-4.1.2-9). */
  if (strcmp (choice->key_agreement, "DH2k") == 0)
    link.ends[initiator].config.fixed_choice = choice;
  test_link_set_initiator (&link, initiator);
  test_link_open (&link, 1);
  test_link_start_all (&link);
  g_assert_true (test_link_run_until_secure (&link, 5 * SEC));
  test_link_assert_secure (&link);
  g_assert_true (zrtp_association_get_sas (link.ends[initiator].association, &sas));
  g_assert_cmpint (sas.role, ==, ZRTP_ROLE_INITIATOR);
  g_assert_cmpstr (sas.choice.hash, ==, choice->hash);
  g_assert_cmpstr (sas.choice.cipher, ==, choice->cipher);
  g_assert_cmpstr (sas.choice.auth_tag, ==, choice->auth_tag);
  g_assert_cmpstr (sas.choice.key_agreement, ==, choice->key_agreement);
  g_assert_cmpstr (sas.choice.sas, ==, choice->sas);
  g_assert_cmpuint (link.ends[0].streams[0].send.key_len, ==, key_lens[choice->cipher[3] - '1']);
  g_assert_cmpint (link.ends[0].streams[0].send.aead, ==, strcmp (choice->auth_tag, "GCM ") == 0);
  for (guint e = 0; e < 2; e++) {
    g_assert_cmpuint (link.ends[e].streams[0].n_errors, ==, 0);
    g_assert_cmpuint (link.ends[e].streams[0].warnings, ==, 0);
    g_assert_cmpuint (link.ends[e].streams[0].n_secure, ==, 1);
    g_assert_cmpuint (link.ends[e].streams[0].n_sas, ==, 1);
  }
  /* Quiet ever after: nothing was sent twice (Z-6-7). */
  test_link_settle (&link);
  test_link_assert_secure (&link);
  for (guint e = 0; e < 2; e++)
    for (guint type = 0; type < WIRE_N_TYPES; type++)
      g_assert_cmpuint (link.ends[e].streams[0].n_sent_of_type[type], <=, 1);
  test_link_clear (&link);
}

static gboolean
fits (const ZrtpChoice * choice)
{
  if (strcmp (choice->auth_tag, "GCM ") == 0 && strcmp (choice->cipher, "AES2") == 0)
    return FALSE;               /* RFC 7714 has no AES-192 */
  return strcmp (choice->key_agreement, "EC38") || strcmp (choice->hash, "S256");
}

/* Every key agreement x hash x cipher x auth tag x SAS type, each in both roles (Z-5.1.2-1 to Z-5.1.6-2,
 * Z-5.1.5-9). */
static void
test_matrix (gconstpointer key_agreement)
{
  guint n = 0;

  for (guint h = 0; h < G_N_ELEMENTS (hashes); h++)
    for (guint c = 0; c < G_N_ELEMENTS (ciphers); c++)
      for (guint a = 0; a < G_N_ELEMENTS (auth_tags); a++)
        for (guint s = 0; s < G_N_ELEMENTS (sas_types); s++) {
          ZrtpChoice choice;

          n++;
          g_strlcpy (choice.hash, hashes[h], 5);
          g_strlcpy (choice.cipher, ciphers[c], 5);
          g_strlcpy (choice.auth_tag, auth_tags[a], 5);
          g_strlcpy (choice.sas, sas_types[s], 5);
          g_strlcpy (choice.key_agreement, key_agreement, 5);
          if (!fits (&choice))
            continue;
          for (guint initiator = 0; initiator < 2; initiator++)
            call_with (&choice, initiator, n * 2 + initiator);
        }
}

/* Z-3.1-1: on the user's word. Nobody commits before it. (Z-4.2-1) */
static void
test_manual (void)
{
  TestLink link;

  test_link_init (&link, 1);
  link.ends[0].config.automatic = link.ends[1].config.automatic = FALSE;
  test_link_open (&link, 1);
  test_link_start_all (&link);
  test_link_run (&link, 20 * SEC);
  for (guint e = 0; e < 2; e++) {
    g_assert_cmpint (test_link_state (&link, e, 0), ==, ZRTP_STATE_CLEAR);
    g_assert_null (test_link_sent (&link, e, 0, WIRE_COMMIT, 0));
  }
  zrtp_association_secure (link.ends[1].association, 0, link.now);
  test_link_drain (&link, 1);
  g_assert_cmpint (test_link_state (&link, 1, 0), ==, ZRTP_STATE_SECURING);
  g_assert_true (test_link_run_until_secure (&link, SEC));
  test_link_assert_secure (&link);
  test_link_clear (&link);
}

/* The user's word before the peer is known is kept until it is. */
static void
test_manual_early (void)
{
  TestLink link;

  test_link_init (&link, 1);
  link.ends[0].config.automatic = link.ends[1].config.automatic = FALSE;
  test_link_open (&link, 1);
  test_link_start (&link, 0, 0);
  zrtp_association_secure (link.ends[0].association, 0, link.now);
  test_link_drain (&link, 0);
  test_link_run (&link, SEC);
  test_link_start (&link, 1, 0);
  g_assert_true (test_link_run_until_secure (&link, 2 * SEC));
  test_link_clear (&link);
}

/* ... and after the Hello schedule has ended it starts another. */
static void
test_manual_late (void)
{
  TestLink link;

  test_link_init (&link, 1);
  test_link_open (&link, 1);
  test_link_start (&link, 0, 0);
  test_link_run (&link, 30 * SEC);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_NO_PEER);
  zrtp_association_secure (link.ends[0].association, 0, link.now);
  test_link_drain (&link, 0);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_DISCOVERING);
  g_assert_cmpuint (link.ends[0].streams[0].n_sent, ==, 22);
  test_link_run (&link, 30 * SEC);
  g_assert_cmpuint (link.ends[0].streams[0].n_sent, ==, 42);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_NO_PEER);
  test_link_clear (&link);
}

/* The SSRC may be settled late, and change: the Hello does not depend on it. The link asserts that packets have it. */
static void
test_set_ssrc (void)
{
  TestLink link;
  guint8 before[32], after[32];

  test_link_init (&link, 1);
  test_link_open (&link, 1);
  g_assert_true (zrtp_association_get_hello_hash (link.ends[0].association, 0, before));
  zrtp_association_set_ssrc (link.ends[0].association, 0, 0x31415926, link.now);
  link.ends[0].streams[0].ssrc = 0x31415926;
  g_assert_true (zrtp_association_get_hello_hash (link.ends[0].association, 0, after));
  g_assert_cmpmem (before, 32, after, 32);
  test_link_start_all (&link);
  test_link_run (&link, 25 * MSEC);
  zrtp_association_set_ssrc (link.ends[0].association, 0, 1, link.now);
  link.ends[0].streams[0].ssrc = 1;
  g_assert_true (test_link_run_until_secure (&link, SEC));
  zrtp_association_set_ssrc (link.ends[0].association, 0, 2, link.now);
  link.ends[0].streams[0].ssrc = 2;
  g_assert_cmpint (zrtp_association_get_state (link.ends[0].association, 0), ==, ZRTP_STATE_SECURE);
  test_link_clear (&link);
}

/* Z-3-2, Z-4.1-2: one side starts later by any amount; Z-6-15, B6: even after the other's Hello schedule.
 * (Z-3-1) */
static void
test_late_start (void)
{
  static const guint64 delays[] = { 1, 5, 9, 10, 11, 20, 30, 49, 50, 51, 140, 355, 3000, 3949, 5000, 13000, 60000 };

  for (guint i = 0; i < G_N_ELEMENTS (delays); i++)
    for (guint late = 0; late < 2; late++)
      for (guint who = 0; who < 3; who++) {
        TestLink link;

        test_link_init (&link, i);
        if (who < 2)
          test_link_set_initiator (&link, who);
        test_link_open (&link, 1);
        test_link_start (&link, !late, 0);
        test_link_run (&link, delays[i] * MSEC);
        if (delays[i] >= 5000)
          g_assert_cmpint (test_link_state (&link, !late, 0), ==, ZRTP_STATE_NO_PEER);
        test_link_start (&link, late, 0);
        g_assert_true (test_link_run_until_secure (&link, 3 * SEC));
        test_link_assert_secure (&link);
        test_link_clear (&link);
      }
}

/* Z-4.2-4, -9, A7: both commit at once; one becomes the initiator, at every delay and with every seed.
 * (Z-4.4.1.4-7) */
static void
test_simultaneous_commits (void)
{
  guint won[2] = { 0 }, contended = 0;

  for (guint seed = 0; seed < 200; seed++) {
    TestLink link;
    ZrtpSasInfo sas;
    TestPacket *commits[2];

    test_link_init (&link, seed);
    link.delay = (1 + seed % 60) * MSEC;
    test_link_open (&link, 1);
    test_link_start_all (&link);
    g_assert_true (test_link_run_until_secure (&link, 3 * SEC));
    test_link_assert_secure (&link);
    g_assert_true (zrtp_association_get_sas (link.ends[0].association, &sas));
    won[sas.role == ZRTP_ROLE_INITIATOR ? 0 : 1]++;
    for (guint e = 0; e < 2; e++)
      commits[e] = test_link_sent (&link, e, 0, WIRE_COMMIT, 0);
    if (commits[0] && commits[1]) {
      gint order = memcmp (commits[0]->data + 12 + 76, commits[1]->data + 12 + 76, 32);

      contended++;
      g_assert_cmpint (sas.role, ==, order > 0 ? ZRTP_ROLE_INITIATOR : ZRTP_ROLE_RESPONDER);
      /* Z-4.1.2-7, Z-4.2-8: one key pair each; the loser keeps its own. */
      for (guint e = 0; e < 2; e++) {
        ZrtpStreamStats stats;

        zrtp_association_get_stats (link.ends[e].association, 0, &stats);
        g_assert_cmpuint (stats.public_key_operations, ==, 2);
      }
      /* The loser has sent DHPart1 and no DHPart2; the winner the reverse. */
      g_assert_null (test_link_sent (&link, order > 0, 0, WIRE_DHPART2, 0));
      g_assert_null (test_link_sent (&link, order < 0, 0, WIRE_DHPART1, 0));
    }
    test_link_settle (&link);
    test_link_assert_secure (&link);
    test_link_clear (&link);
  }
  g_assert_cmpuint (contended, >, 50);
  g_assert_cmpuint (won[0], >, 20);
  g_assert_cmpuint (won[1], >, 20);
}

/* Z-4.2-7, -10: a Commit is lost while both contend. */
static gboolean
drop_first_commit (TestLink * link, TestPacket * packet, gpointer user_data)
{
  return !(packet->type == WIRE_COMMIT && packet->type_index == 0 && packet->from == GPOINTER_TO_UINT (user_data));
}

static void
test_contention_with_loss (void)
{
  for (guint seed = 0; seed < 100; seed++)
    for (guint e = 0; e < 2; e++) {
      TestLink link;

      test_link_init (&link, seed);
      link.filter = drop_first_commit;
      link.user_data = GUINT_TO_POINTER (e);
      test_link_open (&link, 1);
      test_link_start_all (&link);
      g_assert_true (test_link_run_until_secure (&link, 3 * SEC));
      test_link_assert_secure (&link);
      test_link_clear (&link);
    }
}

/* Z-5-2, Z-6-3, Z-5.2-15: numbers step by one through resends, messages stay the same. */
static gboolean
drop_two_of_three (TestLink * link, TestPacket * packet, gpointer user_data)
{
  return packet->type_index % 3 == 2 || packet->type == WIRE_CONF2ACK;
}

/* Z-5.7-8 */
static void
test_resends_are_identical (void)
{
  TestLink link;

  test_link_init (&link, 3);
  link.filter = drop_two_of_three;
  test_link_set_initiator (&link, 0);
  test_link_open (&link, 1);
  test_link_start_all (&link);
  g_assert_true (test_link_run_until_secure (&link, 20 * SEC));
  for (guint e = 0; e < 2; e++) {
    guint resent = 0;

    for (guint i = 0; i < link.ends[e].sent->len; i++) {
      TestPacket *packet = g_ptr_array_index (link.ends[e].sent, i);
      TestPacket *first = test_link_sent (&link, e, 0, packet->type, 0);

      if (i > 0) {
        TestPacket *before = g_ptr_array_index (link.ends[e].sent, i - 1);

        g_assert_cmpuint (wire_sequence (packet->data), ==, (guint16) (wire_sequence (before->data) + 1));
      }
      if (packet != first) {
        resent++;
        g_assert_cmpmem (WIRE_MESSAGE (packet->data), WIRE_MESSAGE_LEN (packet->len), WIRE_MESSAGE (first->data),
            WIRE_MESSAGE_LEN (first->len));
      }
    }
    g_assert_cmpuint (resent, >, 4);
    /* interop.md: a low start, never 0, for peers that cannot handle a wrap. */
    g_assert_cmpuint (wire_sequence (((TestPacket *) g_ptr_array_index (link.ends[e].sent, 0))->data), >=, 1);
    g_assert_cmpuint (wire_sequence (((TestPacket *) g_ptr_array_index (link.ends[e].sent, 0))->data), <=, 0xfff);
  }
  test_link_clear (&link);
}

/* Z-9-1, Z-4.4.1.1-2, Z-4.3-2, A8: two calls between the same ends share no fresh value. */
static void
test_fresh_values (void)
{
  TestLink link;
  GHashTable *seen = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  static const struct
  {
    WireType type;
    guint offset, len;
  } fields[] = {
    {WIRE_HELLO, 32, 32}, {WIRE_COMMIT, 76, 32}, {WIRE_DHPART1, 76, 32}, {WIRE_DHPART1, 44, 8}, {WIRE_DHPART1, 52, 8},
    {WIRE_DHPART1, 60, 8}, {WIRE_DHPART1, 68, 8}, {WIRE_DHPART2, 76, 32}, {WIRE_DHPART2, 44, 8},
    {WIRE_DHPART2, 52, 8}, {WIRE_DHPART2, 60, 8}, {WIRE_DHPART2, 68, 8}, {WIRE_CONFIRM1, 20, 16},
    {WIRE_CONFIRM2, 20, 16}
  };

  test_link_init (&link, 4);
  test_link_set_initiator (&link, 0);
  link.ends[0].without_cache = link.ends[1].without_cache = TRUE;
  link.ends[0].config.cache_expiry = link.ends[1].config.cache_expiry = 0;
  for (guint call = 0; call < 5; call++) {
    test_link_open (&link, 1);
    test_link_start_all (&link);
    g_assert_true (test_link_run_until_secure (&link, 3 * SEC));
    for (guint e = 0; e < 2; e++)
      for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
        TestPacket *packet = test_link_sent (&link, e, 0, fields[i].type, 0);
        static const guint8 zeros[32];

        if (packet) {
          const guint8 *field = WIRE_MESSAGE (packet->data) + fields[i].offset;

          g_assert_true (g_hash_table_add (seen, g_bytes_new (field, fields[i].len)));
          g_assert_true (memcmp (field, zeros, fields[i].len) != 0);
        }
      }
    test_link_close (&link);
  }
  test_link_clear (&link);
  g_hash_table_unref (seen);
}

/* Z-8.1-1, -2: the Hello's hash is known before start and is that of what goes out. */
static void
test_hello_hash (void)
{
  TestLink link;
  guint8 hash[32], expected[32];
  TestPacket *hello;

  test_link_init (&link, 5);
  test_link_open (&link, 2);
  for (guint s = 0; s < 2; s++) {
    g_assert_true (zrtp_association_get_hello_hash (link.ends[0].association, s, hash));
    test_link_start (&link, 0, s);
    hello = test_link_sent (&link, 0, s, WIRE_HELLO, 0);
    wire_sha256 (WIRE_MESSAGE (hello->data), WIRE_MESSAGE_LEN (hello->len), expected);
    g_assert_cmpmem (hash, 32, expected, 32);
  }
  g_assert_false (zrtp_association_get_hello_hash (link.ends[0].association, 7, hash));
  test_link_clear (&link);
}

/* Z-4.8-5, I8: without randomness nothing goes on, and nothing of zeros is sent. */
static void
test_broken_random (void)
{
  for (guint when = 0; when < 3; when++) {
    TestLink link;
    guint8 zeros[32] = { 0 };

    test_link_init (&link, 6);
    test_link_set_initiator (&link, 0);
    if (when == 0) {
      link.ends[0].random.broken = TRUE;
      link.ends[0].association = zrtp_association_new (&link.ends[0].config, &link.ends[0].random.parent, NULL);
      if (link.ends[0].association)
        g_assert_false (zrtp_association_add_stream (link.ends[0].association, 0, 1));
      test_link_clear (&link);
      continue;
    }
    test_link_open (&link, 1);
    link.ends[when - 1].random.broken = TRUE;
    test_link_start_all (&link);
    test_link_run (&link, 30 * SEC);
    for (guint e = 0; e < 2; e++) {
      g_assert_false (test_link_is_secure (&link, e, 0));
      for (guint i = 0; i < link.ends[e].sent->len; i++) {
        TestPacket *packet = g_ptr_array_index (link.ends[e].sent, i);

        if (packet->type == WIRE_COMMIT || packet->type == WIRE_DHPART1)
          g_assert_true (memcmp (WIRE_MESSAGE (packet->data) + 76, zeros, 32) != 0);
      }
    }
    g_assert_null (test_link_sent (&link, when - 1, 0, when == 1 ? WIRE_COMMIT : WIRE_DHPART1, 0));
    test_link_clear (&link);
  }
}

/* The generator fails in the middle, after any number of draws: no keys, no split, and no use of what was not
 * drawn. */
static void
test_random_fails_later (void)
{
  for (guint e = 0; e < 2; e++)
    for (guint n_streams = 1; n_streams <= 2; n_streams++)
      for (guint after = 1; after < 30; after++) {
        TestLink link;
        guint needed = 0;

        test_link_init (&link, after);
        test_link_set_initiator (&link, after % 2);
        link.media = TRUE;
        link.ends[e].random.fail_after = after + 2 * n_streams;
        test_link_open (&link, n_streams);
        test_link_start_all (&link);
        test_link_settle (&link);
        test_link_assert_no_split (&link);
        for (guint s = 0; s < n_streams; s++)
          needed += test_link_is_secure (&link, 0, s);
        if (link.ends[e].random.total < link.ends[e].random.fail_after)
          g_assert_cmpuint (needed, ==, n_streams);     /* it was never asked beyond */
        else if (after <= 5)
          g_assert_cmpuint (needed, ==, 0);
        test_link_clear (&link);
      }
}

/* Stop, then start again on the same association: a new exchange with new keys (design.md). */
static void
test_restart (void)
{
  TestLink link;
  ZrtpSrtpKeys before;

  test_link_init (&link, 7);
  test_link_open (&link, 1);
  test_link_start_all (&link);
  g_assert_true (test_link_run_until_secure (&link, 3 * SEC));
  before = link.ends[0].streams[0].send;
  for (guint e = 0; e < 2; e++) {
    zrtp_association_stop (link.ends[e].association, 0, link.now);
    test_link_drain (&link, e);
    g_assert_false (link.ends[e].streams[0].has_send);
    g_assert_cmpuint (link.ends[e].streams[0].n_keys_gone, ==, 1);
  }
  test_link_run (&link, SEC);
  test_link_start_all (&link);
  g_assert_true (test_link_run_until_secure (&link, 3 * SEC));
  test_link_assert_secure (&link);
  g_assert_false (test_keys_equal (&before, &link.ends[0].streams[0].send));
  g_assert_false (test_keys_equal (&before, &link.ends[0].streams[0].receive));
  test_link_clear (&link);
}

/* One association outlives nothing but its memory: freed at every point of a call (run under ASan). */
static void
test_free_anywhere (void)
{
  for (guint64 after = 0; after < 90; after += 2) {
    TestLink link;

    test_link_init (&link, 8);
    test_link_open (&link, 2);
    test_link_start_all (&link);
    test_link_run (&link, after * MSEC);
    zrtp_association_remove_stream (link.ends[0].association, 1);
    for (ZrtpOutput output; zrtp_association_poll (link.ends[0].association, &output);) {
      /* The gone stream may still say that its keys are; it makes no more packets. */
      g_assert_false (output.stream == 1 && output.type == ZRTP_OUTPUT_SEND);
      zrtp_output_clear (&output);
    }
    test_link_clear (&link);
  }
  zrtp_association_free (NULL);
}

/* Z-5.1.5-4: the exponent has twice the length of the AES key. */
static void
test_exponent_lengths (void)
{
  static const gsize lengths[] = { 32, 48, 64 };

  for (guint i = 0; i < 3; i++) {
    TestLink link;

    test_link_init (&link, i);
    for (guint e = 0; e < 2; e++) {
      test_list (&link.ends[e].config.key_agreements, "DH3k");
      test_list (&link.ends[e].config.ciphers, ciphers[i]);
    }
    test_link_set_initiator (&link, 0);
    test_link_open (&link, 1);
    test_link_start_all (&link);
    g_assert_true (test_link_run_until_secure (&link, 3 * SEC));
    for (guint e = 0; e < 2; e++)
      g_assert_cmpuint (link.ends[e].random.lengths[ZRTP_RANDOM_SECRET], ==, lengths[i]);
    test_link_clear (&link);
  }
}

/* Z-11-1, -3 and Z-5.2-4, -5: flags that the peer is shown. */
static void
test_flags (void)
{
  TestLink link;
  ZrtpSasInfo sas;
  TestPacket *hello;

  test_link_init (&link, 9);
  link.ends[0].config.disclosure = TRUE;
  link.ends[0].config.mitm = TRUE;
  link.ends[1].config.passive = TRUE;
  memcpy (link.ends[0].config.client_id, "PBX \x01\xff one", 11);
  test_link_open (&link, 1);
  test_link_start_all (&link);
  g_assert_true (test_link_run_until_secure (&link, 3 * SEC));
  hello = test_link_sent (&link, 0, 0, WIRE_HELLO, 0);
  g_assert_cmphex (WIRE_MESSAGE (hello->data)[76], ==, 0x20);
  hello = test_link_sent (&link, 1, 0, WIRE_HELLO, 0);
  g_assert_cmphex (WIRE_MESSAGE (hello->data)[76], ==, 0x10);
  g_assert_null (test_link_sent (&link, 1, 0, WIRE_COMMIT, 0));
  g_assert_true (zrtp_association_get_sas (link.ends[1].association, &sas));
  g_assert_true (sas.remote_disclosure && sas.remote_mitm);
  g_assert_true (g_utf8_validate (sas.peer_client, -1, NULL));
  g_assert_true (link.ends[1].streams[0].warnings & (1 << ZRTP_WARNING_PEER_DISCLOSES));
  g_assert_true (zrtp_association_get_sas (link.ends[0].association, &sas));
  g_assert_false (sas.remote_disclosure || sas.remote_mitm);
  g_assert_cmpuint (link.ends[0].streams[0].warnings, ==, 0);
  test_link_clear (&link);
}

int
main (int argc, char **argv)
{
  static const gchar *const key_agreements[] = { "X255", "EC25", "X448", "EC38", "EC52", "DH2k", "DH3k" };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (key_agreements); i++) {
    gchar *path = g_strdup_printf ("/handshake/matrix/%s", key_agreements[i]);

    g_test_add_data_func (path, key_agreements[i], test_matrix);
    g_free (path);
  }
  g_test_add_func ("/handshake/manual", test_manual);
  g_test_add_func ("/handshake/manual-early", test_manual_early);
  g_test_add_func ("/handshake/manual-late", test_manual_late);
  g_test_add_func ("/handshake/set-ssrc", test_set_ssrc);
  g_test_add_func ("/handshake/late-start", test_late_start);
  g_test_add_func ("/handshake/simultaneous-commits", test_simultaneous_commits);
  g_test_add_func ("/handshake/contention-with-loss", test_contention_with_loss);
  g_test_add_func ("/handshake/resends-are-identical", test_resends_are_identical);
  g_test_add_func ("/handshake/fresh-values", test_fresh_values);
  g_test_add_func ("/handshake/hello-hash", test_hello_hash);
  g_test_add_func ("/handshake/broken-random", test_broken_random);
  g_test_add_func ("/handshake/random-fails-later", test_random_fails_later);
  g_test_add_func ("/handshake/restart", test_restart);
  g_test_add_func ("/handshake/free-anywhere", test_free_anywhere);
  g_test_add_func ("/handshake/exponent-lengths", test_exponent_lengths);
  g_test_add_func ("/handshake/flags", test_flags);
  return g_test_run ();
}
