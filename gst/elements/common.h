/* common.h: what the elements share: finding their session, showing its properties and signals.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gst/session/session.h"

G_BEGIN_DECLS

enum
{
  GST_ZRTP_PROP_SESSION = GST_ZRTP_N_SESSION_PROPS,
  GST_ZRTP_PROP_SESSION_ID,
  GST_ZRTP_N_ENDPOINT_PROPS
};

/* The part of an element that deals with its session. Fields are under the element's object lock. */
typedef struct
{
  GstElement *element;
  GstZrtpSession *session;      /* the one in use; stays after NULL, so that a restart keeps its identity */
  GstZrtpSession *given;        /* the session property */
  gchar *session_id;            /* the session-id property */
  GHashTable *wanted;           /* property name -> GValue: what was set on this element */
  gboolean resolved;
  GstZrtpSession *active;       /* whose run the element takes part in, above READY */
  gboolean listening;           /* above READY, without taking part */
} GstZrtpEndpoint;

void gst_zrtp_endpoint_install (GObjectClass * klass, GstZrtpGetSession get);
/* session and session-id alone. */
void gst_zrtp_endpoint_install_session (GObjectClass * klass);
void gst_zrtp_endpoint_init (GstZrtpEndpoint * self, GstElement * element);
void gst_zrtp_endpoint_clear (GstZrtpEndpoint * self);
void gst_zrtp_endpoint_set_property (GstZrtpEndpoint * self, guint id, const GValue * value, GParamSpec * pspec);
void gst_zrtp_endpoint_get_property (GstZrtpEndpoint * self, guint id, GValue * value, GParamSpec * pspec);

/* Finds or makes the session and gives it the element's properties. FALSE: an error is on the bus. */
gboolean gst_zrtp_endpoint_resolve (GstZrtpEndpoint * self);

/* Takes part in the run of its session, until deactivate. FALSE: an error is on the bus. */
gboolean gst_zrtp_endpoint_activate (GstZrtpEndpoint * self, GstZrtpSession * session);
void gst_zrtp_endpoint_deactivate (GstZrtpEndpoint * self);
/* Listens to its session without taking part; it cannot be changed meanwhile either. */
void gst_zrtp_endpoint_set_listening (GstZrtpEndpoint * self, gboolean listening);

/* Back in NULL: the next run looks again. */
void gst_zrtp_endpoint_release (GstZrtpEndpoint * self);

/* Transfer full; NULL before it is found. */
GstZrtpSession *gst_zrtp_endpoint_get_session (GstZrtpEndpoint * self);

G_END_DECLS
