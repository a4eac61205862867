/* report.c: what a person is told of the call: the authentication string, whom it is with, and what is wrong.
 *
 * Under the engine lock; messages go out when it is free.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

#include <string.h>

typedef GstZrtpStep Step;

void
gst_zrtp_step_add_message (Step *step, guint stream, GstStructure *message)
{
  GstZrtpOutcome outcome = { stream, NULL, message };

  gst_zrtp_trace_message (step->session, message);
  g_array_append_val (step->messages, outcome);
}

guint
gst_zrtp_session_first_stream (GstZrtpSession *self)
{
  guint stream = 0;

  while (stream < ZRTP_MAX_STREAMS - 1 && gst_zrtp_session_peek_media (self, stream) == NULL)
    stream++;
  return stream;
}

/* What was told, and what the application said of it, belongs to one SAS: a key agreement that has replaced it starts afresh. A
 * relayed SAS replaces it too. */
static void
forget_other_session (GstZrtpSession *self, const ZrtpSasInfo *info)
{
  if (memcmp (self->told_sashash, info->sashash, sizeof self->told_sashash) == 0)
    return;
  memcpy (self->told_sashash, info->sashash, sizeof self->told_sashash);
  self->names_told = self->signature_told = self->new_device = FALSE;
  GST_OBJECT_LOCK (self);
  self->signature_accepted = FALSE;
  GST_OBJECT_UNLOCK (self);
}

/* Updates what is known of the SAS and how far each secure stream may be trusted by it. */
void
gst_zrtp_step_refresh_security (GstZrtpSession *self)
{
  ZrtpSasInfo info;
  gboolean have_sas = zrtp_association_get_sas (self->association, &info);
  guint i;

  GST_OBJECT_LOCK (self);
  self->have_sas = have_sas;
  if (have_sas)
    self->sas = info;
  GST_OBJECT_UNLOCK (self);
  if (have_sas)
    forget_other_session (self, &info);

  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    GstZrtpMedia *media = gst_zrtp_session_peek_media (self, i);
    GstZrtpState state;

    if (media == NULL)
      continue;
    state = gst_zrtp_media_get_state (media);
    GST_OBJECT_LOCK (self);
    media->security = gst_zrtp_session_judge (self, state);
    GST_OBJECT_UNLOCK (self);
  }
}

void
gst_zrtp_step_cache_unreadable (Step *step, guint stream, const gchar *why)
{
  gchar *text = g_strdup_printf ("What is known of earlier calls cannot be read: %s. Your partner counts as new, and nothing is "
                                 "kept of this call.",
      why ? why : "unknown error");

  gst_zrtp_step_add_message (step, stream, gst_zrtp_message_new_warning (step->session, stream, "cache-unreadable", text));
  g_free (text);
}

/* The peer is not who the user expects (attack D4), or is so on a device that is not known (Z-4.3.2). Once in a run. */
static void
warn_of_name (Step *step, guint stream, const ZrtpSasInfo *info, const gchar *expected)
{
  GstZrtpSession *self = step->session;
  const gchar *code = NULL;
  gchar *text;

  if (self->names_told || expected == NULL || gst_zrtp_name_fits (info, expected))
    return;
  if (info->peer_name[0] != '\0') {
    code = "other-name";
    text = g_strdup_printf ("You are calling %s, but this is known as the device of %s. Compare the code before you trust it.",
        expected, info->peer_name);
  } else if (info->cache == ZRTP_CACHE_NONE && gst_zrtp_cache_knows_name (&self->cache, self->local_zid, expected)) {
    code = "new-device";
    self->new_device = TRUE;
    text = g_strdup_printf ("%s is known, but not on this device: a new one, or somebody else. Compare the code.", expected);
  }
  if (code == NULL)
    return;
  self->names_told = TRUE;
  gst_zrtp_step_add_message (step, stream, gst_zrtp_message_new_warning (self, stream, code, text));
  g_free (text);
}

/* The peer is a telephone system that wants to be trusted, or is (RFC 6189 section 7.3.1). */
static void
tell_enrollment (Step *step, guint stream, const ZrtpSasInfo *info)
{
  GstZrtpSession *self = step->session;
  GstZrtpEnrollment before = self->enrollment;
  const gchar *status = NULL;

  self->enrollment = info->enrolled       ? GST_ZRTP_ENROLLMENT_PRESENT
      : info->enrollment_offered ? GST_ZRTP_ENROLLMENT_OFFERED
                                 : GST_ZRTP_ENROLLMENT_NONE;
  if (self->enrollment == before)
    return;
  if (self->enrollment == GST_ZRTP_ENROLLMENT_PRESENT)
    status = before == GST_ZRTP_ENROLLMENT_OFFERED ? "accepted" : "present";
  else
    status = before == GST_ZRTP_ENROLLMENT_PRESENT ? "removed" : self->enrollment ? "offered" : NULL;
  if (status != NULL)
    gst_zrtp_step_add_message (step, stream, gst_zrtp_message_new_enrollment (self, stream, status));
}

static void
tell_signature (Step *step, guint stream, const ZrtpSasInfo *info)
{
  GstZrtpSession *self = step->session;
  const guint8 *block;
  gsize len;

  if (self->signature_told || !info->signature)
    return;
  block = zrtp_association_get_signature (self->association, &len);
  if (block == NULL)
    return;
  self->signature_told = TRUE;
  gst_zrtp_step_add_message (step, stream, gst_zrtp_message_new_signature (self, stream, info, block, len));
}

/* One input may change several things, and the message tells of all of them at once. Takes the message. */
static void
add_sas (Step *step, guint stream, GstStructure *message)
{
  guint i = step->messages->len;

  while (i > 0) {
    const GstStructure *told = g_array_index (step->messages, GstZrtpOutcome, --i).message;

    if (!gst_structure_has_name (told, GST_ZRTP_MESSAGE_SAS))
      continue;
    if (!gst_structure_is_equal (told, message))
      break;
    gst_structure_free (message);
    return;
  }
  gst_zrtp_step_add_message (step, stream, message);
}

void
gst_zrtp_step_tell_sas (Step *step, guint stream)
{
  GstZrtpSession *self = step->session;
  ZrtpSasInfo info;
  GstZrtpSecurity security;
  gboolean have_sas;
  gchar *expected;

  gst_zrtp_step_refresh_security (self);
  GST_OBJECT_LOCK (self);
  have_sas = self->have_sas;
  info = self->sas;
  security = gst_zrtp_session_judge (self, GST_ZRTP_STATE_SECURE);
  expected = g_strdup (self->settings.peer_name);
  GST_OBJECT_UNLOCK (self);
  if (have_sas) {
    warn_of_name (step, stream, &info, expected);
    add_sas (step, stream, gst_zrtp_message_new_sas (self, stream, &info, security, expected, self->new_device));
    tell_enrollment (step, stream, &info);
    tell_signature (step, stream, &info);
  }
  g_free (expected);
  step->sas_told = TRUE;
}

void
gst_zrtp_step_add_warning (Step *step, guint stream, ZrtpWarning warning)
{
  GstZrtpSession *self = step->session;
  gchar *why = gst_zrtp_cache_dup_trouble (&self->cache);

  if (why != NULL && warning == ZRTP_WARNING_CACHE_UNREADABLE)
    gst_zrtp_step_cache_unreadable (step, stream, why);
  else if (why != NULL && warning == ZRTP_WARNING_CACHE_WRITE) {
    gchar *text = g_strdup_printf ("The secret shared with your partner could not be kept, so the next call will look like a "
                                   "first one: %s",
        why);

    gst_zrtp_step_add_message (step, stream, gst_zrtp_message_new_warning (self, stream, "cache-write", text));
    g_free (text);
  } else
    gst_zrtp_step_add_message (step, stream, gst_zrtp_message_new_protocol_warning (self, stream, warning));
  g_free (why);
}

/* Somebody asks, and nobody is there to answer; once in a run. */
void
gst_zrtp_step_no_sender (Step *step, GstZrtpMedia *media, const gchar *what)
{
  gboolean alone;
  gchar *text;

  if (media->started)
    return;
  GST_OBJECT_LOCK (step->session);
  alone = media->sender == NULL && !media->warned_no_sender;
  if (alone)
    media->warned_no_sender = TRUE;
  GST_OBJECT_UNLOCK (step->session);
  if (!alone)
    return;
  text = g_strdup_printf ("%s: session %s has no zrtpenc for stream %u. Put one on the way out with pad rtp_src_%u, in the same "
                          "pipeline or with the same session-id.",
      what, step->session->id, media->stream, media->stream);
  gst_zrtp_step_add_message (step, media->stream, gst_zrtp_message_new_warning (step->session, media->stream, "no-sender", text));
  g_free (text);
}

/* Its mirror. */
void
gst_zrtp_step_no_receiver (Step *step, GstZrtpMedia *media)
{
  gboolean told;
  gchar *text;

  GST_OBJECT_LOCK (step->session);
  told = media->warned_no_receiver;
  media->warned_no_receiver = TRUE;
  GST_OBJECT_UNLOCK (step->session);
  if (told)
    return;
  text = g_strdup_printf ("No answer of the other side can be heard: session %s has no zrtpdec for stream %u. Put one on the way "
                          "in with stream=%u, in the same pipeline or with the same session-id.",
      step->session->id, media->stream, media->stream);
  gst_zrtp_step_add_message (step, media->stream,
      gst_zrtp_message_new_warning (step->session, media->stream, "no-receiver", text));
  g_free (text);
}
