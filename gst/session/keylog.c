/* keylog.c: the file into which the SRTP keys of calls go, for those who look for faults in captured packets.
 *
 * Only where the application says so, and only if the peer is told by the disclosure flag of every Confirm: so whether there is
 * a log is settled when the engine of a run is made, before its first Confirm (Z-11-5).
 *
 * A line for each key, fields separated by spaces:
 *
 *   time (UTC), session, stream, direction (send, receive), SSRC, crypto suite (RFC 4568, 6188, 7714), master key and salt
 *   as "inline:" and base64 (RFC 4568), and the same as caps for srtpdec; "-" where it does not know the suite
 *
 * The SSRC is the one that ZRTP's packets bear; the key is good for all of the direction.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/session/session-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MASTER_MAX (ZRTP_CIPHER_MAX_KEY_LEN + ZRTP_SALT_MAX_LEN)
#define LINE_ROOM 1024          /* for all but the session's id */

static const gchar header[]
    = "# Key log of gst-zrtp. Who has this file can decrypt the calls.\n"
      "# time session stream direction ssrc suite inline:key-and-salt caps-for-srtpdec\n";

typedef struct
{
  guint key_len, tag_len;
  gboolean aead;
  const gchar *suite, *cipher, *auth;   /* cipher, auth: srtpdec's names, or NULL */
} Suite;

static const Suite suites[] = {
  { 16, 10, FALSE, "AES_CM_128_HMAC_SHA1_80", "aes-128-icm", "hmac-sha1-80" },
  { 16, 4, FALSE, "AES_CM_128_HMAC_SHA1_32", "aes-128-icm", "hmac-sha1-32" },
  { 24, 10, FALSE, "AES_192_CM_HMAC_SHA1_80", NULL, NULL },
  { 24, 4, FALSE, "AES_192_CM_HMAC_SHA1_32", NULL, NULL },
  { 32, 10, FALSE, "AES_256_CM_HMAC_SHA1_80", "aes-256-icm", "hmac-sha1-80" },
  { 32, 4, FALSE, "AES_256_CM_HMAC_SHA1_32", "aes-256-icm", "hmac-sha1-32" },
  { 16, 16, TRUE, "AEAD_AES_128_GCM", "aes-128-gcm", "null" },
  { 32, 16, TRUE, "AEAD_AES_256_GCM", "aes-256-gcm", "null" },
};

static gboolean
write_all (gint fd, const gchar *data, gsize len)
{
  while (len > 0) {
    gssize n = write (fd, data, len);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return FALSE;
    data += n;
    len -= n;
  }
  return TRUE;
}

/* Why an open file is none to write keys to; NULL if it is one. */
static const gchar *
find_fault (gint fd, struct stat *status)
{
  if (fstat (fd, status) != 0)
    return g_strerror (errno);
  if (!S_ISREG (status->st_mode))
    return "it is not a regular file";
  if (status->st_uid != geteuid ())
    return "it belongs to another user";
  if ((status->st_mode & 077) != 0)
    return "others may read or write it (chmod 600)";
  /* In a folder for all, another user can have made one of any file. */
  if (status->st_nlink != 1)
    return "it is a hard link";
  return NULL;
}

gboolean
gst_zrtp_keylog_open (GstZrtpKeylog *self, const gchar *path)
{
  const gchar *fault;
  struct stat status;
  gint fd;

  gst_zrtp_keylog_close (self);
  if (path == NULL)
    return FALSE;
  self->path = g_strdup (path);
  fd = open (path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
  if (fd < 0)
    fault = errno == ELOOP ? "it is a symbolic link" : g_strerror (errno);
  else
    fault = find_fault (fd, &status);
  if (fault == NULL && status.st_size == 0 && !write_all (fd, header, sizeof header - 1))
    fault = g_strerror (errno);
  if (fault == NULL) {
    self->fd = fd;
    self->open = TRUE;
    return TRUE;
  }
  if (fd >= 0)
    close (fd);
  self->trouble = fault;
  return FALSE;
}

void
gst_zrtp_keylog_close (GstZrtpKeylog *self)
{
  if (self->open)
    close (self->fd);
  g_free (self->path);
  memset (self, 0, sizeof *self);
}

static void
tell_trouble (GstZrtpStep *step, guint stream, const gchar *path, const gchar *why)
{
  gchar *text = g_strdup_printf ("The key log cannot be written, so there is none: %s: %s. Set keylog to a file that you alone "
                                 "may read, or to one that does not exist, and start the call anew.", path, why);

  gst_zrtp_step_add_message (step, stream, gst_zrtp_message_new_warning (step->session, stream, "keylog-unwritable", text));
  g_free (text);
}

void
gst_zrtp_keylog_tell (GstZrtpStep *step, guint stream)
{
  GstZrtpKeylog *self = &step->session->keylog;
  gchar *text;

  if (self->path == NULL || self->told)
    return;
  self->told = TRUE;
  if (!self->open) {
    tell_trouble (step, stream, self->path, self->trouble);
    return;
  }
  text = g_strdup_printf ("The keys of this call are written to %s: who has that file can decrypt the call. The other side is "
                          "told that keys are disclosed. Unset keylog unless you look for a fault.", self->path);
  gst_zrtp_step_add_message (step, stream, gst_zrtp_message_new_warning (step->session, stream, "keylog", text));
  g_free (text);
}

static const Suite *
find_suite (const ZrtpSrtpKeys *keys)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (suites); i++) {
    if (suites[i].key_len == keys->key_len && suites[i].tag_len == keys->tag_len && suites[i].aead == keys->aead)
      return &suites[i];
  }
  return NULL;
}

/* The fields with the key, in at most LINE_ROOM / 2 octets. */
static void
print_key (gchar *text, gsize size, const ZrtpSrtpKeys *keys, const Suite *suite, guint32 ssrc)
{
  static const gchar digits[] = "0123456789abcdef";
  guint8 master[MASTER_MAX];
  gchar base64[(MASTER_MAX + 2) / 3 * 4 + 8], hex[2 * MASTER_MAX + 1];
  gsize len = keys->key_len + keys->salt_len, used, i;
  gint state = 0, save = 0;

  memcpy (master, keys->key, keys->key_len);
  memcpy (master + keys->key_len, keys->salt, keys->salt_len);
  used = g_base64_encode_step (master, len, FALSE, base64, &state, &save);
  used += g_base64_encode_close (FALSE, base64 + used, &state, &save);
  base64[used] = '\0';
  for (i = 0; i < len; i++) {
    hex[2 * i] = digits[master[i] >> 4];
    hex[2 * i + 1] = digits[master[i] & 15];
  }
  hex[2 * len] = '\0';
  if (suite->cipher == NULL)
    g_snprintf (text, size, "inline:%s -", base64);
  else
    g_snprintf (text, size, "inline:%s application/x-srtp,ssrc=(uint)%u,srtp-key=(buffer)%s,srtp-cipher=(string)%s,"
        "srtp-auth=(string)%s,srtcp-cipher=(string)%s,srtcp-auth=(string)%s,roc=(uint)0",
        base64, ssrc, hex, suite->cipher, suite->auth, suite->cipher, keys->aead ? "null" : "hmac-sha1-80");
  zrtp_wipe (master, sizeof master);
  zrtp_wipe (base64, sizeof base64);
  zrtp_wipe (&save, sizeof save);       /* the last octets that were encoded */
  zrtp_wipe (hex, sizeof hex);
}

/* FALSE, errno set: it was not written. */
static gboolean
write_line (GstZrtpKeylog *self, GstZrtpMedia *media, ZrtpDirection direction, const ZrtpSrtpKeys *keys, const Suite *suite)
{
  gboolean send = direction == ZRTP_DIRECTION_SEND;
  guint32 ssrc = send ? media->ssrc : media->peer_ssrc;
  GDateTime *now = g_date_time_new_now_utc ();
  gchar *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  gchar *id = g_strescape (gst_zrtp_session_get_id (media->session), NULL);
  gsize room = strlen (id) + LINE_ROOM;
  gchar *line = g_malloc (room);
  gchar key[LINE_ROOM / 2];
  gboolean written;
  gint why;

  print_key (key, sizeof key, keys, suite, ssrc);
  g_snprintf (line, room, "%s \"%s\" %u %s 0x%08x %s %s\n", time, id, media->stream, send ? "send" : "receive", ssrc,
      suite->suite, key);
  written = write_all (self->fd, line, strlen (line));
  why = errno;
  zrtp_wipe (key, sizeof key);
  zrtp_wipe (line, room);
  g_free (line);
  g_free (id);
  g_free (time);
  g_date_time_unref (now);
  errno = why;
  return written;
}

void
gst_zrtp_keylog_write (GstZrtpStep *step, GstZrtpMedia *media, ZrtpDirection direction, const ZrtpSrtpKeys *keys)
{
  GstZrtpKeylog *self = &step->session->keylog;
  const Suite *suite = find_suite (keys);
  gboolean wanted;

  /* Who has unset it meanwhile wants no more of it. */
  GST_OBJECT_LOCK (step->session);
  wanted = g_strcmp0 (step->session->settings.keylog, self->path) == 0;
  GST_OBJECT_UNLOCK (step->session);
  if (!self->open || !wanted || suite == NULL)
    return;
  if (!write_line (self, media, direction, keys, suite)) {
    tell_trouble (step, media->stream, self->path, g_strerror (errno));
    close (self->fd);
    self->open = FALSE;
  }
}
