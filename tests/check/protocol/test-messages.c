/* test-messages.c: parsing and building of each message, field by field (RFC 6189 5.2 to 5.16).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/protocol/messages.h"
#include "random.h"
#include "vectors.h"
#include "wire.h"

#include <string.h>

static const gchar *const transcripts[] = {
  "transcript_ec25_s256.json", "transcript_dh3k_s256.json", "transcript_ec38_s384.json",
  "transcript_dh2k_s256_mismatch.json", "transcript_ec25_s384_enroll.json", "transcript_multistream.json"
};

typedef void (*Visit) (JsonObject * root, JsonObject * message, Octets * octets);

static void
each_message (Visit visit)
{
  for (guint t = 0; t < G_N_ELEMENTS (transcripts); t++) {
    JsonObject *root = vector_load (transcripts[t]);
    JsonArray *messages = json_object_get_array_member (root, "messages");

    for (guint i = 0; i < json_array_get_length (messages); i++) {
      JsonObject *message = json_array_get_object_element (messages, i);
      Octets octets = vector_octets (message, "message");

      visit (root, message, &octets);
    }
    json_object_unref (root);
  }
}

static gboolean
is (JsonObject * message, const gchar * type)
{
  return strcmp (json_object_get_string_member (message, "type"), type) == 0;
}

/* Parse, build again: the same octets. */
static void
round_trip (JsonObject * root, JsonObject * message, Octets * octets)
{
  JsonObject *side = vector_object (root, json_object_get_string_member (message, "from"));
  Octets h0 = vector_octets (side, "H0"), h1 = vector_octets (side, "H1"), h2 = vector_octets (side, "H2");
  guint8 built[ZRTP_MESSAGE_MAX_LEN];
  gboolean good_length;
  ZrtpMessageType type = zrtp_message_type (octets->data, octets->len, &good_length);

  g_assert_cmpint (type, !=, ZRTP_MESSAGE_UNKNOWN);
  g_assert_true (good_length);
  g_assert_cmpmem (octets->data + 4, 8, json_object_get_string_member (message, "type"), 8);
  if (is (message, "Hello   ")) {
    ZrtpHello hello;

    g_assert_true (zrtp_hello_parse (octets->data, octets->len, &hello));
    g_assert_cmpuint (zrtp_hello_build (&hello, h2.data, built), ==, octets->len);
    assert_octets (*octets, built, octets->len);
    g_assert_true (zrtp_message_check_mac (octets->data, octets->len, h2.data));
    g_assert_false (zrtp_message_check_mac (octets->data, octets->len, h1.data));
    g_assert_cmpint (hello.mitm, ==, json_object_get_int_member (vector_object (side, "flags"), "M"));
    assert_octets (vector_octets (side, "zid"), hello.zid, ZRTP_ZID_LEN);
  } else if (is (message, "Commit  ")) {
    ZrtpCommit commit;

    g_assert_true (zrtp_commit_parse (octets->data, octets->len, &commit));
    g_assert_cmpuint (zrtp_commit_build (&commit, h1.data, built), ==, octets->len);
    assert_octets (*octets, built, octets->len);
    g_assert_true (zrtp_message_check_mac (octets->data, octets->len, h1.data));
    g_assert_cmpint (commit.mode, ==, zrtp_commit_get_mode (octets->data));
    g_assert_cmpstr (commit.choice.hash, ==,
        json_object_get_string_member (vector_object (root, "negotiated"), "hash"));
  } else if (is (message, "DHPart1 ") || is (message, "DHPart2 ")) {
    ZrtpDhPart dhpart;

    g_assert_true (zrtp_dhpart_parse (octets->data, octets->len, &dhpart));
    assert_octets (vector_octets (side, "dh_public"), dhpart.public_value, dhpart.public_len);
    g_assert_cmpuint (zrtp_dhpart_build (type, &dhpart, h0.data, built), ==, octets->len);
    assert_octets (*octets, built, octets->len);
    g_assert_true (zrtp_message_check_mac (octets->data, octets->len, h0.data));
  }
}

/* Z-5.1-1, Z-5.2-1, Z-5.4-1, Z-5.5-2, Z-8.1.1-4 (Z-4.1-1) */
static void
test_round_trips (void)
{
  each_message (round_trip);
}

/* Opens, checks each field, builds again, and alters bits. */
static void
open_and_build (JsonObject * root, JsonObject * confirm_vector, const Octets * message, gboolean first)
{
  JsonObject *derived = vector_object (root, "derived"), *negotiated = vector_object (root, "negotiated");
  Octets mackey = vector_octets (derived, first ? "mackeyr" : "mackeyi");
  Octets zrtpkey = vector_octets (derived, first ? "zrtpkeyr" : "zrtpkeyi");
  Octets expected = vector_octets (confirm_vector, "plaintext");
  ZrtpSealKeys keys = { zrtp_hash_find (json_object_get_string_member (negotiated, "hash")),
    zrtp_cipher_find (json_object_get_string_member (negotiated, "cipher")), mackey.data, zrtpkey.data
  };
  guint8 plaintext[ZRTP_MESSAGE_MAX_LEN], built[ZRTP_MESSAGE_MAX_LEN];
  ZrtpConfirmBody body;
  gboolean mac_ok;

  g_assert_true (zrtp_confirm_open (message->data, message->len, &keys, plaintext, &body, &mac_ok));
  g_assert_true (mac_ok);
  assert_octets (expected, plaintext, message->len - 36);
  g_assert_cmpmem (body.h0, 32, expected.data, 32);
  g_assert_cmpint (body.enrollment, ==, !!(expected.data[35] & 8));
  g_assert_cmpint (body.verified, ==, !!(expected.data[35] & 4));
  g_assert_cmpint (body.allow_clear, ==, !!(expected.data[35] & 2));
  g_assert_cmpint (body.disclosure, ==, !!(expected.data[35] & 1));
  g_assert_cmpuint (body.cache_expiry, ==, wire_get_u32 (expected.data + 36));
  g_assert_cmpuint (body.signature_len, ==, message->len - 76);
  g_assert_cmpuint (zrtp_confirm_build (first ? ZRTP_MESSAGE_CONFIRM1 : ZRTP_MESSAGE_CONFIRM2, &body, &keys,
          message->data + 20, built), ==, message->len);
  assert_octets (*message, built, message->len);

  /* Z-4.6-4, A9: any bit of ciphertext or MAC, and nothing is believed. */
  for (guint bit = 0; bit < message->len * 8; bit += message->len > 100 ? 37 : 1) {
    Octets altered = *message;

    if (bit / 8 < 12 || (bit / 8 >= 20 && bit / 8 < 36))
      continue;
    altered.data[bit / 8] ^= 0x80 >> (bit % 8);
    g_assert_false (zrtp_confirm_open (altered.data, altered.len, &keys, plaintext, &body, &mac_ok));
    g_assert_false (mac_ok);
  }
}

static void
confirm (JsonObject * root, JsonObject * message, Octets * octets)
{
  if (is (message, "Confirm1"))
    open_and_build (root, vector_object (root, "confirm1"), octets, TRUE);
  else if (is (message, "Confirm2"))
    open_and_build (root, vector_object (root, "confirm2"), octets, FALSE);
}

/* Z-4.6-1 to -4, Z-5.7-5, -6 */
static void
test_confirms (void)
{
  each_message (confirm);
}

/* Z-5.7-2, -3, Z-7.2-11: 300 and 30 words of signature. */
static void
test_signatures (void)
{
  JsonObject *root = vector_load ("confirm_with_signature.json"), *keys = vector_load ("transcript_ec25_s256.json");

  for (guint i = 0; i < 2; i++) {
    JsonObject *vector = vector_object (root, i ? "confirm2" : "confirm1");
    const gchar *hex = json_object_get_string_member (vector, "message");
    Octets message;

    octets_from_hex (&message, hex);
    g_assert_cmpuint (message.len, ==, 76 + 4 * json_object_get_int_member (vector, "sig_len_words"));
    open_and_build (keys, vector, &message, i == 0);
  }
  json_object_unref (root);
  json_object_unref (keys);
}

/* G5, Z-5.7-2, -4, Z-7.2-12: the nine bits of sig len against the message's length, and bits that mean nothing. */
static void
test_signature_lengths (void)
{
  static const guint8 key[32] = { 1, 2, 3 }, iv[16] = { 4 };
  ZrtpSealKeys keys = { zrtp_hash_find ("S256"), zrtp_cipher_find ("AES1"), key, key };

  for (guint words = 0; words <= 511; words = words < 4 ? words + 1 : words + 23)
    for (guint said = 0; said <= 511; said++)
      for (guint noise = 0; noise < 2; noise++) {
        guint8 message[ZRTP_MESSAGE_MAX_LEN] = { 0 }, mac[32], plaintext[ZRTP_MESSAGE_MAX_LEN];
        gsize len = 76 + 4 * words;
        ZrtpConfirmBody body;
        gboolean mac_ok, good;

        if (said > 8 && said != words && said % 61)
          continue;
        memcpy (message, "\x50\x5a\0\0Confirm1", 12);
        message[2] = (len / 4) >> 8;
        message[3] = len / 4;
        memcpy (message + 20, iv, 16);
        message[68] = noise ? 0xff : 0;
        message[69] = (noise ? 0xfe : 0) | said >> 8;
        message[70] = said;
        message[71] = noise ? 0xf4 : 0x04;
        keys.cipher->cfb_encrypt (key, iv, message + 36, len - 36);
        wire_hmac256 (key, 32, message + 36, len - 36, mac);
        memcpy (message + 12, mac, 8);
        good = zrtp_confirm_open (message, len, &keys, plaintext, &body, &mac_ok);
        g_assert_true (mac_ok);
        g_assert_cmpint (good, ==, said == words);
        if (good) {
          g_assert_true (body.verified);
          g_assert_false (body.enrollment || body.allow_clear || body.disclosure);
          g_assert_cmpuint (body.signature_len, ==, 4 * words);
        }
      }
}

/* Z-5.4-1: 29, 25 or 27 words by the key agreement. */
static void
test_commit_lengths (guint8 * message, guint words, gboolean good)
{
  static const struct
  {
    const gchar *name;
    guint words;
  } rows[] = { {"EC25", 29}, {"ABCD", 29}, {"Mult", 25}, {"Prsh", 27} };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    ZrtpCommit commit;

    memcpy (message + 68, rows[i].name, 4);
    g_assert_cmpint (good && zrtp_commit_parse (message, words * 4, &commit), ==, words == rows[i].words);
  }
  memset (message + 68, 0, 4);
}

/* Z-5-14: only the right lengths, whatever the type. */
static void
test_lengths (void)
{
  static const struct
  {
    const gchar *type;
    guint words[3];
  } fixed[] = {
    {"HelloACK", {3}}, {"Conf2ACK", {3}}, {"Error   ", {4}}, {"ErrorACK", {3}}, {"GoClear ", {5}}, {"ClearACK", {3}},
    {"RelayACK", {3}}, {"Ping    ", {6}}, {"PingACK ", {9}}, {"Commit  ", {25, 27, 29}}
  };

  for (guint words = 3; words <= 530; words++) {
    guint8 message[4 * 530] = { 0x50, 0x5a };
    gboolean good;

    message[2] = words >> 8;
    message[3] = words;
    for (guint i = 0; i < G_N_ELEMENTS (fixed); i++) {
      memcpy (message + 4, fixed[i].type, 8);
      g_assert_cmpint (zrtp_message_type (message, words * 4, &good), !=, ZRTP_MESSAGE_UNKNOWN);
      if (i == G_N_ELEMENTS (fixed) - 1)
        test_commit_lengths (message, words, good);
      else
        g_assert_cmpint (good, ==, words == fixed[i].words[0]);
    }
    memcpy (message + 4, "Hello   ", 8);
    zrtp_message_type (message, words * 4, &good);
    g_assert_cmpint (good, ==, words >= 22 && words <= 57);
    memcpy (message + 4, "Confirm2", 8);
    zrtp_message_type (message, words * 4, &good);
    g_assert_cmpint (good, ==, words >= 19 && words <= 530);
    memcpy (message + 4, "Hullo   ", 8);
    g_assert_cmpint (zrtp_message_type (message, words * 4, &good), ==, ZRTP_MESSAGE_UNKNOWN);
  }
}

/* Z-15-6: every truncation of every true message through every parser, each in a block of its own. */
static void
cut_short (JsonObject * root, JsonObject * message, Octets * octets)
{
  static const guint8 key[64];
  const ZrtpSealKeys keys = { zrtp_hash_find ("S256"), zrtp_cipher_find ("AES1"), key, key };

  for (gsize len = 12; len <= octets->len; len += 4) {
    guint8 *copy = g_memdup2 (octets->data, len), plaintext[ZRTP_MESSAGE_MAX_LEN];
    gboolean good, mac_ok;
    ZrtpMessageType type;
    ZrtpHello hello;
    ZrtpCommit commit;
    ZrtpDhPart dhpart;
    ZrtpConfirmBody body;

    copy[2] = (len / 4) >> 8;
    copy[3] = len / 4;
    type = zrtp_message_type (copy, len, &good);
    if (type == ZRTP_MESSAGE_HELLO && good && zrtp_hello_parse (copy, len, &hello))
      g_assert_cmpuint (len, ==, octets->len);
    if (type == ZRTP_MESSAGE_COMMIT && good && zrtp_commit_parse (copy, len, &commit))
      g_assert_cmpuint (len, ==, octets->len);
    if (type == ZRTP_MESSAGE_DHPART1 && good && zrtp_dhpart_parse (copy, len, &dhpart))
      g_assert_true (dhpart.public_value >= copy && dhpart.public_value + dhpart.public_len + 8 <= copy + len);
    if (type == ZRTP_MESSAGE_CONFIRM1 && good)
      g_assert_false (zrtp_confirm_open (copy, len, &keys, plaintext, &body, &mac_ok));
    g_free (copy);
  }
}

static void
test_truncations (void)
{
  each_message (cut_short);
}

/* Z-5.13-1, -7, -8, -9: sasrelay.json. */
static void
test_sas_relay (void)
{
  JsonObject *root = vector_load ("sasrelay.json"), *call = vector_load ("transcript_ec38_s384.json");
  Octets mackey = vector_octets (vector_object (call, "derived"), "mackeyr");
  Octets zrtpkey = vector_octets (vector_object (call, "derived"), "zrtpkeyr");
  const ZrtpSealKeys keys = { zrtp_hash_find ("S384"), zrtp_cipher_find ("AES3"), mackey.data, zrtpkey.data };

  for (guint i = 0; i < 2; i++) {
    JsonObject *relay = vector_object (root, i ? "empty_relay" : "relay");
    Octets message = vector_octets (relay, "message"), expected = vector_octets (relay, "plaintext");
    guint8 plaintext[ZRTP_MESSAGE_MAX_LEN], built[ZRTP_MESSAGE_MAX_LEN];
    ZrtpSasRelayBody body;
    gboolean mac_ok;
    gchar text[64];

    g_assert_true (zrtp_sas_relay_open (message.data, message.len, &keys, plaintext, &body, &mac_ok));
    assert_octets (expected, plaintext, message.len - 36);
    g_assert_cmpstr (body.sas_type, ==, "B32 ");
    g_assert_cmpmem (body.sashash, ZRTP_SASHASH_LEN, expected.data + 8, ZRTP_SASHASH_LEN);
    g_assert_cmpint (body.verified, ==, !!(expected.data[3] & 4));
    g_assert_cmpint (body.disclosure, ==, !!(expected.data[3] & 1));
    g_assert_cmpuint (zrtp_sas_relay_build (&body, &keys, message.data + 20, built), ==, message.len);
    assert_octets (message, built, message.len);
    if (i == 0) {
      zrtp_sas_render_b32 (body.sashash, text, sizeof text);
      g_assert_cmpstr (text, ==, json_object_get_string_member (relay, "rendered"));
    }
    for (guint bit = 12 * 8; bit < message.len * 8; bit++) {
      if (bit / 8 >= 20 && bit / 8 < 36)
        continue;
      message.data[bit / 8] ^= 0x80 >> (bit % 8);
      g_assert_false (zrtp_sas_relay_open (message.data, message.len, &keys, plaintext, &body, &mac_ok));
      g_assert_false (mac_ok);
      message.data[bit / 8] ^= 0x80 >> (bit % 8);
    }
  }
  json_object_unref (root);
  json_object_unref (call);
}

/* Z-5.8 to Z-5.10, Z-5.15-4: the small ones against the octets of crc32c.json's packets. */
static void
test_small_messages (void)
{
  JsonObject *root = vector_load ("crc32c.json");
  JsonArray *rows = json_object_get_array_member (root, "packets");
  Octets ping_packet = { 0 };

  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonObject *row = json_array_get_object_element (rows, i);
    Octets packet = vector_octets (row, "packet");
    const guint8 *message = packet.data + 12;
    gsize len = packet.len - 16, built_len = 0;
    guint8 built[ZRTP_MESSAGE_MAX_LEN];
    gboolean good;
    ZrtpMessageType type = zrtp_message_type (message, len, &good);

    g_assert_true (good);
    if (len == 12)
      built_len = zrtp_ack_build (type, built);
    if (is (row, "Error   "))
      built_len = zrtp_error_build (zrtp_error_parse (message, len), built);
    if (is (row, "Ping    "))
      ping_packet = packet;
    if (is (row, "PingACK ")) {
      ZrtpPing ping;

      g_assert_true (zrtp_ping_parse (ping_packet.data + 12, ping_packet.len - 16, &ping));
      built_len = zrtp_ping_ack_build (message + 16, &ping, 0xdecafbad, built);
    }
    if (built_len)
      g_assert_cmpmem (built, built_len, message, len);
  }
  g_assert_cmpuint (ping_packet.len, >, 0);
  json_object_unref (root);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/messages/round-trips", test_round_trips);
  g_test_add_func ("/messages/confirms", test_confirms);
  g_test_add_func ("/messages/signatures", test_signatures);
  g_test_add_func ("/messages/signature-lengths", test_signature_lengths);
  g_test_add_func ("/messages/lengths", test_lengths);
  g_test_add_func ("/messages/truncations", test_truncations);
  g_test_add_func ("/messages/sas-relay", test_sas_relay);
  g_test_add_func ("/messages/small", test_small_messages);
  return g_test_run ();
}
