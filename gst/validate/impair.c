/* impair.c: actions about the packets between two endpoints: zrtp-watch, zrtp-impair, zrtp-expect-packets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/validate/actions.h"
#include "gst/validate/wire.h"

#include <string.h>

#define WIRE_PARAMETERS \
  GST_ZRTP_PARAMETER_SESSION, \
  GST_ZRTP_PARAMETER ("stream", FALSE, "int", "0", \
      "The number of the media stream: packets that leave by its rtp_src."), \
  GST_ZRTP_PARAMETER ("target-element-name", FALSE, "string", NULL, \
      "An element by which packets leave, in place of session and stream; a bin's children are found too."), \
  GST_ZRTP_PARAMETER ("pad", FALSE, "string", "src", "The source pad of that element.")

#define PACKETS_PARAMETER \
  GST_ZRTP_PARAMETER ("packets", FALSE, "string or list of strings", "all", \
      "Which packets: all, zrtp, media, clear, encrypted, or types of ZRTP messages, such as " \
      "\"Commit, DHPart1\". Whether media is encrypted is known where it leaves a zrtpenc; elsewhere all of it is " \
      "clear.")

/* Where packets leave */

/* Both transfer full, or NULL with a report. original: where media goes in, NULL if nothing is known of that. */
static GstPad *
find_named_pad (GstValidateScenario *scenario, GstValidateAction *action, GstElement *pipeline, const gchar *name)
{
  const gchar *pad_name = gst_structure_get_string (action->structure, "pad");
  GstElement *element = gst_bin_get_by_name (GST_BIN (pipeline), name);
  GstPad *pad = element ? gst_element_get_static_pad (element, pad_name ? pad_name : "src") : NULL;

  if (pad != NULL && !GST_PAD_IS_SRC (pad))
    gst_clear_object (&pad);
  if (pad == NULL)
    GST_VALIDATE_REPORT_ACTION (scenario, action, SCENARIO_ACTION_EXECUTION_ERROR,
        "no element %s with a source pad %s.", name, pad_name ? pad_name : "src");
  gst_clear_object (&element);
  return pad;
}

static GstPad *
find_session_pad (GstValidateScenario *scenario, GstValidateAction *action, GstElement *pipeline, GstPad **original)
{
  const gchar *session = gst_structure_get_string (action->structure, "session");
  GstElement *element = gst_zrtp_action_find_encoder (pipeline, session);
  gchar *src, *sink;
  GstPad *pad = NULL;
  gint stream = 0;

  gst_structure_get_int (action->structure, "stream", &stream);
  src = g_strdup_printf ("rtp_src_%d", stream);
  sink = g_strdup_printf ("rtp_sink_%d", stream);
  if (element != NULL) {
    pad = gst_element_get_static_pad (element, src);
    *original = gst_element_get_static_pad (element, sink);
    gst_object_unref (element);
  }
  if (pad == NULL)
    GST_VALIDATE_REPORT_ACTION (scenario, action, SCENARIO_ACTION_EXECUTION_ERROR,
        "no %s%s in the pipeline has a pad %s.", session ? "zrtpenc of session " : "single zrtpenc",
        session ? session : "", src);
  g_free (src);
  g_free (sink);
  return pad;
}

static GstPad *
find_pad (GstValidateScenario *scenario, GstValidateAction *action, GstPad **original)
{
  const gchar *name = gst_structure_get_string (action->structure, "target-element-name");
  GstElement *pipeline = gst_validate_scenario_get_pipeline (scenario);
  GstPad *pad;

  *original = NULL;
  if (pipeline == NULL)
    return NULL;
  pad = name ? find_named_pad (scenario, action, pipeline, name)
             : find_session_pad (scenario, action, pipeline, original);
  gst_object_unref (pipeline);
  return pad;
}

/* The wire that an action is about, watched from now on, or NULL with a report. It lives as long as the pipeline. */
static GstZrtpWire *
watch (GstValidateScenario *scenario, GstValidateAction *action)
{
  GstPad *original, *pad = find_pad (scenario, action, &original);
  GstZrtpWire *wire = pad ? gst_zrtp_wire_watch (pad, original) : NULL;

  gst_clear_object (&pad);
  gst_clear_object (&original);
  return wire;
}

static GstZrtpPacketFilter *
get_filter (GstValidateScenario *scenario, GstValidateAction *action)
{
  gchar *problem;
  GstZrtpPacketFilter *filter
      = gst_zrtp_packet_filter_new (gst_structure_get_value (action->structure, "packets"), &problem);

  if (filter == NULL) {
    GST_VALIDATE_REPORT_ACTION (scenario, action, SCENARIO_ACTION_EXECUTION_ERROR, "%s.", problem);
    g_free (problem);
  }
  return filter;
}

/* zrtp-watch */

static GstValidateExecuteActionReturn
execute_watch (GstValidateScenario *scenario, GstValidateAction *action)
{
  return watch (scenario, action) != NULL ? GST_VALIDATE_EXECUTE_ACTION_OK : GST_VALIDATE_EXECUTE_ACTION_ERROR_REPORTED;
}

/* zrtp-impair */

static gboolean
parse_harm (const gchar *name, GstZrtpHarm *harm)
{
  static const gchar *const names[GST_ZRTP_N_HARMS] = { "drop", "delay", "duplicate", "corrupt" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    if (g_strcmp0 (name, names[i]) == 0) {
      *harm = i;
      return TRUE;
    }
  }
  return FALSE;
}

static GstZrtpRule *
make_rule (GstValidateScenario *scenario, GstValidateAction *action, GstZrtpHarm harm)
{
  const GstStructure *structure = action->structure;
  GstZrtpPacketFilter *filter = get_filter (scenario, action);
  GstZrtpRule *rule;
  gint seed = 1;

  if (filter == NULL)
    return NULL;
  gst_structure_get_int (structure, "seed", &seed);
  rule = gst_zrtp_rule_new (harm, filter, seed);
  gst_structure_get_double (structure, "probability", &rule->probability);
  gst_structure_get_int (structure, "skip", &rule->skip);
  gst_structure_get_int (structure, "count", &rule->count);
  gst_structure_get_int (structure, "octet", &rule->octet);
  gst_structure_get_boolean (structure, "crc", &rule->crc);
  if (!gst_validate_action_get_clocktime (scenario, action, "delay", &rule->delay))
    rule->delay = 100 * GST_MSECOND;
  return rule;
}

static GstValidateExecuteActionReturn
execute_impair (GstValidateScenario *scenario, GstValidateAction *action)
{
  const gchar *what = gst_structure_get_string (action->structure, "what");
  gboolean none = g_strcmp0 (what, "none") == 0;
  GstZrtpHarm harm = GST_ZRTP_HARM_DROP;
  GstZrtpWire *wire;
  GstZrtpRule *rule;

  if (!none && !parse_harm (what, &harm)) {
    GST_VALIDATE_REPORT_ACTION (scenario, action, SCENARIO_ACTION_EXECUTION_ERROR,
        "what=%s is none of drop, delay, duplicate, corrupt and none.", what);
    return GST_VALIDATE_EXECUTE_ACTION_ERROR_REPORTED;
  }
  wire = watch (scenario, action);
  if (wire == NULL)
    return GST_VALIDATE_EXECUTE_ACTION_ERROR_REPORTED;
  if (none) {
    gst_zrtp_wire_clear_rules (wire);
    return GST_VALIDATE_EXECUTE_ACTION_OK;
  }
  rule = make_rule (scenario, action, harm);
  if (rule == NULL)
    return GST_VALIDATE_EXECUTE_ACTION_ERROR_REPORTED;
  gst_zrtp_wire_add_rule (wire, rule);
  return GST_VALIDATE_EXECUTE_ACTION_OK;
}

/* zrtp-expect-packets */

static gboolean
on_timeout (gpointer data)
{
  GstValidateAction *action = data;
  GstValidateScenario *scenario = gst_validate_action_get_scenario (action);
  GstPad *original = NULL, *pad = scenario ? find_pad (scenario, action, &original) : NULL;
  GstZrtpWire *wire = pad ? gst_zrtp_wire_get (pad) : NULL;
  gchar *counted = wire ? gst_zrtp_wire_give_up (wire, action) : NULL;

  if (counted != NULL) {
    GST_VALIDATE_REPORT_ACTION (scenario, action, GST_ZRTP_ISSUE_NOT_MET, "%" GST_TIME_FORMAT " later there were %s.",
        GST_TIME_ARGS (gst_zrtp_action_get_timeout (scenario, action)), counted);
    g_free (counted);
    gst_validate_action_set_done (action);
  }
  gst_clear_object (&pad);
  gst_clear_object (&original);
  gst_clear_object (&scenario);
  return G_SOURCE_REMOVE;
}

static GstZrtpCount *
make_count (GstValidateScenario *scenario, GstValidateAction *action)
{
  GstZrtpPacketFilter *filter = get_filter (scenario, action);
  GstZrtpCount *count;

  if (filter == NULL)
    return NULL;
  count = g_new (GstZrtpCount, 1);
  count->filter = filter;
  count->wanted = gst_structure_copy (action->structure);
  return count;
}

static GstValidateExecuteActionReturn
execute_expect_packets (GstValidateScenario *scenario, GstValidateAction *action)
{
  GstPad *original, *pad = find_pad (scenario, action, &original);
  GstZrtpWire *wire = pad ? gst_zrtp_wire_get (pad) : NULL;
  GstZrtpCount *count;
  gboolean met;

  if (pad != NULL && wire == NULL)
    GST_VALIDATE_REPORT_ACTION (scenario, action, SCENARIO_ACTION_EXECUTION_ERROR,
        "nobody has counted the packets that leave by %s:%s. Put zrtp-watch or zrtp-impair before.",
        GST_DEBUG_PAD_NAME (pad));
  gst_clear_object (&pad);
  gst_clear_object (&original);
  count = wire ? make_count (scenario, action) : NULL;
  if (count == NULL)
    return GST_VALIDATE_EXECUTE_ACTION_ERROR_REPORTED;
  met = gst_zrtp_wire_expect (wire, action, count);
  if (met)
    return GST_VALIDATE_EXECUTE_ACTION_OK;
  gst_zrtp_action_set_timeout (scenario, action, on_timeout);
  return GST_VALIDATE_EXECUTE_ACTION_ASYNC;
}

#define COUNTER(name, description) GST_ZRTP_PARAMETER (name, FALSE, "int or range [ ]", "any number", description)

void
gst_zrtp_validate_register_impair (GstPlugin *plugin)
{
  gst_validate_register_action_type_dynamic (plugin, "zrtp-watch", GST_RANK_PRIMARY, execute_watch,
      ((GstValidateActionParameter[]) { WIRE_PARAMETERS, { NULL } }),
      "Counts the packets that leave from now on, for zrtp-expect-packets.", GST_VALIDATE_ACTION_TYPE_NONE);
  gst_validate_register_action_type_dynamic (plugin, "zrtp-impair", GST_RANK_PRIMARY, execute_impair,
      ((GstValidateActionParameter[]) {
          WIRE_PARAMETERS, PACKETS_PARAMETER,
          GST_ZRTP_PARAMETER ("what", TRUE, "string", NULL,
              "drop, delay, duplicate or corrupt (one bit is turned over); none ends all of it on this wire."),
          GST_ZRTP_PARAMETER ("probability", FALSE, "double", "1.0",
              "How likely it is for each packet, from 0.0 to 1.0."),
          GST_ZRTP_PARAMETER ("skip", FALSE, "int", "0", "So many of these packets are left alone first."),
          GST_ZRTP_PARAMETER ("count", FALSE, "int", "-1", "So many packets are harmed; -1: without an end."),
          GST_ZRTP_PARAMETER ("delay", FALSE, "double or string (GstClockTime)", "0.1",
              "For delay: for how long, in seconds. Later packets overtake it."),
          GST_ZRTP_PARAMETER ("octet", FALSE, "int", "any behind the header",
              "For corrupt: which octet, the packet's first one being 0."),
          GST_ZRTP_PARAMETER ("crc", FALSE, "boolean", "false",
              "For corrupt: make the checksum of a ZRTP packet right again, as an attacker would and noise would not."),
          GST_ZRTP_PARAMETER ("seed", FALSE, "int", "1", "Of the random numbers: the same seed, the same choice."),
          { NULL } }),
      "Harms packets between two endpoints, until the end of the test, for example\n"
      "    zrtp-impair, session=alice, what=drop, packets=media, probability=0.1\n"
      "    zrtp-impair, session=bob, what=drop, packets=Commit, count=1\n"
      "    zrtp-impair, target-element-name=bob-sink-queue, what=delay, delay=0.2\n"
      "What several actions ask of one wire is done to each packet in their order.",
      GST_VALIDATE_ACTION_TYPE_NONE);
  gst_validate_register_action_type_dynamic (plugin, "zrtp-expect-packets", GST_RANK_PRIMARY, execute_expect_packets,
      ((GstValidateActionParameter[]) {
          WIRE_PARAMETERS, PACKETS_PARAMETER, COUNTER ("sent", "How many left, harmed ones included."),
          COUNTER ("dropped", "How many of them zrtp-impair dropped."),
          COUNTER ("delayed", "How many it delayed."), COUNTER ("duplicated", "How many it sent twice."),
          COUNTER ("corrupted", "How many it corrupted."), GST_ZRTP_PARAMETER_TIMEOUT, { NULL } }),
      "Waits until so many packets have left since zrtp-watch or zrtp-impair, for example\n"
      "    zrtp-expect-packets, session=alice, packets=encrypted, sent=[20, max]\n"
      "    zrtp-expect-packets, session=alice, packets=clear, sent=0",
      GST_VALIDATE_ACTION_TYPE_ASYNC);
}
