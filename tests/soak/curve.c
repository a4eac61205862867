/* curve.c: memory, threads and descriptors of this process while a soak goes on, and whether they stay as
 * they were.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "curve.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Whoever has run so far has allocated more, unless a checker's malloc gave it out. */
#define LEAST_HEAP (32 * 1024)

static guint
count_entries (const gchar *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir))
    n++;
  g_dir_close (dir);
  return n;
}

guint
count_threads (void)
{
  return count_entries ("/proc/self/task");
}

guint
count_descriptors (void)
{
  return count_entries ("/proc/self/fd");
}

void
assert_threads (guint n)
{
  /* A thread that has been joined may be listed for a moment longer. */
  for (guint i = 0; i < 1000 && count_threads () > n; i++)
    g_usleep (10 * 1000);
  g_assert_cmpuint (count_threads (), <=, n);
}

static gsize
resident (void)
{
  FILE *file = fopen ("/proc/self/statm", "r");
  unsigned long size, pages;

  g_assert_nonnull (file);
  g_assert_cmpint (fscanf (file, "%lu %lu", &size, &pages), ==, 2);
  fclose (file);
  return pages * (gsize) sysconf (_SC_PAGESIZE);
}

static gsize
heap (void)
{
  struct mallinfo2 info = mallinfo2 ();
  gsize used = info.uordblks + info.hblkhd;

  return used < LEAST_HEAP ? 0 : used;
}

guint
soak_calls (guint normal)
{
  const gchar *text = g_getenv ("ZRTP_SOAK_CALLS");

  if (text && *text)
    return MAX (10, strtoul (text, NULL, 10));
  return heap () > 0 ? normal : normal / 20;
}

void
curve_init (Curve *self, guint calls, guint points)
{
  self->n = 0;
  self->every = MAX (1, (calls + points - 1) / points);
}

void
curve_add (Curve *self, guint at)
{
  CurvePoint *point = &self->points[self->n++];

  g_assert_cmpuint (self->n, <=, CURVE_POINTS);
  *point = (CurvePoint){ at, heap (), resident (), count_threads (), count_descriptors () };
}

void
curve_check (Curve *self, gsize resident_slack)
{
  /* malloc's caches of freed blocks count as in use and fill slowly; the suite runs without them. */
  gsize heap_slack = g_getenv ("GLIBC_TUNABLES") ? 4 * 1024 : 256 * 1024;
  /* GLib keeps up to two threads of its pools, and GStreamer's for asynchronous calls, alive for a while after their work. A thread left by
   * each call would be hundreds. */
  const guint thread_slack = 3;
  const CurvePoint *warm = NULL, *last = &self->points[self->n - 1];

  g_print ("# %8s %10s %12s %8s %6s\n", "calls", "heap KiB", "resident KiB", "threads", "files");
  for (guint i = 0; i < self->n; i++) {
    const CurvePoint *point = &self->points[i];

    g_print ("# %8u %10.1f %12.1f %8u %6u\n", point->at, point->heap / 1024.0, point->resident / 1024.0,
        point->threads, point->descriptors);
  }
  for (guint i = 0; i < self->n; i++) {
    const CurvePoint *point = &self->points[i];

    if (point->at * 5 < last->at)
      continue;
    if (warm == NULL)
      warm = point;
    g_assert_cmpuint (point->threads, <=, warm->threads + thread_slack);
    g_assert_cmpuint (point->descriptors, <=, warm->descriptors);
    /* Under a checker memory is kept to find its misuse, and leaks are the checker's to find. */
    if (warm->heap == 0 || point->heap == 0)
      continue;
    g_assert_cmpuint (point->heap, <=, warm->heap + heap_slack);
    g_assert_cmpuint (point->resident, <=, warm->resident + resident_slack);
  }
}
