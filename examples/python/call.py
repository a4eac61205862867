#!/usr/bin/env python3
"""A telephone in the terminal: one Opus stream each way over UDP, encrypted by ZRTP.

    call.py HOST REMOTE-PORT LOCAL-PORT

It shows how far the call may be trusted, asks the user to compare the code, and tells what can be done about whatever
happens. Keys, each with Enter:

    y  my partner sees the same code           c  switch encryption off
    n  my partner sees another code            a  agree that it is off
    l  compare later                           s  encrypt, or try again
    w NAME  whom I am talking to               t  trust the telephone system at the other end
    h HASH  zrtp-hash of the other side        u  trust it no longer
    ?  how the call is                         q  hang up

Without a microphone or loudspeaker: --source='audiotestsrc is-live=true' --sink=fakesink.
Two telephones of one user on one machine need an identity each: --cache=memory, or another file, for one of them.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import argparse
import enum
import os
import signal
import sys

import gi

gi.require_version('Gst', '1.0')
gi.require_version('GstZrtp', '1.0')
from gi.repository import Gio, GLib, Gst, GstZrtp  # noqa: E402

PIPELINE = (
    '{source} ! audioconvert ! audioresample ! opusenc ! rtpopuspay '
    '! zrtpenc name=zrtpenc ! udpsink host={host} port={remote} async=false '
    'udpsrc port={local} caps=application/x-rtp,media=audio,clock-rate=48000,encoding-name=OPUS '
    '! zrtpdec name=zrtpdec ! rtpjitterbuffer ! rtpopusdepay ! opusdec {tones} ! audioconvert ! audioresample ! {sink}')

ENDED_BY_USER, ENDED_BY_ERROR, ENDED_BY_ALARM = 0, 1, 3
GREEN, YELLOW, RED = 32, 33, 31

# A lock is coloured by how far the call may be trusted, never by whether it is encrypted alone.
LOCKS = {
    GstZrtp.Security.NONE: (RED, 'OPEN: not encrypted'),
    GstZrtp.Security.INSECURE: (RED, 'BROKEN: encrypted, but not for whom you expect'),
    GstZrtp.Security.UNVERIFIED: (YELLOW, 'CLOSED: encrypted, for whom nobody has verified'),
    GstZrtp.Security.VERIFIED: (GREEN, 'CLOSED: encrypted, partner verified'),
    GstZrtp.Security.VERIFIED_SIGNALLED: (GREEN, 'CLOSED: encrypted, partner verified, also by the signalling'),
}


class Do(enum.Enum):
    """What a user interface does about a warning."""
    END = 'alarm, and the call ends'
    COMPARE = 'alarm, and the user compares the code, even if the partner counted as verified'
    DECIDE = 'the user chooses how to go on'
    TELL = 'the user is told'
    REPAIR = 'somebody puts right how this program is set up; the user is told'


# Every warning, what to do about it, and what the user is told beside the warning's own text.
WARNINGS = {
    # An attack, or something lost.
    'cache-mismatch': (Do.COMPARE, 'If the codes are the same answer y, and the secret of your earlier calls is renewed.'),
    'sas-refused': (Do.END, 'Call your partner by another way.'),
    'message-mac': (Do.END, 'Call your partner by another way.'),
    'hello-hash': (Do.COMPARE, 'Only the code tells now who this is. With --require-zrtp-hash there will be no call.'),
    'peer-silent': (Do.TELL, 'Say nothing secret. s tries once more.'),
    'other-name': (Do.COMPARE, 'Ask your partner who this is. w NAME if it is somebody else than you expected.'),
    'new-device': (Do.COMPARE, 'Your partner may have a new telephone. Or somebody else has.'),
    'aux-mismatch': (Do.COMPARE, 'Only the code tells now who this is.'),
    'too-many-failures': (Do.DECIDE, 's: try once more. q: hang up.'),
    'bad-confirm': (Do.TELL, 'If that goes on somebody attacks the call.'),
    'changed-message': (Do.TELL, 'If that goes on somebody attacks the call.'),
    'forged-clear': (Do.TELL, 'If that goes on somebody attacks the call.'),
    'untrusted-relay': (Do.TELL, 'The code that you see is the one of the call as far as that system.'),
    # For the user to decide or know.
    'clear-requested': (Do.DECIDE, 'a: go on without encryption. s: encrypt again. q: hang up.'),
    'clear-not-allowed': (Do.TELL, 'The call stays encrypted. --allow-clear, at both ends, is to be set before the call.'),
    'no-zrtp-hash': (Do.COMPARE, 'h HASH, if you have it from your partner, before the next call.'),
    'stream-held': (Do.DECIDE, 's: encrypt. q: hang up.'),
    'clear-refused': (Do.TELL, 'The call stays encrypted. It was begun with --secure-only.'),
    'peer-discloses': (Do.TELL, 'Choose what you say.'),
    'enrollment-unproven': (Do.COMPARE, 'Answer y if the codes are the same, then t.'),
    # Something to put right.
    'cache-unreadable': (Do.REPAIR, 'Until then everybody counts as new: compare the code.'),
    'cache-write': (Do.REPAIR, 'Is the disk full?'),
    'equal-passive': (Do.REPAIR, 'Unset passive at one end.'),
    'malformed-zrtp-hash': (Do.REPAIR, 'It is "1.10" and 64 hexadecimal digits, as the other telephone prints it.'),
    'keylog': (Do.REPAIR, 'Say nothing secret: who has that file can decrypt the call.'),
    'keylog-unwritable': (Do.REPAIR, 'There is no key log of this call.'),
    'status-unavailable': (Do.REPAIR, 'zrtp-top cannot show this call.'),
    'no-sender': (Do.REPAIR, 'A zrtpenc is missing in the pipeline.'),
    'no-receiver': (Do.REPAIR, 'A zrtpdec is missing in the pipeline.'),
    'undecryptable': (Do.DECIDE, 'q: hang up, and call again.'),
    'key-expired': (Do.DECIDE, 'q: hang up, and call again.'),
    'srtp': (Do.REPAIR, 'List fewer ciphers or auth-tags.'),
}

ENROLLMENT = {
    'offered': 't: trust it. Nothing, or u: do not.',
    'accepted': 'It may tell you your partner\'s code from now on.',
    'present': '',
    'removed': '',
}


def say(text, colour=None):
    # Some of it comes from the other side or a file: nothing in it commands the terminal.
    text = ''.join(c if c.isprintable() else '\ufffd' for c in text)
    if colour and sys.stdout.isatty():
        text = '\033[%dm%s\033[0m' % (colour, text)
    print(text, flush=True)


class Telephone:
    def __init__(self, options):
        self.loop = GLib.MainLoop()
        self.status = ENDED_BY_USER
        self.options = options
        self.lock = None
        self.asked = None           # the code that the user was asked to compare
        self.comparing = False      # and has not answered yet
        self.typed = b''

        # One session for both directions. Its verbs are methods; as action signals the elements have them too.
        self.session = GstZrtp.Session(allow_clear=options.allow_clear, require_zrtp_hash=options.require_zrtp_hash,
                                       accept_relay=options.accept_relay, check_signatures=bool(options.check_signature),
                                       media_policy='secure-only' if options.secure_only else 'opportunistic')
        if options.cache:
            self.session.props.cache = options.cache
        if options.peer_name:
            self.session.props.peer_name = options.peer_name
        self.pipeline = Gst.parse_launch(PIPELINE.format(
            source=options.source, sink=options.sink, host=options.host, remote=options.remote_port,
            local=options.local_port, tones='! zrtpalert name=zrtpalert' if options.tones else ''))
        for name in ('zrtpenc', 'zrtpdec', 'zrtpalert'):
            element = self.pipeline.get_by_name(name)
            if element:
                element.set_property('session', self.session)

        self.reactions = {
            GstZrtp.MESSAGE_STATE: self.on_state,
            GstZrtp.MESSAGE_SAS: self.on_sas,
            GstZrtp.MESSAGE_WARNING: self.on_warning,
            GstZrtp.MESSAGE_ERROR: self.on_error,
            GstZrtp.MESSAGE_ENROLLMENT: self.on_enrollment,
            GstZrtp.MESSAGE_SIGNATURE: self.on_signature,
            GstZrtp.MESSAGE_ALERT: self.on_alert,
        }
        self.keys = {
            'y': self.session.sas_match,
            'n': self.session.sas_differs,
            'c': self.session.clear,
            'a': self.session.accept_clear,
            's': self.session.secure,
            't': lambda: self.session.set_enrolled(True),
            'u': lambda: self.session.set_enrolled(False),
            'l': self.compare_later,
            '?': self.show_call,
            'q': self.loop.quit,
        }

    def run(self):
        """A call, from here to hanging up. Returns how it ended."""
        # What a signalling protocol would carry as a=zrtp-hash: here the users pass it on.
        say('zrtp-hash %s' % self.session.get_zrtp_hash(0))
        if self.options.zrtp_hash:
            self.session.set_peer_zrtp_hash(0, self.options.zrtp_hash)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect('message::element', self.on_message)
        bus.connect('message::error', self.on_failure)
        # The main loop must go on while the user thinks, so nothing ever waits for the keyboard.
        GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, sys.stdin.fileno(), GLib.IOCondition.IN | GLib.IOCondition.HUP,
                              self.on_keyboard)
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGINT, self.loop.quit)
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)
        bus.remove_signal_watch()
        say('The call has ended.')
        return self.status

    def hang_up(self, status):
        self.status = status
        self.loop.quit()

    # What the session tells.

    def on_message(self, bus, message):
        reaction = self.reactions.get(message.get_structure().get_name())
        if reaction:
            reaction(message, GstZrtp.message_parse(message).text)

    def on_state(self, message, text):
        change = GstZrtp.message_parse_state(message)
        say(text)
        if change.state == GstZrtp.State.FAILED:
            say('  s: try again. q: hang up.')
        if change.state != GstZrtp.State.SECURE:
            self.asked, self.comparing = None, False
        self.show_lock(change.security)

    def on_sas(self, message, text):
        told = GstZrtp.message_parse_sas(message)
        field = message.get_structure().get_string
        say(text)
        self.show_lock(told.security)
        say('  %s: %s, %s, %s, %s' % (field('peer-name') or 'Your partner', field('peer-client'), field('key-agreement'),
                                      field('cipher'), field('auth-tag')))
        if told.verified:
            self.comparing = False
        elif self.asked != told.sas:
            self.ask(told.sas)

    def on_warning(self, message, text):
        told = GstZrtp.message_parse_warning(message)
        do, advice = WARNINGS.get(told.code, (Do.TELL, ''))
        say('Warning (%s): %s' % (told.code, text), RED if do in (Do.END, Do.COMPARE) else YELLOW)
        if advice:
            say('  ' + advice)
        if do == Do.END:
            self.hang_up(ENDED_BY_ALARM)
        elif do == Do.COMPARE and self.session.props.sas and not self.comparing:
            self.ask(self.session.props.sas)

    def on_error(self, message, text):
        told = GstZrtp.message_parse_error(message)
        say('Error 0x%x: %s' % (told.code, text), YELLOW)

    def on_enrollment(self, message, text):
        say(text, YELLOW)
        advice = ENROLLMENT.get(GstZrtp.message_parse_enrollment(message).status)
        if advice:
            say('  ' + advice)

    def on_signature(self, message, text):
        """A program that knows whose keys to trust checks the signature; what it says, the session is told."""
        told = GstZrtp.message_parse_signature(message)
        say(text)
        try:
            checker = Gio.Subprocess.new([self.options.check_signature, told.sas_hash, told.signature],
                                         Gio.SubprocessFlags.NONE)
        except GLib.Error as error:
            say('The signature cannot be checked: %s' % error.message, YELLOW)
            return
        checker.wait_async(None, self.on_signature_checked)

    def on_signature_checked(self, checker, result):
        checker.wait_finish(result)
        if checker.get_if_exited() and checker.get_exit_status() == 0:
            self.session.accept_signature()
        else:
            say('The signature is not good: compare the code.', RED)

    def on_alert(self, message, text):
        """The tones are for the ear; the eye has been told by the other messages."""

    def on_failure(self, bus, message):
        error, where = message.parse_error()
        print('%s\n  %s' % (error.message, where), file=sys.stderr)
        self.hang_up(ENDED_BY_ERROR)

    # What the user is shown, and says.

    def show_lock(self, security):
        if security != self.lock:
            self.lock = security
            colour, text = LOCKS[security]
            say('[%s]' % text, colour)

    def ask(self, sas):
        self.asked, self.comparing = sas, True
        say('Does your partner see "%s" as well? y: the same, n: another one, l: later' % sas)

    def compare_later(self):
        self.comparing = False
        say('Say nothing secret before. Compare "%s" when you like: y, n.' % (self.session.props.sas or 'the code'))

    def show_call(self):
        say('%s, "%s"' % (LOCKS[self.session.props.security][1], self.session.props.sas or 'no code'))

    def on_keyboard(self, fd, condition):
        octets = os.read(fd, 4096)
        if not octets:
            self.loop.quit()
            return GLib.SOURCE_REMOVE
        *lines, self.typed = (self.typed + octets).split(b'\n')
        for line in lines:
            self.on_line(line.decode(errors='replace').strip())
        return GLib.SOURCE_CONTINUE

    def on_line(self, line):
        key, _, value = line.partition(' ')
        if key == 'w' and value:
            self.session.props.peer_name = value
        elif key == 'h' and value:
            self.session.set_peer_zrtp_hash(0, value)
        elif key in ('y', 'n') and not self.session.props.sas:
            say('There is no code yet.')
        elif line in self.keys:
            self.keys[line]()
        elif line:
            say('Keys: y n l w c a s t u h ? q. call.py --help explains them.')


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n\n    call.py')[0],
                                     epilog=__doc__.partition('REMOTE-PORT LOCAL-PORT\n\n')[2].partition('SPDX')[0],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('host')
    parser.add_argument('remote_port', type=int)
    parser.add_argument('local_port', type=int)
    parser.add_argument('--peer-name', metavar='NAME', help='whom you call')
    parser.add_argument('--zrtp-hash', metavar='HASH', help='what the other telephone printed as its zrtp-hash')
    parser.add_argument('--require-zrtp-hash', action='store_true', help='refuse who does not fit it')
    parser.add_argument('--secure-only', action='store_true', help='send and play nothing that is not encrypted')
    parser.add_argument('--allow-clear', action='store_true', help='encryption may be switched off, if both users agree')
    parser.add_argument('--accept-relay', action='store_true', help='show the code that a trusted telephone system tells')
    parser.add_argument('--check-signature', metavar='PROGRAM',
                        help='what checks a signature: is called with the hash and the signature in hexadecimal digits')
    parser.add_argument('--tones', action='store_true', help='tell by tones too how the call is')
    parser.add_argument('--cache', metavar='FILE', help='where secrets shared with partners are kept; or memory, or none')
    parser.add_argument('--source', default='autoaudiosrc', metavar='ELEMENT', help='the microphone')
    parser.add_argument('--sink', default='autoaudiosink', metavar='ELEMENT', help='the loudspeaker')
    options = parser.parse_args()

    Gst.init(None)
    try:
        telephone = Telephone(options)
    except GLib.Error as error:
        sys.exit('The pipeline cannot be made: %s' % error.message)
    return telephone.run()


if __name__ == '__main__':
    sys.exit(main())
