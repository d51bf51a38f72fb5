"""Shapes of large herds, and what a report costs on them by the model."""
import dataclasses

from suite.topology import Topology


def names(count):
    """Servers by their number."""
    return tuple(f's{number}' for number in range(1, count + 1))


def ring(count):
    """Each server is linked with the two beside it."""
    made = names(count)
    return Topology(made, tuple(zip(made, made[1:] + made[:1])))


def tree(count):
    """Each server but the first is linked with one above it, which has two below at most."""
    made = names(count)
    return Topology(made, tuple((made[(number - 1) // 2], made[number])
                                for number in range(1, count)))


def mesh(count):
    """Each is linked with each."""
    made = names(count)
    return Topology(made, tuple((one, other) for number, one in enumerate(made)
                                for other in made[number + 1:]))


SHAPES = {'ring': ring, 'tree': tree, 'mesh': mesh}


def passed(topology, entry):
    """How many servers a report passes to each, itself included, when it enters at that one."""
    counts, edge = {entry: 1}, [entry]
    for name in edge:
        for other in topology.neighbours(name):
            if other not in counts:
                counts[other] = counts[name] + 1
                edge.append(other)
    return counts


def ends(topology):
    """Two servers that are as far apart as any, and how many a report passes between them."""
    count, _, entry, last = max((count, -number, entry, last)
                                for number, entry in enumerate(topology.servers)
                                for last, count in passed(topology, entry).items())
    return entry, last, count


def watched(shape, count):
    """Such a herd with an observer at one of the two ends."""
    topology = SHAPES[shape](count)
    return dataclasses.replace(topology, observed=(ends(topology)[1],))


def lines(topology):
    """Lines per report between servers: each link carries it both ways, but for the N - 1 ways back.

    So 2E - N + 1. An observer is one more server with one more link.
    """
    servers = len(topology.servers) + len(topology.observed)
    links = len(topology.links) + len(topology.observed)
    return 2 * links - servers + 1


def again(topology):
    """Of these, how many come to a server that has the report already."""
    return 2 * (len(topology.links) - len(topology.servers) + 1)


def costs(points):
    """What a report costs each server that it comes to, and each line that comes again.

    Of (topology, what it cost in all), by the least squares of relative errors; nothing where too
    little was measured to tell.
    """
    shares = [(len(topology.servers) / cost, again(topology) / cost) for topology, cost in points]
    once, both, more = (sum(one * other for one, other in each) for each in (
        [(share, share) for share, _ in shares], shares, [(share, share) for _, share in shares]))
    determinant = once * more - both * both
    if len(points) < 3 or determinant <= 1e-9 * once * more:
        return None
    first, second = (sum(each) for each in zip(*shares))
    return ((first * more - second * both) / determinant,
            (second * once - first * both) / determinant)


def cost(topology, each):
    """What a report costs by these costs."""
    first, second = each
    return len(topology.servers) * first + again(topology) * second
