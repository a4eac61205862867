/* association.c: the public calls of an association, its outputs, and what the streams of a call share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gst/protocol/stream.h"

/* ---- Life ---- */

ZrtpAssociation *
zrtp_association_new (const ZrtpConfig * config, ZrtpRandom * random, ZrtpCache * cache)
{
  ZrtpAssociation *self = g_new0 (ZrtpAssociation, 1);

  self->config = *config;
  self->offer.hashes = config->hashes;
  self->offer.ciphers = config->ciphers;
  self->offer.auth_tags = config->auth_tags;
  self->offer.key_agreements = config->key_agreements;
  self->offer.sas_types = config->sas_types;
  self->allowed.hashes = config->allowed_hashes;
  self->allowed.ciphers = config->allowed_ciphers;
  self->allowed.auth_tags = config->allowed_auth_tags;
  self->allowed.key_agreements = config->allowed_key_agreements;
  self->allowed.sas_types = config->allowed_sas_types;
  self->random = random;
  self->cache = cache;
  g_queue_init (&self->outputs);
  return self;
}

static void
output_free (ZrtpOutput * output)
{
  zrtp_output_clear (output);
  g_free (output);
}

void
zrtp_association_free (ZrtpAssociation * self)
{
  if (!self)
    return;
  for (guint i = 0; i < ZRTP_MAX_STREAMS; i++)
    g_clear_pointer (&self->streams[i], zrtp_stream_free);
  g_queue_clear_full (&self->outputs, (GDestroyNotify) output_free);
  zrtp_association_set_auxsecret (self, NULL, 0);
  zrtp_message_clear (&self->signature);
  zrtp_wipe (self, sizeof *self);
  g_free (self);
}

static ZrtpStream *
get_stream (ZrtpAssociation * self, guint id)
{
  return id < ZRTP_MAX_STREAMS ? self->streams[id] : NULL;
}

/* Inputs come with their time; it never runs backwards here even if the caller's clock does. */
static ZrtpStream *
begin_input (ZrtpAssociation * self, guint id, guint64 now)
{
  self->now = MAX (self->now, now);
  return get_stream (self, id);
}

gboolean
zrtp_association_add_stream (ZrtpAssociation * self, guint id, guint32 ssrc)
{
  if (id >= ZRTP_MAX_STREAMS || self->streams[id])
    return FALSE;
  self->streams[id] = zrtp_stream_new (self, id, ssrc);
  return self->streams[id] != NULL;
}

void
zrtp_association_set_ssrc (ZrtpAssociation * self, guint id, guint32 ssrc)
{
  ZrtpStream *stream = get_stream (self, id);

  if (stream && stream->state == ZRTP_STREAM_IDLE)
    stream->ssrc = ssrc;
}

void
zrtp_association_remove_stream (ZrtpAssociation * self, guint id)
{
  ZrtpStream *stream = get_stream (self, id);

  if (!stream)
    return;
  zrtp_stream_stop (stream);
  self->streams[id] = NULL;
  zrtp_stream_free (stream);
}

/* ---- Inputs ---- */

void
zrtp_association_start (ZrtpAssociation * self, guint id, guint64 now)
{
  ZrtpStream *stream = begin_input (self, id, now);

  if (stream)
    zrtp_stream_start (stream);
}

void
zrtp_association_stop (ZrtpAssociation * self, guint id, guint64 now)
{
  ZrtpStream *stream = begin_input (self, id, now);

  if (stream)
    zrtp_stream_stop (stream);
}

void
zrtp_association_receive (ZrtpAssociation * self, guint id, const guint8 * data, gsize len, guint64 now)
{
  ZrtpStream *stream = begin_input (self, id, now);

  if (stream)
    zrtp_stream_receive (stream, data, len);
}

void
zrtp_association_advance (ZrtpAssociation * self, guint64 now)
{
  for (guint i = 0; i < ZRTP_MAX_STREAMS; i++) {
    ZrtpStream *stream = begin_input (self, i, now);
    if (stream)
      zrtp_timers_run (stream);
  }
}

void
zrtp_association_media_authenticated (ZrtpAssociation * self, guint id, guint64 now)
{
  ZrtpStream *stream = begin_input (self, id, now);

  if (stream)
    zrtp_stream_media_authenticated (stream);
}

void
zrtp_association_secure (ZrtpAssociation * self, guint id, guint64 now)
{
  ZrtpStream *stream = begin_input (self, id, now);

  if (stream)
    zrtp_stream_secure (stream);
}

void
zrtp_association_set_peer_hello_hash (ZrtpAssociation * self, guint id, const guint8 * hash, guint64 now)
{
  ZrtpStream *stream = begin_input (self, id, now);

  if (stream)
    zrtp_stream_set_peer_hash (stream, hash);
}

void
zrtp_association_set_auxsecret (ZrtpAssociation * self, const guint8 * secret, gsize len)
{
  if (self->auxsecret)
    zrtp_wipe (self->auxsecret, self->auxsecret_len);
  g_free (self->auxsecret);
  self->auxsecret = secret && len > 0 ? g_memdup2 (secret, len) : NULL;
  self->auxsecret_len = self->auxsecret ? len : 0;
}

guint64
zrtp_association_get_deadline (ZrtpAssociation * self)
{
  guint64 deadline = ZRTP_NO_DEADLINE;

  for (guint i = 0; i < ZRTP_MAX_STREAMS; i++)
    if (self->streams[i])
      deadline = MIN (deadline, zrtp_timers_next (self->streams[i]));
  return deadline;
}

/* ---- Outputs ---- */

ZrtpOutput *
zrtp_association_output (ZrtpAssociation * self, ZrtpOutputType type, guint stream)
{
  ZrtpOutput *output = g_new0 (ZrtpOutput, 1);

  output->type = type;
  output->stream = stream;
  g_queue_push_tail (&self->outputs, output);
  return output;
}

void
zrtp_association_warn (ZrtpAssociation * self, guint stream, ZrtpWarning warning)
{
  zrtp_association_output (self, ZRTP_OUTPUT_WARNING, stream)->u.warning = warning;
}

gboolean
zrtp_association_poll (ZrtpAssociation * self, ZrtpOutput * output)
{
  ZrtpOutput *next = g_queue_pop_head (&self->outputs);

  if (!next)
    return FALSE;
  *output = *next;
  output_free (next);
  return TRUE;
}

void
zrtp_output_clear (ZrtpOutput * output)
{
  if (output->type == ZRTP_OUTPUT_KEYS)
    zrtp_wipe (&output->u.keys, sizeof output->u.keys);
  else if (output->type == ZRTP_OUTPUT_SAS)
    zrtp_wipe (&output->u.sas, sizeof output->u.sas);
}

/* What an attacker can repeat is told once for each stream. */
void
zrtp_association_warn_once (ZrtpAssociation * self, ZrtpStream * stream, ZrtpWarning warning)
{
  if (stream->warned & (1u << warning))
    return;
  stream->warned |= 1u << warning;
  zrtp_association_warn (self, stream->id, warning);
}

/* ---- What streams share ---- */

gboolean
zrtp_association_is_secure (const ZrtpAssociation * self)
{
  for (guint i = 0; i < ZRTP_MAX_STREAMS; i++)
    if (self->streams[i] && self->streams[i]->state == ZRTP_STREAM_SECURE)
      return TRUE;
  return FALSE;
}

/* A stream has been stopped: another one speaks for the call, or there is no call left and nothing to build on (Z-4.5.2-8). */
void
zrtp_association_stream_stopped (ZrtpAssociation * self, const ZrtpStream * stopped)
{
  gboolean any_left = FALSE;

  for (guint i = 0; i < ZRTP_MAX_STREAMS; i++) {
    const ZrtpStream *stream = self->streams[i];

    if (!stream || stream == stopped)
      continue;
    any_left |= stream->state != ZRTP_STREAM_IDLE;
    if (self->session_stream == stopped->id && stream->state == ZRTP_STREAM_SECURE)
      self->session_stream = stream->id;
  }
  if (any_left)
    return;
  self->have_session = FALSE;
  self->was_cleared = FALSE;
  zrtp_wipe (self->zrtp_sess, sizeof self->zrtp_sess);
  zrtp_wipe (self->exported_key, sizeof self->exported_key);
}

/* The one DH exchange is free again, or there is a session to build on: streams that waited go on (Z-4.4.1-1). */
void
zrtp_association_exchange_over (ZrtpAssociation * self, ZrtpStream * stream)
{
  if (self->exchanging != stream)
    return;
  self->exchanging = NULL;
  for (guint i = 0; i < ZRTP_MAX_STREAMS; i++) {
    ZrtpStream *other = self->streams[i];
    if (other && other != stream)
      zrtp_stream_try_commit_if_wanted (other);
  }
}

gboolean
zrtp_association_nonce_known (const ZrtpAssociation * self, const guint8 nonce[ZRTP_NONCE_LEN])
{
  for (guint i = 0; i < self->n_nonces; i++)
    if (memcmp (self->nonces[i], nonce, ZRTP_NONCE_LEN) == 0)
      return TRUE;
  return FALSE;
}

/* FALSE when the list is full: then refuse, never forget (Z-15-5). */
gboolean
zrtp_association_remember_nonce (ZrtpAssociation * self, const guint8 nonce[ZRTP_NONCE_LEN])
{
  if (self->n_nonces == ZRTP_MAX_NONCES)
    return FALSE;
  memcpy (self->nonces[self->n_nonces++], nonce, ZRTP_NONCE_LEN);
  return TRUE;
}

/* ---- Retained secrets (4.6.1, 4.9) ---- */

void
zrtp_association_store_entry (ZrtpAssociation * self, const ZrtpCacheEntry * entry)
{
  if (self->cache && !self->cache->store (self->cache, self->config.zid, self->peer_zid, entry))
    zrtp_association_warn (self, self->session_stream, ZRTP_WARNING_CACHE_WRITE);
}

/* The entry after this call: old rs1 becomes rs2, the new secret rs1 (Z-4.6.1-4). An old rs1 that the peer is not known to
 * have would push out the last one that it has: then rs2 stays (attack C5). */
static void
prepare_entry (ZrtpAssociation * self, const ZrtpExchange * exchange, guint32 interval)
{
  ZrtpCacheEntry *entry = &self->entry_after;

  *entry = self->entry_before;
  entry->preshared_run = exchange->mode == ZRTP_MODE_PRESHARED ? entry->preshared_run + 1 : 0;
  /* Preshared replaces rs1 and keeps rs2 (Z-4.6.1-5). */
  if (exchange->mode == ZRTP_MODE_DH && entry->has_rs1 && (entry->rs1_confirmed || exchange->own_rs1_matched)) {
    entry->has_rs2 = TRUE;
    memcpy (entry->rs2, entry->rs1, ZRTP_RETAINED_LEN);
  }
  entry->has_rs1 = TRUE;
  memcpy (entry->rs1, exchange->new_rs1, ZRTP_RETAINED_LEN);
  entry->rs1_confirmed = FALSE;
  entry->expiry_interval = interval;
}

/* What this call leaves: the new secret, or with an interval of 0 only the end of the old one (Z-4.9-7). */
static void
write_update (ZrtpAssociation * self)
{
  if (self->update_interval > 0) {
    self->update_done = TRUE;
    zrtp_association_store_entry (self, &self->entry_after);
  } else if (self->entry_found) {
    self->entry_before.expiry_interval = 0;
    zrtp_association_store_entry (self, &self->entry_before);
  }
}

static void
update_cache (ZrtpAssociation * self, const ZrtpExchange * exchange)
{
  self->entry_found = exchange->entry_found;
  self->entry_before = exchange->entry;
  if (self->wanted_name[0])
    g_strlcpy (self->entry_before.name, self->wanted_name, sizeof self->entry_before.name);
  self->entry_after = self->entry_before;
  self->update_allowed = FALSE;
  self->update_done = FALSE;
  if (!self->cache)
    return;
  if (exchange->entry.unreadable) {
    zrtp_association_warn (self, self->session_stream, ZRTP_WARNING_CACHE_UNREADABLE);
    return;
  }
  self->update_allowed = TRUE;
  self->update_interval = MIN (self->config.cache_expiry, exchange->peer_confirm.cache_expiry);        /* Z-4.9-6 */
  prepare_entry (self, exchange, self->update_interval);
  /* After a mismatch nothing is written, not even that the old secret ends, until the user has compared the SAS, or other evidence speaks for the peer
   * (Z-4.6.1.1-1, -3). */
  if (exchange->cache_status != ZRTP_CACHE_MISMATCH || self->sas.authenticated)
    write_update (self);
}

/* The secret of an enrollment, or none (Z-7.3.1-1, -9): beside rs1 and rs2, it neither expires nor rolls with them. */
void
zrtp_association_set_pbxsecret (ZrtpAssociation * self, gboolean enroll)
{
  guint8 pbxsecret[ZRTP_RETAINED_LEN] = { 0 };

  if (enroll)
    zrtp_derive_pbxsecret (self->session_hash, self->session_zids, self->zrtp_sess, pbxsecret);
  self->entry_before.has_pbxsecret = self->entry_after.has_pbxsecret = enroll;
  memcpy (self->entry_before.pbxsecret, pbxsecret, ZRTP_RETAINED_LEN);
  memcpy (self->entry_after.pbxsecret, pbxsecret, ZRTP_RETAINED_LEN);
  zrtp_wipe (pbxsecret, sizeof pbxsecret);
  zrtp_association_store_entry (self, self->update_done ? &self->entry_after : &self->entry_before);
}

/* ---- The session: SAS and what the user says of it ---- */

/* Peers pad with spaces or NULs; anything unprintable is shown as \xNN (interop.md). */
static void
printable_client_id (const gchar id[ZRTP_CLIENT_ID_LEN], gchar * text, gsize size)
{
  gsize len = ZRTP_CLIENT_ID_LEN, used = 0;

  while (len > 0 && (id[len - 1] == ' ' || id[len - 1] == '\0'))
    len--;
  for (gsize i = 0; i < len; i++) {
    gboolean plain = g_ascii_isprint (id[i]) && id[i] != '\\';
    used += g_snprintf (text + used, size - used, plain ? "%c" : "\\x%02x", (guchar) id[i]);
  }
  text[used] = '\0';
}

static void
judge_by_signalling (ZrtpAssociation * self, ZrtpStream * stream)
{
  self->sas.hello_hash = zrtp_stream_check_hello_hash (stream, &stream->peer->message);
  self->sas.authenticated = self->config.signalling_secure && self->sas.hello_hash == ZRTP_HELLO_HASH_MATCH;
}

void
zrtp_association_begin_session (ZrtpAssociation * self, ZrtpStream * stream)
{
  const ZrtpExchange *exchange = stream->exchange;
  const ZrtpConfirmBody *confirm = &exchange->peer_confirm;
  ZrtpSasInfo *sas = &self->sas;

  self->have_session = TRUE;
  self->session_hash = exchange->hash;
  self->session_choice = exchange->choice;
  self->session_stream = stream->id;
  self->sent_verified = exchange->sent_verified;
  memcpy (self->zrtp_sess, exchange->zrtp_sess, sizeof self->zrtp_sess);
  memcpy (self->exported_key, exchange->exported_key, sizeof self->exported_key);
  memcpy (self->peer_zid, stream->peer->hello.zid, ZRTP_ZID_LEN);
  memcpy (self->session_zids, exchange->context.zidi, ZRTP_ZID_LEN);
  memcpy (self->session_zids + ZRTP_ZID_LEN, exchange->context.zidr, ZRTP_ZID_LEN);
  self->was_cleared = FALSE;

  memset (sas, 0, sizeof *sas);
  exchange->sas_type->render (exchange->sashash, sas->text, sizeof sas->text);
  memcpy (sas->sashash, exchange->sashash, sizeof sas->sashash);
  sas->choice = exchange->choice;
  sas->role = exchange->role;
  sas->cache = exchange->cache_status;
  sas->local_verified = exchange->sent_verified;
  sas->remote_verified = confirm->verified;
  sas->verified = sas->local_verified && sas->remote_verified
      && exchange->cache_status == ZRTP_CACHE_MATCH;    /* Z-7.1-5 */
  sas->remote_disclosure = confirm->disclosure;
  sas->remote_mitm = stream->peer->hello.mitm;
  zrtp_message_clear (&self->signature);
  if (exchange->peer_signature.data)
    zrtp_message_set (&self->signature, exchange->peer_signature.data, exchange->peer_signature.len);
  sas->signature = self->signature.data != NULL;
  sas->enrolled = exchange->pbx_matched;
  /* Only from a PBX (Z-7.3.1-10). */
  sas->enrollment_offered = confirm->enrollment && stream->peer->hello.mitm;
  judge_by_signalling (self, stream);
  memcpy (sas->peer_zid, self->peer_zid, ZRTP_ZID_LEN);
  printable_client_id (stream->peer->hello.client_id, sas->peer_client, sizeof sas->peer_client);
  update_cache (self, exchange);
  g_strlcpy (sas->peer_name, self->cache ? self->entry_after.name : self->wanted_name, sizeof sas->peer_name);
  /* The PBX remembers a phone to which it has offered itself; the phone's user may decline (Z-7.3.1-2, -6). A secret that it has
   * is not given up for somebody who cannot show it (attack E7). */
  if (self->config.mitm && self->config.enroll && self->cache && !self->entry_before.has_pbxsecret
      && exchange->cache_status != ZRTP_CACHE_MISMATCH)
    zrtp_association_set_pbxsecret (self, TRUE);
  /* Before "secure" is shown as good (Z-4.3.2-2). */
  if (exchange->cache_status == ZRTP_CACHE_MISMATCH)
    zrtp_association_warn (self, stream->id, ZRTP_WARNING_CACHE_MISMATCH);
  if (exchange->aux_mismatch)
    zrtp_association_warn (self, stream->id, ZRTP_WARNING_AUX_MISMATCH);
  if (confirm->disclosure)
    zrtp_association_warn (self, stream->id, ZRTP_WARNING_PEER_DISCLOSES);
}

void
zrtp_association_judge_hello (ZrtpAssociation * self, ZrtpStream * stream)
{
  if (!self->have_session || stream->id != self->session_stream || !zrtp_association_is_secure (self))
    return;
  judge_by_signalling (self, stream);
  if (self->sas.authenticated && self->update_allowed && !self->update_done)
    write_update (self);        /* what a mismatch had kept back (Z-4.6.1.1-3) */
  zrtp_association_sas_changed (self);
}

void
zrtp_association_sas_changed (ZrtpAssociation * self)
{
  zrtp_association_output (self, ZRTP_OUTPUT_SAS, self->session_stream)->u.sas = self->sas;
}

/* The SAS may be answered while any stream of the call is secure. */
static gboolean
sas_is_current (const ZrtpAssociation * self)
{
  return self->have_session && zrtp_association_is_secure (self);
}

void
zrtp_association_set_verified (ZrtpAssociation * self, gboolean verified, guint64 now)
{
  ZrtpSasInfo *sas = &self->sas;

  self->now = MAX (self->now, now);
  if (!sas_is_current (self))
    return;
  sas->local_verified = verified;
  sas->verified = verified;
  sas->refused = !verified;
  if (verified) {
    self->entry_after.verified = TRUE;
    if (self->update_allowed)
      write_update (self);      /* also what a mismatch had kept back (Z-4.6.1.1-6) */
  } else {
    /* The secret of this call goes, and the user's word of earlier ones; older secrets stay (Z-7.1-4). */
    self->entry_before.verified = FALSE;
    self->entry_after.verified = FALSE;
    if (self->update_done || self->entry_found)
      zrtp_association_store_entry (self, &self->entry_before);
    self->update_done = FALSE;
    zrtp_association_warn (self, self->session_stream, ZRTP_WARNING_SAS_REFUSED);
  }
  zrtp_association_sas_changed (self);
}

void
zrtp_association_accept_signature (ZrtpAssociation * self, guint64 now)
{
  self->now = MAX (self->now, now);
  if (!sas_is_current (self) || !self->signature.data)
    return;
  self->sas.authenticated = TRUE;
  if (self->update_allowed && !self->update_done)
    write_update (self);        /* what a mismatch had kept back (Z-4.6.1.1-3) */
  zrtp_association_sas_changed (self);
}

const guint8 *
zrtp_association_get_signature (ZrtpAssociation * self, gsize * len)
{
  *len = self->signature.len;
  return self->signature.data;
}

void
zrtp_association_set_peer_name (ZrtpAssociation * self, const gchar * name)
{
  g_strlcpy (self->wanted_name, name ? name : "", sizeof self->wanted_name);
  if (!sas_is_current (self))
    return;
  g_strlcpy (self->sas.peer_name, self->wanted_name, sizeof self->sas.peer_name);
  g_strlcpy (self->entry_before.name, self->sas.peer_name, sizeof self->entry_before.name);
  g_strlcpy (self->entry_after.name, self->sas.peer_name, sizeof self->entry_after.name);
  if (self->update_done)
    zrtp_association_store_entry (self, &self->entry_after);
  else if (self->entry_found)
    zrtp_association_store_entry (self, &self->entry_before);
  zrtp_association_sas_changed (self);
}

/* ---- Readings ---- */

ZrtpState
zrtp_association_get_state (ZrtpAssociation * self, guint id)
{
  const ZrtpStream *stream = get_stream (self, id);

  return stream ? zrtp_stream_get_public_state (stream) : ZRTP_STATE_IDLE;
}

gboolean
zrtp_association_get_sas (ZrtpAssociation * self, ZrtpSasInfo * info)
{
  *info = self->sas;
  return sas_is_current (self);
}

void
zrtp_association_get_stats (ZrtpAssociation * self, guint id, ZrtpStreamStats * stats)
{
  const ZrtpStream *stream = get_stream (self, id);

  if (stream)
    *stats = stream->stats;
  else
    memset (stats, 0, sizeof *stats);
}

gsize
zrtp_association_get_exported_key (ZrtpAssociation * self, guint8 key[ZRTP_HASH_MAX_LEN])
{
  if (!sas_is_current (self))
    return 0;
  memcpy (key, self->exported_key, self->session_hash->length);
  return self->session_hash->length;
}

gboolean
zrtp_association_get_hello_hash (ZrtpAssociation * self, guint id, guint8 hash[ZRTP_HELLO_HASH_LEN])
{
  const ZrtpStream *stream = get_stream (self, id);
  ZrtpPart part;

  if (!stream)
    return FALSE;
  part = (ZrtpPart) { stream->hello.data, stream->hello.len };
  zrtp_hash_find ("S256")->digest (&part, 1, hash);     /* whatever is negotiated (Z-5.1.2.2-1) */
  return TRUE;
}

static const struct
{
  guint32 code;
  const gchar *name;
} error_names[] = {
  {ZRTP_ERROR_MALFORMED, "malformed packet (CRC OK, but wrong structure)"},
  {ZRTP_ERROR_SOFTWARE, "critical software error"},
  {ZRTP_ERROR_VERSION, "unsupported ZRTP version"},
  {ZRTP_ERROR_HELLO_MISMATCH, "Hello components mismatch"},
  {ZRTP_ERROR_HASH, "hash type not supported"},
  {ZRTP_ERROR_CIPHER, "cipher type not supported"},
  {ZRTP_ERROR_KEY_AGREEMENT, "public key exchange not supported"},
  {ZRTP_ERROR_AUTH_TAG, "SRTP auth tag not supported"},
  {ZRTP_ERROR_SAS, "SAS rendering scheme not supported"},
  {ZRTP_ERROR_NO_SHARED_SECRET, "no shared secret available, DH mode required"},
  {ZRTP_ERROR_BAD_PUBLIC_VALUE, "DH error: bad public value"},
  {ZRTP_ERROR_HVI, "DH error: hvi does not match hashed data"},
  {ZRTP_ERROR_UNTRUSTED_MITM, "received relayed SAS from untrusted MiTM"},
  {ZRTP_ERROR_CONFIRM_MAC, "auth error: bad Confirm packet MAC"},
  {ZRTP_ERROR_NONCE_REUSE, "nonce reuse"},
  {ZRTP_ERROR_EQUAL_ZID, "equal ZIDs in Hello"},
  {ZRTP_ERROR_SSRC_COLLISION, "SSRC collision"},
  {ZRTP_ERROR_SERVICE_UNAVAILABLE, "service unavailable"},
  {ZRTP_ERROR_TIMEOUT, "protocol timeout"},
  {ZRTP_ERROR_GOCLEAR_NOT_ALLOWED, "GoClear message received, but not allowed"},
};

const gchar *
zrtp_error_code_get_name (guint32 code)
{
  for (guint i = 0; i < G_N_ELEMENTS (error_names); i++)
    if (error_names[i].code == code)
      return error_names[i].name;
  return "unknown error";
}
