"""The highest rate that a system sustains, to a quarter."""

LADDER = tuple(round(100 * 1.25 ** step) for step in range(24))  # up to 17,000 per second
SHARE = 0.8  # of the limit: a load that is heavy for the system, and bearable


def highest(ladder, good):
    """The last step of the ladder for which all up to it are good, if they are so in order.

    Asks for few steps, in the manner of a binary search; nothing if not even the first is good.
    """
    low, high = -1, len(ladder)
    while high - low > 1:
        middle = (low + high) // 2
        if good(ladder[middle]):
            low = middle
        else:
            high = middle
    return ladder[low] if low >= 0 else None


def sustained(result):
    """Whether one probe went well: nothing missing, and p99 below 100 ms everywhere."""
    figures = result['figures']
    if figures['missing'] > figures['superseded'] or figures['unsent']:
        return False
    times = [latency for name, latency in result['latency'].items() if name != 'send lateness']
    return all(each['count'] and each['p99'] < 100e6 for each in times)
