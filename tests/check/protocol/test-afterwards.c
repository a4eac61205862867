/* test-afterwards.c: what may not happen once a call has had its SAS: clear media beside a secure stream, a refused or unchecked
 * secret kept, a secret of the application changed under an exchange (attacks B8, D1, E7).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"
#include "peer.h"

#include <string.h>

static gboolean
drop_stream_1 (TestLink * link, TestPacket * packet, gpointer user_data)
{
  return packet->stream != 1;
}

/* B8, Z-4.7.2-6: the answer to a GoClear that is over opens nothing beside the stream that is secure again. */
static void
test_late_accept (void)
{
  TestLink link;

  test_link_init (&link, 1);
  for (guint e = 0; e < 2; e++)
    link.ends[e].config.allow_clear = TRUE;
  test_link_call (&link, 2);
  zrtp_association_clear (link.ends[1].association, link.now);
  test_link_drain (&link, 1);
  test_link_run (&link, SEC);
  for (guint s = 0; s < 2; s++)
    g_assert_cmpint (test_link_state (&link, 0, s), ==, ZRTP_STATE_CLEARING);
  link.filter = drop_stream_1;
  zrtp_association_secure (link.ends[1].association, 0, link.now);
  test_link_drain (&link, 1);
  test_link_run (&link, 2 * SEC);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_SECURE);
  zrtp_association_accept_clear (link.ends[0].association, link.now);
  test_link_drain (&link, 0);
  g_assert_cmpint (test_link_state (&link, 0, 1), ==, ZRTP_STATE_CLEARING);
  test_link_clear (&link);
}

/* Z-7.1-4: what signalling says afterwards does not bring back the secret of a call whose SAS the user refused. */
static void
test_refused_stays_refused (void)
{
  TestLink link;
  guint8 hash[ZRTP_HELLO_HASH_LEN];

  test_link_init (&link, 2);
  link.ends[0].config.signalling_secure = TRUE;
  test_link_call (&link, 1);
  g_assert_true (test_link_entry (&link, 0)->has_rs1);
  test_link_verify (&link, 0, FALSE);
  g_assert_false (test_link_entry (&link, 0)->has_rs1);
  g_assert_true (zrtp_association_get_hello_hash (link.ends[1].association, 0, hash));
  zrtp_association_set_peer_hello_hash (link.ends[0].association, 0, hash, link.now);
  test_link_drain (&link, 0);
  g_assert_false (test_link_entry (&link, 0)->has_rs1);
  test_link_clear (&link);
}

/* Z-bis-4, D1: a PBX that goes on after a mismatch, with nobody to ask, no longer calls the other end verified. */
static void
test_unchecked_is_unverified (void)
{
  TestLink link;
  ZrtpSasInfo sas;

  test_link_init (&link, 3);
  link.ends[1].config.mitm = TRUE;
  test_link_call (&link, 1);
  for (guint e = 0; e < 2; e++)
    test_link_verify (&link, e, TRUE);
  test_link_close (&link);
  g_hash_table_remove_all (link.ends[0].cache.entries);
  for (guint again = 0; again < 3; again++) {
    test_link_call (&link, 1);
    g_assert_true (zrtp_association_get_sas (link.ends[1].association, &sas));
    g_assert_cmpint (sas.cache, ==, again ? ZRTP_CACHE_MATCH : ZRTP_CACHE_MISMATCH);
    g_assert_false (sas.verified);
    g_assert_false (test_link_entry (&link, 1)->verified);
    /* The other end's user vouches for its side, which is not enough. */
    test_link_verify (&link, 0, TRUE);
    test_link_close (&link);
  }
  test_link_clear (&link);
}

typedef struct
{
  guint end;
  gboolean done;
} Change;

static gboolean
change_at_dhpart1 (TestLink * link, TestPacket * packet, gpointer user_data)
{
  Change *change = user_data;

  if (packet->type == WIRE_DHPART1 && !change->done) {
    change->done = TRUE;
    zrtp_association_set_auxsecret (link->ends[change->end].association, (const guint8 *) "another", 7);
  }
  return TRUE;
}

/* Z-4.3-3: an auxiliary secret that is set while an exchange is under way is for the next one. */
static void
test_auxsecret_changes (void)
{
  for (guint end = 0; end < 2; end++) {
    TestLink link;
    Change change = { end, FALSE };

    test_link_init (&link, 4 + end);
    link.filter = change_at_dhpart1;
    link.user_data = &change;
    test_link_open (&link, 1);
    for (guint e = 0; e < 2; e++)
      zrtp_association_set_auxsecret (link.ends[e].association, (const guint8 *) "sesame", 6);
    test_link_start_all (&link);
    g_assert_true (test_link_run_until_secure (&link, 8 * SEC));
    g_assert_true (change.done);
    for (guint e = 0; e < 2; e++)
      g_assert_cmpuint (link.ends[e].streams[0].n_warnings[ZRTP_WARNING_AUX_MISMATCH], ==, 0);
    test_link_clear (&link);
  }
}

static void
send_preshared_commit (TestPeer * stranger, guint8 nonce)
{
  guint8 nonce_and_key_id[24] = { nonce };

  wire_begin (&stranger->commit, WIRE_COMMIT);
  wire_append (&stranger->commit, stranger->chain.h[2], 32);
  wire_append (&stranger->commit, stranger->zid, 12);
  wire_append (&stranger->commit, "S256AES1HS32PrshB32 ", 20);
  wire_append (&stranger->commit, nonce_and_key_id, sizeof nonce_and_key_id);
  wire_end_with_mac (&stranger->commit, stranger->chain.h[1]);
  peer_send (stranger, &stranger->commit);
}

/* C2, Z-4.4.2.3-3: a passive end is asked for Preshared mode by strangers who have no secret, 70 times before the peer comes or once while the
 * peer's own Preshared exchange is waiting for it: the peer gets through. */
static void
test_preshared_strangers (void)
{
  for (guint during = 0; during < 2; during++) {
    TestLink link;
    TestPeer stranger;

    test_link_init (&link, 6 + during);
    for (guint e = 0; e < 2; e++) {
      link.ends[e].config.preshared = TRUE;
      link.ends[e].config.preshared_limit = 10;
      test_list (&link.ends[e].config.key_agreements, "X255DH3kMultPrsh");
    }
    link.ends[0].config.passive = TRUE;
    test_link_call (&link, 1);
    for (guint e = 0; e < 2; e++)
      test_link_verify (&link, e, TRUE);
    test_link_hear (&link);
    test_link_close (&link);
    test_link_open (&link, 1);
    peer_init (&stranger, &link, 0, 99, "X255");
    if (during) {
      test_link_start_all (&link);
      peer_send_hello (&stranger);
      while (link.ends[0].streams[0].n_sent_of_type[WIRE_CONFIRM1] == 0)
        test_link_run (&link, MSEC);
      link.loss_percent[0] = link.loss_percent[1] = 100;
      test_link_run (&link, 1600 * MSEC);
      send_preshared_commit (&stranger, 1);
      peer_send_error (&stranger, ZRTP_ERROR_SOFTWARE);
      link.loss_percent[0] = link.loss_percent[1] = 0;
    } else {
      test_link_start (&link, 0, 0);
      peer_send_hello (&stranger);
      for (guint i = 0; i < 70; i++)
        send_preshared_commit (&stranger, 1 + i);
      test_link_run (&link, SEC);
      test_link_start (&link, 1, 0);
    }
    g_assert_true (test_link_run_until_secure (&link, 9 * SEC));
    test_link_clear (&link);
  }
}

/* D4: whom the user expects in one call is not who is at the other end of the next one of the same run, on a stream that began anew.
 */
static void
test_name_of_another_call (void)
{
  for (guint verified = 0; verified < 2; verified++) {
    TestLink link;
    ZrtpSasInfo sas;

    test_link_init (&link, 8 + verified);
    test_link_open (&link, 1);
    zrtp_association_set_peer_name (link.ends[0].association, "Alice");
    test_link_start_all (&link);
    g_assert_true (test_link_run_until_secure (&link, 8 * SEC));
    test_link_settle (&link);
    g_assert_cmpstr (test_link_sas (&link, 0).peer_name, ==, "Alice");
    if (verified)
      test_link_verify (&link, 0, TRUE);
    g_assert_cmpstr (test_link_entry (&link, 0)->name, ==, "Alice");

    /* End 0's call ends with its stream, its run does not. End 1 is another person now. */
    zrtp_association_stop (link.ends[0].association, 0, link.now);
    test_link_drain (&link, 0);
    zrtp_association_free (link.ends[1].association);
    link.ends[1].config.zid[0] ^= 0xff;
    test_cache_clear (&link.ends[1].cache);
    test_cache_init (&link.ends[1].cache);
    link.ends[1].association
        = zrtp_association_new (&link.ends[1].config, &link.ends[1].random.parent, &link.ends[1].cache.parent);
    memset (&link.ends[1].streams, 0, sizeof link.ends[1].streams);
    link.check_off = TRUE;      /* of the keys of before */
    link.ends[1].streams[0].ssrc = 0x77777777;
    link.ends[1].streams[0].added = TRUE;
    g_assert_true (zrtp_association_add_stream (link.ends[1].association, 0, 0x77777777));
    test_link_start_all (&link);
    test_link_run (&link, 20 * SEC);
    sas = test_link_sas (&link, 0);
    g_assert_cmpmem (sas.peer_zid, ZRTP_ZID_LEN, link.ends[1].config.zid, ZRTP_ZID_LEN);
    g_assert_cmpstr (sas.peer_name, ==, "");
    g_assert_false (sas.verified);
    g_assert_cmpstr (test_link_entry (&link, 0)->name, ==, "");
    test_link_clear (&link);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/afterwards/late-accept", test_late_accept);
  g_test_add_func ("/afterwards/refused-stays-refused", test_refused_stays_refused);
  g_test_add_func ("/afterwards/unchecked-is-unverified", test_unchecked_is_unverified);
  g_test_add_func ("/afterwards/auxsecret-changes", test_auxsecret_changes);
  g_test_add_func ("/afterwards/name-of-another-call", test_name_of_another_call);
  g_test_add_func ("/afterwards/preshared-strangers", test_preshared_strangers);
  return g_test_run ();
}
