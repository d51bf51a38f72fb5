#!/usr/bin/env python3
"""The package in a fresh Debian that runs systemd: see boot. /share has herd.deb and newer.deb.

It is installed, run, reloaded, loaded and killed, upgraded, removed and purged, in this order; each
step builds on those before it.
"""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

from load import Load

NAMES = ['Goloman', 'Hands', 'Holiday', 'Welsh', 'Wilkes']
CONFIG = pathlib.Path('/etc/herd/herd.json')
UNIT = 'herd@Goloman.service'
PLACES = 'herd-places.service'
CLIENTS = ('127.0.0.1', 12001)
# What Debian writes down of itself, whatever is installed.
NOT_OURS = re.compile(r'/(proc|sys|dev|run|tmp|share)(/|$)|.*/__pycache__(/|$)|'
                      r'/var/(tmp|cache|log|lib/(dpkg|apt|systemd))(/|$)|'
                      r'/etc/(\.pwd\.lock|ld\.so\.cache|(passwd|group|g?shadow|sub[ug]id)-?)$')
DROP_INS = [pathlib.Path(f'/etc/systemd/system/{unit}.d/here.conf') for unit in ('herd@.service', PLACES)]
SECONDS = 30  # for what should come soon


def run(*command, check=True):
    done = subprocess.run(command, check=False, capture_output=True, text=True,
                          env={**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'})
    if check and done.returncode != 0:
        raise AssertionError(f'{" ".join(command)}: {done.returncode}\n{done.stdout}{done.stderr}')
    return done


def systemctl(*words, check=True):
    return run('systemctl', *words, check=check)


def shown(what, unit=UNIT):
    return systemctl('show', '--property', what, '--value', unit).stdout.strip()


def herd(*words, check=True):
    return run('herd', *words, '--config', str(CONFIG), check=check)


def wait(what, condition):
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f'{what}: not within {SECONDS} s'
        time.sleep(0.05)


def answers():
    try:
        with socket.create_connection(CLIENTS, 5) as connection:
            connection.sendall(b'IAMAT kiwi +34.06-118.44 1520023934.918963997\n')
            return connection.recv(200).startswith(b'AT ')
    except OSError:
        return False


def files():
    found = set()
    for folder, folders, names in os.walk('/'):
        folders[:] = [each for each in folders if not NOT_OURS.match(os.path.join(folder, each))]
        found |= {os.path.join(folder, name) for name in folders + names}
    return {name for name in found if not NOT_OURS.match(name)}


BEFORE = files()


def install():
    run('apt-get', 'install', '--yes', '--no-install-recommends', '/share/herd.deb')
    assert run('stat', '-c', '%a %U %G', '/etc/herd').stdout == '750 root herd\n'
    assert systemctl('is-active', 'herd.target').stdout == 'active\n'
    assert 'herd@' not in systemctl('list-units', '--no-legend', 'herd@*').stdout
    for unit in ('herd@.service', PLACES):
        unit = f'/lib/systemd/system/{unit}'
        run('systemd-analyze', 'verify', '--man=no', '--recursive-errors=no', unit)
        run('systemd-analyze', 'security', '--offline=true', '--threshold=12', unit)
    assert systemctl('is-enabled', PLACES, check=False).stdout == 'disabled\n'
    assert shown('ActiveState', PLACES) == 'inactive'
    assert not systemctl('--failed', '--no-legend').stdout, systemctl('--failed').stdout
    sandbox_for_this_machine()


def sandbox_for_this_machine():
    """Where this machine lets nobody have user namespaces, the units go without."""
    if run('unshare', '--user', '--map-root-user', 'true', check=False).returncode != 0:
        for drop_in in DROP_INS:
            drop_in.parent.mkdir(parents=True)
            drop_in.write_text('[Service]\nPrivateUsers=no\n', encoding='utf-8')
        systemctl('daemon-reload')


def check_users():
    """Of all users of the machine the server knows itself and root."""
    known = pathlib.Path(f'/proc/{shown("MainPID")}/uid_map').read_text(encoding='utf-8').split('\n')
    if any(path.exists() for path in DROP_INS):
        print('        no user namespaces here: PrivateUsers= is not tried')
    else:
        assert len(known) == 3 and all(line.split()[2] == '1' for line in known if line), known


def enable_one():
    systemctl('enable', '--now', UNIT)
    assert shown('ActiveState') == 'active'
    assert answers()
    assert 'kiwi' in herd('send', 'Goloman', 'WHATSAT kiwi 10 0').stdout
    status = pathlib.Path(f'/proc/{shown("MainPID")}/status').read_text(encoding='utf-8')
    assert re.search(r'^CapEff:\s0+$', status, re.MULTILINE), status
    assert re.search(r'^Seccomp:\s2$', status, re.MULTILINE), status
    check_users()
    assert run('stat', '-c', '%U', '/var/lib/herd/Goloman/Goloman.journal').stdout == 'herd\n'
    assert shown('StatusText'), 'no status text'


def enable_all():
    systemctl('enable', '--now', *(f'herd@{name}' for name in NAMES))
    wait('all linked', lambda: '12 of 12 links live' in herd('status', check=False).stdout)
    assert herd('send', 'Welsh', 'WHATSAT kiwi 10 0').stdout.startswith('AT Goloman ')


def places():
    asked = 'send', 'Goloman', 'IAMAT owl +34.068930-118.445127 1520023934.5', 'WHATSAT owl 10 5'
    assert '"OK"' not in herd(*asked).stdout, 'who finds places here?'
    systemctl('enable', '--now', PLACES)
    assert systemctl('is-enabled', PLACES).stdout == 'enabled\n'
    wait('places', lambda: '"OK"' in herd(*asked).stdout)
    status = pathlib.Path(f'/proc/{shown("MainPID", PLACES)}/status').read_text(encoding='utf-8')
    assert 61184 <= int(re.search(r'^Uid:\s+(\d+)', status, re.MULTILINE)[1]) <= 65519, status
    os.kill(int(shown('MainPID', PLACES)), signal.SIGKILL)
    wait('places again', lambda: '"OK"' in herd(*asked).stdout)


def reload():
    pid, text = shown('MainPID'), CONFIG.read_text(encoding='utf-8')
    CONFIG.write_text(text.replace('"journal"', '"limits": {"idle_ms": 1000000},\n"journal"'),
                      encoding='utf-8')
    systemctl('reload', UNIT)
    log = 'journalctl', '--no-pager', '-u', UNIT
    wait('reloaded', lambda: 'reloaded' in run(*log).stdout)
    assert shown('MainPID') == pid
    CONFIG.write_text('{', encoding='utf-8')
    assert systemctl('reload', UNIT, check=False).returncode != 0
    assert shown('MainPID') == pid and shown('ActiveState') == 'active' and answers()
    CONFIG.write_text(text, encoding='utf-8')
    systemctl('reload', UNIT)


def held_out(what, load, ends):
    """Nobody was refused, and no more were lost than were in hand when the server ended."""
    print(f'        {what}, at {load.rate} connections/s: {load.counts}')
    assert load.counts['refused'] == 0
    assert load.counts['lost'] <= ends * load.processes
    assert load.counts['answered'] > 0


def one_after_the_other():
    """All of them find Hands by a name from then on."""
    with open('/etc/hosts', 'a', encoding='utf-8') as hosts:
        hosts.write('127.0.0.1 hands.herd.example\n')
    text = CONFIG.read_text(encoding='utf-8')
    text = text.replace('"peers": "127.0.0.1:12102"',
                        '"peers": "hands.herd.example:12102", "listen": "127.0.0.1:12102"')
    # A name might lead to another machine.
    text = text.replace('"journal"', '"insecure_peers": true,\n"journal"')
    CONFIG.write_text(text, encoding='utf-8')
    before = {name: shown('MainPID', f'herd@{name}') for name in NAMES}
    # It begins when all are ready.
    wait('restarted', lambda: herd('restart', check=False).returncode == 0)
    assert all(shown('MainPID', f'herd@{name}') not in ('0', before[name]) for name in NAMES)
    wait('all linked', lambda: '12 of 12 links live' in herd('status', check=False).stdout)


def restarts_and_kills():
    with Load(CLIENTS) as load:
        for _ in range(3):
            time.sleep(1)
            systemctl('restart', UNIT)
        time.sleep(1)
    held_out('three restarts', load, 3)
    with Load(CLIENTS) as load:
        for _ in range(3):
            time.sleep(1)
            pid = shown('MainPID')
            os.kill(int(pid), signal.SIGKILL)
            wait('started again', lambda pid=pid: shown('MainPID') not in ('0', pid) and answers())
        time.sleep(1)
    held_out('three kill -9', load, 3)


def watchdog():
    pid = shown('MainPID')
    os.kill(int(pid), signal.SIGSTOP)
    wait('killed by the watchdog', lambda: shown('MainPID') not in ('0', pid))
    wait('answers', answers)


def upgrade():
    before = {name: shown('MainPID', f'herd@{name}') for name in NAMES}
    places_before = shown('MainPID', PLACES)
    with Load(CLIENTS) as load:
        run('apt-get', 'install', '--yes', '/share/newer.deb')
        time.sleep(1)
    held_out('an upgrade', load, 1)
    assert 'again' in run('dpkg-query', '-W', 'herd').stdout
    assert all(shown('MainPID', f'herd@{name}') not in ('0', before[name]) for name in NAMES)
    wait('all linked', lambda: '12 of 12 links live' in herd('status', check=False).stdout)
    assert systemctl('is-enabled', UNIT, PLACES).stdout == 'enabled\nenabled\n'
    wait('places again', lambda: shown('MainPID', PLACES) not in ('0', places_before))
    assert herd('send', 'Wilkes', 'WHATSAT kiwi 10 0').stdout.startswith('AT Goloman ')


def stop_frees_ports():
    systemctl('stop', UNIT)
    try:
        socket.create_connection(CLIENTS, 5).close()
        raise AssertionError('somebody listens')
    except ConnectionRefusedError:
        pass


def starts_when_it_can():
    text = CONFIG.read_text(encoding='utf-8')
    CONFIG.write_text('{', encoding='utf-8')
    assert systemctl('start', UNIT, check=False).returncode != 0
    CONFIG.write_text(text, encoding='utf-8')
    wait('started', lambda: shown('ActiveState') == 'active')
    assert answers()


def remove():
    run('apt-get', 'remove', '--yes', 'herd')
    assert not systemctl('list-units', '--no-legend', '--state=active', 'herd@*', PLACES).stdout
    assert CONFIG.exists() and pathlib.Path('/var/lib/herd/Hands/Hands.journal').exists()


def purge():
    pathlib.Path('/etc/herd/keys').mkdir()
    run('apt-get', 'purge', '--yes', 'herd')
    left = files() - BEFORE - {str(path) for each in DROP_INS for path in (each, each.parent)} - {'/etc/hosts'}
    assert left == {'/etc/herd', '/etc/herd/keys'}, left
    assert 'herd' in run('getent', 'passwd', 'herd').stdout
    assert not BEFORE - files(), BEFORE - files()


STEPS = [install, enable_one, enable_all, places, reload, one_after_the_other, restarts_and_kills, watchdog, upgrade,
         stop_frees_ports, starts_when_it_can, remove, purge]


def main(wanted):
    steps = [step for step in STEPS if not wanted or step.__name__ in wanted]
    failed = 0
    for step in steps:
        begin = time.monotonic()
        try:
            step()
            print(f'ok      {step.__name__} ({time.monotonic() - begin:.1f} s)', flush=True)
        except AssertionError as error:
            print(f'FAILED  {step.__name__}: {error}', flush=True)
            print(run('journalctl', '--lines=20', '--no-pager', check=False).stdout, flush=True)
            failed += 1
    print(f'{len(steps) - failed} passed, {failed} failed', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
