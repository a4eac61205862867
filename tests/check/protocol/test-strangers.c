/* test-strangers.c: what somebody who is not the peer can do to a call: win or hold its exchange, end it, and
 * take what earlier calls have left (attacks B5, B9, C1, C2, D1, E1, E7).
 *
 * End 0 is the victim. A stranger off the path knows addresses and SSRCs, but sees nothing of what the ends
 * say. Mallory is end 1 with the peer's ZID and without its secrets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/protocol/messages.h"
#include "call.h"
#include "peer.h"

#include <string.h>

#define NAMES "S256AES1HS32X255B32 "

static const guint8 other_hash[ZRTP_HELLO_HASH_LEN] = "the hash of another Hello......";

/* A call with media both ways, so that both ends keep what it leaves. */
static void
call (TestLink * link)
{
  test_link_call (link, 1);
  test_link_hear (link);
}

/* The two ends have found each other, whatever the stranger did, and nobody was told of a failure. */
static void
assert_unharmed (TestLink * link)
{
  test_link_assert_secure (link);
  for (guint e = 0; e < 2; e++) {
    g_assert_cmpuint (link->ends[e].streams[0].n_errors, ==, 0);
    g_assert_cmpuint (link->ends[e].streams[0].n_secure, ==, 1);
  }
}

/* ---- What earlier calls have left ---- */

/* D1, Z-4.6.1.1-1, -7, Z-4.9-7: Mallory, with the peer's ZID, asks to keep nothing: an interval of 0 does not
 * end the secret shared with the true peer, and the next call with that one is as good as ever. */
static void
test_expiry (void)
{
  TestLink link;
  TestCache true_peer;
  guint stores;

  test_link_init (&link, 1);
  call (&link);
  for (guint e = 0; e < 2; e++)
    test_link_verify (&link, e, TRUE);
  test_link_close (&link);
  stores = link.ends[0].cache.stores;
  true_peer = link.ends[1].cache;

  test_cache_init (&link.ends[1].cache);
  link.ends[1].config.cache_expiry = 0;
  call (&link);
  g_assert_cmpint (test_link_sas (&link, 0).cache, ==, ZRTP_CACHE_MISMATCH);
  g_assert_false (test_link_sas (&link, 0).verified);
  g_assert_cmpuint (link.ends[0].cache.stores, ==, stores);
  g_assert_cmphex (test_link_entry (&link, 0)->expiry_interval, ==, ZRTP_CACHE_FOREVER);
  test_link_close (&link);

  test_cache_clear (&link.ends[1].cache);
  link.ends[1].cache = true_peer;
  link.ends[1].config.cache_expiry = ZRTP_CACHE_FOREVER;
  call (&link);
  for (guint e = 0; e < 2; e++) {
    g_assert_cmpint (test_link_sas (&link, e).cache, ==, ZRTP_CACHE_MATCH);
    g_assert_true (test_link_sas (&link, e).verified);
  }
  test_link_clear (&link);
}

/* E7, Z-7.3.1-9: a PBX that offers enrollment keeps the secret of an enrolled phone when Mallory calls with
 * the phone's ZID; the phone is enrolled as before. */
static void
test_pbx (void)
{
  TestLink link;
  TestCache phone;
  guint8 before[ZRTP_RETAINED_LEN];

  test_link_init (&link, 2);
  link.ends[1].config.mitm = TRUE;
  link.ends[1].config.enroll = TRUE;
  call (&link);
  test_link_verify (&link, 0, TRUE);
  test_link_enroll (&link, 0, TRUE);
  test_link_close (&link);
  g_assert_cmpmem (
      test_link_entry (&link, 0)->pbxsecret, ZRTP_RETAINED_LEN, test_link_entry (&link, 1)->pbxsecret, ZRTP_RETAINED_LEN);
  memcpy (before, test_link_entry (&link, 1)->pbxsecret, ZRTP_RETAINED_LEN);
  phone = link.ends[0].cache;

  test_cache_init (&link.ends[0].cache);
  call (&link);
  g_assert_false (test_link_sas (&link, 1).enrolled);
  test_link_close (&link);
  g_assert_true (test_link_entry (&link, 1)->has_pbxsecret);
  g_assert_cmpmem (test_link_entry (&link, 1)->pbxsecret, ZRTP_RETAINED_LEN, before, ZRTP_RETAINED_LEN);

  test_cache_clear (&link.ends[0].cache);
  link.ends[0].cache = phone;
  call (&link);
  for (guint e = 0; e < 2; e++)
    g_assert_true (test_link_sas (&link, e).enrolled);
  test_link_clear (&link);
}

/* One more call; TRUE if it was made with Preshared. */
static gboolean
call_is_preshared (TestLink * link)
{
  gboolean preshared;

  call (link);
  preshared = !test_link_sent (link, 0, 0, WIRE_DHPART1, 0) && !test_link_sent (link, 1, 0, WIRE_DHPART1, 0);
  test_link_close (link);
  return preshared;
}

/* B5, Z-4.4.2-4, -6: the responder's policy counts, not the initiator's alone: no Preshared from a secret
 * that its own user has not verified, and no more of them in a row than it allows. */
static void
test_preshared (void)
{
  TestLink link;
  guint in_a_row = 0, longest = 0, n = 0;

  test_link_init (&link, 8);
  test_link_set_initiator (&link, 0);
  for (guint e = 0; e < 2; e++) {
    link.ends[e].config.preshared = TRUE;
    test_list (&link.ends[e].config.key_agreements, "X255DH3kMultPrsh");
  }
  link.ends[0].config.preshared_limit = 1000;
  link.ends[1].config.preshared_limit = 2;
  call (&link);
  test_link_verify (&link, 0, TRUE);
  test_link_close (&link);
  for (guint i = 0; i < 10; i++)
    g_assert_false (call_is_preshared (&link));

  call (&link);
  test_link_verify (&link, 1, TRUE);
  test_link_close (&link);
  for (guint i = 0; i < 12; i++) {
    gboolean preshared = call_is_preshared (&link);

    n += preshared;
    in_a_row = preshared ? in_a_row + 1 : 0;
    longest = MAX (longest, in_a_row);
  }
  g_assert_cmpuint (longest, ==, 2);
  g_assert_cmpuint (n, >=, 6);
  test_link_clear (&link);
}

/* ---- A stranger in the exchange ---- */

typedef struct
{
  TestPeer stranger;
  WireBuffer message; /* goes to the victim just after its first Commit */
  guint32 ssrc;
  gboolean sent;
} Attack;

static gboolean
strike_after_commit (TestLink * link, TestPacket * packet, gpointer user_data)
{
  Attack *attack = user_data;
  WireBuffer forged;

  if (packet->from == 0 && packet->type == WIRE_COMMIT && !attack->sent) {
    attack->sent = TRUE;
    wire_frame (&forged, 77, attack->ssrc, &attack->message);
    test_link_inject_later (link, 0, 0, forged.data, forged.len, 2 * MSEC);
  }
  return TRUE;
}

/* A Commit that would win any contention comes in the midst of ours, from somebody whose Hello we have. */
static void
contend (gboolean multistream, gboolean repeat_hello)
{
  TestLink link;
  Attack attack = { 0 };
  TestPeer *stranger = &attack.stranger;
  guint8 highest[ZRTP_HVI_LEN];

  memset (highest, 0xff, sizeof highest);
  test_link_init (&link, 3);
  test_link_set_initiator (&link, 0);
  link.filter = strike_after_commit;
  link.user_data = &attack;
  test_link_open (&link, 1);
  test_link_start_all (&link);
  peer_init (stranger, &link, 0, 99, "X255");
  peer_send_hello (stranger);
  if (multistream)
    peer_make_multistream_commit (stranger, highest);
  else
    peer_make_commit (stranger, NAMES, highest);
  attack.message = stranger->commit;
  attack.ssrc = stranger->ssrc;
  for (guint i = 0; i < 120; i++) {
    test_link_run (&link, SEC);
    if (repeat_hello && i > 5)
      peer_send_hello (stranger);
  }
  g_assert_true (attack.sent);
  assert_unharmed (&link);
  peer_clear (stranger);
  test_link_clear (&link);
}

/* C2, Z-4.2-5, -11: Multistream against DH is an error between two peers, not with a stranger. */
static void
test_multistream_commit (void)
{
  contend (TRUE, FALSE);
}

/* C2, Z-4.2-4, -11: contention is with the peer that our Commit went to. */
static void
test_commit (void)
{
  contend (FALSE, FALSE);
}

static void
test_commit_and_hellos (void)
{
  contend (FALSE, TRUE);
}

/* C2, Z-4.1-6, -11: a message under our own SSRC that shows no knowledge of the peer's chain ends nothing. */
static void
test_own_ssrc (void)
{
  TestLink link;
  Attack attack = { 0 };

  test_link_init (&link, 5);
  test_link_set_initiator (&link, 0);
  link.filter = strike_after_commit;
  link.user_data = &attack;
  wire_begin (&attack.message, WIRE_CONFIRM1);
  for (guint i = 0; i < 16; i++)
    wire_append_u32 (&attack.message, 0x41414141);
  wire_end (&attack.message);
  test_link_open (&link, 1);
  attack.ssrc = link.ends[0].streams[0].ssrc;
  test_link_start_all (&link);
  test_link_run (&link, 30 * SEC);
  g_assert_true (attack.sent);
  assert_unharmed (&link);
  test_link_clear (&link);
}

/* C1, Z-4.7.1-3, -6: one forged Error on a channel with a round trip of 2.4 seconds, for which round_trip was
 * set: the peer's true answer is waited for. */
static void
test_error (void)
{
  TestLink link;
  Attack attack = { 0 };

  test_link_init (&link, 13);
  test_link_set_initiator (&link, 0);
  link.delay = 1200 * MSEC;
  for (guint e = 0; e < 2; e++)
    link.ends[e].config.round_trip = 2500 * MSEC;
  link.filter = strike_after_commit;
  link.user_data = &attack;
  wire_begin (&attack.message, WIRE_ERROR);
  wire_append_u32 (&attack.message, ZRTP_ERROR_SOFTWARE);
  wire_end (&attack.message);
  attack.ssrc = 0x12345678;
  test_link_open (&link, 1);
  test_link_start_all (&link);
  test_link_run (&link, 40 * SEC);
  g_assert_true (attack.sent);
  assert_unharmed (&link);
  test_link_clear (&link);
}

/* C2: eight strangers fill the table of Hellos before the peer comes; with a zrtp-hash, required or not, and
 * without (Z-8.1-6). */
static void
test_table (void)
{
  for (guint hash = 0; hash < 3; hash++) {
    TestLink link;
    TestPeer strangers[8];
    guint8 true_hash[ZRTP_HELLO_HASH_LEN];

    test_link_init (&link, 14);
    link.ends[0].config.require_hello_hash = hash == 2;
    test_link_open (&link, 1);
    test_link_start (&link, 0, 0);
    zrtp_association_get_hello_hash (link.ends[1].association, 0, true_hash);
    if (hash > 0)
      zrtp_association_set_peer_hello_hash (link.ends[0].association, 0, true_hash, link.now);
    for (guint i = 0; i < G_N_ELEMENTS (strangers); i++) {
      peer_init (&strangers[i], &link, 0, 100 + i, "X255");
      for (guint copies = 0; copies < 2; copies++)
        peer_send_hello (&strangers[i]);
    }
    test_link_start (&link, 1, 0);
    test_link_run (&link, 120 * SEC);
    assert_unharmed (&link);
    for (guint i = 0; i < G_N_ELEMENTS (strangers); i++)
      peer_clear (&strangers[i]);
    test_link_clear (&link);
  }
}

/* C2, B9, Z-8.1-6: a stranger's Hello and Commit come first, but signalling has named another Hello, which is
 * waited for even where policy does not require it. */
static void
test_first_against_hash (void)
{
  for (guint required = 0; required < 2; required++) {
    TestLink link;
    TestPeer stranger;
    guint8 true_hash[ZRTP_HELLO_HASH_LEN];

    test_link_init (&link, 4);
    link.ends[0].config.require_hello_hash = required;
    test_link_open (&link, 1);
    zrtp_association_get_hello_hash (link.ends[1].association, 0, true_hash);
    zrtp_association_set_peer_hello_hash (link.ends[0].association, 0, true_hash, link.now);
    test_link_start_all (&link);
    peer_init (&stranger, &link, 0, 99, "X255");
    peer_send_hello (&stranger);
    peer_make_dhpart (&stranger, WIRE_DHPART2, NULL);
    peer_make_commit (&stranger, NAMES, NULL);
    peer_send (&stranger, &stranger.commit);
    g_assert_cmpuint (peer_count (&stranger, WIRE_DHPART1), ==, 0);
    test_link_run (&link, 60 * SEC);
    assert_unharmed (&link);
    g_assert_cmpint (test_link_sas (&link, 0).hello_hash, ==, ZRTP_HELLO_HASH_MATCH);
    peer_clear (&stranger);
    test_link_clear (&link);
  }
}

/* C2, Z-4.4.1-1: whoever has come first on one stream and holds its exchange, of which a call has one at a
 * time, does not keep another stream from going secure. */
static void
test_other_stream (void)
{
  TestLink link;
  TestPeer stranger;
  guint8 highest[ZRTP_HVI_LEN];

  memset (highest, 0xff, sizeof highest);
  test_link_init (&link, 15);
  test_link_open (&link, 2);
  test_link_start_all (&link);
  peer_init (&stranger, &link, 1, 99, "X255");
  peer_send_hello (&stranger);
  peer_make_commit (&stranger, NAMES, highest);
  peer_send (&stranger, &stranger.commit);
  g_assert_cmpuint (peer_count (&stranger, WIRE_DHPART1), ==, 1);
  for (guint i = 0; i < 120; i++) {
    test_link_run (&link, SEC);
    peer_send_hello (&stranger);
  }
  for (guint e = 0; e < 2; e++) {
    g_assert_true (test_link_is_secure (&link, e, 0));
    g_assert_cmpuint (link.ends[e].streams[0].n_errors, ==, 0);
  }
  peer_clear (&stranger);
  test_link_clear (&link);
}

/* C2, Z-4.1-11: a stranger's Hello ten times a second for a minute. Either end may commit; should ours go to
 * the stranger, the peer's is heard all the same. */
static void
test_hellos (void)
{
  for (guint seed = 0; seed < 20; seed++) {
    TestLink link;
    TestPeer stranger;

    test_link_init (&link, seed);
    test_link_open (&link, 1);
    test_link_start_all (&link);
    peer_init (&stranger, &link, 0, 99, "X255");
    for (guint i = 0; i < 600; i++) {
      peer_send_hello (&stranger);
      test_link_run (&link, SEC / 10);
    }
    assert_unharmed (&link);
    peer_clear (&stranger);
    test_link_clear (&link);
  }
}

/* End 0 is alone, and a stranger says Hello to it and acknowledges its own, so many times. */
static void
meet_stranger (TestLink * link, TestPeer * stranger, guint64 seed, guint times)
{
  peer_init (stranger, link, 0, seed, "X255");
  for (guint i = 0; i < times; i++) {
    peer_send_hello (stranger);
    peer_send_ack (stranger, WIRE_HELLO_ACK);
  }
}

/* C2, Z-4.1-11: a stranger says Hello, and acknowledges ours, before the peer is there. The peer has to hear ours too: from an end that
 * does not commit by itself at any time, from one that does while it still waits for the stranger's answer. */
static void
test_first_acknowledged (void)
{
  for (guint passive = 0; passive < 2; passive++) {
    TestLink link;
    TestPeer stranger;

    test_link_init (&link, 21);
    link.ends[0].config.passive = passive;
    test_link_open (&link, 1);
    test_link_start (&link, 0, 0);
    meet_stranger (&link, &stranger, 99, 3);
    test_link_run (&link, (passive ? 300 : 3) * SEC);
    test_link_start (&link, 1, 0);
    g_assert_true (test_link_run_until_secure (&link, 12 * SEC));
    peer_clear (&stranger);
    test_link_clear (&link);
  }
}

/* C2, A5: the key agreement that a stranger has begun fails, and the peer comes after that: it is heard, whether it commits by itself or
 * not, and no user has to do anything. Strangers alone get no more than four tries. */
static void
test_first_and_failed (void)
{
  for (guint passive = 0; passive < 2; passive++) {
    TestLink link;
    TestPeer stranger;

    test_link_init (&link, 22);
    link.ends[1].config.passive = passive;
    test_link_open (&link, 1);
    test_link_start (&link, 0, 0);
    meet_stranger (&link, &stranger, 99, 1);
    test_link_run (&link, 60 * SEC);
    g_assert_cmpuint (link.ends[0].streams[0].n_errors, ==, 1);
    test_link_start (&link, 1, 0);
    g_assert_true (test_link_run_until_secure (&link, 12 * SEC));
    peer_clear (&stranger);
    test_link_clear (&link);
  }
}

static void
test_strangers_alone (void)
{
  TestLink link;

  test_link_init (&link, 23);
  test_link_open (&link, 1);
  test_link_start (&link, 0, 0);
  for (guint i = 0; i < 10; i++) {
    TestPeer stranger;

    meet_stranger (&link, &stranger, 100 + i, 2);
    test_link_run (&link, 60 * SEC);
    g_assert_cmpuint (link.ends[0].streams[0].n_errors, ==, MIN (i + 1, 4));
    peer_clear (&stranger);
  }
  test_link_clear (&link);
}

static void
take_turns (TestLink * link, TestPeer strangers[2], guint64 duration)
{
  for (guint64 end = link->now + duration, turn = 0; link->now < end; turn++) {
    peer_send (&strangers[turn % 2], &strangers[turn % 2].commit);
    test_link_run (link, 2 * SEC);
  }
}

/* C2, Z-6-14: two strangers off the path take turns in sending Commits that they cannot follow up. Each change of hands is a new
 * exchange, but all of them together are not waited for longer than one would be; then the peer can have its call. */
static void
test_turns (void)
{
  for (guint passive = 0; passive < 2; passive++) {
    TestStream *stream;
    TestPeer strangers[2];
    TestLink link;

    test_link_init (&link, 17 + passive);
    stream = &link.ends[0].streams[0];
    link.ends[0].config.passive = passive;
    test_link_open (&link, 1);
    test_link_start (&link, 0, 0);
    for (guint i = 0; i < 2; i++) {
      peer_init (&strangers[i], &link, 0, 99 + i, "X255");
      peer_send_hello (&strangers[i]);
      peer_make_dhpart (&strangers[i], WIRE_DHPART2, NULL);
      peer_make_commit (&strangers[i], NAMES, NULL);
    }
    take_turns (&link, strangers, 12 * SEC);
    g_assert_cmpuint (stream->n_sent_of_type[WIRE_DHPART1], >=, 6);
    g_assert_cmpuint (stream->n_errors, ==, 0);
    take_turns (&link, strangers, 10 * SEC);
    g_assert_cmpuint (stream->n_errors, ==, 1);
    g_assert_cmpuint (stream->error_code, ==, ZRTP_ERROR_TIMEOUT);

    /* The peer comes, and the user tries again. */
    if (!passive) {
      test_link_run (&link, 15 * SEC);
      test_link_start (&link, 1, 0);
      zrtp_association_secure (link.ends[0].association, 0, link.now);
      test_link_drain (&link, 0);
      g_assert_true (test_link_run_until_secure (&link, 30 * SEC));
    }
    for (guint i = 0; i < 2; i++)
      peer_clear (&strangers[i]);
    test_link_clear (&link);
  }
}

/* ---- In a secure call ---- */

/* B9, Z-8.1-4: signalling that comes when the call is secure, and names another Hello, is told of as if it
 * had come in time; and taken back when it names the right one. */
static void
test_late_hash (void)
{
  TestLink link;
  guint8 true_hash[ZRTP_HELLO_HASH_LEN];
  TestStream *stream = &link.ends[0].streams[0];
  guint n_sas;

  test_link_init (&link, 9);
  link.ends[0].config.signalling_secure = TRUE;
  call (&link);
  n_sas = stream->n_sas;
  g_assert_cmpint (test_link_sas (&link, 0).hello_hash, ==, ZRTP_HELLO_HASH_ABSENT);
  zrtp_association_set_peer_hello_hash (link.ends[0].association, 0, other_hash, link.now);
  test_link_drain (&link, 0);
  g_assert_cmpint (test_link_sas (&link, 0).hello_hash, ==, ZRTP_HELLO_HASH_MISMATCH);
  g_assert_false (test_link_sas (&link, 0).authenticated);
  g_assert_cmpuint (stream->n_warnings[ZRTP_WARNING_HELLO_HASH], ==, 1);
  g_assert_cmpuint (stream->n_sas, ==, n_sas + 1);
  g_assert_true (test_link_is_secure (&link, 0, 0));

  zrtp_association_get_hello_hash (link.ends[1].association, 0, true_hash);
  zrtp_association_set_peer_hello_hash (link.ends[0].association, 0, true_hash, link.now);
  test_link_drain (&link, 0);
  g_assert_cmpint (test_link_sas (&link, 0).hello_hash, ==, ZRTP_HELLO_HASH_MATCH);
  g_assert_true (test_link_sas (&link, 0).authenticated);
  g_assert_cmpuint (stream->n_sas, ==, n_sas + 2);
  test_link_clear (&link);
}

static void
relay (TestLink * link, const gchar * words)
{
  guint8 hash[ZRTP_SASHASH_LEN] = { 0 };

  memcpy (hash, words, strlen (words));
  zrtp_association_relay_sas (link->ends[1].association, "B32 ", hash, TRUE, FALSE, link->now);
  test_link_drain (link, 1);
  test_link_run (link, SEC);
}

/* E1, Z-5.13-12: after a transfer the SASrelay of the first leg, played again by somebody on the path, does
 * not bring back what it showed. */
static void
test_relay (void)
{
  TestLink link;
  TestPacket *first;
  gchar *of_bob, *of_carol;

  test_link_init (&link, 12);
  link.ends[1].config.mitm = TRUE;
  link.ends[1].config.enroll = TRUE;
  link.ends[0].config.accept_relay = TRUE;
  call (&link);
  test_link_verify (&link, 0, TRUE);
  test_link_enroll (&link, 0, TRUE);
  test_link_close (&link);
  link.ends[1].config.enroll = FALSE;
  call (&link);
  relay (&link, "the leg of Bob");
  g_assert_true (test_link_sas (&link, 0).relayed);
  of_bob = g_strdup (test_link_sas (&link, 0).text);
  relay (&link, "Carol's leg");
  of_carol = g_strdup (test_link_sas (&link, 0).text);
  g_assert_cmpstr (of_carol, !=, of_bob);

  first = test_link_sent (&link, 1, 0, WIRE_SASRELAY, 0);
  g_assert_nonnull (first);
  test_link_inject (&link, 0, 0, first->data, first->len);
  test_link_run (&link, SEC);
  g_assert_cmpstr (test_link_sas (&link, 0).text, ==, of_carol);
  /* One that is new still replaces it. */
  relay (&link, "Dave's leg");
  g_assert_cmpstr (test_link_sas (&link, 0).text, !=, of_carol);
  g_free (of_bob);
  g_free (of_carol);
  test_link_clear (&link);
}

/* Z-8.1-3: after GoClear signalling disowns the peer that the stream would go back to secure with, and our
 * user wants to. The user is told, and nothing falls over. */
static void
test_disowned_when_clear (void)
{
  TestLink link;

  test_link_init (&link, 6);
  link.ends[0].config.allow_clear = link.ends[1].config.allow_clear = TRUE;
  link.ends[0].config.require_hello_hash = TRUE;
  call (&link);
  zrtp_association_clear (link.ends[0].association, link.now);
  test_link_drain (&link, 0);
  test_link_run (&link, SEC);
  g_assert_cmpint (test_link_state (&link, 0, 0), ==, ZRTP_STATE_CLEAR);
  zrtp_association_set_peer_hello_hash (link.ends[0].association, 0, other_hash, link.now);
  zrtp_association_secure (link.ends[0].association, 0, link.now);
  test_link_drain (&link, 0);
  test_link_run (&link, 30 * SEC);
  g_assert_cmpuint (link.ends[0].streams[0].n_warnings[ZRTP_WARNING_HELLO_HASH], ==, 1);
  test_link_assert_no_split (&link);
  test_link_clear (&link);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/strangers/expiry", test_expiry);
  g_test_add_func ("/strangers/pbx", test_pbx);
  g_test_add_func ("/strangers/preshared", test_preshared);
  g_test_add_func ("/strangers/multistream-commit", test_multistream_commit);
  g_test_add_func ("/strangers/commit", test_commit);
  g_test_add_func ("/strangers/commit-and-hellos", test_commit_and_hellos);
  g_test_add_func ("/strangers/own-ssrc", test_own_ssrc);
  g_test_add_func ("/strangers/error", test_error);
  g_test_add_func ("/strangers/table", test_table);
  g_test_add_func ("/strangers/first-against-hash", test_first_against_hash);
  g_test_add_func ("/strangers/other-stream", test_other_stream);
  g_test_add_func ("/strangers/hellos", test_hellos);
  g_test_add_func ("/strangers/first-acknowledged", test_first_acknowledged);
  g_test_add_func ("/strangers/first-and-failed", test_first_and_failed);
  g_test_add_func ("/strangers/alone", test_strangers_alone);
  g_test_add_func ("/strangers/turns", test_turns);
  g_test_add_func ("/strangers/late-hash", test_late_hash);
  g_test_add_func ("/strangers/relay", test_relay);
  g_test_add_func ("/strangers/disowned-when-clear", test_disowned_when_clear);
  return g_test_run ();
}
