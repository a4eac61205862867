/* test-srtp-shared.c: libsrtp2 for the others in a process who use it directly, as srtpenc and srtpdec do.
 *
 * Our replacement of its algorithms is theirs too: what we do not use of them must work as well.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include <srtp2/crypto_types.h>
#include <srtp2/srtp.h>

#include "ext/srtp2/srtp.h"
#include "srtp-model.h"

#define SSRC 0x5501a0b2u

static const guint8 header[12] = { 0x80, 96, 0x12, 0x34, 0, 0, 0x10, 0x20, 0x55, 0x01, 0xa0, 0xb2 };

static void
make_keys (ZrtpSrtpKeys * keys, guint key_len, gboolean aead)
{
  guint i;

  memset (keys, 0, sizeof *keys);
  keys->key_len = key_len;
  keys->salt_len = aead ? 12 : 14;
  keys->tag_len = aead ? 16 : 10;
  keys->aead = aead;
  for (i = 0; i < key_len; i++)
    keys->key[i] = 3 * i + 1;
  for (i = 0; i < keys->salt_len; i++)
    keys->salt[i] = 0xe0 + i;
}

static void
make_policy (srtp_policy_t * policy, const ZrtpSrtpKeys * keys, guint8 * master)
{
  memset (policy, 0, sizeof *policy);
  memcpy (master, keys->key, keys->key_len);
  memcpy (master + keys->key_len, keys->salt, keys->salt_len);
  if (keys->aead && keys->key_len == 16)
    srtp_crypto_policy_set_aes_gcm_128_16_auth (&policy->rtp);
  else if (keys->aead)
    srtp_crypto_policy_set_aes_gcm_256_16_auth (&policy->rtp);
  else if (keys->key_len == 16)
    srtp_crypto_policy_set_rtp_default (&policy->rtp);
  else
    srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 (&policy->rtp);
  policy->rtcp = policy->rtp;
  policy->ssrc.type = ssrc_specific;
  policy->ssrc.value = SSRC;
  policy->key = master;
}

static srtp_t
make_context (srtp_policy_t * policy)
{
  srtp_t context = NULL;

  g_assert_cmpint (srtp_create (&context, policy), ==, srtp_err_status_ok);
  return context;
}

/* Someone else has started the library before us, and starts it again after us. */
static void
test_started_by_others (void)
{
  ZrtpSrtpKeys keys;
  ZrtpSrtp *ours;
  srtp_t theirs, later;
  srtp_policy_t policy;
  guint8 master[64], packet[100] = { 0 }, expected[100] = { 0 };
  SrtpModel model;
  gsize len = 60, expected_len;
  int theirs_len;
  guint i;

  if (g_test_subprocess ()) {
    g_assert_cmpint (srtp_init (), ==, srtp_err_status_ok);
    make_keys (&keys, 16, FALSE);
    make_policy (&policy, &keys, master);
    theirs = make_context (&policy);
    ours = zrtp_srtp_new (ZRTP_SRTP_SENDER, &keys, NULL);
    g_assert_nonnull (ours);
    g_assert_cmpstr (zrtp_srtp_get_backend (), ==, TEST_BACKEND);
    srtp_init ();
    later = make_context (&policy);

    srtp_model_init (&model, &keys);
    memcpy (expected, header, sizeof header);
    expected_len = srtp_model_protect (&model, expected, len, 0);
    for (i = 0; i < 3; i++) {
      memset (packet, 0, sizeof packet);
      memcpy (packet, header, sizeof header);
      theirs_len = len = 60;
      if (i == 0)
        g_assert_cmpint (zrtp_srtp_protect (ours, packet, &len), ==, ZRTP_SRTP_OK);
      else
        g_assert_cmpint (srtp_protect (i == 1 ? theirs : later, packet, &theirs_len), ==, srtp_err_status_ok);
      g_assert_cmpmem (packet, i == 0 ? len : (gsize) theirs_len, expected, expected_len);
    }
    srtp_dealloc (theirs);
    srtp_dealloc (later);
    zrtp_srtp_free (ours);
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

/* Encrypted header extensions (RFC 6904) take the key stream in pieces of any length. */
static void
test_header_extensions (gconstpointer data)
{
  guint key_len = GPOINTER_TO_UINT (data);
  int ids[] = { 1, 3 };
  guint8 master[64], packet[400], clear[400], keystream[64];
  gsize at, len;
  srtp_policy_t policy;
  srtp_t sender, receiver;
  ZrtpSrtpKeys keys;
  guint id, i, seq;
  int packet_len;

  make_keys (&keys, key_len, FALSE);
  make_policy (&policy, &keys, master);
  policy.enc_xtn_hdr = ids;
  policy.enc_xtn_hdr_count = G_N_ELEMENTS (ids);
  sender = make_context (&policy);
  receiver = make_context (&policy);

  for (seq = 0; seq < 16; seq++) {
    /* Extensions 1 to 4 of one-octet headers (RFC 8285), 32 octets in all and no padding. */
    guint lens[4] = { seq + 1, 0, 1, 3 };

    memcpy (clear, header, sizeof header);
    clear[0] |= 0x10;
    clear[3] += seq;
    at = sizeof header;
    memcpy (clear + at, "\xbe\xde\0\x08", 4);
    at += 4;
    lens[1] = 32 - 4 - lens[0] - lens[2] - lens[3];
    if (lens[1] > 16) {
      lens[3] += lens[1] - 16;
      lens[1] = 16;
    }
    for (id = 1; id <= 4; id++) {
      clear[at++] = id << 4 | (lens[id - 1] - 1);
      for (i = 0; i < lens[id - 1]; i++)
        clear[at++] = 0x61 + i;
    }
    g_assert_cmpuint (at, ==, sizeof header + 4 + 32);
    memset (clear + at, 0x77, 50);
    len = at + 50;

    memcpy (packet, clear, len);
    packet_len = len;
    g_assert_cmpint (srtp_protect (sender, packet, &packet_len), ==, srtp_err_status_ok);
    srtp_model_extension_keystream (&keys, clear, 0, keystream, 32);
    at = sizeof header + 4;
    for (id = 1; id <= 4; id++) {
      g_assert_cmpuint (packet[at], ==, clear[at]);
      at++;
      for (i = 0; i < lens[id - 1]; i++, at++)
        g_assert_cmpuint (packet[at], ==,
            clear[at] ^ (id == 1 || id == 3 ? keystream[at - sizeof header - 4] : 0));
    }
    g_assert_cmpint (srtp_unprotect (receiver, packet, &packet_len), ==, srtp_err_status_ok);
    g_assert_cmpmem (packet, packet_len, clear, len);
  }
  srtp_dealloc (sender);
  srtp_dealloc (receiver);
}

/* SRTCP that AES-GCM authenticates and does not encrypt: all of it is associated data. */
static void
test_gcm (gconstpointer data)
{
  guint8 master[64], packet[400], clear[400], expected[400];
  srtp_policy_t policy;
  srtp_t sender, receiver;
  ZrtpSrtpKeys keys;
  SrtpModel model;
  gsize words, len, expected_len;
  int packet_len;

  make_keys (&keys, GPOINTER_TO_UINT (data), TRUE);
  srtp_model_init (&model, &keys);
  make_policy (&policy, &keys, master);
  policy.rtcp.sec_serv = sec_serv_auth;
  sender = make_context (&policy);
  receiver = make_context (&policy);
  for (words = 0; words < 40; words++) {
    len = 8 + 4 * words;
    memset (clear, 0x29, sizeof clear);
    memcpy (clear, "\x80\xc9\0\0\x55\x01\xa0\xb2", 8);
    memcpy (packet, clear, len);
    memcpy (expected, clear, len);
    expected_len = srtp_model_protect_rtcp (&model, expected, len, words + 1, FALSE);
    packet_len = len;
    g_assert_cmpint (srtp_protect_rtcp (sender, packet, &packet_len), ==, srtp_err_status_ok);
    g_assert_cmpmem (packet, packet_len, expected, expected_len);
    g_assert_cmpint (srtp_unprotect_rtcp (receiver, packet, &packet_len), ==, srtp_err_status_ok);
    g_assert_cmpmem (packet, packet_len, clear, len);
  }
  srtp_dealloc (sender);
  srtp_dealloc (receiver);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* First, since the process that it starts must not have used the library. */
  g_test_add_func ("/srtp-shared/started-by-others", test_started_by_others);
  if (!g_test_subprocess ())
    g_assert_cmpstr (zrtp_srtp_get_backend (), ==, TEST_BACKEND);
  g_test_add_data_func ("/srtp-shared/header-extensions/128", GUINT_TO_POINTER (16), test_header_extensions);
  g_test_add_data_func ("/srtp-shared/header-extensions/256", GUINT_TO_POINTER (32), test_header_extensions);
  g_test_add_data_func ("/srtp-shared/gcm/128", GUINT_TO_POINTER (16), test_gcm);
  g_test_add_data_func ("/srtp-shared/gcm/256", GUINT_TO_POINTER (32), test_gcm);
  return g_test_run ();
}
