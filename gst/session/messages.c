/* messages.c: what the application reads on the bus, and the functions to read it with.
 *
 * Fields are strings, ints and booleans only, so that any binding and gst-validate can read them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

#include <string.h>

gchar *
gst_zrtp_hex (const guint8 *data, gsize len)
{
  GString *text = g_string_sized_new (2 * len);
  gsize i;

  for (i = 0; i < len; i++)
    g_string_append_printf (text, "%02x", data[i]);
  return g_string_free (text, FALSE);
}

static void
set_string (GstStructure *structure, const gchar *field, const gchar *value)
{
  gst_structure_set (structure, field, G_TYPE_STRING, value, NULL);
}

/* An algorithm's name without its padding. */
void
gst_zrtp_structure_set_name (GstStructure *structure, const gchar *field, const gchar name[5])
{
  gchar *copy = g_strchomp (g_strdup (name));

  set_string (structure, field, copy);
  g_free (copy);
}

const gchar *
gst_zrtp_role_to_string (ZrtpRole role)
{
  return role == ZRTP_ROLE_INITIATOR ? "initiator" : role == ZRTP_ROLE_RESPONDER ? "responder" : "none";
}

static GstStructure *
new_message (GstZrtpSession *self, const gchar *name, guint stream, const gchar *text)
{
  /* The name of a file can be in it, which need not be text. */
  gchar *valid = g_utf8_make_valid (text, -1);
  GstStructure *structure = gst_structure_new (name, "session-id", G_TYPE_STRING, self->id, "stream", G_TYPE_INT,
      (gint) stream, "text", G_TYPE_STRING, valid, NULL);

  g_free (valid);
  return structure;
}

static const gchar *
secure_text (GstZrtpSecurity security)
{
  switch (security) {
    case GST_ZRTP_SECURITY_INSECURE:
      return "The call is encrypted, but somebody may be listening: compare the code with your partner.";
    case GST_ZRTP_SECURITY_VERIFIED:
      return "The call is encrypted and your partner is verified.";
    case GST_ZRTP_SECURITY_VERIFIED_SIGNALLED:
      return "The call is encrypted and your partner is verified, also by the signalling.";
    default:
      return "The call is encrypted. Compare the code with your partner to be sure that nobody listens.";
  }
}

static const gchar *
cleared_text (gboolean asked)
{
  return asked ? "Encryption is off. The other side has been told; it sends and plays nothing until its user agrees."
               : "Encryption is off, as both sides agreed.";
}

static const gchar *
state_text (GstZrtpState old_state, GstZrtpState state, const GstZrtpOutlook *outlook)
{
  switch (state) {
    case GST_ZRTP_STATE_IDLE:
      return "Encryption has not started.";
    case GST_ZRTP_STATE_DISCOVERING:
      return "Asking whether the other side can encrypt.";
    case GST_ZRTP_STATE_NO_PEER:
      return outlook->no_receiver ? "No answer of the other side can be heard, as nothing receives this stream."
                                  : "The other side does not answer with ZRTP.";
    case GST_ZRTP_STATE_CLEAR:
      return old_state == GST_ZRTP_STATE_CLEARING ? cleared_text (outlook->asked_clear) : "The other side can encrypt.";
    case GST_ZRTP_STATE_SECURING:
      return "Agreeing on keys with the other side.";
    case GST_ZRTP_STATE_CLEARING:
      return "Encryption is being switched off. Nothing is sent until both sides have agreed.";
    case GST_ZRTP_STATE_FAILED:
      return "No keys could be agreed on.";
    case GST_ZRTP_STATE_SECURE:
      return secure_text (outlook->security);
  }
  return "";
}

/* What that means for own media. */
static const gchar *
consequence (GstZrtpState state, const GstZrtpOutlook *outlook)
{
  switch (state) {
    case GST_ZRTP_STATE_NO_PEER:
    case GST_ZRTP_STATE_CLEAR:
    case GST_ZRTP_STATE_FAILED:
      return outlook->held ? " Nothing is sent." : " The call is not encrypted.";
    default:
      return "";
  }
}

GstStructure *
gst_zrtp_message_new_state (GstZrtpSession *self, guint stream, GstZrtpState old_state, GstZrtpState state,
    const GstZrtpOutlook *outlook)
{
  gchar *text = g_strconcat (state_text (old_state, state, outlook), consequence (state, outlook), NULL);
  GstStructure *structure = new_message (self, GST_ZRTP_MESSAGE_STATE, stream, text);

  g_free (text);
  set_string (structure, "old-state", gst_zrtp_state_to_string (old_state));
  set_string (structure, "state", gst_zrtp_state_to_string (state));
  set_string (structure, "security", gst_zrtp_security_to_string (outlook->security));
  return structure;
}

static const gchar *
cache_name (ZrtpCacheStatus status)
{
  return status == ZRTP_CACHE_MATCH ? "match" : status == ZRTP_CACHE_MISMATCH ? "mismatch" : "none";
}

static const gchar *
hello_hash_name (ZrtpHelloHashStatus status)
{
  return status == ZRTP_HELLO_HASH_MATCH ? "match" : status == ZRTP_HELLO_HASH_MISMATCH ? "mismatch" : "absent";
}

/* Whether the peer is remembered under the name that the user expects, if any (attack D4). */
gboolean
gst_zrtp_name_fits (const ZrtpSasInfo *info, const gchar *expected_name)
{
  return expected_name == NULL || expected_name[0] == '\0' || strcmp (info->peer_name, expected_name) == 0;
}

static const gchar *
sas_text (const ZrtpSasInfo *info, GstZrtpSecurity security)
{
  switch (security) {
    case GST_ZRTP_SECURITY_INSECURE:
      if (info->refused)
        return "Warning: the codes differed, somebody is listening. Yours is:";
      if (info->cache == ZRTP_CACHE_MISMATCH)
        return "Warning: this is not the partner of your earlier calls, or one of you lost the key. Do not trust the call "
               "unless your partner reads out the same:";
      return "Warning: this is not who the signalling announced. Do not trust the call unless your partner reads out the "
             "same:";
    case GST_ZRTP_SECURITY_VERIFIED:
    case GST_ZRTP_SECURITY_VERIFIED_SIGNALLED:
      return "You have verified your partner. The code of this call is:";
    default:
      return info->relayed ? "As the telephone system that you trust says, your partner sees this. Read it out to be sure:"
                           : "Read this out to your partner, both of you must see the same:";
  }
}

GstStructure *
gst_zrtp_message_new_sas (GstZrtpSession *self, guint stream, const ZrtpSasInfo *info, GstZrtpSecurity security,
    const gchar *expected_name, gboolean new_device)
{
  gboolean verified = security >= GST_ZRTP_SECURITY_VERIFIED;
  gchar *text, *sas_hash, *peer_zid;
  GstStructure *structure;

  text = g_strconcat (sas_text (info, security), " ", info->text, NULL);
  structure = new_message (self, GST_ZRTP_MESSAGE_SAS, stream, text);
  g_free (text);

  sas_hash = gst_zrtp_hex (info->sashash, sizeof info->sashash);
  peer_zid = gst_zrtp_hex (info->peer_zid, sizeof info->peer_zid);
  set_string (structure, "sas", info->text);
  gst_zrtp_structure_set_name (structure, "sas-type", info->choice.sas);
  set_string (structure, "sas-hash", sas_hash);
  set_string (structure, "security", gst_zrtp_security_to_string (security));
  set_string (structure, "cache", cache_name (info->cache));
  set_string (structure, "signalled-hash", hello_hash_name (info->hello_hash));
  set_string (structure, "peer-zid", peer_zid);
  set_string (structure, "peer-name", info->peer_name);
  set_string (structure, "expected-name", expected_name ? expected_name : "");
  set_string (structure, "peer-client", info->peer_client);
  gst_zrtp_structure_set_name (structure, "hash", info->choice.hash);
  gst_zrtp_structure_set_name (structure, "cipher", info->choice.cipher);
  gst_zrtp_structure_set_name (structure, "auth-tag", info->choice.auth_tag);
  gst_zrtp_structure_set_name (structure, "key-agreement", info->choice.key_agreement);
  set_string (structure, "role", gst_zrtp_role_to_string (info->role));
  gst_structure_set (structure, "verified", G_TYPE_BOOLEAN, verified, "new-device", G_TYPE_BOOLEAN, new_device, "authenticated", G_TYPE_BOOLEAN, info->authenticated,
      "relayed-verified", G_TYPE_BOOLEAN, info->relayed_verified, "signature", G_TYPE_BOOLEAN, info->signature, "local-verified", G_TYPE_BOOLEAN,
      info->local_verified, "remote-verified", G_TYPE_BOOLEAN, info->remote_verified, "relayed", G_TYPE_BOOLEAN,
      info->relayed, "enrolled", G_TYPE_BOOLEAN, info->enrolled, "disclosure", G_TYPE_BOOLEAN, info->remote_disclosure, "mitm",
      G_TYPE_BOOLEAN, info->remote_mitm, NULL);
  g_free (sas_hash);
  g_free (peer_zid);
  return structure;
}

GstStructure *
gst_zrtp_message_new_enrollment (GstZrtpSession *self, guint stream, const gchar *status)
{
  static const struct
  {
    const gchar *status, *text;
  } rows[] = {
    { "offered",
        "The other end is a telephone system that asks to be trusted. It could then tell you your partner's code, and listen. "
        "Agree (enroll) only if it is your own, and you have compared the code with it." },
    { "accepted", "The telephone system at the other end is trusted from now on." },
    { "present", "The call goes through a telephone system that you trust, or to a phone that trusts yours." },
    { "removed", "The telephone system at the other end is not trusted any longer." },
  };
  GstStructure *structure;
  guint i;

  for (i = 0; strcmp (rows[i].status, status) != 0; i++)
    continue;
  structure = new_message (self, GST_ZRTP_MESSAGE_ENROLLMENT, stream, rows[i].text);
  set_string (structure, "status", status);
  return structure;
}

GstStructure *
gst_zrtp_message_new_signature (GstZrtpSession *self, guint stream, const ZrtpSasInfo *info, const guint8 *block,
    gsize len)
{
  GstStructure *structure = new_message (self, GST_ZRTP_MESSAGE_SIGNATURE, stream,
      "The other side has signed the code. Nobody has checked the signature yet.");
  gchar *sas_hash = gst_zrtp_hex (info->sashash, sizeof info->sashash), *signature = gst_zrtp_hex (block, len);

  set_string (structure, "sas-hash", sas_hash);
  set_string (structure, "signature", signature);
  g_free (sas_hash);
  g_free (signature);
  return structure;
}

GstStructure *
gst_zrtp_message_new_warning (GstZrtpSession *self, guint stream, const gchar *code, const gchar *text)
{
  GstStructure *structure = new_message (self, GST_ZRTP_MESSAGE_WARNING, stream, text);

  set_string (structure, "code", code);
  return structure;
}

GstStructure *
gst_zrtp_message_new_protocol_warning (GstZrtpSession *self, guint stream, ZrtpWarning warning)
{
  static const struct
  {
    const gchar *code, *text;
  } warnings[] = {
    [ZRTP_WARNING_CACHE_MISMATCH] = { "cache-mismatch",
        "The secret kept from earlier calls does not match: somebody may be listening, or your partner lost it. Compare "
        "the code." },
    [ZRTP_WARNING_MESSAGE_MAC] = { "message-mac",
        "A message of the key agreement was altered on its way: somebody is attacking this call." },
    [ZRTP_WARNING_BAD_CONFIRM] = { "bad-confirm", "A forged or damaged confirmation was dropped." },
    [ZRTP_WARNING_CHANGED_MESSAGE] = { "changed-message",
        "A message of the key agreement came again with other contents: somebody may be attacking this call." },
    [ZRTP_WARNING_EQUAL_PASSIVE] = { "equal-passive",
        "Both sides wait for the other one to begin (passive is set on both): the call will not be encrypted." },
    [ZRTP_WARNING_CACHE_WRITE] = { "cache-write",
        "The secret shared with your partner could not be kept: the next call will look like a first one." },
    [ZRTP_WARNING_CACHE_UNREADABLE] = { "cache-unreadable",
        "What is kept of earlier calls with your partner cannot be read: treat this call as a first one and compare the "
        "code." },
    [ZRTP_WARNING_PEER_DISCLOSES] = { "peer-discloses",
        "The other side says that it may disclose the keys of this call to a third party." },
    [ZRTP_WARNING_AUX_MISMATCH] = { "aux-mismatch",
        "The other side has another secret than the one that was set for this call, or none: it proves nothing." },
    [ZRTP_WARNING_SAS_REFUSED] = { "sas-refused",
        "You said that the codes differ: somebody is between you and your partner. Do not trust this call." },
    [ZRTP_WARNING_TOO_MANY_FAILURES] = { "too-many-failures",
        "Agreeing on keys failed too often: somebody may be attacking this call. It is not tried again by itself." },
    [ZRTP_WARNING_CLEAR_NOT_ALLOWED] = { "clear-not-allowed",
        "One side wanted to switch encryption off and the other one does not allow that." },
    [ZRTP_WARNING_CLEAR_REQUESTED] = { "clear-requested",
        "The other side has switched encryption off, and nothing is sent any more. Go on without encryption only if you "
        "agree (accept-clear), or encrypt again (secure)." },
    [ZRTP_WARNING_FORGED_CLEAR] = { "forged-clear",
        "A forged request to switch encryption off was dropped: somebody is attacking this call." },
    [ZRTP_WARNING_UNTRUSTED_RELAY] = { "untrusted-relay",
        "A telephone system that you do not trust sent a code to show: it was ignored." },
    [ZRTP_WARNING_ENROLLMENT_UNPROVEN] = { "enrollment-unproven",
        "Compare the code first: only then can the telephone system be trusted in later calls." },
    [ZRTP_WARNING_PEER_SILENT] = { "peer-silent",
        "Signalling says that the other side encrypts, but nothing of that arrives: somebody may be holding it back." },
    [ZRTP_WARNING_HELLO_HASH] = { "hello-hash",
        "The other side is not the one that signalling announced: somebody may be listening." },
  };

  if ((guint) warning >= G_N_ELEMENTS (warnings) || warnings[warning].code == NULL)
    return gst_zrtp_message_new_warning (self, stream, "unknown", "Something unusual happened in the key agreement.");
  return gst_zrtp_message_new_warning (self, stream, warnings[warning].code, warnings[warning].text);
}

/* What to do about an error, where that can be said. */
static const gchar *
error_hint (guint32 code)
{
  switch (code) {
    case ZRTP_ERROR_EQUAL_ZID:
      return " Your own packets come back (own address or port as destination?), or both ends have the same ZID, as programs of "
             "one user on one machine do: set cache=memory, or another path, on one of them.";
    case ZRTP_ERROR_SSRC_COLLISION:
      return " Both ends send under one SSRC. Another one is asked for upstream, and it begins again when the caps tell of it.";
    case ZRTP_ERROR_HELLO_MISMATCH:
    case ZRTP_ERROR_HASH:
    case ZRTP_ERROR_CIPHER:
    case ZRTP_ERROR_KEY_AGREEMENT:
    case ZRTP_ERROR_AUTH_TAG:
    case ZRTP_ERROR_SAS:
      return " The two sides' lists of algorithms have nothing in common: set longer ones, or unset only-listed. If neither side "
             "has set that, somebody may have changed the lists on the way.";
    default:
      return "";
  }
}

GstStructure *
gst_zrtp_message_new_error (GstZrtpSession *self, guint stream, guint32 code, gboolean remote, gboolean failed)
{
  const gchar *name = zrtp_error_code_get_name (code);
  /* Somebody who is refused is not the partner, maybe. */
  gchar *text = g_strdup_printf ("%s: %s (reported by %s).%s%s",
      failed ? "The key agreement failed" : "A peer was refused", name, remote ? "the other side" : "this side",
      failed ? "" : " The call goes on as it is.", error_hint (code));
  GstStructure *structure = new_message (self, GST_ZRTP_MESSAGE_ERROR, stream, text);

  g_free (text);
  gst_structure_set (structure, "code", G_TYPE_INT, (gint) code, "name", G_TYPE_STRING, name, "origin",
      G_TYPE_STRING, remote ? "remote" : "local", NULL);
  return structure;
}

static const GstStructure *
peek (GstMessage *message, const gchar *name)
{
  g_return_val_if_fail (GST_IS_MESSAGE (message), NULL);

  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ELEMENT)
    return NULL;
  return gst_message_has_name (message, name) ? gst_message_get_structure (message) : NULL;
}

static const GstStructure *
peek_any (GstMessage *message)
{
  static const gchar *names[] = { GST_ZRTP_MESSAGE_STATE, GST_ZRTP_MESSAGE_SAS, GST_ZRTP_MESSAGE_WARNING,
    GST_ZRTP_MESSAGE_ERROR, GST_ZRTP_MESSAGE_ENROLLMENT, GST_ZRTP_MESSAGE_SIGNATURE, GST_ZRTP_MESSAGE_ALERT };
  const GstStructure *structure = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names) && structure == NULL; i++)
    structure = peek (message, names[i]);
  return structure;
}

static void
get_string (const GstStructure *structure, const gchar *field, const gchar **value)
{
  if (value != NULL)
    *value = gst_structure_get_string (structure, field);
}

static gint
get_enum (const GstStructure *structure, const gchar *field, GType type)
{
  GEnumClass *klass = g_type_class_ref (type);
  const gchar *nick = gst_structure_get_string (structure, field);
  GEnumValue *value = nick ? g_enum_get_value_by_nick (klass, nick) : NULL;
  gint result = value ? value->value : 0;

  g_type_class_unref (klass);
  return result;
}

/**
 * gst_zrtp_message_is:
 * @message: a #GstMessage
 *
 * Whether a message tells of ZRTP. Any thread.
 *
 * Returns: whether it is one of this library's messages
 *
 * Since: 0.1
 */
gboolean
gst_zrtp_message_is (GstMessage *message)
{
  return peek_any (message) != NULL;
}

/**
 * gst_zrtp_message_parse:
 * @message: a #GstMessage
 * @session_id: (out) (optional) (transfer none): the session's id
 * @stream: (out) (optional): the media stream's number
 * @text: (out) (optional) (transfer none): what to tell a person, in plain English
 *
 * Reads what all of this library's messages have. Strings live as long as the message. Any thread.
 *
 * Returns: %FALSE, and nothing is set, if it is not one of them
 *
 * Since: 0.1
 */
gboolean
gst_zrtp_message_parse (GstMessage *message, const gchar **session_id, guint *stream, const gchar **text)
{
  const GstStructure *structure = peek_any (message);
  gint number = 0;

  if (structure == NULL)
    return FALSE;
  get_string (structure, "session-id", session_id);
  get_string (structure, "text", text);
  gst_structure_get_int (structure, "stream", &number);
  if (stream != NULL)
    *stream = number;
  return TRUE;
}

/**
 * gst_zrtp_message_parse_state:
 * @message: a #GstMessage
 * @old_state: (out) (optional): what the stream did before
 * @state: (out) (optional): what it does now
 * @security: (out) (optional): how far it may be trusted
 *
 * Reads a `zrtp-state` message. Any thread.
 *
 * Returns: %FALSE, and nothing is set, if it is not one
 *
 * Since: 0.1
 */
gboolean
gst_zrtp_message_parse_state (GstMessage *message, GstZrtpState *old_state, GstZrtpState *state,
    GstZrtpSecurity *security)
{
  const GstStructure *structure = peek (message, GST_ZRTP_MESSAGE_STATE);

  if (structure == NULL)
    return FALSE;
  if (old_state != NULL)
    *old_state = get_enum (structure, "old-state", GST_TYPE_ZRTP_STATE);
  if (state != NULL)
    *state = get_enum (structure, "state", GST_TYPE_ZRTP_STATE);
  if (security != NULL)
    *security = get_enum (structure, "security", GST_TYPE_ZRTP_SECURITY);
  return TRUE;
}

/**
 * gst_zrtp_message_parse_sas:
 * @message: a #GstMessage
 * @sas: (out) (optional) (transfer none): the short authentication string as it is shown to people
 * @sas_type: (out) (optional) (transfer none): its rendering, "B32" or "B256"
 * @security: (out) (optional): how far the call may be trusted
 * @verified: (out) (optional): whether the users have compared the string, now or in an earlier call
 *
 * Reads a `zrtp-sas` message; its other fields are in its structure. Strings live as long as the message. Any thread.
 *
 * Returns: %FALSE, and nothing is set, if it is not one
 *
 * Since: 0.1
 */
gboolean
gst_zrtp_message_parse_sas (GstMessage *message, const gchar **sas, const gchar **sas_type,
    GstZrtpSecurity *security, gboolean *verified)
{
  const GstStructure *structure = peek (message, GST_ZRTP_MESSAGE_SAS);
  gboolean flag = FALSE;

  if (structure == NULL)
    return FALSE;
  get_string (structure, "sas", sas);
  get_string (structure, "sas-type", sas_type);
  if (security != NULL)
    *security = get_enum (structure, "security", GST_TYPE_ZRTP_SECURITY);
  gst_structure_get_boolean (structure, "verified", &flag);
  if (verified != NULL)
    *verified = flag;
  return TRUE;
}

/**
 * gst_zrtp_message_parse_warning:
 * @message: a #GstMessage
 * @code: (out) (optional) (transfer none): a name for programs, such as "cache-mismatch"
 * @text: (out) (optional) (transfer none): what to tell a person, in plain English
 *
 * Reads a `zrtp-warning` message. Strings live as long as the message. Any thread.
 *
 * Returns: %FALSE, and nothing is set, if it is not one
 *
 * Since: 0.1
 */
gboolean
gst_zrtp_message_parse_warning (GstMessage *message, const gchar **code, const gchar **text)
{
  const GstStructure *structure = peek (message, GST_ZRTP_MESSAGE_WARNING);

  if (structure == NULL)
    return FALSE;
  get_string (structure, "code", code);
  get_string (structure, "text", text);
  return TRUE;
}

/**
 * gst_zrtp_message_parse_enrollment:
 * @message: a #GstMessage
 * @status: (out) (optional) (transfer none): "offered", "accepted", "present" or "removed"
 *
 * Reads a `zrtp-enrollment` message. Strings live as long as the message. Any thread.
 *
 * Returns: %FALSE, and nothing is set, if it is not one
 *
 * Since: 0.1
 */
gboolean
gst_zrtp_message_parse_enrollment (GstMessage *message, const gchar **status)
{
  const GstStructure *structure = peek (message, GST_ZRTP_MESSAGE_ENROLLMENT);

  if (structure == NULL)
    return FALSE;
  get_string (structure, "status", status);
  return TRUE;
}

/**
 * gst_zrtp_message_parse_signature:
 * @message: a #GstMessage
 * @sas_hash: (out) (optional) (transfer none): what the peer has signed, in hexadecimal
 * @signature: (out) (optional) (transfer none): type block and signature, in hexadecimal
 *
 * Reads a `zrtp-signature` message. Strings live as long as the message. Any thread.
 *
 * Returns: %FALSE, and nothing is set, if it is not one
 *
 * Since: 0.1
 */
gboolean
gst_zrtp_message_parse_signature (GstMessage *message, const gchar **sas_hash, const gchar **signature)
{
  const GstStructure *structure = peek (message, GST_ZRTP_MESSAGE_SIGNATURE);

  if (structure == NULL)
    return FALSE;
  get_string (structure, "sas-hash", sas_hash);
  get_string (structure, "signature", signature);
  return TRUE;
}

/**
 * gst_zrtp_message_parse_alert:
 * @message: a #GstMessage
 * @alert: (out) (optional) (transfer none): "secure", "verified", "no-peer", "error", "clear" or "mismatch"
 * @sounding: (out) (optional): %TRUE as the tones begin, %FALSE as they end
 *
 * Reads a `zrtp-alert` message of the element `zrtpalert`. Strings live as long as the message. Any thread.
 *
 * Returns: %FALSE, and nothing is set, if it is not one
 *
 * Since: 0.1
 */
gboolean
gst_zrtp_message_parse_alert (GstMessage *message, const gchar **alert, gboolean *sounding)
{
  const GstStructure *structure = peek (message, GST_ZRTP_MESSAGE_ALERT);

  if (structure == NULL)
    return FALSE;
  get_string (structure, "alert", alert);
  if (sounding != NULL) {
    *sounding = FALSE;
    gst_structure_get_boolean (structure, "sounding", sounding);
  }
  return TRUE;
}

/**
 * gst_zrtp_message_parse_error:
 * @message: a #GstMessage
 * @code: (out) (optional): the number of RFC 6189 section 5.9
 * @name: (out) (optional) (transfer none): its wording there
 * @remote: (out) (optional): whether the peer reported it
 *
 * Reads a `zrtp-error` message. Strings live as long as the message. Any thread.
 *
 * Returns: %FALSE, and nothing is set, if it is not one
 *
 * Since: 0.1
 */
gboolean
gst_zrtp_message_parse_error (GstMessage *message, guint *code, const gchar **name, gboolean *remote)
{
  const GstStructure *structure = peek (message, GST_ZRTP_MESSAGE_ERROR);
  gint number = 0;

  if (structure == NULL)
    return FALSE;
  gst_structure_get_int (structure, "code", &number);
  if (code != NULL)
    *code = number;
  get_string (structure, "name", name);
  if (remote != NULL)
    *remote = g_strcmp0 (gst_structure_get_string (structure, "origin"), "remote") == 0;
  return TRUE;
}
