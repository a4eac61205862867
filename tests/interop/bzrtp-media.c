/* bzrtp-media.c: the media of the libbzrtp endpoint: RTP of a known pattern under SRTP by libsrtp2.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "bzrtp-peer.h"

#include <string.h>

/* A block says its own number and is filled from it, so that each one can be checked alone: magic, direction, counter, and
 * then the octets of a small generator. tests/interop/run-interop makes the same blocks. */
static void
interop_block_fill (guint8 * block, gchar direction, guint32 counter)
{
  guint32 x = counter * 2654435761u + (guint8) direction;
  guint i;

  memcpy (block, "ZRT", 3);
  block[3] = (guint8) direction;
  block[4] = counter >> 24;
  block[5] = counter >> 16;
  block[6] = counter >> 8;
  block[7] = counter;
  for (i = 8; i < BLOCK_LEN; i++) {
    x = x * 1103515245u + 12345u;
    block[i] = x >> 16;
  }
}

static gboolean
interop_block_check (const guint8 * block, gsize len)
{
  guint8 expected[BLOCK_LEN];
  guint32 counter;

  if (len != BLOCK_LEN || memcmp (block, "ZRT", 3) != 0)
    return FALSE;
  counter = (guint32) block[4] << 24 | block[5] << 16 | block[6] << 8 | block[7];
  interop_block_fill (expected, (gchar) block[3], counter);
  return memcmp (block, expected, BLOCK_LEN) == 0;
}

static void
set_policy (srtp_policy_t * policy, const bzrtpSrtpSecrets_t * secrets)
{
  gboolean wide = secrets->cipherAlgo == ZRTP_CIPHER_AES3;
  gboolean short_tag = secrets->authTagAlgo == ZRTP_AUTHTAG_HS32;

  memset (policy, 0, sizeof *policy);
  if (wide && short_tag)
    srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32 (&policy->rtp);
  else if (wide)
    srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 (&policy->rtp);
  else if (short_tag)
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32 (&policy->rtp);
  else
    srtp_crypto_policy_set_rtp_default (&policy->rtp);
  if (wide)
    srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 (&policy->rtcp);
  else
    srtp_crypto_policy_set_rtcp_default (&policy->rtcp);
  policy->window_size = 128;
}

srtp_t
new_srtp (const Peer * self, const bzrtpSrtpSecrets_t * secrets, gboolean outgoing)
{
  srtp_policy_t policy;
  srtp_t srtp = NULL;
  guint8 key[64];
  const guint8 *master = outgoing ? secrets->selfSrtpKey : secrets->peerSrtpKey;
  const guint8 *salt = outgoing ? secrets->selfSrtpSalt : secrets->peerSrtpSalt;
  gsize master_len = outgoing ? secrets->selfSrtpKeyLength : secrets->peerSrtpKeyLength;
  gsize salt_len = outgoing ? secrets->selfSrtpSaltLength : secrets->peerSrtpSaltLength;
  srtp_err_status_t status;

  set_policy (&policy, secrets);
  if (master_len + salt_len != (gsize) policy.rtp.cipher_key_len) {
    say (self, "error", "keys of %" G_GSIZE_FORMAT " + %" G_GSIZE_FORMAT " octets", master_len, salt_len);
    return NULL;
  }
  memcpy (key, master, master_len);
  memcpy (key + master_len, salt, salt_len);
  policy.key = key;
  policy.ssrc.type = outgoing ? ssrc_any_outbound : ssrc_any_inbound;
  status = srtp_create (&srtp, &policy);
  if (status != srtp_err_status_ok) {
    say (self, "error", "srtp_create: %d", status);
    return NULL;
  }
  return srtp;
}

void
send_rtp (Peer * self)
{
  guint8 packet[RTP_HEADER_LEN + BLOCK_LEN + SRTP_MAX_TRAILER_LEN + 4];
  int len = RTP_HEADER_LEN + BLOCK_LEN;

  packet[0] = 0x80;
  packet[1] = 0;                /* PCMU */
  packet[2] = self->seq >> 8;
  packet[3] = self->seq;
  packet[4] = self->timestamp >> 24;
  packet[5] = self->timestamp >> 16;
  packet[6] = self->timestamp >> 8;
  packet[7] = self->timestamp;
  packet[8] = self->ssrc >> 24;
  packet[9] = self->ssrc >> 16;
  packet[10] = self->ssrc >> 8;
  packet[11] = self->ssrc;
  interop_block_fill (packet + RTP_HEADER_LEN, 'b', self->next_block);
  self->seq++;
  self->timestamp += BLOCK_LEN;
  if (self->secure) {
    srtp_err_status_t status = srtp_protect (self->send, packet, &len);

    if (status != srtp_err_status_ok) {
      say (self, "error", "srtp_protect: %d", status);
      return;
    }
    self->sent++;
  }
  self->next_block++;
  transmit (self, packet, len);
}

void
receive_rtp (Peer * self, guint8 * packet, int len)
{
  gboolean clear = interop_block_check (packet + RTP_HEADER_LEN, len - RTP_HEADER_LEN);
  srtp_err_status_t status;

  if (clear) {
    if (self->receive != NULL)
      self->clear_after++;
    else
      self->clear_before++;
    return;
  }
  if (self->receive == NULL)
    return;                     /* the peer was secure first */
  status = srtp_unprotect (self->receive, packet, &len);
  if (status != srtp_err_status_ok) {
    self->unauthentic++;
    return;
  }
  if (interop_block_check (packet + RTP_HEADER_LEN, len - RTP_HEADER_LEN))
    self->decrypted++;
  else
    self->wrong_payload++;
}
