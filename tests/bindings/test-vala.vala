/* test-vala.vala: the library from Vala: each public function, and a call in one process.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
const string SIDE = "audiotestsrc is-live=true samplesperbuffer=160 ! audio/x-raw,rate=8000 ! mulawenc ! rtppcmupay "
    + "! queue ! zrtpenc name=%s-enc ! queue ! zrtpdec name=%s-dec ! fakesink async=false ";
const int LIMIT = 20;

/* Alice and Bob in one pipeline. What a message says is in the fields after next (). */
class Call {
  public Gst.Pipeline pipeline;
  public GstZrtp.Session alice = new GstZrtp.Session ();
  public GstZrtp.Session bob = GstZrtp.Session.obtain ("bob");

  public Call () throws GLib.Error {
    pipeline = (Gst.Pipeline) Gst.parse_launch (SIDE.printf ("alice", "bob") + SIDE.printf ("bob", "alice"));
    foreach (unowned string kind in new string[] { "enc", "dec" }) {
      pipeline.get_by_name ("alice-" + kind).set ("session", alice);
      pipeline.get_by_name ("bob-" + kind).set ("session", bob);
    }
  }

  ~Call () {
    pipeline.set_state (Gst.State.NULL);
  }

  public void start () {
    pipeline.set_state (Gst.State.PLAYING);
  }

  public Gst.Message next () {
    var message = pipeline.get_bus ().timed_pop_filtered (LIMIT * Gst.SECOND,
        Gst.MessageType.ELEMENT | Gst.MessageType.ERROR);
    assert (message != null && message.type == Gst.MessageType.ELEMENT);
    return message;
  }
}

void test_plain () {
  var session = new GstZrtp.Session ();
  assert (session.get_id () == session.id && session.ref_count == 1);
  assert (GstZrtp.Session.find ("nobody") == null);
  assert (GstZrtp.State.NO_PEER.to_string () == "no-peer" && GstZrtp.Security.NONE < GstZrtp.Security.VERIFIED);
  assert (session.media_policy == GstZrtp.MediaPolicy.OPPORTUNISTIC);
  session.media_policy = GstZrtp.MediaPolicy.SECURE_ONLY;
  assert (session.media_policy == GstZrtp.MediaPolicy.SECURE_ONLY);
  assert (session.get_state (0) == GstZrtp.State.IDLE && session.get_security (0) == GstZrtp.Security.NONE);
  session.add_entropy (new Bytes ("noise".data));
  session.set_aux_secret (new Bytes ("secret".data));
  session.set_aux_secret (null);
  session.set_srtp_secret (null, null);
  assert (session.get_stats ().get_name () == "application/x-zrtp-stats");
  var encoder = Gst.ElementFactory.make ("zrtpenc", null);
  GstZrtp.Session found;
  encoder.set_context (session.make_context (true));
  encoder.set_state (Gst.State.READY);
  encoder.get ("session", out found);
  assert (found == session);
  encoder.set_state (Gst.State.NULL);
  assert (session.get_exported_key () == null && session.get_signature () == null);
  session.accept_signature ();
  session.set_enrolled (false);
  session.enroll = true;
  assert (session.enroll && session.new_call ());
}

void test_session_descriptions () {
  var media = Gst.SDP.Media ();
  var session = new GstZrtp.Session ();
  var hash = session.get_zrtp_hash (0);

  media.init ();
  assert (GstZrtp.sdp_media_get_zrtp_hash (media) == null);
  assert (GstZrtp.sdp_media_add_zrtp_hash (media, hash));
  assert (GstZrtp.sdp_media_get_zrtp_hash (media) == hash);
  media.uninit ();
  assert (session.set_peer_zrtp_hash (0, hash) && session.set_peer_zrtp_hash (0, null));
}

void test_errors () {
  var session = new GstZrtp.Session ();
  session.cache = "none";
  try {
    session.list_peers ();
    assert_not_reached ();
  } catch (GLib.IOError.NOT_SUPPORTED error) {
  } catch (GLib.Error error) {
    assert_not_reached ();
  }
  try {
    GstZrtp.use_seed_file ("/");
    assert_not_reached ();
  } catch (GLib.Error error) {
  }
}

void test_call () {
  try {
    var directory = DirUtils.make_tmp ("zrtp-vala-XXXXXX");
    var call = new Call ();
    var signed = 0, verified = 0;

    call.alice.cache = directory + "/alice.db";
    call.bob.cache = "memory";
    call.bob.check_signatures = true;
    call.alice.sign_sas.connect ((sas_hash) => {
      AtomicInt.inc (ref signed);
      return new Bytes (sas_hash.get_data ());
    });
    call.start ();
    while (verified < 2) {
      var message = call.next ();
      unowned string id, text, sas, sas_type, code, name, status, sas_hash, signature;
      GstZrtp.State old_state, state;
      GstZrtp.Security security;
      uint stream, number;
      bool is_verified, remote;

      if (!GstZrtp.message_is (message))
        continue;
      assert (GstZrtp.message_parse (message, out id, out stream, out text) && stream == 0 && text != "");
      if (GstZrtp.message_parse_sas (message, out sas, out sas_type, out security, out is_verified)) {
        assert (sas.length == 4 && sas_type == "B32");
        if (is_verified) {
          assert (security == GstZrtp.Security.VERIFIED);
          verified++;
        } else if (id == call.bob.id)
          call.bob.sas_match ();
        else
          call.pipeline.get_by_name ("alice-enc").set ("peer-name", "Bob");
        if (!is_verified && id == call.alice.id)
          call.alice.set_verified (true);
      }
      if (GstZrtp.message_parse_signature (message, out sas_hash, out signature))
        assert (id == call.bob.id && call.bob.get_signature ().get_size () == 32);
      if (GstZrtp.message_parse_state (message, out old_state, out state, out security))
        assert (old_state != state);
      assert (!GstZrtp.message_parse_warning (message, out code, out text));
      assert (!GstZrtp.message_parse_error (message, out number, out name, out remote));
      assert (!GstZrtp.message_parse_enrollment (message, out status));
    }
    assert (AtomicInt.get (ref signed) == 1);
    assert (call.alice.sas != null && call.alice.sas == call.bob.sas);
    assert (!call.alice.relay_sas (call.bob));
    var stats = call.alice.get_stats ();
    unowned var streams = stats.get_value ("streams");
    assert (Gst.ValueArray.get_size (streams) == 1);
    unowned var stream = (Gst.Structure) Gst.ValueArray.get_value (streams, 0).get_boxed ();
    assert (stream.get_string ("state") == "secure");
    call.pipeline.set_state (Gst.State.NULL);

    var peers = call.alice.list_peers ();
    assert (peers.length == 1 && peers[0].verified && peers[0].has_secret && peers[0].zid.length == 24);
    var zid = peers[0].zid;
    assert (call.alice.unverify_peer (zid) && !call.alice.list_peers ()[0].verified);
    assert (call.alice.rename_peer (zid, "Robert") && call.alice.list_peers ()[0].name == "Robert");
    assert (call.alice.forget_peer (zid) && call.alice.list_peers ().length == 0);
    FileUtils.remove (directory + "/alice.db");
    DirUtils.remove (directory);
  } catch (GLib.Error error) {
    printerr ("%s\n", error.message);
    assert_not_reached ();
  }
}

/* Both ways to say a verb: the method, and the action signal of an element. */
void test_differing_strings () {
  try {
    var call = new Call ();
    var refused = false;
    unowned string sas, code;

    call.alice.cache = call.bob.cache = "memory";
    call.start ();
    while (!refused) {
      var message = call.next ();

      if (GstZrtp.message_parse_sas (message, out sas, null, null, null))
        Signal.emit_by_name (call.pipeline.get_by_name ("bob-dec"), "sas-differs");
      refused = GstZrtp.message_parse_warning (message, out code, null) && code == "sas-refused";
    }
  } catch (GLib.Error error) {
    assert_not_reached ();
  }
}

int main (string[] args) {
  Gst.init (ref args);
  Test.init (ref args);
  Test.add_func ("/vala/plain", test_plain);
  Test.add_func ("/vala/session-descriptions", test_session_descriptions);
  Test.add_func ("/vala/errors", test_errors);
  Test.add_func ("/vala/call", test_call);
  Test.add_func ("/vala/differing-strings", test_differing_strings);
  return Test.run ();
}
