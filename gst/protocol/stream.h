/* stream.h: the insides of an association and of its media streams, for the files of gst/protocol alone.
 *
 *   association.c   inputs and outputs, what streams share
 *   call.c          what a first stream's exchange leaves for the call: SAS, retained secret
 *   stream.c        the state table: what each state does with each message
 *   discovery.c     finding the peer: Hello
 *   commit.c        who is initiator: Commit
 *   goclear.c       back to clear media by agreement: GoClear
 *   relay.c         a trusted PBX in the middle: enrollment, SASrelay
 *   exchange.c      the key agreement: DHPart, Confirm, Conf2ACK; one function for each message made or consumed
 *   timers.c        one function for each event that starts, stops or is a timer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gst/protocol/messages.h"
#include "gst/protocol/secrets.h"

G_BEGIN_DECLS

#define ZRTP_MAX_PEERS 8        /* Hellos of different origin kept until one proves itself (attack C2) */
#define ZRTP_MAX_RELAYS 32      /* SASrelay messages under one key; more are refused */
#define ZRTP_MAX_REFUSALS 8     /* reports of strangers refused, for one stream */
#define ZRTP_MAX_NONCES 64      /* of Multistream Commits in one call (Z-15-5) */
#define ZRTP_MAX_FAILURES 4     /* exchanges that may fail before only the user starts another (attack A5) */

/* The states of section 6.1 in the catalogue. */
typedef enum
{
  ZRTP_STREAM_IDLE,
  ZRTP_STREAM_HELLO,            /* sending Hello */
  ZRTP_STREAM_READY,            /* Hello of both sides known, ours acknowledged */
  ZRTP_STREAM_I1,               /* Commit sent */
  ZRTP_STREAM_I2,               /* DHPart2 sent */
  ZRTP_STREAM_I3,               /* Confirm2 sent */
  ZRTP_STREAM_R1,               /* DHPart1 sent */
  ZRTP_STREAM_R2,               /* Confirm1 sent */
  ZRTP_STREAM_SECURE,
  ZRTP_STREAM_CLEARING,         /* GoClear sent, here or on another stream */
  ZRTP_STREAM_CLEARED,          /* the peer's GoClear came; our user has not agreed yet */
  ZRTP_STREAM_CLEAR,            /* in the clear by agreement */
  ZRTP_STREAM_FAILING,          /* Error sent */
  ZRTP_STREAM_FAILED,
  ZRTP_N_STREAM_STATES
} ZrtpStreamState;

/* A whole message, as sent or as received. */
typedef struct
{
  guint8 *data;
  gsize len;
} ZrtpMessage;

/* A Hello that was received and what it says. */
typedef struct
{
  ZrtpMessage message;
  ZrtpHello hello;
  guint64 last_seen;
  gboolean acknowledged;        /* was alone when it came, or came again: more than a forger's single guess */
  gboolean told;                /* has been sent our Hello for itself */
} ZrtpPeer;

/* Everything of one key agreement; wiped as a whole. */
typedef struct
{
  ZrtpMode mode;
  ZrtpRole role;
  ZrtpChoice choice;
  const ZrtpHash *hash;
  const ZrtpCipher *cipher;
  const ZrtpAuthTag *auth_tag;
  const ZrtpKeyAgreement *key_agreement;        /* DH */
  const ZrtpSasType *sas_type;

  ZrtpMessage commit, dhpart1, dhpart2, confirm1, confirm2;     /* own or the peer's, by role */
  ZrtpCommit commit_fields;     /* of the Commit in force */

  guint8 preshared_key[ZRTP_HASH_MAX_LEN];      /* Preshared */

  gboolean have_secret;         /* secret and public_value are filled */
  guint8 secret[ZRTP_SECRET_MAX_LEN];
  guint8 public_value[ZRTP_PUBLIC_MAX_LEN];

  gboolean entry_found;
  ZrtpCacheEntry entry;         /* as found when the exchange began */
  ZrtpSharedSecrets shared;
  ZrtpMessage auxsecret;
  guint8 srtps[ZRTP_RETAINED_LEN];      /* stands for auxsecret */
  gboolean own_rs1_matched, pbx_matched, aux_mismatch;
  ZrtpCacheStatus cache_status;

  ZrtpKdfContext context;
  ZrtpStreamKeys keys;
  guint8 zrtp_sess[ZRTP_HASH_MAX_LEN];
  guint8 sashash[ZRTP_SASHASH_LEN];
  guint8 exported_key[ZRTP_HASH_MAX_LEN];
  guint8 new_rs1[ZRTP_RETAINED_LEN];
  gboolean sent_verified, sent_allow_clear;     /* V and A in our Confirm */
  ZrtpConfirmBody peer_confirm; /* flags and expiry; the signature is kept below */
  ZrtpMessage peer_signature;
  gboolean bad_confirm_seen;
  guint32 remote_error;
} ZrtpExchange;

/* A schedule of section 6: when the next resend is due and how the interval grows. */
typedef struct
{
  guint64 due;                  /* ZRTP_NO_DEADLINE: not running */
  guint64 interval, cap;
  guint resent, limit;
} ZrtpSchedule;

typedef struct _ZrtpStream ZrtpStream;
struct _ZrtpStream
{
  ZrtpAssociation *association;
  guint id;
  guint32 ssrc;
  guint16 sequence;             /* of the next packet */

  ZrtpStreamState state;
  ZrtpState announced_state;    /* what the last STATE output said */
  guint8 h0[ZRTP_CHAIN_LEN], h1[ZRTP_CHAIN_LEN], h2[ZRTP_CHAIN_LEN], h3[ZRTP_CHAIN_LEN];
  ZrtpMessage hello;

  gboolean acked;               /* our Hello has been acknowledged */
  gboolean no_peer;             /* the Hello schedule ended without a sign of a peer */
  GPtrArray *peers;             /* ZrtpPeer, candidates */
  ZrtpPeer *peer;               /* the one that an exchange goes on with */

  ZrtpExchange *exchange;       /* from Commit until wiped; NULL outside */
  gboolean have_peer_hash;      /* signalling brought a zrtp-hash */
  guint8 peer_hash[ZRTP_HELLO_HASH_LEN];
  guint failures;
  gboolean wanted;              /* the user asked to go secure */
  guint32 warned;               /* bits by ZrtpWarning: what has been told once */

  /* What authenticates a GoClear, own and the peer's, since the last time that the stream went secure (Z-4.7.2-13). */
  gboolean have_clear_macs, own_allow_clear, peer_allows_clear, peer_cleared;
  guint8 own_clear_mac[ZRTP_MAC_LEN], peer_clear_mac[ZRTP_MAC_LEN];
  /* With a PBX at either end: what SASrelay is sealed with (5.13), by direction, and the last one that came. */
  const ZrtpHash *relay_hash;
  const ZrtpCipher *relay_cipher;
  guint8 own_mackey[ZRTP_HASH_MAX_LEN], peer_mackey[ZRTP_HASH_MAX_LEN];
  guint8 own_zrtpkey[ZRTP_CIPHER_MAX_KEY_LEN], peer_zrtpkey[ZRTP_CIPHER_MAX_KEY_LEN];
  ZrtpMessage last_relay;
  guint8 relays[ZRTP_MAX_RELAYS][ZRTP_MAC_LEN]; /* MACs of all that came under these keys: none is shown twice */
  guint n_relays;

  ZrtpSchedule hello_schedule;  /* T1 */
  ZrtpSchedule schedule;        /* T2, for outstanding */
  ZrtpMessage outstanding;      /* the message that T2 resends */
  guint64 asked_at;             /* when it was sent first */
  guint64 silence_due;          /* responder: give up */
  guint64 error_due;            /* a received Error takes effect unless something better comes */
  guint64 commit_due;           /* commit then at the latest, several Hellos being known */
  guint64 ping_allowed_at, refusal_allowed_at;
  guint32 last_refusal;         /* the code that our user was told of */
  guint refusals;
  gboolean collided;            /* a packet with our SSRC has been refused; until we have another one */
  guint64 responder_since;      /* R1 or R2 was entered, or another candidate got its chance */
  guint64 responder_first;      /* R1 or R2 was entered from elsewhere */

  ZrtpStreamStats stats;
};

struct _ZrtpAssociation
{
  ZrtpConfig config;
  ZrtpOffer offer, allowed;
  ZrtpRandom *random;
  ZrtpCache *cache;
  guint8 *auxsecret;
  gsize auxsecret_len;
  ZrtpMessage signalled_key, signalled_salt;    /* SRTP keys of the signalling, for srtps */

  ZrtpStream *streams[ZRTP_MAX_STREAMS];
  /* The one stream that may run a DH exchange with this peer (Z-4.4.1-1). */
  ZrtpStream *exchanging;
  guint64 now;                  /* of the input being handled */

  /* What the first stream's exchange leaves for the call. */
  gboolean have_session;
  guint8 zrtp_sess[ZRTP_HASH_MAX_LEN];
  guint8 exported_key[ZRTP_HASH_MAX_LEN];
  const ZrtpHash *session_hash;
  ZrtpChoice session_choice;
  guint8 session_zids[2 * ZRTP_ZID_LEN];        /* ZIDi + ZIDr of that exchange */
  guint8 peer_zid[ZRTP_ZID_LEN];
  gboolean was_cleared;         /* GoClear has replaced ZRTPSess; a peer may have got another value (Z-4.7.2-14) */
  guint session_stream;         /* whose exchange it was */
  gboolean sent_verified;       /* V of that exchange's Confirm */
  guint8 nonces[ZRTP_MAX_NONCES][ZRTP_NONCE_LEN];
  guint n_nonces;
  ZrtpSasInfo sas;
  ZrtpMessage signature;        /* the peer's, of the SAS */
  gchar wanted_name[64];        /* given by the application; before there is a SAS, for when there is */

  /* The cache entry to write, and what keeps it back. */
  gboolean entry_found;
  ZrtpCacheEntry entry_before;  /* as found */
  ZrtpCacheEntry entry_after;   /* as it shall be */
  gboolean update_allowed;      /* there is a cache, and it can be read */
  guint32 update_interval;
  gboolean update_done;

  GQueue outputs;
};

/* What became of a message. */
typedef enum
{
  ZRTP_ACCEPT,                  /* on to the table's next state */
  ZRTP_STAY,                    /* used, same state */
  ZRTP_DROP_STATE,              /* not for now, or a repeat of what was answered */
  ZRTP_DROP_CHAIN,              /* not from this peer's hash chain */
  ZRTP_DROP_MAC,
  ZRTP_DROP_CHANGED,            /* a repeat with other contents */
  ZRTP_DROP_MALFORMED,
  ZRTP_FAIL                     /* zrtp_stream_fail has been called */
} ZrtpVerdict;

typedef struct
{
  ZrtpMessageType type;
  const guint8 *data;
  gsize len;
  guint32 ssrc;                 /* of the packet */
} ZrtpReceived;

/* association.c */
ZrtpOutput *zrtp_association_output (ZrtpAssociation * self, ZrtpOutputType type, guint stream);
void zrtp_association_warn (ZrtpAssociation * self, guint stream, ZrtpWarning warning);
void zrtp_association_warn_once (ZrtpAssociation * self, ZrtpStream * stream, ZrtpWarning warning);
void zrtp_association_stream_stopped (ZrtpAssociation * self, const ZrtpStream * stopped);
void zrtp_association_exchange_over (ZrtpAssociation * self, ZrtpStream * stream);
gboolean zrtp_association_nonce_known (const ZrtpAssociation * self, const guint8 nonce[ZRTP_NONCE_LEN]);
gboolean zrtp_association_remember_nonce (ZrtpAssociation * self, const guint8 nonce[ZRTP_NONCE_LEN]);

/* call.c */
/* What a DH exchange leaves for the call: ZRTPSess, SAS, retained secret. */
void zrtp_association_begin_session (ZrtpAssociation * self, ZrtpStream * stream);
/* Signalling's zrtp-hash came or changed while the stream's exchange was under way or done. */
void zrtp_association_judge_hello (ZrtpAssociation * self, ZrtpStream * stream);
void zrtp_association_sas_changed (ZrtpAssociation * self);
void zrtp_association_store_entry (ZrtpAssociation * self, const ZrtpCacheEntry * entry);
void zrtp_association_set_pbxsecret (ZrtpAssociation * self, gboolean enroll);

/* stream.c */
ZrtpStream *zrtp_stream_new (ZrtpAssociation * association, guint id, guint32 ssrc);
void zrtp_stream_free (ZrtpStream * stream);
void zrtp_stream_start (ZrtpStream * stream);
void zrtp_stream_stop (ZrtpStream * stream);
void zrtp_stream_receive (ZrtpStream * stream, const guint8 * data, gsize len);
void zrtp_stream_media_authenticated (ZrtpStream * stream);
void zrtp_stream_enter (ZrtpStream * stream, ZrtpStreamState state);
void zrtp_stream_announce_state (ZrtpStream * stream);
ZrtpState zrtp_stream_get_public_state (const ZrtpStream * stream);
/* Ends the exchange with an Error to the peer (Z-5.9-1). Returns ZRTP_FAIL for the handler to return. */
ZrtpVerdict zrtp_stream_fail (ZrtpStream * stream, guint32 code);
/* Turns down a Hello or Commit that came from sender (NULL: of no chain that we know) for the reason of code. In the exchange
 * with sender it is a failure; otherwise the sender is told, as is our user once, and everything stays as it is: a stranger cannot stop
 * us by being refused (attack C2). Returns what the handler returns. */
ZrtpVerdict zrtp_stream_refuse (ZrtpStream * stream, const ZrtpPeer * sender, guint32 code);
/* Ends the exchange without one: the peer said so, or is gone. */
/* Removes the keys of a stream and what else belongs to being secure. */
void zrtp_stream_forget_keys (ZrtpStream * stream);
gboolean zrtp_association_is_secure (const ZrtpAssociation * self);
void zrtp_stream_give_up (ZrtpStream * stream, guint32 code, gboolean remote);
void zrtp_stream_send (ZrtpStream * stream, const ZrtpMessage * message);
void zrtp_stream_send_ack (ZrtpStream * stream, ZrtpMessageType type);
/* Sends a message that T2 resends until it is answered. */
void zrtp_stream_send_until_answered (ZrtpStream * stream, const ZrtpMessage * message);
void zrtp_message_set (ZrtpMessage * message, const guint8 * data, gsize len);
void zrtp_message_clear (ZrtpMessage * message);
gboolean zrtp_message_equal (const ZrtpMessage * message, const guint8 * data, gsize len);

/* discovery.c */
ZrtpVerdict zrtp_consume_hello (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_hello_ack (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_repeated_hello (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_hello_after_failure (ZrtpStream * stream, const ZrtpReceived * in);
/* Signalling's zrtp-hash is that of another Hello, and policy wants it, or that Hello is known, or may still come. */
gboolean zrtp_stream_is_disowned (const ZrtpStream * stream, const ZrtpPeer * peer);
void zrtp_stream_forget_peer (ZrtpStream * stream, ZrtpPeer * peer);
ZrtpPeer *zrtp_stream_find_peer (ZrtpStream * stream, const guint8 h3[ZRTP_CHAIN_LEN]);
ZrtpHelloHashStatus zrtp_stream_check_hello_hash (const ZrtpStream * stream, const ZrtpMessage * hello);
void zrtp_stream_set_peer_hash (ZrtpStream * stream, const guint8 * hash);
/* Begins an exchange as initiator if the state, the peer and the call's other streams allow it. */
void zrtp_stream_try_commit (ZrtpStream * stream);
/* The same where the application lets us, or has asked for it. */
void zrtp_stream_try_commit_if_wanted (ZrtpStream * stream);
/* The user asks for it: at once, when the peer is known, or after a failure once more. */
void zrtp_stream_secure (ZrtpStream * stream);
/* Looks for a peer again, if that is over and there was none. */
void zrtp_stream_discover (ZrtpStream * stream);
/* The media goes on under another SSRC. */
void zrtp_stream_set_ssrc (ZrtpStream * stream, guint32 ssrc);

/* commit.c */
typedef enum
{
  ZRTP_CONTENTION_WON,          /* our Commit proceeds */
  ZRTP_CONTENTION_LOST,         /* ours is discarded */
  ZRTP_CONTENTION_EQUAL,        /* a reflection: drop it (Z-4.2-12) */
  ZRTP_CONTENTION_ERROR         /* Multistream against another mode (Z-4.2-5) */
} ZrtpContention;
ZrtpContention zrtp_commit_contend (const ZrtpCommit * own, gboolean own_mitm, const ZrtpCommit * peer,
    gboolean peer_mitm);
ZrtpVerdict zrtp_consume_first_commit (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_commit_multistream (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_contending_commit (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_fallback_commit (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_repeated_commit (ZrtpStream * stream, const ZrtpReceived * in);
/* Create and send a Commit. FALSE: the exchange has failed. */
gboolean zrtp_create_commit_dh (ZrtpStream * stream);
gboolean zrtp_create_commit_multistream (ZrtpStream * stream);
gboolean zrtp_create_commit_preshared (ZrtpStream * stream);
/* Whether policy and cache let this end commit to Preshared mode with the stream's peer. */
gboolean zrtp_preshared_possible (const ZrtpStream * stream);

/* goclear.c */
void zrtp_goclear_prepare (ZrtpStream * stream);
ZrtpVerdict zrtp_consume_go_clear (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_go_clear_again (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_clear_ack (ZrtpStream * stream, const ZrtpReceived * in);
/* T2 has run out for our GoClear: the keys go all the same (Z-4.7.2-9). */
void zrtp_goclear_unanswered (ZrtpStream * stream);

/* relay.c */
void zrtp_relay_prepare (ZrtpStream * stream);
void zrtp_relay_forget (ZrtpStream * stream);
ZrtpVerdict zrtp_consume_sas_relay (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_relay_ack (ZrtpStream * stream, const ZrtpReceived * in);

/* exchange.c */
/* A fresh exchange in stream->exchange with the choice's descriptors, or what is left of one that lost a
 * contention: its key pair, if it fits. FALSE: no randomness, the stream has failed. */
gboolean zrtp_exchange_begin (ZrtpStream * stream, ZrtpRole role, ZrtpMode mode, const ZrtpChoice * choice);
void zrtp_exchange_free (ZrtpExchange * exchange);
gboolean zrtp_create_dhpart (ZrtpStream * stream);
void zrtp_derive_multistream_keys (ZrtpStream * stream);
void zrtp_derive_preshared_keys (ZrtpStream * stream);
/* The responder's search for the secrets that keyID was made of. FALSE: none fits. */
gboolean zrtp_find_preshared_key (ZrtpStream * stream, const guint8 key_id[ZRTP_SECRET_ID_LEN]);
ZrtpSealKeys zrtp_exchange_seal_keys (const ZrtpExchange * exchange, ZrtpRole role);
gboolean zrtp_create_confirm (ZrtpStream * stream);
/* The alarm for an altered message that the sender's own MAC gives away (Z-8.1.1-2, -3). */
ZrtpVerdict zrtp_altered_message (ZrtpStream * stream);
ZrtpVerdict zrtp_consume_dhpart1 (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_repeated_dhpart1 (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_dhpart2 (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_repeated_dhpart2 (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_confirm1_dh (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_confirm1_without_dh (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_confirm2 (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_repeated_confirm2 (ZrtpStream * stream, const ZrtpReceived * in);
ZrtpVerdict zrtp_consume_conf2_ack (ZrtpStream * stream, const ZrtpReceived * in);
/* The exchange is complete: keys, SAS, cache; the stream is SECURE. */
void zrtp_exchange_complete (ZrtpStream * stream);

/* timers.c */
void zrtp_timers_clear (ZrtpStream * stream);
void zrtp_timers_hello_started (ZrtpStream * stream);
void zrtp_timers_hello_acknowledged (ZrtpStream * stream);
void zrtp_timers_peer_seen (ZrtpStream * stream);
void zrtp_timers_exchange_begun (ZrtpStream * stream);
void zrtp_timers_request_sent (ZrtpStream * stream);
void zrtp_timers_request_answered (ZrtpStream * stream);
void zrtp_timers_responder_entered (ZrtpStream * stream);
void zrtp_timers_responder_heard (ZrtpStream * stream);
/* Whether the other Commit that is there deserves a chance, nothing having come of this one (attack C2). */
gboolean zrtp_timers_exchange_is_doubtful (const ZrtpStream * stream);
void zrtp_timers_error_received (ZrtpStream * stream);
void zrtp_timers_progress (ZrtpStream * stream);
void zrtp_timers_several_peers (ZrtpStream * stream);
gboolean zrtp_timers_several_peers_waited (const ZrtpStream * stream);
gboolean zrtp_timers_ping_allowed (ZrtpStream * stream);
gboolean zrtp_timers_refusal_allowed (ZrtpStream * stream);
guint64 zrtp_timers_next (const ZrtpStream * stream);
void zrtp_timers_run (ZrtpStream * stream);

G_END_DECLS
