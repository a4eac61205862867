#!/usr/bin/env python3
"""Calls between telephones of examples/python/call.py on this machine, with users who answer, and with other peers.

Usage: check-call.py EMBED       EMBED is the program of examples/embed.c

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import contextlib
import importlib.util
import io
import os
import re
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import types

import gi

gi.require_version('Gst', '1.0')
gi.require_version('GstZrtp', '1.0')
from gi.repository import GLib, Gst, GstZrtp  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CALL = os.path.join(ROOT, 'examples', 'python', 'call.py')
LIMIT = 20      # seconds
NO_SOUND = ['--source=audiotestsrc is-live=true', '--sink=fakesink']


def load(name, path):
    """A program as a module, whatever its name."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def free_ports():
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for each in sockets:
        each.bind(('127.0.0.1', 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Phone:
    """A telephone as its user sees it: lines on the screen, and a keyboard."""
    all = []

    def __init__(self, command, **environment):
        self.lines, self.read, self.changed = [], 0, threading.Condition()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=dict(os.environ, **environment))
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        Phone.all.append(self)

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip())
                self.changed.notify_all()
        with self.changed:
            self.lines.append('(end)')
            self.changed.notify_all()

    def expect(self, pattern):
        """Waits until a line fits that was not passed before; returns what is in the pattern's brackets."""
        found = None

        def look():
            nonlocal found
            for number in range(self.read, len(self.lines)):
                found = re.search(pattern, self.lines[number])
                if found:
                    self.read = number + 1
                    return True
            return self.lines[-1:] == ['(end)']

        with self.changed:
            self.changed.wait_for(look, LIMIT)
        assert found, 'nothing like "%s" in:\n%s' % (pattern, '\n'.join(self.lines))
        return found.group(1) if found.groups() else found.group()

    def type(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()

    def hang_up(self):
        self.type('q')
        return self.ended()

    def ended(self):
        status = self.process.wait(LIMIT)
        self.thread.join(LIMIT)
        return status

    def sees(self, pattern):
        """Waits until any line fits, also one that was passed."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.saw(pattern), LIMIT), (pattern, self.lines)

    def saw(self, pattern):
        return any(re.search(pattern, line) for line in self.lines)


def phone(ports, *options):
    """A telephone of call.py; ports are its own and the other one's."""
    options = list(options) if any('--cache' in x for x in options) else list(options) + ['--cache=memory']
    return Phone([sys.executable, CALL, '127.0.0.1', str(ports[1]), str(ports[0])] + NO_SOUND + options)


def pair(one=(), other=()):
    ports = free_ports()
    return phone(ports, *one), phone(ports[::-1], *other)


def both_asked(*phones):
    codes = [each.expect(r'Does your partner see "([^"]+)"') for each in phones]
    assert len(set(codes)) == 1, codes
    return codes[0]


class Peer:
    """The other end of a call, in this process."""

    def __init__(self, ports, **properties):
        self.session = GstZrtp.Session(cache='memory', **properties)
        self.pipeline = Gst.parse_launch(load('call', CALL).PIPELINE.format(
            source='audiotestsrc is-live=true', sink='fakesink', host='127.0.0.1', remote=ports[1], local=ports[0], tones=''))
        for name in ('zrtpenc', 'zrtpdec'):
            self.pipeline.get_by_name(name).set_property('session', self.session)

    def __enter__(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        return self

    def __exit__(self, *exception):
        self.pipeline.set_state(Gst.State.NULL)


def test_nothing_is_forgotten():
    """Each message has a reaction, each warning of the library one of call.py, and each level of security a lock."""
    call = load('call', CALL)
    codes = load('check_readme', os.path.join(ROOT, 'tests', 'check-readme.py')).warning_codes()
    assert codes == set(call.WARNINGS), codes ^ set(call.WARNINGS)
    assert set(call.LOCKS) == {GstZrtp.Security(x) for x in GstZrtp.Security.__enum_values__}
    telephone = make_telephone(call)
    messages = {getattr(GstZrtp, x) for x in dir(GstZrtp) if x.startswith('MESSAGE_')}
    assert set(telephone.reactions) == messages, set(telephone.reactions) ^ messages


def make_telephone(call):
    return call.Telephone(types.SimpleNamespace(
        host='127.0.0.1', remote_port=1, local_port=1, source='audiotestsrc', sink='fakesink', cache='memory', tones=False,
        peer_name=None, allow_clear=False, require_zrtp_hash=False, accept_relay=False, check_signature=None,
        secure_only=False))


def test_every_warning():
    """What the user is told of each warning, and what the telephone does."""
    call = load('call', CALL)
    for code, (do, advice) in call.WARNINGS.items():
        telephone, said = make_telephone(call), []
        call.say = lambda text, colour=None: said.append(text)
        telephone.loop.quit = lambda: said.append('(hung up)')
        telephone.on_message(None, Gst.Message.new_element(None, Gst.Structure.from_string(
            'zrtp-warning, session-id=a, stream=0, code=%s, text="What happened."' % code)[0]))
        assert said[0] == 'Warning (%s): What happened.' % code and said[1] == '  ' + advice, said
        assert ('(hung up)' in said) == (do == call.Do.END) == (telephone.status == call.ENDED_BY_ALARM), said


def test_screen():
    """Names and programs of others do not command the terminal."""
    screen = io.StringIO()
    with contextlib.redirect_stdout(screen):
        load('call', CALL).say('\033[2JBob\n\u009bm\u202e', 32)
    assert screen.getvalue() == '\ufffd[2JBob\ufffd\ufffdm\ufffd\n', repr(screen.getvalue())


def test_same_code_and_later_calls():
    with tempfile.TemporaryDirectory() as directory:
        caches = [os.path.join(directory, name) for name in ('alice', 'bob')]
        of_alice = ['--allow-clear', '--peer-name=Bob', '--cache=' + caches[0]]
        of_bob = ['--allow-clear', '--peer-name=Alice', '--cache=' + caches[1]]
        ports = free_ports()
        alice = phone(ports, *of_alice)
        bob = phone(ports[::-1], '--tones', '--zrtp-hash', alice.expect('zrtp-hash (.*)'), *of_bob)
        alice.type('h ' + bob.expect('zrtp-hash (.*)'))
        both_asked(alice, bob)
        for each in (alice, bob):
            each.type('y')
            each.expect(r'^\[CLOSED: encrypted, partner verified\]')
        # Off, with both users' consent, and on again.
        alice.type('c')
        bob.expect(r'^Warning \(clear-requested\)')
        bob.expect('a: go on without')
        bob.type('a')
        for each in (alice, bob):
            each.expect('Encryption is off')
        bob.type('s')
        for each in (alice, bob):
            each.expect(r'^\[CLOSED: encrypted, partner verified\]')
        assert [alice.hang_up(), bob.hang_up()] == [0, 0]

        # Known and verified: nobody is asked.
        alice, bob = pair(of_alice, of_bob)
        for each, name in ((alice, 'Bob'), (bob, 'Alice')):
            each.expect(r'^\[CLOSED: encrypted, partner verified\]')
            each.expect('  %s: gst-zrtp' % name)
        assert [alice.hang_up(), bob.hang_up()] == [0, 0]
        assert not alice.saw('Does your partner see') and not bob.saw('Does your partner see')

        # Bob has lost his secrets, not who he is: Alice is warned, and both compare anew.
        lose_secrets(caches[1])
        alice, bob = pair(of_alice, of_bob)
        alice.expect(r'^Warning \(cache-mismatch\)')
        both_asked(alice, bob)
        alice.sees(r'^\[BROKEN')
        for each in (alice, bob):
            each.type('y')
            each.expect(r'^\[CLOSED: encrypted, partner verified\]')
        assert [alice.hang_up(), bob.hang_up()] == [0, 0]


def lose_secrets(cache):
    session = GstZrtp.Session(cache=cache)
    peers = session.list_peers()
    assert len(peers) == 1 and peers[0].verified and peers[0].name == 'Alice'
    session.forget_peer(peers[0].zid)


def test_another_code():
    alice, bob = pair()
    both_asked(alice, bob)
    alice.type('n')
    alice.expect(r'^Warning \(sas-refused\)')
    assert alice.ended() == 3
    assert bob.hang_up() == 0
    assert not bob.saw('partner verified')


def test_later_and_secure_only():
    alice, bob = pair(['--secure-only'], ['--secure-only'])
    code = both_asked(alice, bob)
    alice.type('l')
    assert alice.expect('Compare "(.*)" when you like') == code
    alice.type('nonsense')
    alice.expect('^Keys: ')
    alice.type('?')
    alice.expect('nobody has verified, "%s"' % code)
    alice.type('c')
    alice.expect(r'^Warning \(clear-refused\)')
    alice.type('w Bob')
    alice.type('y')
    alice.expect(r'^\[CLOSED: encrypted, partner verified\]')
    alice.expect('  Bob: gst-zrtp')
    assert [alice.hang_up(), bob.hang_up()] == [0, 0]


def test_wrong_hash():
    wrong = '--zrtp-hash=1.10 ' + '0123456789abcdef' * 4
    alice, bob = pair([wrong])
    alice.expect(r'^Warning \(hello-hash\)')
    both_asked(alice, bob)
    alice.sees(r'^\[BROKEN')
    alice.hang_up(), bob.hang_up()
    alice, bob = pair([wrong, '--require-zrtp-hash'])
    alice.expect(r'^Warning \(hello-hash\)')
    alice.type('y')
    alice.expect('There is no code yet')
    assert [alice.hang_up(), bob.hang_up()] == [0, 0]
    assert not alice.saw(r'^\[CLOSED') and not bob.saw(r'^\[CLOSED')


def test_mistakes():
    alice = phone(free_ports(), '--cache=nonsense')
    assert alice.ended() == 1
    alice = Phone([sys.executable, CALL, '127.0.0.1', '1', '2', '--source=no-such-thing'])
    assert alice.ended() == 1


def test_embed():
    """The telephone in C and the one in Python."""
    ports = free_ports()
    other = Phone([sys.argv[1], '127.0.0.1', str(ports[1]), str(ports[0])], ZRTP_CACHE='memory', AUDIO_SINK='fakesink',
                  AUDIO_SOURCE='audiotestsrc is-live=true')
    mine = phone(ports[::-1])
    both_asked(mine, other)
    mine.type('y')
    mine.expect(r'^\[CLOSED: encrypted, partner verified\]')
    other.type('y')
    other.expect('verified your partner')
    assert [mine.hang_up(), other.hang_up()] == [0, 0]


def test_signature():
    """A peer that signs: a good signature verifies it without a word, a bad one is told."""
    with tempfile.TemporaryDirectory() as directory:
        checker = os.path.join(directory, 'checker')
        with open(checker, 'w') as file:
            file.write('#!/bin/sh\ntest "$2" = "54455354$1"\n')
        os.chmod(checker, stat.S_IRWXU)
        for good, expected in ((True, r'^\[CLOSED: encrypted, partner verified\]'), (False, 'The signature is not good')):
            ports = free_ports()
            peer = Peer(ports)
            peer.session.connect('sign-sas', lambda session, sas_hash: GLib.Bytes.new(
                (b'TEST' if good else b'NONE') + sas_hash.get_data()))
            with peer:
                alice = phone(ports[::-1], '--check-signature=' + checker)
                alice.expect('has signed the code')
                alice.expect(expected)
                assert alice.hang_up() == 0


def test_telephone_system():
    """A PBX asks to be trusted, and is, and is not any longer."""
    ports = free_ports()
    with Peer(ports, mitm=True, enroll=True):
        alice = phone(ports[::-1], '--accept-relay')
        alice.expect('asks to be trusted')
        alice.expect('t: trust it')
        alice.type('t')
        alice.expect(r'^Warning \(enrollment-unproven\)')
        alice.type('y')
        alice.expect(r'^\[CLOSED: encrypted, partner verified\]')
        alice.type('t')
        alice.expect('is trusted from now on')
        alice.type('u')
        alice.expect('is not trusted any longer')
        assert alice.hang_up() == 0


def test_nobody(alice):
    """The signalling has announced somebody who encrypts; nobody does. And a line that closes hangs up."""
    alice.expect('does not answer with ZRTP')
    alice.sees(r'^Warning \(peer-silent\)')
    assert alice.saw('OPEN') and not alice.saw('CLOSED')
    alice.process.stdin.close()
    assert alice.ended() == 0


def run(number, function, *arguments):
    started = time.monotonic()
    try:
        function(*arguments)
        print('ok %d - %s (%.1f s)' % (number, function.__name__, time.monotonic() - started), flush=True)
        return True
    except Exception:
        print('not ok %d - %s' % (number, function.__name__))
        print('# ' + traceback.format_exc().replace('\n', '\n# '), flush=True)
        return False
    finally:
        for each in Phone.all:
            each.process.kill()
            each.process.wait()
        Phone.all.clear()


def main():
    Gst.init(None)
    # That nobody answers takes its time: meanwhile the others call.
    lonely = phone(free_ports(), '--zrtp-hash=1.10 ' + '0123456789abcdef' * 4)
    Phone.all.clear()
    tests = [function for name, function in globals().items() if name.startswith('test_') and function != test_nobody]
    try:
        results = [run(number, function) for number, function in enumerate(tests, 1)]
        results.append(run(len(results) + 1, test_nobody, lonely))
    finally:
        lonely.process.kill()
    print('1..%d' % len(results))
    return 0 if all(results) else 1


if __name__ == '__main__':
    sys.exit(main())
