#!/usr/bin/env python3
"""What a bridge costs those who report to the server beside it: p99 of IAMATs, with it and without.

    bridge_beside.py HERD BENCH [--rounds N] [--seconds S] [--rate R] [--apart]

In turns at one server: alone, as its bridge is stopped; beside a neighbour that is an ordinary server;
beside a live bridge, with its broker, and another herd that reads. All of them have the processors of
one machine; with --apart the server and the load have one each before everybody else (bench/apart.py).
Medians; ratios are of medians.
"""
import json
import pathlib
import statistics
import subprocess

import bridge_soak
import lone_server
from bridge_soak import until

import apart

WANTED = 1.05
CLIENTS = 100_000


class Measured:
    """The server, and what stands beside it in each kind of turn."""

    def __init__(self, options, broker, sites, folder):
        self.options, self.broker, self.site, self.other = options, broker, *sites
        self.target, self.result = folder / 'target.json', folder / 'result.json'
        self.target.write_text(json.dumps({'system': 'herd', 'links': [], 'servers': [
            {'name': self.site.name, 'clients': f'127.0.0.1:{self.site.port}',
             'pids': [self.site.processes[0].pid]}]}), encoding='utf-8')
        self.shares = [broker.process, *self.other.processes]
        if options.apart:
            apart.give_server(self.site.processes[0].pid)
        self.stop_beside()

    def stop_beside(self):
        beside = self.site.processes[1]
        beside.terminate()
        beside.wait()

    def turn(self, kind):
        """p50 and p99 in microseconds, and the server's processor time for each."""
        if kind != 'alone':
            self.site.processes[1] = self.start(kind)
            until(lambda: self.is_there(kind), 'what stands beside it is there')
            if self.options.apart:
                for process in [*self.shares, self.site.processes[1]]:
                    apart.give_others(process.pid)
        subprocess.run(
            [self.options.bench, '--target', self.target, '--json', self.result, 'request',
             '--connections', '50', '--rate', str(self.options.rate), '--clients', str(CLIENTS),
             '--seconds', str(self.options.seconds), '--warmup', '0.5'],
            check=True, stdout=subprocess.DEVNULL,
            preexec_fn=apart.be_load if self.options.apart else None)
        if kind != 'alone':
            until(lambda: self.is_there(kind), 'what stands beside it is still there')
            self.stop_beside()
        said = json.loads(self.result.read_text(encoding='utf-8'))
        trip = said['latency']['round trip']
        return {'p50': trip['p50'] / 1000, 'p99': trip['p99'] / 1000,
                'CPU': said['figures']['server_cpu_ns_per_line'] / 1000}

    def start(self, kind):
        """The site's bridge, or in its place a server that is none."""
        name = f'{self.site.name}Bridge'
        if kind != 'neighbour':
            return self.site.start('bridge', name)
        config = json.loads(self.site.config.read_text(encoding='utf-8'))
        del config['bridge'], config['servers'][1]['bridge']
        config['servers'][1]['clients'] = f'127.0.0.1:{lone_server.take_ports(1)[0]}'
        path = self.site.folder / 'neighbour.json'
        path.write_text(json.dumps(config), encoding='utf-8')
        return subprocess.Popen([self.options.herd, 'serve', name, '--config', path],
                                stdout=subprocess.DEVNULL)

    def is_there(self, kind):
        server, beside = self.site.status()
        if server['records'] != beside.get('records'):
            return False
        return kind == 'neighbour' or beside['bridge']['state'] == 'live'


KINDS = ['alone', 'neighbour', 'bridge']


def main():
    parser = bridge_soak.arguments()
    parser.add_argument('bench')
    parser.add_argument('--rounds', type=int, default=9)
    parser.add_argument('--seconds', type=float, default=1)
    parser.add_argument('--rate', type=int, default=3000)
    parser.add_argument('--apart', action='store_true')
    options = parser.parse_args()
    turns = {kind: [] for kind in KINDS}
    with bridge_soak.running(options) as (brokers, sites):
        measured = Measured(options, brokers[0], sites, sites[0].folder)
        for _ in range(options.rounds):
            for kind, done in turns.items():
                done.append(measured.turn(kind))
    print(f'{options.rate} IAMATs a second, {options.rounds} rounds of {options.seconds} s, in us:')
    medians = {kind: {name: statistics.median(each[name] for each in done) for name in done[0]}
               for kind, done in turns.items()}
    for kind, found in medians.items():
        p99s = [each['p99'] for each in turns[kind]]
        print(f'{kind}: ' + ', '.join(f'{name} {value:.1f}' for name, value in found.items())
              + f'; p99 {min(p99s):.0f} to {max(p99s):.0f}, '
              f'{found["p99"] / medians["alone"]["p99"]:.2f} x alone')
    print(f'wanted: p99 at most {WANTED} x')


if __name__ == '__main__':
    main()
