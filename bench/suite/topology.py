"""Who listens where and who is linked with whom, for every system alike."""
import dataclasses

HOST = '127.0.0.1'
CLIENTS, PEERS, OBSERVERS, UNUSED, SEALED, PLACES = 21001, 21101, 21201, 21401, 21501, 21300


@dataclasses.dataclass(frozen=True)
class Topology:
    """Servers and links by name, and which servers an observer watches as one more neighbour."""
    servers: tuple
    links: tuple = ()
    observed: tuple = ()

    def clients(self, name):
        """The port where clients connect."""
        return CLIENTS + self.servers.index(name)

    def peers(self, name):
        """The port for the other servers, where a system has one of its own for them."""
        return PEERS + self.servers.index(name)

    def observer(self, name):
        """The port where herd-bench awaits this server."""
        return OBSERVERS + self.servers.index(name)

    def unused(self, name):
        """A port that nobody listens at: an observer has no clients."""
        return UNUSED + self.servers.index(name)

    def sealed(self, name):
        """The port where clients connect that speak TLS, where plain ones have another."""
        return SEALED + self.servers.index(name)

    def neighbours(self, name):
        """The servers linked with this one, in the order of the links."""
        return [one if other == name else other for one, other in self.links
                if name in (one, other)]


FIVE = ('Goloman', 'Hands', 'Holiday', 'Welsh', 'Wilkes')
GRAPH = (('Goloman', 'Hands'), ('Goloman', 'Holiday'), ('Goloman', 'Wilkes'), ('Hands', 'Wilkes'),
         ('Holiday', 'Welsh'), ('Holiday', 'Wilkes'))

ALONE = Topology(('Goloman',))
STAR = Topology(('Goloman', 'Hands', 'Holiday', 'Wilkes'),
                (('Goloman', 'Hands'), ('Goloman', 'Holiday'), ('Goloman', 'Wilkes')))
WATCHED = Topology(FIVE, GRAPH, FIVE)


def chain(length):
    """Servers in a row, with an observer at the last."""
    names = tuple(f'r{number}' for number in range(1, length + 1))
    return Topology(names, tuple(zip(names, names[1:])), names[-1:])


def observer_of(name):
    """What a server's observer is called in configurations."""
    return f'{name}-observer'


def address(port):
    """As configurations and target files have it."""
    return f'{HOST}:{port}'
