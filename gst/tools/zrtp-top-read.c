/* zrtp-top-read.c: finds the programs that have ZRTP sessions, and asks them where these stand.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/tools/zrtp-top.h"
#include "gst/session/statusfolder.h"

#include <errno.h>
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PATIENCE G_USEC_PER_SEC /* microseconds in which a program should have said all */
#define PATIENCE_WITH_ALL (5 * G_USEC_PER_SEC)
#define MAX_TEXT (8 << 20)     /* reading it takes a multiple of that */

static void
program_free (gpointer data)
{
  Program *program = data;

  g_free (program->program);
  g_free (program->problem);
  g_clear_pointer (&program->status, g_variant_unref);
  g_free (program);
}

/* All that comes until the other side closes, which it has done by a monotonic time; NULL: *error says why. */
static gchar *
read_text (GSocket *socket, gint64 until, GError **error)
{
  GString *text = g_string_new (NULL);
  gchar part[16384];
  gssize n;

  do {
    n = g_socket_condition_timed_wait (socket, G_IO_IN, MAX (0, until - g_get_monotonic_time ()), NULL, error)
        ? g_socket_receive (socket, part, sizeof part, NULL, error) : -1;
    if (n > 0)
      g_string_append_len (text, part, n);
    if (n >= 0 && text->len > MAX_TEXT) {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "it sends too much");
      n = -1;
    }
  } while (n > 0);
  return g_string_free (text, n < 0);
}

static GSocket *
connect_to (const gchar *path, GError **error)
{
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);
  GSocketAddress *address = g_unix_socket_address_new (path);

  if (socket != NULL) {
    g_socket_set_blocking (socket, FALSE);
    if (!g_socket_connect (socket, address, NULL, error))
      g_clear_object (&socket);
  }
  g_object_unref (address);
  return socket;
}

/* Whether all characters are some, also those written as \uXXXX or \UXXXXXXXX: GLib's parser trusts them. */
static gboolean
is_text (const gchar *text)
{
  const gchar *at = text;

  if (!g_utf8_validate (text, -1, NULL))
    return FALSE;
  while ((at = strchr (at, '\\')) != NULL && at[1] != '\0') {
    guint digits = at[1] == 'u' ? 4 : at[1] == 'U' ? 8 : 0, i;
    guint64 c = 0;

    at += 2;
    for (i = 0; i < digits && g_ascii_isxdigit (at[i]); i++)
      c = 16 * c + (guint64) g_ascii_xdigit_value (at[i]);
    if (i < digits || c > 0x10ffff || !g_unichar_validate ((gunichar) c))
      return FALSE;
  }
  return TRUE;
}

static void
read_status (Program *program, const gchar *path, gint64 until, GError **error)
{
  GSocket *socket = connect_to (path, error);
  gchar *text;

  if (socket == NULL)
    return;
  text = read_text (socket, until, error);
  g_object_unref (socket);
  if (text != NULL && text[0] == '\0')
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "it answers too many others");
  else if (text != NULL && !is_text (text))
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "it sends what is no text");
  else if (text != NULL)
    program->status = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, error);
  g_free (text);
}

/* What a program that has died has left. */
static gboolean
is_left_over (const gchar *path, const GError *error, gint pid)
{
  GStatBuf status;

  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED) && kill (pid, 0) != 0 && errno == ESRCH
      && g_lstat (path, &status) == 0 && S_ISSOCK (status.st_mode);
}

static void
read_program (GPtrArray *programs, const gchar *folder, const gchar *name, gint64 until)
{
  Program *program = g_new0 (Program, 1);
  gchar *path = g_build_filename (folder, name, NULL);
  GError *error = NULL;

  program->pid = atoi (name);
  read_status (program, path, MIN (until, g_get_monotonic_time () + PATIENCE), &error);
  /* In one piece, so that what is looked up in it lives as long as it does. */
  if (program->status != NULL)
    g_variant_get_data (program->status);
  if (program->status != NULL)
    g_variant_lookup (program->status, "program", "s", &program->program);
  else
    program->problem = g_strdup (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
            || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ? "it does not answer"
            : error != NULL ? error->message : "it sends what nobody understands");
  if (is_left_over (path, error, program->pid)) {
    g_unlink (path);
    program_free (program);
  } else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
    /* Gone since the folder was read. */
    program_free (program);
  } else
    g_ptr_array_add (programs, program);
  g_clear_error (&error);
  g_free (path);
}

static gboolean
is_wanted (const gint *pids, gint pid)
{
  if (pids == NULL)
    return TRUE;
  for (; *pids != 0; pids++) {
    if (*pids == pid)
      return TRUE;
  }
  return FALSE;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  const gchar *const *x = a, *const *y = b;
  gint first = atoi (*x), second = atoi (*y);

  return first != second ? (first > second) - (first < second) : strcmp (*x, *y);
}

GPtrArray *
top_read_programs (const gchar *folder, const gint *pids)
{
  GPtrArray *programs = g_ptr_array_new_with_free_func (program_free), *names = g_ptr_array_new_with_free_func (g_free);
  GDir *dir = g_dir_open (folder, 0, NULL);
  gint64 until = g_get_monotonic_time () + PATIENCE_WITH_ALL;
  const gchar *name;
  guint i;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    if (g_str_has_suffix (name, GST_ZRTP_STATUS_SUFFIX) && atoi (name) > 0 && is_wanted (pids, atoi (name)))
      g_ptr_array_add (names, g_strdup (name));
  }
  g_clear_pointer (&dir, g_dir_close);
  g_ptr_array_sort (names, compare_names);
  for (i = 0; i < names->len; i++)
    read_program (programs, folder, g_ptr_array_index (names, i), until);
  g_ptr_array_unref (names);
  return programs;
}
