/* sas.c: rendering the Short Authentication String for people (RFC 6189 section 5.1.6).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/protocol/algorithms.h"
#include "gst/protocol/sas_words.h"

/* Not RFC 4648's alphabet (Z-5.1.6-5). */
static const gchar base32_alphabet[] = "ybndrfg8ejkmcpqxot1uwisza345h769";

/* The leftmost 20 bits of sasvalue as four characters (Z-5.1.6-3). */
void
zrtp_sas_render_b32 (const guint8 sashash[ZRTP_SASHASH_LEN], gchar * text, gsize text_len)
{
  guint32 sasvalue = ((guint32) sashash[0] << 24) | (sashash[1] << 16) | (sashash[2] << 8) | sashash[3];
  gchar characters[5] = { 0 };

  for (guint i = 0; i < 4; i++)
    characters[i] = base32_alphabet[(sasvalue >> (27 - 5 * i)) & 31];
  g_strlcpy (text, characters, text_len);
}

/* The leftmost 16 bits as two words (Z-5.1.6-4). */
void
zrtp_sas_render_b256 (const guint8 sashash[ZRTP_SASHASH_LEN], gchar * text, gsize text_len)
{
  g_snprintf (text, text_len, "%s %s", zrtp_words_even[sashash[0]], zrtp_words_odd[sashash[1]]);
}
