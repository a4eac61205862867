/* handshake-bzrtp.c: the same calls as handshake-ours.c on Debian's libbzrtp, through its public interface.
 *
 * Three figures: the engine alone; with SRTP contexts for both directions on both ends made on the same
 * replaced algorithms that ours are made on; and, when built with BENCH_OWN_SRTP, made as libsrtp2 makes them
 * by itself, which is what a program on libbzrtp gets. Neither end has a cache.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdlib.h>
#include <string.h>

#include <bzrtp/bzrtp.h>

#include "ext/srtp2/srtp.h"

#include "bench.h"

#define QUEUE 16

typedef struct
{
  bzrtpContext_t *context;
  uint32_t ssrc;
  gboolean secure;
  ZrtpSrtp *srtp[2];
  /* Packets on their way to this end. */
  guint n_packets;
  struct
  {
    guint16 len;
    guint8 data[2200];
  } packets[QUEUE];
} End;

static End ends[2];
static gboolean with_srtp;
static guint messages;

static int
send_data (void *client, const uint8_t * packet, uint16_t len)
{
  End *to = client == &ends[0] ? &ends[1] : &ends[0];

  messages++;
  if (to->n_packets == QUEUE || len > sizeof to->packets[0].data)
    g_error ("the queue overflowed");
  to->packets[to->n_packets].len = len;
  memcpy (to->packets[to->n_packets++].data, packet, len);
  return 0;
}

static int
secrets_available (void *client, const bzrtpSrtpSecrets_t * secrets, uint8_t part)
{
  End *end = client;
  guint send;

  for (send = 0; with_srtp && send < 2; send++) {
    ZrtpSrtpKeys keys = { 0 };

    if (!(part & (send ? ZRTP_SRTP_SECRETS_FOR_SENDER : ZRTP_SRTP_SECRETS_FOR_RECEIVER)) || end->srtp[send])
      continue;
    keys.key_len = send ? secrets->selfSrtpKeyLength : secrets->peerSrtpKeyLength;
    keys.salt_len = send ? secrets->selfSrtpSaltLength : secrets->peerSrtpSaltLength;
    keys.tag_len = 4;
    memcpy (keys.key, send ? secrets->selfSrtpKey : secrets->peerSrtpKey, keys.key_len);
    memcpy (keys.salt, send ? secrets->selfSrtpSalt : secrets->peerSrtpSalt, keys.salt_len);
    end->srtp[send] = zrtp_srtp_new (send ? ZRTP_SRTP_SENDER : ZRTP_SRTP_RECEIVER, &keys, NULL);
    if (!end->srtp[send])
      g_error ("no SRTP context");
  }
  return 0;
}

static int
start_session (void *client, const bzrtpSrtpSecrets_t * secrets, int32_t verified)
{
  ((End *) client)->secure = TRUE;
  return 0;
}

static void
set_algorithm (bzrtpContext_t * context, uint8_t kind, uint8_t algorithm)
{
  uint8_t list[7] = { algorithm };

  bzrtp_setSupportedCryptoTypes (context, kind, list, 1);
}

static void
end_init (End * self, uint32_t ssrc, uint8_t key_agreement)
{
  bzrtpCallbacks_t callbacks = { 0 };

  memset (self, 0, sizeof *self);
  self->ssrc = ssrc;
  self->context = bzrtp_createBzrtpContext ();
  callbacks.bzrtp_sendData = send_data;
  callbacks.bzrtp_srtpSecretsAvailable = secrets_available;
  callbacks.bzrtp_startSrtpSession = start_session;
  bzrtp_setCallbacks (self->context, &callbacks);
  set_algorithm (self->context, ZRTP_HASH_TYPE, ZRTP_HASH_S256);
  set_algorithm (self->context, ZRTP_CIPHERBLOCK_TYPE, ZRTP_CIPHER_AES1);
  set_algorithm (self->context, ZRTP_AUTHTAG_TYPE, ZRTP_AUTHTAG_HS32);
  set_algorithm (self->context, ZRTP_KEYAGREEMENT_TYPE, key_agreement);
  set_algorithm (self->context, ZRTP_SAS_TYPE, ZRTP_SAS_B32);
  if (bzrtp_initBzrtpContext (self->context, ssrc) != 0)
    g_error ("libbzrtp cannot start");
  bzrtp_setClientData (self->context, ssrc, self);
}

static void
end_clear (End * self)
{
  bzrtp_destroyBzrtpContext (self->context, self->ssrc);
  zrtp_srtp_free (self->srtp[0]);
  zrtp_srtp_free (self->srtp[1]);
}

static gboolean
deliver (End * to)
{
  static guint8 packet[2200];
  guint16 len;

  if (to->n_packets == 0)
    return FALSE;
  len = to->packets[0].len;
  memcpy (packet, to->packets[0].data, len);
  to->n_packets--;
  memmove (&to->packets[0], &to->packets[1], to->n_packets * sizeof to->packets[0]);
  bzrtp_processMessage (to->context, to->ssrc, packet, len);
  return TRUE;
}

static void
handshake (uint8_t key_agreement)
{
  guint64 now = 1000;

  end_init (&ends[0], 0x1000, key_agreement);
  end_init (&ends[1], 0x1001, key_agreement);
  bzrtp_startChannelEngine (ends[0].context, ends[0].ssrc);
  bzrtp_startChannelEngine (ends[1].context, ends[1].ssrc);
  while (!ends[0].secure || !ends[1].secure) {
    /* One end to the end before the other: no Commit contention, so the fewest messages. */
    while (deliver (&ends[1]) || deliver (&ends[0]));
    bzrtp_iterate (ends[0].context, ends[0].ssrc, now);
    while (deliver (&ends[1]) || deliver (&ends[0]));
    bzrtp_iterate (ends[1].context, ends[1].ssrc, now);
    now += 20;
    if (now > 100000)
      g_error ("libbzrtp does not become secure");
  }
  end_clear (&ends[0]);
  end_clear (&ends[1]);
}

static void
measure (const gchar * label, const gchar * name, uint8_t key_agreement)
{
  gdouble best = 0;
  guint round, n = 0;
  gchar *row;

  handshake (key_agreement);
  for (round = 0; round < bench_rounds (); round++) {
    guint64 start = bench_cpu_time (), spent;

    messages = n = 0;
    do {
      handshake (key_agreement);
      n++;
      spent = bench_cpu_time () - start;
    } while (spent < bench_round_time ());
    best = MAX (best, n * 1e9 / spent);
  }
  row = g_strdup_printf ("handshakes-%s-%s", label, name);
  bench_row (row, best);
  g_free (row);
  row = g_strdup_printf ("messages-%s-%s", label, name);
  bench_row (row, (gdouble) messages / n);
  g_free (row);
}

int
main (int argc, char **argv)
{
  /* Debian's libbzrtp has no NIST curves. */
  static const struct
  {
    const gchar *name;
    uint8_t id;
  } key_agreements[] = {
    {"X255", ZRTP_KEYAGREEMENT_X255}, {"DH3k", ZRTP_KEYAGREEMENT_DH3k},
    {"X448", ZRTP_KEYAGREEMENT_X448}, {"DH2k", ZRTP_KEYAGREEMENT_DH2k},
  };
  guint i;

  zrtp_srtp_get_backend ();
  for (i = 0; i < G_N_ELEMENTS (key_agreements); i++) {
#ifdef BENCH_OWN_SRTP
    with_srtp = TRUE;
    measure ("bzrtp-own-srtp", key_agreements[i].name, key_agreements[i].id);
#else
    with_srtp = FALSE;
    measure ("bzrtp", key_agreements[i].name, key_agreements[i].id);
    with_srtp = TRUE;
    measure ("bzrtp-srtp", key_agreements[i].name, key_agreements[i].id);
#endif
  }
  return 0;
}
