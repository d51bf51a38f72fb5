#!/usr/bin/env python3
"""Whether every test case of the live programs, but for hidden ones, is in exactly one test.

    one_test_each.py TAG... -- PROGRAM...
"""
import re
import subprocess
import sys


def cases(program):
    """(name, tags) of each case, as `--list-tests` of Catch2 has them: tags indented more."""
    listed = subprocess.run([program, '--list-tests'], check=False, text=True, capture_output=True)
    for name, tags in re.findall(r'^  (\S.*(?:\n    \S.*)*?)\n      (\[.*(?:\n      .*)*)',
                                 listed.stdout, re.MULTILINE):
        yield ' '.join(name.split()), re.findall(r'\[(.*?)\]', tags)


def main(arguments):
    split = arguments.index('--')
    wanted, programs = arguments[:split], arguments[split + 1:]
    wrong, counts = [], dict.fromkeys(wanted, 0)
    for program in programs:
        for name, tags in cases(program):
            if '.' in tags:
                continue
            run_by = [tag for tag in wanted if tag in tags]
            for tag in run_by:
                counts[tag] += 1
            if len(run_by) != 1:
                wrong.append(f'{name}: {tags} has {len(run_by)} tests, not one')
    wrong += [f'[{tag}]: no case' for tag, count in counts.items() if count == 0]
    print('\n'.join(wrong or [f'{tag}: {count}' for tag, count in counts.items()]))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
