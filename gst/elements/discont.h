/* discont.h: packets that are left out or put in between, and the DISCONT flag of what follows.
 *
 * The first buffer on a pad after a segment or a flush says DISCONT. If that one goes no further the next one has to.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

static inline GstBuffer *
gst_zrtp_mark_discont (GstBuffer *buffer)
{
  if (GST_BUFFER_IS_DISCONT (buffer))
    return buffer;
  buffer = gst_buffer_make_writable (buffer);
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  return buffer;
}

static inline GstBufferList *
gst_zrtp_mark_discont_list (GstBufferList *list)
{
  if (gst_buffer_list_length (list) == 0 || GST_BUFFER_IS_DISCONT (gst_buffer_list_get (list, 0)))
    return list;
  list = gst_buffer_list_make_writable (list);
  GST_BUFFER_FLAG_SET (gst_buffer_list_get_writable (list, 0), GST_BUFFER_FLAG_DISCONT);
  return list;
}

static inline gboolean
gst_zrtp_list_is_discont (GstBufferList *list)
{
  return gst_buffer_list_length (list) > 0 && GST_BUFFER_IS_DISCONT (gst_buffer_list_get (list, 0));
}

/* What is left of a buffer that came with the flag, or after one that went no further; NULL if nothing is. */
static inline GstBuffer *
gst_zrtp_pass_discont (GstBuffer *buffer, gboolean *pending)
{
  *pending = buffer == NULL;
  return buffer != NULL ? gst_zrtp_mark_discont (buffer) : NULL;
}

static inline GstBufferList *
gst_zrtp_pass_discont_list (GstBufferList *list, gboolean *pending)
{
  *pending = list == NULL || gst_buffer_list_length (list) == 0;
  return list != NULL ? gst_zrtp_mark_discont_list (list) : NULL;
}

G_END_DECLS
