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

/* One table for all sessions with a ZID of the application's. A ZID drawn for one session is of no use after it, so its
 * secrets are not kept here. */
static ZrtpCache *
shared_cache (void)
{
  static gsize cache = 0;

  if (g_once_init_enter (&cache))
    g_once_init_leave (&cache, (gsize) zrtp_memory_cache_new ());
  return (ZrtpCache *) cache;
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
  config->automatic = settings->auto_secure;
  config->passive = settings->passive;
  config->disclosure = settings->disclosure;
  /* Who sends no clear media need not be asked to. */
  config->allow_clear = settings->allow_clear && settings->media_policy == GST_ZRTP_MEDIA_POLICY_OPPORTUNISTIC;
  config->require_hello_hash = settings->require_zrtp_hash;
  config->signalling_secure = settings->signalling_secure;
  config->round_trip = settings->round_trip;
  g_strlcpy (config->client_id, settings->client_id, sizeof config->client_id);
}

gboolean
gst_zrtp_session_ensure_association (GstZrtpSession *self, guint run)
{
  GstZrtpSettings *settings = &self->settings;
  ZrtpRandom *random = zrtp_random_default ();
  ZrtpCache *cache = NULL;
  ZrtpConfig config = { { 0 } };
  gchar *peer_name;
  gboolean have_zid;

  if (self->association != NULL)
    return TRUE;
  if (!self->have_zid) {
    if (!random->fill (random, ZRTP_RANDOM_ZID, self->zid, sizeof self->zid))
      return FALSE;
    self->have_zid = TRUE;
  }

  GST_OBJECT_LOCK (self);
  fill_config (settings, &config);
  have_zid = settings->zid != NULL && gst_zrtp_parse_zid (settings->zid, config.zid);
  if (!have_zid)
    memcpy (config.zid, self->zid, sizeof config.zid);
  if (strcmp (settings->cache, "memory") == 0) {
    if (!have_zid && self->cache == NULL)
      self->cache = zrtp_memory_cache_new ();
    cache = have_zid ? shared_cache () : self->cache;
    config.cache_expiry = settings->cache_ttl;
  }
  peer_name = g_strdup (settings->peer_name);
  GST_OBJECT_UNLOCK (self);

  self->association = zrtp_association_new (&config, random, cache);
  self->association_run = run;
  if (self->association != NULL && peer_name != NULL)
    zrtp_association_set_peer_name (self->association, peer_name);
  g_free (peer_name);
  return self->association != NULL;
}
