"""The one picture of docs/performance.md: throughput, the way through the herd, memory."""
from suite import drawing
from suite.metrics import METRICS

CHOSEN = ('herd', 'python', 'python-kept', 'node', 'java', 'floor', 'redis', 'nats')


def picture(outcomes):
    """SVG with its letters as paths: it looks the same everywhere. Nothing without results."""
    panels = [panel for panel in (throughput(outcomes), latency(outcomes), memory(outcomes))
              if panel]
    if not panels:
        return ''
    figure, axes = drawing.canvas(len(panels), width=4.0 * len(panels), height=3.2)
    for each, draw in zip(axes, panels):
        draw(each)
    return drawing.svg(figure, text_as_paths=True)


def throughput(outcomes):
    """Lines per second of the case that shows batching."""
    return bar_panel(outcomes, 'request 50x64', 'lines_per_second',
                     'IAMAT lines/s, 50 clients x 64')


def memory(outcomes):
    """The most connections."""
    names = [outcome.case.name for outcome in outcomes if outcome.case.scenario == 'connections']
    return names and bar_panel(outcomes, names[-1], 'user_bytes_per_connection',
                               'Memory per idle connection')


def bar_panel(outcomes, case, name, title):
    """What draws this figure of a case, if it was measured."""
    outcome = find(outcomes, case)
    spreads = outcome and chosen(drawing.figure_spreads(outcome, name))
    if not spreads:
        return None
    metric = next(each for each in METRICS[outcome.case.scenario] if each.name == name)
    return lambda axes: drawing.draw_bars(axes, title, spreads, metric.unit)


def latency(outcomes):
    """The longest way at the lowest rate: there everybody keeps up."""
    outcome = next((each for each in outcomes if each.case.scenario == 'propagation'), None)
    curves = outcome and chosen(drawing.latency_curves(outcome, '3 servers'))
    if not curves:
        return None

    def draw(axes):
        drawing.draw_curves(axes, f'Through 3 servers, {outcome.case.options["rate"]:,}/s', curves)
        axes.legend(frameon=False, fontsize=8)
    return draw


def find(outcomes, name):
    """The outcome of the case of that name."""
    return next((outcome for outcome in outcomes if outcome.case.name == name), None)


def chosen(systems):
    """The systems that stand in the picture."""
    return {name: value for name, value in systems.items() if name in CHOSEN}
