/* call.h: a call of a TestLink as tests by subject want it: made, answered by its users, and what it has left.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "link.h"

G_BEGIN_DECLS

/* Opens the link, starts all streams, and runs until both ends are secure, as it should be, and nothing is left to happen. */
void test_link_call (TestLink * link, guint n_streams);
/* Authenticated media have arrived at both ends on the first stream: they keep what the call leaves. */
void test_link_hear (TestLink * link);
/* Its user has compared the SAS; it wants the PBX at the other end to be trusted, or no longer. */
void test_link_verify (TestLink * link, guint end, gboolean verified);
void test_link_enroll (TestLink * link, guint end, gboolean enroll);

/* What an end shows; fails if that is nothing. */
ZrtpSasInfo test_link_sas (TestLink * link, guint end);
/* What it has kept of the other end, or NULL. */
const ZrtpCacheEntry *test_link_entry (TestLink * link, guint end);

G_END_DECLS
