#!/usr/bin/env python3
"""Mallory: a whole ZRTP endpoint (RFC 6189) that keeps every rule, or breaks one of them on demand.

Written from the RFC alone and on nothing but Python's own library, so that it is a second opinion on what the engine does and an
attacker that the engine's code cannot help. It is a test tool: slow, not constant in time, for throw-away keys.

It speaks lines: "start", "packet HEX", "tick" (resend what is unanswered), "quit". To each it answers with any number of "send HEX",
once with "secure SAS KEYi SALTi KEYr SALTr" when its exchange is complete, and with "done".

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import argparse
import hashlib
import hmac
import struct
import sys

STREAM = {'seed': '1', 'count': 0}


def draw(n):
    """The same octets in every run: what a test has found it finds again."""
    STREAM['count'] += 1
    return hashlib.shake_256(('%s %d' % (STREAM['seed'], STREAM['count'])).encode()).digest(n)


# ---- AES (FIPS 197), encryption only: CFB needs no more ----


def make_sbox():
    sbox, p, q = [0] * 256, 1, 1
    while True:
        p = p ^ (p << 1) ^ (0x1b if p & 0x80 else 0)
        p &= 0xff
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xff
        if q & 0x80:
            q ^= 0x09
        x = q ^ rotate(q, 1) ^ rotate(q, 2) ^ rotate(q, 3) ^ rotate(q, 4)
        sbox[p] = (x ^ 0x63) & 0xff
        if p == 1:
            break
    sbox[0] = 0x63
    return sbox


def rotate(octet, n):
    return ((octet << n) | (octet >> (8 - n))) & 0xff


SBOX = make_sbox()


def xtime(a):
    return ((a << 1) ^ (0x1b if a & 0x80 else 0)) & 0xff


def aes_encrypt(key, block):
    words, rounds = len(key) // 4, len(key) // 4 + 6
    w = [list(key[4 * i:4 * i + 4]) for i in range(words)]
    rcon = 1
    for i in range(words, 4 * (rounds + 1)):
        t = list(w[i - 1])
        if i % words == 0:
            t = [SBOX[t[1]] ^ rcon, SBOX[t[2]], SBOX[t[3]], SBOX[t[0]]]
            rcon = xtime(rcon)
        elif words > 6 and i % words == 4:
            t = [SBOX[x] for x in t]
        w.append([a ^ b for a, b in zip(w[i - words], t)])
    s = [b ^ k for b, k in zip(block, sum(w[:4], []))]
    for r in range(1, rounds + 1):
        s = [SBOX[s[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if r < rounds:
            for c in range(0, 16, 4):
                a = s[c:c + 4]
                s[c:c + 4] = [xtime(a[i]) ^ xtime(a[(i + 1) % 4]) ^ a[(i + 1) % 4] ^ a[(i + 2) % 4] ^ a[(i + 3) % 4]
                              for i in range(4)]
        s = [b ^ k for b, k in zip(s, sum(w[4 * r:4 * r + 4], []))]
    return bytes(s)


def cfb(key, iv, data, encrypt):
    out, feedback = b'', iv
    for i in range(0, len(data), 16):
        block = data[i:i + 16]
        result = bytes(a ^ b for a, b in zip(block, aes_encrypt(key, feedback)))
        out += result
        feedback = result if encrypt else block
    return out


# ---- Key agreements: X25519 (RFC 7748) and the 3072-bit group (RFC 3526) ----

P25519 = 2 ** 255 - 19


def x25519(k, u):
    k = bytearray(k)
    k[0] &= 248
    k[31] = (k[31] & 127) | 64
    k, x1 = int.from_bytes(k, 'little'), int.from_bytes(u, 'little') & (2 ** 255 - 1)
    x2, z2, x3, z3, swap, p = 1, 0, x1, 1, 0, P25519
    for t in range(254, -1, -1):
        bit = (k >> t) & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % p, b * b % p, d * a % p, c * b % p
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % p, x1 * (da - cb) ** 2 % p
        x2, z2 = aa * bb % p, e * (aa + 121665 * e) % p
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, p - 2, p) % p).to_bytes(32, 'little')


def modp3072():
    """2^3072 - 2^3008 - 1 + 2^64 * (floor (2^2942 pi) + 1690314)"""
    bits = 2942 + 64
    unit, pi = 1 << bits, 0
    for factor, n in ((16, 5), (-4, 239)):      # Machin
        term, k, sign = unit // n, 1, 1
        while term:
            pi += factor * sign * (term // k)
            term, k, sign = term // (n * n), k + 2, -sign
    return 2 ** 3072 - 2 ** 3008 - 1 + 2 ** 64 * ((pi >> 64) + 1690314)


PRIME = modp3072()


class X255:
    length = 32

    def __init__(self):
        self.secret = draw(32)
        self.public = x25519(self.secret, bytes([9]) + bytes(31))

    def agree(self, other):
        return x25519(self.secret, other)

    bad = {'pv-0': bytes(32), 'pv-1': bytes([1]) + bytes(31), 'pv-high': (P25519 - 1).to_bytes(32, 'little')}


class DH3k:
    length = 384

    def __init__(self):
        self.secret = int.from_bytes(draw(32), 'big')
        self.public = pow(2, self.secret, PRIME).to_bytes(384, 'big')

    def agree(self, other):
        return pow(int.from_bytes(other, 'big'), self.secret, PRIME).to_bytes(384, 'big')

    bad = {'pv-0': bytes(384), 'pv-1': (1).to_bytes(384, 'big'), 'pv-high': (PRIME - 1).to_bytes(384, 'big')}


AGREEMENTS = {b'X255': X255, b'DH3k': DH3k}
HASHES = {b'S256': hashlib.sha256, b'S384': hashlib.sha384}
KEY_LENGTHS = {b'AES1': 16, b'AES2': 24, b'AES3': 32}

# ---- Packets ----

CRC_TABLE = []
for n in range(256):
    for _ in range(8):
        n = (n >> 1) ^ (0x82f63b78 if n & 1 else 0)
    CRC_TABLE.append(n)


def crc32c(data):
    crc = 0xffffffff
    for octet in data:
        crc = (crc >> 8) ^ CRC_TABLE[(crc ^ octet) & 0xff]
    return crc ^ 0xffffffff


def sha256(data):
    return hashlib.sha256(data).digest()


def mac256(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()[:8]


def message(name, body, mac_key=None):
    words = (12 + len(body) + (8 if mac_key else 0)) // 4
    data = b'PZ' + struct.pack('>H', words) + name.ljust(8).encode() + body
    return data + (mac256(mac_key, data) if mac_key else b'')


class Mallory:
    def __init__(self, options):
        self.broken = options.breaks
        self.initiator = options.role == 'initiator'
        self.choice = options.choice.encode()
        self.zid = bytes.fromhex(options.zid) if options.zid else draw(12)
        self.ssrc = int(options.ssrc, 16)
        self.flags = options.flags
        self.sequence = 17
        h0 = draw(32)
        self.h = [h0, sha256(h0), sha256(sha256(h0)), sha256(sha256(sha256(h0)))]
        if self.breaks('h3-chain'):
            self.h[3] = draw(32)
        self.hello = self.make_hello()
        self.peer_hello = self.acked = self.commit = self.dhpart = self.outstanding = None
        self.keys = None
        self.is_secure = False
        self.out = []

    def breaks(self, rule):
        return self.broken == rule

    # Building

    def spoil(self, rule, data, at=-1):
        """Flips a bit where the rule is to be broken."""
        if not self.breaks(rule):
            return data
        data = bytearray(data)
        data[at] ^= 1
        return bytes(data)

    def make_hello(self):
        names = [self.choice[i:i + 4] for i in range(0, 20, 4)]
        counts = bytes([self.flags << 4, 1, 0x11, 0x11])
        version = {'version-low': b'1.00', 'version-high': b'2.00', 'version-junk': b'\0\0\0\0'}.get(self.broken, b'1.10')
        if self.breaks('minimal'):
            names, counts = [], bytes(4)
        body = version + b'mallory         ' + self.h[3] + self.zid + counts + b''.join(names)
        return self.spoil('hello-mac', message('Hello', body, self.h[2]))

    def make_commit(self):
        responder_hello = self.peer_hello
        hvi = self.hash(self.dhpart + responder_hello).digest()[:32]
        body = self.spoil('h2-chain', self.h[2], 0) + self.spoil('commit-zid', self.zid) + self.commit_choice() + hvi
        return self.spoil('commit-mac', message('Commit', body, self.h[1]))

    def commit_choice(self):
        return {'hash': b'S512' + self.choice[4:], 'cipher': self.choice[:4] + b'2FS1' + self.choice[8:],
                'auth-tag': self.choice[:8] + b'SK32' + self.choice[12:], 'key-agreement': self.choice[:12] + b'E414' + self.choice[16:],
                'sas': self.choice[:16] + b'B10D'}.get(self.broken, self.choice)

    def make_dhpart(self, name):
        pv = self.agreement.bad.get(self.broken, self.agreement.public)
        if self.breaks('pv-length'):
            pv += bytes(4)
        ids = draw(32)
        body = self.spoil('h1-chain', self.h[1], 0) + ids + pv
        return self.spoil('dhpart-mac', message(name, body, self.h[0]))

    def begin(self, commit_fields):
        self.hash = HASHES[commit_fields[0:4]]
        self.key_length = KEY_LENGTHS[commit_fields[4:8]]
        self.agreement = AGREEMENTS[commit_fields[12:16]]()

    def kdf(self, key, label, context, octets):
        data = struct.pack('>I', 1) + label + b'\0' + context + struct.pack('>I', octets * 8)
        return hmac.new(key, data, self.hash).digest()[:octets]

    def derive(self, dhpart1, dhpart2, commit, peer_pv):
        hello = self.peer_hello if self.initiator else self.hello
        if self.breaks('total-hash'):
            hello = self.hello if self.initiator else self.peer_hello
        total = self.hash(hello + commit + dhpart1 + dhpart2).digest()
        own, peer = self.zid, self.peer_hello[64:76]
        zids = own + peer if self.initiator != self.breaks('kdf-roles') else peer + own
        secrets = bytes(12) if not self.breaks('s1') else struct.pack('>I', 32) + bytes(32) + bytes(8)
        s0 = self.hash(struct.pack('>I', 1) + self.agreement.agree(peer_pv) + b'ZRTP-HMAC-KDF' + zids + total + secrets).digest()
        context, length = zids + total, self.hash().digest_size

        def key(label, octets):
            return self.kdf(s0, label.encode(), context, octets)
        self.keys = {
            'mac': [key('Initiator HMAC key', length), key('Responder HMAC key', length)],
            'zrtp': [key('Initiator ZRTP key', self.key_length), key('Responder ZRTP key', self.key_length)],
            'srtp': [key('Initiator SRTP master key', self.key_length), key('Initiator SRTP master salt', 14),
                     key('Responder SRTP master key', self.key_length), key('Responder SRTP master salt', 14)],
        }
        value = int.from_bytes(key('SAS', 32)[:4], 'big')
        self.sas = ''.join('ybndrfg8ejkmcpqxot1uwisza345h769'[(value >> s) & 31] for s in (27, 22, 17, 12))

    def make_confirm(self, name):
        side = 0 if self.initiator else 1
        if self.breaks('confirm-side'):
            side = 1 - side
        flags = {'flag-v': 4, 'flag-e': 8, 'flags-all': 15, 'flags-undefined': 0xf0}.get(self.broken, 0)
        words = 3 if self.breaks('signature-length') else 0
        body = self.spoil('h0-chain', self.h[0], 0) + bytes([0, 0, words, flags]) + b'\xff\xff\xff\xff'
        iv = draw(16)
        key = bytes(self.key_length) if self.breaks('confirm-key') else self.keys['zrtp'][side]
        sealed = cfb(key, iv, body, True)
        mac = hmac.new(self.keys['mac'][side], sealed, self.hash).digest()[:8]
        return message(name, self.spoil('confirm-mac', mac) + iv + sealed)

    def open_confirm(self, data):
        side = 1 if self.initiator else 0
        sealed = data[36:]
        if hmac.new(self.keys['mac'][side], sealed, self.hash).digest()[:8] != data[12:20]:
            return None
        return cfb(self.keys['zrtp'][side], data[20:36], sealed, False)

    # Talking

    def send(self, data, until_answered=False):
        packet = b'\x10\0' + struct.pack('>H', self.sequence) + b'ZRTP' + struct.pack('>I', self.ssrc) + data
        self.sequence += 1
        self.out.append('send ' + (packet + struct.pack('<I', crc32c(packet))).hex())
        if until_answered:
            self.outstanding = data

    def secure(self):
        if not self.is_secure:
            self.is_secure = True
            self.out.append('secure %s %s' % (self.sas, ' '.join(k.hex() for k in self.keys['srtp'])))

    def start(self):
        self.send(self.hello, True)

    def tick(self):
        if self.outstanding:
            self.send(self.outstanding)

    def packet(self, packet):
        assert struct.unpack('<I', packet[-4:])[0] == crc32c(packet[:-4])
        data = packet[12:-4]
        handler = getattr(self, 'on_' + data[4:12].decode().strip().lower(), None)
        if handler:
            handler(data)

    def on_hello(self, data):
        self.peer_hello = data
        self.send(message('HelloACK', b''))
        self.try_commit()

    def on_helloack(self, data):
        if not self.acked:
            self.acked, self.outstanding = True, None
        self.try_commit()

    def try_commit(self):
        if not self.initiator or self.commit or not self.acked or not self.peer_hello:
            return
        self.begin(self.choice)
        self.dhpart = self.make_dhpart('DHPart2')
        self.commit = self.make_commit()
        if self.breaks('hvi'):
            self.agreement = AGREEMENTS[self.choice[12:16]]()
            self.dhpart = self.make_dhpart('DHPart2')
        self.send(self.commit, True)

    def on_commit(self, data):
        if self.initiator or not self.peer_hello:
            return
        self.acked = True
        if self.commit != data:
            self.commit = data
            self.begin(data[56:76])
            self.dhpart = self.make_dhpart('DHPart1')
            self.outstanding = None
        self.send(self.dhpart)

    def on_dhpart1(self, data):
        if self.initiator and self.commit and not self.keys:
            self.derive(data, self.dhpart, self.commit, data[76:-8])
            if self.breaks('skip-dhpart2'):
                self.send(self.make_confirm('Confirm2'), True)
            else:
                self.send(self.dhpart, True)

    def on_dhpart2(self, data):
        if self.initiator or not self.dhpart:
            return
        if not self.keys:
            self.derive(self.dhpart, data, self.commit, data[76:-8])
            self.confirm = self.make_confirm('Confirm1')
        self.send(self.confirm)

    def on_confirm1(self, data):
        if not self.initiator or not self.keys or self.is_secure or self.open_confirm(data) is None:
            return
        if self.breaks('reflect-confirm'):
            self.send(message('Confirm2', data[12:]), True)
        elif self.outstanding[4:12] != b'Confirm2':
            self.send(self.make_confirm('Confirm2'), True)

    def on_confirm2(self, data):
        if not self.initiator and self.keys and self.open_confirm(data) is not None:
            if not self.breaks('no-conf2ack'):
                self.send(message('Conf2ACK', b''))
            self.secure()

    def on_conf2ack(self, data):
        if self.initiator and self.keys:
            self.outstanding = None
            self.secure()

    def on_error(self, data):
        self.outstanding = None
        self.send(message('ErrorACK', b''))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--role', choices=['initiator', 'responder'], required=True)
    parser.add_argument('--choice', default='S256AES1HS32X255B32 ', help='five names of four characters')
    parser.add_argument('--break', dest='breaks', default='', help='the rule to break')
    parser.add_argument('--zid', help='24 hex digits')
    parser.add_argument('--ssrc', default='c0ffee01')
    parser.add_argument('--flags', type=int, default=0, help='S 4, M 2, P 1')
    parser.add_argument('--seed', default='1')
    options = parser.parse_args()
    STREAM['seed'] = options.seed
    mallory = Mallory(options)
    for line in sys.stdin:
        verb, _, argument = line.strip().partition(' ')
        if verb == 'quit':
            break
        if verb == 'packet':
            mallory.packet(bytes.fromhex(argument))
        else:
            getattr(mallory, verb)()
        print(*mallory.out, 'done', sep='\n', flush=True)
        mallory.out = []


if __name__ == '__main__':
    main()
