#!/usr/bin/env python3
"""Installs a build into an empty folder, and lets the program from there serve places.

It runs far from the source tree and without HERD_DATA, so it has its data from what was installed.
"""
import os
import pathlib
import subprocess
import sys
import tempfile


def main(build):
    with tempfile.TemporaryDirectory() as root:
        subprocess.run(['meson', 'install', '-C', build, '--no-rebuild', '--quiet'], check=True,
                       env={**os.environ, 'DESTDIR': root})
        program = next(pathlib.Path(root).rglob('bin/herd'))
        notice = program.parent.parent / 'share/herd/data/NOTICE.md'
        noticed = notice.exists()
        environment = {key: value for key, value in os.environ.items() if key != 'HERD_DATA'}
        with subprocess.Popen([program, 'places', '--listen', '127.0.0.1:0'], cwd=root,
                              env=environment, stdout=subprocess.PIPE, text=True) as places:
            said = places.stdout.readline()
            places.terminate()
        if not said.startswith('places listening on '):
            print(f'the installed program did not start: {said!r}')
            return 1
        if not noticed:
            print('the notices of the tables were not installed')
            return 1
        return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
