/* association.c: an association's inputs and outputs, and what its streams share.
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
  zrtp_association_set_srtp_secret (self, NULL, 0, NULL, 0);
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
zrtp_association_set_ssrc (ZrtpAssociation * self, guint id, guint32 ssrc, guint64 now)
{
  ZrtpStream *stream = begin_input (self, id, now);

  if (stream)
    zrtp_stream_set_ssrc (stream, ssrc);
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
zrtp_association_discover (ZrtpAssociation * self, guint id, guint64 now)
{
  ZrtpStream *stream = begin_input (self, id, now);

  if (stream)
    zrtp_stream_discover (stream);
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

void
zrtp_association_set_srtp_secret (ZrtpAssociation * self, const guint8 * master_key, gsize key_len,
    const guint8 * master_salt, gsize salt_len)
{
  zrtp_message_clear (&self->signalled_key);
  zrtp_message_clear (&self->signalled_salt);
  if (!master_key || key_len == 0)
    return;
  zrtp_message_set (&self->signalled_key, master_key, key_len);
  zrtp_message_set (&self->signalled_salt, master_salt, salt_len);
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

/* ---- Readings ---- */

ZrtpState
zrtp_association_get_state (ZrtpAssociation * self, guint id)
{
  const ZrtpStream *stream = get_stream (self, id);

  return stream ? zrtp_stream_get_public_state (stream) : ZRTP_STATE_IDLE;
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
