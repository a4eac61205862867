/* declassify.h: marks the few places where code may branch on what was computed from a secret.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

#ifdef ZRTP_CONSTANT_TIME_TEST
#include <valgrind/memcheck.h>
#endif

G_BEGIN_DECLS

/* value, which whoever watches may learn: that a number was out of range and is drawn again, say. In the
 * test of constant time, where memcheck takes every secret and what follows from it for undefined, this
 * makes it defined. */
static inline gboolean
zrtp_declassify (gboolean value)
{
#ifdef ZRTP_CONSTANT_TIME_TEST
  VALGRIND_MAKE_MEM_DEFINED (&value, sizeof (value));
#endif
  return value;
}

G_END_DECLS
