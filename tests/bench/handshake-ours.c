/* handshake-ours.c: complete calls from nothing to secure, both ends in one process, on one core.
 *
 * A handshake is: two associations, all messages between them, SRTP contexts for both directions on both
 * ends, and everything freed again. Neither end has a cache. Time on the wire does not count: the clock is
 * virtual.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdlib.h>
#include <string.h>

#include "ext/nettle/nettle.h"
#include "ext/srtp2/srtp.h"
#include "gst/protocol/algorithms.h"
#include "gst/protocol/association.h"

#include "bench.h"


typedef struct
{
  ZrtpAssociation *association;
  ZrtpSrtp *srtp[2];
} End;

static guint messages;

static void
list_set (ZrtpAlgorithmList * list, ZrtpAlgorithmKind kind, const gchar * text)
{
  GError *error = NULL;

  if (!zrtp_algorithm_list_parse (kind, text, list, &error))
    g_error ("%s", error->message);
}

static void
end_init (End * self, guint number, const gchar * key_agreement)
{
  ZrtpConfig config = { 0 };

  zrtp_random_default ()->fill (zrtp_random_default (), ZRTP_RANDOM_ZID, config.zid, sizeof config.zid);
  g_strlcpy (config.client_id, "bench", sizeof config.client_id);
  list_set (&config.hashes, ZRTP_ALGORITHM_HASH, "S256");
  list_set (&config.ciphers, ZRTP_ALGORITHM_CIPHER, "AES1");
  list_set (&config.auth_tags, ZRTP_ALGORITHM_AUTH_TAG, "HS32");
  list_set (&config.key_agreements, ZRTP_ALGORITHM_KEY_AGREEMENT, key_agreement);
  list_set (&config.sas_types, ZRTP_ALGORITHM_SAS, "B32");
  config.automatic = number == 0;       /* no Commit contention, as in the other engine's run */
  self->association = zrtp_association_new (&config, zrtp_random_default (), NULL);
  if (!zrtp_association_add_stream (self->association, 0, 0x1000 + number))
    g_error ("no stream");
}

static void
end_clear (End * self)
{
  zrtp_association_free (self->association);
  zrtp_srtp_free (self->srtp[0]);
  zrtp_srtp_free (self->srtp[1]);
}

/* Drains one end into the other; FALSE when it had nothing to say. */
static gboolean
drain (End * from, End * to, guint64 now)
{
  ZrtpOutput output;
  gboolean any = FALSE;

  while (zrtp_association_poll (from->association, &output)) {
    any = TRUE;
    if (output.type == ZRTP_OUTPUT_SEND) {
      messages++;
      zrtp_association_receive (to->association, 0, output.u.send.data, output.u.send.len, now);
    } else if (output.type == ZRTP_OUTPUT_KEYS) {
      gboolean send = output.u.keys.direction == ZRTP_DIRECTION_SEND;

      from->srtp[send] =
          zrtp_srtp_new (send ? ZRTP_SRTP_SENDER : ZRTP_SRTP_RECEIVER, &output.u.keys.keys, NULL);
    } else if (output.type == ZRTP_OUTPUT_ERROR) {
      g_error ("the handshake failed with %x", output.u.error.code);
    }
    zrtp_output_clear (&output);
  }
  return any;
}

static gboolean
is_secure (End * end)
{
  return zrtp_association_get_state (end->association, 0) == ZRTP_STATE_SECURE && end->srtp[0] && end->srtp[1];
}

static void
handshake (const gchar * key_agreement)
{
  End ends[2] = { {NULL} };
  guint64 now = 1000000000, next;

  end_init (&ends[0], 0, key_agreement);
  end_init (&ends[1], 1, key_agreement);
  zrtp_association_start (ends[0].association, 0, now);
  zrtp_association_start (ends[1].association, 0, now);
  while (!is_secure (&ends[0]) || !is_secure (&ends[1])) {
    if (drain (&ends[0], &ends[1], now) | drain (&ends[1], &ends[0], now))
      continue;
    next = MIN (zrtp_association_get_deadline (ends[0].association),
        zrtp_association_get_deadline (ends[1].association));
    if (next == ZRTP_NO_DEADLINE)
      g_error ("both ends wait for ever");
    now = MAX (now, next);
    zrtp_association_advance (ends[0].association, now);
    zrtp_association_advance (ends[1].association, now);
  }
  end_clear (&ends[0]);
  end_clear (&ends[1]);
}

int
main (int argc, char **argv)
{
  static const gchar *const key_agreements[] = { "X255", "EC25", "DH3k", "X448", "DH2k", "EC38" };
  guint i, round, n;

  zrtp_srtp_get_backend ();     /* not in the first handshake's time */
  for (i = 0; i < G_N_ELEMENTS (key_agreements); i++) {
    gdouble best = 0;
    gchar *name = g_strdup_printf ("handshakes-ours-%s", key_agreements[i]);

    if (argc > 1 && !g_str_equal (argv[1], key_agreements[i]))
      continue;
    handshake (key_agreements[i]);
    for (round = 0; round < bench_rounds (); round++) {
      guint64 start = bench_cpu_time (), spent;

      messages = n = 0;
      do {
        handshake (key_agreements[i]);
        n++;
        spent = bench_cpu_time () - start;
      } while (spent < bench_round_time ());
      best = MAX (best, n * 1e9 / spent);
    }
    bench_row (name, best);
    g_free (name);
    name = g_strdup_printf ("messages-ours-%s", key_agreements[i]);
    bench_row (name, (gdouble) messages / n);
    g_free (name);
  }
  return 0;
}
