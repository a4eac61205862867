#!/usr/bin/env python3
# make-corpus.py: writes tests/fuzz/corpus: packets of the recorded calls, and inputs that take fuzz-engine through whole calls.
#
# Usage: make-corpus.py tests/vectors tests/fuzz/corpus
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import glob
import json
import os
import sys

vectors, corpus = sys.argv[1:]
for folder in ("packet", "engine"):
    os.makedirs(os.path.join(corpus, folder), exist_ok=True)


def write(folder, name, data):
    with open(os.path.join(corpus, folder, name), "wb") as out:
        out.write(bytes(data))


# One packet of each type and length.
seen = set()
for path in sorted(glob.glob(os.path.join(vectors, "*.json"))):
    root = json.load(open(path))
    messages = root.get("messages", []) + root.get("packets", []) if isinstance(root, dict) else []
    for message in messages:
        packet = bytes.fromhex(message["packet"])
        key = (packet[16:24], len(packet))
        if key in seen:
            continue
        seen.add(key)
        write("packet", "%s-%d" % (packet[16:24].decode().strip(), len(packet)), packet)
relay = json.load(open(os.path.join(vectors, "sasrelay.json")))
write("packet", "SASrelay-92", bytes.fromhex("100010005a525450decafbad" + relay["relay"]["message"] + "00000000"))

# fuzz-engine: mode, two octets of configuration, then its operations (see fuzz-engine.c).
RELAY, SOLO = 0, 1
MEDIA, AUTO0, AUTO1, MITM1, ENROLL = 0x80, 1, 2, 0x20, 0x40
CLEAR, PRESHARED = 3, 0x10
write("engine", "call", [RELAY, AUTO0, 0, 0, 0])
write("engine", "call-media", [RELAY, MEDIA | AUTO0 | AUTO1, 0, 0, 0])
write("engine", "call-three-streams", [RELAY, MEDIA | AUTO0 | AUTO1, 0, 2, 0])
write("engine", "call-loss", [RELAY, MEDIA | AUTO0, 0, 0, 0] + [0x80, 0, 0x80, 0, 0] * 8)
write("engine", "call-late", [RELAY, AUTO1, 0, 1, 0] + [0xA0, 0, 40, 0, 0x90, 9] * 6)
write("engine", "call-altered", [RELAY, AUTO0, 0, 0, 0, 0, 0, 0, 0, 0xB0, 0, 60, 4, 0, 0xB0, 0, 70, 1])
write("engine", "call-short", [RELAY, AUTO0, 0, 0, 0, 0, 0, 0, 0, 0xE1, 20, 0, 0xE0, 9])
write("engine", "call-replay", [RELAY, AUTO0 | AUTO1, 0, 1, 0] + [0xF0, 0, 0xF7, 3, 0, 0xF2, 5] * 5)
write("engine", "call-verify", [RELAY, MEDIA | AUTO0, 0, 0, 2, 120, 0x13, 9, 0x03])
write("engine", "call-clear", [RELAY, AUTO0, CLEAR, 1, 6, 120, 5, 50, 6, 50, 6, 50, 2, 80, 5, 10, 6])
write("engine", "call-preshared", [RELAY, AUTO0, PRESHARED, 0, 3, 120, 0x13, 20, 0x13, 9, 1])
write("engine", "call-pbx", [RELAY, AUTO0 | MITM1 | ENROLL, 0, 0, 4, 120, 0x13, 9, 0x08, 9, 0x17, 9, 0x18])
write("engine", "call-stop", [RELAY, AUTO0 | AUTO1, 0, 2, 5, 120, 0x41, 9, 0x41, 9, 0x40, 9, 0x40, 9, 0])
write("engine", "peer-initiates", [SOLO, 0, 0, 1, 1, 0, 3, 0x16, 0xD0, 30, 0x16])
write("engine", "peer-responds", [SOLO, AUTO0, 0, 1, 1, 0, 0x06, 0xD0, 30, 0x06, 0xD0, 255])
write("engine", "peer-contends", [SOLO, AUTO0, 0, 1, 1, 0, 0x14, 0x04, 0x16])
write("engine", "peer-multistream", [SOLO, 0, 0, 1, 1, 0, 5, 0xD0, 9, 0x15])
write("engine", "peer-alters", [SOLO, 0, 0, 1, 1, 0, 3, 0x07, 0, 70, 1, 0x16, 0x17, 0, 60, 1])
write("engine", "peer-errs", [SOLO, AUTO0, 0, 1, 1, 0, 2, 0x61, 0xD0, 255])
write("engine", "peer-collides", [SOLO, AUTO0, 0, 1, 1, 0, 0xE1, 0x06, 0xFF, 0x1D, 0xE1, 0x06, 0xFF, 0x0D, 0xE0, 0x06])
write("engine", "call-collides", [RELAY, AUTO0 | AUTO1, 0, 0, 6, 0, 0x0D, 0, 0x0D, 90, 0x1D, 90, 0x0C, 90, 0x2D, 90, 0x2D])
write("engine", "peer-names", [SOLO, AUTO0, 0, 1, 1, 8, 20, 0, 1, 0x11, 0x11] + list(b"S256AES1HS32X255B32 "))
