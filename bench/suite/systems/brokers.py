"""Well-known servers that do a part of the work, each in the way that is nearest to it."""
import shutil
import socket

from suite.systems.base import System
from suite.topology import HOST, Topology


class Redis(System):
    """A lone server that stores positions, finds who is near, and passes on what is published."""
    name = 'redis'
    about = ('redis-server without persistence, GEOADD: stores a position per client. It keeps '
             'neither time, skew nor the line, compares nothing, and tells nobody. GEOSEARCH answers '
             'with names and no positions. Followers are subscribers of a channel per client, to '
             'which the report is published, and not stored.')
    speaks = 'geoadd'
    scenarios = frozenset(('request', 'connections', 'clients', 'nearby', 'follow', 'visits'))

    def missing(self):
        if not shutil.which('redis-server'):
            return 'There is no redis-server (Debian: redis-server).'
        return None

    def commands(self, topology, folder, settings):
        return {name: ['redis-server', '--bind', HOST, '--port', topology.clients(name),
                       '--save', '', '--appendonly', 'no', '--maxclients', '15000',
                       '--dir', folder]
                for name in topology.servers}


class RedisPair(Redis):
    """A server and its replica."""
    name = 'redis-pair'
    about = ('redis-server with a replica, which begins with nothing: SET of each client to its AT '
             'line; a full synchronisation without disks and without its usual delay of 5 s, from a '
             'fork of the server into the empty replica.')
    speaks = 'set'
    scenarios = frozenset(('catch-up',))
    compared = False

    def commands(self, topology, folder, settings):
        commands = {name: [*command, '--repl-diskless-sync', 'yes',
                           '--repl-diskless-sync-delay', '0',
                           '--repl-diskless-load', 'on-empty-db',
                           '--client-output-buffer-limit', 'replica 0 0 0']
                    for name, command in super().commands(topology, folder, settings).items()}
        first, *others = commands
        for name in others:
            commands[name] += ['--replicaof', HOST, topology.clients(first)]
        return commands

    def stored(self, topology, folder):
        """How many keys each server has."""
        return {name: keys(topology.clients(name)) for name in topology.servers}


def keys(port):
    """How many the Redis at that port has."""
    with socket.create_connection((HOST, port), timeout=10) as connection:
        connection.sendall(b'DBSIZE\r\n')
        return int(connection.makefile().readline().removeprefix(':'))


class Nats(System):
    """Five servers that pass on what is published at one of them."""
    name = 'nats'
    about = ('nats-server, five as a tree of leaf nodes: Hands, Holiday and Wilkes are leaves of '
             'Goloman, Welsh of Holiday, so that reports that enter at Goloman pass as many '
             'servers as in the herd. The links Hands-Wilkes and Holiday-Wilkes are absent, '
             'because it does not allow circles: it sends less, and one broken link parts it. '
             'Nothing is stored, compared, repeated or answered. The payload is the same report; '
             'the observers are subscribers at the same five servers.')
    speaks = 'nats'
    scenarios = frozenset(('propagation',))
    tree = (('Goloman', 'Hands'), ('Goloman', 'Holiday'), ('Goloman', 'Wilkes'),
            ('Holiday', 'Welsh'))

    def missing(self):
        if not shutil.which('nats-server'):
            return 'There is no nats-server (Debian: nats-server).'
        return None

    def arrange(self, topology):
        return Topology(topology.servers, self.tree, topology.observed)

    def commands(self, topology, folder, settings):
        commands = {}
        for name in topology.servers:
            config = folder / f'{name}.conf'
            config.write_text(self.configuration(topology, name))
            commands[name] = ['nats-server', '-c', config]
        return commands

    def configuration(self, topology, name):
        """A leaf dials the server above it."""
        above = [f'{{ url: "nats-leaf://{HOST}:{topology.peers(one)}" }}'
                 for one, other in topology.links if other == name]
        return (f'server_name: {name}\nhost: {HOST}\nport: {topology.clients(name)}\n'
                f'leafnodes {{\n  host: {HOST}\n  port: {topology.peers(name)}\n'
                f'  remotes: [{" ".join(above)}]\n}}\n')

    def target_server(self, topology, name, pid):
        server = super().target_server(topology, name, pid)
        if server.pop('observer', None):
            server['observed'] = True
        return server
