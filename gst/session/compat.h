/* compat.h: what GStreamer has under one name up to 1.26 and under another one from 1.28 on, which deprecates the first.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef void (*GstZrtpAsyncFunc) (GstElement * element, gpointer data);
typedef gboolean (*GstZrtpFieldFunc) (const gchar * name, const GValue * value, gpointer data);

#if GST_CHECK_VERSION (1, 28, 0)
#define gst_zrtp_state_get_name gst_state_get_name
#else
#define gst_zrtp_state_get_name gst_element_state_get_name
#endif

/* On a thread of GStreamer's, which holds the element meanwhile. */
static inline void
gst_zrtp_call_async (GstElement *element, GstZrtpAsyncFunc func, gpointer data)
{
#if GST_CHECK_VERSION (1, 28, 0)
  gst_object_call_async (GST_OBJECT (element), (GstObjectCallAsyncFunc) (GCallback) func, data);
#else
  gst_element_call_async (element, func, data, NULL);
#endif
}

/* Until func returns FALSE, which is returned then. */
static inline gboolean
gst_zrtp_structure_foreach (const GstStructure *structure, GstZrtpFieldFunc func, gpointer data)
{
  gint i;

  for (i = 0; i < gst_structure_n_fields (structure); i++) {
    const gchar *name = gst_structure_nth_field_name (structure, i);

    if (!func (name, gst_structure_get_value (structure, name), data))
      return FALSE;
  }
  return TRUE;
}

G_END_DECLS
