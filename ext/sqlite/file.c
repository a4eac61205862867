/* file.c: the cache as a file: whose it is, who else could have written it, and making a new one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE             /* renameat2() */
#endif
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ext/sqlite/cache_private.h"

/* The SQLite file format, "The Database Header". */
#define HEADER_LEN 100
#define HEADER_USER_VERSION 60
#define HEADER_APPLICATION_ID 68
static const gchar header_magic[16] = "SQLite format 3";

/* ---- The folder ---- */

/* Who may write the folder can put another file in the place of the cache, or a log beside it that SQLite
 * would replay. */
static gboolean
check_folder (const gchar *folder, const gchar *path, GError **error)
{
  struct stat status;

  if (stat (folder, &status) != 0 || !S_ISDIR (status.st_mode))
    zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_UNREADABLE, "there is no folder %s; create it (mode "
        "0700), or choose another path for the cache", folder);
  else if (status.st_uid != geteuid () && status.st_uid != 0)
    zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_UNSAFE, "the folder %s belongs to another user; "
        "keep the cache in a folder of your own", folder);
  else if (status.st_mode & (S_IWGRP | S_IWOTH))
    zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_UNSAFE, "others may write in the folder %s; keep "
        "the cache in a folder of your own (mode 0700)", folder);
  else if (faccessat (AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0)
    zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_UNREADABLE, "the folder %s cannot be written (%s); "
        "the cache needs files of its own there", folder, g_strerror (errno));
  else
    return TRUE;
  return FALSE;
}

/* path made absolute, with no symbolic link among its folders: SQLite is told to follow none. */
gchar *
zrtp_cache_db_resolve (const gchar *path, GError **error)
{
  g_autofree gchar *folder = g_path_get_dirname (path);
  g_autofree gchar *base = g_path_get_basename (path);
  gchar *real = realpath (folder, NULL);
  gchar *resolved = NULL;

  if (real == NULL)
    zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_UNREADABLE, "the folder %s cannot be entered (%s); "
        "create it (mode 0700), or choose another path for the cache", folder, g_strerror (errno));
  else if (check_folder (real, path, error))
    resolved = g_build_filename (real, base, NULL);
  free (real);
  return resolved;
}

/* ---- A file that is there ---- */

static guint32
take32 (const guint8 *octets)
{
  return (guint32) octets[0] << 24 | octets[1] << 16 | octets[2] << 8 | octets[3];
}

/* Before SQLite sees the file: it might replay a log into a file that is not ours. */
static gboolean
check_header (gint fd, const gchar *path, guint newest, GError **error)
{
  guint8 header[HEADER_LEN];
  gssize len = pread (fd, header, sizeof header, 0);

  if (len < 0)
    zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_UNREADABLE, "cannot be read (%s)",
        g_strerror (errno));
  else if (len < HEADER_LEN)
    zrtp_cache_db_damaged (path, len == 0 ? "it is empty" : "it is cut off", error);
  else if (memcmp (header, header_magic, sizeof header_magic) != 0
      || take32 (header + HEADER_APPLICATION_ID) != ZRTP_CACHE_DB_APPLICATION_ID)
    zrtp_cache_db_foreign (path, error);
  else if (take32 (header + HEADER_USER_VERSION) > newest)
    zrtp_cache_db_newer (path, take32 (header + HEADER_USER_VERSION), newest, error);
  else
    return TRUE;
  return FALSE;
}

/* The rights are judged on the open file, so that nothing can be exchanged in between. */
static gboolean
check_rights (gint fd, const gchar *path, GError **error)
{
  struct stat status;

  if (fstat (fd, &status) != 0)
    zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_UNREADABLE, "%s", g_strerror (errno));
  else if (!S_ISREG (status.st_mode))
    zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_FOREIGN, "is not a regular file; choose another "
        "path for the cache");
  else if (status.st_uid != geteuid ())
    zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_UNSAFE, "belongs to another user; choose another "
        "path for the cache");
  else if (status.st_nlink != 1)
    zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_UNSAFE, "has a second name (a hard link), and two "
        "names mean two logs; remove the other name");
  else if (status.st_mode & (S_IWGRP | S_IWOTH))
    zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_UNSAFE, "others could have written it (mode %04o); "
        "if you know that nobody has, chmod 600 it, else move it away and verify your peers again",
        (guint) status.st_mode & 07777);
  else
    return TRUE;
  return FALSE;
}

/* For a file that is known to be ours. */
static gboolean
tighten_mode (gint fd, const gchar *path, GError **error)
{
  struct stat status;

  if (fstat (fd, &status) == 0 && (status.st_mode & 07777) == (S_IRUSR | S_IWUSR))
    return TRUE;
  if (fchmod (fd, S_IRUSR | S_IWUSR) != 0) {
    zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_UNSAFE, "its mode cannot be changed (%s); chmod 600 "
        "it", g_strerror (errno));
    return FALSE;
  }
  if (status.st_mode & (S_IRGRP | S_IROTH))
    g_message ("%s: others could read the secrets of your calls; its mode is now 0600", path);
  return TRUE;
}

/* The files that SQLite keeps beside a database. */
static gboolean
check_companions (const gchar *path, GError **error)
{
  static const gchar *suffixes[] = { "-wal", "-journal", "-shm" };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++) {
    g_autofree gchar *companion = g_strconcat (path, suffixes[i], NULL);
    struct stat status;

    if (lstat (companion, &status) == 0 && (!S_ISREG (status.st_mode) || status.st_uid != geteuid ()
            || status.st_nlink > 1 || (status.st_mode & (S_IWGRP | S_IWOTH)))) {
      zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_UNSAFE, "%s beside it is not a file that only you "
          "can write; move it away", companion);
      return FALSE;
    }
  }
  return TRUE;
}

/* There is no file. SQLite would replay the log of one that is gone into a new one. */
static ZrtpCacheDbResult
check_absent (const gchar *path, guint newest, GError **error)
{
  static const gchar *suffixes[] = { "-wal", "-journal" };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++) {
    g_autofree gchar *log = g_strconcat (path, suffixes[i], NULL);
    struct stat status;

    if (lstat (log, &status) != 0 || status.st_size == 0)
      continue;
    /* The file comes before its log: if it is there by now, another process has just made both. */
    if (lstat (path, &status) == 0)
      return zrtp_cache_db_check_file (path, newest, error);
    zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_DAMAGED, "is missing, but its log %s is there; put "
        "the file back beside it, or move the log away to start a new cache", log);
    return ZRTP_CACHE_DB_FAILED;
  }
  return ZRTP_CACHE_DB_ABSENT;
}

/* Whether the file at path is a cache that SQLite may open. Closing a descriptor drops the locks that this
 * process has on the file: not for a file that is open here. Leaves the file as it is, except for a mode
 * wider than 0600. */
ZrtpCacheDbResult
zrtp_cache_db_check_file (const gchar *path, guint newest, GError **error)
{
  /* O_NONBLOCK: a FIFO would wait for a writer. */
  gint fd = open (path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  gboolean good;

  if (fd < 0) {
    if (errno == ENOENT)
      return check_absent (path, newest, error);
    if (errno == ELOOP)
      zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_UNSAFE, "is a symbolic link, which is not "
          "followed; give the path of the file itself");
    else
      zrtp_cache_db_fail (error, path,
          errno == EISDIR ? ZRTP_CACHE_DB_ERROR_FOREIGN : ZRTP_CACHE_DB_ERROR_UNREADABLE,
          "cannot be opened for reading and writing (%s)", g_strerror (errno));
    return ZRTP_CACHE_DB_FAILED;
  }
  good = check_rights (fd, path, error) && check_header (fd, path, newest, error)
      && check_companions (path, error) && tighten_mode (fd, path, error);
  close (fd);
  return good ? ZRTP_CACHE_DB_FOUND : ZRTP_CACHE_DB_FAILED;
}

/* ---- A file that is not ---- */

static gboolean
write_all (gint fd, const guint8 *data, gsize len)
{
  while (len > 0) {
    gssize written = write (fd, data, len);

    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return FALSE;
    data += written;
    len -= written;
  }
  return fsync (fd) == 0;
}

/* Fills a new file, whose descriptor is -1 with errno if it could not be made; closes it. On failure there
 * is no file. */
static gboolean
fill_private (gint fd, const gchar *path, gconstpointer data, gsize len, GError **error)
{
  gboolean good;

  if (fd < 0) {
    if (errno == EEXIST)
      zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_WRITE, "exists already, and nothing is overwritten");
    else
      zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_WRITE, "cannot be created (%s)", g_strerror (errno));
    return FALSE;
  }
  /* A umask can have taken away from 0600, not added. */
  good = fchmod (fd, S_IRUSR | S_IWUSR) == 0 && write_all (fd, data, len);
  if (!good) {
    zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_WRITE, "cannot be written (%s)", g_strerror (errno));
    unlink (path);
  }
  close (fd);
  return good;
}

/* Writes a new file, which must not exist, of mode 0600 from its first octet. */
gboolean
zrtp_cache_db_write_private (const gchar *path, gconstpointer data, gsize len, GError **error)
{
  gint fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);

  return fill_private (fd, path, data, len, error);
}

/* Gives a file its final name unless that is taken; then errno is EEXIST. */
static gint
rename_if_free (const gchar *from, const gchar *to)
{
#ifdef RENAME_NOREPLACE
  if (renameat2 (AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return -1;
#endif
  /* A file system without it: two first starts in the same instant could meet here. */
  if (g_access (to, F_OK) == 0) {
    errno = EEXIST;
    return -1;
  }
  return rename (from, to);
}

/* Puts a complete database at path in one step: there is never a half-made one, and of several processes
 * that do this one wins and the others find its file. */
gboolean
zrtp_cache_db_create_file (const gchar *path, gconstpointer image, gsize len, GError **error)
{
  g_autofree gchar *temporary = g_strconcat (path, ".XXXXXX.new", NULL);
  g_autofree gchar *folder = g_path_get_dirname (path);
  gint folder_fd, fd = g_mkstemp_full (temporary, O_WRONLY | O_CLOEXEC, S_IRUSR | S_IWUSR);

  if (!fill_private (fd, temporary, image, len, error))
    return FALSE;
  if (rename_if_free (temporary, path) != 0) {
    gboolean exists = errno == EEXIST;

    if (!exists)
      zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_WRITE, "cannot be created (%s)",
          g_strerror (errno));
    unlink (temporary);
    return exists;
  }
  folder_fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_fd >= 0) {
    fsync (folder_fd);
    close (folder_fd);
  }
  return TRUE;
}
