#!/usr/bin/env python3
"""Counts by callgrind what a report costs a server in instructions, against the figures below.

    perf_smoke.py PROGRAM --build "gcc 12 x86_64"           the test
    perf_smoke.py PROGRAM --build "gcc 12 x86_64" --show    prints the figures as they are now

./dev perf builds and does the latter. The counts are of user space alone and repeat exactly on one
build; other patch levels of a compiler and other C libraries differ by little, other compilers by
much, so each has figures of its own. A case that costs more than its figure and the tolerance is a
regression: find it (the profiles stay in the folder that is printed: callgrind_annotate FILE), or
say in the commit why it is worth it, and write down the new figure. Of one that costs less by more
than that it says so: with the figure lowered, what was won stays won.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOLERANCE = 0.04
FIGURES = {  # instructions per report, by build
    'gcc 12 x86_64': {
        'pipelined': 1946,
        'pipelined, to another cell': 2557,
        'pipelined, without an index': 1921,
        'pipelined beside 100,000 subscriptions': 2293,
        'pipelined beside four maps': 2068,
        'pipelined and passed on': 2122,
        'taken from a neighbour': 2171,
        'one at a time': 2950,
    },
}
KERNEL = 'reactor::sys::'
SKIPPED = 77  # meson's code for it


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('program')
    parser.add_argument('--build', required=True, help='compiler, its version, processor')
    parser.add_argument('--show', action='store_true')
    options = parser.parse_args()
    if not shutil.which('valgrind'):
        print('There is no valgrind (Debian: valgrind).')
        return SKIPPED
    folder = pathlib.Path(tempfile.mkdtemp(prefix='herd-perf-'))
    counts = count(options.program, folder)
    if options.show:
        print(f"    '{options.build}': {{")
        for name, instructions in counts.items():
            print(f"        '{name}': {instructions:.0f},")
        print('    },')
        print(f'Profiles: {folder}')
        return 0
    if options.build not in FIGURES:
        print(f'No figures for {options.build}; --show prints them.')
        shutil.rmtree(folder)
        return SKIPPED
    if judge(counts, FIGURES[options.build]):
        shutil.rmtree(folder)
        return 0
    print(f'Profiles: {folder}')
    return 1


def count(program, folder):
    """Instructions per report, by case. Leaves a profile of each."""
    program = pathlib.Path(program).resolve()
    counts = {}
    for name in output_of([program], folder).splitlines():
        profile = folder / f'{name.replace(" ", "-")}.profile'
        reports = output_of(
            ['valgrind', '--tool=callgrind', '--toggle-collect=*run_counted*',
             '--compress-strings=no', f'--callgrind-out-file={profile}', program, name], folder)
        counts[name] = instructions(profile.read_text(encoding='utf-8')) / int(reports)
    return counts


def output_of(command, folder):
    """What it prints."""
    # The plainest of the C library's memcpy and so on, whatever this processor has.
    plain = 'glibc.cpu.hwcaps=-AVX_Fast_Unaligned_Load,-AVX2,-AVX512F,-AVX512VL,-ERMS,-FSRM'
    run = subprocess.run(command, cwd=folder, env={**os.environ, 'GLIBC_TUNABLES': plain},
                         capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(f'{run.stdout}{run.stderr}{command[0]}: exit code {run.returncode}')
    return run.stdout


def instructions(profile):
    """All that callgrind counted, but for what the fake kernel executed in place of the real one.

    That is what calls of reactor::sys took, written behind each call with all that it called.
    """
    total = int(re.search(r'^(?:summary|totals): (\d+)', profile, re.MULTILINE)[1])
    caller = callee = ''
    lines = iter(profile.splitlines())
    for line in lines:
        if line.startswith('fn='):
            caller = line[3:]
        elif line.startswith('cfn='):
            callee = line[4:]
        elif line.startswith('calls='):
            inclusive = int(next(lines).split()[1])
            if callee.startswith(KERNEL) and not caller.startswith(KERNEL):
                total -= inclusive
    return total


def judge(counts, expected):
    """Prints each case beside its figure; whether all are within the tolerance."""
    good = True
    for name, instructions in counts.items():
        figure = expected.get(name)
        if figure is None:
            good, said = False, 'HAS NO FIGURE'
        else:
            change = instructions / figure - 1
            said = f'{change:+.1%} of {figure}'
            if change > TOLERANCE:
                good, said = False, f'{said}: A REGRESSION, more than {TOLERANCE:.0%}'
            elif change < -TOLERANCE:
                said = f'{said}: better; lower the figure, to keep it so'
        print(f'{name:26} {instructions:8.1f} instructions per report, {said}')
    for name in expected.keys() - counts.keys():
        good = False
        print(f'{name:26} was not counted')
    return good


if __name__ == '__main__':
    sys.exit(main())
