/* test-states.c: the elements' states in every order, alone and at work, with pads that come and go.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../elements/call.h"
#include "generic.h"
#include "gst/session/compat.h"

#include <string.h>

static const GstState states[] = { GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING };

static GstState
random_state (void)
{
  return states[chance_below (G_N_ELEMENTS (states))];
}

typedef void (*Check) (GstElementFactory *factory);

static void
for_each_element (const gchar *test, Check check)
{
  GList *factories = generic_factories (), *l;

  for (l = factories; l != NULL; l = l->next) {
    generic_begin (test);
    check (l->data);
    generic_end ();
  }
  gst_plugin_feature_list_free (factories);
}

static void
set_state (GstElement *element, GstState state)
{
  fail_unless (gst_element_set_state (element, state) != GST_STATE_CHANGE_FAILURE, "%s does not go to %s",
      GST_OBJECT_NAME (element), gst_zrtp_state_get_name (state));
}

/* As GStreamer's own test of all elements does it. */
static void
check_every_order (GstElementFactory *factory)
{
  GstElement *element = generic_make (factory);
  guint from, to;

  for (from = 0; from < G_N_ELEMENTS (states); from++) {
    for (to = 0; to < G_N_ELEMENTS (states); to++) {
      set_state (element, states[from]);
      set_state (element, states[to]);
      fail_unless (
          gst_element_get_state (element, NULL, NULL, GST_CLOCK_TIME_NONE) != GST_STATE_CHANGE_FAILURE);
    }
  }
  generic_drop (element);
  /* Never started. */
  generic_drop (generic_make (factory));
}

GST_START_TEST (test_every_order) { for_each_element ("every order", check_every_order); }
GST_END_TEST;

/* The first one of each request sink. */
static void
request_sinks (GstElement *element, GList **requested)
{
  const GList *t = gst_element_factory_get_static_pad_templates (gst_element_get_factory (element));

  for (; t != NULL; t = t->next) {
    GstStaticPadTemplate *template = t->data;

    if (template->presence == GST_PAD_REQUEST && template->direction == GST_PAD_SINK)
      *requested
          = g_list_prepend (*requested, gst_element_request_pad_simple (element, template->name_template));
  }
}

/* One that was at work leaves its place in the session to the next. */
static void
check_successors (GstElementFactory *factory)
{
  GstZrtpSession *session = gst_zrtp_session_new ();
  World worlds[2];
  guint i;

  generic_watch (session);
  g_object_set (session, "cache", "memory", NULL);
  for (i = 0; i < 2; i++) {
    world_init (&worlds[i], factory);
    if (g_object_class_find_property (G_OBJECT_GET_CLASS (worlds[i].element), "session"))
      g_object_set (worlds[i].element, "session", session, NULL);
    request_sinks (worlds[i].element, &worlds[i].requested);
    world_link (&worlds[i]);
  }
  for (i = 0; i < 6; i++) {
    world_set_state (&worlds[i % 2], GST_STATE_PLAYING);
    world_traffic (&worlds[i % 2]);
    world_set_state (&worlds[i % 2], one_in (2) ? GST_STATE_READY : GST_STATE_NULL);
  }
  for (i = 0; i < 2; i++)
    world_clear (&worlds[i]);
  gst_zrtp_session_wait_idle (session);
  gst_object_unref (session);
}

GST_START_TEST (test_successors) { for_each_element ("successors", check_successors); }
GST_END_TEST;

static void
check_walk (GstElementFactory *factory)
{
  World world;
  guint i;

  world_init (&world, factory);
  for (i = 0; i < rounds (600); i++) {
    if (one_in (4))
      world_set_state (&world, random_state ());
    else if (one_in (3))
      world_shuffle (&world);
    else
      world_traffic (&world);
    check_no_error (world.bus, NULL);
  }
  world_clear (&world);
}

/* Pads are asked for and given back, linked and unlinked in every state. */
GST_START_TEST (test_pads) { for_each_element ("pads", check_walk); }
GST_END_TEST;

typedef struct
{
  World *world;
  gint stop;
} Pusher;

static gpointer
push_always (gpointer data)
{
  Pusher *self = data;

  while (!g_atomic_int_get (&self->stop)) {
    GstPad *pad = world_pad (self->world, GST_PAD_SRC);

    if (pad != NULL && GST_PAD_IS_LINKED (pad))
      world_traffic (self->world);
    gst_clear_object (&pad);
    g_thread_yield ();
  }
  return NULL;
}

static void
check_walk_under_traffic (GstElementFactory *factory)
{
  Pusher pusher = { NULL };
  GThread *thread;
  World world;
  guint i;

  world_init (&world, factory);
  pusher.world = &world;
  thread = g_thread_new ("pusher", push_always, &pusher);
  for (i = 0; i < rounds (300); i++) {
    world_set_state (&world, random_state ());
    if (one_in (2))
      world_shuffle (&world);
    else if (one_in (2))
      gst_element_get_state (world.element, NULL, NULL, GST_CLOCK_TIME_NONE);
    else
      g_thread_yield ();
    check_no_error (world.bus, NULL);
  }
  g_atomic_int_set (&pusher.stop, TRUE);
  g_thread_join (thread);
  world_clear (&world);
}

/* The same while another thread pushes. */
GST_START_TEST (test_traffic) { for_each_element ("traffic", check_walk_under_traffic); }
GST_END_TEST;

static void
give (GstElement *source, guint length, gpointer data)
{
  GstBuffer *buffer = random_buffer ();
  GstFlowReturn ret;

  g_signal_emit_by_name (source, "push-buffer", buffer, &ret);
  gst_buffer_unref (buffer);
}

/* Feeds a sink pad of an element, as its template says. It posts an error when it begins while the rest of
 * the pipeline stops: with identity in the place of our element, too. */
static void
add_source (GstElement *pipeline, GstPad *pad)
{
  GstElement *source = gst_element_factory_make ("appsrc", NULL);
  GstCaps *caps = gst_caps_fixate (gst_caps_truncate (gst_pad_get_pad_template_caps (pad)));
  GstPad *src = gst_element_get_static_pad (source, "src");

  g_object_set (source, "caps", caps, "format", GST_FORMAT_TIME, "is-live", one_in (2), "do-timestamp",
      one_in (2), NULL);
  g_signal_connect (source, "need-data", G_CALLBACK (give), NULL);
  gst_bin_add (GST_BIN (pipeline), source);
  fail_unless_equals_int (gst_pad_link (src, pad), GST_PAD_LINK_OK);
  gst_caps_unref (caps);
  gst_object_unref (src);
}

/* The queue lets go of whoever pushes in PAUSED: where two threads push into one sink, one of them would have
 * the lock that a live source wants for its change of state. */
static void
add_sink (GstElement *pipeline, GstPad *pad, gboolean queued)
{
  GstElement *element = gst_element_factory_make ("fakesink", NULL);
  GstElement *queue = queued ? gst_element_factory_make ("queue", NULL) : NULL;
  GstPad *sink = gst_element_get_static_pad (queued ? queue : element, "sink");

  g_object_set (element, "async", one_in (2), "sync", one_in (2), NULL);
  gst_bin_add (GST_BIN (pipeline), element);
  if (queued) {
    gst_util_set_object_arg (G_OBJECT (queue), "leaky", "downstream");
    gst_bin_add (GST_BIN (pipeline), queue);
    fail_unless (gst_element_link (queue, element));
  }
  fail_unless_equals_int (gst_pad_link (pad, sink), GST_PAD_LINK_OK);
  gst_object_unref (sink);
}

static void
surround (GstElement *pipeline, GstElement *element)
{
  GList *pads = NULL, *requested = NULL, *l;

  request_sinks (element, &requested);
  g_list_free_full (requested, gst_object_unref);
  for (l = element->pads; l != NULL; l = l->next)
    pads = g_list_prepend (pads, gst_object_ref (l->data));
  for (l = pads; l != NULL; l = l->next) {
    if (GST_PAD_IS_SINK (l->data))
      add_source (pipeline, l->data);
    else
      add_sink (pipeline, l->data, l->data != element->srcpads->data);
  }
  g_list_free_full (pads, gst_object_unref);
}

static void
set_state_async (GstElement *pipeline, gpointer data)
{
  gst_element_set_state (pipeline, GPOINTER_TO_INT (data));
}

static void
check_pipeline (GstElementFactory *factory)
{
  GstElement *pipeline = gst_pipeline_new (NULL), *element = gst_element_factory_create (factory, NULL);
  GstBus *bus = gst_element_get_bus (pipeline);
  guint i;

  gst_object_ref (element);
  gst_bin_add (GST_BIN (pipeline), element);
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), "cache"))
    g_object_set (element, "cache", "memory", NULL);
  surround (pipeline, element);
  for (i = 0; i < 40; i++) {
    if (one_in (5))
      gst_zrtp_call_async (pipeline, set_state_async, GINT_TO_POINTER (random_state ()));
    else
      set_state (pipeline, random_state ());
    if (one_in (2))
      gst_element_get_state (pipeline, NULL, NULL, 10 * GST_MSECOND);
    check_no_error (bus, element);
  }
  /* Whoever was still to be called is gone after this. */
  do {
    set_state (pipeline, GST_STATE_NULL);
    g_thread_yield ();
  } while (GST_OBJECT_REFCOUNT_VALUE (pipeline) > 1);
  set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
  generic_drop (element);
}

/* Real sources and sinks, live ones and others; changes are waited for or not, and made by several threads.
 */
GST_START_TEST (test_pipeline) { for_each_element ("pipeline", check_pipeline); }
GST_END_TEST;

/* The end that a call had been secure in never sends in the clear after that. */
typedef struct
{
  gboolean secure;
  guint clear;
} Past;

static void
check_past (Past *past, Endpoint *endpoint)
{
  if (past->secure)
    fail_unless_equals_int (endpoint->sent[PACKET_CLEAR], past->clear);
  past->secure = past->secure || endpoint_state (endpoint) == GST_ZRTP_STATE_SECURE;
  past->clear = endpoint->sent[PACKET_CLEAR];
}

static void
walk_endpoint (Endpoint *endpoint)
{
  GstElement *const elements[] = { endpoint->pipeline, endpoint->enc, endpoint->dec };
  GstElement *element = elements[chance_below (G_N_ELEMENTS (elements))];

  switch (chance_below (4)) {
    case 0:
      set_state (element, random_state ());
      break;
    case 1:
      set_state (endpoint->pipeline, GST_STATE_PLAYING);
      gst_element_sync_state_with_parent (endpoint->enc);
      gst_element_sync_state_with_parent (endpoint->dec);
      break;
    default:
      if (endpoint->media_in != NULL)
        endpoint_talk (endpoint);
      break;
  }
}

static void
begin_again (Endpoint *endpoint)
{
  set_state (endpoint->pipeline, GST_STATE_NULL);
  gst_zrtp_session_wait_idle (endpoint->session);
  set_state (endpoint->pipeline, GST_STATE_PLAYING);
}

static void
check_call (gboolean receive_only)
{
  Call *call = receive_only ? call_new_receive_only_b () : call_new ();
  Past a = { FALSE }, b = { FALSE };
  guint i;

  call_start (call);
  generic_watch (call->a.session);
  generic_watch (call->b.session);
  for (i = 0; i < 60; i++) {
    walk_endpoint (one_in (2) ? &call->a : &call->b);
    call_run (call, chance_below (80) * GST_MSECOND);
    check_past (&a, &call->a);
    check_past (&b, &call->b);
  }
  /* After all that a call is a call. */
  begin_again (&call->a);
  begin_again (&call->b);
  endpoint_talk (&call->a);
  if (!receive_only)
    endpoint_talk (&call->b);
  fail_unless (call_run_until_secure (call, 60 * GST_SECOND));
  fail_unless_equals_int (call->a.errors + call->b.errors, 0);
  call_free (call);
}

/* While packets flow and keys are agreed on. */
GST_START_TEST (test_handshake)
{
  guint i;

  generic_begin ("handshake");
  for (i = 0; i < rounds (20); i++)
    check_call (i % 2);
  generic_end ();
}
GST_END_TEST;

static Suite *
states_suite (void)
{
  Suite *suite = suite_create ("states");
  TCase *tcase = tcase_create ("states");

  tcase_set_timeout (tcase, 120);
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_every_order);
  tcase_add_test (tcase, test_successors);
  tcase_add_test (tcase, test_pads);
  tcase_add_test (tcase, test_traffic);
  tcase_add_test (tcase, test_pipeline);
  tcase_add_test (tcase, test_handshake);
  return suite;
}

GST_CHECK_MAIN (states)
