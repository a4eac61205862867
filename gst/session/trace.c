/* trace.c: the story of a call in the debug log, one line for each thing that happens.
 *
 * GST_DEBUG=zrtp*:4 shows it. The categories: zrtpsession, what users do and are told; zrtpprotocol, the ZRTP messages;
 * zrtpmedia, what media may pass and which keys there are; zrtpcache, the secrets of earlier calls; and those of the elements.
 * What comes again, and what a network peer can cause at will, is told at its 1st, 2nd, 4th, 8th, ... occurrence, or at a
 * higher level. No key, secret or SAS hash is printed at any level.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"
#include "gst/protocol/messages.h"

#include <string.h>

#define PACKET_HEADER_LEN 12
#define PACKET_CRC_LEN 4

GST_DEBUG_CATEGORY (gst_zrtp_protocol_debug);
GST_DEBUG_CATEGORY (gst_zrtp_media_debug);
GST_DEBUG_CATEGORY (gst_zrtp_cache_debug);

void
gst_zrtp_trace_init (void)
{
  GST_DEBUG_CATEGORY_INIT (gst_zrtp_protocol_debug, "zrtpprotocol", 0, "ZRTP messages");
  GST_DEBUG_CATEGORY_INIT (gst_zrtp_media_debug, "zrtpmedia", 0, "Media of ZRTP sessions: what may pass, and its keys");
  GST_DEBUG_CATEGORY_INIT (gst_zrtp_cache_debug, "zrtpcache", 0, "Secrets of earlier ZRTP calls");
}

/* ---- Messages on the wire ---- */

static ZrtpMessageType
packet_type (const guint8 *packet, gsize len)
{
  gboolean good_length;

  if (len < PACKET_HEADER_LEN + PACKET_CRC_LEN)
    return ZRTP_MESSAGE_UNKNOWN;
  return zrtp_message_type (packet + PACKET_HEADER_LEN, len - PACKET_HEADER_LEN - PACKET_CRC_LEN, &good_length);
}

/* "Hello", without the padding of the wire. */
typedef struct
{
  gchar text[9];
} Name;

static Name
name_of (ZrtpMessageType type)
{
  Name name;

  g_strlcpy (name.text, zrtp_message_type_name (type), sizeof name.text);
  g_strchomp (name.text);
  return name;
}

/* Whether a type is new since the last key agreement began, or the first of it. */
static gboolean
first_time (guint32 *told, ZrtpMessageType type)
{
  gboolean first = (*told & (1u << type)) == 0;

  *told |= 1u << type;
  return first;
}

/* A stream has another state: the messages of the next key agreement, or of the next GoClear, are no repeats. */
void
gst_zrtp_trace_state (GstZrtpMedia *media, GstZrtpState state)
{
  const guint32 clearing = 1u << ZRTP_MESSAGE_GO_CLEAR | 1u << ZRTP_MESSAGE_CLEAR_ACK;
  guint32 still_told = ~0u;

  if (state == GST_ZRTP_STATE_CLEAR || state == GST_ZRTP_STATE_IDLE)
    still_told = 0;
  else if (state == GST_ZRTP_STATE_CLEARING)    /* secure may end it, and clear is never come to */
    still_told = clearing;
  else if (state == GST_ZRTP_STATE_SECURE)
    still_told = ~clearing;
  media->told_sent &= still_told;
  media->told_received &= still_told;
}

void
gst_zrtp_trace_sent (GstZrtpMedia *media, const guint8 *packet, gsize len)
{
  ZrtpMessageType type;

  if (gst_debug_category_get_threshold (gst_zrtp_protocol_debug) < GST_LEVEL_INFO)
    return;
  type = packet_type (packet, len);
  if (first_time (&media->told_sent, type))
    GST_CAT_INFO_OBJECT (gst_zrtp_protocol_debug, media->session, "stream %u: sends %s", media->stream, name_of (type).text);
  else
    GST_CAT_DEBUG_OBJECT (gst_zrtp_protocol_debug, media->session, "stream %u: sends %s again", media->stream,
        name_of (type).text);
}

static const struct
{
  gsize offset;
  const gchar *why;
} drops[] = {
#define DROP(member, why) { G_STRUCT_OFFSET (ZrtpStreamStats, member), why }
  DROP (dropped_crc, "its checksum is wrong, so it was damaged on the way"),
  DROP (dropped_malformed, "it is malformed"),
  DROP (dropped_chain, "it is not of the peer that this stream talks to (hash chain)"),
  DROP (dropped_mac, "its MAC is wrong"),
  DROP (dropped_hello_hash, "it is not what the signalling announced (zrtp-hash)"),
  DROP (changed_repeats, "it is a repeat with other contents"),
#undef DROP
};

static guint64
read_counter (const ZrtpStreamStats *stats, guint i)
{
  return *(const guint64 *) ((const guint8 *) stats + drops[i].offset);
}

/* What became of a packet, by the counter that has moved. */
static void
trace_received (GstZrtpMedia *media, const guint8 *packet, gsize len, const ZrtpStreamStats *before,
    const ZrtpStreamStats *after)
{
  GstZrtpSession *self = media->session;
  ZrtpMessageType type = packet_type (packet, len);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (drops); i++) {
    guint64 n = read_counter (after, i);

    if (n == read_counter (before, i))
      continue;
    if ((n & (n - 1)) == 0)
      GST_CAT_INFO_OBJECT (gst_zrtp_protocol_debug, self, "stream %u: drops a %s: %s, %" G_GUINT64_FORMAT " so far",
          media->stream, type == ZRTP_MESSAGE_UNKNOWN || i == 0 ? "packet" : name_of (type).text, drops[i].why, n);
    return;
  }
  if (after->dropped_state != before->dropped_state)
    GST_CAT_DEBUG_OBJECT (gst_zrtp_protocol_debug, self, "stream %u: has no use for %s now", media->stream,
        name_of (type).text);
  else if (first_time (&media->told_received, type))
    GST_CAT_INFO_OBJECT (gst_zrtp_protocol_debug, self, "stream %u: received %s", media->stream, name_of (type).text);
  else
    GST_CAT_DEBUG_OBJECT (gst_zrtp_protocol_debug, self, "stream %u: received %s again", media->stream, name_of (type).text);
}

void
gst_zrtp_trace_receive (GstZrtpMedia *media, const guint8 *packet, gsize len, guint64 now)
{
  ZrtpAssociation *association = media->session->association;
  ZrtpStreamStats before, after;

  if (gst_debug_category_get_threshold (gst_zrtp_protocol_debug) < GST_LEVEL_INFO) {
    zrtp_association_receive (association, media->stream, packet, len, now);
    return;
  }
  zrtp_association_get_stats (association, media->stream, &before);
  zrtp_association_receive (association, media->stream, packet, len, now);
  zrtp_association_get_stats (association, media->stream, &after);
  trace_received (media, packet, len, &before, &after);
}

/* ---- Keys ---- */

void
gst_zrtp_trace_keys (GstZrtpMedia *media, ZrtpDirection direction, const ZrtpSrtpKeys *keys)
{
  GST_CAT_INFO_OBJECT (gst_zrtp_media_debug, media->session, "stream %u: has a key to %s with: %s with %u bits, tags of %u bits",
      media->stream, direction == ZRTP_DIRECTION_SEND ? "encrypt" : "decrypt", keys->aead ? "AES-GCM" : "AES-CM and HMAC-SHA1",
      keys->key_len * 8, keys->tag_len * 8);
}

/* ---- What users do, and are told ---- */

void
gst_zrtp_trace_input (GstZrtpSession *self, const GstZrtpInput *input)
{
  static const gchar *const verbs[] = {
    [GST_ZRTP_INPUT_SECURE] = "the user wants encryption (secure)",
    [GST_ZRTP_INPUT_CLEAR] = "the user wants to switch encryption off (clear)",
    [GST_ZRTP_INPUT_ACCEPT_CLEAR] = "the user agrees to go on without encryption (accept-clear)",
    [GST_ZRTP_INPUT_PEER_HASH] = "the signalling brings a zrtp-hash",
    [GST_ZRTP_INPUT_AUX_SECRET] = "a secret from outside is set or taken back",
    [GST_ZRTP_INPUT_ACCEPT_SIGNATURE] = "the application has found the peer's signature good",
    [GST_ZRTP_INPUT_RELAY_SAS] = "the string of another leg is to be passed on",
    [GST_ZRTP_INPUT_RESET] = "all that was of the run is wiped",
  };
  const gchar *what = input->type < G_N_ELEMENTS (verbs) ? verbs[input->type] : NULL;

  if (input->type == GST_ZRTP_INPUT_VERIFIED)
    what = input->value ? "the user says that both see the same string (sas-match)"
                        : "the user says that the strings differ (sas-differs)";
  else if (input->type == GST_ZRTP_INPUT_ENROLL)
    what = input->value ? "the user trusts the telephone system (enroll)" : "the user trusts the telephone system no longer";
  else if (input->type == GST_ZRTP_INPUT_AUTHENTICATED)
    GST_CAT_INFO_OBJECT (gst_zrtp_media_debug, self, "stream %u: the first encrypted packet of the other side is authentic",
        input->stream);
  if (what != NULL)
    GST_INFO_OBJECT (self, "%s", what);
}

static const gchar *
get (const GstStructure *message, const gchar *field)
{
  const gchar *text = gst_structure_get_string (message, field);

  return text != NULL ? text : "";
}

/* The strings that the users compare are for the screen, not for a log. */
static void
trace_sas (GstZrtpSession *self, gint stream, const GstStructure *message)
{
  GST_INFO_OBJECT (self, "stream %d: authentication string %s agreed on with \"%s\", as %s, by %s, %s, %s, %s; retained secret: %s; "
                         "zrtp-hash: %s; security: %s",
      stream, get (message, "sas-type"), get (message, "peer-client"), get (message, "role"), get (message, "key-agreement"),
      get (message, "hash"), get (message, "cipher"), get (message, "auth-tag"), get (message, "cache"),
      get (message, "signalled-hash"), get (message, "security"));
}

void
gst_zrtp_trace_message (GstZrtpSession *self, const GstStructure *message)
{
  gint stream = 0, code = 0;

  gst_structure_get_int (message, "stream", &stream);
  if (gst_structure_has_name (message, GST_ZRTP_MESSAGE_STATE))
    GST_INFO_OBJECT (self, "stream %d: %s -> %s, security %s: %s", stream, get (message, "old-state"), get (message, "state"),
        get (message, "security"), get (message, "text"));
  else if (gst_structure_has_name (message, GST_ZRTP_MESSAGE_SAS))
    trace_sas (self, stream, message);
  else if (gst_structure_has_name (message, GST_ZRTP_MESSAGE_WARNING))
    GST_WARNING_OBJECT (self, "stream %d: %s: %s", stream, get (message, "code"), get (message, "text"));
  else if (gst_structure_get_int (message, "code", &code))
    GST_WARNING_OBJECT (self, "stream %d: error 0x%x: %s", stream, (guint) code, get (message, "text"));
  else
    GST_INFO_OBJECT (self, "stream %d: %s", stream, get (message, "text"));
}

/* ---- The cache ---- */

static const gchar *
secrets_text (const ZrtpCacheEntry *entry)
{
  return !entry->has_rs1 ? "no secret" : entry->has_rs2 ? "two secrets" : "one secret";
}

static gboolean
watched_lookup (ZrtpCache *cache, const guint8 local_zid[ZRTP_ZID_LEN], const guint8 peer_zid[ZRTP_ZID_LEN],
    ZrtpCacheEntry *entry)
{
  GstZrtpWatchedCache *self = (GstZrtpWatchedCache *) cache;
  gboolean found = self->target->lookup (self->target, local_zid, peer_zid, entry);
  gchar *zid = gst_zrtp_hex (peer_zid, ZRTP_ZID_LEN);

  /* It is asked at several points of a key agreement. */
  if (self->told && memcmp (self->told_zid, peer_zid, ZRTP_ZID_LEN) == 0)
    GST_CAT_DEBUG_OBJECT (gst_zrtp_cache_debug, self->session, "peer %s is looked up again", zid);
  else if (found)
    GST_CAT_INFO_OBJECT (gst_zrtp_cache_debug, self->session, "peer %s is known: %s, string %s%s", zid, secrets_text (entry),
        entry->verified ? "compared" : "not compared", entry->has_pbxsecret ? ", trusted telephone system" : "");
  else
    GST_CAT_INFO_OBJECT (gst_zrtp_cache_debug, self->session, "peer %s %s", zid,
        entry->unreadable ? "may be known: the cache cannot be read" : "is not known: a first call");
  g_free (zid);
  self->told = TRUE;
  memcpy (self->told_zid, peer_zid, ZRTP_ZID_LEN);
  return found;
}

static gboolean
watched_store (ZrtpCache *cache, const guint8 local_zid[ZRTP_ZID_LEN], const guint8 peer_zid[ZRTP_ZID_LEN],
    const ZrtpCacheEntry *entry)
{
  GstZrtpWatchedCache *self = (GstZrtpWatchedCache *) cache;
  gboolean stored = self->target->store (self->target, local_zid, peer_zid, entry);
  gchar *zid = gst_zrtp_hex (peer_zid, ZRTP_ZID_LEN);

  if (stored)
    GST_CAT_INFO_OBJECT (gst_zrtp_cache_debug, self->session, "peer %s is kept: %s, string %s%s", zid, secrets_text (entry),
        entry->verified ? "compared" : "not compared", entry->expiry_interval == 0 ? ", of which the secrets end now" : "");
  else
    GST_CAT_WARNING_OBJECT (gst_zrtp_cache_debug, self->session, "peer %s could not be kept", zid);
  g_free (zid);
  return stored;
}

ZrtpCache *
gst_zrtp_trace_watch_cache (GstZrtpSession *self, ZrtpCache *target)
{
  if (target == NULL)
    return NULL;
  self->watched.interface.lookup = watched_lookup;
  self->watched.interface.store = watched_store;
  self->watched.target = target;
  self->watched.session = self;
  self->watched.told = FALSE;
  return &self->watched.interface;
}
