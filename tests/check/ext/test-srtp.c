/* test-srtp.c: SRTP and SRTCP contexts, against recorded calls, against the RFCs' text, and against
 * attackers.
 *
 * Built twice: on Nettle's algorithms inside libsrtp2, and on libsrtp2's own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <malloc.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include "ext/srtp2/srtp.h"
#include "srtp-model.h"

#define SSRC 0xa11ce001u
#define ROOM 4096

/* Every algorithm that a call can agree on. */
static const struct
{
  const gchar *name;
  guint key_len, salt_len, tag_len;
  gboolean aead;
} algorithms[] = {
  {"AES1-HS32", 16, 14, 4, FALSE}, {"AES1-HS80", 16, 14, 10, FALSE},
  {"AES2-HS32", 24, 14, 4, FALSE}, {"AES2-HS80", 24, 14, 10, FALSE},
  {"AES3-HS32", 32, 14, 4, FALSE}, {"AES3-HS80", 32, 14, 10, FALSE},
  {"AES1-GCM", 16, 12, 16, TRUE}, {"AES3-GCM", 32, 12, 16, TRUE},
};

static void
make_keys (ZrtpSrtpKeys * keys, guint algorithm)
{
  guint i;

  memset (keys, 0, sizeof *keys);
  keys->key_len = algorithms[algorithm].key_len;
  keys->salt_len = algorithms[algorithm].salt_len;
  keys->tag_len = algorithms[algorithm].tag_len;
  keys->aead = algorithms[algorithm].aead;
  for (i = 0; i < keys->key_len; i++)
    keys->key[i] = 0x40 + 7 * i;
  for (i = 0; i < keys->salt_len; i++)
    keys->salt[i] = 0xc0 - 5 * i;
}

/* libsrtp2's own AES-192 is not RFC 6188's before version 2.8, and is then refused. */
static gboolean
skip_unsupported (const ZrtpSrtpKeys * keys)
{
  if (zrtp_srtp_supports (keys->key_len, keys->aead))
    return FALSE;
  g_assert_cmpuint (keys->key_len, ==, 24);
  g_assert_cmpstr (TEST_BACKEND, !=, "nettle");
  g_assert_null (zrtp_srtp_new (ZRTP_SRTP_SENDER, keys, NULL));
  g_test_skip ("this libsrtp2 derives wrong session keys for AES-192");
  return TRUE;
}

static ZrtpSrtp *
make_context (ZrtpSrtpRole role, const ZrtpSrtpKeys * keys)
{
  GError *error = NULL;
  ZrtpSrtp *srtp = zrtp_srtp_new (role, keys, &error);

  g_assert_no_error (error);
  g_assert_nonnull (srtp);
  return srtp;
}

static void
put_u32 (guint8 * at, guint32 value)
{
  value = GUINT32_TO_BE (value);
  memcpy (at, &value, 4);
}

/* An RTP packet with its length; csrcs and extension words as asked for. */
static gsize
make_rtp (guint8 * packet, guint32 ssrc, guint16 seq, guint csrcs, gint extension, gsize payload_len)
{
  gsize len = 12, i;

  packet[0] = 0x80 | csrcs | (extension >= 0 ? 0x10 : 0);
  packet[1] = 96;
  packet[2] = seq >> 8;
  packet[3] = seq & 0xff;
  put_u32 (packet + 4, seq * 960u);
  put_u32 (packet + 8, ssrc);
  for (i = 0; i < csrcs; i++, len += 4)
    put_u32 (packet + len, 0x1000 + i);
  if (extension >= 0) {
    put_u32 (packet + len, 0xabac0000u | extension);
    memset (packet + len + 4, 0x55, extension * 4);
    len += 4 + extension * 4;
  }
  for (i = 0; i < payload_len; i++)
    packet[len + i] = i * 3 + seq;
  return len + payload_len;
}

static gsize
make_rtcp (guint8 * packet, guint32 ssrc, gsize words)
{
  gsize i;

  put_u32 (packet, 0x80c90000u | (guint32) (words + 1));
  put_u32 (packet + 4, ssrc);
  for (i = 0; i < words * 4; i++)
    packet[8 + i] = 0x20 + i;
  return 8 + words * 4;
}

/* Gives the receiver the packet in a buffer of exactly its size, so that a sanitizer sees any octet too far. */
typedef ZrtpSrtpResult (*UnprotectFunc) (ZrtpSrtp * srtp, guint8 * packet, gsize * len);

static ZrtpSrtpResult
receive (ZrtpSrtp * srtp, UnprotectFunc unprotect, const guint8 * packet, gsize len, const guint8 * clear,
    gsize clear_len)
{
  guint8 *copy = g_memdup2 (packet, len);
  gsize new_len = len;
  ZrtpSrtpResult result;

  if (!copy)
    copy = g_malloc (1);
  result = unprotect (srtp, copy, &new_len);
  if (result == ZRTP_SRTP_OK && clear)
    g_assert_cmpmem (copy, new_len, clear, clear_len);
  g_free (copy);
  return result;
}

static ZrtpSrtpResult
receive_rtp (ZrtpSrtp * srtp, const guint8 * packet, gsize len)
{
  return receive (srtp, zrtp_srtp_unprotect, packet, len, NULL, 0);
}

static ZrtpSrtpResult
receive_rtcp (ZrtpSrtp * srtp, const guint8 * packet, gsize len)
{
  return receive (srtp, zrtp_srtp_unprotect_rtcp, packet, len, NULL, 0);
}

/* Many threads need the library first, at once. */
static gpointer
first_use (gpointer data)
{
  ZrtpSrtpKeys keys;
  guint8 packet[ROOM], clear[ROOM];
  ZrtpSrtp *sender, *receiver;
  gsize len, clear_len;
  guint i;

  make_keys (&keys, GPOINTER_TO_UINT (data));
  if (!zrtp_srtp_supports (keys.key_len, keys.aead))
    return NULL;
  sender = make_context (ZRTP_SRTP_SENDER, &keys);
  receiver = make_context (ZRTP_SRTP_RECEIVER, &keys);
  for (i = 0; i < 50; i++) {
    len = clear_len = make_rtp (packet, SSRC, i, 0, -1, 160);
    memcpy (clear, packet, len);
    g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, ZRTP_SRTP_OK);
    g_assert_cmpint (receive (receiver, zrtp_srtp_unprotect, packet, len, clear, clear_len), ==, ZRTP_SRTP_OK);
  }
  zrtp_srtp_free (sender);
  zrtp_srtp_free (receiver);
  return NULL;
}

static void
test_threads (void)
{
  GThread *threads[G_N_ELEMENTS (algorithms)];
  guint i;

  for (i = 0; i < G_N_ELEMENTS (algorithms); i++)
    threads[i] = g_thread_new ("first-use", first_use, GUINT_TO_POINTER (i));
  for (i = 0; i < G_N_ELEMENTS (algorithms); i++)
    g_thread_join (threads[i]);
  g_assert_cmpstr (zrtp_srtp_get_backend (), ==, TEST_BACKEND);
}

/* What is not negotiable, and mistaken lengths, are refused with words. */
static void
test_refused (void)
{
  ZrtpSrtpKeys keys;
  GError *error = NULL;
  guint i;

  g_assert_false (zrtp_srtp_supports (24, TRUE));
  g_assert_false (zrtp_srtp_supports (0, FALSE));
  g_assert_false (zrtp_srtp_supports (30, FALSE));
  for (i = 0; i < 4; i++) {
    make_keys (&keys, i == 3 ? 7 : 1);
    if (i == 0)
      keys.tag_len = 8;
    else if (i == 1)
      keys.salt_len = 12;
    else if (i == 2)
      keys.key_len = 20;
    else
      keys.key_len = 24;
    g_assert_null (zrtp_srtp_new (ZRTP_SRTP_SENDER, &keys, &error));
    g_assert_nonnull (error);
    g_assert_cmpuint (strlen (error->message), >, 20);
    g_clear_error (&error);
  }
}

static gsize
from_hex (const gchar * hex, guint8 * out)
{
  gsize i, len = strlen (hex) / 2;

  g_assert_cmpuint (len, <=, ROOM);
  for (i = 0; i < len; i++)
    out[i] = g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]);
  return len;
}

static JsonObject *
load_vectors (JsonParser * parser, const gchar * name)
{
  const gchar *dir = g_getenv ("ZRTP_VECTORS");
  gchar *path;
  GError *error = NULL;

  g_assert_nonnull (dir);
  path = g_build_filename (dir, name, NULL);
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  g_free (path);
  return json_node_get_object (json_parser_get_root (parser));
}

static void
check_transcript_role (JsonObject * root, const gchar * role, const gchar * key_name, const gchar * salt_name)
{
  JsonObject *derived = json_object_get_object_member (root, "derived");
  JsonObject *negotiated = json_object_get_object_member (root, "negotiated");
  JsonObject *sample = json_object_get_object_member (json_object_get_object_member (root, "srtp"), role);
  const gchar *tag = json_object_get_string_member (negotiated, "auth_tag");
  guint8 clear[ROOM], packet[ROOM], expected[ROOM];
  gsize clear_len, len, expected_len;
  ZrtpSrtp *sender, *receiver;
  ZrtpSrtpKeys keys = { 0 };

  keys.key_len = from_hex (json_object_get_string_member (derived, key_name), keys.key);
  keys.salt_len = from_hex (json_object_get_string_member (derived, salt_name), keys.salt);
  keys.tag_len = g_str_equal (tag, "HS32") ? 4 : 10;
  sender = make_context (ZRTP_SRTP_SENDER, &keys);
  receiver = make_context (ZRTP_SRTP_RECEIVER, &keys);

  len = clear_len = from_hex (json_object_get_string_member (sample, "rtp"), clear);
  memcpy (packet, clear, len);
  expected_len = from_hex (json_object_get_string_member (sample, "srtp"), expected);
  g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, ZRTP_SRTP_OK);
  g_assert_cmpmem (packet, len, expected, expected_len);
  g_assert_cmpint (receive (receiver, zrtp_srtp_unprotect, expected, expected_len, clear, clear_len), ==,
      ZRTP_SRTP_OK);

  len = clear_len = from_hex (json_object_get_string_member (sample, "rtcp"), clear);
  memcpy (packet, clear, len);
  expected_len = from_hex (json_object_get_string_member (sample, "srtcp_80bit_tag"), expected);
  g_assert_cmpint (zrtp_srtp_protect_rtcp (sender, packet, &len), ==, ZRTP_SRTP_OK);
  g_assert_cmpmem (packet, len, expected, expected_len);
  g_assert_cmpint (receive (receiver, zrtp_srtp_unprotect_rtcp, expected, expected_len, clear, clear_len), ==,
      ZRTP_SRTP_OK);

  zrtp_srtp_free (sender);
  zrtp_srtp_free (receiver);
}

/* Z-4.5.3-2, Z-4.5.3-3, Z-4.5.3-4, Z-4.5.3-9, Z-4.5.3-10, Z-5.1.2-4 (Z-bis-5) */
static void
test_transcripts (void)
{
  GDir *dir = g_dir_open (g_getenv ("ZRTP_VECTORS"), 0, NULL);
  const gchar *name;
  guint n = 0;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir))) {
    JsonParser *parser;
    JsonObject *root;

    if (!g_str_has_prefix (name, "transcript_"))
      continue;
    parser = json_parser_new ();
    root = load_vectors (parser, name);
    check_transcript_role (root, "initiator", "srtpkeyi", "srtpsalti");
    check_transcript_role (root, "responder", "srtpkeyr", "srtpsaltr");
    g_object_unref (parser);
    n++;
  }
  g_dir_close (dir);
  g_assert_cmpuint (n, >=, 8);
}

/* The session keys of RFC 3711 B.3 and RFC 6188 are what a context encrypts and authenticates with
 * (Z-4.5.3-7). */
static void
check_kdf (JsonObject * vector)
{
  guint8 packet[ROOM], expected[ROOM], master[64];
  ZrtpSrtpKeys keys = { 0 };
  SrtpModel model = { 0 };
  ZrtpSrtp *sender;
  gsize len, expected_len;

  keys.key_len = from_hex (json_object_get_string_member (vector, "master_key"), master);
  memcpy (keys.key, master, keys.key_len);
  keys.salt_len = from_hex (json_object_get_string_member (vector, "master_salt"), keys.salt);
  keys.tag_len = 10;
  model.key_len = keys.key_len;
  model.tag_len = model.rtcp_tag_len = 10;
  from_hex (json_object_get_string_member (vector, "rtp_enc"), model.rtp_key);
  from_hex (json_object_get_string_member (vector, "rtp_auth"), model.rtp_auth);
  from_hex (json_object_get_string_member (vector, "rtp_salt"), model.rtp_salt);
  from_hex (json_object_get_string_member (vector, "rtcp_enc"), model.rtcp_key);
  from_hex (json_object_get_string_member (vector, "rtcp_auth"), model.rtcp_auth);
  from_hex (json_object_get_string_member (vector, "rtcp_salt"), model.rtcp_salt);

  sender = make_context (ZRTP_SRTP_SENDER, &keys);
  len = make_rtp (packet, SSRC, 77, 0, -1, 100);
  memcpy (expected, packet, len);
  expected_len = srtp_model_protect (&model, expected, len, 0);
  g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, ZRTP_SRTP_OK);
  g_assert_cmpmem (packet, len, expected, expected_len);
  len = make_rtcp (packet, SSRC, 6);
  memcpy (expected, packet, len);
  expected_len = srtp_model_protect_rtcp (&model, expected, len, 1, TRUE);
  g_assert_cmpint (zrtp_srtp_protect_rtcp (sender, packet, &len), ==, ZRTP_SRTP_OK);
  g_assert_cmpmem (packet, len, expected, expected_len);
  zrtp_srtp_free (sender);
}

/* Z-4.5.1-5 */
static void
test_kdf (void)
{
  JsonParser *parser = json_parser_new ();
  JsonObject *root = load_vectors (parser, "srtp_kdf.json");

  check_kdf (json_object_get_object_member (root, "aes128"));
  check_kdf (json_object_get_object_member (root, "aes256"));
  g_object_unref (parser);
}

/* Every algorithm, header shape and payload length is what the RFCs say, octet by octet, and comes back. */
static void
test_model (gconstpointer data)
{
  static const struct
  {
    guint csrcs;
    gint extension;
  } shapes[] = { {0, -1}, {2, -1}, {15, -1}, {0, 0}, {0, 3}, {3, 5} };
  guint8 clear[ROOM], packet[ROOM], expected[ROOM];
  gsize clear_len, len, expected_len, payload;
  ZrtpSrtp *sender, *receiver;
  ZrtpSrtpKeys keys;
  SrtpModel model;
  guint i, seq = 65300, index = 0;

  make_keys (&keys, GPOINTER_TO_UINT (data));
  if (skip_unsupported (&keys))
    return;
  srtp_model_init (&model, &keys);
  sender = make_context (ZRTP_SRTP_SENDER, &keys);
  receiver = make_context (ZRTP_SRTP_RECEIVER, &keys);

  for (i = 0; i < G_N_ELEMENTS (shapes); i++) {
    for (payload = 0; payload < 1300; payload += payload < 50 ? 1 : 37, seq++) {
      len = clear_len = make_rtp (clear, SSRC, seq, shapes[i].csrcs, shapes[i].extension, payload);
      memcpy (packet, clear, len);
      memcpy (expected, clear, len);
      expected_len = srtp_model_protect (&model, expected, len, seq >> 16);
      g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, ZRTP_SRTP_OK);
      g_assert_cmpmem (packet, len, expected, expected_len);
      g_assert_cmpuint (len - clear_len, <=, ZRTP_SRTP_MAX_TRAILER);
      g_assert_cmpint (receive (receiver, zrtp_srtp_unprotect, packet, len, clear, clear_len), ==, ZRTP_SRTP_OK);
    }
  }
  g_assert_cmpuint (seq, >, 65536);     /* it has wrapped on the way */

  for (payload = 0; payload < 200; payload++) {
    len = clear_len = make_rtcp (clear, SSRC, payload);
    memcpy (packet, clear, len);
    memcpy (expected, clear, len);
    expected_len = srtp_model_protect_rtcp (&model, expected, len, ++index, TRUE);
    g_assert_cmpint (zrtp_srtp_protect_rtcp (sender, packet, &len), ==, ZRTP_SRTP_OK);
    g_assert_cmpmem (packet, len, expected, expected_len);
    g_assert_cmpuint (len - clear_len, <=, ZRTP_SRTP_MAX_TRAILER);
    g_assert_cmpint (receive (receiver, zrtp_srtp_unprotect_rtcp, packet, len, clear, clear_len), ==,
        ZRTP_SRTP_OK);
  }
  zrtp_srtp_free (sender);
  zrtp_srtp_free (receiver);
}

/* A flipped bit anywhere, a cut anywhere: dropped, and the true packet still gets in afterwards. */
static void
check_tampering (ZrtpSrtp * receiver, UnprotectFunc unprotect, const guint8 * packet, gsize len)
{
  guint8 changed[ROOM], longer[ROOM] = { 0 };
  gsize at;

  for (at = 0; at < len; at++) {
    memcpy (changed, packet, len);
    changed[at] ^= 1 << at % 8;
    g_assert_cmpint (receive (receiver, unprotect, changed, len, NULL, 0), !=, ZRTP_SRTP_OK);
    if (at >= 28)               /* behind all that tells lengths */
      g_assert_cmpint (receive (receiver, unprotect, changed, len, NULL, 0), ==, ZRTP_SRTP_FORGED);
  }
  for (at = 0; at < len; at++)
    g_assert_cmpint (receive (receiver, unprotect, packet, at, NULL, 0), !=, ZRTP_SRTP_OK);
  memcpy (longer, packet, len);
  for (at = 1; at < 40; at++)
    g_assert_cmpint (receive (receiver, unprotect, longer, len + at, NULL, 0), !=, ZRTP_SRTP_OK);
  g_assert_cmpint (receive (receiver, unprotect, packet, len, NULL, 0), ==, ZRTP_SRTP_OK);
  g_assert_cmpint (receive (receiver, unprotect, packet, len, NULL, 0), ==, ZRTP_SRTP_REPLAYED);
}

static void
test_tampering (gconstpointer data)
{
  guint8 packet[ROOM];
  ZrtpSrtp *sender, *receiver;
  ZrtpSrtpKeys keys;
  gsize len;
  guint i;

  make_keys (&keys, GPOINTER_TO_UINT (data));
  if (skip_unsupported (&keys))
    return;
  sender = make_context (ZRTP_SRTP_SENDER, &keys);
  receiver = make_context (ZRTP_SRTP_RECEIVER, &keys);
  /* The first packet of an unknown SSRC, and the second. */
  for (i = 0; i < 2; i++) {
    len = make_rtp (packet, SSRC, 100 + i, 1, 2, 33);
    g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, ZRTP_SRTP_OK);
    check_tampering (receiver, zrtp_srtp_unprotect, packet, len);
    len = make_rtcp (packet, SSRC, 7);
    g_assert_cmpint (zrtp_srtp_protect_rtcp (sender, packet, &len), ==, ZRTP_SRTP_OK);
    check_tampering (receiver, zrtp_srtp_unprotect_rtcp, packet, len);
  }
  /* A header that points behind the packet; other versions of RTP; what is too short to be anything. */
  for (i = 0; i < 256; i++) {
    len = make_rtp (packet, SSRC, 300 + i, 0, -1, 20);
    packet[0] = i;
    memset (packet + 12, 0xff, 20);
    if ((i & 0xc0) != 0x80) {
      g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_MALFORMED);
      g_assert_cmpint (receive_rtcp (receiver, packet, len + 20), ==, ZRTP_SRTP_MALFORMED);
    } else {
      g_assert_cmpint (receive_rtp (receiver, packet, len), !=, ZRTP_SRTP_OK);
    }
    if ((i & 0xc0) != 0x80 || (i & 0x10))
      g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, ZRTP_SRTP_MALFORMED);
  }
  for (len = 0; len < 12; len++) {
    gsize n = len;
    packet[0] = 0x80;
    g_assert_cmpint (zrtp_srtp_protect (sender, packet, &n), ==, ZRTP_SRTP_MALFORMED);
    g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_MALFORMED);
    g_assert_cmpint (receive_rtcp (receiver, packet, len), ==, ZRTP_SRTP_MALFORMED);
  }
  zrtp_srtp_free (sender);
  zrtp_srtp_free (receiver);
}

/* Unencrypted SRTCP is refused, with a right tag too (attacks F3 and F4). */
static void
test_clear_srtcp (gconstpointer data)
{
  guint8 packet[ROOM];
  ZrtpSrtp *receiver;
  ZrtpSrtpKeys keys;
  SrtpModel model;
  gsize len, words;

  make_keys (&keys, GPOINTER_TO_UINT (data));
  if (skip_unsupported (&keys))
    return;
  srtp_model_init (&model, &keys);
  receiver = make_context (ZRTP_SRTP_RECEIVER, &keys);
  for (words = 0; words < 100; words++) {
    len = srtp_model_protect_rtcp (&model, packet, make_rtcp (packet, SSRC, words), words + 1, FALSE);
    g_assert_cmpint (receive_rtcp (receiver, packet, len), ==, ZRTP_SRTP_FORGED);
  }
  len = srtp_model_protect_rtcp (&model, packet, make_rtcp (packet, SSRC, 4), 1, TRUE);
  g_assert_cmpint (receive_rtcp (receiver, packet, len), ==, ZRTP_SRTP_OK);
  zrtp_srtp_free (receiver);
}

/* Reordering inside the window is fine, a repeat is not, nor is what the window has left behind. */
static void
test_replay (gconstpointer data)
{
  guint8 packet[ROOM];
  ZrtpSrtp *receiver, *sender;
  ZrtpSrtpKeys keys;
  SrtpModel model;
  guint order[] = { 5000, 5003, 5001, 5002, 6000, 5004, 5500, 5999, 4990 };
  gsize len;
  guint i;

  make_keys (&keys, GPOINTER_TO_UINT (data));
  if (skip_unsupported (&keys))
    return;
  srtp_model_init (&model, &keys);
  receiver = make_context (ZRTP_SRTP_RECEIVER, &keys);
  for (i = 0; i < G_N_ELEMENTS (order); i++) {
    len = srtp_model_protect (&model, packet, make_rtp (packet, SSRC, order[i], 0, -1, 20), 0);
    g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_OK);
    g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_REPLAYED);
  }
  len = srtp_model_protect (&model, packet, make_rtp (packet, SSRC, 4000, 0, -1, 20), 0);
  g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_REPLAYED);

  len = srtp_model_protect_rtcp (&model, packet, make_rtcp (packet, SSRC, 4), 900, TRUE);
  g_assert_cmpint (receive_rtcp (receiver, packet, len), ==, ZRTP_SRTP_OK);
  g_assert_cmpint (receive_rtcp (receiver, packet, len), ==, ZRTP_SRTP_REPLAYED);
  len = srtp_model_protect_rtcp (&model, packet, make_rtcp (packet, SSRC, 4), 899, TRUE);
  g_assert_cmpint (receive_rtcp (receiver, packet, len), ==, ZRTP_SRTP_OK);
  len = srtp_model_protect_rtcp (&model, packet, make_rtcp (packet, SSRC, 4), 500, TRUE);
  g_assert_cmpint (receive_rtcp (receiver, packet, len), ==, ZRTP_SRTP_REPLAYED);
  zrtp_srtp_free (receiver);

  /* A sender never uses a key stream twice (attack F5). */
  sender = make_context (ZRTP_SRTP_SENDER, &keys);
  for (i = 0; i < 2; i++) {
    len = make_rtp (packet, SSRC, 7, 0, -1, 20);
    g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, i == 0 ? ZRTP_SRTP_OK : ZRTP_SRTP_REPLAYED);
  }
  zrtp_srtp_free (sender);
}

/* A call that starts just before the sequence numbers wrap, with losses over the wrap (Z-4.5.3-10, attack
 * F6). */
static void
check_wrap (ZrtpSrtpKeys * keys, guint first, guint lost_from, guint lost_to, guint forged)
{
  guint8 packet[ROOM], junk[ROOM];
  ZrtpSrtp *sender = make_context (ZRTP_SRTP_SENDER, keys);
  ZrtpSrtp *receiver = make_context (ZRTP_SRTP_RECEIVER, keys);
  gsize len;
  guint i;

  for (i = 0; i < forged; i++) {
    len = make_rtp (junk, SSRC + i, i, 0, -1, 60);
    g_assert_cmpint (receive_rtp (receiver, junk, len), ==, ZRTP_SRTP_FORGED);
  }
  for (i = first; i < first + 140000; i += i < first + 600 ? 1 : 97) {
    len = make_rtp (packet, SSRC, i & 0xffff, 0, -1, 20);
    g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, ZRTP_SRTP_OK);
    if (i < lost_from || i >= lost_to)
      g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_OK);
    if (i < lost_from || i >= lost_to)
      g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_REPLAYED);
  }
  zrtp_srtp_free (sender);
  zrtp_srtp_free (receiver);
}

static void
test_wrap (gconstpointer data)
{
  ZrtpSrtpKeys keys;

  make_keys (&keys, GPOINTER_TO_UINT (data));
  if (skip_unsupported (&keys))
    return;
  check_wrap (&keys, 65530, 0, 0, 0);
  check_wrap (&keys, 65530, 65531, 65731, 0);
  check_wrap (&keys, 0, 0, 0, 0);
  /* Not one packet from before the wrap arrives. libsrtp2's own AES-GCM may destroy what it refuses. */
  if (!keys.aead || g_str_equal (TEST_BACKEND, "nettle")) {
    check_wrap (&keys, 65530, 0, 65536, 0);
    check_wrap (&keys, 65530, 0, 65731, 20);
  }
}

/* The same for SSRCs that begin when others have verified already, RTCP of their own among that; and strangers cannot use up for good
 * what is tried. */
static void
test_wrap_later (gconstpointer data)
{
  guint8 packet[ROOM], junk[ROOM];
  ZrtpSrtp *sender, *receiver;
  ZrtpSrtpKeys keys;
  gsize len;
  guint i, j;

  make_keys (&keys, GPOINTER_TO_UINT (data));
  if (skip_unsupported (&keys) || (keys.aead && !g_str_equal (TEST_BACKEND, "nettle")))
    return;
  sender = make_context (ZRTP_SRTP_SENDER, &keys);
  receiver = make_context (ZRTP_SRTP_RECEIVER, &keys);
  for (i = 0; i < 4; i++) {
    if (i & 1) {
      len = make_rtcp (packet, SSRC + i, 6);
      g_assert_cmpint (zrtp_srtp_protect_rtcp (sender, packet, &len), ==, ZRTP_SRTP_OK);
      g_assert_cmpint (receive_rtcp (receiver, packet, len), ==, ZRTP_SRTP_OK);
    }
    for (j = 65530; j < 65540; j++) {
      len = make_rtp (packet, SSRC + i, j & 0xffff, 0, -1, 20);
      g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, ZRTP_SRTP_OK);
      if (j > 65537) {
        g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_OK);
        g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_REPLAYED);
      }
    }
    for (j = 0; j < 1000; j++) {
      len = make_rtp (junk, 0x70000000u + j, j, 0, -1, 60);
      g_assert_cmpint (receive_rtp (receiver, junk, len), ==, ZRTP_SRTP_FORGED);
    }
    /* What the next one lives on. */
    for (j = 0; j < 200; j++) {
      len = make_rtp (packet, SSRC + i, 100 + j, 0, -1, 20);
      g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, ZRTP_SRTP_OK);
      g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_OK);
    }
  }
  zrtp_srtp_free (sender);
  zrtp_srtp_free (receiver);
}

/* Several SSRCs under one key; strangers' make nothing grow, and the peer's own no more than so much. */
static void
test_ssrcs (gconstpointer data)
{
  guint8 packet[ROOM];
  ZrtpSrtp *sender, *receiver;
  ZrtpSrtpKeys keys;
  gsize len, before;
  guint i, seq, ok = 0;

  make_keys (&keys, GPOINTER_TO_UINT (data));
  if (skip_unsupported (&keys))
    return;
  sender = make_context (ZRTP_SRTP_SENDER, &keys);
  receiver = make_context (ZRTP_SRTP_RECEIVER, &keys);
  for (seq = 1; seq < 20; seq++) {
    for (i = 0; i < 8; i++) {
      len = make_rtp (packet, SSRC + i, seq * (i + 1), 0, -1, 20);
      g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, ZRTP_SRTP_OK);
      g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_OK);
      g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_REPLAYED);
      len = make_rtcp (packet, SSRC + i, 6);
      g_assert_cmpint (zrtp_srtp_protect_rtcp (sender, packet, &len), ==, ZRTP_SRTP_OK);
      g_assert_cmpint (receive_rtcp (receiver, packet, len), ==, ZRTP_SRTP_OK);
    }
  }

  /* From the receiver's end on a stack buffer: nothing here allocates but what is under test, once the crypto library has what it
   * keeps. */
  for (i = 0; i < 100; i++) {
    len = make_rtp (packet, 0x60000000u + i, i, 0, -1, 40);
    g_assert_cmpint (zrtp_srtp_unprotect (receiver, packet, &len), ==, ZRTP_SRTP_FORGED);
  }
  before = mallinfo2 ().uordblks;
  for (i = 0; i < 20000; i++) {
    len = make_rtp (packet, 0x70000000u + i, i, 0, -1, 40);
    g_assert_cmpint (zrtp_srtp_unprotect (receiver, packet, &len), ==, ZRTP_SRTP_FORGED);
    len = make_rtcp (packet, 0x70000000u + i, 12);
    packet[len - 14] |= 0x80;
    packet[len - 4] |= 0x80;
    g_assert_cmpint (zrtp_srtp_unprotect_rtcp (receiver, packet, &len), ==, ZRTP_SRTP_FORGED);
  }
  g_assert_cmpuint (mallinfo2 ().uordblks, <=, before + 1024);

  for (i = 0; i < 2000; i++) {
    len = make_rtp (packet, SSRC + i, 30000, 0, -1, 20);
    if (zrtp_srtp_protect (sender, packet, &len) == ZRTP_SRTP_OK
        && receive_rtp (receiver, packet, len) == ZRTP_SRTP_OK)
      ok++;
  }
  g_assert_cmpuint (ok, >=, 100);
  g_assert_cmpuint (ok, <, 1000);
  g_assert_cmpuint (mallinfo2 ().uordblks, <=, before + 2 * 1024 * 1024);
  /* Those that were there go on. */
  len = make_rtp (packet, SSRC, 30001, 0, -1, 20);
  g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, ZRTP_SRTP_OK);
  g_assert_cmpint (receive_rtp (receiver, packet, len), ==, ZRTP_SRTP_OK);
  zrtp_srtp_free (sender);
  zrtp_srtp_free (receiver);
}

/* Z-4.5.3-11, attack F9 */
static void
test_lifetime (gconstpointer data)
{
  guint8 packet[ROOM];
  ZrtpSrtp *sender, *receiver;
  ZrtpSrtpKeys keys;
  gsize len;
  guint i;

  make_keys (&keys, GPOINTER_TO_UINT (data));
  if (skip_unsupported (&keys))
    return;
  sender = make_context (ZRTP_SRTP_SENDER, &keys);
  receiver = make_context (ZRTP_SRTP_RECEIVER, &keys);
  zrtp_srtp_set_lifetime (sender, 1000, 100);
  zrtp_srtp_set_lifetime (receiver, 999, 99);
  /* The limit is the key's, whatever the number of SSRCs. */
  for (i = 0; i < 1002; i++) {
    len = make_rtp (packet, SSRC + i % 3, i, 0, -1, 20);
    g_assert_cmpint (zrtp_srtp_protect (sender, packet, &len), ==, i < 1000 ? ZRTP_SRTP_OK : ZRTP_SRTP_EXPIRED);
    if (i < 1000)
      g_assert_cmpint (receive_rtp (receiver, packet, len), ==, i < 999 ? ZRTP_SRTP_OK : ZRTP_SRTP_EXPIRED);
  }
  for (i = 0; i < 102; i++) {
    len = make_rtcp (packet, SSRC + i % 3, 3);
    g_assert_cmpint (zrtp_srtp_protect_rtcp (sender, packet, &len), ==,
        i < 100 ? ZRTP_SRTP_OK : ZRTP_SRTP_EXPIRED);
    if (i < 100)
      g_assert_cmpint (receive_rtcp (receiver, packet, len), ==, i < 99 ? ZRTP_SRTP_OK : ZRTP_SRTP_EXPIRED);
  }
  zrtp_srtp_free (sender);
  zrtp_srtp_free (receiver);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const gchar *name;
    void (*func) (gconstpointer data);
  } tests[] = {
    {"model", test_model}, {"tampering", test_tampering}, {"clear-srtcp", test_clear_srtcp},
    {"replay", test_replay}, {"wrap", test_wrap}, {"wrap-later", test_wrap_later}, {"ssrcs", test_ssrcs}, {"lifetime", test_lifetime},
  };
  guint i, j;

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/srtp/threads", test_threads);      /* the first that uses the library */
  g_test_add_func ("/srtp/refused", test_refused);
  g_test_add_func ("/srtp/transcripts", test_transcripts);
  g_test_add_func ("/srtp/kdf", test_kdf);
  for (i = 0; i < G_N_ELEMENTS (tests); i++) {
    for (j = 0; j < G_N_ELEMENTS (algorithms); j++) {
      gchar *path = g_strdup_printf ("/srtp/%s/%s", tests[i].name, algorithms[j].name);

      g_test_add_data_func (path, GUINT_TO_POINTER (j), tests[i].func);
      g_free (path);
    }
  }
  return g_test_run ();
}
