/* journal.h: what the sessions of a pipeline have posted, from its first message on, and who waits for what comes next.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/validate/validate.h>

G_BEGIN_DECLS

typedef struct _GstZrtpJournal GstZrtpJournal;

/* From now on gst-validate keeps a journal for every pipeline that it watches. */
void gst_zrtp_journal_install (void);

/* NULL if gst-validate did not watch the pipeline from its beginning. It lives as long as the pipeline. */
GstZrtpJournal *gst_zrtp_journal_get (GstElement * pipeline);

/* A message that is looked for: the name of its structure, or "any", and what its fields hold. A field may also hold a
 * list or a range, of which the message has one value. */

/* TRUE if a message like that was posted and met no expectation yet; it has met this one then. Else the action is done
 * when it is posted. Takes wanted. */
gboolean gst_zrtp_journal_expect (GstZrtpJournal * self, GstValidateAction * action, GstStructure * wanted);

/* Waits no longer. FALSE: it is not waiting. */
gboolean gst_zrtp_journal_give_up (GstZrtpJournal * self, GstValidateAction * action);

/* Reports every message like that, those of the past too, unless they are forgotten. Takes unwanted. */
void gst_zrtp_journal_forbid (GstZrtpJournal * self, GstValidateAction * action, GstStructure * unwanted);

/* What was posted up to now meets no expectation, and is not forbidden. session: of which session, or NULL for all. */
void gst_zrtp_journal_forget (GstZrtpJournal * self, const gchar * session);

/* For people: a message a line. Transfer full. */
gchar *gst_zrtp_journal_to_string (GstZrtpJournal * self, const gchar * session);

G_END_DECLS
