/* association.h: one ZRTP endpoint of one call (RFC 6189), sans I/O.
 *
 * An association is the call with one peer ZID; it holds a ZrtpStream for each media stream. It starts no thread,
 * reads no clock, opens no file: time comes with each input, in nanoseconds of any monotonic clock, randomness and
 * the cache are handed in. After every input drain zrtp_association_poll() and then ask for the deadline.
 *
 * Not thread safe: callers serialise all calls on one association.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ext/crypto.h"
#include "gst/protocol/cache.h"

G_BEGIN_DECLS

#define ZRTP_MAX_STREAMS 16
#define ZRTP_MAX_ALGORITHMS 7   /* of a kind, in a Hello (Z-5.2-7) */
#define ZRTP_CLIENT_ID_LEN 16
#define ZRTP_SASHASH_LEN 32
#define ZRTP_HELLO_HASH_LEN 32
#define ZRTP_MAX_PACKET_LEN 2136        /* Z-5-12 */
#define ZRTP_NO_DEADLINE G_MAXUINT64
#define ZRTP_CACHE_FOREVER 0xffffffffu

typedef struct _ZrtpAssociation ZrtpAssociation;

/* Names of 4 characters (space padded), in order of preference. */
typedef struct
{
  guint count;
  gchar names[ZRTP_MAX_ALGORITHMS][5];
} ZrtpAlgorithmList;

/* The five choices of a Commit, by name. */
typedef struct
{
  gchar hash[5], cipher[5], auth_tag[5], key_agreement[5], sas[5];
} ZrtpChoice;

/* Signs the SAS hash for the peer (RFC 6189 section 7.2); called while Confirm is built. */
typedef struct _ZrtpSigner ZrtpSigner;
struct _ZrtpSigner
{
  /* Writes type block and signature, a multiple of 4 octets and at most size, and returns their length; 0: no signature. */
  gsize (*sign) (ZrtpSigner * self, const guint8 sashash[ZRTP_SASHASH_LEN], guint8 * block, gsize size);
};

typedef struct
{
  guint8 zid[ZRTP_ZID_LEN];
  gchar client_id[ZRTP_CLIENT_ID_LEN + 1];      /* padded with spaces on the wire */
  /* Offered as they stand; the caller adds the mandatory ones (zrtp_algorithm_list_parse does). */
  ZrtpAlgorithmList hashes, ciphers, auth_tags, key_agreements, sas_types;
  gboolean automatic;           /* Commit as soon as the peer is known */
  gboolean passive;             /* never Commit; the P flag (Z-5.2-5) */
  gboolean checks_signatures;   /* the application can verify a signature of the SAS: the S flag (Z-5.2-3) */
  ZrtpSigner *signer;           /* NULL: none. Borrowed */
  gboolean mitm;                /* a trusted PBX: the M flag (Z-5.2-4) */
  gboolean enroll;              /* with mitm: the E flag, offers to be remembered as a trusted PBX (Z-7.3.1-2) */
  gboolean accept_relay;        /* show the SAS that an enrolled PBX relays (attack E1) */
  gboolean allow_clear;         /* the A flag: the peer may ask for GoClear (Z-4.7.2-1) */
  /* Preshared mode instead of DH where a verified retained secret allows it: quicker, but without forward secrecy against a stolen cache
   * (Z-4.4.2-7). The caller lists "Prsh" among the key agreements as well. At most preshared_limit such calls between two
   * DH exchanges (Z-4.4.2-4). */
  gboolean preshared;
  guint preshared_limit;
  gboolean disclosure;          /* the D flag (Z-11-1) */
  guint32 cache_expiry;         /* seconds; own interval in Confirm. 0 without a cache */
  /* Refuse what was not asked for: a choice outside these lists ends the exchange, even if it is mandatory in RFC 6189 and so on
   * offer (attack B3). An empty list allows all of its kind. Mult is always allowed. */
  ZrtpAlgorithmList allowed_hashes, allowed_ciphers, allowed_auth_tags, allowed_key_agreements, allowed_sas_types;
  /* A Hello whose hash differs from what signalling said is refused rather than reported (Z-8.1-3, -4). */
  gboolean require_hello_hash;
  /* Signalling is protected end to end, the application says (Z-8.1.1-1): a Hello hash that matches then authenticates the exchange. */
  gboolean signalling_secure;
  /* Slowest start of the T1 and T2 timers in nanoseconds, 0 for the RFC's own values (Z-6-12). */
  guint64 round_trip;
  /* For replaying a recorded call: commit to this, if not NULL, instead of negotiating. Not copied. */
  const ZrtpChoice *fixed_choice;
} ZrtpConfig;

/* What a user interface is told of a stream. */
typedef enum
{
  ZRTP_STATE_IDLE,              /* not started */
  ZRTP_STATE_DISCOVERING,       /* sending Hello */
  ZRTP_STATE_NO_PEER,           /* the Hello schedule ended without an answer; a late peer is still served */
  ZRTP_STATE_CLEAR,             /* the peer speaks ZRTP; no key agreement yet */
  ZRTP_STATE_SECURING,          /* from Commit on */
  ZRTP_STATE_SECURE,
  ZRTP_STATE_CLEARING,          /* GoClear sent, or received and not yet accepted by the user; CLEAR follows */
  ZRTP_STATE_FAILED
} ZrtpState;

typedef enum
{
  ZRTP_ROLE_NONE,
  ZRTP_ROLE_INITIATOR,
  ZRTP_ROLE_RESPONDER
} ZrtpRole;

/* Error codes of RFC 6189 section 5.9. */
typedef enum
{
  ZRTP_ERROR_MALFORMED = 0x10,
  ZRTP_ERROR_SOFTWARE = 0x20,
  ZRTP_ERROR_VERSION = 0x30,
  ZRTP_ERROR_HELLO_MISMATCH = 0x40,
  ZRTP_ERROR_HASH = 0x51,
  ZRTP_ERROR_CIPHER = 0x52,
  ZRTP_ERROR_KEY_AGREEMENT = 0x53,
  ZRTP_ERROR_AUTH_TAG = 0x54,
  ZRTP_ERROR_SAS = 0x55,
  ZRTP_ERROR_NO_SHARED_SECRET = 0x56,
  ZRTP_ERROR_BAD_PUBLIC_VALUE = 0x61,
  ZRTP_ERROR_HVI = 0x62,
  ZRTP_ERROR_UNTRUSTED_MITM = 0x63,
  ZRTP_ERROR_CONFIRM_MAC = 0x70,
  ZRTP_ERROR_NONCE_REUSE = 0x80,
  ZRTP_ERROR_EQUAL_ZID = 0x90,
  ZRTP_ERROR_SSRC_COLLISION = 0x91,
  ZRTP_ERROR_SERVICE_UNAVAILABLE = 0xA0,
  ZRTP_ERROR_TIMEOUT = 0xB0,
  ZRTP_ERROR_GOCLEAR_NOT_ALLOWED = 0x100
} ZrtpErrorCode;

/* The RFC's wording of a code, or "unknown error". */
const gchar *zrtp_error_code_get_name (guint32 code);

/* What a person should know though the call goes on (or, for an attack, why it did not). */
typedef enum
{
  ZRTP_WARNING_CACHE_MISMATCH,  /* a retained secret exists and did not match (Z-4.3.2-2) */
  ZRTP_WARNING_MESSAGE_MAC,     /* a Hello, Commit or DHPart was altered: an attacker is on the path (Z-8.1.1-2) */
  ZRTP_WARNING_BAD_CONFIRM,     /* a Confirm with a wrong MAC was dropped */
  ZRTP_WARNING_CHANGED_MESSAGE, /* a repeated message came with other contents (attack A4) */
  ZRTP_WARNING_EQUAL_PASSIVE,   /* both ends are passive: nobody will commit (Z-4.2-13) */
  ZRTP_WARNING_CACHE_WRITE,     /* the cache could not be written */
  ZRTP_WARNING_PEER_DISCLOSES,  /* the peer's D flag (Z-11-3) */
  ZRTP_WARNING_AUX_MISMATCH,    /* an auxiliary secret exists and did not match (Z-4.3.2-7) */
  ZRTP_WARNING_SAS_REFUSED,     /* the user said that the SAS differs: an attacker is on the path (Z-7.1-4) */
  ZRTP_WARNING_TOO_MANY_FAILURES,       /* only the user may try again now (attack A5) */
  ZRTP_WARNING_CLEAR_NOT_ALLOWED,       /* the peer does not take GoClear, or we do not (Z-4.7.2-11) */
  ZRTP_WARNING_CLEAR_REQUESTED, /* the peer has gone clear: its user, or ours, must be told (Z-4.7.2-6) */
  ZRTP_WARNING_FORGED_CLEAR,    /* a GoClear with a wrong MAC was dropped (Z-4.7.2-4) */
  ZRTP_WARNING_UNTRUSTED_RELAY, /* a SAS was relayed by somebody we are not enrolled with (Z-5.13-6) */
  ZRTP_WARNING_ENROLLMENT_UNPROVEN,     /* enrolling needs a verified SAS or secure signalling first (Z-7.3.1-7) */
  ZRTP_WARNING_CACHE_UNREADABLE,        /* what is known of the peer cannot be read: nothing is compared, nothing written (attack D7) */
  ZRTP_WARNING_PEER_SILENT,     /* signalling brought a zrtp-hash, and no Hello came: somebody may be holding it back (attack B6) */
  ZRTP_WARNING_HELLO_HASH       /* a Hello differs from the zrtp-hash that signalling brought (Z-8.1-3) */
} ZrtpWarning;

typedef enum
{
  ZRTP_CACHE_NONE,              /* no retained secret: a first call */
  ZRTP_CACHE_MATCH,
  ZRTP_CACHE_MISMATCH
} ZrtpCacheStatus;

/* What the zrtp-hash of signalling says of the peer's Hello. */
typedef enum
{
  ZRTP_HELLO_HASH_ABSENT,       /* signalling brought none */
  ZRTP_HELLO_HASH_MATCH,
  ZRTP_HELLO_HASH_MISMATCH
} ZrtpHelloHashStatus;

typedef enum
{
  ZRTP_DIRECTION_SEND,
  ZRTP_DIRECTION_RECEIVE
} ZrtpDirection;

typedef struct
{
  gchar text[64];               /* as rendered: "oxur", or "Mohawk trombonist" */
  guint8 sashash[ZRTP_SASHASH_LEN];
  ZrtpChoice choice;
  ZrtpRole role;                /* own */
  ZrtpCacheStatus cache;
  gboolean local_verified;      /* own V: the stored flag, or the user's word in this call */
  gboolean remote_verified;     /* the peer's V */
  gboolean verified;            /* Z-7.1-5: both, and a retained secret matched; or the user said so in this call */
  gboolean refused;             /* the user said in this call that the SAS differs */
  gboolean remote_disclosure;   /* the peer's D */
  gboolean remote_mitm;         /* the peer's M: it is a PBX */
  gboolean enrolled;            /* a pbxsecret matched: the peer is a PBX that the user trusts, or a phone that trusts us */
  gboolean enrollment_offered;  /* the peer is a PBX and asks to be remembered (its E) */
  gboolean relayed;             /* text and sashash are those of the PBX's other leg */
  gboolean relayed_verified;    /* V of the other leg, as the PBX says */
  ZrtpHelloHashStatus hello_hash;
  gboolean signature;           /* the peer has signed the SAS: see zrtp_association_get_signature */
  gboolean authenticated;       /* the Hello hash matched and signalling is secure, or the signature has been verified */
  guint8 peer_zid[ZRTP_ZID_LEN];
  gchar peer_client[ZRTP_CLIENT_ID_LEN * 4 + 1];        /* printable; foreign octets as \xNN */
  gchar peer_name[64];          /* the local user's name for the peer, from the cache */
} ZrtpSasInfo;

typedef enum
{
  ZRTP_OUTPUT_SEND,
  ZRTP_OUTPUT_KEYS,             /* install: always receive before send (Z-4-9) */
  ZRTP_OUTPUT_KEYS_GONE,        /* forget both directions */
  ZRTP_OUTPUT_STATE,
  ZRTP_OUTPUT_SAS,              /* secure, or something in the info has changed */
  ZRTP_OUTPUT_WARNING,
  ZRTP_OUTPUT_ERROR             /* the exchange failed, STATE follows; or somebody was refused, and the state stays */
} ZrtpOutputType;

typedef struct
{
  ZrtpOutputType type;
  guint stream;
  union
  {
    struct
    {
      gsize len;
      guint8 data[ZRTP_MAX_PACKET_LEN];
    } send;                     /* one whole ZRTP packet, header to CRC */
    struct
    {
      ZrtpDirection direction;
      ZrtpSrtpKeys keys;
    } keys;
    struct
    {
      ZrtpState old_state, state;
    } state;
    ZrtpSasInfo sas;
    ZrtpWarning warning;
    struct
    {
      guint32 code;             /* ZrtpErrorCode or what the peer sent */
      gboolean remote;          /* the peer said so, unauthenticated */
    } error;
  } u;
} ZrtpOutput;

/* What is answered by a message that nothing else answers, so that the time until then is a round trip (and the peer's work). */
typedef enum
{
  ZRTP_ROUND_TRIP_COMMIT,
  ZRTP_ROUND_TRIP_DHPART2,
  ZRTP_ROUND_TRIP_CONFIRM2,
  ZRTP_N_ROUND_TRIPS
} ZrtpRoundTrip;

/* Counters of one stream, all monotonic, and what is known of its last exchange. */
typedef struct
{
  guint64 sent;                 /* ZRTP packets, resends included */
  guint64 sent_octets;          /* of whole ZRTP packets */
  guint64 resent;
  guint64 received;             /* packets that passed the CRC */
  guint64 received_octets;
  guint64 dropped_crc;
  guint64 dropped_malformed;    /* right CRC, wrong structure */
  guint64 dropped_chain;        /* hash preimage did not fit: forged or from another session */
  guint64 dropped_state;        /* not expected in this state, or a repeat of what was answered */
  guint64 dropped_mac;          /* Confirm with a wrong MAC */
  guint64 changed_repeats;
  guint64 dropped_hello_hash;   /* Hellos that signalling's zrtp-hash did not match */
  guint64 public_key_operations;
  guint64 exchanges;            /* key agreements begun */
  guint64 failures;
  /* Times of the association's clock, 0 if not yet. */
  guint64 started_at;
  guint64 commit_at;            /* the last key agreement began: Commit sent, or accepted */
  guint64 secure_at;
  guint64 round_trip[ZRTP_N_ROUND_TRIPS];       /* of a message that was sent once; 0: none was */
  ZrtpRole role;                /* of the last time that the stream went secure, as is choice */
  ZrtpChoice choice;
} ZrtpStreamStats;

/* Copies config. random and cache are borrowed and must outlive the association; cache may be NULL: then interval
 * 0 and V 0 are sent (Z-4.9.1-1). */
ZrtpAssociation *zrtp_association_new (const ZrtpConfig * config, ZrtpRandom * random, ZrtpCache * cache);

/* Wipes every secret. NULL is allowed. */
void zrtp_association_free (ZrtpAssociation * self);

/* Adds media stream number id (0..ZRTP_MAX_STREAMS-1), whose RTP sender uses ssrc. Draws its hash chain and builds its
 * Hello (Z-8.1-2). FALSE: the number is taken or out of range, or there is no randomness. */
gboolean zrtp_association_add_stream (ZrtpAssociation * self, guint id, guint32 ssrc);

/* The SSRC of the stream's RTP sender, at any time: the Hello, and so its zrtp-hash, does not depend on it. After a collision the
 * exchange begins again (Z-4.1-5). */
void zrtp_association_set_ssrc (ZrtpAssociation * self, guint id, guint32 ssrc, guint64 now);

/* Forgets a stream and wipes its keys; the rest of the call goes on. */
void zrtp_association_remove_stream (ZrtpAssociation * self, guint id);

/* Inputs. Time is in nanoseconds and never runs backwards. Unknown stream numbers are ignored. */
void zrtp_association_start (ZrtpAssociation * self, guint id, guint64 now);
void zrtp_association_receive (ZrtpAssociation * self, guint id, const guint8 * data, gsize len,
    guint64 now);
void zrtp_association_advance (ZrtpAssociation * self, guint64 now);
/* The first SRTP or SRTCP packet under the receive keys has verified (Z-4.6-6). */
void zrtp_association_media_authenticated (ZrtpAssociation * self, guint id, guint64 now);

/* There may be somebody now: Hello again, if that is over and nobody has answered. */
void zrtp_association_discover (ZrtpAssociation * self, guint id, guint64 now);

/* Verbs. */
/* Go secure now: for automatic = FALSE, and after a failure. */
void zrtp_association_secure (ZrtpAssociation * self, guint id, guint64 now);
/* The user compared the SAS: TRUE matches, FALSE differs (Z-7.1-1, Z-7.1-4). No effect before a SAS exists. */
void zrtp_association_set_verified (ZrtpAssociation * self, gboolean verified, guint64 now);
/* The user's name for the peer, at most 63 octets of UTF-8, kept in the cache; before the call is secure, for when it is. */
void zrtp_association_set_peer_name (ZrtpAssociation * self, const gchar * name);
/* Keys that the signalling brought for SRTP (SDES and the like): they serve as auxsecret where none was set, never as SRTP keys (Z-8.2-1 to
 * -3). Octets, copied; NULL or 0 takes them back. */
void zrtp_association_set_srtp_secret (ZrtpAssociation * self, const guint8 * master_key, gsize key_len,
    const guint8 * master_salt, gsize salt_len);
/* The application has checked the peer's signature: it is good, and of somebody whom the user trusts (Z-7.2-1, Z-4.6.1.1-3). */
void zrtp_association_accept_signature (ZrtpAssociation * self, guint64 now);
/* GoClear: ends encryption on all streams if the peer's A flag allows it (4.7.2). */
void zrtp_association_clear (ZrtpAssociation * self, guint64 now);
/* The user agrees to go on in the clear after the peer's GoClear (Z-4.7.2-6). */
void zrtp_association_accept_clear (ZrtpAssociation * self, guint64 now);
/* TRUE: the user wants to trust the PBX at the other end, which has offered it, from now on; FALSE: no longer
 * (7.3.1). Needs a verified SAS or secure signalling. */
void zrtp_association_enroll (ZrtpAssociation * self, gboolean enroll, guint64 now);
/* A PBX hands the SAS of its other leg to this one: sas_type of 4 characters, V and D of the other leg. An end that is not enrolled gets the type
 * alone (Z-7.3-8). No effect without mitm in the configuration, or before the call is secure. */
void zrtp_association_relay_sas (ZrtpAssociation * self, const gchar * sas_type,
    const guint8 sashash[ZRTP_SASHASH_LEN], gboolean verified, gboolean disclosure, guint64 now);
/* The value of the peer's a=zrtp-hash for this stream; NULL: none. Before or after the stream's start (Z-8.1-3). */
void zrtp_association_set_peer_hello_hash (ZrtpAssociation * self, guint id, const guint8 * hash,
    guint64 now);
/* A secret from outside ZRTP, any length, for the exchanges to come; NULL or 0 takes it back (Z-4.3-3). Copied. */
void zrtp_association_set_auxsecret (ZrtpAssociation * self, const guint8 * secret, gsize len);
/* End this stream's exchange or secure state; wipes its keys. Starting again makes a new one. */
void zrtp_association_stop (ZrtpAssociation * self, guint id, guint64 now);

/* Takes the next output; FALSE when there is none. Clear each with zrtp_output_clear, which wipes keys. */
gboolean zrtp_association_poll (ZrtpAssociation * self, ZrtpOutput * output);
void zrtp_output_clear (ZrtpOutput * output);

/* When to call zrtp_association_advance next; ZRTP_NO_DEADLINE if nothing waits. */
guint64 zrtp_association_get_deadline (ZrtpAssociation * self);

/* Readings. */
ZrtpState zrtp_association_get_state (ZrtpAssociation * self, guint id);
gboolean zrtp_association_get_sas (ZrtpAssociation * self, ZrtpSasInfo * info);
void zrtp_association_get_stats (ZrtpAssociation * self, guint id, ZrtpStreamStats * stats);
/* The peer's signature of the SAS, type block first; NULL if there is none. Owned by the association, until its next input. */
const guint8 *zrtp_association_get_signature (ZrtpAssociation * self, gsize * len);
/* Derived from s0 for the application's own use, by the length of the hash, once a first stream is secure; only if the disclosure
 * flag was set or the caller keeps it for something other than SRTP (Z-4.5.2-4, Z-11-5). Returns its length, 0 if there is none. */
gsize zrtp_association_get_exported_key (ZrtpAssociation * self, guint8 key[ZRTP_HASH_MAX_LEN]);
/* SHA-256 of this stream's Hello: the value of a=zrtp-hash (Z-8.1-1). */
gboolean zrtp_association_get_hello_hash (ZrtpAssociation * self, guint id,
    guint8 hash[ZRTP_HELLO_HASH_LEN]);

/* Whether a datagram on an RTP port is ZRTP rather than RTP, STUN or anything else: first 4 bits 0001 or first octet's top
 * bits 00 with the magic cookie. Looks at the first 8 octets only (Z-5-4, Z-5-6). */
static inline gboolean
zrtp_packet_is_zrtp (const guint8 * data, gsize len)
{
  return len >= 12 && (data[0] & 0xf0) == 0x10 && data[4] == 0x5a && data[5] == 0x52
      && data[6] == 0x54 && data[7] == 0x50;
}

G_END_DECLS
