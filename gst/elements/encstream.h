/* encstream.h: one media stream of zrtpenc: its pads, its media on the way out, and the session's ZRTP packets between.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gst/elements/common.h"

G_BEGIN_DECLS

/* Made when its first pad is requested, freed with the element. */
typedef struct
{
  GstElement *element;          /* the zrtpenc */
  GstZrtpEndpoint *endpoint;    /* its */
  const gint *playing;          /* its, atomic */
  guint id;
  GstZrtpMedia *media;          /* while the element is above READY */

  GMutex lock;                  /* for the rest */
  GstPad *rtp_sink, *rtp_src, *rtcp_sink, *rtcp_src;    /* owned by the element */
  gboolean src_requested;       /* rtp_src was asked for by itself */
  gboolean have_ssrc;
  guint32 ssrc;                 /* that ZRTP goes under */
  guint32 former_ssrc;          /* if it is not ssrc */
  gboolean attached;
  GQueue waiting;               /* GstBuffer: ZRTP packets */

  guint discont;                /* who has to say DISCONT next; under rtp_src's stream lock */
  gboolean rtcp_discont;        /* likewise on rtcp_src; under rtcp_sink's stream lock */

  gint n_waiting;               /* atomic: length of waiting */
  gint started;                 /* atomic: the session was told to start */
  gint transport;               /* atomic */
} GstZrtpEncStream;

GstZrtpEncStream *gst_zrtp_enc_stream_new (GstElement * element, GstZrtpEndpoint * endpoint, const gint * playing,
    guint id);
void gst_zrtp_enc_stream_free (GstZrtpEncStream * stream);

/* New pads for the stream, not in the element yet. */
GstPad *gst_zrtp_enc_stream_make_rtp_sink (GstZrtpEncStream * stream, GstStaticPadTemplate * template);
GstPad *gst_zrtp_enc_stream_make_rtp_src (GstZrtpEncStream * stream, GstStaticPadTemplate * template);
GstPad *gst_zrtp_enc_stream_make_rtcp_sink (GstZrtpEncStream * stream, GstStaticPadTemplate * template);
GstPad *gst_zrtp_enc_stream_make_rtcp_src (GstZrtpEncStream * stream, GstStaticPadTemplate * template);

/* The pad has left the element. */
void gst_zrtp_enc_stream_let_go (GstZrtpEncStream * stream, GstPad * pad);

/* Joins the session as the sender of the stream. FALSE: somebody else is, and the error that says who is on the bus. */
gboolean gst_zrtp_enc_stream_attach (GstZrtpEncStream * stream, const GstZrtpSenderFuncs * funcs);
/* for_good: the stream is over, rather than the element stopped. */
void gst_zrtp_enc_stream_detach (GstZrtpEncStream * stream, gboolean for_good);

/* Starts the protocol as soon as its first packet can go out: playing, linked, and under the SSRC of the media. */
void gst_zrtp_enc_stream_maybe_start (GstZrtpEncStream * stream);
/* Sends a ZRTP packet now, or leaves it to whoever is sending. Takes it. Never blocks on the media. */
void gst_zrtp_enc_stream_send (GstZrtpEncStream * stream, GstBuffer * packet);
/* Sends what had to wait. */
gboolean gst_zrtp_enc_stream_has_waiting (GstZrtpEncStream * stream);
void gst_zrtp_enc_stream_send_waiting (GstZrtpEncStream * stream);

/* encssrc.c */
/* The first one, be it of caps or of a packet, and what caps tell of later. */
void gst_zrtp_enc_stream_note_ssrc_of_caps (GstZrtpEncStream * stream, guint32 ssrc);
/* Starts the protocol, if that is what it waits for. */
void gst_zrtp_enc_stream_note_ssrc_of_buffer (GstZrtpEncStream * stream, GstBuffer * buffer);
/* Somebody else sends under our SSRC: asks upstream for another one. */
void gst_zrtp_enc_stream_tell_collision (GstZrtpEncStream * stream);

G_END_DECLS
