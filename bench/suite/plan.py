"""What is measured, in which order, with which options, and how long that will take."""
import dataclasses
import math

from suite import search
from suite.metrics import RADII
from suite.targets import CHAIN_RATES, EIGHTY, HOPS, JOURNAL, VISITS, VISITS_HALF, chain_name
from suite.topology import ALONE, STAR, WATCHED, Topology, chain

PROTOTYPES = ('python', 'python-uvloop', 'python-kept', 'node', 'java')
QUICK = ('herd', 'python', 'floor')
SPINNING = ('herd-spin', 'floor-spin')
DEFAULT_CLIENTS = 1_000_000  # of the herd's configuration
HUGE_GB = 3  # ten million records, their index, and room for the load
LIMIT = 'limit'  # the case whose result is the Python prototype's highest rate
START = 'start'  # needs no herd-bench
GRAPH = 'graph'  # cases that are compared with each other
TLS_IDLE = 2_000
BENCHED = {LIMIT: 'propagation', 'calls': 'request', 'journal': 'request', GRAPH: 'propagation',
           START: None}


@dataclasses.dataclass(frozen=True)
class Case:
    """One comparison: the same run of herd-bench for several systems, in rounds."""
    name: str
    scenario: str
    topology: Topology
    systems: tuple
    rounds: int
    options: dict
    settings: dict = dataclasses.field(default_factory=dict)
    of_limit: bool = False  # its rate is known when the limit is

    @property
    def benched(self):
        """The scenario of herd-bench that this takes."""
        return BENCHED.get(self.scenario, self.scenario)

    def at(self, rate):
        """This case at that rate."""
        return dataclasses.replace(self, options={**self.options, 'rate': rate},
                                   name=f'{self.name} ({rate:,}/s)', of_limit=False)


def request(connections, depth, systems, rounds, seconds):
    """Round trips of IAMAT lines at a lone server, as many as it takes."""
    options = {'connections': connections, 'depth': depth, 'clients': 100_000, 'seconds': seconds,
               'warmup': 0.3}
    return Case(f'request {connections}x{depth}', 'request', ALONE, systems, rounds, options)


def propagation(rate, burst, systems, rounds, seconds):
    """From a client at Goloman to observers at all five servers."""
    name = f'propagation {rate:,}/s' + (f' in bursts of {burst:,}' if burst > 1 else '')
    options = {'rate': rate, 'burst': burst, 'enter': 'Goloman', 'seconds': seconds,
               'clients': max(1000, 4 * burst), 'warmup': 0.3, 'settle': 0.3}
    return Case(name, 'propagation', WATCHED, systems, rounds, options)


def in_a_row(hops, rate, systems, rounds, seconds):
    """From a client at the first of a chain to an observer at its last."""
    case = propagation(rate, 1, systems, rounds, seconds)
    return dataclasses.replace(case, name=chain_name(hops, rate), topology=chain(hops),
                               options={**case.options, 'enter': 'r1'})


def places(systems, rounds, seconds):
    """IAMAT beside WHATSAT, whose Places service takes 20 ms."""
    options = {'rate': 100, 'iamat-rate': 500, 'connections': 20, 'seconds': seconds}
    return Case('places (20 ms upstream)', 'places', ALONE, systems, rounds, options,
                {'places_delay_ms': 20})


def lookups(systems, rounds, seconds):
    """WHATSATs whose Places service answers at once, for what each costs the server."""
    options = {'rate': 1000, 'iamat-rate': 2000, 'connections': 50, 'clients': 500,
               'seconds': seconds}
    return Case('lookups', 'places', ALONE, systems, rounds, options, {'places_delay_ms': 0})


def connections(idle, systems, rounds, seconds):
    """Idle connections, and a load beside them."""
    options = {'idle': idle, 'connections': 50, 'depth': 16, 'seconds': seconds, 'warmup': 0.5}
    return Case(f'connections {idle:,}', 'connections', ALONE, systems, rounds, options)


def visits(systems, rounds, seconds):
    """A connection for each command; ended by its client behind the answer, or behind the command."""
    options = {'connections': 50, 'clients': 100_000, 'seconds': seconds, 'warmup': 0.2}
    return [Case(VISITS, 'visits', ALONE, systems, rounds, options),
            Case(VISITS_HALF, 'visits', ALONE, ('herd', 'floor'), rounds,
                 {**options, 'half-close': 'true'})]


def clients(count, systems, rounds, seconds):
    """That many clients stored, and a load among them."""
    options = {'clients': count, 'connections': 50, 'depth': 64, 'seconds': seconds,
               'warmup': 0.3}
    settings = {'limits': {'clients': count}} if count > DEFAULT_CLIENTS else {}
    return Case(f'clients {count:,}', 'clients', ALONE, systems, rounds, options, settings)


def fault(systems, rounds):
    """One of five servers is killed under load and started again.

    So few clients that each has reported by then.
    """
    options = {'kill': 'Holiday', 'rate': 500, 'clients': 200, 'before': 0.7, 'down': 1,
               'after': 1.5}
    return Case('fault', 'fault', WATCHED, systems, rounds, options)


def starts(systems, rounds):
    """From a process's start until it accepts clients, with default limits."""
    return Case('start', START, ALONE, systems, rounds, {})


def calls(connections, rounds, seconds):
    """System calls of a server with three neighbours, which are not linked with each other.

    One that has it from another first sends a report back; strace slows a server down until they do.
    """
    options = {'server': 'Goloman', 'connections': connections, 'depth': 64, 'clients': 100_000,
               'seconds': seconds, 'warmup': 0.2}
    return Case(f'calls {connections}x64', 'calls', STAR, ('herd',), rounds, options)


PEOPLE = {'clients': DEFAULT_CLIENTS}


def watching(rounds, seconds):
    """Asking by place and following, beside the one of those that does either."""
    both = ('herd', 'redis')
    around = {**PEOPLE, 'radii': ','.join(RADII), 'bound': 20, 'connections': 8, 'depth': 32,
              'seconds': seconds, 'warmup': 0.2}
    many = {'followers': 10_000, 'rate': 100_000, 'seconds': 1, 'warmup': 0.5}
    room = {'limits': {'connections': 10_200}}
    asked = {**PEOPLE, 'rate': 10_000, 'radius': 10, 'seconds': 1}
    deaf = {**PEOPLE, 'rate': 0, 'deaf': 1_000, 'radius': 10, 'seconds': 1}
    return [Case('nearby', 'nearby', ALONE, both, rounds, around),
            Case('follow 10,000', 'follow', ALONE, both, rounds, many, room),
            Case('IAMAT beside NEARBY', 'beside', ALONE, ('herd',), rounds, asked),
            Case('IAMAT beside deaf followers', 'beside', ALONE, ('herd',), rounds, deaf)]


def sealed(rounds):
    """What TLS costs, beside plain connections and beside what OpenSSL takes anyway."""
    least = ('herd-tls', 'floor-tls')
    both = ('herd', 'herd-tls')
    four = ('herd', 'floor', *least)
    alike = [request(50, 64, four, rounds, 0.75), request(1, 1, four, rounds, 0.75),
             propagation(1_000, 1, both, rounds, 1),
             dataclasses.replace(calls(1, rounds, 0.5), systems=both)]
    idle = dataclasses.replace(connections(TLS_IDLE, both, rounds, 0.5),
                               # An eighth is for neighbours.
                               settings={'limits': {'tls_connections': (TLS_IDLE + 100) * 8 // 7}})
    newcomers = Case('handshakes', 'handshakes', ALONE, (*least, 'bare'), rounds,
                     {'connections': 16, 'seconds': 1, 'warmup': 0.3})
    strangers = Case('ClientHellos', 'hellos', ALONE, ('herd-tls',), rounds,
                     {'rate': 2000, 'at-once': 64, 'turns': 5, 'seconds': 0.3, 'warmup': 0.3})
    return [dataclasses.replace(case, name=f'TLS: {case.name}')
            for case in (*alike, idle, newcomers, strangers)]


def journal(rounds, seconds):
    """What a journal costs beside none, and what it takes of the disk, when all clients move."""
    options = {'connections': 50, 'depth': 64, 'clients': DEFAULT_CLIENTS, 'seconds': seconds,
               'warmup': 0.5}
    return Case(JOURNAL, 'journal', ALONE, ('herd', 'herd-second', 'herd-always'), rounds, options,
                {'limits': {'clients': 1_200_000, 'new_clients_per_s': DEFAULT_CLIENTS}})


def limit(system):
    """A search for the highest rate of propagation that this system sustains."""
    return dataclasses.replace(later((system,), 1), name=f'{LIMIT} of {system}', scenario=LIMIT)


def eighty(systems, rounds):
    """Propagation at a load that is heavy for the prototype."""
    return dataclasses.replace(later(systems, rounds), of_limit=True, name=EIGHTY)


def later(systems, rounds):
    """Propagation at a rate that is known only then: `Case.at`."""
    case = propagation(1, 1, systems, rounds, 1.5)
    return dataclasses.replace(case, options={**case.options, 'rate': 'RATE'})


def quick(systems=QUICK):
    """What matters most, in less than two minutes with the systems that matter most."""
    return [
        request(50, 64, systems, 3, 1),
        request(1, 1, systems, 3, 1),
        propagation(200, 1, systems, 3, 1),
        propagation(1_000, 1, systems, 3, 1),
        propagation(6_400, 64, systems, 2, 1),
        fault(('herd',), 1),
        connections(1_000, systems, 1, 0.5),
        clients(100_000, systems, 1, 0.5),
        places(tuple(name for name in systems if name != 'floor'), 1, 0.7),
    ]


def targets(huge=False):
    """What `targets.TARGETS` need and no more: at least five rounds of each, in a quarter of an hour."""
    both = ('herd', 'floor')
    return [
        request(50, 64, (*both, 'redis', 'python'), 5, 1),
        request(50, 256, (*both, 'redis'), 5, 1),
        request(1, 1, (*both, *SPINNING), 5, 1),
        *chains(5),
        propagation(1_000, 1, both, 5, 1.5),
        propagation(6_400, 64, both, 5, 1.5),
        propagation(20_480, 1_024, both, 5, 1.5),
        limit('python'),
        eighty(('herd', 'python'), 5),
        connections(5_000, (*both, 'redis'), 5, 0.5),
        clients(1_000_000, ('herd', 'redis'), 5, 0.5),
        *visits((*both, 'nginx', 'python'), 5, 0.5),
        *watching(5, 0.3),
        journal(5, 2),
        *sealed(5),
        *rest(huge),
    ]


def chains(rounds):
    """The herd and the least programs in rows of several lengths, with and without answers."""
    return [in_a_row(hops, rate, ('herd', 'relay', 'floor'), rounds, 1)
            for rate in CHAIN_RATES for hops in HOPS]


def rest(huge):
    """What only the targets need."""
    cases = [lookups(('herd', 'floor'), 5, 1), starts(('herd', 'floor'), 5), calls(50, 5, 0.5),
             calls(1, 5, 0.5)]
    if huge:
        cases.append(clients(10_000_000, ('herd', 'herd-few'), 5, 1))
    return cases


def full(huge=False):
    """All systems, in half an hour or so; `huge` takes longer, and much memory."""
    every = ('herd', *PROTOTYPES, 'floor', 'redis')
    some = ('herd', 'python', 'python-kept', 'node', 'java', 'floor', 'redis')
    spread = ('herd', *PROTOTYPES, 'floor', 'relay', 'nats')
    fast = ('herd', 'python-kept', 'node', 'java', 'floor', 'nats')
    stores = ('herd', *PROTOTYPES)
    return [
        request(50, 64, every, 5, 1),
        request(1, 1, (*every, *SPINNING), 5, 1),
        *chains(5),
        propagation(200, 1, spread, 3, 1.5),
        propagation(1_000, 1, spread, 5, 1.5),
        propagation(10_000, 1, spread, 3, 1.5),
        propagation(6_400, 64, fast, 5, 1.5),
        propagation(20_480, 1_024, fast, 5, 1.5),
        fault(('herd', 'python'), 3),
        places(('herd', 'python', 'python-kept', 'node', 'java'), 2, 1),
        limit('python'),
        eighty(spread, 3),
        request(50, 256, some, 5, 1),
        connections(5_000, (*stores, 'floor', 'redis'), 3, 0.5),
        clients(10_000, stores, 2, 0.5),
        clients(100_000, stores, 3, 0.5),
        clients(1_000_000, ('herd', 'python-kept', 'node', 'java', 'redis'), 1, 0.5),
        *visits(('herd', 'floor', 'nginx', 'redis', 'python'), 3, 0.5),
        *watching(5, 0.3),
        journal(5, 2),
        *sealed(5),
        *rest(huge),
    ]


def select(cases, scenarios, only, rounds):
    """The cases whose name begins so, with no more rounds than that.

    `scenarios` has those that each system can do, by its name; other systems stay away.
    """
    chosen = []
    for case in cases:
        scenario = 'propagation' if case.scenario == LIMIT else case.scenario
        systems = tuple(name for name in case.systems if scenario in scenarios.get(name, ()))
        if systems and (not only or case.name.startswith(only)):
            chosen.append(dataclasses.replace(case, systems=systems,
                                              rounds=min(case.rounds, rounds or case.rounds)))
    return chosen


# Time, in seconds: measured on two cores, and only there to be told beforehand ----------------

STARTING = {'python': 0.4, 'python-uvloop': 0.4, 'python-kept': 0.4, 'node': 0.2, 'java': 0.8}
AROUND = {'request': 0.1, 'propagation': 0.1, 'places': 2.4, 'connections': 2, 'clients': 0.3,
          'fault': 2.5, LIMIT: 0.1, START: 0.4, 'calls': 0.5, 'handshakes': 0.2, 'hellos': 1.2,
          'nearby': 0.3, 'follow': 3, 'beside': 0.5, 'visits': 0.2, 'graph': 1.5, 'catch-up': 4,
          'journal': 0.5}
WARMUP = {'node': 1, 'java': 3}
STORED_PER_SECOND = {'herd': 1_000_000, 'herd-few': math.inf, 'python': 80_000,
                     'python-uvloop': 160_000, 'python-kept': 160_000, 'node': 140_000,
                     'java': 80_000, 'redis': 400_000, 'redis-pair': 400_000}
CAUGHT_UP_PER_SECOND = {'herd': 1_500_000, 'redis-pair': 500_000}


def run_seconds(case, system):
    """What one run of one system takes."""
    options = case.options
    windows = {'places': 3, 'connections': 2, LIMIT: len(search.LADDER).bit_length(),
               'hellos': 2 * options.get('turns', 1), 'nearby': len(RADII),
               'beside': 4}.get(case.scenario, 1)
    start = (STARTING.get(system, 0.1) * len(case.topology.servers) / 2
             + 0.3 * (len(case.topology.servers) > 1))
    measured = sum(options.get(name, 0) for name in ('seconds', 'warmup', 'settle', 'before',
                                                     'down', 'after'))
    if 'warmup' in options:
        start += max(0, WARMUP.get(system, 0) - options['warmup'])
    if case.scenario == LIMIT:
        return windows * (start + measured + AROUND[LIMIT])
    if case.scenario == 'catch-up':
        start += options['clients'] / CAUGHT_UP_PER_SECOND[system]
    if case.scenario in ('clients', 'nearby', 'beside', 'catch-up'):
        start += options['clients'] / STORED_PER_SECOND[system]
    return start + windows * measured + AROUND[case.scenario]


def case_seconds(case):
    """What all rounds of all systems take, when everybody sustains it."""
    return case.rounds * sum(run_seconds(case, system) for system in case.systems)


def total_seconds(cases):
    """What a whole plan takes."""
    return sum(map(case_seconds, cases))
