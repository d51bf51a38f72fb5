#!/usr/bin/env python3
"""usage: completions.py HERD SHELL: what bash, zsh or fish offers on the command line of herd

Each is the real shell with our script. What zsh prints with is played, as it works within the line
editor only; that all of it works there is tried once, in a terminal. Exit code 77: there is no such
shell.
"""
import os
import pathlib
import pty
import shutil
import subprocess
import sys
import tempfile
import time

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent / 'packaging/completions'
CASES = [  # what is typed, and what is offered there
    ('herd st', {'status'}),
    ('herd se', {'send', 'serve'}),
    ('herd --v', {'--version'}),
    ('herd send --to', {'--token-file'}),
    ('herd send Ho', {'Holiday'}),
    ('herd serve --config my.json ', {'Alpha', 'Beta'}),
    ('herd serve --config no.json ', set()),
    ('herd send Goloman --token-file my.t', {'my.token'}),
    ('herd keys my', {'mykeys/'}),
    ('herd serve --log-dir my', {'mykeys/'}),
    ('herd phone --app osmand --no', {'--no-qr'}),
    ('herd fly ', set()),
]
SERVER = '{"name": "%s", "clients": "127.0.0.1:0", "peers": "127.0.0.1:0"}'
FILES = {'my.json': f'{{"servers": [{SERVER % "Alpha"}, {SERVER % "Beta"}]}}', 'my.token': '',
         'mykeys/ca.crt': ''}

# As each is asked what it offers; the words are its arguments.
ASKED = {
    'bash': ['bash', '-c', r'''
        . "$SCRIPTS/herd.bash"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _herd
        for each in "${COMPREPLY[@]}"; do
            [[ ! -d $each ]] || each+=/
            echo "$each"
        done''', 'bash'],
    'zsh': ['zsh', '-f', '-c', r'''
        _files() {
            if [[ $1 == -/ ]]; then print -l -- $words[CURRENT]*(NM/)
            else print -l -- $words[CURRENT]*(NM); fi
        }
        _describe() { print -l -- ${(P)2%%:*}; }
        words=("$@") CURRENT=$#
        . "$SCRIPTS/_herd"''', 'zsh'],
    'fish': ['fish', '--no-config', '-c', r'''
        source $SCRIPTS/herd.fish
        complete -C (string join ' ' -- $argv)'''],
}
ZSH_SETUP = 'PS1=; fpath=($SCRIPTS $fpath); autoload -Uz compinit; compinit -u -D; print set up\n'


def offered(shell, line, environment, where):
    told = subprocess.run([*ASKED[shell], *line.split(' ')], check=False, cwd=where,
                          env=environment, capture_output=True, text=True)
    if told.stderr:
        print(told.stderr)
    return {each.split('\t')[0] for each in told.stdout.split('\n')} - {''}


def shown(screen, text, seconds=20):
    """Whether that text comes on the terminal."""
    came, end = '', time.monotonic() + seconds
    os.set_blocking(screen, False)
    while text not in came and time.monotonic() < end:
        try:
            came += os.read(screen, 4096).decode(errors='replace')
        except BlockingIOError:
            time.sleep(0.01)
        except OSError:
            break
    return text in came


def typed_in_zsh(environment, where):
    """Whether the line editor itself makes `status` of `st` and a tab."""
    process, screen = pty.fork()
    if process == 0:
        os.chdir(where)
        os.execvpe('zsh', ['zsh', '-f', '-i'], {**environment, 'TERM': 'dumb'})
    os.write(screen, ZSH_SETUP.encode())
    good = shown(screen, '\nset up') and os.write(screen, b'herd st\t') and shown(screen, 'status')
    os.close(screen)
    os.waitpid(process, 0)
    return good


def main(herd, shell):
    if not shutil.which(shell):
        return 77
    with tempfile.TemporaryDirectory() as folder:
        where = pathlib.Path(folder)
        for name, text in {**FILES, 'bin/x': ''}.items():
            (where / name).parent.mkdir(exist_ok=True)
            (where / name).write_text(text, encoding='utf-8')
        (where / 'bin/herd').symlink_to(pathlib.Path(herd).resolve())
        environment = {**os.environ, 'PATH': f'{where}/bin:{os.environ["PATH"]}', 'HOME': folder,
                       'SCRIPTS': str(SCRIPTS)}
        wrong = 0
        for line, expected in CASES:
            got = offered(shell, line, environment, where)
            if got != expected:
                print(f'{line!r}: {sorted(expected)} expected, {sorted(got)} offered')
                wrong += 1
        if shell == 'zsh' and not typed_in_zsh(environment, where):
            print('zsh does not complete in a terminal')
            wrong += 1
        return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
