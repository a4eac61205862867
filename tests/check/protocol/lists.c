/* lists.c: algorithm lists written briefly.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "link.h"

#include <string.h>

void
test_list (ZrtpAlgorithmList * list, const gchar * names)
{
  memset (list, 0, sizeof *list);
  list->count = strlen (names) / 4;
  g_assert_cmpuint (list->count, <=, ZRTP_MAX_ALGORITHMS);
  for (guint i = 0; i < list->count; i++)
    memcpy (list->names[i], names + 4 * i, 4);
}
