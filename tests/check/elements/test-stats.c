/* test-stats.c: the stats property: times, bytes, drops by reason, algorithms, where each key stands.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

#include <string.h>

#define WIRE_LEN (12 + CALL_PAYLOAD + 10)       /* of a test's RTP packet with HS80's tag */

/* A copy of the first stream's structure. */
static GstStructure *
stream_stats (Endpoint *self)
{
  GstStructure *stats, *stream;
  const GValue *streams;

  g_object_get (self->enc, "stats", &stats, NULL);
  fail_unless (gst_structure_has_name (stats, "application/x-zrtp-stats"));
  streams = gst_structure_get_value (stats, "streams");
  fail_unless (GST_VALUE_HOLDS_ARRAY (streams) && gst_value_array_get_size (streams) == 1);
  stream = gst_structure_copy (gst_value_get_structure (gst_value_array_get_value (streams, 0)));
  gst_structure_free (stats);
  return stream;
}

static guint64
get_uint64 (const GstStructure *stream, const gchar *field)
{
  guint64 value;

  fail_unless (gst_structure_get_uint64 (stream, field, &value), "no guint64 %s", field);
  return value;
}

static guint
get_uint (const GstStructure *stream, const gchar *field)
{
  guint value;

  fail_unless (gst_structure_get_uint (stream, field, &value), "no guint %s", field);
  return value;
}

static void
check_string (const GstStructure *stream, const gchar *field, const gchar *expected)
{
  fail_unless (gst_structure_get_string (stream, field) != NULL, "no string %s", field);
  fail_unless_equals_string (gst_structure_get_string (stream, field), expected);
}

static gboolean
is_type (GstBuffer *packet, const gchar *type)
{
  return gst_buffer_get_size (packet) > 24 && gst_buffer_memcmp (packet, 16, type, 8) == 0;
}

/* A wire on which some messages take their time. */
static gboolean
slow_wire (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  static const struct
  {
    const gchar *type;
    GstClockTime delay;
  } slow[] = { { "Commit  ", 3 * GST_MSECOND }, { "DHPart1 ", 4 * GST_MSECOND }, { "DHPart2 ", 20 * GST_MSECOND },
    { "Conf2ACK", 11 * GST_MSECOND } };
  guint i;

  for (i = 0; kind == PACKET_ZRTP && i < G_N_ELEMENTS (slow); i++) {
    if (is_type (packet, slow[i].type))
      gst_test_clock_advance_time (from->call->clock, slow[i].delay);
  }
  return TRUE;
}

static Call *
secure_call (WireFilter filter)
{
  Call *call = call_new ();

  call->filter = filter;
  /* So that a is the initiator. */
  g_object_set (call->b.enc, "passive", TRUE, "allow-clear", TRUE, "client-id", "Bob's \\ phone", NULL);
  call_go (call);
  return call;
}

/* When things happened, and how long the peer took to answer each message. */
GST_START_TEST (test_times)
{
  Call *call = secure_call (slow_wire);
  GstStructure *stream = stream_stats (&call->a);
  guint64 started = get_uint64 (stream, "started-at"), commit = get_uint64 (stream, "commit-at");

  fail_unless_equals_uint64 (started, CALL_START_TIME);
  fail_unless (commit >= started);
  fail_unless_equals_uint64 (get_uint64 (stream, "round-trip-commit"), 7 * GST_MSECOND);
  fail_unless_equals_uint64 (get_uint64 (stream, "round-trip-dhpart2"), 20 * GST_MSECOND);
  fail_unless_equals_uint64 (get_uint64 (stream, "round-trip-confirm2"), 11 * GST_MSECOND);
  fail_unless_equals_uint64 (get_uint64 (stream, "secure-at"), commit + 38 * GST_MSECOND);
  fail_unless_equals_uint64 (get_uint64 (stream, "time-to-secure"), commit + 38 * GST_MSECOND - started);
  fail_unless_equals_uint64 (get_uint64 (stream, "time-secure"), 0);
  gst_structure_free (stream);

  call->filter = NULL;
  call_run (call, 70 * GST_SECOND);
  stream = stream_stats (&call->a);
  fail_unless_equals_uint64 (get_uint64 (stream, "time-secure"), 70 * GST_SECOND);
  gst_structure_free (stream);
  /* Who answers does not know. */
  stream = stream_stats (&call->b);
  fail_if (gst_structure_has_field (stream, "round-trip-commit") || gst_structure_has_field (stream, "round-trip-confirm2"));
  check_string (stream, "role", "responder");
  gst_structure_free (stream);
  call_free (call);
}
GST_END_TEST;

static gboolean
lose_first_commit (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  static gboolean lost;

  if (kind != PACKET_ZRTP || lost || !is_type (packet, "Commit  "))
    return TRUE;
  lost = TRUE;
  return FALSE;
}

/* The time of a message that was sent twice is nobody's guess; retransmissions are counted. */
GST_START_TEST (test_resent)
{
  Call *call = secure_call (lose_first_commit);
  GstStructure *stream = stream_stats (&call->a);

  fail_unless (get_uint64 (stream, "zrtp-resent") >= 1);
  fail_if (gst_structure_has_field (stream, "round-trip-commit"));
  fail_unless (gst_structure_has_field (stream, "round-trip-dhpart2"));
  fail_unless (get_uint64 (stream, "time-to-secure") >= 150 * GST_MSECOND);
  gst_structure_free (stream);
  call_free (call);
}
GST_END_TEST;

/* Octets of the wire, both ways and in each form. */
GST_START_TEST (test_bytes)
{
  Call *call = secure_call (NULL);
  GstBufferList *list = gst_buffer_list_new ();
  GstStructure *a, *b;
  guint64 zrtp[2] = { 0, 0 };
  GList *l;
  guint i;

  for (i = 0; i < 20; i++)
    endpoint_talk (&call->a);
  for (i = 0; i < 5; i++)
    gst_buffer_list_add (list, endpoint_make_rtp (&call->a));
  gst_pad_push_list (call->a.media_in, list);
  call_settle (call);
  for (i = 0; i < 2; i++) {
    Endpoint *end = i ? &call->b : &call->a;

    for (l = end->wire.head; l != NULL; l = l->next) {
      guint8 first;

      gst_buffer_extract (l->data, 0, &first, 1);
      if ((first & 0xf0) == 0x10)
        zrtp[i] += gst_buffer_get_size (l->data);
    }
  }
  a = stream_stats (&call->a);
  b = stream_stats (&call->b);
  fail_unless_equals_uint64 (get_uint64 (a, "sent-clear"), 1);
  fail_unless_equals_uint64 (get_uint64 (a, "sent-clear-bytes"), 12 + CALL_PAYLOAD);
  fail_unless_equals_uint64 (get_uint64 (b, "received-clear-bytes"), 12 + CALL_PAYLOAD);
  fail_unless_equals_uint64 (get_uint64 (a, "sent-encrypted"), 25);
  fail_unless_equals_uint64 (get_uint64 (a, "sent-encrypted-bytes"), 25 * WIRE_LEN);
  fail_unless_equals_uint64 (get_uint64 (b, "received-decrypted-bytes"), 25 * WIRE_LEN);
  fail_unless_equals_uint64 (get_uint64 (b, "sent-encrypted-bytes"), get_uint64 (b, "sent-encrypted") * WIRE_LEN);
  fail_unless_equals_uint64 (get_uint64 (a, "zrtp-sent-bytes"), zrtp[0]);
  /* Not the other way round: b may not have begun when a's first Hello comes. */
  fail_unless_equals_uint64 (get_uint64 (a, "zrtp-received-bytes"), zrtp[1]);
  fail_unless_equals_uint64 (get_uint64 (b, "zrtp-sent-bytes"), zrtp[1]);
  gst_structure_free (a);
  gst_structure_free (b);
  fail_unless_equals_uint64 (endpoint_stat (&call->a, "sent-encrypted-bytes"), 25 * WIRE_LEN);

  endpoint_stop (&call->b);
  endpoint_stop (&call->a);
  call_start (call);
  endpoint_talk (&call->a);
  call_settle (call);
  /* A new run counts anew. */
  fail_unless_equals_uint64 (endpoint_stat (&call->a, "sent-encrypted-bytes"), 0);
  fail_unless (endpoint_stat (&call->a, "zrtp-received-bytes") < zrtp[1]);
  call_free (call);
}
GST_END_TEST;

GST_START_TEST (test_clear_lists)
{
  Call *call = call_new ();
  GstBufferList *list = gst_buffer_list_new ();
  guint i;

  call_start (call);
  for (i = 0; i < 3; i++)
    gst_buffer_list_add (list, endpoint_make_rtp (&call->a));
  gst_pad_push_list (call->a.media_in, list);
  fail_unless_equals_uint64 (endpoint_stat (&call->a, "sent-clear"), 3);
  fail_unless_equals_uint64 (endpoint_stat (&call->a, "sent-clear-bytes"), 3 * (12 + CALL_PAYLOAD));
  call_free (call);
}
GST_END_TEST;

static gboolean
lose_media (Endpoint *from, PacketKind kind, GstBuffer *packet, gpointer data)
{
  return kind == PACKET_ZRTP;
}

/* Rollover counter, sequence number and lifetime of the keys, by direction. */
GST_START_TEST (test_keys)
{
  Call *call = secure_call (NULL);
  GstStructure *stream = stream_stats (&call->a);
  GstBuffer *late;
  guint64 left;
  guint i;

  check_string (stream, "send-media", "encrypted");
  check_string (stream, "receive-media", "encrypted");
  fail_unless_equals_int (get_uint (stream, "send-keys"), 1);
  fail_unless_equals_int (get_uint (stream, "receive-keys"), 1);
  fail_unless_equals_int (get_uint (stream, "send-ssrcs"), 0);
  fail_if (gst_structure_has_field (stream, "send-roc"));
  left = get_uint64 (stream, "send-packets-left");
  fail_unless_equals_uint64 (left, G_GUINT64_CONSTANT (1) << 48);
  fail_unless_equals_uint64 (get_uint64 (stream, "receive-rtcp-packets-left"), G_GUINT64_CONSTANT (1) << 31);
  gst_structure_free (stream);

  /* 65531 to 65535, then 0 to 4; the last but one again does not count back. */
  for (i = 0; i < 10; i++)
    endpoint_talk (&call->a);
  call->a.sequence -= 2;
  endpoint_talk (&call->a);
  stream = stream_stats (&call->a);
  fail_unless_equals_int (get_uint (stream, "send-roc"), 1);
  fail_unless_equals_int (get_uint (stream, "send-sequence"), 4);
  fail_unless_equals_int_hex (get_uint (stream, "send-ssrc"), call->a.ssrc);
  fail_unless_equals_int (get_uint (stream, "send-ssrcs"), 1);
  fail_unless_equals_uint64 (get_uint64 (stream, "send-packets-left"), left - 10);
  fail_unless_equals_uint64 (get_uint64 (stream, "send-replayed"), 1);
  gst_structure_free (stream);
  stream = stream_stats (&call->b);
  fail_unless_equals_int (get_uint (stream, "receive-roc"), 1);
  fail_unless_equals_int (get_uint (stream, "receive-sequence"), 4);
  fail_unless_equals_int_hex (get_uint (stream, "receive-ssrc"), call->a.ssrc);
  fail_unless_equals_uint64 (get_uint64 (stream, "receive-packets-left"), left - 10);
  gst_structure_free (stream);

  /* One that comes late does not count back. */
  call->filter = lose_media;
  call->a.sequence = 5;
  endpoint_talk (&call->a);
  call->filter = NULL;
  late = g_queue_peek_tail (&call->a.wire);
  endpoint_talk (&call->a);
  endpoint_inject (&call->b, gst_buffer_ref (late));
  stream = stream_stats (&call->b);
  fail_unless_equals_int (get_uint (stream, "receive-sequence"), 6);
  fail_unless_equals_uint64 (get_uint64 (stream, "receive-packets-left"), left - 12);
  gst_structure_free (stream);
  call_free (call);
}
GST_END_TEST;

/* New keys of the same call, and what is said of them in between. */
GST_START_TEST (test_rekey)
{
  Call *call = secure_call (NULL);
  GstStructure *stream;

  g_signal_emit_by_name (call->a.enc, "clear");
  call_settle (call);
  g_signal_emit_by_name (call->b.enc, "accept-clear");
  call_settle (call);
  stream = stream_stats (&call->a);
  check_string (stream, "state", "clear");
  check_string (stream, "send-media", "clear");
  fail_if (gst_structure_has_field (stream, "cipher") || gst_structure_has_field (stream, "send-packets-left")
      || gst_structure_has_field (stream, "time-secure"));
  gst_structure_free (stream);

  g_signal_emit_by_name (call->a.enc, "secure");
  fail_unless (call_run_until_secure (call, 5 * GST_SECOND));
  stream = stream_stats (&call->a);
  fail_unless_equals_int (get_uint (stream, "send-keys"), 2);
  fail_unless_equals_int (get_uint (stream, "receive-keys"), 2);
  fail_unless_equals_uint64 (get_uint64 (stream, "exchanges"), 2);
  check_string (stream, "key-agreement", "Mult");
  gst_structure_free (stream);
  call_free (call);
}
GST_END_TEST;

/* What the two have agreed on, and who the peer says it is. Nothing in it is secret. */
GST_START_TEST (test_algorithms)
{
  Call *call = secure_call (NULL);
  GstStructure *stream = stream_stats (&call->a), *stats;
  const GstStructure *sas = gst_message_get_structure (endpoint_message (&call->a, "zrtp-sas"));
  static const gchar *const names[] = { "hash", "cipher", "auth-tag", "key-agreement", "sas-type", "role" };
  gchar *text;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++)
    check_string (stream, names[i], gst_structure_get_string (sas, names[i]));
  check_string (stream, "role", "initiator");
  check_string (stream, "cipher", "AES3");
  gst_structure_free (stream);
  g_object_get (call->a.enc, "stats", &stats, NULL);
  check_string (stats, "peer-client", gst_structure_get_string (sas, "peer-client"));
  fail_unless (strstr (gst_structure_get_string (stats, "peer-client"), "Bob's") != NULL);
  text = gst_structure_to_string (stats);
  fail_unless (strstr (text, gst_structure_get_string (sas, "sas-hash")) == NULL);
  g_free (text);
  gst_structure_free (stats);
  call_free (call);
}
GST_END_TEST;

/* Each thing that can be wrong with a packet has a counter, and only that one moves. */
GST_START_TEST (test_drops)
{
  Call *call = secure_call (NULL);
  static const gchar *const reasons[] = { "zrtp-dropped-crc", "receive-forged", "receive-replayed", "receive-foreign",
    "receive-malformed" };
  guint8 zrtp[32] = { 0x10, 0, 0, 1, 'Z', 'R', 'T', 'P' }, junk[20] = { 0x40 }, stub[13] = { 0x80 };
  GstBuffer *packet, *forged;
  guint i, j;
  guint8 octet = 0;

  endpoint_talk (&call->b);
  packet = g_queue_peek_tail (&call->b.wire);
  forged = gst_buffer_copy_deep (packet);
  gst_buffer_fill (forged, 2, &octet, 1);
  for (i = 0; i < G_N_ELEMENTS (reasons); i++) {
    GstBuffer *bad = i == 0 ? gst_buffer_new_memdup (zrtp, sizeof zrtp) : i == 1 ? gst_buffer_ref (forged)
        : i == 2 ? gst_buffer_ref (packet) : i == 3 ? gst_buffer_new_memdup (junk, sizeof junk)
        : gst_buffer_new_memdup (stub, sizeof stub);

    endpoint_inject (&call->a, bad);
    call_settle (call);
    for (j = 0; j < G_N_ELEMENTS (reasons); j++)
      fail_unless_equals_uint64 (endpoint_stat (&call->a, reasons[j]), j <= i);
  }
  gst_buffer_unref (forged);
  call_check_secure (call);
  call_free (call);
}
GST_END_TEST;

static Suite *
stats_suite (void)
{
  Suite *suite = suite_create ("stats");
  TCase *tcase = tcase_create ("stats");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_times);
  tcase_add_test (tcase, test_resent);
  tcase_add_test (tcase, test_bytes);
  tcase_add_test (tcase, test_clear_lists);
  tcase_add_test (tcase, test_keys);
  tcase_add_test (tcase, test_rekey);
  tcase_add_test (tcase, test_algorithms);
  tcase_add_test (tcase, test_drops);
  return suite;
}

GST_CHECK_MAIN (stats)
