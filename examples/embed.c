/* embed.c: a small telephone without a window: one Opus stream each way over UDP, encrypted by ZRTP.
 *
 *   embed HOST REMOTE-PORT LOCAL-PORT
 *
 * It shows what happens in words, asks the user to compare the code when the call is secure, and hands the answer to the session.
 * AUDIO_SOURCE and AUDIO_SINK name other elements than autoaudiosrc and autoaudiosink, for machines without sound.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include <gst/gst.h>
#include <gst/zrtp/zrtp.h>

typedef struct
{
  GstElement *pipeline;
  GMainLoop *loop;
  gchar *asked;                 /* the code that the user was asked to compare; another key agreement brings another one */
} Telephone;

/* The user's answer, a line at a time: the main loop is never blocked for it. */
static gboolean
user_has_answered (GIOChannel *channel, GIOCondition condition, gpointer data)
{
  Telephone *self = data;
  GstElement *encoder = gst_bin_get_by_name (GST_BIN (self->pipeline), "encoder");
  gchar *line = NULL;

  if (g_io_channel_read_line (channel, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL) {
    g_main_loop_quit (self->loop);
    gst_object_unref (encoder);
    return G_SOURCE_REMOVE;
  }
  g_strstrip (line);
  if (strcmp (line, "y") == 0)
    g_signal_emit_by_name (encoder, "sas-match");
  else if (strcmp (line, "n") == 0)
    g_signal_emit_by_name (encoder, "sas-differs");
  else if (strcmp (line, "q") == 0)
    g_main_loop_quit (self->loop);
  g_free (line);
  gst_object_unref (encoder);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer data)
{
  Telephone *self = data;
  const gchar *text, *sas;
  GstZrtpSecurity security;
  GError *error = NULL;

  if (gst_zrtp_message_parse_sas (message, &sas, NULL, &security, NULL)) {
    gst_zrtp_message_parse (message, NULL, NULL, &text);
    g_print ("%s\n", text);
    if (security < GST_ZRTP_SECURITY_VERIFIED && g_strcmp0 (sas, self->asked) != 0)
      g_print ("Does your partner see \"%s\" as well? y: yes, n: no, q: hang up\n", sas);
    g_free (self->asked);
    self->asked = g_strdup (sas);
  } else if (gst_zrtp_message_parse (message, NULL, NULL, &text)) {
    g_print ("%s\n", text);
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    g_printerr ("%s\n", error->message);
    g_error_free (error);
    g_main_loop_quit (self->loop);
  }
  return G_SOURCE_CONTINUE;
}

static const gchar *
choose (const gchar *variable, const gchar *otherwise)
{
  const gchar *value = g_getenv (variable);

  return value != NULL ? value : otherwise;
}

int
main (int argc, char **argv)
{
  Telephone self = { NULL };
  GIOChannel *keyboard;
  GError *error = NULL;
  gchar *description;
  GstBus *bus;

  gst_init (&argc, &argv);
  if (argc != 4) {
    g_printerr ("Usage: %s HOST REMOTE-PORT LOCAL-PORT\n", argv[0]);
    return 2;
  }
  /* Two telephones on one account are told apart by not sharing the cache's identity: ZRTP_CACHE=memory. */
  description = g_strdup_printf ("%s ! audioconvert ! audioresample ! opusenc ! rtpopuspay "
      "! zrtpenc name=encoder ! udpsink host=%s port=%s async=false "
      "udpsrc port=%s caps=application/x-rtp,media=audio,clock-rate=48000,encoding-name=OPUS "
      "! zrtpdec ! rtpjitterbuffer ! rtpopusdepay ! opusdec ! audioconvert ! audioresample ! %s",
      choose ("AUDIO_SOURCE", "autoaudiosrc"), argv[1], argv[2], argv[3], choose ("AUDIO_SINK", "autoaudiosink"));
  self.pipeline = gst_parse_launch (description, &error);
  g_free (description);
  if (error != NULL) {
    g_printerr ("%s\n", error->message);
    g_error_free (error);
    return 1;
  }
  if (g_getenv ("ZRTP_CACHE") != NULL) {
    GstElement *encoder = gst_bin_get_by_name (GST_BIN (self.pipeline), "encoder");

    g_object_set (encoder, "cache", g_getenv ("ZRTP_CACHE"), NULL);
    gst_object_unref (encoder);
  }
  self.loop = g_main_loop_new (NULL, FALSE);
  bus = gst_element_get_bus (self.pipeline);
  gst_bus_add_watch (bus, on_message, &self);
  keyboard = g_io_channel_unix_new (0);
  g_io_add_watch (keyboard, G_IO_IN | G_IO_HUP, user_has_answered, &self);

  gst_element_set_state (self.pipeline, GST_STATE_PLAYING);
  g_main_loop_run (self.loop);
  gst_element_set_state (self.pipeline, GST_STATE_NULL);

  gst_bus_remove_watch (bus);
  gst_object_unref (bus);
  gst_object_unref (self.pipeline);
  g_io_channel_unref (keyboard);
  g_main_loop_unref (self.loop);
  g_free (self.asked);
  return 0;
}
