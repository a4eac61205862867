/* printable.h: text of others on a terminal.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

/* A name may come from a peer or a file: nothing in it commands the terminal. Free with g_free. */
static inline gchar *
zrtp_tool_printable (const gchar * name)
{
  GString *text = g_string_new (NULL);

  for (const gchar * at = name; *at != '\0'; at = g_utf8_next_char (at)) {
    gunichar c = g_utf8_get_char_validated (at, -1);

    if (c == (gunichar) -1 || c == (gunichar) -2)
      break;
    g_string_append_unichar (text, g_unichar_isprint (c) ? c : 0xfffd);
  }
  return g_string_free (text, FALSE);
}
