/* gst-end.c: our end of a call with bzrtp-peer, for what gst-launch-1.0 cannot do: signals of the elements.
 *
 * The arguments are a pipeline as gst-launch-1.0 takes it, with an element named "enc". It goes to READY, prints
 * the zrtp-hash of each stream ("zrtp-hash N VALUE") and then does what the lines on stdin say:
 *
 *   hash N VALUE      the peer's zrtp-hash of stream N
 *   go                to PLAYING
 *   match, differs    the users have compared the string
 *   quit
 *
 * Element messages are printed as they come, as gst-launch-1.0 -m does.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct
{
  GMainLoop *loop;
  GstElement *pipeline, *enc;
  gboolean failed;
} End;

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  End *self = user_data;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT) {
    gchar *text = gst_structure_to_string (gst_message_get_structure (message));

    g_print ("%s\n", text);
    g_free (text);
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    GError *error;

    gst_message_parse_error (message, &error, NULL);
    g_print ("ERROR %s\n", error->message);
    g_error_free (error);
    self->failed = TRUE;
    g_main_loop_quit (self->loop);
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
obey (End *self, const gchar *line)
{
  gboolean good;

  if (g_str_has_prefix (line, "hash ")) {
    gchar *value;
    guint stream = strtoul (line + 5, &value, 10);

    g_signal_emit_by_name (self->enc, "set-peer-zrtp-hash", stream, g_strchug (value), &good);
    g_print ("hash-set %d\n", good);
  } else if (strcmp (line, "go") == 0) {
    good = gst_element_set_state (self->pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
  } else if (strcmp (line, "match") == 0 || strcmp (line, "differs") == 0) {
    g_signal_emit_by_name (self->enc, *line == 'm' ? "sas-match" : "sas-differs");
    good = TRUE;
  } else {
    good = FALSE;
  }
  return good;
}

static gboolean
on_input (GIOChannel *channel, GIOCondition condition, gpointer user_data)
{
  End *self = user_data;
  gchar *line = NULL;

  if (g_io_channel_read_line (channel, &line, NULL, NULL, NULL) == G_IO_STATUS_NORMAL
      && strcmp (g_strchomp (line), "quit") != 0) {
    self->failed |= !obey (self, line);
    g_free (line);
    return G_SOURCE_CONTINUE;
  }
  g_free (line);
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static void
print_hashes (End *self)
{
  for (guint i = 0; i < 2; i++) {
    gchar *value, *name = g_strdup_printf ("rtp_sink_%u", i);
    GstPad *pad = gst_element_get_static_pad (self->enc, name);

    g_free (name);
    if (pad == NULL)
      continue;
    gst_object_unref (pad);
    g_signal_emit_by_name (self->enc, "get-zrtp-hash", i, &value);
    g_print ("zrtp-hash %u %s\n", i, value);
    g_free (value);
  }
}

static void
print_line (const gchar *text)
{
  fputs (text, stdout);
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  End self = { NULL };
  GError *error = NULL;
  GIOChannel *channel;
  GstBus *bus;

  gst_init (&argc, &argv);
  g_set_print_handler (print_line);
  self.pipeline = gst_parse_launchv ((const gchar **) argv + 1, &error);
  if (error != NULL) {
    g_printerr ("gst-end: %s\n", error->message);
    return 2;
  }
  self.enc = gst_bin_get_by_name (GST_BIN (self.pipeline), "enc");
  if (self.enc == NULL) {
    g_printerr ("gst-end: the pipeline has no element named enc\n");
    return 2;
  }
  self.loop = g_main_loop_new (NULL, FALSE);
  bus = gst_element_get_bus (self.pipeline);
  gst_bus_add_watch (bus, on_message, &self);
  channel = g_io_channel_unix_new (0);
  g_io_add_watch (channel, G_IO_IN | G_IO_HUP, on_input, &self);

  gst_element_set_state (self.pipeline, GST_STATE_READY);
  print_hashes (&self);
  g_main_loop_run (self.loop);

  gst_element_set_state (self.pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  gst_object_unref (bus);
  g_io_channel_unref (channel);
  gst_object_unref (self.enc);
  gst_object_unref (self.pipeline);
  g_main_loop_unref (self.loop);
  return self.failed ? 1 : 0;
}
