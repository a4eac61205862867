/* test-signatures.c: the SAS signed in Confirm, by the application's keys (RFC 6189 section 7.2).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <string.h>

typedef struct
{
  ZrtpSigner parent;
  gsize len;
  guint n_signed;
  guint8 sashash[ZRTP_SASHASH_LEN];
} TestSigner;

static gsize
sign (ZrtpSigner * parent, const guint8 sashash[ZRTP_SASHASH_LEN], guint8 * block, gsize size)
{
  TestSigner *self = (TestSigner *) parent;

  self->n_signed++;
  memcpy (self->sashash, sashash, ZRTP_SASHASH_LEN);
  memset (block, 0x51, MIN (self->len, size));
  memcpy (block, "X509", 4);
  return self->len;
}

static void
prepare (TestLink * link, TestSigner * signers, gsize len)
{
  test_link_init (link, 1);
  for (guint e = 0; e < 2; e++) {
    signers[e] = (TestSigner) { { sign }, len };
    link->ends[e].config.signer = &signers[e].parent;
    link->ends[e].config.checks_signatures = TRUE;
  }
}

static gsize
confirm_len (TestLink * link, guint end, guint stream)
{
  TestPacket *packet = test_link_sent (link, end, stream, WIRE_CONFIRM1, 0);

  if (!packet)
    packet = test_link_sent (link, end, stream, WIRE_CONFIRM2, 0);
  return WIRE_MESSAGE_LEN (packet->len);
}

/* Z-7.2-1, Z-7.2-2, Z-7.2-3, Z-5.1.7-1, Z-5.2-3: both sign the whole hash of the SAS, once, in the first
 * stream's Confirm; the other end gets the block as it was made, its type in front. */
static void
test_both (void)
{
  TestSigner signers[2];
  TestLink link;

  prepare (&link, signers, 104);
  test_link_call (&link, 3);
  for (guint e = 0; e < 2; e++) {
    const guint8 *signature;
    gsize len;

    g_assert_cmphex (WIRE_MESSAGE (test_link_sent (&link, e, 0, WIRE_HELLO, 0)->data)[76], ==, 0x40);
    g_assert_cmpuint (signers[e].n_signed, ==, 1);
    g_assert_cmpmem (signers[e].sashash, ZRTP_SASHASH_LEN, test_link_sas (&link, e).sashash, ZRTP_SASHASH_LEN);
    g_assert_true (test_link_sas (&link, e).signature);
    signature = zrtp_association_get_signature (link.ends[e].association, &len);
    g_assert_cmpuint (len, ==, 104);
    g_assert_cmpmem (signature, 5, "X509\x51", 5);
    g_assert_cmpuint (confirm_len (&link, e, 0), ==, 76 + 104);
    for (guint s = 1; s < 3; s++)
      g_assert_cmpuint (confirm_len (&link, e, s), ==, 76);
  }
  test_link_clear (&link);
}

/* Z-7.2-4: no signature for a peer without the S flag, which is only set by who can check one. */
static void
test_not_for_all (void)
{
  TestSigner signers[2];
  TestLink link;

  prepare (&link, signers, 104);
  link.ends[1].config.checks_signatures = FALSE;
  test_link_call (&link, 1);
  g_assert_cmphex (WIRE_MESSAGE (test_link_sent (&link, 1, 0, WIRE_HELLO, 0)->data)[76], ==, 0);
  g_assert_cmpuint (signers[0].n_signed, ==, 0);
  g_assert_cmpuint (signers[1].n_signed, ==, 1);
  g_assert_false (test_link_sas (&link, 1).signature);
  g_assert_true (test_link_sas (&link, 0).signature);
  test_link_clear (&link);
}

/* Z-7.2-8: a signature proves nothing by itself: the call is as unverified as without, until the
 * application says that it has checked it. Z-4.6.1.1-3: then a cache mismatch no longer delays the update. */
static void
test_fall_back (void)
{
  TestSigner signers[2];
  TestLink link;

  prepare (&link, signers, 104);
  test_link_call (&link, 1);
  test_link_close (&link);
  test_cache_clear (&link.ends[1].cache);
  test_cache_init (&link.ends[1].cache);
  for (guint accepted = 0; accepted < 2; accepted++) {
    const ZrtpCacheEntry *entry;
    guint8 before[ZRTP_RETAINED_LEN];

    entry = test_cache_get (&link.ends[0].cache, link.ends[0].config.zid, link.ends[1].config.zid);
    memcpy (before, entry->rs1, sizeof before);
    test_link_call (&link, 1);
    g_assert_cmpint (test_link_sas (&link, 0).cache, ==, ZRTP_CACHE_MISMATCH);
    g_assert_false (test_link_sas (&link, 0).verified || test_link_sas (&link, 0).authenticated);
    if (accepted) {
      zrtp_association_accept_signature (link.ends[0].association, link.now);
      test_link_drain (&link, 0);
      g_assert_true (test_link_sas (&link, 0).authenticated);
      g_assert_false (test_link_sas (&link, 0).verified);
    }
    entry = test_cache_get (&link.ends[0].cache, link.ends[0].config.zid, link.ends[1].config.zid);
    g_assert_cmpint (memcmp (before, entry->rs1, sizeof before) != 0, ==, accepted);
    test_link_close (&link);
  }
  test_link_clear (&link);
}

/* Z-5-13, Z-7.2-9, Z-7.2-11: what would not fit into a datagram of an Ethernet path, or into whole words,
 * is left out, and the call goes on. */
static void
test_too_long (void)
{
  static const gsize lens[] = { 4, 345 * 4, 346 * 4, 511 * 4, 512 * 4, 13, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (lens); i++) {
    gboolean fits = lens[i] > 0 && lens[i] <= 345 * 4 && lens[i] % 4 == 0;
    TestSigner signers[2];
    TestLink link;

    prepare (&link, signers, lens[i]);
    test_link_call (&link, 1);
    for (guint e = 0; e < 2; e++) {
      g_assert_cmpint (test_link_sas (&link, e).signature, ==, fits);
      g_assert_cmpuint (confirm_len (&link, e, 0), ==, 76 + (fits ? lens[i] : 0));
      g_assert_cmpuint (confirm_len (&link, e, 0) + 16 + 28, <=, 1500);
    }
    test_link_clear (&link);
  }
}

/* accept_signature() without a signature means nothing. */
static void
test_none (void)
{
  TestLink link;

  test_link_init (&link, 1);
  test_link_call (&link, 1);
  zrtp_association_accept_signature (link.ends[0].association, link.now);
  test_link_drain (&link, 0);
  g_assert_false (test_link_sas (&link, 0).authenticated);
  g_assert_null (zrtp_association_get_signature (link.ends[0].association, &(gsize) { 0 }));
  test_link_clear (&link);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/conformance/signatures/both", test_both);
  g_test_add_func ("/conformance/signatures/not-for-all", test_not_for_all);
  g_test_add_func ("/conformance/signatures/fall-back", test_fall_back);
  g_test_add_func ("/conformance/signatures/too-long", test_too_long);
  g_test_add_func ("/conformance/signatures/none", test_none);
  return g_test_run ();
}
