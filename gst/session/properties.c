/* properties.c: what an application sets and reads, on a session and in the same way on its elements.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

#include <string.h>

static const struct
{
  guint id;
  ZrtpAlgorithmKind kind;
  const gchar *name, *nick, *blurb;
} algorithm_properties[GST_ZRTP_N_ALGORITHM_KINDS] = {
  { GST_ZRTP_PROP_HASHES, ZRTP_ALGORITHM_HASH, "hashes", "Hashes",
      "Hash algorithms to offer, in order of preference, separated by commas; S256 is always offered" },
  { GST_ZRTP_PROP_CIPHERS, ZRTP_ALGORITHM_CIPHER, "ciphers", "Ciphers",
      "Ciphers to offer, in order of preference, separated by commas; AES1 is always offered" },
  { GST_ZRTP_PROP_AUTH_TAGS, ZRTP_ALGORITHM_AUTH_TAG, "auth-tags", "SRTP authentication tags",
      "SRTP authentication tags to offer, in order of preference, separated by commas; HS32 and HS80 are always offered" },
  { GST_ZRTP_PROP_KEY_AGREEMENTS, ZRTP_ALGORITHM_KEY_AGREEMENT, "key-agreements", "Key agreements",
      "Key agreements to offer, in order of preference, separated by commas; DH3k and Mult are always offered" },
  { GST_ZRTP_PROP_SAS_TYPES, ZRTP_ALGORITHM_SAS, "sas-types", "Renderings of the authentication string",
      "Renderings of the short authentication string to offer, in order of preference, separated by commas: B32 is four "
      "characters, B256 two words; B32 is always offered" },
};

/* The cache being stolen, what a thief can decrypt is a handful of calls. */
#define PRESHARED_LIMIT 5

#define FIELD(member) G_STRUCT_OFFSET (GstZrtpSettings, member)

static const struct
{
  guint id;
  gsize offset;
  gboolean initial;
  const gchar *name, *nick, *blurb;
} flag_properties[] = {
  { GST_ZRTP_PROP_ENABLED, FIELD (enabled), TRUE, "enabled", "Enabled",
      "FALSE makes the elements transparent: media and the peers' ZRTP pass untouched" },
  { GST_ZRTP_PROP_AUTO_SECURE, FIELD (auto_secure), TRUE, "auto-secure", "Go secure by itself",
      "Begin the key agreement as soon as the peer is known, without waiting for the secure signal" },
  { GST_ZRTP_PROP_PASSIVE, FIELD (passive), FALSE, "passive", "Passive",
      "Never begin the key agreement, leave that to the peer. Two passive ends never become secure" },
  { GST_ZRTP_PROP_ALLOW_CLEAR, FIELD (allow_clear), FALSE, "allow-clear", "Allow going clear",
      "Let the peer switch encryption off in a secure call, if this end's user agrees by accept-clear. Has no effect "
      "with media-policy=secure-only" },
  { GST_ZRTP_PROP_REQUIRE_ZRTP_HASH, FIELD (require_zrtp_hash), FALSE, "require-zrtp-hash", "Require the signalled hash",
      "Refuse a peer that is not the one of the zrtp-hash in the signalling, instead of warning of it. Once that is known "
      "no clear media passes" },
  { GST_ZRTP_PROP_SIGNALLING_SECURE, FIELD (signalling_secure), FALSE, "signalling-secure", "Signalling is secure",
      "The signalling that brought the peer's zrtp-hash is protected from end to end: a hash that matches then speaks for "
      "the peer. TLS to a server is not enough" },
  { GST_ZRTP_PROP_CACHE_REQUIRED, FIELD (cache_required), FALSE, "cache-required", "Cache is required",
      "Do not start if the cache's file cannot be used. By default the call goes on without it, with a warning" },
  { GST_ZRTP_PROP_ONLY_LISTED, FIELD (only_listed), FALSE, "only-listed", "Only what is listed",
      "Refuse all algorithms that are not in the lists of this end, also those that RFC 6189 wants every end to have. A peer "
      "without the listed ones gets no secure call" },
  { GST_ZRTP_PROP_PRESHARED, FIELD (preshared), FALSE, "preshared", "Preshared mode",
      "With a verified peer, make keys from the kept secrets alone, without a key agreement: quicker, but who steals the "
      "cache can decrypt such calls" },
  { GST_ZRTP_PROP_CHECK_SIGNATURES, FIELD (check_signatures), FALSE, "check-signatures", "Signatures are checked",
      "The application can check a signature of the authentication string: the peer may send one, and the message "
      "zrtp-signature tells of it" },
  { GST_ZRTP_PROP_EXPORT_KEY, FIELD (export_key), FALSE, "export-key", "Export a key",
      "Let the application have a key of the call for its own use. The peer is told that keys may be disclosed" },
  { GST_ZRTP_PROP_MITM, FIELD (mitm), FALSE, "mitm", "Telephone system",
      "This end is a telephone system between its users and their partners (RFC 6189 section 7.3)" },
  { GST_ZRTP_PROP_ENROLL, FIELD (enroll), FALSE, "enroll", "Offer to be trusted",
      "With mitm: ask the phone at the other end to trust this telephone system from now on" },
  { GST_ZRTP_PROP_ACCEPT_RELAY, FIELD (accept_relay), FALSE, "accept-relay", "Show relayed strings",
      "Show the authentication string that a trusted telephone system passes on from the partner's side" },
  { GST_ZRTP_PROP_DISCLOSURE, FIELD (disclosure), FALSE, "disclosure", "Disclosure",
      "Tell the peer that this end may disclose the session keys (RFC 6189 section 11)" },
};

static gboolean *
find_flag (GstZrtpSettings *settings, guint id)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (flag_properties); i++) {
    if (flag_properties[i].id == id)
      return (gboolean *) ((guint8 *) settings + flag_properties[i].offset);
  }
  return NULL;
}

void
gst_zrtp_install_session_properties (GObjectClass *klass)
{
  const GParamFlags next_run = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;
  const GParamFlags any_time = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;
  const GParamFlags reading = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (algorithm_properties); i++) {
    gchar *known = zrtp_algorithm_known (algorithm_properties[i].kind);
    gchar *blurb = g_strconcat (algorithm_properties[i].blurb, "; known are ", known, NULL);

    g_object_class_install_property (klass, algorithm_properties[i].id,
        g_param_spec_string (algorithm_properties[i].name, algorithm_properties[i].nick, g_intern_string (blurb),
            zrtp_algorithm_defaults (algorithm_properties[i].kind), next_run));
    g_free (blurb);
    g_free (known);
  }
  g_object_class_install_property (klass, GST_ZRTP_PROP_MEDIA_POLICY,
      g_param_spec_enum ("media-policy", "Media policy",
          "Whether clear media may flow before the call is secure. Once it was secure nothing clear flows either way, "
          "also after a restart, unless both sides agree to go clear, or new-call says that it is another call",
          GST_TYPE_ZRTP_MEDIA_POLICY, GST_ZRTP_MEDIA_POLICY_OPPORTUNISTIC, any_time));
  for (i = 0; i < G_N_ELEMENTS (flag_properties); i++)
    g_object_class_install_property (klass, flag_properties[i].id,
        g_param_spec_boolean (flag_properties[i].name, flag_properties[i].nick, flag_properties[i].blurb,
            flag_properties[i].initial, next_run));
  g_object_class_install_property (klass, GST_ZRTP_PROP_CLIENT_ID,
      g_param_spec_string ("client-id", "Client identifier",
          "What the peer is told about this software: up to 16 ASCII characters", "gst-zrtp " PACKAGE_VERSION,
          next_run));
  g_object_class_install_property (klass, GST_ZRTP_PROP_ZID,
      g_param_spec_string ("zid", "ZID",
          "Identity of this endpoint, 24 hexadecimal digits, by which peers recognise it in later calls. Two ends of a "
          "call must differ. By default it is the one that the cache's file keeps, or else each session draws its own",
          NULL, next_run));
  g_object_class_install_property (klass, GST_ZRTP_PROP_CACHE,
      g_param_spec_string ("cache", "Cache of retained secrets",
          "Path of the file that remembers the secrets shared with peers, made if there is none; by default "
          "gst-zrtp/cache.db in the user's data folder. memory: remember them until the process ends if zid is set, else "
          "as long as the session lives. none: forget them after each call. Two ends of a call must not share a file",
          NULL, next_run));
  g_object_class_install_property (klass, GST_ZRTP_PROP_CACHE_TTL,
      g_param_spec_uint ("cache-ttl", "Lifetime of retained secrets",
          "Seconds after a call for which the secret shared with its peer is kept; 4294967295 is for ever", 0,
          G_MAXUINT, ZRTP_CACHE_FOREVER, next_run));
  g_object_class_install_property (klass, GST_ZRTP_PROP_PRESHARED_LIMIT,
      g_param_spec_uint ("preshared-limit", "Limit of preshared mode",
          "How many calls in a row with one peer may go without a key agreement", 1, 1000, PRESHARED_LIMIT, next_run));
  g_object_class_install_property (klass, GST_ZRTP_PROP_ROUND_TRIP,
      g_param_spec_uint64 ("round-trip", "Round trip",
          "Round trip time of a slow channel in nanoseconds: retransmissions start no faster. 0 for RFC 6189's timers", 0,
          G_MAXUINT64, 0, next_run));
  g_object_class_install_property (klass, GST_ZRTP_PROP_PEER_NAME,
      g_param_spec_string ("peer-name", "Name of the peer",
          "Whom the user expects at the other end: the call is verified only if the peer has been verified under this "
          "name, or is now. It is kept with the retained secrets then. Reads as the kept name if not set",
          NULL, any_time));
  g_object_class_install_property (klass, GST_ZRTP_PROP_KEYLOG,
      g_param_spec_string ("keylog", "Key log",
          "File to which the SRTP keys of each call are added, so that its captured packets can be decrypted. For looking for "
          "faults only: the peer is told that keys are disclosed, and a warning is posted",
          NULL, next_run));
  g_object_class_install_property (klass, GST_ZRTP_PROP_CLOCK,
      g_param_spec_object ("clock", "Clock", "Clock that drives the protocol's timers; the system clock if not set",
          GST_TYPE_CLOCK, next_run));
  g_object_class_install_property (klass, GST_ZRTP_PROP_STATE,
      g_param_spec_enum ("state", "State", "State of the first media stream (zrtpdec: of its own stream)",
          GST_TYPE_ZRTP_STATE, GST_ZRTP_STATE_IDLE, reading));
  g_object_class_install_property (klass, GST_ZRTP_PROP_SECURITY,
      g_param_spec_enum ("security", "Security",
          "How far the first media stream (zrtpdec: its own stream) may be trusted", GST_TYPE_ZRTP_SECURITY,
          GST_ZRTP_SECURITY_NONE, reading));
  g_object_class_install_property (klass, GST_ZRTP_PROP_SAS,
      g_param_spec_string ("sas", "Short authentication string",
          "What both users must see alike; NULL until the call is secure", NULL, reading));
  g_object_class_install_property (klass, GST_ZRTP_PROP_SAS_TYPE,
      g_param_spec_string ("sas-type", "Rendering of the authentication string",
          "The rendering that both sides agreed on; NULL until the call is secure", NULL, reading));
  g_object_class_install_property (klass, GST_ZRTP_PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "What the call has counted and measured, in all and for each media stream: packets, drops, times, algorithms", GST_TYPE_STRUCTURE,
          reading));
}

/* A list as it was written, which comes first in what the parser makes of it, and all of that. */
static gboolean
set_algorithms (GstZrtpSettings *settings, ZrtpAlgorithmKind kind, const gchar *text, GError **error)
{
  ZrtpAlgorithmList *listed = &settings->listed[kind], all;
  gchar **names;
  guint i;

  if (!zrtp_algorithm_list_parse (kind, text, &all, error))
    return FALSE;
  memset (listed, 0, sizeof *listed);
  names = g_strsplit (text, ",", -1);
  for (i = 0; names[i] != NULL; i++) {
    gchar padded[5];

    g_snprintf (padded, sizeof padded, "%-4s", g_strstrip (names[i]));
    if (zrtp_algorithm_list_contains (&all, padded) && !zrtp_algorithm_list_contains (listed, padded))
      memcpy (listed->names[listed->count++], padded, sizeof padded);
  }
  g_strfreev (names);
  settings->algorithms[kind] = all;
  return TRUE;
}

void
gst_zrtp_settings_init (GstZrtpSettings *settings)
{
  guint i;

  memset (settings, 0, sizeof *settings);
  for (i = 0; i < GST_ZRTP_N_ALGORITHM_KINDS; i++)
    set_algorithms (settings, i, zrtp_algorithm_defaults (i), NULL);
  settings->preshared_limit = PRESHARED_LIMIT;
  settings->media_policy = GST_ZRTP_MEDIA_POLICY_OPPORTUNISTIC;
  for (i = 0; i < G_N_ELEMENTS (flag_properties); i++)
    *find_flag (settings, flag_properties[i].id) = flag_properties[i].initial;
  settings->client_id = g_strdup ("gst-zrtp " PACKAGE_VERSION);
  settings->cache_ttl = ZRTP_CACHE_FOREVER;
}

void
gst_zrtp_settings_clear (GstZrtpSettings *settings)
{
  g_free (settings->client_id);
  g_free (settings->zid);
  g_free (settings->cache);
  g_free (settings->peer_name);
  g_free (settings->keylog);
  gst_clear_object (&settings->clock);
}

gboolean
gst_zrtp_parse_zid (const gchar *text, guint8 zid[ZRTP_ZID_LEN])
{
  guint i;

  if (strlen (text) != 2 * ZRTP_ZID_LEN)
    return FALSE;
  for (i = 0; i < ZRTP_ZID_LEN; i++) {
    gint high = g_ascii_xdigit_value (text[2 * i]), low = g_ascii_xdigit_value (text[2 * i + 1]);

    if (high < 0 || low < 0)
      return FALSE;
    zid[i] = high << 4 | low;
  }
  return TRUE;
}

static gboolean
is_client_id (const gchar *text)
{
  gsize i;

  for (i = 0; text[i] != '\0'; i++) {
    if (i == ZRTP_CLIENT_ID_LEN || !g_ascii_isprint (text[i]))
      return FALSE;
  }
  return TRUE;
}

/* What is wrong with a text, in words that tell what would be right; NULL if nothing. Stores it if it is right. The object
 * lock is held. */
static gchar *
set_text (GstZrtpSession *self, guint id, const gchar *text)
{
  GstZrtpSettings *settings = &self->settings;
  guint8 zid[ZRTP_ZID_LEN];
  guint i;

  for (i = 0; i < G_N_ELEMENTS (algorithm_properties); i++) {
    if (algorithm_properties[i].id == id) {
      ZrtpAlgorithmKind kind = algorithm_properties[i].kind;
      GError *error = NULL;
      gchar *reason;

      if (set_algorithms (settings, kind, text ? text : zrtp_algorithm_defaults (kind), &error))
        return NULL;
      reason = g_strdup (error->message);
      g_error_free (error);
      return reason;
    }
  }

  switch (id) {
    case GST_ZRTP_PROP_CLIENT_ID:
      if (text != NULL && !is_client_id (text))
        return g_strdup_printf ("'%.40s' is not up to %d printable ASCII characters", text, ZRTP_CLIENT_ID_LEN);
      g_free (settings->client_id);
      settings->client_id = g_strdup (text ? text : "gst-zrtp " PACKAGE_VERSION);
      return NULL;
    case GST_ZRTP_PROP_ZID:
      if (text != NULL && !gst_zrtp_parse_zid (text, zid))
        return g_strdup_printf ("'%.40s' is not %d hexadecimal digits", text, 2 * ZRTP_ZID_LEN);
      g_free (settings->zid);
      settings->zid = g_strdup (text);
      return NULL;
    case GST_ZRTP_PROP_CACHE:
      /* A slash tells a path from a slip of the pen. */
      if (text != NULL && strcmp (text, "memory") != 0 && strcmp (text, "none") != 0 && strchr (text, '/') == NULL)
        return g_strdup_printf ("'%.40s' is not a kind of cache; known are: memory, none, and the path of a file, which has a "
                                "slash: ./%.40s", text, text);
      g_free (settings->cache);
      settings->cache = g_strdup (text);
      return NULL;
    case GST_ZRTP_PROP_PEER_NAME:
      /* It is shown in messages and the log, and may be what signalling says. */
      if (text != NULL && !zrtp_cache_db_is_name (text))
        return g_strdup ("a name is up to 63 octets of printable UTF-8");
      g_free (settings->peer_name);
      settings->peer_name = g_strdup (text);
      return NULL;
    case GST_ZRTP_PROP_KEYLOG:
      if (text != NULL && text[0] != '\0' && strchr (text, '/') == NULL)
        return g_strdup_printf ("'%.40s' is not the path of a key log, which has a slash: ./%.40s", text, text);
      g_free (settings->keylog);
      settings->keylog = text != NULL && text[0] != '\0' ? g_strdup (text) : NULL;
      return NULL;
    default:
      g_return_val_if_reached (NULL);
  }
}

static void
note_refusal (GstZrtpSession *self, const gchar *property, gchar *reason)
{
  /* What was refused is cited in it, and may be no text at all. */
  if (reason == NULL)
    g_hash_table_remove (self->refused, property);
  else
    g_hash_table_replace (self->refused, g_strdup (property), g_utf8_make_valid (reason, -1));
  g_free (reason);
}

/**
 * gst_zrtp_session_dup_refusal: (skip)
 */
gchar *
gst_zrtp_session_dup_refusal (GstZrtpSession *self, const gchar *property)
{
  GHashTableIter iter;
  gpointer name = (gpointer) property, reason = NULL;
  gchar *text = NULL;

  GST_OBJECT_LOCK (self);
  if (property != NULL)
    reason = g_hash_table_lookup (self->refused, property);
  else {
    g_hash_table_iter_init (&iter, self->refused);
    g_hash_table_iter_next (&iter, &name, &reason);
  }
  if (reason != NULL)
    text = g_strdup_printf ("Property %s: %s", (const gchar *) name, (const gchar *) reason);
  GST_OBJECT_UNLOCK (self);
  return text;
}

/**
 * gst_zrtp_session_claim_property: (skip)
 */
gchar *
gst_zrtp_session_claim_property (GstZrtpSession *self, const gchar *property, const GValue *value,
    const gchar *element)
{
  gchar *text = g_strdup_value_contents (value);
  gchar *other = NULL;
  GstZrtpClaim *claim;

  GST_OBJECT_LOCK (self);
  claim = g_hash_table_lookup (self->claims, property);
  if (claim != NULL && strcmp (claim->element, element) != 0 && strcmp (claim->value, text) != 0)
    other = g_strdup (claim->element);
  claim = g_new (GstZrtpClaim, 1);
  claim->element = g_strdup (element);
  claim->value = text;
  g_hash_table_replace (self->claims, g_strdup (property), claim);
  GST_OBJECT_UNLOCK (self);
  return other;
}

void
gst_zrtp_claim_free (gpointer data)
{
  GstZrtpClaim *claim = data;

  g_free (claim->element);
  g_free (claim->value);
  g_free (claim);
}

static void
set_policy (GstZrtpSession *self, GstZrtpMediaPolicy policy)
{
  guint i;

  g_mutex_lock (&self->run_lock);
  GST_OBJECT_LOCK (self);
  self->settings.media_policy = policy;
  GST_OBJECT_UNLOCK (self);
  for (i = 0; i < ZRTP_MAX_STREAMS; i++) {
    GstZrtpMedia *media = gst_zrtp_session_peek_media (self, i);

    if (media != NULL)
      gst_zrtp_media_set_policy (media, policy);
  }
  g_mutex_unlock (&self->run_lock);
}

void
gst_zrtp_session_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstZrtpSession *self = GST_ZRTP_SESSION (object);
  GstZrtpSettings *settings = &self->settings;
  gboolean *flag;

  if (id == GST_ZRTP_PROP_MEDIA_POLICY) {
    set_policy (self, g_value_get_enum (value));
    return;
  }

  if (g_atomic_int_get (&self->hash_given) && !(pspec->flags & GST_PARAM_MUTABLE_PLAYING)) {
    GValue old = G_VALUE_INIT;

    g_value_init (&old, pspec->value_type);
    gst_zrtp_session_get_property (object, id, &old, pspec);
    if (g_param_values_cmp (pspec, &old, value) != 0)
      GST_WARNING_OBJECT (self, "%s counts for the call after the next one: the zrtp-hash of that one has been given away",
          pspec->name);
    g_value_unset (&old);
  }

  GST_OBJECT_LOCK (self);
  switch (id) {
    case GST_ZRTP_PROP_KEY_AGREEMENTS:
    case GST_ZRTP_PROP_HASHES:
    case GST_ZRTP_PROP_CIPHERS:
    case GST_ZRTP_PROP_AUTH_TAGS:
    case GST_ZRTP_PROP_SAS_TYPES:
    case GST_ZRTP_PROP_CLIENT_ID:
    case GST_ZRTP_PROP_ZID:
    case GST_ZRTP_PROP_CACHE:
    case GST_ZRTP_PROP_PEER_NAME:
    case GST_ZRTP_PROP_KEYLOG:
      note_refusal (self, pspec->name, set_text (self, id, g_value_get_string (value)));
      break;
    case GST_ZRTP_PROP_CACHE_TTL:
      settings->cache_ttl = g_value_get_uint (value);
      break;
    case GST_ZRTP_PROP_PRESHARED_LIMIT:
      settings->preshared_limit = g_value_get_uint (value);
      break;
    case GST_ZRTP_PROP_ROUND_TRIP:
      settings->round_trip = g_value_get_uint64 (value);
      break;
    case GST_ZRTP_PROP_CLOCK:
      gst_object_replace ((GstObject **) &settings->clock, g_value_get_object (value));
      break;
    default:
      flag = find_flag (settings, id);
      if (flag != NULL)
        *flag = g_value_get_boolean (value);
      else
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);

  if (id == GST_ZRTP_PROP_KEYLOG && g_atomic_int_get (&self->active) > 0)
    GST_WARNING_OBJECT (self, "keylog: nothing more is written of this call, if it was; the new value counts for the next one, as "
                              "the peer of this one has been told already whether there is a key log");
  if (id == GST_ZRTP_PROP_PEER_NAME)
    gst_zrtp_mailbox_post (self, GST_ZRTP_INPUT_PEER_NAME, 0, 0, NULL, 0);
}

void
gst_zrtp_session_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstZrtpSession *self = GST_ZRTP_SESSION (object);
  GstZrtpSettings *settings = &self->settings;
  guint i;

  if (id == GST_ZRTP_PROP_STATS) {
    g_value_take_boxed (value, gst_zrtp_session_get_stats (self));
    return;
  }
  if (id == GST_ZRTP_PROP_STATE || id == GST_ZRTP_PROP_SECURITY) {
    /* Of the first stream that there is. */
    for (i = 0; i < ZRTP_MAX_STREAMS - 1 && gst_zrtp_session_peek_media (self, i) == NULL; i++)
      continue;
    if (id == GST_ZRTP_PROP_STATE)
      g_value_set_enum (value, gst_zrtp_session_get_state (self, i));
    else
      g_value_set_enum (value, gst_zrtp_session_get_security (self, i));
    return;
  }

  GST_OBJECT_LOCK (self);
  switch (id) {
    case GST_ZRTP_PROP_KEY_AGREEMENTS:
    case GST_ZRTP_PROP_HASHES:
    case GST_ZRTP_PROP_CIPHERS:
    case GST_ZRTP_PROP_AUTH_TAGS:
    case GST_ZRTP_PROP_SAS_TYPES:
      for (i = 0; algorithm_properties[i].id != id; i++)
        continue;
      g_value_take_string (value,
          zrtp_algorithm_list_to_string (&settings->algorithms[algorithm_properties[i].kind]));
      break;
    case GST_ZRTP_PROP_MEDIA_POLICY:
      g_value_set_enum (value, settings->media_policy);
      break;
    case GST_ZRTP_PROP_CLIENT_ID:
      g_value_set_string (value, settings->client_id);
      break;
    case GST_ZRTP_PROP_ZID:
      g_value_set_string (value, settings->zid);
      break;
    case GST_ZRTP_PROP_CACHE:
      g_value_set_string (value, settings->cache);
      break;
    case GST_ZRTP_PROP_CACHE_TTL:
      g_value_set_uint (value, settings->cache_ttl);
      break;
    case GST_ZRTP_PROP_PRESHARED_LIMIT:
      g_value_set_uint (value, settings->preshared_limit);
      break;
    case GST_ZRTP_PROP_ROUND_TRIP:
      g_value_set_uint64 (value, settings->round_trip);
      break;
    case GST_ZRTP_PROP_PEER_NAME:
      g_value_set_string (value,
          settings->peer_name                               ? settings->peer_name
          : self->have_sas && self->sas.peer_name[0] != '\0' ? self->sas.peer_name
                                                            : NULL);
      break;
    case GST_ZRTP_PROP_KEYLOG:
      g_value_set_string (value, settings->keylog);
      break;
    case GST_ZRTP_PROP_CLOCK:
      g_value_set_object (value, settings->clock);
      break;
    case GST_ZRTP_PROP_SAS:
      g_value_set_string (value, self->have_sas ? self->sas.text : NULL);
      break;
    case GST_ZRTP_PROP_SAS_TYPE:
      g_value_take_string (value, self->have_sas ? g_strchomp (g_strdup (self->sas.choice.sas)) : NULL);
      break;
    default:
      if (find_flag (settings, id) != NULL)
        g_value_set_boolean (value, *find_flag (settings, id));
      else
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}
