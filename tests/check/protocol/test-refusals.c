/* test-refusals.c: what the engine must refuse from a peer that speaks well-formed ZRTP, and how
 * (Error codes of 5.9).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/protocol/algorithms.h"
#include "peer.h"
#include "vectors.h"

#include <string.h>

static void
solo (TestLink * link, gboolean automatic, const gchar * key_agreement)
{
  gchar *key_agreements = g_strconcat (key_agreement, strcmp (key_agreement, "DH3k") ? "DH3kMult" : "Mult", NULL);

  test_link_init (link, 1);
  test_link_make_solo (link);
  link->ends[0].config.automatic = automatic;
  test_list (&link->ends[0].config.key_agreements, key_agreements);
  test_list (&link->ends[0].config.hashes, "S256S384");
  test_list (&link->ends[0].config.ciphers, "AES1AES3");
  test_list (&link->ends[0].config.sas_types, "B32 B256");
  test_link_open (link, 1);
  test_link_start (link, 0, 0);
  g_free (key_agreements);
}

/* Offered by the mock with names that go together. */
static gchar *
commit_names (const gchar * key_agreement)
{
  return g_strdup_printf ("%sHS32%sB32 ", strcmp (key_agreement, "EC38") ? "S256AES1" : "S384AES3", key_agreement);
}

static void
try_bad_value (const gchar * key_agreement, const Octets * value)
{
  static const guint8 wrong_hvi[32] = { 1 };
  gchar *names = commit_names (key_agreement);
  TestLink link;
  TestPeer peer;

  /* To a responder, in DHPart2. hvi is right: the value itself must be what is refused. */
  solo (&link, FALSE, key_agreement);
  peer_init (&peer, &link, 0, 1, key_agreement);
  g_assert_cmpuint (value->len, ==, peer.key_agreement->public_len);
  peer_discover (&peer);
  peer_make_dhpart (&peer, WIRE_DHPART2, value->data);
  peer_make_commit (&peer, names, NULL);
  peer_send (&peer, &peer.commit);
  g_assert_cmpuint (peer_count (&peer, WIRE_DHPART1), ==, 1);
  peer_send (&peer, &peer.dhpart);
  peer_assert_failed (&peer, ZRTP_ERROR_BAD_PUBLIC_VALUE);
  g_assert_cmpuint (peer_count (&peer, WIRE_CONFIRM1), ==, 0);
  peer_clear (&peer);
  test_link_clear (&link);

  /* Z-4.4.1.2-4: it is looked at before hvi is. */
  solo (&link, FALSE, key_agreement);
  peer_init (&peer, &link, 0, 1, key_agreement);
  peer_discover (&peer);
  peer_make_dhpart (&peer, WIRE_DHPART2, value->data);
  peer_make_commit (&peer, names, wrong_hvi);
  peer_send (&peer, &peer.commit);
  peer_send (&peer, &peer.dhpart);
  if (strcmp (key_agreement, "X255") && strcmp (key_agreement, "X448"))
    peer_assert_failed (&peer, ZRTP_ERROR_BAD_PUBLIC_VALUE);
  else                          /* told by the result only, which a right hvi comes before */
    g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_FAILED);
  peer_clear (&peer);
  test_link_clear (&link);

  /* To an initiator, in DHPart1. */
  solo (&link, TRUE, key_agreement);
  peer_init (&peer, &link, 0, 1, key_agreement);
  peer_respond (&peer);
  g_assert_cmpmem (WIRE_MESSAGE (peer_received (&peer, WIRE_COMMIT, 0)->data) + 68, 4, key_agreement, 4);
  peer_make_dhpart (&peer, WIRE_DHPART1, value->data);
  peer_send (&peer, &peer.dhpart);
  peer_assert_failed (&peer, ZRTP_ERROR_BAD_PUBLIC_VALUE);
  peer_clear (&peer);
  test_link_clear (&link);
  g_free (names);
}

/* A3, Z-4.4.1.2-2, -5, Z-4.4.1.3-1, Z-5.1.5-6: each bad value, in both roles. */
static void
test_bad_values (gconstpointer key_agreement)
{
  JsonObject *root, *values;
  GList *members;
  guint n = 0;

  if (strcmp (key_agreement, "X255") == 0 || strcmp (key_agreement, "X448") == 0) {
    JsonArray *array;

    root = vector_load ("rfc7748.json");
    array = json_object_get_array_member (vector_object (root, "all_zero_result_must_be_rejected"),
        strcmp (key_agreement, "X255") == 0 ? "X25519" : "X448");
    for (; n < json_array_get_length (array); n++) {
      Octets value;

      octets_from_hex (&value, json_array_get_string_element (array, n));
      try_bad_value (key_agreement, &value);
    }
  } else {
    gboolean curve = strncmp (key_agreement, "EC", 2) == 0;

    root = vector_load (curve ? "ecdh_nist.json" : "modp_groups.json");
    values = vector_object (vector_object (root, curve ? "must_be_rejected" : "bad_public_values"), key_agreement);
    members = json_object_get_members (values);
    for (GList * member = members; member; member = member->next, n++) {
      Octets value = vector_octets (values, member->data);

      try_bad_value (key_agreement, &value);
    }
    g_list_free (members);
  }
  g_assert_cmpuint (n, >=, 2);
  json_object_unref (root);
}

/* A2, Z-4.4.1.2-3: a DHPart2 that Commit did not commit to, though its chain and MAC are in order. */
static void
test_hvi_mismatch (void)
{
  TestLink link;
  TestPeer peer;

  for (guint octet = 0; octet < 32; octet += 31) {
    guint8 hvi[32];

    solo (&link, FALSE, "X255");
    peer_init (&peer, &link, 0, 1, "X255");
    peer_discover (&peer);
    peer_make_dhpart (&peer, WIRE_DHPART2, NULL);
    peer_make_commit (&peer, "S256AES1HS32X255B32 ", NULL);
    memcpy (hvi, peer.commit.data + 76, 32);
    hvi[octet] ^= 1;
    peer_make_commit (&peer, "S256AES1HS32X255B32 ", hvi);
    peer_send (&peer, &peer.commit);
    peer_send (&peer, &peer.dhpart);
    peer_assert_failed (&peer, ZRTP_ERROR_HVI);
    peer_clear (&peer);
    test_link_clear (&link);
  }
}

/* Z-5.4-4, Z-4.1.2-9, Z-5.1.5-7: the code names what was not offered. (Z-4.1.2-5) */
static void
test_choices (void)
{
  static const struct
  {
    const gchar *names;
    guint32 code;
  } rows[] = {
    {"S512AES1HS32X255B32 ", ZRTP_ERROR_HASH}, {"MD5 AES1HS32X255B32 ", ZRTP_ERROR_HASH},
    {"S256AES2HS32X255B32 ", ZRTP_ERROR_CIPHER}, {"S2562FS1HS32X255B32 ", ZRTP_ERROR_CIPHER},
    {"S256AES1SK32X255B32 ", ZRTP_ERROR_AUTH_TAG}, {"S256AES1GCM X255B32 ", ZRTP_ERROR_AUTH_TAG},
    {"S256AES1HS32EC25B32 ", ZRTP_ERROR_KEY_AGREEMENT}, {"S256AES1HS32E414B32 ", ZRTP_ERROR_KEY_AGREEMENT},
    {"S256AES1HS32X255B10D", ZRTP_ERROR_SAS}, {"S256AES1HS32X255    ", ZRTP_ERROR_SAS}
  };
  static const gchar *const good[] = {
    "S256AES1HS32X255B32 ", "S384AES3HS80X255B256", "S256AES3HS32DH3kB32 ", "S384AES1HS80DH3kB256"
  };
  static const guint8 hvi[32] = { 1 };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    TestLink link;
    TestPeer peer;

    solo (&link, FALSE, "X255");
    peer_init (&peer, &link, 0, 1, "X255");
    peer_discover (&peer);
    peer_make_commit (&peer, rows[i].names, hvi);
    peer_send (&peer, &peer.commit);
    peer_assert_refused (&peer, rows[i].code);
    peer_assert_still_open (&peer);
    peer_clear (&peer);
    test_link_clear (&link);
  }
  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    TestLink link;
    TestPeer peer;

    solo (&link, FALSE, "X255");
    peer_init (&peer, &link, 0, 1, "X255");
    peer_discover (&peer);
    peer_make_commit (&peer, good[i], hvi);
    peer_send (&peer, &peer.commit);
    g_assert_cmpuint (peer_count (&peer, WIRE_ERROR), ==, 0);
    g_assert_cmpuint (peer_count (&peer, WIRE_DHPART1), ==, 1);
    peer_clear (&peer);
    test_link_clear (&link);
  }
}

/* Z-5.4-3, -5, -7, B1, Z-9-3: Commits that are dropped without a word. */
static void
test_dropped_commits (void)
{
  static const guint8 hvi[32] = { 1 };
  TestLink link;
  TestPeer peer, other;

  solo (&link, FALSE, "X255");
  peer_init (&peer, &link, 0, 1, "X255");
  peer_init (&other, &link, 0, 2, "X255");
  other.ssrc = peer.ssrc;
  peer_make_commit (&peer, "S256AES1HS32X255B32 ", hvi);
  peer_send (&peer, &peer.commit);      /* before its Hello */
  g_assert_cmpuint (peer_count (&peer, WIRE_DHPART1), ==, 0);
  peer_discover (&peer);
  peer_make_commit (&other, "S256AES1HS32X255B32 ", hvi);
  peer_send (&other, &other.commit);    /* another chain */
  memcpy (other.zid, peer.zid, sizeof peer.zid);
  peer_make_commit (&other, "S256AES1HS32X255B32 ", hvi);
  peer_send (&other, &other.commit);    /* with the right ZID */
  memset (peer.zid, 0x33, sizeof peer.zid);
  peer_make_commit (&peer, "S256AES1HS32X255B32 ", hvi);
  peer_send (&peer, &peer.commit);      /* the right chain, another ZID */
  g_assert_cmpuint (peer_count (&peer, WIRE_DHPART1), ==, 0);
  g_assert_cmpuint (peer_count (&peer, WIRE_ERROR), ==, 0);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_CLEAR);
  memcpy (peer.zid, peer.hello.data + 64, sizeof peer.zid);
  peer_make_commit (&peer, "S256AES1HS32X255B32 ", hvi);
  peer_send (&peer, &peer.commit);
  g_assert_cmpuint (peer_count (&peer, WIRE_DHPART1), ==, 1);
  peer_clear (&peer);
  peer_clear (&other);
  test_link_clear (&link);
}

/* A10, Z-8.1.1-2, -3: a Hello or Commit with a wrong MAC, found out when its key arrives. */
static void
test_message_macs (void)
{
  for (guint which = 0; which < 3; which++) {
    TestLink link;
    TestPeer peer;

    solo (&link, which == 2, "X255");
    peer_init (&peer, &link, 0, 1, "X255");
    if (which != 1)
      peer.hello.data[peer.hello.len - 1] ^= 1;
    peer_discover (&peer);
    if (which == 2) {           /* responder's Hello, key in DHPart1 */
      peer_make_dhpart (&peer, WIRE_DHPART1, NULL);
    } else {
      peer_make_dhpart (&peer, WIRE_DHPART2, NULL);
      peer_make_commit (&peer, "S256AES1HS32X255B32 ", NULL);
      if (which == 1)
        peer.commit.data[peer.commit.len - 1] ^= 1;
      peer_send (&peer, &peer.commit);
    }
    peer_send (&peer, &peer.dhpart);
    if (which == 0)             /* no exchange has begun: the altered Hello is forgotten, the true one may come */
      g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_DISCOVERING);
    else
      g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_FAILED);
    g_assert_true (link.ends[0].streams[0].warnings & (1 << ZRTP_WARNING_MESSAGE_MAC));
    g_assert_cmpuint (peer_count (&peer, WIRE_CONFIRM1), ==, 0);
    g_assert_cmpuint (peer_count (&peer, WIRE_DHPART2), ==, 0);
    g_assert_cmpuint (link.ends[0].cache.stores, ==, 0);
    peer_clear (&peer);
    test_link_clear (&link);
  }
}

/* A4: the first message of a kind stays; another one in its place is ignored and counted. */
static void
test_changed_repeats (void)
{
  TestLink link;
  TestPeer peer;
  const TestPacket *first, *second;
  ZrtpStreamStats stats;
  guint8 hvi[32];

  /* Commit, then DHPart2, at the responder. */
  solo (&link, FALSE, "X255");
  peer_init (&peer, &link, 0, 1, "X255");
  peer_initiate (&peer);
  memset (hvi, 0x77, sizeof hvi);
  peer_make_commit (&peer, "S256AES1HS80X255B32 ", hvi);
  peer_send (&peer, &peer.commit);
  zrtp_association_get_stats (link.ends[0].association, 0, &stats);
  g_assert_cmpuint (stats.changed_repeats, ==, 1);
  g_assert_true (link.ends[0].streams[0].warnings & (1 << ZRTP_WARNING_CHANGED_MESSAGE));
  peer_send (&peer, &peer.dhpart);
  g_assert_cmpuint (peer_count (&peer, WIRE_CONFIRM1), ==, 1);
  peer_make_dhpart (&peer, WIRE_DHPART2, hvi);
  peer_send (&peer, &peer.dhpart);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_SECURING);
  peer_make_dhpart (&peer, WIRE_DHPART2, NULL);
  peer_send (&peer, &peer.dhpart);
  g_assert_cmpuint (peer_count (&peer, WIRE_CONFIRM1), ==, 2);
  first = peer_received (&peer, WIRE_CONFIRM1, 0);
  second = peer_received (&peer, WIRE_CONFIRM1, 1);
  g_assert_cmpmem (WIRE_MESSAGE (first->data), WIRE_MESSAGE_LEN (first->len), WIRE_MESSAGE (second->data),
      WIRE_MESSAGE_LEN (second->len));
  zrtp_association_get_stats (link.ends[0].association, 0, &stats);
  g_assert_cmpuint (stats.changed_repeats, ==, 2);
  peer_clear (&peer);
  test_link_clear (&link);

  /* DHPart1 at the initiator: no second guess, no second DH. */
  solo (&link, TRUE, "X255");
  peer_init (&peer, &link, 0, 1, "X255");
  peer_respond (&peer);
  peer_make_dhpart (&peer, WIRE_DHPART1, NULL);
  peer_send (&peer, &peer.dhpart);
  g_assert_cmpuint (peer_count (&peer, WIRE_DHPART2), ==, 1);
  zrtp_association_get_stats (link.ends[0].association, 0, &stats);
  {
    guint64 operations = stats.public_key_operations;

    peer_make_dhpart (&peer, WIRE_DHPART1, hvi);
    for (guint i = 0; i < 50; i++)
      peer_send (&peer, &peer.dhpart);
    zrtp_association_get_stats (link.ends[0].association, 0, &stats);
    g_assert_cmpuint (stats.public_key_operations, ==, operations);
    g_assert_cmpuint (stats.changed_repeats, >=, 1);
  }
  g_assert_cmpuint (peer_count (&peer, WIRE_DHPART2), ==, 1);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_SECURING);
  peer_clear (&peer);
  test_link_clear (&link);
}

/* B1, Z-4.1-11: a second Hello of the same chain with other contents. */
static void
test_changed_hello (void)
{
  TestLink link;
  TestPeer peer;
  ZrtpStreamStats stats;

  solo (&link, FALSE, "X255");
  peer_init (&peer, &link, 0, 1, "X255");
  peer_discover (&peer);
  wire_hello (&peer.hello, &peer.chain, peer.zid, "1.10", 0x20, "S256", "AES1", "HS32", "DH3k", "B32 ");
  peer_send_hello (&peer);
  g_assert_cmpuint (peer_count (&peer, WIRE_HELLO_ACK), ==, 1);
  zrtp_association_get_stats (link.ends[0].association, 0, &stats);
  g_assert_cmpuint (stats.changed_repeats, ==, 1);
  g_assert_true (link.ends[0].streams[0].warnings & (1 << ZRTP_WARNING_CHANGED_MESSAGE));
  /* The first one counts. */
  zrtp_association_secure (link.ends[0].association, 0, link.now);
  test_link_drain (&link, 0);
  g_assert_cmpmem (WIRE_MESSAGE (peer_received (&peer, WIRE_COMMIT, 0)->data) + 68, 4, "X255", 4);
  peer_clear (&peer);
  test_link_clear (&link);
}

/* A5: a peer that lets each exchange fail gets a handful of them, until our user asks for more. */
static void
test_bounded_failures (void)
{
  TestLink link;
  TestPeer peer;
  guint answered;

  solo (&link, FALSE, "X255");
  peer_init (&peer, &link, 0, 1, "X255");
  peer_discover (&peer);
  peer_make_dhpart (&peer, WIRE_DHPART2, NULL);
  for (guint i = 0; i < 30; i++) {
    guint8 hvi[32] = { i, 1 };

    peer_make_commit (&peer, "S256AES1HS32X255B32 ", hvi);
    peer_send (&peer, &peer.commit);
    peer_send (&peer, &peer.dhpart);
    peer_send_ack (&peer, WIRE_ERROR_ACK);
    test_link_run (&link, SEC);
  }
  answered = peer_count (&peer, WIRE_DHPART1);
  g_assert_cmpuint (answered, >=, 2);
  g_assert_cmpuint (answered, <=, 6);
  g_assert_true (link.ends[0].streams[0].n_errors == answered);
  zrtp_association_secure (link.ends[0].association, 0, link.now);
  test_link_drain (&link, 0);
  g_assert_cmpuint (peer_count (&peer, WIRE_COMMIT), ==, 1);
  peer_clear (&peer);
  test_link_clear (&link);
}

/* The same while we would commit by ourselves: our user is told when enough is enough. */
static void
test_too_many_failures (void)
{
  TestLink link;
  TestPeer peer;

  solo (&link, TRUE, "X255");
  peer_init (&peer, &link, 0, 1, "X255");
  peer_send_hello (&peer);      /* without HelloACK, so that ours waits */
  peer_make_dhpart (&peer, WIRE_DHPART2, NULL);
  for (guint i = 0; i < 30; i++) {
    guint8 hvi[32] = { i, 1 };

    peer_make_commit (&peer, "S256AES1HS32X255B32 ", hvi);
    peer_send (&peer, &peer.commit);
    peer_send (&peer, &peer.dhpart);
    peer_send_ack (&peer, WIRE_ERROR_ACK);
    test_link_run (&link, SEC);
  }
  g_assert_cmpuint (peer_count (&peer, WIRE_DHPART1), <=, 6);
  g_assert_cmpuint (link.ends[0].streams[0].n_warnings[ZRTP_WARNING_TOO_MANY_FAILURES], ==, 1);
  peer_clear (&peer);
  test_link_clear (&link);
}

/* Z-4.1-4: our SSRC turns up in the middle of an exchange. */
static void
test_late_ssrc_collision (void)
{
  TestLink link;
  TestPeer peer;

  solo (&link, TRUE, "X255");
  peer_init (&peer, &link, 0, 1, "X255");
  peer_respond (&peer);
  peer.ssrc = link.ends[0].streams[0].ssrc;
  peer_make_dhpart (&peer, WIRE_DHPART1, NULL);
  peer_send (&peer, &peer.dhpart);
  peer_assert_failed (&peer, ZRTP_ERROR_SSRC_COLLISION);
  /* Another SSRC: a new exchange with the same peer (Z-4.1-5). */
  zrtp_association_set_ssrc (link.ends[0].association, 0, 0x77777777, link.now);
  link.ends[0].streams[0].ssrc = 0x77777777;
  test_link_drain (&link, 0);
  g_assert_cmpint (link.ends[0].streams[0].state, ==, ZRTP_STATE_SECURING);
  g_assert_cmpuint (peer_count (&peer, WIRE_COMMIT), ==, 2);
  peer_clear (&peer);
  test_link_clear (&link);
}

/* A5: a peer, or who rewrites its packets on the way, bears every SSRC that we move to. That ends as other failures do: only the user
 * asks for more. */
static void
test_ssrc_collision_pursued (void)
{
  TestLink link;
  TestPeer peer;
  guint commits;

  solo (&link, TRUE, "X255");
  peer_init (&peer, &link, 0, 1, "X255");
  peer_respond (&peer);
  peer_make_dhpart (&peer, WIRE_DHPART1, NULL);
  for (guint i = 0; i < 30; i++) {
    peer.ssrc = link.ends[0].streams[0].ssrc;
    peer_send (&peer, &peer.dhpart);
    zrtp_association_set_ssrc (link.ends[0].association, 0, 0x1000 + i, link.now);
    link.ends[0].streams[0].ssrc = 0x1000 + i;
    test_link_drain (&link, 0);
  }
  g_assert_cmpint (link.ends[0].streams[0].state, ==, ZRTP_STATE_FAILED);
  g_assert_cmpuint (peer_count (&peer, WIRE_COMMIT), ==, 4);
  g_assert_cmpuint (link.ends[0].streams[0].n_errors, ==, 4);
  g_assert_cmpuint (link.ends[0].streams[0].n_warnings[ZRTP_WARNING_TOO_MANY_FAILURES], ==, 1);
  /* Nor by its Commits. */
  peer.ssrc = 1;
  peer_make_commit (&peer, "S256AES1HS32X255B32 ", NULL);
  peer_send (&peer, &peer.commit);
  g_assert_cmpuint (peer_count (&peer, WIRE_DHPART1), ==, 0);
  commits = peer_count (&peer, WIRE_COMMIT);
  zrtp_association_secure (link.ends[0].association, 0, link.now);
  test_link_drain (&link, 0);
  g_assert_cmpuint (peer_count (&peer, WIRE_COMMIT), ==, commits + 1);
  peer_clear (&peer);
  test_link_clear (&link);
}

static gboolean
drop_everything (TestLink * link, TestPacket * packet, gpointer user_data)
{
  return FALSE;
}

/* Z-4.1-5: both ends have one SSRC, for so long that they give up; as soon as one has another they go on. Without a collision another
 * SSRC starts nothing anew. */
static void
test_ssrc_collision_resolved (void)
{
  for (guint collide = 0; collide < 2; collide++) {
    TestLink link;

    test_link_init (&link, 1);
    test_link_open (&link, 1);
    for (guint e = 0; e < 2; e++) {
      zrtp_association_set_ssrc (link.ends[e].association, 0, collide ? 5 : 5 + e, link.now);
      link.ends[e].streams[0].ssrc = collide ? 5 : 5 + e;
    }
    if (!collide)
      link.filter = drop_everything;
    test_link_start_all (&link);
    test_link_run (&link, 30 * SEC);
    for (guint e = 0; e < 2; e++) {
      g_assert_cmpint (link.ends[e].streams[0].state, ==, ZRTP_STATE_NO_PEER);
      g_assert_cmphex (link.ends[e].streams[0].error_code, ==, collide ? ZRTP_ERROR_SSRC_COLLISION : 0);
    }
    link.filter = NULL;
    zrtp_association_set_ssrc (link.ends[1].association, 0, 9, link.now);
    link.ends[1].streams[0].ssrc = 9;
    g_assert_cmpint (test_link_run_until_secure (&link, 5 * SEC), ==, collide);
    test_link_clear (&link);
  }
}

/* Z-4.2-4, -6, -9 to -12: values below, above and equal to our own hvi; the whole table is in test-streams.c. */
static void
add_to (guint8 value[32], gint step)
{
  for (gint i = 31; i >= 0; i--) {
    gint sum = value[i] + step;

    value[i] = sum;
    if (sum >= 0 && sum <= 255)
      return;
    step = sum < 0 ? -1 : 1;
  }
}

static void
contend (const guint8 * hvi, guint8 flags, gint order)
{
  TestLink link;
  TestPeer peer;
  guint8 value[32];

  solo (&link, TRUE, "X255");
  peer_init (&peer, &link, 0, 1, "X255");
  wire_hello (&peer.hello, &peer.chain, peer.zid, "1.10", flags, "S256", "AES1", "HS32", "X255DH3kMult", "B32 ");
  peer_respond (&peer);
  memcpy (value, WIRE_MESSAGE (peer_received (&peer, WIRE_COMMIT, 0)->data) + 76, 32);
  if (hvi)
    memcpy (value, hvi, 32);
  else
    add_to (value, order);
  peer_make_commit (&peer, "S256AES1HS32X255B32 ", value);
  peer_send (&peer, &peer.commit);
  if (order > 0) {
    /* Lost: a responder, whose Commit timer has stopped (Z-4.2-9). */
    g_assert_cmpuint (peer_count (&peer, WIRE_DHPART1), ==, 1);
    test_link_run (&link, 9 * SEC);
    g_assert_cmpuint (peer_count (&peer, WIRE_COMMIT), ==, 1);
  } else {
    g_assert_cmpuint (peer_count (&peer, WIRE_DHPART1), ==, 0);
    test_link_run (&link, 200 * MSEC);
    g_assert_cmpuint (peer_count (&peer, WIRE_COMMIT), ==, 2);
    peer_make_dhpart (&peer, WIRE_DHPART1, NULL);
    peer_send (&peer, &peer.dhpart);
    g_assert_cmpuint (peer_count (&peer, WIRE_DHPART2), ==, 1);
  }
  g_assert_cmpuint (link.ends[0].streams[0].n_errors, ==, 0);
  peer_clear (&peer);
  test_link_clear (&link);
}

static void
test_contention (void)
{
  guint8 lowest[32] = { 0 }, highest[32];

  memset (highest, 0xff, sizeof highest);
  /* Z-4.2-6: M plays no part. */
  for (guint8 flags = 0; flags <= 0x20; flags += 0x20) {
    contend (lowest, flags, -1);
    contend (highest, flags, 1);
    contend (NULL, flags, -1);
    contend (NULL, flags, 1);
    contend (NULL, flags, 0);
  }
}

/* Z-4.2-5, A7: Mult against DH is a software error, or is at any rate no contention that we lose. */
static void
test_multistream_without_session (void)
{
  static const guint8 nonce[16] = { 0xff };

  for (guint automatic = 0; automatic < 2; automatic++) {
    TestLink link;
    TestPeer peer;

    solo (&link, automatic, "X255");
    peer_init (&peer, &link, 0, 1, "X255");
    peer_discover (&peer);
    peer_make_multistream_commit (&peer, nonce);
    peer_send (&peer, &peer.commit);
    g_assert_cmpuint (peer_count (&peer, WIRE_CONFIRM1), ==, 0);
    g_assert_cmpuint (link.ends[0].streams[0].n_received_keys, ==, 0);
    /* Z-4.4.3.1-5: refused, not ignored. */
    if (!automatic)
      peer_assert_refused (&peer, ZRTP_ERROR_NO_SHARED_SECRET);
    peer_clear (&peer);
    test_link_clear (&link);
  }
}

int
main (int argc, char **argv)
{
  static const gchar *const key_agreements[] = { "X255", "X448", "EC25", "EC38", "DH2k", "DH3k" };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (key_agreements); i++) {
    gchar *path = g_strdup_printf ("/refusals/bad-values/%s", key_agreements[i]);

    g_test_add_data_func (path, key_agreements[i], test_bad_values);
    g_free (path);
  }
  g_test_add_func ("/refusals/hvi-mismatch", test_hvi_mismatch);
  g_test_add_func ("/refusals/choices", test_choices);
  g_test_add_func ("/refusals/dropped-commits", test_dropped_commits);
  g_test_add_func ("/refusals/message-macs", test_message_macs);
  g_test_add_func ("/refusals/changed-repeats", test_changed_repeats);
  g_test_add_func ("/refusals/changed-hello", test_changed_hello);
  g_test_add_func ("/refusals/bounded-failures", test_bounded_failures);
  g_test_add_func ("/refusals/too-many-failures", test_too_many_failures);
  g_test_add_func ("/refusals/late-ssrc-collision", test_late_ssrc_collision);
  g_test_add_func ("/refusals/ssrc-collision-pursued", test_ssrc_collision_pursued);
  g_test_add_func ("/refusals/ssrc-collision-resolved", test_ssrc_collision_resolved);
  g_test_add_func ("/refusals/contention", test_contention);
  g_test_add_func ("/refusals/multistream-without-session", test_multistream_without_session);
  return g_test_run ();
}
