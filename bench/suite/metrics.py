"""Which figures are shown, what they are called, and how they are written."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Metric:
    """A figure of herd-bench's."""
    label: str
    name: str             # in a flat result
    unit: str             # ns, per_second, bytes, ms, count
    more: bool = False    # more of it is better
    compared: bool = True  # worth a ratio: a p99 of a short run is not
    brief: bool = True     # in the text, too, and not only in the report


def servers_passed(count):
    """What herd-bench calls the latency behind so many servers."""
    return f'{count} server' + 's' * (count > 1)


def way(name, **how):
    """A latency whose name says it all: how long a report took through so many servers."""
    return Metric(name, name, 'ns', **how)


ROUND_TRIP = (Metric('p50', 'round trip p50', 'ns'),
              Metric('p99', 'round trip p99', 'ns', compared=False))
CPU_PER_LINE = Metric('CPU per line', 'server_cpu_ns_per_line', 'ns')
RADII = ('0.5', '1', '5', '10', '50')  # kilometres
METRICS = {
    'request': (Metric('lines/s', 'lines_per_second', 'per_second', more=True), CPU_PER_LINE,
                *ROUND_TRIP),
    'propagation': (
        way('1 server p50'), way('1 server p99', compared=False, brief=False),
        way('2 servers p50', brief=False), way('2 servers p99', compared=False, brief=False),
        way('3 servers p50'), way('3 servers p99'),
        Metric('CPU per update', 'herd_cpu_ns_per_update', 'ns'),
        Metric('memory of all', 'resident_bytes', 'bytes', compared=False, brief=False),
        Metric('the same, shared pages once', 'proportional_bytes', 'bytes', compared=False,
               brief=False),
        Metric('missing', 'missing', 'count', compared=False),
        Metric('of these superseded', 'superseded', 'count', compared=False),
        way('send lateness p99', compared=False, brief=False)),
    'places': (Metric('IAMAT alone p99', 'iamat alone p99', 'ns', compared=False),
               Metric('IAMAT mixed p99', 'iamat mixed p99', 'ns', compared=False),
               Metric('WHATSAT alone p50', 'whatsat alone p50', 'ns', compared=False),
               Metric('WHATSAT mixed p99', 'whatsat mixed p99', 'ns', compared=False),
               Metric('CPU per WHATSAT', 'server_cpu_ns_per_lookup', 'ns', compared=False)),
    'start': (Metric('accepts after', 'start_ms', 'ms'),),
    'calls': (Metric('system calls per 64 lines', 'calls_per_64_lines', 'count', compared=False),),
    'connections': (Metric('process memory each', 'user_bytes_per_connection', 'bytes'),
                    Metric('lines/s', 'lines_per_second', 'per_second', more=True),
                    CPU_PER_LINE),
    'clients': (Metric('process memory each', 'bytes_per_client', 'bytes'),
                Metric('stored/s', 'ingest_per_second', 'per_second', more=True), CPU_PER_LINE),
    'nearby': (*(Metric(f'CPU per query, {radius} km', f'cpu_ns_per_query_{radius}_km', 'ns')
                 for radius in RADII),
               *(Metric(f'the same, per CPU second, {radius} km',
                        f'queries_per_cpu_second_{radius}_km', 'per_second', more=True,
                        compared=False, brief=False) for radius in RADII)),
    'follow': (Metric('CPU per line told', 'cpu_ns_per_pushed_line', 'ns'),
               Metric('lines/s', 'pushed_per_second', 'per_second', more=True, compared=False),
               Metric('memory per subscription', 'bytes_per_subscription', 'bytes')),
    'beside': (Metric('p99 against alone', 'p99_beside_against_alone', 'count', compared=False),
               Metric('IAMAT alone p99', 'iamat alone p99', 'ns', compared=False),
               Metric('IAMAT beside p99', 'iamat beside p99', 'ns', compared=False),
               Metric('NEARBY p99', 'nearby p99', 'ns', compared=False)),
    'handshakes': (Metric('handshakes/s', 'handshakes_per_second', 'per_second', more=True,
                          compared=False),
                   Metric('CPU per handshake', 'server_cpu_ns_per_handshake', 'ns'),
                   Metric('the same without pauses', 'without_pauses_ns', 'ns', compared=False),
                   Metric('p50', 'handshake p50', 'ns', compared=False)),
    'visits': (Metric('CPU per connection', 'server_cpu_ns_per_visit', 'ns'),
               Metric('connections/s', 'visits_per_second', 'per_second', more=True),
               Metric('p50', 'visit p50', 'ns', compared=False),
               Metric('p99', 'visit p99', 'ns', compared=False),
               Metric('failed dials', 'failed_dials', 'count', compared=False, brief=False)),
    'journal': (CPU_PER_LINE,
                Metric('lines/s', 'lines_per_second', 'per_second', more=True, compared=False),
                Metric('on the disk', 'journal_bytes', 'bytes', compared=False),
                Metric('lines of its table', 'table_bytes', 'bytes', compared=False),
                Metric('against these', 'journal_against_table', 'count', compared=False),
                *ROUND_TRIP),
    'graph': (Metric('lines per report', 'lines_per_report', 'count', compared=False),
              Metric('against the model', 'lines_against_model', 'count', compared=False),
              Metric('CPU per report', 'herd_cpu_ns_per_update', 'ns', compared=False),
              Metric('CPU per line', 'cpu_ns_per_line', 'ns', compared=False),
              Metric('servers passed', 'servers_passed', 'count', compared=False),
              Metric('p50', 'farthest_p50_ns', 'ns', compared=False),
              Metric('p99', 'farthest_p99_ns', 'ns', compared=False),
              Metric('memory of all, shared pages once', 'proportional_bytes', 'bytes',
                     compared=False, brief=False)),
    'catch-up': (Metric('complete after', 'complete_ms', 'ms'),
                 Metric('records/s', 'records_per_second', 'per_second', more=True,
                        compared=False),
                 Metric('p99 meanwhile against quiet', 'p99_meanwhile_against_quiet', 'count',
                        compared=False),
                 Metric('quiet p99', 'quiet p99', 'ns', compared=False),
                 Metric('meanwhile p99', 'meanwhile p99', 'ns', compared=False),
                 Metric('memory of all', 'resident_bytes', 'bytes', compared=False)),
    'hellos': (Metric('answered/s', 'answered_per_second', 'per_second', compared=False),
               Metric('p50, of the quiet one', 'slower_p50', 'count', compared=False),
               Metric('p99, of the quiet one', 'slower_p99', 'count', compared=False),
               Metric('quiet p99', 'quiet p99', 'ns', compared=False),
               Metric('flooded p99', 'flooded p99', 'ns', compared=False)),
    'fault': (Metric('up after', 'up_ms', 'ms', compared=False),
              Metric('complete after', 'complete_ms', 'ms', compared=False),
              Metric('never learnt', 'never_learnt', 'count', compared=False),
              Metric('clients not current', 'stale_clients', 'count', compared=False),
              Metric('errors elsewhere', 'client_errors', 'count', compared=False),
              Metric('round trip p99', 'round trip p99', 'ns', compared=False)),
}

MICRO = '\u00b5'
SCALES = {
    'ns': ((1e9, 's'), (1e6, 'ms'), (1e3, MICRO + 's'), (1, 'ns')),
    'ms': ((1e3, 's'), (1, 'ms'), (1e-3, MICRO + 's')),
    'per_second': ((1e6, 'M'), (1e3, 'k'), (1, '')),
    'bytes': ((1e9, 'GB'), (1e6, 'MB'), (1e3, 'kB'), (1, 'B')),
    'count': ((1, ''),),
}


def three_digits(value):
    """A number with three digits that count, but never fewer than it has before the point."""
    if value == 0 or abs(value) >= 100:
        return f'{value:,.0f}'
    return f'{value:.1f}' if abs(value) >= 10 else f'{value:.2f}'


def scale_for(value, unit):
    """(divisor, name) of the unit's scale that suits the value."""
    scales = SCALES[unit]
    return next((scale for scale in scales if abs(value) >= scale[0]), scales[-1])


def written(value, unit):
    """A value with its unit: `812 ns`, `1.24 M`."""
    if unit == 'ms' and value < 0:
        return 'never'
    divisor, name = scale_for(value, unit)
    return f'{three_digits(value / divisor)} {name}'.rstrip()


def written_spread(each, unit):
    """Median, and the least and the most in the same scale: `1.24 M (1.10-1.31)`."""
    median = written(each['median'], unit)
    if each['runs'] == 1 or median == 'never' or each['min'] == each['max']:
        return median
    divisor, _ = scale_for(each['median'], unit)
    low, high = ('never' if unit == 'ms' and each[end] < 0 else three_digits(each[end] / divisor)
                 for end in ('min', 'max'))
    return f'{median} ({low}-{high})'


def written_ratio(ratio):
    """`31`, `3.1`, `0.62`; a dash where there is none."""
    return three_digits(ratio) if ratio is not None else '-'
