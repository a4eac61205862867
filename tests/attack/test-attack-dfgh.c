/* test-attack-dfgh.c: identity, key streams, fragments and many streams (attacks.md D, F, G, H).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "attack.h"

#include <string.h>

/* D8: an end that changes its ZID and keeps no cache says nothing in two calls by which they could be told
 * to be the same end's: no four words in a row are alike in its captures but those that every endpoint of
 * its make sends. */
static void
test_tracking (void)
{
  GHashTable *seen = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  guint n_compared = 0;

  for (guint call = 0; call < 3; call++) {
    Attack attack;
    TestEnd *end = &attack.link.ends[0];

    attack_init (&attack, 50 + call, 0);
    end->without_cache = TRUE;
    memset (end->config.zid, 0x11 * (call + 1), ZRTP_ZID_LEN);
    attack_open (&attack, 1);
    test_link_settle (&attack.link);
    attack_assert_universal (&attack, ATTACK_SECURE);
    g_assert_null (test_cache_get (&attack.link.ends[1].cache, attack.link.ends[1].config.zid, end->config.zid));
    for (guint i = 0; i < end->sent->len; i++) {
      const TestPacket *packet = g_ptr_array_index (end->sent, i);
      /* After type, version, client id, H3 and ZID of a Hello come names that say what everybody offers; a
       * Commit's too. */
      gsize from = packet->type == WIRE_HELLO ? 32 : 12;
      gsize to = packet->type == WIRE_HELLO ? 76 : WIRE_MESSAGE_LEN (packet->len);

      for (gsize at = from; at + 16 <= to; at += 4) {
        GBytes *window = g_bytes_new (WIRE_MESSAGE (packet->data) + at, 16);
        gpointer other;

        n_compared++;
        if (packet->type == WIRE_COMMIT && at > 40 && at < 76) {
          g_bytes_unref (window);
          continue;
        }
        if (g_hash_table_lookup_extended (seen, window, NULL, &other))
          g_assert_cmpuint (GPOINTER_TO_UINT (other), ==, call);
        g_hash_table_insert (seen, window, GUINT_TO_POINTER (call));
      }
    }
    attack_clear (&attack);
  }
  g_assert_cmpuint (n_compared, >, 100);
  g_hash_table_unref (seen);
}

/* D5, Z-7.1-8: a Multistream Confirm says V=0, or E, or expiry 0, whatever it likes. The call stays
 * verified and the cache as it is. The peer here is our own engine whose cache has lost the flag in the
 * meantime. */
static void
test_multistream_flags (void)
{
  Attack attack;
  ZrtpSasInfo sas;

  attack_init (&attack, 8, 2);
  attack_make_friends (&attack);
  attack_open (&attack, 2);
  attack.link.ends[1].config.automatic = FALSE;
  test_link_settle (&attack.link);
  attack_assert_universal (&attack, ATTACK_SECURE);
  for (guint e = 0; e < 2; e++) {
    g_assert_true (zrtp_association_get_sas (attack.link.ends[e].association, &sas));
    g_assert_true (sas.verified);
    g_assert_true (test_cache_get (&attack.link.ends[e].cache, attack.link.ends[e].config.zid,
            sas.peer_zid)->verified);
  }
  attack_clear (&attack);
}

/* A9, Z-5.7-7, Z-9-4: one octet of the first copy of a Multistream Confirm is altered on its way, be it in
 * the IV, which no MAC covers. It is not used, and the next copy makes the stream secure. */
typedef struct
{
  WireType type;
  gsize offset;
  gboolean done;
} Alteration;

static gboolean
alter_first (TestLink * link, TestPacket * packet, gpointer user_data)
{
  Alteration *alteration = user_data;

  if (packet->stream == 1 && packet->type == alteration->type && !alteration->done) {
    attack_edit (packet, alteration->offset, 0x10);
    alteration->done = TRUE;
  }
  return TRUE;
}

static void
test_multistream_confirm (void)
{
  for (WireType type = WIRE_CONFIRM1; type <= WIRE_CONFIRM2; type++)
    for (gsize offset = 12; offset < 76; offset++) {
      Alteration alteration = { type, offset };
      Attack attack;

      attack_init (&attack, 6, 0);
      attack.link.filter = alter_first;
      attack.link.user_data = &alteration;
      attack_open (&attack, 2);
      test_link_settle (&attack.link);
      g_assert_true (alteration.done);
      attack_assert_universal (&attack, ATTACK_SECURE);
      g_assert_cmpuint (attack.link.ends[0].streams[1].n_errors + attack.link.ends[1].streams[1].n_errors, ==, 0);
      attack_clear (&attack);
    }
}

/* F5, Z-5.7-9, Z-4.4.3.1-3: eight streams, both directions, three runs of the same ends: no SRTP key, no
 * Confirm IV and no nonce comes twice. */
static void
test_key_streams (void)
{
  GHashTable *seen = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  guint n_values = 0;
  Attack attack;

  attack_init (&attack, 2, 2);
  for (guint run = 0; run < 3; run++) {
    attack_open (&attack, 8);
    g_assert_true (test_link_run_until_secure (&attack.link, 10 * SEC));
    test_link_settle (&attack.link);
    attack_assert_universal (&attack, ATTACK_SECURE);
    for (guint e = 0; e < 2; e++)
      for (guint s = 0; s < 8; s++) {
        const TestStream *stream = &attack.link.ends[e].streams[s];

        /* Each key is had by two ends: as sent by this one. */
        g_assert_true (g_hash_table_add (seen, g_bytes_new (stream->send.key, stream->send.key_len)));
        n_values++;
        for (WireType type = WIRE_CONFIRM1; type <= WIRE_CONFIRM2; type++) {
          const TestPacket *confirm = test_link_sent (&attack.link, e, s, type, 0);

          if (confirm && g_hash_table_add (seen, g_bytes_new (WIRE_MESSAGE (confirm->data) + 20, 16)))
            n_values++;
          else
            g_assert_null (confirm);
        }
        for (guint n = 0; s > 0 && test_link_sent (&attack.link, e, s, WIRE_COMMIT, n); n++) {
          const TestPacket *commit = test_link_sent (&attack.link, e, s, WIRE_COMMIT, n);

          if (WIRE_MESSAGE_LEN (commit->len) != 100)
            continue;
          /* A resend is the same message. */
          g_assert_cmpint (g_hash_table_add (seen, g_bytes_new (WIRE_MESSAGE (commit->data) + 76, 16)), ==, n == 0);
        }
      }
    test_link_close (&attack.link);
  }
  g_assert_cmpuint (n_values, ==, 3 * (16 + 16));
  g_hash_table_unref (seen);
  attack_clear (&attack);
}

/* G7, Z-5-11: version 1.10 has no fragments. What looks like another implementation's, with a right CRC,
 * is dropped without an answer or an allocation that grows, whatever it says of offsets and lengths. */
static void
test_fragments (void)
{
  static const guint16 fields[][4] = {  /* id, total, offset, length, in words */
    {1, 100, 0, 50}, {1, 100, 50, 50}, {1, 100, 40, 50}, {1, 0xffff, 0xfff0, 0xffff}, {1, 10, 90, 50}, {2, 0, 0, 0},
    {0xffff, 60, 0, 60}, {1, 200, 0, 10}, {1, 52, 0, 50} /* the length of a message */
  };
  ZrtpStreamStats stats;
  Attack attack;

  attack_init (&attack, 1, 2);
  attack_open (&attack, 1);
  for (guint round = 0; round < 50; round++)
    for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
      for (guint e = 0; e < 2; e++) {
        guint8 packet[12 + 8 + 200 + 4] = { 0x11, 0, 0, 1, 'Z', 'R', 'T', 'P' };

        for (guint f = 0; f < 4; f++) {
          packet[12 + 2 * f] = fields[i][f] >> 8;
          packet[13 + 2 * f] = fields[i][f];
        }
        memset (packet + 20, 0x50, 200);
        wire_put_u32 (packet + 8, attack.link.ends[!e].streams[0].ssrc);
        wire_fix_crc (packet, sizeof packet);
        test_link_inject_later (&attack.link, e, 0, packet, sizeof packet, round * MSEC);
      }
  test_link_settle (&attack.link);
  attack_assert_universal (&attack, ATTACK_SECURE);
  for (guint e = 0; e < 2; e++) {
    zrtp_association_get_stats (attack.link.ends[e].association, 0, &stats);
    g_assert_cmpuint (stats.dropped_malformed, ==, 50 * G_N_ELEMENTS (fields));
    g_assert_cmpuint (attack.link.ends[e].streams[0].n_sent_of_type[WIRE_ERROR], ==, 0);
  }
  attack_clear (&attack);
}

/* H3, Z-4.4.1-1, Z-4.4.1-2: eight streams at once, a third of all packets lost, and the first stream
 * stopped at any moment: the others never wait for it for ever. */
static void
test_first_stream_killed (void)
{
  guint n_failed = 0;

  for (guint moment = 0; moment < 12; moment++) {
    Attack attack;

    attack_init (&attack, 30 + moment, moment % 3);
    attack.link.loss_percent[0] = attack.link.loss_percent[1] = 30;
    attack_open (&attack, 8);
    test_link_run (&attack.link, moment * 25 * MSEC);
    for (guint e = 0; e < 2; e++) {
      zrtp_association_stop (attack.link.ends[e].association, 0, attack.link.now);
      test_link_drain (&attack.link, e);
    }
    test_link_run (&attack.link, 60 * SEC);
    /* At such a loss eleven sendings may all be in vain: then, and only then, somebody has to ask again. */
    for (guint e = 0; e < 2; e++)
      for (guint s = 1; s < 8; s++)
        if (test_link_state (&attack.link, e, s) != ZRTP_STATE_SECURE) {
          g_assert_cmpint (test_link_state (&attack.link, e, s), ==, ZRTP_STATE_FAILED);
          g_assert_cmphex (attack.link.ends[e].streams[s].error_code, ==, ZRTP_ERROR_TIMEOUT);
          n_failed++;
          zrtp_association_secure (attack.link.ends[e].association, s, attack.link.now);
          test_link_drain (&attack.link, e);
        }
    test_link_run (&attack.link, 60 * SEC);
    for (guint e = 0; e < 2; e++) {
      guint n_sas = 0;

      for (guint s = 1; s < 8; s++) {
        g_assert_cmpint (test_link_state (&attack.link, e, s), ==, ZRTP_STATE_SECURE);
        n_sas += attack.link.ends[e].streams[s].n_sas;
      }
      /* H5: one SAS, or the one of the stream that was killed after it was secure. */
      g_assert_cmpuint (n_sas + attack.link.ends[e].streams[0].n_sas, >=, 1);
      g_assert_cmpuint (n_sas + attack.link.ends[e].streams[0].n_sas, <=, 2);
    }
    attack_clear (&attack);
  }
  g_assert_cmpuint (n_failed, <, 5);    /* of 168 */
}

/* I1: the user's word counts only while there is a SAS to speak of, and for this call's alone. */
static void
test_stale_word (void)
{
  ZrtpSasInfo sas;
  Attack attack;

  attack_init (&attack, 4, 2);
  attack_open (&attack, 1);
  zrtp_association_set_verified (attack.link.ends[0].association, TRUE, attack.link.now);
  test_link_drain (&attack.link, 0);
  test_link_settle (&attack.link);
  attack_assert_universal (&attack, ATTACK_SECURE);     /* asserts: not verified */
  zrtp_association_stop (attack.link.ends[0].association, 0, attack.link.now);
  test_link_drain (&attack.link, 0);
  zrtp_association_set_verified (attack.link.ends[0].association, TRUE, attack.link.now);
  test_link_drain (&attack.link, 0);
  g_assert_false (test_cache_get (&attack.link.ends[0].cache, attack.link.ends[0].config.zid,
          attack.link.ends[1].config.zid)->verified);
  if (zrtp_association_get_sas (attack.link.ends[0].association, &sas))
    g_assert_false (sas.verified);
  attack_clear (&attack);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/attack/A9-multistream-confirm", test_multistream_confirm);
  g_test_add_func ("/attack/D5-multistream-flags", test_multistream_flags);
  g_test_add_func ("/attack/D8-tracking", test_tracking);
  g_test_add_func ("/attack/F5-key-streams", test_key_streams);
  g_test_add_func ("/attack/G7-fragments", test_fragments);
  g_test_add_func ("/attack/H3-first-stream-killed", test_first_stream_killed);
  g_test_add_func ("/attack/I1-stale-word", test_stale_word);
  return g_test_run ();
}
