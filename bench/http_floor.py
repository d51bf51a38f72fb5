#!/usr/bin/env python3
"""What HTTP costs beside nginx (Debian) that answers a constant, one worker: requests a second, and
microseconds of the server's processor time for each.

    bench/http_floor.py [--rounds N] [--seconds S] [--connections C] [--herd PATH]

wrk asks both, in turns, on kept connections, each with one request at a time. `health` is GET
/healthz, `report` is POST /iamat with a newer report each time; `form` and `json` are a newer position
each time at the port for phones, as Traccar Client 10 and OwnTracks post them. Of the rounds the
median counts, ratios are of one round. Needs nginx and wrk (Debian: nginx-light, wrk).
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from ports import take_ports
from suite.systems import nginx

WANTED = {'health': 0.9, 'report': 0.7, 'form': 0.7, 'json': 0.7}
PATHS = {'health': '/healthz', 'report': '/iamat', 'form': '/p/any', 'json': '/pub'}
PHONES = {'form', 'json'}

# With a body that is newer each time, of a thousand clients. OwnTracks sends more headers than these
# two; wrk's are its Host and its own agent.
SCRIPT = """
local id, stamp = math.random(1, 1000000), 1600000000
wrk.method = "POST"
wrk.headers["Content-Type"] = "%s"
request = function()
    stamp = stamp + 1
    local client = id + stamp %% 1000
    return wrk.format(nil, nil, nil, %s)
end
"""
SCRIPTS = {
    'report': SCRIPT % ('text/plain', '"IAMAT c" .. client .. " +34.068930-118.445127 " .. stamp'),
    'form': SCRIPT % ('application/x-www-form-urlencoded; charset=UTF-8',
                      '"id=c" .. client .. "&timestamp=" .. stamp .. "&lat=34.068930&lon=-118.445127'
                      '&speed=1.25&bearing=90.0&altitude=81.5&accuracy=4.2&batt=57.0&charge=true"'),
    'json': SCRIPT % ('application/json; charset=utf-8',
                      r"""'{"_type":"location","acc":12,"alt":81,"batt":57,"bs":1,"conn":"m",'"""
                      r""" .. '"lat":34.06893,"lon":-118.445127,"t":"u","tid":"c1","vac":2,"vel":4,'"""
                      r""" .. '"topic":"owntracks/ada/c' .. client .. '","tst":' .. stamp .. '}'"""),
}


def await_port(process, port):
    end = time.monotonic() + 20
    while True:
        if process.poll() is not None:
            sys.exit(f'{process.args[0]} has ended')
        try:
            socket.create_connection(('127.0.0.1', port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                sys.exit(f'{process.args[0]} does not listen')
            time.sleep(0.05)


def cpu_seconds(pid):
    """User and system time of this process so far."""
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text(encoding='ascii').rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


class Server:
    def __init__(self, command, port, phones=None):
        self.port, self.phones = port, phones or port
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        await_port(self.process, port)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def start_herd(path, folder):
    clients, peers, http, phones = take_ports(4)
    config = folder / 'herd.json'
    config.write_text(json.dumps({
        'servers': [{'name': 'A', 'clients': f'127.0.0.1:{clients}', 'peers': f'127.0.0.1:{peers}',
                     'http': f'127.0.0.1:{http}', 'phones': f'127.0.0.1:{phones}'}],
        'links': [], 'log': {'folder': str(folder)},
        'limits': {'http_connections': 512}}), encoding='utf-8')
    return Server([path, 'serve', 'A', '--config', config], http, phones)


def start_nginx(folder):
    port, = take_ports(1)
    return Server(nginx.write(folder, port, nginx.KEPT, ' "ok\\n"'), port)


def load(server, what, options, folder):
    """Requests a second, and processor time of the server for one, in microseconds."""
    command = ['wrk', '-t1', f'-c{options.connections}', f'-d{options.seconds}s']
    if what in SCRIPTS:
        script = folder / f'{what}.lua'
        script.write_text(SCRIPTS[what], encoding='utf-8')
        command += ['-s', script]
    port = server.phones if what in PHONES else server.port
    before = cpu_seconds(server.process.pid)
    said = subprocess.run([*command, f'http://127.0.0.1:{port}{PATHS[what]}'], check=True,
                          capture_output=True, text=True).stdout
    used = cpu_seconds(server.process.pid) - before
    if 'Non-2xx' in said or 'Socket errors' in said:
        sys.exit(said)
    count = int(re.search(r'(\d+) requests in', said)[1])
    rate = float(re.search(r'Requests/sec:\s+([\d.]+)', said)[1])
    return rate, used / count * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--seconds', type=int, default=3)
    parser.add_argument('--connections', type=int, default=50)
    parser.add_argument('--herd', default='build/herd/herd')
    options = parser.parse_args()
    for program in 'nginx', 'wrk':
        if not shutil.which(program):
            sys.exit(f'There is no {program} (Debian: nginx-light, wrk).')
    with tempfile.TemporaryDirectory(prefix='herd-http-') as name:
        folder = pathlib.Path(name)
        servers = {'herd': start_herd(options.herd, folder), 'nginx': start_nginx(folder)}
        try:
            figures = {}
            for number in range(options.rounds):
                for what in WANTED:
                    # Who begins changes.
                    for system in sorted(servers, reverse=number % 2 == 1):
                        measured = load(servers[system], what, options, folder)
                        figures.setdefault((what, system), []).append(measured)
        finally:
            for server in servers.values():
                server.end()
    print('|  | herd | nginx | measured | wanted | CPU of a request |\n|---|---|---|---|---|---|')
    for what, wanted in WANTED.items():
        herd, nginx = figures[what, 'herd'], figures[what, 'nginx']
        ratio = statistics.median(one[0] / other[0] for one, other in zip(herd, nginx))
        rates = [statistics.median(each[0] for each in system) for system in (herd, nginx)]
        costs = [statistics.median(each[1] for each in system) for system in (herd, nginx)]
        print(f'| {what} | {rates[0]:,.0f}/s | {rates[1]:,.0f}/s | {ratio:.2f} x | at least '
              f'{wanted:.2f} x | {costs[0]:.1f} and {costs[1]:.1f} us |')


if __name__ == '__main__':
    main()
