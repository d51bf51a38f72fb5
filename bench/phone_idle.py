#!/usr/bin/env python3
"""What a phone's connection costs that is kept open and idle: bytes of the server's memory.

    bench/phone_idle.py [--connections N] [--herd PATH]

Each connection posts one position, all of one client, reads the answer, and then says nothing. The
server's resident memory before and after, but for the first hundred connections, is compared; those of
the kernel's own are not in it. All of it takes less time than a server keeps idle phones.
"""
import argparse
import json
import pathlib
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time

import http_floor
from ports import take_ports

WANTED = 400
IDLE = 30  # seconds that the server waits for the next request
BODY = 'id=kiwi&lat=34.068930&lon=-118.445127&timestamp=1787918400'
POST = (f'POST /p/any HTTP/1.1\r\nHost: herd\r\nContent-Type: application/x-www-form-urlencoded\r\n'
        f'Content-Length: {len(BODY)}\r\n\r\n{BODY}').encode()


def start(path, folder, connections):
    clients, peers, phones = take_ports(3)
    config = folder / 'herd.json'
    config.write_text(json.dumps({
        'servers': [{'name': 'A', 'clients': f'127.0.0.1:{clients}', 'peers': f'127.0.0.1:{peers}',
                     'phones': f'127.0.0.1:{phones}'}],
        'links': [], 'log': {'folder': str(folder)},
        'limits': {'connections': 16, 'phone_connections': connections}}), encoding='utf-8')
    process = subprocess.Popen([path, 'serve', 'A', '--config', config], stdout=subprocess.DEVNULL)
    http_floor.await_port(process, phones)
    return process, phones


def resident(pid):
    """Bytes."""
    for line in pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text('ascii').splitlines():
        if line.startswith('Rss:'):
            return int(line.split()[1]) * 1024
    sys.exit('the kernel does not say how much memory the server has')


def post(port):
    connection = socket.create_connection(('127.0.0.1', port), 10)
    connection.sendall(POST)
    answer = connection.recv(4096)
    if not answer.startswith(b'HTTP/1.1 200 '):
        sys.exit(f'the server answers {answer[:80]!r}')
    return connection


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--connections', type=int, default=10_000)
    parser.add_argument('--herd', default='build/herd/herd')
    options = parser.parse_args()
    wanted = options.connections + 200
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < wanted:
        sys.exit(f'this needs {wanted} descriptors, and may have {most} (ulimit -n)')
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    with tempfile.TemporaryDirectory(prefix='herd-idle-') as name:
        process, port = start(options.herd, pathlib.Path(name), options.connections + 100)
        try:
            began = time.monotonic()
            first = [post(port) for _ in range(100)]
            before = resident(process.pid)
            held = [post(port) for _ in range(options.connections)]
            after = resident(process.pid)
            took = time.monotonic() - began
            if took > IDLE - 1:
                sys.exit(f'it took {took:.0f} s: the first have been closed')
            for connection in first + held:
                connection.close()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
    each = (after - before) / options.connections
    print(f'{options.connections} idle phones: {each:.0f} bytes each (wanted: at most {WANTED}), '
          f'{took:.1f} s')


if __name__ == '__main__':
    main()
