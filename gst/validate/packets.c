/* packets.c: what a packet on the wire is, and which packets a scenario means.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/validate/packets.h"
#include "gst/protocol/packet.h"

#include <string.h>

#define RTP_HEADER_LEN 12
#define TYPE_OFFSET (ZRTP_PACKET_HEADER_LEN + 4)
#define TYPE_LEN 8

struct _GstZrtpPacketFilter
{
  gchar **names;
};

gboolean
gst_zrtp_packet_get_original (GstBuffer *packet, GstZrtpOriginal *original)
{
  guint8 header[RTP_HEADER_LEN], extension[4];
  gsize offset = RTP_HEADER_LEN;

  if (gst_buffer_extract (packet, 0, header, sizeof header) < sizeof header || header[0] >> 6 != 2)
    return FALSE;
  offset += (header[0] & 0x0f) * 4;
  if ((header[0] & 0x10) != 0) {
    if (gst_buffer_extract (packet, offset, extension, sizeof extension) < sizeof extension)
      return FALSE;
    offset += 4 + GST_READ_UINT16_BE (extension + 2) * 4;
  }
  original->sequence = GST_READ_UINT16_BE (header + 2);
  original->ssrc = GST_READ_UINT32_BE (header + 8);
  memset (original->payload, 0, sizeof original->payload);
  original->len = gst_buffer_extract (packet, offset, original->payload, sizeof original->payload);
  return TRUE;
}

void
gst_zrtp_packet_inspect (GstBuffer *packet, GstZrtpPacketInfo *info)
{
  guint8 start[TYPE_OFFSET + TYPE_LEN];
  gsize len = gst_buffer_extract (packet, 0, start, sizeof start);

  memset (info, 0, sizeof *info);
  if (len == sizeof start && start[0] >> 4 == 1 && memcmp (start + 4, "ZRTP", 4) == 0) {
    info->kind = GST_ZRTP_PACKET_ZRTP;
    memcpy (info->message, start + TYPE_OFFSET, TYPE_LEN);
    g_strchomp (info->message);
  } else if (len > 0 && start[0] >> 6 == 2)
    info->kind = GST_ZRTP_PACKET_CLEAR;
}

/* Filters */

static gboolean
is_known (const gchar *name)
{
  /* RFC 6189 section 5, in the order of its subsections. */
  static const gchar *const names[] = { "all", "zrtp", "media", "clear", "encrypted", "Hello", "HelloACK", "Commit",
    "DHPart1", "DHPart2", "Confirm1", "Confirm2", "Conf2ACK", "Error", "ErrorACK", "GoClear", "ClearACK", "SASrelay",
    "RelayACK", "Ping", "PingACK", NULL };

  return g_strv_contains (names, name);
}

static gchar **
split (const GValue *value)
{
  GStrvBuilder *builder;
  gchar **names;
  guint i;

  if (value == NULL)
    return g_strsplit ("all", ",", -1);
  if (G_VALUE_HOLDS_STRING (value))
    return g_strsplit (g_value_get_string (value), ",", -1);
  builder = g_strv_builder_new ();
  for (i = 0; GST_VALUE_HOLDS_LIST (value) && i < gst_value_list_get_size (value); i++) {
    const GValue *item = gst_value_list_get_value (value, i);

    g_strv_builder_add (builder, G_VALUE_HOLDS_STRING (item) ? g_value_get_string (item) : "");
  }
  names = g_strv_builder_end (builder);
  g_strv_builder_unref (builder);
  return names;
}

GstZrtpPacketFilter *
gst_zrtp_packet_filter_new (const GValue *value, gchar **problem)
{
  GstZrtpPacketFilter *self = g_new (GstZrtpPacketFilter, 1);
  guint i;

  self->names = split (value);
  for (i = 0; self->names[i] != NULL; i++) {
    g_strstrip (self->names[i]);
    if (is_known (self->names[i]))
      continue;
    *problem = g_strdup_printf ("there are no packets \"%s\"; there are all, zrtp, media, clear, encrypted, and the "
                                "types of ZRTP messages, such as Commit", self->names[i]);
    gst_zrtp_packet_filter_free (self);
    return NULL;
  }
  return self;
}

void
gst_zrtp_packet_filter_free (GstZrtpPacketFilter *self)
{
  g_strfreev (self->names);
  g_free (self);
}

static gboolean
name_matches (const gchar *name, const GstZrtpPacketInfo *info)
{
  if (strcmp (name, "all") == 0)
    return TRUE;
  switch (info->kind) {
    case GST_ZRTP_PACKET_ZRTP:
      return strcmp (name, "zrtp") == 0 || strcmp (name, info->message) == 0;
    case GST_ZRTP_PACKET_CLEAR:
      return strcmp (name, "media") == 0 || strcmp (name, "clear") == 0;
    case GST_ZRTP_PACKET_ENCRYPTED:
      return strcmp (name, "media") == 0 || strcmp (name, "encrypted") == 0;
    default:
      return FALSE;
  }
}

gboolean
gst_zrtp_packet_filter_matches (const GstZrtpPacketFilter *self, const GstZrtpPacketInfo *info)
{
  guint i;

  for (i = 0; self->names[i] != NULL; i++) {
    if (name_matches (self->names[i], info))
      return TRUE;
  }
  return FALSE;
}

GstBuffer *
gst_zrtp_packet_corrupt (GstBuffer *packet, gsize octet, guint bit, gboolean crc)
{
  GstMapInfo map;

  packet = gst_buffer_make_writable (packet);
  gst_buffer_map (packet, &map, GST_MAP_READWRITE);
  if (octet < map.size)
    map.data[octet] ^= 1 << bit;
  if (crc && map.size >= ZRTP_PACKET_MIN_LEN) {
    gsize len = map.size - ZRTP_PACKET_CRC_LEN;

    /* Z-5-7: least significant octet first. */
    GST_WRITE_UINT32_LE (map.data + len, zrtp_crc32c (map.data, len));
  }
  gst_buffer_unmap (packet, &map);
  return packet;
}
