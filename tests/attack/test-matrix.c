/* test-matrix.c: every state of a stream times every message, in both roles, from the true peer and with a
 * wrong hash chain (attacks.md G8, catalogue section 6.1).
 *
 * The tables below are the catalogue's, not the engine's. What a row does not name is dropped: same state,
 * nothing sent.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/protocol/stream.h"
#include "peer.h"

#include <string.h>

#define PEER 1                  /* the end that the true messages are of; end 0 is looked at */

/* Message types, Commit by mode and by who would win a contention. */
enum
{
  IN_COMMIT_LOW = WIRE_COMMIT,  /* DH with an hvi of zeros */
  IN_COMMIT_HIGH = WIRE_N_TYPES,        /* DH with an hvi of ones */
  IN_COMMIT_MULT,
  IN_COMMIT_PRSH,
  IN_COMMIT_SAME,               /* the one that the peer has really sent, where it has */
  N_IN
};
typedef guint In;

static const gchar *const in_names[N_IN] = {
  "Hello", "HelloACK", "Commit-low", "DHPart1", "DHPart2", "Confirm1", "Confirm2", "Conf2ACK", "Error", "ErrorACK",
  "GoClear", "ClearACK", "SASrelay", "RelayACK", "Ping", "PingACK", "Commit-high", "Commit-Mult", "Commit-Prsh",
  "Commit-same"
};

static const gchar *const state_names[ZRTP_N_STREAM_STATES] = {
  "IDLE", "HELLO", "READY", "I1", "I2", "I3", "R1", "R2", "SECURE", "CLEARING", "CLEARED",
  "CLEAR", "FAILING", "FAILED"
};

typedef struct
{
  ZrtpStreamState state;
  gint role;                    /* of end 0; NONE: both, one after the other */
  gboolean multistream;         /* looked at is stream 1, while stream 0 is secure */
  const gchar *expected;        /* message:answer>next, what is left out being "nothing" and "same" */
} Row;

/* Every state answers Error and Ping; they stand at the end of each row. */
#define ANSWERED " Error:ErrorACK Ping:PingACK"
#define KNOWN " Hello:HelloACK" ANSWERED
#define REFUSED ":Error>FAILING"
/* Outside an exchange whoever is refused may be a stranger: the true peer is still served. */
#define TURNED_AWAY ":Error"

static const Row rows[] = {
  {ZRTP_STREAM_IDLE, ZRTP_ROLE_NONE, FALSE, ""},
  {ZRTP_STREAM_HELLO, ZRTP_ROLE_NONE, FALSE, "Hello:HelloACK" ANSWERED},
  {ZRTP_STREAM_READY, ZRTP_ROLE_NONE, FALSE, "Commit-same:DHPart1>R1 Commit-low:DHPart1>R1 Commit-high:DHPart1>R1 "
        "Commit-Mult" TURNED_AWAY " Commit-Prsh" TURNED_AWAY KNOWN},
  {ZRTP_STREAM_I1, ZRTP_ROLE_INITIATOR, FALSE, "DHPart1:DHPart2>I2 Commit-high:DHPart1>R1 "
        "Commit-Mult" REFUSED " Commit-Prsh" REFUSED KNOWN},
  {ZRTP_STREAM_I2, ZRTP_ROLE_INITIATOR, FALSE, "Confirm1:Confirm2>I3" KNOWN},
  {ZRTP_STREAM_I3, ZRTP_ROLE_INITIATOR, FALSE, "Conf2ACK:>SECURE" KNOWN},
  {ZRTP_STREAM_R1, ZRTP_ROLE_RESPONDER, FALSE, "Commit-same:DHPart1 DHPart2:Confirm1>R2" KNOWN},
  {ZRTP_STREAM_R2, ZRTP_ROLE_RESPONDER, FALSE, "DHPart2:Confirm1 Confirm2:Conf2ACK>SECURE" KNOWN},
  {ZRTP_STREAM_SECURE, ZRTP_ROLE_INITIATOR, FALSE, "GoClear:ClearACK>CLEARED" KNOWN},
  {ZRTP_STREAM_SECURE, ZRTP_ROLE_RESPONDER, FALSE, "Confirm2:Conf2ACK GoClear:ClearACK>CLEARED" KNOWN},
  {ZRTP_STREAM_CLEARING, ZRTP_ROLE_INITIATOR, FALSE, "ClearACK:>CLEAR GoClear:ClearACK>CLEAR" KNOWN},
  {ZRTP_STREAM_CLEARING, ZRTP_ROLE_RESPONDER, FALSE,
        "Confirm2:Conf2ACK ClearACK:>CLEAR GoClear:ClearACK>CLEAR" KNOWN},
  {ZRTP_STREAM_CLEARED, ZRTP_ROLE_NONE, FALSE, "GoClear:ClearACK Commit-same:DHPart1>R1 "
        "Commit-low:DHPart1>R1 Commit-high:DHPart1>R1 "
        "Commit-Mult:Confirm1>R2" KNOWN},
  {ZRTP_STREAM_CLEAR, ZRTP_ROLE_NONE, FALSE, "GoClear:ClearACK Commit-same:DHPart1>R1 "
        "Commit-low:DHPart1>R1 Commit-high:DHPart1>R1 "
        "Commit-Mult:Confirm1>R2" KNOWN},
  {ZRTP_STREAM_FAILING, ZRTP_ROLE_NONE, FALSE, "ErrorACK:>FAILED" ANSWERED},
  {ZRTP_STREAM_FAILED, ZRTP_ROLE_NONE, FALSE, "Commit-same:DHPart1>R1 Commit-low:DHPart1>R1 "
        "Commit-high:DHPart1>R1 Commit-Mult" TURNED_AWAY ANSWERED},
  {ZRTP_STREAM_READY, ZRTP_ROLE_NONE, TRUE, "Commit-same:Confirm1>R2 Commit-Mult:Confirm1>R2 "
        "Commit-Prsh" TURNED_AWAY KNOWN},
  {ZRTP_STREAM_I1, ZRTP_ROLE_INITIATOR, TRUE, "Confirm1:Confirm2>I3 Commit-Mult:Confirm1>R2 "
        "Commit-low" REFUSED " Commit-high" REFUSED " Commit-Prsh" REFUSED KNOWN},
  {ZRTP_STREAM_I3, ZRTP_ROLE_INITIATOR, TRUE, "Conf2ACK:>SECURE" KNOWN},
  {ZRTP_STREAM_R2, ZRTP_ROLE_RESPONDER, TRUE, "Commit-same:Confirm1 Confirm2:Conf2ACK>SECURE" KNOWN},
  {ZRTP_STREAM_SECURE, ZRTP_ROLE_INITIATOR, TRUE, "GoClear:ClearACK>CLEARED" KNOWN},
  {ZRTP_STREAM_SECURE, ZRTP_ROLE_RESPONDER, TRUE, "Confirm2:Conf2ACK GoClear:ClearACK>CLEARED" KNOWN},
};

static ZrtpStream *
looked_at (TestLink * link, guint end, guint stream)
{
  return link->ends[end].association->streams[stream];
}

static void
run_until (TestLink * link, guint stream, ZrtpStreamState state)
{
  for (guint i = 0; i < 5000 && looked_at (link, 0, stream)->state != state; i++)
    test_link_run (link, MSEC);
  g_assert_cmpint (looked_at (link, 0, stream)->state, ==, state);
}

static void
open_link (TestLink * link, const Row * row, ZrtpRole role, guint64 seed)
{
  test_link_init (link, seed);
  link->forged_ack_allowed = TRUE;
  link->media = row->state >= ZRTP_STREAM_SECURE;
  test_link_set_initiator (link, role == ZRTP_ROLE_INITIATOR ? 0 : 1);
  if (row->state == ZRTP_STREAM_READY && !row->multistream)
    link->ends[0].config.automatic = link->ends[1].config.automatic = FALSE;
  for (guint e = 0; e < 2; e++)
    link->ends[e].config.allow_clear = TRUE;
  test_link_open (link, row->multistream ? 2 : 1);
}

static void
fail_now (TestLink * link)
{
  zrtp_stream_fail (looked_at (link, 0, 0), ZRTP_ERROR_SOFTWARE);
  test_link_drain (link, 0);
}

/* Brings stream 0, or stream 1 with Multistream, of end 0 into the row's state by a true call. */
static void
reach (TestLink * link, const Row * row, ZrtpRole role)
{
  guint stream = row->multistream;
  WireBuffer message, packet;

  if (row->state == ZRTP_STREAM_IDLE)
    return;
  if (row->state == ZRTP_STREAM_HELLO) {
    test_link_start (link, 0, 0);
    return;
  }
  for (guint e = 0; e < 2; e++)
    test_link_start (link, e, 0);
  if (row->multistream) {
    run_until (link, 0, ZRTP_STREAM_SECURE);
    test_link_run (link, SEC);
    if (row->state == ZRTP_STREAM_READY)        /* both wait */
      for (guint e = 0; e < 2; e++)
        link->ends[e].association->config.automatic = FALSE;
    for (guint e = 0; e < 2; e++)
      test_link_start (link, e, 1);
  }
  switch (row->state) {
    case ZRTP_STREAM_SECURE:
      run_until (link, stream, ZRTP_STREAM_SECURE);
      test_link_run (link, SEC);
      break;
    case ZRTP_STREAM_CLEARING:
      run_until (link, stream, ZRTP_STREAM_SECURE);
      test_link_run (link, SEC);
      zrtp_association_clear (link->ends[0].association, link->now);
      test_link_drain (link, 0);
      break;
    case ZRTP_STREAM_CLEARED:
    case ZRTP_STREAM_CLEAR:
      run_until (link, stream, ZRTP_STREAM_SECURE);
      test_link_run (link, SEC);
      zrtp_association_clear (link->ends[PEER].association, link->now);
      test_link_drain (link, PEER);
      run_until (link, stream, ZRTP_STREAM_CLEARED);
      if (row->state == ZRTP_STREAM_CLEAR) {
        zrtp_association_accept_clear (link->ends[0].association, link->now);
        test_link_drain (link, 0);
      }
      break;
    case ZRTP_STREAM_FAILING:
    case ZRTP_STREAM_FAILED:
      run_until (link, 0, role == ZRTP_ROLE_INITIATOR ? ZRTP_STREAM_I1 : ZRTP_STREAM_R1);
      fail_now (link);
      if (row->state == ZRTP_STREAM_FAILED) {
        wire_begin (&message, WIRE_ERROR_ACK);
        wire_end (&message);
        wire_frame (&packet, 1, link->ends[PEER].streams[0].ssrc, &message);
        test_link_inject (link, 0, 0, packet.data, packet.len);
      }
      break;
    default:
      run_until (link, stream, row->state);
      if (row->state == ZRTP_STREAM_READY)      /* let what is under way come in */
        test_link_run (link, 100 * MSEC);
      break;
  }
  g_assert_cmpint (looked_at (link, 0, stream)->state, ==, row->state);
}

/* ---- The messages ---- */

static void
make_commit (WireBuffer * message, In in, const WireChain * chain, const guint8 * zid)
{
  static const gchar *const agreements[] = { "X255", "Mult", "Prsh" };
  guint mode = in == IN_COMMIT_MULT ? 1 : in == IN_COMMIT_PRSH ? 2 : 0;
  guint8 value[32];

  memset (value, in == IN_COMMIT_LOW ? 0 : 0xff, sizeof value);
  wire_begin (message, WIRE_COMMIT);
  wire_append (message, chain->h[2], 32);
  wire_append (message, zid, ZRTP_ZID_LEN);
  wire_append (message, "S256AES1HS32", 12);
  wire_append (message, agreements[mode], 4);
  wire_append (message, "B32 ", 4);
  wire_append (message, value, mode == 0 ? 32 : mode == 1 ? 16 : 24);
  wire_end_with_mac (message, chain->h[1]);
}

static gboolean
make_message (WireBuffer * message, In in, const WireChain * chain, const guint8 * zid, const guint8 * clear_mac)
{
  static const guint8 filler[128] = { 9 };

  switch (in) {
    case IN_COMMIT_LOW:
    case IN_COMMIT_HIGH:
    case IN_COMMIT_MULT:
    case IN_COMMIT_PRSH:
      make_commit (message, in, chain, zid);
      return TRUE;
    case WIRE_HELLO:
      wire_hello (message, chain, zid, "1.10", 0, "S256", "AES1", "HS32", "X255", "B32 ");
      return TRUE;
    case WIRE_DHPART1:
    case WIRE_DHPART2:
      wire_begin (message, in);
      wire_append (message, chain->h[1], 32);
      wire_append (message, filler, 64);
      wire_end_with_mac (message, chain->h[0]);
      return TRUE;
    case WIRE_CONFIRM1:
    case WIRE_CONFIRM2:
    case WIRE_SASRELAY:
      wire_begin (message, in);
      wire_append (message, filler, 64);
      break;
    case WIRE_GOCLEAR:
      wire_begin (message, in);
      wire_append (message, clear_mac, 8);
      break;
    case WIRE_ERROR:
      wire_begin (message, in);
      wire_append_u32 (message, 0x20);
      break;
    case WIRE_PING:
      wire_begin (message, in);
      wire_append (message, "1.10endpoint", 12);
      break;
    case WIRE_PING_ACK:
      wire_begin (message, in);
      wire_append (message, "1.10endpointourhash.ssrc", 24);
      break;
    case IN_COMMIT_SAME:
      return FALSE;
    default:
      wire_begin (message, (WireType) in);
      break;
  }
  wire_end (message);
  return TRUE;
}

/* As the peer would say it in this very call: from a run of the same call to its end, or made with its
 * chain. */
static gboolean
true_message (TestLink * link, TestLink * whole, guint stream, In in, WireBuffer * message)
{
  const ZrtpStream *peer = looked_at (link, PEER, stream);
  gboolean made = in == IN_COMMIT_LOW || (in >= WIRE_N_TYPES && in != IN_COMMIT_SAME);
  WireType type = in == IN_COMMIT_SAME ? WIRE_COMMIT : made ? WIRE_UNKNOWN : (WireType) in;
  const TestPacket *packet = type < WIRE_GOCLEAR && type != WIRE_ERROR
      ? test_link_sent (whole, PEER, stream, type, 0) : NULL;
  WireChain chain;

  if (packet) {
    message->len = 0;
    wire_append (message, WIRE_MESSAGE (packet->data), WIRE_MESSAGE_LEN (packet->len));
    return TRUE;
  }
  memcpy (chain.h[0], peer->h0, 32);
  memcpy (chain.h[1], peer->h1, 32);
  memcpy (chain.h[2], peer->h2, 32);
  memcpy (chain.h[3], peer->h3, 32);
  return make_message (message, in, &chain, link->ends[PEER].config.zid, peer->own_clear_mac);
}

/* The same with another chain; FALSE for messages that have none and no MAC. */
static gboolean
wrong_message (TestLink * link, TestLink * other, guint stream, In in, WireBuffer * message)
{
  static const guint8 no_mac[8] = { 1 };
  WireChain chain;

  if (in == WIRE_HELLO_ACK || in == WIRE_CONF2ACK || in == WIRE_ERROR || in == WIRE_ERROR_ACK
      || in == WIRE_CLEAR_ACK || in == WIRE_RELAY_ACK || in == WIRE_PING || in == WIRE_PING_ACK)
    return FALSE;
  if (in == IN_COMMIT_SAME || (in >= WIRE_DHPART1 && in <= WIRE_CONFIRM2)) {
    const TestPacket *packet =
        test_link_sent (other, PEER, stream, in == IN_COMMIT_SAME ? WIRE_COMMIT : (WireType) in, 0);

    if (packet) {
      message->len = 0;
      wire_append (message, WIRE_MESSAGE (packet->data), WIRE_MESSAGE_LEN (packet->len));
      return TRUE;
    }
  }
  wire_chain (&chain, 4242);
  return make_message (message, in, &chain, link->ends[PEER].config.zid, no_mac);
}

/* ---- Tables and checks ---- */

/* What the row says about a message: the answer's type or UNKNOWN for none, and the next state. */
static void
look_up (const Row * row, In in, WireType * answer, ZrtpStreamState * next)
{
  gchar **words = g_strsplit (row->expected, " ", -1);
  gchar *prefix = g_strconcat (in_names[in], ":", NULL);

  *answer = WIRE_UNKNOWN;
  *next = row->state;
  for (guint i = 0; words[i]; i++) {
    gchar *rest = words[i] + strlen (prefix), *arrow = strchr (words[i], '>');

    if (!g_str_has_prefix (words[i], prefix))
      continue;
    for (guint s = 0; arrow && s < ZRTP_N_STREAM_STATES; s++)
      if (strcmp (arrow + 1, state_names[s]) == 0)
        *next = s;
    g_assert_true (!arrow || *next != row->state);
    if (arrow)
      *arrow = '\0';
    for (guint t = 0; t < WIRE_N_TYPES; t++)
      if (strcmp (rest, in_names[t]) == 0)
        *answer = t;
    g_assert_true (*rest == '\0' || *answer != WIRE_UNKNOWN);
  }
  g_free (prefix);
  g_strfreev (words);
}

static guint n_checked;

static void
check_one (TestLink * link, const Row * row, ZrtpRole role, In in, const WireBuffer * message, WireType answer,
    ZrtpStreamState next, gboolean wrong)
{
  guint stream = row->multistream;
  TestStream before = link->ends[0].streams[stream];
  WireBuffer packet;

  wire_frame (&packet, 7, link->ends[PEER].streams[stream].ssrc, message);
  test_link_inject (link, 0, stream, packet.data, packet.len);
  n_checked++;
  if (looked_at (link, 0, stream)->state != next)
    g_error ("%s as %s%s: %s%s leads to %s, not %s", state_names[row->state],
        role == ZRTP_ROLE_INITIATOR ? "initiator" : "responder", row->multistream ? " of a further stream" : "",
        wrong ? "wrong " : "", in_names[in], state_names[looked_at (link, 0, stream)->state], state_names[next]);
  for (guint t = 0; t < WIRE_N_TYPES; t++)
    if (link->ends[0].streams[stream].n_sent_of_type[t] != before.n_sent_of_type[t] + (t == answer))
      g_error ("%s as %s%s: %s%s is answered with %u %s, not %u", state_names[row->state],
          role == ZRTP_ROLE_INITIATOR ? "initiator" : "responder", row->multistream ? " of a further stream" : "",
          wrong ? "wrong " : "", in_names[in],
          link->ends[0].streams[stream].n_sent_of_type[t] - before.n_sent_of_type[t], wire_type_name (t),
          t == answer);
  if (next == row->state && answer != WIRE_ERROR)
    g_assert_cmpuint (link->ends[0].streams[stream].n_errors, ==, before.n_errors);
}

/* Z-9-3, -4: what was dropped has not hurt the call, which goes on where it stood. */
static void
go_on (TestLink * link, const Row * row)
{
  if (row->state == ZRTP_STREAM_IDLE || row->state == ZRTP_STREAM_HELLO)
    test_link_start_all (link);
  if (row->state == ZRTP_STREAM_READY) {
    zrtp_association_secure (link->ends[0].association, row->multistream, link->now);
    test_link_drain (link, 0);
  }
  link->media = row->state < ZRTP_STREAM_CLEARING;
  if (row->state < ZRTP_STREAM_CLEARING)
    g_assert_true (test_link_run_until_secure (link, 20 * SEC));
  test_link_settle (link);
  test_link_assert_no_split (link);
}

static void
check_row (const Row * row, ZrtpRole role, guint seed)
{
  TestLink whole, other;
  Row to_the_end = *row;

  to_the_end.state = ZRTP_STREAM_SECURE;
  open_link (&whole, &to_the_end, role, seed);
  reach (&whole, &to_the_end, role);
  open_link (&other, &to_the_end, role, seed + 5000);
  reach (&other, &to_the_end, role);
  for (In in = 0; in < N_IN; in++)
    for (guint wrong = 0; wrong < 2; wrong++) {
      /* With no peer known yet, no chain is wrong. */
      gboolean no_peer = row->state == ZRTP_STREAM_HELLO;
      ZrtpStreamState next = row->state;
      WireType answer = WIRE_UNKNOWN;
      WireBuffer message;
      TestLink link;

      open_link (&link, row, role, seed);
      reach (&link, row, role);
      if (wrong ? !(no_peer && in == WIRE_HELLO) && wrong_message (&link, &other, row->multistream, in, &message)
          : true_message (&link, &whole, row->multistream, in, &message)) {
        if (!wrong)
          look_up (row, in, &answer, &next);
        check_one (&link, row, role, in, &message, answer, next, wrong);
        if (wrong)
          go_on (&link, row);
      }
      test_link_clear (&link);
    }
  test_link_clear (&whole);
  test_link_clear (&other);
}

/* G8, Z-6.1-1, Z-4.1-10, Z-4.1-11, Z-5.3-5, Z-5.5-1, Z-5.7-1, Z-5.15-1, Z-5.1.1-1, Z-5.1.1-2, Z-4.6-7:
 * also a Confirm2 that comes again gets its Conf2ACK. */
static void
test_row (gconstpointer data)
{
  const Row *row = data;

  for (guint seed = 0; seed < test_count ("ZRTP_MATRIX_SEEDS", 2); seed++) {
    if (row->role != ZRTP_ROLE_RESPONDER)
      check_row (row, ZRTP_ROLE_INITIATOR, seed);
    if (row->role != ZRTP_ROLE_INITIATOR)
      check_row (row, ZRTP_ROLE_RESPONDER, seed);
  }
}

/* No state and no message is left out of the tables. */
static void
test_complete (void)
{
  for (guint s = 0; s < ZRTP_N_STREAM_STATES; s++) {
    gboolean initiator = FALSE, responder = FALSE;

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
      initiator |= rows[i].state == s && rows[i].role != ZRTP_ROLE_RESPONDER;
      responder |= rows[i].state == s && rows[i].role != ZRTP_ROLE_INITIATOR;
    }
    g_assert_true (initiator || (s >= ZRTP_STREAM_R1 && s <= ZRTP_STREAM_R2));
    g_assert_true (responder || (s >= ZRTP_STREAM_I1 && s <= ZRTP_STREAM_I3));
  }
  g_test_message ("%u pairs of state and message", n_checked);
  /* 0: asked for alone */
  g_assert_true (n_checked == 0 || n_checked > 900 * test_count ("ZRTP_MATRIX_SEEDS", 2));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    gchar *path = g_strdup_printf ("/attack/G8-matrix/%s%s%s", state_names[rows[i].state],
        rows[i].multistream ? "-multistream" : "",
        rows[i].role == ZRTP_ROLE_INITIATOR ? "-initiator"
        : rows[i].role == ZRTP_ROLE_RESPONDER ? "-responder" : "");

    g_test_add_data_func (path, &rows[i], test_row);
    g_free (path);
  }
  g_test_add_func ("/attack/G8-matrix/complete", test_complete);
  return g_test_run ();
}
