/* shim.c: an SQLite VFS that stands before the real one and dies, fails or takes notes at a step of choice.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "shim.h"

#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  sqlite3_file file;
  gboolean log;
  gboolean noted;               /* database or log, no temporary file */
  sqlite3_file *real;           /* behind this struct */
} ShimFile;

static struct
{
  ShimMode mode;
  guint at, steps;
  GArray *notes;
  sqlite3_vfs vfs, *real;
  sqlite3_io_methods methods;
} shim;

#define REAL(file) (((ShimFile *) (file))->real)

static void
clear_note (gpointer note)
{
  g_free (((ShimNote *) note)->data);
}

static void
take_note (ShimOperation operation, gboolean log, gint64 offset, gconstpointer data, gsize len)
{
  ShimNote note = { operation, log, offset, NULL, len };

  if (shim.notes == NULL)
    return;
  note.data = data != NULL ? g_memdup2 (data, len) : NULL;
  g_array_append_val (shim.notes, note);
}

/* SQLITE_OK, or what the step is to return; or does not come back. */
static int
step (void)
{
  guint this_step = ++shim.steps;

  if (shim.mode == SHIM_KILL && this_step == shim.at)
    kill (getpid (), SIGKILL);
  if (shim.mode == SHIM_FAIL && this_step == shim.at)
    return SQLITE_IOERR;
  if (shim.mode == SHIM_FULL && this_step >= shim.at)
    return SQLITE_FULL;
  return SQLITE_OK;
}

static int
shim_write (sqlite3_file *file, const void *data, int len, sqlite3_int64 offset)
{
  int code = step ();

  if (shim.mode == SHIM_TEAR && shim.steps == shim.at) {
    REAL (file)->pMethods->xWrite (REAL (file), data, len / 2, offset);
    kill (getpid (), SIGKILL);
  }
  if (code != SQLITE_OK)
    return code == SQLITE_IOERR ? SQLITE_IOERR_WRITE : code;
  if (((ShimFile *) file)->noted)
    take_note (SHIM_WRITE, ((ShimFile *) file)->log, offset, data, len);
  return REAL (file)->pMethods->xWrite (REAL (file), data, len, offset);
}

static int
shim_truncate (sqlite3_file *file, sqlite3_int64 len)
{
  int code = step ();

  if (code != SQLITE_OK)
    return code == SQLITE_IOERR ? SQLITE_IOERR_TRUNCATE : code;
  if (((ShimFile *) file)->noted)
    take_note (SHIM_TRUNCATE, ((ShimFile *) file)->log, len, NULL, 0);
  return REAL (file)->pMethods->xTruncate (REAL (file), len);
}

static int
shim_sync (sqlite3_file *file, int flags)
{
  int code = step ();

  if (code != SQLITE_OK)
    return code == SQLITE_IOERR ? SQLITE_IOERR_FSYNC : code;
  if (((ShimFile *) file)->noted)
    take_note (SHIM_SYNC, ((ShimFile *) file)->log, 0, NULL, 0);
  return REAL (file)->pMethods->xSync (REAL (file), flags);
}

static int
shim_read (sqlite3_file *file, void *data, int len, sqlite3_int64 offset)
{
  return REAL (file)->pMethods->xRead (REAL (file), data, len, offset);
}

static int
shim_close (sqlite3_file *file)
{
  return REAL (file)->pMethods->xClose (REAL (file));
}

static int
shim_file_size (sqlite3_file *file, sqlite3_int64 *size)
{
  return REAL (file)->pMethods->xFileSize (REAL (file), size);
}

static int
shim_lock (sqlite3_file *file, int level)
{
  return REAL (file)->pMethods->xLock (REAL (file), level);
}

static int
shim_unlock (sqlite3_file *file, int level)
{
  return REAL (file)->pMethods->xUnlock (REAL (file), level);
}

static int
shim_check_reserved_lock (sqlite3_file *file, int *out)
{
  return REAL (file)->pMethods->xCheckReservedLock (REAL (file), out);
}

static int
shim_file_control (sqlite3_file *file, int operation, void *argument)
{
  return REAL (file)->pMethods->xFileControl (REAL (file), operation, argument);
}

static int
shim_sector_size (sqlite3_file *file)
{
  return REAL (file)->pMethods->xSectorSize (REAL (file));
}

/* No promise of the disk's: SQLite is to rely on syncs alone. */
static int
shim_device_characteristics (sqlite3_file *file)
{
  return 0;
}

static int
shim_shm_map (sqlite3_file *file, int page, int size, int extend, void volatile **data)
{
  return REAL (file)->pMethods->xShmMap (REAL (file), page, size, extend, data);
}

static int
shim_shm_lock (sqlite3_file *file, int offset, int n, int flags)
{
  /* Errors of locks are another matter: only deaths here. */
  if (shim.mode == SHIM_KILL || shim.mode == SHIM_COUNT)
    step ();
  return REAL (file)->pMethods->xShmLock (REAL (file), offset, n, flags);
}

static void
shim_shm_barrier (sqlite3_file *file)
{
  if (shim.mode == SHIM_KILL || shim.mode == SHIM_COUNT)
    step ();
  REAL (file)->pMethods->xShmBarrier (REAL (file));
}

static int
shim_shm_unmap (sqlite3_file *file, int delete)
{
  return REAL (file)->pMethods->xShmUnmap (REAL (file), delete);
}

static int
shim_open (sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
  ShimFile *self = (ShimFile *) file;
  int code;

  memset (self, 0, sizeof *self);
  self->real = (sqlite3_file *) (self + 1);
  self->log = (flags & SQLITE_OPEN_WAL) != 0;
  self->noted = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB)) != 0;
  code = shim.real->xOpen (shim.real, name, self->real, flags, out_flags);
  if (self->real->pMethods != NULL)
    self->file.pMethods = &shim.methods;
  return code;
}

static int
shim_delete (sqlite3_vfs *vfs, const char *name, int sync_folder)
{
  int code = step ();

  if (code != SQLITE_OK)
    return code == SQLITE_IOERR ? SQLITE_IOERR_DELETE : code;
  if (g_str_has_suffix (name, "-wal"))
    take_note (SHIM_DELETE, TRUE, 0, NULL, 0);
  return shim.real->xDelete (shim.real, name, sync_folder);
}

void
shim_install (ShimMode mode, guint at)
{
  sqlite3_initialize ();
  if (shim.real == NULL) {
    shim.real = sqlite3_vfs_find (NULL);
    shim.vfs = *shim.real;
    shim.vfs.zName = "shim";
    shim.vfs.pNext = NULL;
    shim.vfs.szOsFile = sizeof (ShimFile) + shim.real->szOsFile;
    shim.vfs.xOpen = shim_open;
    shim.vfs.xDelete = shim_delete;
    shim.methods = (sqlite3_io_methods) { 2, shim_close, shim_read, shim_write, shim_truncate, shim_sync,
      shim_file_size, shim_lock, shim_unlock, shim_check_reserved_lock, shim_file_control, shim_sector_size,
      shim_device_characteristics, shim_shm_map, shim_shm_lock, shim_shm_barrier, shim_shm_unmap
    };
  }
  shim.mode = mode;
  shim.at = at;
  shim.steps = 0;
  sqlite3_vfs_register (&shim.vfs, 1);
}

guint
shim_steps (void)
{
  return shim.steps;
}

GArray *
shim_take_notes (void)
{
  shim.notes = g_array_new (FALSE, FALSE, sizeof (ShimNote));
  g_array_set_clear_func (shim.notes, clear_note);
  return shim.notes;
}

void
shim_mark (gint64 mark)
{
  take_note (SHIM_MARK, FALSE, mark, NULL, 0);
}

void
shim_uninstall (void)
{
  shim.notes = NULL;
  sqlite3_vfs_unregister (&shim.vfs);
  sqlite3_vfs_register (shim.real, 1);
}
