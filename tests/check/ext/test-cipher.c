/* test-cipher.c: AES in CFB mode.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "ext/nettle/nettle.h"
#include "support.h"

static const ZrtpCipher *
cipher_for_key (gsize len)
{
  switch (len) {
    case 16:
      g_assert_cmpstr (zrtp_aes128.name, ==, "AES1");
      return &zrtp_aes128;
    case 24:
      g_assert_cmpstr (zrtp_aes192.name, ==, "AES2");
      return &zrtp_aes192;
    case 32:
      g_assert_cmpstr (zrtp_aes256.name, ==, "AES3");
      return &zrtp_aes256;
    default:
      g_assert_not_reached ();
  }
}

/* NIST SP 800-38A F.3.13 to F.3.18; any length in place, and not an octet further (Z-5.7-5). */
static void
test_cfb (void)
{
  g_autoptr (JsonParser) parser = NULL;
  JsonArray *rows = json_object_get_array_member (vectors_load ("aes_cfb128.json", &parser), "rows");

  g_assert_cmpuint (json_array_get_length (rows), ==, 3);
  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonObject *row = json_array_get_object_element (rows, i);
    gsize key_len, iv_len, plain_len, cipher_len, cut_len;
    g_autofree guint8 *key = octets_from_member (row, "key", &key_len);
    g_autofree guint8 *iv = octets_from_member (row, "iv", &iv_len);
    g_autofree guint8 *plain = octets_from_member (row, "plaintext", &plain_len);
    g_autofree guint8 *encrypted = octets_from_member (row, "ciphertext", &cipher_len);
    g_autofree guint8 *cut = octets_from_member (row, "first_40_octets", &cut_len);
    g_autofree guint8 *key_before = g_memdup2 (key, key_len);
    g_autofree guint8 *iv_before = g_memdup2 (iv, iv_len);
    const ZrtpCipher *cipher = cipher_for_key (key_len);

    g_assert_cmpuint (cipher->key_len, ==, key_len);
    g_assert_cmpuint (plain_len, ==, 64);
    g_assert_cmpuint (cut_len, ==, 40);
    for (gsize len = 0; len <= plain_len; len++) {
      /* A block of its own for each length, so that a sanitizer sees the first octet too many. */
      g_autofree guint8 *data = g_malloc (len + 1);

      memcpy (data, plain, len);
      data[len] = 0x5a;
      cipher->cfb_encrypt (key, iv, data, len);
      g_assert_cmpmem (data, len, encrypted, len);
      if (len == cut_len)
        g_assert_cmpmem (data, len, cut, cut_len);
      cipher->cfb_decrypt (key, iv, data, len);
      g_assert_cmpmem (data, len, plain, len);
      g_assert_cmpuint (data[len], ==, 0x5a);
    }
    g_assert_cmpmem (key, key_len, key_before, key_len);
    g_assert_cmpmem (iv, iv_len, iv_before, iv_len);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ext/cipher/cfb", test_cfb);
  return g_test_run ();
}
