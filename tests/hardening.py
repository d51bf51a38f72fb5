#!/usr/bin/env python3
"""usage: hardening.py PROGRAM: whether it has what makes a fault of memory hard to use.

See "The program itself" in docs/security.md.
"""
import re
import subprocess
import sys

# What `readelf` shows of a program that has it.
EXPECTED = {
    'a position-independent executable': r'^  Type: +DYN ',
    'a stack that is not executable': r'^  GNU_STACK .* RW +0x',
    'read-only relocations': r'^  GNU_RELRO ',
    'all symbols bound at start': r'\(FLAGS_1\) +Flags:.*\bNOW\b',
    'stack protectors': r'\b__stack_chk_fail\b',
    "the standard library's assertions": r'\b_ZSt21__glibcxx_assert_fail',
}


def main():
    shown = subprocess.run(
        ['readelf', '--wide', '--file-header', '--program-headers', '--dynamic', '--symbols',
         sys.argv[1]],
        check=True, capture_output=True, text=True,
        env={'LC_ALL': 'C', 'PATH': '/usr/bin:/bin'}).stdout
    missing = [what for what, pattern in EXPECTED.items()
               if not re.search(pattern, shown, re.MULTILINE)]
    for what in missing:
        print(f'{sys.argv[1]} lacks {what}')
    return 1 if missing else 0


if __name__ == '__main__':
    sys.exit(main())
