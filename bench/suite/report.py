"""report.html: everything on one page that needs nothing else."""
import html
import shlex

from suite import table, targets
from suite.charts import charts
from suite.metrics import written_ratio

STYLE = '''
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1080px; margin: 2em auto; padding: 0 1em;
  color: #222; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.2em; border-bottom: 1px solid #ccc; }
table { border-collapse: collapse; margin: 0.8em 0; font-variant-numeric: tabular-nums; }
td, th { padding: 0.15em 0.9em 0.15em 0; text-align: right; font-weight: normal; }
th { color: #666; border-bottom: 1px solid #ccc; }
td:first-child, th:first-child { text-align: left; }
tr.herd td { font-weight: bold; }
code, pre { font: 12px/1.45 ui-monospace, monospace; background: #f5f5f5; }
pre { padding: 0.5em; overflow-x: auto; } .bad { color: #b00; }
svg { max-width: 100%; height: auto; }
'''
HOW = '''Systems take turns within each round, A B C A B C, and are started afresh for each run.
Nothing is pinned: the load, the observers and all servers share the cores. Latencies at a fixed
rate count from when a report was due, not from when it could be sent. CPU time is that of the
servers' processes as the kernel counts it. Everything runs over loopback.'''


def page(outcomes, description, systems, unavailable, invocation):
    """The page as text."""
    body = [
        f'<p><code>{escape(invocation)}</code></p>',
        f'<p>{escape(table.machine_line(description))}</p>',
        f'<p>{escape(" ".join(HOW.split()))}</p>',
        '<h2>How many times better the herd is</h2>',
        '<p>More than 1: the herd is better. Medians of all rounds.</p>',
        ratio_table(outcomes, [system.name for system in systems
                              if system.compared and system.name != 'herd']),
        *target_section(outcomes), *map(case_section, outcomes),
        '<h2>What is compared</h2>', system_list(systems, unavailable),
        '<h2>Versions</h2>',
        html_table(['', ''], [[name, said] for name, said in description['versions'].items()]),
        '<h2>Commands</h2>', *map(command_section, outcomes),
    ]
    return ('<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<title>herd: benchmarks</title><style>{STYLE}</style></head>\n'
            '<body>\n<h1>herd: benchmarks</h1>\n' + '\n'.join(body) + '\n</body></html>\n')


def escape(text):
    """As it may stand in HTML."""
    return html.escape(str(text))


def html_table(head, rows):
    """A table; the row of the herd stands out."""
    def row(cells, tag, kind=''):
        inner = ''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)
        return f'<tr{kind}>{inner}</tr>'
    lines = [row(head, 'th')] if any(head) else []
    lines += [row(cells, 'td', ' class="herd"' * (cells[0] == 'herd')) for cells in rows]
    return '<table>\n' + '\n'.join(lines) + '\n</table>'


def ratio_table(outcomes, others):
    """With every other system that anything was compared with."""
    rows = list(table.ratios(outcomes, others))
    others = table.compared(rows, others)
    return html_table(['', *others], [[f'{case}: {metric.label}',
                                       *(written_ratio(row.get(name)) for name in others)]
                                      for case, metric, row in rows])


def target_section(outcomes):
    """What was to be reached, if any of it was measured."""
    rows = list(targets.rows(outcomes))
    return ['<h2>Targets</h2>', html_table(targets.HEAD, rows)] if rows else []


def case_section(outcome):
    """Command, medians, charts and remarks of one case."""
    shown = table.columns(outcome, brief=False)
    rows = [[name, *(table.cell(summary, metric) for metric in shown)]
            for name, summary in outcome.summaries().items()]
    lines = [f'<h2>{escape(outcome.case.name)}</h2>',
             f'<p><code>{escape(table.command(outcome))}</code>; '
             f'rounds: {outcome.case.rounds}</p>']
    if rows:
        lines.append(html_table(['', *(metric.label for metric in shown)], rows))
    lines += [f'<p>{escape(name)}: {escape(note)}</p>' for name, note in outcome.notes.items()]
    lines += [f'<p class="bad">{escape(name)} failed: {escape(error)}</p>'
              for name, error in outcome.errors.items()]
    return '\n'.join(lines + charts(outcome))


def system_list(systems, unavailable):
    """What each system is, and who is absent why."""
    rows = [f'<dt>{escape(system.name)}</dt><dd>{escape(system.about)}</dd>' for system in systems]
    rows += [f'<dt>{escape(name)}</dt><dd>Left out. {escape(why)}</dd>'
             for name, why in unavailable.items()]
    return '<dl>' + '\n'.join(rows) + '</dl>'


def command_section(outcome):
    """The exact commands of the last round of each system."""
    lines = []
    for name, results in outcome.results.items():
        last = results[-1]
        lines += [f'# {name}', *map(shlex.join, last['commands']),
                  *(shlex.join(part['command']) for part in last['parts'])]
    if not lines:
        return ''
    return (f'<details><summary>{escape(outcome.case.name)}</summary>'
            f'<pre>{escape(chr(10).join(lines))}</pre></details>')
