#!/usr/bin/env python3
"""One server of the herd in asyncio: a dictionary of locations, flooded to the neighbours."""
import argparse
import asyncio
import collections
import json
import logging
import pathlib
import signal
import time

import aiohttp

import messages
from config import Config
from neighbours import KeptNeighbour, Neighbour

log = logging.getLogger('herd')
PLACES_TIMEOUT = aiohttp.ClientTimeout(total=4)
BACKLOG = 1024  # a message is a connection: they come in bursts


class Server:
    """What all connections of a server share: the locations, the neighbours, the places."""

    def __init__(self, name, config, neighbour_type, session):
        self.name = name.encode()
        self.config = config
        self.session = session
        self.locations = {}  # client: the AT line of its location
        self.neighbours = {other.encode(): neighbour_type(other, config.address(other))
                           for other in config.neighbours[name]}

    def handle(self, line):
        """The answer to a line, or a coroutine that will have it."""
        match fields := line.split():
            case [b'IAMAT', client, location, stamp] if (
                    messages.is_location(location) and messages.is_time(stamp)):
                skew = messages.skew(time.time_ns() - messages.nanoseconds(stamp))
                at_line = b' '.join([b'AT', self.name, skew, client, location, stamp])
                self.update(client, at_line, [])
                return at_line + b'\n'
            case [b'WHATSAT', client, radius, bound] if (
                    messages.is_radius(radius) and messages.is_bound(bound)
                    and client in self.locations):
                return self.whatsat(self.locations[client], float(radius), int(bound))
            case [b'AT', _, _, client, location, stamp, *passed] if (
                    messages.is_location(location) and messages.is_time(stamp)):
                self.update(client, b' '.join(fields[:6]), passed)
                return b''
        return b'? ' + line + b'\n'

    def update(self, client, at_line, passed):
        """Whatever differs from what is known takes its place, and goes on to the neighbours."""
        if self.locations.get(client) == at_line:
            return
        self.locations[client] = at_line
        names = [name for name in [self.name, *self.neighbours] if name not in passed]
        message = b' '.join([at_line, *passed, *names])
        for name, neighbour in self.neighbours.items():
            if name not in passed:
                neighbour.send(message)

    async def whatsat(self, at_line, radius, bound):
        """The AT line, at most `bound` places near it, an empty line."""
        latitude, longitude = messages.LOCATION.fullmatch(at_line.split()[4]).groups()
        query = {'location': f'{float(latitude)},{float(longitude)}', 'radius': radius * 1000,
                 'key': self.config.key}
        try:
            async with self.session.get(self.config.places_url, params=query) as response:
                places = await response.json()
            places['results'] = places['results'][:bound]
        except (aiohttp.ClientError, asyncio.TimeoutError,
                ValueError, KeyError, TypeError) as error:
            log.warning('no places: %r', error)
            places = {'html_attributions': [], 'results': [], 'status': 'UNKNOWN_ERROR'}
        text = json.dumps(places, indent=3, separators=(',', ' : '), ensure_ascii=False)
        return at_line + b'\n' + text.encode() + b'\n\n'


class EchoServerClientProtocol(asyncio.Protocol):
    """A connection that somebody opened to us: lines in, their answers out in the same order."""

    def __init__(self, server):
        self.server = server
        self.lines = collections.deque()
        self.rest = b''  # of what came, behind the last newline
        self.lookup = None  # the WHATSAT that the lines behind it wait for
        self.ended = False

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        *lines, self.rest = (self.rest + data).split(b'\n')
        self.lines.extend(lines)
        self.answer_lines()

    def eof_received(self):
        if self.rest:
            self.lines.append(self.rest)
        self.ended = True
        self.answer_lines()
        return True  # stays open until all is answered

    def connection_lost(self, exc):
        if self.lookup:
            self.lookup.cancel()

    def answer_lines(self):
        """All that can be answered now."""
        while self.lines and not self.lookup:
            line = self.lines.popleft().removesuffix(b'\r')
            log.debug('in: %r', line)
            answer = self.server.handle(line)
            if isinstance(answer, bytes):
                self.say(answer)
            else:
                self.lookup = asyncio.create_task(answer)
                self.lookup.add_done_callback(self.looked_up)
        if self.ended and not self.lookup:
            self.transport.close()

    def looked_up(self, lookup):
        """The WHATSAT has its answer, unless the client has gone."""
        self.lookup = None
        if not lookup.cancelled():
            self.say(lookup.result())
            self.answer_lines()

    def say(self, answer):
        """Sends it."""
        log.debug('out: %r', answer)
        self.transport.write(answer)


async def serve(options):
    """Runs the server until a signal ends it."""
    config = Config(options.config)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in signal.SIGTERM, signal.SIGINT:
        loop.add_signal_handler(number, stop.set)
    async with aiohttp.ClientSession(timeout=PLACES_TIMEOUT) as session:
        neighbour_type = KeptNeighbour if options.keep else Neighbour
        server = Server(options.server, config, neighbour_type, session)
        listener = await loop.create_server(lambda: EchoServerClientProtocol(server),
                                            *config.address(options.server), backlog=BACKLOG)
        log.info('%s listens on %s port %d', options.server, *config.address(options.server))
        await stop.wait()
        listener.close()
    log.info('%s ends', options.server)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('server', metavar='SERVER_ID')
    parser.add_argument('--config', metavar='FILE', help='instead of what config.py says')
    parser.add_argument('--uvloop', action='store_true', help='run on uvloop')
    parser.add_argument('--keep', action='store_true', help='one connection per neighbour stays')
    parser.add_argument('--log', metavar='DIR', default='log', type=pathlib.Path)
    parser.add_argument('--wire', action='store_true', help='log every line in and out')
    options = parser.parse_args()
    options.log.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=options.log / f'{options.server}.log',
                        format='%(asctime)s %(levelname)s %(message)s')
    log.setLevel(logging.DEBUG if options.wire else logging.INFO)
    if options.uvloop:
        import uvloop
        uvloop.install()
    asyncio.run(serve(options))


if __name__ == '__main__':
    main()
