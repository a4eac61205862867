/* curve.h: memory, threads and descriptors of this process while a soak goes on, and whether they stay as
 * they were.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CURVE_POINTS 64

typedef struct
{
  guint at;       /* calls made so far */
  gsize heap;     /* octets that malloc has given out; 0 where a checker stands in for malloc */
  gsize resident; /* octets */
  guint threads, descriptors;
} CurvePoint;

typedef struct
{
  guint every; /* calls between points */
  guint n;
  CurvePoint points[CURVE_POINTS];
} Curve;

/* Points are taken each time that a fraction of the calls has been made, at 0 and at the end. Until a first
 * fifth is over all may grow. */
void curve_init (Curve *self, guint calls, guint points);
void curve_add (Curve *self, guint at);
/* Prints the points as comments of TAP, and asserts that after the first fifth no point has more threads
 * or descriptors, more resident memory than resident_slack, or more heap than a few KiB above the first one
 * there. */
void curve_check (Curve *self, gsize resident_slack);

guint count_threads (void);
guint count_descriptors (void);
/* Waits for threads that are on their way out; asserts that no more than n are left. */
void assert_threads (guint n);
/* ZRTP_SOAK_CALLS, else normal, or a twentieth of that under a checker. */
guint soak_calls (guint normal);

G_END_DECLS
