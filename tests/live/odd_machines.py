#!/usr/bin/env python3
"""Machines, and containers, that are not as one expects.

    odd_machines.py WHAT HERD [MORE...]        WHAT is one of the functions below that begin with case_
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import lone_server
from lone_server import PATIENCE, SKIPPED, eventually

SOON = 5  # seconds: to close 2^30 descriptors, one after the other, takes minutes


def configuration(folder, **more):
    """Alpha and Beta, linked, each with all ports on loopback."""
    ports = lone_server.take_ports(5)
    servers = [{'name': name, 'clients': f'127.0.0.1:{ports[i]}', 'peers': f'127.0.0.1:{ports[2 + i]}'}
               for i, name in enumerate(['Alpha', 'Beta'])]
    config = {'servers': servers, 'links': [['Alpha', 'Beta']],
              'limits': {'clients': 10_000, 'connections': 1000},
              'places': {'url': f'http://127.0.0.1:{ports[4]}'}, **more}
    return ports, config, lone_server.write(folder, config)


def started(command, says, **more):
    """The process, once it has said that."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **more)
    begun, heard = time.monotonic(), ''
    while says not in heard:
        line = process.stdout.readline()
        assert line, f'{command} ended after {heard!r}'
        heard += line
    assert time.monotonic() - begun < SOON, f'{command} took {time.monotonic() - begun:.1f} s'
    return process


def ended(process):
    process.terminate()
    begun = time.monotonic()
    assert process.wait(PATIENCE) == 0
    assert time.monotonic() - begun < SOON


def most_memory(process):
    status = pathlib.Path(f'/proc/{process.pid}/status').read_text(encoding='utf-8')
    return int(re.search(r'^VmHWM:\s+(\d+) kB$', status, re.MULTILINE)[1])


def alone(possible):
    """Whether this process has namespaces of its own: if not, another one has run in such, where that
    command has worked before."""
    if os.environ.get('HERD_ALONE') == 'yes':
        return True
    enter = ['unshare', '--mount', '--net', '--kill-child', '--fork']
    if subprocess.run([*enter, 'sh', '-c', possible], capture_output=True, check=False).returncode != 0:
        print('this machine makes no namespaces')
        sys.exit(SKIPPED)
    subprocess.run([*enter, sys.executable, '-B', *sys.argv], check=True,
                   env={**os.environ, 'HERD_ALONE': 'yes'})
    return False


def case_many_files(herd, folder, library):
    """2^30 files may be open: nothing goes through all of their numbers, or has memory for each."""
    ports, _, path = configuration(folder)
    taken = {}
    for name, environment in (('few', {}), ('many', {'LD_PRELOAD': library})):
        more = {'env': {**os.environ, **environment}}
        places = started([herd, 'places', '--listen', f'127.0.0.1:{ports[4]}'], 'listening', **more)
        alpha = started([herd, 'serve', 'Alpha', '--config', path], 'Alpha: clients on', **more)
        lone_server.ask(ports[0], ['IAMAT kiwi +34.068930-118.445127 1600000000'])
        assert '"OK"' in lone_server.ask(ports[0], ['WHATSAT kiwi 10 1'])
        taken[name] = [most_memory(process) for process in (alpha, places)]
        for process in (alpha, places):
            ended(process)
        up = started([herd, 'up', '--config', path], '\nready\n', **more)
        begun = time.monotonic()
        for words in (['check'], ['status'], ['send', 'Alpha', 'IAMAT kiwi +1-1 1600000000'],
                      ['restart', 'Alpha']):
            subprocess.run([herd, *words, '--config', path], check=True, stdout=subprocess.DEVNULL,
                           **more)
        assert time.monotonic() - begun < 2 * SOON
        ended(up)
    print(f'figure: {taken} kB at most, of a server and of its Places service')
    for few, many in zip(*taken.values()):
        assert many < few + 16_384, taken
    allowed = subprocess.run([herd, 'check', '--config', path], check=True, capture_output=True,
                             text=True, env={**os.environ, 'LD_PRELOAD': library})
    assert re.search(r'open files of a server: at most \d+, \d+ allowed\n', allowed.stdout), allowed


def case_few_files(herd, folder):
    """64: who cannot do with them says so in a line, at once, and what to do; all others work."""
    ports, _, path = configuration(folder)

    limited = ['sh', '-c', 'ulimit -n 64 && exec "$@"', 'sh', herd]

    def run(*words):
        return subprocess.run([*limited, *words], capture_output=True, text=True, check=False,
                              timeout=PATIENCE)

    said = run('serve', 'Alpha', '--config', path)
    assert said.returncode == 2 and not said.stdout, said
    assert re.fullmatch(r'Alpha: open files \(ulimit -n\): \d+ needed, 64 allowed: raise the limit\n',
                        said.stderr), said
    said = run('up', '--config', path)
    assert said.returncode == 2, said
    assert '64 allowed: raise the limit\n' in said.stderr, said
    said = run('check', '--config', path)
    assert said.returncode == 1, said
    assert 'error: too few open files are allowed (ulimit -n)' in said.stdout, said
    # With these, callers wait.
    places = started([*limited, 'places', '--listen', f'127.0.0.1:{ports[4]}'], 'listening')
    servers = [started([herd, 'serve', name, '--config', path], f'{name}: clients on')
               for name in ('Alpha', 'Beta')]
    said = run('send', 'Alpha', 'IAMAT kiwi +34.068930-118.445127 1600000000', 'WHATSAT kiwi 10 1',
               '--config', path)
    assert said.returncode == 0 and '"OK"' in said.stdout, said
    said = run('status', '--config', path)
    assert said.returncode == 0 and not said.stderr, said
    for process in (*servers, places):
        ended(process)


def case_no_resolver(herd, folder):
    """A network of its own, and no /etc/resolv.conf: names that the hosts file has are found, others
    hold nobody up."""
    if not alone('mount -t tmpfs etc /etc && ip link set lo up'):
        return
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    subprocess.run(['mount', '-t', 'tmpfs', 'etc', '/etc'], check=True)
    hosts = pathlib.Path('/etc/hosts')
    hosts.write_text('127.0.0.1 localhost places.herd.example\n', encoding='ascii')
    assert not os.path.exists('/etc/resolv.conf')
    ports, config, _ = configuration(folder, insecure_peers=True)
    config['servers'][1].update(peers=f'beta.herd.example:{ports[3]}', listen=f'127.0.0.1:{ports[3]}')
    config['places']['url'] = f'http://places.herd.example:{ports[4]}'
    config['limits']['places_deadline_ms'] = 2000
    path = lone_server.write(folder, config)
    places = started([herd, 'places', '--listen', f'127.0.0.1:{ports[4]}'], 'listening')
    servers = [started([herd, 'serve', name, '--config', path], f'{name}: clients on')
               for name in ('Alpha', 'Beta')]

    def links():
        said = subprocess.run([herd, 'status', '--json', '--config', path], capture_output=True,
                              text=True, check=False).stdout
        return [link['state'] for link in json.loads(said)['servers'][0]['links']]

    def log():
        return (folder / 'Alpha.log').read_text(encoding='utf-8')

    lone_server.ask(ports[0], ['IAMAT kiwi +34.068930-118.445127 1600000000'])
    assert '"OK"' in lone_server.ask(ports[0], ['WHATSAT kiwi 10 1'])
    eventually(lambda: 'event=neighbour_not_found' in log())
    assert links() == ['down']
    with open(hosts, 'a', encoding='ascii') as file:
        file.write('127.0.0.1 beta.herd.example\n')
    eventually(lambda: links() == ['live'])
    assert 'event=neighbour_found' in log()
    # And a service that is nowhere is told of in time.
    config['places']['url'] = f'http://nowhere.herd.example:{ports[4]}'
    ended(servers[0])
    lone_server.write(folder, config)
    servers[0] = started([herd, 'serve', 'Alpha', '--config', path], 'Alpha: clients on')
    eventually(lambda: lone_server.ask(ports[0], ['WHATSAT kiwi 10 1']).startswith('AT '))
    begun = time.monotonic()
    said = lone_server.ask(ports[0], ['WHATSAT kiwi 11 1'])
    assert 'UNKNOWN_ERROR' in said and time.monotonic() - begun < 4, said
    for process in (*servers, places):
        ended(process)


def case_small_disk(herd, folder):
    """Where a full table's journal has no room, `herd check` says so, and what it takes counts in."""
    if not alone('mount -t tmpfs -o size=128m journals /mnt'):
        return
    disk = pathlib.Path('/mnt')
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=128m', 'journals', disk], check=True)
    _, config, path = configuration(folder, journal={'folder': str(disk)})
    config['limits']['long_records'] = 0
    config['limits']['connections'] = 10

    def warning(clients, journal):
        config['limits']['clients'] = clients
        config['journal']['folder'] = str(journal)
        lone_server.write(folder, config)
        said = subprocess.run([herd, 'check', '--config', path], check=True, capture_output=True,
                              text=True).stdout
        found = re.search(r'^warning: the journal of a server with all of its clients may take (\d+) MiB,'
                          rf' and there are (\d+) MiB for it in {journal}: ', said, re.MULTILINE)
        return found and (int(found[1]), int(found[2]))

    for where in (disk, disk / 'new'):
        assert warning(100_000, where) is None
        needed, there = warning(1_000_000, where)
        assert 64 < needed - 3 * 100 < 128 and there == 128, (needed, there)
    (disk / 'Beta.journal').write_bytes(bytes(20 << 20))
    assert warning(1_000_000, disk)[1] == 128
    (disk / 'other').write_bytes(bytes(20 << 20))
    assert warning(1_000_000, disk)[1] == 108
    assert warning(100_000, disk) is None
    with open(disk / 'Alpha.journal', 'wb') as file:
        file.truncate(1 << 30)  # nothing but a hole
    assert warning(1_000_000, disk)[1] == 108


if __name__ == '__main__':
    lone_server.run_case(globals(), *sys.argv[1:])
