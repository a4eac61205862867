/* generic.h: what the generic tests share: the plugin's elements, whatever they are; chance; an element's surroundings.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/check/check.h>
#include <gst/zrtp/zrtp.h>

/* The factories of the plugin's elements, as the registry has them. Free with gst_plugin_feature_list_free. */
GList *generic_factories (void);
GstElement *generic_make (GstElementFactory * factory);
/* Its session, which is watched; NULL if it has none. Transfer full. */
GstZrtpSession *generic_session (GstElement * element);
/* Its last reference: nobody may hold another one. */
void generic_drop (GstElement * element);

/* Chance that can be had again: ZRTP_GENERIC_SEED is a number, or "random"; generic_begin prints which. */
void generic_begin (const gchar * test);
/* Another thread may have the last reference: generic_end waits until such an object is gone. */
void generic_watch (gpointer object);
/* Nothing may be left of what lived since: GST_TRACERS=leaks has to be set. */
void generic_end (void);
/* How often to do what is to be done n times: a tenth of it if ZRTP_GENERIC_LIGHT is set, as it is under checkers. */
guint rounds (guint n);
guint32 chance (void);
/* 0 to n - 1. */
guint chance_below (guint n);
gboolean one_in (guint n);

/* An element whose pads are linked to pads of the test, some of the time. */
typedef struct
{
  GstElement *element;
  GstBus *bus;
  GList *requested;             /* GstPad of the element */
  GMutex lock;                  /* for: */
  GPtrArray *around;            /* GstPad of the test */
  gint received;                /* atomic: buffers and lists that the element gave out */
} World;

void world_init (World * self, GstElementFactory * factory);
void world_clear (World * self);
void world_set_state (World * self, GstState state);
/* Asks for a pad of a random request template; gives one back. */
void world_request (World * self);
void world_release (World * self);
/* Links all pads that are not; unlinks one. */
void world_link (World * self);
void world_unlink (World * self);
/* One of these four. */
void world_shuffle (World * self);
/* A random pad of the test, or NULL. Transfer full. Any thread. */
GstPad *world_pad (World * self, GstPadDirection direction);
/* Fails if there is an error of this element, or of anybody if it is NULL, among the messages. All of them go. */
void check_no_error (GstBus * bus, GstElement * element);
/* A buffer, list, event or query to the element, by this pad of a test or by any. Any thread. */
void traffic_on (GstPad * pad, GstElement * element);
void world_traffic (World * self);

GstBuffer *random_buffer (void);
GstBufferList *random_buffer_list (void);
GstEvent *random_event (gboolean downstream);
GstQuery *random_query (void);
GstCaps *random_caps (void);
