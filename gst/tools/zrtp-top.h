/* zrtp-top.h: what the files of zrtp-top share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

/* A program with ZRTP sessions. */
typedef struct
{
  gint pid;                     /* as its socket is called */
  gchar *program;
  GVariant *status;             /* a{sv}; NULL: problem says why */
  gchar *problem;
} Program;

/* What was counted of a stream, and when. */
typedef struct
{
  guint64 time;                 /* nanoseconds */
  guint64 sent, sent_bytes, received, received_bytes;
  gboolean fresh;               /* of the newest picture */
} Reading;

/* zrtp-top-read.c */
/* All programs that have a socket in folder, or those of pids (0 ends the list; NULL: all). Does not wait long for any. */
GPtrArray *top_read_programs (const gchar *folder, const gint *pids);

/* zrtp-top-view.c */
typedef struct
{
  gboolean colours;
  guint width, height;          /* 0: as much as there is */
} View;

/* The picture, a line of it ended by \n. readings: of the picture before, by stream; it is brought up to date. */
gchar *top_view (const View *view, const GPtrArray *programs, GHashTable *readings, const gchar *folder);
gchar *top_view_json (const GPtrArray *programs);
