#!/usr/bin/env python3
"""What those who look on cost those who report: IAMATs alone, and beside a scrape of /metrics a second
and pages that show the live map, in turns.

    bench/onlookers.py [--rounds N] [--seconds S] [--viewers V] [--apart] [--herd PATH] [--bench PATH]

Of each round two loads: as many as are answered, for lines a second, and 5,000 a second, for p99 and
for how many iterations of the server's loop take longer than 0.1 ms, which a busy machine disturbs less.
Who goes first changes from round to round.
The viewers see where all clients are, and read what they are told. Medians; ratios are of one round each.
With --apart the server and the load have a processor each before everybody else (apart.py): without it a p99
on two processors is mostly of who runs when.
"""
import argparse
import contextlib
import json
import multiprocessing
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import urllib.request

import apart
import http_floor
from ports import take_ports

WANTED = 0.05
CLIENTS = 100_000
# What a page reads at a time: the kernel interrupts nobody who copies, so the load waits for more.
PIECE = 1 << 14
FULL, PACED = ['--connections', '50', '--depth', '16'], ['--connections', '50', '--rate', '5000']


def start(path, folder):
    clients, peers, http = take_ports(3)
    config = folder / 'herd.json'
    config.write_text(json.dumps({
        'servers': [{'name': 'A', 'clients': f'127.0.0.1:{clients}', 'peers': f'127.0.0.1:{peers}',
                     'http': f'127.0.0.1:{http}'}],
        'links': [], 'log': {'folder': str(folder)}}), encoding='utf-8')
    process = subprocess.Popen([path, 'serve', 'A', '--config', config], stdout=subprocess.DEVNULL)
    http_floor.await_port(process, http)
    target = folder / 'target.json'
    target.write_text(json.dumps({'system': 'herd', 'links': [], 'servers': [
        {'name': 'A', 'clients': f'127.0.0.1:{clients}', 'pids': [process.pid]}]}), encoding='utf-8')
    return process, target, http


class Onlookers:
    """A scraper and pages, until they are told to go: a process that runs when neither server nor load
    wants to, as theirs are on machines of their own."""

    def __init__(self, port, options):
        self.port, self.options, self.over = port, options, multiprocessing.Event()
        self.heard, self.scrapes = multiprocessing.Value('q', 0), multiprocessing.Value('q', 0)
        self.process = multiprocessing.Process(target=self.look_on)
        self.process.start()

    def look_on(self):
        if self.options.apart:
            apart.give_others(os.getpid())
        else:
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        threads = [threading.Thread(target=self.scrape)]
        threads += [threading.Thread(target=self.view) for _ in range(self.options.viewers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def scrape(self):
        while not self.over.wait(1):
            with urllib.request.urlopen(f'http://127.0.0.1:{self.port}/metrics') as answer:
                self.scrapes.value += len(answer.read()) > 1000

    def view(self):
        with socket.create_connection(('127.0.0.1', self.port), 10) as connection:
            connection.sendall(b'GET /map/events?box=-90,-180,90,180 HTTP/1.1\r\n'
                               b'Host: 127.0.0.1\r\n\r\n')
            connection.settimeout(0.2)
            while not self.over.is_set():
                with contextlib.suppress(TimeoutError):
                    self.heard.value += len(connection.recv(PIECE))

    def go(self):
        self.over.set()
        self.process.join()


def load(options, target, folder, arguments):
    """What herd-bench says of one run, as its own file has it."""
    result = folder / 'result.json'
    subprocess.run([options.bench, '--target', target, '--json', result, 'request', *arguments,
                    '--clients', str(CLIENTS), '--seconds', str(options.seconds), '--warmup', '0.5'],
                   check=True, stdout=subprocess.DEVNULL,
                   preexec_fn=apart.be_load if options.apart else None)
    return json.loads(result.read_text(encoding='utf-8'))


def iterations(port):
    """Of the server's loop: those of up to 0.1 ms, and all."""
    with urllib.request.urlopen(f'http://127.0.0.1:{port}/metrics') as answer:
        said = answer.read().decode()
    bucket = r'^herd_loop_iteration_seconds_bucket{{.*le="{}"}} (\d+)$'
    return [int(re.search(bucket.format(bound), said, re.M)[1]) for bound in ('0.0001', r'\+Inf')]


def figures(options, target, folder, port):
    """By what they are called below."""
    full = load(options, target, folder, FULL)
    before = iterations(port)
    paced = load(options, target, folder, PACED)
    short, every = (after - begin for after, begin in zip(iterations(port), before))
    return {'lines/s': full['figures']['lines_per_second'],
            "server's CPU per line, ns": full['figures']['server_cpu_ns_per_line'],
            'p99, us': paced['latency']['round trip']['p99'] / 1000,
            'iterations over 0.1 ms, of a million': (every - short) / every * 1e6}


def beside_onlookers(options, target, folder, port):
    """The same, while they look on."""
    onlookers = Onlookers(port, options)
    try:
        return figures(options, target, folder, port)
    finally:
        onlookers.go()
        if not onlookers.heard.value or not onlookers.scrapes.value:
            sys.exit('nobody was told anything')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--seconds', type=float, default=3)
    parser.add_argument('--viewers', type=int, default=4)
    parser.add_argument('--apart', action='store_true')
    parser.add_argument('--herd', default='build/herd/herd')
    parser.add_argument('--bench', default='build/bench/herd-bench')
    options = parser.parse_args()
    alone, beside = [], []
    with tempfile.TemporaryDirectory(prefix='herd-onlookers-') as name:
        folder = pathlib.Path(name)
        process, target, http = start(options.herd, folder)
        try:
            if options.apart:
                apart.give_server(process.pid)
            for number in range(options.rounds):
                turns = [(alone, figures), (beside, beside_onlookers)]
                # Whoever goes first meets what the turn before has left.
                for results, measure in turns if number % 2 == 0 else reversed(turns):
                    results.append(measure(options, target, folder, http))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
    print(f'beside {options.viewers} viewers and a scrape a second, {options.rounds} rounds:')
    for what in alone[0]:
        before, after = (statistics.median(each[what] for each in some) for some in (alone, beside))
        if what.startswith('iterations'):
            print(f'{what}: {before:,.0f} alone, {after:,.0f} beside')
            continue
        ratio = statistics.median(b[what] / a[what] for a, b in zip(alone, beside))
        good = ratio >= 1 - WANTED if what == 'lines/s' else ratio <= 1 + WANTED
        print(f'{what}: {before:,.0f} alone, {after:,.0f} beside, {ratio:.2f} x '
              f'(wanted: within 5 %){"" if good else " NOT MET"}')


if __name__ == '__main__':
    main()
