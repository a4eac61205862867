/* call.c: two endpoints of a call in one process, over a wire that a test can tap, on a clock that it drives.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"
#include "gst/protocol/association.h"

#include <string.h>

static const gchar marker[] = "this payload is in the clear";

static GstStaticPadTemplate src_template
    = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

gboolean
is_marked (GstBuffer *buffer)
{
  const gsize len = sizeof marker - 1;
  GstMapInfo map;
  gboolean marked = FALSE;
  gsize i;

  gst_buffer_map (buffer, &map, GST_MAP_READ);
  for (i = 0; !marked && i + len <= map.size; i++)
    marked = memcmp (map.data + i, marker, len) == 0;
  gst_buffer_unmap (buffer, &map);
  return marked;
}

static PacketKind
classify (GstBuffer *packet, gboolean *commits)
{
  GstMapInfo map;
  PacketKind kind = PACKET_SECRET;

  gst_buffer_map (packet, &map, GST_MAP_READ);
  *commits = FALSE;
  if (zrtp_packet_is_zrtp (map.data, map.size)) {
    kind = PACKET_ZRTP;
    *commits = map.size > 24 && (memcmp (map.data + 16, "Commit  ", 8) == 0 || memcmp (map.data + 16, "DHPart1 ", 8) == 0);
  }
  gst_buffer_unmap (packet, &map);
  return kind == PACKET_SECRET && is_marked (packet) ? PACKET_CLEAR : kind;
}

static GstFlowReturn
wire_chain (GstPad *pad, GstObject *parent, GstBuffer *packet)
{
  Endpoint *self = gst_pad_get_element_private (pad);
  gboolean commits, pass;
  PacketKind kind = classify (packet, &commits);

  g_mutex_lock (&self->lock);
  self->sent[kind]++;
  if (kind == PACKET_CLEAR) {
    self->clear_octets += gst_buffer_get_size (packet) - 12;
    if (self->committed)
      self->clear_after_commit++;
  }
  if (commits)
    self->committed = TRUE;
  g_queue_push_tail (&self->wire, gst_buffer_ref (packet));
  g_mutex_unlock (&self->lock);
  g_atomic_int_inc (&self->call->packets);

  pass = self->call->filter == NULL || self->call->filter (self, kind, packet, self->call->filter_data);
  /* As a datagram that nobody takes: no matter. */
  if (pass)
    gst_pad_push (self->peer->wire_out, packet);
  else
    gst_buffer_unref (packet);
  return GST_FLOW_OK;
}

static GstFlowReturn
keep_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  Endpoint *self = gst_pad_get_element_private (pad);

  g_mutex_lock (&self->lock);
  g_queue_push_tail (pad == self->rtcp_out ? &self->heard_rtcp : &self->heard, buffer);
  g_mutex_unlock (&self->lock);
  return GST_FLOW_OK;
}

static GstPad *
make_pad (Endpoint *self, GstStaticPadTemplate *template, GstPadChainFunction chain)
{
  GstPad *pad = gst_pad_new_from_static_template (template, NULL);

  gst_pad_set_element_private (pad, self);
  if (chain != NULL)
    gst_pad_set_chain_function (pad, chain);
  return pad;
}

static void
link_to (GstPad *src, GstElement *element, const gchar *name)
{
  GstPad *sink = gst_element_get_static_pad (element, name);

  fail_unless (sink != NULL);
  fail_unless_equals_int (gst_pad_link (src, sink), GST_PAD_LINK_OK);
  gst_object_unref (sink);
}

static void
link_from (GstElement *element, const gchar *name, GstPad *sink)
{
  GstPad *src = gst_element_get_static_pad (element, name);

  fail_unless (src != NULL);
  fail_unless_equals_int (gst_pad_link (src, sink), GST_PAD_LINK_OK);
  gst_object_unref (src);
}

void
endpoint_link_decoder (Endpoint *self)
{
  link_to (self->wire_out, self->dec, "rtp_sink");
  link_from (self->dec, "rtp_src", self->media_out);
  link_from (self->dec, "rtcp_src", self->rtcp_out);
}

static void
endpoint_init (Endpoint *self, Call *call, Endpoint *peer, guint32 ssrc, gboolean talks)
{
  GstPad *requested;

  self->call = call;
  self->peer = peer;
  self->ssrc = ssrc;
  self->sequence = 65530;
  g_mutex_init (&self->lock);
  self->pipeline = gst_pipeline_new (NULL);
  self->enc = gst_element_factory_make ("zrtpenc", NULL);
  self->dec = gst_element_factory_make ("zrtpdec", NULL);
  fail_unless (self->enc != NULL && self->dec != NULL);
  gst_bin_add_many (GST_BIN (self->pipeline), self->enc, self->dec, NULL);
  /* By default both ends would be one, having one file. */
  g_object_set (self->enc, "clock", call->clock, "cache", "memory", NULL);

  requested = gst_element_request_pad_simple (self->enc, talks ? "rtp_sink_0" : "rtp_src_0");
  fail_unless (requested != NULL);
  gst_object_unref (requested);
  if (talks) {
    self->media_in = make_pad (self, &src_template, NULL);
    link_to (self->media_in, self->enc, "rtp_sink_0");
  }
  self->wire_in = make_pad (self, &sink_template, wire_chain);
  link_from (self->enc, "rtp_src_0", self->wire_in);
  self->wire_out = make_pad (self, &src_template, NULL);
  self->media_out = make_pad (self, &sink_template, keep_chain);
  self->rtcp_out = make_pad (self, &sink_template, keep_chain);
  endpoint_link_decoder (self);
}

static void
drop_pad (GstPad **pad)
{
  GstPad *peer;

  if (*pad == NULL)
    return;
  peer = gst_pad_get_peer (*pad);
  if (peer != NULL) {
    if (GST_PAD_IS_SRC (*pad))
      gst_pad_unlink (*pad, peer);
    else
      gst_pad_unlink (peer, *pad);
    gst_object_unref (peer);
  }
  gst_clear_object (pad);
}

static void
collect_messages (Endpoint *self)
{
  GstBus *bus = gst_element_get_bus (self->pipeline);
  GstMessage *message;

  while ((message = gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR)) != NULL) {
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
      self->errors++;
      gst_message_unref (message);
    } else
      g_queue_push_tail (&self->messages, message);
  }
  gst_object_unref (bus);
}

static void
endpoint_clear (Endpoint *self)
{
  endpoint_stop (self);
  drop_pad (&self->media_in);
  drop_pad (&self->wire_in);
  drop_pad (&self->wire_out);
  drop_pad (&self->media_out);
  drop_pad (&self->rtcp_out);
  g_queue_clear_full (&self->wire, (GDestroyNotify) gst_buffer_unref);
  g_queue_clear_full (&self->heard, (GDestroyNotify) gst_buffer_unref);
  g_queue_clear_full (&self->heard_rtcp, (GDestroyNotify) gst_buffer_unref);
  g_queue_clear_full (&self->messages, (GDestroyNotify) gst_message_unref);
  ASSERT_OBJECT_REFCOUNT (self->pipeline, "pipeline", 1);
  gst_object_unref (self->pipeline);
  g_mutex_clear (&self->lock);
}

static Call *
make_call (gboolean b_talks)
{
  Call *call = g_new0 (Call, 1);

  call->clock = GST_TEST_CLOCK (gst_test_clock_new_with_start_time (CALL_START_TIME));
  endpoint_init (&call->a, call, &call->b, 0x0a0a0a0a, TRUE);
  endpoint_init (&call->b, call, &call->a, 0x0b0b0b0b, b_talks);
  return call;
}

Call *
call_new (void)
{
  return make_call (TRUE);
}

Call *
call_new_receive_only_b (void)
{
  return make_call (FALSE);
}

void
call_free (Call *call)
{
  endpoint_stop (&call->a);
  endpoint_stop (&call->b);
  endpoint_clear (&call->a);
  endpoint_clear (&call->b);
  gst_object_unref (call->clock);
  g_free (call);
}

static void
begin_stream (GstPad *pad, const gchar *stream_id)
{
  GstSegment segment;
  GstCaps *caps = gst_caps_from_string ("application/x-rtp, media=audio, clock-rate=8000, encoding-name=PCMU, payload=0");

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pad, gst_event_new_stream_start (stream_id));
  gst_pad_push_event (pad, gst_event_new_caps (caps));
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
  gst_caps_unref (caps);
}

void
endpoint_start (Endpoint *self)
{
  gst_pad_set_active (self->wire_in, TRUE);
  gst_pad_set_active (self->media_out, TRUE);
  gst_pad_set_active (self->rtcp_out, TRUE);
  fail_unless_equals_int (gst_element_set_state (self->pipeline, GST_STATE_PAUSED),
      self->media_in ? GST_STATE_CHANGE_SUCCESS : GST_STATE_CHANGE_NO_PREROLL);
  gst_pad_set_active (self->wire_out, TRUE);
  begin_stream (self->wire_out, "wire");
  if (self->media_in != NULL) {
    gst_pad_set_active (self->media_in, TRUE);
    begin_stream (self->media_in, "media");
  }
  fail_unless_equals_int (gst_element_set_state (self->pipeline, GST_STATE_PLAYING), GST_STATE_CHANGE_SUCCESS);
  g_object_get (self->enc, "session", &self->session, NULL);
  self->running = TRUE;
}

void
endpoint_stop (Endpoint *self)
{
  if (!self->running)
    return;
  self->running = FALSE;
  collect_messages (self);
  fail_unless_equals_int (gst_element_set_state (self->pipeline, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  gst_zrtp_session_wait_idle (self->session);
  gst_clear_object (&self->session);
  gst_pad_set_active (self->wire_in, FALSE);
  gst_pad_set_active (self->media_out, FALSE);
  gst_pad_set_active (self->rtcp_out, FALSE);
  gst_pad_set_active (self->wire_out, FALSE);
  if (self->media_in != NULL)
    gst_pad_set_active (self->media_in, FALSE);
  self->committed = FALSE;
}

void
call_start (Call *call)
{
  endpoint_start (&call->a);
  endpoint_start (&call->b);
}

static void
wait_idle (Endpoint *self)
{
  if (self->session != NULL)
    gst_zrtp_session_wait_idle (self->session);
}

void
call_settle (Call *call)
{
  gint before;

  /* Whoever is woken while the other one works has got a packet. */
  do {
    before = g_atomic_int_get (&call->packets);
    wait_idle (&call->a);
    wait_idle (&call->b);
    wait_idle (&call->a);
    wait_idle (&call->b);
  } while (g_atomic_int_get (&call->packets) != before);
  collect_messages (&call->a);
  collect_messages (&call->b);
}

/* FALSE: nothing waits, or nothing until end. */
static gboolean
tick (Call *call, GstClockTime end)
{
  GstClockID id;
  GstClockTime due;

  call_settle (call);
  if (!gst_test_clock_peek_next_pending_id (call->clock, &id))
    return FALSE;
  due = gst_clock_id_get_time (id);
  gst_clock_id_unref (id);
  if (due > end)
    return FALSE;
  if (due > gst_clock_get_time (GST_CLOCK (call->clock)))
    gst_test_clock_set_time (call->clock, due);
  id = gst_test_clock_process_next_clock_id (call->clock);
  if (id != NULL)
    gst_clock_id_unref (id);
  call_settle (call);
  return TRUE;
}

void
call_run (Call *call, GstClockTime max)
{
  GstClockTime end = gst_clock_get_time (GST_CLOCK (call->clock)) + max;

  while (tick (call, end))
    continue;
  gst_test_clock_set_time (call->clock, end);
}

gboolean
call_run_until_secure (Call *call, GstClockTime max)
{
  GstClockTime end = gst_clock_get_time (GST_CLOCK (call->clock)) + max;

  do {
    if (endpoint_state (&call->a) == GST_ZRTP_STATE_SECURE && endpoint_state (&call->b) == GST_ZRTP_STATE_SECURE) {
      call_settle (call);
      return TRUE;
    }
  } while (tick (call, end));
  return endpoint_state (&call->a) == GST_ZRTP_STATE_SECURE && endpoint_state (&call->b) == GST_ZRTP_STATE_SECURE;
}

void
call_go (Call *call)
{
  call_start (call);
  endpoint_talk (&call->a);
  endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  call_check (call);
}

void
call_hang_up (Call *call)
{
  endpoint_stop (&call->a);
  endpoint_stop (&call->b);
}

Call *
call_new_secure (void)
{
  Call *call = call_new ();

  call_go (call);
  call_check_secure (call);
  return call;
}

GstBuffer *
endpoint_make_rtp (Endpoint *self)
{
  /* Room for the tag, as a payloader that knows of SRTP would leave. */
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 12 + CALL_PAYLOAD, NULL);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  memset (map.data, 0, map.size);
  map.data[0] = 0x80;
  GST_WRITE_UINT16_BE (map.data + 2, self->sequence);
  GST_WRITE_UINT32_BE (map.data + 4, self->sequence * 160u);
  GST_WRITE_UINT32_BE (map.data + 8, self->ssrc);
  memcpy (map.data + 12, marker, sizeof marker - 1);
  GST_WRITE_UINT16_BE (map.data + 12 + 64, self->sequence);
  gst_buffer_unmap (buffer, &map);
  GST_BUFFER_PTS (buffer) = self->sequence * 20 * GST_MSECOND;
  GST_BUFFER_DURATION (buffer) = 20 * GST_MSECOND;
  self->sequence++;
  return buffer;
}

GstFlowReturn
endpoint_talk (Endpoint *self)
{
  return gst_pad_push (self->media_in, endpoint_make_rtp (self));
}

GstFlowReturn
endpoint_inject (Endpoint *self, GstBuffer *packet)
{
  return gst_pad_push (self->wire_out, packet);
}

GstZrtpState
endpoint_state (Endpoint *self)
{
  GstZrtpState state;

  g_object_get (self->enc, "state", &state, NULL);
  return state;
}

gchar *
endpoint_sas (Endpoint *self)
{
  gchar *sas;

  g_object_get (self->enc, "sas", &sas, NULL);
  return sas;
}

GstMessage *
endpoint_message (Endpoint *self, const gchar *name)
{
  GList *l;

  collect_messages (self);
  for (l = self->messages.tail; l != NULL; l = l->prev) {
    if (gst_message_has_name (l->data, name))
      return l->data;
  }
  return NULL;
}

guint
endpoint_count_messages (Endpoint *self, const gchar *name)
{
  GList *l;
  guint n = 0;

  collect_messages (self);
  for (l = self->messages.head; l != NULL; l = l->next)
    n += gst_message_has_name (l->data, name);
  return n;
}

/* How many, and the text of the newest, or NULL. */
static guint
find_warnings (Endpoint *self, const gchar *code, const gchar **newest)
{
  GList *l;
  const gchar *found, *text;
  guint n = 0;

  *newest = NULL;
  collect_messages (self);
  for (l = self->messages.head; l != NULL; l = l->next) {
    if (gst_zrtp_message_parse_warning (l->data, &found, &text) && strcmp (found, code) == 0) {
      *newest = text;
      n++;
    }
  }
  return n;
}

guint
endpoint_count_warnings (Endpoint *self, const gchar *code)
{
  const gchar *text;

  return find_warnings (self, code, &text);
}

const gchar *
endpoint_warning (Endpoint *self, const gchar *code)
{
  const gchar *text;

  find_warnings (self, code, &text);
  return text;
}

GstZrtpSecurity
endpoint_security (Endpoint *self)
{
  GstZrtpSecurity security;

  g_object_get (self->enc, "security", &security, NULL);
  return security;
}

guint64
endpoint_stat (Endpoint *self, const gchar *field)
{
  GstStructure *stats;
  guint64 value = 0;

  g_object_get (self->dec, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, field, &value), "no counter %s", field);
  gst_structure_free (stats);
  return value;
}

static void
check_endpoint (Endpoint *self)
{
  collect_messages (self);
  fail_unless_equals_int (self->errors, 0);
  fail_unless_equals_int (self->clear_after_commit, 0);
}

void
call_check (Call *call)
{
  check_endpoint (&call->a);
  check_endpoint (&call->b);
}

static void
check_heard (Endpoint *from)
{
  Endpoint *to = from->peer;
  guint heard = to->heard.length, secret = from->sent[PACKET_SECRET], clear = from->sent[PACKET_CLEAR];

  if (from->media_in == NULL)
    return;
  fail_unless_equals_int (endpoint_talk (from), GST_FLOW_OK);
  call_settle (from->call);
  fail_unless_equals_int (from->sent[PACKET_SECRET], secret + 1);
  fail_unless_equals_int (from->sent[PACKET_CLEAR], clear);
  fail_unless_equals_int (to->heard.length, heard + 1);
  fail_unless (is_marked (g_queue_peek_tail (&to->heard)));
}

void
call_check_secure (Call *call)
{
  gchar *a, *b;

  fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->a)), "secure");
  fail_unless_equals_string (gst_zrtp_state_to_string (endpoint_state (&call->b)), "secure");
  a = endpoint_sas (&call->a);
  b = endpoint_sas (&call->b);
  fail_unless (a != NULL);
  fail_unless_equals_string (a, b);
  g_free (a);
  g_free (b);
  check_heard (&call->a);
  check_heard (&call->b);
  call_check (call);
}
