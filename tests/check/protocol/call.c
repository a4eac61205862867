/* call.c: a call of a TestLink as tests by subject want it: made, answered by its users, and what it has left.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "call.h"

void
test_link_call (TestLink * link, guint n_streams)
{
  test_link_open (link, n_streams);
  test_link_start_all (link);
  g_assert_true (test_link_run_until_secure (link, 8 * SEC));
  test_link_settle (link);
  test_link_assert_secure (link);
}

void
test_link_hear (TestLink * link)
{
  for (guint e = 0; e < 2; e++) {
    zrtp_association_media_authenticated (link->ends[e].association, 0, link->now);
    test_link_drain (link, e);
  }
}

void
test_link_verify (TestLink * link, guint end, gboolean verified)
{
  zrtp_association_set_verified (link->ends[end].association, verified, link->now);
  test_link_drain (link, end);
}

void
test_link_enroll (TestLink * link, guint end, gboolean enroll)
{
  zrtp_association_enroll (link->ends[end].association, enroll, link->now);
  test_link_drain (link, end);
}

ZrtpSasInfo
test_link_sas (TestLink * link, guint end)
{
  ZrtpSasInfo sas;

  g_assert_true (zrtp_association_get_sas (link->ends[end].association, &sas));
  return sas;
}

const ZrtpCacheEntry *
test_link_entry (TestLink * link, guint end)
{
  return test_cache_get (&link->ends[end].cache, link->ends[end].config.zid, link->ends[!end].config.zid);
}
