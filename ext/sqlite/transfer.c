/* transfer.c: a cache as text, out and in.
 *
 *     gst-zrtp-cache 1
 *     own-zid 0123456789abcdef01234567
 *
 *     peer 0123456789abcdef01234567 89abcdef0123456789abcdef      (own ZID, peer's ZID)
 *     name Alice
 *     verified yes
 *     confirmed no
 *     first-use 2026-01-31T12:00:00Z
 *     last-use 2026-02-01T12:00:00Z
 *     rs1 (64 hexadecimal digits) never
 *     rs2 (64 hexadecimal digits) 2026-03-01T12:00:00Z
 *     pbxsecret (64 hexadecimal digits)
 *
 * Lines of a peer may be left out and come in any order; empty lines and lines that begin with # are skipped.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <sys/stat.h>

#include "ext/sqlite/cache_private.h"

#define FIRST_KEY "gst-zrtp-cache"
#define FIRST_VALUE "1"
#define FIRST_LINE FIRST_KEY " " FIRST_VALUE
/* Octets of a peer's text at most: the text is written into one piece of memory, for one that grows leaves
 * copies of secrets. */
#define PEER_TEXT_LEN 1024
#define IMPORT_MAX_LEN (64 * 1024 * 1024)

/* ---- Out ---- */

static void
append_hex (GString *text, const guint8 *octets, gsize len)
{
  for (gsize i = 0; i < len; i++) {
    g_string_append_c (text, "0123456789abcdef"[octets[i] >> 4]);
    g_string_append_c (text, "0123456789abcdef"[octets[i] & 15]);
  }
}

static void
append_time (GString *text, const gchar *key, gint64 time)
{
  GDateTime *date = time == ZRTP_CACHE_DB_NEVER ? NULL : g_date_time_new_from_unix_utc (time);
  gchar *iso = date != NULL ? g_date_time_format_iso8601 (date) : NULL;

  g_string_append_printf (text, "%s %s\n", key, iso != NULL ? iso : "never");
  g_free (iso);
  g_clear_pointer (&date, g_date_time_unref);
}

static void
append_secret (GString *text, const gchar *key, const guint8 *secret)
{
  g_string_append_printf (text, "%s ", key);
  append_hex (text, secret, ZRTP_RETAINED_LEN);
}

static void
append_name (GString *text, const gchar *name)
{
  gchar exceptions[129];
  gchar *escaped;

  for (guint i = 0; i < 128; i++)
    exceptions[i] = (gchar) (128 + i);
  exceptions[128] = '\0';
  escaped = g_strescape (name, exceptions);
  g_string_append_printf (text, "name %s\n", escaped);
  g_free (escaped);
}

static void
append_peer (GString *text, const ZrtpCacheDbRow *row, gboolean with_secrets)
{
  const ZrtpCacheEntry *entry = &row->entry;

  g_string_append (text, "\npeer ");
  append_hex (text, row->local_zid, ZRTP_ZID_LEN);
  g_string_append_c (text, ' ');
  append_hex (text, row->peer_zid, ZRTP_ZID_LEN);
  g_string_append_c (text, '\n');
  if (entry->name[0] != '\0')
    append_name (text, entry->name);
  g_string_append_printf (text, "verified %s\n", entry->verified ? "yes" : "no");
  g_string_append_printf (text, "confirmed %s\n", entry->rs1_confirmed ? "yes" : "no");
  append_time (text, "first-use", row->first_use);
  append_time (text, "last-use", row->last_use);
  if (!with_secrets)
    return;
  if (entry->has_rs1) {
    append_secret (text, "rs1", entry->rs1);
    append_time (text, "", row->rs1_expiry);
  }
  if (entry->has_rs2) {
    append_secret (text, "rs2", entry->rs2);
    append_time (text, "", row->rs2_expiry);
  }
  if (entry->has_pbxsecret) {
    append_secret (text, "pbxsecret", entry->pbxsecret);
    g_string_append_c (text, '\n');
  }
}

/* All of the cache as it is at one instant. */
static GArray *
read_all (ZrtpCacheDb *self, ZrtpCacheDbFile *file, GError **error)
{
  ZrtpCacheDbConnection *reader = &self->reader;
  GArray *rows = NULL;

  g_mutex_lock (&reader->lock);
  if (zrtp_cache_db_execute (reader, "BEGIN", error)) {
    if (zrtp_cache_db_read_file (reader, file, error) == ZRTP_CACHE_DB_FOUND)
      rows = zrtp_cache_db_read_peers (reader, error);
    zrtp_cache_db_execute (reader, "ROLLBACK", NULL);
  }
  g_mutex_unlock (&reader->lock);
  return rows;
}

/**
 * zrtp_sqlite_cache_to_text:
 * @cache: a cache
 * @with_secrets: whether the secrets go into the text too: who reads them can pass for the peer
 * @len: (out): length of the text in bytes
 * @error: a #GError of #ZRTP_CACHE_DB_ERROR
 *
 * The cache as text. May be called from any thread.
 *
 * Returns: (transfer full) (nullable): the text; wipe it before g_free() if it has secrets
 */
gchar *
zrtp_sqlite_cache_to_text (ZrtpCache *cache, gboolean with_secrets, gsize *len, GError **error)
{
  ZrtpCacheDb *self = (ZrtpCacheDb *) cache;
  ZrtpCacheDbFile file;
  GString *text;
  GArray *rows;
  gint64 now;

  if (!zrtp_cache_db_usable (self, error))
    return NULL;
  rows = read_all (self, &file, error);
  if (rows == NULL)
    return NULL;
  now = self->now (self->now_data);
  text = g_string_sized_new ((rows->len + 1) * PEER_TEXT_LEN);
  g_string_append (text, FIRST_LINE "\n");
  if (file.has_zid) {
    g_string_append (text, "own-zid ");
    append_hex (text, file.zid, ZRTP_ZID_LEN);
    g_string_append_c (text, '\n');
  }
  for (guint i = 0; i < rows->len; i++) {
    ZrtpCacheDbRow *row = &g_array_index (rows, ZrtpCacheDbRow, i);

    zrtp_cache_db_expire (row, now);
    if (!zrtp_cache_db_is_empty (row))
      append_peer (text, row, with_secrets);
  }
  g_array_unref (rows);
  *len = text->len;
  return g_string_free (text, FALSE);
}

/**
 * zrtp_sqlite_cache_export:
 * @cache: a cache
 * @path: a file that does not exist yet
 * @with_secrets: whether the secrets go into the file too
 * @error: a #GError of #ZRTP_CACHE_DB_ERROR
 *
 * Writes the cache as text, mode 0600. Putting an old export back puts this side behind its peers, who will
 * be warned of a mismatch (Z-4.9-14). May be called from any thread.
 *
 * Returns: whether that was done; if not, there is no file
 */
gboolean
zrtp_sqlite_cache_export (ZrtpCache *cache, const gchar *path, gboolean with_secrets, GError **error)
{
  gsize len;
  gchar *text = zrtp_sqlite_cache_to_text (cache, with_secrets, &len, error);
  gboolean good;

  if (text == NULL)
    return FALSE;
  good = zrtp_cache_db_write_private (path, text, len, error);
  zrtp_wipe (text, len);
  g_free (text);
  return good;
}

/* ---- In: lines to rows ---- */

typedef struct
{
  const gchar *at, *end;
  guint line_number;
  const gchar *key, *value;     /* of the current line, not terminated */
  gsize key_len, value_len;
  gboolean have_zid;
  guint8 zid[ZRTP_ZID_LEN];
  GPtrArray *rows;              /* of ZrtpCacheDbRow */
} Parser;

static void
free_row (gpointer row)
{
  zrtp_wipe (row, sizeof (ZrtpCacheDbRow));
  g_free (row);
}

/* FALSE at the end of the text. */
static gboolean
next_line (Parser *self)
{
  while (self->at < self->end) {
    const gchar *newline = memchr (self->at, '\n', self->end - self->at);
    const gchar *line = self->at, *line_end = newline != NULL ? newline : self->end;
    const gchar *space;

    self->at = newline != NULL ? newline + 1 : self->end;
    self->line_number++;
    if (line_end > line && line_end[-1] == '\r')
      line_end--;
    if (line == line_end || *line == '#')
      continue;
    space = memchr (line, ' ', line_end - line);
    self->key = line;
    self->key_len = (space != NULL ? space : line_end) - line;
    self->value = space != NULL ? space + 1 : line_end;
    self->value_len = line_end - self->value;
    return TRUE;
  }
  return FALSE;
}

static gboolean
key_is (const Parser *self, const gchar *key)
{
  return self->key_len == strlen (key) && memcmp (self->key, key, self->key_len) == 0;
}

/* Takes 2 * len hexadecimal digits from the beginning of the value, and the space after them. */
static gboolean
take_hex (Parser *self, guint8 *out, gsize len)
{
  if (self->value_len < 2 * len)
    return FALSE;
  for (gsize i = 0; i < len; i++) {
    gint high = g_ascii_xdigit_value (self->value[2 * i]), low = g_ascii_xdigit_value (self->value[2 * i + 1]);

    if (high < 0 || low < 0)
      return FALSE;
    out[i] = high << 4 | low;
  }
  self->value += 2 * len;
  self->value_len -= 2 * len;
  if (self->value_len == 0)
    return TRUE;
  if (*self->value != ' ')
    return FALSE;
  self->value++;
  self->value_len--;
  return TRUE;
}

static gboolean
take_time (const Parser *self, gint64 *time)
{
  gchar text[40];
  GDateTime *date;

  if (self->value_len >= sizeof text || memchr (self->value, '\0', self->value_len) != NULL)
    return FALSE;
  memcpy (text, self->value, self->value_len);
  text[self->value_len] = '\0';
  if (strcmp (text, "never") == 0) {
    *time = ZRTP_CACHE_DB_NEVER;
    return TRUE;
  }
  /* Not local times, which mean something else on another machine. */
  if (!g_str_has_suffix (text, "Z") || (date = g_date_time_new_from_iso8601 (text, NULL)) == NULL)
    return FALSE;
  *time = g_date_time_to_unix (date);
  g_date_time_unref (date);
  return TRUE;
}

static gboolean
take_flag (const Parser *self, gboolean *flag)
{
  *flag = self->value_len == 3 && memcmp (self->value, "yes", 3) == 0;
  return *flag || (self->value_len == 2 && memcmp (self->value, "no", 2) == 0);
}

static gboolean
parse_name (const Parser *self, gchar name[64])
{
  gchar *escaped, *text;
  gsize backslashes = 0;
  gboolean good;

  while (backslashes < self->value_len && self->value[self->value_len - 1 - backslashes] == '\\')
    backslashes++;
  /* One that escapes nothing. */
  if (backslashes % 2 == 1 || memchr (self->value, '\0', self->value_len) != NULL)
    return FALSE;
  escaped = g_strndup (self->value, self->value_len);
  text = g_strcompress (escaped);
  good = strlen (text) <= 63 && g_utf8_validate (text, -1, NULL);
  if (good)
    zrtp_cache_db_copy_name (name, text, -1);
  g_free (text);
  g_free (escaped);
  return good;
}

/* "rs1 SECRET EXPIRY" */
static gboolean
take_retained (Parser *self, gboolean *present, guint8 *secret, gint64 *expiry)
{
  gboolean first = !*present;

  *present = TRUE;
  return first && take_hex (self, secret, ZRTP_RETAINED_LEN) && take_time (self, expiry);
}

static gboolean
take_peer_line (Parser *self, ZrtpCacheDbRow *row)
{
  ZrtpCacheEntry *entry = &row->entry;

  if (key_is (self, "name"))
    return parse_name (self, entry->name);
  if (key_is (self, "verified"))
    return take_flag (self, &entry->verified);
  if (key_is (self, "confirmed"))
    return take_flag (self, &entry->rs1_confirmed);
  if (key_is (self, "first-use"))
    return take_time (self, &row->first_use) && row->first_use != ZRTP_CACHE_DB_NEVER;
  if (key_is (self, "last-use"))
    return take_time (self, &row->last_use) && row->last_use != ZRTP_CACHE_DB_NEVER;
  if (key_is (self, "rs1"))
    return take_retained (self, &entry->has_rs1, entry->rs1, &row->rs1_expiry);
  if (key_is (self, "rs2"))
    return take_retained (self, &entry->has_rs2, entry->rs2, &row->rs2_expiry);
  if (key_is (self, "pbxsecret") && !entry->has_pbxsecret) {
    entry->has_pbxsecret = TRUE;
    return take_hex (self, entry->pbxsecret, ZRTP_RETAINED_LEN) && self->value_len == 0;
  }
  return FALSE;
}

static gboolean
take_line (Parser *self)
{
  ZrtpCacheDbRow *row;

  if (key_is (self, "own-zid")) {
    gboolean first = !self->have_zid && self->rows->len == 0;

    self->have_zid = TRUE;
    return first && take_hex (self, self->zid, ZRTP_ZID_LEN) && self->value_len == 0;
  }
  if (key_is (self, "peer")) {
    row = g_new0 (ZrtpCacheDbRow, 1);
    g_ptr_array_add (self->rows, row);
    return take_hex (self, row->local_zid, ZRTP_ZID_LEN) && take_hex (self, row->peer_zid, ZRTP_ZID_LEN)
        && self->value_len == 0;
  }
  return self->rows->len > 0 && take_peer_line (self, self->rows->pdata[self->rows->len - 1]);
}

static gint
compare_rows (gconstpointer a, gconstpointer b)
{
  const ZrtpCacheDbRow *one = *(ZrtpCacheDbRow *const *) a, *two = *(ZrtpCacheDbRow *const *) b;
  gint order = memcmp (one->local_zid, two->local_zid, ZRTP_ZID_LEN);

  return order != 0 ? order : memcmp (one->peer_zid, two->peer_zid, ZRTP_ZID_LEN);
}

static gboolean
parse (Parser *self, const gchar *text, gsize len, GError **error)
{
  gboolean good;

  self->at = text;
  self->end = text + len;
  self->rows = g_ptr_array_new_with_free_func (free_row);
  good = next_line (self) && key_is (self, FIRST_KEY) && self->value_len == 1 && *self->value == FIRST_VALUE[0];
  if (!good) {
    g_set_error (error, ZRTP_CACHE_DB_ERROR, ZRTP_CACHE_DB_ERROR_INVALID, "This is not an export of a cache: "
        "its first line is not \"" FIRST_LINE "\"");
    return FALSE;
  }
  while (good && next_line (self))
    good = take_line (self);
  if (!good) {
    /* Not the line itself: it may hold a secret. */
    g_set_error (error, ZRTP_CACHE_DB_ERROR, ZRTP_CACHE_DB_ERROR_INVALID, "Line %u is not one of an export "
        "of a cache, or not in its place; nothing was taken", self->line_number);
    return FALSE;
  }
  g_ptr_array_sort (self->rows, compare_rows);
  for (guint i = 1; i < self->rows->len; i++)
    if (compare_rows (&self->rows->pdata[i - 1], &self->rows->pdata[i]) == 0) {
      g_set_error (error, ZRTP_CACHE_DB_ERROR, ZRTP_CACHE_DB_ERROR_INVALID,
          "A peer is there twice; nothing was taken");
      return FALSE;
    }
  return TRUE;
}

/* ---- In: rows to the file ---- */

static gboolean
take_over_zid (ZrtpCacheDb *self, const Parser *parser, gboolean replace, GError **error)
{
  ZrtpCacheDbFile file;

  if (!parser->have_zid)
    return TRUE;
  if (zrtp_cache_db_read_file (&self->writer, &file, error) != ZRTP_CACHE_DB_FOUND)
    return FALSE;
  if (file.has_zid && memcmp (file.zid, parser->zid, ZRTP_ZID_LEN) == 0)
    return TRUE;
  if (file.has_zid && !replace) {
    zrtp_cache_db_fail (error, self->path, ZRTP_CACHE_DB_ERROR_INVALID, "has a ZID of its own already, and "
        "its peers know it by that; nothing was taken. Import into a new file, or replace the ZID too");
    return FALSE;
  }
  file.has_zid = TRUE;
  memcpy (file.zid, parser->zid, ZRTP_ZID_LEN);
  return zrtp_cache_db_write_file (&self->writer, &file, error);
}

/* The newer of two entries stays: an older one would be a mismatch at the next call. One without secrets,
 * from an export without, brings no more than a name. */
static gboolean
merge_row (ZrtpCacheDb *self, ZrtpCacheDbRow *row, gboolean replace, gboolean *taken, GError **error)
{
  ZrtpCacheDbRow before;
  ZrtpCacheDbResult result =
      zrtp_cache_db_read_peer (&self->writer, row->local_zid, row->peer_zid, &before, error);
  gboolean bare = !row->entry.has_rs1 && !row->entry.has_rs2 && !row->entry.has_pbxsecret;
  gboolean good = result != ZRTP_CACHE_DB_FAILED;

  *taken = FALSE;
  if (good && result == ZRTP_CACHE_DB_FOUND && bare) {
    if (row->entry.name[0] != '\0' && (replace || before.entry.name[0] == '\0')) {
      *taken = TRUE;
      zrtp_cache_db_copy_name (before.entry.name, row->entry.name, -1);
      good = zrtp_cache_db_write_peer (&self->writer, &before, error);
    }
  } else if (good && (result == ZRTP_CACHE_DB_ABSENT || replace || row->last_use > before.last_use)) {
    if (!row->entry.has_rs1)
      row->entry.verified = row->entry.rs1_confirmed = FALSE;
    if (!zrtp_cache_db_is_empty (row)) {
      *taken = TRUE;
      good = zrtp_cache_db_write_peer (&self->writer, row, error);
    }
  }
  zrtp_wipe (&before, sizeof before);
  return good;
}

/**
 * zrtp_sqlite_cache_from_text:
 * @cache: a cache
 * @text: what zrtp_sqlite_cache_to_text() has made
 * @len: its length in bytes
 * @replace: whether it wins over what the cache holds, even if that is newer, and over the cache's own ZID
 * @n_taken: (out) (optional): how many peers were taken
 * @n_kept: (out) (optional): how many were not, as the cache holds the same or newer ones
 * @error: a #GError of #ZRTP_CACHE_DB_ERROR; #ZRTP_CACHE_DB_ERROR_INVALID if @text is not of that kind
 *
 * Takes all of the text or nothing. May be called from any thread.
 *
 * Returns: whether it was taken
 */
gboolean
zrtp_sqlite_cache_from_text (ZrtpCache *cache, const gchar *text, gsize len, gboolean replace, guint *n_taken,
    guint *n_kept, GError **error)
{
  ZrtpCacheDb *self = (ZrtpCacheDb *) cache;
  Parser parser = { .at = NULL };
  guint taken = 0;
  gboolean good = FALSE;
  gint64 now;

  if (zrtp_cache_db_usable (self, error) && parse (&parser, text, len, error)) {
    good = zrtp_cache_db_begin (self, &now, error) && take_over_zid (self, &parser, replace, error);
    for (guint i = 0; good && i < parser.rows->len; i++) {
      gboolean this_taken;

      good = merge_row (self, parser.rows->pdata[i], replace, &this_taken, error);
      taken += this_taken;
    }
    good = zrtp_cache_db_end (self, good, error);
  }
  if (good && n_taken != NULL)
    *n_taken = taken;
  if (good && n_kept != NULL)
    *n_kept = parser.rows->len - taken;
  if (parser.rows != NULL)
    g_ptr_array_unref (parser.rows);
  return good;
}

/**
 * zrtp_sqlite_cache_import:
 * @cache: a cache
 * @path: a file made by zrtp_sqlite_cache_export()
 * @replace: as for zrtp_sqlite_cache_from_text()
 * @n_taken: (out) (optional): how many peers were taken
 * @n_kept: (out) (optional): how many were not
 * @error: a #GError of #ZRTP_CACHE_DB_ERROR
 *
 * May be called from any thread.
 *
 * Returns: whether the file was taken
 */
gboolean
zrtp_sqlite_cache_import (ZrtpCache *cache, const gchar *path, gboolean replace, guint *n_taken, guint *n_kept,
    GError **error)
{
  ZrtpCacheDb *self = (ZrtpCacheDb *) cache;
  GError *reason = NULL;
  struct stat status;
  gchar *text = NULL;
  gsize len;
  gboolean good;

  /* Reading the database itself, and closing it, would drop this process's locks on it. */
  if (stat (path, &status) == 0 && ((status.st_dev == self->device && status.st_ino == self->inode)
          || !S_ISREG (status.st_mode) || status.st_size > IMPORT_MAX_LEN)) {
    zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_INVALID, "is not an export of a cache");
    return FALSE;
  }
  if (!g_file_get_contents (path, &text, &len, &reason)) {
    zrtp_cache_db_fail (error, path, ZRTP_CACHE_DB_ERROR_UNREADABLE, "cannot be read (%s)", reason->message);
    g_error_free (reason);
    return FALSE;
  }
  good = zrtp_sqlite_cache_from_text (cache, text, len, replace, n_taken, n_kept, error);
  if (!good)
    g_prefix_error (error, "%s: ", path);
  zrtp_wipe (text, len);
  g_free (text);
  return good;
}
