/* session.h: what the elements ask of a session. Exported by the library, not installed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/zrtp/zrtp.h>
#include "gst/session/media.h"

G_BEGIN_DECLS

/* Properties that a session has and that every element shows too. */
enum
{
  GST_ZRTP_PROP_0,
  GST_ZRTP_PROP_KEY_AGREEMENTS,
  GST_ZRTP_PROP_HASHES,
  GST_ZRTP_PROP_CIPHERS,
  GST_ZRTP_PROP_AUTH_TAGS,
  GST_ZRTP_PROP_SAS_TYPES,
  GST_ZRTP_PROP_MEDIA_POLICY,
  GST_ZRTP_PROP_ENABLED,
  GST_ZRTP_PROP_AUTO_SECURE,
  GST_ZRTP_PROP_PASSIVE,
  GST_ZRTP_PROP_ALLOW_CLEAR,
  GST_ZRTP_PROP_REQUIRE_ZRTP_HASH,
  GST_ZRTP_PROP_SIGNALLING_SECURE,
  GST_ZRTP_PROP_ONLY_LISTED,
  GST_ZRTP_PROP_PRESHARED,
  GST_ZRTP_PROP_PRESHARED_LIMIT,
  GST_ZRTP_PROP_CHECK_SIGNATURES,
  GST_ZRTP_PROP_EXPORT_KEY,
  GST_ZRTP_PROP_MITM,
  GST_ZRTP_PROP_ENROLL,
  GST_ZRTP_PROP_ACCEPT_RELAY,
  GST_ZRTP_PROP_CLIENT_ID,
  GST_ZRTP_PROP_ZID,
  GST_ZRTP_PROP_CACHE,
  GST_ZRTP_PROP_CACHE_REQUIRED,
  GST_ZRTP_PROP_CACHE_TTL,
  GST_ZRTP_PROP_DISCLOSURE,
  GST_ZRTP_PROP_ROUND_TRIP,
  GST_ZRTP_PROP_PEER_NAME,
  GST_ZRTP_PROP_KEYLOG,
  GST_ZRTP_PROP_CLOCK,
  GST_ZRTP_PROP_STATE,
  GST_ZRTP_PROP_SECURITY,
  GST_ZRTP_PROP_SAS,
  GST_ZRTP_PROP_SAS_TYPE,
  GST_ZRTP_PROP_STATS,
  GST_ZRTP_N_SESSION_PROPS
};

/* Installs these properties, under these numbers, on a session or element class. */
GST_ZRTP_API
void gst_zrtp_install_session_properties (GObjectClass * klass);

/* Installs the action signals secure, sas-match, sas-differs, set-verified and add-entropy; get finds the session
 * (transfer full, may be NULL) of an instance. */
typedef GstZrtpSession *(*GstZrtpGetSession) (gpointer instance);
GST_ZRTP_API
void gst_zrtp_install_session_signals (GObjectClass * klass, GstZrtpGetSession get);

/* Why a property's value was refused, or NULL; of any property if none is named. Transfer full. */
GST_ZRTP_API
gchar *gst_zrtp_session_dup_refusal (GstZrtpSession * self, const gchar * property);

/* Notes that an element sets a property. Returns the name of another one that had set it to another value, or NULL; transfer full. */
GST_ZRTP_API
gchar *gst_zrtp_session_claim_property (GstZrtpSession * self, const gchar * property, const GValue * value,
    const gchar * element);

/* Hands one ZRTP packet to the sender of a stream; from a worker, with no lock held. Takes the buffer. */
typedef struct _GstZrtpSenderFuncs
{
  /* A ZRTP packet to send, which is taken. */
  void (*send) (GstElement * sender, guint stream, GstBuffer * packet);
  /* A ZRTP packet came that has the SSRC of our own media. */
  void (*collided) (GstElement * sender, guint stream);
} GstZrtpSenderFuncs;

/* A run lasts while any element is active: the first one to come begins it, the last one to go ends it, wipes the keys
 * and forgets the exchange. FALSE: the run cannot begin, and *problem says why (transfer full); then do not deactivate. */
GST_ZRTP_API
gboolean gst_zrtp_session_activate (GstZrtpSession * self, gchar ** problem);
GST_ZRTP_API
void gst_zrtp_session_deactivate (GstZrtpSession * self);

/* Makes element the one that sends (receives) media stream number stream. NULL if another one does already; *other is then
 * its name (transfer full). The media record lives as long as the session. */
GST_ZRTP_API
GstZrtpMedia *gst_zrtp_session_attach_sender (GstZrtpSession * self, guint stream, GstElement * element,
    const GstZrtpSenderFuncs * funcs, gchar ** other);
GST_ZRTP_API
GstZrtpMedia *gst_zrtp_session_attach_receiver (GstZrtpSession * self, guint stream, GstElement * element,
    gchar ** other);
GST_ZRTP_API
void gst_zrtp_session_detach_sender (GstZrtpSession * self, guint stream, GstElement * element);
GST_ZRTP_API
void gst_zrtp_session_detach_receiver (GstZrtpSession * self, guint stream, GstElement * element);

/* The record of a stream, which is made if need be: for pads that carry RTCP alone. */
GST_ZRTP_API
GstZrtpMedia *gst_zrtp_session_get_media (GstZrtpSession * self, guint stream);

/* All of these only leave a note in the mailbox. */
/* A packet can go out now: starts the stream's protocol, once in a run. */
GST_ZRTP_API
void gst_zrtp_session_start_stream (GstZrtpSession * self, guint stream, guint32 ssrc);
/* One more element that sends, or one less, is in PLAYING. While none is the protocol's time stands still. */
GST_ZRTP_API
void gst_zrtp_session_set_playing (GstZrtpSession * self, gboolean playing);
/* The media of a stream that has started goes on under another SSRC. */
GST_ZRTP_API
void gst_zrtp_session_change_ssrc (GstZrtpSession * self, guint stream, guint32 ssrc);
/* What became of the first packets: until one was pushed, discovery starts anew from time to time. */
GST_ZRTP_API
void gst_zrtp_session_transport (GstZrtpSession * self, guint stream, gboolean up);
/* The stream is gone for good: its keys too. */
GST_ZRTP_API
void gst_zrtp_session_remove_stream (GstZrtpSession * self, guint stream);
GST_ZRTP_API
void gst_zrtp_session_receive (GstZrtpSession * self, guint stream, gconstpointer packet, gsize len);

/* Own media can be made to rest, on all streams, until a user has heard what the call is now. */
/* An element wants to decide about that whenever the session's signal `message` tells of a change: then media rests from the
 * change on until the handlers are through. Calls pair. */
GST_ZRTP_API
void gst_zrtp_session_want_hold (GstZrtpSession * self, gboolean wanted);
/* Media rests from now on until release_media, or until max has passed on the session's clock, or until the session has done so
 * too much. Returns a number for release_media, never 0. */
GST_ZRTP_API
guint gst_zrtp_session_hold_media (GstZrtpSession * self, GstClockTime max);
/* Media flows again, after that much more time if nobody else holds it. An old number does nothing. */
GST_ZRTP_API
void gst_zrtp_session_release_media (GstZrtpSession * self, guint number, GstClockTime after);

/* Waits until the mailbox is empty and nobody works on it. For tests with a clock of their own. */
GST_ZRTP_API
void gst_zrtp_session_wait_idle (GstZrtpSession * self);

G_END_DECLS
