/* test-insider.c: a peer whose own messages carry wrong MACs: its hash of all messages is right, so that nothing
 * but the late check of the MAC can tell (attack A10, Z-8.1.1-2, -3, RFC 6189 section 9).
 *
 * One engine is made to lie, by changing what it holds before it is sent.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/protocol/stream.h"
#include "link.h"

#include <string.h>

static ZrtpStream *
inside (TestLink * link, guint e, guint s)
{
  return link->ends[e].association->streams[s];
}

static void
sign_commit (ZrtpStream * stream, ZrtpMessage * commit)
{
  guint8 mac[32];

  wire_hmac256 (stream->h1, 32, commit->data, commit->len - 8, mac);
  memcpy (commit->data + commit->len - 8, mac, 8);
}

/* The initiator's DHPart2 gets a wrong MAC, and Commit commits to it as it is. */
static gboolean
spoil_dhpart2 (TestLink * link, TestPacket * packet, gpointer user_data)
{
  ZrtpStream *stream = inside (link, packet->from, packet->stream);
  guint8 digest[ZRTP_HASH_MAX_LEN];
  ZrtpMessage *commit;

  if (packet->type != WIRE_COMMIT || packet->type_index > 0)
    return TRUE;
  commit = &stream->exchange->commit;
  stream->exchange->dhpart2.data[stream->exchange->dhpart2.len - 1] ^= 1;
  stream->exchange->hash->digest ((ZrtpPart[]) { {stream->exchange->dhpart2.data, stream->exchange->dhpart2.len},
    {stream->peer->message.data, stream->peer->message.len} }, 2, digest);
  memcpy (commit->data + 76, digest, 32);
  sign_commit (stream, commit);
  memcpy (stream->outstanding.data, commit->data, commit->len);
  memcpy (WIRE_MESSAGE (packet->data), commit->data, commit->len);
  wire_fix_crc (packet->data, packet->len);
  return TRUE;
}

static void
assert_found_out (TestLink * link, guint victim, guint s)
{
  g_assert_cmpint (test_link_state (link, victim, s), ==, ZRTP_STATE_FAILED);
  g_assert_cmpuint (link->ends[victim].streams[s].n_warnings[ZRTP_WARNING_MESSAGE_MAC], ==, 1);
  g_assert_cmpuint (link->ends[victim].streams[s].n_secure, ==, 0);
  g_assert_cmpuint (link->ends[victim].streams[s].n_received_keys, ==, 0);
}

static void
test_dhpart2 (void)
{
  TestLink link;

  test_link_init (&link, 1);
  test_link_set_initiator (&link, 0);
  link.filter = spoil_dhpart2;
  test_link_open (&link, 1);
  test_link_start_all (&link);
  test_link_run (&link, SEC);
  assert_found_out (&link, 1, 0);
  g_assert_cmpuint (link.ends[1].cache.stores, ==, 0);
  test_link_clear (&link);
}

/* The responder's DHPart1, changed after the fact in what both hash: at the responder before DHPart2 comes, on
 * the wire for the initiator. */
static gboolean
spoil_dhpart1 (TestLink * link, TestPacket * packet, gpointer user_data)
{
  ZrtpStream *stream = inside (link, packet->from, packet->stream);

  if (packet->type != WIRE_DHPART1 || packet->type_index > 0)
    return TRUE;
  stream->exchange->dhpart1.data[stream->exchange->dhpart1.len - 1] ^= 1;
  memcpy (WIRE_MESSAGE (packet->data), stream->exchange->dhpart1.data, stream->exchange->dhpart1.len);
  wire_fix_crc (packet->data, packet->len);
  return TRUE;
}

static void
test_dhpart1 (void)
{
  TestLink link;

  test_link_init (&link, 1);
  test_link_set_initiator (&link, 0);
  link.filter = spoil_dhpart1;
  test_link_open (&link, 1);
  test_link_start_all (&link);
  test_link_run (&link, SEC);
  assert_found_out (&link, 0, 0);
  g_assert_cmpuint (link.ends[0].cache.stores, ==, 0);
  test_link_clear (&link);
}

/* Multistream: the MAC of Commit is checked with Confirm2, that of the responder's Hello with Confirm1. The
 * stream that lies fails; the first one lives. */
static gboolean
spoil_multistream_commit (TestLink * link, TestPacket * packet, gpointer user_data)
{
  ZrtpStream *stream = inside (link, packet->from, packet->stream);
  ZrtpMessage *commit;

  if (packet->stream != 1 || packet->type != WIRE_COMMIT || packet->type_index > 0)
    return TRUE;
  commit = &stream->exchange->commit;
  commit->data[commit->len - 1] ^= 1;
  memcpy (stream->outstanding.data, commit->data, commit->len);
  memcpy (WIRE_MESSAGE (packet->data), commit->data, commit->len);
  wire_fix_crc (packet->data, packet->len);
  zrtp_derive_multistream_keys (stream);        /* over the Commit as it is now */
  return TRUE;
}

static void
test_multistream_commit (void)
{
  TestLink link;

  test_link_init (&link, 1);
  test_link_set_initiator (&link, 0);
  link.filter = spoil_multistream_commit;
  test_link_open (&link, 2);
  test_link_start_all (&link);
  test_link_run (&link, 2 * SEC);
  g_assert_cmpint (test_link_state (&link, 1, 1), ==, ZRTP_STATE_FAILED);
  g_assert_cmpuint (link.ends[1].streams[1].n_warnings[ZRTP_WARNING_MESSAGE_MAC], ==, 1);
  g_assert_cmpuint (link.ends[1].streams[1].n_secure, ==, 0);
  for (guint e = 0; e < 2; e++)
    g_assert_true (test_link_is_secure (&link, e, 0));
  test_link_clear (&link);
}

static void
test_multistream_hello (void)
{
  TestLink link;
  ZrtpStream *liar;

  test_link_init (&link, 1);
  test_link_set_initiator (&link, 0);
  test_link_open (&link, 2);
  liar = inside (&link, 1, 1);
  liar->hello.data[liar->hello.len - 1] ^= 1;
  test_link_start_all (&link);
  test_link_run (&link, 2 * SEC);
  assert_found_out (&link, 0, 1);
  for (guint e = 0; e < 2; e++)
    g_assert_true (test_link_is_secure (&link, e, 0));
  test_link_clear (&link);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/insider/dhpart2", test_dhpart2);
  g_test_add_func ("/insider/dhpart1", test_dhpart1);
  g_test_add_func ("/insider/multistream-commit", test_multistream_commit);
  g_test_add_func ("/insider/multistream-hello", test_multistream_hello);
  return g_test_run ();
}
