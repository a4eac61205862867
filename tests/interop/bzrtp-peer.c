/* bzrtp-peer.c: another project's ZRTP endpoint, to test ours against: Debian's libbzrtp and libsrtp2 over UDP.
 *
 * libbzrtp is a black box here, used by its public header alone. The program speaks ZRTP on 127.0.0.1, then sends
 * and expects RTP of a known pattern under SRTP (bzrtp-media.c). It prints one "key=value" a line on stdout
 * as things happen, and exits with 0 only if it went secure and saw enough packets whose payload was as expected.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bzrtp-peer.h"

#define TICK_MS 10
#define MESSAGE_TYPE_OFFSET 16  /* 12 octets of packet header, preamble and length word */

static volatile sig_atomic_t stop_requested;

void
say (const Peer * self, const gchar * key, const gchar * format, ...)
{
  va_list args;
  g_autofree gchar *value = NULL;

  va_start (args, format);
  value = g_strdup_vprintf (format, args);
  va_end (args);
  g_print ("%s%s=%s\n", self->number > 0 ? "stream1-" : "", key, value);
  fflush (stdout);
}

static const struct
{
  const gchar *name;
  guint8 kind, value;
} algorithms[] = {
  {"S256", ZRTP_HASH_TYPE, ZRTP_HASH_S256},
  {"S384", ZRTP_HASH_TYPE, ZRTP_HASH_S384},
  {"AES1", ZRTP_CIPHERBLOCK_TYPE, ZRTP_CIPHER_AES1},
  {"AES2", ZRTP_CIPHERBLOCK_TYPE, ZRTP_CIPHER_AES2},
  {"AES3", ZRTP_CIPHERBLOCK_TYPE, ZRTP_CIPHER_AES3},
  {"HS32", ZRTP_AUTHTAG_TYPE, ZRTP_AUTHTAG_HS32},
  {"HS80", ZRTP_AUTHTAG_TYPE, ZRTP_AUTHTAG_HS80},
  {"DH2k", ZRTP_KEYAGREEMENT_TYPE, ZRTP_KEYAGREEMENT_DH2k},
  {"DH3k", ZRTP_KEYAGREEMENT_TYPE, ZRTP_KEYAGREEMENT_DH3k},
  {"EC25", ZRTP_KEYAGREEMENT_TYPE, ZRTP_KEYAGREEMENT_EC25},
  {"EC38", ZRTP_KEYAGREEMENT_TYPE, ZRTP_KEYAGREEMENT_EC38},
  {"X255", ZRTP_KEYAGREEMENT_TYPE, ZRTP_KEYAGREEMENT_X255},
  {"X448", ZRTP_KEYAGREEMENT_TYPE, ZRTP_KEYAGREEMENT_X448},
  {"Mult", ZRTP_KEYAGREEMENT_TYPE, ZRTP_KEYAGREEMENT_Mult},
  {"B32", ZRTP_SAS_TYPE, ZRTP_SAS_B32},
  {"B256", ZRTP_SAS_TYPE, ZRTP_SAS_B256}
};

static const gchar *
algorithm_name (guint8 kind, guint8 value)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (algorithms); i++)
    if (algorithms[i].kind == kind && algorithms[i].value == value)
      return algorithms[i].name;
  return "unknown";
}

static void
set_algorithms (Peer * self, guint8 kind, const gchar * list)
{
  g_auto (GStrv) names = NULL;
  guint8 values[7];
  guint8 count = 0, agreed[7];
  guint i, j;

  if (list == NULL)
    return;
  names = g_strsplit (list, ",", 7);
  for (i = 0; names[i] != NULL; i++) {
    for (j = 0; j < G_N_ELEMENTS (algorithms); j++)
      if (algorithms[j].kind == kind && g_str_equal (algorithms[j].name, names[i]))
        break;
    if (j == G_N_ELEMENTS (algorithms)) {
      g_printerr ("bzrtp-peer: unknown algorithm %s\n", names[i]);
      exit (2);
    }
    values[count++] = algorithms[j].value;
  }
  bzrtp_setSupportedCryptoTypes (self->zrtp, kind, values, count);
  /* bzrtp drops silently what its crypto library cannot do: a test must not pass on what it did not ask for. */
  if (bzrtp_getSupportedCryptoTypes (self->zrtp, kind, agreed) < 1 || agreed[0] != values[0]) {
    g_printerr ("bzrtp-peer: this libbzrtp lacks %s\n", names[0]);
    exit (77);
  }
}

static gboolean
lost (Peer * self)
{
  if (g_rand_int_range (self->random, 0, 100) >= self->loss)
    return FALSE;
  self->dropped++;
  return TRUE;
}

static gboolean
is_zrtp (const guint8 * data, gsize len)
{
  return len >= MESSAGE_TYPE_OFFSET + 8 && (data[0] & 0xf0) == 0x10 && memcmp (data + 4, "ZRTP", 4) == 0;
}

/* bzrtp offers no way to choose a role; one that never hears HelloACK does not commit, and a peer that never hears it
 * from bzrtp leaves the Commit to bzrtp. Either is just another pattern of loss. */
static gboolean
held_back (Peer * self, const guint8 * data, gsize len, gboolean incoming)
{
  const gchar *role = incoming ? "responder" : "initiator";

  if (g_strcmp0 (self->role, role) != 0 || !is_zrtp (data, len)
      || memcmp (data + MESSAGE_TYPE_OFFSET, "HelloACK", 8) != 0)
    return FALSE;
  self->held_back++;
  return TRUE;
}

void
transmit (Peer * self, const guint8 * data, gsize len)
{
  if (lost (self))
    return;
  if (sendto (self->fd, data, len, 0, (struct sockaddr *) &self->remote, sizeof self->remote) < 0
      && errno != ECONNREFUSED)
    g_printerr ("bzrtp-peer: sendto: %s\n", g_strerror (errno));
}

static int
on_send_data (void *data, const uint8_t * packet, uint16_t len)
{
  Peer *self = data;

  self->zrtp_sent++;
  if (!held_back (self, packet, len, FALSE))
    transmit (self, packet, len);
  return 0;
}

static int
on_status (void *data, const uint8_t level, const uint8_t id, const char *text)
{
  const Peer *self = data;

  if (self == NULL)
    return 0;
  say (self, "status", "%u %u %s", level, id, text != NULL ? text : "");
  return 0;
}

static int
on_secrets (void *data, const bzrtpSrtpSecrets_t * secrets, uint8_t part)
{
  Peer *self = data;

  if ((part & ZRTP_SRTP_SECRETS_FOR_SENDER) && self->send == NULL)
    self->send = new_srtp (self, secrets, TRUE);
  if ((part & ZRTP_SRTP_SECRETS_FOR_RECEIVER) && self->receive == NULL)
    self->receive = new_srtp (self, secrets, FALSE);
  return 0;
}

static int
on_start_session (void *data, const bzrtpSrtpSecrets_t * secrets, int32_t verified)
{
  Peer *self = data;

  self->cache_mismatch = secrets->cacheMismatch != 0;
  say (self, "hash", "%s", algorithm_name (ZRTP_HASH_TYPE, secrets->hashAlgo));
  say (self, "cipher", "%s", algorithm_name (ZRTP_CIPHERBLOCK_TYPE, secrets->cipherAlgo));
  say (self, "auth-tag", "%s", algorithm_name (ZRTP_AUTHTAG_TYPE, secrets->authTagAlgo));
  say (self, "key-agreement", "%s", algorithm_name (ZRTP_KEYAGREEMENT_TYPE, secrets->keyAgreementAlgo));
  say (self, "sas-type", "%s", algorithm_name (ZRTP_SAS_TYPE, secrets->sasAlgo));
  say (self, "cache-mismatch", "%d", self->cache_mismatch);
  say (self, "verified", "%d", verified != 0);
  if (secrets->sas != NULL) {
    self->sas_known = TRUE;
    say (self, "sas", "%s", secrets->sas);
  }
  return 0;
}

static int
on_exported_keys (void *data, int zuid, uint8_t role)
{
  const Peer *self = data;

  say (self, "role", "%s", role == BZRTP_ROLE_INITIATOR ? "initiator" : "responder");
  return 0;
}

static void
receive_all (Peer * self)
{
  guint8 packet[4096];

  for (;;) {
    ssize_t len = recv (self->fd, packet, sizeof packet, MSG_DONTWAIT);

    if (len < 0)
      return;
    if (len < RTP_HEADER_LEN || lost (self))
      continue;
    if (is_zrtp (packet, len)) {
      self->zrtp_received++;
      if (!held_back (self, packet, len, TRUE)) {
        int result = bzrtp_processMessage (self->zrtp, self->ssrc, packet, (uint16_t) len);

        if (result != 0)
          say (self, "refused", "%.8s 0x%x", (const gchar *) packet + MESSAGE_TYPE_OFFSET, result);
      }
    } else if ((packet[0] & 0xc0) == 0x80) {
      receive_rtp (self, packet, (int) len);
    }
  }
}

static void
watch_state (Peer * self)
{
  int status = bzrtp_getChannelStatus (self->zrtp, self->ssrc);

  if (status == BZRTP_CHANNEL_SECURE && !self->secure && self->send != NULL && self->receive != NULL) {
    self->secure = TRUE;
    self->secure_at = g_get_monotonic_time ();
    say (self, "state", "secure");
    if (self->verify && self->number == 0)
      bzrtp_SASVerified (self->zrtp);
    if (self->unverify && self->number == 0)
      bzrtp_resetSASVerified (self->zrtp);
  } else if (status == BZRTP_CHANNEL_ERROR) {
    say (self, "state", "error");
    stop_requested = 1;
  }
}

static gboolean
enough (Peer * self)
{
  return self->secure && self->decrypted >= self->packets && self->sent >= self->packets;
}

static void
start_engine (Peer * self)
{
  int result = bzrtp_startChannelEngine (self->zrtp, self->ssrc);

  self->started = TRUE;
  say (self, "state", result == 0 ? "discovering" : "error");
}

static void
run_stream (Peer * self, gint64 now)
{
  receive_all (self);
  if (self->started)
    bzrtp_iterate (self->zrtp, self->ssrc, (guint64) (now / 1000));
  watch_state (self);
  while ((self->secure || self->clear) && now >= self->next_rtp) {
    send_rtp (self);
    self->next_rtp = MAX (self->next_rtp, now - 1000000) + self->interval_ms * G_GINT64_CONSTANT (1000);
  }
  if (!self->secure && !self->clear)
    self->next_rtp = now;
}

/* second: NULL, or another stream, which libbzrtp starts when the first is secure. */
static void
run (Peer * self, Peer * second)
{
  gint64 start = g_get_monotonic_time ();
  gint64 deadline = start + self->timeout_ms * G_GINT64_CONSTANT (1000);
  gint64 done_at = 0;

  while (!stop_requested) {
    struct pollfd poll_fds[] = { {self->fd, POLLIN, 0}, {second ? second->fd : -1, POLLIN, 0} };
    gint64 now;

    poll (poll_fds, G_N_ELEMENTS (poll_fds), TICK_MS);
    now = g_get_monotonic_time ();
    if (!self->started && now >= start + self->start_delay_ms * G_GINT64_CONSTANT (1000))
      start_engine (self);
    if (second && !second->started && self->secure)
      start_engine (second);
    run_stream (self, now);
    if (second)
      run_stream (second, now);
    if (done_at == 0 && enough (self) && (!second || enough (second))) {
      done_at = now;
      say (self, "enough", "%d", self->decrypted);
    }
    /* The other side may still need our media or an answer to a repeated Confirm2. */
    if (done_at != 0 && now >= done_at + self->linger_ms * G_GINT64_CONSTANT (1000))
      break;
    if (now >= deadline) {
      say (self, "state", "timeout");
      break;
    }
  }
}

static void
open_socket (Peer * self)
{
  struct sockaddr_in local = { 0 };

  self->fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  local.sin_family = AF_INET;
  local.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  local.sin_port = htons (self->local_port);
  self->remote = local;
  self->remote.sin_port = htons (self->remote_port);
  if (self->fd < 0 || bind (self->fd, (struct sockaddr *) &local, sizeof local) != 0) {
    g_printerr ("bzrtp-peer: port %d: %s\n", self->local_port, g_strerror (errno));
    exit (2);
  }
}

static void
open_cache (Peer * self)
{
  int result;

  if (self->cache == NULL || g_str_equal (self->cache, "none"))
    return;
  if (sqlite3_open (self->cache, &self->db) != SQLITE_OK) {
    g_printerr ("bzrtp-peer: %s: %s\n", self->cache, sqlite3_errmsg (self->db));
    exit (2);
  }
  result = bzrtp_initCache_lock (self->db, NULL);
  if (result != 0 && result != BZRTP_CACHE_SETUP && result != BZRTP_CACHE_UPDATE) {
    g_printerr ("bzrtp-peer: cache: 0x%x\n", result);
    exit (2);
  }
  bzrtp_setZIDCache_lock (self->zrtp, self->db, "sip:peer@example.org", "sip:gst@example.org", NULL);
}

static void
open_zrtp (Peer * self)
{
  bzrtpCallbacks_t callbacks = { 0 };

  callbacks.bzrtp_statusMessage = on_status;
  callbacks.bzrtp_messageLevel = BZRTP_MESSAGE_LOG;
  callbacks.bzrtp_sendData = on_send_data;
  callbacks.bzrtp_srtpSecretsAvailable = on_secrets;
  callbacks.bzrtp_startSrtpSession = on_start_session;
  callbacks.bzrtp_contextReadyForExportedKeys = on_exported_keys;

  self->zrtp = bzrtp_createBzrtpContext ();
  bzrtp_setCallbacks (self->zrtp, &callbacks);
  open_cache (self);
  set_algorithms (self, ZRTP_HASH_TYPE, self->hashes);
  set_algorithms (self, ZRTP_CIPHERBLOCK_TYPE, self->ciphers);
  set_algorithms (self, ZRTP_AUTHTAG_TYPE, self->auth_tags);
  set_algorithms (self, ZRTP_KEYAGREEMENT_TYPE, self->key_agreements);
  set_algorithms (self, ZRTP_SAS_TYPE, self->sas_types);
  bzrtp_initBzrtpContext (self->zrtp, self->ssrc);
  bzrtp_setClientData (self->zrtp, self->ssrc, self);
}

/* The hash of our Hello for the signalling, and the peer's from there: a line on stdin, "-" if there is none. */
static void
exchange_hashes (Peer * self)
{
  gchar hash[80], line[128];

  if (bzrtp_getSelfHelloHash (self->zrtp, self->ssrc, (uint8_t *) hash, sizeof hash) == 0)
    say (self, "hello-hash", "%s", hash);
  if (fgets (line, sizeof line, stdin) == NULL || g_str_equal (g_strstrip (line), "-"))
    return;
  say (self, "hash-set", "%d", bzrtp_setPeerHelloHash (self->zrtp, self->ssrc, (uint8_t *) line, strlen (line)));
}

static void
open_second (Peer * self, Peer * second)
{
  *second = *self;
  second->number = 1;
  second->local_port = self->second_local_port;
  second->remote_port = self->second_remote_port;
  second->ssrc = self->ssrc + 1;
  open_socket (second);
  if (bzrtp_addChannel (self->zrtp, second->ssrc) != 0) {
    g_printerr ("bzrtp-peer: no second channel\n");
    exit (2);
  }
  bzrtp_setClientData (self->zrtp, second->ssrc, second);
}

static void
tell_figures (const Peer * self)
{
  say (self, "zrtp-sent", "%d", self->zrtp_sent);
  say (self, "zrtp-received", "%d", self->zrtp_received);
  say (self, "sent", "%d", self->sent);
  say (self, "decrypted", "%d", self->decrypted);
  say (self, "wrong-payload", "%d", self->wrong_payload);
  say (self, "unauthentic", "%d", self->unauthentic);
  say (self, "clear-before", "%d", self->clear_before);
  say (self, "clear-after", "%d", self->clear_after);
  say (self, "dropped", "%d", self->dropped);
  say (self, "held-back", "%d", self->held_back);
}

static void
close_stream (Peer * self)
{
  bzrtp_destroyBzrtpContext (self->zrtp, self->ssrc);
  if (self->send != NULL)
    srtp_dealloc (self->send);
  if (self->receive != NULL)
    srtp_dealloc (self->receive);
  close (self->fd);
}

static void
on_signal (int number)
{
  stop_requested = 1;
}

static void
parse_options (Peer * self, int *argc, char ***argv)
{
  const GOptionEntry entries[] = {
    {"local", 0, 0, G_OPTION_ARG_INT, &self->local_port, "own UDP port", "PORT"},
    {"remote", 0, 0, G_OPTION_ARG_INT, &self->remote_port, "the other side's UDP port", "PORT"},
    {"second-local", 0, 0, G_OPTION_ARG_INT, &self->second_local_port, "own UDP port of a second stream", "PORT"},
    {"second-remote", 0, 0, G_OPTION_ARG_INT, &self->second_remote_port, "the other side's", "PORT"},
    {"ssrc", 0, 0, G_OPTION_ARG_STRING, &self->ssrc_text, "own SSRC, hexadecimal", "SSRC"},
    {"role", 0, 0, G_OPTION_ARG_STRING, &self->role, "initiator, responder, or any", "ROLE"},
    {"hash", 0, 0, G_OPTION_ARG_STRING, &self->hashes, "hashes, in order of preference", "LIST"},
    {"cipher", 0, 0, G_OPTION_ARG_STRING, &self->ciphers, "ciphers", "LIST"},
    {"auth-tag", 0, 0, G_OPTION_ARG_STRING, &self->auth_tags, "SRTP authentication tags", "LIST"},
    {"key-agreement", 0, 0, G_OPTION_ARG_STRING, &self->key_agreements, "key agreements", "LIST"},
    {"sas-type", 0, 0, G_OPTION_ARG_STRING, &self->sas_types, "SAS types", "LIST"},
    {"cache", 0, 0, G_OPTION_ARG_FILENAME, &self->cache, "SQLite file of retained secrets, or none", "FILE"},
    {"loss", 0, 0, G_OPTION_ARG_INT, &self->loss, "percentage of packets to lose, each way", "PERCENT"},
    {"seed", 0, 0, G_OPTION_ARG_INT, &self->seed, "which packets those are", "NUMBER"},
    {"packets", 0, 0, G_OPTION_ARG_INT, &self->packets, "SRTP packets to send and to expect", "COUNT"},
    {"interval", 0, 0, G_OPTION_ARG_INT, &self->interval_ms, "time between RTP packets", "MS"},
    {"timeout", 0, 0, G_OPTION_ARG_INT, &self->timeout_ms, "give up after that long", "MS"},
    {"linger", 0, 0, G_OPTION_ARG_INT, &self->linger_ms, "go on for that long when done", "MS"},
    {"start-delay", 0, 0, G_OPTION_ARG_INT, &self->start_delay_ms, "first Hello after that long", "MS"},
    {"verify", 0, 0, G_OPTION_ARG_NONE, &self->verify, "take the SAS as verified", NULL},
    {"unverify", 0, 0, G_OPTION_ARG_NONE, &self->unverify, "take the SAS as refused", NULL},
    {"exchange-hashes", 0, 0, G_OPTION_ARG_NONE, &self->exchange_hashes,
      "print the zrtp-hash and read the peer's, or -, for each stream", NULL},
    {"clear", 0, 0, G_OPTION_ARG_NONE, &self->clear, "send clear RTP until secure", NULL},
    {NULL}
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- a ZRTP peer on libbzrtp");
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, &error)) {
    g_printerr ("bzrtp-peer: %s\n", error->message);
    exit (2);
  }
  if (self->local_port < 1 || self->remote_port < 1 || self->local_port > 65535 || self->remote_port > 65535) {
    g_printerr ("bzrtp-peer: --local and --remote are needed\n");
    exit (2);
  }
}

int
main (int argc, char **argv)
{
  Peer self = {.role = NULL,.packets = 50,.interval_ms = 20,.timeout_ms = 20000,.linger_ms = 500 };
  Peer other, *second = NULL;
  struct sigaction action = {.sa_handler = on_signal };
  gboolean all;

  parse_options (&self, &argc, &argv);
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  self.random = g_rand_new_with_seed (self.seed);
  self.ssrc = self.ssrc_text != NULL ? (guint32) g_ascii_strtoull (self.ssrc_text, NULL, 16) : g_random_int ();
  if (srtp_init () != srtp_err_status_ok) {
    g_printerr ("bzrtp-peer: srtp_init failed\n");
    return 2;
  }
  open_socket (&self);
  open_zrtp (&self);
  say (&self, "ssrc", "%08x", self.ssrc);

  if (self.second_local_port != 0) {
    open_second (&self, &other);
    second = &other;
  }
  if (self.exchange_hashes)
    exchange_hashes (&self);
  if (self.exchange_hashes && second)
    exchange_hashes (second);

  run (&self, second);

  tell_figures (&self);
  if (second)
    tell_figures (second);
  all = enough (&self) && self.wrong_payload == 0 && (!second || (enough (second) && second->wrong_payload == 0));
  if (second)
    close_stream (second);
  close_stream (&self);
  if (self.db != NULL)
    sqlite3_close (self.db);
  srtp_shutdown ();
  g_rand_free (self.random);
  return all ? 0 : 1;
}
