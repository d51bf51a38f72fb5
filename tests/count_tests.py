#!/usr/bin/env python3
"""Sums up meson's testlog.json: every Catch2 test case counts, any other test counts as one.

Prints the tests that were skipped, which count as neither, and those that failed with the end of
what each said, then one line `N passed, N failed`; exits 1 if one failed or none ran.
"""
import json
import re
import sys

ALL_PASSED = re.compile(r'All tests passed \(.*? in (\d+) test cases?\)')
TOTALS = re.compile(r'^test cases: +\d+ \|(.*)$', re.MULTILINE)
GOOD = {'OK', 'EXPECTEDFAIL'}
NEITHER = {'SKIP', 'IGNORED'}
LAST_WORDS = 10  # lines


def catch2_cases(output):
    """(passed, failed) of the last summary in the output; None if Catch2 did not write it."""
    totals = TOTALS.findall(output)
    if totals:
        passed = re.search(r'(\d+) passed', totals[-1])
        failed = re.search(r'(\d+) failed(?! as expected)', totals[-1])
        return tuple(int(found.group(1)) if found else 0 for found in (passed, failed))
    everything = ALL_PASSED.findall(output)
    return (int(everything[-1]), 0) if everything else None


def count(test):
    """(passed, failed) of one test of meson's."""
    if test['result'] in NEITHER:
        return 0, 0
    good = test['result'] in GOOD
    passed, failed = catch2_cases(test.get('stdout') or '') or (int(good), 0)
    # A crash or a time-out fails the test even where no single case was blamed.
    return passed, failed if good else max(failed, 1)


def last_words(test):
    """The end of what it wrote to standard error, or if that is nothing, to standard output."""
    said = next((text for text in (test.get('stderr'), test.get('stdout')) if text), '')
    return said.rstrip().splitlines()[-LAST_WORDS:]


def main(path):
    try:
        with open(path, encoding='utf-8') as log:
            tests = [json.loads(line) for line in log]
    except OSError:
        tests = []
    passed = failed = 0
    for test in tests:
        good, bad = count(test)
        passed, failed = passed + good, failed + bad
        if test['result'] == 'SKIP':
            print(f'skipped: {test["name"]}')
        if bad:
            print(f'failed: {test["name"]} ({test["result"]})')
            for line in last_words(test):
                print(f'    {line}')
    print(f'{passed} passed, {failed} failed')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
