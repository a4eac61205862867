/* use-recipes.c: a main() for the C pieces of the page "More than a first call", which check-code.py puts before it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

static void
check_linked (GstElement * element, const gchar * name)
{
  GstPad *pad = gst_element_get_static_pad (element, name);

  if (pad == NULL || !gst_pad_is_linked (pad))
    g_error ("%s has no linked pad %s", GST_OBJECT_NAME (element), name);
  gst_object_unref (pad);
}

static void
check_rtpbin (void)
{
  static const gchar *const wanted[] = { "send_rtp_sink_%u", "send_rtcp_src_%u", "recv_rtp_sink_%u", "recv_rtcp_sink_%u" };
  GstElement *pipeline = gst_pipeline_new (NULL), *rtpbin = gst_element_factory_make ("rtpbin", NULL);
  GstElement *zrtpenc = gst_object_ref_sink (gst_element_factory_make ("zrtpenc", NULL)), *zrtpdecs[2];
  guint session, i;

  for (session = 0; session < 2; session++) {
    zrtpdecs[session] = gst_object_ref_sink (gst_element_factory_make ("zrtpdec", NULL));
    g_object_set (zrtpdecs[session], "stream", session, NULL);
  }
  gst_bin_add (GST_BIN (pipeline), rtpbin);
  encrypt_rtpbin (rtpbin, zrtpenc, zrtpdecs);
  for (session = 0; session < 2; session++) {
    gchar *rtp_sink = g_strdup_printf ("rtp_sink_%u", session), *rtcp_sink = g_strdup_printf ("rtcp_sink_%u", session);

    for (i = 0; i < G_N_ELEMENTS (wanted); i++) {
      gchar *name = g_strdup_printf (wanted[i], session);

      gst_object_unref (gst_element_request_pad_simple (rtpbin, name));
      g_free (name);
    }
    check_linked (zrtpenc, rtp_sink);
    check_linked (zrtpenc, rtcp_sink);
    check_linked (zrtpdecs[session], "rtp_src");
    check_linked (zrtpdecs[session], "rtcp_src");
    g_free (rtp_sink);
    g_free (rtcp_sink);
  }
  gst_object_unref (pipeline);
  gst_object_unref (zrtpenc);
  for (session = 0; session < 2; session++)
    gst_object_unref (zrtpdecs[session]);
}

static void
check_signalling (void)
{
  GstZrtpSession *session = gst_zrtp_session_new (), *other = gst_zrtp_session_new ();
  GstSDPMedia *media;
  gchar *value;

  g_object_set (session, "cache", "memory", NULL);
  g_object_set (other, "cache", "memory", NULL);
  gst_sdp_media_new (&media);
  add_to_offer (session, 0, media);
  value = gst_zrtp_sdp_media_get_zrtp_hash (media);
  if (value == NULL || strlen (value) != strlen ("1.10 ") + 64)
    g_error ("offer: %s", value);
  g_free (value);
  read_answer (other, 0, media);
  if (join_legs (session, other))
    g_error ("relayed, and nothing is secure");
  print_peers (session);
  gst_sdp_media_free (media);
  gst_object_unref (session);
  gst_object_unref (other);
}

int
main (int argc, char **argv)
{
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING | G_LOG_LEVEL_ERROR);
  gst_init (&argc, &argv);
  check_rtpbin ();
  check_signalling ();
  return 0;
}
