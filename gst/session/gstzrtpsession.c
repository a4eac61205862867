/* gstzrtpsession.c: the shared object: who takes part in a call, and when its runs begin and end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:gstzrtpsession
 * @title: GstZrtpSession
 * @short_description: One endpoint of one call
 *
 * A session holds what ZRTP (RFC 6189) knows of a call with one peer: keys, state and the short authentication string. The
 * elements that carry the call's media, `zrtpenc` and `zrtpdec`, share one. An application rarely needs to touch it:
 * elements of one pipeline find their session by themselves, and show all its properties and signals.
 *
 * All functions may be called from any thread; verbs return at once and their effect is told on the bus.
 *
 * Since: 0.1
 */
#include "gst/session/session-private.h"

GST_DEBUG_CATEGORY (gst_zrtp_session_debug);

enum
{
  PROP_ID = GST_ZRTP_N_SESSION_PROPS
};

static guint message_signal;

G_DEFINE_TYPE_WITH_CODE (GstZrtpSession, gst_zrtp_session, GST_TYPE_OBJECT,
    GST_DEBUG_CATEGORY_INIT (gst_zrtp_session_debug, "zrtpsession", 0, "ZRTP session");
    gst_zrtp_trace_init ())

static void
gst_zrtp_session_init (GstZrtpSession *self)
{
  gst_zrtp_settings_init (&self->settings);
  gst_zrtp_signer_init (&self->signer, self);
  self->refused = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->claims = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, gst_zrtp_claim_free);
  self->timer_at = self->paused_at = ZRTP_NO_DEADLINE;
  self->run_enabled = TRUE;
  g_mutex_init (&self->run_lock);
  g_rec_mutex_init (&self->engine_lock);
  gst_zrtp_hold_init (self);
  gst_zrtp_mailbox_init (self);
}

/* By which the debug log calls the session. An application may take the id from the signalling, and so from anybody: no line of the
 * log ends by it, and it commands no terminal. */
static void
set_name (GstZrtpSession *self)
{
  GString *name = g_string_new (NULL);
  const gchar *at;

  for (at = self->id; *at != '\0'; at = g_utf8_next_char (at)) {
    gunichar c = g_utf8_get_char (at);

    g_string_append_unichar (name, g_unichar_isprint (c) ? c : '?');
  }
  gst_object_set_name (GST_OBJECT (self), name->str);
  g_string_free (name, TRUE);
}

/* Bindings construct a session by its type alone. */
static void
gst_zrtp_session_constructed (GObject *object)
{
  GstZrtpSession *self = GST_ZRTP_SESSION (object);

  G_OBJECT_CLASS (gst_zrtp_session_parent_class)->constructed (object);
  if (self->id == NULL)
    self->id = gst_zrtp_registry_new_id ();
  set_name (self);
  gst_zrtp_status_add (self);
}

static void
gst_zrtp_session_finalize (GObject *object)
{
  GstZrtpSession *self = GST_ZRTP_SESSION (object);
  guint i;

  gst_zrtp_status_remove (self);
  gst_zrtp_registry_remove (self);
  gst_zrtp_timer_cancel (self);
  gst_zrtp_mailbox_clear (self);
  zrtp_association_free (self->association);
  gst_zrtp_keylog_close (&self->keylog);
  gst_zrtp_cache_close (&self->cache);
  gst_zrtp_session_wipe_aux_secret (self);
  gst_zrtp_session_wipe_srtp_secret (self);
  g_free (self->cache_trouble);
  for (i = 0; i < ZRTP_MAX_STREAMS; i++)
    g_clear_pointer (&self->media[i], gst_zrtp_media_free);
  gst_zrtp_hold_free (self);
  gst_clear_object (&self->clock);
  gst_zrtp_settings_clear (&self->settings);
  g_hash_table_unref (self->refused);
  g_hash_table_unref (self->claims);
  g_rec_mutex_clear (&self->engine_lock);
  g_mutex_clear (&self->run_lock);
  g_free (self->id);
  G_OBJECT_CLASS (gst_zrtp_session_parent_class)->finalize (object);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_ID)
    GST_ZRTP_SESSION (object)->id = g_value_get_string (value) ? g_utf8_make_valid (g_value_get_string (value), -1) : NULL;
  else
    gst_zrtp_session_set_property (object, id, value, pspec);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_ID)
    g_value_set_string (value, GST_ZRTP_SESSION (object)->id);
  else
    gst_zrtp_session_get_property (object, id, value, pspec);
}

static GstZrtpSession *
get_self (gpointer instance)
{
  return gst_object_ref (instance);
}

static void
gst_zrtp_session_class_init (GstZrtpSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = gst_zrtp_session_constructed;
  object_class->finalize = gst_zrtp_session_finalize;
  object_class->set_property = set_property;
  object_class->get_property = get_property;

  gst_zrtp_install_session_properties (object_class);
  g_object_class_install_property (object_class, PROP_ID,
      g_param_spec_string ("id", "Identifier", "Name of this session in messages and in the session-id property", NULL,
          G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS));
  gst_zrtp_install_session_signals (object_class, get_self);
  gst_zrtp_session_install_sign_signal (klass);
  /**
   * GstZrtpSession::message:
   * @session: the session
   * @structure: what the message on the bus has: `zrtp-state`, `zrtp-sas`, `zrtp-warning` and so on
   *
   * Tells what an element posts on its bus right after, for one that has no such bus: in another pipeline, or in none. It is
   * emitted on a worker thread, with no lock held. The handler should return soon, as the session does nothing else meanwhile.
   *
   * Since: 0.1
   */
  message_signal = g_signal_new ("message", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
      GST_TYPE_STRUCTURE | G_SIGNAL_TYPE_STATIC_SCOPE);
}

/**
 * gst_zrtp_session_get_id:
 * @session: a #GstZrtpSession
 *
 * The name by which messages, and elements with the same `session-id`, tell this session from others. Any thread.
 *
 * Returns: (transfer none): the name of this session in messages
 *
 * Since: 0.1
 */
const gchar *
gst_zrtp_session_get_id (GstZrtpSession *session)
{
  g_return_val_if_fail (GST_IS_ZRTP_SESSION (session), NULL);

  return session->id;
}

/* Media records and the elements that take part */

GstZrtpMedia *
gst_zrtp_session_peek_media (GstZrtpSession *self, guint stream)
{
  return stream < ZRTP_MAX_STREAMS ? g_atomic_pointer_get (&self->media[stream]) : NULL;
}

static void
begin_media (GstZrtpSession *self, GstZrtpMedia *media)
{
  GstZrtpMediaPolicy policy;
  gboolean must_be_announced;

  GST_OBJECT_LOCK (self);
  policy = self->settings.media_policy;
  must_be_announced = self->settings.require_zrtp_hash;
  media->security = GST_ZRTP_SECURITY_NONE;
  media->warned_no_sender = media->warned_no_receiver = FALSE;
  GST_OBJECT_UNLOCK (self);
  gst_zrtp_media_begin_run (media, self->run, self->run_enabled, policy, g_atomic_int_get (&self->latched),
      must_be_announced);
}

/* run_lock is held. */
static GstZrtpMedia *
ensure_media (GstZrtpSession *self, guint stream)
{
  GstZrtpMedia *media = gst_zrtp_session_peek_media (self, stream);

  if (media == NULL && stream < ZRTP_MAX_STREAMS) {
    media = gst_zrtp_media_new (self, stream);
    begin_media (self, media);
    g_atomic_pointer_set (&self->media[stream], media);
    gst_zrtp_hold_cover (self, media);
    /* The call may have become secure between. */
    if (g_atomic_int_get (&self->latched))
      gst_zrtp_media_latch (media, self->run);
  }
  return media;
}

/**
 * gst_zrtp_session_get_media: (skip)
 */
GstZrtpMedia *
gst_zrtp_session_get_media (GstZrtpSession *self, guint stream)
{
  GstZrtpMedia *media;

  g_mutex_lock (&self->run_lock);
  media = ensure_media (self, stream);
  g_mutex_unlock (&self->run_lock);
  return media;
}

/* The run's association opens the cache, so that it does not matter which element says what the cache is, and in which order they
 * start. Where a call may not go without, that it works is tried as the run begins. */
static gboolean
try_cache (GstZrtpSession *self, gchar **problem)
{
  gboolean enabled, required, good = TRUE;

  GST_OBJECT_LOCK (self);
  enabled = self->settings.enabled;
  required = self->settings.cache_required;
  GST_OBJECT_UNLOCK (self);
  if (!enabled)
    return TRUE;
  g_rec_mutex_lock (&self->engine_lock);
  gst_zrtp_engine_end_run (self, self->run);
  if (required)
    good = gst_zrtp_session_open_cache (self, problem);
  g_rec_mutex_unlock (&self->engine_lock);
  return good;
}

/**
 * gst_zrtp_session_activate: (skip)
 */
gboolean
gst_zrtp_session_activate (GstZrtpSession *self, gchar **problem)
{
  gboolean good = TRUE;
  guint i;

  *problem = NULL;
  gst_zrtp_prepare_support ();
  /* Not under run_lock: an application's handler may hold the engine and ask for it. */
  if (g_atomic_int_get (&self->active) == 0)
    good = try_cache (self, problem);
  g_mutex_lock (&self->run_lock);
  if (good && g_atomic_int_add (&self->active, 1) == 0) {
    GST_OBJECT_LOCK (self);
    self->run_enabled = self->settings.enabled;
    GST_OBJECT_UNLOCK (self);
    GST_INFO_OBJECT (self, "run %d of call %s begins%s%s", self->run, GST_OBJECT_NAME (self), self->run_enabled ? "" : ", enabled is FALSE: all passes as it is",
        g_atomic_int_get (&self->latched) ? "; it has been secure before, so nothing clear is sent" : "");
    gst_zrtp_hold_clear (self);
    for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
      if (self->media[i] != NULL)
        begin_media (self, self->media[i]);
    }
  }
  g_mutex_unlock (&self->run_lock);
  return good;
}

/**
 * gst_zrtp_session_deactivate: (skip)
 */
void
gst_zrtp_session_deactivate (GstZrtpSession *self)
{
  guint i;

  g_mutex_lock (&self->run_lock);
  if (self->active == 0)
    g_critical ("session %s is deactivated by one who has not activated it", self->id);
  else if (g_atomic_int_dec_and_test (&self->active)) {
    g_atomic_int_set (&self->hash_given, FALSE);
    GST_INFO_OBJECT (self, "run %d ends", self->run);
    g_atomic_int_inc (&self->run);
    for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
      if (self->media[i] != NULL)
        gst_zrtp_media_end_run (self->media[i]);
    }
    GST_OBJECT_LOCK (self);
    self->have_sas = FALSE;
    for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
      if (self->media[i] != NULL)
        self->media[i]->security = GST_ZRTP_SECURITY_NONE;
    }
    GST_OBJECT_UNLOCK (self);
    gst_zrtp_hold_clear (self);
    gst_zrtp_timer_cancel (self);
    gst_zrtp_mailbox_post (self, GST_ZRTP_INPUT_RESET, 0, 0, NULL, 0);
  }
  g_mutex_unlock (&self->run_lock);
}

/**
 * gst_zrtp_session_new_call:
 * @session: a #GstZrtpSession
 *
 * The next run of the elements is another call, maybe with somebody who cannot encrypt. A session remembers that its call has been
 * secure, and with a `media-policy` of %GST_ZRTP_MEDIA_POLICY_OPPORTUNISTIC too sends nothing clear afterwards, on any
 * stream, also when the elements are stopped and started again, so that nobody can bring that about. This makes it forget. It
 * has no effect while a run goes on. Any thread.
 *
 * Returns: %FALSE if a run goes on
 *
 * Since: 0.1
 */
gboolean
gst_zrtp_session_new_call (GstZrtpSession *session)
{
  gboolean between;

  g_return_val_if_fail (GST_IS_ZRTP_SESSION (session), FALSE);

  g_mutex_lock (&session->run_lock);
  between = session->active == 0;
  if (between)
    g_atomic_int_set (&session->latched, FALSE);
  g_mutex_unlock (&session->run_lock);
  if (!between)
    GST_WARNING_OBJECT (session, "new-call while the call goes on: stop its elements first");
  return between;
}

static GstZrtpMedia *
attach (GstZrtpSession *self, guint stream, GstElement *element, const GstZrtpSenderFuncs *funcs, gchar **other)
{
  GstZrtpMedia *media;
  GstElement **place;
  gboolean attached = FALSE;

  *other = NULL;
  g_mutex_lock (&self->run_lock);
  media = ensure_media (self, stream);
  if (media != NULL) {
    GST_OBJECT_LOCK (self);
    place = funcs ? &media->sender : &media->receiver;
    if (*place != NULL && *place != element) {
      *other = gst_object_get_name (GST_OBJECT (*place));
      media = NULL;
    } else {
      *place = element;
      attached = TRUE;
      if (funcs != NULL)
        media->sender_funcs = funcs;
    }
    GST_OBJECT_UNLOCK (self);
  }
  g_mutex_unlock (&self->run_lock);
  if (attached)
    GST_INFO_OBJECT (self, "stream %u: %s %s it", stream, GST_OBJECT_NAME (element), funcs ? "sends" : "receives");
  return media;
}

static void
detach (GstZrtpSession *self, guint stream, GstElement *element)
{
  GstZrtpMedia *media = gst_zrtp_session_peek_media (self, stream);

  if (media == NULL)
    return;
  GST_OBJECT_LOCK (self);
  if (media->sender == element)
    media->sender = NULL;
  else if (media->receiver == element)
    media->receiver = NULL;
  GST_OBJECT_UNLOCK (self);
}

/**
 * gst_zrtp_session_attach_sender: (skip)
 */
GstZrtpMedia *
gst_zrtp_session_attach_sender (GstZrtpSession *self, guint stream, GstElement *element,
    const GstZrtpSenderFuncs *funcs, gchar **other)
{
  return attach (self, stream, element, funcs, other);
}

/**
 * gst_zrtp_session_attach_receiver: (skip)
 */
GstZrtpMedia *
gst_zrtp_session_attach_receiver (GstZrtpSession *self, guint stream, GstElement *element, gchar **other)
{
  return attach (self, stream, element, NULL, other);
}

/**
 * gst_zrtp_session_detach_sender: (skip)
 */
void
gst_zrtp_session_detach_sender (GstZrtpSession *self, guint stream, GstElement *element)
{
  detach (self, stream, element);
}

/**
 * gst_zrtp_session_detach_receiver: (skip)
 */
void
gst_zrtp_session_detach_receiver (GstZrtpSession *self, guint stream, GstElement *element)
{
  detach (self, stream, element);
}

/**
 * gst_zrtp_session_start_stream: (skip)
 */
void
gst_zrtp_session_start_stream (GstZrtpSession *self, guint stream, guint32 ssrc)
{
  gboolean enabled;

  g_mutex_lock (&self->run_lock);
  enabled = self->run_enabled;
  g_mutex_unlock (&self->run_lock);
  if (enabled)
    gst_zrtp_mailbox_post (self, GST_ZRTP_INPUT_START, stream, ssrc, NULL, 0);
}

/**
 * gst_zrtp_session_set_playing: (skip)
 */
void
gst_zrtp_session_set_playing (GstZrtpSession *self, gboolean playing)
{
  g_atomic_int_add (&self->playing, playing ? 1 : -1);
  gst_zrtp_mailbox_post (self, GST_ZRTP_INPUT_PLAYING, 0, 0, NULL, 0);
}

/**
 * gst_zrtp_session_change_ssrc: (skip)
 */
void
gst_zrtp_session_change_ssrc (GstZrtpSession *self, guint stream, guint32 ssrc)
{
  gst_zrtp_mailbox_post (self, GST_ZRTP_INPUT_SSRC, stream, ssrc, NULL, 0);
}

/**
 * gst_zrtp_session_transport: (skip)
 */
void
gst_zrtp_session_transport (GstZrtpSession *self, guint stream, gboolean up)
{
  gst_zrtp_mailbox_post (self, up ? GST_ZRTP_INPUT_TRANSPORT_UP : GST_ZRTP_INPUT_TRANSPORT_DOWN, stream, 0, NULL, 0);
}

/**
 * gst_zrtp_session_remove_stream: (skip)
 */
void
gst_zrtp_session_remove_stream (GstZrtpSession *self, guint stream)
{
  gst_zrtp_mailbox_post (self, GST_ZRTP_INPUT_REMOVE, stream, 0, NULL, 0);
}

/**
 * gst_zrtp_session_receive: (skip)
 */
void
gst_zrtp_session_receive (GstZrtpSession *self, guint stream, gconstpointer packet, gsize len)
{
  /* Longer ones are of no known kind and need not be kept (Z-5-12). */
  if (len <= ZRTP_MAX_PACKET_LEN)
    gst_zrtp_mailbox_post (self, GST_ZRTP_INPUT_PACKET, stream, 0, packet, len);
}

void
gst_zrtp_session_post (GstZrtpSession *self, guint stream, GstStructure *structure)
{
  GstZrtpMedia *media = gst_zrtp_session_peek_media (self, stream);
  GstElement *element = NULL;

  g_signal_emit (self, message_signal, 0, structure);

  GST_OBJECT_LOCK (self);
  if (media != NULL)
    element = media->sender ? media->sender : media->receiver;
  if (element != NULL)
    gst_object_ref (element);
  GST_OBJECT_UNLOCK (self);

  if (element == NULL) {
    GST_DEBUG_OBJECT (self, "nobody to post %" GST_PTR_FORMAT, structure);
    gst_structure_free (structure);
    return;
  }
  gst_element_post_message (element, gst_message_new_element (GST_OBJECT (element), structure));
  gst_object_unref (element);
}
