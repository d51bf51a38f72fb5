"""A server, phones that report to it by OkHttp, and who is between them."""
import contextlib
import json
import signal
import socket
import threading
import time
import urllib.parse

import lone_server
import phone_apps
import phone_setup


class Server(phone_setup.Desk):
    """One that may go and come back; all phones are Ada's."""

    def __init__(self, herd, folder):
        folder.mkdir()
        super().__init__(herd, folder)
        self.config = json.loads((folder / 'made.json').read_text('utf-8'))
        self.clients = int(self.config['servers'][0]['clients'].rpartition(':')[2])
        self.right = self.token('ada/*', 'report,ask')
        self.wrong = self.right[:-4] + 'AAAA'

    def restart(self, how=signal.SIGTERM, **limits):
        self.process.send_signal(how)
        self.process.wait(20)
        self.config['limits'].update(limits)
        self.process = lone_server.start(self.herd, self.folder, self.config, self.plain)

    def where(self, device):
        """Locations and times: one, or none."""
        lines = [f'AUTH ada/* {self.right}', f'WHATSAT ada/{device} 1 0']
        answers = lone_server.ask(self.clients, lines).splitlines()
        return [line.split()[4:] for line in answers if line.startswith('AT ')]

    def counters(self):
        return lone_server.counters(self.herd, self.folder / 'Alone.json')


class Point(phone_apps.Point):
    def fields(self):
        return {'lat': self.lat, 'lon': self.lon, 'timestamp': str(self.when)}


class Town:
    """The server, OkHttp, and where everybody goes."""

    def __init__(self, server, okhttp):
        self.server, self.okhttp = server, okhttp
        self.plain, self.tls = f'http://127.0.0.1:{server.plain}', f'https://127.0.0.1:{server.tls}'
        self.begin, self.count = int(time.time()) - 10_000, 0

    def point(self):
        """The next one."""
        self.count += 1
        return Point(self.count, self.begin + self.count)

    def post(self, base, client, how='POST', point=None):
        """Where the client of that name is, in the plainest way; unless that fails, it is taken.
        Anything but GET and POST is HttpURLConnection's."""
        point = point or self.point()
        fields = point.fields()
        method, more = 'POST', {'by': how, 'body': urllib.parse.urlencode(fields)}
        if how == 'GET':
            method, more = how, {'query': fields}
        elif how == 'POST':
            more = {'form': fields}
        url = f'{base}/p/{self.server.right}/{client}'
        result = self.okhttp.call(client, method, url, **more)
        if not result.error:
            assert (result.status, result.body) == (200, ''), result
            self.arrived(client, point)
        return result

    def arrived(self, device, point):
        found = self.server.where(device)
        wanted = [f'+{float(point.lat):g}-0{-float(point.lon):g}', str(point.when)]
        assert found == [wanted], (device, found, wanted)


class Relay:
    """Between phones and a port. Remembers what each connection begins with, and loses answers."""

    def __init__(self, port):
        self.target, self.firsts, self.lose = port, [], 0
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            phone, _ = self.listener.accept()
            server = socket.create_connection(('127.0.0.1', self.target))
            for way in ((phone, server), (server, phone)):
                threading.Thread(target=self.carry, args=(*way, way[0] is phone), daemon=True).start()

    def carry(self, source, sink, asks):
        first = True
        with contextlib.suppress(OSError):  # Either may go at any time.
            while part := source.recv(65536):
                if asks and first:
                    self.firsts.append(part)
                first = False
                if not asks and self.lose:
                    self.lose -= 1
                    break
                sink.sendall(part)
            sink.shutdown(socket.SHUT_RDWR)
