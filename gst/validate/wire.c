/* wire.c: the packets that leave by a pad, counted, and harmed as a scenario asks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/validate/wire.h"
#include "gst/validate/actions.h"
#include "gst/elements/discont.h"
#include "gst/protocol/packet.h"
#include "gst/session/compat.h"

#include <string.h>

#define N_ORIGINALS 256         /* that are remembered, by sequence number */

/* Packets of one sort. */
typedef struct
{
  GstZrtpPacketInfo info;
  gint sent, harmed[GST_ZRTP_N_HARMS];
} Tally;

typedef struct
{
  GstValidateAction *action;
  GstZrtpCount *count;
} Waiting;

struct _GstZrtpWire
{
  gint refs;
  GMutex lock;
  GArray *tallies;              /* Tally */
  GPtrArray *rules;             /* GstZrtpRule */
  GPtrArray *waiting;           /* Waiting */
  gboolean discont;             /* a packet that said so goes no further, or later */
  gboolean knows_originals;
  GstZrtpOriginal originals[N_ORIGINALS];

  GMutex release_lock;          /* held while pushing: delayed packets keep their order */
  GQueue released;              /* Delayed; under lock */
};

typedef struct
{
  GstZrtpWire *wire;
  GstPad *pad;
  GstBuffer *packet;
} Delayed;

static const gchar *const harm_fields[GST_ZRTP_N_HARMS] = { "dropped", "delayed", "duplicated", "corrupted" };

static G_DEFINE_QUARK (gst-zrtp-wire, wire)
/* On a packet that has been harmed already. */
static G_DEFINE_QUARK (gst-zrtp-wire-done, done)

static void
rule_free (gpointer data)
{
  GstZrtpRule *rule = data;

  gst_zrtp_packet_filter_free (rule->filter);
  g_rand_free (rule->random);
  g_free (rule);
}

GstZrtpRule *
gst_zrtp_rule_new (GstZrtpHarm harm, GstZrtpPacketFilter *filter, guint seed)
{
  GstZrtpRule *rule = g_new0 (GstZrtpRule, 1);

  rule->harm = harm;
  rule->filter = filter;
  rule->probability = 1.0;
  rule->count = -1;
  rule->octet = -1;
  rule->random = g_rand_new_with_seed (seed);
  return rule;
}

void
gst_zrtp_count_free (GstZrtpCount *count)
{
  gst_zrtp_packet_filter_free (count->filter);
  gst_structure_free (count->wanted);
  g_free (count);
}

static void
waiting_free (gpointer data)
{
  Waiting *waiting = data;

  gst_validate_action_unref (waiting->action);
  gst_zrtp_count_free (waiting->count);
  g_free (waiting);
}

static GstZrtpWire *
wire_new (void)
{
  GstZrtpWire *self = g_new0 (GstZrtpWire, 1);

  self->refs = 1;
  g_mutex_init (&self->lock);
  g_mutex_init (&self->release_lock);
  g_queue_init (&self->released);
  self->tallies = g_array_new (FALSE, TRUE, sizeof (Tally));
  self->rules = g_ptr_array_new_with_free_func (rule_free);
  self->waiting = g_ptr_array_new_with_free_func (waiting_free);
  return self;
}

static GstZrtpWire *
wire_ref (GstZrtpWire *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

static void
wire_unref (gpointer data)
{
  GstZrtpWire *self = data;

  if (!g_atomic_int_dec_and_test (&self->refs))
    return;
  g_array_unref (self->tallies);
  g_ptr_array_unref (self->rules);
  g_ptr_array_unref (self->waiting);
  g_mutex_clear (&self->release_lock);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Counting. The lock is held. */

static Tally *
find_tally (GstZrtpWire *self, const GstZrtpPacketInfo *info)
{
  Tally tally = { .info = *info };
  guint i;

  for (i = 0; i < self->tallies->len; i++) {
    Tally *known = &g_array_index (self->tallies, Tally, i);

    if (known->info.kind == info->kind && strcmp (known->info.message, info->message) == 0)
      return known;
  }
  g_array_append_val (self->tallies, tally);
  return &g_array_index (self->tallies, Tally, i);
}

static void
add_up (GstZrtpWire *self, const GstZrtpPacketFilter *filter, Tally *sum)
{
  guint i, j;

  memset (sum, 0, sizeof *sum);
  for (i = 0; i < self->tallies->len; i++) {
    const Tally *tally = &g_array_index (self->tallies, Tally, i);

    if (!gst_zrtp_packet_filter_matches (filter, &tally->info))
      continue;
    sum->sent += tally->sent;
    for (j = 0; j < GST_ZRTP_N_HARMS; j++)
      sum->harmed[j] += tally->harmed[j];
  }
}

static gboolean
number_fits (const GstStructure *wanted, const gchar *field, gint number)
{
  const GValue *value = gst_structure_get_value (wanted, field);
  GValue counted = G_VALUE_INIT;
  gboolean fits;

  if (value == NULL)
    return TRUE;
  g_value_init (&counted, G_TYPE_INT);
  g_value_set_int (&counted, number);
  fits = gst_value_intersect (NULL, value, &counted);
  g_value_unset (&counted);
  return fits;
}

static gboolean
is_met (GstZrtpWire *self, const GstZrtpCount *count)
{
  gboolean met;
  Tally sum;
  guint i;

  add_up (self, count->filter, &sum);
  met = number_fits (count->wanted, "sent", sum.sent);
  for (i = 0; i < GST_ZRTP_N_HARMS; i++)
    met = met && number_fits (count->wanted, harm_fields[i], sum.harmed[i]);
  return met;
}

static void
check_waiting (GstZrtpWire *self)
{
  guint i = 0;

  while (i < self->waiting->len) {
    Waiting *waiting = g_ptr_array_index (self->waiting, i);

    if (is_met (self, waiting->count)) {
      gst_zrtp_action_finish_later (waiting->action);
      g_ptr_array_remove_index (self->waiting, i);
    } else
      i++;
  }
}

/* Harm. The lock is held in those that touch rules or records. */

/* Clear is what comes out as it went in, and what nobody saw go in. */
static void
tell_encrypted (GstZrtpWire *self, GstBuffer *packet, GstZrtpPacketInfo *info)
{
  GstZrtpOriginal now;
  const GstZrtpOriginal *before;

  if (!self->knows_originals || info->kind != GST_ZRTP_PACKET_CLEAR || !gst_zrtp_packet_get_original (packet, &now))
    return;
  before = &self->originals[now.sequence % N_ORIGINALS];
  if (before->sequence == now.sequence && before->ssrc == now.ssrc && before->len > 0
      && memcmp (before->payload, now.payload, before->len) != 0)
    info->kind = GST_ZRTP_PACKET_ENCRYPTED;
}

static gboolean
strikes (GstZrtpRule *rule, const GstZrtpPacketInfo *info)
{
  if (rule->count == 0 || !gst_zrtp_packet_filter_matches (rule->filter, info))
    return FALSE;
  if (rule->skip > 0) {
    rule->skip--;
    return FALSE;
  }
  if (g_rand_double (rule->random) >= rule->probability)
    return FALSE;
  if (rule->count > 0)
    rule->count--;
  return TRUE;
}

/* Behind the header, so that it stays what it is to whoever looks at the header only. */
static GstBuffer *
corrupt (const GstZrtpRule *rule, GstBuffer *packet)
{
  gint end = gst_buffer_get_size (packet) - (rule->crc ? ZRTP_PACKET_CRC_LEN : 0);
  gint octet = rule->octet;

  if (octet < 0)
    octet = end > ZRTP_PACKET_HEADER_LEN ? g_rand_int_range (rule->random, ZRTP_PACKET_HEADER_LEN, end) : 0;
  return gst_zrtp_packet_corrupt (packet, octet, g_rand_int_range (rule->random, 0, 8), rule->crc);
}

static void
push_again (GstPad *pad, GstBuffer *packet)
{
  gst_mini_object_set_qdata (GST_MINI_OBJECT (packet), done_quark (), GINT_TO_POINTER (1), NULL);
  gst_pad_push (pad, packet);
}

static void
delayed_free (gpointer data)
{
  Delayed *delayed = data;

  gst_clear_buffer (&delayed->packet);
  gst_object_unref (delayed->pad);
  wire_unref (delayed->wire);
  g_free (delayed);
}

/* On a thread that may be blocked by whatever is downstream. */
static void
push_delayed (GstElement *element, gpointer data)
{
  GstZrtpWire *self = data;
  Delayed *delayed;

  g_mutex_lock (&self->release_lock);
  g_mutex_lock (&self->lock);
  delayed = g_queue_pop_head (&self->released);
  g_mutex_unlock (&self->lock);
  if (delayed != NULL) {
    /* As every other push on this pad. */
    GST_PAD_STREAM_LOCK (delayed->pad);
    push_again (delayed->pad, g_steal_pointer (&delayed->packet));
    GST_PAD_STREAM_UNLOCK (delayed->pad);
  }
  g_mutex_unlock (&self->release_lock);
  if (delayed != NULL)
    delayed_free (delayed);
  wire_unref (self);
}

static gboolean
on_delay_over (gpointer data)
{
  Delayed *delayed = data;
  GstZrtpWire *self = delayed->wire;
  GstElement *element = gst_pad_get_parent_element (delayed->pad);

  if (element == NULL) {
    delayed_free (delayed);
    return G_SOURCE_REMOVE;
  }
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->released, delayed);
  g_mutex_unlock (&self->lock);
  gst_zrtp_call_async (element, push_delayed, wire_ref (self));
  gst_object_unref (element);
  return G_SOURCE_REMOVE;
}

/* Takes the packet. */
static void
delay (GstZrtpWire *self, GstPad *pad, const GstZrtpRule *rule, GstBuffer *packet)
{
  Delayed *delayed = g_new (Delayed, 1);

  delayed->wire = wire_ref (self);
  delayed->pad = gst_object_ref (pad);
  delayed->packet = packet;
  g_timeout_add (rule->delay / GST_MSECOND, on_delay_over, delayed);
}

/* Takes the packet, and returns what is left of it; *copies: what goes out before it, transfer full. */
static GstBuffer *
apply_rules (GstZrtpWire *self, GstPad *pad, GstBuffer *packet, GList **copies)
{
  gboolean discont = GST_BUFFER_IS_DISCONT (packet);
  GstZrtpPacketInfo info;
  Tally *tally;
  guint i;

  gst_zrtp_packet_inspect (packet, &info);
  g_mutex_lock (&self->lock);
  if (self->discont)
    packet = gst_zrtp_mark_discont (packet);
  tell_encrypted (self, packet, &info);
  tally = find_tally (self, &info);
  tally->sent++;
  for (i = 0; i < self->rules->len && packet != NULL; i++) {
    GstZrtpRule *rule = g_ptr_array_index (self->rules, i);

    if (!strikes (rule, &info))
      continue;
    tally->harmed[rule->harm]++;
    switch (rule->harm) {
      case GST_ZRTP_HARM_DROP:
        gst_clear_buffer (&packet);
        break;
      case GST_ZRTP_HARM_DELAY:
        delay (self, pad, rule, g_steal_pointer (&packet));
        break;
      case GST_ZRTP_HARM_DUPLICATE:
        *copies = g_list_append (*copies, gst_buffer_copy (packet));
        break;
      default:
        packet = corrupt (rule, packet);
        break;
    }
  }
  check_waiting (self);
  self->discont = (discont || self->discont) && packet == NULL;
  g_mutex_unlock (&self->lock);
  return packet;
}

/* Takes the packet, and returns it if it is to go on. */
static GstBuffer *
handle_packet (GstZrtpWire *self, GstPad *pad, GstBuffer *packet)
{
  GList *copies = NULL, *l;

  if (gst_mini_object_steal_qdata (GST_MINI_OBJECT (packet), done_quark ()) != NULL)
    return packet;
  packet = apply_rules (self, pad, packet, &copies);
  for (l = copies; l != NULL; l = l->next)
    push_again (pad, l->data);
  g_list_free (copies);
  return packet;
}

typedef struct
{
  GstZrtpWire *wire;
  GstPad *pad;
} ListContext;

static gboolean
handle_item (GstBuffer **packet, guint index, gpointer data)
{
  ListContext *context = data;

  *packet = handle_packet (context->wire, context->pad, *packet);
  return TRUE;
}

static GstPadProbeReturn
on_packets_out (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GstZrtpWire *self = data;

  if ((info->type & GST_PAD_PROBE_TYPE_BUFFER) != 0)
    info->data = handle_packet (self, pad, GST_PAD_PROBE_INFO_BUFFER (info));
  else {
    ListContext context = { self, pad };
    GstBufferList *list = gst_buffer_list_make_writable (GST_PAD_PROBE_INFO_BUFFER_LIST (info));

    gst_buffer_list_foreach (list, handle_item, &context);
    if (gst_buffer_list_length (list) == 0)
      gst_clear_buffer_list (&list);
    info->data = list;
  }
  return info->data != NULL ? GST_PAD_PROBE_OK : GST_PAD_PROBE_HANDLED;
}

static gboolean
remember (GstBuffer **packet, guint index, gpointer data)
{
  GstZrtpWire *self = data;
  GstZrtpOriginal original;

  if (gst_zrtp_packet_get_original (*packet, &original)) {
    g_mutex_lock (&self->lock);
    self->originals[original.sequence % N_ORIGINALS] = original;
    g_mutex_unlock (&self->lock);
  }
  return TRUE;
}

static GstPadProbeReturn
on_packets_in (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  if ((info->type & GST_PAD_PROBE_TYPE_BUFFER) != 0) {
    GstBuffer *packet = GST_PAD_PROBE_INFO_BUFFER (info);

    remember (&packet, 0, data);
  } else
    gst_buffer_list_foreach (GST_PAD_PROBE_INFO_BUFFER_LIST (info), remember, data);
  return GST_PAD_PROBE_OK;
}

/* What actions ask */

GstZrtpWire *
gst_zrtp_wire_get (GstPad *pad)
{
  return g_object_get_qdata (G_OBJECT (pad), wire_quark ());
}

GstZrtpWire *
gst_zrtp_wire_watch (GstPad *pad, GstPad *original)
{
  const GstPadProbeType type = GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST;
  GstZrtpWire *self = gst_zrtp_wire_get (pad);

  if (self != NULL)
    return self;
  self = wire_new ();
  g_object_set_qdata_full (G_OBJECT (pad), wire_quark (), self, wire_unref);
  if (original != NULL) {
    self->knows_originals = TRUE;
    gst_pad_add_probe (original, type, on_packets_in, wire_ref (self), wire_unref);
  }
  gst_pad_add_probe (pad, type, on_packets_out, wire_ref (self), wire_unref);
  return self;
}

void
gst_zrtp_wire_add_rule (GstZrtpWire *self, GstZrtpRule *rule)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->rules, rule);
  g_mutex_unlock (&self->lock);
}

void
gst_zrtp_wire_clear_rules (GstZrtpWire *self)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_set_size (self->rules, 0);
  g_mutex_unlock (&self->lock);
}

gboolean
gst_zrtp_wire_expect (GstZrtpWire *self, GstValidateAction *action, GstZrtpCount *count)
{
  gboolean met;

  g_mutex_lock (&self->lock);
  met = is_met (self, count);
  if (!met) {
    Waiting *waiting = g_new (Waiting, 1);

    waiting->action = gst_validate_action_ref (action);
    waiting->count = count;
    g_ptr_array_add (self->waiting, waiting);
  }
  g_mutex_unlock (&self->lock);
  if (met)
    gst_zrtp_count_free (count);
  return met;
}

gchar *
gst_zrtp_wire_give_up (GstZrtpWire *self, GstValidateAction *action)
{
  gchar *text = NULL;
  guint i;

  g_mutex_lock (&self->lock);
  for (i = 0; i < self->waiting->len && text == NULL; i++) {
    Waiting *waiting = g_ptr_array_index (self->waiting, i);
    Tally sum;

    if (waiting->action != action)
      continue;
    add_up (self, waiting->count->filter, &sum);
    text = g_strdup_printf ("sent=%d, dropped=%d, delayed=%d, duplicated=%d, corrupted=%d", sum.sent,
        sum.harmed[GST_ZRTP_HARM_DROP], sum.harmed[GST_ZRTP_HARM_DELAY], sum.harmed[GST_ZRTP_HARM_DUPLICATE],
        sum.harmed[GST_ZRTP_HARM_CORRUPT]);
    g_ptr_array_remove_index (self->waiting, i);
  }
  g_mutex_unlock (&self->lock);
  return text;
}
