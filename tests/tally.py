#!/usr/bin/env python3
"""Adds up a log of meson test (testlog.json): prints how many tests passed, failed and were skipped.

Usage: tally.py LOG.json

What a program reports of its parts, in TAP or as Check does, counts one by one. A program that failed without reporting a
failed part, because it crashed for example, counts as one more failure; its name goes to stderr.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import json
import re
import sys


def parts(output):
    """(passed, failed, skipped) of what a program printed."""
    check = re.findall(r'^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)', output, re.M)
    if check:
        bad = sum(int(failures) + int(errors) for _, failures, errors in check)
        return sum(int(total) for total, _, _ in check) - bad, bad, 0
    passed = failed = skipped = 0
    for bad, rest in re.findall(r'^(not )?ok\b(.*)', output, re.M):
        skip = re.search(r'# *SKIP', rest, re.I)
        skipped += bool(skip)
        failed += bool(bad) and not skip
        passed += not bad and not skip
    return passed, failed, skipped


def main():
    totals = [0, 0, 0]
    try:
        with open(sys.argv[1]) as file:
            tests = [json.loads(line) for line in file if line.strip()]
    except OSError:
        tests = []
    for test in tests:
        counts = list(parts(test.get('stdout') or ''))
        good = test['result'] in ('OK', 'EXPECTEDFAIL')
        if sum(counts) == 0:
            counts[0 if good else 2 if test['result'] == 'SKIP' else 1] = 1
        elif not good and test['result'] != 'SKIP' and counts[1] == 0:
            counts[1] = 1
        if counts[1]:
            print('  %s: %d failed (%s)' % (test['name'], counts[1], test['result']), file=sys.stderr)
        totals = [a + b for a, b in zip(totals, counts)]
    print(*totals)


if __name__ == '__main__':
    main()
