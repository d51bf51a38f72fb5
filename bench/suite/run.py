"""One run: start a system, let herd-bench measure it, end everything."""
import contextlib
import dataclasses
import json
import pathlib
import subprocess
import threading
import time

from suite import counted, kept, probes
from suite.processes import Failure, Process, accepts, kill_group
from suite.systems.base import KEYS, System, Tools
from suite.topology import HOST, PLACES, address

TIMEOUT = 60.0  # seconds for herd-bench beyond what it was asked for
LINKING = 0.3    # seconds for servers that accept clients to find each other


# What else is looked at beside herd-bench, by scenario.
PROBES = {'calls': probes.Calls, 'graph': counted.Lines, 'catch-up': counted.Stored,
          'journal': kept.Room}


@dataclasses.dataclass(frozen=True)
class Run:
    """What a probe may know of a run."""
    tools: Tools
    system: System
    case: object
    folder: pathlib.Path
    pids: dict  # of its servers, by name


def measure(tools, system, case, folder):
    """The result of one case for one system, with the commands that made it."""
    folder.mkdir(parents=True)
    topology = system.arrange(case.topology)
    with contextlib.ExitStack() as stack:
        stack.callback(system.clear, folder)
        servers = {name: process(stack, command, folder, name) for name, command
                   in system.commands(topology, folder, case.settings).items()}
        start_places(stack, tools, case, folder)
        alone = system.alone(topology, folder, case.options)
        if alone:
            parts = [own_part(case, run_alone(alone, folder), alone)]
        elif case.benched:
            start(servers, topology)
            parts = bench_parts(tools, system, case, folder, servers)
        else:
            parts = [own_part(case, probes.start(servers, topology))]
        commands = [server.command for server in servers.values()]
    return {'parts': parts, 'commands': commands}


def own_part(case, figures, command=()):
    """A part that herd-bench has not measured."""
    return {'scenario': case.scenario, 'latency': {}, 'command': [str(word) for word in command],
            'figures': figures}


def run_alone(command, folder):
    """The figures that a command prints, as JSON."""
    run = subprocess.run([str(word) for word in command], check=False, text=True, cwd=folder,
                         capture_output=True, timeout=TIMEOUT)
    if run.returncode:
        raise Failure(f'{command[0]}: {run.stderr.strip()}')
    return json.loads(run.stdout)


def bench_parts(tools, system, case, folder, servers):
    """What herd-bench measures of servers that run."""
    topology = system.arrange(case.topology)
    target = folder / 'target.json'
    pids = {name: server.running.pid for name, server in servers.items()}
    target.write_text(json.dumps(system.target(topology, pids), indent=1))
    parts = []
    for number, options in enumerate(system.parts(case.options), 1):
        file = folder / f'result-{number}.json'
        command = bench_command(tools, system, case, target, file, options)
        probe = PROBES.get(case.scenario)
        watching = probe(Run(tools, system, case, folder, pids)) if probe else None
        run_bench(command, folder, servers, time_limit(options))
        part = json.loads(file.read_text())
        must_be_right(part['figures'])
        beyond = watching.end(part) if watching else {}
        parts.append({**part, 'scenario': case.scenario, 'command': command,
                      'figures': {**part['figures'], **beyond}})
    return parts


def must_be_right(figures):
    """A system that answers wrongly or drops its clients is not fast, but broken."""
    for name in ('wrong_answers', 'lost_connections', 'refused_handshakes', 'unanswered_visits'):
        if figures.get(name):
            raise Failure(f'{figures[name]:,.0f} {name.replace("_", " ")}')


def process(stack, command, folder, name):
    """A process that ends with the stack."""
    made = Process(command, folder, name)
    stack.callback(made.kill)
    return made


def start_places(stack, tools, case, folder):
    """The offline Places service, if the case needs it: one and the same for all systems."""
    delay = case.settings.get('places_delay_ms')
    if delay is None:
        return
    service = process(stack, [tools.herd, 'places', '--listen', address(PLACES), '--data',
                              tools.root / 'data', '--delay', delay], folder, 'places')
    must_be_free(PLACES)
    service.start()
    service.wait_for(PLACES)


def start(servers, topology):
    """All servers, until each accepts clients."""
    for name in servers:
        must_be_free(topology.clients(name))
    for server in servers.values():
        server.start()
    for name, server in servers.items():
        server.wait_for(topology.clients(name))
    if topology.links:
        time.sleep(LINKING)


def must_be_free(port):
    """Nobody else may listen where a server of ours is going to."""
    if accepts(port):
        raise Failure(f'port {port} of {HOST} is taken')


def bench_command(tools, system, case, target, file, options):
    """A command line of herd-bench."""
    words = [tools.bench, case.benched, '--target', target, '--json', file]
    if system.sealed:
        words += ['--tls', target.parent / KEYS]
    for name, value in options.items():
        words += [f'--{name}', value]
    return [str(word) for word in words]


def time_limit(options):
    """How long herd-bench may take."""
    times = ('seconds', 'warmup', 'settle', 'before', 'down', 'after', 'timeout')
    return TIMEOUT + 3 * options.get('turns', 1) * sum(options.get(name, 0) for name in times)


def run_bench(command, folder, servers, seconds):
    """Runs herd-bench and kills and restarts servers as it asks."""
    with (folder / 'herd-bench.err').open('a+', encoding='utf-8') as errors, \
            (folder / 'herd-bench.out').open('a', encoding='utf-8') as output, \
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=errors, text=True, start_new_session=True) as bench:
        alarm = threading.Timer(seconds, bench.kill)
        alarm.start()
        try:
            for line in bench.stdout:
                output.write(line)
                obey(line.split(), servers)
            code = bench.wait()
        finally:
            alarm.cancel()
            kill_group(bench)
        errors.seek(0)
        lines = errors.read().split('\n')
    if code:
        reason = next((line for line in reversed(lines) if line), 'without a word')
        if code < 0:
            reason = f'did not end within {seconds:.0f} s'
        raise Failure(f'herd-bench: {reason}')


def obey(words, servers):
    """Does what a line of herd-bench's asks for, if it is an event."""
    match words:
        case ['event', 'kill', name]:
            servers[name].kill()
        case ['event', 'restart', name]:
            servers[name].start()
