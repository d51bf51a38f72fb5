#!/usr/bin/env python3
"""A server whose Places service is changed under it, by SIGHUP.

    reload_places.py WHAT HERD        WHAT is one of the functions below that begin with case_
"""
import contextlib
import json
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request

import lone_server
from lone_server import PATIENCE, eventually


class Places:
    """The offline service, at a port of its own."""

    def __init__(self, herd):
        self.port = lone_server.take_ports(1)[0]
        self.url = f'http://127.0.0.1:{self.port}'
        self.process = subprocess.Popen([herd, 'places', '--allow-inject', '--listen',
                                         f'127.0.0.1:{self.port}'], stdout=subprocess.PIPE)
        assert b'listening' in self.process.stdout.readline()

    def inject(self, what):
        urllib.request.urlopen(f'{self.url}/control?{what}', b'', PATIENCE).close()

    def end(self):
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0


class Server:
    """One that knows where kiwi is, and asks that service."""

    def __init__(self, herd, folder, url):
        self.herd, self.folder = herd, folder
        ports = lone_server.take_ports(2)
        self.port = ports[0]
        self.config = {'servers': [{'name': 'Alpha', 'clients': f'127.0.0.1:{ports[0]}',
                                    'peers': f'127.0.0.1:{ports[1]}'}],
                       'limits': {'clients': 10_000}, 'places': {'url': url}}
        self.process = lone_server.start(herd, folder, self.config, self.port)
        self.ask('IAMAT kiwi +34.068930-118.445127 1600000000')

    def ask(self, line):
        return lone_server.ask(self.port, [line])

    def finds(self, radius=10):
        said = self.ask(f'WHATSAT kiwi {radius} 1')
        assert said.startswith('AT '), said
        return '"OK"' in said

    def log(self):
        return (self.folder / 'Alpha.log').read_text(encoding='utf-8')

    def reload(self, event, **wanted):
        for name, values in wanted.items():
            self.config[name].update(values)
        path = lone_server.write(self.folder, self.config)
        count = self.log().count(f'event={event}')
        said = subprocess.run([self.herd, 'check', '--live', 'Alpha', '--config', path],
                              capture_output=True, text=True, check=False)
        assert said.returncode == (0 if event == 'reloaded' else 1), said
        self.process.send_signal(signal.SIGHUP)
        eventually(lambda: self.log().count(f'event={event}') > count)

    def end(self):
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0


@contextlib.contextmanager
def ended(*all_of_them):
    yield
    for each in all_of_them:
        each.end()


def case_url(herd, folder):
    """It moves: those who ask are answered from there, and nobody asks the old one any more."""
    old, new = Places(herd), Places(herd)
    server = Server(herd, folder, old.url)
    with ended(server, old, new):
        assert server.finds()
        new.inject('fail=100:deny')
        server.reload('reloaded', places={'url': new.url})
        assert not server.finds(11), 'it still asks the old one'
        old.inject('fail=100:deny')
        new.inject('fail=none')
        assert server.finds(12)


class SealedPort:
    """A port that speaks TLS, as somebody whom no system knows, and counts who wanted that."""

    def __init__(self, herd, folder):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.url = f'https://127.0.0.1:{self.listener.getsockname()[1]}'
        config = {'servers': [{'name': 'Sealed', 'clients': '127.0.0.1:1', 'peers': '127.0.0.1:2'}]}
        (folder / 'sealed.json').write_text(json.dumps(config), encoding='utf-8')
        subprocess.run([herd, 'keys', folder / 'keys', '--config', folder / 'sealed.json'], check=True,
                       stdout=subprocess.DEVNULL)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / 'keys' / 'Sealed.crt', folder / 'keys' / 'Sealed.key')
        self.refused = 0
        self.thread = threading.Thread(target=self.accept)
        self.thread.start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(PATIENCE)
            try:
                self.context.wrap_socket(connection, server_side=True).close()
            except ssl.SSLError as error:
                self.refused += 'UNKNOWN_CA' in str(error)
            except OSError:
                pass

    def end(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(PATIENCE)
        self.listener.close()


def case_way(herd, folder):
    """From an address to a name, to TLS, to a name that leads nowhere, and home: each is gone at once."""
    places, sealed = Places(herd), SealedPort(herd, folder)
    server = Server(herd, folder, places.url)
    with ended(server, places, sealed):
        assert server.finds(10)
        server.reload('reloaded', places={'url': f'http://localhost:{places.port}'})
        assert server.finds(11)
        server.reload('reloaded', places={'url': sealed.url})
        assert 'could not prove its identity' in server.ask('WHATSAT kiwi 12 1')
        eventually(lambda: sealed.refused > 0)  # its thread reads the alert when it likes
        server.reload('reloaded', places={'url': f'http://places.invalid:{places.port}'})
        assert not server.finds(13)
        server.reload('reloaded', places={'url': places.url})
        assert server.finds(14)
        log = server.log()
        assert f'setting=places.url from={places.url} to=http://localhost:{places.port}' in log, log
        assert 'needs a restart' not in log


def case_deadline(herd, folder):
    """It counts for those who wait already, and for those who come."""
    places = Places(herd)
    server = Server(herd, folder, places.url)
    with ended(server, places):
        server.reload('reloaded', limits={'places_deadline_ms': 60_000})
        places.inject('fail=100:hang')
        waiting = subprocess.Popen([herd, 'send', 'Alpha', 'WHATSAT kiwi 10 1', '--config',
                                    folder / 'Alpha.json'], stdout=subprocess.PIPE)
        time.sleep(0.5)
        assert waiting.poll() is None
        begun = time.monotonic()
        server.reload('reloaded', limits={'places_deadline_ms': 500})
        assert b'UNKNOWN_ERROR' in waiting.communicate(timeout=PATIENCE)[0]
        assert not server.finds(11)
        assert time.monotonic() - begun < 15, 'somebody has waited for the old deadline'


if __name__ == '__main__':
    lone_server.run_case(globals(), *sys.argv[1:])
