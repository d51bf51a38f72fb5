#!/usr/bin/env python3
"""`herd gps` between gpsd and a server, over real sockets: what gpsd says is reported, once for each
time and never without a fix, over outages of either, and it ends when it is told to.

    gps.py real HERD      the real gpsd (Debian: gpsd, gpsd-clients), fed by gpsfake; 77: not here
    gps.py played HERD    a gpsd that is played, and lies
"""
import calendar
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

SKIPPED = 77
PATIENCE = 20  # seconds; nothing here takes one
STARTED = []  # Processes, so that none outlives the test.
START = calendar.timegm((2026, 8, 28, 12, 0, 0))


def wait_until(holds, what):
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, what()
        time.sleep(0.02)


class Server:
    """One on loopback, which may go and come back."""

    def __init__(self, herd, folder, more=None, access=None, keys=None):
        self.herd, self.folder = herd, folder
        self.port, peers = lone_server.take_ports(2)
        server = {'name': 'Alone', 'clients': f'127.0.0.1:{self.port}', 'peers': f'127.0.0.1:{peers}',
                  **(more or {})}
        self.config = {'servers': [server], 'limits': {'clients': 1000},
                       'journal': {'folder': str(folder)}}
        if access:
            self.config['access'] = access
        if keys:
            self.config['keys'] = keys
        self.process = None

    def start(self):
        self.process = lone_server.start(self.herd, self.folder, self.config, self.port)
        STARTED.append(self.process)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0

    def ask(self, *lines):
        """Its answers, each up to its end."""
        return lone_server.ask(self.port, lines)

    def counters(self):
        return lone_server.counters(self.herd, self.folder / 'Alone.json')

    def where(self, client, introduction=()):
        """Location and time, as it has them."""
        for line in self.ask(*introduction, f'WHATSAT {client} 1 0').splitlines():
            if line.startswith('AT '):
                return line.split()[4:]
        return None


class Gps:
    """The program."""

    def __init__(self, herd, folder, server, gpsd, *more):
        self.news = folder / 'news'
        config = folder / 'Alone.json'
        with open(self.news, 'wb') as news:
            self.process = subprocess.Popen(
                [herd, 'gps', 'Alone', '--config', config, '--id', 'boat', '--gpsd',
                 f'127.0.0.1:{gpsd}', *more], stderr=news, stdout=subprocess.DEVNULL)
        STARTED.append(self.process)

    def said(self):
        return self.news.read_text('utf-8')

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0, self.said()


class Follower:
    """All that a server tells of the boat, as (location, time)."""

    def __init__(self, port):
        self.seen = []
        self.connection = socket.create_connection(('127.0.0.1', port), PATIENCE)
        self.connection.sendall(b'FOLLOW boat\n')
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        with self.connection.makefile('r') as lines:
            try:
                for line in lines:
                    fields = line.split()
                    if fields[0] == 'NOW' and 'boat' in fields:
                        at = fields.index('boat')
                        self.seen.append((fields[at + 1], fields[at + 2]))
            except OSError:
                pass

    def end(self):
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # The server has ended it, or the test.
        self.thread.join(PATIENCE)
        self.connection.close()


# The real gpsd --------------------------------------------------------------------------------

def sentence(body):
    check = 0
    for byte in body.encode():
        check ^= byte
    return f'${body}*{check:02X}\r\n'


def minutes(degrees, width, signs):
    """As NMEA has them."""
    size = abs(degrees)
    return f'{int(size):0{width}d}{size % 1 * 60:08.5f},{signs[degrees < 0]}'


def nmea(begin, count, dark):
    """So many seconds of a receiver, of which the first `dark` see nothing; and where it is then."""
    text, places = '', {}
    for i in range(count):
        second = time.gmtime(begin + i)
        clock, day = time.strftime('%H%M%S.00', second), time.strftime('%d%m%y', second)
        if i < dark:
            text += sentence(f'GPRMC,{clock},V,,,,,,,{day},,,N')
            text += sentence(f'GPGGA,{clock},,,,,0,00,,,M,,M,,')
            continue
        latitude, longitude = 52.5 + i / 2000, -13.25 - i / 2000
        place = minutes(latitude, 2, 'NS') + ',' + minutes(longitude, 3, 'EW')
        places[begin + i] = (latitude, longitude)
        # In this order gpsd says each time twice.
        text += sentence(f'GPGGA,{clock},{place},1,08,1.0,50.0,M,40.0,M,,')
        text += sentence('GPGSA,A,3,01,02,03,04,05,06,07,08,,,,,1.5,1.0,1.1')
        text += sentence(f'GPRMC,{clock},A,{place},0.5,90.0,{day},,,A')
    return text, places


def play(path, port):
    """gpsd, which is fed that file once, and then waits."""
    process = subprocess.Popen(['gpsfake', '-q', '-1', '-c', '0.02', '-P', str(port), path],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    STARTED.append(process)
    return process


def end_play(process):
    """gpsd with it, which it takes along unless it is killed."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


def is_place(location, place):
    """Whether an ISO 6709 location is that, to the noise of gpsd's arithmetic."""
    cut = max(location.rfind('+'), location.rfind('-'))
    found = float(location[:cut]), float(location[cut:])
    return all(abs(one - other) < 2e-7 for one, other in zip(found, place))


def real(herd, folder):
    """Two runs of gpsd, and a server that is away for a part of the first."""
    begin = int(time.time()) - 5000
    gpsd, = lone_server.take_ports(1)
    server = Server(herd, folder)
    server.start()
    followers = [Follower(server.port)]
    program = Gps(herd, folder, server, gpsd)
    places = {}

    def hear_more():
        """What says a receiver that is not heard until gpsd has a client is lost."""
        heard = len(followers[-1].seen)
        wait_until(lambda: len(followers[-1].seen) >= heard + 10, program.said)
    try:
        for run in range(2):
            text, known = nmea(begin + 1000 * run, 500, 5)
            places.update(known)
            path = folder / f'run{run}.nmea'
            path.write_text(text, encoding='ascii')
            player = play(path, gpsd)
            hear_more()
            if run == 0:
                followers[0].end()
                server.stop()
                time.sleep(0.5)
                server.start()
                followers.append(Follower(server.port))
                hear_more()
            end_play(player)
        wait_until(lambda: 'it takes reports' in program.said(), program.said)
        assert 'it says where it is' in program.said(), program.said()
        counted = server.counters()
    finally:
        if program.process.poll() is None:
            program.end()
        for follower in followers:
            follower.end()
        server.stop()
    # Once for each time; but what had no answer when the server ended is said again.
    assert counted.get('iamat_old', 0) <= 1, counted
    for follower in followers:
        times = [float(when) for _, when in follower.seen]
        assert times == sorted(set(times)), times
        for location, when in follower.seen:
            assert is_place(location, places[int(when)]), (location, when)


# A gpsd that is played ------------------------------------------------------------------------

def tpv(second, **more):
    fields = {'class': 'TPV', 'mode': 3, 'lat': 52.5, 'lon': 13.25,
              'time': time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime(START + second))}
    fields.update(more)
    return json.dumps({name: value for name, value in fields.items() if value is not None}) + '\r\n'


class Gpsd:
    """Whoever comes is told what the test says."""

    def __init__(self):
        self.port, = lone_server.take_ports(1)
        self.listener = self.connection = None

    def open(self):
        self.listener = socket.create_server(('127.0.0.1', self.port))
        self.listener.settimeout(PATIENCE)

    def accept(self):
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(PATIENCE)
        self.connection.sendall(b'{"class":"VERSION","release":"3.22"}\r\n')
        wanted = b'?WATCH={"enable":true,"json":true};\n'
        heard = b''
        while heard != wanted:
            part = self.connection.recv(len(wanted))
            assert part, heard
            heard += part

    def say(self, text):
        self.connection.sendall(text.encode() if isinstance(text, str) else text)

    def close(self, reset=False):
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
        self.connection.close()
        self.listener.close()


LIES = [b'\r\n', b'}{\r\n', b'{"class":"TPV"}\r\n', b'\x00\xff\r\n', b'[' * 1000 + b'\r\n',
        b'{"class":"TPV","mode":3,"time":"2026-08-28T12:30:00Z","lat":NaN,"lon":1}\r\n',
        tpv(1800, mode=1).encode(), tpv(1800, mode=0).encode(), tpv(1800, mode='3').encode(),
        tpv(1800, time=None).encode(), tpv(1800, time='x').encode(), tpv(1800, lat=None).encode(),
        tpv(1800, lat=90.5).encode(), tpv(1800, lon=-181).encode(), tpv(1800, lat='52').encode(),
        tpv(1800, **{'class': 'SKY'}).encode(), b'IAMAT boat +1+1 1787920200\r\n',
        b'{"class":"TPV","x":"' + b'y' * 300_000 + b'"}\r\n']


def played(herd, folder):
    """Lies, halves and outages, by a server without keys."""
    server, gpsd = Server(herd, folder), Gpsd()
    server.start()
    program = Gps(herd, folder, server, gpsd.port)
    follower = Follower(server.port)

    def reported(second):
        wait_until(lambda: server.where('boat') == ['+52.5+013.25', str(START + second)],
                   lambda: f'{second}: {server.where("boat")} {program.said()}')
    try:
        gpsd.open()
        gpsd.accept()
        for second, lie in enumerate(LIES):
            gpsd.say(lie + tpv(second, mode=2 + second % 2).encode())
            reported(second)
        # A line in halves, and each time twice.
        line = tpv(100).encode()
        gpsd.say(line[:30])
        time.sleep(0.1)
        gpsd.say(line[30:] + line + line)
        reported(100)
        # gpsd goes, in the middle of a line, and comes back.
        gpsd.say(tpv(200)[:40])
        gpsd.close(reset=True)
        gpsd.open()
        gpsd.accept()
        gpsd.say(tpv(101))
        reported(101)
        follower.end()
        # The server is away: of what comes meanwhile the newest is kept.
        server.stop()
        for second in range(300, 1300):
            gpsd.say(tpv(second))
        time.sleep(0.3)
        server.start()
        reported(1299)
    finally:
        program.end()
        gpsd.close()
        follower.end()
        server.stop()
    times = [int(when) - START for _, when in follower.seen]
    assert times == [*range(len(LIES)), 100, 101], times


def sealed(herd, folder):
    """A server that wants TLS and a token, and a token file that is mended while it runs."""
    run = lambda *words: subprocess.run([herd, *map(str, words)], check=True, capture_output=True,
                                        text=True).stdout
    tls, = lone_server.take_ports(1)
    keys, secret, token = folder / 'keys', folder / 'secret', folder / 'token'
    server = Server(herd, folder, {'clients_tls': f'127.0.0.1:{tls}'},
                    {'secret_file': str(secret)}, str(keys))
    config = folder / 'Alone.json'
    config.write_text(json.dumps(server.config), encoding='utf-8')
    run('keys', keys, '--config', config)
    run('token', '--make-secret', secret)
    grant = lambda pattern: run('token', '--for', pattern, '--until', 'never', '--secret-file', secret)

    def put(text):
        token.write_text(text, encoding='ascii')
        token.chmod(0o600)
    server.start()
    gpsd = Gpsd()
    gpsd.open()
    put(grant('tram'))
    program = Gps(herd, folder, server, gpsd.port, '--token-file', token)
    introduction = 'AUTH * ' + grant('*').strip()
    try:
        gpsd.accept()
        gpsd.say(tpv(1))
        wait_until(lambda: 'lets nobody report "boat"' in program.said(), program.said)
        for i in range(5):
            gpsd.say(tpv(2 + i))
            time.sleep(1)
        assert len(program.said().splitlines()) == 2, program.said()  # and one of gpsd's
        assert server.where('boat', [introduction]) is None
        put(grant('boat'))

        def taken():
            gpsd.say(tpv(int(time.monotonic() * 100)))
            return server.where('boat', [introduction]) is not None
        wait_until(taken, program.said)
        wait_until(lambda: 'it takes reports' in program.said(), program.said)
    finally:
        program.end()
        gpsd.close()
        server.stop()


def main(what, herd):
    if what == 'real' and not (shutil.which('gpsfake') and shutil.which('gpsd')):
        print('skipped: there is no gpsd, or no gpsfake (Debian: gpsd, gpsd-clients)')
        return SKIPPED
    for test in [real] if what == 'real' else [played, sealed]:
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            try:
                test(herd, pathlib.Path(folder))
            finally:
                for process in STARTED:
                    process.kill()
            print(f'{test.__name__}: fine')
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
