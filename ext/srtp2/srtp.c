/* srtp.c: SRTP and SRTCP contexts on libsrtp2 (RFC 3711, RFC 6188, RFC 7714; RFC 6189 section 4.5.3).
 *
 * libsrtp2 keeps the cipher, the tag, the replay window and the rollover counter of each SSRC. This file adds
 * what it leaves open: the number of SSRCs is bounded, key lifetimes are counted for the key and not for an SSRC
 * alone, unencrypted SRTCP is refused, and a receiver finds a sender that has wrapped its sequence numbers before
 * the first packet of an SSRC that arrives, or while none arrived.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ext/srtp2/srtp.h"
#include "ext/srtp2/library.h"

#include <string.h>

#define RTP_HEADER_LEN 12
#define RTP_SSRC_AT 8
#define RTCP_HEADER_LEN 8
#define SRTCP_INDEX_LEN 4
#define SRTCP_ENCRYPTED 0x80    /* the E bit, in the first octet of the index (RFC 3711 section 3.4) */

/* One keystream of AES-CM ends after 2^16 blocks (RFC 3711 section 4.1.1); AES-GCM's is longer. */
#define MAX_PACKET_LEN (1 << 20)

/* libsrtp2 keeps some 400 octets for each SSRC and looks them up one by one. A receiver makes them only for
 * packets that verify, so this bounds what the peer itself, not a stranger, can make of us. */
#define MAX_SSRCS 256

/* Z-4.5.3-11, RFC 3711 section 9.2 */
#define MAX_RTP_PACKETS (G_GUINT64_CONSTANT (1) << 48)
#define MAX_RTCP_PACKETS (G_GUINT64_CONSTANT (1) << 31)

/* Another rollover counter is tried when a packet does not verify at the one that libsrtp2 expects. Strangers can cause that too, at the
 * cost of some packets each: so many, and one more for so many packets. */
#define MAX_LATE_TRIES 32
#define PACKETS_FOR_LATE_TRY 61 /* of no rhythm that a stranger would have */
/* Packets of an SSRC in a row that are refused before it is thought to have gone on unheard, and how many counters from the last one on
 * are tried. */
#define MISSES 8
#define GAP_ROCS 8

typedef struct
{
  guint32 number;               /* as it stands in packets */
  gboolean rtp;                 /* RTP has passed, not RTCP alone */
  guint16 sequence;             /* the highest of it */
  guint misses;                 /* packets in a row that were refused as old, or by their tag */
} Ssrc;

struct _ZrtpSrtp
{
  srtp_t context;
  ZrtpSrtpRole role;
  gboolean aead;
  guint rtp_tag_len, rtcp_tag_len;
  guint64 rtp_left, rtcp_left;  /* packets that the key may still protect */
  guint last_ssrc;              /* index of the one that was looked up last */
  guint n_ssrcs, ssrcs_size;
  Ssrc *ssrcs;                  /* those that libsrtp2 has a stream for */
  /* Of the last RTP packet that passed. */
  gboolean have_rtp;
  guint last_rtp;               /* index of its SSRC */
  guint late_tries, earned;     /* that are left; packets that count for the next one */
  srtp_policy_t policy;         /* and master key: for streams that begin at another rollover counter; receiver only */
  guint8 master[SRTP_MAX_KEY_LEN];
};

static GQuark
zrtp_srtp_error_quark (void)
{
  return g_quark_from_static_string ("zrtp-srtp-error");
}

/* --- Contexts
 * ------------------------------------------------------------------------------------------------- */

static gboolean
keys_are_valid (const ZrtpSrtpKeys * keys)
{
  if (keys->aead)
    return keys->salt_len == SRTP_AEAD_SALT_LEN && keys->tag_len == GCM_TAG_LEN;
  return keys->salt_len == SRTP_SALT_LEN && (keys->tag_len == 4 || keys->tag_len == 10);
}

ZrtpSrtp *
zrtp_srtp_new (ZrtpSrtpRole role, const ZrtpSrtpKeys * keys, GError ** error)
{
  srtp_err_status_t status;
  ZrtpSrtp *self;

  g_return_val_if_fail (keys != NULL, NULL);

  if (!keys_are_valid (keys) || !zrtp_srtp_supports (keys->key_len, keys->aead)) {
    g_set_error (error, zrtp_srtp_error_quark (), srtp_err_status_bad_param,
        "This libsrtp2 (%s) has no %s with keys of %u bits, %u bits of salt and tags of %u bits",
        srtp_get_version_string (), keys->aead ? "AES-GCM" : "AES-CM with HMAC-SHA1",
        keys->key_len * 8, keys->salt_len * 8, keys->tag_len * 8);
    return NULL;
  }

  self = g_new0 (ZrtpSrtp, 1);
  self->role = role;
  self->aead = keys->aead;
  self->rtp_tag_len = keys->tag_len;
  self->rtcp_tag_len = keys->aead ? GCM_TAG_LEN : SHA1_SRTCP_TAG_LEN;
  self->rtp_left = MAX_RTP_PACKETS;
  self->rtcp_left = MAX_RTCP_PACKETS;

  memcpy (self->master, keys->key, keys->key_len);
  memcpy (self->master + keys->key_len, keys->salt, keys->salt_len);
  zrtp_srtp_fill_policy (&self->policy, keys->key_len, keys->aead, keys->tag_len, self->master);
  if (role == ZRTP_SRTP_SENDER)
    self->policy.ssrc.type = ssrc_any_outbound;

  status = zrtp_srtp_create_context (&self->context, &self->policy);
  if (status != srtp_err_status_ok) {
    g_set_error (error, zrtp_srtp_error_quark (), status, "libsrtp2 cannot make a context: error %d", status);
    self->context = NULL;
    zrtp_srtp_free (self);
    return NULL;
  }
  if (role == ZRTP_SRTP_RECEIVER)
    self->late_tries = MAX_LATE_TRIES;
  else {
    self->policy.key = NULL;
    zrtp_wipe (self->master, sizeof self->master);
  }
  return self;
}

void
zrtp_srtp_free (ZrtpSrtp * self)
{
  if (!self)
    return;
  if (self->context)
    srtp_dealloc (self->context);       /* wipes */
  g_free (self->ssrcs);
  zrtp_wipe (self, sizeof *self);
  g_free (self);
}

void
zrtp_srtp_set_lifetime (ZrtpSrtp * self, guint64 rtp_packets, guint64 rtcp_packets)
{
  g_return_if_fail (self != NULL);
  self->rtp_left = MIN (rtp_packets, MAX_RTP_PACKETS);
  self->rtcp_left = MIN (rtcp_packets, MAX_RTCP_PACKETS);
}

/* --- SSRCs
 * ---------------------------------------------------------------------------------------------------- */

static Ssrc *
ssrc_find (ZrtpSrtp * self, guint32 number)
{
  guint i;

  if (G_LIKELY (self->n_ssrcs > 0 && self->ssrcs[self->last_ssrc].number == number))
    return &self->ssrcs[self->last_ssrc];
  for (i = 0; i < self->n_ssrcs; i++) {
    if (self->ssrcs[i].number == number) {
      self->last_ssrc = i;
      return &self->ssrcs[i];
    }
  }
  return NULL;
}

static Ssrc *
ssrc_add (ZrtpSrtp * self, guint32 number)
{
  Ssrc ssrc = { number, FALSE, 0, 0 };

  if (self->n_ssrcs == self->ssrcs_size) {
    self->ssrcs_size = self->ssrcs_size ? self->ssrcs_size * 2 : 2;
    self->ssrcs = g_renew (Ssrc, self->ssrcs, self->ssrcs_size);
  }
  self->last_ssrc = self->n_ssrcs;
  self->ssrcs[self->n_ssrcs++] = ssrc;
  return &self->ssrcs[self->last_ssrc];
}

static inline guint32
read_ssrc (const guint8 * at)
{
  guint32 ssrc;

  memcpy (&ssrc, at, sizeof ssrc);
  return ssrc;
}

/* An RTP packet has passed. */
static inline void
note_sequence (ZrtpSrtp * self, const guint8 * packet, Ssrc * ssrc)
{
  guint16 sequence = (guint16) (packet[2] << 8 | packet[3]);

  self->have_rtp = TRUE;
  self->last_rtp = ssrc - self->ssrcs;
  ssrc->misses = 0;
  /* What is older than the window does not pass, so that is ahead. */
  if (G_UNLIKELY (ssrc->rtp && (guint16) (ssrc->sequence - sequence) <= REPLAY_WINDOW))
    return;
  ssrc->rtp = TRUE;
  ssrc->sequence = sequence;
}

guint
zrtp_srtp_get_sequences (ZrtpSrtp * self, ZrtpSrtpSequence * sequences, guint max)
{
  guint i, n = 0;

  for (i = 0; i < self->n_ssrcs && n < max; i++) {
    if (self->ssrcs[i].rtp)
      sequences[n++] = (ZrtpSrtpSequence) { GUINT32_FROM_BE (self->ssrcs[i].number), self->ssrcs[i].sequence };
  }
  return n;
}

void
zrtp_srtp_get_standing (ZrtpSrtp * self, ZrtpSrtpStanding * standing)
{
  memset (standing, 0, sizeof *standing);
  standing->rtp_left = self->rtp_left;
  standing->rtcp_left = self->rtcp_left;
  standing->n_ssrcs = self->n_ssrcs;
  standing->have_rtp = self->have_rtp;
  if (!self->have_rtp)
    return;
  standing->ssrc = GUINT32_FROM_BE (self->ssrcs[self->last_rtp].number);
  standing->sequence = self->ssrcs[self->last_rtp].sequence;
  if (srtp_get_stream_roc (self->context, standing->ssrc, &standing->roc) != srtp_err_status_ok)
    standing->roc = 0;
}

/* --- Packets
 * -------------------------------------------------------------------------------------------------- */

static ZrtpSrtpResult
result_of (srtp_err_status_t status)
{
  switch (status) {
    case srtp_err_status_ok:
      return ZRTP_SRTP_OK;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
    case srtp_err_status_pkt_idx_old:
      return ZRTP_SRTP_REPLAYED;
    case srtp_err_status_auth_fail:
      return ZRTP_SRTP_FORGED;
    case srtp_err_status_bad_param:
    case srtp_err_status_parse_err:
      return ZRTP_SRTP_MALFORMED;
    case srtp_err_status_key_expired:
      return ZRTP_SRTP_EXPIRED;
    default:
      return ZRTP_SRTP_FAILED;
  }
}

/* Version 2, and long enough for the fixed header and what stands behind the payload. */
static inline gboolean
has_shape (const guint8 * packet, gsize len, gsize header_len, gsize trailer_len)
{
  return len >= header_len + trailer_len && len <= MAX_PACKET_LEN - ZRTP_SRTP_MAX_TRAILER
      && (packet[0] & 0xc0) == 0x80;
}

typedef srtp_err_status_t (*ProtectFunc) (srtp_t context, void *packet, int *len);

/* Nor can it be told from a sequence number that is half of them ahead whether it is old, as libsrtp2 thinks, or
 * a payloader has gone on while nothing was sent. Only the latter goes on and on. */
static srtp_err_status_t
protect_after_gap (ZrtpSrtp * self, Ssrc * ssrc, guint8 * packet, int *len)
{
  guint32 number = GUINT32_FROM_BE (ssrc->number), roc = 0;
  srtp_err_status_t status;

  srtp_get_stream_roc (self->context, number, &roc);
  if ((guint16) (packet[2] << 8 | packet[3]) <= ssrc->sequence)
    roc++;
  status = srtp_set_stream_roc (self->context, number, roc);
  if (status == srtp_err_status_ok)
    status = srtp_protect (self->context, packet, len);
  if (status == srtp_err_status_ok)
    ssrc->rtp = FALSE;
  else
    srtp_set_stream_roc (self->context, number, 0);
  return status;
}

static ZrtpSrtpResult
protect (ZrtpSrtp * self, guint8 * packet, gsize * len, gsize header_len, guint ssrc_at, guint64 * left,
    ProtectFunc func)
{
  guint32 ssrc;
  Ssrc *known;
  srtp_err_status_t status;
  int packet_len;

  g_return_val_if_fail (self->role == ZRTP_SRTP_SENDER, ZRTP_SRTP_FAILED);

  if (G_UNLIKELY (!has_shape (packet, *len, header_len, 0)))
    return ZRTP_SRTP_MALFORMED;
  if (G_UNLIKELY (*left == 0))
    return ZRTP_SRTP_EXPIRED;
  ssrc = read_ssrc (packet + ssrc_at);
  known = ssrc_find (self, ssrc);
  if (G_UNLIKELY (!known && self->n_ssrcs == MAX_SSRCS))
    return ZRTP_SRTP_FAILED;

  packet_len = *len;
  status = func (self->context, packet, &packet_len);
  if (G_UNLIKELY (status == srtp_err_status_replay_old || status == srtp_err_status_pkt_idx_old)) {
    if (ssrc_at == RTP_SSRC_AT && known && known->rtp && ++known->misses > MISSES)
      status = protect_after_gap (self, known, packet, &packet_len);
  }
  /* libsrtp2 makes a sender's stream before it looks at the packet, so count it even on failure. */
  if (G_UNLIKELY (!known))
    known = ssrc_add (self, ssrc);
  if (G_UNLIKELY (status != srtp_err_status_ok))
    return result_of (status);
  *len = packet_len;
  (*left)--;
  if (ssrc_at == RTP_SSRC_AT)
    note_sequence (self, packet, known);
  return ZRTP_SRTP_OK;
}

static srtp_err_status_t
unprotect_at (ZrtpSrtp * self, guint32 ssrc, guint32 roc, guint8 * packet, int *len)
{
  srtp_err_status_t status = srtp_set_stream_roc (self->context, ssrc, roc);

  if (status == srtp_err_status_ok)
    status = srtp_unprotect (self->context, packet, len);
  if (status != srtp_err_status_ok)
    srtp_set_stream_roc (self->context, ssrc, 0);       /* as if it had not been said */
  return status;
}

/* A sender counts sequence numbers from 0 x 2^16 (Z-4.5.3-10), but its first packets may be lost, and if they
 * were the last ones before a wrap then it is at 1 x 2^16 when the first one arrives. Some also count from
 * the RTP that they sent in the clear. libsrtp2 takes an SSRC of which it has seen no RTP to be at 0, so
 * nothing would ever verify; try 1 too. */
static srtp_err_status_t
unprotect_late (ZrtpSrtp * self, gboolean known, guint8 * packet, int *len)
{
  guint32 number = read_ssrc (packet + RTP_SSRC_AT), ssrc = GUINT32_FROM_BE (number);
  srtp_policy_t policy = self->policy;

  self->late_tries--;
  if (known)
    return unprotect_at (self, ssrc, 1, packet, len) == srtp_err_status_ok ? srtp_err_status_ok : srtp_err_status_auth_fail;
  policy.ssrc.type = ssrc_specific;
  policy.ssrc.value = ssrc;
  if (zrtp_srtp_add_stream (self->context, &policy) == srtp_err_status_ok) {
    if (unprotect_at (self, ssrc, 1, packet, len) == srtp_err_status_ok)
      return srtp_err_status_ok;
    srtp_remove_stream (self->context, number);
  }
  return srtp_err_status_auth_fail;
}

/* More than half of the sequence numbers may pass while nothing arrives, on hold for example, and the rollover
 * counter cannot be told from what comes then (RFC 3711 section 3.3.1 takes the nearest one). So when nothing
 * has verified for some packets, the next are tried. */
static srtp_err_status_t
unprotect_after_gap (ZrtpSrtp * self, Ssrc * ssrc, guint8 * packet, int *len)
{
  guint32 number = GUINT32_FROM_BE (ssrc->number), last = 0, roc;

  srtp_get_stream_roc (self->context, number, &last);
  self->late_tries--;
  /* 0 would mean nothing to libsrtp2; nor is it needed. */
  for (roc = MAX (last, 1); roc < last + GAP_ROCS; roc++) {
    if (unprotect_at (self, number, roc, packet, len) == srtp_err_status_ok) {
      ssrc->rtp = FALSE;        /* where its sequence numbers were says nothing */
      return srtp_err_status_ok;
    }
  }
  return srtp_err_status_auth_fail;
}

/* A packet came, good or not. */
static inline void
earn_late_try (ZrtpSrtp * self)
{
  if (G_UNLIKELY (self->late_tries < MAX_LATE_TRIES && ++self->earned == PACKETS_FOR_LATE_TRY)) {
    self->earned = 0;
    self->late_tries++;
  }
}

/* What libsrtp2 has refused, by another rollover counter. */
static srtp_err_status_t
unprotect_again (ZrtpSrtp * self, srtp_err_status_t status, Ssrc * known, guint8 * packet, int *len)
{
  gboolean old = status == srtp_err_status_replay_old || status == srtp_err_status_pkt_idx_old;
  srtp_err_status_t again = status;

  earn_late_try (self);
  if (self->late_tries == 0 || (status != srtp_err_status_auth_fail && !old))
    return status;
  if (known && known->rtp) {
    if (++known->misses > MISSES)
      again = unprotect_after_gap (self, known, packet, len);
  } else if (!old && packet[2] < 0x80)
    /* With a high sequence number it has not wrapped. */
    again = unprotect_late (self, known != NULL, packet, len);
  return again == srtp_err_status_ok ? again : status;
}

static ZrtpSrtpResult
unprotected (ZrtpSrtp * self, srtp_err_status_t status, guint32 number, guint64 * left)
{
  if (G_UNLIKELY (status != srtp_err_status_ok)) {
    /* What the library's own AES-GCM says of a wrong tag depends on what it is built on. */
    if (self->aead && status == srtp_err_status_cipher_fail)
      return ZRTP_SRTP_FORGED;
    return result_of (status);
  }
  if (G_UNLIKELY (!ssrc_find (self, number)))
    ssrc_add (self, number);
  earn_late_try (self);
  (*left)--;
  return ZRTP_SRTP_OK;
}

ZrtpSrtpResult
zrtp_srtp_protect (ZrtpSrtp * self, guint8 * packet, gsize * len)
{
  return protect (self, packet, len, RTP_HEADER_LEN, RTP_SSRC_AT, &self->rtp_left, srtp_protect);
}

ZrtpSrtpResult
zrtp_srtp_protect_rtcp (ZrtpSrtp * self, guint8 * packet, gsize * len)
{
  return protect (self, packet, len, RTCP_HEADER_LEN, 4, &self->rtcp_left, srtp_protect_rtcp);
}

ZrtpSrtpResult
zrtp_srtp_unprotect (ZrtpSrtp * self, guint8 * packet, gsize * len)
{
  ZrtpSrtpResult result;
  srtp_err_status_t status;
  Ssrc *known;
  guint32 ssrc;
  int packet_len;

  g_return_val_if_fail (self->role == ZRTP_SRTP_RECEIVER, ZRTP_SRTP_FAILED);

  if (G_UNLIKELY (!has_shape (packet, *len, RTP_HEADER_LEN, self->rtp_tag_len)))
    return ZRTP_SRTP_MALFORMED;
  if (G_UNLIKELY (self->rtp_left == 0))
    return ZRTP_SRTP_EXPIRED;
  ssrc = read_ssrc (packet + RTP_SSRC_AT);
  known = ssrc_find (self, ssrc);
  if (G_UNLIKELY (!known && self->n_ssrcs == MAX_SSRCS))
    return ZRTP_SRTP_FAILED;

  packet_len = *len;
  status = srtp_unprotect (self->context, packet, &packet_len);
  if (G_UNLIKELY (status != srtp_err_status_ok))
    status = unprotect_again (self, status, known, packet, &packet_len);
  result = unprotected (self, status, ssrc, &self->rtp_left);
  if (G_LIKELY (result == ZRTP_SRTP_OK)) {
    *len = packet_len;
    note_sequence (self, packet, ssrc_find (self, ssrc));
  }
  return result;
}

ZrtpSrtpResult
zrtp_srtp_unprotect_rtcp (ZrtpSrtp * self, guint8 * packet, gsize * len)
{
  ZrtpSrtpResult result;
  srtp_err_status_t status;
  gsize index_at;
  Ssrc *known;
  guint32 ssrc;
  int packet_len;

  g_return_val_if_fail (self->role == ZRTP_SRTP_RECEIVER, ZRTP_SRTP_FAILED);

  if (!has_shape (packet, *len, RTCP_HEADER_LEN, SRTCP_INDEX_LEN + self->rtcp_tag_len))
    return ZRTP_SRTP_MALFORMED;
  if (self->rtcp_left == 0)
    return ZRTP_SRTP_EXPIRED;
  /* libsrtp2 with AES-GCM takes an unencrypted packet if its tag is right, and has read beyond one's end in
   * some versions (attacks F3 and F4). The index is last with AES-GCM, in front of the tag with HMAC. */
  index_at = *len - SRTCP_INDEX_LEN - (self->aead ? 0 : self->rtcp_tag_len);
  if (!(packet[index_at] & SRTCP_ENCRYPTED))
    return ZRTP_SRTP_FORGED;
  ssrc = read_ssrc (packet + 4);
  known = ssrc_find (self, ssrc);
  if (!known && self->n_ssrcs == MAX_SSRCS)
    return ZRTP_SRTP_FAILED;

  packet_len = *len;
  status = srtp_unprotect_rtcp (self->context, packet, &packet_len);
  result = unprotected (self, status, ssrc, &self->rtcp_left);
  if (result == ZRTP_SRTP_OK)
    *len = packet_len;
  return result;
}
