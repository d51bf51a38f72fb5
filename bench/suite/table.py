"""The summary as text: ratios first, then medians, each with the command that made it."""
import shlex

from suite import targets
from suite.figures import times_better
from suite.metrics import METRICS, written, written_ratio, written_spread

COMPARED = ('python', 'python-kept', 'floor')  # whom the ratios are with


def ratios(outcomes, others=COMPARED):
    """Rows (case, figure, {other: how many times better the herd is}).

    Whoever did not sustain a load stays away: its times grow as long as one looks.
    """
    for outcome in outcomes:
        summaries = outcome.summaries()
        if 'herd' not in summaries:
            continue
        for metric in METRICS[outcome.case.scenario]:
            row = {name: ratio(metric, summaries, name) for name in others
                   if name not in outcome.notes}
            if metric.compared and any(value is not None for value in row.values()):
                yield outcome.case.name, metric, row


def compared(rows, others):
    """Those of the others that any ratio is with."""
    return [name for name in others if any(row.get(name) is not None for _, _, row in rows)]


def ratio(metric, summaries, other):
    """How many times better the herd's median is; nothing where one of both is absent."""
    ours, theirs = (summaries.get(name, {}).get(metric.name, {}).get('median')
                    for name in ('herd', other))
    return times_better(ours, theirs, metric.more)


def aligned(rows):
    """Lines with columns of equal width, the first to the left and the rest to the right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ['  '.join([row[0].ljust(widths[0])] +
                      [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]).rstrip()
            for row in rows]


def ratio_lines(outcomes):
    """The table of ratios, if there are any."""
    rows = list(ratios(outcomes))
    others = compared(rows, COMPARED)
    if not others:
        return []
    table = [['How many times better the herd is than', *others]]
    table += [[f'  {case}: {metric.label}', *(written_ratio(row.get(name)) for name in others)]
              for case, metric, row in rows]
    return ['', *aligned(table), '',
            'More than 1: the herd is better. Below: medians of all rounds (least-most).']


def columns(outcome, brief):
    """The figures that somebody has; brief: those that fit into a line."""
    summaries = outcome.summaries().values()
    return [metric for metric in METRICS.get(outcome.case.scenario, ())
            if (metric.brief or not brief)
            and any(metric.name in summary for summary in summaries)]


def cell(summary, metric):
    """Median and spread; a dash where there is none."""
    return written_spread(summary[metric.name], metric.unit) if metric.name in summary else '-'


def case_lines(outcome):
    """One case: its command, a row per system, and what is to be said."""
    case, shown = outcome.case, columns(outcome, brief=True)
    rows = [['  ', *(metric.label for metric in shown)]]
    for name, summary in outcome.summaries().items():
        rows.append([f'  {name}', *(cell(summary, metric) for metric in shown)])
    lines = [f'{case.name}, rounds: {case.rounds}', f'  $ {command(outcome)}']
    if len(rows) > 1:
        lines += aligned(rows)
    lines += [f'  {name}: {note}' for name, note in outcome.notes.items()]
    lines += [f'  {name}: FAILED: {error}' for name, error in outcome.errors.items()]
    return lines


def command(outcome):
    """What herd-bench was asked, without the names of files."""
    if not outcome.case.benched:
        return 'a process is started and connected to until it accepts'
    words = ['herd-bench', outcome.case.benched]
    for name, value in outcome.case.options.items():
        words += [f'--{name}', str(value)]
    return shlex.join(words)


def machine_line(description):
    """The machine in one line."""
    machine = description['machine']
    return (f'{machine["processor"]}, {machine["cores"]} cores, {machine["memory_gb"]} GB; '
            f'{machine["kernel"]}, {machine["distribution"]}; load before '
            f'{written(machine["load_before"], "count")}')


def text(outcomes, description, unavailable, invocation):
    """All of it."""
    lines = [f'$ {invocation}', '']
    lines += [f'{name} {said}' if name not in said else said
              for name, said in description['versions'].items()]
    lines += [machine_line(description), *ratio_lines(outcomes)]
    for outcome in outcomes:
        lines += ['', *case_lines(outcome)]
    if unavailable:
        lines += ['', 'Left out:', *(f'  {name}: {why}' for name, why in unavailable.items())]
    rows = list(targets.rows(outcomes))
    if rows:
        lines += ['', *aligned([targets.HEAD, *rows])]
    return '\n'.join(lines) + '\n'
