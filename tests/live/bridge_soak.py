#!/usr/bin/env python3
"""Two herds of a server and a bridge each, at a real nats-server, for as long as it takes.

    bridge_soak.py HERD [--clients N] [--rounds N] [--storage memory|file] [--replicas 3]

Clients move at both sites, the broker is killed by `kill -9` under load and started again: how long
until both herds and the bucket are equal, and how many keys had to be healed. With three replicas
it is a cluster of three brokers, which are killed in turn. What a bridge gets and costs:
bridge_rate.py, bridge_beside.py.
"""
import argparse
import contextlib
import itertools
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import lone_server

PATIENCE = 60  # seconds
NATS = shutil.which('nats-server') or '/usr/sbin/nats-server'
TICKS = os.sysconf('SC_CLK_TCK')


class Broker:
    """One nats-server, of a cluster of `size`."""

    def __init__(self, folder, number, ports, cluster_ports):
        self.port = ports[number]
        store = folder / f'store{number}'
        text = f'server_name: n{number}\nlisten: "127.0.0.1:{self.port}"\n' \
               f'jetstream {{ store_dir: "{store}", max_file: 20G, max_mem: 4G }}\n'
        if len(ports) > 1:
            routes = ', '.join(f'nats://127.0.0.1:{each}' for each in cluster_ports)
            text += f'cluster {{ name: c, listen: "127.0.0.1:{cluster_ports[number]}", ' \
                    f'routes: [{routes}] }}\n'
        self.config = folder / f'nats{number}.conf'
        self.config.write_text(text, encoding='utf-8')
        self.start()

    def start(self):
        self.process = subprocess.Popen([NATS, '-c', self.config], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        until(lambda: lone_server.accepts(self.port), 'the broker accepts')

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Nats:
    """A connection of ours to a broker. What is still on its way to an earlier one is not for it."""
    numbers = itertools.count()

    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port))
        self.number = next(self.numbers)
        self.answers = b'answers.%d' % self.number
        self.lines = self.socket.makefile('rb')
        self.socket.sendall(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n'
                            b'SUB %s 1\r\n' % self.answers)

    def message(self):
        while True:
            line = self.lines.readline()
            if not line:
                raise EOFError
            if line.startswith(b'PING'):
                self.socket.sendall(b'PONG\r\n')
            if line.startswith((b'MSG', b'HMSG')):
                words = line.split()
                body = self.lines.read(int(words[-1]) + 2)[:-2]
                if line.startswith(b'H'):
                    body = body[int(words[-2]):]
                return words, body

    def ask(self, subject, body=b''):
        self.socket.sendall(b'PUB %s %s %d\r\n%s\r\n' %
                            (subject.encode(), self.answers, len(body), body))
        while True:
            words, text = self.message()
            if words[1] == self.answers:
                return json.loads(text or '{"error": "nobody"}')

    def consume(self, stream):
        """Has it told all of it."""
        subject = b'shown.%d' % self.number
        body = json.dumps({'stream_name': stream, 'config': {
            'deliver_subject': subject.decode(), 'deliver_policy': 'all',
            'ack_policy': 'none'}}).encode()
        self.socket.sendall(b'SUB %s 2\r\nPUB $JS.API.CONSUMER.CREATE.%s %s %d\r\n%s\r\n' %
                            (subject, stream.encode(), self.answers, len(body), body))

    def bucket(self):
        """All that the bucket has."""
        state = self.ask('$JS.API.STREAM.INFO.KV_herd').get('state')
        if state is None:
            return None
        self.consume('KV_herd')
        lines, pending = {}, state['messages']
        # What a broker has lost it may still count.
        self.socket.settimeout(3)
        while pending > 0:
            try:
                words, text = self.message()
            except TimeoutError:
                break
            if words[1].startswith(b'$KV.'):
                if not words[1].startswith(b'$KV.herd._.'):
                    lines[words[1]] = text
                pending = int(words[3].split(b'.')[-1])
            elif words[1] == self.answers:
                assert 'error' not in json.loads(text), text
        return lines


def until(holds, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f'waited in vain until {what}')
        time.sleep(0.02)


def iamats(clients, stamp):
    return ''.join(
        f'IAMAT c{client:06} +34.068930-118.{(client * 7 + int(stamp)) % 1000000:06} {stamp:.6f}\n'
        for client in clients).encode()


class Site:
    """A herd of one server and one bridge."""

    def __init__(self, herd, folder, name, brokers, options):
        self.herd, self.name, self.folder = herd, name, folder
        ports = lone_server.take_ports(3)
        self.port = ports[0]
        address = ' '.join(f'127.0.0.1:{broker.port}' for broker in brokers)
        config = {
            'servers': [{'name': name, 'clients': f'127.0.0.1:{ports[0]}',
                         'peers': f'127.0.0.1:{ports[1]}'},
                        {'name': f'{name}Bridge', 'peers': f'127.0.0.1:{ports[2]}', 'bridge': True}],
            'links': [[name, f'{name}Bridge']],
            'log': {'folder': str(folder / name)},
            'bridge': {'address': address, 'storage': options.storage,
                       'replicas': options.replicas, 'recreate': options.recreate}}
        self.config = folder / f'{name}.json'
        self.config.write_text(json.dumps(config), encoding='utf-8')
        self.processes = [self.start('serve', name), self.start('bridge', f'{name}Bridge')]
        until(lambda: lone_server.accepts(self.port), 'the server accepts')
        self.socket = socket.create_connection(('127.0.0.1', self.port))
        threading.Thread(target=self.drain, daemon=True).start()

    def start(self, command, name):
        return subprocess.Popen([self.herd, command, name, '--config', self.config],
                                stdout=subprocess.DEVNULL)

    def drain(self):
        swallow(self.socket)

    def report(self, clients, stamp):
        self.socket.sendall(iamats(clients, stamp))

    def status(self):
        """Of the server, and of the bridge."""
        said = subprocess.run([self.herd, 'status', '--json', '--config', self.config],
                              capture_output=True, text=True, check=False).stdout
        return json.loads(said)['servers']

    def lines(self, clients):
        """Of each client, as the server has it."""
        found = set()
        for first in range(0, clients, 1000):
            asked = [f'WHATSAT c{client:06} 1 0' for client in range(first, min(first + 1000, clients))]
            said = lone_server.ask(self.port, asked)
            found |= {line for line in said.splitlines() if line.startswith('AT ')}
        return found

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()


def is_equal(sites, clients):
    digests = set()
    for site in sites:
        server, bridge = site.status()
        state = bridge.get('bridge', {})
        if state.get('state') != 'live' or state['lag_records'] or state['window']:
            return False
        if server['records'] != clients or state['keys'] != clients:
            return False
        digests |= {server['digest'], bridge['digest']}
    return len(digests) == 1


def cpu_s(process):
    fields = pathlib.Path(f'/proc/{process.pid}/stat').read_text(encoding='ascii').split()
    return (int(fields[13]) + int(fields[14])) / TICKS


def rss_kb(process):
    text = pathlib.Path(f'/proc/{process.pid}/status').read_text(encoding='ascii')
    return int(text.split('VmRSS:')[1].split()[0])


def bucket_equals(brokers, site, clients):
    for broker in brokers:
        with contextlib.suppress(OSError, EOFError, ValueError, AssertionError):
            bucket = Nats(broker.port).bucket()
            return bucket is not None and \
                {line.decode() for line in bucket.values()} == site.lines(clients)
    return False


def kills(options, brokers, sites):
    clients = options.clients
    stamp = time.time()
    sites[0].report(range(0, clients, 2), stamp)
    sites[1].report(range(1, clients, 2), stamp)
    until(lambda: is_equal(sites, clients), 'both sites are equal at first')
    before = counted(sites)
    for number in range(options.rounds):
        moved = 0
        while moved < options.writes:
            stamp += 1
            for site in sites:
                first = (moved // 2) % clients
                site.report((client % clients for client in range(first, first + 2000)), stamp)
            moved += 4000
            time.sleep(0.05)
        quiet = time.monotonic() + 3
        broker = brokers[number % len(brokers)]
        while time.monotonic() < quiet:
            stamp += 1
            for i, site in enumerate(sites):
                site.report(((moved + i + 7 * each) % clients for each in range(25)), stamp)
            moved += 400
            time.sleep(0.1)
        broker.kill()
        for _ in range(10):
            stamp += 1
            for i, site in enumerate(sites):
                site.report(((moved + i + 3 * each) % clients for each in range(500)), stamp)
            moved += 3000
            time.sleep(0.1)
        broker.start()
        back = time.monotonic()
        until(lambda: is_equal(sites, clients), 'both sites are equal again')
        took = time.monotonic() - back
        in_bucket = bucket_equals(brokers, sites[0], clients)
        now = counted(sites)
        print(f'round {number + 1}: equal {took:.2f} s after the return, bucket '
              f'{"equal" if in_bucket else "DIFFERENT"}; '
              + ', '.join(f'{name} {now[name] - before[name]}' for name in now), flush=True)
        before = now
        assert in_bucket
    for site in sites:
        print(f'{site.name}: bridge {rss_kb(site.processes[1])} kB resident')


def counted(sites):
    counters = [site.status()[1]['counters'] for site in sites]
    return {name: sum(each[f'bridge_{name}'] for each in counters)
            for name in ['published', 'received', 'older', 'unseen', 'healed', 'sick', 'reopened',
                         'stalled']}


def swallow(one):
    with contextlib.suppress(OSError):
        while one.recv(1 << 20):
            pass


@contextlib.contextmanager
def running(options):
    """Brokers, and two sites at them, in a folder of their own."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ports = lone_server.take_ports(2 * options.replicas)
        brokers, sites = [], []
        try:
            for number in range(options.replicas):
                brokers.append(Broker(folder, number, ports[:options.replicas],
                                      ports[options.replicas:]))
            for name in ['East', 'West']:
                sites.append(Site(options.herd, folder, name, brokers, options))
            yield brokers, sites
        except BaseException:
            for log in sorted(folder.glob('*/*Bridge.log')):
                lines = [line for line in log.read_text().splitlines() if 'bucket_sick' not in line]
                print(f'{log.name}:\n' + '\n'.join(lines[-30:]), file=sys.stderr)
            for site in sites:
                print(json.dumps(site.status()[1]['bridge']), counted([site]), file=sys.stderr)
            raise
        finally:
            for site in sites:
                site.stop()
            for broker in brokers:
                broker.process.send_signal(signal.SIGCONT)
                broker.kill()


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument('herd')
    parser.add_argument('--clients', type=int, default=100_000)
    parser.add_argument('--storage', choices=['memory', 'file'], default='memory')
    parser.add_argument('--replicas', type=int, choices=[1, 3], default=1)
    parser.add_argument('--recreate', action='store_true')
    return parser


def main():
    parser = arguments()
    parser.add_argument('--rounds', type=int, default=10)
    parser.add_argument('--writes', type=int, default=320_000, help='before each kill')
    options = parser.parse_args()
    with running(options) as (brokers, sites):
        kills(options, brokers, sites)


if __name__ == '__main__':
    main()
