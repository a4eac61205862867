/* test-nice.c: calls over ICE: two agents of libnice on this host, whose connectivity checks go beside ZRTP and media.
 *
 * Skipped where libnice, or its GStreamer elements, are not there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/check.h>
#include <gst/check/gsttestclock.h>

#include "gst/session/session.h"

#define SKIPPED 77

#ifdef HAVE_NICE
#include <agent.h>

#include <string.h>

#define PATIENCE (40 * G_TIME_SPAN_SECOND)

typedef struct
{
  NiceAgent *agent;
  guint stream;
  gint gathered, ready;         /* atomic */
  GstElement *pipeline, *enc, *dec, *source;
  guint sent, heard, stun;      /* atomic; stun: what came out of the agent and is none of ours */
  guint8 byte;                  /* of the payload, all of which is the same */
} Peer;

typedef struct
{
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  GstTestClock *clock;          /* of ZRTP */
  Peer peers[2];
} Nice;

static gpointer
run_loop (gpointer data)
{
  Nice *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static void
gathered (NiceAgent *agent, guint stream, Peer *peer)
{
  g_atomic_int_set (&peer->gathered, TRUE);
}

static void
state_changed (NiceAgent *agent, guint stream, guint component, guint state, Peer *peer)
{
  g_atomic_int_set (&peer->ready, state == NICE_COMPONENT_STATE_READY);
}

static GstPadProbeReturn
count_heard (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  Peer *peer = data;
  guint8 octet = 0;

  gst_buffer_extract (buffer, 12, &octet, 1);
  /* The other one's. */
  fail_unless_equals_int (octet, 'A' + 'B' - peer->byte);
  g_atomic_int_inc (&peer->heard);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
look_for_stun (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  guint8 first = 0;

  gst_buffer_extract (GST_PAD_PROBE_INFO_BUFFER (info), 0, &first, 1);
  if (first < 4)
    g_atomic_int_inc (&((Peer *) data)->stun);
  return GST_PAD_PROBE_OK;
}

static void
add_probe (GstElement *element, const gchar *name, GstPadProbeCallback callback, gpointer data)
{
  GstPad *pad = gst_element_get_static_pad (element, name);

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, callback, data, NULL);
  gst_object_unref (pad);
}

/* RTP of which the test knows the payload. */
static gboolean
push_rtp (Peer *peer)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 12 + 160, NULL);
  GstFlowReturn ret;
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  memset (map.data, peer->byte, map.size);
  memset (map.data, 0, 12);
  map.data[0] = 0x80;
  GST_WRITE_UINT16_BE (map.data + 2, peer->sent);
  GST_WRITE_UINT32_BE (map.data + 4, peer->sent * 160);
  GST_WRITE_UINT32_BE (map.data + 8, 0x1234500 + peer->byte);
  gst_buffer_unmap (buffer, &map);
  peer->sent++;
  g_signal_emit_by_name (peer->source, "push-buffer", buffer, &ret);
  gst_buffer_unref (buffer);
  return ret == GST_FLOW_OK;
}

static void
peer_init (Nice *self, Peer *peer, gboolean controlling)
{
  static const gchar *const ends[] = { "sink", "nicesrc" };
  NiceAddress address;
  guint i;
  GError *error = NULL;

  peer->byte = controlling ? 'A' : 'B';
  peer->agent = nice_agent_new (self->context, NICE_COMPATIBILITY_RFC5245);
  g_object_set (peer->agent, "controlling-mode", controlling, "upnp", FALSE, "ice-tcp", FALSE, "keepalive-conncheck", TRUE, NULL);
  nice_address_init (&address);
  fail_unless (nice_address_set_from_string (&address, "127.0.0.1"));
  nice_agent_add_local_address (peer->agent, &address);
  g_signal_connect (peer->agent, "candidate-gathering-done", G_CALLBACK (gathered), peer);
  g_signal_connect (peer->agent, "component-state-changed", G_CALLBACK (state_changed), peer);
  peer->stream = nice_agent_add_stream (peer->agent, 1);
  fail_unless (nice_agent_gather_candidates (peer->agent, peer->stream));

  peer->pipeline = gst_parse_launch ("appsrc name=source is-live=true format=time do-timestamp=true "
      "caps=application/x-rtp,media=audio,clock-rate=8000,encoding-name=PCMU,payload=0 "
      "! zrtpenc name=enc cache=memory ! nicesink name=sink async=false sync=false "
      "nicesrc name=nicesrc ! application/x-rtp,media=audio,clock-rate=8000,encoding-name=PCMU,payload=0 "
      "! zrtpdec name=dec ! fakesink async=false sync=false", &error);
  fail_unless (error == NULL, "%s", error ? error->message : "");
  peer->enc = gst_bin_get_by_name (GST_BIN (peer->pipeline), "enc");
  peer->dec = gst_bin_get_by_name (GST_BIN (peer->pipeline), "dec");
  peer->source = gst_bin_get_by_name (GST_BIN (peer->pipeline), "source");
  g_object_set (peer->enc, "clock", self->clock, NULL);
  add_probe (peer->dec, "rtp_src", count_heard, peer);
  add_probe (peer->dec, "rtp_sink", look_for_stun, peer);
  for (i = 0; i < G_N_ELEMENTS (ends); i++) {
    GstElement *nice = gst_bin_get_by_name (GST_BIN (peer->pipeline), ends[i]);

    g_object_set (nice, "agent", peer->agent, "stream", peer->stream, "component", 1, NULL);
    gst_object_unref (nice);
  }
}

static void
peer_clear (Peer *peer)
{
  gst_element_set_state (peer->pipeline, GST_STATE_NULL);
  gst_object_unref (peer->source);
  gst_object_unref (peer->enc);
  gst_object_unref (peer->dec);
  gst_object_unref (peer->pipeline);
  nice_agent_remove_stream (peer->agent, peer->stream);
  g_object_unref (peer->agent);
}

static void
nice_init (Nice *self)
{
  guint i;

  memset (self, 0, sizeof *self);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->clock = GST_TEST_CLOCK (gst_test_clock_new_with_start_time (GST_SECOND));
  for (i = 0; i < 2; i++)
    peer_init (self, &self->peers[i], i == 0);
  self->thread = g_thread_new ("ice", run_loop, self);
}

static void
nice_clear (Nice *self)
{
  peer_clear (&self->peers[0]);
  peer_clear (&self->peers[1]);
  g_main_loop_quit (self->loop);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  gst_object_unref (self->clock);
}

static gboolean
is_gathered (Peer *peer)
{
  return g_atomic_int_get (&peer->gathered);
}

static gboolean
is_connected (Peer *peer)
{
  return g_atomic_int_get (&peer->ready);
}

static gboolean
is_secure (Peer *peer)
{
  GstZrtpState state;

  g_object_get (peer->enc, "state", &state, NULL);
  return state == GST_ZRTP_STATE_SECURE;
}

static gboolean
has_heard (Peer *peer)
{
  return g_atomic_int_get (&peer->heard) >= 20;
}

static void
advance (Nice *self, GstClockTime step)
{
  GstClockTime now = gst_clock_get_time (GST_CLOCK (self->clock)) + step;
  GstClockID id;

  gst_test_clock_set_time (self->clock, now);
  while (gst_test_clock_peek_next_pending_id (self->clock, &id)) {
    gboolean due = gst_clock_id_get_time (id) <= now;

    gst_clock_id_unref (id);
    if (!due)
      break;
    id = gst_test_clock_process_next_clock_id (self->clock);
    if (id != NULL)
      gst_clock_id_unref (id);
  }
}

/* ICE has its own time; that of ZRTP goes on by step in each of its 5 ms. */
static void
wait_until (Nice *self, gboolean (*condition) (Peer * peer), GstClockTime step)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;

  while (!condition (&self->peers[0]) || !condition (&self->peers[1])) {
    fail_unless (g_get_monotonic_time () < end);
    g_usleep (5000);
    if (step > 0)
      advance (self, step);
  }
}

/* As signalling would. */
static void
exchange_candidates (Peer *from, Peer *to)
{
  GSList *candidates = nice_agent_get_local_candidates (from->agent, from->stream, 1);
  gchar *user, *password;

  fail_unless (nice_agent_get_local_credentials (from->agent, from->stream, &user, &password));
  fail_unless (nice_agent_set_remote_credentials (to->agent, to->stream, user, password));
  fail_unless (nice_agent_set_remote_candidates (to->agent, to->stream, 1, candidates) > 0);
  g_slist_free_full (candidates, (GDestroyNotify) nice_candidate_free);
  g_free (user);
  g_free (password);
}

static void
connect_ice (Nice *self)
{
  wait_until (self, is_gathered, 0);
  exchange_candidates (&self->peers[0], &self->peers[1]);
  exchange_candidates (&self->peers[1], &self->peers[0]);
  wait_until (self, is_connected, 0);
}

static void
check_call (Nice *self)
{
  guint i;

  wait_until (self, is_secure, 5 * GST_MSECOND);
  for (i = 0; i < 20; i++) {
    push_rtp (&self->peers[0]);
    push_rtp (&self->peers[1]);
  }
  wait_until (self, has_heard, 0);
  for (i = 0; i < 2; i++) {
    GstBus *bus = gst_element_get_bus (self->peers[i].pipeline);
    GstMessage *error = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    GstStructure *stats;
    guint64 foreign;

    fail_unless (error == NULL);
    gst_object_unref (bus);
    g_object_get (self->peers[i].dec, "stats", &stats, NULL);
    fail_unless (gst_structure_get_uint64 (stats, "receive-foreign", &foreign));
    fail_unless_equals_int (foreign, self->peers[i].stun);
    gst_structure_free (stats);
  }
}

static void
play (Nice *self)
{
  guint i;

  for (i = 0; i < 2; i++)
    fail_unless (gst_element_set_state (self->peers[i].pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE);
}

static void
set_policy (Nice *self, GstZrtpMediaPolicy policy)
{
  g_object_set (self->peers[0].enc, "media-policy", policy, NULL);
  g_object_set (self->peers[1].enc, "media-policy", policy, NULL);
}

/* ICE first, as most applications do it; nothing but what is encrypted comes through. */
GST_START_TEST (test_connected_first)
{
  Nice nice;

  nice_init (&nice);
  set_policy (&nice, GST_ZRTP_MEDIA_POLICY_SECURE_ONLY);
  play (&nice);
  connect_ice (&nice);
  push_rtp (&nice.peers[0]);
  push_rtp (&nice.peers[1]);
  check_call (&nice);
  nice_clear (&nice);
}
GST_END_TEST;

static gboolean
found_nobody (Peer *peer)
{
  GstZrtpState state;

  g_object_get (peer->enc, "state", &state, NULL);
  return state == GST_ZRTP_STATE_NO_PEER;
}

/* ICE takes longer than any Hello is repeated. The first media is reason to begin again; with secure-only there is none, and the
 * application says so. */
GST_START_TEST (test_connected_late)
{
  gboolean secure_only = __i__;
  Nice nice;

  nice_init (&nice);
  if (secure_only)
    set_policy (&nice, GST_ZRTP_MEDIA_POLICY_SECURE_ONLY);
  play (&nice);
  push_rtp (&nice.peers[0]);
  push_rtp (&nice.peers[1]);
  wait_until (&nice, found_nobody, 200 * GST_MSECOND);
  connect_ice (&nice);
  if (secure_only)
    g_signal_emit_by_name (nice.peers[0].enc, "secure");
  else
    push_rtp (&nice.peers[1]);
  check_call (&nice);
  nice_clear (&nice);
}
GST_END_TEST;

static Suite *
nice_suite (void)
{
  Suite *suite = suite_create ("nice");
  TCase *tcase = tcase_create ("nice");

  tcase_set_timeout (tcase, 120);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_connected_first);
  tcase_add_loop_test (tcase, test_connected_late, 0, 2);
  return suite;
}

static int
run (void)
{
  GstElementFactory *factory = gst_element_factory_find ("nicesrc");

  if (factory == NULL)
    return SKIPPED;
  gst_object_unref (factory);
  return gst_check_run_suite (nice_suite (), "nice", __FILE__);
}
#else
static int
run (void)
{
  return SKIPPED;
}
#endif

int
main (int argc, char **argv)
{
  gst_check_init (&argc, &argv);
  return run ();
}
