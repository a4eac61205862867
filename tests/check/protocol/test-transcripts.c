/* test-transcripts.c: recorded calls of an independent model, replayed with our engine in either role.
 *
 * The engine gets the recorded randomness and the recorded messages of its peer; what it sends must be the recorded
 * messages octet for octet, and its keys, SAS and cache as recorded.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/protocol/messages.h"
#include "link.h"
#include "vectors.h"

#include <string.h>

typedef struct
{
  gboolean initiator;
  ZrtpConfig config;
  ZrtpChoice choice;
  TestRandom random;
  TestCache cache;
  guint8 peer_zid[ZRTP_ZID_LEN];
  guint8 other_flags;           /* bits of E V A D in our Confirm that are not as recorded, for a reason */
  ZrtpAssociation *association;
  guint64 now;
  /* Outputs. */
  GPtrArray *sent[2];           /* WireBuffer, by stream */
  ZrtpSrtpKeys send[2], receive[2];
  ZrtpState states[2];
  guint warnings, errors;
  ZrtpSasInfo sas;
  gboolean has_sas;
} Replay;

static const gchar *
own_name (const Replay * replay)
{
  return replay->initiator ? "initiator" : "responder";
}

static void
drain (Replay * replay)
{
  ZrtpOutput output;

  while (zrtp_association_poll (replay->association, &output)) {
    guint s = output.stream;

    g_assert_cmpuint (s, <, 2);
    switch (output.type) {
      case ZRTP_OUTPUT_SEND:{
        WireBuffer *packet = g_new0 (WireBuffer, 1);

        packet->len = output.u.send.len;
        memcpy (packet->data, output.u.send.data, packet->len);
        g_ptr_array_add (replay->sent[s], packet);
        break;
      }
      case ZRTP_OUTPUT_KEYS:
        if (output.u.keys.direction == ZRTP_DIRECTION_SEND)
          replay->send[s] = output.u.keys.keys;
        else
          replay->receive[s] = output.u.keys.keys;
        break;
      case ZRTP_OUTPUT_STATE:
        replay->states[s] = output.u.state.state;
        break;
      case ZRTP_OUTPUT_SAS:
        replay->sas = output.u.sas;
        replay->has_sas = TRUE;
        break;
      case ZRTP_OUTPUT_WARNING:
        replay->warnings |= 1u << output.u.warning;
        break;
      case ZRTP_OUTPUT_ERROR:
        replay->errors++;
        break;
      default:
        break;
    }
    zrtp_output_clear (&output);
  }
}

/* The n-th message of a type that was sent, or NULL. */
static const WireBuffer *
sent_message (Replay * replay, guint stream, const gchar * type, guint n)
{
  for (guint i = 0; i < replay->sent[stream]->len; i++) {
    const WireBuffer *packet = g_ptr_array_index (replay->sent[stream], i);

    if (memcmp (packet->data + WIRE_HEADER_LEN + 4, type, 8) == 0 && n-- == 0)
      return packet;
  }
  return NULL;
}

/* The lists, flags and names of the recorded Hello become the config. */
static void
config_from_hello (ZrtpConfig * config, const Octets * hello)
{
  ZrtpAlgorithmList *lists[5] = { &config->hashes, &config->ciphers, &config->auth_tags, &config->key_agreements,
    &config->sas_types
  };
  const guint8 *data = hello->data;
  const guint counts[5] = { data[77] & 15, data[78] >> 4, data[78] & 15, data[79] >> 4, data[79] & 15 };
  const guint8 *name = data + 80;

  memcpy (config->client_id, data + 16, 16);
  memcpy (config->zid, data + 64, ZRTP_ZID_LEN);
  config->mitm = (data[76] & 0x20) != 0;
  config->passive = (data[76] & 0x10) != 0;
  for (guint i = 0; i < 5; i++) {
    memset (lists[i], 0, sizeof *lists[i]);
    lists[i]->count = counts[i];
    for (guint j = 0; j < counts[i]; j++, name += 4)
      memcpy (lists[i]->names[j], name, 4);
  }
}

static JsonObject *
find_message (JsonObject * root, const gchar * from, const gchar * type)
{
  JsonArray *messages = json_object_get_array_member (root, "messages");

  for (guint i = 0; i < json_array_get_length (messages); i++) {
    JsonObject *message = json_array_get_object_element (messages, i);

    if (strcmp (json_object_get_string_member (message, "from"), from) == 0
        && strcmp (json_object_get_string_member (message, "type"), type) == 0)
      return message;
  }
  g_assert_not_reached ();
}

static void
script (Replay * replay, ZrtpRandomUse use, JsonObject * object, const gchar * member)
{
  Octets value = { 0 };

  if (object && json_object_has_member (object, member))
    value = vector_octets (object, member);
  if (value.len)
    test_random_script (&replay->random, use, value.data, value.len);
}

static void
script_randomness (Replay * replay, JsonObject * root)
{
  JsonObject *side = vector_object (root, own_name (replay)), *stand_ins = NULL;
  guint16 sequence = json_object_get_int_member (find_message (root, own_name (replay),
          replay->initiator ? "Hello   " : "HelloACK"), "seq");
  guint8 octets[2] = { sequence >> 8, sequence };
  JsonNode *node = json_object_get_member (side, "random_stand_ins_for_missing_secrets");

  if (node && JSON_NODE_HOLDS_OBJECT (node))
    stand_ins = json_node_get_object (node);
  script (replay, ZRTP_RANDOM_H0, side, "H0");
  script (replay, ZRTP_RANDOM_SECRET, side, "dh_private");
  if (replay->initiator)
    script (replay, ZRTP_RANDOM_NONCE, root, "nonce");
  script (replay, ZRTP_RANDOM_CONFIRM_IV, vector_object (root, replay->initiator ? "confirm2" : "confirm1"), "iv");
  script (replay, ZRTP_RANDOM_STAND_IN_RS1, stand_ins, "rs1");
  script (replay, ZRTP_RANDOM_STAND_IN_RS2, stand_ins, "rs2");
  script (replay, ZRTP_RANDOM_STAND_IN_PBX, stand_ins, "pbx");
  script (replay, ZRTP_RANDOM_STAND_IN_AUX, stand_ins, "aux");
  test_random_script (&replay->random, ZRTP_RANDOM_SEQUENCE, octets, 2);
}

static void
fill_cache (Replay * replay, JsonObject * root)
{
  JsonObject *cache = vector_object (vector_object (root, own_name (replay)), "cache");
  Octets rs1 = vector_octets (cache, "rs1"), rs2 = vector_octets (cache, "rs2"), pbx = vector_octets (cache, "pbx");
  Octets peer_zid = vector_octets (vector_object (root, replay->initiator ? "responder" : "initiator"), "zid");
  JsonObject *confirm = vector_object (root, replay->initiator ? "confirm2" : "confirm1");
  ZrtpCacheEntry entry = { 0 };

  memcpy (replay->peer_zid, peer_zid.data, ZRTP_ZID_LEN);
  replay->config.cache_expiry = json_object_get_int_member (confirm, "cache_expiration");
  replay->config.disclosure = json_object_get_int_member (vector_object (confirm, "flags"), "D");
  replay->config.allow_clear = json_object_get_int_member (vector_object (confirm, "flags"), "A");
  replay->config.enroll = json_object_get_int_member (vector_object (confirm, "flags"), "E");
  entry.verified = json_object_get_int_member (vector_object (confirm, "flags"), "V");
  if (rs1.len + rs2.len + pbx.len == 0)
    return;
  entry.has_rs1 = rs1.len > 0;
  entry.has_rs2 = rs2.len > 0;
  entry.has_pbxsecret = pbx.len > 0;
  entry.rs1_confirmed = TRUE;
  entry.expiry_interval = ZRTP_CACHE_FOREVER;
  memcpy (entry.rs1, rs1.data, rs1.len);
  memcpy (entry.rs2, rs2.data, rs2.len);
  memcpy (entry.pbxsecret, pbx.data, pbx.len);
  test_cache_put (&replay->cache, replay->config.zid, replay->peer_zid, &entry);
}

static void
replay_init (Replay * replay, JsonObject * root, gboolean initiator)
{
  JsonObject *negotiated = vector_object (root, "negotiated");
  Octets hello, aux;

  memset (replay, 0, sizeof *replay);
  replay->initiator = initiator;
  replay->now = 5 * SEC;
  test_random_init (&replay->random, 1);
  test_cache_init (&replay->cache);
  for (guint s = 0; s < 2; s++)
    replay->sent[s] = g_ptr_array_new_with_free_func (g_free);
  hello = vector_octets (find_message (root, own_name (replay), "Hello   "), "message");
  config_from_hello (&replay->config, &hello);
  g_strlcpy (replay->choice.hash, json_object_get_string_member (negotiated, "hash"), 5);
  g_strlcpy (replay->choice.cipher, json_object_get_string_member (negotiated, "cipher"), 5);
  g_strlcpy (replay->choice.auth_tag, json_object_get_string_member (negotiated, "auth_tag"), 5);
  g_strlcpy (replay->choice.key_agreement, json_object_get_string_member (negotiated, "key_agreement"), 5);
  g_strlcpy (replay->choice.sas, json_object_get_string_member (negotiated, "sas"), 5);
  replay->config.fixed_choice = &replay->choice;
  if (strcmp (replay->choice.key_agreement, "Prsh") == 0) {
    replay->config.preshared = TRUE;
    replay->config.preshared_limit = 10;
  }
  replay->config.automatic = initiator;
  script_randomness (replay, root);
  fill_cache (replay, root);
  replay->association = zrtp_association_new (&replay->config, &replay->random.parent, &replay->cache.parent);
  aux = vector_octets (vector_object (vector_object (root, own_name (replay)), "cache"), "aux");
  if (aux.len)
    zrtp_association_set_auxsecret (replay->association, aux.data, aux.len);
}

static void
replay_clear (Replay * replay)
{
  zrtp_association_free (replay->association);
  test_random_clear (&replay->random);
  test_cache_clear (&replay->cache);
  for (guint s = 0; s < 2; s++)
    g_ptr_array_unref (replay->sent[s]);
}

static guint32
side_ssrc (JsonObject * root, const Replay * replay)
{
  Octets ssrc = vector_octets (vector_object (root, own_name (replay)), "ssrc");

  return wire_get_u32 (ssrc.data);
}

/* A Confirm that differs in these flags alone is the recorded one once they are turned round. */
static void
assert_confirm (JsonObject * root, const WireBuffer * packet, const gchar * type, guint8 other_flags)
{
  gboolean first = strcmp (type, "Confirm1") == 0;
  Octets key = vector_octets (vector_object (root, "derived"), first ? "zrtpkeyr" : "zrtpkeyi");
  Octets expected = vector_octets (vector_object (root, first ? "confirm1" : "confirm2"), "plaintext");
  guint8 plaintext[40];

  g_assert_cmpuint (packet->len, ==, 76 + WIRE_HEADER_LEN + WIRE_CRC_LEN);
  memcpy (plaintext, WIRE_MESSAGE (packet->data) + 36, 40);
  zrtp_cipher_find (json_object_get_string_member (vector_object (root, "negotiated"), "cipher"))
      ->cfb_decrypt (key.data, WIRE_MESSAGE (packet->data) + 20, plaintext, 40);
  plaintext[35] ^= other_flags;
  assert_octets (expected, plaintext, 40);
}

/* Plays the recorded messages. */
static void
play (Replay * replay, JsonObject * root, guint stream)
{
  JsonArray *messages = json_object_get_array_member (root, "messages");

  zrtp_association_start (replay->association, stream, replay->now);
  drain (replay);
  for (guint i = 0; i < json_array_get_length (messages); i++) {
    JsonObject *message = json_array_get_object_element (messages, i);
    const gchar *type = json_object_get_string_member (message, "type");
    Octets expected = vector_octets (message, "message"), packet = vector_octets (message, "packet");

    replay->now += MSEC;
    if (strcmp (json_object_get_string_member (message, "from"), own_name (replay)) == 0) {
      const WireBuffer *ours = sent_message (replay, stream, type, 0);

      g_assert_nonnull (ours);
      if (replay->other_flags && strncmp (type, "Confirm", 7) == 0)
        assert_confirm (root, ours, type, replay->other_flags);
      else
        assert_octets (expected, WIRE_MESSAGE (ours->data), WIRE_MESSAGE_LEN (ours->len));
      g_assert_cmphex (wire_ssrc (ours->data), ==, wire_ssrc (packet.data));
    } else {
      zrtp_association_receive (replay->association, stream, packet.data, packet.len, replay->now);
      drain (replay);
    }
  }
}

static void
assert_keys (JsonObject * root, const gchar * role, const ZrtpSrtpKeys * keys)
{
  JsonObject *derived = vector_object (root, "derived");
  gchar *key = g_strdup_printf ("srtpkey%s", role), *salt = g_strdup_printf ("srtpsalt%s", role);
  const gchar *tag = json_object_get_string_member (vector_object (root, "negotiated"), "auth_tag");

  assert_octets (vector_octets (derived, key), keys->key, keys->key_len);
  assert_octets (vector_octets (derived, salt), keys->salt, keys->salt_len);
  g_assert_cmpuint (keys->tag_len, ==, strcmp (tag, "HS32") == 0 ? 4 : 10);
  g_assert_false (keys->aead);
  g_free (key);
  g_free (salt);
}

static void
assert_stream_secure (Replay * replay, JsonObject * root, guint stream)
{
  g_assert_cmpuint (replay->errors, ==, 0);
  g_assert_cmpint (replay->states[stream], ==, ZRTP_STATE_SECURE);
  g_assert_cmpint (zrtp_association_get_state (replay->association, stream), ==, ZRTP_STATE_SECURE);
  assert_keys (root, replay->initiator ? "i" : "r", &replay->send[stream]);
  assert_keys (root, replay->initiator ? "r" : "i", &replay->receive[stream]);
  /* Nothing was sent twice: no timer has run. */
  for (guint i = 0; i < replay->sent[stream]->len; i++) {
    const WireBuffer *packet = g_ptr_array_index (replay->sent[stream], i);

    g_assert_null (sent_message (replay, stream, (const gchar *) packet->data + WIRE_HEADER_LEN + 4, 1));
    if (i > 0) {
      const WireBuffer *before = g_ptr_array_index (replay->sent[stream], i - 1);

      g_assert_cmpuint (wire_sequence (packet->data), ==, (guint16) (wire_sequence (before->data) + 1));
    }
  }
}

static void
assert_cache (Replay * replay, JsonObject * root, const gchar * path, gboolean with_interval)
{
  JsonObject *expected = vector_object (vector_object (root, path), own_name (replay));
  const ZrtpCacheEntry *entry = test_cache_get (&replay->cache, replay->config.zid, replay->peer_zid);
  Octets rs1, rs2;

  if (!with_interval)
    expected = vector_object (expected, "cache");
  rs1 = vector_octets (expected, "rs1");
  rs2 = vector_octets (expected, "rs2");
  g_assert_nonnull (entry);
  g_assert_cmpint (entry->has_rs1, ==, rs1.len > 0);
  g_assert_cmpint (entry->has_rs2, ==, rs2.len > 0);
  if (rs1.len)
    assert_octets (rs1, entry->rs1, ZRTP_RETAINED_LEN);
  if (rs2.len)
    assert_octets (rs2, entry->rs2, ZRTP_RETAINED_LEN);
  if (with_interval && json_object_has_member (vector_object (root, path), "interval_used"))
    g_assert_cmpuint (entry->expiry_interval, ==,
        json_object_get_int_member (vector_object (root, path), "interval_used"));
}

static void
assert_sas (Replay * replay, JsonObject * root)
{
  JsonObject *derived = vector_object (root, "derived");
  JsonArray *words = json_object_get_array_member (derived, "sas_b256");
  gchar *b256 = g_strdup_printf ("%s %s", json_array_get_string_element (words, 0),
      json_array_get_string_element (words, 1));

  g_assert_true (replay->has_sas);
  g_assert_cmpstr (replay->sas.text, ==, strcmp (replay->choice.sas, "B256") == 0 ? b256
      : json_object_get_string_member (derived, "sas_b32"));
  assert_octets (vector_octets (derived, "sashash"), replay->sas.sashash, ZRTP_SASHASH_LEN);
  g_assert_cmpint (replay->sas.role, ==, replay->initiator ? ZRTP_ROLE_INITIATOR : ZRTP_ROLE_RESPONDER);
  g_assert_cmpmem (replay->sas.peer_zid, ZRTP_ZID_LEN, replay->peer_zid, ZRTP_ZID_LEN);
  g_assert_cmpstr (replay->sas.choice.key_agreement, ==, replay->choice.key_agreement);
  g_free (b256);
}

/* Proves most of sections 4.3 to 4.6 and 5: see the catalogue's rows with "V: transcripts". */
static void
replay_dh (const gchar * name, gboolean initiator)
{
  JsonObject *root = vector_load (name);
  JsonObject *confirm = vector_object (root, initiator ? "confirm1.flags" : "confirm2.flags");
  JsonObject *mismatches;
  gboolean mismatch, aux_mismatch, first;
  Replay replay;
  guint8 hash[32];
  gchar *text;

  replay_init (&replay, root, initiator);
  first = g_hash_table_size (replay.cache.entries) == 0;
  g_assert_true (zrtp_association_add_stream (replay.association, 0, side_ssrc (root, &replay)));
  /* Z-8-3, Z-8.1-1 */
  g_assert_true (zrtp_association_get_hello_hash (replay.association, 0, hash));
  text = g_strdup ("a=zrtp-hash:1.10 ");
  for (guint i = 0; i < sizeof hash; i++) {
    gchar *longer = g_strdup_printf ("%s%02x", text, hash[i]);

    g_free (text);
    text = longer;
  }
  g_assert_cmpstr (text, ==, json_object_get_string_member (vector_object (root, "zrtp_hash_sdp"),
          own_name (&replay)));
  g_free (text);

  play (&replay, root, 0);
  assert_stream_secure (&replay, root, 0);
  assert_sas (&replay, root);
  g_assert_cmpint (replay.sas.remote_verified, ==, json_object_get_int_member (confirm, "V"));
  g_assert_cmpint (replay.sas.remote_disclosure, ==, json_object_get_int_member (confirm, "D"));
  mismatches = vector_object (vector_object (root, "cache_mismatch_to_report"), own_name (&replay));
  mismatch = json_object_get_boolean_member (mismatches, "rs_mismatch");
  aux_mismatch = json_object_get_boolean_member (mismatches, "aux_mismatch");
  g_assert_cmpint (!!(replay.warnings & (1 << ZRTP_WARNING_AUX_MISMATCH)), ==, aux_mismatch);
  g_assert_cmpint (replay.sas.cache, ==, mismatch ? ZRTP_CACHE_MISMATCH : first ? ZRTP_CACHE_NONE
      : ZRTP_CACHE_MATCH);
  g_assert_cmpint (!!(replay.warnings & (1 << ZRTP_WARNING_CACHE_MISMATCH)), ==, mismatch);
  zrtp_association_media_authenticated (replay.association, 0, replay.now);
  drain (&replay);
  if (mismatch) {
    /* Z-4.6.1.1-1, -6: untouched until the user has compared the SAS. */
    assert_cache (&replay, root, "", FALSE);
    zrtp_association_set_verified (replay.association, TRUE, replay.now);
    drain (&replay);
  }
  assert_cache (&replay, root, "cache_after", TRUE);
  replay_clear (&replay);
  json_object_unref (root);
}

/* Z-4.3-9, Z-15-9 */
static void
test_initiator (gconstpointer name)
{
  replay_dh (name, TRUE);
}

static void
test_responder (gconstpointer name)
{
  replay_dh (name, FALSE);
}

/* Z-4.4.3-1 to -3, Z-4.4.3.1-1, Z-4.4.3.2-1 to -4, Z-4.9-10, Z-7-2: a second stream of the first call. */
static void
test_multistream (gconstpointer data)
{
  gboolean initiator = GPOINTER_TO_INT (data);
  JsonObject *first = vector_load ("transcript_ec25_s256.json");
  JsonObject *second = vector_load ("transcript_multistream.json");
  Replay replay;
  ZrtpSasInfo sas;
  guint stores;

  replay_init (&replay, first, initiator);
  script_randomness (&replay, second);
  g_assert_true (zrtp_association_add_stream (replay.association, 0, side_ssrc (first, &replay)));
  g_assert_true (zrtp_association_add_stream (replay.association, 1, side_ssrc (second, &replay)));
  play (&replay, first, 0);
  assert_stream_secure (&replay, first, 0);
  zrtp_association_media_authenticated (replay.association, 0, replay.now);
  drain (&replay);
  stores = replay.cache.stores;
  replay.has_sas = FALSE;
  play (&replay, second, 1);
  assert_stream_secure (&replay, second, 1);
  zrtp_association_media_authenticated (replay.association, 1, replay.now);
  drain (&replay);
  g_assert_false (replay.has_sas);
  g_assert_cmpuint (replay.cache.stores, ==, stores);
  g_assert_true (zrtp_association_get_sas (replay.association, &sas));
  g_assert_cmpstr (sas.text, ==, "oxur");
  replay_clear (&replay);
  json_object_unref (first);
  json_object_unref (second);
}

/* Z-4.4.2.1-2, Z-4.4.2.2-2, -3, Z-4.4.2.3-1, -5, Z-4.4.2.4-1 to -4, Z-4.6.1-5 (Z-4.4.2-1) */
static void
test_preshared (gconstpointer data)
{
  JsonObject *root = vector_load ("transcript_preshared.json");
  Replay replay;
  ZrtpCacheEntry entry;

  replay_init (&replay, root, GPOINTER_TO_INT (data));
  /* The recorded ends say V=0 and yet use Preshared, which ours does with verified secrets only (Z-4.4.2.1-1). */
  entry = *test_cache_get (&replay.cache, replay.config.zid, replay.peer_zid);
  entry.verified = TRUE;
  replay.other_flags = 4;
  test_cache_put (&replay.cache, replay.config.zid, replay.peer_zid, &entry);
  g_assert_true (zrtp_association_add_stream (replay.association, 0, side_ssrc (root, &replay)));
  play (&replay, root, 0);
  assert_stream_secure (&replay, root, 0);
  assert_sas (&replay, root);
  g_assert_cmpint (replay.sas.cache, ==, ZRTP_CACHE_MATCH);
  zrtp_association_media_authenticated (replay.association, 0, replay.now);
  drain (&replay);
  assert_cache (&replay, root, "cache_after", TRUE);
  replay_clear (&replay);
  json_object_unref (root);
}

/* The recorded Confirm1, but with A set as well. */
static void
receive_confirm1_with_a (Replay * replay, JsonObject * root)
{
  JsonObject *derived = vector_object (root, "derived"), *negotiated = vector_object (root, "negotiated");
  Octets mackey = vector_octets (derived, "mackeyr"), zrtpkey = vector_octets (derived, "zrtpkeyr");
  Octets packet = vector_octets (find_message (root, "responder", "Confirm1"), "packet");
  const ZrtpSealKeys keys = { zrtp_hash_find (json_object_get_string_member (negotiated, "hash")),
    zrtp_cipher_find (json_object_get_string_member (negotiated, "cipher")), mackey.data, zrtpkey.data
  };
  guint8 plaintext[ZRTP_MESSAGE_MAX_LEN];
  WireBuffer message, framed;
  ZrtpConfirmBody body;
  gboolean mac_ok;

  g_assert_true (zrtp_confirm_open (packet.data + 12, packet.len - 16, &keys, plaintext, &body, &mac_ok));
  body.allow_clear = TRUE;
  message.len = zrtp_confirm_build (ZRTP_MESSAGE_CONFIRM1, &body, &keys, packet.data + 12 + 20, message.data);
  wire_frame (&framed, 1, wire_ssrc (packet.data), &message);
  zrtp_association_receive (replay->association, 0, framed.data, framed.len, replay->now);
  drain (replay);
}

static void
receive (Replay * replay, JsonObject * message)
{
  Octets packet = vector_octets (message, "packet");

  replay->now += MSEC;
  zrtp_association_receive (replay->association, 0, packet.data, packet.len, replay->now);
  drain (replay);
}

static void
assert_sent (Replay * replay, JsonObject * message, guint n)
{
  Octets expected = vector_octets (message, "message");
  const WireBuffer *ours = sent_message (replay, 0, json_object_get_string_member (message, "type"), n);

  g_assert_nonnull (ours);
  assert_octets (expected, WIRE_MESSAGE (ours->data), WIRE_MESSAGE_LEN (ours->len));
}

/* As initiator up to secure, with A in the responder's Confirm. */
static void
secure_with_a (Replay * replay, JsonObject * root)
{
  g_assert_true (zrtp_association_add_stream (replay->association, 0, side_ssrc (root, replay)));
  zrtp_association_start (replay->association, 0, replay->now);
  receive (replay, find_message (root, "responder", "HelloACK"));
  receive (replay, find_message (root, "responder", "Hello   "));
  receive (replay, find_message (root, "responder", "DHPart1 "));
  receive_confirm1_with_a (replay, root);
  receive (replay, find_message (root, "responder", "Conf2ACK"));
  g_assert_cmpint (replay->states[0], ==, ZRTP_STATE_SECURE);
}

/* Z-7.3.1-5: A of a PBX that says E counts as 0. */
static void
test_enrolling_pbx_takes_no_clear (void)
{
  JsonObject *root = vector_load ("transcript_ec25_s384_enroll.json");
  Replay replay;

  replay_init (&replay, root, TRUE);
  secure_with_a (&replay, root);
  g_assert_true (replay.sas.enrollment_offered);
  zrtp_association_clear (replay.association, replay.now);
  drain (&replay);
  g_assert_null (sent_message (&replay, 0, "GoClear ", 0));
  g_assert_cmpint (replay.states[0], ==, ZRTP_STATE_SECURE);
  g_assert_true (replay.warnings & (1 << ZRTP_WARNING_CLEAR_NOT_ALLOWED));
  replay_clear (&replay);
  json_object_unref (root);
}

static void
script_again (Replay * replay, JsonObject * again, const gchar * role)
{
  script (replay, ZRTP_RANDOM_NONCE, again, "nonce");
  script (replay, ZRTP_RANDOM_CONFIRM_IV,
      vector_object (again, strcmp (role, "initiator") ? "confirm1" : "confirm2"), "iv");
}

/* goclear.json and transcript_resecure_after_goclear.json, with our engine as Alice: she goes clear, Bob secures
 * again. Z-4.7.2-2, -8, -10, Z-4.7.2.1-3, -5, Z-9-6 (Z-5.11-1) */
static void
test_clear_as_alice (void)
{
  JsonObject *first = vector_load ("transcript_ec25_s256.json"), *clear = vector_load ("goclear.json");
  JsonObject *again = vector_load ("transcript_resecure_after_goclear.json");
  Replay replay;

  replay_init (&replay, first, TRUE);
  script_again (&replay, again, "responder");
  secure_with_a (&replay, first);
  assert_keys (first, "i", &replay.send[0]);
  zrtp_association_clear (replay.association, replay.now);
  drain (&replay);
  g_assert_cmpint (replay.states[0], ==, ZRTP_STATE_CLEARING);
  assert_sent (&replay, find_message (clear, "initiator", "GoClear "), 0);
  receive (&replay, find_message (clear, "responder", "ClearACK"));
  g_assert_cmpint (replay.states[0], ==, ZRTP_STATE_CLEAR);
  receive (&replay, find_message (again, "initiator", "Commit  "));
  assert_sent (&replay, find_message (again, "responder", "Confirm1"), 0);
  receive (&replay, find_message (again, "initiator", "Confirm2"));
  assert_sent (&replay, find_message (again, "responder", "Conf2ACK"), 0);
  g_assert_cmpint (replay.states[0], ==, ZRTP_STATE_SECURE);
  assert_keys (again, "r", &replay.send[0]);
  assert_keys (again, "i", &replay.receive[0]);
  replay_clear (&replay);
  json_object_unref (first);
  json_object_unref (clear);
  json_object_unref (again);
}

/* The same as Bob, who allows it: his Confirms say A=1, so the recorded ones cannot be compared, but all else is. */
static void
test_clear_as_bob (void)
{
  JsonObject *first = vector_load ("transcript_ec25_s256.json"), *clear = vector_load ("goclear.json");
  JsonObject *again = vector_load ("transcript_resecure_after_goclear.json");
  Replay replay;

  replay_init (&replay, first, FALSE);
  zrtp_association_free (replay.association);
  replay.config.allow_clear = TRUE;
  replay.association = zrtp_association_new (&replay.config, &replay.random.parent, &replay.cache.parent);
  script_again (&replay, again, "initiator");
  g_assert_true (zrtp_association_add_stream (replay.association, 0, side_ssrc (first, &replay)));
  zrtp_association_start (replay.association, 0, replay.now);
  receive (&replay, find_message (first, "initiator", "Hello   "));
  receive (&replay, find_message (first, "initiator", "HelloACK"));
  receive (&replay, find_message (first, "initiator", "Commit  "));
  receive (&replay, find_message (first, "initiator", "DHPart2 "));
  receive (&replay, find_message (first, "initiator", "Confirm2"));
  g_assert_cmpint (replay.states[0], ==, ZRTP_STATE_SECURE);
  assert_keys (first, "r", &replay.send[0]);
  receive (&replay, find_message (clear, "initiator", "GoClear "));
  assert_sent (&replay, find_message (clear, "responder", "ClearACK"), 0);
  g_assert_cmpint (replay.states[0], ==, ZRTP_STATE_CLEARING);
  g_assert_true (replay.warnings & (1 << ZRTP_WARNING_CLEAR_REQUESTED));
  zrtp_association_accept_clear (replay.association, replay.now);
  drain (&replay);
  g_assert_cmpint (replay.states[0], ==, ZRTP_STATE_CLEAR);
  zrtp_association_secure (replay.association, 0, replay.now);
  drain (&replay);
  assert_sent (&replay, find_message (again, "initiator", "Commit  "), 0);
  receive (&replay, find_message (again, "responder", "Confirm1"));
  g_assert_nonnull (sent_message (&replay, 0, "Confirm2", 0));
  assert_confirm (again, sent_message (&replay, 0, "Confirm2", 0), "Confirm2", 2);
  receive (&replay, find_message (again, "responder", "Conf2ACK"));
  g_assert_cmpint (replay.states[0], ==, ZRTP_STATE_SECURE);
  assert_keys (again, "i", &replay.send[0]);
  assert_keys (again, "r", &replay.receive[0]);
  replay_clear (&replay);
  json_object_unref (first);
  json_object_unref (clear);
  json_object_unref (again);
}

static void
add (const gchar * role, const gchar * name, GTestDataFunc function)
{
  gchar *path = g_strdup_printf ("/transcripts/%s/%s", role, name);

  g_test_add_data_func (path, name, function);
  g_free (path);
}

int
main (int argc, char **argv)
{
  static const gchar *const names[] = {
    "transcript_ec25_s256.json", "transcript_dh3k_s256.json", "transcript_dh2k_s256_mismatch.json",
    "transcript_ec25_s384_enroll.json", "transcript_ec38_s384.json"
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    add ("initiator", names[i], test_initiator);
    add ("responder", names[i], test_responder);
  }
  g_test_add_data_func ("/transcripts/multistream/initiator", GINT_TO_POINTER (TRUE), test_multistream);
  g_test_add_data_func ("/transcripts/multistream/responder", GINT_TO_POINTER (FALSE), test_multistream);
  g_test_add_data_func ("/transcripts/preshared/initiator", GINT_TO_POINTER (TRUE), test_preshared);
  g_test_add_data_func ("/transcripts/preshared/responder", GINT_TO_POINTER (FALSE), test_preshared);
  g_test_add_func ("/transcripts/enrolling-pbx-takes-no-clear", test_enrolling_pbx_takes_no_clear);
  g_test_add_func ("/transcripts/clear/alice", test_clear_as_alice);
  g_test_add_func ("/transcripts/clear/bob", test_clear_as_bob);
  return g_test_run ();
}
