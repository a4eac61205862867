/* rtpend.h: one end of a call as applications build it: rtpbin, udpsrc and udpsink on sockets of their own on this host.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>
#include <gst/check/check.h>

#include "gst/session/session.h"

#define RTP_END_MAX_SESSIONS 2

typedef enum
{
  RTP_END_AUDIO,                /* PCMU, 50 packets a second */
  RTP_END_VIDEO                 /* raw, several packets for a picture, pushed as lists */
} RtpEndMedia;

typedef struct _RtpEnd RtpEnd;

/* Whether a packet on its way to the peer's socket gets there. rtcp: by the session's RTCP pad. Any streaming thread. */
typedef gboolean (*RtpEndFilter) (RtpEnd * end, guint session, gboolean rtcp, GstBuffer * packet, gpointer data);

typedef struct
{
  RtpEnd *end;
  guint number;
  RtpEndMedia media;
  GstElement *dec;
  GSocket *rtp, *rtcp;
  /* Under the end's lock. */
  guint wire_rtp, wire_rtcp;    /* packets that went out, ZRTP not counted */
  guint wire_clear, wire_clear_rtcp;    /* those of them that anybody could read */
  guint heard;                  /* RTP packets that came out of rtpbin, payload as it was sent */
  guint altered;                /* and not so */
} RtpEndSession;

struct _RtpEnd
{
  const gchar *name;
  RtpEnd *peer;
  GstElement *pipeline, *rtpbin, *enc;
  guint n_sessions;
  gboolean mux;                 /* RTCP on the port of RTP */
  RtpEndSession sessions[RTP_END_MAX_SESSIONS];
  RtpEndFilter filter;
  gpointer filter_data;

  GMutex lock;
  GHashTable *sent;             /* SSRC and sequence number -> GBytes: payloads before zrtpenc */
  GHashTable *payloads;         /* the same as a set */
  GHashTable *delivered;        /* a set of the peer's payloads that came out of rtpbin */
  GQueue messages;              /* GstMessage */
  guint errors;
};

/* A UDP socket on this host, at a free port; transfer full. */
GSocket *rtp_end_make_socket (void);
guint rtp_end_get_port (GSocket * socket);

/* SSRC and sequence number; 0 if it is no RTP. */
guint64 rtp_end_packet_key (GstBuffer * packet);

/* Whether the peer's packet of that key, lost on the wire, came out of rtpbin nevertheless. */
gboolean rtp_end_was_delivered (RtpEnd * self, guint64 key);

/* Two ends with the same media, not started. */
void rtp_end_make_pair (RtpEnd * a, RtpEnd * b, guint n_sessions, gboolean mux);
/* Source and payloader ("pay" in the bin that is returned), linked to send_rtp_sink_N, and the sockets to the other pads. Transfer none. */
GstElement *rtp_end_add_session (RtpEnd * self, guint session, RtpEndMedia media);
void rtp_end_start (RtpEnd * self);
void rtp_end_clear (RtpEnd * self);

typedef gboolean (*RtpEndCondition) (RtpEnd * self);

/* Until the condition holds at both ends; TRUE if it did within some seconds. Collects messages meanwhile. */
gboolean rtp_end_wait (RtpEnd * a, RtpEnd * b, RtpEndCondition condition);
gboolean rtp_end_is_secure (RtpEnd * self);
/* The peer of each RTP session is known by its encrypted RTCP: sender reports have come, and it reports on our packets. */
gboolean rtp_end_has_reports (RtpEnd * self);

guint rtp_end_count_messages (RtpEnd * self, const gchar * name);

/* Transfer full; the RTPSession of a session of the rtpbin. */
GObject *rtp_end_get_rtp_session (RtpEnd * self, guint session);
