/* gmp_dh.h: finite field Diffie-Hellman on GMP.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ext/crypto.h"

G_BEGIN_DECLS

extern const ZrtpKeyAgreement zrtp_dh2k;        /* RFC 3526 group 14 */
extern const ZrtpKeyAgreement zrtp_dh3k;        /* RFC 3526 group 15 */

G_END_DECLS
