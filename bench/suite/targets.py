"""What the herd must reach, beside a yardstick of the same session where there is one."""
import dataclasses

from suite import graphs
from suite.metrics import servers_passed, three_digits, written

HOPS = (1, 2, 3)
CHAIN_RATES = (1_000, 10_000)


@dataclasses.dataclass(frozen=True)
class Target:
    """One row: a figure of a case, against that of a yardstick, and the bound.

    The figure is a ratio to the yardstick's, or what it is more than that (`beyond`), or stands
    for itself (`plain`), and then the yardstick is only shown. Of `added` both figures are what
    TLS adds to that of the same program without it, and their ratio is bound.
    """
    what: str
    case: str
    figure: str
    unit: str
    yardstick: str
    most: float = None   # the bound, from above
    least: float = None  # or from below, or both
    kind: str = 'ratio'
    system: str = 'herd'

    def measured(self, outcomes):
        """(ours, the yardstick's, what is bound), each None where it was not measured."""
        outcome = next((each for each in outcomes if self.is_of(each.case.name)), None)
        summaries = outcome.summaries() if outcome else {}

        def median(system):
            return summaries.get(system, {}).get(self.figure, {}).get('median')

        def added(system):
            sealed, plain = median(system), median(system.removesuffix('-tls'))
            return None if sealed is None or plain is None else sealed - plain

        figure = added if self.kind == 'added' else median
        ours, theirs = figure(self.system), figure(self.yardstick)
        if self.kind == 'plain':
            return ours, theirs, ours
        if ours is None or not theirs:
            return ours, theirs, None
        return ours, theirs, ours - theirs if self.kind == 'beyond' else ours / theirs

    def is_of(self, name):
        """Whether that is its case's name, maybe with a rate behind it."""
        return name == self.case or name.startswith(f'{self.case} (')

    def is_met(self, value):
        """Whether a value is within the bound."""
        return ((self.most is None or value <= self.most)
                and (self.least is None or value >= self.least))

    def bound(self):
        """The bound in words."""
        if self.least is not None and self.most is not None:
            return f'{self.shown(self.least)} to {self.shown(self.most)}'
        if self.least is not None:
            return f'at least {self.shown(self.least)}'
        return f'at most {self.shown(self.most)}'

    def shown(self, value):
        """A value of what is bound."""
        if self.kind in ('ratio', 'added'):
            return f'{three_digits(value)} x'
        if value < 0:
            return f'-{written(-value, self.unit)}'
        return written(value, self.unit)


@dataclasses.dataclass(frozen=True)
class Modelled(Target):
    """A row whose yardstick is what all graphs together let one expect of this one."""

    def measured(self, outcomes):
        figures = {outcome.case.name: (outcome.case.topology, summary[self.figure]['median'])
                   for outcome in outcomes if outcome.case.scenario == 'graph'
                   for name, summary in outcome.summaries().items() if name == self.system}
        each = graphs.costs(list(figures.values()))
        topology, ours = figures.get(self.case, (None, None))
        if ours is None or each is None:
            return ours, None, None
        theirs = graphs.cost(topology, each)
        return ours, theirs, ours / theirs


def request(depth, cpu, lines):
    """CPU per line against the floor's, and lines per second against those of Redis."""
    case = f'request 50x{depth}'
    yield Target(f'{case}: CPU per line', case, 'server_cpu_ns_per_line', 'ns', 'floor', cpu)
    yield Target(f'{case}: lines/s', case, 'lines_per_second', 'per_second', 'redis', least=lines)


def round_trip(kind, p50, p99):
    """One client, one report at a time."""
    for quantile, most in (('p50', p50), ('p99', p99)):
        yield Target(f'one at a time{kind and ", spinning"}: {quantile}', 'request 1x1',
                     f'round trip {quantile}', 'ns', f'floor{kind}', most, system=f'herd{kind}')


def chain_name(hops, rate):
    """The case in which reports pass so many servers in a row."""
    return f'chain of {hops}, {rate:,}/s'


def chains(yardstick):
    """Propagation through servers in a row.

    Against programs in a row that pass bytes on (`relay`), or answer their client too (`floor`).
    """
    for rate in CHAIN_RATES:
        for hops in HOPS:
            for quantile, most in (('p50', 1.15), ('p99', 1.5)):
                case = chain_name(hops, rate)
                yield Target(f'{case}: {quantile}', case, f'{servers_passed(hops)} {quantile}',
                             'ns', yardstick, most)


def bursts():
    """CPU of all five servers per update."""
    for case, most in (('propagation 1,000/s', 1.3), ('propagation 6,400/s in bursts of 64', 1.75),
                       ('propagation 20,480/s in bursts of 1,024', 2.5)):
        yield Target(f'{case}: CPU', case, 'herd_cpu_ns_per_update', 'ns', 'floor', most)


def sealed():
    """What TLS may cost."""
    def target(what, case, figure, unit, yardstick, most, kind='ratio'):
        return Target(f'TLS: {what}', f'TLS: {case}', figure, unit, yardstick, most, kind=kind,
                      system='herd-tls')
    yield target('50x64: CPU per line', 'request 50x64', 'server_cpu_ns_per_line', 'ns',
                 'floor-tls', 1.35)
    yield target('50x64: CPU per line, what it adds', 'request 50x64', 'server_cpu_ns_per_line',
                 'ns', 'floor-tls', 1.35, 'added')
    yield target('one at a time: p50', 'request 1x1', 'round trip p50', 'ns', 'herd', 1.3)
    yield target('one at a time: p50, what it adds', 'request 1x1', 'round trip p50', 'ns',
                 'floor-tls', 1.35, 'added')
    yield target('system calls per 64 lines, 1x64', 'calls 1x64', 'calls_per_64_lines', 'count',
                 'herd', 1.05)
    for yardstick in ('bare', 'floor-tls'):
        yield target(f'CPU per handshake, against {yardstick}', 'handshakes',
                     'server_cpu_ns_per_handshake', 'ns', yardstick, 1.15)
    yield target('p99 beside 2,000 ClientHellos/s, of the quiet one', 'ClientHellos', 'slower_p99',
                 'count', '', 1.5, 'plain')
    yield target('memory per idle connection, beyond plain', 'connections 2,000',
                 'user_bytes_per_connection', 'bytes', 'herd', 14_500, 'beyond')


def watching():
    """What asking by place and following may cost."""
    for radius, least in (('0.5', 4), ('1', 8), ('5', 50), ('10', 100), ('50', 200)):
        yield Target(f'nearby, {radius} km, 20: queries per CPU second', 'nearby',
                     f'queries_per_cpu_second_{radius}_km', 'per_second', 'redis', least=least)
    yield Target('10,000 followers: CPU per line told', 'follow 10,000', 'cpu_ns_per_pushed_line',
                 'ns', 'redis', 1 / 3)
    yield Target('memory per subscription', 'follow 10,000', 'bytes_per_subscription', 'bytes',
                 'redis', 256, kind='plain')
    for beside, most in (('NEARBY', 1.5), ('deaf followers', 1.2)):
        yield Target(f'IAMAT beside {beside}: p99 against alone', f'IAMAT beside {beside}',
                     'p99_beside_against_alone', 'count', '', most, kind='plain')


def visits():
    """CPU per connection that is there for one command."""
    for case in (VISITS, VISITS_HALF):
        yield Target(f'{case}: CPU', case, 'server_cpu_ns_per_visit', 'ns', 'floor', 1.15)


def journal():
    """What a journal may cost beside none, and take of the disk."""
    for fsync, most in (('second', 1.35), ('always', 1.5)):
        yield Target(f'{JOURNAL}, {fsync}: CPU per line', JOURNAL, 'server_cpu_ns_per_line', 'ns',
                     'herd', most, system=f'herd-{fsync}')
    for fsync in ('second', 'always'):
        yield Target(f'{JOURNAL}, {fsync}: on the disk, against its table', JOURNAL,
                     'journal_against_table', 'count', '', 3, kind='plain', system=f'herd-{fsync}')


def scale():
    """Herds of many servers, and of many clients."""
    for shape, counts in GRAPHS.items():
        for count in counts:
            name = graph_name(shape, count)
            yield Target(f'{name}: lines per report, against 2E - N + 1', name,
                         'lines_against_model', 'count', '', 1.2, 0.8, kind='plain')
            yield Modelled(f'{name}: CPU per report', name, 'herd_cpu_ns_per_update', 'ns', MODEL,
                           1.2, 0.8)
    yield Target(f'{CATCH_UP}: complete after', CATCH_UP, 'complete_ms', 'ms', 'redis-pair', 1 / 3)
    yield Target(f'{CATCH_UP}: others\' p99 meanwhile, against quiet', CATCH_UP,
                 'p99_meanwhile_against_quiet', 'count', '', 1.5, kind='plain')


MODEL = 'model'
JOURNAL = 'journal'
VISITS = 'one command per connection'
VISITS_HALF = f'{VISITS}, half closed'
GRAPHS = {'ring': (4, 8, 16, 32, 64), 'tree': (4, 8, 16, 32, 64), 'mesh': (4, 8, 16)}
RECORDS = 10_000_000
CATCH_UP = f'catching up, {RECORDS:,} records'


def graph_name(shape, count):
    """The case of so many servers."""
    return f'{shape} of {count}'


EIGHTY = "propagation at 80% of python's limit"
TARGETS = (
    *request(64, 1.75, 6),
    *request(256, 2.5, 8),
    *round_trip('', 1.05, 1.15),
    *round_trip('-spin', 1.15, 1.15),
    *chains('relay'),
    *chains('floor'),
    *bursts(),
    *watching(),
    *visits(),
    *journal(),
    *sealed(),
    Target('request 50x64: lines/s', 'request 50x64', 'lines_per_second', 'per_second', 'python',
           least=25),
    Target('80% of python\'s limit: p99', EIGHTY, '3 servers p99', 'ns', 'python', 0.1),
    Target('memory of five servers', EIGHTY, 'resident_bytes', 'bytes', 'python', 0.2),
    Target('memory of five servers, shared pages once', EIGHTY, 'proportional_bytes', 'bytes',
           'python', 0.2),
    Target('memory per idle connection', 'connections 5,000', 'user_bytes_per_connection', 'bytes',
           'floor', 128, kind='plain'),
    Target('memory per stored client', 'clients 1,000,000', 'bytes_per_client', 'bytes', 'redis',
           192, kind='plain'),
    Target('CPU per line, 10,000,000 stored', 'clients 10,000,000', 'server_cpu_ns_per_line', 'ns',
           'herd-few', 1.6),
    Target('CPU per WHATSAT beyond libcurl', 'lookups', 'server_cpu_ns_per_lookup', 'ns', 'floor',
           10_000, kind='beyond'),
    Target('start to accepting', 'start', 'start_ms', 'ms', 'floor', 20, kind='plain'),
    Target('system calls per 64 lines, 50x64', 'calls 50x64', 'calls_per_64_lines', 'count', '',
           6, kind='plain'),
    Target('system calls per 64 lines, 1x64', 'calls 1x64', 'calls_per_64_lines', 'count', '', 6,
           kind='plain'),
)
SCALE = tuple(scale())


def rows(outcomes):
    """Cells of each target that has a case among the outcomes."""
    for target in (*TARGETS, *SCALE):
        if not any(target.is_of(outcome.case.name) for outcome in outcomes):
            continue
        ours, theirs, value = target.measured(outcomes)
        met = '-' if value is None else 'met' if target.is_met(value) else 'NOT MET'
        yield (target.what, '-' if ours is None else written(ours, target.unit),
               f'{target.yardstick} {written(theirs, target.unit)}' if theirs is not None else '-',
               '-' if value is None else target.shown(value), target.bound(), met)


HEAD = ('Targets', 'herd', 'yardstick', 'measured', 'wanted', '')
