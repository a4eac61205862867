/* rtpend.c: one end of a call as applications build it: rtpbin, udpsrc and udpsink on sockets of their own on this host.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtpend.h"

#include <stdio.h>
#include <string.h>

/* Real time passes here, since rtpbin's RTCP keeps to it; under valgrind more of it. */
#define PATIENCE (40 * G_TIME_SPAN_SECOND)

static const gchar cname[] = "nobody should read this name";

static const gchar *const rtp_caps[] = {
  "application/x-rtp,media=audio,clock-rate=8000,encoding-name=PCMU,payload=0",
  "application/x-rtp,media=video,clock-rate=90000,encoding-name=RAW,sampling=(string)YCbCr-4:2:0,width=(string)64,"
  "height=(string)48,depth=(string)8,colorimetry=(string)BT601-5,payload=96",
};

static const gchar *const sources[] = {
  "audiotestsrc is-live=true wave=white-noise samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1 ! mulawenc "
  "! rtppcmupay name=pay pt=0 max-ptime=20000000 ! identity",
  "videotestsrc is-live=true pattern=snow ! video/x-raw,format=I420,width=64,height=48,framerate=10/1 "
  "! rtpvrawpay name=pay pt=96 mtu=1200 ! identity",
};

static GstElement *
add (RtpEnd *self, const gchar *factory)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  fail_unless (element != NULL, "no element %s", factory);
  gst_bin_add (GST_BIN (self->pipeline), element);
  return element;
}

GSocket *
rtp_end_make_socket (void)
{
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  GInetAddress *loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  GSocketAddress *address = g_inet_socket_address_new (loopback, 0);

  fail_unless (socket != NULL && g_socket_bind (socket, address, FALSE, NULL));
  g_object_unref (address);
  g_object_unref (loopback);
  return socket;
}

guint
rtp_end_get_port (GSocket *socket)
{
  GSocketAddress *address = g_socket_get_local_address (socket, NULL);
  guint port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));

  g_object_unref (address);
  return port;
}

/* Payloads */

guint64
rtp_end_packet_key (GstBuffer *packet)
{
  guint8 header[12];

  if (gst_buffer_extract (packet, 0, header, sizeof header) < sizeof header || (header[0] & 0xc0) != 0x80)
    return 0;
  return (guint64) GST_READ_UINT32_BE (header + 8) << 16 | GST_READ_UINT16_BE (header + 2);
}

static GBytes *
packet_payload (GstBuffer *packet)
{
  gsize size = gst_buffer_get_size (packet) - 12;
  guint8 *data = g_malloc (size);

  gst_buffer_extract (packet, 12, data, size);
  return g_bytes_new_take (data, size);
}

/* Whether the payload is one that the sender gave to its zrtpenc. */
static gboolean
is_as_sent (RtpEnd *sender, GstBuffer *packet)
{
  GBytes *payload = packet_payload (packet);
  gboolean same;

  g_mutex_lock (&sender->lock);
  same = g_hash_table_contains (sender->payloads, payload);
  g_mutex_unlock (&sender->lock);
  g_bytes_unref (payload);
  return same;
}

gboolean
rtp_end_was_delivered (RtpEnd *self, guint64 key)
{
  GBytes *payload;
  gboolean delivered;

  g_mutex_lock (&self->peer->lock);
  payload = g_bytes_ref (g_hash_table_lookup (self->peer->sent, &key));
  g_mutex_unlock (&self->peer->lock);
  g_mutex_lock (&self->lock);
  delivered = g_hash_table_contains (self->delivered, payload);
  g_mutex_unlock (&self->lock);
  g_bytes_unref (payload);
  return delivered;
}

typedef void (*PacketFunc) (RtpEndSession * session, GstBuffer * packet);

static void
for_each_packet (GstPadProbeInfo *info, RtpEndSession *session, PacketFunc func)
{
  guint i;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    func (session, GST_PAD_PROBE_INFO_BUFFER (info));
    return;
  }
  for (i = 0; i < gst_buffer_list_length (GST_PAD_PROBE_INFO_BUFFER_LIST (info)); i++)
    func (session, gst_buffer_list_get (GST_PAD_PROBE_INFO_BUFFER_LIST (info), i));
}

static void
remember (RtpEndSession *session, GstBuffer *packet)
{
  guint64 key = rtp_end_packet_key (packet);
  GBytes *payload = packet_payload (packet);

  g_mutex_lock (&session->end->lock);
  g_hash_table_add (session->end->payloads, g_bytes_ref (payload));
  g_hash_table_replace (session->end->sent, g_memdup2 (&key, sizeof key), payload);
  g_mutex_unlock (&session->end->lock);
}

static GstPadProbeReturn
before_encoder (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  for_each_packet (info, data, remember);
  return GST_PAD_PROBE_OK;
}

static void
compare (RtpEndSession *session, GstBuffer *packet)
{
  gboolean same = is_as_sent (session->end->peer, packet);

  g_mutex_lock (&session->end->lock);
  if (same)
    g_hash_table_add (session->end->delivered, packet_payload (packet));
  session->heard += same;
  session->altered += !same;
  g_mutex_unlock (&session->end->lock);
}

static GstPadProbeReturn
after_rtpbin (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  for_each_packet (info, data, compare);
  return GST_PAD_PROBE_OK;
}

/* The wire */

static gboolean
has_cname (GstBuffer *packet)
{
  const gsize len = strlen (cname);
  gboolean found = FALSE;
  GstMapInfo map;
  gsize i;

  gst_buffer_map (packet, &map, GST_MAP_READ);
  for (i = 0; !found && i + len <= map.size; i++)
    found = memcmp (map.data + i, cname, len) == 0;
  gst_buffer_unmap (packet, &map);
  return found;
}

/* FALSE: it is lost. */
static gboolean
tap (RtpEndSession *session, gboolean rtcp, GstBuffer *packet)
{
  RtpEnd *self = session->end;
  guint8 type = 0;
  gboolean is_rtp = rtp_end_packet_key (packet) != 0 || rtcp, readable;

  if (is_rtp) {
    gst_buffer_extract (packet, 1, &type, 1);
    rtcp = (type & 0x7f) >= 64 && (type & 0x7f) <= 95;
    readable = rtcp ? has_cname (packet) : is_as_sent (self, packet);
    g_mutex_lock (&self->lock);
    if (rtcp) {
      session->wire_rtcp++;
      session->wire_clear_rtcp += readable;
    } else {
      session->wire_rtp++;
      session->wire_clear += readable;
    }
    g_mutex_unlock (&self->lock);
  }
  return self->filter == NULL || self->filter (self, session->number, rtcp, packet, self->filter_data);
}

static gboolean
tap_in_list (GstBuffer **packet, guint index, gpointer data)
{
  if (!tap (data, FALSE, *packet))
    gst_clear_buffer (packet);
  return TRUE;
}

static GstPadProbeReturn
on_rtp_wire (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    return tap (data, FALSE, GST_PAD_PROBE_INFO_BUFFER (info)) ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
  info->data = gst_buffer_list_make_writable (info->data);
  gst_buffer_list_foreach (info->data, tap_in_list, data);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_rtcp_wire (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  return tap (data, TRUE, GST_PAD_PROBE_INFO_BUFFER (info)) ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

static void
probe (GstElement *element, const gchar *name, GstPadProbeCallback callback, gpointer data)
{
  GstPad *pad = gst_element_get_static_pad (element, name);

  fail_unless (pad != NULL, "no pad %s", name);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, callback, data, NULL);
  gst_object_unref (pad);
}

/* rtpbin */

/* As README says: the pads of the encoder are there before rtpbin gets it. */
static GstElement *
give_encoder (RtpEnd *self, guint session, const gchar *kind)
{
  gchar *name = g_strdup_printf ("%s_sink_%u", kind, session);
  GstPad *pad = gst_element_request_pad_simple (self->enc, name);

  fail_unless (pad != NULL);
  gst_object_unref (pad);
  if (strcmp (kind, "rtp") == 0)
    probe (self->enc, name, before_encoder, &self->sessions[session]);
  g_free (name);
  return gst_object_ref (self->enc);
}

static GstElement *
give_rtp_encoder (GstElement *rtpbin, guint session, RtpEnd *self)
{
  return give_encoder (self, session, "rtp");
}

static GstElement *
give_rtcp_encoder (GstElement *rtpbin, guint session, RtpEnd *self)
{
  return give_encoder (self, session, "rtcp");
}

static GstElement *
give_decoder (GstElement *rtpbin, guint session, RtpEnd *self)
{
  return gst_object_ref (self->sessions[session].dec);
}

/* For payload types of a session that the caps of its source do not tell of. */
static GstCaps *
request_pt_map (GstElement *rtpbin, guint session, guint pt, RtpEnd *self)
{
  GstCaps *caps = gst_caps_from_string (rtp_caps[self->sessions[session].media]);

  gst_caps_set_simple (caps, "payload", G_TYPE_INT, pt, NULL);
  return caps;
}

static void
rtpbin_pad_added (GstElement *rtpbin, GstPad *pad, RtpEnd *self)
{
  GstElement *sink;
  GstPad *sink_pad;
  guint session;

  if (sscanf (GST_PAD_NAME (pad), "recv_rtp_src_%u_", &session) != 1)
    return;
  sink = add (self, "fakesink");
  g_object_set (sink, "async", FALSE, NULL);
  probe (sink, "sink", after_rtpbin, &self->sessions[session]);
  gst_element_sync_state_with_parent (sink);
  sink_pad = gst_element_get_static_pad (sink, "sink");
  fail_unless_equals_int (gst_pad_link (pad, sink_pad), GST_PAD_LINK_OK);
  gst_object_unref (sink_pad);
}

static void
link_pads (GstElement *from, const gchar *src, GstElement *to, const gchar *sink)
{
  fail_unless (gst_element_link_pads (from, src, to, sink), "%s to %s", src, sink);
}

guint
rtp_end_count_messages (RtpEnd *self, const gchar *name)
{
  GList *l;
  guint n = 0;

  for (l = self->messages.head; l != NULL; l = l->next)
    n += gst_message_has_name (l->data, name);
  return n;
}

GObject *
rtp_end_get_rtp_session (RtpEnd *self, guint session)
{
  GObject *object = NULL;

  g_signal_emit_by_name (self->rtpbin, "get-internal-session", session, &object);
  fail_unless (object != NULL);
  return object;
}

static void
add_sink (RtpEnd *self, GSocket *socket, GSocket *peer, const gchar *src, GstPadProbeCallback callback, gpointer data)
{
  GstElement *sink = add (self, "udpsink");

  g_object_set (sink, "socket", socket, "close-socket", FALSE, "host", "127.0.0.1", "port", rtp_end_get_port (peer), "sync", FALSE,
      "async", FALSE, NULL);
  probe (sink, "sink", callback, data);
  link_pads (self->rtpbin, src, sink, "sink");
}

static void
add_source (RtpEnd *self, GSocket *socket, const gchar *caps_text, const gchar *sink)
{
  GstElement *source = add (self, "udpsrc");
  GstCaps *caps = gst_caps_from_string (caps_text);

  g_object_set (source, "socket", socket, "close-socket", FALSE, "caps", caps, NULL);
  gst_caps_unref (caps);
  link_pads (source, "src", self->rtpbin, sink);
}

static void
link_transport (RtpEnd *self, guint number)
{
  RtpEndSession *session = &self->sessions[number], *peer = &self->peer->sessions[number];
  gchar *rtp_src = g_strdup_printf ("send_rtp_src_%u", number), *rtcp_src = g_strdup_printf ("send_rtcp_src_%u", number);
  gchar *rtp_sink = g_strdup_printf ("recv_rtp_sink_%u", number), *rtcp_sink = g_strdup_printf ("recv_rtcp_sink_%u", number);

  add_sink (self, session->rtp, peer->rtp, rtp_src, on_rtp_wire, session);
  add_sink (self, self->mux ? session->rtp : session->rtcp, self->mux ? peer->rtp : peer->rtcp, rtcp_src, on_rtcp_wire, session);
  add_source (self, session->rtp, rtp_caps[session->media], rtp_sink);
  if (self->mux)
    /* rtpbin links the decoder's rtcp_src when it is asked for. */
    gst_object_unref (gst_element_request_pad_simple (self->rtpbin, rtcp_sink));
  else
    add_source (self, session->rtcp, "application/x-rtcp", rtcp_sink);
  g_free (rtp_src);
  g_free (rtcp_src);
  g_free (rtp_sink);
  g_free (rtcp_sink);
}

GstElement *
rtp_end_add_session (RtpEnd *self, guint session, RtpEndMedia media)
{
  GError *error = NULL;
  GstElement *source = gst_parse_bin_from_description (sources[media], TRUE, &error);
  gchar *name = g_strdup_printf ("send_rtp_sink_%u", session);
  GObject *rtp_session;

  self->sessions[session].media = media;
  fail_unless (error == NULL, "%s", error ? error->message : "");
  gst_bin_add (GST_BIN (self->pipeline), source);
  link_pads (source, "src", self->rtpbin, name);
  g_free (name);
  rtp_session = rtp_end_get_rtp_session (self, session);
  g_object_set (rtp_session, "rtcp-min-interval", 50 * GST_MSECOND, "bandwidth", 1e6, NULL);
  g_object_unref (rtp_session);
  link_transport (self, session);
  return source;
}

static void
init (RtpEnd *self, const gchar *name, RtpEnd *peer, guint n_sessions, gboolean mux)
{
  GstStructure *sdes = gst_structure_new ("application/x-rtp-source-sdes", "cname", G_TYPE_STRING, cname, NULL);
  guint i;

  memset (self, 0, sizeof *self);
  self->name = name;
  self->peer = peer;
  self->n_sessions = n_sessions;
  self->mux = mux;
  g_mutex_init (&self->lock);
  self->sent = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, (GDestroyNotify) g_bytes_unref);
  self->payloads = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  self->delivered = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  g_queue_init (&self->messages);
  self->pipeline = gst_pipeline_new (name);
  self->rtpbin = add (self, "rtpbin");
  g_object_set (self->rtpbin, "sdes", sdes, "latency", 100, NULL);
  gst_structure_free (sdes);
  /* rtpbin adds them. */
  self->enc = gst_object_ref_sink (gst_element_factory_make ("zrtpenc", NULL));
  g_object_set (self->enc, "cache", "memory", NULL);
  for (i = 0; i < n_sessions; i++) {
    RtpEndSession *session = &self->sessions[i];

    session->end = self;
    session->number = i;
    session->dec = gst_object_ref_sink (gst_element_factory_make ("zrtpdec", NULL));
    g_object_set (session->dec, "stream", i, NULL);
    session->rtp = rtp_end_make_socket ();
    session->rtcp = rtp_end_make_socket ();
  }
  g_signal_connect (self->rtpbin, "request-rtp-encoder", G_CALLBACK (give_rtp_encoder), self);
  g_signal_connect (self->rtpbin, "request-rtcp-encoder", G_CALLBACK (give_rtcp_encoder), self);
  g_signal_connect (self->rtpbin, "request-rtp-decoder", G_CALLBACK (give_decoder), self);
  g_signal_connect (self->rtpbin, "request-rtcp-decoder", G_CALLBACK (give_decoder), self);
  g_signal_connect (self->rtpbin, "request-pt-map", G_CALLBACK (request_pt_map), self);
  g_signal_connect (self->rtpbin, "pad-added", G_CALLBACK (rtpbin_pad_added), self);
}

void
rtp_end_make_pair (RtpEnd *a, RtpEnd *b, guint n_sessions, gboolean mux)
{
  init (a, "alice", b, n_sessions, mux);
  init (b, "bob", a, n_sessions, mux);
}

void
rtp_end_start (RtpEnd *self)
{
  fail_unless (gst_element_set_state (self->pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE);
}

static void
collect_messages (RtpEnd *self, GstClockTime wait)
{
  GstBus *bus = gst_element_get_bus (self->pipeline);
  GstMessage *message;

  while ((message = gst_bus_timed_pop_filtered (bus, wait, GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)) != NULL) {
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT)
      g_queue_push_tail (&self->messages, message);
    else {
      GST_ERROR ("%s: %" GST_PTR_FORMAT, self->name, message);
      self->errors++;
      gst_message_unref (message);
    }
    wait = 0;
  }
  gst_object_unref (bus);
}

void
rtp_end_clear (RtpEnd *self)
{
  guint i;

  collect_messages (self, 0);
  fail_unless_equals_int (self->errors, 0);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->pipeline);
  gst_object_unref (self->enc);
  for (i = 0; i < self->n_sessions; i++) {
    gst_object_unref (self->sessions[i].dec);
    g_object_unref (self->sessions[i].rtp);
    g_object_unref (self->sessions[i].rtcp);
  }
  g_queue_clear_full (&self->messages, (GDestroyNotify) gst_message_unref);
  g_hash_table_unref (self->sent);
  g_hash_table_unref (self->payloads);
  g_hash_table_unref (self->delivered);
  g_mutex_clear (&self->lock);
}

gboolean
rtp_end_wait (RtpEnd *a, RtpEnd *b, RtpEndCondition condition)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;
  gboolean holds;

  do {
    collect_messages (a, 10 * GST_MSECOND);
    collect_messages (b, 10 * GST_MSECOND);
    holds = condition (a) && condition (b);
  } while (!holds && g_get_monotonic_time () < end);
  return holds;
}

gboolean
rtp_end_is_secure (RtpEnd *self)
{
  GstZrtpSession *session;
  gboolean secure = TRUE;
  guint i;

  g_object_get (self->enc, "session", &session, NULL);
  for (i = 0; i < self->n_sessions; i++)
    secure = secure && gst_zrtp_session_get_state (session, i) == GST_ZRTP_STATE_SECURE;
  gst_object_unref (session);
  return secure;
}

static gboolean
session_has_reports (RtpEnd *self, guint number)
{
  GObject *rtp_session = rtp_end_get_rtp_session (self, number);
  gboolean have_sr = FALSE, have_rb = FALSE;
  GstStructure *stats;
  const GValue *value;
  GValueArray *sources_array;
  guint i;

  g_object_get (rtp_session, "stats", &stats, NULL);
  value = gst_structure_get_value (stats, "source-stats");
  sources_array = g_value_get_boxed (value);
  for (i = 0; i < sources_array->n_values; i++) {
    const GstStructure *source = g_value_get_boxed (&sources_array->values[i]);
    gboolean internal = TRUE, flag;

    gst_structure_get_boolean (source, "internal", &internal);
    if (internal)
      continue;
    have_sr = have_sr || (gst_structure_get_boolean (source, "have-sr", &flag) && flag);
    have_rb = have_rb || (gst_structure_get_boolean (source, "have-rb", &flag) && flag);
  }
  gst_structure_free (stats);
  g_object_unref (rtp_session);
  return have_sr && have_rb;
}

gboolean
rtp_end_has_reports (RtpEnd *self)
{
  guint i;

  for (i = 0; i < self->n_sessions; i++) {
    if (!session_has_reports (self, i))
      return FALSE;
  }
  return TRUE;
}
