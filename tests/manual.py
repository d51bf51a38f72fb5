#!/usr/bin/env python3
"""usage: manual.py HERD PAGES...: whether `--help` and the manual say what the program takes

`--help` fits one screen. Each subcommand has a page, and each of its options an entry there, and
there is no other entry. Of PAGES, which are built, `man` has nothing to warn of, if there is one.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

LINES, COLUMNS = 24, 80  # of a screen, of which the prompt wants one


def said(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          env={**os.environ, 'LC_ALL': 'C.UTF-8', 'MANWIDTH': str(COLUMNS)})


def entries(text):
    """What the lines of a help begin with: words, and options with what stands behind them."""
    rows = re.findall(r'^  (\S.*?)(?:  .*)?$', text, re.MULTILINE)
    return {row.removeprefix('-h, ') for row in rows}


def check_help(what, text):
    lines = text.splitlines()
    if len(lines) >= LINES:
        yield f'{what} --help has {len(lines)} lines'
    yield from (f'{what} --help: {line}' for line in lines if len(line) > COLUMNS)


def check_page(page, text, options):
    """The entries under OPTIONS are those of the help, with their arguments."""
    section = re.search(r'^# OPTIONS\n(.*?)(?=^# )', text, re.MULTILINE | re.DOTALL)
    found = re.findall(r'^\*(?:-h\*, \*)?(--[^\n]*)', section[1] if section else '', re.MULTILINE)
    found = {re.sub(r'[*_\\]', '', entry) for entry in found}
    yield from (f'{page} lacks {option}' for option in sorted(options - found))
    yield from (f'{page} has {option}, the program has not' for option in sorted(found - options))


def main(herd, *built):
    pages = pathlib.Path(__file__).resolve().parent.parent / 'docs/man'
    text = said(herd, '--help').stdout
    wrong = list(check_help('herd', text))
    commands = {entry for entry in entries(text) if not entry.startswith('-')}
    described = {path.name.split('.')[0] for path in pages.glob('herd-*.1.scd')}
    wrong += [f'no page of {name}' for name in sorted({f'herd-{c}' for c in commands} - described)]
    wrong += [f'a page of {name}' for name in sorted(described - {f'herd-{c}' for c in commands})]
    for command in ['', *sorted(commands)]:
        name = f'herd-{command}'.rstrip('-')
        text = said(herd, *command.split(), '--help').stdout
        wrong += check_help(name, text)
        page = pages / f'{name}.1.scd'
        options = {entry for entry in entries(text) if entry.startswith('-')}
        if page.exists():
            wrong += check_page(page.name, page.read_text(encoding='utf-8'), options)
    index = (pages / 'herd.1.scd').read_text(encoding='utf-8')
    listed = set(re.findall(r'^\*herd-(\w+)\*\(1\)$', index, re.MULTILINE))
    wrong += [f'herd.1.scd and --help differ in {name}' for name in sorted(listed ^ commands)]
    for page in (built if shutil.which('man') else []):
        wrong += said('man', '--warnings', '-l', page).stderr.splitlines()
    print('\n'.join(wrong))
    return 1 if wrong or not commands else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
