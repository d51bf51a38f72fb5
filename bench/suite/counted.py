"""What the servers themselves have counted in a run of herd-bench."""
import time

from suite import graphs, status
from suite.metrics import servers_passed
from suite.processes import Failure
from suite.systems.herd import CONFIG

TIMEOUT = 20.0  # seconds until all links are live
PAUSE = 0.2     # seconds, in which what was said last is passed on


class Lines:
    """Lines between the servers per report, from its construction until end(), and their cost."""

    def __init__(self, run):
        self.run = run
        self.topology = run.case.topology
        end = time.monotonic() + TIMEOUT
        while not self.linked():
            if time.monotonic() > end:
                raise Failure('not all links came up')
            time.sleep(PAUSE)
        self.before = self.counts()

    def ask(self):
        """What each server says."""
        said = status.ask(self.run.tools, self.run.folder / CONFIG)
        missing = set(self.topology.servers) - set(said)
        if missing:
            raise Failure(f'herd status: nothing is said by {", ".join(sorted(missing))}')
        return said

    def linked(self):
        """Whether all links between servers are live."""
        said = self.ask()
        return all(link['state'] == 'live' for server in said.values()
                   for link in server['links'] if link['neighbour'] in said)

    def counts(self):
        """Reports, and records sent, of all servers together."""
        said = [server['counters'] for server in self.ask().values()]
        return [sum(counters[name] for counters in said) for name in ('iamat', 'records_sent')]

    def end(self, part):
        """Figures beyond those of herd-bench's part."""
        time.sleep(PAUSE)
        reports, sent = (after - before for after, before in zip(self.counts(), self.before))
        _, _, passed = graphs.ends(self.topology)
        latency = part['latency'][servers_passed(passed)]
        per_report = sent / reports
        return {'lines_per_report': per_report, 'servers_passed': passed,
                'lines_against_model': per_report / graphs.lines(self.topology),
                'cpu_ns_per_line': part['figures']['herd_cpu_ns_per_update'] / per_report,
                'farthest_p50_ns': latency['p50'], 'farthest_p99_ns': latency['p99']}


class Stored:
    """That all have caught up, which the one that was asked has said, is what all say."""

    def __init__(self, run):
        self.run = run

    def end(self, _part):
        """No figure, but a failure where a server lacks something."""
        wanted = self.run.case.options['clients']
        for name, count in self.run.system.stored(self.run.case.topology, self.run.folder).items():
            if count != wanted:
                raise Failure(f'{name} has {count:,} of {wanted:,} records')
        return {}
