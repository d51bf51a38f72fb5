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


def parts(topology):
    """What a report costs some time each: it comes in and is watched, is new to a server, is not."""
    return 1, len(topology.servers), again(topology)


def costs(points):
    """What each of these parts costs, of (topology, what a report cost there in all).

    By the least squares of relative errors; nothing where too little was measured to tell.
    """
    rows = [[part / cost for part in parts(topology)] for topology, cost in points]
    size = len(parts(points[0][0])) if points else 0
    if len(points) <= size:
        return None
    return solved([[sum(row[i] * row[j] for row in rows) for j in range(size)] +
                   [sum(row[i] for row in rows)] for i in range(size)])


def solved(equations):
    """The unknowns of linear equations, each its factors and its sum; nothing if there are many."""
    for step in range(len(equations)):
        pivot = max(equations[step:], key=lambda each: abs(each[step]))
        if abs(pivot[step]) <= 1e-9 * max(map(abs, pivot)):
            return None
        unit = [value / pivot[step] for value in pivot]
        others = [[value - each[step] * known for value, known in zip(each, unit)]
                  for each in equations if each is not pivot]
        equations = [*others[:step], unit, *others[step:]]
    return [each[-1] for each in equations]


def cost(topology, each):
    """What a report costs by these costs."""
    return sum(part * price for part, price in zip(parts(topology), each))
