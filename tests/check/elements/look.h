/* look.h: looking at the calls of a test with zrtp-top, and at the sockets that it reads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "call.h"

#include <gio/gio.h>

/* Where this program's socket is while the fixture stands. */
extern gchar *look_folder, *look_own_socket;
/* What the last run of zrtp-top has printed. */
extern gchar *look_out, *look_err;

#define assert_says(text, part) fail_unless (strstr (text, part) != NULL, "\"%s\" is not in \"%.2000s\"", part, text)
#define assert_silent(text, part) fail_unless (strstr (text, part) == NULL, "\"%s\" is in \"%.2000s\"", part, text)

/* A fixture: tear_down sees to it that nothing is left behind. */
void look_set_up (void);
void look_tear_down (void);
/* Whether a file goes away within seconds. */
gboolean look_is_gone (const gchar * path);
/* Runs zrtp-top with the words of a line; its exit status. */
gint look_run (const gchar * line);
/* The line of look_out that has a part; free with g_free. */
gchar *look_line_with (const gchar * part);
/* A call of "alice" and one whose name would command a terminal. */
Call *look_call_new_secure (void);
GSocket *look_connect (const gchar * path);
