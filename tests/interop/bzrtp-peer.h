/* bzrtp-peer.h: what the parts of the libbzrtp endpoint share: a stream, and its media.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>
#include <netinet/in.h>

#include <bzrtp/bzrtp.h>
#include <sqlite3.h>
#include <srtp2/srtp.h>

#define RTP_HEADER_LEN 12
#define BLOCK_LEN 160           /* 20 ms of PCMU */

/* A media stream of the call, a channel in libbzrtp's words; the options are the first one's. */
typedef struct
{
  guint number;
  /* options */
  gint local_port, remote_port;
  gint second_local_port, second_remote_port;
  gchar *ssrc_text;
  gchar *role;
  gchar *hashes, *ciphers, *auth_tags, *key_agreements, *sas_types;
  gchar *cache;
  gint loss, seed;
  gint packets, interval_ms, timeout_ms, linger_ms, start_delay_ms;
  gboolean verify;
  gboolean unverify;
  gboolean clear;
  gboolean exchange_hashes;

  guint32 ssrc;
  GRand *random;
  int fd;
  struct sockaddr_in remote;
  bzrtpContext_t *zrtp;
  sqlite3 *db;
  srtp_t send, receive;

  gboolean started;
  gboolean secure;
  gboolean sas_known;
  gboolean cache_mismatch;
  gint64 secure_at, next_rtp;   /* monotonic microseconds */
  guint16 seq;
  guint32 timestamp;
  guint32 next_block;

  gint sent, zrtp_sent, zrtp_received, decrypted, wrong_payload, unauthentic, clear_before, clear_after;
  gint dropped, held_back;
} Peer;

/* bzrtp-peer.c: a line "key=value" on stdout; the second stream's keys begin with "stream1-". */
void say (const Peer * self, const gchar * key, const gchar * format, ...) G_GNUC_PRINTF (3, 4);
/* To the other end, unless it is lost on the way. */
void transmit (Peer * self, const guint8 * data, gsize len);

/* bzrtp-media.c: the contexts of libsrtp2 for the keys that ZRTP has agreed on; NULL, and said, if there can be none. */
srtp_t new_srtp (const Peer * self, const bzrtpSrtpSecrets_t * secrets, gboolean outgoing);
/* The next packet of the known pattern, encrypted if the stream is secure. */
void send_rtp (Peer * self);
/* Counts what a packet from the other end is. */
void receive_rtp (Peer * self, guint8 * packet, int len);
