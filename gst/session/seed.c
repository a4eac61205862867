/* seed.c: a file that carries randomness from one start of a program to the next.
 *
 * The random generator takes what the kernel gives and fails without it. The file is for systems on which that is little just after
 * they are switched on: what it holds is stirred in, can only help, and is replaced at once, so that it is used once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"
#include "ext/nettle/nettle.h"

#include <gst/zrtp/gstzrtpseed.h>

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEED_LEN 64

static GMutex seed_lock;
static gchar *seed_path;        /* to be renewed at the end */
static gboolean at_exit;

static gboolean
fail (GError **error, const gchar *path, const gchar *what)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s; choose another path for the seed file", path, what);
  return FALSE;
}

/* No file yet is no failure. */
static gboolean
stir_file (const gchar *path, GError **error)
{
  gint file = open (path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  guint8 seed[SEED_LEN];
  gboolean good = FALSE;
  struct stat status;
  gssize len;

  if (file < 0) {
    if (errno == ENOENT)
      return TRUE;
    return fail (error, path, errno == ELOOP ? "is a symbolic link" : g_strerror (errno));
  }
  /* What others can write they know, and would have us trust. */
  if (fstat (file, &status) != 0)
    fail (error, path, g_strerror (errno));
  else if (!S_ISREG (status.st_mode))
    fail (error, path, "is not a file");
  else if (status.st_uid != geteuid () || (status.st_mode & 022) != 0)
    fail (error, path, "others can write it");
  else if ((len = read (file, seed, sizeof seed)) < 0)
    fail (error, path, g_strerror (errno));
  else {
    if (len > 0)
      zrtp_random_add_entropy (seed, len);
    good = TRUE;
  }
  zrtp_wipe (seed, sizeof seed);
  close (file);
  return good;
}

/* In one step, so that no crash leaves the old one to be used again beside the new, or half of either. */
static gboolean
renew_file (const gchar *path, GError **error)
{
  ZrtpRandom *random = zrtp_random_default ();
  guint8 seed[SEED_LEN];
  gboolean good;

  if (!random->fill (random, ZRTP_RANDOM_OTHER, seed, sizeof seed))
    return fail (error, path, "the system gives no random numbers");
  good = g_file_set_contents_full (path, (const gchar *) seed, sizeof seed,
      G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error);
  zrtp_wipe (seed, sizeof seed);
  return good;
}

static void
renew_at_exit (void)
{
  g_mutex_lock (&seed_lock);
  if (seed_path != NULL)
    renew_file (seed_path, NULL);
  g_clear_pointer (&seed_path, g_free);
  g_mutex_unlock (&seed_lock);
}

/**
 * gst_zrtp_use_seed_file:
 * @path: (type filename): a file, made with mode 0600 if there is none
 * @error: why not
 *
 * Stirs the file's contents into the random generator of this process and replaces them by fresh random octets, now and once more
 * when the process exits. For systems that have gathered little randomness when they start; call it before the first call. A
 * symbolic link, and a file that others can write, is refused. Several processes may use one file. Any thread but a streaming
 * thread, as it writes a file.
 *
 * Returns: whether that was done. The generator is as good as without the file if not
 *
 * Since: 0.1
 */
gboolean
gst_zrtp_use_seed_file (const gchar *path, GError **error)
{
  gboolean good;

  g_return_val_if_fail (path != NULL, FALSE);

  g_mutex_lock (&seed_lock);
  good = stir_file (path, error) && renew_file (path, error);
  if (good) {
    g_free (seed_path);
    seed_path = g_canonicalize_filename (path, NULL);
    if (!at_exit)
      at_exit = atexit (renew_at_exit) == 0;
  }
  g_mutex_unlock (&seed_lock);
  return good;
}
