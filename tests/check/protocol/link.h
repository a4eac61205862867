/* link.h: two associations on an in-memory link with a virtual clock.
 *
 * After every input the link drains both ends and asserts what must hold whatever happens (attacks.md section 0):
 * never a send key that the other end has not, at some time, installed for receiving; never secure at both ends with
 * different keys; keys only while secure; outputs in a sane order.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gst/protocol/association.h"
#include "random.h"
#include "testcache.h"
#include "wire.h"

G_BEGIN_DECLS

#define MSEC G_GUINT64_CONSTANT (1000000)
#define SEC G_GUINT64_CONSTANT (1000000000)
#define TEST_LINK_START (1000 * SEC)
#define TEST_MAX_KEYS 8

typedef struct
{
  guint from, stream;
  WireType type;
  guint index;                  /* the how manieth packet of this end and stream, from 0 */
  guint type_index;             /* the how manieth of its type */
  guint64 sent_at, at, order;
  gboolean media;
  ZrtpSrtpKeys keys;            /* media: what protected it */
  gsize len;
  guint8 data[WIRE_MAX_LEN + 64];
} TestPacket;

typedef struct
{
  gboolean added;
  guint32 ssrc;
  ZrtpState state;
  gboolean has_send, has_receive;
  ZrtpSrtpKeys send, receive;
  /* The receive keys that were ever installed, the last ones of them. */
  guint n_received_keys;
  ZrtpSrtpKeys received_keys[TEST_MAX_KEYS];
  guint n_errors, n_remote_errors, n_sas, n_secure, n_keys_gone;
  guint32 error_code;           /* of the last */
  guint warnings;               /* bit for each ZrtpWarning */
  guint n_warnings[32];
  guint n_sent, n_sent_of_type[WIRE_N_TYPES + 1];
  guint64 media_at;
  guint media_sent;
  guint64 secure_at;
} TestStream;

typedef struct
{
  ZrtpConfig config;
  TestRandom random;
  TestCache cache;
  gboolean without_cache;
  ZrtpAssociation *association;
  TestStream streams[ZRTP_MAX_STREAMS];
  GPtrArray *sent;              /* TestPacket, before the filter touched it */
} TestEnd;

typedef struct _TestLink TestLink;
/* Sees each ZRTP packet before loss and delay. FALSE drops it. May change data and len. */
typedef gboolean (*TestFilter) (TestLink * link, TestPacket * packet, gpointer user_data);

struct _TestLink
{
  TestEnd ends[2];
  guint64 now;
  TestPrng prng;
  /* Verbs. */
  guint64 delay, jitter;        /* jitter also reorders */
  guint loss_percent[2];        /* by sender; media too */
  guint duplicate_percent;
  gboolean media;               /* secure ends send media each 20 ms until the other end is secure */
  TestFilter filter;
  gpointer user_data;
  gboolean forged_ack_allowed;  /* the test forges Conf2ACKs: a send key may be alone */
  gboolean check_off;           /* the test plays the peer by itself: no crosswise checks */
  /* Figures. */
  guint delivered, dropped;
  /* Inside. */
  GQueue queue;
  guint64 order;
};

/* Fills in an algorithm list from names one after another ("X255DH3k"). */
void test_list (ZrtpAlgorithmList * list, const gchar * names);

/* Both ends' configs get distinct ZIDs, S256 AES1 HS32/HS80 X255/DH3k/Mult B32, automatic; change them before
 * test_link_open(). seed drives ends and link. */
void test_link_init (TestLink * link, guint64 seed);
/* Creates the associations with streams 0..n_streams-1. */
void test_link_open (TestLink * link, guint n_streams);
/* Ends the call but keeps configs and caches; test_link_open() makes the next one. */
void test_link_close (TestLink * link);
void test_link_clear (TestLink * link);

void test_link_start (TestLink * link, guint end, guint stream);
void test_link_start_all (TestLink * link);
/* Makes end e the only one that commits. */
void test_link_set_initiator (TestLink * link, guint e);

/* Hands bytes to an end, now or later, past the filter. */
void test_link_inject (TestLink * link, guint to, guint stream, const guint8 * data, gsize len);
void test_link_inject_later (TestLink * link, guint to, guint stream, const guint8 * data, gsize len, guint64 delay);
void test_link_drain (TestLink * link, guint end);

/* Runs until the clock has advanced by this much, or nothing is left to happen. */
void test_link_run (TestLink * link, guint64 duration);
/* TRUE as soon as all streams of both ends are secure. */
gboolean test_link_run_until_secure (TestLink * link, guint64 duration);
/* Runs until no packet is under way and no deadline set; asserts that this happens within 10 minutes. */
void test_link_settle (TestLink * link);

ZrtpState test_link_state (TestLink * link, guint end, guint stream);
gboolean test_link_is_secure (TestLink * link, guint end, guint stream);
gboolean test_link_all_secure (TestLink * link);
/* Both secure with keys and SAS alike, or neither. */
void test_link_assert_no_split (TestLink * link);
/* Both secure, all as it should be. */
void test_link_assert_secure (TestLink * link);
/* The n-th packet of this type that the end sent on the stream, or NULL. */
TestPacket *test_link_sent (TestLink * link, guint end, guint stream, WireType type, guint n);

gboolean test_keys_equal (const ZrtpSrtpKeys * a, const ZrtpSrtpKeys * b);
/* A number from the environment, else the default: runs under sanitizers ask for fewer seeds. */
guint test_count (const gchar * variable, guint normal);

G_END_DECLS
