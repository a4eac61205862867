/* media.c: the media path of one stream: gates by policy and state, SRTP both ways.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

#include <string.h>

#undef GST_CAT_DEFAULT
#define GST_CAT_DEFAULT gst_zrtp_media_debug

GstZrtpMedia *
gst_zrtp_media_new (GstZrtpSession *session, guint stream)
{
  GstZrtpMedia *media = g_new0 (GstZrtpMedia, 1);

  media->session = session;
  media->stream = stream;
  media->enabled = TRUE;
  media->retry_at = ZRTP_NO_DEADLINE;
  g_mutex_init (&media->send.lock);
  g_mutex_init (&media->receive.lock);
  return media;
}

void
gst_zrtp_media_free (GstZrtpMedia *media)
{
  zrtp_srtp_free (media->send.srtp);
  zrtp_srtp_free (media->receive.srtp);
  g_mutex_clear (&media->send.lock);
  g_mutex_clear (&media->receive.lock);
  g_free (media);
}

static void
lock_both (GstZrtpMedia *media)
{
  g_mutex_lock (&media->send.lock);
  g_mutex_lock (&media->receive.lock);
}

static void
unlock_both (GstZrtpMedia *media)
{
  g_mutex_unlock (&media->receive.lock);
  g_mutex_unlock (&media->send.lock);
}

/* Tells of a gate that moves, and why it is where it is. */
static void
trace_gate (GstZrtpMedia *media, GstZrtpMediaDirection *direction, GstZrtpGate before)
{
  static const gchar *const fates[][3] = {
    { "to send passes in the clear", "to send is held back", "to send is encrypted" },
    { "received passes as it is", "received is dropped", "received is decrypted, and nothing else passes" },
  };
  const gchar *why = !media->enabled           ? "enabled is FALSE"
      : direction->gate == GST_ZRTP_GATE_SRTP ? "there is a key"
      : direction->gate == GST_ZRTP_GATE_PASS ? "the policy allows it while the call is not secure"
      : direction == &media->send && !media->held ? "the user is to hear first what the call is now"
      : media->policy == GST_ZRTP_MEDIA_POLICY_SECURE_ONLY ? "media-policy is secure-only"
      : media->state == GST_ZRTP_STATE_SECURING ? "keys are being agreed on"
      : media->state == GST_ZRTP_STATE_CLEARING ? "encryption is being switched off"
      : media->latched                          ? "the call has been secure, or is over"
                                               : "the signalling announced encryption";

  if (direction->gate != before)
    GST_INFO_OBJECT (media->session, "stream %u: media %s: %s", media->stream,
        fates[direction == &media->receive][direction->gate], why);
}

/* The media policy, in one place. Both locks are held. */
static void
update_gates (GstZrtpMedia *media)
{
  /* Z-4-11, Z-4-12: clear media only where the policy allows it, and never again after having been secure. */
  gboolean clear = media->policy == GST_ZRTP_MEDIA_POLICY_OPPORTUNISTIC && !media->latched
      && !(media->announced && media->must_be_announced);
  /* Z-4-5, Z-4-7, Z-4-10: own media rests from Commit until the keys may be used. */
  gboolean busy = media->state == GST_ZRTP_STATE_SECURING || media->state == GST_ZRTP_STATE_SECURE
      || media->state == GST_ZRTP_STATE_CLEARING;
  /* Z-4.7.2-5, Z-4.7.2-8: on the way to clear nothing is sent, in whatever form; what the peer had sent is still received. */
  gboolean may_protect = media->send.srtp != NULL && media->state != GST_ZRTP_STATE_CLEARING;
  GstZrtpGate send = media->send.gate, receive = media->receive.gate;

  media->held = FALSE;
  if (!media->enabled)
    media->send.gate = media->receive.gate = GST_ZRTP_GATE_PASS;
  else {
    media->held = !may_protect && (!clear || busy);
    media->send.gate = media->held || media->resting ? GST_ZRTP_GATE_HOLD
        : may_protect                                ? GST_ZRTP_GATE_SRTP
                                                     : GST_ZRTP_GATE_PASS;
    media->receive.gate = media->receive.srtp ? GST_ZRTP_GATE_SRTP
        : clear                               ? GST_ZRTP_GATE_PASS
                                              : GST_ZRTP_GATE_HOLD;
  }
  trace_gate (media, &media->send, send);
  trace_gate (media, &media->receive, receive);
}

static void
take_contexts (GstZrtpMedia *media, ZrtpSrtp **send, ZrtpSrtp **receive)
{
  gst_zrtp_late_begin (&media->late, media->receive.srtp);
  *send = g_steal_pointer (&media->send.srtp);
  *receive = g_steal_pointer (&media->receive.srtp);
}

void
gst_zrtp_media_begin_run (GstZrtpMedia *media, guint run, gboolean enabled, GstZrtpMediaPolicy policy,
    gboolean latched, gboolean must_be_announced)
{
  lock_both (media);
  memset (&media->send.counters, 0, sizeof media->send.counters);
  memset (&media->receive.counters, 0, sizeof media->receive.counters);
  media->send.keys = media->receive.keys = 0;
  media->run = run;
  media->enabled = enabled;
  media->policy = policy;
  media->latched = latched;
  media->must_be_announced = must_be_announced;
  media->receive.clear = 0;
  media->late.left = 0;
  media->state = GST_ZRTP_STATE_IDLE;
  update_gates (media);
  unlock_both (media);
}

void
gst_zrtp_media_end_run (GstZrtpMedia *media)
{
  ZrtpSrtp *send, *receive;

  lock_both (media);
  take_contexts (media, &send, &receive);
  media->run++;
  media->state = GST_ZRTP_STATE_IDLE;
  media->announced = FALSE;
  /* Until the next run says otherwise. */
  media->latched = TRUE;
  update_gates (media);
  unlock_both (media);
  zrtp_srtp_free (send);
  zrtp_srtp_free (receive);
}

void
gst_zrtp_media_set_policy (GstZrtpMedia *media, GstZrtpMediaPolicy policy)
{
  lock_both (media);
  media->policy = policy;
  update_gates (media);
  unlock_both (media);
}

void
gst_zrtp_media_set_announced (GstZrtpMedia *media, gboolean announced)
{
  lock_both (media);
  media->announced = announced;
  update_gates (media);
  unlock_both (media);
}

void
gst_zrtp_media_set_resting (GstZrtpMedia *media, gboolean resting)
{
  lock_both (media);
  media->resting = resting;
  update_gates (media);
  unlock_both (media);
}

gboolean
gst_zrtp_media_is_held (GstZrtpMedia *media)
{
  gboolean held;

  g_mutex_lock (&media->send.lock);
  held = media->held;
  g_mutex_unlock (&media->send.lock);
  return held;
}

GstZrtpState
gst_zrtp_media_set_state (GstZrtpMedia *media, guint run, GstZrtpState state)
{
  GstZrtpState old_state;

  lock_both (media);
  old_state = media->state;
  if (media->run == run) {
    media->state = state;
    update_gates (media);
  }
  unlock_both (media);
  return old_state;
}

GstZrtpState
gst_zrtp_media_get_state (GstZrtpMedia *media)
{
  GstZrtpState state;

  g_mutex_lock (&media->send.lock);
  state = media->state;
  g_mutex_unlock (&media->send.lock);
  return state;
}

void
gst_zrtp_media_install (GstZrtpMedia *media, guint run, ZrtpSrtpRole role, ZrtpSrtp *srtp)
{
  lock_both (media);
  if (media->run == run) {
    GstZrtpMediaDirection *direction = role == ZRTP_SRTP_SENDER ? &media->send : &media->receive;
    ZrtpSrtp *old = direction->srtp;

    direction->srtp = srtp;
    direction->keys++;
    direction->authenticated = direction->expired = direction->expired_told = FALSE;
    direction->undecryptable = 0;
    srtp = old;
    update_gates (media);
  }
  unlock_both (media);
  zrtp_srtp_free (srtp);
}

void
gst_zrtp_media_uninstall (GstZrtpMedia *media, guint run)
{
  ZrtpSrtp *send = NULL, *receive = NULL;

  lock_both (media);
  if (media->run == run) {
    take_contexts (media, &send, &receive);
    update_gates (media);
  }
  unlock_both (media);
  zrtp_srtp_free (send);
  zrtp_srtp_free (receive);
}

void
gst_zrtp_media_latch (GstZrtpMedia *media, guint run)
{
  lock_both (media);
  if (media->run == run) {
    media->latched = TRUE;
    update_gates (media);
  }
  unlock_both (media);
}

void
gst_zrtp_media_unlatch (GstZrtpMedia *media, guint run)
{
  lock_both (media);
  if (media->run == run && media->state != GST_ZRTP_STATE_SECURING && media->state != GST_ZRTP_STATE_SECURE
      && media->state != GST_ZRTP_STATE_CLEARING) {
    media->latched = FALSE;
    update_gates (media);
  }
  unlock_both (media);
}

/* The lock of direction is held. */
static void
fill_standing (const GstZrtpMediaDirection *direction, GstZrtpMediaStanding *standing)
{
  standing->counters = direction->counters;
  standing->gate = direction->gate;
  standing->keys = direction->keys;
  standing->have_standing = direction->srtp != NULL;
  if (direction->srtp != NULL)
    zrtp_srtp_get_standing (direction->srtp, &standing->standing);
}

void
gst_zrtp_media_get_standing (GstZrtpMedia *media, GstZrtpMediaStanding *send, GstZrtpMediaStanding *receive)
{
  lock_both (media);
  fill_standing (&media->send, send);
  fill_standing (&media->receive, receive);
  unlock_both (media);
}

/* What a network peer can cause is logged at its 1st, 2nd, 4th, 8th, ... occurrence (attack C10). */
static void
count (GstZrtpMedia *media, guint64 *counter, const gchar *what)
{
  guint64 n = ++*counter;

  if ((n & (n - 1)) == 0)
    GST_WARNING_OBJECT (media->session, "stream %u: %s, %" G_GUINT64_FORMAT " so far", media->stream, what, n);
}

static void
count_failure (GstZrtpMedia *media, GstZrtpMediaDirection *direction, ZrtpSrtpResult result)
{
  switch (result) {
    case ZRTP_SRTP_REPLAYED:
      count (media, &direction->counters.replayed, "dropped a replayed packet");
      break;
    case ZRTP_SRTP_FORGED:
      direction->undecryptable++;
      count (media, &direction->counters.forged, "dropped a packet that is not authentic");
      break;
    case ZRTP_SRTP_MALFORMED:
      count (media, &direction->counters.malformed, "dropped a malformed packet");
      break;
    case ZRTP_SRTP_EXPIRED:
      /* Told once for a key. */
      direction->expired = !direction->expired_told;
      direction->expired_told = TRUE;
      /* fallthrough */
    default:
      count (media, &direction->counters.failed, "dropped a packet that SRTP could not process");
      break;
  }
}

/* RTCP between RTP packets, by the low 7 bits of the second octet (RFC 5761 section 4). */
static inline gboolean
is_rtcp (const guint8 *data, gsize len)
{
  return len >= 2 && (data[1] & 0x7f) >= 64 && (data[1] & 0x7f) <= 95;
}

static inline gboolean
is_version_2 (const guint8 *data, gsize len)
{
  return len >= 1 && (data[0] & 0xc0) == 0x80;
}

/* A buffer's only memory if the packet can be changed where it is, with room octets behind it; else NULL. */
static inline GstMemory *
peek_own_memory (GstBuffer *buffer, gsize room)
{
  GstMemory *memory;
  gsize size, offset, maxsize;

  if (gst_buffer_n_memory (buffer) != 1)
    return NULL;
  memory = gst_buffer_peek_memory (buffer, 0);
  /* Which looks at the buffer, and at the list that the buffer is in, too. */
  if (!gst_memory_is_writable (memory))
    return NULL;
  size = gst_memory_get_sizes (memory, &offset, &maxsize);
  return maxsize - offset - size >= room ? memory : NULL;
}

/* Makes the packet's octets writable, with room octets behind them: in place, or in the one copy that a packet ever gets,
 * metadata included. malloc's caches are quicker here than a GstBufferPool, which takes two locked operations and resets
 * the buffer each time. On success *buffer has the returned memory alone, mapped; else *buffer is gone. */
static GstMemory *
make_writable (GstBuffer **buffer, gsize room, GstMapInfo *map, gsize *size)
{
  GstMemory *memory = peek_own_memory (*buffer, room);
  GstBuffer *copy;

  if (G_LIKELY (memory != NULL)) {
    if (gst_memory_map (memory, map, GST_MAP_READWRITE)) {
      *size = map->size;
      return memory;
    }
    gst_clear_buffer (buffer);
    return NULL;
  }

  *size = gst_buffer_get_size (*buffer);
  memory = gst_allocator_alloc (NULL, *size + room, NULL);
  if (memory == NULL || !gst_memory_map (memory, map, GST_MAP_READWRITE)) {
    if (memory != NULL)
      gst_memory_unref (memory);
    gst_clear_buffer (buffer);
    return NULL;
  }
  gst_buffer_extract (*buffer, 0, map->data, *size);
  if (gst_buffer_is_writable (*buffer)) {
    gst_buffer_replace_all_memory (*buffer, memory);
    return memory;
  }
  copy = gst_buffer_new ();
  gst_buffer_copy_into (copy, *buffer, GST_BUFFER_COPY_METADATA, 0, -1);
  gst_buffer_append_memory (copy, memory);
  gst_buffer_unref (*buffer);
  *buffer = copy;
  return memory;
}

/* The send side's lock is held. */
static GstBuffer *
protect_one (GstZrtpMedia *media, GstBuffer *buffer, gboolean rtcp)
{
  GstZrtpMediaDirection *send = &media->send;
  ZrtpSrtpResult result;
  GstMemory *memory;
  GstMapInfo map;
  gsize size;

  if (send->gate == GST_ZRTP_GATE_PASS) {
    send->counters.clear++;
    send->counters.clear_octets += gst_buffer_get_size (buffer);
    return buffer;
  }
  if (send->gate == GST_ZRTP_GATE_HOLD) {
    send->counters.held++;
    gst_buffer_unref (buffer);
    return NULL;
  }

  memory = make_writable (&buffer, ZRTP_SRTP_MAX_TRAILER, &map, &size);
  if (memory == NULL) {
    count_failure (media, send, ZRTP_SRTP_FAILED);
    return NULL;
  }
  if (rtcp || is_rtcp (map.data, size))
    result = zrtp_srtp_protect_rtcp (send->srtp, map.data, &size);
  else
    result = zrtp_srtp_protect (send->srtp, map.data, &size);
  gst_memory_unmap (memory, &map);

  if (result != ZRTP_SRTP_OK) {
    count_failure (media, send, result);
    gst_buffer_unref (buffer);
    return NULL;
  }
  gst_memory_resize (memory, 0, size);
  send->counters.secured_octets += size;
  send->counters.secured++;
  return buffer;
}

/* Told once, with no lock held. */
static inline gboolean
take_expired (GstZrtpMediaDirection *direction)
{
  gboolean expired = direction->expired;

  direction->expired = FALSE;
  return expired;
}

GstBuffer *
gst_zrtp_media_protect (GstZrtpMedia *media, GstBuffer *buffer, gboolean rtcp)
{
  gboolean expired;

  g_mutex_lock (&media->send.lock);
  buffer = protect_one (media, buffer, rtcp);
  expired = take_expired (&media->send);
  g_mutex_unlock (&media->send.lock);

  if (G_UNLIKELY (expired))
    gst_zrtp_mailbox_post (media->session, GST_ZRTP_INPUT_EXPIRED, media->stream, 0, NULL, 0);
  return buffer;
}

typedef struct
{
  GstZrtpMedia *media;
  gboolean rtcp;
  GstBufferList *rtcp_list;     /* RTCP that came with RTP */
  GQueue zrtp;                  /* GstBuffer, for the mailbox */
  gboolean first_authentic, undecryptable, first_clear, clear;
  guint32 secured;              /* with undecryptable: packets that were authentic so far */
} ListWalk;

/* Clear packets after which somebody should have begun to ask whether the peer can encrypt. */
#define CLEAR_FOR_LONG 50

/* Packets in a row that do not verify, after which it may be the keys rather than somebody's forgeries between the peer's. */
#define UNDECRYPTABLE 50

/* Now and then, as many as somebody may send: after 50 in a row, 200, 800 and so on. */
static gboolean
is_many (guint n)
{
  while (n > UNDECRYPTABLE && n % 4 == 0)
    n /= 4;
  return n == UNDECRYPTABLE;
}

static gboolean
protect_in_list (GstBuffer **buffer, guint index, gpointer data)
{
  ListWalk *walk = data;

  *buffer = protect_one (walk->media, *buffer, walk->rtcp);
  return TRUE;
}

GstBufferList *
gst_zrtp_media_protect_list (GstZrtpMedia *media, GstBufferList *list, gboolean rtcp)
{
  ListWalk walk = { media, rtcp };
  gboolean expired;

  g_mutex_lock (&media->send.lock);
  if (media->send.gate == GST_ZRTP_GATE_PASS) {
    media->send.counters.clear += gst_buffer_list_length (list);
    media->send.counters.clear_octets += gst_buffer_list_calculate_size (list);
  } else {
    list = gst_buffer_list_make_writable (list);
    gst_buffer_list_foreach (list, protect_in_list, &walk);
  }
  expired = take_expired (&media->send);
  g_mutex_unlock (&media->send.lock);

  if (G_UNLIKELY (expired))
    gst_zrtp_mailbox_post (media->session, GST_ZRTP_INPUT_EXPIRED, media->stream, 0, NULL, 0);
  if (gst_buffer_list_length (list) == 0)
    gst_clear_buffer_list (&list);
  return list;
}

/* The receive side's lock is held. What is left of buffer, whose kind goes to *rtcp. */
static GstBuffer *
unprotect_one (GstZrtpMedia *media, GstBuffer *buffer, gboolean *rtcp, ListWalk *walk)
{
  GstZrtpMediaDirection *receive = &media->receive;
  gboolean rtcp_port = *rtcp;
  ZrtpSrtpResult result;
  GstMemory *memory;
  GstMapInfo map;
  guint8 header[12];
  gsize size, wire_size;

  if (G_UNLIKELY (!media->enabled)) {
    receive->counters.clear++;
    receive->counters.clear_octets += gst_buffer_get_size (buffer);
    return buffer;
  }

  size = gst_buffer_extract (buffer, 0, header, sizeof header);
  if (G_UNLIKELY (!is_version_2 (header, size))) {
    if (!rtcp_port && zrtp_packet_is_zrtp (header, size))
      g_queue_push_tail (&walk->zrtp, buffer);
    else {
      /* STUN, DTLS, TURN and the unknown are for whoever owns the socket (RFC 7983, attack F10). */
      count (media, &receive->counters.foreign, "dropped a packet that is not RTP, RTCP or ZRTP");
      gst_buffer_unref (buffer);
    }
    return NULL;
  }
  if (!rtcp_port)
    *rtcp = is_rtcp (header, size);

  if (receive->gate != GST_ZRTP_GATE_SRTP && receive->clear <= CLEAR_FOR_LONG) {
    walk->first_clear |= receive->clear == 0;
    walk->clear |= receive->clear++ == CLEAR_FOR_LONG;
  }
  if (receive->gate == GST_ZRTP_GATE_PASS) {
    if (G_UNLIKELY (media->late.left > 0) && gst_zrtp_late_is_encrypted (&media->late, buffer, *rtcp)) {
      count (media, &receive->counters.late, "dropped a packet that was encrypted before the call went clear");
      gst_buffer_unref (buffer);
      return NULL;
    }
    receive->counters.clear++;
    receive->counters.clear_octets += gst_buffer_get_size (buffer);
    return buffer;
  }
  if (receive->gate == GST_ZRTP_GATE_HOLD) {
    receive->counters.held++;
    gst_buffer_unref (buffer);
    return NULL;
  }

  memory = make_writable (&buffer, 0, &map, &size);
  if (memory == NULL) {
    count_failure (media, receive, ZRTP_SRTP_FAILED);
    return NULL;
  }
  wire_size = size;
  if (*rtcp)
    result = zrtp_srtp_unprotect_rtcp (receive->srtp, map.data, &size);
  else
    result = zrtp_srtp_unprotect (receive->srtp, map.data, &size);
  gst_memory_unmap (memory, &map);

  if (result != ZRTP_SRTP_OK) {
    count_failure (media, receive, result);
    if (result == ZRTP_SRTP_FORGED && is_many (receive->undecryptable)) {
      walk->undecryptable = TRUE;
      walk->secured = receive->counters.secured;
    }
    gst_buffer_unref (buffer);
    return NULL;
  }
  gst_memory_resize (memory, 0, size);
  receive->counters.secured_octets += wire_size;
  receive->counters.secured++;
  receive->undecryptable = 0;
  if (G_UNLIKELY (!receive->authenticated))
    receive->authenticated = walk->first_authentic = TRUE;
  return buffer;
}

/* What goes to the mailbox, once the lock is free. */
static void
finish_walk (ListWalk *walk)
{
  GstZrtpMedia *media = walk->media;
  GstBuffer *buffer;

  while ((buffer = g_queue_pop_head (&walk->zrtp)) != NULL) {
    GstMapInfo map;

    if (gst_buffer_map (buffer, &map, GST_MAP_READ)) {
      gst_zrtp_session_receive (media->session, media->stream, map.data, map.size);
      gst_buffer_unmap (buffer, &map);
    }
    gst_buffer_unref (buffer);
  }
  if (walk->first_clear)
    gst_zrtp_mailbox_post (media->session, GST_ZRTP_INPUT_FIRST_CLEAR, media->stream, 0, NULL, 0);
  if (walk->clear)
    gst_zrtp_mailbox_post (media->session, GST_ZRTP_INPUT_CLEAR_FOR_LONG, media->stream, 0, NULL, 0);
  if (walk->undecryptable)
    gst_zrtp_mailbox_post (media->session, GST_ZRTP_INPUT_UNDECRYPTABLE, media->stream, walk->secured, NULL, 0);
  if (walk->first_authentic)
    gst_zrtp_mailbox_post (media->session, GST_ZRTP_INPUT_AUTHENTICATED, media->stream, 0, NULL, 0);
}

GstBuffer *
gst_zrtp_media_unprotect (GstZrtpMedia *media, GstBuffer *buffer, gboolean rtcp, GstBuffer **rtcp_out)
{
  ListWalk walk = { media, rtcp, NULL, G_QUEUE_INIT };
  gboolean kind = rtcp;

  g_mutex_lock (&media->receive.lock);
  buffer = unprotect_one (media, buffer, &kind, &walk);
  g_mutex_unlock (&media->receive.lock);
  finish_walk (&walk);

  if (!rtcp) {
    *rtcp_out = kind ? buffer : NULL;
    if (kind)
      buffer = NULL;
  }
  return buffer;
}

static gboolean
unprotect_in_list (GstBuffer **buffer, guint index, gpointer data)
{
  ListWalk *walk = data;
  gboolean kind = walk->rtcp;

  *buffer = unprotect_one (walk->media, *buffer, &kind, walk);
  if (*buffer != NULL && kind && !walk->rtcp) {
    if (walk->rtcp_list == NULL)
      walk->rtcp_list = gst_buffer_list_new ();
    gst_buffer_list_add (walk->rtcp_list, g_steal_pointer (buffer));
  }
  return TRUE;
}

GstBufferList *
gst_zrtp_media_unprotect_list (GstZrtpMedia *media, GstBufferList *list, gboolean rtcp, GstBufferList **rtcp_out)
{
  ListWalk walk = { media, rtcp, NULL, G_QUEUE_INIT };

  list = gst_buffer_list_make_writable (list);
  g_mutex_lock (&media->receive.lock);
  gst_buffer_list_foreach (list, unprotect_in_list, &walk);
  g_mutex_unlock (&media->receive.lock);
  finish_walk (&walk);

  if (!rtcp)
    *rtcp_out = walk.rtcp_list;
  if (gst_buffer_list_length (list) == 0)
    gst_clear_buffer_list (&list);
  return list;
}
