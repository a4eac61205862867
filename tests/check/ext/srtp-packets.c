/* srtp-packets.c: keys for every algorithm, packets, and receivers for the tests of SRTP.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "srtp-packets.h"

#include <string.h>

/* Every algorithm that a call can agree on. */
static const struct
{
  const gchar *name;
  guint key_len, salt_len, tag_len;
  gboolean aead;
} algorithms[SRTP_N_ALGORITHMS] = {
  {"AES1-HS32", 16, 14, 4, FALSE}, {"AES1-HS80", 16, 14, 10, FALSE},
  {"AES2-HS32", 24, 14, 4, FALSE}, {"AES2-HS80", 24, 14, 10, FALSE},
  {"AES3-HS32", 32, 14, 4, FALSE}, {"AES3-HS80", 32, 14, 10, FALSE},
  {"AES1-GCM", 16, 12, 16, TRUE}, {"AES3-GCM", 32, 12, 16, TRUE},
};

void
make_keys (ZrtpSrtpKeys * keys, guint algorithm)
{
  guint i;

  memset (keys, 0, sizeof *keys);
  keys->key_len = algorithms[algorithm].key_len;
  keys->salt_len = algorithms[algorithm].salt_len;
  keys->tag_len = algorithms[algorithm].tag_len;
  keys->aead = algorithms[algorithm].aead;
  for (i = 0; i < keys->key_len; i++)
    keys->key[i] = 0x40 + 7 * i;
  for (i = 0; i < keys->salt_len; i++)
    keys->salt[i] = 0xc0 - 5 * i;
}

gboolean
skip_unsupported (const ZrtpSrtpKeys * keys)
{
  if (zrtp_srtp_supports (keys->key_len, keys->aead))
    return FALSE;
  g_assert_cmpuint (keys->key_len, ==, 24);
  g_assert_cmpstr (TEST_BACKEND, !=, "nettle");
  g_assert_null (zrtp_srtp_new (ZRTP_SRTP_SENDER, keys, NULL));
  g_test_skip ("this libsrtp2 derives wrong session keys for AES-192");
  return TRUE;
}

ZrtpSrtp *
make_context (ZrtpSrtpRole role, const ZrtpSrtpKeys * keys)
{
  GError *error = NULL;
  ZrtpSrtp *srtp = zrtp_srtp_new (role, keys, &error);

  g_assert_no_error (error);
  g_assert_nonnull (srtp);
  return srtp;
}

static void
put_u32 (guint8 * at, guint32 value)
{
  value = GUINT32_TO_BE (value);
  memcpy (at, &value, 4);
}

gsize
make_rtp (guint8 * packet, guint32 ssrc, guint16 seq, guint csrcs, gint extension, gsize payload_len)
{
  gsize len = 12, i;

  packet[0] = 0x80 | csrcs | (extension >= 0 ? 0x10 : 0);
  packet[1] = 96;
  packet[2] = seq >> 8;
  packet[3] = seq & 0xff;
  put_u32 (packet + 4, seq * 960u);
  put_u32 (packet + 8, ssrc);
  for (i = 0; i < csrcs; i++, len += 4)
    put_u32 (packet + len, 0x1000 + i);
  if (extension >= 0) {
    put_u32 (packet + len, 0xabac0000u | extension);
    memset (packet + len + 4, 0x55, extension * 4);
    len += 4 + extension * 4;
  }
  for (i = 0; i < payload_len; i++)
    packet[len + i] = i * 3 + seq;
  return len + payload_len;
}

gsize
make_rtcp (guint8 * packet, guint32 ssrc, gsize words)
{
  gsize i;

  put_u32 (packet, 0x80c90000u | (guint32) (words + 1));
  put_u32 (packet + 4, ssrc);
  for (i = 0; i < words * 4; i++)
    packet[8 + i] = 0x20 + i;
  return 8 + words * 4;
}

ZrtpSrtpResult
receive (ZrtpSrtp * srtp, UnprotectFunc unprotect, const guint8 * packet, gsize len, const guint8 * clear,
    gsize clear_len)
{
  guint8 *copy = g_memdup2 (packet, len);
  gsize new_len = len;
  ZrtpSrtpResult result;

  if (!copy)
    copy = g_malloc (1);
  result = unprotect (srtp, copy, &new_len);
  if (result == ZRTP_SRTP_OK && clear)
    g_assert_cmpmem (copy, new_len, clear, clear_len);
  g_free (copy);
  return result;
}

ZrtpSrtpResult
receive_rtp (ZrtpSrtp * srtp, const guint8 * packet, gsize len)
{
  return receive (srtp, zrtp_srtp_unprotect, packet, len, NULL, 0);
}

ZrtpSrtpResult
receive_rtcp (ZrtpSrtp * srtp, const guint8 * packet, gsize len)
{
  return receive (srtp, zrtp_srtp_unprotect_rtcp, packet, len, NULL, 0);
}

void
add_srtp_test (const gchar * name, GTestDataFunc func)
{
  for (guint i = 0; i < SRTP_N_ALGORITHMS; i++) {
    gchar *path = g_strdup_printf ("/srtp/%s/%s", name, algorithms[i].name);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), func);
    g_free (path);
  }
}
