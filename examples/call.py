#!/usr/bin/env python3
"""Alice calls Bob: two gst-launch-1.0 processes talk on 127.0.0.1, each through zrtpenc and zrtpdec.

Usage: call.py --build DIR [--seconds N]

Prints what each side reports as it comes, ends by itself, and then compares what was said, what crossed the wire and
what was heard. The exit status is 0 only if the call was secure and everything matches. See call.sh.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import argparse
import array
import collections
import math
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
import wave

import voice
import wire

SECURE_WITHIN = 10.0    # seconds
AFTERWORD = 1.0         # seconds of call after the last word, for the jitter buffers to run empty
TAG_LENGTHS = {'HS32': 4, 'HS80': 10, 'GCM': 16}
NAMES = ('alice', 'bob')
# Unbuffered: filesink of GStreamer 1.22 loses octets where it writes more than 1024 pieces at once.
PIPELINE = (
    'filesrc location={said_wav} ! wavparse ! audioconvert ! audioresample '
    '! opusenc bitrate=48000 audio-type=voice ! rtpopuspay pt=96 ! tee name=said '
    '! queue ! zrtpenc name=zrtpenc cache={cache} ! udpsink host=127.0.0.1 port={remote} async=false '
    'udpsrc address=127.0.0.1 port={local} '
    'caps=application/x-rtp,media=audio,clock-rate=48000,encoding-name=OPUS,payload=96 '
    '! zrtpdec name=zrtpdec ! tee name=heard '
    '! rtpjitterbuffer latency=100 ! rtpopusdepay ! opusdec ! audioconvert ! audioresample '
    '! audio/x-raw,format=S16LE,rate=16000,channels=1 ! wavenc ! filesink location={heard_wav} async=false '
    'said. ! queue ! rtpstreampay ! filesink location={said_rtp} async=false buffer-mode=unbuffered '
    'heard. ! queue ! rtpstreampay ! filesink location={heard_rtp} async=false buffer-mode=unbuffered')


def structure_fields(line):
    """The fields of a GstStructure as gst-launch-1.0 -m prints it."""
    fields = {}
    for name, quoted, plain in re.findall(r'([a-z0-9-]+)=\([a-z]+\)(?:"((?:[^"\\]|\\.)*)"|([^,;]*))', line):
        fields[name] = re.sub(r'\\(.)', r'\1', quoted or plain)
    return fields


class Side:
    """One end of the call: a gst-launch-1.0 process and what it reports."""

    def __init__(self, name, directory, local, remote, started, changed):
        self.name, self.started, self.changed = name, started, changed
        self.states, self.sas, self.errors = [], {}, []
        self.playing_at = self.secure_at = None
        self.path = lambda ending: os.path.join(directory, name + ending)
        values = {'local': local, 'remote': remote, 'cache': self.path('-cache.db'),
                  'said_wav': self.path('-says.wav'), 'heard_wav': self.path('-heard.wav'),
                  'said_rtp': self.path('-said.rtp'), 'heard_rtp': self.path('-heard.rtp')}
        # Word by word: a path may have spaces in it.
        command = ['gst-launch-1.0', '-e', '-m'] + [word.format(**values) for word in PIPELINE.split()]
        with open(self.path('.command'), 'w') as file:
            print(' '.join(map(shlex.quote, command)), file=file)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=wire.die_with_parent)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _tell(self, text):
        print('%7.3f s  %-5s  %s' % (time.monotonic() - self.started, self.name, text), flush=True)

    def _read(self):
        with open(self.path('.log'), 'w') as log:
            for octets in self.process.stdout:
                line = octets.decode('utf-8', 'replace')
                log.write(line)
                with self.changed:
                    self._take(line.rstrip())
                    self.changed.notify_all()

    def _take(self, line):
        if 'Setting pipeline to PLAYING' in line:
            self.playing_at = time.monotonic()
        elif 'zrtp-state,' in line:
            fields = structure_fields(line)
            self.states.append(fields.get('state'))
            self._tell('state %-12s %s' % (fields.get('state'), fields.get('text', '')))
            if fields.get('state') == 'secure' and self.secure_at is None:
                self.secure_at = time.monotonic()
        elif 'zrtp-sas,' in line:
            self.sas = structure_fields(line)
            self._tell('SAS   "%s"' % self.sas.get('sas'))
        elif 'zrtp-warning,' in line or 'zrtp-error,' in line:
            fields = structure_fields(line)
            self._tell('%s' % fields.get('text', line))
        elif line.startswith('ERROR') or 'erroneous pipeline' in line:
            self.errors.append(line)
            self._tell(line)

    def ended(self):
        return self.process.poll() is not None

    def finish(self):
        """Asks for an orderly end; True if the process kept to it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            status = self.process.wait(10)
        except subprocess.TimeoutExpired:
            status = None
        self.kill()
        return status == 0

    def kill(self):
        if self.process.poll() is None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.thread.join(5)


class Verdict:
    def __init__(self):
        self.good = True

    def say(self, good, text):
        self.good = self.good and bool(good)
        print('  %-4s %s' % ('yes' if good else 'NO', text))


def entropy(octets):
    counts = collections.Counter(octets)
    return -sum(n / len(octets) * math.log2(n / len(octets)) for n in counts.values()) if octets else 0.0


class Crossing:
    """What one side's packets looked like on the wire, each compared with what went into its zrtpenc."""

    def __init__(self, said, datagrams, tag_length):
        clear_packets = {(rtp.ssrc, rtp.seq): rtp for rtp in said}
        self.clear_before = self.clear_after = self.other = self.zrtp = 0
        self.begun = False
        self.encrypted = set()
        same = total = 0
        self.ciphertext, self.plaintext = bytearray(), bytearray()
        for datagram in datagrams:
            message = wire.zrtp_message(datagram.payload)
            if message:
                self.zrtp += 1
                # From its Commit or its DHPart1 on, a side sends no more media in the clear (RFC 6189 section 4).
                self.begun = self.begun or message in ('Commit', 'DHPart1')
                continue
            rtp = wire.parse_rtp(datagram.payload)
            clear = rtp and clear_packets.get((rtp.ssrc, rtp.seq))
            if not clear:
                self.other += 1
            elif clear.octets == rtp.octets:
                self.clear_after += self.begun
                self.clear_before += not self.begun
            elif clear.header == rtp.header and len(rtp.payload) == len(clear.payload) + tag_length:
                self.encrypted.add((rtp.ssrc, rtp.seq))
                body = rtp.payload[:len(clear.payload)]
                same += sum(a == b for a, b in zip(body, clear.payload))
                total += len(body)
                self.ciphertext += body
                self.plaintext += clear.payload
            else:
                self.other += 1
        # Of unrelated octets one in 256 is the same by chance.
        self.same_share = same / total if total else 1.0


def samples_of(path):
    try:
        with wave.open(path, 'rb') as file:
            samples = array.array('h', file.readframes(file.getnframes()))
    except (OSError, EOFError, wave.Error):
        return array.array('h')
    if sys.byteorder == 'big':
        samples.byteswap()
    return samples


def correlation(a, b):
    n = min(len(a), len(b))
    if n == 0:
        return 0.0
    mean_a, mean_b = sum(a[:n]) / n, sum(b[:n]) / n
    product = square_a = square_b = 0.0
    for x, y in zip(a[:n], b[:n]):
        x, y = x - mean_a, y - mean_b
        product += x * y
        square_a += x * x
        square_b += y * y
    return product / math.sqrt(square_a * square_b) if square_a and square_b else 0.0


def at_lag(a, b, lag):
    return correlation(a[lag:], b) if lag >= 0 else correlation(a, b[-lag:])


def likeness(said, heard):
    """How alike two recordings are, 1 being equal: first the loudness over time finds their offset to 10 ms, then the
    waveforms are compared there."""
    step = voice.RATE // 100
    loud = [[sum(map(abs, x[i:i + step])) for i in range(0, len(x) - step, step)] for x in (said, heard)]
    best = max(range(-200, 201), key=lambda lag: at_lag(loud[0], loud[1], lag)) * step
    start, length = len(heard) // 3, voice.RATE * 2
    piece = heard[start:start + length]
    fine = max(range(best - step, best + step + 1),
               key=lambda lag: at_lag(said[max(0, start + lag):start + lag + length:7], piece[::7], 0))
    return at_lag(said, heard, fine)


def judge(sides, directory, ports, orderly):
    verdict = Verdict()
    alice, bob = sides
    print('\nVerdict')
    verdict.say(orderly and not alice.errors and not bob.errors, 'both pipelines ran to an orderly end')
    verdict.say(alice.secure_at and bob.secure_at and alice.states[-1] == bob.states[-1] == 'secure',
                'both ends are secure')
    words = [side.sas.get('sas') for side in sides]
    verdict.say(words[0] and words[0] == words[1], 'same SAS on both ends: Alice "%s", Bob "%s"' % tuple(words))
    datagrams = wire.read_capture(os.path.join(directory, 'wire.pcap'))
    # To Bob's port come Alice's datagrams, and the other way round.
    for me, other, port in ((alice, bob, ports[1]), (bob, alice, ports[0])):
        try:
            said, heard = wire.read_rtp_dump(me.path('-said.rtp')), wire.read_rtp_dump(other.path('-heard.rtp'))
        except OSError:
            said = heard = []
        names = '%s to %s' % (me.name.capitalize(), other.name.capitalize())
        crossing = Crossing(said, [x for x in datagrams if x.destination == port],
                            TAG_LENGTHS.get(me.sas.get('auth-tag', '').strip(), -1))
        enough = 25 * float(len(samples_of(me.path('-says.wav')))) / voice.RATE
        verdict.say(len(crossing.encrypted) >= enough and crossing.same_share < 0.02
                    and entropy(crossing.ciphertext) > 7.9,
                    '%s: %d packets encrypted (%.2f bits of entropy an octet, %.2f before; %.1f %% of the octets as '
                    'before, chance is 0.4 %%)' % (names, len(crossing.encrypted), entropy(crossing.ciphertext),
                                                   entropy(crossing.plaintext), 100 * crossing.same_share))
        verdict.say(crossing.begun and crossing.clear_after == 0 and crossing.other == 0,
                    '%s: %d clear media packets after secure (%d before the key agreement began), %d ZRTP packets, '
                    '%d of any other kind' % (names, crossing.clear_after, crossing.clear_before, crossing.zrtp,
                                              crossing.other))
        originals = {(rtp.ssrc, rtp.seq): rtp.octets for rtp in said}
        equal = {(rtp.ssrc, rtp.seq) for rtp in heard if originals.get((rtp.ssrc, rtp.seq)) == rtp.octets}
        arrived = len(equal & crossing.encrypted)
        verdict.say(arrived and len(equal) == len(heard) and arrived >= 0.98 * len(crossing.encrypted),
                    '%s: %d of them decrypted to the very packets that were encrypted, %d to others' % (
                        names, arrived, len(heard) - len(equal)))
        sound_said, sound_heard = samples_of(me.path('-says.wav')), samples_of(other.path('-heard.wav'))
        alike, unlike = likeness(sound_said, sound_heard), likeness(samples_of(other.path('-says.wav')), sound_heard)
        verdict.say(alike > 0.7 and abs(unlike) < 0.4,
                    '%s: what was heard matches what was said (correlation %.2f; with the other voice %.2f)' % (
                        names, alike, unlike))
    print('SECURE CALL' if verdict.good else 'NOT A SECURE CALL')
    return verdict.good


def hold_call(sides, seconds, changed):
    """Waits until everything has been said, or the call cannot succeed any more."""
    with changed:
        limit = time.monotonic() + SECURE_WITHIN + 10.0
        while not any(side.ended() for side in sides):
            now = time.monotonic()
            playing = [side.playing_at for side in sides]
            if all(playing):
                secure = all(side.secure_at for side in sides)
                limit = max(playing) + (seconds + AFTERWORD if secure else SECURE_WITHIN)
            if now >= limit:
                return
            changed.wait(min(limit - now, 0.5))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', required=True)
    parser.add_argument('--seconds', type=float, default=12.0)
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    directory = os.path.join(build, 'call')
    os.makedirs(directory, exist_ok=True)
    for name in os.listdir(directory):
        os.unlink(os.path.join(directory, name))
    plugins = os.path.join(build, 'gst', 'elements')
    os.environ['GST_PLUGIN_PATH'] = os.pathsep.join(filter(None, (plugins, os.environ.get('GST_PLUGIN_PATH'))))
    os.environ['GST_REGISTRY'] = os.path.join(build, 'call-registry.bin')
    # Fills the registry once, so that neither side starts late because of it.
    probe = subprocess.run(['gst-inspect-1.0', '--exists', '--atleast-version=0.1', 'zrtpenc'],
                           preexec_fn=wire.die_with_parent)
    if probe.returncode != 0:
        print('zrtpenc cannot be loaded from %s' % os.path.relpath(plugins))
        return 1

    for name in NAMES:
        subprocess.run([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'voice.py'), name,
                        str(options.seconds), os.path.join(directory, name + '-says.wav')], check=True,
                       preexec_fn=wire.die_with_parent)
    ports = wire.free_ports(2)
    sides, changed, orderly, tap = [], threading.Condition(), False, None
    try:
        tap = wire.open_tap(os.path.join(directory, 'wire.pcap'), *ports)
        print('Alice and Bob talk for %g seconds; %s captures the wire.' % (options.seconds, tap.name), flush=True)
        started = time.monotonic()
        sides.append(Side('alice', directory, ports[0], tap.alice_sends_to, started, changed))
        sides.append(Side('bob', directory, ports[1], tap.bob_sends_to, started, changed))
        hold_call(sides, options.seconds, changed)
        orderly = not any(side.ended() for side in sides)
        for side in sides:
            orderly = side.finish() and orderly
    finally:
        for side in sides:
            side.kill()
        if tap:
            tap.stop()
    good = judge(sides, directory, ports, orderly)
    print('Recordings, capture and logs are in %s' % os.path.relpath(directory))
    return 0 if good else 1


def on_signal(number, frame):
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


if __name__ == '__main__':
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, on_signal)
    sys.exit(main())
