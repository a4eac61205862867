/* test-memory.c: wiping and comparing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "ext/nettle/nettle.h"

/* Z-15-2. */
static void
test_wipe (void)
{
  guint8 data[66];

  zrtp_wipe (NULL, 0);
  for (guint len = 0; len <= 64; len++) {
    memset (data, 0xaa, sizeof (data));
    zrtp_wipe (data + 1, len);
    for (guint i = 0; i < sizeof (data); i++)
      g_assert_cmpuint (data[i], ==, i >= 1 && i <= len ? 0 : 0xaa);
  }
}

static void
test_equal (void)
{
  guint8 a[64], b[64];

  for (guint i = 0; i < sizeof (a); i++)
    a[i] = b[i] = i * 37;
  g_assert_true (zrtp_equal (a, b + 1, 0));
  g_assert_true (zrtp_equal (a, b, sizeof (a)));
  for (guint bit = 0; bit < 8 * sizeof (a); bit++) {
    b[bit / 8] ^= 1 << (bit % 8);
    g_assert_false (zrtp_equal (a, b, sizeof (a)));
    g_assert_true (zrtp_equal (a, b, bit / 8));
    b[bit / 8] ^= 1 << (bit % 8);
  }
  g_assert_true (zrtp_equal (a, b, sizeof (a)) == TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ext/memory/wipe", test_wipe);
  g_test_add_func ("/ext/memory/equal", test_equal);
  return g_test_run ();
}
