"""What the checks of the pages share: the pages, their tables and code, and reporting in TAP.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import glob
import os
import re
import subprocess
import sys
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DIRECTORY = os.path.join(ROOT, 'gst', 'doc')


class Skip(Exception):
    """A check that cannot be made here; its text says why."""


def names():
    return sorted(os.path.basename(path)[:-3] for path in glob.glob(os.path.join(DIRECTORY, '*.md')))


def read(name):
    with open(os.path.join(DIRECTORY, name + '.md'), encoding='utf-8') as file:
        return file.read()


def section(name, heading):
    """The text of a page below a heading, up to the next one of the same or a higher level."""
    match = re.search(r'^(#+) %s\n(.*?)(?=^#{1,6} |\Z)' % re.escape(heading), read(name), re.M | re.S)
    assert match, '%s has no heading "%s"' % (name, heading)
    return match.group(2)


def tables(text):
    """The tables of a text: lists of rows without the heading, each a list of cells without the marks of code."""
    found = []
    for block in re.findall(r'(?:^\|.*\n)+', text, re.M):
        rows = [[cell.strip().strip('`') for cell in line.strip().strip('|').split('|')] for line in block.splitlines()]
        found.append(rows[2:])
    return found


def code(name):
    """(language, text) of each fenced block."""
    return re.findall(r'^```(\S*)\n(.*?)^```$', read(name), re.M | re.S)


def lines_of(program, *arguments):
    output = subprocess.run([program, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [line.split('\t') for line in output.splitlines()]


def same(what, page, program):
    """Fails, and says how, if the page and the program do not tell of the same things."""
    page, program = set(page), set(program)
    assert program, 'the program tells of no %s' % what
    assert page == program, '%s: only on the page %s, missing there %s' % (
        what, sorted(page - program), sorted(program - page))


def run(checks):
    """Runs functions and tells in TAP which passed; returns the exit status."""
    failed = 0
    print('1..%d' % len(checks))
    for number, (title, function) in enumerate(checks, 1):
        try:
            function()
            print('ok %d - %s' % (number, title))
        except Skip as reason:
            print('ok %d - %s # SKIP %s' % (number, title, reason))
        except Exception as problem:
            failed += 1
            why = str(problem) if isinstance(problem, AssertionError) else traceback.format_exc()
            print('not ok %d - %s\n# %s' % (number, title, why.strip().replace('\n', '\n# ')))
        sys.stdout.flush()
    return 1 if failed else 0
