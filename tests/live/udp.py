#!/usr/bin/env python3
"""Reports by UDP to two running servers, over a relay that loses, doubles and mixes them up: of each
client both end with the newest that has come, whatever else comes there too.

    udp.py HERD
"""
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time

import lone_server

PATIENCE = 20  # seconds
CLIENTS, REPORTS = 200, 20
NONSENSE = [b'', b'\n', b'nonsense', b'IAMAT c1', b'SYNC\n', b'WHATSAT c1 1 1', b'\x16\x03\x01',
            b'IAMAT c1 +1-1 9999999999\nIAMAT c2 +1-1 9999999999', b'IAMAT c1\n+1-1 9999999999',
            b'x' * 9000]


def start(herd, folder, udp):
    """Two that are linked, of which the first has a port for datagrams."""
    ports = lone_server.take_ports(4)
    servers = [{'name': name, 'clients': f'127.0.0.1:{ports[i]}', 'peers': f'127.0.0.1:{ports[i + 2]}'}
               for i, name in enumerate(['A', 'B'])]
    servers[0]['udp'] = f'127.0.0.1:{udp}'
    config = {'servers': servers, 'links': [['A', 'B']], 'limits': {'clients': 10_000}}
    processes = [lone_server.start(herd, folder, config, ports[0])]
    path = folder / 'A.json'
    processes.append(subprocess.Popen([herd, 'serve', 'B', '--config', path],
                                      stdout=subprocess.DEVNULL))
    return processes, ports[:2]


def table(port):
    """Of each client, the time of its newest report."""
    lines = lone_server.ask(port, [f'WHATSAT c{client} 1 0' for client in range(CLIENTS)]).splitlines()
    found = [line.split() for line in lines if line.startswith('AT ')]
    return {fields[3]: int(fields[5]) for fields in found}


def main(herd):
    dice = random.Random(4711)
    now = int(time.time())
    sent, newest = [], {}
    for client in range(CLIENTS):
        for stamp in range(now - REPORTS, now):
            if dice.random() < 0.3:
                continue
            newest[f'c{client}'] = stamp
            report = f'IAMAT c{client} +{stamp % 90}-{client % 180} {stamp}'.encode()
            sent += [report] * dice.choice([1, 1, 1, 2, 3])
    dice.shuffle(sent)
    udp, = lone_server.take_ports(1)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        processes, ports = start(herd, folder, udp)
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.connect(('127.0.0.1', udp))
                for number, report in enumerate(sent):
                    sender.send(report)
                    if number % 50 == 0:
                        sender.send(NONSENSE[number // 50 % len(NONSENSE)])
                        time.sleep(0.002)  # What the kernel has no room for is lost, as it says.
                sender.settimeout(0.3)
                try:
                    answer = sender.recv(2000)
                    raise AssertionError(f'there is an answer: {answer!r}')
                except TimeoutError:
                    pass
            end = time.monotonic() + PATIENCE
            # First of the one that has heard it from the other, whom nobody has asked anything.
            while any(table(port) != newest for port in reversed(ports)):
                assert time.monotonic() < end, 'they do not have the newest'
                time.sleep(0.1)
            found = lone_server.counters(herd, folder / 'A.json')
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                assert process.wait(PATIENCE) == 0
    wrong = -(-len(sent) // 50)
    assert found['datagrams'] == len(sent), found
    assert found.get('datagrams_malformed', 0) + found['datagrams_too_long'] == wrong, found
    print(f'{len(sent)} reports of {CLIENTS} clients, and {wrong} that are none')


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
