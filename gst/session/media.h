/* media.h: the media path of one stream: what may pass, and SRTP.
 *
 * Each direction has one small mutex that nobody holds for long. A streaming thread takes it once for a buffer or a
 * list of buffers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/zrtp/zrtp.h>
#include "ext/srtp2/srtp.h"
#include "gst/protocol/association.h"
#include "gst/session/late.h"

G_BEGIN_DECLS

typedef struct _GstZrtpMedia GstZrtpMedia;

typedef enum
{
  GST_ZRTP_GATE_PASS,           /* in the clear */
  GST_ZRTP_GATE_HOLD,           /* nothing */
  GST_ZRTP_GATE_SRTP
} GstZrtpGate;

typedef struct
{
  guint64 clear;                /* passed as it was */
  guint64 clear_octets;         /* of whole RTP and RTCP packets, as on the wire */
  guint64 secured;              /* protected, or unprotected and found authentic */
  guint64 secured_octets;       /* as on the wire: with tag */
  guint64 held;                 /* dropped because the policy, or the exchange, forbade clear media, or an alert sounded */
  guint64 forged;
  guint64 replayed;
  guint64 malformed;
  guint64 foreign;              /* neither RTP, RTCP nor ZRTP */
  guint64 late;                 /* encrypted with keys that are gone, and the call has gone clear */
  guint64 failed;               /* expired keys, failures of the SRTP library */
} GstZrtpMediaCounters;

/* A direction as statistics show it. */
typedef struct
{
  GstZrtpMediaCounters counters;
  GstZrtpGate gate;
  guint keys;
  gboolean have_standing;
  ZrtpSrtpStanding standing;    /* of the key in use */
} GstZrtpMediaStanding;

typedef struct
{
  GMutex lock;
  GstZrtpGate gate;
  ZrtpSrtp *srtp;
  gboolean authenticated;       /* receiver: a packet has verified under these keys */
  guint clear;                  /* receiver: clear packets in this run, as far as they are counted */
  guint undecryptable;          /* receiver: packets in a row that did not verify */
  gboolean expired, expired_told;       /* the key has done all that it may */
  guint keys;                   /* that there have been in this run */
  GstZrtpMediaCounters counters;
} GstZrtpMediaDirection;

struct _GstZrtpMedia
{
  GstZrtpSession *session;
  guint stream;

  GstZrtpMediaDirection send, receive;
  GstZrtpLate late;             /* under the lock of receive */

  /* Both media locks to write, either to read. */
  GstZrtpMediaPolicy policy;
  gboolean announced;           /* signalling has told of the peer's ZRTP, for this run or the next */
  gboolean must_be_announced;   /* and that is required: then nothing clear passes */
  gboolean enabled;
  gboolean latched;             /* the call has been secure, and both sides have not agreed to go clear: nothing clear passes */
  gboolean resting;             /* own media waits for the user to hear of a change */
  gboolean held;                /* own media is kept back for the policy's sake */
  GstZrtpState state;
  guint run;                    /* that keys belong to */

  /* Object lock of the session. */
  GstElement *sender, *receiver;        /* not owned; they detach before they go */
  const struct _GstZrtpSenderFuncs *sender_funcs;
  GstZrtpSecurity security;
  gboolean warned_no_sender, warned_no_receiver;

  /* Mailbox lock. */
  guint pending;                /* packets in the mailbox */
  guint64 overflow;             /* packets that did not fit */

  /* Worker only. */
  gboolean added;               /* the engine knows the stream */
  gboolean started;
  gboolean transport_up;
  guint32 ssrc;
  guint32 peer_ssrc;            /* of the last ZRTP packet, which may be anybody's */
  guint64 retry_at;             /* start again then; ZRTP_NO_DEADLINE if not */
  guint64 undecryptable_since;  /* many packets in a row are not authentic, and were not then; 0: not so */
  guint32 undecryptable_after;  /* so many that were */
  gboolean undecryptable_told;  /* of these keys */

  /* Engine lock. */
  guint32 told_sent, told_received;     /* bits by ZrtpMessageType: what the debug log has of this key agreement */
  ZrtpStreamStats last_stats;   /* of the run before */
  gboolean have_peer_hash;      /* of this run or the next one */
  guint8 peer_hash[ZRTP_HELLO_HASH_LEN];
};

GstZrtpMedia *gst_zrtp_media_new (GstZrtpSession * session, guint stream);
void gst_zrtp_media_free (GstZrtpMedia * media);

/* Worker side. */
void gst_zrtp_media_begin_run (GstZrtpMedia * media, guint run, gboolean enabled, GstZrtpMediaPolicy policy,
    gboolean latched, gboolean must_be_announced);
void gst_zrtp_media_end_run (GstZrtpMedia * media);
void gst_zrtp_media_set_policy (GstZrtpMedia * media, GstZrtpMediaPolicy policy);
void gst_zrtp_media_set_announced (GstZrtpMedia * media, gboolean announced);
/* Own media waits, or flows again as the policy allows. */
void gst_zrtp_media_set_resting (GstZrtpMedia * media, gboolean resting);
/* Whether own media is kept back, other than at rest. */
gboolean gst_zrtp_media_is_held (GstZrtpMedia * media);
/* Returns the old state. Nothing happens if the run is over. */
GstZrtpState gst_zrtp_media_set_state (GstZrtpMedia * media, guint run, GstZrtpState state);
/* Takes srtp. */
void gst_zrtp_media_install (GstZrtpMedia * media, guint run, ZrtpSrtpRole role, ZrtpSrtp * srtp);
void gst_zrtp_media_uninstall (GstZrtpMedia * media, guint run);
/* Shuts both directions to clear media. */
void gst_zrtp_media_latch (GstZrtpMedia * media, guint run);
/* Opens them again, as the call has gone clear, unless the stream has keys or is making some. */
void gst_zrtp_media_unlatch (GstZrtpMedia * media, guint run);
GstZrtpState gst_zrtp_media_get_state (GstZrtpMedia * media);
void gst_zrtp_media_get_standing (GstZrtpMedia * media, GstZrtpMediaStanding * send, GstZrtpMediaStanding * receive);

/* Streaming threads. */
/* What may go out for buffer, which is taken: itself, a copy, or NULL for nothing. */
GST_ZRTP_API
GstBuffer *gst_zrtp_media_protect (GstZrtpMedia * media, GstBuffer * buffer, gboolean rtcp);
GST_ZRTP_API
GstBufferList *gst_zrtp_media_protect_list (GstZrtpMedia * media, GstBufferList * list, gboolean rtcp);

/* Sorts what came in and says what may go on. rtcp: it came by the RTCP port. *rtcp_out is for RTCP that came on the RTP
 * port (RFC 5761); not used if rtcp is TRUE. ZRTP goes to the session's mailbox. Takes buffer. */
GST_ZRTP_API
GstBuffer *gst_zrtp_media_unprotect (GstZrtpMedia * media, GstBuffer * buffer, gboolean rtcp, GstBuffer ** rtcp_out);
GST_ZRTP_API
GstBufferList *gst_zrtp_media_unprotect_list (GstZrtpMedia * media, GstBufferList * list, gboolean rtcp,
    GstBufferList ** rtcp_out);

G_END_DECLS
