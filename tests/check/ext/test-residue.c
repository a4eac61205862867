/* test-residue.c: no copy of a secret stays behind in the heap, the stack or static data (Z-15-2,
 * Z-4.4.1.4-5).
 *
 * Looks through all memory of the process that can be written. What it looks for it keeps with all bits
 * flipped, so as not to find its own copy.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>
#include <string.h>

#include "ext/gmp/gmp_dh.h"
#include "ext/nettle/nettle.h"
#include "ext/nettle/random-private.h"

/* 16 octets out of a secret, with all bits flipped. Found forwards (as on the wire) or backwards (as in
 * limbs). */
#define PATTERN 16

static guint8 pattern[PATTERN];

static void
pattern_set (const guint8 * octets)
{
  for (guint i = 0; i < PATTERN; i++)
    pattern[i] = octets[i] ^ 0xff;
}

static guint
count_in (const guint8 * start, const guint8 * end)
{
  guint found = 0;

  for (const guint8 * at = start; at + PATTERN <= end; at++) {
    guint forwards = 0, backwards = 0;

    while (forwards < PATTERN && (at[forwards] ^ pattern[forwards]) == 0xff)
      forwards++;
    while (backwards < PATTERN && (at[backwards] ^ pattern[PATTERN - 1 - backwards]) == 0xff)
      backwards++;
    found += forwards == PATTERN || backwards == PATTERN;
  }
  return found;
}

static guint
count_in_memory (void)
{
  FILE *maps = fopen ("/proc/self/maps", "r");
  gchar line[512];
  guint found = 0;

  g_assert_nonnull (maps);
  while (fgets (line, sizeof (line), maps)) {
    gulong start, end;
    gchar rights[5];

    g_assert_cmpint (sscanf (line, "%lx-%lx %4s", &start, &end, rights), ==, 3);
    if (rights[0] == 'r' && rights[1] == 'w')
      found += count_in ((const guint8 *) start, (const guint8 *) end);
  }
  fclose (maps);
  return found;
}

static void
check_agreement (const ZrtpKeyAgreement * agreement, guint bits)
{
  g_autofree guint8 *secret = g_malloc (agreement->secret_len);
  g_autofree guint8 *result = g_malloc (agreement->result_len);
  guint8 peer_secret[ZRTP_SECRET_MAX_LEN], pv[ZRTP_PUBLIC_MAX_LEN], peer_pv[ZRTP_PUBLIC_MAX_LEN];

  g_assert_true (agreement->generate (zrtp_random_default (), bits, peer_secret, peer_pv));
  g_assert_true (agreement->generate (zrtp_random_default (), bits, secret, pv));

  /* That this can find something: one copy is the caller's own. */
  pattern_set (secret + agreement->secret_len - 24);
  g_assert_cmpuint (count_in_memory (), ==, 1);
  g_assert_true (agreement->agree (secret, peer_pv, result));
  zrtp_wipe (secret, agreement->secret_len);
  g_test_message ("%s %u, secret", agreement->name, bits);
  g_assert_cmpuint (count_in_memory (), ==, 0);

  pattern_set (result + agreement->result_len / 2 - PATTERN / 2);
  g_test_message ("%s %u, result", agreement->name, bits);
  g_assert_cmpuint (count_in_memory (), ==, 1);
  zrtp_wipe (result, agreement->result_len);
  g_assert_cmpuint (count_in_memory (), ==, 0);
}

static void
test_key_agreements (void)
{
  check_agreement (&zrtp_x25519, 256);
  check_agreement (&zrtp_x448, 256);
  check_agreement (&zrtp_p256, 256);
  check_agreement (&zrtp_p384, 256);
  check_agreement (&zrtp_p521, 256);
  check_agreement (&zrtp_dh2k, 256);
  check_agreement (&zrtp_dh3k, 256);
  check_agreement (&zrtp_dh3k, 512);
}

/* What was drawn is nowhere but with the caller, and a seed nowhere at all. */
static gboolean
seed_and_remember (gpointer user_data, guint8 * out, gsize len)
{
  for (gsize i = 0; i < len; i++)
    out[i] = 0x35 + 73 * i;
  pattern_set (out);
  return TRUE;
}

static void
test_random (void)
{
  ZrtpRandom *random = zrtp_random_new (seed_and_remember, NULL);
  guint8 drawn[100];

  g_assert_true (random->fill (random, ZRTP_RANDOM_OTHER, drawn, sizeof (drawn)));
  g_assert_cmpuint (count_in_memory (), ==, 0);
  for (guint start = 0; start + PATTERN <= sizeof (drawn); start += 4) {
    pattern_set (drawn + start);
    g_assert_cmpuint (count_in_memory (), ==, 1);
  }
  pattern_set (drawn);
  zrtp_wipe (drawn, sizeof (drawn));
  g_assert_cmpuint (count_in_memory (), ==, 0);
  zrtp_random_free (random);
}

/* Keys of HMAC and cipher, and the key as HMAC's inner and outer pads hold it. */
static void
test_keyed (void)
{
  const ZrtpHash *hashes[] = { &zrtp_sha256, &zrtp_sha384, &zrtp_sha512 };
  const ZrtpCipher *ciphers[] = { &zrtp_aes128, &zrtp_aes192, &zrtp_aes256 };
  static const guint8 iv[16];
  guint8 out[ZRTP_HASH_MAX_LEN], data[40] = { 0 }, key[32];

  for (guint i = 0; i < 2 * G_N_ELEMENTS (hashes); i++) {
    const ZrtpPart parts[] = { {data, sizeof (data)}, {key, sizeof (key)} };

    g_assert_true (zrtp_random_default ()->fill (zrtp_random_default (), ZRTP_RANDOM_OTHER, key, sizeof (key)));
    pattern_set (key);
    if (i < G_N_ELEMENTS (hashes)) {
      hashes[i]->hmac (key, sizeof (key), parts, 2, out);
      hashes[i]->digest (parts, 2, out);
    } else {
      ciphers[i - G_N_ELEMENTS (hashes)]->cfb_encrypt (key, iv, data, sizeof (data));
      ciphers[i - G_N_ELEMENTS (hashes)]->cfb_decrypt (key, iv, data, sizeof (data));
    }
    g_assert_cmpuint (count_in_memory (), ==, 1);
    zrtp_wipe (key, sizeof (key));
    for (guint flip = 0; flip < 3; flip++) {
      static const guint8 pads[] = { 0, 0x36, 0x36 ^ 0x5c };

      for (guint j = 0; j < PATTERN; j++)
        pattern[j] ^= pads[flip];
      g_assert_cmpuint (count_in_memory (), ==, 0);
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ext/residue/key-agreements", test_key_agreements);
  g_test_add_func ("/ext/residue/random", test_random);
  g_test_add_func ("/ext/residue/keyed", test_keyed);
  return g_test_run ();
}
