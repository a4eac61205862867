"""The wire between the two ends of the demo's call: capturing it, and reading captures and RTP dumps.

The capture is tcpdump's where it is there and allowed; else the datagrams pass through a relay in this process, which
writes down each one in the same file format.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import collections
import ctypes
import os
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

LOOPBACK = '127.0.0.1'
PR_SET_PDEATHSIG = 1
ETHERNET, RAW_IP = 1, 101       # link types in capture files

Datagram = collections.namedtuple('Datagram', 'time source destination payload')
Rtp = collections.namedtuple('Rtp', 'ssrc seq header payload octets')


def die_with_parent():
    """For preexec_fn: whatever ends this process, its children end as well."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):
        pass            # not Linux: the handlers of signals have to do


def free_ports(count):
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for each in sockets:
        each.bind((LOOPBACK, 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class TcpdumpTap:
    """Alice and Bob send to each other; tcpdump looks on."""
    name = 'tcpdump'

    def __init__(self, path, alice_port, bob_port):
        self.alice_sends_to, self.bob_sends_to = bob_port, alice_port
        self.file = open(path, 'wb')
        self.process = subprocess.Popen(
            ['tcpdump', '-i', 'lo', '-n', '-U', '--immediate-mode', '-s', '0', '-w', '-',
             'udp and (port %d or port %d)' % (alice_port, bob_port)],
            stdout=self.file, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=die_with_parent)
        for line in self.process.stderr:
            if b'listening on' in line:
                return
        self.process.wait()
        self.file.close()
        raise OSError('tcpdump is not allowed to capture')

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.stderr.read()
        self.process.wait()
        self.process.stderr.close()
        self.file.close()


class RelayTap:
    """Alice and Bob send to this relay, which hands each datagram on as it is."""
    name = 'a relay'

    def __init__(self, path, alice_port, bob_port):
        self.file = open(path, 'wb')
        self.file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, RAW_IP))
        self.selector = selectors.DefaultSelector()
        self.sockets = []
        ports = []
        for source, destination in ((alice_port, bob_port), (bob_port, alice_port)):
            entry = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            entry.bind((LOOPBACK, 0))
            self.sockets.append(entry)
            ports.append(entry.getsockname()[1])
            self.selector.register(entry, selectors.EVENT_READ, (source, destination))
        self.alice_sends_to, self.bob_sends_to = ports
        self.wake, wake_end = socket.socketpair()
        self.sockets += [self.wake, wake_end]
        self.selector.register(wake_end, selectors.EVENT_READ, None)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while True:
            for key, _ in self.selector.select():
                if key.data is None:
                    return
                octets = key.fileobj.recv(65536)
                self._write_down(octets, *key.data)
                try:
                    key.fileobj.sendto(octets, (LOOPBACK, key.data[1]))
                except OSError:
                    pass        # nobody listens there (yet): as on any network

    def _write_down(self, octets, source, destination):
        udp = struct.pack('>HHHH', source, destination, 8 + len(octets), 0) + octets
        ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, socket.inet_aton(LOOPBACK),
                         socket.inet_aton(LOOPBACK)) + udp
        now = time.time()
        self.file.write(struct.pack('<IIII', int(now), int(now % 1 * 1e6), len(ip), len(ip)) + ip)

    def stop(self):
        self.wake.send(b'x')
        self.thread.join()
        for each in self.sockets:
            each.close()
        self.file.close()


def open_tap(path, alice_port, bob_port):
    if shutil.which('tcpdump') and not os.environ.get('ZRTP_CALL_RELAY'):
        try:
            return TcpdumpTap(path, alice_port, bob_port)
        except OSError:
            pass
    return RelayTap(path, alice_port, bob_port)


def read_capture(path):
    """All UDP datagrams over IPv4 of a capture file, in their order."""
    with open(path, 'rb') as file:
        octets = file.read()
    if len(octets) < 24:
        return []
    order = '<' if octets[:4] in (b'\xd4\xc3\xb2\xa1', b'\x4d\x3c\xb2\xa1') else '>'
    link = struct.unpack_from(order + 'I', octets, 20)[0] & 0xffff
    datagrams, at = [], 24
    while at + 16 <= len(octets):
        seconds, fraction, length = struct.unpack_from(order + 'III', octets, at)
        frame = octets[at + 16:at + 16 + length]
        at += 16 + length
        if link == ETHERNET:
            frame = frame[14:]
        if len(frame) < 28 or frame[0] >> 4 != 4 or frame[9] != 17:
            continue
        udp = frame[(frame[0] & 15) * 4:struct.unpack_from('>H', frame, 2)[0]]
        source, destination = struct.unpack_from('>HH', udp)
        datagrams.append(Datagram(seconds + fraction / 1e6, source, destination, udp[8:]))
    return datagrams


def zrtp_message(octets):
    """The message type of a ZRTP packet; None for anything else."""
    if len(octets) >= 28 and octets[0] >> 4 == 1 and octets[4:8] == b'ZRTP':
        return octets[16:24].decode('ascii', 'replace').strip()
    return None


def parse_rtp(octets):
    if len(octets) < 12 or octets[0] >> 6 != 2:
        return None
    header = 12 + 4 * (octets[0] & 15)
    if octets[0] & 0x10 and len(octets) >= header + 4:
        header += 4 + 4 * struct.unpack_from('>H', octets, header + 2)[0]
    seq, = struct.unpack_from('>H', octets, 2)
    ssrc, = struct.unpack_from('>I', octets, 8)
    return Rtp(ssrc, seq, octets[:header], octets[header:], octets)


def read_rtp_dump(path):
    """Packets in RFC 4571 framing, as rtpstreampay writes them."""
    with open(path, 'rb') as file:
        octets = file.read()
    packets, at = [], 0
    while at + 2 <= len(octets):
        length, = struct.unpack_from('>H', octets, at)
        rtp = parse_rtp(octets[at + 2:at + 2 + length])
        at += 2 + length
        if rtp:
            packets.append(rtp)
    return packets
