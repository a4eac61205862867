/* memory.c: what an idle session costs in memory, and how many threads a thousand sessions use.
 *
 * Usage: bench-memory sessions|elements|secure
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <malloc.h>
#include <string.h>

#include <gst/gst.h>
#include "gst/session/session.h"

#include "bench.h"
#include "harness.h"

static guint count = 1000;

static gsize
memory_used (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

static guint
threads_running (void)
{
  GDir *dir = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  while (dir && g_dir_read_name (dir))
    n++;
  if (dir)
    g_dir_close (dir);
  return n;
}

static void
row (const gchar * what, const gchar * of, gdouble value)
{
  gchar *name = g_strdup_printf ("%s-%s", what, of);

  bench_row (name, value);
  g_free (name);
}

static void
ignore_packet (GstElement * sender, guint stream, GstBuffer * packet)
{
  gst_buffer_unref (packet);
}

static void
ignore_collision (GstElement * sender, guint stream)
{
}

/* Sessions alone, each with one media stream that has begun to send Hello. */
static void
measure_sessions (void)
{
  static const GstZrtpSenderFuncs ignore = { ignore_packet, ignore_collision };
  GstZrtpSession **sessions = g_new0 (GstZrtpSession *, count + 1);
  GstElement *owner = gst_object_ref_sink (gst_bin_new ("owner"));
  gchar *other = NULL, *problem;
  gsize before = 0;
  guint i, threads = 0;

  for (i = 0; i <= count; i++) {
    sessions[i] = gst_zrtp_session_new ();
    g_object_set (sessions[i], "cache", "memory", NULL);
    if (!gst_zrtp_session_attach_sender (sessions[i], 0, owner, &ignore, &other)
        || !gst_zrtp_session_attach_receiver (sessions[i], 0, owner, &other))
      g_error ("a session takes no elements");
    if (!gst_zrtp_session_activate (sessions[i], &problem))
      g_error ("%s", problem);
    gst_zrtp_session_start_stream (sessions[i], 0, BENCH_SSRC + i);
    gst_zrtp_session_transport (sessions[i], 0, TRUE);
    if (i == 0) {               /* what the first one loads is not one session's */
      gst_zrtp_session_wait_idle (sessions[i]);
      before = memory_used ();
    }
    threads = MAX (threads, threads_running ());
  }
  for (i = 0; i <= count; i++) {
    gst_zrtp_session_wait_idle (sessions[i]);
    threads = MAX (threads, threads_running ());
    if (gst_zrtp_session_get_state (sessions[i], 0) != GST_ZRTP_STATE_DISCOVERING)
      g_error ("a session is not looking for its peer");
  }
  row ("memory", "session", (gdouble) (memory_used () - before) / count);
  row ("threads", "session", threads);
  for (i = 0; i <= count; i++) {
    gst_zrtp_session_deactivate (sessions[i]);
    gst_zrtp_session_detach_sender (sessions[i], 0, owner);
    gst_zrtp_session_detach_receiver (sessions[i], 0, owner);
    g_object_unref (sessions[i]);
  }
  g_free (sessions);
  gst_object_unref (owner);
}

typedef struct
{
  GstElement *encoder, *decoder;
  GstPad *source;
  Tap *wire, *end;
} End;

static void
end_init (End * end, const gchar * kind, guint number)
{
  gchar *id = g_strdup_printf ("%s-%u", kind, number);

  end->encoder = gst_element_factory_make ("zrtpenc", NULL);
  end->decoder = gst_element_factory_make ("zrtpdec", NULL);
  if (!end->encoder || !end->decoder)
    g_error ("there is no zrtpenc or zrtpdec");
  gst_object_ref_sink (end->encoder);
  gst_object_ref_sink (end->decoder);
  g_object_set (end->encoder, "session-id", id, "cache", "memory", NULL);
  g_object_set (end->decoder, "session-id", id, NULL);
  g_free (id);
}

static void
end_play (End * end)
{
  if (gst_element_set_state (end->decoder, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE
      || gst_element_set_state (end->encoder, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
    g_error ("zrtpenc or zrtpdec does not start");
}

/* A zrtpenc and a zrtpdec for each session, playing, with nobody at the other end. */
static void
measure_elements (void)
{
  End *ends = g_new0 (End, count + 1);
  gsize before = 0;
  guint i, threads = 0;

  for (i = 0; i <= count; i++) {
    end_init (&ends[i], "element", i);
    ends[i].wire = tap_new (gst_element_request_pad_simple (ends[i].encoder, "rtp_src_0"), NULL);
    ends[i].end = tap_new (gst_element_get_static_pad (ends[i].decoder, "rtp_src"), NULL);
    end_play (&ends[i]);
    if (i == 0)
      before = memory_used ();
    threads = MAX (threads, threads_running ());
  }
  row ("memory", "elements", (gdouble) (memory_used () - before) / count);
  row ("threads", "elements", threads);
  /* The process ends here; a thousand states need not be undone. */
}

static gint secure_ends;

static GstBusSyncReply
on_message (GstBus * bus, GstMessage * message, gpointer data)
{
  const GstStructure *s = gst_message_get_structure (message);
  gint *seen = data;

  if (s && gst_structure_has_name (s, "zrtp-sas") && g_atomic_int_compare_and_exchange (seen, 0, 1))
    g_atomic_int_inc (&secure_ends);
  gst_message_unref (message);
  return GST_BUS_DROP;
}

/* Half of the sessions call the other half: a thousand secure calls at once. */
static void
measure_secure (void)
{
  guint i, n = count + 2, threads = 0;
  End *ends = g_new0 (End, n);
  gint *seen = g_new0 (gint, n);
  GstPad **send = g_new0 (GstPad *, n);
  gsize before = memory_used ();
  gint64 give_up;

  for (i = 0; i < n; i++) {
    GstBus *bus = gst_bus_new ();

    end_init (&ends[i], "secure", i);
    gst_bus_set_sync_handler (bus, on_message, &seen[i], NULL);
    gst_element_set_bus (ends[i].encoder, bus);
    gst_element_set_bus (ends[i].decoder, bus);
    gst_object_unref (bus);
    send[i] = gst_element_request_pad_simple (ends[i].encoder, "rtp_src_0");
    ends[i].end = tap_new (gst_element_get_static_pad (ends[i].decoder, "rtp_src"), NULL);
  }
  for (i = 0; i < n; i++)
    ends[i].wire = tap_new (send[i], gst_element_get_static_pad (ends[i ^ 1].decoder, "rtp_sink"));
  for (i = 0; i < n; i++) {
    end_play (&ends[i]);
    threads = MAX (threads, threads_running ());
  }
  give_up = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;
  while (g_atomic_int_get (&secure_ends) < (gint) n) {
    threads = MAX (threads, threads_running ());
    if (g_get_monotonic_time () > give_up)
      g_error ("only %d of %u ends became secure", g_atomic_int_get (&secure_ends), n);
    g_usleep (5000);
  }
  row ("memory", "secure", (gdouble) (memory_used () - before) / n);
  row ("threads", "secure", threads);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  if (g_getenv ("ZRTP_BENCH_SMOKE"))
    count = 50;
  if (argc < 2 || g_str_equal (argv[1], "sessions"))
    measure_sessions ();
  else if (g_str_equal (argv[1], "elements"))
    measure_elements ();
  else
    measure_secure ();
  return 0;
}
