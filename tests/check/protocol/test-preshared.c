/* test-preshared.c: Preshared mode: a quick call from a verified retained secret (RFC 6189 4.4.2).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <string.h>

static void
prepare (TestLink * link, guint64 seed, guint limit)
{
  test_link_init (link, seed);
  for (guint e = 0; e < 2; e++) {
    link->ends[e].config.preshared = TRUE;
    link->ends[e].config.preshared_limit = limit;
    test_list (&link->ends[e].config.key_agreements, "X255DH3kMultPrsh");
  }
}

/* A call; TRUE if it was made with Preshared. */
static gboolean
call (TestLink * link, guint n_streams)
{
  gboolean preshared;

  test_link_open (link, n_streams);
  test_link_start_all (link);
  g_assert_true (test_link_run_until_secure (link, 5 * SEC));
  test_link_assert_secure (link);
  for (guint e = 0; e < 2; e++) {
    zrtp_association_media_authenticated (link->ends[e].association, 0, link->now);
    test_link_drain (link, e);
    g_assert_cmpuint (link->ends[e].streams[0].n_errors, ==, 0);
    g_assert_cmpuint (link->ends[e].streams[0].warnings, ==, 0);
  }
  preshared = !test_link_sent (link, 0, 0, WIRE_DHPART1, 0) && !test_link_sent (link, 1, 0, WIRE_DHPART1, 0);
  if (preshared) {
    ZrtpSasInfo sas;

    g_assert_true (zrtp_association_get_sas (link->ends[0].association, &sas));
    g_assert_cmpstr (sas.choice.key_agreement, ==, "Prsh");
    g_assert_cmpint (sas.cache, ==, ZRTP_CACHE_MATCH);
  }
  return preshared;
}

static void
verify (TestLink * link)
{
  for (guint e = 0; e < 2; e++) {
    zrtp_association_set_verified (link->ends[e].association, TRUE, link->now);
    test_link_drain (link, e);
  }
}

/* Z-4.4.2.1-1, Z-4.4.2.2-1, Z-4.4.2-4, -5, Z-4.6.1-5: only with a secret that the user has vouched for, and DH
 * comes back from time to time. rs1 is new in each call and rs2 stays. */
static void
test_life (void)
{
  for (guint mode = 0; mode < 3; mode++) {
    TestLink link;

    prepare (&link, mode, 3);
    if (mode < 2)
      test_link_set_initiator (&link, mode);
    g_assert_false (call (&link, 1));   /* no secret */
    test_link_close (&link);
    g_assert_false (call (&link, 1));   /* none that was verified */
    verify (&link);
    test_link_close (&link);
    for (guint i = 0; i < 8; i++) {
      ZrtpCacheEntry before = *test_link_entry (&link, 0);
      gboolean preshared = call (&link, 1);

      g_assert_cmpint (preshared, ==, i % 4 != 3);
      g_assert_true (memcmp (test_link_entry (&link, 0)->rs1, before.rs1, ZRTP_RETAINED_LEN) != 0);
      g_assert_cmpmem (test_link_entry (&link, 0)->rs1, ZRTP_RETAINED_LEN, test_link_entry (&link, 1)->rs1, ZRTP_RETAINED_LEN);
      if (preshared)
        g_assert_cmpmem (test_link_entry (&link, 0)->rs2, ZRTP_RETAINED_LEN, before.rs2, ZRTP_RETAINED_LEN);
      test_link_close (&link);
    }
    test_link_clear (&link);
  }
}

/* Off at either end: DH. (Z-4.4.2-7) */
static void
test_off (void)
{
  for (guint e = 0; e < 2; e++) {
    TestLink link;

    prepare (&link, e, 10);
    link.ends[e].config.preshared = FALSE;
    test_list (&link.ends[e].config.key_agreements, "X255DH3kMult");
    call (&link, 1);
    verify (&link);
    test_link_close (&link);
    g_assert_false (call (&link, 1));
    test_link_clear (&link);
  }
}

/* Z-4.4.2.3-2, B5: the responder has no such secret: it answers with a DH Commit, which wins, and the call is
 * secure. */
static void
test_no_match (void)
{
  for (guint initiator = 0; initiator < 2; initiator++)
    for (guint other = 0; other < 2; other++) {
      TestLink link;
      ZrtpSasInfo sas;

      prepare (&link, initiator, 10);
      call (&link, 1);
      verify (&link);
      test_link_close (&link);
      if (other) {
        ZrtpCacheEntry changed = *test_link_entry (&link, !initiator);

        memset (changed.rs1, 0x5a, ZRTP_RETAINED_LEN);
        changed.has_rs2 = FALSE;
        test_cache_put (&link.ends[!initiator].cache, link.ends[!initiator].config.zid,
            link.ends[initiator].config.zid, &changed);
      } else {
        g_hash_table_remove_all (link.ends[!initiator].cache.entries);
      }
      test_link_set_initiator (&link, initiator);
      test_link_open (&link, 1);
      test_link_start_all (&link);
      g_assert_true (test_link_run_until_secure (&link, 5 * SEC));
      test_link_settle (&link);
      test_link_assert_secure (&link);
      g_assert_true (zrtp_association_get_sas (link.ends[initiator].association, &sas));
      g_assert_cmpint (sas.role, ==, ZRTP_ROLE_RESPONDER);
      g_assert_cmpint (sas.cache, ==, ZRTP_CACHE_MISMATCH);
      test_link_clear (&link);
    }
}

/* Z-3.1.3-1, Z-4.4.2-2: further streams by Multistream. */
static void
test_streams (void)
{
  TestLink link;

  prepare (&link, 1, 10);
  call (&link, 3);
  verify (&link);
  test_link_close (&link);
  g_assert_true (call (&link, 3));
  for (guint e = 0; e < 2; e++)
    for (guint s = 1; s < 3; s++) {
      TestPacket *commit = test_link_sent (&link, e, s, WIRE_COMMIT, 0);

      if (commit)
        g_assert_cmpmem (WIRE_MESSAGE (commit->data) + 68, 4, "Mult", 4);
    }
  test_link_clear (&link);
}

/* Z-4.4.2.3-1: the responder has more secrets than the initiator, in each combination: it tries without them. */
static void
test_candidates (void)
{
  for (guint extra = 0; extra < 4; extra++) {
    TestLink link;
    ZrtpCacheEntry more;
    ZrtpSasInfo sas;

    prepare (&link, extra, 10);
    test_link_set_initiator (&link, 0);
    call (&link, 1);
    verify (&link);
    test_link_close (&link);
    if (extra & 1) {
      more = *test_link_entry (&link, 1);
      more.has_pbxsecret = TRUE;
      memset (more.pbxsecret, 0x77, sizeof more.pbxsecret);
      test_cache_put (&link.ends[1].cache, link.ends[1].config.zid, link.ends[0].config.zid, &more);
    }
    test_link_open (&link, 1);
    if (extra & 2)
      zrtp_association_set_auxsecret (link.ends[1].association, (const guint8 *) "auxiliary", 9);
    test_link_start_all (&link);
    g_assert_true (test_link_run_until_secure (&link, 2 * SEC));
    g_assert_true (zrtp_association_get_sas (link.ends[1].association, &sas));
    g_assert_cmpstr (sas.choice.key_agreement, ==, "Prsh");
    g_assert_false (sas.enrolled);
    test_link_clear (&link);
  }
}

/* Loss, and the responder storing while the initiator does not: the next call works all the same. */
static gboolean
drop_conf2acks (TestLink * link, TestPacket * packet, gpointer user_data)
{
  return packet->type != WIRE_CONF2ACK;
}

static void
test_cut_line (void)
{
  for (guint seed = 0; seed < 4; seed++) {
    TestLink link;

    prepare (&link, seed, 10);
    test_link_set_initiator (&link, seed % 2);
    call (&link, 1);
    verify (&link);
    test_link_close (&link);
    link.filter = drop_conf2acks;
    test_link_open (&link, 1);
    test_link_start_all (&link);
    test_link_settle (&link);
    test_link_close (&link);
    link.filter = NULL;
    test_link_open (&link, 1);
    test_link_start_all (&link);
    g_assert_true (test_link_run_until_secure (&link, 5 * SEC));
    test_link_settle (&link);
    test_link_assert_secure (&link);
    test_link_clear (&link);
  }
}

static void
test_loss (void)
{
  guint seeds = test_count ("ZRTP_TEST_SEEDS", 1000) / 4 + 1, secure = 0;
  TestLink link;

  prepare (&link, 1, G_MAXUINT);
  call (&link, 1);
  verify (&link);
  link.media = TRUE;
  link.loss_percent[0] = link.loss_percent[1] = 30;
  link.jitter = 30 * MSEC;
  for (guint seed = 0; seed < seeds; seed++) {
    test_link_close (&link);
    test_link_open (&link, 2);
    test_link_start_all (&link);
    test_link_settle (&link);
    test_link_assert_no_split (&link);
    secure += test_link_all_secure (&link);
  }
  g_test_message ("%u of %u secure", secure, seeds);
  g_assert_cmpuint (secure * 100, >=, seeds * 95 - 100);
  test_link_clear (&link);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/preshared/life", test_life);
  g_test_add_func ("/preshared/off", test_off);
  g_test_add_func ("/preshared/no-match", test_no_match);
  g_test_add_func ("/preshared/streams", test_streams);
  g_test_add_func ("/preshared/candidates", test_candidates);
  g_test_add_func ("/preshared/cut-line", test_cut_line);
  g_test_add_func ("/preshared/loss", test_loss);
  return g_test_run ();
}
