/* test-algorithms.c: names, lists, negotiation and SAS rendering (RFC 6189 4.1.2, 5.1.2 to 5.1.6).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/protocol/algorithms.h"
#include "link.h"
#include "vectors.h"

#include <string.h>

static void
list_from_json (ZrtpAlgorithmList * list, JsonArray * names, const gchar * unknown)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < json_array_get_length (names); i++) {
    const gchar *name = json_array_get_string_element (names, i);

    /* A table made for an implementation that lacks this name: give it one that nobody has. */
    g_string_append (text, g_strcmp0 (name, unknown) ? name : "ZZZZ");
  }
  test_list (list, text->str);
  g_string_free (text, TRUE);
}

/* Z-4.1.2-2, -3, -4, -8, Z-5.2-11. The row with X255 is about an implementation that does not know it. */
static void
test_key_agreement_table (void)
{
  JsonObject *root = vector_load ("ka_negotiation.json");
  JsonArray *rows = json_object_get_array_member (root, "rows");

  g_assert_cmpuint (json_array_get_length (rows), >, 0);
  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonObject *row = json_array_get_object_element (rows, i);
    ZrtpAlgorithmList a, b;
    const gchar *chosen = json_object_get_string_member (row, "chosen");

    list_from_json (&a, json_object_get_array_member (row, "a_list"), "X255");
    list_from_json (&b, json_object_get_array_member (row, "b_list"), "X255");
    g_assert_cmpstr (zrtp_negotiate_key_agreement (&a, &b)->name, ==, chosen);
    g_assert_cmpstr (zrtp_negotiate_key_agreement (&b, &a)->name, ==, chosen);
  }
  json_object_unref (root);
}

/* interop.md: DH2k < X255 < EC25 < X448 < DH3k < EC38 < EC52, and both sides always agree (Z-4.1.2-3). */
static void
test_speed_order (void)
{
  static const gchar *order[] = { "DH2k", "X255", "EC25", "X448", "DH3k", "EC38", "EC52" };
  ZrtpAlgorithmList a, b;

  for (guint i = 0; i < G_N_ELEMENTS (order); i++) {
    for (guint j = i + 1; j < G_N_ELEMENTS (order); j++) {
      gchar *one = g_strconcat (order[i], order[j], NULL), *two = g_strconcat (order[j], order[i], NULL);

      test_list (&a, one);
      test_list (&b, two);
      g_assert_cmpstr (zrtp_negotiate_key_agreement (&a, &b)->name, ==, order[i]);
      g_assert_cmpstr (zrtp_negotiate_key_agreement (&b, &a)->name, ==, order[i]);
      /* Alone common: the order does not matter. */
      test_list (&a, two);
      g_assert_cmpstr (zrtp_negotiate_key_agreement (&a, &b)->name, ==, order[j]);
      g_free (one);
      g_free (two);
    }
  }
}

/* Random lists, repeats and unknown names among them: both sides arrive at the same key agreement, which both
 * have or which is DH3k (Z-4.1.2-2, Z-5.2-16, Z-5.1-2). */
static void
test_symmetry (void)
{
  static const gchar *names[] = { "DH2k", "X255", "EC25", "X448", "DH3k", "EC38", "EC52", "Mult", "Prsh", "E414" };
  TestPrng prng = { 1 };

  for (guint round = 0; round < 20000; round++) {
    ZrtpAlgorithmList lists[2] = { 0 };
    const ZrtpKeyAgreement *one, *two;

    for (guint e = 0; e < 2; e++) {
      lists[e].count = test_prng_below (&prng, 8);
      for (guint i = 0; i < lists[e].count; i++)
        strcpy (lists[e].names[i], names[test_prng_below (&prng, G_N_ELEMENTS (names))]);
    }
    one = zrtp_negotiate_key_agreement (&lists[0], &lists[1]);
    two = zrtp_negotiate_key_agreement (&lists[1], &lists[0]);
    g_assert_nonnull (one);
    g_assert_true (one == two);
    for (guint e = 0; e < 2; e++)
      g_assert_true (strcmp (one->name, "DH3k") == 0 || zrtp_algorithm_list_contains (&lists[e], one->name));
  }
}

static void
make_offer (ZrtpOffer * offer, const gchar * hashes, const gchar * ciphers, const gchar * tags,
    const gchar * key_agreements, const gchar * sas)
{
  memset (offer, 0, sizeof *offer);
  test_list (&offer->hashes, hashes);
  test_list (&offer->ciphers, ciphers);
  test_list (&offer->auth_tags, tags);
  test_list (&offer->key_agreements, key_agreements);
  test_list (&offer->sas_types, sas);
}

/* Z-4.1.2-6, Z-5.1.5-7, -8: EC38 takes S384 with it, whatever order the lists have; Z-5.2-9: empty lists. */
static void
test_choice (void)
{
  ZrtpOffer own, peer;
  ZrtpChoice choice;

  make_offer (&own, "S256S384", "AES1AES3", "HS32HS80", "EC38DH3k", "B32 B256");
  make_offer (&peer, "S256S384", "AES1AES3", "HS80HS32", "EC38DH3k", "B256B32 ");
  zrtp_negotiate (&own, &peer, &choice);
  g_assert_cmpstr (choice.key_agreement, ==, "EC38");
  g_assert_cmpstr (choice.hash, ==, "S384");
  g_assert_cmpstr (choice.cipher, ==, "AES3");

  make_offer (&own, "", "", "", "", "");
  make_offer (&peer, "S384", "AES3", "HS32", "X255", "B256");
  zrtp_negotiate (&own, &peer, &choice);
  g_assert_cmpstr (choice.key_agreement, ==, "DH3k");
  g_assert_cmpstr (choice.hash, ==, "S256");
  g_assert_cmpstr (choice.cipher, ==, "AES1");
  g_assert_cmpstr (choice.auth_tag, ==, "HS32");
  g_assert_cmpstr (choice.sas, ==, "B32 ");

  /* EC38 without a common S384 cannot be used: the mandatory DH3k remains. */
  make_offer (&own, "S256S384", "AES1", "HS32", "EC38", "B32 ");
  make_offer (&peer, "S256", "AES1", "HS32", "EC38", "B32 ");
  zrtp_negotiate (&own, &peer, &choice);
  g_assert_false (strcmp (choice.key_agreement, "EC38") == 0 && strcmp (choice.hash, "S384") != 0);
}

/* Whatever both sides list, the choice is common to both (or mandatory) and fits together (Z-4.4.1.1-1). */
static void
test_choice_is_common (void)
{
  static const gchar *names[5][6] = {
    {"S256", "S384", "S512", "N256"}, {"AES1", "AES2", "AES3", "2FS1"}, {"HS32", "HS80", "GCM ", "SK32"},
    {"DH2k", "X255", "EC25", "X448", "EC38", "DH3k"}, {"B32 ", "B256", "B10D"}
  };
  static const guint n_names[5] = { 4, 4, 4, 6, 3 };
  static const gchar *mandatory[5] = { "S256", "AES1", "HS32HS80", "DH3k", "B32 " };
  TestPrng prng = { 2 };

  for (guint round = 0; round < 20000; round++) {
    ZrtpOffer offers[2] = { 0 };
    ZrtpChoice choice;
    const gchar *chosen[5] = { choice.hash, choice.cipher, choice.auth_tag, choice.key_agreement, choice.sas };

    for (guint e = 0; e < 2; e++) {
      ZrtpAlgorithmList *lists[5] = { &offers[e].hashes, &offers[e].ciphers, &offers[e].auth_tags,
        &offers[e].key_agreements, &offers[e].sas_types
      };

      for (guint kind = 0; kind < 5; kind++) {
        lists[kind]->count = test_prng_below (&prng, 5);
        for (guint i = 0; i < lists[kind]->count; i++)
          strcpy (lists[kind]->names[i], names[kind][test_prng_below (&prng, n_names[kind])]);
      }
    }
    zrtp_negotiate (&offers[0], &offers[1], &choice);
    for (guint kind = 0; kind < 5; kind++) {
      for (guint e = 0; e < 2; e++) {
        ZrtpAlgorithmList *lists[5] = { &offers[e].hashes, &offers[e].ciphers, &offers[e].auth_tags,
          &offers[e].key_agreements, &offers[e].sas_types
        };

        g_assert_true (zrtp_algorithm_list_contains (lists[kind], chosen[kind])
            || strstr (mandatory[kind], chosen[kind]));
      }
    }
    g_assert_nonnull (zrtp_hash_find (choice.hash));
    g_assert_nonnull (zrtp_cipher_find (choice.cipher));
    g_assert_nonnull (zrtp_auth_tag_find (choice.auth_tag));
    g_assert_nonnull (zrtp_sas_type_find (choice.sas));
    for (guint e = 0; e < 2; e++)
      g_assert_cmphex (zrtp_check_choice (&offers[e], NULL, &choice), ==, 0);
    if (strcmp (choice.key_agreement, "EC38") == 0)
      g_assert_cmpstr (choice.hash, !=, "S256");
  }
}

static guint32
check_choice (const ZrtpOffer * own, const gchar * names)
{
  ZrtpChoice choice = { 0 };
  gchar *chosen[5] = { choice.hash, choice.cipher, choice.auth_tag, choice.key_agreement, choice.sas };

  for (guint i = 0; i < 5; i++)
    memcpy (chosen[i], names + 4 * i, 4);
  return zrtp_check_choice (own, NULL, &choice);
}

/* Z-4.1.2-9, Z-5.4-4, Z-5.1.5-7: what a responder takes, and the code for what it does not. */
static void
test_check_choice (void)
{
  ZrtpOffer own;

  make_offer (&own, "S384", "AES3", "HS80", "EC38X255Mult", "B256");
  g_assert_cmphex (check_choice (&own, "S384AES3HS80EC38B256"), ==, 0);
  /* Mandatory ones count as offered, and any order of preference is fine. */
  g_assert_cmphex (check_choice (&own, "S256AES1HS32DH3kB32 "), ==, 0);
  g_assert_cmphex (check_choice (&own, "S256AES1HS32X255B32 "), ==, 0);
  g_assert_cmphex (check_choice (&own, "S256AES1HS32MultB10D"), ==, 0);
  g_assert_cmphex (check_choice (&own, "S512AES1HS32X255B32 "), ==, ZRTP_ERROR_HASH);
  g_assert_cmphex (check_choice (&own, "S256AES2HS32X255B32 "), ==, ZRTP_ERROR_CIPHER);
  g_assert_cmphex (check_choice (&own, "S256AES1GCM X255B32 "), ==, ZRTP_ERROR_AUTH_TAG);
  g_assert_cmphex (check_choice (&own, "S256AES1HS32EC25B32 "), ==, ZRTP_ERROR_KEY_AGREEMENT);
  g_assert_cmphex (check_choice (&own, "S256AES1HS32E414B32 "), ==, ZRTP_ERROR_KEY_AGREEMENT);
  g_assert_cmphex (check_choice (&own, "S256AES1HS32X255B10D"), ==, ZRTP_ERROR_SAS);
  g_assert_cmphex (check_choice (&own, "S256AES3HS32EC38B32 "), ==, ZRTP_ERROR_HASH);
}

/* B3: a floor refuses even what is mandatory. */
static void
test_floor (void)
{
  ZrtpOffer own, allowed;
  ZrtpChoice choice = { "S256", "AES1", "HS32", "DH3k", "B32 " };

  make_offer (&own, "S384", "AES3", "HS80", "EC38X255Mult", "B256");
  make_offer (&allowed, "", "", "", "", "");
  g_assert_cmphex (zrtp_check_choice (&own, &allowed, &choice), ==, 0);
  make_offer (&allowed, "S256", "AES1", "HS32", "DH3k", "B32 ");
  g_assert_cmphex (zrtp_check_choice (&own, &allowed, &choice), ==, 0);
  make_offer (&allowed, "S384", "", "", "", "");
  g_assert_cmphex (zrtp_check_choice (&own, &allowed, &choice), ==, ZRTP_ERROR_HASH);
  make_offer (&allowed, "", "AES3", "", "", "");
  g_assert_cmphex (zrtp_check_choice (&own, &allowed, &choice), ==, ZRTP_ERROR_CIPHER);
  make_offer (&allowed, "", "", "HS80", "", "");
  g_assert_cmphex (zrtp_check_choice (&own, &allowed, &choice), ==, ZRTP_ERROR_AUTH_TAG);
  make_offer (&allowed, "", "", "", "X255", "");
  g_assert_cmphex (zrtp_check_choice (&own, &allowed, &choice), ==, ZRTP_ERROR_KEY_AGREEMENT);
  make_offer (&allowed, "", "", "", "", "B256");
  g_assert_cmphex (zrtp_check_choice (&own, &allowed, &choice), ==, ZRTP_ERROR_SAS);
}

/* Z-5.1.2-1, Z-5.1.3-1, Z-5.1.4-1, Z-5.1.5-1, Z-5.1.6-1, and sizes of section 5.1's tables. */
static void
test_tables (void)
{
  static const struct
  {
    const gchar *name;
    guint public_len, result_len;
  } key_agreements[] = {
    {"DH3k", 384, 384}, {"DH2k", 256, 256}, {"EC25", 64, 32}, {"EC38", 96, 48}, {"EC52", 132, 66}, {"X255", 32, 32},
    {"X448", 56, 56}
  };

  for (guint i = 0; i < G_N_ELEMENTS (key_agreements); i++) {
    const ZrtpKeyAgreement *found = zrtp_key_agreement_find (key_agreements[i].name);

    g_assert_nonnull (found);
    g_assert_cmpstr (found->name, ==, key_agreements[i].name);
    g_assert_cmpuint (found->public_len, ==, key_agreements[i].public_len);
    g_assert_cmpuint (found->result_len, ==, key_agreements[i].result_len);
  }
  g_assert_null (zrtp_key_agreement_find ("Mult"));
  g_assert_null (zrtp_key_agreement_find ("Prsh"));
  g_assert_null (zrtp_key_agreement_find ("EC24"));
  g_assert_cmpuint (zrtp_hash_find ("S256")->length, ==, 32);
  g_assert_cmpuint (zrtp_hash_find ("S384")->length, ==, 48);
  g_assert_null (zrtp_hash_find ("s256"));
  g_assert_cmpuint (zrtp_cipher_find ("AES1")->key_len, ==, 16);
  g_assert_cmpuint (zrtp_cipher_find ("AES2")->key_len, ==, 24);
  g_assert_cmpuint (zrtp_cipher_find ("AES3")->key_len, ==, 32);
  g_assert_cmpuint (zrtp_auth_tag_find ("HS32")->tag_len, ==, 4);
  g_assert_cmpuint (zrtp_auth_tag_find ("HS80")->tag_len, ==, 10);
  g_assert_cmpuint (zrtp_auth_tag_find ("HS80")->salt_len, ==, 14);
  g_assert_cmpuint (zrtp_auth_tag_find ("GCM ")->salt_len, ==, 12);
  g_assert_true (zrtp_auth_tag_find ("GCM ")->aead);
}

/* Lists as people write them. Z-5.2-12: the mandatory names and Mult are always there; Z-5.2-16: repeats are not.
 * (Z-5.2-10) */
static void
test_list_parse (void)
{
  ZrtpAlgorithmList list;
  GError *error = NULL;
  gchar *text;

  g_assert_true (zrtp_algorithm_list_parse (ZRTP_ALGORITHM_KEY_AGREEMENT, "X255, EC25,X255", &list, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (list.names[0], ==, "X255");
  g_assert_cmpstr (list.names[1], ==, "EC25");
  g_assert_true (zrtp_algorithm_list_contains (&list, "DH3k"));
  g_assert_true (zrtp_algorithm_list_contains (&list, "Mult"));
  g_assert_cmpuint (list.count, ==, 4);

  g_assert_true (zrtp_algorithm_list_parse (ZRTP_ALGORITHM_SAS, "B256,B32", &list, &error));
  g_assert_cmpstr (list.names[1], ==, "B32 ");
  text = zrtp_algorithm_list_to_string (&list);
  g_assert_cmpstr (text, ==, "B256,B32");
  g_free (text);

  g_assert_true (zrtp_algorithm_list_parse (ZRTP_ALGORITHM_AUTH_TAG, "GCM", &list, &error));
  g_assert_true (zrtp_algorithm_list_contains (&list, "HS32") && zrtp_algorithm_list_contains (&list, "HS80"));

  g_assert_false (zrtp_algorithm_list_parse (ZRTP_ALGORITHM_HASH, "S256,MD5", &list, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "S256"));
  g_assert_nonnull (strstr (error->message, "S384"));
  g_clear_error (&error);
  /* Case matters. */
  g_assert_false (zrtp_algorithm_list_parse (ZRTP_ALGORITHM_CIPHER, "aes1", &list, &error));
  g_clear_error (&error);

  for (guint kind = 0; kind <= ZRTP_ALGORITHM_SAS; kind++) {
    gchar *known = zrtp_algorithm_known (kind);

    g_assert_true (zrtp_algorithm_list_parse (kind, zrtp_algorithm_defaults (kind), &list, &error));
    g_assert_no_error (error);
    g_assert_cmpuint (list.count, >, 0);
    g_assert_cmpuint (strlen (known), >, 0);
    g_free (known);
  }
  /* Z-5.1.5-11, -14: EC52 and DH2k are not offered unless asked for. */
  g_assert_null (strstr (zrtp_algorithm_defaults (ZRTP_ALGORITHM_KEY_AGREEMENT), "EC52"));
  g_assert_null (strstr (zrtp_algorithm_defaults (ZRTP_ALGORITHM_KEY_AGREEMENT), "DH2k"));
}

/* Z-5.1.6-3, -4, -5. */
static void
test_sas_rendering (void)
{
  JsonObject *root = vector_load ("sas_rendering.json");
  JsonArray *rows = json_object_get_array_member (root, "rows");

  g_assert_cmpuint (json_array_get_length (rows), >, 0);
  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonObject *row = json_array_get_object_element (rows, i);
    JsonArray *words = json_object_get_array_member (row, "b256");
    Octets value = vector_octets (row, "sasvalue");
    gchar *expected = g_strdup_printf ("%s %s", json_array_get_string_element (words, 0),
        json_array_get_string_element (words, 1));
    guint8 sashash[ZRTP_SASHASH_LEN];
    gchar text[64];

    /* The rest of the sashash has no part in it. */
    memset (sashash, i * 7, sizeof sashash);
    memcpy (sashash, value.data, 4);
    zrtp_sas_render_b32 (sashash, text, sizeof text);
    g_assert_cmpstr (text, ==, json_object_get_string_member (row, "b32"));
    zrtp_sas_render_b256 (sashash, text, sizeof text);
    g_assert_cmpstr (text, ==, expected);
    zrtp_sas_type_find ("B32 ")->render (sashash, text, sizeof text);
    g_assert_cmpstr (text, ==, json_object_get_string_member (row, "b32"));
    g_free (expected);
  }
  json_object_unref (root);
}

/* Z-5.1.6-4: the whole word list. */
static void
test_word_list (void)
{
  JsonObject *root = vector_load ("pgp_wordlist.json");
  JsonArray *even = json_object_get_array_member (root, "even"), *odd = json_object_get_array_member (root, "odd");

  g_assert_cmpuint (json_array_get_length (even), ==, 256);
  g_assert_cmpuint (json_array_get_length (odd), ==, 256);
  for (guint i = 0; i < 256; i++) {
    guint8 sashash[ZRTP_SASHASH_LEN] = { i, 255 - i };
    gchar *expected = g_strdup_printf ("%s %s", json_array_get_string_element (even, i),
        json_array_get_string_element (odd, 255 - i));
    gchar text[64];

    zrtp_sas_render_b256 (sashash, text, sizeof text);
    g_assert_cmpstr (text, ==, expected);
    g_free (expected);
  }
  json_object_unref (root);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/algorithms/key-agreement-table", test_key_agreement_table);
  g_test_add_func ("/algorithms/speed-order", test_speed_order);
  g_test_add_func ("/algorithms/symmetry", test_symmetry);
  g_test_add_func ("/algorithms/choice", test_choice);
  g_test_add_func ("/algorithms/choice-is-common", test_choice_is_common);
  g_test_add_func ("/algorithms/check-choice", test_check_choice);
  g_test_add_func ("/algorithms/floor", test_floor);
  g_test_add_func ("/algorithms/tables", test_tables);
  g_test_add_func ("/algorithms/list-parse", test_list_parse);
  g_test_add_func ("/algorithms/sas-rendering", test_sas_rendering);
  g_test_add_func ("/algorithms/word-list", test_word_list);
  return g_test_run ();
}
