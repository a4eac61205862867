/* memory.c: wiping and comparing secrets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ext/nettle/nettle.h"

#include <string.h>
#include <nettle/memops.h>

/* Nettle and GMP take their large areas from the heap and need less than half of this on the stack. */
#define WIPE_STACK_OCTETS 4096

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
 * zrtp_wipe_stack:
 *
 * Overwrites the part of the stack that functions called before by the caller have used and left:
 * libraries copy a scalar or a key there and do not care (Z-15-2). Reaches down WIPE_STACK_OCTETS. May be
 * called from any thread.
 */
G_NO_INLINE void
zrtp_wipe_stack (void)
{
  guint8 area[WIPE_STACK_OCTETS];

  zrtp_wipe (area, sizeof (area));
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
