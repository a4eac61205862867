/* zrtp-top-view.c: where the sessions of programs stand, as a table for people and as JSON for scripts.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gst/tools/zrtp-top.h"
#include "gst/tools/printable.h"

#include <string.h>

/* ---- Reading a status ---- */

static const gchar *
get_string (GVariant *dict, const gchar *field)
{
  const gchar *text = "";

  /* Lives as long as the status, which is of one piece. */
  g_variant_lookup (dict, field, "&s", &text);
  return text;
}

static guint64
get_uint64 (GVariant *dict, const gchar *field)
{
  guint64 value = 0;

  g_variant_lookup (dict, field, "t", &value);
  return value;
}

static guint64
sum_of (GVariant *dict, const gchar *const *fields)
{
  guint64 sum = 0;

  for (; *fields != NULL; fields++)
    sum += get_uint64 (dict, *fields);
  return sum;
}

/* A list of dictionaries; NULL if there is none. */
static GVariant *
get_list (GVariant *dict, const gchar *field)
{
  return g_variant_lookup_value (dict, field, G_VARIANT_TYPE ("av"));
}

/* The dictionary at a place of a list; NULL if it is something else. */
static GVariant *
get_item (GVariant *list, gsize i)
{
  GVariant *boxed = g_variant_get_child_value (list, i), *item = g_variant_get_variant (boxed);

  g_variant_unref (boxed);
  if (!g_variant_is_of_type (item, G_VARIANT_TYPE_VARDICT))
    g_clear_pointer (&item, g_variant_unref);
  return item;
}

/* ---- A stream as a row ---- */

enum
{
  CALL, STREAM, STATE, SECURITY, SAS, ALGORITHMS, OUT_PACKETS, OUT_RATE, IN_PACKETS, IN_RATE, DROPPED, HELD, SINCE, PEER,
  N_COLUMNS
};

static const struct
{
  const gchar *title;
  gboolean right;               /* aligned */
} columns[N_COLUMNS] = {
  [CALL] = { "CALL", FALSE }, [STREAM] = { "STREAM", TRUE }, [STATE] = { "STATE", FALSE },
  [SECURITY] = { "SECURITY", FALSE }, [SAS] = { "COMPARE", FALSE }, [ALGORITHMS] = { "ALGORITHMS", FALSE },
  [OUT_PACKETS] = { "OUT/s", TRUE }, [OUT_RATE] = { "kbit/s", TRUE }, [IN_PACKETS] = { "IN/s", TRUE },
  [IN_RATE] = { "kbit/s", TRUE }, [DROPPED] = { "DROPPED", TRUE }, [HELD] = { "HELD", TRUE },
  [SINCE] = { "SECURE", TRUE }, [PEER] = { "PEER", FALSE },
};

typedef struct
{
  gchar *cells[N_COLUMNS];
  const gchar *colour;          /* of the cell SECURITY */
} Row;

static void
row_free (gpointer data)
{
  Row *row = data;
  guint i;

  for (i = 0; i < N_COLUMNS; i++)
    g_free (row->cells[i]);
  g_free (row);
}

static const gchar *
colour_of (const gchar *security)
{
  static const struct
  {
    const gchar *security, *colour;
  } colours[] = { { "insecure", "\033[1;31m" }, { "unverified", "\033[33m" }, { "verified", "\033[32m" },
    { "verified-signalled", "\033[1;32m" } };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (colours); i++) {
    if (strcmp (colours[i].security, security) == 0)
      return colours[i].colour;
  }
  return "\033[2m";
}

static gchar *
format_rate (guint64 now, guint64 before, gdouble seconds, gdouble unit)
{
  return now < before || seconds <= 0 ? g_strdup ("-") : g_strdup_printf ("%.*f", unit > 1 ? 1 : 0, (now - before) / seconds / unit);
}

/* Since the picture before. */
static void
fill_rates (Row *row, GVariant *stream, guint64 time, const gchar *key, GHashTable *readings)
{
  static const gchar *const sent[] = { "sent-clear", "sent-encrypted", NULL };
  static const gchar *const sent_bytes[] = { "sent-clear-bytes", "sent-encrypted-bytes", NULL };
  static const gchar *const received[] = { "received-clear", "received-decrypted", NULL };
  static const gchar *const received_bytes[] = { "received-clear-bytes", "received-decrypted-bytes", NULL };
  Reading *now = g_new (Reading, 1), *before = g_hash_table_lookup (readings, key);
  gdouble seconds;

  *now = (Reading) { time, sum_of (stream, sent), sum_of (stream, sent_bytes), sum_of (stream, received),
    sum_of (stream, received_bytes), TRUE };
  seconds = before != NULL && time > before->time ? (time - before->time) / 1e9 : 0;
  if (before == NULL)
    before = now;
  row->cells[OUT_PACKETS] = format_rate (now->sent, before->sent, seconds, 1);
  row->cells[OUT_RATE] = format_rate (now->sent_bytes, before->sent_bytes, seconds, 125);
  row->cells[IN_PACKETS] = format_rate (now->received, before->received, seconds, 1);
  row->cells[IN_RATE] = format_rate (now->received_bytes, before->received_bytes, seconds, 125);
  g_hash_table_replace (readings, g_strdup (key), now);
}

static gchar *
format_time (guint64 nanoseconds)
{
  guint64 seconds = nanoseconds / G_GUINT64_CONSTANT (1000000000);

  return g_strdup_printf ("%" G_GUINT64_FORMAT ":%02u:%02u", seconds / 3600, (guint) (seconds / 60 % 60), (guint) (seconds % 60));
}

static gchar *
make_algorithms (GVariant *stream)
{
  gchar *names = g_strjoin (" ", get_string (stream, "key-agreement"), get_string (stream, "hash"), get_string (stream, "cipher"),
      get_string (stream, "auth-tag"), NULL), *text = zrtp_tool_printable (names);

  g_free (names);
  return text;
}

static Row *
make_row (GVariant *session, GVariant *stream, guint64 time, const gchar *key, GHashTable *readings)
{
  static const gchar *const dropped[] = { "receive-forged", "receive-replayed", "receive-malformed", "receive-foreign",
    "receive-failed", "send-malformed", "send-replayed", "send-failed", "zrtp-dropped-crc", "zrtp-dropped-malformed",
    "zrtp-dropped-chain", "zrtp-dropped-mac", "zrtp-dropped-hello-hash", "zrtp-dropped-overflow", NULL };
  static const gchar *const held[] = { "send-held", "receive-held", NULL };
  Row *row = g_new0 (Row, 1);
  const gchar *security = get_string (stream, "security"), *name = get_string (session, "peer-name");
  gboolean secure = strcmp (get_string (stream, "state"), "secure") == 0;
  gint number = 0;

  g_variant_lookup (stream, "stream", "i", &number);
  row->cells[CALL] = zrtp_tool_printable (get_string (session, "session-id"));
  row->cells[STREAM] = g_strdup_printf ("%d", number);
  row->cells[STATE] = zrtp_tool_printable (get_string (stream, "state"));
  row->cells[SECURITY] = zrtp_tool_printable (security);
  row->colour = colour_of (security);
  row->cells[SAS] = zrtp_tool_printable (secure ? get_string (session, "sas") : "");
  row->cells[ALGORITHMS] = secure ? make_algorithms (stream) : g_strdup ("");
  fill_rates (row, stream, time, key, readings);
  row->cells[DROPPED] = g_strdup_printf ("%" G_GUINT64_FORMAT, sum_of (stream, dropped));
  row->cells[HELD] = g_strdup_printf ("%" G_GUINT64_FORMAT, sum_of (stream, held));
  row->cells[SINCE] = secure ? format_time (get_uint64 (stream, "time-secure")) : g_strdup ("");
  row->cells[PEER] = zrtp_tool_printable (name[0] != '\0' ? name : get_string (session, "peer-client"));
  return row;
}

static void
add_rows (GPtrArray *rows, const Program *program, GHashTable *readings)
{
  GVariant *sessions = get_list (program->status, "sessions");
  guint64 time = get_uint64 (program->status, "time");
  gsize i, j;

  for (i = 0; sessions != NULL && i < g_variant_n_children (sessions); i++) {
    GVariant *session = get_item (sessions, i), *streams = session ? get_list (session, "streams") : NULL;

    for (j = 0; streams != NULL && j < g_variant_n_children (streams); j++) {
      GVariant *stream = get_item (streams, j);
      gint number = 0;

      if (stream != NULL) {
        gchar *key;

        g_variant_lookup (stream, "stream", "i", &number);
        key = g_strdup_printf ("%d/%s/%d", program->pid, get_string (session, "session-id"), number);
        g_ptr_array_add (rows, make_row (session, stream, time, key, readings));
        g_free (key);
        g_variant_unref (stream);
      }
    }
    g_clear_pointer (&streams, g_variant_unref);
    g_clear_pointer (&session, g_variant_unref);
  }
  g_clear_pointer (&sessions, g_variant_unref);
}

/* ---- The table ---- */

static guint
width_of (const gchar *text)
{
  guint width = 0;

  for (; *text != '\0'; text = g_utf8_next_char (text)) {
    gunichar c = g_utf8_get_char (text);

    width += g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;
  }
  return width;
}

/* As much of text as there is room for; takes that from *room. */
static void
append_clipped (GString *line, const gchar *text, guint *room)
{
  for (; *text != '\0'; text = g_utf8_next_char (text)) {
    gunichar c = g_utf8_get_char (text);
    guint width = g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;

    if (width > *room) {
      *room = 0;
      return;
    }
    *room -= width;
    g_string_append_unichar (line, c);
  }
}

static void
append_spaces (GString *line, guint n, guint *room)
{
  while (n-- > 0)
    append_clipped (line, " ", room);
}

static void
append_line (GString *text, const View *view, const gchar *line)
{
  guint room = view->width ? view->width : G_MAXUINT;

  append_clipped (text, line, &room);
  g_string_append_c (text, '\n');
}

static void
append_row (GString *text, const View *view, const guint *widths, const Row *row)
{
  guint room = view->width ? view->width : G_MAXUINT;
  gsize end = text->len;
  guint i;

  for (i = 0; i < N_COLUMNS && room > 0; i++) {
    const gchar *cell = row ? row->cells[i] : columns[i].title;
    guint padding = widths[i] - width_of (cell);
    gboolean coloured = view->colours && row != NULL && i == SECURITY;

    append_spaces (text, (i ? 2 : 0) + (columns[i].right ? padding : 0), &room);
    if (coloured)
      g_string_append (text, row->colour);
    append_clipped (text, cell, &room);
    if (coloured)
      g_string_append (text, "\033[0m");
    if (text->str[text->len - 1] != ' ')
      end = text->len;
    if (!columns[i].right)
      append_spaces (text, padding, &room);
  }
  /* No spaces at the end of lines. */
  g_string_truncate (text, end);
  g_string_append_c (text, '\n');
}

static void
append_program (GString *text, const View *view, const Program *program, GHashTable *readings)
{
  gchar *name = zrtp_tool_printable (program->program ? program->program : "");
  gchar *problem = zrtp_tool_printable (program->problem ? program->problem : "");
  gchar *line;
  GPtrArray *rows = g_ptr_array_new_with_free_func (row_free);
  guint widths[N_COLUMNS], i, j;

  line = program->status != NULL ? g_strdup_printf ("%s, process %d", name, program->pid)
                                 : g_strdup_printf ("process %d: %s", program->pid, problem);
  append_line (text, view, line);
  g_free (line);
  if (program->status != NULL)
    add_rows (rows, program, readings);
  for (j = 0; j < N_COLUMNS; j++) {
    widths[j] = width_of (columns[j].title);
    for (i = 0; i < rows->len; i++)
      widths[j] = MAX (widths[j], width_of (((Row *) g_ptr_array_index (rows, i))->cells[j]));
  }
  if (rows->len > 0)
    append_row (text, view, widths, NULL);
  else if (program->status != NULL)
    append_line (text, view, "no call");
  for (i = 0; i < rows->len; i++)
    append_row (text, view, widths, g_ptr_array_index (rows, i));
  g_ptr_array_unref (rows);
  g_free (problem);
  g_free (name);
}

/* What does not fit goes, and a last line says so. */
static void
clip_height (GString *text, guint height)
{
  gsize i, cut = 0;
  guint lines = 0;

  for (i = 0; i < text->len; i++) {
    if (text->str[i] == '\n' && ++lines == height - 1)
      cut = i + 1;
  }
  if (lines <= height)
    return;
  g_string_truncate (text, cut);
  g_string_append_printf (text, "... and %u lines more\n", lines - (height - 1));
}

/* Not new: streams that are no more do not pile up. Then they all await the next picture. */
static gboolean
is_of_the_past (gpointer key, gpointer value, gpointer data)
{
  Reading *reading = value;
  gboolean past = !reading->fresh;

  reading->fresh = FALSE;
  return past;
}

gchar *
top_view (const View *view, const GPtrArray *programs, GHashTable *readings, const gchar *folder)
{
  GString *text = g_string_new (NULL);
  guint i;

  for (i = 0; i < programs->len; i++) {
    if (i > 0)
      g_string_append_c (text, '\n');
    append_program (text, view, g_ptr_array_index (programs, i), readings);
  }
  g_hash_table_foreach_remove (readings, is_of_the_past, NULL);
  if (programs->len == 0) {
    gchar *name = g_filename_display_name (folder), *place = zrtp_tool_printable (name);
    gchar *line = g_strdup_printf ("No program with ZRTP calls in %s.", place);

    append_line (text, view, line);
    append_line (text, view, "Programs show theirs when they are started with GST_ZRTP_STATUS=1 in the environment.");
    g_free (line);
    g_free (place);
    g_free (name);
  }
  if (view->height > 1)
    clip_height (text, view->height);
  return g_string_free (text, FALSE);
}

/* ---- JSON ---- */

/* What is not for the eye is escaped, as it may command a terminal. */
static void
append_json_string (GString *json, const gchar *text)
{
  g_string_append_c (json, '"');
  for (; *text != '\0'; text = g_utf8_next_char (text)) {
    gunichar c = g_utf8_get_char (text);

    if (c == '"' || c == '\\')
      g_string_append_printf (json, "\\%c", (gchar) c);
    else if (!g_unichar_isprint (c) && c > 0xffff)
      g_string_append_printf (json, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + (c & 0x3ff));
    else if (!g_unichar_isprint (c))
      g_string_append_printf (json, "\\u%04x", c);
    else
      g_string_append_unichar (json, c);
  }
  g_string_append_c (json, '"');
}

static void
append_json (GString *json, GVariant *value)
{
  gboolean dict = g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT);
  gsize i;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    append_json_string (json, g_variant_get_string (value, NULL));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    g_string_append (json, g_variant_get_boolean (value) ? "true" : "false");
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT32))
    g_string_append_printf (json, "%d", g_variant_get_int32 (value));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32))
    g_string_append_printf (json, "%u", g_variant_get_uint32 (value));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64))
    g_string_append_printf (json, "%" G_GUINT64_FORMAT, g_variant_get_uint64 (value));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARIANT)) {
    GVariant *inner = g_variant_get_variant (value);

    append_json (json, inner);
    g_variant_unref (inner);
  } else if (dict || g_variant_is_of_type (value, G_VARIANT_TYPE_ARRAY)) {
    g_string_append_c (json, dict ? '{' : '[');
    for (i = 0; i < g_variant_n_children (value); i++) {
      GVariant *item = g_variant_get_child_value (value, i);

      if (i > 0)
        g_string_append_c (json, ',');
      if (dict) {
        GVariant *name = g_variant_get_child_value (item, 0), *field = g_variant_get_child_value (item, 1);

        append_json_string (json, g_variant_get_string (name, NULL));
        g_string_append_c (json, ':');
        append_json (json, field);
        g_variant_unref (name);
        g_variant_unref (field);
      } else
        append_json (json, item);
      g_variant_unref (item);
    }
    g_string_append_c (json, dict ? '}' : ']');
  } else
    g_string_append (json, "null");
}

gchar *
top_view_json (const GPtrArray *programs)
{
  GString *json = g_string_new ("[");
  guint i;

  for (i = 0; i < programs->len; i++) {
    const Program *program = g_ptr_array_index (programs, i);

    if (i > 0)
      g_string_append (json, ",\n");
    if (program->status != NULL)
      append_json (json, program->status);
    else {
      gchar *problem = zrtp_tool_printable (program->problem);

      g_string_append_printf (json, "{\"pid\":%d,\"problem\":", program->pid);
      append_json_string (json, problem);
      g_string_append_c (json, '}');
      g_free (problem);
    }
  }
  g_string_append (json, "]\n");
  return g_string_free (json, FALSE);
}
