/* call.h: two endpoints of a call in one process, over a wire that a test can tap, on a clock that it drives.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/check/check.h>
#include <gst/check/gsttestclock.h>

#include "gst/session/session.h"

#define CALL_PAYLOAD 160
#define CALL_START_TIME (10 * GST_SECOND)

typedef struct _Call Call;
typedef struct _Endpoint Endpoint;

typedef enum
{
  PACKET_ZRTP,
  PACKET_CLEAR,                 /* has the payload that the test sent */
  PACKET_SECRET                 /* RTP or RTCP of which the payload cannot be read */
} PacketKind;

/* Whether a packet gets through. Called on the thread that sends it. */
typedef gboolean (*WireFilter) (Endpoint * from, PacketKind kind, GstBuffer * packet, gpointer data);

struct _Endpoint
{
  Call *call;
  Endpoint *peer;
  GstElement *pipeline, *enc, *dec;
  GstZrtpSession *session;      /* while running */
  GstPad *media_in;             /* of the test: pushes to enc's rtp_sink_0; NULL for an end that only receives */
  GstPad *wire_in;              /* of the test: takes what enc sends */
  GstPad *wire_out;             /* of the test: pushes to dec's rtp_sink */
  GstPad *media_out;            /* of the test: takes what dec gives */
  GstPad *rtcp_out;
  guint16 sequence;
  guint32 ssrc;
  gboolean running;

  GMutex lock;
  guint sent[3];                /* by PacketKind, on the wire */
  guint clear_octets;           /* of payload, on the wire */
  guint clear_after_commit;     /* clear packets that this end sent after its Commit or DHPart1 */
  gboolean committed;
  GQueue wire;                  /* GstBuffer: all that this end sent, in order */
  GQueue heard;                 /* GstBuffer: all that dec gave out */
  GQueue heard_rtcp;
  GQueue messages;              /* GstMessage of the elements, all so far */
  guint errors;                 /* GST_MESSAGE_ERROR */
};

struct _Call
{
  GstTestClock *clock;
  Endpoint a, b;
  WireFilter filter;
  gpointer filter_data;
  gint packets;                 /* atomic, both ways */
};

/* Both ends, not started. Media can be given to an end unless receive_only says otherwise. */
Call *call_new (void);
Call *call_new_receive_only_b (void);
void call_free (Call * call);

/* Again, after dec has left its bin. */
void endpoint_link_decoder (Endpoint * self);
void endpoint_start (Endpoint * self);
void endpoint_stop (Endpoint * self);
void call_start (Call * call);
/* Both ends start, talk, and become secure within seconds. */
void call_go (Call * call);
void call_hang_up (Call * call);
/* A new call that has become so. */
Call *call_new_secure (void);

/* Until no worker has anything to do. */
void call_settle (Call * call);
/* Lets the clock jump from deadline to deadline, at most max of time. */
void call_run (Call * call, GstClockTime max);
/* The same until both ends are secure; FALSE if they are not by then. */
gboolean call_run_until_secure (Call * call, GstClockTime max);

/* One RTP packet with a payload that the tap knows. */
GstBuffer *endpoint_make_rtp (Endpoint * self);
GstFlowReturn endpoint_talk (Endpoint * self);
/* From the wire to dec, as if the peer had sent it. Takes the packet. */
GstFlowReturn endpoint_inject (Endpoint * self, GstBuffer * packet);

GstZrtpState endpoint_state (Endpoint * self);
gchar *endpoint_sas (Endpoint * self);
/* The newest message of this name, or NULL; owned by the endpoint. */
GstMessage *endpoint_message (Endpoint * self, const gchar * name);
/* Of the warnings of this code. */
guint endpoint_count_warnings (Endpoint * self, const gchar * code);
/* The text of the newest, or NULL; owned by the endpoint. */
const gchar *endpoint_warning (Endpoint * self, const gchar * code);
GstZrtpSecurity endpoint_security (Endpoint * self);
guint endpoint_count_messages (Endpoint * self, const gchar * name);
guint64 endpoint_stat (Endpoint * self, const gchar * field);
gboolean is_marked (GstBuffer * buffer);

/* What must be true whatever happened: clear media never followed secure, nobody posted an error. */
void call_check (Call * call);
/* Both ends are secure with one SAS, and each decrypts the other. */
void call_check_secure (Call * call);
