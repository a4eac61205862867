/* test-discovery.c: Hellos that are strange: equal ZIDs, equal SSRCs, echoes, versions, names and flags
 * (RFC 6189 4.1, 5.2).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "peer.h"

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

/* Z-4.1-9, Z-5.3-4, A6 */
static void
test_equal_zid (void)
{
  TestLink link;
  TestPeer peer;

  solo (&link, FALSE, "X255");
  peer_init (&peer, &link, 0, 1, "X255");
  wire_hello (&peer.hello, &peer.chain, link.ends[0].config.zid, "1.10", 0, "", "", "", "", "");
  peer_send_hello (&peer);
  peer_assert_refused (&peer, ZRTP_ERROR_EQUAL_ZID);
  g_assert_cmpuint (peer_count (&peer, WIRE_HELLO_ACK), ==, 0);
  peer_assert_still_open (&peer);
  peer_clear (&peer);
  test_link_clear (&link);
}

/* The same between two engines: no call, and both users are told. */
static void
test_equal_zids (void)
{
  TestLink link;

  test_link_init (&link, 1);
  memcpy (link.ends[1].config.zid, link.ends[0].config.zid, ZRTP_ZID_LEN);
  test_link_open (&link, 1);
  test_link_start_all (&link);
  test_link_run (&link, 60 * SEC);
  for (guint e = 0; e < 2; e++) {
    g_assert_cmphex (link.ends[e].streams[0].error_code, ==, ZRTP_ERROR_EQUAL_ZID);
    g_assert_cmpuint (link.ends[e].streams[0].n_errors, ==, 1);
    g_assert_cmpuint (link.ends[e].streams[0].n_sent_of_type[WIRE_HELLO_ACK], ==, 0);
    g_assert_cmpuint (link.ends[e].streams[0].n_sent_of_type[WIRE_COMMIT], ==, 0);
  }
  test_link_clear (&link);
}

/* Z-4.1-4, -6 */
static void
test_own_ssrc (void)
{
  TestLink link;
  TestPeer peer;

  solo (&link, FALSE, "X255");
  peer_init (&peer, &link, 0, 1, "X255");
  peer.ssrc = link.ends[0].streams[0].ssrc;
  peer_send_hello (&peer);
  peer_assert_refused (&peer, ZRTP_ERROR_SSRC_COLLISION);
  g_assert_cmpuint (peer_count (&peer, WIRE_HELLO_ACK), ==, 0);
  peer_assert_still_open (&peer);
  peer_clear (&peer);
  test_link_clear (&link);
}

/* A6: an echo sends everything back. Neither secure nor a storm. */
static gboolean
echo (TestLink * link, TestPacket * packet, gpointer user_data)
{
  test_link_inject_later (link, packet->from, packet->stream, packet->data, packet->len, 5 * MSEC);
  return FALSE;
}

static void
test_echo (void)
{
  TestLink link;

  test_link_init (&link, 1);
  test_link_make_solo (&link);
  link.filter = echo;
  test_link_open (&link, 1);
  test_link_start (&link, 0, 0);
  test_link_settle (&link);
  g_assert_cmpuint (link.ends[0].streams[0].n_secure, ==, 0);
  g_assert_cmpuint (link.ends[0].sent->len, <, 150);
  test_link_clear (&link);
}

/* Z-4.1.1-1, -5, -7, -10, B4 (Z-4.1.1-2, Z-4.1.1-8, Z-4.1.1-9) */
static void
test_versions (void)
{
  static const struct
  {
    const gchar *version;
    enum
    { MATCH, HIGHER, LOWER } kind;
  } rows[] = {
    {"1.1 ", MATCH}, {"1.10", MATCH}, {"1.11", MATCH}, {"1.1a", MATCH}, {"1.1\xff", MATCH}, {"1.20", HIGHER},
    {"2.00", HIGHER}, {"9.99", HIGHER}, {"1.00", LOWER}, {"0.90", LOWER}, {"0.95", LOWER}
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    TestLink link;
    TestPeer peer, right;

    solo (&link, TRUE, "X255");
    peer_init (&peer, &link, 0, 1, "X255");
    peer_init (&right, &link, 0, 1, "X255");
    wire_hello (&peer.hello, &peer.chain, peer.zid, rows[i].version, 0, "", "", "", "X255", "");
    if (rows[i].kind != LOWER)
      peer_send_ack (&peer, WIRE_HELLO_ACK);
    peer_send_hello (&peer);
    switch (rows[i].kind) {
      case MATCH:
        g_assert_cmpuint (peer_count (&peer, WIRE_HELLO_ACK), ==, 1);
        g_assert_cmpuint (peer_count (&peer, WIRE_COMMIT), ==, 1);
        break;
      case HIGHER:
        g_assert_cmpuint (peer_count (&peer, WIRE_HELLO_ACK), ==, 1);
        test_link_run (&link, SEC);
        g_assert_cmpuint (peer_count (&peer, WIRE_COMMIT), ==, 0);
        g_assert_cmpuint (peer_count (&peer, WIRE_ERROR), ==, 0);
        peer_send_hello (&right);
        g_assert_cmpuint (peer_count (&peer, WIRE_COMMIT), ==, 1);
        break;
      case LOWER:
        peer_assert_refused (&peer, ZRTP_ERROR_VERSION);
        break;
    }
    peer_clear (&peer);
    peer_clear (&right);
    test_link_clear (&link);
  }
}

/* Z-4.2-13: two passive ends tell their users. */
static void
test_both_passive (void)
{
  TestLink link;

  test_link_init (&link, 1);
  link.ends[0].config.passive = link.ends[1].config.passive = TRUE;
  test_link_open (&link, 1);
  test_link_start_all (&link);
  test_link_run (&link, 60 * SEC);
  for (guint e = 0; e < 2; e++) {
    g_assert_cmpint (test_link_state (&link, e, 0), ==, ZRTP_STATE_CLEAR);
    g_assert_cmpuint (link.ends[e].streams[0].n_warnings[ZRTP_WARNING_EQUAL_PASSIVE], ==, 1);
    g_assert_null (test_link_sent (&link, e, 0, WIRE_COMMIT, 0));
    /* Nor by the verb. */
    zrtp_association_secure (link.ends[e].association, 0, link.now);
    test_link_drain (&link, e);
    g_assert_null (test_link_sent (&link, e, 0, WIRE_COMMIT, 0));
  }
  test_link_clear (&link);
}

/* Z-5.2-9, -11, -13, Z-5.1-2: seven unknown names in each list leave the mandatory algorithms. Z-5.2-6: unknown
 * bits. */
static void
test_unknown_names (void)
{
  TestLink link;
  TestPeer peer;
  const guint8 *commit;

  for (guint kind = 0; kind < 3; kind++) {
    const gchar *names = kind == 1 ? "ZZZ1ZZZ2ZZZ3ZZZ4ZZZ5ZZZ6ZZZ7" : "";

    solo (&link, TRUE, "X255");
    peer_init (&peer, &link, 0, 1, "X255");
    wire_hello (&peer.hello, &peer.chain, peer.zid, "1.10", kind == 2 ? 0x8f : 0, names, names, names, names, names);
    if (kind == 2) {
      peer.hello.len -= 8;
      peer.hello.data[77] |= 0xf0;
      wire_end_with_mac (&peer.hello, peer.chain.h[2]);
    }
    peer_respond (&peer);
    commit = WIRE_MESSAGE (peer_received (&peer, WIRE_COMMIT, 0)->data);
    g_assert_cmpmem (commit + 56, 20, "S256AES1HS32DH3kB32 ", 20);
    peer_clear (&peer);
    test_link_clear (&link);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/discovery/equal-zid", test_equal_zid);
  g_test_add_func ("/discovery/equal-zids", test_equal_zids);
  g_test_add_func ("/discovery/own-ssrc", test_own_ssrc);
  g_test_add_func ("/discovery/echo", test_echo);
  g_test_add_func ("/discovery/versions", test_versions);
  g_test_add_func ("/discovery/both-passive", test_both_passive);
  g_test_add_func ("/discovery/unknown-names", test_unknown_names);
  return g_test_run ();
}
