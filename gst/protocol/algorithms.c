/* algorithms.c: the tables of everything that can be negotiated, and the negotiation (RFC 6189 4.1.2, 5.1.2 to 5.1.6).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include <gio/gio.h>

#include "ext/gmp/gmp_dh.h"
#include "ext/nettle/nettle.h"
#include "gst/protocol/algorithms.h"

static const ZrtpHash *const hashes[] = { &zrtp_sha256, &zrtp_sha384, &zrtp_sha512 };

static const ZrtpCipher *const ciphers[] = { &zrtp_aes128, &zrtp_aes192, &zrtp_aes256 };

static const ZrtpAuthTag auth_tags[] = {
  {"HS32", 4, 14, FALSE},
  {"HS80", 10, 14, FALSE},
  {"GCM ", 16, 12, TRUE},       /* RFC 7714; the name and salt that deployed peers use */
};

/* Fastest first: the order by which both sides settle on one (Z-4.1.2-3; the curves beyond the RFC rank as deployed peers
 * rank them). */
static const ZrtpKeyAgreement *const key_agreements[] = {
  &zrtp_dh2k, &zrtp_x25519, &zrtp_p256, &zrtp_x448, &zrtp_dh3k, &zrtp_p384, &zrtp_p521,
};

static const ZrtpSasType sas_types[] = {
  {"B32 ", zrtp_sas_render_b32},
  {"B256", zrtp_sas_render_b256},
};

/* One row for each kind of ZrtpAlgorithmKind, in its order. */
static const struct
{
  const gchar *what;
  const gchar *known;
  const gchar *mandatory[3];    /* Z-5.2-9 */
  const gchar *defaults;
} kinds[] = {
  {"hash", "S256,S384,S512", {"S256"}, "S256,S384"},
  {"cipher", "AES1,AES2,AES3", {"AES1"}, "AES3,AES1"},
  {"auth tag", "HS32,HS80,GCM", {"HS32", "HS80"}, "HS80,HS32"},
  {"key agreement", "X255,X448,EC25,EC38,EC52,DH3k,DH2k,Mult", {"DH3k"}, "X255,EC25,X448,EC38,DH3k"},
  {"SAS type", "B32,B256", {"B32 "}, "B32,B256"},
};

#define NAMES_EQUAL(a, b) (memcmp ((a), (b), 4) == 0)

#define DEFINE_FIND(function, Type, table, ADDRESS)             \
const Type *                                                    \
function (const gchar * name)                                   \
{                                                               \
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)              \
    if (NAMES_EQUAL ((ADDRESS table[i])->name, name))           \
      return ADDRESS table[i];                                  \
  return NULL;                                                  \
}

DEFINE_FIND (zrtp_hash_find, ZrtpHash, hashes,)
DEFINE_FIND (zrtp_cipher_find, ZrtpCipher, ciphers,)
DEFINE_FIND (zrtp_key_agreement_find, ZrtpKeyAgreement, key_agreements,)
DEFINE_FIND (zrtp_auth_tag_find, ZrtpAuthTag, auth_tags, &)
DEFINE_FIND (zrtp_sas_type_find, ZrtpSasType, sas_types, &)

static gint
speed_rank (const ZrtpKeyAgreement * key_agreement)
{
  for (guint i = 0; i < G_N_ELEMENTS (key_agreements); i++)
    if (key_agreements[i] == key_agreement)
      return i;
  g_return_val_if_reached (G_MAXINT);
}

const gchar *
zrtp_algorithm_defaults (ZrtpAlgorithmKind kind)
{
  return kinds[kind].defaults;
}

gchar *
zrtp_algorithm_known (ZrtpAlgorithmKind kind)
{
  return g_strdup (kinds[kind].known);
}

gboolean
zrtp_algorithm_list_contains (const ZrtpAlgorithmList * list, const gchar * name)
{
  for (guint i = 0; i < list->count; i++)
    if (NAMES_EQUAL (list->names[i], name))
      return TRUE;
  return FALSE;
}

static gboolean
list_append (ZrtpAlgorithmList * list, const gchar * name)
{
  if (zrtp_algorithm_list_contains (list, name))
    return TRUE;
  if (list->count == ZRTP_MAX_ALGORITHMS)
    return FALSE;
  g_strlcpy (list->names[list->count++], name, sizeof list->names[0]);
  return TRUE;
}

gboolean
zrtp_algorithm_list_parse (ZrtpAlgorithmKind kind, const gchar * text, ZrtpAlgorithmList * list,
    GError ** error)
{
  g_auto (GStrv) names = g_strsplit (text ? text : "", ",", -1);
  g_auto (GStrv) known = g_strsplit (kinds[kind].known, ",", -1);
  ZrtpAlgorithmList result = { 0 };
  gboolean fits = TRUE;

  for (guint i = 0; names[i]; i++) {
    gchar padded[5];

    g_strstrip (names[i]);
    if (names[i][0] == '\0')
      continue;
    if (!g_strv_contains ((const gchar * const *) known, names[i])) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
          "“%.40s” is no %s known here; known are: %s", names[i], kinds[kind].what, kinds[kind].known);
      return FALSE;
    }
    g_snprintf (padded, sizeof padded, "%-4s", names[i]);
    fits &= list_append (&result, padded);
  }
  for (guint i = 0; kinds[kind].mandatory[i]; i++)
    fits &= list_append (&result, kinds[kind].mandatory[i]);
  /* Several streams need it, and deployed peers refuse a second stream without it (Z-5.2-12). */
  if (kind == ZRTP_ALGORITHM_KEY_AGREEMENT)
    fits &= list_append (&result, "Mult");
  if (!fits) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "a Hello has room for %u algorithms of a kind; “%s” and the mandatory ones of RFC 6189 are more",
        ZRTP_MAX_ALGORITHMS, text);
    return FALSE;
  }
  *list = result;
  return TRUE;
}

gchar *
zrtp_algorithm_list_to_string (const ZrtpAlgorithmList * list)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < list->count; i++) {
    g_autofree gchar *name = g_strchomp (g_strdup (list->names[i]));
    g_string_append_printf (text, "%s%s", i ? "," : "", name);
  }
  return g_string_free (text, FALSE);
}

static gboolean
full_list_contains (const ZrtpFullList * full, const gchar * name)
{
  for (guint i = 0; i < full->count; i++)
    if (NAMES_EQUAL (full->names[i], name))
      return TRUE;
  return FALSE;
}

void
zrtp_algorithm_list_add_mandatory (ZrtpAlgorithmKind kind, const ZrtpAlgorithmList * list, ZrtpFullList * full)
{
  full->count = 0;
  for (guint i = 0; i < list->count; i++)
    full->names[full->count++] = list->names[i];
  for (guint i = 0; kinds[kind].mandatory[i]; i++)
    if (!full_list_contains (full, kinds[kind].mandatory[i]))
      full->names[full->count++] = kinds[kind].mandatory[i];
}

/* The first item of a that b has too and that a computation is known for. */
static const ZrtpKeyAgreement *
first_common_key_agreement (const ZrtpFullList * a, const ZrtpFullList * b)
{
  for (guint i = 0; i < a->count; i++) {
    const ZrtpKeyAgreement *found = zrtp_key_agreement_find (a->names[i]);
    if (found && full_list_contains (b, a->names[i]))
      return found;
  }
  return &zrtp_dh3k;
}

const ZrtpKeyAgreement *
zrtp_negotiate_key_agreement (const ZrtpAlgorithmList * own, const ZrtpAlgorithmList * peer)
{
  ZrtpFullList a, b;
  const ZrtpKeyAgreement *own_first, *peer_first;

  zrtp_algorithm_list_add_mandatory (ZRTP_ALGORITHM_KEY_AGREEMENT, own, &a);
  zrtp_algorithm_list_add_mandatory (ZRTP_ALGORITHM_KEY_AGREEMENT, peer, &b);
  own_first = first_common_key_agreement (&a, &b);
  peer_first = first_common_key_agreement (&b, &a);
  return speed_rank (own_first) <= speed_rank (peer_first) ? own_first : peer_first;
}

/* Whether a name may be chosen at all: a computation is known for it, and it goes with what was chosen before. */
static gboolean
choosable (ZrtpAlgorithmKind kind, const gchar * name, const ZrtpChoice * chosen)
{
  switch (kind) {
    case ZRTP_ALGORITHM_HASH:
      /* EC38 goes with S384, or what is stronger (Z-5.1.5-7). */
      return zrtp_hash_find (name)
          && !(NAMES_EQUAL (chosen->key_agreement, "EC38") && NAMES_EQUAL (name, "S256"));
    case ZRTP_ALGORITHM_CIPHER:
      return zrtp_cipher_find (name) != NULL;
    case ZRTP_ALGORITHM_AUTH_TAG:
      /* RFC 7714 has no AES-192. */
      return zrtp_auth_tag_find (name)
          && !(zrtp_auth_tag_find (name)->aead && NAMES_EQUAL (chosen->cipher, "AES2"));
    case ZRTP_ALGORITHM_SAS:
      return zrtp_sas_type_find (name) != NULL;
    default:
      return zrtp_key_agreement_find (name) != NULL;
  }
}

/* Our first that the peer has too, a suitable partner of the key agreement before others. */
static void
choose (ZrtpAlgorithmKind kind, const ZrtpAlgorithmList * own, const ZrtpAlgorithmList * peer,
    const gchar * const preferred[], ZrtpChoice * chosen, gchar out[5])
{
  ZrtpFullList a, b;

  zrtp_algorithm_list_add_mandatory (kind, own, &a);
  zrtp_algorithm_list_add_mandatory (kind, peer, &b);
  for (guint p = 0; preferred && preferred[p]; p++) {
    if (full_list_contains (&a, preferred[p]) && full_list_contains (&b, preferred[p])) {
      g_strlcpy (out, preferred[p], 5);
      return;
    }
  }
  for (guint i = 0; i < a.count; i++) {
    if (full_list_contains (&b, a.names[i]) && choosable (kind, a.names[i], chosen)) {
      g_strlcpy (out, a.names[i], 5);
      return;
    }
  }
  /* Nothing but what the key agreement excludes: cannot happen for the mandatory ones alone, see zrtp_negotiate. */
  g_strlcpy (out, kinds[kind].mandatory[0], 5);
}

static gboolean
both_have (const ZrtpAlgorithmList * a, const ZrtpAlgorithmList * b, const gchar * name)
{
  return zrtp_algorithm_list_contains (a, name) && zrtp_algorithm_list_contains (b, name);
}

void
zrtp_negotiate (const ZrtpOffer * own, const ZrtpOffer * peer, ZrtpChoice * choice)
{
  static const gchar *const strong_hashes[] = { "S512", "S384", NULL };
  static const gchar *const strong_ciphers[] = { "AES3", "AES2", NULL };
  static const gchar *const small_ciphers[] = { "AES1", NULL };
  const gchar *const *preferred_hashes = NULL;
  const gchar *const *preferred_ciphers = NULL;
  const ZrtpKeyAgreement *key_agreement =
      zrtp_negotiate_key_agreement (&own->key_agreements, &peer->key_agreements);

  /* EC38 without S384 on both sides would be refused: such a peer gets what everybody has. */
  if (NAMES_EQUAL (key_agreement->name, "EC38")
      && !both_have (&own->hashes, &peer->hashes, "S384") && !both_have (&own->hashes, &peer->hashes, "S512"))
    key_agreement = &zrtp_dh3k;
  g_strlcpy (choice->key_agreement, key_agreement->name, 5);

  if (NAMES_EQUAL (key_agreement->name, "EC38")) {
    preferred_hashes = strong_hashes + 1;
    preferred_ciphers = strong_ciphers;
  } else if (NAMES_EQUAL (key_agreement->name, "X448") || NAMES_EQUAL (key_agreement->name, "EC52")) {
    preferred_hashes = strong_hashes;
    preferred_ciphers = strong_ciphers;
  } else if (NAMES_EQUAL (key_agreement->name, "DH2k")) {
    preferred_ciphers = small_ciphers;  /* Z-5.1.5-10 */
  }
  choose (ZRTP_ALGORITHM_HASH, &own->hashes, &peer->hashes, preferred_hashes, choice, choice->hash);
  choose (ZRTP_ALGORITHM_CIPHER, &own->ciphers, &peer->ciphers, preferred_ciphers, choice, choice->cipher);
  choose (ZRTP_ALGORITHM_AUTH_TAG, &own->auth_tags, &peer->auth_tags, NULL, choice, choice->auth_tag);
  choose (ZRTP_ALGORITHM_SAS, &own->sas_types, &peer->sas_types, NULL, choice, choice->sas);
}

/* On offer, mandatory ones included, and allowed. */
static gboolean
acceptable (ZrtpAlgorithmKind kind, const ZrtpAlgorithmList * offer, const ZrtpAlgorithmList * allowed,
    const gchar * name, const ZrtpChoice * choice)
{
  ZrtpFullList full;

  zrtp_algorithm_list_add_mandatory (kind, offer, &full);
  return full_list_contains (&full, name) && choosable (kind, name, choice)
      && (!allowed || allowed->count == 0 || zrtp_algorithm_list_contains (allowed, name));
}

guint32
zrtp_check_choice (const ZrtpOffer * own, const ZrtpOffer * allowed, const ZrtpChoice * choice)
{
  gboolean multistream = NAMES_EQUAL (choice->key_agreement, "Mult");
  gboolean without_dh = multistream || NAMES_EQUAL (choice->key_agreement, "Prsh");

  if (without_dh && !zrtp_algorithm_list_contains (&own->key_agreements, choice->key_agreement))
    return ZRTP_ERROR_KEY_AGREEMENT;
  if (!without_dh && !acceptable (ZRTP_ALGORITHM_KEY_AGREEMENT, &own->key_agreements,
          allowed ? &allowed->key_agreements : NULL, choice->key_agreement, choice))
    return ZRTP_ERROR_KEY_AGREEMENT;
  if (!acceptable (ZRTP_ALGORITHM_HASH, &own->hashes, allowed ? &allowed->hashes : NULL, choice->hash, choice))
    return ZRTP_ERROR_HASH;
  if (!acceptable (ZRTP_ALGORITHM_CIPHER, &own->ciphers, allowed ? &allowed->ciphers : NULL, choice->cipher,
          choice))
    return ZRTP_ERROR_CIPHER;
  if (!acceptable (ZRTP_ALGORITHM_AUTH_TAG, &own->auth_tags, allowed ? &allowed->auth_tags : NULL,
          choice->auth_tag, choice))
    return ZRTP_ERROR_AUTH_TAG;
  if (!multistream && !acceptable (ZRTP_ALGORITHM_SAS, &own->sas_types, allowed ? &allowed->sas_types : NULL,
          choice->sas, choice))
    return ZRTP_ERROR_SAS;
  return 0;
}
