/* memory.c: wiping and comparing secrets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ext/nettle/nettle.h"

#include <string.h>
#include <nettle/memops.h>

/**
 * zrtp_wipe:
 * @data: (nullable): memory that held a secret
 * @len: its length in bytes; 0 is fine
 *
 * Overwrites @data with zeros in a way that the compiler cannot drop, however soon the memory ends its life
 * (Z-15-2). May be called from any thread.
 */
void
zrtp_wipe (gpointer data, gsize len)
{
  if (len == 0)
    return;
#if defined(__GNUC__)
  memset (data, 0, len);
  /* The memory counts as read by this, so the store above has a reader. */
  __asm__ __volatile__ ("" : : "r" (data) : "memory");
#else
  for (volatile guint8 *octet = data; len > 0; len--)
    *octet++ = 0;
#endif
}

/**
 * zrtp_equal:
 * @a: one value
 * @b: the other
 * @len: length of both in bytes
 *
 * Compares secrets, or values that are computed from secrets, in a time that depends on @len alone (Z-15-1,
 * Z-4.3.1-6). May be called from any thread.
 *
 * Returns: whether they are equal
 */
gboolean
zrtp_equal (gconstpointer a, gconstpointer b, gsize len)
{
  return memeql_sec (a, b, len) ? TRUE : FALSE;
}
