"""Servers of a herd as processes, and clients that report to them."""
import contextlib
import json
import math
import os
import pathlib
import random
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

from webdriver import take_ports

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMES = ['Goloman', 'Hands', 'Holiday', 'Welsh', 'Wilkes']
LINKS = [['Goloman', 'Hands'], ['Goloman', 'Holiday'], ['Goloman', 'Wilkes'], ['Hands', 'Wilkes'],
         ['Holiday', 'Welsh'], ['Holiday', 'Wilkes']]


class Herd:
    """Five servers, linked as in the built-in herd. Ends at the end of the `with`."""

    def __init__(self, binary, host='127.0.0.1', access=None, **limits):
        self.binary, self.host = binary, host
        self.folder = tempfile.TemporaryDirectory()
        ports = take_ports(3 * len(NAMES))
        self.ports = {name: ports[3 * i:3 * i + 3] for i, name in enumerate(NAMES)}
        at = '127.0.0.1:{}'.format
        servers = [{'name': name, 'clients': at(ports[0]), 'peers': at(ports[1]),
                    'http': f'{host}:{ports[2]}'} for name, ports in self.ports.items()]
        self.config = pathlib.Path(self.folder.name, 'herd.json')
        self.config.write_text(json.dumps({
            'servers': servers, 'links': LINKS, 'limits': limits,
            'access': access or {}, 'log': {'folder': self.folder.name}}), encoding='utf-8')
        self.processes = {}
        try:
            for name in NAMES:
                self.start(name)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in list(self.processes):
            self.kill(name)
        self.folder.cleanup()

    def start(self, name):
        self.processes[name] = subprocess.Popen(
            [self.binary, 'serve', name, '--config', self.config],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: self.get(name, '/healthz') == 'ok\n', 10)

    def kill(self, name):
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def url(self, name, path):
        return f'http://{self.host}:{self.ports[name][2]}{path}'

    def get(self, name, path):
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(self.url(name, path), timeout=5) as answer:
                return answer.read().decode()
        return ''

    def status(self, name):
        return json.loads(self.get(name, '/status'))

    def resident(self, name):
        """Bytes of memory."""
        pages = pathlib.Path(f'/proc/{self.processes[name].pid}/statm').read_text().split()[1]
        return int(pages) * os.sysconf('SC_PAGE_SIZE')

    def connect(self, name):
        return Client(self.ports[name][0])

    def connect_all(self):
        return {name: self.connect(name) for name in self.processes}


class Client:
    """A connection of clients; answers are read and forgotten. Ends at the end of the `with`."""

    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), 10)
        self.socket.settimeout(30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def say(self, lines):
        """Says them, and waits until each is answered."""
        sent = threading.Thread(target=self.socket.sendall, args=(''.join(lines).encode(),))
        sent.start()
        left = len(lines)
        while left > 0:
            heard = self.socket.recv(1 << 20)
            if not heard:
                raise RuntimeError('the server has closed the connection')
            left -= heard.count(b'\n')
        sent.join()


def towns():
    """(latitude, longitude) of each in the table of places."""
    with open(ROOT / 'data' / 'places-geonames.tsv', encoding='utf-8') as table:
        next(table)
        return [tuple(float(field) for field in line.split('\t')[1:3]) for line in table]


class Fleet:
    """Clients around towns all over the world, which go straight on, each in its direction."""

    def __init__(self, count, seed=1):
        self.random = random.Random(seed)
        places = towns()
        self.clients = []
        for number in range(count):
            latitude, longitude = self.random.choice(places)
            spread = self.random.choice([0.02, 0.1, 0.4])
            angle = self.random.uniform(0, 2 * math.pi)
            self.clients.append([
                max(-85, min(85, latitude + self.random.gauss(0, spread))),
                (longitude + self.random.gauss(0, spread) + 180) % 360 - 180,
                math.sin(angle), math.cos(angle), NAMES[number % len(NAMES)]])
        self.turn = 0

    def line(self, number, step):
        client = self.clients[number]
        client[0] = max(-85, min(85, client[0] + step * client[2]))
        client[1] = (client[1] + step * client[3] + 180) % 360 - 180
        return f'IAMAT bus-{number} {client[0]:+.5f}{client[1]:+.5f} {time.time():.6f}\n'

    def report(self, connections, count, step=0.002):
        """The next so many report, each to its own server."""
        lines = {name: [] for name in connections}
        for _ in range(count):
            number = self.turn
            self.turn = (self.turn + 1) % len(self.clients)
            lines[self.clients[number][4]].append(self.line(number, step))
        for name, said in lines.items():
            for begin in range(0, len(said), 2000):
                connections[name].say(said[begin:begin + 2000])


class Traffic:
    """Reports at a rate until the end of the `with`."""

    def __init__(self, herd, fleet, per_second):
        self.herd, self.fleet, self.per_second = herd, fleet, per_second
        self.said = 0
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self.go)

    def __enter__(self):
        self.began = time.monotonic()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()

    def go(self):
        with contextlib.ExitStack() as stack:
            connections = {name: stack.enter_context(connection)
                           for name, connection in self.herd.connect_all().items()}
            while not self.ends.is_set():
                due = int((time.monotonic() - self.began) * self.per_second)
                count = min(due - self.said, self.per_second // 4)
                if count < self.per_second // 40:
                    self.ends.wait(0.01)
                    continue
                self.fleet.report(connections, count)
                self.said += count

    def rate(self):
        return self.said / (time.monotonic() - self.began)


def wait_for(holds, seconds, step=0.05):
    """How long it took until that held; fails if it never does."""
    begin = time.monotonic()
    while not holds():
        if time.monotonic() - begin > seconds:
            raise AssertionError(f'waited for {seconds} s in vain')
        time.sleep(step)
    return time.monotonic() - begin
