/* timers.c: when things are sent again and when patience ends (RFC 6189 section 6).
 *
 * Each function is named after the event that it reacts to. Times are absolute nanoseconds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/protocol/stream.h"

#define MS G_GUINT64_CONSTANT (1000000)

/* T1 (Z-6-1, Z-6-10) and T2 (Z-6-2). */
#define T1_START (50 * MS)
#define T1_CAP (200 * MS)
#define T1_RESENDS 20
#define T1_RESENDS_TO_A_KNOWN_PEER 62   /* 12 s */
#define T2_START (150 * MS)
#define T2_CAP (1200 * MS)
#define T2_RESENDS 10

/* A HelloACK is not authenticated, and may have been the answer to a forger's Hello: until a Commit is there, ours go on slowly
 * (attacks C2, C4). */
#define SLOW_HELLO_INTERVAL (2000 * MS)
#define SLOW_HELLO_RESENDS 30

#define RESPONDER_PATIENCE (10000 * MS) /* Z-6-14 */
/* An Error is not authenticated either: it counts when nothing better has come by then (attack C1). */
#define ERROR_GRACE (2000 * MS)
/* Which of several Hellos is the peer's shows when one is followed by a Commit, or comes again (attack C2). */
#define SEVERAL_PEERS_PATIENCE (2 * SLOW_HELLO_INTERVAL + 1000 * MS)
/* From this resend of a Commit on the Hello goes with it: the peer may have lost it among forged ones. */
#define RESENDS_WITHOUT_HELLO 2
/* A Commit that is not answered, or a DHPart2 that does not come, for so long makes another candidate's Commit welcome. */
#define RESENDS_WITHOUT_DOUBT 3
#define TIME_WITHOUT_DOUBT (1500 * MS)
#define PING_INTERVAL (50 * MS)
#define REFUSAL_INTERVAL (150 * MS)

static guint64
now_of (const ZrtpStream * stream)
{
  return stream->association->now;
}

static void
schedule_start (ZrtpStream * stream, ZrtpSchedule * schedule, guint64 interval, guint64 cap, guint limit)
{
  guint64 round_trip = stream->association->config.round_trip;

  schedule->interval = MAX (interval, round_trip);      /* Z-6-12 */
  schedule->cap = MAX (cap, round_trip);
  schedule->resent = 0;
  schedule->limit = limit;
  schedule->due = now_of (stream) + schedule->interval;
}

static void
schedule_stop (ZrtpSchedule * schedule)
{
  schedule->due = ZRTP_NO_DEADLINE;
}

/* Counts a resend and sets the next. The interval after the last resend is waited for as well (Z-6-8). */
static void
schedule_resent (ZrtpSchedule * schedule)
{
  schedule->resent++;
  schedule->interval = MIN (schedule->interval * 2, schedule->cap);
  schedule->due += schedule->interval;
}

void
zrtp_timers_clear (ZrtpStream * stream)
{
  schedule_stop (&stream->hello_schedule);
  zrtp_timers_request_answered (stream);
  stream->silence_due = ZRTP_NO_DEADLINE;
  stream->error_due = ZRTP_NO_DEADLINE;
  stream->commit_due = ZRTP_NO_DEADLINE;
}

static guint
hello_limit (const ZrtpStream * stream)
{
  return stream->peers->len > 0 || stream->have_peer_hash ? T1_RESENDS_TO_A_KNOWN_PEER : T1_RESENDS;
}

void
zrtp_timers_hello_started (ZrtpStream * stream)
{
  schedule_start (stream, &stream->hello_schedule, T1_START, T1_CAP, hello_limit (stream));
}

void
zrtp_timers_hello_acknowledged (ZrtpStream * stream)
{
  schedule_start (stream, &stream->hello_schedule, SLOW_HELLO_INTERVAL, SLOW_HELLO_INTERVAL, SLOW_HELLO_RESENDS);
}

/* The peer speaks ZRTP: patience grows, also when the short schedule has just ended (Z-6-11). */
void
zrtp_timers_peer_seen (ZrtpStream * stream)
{
  if (stream->acked)
    return;
  if (stream->hello_schedule.due == ZRTP_NO_DEADLINE) {
    zrtp_timers_hello_started (stream);
    zrtp_stream_send (stream, &stream->hello);
  }
  stream->hello_schedule.limit = T1_RESENDS_TO_A_KNOWN_PEER;
}

/* A Commit has been sent or accepted: it says more than a Hello. */
void
zrtp_timers_exchange_begun (ZrtpStream * stream)
{
  schedule_stop (&stream->hello_schedule);
  stream->commit_due = ZRTP_NO_DEADLINE;
}

void
zrtp_timers_request_sent (ZrtpStream * stream)
{
  schedule_start (stream, &stream->schedule, T2_START, T2_CAP, T2_RESENDS);
}

void
zrtp_timers_request_answered (ZrtpStream * stream)
{
  schedule_stop (&stream->schedule);
  zrtp_message_clear (&stream->outstanding);
}

void
zrtp_timers_responder_entered (ZrtpStream * stream)
{
  stream->responder_since = now_of (stream);
  if (stream->state != ZRTP_STREAM_R1 && stream->state != ZRTP_STREAM_R2)
    stream->responder_first = now_of (stream);
  zrtp_timers_responder_heard (stream);
}

/* The peer is there, or somebody else who says so: but nobody may hold us for ever. */
void
zrtp_timers_responder_heard (ZrtpStream * stream)
{
  stream->silence_due = MIN (now_of (stream), stream->responder_first + RESPONDER_PATIENCE) + RESPONDER_PATIENCE;
}

gboolean
zrtp_timers_exchange_is_doubtful (const ZrtpStream * stream)
{
  switch (stream->state) {
    case ZRTP_STREAM_I1:
      return stream->schedule.resent >= RESENDS_WITHOUT_DOUBT;
    case ZRTP_STREAM_R1:
    case ZRTP_STREAM_R2:
      return now_of (stream) >= stream->responder_since + TIME_WITHOUT_DOUBT;
    default:
      return FALSE;
  }
}

void
zrtp_timers_error_received (ZrtpStream * stream)
{
  if (stream->error_due == ZRTP_NO_DEADLINE)
    stream->error_due = now_of (stream) + MAX (ERROR_GRACE, 2 * stream->association->config.round_trip);
}

/* A message has passed every check: the peer is alive and well. */
void
zrtp_timers_progress (ZrtpStream * stream)
{
  stream->error_due = ZRTP_NO_DEADLINE;
}

void
zrtp_timers_several_peers (ZrtpStream * stream)
{
  if (stream->commit_due == ZRTP_NO_DEADLINE)
    stream->commit_due = now_of (stream) + SEVERAL_PEERS_PATIENCE;
}

gboolean
zrtp_timers_several_peers_waited (const ZrtpStream * stream)
{
  return stream->commit_due != ZRTP_NO_DEADLINE && now_of (stream) >= stream->commit_due;
}

static gboolean
allowed_now (const ZrtpStream * stream, guint64 * allowed_at, guint64 interval)
{
  if (now_of (stream) < *allowed_at)
    return FALSE;
  *allowed_at = now_of (stream) + interval;
  return TRUE;
}

/* One PingACK for each Ping, within reason (Z-5.15-6). */
gboolean
zrtp_timers_ping_allowed (ZrtpStream * stream)
{
  return allowed_now (stream, &stream->ping_allowed_at, PING_INTERVAL);
}

/* Nor are Errors to strangers a means to make us talk (Z-15-4). */
gboolean
zrtp_timers_refusal_allowed (ZrtpStream * stream)
{
  return allowed_now (stream, &stream->refusal_allowed_at, REFUSAL_INTERVAL);
}

guint64
zrtp_timers_next (const ZrtpStream * stream)
{
  guint64 next = MIN (stream->hello_schedule.due, stream->schedule.due);

  next = MIN (next, stream->silence_due);
  next = MIN (next, stream->error_due);
  return MIN (next, stream->commit_due);
}

static void
hello_due (ZrtpStream * stream)
{
  ZrtpSchedule *schedule = &stream->hello_schedule;

  if (schedule->resent < schedule->limit) {
    stream->stats.resent++;
    zrtp_stream_send (stream, &stream->hello);
    schedule_resent (schedule);
    return;
  }
  /* Silence; a late Hello or Commit is still served (Z-6-15). */
  schedule_stop (schedule);
  stream->no_peer = stream->state == ZRTP_STREAM_HELLO;
  if (stream->have_peer_hash && stream->peers->len == 0)
    zrtp_association_warn_once (stream->association, stream, ZRTP_WARNING_PEER_SILENT);
  zrtp_stream_announce_state (stream);
}

static void
request_due (ZrtpStream * stream)
{
  ZrtpSchedule *schedule = &stream->schedule;

  if (schedule->resent < schedule->limit) {
    stream->stats.resent++;
    if (stream->state == ZRTP_STREAM_I1 && schedule->resent >= RESENDS_WITHOUT_HELLO)
      zrtp_stream_send (stream, &stream->hello);
    zrtp_stream_send (stream, &stream->outstanding);
    schedule_resent (schedule);
  } else if (stream->state == ZRTP_STREAM_FAILING) {
    zrtp_timers_request_answered (stream);      /* the user has been told, once */
    zrtp_stream_enter (stream, ZRTP_STREAM_FAILED);
  } else if (stream->state == ZRTP_STREAM_CLEARING) {
    zrtp_goclear_unanswered (stream);
  } else if (stream->state == ZRTP_STREAM_SECURE) {
    zrtp_timers_request_answered (stream);      /* a SASrelay, or the Error that refuses a GoClear */
  } else {
    /* Z-6-16. Confirms that did come, but with a wrong MAC, name the cause. */
    gboolean bad_confirm = stream->exchange && stream->exchange->bad_confirm_seen;
    zrtp_stream_give_up (stream, bad_confirm ? ZRTP_ERROR_CONFIRM_MAC : ZRTP_ERROR_TIMEOUT, FALSE);
  }
}

static void
silence_due (ZrtpStream * stream)
{
  gboolean bad_confirm = stream->exchange && stream->exchange->bad_confirm_seen;

  zrtp_stream_fail (stream, bad_confirm ? ZRTP_ERROR_CONFIRM_MAC : ZRTP_ERROR_TIMEOUT);
}

static void
error_due (ZrtpStream * stream)
{
  stream->error_due = ZRTP_NO_DEADLINE;
  if (stream->exchange)
    zrtp_stream_give_up (stream, stream->exchange->remote_error, TRUE);
}

void
zrtp_timers_run (ZrtpStream * stream)
{
  guint64 now = now_of (stream);

  /* A late caller catches up with the resends that it missed one by one, without sending a burst. */
  if (stream->hello_schedule.due <= now) {
    hello_due (stream);
    if (stream->hello_schedule.due <= now)
      stream->hello_schedule.due = now + stream->hello_schedule.interval;
  }
  if (stream->schedule.due <= now) {
    request_due (stream);
    if (stream->schedule.due <= now)
      stream->schedule.due = now + stream->schedule.interval;
  }
  if (stream->silence_due <= now)
    silence_due (stream);
  if (stream->error_due <= now)
    error_due (stream);
  if (stream->commit_due <= now) {
    zrtp_stream_try_commit (stream);
    stream->commit_due = ZRTP_NO_DEADLINE;
  }
}
