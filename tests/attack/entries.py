#!/usr/bin/env python3
"""Every entry of the attack catalogue has a test that exists, or a reason.

With a build directory as argument the GLib test programs in it are asked for tests whose names are made when they run.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent
ENTRIES = [f'{letter}{n + 1}' for letter, last in
           (('A', 10), ('B', 10), ('C', 10), ('D', 9), ('E', 7), ('F', 10), ('G', 9), ('H', 5), ('I', 8)) for n in range(last)]


def sources():
    return {path: path.read_text() for path in (TREE / 'tests').rglob('test-*.c')}


def registered(files, build):
    """The paths that the built GLib test programs list; None if there is no such program."""
    environment = dict(os.environ, ZRTP_MALLORY='unused', ZRTP_PYTHON='unused')
    paths = set()
    for source, text in files.items():
        program = build / source.relative_to(TREE).with_suffix('')
        if 'g_test_init' in text and program.is_file():
            paths.update(subprocess.run([program, '-l'], env=environment, capture_output=True, text=True).stdout.split())
    return paths or None


def exists(test, files, built, paths):
    """As a registered path, spelled out or made from a pattern; as file:function; or as a program that meson builds."""
    if test.startswith('tests/'):
        return (TREE / test).is_file() and pathlib.Path(test).stem.split('-', 1)[1] in built
    if test.startswith('/'):
        if any(f'"{test}"' in text for text in files.values()):
            return True
        if paths is not None:
            return test in paths
        parents = [test.rsplit('/', n)[0] for n in range(1, test.count('/'))]
        patterns = [f'"{parent}/%s' for parent in parents]
        return any(pattern in text for text in files.values() for pattern in patterns)
    name, function = test.split(':')
    return any(path.name == name and len(re.findall(r'\b%s\b' % function, text)) >= 2 for path, text in files.items())


def main():
    files, listed, mistakes = sources(), {}, []
    paths = registered(files, pathlib.Path(sys.argv[1])) if len(sys.argv) > 1 else None
    built = (TREE / 'tests/fuzz/meson.build').read_text()
    for line in (HERE / 'entries.tsv').read_text().splitlines():
        if not line.startswith('#'):
            entry, tests = line.split('\t')
            listed[entry] = tests
    mistakes += [f'{entry} is not an entry' for entry in listed if entry not in ENTRIES]
    for entry in ENTRIES:
        tests = listed.get(entry)
        if not tests:
            mistakes.append(f'{entry} has neither test nor reason')
        elif not tests.startswith('reason: '):
            mistakes += [f'{entry}: there is no test {test}' for test in tests.split() if not exists(test, files, built, paths)]
    for mistake in mistakes:
        print('MISTAKE', mistake)
    reasons = sum(1 for tests in listed.values() if tests.startswith('reason: '))
    print(f'{len(ENTRIES)} attacks: {len(listed) - reasons} with tests, {reasons} with a reason; {len(mistakes)} mistakes')
    sys.exit(1 if mistakes else 0)


if __name__ == '__main__':
    main()
