"""The herd, as it is built."""
import json
import shutil
import subprocess

from suite import status
from suite.processes import Failure
from suite.systems.base import KEYS, System
from suite.topology import PLACES, address, observer_of

CONFIG = 'herd.json'
JOURNALS = 'journals'  # in the folder of a run
SERVERS_MAX = 64  # of a configuration


class Herd(System):
    """Every server runs `herd serve` with one configuration that names its observer as well."""
    name = 'herd'
    about = 'This project. Observers are servers of its configuration, linked to one other each.'
    scenarios = frozenset(('request', 'propagation', 'places', 'connections', 'clients', 'fault',
                           'start', 'calls', 'nearby', 'follow', 'beside', 'visits', 'graph',
                           'catch-up', 'journal'))
    root = {}     # of the configuration, beyond what all have
    fsync = None  # of a journal, if it has one

    def missing(self):
        if not self.tools.herd.exists():
            return f'{self.tools.herd} is not built.'
        return None

    def commands(self, topology, folder, settings):
        configs = dict.fromkeys(topology.servers, folder / CONFIG)
        whole = self.configuration(topology, folder, settings)
        if len(whole['servers']) > SERVERS_MAX:
            for name in topology.observed:
                configs[name] = folder / f'{name}.json'
                near = {name, observer_of(name), *topology.neighbours(name)}
                configs[name].write_text(json.dumps(part(whole, near), indent=1))
            whole = part(whole, set(topology.servers))
        (folder / CONFIG).write_text(json.dumps(whole, indent=1))
        return {name: [self.tools.herd, 'serve', name, '--config', config,
                       '--log-dir', folder / 'log'] for name, config in configs.items()}

    def configuration(self, topology, folder, settings):
        """What its servers read, in a run in this folder."""
        return {**configuration(topology, settings), **self.root}

    def stored(self, topology, folder):
        """How many clients' positions each server has."""
        return {name: said['records'] for name, said in status.ask(self.tools, folder / CONFIG).items()}


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


class HerdSecond(Herd):
    """What a journal adds."""
    name = 'herd-second'
    about = 'The same with a journal that the disk has within a second ("fsync": "second").'
    scenarios = frozenset(('journal',))
    compared = False
    fsync = 'second'

    def commands(self, topology, folder, settings):
        (folder / JOURNALS).mkdir()
        return super().commands(topology, folder, settings)

    def configuration(self, topology, folder, settings):
        return {**super().configuration(topology, folder, settings),
                'journal': {'folder': str(folder / JOURNALS), 'fsync': self.fsync}}

    def clear(self, folder):
        shutil.rmtree(folder / JOURNALS, ignore_errors=True)


class HerdAlways(HerdSecond):
    """The same, where answers wait for the disk."""
    name = 'herd-always'
    about = 'The same with a journal that the disk has before each answer ("fsync": "always").'
    fsync = 'always'


class HerdTls(Herd):
    """What TLS adds."""
    name = 'herd-tls'
    about = ('The same by TLS 1.3, with P-256 certificates: clients have the servers prove their '
             'names, and servers each other. The plain port is open beside it.')
    scenarios = frozenset(('request', 'propagation', 'connections', 'calls', 'handshakes',
                           'hellos'))
    compared = False
    sealed = True

    def configuration(self, topology, folder, settings):
        made = {**super().configuration(topology, folder, settings), 'keys': str(folder / KEYS)}
        for each in made['servers']:
            if each['name'] in topology.servers:
                each['clients_tls'] = address(topology.sealed(each['name']))
        return made

    def commands(self, topology, folder, settings):
        commands = super().commands(topology, folder, settings)
        make_keys(self.tools, folder)
        return commands

    def target_server(self, topology, name, pid):
        return {**super().target_server(topology, name, pid),
                'clients': address(topology.sealed(name))}


def part(configuration, names):
    """The same for those servers only, which is what one needs who knows no others."""
    return {**configuration,
            'servers': [each for each in configuration['servers'] if each['name'] in names],
            'links': [link for link in configuration['links'] if names.issuperset(link)]}


def make_keys(tools, folder):
    """Keys and certificates of all servers of the configuration there."""
    command = [tools.herd, 'keys', folder / KEYS, '--config', folder / CONFIG]
    run = subprocess.run(command, check=False, text=True, capture_output=True)
    if run.returncode:
        raise Failure(f'herd keys: {run.stderr.strip()}')


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
