"""Pictures of the pages, in SVG: elements with their pads, pipelines, and sequence diagrams.

They follow the colours of the reader's theme, light or dark.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
from xml.sax.saxutils import escape

STYLE = '''
  text { font: 13px sans-serif; fill: #24292f; }
  .code { font-family: monospace; font-size: 12px; }
  .title { font-size: 15px; font-weight: bold; }
  .quiet { fill: #57606a; font-size: 11px; }
  .good { fill: #1a7f37; }
  .user { fill: #8250df; font-weight: bold; }
  .bad { fill: #bc4c00; }
  .box { fill: #eef4fb; stroke: #3b6ea5; stroke-width: 1.5; }
  .other { fill: #f6f8fa; stroke: #8c959f; }
  .line { stroke: #3b6ea5; stroke-width: 1.5; fill: none; }
  .thin { stroke: #8c959f; stroke-width: 1; fill: none; }
  .dashed { stroke-dasharray: 4 3; }
  .head { fill: #3b6ea5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #d5d9de; }
    .quiet { fill: #9aa4af; }
    .good { fill: #56d364; }
    .user { fill: #d2a8ff; }
    .bad { fill: #ffa657; }
    .box { fill: #16263a; stroke: #79aee8; }
    .other { fill: #22272e; stroke: #768390; }
    .line { stroke: #79aee8; }
    .head { fill: #79aee8; }
  }
'''


class Picture:
    def __init__(self):
        self.parts = []

    def text(self, x, y, text, classes='', anchor='start', rotate=None):
        turn = ' transform="rotate(%.1f %.1f %.1f)"' % (rotate, x, y) if rotate is not None else ''
        self.parts.append('<text x="%.1f" y="%.1f" class="%s" text-anchor="%s"%s>%s</text>' %
                          (x, y, classes, anchor, turn, escape(text)))

    def box(self, x, y, width, height, classes):
        self.parts.append('<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="5" class="%s"/>' %
                          (x, y, width, height, classes))

    def line(self, x1, y1, x2, y2, classes='line', arrow=False):
        end = ' marker-end="url(#arrow)"' if arrow else ''
        self.parts.append('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"%s/>' %
                          (x1, y1, x2, y2, classes, end))

    def write(self, path, width, height, title):
        with open(path, 'w', encoding='utf-8') as file:
            file.write('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">\n'
                       '<title>%s</title>\n<style>%s</style>\n'
                       '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
                       'orient="auto"><path d="M0,0 L8,4 L0,8 z" class="head"/></marker></defs>\n%s\n</svg>\n' %
                       (width, height, width, height, escape(title), STYLE, '\n'.join(self.parts)))


def draw_element(path, element, pads):
    """A box with its pads: sinks on the left, sources on the right; dashed are those that are not always there."""
    picture = Picture()
    sides = {side: [pad for pad in pads if pad['direction'] == side] for side in ('sink', 'src')}
    rows = max(len(side) for side in sides.values())
    left, width, top, step = 250, 230, 46, 46
    height = top + rows * step + 10
    picture.box(left, 10, width, height - 20, 'box')
    picture.text(left + width / 2, 32, element, 'title', 'middle')
    for side, side_pads in sides.items():
        for row, pad in enumerate(side_pads):
            y = top + row * step + step / 2
            dashed = '' if pad['presence'] == 'always' else ' dashed'
            caps = pad['caps'].split('; ') if len(pad['caps']) <= 60 else [pad['caps'].split(',')[0].split('(')[0]]
            if side == 'sink':
                picture.box(left - 8, y - 8, 16, 16, 'box' + dashed)
                picture.line(left - 70, y, left - 10, y, 'line' + dashed, arrow=True)
                picture.text(left + 14, y + 4, pad['name'], 'code')
                place, anchor = left - 76, 'end'
            else:
                picture.box(left + width - 8, y - 8, 16, 16, 'box' + dashed)
                picture.line(left + width + 10, y, left + width + 70, y, 'line' + dashed, arrow=True)
                picture.text(left + width - 14, y + 4, pad['name'], 'code', 'end')
                place, anchor = left + width + 76, 'start'
            for i, kind in enumerate(caps):
                picture.text(place, y + 4 + 14 * (i - (len(caps) - 1) / 2), kind, 'quiet code', anchor)
    picture.write(path, 2 * left + width, height, 'Pads of ' + element)


def draw_pipeline(path):
    """One endpoint: the way out, the way in, and the session between them."""
    picture = Picture()
    for y, chain in ((20, ('source', 'encoder', 'payloader', 'zrtpenc', 'udpsink')),
                     (170, ('sink', 'decoder', 'jitter buffer', 'zrtpdec', 'udpsrc'))):
        for i, name in enumerate(chain):
            x = 10 + i * 142
            own = name.startswith('zrtp')
            picture.box(x, y, 112, 40, 'box' if own else 'other')
            picture.text(x + 56, y + 25, name, 'code' if own or name.startswith('udp') else '', 'middle')
            if i and y == 20:
                picture.line(x - 30, y + 20, x - 2, y + 20, arrow=True)
            elif i:
                picture.line(x, y + 20, x - 28, y + 20, arrow=True)
    picture.box(400, 95, 192, 40, 'box')
    picture.text(496, 120, 'GstZrtpSession', 'code', 'middle')
    picture.line(496, 62, 496, 93, 'line dashed')
    picture.line(496, 137, 496, 168, 'line dashed')
    picture.box(10, 95, 254, 40, 'other')
    picture.text(137, 120, 'application', '', 'middle')
    picture.line(398, 108, 268, 108, arrow=True)
    picture.text(333, 103, 'bus messages', 'quiet', 'middle')
    picture.line(266, 124, 396, 124, arrow=True)
    picture.text(333, 138, 'action signals', 'quiet', 'middle')
    picture.text(700, 120, 'network', '', 'middle')
    picture.line(634, 62, 690, 100, 'thin', arrow=True)
    picture.line(690, 128, 634, 168, 'thin', arrow=True)
    picture.write(path, 740, 225, 'One endpoint of a call')


def draw_sequence(path, events, title):
    """Time runs downwards; a packet is a slanted arrow from when it is sent to when it arrives."""
    picture = Picture()
    x_of, one_way = {'Alice': 250, 'Bob': 650}, 20
    times = sorted({0} | {e['time'] for e in events} | {e['time'] + one_way for e in events if e['kind'] == 'packet'})
    y_of, y = {}, 62.0
    lengths = {}
    for event in events:
        if event['kind'] != 'packet':
            key = (event['time'], event['end'])
            lengths[key] = lengths.get(key, 0) + 1
    for i, time in enumerate(times):
        y_of[time] = y
        labels = max(lengths.get((time, end), 0) for end in x_of)
        following = times[i + 1] - time if i + 1 < len(times) else 0
        y += max(min(following, 30) * 3.2, labels * 15 + 6)
    bottom = y + 14
    for end, x in x_of.items():
        picture.text(x, 24, end, 'title', 'middle')
        picture.line(x, 34, x, bottom, 'thin')
    for before, after in zip(times, times[1:]):
        if after - before > 60:
            middle = (y_of[before] + y_of[after]) / 2
            for x in x_of.values():
                picture.box(x - 3, middle - 5, 6, 10, 'other')
    rows, shown, beside = {}, set(), {}
    for event in events:
        key = (event['time'], event['end'])
        x, y = x_of[event['end']], y_of[event['time']]
        side = -1 if event['end'] == 'Alice' else 1
        if event['time'] not in shown:
            shown.add(event['time'])
            picture.text(14, y + 4, '%d ms' % event['time'], 'quiet')
        if event['kind'] == 'packet':
            # Two that leave at once stand beneath each other.
            offset = 15 * beside.get(key, 0)
            beside[key] = beside.get(key, 0) + 1
            x2, y2 = x_of['Bob' if side < 0 else 'Alice'], y_of[event['time'] + one_way] + offset
            y1 = y + offset
            if event['lost']:
                picture.line(x, y1, x + (x2 - x) * 0.5, y1 + (y2 - y1) * 0.5, 'line dashed')
                picture.text(x + (x2 - x) * 0.51, y1 + (y2 - y1) * 0.5 + 5, 'lost', 'bad', 'start' if side < 0 else 'end')
            else:
                picture.line(x, y1, x2, y2, arrow=True)
            angle = 57.3 * (y2 - y1) / 400 * -side
            along = 0.3
            picture.text(x + (x2 - x) * along, y1 + (y2 - y1) * along - 5, event['label'], 'code', 'middle', angle)
            continue
        row = rows.get(key, 0)
        rows[key] = row + 1
        picture.text(x + side * 12, y + 4 + 15 * row, event['label'], event['class'], 'end' if side < 0 else 'start')
    picture.write(path, 900, int(bottom) + 10, title)
