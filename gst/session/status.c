/* status.c: a socket on which other programs of the same user read where the sessions of this one stand (zrtp-top).
 *
 * There is none unless the environment variable GST_ZRTP_STATUS asks for it. Whoever connects is sent one text, a GVariant of
 * type a{sv} in text format, and nothing is read from it. The text has what the stats property has, and the authentication
 * string, which is on its way to the user's screen anyway; no key, no hash of it, no secret.
 *
 * All happens on a thread of its own, which waits for sessions, while none ever waits for it but for a few counters to be
 * copied. The socket is there while there are sessions.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE             /* secure_getenv() */
#endif

#include "gst/session/compat.h"
#include "gst/session/session-private.h"
#include "gst/session/statusfolder.h"

#include <errno.h>
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT_VERSION 1
#define MAX_NAMES 16            /* that are tried for the socket */
#define MAX_CLIENTS 16          /* that have not taken their text yet; more are turned away */
#define CLIENT_PATIENCE 5       /* seconds that one may leave its text where it is */

typedef struct
{
  GWeakRef session;
  gconstpointer key;            /* the session, by which it is found when it is no more */
} Entry;

/* Counted by g_atomic_rc_box: its thread has it, and so have clients. */
typedef struct
{
  pid_t pid;                    /* a fork of the process is not its server */
  gchar *path;
  GSocket *socket;
  GMainContext *context;
  gint stop;                    /* atomic */
  guint clients;
} Server;

typedef struct
{
  Server *server;
  GSocket *socket;
  gchar *text;
  gsize len, sent;
} Client;

static GMutex status_lock;
static GPtrArray *entries;      /* Entry */
static Server *running;
static gchar *status_trouble;   /* why there is none, to be told */

/* ---- The text ---- */

static GVariant *structure_to_variant (const GstStructure *structure);

static GVariant *
string_to_variant (const gchar *text)
{
  return g_variant_new_take_string (g_utf8_make_valid (text ? text : "", -1));
}

/* Floating; NULL for a type that a snapshot does not have. */
static GVariant *
value_to_variant (const GValue *value)
{
  GVariantBuilder builder;
  guint i;

  if (G_VALUE_HOLDS_STRING (value))
    return string_to_variant (g_value_get_string (value));
  if (G_VALUE_HOLDS_INT (value))
    return g_variant_new_int32 (g_value_get_int (value));
  if (G_VALUE_HOLDS_UINT (value))
    return g_variant_new_uint32 (g_value_get_uint (value));
  if (G_VALUE_HOLDS_UINT64 (value))
    return g_variant_new_uint64 (g_value_get_uint64 (value));
  if (G_VALUE_HOLDS_BOOLEAN (value))
    return g_variant_new_boolean (g_value_get_boolean (value));
  if (GST_VALUE_HOLDS_STRUCTURE (value))
    return structure_to_variant (gst_value_get_structure (value));
  if (!GST_VALUE_HOLDS_ARRAY (value))
    return NULL;
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("av"));
  for (i = 0; i < gst_value_array_get_size (value); i++) {
    GVariant *item = value_to_variant (gst_value_array_get_value (value, i));

    if (item != NULL)
      g_variant_builder_add (&builder, "v", item);
  }
  return g_variant_builder_end (&builder);
}

static gboolean
add_field (const gchar *name, const GValue *value, gpointer builder)
{
  GVariant *variant = value_to_variant (value);

  if (variant != NULL)
    g_variant_builder_add (builder, "{sv}", name, variant);
  return TRUE;
}

static GVariant *
structure_to_variant (const GstStructure *structure)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  gst_zrtp_structure_foreach (structure, add_field, &builder);
  return g_variant_builder_end (&builder);
}

static GVariant *
session_to_variant (GstZrtpSession *session)
{
  GstStructure *stats = gst_zrtp_session_get_stats (session);
  GVariant *variant;

  GST_OBJECT_LOCK (session);
  if (session->have_sas)
    gst_structure_set (stats, "sas", G_TYPE_STRING, session->sas.text, "peer-name", G_TYPE_STRING, session->sas.peer_name,
        NULL);
  GST_OBJECT_UNLOCK (session);
  variant = structure_to_variant (stats);
  gst_structure_free (stats);
  return variant;
}

/* All sessions that there are now. */
static GPtrArray *
list_sessions (void)
{
  GPtrArray *sessions = g_ptr_array_new_with_free_func (gst_object_unref);
  guint i;

  g_mutex_lock (&status_lock);
  for (i = 0; i < entries->len; i++) {
    Entry *entry = g_ptr_array_index (entries, i);
    GstZrtpSession *session = g_weak_ref_get (&entry->session);

    if (session != NULL)
      g_ptr_array_add (sessions, session);
  }
  g_mutex_unlock (&status_lock);
  return sessions;
}

static gchar *
make_text (void)
{
  GPtrArray *sessions = list_sessions ();
  GVariantBuilder builder, list;
  GVariant *variant;
  gchar *text;
  guint i;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("av"));
  for (i = 0; i < sessions->len; i++)
    g_variant_builder_add (&list, "v", session_to_variant (g_ptr_array_index (sessions, i)));
  g_ptr_array_unref (sessions);
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "zrtp-status", g_variant_new_int32 (FORMAT_VERSION));
  g_variant_builder_add (&builder, "{sv}", "pid", g_variant_new_int32 (getpid ()));
  g_variant_builder_add (&builder, "{sv}", "program", string_to_variant (g_get_prgname ()));
  g_variant_builder_add (&builder, "{sv}", "time", g_variant_new_uint64 (g_get_monotonic_time () * 1000));
  g_variant_builder_add (&builder, "{sv}", "sessions", g_variant_builder_end (&list));
  variant = g_variant_ref_sink (g_variant_builder_end (&builder));
  text = g_variant_print (variant, TRUE);
  g_variant_unref (variant);
  return text;
}

/* ---- Clients; on the server's thread ---- */

static void
server_clear (gpointer data)
{
  Server *server = data;

  g_free (server->path);
}

/* Maybe on the thread that has ended the server, if that lets go of the context last. */
static void
client_free (gpointer data)
{
  Client *client = data;

  client->server->clients--;
  g_atomic_rc_box_release_full (client->server, server_clear);
  g_socket_close (client->socket, NULL);
  g_object_unref (client->socket);
  g_free (client->text);
  g_free (client);
}

/* Sends what the client has room for. FALSE: that was all, or it is gone, or too slow. */
static gboolean
client_writable (GSocket *socket, GIOCondition condition, gpointer data)
{
  Client *client = data;
  GError *error = NULL;

  while (client->sent < client->len) {
    gssize n = g_socket_send (socket, client->text + client->sent, client->len - client->sent, NULL, &error);

    if (n <= 0) {
      gboolean later = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);

      g_clear_error (&error);
      return later ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
    }
    client->sent += n;
  }
  return G_SOURCE_REMOVE;
}

/* The folder keeps others out already. */
static gboolean
may_ask (GSocket *socket)
{
  GCredentials *credentials = g_socket_get_credentials (socket, NULL);
  uid_t user = credentials ? g_credentials_get_unix_user (credentials, NULL) : (uid_t) -1;

  g_clear_object (&credentials);
  return user == geteuid () || user == 0;
}

static gboolean
client_comes (GSocket *socket, GIOCondition condition, gpointer data)
{
  Server *server = data;
  GSocket *connection = g_socket_accept (socket, NULL, NULL);
  Client *client;
  GSource *source;

  if (connection == NULL) {
    /* Out of file descriptors, mostly: it would be asked again at once. */
    g_usleep (G_USEC_PER_SEC / 20);
    return G_SOURCE_CONTINUE;
  }
  if (server->clients >= MAX_CLIENTS || !may_ask (connection)) {
    g_socket_close (connection, NULL);
    g_object_unref (connection);
    return G_SOURCE_CONTINUE;
  }
  g_socket_set_blocking (connection, FALSE);
  g_socket_set_timeout (connection, CLIENT_PATIENCE);
  client = g_new0 (Client, 1);
  client->server = g_atomic_rc_box_acquire (server);
  client->socket = connection;
  client->text = make_text ();
  client->len = strlen (client->text);
  server->clients++;
  source = g_socket_create_source (connection, G_IO_OUT, NULL);
  g_source_set_callback (source, (GSourceFunc) (void (*) (void)) client_writable, client, client_free);
  g_source_attach (source, server->context);
  g_source_unref (source);
  return G_SOURCE_CONTINUE;
}

/* ---- The server ---- */

static gpointer
serve (gpointer data)
{
  Server *server = data;
  GSource *source = g_socket_create_source (server->socket, G_IO_IN, NULL);

  g_source_set_callback (source, (GSourceFunc) (void (*) (void)) client_comes, server, NULL);
  g_source_attach (source, server->context);
  while (!g_atomic_int_get (&server->stop))
    g_main_context_iteration (server->context, TRUE);
  g_source_destroy (source);
  g_source_unref (source);
  g_socket_close (server->socket, NULL);
  g_object_unref (server->socket);
  /* Takes the clients with it. */
  g_main_context_unref (server->context);
  g_atomic_rc_box_release_full (server, server_clear);
  return NULL;
}

/* Our own and for us alone; made if need be. NULL, or why not, static. */
static const gchar *
check_folder (const gchar *folder)
{
  struct stat status;

  if (g_mkdir_with_parents (folder, 0700) != 0 || lstat (folder, &status) != 0)
    return g_strerror (errno);
  if (!S_ISDIR (status.st_mode))
    return "it is not a folder";
  if (status.st_uid != geteuid ())
    return "it belongs to another user";
  if ((status.st_mode & 077) != 0)
    return "others may enter it (chmod 700)";
  return NULL;
}

/* Whether somebody listens there, be it too busy to answer. What is left of a program that has died refuses. */
static gboolean
is_alive (GSocketAddress *address)
{
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  GError *error = NULL;
  gboolean dead;

  if (socket == NULL)
    return TRUE;
  g_socket_set_blocking (socket, FALSE);
  g_socket_connect (socket, address, NULL, &error);
  dead = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_clear_error (&error);
  g_object_unref (socket);
  return !dead;
}

/* A listening socket of mode 0600 at path. FALSE: the name is taken, or *error says what else is wrong. */
static gboolean
open_socket (Server *server, const gchar *path, GError **error)
{
  GSocketAddress *address = g_unix_socket_address_new (path);
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);
  gboolean good = socket != NULL;

  if (good && g_file_test (path, G_FILE_TEST_EXISTS)) {
    good = !is_alive (address);
    if (good)
      g_unlink (path);
  }
  if (good) {
    g_socket_set_blocking (socket, FALSE);
    /* Nobody can connect before it listens. */
    good = g_socket_bind (socket, address, FALSE, error) && g_chmod (path, 0600) == 0 && g_socket_listen (socket, error);
  }
  if (good) {
    server->socket = g_object_ref (socket);
    server->path = g_strdup (path);
  }
  g_clear_object (&socket);
  g_object_unref (address);
  return good;
}

/* NULL: *problem says why; free with g_free. */
static Server *
start_server (const gchar *folder, gchar **problem)
{
  const gchar *fault = check_folder (folder);
  Server *server;
  GError *error = NULL;
  guint i;

  if (fault != NULL) {
    *problem = g_strdup_printf ("%s: %s", folder, fault);
    return NULL;
  }
  server = g_atomic_rc_box_new0 (Server);
  server->pid = getpid ();
  for (i = 0; i < MAX_NAMES && server->socket == NULL && error == NULL; i++) {
    gchar *path = i == 0 ? g_strdup_printf ("%s/%d" GST_ZRTP_STATUS_SUFFIX, folder, (gint) server->pid)
                         : g_strdup_printf ("%s/%d-%u" GST_ZRTP_STATUS_SUFFIX, folder, (gint) server->pid, i);

    open_socket (server, path, &error);
    g_free (path);
  }
  if (server->socket == NULL) {
    *problem = g_strdup_printf ("%s: %s", folder, error ? error->message : "all names for the socket are taken");
    g_clear_error (&error);
    g_atomic_rc_box_release (server);
    return NULL;
  }
  server->context = g_main_context_new ();
  g_thread_unref (g_thread_new ("zrtp-status", serve, server));
  return server;
}

/* The lock is held. */
static void
ensure_server (GstZrtpSession *session)
{
  const gchar *setting = secure_getenv (GST_ZRTP_STATUS_VARIABLE), *fault;
  gchar *folder, *problem = NULL;

  if (running != NULL && running->pid == getpid ())
    return;
  running = NULL;
  folder = gst_zrtp_status_folder (setting, &fault);
  if (folder != NULL) {
    running = start_server (folder, &problem);
    if (running != NULL)
      GST_INFO_OBJECT (session, "zrtp-top can look at this process at %s", running->path);
  } else if (fault != NULL)
    problem = g_strdup_printf (GST_ZRTP_STATUS_VARIABLE "=%s: %s", setting, fault);
  g_free (folder);
  if (problem != NULL) {
    GST_WARNING_OBJECT (session, "zrtp-top cannot look at this process: %s", problem);
    g_free (status_trouble);
    status_trouble = problem;
  }
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_weak_ref_clear (&entry->session);
  g_free (entry);
}

void
gst_zrtp_status_add (GstZrtpSession *self)
{
  const gchar *setting = secure_getenv (GST_ZRTP_STATUS_VARIABLE);
  Entry *entry;

  if (setting == NULL || setting[0] == '\0')
    return;
  entry = g_new0 (Entry, 1);
  g_weak_ref_init (&entry->session, self);
  entry->key = self;
  g_mutex_lock (&status_lock);
  if (entries == NULL)
    entries = g_ptr_array_new_with_free_func (entry_free);
  g_ptr_array_add (entries, entry);
  ensure_server (self);
  g_mutex_unlock (&status_lock);
}

void
gst_zrtp_status_remove (GstZrtpSession *self)
{
  Server *server = NULL;
  guint i;

  g_mutex_lock (&status_lock);
  for (i = 0; entries != NULL && i < entries->len; i++) {
    if (((Entry *) g_ptr_array_index (entries, i))->key == self) {
      g_ptr_array_remove_index_fast (entries, i);
      break;
    }
  }
  if (entries != NULL && entries->len == 0 && running != NULL) {
    server = g_steal_pointer (&running);
    if (server->pid == getpid ()) {
      /* The server is gone as soon as it sees that it shall stop. */
      GMainContext *context = g_main_context_ref (server->context);

      g_unlink (server->path);
      g_atomic_int_set (&server->stop, TRUE);
      g_main_context_wakeup (context);
      g_main_context_unref (context);
    }
  }
  g_mutex_unlock (&status_lock);
}

void
gst_zrtp_status_tell (GstZrtpStep *step, guint stream)
{
  gchar *trouble, *text;

  g_mutex_lock (&status_lock);
  trouble = g_steal_pointer (&status_trouble);
  g_mutex_unlock (&status_lock);
  if (trouble == NULL)
    return;
  text = g_strdup_printf ("zrtp-top cannot look at this process: %s.", trouble);
  gst_zrtp_step_add_message (step, stream, gst_zrtp_message_new_warning (step->session, stream, "status-unavailable", text));
  g_free (text);
  g_free (trouble);
}
