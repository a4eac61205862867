/* elements.c: CPU time that zrtpenc, zrtpdec, srtpenc, srtpdec or identity adds to the way of a packet.
 *
 * Usage: bench-elements srtp|zrtp|clear|identity
 *
 * Each in a process of its own, since our replacement of libsrtp2's algorithms would speed srtpenc up too. A
 * packet is made, pushed from a source pad through the element to a pad that counts and frees it, and then
 * comes the next, as in a pipeline; the same loop without the element between is timed as well and taken off.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "harness.h"

/* Packets of a round; the receiver sees a gap of as many at most, so they must be fewer than 2^15. */
static guint round_len = 10000, rounds = 9;
static const guint payloads[] = { 160, 1200 };

/* An encoder and a decoder around which packets go: source, encoder, wire, decoder, end. The decoder may be
 * missing. */
typedef struct
{
  GstPad *source, *wire_source;
  Tap *wire, *end;
  /* The same without an element. */
  GstPad *direct;
  Tap *direct_end;
  gboolean keyed;               /* packets grow by a tag on the wire */
  guint16 seq;
} Path;

static void
check_count (Tap * tap, guint64 packets, gsize len)
{
  if (tap->packets != packets || tap->octets != packets * len)
    g_error ("%" G_GUINT64_FORMAT " packets with %" G_GUINT64_FORMAT " octets came out, and should %"
        G_GUINT64_FORMAT " of %" G_GSIZE_FORMAT, tap->packets, tap->octets, packets, len);
  tap->packets = tap->octets = 0;
}

/* The payload is one octet over and over until it is encrypted. */
static void
check_wire (GstBuffer * packet, guint payload, gboolean keyed)
{
  guint8 octets[32];
  gboolean plain;

  g_assert (gst_buffer_extract (packet, 12, octets, sizeof octets) == sizeof octets);
  plain = memcmp (octets, octets + 1, sizeof octets - 1) == 0;
  if (plain == keyed || gst_buffer_get_size (packet) != 12 + payload + (keyed ? BENCH_TAG_LEN : 0))
    g_error ("a packet is %s on the wire, with %" G_GSIZE_FORMAT " octets", plain ? "clear" : "encrypted",
        gst_buffer_get_size (packet));
}

/* One packet goes all the way, so that the decoder sees no gap in which a sequence number could wrap unseen. */
static void
keep_in_step (Path * path, guint payload)
{
  gsize len = 12 + payload + (path->keyed ? BENCH_TAG_LEN : 0);
  guint8 octets[1500];

  if (!path->wire_source)
    return;
  path->wire->mode = TAP_KEEP;
  gst_pad_push (path->source, packet_new (SHAPE_DATAGRAM, path->seq++, payload));
  check_wire (g_ptr_array_index (path->wire->kept, 0), payload, path->keyed);
  gst_buffer_extract (g_ptr_array_index (path->wire->kept, 0), 0, octets, len);
  gst_pad_push (path->wire_source, packet_received (octets, len, path->seq));
  g_ptr_array_set_size (path->wire->kept, 0);
  check_count (path->end, 1, 12 + payload);
}

static GstCaps *
rtp_caps (void)
{
  return gst_caps_new_simple ("application/x-rtp", "media", G_TYPE_STRING, "audio", "clock-rate", G_TYPE_INT, 48000,
      "encoding-name", G_TYPE_STRING, "OPUS", "payload", G_TYPE_INT, 96, "ssrc", G_TYPE_UINT, BENCH_SSRC, NULL);
}

/* Makes packets and pushes them one by one, or in lists. If there are octets to receive then these are the
 * packets. */
static guint64
push_round (GstPad * pad, Shape shape, guint16 seq, guint payload, gboolean lists, const guint8 * octets, gsize len)
{
  guint64 start = bench_cpu_time ();
  GstBufferList *list = NULL;
  GstBuffer *buffer;
  guint i;

  for (i = 0; i < round_len; i++) {
    if (octets)
      buffer = packet_received (octets + i * len, len, seq + i);
    else
      buffer = packet_new (shape, seq + i, payload);
    if (!lists) {
      if (gst_pad_push (pad, buffer) != GST_FLOW_OK)
        g_error ("a packet was refused");
      continue;
    }
    if (!list)
      list = gst_buffer_list_new_sized (BENCH_LIST_LEN);
    gst_buffer_list_add (list, buffer);
    if (gst_buffer_list_length (list) == BENCH_LIST_LEN) {
      if (gst_pad_push_list (pad, list) != GST_FLOW_OK)
        g_error ("a list was refused");
      list = NULL;
    }
  }
  return bench_cpu_time () - start;
}

/* The best round with the element less the best one without. */
static gdouble
measure_encoder (Path * path, Shape shape, guint payload, gboolean lists)
{
  guint64 best = G_MAXUINT64, direct = G_MAXUINT64, spent;
  guint round;

  for (round = 0; round < rounds; round++) {
    path->wire->mode = TAP_COUNT;
    spent = push_round (path->source, shape, path->seq, payload, lists, NULL, 0);
    best = MIN (best, spent);
    path->seq += round_len;
    check_count (path->wire, round_len, 12 + payload + (path->keyed ? BENCH_TAG_LEN : 0));
    keep_in_step (path, payload);
    spent = push_round (path->direct, shape, 0, payload, lists, NULL, 0);
    direct = MIN (direct, spent);
    check_count (path->direct_end, round_len, 12 + payload);
  }
  return ((gdouble) best - direct) / round_len;
}

static gdouble
measure_decoder (Path * path, guint payload, gboolean lists)
{
  gsize len = 12 + payload + (path->keyed ? BENCH_TAG_LEN : 0);
  guint8 *octets = g_malloc (round_len * len);
  guint64 best = G_MAXUINT64, direct = G_MAXUINT64, spent;
  guint round, i;

  for (round = 0; round < rounds; round++) {
    path->wire->mode = TAP_KEEP;
    push_round (path->source, SHAPE_DATAGRAM, path->seq, payload, FALSE, NULL, 0);
    for (i = 0; i < round_len; i++) {
      if (i == 0)
        check_wire (g_ptr_array_index (path->wire->kept, i), payload, path->keyed);
      gst_buffer_extract (g_ptr_array_index (path->wire->kept, i), 0, octets + i * len, len);
    }
    g_ptr_array_set_size (path->wire->kept, 0);
    spent = push_round (path->wire_source, SHAPE_DATAGRAM, path->seq, payload, lists, octets, len);
    best = MIN (best, spent);
    path->seq += round_len;
    check_count (path->end, round_len, 12 + payload);
    spent = push_round (path->direct, SHAPE_DATAGRAM, 0, payload, lists, octets, len);
    direct = MIN (direct, spent);
    check_count (path->direct_end, round_len, len);
  }
  g_free (octets);
  return ((gdouble) best - direct) / round_len;
}

static void
measure (Path * path, const gchar * encoder, const gchar * decoder)
{
  guint i, lists;

  path->direct = gst_pad_new ("direct", GST_PAD_SRC);
  path->direct_end = tap_new (path->direct, NULL);
  source_start (path->direct, rtp_caps ());

  for (i = 0; i < G_N_ELEMENTS (payloads); i++) {
    for (lists = 0; lists < 2; lists++) {
      gchar *name = g_strdup_printf ("%s-%u-%s", encoder, payloads[i], lists ? "list" : "buffer");

      bench_row (name, measure_encoder (path, SHAPE_PAYLOADER, payloads[i], lists));
      g_free (name);
      name = g_strdup_printf ("%s-datagram-%u-%s", encoder, payloads[i], lists ? "list" : "buffer");
      bench_row (name, measure_encoder (path, SHAPE_DATAGRAM, payloads[i], lists));
      g_free (name);
      /* srtpdec of GStreamer 1.22 frees the buffers of a list twice. */
      if (decoder && !(lists && g_str_equal (decoder, "srtpdec"))) {
        name = g_strdup_printf ("%s-%u-%s", decoder, payloads[i], lists ? "list" : "buffer");
        bench_row (name, measure_decoder (path, payloads[i], lists));
        g_free (name);
      }
    }
  }
}

static GstElement *
make_element (const gchar * factory, const gchar * name)
{
  GstElement *element = gst_element_factory_make (factory, name);

  if (!element)
    g_error ("there is no element %s", factory);
  return gst_object_ref_sink (element);
}

static void
bench_srtp (void)
{
  GstElement *encoder = make_element ("srtpenc", "encoder"), *decoder = make_element ("srtpdec", "decoder");
  GstBuffer *key = gst_buffer_new_allocate (NULL, 30, NULL);
  Path path = { NULL };
  GstCaps *caps;

  gst_buffer_memset (key, 0, 0x5c, 30);
  gst_util_set_object_arg (G_OBJECT (encoder), "rtp-cipher", "aes-128-icm");
  gst_util_set_object_arg (G_OBJECT (encoder), "rtp-auth", "hmac-sha1-80");
  g_object_set (encoder, "key", key, NULL);
  gst_element_set_state (encoder, GST_STATE_PLAYING);
  gst_element_set_state (decoder, GST_STATE_PLAYING);

  path.keyed = TRUE;
  path.source = source_new (gst_element_request_pad_simple (encoder, "rtp_sink_0"), rtp_caps ());
  path.wire = tap_new (gst_element_get_static_pad (encoder, "rtp_src_0"), NULL);
  caps = gst_caps_new_simple ("application/x-srtp", "ssrc", G_TYPE_UINT, BENCH_SSRC,
      "srtp-key", GST_TYPE_BUFFER, key, "srtp-cipher", G_TYPE_STRING, "aes-128-icm",
      "srtp-auth", G_TYPE_STRING, "hmac-sha1-80", "srtcp-cipher", G_TYPE_STRING, "aes-128-icm",
      "srtcp-auth", G_TYPE_STRING, "hmac-sha1-80", NULL);
  path.end = tap_new (gst_element_get_static_pad (decoder, "rtp_src"), NULL);
  path.wire_source = source_new (gst_element_get_static_pad (decoder, "rtp_sink"), caps);
  measure (&path, "srtpenc", "srtpdec");
}

static void
bench_identity (void)
{
  GstElement *identity = make_element ("identity", NULL);
  Path path = { NULL };

  gst_element_set_state (identity, GST_STATE_PLAYING);
  path.wire = tap_new (gst_element_get_static_pad (identity, "src"), NULL);
  path.source = source_new (gst_element_get_static_pad (identity, "sink"), rtp_caps ());
  measure (&path, "identity", NULL);
}

/* Two endpoints of a call. */
typedef struct
{
  GstElement *encoder, *decoder;
  GstBus *bus;
} End;

static GMutex secure_lock;
static GCond secure_cond;
static guint secure_ends;

static GstBusSyncReply
on_message (GstBus * bus, GstMessage * message, gpointer data)
{
  const GstStructure *s = gst_message_get_structure (message);

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    GError *error = NULL;

    gst_message_parse_error (message, &error, NULL);
    g_error ("%s", error->message);
  }
  if (s && gst_structure_has_name (s, "zrtp-sas")) {
    g_mutex_lock (&secure_lock);
    secure_ends |= GPOINTER_TO_UINT (data);
    g_cond_signal (&secure_cond);
    g_mutex_unlock (&secure_lock);
  }
  gst_message_unref (message);
  return GST_BUS_DROP;
}

static void
end_init (End * end, guint number)
{
  gchar *id = g_strdup_printf ("bench-%u", number);

  end->bus = gst_bus_new ();
  gst_bus_set_sync_handler (end->bus, on_message, GUINT_TO_POINTER (number), NULL);
  end->encoder = make_element ("zrtpenc", NULL);
  end->decoder = make_element ("zrtpdec", NULL);
  g_object_set (end->encoder, "session-id", id, "ciphers", "AES1", "auth-tags", "HS80", "cache", "none", NULL);
  g_object_set (end->decoder, "session-id", id, NULL);
  gst_element_set_bus (end->encoder, end->bus);
  gst_element_set_bus (end->decoder, end->bus);
  g_free (id);
}

static void
end_play (End * end)
{
  if (gst_element_set_state (end->decoder, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE
      || gst_element_set_state (end->encoder, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
    g_error ("zrtpenc or zrtpdec does not start");
}

static void
bench_zrtp (gboolean secure)
{
  End ends[2];
  Path path = { NULL };
  GstPad *send[2], *sink;

  end_init (&ends[0], 1);
  end_init (&ends[1], 2);
  sink = gst_element_request_pad_simple (ends[0].encoder, "rtp_sink_0");
  send[0] = gst_element_get_static_pad (ends[0].encoder, "rtp_src_0");
  path.end = tap_new (gst_element_get_static_pad (ends[1].decoder, "rtp_src"), NULL);
  if (secure) {
    /* The other end sends ZRTP alone. */
    send[1] = gst_element_request_pad_simple (ends[1].encoder, "rtp_src_0");
    path.wire = tap_new (send[0], gst_element_get_static_pad (ends[1].decoder, "rtp_sink"));
    tap_new (gst_element_get_static_pad (ends[0].decoder, "rtp_src"), NULL);
    tap_new (send[1], gst_element_get_static_pad (ends[0].decoder, "rtp_sink"));
    path.wire_source = path.wire->src;
  } else {
    /* Nobody answers. */
    path.wire = tap_new (send[0], NULL);
  }
  end_play (&ends[0]);
  end_play (&ends[1]);
  path.source = source_new (sink, rtp_caps ());

  if (!secure) {
    path.wire_source = source_new (gst_element_get_static_pad (ends[1].decoder, "rtp_sink"), rtp_caps ());
    measure (&path, "zrtpenc-clear", "zrtpdec-clear");
    return;
  }

  g_mutex_lock (&secure_lock);
  while (secure_ends != 3) {
    if (!g_cond_wait_until (&secure_cond, &secure_lock, g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND))
      g_error ("the call does not become secure");
  }
  g_mutex_unlock (&secure_lock);
  path.keyed = TRUE;
  measure (&path, "zrtpenc", "zrtpdec");
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  if (g_getenv ("ZRTP_BENCH_SMOKE")) {
    round_len = 200;
    rounds = 2;
  }
  if (argc < 2) {
    g_printerr ("usage: bench-elements srtp|zrtp|clear|identity\n");
    return 2;
  }
  if (g_str_equal (argv[1], "srtp"))
    bench_srtp ();
  else if (g_str_equal (argv[1], "identity"))
    bench_identity ();
  else
    bench_zrtp (g_str_equal (argv[1], "zrtp"));
  return 0;
}
