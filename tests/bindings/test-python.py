#!/usr/bin/env python3
"""The library from Python: each public function, a call in one process, who owns what, and callbacks from worker threads.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import ctypes
import faulthandler
import gc
import os
import sys
import tempfile
import threading
import time
import traceback
import warnings

import gi

gi.require_version('Gst', '1.0')
gi.require_version('GstSdp', '1.0')
gi.require_version('GstZrtp', '1.0')
from gi.repository import Gio, GLib, GObject, Gst, GstSdp, GstZrtp  # noqa: E402

LIMIT = 20      # seconds
# GstZrtp's own structures; python3-gst-1.0, which could read arrays in them, need not be there.
warnings.filterwarnings('ignore', 'GObject.ValueArray')

SIDE = ('audiotestsrc is-live=true samplesperbuffer=160 ! audio/x-raw,rate=8000 ! mulawenc ! rtppcmupay ! queue '
        '! zrtpenc name=%s-enc ! queue ! zrtpdec name=%s-dec ! fakesink async=false ')


class Call:
    """Alice and Bob in one pipeline: each one's packets go into the other's zrtpdec."""

    def __init__(self, alice, bob):
        self.pipeline = Gst.parse_launch(SIDE % ('alice', 'bob') + SIDE % ('bob', 'alice'))
        for name, session in (('alice', alice), ('bob', bob)):
            for kind in ('enc', 'dec'):
                self.pipeline.get_by_name('%s-%s' % (name, kind)).set_property('session', session)
        self.bus = self.pipeline.get_bus()
        self.messages = []

    def __enter__(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        return self

    def __exit__(self, *exception):
        self.pipeline.set_state(Gst.State.NULL)

    def wait(self, parse, condition):
        """Waits for a message for which condition holds; parse is the function that reads it. Returns what was read."""
        for message in self.messages:
            result = parse(message)
            if result[0] and condition(result, message):
                return result
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            message = self.bus.timed_pop_filtered(Gst.SECOND, Gst.MessageType.ELEMENT | Gst.MessageType.ERROR)
            if message is None:
                continue
            assert message.type != Gst.MessageType.ERROR, message.parse_error()
            self.messages.append(message)
            result = parse(message)
            if result[0] and condition(result, message):
                return result
        raise AssertionError('%s: not in %s' % (parse, [m.get_structure().to_string() for m in self.messages]))

    def wait_state(self, session, state):
        return self.wait(GstZrtp.message_parse_state,
                         lambda r, m: r.state == state and GstZrtp.message_parse(m).session_id == session.get_id())

    def wait_sas(self, session, condition=lambda r, m: True):
        return self.wait(GstZrtp.message_parse_sas,
                         lambda r, m: GstZrtp.message_parse(m).session_id == session.get_id() and condition(r, m))


def sessions(**properties):
    return [GstZrtp.Session(cache='memory', **properties) for _ in range(2)]


def message(text):
    return Gst.Message.new_element(None, Gst.Structure.from_string(text)[0])


def raises(function, *arguments):
    try:
        function(*arguments)
    except GLib.Error as error:
        return error
    raise AssertionError('%s does not fail' % function)


def becomes_true(condition, seconds):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


def test_session_has_an_id():
    one, two = GstZrtp.Session(), GstZrtp.Session.new()
    assert one.get_id() and two.get_id() and one.get_id() != two.get_id()
    assert one.props.id == one.get_id()
    assert GstZrtp.Session(id='mine').get_id() == 'mine'


def test_sessions_by_name():
    session = GstZrtp.Session.obtain('by-name')
    assert GstZrtp.Session.obtain('by-name') is session and GstZrtp.Session.find('by-name') is session
    assert session.__grefcount__ == 1
    del session
    gc.collect()
    assert GstZrtp.Session.find('by-name') is None


def test_references():
    for session in (GstZrtp.Session(), GstZrtp.Session.new(), GstZrtp.Session.obtain('references'),
                    GObject.new(GstZrtp.Session)):
        assert not session.is_floating() and session.__grefcount__ == 1, session.__grefcount__
        encoder = Gst.ElementFactory.make('zrtpenc', None)
        encoder.set_property('session', session)
        assert session.__grefcount__ > 1
        encoder.set_state(Gst.State.READY)
        assert encoder.get_property('session') is session
        encoder.set_state(Gst.State.NULL)
        del encoder
        gc.collect()
        assert session.__grefcount__ == 1, session.__grefcount__


def test_context():
    """The application's session by a context, in answer to a pipeline that asks."""
    session, asked = GstZrtp.Session(), []

    def answer(bus, told):
        if told.type == Gst.MessageType.NEED_CONTEXT and told.parse_context_type()[1] == GstZrtp.SESSION_CONTEXT_TYPE:
            asked.append(told.src)
            told.src.set_context(session.make_context(True))
        return Gst.BusSyncReply.PASS

    pipeline = Gst.parse_launch('zrtpenc name=zrtpenc ! fakesink')
    pipeline.get_bus().set_sync_handler(answer)
    for _ in range(2):
        pipeline.set_state(Gst.State.READY)
        assert pipeline.get_by_name('zrtpenc').get_property('session') is session
        pipeline.set_state(Gst.State.NULL)
    assert len(asked) == 1      # it is persistent
    asked.clear()
    pipeline.get_bus().set_sync_handler(None)
    del pipeline
    gc.collect()
    assert session.__grefcount__ == 1
    context = session.make_context(False)
    assert context.get_structure().get_value('session') is session and not context.is_persistent()
    owns_right(lambda: session.make_context(False))


def test_enumerations():
    assert GstZrtp.Security.NONE < GstZrtp.Security.INSECURE < GstZrtp.Security.UNVERIFIED < GstZrtp.Security.VERIFIED
    assert GstZrtp.State.to_string(GstZrtp.State.NO_PEER) == 'no-peer' == GstZrtp.State.NO_PEER.value_nick
    assert GstZrtp.security_to_string(GstZrtp.Security.VERIFIED_SIGNALLED) == 'verified-signalled'
    session = GstZrtp.Session(media_policy='secure-only')
    assert session.props.media_policy == GstZrtp.MediaPolicy.SECURE_ONLY
    session.props.media_policy = GstZrtp.MediaPolicy.OPPORTUNISTIC
    assert session.get_property('media-policy').value_nick == 'opportunistic'


def test_messages():
    common = ', session-id=a, stream=1, text="in plain English"'
    cases = [
        (GstZrtp.message_parse_state, GstZrtp.MESSAGE_STATE + ', old-state=securing, state=secure, security=verified',
         (GstZrtp.State.SECURING, GstZrtp.State.SECURE, GstZrtp.Security.VERIFIED)),
        (GstZrtp.message_parse_sas,
         GstZrtp.MESSAGE_SAS + ', sas=b4x9, sas-type=B32, security=insecure, verified=(boolean)false',
         ('b4x9', 'B32', GstZrtp.Security.INSECURE, False)),
        (GstZrtp.message_parse_warning, GstZrtp.MESSAGE_WARNING + ', code=cache-mismatch',
         ('cache-mismatch', 'in plain English')),
        (GstZrtp.message_parse_error, GstZrtp.MESSAGE_ERROR + ', code=(int)144, name="Equal ZIDs", origin=remote',
         (144, 'Equal ZIDs', True)),
        (GstZrtp.message_parse_enrollment, GstZrtp.MESSAGE_ENROLLMENT + ', status=offered', ('offered',)),
        (GstZrtp.message_parse_signature, GstZrtp.MESSAGE_SIGNATURE + ', sas-hash=0a1b, signature=2c3d',
         ('0a1b', '2c3d')),
        (GstZrtp.message_parse_alert, GstZrtp.MESSAGE_ALERT + ', alert=secure, sounding=true', ('secure', True)),
    ]
    assert {x[0].get_name() for x in cases} == {x for x in dir(GstZrtp) if x.startswith('message_parse_')}
    for parse, text, expected in cases:
        told = message(text + common)
        result = parse(told)
        assert result[0] is True and tuple(result)[1:] == expected, (parse, result)
        assert GstZrtp.message_is(told)
        assert tuple(GstZrtp.message_parse(told)) == (True, 'a', 1, 'in plain English')
        # The tuple outlives the message.
        del told
        gc.collect()
        assert tuple(result)[1:] == expected
        for other, other_text, _ in cases:
            assert other == parse or parse(message(other_text + common))[0] is False
    foreign = message('foreign, state=secure')
    assert not GstZrtp.message_is(foreign) and not GstZrtp.message_parse(foreign)[0]


def test_session_descriptions():
    session = GstZrtp.Session()
    value = session.get_zrtp_hash(0)
    assert value.startswith('1.10 ') and value == session.emit('get-zrtp-hash', 0)
    result, media = GstSdp.SDPMedia.new()
    assert result == GstSdp.SDPResult.OK
    assert GstZrtp.sdp_media_get_zrtp_hash(media) is None
    assert GstZrtp.sdp_media_add_zrtp_hash(media, value) and not GstZrtp.sdp_media_add_zrtp_hash(media, 'nonsense')
    assert GstZrtp.sdp_media_get_zrtp_hash(media) == value
    assert session.set_peer_zrtp_hash(0, value) and session.set_peer_zrtp_hash(0, None)
    assert not session.set_peer_zrtp_hash(0, 'nonsense')
    assert session.emit('set-peer-zrtp-hash', 0, value) is True
    assert session.get_zrtp_hash(9999) is None


def test_seed_file():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, 'seed')
        assert GstZrtp.use_seed_file(path)
        assert os.path.getsize(path) > 0
        assert raises(GstZrtp.use_seed_file, directory).matches(Gio.io_error_quark(), Gio.IOErrorEnum.FAILED)
        assert GstZrtp.use_seed_file(path)
    session = GstZrtp.Session()
    session.add_entropy(GLib.Bytes.new(b'noise'))
    session.emit('add-entropy', GLib.Bytes.new(b'noise'))


def test_errors():
    session = GstZrtp.Session(cache='none')
    error = raises(session.list_peers)
    assert error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_SUPPORTED) and session.get_id() in error.message
    with tempfile.TemporaryDirectory() as directory:
        session = GstZrtp.Session(cache=os.path.join(directory, 'cache.db'))
        assert session.list_peers() == []
        for change in (session.forget_peer, session.unverify_peer, lambda zid: session.rename_peer(zid, 'Bob')):
            assert raises(change, 'nonsense').matches(Gio.io_error_quark(), Gio.IOErrorEnum.INVALID_ARGUMENT)
    try:
        session.rename_peer(None, 'Bob')
        raise AssertionError('a ZID may be None')
    except TypeError:
        pass


def test_call_and_peers():
    """From discovery to a verified call and its trace in the cache, and back in the clear."""
    with tempfile.TemporaryDirectory() as directory:
        alice, bob = [GstZrtp.Session(cache=os.path.join(directory, name), allow_clear=True) for name in ('a', 'b')]
        alice.props.peer_name, bob.props.peer_name = 'Bob', 'Alice'
        assert alice.set_peer_zrtp_hash(0, bob.get_zrtp_hash(0)) and bob.set_peer_zrtp_hash(0, alice.get_zrtp_hash(0))
        with Call(alice, bob) as call:
            sas = [call.wait_sas(session) for session in (alice, bob)]
            assert sas[0].sas == sas[1].sas and sas[0].sas_type == 'B32' and not sas[0].verified
            assert alice.get_state(0) == GstZrtp.State.SECURE == alice.props.state
            assert alice.get_security(0) == GstZrtp.Security.UNVERIFIED and alice.props.sas == sas[0].sas
            assert alice.get_state(5) == GstZrtp.State.IDLE
            # Both action signals and methods are the user's answer.
            call.pipeline.get_by_name('bob-dec').emit('sas-match')
            alice.set_verified(True)
            for session in (alice, bob):
                assert call.wait_sas(session, lambda r, m: r.verified).security == GstZrtp.Security.VERIFIED
            structure = next(m for m in call.messages if m.has_name('zrtp-sas')).get_structure()
            assert structure.get_string('signalled-hash') == 'match' and structure.get_string('cache') == 'none'
            look_at_stats(alice)
            assert not alice.new_call()
            alice.clear()
            call.wait(GstZrtp.message_parse_warning, lambda r, m: r.code == 'clear-requested')
            bob.accept_clear()
            for session in (alice, bob):
                call.wait(GstZrtp.message_parse_state, lambda r, m: r.old_state == GstZrtp.State.CLEARING
                          and r.state == GstZrtp.State.CLEAR
                          and GstZrtp.message_parse(m).session_id == session.get_id())
            call.messages.clear()
            bob.secure()
            call.wait_state(alice, GstZrtp.State.SECURE)
            assert not alice.relay_sas(bob)     # no telephone system
        assert alice.new_call()
        look_at_peers(alice)


def look_at_stats(session):
    stats = session.get_stats()
    assert stats.get_string('session-id') == session.get_id() and stats.get_uint64('sent-encrypted')[0]
    found, streams = stats.get_array('streams')
    assert found and streams.n_values == 1
    stream = streams.get_nth(0)
    assert stream.get_int('stream') == (True, 0) and stream.get_string('state') == 'secure'
    assert session.props.stats.get_name() == stats.get_name()


def look_at_peers(session):
    peers = session.list_peers()
    assert len(peers) == 1 and isinstance(peers[0], GstZrtp.Peer)
    peer = peers[0]
    del peers
    gc.collect()
    assert peer.name == 'Bob' and peer.verified and peer.has_secret and not peer.enrolled and len(peer.zid) == 24
    assert 0 <= time.time() - peer.first_use < 100 and peer.last_use >= peer.first_use
    assert peer.expiry == GLib.MAXINT64
    assert session.unverify_peer(peer.zid) and not session.list_peers()[0].verified
    assert session.rename_peer(peer.zid, 'Robert') and session.list_peers()[0].name == 'Robert'
    owns_right(session.list_peers, lambda: [x.zid for x in session.list_peers()])
    assert session.forget_peer(peer.zid) and session.list_peers() == []
    assert peer.name == 'Bob'


class Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in ('arena', 'ordblks', 'smblks', 'hblks', 'hblkhd', 'usmblks', 'fsmblks',
                                                     'uordblks', 'fordblks', 'keepcost')]


def memory_in_use():
    mallinfo = ctypes.CDLL(None).mallinfo2
    mallinfo.restype = Mallinfo
    gc.collect()
    return mallinfo().uordblks


def owns_right(*functions):
    """What a function returns is freed, and once: memory in use does not grow with the number of calls."""
    if not hasattr(ctypes.CDLL(None), 'mallinfo2'):
        return
    calls = 300
    for function in functions:
        growth = []
        # A leak is what grows every time, and does not go when the worker threads are done.
        while len(growth) < 3 and (not growth or growth[-1] >= 8 * calls):
            function()
            before = memory_in_use()
            for _ in range(calls):
                function()
            # Less than eight octets a call is no leak of anything: the least that malloc hands out is 24.
            becomes_true(lambda: memory_in_use() - before < 8 * calls, 0.5)
            growth.append(memory_in_use() - before)
        assert growth[-1] < 8 * calls, '%s: %s octets in %d calls' % (function, growth, calls)


def test_ownership():
    session = GstZrtp.Session()
    value, bytes_, key = session.get_zrtp_hash(0), GLib.Bytes.new(b'x' * 100), GLib.Bytes.new(b'k' * 16)
    media = GstSdp.SDPMedia.new()[1]
    GstZrtp.sdp_media_add_zrtp_hash(media, value)
    told = message('zrtp-sas, session-id=a, stream=0, text=b, sas=b4x9, sas-type=B32, security=verified, verified=true')
    owns_right(lambda: GstZrtp.Session(), lambda: GstZrtp.Session.new(), lambda: GstZrtp.Session.obtain('owned'),
               session.get_id, session.get_stats, lambda: session.get_zrtp_hash(0), lambda: session.props.stats,
               lambda: session.emit('get-zrtp-hash', 0), lambda: session.emit('set-peer-zrtp-hash', 0, value),
               lambda: GstZrtp.sdp_media_get_zrtp_hash(media), lambda: GstZrtp.message_parse_sas(told),
               lambda: GstZrtp.message_parse(told), lambda: session.add_entropy(bytes_),
               lambda: session.emit('add-entropy', bytes_), lambda: session.set_aux_secret(bytes_),
               lambda: session.set_srtp_secret(key, None), session.sas_match,
               lambda: GstZrtp.Peer().copy())
    session.set_aux_secret(None)
    session.set_srtp_secret(GLib.Bytes.new(b'k' * 16), GLib.Bytes.new(b's' * 14))
    session.set_srtp_secret(None, None)


def test_secrets_and_signature():
    """A key of the call, an auxiliary secret, and a signature made by a Python function on a worker thread."""
    alice, bob = sessions(check_signatures=True, export_key=True)
    alice.set_aux_secret(GLib.Bytes.new(b'both know this'))
    bob.emit('set-aux-secret', GLib.Bytes.new(b'both know this'))
    signed, threads = [], []

    def sign(session, sas_hash, greeting):
        threads.append(threading.get_ident())
        assert session is alice and greeting == 'hello'
        signed.append(sas_hash.get_data())
        # Others get their turn while this thread holds the engine and waits for nothing but the interpreter.
        time.sleep(0.2)
        assert session.get_zrtp_hash(0)
        return GLib.Bytes.new(b'TEST' + sas_hash.get_data())

    alice.connect('sign-sas', sign, 'hello')
    with Call(alice, bob) as call:
        end = time.monotonic() + LIMIT
        while not signed and time.monotonic() < end:
            # The main thread asks for what the worker holds, with and without the interpreter's lock.
            alice.emit('get-zrtp-hash', 0)
            alice.get_zrtp_hash(0)
            alice.get_property('stats')
            alice.get_stats()
        result = call.wait(GstZrtp.message_parse_signature, lambda r, m: True)
        call.wait_state(alice, GstZrtp.State.SECURE)
        assert len(signed) == 1 and threads[0] != threading.get_ident()
        assert bytes.fromhex(result.sas_hash) == signed[0]
        assert bob.get_signature().get_data() == b'TEST' + signed[0] == bytes.fromhex(result.signature)
        assert alice.get_signature() is None
        keys = [session.get_exported_key().get_data() for session in (alice, bob)]
        assert keys[0] == keys[1] and len(keys[0]) >= 32
        owns_right(bob.get_signature, bob.get_exported_key)
        bob.accept_signature()
        assert call.wait_sas(bob, lambda r, m: r.security == GstZrtp.Security.VERIFIED)
        assert not [m for m in call.messages if GstZrtp.message_parse_warning(m).code == 'aux-mismatch']
    assert alice.get_exported_key() is None and bob.get_signature() is None


def test_nonsense_from_a_handler():
    """A handler that raises, or returns something else, costs its signature and not the call."""
    alice, bob = sessions(check_signatures=True)
    hook, sys.excepthook = sys.excepthook, lambda *x: None
    try:
        alice.connect('sign-sas', lambda *x: 1 // 0)
        bob.connect('sign-sas', lambda *x: GLib.Bytes.new(b'odd'))
        with Call(alice, bob) as call:
            assert call.wait_sas(alice).sas == call.wait_sas(bob).sas
            assert alice.get_signature() is None and bob.get_signature() is None
    finally:
        sys.excepthook = hook


def test_synchronous_messages():
    """Messages that are handled on the threads that post them, while the main thread is busy with Python."""
    alice, bob = sessions()
    seen, secure = [], threading.Event()

    def handle(bus, told):
        if told.type == Gst.MessageType.ELEMENT and GstZrtp.message_is(told):
            seen.append((threading.get_ident(), GstZrtp.message_parse(told).session_id))
            if GstZrtp.message_parse_state(told).state == GstZrtp.State.SECURE:
                # From within the handler the session can be asked anything.
                alice.get_stats()
                bob.emit('get-zrtp-hash', 0)
            if alice.props.state == bob.props.state == GstZrtp.State.SECURE:
                secure.set()
        return Gst.BusSyncReply.PASS

    call = Call(alice, bob)
    call.bus.set_sync_handler(handle)
    with call:
        end = time.monotonic() + LIMIT
        while not secure.is_set() and time.monotonic() < end:
            sum(range(1000))
            alice.get_property('stats')
    call.bus.set_sync_handler(None)
    assert secure.is_set() and {x[1] for x in seen} == {alice.get_id(), bob.get_id()}
    assert {x[0] for x in seen} - {threading.get_ident()}, 'no message came from another thread'


def test_messages_by_signal():
    """The signal message comes on a worker; what is kept of it outlives the call."""
    alice, bob = sessions()
    kept = []
    alice.connect('message', lambda session, structure: kept.append((threading.get_ident(), structure, session)))
    with Call(alice, bob) as call:
        call.wait_sas(alice)
        call.wait_state(alice, GstZrtp.State.SECURE)
        on_bus = {m.get_structure().get_string('text') for m in call.messages
                  if GstZrtp.message_parse(m).session_id == alice.get_id()}
    del call
    gc.collect()
    assert on_bus <= {structure.get_string('text') for _, structure, _ in kept} and len(on_bus) > 3
    assert all(session is alice for _, _, session in kept)
    assert {thread for thread, _, _ in kept} - {threading.get_ident()}


def test_differing_strings():
    alice, bob = sessions()
    with Call(alice, bob) as call:
        call.wait_sas(alice)
        alice.sas_differs()
        assert call.wait(GstZrtp.message_parse_warning, lambda r, m: r.code == 'sas-refused')
        assert call.wait_sas(alice, lambda r, m: r.security == GstZrtp.Security.INSECURE)


def test_sessions_are_freed():
    """After calls nothing holds a session or a pipeline any more, whoever lets go of it last."""
    held = set()
    for _ in range(3):
        alice, bob = sessions()
        with Call(alice, bob) as call:
            call.wait_sas(alice)
        for thing in (alice, bob, call.pipeline):
            held.add(id(thing))
            thing.weak_ref(held.discard, id(thing))
        del alice, bob, call, thing
        gc.collect()
        # A worker may be the last one that holds a session.
        assert becomes_true(lambda: not held, 5), held


def main():
    # A deadlock tells where it is.
    faulthandler.dump_traceback_later(3 * LIMIT, exit=True)
    Gst.init(None)
    tests = [(name, function) for name, function in globals().items() if name.startswith('test_')]
    good = True
    for number, (name, function) in enumerate(tests, 1):
        started = time.monotonic()
        try:
            function()
            print('ok %d - %s (%.1f s)' % (number, name, time.monotonic() - started), flush=True)
        except Exception:
            good = False
            print('not ok %d - %s' % (number, name))
            print('# ' + traceback.format_exc().replace('\n', '\n# '), flush=True)
    print('1..%d' % len(tests))
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
