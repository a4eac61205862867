/* alertfill.c: silence for zrtpalert to sound in while no audio comes.
 *
 * A peer may be silent, or hold its media back until its own user has heard that the call is secure, as this end may. If both
 * waited for the other one's audio nobody would hear anything. So a thread of the process's pool watches while there is
 * something to sound, and once audio has not come for a while it pushes silence into the sink pad, as if it came from upstream:
 * everything else is as with audio. It takes part in no other time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/elements/gstzrtpalert.h"
#include "gst/session/compat.h"

GST_DEBUG_CATEGORY_EXTERN (gst_zrtp_alert_debug);
#define GST_CAT_DEFAULT gst_zrtp_alert_debug

/* Audio that is later than that does not come. */
#define PATIENCE (150 * GST_MSECOND)
#define CHUNK (20 * GST_MSECOND)

#define MAX_SILENCE_OCTETS (4 * 1024 * 1024)

/* The lock is held. */
static gboolean
has_something (GstZrtpAlert *self)
{
  return self->figure != NULL || self->queue.pending != 0;
}

GstBuffer *
gst_zrtp_alert_make_silence (GstZrtpAlert *self, GstClockTime pts, GstClockTime duration)
{
  const GstAudioInfo *info = GST_AUDIO_FILTER_INFO (self);
  gsize n = gst_util_uint64_scale_ceil (MIN (duration, GST_SECOND), GST_AUDIO_INFO_RATE (info), GST_SECOND);
  GstBuffer *buffer;
  GstMapInfo map;

  n = MIN (n, (gsize) MAX_SILENCE_OCTETS / GST_AUDIO_INFO_BPF (info));
  if (n == 0)
    return NULL;
  buffer = gst_buffer_new_allocate (NULL, n * GST_AUDIO_INFO_BPF (info), NULL);
  if (buffer == NULL || !gst_buffer_map (buffer, &map, GST_MAP_WRITE)) {
    gst_clear_buffer (&buffer);
    return NULL;
  }
  gst_audio_format_info_fill_silence (info->finfo, map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  if (GST_AUDIO_INFO_LAYOUT (info) == GST_AUDIO_LAYOUT_NON_INTERLEAVED)
    gst_buffer_add_audio_meta (buffer, info, n, NULL);
  GST_BUFFER_PTS (buffer) = pts;
  GST_BUFFER_DURATION (buffer) = gst_util_uint64_scale (n, GST_SECOND, GST_AUDIO_INFO_RATE (info));
  return buffer;
}

static gboolean
has_event (GstPad *pad, GstEventType type)
{
  GstEvent *event = gst_pad_get_sticky_event (pad, type, 0);

  if (event == NULL)
    return FALSE;
  gst_event_unref (event);
  return TRUE;
}

/* What the sink likes best of what a telephone may have; NULL: it takes no audio. */
static GstCaps *
choose_caps (GstAudioFilter *filter)
{
  GstPad *src = GST_BASE_TRANSFORM_SRC_PAD (filter);
  GstCaps *template = gst_pad_get_pad_template_caps (src), *caps = gst_pad_peer_query_caps (src, template);
  GstStructure *structure;

  gst_caps_unref (template);
  if (gst_caps_is_empty (caps)) {
    gst_caps_unref (caps);
    return NULL;
  }
  caps = gst_caps_truncate (gst_caps_make_writable (caps));
  structure = gst_caps_get_structure (caps, 0);
  gst_structure_fixate_field_string (structure, "format", GST_AUDIO_NE (S16));
  gst_structure_fixate_field_string (structure, "layout", "interleaved");
  gst_structure_fixate_field_nearest_int (structure, "rate", 48000);
  gst_structure_fixate_field_nearest_int (structure, "channels", 1);
  return gst_caps_fixate (caps);
}

/* What would have come before audio, had any come. The stream lock of sink is held. */
static gboolean
ensure_own_events (GstZrtpAlert *self, GstPad *sink)
{
  gboolean good = TRUE;

  if (!has_event (sink, GST_EVENT_STREAM_START)) {
    gchar *id = g_uuid_string_random ();

    good = gst_pad_send_event (sink, gst_event_new_stream_start (id));
    g_free (id);
  }
  if (good && !gst_pad_has_current_caps (sink)) {
    GstCaps *caps = choose_caps (GST_AUDIO_FILTER (self));

    GST_DEBUG_OBJECT (self, "no audio has come yet, so it is %" GST_PTR_FORMAT, caps);
    good = caps != NULL && gst_pad_send_event (sink, gst_event_new_caps (caps));
    gst_clear_caps (&caps);
  }
  if (good && !has_event (sink, GST_EVENT_SEGMENT)) {
    GstSegment segment;

    gst_segment_init (&segment, GST_FORMAT_TIME);
    good = gst_pad_send_event (sink, gst_event_new_segment (&segment));
  }
  return good;
}

/* What the thread knows while it watches; all times are running times. */
typedef struct
{
  GstClock *clock;
  GstClockTime upstream;        /* how much later than its time audio comes */
  GstClockTime earliest;        /* audio gets that long to come */
  GstClockTime own_end;         /* of the silence pushed last, as a position in the segment */
  gboolean interrupted;         /* by a pause, after which it is another base time */
} Watch;

/* A flush may have changed the base time. */
static GstClockTime
get_time (GstZrtpAlert *self, const Watch *watch)
{
  GstClockTime now = gst_clock_get_time (watch->clock), base = gst_element_get_base_time (GST_ELEMENT (self));

  return now > base ? now - base : 0;
}

/* Pushes a piece of silence if it is time. Sets when to come again; FALSE: there is no sense in that. */
static gboolean
push_if_due (GstZrtpAlert *self, Watch *watch, GstClockTime *next)
{
  GstPad *sink = GST_BASE_TRANSFORM_SINK_PAD (self);
  GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  GstClockTime now, end, due, begin;
  GstBuffer *silence;
  gboolean own, good = FALSE;

  GST_PAD_STREAM_LOCK (sink);
  now = get_time (self, watch);
  if (now < watch->earliest) {
    *next = watch->earliest;
    good = TRUE;
    goto done;
  }
  if (!ensure_own_events (self, sink) || segment->format != GST_FORMAT_TIME)
    goto done;

  end = gst_segment_to_running_time (segment, GST_FORMAT_TIME, segment->position);
  if (!GST_CLOCK_TIME_IS_VALID (end))
    end = 0;
  own = segment->position == watch->own_end;
  due = end + watch->upstream + (own ? 0 : PATIENCE);
  if (now < due) {
    *next = due;
    good = TRUE;
    goto done;
  }

  begin = MAX (end, now > watch->upstream ? now - watch->upstream : 0);
  silence = gst_zrtp_alert_make_silence (self, gst_segment_position_from_running_time (segment, GST_FORMAT_TIME, begin),
      CHUNK);
  if (silence == NULL)
    goto done;
  if (!own)
    GST_BUFFER_FLAG_SET (silence, GST_BUFFER_FLAG_DISCONT);
  good = gst_pad_chain (sink, silence) == GST_FLOW_OK;
  watch->own_end = segment->position;
  *next = begin + CHUNK + watch->upstream;

done:
  GST_PAD_STREAM_UNLOCK (sink);
  return good;
}

static GstClockTime
get_upstream_latency (GstZrtpAlert *self)
{
  GstQuery *query = gst_query_new_latency ();
  GstClockTime latency = 0;
  gboolean live;

  if (gst_pad_peer_query (GST_BASE_TRANSFORM_SINK_PAD (self), query))
    gst_query_parse_latency (query, &live, &latency, NULL);
  gst_query_unref (query);
  return latency;
}

/* FALSE: there was a pause. */
static gboolean
wait_until (GstZrtpAlert *self, Watch *watch, GstClockTime time)
{
  GstClockID id = gst_clock_new_single_shot_id (watch->clock, gst_element_get_base_time (GST_ELEMENT (self)) + time);
  gboolean playing;

  g_mutex_lock (&self->lock);
  playing = self->playing;
  if (playing)
    self->wait = id;
  g_mutex_unlock (&self->lock);
  watch->interrupted = !playing || gst_clock_id_wait (id, NULL) == GST_CLOCK_UNSCHEDULED;
  g_mutex_lock (&self->lock);
  self->wait = NULL;
  g_mutex_unlock (&self->lock);
  gst_clock_id_unref (id);
  return !watch->interrupted;
}

/* Whether there is still something to sound; if not this thread has ended, and another one begun if need be. */
static gboolean
goes_on (GstZrtpAlert *self, const Watch *watch, gboolean possible)
{
  gboolean on, anew = FALSE;

  g_mutex_lock (&self->lock);
  on = possible && self->playing && has_something (self);
  if (!on) {
    self->filling = FALSE;
    anew = watch->interrupted && gst_zrtp_alert_wants_fill (self);
  }
  g_mutex_unlock (&self->lock);
  if (anew)
    gst_zrtp_alert_fill (self);
  return on;
}

static void
watch_audio (GstElement *element, gpointer data)
{
  GstZrtpAlert *self = GST_ZRTP_ALERT (element);
  Watch watch = { gst_element_get_clock (element) };
  GstClockTime next = 0;
  gboolean possible = watch.clock != NULL;

  watch.own_end = GST_CLOCK_TIME_NONE;
  if (possible) {
    watch.upstream = get_upstream_latency (self);
    next = watch.earliest = get_time (self, &watch) + PATIENCE;
  }
  while (goes_on (self, &watch, possible))
    possible = wait_until (self, &watch, next) && push_if_due (self, &watch, &next);
  gst_clear_object (&watch.clock);
}

gboolean
gst_zrtp_alert_wants_fill (GstZrtpAlert *self)
{
  gboolean wanted = self->playing && !self->filling && has_something (self);

  self->filling |= wanted;
  return wanted;
}

void
gst_zrtp_alert_fill (GstZrtpAlert *self)
{
  gst_zrtp_call_async (GST_ELEMENT (self), watch_audio, NULL);
}

void
gst_zrtp_alert_set_playing (GstZrtpAlert *self, gboolean playing)
{
  gboolean fill;

  g_mutex_lock (&self->lock);
  self->playing = playing;
  if (self->wait != NULL && !playing)
    gst_clock_id_unschedule (self->wait);
  fill = gst_zrtp_alert_wants_fill (self);
  g_mutex_unlock (&self->lock);
  if (fill)
    gst_zrtp_alert_fill (self);
}
