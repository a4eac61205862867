/* srtp.h: SRTP and SRTCP for one direction of one media stream, on libsrtp2.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ext/crypto.h"

G_BEGIN_DECLS

typedef struct _ZrtpSrtp ZrtpSrtp;

typedef enum
{
  ZRTP_SRTP_SENDER,
  ZRTP_SRTP_RECEIVER
} ZrtpSrtpRole;

typedef enum
{
  ZRTP_SRTP_OK,
  ZRTP_SRTP_REPLAYED,           /* seen before, or older than the replay window: drop */
  ZRTP_SRTP_FORGED,             /* the tag does not verify: drop */
  ZRTP_SRTP_MALFORMED,          /* not an (S)RTP or (S)RTCP packet, or no room for the tag: drop */
  ZRTP_SRTP_EXPIRED,            /* the key has protected all the packets that it may (Z-4.5.3-11) */
  ZRTP_SRTP_FAILED              /* anything else that libsrtp2 reports */
} ZrtpSrtpResult;

/* Octets that protecting a packet can add, RTP and RTCP (tag, SRTCP index). A buffer passed to the protect
 * functions has this much room behind the packet. */
#define ZRTP_SRTP_MAX_TRAILER 32

/* A context for all SSRCs of one direction. Copies the keys. NULL and an error when libsrtp2 cannot do
 * the algorithm (AES-192 with AES-GCM, or what zrtp_srtp_supports() says no to). Any thread. */
ZrtpSrtp *zrtp_srtp_new (ZrtpSrtpRole role, const ZrtpSrtpKeys * keys, GError ** error);

/* Wipes the keys. */
void zrtp_srtp_free (ZrtpSrtp * srtp);

/* Whether this build and libsrtp2 can do the algorithm of these lengths, and as the RFCs say: libsrtp2's own
 * AES-192 is wrong before its version 2.8. What it cannot do must not be offered in a Hello. */
gboolean zrtp_srtp_supports (guint key_len, gboolean aead);

/* "nettle", or "libsrtp2" for the library's own implementation of the algorithms, or "none" if it cannot be
 * started. Starts the library if need be, as does all above: some 20 ms, once in a process. Static. */
const gchar *zrtp_srtp_get_backend (void);

/* Lowers the numbers of packets that the key may yet protect, or that a receiver may yet verify: for tests. */
void zrtp_srtp_set_lifetime (ZrtpSrtp * srtp, guint64 rtp_packets, guint64 rtcp_packets);

/* Where a context stands. */
typedef struct
{
  guint64 rtp_left, rtcp_left;  /* packets that the key may still protect, or verify */
  guint n_ssrcs;                /* that it has met */
  gboolean have_rtp;            /* an RTP packet has passed; then of the SSRC that the last one had: */
  guint32 ssrc;
  guint32 roc;                  /* rollover counter */
  guint16 sequence;             /* highest of it */
} ZrtpSrtpStanding;

typedef struct
{
  guint32 ssrc;
  guint16 sequence;             /* highest that has passed */
} ZrtpSrtpSequence;

/* Not while another thread uses the context. */
void zrtp_srtp_get_standing (ZrtpSrtp * srtp, ZrtpSrtpStanding * standing);

/* Of the first SSRCs that RTP came from, max at most; how many. Likewise. */
guint zrtp_srtp_get_sequences (ZrtpSrtp * srtp, ZrtpSrtpSequence * sequences, guint max);

/* In place. *len is the packet's length on entry and on success its new length; on failure *len and, but for
 * the receiver's payload, the packet are unspecified: drop it. Not thread safe for one context. */
ZrtpSrtpResult zrtp_srtp_protect (ZrtpSrtp * srtp, guint8 * packet, gsize * len);
ZrtpSrtpResult zrtp_srtp_unprotect (ZrtpSrtp * srtp, guint8 * packet, gsize * len);
ZrtpSrtpResult zrtp_srtp_protect_rtcp (ZrtpSrtp * srtp, guint8 * packet, gsize * len);
ZrtpSrtpResult zrtp_srtp_unprotect_rtcp (ZrtpSrtp * srtp, guint8 * packet, gsize * len);

G_END_DECLS
