/* walk.c: one call between two engines, told line by line: the pages' sequence diagrams and sizes are made from it.
 *
 * Alice calls Bob, a second stream joins, encryption is switched off and on again, and they meet again: the next day, in
 * preshared mode, without elliptic curves, with both of them beginning, and on a line that loses packets. Time is virtual
 * and randomness comes from a fixed seed, so every build prints the same. Columns are separated by tabs:
 *
 *   act NAME
 *   packet MILLISECONDS SENDER STREAM TYPE HEX
 *   lost MILLISECONDS SENDER STREAM TYPE HEX, a packet that does not arrive
 *   state MILLISECONDS END STREAM OLD NEW
 *   sas MILLISECONDS END STREAM STRING CACHE VERIFIED
 *   warning MILLISECONDS END STREAM CODE
 *   keys MILLISECONDS END STREAM DIRECTION
 *   user MILLISECONDS END VERB
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/protocol/algorithms.h"
#include "gst/protocol/association.h"
#include "gst/protocol/packet.h"

#include <stdio.h>
#include <string.h>

#define MSEC G_GUINT64_CONSTANT (1000000)
#define ONE_WAY (20 * MSEC)
/* Alice's first packet leaves this much earlier than Bob's. */
#define BOB_STARTS (5 * MSEC)

static const gchar *const names[] = { "Alice", "Bob" };

typedef struct
{
  ZrtpRandom parent;
  guint64 state;
} Random;

typedef struct
{
  guint to, stream;
  guint64 at;
  gsize len;
  guint8 data[ZRTP_MAX_PACKET_LEN];
} Packet;

static Random randoms[2];
static ZrtpCache *caches[2];
static ZrtpAssociation *ends[2];
static GQueue wire = G_QUEUE_INIT;      /* Packet, in the order of arrival: the way always takes as long */
static guint64 now, act_began;
/* Types of the packets that get lost, each once. */
static const gchar *to_lose[4];

/* splitmix64: it shall look random, not be it. */
static gboolean
fill (ZrtpRandom *random, ZrtpRandomUse use, guint8 *out, gsize len)
{
  Random *self = (Random *) random;
  gsize i;

  for (i = 0; i < len; i++) {
    guint64 z = (self->state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
    out[i] = (z ^ (z >> 31)) >> 56;
  }
  return TRUE;
}

static void
begin (const gchar *kind, guint end)
{
  printf ("%s\t%u\t%s\t", kind, (guint) ((now - act_began) / MSEC), names[end]);
}

/* Whether the network loses this packet. */
static gboolean
is_lost (const guint8 *packet)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (to_lose); i++) {
    if (to_lose[i] != NULL && memcmp (packet + ZRTP_PACKET_HEADER_LEN + 4, to_lose[i], 8) == 0) {
      to_lose[i] = NULL;
      return TRUE;
    }
  }
  return FALSE;
}

static void
tell_packet (guint end, const ZrtpOutput *output, gboolean lost)
{
  const guint8 *data = output->u.send.data;
  gsize i;

  begin (lost ? "lost" : "packet", end);
  printf ("%u\t%.8s\t", output->stream, (const gchar *) data + ZRTP_PACKET_HEADER_LEN + 4);
  for (i = 0; i < output->u.send.len; i++)
    printf ("%02x", data[i]);
  printf ("\n");
}

static const gchar *
state_name (ZrtpState state)
{
  static const gchar *const states[]
      = { "idle", "discovering", "no-peer", "clear", "securing", "secure", "clearing", "failed" };

  return states[state];
}

static void
tell (guint end, const ZrtpOutput *output)
{
  static const gchar *const cache_names[] = { "none", "match", "mismatch" };

  switch (output->type) {
    case ZRTP_OUTPUT_SEND:
      g_assert_not_reached ();
    case ZRTP_OUTPUT_STATE:
      begin ("state", end);
      printf ("%u\t%s\t%s\n", output->stream, state_name (output->u.state.old_state),
          state_name (output->u.state.state));
      break;
    case ZRTP_OUTPUT_SAS:
      begin ("sas", end);
      printf ("%u\t%s\t%s\t%s\n", output->stream, output->u.sas.text, cache_names[output->u.sas.cache],
          output->u.sas.verified ? "verified" : "unverified");
      break;
    case ZRTP_OUTPUT_KEYS:
      begin ("keys", end);
      printf ("%u\t%s\n", output->stream, output->u.keys.direction == ZRTP_DIRECTION_SEND ? "send" : "receive");
      break;
    case ZRTP_OUTPUT_WARNING:
      /* The only one that belongs into this story. */
      g_assert (output->u.warning == ZRTP_WARNING_CLEAR_REQUESTED);
      begin ("warning", end);
      printf ("%u\tclear-requested\n", output->stream);
      break;
    case ZRTP_OUTPUT_KEYS_GONE:
      begin ("keys", end);
      printf ("%u\tgone\n", output->stream);
      break;
    case ZRTP_OUTPUT_ERROR:
      g_error ("error 0x%x in a call without one", output->u.error.code);
  }
}

static void
send_packet (guint end, const ZrtpOutput *output)
{
  gboolean lost = is_lost (output->u.send.data);
  Packet *packet;

  tell_packet (end, output, lost);
  if (lost)
    return;
  packet = g_new (Packet, 1);
  packet->to = !end;
  packet->stream = output->stream;
  packet->at = now + ONE_WAY;
  packet->len = output->u.send.len;
  memcpy (packet->data, output->u.send.data, packet->len);
  g_queue_push_tail (&wire, packet);
}

static void
drain (guint end)
{
  ZrtpOutput output;

  while (zrtp_association_poll (ends[end], &output)) {
    if (output.type == ZRTP_OUTPUT_SEND)
      send_packet (end, &output);
    else
      tell (end, &output);
    zrtp_output_clear (&output);
  }
}

/* Lets time pass: packets arrive, timers expire. */
static void
run (guint64 duration)
{
  const guint64 end_of_run = now + duration;

  for (;;) {
    Packet *packet = g_queue_peek_head (&wire);
    guint64 next = packet != NULL ? packet->at : ZRTP_NO_DEADLINE;
    guint e;

    for (e = 0; e < 2; e++)
      next = MIN (next, zrtp_association_get_deadline (ends[e]));
    if (next > end_of_run)
      break;
    now = MAX (now, next);
    if (packet != NULL && packet->at <= now) {
      g_queue_pop_head (&wire);
      zrtp_association_receive (ends[packet->to], packet->stream, packet->data, packet->len, now);
      drain (packet->to);
      g_free (packet);
    }
    for (e = 0; e < 2; e++) {
      zrtp_association_advance (ends[e], now);
      drain (e);
    }
  }
  now = end_of_run;
}

static void
act (const gchar *name)
{
  act_began = now;
  printf ("act\t%s\n", name);
}

typedef enum
{
  PLAIN,
  BOTH_BEGIN = 1,
  PRESHARED = 2
} CallFlags;

/* key_agreements: what an application would set; NULL for the defaults. */
static void
begin_call (const gchar *key_agreements, CallFlags flags)
{
  guint e;

  for (e = 0; e < 2; e++) {
    ZrtpAlgorithmList *lists[5];
    ZrtpConfig config = { { 0 } };
    guint kind;

    lists[ZRTP_ALGORITHM_HASH] = &config.hashes;
    lists[ZRTP_ALGORITHM_CIPHER] = &config.ciphers;
    lists[ZRTP_ALGORITHM_AUTH_TAG] = &config.auth_tags;
    lists[ZRTP_ALGORITHM_KEY_AGREEMENT] = &config.key_agreements;
    lists[ZRTP_ALGORITHM_SAS] = &config.sas_types;
    /* What the elements offer when nothing is set. */
    for (kind = 0; kind < G_N_ELEMENTS (lists); kind++)
      zrtp_algorithm_list_parse (kind,
          kind == ZRTP_ALGORITHM_KEY_AGREEMENT && key_agreements ? key_agreements : zrtp_algorithm_defaults (kind),
          lists[kind], NULL);
    memset (config.zid, e ? 0xbb : 0xaa, ZRTP_ZID_LEN);
    g_strlcpy (config.client_id, "gst-zrtp " PACKAGE_VERSION, sizeof config.client_id);
    /* Bob leaves the beginning to Alice (auto-secure=false), so that nobody's Commit is for nothing. */
    config.automatic = e == 0 || (flags & BOTH_BEGIN);
    config.allow_clear = TRUE;
    config.cache_expiry = ZRTP_CACHE_FOREVER;
    if (flags & PRESHARED) {
      config.preshared = TRUE;
      config.preshared_limit = 5;
      g_strlcpy (config.key_agreements.names[config.key_agreements.count++], "Prsh", 5);
    }
    ends[e] = zrtp_association_new (&config, &randoms[e].parent, caches[e]);
    g_assert (ends[e] != NULL);
  }
}

static void
start_stream (guint stream)
{
  guint e;

  for (e = 0; e < 2; e++)
    g_assert (zrtp_association_add_stream (ends[e], stream, (e ? 0x0b0b0000 : 0x0a0a0000) + stream));
  zrtp_association_start (ends[0], stream, now);
  drain (0);
  run (BOB_STARTS);
  zrtp_association_start (ends[1], stream, now);
  drain (1);
}

static void
user (guint end, const gchar *verb)
{
  begin ("user", end);
  printf ("%s\n", verb);
}

static void
end_call (void)
{
  guint e;

  for (e = 0; e < 2; e++)
    g_clear_pointer (&ends[e], zrtp_association_free);
}

/* The ends have never met. */
static void
strangers (void)
{
  guint e;

  for (e = 0; e < 2; e++) {
    zrtp_memory_cache_free (caches[e]);
    caches[e] = zrtp_memory_cache_new ();
  }
}

int
main (void)
{
  guint e;

  for (e = 0; e < 2; e++) {
    randoms[e].parent.fill = fill;
    randoms[e].state = 6189 + e;
  }

  strangers ();
  act ("call");
  begin_call (NULL, PLAIN);
  start_stream (0);
  run (1000 * MSEC);

  act ("compare");
  for (e = 0; e < 2; e++) {
    user (e, "sas-match");
    zrtp_association_set_verified (ends[e], TRUE, now);
    drain (e);
  }
  run (1000 * MSEC);

  act ("second-stream");
  start_stream (1);
  run (1000 * MSEC);

  act ("clear");
  user (0, "clear");
  zrtp_association_clear (ends[0], now);
  drain (0);
  run (500 * MSEC);
  user (1, "accept-clear");
  zrtp_association_accept_clear (ends[1], now);
  drain (1);
  run (1000 * MSEC);

  act ("secure-again");
  user (0, "secure");
  for (e = 0; e < 2; e++) {
    zrtp_association_secure (ends[0], e, now);
    drain (0);
  }
  run (1000 * MSEC);
  end_call ();

  act ("next-day");
  begin_call (NULL, PLAIN);
  start_stream (0);
  run (1000 * MSEC);
  end_call ();

  act ("preshared");
  begin_call (NULL, PRESHARED);
  start_stream (0);
  run (1000 * MSEC);
  end_call ();

  strangers ();
  act ("dh3k");
  begin_call ("DH3k", PLAIN);
  start_stream (0);
  run (1000 * MSEC);
  end_call ();

  strangers ();
  act ("both-begin");
  begin_call (NULL, BOTH_BEGIN);
  start_stream (0);
  run (1000 * MSEC);
  end_call ();

  strangers ();
  act ("loss");
  to_lose[0] = "Hello   ";
  to_lose[1] = "Confirm1";
  to_lose[2] = "Conf2ACK";
  begin_call (NULL, PLAIN);
  start_stream (0);
  run (2000 * MSEC);
  end_call ();

  for (e = 0; e < 2; e++)
    zrtp_memory_cache_free (caches[e]);
  g_queue_clear_full (&wire, g_free);
  return 0;
}
