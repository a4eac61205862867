/* bench.h: what the benchmark programs share: CPU time, and rows for the table that run.sh prints.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <stdio.h>
#include <time.h>

#include <glib.h>

/* CPU time of the whole process in nanoseconds. */
static inline guint64
bench_cpu_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (guint64) now.tv_sec * 1000000000 + now.tv_nsec;
}

/* One measured value: a name without blanks, and a number in the unit that the name's readers know. */
static inline void
bench_row (const gchar * name, gdouble value)
{
  printf ("%s\t%.3f\n", name, value);
  fflush (stdout);
}

/* Of handshakes: the best of so many rounds of so much CPU time counts. */
static inline guint
bench_rounds (void)
{
  return g_getenv ("ZRTP_BENCH_SMOKE") ? 1 : 3;
}

static inline guint64
bench_round_time (void)
{
  return (g_getenv ("ZRTP_BENCH_SMOKE") ? 20 : 700) * G_GUINT64_CONSTANT (1000000);
}
