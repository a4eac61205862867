/* link.c: two associations on an in-memory link with a virtual clock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "link.h"

#include <stdlib.h>
#include <string.h>

#define MEDIA_INTERVAL (20 * MSEC)
#define MEDIA_MAX 1000          /* 20 s: longer than any schedule of the protocol */

guint
test_count (const gchar * variable, guint normal)
{
  const gchar *text = g_getenv (variable);

  return text && *text ? MAX (1, strtoul (text, NULL, 10)) : normal;
}

gboolean
test_keys_equal (const ZrtpSrtpKeys * a, const ZrtpSrtpKeys * b)
{
  return a->key_len == b->key_len && a->salt_len == b->salt_len && a->tag_len == b->tag_len && a->aead == b->aead
      && memcmp (a->key, b->key, a->key_len) == 0 && memcmp (a->salt, b->salt, a->salt_len) == 0;
}

void
test_link_init (TestLink * link, guint64 seed)
{
  memset (link, 0, sizeof *link);
  link->now = TEST_LINK_START;
  link->prng.state = seed ^ 0x6c696e6b;
  link->delay = 10 * MSEC;
  g_queue_init (&link->queue);
  for (guint e = 0; e < 2; e++) {
    TestEnd *end = &link->ends[e];
    ZrtpConfig *config = &end->config;

    test_random_init (&end->random, seed * 2 + e);
    test_cache_init (&end->cache);
    end->sent = g_ptr_array_new_with_free_func (g_free);
    memset (config->zid, e ? 0xb0 : 0xa0, ZRTP_ZID_LEN);
    config->zid[ZRTP_ZID_LEN - 1] = e;
    memcpy (config->client_id, "gst-zrtp test   ", ZRTP_CLIENT_ID_LEN);
    test_list (&config->hashes, "S256");
    test_list (&config->ciphers, "AES1");
    test_list (&config->auth_tags, "HS32HS80");
    test_list (&config->key_agreements, "X255DH3kMult");
    test_list (&config->sas_types, "B32 ");
    config->automatic = TRUE;
    config->cache_expiry = ZRTP_CACHE_FOREVER;
  }
}

void
test_link_open (TestLink * link, guint n_streams)
{
  for (guint e = 0; e < 2; e++) {
    TestEnd *end = &link->ends[e];

    g_assert_null (end->association);
    memset (end->streams, 0, sizeof end->streams);
    g_ptr_array_set_size (end->sent, 0);
    end->association = zrtp_association_new (&end->config, &end->random.parent,
        end->without_cache ? NULL : &end->cache.parent);
    g_assert_nonnull (end->association);
    for (guint s = 0; s < n_streams; s++) {
      end->streams[s].ssrc = 0x10000000 * (e + 1) + 0x1000 + s;
      end->streams[s].added = TRUE;
      g_assert_true (zrtp_association_add_stream (end->association, s, end->streams[s].ssrc));
    }
  }
}

void
test_link_close (TestLink * link)
{
  for (guint e = 0; e < 2; e++)
    g_clear_pointer (&link->ends[e].association, zrtp_association_free);
  g_queue_clear_full (&link->queue, g_free);
}

void
test_link_clear (TestLink * link)
{
  test_link_close (link);
  for (guint e = 0; e < 2; e++) {
    test_random_clear (&link->ends[e].random);
    test_cache_clear (&link->ends[e].cache);
    g_clear_pointer (&link->ends[e].sent, g_ptr_array_unref);
  }
}

void
test_link_set_initiator (TestLink * link, guint e)
{
  link->ends[e].config.automatic = TRUE;
  link->ends[!e].config.automatic = FALSE;
}

static gint
compare_packets (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const TestPacket *p = a, *q = b;

  if (p->at != q->at)
    return p->at < q->at ? -1 : 1;
  return p->order < q->order ? -1 : p->order > q->order;
}

static void
enqueue (TestLink * link, const TestPacket * packet, guint64 delay)
{
  TestPacket *copy = g_memdup2 (packet, sizeof *packet);

  copy->at = link->now + delay;
  copy->order = link->order++;
  g_queue_insert_sorted (&link->queue, copy, compare_packets, NULL);
}

static void
transmit (TestLink * link, const TestPacket * packet)
{
  guint copies = 1;

  if (test_prng_below (&link->prng, 100) < link->loss_percent[packet->from]) {
    link->dropped++;
    return;
  }
  if (link->duplicate_percent && test_prng_below (&link->prng, 100) < link->duplicate_percent)
    copies += 1 + test_prng_below (&link->prng, 3);
  while (copies--)
    enqueue (link, packet,
        link->delay + (link->jitter ? test_prng_below (&link->prng, link->jitter / 1000) * 1000 : 0));
}

static void
on_send (TestLink * link, guint e, const ZrtpOutput * output)
{
  TestEnd *end = &link->ends[e];
  TestStream *stream = &end->streams[output->stream];
  TestPacket packet = { 0 };

  g_assert_cmpuint (output->u.send.len, >=, 28);
  g_assert_cmpuint (output->u.send.len, <=, WIRE_MAX_LEN);
  g_assert_cmpuint (output->u.send.len % 4, ==, 0);
  packet.from = e;
  packet.stream = output->stream;
  packet.len = output->u.send.len;
  memcpy (packet.data, output->u.send.data, packet.len);
  packet.type = wire_type (packet.data, packet.len);
  packet.sent_at = link->now;
  packet.index = stream->n_sent++;
  packet.type_index = stream->n_sent_of_type[packet.type]++;
  /* What we send is always well framed, under our own SSRC (Z-5-5, Z-5-8, Z-5-10). */
  g_assert_cmpuint (packet.type, !=, WIRE_UNKNOWN);
  g_assert_cmpuint (packet.data[0], ==, 0x10);
  g_assert_cmpuint (packet.data[1], ==, 0);
  g_assert_true (zrtp_packet_is_zrtp (packet.data, packet.len));
  g_assert_true (wire_check_crc (packet.data, packet.len));
  g_assert_cmpuint ((packet.data[14] << 8 | packet.data[15]) * 4, ==, WIRE_MESSAGE_LEN (packet.len));
  g_assert_cmphex (wire_ssrc (packet.data), ==, stream->ssrc);
  g_ptr_array_add (end->sent, g_memdup2 (&packet, sizeof packet));
  if (link->filter && !link->filter (link, &packet, link->user_data)) {
    link->dropped++;
    return;
  }
  transmit (link, &packet);
}

static gboolean
ever_received (const TestStream * stream, const ZrtpSrtpKeys * keys)
{
  for (guint i = 0; i < MIN (stream->n_received_keys, TEST_MAX_KEYS); i++)
    if (test_keys_equal (&stream->received_keys[i], keys))
      return TRUE;
  return FALSE;
}

static void
on_keys (TestLink * link, guint e, const ZrtpOutput * output)
{
  TestStream *stream = &link->ends[e].streams[output->stream];
  const ZrtpSrtpKeys *keys = &output->u.keys.keys;

  g_assert_cmpuint (keys->key_len, >=, 16);
  g_assert_cmpuint (keys->salt_len, ==, keys->aead ? 12 : 14);
  if (output->u.keys.direction == ZRTP_DIRECTION_RECEIVE) {
    stream->received_keys[stream->n_received_keys++ % TEST_MAX_KEYS] = *keys;
    stream->receive = *keys;
    stream->has_receive = TRUE;
  } else {
    g_assert_true (stream->has_receive);        /* Z-4-9 */
    stream->send = *keys;
    stream->has_send = TRUE;
    g_assert_false (test_keys_equal (&stream->send, &stream->receive));
    if (!link->forged_ack_allowed && !link->check_off)
      g_assert_true (ever_received (&link->ends[!e].streams[output->stream], keys));
  }
}

static void
on_state (TestLink * link, guint e, const ZrtpOutput * output)
{
  TestStream *stream = &link->ends[e].streams[output->stream];

  g_assert_cmpint (output->u.state.old_state, ==, stream->state);
  g_assert_cmpint (output->u.state.state, !=, stream->state);
  stream->state = output->u.state.state;
  if (stream->state == ZRTP_STATE_SECURE) {
    stream->n_secure++;
    stream->secure_at = link->now;
    stream->media_at = link->now;
    stream->media_sent = 0;
  }
}

static void
on_output (TestLink * link, guint e, const ZrtpOutput * output)
{
  TestStream *stream;

  g_assert_cmpuint (output->stream, <, ZRTP_MAX_STREAMS);
  stream = &link->ends[e].streams[output->stream];
  g_assert_true (stream->added);
  switch (output->type) {
    case ZRTP_OUTPUT_SEND:
      on_send (link, e, output);
      break;
    case ZRTP_OUTPUT_KEYS:
      on_keys (link, e, output);
      break;
    case ZRTP_OUTPUT_KEYS_GONE:
      stream->has_send = stream->has_receive = FALSE;
      stream->n_keys_gone++;
      break;
    case ZRTP_OUTPUT_STATE:
      on_state (link, e, output);
      break;
    case ZRTP_OUTPUT_SAS:
      stream->n_sas++;
      g_assert_cmpstr (output->u.sas.text, !=, "");
      break;
    case ZRTP_OUTPUT_WARNING:
      g_assert_cmpuint (output->u.warning, <, G_N_ELEMENTS (stream->n_warnings));
      stream->warnings |= 1u << output->u.warning;
      stream->n_warnings[output->u.warning]++;
      break;
    case ZRTP_OUTPUT_ERROR:
      stream->n_errors++;
      stream->n_remote_errors += output->u.error.remote;
      stream->error_code = output->u.error.code;
      break;
    default:
      g_assert_not_reached ();
  }
}

static void
check (TestLink * link, guint e)
{
  for (guint s = 0; s < ZRTP_MAX_STREAMS; s++) {
    const TestStream *own = &link->ends[e].streams[s], *peer = &link->ends[!e].streams[s];

    if (!own->added)
      continue;
    g_assert_cmpint (zrtp_association_get_state (link->ends[e].association, s), ==, own->state);
    if (own->state == ZRTP_STATE_SECURE)
      g_assert_true (own->has_send && own->has_receive);
    else if (own->state != ZRTP_STATE_CLEARING)       /* kept until ClearACK, unused (Z-4.7.2-8) */
      g_assert_false (own->has_send);
    if (own->state == ZRTP_STATE_FAILED)
      g_assert_false (own->has_receive);
    if (own->state == ZRTP_STATE_SECURE && peer->state == ZRTP_STATE_SECURE && !link->check_off) {
      g_assert_true (test_keys_equal (&own->send, &peer->receive));
      g_assert_true (test_keys_equal (&own->receive, &peer->send));
    }
  }
}

void
test_link_drain (TestLink * link, guint e)
{
  TestEnd *end = &link->ends[e];
  ZrtpOutput output;
  guint n = 0;

  while (zrtp_association_poll (end->association, &output)) {
    g_assert_cmpuint (n++, <, 200);
    on_output (link, e, &output);
    zrtp_output_clear (&output);
  }
  check (link, e);
}

void
test_link_start (TestLink * link, guint e, guint s)
{
  zrtp_association_start (link->ends[e].association, s, link->now);
  test_link_drain (link, e);
}

void
test_link_start_all (TestLink * link)
{
  for (guint s = 0; s < ZRTP_MAX_STREAMS; s++)
    for (guint e = 0; e < 2; e++)
      if (link->ends[e].streams[s].added)
        test_link_start (link, e, s);
}

void
test_link_inject (TestLink * link, guint to, guint s, const guint8 * data, gsize len)
{
  /* A block of its own, so that the sanitizer sees a read beyond the datagram. */
  guint8 *copy = g_memdup2 (data, len);

  zrtp_association_receive (link->ends[to].association, s, copy, len, link->now);
  g_free (copy);
  test_link_drain (link, to);
}

void
test_link_inject_later (TestLink * link, guint to, guint s, const guint8 * data, gsize len, guint64 delay)
{
  TestPacket packet = { 0 };

  g_assert_cmpuint (len, <=, sizeof packet.data);
  packet.from = !to;
  packet.stream = s;
  packet.len = len;
  packet.type = WIRE_UNKNOWN;
  memcpy (packet.data, data, len);
  enqueue (link, &packet, delay);
}

static void
deliver (TestLink * link, TestPacket * packet)
{
  guint to = !packet->from;
  TestStream *stream = &link->ends[to].streams[packet->stream];

  link->delivered++;
  if (!packet->media) {
    test_link_inject (link, to, packet->stream, packet->data, packet->len);
    return;
  }
  /* Nothing else than the right key lets a packet verify. */
  if (stream->has_receive && test_keys_equal (&stream->receive, &packet->keys)) {
    zrtp_association_media_authenticated (link->ends[to].association, packet->stream, link->now);
    test_link_drain (link, to);
  }
}

static gboolean
media_wanted (TestLink * link, guint e, guint s)
{
  const TestStream *own = &link->ends[e].streams[s];

  return link->media && own->has_send && own->state == ZRTP_STATE_SECURE && own->media_sent < MEDIA_MAX
      && link->ends[!e].streams[s].state != ZRTP_STATE_SECURE;
}

static guint64
next_event (TestLink * link)
{
  TestPacket *packet = g_queue_peek_head (&link->queue);
  guint64 next = packet ? packet->at : ZRTP_NO_DEADLINE;

  for (guint e = 0; e < 2; e++) {
    next = MIN (next, zrtp_association_get_deadline (link->ends[e].association));
    for (guint s = 0; s < ZRTP_MAX_STREAMS; s++)
      if (media_wanted (link, e, s))
        next = MIN (next, link->ends[e].streams[s].media_at);
  }
  return next;
}

static void
send_media (TestLink * link, guint e, guint s)
{
  TestStream *stream = &link->ends[e].streams[s];
  TestPacket packet = { 0 };

  packet.from = e;
  packet.stream = s;
  packet.media = TRUE;
  packet.keys = stream->send;
  packet.type = WIRE_UNKNOWN;
  stream->media_sent++;
  stream->media_at = link->now + MEDIA_INTERVAL;
  transmit (link, &packet);
}

static void
step (TestLink * link, guint64 at)
{
  TestPacket *packet;

  if (at > link->now)
    link->now = at;
  while ((packet = g_queue_peek_head (&link->queue)) && packet->at <= link->now) {
    g_queue_pop_head (&link->queue);
    deliver (link, packet);
    g_free (packet);
  }
  for (guint e = 0; e < 2; e++) {
    for (guint s = 0; s < ZRTP_MAX_STREAMS; s++)
      if (media_wanted (link, e, s) && link->ends[e].streams[s].media_at <= link->now)
        send_media (link, e, s);
    if (zrtp_association_get_deadline (link->ends[e].association) <= link->now) {
      zrtp_association_advance (link->ends[e].association, link->now);
      test_link_drain (link, e);
      /* A deadline that does not move would spin the caller. */
      g_assert_cmpuint (zrtp_association_get_deadline (link->ends[e].association), >, link->now);
    }
  }
}

void
test_link_run (TestLink * link, guint64 duration)
{
  guint64 end = link->now + duration;

  for (;;) {
    guint64 next = next_event (link);

    if (next > end)
      break;
    step (link, next);
  }
  link->now = end;
}

gboolean
test_link_all_secure (TestLink * link)
{
  for (guint e = 0; e < 2; e++)
    for (guint s = 0; s < ZRTP_MAX_STREAMS; s++)
      if (link->ends[e].streams[s].added && link->ends[e].streams[s].state != ZRTP_STATE_SECURE)
        return FALSE;
  return TRUE;
}

gboolean
test_link_run_until_secure (TestLink * link, guint64 duration)
{
  guint64 end = link->now + duration;

  while (!test_link_all_secure (link)) {
    guint64 next = next_event (link);

    if (next > end)
      return FALSE;
    step (link, next);
  }
  return TRUE;
}

void
test_link_settle (TestLink * link)
{
  guint64 start = link->now;

  for (;;) {
    guint64 next = next_event (link);

    if (next == ZRTP_NO_DEADLINE)
      break;
    g_assert_cmpuint (next - start, <, 600 * SEC);
    step (link, next);
  }
}

ZrtpState
test_link_state (TestLink * link, guint end, guint s)
{
  return link->ends[end].streams[s].state;
}

gboolean
test_link_is_secure (TestLink * link, guint end, guint s)
{
  return link->ends[end].streams[s].state == ZRTP_STATE_SECURE;
}

void
test_link_assert_no_split (TestLink * link)
{
  ZrtpSasInfo sas[2];
  gboolean any = FALSE;

  for (guint s = 0; s < ZRTP_MAX_STREAMS; s++) {
    if (!link->ends[0].streams[s].added)
      continue;
    g_assert_cmpint (test_link_is_secure (link, 0, s), ==, test_link_is_secure (link, 1, s));
    any |= test_link_is_secure (link, 0, s);
    check (link, 0);
    check (link, 1);
  }
  if (!any)
    return;
  for (guint e = 0; e < 2; e++)
    g_assert_true (zrtp_association_get_sas (link->ends[e].association, &sas[e]));
  g_assert_cmpstr (sas[0].text, ==, sas[1].text);
  g_assert_cmpmem (sas[0].sashash, ZRTP_SASHASH_LEN, sas[1].sashash, ZRTP_SASHASH_LEN);
  g_assert_cmpint (sas[0].role + sas[1].role, ==, ZRTP_ROLE_INITIATOR + ZRTP_ROLE_RESPONDER);
  g_assert_cmpint (sas[0].role, !=, sas[1].role);
  g_assert_cmpmem (&sas[0].choice, sizeof sas[0].choice, &sas[1].choice, sizeof sas[1].choice);
  for (guint e = 0; e < 2; e++)
    g_assert_cmpmem (sas[e].peer_zid, ZRTP_ZID_LEN, link->ends[!e].config.zid, ZRTP_ZID_LEN);
}

void
test_link_assert_secure (TestLink * link)
{
  g_assert_true (test_link_all_secure (link));
  test_link_assert_no_split (link);
}

TestPacket *
test_link_sent (TestLink * link, guint e, guint s, WireType type, guint n)
{
  for (guint i = 0; i < link->ends[e].sent->len; i++) {
    TestPacket *packet = g_ptr_array_index (link->ends[e].sent, i);

    if (packet->stream == s && packet->type == type && n-- == 0)
      return packet;
  }
  return NULL;
}
