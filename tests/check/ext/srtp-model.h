/* srtp-model.h: SRTP and SRTCP written once more, straight from the RFCs, to compare with.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ext/crypto.h"

/* Session keys of one direction (RFC 3711 section 4.3.1). */
typedef struct
{
  guint key_len, tag_len, rtcp_tag_len;
  gboolean aead;
  guint8 rtp_key[32], rtp_salt[14], rtp_auth[20];
  guint8 rtcp_key[32], rtcp_salt[14], rtcp_auth[20];
} SrtpModel;

void srtp_model_init (SrtpModel * model, const ZrtpSrtpKeys * keys);

/* In place; the buffer has room. Return the new length. */
gsize srtp_model_protect (const SrtpModel * model, guint8 * packet, gsize len, guint32 roc);
gsize srtp_model_protect_rtcp (const SrtpModel * model, guint8 * packet, gsize len, guint32 index,
    gboolean encrypted);

/* The key stream for the header extensions of a packet (RFC 6904 section 3.1), from its first octet on. */
void srtp_model_extension_keystream (const ZrtpSrtpKeys * keys, const guint8 * packet, guint32 roc, guint8 * out,
    gsize len);
