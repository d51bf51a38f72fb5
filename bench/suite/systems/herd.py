"""The herd, as it is built."""
import json

from suite.systems.base import System
from suite.topology import PLACES, address, observer_of


class Herd(System):
    """Every server runs `herd serve` with one configuration that names its observer as well."""
    name = 'herd'
    about = 'This project. Observers are servers of its configuration, linked to one other each.'
    scenarios = frozenset(('request', 'propagation', 'places', 'connections', 'clients', 'fault'))

    def missing(self):
        if not self.tools.herd.exists():
            return f'{self.tools.herd} is not built.'
        return None

    def commands(self, topology, folder, settings):
        config = folder / 'herd.json'
        config.write_text(json.dumps(configuration(topology, settings), indent=1))
        return {name: [self.tools.herd, 'serve', name, '--config', config,
                       '--log-dir', folder / 'log'] for name in topology.servers}


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
