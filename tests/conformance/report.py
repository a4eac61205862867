#!/usr/bin/env python3
"""Which test proves which requirement, and which code keeps it.

requirements.tsv lists the requirements; comments in gst/, ext/ and tests/ cite them by id ("Z-4.3-4", "Z-5.7-4, -5",
"Z-4.9-5 to -8"). For each requirement this prints the citing tests and code. A requirement that no test cites must stand in
unproven.tsv with a reason; a citation of an id that does not exist is a mistake too. Exit status 1 then. A line of unproven.tsv that a test
has overtaken is named, for it to be taken out.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import argparse
import collections
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent
C_SUFFIXES = {'.c', '.h'}
SUFFIXES = C_SUFFIXES | {'.py', '.sh', '.build', '.scenario'}
KINDS = {
    'reach': "outside an implementation's reach: advice to people, products or deployments",
    'review': 'seen by review or by a tool, not by one test',
    'application': "the application's part",
    'not-offered': 'about something that we do not offer',
    'not-built': 'not built yet',
}

ID = r'Z-(?:\d+(?:\.\d+)*|bis)-\d+'
# An id, or the short form after another id: ", -5", " and -5", " to -8", "..-8".
TOKEN = re.compile(r'(?P<link>(?:,|;|\s+and|\s+or|\s+to|\.\.)\s*)?(?:(?P<id>%s)|(?<=[\s.])-(?P<short>\d+)\b)' % ID)


def read_requirements():
    rows = {}
    for line in (HERE / 'requirements.tsv').read_text().splitlines():
        if line and not line.startswith('#'):
            name, level, how, text = line.split('\t')
            rows[name] = (level, how, text)
    return rows


def read_unproven():
    rows = {}
    for line in (HERE / 'unproven.tsv').read_text().splitlines():
        if line and not line.startswith('#'):
            name, kind, reason = line.split('\t')
            rows[name] = (kind, reason)
    return rows


def cited_ids(text, order):
    """The ids that a comment cites, ranges and short forms spelled out; and those that do not exist."""
    index = {name: i for i, name in enumerate(order)}
    found, unknown = [], []
    previous, end = None, -1
    for match in TOKEN.finditer(text):
        link = (match.group('link') or '').strip()
        if match.group('id'):
            name = match.group('id')
        elif previous and link and match.start() == end:
            name = previous.rsplit('-', 1)[0] + '-' + match.group('short')
        else:
            continue
        if name not in index:
            unknown.append(name)
        elif link in ('to', '..') and previous in index and match.start() == end:
            found.extend(order[index[previous]:index[name] + 1])
        else:
            found.append(name)
        previous, end = name, match.end()
    return found, unknown


def join_lines(text):
    return re.sub(r'\s*\n\s*(?:\*(?!/)|#|//)?\s*', ' ', text)


def comments(path, text):
    """(offset, whole comment) of each comment of a file."""
    if path.suffix in C_SUFFIXES:
        pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"'
        return [(m.start(), m.group()) for m in re.finditer(pattern, text, re.S) if m.group()[0] == '/']
    pattern = r'"""(.*?)"""|(?:^[ \t]*#[^\n]*\n?)+|#[^\n]*'
    return [(m.start(), m.group()) for m in re.finditer(pattern, text, re.S | re.M)]


def functions(path, text):
    if path.suffix == '.h':
        return []
    if path.suffix == '.c':
        pattern = r'^(?:GST_START_TEST \()?(?!GST_)([a-z_]\w*)(?: \((?!.*;$)|\))'
    elif path.suffix == '.py':
        pattern = r'^\s*def (\w+)'
    else:
        pattern = r'^(\w+) ?\(\)'
    return [(m.start(), m.group(1)) for m in re.finditer(pattern, text, re.M)]


def function_near(position, text, found):
    """The function that a comment stands in or, at the left margin, before."""
    at_margin = position == 0 or text[position - 1] == '\n'
    if at_margin:
        after = [name for start, name in found if start > position]
        return after[0] if after else ''
    before = [name for start, name in found if start <= position]
    return before[-1] if before else ''


def scan(folder, order):
    """id -> places, and the unknown ids of the files below a folder."""
    places, unknown = collections.defaultdict(list), []
    for path in sorted((TREE / folder).rglob('*')):
        if path.suffix not in SUFFIXES or path.is_relative_to(HERE) and path.suffix != '.c' or not path.is_file():
            continue
        text = path.read_text(errors='replace')
        if 'Z-' not in text:
            continue
        name, found = path.relative_to(TREE).as_posix(), functions(path, text)
        for position, comment in comments(path, text):
            ids, bad = cited_ids(join_lines(comment), order)
            where = function_near(position, text, found)
            place = f'{name}: {where}' if where else name
            for requirement in ids:
                if place not in places[requirement]:
                    places[requirement].append(place)
            unknown += [(b, place) for b in bad]
    return places, unknown


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--gaps', action='store_true', help='only what no test proves')
    options = parser.parse_args()
    requirements, unproven = read_requirements(), read_unproven()
    order = list(requirements)
    tests, unknown = scan('tests', order)
    code = collections.defaultdict(list)
    for folder in ('gst', 'ext', 'include'):
        found, bad = scan(folder, order)
        unknown += bad
        for name, places in found.items():
            code[name] += places

    mistakes = [f'{place} cites {name}, which does not exist' for name, place in unknown]
    mistakes += [f'unproven.tsv: {name} does not exist' for name in unproven if name not in requirements]
    mistakes += [f'unproven.tsv: {name}: unknown kind {kind}' for name, (kind, _) in unproven.items() if kind not in KINDS]
    mistakes += [f'unproven.tsv: {name}: no reason' for name, (_, reason) in unproven.items() if len(reason) < 8]

    for name, (level, how, text) in requirements.items():
        if not tests.get(name) and name not in unproven:
            mistakes.append(f'{name} ({level}, {how}) has neither test nor reason: {text}'
                            + (f' [code: {code[name][0]}]' if code.get(name) else ''))
        if options.gaps and tests.get(name):
            continue
        print(f'{name} ({level}; {how}) {text}')
        for place in tests.get(name, []):
            print(f'    test {place}')
        for place in code.get(name, []):
            print(f'    code {place}')
        if name in unproven:
            print('    no test, %s: %s' % unproven[name])

    print()
    overtaken = [name for name in unproven if tests.get(name)]
    for name in overtaken:
        print(f'unproven.tsv: {name} can go: {tests[name][0]}')
        del unproven[name]
    for mistake in mistakes:
        print('MISTAKE', mistake)
    proved = sum(1 for name in requirements if tests.get(name))
    kinds = collections.Counter(kind for kind, _ in unproven.values())
    print(f'{len(requirements)} requirements: {proved} proved by tests, {len(unproven)} explained'
          + ''.join(f', {n} of them {kind}' for kind, n in sorted(kinds.items()))
          + f'; {len(mistakes)} mistakes')
    sys.exit(1 if mistakes else 0)


if __name__ == '__main__':
    main()
