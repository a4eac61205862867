/* nettle_backend.h: Nettle's HMAC-SHA1, AES-CTR and AES-GCM inside libsrtp2. Private to this folder.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Replaces the algorithms in libsrtp2's process-wide tables, which srtp_init has filled. libsrtp2 puts each
 * through its own and our test vectors before it accepts it; one that it refuses stays as it was. Contexts
 * that exist keep what they were made with. TRUE if all were accepted. Callers serialise. */
gboolean zrtp_srtp_install_nettle (void);

/* Around every call that derives session keys from an AES-192 master key. libsrtp2 before 2.8 derives them
 * with AES-256, which RFC 6188 does not say (its issue 763); on this thread, while TRUE, what it asks of
 * AES-256 is done with AES-192. */
void zrtp_srtp_nettle_derive_192 (gboolean on);

G_END_DECLS
