#!/usr/bin/env python3
"""Runs one test with gst-validate, every issue being fatal.

Usage: run.py TEST.validatetest [PROGRAM]

A file in the directory fails/ must fail, and the report must hold what its lines "# Must report: ..." say. Without PROGRAM,
which is gst-validate-1.0, the test is skipped.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import re
import subprocess
import sys

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


def main():
    path = sys.argv[1]
    if len(sys.argv) < 3:
        print('%s: skipped, there is no gst-validate' % os.path.basename(path))
        return SKIP
    status, output = run(sys.argv[2], path)
    print(output)
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
