/* test-key-agreement.c: Diffie-Hellman in finite fields and on curves.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gmp.h>
#include <string.h>

#include "ext/gmp/gmp_dh.h"
#include "ext/nettle/nettle.h"
#include "support.h"

/* Sizes of Z-4.4.1.4-2 and Z-5.1.5-13, and of RFC 7748. */
static const struct
{
  const ZrtpKeyAgreement *agreement;
  const gchar *name;
  guint public_len, secret_len, result_len;
} agreements[] = {
  {&zrtp_dh2k, "DH2k", 256, 64, 256},
  {&zrtp_dh3k, "DH3k", 384, 64, 384},
  {&zrtp_p256, "EC25", 64, 32, 32},
  {&zrtp_p384, "EC38", 96, 48, 48},
  {&zrtp_p521, "EC52", 132, 66, 66},
  {&zrtp_x25519, "X255", 32, 32, 32},
  {&zrtp_x448, "X448", 56, 56, 56},
};

static const ZrtpKeyAgreement *
agreement_find (const gchar * name)
{
  for (guint i = 0; i < G_N_ELEMENTS (agreements); i++) {
    if (g_str_equal (agreements[i].name, name))
      return agreements[i].agreement;
  }
  g_assert_not_reached ();
}

/* Both sides with fresh secrets, of every size for finite fields: same result, and new secrets every time
 * (Z-4.8-1, Z-4.4.1.1-2). */
static void
test_both_sides (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (agreements); i++) {
    const ZrtpKeyAgreement *agreement = agreements[i].agreement;

    g_assert_cmpstr (agreement->name, ==, agreements[i].name);
    g_assert_cmpuint (agreement->public_len, ==, agreements[i].public_len);
    g_assert_cmpuint (agreement->secret_len, ==, agreements[i].secret_len);
    g_assert_cmpuint (agreement->result_len, ==, agreements[i].result_len);
    g_assert_cmpuint (agreement->public_len % 4, ==, 0);

    for (guint bits = 256; bits <= 512; bits += 128) {
      for (guint round = 0; round < 3; round++) {
        guint8 secret_a[ZRTP_SECRET_MAX_LEN + 1], secret_b[ZRTP_SECRET_MAX_LEN];
        guint8 public_a[ZRTP_PUBLIC_MAX_LEN + 1], public_b[ZRTP_PUBLIC_MAX_LEN];
        guint8 result_a[ZRTP_RESULT_MAX_LEN + 1], result_b[ZRTP_RESULT_MAX_LEN];

        secret_a[agreement->secret_len] = 0x5a;
        public_a[agreement->public_len] = 0x5a;
        result_a[agreement->result_len] = 0x5a;
        g_assert_true (agreement->generate (zrtp_random_default (), bits, secret_a, public_a));
        g_assert_true (agreement->generate (zrtp_random_default (), bits, secret_b, public_b));
        g_assert_true (memcmp (secret_a, secret_b, agreement->secret_len) != 0);
        g_assert_true (memcmp (public_a, public_b, agreement->public_len) != 0);
        g_assert_true (agreement->check (public_a));
        g_assert_true (agreement->check (public_b));
        g_assert_true (agreement->agree (secret_a, public_b, result_a));
        g_assert_true (agreement->agree (secret_b, public_a, result_b));
        g_assert_cmpmem (result_a, agreement->result_len, result_b, agreement->result_len);
        g_assert_cmpuint (secret_a[agreement->secret_len], ==, 0x5a);
        g_assert_cmpuint (public_a[agreement->public_len], ==, 0x5a);
        g_assert_cmpuint (result_a[agreement->result_len], ==, 0x5a);
      }
    }
  }
}

/* A generator that answers with private makes this public value of it. */
static void
assert_generates (const ZrtpKeyAgreement * agreement, guint secret_bits, const guint8 * private, gsize private_len,
    const guint8 * public, guint8 * secret)
{
  ScriptedRandom random;
  guint8 pv[ZRTP_PUBLIC_MAX_LEN];

  scripted_random_init (&random, &private, 1);
  g_assert_true (agreement->generate (&random.parent, secret_bits, secret, pv));
  g_assert_cmpuint (random.requests, ==, 1);
  g_assert_cmpuint (random.last_len, ==, private_len);
  g_assert_cmpint (random.last_use, ==, ZRTP_RANDOM_SECRET);
  g_assert_cmpmem (pv, agreement->public_len, public, agreement->public_len);
}

static void
check_ecdh_row (const ZrtpKeyAgreement * agreement, JsonObject * row)
{
  gsize private_len, private_r_len, pv_len, result_len;
  g_autofree guint8 *private_i = octets_from_member (row, "private_i", &private_len);
  g_autofree guint8 *private_r = octets_from_member (row, "private_r", &private_r_len);
  g_autofree guint8 *pvi = octets_from_member (row, "pvi", &pv_len);
  g_autofree guint8 *pvr = octets_from_member (row, "pvr", NULL);
  g_autofree guint8 *expected = octets_from_member (row, "DHResult", &result_len);
  guint8 svi[ZRTP_SECRET_MAX_LEN], svr[ZRTP_SECRET_MAX_LEN], result[ZRTP_RESULT_MAX_LEN];

  g_assert_cmpuint (pv_len, ==, agreement->public_len);
  g_assert_cmpuint (private_len, ==, agreement->secret_len);
  g_assert_cmpuint (private_r_len, ==, agreement->secret_len);
  assert_generates (agreement, 512, private_i, private_len, pvi, svi);
  assert_generates (agreement, 512, private_r, private_len, pvr, svr);
  g_assert_true (agreement->check (pvi));
  g_assert_true (agreement->check (pvr));
  g_assert_true (agreement->agree (svi, pvr, result));
  g_assert_cmpmem (result, agreement->result_len, expected, result_len);
  memset (result, 0, sizeof (result));
  g_assert_true (agreement->agree (svr, pvi, result));
  g_assert_cmpmem (result, agreement->result_len, expected, result_len);
}

/* Z-4.4.1.1-5, Z-4.4.1.3-3, Z-4.4.1.4-2, Z-5.1.5-5, Z-5.1.5-13. */
static void
test_nist (void)
{
  g_autoptr (JsonParser) parser = NULL;
  JsonArray *rows = json_object_get_array_member (vectors_load ("ecdh_nist.json", &parser), "rows");

  g_assert_cmpuint (json_array_get_length (rows), ==, 6);
  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonObject *row = json_array_get_object_element (rows, i);

    check_ecdh_row (agreement_find (json_object_get_string_member (row, "key_agreement")), row);
  }
}

/* Z-5.1.5-6. */
static void
test_nist_rejected (void)
{
  g_autoptr (JsonParser) parser = NULL;
  JsonObject *curves = json_object_get_object_member (vectors_load ("ecdh_nist.json", &parser), "must_be_rejected");
  g_autoptr (GList) names = json_object_get_members (curves);
  guint n = 0;

  for (GList * name = names; name; name = name->next) {
    const ZrtpKeyAgreement *agreement = agreement_find (name->data);
    JsonObject *values = json_object_get_object_member (curves, name->data);
    g_autoptr (GList) labels = json_object_get_members (values);

    for (GList * label = labels; label; label = label->next) {
      gsize len;
      g_autofree guint8 *pv = octets_from_member (values, label->data, &len);
      guint8 secret[ZRTP_SECRET_MAX_LEN] = { 0 }, result[ZRTP_RESULT_MAX_LEN];

      g_test_message ("%s %s", (gchar *) name->data, (gchar *) label->data);
      g_assert_cmpuint (len, ==, agreement->public_len);
      g_assert_false (agreement->check (pv));
      secret[agreement->secret_len - 1] = 2;
      g_assert_false (agreement->agree (secret, pv, result));
      n++;
    }
  }
  g_assert_cmpuint (n, ==, 10);
}

/* P-521 has room in its first octets that must be 0, and any flipped bit leaves a curve. */
static void
test_nist_flipped (void)
{
  const ZrtpKeyAgreement *curves[] = { &zrtp_p256, &zrtp_p384, &zrtp_p521 };

  for (guint i = 0; i < G_N_ELEMENTS (curves); i++) {
    guint8 secret[ZRTP_SECRET_MAX_LEN], pv[ZRTP_PUBLIC_MAX_LEN], zero[ZRTP_PUBLIC_MAX_LEN] = { 0 };

    g_assert_false (curves[i]->check (zero));
    g_assert_true (curves[i]->generate (zrtp_random_default (), 256, secret, pv));
    for (guint bit = 0; bit < 8 * curves[i]->public_len; bit++) {
      pv[bit / 8] ^= 0x80 >> (bit % 8);
      g_assert_false (curves[i]->check (pv));
      pv[bit / 8] ^= 0x80 >> (bit % 8);
    }
    g_assert_true (curves[i]->check (pv));
  }
}

/* What a generator says at and around the ends of [1, n - 1] (Z-4.8-4). */
static void
test_nist_range (void)
{
  static const struct
  {
    const ZrtpKeyAgreement *agreement;
    const gchar *order_minus_1;
  } curves[] = {
    {&zrtp_p256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"},
    {&zrtp_p384, "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52972"},
    {&zrtp_p521, "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709"
          "a5d03bb5c9b8899c47aebb6fb71e91386408"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (curves); i++) {
    const ZrtpKeyAgreement *agreement = curves[i].agreement;
    gsize len;
    g_autofree guint8 *last = octets_from_hex (curves[i].order_minus_1, &len);
    g_autofree guint8 *order = g_memdup2 (last, len);
    guint8 zero[ZRTP_SECRET_MAX_LEN] = { 0 }, one[ZRTP_SECRET_MAX_LEN] = { 0 }, ones[ZRTP_SECRET_MAX_LEN];
    const guint8 *refused[] = { zero, order, ones, last };
    const guint8 *first[] = { one };
    ScriptedRandom random;
    guint8 secret[ZRTP_SECRET_MAX_LEN], pv[ZRTP_PUBLIC_MAX_LEN], g[ZRTP_PUBLIC_MAX_LEN];

    order[len - 1]++;
    one[len - 1] = 1;
    memset (ones, 0xff, sizeof (ones));
    g_assert_cmpuint (len, ==, agreement->secret_len);

    scripted_random_init (&random, refused, G_N_ELEMENTS (refused));
    g_assert_true (agreement->generate (&random.parent, 256, secret, pv));
    g_assert_cmpuint (random.requests, ==, G_N_ELEMENTS (refused));
    g_assert_cmpmem (secret, len, last, len);

    /* (n - 1) G is -G: it has the X of G, which proves the order. */
    scripted_random_init (&random, first, 1);
    g_assert_true (agreement->generate (&random.parent, 256, secret, g));
    g_assert_cmpmem (pv, len, g, len);
    g_assert_true (memcmp (pv + len, g + len, len) != 0);

    /* Z-4.8-5: a source with nothing good to say is a failed one; nothing of it is left behind. */
    scripted_random_init (&random, refused, 3);
    memset (secret, 0xee, sizeof (secret));
    g_assert_false (agreement->generate (&random.parent, 256, secret, pv));
    g_assert_cmpmem (secret, len, zero, len);
  }
}

static gboolean
constant_fill (ZrtpRandom * random, ZrtpRandomUse use, guint8 * out, gsize len)
{
  memset (out, 0, len);
  return TRUE;
}

/* A source that says 0 for ever ends the exchange, not the thread (Z-4.8-5). */
static void
test_stuck_source (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (agreements); i++) {
    ZrtpRandom stuck = { constant_fill };
    ScriptedRandom failing;
    guint8 secret[ZRTP_SECRET_MAX_LEN], pv[ZRTP_PUBLIC_MAX_LEN];

    scripted_random_init (&failing, NULL, 0);
    g_assert_false (agreements[i].agreement->generate (&failing.parent, 256, secret, pv));
    g_assert_cmpuint (failing.requests, ==, 1);
    /* X25519 and X448 set a bit in every scalar: there 0 is as good as another. */
    if (agreements[i].agreement != &zrtp_x25519 && agreements[i].agreement != &zrtp_x448)
      g_assert_false (agreements[i].agreement->generate (&stuck, 256, secret, pv));
  }
}

/* Section 6 of RFC 7748. */
static void
test_rfc7748 (void)
{
  g_autoptr (JsonParser) parser = NULL;
  JsonObject *root = vectors_load ("rfc7748.json", &parser);
  JsonArray *rows = json_object_get_array_member (root, "rows");
  JsonObject *zeros = json_object_get_object_member (root, "all_zero_result_must_be_rejected");

  g_assert_cmpuint (json_array_get_length (rows), ==, 2);
  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonObject *row = json_array_get_object_element (rows, i);
    const gchar *name = json_object_get_string_member (row, "function");
    const ZrtpKeyAgreement *agreement = g_str_equal (name, "X25519") ? &zrtp_x25519 : &zrtp_x448;
    JsonArray *values = json_object_get_array_member (zeros, name);
    guint8 secret[ZRTP_SECRET_MAX_LEN], pv[ZRTP_PUBLIC_MAX_LEN], result[ZRTP_RESULT_MAX_LEN];

    check_ecdh_row (agreement, row);

    g_assert_cmpuint (json_array_get_length (values), >=, 5);
    g_assert_true (agreement->generate (zrtp_random_default (), 256, secret, pv));
    for (guint j = 0; j < json_array_get_length (values); j++) {
      gsize len;
      g_autofree guint8 *point = octets_from_hex (json_array_get_string_element (values, j), &len);

      g_assert_cmpuint (len, ==, agreement->public_len);
      g_assert_false (agreement->check (point) && agreement->agree (secret, point, result));
    }
  }
}

/* Z-4.4.1.1-3, Z-4.4.1.1-4, Z-4.4.1.4-2. */
static void
test_leading_zeros (void)
{
  g_autoptr (JsonParser) parser = NULL;
  JsonObject *examples =
      json_object_get_object_member (vectors_load ("modp_groups.json", &parser), "leading_zero_example");
  JsonObject *dh2k = json_object_get_object_member (examples, "DH2k");
  JsonObject *ec25 = json_object_get_object_member (examples, "EC25");
  gsize len;
  g_autofree guint8 *private = octets_from_member (dh2k, "private", &len);
  g_autofree guint8 *public = octets_from_member (dh2k, "public_with_zero_first_octet", NULL);
  g_autofree guint8 *peer_private = octets_from_member (dh2k, "peer_private", NULL);
  g_autofree guint8 *peer_public = octets_from_member (dh2k, "peer_public", NULL);
  g_autofree guint8 *expected = octets_from_member (dh2k, "DHResult_with_zero_first_octet", NULL);
  g_autofree guint8 *ec_private = octets_from_member (ec25, "private", NULL);
  g_autofree guint8 *ec_public = octets_from_member (ec25, "public_with_zero_first_octet_of_x_or_y", NULL);
  guint8 secret[ZRTP_SECRET_MAX_LEN], peer_secret[ZRTP_SECRET_MAX_LEN], result[ZRTP_RESULT_MAX_LEN];
  guint8 zeros[32] = { 0 };

  g_assert_cmpuint (len, ==, 32);
  assert_generates (&zrtp_dh2k, 256, private, len, public, secret);
  assert_generates (&zrtp_dh2k, 256, peer_private, len, peer_public, peer_secret);
  g_assert_cmpmem (secret, 32, zeros, 32);
  g_assert_cmpmem (secret + 32, 32, private, 32);
  g_assert_true (zrtp_dh2k.agree (secret, peer_public, result));
  g_assert_cmpmem (result, 256, expected, 256);
  g_assert_true (zrtp_dh2k.agree (peer_secret, public, result));
  g_assert_cmpmem (result, 256, expected, 256);

  assert_generates (&zrtp_p256, 256, ec_private, 32, ec_public, secret);
}

/* Z-4.4.1.2-2, Z-4.4.1.2-5, Z-4.4.1.3-1: 0, 1, p - 1 and anything from p on; 2 and p - 2 pass. */
static void
test_bad_public_values (void)
{
  g_autoptr (JsonParser) parser = NULL;
  JsonObject *groups = json_object_get_object_member (vectors_load ("modp_groups.json", &parser), "bad_public_values");
  const gchar *names[] = { "DH2k", "DH3k" };
  const gchar *labels[] = { "zero", "one", "p_minus_1", "p" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    const ZrtpKeyAgreement *agreement = agreement_find (names[i]);
    JsonObject *values = json_object_get_object_member (groups, names[i]);
    guint8 secret[ZRTP_SECRET_MAX_LEN], pv[ZRTP_PUBLIC_MAX_LEN], result[ZRTP_RESULT_MAX_LEN];
    g_autofree guint8 *p = octets_from_member (values, "p", NULL);

    g_assert_true (agreement->generate (zrtp_random_default (), 256, secret, pv));
    for (guint j = 0; j < G_N_ELEMENTS (labels); j++) {
      gsize len;
      g_autofree guint8 *bad = octets_from_member (values, labels[j], &len);

      g_assert_cmpuint (len, ==, agreement->public_len);
      g_assert_false (agreement->check (bad));
      g_assert_false (agreement->agree (secret, bad, result));
    }
    memset (pv, 0xff, sizeof (pv));
    g_assert_false (agreement->check (pv));
    memcpy (pv, p, agreement->public_len);
    pv[20]++;                   /* above p in the middle */
    g_assert_false (agreement->check (pv));
    memcpy (pv, p, agreement->public_len);
    pv[agreement->public_len - 1] -= 2;
    g_assert_true (agreement->check (pv));
    pv[agreement->public_len - 1]++;
    pv[20]--;                   /* ends like p - 1 and is below it */
    g_assert_true (agreement->check (pv));
    memset (pv, 0, sizeof (pv));
    pv[agreement->public_len - 1] = 2;
    g_assert_true (agreement->check (pv));
    pv[agreement->public_len - 1] = 0;
    pv[0] = 1;
    g_assert_true (agreement->check (pv));
  }
}

/* 2^k and pv^k against mpz_powm for exponents with long runs of equal bits, and many without (Z-5.1.5-3). */
static void
test_finite_field_powers (void)
{
  g_autoptr (JsonParser) parser = NULL;
  JsonObject *root = vectors_load ("modp_groups.json", &parser);
  const gchar *names[] = { "DH2k", "DH3k" };
  mpz_t p, g, k, expected, pv;

  mpz_inits (p, g, k, expected, pv, NULL);
  mpz_set_ui (g, 2);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    const ZrtpKeyAgreement *agreement = agreement_find (names[i]);
    guint len = agreement->public_len;

    mpz_set_str (p, json_object_get_string_member (json_object_get_object_member (root, names[i]), "p"), 16);
    for (guint round = 0; round < 60; round++) {
      guint bits = 256 + 128 * (round % 3);
      guint8 number[64], secret[ZRTP_SECRET_MAX_LEN], public_value[ZRTP_PUBLIC_MAX_LEN] = { 0 };
      guint8 result[ZRTP_RESULT_MAX_LEN], computed[ZRTP_RESULT_MAX_LEN];
      const guint8 *answers[] = { number };
      ScriptedRandom random;
      gsize count;

      memset (number, 0, sizeof (number));
      if (round < 3)
        number[bits / 8 - 1] = 2;       /* the least that may be drawn */
      else if (round < 6)
        memset (number, 0xff, bits / 8);        /* the greatest */
      else if (round < 9)
        number[0] = 0x80;
      else if (round < 12)
        memset (number + bits / 16, 0xff, bits / 16);
      else
        for (guint n = 0; n < bits / 8; n++)
          number[n] = g_test_rand_int_range (0, 256);

      scripted_random_init (&random, answers, 1);
      g_assert_true (agreement->generate (&random.parent, bits, secret, public_value));
      g_assert_cmpuint (random.last_len, ==, bits / 8); /* Z-5.1.5-4 */
      mpz_import (k, bits / 8, 1, 1, 1, 0, number);
      mpz_powm (expected, g, k, p);
      memset (computed, 0, sizeof (computed));
      count = (mpz_sizeinbase (expected, 2) + 7) / 8;
      mpz_export (computed + len - count, NULL, 1, 1, 1, 0, expected);
      g_assert_cmpmem (public_value, len, computed, len);

      for (guint n = 1; n < len; n++)
        public_value[n] = g_test_rand_int_range (0, 256);
      public_value[0] = round % 2;
      g_assert_true (agreement->check (public_value));
      g_assert_true (agreement->agree (secret, public_value, result));
      mpz_import (pv, len, 1, 1, 1, 0, public_value);
      mpz_powm (expected, pv, k, p);
      memset (computed, 0, sizeof (computed));
      count = (mpz_sizeinbase (expected, 2) + 7) / 8;
      mpz_export (computed + len - count, NULL, 1, 1, 1, 0, expected);
      g_assert_cmpmem (result, len, computed, len);
    }
  }
  mpz_clears (p, g, k, expected, pv, NULL);
}

/* 0 and 1 are drawn again (Z-4.8-2), 2 is not. */
static void
test_finite_field_redraw (void)
{
  for (guint bits = 256; bits <= 512; bits += 128) {
    guint8 zero[64] = { 0 }, one[64] = { 0 }, two[64] = { 0 }, secret[ZRTP_SECRET_MAX_LEN], pv[ZRTP_PUBLIC_MAX_LEN];
    guint8 four[ZRTP_PUBLIC_MAX_LEN] = { 0 };
    const guint8 *answers[] = { zero, one, zero, two };
    ScriptedRandom random;

    one[bits / 8 - 1] = 1;
    two[bits / 8 - 1] = 2;
    four[383] = 4;
    scripted_random_init (&random, answers, 4);
    g_assert_true (zrtp_dh3k.generate (&random.parent, bits, secret, pv));
    g_assert_cmpuint (random.requests, ==, 4);
    g_assert_cmpmem (pv, 384, four, 384);

    scripted_random_init (&random, answers, 3);
    memset (secret, 0xee, sizeof (secret));
    g_assert_false (zrtp_dh3k.generate (&random.parent, bits, secret, pv));
    g_assert_cmpmem (secret, 64, zero, 64);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ext/key-agreement/both-sides", test_both_sides);
  g_test_add_func ("/ext/key-agreement/nist", test_nist);
  g_test_add_func ("/ext/key-agreement/nist-rejected", test_nist_rejected);
  g_test_add_func ("/ext/key-agreement/nist-flipped", test_nist_flipped);
  g_test_add_func ("/ext/key-agreement/nist-range", test_nist_range);
  g_test_add_func ("/ext/key-agreement/stuck-source", test_stuck_source);
  g_test_add_func ("/ext/key-agreement/rfc7748", test_rfc7748);
  g_test_add_func ("/ext/key-agreement/leading-zeros", test_leading_zeros);
  g_test_add_func ("/ext/key-agreement/bad-public-values", test_bad_public_values);
  g_test_add_func ("/ext/key-agreement/finite-field-powers", test_finite_field_powers);
  g_test_add_func ("/ext/key-agreement/finite-field-redraw", test_finite_field_redraw);
  return g_test_run ();
}
