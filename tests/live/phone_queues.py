#!/usr/bin/env python3
"""Phones' apps with their queues (phone_apps.py) and a server: after an outage, a table that was full,
a wrong password that was mended, and points that nobody can take in the middle of others, all that can
be delivered is, soon, nothing counts twice, and no phone is stuck.

    phone_queues.py HERD
"""
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

import lone_server
import phone_apps

SOON = 20  # seconds; it takes two
# These say of themselves that a refusal loses what was refused: by any status, and by 4xx.
LOSERS = {phone_apps.Traccar7Ios: range(10), phone_apps.OwnTracksIos: range(5, 10)}


class Server:
    def __init__(self, herd, folder):
        self.herd, self.folder = herd, folder
        self.clients, self.peers, self.phones = lone_server.take_ports(3)
        self.run('token', '--make-secret', folder / 'secret')
        self.process = None

    def run(self, *words):
        done = subprocess.run([self.herd, *map(str, words)], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def token(self, pattern):
        return self.run('token', '--for', pattern, '--until', 'never', '--secret-file',
                        self.folder / 'secret')

    def start(self, room, phones=True):
        """With room for so many clients."""
        server = {'name': 'Alone', 'clients': f'127.0.0.1:{self.clients}',
                  'peers': f'127.0.0.1:{self.peers}'}
        if phones:
            server['phones'] = f'127.0.0.1:{self.phones}'
        config = {'servers': [server], 'limits': {'clients': room},
                  'journal': {'folder': str(self.folder)},
                  'access': {'secret_file': str(self.folder / 'secret')}}
        self.process = lone_server.start(self.herd, self.folder, config,
                                         self.phones if phones else self.clients)

    def end(self, how=signal.SIGTERM):
        """What it has counted, if it is asked before."""
        counted = {} if how == signal.SIGKILL else self.counters()
        self.process.send_signal(how)
        self.process.wait(20)
        return counted

    def counters(self):
        return lone_server.counters(self.herd, self.folder / 'Alone.json')

    def say(self, *lines):
        with socket.create_connection(('127.0.0.1', self.clients), 20) as connection:
            connection.sendall(''.join(line + '\n' for line in lines).encode())
            connection.shutdown(socket.SHUT_WR)
            heard = b''
            while part := connection.recv(65536):
                heard += part
        return heard.decode().splitlines()


class Town:
    """All apps, each on a phone, and their server."""

    def __init__(self, server):
        self.server = server
        self.right = server.token('ada/*')
        self.wrong = server.token('ada/*')[:-4] + 'AAAA'
        self.apps = [app(server.phones) for app in phone_apps.ALL]
        self.begin = int(time.time()) - 1000
        self.points = []
        for app in self.apps:
            app.token = self.right
            app.start()

    def walk(self, count, bad=None):
        """Everybody goes on by so many points."""
        first = len(self.points)
        more = [phone_apps.Point(first + i, self.begin + first + i, (bad or {}).get(i, ''))
                for i in range(count)]
        self.points += more
        for app in self.apps:
            app.add(more)

    def use(self, token):
        for app in self.apps:
            app.token = token

    def settle(self, when):
        """Until nobody has anything to say."""
        end = time.monotonic() + SOON
        while not all(app.idle() for app in self.apps):
            stuck = {app.device: [point.number for point in app.queue] for app in self.apps if app.queue}
            assert time.monotonic() < end, f'{when}: stuck: {stuck}'
            time.sleep(0.02)

    def hear(self, status, but=()):
        """Until all have."""
        end = time.monotonic() + SOON
        while deaf := [app.device for app in self.apps
                       if status not in app.statuses and not isinstance(app, but)]:
            assert time.monotonic() < end, f'never heard {status}: {deaf}'
            time.sleep(0.02)

    def taken(self):
        return sum(len(app.taken) for app in self.apps)

    def told(self):
        return sum(app.told for app in self.apps), sum(app.unanswered for app in self.apps)

    def check_counted(self, before, counted, when):
        """Each point that was answered has been counted, as often as it was sent; and of those that
        were not answered nobody knows."""
        told, unanswered = (after - first for after, first in zip(self.told(), before))
        assert told <= counted['phone_points'] <= told + unanswered, (when, told, unanswered, counted)

    def check_end(self):
        for app in self.apps:
            numbers = sorted(point.number for point in app.taken)
            lost = {point.number for point in app.lost}
            assert len(set(numbers)) == len(numbers), f'{app.device}: twice: {numbers}'
            assert lost <= set(LOSERS.get(type(app), ())), f'{app.device}: lost: {lost}'
            assert set(numbers) | lost == set(range(len(self.points))), f'{app.device}: {numbers}'
        newest = self.points[-1]
        answers = self.server.say(f'AUTH ada/* {self.right}',
                                  *[f'WHATSAT ada/{app.device} 1 0' for app in self.apps])
        found = {line.split()[3]: line.split()[4:] for line in answers if line.startswith('AT ')}
        wanted = [f'+{float(newest.lat):g}-0{-float(newest.lon):g}', str(newest.when)]
        for app in self.apps:
            assert found.get(f'ada/{app.device}') == wanted, (app.device, found, wanted)


def main(herd):
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        server = Server(herd, folder)
        town = Town(server)
        try:
            # An outage, and then a table that is full.
            town.walk(5)
            server.start(room=2, phones=False)
            server.say('AUTH * ' + server.token('*'), 'IAMAT one +1-1 1', 'IAMAT two +1-1 1')
            server.end()
            server.start(room=2)
            # Whose tries are few may have none while the table is full.
            town.hear(503, but=phone_apps.GpsLogger)
            assert town.taken() == 0
            server.end(signal.SIGKILL)
            before = town.told()
            server.start(room=1000)
            town.settle('there is room')
            # A password that is mended.
            town.use(town.wrong)
            taken = town.taken()
            town.walk(5)
            town.hear(401)
            assert town.taken() == taken
            town.use(town.right)
            town.settle('the password is right')
            # Points that nobody can take.
            town.walk(10, {2: 'place', 4: 'time', 5: 'nowhere', 9: 'place'})
            town.settle('all are taken')
            town.check_counted(before, server.end(), 'the second run')
            # An outage while everybody goes on.
            before = town.told()
            for _ in range(5):
                town.walk(1)
                time.sleep(0.05)
            server.start(room=1000)
            town.settle('the server is back')
            town.check_end()
            town.check_counted(before, server.end(), 'the last run')
            for app in town.apps:
                app.ended = True
        finally:
            server.process.kill()
    print(f'{len(town.apps)} apps, {town.told()[0]} points, {time.monotonic() - began:.1f} s')
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
