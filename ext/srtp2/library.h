/* library.h: libsrtp2 itself: started once, and what it is told of an algorithm. Private to this folder.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>
#include <srtp2/crypto_types.h>
#include <srtp2/srtp.h>

G_BEGIN_DECLS

/* Not shorter with a 32-bit SRTP tag either (Z-4.5.3-9). */
#define SHA1_SRTCP_TAG_LEN 10
#define GCM_TAG_LEN 16

/* Packets: a second of audio, or a burst of reordered video. */
#define REPLAY_WINDOW 1024

/* For a receiver of all SSRCs; master: key and salt, borrowed. */
void zrtp_srtp_fill_policy (srtp_policy_t * policy, guint key_len, gboolean aead, guint tag_len, guint8 * master);
/* srtp_create and srtp_add_stream, with AES-192 as RFC 6188 has it. */
srtp_err_status_t zrtp_srtp_create_context (srtp_t * context, const srtp_policy_t * policy);
srtp_err_status_t zrtp_srtp_add_stream (srtp_t context, const srtp_policy_t * policy);

G_END_DECLS
