"""What the kernel's part alone costs."""
from suite.systems.base import System
from suite.topology import Topology


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
             'recover, no limits, no WHATSAT.')
    scenarios = frozenset(('request', 'propagation', 'connections'))

    def commands(self, topology, folder, settings):
        if len(topology.servers) == 1:
            name, = topology.servers
            return {name: [self.tools.floor, 'line', topology.clients(name)]}
        return {name: [self.tools.floor, 'flood', name, topology.clients(name),
                       topology.peers(name), *self.next_ports(topology, name)]
                for name in topology.servers}

    def next_ports(self, topology, name):
        """Where it sends what is new."""
        ports = [topology.peers(other) for other in topology.neighbours(name)]
        return ports + [topology.observer(name)] * (name in topology.observed)


class Relay(FloorProgram):
    """Three programs in a row that pass bytes on: what a path of that length costs at least."""
    name = 'relay'
    about = ('Three minimal epoll programs in a row that pass bytes on, unread: as many processes '
             'as a report wakes on its way, and nothing else.')
    speaks = 'at'
    scenarios = frozenset(('propagation',))
    chain = Topology(('r1', 'r2', 'r3'), (('r1', 'r2'), ('r2', 'r3')), ('r3',))

    def arrange(self, topology):
        return self.chain

    def commands(self, topology, folder, settings):
        ports = [topology.clients(name) for name in topology.servers]
        ports.append(topology.observer(topology.servers[-1]))
        return {name: [self.tools.floor, 'relay', port, following]
                for name, port, following in zip(topology.servers, ports, ports[1:])}

    def parts(self, options):
        """One observer at the end: reports pass 1, 2, 3 servers from where they enter."""
        seconds = options['seconds'] / 2
        return [{**options, 'enter': name, 'seconds': seconds}
                for name in reversed(self.chain.servers)]
