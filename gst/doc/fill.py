#!/usr/bin/env python3
"""Fills in what the pages say of elements and messages, as the programs describe and walk tell it, and draws the pictures.

Usage: fill.py DESCRIBE PLUGIN WALK OUTPUT_DIR PAGE...

A page holds words in double braces, alone on a line or within one:

    {{pads ELEMENT}}           table of its pad templates
    {{properties NAME...}}     table of these properties, which zrtpenc and zrtpdec share
    {{properties rest}}        those of them that no other table on the page has
    {{own properties ELEMENT}} those that are not shared
    {{figure ELEMENT}}         picture of its pads
    {{diagram ACT}}            sequence diagram of a part of the walk
    {{packets ACT}}            table of its packets
    {{layout MESSAGE ACT}}     table of the fields of the first such message of that part
    {{size MESSAGE ACT}}       its octets in the UDP datagram

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pictures  # noqa: E402

TYPES = {'gchararray': 'string', 'gboolean': 'boolean', 'guint': 'uint', 'gint': 'int', 'guint64': 'uint64',
         'gfloat': 'float', 'gdouble': 'double', 'GstZrtpMediaPolicy': 'enum', 'GstZrtpState': 'enum',
         'GstZrtpSecurity': 'enum', 'GstZrtpAlertEvents': 'flags'}
ACTS = {'call': 'A first call', 'compare': 'The users compare the string', 'second-stream': 'A second stream joins',
        'clear': 'Encryption is switched off', 'secure-again': 'Encryption is switched on again',
        'next-day': 'The next call', 'preshared': 'A call in preshared mode', 'both-begin': 'Both ends begin',
        'loss': 'Packets get lost'}

# RFC 6189 sections 5.2 to 5.16, behind preamble, length and type block. None: all octets that the others leave.
CHAIN, MAC = 32, ('MAC', 8)
COMMIT = [('H2', CHAIN), ('ZID', 12), ('hash', 4), ('cipher', 4), ('auth tag', 4), ('key agreement', 4), ('SAS type', 4)]
DHPART = [('H1', CHAIN), ('rs1ID', 8), ('rs2ID', 8), ('auxsecretID', 8), ('pbxsecretID', 8), ('public value', None), MAC]
CONFIRM = [('confirm_mac', 8), ('CFB initialization vector', 16), ('encrypted: H0', CHAIN),
           ('encrypted: signature length, flags E V A D', 4), ('encrypted: cache expiration interval', 4)]
LAYOUTS = {'HelloACK': [], 'Commit': COMMIT + [('hvi', 32), MAC], 'Commit-Mult': COMMIT + [('nonce', 16), MAC],
           'Commit-Prsh': COMMIT + [('nonce', 16), ('keyID', 8), MAC],
           'DHPart1': DHPART, 'DHPart2': DHPART, 'Confirm1': CONFIRM, 'Confirm2': CONFIRM, 'Conf2ACK': [],
           'GoClear': [('clear_mac', 8)], 'ClearACK': []}


def cells(program, *arguments):
    """The program's lines, split at the tabs. It sees no other plugins than the one that it is given."""
    environment = dict(os.environ, GST_PLUGIN_SYSTEM_PATH_1_0='', GST_PLUGIN_PATH_1_0='', GST_PLUGIN_PATH='',
                       GST_REGISTRY=os.path.join(sys.argv[4], 'registry.bin'))
    output = subprocess.run([program, *arguments], check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return [line.split('\t') for line in output.stdout.splitlines()]


class Elements:
    def __init__(self, lines):
        self.pads, self.properties = {}, {}
        for line in lines:
            if line[0] == 'element':
                self.pads[line[1]], self.properties[line[1]] = [], {}
            elif line[0] == 'pad':
                self.pads[line[1]].append(dict(zip(('name', 'direction', 'presence', 'caps'), line[2:])))
            elif line[0] == 'property':
                self.properties[line[1]][line[2]] = dict(zip(('type', 'range', 'default', 'access', 'blurb'), line[3:]))
        self.shared = [name for name in self.properties['zrtpenc'] if name in self.properties['zrtpdec']]

    def pad_table(self, element):
        rows = ['| Pad | Direction | Presence | Caps |', '|---|---|---|---|']
        for pad in self.pads[element]:
            caps = pad['caps'] if len(pad['caps']) < 100 else pad['caps'].split(',')[0]
            rows.append('| `%s` | %s | %s | `%s` |' % (pad['name'], pad['direction'], pad['presence'], caps))
        return rows

    def property_table(self, element, names):
        if not names:
            return []
        rows = ['| Property | Type | Default | Set | |', '|---|---|---|---|---|']
        for name in names:
            row = self.properties[element][name]
            kind = TYPES.get(row['type'], row['type'])
            if row['range'] and kind != 'uint64':
                kind += ': ' + row['range']
            default = '`%s`' % row['default'] if row['default'] else ''
            rows.append('| `%s` | %s | %s | %s | %s. |' % (name, kind, default, row['access'], row['blurb'].rstrip('.')))
        return rows


class Walk:
    def __init__(self, lines):
        self.acts = {}
        for line in lines:
            if line[0] == 'act':
                act = self.acts[line[1]] = []
                continue
            event = {'kind': line[0], 'time': int(line[1]), 'end': line[2], 'class': 'code'}
            if line[0] in ('packet', 'lost'):
                event['kind'], event['lost'] = 'packet', line[0] == 'lost'
                event.update(stream=line[3], type=line[4].strip(), data=bytes.fromhex(line[5]))
                event['label'] = '%s  %d' % (event['type'], len(event['data']))
            elif line[0] == 'user':
                event.update(stream='', label='user: ' + line[3], **{'class': 'user'})
            else:
                event.update(stream=line[3], values=line[4:])
                event['label'] = self.label(event)
                if line[0] == 'keys':
                    event['class'] = 'quiet'
                elif line[0] == 'warning':
                    event['class'] = 'code bad'
                elif event['label'].startswith(('zrtp-state secure', 'zrtp-sas')):
                    event['class'] = 'code good'
            act.append(event)
        for events in self.acts.values():
            if len({event['stream'] for event in events if event['stream']} | {'0'}) > 1:
                for event in events:
                    if event['stream'] and not event['label'].startswith('zrtp-warning'):
                        event['label'] = '%s: %s' % (event['stream'], event['label'])

    @staticmethod
    def label(event):
        values = event['values']
        if event['kind'] == 'state':
            return 'zrtp-state ' + values[1]
        if event['kind'] == 'sas':
            return 'zrtp-sas %s, %s' % (values[0], values[2])
        if event['kind'] == 'warning':
            return 'zrtp-warning ' + values[0]
        return {'send': 'encrypts from now on', 'receive': 'can decrypt', 'gone': 'wipes the keys'}[values[0]]

    def find(self, message, act):
        return next(event for event in self.acts[act] if event['kind'] == 'packet' and event['type'] == message)

    def packet_table(self, act):
        streams = len({event['stream'] for event in self.acts[act] if event['kind'] == 'packet'}) > 1
        rows = ['| ms | From | ' + ('Stream | ' if streams else '') + 'Message | Octets | First octets of the message |',
                '|---|---|' + ('---|' if streams else '') + '---|---|---|']
        for event in self.acts[act]:
            if event['kind'] == 'packet':
                rows.append('| %d | %s | %s%s | %d | `%s` |' % (
                    event['time'], event['end'], event['stream'] + ' | ' if streams else '', event['type'],
                    len(event['data']), event['data'][12:32].hex(' ', 4)))
        return rows

    def layout_table(self, message, act):
        data = self.find(message, act)['data']
        fields = [('packet header', 4), ('magic cookie', 4), ('SSRC', 4), ('preamble', 2), ('length in words', 2),
                  ('message type', 8)] + self.layout(message, data) + [('CRC', 4)]
        rest = len(data) - sum(length or 0 for _, length in fields)
        assert rest == 0 or (rest > 0 and any(length is None for _, length in fields)), (message, rest)
        rows, offset = ['| Offset | Octets | Field | Here |', '|---|---|---|---|'], 0
        for name, length in fields:
            value = data[offset:offset + (rest if length is None else length)]
            rows.append('| %d | %d | %s | %s |' % (offset, len(value), name, self.show(value)))
            offset += len(value)
        assert offset == len(data), message
        return rows

    @staticmethod
    def layout(message, data):
        if message == 'Commit' and data[80:84] in (b'Mult', b'Prsh'):
            return LAYOUTS['Commit-' + data[80:84].decode()]
        if message != 'Hello':
            return LAYOUTS[message]
        counts = int.from_bytes(data[88:92], 'big')
        kinds = ('hashes', 16), ('ciphers', 12), ('auth tags', 8), ('key agreements', 4), ('SAS types', 0)
        return [('version', 4), ('client identifier', 16), ('H3', CHAIN), ('ZID', 12),
                ('flags S M P, and counts', 4)] + [(name, 4 * (counts >> shift & 15)) for name, shift in kinds] + [MAC]

    @staticmethod
    def show(value):
        if len(value) >= 4 and all(32 <= octet < 127 for octet in value):
            return '`"%s"`' % value.decode()
        return '`%s%s`' % (value[:16].hex(' ', 4 if len(value) > 4 else 1), ' …' if len(value) > 16 else '')


class Filler:
    def __init__(self, elements, walk):
        self.elements, self.walk, self.named = elements, walk, set()

    def __call__(self, match):
        word, *arguments = match.group(1).split()
        if word == 'pads':
            return '\n'.join(self.elements.pad_table(*arguments))
        if word == 'properties':
            names = arguments
            if names == ['rest']:
                names = [name for name in self.elements.shared if name not in self.named]
            self.named |= set(names)
            return '\n'.join(self.elements.property_table('zrtpenc', names))
        if word == 'own':
            element = arguments[1]
            names = [name for name in self.elements.properties[element] if name not in self.elements.shared]
            return '\n'.join(self.elements.property_table(element, names))
        if word == 'figure':
            return '![Pads of %s](%s.svg)' % (arguments[0], arguments[0])
        if word == 'diagram':
            return '![%s](walk-%s.svg)' % (ACTS[arguments[0]], arguments[0])
        if word == 'packets':
            return '\n'.join(self.walk.packet_table(*arguments))
        if word == 'layout':
            return '\n'.join(self.walk.layout_table(*arguments))
        if word == 'size':
            return str(len(self.walk.find(*arguments)['data']))
        raise ValueError('%s: no such thing to fill in' % match.group(0))


def main():
    describe, plugin, walk_program, output = sys.argv[1:5]
    os.makedirs(output, exist_ok=True)
    elements = Elements(cells(describe, plugin))
    walk = Walk(cells(walk_program))
    for path in sys.argv[5:]:
        with open(path, encoding='utf-8') as file:
            text = re.sub(r'\{\{([^{}]+)\}\}', Filler(elements, walk), file.read())
        with open(os.path.join(output, os.path.basename(path)), 'w', encoding='utf-8') as file:
            file.write(text)
    for element, pads in elements.pads.items():
        pictures.draw_element(os.path.join(output, element + '.svg'), element, pads)
    pictures.draw_pipeline(os.path.join(output, 'endpoint.svg'))
    for act, title in ACTS.items():
        pictures.draw_sequence(os.path.join(output, 'walk-%s.svg' % act), walk.acts[act], title)


if __name__ == '__main__':
    main()
