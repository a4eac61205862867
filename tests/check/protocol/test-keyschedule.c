/* test-keyschedule.c: every derived value of every recorded call (RFC 6189 4.3.1, 4.4.1.4, 4.4.3.2, 4.5, 9).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/protocol/keyschedule.h"
#include "vectors.h"

#include <string.h>

static const gchar *const dh_transcripts[] = {
  "transcript_ec25_s256.json", "transcript_dh3k_s256.json", "transcript_ec38_s384.json",
  "transcript_dh2k_s256_mismatch.json", "transcript_ec25_s384_enroll.json"
};

/* Z-4.5.1-1 to -4. */
static void
test_kdf (void)
{
  JsonObject *root = vector_load ("zrtp_kdf.json"), *srtps;
  JsonArray *rows = json_object_get_array_member (root, "rows");
  Octets key, salt, zidi, zidr, expected;
  ZrtpPart parts[3];
  guint8 out[64];

  g_assert_cmpuint (json_array_get_length (rows), >, 0);
  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonObject *row = json_array_get_object_element (rows, i);
    const ZrtpHash *hash = zrtp_hash_find (json_object_get_string_member (row, "hash"));
    Octets ki = vector_octets (row, "KI"), context = vector_octets (row, "context");

    expected = vector_octets (row, "output");
    g_assert_cmpuint (json_object_get_int_member (row, "L_bits"), ==, expected.len * 8);
    /* The context in one piece and in two. */
    parts[0] = (ZrtpPart) { context.data, context.len };
    zrtp_kdf (hash, ki.data, ki.len, json_object_get_string_member (row, "label"), parts, 1, out, expected.len);
    assert_octets (expected, out, expected.len);
    parts[0] = (ZrtpPart) { context.data, 12 };
    parts[1] = (ZrtpPart) { context.data + 12, context.len - 12 };
    zrtp_kdf (hash, ki.data, ki.len, json_object_get_string_member (row, "label"), parts, 2, out, expected.len);
    assert_octets (expected, out, expected.len);
  }
  /* Z-8.2-1: a context of three parts, a key of 16 octets. */
  srtps = json_object_get_object_member (root, "srtps");
  key = vector_octets (srtps, "srtp_master_key");
  salt = vector_octets (srtps, "srtp_master_salt");
  zidi = vector_octets (srtps, "zidi");
  zidr = vector_octets (srtps, "zidr");
  expected = vector_octets (srtps, "srtps");
  parts[0] = (ZrtpPart) { zidi.data, zidi.len };
  parts[1] = (ZrtpPart) { zidr.data, zidr.len };
  parts[2] = (ZrtpPart) { salt.data, salt.len };
  zrtp_kdf (zrtp_hash_find ("S256"), key.data, key.len, "SRTP Secret", parts, 3, out, 32);
  assert_octets (expected, out, 32);
  memset (out, 0, 32);
  zrtp_derive_srtps (zrtp_hash_find ("S256"), zidi.data, zidr.data, (ZrtpSecret) { key.data, key.len },
      (ZrtpSecret) { salt.data, salt.len }, out);
  assert_octets (expected, out, 32);
  json_object_unref (root);
}

static void
load_context (ZrtpKdfContext * context, JsonObject * root)
{
  Octets zidi = vector_octets (vector_object (root, "initiator"), "zid");
  Octets zidr = vector_octets (vector_object (root, "responder"), "zid");
  Octets total_hash = vector_octets (vector_object (root, "derived"), "total_hash");

  memset (context, 0, sizeof *context);
  context->hash = zrtp_hash_find (json_object_get_string_member (vector_object (root, "negotiated"), "hash"));
  g_assert_nonnull (context->hash);
  g_assert_cmpuint (total_hash.len, ==, context->hash->length);
  memcpy (context->zidi, zidi.data, ZRTP_ZID_LEN);
  memcpy (context->zidr, zidr.data, ZRTP_ZID_LEN);
  memcpy (context->total_hash, total_hash.data, total_hash.len);
}

static void
check_stream_keys (JsonObject * root, const ZrtpKdfContext * context, const guint8 * s0)
{
  JsonObject *derived = vector_object (root, "derived"), *negotiated = vector_object (root, "negotiated");
  const ZrtpCipher *cipher = zrtp_cipher_find (json_object_get_string_member (negotiated, "cipher"));
  const ZrtpAuthTag *tag = zrtp_auth_tag_find (json_object_get_string_member (negotiated, "auth_tag"));
  ZrtpStreamKeys keys;

  zrtp_derive_stream_keys (context, s0, cipher, tag, &keys);
  g_assert_cmpuint (keys.srtp_i.key_len, ==, cipher->key_len);
  g_assert_cmpuint (keys.srtp_r.key_len, ==, cipher->key_len);
  g_assert_cmpuint (keys.srtp_i.tag_len, ==, tag->tag_len);
  g_assert_false (keys.srtp_i.aead);
  assert_octets (vector_octets (derived, "srtpkeyi"), keys.srtp_i.key, keys.srtp_i.key_len);
  assert_octets (vector_octets (derived, "srtpsalti"), keys.srtp_i.salt, keys.srtp_i.salt_len);
  assert_octets (vector_octets (derived, "srtpkeyr"), keys.srtp_r.key, keys.srtp_r.key_len);
  assert_octets (vector_octets (derived, "srtpsaltr"), keys.srtp_r.salt, keys.srtp_r.salt_len);
  assert_octets (vector_octets (derived, "mackeyi"), keys.mackeyi, context->hash->length);
  assert_octets (vector_octets (derived, "mackeyr"), keys.mackeyr, context->hash->length);
  assert_octets (vector_octets (derived, "zrtpkeyi"), keys.zrtpkeyi, cipher->key_len);
  assert_octets (vector_octets (derived, "zrtpkeyr"), keys.zrtpkeyr, cipher->key_len);
}

static ZrtpSecret
secret (const Octets * octets)
{
  return (ZrtpSecret) { octets->data, octets->len };
}

/* Z-4.4.1.4-1 to -6, Z-4.5.2-1 to -4, Z-4.5.3-1, -5, Z-4.6.1-4: from total_hash and DHResult on. */
static void
test_dh (gconstpointer name)
{
  JsonObject *root = vector_load (name), *derived = vector_object (root, "derived");
  Octets dh_result = vector_octets (derived, "DHResult"), s1 = vector_octets (derived, "s1");
  Octets s2 = vector_octets (derived, "s2"), s3 = vector_octets (derived, "s3");
  ZrtpKdfContext context;
  guint8 s0[64], out[64];
  gchar text[64];

  load_context (&context, root);
  zrtp_s0_from_dh (&context, dh_result.data, dh_result.len, secret (&s1), secret (&s2), secret (&s3), s0);
  assert_octets (vector_octets (derived, "s0"), s0, context.hash->length);
  zrtp_derive_zrtp_sess (&context, s0, out);
  assert_octets (vector_octets (derived, "ZRTPSess"), out, context.hash->length);
  zrtp_derive_exported_key (&context, s0, out);
  assert_octets (vector_octets (derived, "ExportedKey"), out, context.hash->length);
  zrtp_derive_retained_secret (&context, s0, out);
  assert_octets (vector_octets (vector_object (root, "cache_after.initiator"), "rs1"), out, ZRTP_RETAINED_LEN);
  zrtp_derive_sashash (&context, s0, out);
  assert_octets (vector_octets (derived, "sashash"), out, ZRTP_SASHASH_LEN);
  zrtp_sas_render_b32 (out, text, sizeof text);
  g_assert_cmpstr (text, ==, json_object_get_string_member (derived, "sas_b32"));
  check_stream_keys (root, &context, s0);
  json_object_unref (root);
}

static Octets
find_message (JsonObject * root, const gchar * from, const gchar * type)
{
  JsonArray *messages = json_object_get_array_member (root, "messages");

  for (guint i = 0; i < json_array_get_length (messages); i++) {
    JsonObject *message = json_array_get_object_element (messages, i);

    if (strcmp (json_object_get_string_member (message, "from"), from) == 0
        && strcmp (json_object_get_string_member (message, "type"), type) == 0)
      return vector_octets (message, "message");
  }
  g_assert_not_reached ();
}

/* Z-4.4.1.1-6 and Z-4.4.1.4-1: hvi and total_hash over whole messages. */
static void
test_hashes (gconstpointer name)
{
  JsonObject *root = vector_load (name), *derived = vector_object (root, "derived");
  const ZrtpHash *hash = zrtp_hash_find (json_object_get_string_member (vector_object (root, "negotiated"), "hash"));
  Octets hello = find_message (root, "responder", "Hello   "), commit = find_message (root, "initiator", "Commit  ");
  Octets dhpart1 = find_message (root, "responder", "DHPart1 ");
  Octets dhpart2 = find_message (root, "initiator", "DHPart2 ");
  guint8 out[64];

  hash->digest ((ZrtpPart[]) { {dhpart2.data, dhpart2.len}, {hello.data, hello.len} }, 2, out);
  assert_octets (vector_octets (derived, "hvi"), out, 32);
  g_assert_cmpmem (commit.data + 76, 32, out, 32);
  hash->digest ((ZrtpPart[]) { {hello.data, hello.len}, {commit.data, commit.len}, {dhpart1.data, dhpart1.len},
    {dhpart2.data, dhpart2.len} }, 4, out);
  assert_octets (vector_octets (derived, "total_hash"), out, hash->length);
  json_object_unref (root);
}

static void
check_id (JsonObject * ids, const gchar * member, const ZrtpHash * hash, Octets value, gconstpointer label,
    gsize label_len)
{
  guint8 id[ZRTP_SECRET_ID_LEN];

  zrtp_secret_id (hash, secret (&value), label, label_len, id);
  assert_octets (vector_octets (ids, member), id, sizeof id);
}

static Octets
secret_or_stand_in (JsonObject * side, const gchar * member)
{
  Octets value = vector_octets (vector_object (side, "cache"), member);

  return value.len ? value : vector_octets (vector_object (side, "random_stand_ins_for_missing_secrets"), member);
}

/* Z-4.3.1-1 to -3. */
static void
test_secret_ids (gconstpointer name)
{
  JsonObject *root = vector_load (name);
  const ZrtpHash *hash = zrtp_hash_find (json_object_get_string_member (vector_object (root, "negotiated"), "hash"));
  JsonObject *initiator = vector_object (root, "initiator"), *responder = vector_object (root, "responder");
  JsonObject *sent_i = vector_object (root, "secret_ids.initiator_sends");
  JsonObject *sent_r = vector_object (root, "secret_ids.responder_sends");
  Octets h3i = vector_octets (initiator, "H3"), h3r = vector_octets (responder, "H3");

  check_id (sent_i, "rs1IDi", hash, secret_or_stand_in (initiator, "rs1"), "Initiator", 9);
  check_id (sent_i, "rs2IDi", hash, secret_or_stand_in (initiator, "rs2"), "Initiator", 9);
  check_id (sent_i, "auxsecretIDi", hash, secret_or_stand_in (initiator, "aux"), h3i.data, h3i.len);
  check_id (sent_i, "pbxsecretIDi", hash, secret_or_stand_in (initiator, "pbx"), "Initiator", 9);
  check_id (sent_r, "rs1IDr", hash, secret_or_stand_in (responder, "rs1"), "Responder", 9);
  check_id (sent_r, "rs2IDr", hash, secret_or_stand_in (responder, "rs2"), "Responder", 9);
  check_id (sent_r, "auxsecretIDr", hash, secret_or_stand_in (responder, "aux"), h3r.data, h3r.len);
  check_id (sent_r, "pbxsecretIDr", hash, secret_or_stand_in (responder, "pbx"), "Responder", 9);
  json_object_unref (root);
}

/* Z-9-1, Z-5.1.2.2-1, Z-8.1.1-4: the chain, and the message MACs with SHA-256 whatever was negotiated. */
static void
test_chain (gconstpointer name)
{
  static const gchar *const sides[] = { "initiator", "responder" };
  static const gchar *const values[] = { "H0", "H1", "H2", "H3" };
  JsonObject *root = vector_load (name);

  for (guint s = 0; s < 2; s++) {
    JsonObject *side = vector_object (root, sides[s]);
    Octets link = vector_octets (side, "H0"), hello = find_message (root, sides[s], "Hello   ");
    Octets h2 = vector_octets (side, "H2");
    guint8 mac[ZRTP_MAC_LEN], next[ZRTP_CHAIN_LEN];

    for (guint i = 1; i < 4; i++) {
      zrtp_chain_step (link.data, next);
      assert_octets (vector_octets (side, values[i]), next, ZRTP_CHAIN_LEN);
      memcpy (link.data, next, ZRTP_CHAIN_LEN);
    }
    zrtp_message_mac (h2.data, hello.data, hello.len - ZRTP_MAC_LEN, mac);
    g_assert_cmpmem (hello.data + hello.len - ZRTP_MAC_LEN, ZRTP_MAC_LEN, mac, ZRTP_MAC_LEN);
  }
  json_object_unref (root);
}

/* Z-4.4.3.2-1, -2. */
static void
test_multistream (void)
{
  JsonObject *root = vector_load ("transcript_multistream.json"), *derived = vector_object (root, "derived");
  Octets session = vector_octets (root, "ZRTPSess");
  Octets hello = find_message (root, "responder", "Hello   "), commit = find_message (root, "initiator", "Commit  ");
  ZrtpKdfContext context;
  guint8 s0[64], total_hash[64];

  load_context (&context, root);
  context.hash->digest ((ZrtpPart[]) { {hello.data, hello.len}, {commit.data, commit.len} }, 2, total_hash);
  g_assert_cmpmem (context.total_hash, context.hash->length, total_hash, context.hash->length);
  zrtp_s0_from_session (&context, session.data, session.len, s0);
  assert_octets (vector_octets (derived, "s0"), s0, context.hash->length);
  check_stream_keys (root, &context, s0);
  json_object_unref (root);
}

/* AES-GCM has salts of 12 octets, cut from the same derivation at 96 bits (interop.md). */
static void
test_gcm_lengths (void)
{
  ZrtpKdfContext context = { zrtp_hash_find ("S256") };
  ZrtpStreamKeys keys;
  guint8 s0[32] = { 1 };

  zrtp_derive_stream_keys (&context, s0, zrtp_cipher_find ("AES3"), zrtp_auth_tag_find ("GCM "), &keys);
  g_assert_true (keys.srtp_i.aead && keys.srtp_r.aead);
  g_assert_cmpuint (keys.srtp_i.salt_len, ==, 12);
  g_assert_cmpuint (keys.srtp_i.key_len, ==, 32);
  g_assert_cmpuint (keys.srtp_i.tag_len, ==, 16);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/keyschedule/kdf", test_kdf);
  for (guint i = 0; i < G_N_ELEMENTS (dh_transcripts); i++) {
    static const struct
    {
      const gchar *name;
      GTestDataFunc function;
    } tests[] = {
      {"dh", test_dh}, {"hashes", test_hashes}, {"secret-ids", test_secret_ids}, {"chain", test_chain}
    };

    for (guint t = 0; t < G_N_ELEMENTS (tests); t++) {
      gchar *path = g_strdup_printf ("/keyschedule/%s/%s", tests[t].name, dh_transcripts[i]);

      g_test_add_data_func (path, dh_transcripts[i], tests[t].function);
      g_free (path);
    }
  }
  g_test_add_data_func ("/keyschedule/chain/multistream", "transcript_multistream.json", test_chain);
  g_test_add_func ("/keyschedule/multistream", test_multistream);
  g_test_add_func ("/keyschedule/gcm-lengths", test_gcm_lengths);
  return g_test_run ();
}
