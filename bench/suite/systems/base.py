"""What the suite must know of a system under test."""
import dataclasses
import pathlib

from suite.topology import address

KEYS = 'keys'  # in the folder of a run


@dataclasses.dataclass(frozen=True)
class Tools:
    """Where everything is that is not on the search path."""
    root: pathlib.Path   # of the sources
    build: pathlib.Path  # of their build
    out: pathlib.Path    # results, and what is compiled for them

    @property
    def herd(self):
        """The program under test, which also brings the offline Places service."""
        return self.build / 'herd' / 'herd'

    @property
    def bench(self):
        """The load and the observers."""
        return self.build / 'bench' / 'herd-bench'

    @property
    def floor(self):
        """The least that the kernel's part costs."""
        return self.build / 'bench' / 'floor' / 'herd-floor'

    @property
    def reference(self):
        """The reference implementations' folder."""
        return self.root / 'bench' / 'reference'


class System:
    """One way to do the work. Systems are alike to the rest of the suite."""
    name = ''
    about = ''        # for the report: what it is, and what of its work is not the same
    speaks = 'iamat'
    scenarios = frozenset()
    compared = True   # in the tables of ratios
    sealed = False    # speaks TLS, with the keys in KEYS
    warmup = 0        # seconds until it is as fast as it gets, beyond what a case has

    def __init__(self, tools):
        self.tools = tools

    def missing(self):
        """A sentence when it cannot run on this machine, otherwise nothing."""
        return None

    def build(self):
        """Whatever must be compiled before the first start."""

    def arrange(self, topology):
        """The topology as this system has it."""
        return topology

    def commands(self, topology, folder, settings):
        """Writes what its servers read, and returns the command of each server by name."""
        raise NotImplementedError

    def clear(self, folder):
        """Removes what is large of what its servers have left in the folder of a run."""

    def parts(self, options):
        """The runs of herd-bench, each by its options, that make one result."""
        if 'warmup' in options:
            options = {**options, 'warmup': max(options['warmup'], self.warmup)}
        return [options]

    def alone(self, topology, folder, options):
        """A command that measures without a server and without herd-bench, and prints figures."""
        return None

    def target(self, topology, pids):
        """What herd-bench has to know."""
        return {'system': self.name, 'speaks': self.speaks, 'links': topology.links,
                'servers': [self.target_server(topology, name, pids[name])
                            for name in topology.servers]}

    def target_server(self, topology, name, pid):
        """One server of the target."""
        server = {'name': name, 'clients': address(topology.clients(name)), 'pids': [pid]}
        if name in topology.observed:
            server['observer'] = address(topology.observer(name))
        return server
