"""What is measured of herds of many servers, and of many clients: `./dev bench --scale`."""
from suite import graphs
from suite.plan import GRAPH, Case
from suite.targets import CATCH_UP, GRAPHS, RECORDS, graph_name
from suite.topology import Topology

GB = 10  # of memory: Redis twice with its keys, and what a fork of it copies
SECONDS = 600  # until cases get no further rounds: on a machine that is busy elsewhere, too, it ends
PAIR = Topology(('Goloman', 'Hands'), (('Goloman', 'Hands'),))


def graph(shape, count, rounds, seconds):
    """Reports at one end of such a herd, seen at the other, and all lines between its servers.

    Few of them, so that the processors are not what is measured.
    """
    topology = graphs.watched(shape, count)
    entry, _, _ = graphs.ends(topology)
    options = {'enter': entry, 'rate': 250, 'clients': 1_000, 'seconds': seconds, 'warmup': 0.5,
               'settle': 0.5}
    return Case(graph_name(shape, count), GRAPH, topology, ('herd',), rounds, options)


def catch_up(records, rounds, seconds):
    """One of two servers is killed and started again with nothing, and reports go on at the other."""
    options = {'clients': records, 'rate': 1_000, 'seconds': seconds, 'down': 1, 'timeout': 120}
    # As long as it may take until a SYNC is answered: the bound is --timeout.
    settings = {'limits': {'clients': records, 'sync_ms': 60_000}}
    return Case(CATCH_UP, 'catch-up', PAIR, ('herd', 'redis-pair'), rounds, options, settings)


def cases(records=RECORDS):
    """All of it, in a quarter of an hour; without the clients where there is no memory for them."""
    made = [graph(shape, count, 3, 2) for shape, counts in GRAPHS.items() for count in counts]
    return made + ([catch_up(records, 3, 3)] if records else [])
