/* wire.h: the packets that leave by a pad, counted, and harmed as a scenario asks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/validate/validate.h>

#include "gst/validate/packets.h"

G_BEGIN_DECLS

typedef struct _GstZrtpWire GstZrtpWire;

typedef enum
{
  GST_ZRTP_HARM_DROP,
  GST_ZRTP_HARM_DELAY,
  GST_ZRTP_HARM_DUPLICATE,
  GST_ZRTP_HARM_CORRUPT,
  GST_ZRTP_N_HARMS
} GstZrtpHarm;

/* How a packet is harmed, and which. */
typedef struct
{
  GstZrtpHarm harm;
  GstZrtpPacketFilter *filter;
  gdouble probability;
  gint skip;                    /* so many of them are left alone first */
  gint count;                   /* so many are harmed; -1: all */
  GstClockTime delay;
  gint octet;                   /* that is corrupted; -1: any */
  gboolean crc;                 /* made right again */
  GRand *random;
} GstZrtpRule;

/* What to count, and what must come out: fields sent, dropped, delayed, duplicated and corrupted, each a number or a
 * range. */
typedef struct
{
  GstZrtpPacketFilter *filter;
  GstStructure *wanted;
} GstZrtpCount;

GstZrtpRule *gst_zrtp_rule_new (GstZrtpHarm harm, GstZrtpPacketFilter * filter, guint seed);
void gst_zrtp_count_free (GstZrtpCount * count);

/* The wire that begins at a pad, which is watched from now on if it was not; it lives as long as the pad. original:
 * where the media goes in, so that clear and encrypted media can be told from each other, or NULL. */
GstZrtpWire *gst_zrtp_wire_watch (GstPad * pad, GstPad * original);

/* NULL if nobody watches it. */
GstZrtpWire *gst_zrtp_wire_get (GstPad * pad);

/* Takes the rule. */
void gst_zrtp_wire_add_rule (GstZrtpWire * self, GstZrtpRule * rule);
void gst_zrtp_wire_clear_rules (GstZrtpWire * self);

/* TRUE: it is so. Else the action is done when it is so. Takes count. */
gboolean gst_zrtp_wire_expect (GstZrtpWire * self, GstValidateAction * action, GstZrtpCount * count);
/* Waits no longer, and tells what is counted (transfer full). NULL: it is not waiting. */
gchar *gst_zrtp_wire_give_up (GstZrtpWire * self, GstValidateAction * action);

G_END_DECLS
