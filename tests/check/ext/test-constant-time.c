/* test-constant-time.c: no branch and no address depends on a secret (Z-15-1, attacks.md I7).
 *
 * Runs under valgrind's memcheck, which is told that secrets are undefined: from there on it reports every
 * branch and every memory access that hangs on a secret as one on an undefined value. The rooms are
 * compiled once more for this, with zrtp_declassify() telling memcheck where such a branch is meant.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <valgrind/memcheck.h>

#include "ext/declassify.h"
#include "ext/gmp/gmp_dh.h"
#include "ext/nettle/nettle.h"

/* Reports so far; a test compares before and after. */
static guint
reports (void)
{
  return VALGRIND_COUNT_ERRORS;
}

#define SECRET(data, len) VALGRIND_MAKE_MEM_UNDEFINED (data, len)
#define PUBLIC(data, len) VALGRIND_MAKE_MEM_DEFINED (data, len)

static gboolean
secret_fill (ZrtpRandom * random, ZrtpRandomUse use, guint8 * out, gsize len)
{
  /* Below any curve's order, and neither 0 nor 1. */
  for (gsize i = 0; i < len; i++)
    out[i] = 0x35 + 73 * i;
  out[0] = 0;
  SECRET (out, len);
  return TRUE;
}

static volatile guint sink;

/* That this test can fail: what it must find, it finds. */
static void
test_detector (void)
{
  static volatile guint8 table[256];
  guint8 secret[4] = { 1, 2, 3, 4 };
  guint before = reports ();

  SECRET (secret, sizeof (secret));
  if (secret[0] == 7)
    sink++;
  g_assert_cmpuint (reports (), ==, before + 1);
  sink += table[secret[1]];
  g_assert_cmpuint (reports (), ==, before + 2);
  sink = 0;
}

static void
test_equal (void)
{
  guint8 a[64], b[64];
  guint before = reports ();

  memset (a, 1, sizeof (a));
  memset (b, 1, sizeof (b));
  SECRET (a, sizeof (a));
  for (guint len = 0; len <= sizeof (a); len++) {
    g_assert_true (zrtp_declassify (zrtp_equal (a, b, len)));
    g_assert_true (zrtp_declassify (zrtp_equal (b, a, len)));
  }
  b[0] = 2;
  g_assert_false (zrtp_declassify (zrtp_equal (a, b, sizeof (a))));
  g_assert_cmpuint (reports (), ==, before);
}

static void
test_hash (void)
{
  const ZrtpHash *hashes[] = { &zrtp_sha256, &zrtp_sha384, &zrtp_sha512 };
  guint before = reports ();

  for (guint i = 0; i < G_N_ELEMENTS (hashes); i++) {
    guint8 secret[200], out[ZRTP_HASH_MAX_LEN];
    const ZrtpPart parts[] = { {secret, 100}, {secret + 100, 100} };

    memset (secret, 1, sizeof (secret));
    SECRET (secret, sizeof (secret));
    hashes[i]->digest (parts, 2, out);
    hashes[i]->hmac (secret, hashes[i]->length, parts, 2, out);
  }
  g_assert_cmpuint (reports (), ==, before);
}

static void
check_agreement (const ZrtpKeyAgreement * agreement, guint bits)
{
  ZrtpRandom random = { secret_fill };
  guint8 secret[ZRTP_SECRET_MAX_LEN], pv[ZRTP_PUBLIC_MAX_LEN], result[ZRTP_RESULT_MAX_LEN];
  guint before = reports ();

  memset (secret, 0, sizeof (secret));
  g_assert_true (agreement->generate (&random, bits, secret, pv));
  PUBLIC (pv, agreement->public_len);
  g_assert_true (agreement->check (pv));
  g_assert_true (agreement->agree (secret, pv, result));
  g_test_message ("%s %u: %u reports", agreement->name, bits, reports () - before);
  g_assert_cmpuint (reports (), ==, before);
}

static void
test_finite_fields (void)
{
  check_agreement (&zrtp_dh2k, 256);
  check_agreement (&zrtp_dh3k, 256);
  check_agreement (&zrtp_dh3k, 384);
  check_agreement (&zrtp_dh3k, 512);
}

static void
test_nist (void)
{
  check_agreement (&zrtp_p256, 256);
  check_agreement (&zrtp_p384, 256);
  check_agreement (&zrtp_p521, 256);
}

static void
test_montgomery (void)
{
  check_agreement (&zrtp_x25519, 256);
  check_agreement (&zrtp_x448, 256);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!RUNNING_ON_VALGRIND) {
    g_print ("1..0 # SKIP runs under valgrind alone\n");
    return 0;
  }
  g_test_add_func ("/ext/constant-time/detector", test_detector);
  g_test_add_func ("/ext/constant-time/equal", test_equal);
  g_test_add_func ("/ext/constant-time/hash", test_hash);
  g_test_add_func ("/ext/constant-time/finite-fields", test_finite_fields);
  g_test_add_func ("/ext/constant-time/nist", test_nist);
  g_test_add_func ("/ext/constant-time/montgomery", test_montgomery);
  return g_test_run ();
}
