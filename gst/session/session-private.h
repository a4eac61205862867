/* session-private.h: the session's insides, for gst/session alone.
 *
 * Locks, in the order in which they may nest: run_lock, engine_lock, hold.lock, then one of inbox_lock, a stream's media locks,
 * the object lock. Nothing that can block, call into an element or post a message happens under any of them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/zrtp/gstzrtpsession.h>
#include "ext/sqlite/cache_db.h"
#include "gst/protocol/algorithms.h"
#include "gst/protocol/association.h"
#include "gst/session/media.h"
#include "gst/session/session.h"

G_BEGIN_DECLS

#define GST_CAT_DEFAULT gst_zrtp_session_debug
GST_DEBUG_CATEGORY_EXTERN (gst_zrtp_session_debug);
GST_DEBUG_CATEGORY_EXTERN (gst_zrtp_protocol_debug);
GST_DEBUG_CATEGORY_EXTERN (gst_zrtp_media_debug);
GST_DEBUG_CATEGORY_EXTERN (gst_zrtp_cache_debug);

#define GST_ZRTP_MAX_SRTP_SECRET 64     /* octets of an SRTP master key or salt that signalling may bring */
#define GST_ZRTP_N_ALGORITHM_KINDS 5

/* What the application asked for; under the object lock. Read when a run makes its association. */
typedef struct
{
  ZrtpAlgorithmList algorithms[GST_ZRTP_N_ALGORITHM_KINDS];     /* the mandatory ones included */
  ZrtpAlgorithmList listed[GST_ZRTP_N_ALGORITHM_KINDS];         /* as they were set */
  GstZrtpMediaPolicy media_policy;
  gboolean enabled;
  gboolean auto_secure;
  gboolean passive;
  gboolean allow_clear;
  gboolean require_zrtp_hash;
  gboolean signalling_secure;
  gboolean only_listed;
  gboolean preshared;
  guint preshared_limit;
  gboolean check_signatures;
  gboolean export_key;
  gboolean mitm, enroll, accept_relay;
  gboolean disclosure;
  gchar *client_id;
  gchar *zid;                   /* hexadecimal, or NULL for one of its own */
  gchar *cache;                 /* "memory", "none", a path, or NULL for the default path */
  gboolean cache_required;
  guint cache_ttl;              /* seconds */
  guint64 round_trip;           /* nanoseconds */
  gchar *peer_name;
  gchar *keylog;                /* path, or NULL for none */
  GstClock *clock;              /* NULL: the system clock */
} GstZrtpSettings;

/* Under the engine lock. */
typedef struct
{
  gchar *setting;
  ZrtpCache *target;            /* what the engine uses; NULL: not open, or none */
  ZrtpCache *own_table;         /* of this session alone */
  gboolean is_file;
  guint8 zid[ZRTP_ZID_LEN];     /* of the file */
} GstZrtpCache;

/* Under the engine lock. */
typedef struct
{
  gchar *path;                  /* NULL: not wanted in this run */
  gboolean open;
  gint fd;                      /* if open */
  const gchar *trouble;         /* static: why it could not be opened */
  gboolean told;
} GstZrtpKeylog;

typedef enum
{
  GST_ZRTP_INPUT_START,
  GST_ZRTP_INPUT_PLAYING,
  GST_ZRTP_INPUT_SSRC,
  GST_ZRTP_INPUT_TRANSPORT_DOWN,
  GST_ZRTP_INPUT_TRANSPORT_UP,
  GST_ZRTP_INPUT_PACKET,
  GST_ZRTP_INPUT_ADVANCE,
  GST_ZRTP_INPUT_AUTHENTICATED,
  GST_ZRTP_INPUT_REMOVE,
  GST_ZRTP_INPUT_EXPIRED,
  GST_ZRTP_INPUT_UNDECRYPTABLE,
  GST_ZRTP_INPUT_FIRST_CLEAR,
  GST_ZRTP_INPUT_CLEAR_FOR_LONG,
  GST_ZRTP_INPUT_SECURE,
  GST_ZRTP_INPUT_CLEAR,
  GST_ZRTP_INPUT_ACCEPT_CLEAR,
  GST_ZRTP_INPUT_VERIFIED,
  GST_ZRTP_INPUT_PEER_NAME,
  GST_ZRTP_INPUT_PEER_HASH,
  GST_ZRTP_INPUT_AUX_SECRET,
  GST_ZRTP_INPUT_ACCEPT_SIGNATURE,
  GST_ZRTP_INPUT_ENROLL,
  GST_ZRTP_INPUT_RELAY_SAS,
  GST_ZRTP_INPUT_HOLD,
  GST_ZRTP_INPUT_RESET
} GstZrtpInputType;

typedef struct
{
  GstZrtpInputType type;
  guint stream;
  guint run;                    /* inputs of an earlier run are dropped */
  guint32 value;                /* ssrc, or a flag */
  gsize len;
  guint8 data[];                /* a packet, or a string with its terminator */
} GstZrtpInput;

/* The SAS of another leg. */
typedef struct
{
  gchar type[5];
  guint8 sashash[ZRTP_SASHASH_LEN];
  gboolean verified, disclosure;
} GstZrtpRelay;

typedef enum
{
  GST_ZRTP_ENROLLMENT_NONE,
  GST_ZRTP_ENROLLMENT_OFFERED,
  GST_ZRTP_ENROLLMENT_PRESENT
} GstZrtpEnrollment;

typedef struct
{
  ZrtpSigner interface;
  GstZrtpSession *session;
} GstZrtpSigner;

/* Own media at rest; under its lock. */
typedef struct
{
  GMutex lock;
  GArray *tickets;
  guint last_number;
  gboolean in_step;             /* the engine is changing what the call is, and has not told yet */
  gboolean resting;             /* what the streams have been told */
  gint wanted;                  /* atomic: how many want to take tickets when they are told */
  gboolean charged;             /* it rests since updated_at */
  guint64 updated_at;           /* 0: not in this run */
  GstClockTime allowance;
} GstZrtpHold;

/* A cache that tells the debug log what is asked of it. */
typedef struct
{
  ZrtpCache interface;
  ZrtpCache *target;
  GstZrtpSession *session;
  gboolean told;                /* of this peer */
  guint8 told_zid[ZRTP_ZID_LEN];
} GstZrtpWatchedCache;

/* Which element set a property to what. */
typedef struct
{
  gchar *element, *value;
} GstZrtpClaim;

struct _GstZrtpSession
{
  GstObject parent;

  gchar *id;
  gboolean registered;

  /* Object lock. */
  GstZrtpSettings settings;
  GHashTable *refused;          /* property name -> why its last value was refused */
  GHashTable *claims;           /* property name -> GstZrtpClaim */
  guint8 *aux_secret;
  gsize aux_secret_len;
  guint8 srtp_key[GST_ZRTP_MAX_SRTP_SECRET], srtp_salt[GST_ZRTP_MAX_SRTP_SECRET];       /* of the signalling */
  gsize srtp_key_len, srtp_salt_len;
  gboolean signature_accepted;  /* by the application, in this run */
  gboolean signalling_secure;   /* the setting as the association was made */
  gboolean have_sas;
  ZrtpSasInfo sas;

  GMutex run_lock;              /* who takes part, and when a run begins and ends */
  gint active;                  /* elements in PAUSED or PLAYING; read atomically */
  gint run;                     /* counts runs; written under run_lock, read atomically */
  gboolean run_enabled;         /* the settings as this run began */
  gint latched;                 /* atomic: has been secure in this call, runs before included; then no stream goes clear */
  gint hash_given;              /* atomic: the application has the hash of a Hello that is still to be sent */

  GstZrtpHold hold;

  /* Mailbox: inputs for the engine, drained by one worker at a time. */
  GMutex inbox_lock;
  GCond inbox_idle;
  GQueue inbox;                 /* GstZrtpInput */
  gboolean scheduled;           /* a worker has it, or will */
  gboolean advance_queued;

  /* The engine, touched by the worker, and briefly by getters. */
  GRecMutex engine_lock;        /* recursive for what an application does in the sign-sas signal */
  ZrtpAssociation *association;
  guint association_run;        /* that it was made for, maybe ahead of time */
  GstZrtpCache cache;
  GstZrtpWatchedCache watched;  /* the cache as the association sees it */
  gchar *cache_trouble;         /* why there is none; to be told */
  GstZrtpKeylog keylog;         /* of the association's run, whose peer is told */
  gboolean export_allowed;      /* the association's peer is told */
  gboolean hash_required;       /* the setting as the association was made */
  gboolean signing;             /* the application is asked for a signature */
  GstZrtpSigner signer;
  /* What has been told in this run. */
  gboolean names_told, signature_told;
  guint8 told_sashash[ZRTP_SASHASH_LEN];        /* of the SAS that they are about */
  gboolean asked_clear;         /* our user has asked for it, the peer's maybe not agreed */
  gboolean new_device;          /* a known name, but not this device */
  GstZrtpEnrollment enrollment;
  guint8 zid[ZRTP_ZID_LEN];     /* drawn */
  gboolean have_zid;
  guint8 local_zid[ZRTP_ZID_LEN];       /* of the association */
  guint64 now;                  /* the latest time told to the engine */

  /* Timer; worker only, but for `timer`, which is under inbox_lock. */
  GstClockID timer;
  guint64 timer_at;             /* clock's time, as the two that follow */
  guint64 paused_at;            /* ZRTP_NO_DEADLINE if it is not */
  guint64 paused_for;           /* in all */
  GstClock *clock;              /* of this run */
  gint playing;                 /* atomic: zrtpenc elements in PLAYING, without which nothing can be sent */

  /* Made when first needed, under run_lock; read atomically; freed with the session. */
  GstZrtpMedia *media[ZRTP_MAX_STREAMS];
};

/* properties.c */
void gst_zrtp_settings_init (GstZrtpSettings * settings);
void gst_zrtp_settings_clear (GstZrtpSettings * settings);
void gst_zrtp_claim_free (gpointer data);
void gst_zrtp_session_set_property (GObject * object, guint id, const GValue * value, GParamSpec * pspec);
void gst_zrtp_session_get_property (GObject * object, guint id, GValue * value, GParamSpec * pspec);

gboolean gst_zrtp_parse_zid (const gchar * text, guint8 zid[ZRTP_ZID_LEN]);

/* cachefile.c; all under the engine lock */
gboolean gst_zrtp_cache_is_file (const gchar * setting);
/* Opens what the setting says, a file anew. shared: the process-wide table rather than the session's. FALSE: there is no
 * cache then. */
gboolean gst_zrtp_cache_open (GstZrtpCache * self, const gchar * setting, gboolean shared, GError ** error);
void gst_zrtp_cache_close (GstZrtpCache * self);
/* What the last failure was; NULL if nothing can be said. */
gchar *gst_zrtp_cache_dup_trouble (GstZrtpCache * self);
/* The table in memory: of the process, for sessions with a ZID of the application's, or of this session, NULL if it has none yet. */
ZrtpCache *gst_zrtp_cache_get_table (GstZrtpCache * self, gboolean shared);
/* Whether some peer of this end has the name. */
gboolean gst_zrtp_cache_knows_name (GstZrtpCache * self, const guint8 local_zid[ZRTP_ZID_LEN], const gchar * name);

/* config.c */
/* Opens the cache of the settings, unless a run has been made ready already. FALSE: it is required and there is none. */
gboolean gst_zrtp_session_open_cache (GstZrtpSession * self, gchar ** problem);
/* Looks what libsrtp2 can do, some 20 ms once in a process: on a thread that may wait. */
void gst_zrtp_prepare_support (void);
/* Under the engine lock. FALSE: there is no randomness. */
gboolean gst_zrtp_session_ensure_association (GstZrtpSession * self, guint run);

/* registry.c */
gchar *gst_zrtp_registry_new_id (void);
void gst_zrtp_registry_remove (GstZrtpSession * self);

/* hold.c */
void gst_zrtp_hold_init (GstZrtpSession * self);
void gst_zrtp_hold_free (GstZrtpSession * self);
/* Around a change of what the call is and the telling of it, so that nothing slips out between. Worker only. */
void gst_zrtp_hold_begin_step (GstZrtpSession * self);
void gst_zrtp_hold_end_step (GstZrtpSession * self);
/* A new stream. */
void gst_zrtp_hold_cover (GstZrtpSession * self, GstZrtpMedia * media);
/* A run begins or ends. */
void gst_zrtp_hold_clear (GstZrtpSession * self);
/* Ends what has lasted long enough. Returns when to come again. Worker only. */
guint64 gst_zrtp_hold_update (GstZrtpSession * self, guint64 now);

/* mailbox.c */
void gst_zrtp_mailbox_init (GstZrtpSession * self);
void gst_zrtp_mailbox_clear (GstZrtpSession * self);
/* Any thread, never blocks. FALSE: the stream's share of the box is full and the packet was dropped. */
gboolean gst_zrtp_mailbox_post (GstZrtpSession * self, GstZrtpInputType type, guint stream, guint32 value,
    gconstpointer data, gsize len);

/* What is left to do when the engine's lock is free. */
typedef struct
{
  guint stream;
  GstBuffer *packet;
  GstStructure *message;
} GstZrtpOutcome;

/* One input on its way through the engine. */
typedef struct
{
  GstZrtpSession *session;
  guint run;
  guint64 now;
  GArray *packets, *messages;   /* GstZrtpOutcome */
  gboolean sas_told;
  gboolean resting;             /* media rests until the messages are out */
} GstZrtpStep;

/* report.c */
void gst_zrtp_step_add_message (GstZrtpStep * step, guint stream, GstStructure * message);
void gst_zrtp_step_add_warning (GstZrtpStep * step, guint stream, ZrtpWarning warning);
void gst_zrtp_step_cache_unreadable (GstZrtpStep * step, guint stream, const gchar * why);
/* Updates what is known of the SAS and how far each secure stream may be trusted by it. */
void gst_zrtp_step_refresh_security (GstZrtpSession * self);
void gst_zrtp_step_tell_sas (GstZrtpStep * step, guint stream);
/* The stream has no zrtpenc, or no zrtpdec; once in a run. what: how that is seen. */
void gst_zrtp_step_no_sender (GstZrtpStep * step, GstZrtpMedia * media, const gchar * what);
void gst_zrtp_step_no_receiver (GstZrtpStep * step, GstZrtpMedia * media);
/* The first one that there is; messages about the call as a whole carry its number. */
guint gst_zrtp_session_first_stream (GstZrtpSession * self);

/* trace.c: the story of the call in the debug log; under the engine lock, but for init and message */
void gst_zrtp_trace_init (void);
void gst_zrtp_trace_input (GstZrtpSession * self, const GstZrtpInput * input);
void gst_zrtp_trace_state (GstZrtpMedia * media, GstZrtpState state);
void gst_zrtp_trace_sent (GstZrtpMedia * media, const guint8 * packet, gsize len);
/* Hands a packet to the association, and tells what became of it. */
void gst_zrtp_trace_receive (GstZrtpMedia * media, const guint8 * packet, gsize len, guint64 now);
void gst_zrtp_trace_keys (GstZrtpMedia * media, ZrtpDirection direction, const ZrtpSrtpKeys * keys);
void gst_zrtp_trace_message (GstZrtpSession * self, const GstStructure * message);
/* target in a wrapper of the session's, or NULL for NULL. */
ZrtpCache *gst_zrtp_trace_watch_cache (GstZrtpSession * self, ZrtpCache * target);

/* status.c */
void gst_zrtp_status_add (GstZrtpSession * self);
void gst_zrtp_status_remove (GstZrtpSession * self);
/* Warns, once in a process, that there is no status socket though one is wanted. */
void gst_zrtp_status_tell (GstZrtpStep * step, guint stream);

/* keylog.c */
/* Of the run whose association is made now. path may be NULL. TRUE: keys will be written, so the peer must be told. */
gboolean gst_zrtp_keylog_open (GstZrtpKeylog * self, const gchar * path);
void gst_zrtp_keylog_close (GstZrtpKeylog * self);
/* Warns of the log, or that it cannot be written, once. */
void gst_zrtp_keylog_tell (GstZrtpStep * step, guint stream);
void gst_zrtp_keylog_write (GstZrtpStep * step, GstZrtpMedia * media, ZrtpDirection direction,
    const ZrtpSrtpKeys * keys);

/* engine.c: one input into the engine, and what comes out of it. Worker only. */
void gst_zrtp_engine_handle (GstZrtpSession * self, const GstZrtpInput * input);
/* Forgets what is left of the run before, if its end is still in the mailbox. Under the engine lock, any thread. */
void gst_zrtp_engine_end_run (GstZrtpSession * self, guint run);
/* Makes the engine of a run, if need be, and its Hello for a stream. Under the engine lock, any thread. FALSE: there is no
 * randomness. */
gboolean gst_zrtp_engine_add_stream (GstZrtpSession * self, GstZrtpMedia * media, guint run);

/* timers.c; worker only, but for cancel. */
/* A run begins, unless it has, and settles which clock it has; and ends. */
void gst_zrtp_timer_begin (GstZrtpSession * self);
void gst_zrtp_timer_end (GstZrtpSession * self);
/* The engine's time: that of the clock less what it was paused for. Under the engine lock, any thread. */
guint64 gst_zrtp_timer_now (GstZrtpSession * self);
void gst_zrtp_timer_pause (GstZrtpSession * self, gboolean pause);
void gst_zrtp_timer_set (GstZrtpSession * self, guint64 at);
void gst_zrtp_timer_cancel (GstZrtpSession * self);

/* messages.c: structures for the bus. */
/* What besides the state decides what a person is told of it. */
typedef struct
{
  GstZrtpSecurity security;
  gboolean held;                /* nothing is sent */
  gboolean asked_clear;
  gboolean no_receiver;         /* so no answer could be heard */
} GstZrtpOutlook;

GstStructure *gst_zrtp_message_new_state (GstZrtpSession * self, guint stream, GstZrtpState old_state,
    GstZrtpState state, const GstZrtpOutlook * outlook);
GstStructure *gst_zrtp_message_new_sas (GstZrtpSession * self, guint stream, const ZrtpSasInfo * info,
    GstZrtpSecurity security, const gchar * expected_name, gboolean new_device);
gboolean gst_zrtp_name_fits (const ZrtpSasInfo * info, const gchar * expected_name);
GstStructure *gst_zrtp_message_new_warning (GstZrtpSession * self, guint stream, const gchar * code,
    const gchar * text);
GstStructure *gst_zrtp_message_new_protocol_warning (GstZrtpSession * self, guint stream, ZrtpWarning warning);
GstStructure *gst_zrtp_message_new_enrollment (GstZrtpSession * self, guint stream, const gchar * status);
GstStructure *gst_zrtp_message_new_signature (GstZrtpSession * self, guint stream, const ZrtpSasInfo * info,
    const guint8 * block, gsize len);
GstStructure *gst_zrtp_message_new_error (GstZrtpSession * self, guint stream, guint32 code, gboolean remote,
    gboolean failed);
/* Sets an algorithm's name, without its padding. */
void gst_zrtp_structure_set_name (GstStructure * structure, const gchar * field, const gchar name[5]);
const gchar *gst_zrtp_role_to_string (ZrtpRole role);
/* Free with g_free. */
gchar *gst_zrtp_hex (const guint8 * data, gsize len);

/* zrtphash.c */
gboolean gst_zrtp_hash_has_our_version (const gchar * text);
gboolean gst_zrtp_hash_parse (const gchar * text, guint8 hash[ZRTP_HELLO_HASH_LEN]);
gchar *gst_zrtp_hash_to_string (const guint8 hash[ZRTP_HELLO_HASH_LEN]);

/* secrets.c */
void gst_zrtp_session_wipe_aux_secret (GstZrtpSession * self);
void gst_zrtp_session_wipe_srtp_secret (GstZrtpSession * self);
void gst_zrtp_session_apply_aux_secret (GstZrtpSession * self);

/* signatures.c */
void gst_zrtp_session_install_sign_signal (GstZrtpSessionClass * klass);
void gst_zrtp_signer_init (GstZrtpSigner * signer, GstZrtpSession * session);
gboolean gst_zrtp_session_signs (GstZrtpSession * self);

/* verbs.c */
GstZrtpSecurity gst_zrtp_session_judge (GstZrtpSession * self, GstZrtpState state);

/* gstzrtpsession.c */
/* Posts on the bus of the stream's sender, else its receiver. Takes the structure. No lock may be held. */
void gst_zrtp_session_post (GstZrtpSession * self, guint stream, GstStructure * structure);
GstZrtpMedia *gst_zrtp_session_peek_media (GstZrtpSession * self, guint stream);

G_END_DECLS
