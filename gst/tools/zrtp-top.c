/* zrtp-top.c: the command that shows where the ZRTP calls of running programs stand.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/tools/zrtp-top.h"
#include "gst/session/statusfolder.h"

#include <errno.h>
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define EXIT_USAGE 2

static const gchar summary[] =
    "zrtp-top shows the ZRTP calls of running programs: a row for each media stream, refreshed every second.\n"
    "Without PIDs it shows all programs of yours that let it look. A program does so when it is started with\n"
    "GST_ZRTP_STATUS=1 in its environment, for example\n"
    "\n"
    "  GST_ZRTP_STATUS=1 gst-launch-1.0 ...\n"
    "\n"
    "To end it press q or Ctrl-C.";

static const gchar description[] =
    "Columns:\n"
    "  CALL        session-id of the call, STREAM the number of the media stream in it\n"
    "  STATE       idle, discovering, no-peer, clear, securing, secure, clearing or failed\n"
    "  SECURITY    none; insecure (red), unverified (yellow): compare the code; verified, verified-signalled (green)\n"
    "  COMPARE     the code that both users must see alike\n"
    "  ALGORITHMS  key agreement, hash, cipher and authentication tag\n"
    "  OUT/s IN/s  packets of media in a second, clear or encrypted, and their kilobits in a second behind each\n"
    "  DROPPED     packets that were forged, replayed, damaged or foreign, and such as could not be encrypted\n"
    "  HELD        packets kept back, as they would have passed in the clear\n"
    "  SECURE      how long the stream has been secure\n"
    "  PEER        your name for the peer, or what it says it is\n"
    "\n"
    "Output:\n"
    "  To a terminal a picture that is refreshed, in colours unless NO_COLOR is set. To a pipe or a file, or with\n"
    "  --once, plain text without control characters. Speeds are those since the picture before, so --once takes\n"
    "  --interval seconds; with --json there are the counters themselves, at once: a list of programs, each with\n"
    "  pid, program, time in nanoseconds, and sessions as in the property stats of the elements.\n"
    "\n"
    "Files:\n"
    "  $XDG_RUNTIME_DIR/gst-zrtp/PID.sock, or ~/.cache/gst-zrtp/PID.sock: where a program listens. Only its own user\n"
    "  may connect. GST_ZRTP_STATUS can name another folder, to the program and to zrtp-top. What programs that\n"
    "  were killed have left there is removed.\n"
    "\n"
    "Exit status:\n"
    "  0 if all was done; 1 if --once or --json found nothing to show; 2 if the command line is wrong.\n"
    "\n"
    "Examples:\n"
    "  zrtp-top\n"
    "  zrtp-top --once $(pidof softphone)\n"
    "  zrtp-top --json | python3 -m json.tool\n";

static gboolean once, json, no_colour, show_version;
static gdouble interval = 1;
static gchar *folder_option;

static const GOptionEntry options[] = {
  { "once", '1', 0, G_OPTION_ARG_NONE, &once, "Show one picture and end", NULL },
  { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print all that is known as JSON and end", NULL },
  { "interval", 'i', 0, G_OPTION_ARG_DOUBLE, &interval, "Seconds between pictures, 0.1 to 3600 (1)", "SECONDS" },
  { "folder", 'f', 0, G_OPTION_ARG_FILENAME, &folder_option, "Where the programs listen, instead of the usual place", "FOLDER" },
  { "no-color", 0, 0, G_OPTION_ARG_NONE, &no_colour, "No colours", NULL },
  { "version", 0, 0, G_OPTION_ARG_NONE, &show_version, "Show the version", NULL },
  { NULL }
};

typedef struct
{
  GMainLoop *loop;
  const gchar *folder;
  const gint *pids;
  GHashTable *readings;
  gboolean terminal;
  struct termios before;        /* of the keyboard, if keys */
  gboolean keys;
} Top;

/* ---- Pictures ---- */

static void
get_size (View *view)
{
  struct winsize size;

  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    view->width = size.ws_col;
    view->height = size.ws_row;
  }
}

/* From the top left corner, over what is there, so that nothing flickers. */
static gchar *
for_terminal (const gchar *picture)
{
  gchar **lines = g_strsplit (picture, "\n", -1);
  gchar *joined = g_strjoinv ("\033[K\n", lines), *text;

  /* The last line end would scroll a full screen. */
  if (g_str_has_suffix (joined, "\n"))
    joined[strlen (joined) - 1] = '\0';
  text = g_strconcat ("\033[H", joined, "\033[J", NULL);
  g_free (joined);
  g_strfreev (lines);
  return text;
}

/* FALSE: nobody reads it any more. */
static gboolean
print (const gchar *text)
{
  g_print ("%s", text);
  return fflush (stdout) == 0 && !ferror (stdout);
}

static gboolean
show_picture (gpointer data)
{
  Top *top = data;
  View view = { FALSE, 0, 0 };
  GPtrArray *programs = top_read_programs (top->folder, top->pids);
  gchar *picture, *text;

  if (top->terminal) {
    const gchar *no_color = g_getenv ("NO_COLOR");

    view.colours = !no_colour && (no_color == NULL || no_color[0] == '\0');
    get_size (&view);
  }
  picture = top_view (&view, programs, top->readings, top->folder);
  text = top->terminal ? for_terminal (picture) : g_strconcat (picture, "\n", NULL);
  if (!print (text))
    g_main_loop_quit (top->loop);
  g_free (text);
  g_free (picture);
  g_ptr_array_unref (programs);
  return G_SOURCE_CONTINUE;
}

/* Speeds need two readings. */
static gint
show_once (Top *top)
{
  const View view = { FALSE, 0, 0 };
  GPtrArray *programs = top_read_programs (top->folder, top->pids);
  gchar *picture;
  gint status;

  if (programs->len > 0 && !json) {
    g_free (top_view (&view, programs, top->readings, top->folder));
    g_ptr_array_unref (programs);
    g_usleep ((gulong) (interval * G_USEC_PER_SEC));
    programs = top_read_programs (top->folder, top->pids);
  }
  status = programs->len > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
  picture = json ? top_view_json (programs) : top_view (&view, programs, top->readings, top->folder);
  if (json || status == EXIT_SUCCESS)
    print (picture);
  else
    g_printerr ("%s", picture);
  g_free (picture);
  g_ptr_array_unref (programs);
  return status;
}

/* ---- The terminal ---- */

static gboolean
size_changed (gpointer data)
{
  show_picture (data);
  return G_SOURCE_CONTINUE;
}

static gboolean
end (gpointer data)
{
  g_main_loop_quit (((Top *) data)->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
key_pressed (gint fd, GIOCondition condition, gpointer data)
{
  gchar key;
  gssize n = read (fd, &key, 1);

  if (n == 1 && (key == 'q' || key == 'Q'))
    end (data);
  /* The terminal is gone. */
  if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
    end (data);
  return G_SOURCE_CONTINUE;
}

static void
enter_terminal (Top *top)
{
  top->keys = isatty (STDIN_FILENO) && tcgetattr (STDIN_FILENO, &top->before) == 0;
  if (top->keys) {
    struct termios raw = top->before;

    raw.c_lflag &= ~(tcflag_t) (ICANON | ECHO);
    /* A stopped one would leave the terminal as it is. */
    raw.c_cc[VSUSP] = _POSIX_VDISABLE;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr (STDIN_FILENO, TCSANOW, &raw);
    g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, key_pressed, top);
  }
  g_unix_signal_add (SIGWINCH, size_changed, top);
  /* The other screen, without a cursor. */
  print ("\033[?1049h\033[?25l");
}

static void
leave_terminal (Top *top)
{
  print ("\033[?25h\033[?1049l");
  if (top->keys)
    tcsetattr (STDIN_FILENO, TCSANOW, &top->before);
}

static gint
run (Top *top)
{
  if (once || json)
    return show_once (top);
  top->terminal = isatty (STDOUT_FILENO);
  top->loop = g_main_loop_new (NULL, FALSE);
  signal (SIGPIPE, SIG_IGN);
  g_unix_signal_add (SIGINT, end, top);
  g_unix_signal_add (SIGTERM, end, top);
  g_unix_signal_add (SIGHUP, end, top);
  if (top->terminal)
    enter_terminal (top);
  show_picture (top);
  g_timeout_add ((guint) (interval * 1000), show_picture, top);
  if (!ferror (stdout))
    g_main_loop_run (top->loop);
  if (top->terminal)
    leave_terminal (top);
  g_main_loop_unref (top->loop);
  return EXIT_SUCCESS;
}

/* ---- The command line ---- */

/* The numbers that words are, 0 at the end; NULL: one is none. */
static gint *
parse_pids (gint n, gchar **words)
{
  gint *pids = g_new0 (gint, n + 1);
  gint i;

  for (i = 0; i < n; i++) {
    guint64 pid;

    if (!g_ascii_string_to_unsigned (words[i], 10, 1, G_MAXINT, &pid, NULL)) {
      g_free (pids);
      return NULL;
    }
    pids[i] = (gint) pid;
  }
  return pids;
}

static gchar *
find_folder (const gchar **problem)
{
  const gchar *setting = g_getenv (GST_ZRTP_STATUS_VARIABLE);
  gchar *folder;

  if (folder_option != NULL)
    return g_strdup (folder_option);
  folder = gst_zrtp_status_folder (setting, problem);
  return folder != NULL || *problem != NULL ? folder : gst_zrtp_status_folder ("1", problem);
}

int
main (int argc, char **argv)
{
  GOptionContext *context = g_option_context_new ("[PID...]");
  g_autofree gchar *folder = NULL;
  g_autofree gint *pids = NULL;
  const gchar *mistake = NULL;
  GError *error = NULL;
  Top top = { NULL };
  gint status;

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, options, NULL);
  g_option_context_set_summary (context, summary);
  g_option_context_set_description (context, description);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    mistake = error->message;
  g_option_context_free (context);
  if (mistake == NULL && show_version) {
    g_print ("zrtp-top (gst-zrtp) %s\n", PACKAGE_VERSION);
    return EXIT_SUCCESS;
  }
  if (mistake == NULL && !(interval >= 0.1 && interval <= 3600))
    mistake = "--interval is 0.1 to 3600 seconds";
  if (mistake == NULL && argc > 1 && (pids = parse_pids (argc - 1, argv + 1)) == NULL)
    mistake = "a PID is the number of a process";
  if (mistake == NULL && (folder = find_folder (&mistake)) == NULL)
    mistake = "GST_ZRTP_STATUS must be 1, or a folder's path from the root (/...)";
  if (mistake != NULL) {
    g_printerr ("zrtp-top: %s; see zrtp-top --help\n", mistake);
    g_clear_error (&error);
    return EXIT_USAGE;
  }

  top.folder = folder;
  top.pids = pids;
  top.readings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  status = run (&top);
  g_hash_table_unref (top.readings);
  g_free (folder_option);
  return status;
}
