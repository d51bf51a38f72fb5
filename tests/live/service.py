#!/usr/bin/env python3
"""What a server and a service manager say to each other, and that no client notices when one server
takes another's place.

    service.py WHAT HERD        WHAT is one of the functions below that begin with case_
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import lone_server
from lone_server import PATIENCE, SKIPPED, eventually
from service_manager import Load, Manager, spawn


def configuration(folder, **more):
    ports = lone_server.take_ports(3)
    server = {'name': 'Alpha', 'clients': f'127.0.0.1:{ports[0]}', 'peers': f'127.0.0.1:{ports[1]}',
              'http': f'127.0.0.1:{ports[2]}'}
    return ports, {'servers': [server], 'log': {'folder': str(folder)},
                   'limits': {'clients': 10_000, 'shutdown_ms': 1000}, **more}


def log_of(folder):
    return (folder / 'Alpha.log').read_text(encoding='utf-8')


def case_notify(herd, folder):
    """READY, a status, the watchdog's beat, RELOADING, STOPPING; at a path and in the abstract."""
    for abstract in (False, True):
        place = folder / str(abstract)
        place.mkdir()
        _, config = configuration(place)
        manager = Manager(herd, place, config, abstract)
        since = manager.start({'WATCHDOG_USEC': '200000'})
        assert manager.hears('STATUS', '0 of 0 links, 0 clients', since)
        count = len(manager.said)
        assert manager.hears('WATCHDOG', '1', count) and manager.hears('WATCHDOG', '1', count + 1)
        port = int(config['servers'][0]['clients'].split(':')[1])
        lone_server.ask(port, ['IAMAT kiwi +1-1 1600000000'])
        assert manager.hears('STATUS', '0 of 0 links, 1 clients', since)
        count = len(manager.said)
        os.kill(manager.pid, signal.SIGHUP)
        assert manager.hears('RELOADING', '1', count) and manager.hears('READY', '1', count)
        reloading = next(each for each in manager.said[count:] if 'RELOADING' in each)
        assert int(reloading['MONOTONIC_USEC']) <= time.monotonic_ns() // 1000
        assert manager.end(signal.SIGTERM) == 0
        assert manager.hears('STOPPING', '1', count)
        manager.close()


def case_watchdog(herd, folder):
    """A server that stands still says nothing; one whose watchdog is another's does not mention it."""
    _, config = configuration(folder)
    manager = Manager(herd, folder, config)
    manager.start({'WATCHDOG_USEC': '200000', 'WATCHDOG_PID': '1'})
    time.sleep(0.5)
    assert not any('WATCHDOG' in each for each in manager.said), manager.said
    manager.end(signal.SIGKILL)
    manager.start({'WATCHDOG_USEC': '200000'})
    assert manager.hears('WATCHDOG', '1')
    os.kill(manager.pid, signal.SIGSTOP)
    time.sleep(0.2)
    count = len(manager.said)
    time.sleep(0.5)
    assert len(manager.said) == count, manager.said[count:]
    os.kill(manager.pid, signal.SIGCONT)
    assert manager.hears('WATCHDOG', '1', count)
    manager.end(signal.SIGTERM)
    manager.close()


def case_kept(herd, folder):
    """Ends of both kinds under load: nobody is refused, and a kill costs those in hand at most."""
    (folder / 'journals').mkdir()
    ports, config = configuration(folder, journal={'folder': str(folder / 'journals')})
    manager = Manager(herd, folder, config)
    manager.start()
    assert sorted(manager.store) == ['clients', 'http', 'peers'], manager.store
    load = Load(ports[0])
    load.wait_for(100)
    for number in (signal.SIGTERM, signal.SIGKILL) * 3:
        manager.end(number)
        time.sleep(0.05)  # in which some connect to nobody
        manager.start()
        load.wait_for(100)
    load.stop()
    print(f'figure: {load.answered} answered, {load.lost} lost, {load.refused} refused')
    assert load.refused == 0
    assert load.lost <= 6 * len(load.threads), load.lost
    assert all(len(kept) == 1 for kept in manager.store.values()), manager.store
    manager.end(signal.SIGTERM)
    manager.close()


def case_unwanted(herd, folder):
    """What is handed down and matches nothing is closed, and dropped by who keeps it."""
    ports, config = configuration(folder)
    manager = Manager(herd, folder, config)
    other = socket.create_server(('127.0.0.1', lone_server.take_ports(1)[0]))
    manager.store['old'] = [os.dup(other.fileno())]
    elsewhere = other.getsockname()[1]
    other.close()
    with tempfile.TemporaryFile() as file:
        since = manager.start(extra=[('file', file.fileno())])
    assert manager.hears('FDSTOREREMOVE', '1', since)
    assert 'old' not in manager.store
    try:
        socket.create_connection(('127.0.0.1', elsewhere), 1).close()
        raise AssertionError('somebody still listens there')
    except ConnectionRefusedError:
        pass
    # And what was handed down to another process is not touched.
    manager.end(signal.SIGKILL)
    own = os.open('/dev/null', os.O_RDONLY)
    pid = spawn(['/usr/bin/env', 'LISTEN_PID=1', herd, 'serve', 'Alpha', '--config', manager.path],
                [(name, fds[0]) for name, fds in manager.store.items()], dict(os.environ))
    os.close(own)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 2, 'it has taken what was not its own'
    assert lone_server.take_ports(1) and ports
    manager.close()


def case_socket_activate(herd, folder):
    """systemd's own tool hands sockets down, without any manager: the first client is answered."""
    tool = shutil.which('systemd-socket-activate')
    if tool is None:
        print('there is no systemd-socket-activate here')
        sys.exit(SKIPPED)
    ports, config = configuration(folder)
    path = lone_server.write(folder, config)
    process = subprocess.Popen([tool, '-l', f'127.0.0.1:{ports[0]}', '-l', f'127.0.0.1:{ports[1]}',
                                '--fdname=clients:peers', herd, 'serve', 'Alpha', '--config', path],
                               stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        def answered():
            try:
                return lone_server.ask(ports[0], ['IAMAT kiwi +1-1 1600000000']).startswith('AT ')
            except OSError:
                return False
        eventually(answered)
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


def case_journal(herd, folder):
    """Lines for systemd's journal begin with their priority, and have no time; others do not."""
    _, config = configuration(folder)
    path = lone_server.write(folder, config)
    for journal in (True, False):
        reader, writer = os.pipe()
        stat = os.fstat(writer)
        stream = f'{stat.st_dev}:{stat.st_ino + (0 if journal else 1)}'
        process = subprocess.Popen([herd, 'serve', 'Alpha', '--config', path, '--log-dir', '-'],
                                   stdout=subprocess.DEVNULL, stderr=writer,
                                   env=dict(os.environ, JOURNAL_STREAM=stream))
        os.close(writer)
        with os.fdopen(reader, encoding='utf-8') as lines:
            first = lines.readline()
            assert first.startswith('<6>level=info event=started' if journal else 'time='), first
            process.terminate()
            assert process.wait(PATIENCE) == 0
            for line in lines:
                assert line.startswith('<6>level=' if journal else 'time='), line


def case_reload(herd, folder):
    """What is live changes at once, all of it or nothing; what needs a restart is named."""
    ports, config = configuration(folder)
    path = lone_server.write(folder, config)
    process = lone_server.start(herd, folder, config, ports[0])

    def check():
        return subprocess.run([herd, 'check', '--live', 'Alpha', '--config', path],
                              capture_output=True, text=True, check=False)

    def status():
        other = folder / 'asked.json'
        other.write_text(json.dumps(config), encoding='utf-8')
        return subprocess.run([herd, 'status', '--config', other], capture_output=True, text=True,
                              check=True).stdout

    def metric(name):
        said = subprocess.run(['curl', '-fsS', f'http://127.0.0.1:{ports[2]}/metrics'],
                              capture_output=True, text=True, check=True).stdout
        return next(line.split()[1] for line in said.splitlines() if line.startswith(name))

    def reload_with(wanted, event):
        lone_server.write(folder, wanted)
        count = log_of(folder).count(f'event={event}')
        process.send_signal(signal.SIGHUP)
        eventually(lambda: log_of(folder).count(f'event={event}') > count)

    assert check().returncode == 0 and 'runs with this configuration' in check().stdout, check()
    live = json.loads(json.dumps(config))
    live['limits'].update(first_line_ms=1000)
    live['log']['wire'] = True
    lone_server.write(folder, live)
    said = check()
    assert said.returncode == 0, said
    assert 'Alpha: limits.first_line_ms: 60000 -> 1000, at a reload\n' in said.stdout, said
    reload_with(live, 'reloaded')
    assert 'event=setting_changed setting=limits.first_line_ms from=60000 to=1000' in log_of(folder)
    assert check().stdout == 'Alpha: runs with this configuration\n', check()
    with socket.create_connection(('127.0.0.1', ports[0]), PATIENCE) as silent:
        assert silent.recv(1) == b'', 'limits.first_line_ms is still the old one'
    lone_server.ask(ports[0], ['IAMAT kiwi +1-1 1600000000'])
    eventually(lambda: 'IAMAT kiwi' in log_of(folder))

    wrong = json.loads(json.dumps(live))
    wrong['limits'].update(first_line_ms=60000, connections=77)
    lone_server.write(folder, wrong)
    said = check()
    assert said.returncode == 1, said
    assert 'Alpha: limits.connections: 10000 -> 77, needs a restart\n' in said.stdout, said
    reload_with(wrong, 'reload_refused')
    assert 'event=reload_refused setting=limits.connections running=10000 file=77' in log_of(folder)
    assert metric('herd_config_last_reload_successful') == '0'
    path.write_text('{"servers": 7}', encoding='utf-8')
    count = log_of(folder).count('event=reload_refused')
    process.send_signal(signal.SIGHUP)
    eventually(lambda: log_of(folder).count('event=reload_refused') > count)
    assert 'expected a list []' in log_of(folder)
    assert 'Alpha: its latest reload was refused' in status(), status()
    with socket.create_connection(('127.0.0.1', ports[0]), PATIENCE) as silent:
        assert silent.recv(1) == b'', 'what was refused has been taken in part'
    reload_with(live, 'reloaded')
    assert metric('herd_config_last_reload_successful') == '1'
    assert 'reload was refused' not in status(), status()
    assert metric('herd_config_reloads_total{result="taken"}') == '2'
    assert metric('herd_config_reloads_total{result="refused"}') == '2'
    process.terminate()
    assert process.wait(PATIENCE) == 0
    # What its command line says of its log, as a unit's does, no restart could change.
    process = subprocess.Popen([herd, 'serve', 'Alpha', '--config', path, '--log-dir', '-'],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    eventually(lambda: lone_server.accepts(ports[0]))
    assert check().stdout == 'Alpha: runs with this configuration\n', check()
    assert check().returncode == 0, check()
    process.terminate()
    assert process.wait(PATIENCE) == 0


def case_secret(herd, folder):
    """A token's secret is read again, with the rest."""
    ports, config = configuration(folder, access={'secret_file': str(folder / 'secret')})
    def new_secret():
        (folder / 'secret').unlink(missing_ok=True)
        subprocess.run([herd, 'token', '--make-secret', folder / 'secret'], check=True,
                       stdout=subprocess.DEVNULL)
    def token():
        return subprocess.run([herd, 'token', '--secret-file', folder / 'secret', '--for', '*',
                               '--until', 'never'], check=True, capture_output=True,
                              text=True).stdout.strip()
    new_secret()
    old = token()
    process = lone_server.start(herd, folder, config, ports[0])
    assert lone_server.ask(ports[0], [f'AUTH * {old}']).startswith('AUTH'), 'the first one'
    new_secret()
    process.send_signal(signal.SIGHUP)
    eventually(lambda: 'event=reloaded' in log_of(folder))
    assert lone_server.ask(ports[0], [f'AUTH * {token()}']).startswith('AUTH')
    assert lone_server.ask(ports[0], [f'AUTH * {old}']).startswith('?')
    (folder / 'secret').unlink()
    process.send_signal(signal.SIGHUP)
    eventually(lambda: 'event=reload_refused' in log_of(folder))
    assert lone_server.ask(ports[0], [f'AUTH * {old}']).startswith('?')
    process.terminate()
    assert process.wait(PATIENCE) == 0


def case_key(herd, folder):
    """The key of the Places service is read again, whichever way it goes there."""
    for provider in ('google', 'google-legacy'):
        place = folder / provider
        place.mkdir()
        key = place / 'key'
        service = lone_server.take_ports(1)[0]
        ports, config = configuration(place, places={
            'provider': provider, 'url': f'http://127.0.0.1:{service}', 'key_file': str(key)})

        def write_key(text):
            key.touch(0o600)
            key.write_text(text, encoding='ascii')

        def start_service():
            process = subprocess.Popen([herd, 'places', '--listen', f'127.0.0.1:{service}',
                                        '--require-key', key], stdout=subprocess.PIPE)
            assert b'listening' in process.stdout.readline()
            return process

        def is_found():
            said = lone_server.ask(ports[0], ['WHATSAT kiwi 30 1'])
            assert said.startswith('AT '), said
            return '"OK"' in said

        write_key('the-first-key-of-all')
        places = start_service()
        server = lone_server.start(herd, place, config, ports[0])
        lone_server.ask(ports[0], ['IAMAT kiwi +34.068930-118.445127 1600000000'])
        eventually(is_found)
        places.kill()
        places.wait()
        write_key('another-key-than-that')
        places = start_service()
        assert not is_found(), 'who would know the new key?'
        server.send_signal(signal.SIGHUP)
        eventually(lambda: 'event=reloaded' in log_of(place))
        assert is_found()
        for process in (server, places):
            process.terminate()
            assert process.wait(PATIENCE) == 0


def case_restart(herd, folder):
    """A herd of `herd up` is restarted server by server; a lone server is nobody's to restart."""
    ports = lone_server.take_ports(5)
    names = ['Alpha', 'Beta']
    config = {'servers': [{'name': name, 'clients': f'127.0.0.1:{ports[i]}',
                           'peers': f'127.0.0.1:{ports[2 + i]}'} for i, name in enumerate(names)],
              'links': [names], 'limits': {'clients': 10_000, 'ready_ms': 1000},
              'places': {'url': f'http://127.0.0.1:{ports[4]}'}}
    path = lone_server.write(folder, config)

    def restart(*which):
        return subprocess.run([herd, 'restart', *which, '--config', path], capture_output=True,
                              text=True, check=False)

    def status():
        said = subprocess.run([herd, 'status', '--json', '--config', path], capture_output=True,
                              text=True, check=False).stdout
        return json.loads(said)['servers']

    alone = lone_server.start(herd, folder, config, ports[0])
    said = restart()
    assert said.returncode == 1 and 'one more would be away' in said.stderr, said
    assert 'herd: waiting for Beta: ' in said.stderr, said
    beta = subprocess.Popen([herd, 'serve', 'Beta', '--config', path], stdout=subprocess.DEVNULL)
    eventually(lambda: all(each.get('ready') for each in status()))
    before = [each['epoch'] for each in status()]
    said = restart()
    assert said.returncode == 2 and not said.stdout, said
    for name, process in zip(names, (alone, beta)):
        assert f'{name}: process {process.pid} was started by hand: ' in said.stderr, said
    assert 'no server was restarted: ' in said.stderr, said
    assert before == [each['epoch'] for each in status()], 'one was restarted'
    alone.terminate()
    assert alone.wait(PATIENCE) == 0
    # One by hand beside one that it could restart, which is not linked with it.
    of_alpha = folder / 'alpha.json'
    of_alpha.write_text(json.dumps(config | {'servers': config['servers'][:1], 'links': []}))
    up = subprocess.Popen([herd, 'up', '--config', of_alpha], stdout=subprocess.DEVNULL)
    said = restart()
    assert said.returncode == 2 and f'Beta: process {beta.pid} was started by' in said.stderr, said
    assert '; `herd restart Alpha` does the others' in said.stderr and not said.stdout, said
    for process in (up, beta):
        process.terminate()
        assert process.wait(PATIENCE) == 0
    up = subprocess.Popen([herd, 'up', '--config', path], stdout=subprocess.DEVNULL)
    said = restart()
    assert said.returncode == 0, f'it does not wait for a herd that has just been started: {said}'
    lone_server.ask(ports[0], ['IAMAT kiwi +1-1 1600000000', 'SYNC'])
    before = [each['epoch'] for each in status()]
    said = restart()
    assert said.returncode == 0, said
    assert [line.split(':')[0] for line in said.stdout.splitlines()] == names, said
    after = status()
    assert not set(before) & {each['epoch'] for each in after}, after
    for port in ports[:2]:
        assert lone_server.ask(port, ['WHATSAT kiwi 1 0']).startswith('AT '), 'it is lost'
    assert restart('Gamma').returncode == 2
    up.terminate()
    assert up.wait(PATIENCE) == 0


def case_first_process(herd, folder):
    """As the first process of a container: it ends as it is told to, and reaps others' children."""
    enter = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child']
    if subprocess.run([*enter, 'true'], capture_output=True, check=False).returncode != 0:
        print('this machine makes no process namespaces')
        sys.exit(SKIPPED)
    ports, config = configuration(folder)
    path = lone_server.write(folder, config)
    for command in (['serve', 'Alpha'], ['up']):
        outside = subprocess.Popen([*enter, herd, *command, '--config', path],
                                   stdout=subprocess.DEVNULL)

        def children(pid):
            return pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text('ascii').split()

        eventually(lambda: children(outside.pid))
        first = children(outside.pid)[0]

        def answers():
            try:
                return lone_server.ask(ports[0], ['IAMAT kiwi +1-1 1600000000']).startswith('AT ')
            except OSError:
                return False
        eventually(answers)
        eventually(lambda: len(children(first)) <= 2)
        own = len(children(first))
        subprocess.run(['nsenter', '-t', first, '-p', 'sh', '-c', 'sleep 0.3 & sleep 0.3 &'],
                       check=True)
        assert len(children(first)) > own, 'nobody has lost his parent'
        eventually(lambda: len(children(first)) <= own)
        os.kill(int(first), signal.SIGTERM)
        assert outside.wait(PATIENCE) == 0


if __name__ == '__main__':
    lone_server.run_case(globals(), *sys.argv[1:])
