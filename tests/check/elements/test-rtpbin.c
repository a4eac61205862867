/* test-rtpbin.c: calls of rtpbin over UDP: audio and video, RTCP beside and between RTP, retransmission, error correction.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rtpend.h"

static gboolean
has_heard (RtpEnd *self)
{
  gboolean heard = TRUE;
  guint i;

  g_mutex_lock (&self->lock);
  for (i = 0; i < self->n_sessions; i++)
    heard = heard && self->sessions[i].heard >= 10;
  g_mutex_unlock (&self->lock);
  return heard;
}

static void
make_call (RtpEnd *a, RtpEnd *b, guint n_sessions, gboolean mux, RtpEndMedia first, void (*prepare) (RtpEnd * self))
{
  RtpEnd *ends[] = { a, b };
  guint i, session;

  rtp_end_make_pair (a, b, n_sessions, mux);
  for (i = 0; i < 2; i++) {
    if (prepare != NULL)
      prepare (ends[i]);
    for (session = 0; session < n_sessions; session++)
      rtp_end_add_session (ends[i], session, session == 0 ? first : RTP_END_VIDEO);
  }
}

static void
check_end (RtpEnd *self)
{
  guint i;

  for (i = 0; i < self->n_sessions; i++) {
    g_mutex_lock (&self->lock);
    fail_unless_equals_int (self->sessions[i].altered, 0);
    fail_unless_equals_int (self->sessions[i].wire_clear, 0);
    fail_unless_equals_int (self->sessions[i].wire_clear_rtcp, 0);
    fail_unless (self->sessions[i].wire_rtp > 0 && self->sessions[i].wire_rtcp > 0);
    g_mutex_unlock (&self->lock);
  }
  /* One key agreement; Multistream for the other. */
  fail_unless_equals_int (rtp_end_count_messages (self, "zrtp-sas"), 1);
}

/* Nothing clear may pass, so whatever media and reports arrive were encrypted. */
GST_START_TEST (test_audio_video)
{
  RtpEnd a, b;

  make_call (&a, &b, 2, __i__, RTP_END_AUDIO, NULL);
  g_object_set (a.enc, "media-policy", GST_ZRTP_MEDIA_POLICY_SECURE_ONLY, NULL);
  g_object_set (b.enc, "media-policy", GST_ZRTP_MEDIA_POLICY_SECURE_ONLY, NULL);
  rtp_end_start (&a);
  rtp_end_start (&b);
  fail_unless (rtp_end_wait (&a, &b, rtp_end_is_secure));
  fail_unless (rtp_end_wait (&a, &b, has_heard));
  fail_unless (rtp_end_wait (&a, &b, rtp_end_has_reports));
  check_end (&a);
  check_end (&b);
  rtp_end_clear (&a);
  rtp_end_clear (&b);
}
GST_END_TEST;

/* Loss of media packets that are repaired, after the call is secure. */

#define LOST 5

typedef struct
{
  RtpEnd *receiver;
  guint32 ssrc;                 /* of the media */
  guint8 pt;
  guint n, n_lost;
  guint64 lost[LOST];
  gboolean other_ssrc;
} Loss;

static gboolean
lose_some (RtpEnd *end, guint session, gboolean rtcp, GstBuffer *packet, gpointer data)
{
  Loss *loss = data;
  guint64 key = rtp_end_packet_key (packet);
  guint8 pt = 0;
  gboolean lose;

  if (rtcp || key == 0 || end == loss->receiver)
    return TRUE;
  gst_buffer_extract (packet, 1, &pt, 1);
  if ((pt & 0x7f) != loss->pt) {
    loss->other_ssrc |= key >> 16 != loss->ssrc;
    return TRUE;
  }
  lose = ++loss->n % 7 == 0 && loss->n_lost < LOST;
  g_mutex_lock (&end->lock);
  loss->ssrc = key >> 16;
  if (lose)
    loss->lost[loss->n_lost++] = key;
  g_mutex_unlock (&end->lock);
  return !lose;
}

static gboolean
has_all (RtpEnd *self)
{
  Loss *loss = self->filter_data;
  gboolean all;
  guint i;

  if (self != loss->receiver)
    return TRUE;
  g_mutex_lock (&self->peer->lock);
  all = loss->n_lost == LOST;
  g_mutex_unlock (&self->peer->lock);
  for (i = 0; all && i < LOST; i++)
    all = rtp_end_was_delivered (self, loss->lost[i]);
  return all;
}

static void
check_repair (RtpEndMedia media, void (*prepare) (RtpEnd * self), gboolean *other_ssrc)
{
  RtpEnd a, b;
  Loss loss = { &b, 0, media == RTP_END_AUDIO ? 0 : 96 };

  make_call (&a, &b, 1, TRUE, media, prepare);
  a.filter_data = b.filter_data = &loss;
  rtp_end_start (&a);
  rtp_end_start (&b);
  fail_unless (rtp_end_wait (&a, &b, rtp_end_is_secure));
  fail_unless (rtp_end_wait (&a, &b, has_heard));
  a.filter = lose_some;
  fail_unless (rtp_end_wait (&a, &b, has_all));
  gst_element_set_state (a.pipeline, GST_STATE_READY);
  fail_unless_equals_int (b.sessions[0].altered, 0);
  *other_ssrc = loss.other_ssrc;
  rtp_end_clear (&a);
  rtp_end_clear (&b);
}

static GstElement *
make_aux (const gchar *factory, guint session)
{
  GstElement *bin = gst_bin_new (NULL), *element = gst_element_factory_make (factory, NULL);
  GstStructure *map = gst_structure_new ("application/x-rtp-pt-map", "0", G_TYPE_UINT, 97, NULL);
  static const gchar *const names[] = { "sink", "src" };
  guint i;

  g_object_set (element, "payload-type-map", map, NULL);
  gst_structure_free (map);
  gst_bin_add (GST_BIN (bin), element);
  for (i = 0; i < 2; i++) {
    GstPad *pad = gst_element_get_static_pad (element, names[i]);
    gchar *name = g_strdup_printf ("%s_%u", names[i], session);

    gst_element_add_pad (bin, gst_ghost_pad_new (name, pad));
    gst_object_unref (pad);
    g_free (name);
  }
  return bin;
}

static GstElement *
give_aux_sender (GstElement *rtpbin, guint session, gpointer data)
{
  return make_aux ("rtprtxsend", session);
}

static GstElement *
give_aux_receiver (GstElement *rtpbin, guint session, gpointer data)
{
  return make_aux ("rtprtxreceive", session);
}

static void
prepare_retransmission (RtpEnd *self)
{
  /* Feedback at once, and time to wait for what was asked for. */
  gst_util_set_object_arg (G_OBJECT (self->rtpbin), "rtp-profile", "avpf");
  g_object_set (self->rtpbin, "do-retransmission", TRUE, "latency", 500, NULL);
  g_signal_connect (self->rtpbin, "request-aux-sender", G_CALLBACK (give_aux_sender), NULL);
  g_signal_connect (self->rtpbin, "request-aux-receiver", G_CALLBACK (give_aux_receiver), NULL);
}

/* What is lost is asked for by (encrypted) RTCP and sent again as another SSRC on the same pads. */
GST_START_TEST (test_retransmission)
{
  gboolean other_ssrc;

  check_repair (RTP_END_AUDIO, prepare_retransmission, &other_ssrc);
  fail_unless (other_ssrc);
}
GST_END_TEST;

#define FEC_PT 122

static GstElement *
give_fec_encoder (GstElement *rtpbin, guint session, gpointer data)
{
  GstElement *element = gst_element_factory_make ("rtpulpfecenc", NULL);

  g_object_set (element, "pt", FEC_PT, "percentage", 100, NULL);
  return element;
}

static GstElement *
give_fec_decoder (GstElement *rtpbin, guint session, gpointer data)
{
  GstElement *element = gst_element_factory_make ("rtpulpfecdec", NULL);
  GObject *storage;

  g_signal_emit_by_name (rtpbin, "get-internal-storage", session, &storage);
  g_object_set (element, "pt", FEC_PT, "storage", storage, NULL);
  g_object_unref (storage);
  return element;
}

static void
new_storage (GstElement *rtpbin, GstElement *storage, guint session, gpointer data)
{
  g_object_set (storage, "size-time", 500 * GST_MSECOND, NULL);
}

static void
prepare_correction (RtpEnd *self)
{
  g_object_set (self->rtpbin, "do-lost", TRUE, NULL);
  g_signal_connect (self->rtpbin, "new-storage", G_CALLBACK (new_storage), NULL);
  g_signal_connect (self->rtpbin, "request-fec-encoder", G_CALLBACK (give_fec_encoder), NULL);
  g_signal_connect (self->rtpbin, "request-fec-decoder", G_CALLBACK (give_fec_decoder), NULL);
}

/* What is lost is calculated from the packets around it. */
GST_START_TEST (test_error_correction)
{
  gboolean other_ssrc;

  /* rtpulpfecenc works from picture to picture. */
  check_repair (RTP_END_VIDEO, prepare_correction, &other_ssrc);
}
GST_END_TEST;

static Suite *
rtpbin_suite (void)
{
  Suite *suite = suite_create ("rtpbin");
  TCase *tcase = tcase_create ("rtpbin");

  tcase_set_timeout (tcase, 120);
  suite_add_tcase (suite, tcase);
  /* RTCP on a port of its own, and on that of RTP. */
  tcase_add_loop_test (tcase, test_audio_video, 0, 2);
  tcase_add_test (tcase, test_retransmission);
  tcase_add_test (tcase, test_error_correction);
  return suite;
}

GST_CHECK_MAIN (rtpbin)
