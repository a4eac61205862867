/* cursor.h: reading and writing wire fields without ever leaving the buffer.
 *
 * A reader or writer that would overrun does nothing more and remembers it: callers parse straight through and look once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <string.h>

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  const guint8 *data;
  gsize len;
  gsize position;
  gboolean overrun;
} ZrtpReader;

typedef struct
{
  guint8 *data;
  gsize size;
  gsize used;
  gboolean overrun;
} ZrtpWriter;

static inline guint32
zrtp_load32 (const guint8 * data)
{
  guint32 value;

  memcpy (&value, data, 4);
  return value;
}

static inline guint16
zrtp_read16 (const guint8 * data)
{
  return (guint16) ((data[0] << 8) | data[1]);
}

static inline guint32
zrtp_read32 (const guint8 * data)
{
  return GUINT32_FROM_BE (zrtp_load32 (data));
}

static inline void
zrtp_reader_init (ZrtpReader * reader, const guint8 * data, gsize len)
{
  *reader = (ZrtpReader) { data, len, 0, FALSE };
}

/* The next len octets in place, or NULL. */
static inline const guint8 *
zrtp_take (ZrtpReader * reader, gsize len)
{
  const guint8 *here = reader->data + reader->position;

  if (reader->overrun || len > reader->len - reader->position) {
    reader->overrun = TRUE;
    return NULL;
  }
  reader->position += len;
  return here;
}

/* Copies the next len octets; zeros on overrun. */
static inline void
zrtp_take_into (ZrtpReader * reader, gpointer out, gsize len)
{
  const guint8 *here = zrtp_take (reader, len);

  if (here)
    memcpy (out, here, len);
  else
    memset (out, 0, len);
}

static inline guint8
zrtp_take8 (ZrtpReader * reader)
{
  const guint8 *here = zrtp_take (reader, 1);

  return here ? *here : 0;
}

static inline guint32
zrtp_take32 (ZrtpReader * reader)
{
  const guint8 *here = zrtp_take (reader, 4);

  return here ? zrtp_read32 (here) : 0;
}

static inline void
zrtp_writer_init (ZrtpWriter * writer, guint8 * data, gsize size)
{
  *writer = (ZrtpWriter) { data, size, 0, FALSE };
}

static inline void
zrtp_write (ZrtpWriter * writer, gconstpointer data, gsize len)
{
  if (len == 0)
    return;
  if (writer->overrun || len > writer->size - writer->used) {
    writer->overrun = TRUE;
    return;
  }
  memcpy (writer->data + writer->used, data, len);
  writer->used += len;
}

static inline void
zrtp_write8 (ZrtpWriter * writer, guint8 value)
{
  zrtp_write (writer, &value, 1);
}

static inline void
zrtp_write16 (ZrtpWriter * writer, guint16 value)
{
  guint16 be = GUINT16_TO_BE (value);

  zrtp_write (writer, &be, 2);
}

static inline void
zrtp_write32 (ZrtpWriter * writer, guint32 value)
{
  guint32 be = GUINT32_TO_BE (value);

  zrtp_write (writer, &be, 4);
}

G_END_DECLS
