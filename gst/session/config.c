/* config.c: the engine of a run, made from the settings.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"
#include "ext/nettle/nettle.h"

#include <string.h>

/* What libsrtp2 can do here. */
typedef struct
{
  gboolean cipher[3];           /* with HMAC-SHA1, by the number of 64-bit words beyond two in its key */
  gboolean aead;                /* AES-GCM, with keys of 128 and 256 bits */
} Support;

static const Support *
get_support (void)
{
  static gsize once = 0;
  static Support support;
  guint i;

  if (g_once_init_enter (&once)) {
    for (i = 0; i < G_N_ELEMENTS (support.cipher); i++)
      support.cipher[i] = zrtp_srtp_supports (16 + 8 * i, FALSE);
    support.aead = zrtp_srtp_supports (16, TRUE) && zrtp_srtp_supports (32, TRUE);
    g_once_init_leave (&once, 1);
  }
  return &support;
}

void
gst_zrtp_prepare_support (void)
{
  get_support ();
}

static gboolean
cipher_works (const gchar *name)
{
  const ZrtpCipher *cipher = zrtp_cipher_find (name);

  return cipher != NULL && get_support ()->cipher[(cipher->key_len - 16) / 8];
}

static gboolean
auth_tag_works (const gchar *name)
{
  const ZrtpAuthTag *tag = zrtp_auth_tag_find (name);

  return tag != NULL && (!tag->aead || get_support ()->aead);
}

/* What media could not be encrypted with is not offered: the key agreement would succeed and nothing could be sent. */
static void
drop_unsupported (ZrtpAlgorithmList *list, gboolean (*works) (const gchar *name))
{
  ZrtpAlgorithmList kept = { 0 };
  guint i;

  for (i = 0; i < list->count; i++) {
    if (works (list->names[i]))
      memcpy (kept.names[kept.count++], list->names[i], sizeof kept.names[0]);
  }
  *list = kept;
}

/* Refused is what the application did not list, mandatory or not (attack B3). */
static void
set_floor (const GstZrtpSettings *settings, ZrtpConfig *config)
{
  config->allowed_hashes = settings->listed[ZRTP_ALGORITHM_HASH];
  config->allowed_ciphers = settings->listed[ZRTP_ALGORITHM_CIPHER];
  config->allowed_auth_tags = settings->listed[ZRTP_ALGORITHM_AUTH_TAG];
  config->allowed_key_agreements = settings->listed[ZRTP_ALGORITHM_KEY_AGREEMENT];
  config->allowed_sas_types = settings->listed[ZRTP_ALGORITHM_SAS];
}

static void
append (ZrtpAlgorithmList *list, const gchar *name)
{
  if (list->count < ZRTP_MAX_ALGORITHMS)
    g_strlcpy (list->names[list->count++], name, sizeof list->names[0]);
}

/* The object lock is held. */
static void
fill_config (const GstZrtpSettings *settings, ZrtpConfig *config)
{
  config->hashes = settings->algorithms[ZRTP_ALGORITHM_HASH];
  config->ciphers = settings->algorithms[ZRTP_ALGORITHM_CIPHER];
  config->auth_tags = settings->algorithms[ZRTP_ALGORITHM_AUTH_TAG];
  config->key_agreements = settings->algorithms[ZRTP_ALGORITHM_KEY_AGREEMENT];
  config->sas_types = settings->algorithms[ZRTP_ALGORITHM_SAS];
  drop_unsupported (&config->ciphers, cipher_works);
  drop_unsupported (&config->auth_tags, auth_tag_works);
  if (settings->only_listed)
    set_floor (settings, config);
  config->preshared = settings->preshared;
  config->preshared_limit = settings->preshared_limit;
  if (settings->preshared) {
    append (&config->key_agreements, "Prsh");
    if (settings->only_listed)
      append (&config->allowed_key_agreements, "Prsh");
  }
  config->mitm = settings->mitm;
  config->enroll = settings->mitm && settings->enroll;
  config->accept_relay = settings->accept_relay;
  config->checks_signatures = settings->check_signatures;
  config->automatic = settings->auto_secure;
  config->passive = settings->passive;
  /* Nobody knows what becomes of an exported key (Z-11-5). */
  config->disclosure = settings->disclosure || settings->export_key;
  /* Who sends no clear media need not be asked to. */
  config->allow_clear = settings->allow_clear && settings->media_policy == GST_ZRTP_MEDIA_POLICY_OPPORTUNISTIC;
  config->require_hello_hash = settings->require_zrtp_hash;
  config->signalling_secure = settings->signalling_secure;
  config->cache_expiry = settings->cache_ttl;
  config->round_trip = settings->round_trip;
  g_strlcpy (config->client_id, settings->client_id, sizeof config->client_id);
}

gboolean
gst_zrtp_session_open_cache (GstZrtpSession *self, gchar **problem)
{
  gboolean required, shared, open;
  GError *error = NULL;
  gchar *setting;

  if (problem != NULL)
    *problem = NULL;
  if (self->association != NULL)
    return TRUE;
  GST_OBJECT_LOCK (self);
  setting = g_strdup (self->settings.cache);
  required = self->settings.cache_required;
  shared = self->settings.zid != NULL;
  GST_OBJECT_UNLOCK (self);
  open = gst_zrtp_cache_open (&self->cache, setting, shared, &error);
  if (open)
    GST_CAT_INFO_OBJECT (gst_zrtp_cache_debug, self, "cache of earlier calls: %s",
        self->cache.is_file ? zrtp_sqlite_cache_get_path (self->cache.target) : setting);
  g_free (setting);

  g_clear_pointer (&self->cache_trouble, g_free);
  if (!open) {
    GST_CAT_WARNING_OBJECT (gst_zrtp_cache_debug, self, "no cache: %s", error->message);
    if (!required)
      self->cache_trouble = g_strdup (error->message);
    else if (problem != NULL)
      *problem = g_strdup (error->message);
    g_error_free (error);
  }
  return open || !required;
}

static gboolean
choose_zid (GstZrtpSession *self, ZrtpRandom *random, guint8 zid[ZRTP_ZID_LEN])
{
  gboolean given;

  GST_OBJECT_LOCK (self);
  given = self->settings.zid != NULL && gst_zrtp_parse_zid (self->settings.zid, zid);
  GST_OBJECT_UNLOCK (self);
  if (given)
    return TRUE;
  /* Who uses the same file is the same endpoint (Z-4.9-1). */
  if (self->cache.is_file) {
    memcpy (zid, self->cache.zid, ZRTP_ZID_LEN);
    return TRUE;
  }
  if (!self->have_zid)
    self->have_zid = random->fill (random, ZRTP_RANDOM_ZID, self->zid, sizeof self->zid);
  memcpy (zid, self->zid, ZRTP_ZID_LEN);
  return self->have_zid;
}

gboolean
gst_zrtp_session_ensure_association (GstZrtpSession *self, guint run)
{
  ZrtpRandom *random = zrtp_random_default ();
  ZrtpConfig config = { { 0 } };
  gchar *keylog;

  if (self->association != NULL)
    return TRUE;
  if (!gst_zrtp_session_open_cache (self, NULL))
    return FALSE;
  if (!choose_zid (self, random, config.zid))
    return FALSE;
  GST_OBJECT_LOCK (self);
  fill_config (&self->settings, &config);
  self->signalling_secure = config.signalling_secure;
  self->hash_required = config.require_hello_hash;
  self->export_allowed = self->settings.export_key;
  keylog = g_strdup (self->settings.keylog);
  GST_OBJECT_UNLOCK (self);
  config.disclosure |= gst_zrtp_keylog_open (&self->keylog, keylog);
  g_free (keylog);
  if (gst_zrtp_session_signs (self))
    config.signer = &self->signer.interface;
  if (self->cache.target == NULL)
    config.cache_expiry = 0;

  memcpy (self->local_zid, config.zid, ZRTP_ZID_LEN);
  self->association = zrtp_association_new (&config, random, gst_zrtp_trace_watch_cache (self, self->cache.target));
  self->association_run = run;
  if (self->association != NULL)
    gst_zrtp_session_apply_aux_secret (self);
  return self->association != NULL;
}
