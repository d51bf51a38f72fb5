"""The herd, as it is built."""
import json

from suite.systems.base import System
from suite.topology import PLACES, address, observer_of


class Herd(System):
    """Every server runs `herd serve` with one configuration that names its observer as well."""
    name = 'herd'
    about = 'This project. Observers are servers of its configuration, linked to one other each.'
    scenarios = frozenset(('request', 'propagation', 'places', 'connections', 'clients', 'fault',
                           'start', 'calls'))
    root = {}  # of the configuration, beyond what all have

    def missing(self):
        if not self.tools.herd.exists():
            return f'{self.tools.herd} is not built.'
        return None

    def commands(self, topology, folder, settings):
        config = folder / 'herd.json'
        made = {**configuration(topology, settings), **self.root}
        config.write_text(json.dumps(made, indent=1))
        return {name: [self.tools.herd, 'serve', name, '--config', config,
                       '--log-dir', folder / 'log'] for name in topology.servers}


class HerdSpin(Herd):
    """A core of its own."""
    name = 'herd-spin'
    about = 'The same with "spin": it never sleeps.'
    scenarios = frozenset(('request',))
    root = {'spin': True}
    compared = False


class HerdFew(Herd):
    """What more clients are compared with, in turns with them."""
    name = 'herd-few'
    about = 'The same with 10,000 stored clients and default limits, whatever the case has.'
    scenarios = frozenset(('clients',))
    compared = False

    def commands(self, topology, folder, settings):
        return super().commands(topology, folder, {})

    def parts(self, options):
        return [{**options, 'clients': 10_000}]


def configuration(topology, settings):
    """herd.json for this topology."""
    servers = [server(name, topology.clients(name), topology.peers(name))
               for name in topology.servers]
    servers += [server(observer_of(name), topology.unused(name), topology.observer(name))
                for name in topology.observed]
    links = [*topology.links, *((name, observer_of(name)) for name in topology.observed)]
    return {'servers': servers, 'links': links,
            'places': {'provider': 'offline', 'url': f'http://{address(PLACES)}'},
            'limits': settings.get('limits', {})}


def server(name, clients, peers):
    """One server of herd.json."""
    return {'name': name, 'clients': address(clients), 'peers': address(peers)}
