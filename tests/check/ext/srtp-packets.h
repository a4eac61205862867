/* srtp-packets.h: keys for every algorithm, packets, and receivers for the tests of SRTP.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ext/srtp2/srtp.h"

#define SSRC 0xa11ce001u
#define ROOM 4096
#define SRTP_N_ALGORITHMS 8

typedef ZrtpSrtpResult (*UnprotectFunc) (ZrtpSrtp * srtp, guint8 * packet, gsize * len);

/* Adds a test for each algorithm; its data is the algorithm's number. */
void add_srtp_test (const gchar * name, GTestDataFunc func);
void make_keys (ZrtpSrtpKeys * keys, guint algorithm);
/* libsrtp2's own AES-192 is not RFC 6188's before version 2.8, and is then refused. */
gboolean skip_unsupported (const ZrtpSrtpKeys * keys);
ZrtpSrtp *make_context (ZrtpSrtpRole role, const ZrtpSrtpKeys * keys);

/* An RTP packet with its length; csrcs and extension words as asked for. */
gsize make_rtp (guint8 * packet, guint32 ssrc, guint16 seq, guint csrcs, gint extension, gsize payload_len);
gsize make_rtcp (guint8 * packet, guint32 ssrc, gsize words);

/* Gives the receiver the packet in a buffer of exactly its size, so that a sanitizer sees any octet too far. */
ZrtpSrtpResult receive (ZrtpSrtp * srtp, UnprotectFunc unprotect, const guint8 * packet, gsize len, const guint8 * clear,
    gsize clear_len);
ZrtpSrtpResult receive_rtp (ZrtpSrtp * srtp, const guint8 * packet, gsize len);
ZrtpSrtpResult receive_rtcp (ZrtpSrtp * srtp, const guint8 * packet, gsize len);
