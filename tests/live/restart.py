#!/usr/bin/env python3
"""`herd restart` stops, or does not begin, where a herd would come off worse for it.

    restart.py WHAT HERD        WHAT is one of the functions below that begin with case_
"""
import json
import os
import subprocess
import sys

import lone_server
from lone_server import PATIENCE, eventually

NAMES = ['Alpha', 'Beta']


class Herd:
    """Two servers of one `herd up`, with journals."""

    def __init__(self, herd, folder, **more):
        self.herd = herd
        self.journals = folder / 'journals'
        ports = lone_server.take_ports(5)
        servers = [{'name': name, 'clients': f'127.0.0.1:{ports[i]}',
                    'peers': f'127.0.0.1:{ports[2 + i]}'} for i, name in enumerate(NAMES)]
        self.config = {'servers': servers, 'links': [NAMES],
                       'limits': {'clients': 10_000, 'ready_ms': 1000},
                       'places': {'url': f'http://127.0.0.1:{ports[4]}'},
                       'journal': {'folder': str(self.journals)}, **more}
        self.path = lone_server.write(folder, self.config)
        if 'keys' in more:
            subprocess.run([herd, 'keys', more['keys'], '--config', self.path], check=True,
                           stdout=subprocess.DEVNULL)
        self.up = subprocess.Popen([herd, 'up', '--config', self.path], stdout=subprocess.DEVNULL)
        eventually(lambda: all(each.get('ready') for each in self.servers()))

    def run(self, *words, path=None):
        return subprocess.run([self.herd, *words, '--config', path or self.path],
                              capture_output=True, text=True, check=False)

    def servers(self, path=None):
        return json.loads(self.run('status', '--json', path=path).stdout)['servers']

    def epochs(self, path=None):
        return [each['epoch'] for each in self.servers(path)]

    def end(self):
        self.up.terminate()
        assert self.up.wait(PATIENCE) == 0


def case_journal(herd, folder):
    """A server that is back without its journal is the last one that is restarted."""
    both = Herd(herd, folder)
    before = both.epochs()
    for name in NAMES:  # In the way of the file that each start writes, where no check looks.
        (both.journals / f'{name}.journal.new' / 'full').mkdir(parents=True)
    for _ in range(2):  # The second time it has failed before.
        said = both.run('restart')
        assert said.returncode == 1 and not said.stdout, said
        assert said.stderr.startswith('herd: Alpha: ready again after '), said
        assert ' s, but its journal has failed: the others stay as they are\n' in said.stderr, said
        after = both.epochs()
        assert before[0] != after[0] and before[1] == after[1], (before, after)
        before = after
    both.end()


def case_check(herd, folder):
    """What `herd check` knows to be wrong takes no server down."""
    keys = folder / 'keys'
    both = Herd(herd, folder, keys=str(keys))
    before = both.epochs()
    copy = folder / 'copy.json'
    copy.write_text(both.path.read_text(encoding='utf-8'), encoding='utf-8')

    def refuses(why):
        said = both.run('restart', 'Alpha', path=copy)
        assert said.returncode == 2 and not said.stdout, said
        assert said.stderr.count(why) == 1, said
        assert 'herd: no server was restarted: ' in said.stderr, said
        assert before == both.epochs(copy), 'one was restarted'

    (keys / 'Alpha.key').chmod(0o644)
    refuses(f'herd: keys: {keys}/Alpha.key: everybody on this machine can read it\n')
    (keys / 'Alpha.key').chmod(0o600)
    both.path.write_text('{"servers": 7}', encoding='utf-8')
    refuses('expected a list []')
    both.path.unlink()
    refuses(f'herd: {both.path}: ')
    gamma = both.config['servers'][0] | {'name': 'Gamma'}
    both.path.write_text(json.dumps({'servers': [gamma]}), encoding='utf-8')
    refuses(f'herd: no server "Alpha" is in {both.path}\n')
    copy.rename(both.path)
    said = both.run('restart', 'Alpha')
    assert said.returncode == 0 and said.stdout.startswith('Alpha: ready again'), said
    both.end()


def case_folder(herd, folder):
    """What the configuration names is looked for from where the server is, not from here."""
    os.chdir(folder)
    both = Herd(herd, folder, journal={'folder': 'journals'})
    os.chdir('/')
    said = both.run('restart', 'Alpha')
    assert said.returncode == 0, said
    both.journals.rename(folder / 'other')
    both.journals.touch()
    before = both.epochs()
    said = both.run('restart')
    assert said.returncode == 2 and not said.stdout, said
    assert 'herd: a server would keep positions in memory only: journal ' in said.stderr, said
    assert before == both.epochs(), 'one was restarted'
    both.end()


def case_swapped(herd, folder):
    """Servers that the configuration has at each other's addresses are told from each other."""
    both = Herd(herd, folder)
    before = both.epochs()
    alpha, beta = both.config['servers']
    swapped = folder / 'swapped.json'
    swapped.write_text(json.dumps(both.config | {'servers': [
        alpha | {'peers': beta['peers']}, beta | {'peers': alpha['peers']}]}), encoding='utf-8')
    at_alpha = f'at {beta["peers"]}, where Alpha should be, Beta answers'
    at_beta = f'at {alpha["peers"]}, where Beta should be, Alpha answers'
    said = both.run('status', path=swapped)
    assert said.returncode == 1 and '\n0 of 2 servers up, ' in said.stdout, said
    assert at_alpha in said.stdout and at_beta in said.stdout, said
    assert both.servers(swapped)[0] == {'server': 'Alpha', 'error': at_alpha}
    said = both.run('check', '--live', path=swapped)
    assert said.returncode == 1 and f'is not known: {at_alpha}\n' in said.stdout, said
    for which in [], ['Alpha']:
        said = both.run('restart', *which, path=swapped)
        assert said.returncode == 2 and not said.stdout, said
        assert f'herd: {at_alpha}\nherd: {at_beta}\n' in said.stderr, said
    assert before == both.epochs(), 'one was restarted'
    both.end()


if __name__ == '__main__':
    lone_server.run_case(globals(), *sys.argv[1:])
