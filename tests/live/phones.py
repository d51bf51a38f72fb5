#!/usr/bin/env python3
"""What phones' apps send, to a running server over real sockets: each case of phones.jsonl is answered
as it says, all that is ignored is in the log, and never where anybody is.

    phones.py HERD PHONES.JSONL
"""
import json
import pathlib
import re
import socket
import sys
import tempfile

import lone_server

IGNORED = 'no place on earth|its time is none|ahead of this|no JSON|encrypted|no id|too long'


def start(herd, folder, port):
    """A server with a port for phones."""
    clients, peers = lone_server.take_ports(2)
    server = {'name': 'Alone', 'clients': f'127.0.0.1:{clients}', 'peers': f'127.0.0.1:{peers}',
              'phones': f'127.0.0.1:{port}'}
    return lone_server.start(herd, folder, {'servers': [server], 'limits': {'clients': 1000}}, port)


def request_of(case):
    """What is sent, and what then."""
    if 'raw' in case:
        return case['raw'].encode('latin-1'), case.get('then', '').encode('latin-1')
    lines = [case['request'] + ' HTTP/1.1', 'Host: herd.example', *case.get('headers', [])]
    body = case.get('body')
    if body is not None:
        lines.append(f'Content-Length: {len(body)}')
    return ('\r\n'.join([*lines, '', body or ''])).encode('latin-1'), b''


def ask(port, sent, then, count):
    """All that comes back, for so many answers."""
    with socket.create_connection(('127.0.0.1', port), 20) as connection:
        connection.sendall(sent)
        heard = b''
        while True:
            if then and b' 100 Continue' in heard:
                connection.sendall(then)
                then = b''
            if heard.count(b'HTTP/1.1 ') == count and not then and is_whole(sent, heard):
                return heard.decode('latin-1')
            part = connection.recv(65536)
            if not part:
                return heard.decode('latin-1')
            heard += part


def is_whole(sent, heard):
    """Whether the last answer is."""
    head, _, body = heard[heard.rindex(b'HTTP/1.1 '):].partition(b'\r\n\r\n')
    size = re.search(rb'Content-Length: (\d+)', head)
    return sent.startswith(b'HEAD') or (size and len(body) >= int(size[1]))


def check(case, port):
    """What is wrong with the answers, or nothing."""
    wanted = case['status'] if isinstance(case['status'], list) else [case['status']]
    heard = ask(port, *request_of(case), len(wanted))
    found = [int(each) for each in re.findall(r'HTTP/1\.1 (\d+)', heard)]
    body = heard.rpartition('\r\n\r\n')[2]
    if found != wanted:
        return f'answered {found}, not {wanted}'
    return '' if case.get('answer', body) == body else f'body {body!r}'


def main(herd, path):
    cases = [json.loads(line) for line in pathlib.Path(path).read_text('utf-8').splitlines()]
    port, = lone_server.take_ports(1)
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        process = start(herd, pathlib.Path(folder), port)
        try:
            for case in cases:
                fault = check(case, port)
                if fault:
                    faults.append(f'{case["case"]}: {fault}')
        finally:
            process.terminate()
            process.wait(20)
        log = (pathlib.Path(folder) / 'Alone.log').read_text('utf-8')
    lines = [line for line in log.splitlines() if 'event=phone_ignored ' in line]
    if not lines:
        faults.append('the log says nothing of what was ignored')
    # A minute has not passed: one line each, and it has no place.
    whose = [re.search(r'client=(\S+)', line)[1] for line in lines]
    if len(set(whose)) != len(whose):
        faults.append('the log has two lines of one phone')
    faults += [line for line in lines if not re.search(f'why="[^"]*({IGNORED})', line)]
    faults += [line for line in log.splitlines()
               if re.search(r'52\.5163|13\.3777|45\.2|t0k-?en', line)]
    for fault in faults:
        print(fault)
    print(f'{len(cases)} cases, {len(lines)} lines in the log')
    return 1 if faults or not cases else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
