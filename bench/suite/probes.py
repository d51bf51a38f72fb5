"""What the suite measures itself: how soon a server accepts, how often it calls the kernel."""
import re
import shutil
import signal
import statistics
import subprocess
import time

from suite import status
from suite.processes import Failure, accepts
from suite.systems.herd import CONFIG
from suite.topology import HOST

TIMEOUT = 10.0  # seconds until a server accepts, or strace says that it watches
STARTS = 5       # of each run
PAUSE = 0.0001   # seconds between two attempts to connect


def start(servers, topology):
    """Milliseconds from the start of a process until it accepts a client, the median of several."""
    (name, server), = servers.items()
    port = topology.clients(name)
    times = []
    if accepts(port):
        raise Failure(f'port {port} of {HOST} is taken')
    for _ in range(STARTS):
        begin = time.monotonic()
        server.start()
        while not accepts(port):
            if time.monotonic() > begin + TIMEOUT:
                raise Failure(f'{name} does not accept')
            time.sleep(PAUSE)
        times.append((time.monotonic() - begin) * 1e3)
        server.kill()
    return {'start_ms': statistics.median(times)}


def missing():
    """A sentence when system calls cannot be counted on this machine."""
    return None if shutil.which('strace') else 'There is no strace (Debian: strace).'


class Calls:
    """Counts the system calls of one of the herd's servers from its construction until end()."""

    def __init__(self, run):
        self.run = run
        self.name = run.case.options['server']
        self.counts = run.folder / 'strace.txt'
        said = run.folder / 'strace.err'
        with said.open('w', encoding='utf-8') as errors:
            self.strace = subprocess.Popen(
                ['strace', '-f', '-c', '-o', self.counts, '-p', str(run.pids[self.name])], stderr=errors)
        end = time.monotonic() + TIMEOUT
        while 'attached' not in said.read_text(encoding='utf-8'):
            if self.strace.poll() is not None or time.monotonic() > end:
                self.strace.kill()
                raise Failure(f'strace: {said.read_text(encoding="utf-8").strip()}')
            time.sleep(0.01)
        self.before = self.reports()

    def end(self, _part):
        """Per 64 reports, whatever else the server did at that time."""
        said = self.reports() - self.before
        self.strace.send_signal(signal.SIGINT)
        self.strace.wait(TIMEOUT)
        return {'calls_per_64_lines': 64 * total(self.counts.read_text(encoding='utf-8')) / said}

    def reports(self):
        """How many valid reports the server has had."""
        return status.ask(self.run.tools, self.run.folder / CONFIG)[self.name]['counters']['iamat']


def total(table):
    """All calls that `strace -c` has counted."""
    found = re.search(r'^\s*100[.,]00\s+\S+\s+(?:\d+\s+)?(\d+)\s+(?:\d+\s+)?total$', table,
                      re.MULTILINE)
    if not found:
        raise Failure('strace counted nothing')
    return int(found[1])
