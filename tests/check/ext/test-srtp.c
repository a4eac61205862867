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

#include "srtp-model.h"
#include "srtp-packets.h"

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
  GThread *threads[SRTP_N_ALGORITHMS];
  guint i;

  for (i = 0; i < SRTP_N_ALGORITHMS; i++)
    threads[i] = g_thread_new ("first-use", first_use, GUINT_TO_POINTER (i));
  for (i = 0; i < SRTP_N_ALGORITHMS; i++)
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/srtp/threads", test_threads);      /* the first that uses the library */
  g_test_add_func ("/srtp/refused", test_refused);
  g_test_add_func ("/srtp/transcripts", test_transcripts);
  g_test_add_func ("/srtp/kdf", test_kdf);
  add_srtp_test ("model", test_model);
  add_srtp_test ("tampering", test_tampering);
  add_srtp_test ("clear-srtcp", test_clear_srtcp);
  return g_test_run ();
}
