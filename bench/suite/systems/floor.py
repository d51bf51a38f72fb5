"""What the kernel's part alone costs."""
import json

from suite.systems import herd
from suite.systems.base import KEYS, System
from suite.topology import PLACES, WATCHED, chain


class FloorProgram(System):
    """Whatever `herd-floor` does."""

    def missing(self):
        if not self.tools.floor.exists():
            return f'{self.tools.floor} is not built.'
        return None


class Floor(FloorProgram):
    """A lone server answers a constant; five of them flood and remember a time per client."""
    name = 'floor'
    about = ('Minimal epoll programs. Alone: counts line ends and answers a constant. Five: parses '
             'nothing but spaces, keeps the newest time of each client, floods it; no links that '
             'recover, no limits. For WHATSAT: keeps the text of a location, asks by libcurl, '
             'passes on the first 2,000 bytes of what comes, unread.')
    scenarios = frozenset(('request', 'propagation', 'places', 'connections', 'start', 'visits'))
    flags = []

    def commands(self, topology, folder, settings):
        if not topology.links and not topology.observed:
            name, = topology.servers
            if 'places_delay_ms' in settings:
                return {name: [self.tools.floor, 'lookup', topology.clients(name), PLACES]}
            return {name: [self.tools.floor, 'line', topology.clients(name), *self.flags]}
        return {name: [self.tools.floor, 'flood', name, topology.clients(name),
                       topology.peers(name), *self.next_ports(topology, name)]
                for name in topology.servers}

    def next_ports(self, topology, name):
        """Where it sends what is new."""
        ports = [topology.peers(other) for other in topology.neighbours(name)]
        return ports + [topology.observer(name)] * (name in topology.observed)


class FloorSpin(Floor):
    """A core of its own."""
    name = 'floor-spin'
    about = 'The same, never asleep: it asks the kernel again and again.'
    scenarios = frozenset(('request',))
    flags = ['--spin']
    compared = False


class FloorTls(FloorProgram):
    """The lone server by TLS."""
    name = 'floor-tls'
    about = ('A minimal epoll program by OpenSSL, all connections by one BIO, on one thread: counts '
             'line ends and answers a constant.')
    scenarios = frozenset(('request', 'connections', 'handshakes'))
    compared = False
    sealed = True

    def commands(self, topology, folder, settings):
        keys = make_keys(self.tools, topology, folder)
        name, = topology.servers
        return {name: [self.tools.floor, 'tls', keys, name, topology.clients(name)]}


class Bare(FloorProgram):
    """Handshakes with nothing around them."""
    name = 'bare'
    about = ('What OpenSSL takes for a server\'s side of handshakes, from SSL_new to SSL_free: in '
             'one process, without sockets, with pauses between the steps as a server has them.')
    scenarios = frozenset(('handshakes',))
    compared = False

    def commands(self, topology, folder, settings):
        make_keys(self.tools, topology, folder)
        return {}

    def alone(self, topology, folder, options):
        return [self.tools.floor, 'handshakes', folder / KEYS, topology.servers[0],
                options['seconds']]


def make_keys(tools, topology, folder):
    """As the herd would have them."""
    (folder / herd.CONFIG).write_text(json.dumps(herd.configuration(topology, {})))
    herd.make_keys(tools, folder)
    return folder / KEYS


class Relay(FloorProgram):
    """Programs in a row that pass bytes on: what a path of that length costs at least."""
    name = 'relay'
    about = ('Minimal epoll programs in a row that pass bytes on, unread: as many processes as a '
             'report wakes on its way, and nothing else. Three of them where others are five.')
    speaks = 'at'
    scenarios = frozenset(('propagation',))
    row = chain(3)

    def arrange(self, topology):
        return self.row if topology == WATCHED else topology

    def commands(self, topology, folder, settings):
        ports = [topology.clients(name) for name in topology.servers]
        ports.append(topology.observer(topology.servers[-1]))
        return {name: [self.tools.floor, 'relay', port, following]
                for name, port, following in zip(topology.servers, ports, ports[1:])}

    def parts(self, options):
        """One observer at the end: reports pass 1, 2, 3 servers from where they enter."""
        if options['enter'] in self.row.servers:
            return [options]
        seconds = options['seconds'] / 2
        return [{**options, 'enter': name, 'seconds': seconds}
                for name in reversed(self.row.servers)]
