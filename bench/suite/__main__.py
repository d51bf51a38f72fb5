"""The herd side by side with the prototype, others, and what the kernel alone costs."""
import argparse
import datetime
import json
import math
import pathlib
import resource
import shlex
import signal
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'bench'))

from suite import machine, plan, probes, scale, table
from suite.processes import Failure
from suite.session import Session, clock
from suite.systems import registry
from suite.systems.base import Tools


def main():
    options = parse()
    tools = Tools(ROOT, options.build.resolve(), options.out.resolve())
    names = options.against or (plan.QUICK if options.quick else registry.NAMES)
    systems, unavailable = available(registry.pick(names, tools))
    if options.huge and machine.available_gb() < plan.HUGE_GB:
        options.huge = False
        unavailable['ten million clients'] = f'There are no {plan.HUGE_GB} GB of free memory.'
    cases = wanted(options, names)
    if options.scale and machine.available_gb() < scale.GB:
        cases = scale.cases(records=0)
        unavailable['catching up'] = f'There are no {scale.GB} GB of free memory.'
    if probes.missing():
        cases = [case for case in cases if case.scenario != 'calls']
        unavailable['system calls'] = probes.missing()
    cases = plan.select(cases, {system.name: system.scenarios for system in systems},
                        options.only, options.rounds)
    announce(cases, unavailable)
    if options.list:
        return 0
    if not cases:
        return fail(f'nothing to measure: no case begins with {options.only!r}')
    for program in (tools.herd, tools.bench):
        if not program.exists():
            return fail(f'{program} is not built')
    prepare_process()
    tools.out.mkdir(parents=True)
    try:
        for system in systems:
            system.build()
    except Failure as failure:
        return fail(failure)
    session = Session(tools, systems, cases, scale.SECONDS if options.scale else math.inf)
    description = machine.describe(tools)
    session.run()
    write(session, description, systems, unavailable)
    if session.interrupted:
        print('Interrupted: these are the results so far.')
    return 1 if session.failed or session.interrupted else 0


def wanted(options, names):
    """The cases of the plan that was asked for."""
    if options.quick:
        return plan.quick(names)
    if options.scale:
        return scale.cases()
    return plan.targets(options.huge) if options.targets else plan.full(options.huge)


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(prog='dev bench', description=__doc__)
    parser.add_argument('--quick', action='store_true',
                        help='herd, python and floor, in less than two minutes')
    parser.add_argument('--targets', action='store_true',
                        help='only what the targets need, in a quarter of an hour')
    parser.add_argument('--scale', action='store_true',
                        help='64 servers on several graphs, and 10,000,000 records, beside Redis: '
                        'in a quarter of an hour')
    parser.add_argument('--against', type=names_of, metavar='NAME,...',
                        help=f'which systems: {", ".join(registry.NAMES)}')
    parser.add_argument('--only', default='', metavar='CASE',
                        help='only cases whose name begins so, such as request or "clients 10"')
    parser.add_argument('--rounds', type=at_least_one, metavar='N',
                        help='at most so many rounds')
    parser.add_argument('--huge', action='store_true',
                        help=f'ten million clients, too ({plan.HUGE_GB} GB of free memory)')
    parser.add_argument('--list', action='store_true', help='print the plan and stop')
    parser.add_argument('--build', type=pathlib.Path, default=ROOT / 'build', metavar='DIR',
                        help='where everything is built (default: build)')
    parser.add_argument('--out', type=pathlib.Path, metavar='DIR',
                        help='for results, new (default: bench/<date-time> in the build)')
    options = parser.parse_args()
    if options.out is None:
        options.out = options.build / 'bench' / f'{datetime.datetime.now():%Y%m%d-%H%M%S}'
    elif options.out.exists():
        parser.error(f'{options.out} exists already')
    return options


def names_of(text):
    """The systems that were asked for."""
    names = text.split(',')
    unknown = [name for name in names if name not in registry.NAMES]
    if unknown:
        raise argparse.ArgumentTypeError(f'no system {unknown[0]}; there are '
                                         f'{", ".join(registry.NAMES)}')
    return ['herd', *(name for name in names if name != 'herd')]


def at_least_one(text):
    """A number of rounds."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError('at least 1')
    return number


def fail(why):
    """Nothing could be measured."""
    print(f'bench: {why}', file=sys.stderr)
    return 2


def available(systems):
    """The systems that can run, and a sentence for each that cannot."""
    missing = {system.name: system.missing() for system in systems}
    return ([system for system in systems if not missing[system.name]],
            {name: why for name, why in missing.items() if why})


def announce(cases, unavailable):
    """The plan, and what it takes."""
    rows = [[case.name, f'{plan.case_seconds(case):.0f} s', f'{case.rounds} x',
             ', '.join(case.systems)] for case in cases]
    for name, seconds, rounds, systems in rows:
        print(f'{name:40} {seconds:>6} {rounds:>4} {systems}')
    for name, why in unavailable.items():
        print(f'without {name}: {why}')
    print(f'about {clock(plan.total_seconds(cases))} minutes in all', flush=True)


def prepare_process():
    """Many connections; and SIGTERM ends the session as Ctrl-C does."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def write(session, description, systems, unavailable):
    """Everything that is left of a session."""
    out, outcomes = session.tools.out, session.outcomes
    invocation = shlex.join(['./dev', 'bench', *sys.argv[1:]])
    (out / 'results.json').write_text(json.dumps(
        {**description, 'invocation': invocation, 'left_out': unavailable,
         'cases': [outcome.summary() for outcome in outcomes]}, indent=1), encoding='utf-8')
    text = table.text(outcomes, description, unavailable, invocation)
    (out / 'summary.txt').write_text(text, encoding='utf-8')
    print(f'\n{text}')
    draw(out, outcomes, description, systems, unavailable, invocation)
    print(f'All results: {out}')


def draw(out, *what):
    """The report and the picture, where there is matplotlib."""
    try:
        from suite import picture, report
    except ImportError as error:
        print(f'No report.html and no picture: {error} (Debian: python3-matplotlib)')
        return
    (out / 'report.html').write_text(report.page(*what), encoding='utf-8')
    (out / 'picture.svg').write_text(picture.picture(what[0]), encoding='utf-8')


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
