/* test-hash.c: digests and HMACs against published values and against GLib's own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "ext/nettle/nettle.h"
#include "support.h"

static const struct
{
  const ZrtpHash *hash;
  const gchar *name;
  guint length;
  GChecksumType checksum;
  const gchar *abc;             /* FIPS 180-2 appendices B.1, D.1, C.1 */
} hashes[] = {
  {&zrtp_sha256, "S256", 32, G_CHECKSUM_SHA256,
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
  {&zrtp_sha384, "S384", 48, G_CHECKSUM_SHA384,
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
  {&zrtp_sha512, "S512", 64, G_CHECKSUM_SHA512,
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
};

/* Z-5.1.2-1, Z-5.1.2-2. */
static void
test_digest (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (hashes); i++) {
    const ZrtpPart whole[] = { {"abc", 3} };
    const ZrtpPart pieces[] = { {"a", 1}, {"", 0}, {NULL, 0}, {"bc", 2} };
    g_autofree guint8 *expected = octets_from_hex (hashes[i].abc, NULL);
    guint8 out[ZRTP_HASH_MAX_LEN];

    g_assert_cmpstr (hashes[i].hash->name, ==, hashes[i].name);
    g_assert_cmpuint (hashes[i].hash->length, ==, hashes[i].length);
    hashes[i].hash->digest (whole, 1, out);
    g_assert_cmpmem (out, hashes[i].length, expected, hashes[i].length);
    memset (out, 0, sizeof (out));
    hashes[i].hash->digest (pieces, 4, out);
    g_assert_cmpmem (out, hashes[i].length, expected, hashes[i].length);
  }
}

/* Another implementation, over block boundaries of all sizes, with keys shorter and longer than a block. */
static void
test_against_glib (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (hashes); i++) {
    guint8 data[300], out[ZRTP_HASH_MAX_LEN + 1], expected[ZRTP_HASH_MAX_LEN];

    for (guint n = 0; n < sizeof (data); n++)
      data[n] = g_test_rand_int_range (0, 256);
    for (guint len = 0; len <= sizeof (data); len++) {
      guint cut = g_test_rand_int_range (0, len + 1);
      guint key_len = g_test_rand_int_range (0, sizeof (data) + 1);
      const ZrtpPart parts[] = { {data, cut}, {data + cut, len - cut} };
      g_autoptr (GChecksum) checksum = g_checksum_new (hashes[i].checksum);
      g_autoptr (GHmac) hmac = g_hmac_new (hashes[i].checksum, data, key_len);
      gsize expected_len = sizeof (expected);

      out[hashes[i].length] = 0xa5;
      g_checksum_update (checksum, data, len);
      g_checksum_get_digest (checksum, expected, &expected_len);
      hashes[i].hash->digest (parts, 2, out);
      g_assert_cmpmem (out, hashes[i].length, expected, expected_len);

      expected_len = sizeof (expected);
      g_hmac_update (hmac, data, len);
      g_hmac_get_digest (hmac, expected, &expected_len);
      hashes[i].hash->hmac (data, key_len, parts, 2, out);
      g_assert_cmpmem (out, hashes[i].length, expected, expected_len);
      g_assert_cmpuint (out[hashes[i].length], ==, 0xa5);
    }
  }
}

static void
test_rfc4231 (void)
{
  g_autoptr (JsonParser) parser = NULL;
  JsonArray *cases = json_object_get_array_member (vectors_load ("hmac_sha2_rfc4231.json", &parser), "cases");

  g_assert_cmpuint (json_array_get_length (cases), ==, 7);
  for (guint i = 0; i < json_array_get_length (cases); i++) {
    JsonObject *row = json_array_get_object_element (cases, i);
    gsize key_len, data_len, len256, len384;
    g_autofree guint8 *key = octets_from_member (row, "key", &key_len);
    g_autofree guint8 *data = octets_from_member (row, "data", &data_len);
    g_autofree guint8 *hmac256 = octets_from_member (row, "hmac_sha256", &len256);
    g_autofree guint8 *hmac384 = octets_from_member (row, "hmac_sha384", &len384);
    const ZrtpPart parts[] = { {data, data_len} };
    guint8 out[ZRTP_HASH_MAX_LEN];

    zrtp_sha256.hmac (key, key_len, parts, 1, out);
    g_assert_cmpmem (out, 32, hmac256, len256);
    zrtp_sha384.hmac (key, key_len, parts, 1, out);
    g_assert_cmpmem (out, 48, hmac384, len384);
  }
}

/* The HMAC beneath the KDF (Z-4.5.1-3, Z-4.5.1-4); the input's layout is the key schedule's to test. */
static void
test_kdf_hmac (void)
{
  g_autoptr (JsonParser) parser = NULL;
  JsonArray *rows = json_object_get_array_member (vectors_load ("zrtp_kdf.json", &parser), "rows");

  g_assert_cmpuint (json_array_get_length (rows), >, 0);
  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonObject *row = json_array_get_object_element (rows, i);
    const gchar *name = json_object_get_string_member (row, "hash");
    const ZrtpHash *hash = g_str_equal (name, "S256") ? &zrtp_sha256 : &zrtp_sha384;
    gsize key_len, input_len, output_len;
    g_autofree guint8 *key = octets_from_member (row, "KI", &key_len);
    g_autofree guint8 *input = octets_from_member (row, "hmac_input", &input_len);
    g_autofree guint8 *output = octets_from_member (row, "output", &output_len);
    const ZrtpPart parts[] = { {input, input_len} };
    guint8 out[ZRTP_HASH_MAX_LEN];

    g_assert_cmpstr (hash->name, ==, name);
    hash->hmac (key, key_len, parts, 1, out);
    g_assert_cmpmem (out, output_len, output, output_len);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ext/hash/digest", test_digest);
  g_test_add_func ("/ext/hash/against-glib", test_against_glib);
  g_test_add_func ("/ext/hash/rfc4231", test_rfc4231);
  g_test_add_func ("/ext/hash/kdf-hmac", test_kdf_hmac);
  return g_test_run ();
}
