/* call.c: what a first stream's exchange leaves for the whole call: the session, the SAS and what the user says of it, the
 * retained secret (RFC 6189 sections 4.5.2, 4.6.1, 7 and 4.9).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gst/protocol/stream.h"

/* ---- Retained secrets (4.6.1, 4.9) ---- */

void
zrtp_association_store_entry (ZrtpAssociation * self, const ZrtpCacheEntry * entry)
{
  if (entry->unreadable)
    return;                     /* not over what may be there */
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
  if (exchange->cache_status == ZRTP_CACHE_MISMATCH)
    entry->verified = FALSE;
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

/* A PBX has nobody to compare a SAS: after a mismatch it goes on with what it has, unless the peer is a phone that is enrolled and did
 * not show its pbxsecret (Z-bis-4, attack E7). */
static gboolean
may_update_without_a_user (const ZrtpAssociation * self, const ZrtpExchange * exchange)
{
  return self->config.mitm && (!self->entry_before.has_pbxsecret || exchange->pbx_matched);
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
  if (exchange->cache_status != ZRTP_CACHE_MISMATCH || self->sas.authenticated
      || may_update_without_a_user (self, exchange))
    write_update (self);
}

/* The secret of an enrollment, or none (Z-7.3.1-1, -9): beside rs1 and rs2, it neither expires nor rolls with them. */
void
zrtp_association_set_pbxsecret (ZrtpAssociation * self, gboolean enroll)
{
  guint8 pbxsecret[ZRTP_RETAINED_LEN] = { 0 };

  if (!self->update_allowed)
    return;
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
  self->wanted_name[0] = '\0';
  /* The PBX remembers a phone to which it has offered itself; the phone's user may decline (Z-7.3.1-2, -6). A secret that it has
   * is not given up for somebody who can show neither it nor a retained secret (attack E7). */
  if (self->config.mitm && self->config.enroll && self->cache && !sas->enrolled
      && exchange->cache_status != ZRTP_CACHE_MISMATCH
      && (!self->entry_before.has_pbxsecret || exchange->cache_status == ZRTP_CACHE_MATCH))
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
  if (self->sas.authenticated && !self->sas.refused && self->update_allowed && !self->update_done)
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
  if (self->update_allowed && !self->update_done && !self->sas.refused)
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
  self->wanted_name[0] = '\0';
  g_strlcpy (self->entry_before.name, self->sas.peer_name, sizeof self->entry_before.name);
  g_strlcpy (self->entry_after.name, self->sas.peer_name, sizeof self->entry_after.name);
  if (self->update_done)
    zrtp_association_store_entry (self, &self->entry_after);
  else if (self->entry_found)
    zrtp_association_store_entry (self, &self->entry_before);
  zrtp_association_sas_changed (self);
}

gboolean
zrtp_association_get_sas (ZrtpAssociation * self, ZrtpSasInfo * info)
{
  *info = self->sas;
  return sas_is_current (self);
}

gsize
zrtp_association_get_exported_key (ZrtpAssociation * self, guint8 key[ZRTP_HASH_MAX_LEN])
{
  if (!sas_is_current (self))
    return 0;
  memcpy (key, self->exported_key, self->session_hash->length);
  return self->session_hash->length;
}
