/* gstzrtpalert.c: the element by which a user hears what the call is: tone figures mixed into what is played.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-zrtpalert
 * @title: zrtpalert
 * @see_also: zrtpdec, zrtpenc
 *
 * For telephones without a screen. Put it last on the way to the loudspeaker: it mixes a short tone figure into the audio when
 * the call becomes secure, when its partner is verified, when it is no longer encrypted, when that fails, and the alarm when
 * somebody may be listening. At all other times buffers pass as they are: no copy, no latency. All raw formats will do.
 *
 * It finds its session as #zrtpenc and #zrtpdec do: the one of its pipeline, or by the `session-id` or `session` property. It
 * only listens: the call needs those two all the same. What the call is when the element starts counts as news, so that it may
 * be added when the first audio comes.
 *
 * Several events at once sound one after the other, the most important first; what has become untrue meanwhile does not sound.
 * While no audio comes the element sounds in silence of its own.
 *
 * With `hold-media` nothing is sent while a figure waits or sounds, on any stream of the session, so that nobody says anything
 * before hearing what the call is. That ends after 5 seconds in any case.
 *
 * A message zrtp-alert on the bus says when a figure begins and ends, for a lamp: `alert` (secure, verified, no-peer, error,
 * clear, mismatch) and `sounding`, a boolean.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m audiotestsrc is-live=true wave=silence ! opusenc ! rtpopuspay ! zrtpenc ! udpsink host=127.0.0.1 port=5002 async=false udpsrc port=5000 caps="application/x-rtp,media=audio,clock-rate=48000,encoding-name=OPUS" ! zrtpdec ! rtpjitterbuffer ! rtpopusdepay ! opusdec ! zrtpalert ! audioconvert ! audioresample ! autoaudiosink
 * ]| One end of a call, which sounds when the other end answers.
 *
 * Since: 0.1
 */
#include "gst/elements/gstzrtpalert.h"
#include "gst/protocol/association.h"

GST_DEBUG_CATEGORY (gst_zrtp_alert_debug);
#define GST_CAT_DEFAULT gst_zrtp_alert_debug

/* Between two figures. */
#define REST_MS 250
/* Until a figure's end has left the loudspeaker. */
#define MAX_AFTER (2 * GST_SECOND)

#define DEFAULT_EVENTS \
  (GST_ZRTP_ALERT_SECURE | GST_ZRTP_ALERT_VERIFIED | GST_ZRTP_ALERT_ERROR | GST_ZRTP_ALERT_CLEAR \
      | GST_ZRTP_ALERT_MISMATCH)
#define DEFAULT_VOLUME 0.25

enum
{
  PROP_STREAM = GST_ZRTP_N_ENDPOINT_PROPS,
  PROP_EVENTS,
  PROP_VOLUME,
  PROP_HOLD_MEDIA
};

G_DEFINE_TYPE_WITH_CODE (GstZrtpAlert, gst_zrtp_alert, GST_TYPE_AUDIO_FILTER,
    GST_DEBUG_CATEGORY_INIT (gst_zrtp_alert_debug, "zrtpalert", 0, "ZRTP alerts"))
GST_ELEMENT_REGISTER_DEFINE (zrtpalert, "zrtpalert", GST_RANK_NONE, GST_TYPE_ZRTP_ALERT);

#define GST_TYPE_ZRTP_ALERT_EVENTS (alert_events_get_type ())

static GType
alert_events_get_type (void)
{
  static const GFlagsValue values[] = {
    { GST_ZRTP_ALERT_SECURE, "The call becomes secure", "secure" },
    { GST_ZRTP_ALERT_VERIFIED, "The call is secure and the partner verified", "verified" },
    { GST_ZRTP_ALERT_NO_PEER, "The other side does not encrypt", "no-peer" },
    { GST_ZRTP_ALERT_ERROR, "The call could not be encrypted, or nothing can be sent or decrypted", "error" },
    { GST_ZRTP_ALERT_CLEAR, "A secure call is no longer encrypted", "clear" },
    { GST_ZRTP_ALERT_MISMATCH, "Somebody may be listening", "mismatch" },
    { 0, NULL, NULL },
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_flags_register_static ("GstZrtpAlertEvents", values));
  return type;
}

/* Sounding */

/* How long until the last of n samples of the buffer is heard. */
static GstClockTime
time_until_heard (GstZrtpAlert *self, GstBuffer *buffer, guint n)
{
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  GstClock *clock = gst_element_get_clock (GST_ELEMENT (self));
  GstClockTime end, now = 0;

  if (clock == NULL)
    return 0;
  end = segment->format == GST_FORMAT_TIME
      ? gst_segment_to_running_time (segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer)) : GST_CLOCK_TIME_NONE;
  now = gst_clock_get_time (clock) - gst_element_get_base_time (GST_ELEMENT (self));
  gst_object_unref (clock);
  if (!GST_CLOCK_TIME_IS_VALID (end))
    return 0;
  end += gst_util_uint64_scale_int (n, GST_SECOND, self->rate) + self->latency;
  return end > now ? MIN (end - now, MAX_AFTER) : 0;
}

static void
mix (GstZrtpAlert *self, GstAudioBuffer *audio, guint at, guint n, gdouble volume)
{
  const GstAudioInfo *info = &audio->info;
  gboolean interleaved = GST_AUDIO_INFO_LAYOUT (info) == GST_AUDIO_LAYOUT_INTERLEAVED;
  guint channels = interleaved ? GST_AUDIO_INFO_CHANNELS (info) : 1;
  gsize offset = (gsize) at * channels * GST_AUDIO_INFO_WIDTH (info) / 8;
  gint i;

  for (i = 0; i < GST_AUDIO_BUFFER_N_PLANES (audio); i++)
    gst_zrtp_figure_mix (self->figure, self->rate, self->position, volume, info->finfo,
        (guint8 *) GST_AUDIO_BUFFER_PLANE_DATA (audio, i) + offset, channels, n);
}

/* The lock is held. Adds what begins and ends to messages. */
static void
sound (GstZrtpAlert *self, GstBuffer *buffer, GstAudioBuffer *audio, gdouble volume, GQueue *messages)
{
  guint at = 0, n = GST_AUDIO_BUFFER_N_SAMPLES (audio);

  while (at < n) {
    guint part, length;

    if (self->figure == NULL) {
      part = MIN (self->rest, n - at);
      self->rest -= part;
      at += part;
      if (at == n || (self->figure = gst_zrtp_figure_find (gst_zrtp_alert_queue_take (&self->queue))) == NULL)
        break;
      self->position = 0;
      GST_INFO_OBJECT (self, "sounds %s: %s", self->figure->name, self->figure->text);
      g_queue_push_tail (messages, gst_zrtp_alert_new_message (self, TRUE));
    }

    length = gst_zrtp_figure_get_length (self->figure, self->rate);
    part = MIN (length - MIN (length, self->position), n - at);
    mix (self, audio, at, part, volume);
    self->position += part;
    at += part;
    if (self->position >= length) {
      g_queue_push_tail (messages, gst_zrtp_alert_new_message (self, FALSE));
      self->figure = NULL;
      self->rest = gst_util_uint64_scale_int (REST_MS, self->rate, 1000);
      if (self->queue.pending == 0)
        gst_zrtp_alert_change_ticket (self, 0, time_until_heard (self, buffer, at));
    }
  }
}

/* Whether anything is to be mixed into the buffer, which may only be a rest between. */
static gboolean
has_to_sound (GstZrtpAlert *self, GstBuffer *buffer)
{
  const GstAudioInfo *info = GST_AUDIO_FILTER_INFO (self);
  guint n = gst_buffer_get_size (buffer) / MAX (1, GST_AUDIO_INFO_BPF (info));
  gboolean sounds;

  g_mutex_lock (&self->lock);
  sounds = self->session != NULL && (self->figure != NULL || (self->queue.pending != 0 && self->rest < n));
  if (!sounds) {
    self->rest -= MIN (self->rest, n);
    g_atomic_int_set (&self->busy, self->queue.pending != 0 || self->rest > 0);
  }
  g_mutex_unlock (&self->lock);
  return sounds;
}

static void
before_transform (GstBaseTransform *transform, GstBuffer *buffer)
{
  GstZrtpAlert *self = GST_ZRTP_ALERT (transform);
  gboolean pass = !g_atomic_int_get (&self->busy) || !has_to_sound (self, buffer);

  if (pass != self->passing) {
    self->passing = pass;
    gst_base_transform_set_passthrough (transform, pass);
  }
}

/* The buffer may say more exactly than the caps where its samples are, if it does not contradict them. */
static gboolean
map_audio (GstBuffer *buffer, const GstAudioInfo *info, GstAudioBuffer *audio)
{
  const GstAudioMeta *meta = gst_buffer_get_audio_meta (buffer);

  if (meta == NULL)
    return GST_AUDIO_INFO_LAYOUT (info) == GST_AUDIO_LAYOUT_INTERLEAVED
        && gst_audio_buffer_map (audio, info, buffer, GST_MAP_READWRITE);
  return GST_AUDIO_INFO_FORMAT (&meta->info) == GST_AUDIO_INFO_FORMAT (info)
      && GST_AUDIO_INFO_CHANNELS (&meta->info) == GST_AUDIO_INFO_CHANNELS (info)
      && GST_AUDIO_INFO_LAYOUT (&meta->info) == GST_AUDIO_INFO_LAYOUT (info)
      && GST_AUDIO_INFO_BPF (&meta->info) == GST_AUDIO_INFO_BPF (info)
      && meta->samples <= gst_buffer_get_size (buffer) / GST_AUDIO_INFO_BPF (info)
      && gst_audio_buffer_map (audio, &meta->info, buffer, GST_MAP_READWRITE);
}

static GstFlowReturn
transform_ip (GstBaseTransform *transform, GstBuffer *buffer)
{
  GstZrtpAlert *self = GST_ZRTP_ALERT (transform);
  const GstAudioInfo *info = GST_AUDIO_FILTER_INFO (self);
  GQueue messages = G_QUEUE_INIT;
  GstMessage *message;
  GstAudioBuffer audio;
  gdouble volume;
  gint i;

  if (!map_audio (buffer, info, &audio)) {
    GST_WARNING_OBJECT (self, "a buffer that is not as its caps say passes as it is");
    return GST_FLOW_OK;
  }
  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP)) {
    for (i = 0; i < GST_AUDIO_BUFFER_N_PLANES (&audio); i++)
      gst_audio_format_info_fill_silence (info->finfo, GST_AUDIO_BUFFER_PLANE_DATA (&audio, i),
          GST_AUDIO_BUFFER_PLANE_SIZE (&audio));
    GST_BUFFER_FLAG_UNSET (buffer, GST_BUFFER_FLAG_GAP);
  }

  GST_OBJECT_LOCK (self);
  volume = self->volume;
  GST_OBJECT_UNLOCK (self);
  g_mutex_lock (&self->lock);
  if (self->session != NULL)
    sound (self, buffer, &audio, volume, &messages);
  g_mutex_unlock (&self->lock);
  gst_audio_buffer_unmap (&audio);
  while ((message = g_queue_pop_head (&messages)) != NULL)
    gst_element_post_message (GST_ELEMENT (self), message);
  return GST_FLOW_OK;
}

/* A figure goes on where it is, at another rate. */
static gboolean
setup (GstAudioFilter *filter, const GstAudioInfo *info)
{
  GstZrtpAlert *self = GST_ZRTP_ALERT (filter);
  guint rate = GST_AUDIO_INFO_RATE (info);

  g_mutex_lock (&self->lock);
  if (self->rate != 0) {
    self->position = gst_util_uint64_scale_int (self->position, rate, self->rate);
    self->rest = gst_util_uint64_scale_int (self->rest, rate, self->rate);
  }
  self->rate = rate;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/* Whether a gap was filled, as there is something to sound in it. */
static gboolean
fill_gap (GstZrtpAlert *self, GstEvent *event)
{
  GstClockTime pts, duration;
  GstBuffer *silence;

  gst_event_parse_gap (event, &pts, &duration);
  if (!g_atomic_int_get (&self->busy) || !GST_CLOCK_TIME_IS_VALID (duration) || duration > GST_SECOND
      || GST_BASE_TRANSFORM (self)->segment.format != GST_FORMAT_TIME
      || !gst_pad_has_current_caps (GST_BASE_TRANSFORM_SINK_PAD (self)))
    return FALSE;
  silence = gst_zrtp_alert_make_silence (self, pts, duration);
  if (silence == NULL)
    return FALSE;
  GST_BUFFER_FLAG_SET (silence, GST_BUFFER_FLAG_GAP);
  gst_pad_chain (GST_BASE_TRANSFORM_SINK_PAD (self), silence);
  return TRUE;
}

static gboolean
sink_event (GstBaseTransform *transform, GstEvent *event)
{
  GstZrtpAlert *self = GST_ZRTP_ALERT (transform);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_GAP:
      if (fill_gap (self, event)) {
        gst_event_unref (event);
        return TRUE;
      }
      break;
    case GST_EVENT_FLUSH_STOP:
      /* What was not played yet is lost, so a figure begins anew. */
      g_mutex_lock (&self->lock);
      self->position = self->rest = 0;
      g_mutex_unlock (&self->lock);
      break;
    default:
      break;
  }
  return GST_BASE_TRANSFORM_CLASS (gst_zrtp_alert_parent_class)->sink_event (transform, event);
}

static gboolean
src_event (GstBaseTransform *transform, GstEvent *event)
{
  GstZrtpAlert *self = GST_ZRTP_ALERT (transform);
  GstClockTime latency;

  if (GST_EVENT_TYPE (event) == GST_EVENT_LATENCY) {
    gst_event_parse_latency (event, &latency);
    g_mutex_lock (&self->lock);
    self->latency = GST_CLOCK_TIME_IS_VALID (latency) ? latency : 0;
    g_mutex_unlock (&self->lock);
  }
  return GST_BASE_TRANSFORM_CLASS (gst_zrtp_alert_parent_class)->src_event (transform, event);
}

/* State */

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange transition)
{
  GstZrtpAlert *self = GST_ZRTP_ALERT (element);
  GstStateChangeReturn ret;

  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      if (!gst_zrtp_endpoint_resolve (&self->endpoint)) {
        gst_zrtp_endpoint_release (&self->endpoint);
        return GST_STATE_CHANGE_FAILURE;
      }
      break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (!gst_zrtp_alert_start (self))
        return GST_STATE_CHANGE_FAILURE;
      break;
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      gst_zrtp_alert_set_playing (self, FALSE);
      break;
    default:
      break;
  }

  ret = GST_ELEMENT_CLASS (gst_zrtp_alert_parent_class)->change_state (element, transition);

  switch (transition) {
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (ret == GST_STATE_CHANGE_FAILURE)
        gst_zrtp_alert_stop (self);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
      if (ret != GST_STATE_CHANGE_FAILURE)
        gst_zrtp_alert_set_playing (self, TRUE);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      gst_zrtp_alert_stop (self);
      break;
    case GST_STATE_CHANGE_READY_TO_NULL:
      gst_zrtp_endpoint_release (&self->endpoint);
      break;
    default:
      break;
  }
  return ret;
}

/* Object */

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstZrtpAlert *self = GST_ZRTP_ALERT (object);

  if (id < PROP_STREAM) {
    gst_zrtp_endpoint_set_property (&self->endpoint, id, value, pspec);
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_STREAM:
      self->stream = g_value_get_uint (value);
      break;
    case PROP_EVENTS:
      self->events = g_value_get_flags (value);
      break;
    case PROP_VOLUME:
      self->volume = g_value_get_double (value);
      break;
    case PROP_HOLD_MEDIA:
      self->hold_media = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstZrtpAlert *self = GST_ZRTP_ALERT (object);

  if (id < PROP_STREAM) {
    gst_zrtp_endpoint_get_property (&self->endpoint, id, value, pspec);
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_STREAM:
      g_value_set_uint (value, self->stream);
      break;
    case PROP_EVENTS:
      g_value_set_flags (value, self->events);
      break;
    case PROP_VOLUME:
      g_value_set_double (value, self->volume);
      break;
    case PROP_HOLD_MEDIA:
      g_value_set_boolean (value, self->hold_media);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
finalize (GObject *object)
{
  GstZrtpAlert *self = GST_ZRTP_ALERT (object);

  gst_zrtp_endpoint_clear (&self->endpoint);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (gst_zrtp_alert_parent_class)->finalize (object);
}

static void
gst_zrtp_alert_init (GstZrtpAlert *self)
{
  g_mutex_init (&self->lock);
  gst_zrtp_endpoint_init (&self->endpoint, GST_ELEMENT (self));
  self->events = DEFAULT_EVENTS;
  self->volume = DEFAULT_VOLUME;
  self->passing = TRUE;
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
  gst_base_transform_set_gap_aware (GST_BASE_TRANSFORM (self), TRUE);
}

static void
install_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  gst_zrtp_endpoint_install_session (klass);
  g_object_class_install_property (klass, PROP_STREAM,
      g_param_spec_uint ("stream", "Media stream",
          "Number of the media stream of the call whose security is told: N of zrtpenc's rtp_src_N", 0,
          ZRTP_MAX_STREAMS - 1, 0, flags | GST_PARAM_MUTABLE_READY));
  g_object_class_install_property (klass, PROP_EVENTS,
      g_param_spec_flags ("events", "Events", "What is told by a tone figure, each by one of its own",
          GST_TYPE_ZRTP_ALERT_EVENTS, DEFAULT_EVENTS, flags | GST_PARAM_MUTABLE_PLAYING));
  g_object_class_install_property (klass, PROP_VOLUME,
      g_param_spec_double ("volume", "Volume", "Volume of the tones; at 1.0 they are as loud as audio can be", 0.0, 1.0,
          DEFAULT_VOLUME, flags | GST_PARAM_MUTABLE_PLAYING));
  g_object_class_install_property (klass, PROP_HOLD_MEDIA,
      g_param_spec_boolean ("hold-media", "Hold media",
          "Send no media, on any stream of the call, while a figure waits or sounds, for 5 seconds at most: nobody says "
          "anything before hearing what the call is",
          FALSE, flags | GST_PARAM_MUTABLE_READY));
}

static void
gst_zrtp_alert_class_init (GstZrtpAlertClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS (klass);
  GstCaps *caps;

  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  install_properties (object_class);
  gst_type_mark_as_plugin_api (GST_TYPE_ZRTP_ALERT_EVENTS, 0);

  element_class->change_state = change_state;
  transform_class->before_transform = before_transform;
  transform_class->transform_ip = transform_ip;
  transform_class->transform_ip_on_passthrough = FALSE;
  transform_class->sink_event = sink_event;
  transform_class->src_event = src_event;
  GST_AUDIO_FILTER_CLASS (klass)->setup = setup;

  caps = gst_caps_from_string (GST_AUDIO_CAPS_MAKE (GST_AUDIO_FORMATS_ALL)
      ", layout = (string) { interleaved, non-interleaved }");
  gst_audio_filter_class_add_pad_templates (GST_AUDIO_FILTER_CLASS (klass), caps);
  gst_caps_unref (caps);
  gst_element_class_set_static_metadata (element_class, "ZRTP alerts", "Filter/Effect/Audio/ZRTP",
      "Lets the user of a telephone without a screen hear whether the call is secure", "The gst-zrtp authors");
}
