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
make_call (RtpEnd *a, RtpEnd *b, guint n_sessions, gboolean mux)
{
  RtpEnd *ends[] = { a, b };
  guint i, session;

  rtp_end_make_pair (a, b, n_sessions, mux);
  for (i = 0; i < 2; i++) {
    for (session = 0; session < n_sessions; session++) {
      rtp_end_add_media (ends[i], session, session == 0 ? RTP_END_AUDIO : RTP_END_VIDEO);
      rtp_end_link_transport (ends[i], session, session == 0 ? RTP_END_AUDIO : RTP_END_VIDEO);
    }
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

  make_call (&a, &b, 2, __i__);
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

static Suite *
rtpbin_suite (void)
{
  Suite *suite = suite_create ("rtpbin");
  TCase *tcase = tcase_create ("rtpbin");

  tcase_set_timeout (tcase, 120);
  suite_add_tcase (suite, tcase);
  /* RTCP on a port of its own, and on that of RTP. */
  tcase_add_loop_test (tcase, test_audio_video, 0, 2);
  return suite;
}

GST_CHECK_MAIN (rtpbin)
