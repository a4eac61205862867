/* test-srtp-index.c: which packet comes when: replays, wrapped sequence numbers, many SSRCs, the end of a key.
 *
 * Built twice: on Nettle's algorithms inside libsrtp2, and on libsrtp2's own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <malloc.h>
#include <string.h>

#include "srtp-model.h"
#include "srtp-packets.h"

/* Reordering inside the window is fine, a repeat is not, nor is what the window has left behind. */
static void
test_replay (gconstpointer data)
{
  guint8 packet[ROOM];
  ZrtpSrtp *receiver, *sender;
  ZrtpSrtpKeys keys;
  SrtpModel model;
  guint order[] = { 5000, 5003, 5001, 5002, 6000, 5004, 5500, 5999, 4990 };
  gsize len;
  guint i;

  make_keys (&keys, GPOINTER_TO_UINT (data));
  if (skip_unsupported (&keys))
    return;
  srtp_model_init (&model, &keys);
  receiver = make_context (ZRTP_SRTP_RECEIVER, &keys);
  for (i = 0; i < G_N_ELEMENTS (order); i++) {
    len = srtp_model_protect (&model, packet, make_rtp (packet, SSRC, order[i], 0, -1, 20), 0);
    g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_OK);
    g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_REPLAYED);
  }
  len = srtp_model_protect (&model, packet, make_rtp (packet, SSRC, 4000, 0, -1, 20), 0);
  g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_REPLAYED);

  len = srtp_model_protect_rtcp (&model, packet, make_rtcp (packet, SSRC, 4), 900, TRUE);
  g_assert_cmpint (receive_rtcp (receiver, packet, len), ==, ZRTP_SRTP_OK);
  g_assert_cmpint (receive_rtcp (receiver, packet, len), ==, ZRTP_SRTP_REPLAYED);
  len = srtp_model_protect_rtcp (&model, packet, make_rtcp (packet, SSRC, 4), 899, TRUE);
  g_assert_cmpint (receive_rtcp (receiver, packet, len), ==, ZRTP_SRTP_OK);
  len = srtp_model_protect_rtcp (&model, packet, make_rtcp (packet, SSRC, 4), 500, TRUE);
  g_assert_cmpint (receive_rtcp (receiver, packet, len), ==, ZRTP_SRTP_REPLAYED);
  zrtp_srtp_free (receiver);

  /* A sender never uses a key stream twice (attack F5). */
  sender = make_context (ZRTP_SRTP_SENDER, &keys);
  for (i = 0; i < 2; i++) {
    len = make_rtp (packet, SSRC, 7, 0, -1, 20);
    g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, i == 0 ? ZRTP_SRTP_OK : ZRTP_SRTP_REPLAYED);
  }
  zrtp_srtp_free (sender);
}

/* A call that starts just before the sequence numbers wrap, with losses over the wrap (Z-4.5.3-10, attack
 * F6). */
static void
check_wrap (ZrtpSrtpKeys * keys, guint first, guint lost_from, guint lost_to, guint forged)
{
  guint8 packet[ROOM], junk[ROOM];
  ZrtpSrtp *sender = make_context (ZRTP_SRTP_SENDER, keys);
  ZrtpSrtp *receiver = make_context (ZRTP_SRTP_RECEIVER, keys);
  gsize len;
  guint i;

  for (i = 0; i < forged; i++) {
    len = make_rtp (junk, SSRC + i, i, 0, -1, 60);
    g_assert_cmpint (receive_rtp (receiver, junk, len), ==, ZRTP_SRTP_FORGED);
  }
  for (i = first; i < first + 140000; i += i < first + 600 ? 1 : 97) {
    len = make_rtp (packet, SSRC, i & 0xffff, 0, -1, 20);
    g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, ZRTP_SRTP_OK);
    if (i < lost_from || i >= lost_to)
      g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_OK);
    if (i < lost_from || i >= lost_to)
      g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_REPLAYED);
  }
  zrtp_srtp_free (sender);
  zrtp_srtp_free (receiver);
}

static void
test_wrap (gconstpointer data)
{
  ZrtpSrtpKeys keys;

  make_keys (&keys, GPOINTER_TO_UINT (data));
  if (skip_unsupported (&keys))
    return;
  check_wrap (&keys, 65530, 0, 0, 0);
  check_wrap (&keys, 65530, 65531, 65731, 0);
  check_wrap (&keys, 0, 0, 0, 0);
  /* Not one packet from before the wrap arrives. libsrtp2's own AES-GCM may destroy what it refuses. */
  if (!keys.aead || g_str_equal (TEST_BACKEND, "nettle")) {
    check_wrap (&keys, 65530, 0, 65536, 0);
    check_wrap (&keys, 65530, 0, 65731, 20);
  }
}

/* The same for SSRCs that begin when others have verified already, RTCP of their own among that; and strangers cannot use up for good
 * what is tried. */
static void
test_wrap_later (gconstpointer data)
{
  guint8 packet[ROOM], junk[ROOM];
  ZrtpSrtp *sender, *receiver;
  ZrtpSrtpKeys keys;
  gsize len;
  guint i, j;

  make_keys (&keys, GPOINTER_TO_UINT (data));
  if (skip_unsupported (&keys) || (keys.aead && !g_str_equal (TEST_BACKEND, "nettle")))
    return;
  sender = make_context (ZRTP_SRTP_SENDER, &keys);
  receiver = make_context (ZRTP_SRTP_RECEIVER, &keys);
  for (i = 0; i < 4; i++) {
    if (i & 1) {
      len = make_rtcp (packet, SSRC + i, 6);
      g_assert_cmpint (zrtp_srtp_protect_rtcp (sender, packet, &len), ==, ZRTP_SRTP_OK);
      g_assert_cmpint (receive_rtcp (receiver, packet, len), ==, ZRTP_SRTP_OK);
    }
    for (j = 65530; j < 65540; j++) {
      len = make_rtp (packet, SSRC + i, j & 0xffff, 0, -1, 20);
      g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, ZRTP_SRTP_OK);
      if (j > 65537) {
        g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_OK);
        g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_REPLAYED);
      }
    }
    for (j = 0; j < 1000; j++) {
      len = make_rtp (junk, 0x70000000u + j, j, 0, -1, 60);
      g_assert_cmpint (receive_rtp (receiver, junk, len), ==, ZRTP_SRTP_FORGED);
    }
    /* What the next one lives on. */
    for (j = 0; j < 200; j++) {
      len = make_rtp (packet, SSRC + i, 100 + j, 0, -1, 20);
      g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, ZRTP_SRTP_OK);
      g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_OK);
    }
  }
  zrtp_srtp_free (sender);
  zrtp_srtp_free (receiver);
}

/* Somebody goes on for so many packets that the other one does not hear, be they lost or never sent; strangers take part. */
static void
check_gap (ZrtpSrtpKeys * keys, guint first, guint gap, gboolean silent, guint forged)
{
  guint8 packet[ROOM], junk[ROOM];
  ZrtpSrtp *sender = make_context (ZRTP_SRTP_SENDER, keys);
  ZrtpSrtp *receiver = make_context (ZRTP_SRTP_RECEIVER, keys);
  ZrtpSrtpStanding standing, heard;
  guint i, j, lost = 0;
  gsize len;

  for (i = first; i < first + gap + 1000; i++) {
    gboolean missed = i >= first + 10 && i < first + 10 + gap;

    len = make_rtp (packet, SSRC, i & 0xffff, 0, -1, 20);
    /* Of what is lost a part is enough to count on. */
    if (missed && (silent || i % 97))
      continue;
    if (zrtp_srtp_protect (sender, packet, &len) != ZRTP_SRTP_OK) {
      lost++;
      continue;
    }
    if (missed)
      continue;
    for (j = 0; j < forged; j++) {
      gsize junk_len = make_rtp (junk, SSRC, i + j, 0, -1, 60);

      g_assert_cmpint (receive_rtp (receiver, junk, junk_len), !=, ZRTP_SRTP_OK);
    }
    if (receive_rtp (receiver, packet, len) != ZRTP_SRTP_OK)
      lost++;
    else
      g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_REPLAYED);
  }
  g_assert_cmpuint (lost, <=, forged ? 400 : 8 + (silent ? 8 : 0));
  if (gap < 30000)
    g_assert_cmpuint (lost, ==, 0);
  zrtp_srtp_get_standing (sender, &standing);
  zrtp_srtp_get_standing (receiver, &heard);
  g_assert_cmpuint (standing.roc, ==, (first + gap + 999) >> 16);
  g_assert_cmpuint (heard.roc, ==, standing.roc);
  g_assert_cmpuint (heard.sequence, ==, (first + gap + 999) & 0xffff);
  zrtp_srtp_free (sender);
  zrtp_srtp_free (receiver);
}

static void
test_gap (gconstpointer data)
{
  static const guint firsts[] = { 10, 30000, 40000, 65000 };
  static const guint gaps[] = { 100, 29000, 33000, 45000, 65000, 70000, 110000, 200000 };
  ZrtpSrtpKeys keys;

  make_keys (&keys, GPOINTER_TO_UINT (data));
  if (skip_unsupported (&keys) || !g_str_equal (TEST_BACKEND, "nettle"))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (firsts); i++) {
    for (guint j = 0; j < G_N_ELEMENTS (gaps); j++)
      check_gap (&keys, firsts[i], gaps[j], FALSE, 0);
    check_gap (&keys, firsts[i], 45000, FALSE, 3);
    check_gap (&keys, firsts[i], 25000, TRUE, 0);
    check_gap (&keys, firsts[i], 45000, TRUE, 0);
    check_gap (&keys, firsts[i], 60000, TRUE, 0);
  }
}

/* Several SSRCs under one key; strangers' make nothing grow, and the peer's own no more than so much. */
static void
test_ssrcs (gconstpointer data)
{
  guint8 packet[ROOM];
  ZrtpSrtp *sender, *receiver;
  ZrtpSrtpKeys keys;
  gsize len, before;
  guint i, seq, ok = 0;

  make_keys (&keys, GPOINTER_TO_UINT (data));
  if (skip_unsupported (&keys))
    return;
  sender = make_context (ZRTP_SRTP_SENDER, &keys);
  receiver = make_context (ZRTP_SRTP_RECEIVER, &keys);
  for (seq = 1; seq < 20; seq++) {
    for (i = 0; i < 8; i++) {
      len = make_rtp (packet, SSRC + i, seq * (i + 1), 0, -1, 20);
      g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, ZRTP_SRTP_OK);
      g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_OK);
      g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_REPLAYED);
      len = make_rtcp (packet, SSRC + i, 6);
      g_assert_cmpint (zrtp_srtp_protect_rtcp (sender, packet, &len), ==, ZRTP_SRTP_OK);
      g_assert_cmpint (receive_rtcp (receiver, packet, len), ==, ZRTP_SRTP_OK);
    }
  }

  /* From the receiver's end on a stack buffer: nothing here allocates but what is under test, once the crypto library has what it
   * keeps. */
  for (i = 0; i < 100; i++) {
    len = make_rtp (packet, 0x60000000u + i, i, 0, -1, 40);
    g_assert_cmpint (zrtp_srtp_unprotect (receiver, packet, &len), ==, ZRTP_SRTP_FORGED);
  }
  before = mallinfo2 ().uordblks;
  for (i = 0; i < 20000; i++) {
    len = make_rtp (packet, 0x70000000u + i, i, 0, -1, 40);
    g_assert_cmpint (zrtp_srtp_unprotect (receiver, packet, &len), ==, ZRTP_SRTP_FORGED);
    len = make_rtcp (packet, 0x70000000u + i, 12);
    packet[len - 14] |= 0x80;
    packet[len - 4] |= 0x80;
    g_assert_cmpint (zrtp_srtp_unprotect_rtcp (receiver, packet, &len), ==, ZRTP_SRTP_FORGED);
  }
  g_assert_cmpuint (mallinfo2 ().uordblks, <=, before + 1024);

  for (i = 0; i < 2000; i++) {
    len = make_rtp (packet, SSRC + i, 30000, 0, -1, 20);
    if (zrtp_srtp_protect (sender, packet, &len) == ZRTP_SRTP_OK
        && receive_rtp (receiver, packet, len) == ZRTP_SRTP_OK)
      ok++;
  }
  g_assert_cmpuint (ok, >=, 100);
  g_assert_cmpuint (ok, <, 1000);
  g_assert_cmpuint (mallinfo2 ().uordblks, <=, before + 2 * 1024 * 1024);
  /* Those that were there go on. */
  len = make_rtp (packet, SSRC, 30001, 0, -1, 20);
  g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, ZRTP_SRTP_OK);
  g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_OK);
  zrtp_srtp_free (sender);
  zrtp_srtp_free (receiver);
}

/* Z-4.5.3-11, attack F9 */
static void
test_lifetime (gconstpointer data)
{
  guint8 packet[ROOM];
  ZrtpSrtp *sender, *receiver;
  ZrtpSrtpKeys keys;
  gsize len;
  guint i;

  make_keys (&keys, GPOINTER_TO_UINT (data));
  if (skip_unsupported (&keys))
    return;
  sender = make_context (ZRTP_SRTP_SENDER, &keys);
  receiver = make_context (ZRTP_SRTP_RECEIVER, &keys);
  zrtp_srtp_set_lifetime (sender, 1000, 100);
  zrtp_srtp_set_lifetime (receiver, 999, 99);
  /* The limit is the key's, whatever the number of SSRCs. */
  for (i = 0; i < 1002; i++) {
    len = make_rtp (packet, SSRC + i % 3, i, 0, -1, 20);
    g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, i < 1000 ? ZRTP_SRTP_OK : ZRTP_SRTP_EXPIRED);
    if (i < 1000)
      g_assert_cmpint (receive_rtp (receiver, packet, len), ==, i < 999 ? ZRTP_SRTP_OK : ZRTP_SRTP_EXPIRED);
  }
  for (i = 0; i < 102; i++) {
    len = make_rtcp (packet, SSRC + i % 3, 3);
    g_assert_cmpint (zrtp_srtp_protect_rtcp (sender, packet, &len), ==,
        i < 100 ? ZRTP_SRTP_OK : ZRTP_SRTP_EXPIRED);
    if (i < 100)
      g_assert_cmpint (receive_rtcp (receiver, packet, len), ==, i < 99 ? ZRTP_SRTP_OK : ZRTP_SRTP_EXPIRED);
  }
  zrtp_srtp_free (sender);
  zrtp_srtp_free (receiver);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_srtp_test ("replay", test_replay);
  add_srtp_test ("wrap", test_wrap);
  add_srtp_test ("wrap-later", test_wrap_later);
  add_srtp_test ("gap", test_gap);
  add_srtp_test ("ssrcs", test_ssrcs);
  add_srtp_test ("lifetime", test_lifetime);
  return g_test_run ();
}
