/* harness.h: pads around an element, and RTP packets to push through them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

#define BENCH_SSRC 0x5a525450u
#define BENCH_TAG_LEN 10        /* AES-CM 128 with HMAC-SHA1 of 80 bits everywhere */
#define BENCH_LIST_LEN 20

/* What a tap does with media that arrives. */
typedef enum
{
  TAP_FORWARD,                  /* push it on */
  TAP_COUNT,                    /* count and free it */
  TAP_KEEP                      /* put it into kept */
} TapMode;

/* A sink pad, and a source pad behind it, between two elements or at the end of one. */
typedef struct
{
  GstPad *sink, *src;
  TapMode mode;
  guint64 packets, octets;
  GPtrArray *kept;
} Tap;

/* Links element's source pad to a new tap; its other side to next, if not NULL. */
Tap *tap_new (GstPad * from, GstPad * next);

/* Activates a linked source pad and sends stream-start, caps (which it takes) and segment. */
void source_start (GstPad * pad, GstCaps * caps);
/* A new source pad, started, that pushes into sink. */
GstPad *source_new (GstPad * sink, GstCaps * caps);

/* How a buffer lies in memory. */
typedef enum
{
  SHAPE_PAYLOADER,              /* header and payload are two memories, as GStreamer's payloaders make them */
  SHAPE_DATAGRAM                /* one memory with room behind it, as udpsrc makes them */
} Shape;

GstBuffer *packet_new (Shape shape, guint16 seq, gsize payload_len);
/* Octets as they would come from a socket. */
GstBuffer *packet_received (const guint8 * octets, gsize len, guint16 seq);
