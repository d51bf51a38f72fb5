"""Arithmetic on results: flat figures, medians over rounds, ratios, merged latencies."""
import collections
import math
import statistics

COUNTS = ('missing', 'superseded', 'duplicates', 'overtaken', 'stale_clients', 'unsent')
QUANTILES = ('mean', 'p50', 'p90', 'p99', 'p99.9', 'max')


def flatten(result):
    """A result's figures and latencies as one dictionary: `round trip p50` and so on, in ns."""
    flat = dict(result['figures'])
    for name, latency in result['latency'].items():
        if latency['count']:
            flat |= {f'{name} {quantile}': latency[quantile] for quantile in QUANTILES}
    return flat


def combine(results):
    """One result of the parts of a run: latencies side by side, counts added up."""
    *_, last = results
    if len(results) == 1:
        return last
    figures = {name: sum(result['figures'].get(name, 0) for result in results) for name in COUNTS}
    latency = {}
    for result in results:
        latency |= result['latency']
    return {**last, 'figures': figures, 'latency': latency}


def spread(values):
    """The median, and what lies around it."""
    return {'median': statistics.median(values), 'min': min(values), 'max': max(values),
            'runs': len(values)}


def summarize(results):
    """Each figure's spread over the rounds of one system."""
    values = collections.defaultdict(list)
    for result in results:
        for name, value in flatten(result).items():
            values[name].append(value)
    return {name: spread(each) for name, each in values.items()}


def times_better(ours, theirs, more_is_better):
    """How many times better ours is: below 1 it is worse; nothing where there is no telling."""
    if ours is None or theirs is None or min(ours, theirs) <= 0:
        return None
    return ours / theirs if more_is_better else theirs / ours


def merged(results):
    """The buckets of each latency over all rounds: (upper value in ns, count), in order."""
    counts = collections.defaultdict(collections.Counter)
    for result in results:
        for name, latency in result['latency'].items():
            for value, count in latency['buckets']:
                counts[name][value] += count
    return {name: sorted(counter.items()) for name, counter in counts.items()}


def percentile_axis(fraction):
    """Where a fraction below 1 stands: 0.9 at 1, 0.99 at 2, 0.999 at 3."""
    return -math.log10(1 - fraction)


def curve(buckets):
    """Points (place on the percentile axis, ns) of a latency; the slowest has no place there.

    A bucket's value is reached by all that came before it and by itself: its point stands at its
    beginning, so that a curve never shows less than was measured.
    """
    total = sum(count for _, count in buckets)
    points, before = [], 0
    for value, count in buckets:
        points.append((percentile_axis(before / total), value))
        before += count
    return points


def thinned(points, step=0.02):
    """The curve without points that are nearer to the one before than an eye can tell."""
    kept = points[:1]
    for point in points[1:-1]:
        if point[0] - kept[-1][0] >= step:
            kept.append(point)
    return kept + points[1:][-1:]


def trouble(summary):
    """Why a system did not sustain a propagation, in a few words; nothing if it did.

    A report that came to nobody because a newer one of its client did is no loss.
    """
    unsent = figure(summary, 'unsent')
    if unsent > 0:
        return f'{unsent:,.0f} reports could not be sent'
    missing = most(summary, 'missing') - most(summary, 'superseded')
    if missing > 0:
        return f'{missing:,.0f} reports never arrived'
    slowest = [each['median'] for name, each in summary.items() if name.endswith(' p99')
               and name != 'send lateness p99']
    if slowest and max(slowest) >= 100e6:
        return f'one of a hundred reports took more than {max(slowest) / 1e6:,.0f} ms'
    return None


def most(summary, name):
    """A figure's worst round; 0 where there is none."""
    return summary[name]['max'] if name in summary else 0


def figure(summary, name):
    """A figure's median; 0 where there is none."""
    return summary[name]['median'] if name in summary else 0
