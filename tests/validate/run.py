#!/usr/bin/env python3
"""Runs one test with gst-validate, every issue being fatal.

Usage: run.py TEST [PROGRAM]

TEST is a .validatetest, or a text for people that shows one: README, or a page in Markdown. A file in the directory fails/
must fail, and the report must hold what its lines "# Must report: ..." say. Without PROGRAM, which is gst-validate-1.0, the
test is skipped.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import re
import subprocess
import sys
import tempfile
import textwrap

SKIP = 77
SECONDS = 60


def run(program, path):
    """(exit status, output)"""
    environment = dict(os.environ, GST_VALIDATE='fatal-issues')
    process = subprocess.run([program, '--set-test-file', path], env=environment, text=True, timeout=SECONDS,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return process.returncode, process.stdout


def must_report(path):
    """What the report of a test that fails must hold; empty if the test must pass."""
    if os.path.basename(os.path.dirname(os.path.abspath(path))) != 'fails':
        return []
    with open(path, encoding='utf-8') as file:
        found = re.findall(r'^# Must report: (.+)$', file.read(), re.M)
    if not found:
        sys.exit('%s does not say what it must report' % path)
    return found


def shown_test(path):
    """The test that a text shows."""
    with open(path, encoding='utf-8') as file:
        text = file.read()
    if path.endswith('.md'):
        found = re.findall(r'^```validatetest\n(.*?)^```$', text, re.M | re.S)
    else:
        found = re.findall(r'^    set-globals,\n(?:    .*\n|\n(?=    ))+', text, re.M)
    if len(found) != 1:
        sys.exit('%s shows %d tests' % (path, len(found)))
    return textwrap.dedent(found[0])


def untold_actions(program, path):
    """Our actions that the page does not tell of."""
    printed = subprocess.run([program, '--inspect-action-type', 'validatezrtp'], check=True, text=True, timeout=SECONDS,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    actions = set(re.findall(r'^## (zrtp-[a-z-]+)$', printed, re.M))
    with open(path, encoding='utf-8') as file:
        told = set(re.findall(r'^\| `(zrtp-[a-z-]+)` \|', file.read(), re.M))
    return sorted(actions ^ told) if actions else ['none is known']


def main():
    path = sys.argv[1]
    if len(sys.argv) < 3:
        print('%s: skipped, there is no gst-validate' % os.path.basename(path))
        return SKIP
    if path.endswith('.validatetest'):
        status, output = run(sys.argv[2], path)
    else:
        with tempfile.NamedTemporaryFile('w', suffix='.validatetest') as file:
            file.write(shown_test(path))
            file.flush()
            status, output = run(sys.argv[2], file.name)
    print(output)
    if path.endswith('.md'):
        untold = untold_actions(sys.argv[2], path)
        if untold:
            print('the table of actions is wrong about:', *untold)
            return 1
    wanted = must_report(path)
    missing = [text for text in wanted if text not in output]
    if missing:
        print('the report does not hold:', *missing, sep='\n  ')
    if wanted:
        # A crash is no report.
        return 0 if status > 0 and not missing else 1
    return 0 if status == 0 else 1


if __name__ == '__main__':
    sys.exit(main())
