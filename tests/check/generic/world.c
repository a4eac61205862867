/* world.c: an element with pads of the test around it, which come and go.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "generic.h"
#include "gst/session/compat.h"

#include <string.h>

static GstStaticPadTemplate src_template
    = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

static GstFlowReturn
take (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  World *self = gst_pad_get_element_private (pad);

  g_atomic_int_inc (&self->received);
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static GstFlowReturn
take_list (GstPad *pad, GstObject *parent, GstBufferList *list)
{
  World *self = gst_pad_get_element_private (pad);

  g_atomic_int_inc (&self->received);
  gst_buffer_list_unref (list);
  return GST_FLOW_OK;
}

void
world_init (World *self, GstElementFactory *factory)
{
  memset (self, 0, sizeof *self);
  g_mutex_init (&self->lock);
  self->element = generic_make (factory);
  self->bus = gst_bus_new ();
  gst_element_set_bus (self->element, self->bus);
  self->around = g_ptr_array_new ();
}

static void
unlink_pad (GstPad *pad)
{
  GstPad *peer = gst_pad_get_peer (pad);

  if (peer == NULL)
    return;
  if (GST_PAD_IS_SRC (pad))
    gst_pad_unlink (pad, peer);
  else
    gst_pad_unlink (peer, pad);
  gst_object_unref (peer);
}

static void
drop (GstPad *pad)
{
  unlink_pad (pad);
  gst_pad_set_active (pad, FALSE);
  ASSERT_OBJECT_REFCOUNT (pad, "pad of the test", 1);
  gst_object_unref (pad);
}

void
check_no_error (GstBus *bus, GstElement *element)
{
  GstMessage *message;

  while ((message = gst_bus_pop (bus)) != NULL) {
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR
        && (element == NULL || GST_MESSAGE_SRC (message) == GST_OBJECT (element))) {
      GError *error;
      gchar *debug;

      gst_message_parse_error (message, &error, &debug);
      fail ("%s: %s (%s)", GST_MESSAGE_SRC_NAME (message), error->message, debug);
    }
    gst_message_unref (message);
  }
}

void
world_clear (World *self)
{
  gst_element_set_state (self->element, GST_STATE_NULL);
  while (self->requested != NULL)
    world_release (self);
  check_no_error (self->bus, NULL);
  /* Messages would have hold of pads. */
  gst_element_set_bus (self->element, NULL);
  while (self->around->len > 0)
    drop (g_ptr_array_steal_index (self->around, 0));
  g_ptr_array_unref (self->around);
  gst_bus_set_flushing (self->bus, TRUE);
  gst_object_unref (self->bus);
  generic_drop (self->element);
  g_mutex_clear (&self->lock);
}

void
world_set_state (World *self, GstState state)
{
  guint i;

  fail_unless (gst_element_set_state (self->element, state) != GST_STATE_CHANGE_FAILURE,
      "%s does not go to %s", GST_OBJECT_NAME (self->element), gst_zrtp_state_get_name (state));
  /* As the elements before it would in a pipeline, whoever pushes begins anew. */
  for (i = 0; state <= GST_STATE_READY && i < self->around->len; i++) {
    GstPad *pad = g_ptr_array_index (self->around, i);

    GST_PAD_STREAM_LOCK (pad);
    gst_pad_set_active (pad, FALSE);
    gst_pad_set_active (pad, TRUE);
    GST_PAD_STREAM_UNLOCK (pad);
  }
}

void
world_request (World *self)
{
  const GList *templates
      = gst_element_factory_get_static_pad_templates (gst_element_get_factory (self->element)),
      *l;
  GPtrArray *names = g_ptr_array_new ();
  GstPad *pad = NULL;
  gchar *name;

  for (l = templates; l != NULL; l = l->next) {
    GstStaticPadTemplate *template = l->data;

    if (template->presence == GST_PAD_REQUEST)
      g_ptr_array_add (names, (gpointer) template->name_template);
  }
  if (names->len > 0) {
    const gchar *template = g_ptr_array_index (names, chance_below (names->len));

    if (one_in (2))
      pad = gst_element_request_pad_simple (self->element, template);
    else {
      /* Some numbers that there are not, some that are taken. */
      name = g_strdup_printf (
          "%.*s%u", (gint) strcspn (template, "%"), template, one_in (10) ? chance () : chance_below (20));
      GstPad *taken = gst_element_get_static_pad (self->element, name);

      /* To ask for one that is there is a mistake that GStreamer reports itself. */
      if (taken == NULL)
        pad = gst_element_request_pad_simple (self->element, name);
      gst_clear_object (&taken);
      g_free (name);
    }
  }
  g_ptr_array_unref (names);
  if (pad != NULL && g_list_find (self->requested, pad))
    gst_object_unref (pad);
  else if (pad != NULL)
    self->requested = g_list_prepend (self->requested, pad);
}

void
world_release (World *self)
{
  GList *link = g_list_nth (self->requested, chance_below (MAX (1, g_list_length (self->requested))));
  GstPad *pad;

  if (link == NULL)
    return;
  pad = link->data;
  self->requested = g_list_delete_link (self->requested, link);
  /* One that came with another may have gone with it. */
  if (GST_OBJECT_PARENT (pad) != NULL)
    gst_element_release_request_pad (self->element, pad);
  gst_object_unref (pad);
}

static void
link_pad (World *self, GstPad *pad)
{
  GstPad *other;

  if (gst_pad_is_linked (pad))
    return;
  if (GST_PAD_IS_SRC (pad)) {
    other = gst_pad_new_from_static_template (&sink_template, NULL);
    gst_pad_set_chain_function (other, take);
    gst_pad_set_chain_list_function (other, take_list);
  } else
    other = gst_pad_new_from_static_template (&src_template, NULL);
  gst_pad_set_element_private (other, self);
  gst_pad_set_active (other, TRUE);
  fail_unless_equals_int (
      GST_PAD_IS_SRC (pad) ? gst_pad_link (pad, other) : gst_pad_link (other, pad), GST_PAD_LINK_OK);
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->around, other);
  g_mutex_unlock (&self->lock);
}

void
world_link (World *self)
{
  GList *pads = NULL, *l;

  GST_OBJECT_LOCK (self->element);
  for (l = self->element->pads; l != NULL; l = l->next)
    pads = g_list_prepend (pads, gst_object_ref (l->data));
  GST_OBJECT_UNLOCK (self->element);
  for (l = pads; l != NULL; l = l->next)
    link_pad (self, l->data);
  g_list_free_full (pads, gst_object_unref);
}

void
world_unlink (World *self)
{
  GstPad *pad = NULL;

  g_mutex_lock (&self->lock);
  if (self->around->len > 0)
    pad = g_ptr_array_steal_index_fast (self->around, chance_below (self->around->len));
  g_mutex_unlock (&self->lock);
  if (pad == NULL)
    return;
  /* Whoever pushes may hold it for a little longer. */
  unlink_pad (pad);
  gst_pad_set_active (pad, FALSE);
  gst_object_unref (pad);
}

void
world_shuffle (World *self)
{
  switch (chance_below (5)) {
    case 0:
      world_request (self);
      break;
    case 1:
      world_release (self);
      break;
    case 2:
      world_unlink (self);
      break;
    default:
      world_link (self);
      break;
  }
}

GstPad *
world_pad (World *self, GstPadDirection direction)
{
  GstPad *pad = NULL;
  guint i, start;

  g_mutex_lock (&self->lock);
  start = chance ();
  for (i = 0; pad == NULL && i < self->around->len; i++) {
    GstPad *candidate = g_ptr_array_index (self->around, (start + i) % self->around->len);

    if (GST_PAD_DIRECTION (candidate) == direction)
      pad = gst_object_ref (candidate);
  }
  g_mutex_unlock (&self->lock);
  return pad;
}
