/* test-flips.c: a bit flipped in every octet of every message, with the CRC put right again
 * (attacks A2, A9, A10, B2, C6).
 *
 * The link's own assertions watch for keys that only one end has; here is what must come of it besides.
 * ZRTP_TEST_BITS=1 flips one bit of each octet instead of all eight.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "link.h"

typedef struct
{
  guint end;
  WireType type;
  guint bit;                    /* of the packet, header included */
  gboolean always;              /* all copies, else the first */
  gsize len;                    /* seen */
} Flip;

static gboolean
flip (TestLink * link, TestPacket * packet, gpointer user_data)
{
  Flip *self = user_data;

  if (packet->from != self->end || packet->type != self->type || (packet->type_index && !self->always))
    return TRUE;
  self->len = packet->len;
  if (self->bit / 8 >= packet->len - WIRE_CRC_LEN)
    return TRUE;
  packet->data[self->bit / 8] ^= 0x80 >> (self->bit % 8);
  wire_fix_crc (packet->data, packet->len);
  return TRUE;
}

/* Octets of the message that the receiver must look at for the exchange to be safe: all of them, in these types. */
static gboolean
is_protected (const Flip * self)
{
  if (self->bit / 8 < WIRE_HEADER_LEN)
    return FALSE;
  switch (self->type) {
    case WIRE_HELLO:
    case WIRE_COMMIT:
    case WIRE_DHPART1:
    case WIRE_DHPART2:
    case WIRE_CONFIRM1:
    case WIRE_CONFIRM2:
      return TRUE;
    default:
      return FALSE;
  }
}

/* A wrong hash preimage is dropped and the true message, sent again, is taken (Z-9-3, -4). */
static gboolean
is_preimage (const Flip * self)
{
  guint octet = self->bit / 8 - WIRE_HEADER_LEN;

  switch (self->type) {
    case WIRE_COMMIT:
    case WIRE_DHPART1:
    case WIRE_DHPART2:
      return octet >= 12 && octet < 44;
      /* Nothing in a Confirm is believed before its MAC: a bad one is dropped while the schedule runs (section
       * 16). */
    case WIRE_CONFIRM1:
    case WIRE_CONFIRM2:
      return octet >= 12;
    default:
      return FALSE;
  }
}

static gsize
call (Flip * self, guint initiator)
{
  TestLink link;

  test_link_init (&link, self->bit);
  test_link_set_initiator (&link, initiator);
  link.media = TRUE;
  link.filter = flip;
  link.user_data = self;
  self->len = 0;
  test_link_open (&link, 1);
  test_link_start_all (&link);
  test_link_settle (&link);
  test_link_assert_no_split (&link);
  if (self->len && self->bit / 8 < self->len - WIRE_CRC_LEN) {
    if (self->always && is_protected (self)) {
      for (guint e = 0; e < 2; e++) {
        if (link.ends[e].streams[0].n_secure)
          g_error ("end %u went secure although bit %u of each %s of end %u was flipped", e, self->bit,
              wire_type_name (self->type), self->end);
        g_assert_cmpuint (link.ends[e].cache.stores, ==, 0);
      }
    }
    if (!self->always && is_preimage (self) && !test_link_all_secure (&link))
      g_error ("not secure although only the first %s of end %u had bit %u flipped", wire_type_name (self->type),
          self->end, self->bit);
    /* A Conf2ACK that is none is made up for by media. */
    if (self->type == WIRE_CONF2ACK)
      g_assert_true (test_link_all_secure (&link));
  } else {
    g_assert_true (test_link_all_secure (&link));
  }
  test_link_clear (&link);
  return self->len;
}

static void
test_flips (gconstpointer data)
{
  guint bits = test_count ("ZRTP_TEST_BITS", 8);

  for (guint end = 0; end < 2; end++)
    for (guint initiator = 0; initiator < 2; initiator++) {
      Flip self = { end, GPOINTER_TO_UINT (data), 0, FALSE, 0 };
      guint n_bits = self.type == WIRE_CONFIRM1 || self.type == WIRE_CONFIRM2 ? 8 : bits;
      TestPrng prng = { self.type };

      for (guint octet = 0;; octet++) {
        for (guint i = 0; i < n_bits; i++) {
          self.bit = octet * 8 + (n_bits == 8 ? i : test_prng_below (&prng, 8));
          for (guint always = 0; always < 2; always++) {
            self.always = always;
            call (&self, initiator);
          }
        }
        if (octet + WIRE_CRC_LEN >= self.len)
          break;
      }
    }
}

/* Z-4.6-4 and section 16: a Confirm that is always wrong is dropped, told of once, and in the end the cause of
 * failure. */
static void
test_bad_confirms (void)
{
  for (guint type = WIRE_CONFIRM1; type <= WIRE_CONFIRM2; type++)
    for (guint octet = 12; octet < 76; octet += 9) {
      Flip self = { type == WIRE_CONFIRM2 ? 0 : 1, type, (WIRE_HEADER_LEN + octet) * 8, TRUE, 0 };
      guint victim = !self.end;
      TestLink link;

      test_link_init (&link, octet);
      test_link_set_initiator (&link, 0);
      link.filter = flip;
      link.user_data = &self;
      test_link_open (&link, 1);
      test_link_start_all (&link);
      test_link_settle (&link);
      g_assert_cmpint (test_link_state (&link, victim, 0), ==, ZRTP_STATE_FAILED);
      g_assert_cmphex (link.ends[victim].streams[0].error_code, ==, ZRTP_ERROR_CONFIRM_MAC);
      g_assert_cmpuint (link.ends[victim].streams[0].n_warnings[ZRTP_WARNING_BAD_CONFIRM], ==, 1);
      test_link_clear (&link);
    }
}

/* The same for a Multistream exchange, which has no DHPart: each octet of its messages, always. */
static gboolean
flip_second_stream (TestLink * link, TestPacket * packet, gpointer user_data)
{
  return packet->stream == 1 ? flip (link, packet, user_data) : TRUE;
}

static void
test_multistream (void)
{
  static const WireType types[] = { WIRE_HELLO, WIRE_COMMIT, WIRE_CONFIRM1, WIRE_CONFIRM2 };

  for (guint t = 0; t < G_N_ELEMENTS (types); t++)
    for (guint end = 0; end < 2; end++) {
      Flip self = { end, types[t], 0, TRUE, 0 };

      for (guint octet = WIRE_HEADER_LEN;; octet++) {
        TestLink link;

        for (self.always = 0; self.always < 2; self.always++) {
          test_link_init (&link, octet);
          test_link_set_initiator (&link, 0);
          link.media = TRUE;
          link.filter = flip_second_stream;
          link.user_data = &self;
          self.bit = octet * 8 + octet % 8;
          self.len = 0;
          test_link_open (&link, 2);
          test_link_start_all (&link);
          test_link_settle (&link);
          test_link_assert_no_split (&link);
          g_assert_true (test_link_is_secure (&link, 0, 0) && test_link_is_secure (&link, 1, 0));
          if (self.len && self.always && octet < self.len - WIRE_CRC_LEN && test_link_is_secure (&link, 0, 1))
            g_error ("stream 1 is secure although octet %u of each %s was altered", octet,
                wire_type_name (self.type));
          if (self.len && !self.always && is_preimage (&self) && !test_link_is_secure (&link, 0, 1))
            g_error ("not secure although only the first %s had octet %u altered", wire_type_name (self.type), octet);
          test_link_clear (&link);
        }
        if (octet + WIRE_CRC_LEN >= self.len)
          break;
      }
    }
}

/* Two octets of two different messages at once, at random. */
static gboolean
mutate (TestLink * link, TestPacket * packet, gpointer user_data)
{
  TestPrng *prng = user_data;

  if (test_prng_below (prng, 4) == 0) {
    guint n = 1 + test_prng_below (prng, 3);

    while (n--)
      packet->data[test_prng_below (prng, packet->len - WIRE_CRC_LEN)] = test_prng_next (prng);
    wire_fix_crc (packet->data, packet->len);
  }
  return TRUE;
}

static void
test_random (void)
{
  guint seeds = test_count ("ZRTP_TEST_SEEDS", 1000);

  for (guint seed = 0; seed < seeds; seed++) {
    TestPrng prng = { seed };
    TestLink link;

    test_link_init (&link, seed);
    link.media = TRUE;
    link.filter = mutate;
    link.user_data = &prng;
    link.loss_percent[0] = link.loss_percent[1] = seed % 3 * 10;
    test_link_open (&link, 1);
    test_link_start_all (&link);
    test_link_settle (&link);
    test_link_assert_no_split (&link);
    test_link_clear (&link);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint type = WIRE_HELLO; type <= WIRE_CONF2ACK; type++) {
    gchar *path = g_strchomp (g_strdup_printf ("/flips/%s", wire_type_name (type)));

    g_test_add_data_func (path, GUINT_TO_POINTER (type), test_flips);
    g_free (path);
  }
  g_test_add_func ("/flips/bad-confirms", test_bad_confirms);
  g_test_add_func ("/flips/multistream", test_multistream);
  g_test_add_func ("/flips/random", test_random);
  return g_test_run ();
}
