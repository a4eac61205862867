/* shim.h: an SQLite VFS that stands before the real one and dies, fails or takes notes at a step of choice.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

typedef enum
{
  SHIM_COUNT,                   /* nothing happens */
  SHIM_KILL,                    /* SIGKILL before step number at */
  SHIM_TEAR,                    /* the same, but half of a write is done */
  SHIM_FAIL,                    /* an I/O error at step at, once */
  SHIM_FULL                     /* the disk is full from step at on */
} ShimMode;

typedef enum
{
  SHIM_WRITE,
  SHIM_TRUNCATE,
  SHIM_SYNC,
  SHIM_DELETE,
  SHIM_MARK                     /* not SQLite's, but shim_mark()'s */
} ShimOperation;

typedef struct
{
  ShimOperation operation;
  gboolean log;                 /* of the log, else of the database */
  gint64 offset;                /* or the new length, or the mark */
  guint8 *data;
  gsize len;
} ShimNote;

/* Makes the shim SQLite's default from now on. A step is anything that others can see: writes, syncs,
 * truncations, deletions, and locks of the index. */
void shim_install (ShimMode mode, guint at);
guint shim_steps (void);
/* From now on operations on database and log are noted. */
GArray *shim_take_notes (void);
void shim_mark (gint64 mark);
void shim_uninstall (void);
