/* GstZrtp-1.0-custom.vala: what the introspection data cannot say of the library to Vala.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
namespace GstZrtp {
  public class Session : Gst.Object {
    /* gst_zrtp_session_new () returns a full reference, and Vala would add one: this makes the object in the same way. */
    [CCode (cname = "g_object_new", has_construct_function = false)]
    public Session (GLib.Type type = typeof (GstZrtp.Session), void *end = null);
  }
}
