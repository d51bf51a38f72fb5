"""Which charts a case has in the report."""
from suite import drawing
from suite.metrics import METRICS

CURVES = {  # scenario: its latencies
    'request': ('round trip',),
    'propagation': ('1 server', '2 servers', '3 servers'),
    'places': ('iamat alone', 'iamat mixed', 'whatsat mixed'),
    'fault': ('round trip',),
}
BARS = {  # scenario: its figures
    'request': ('lines_per_second', 'server_cpu_ns_per_line'),
    'connections': ('user_bytes_per_connection',),
    'clients': ('bytes_per_client', 'ingest_per_second'),
}


def charts(outcome):
    """All charts of a case, each an SVG element."""
    scenario = outcome.case.scenario
    return [chart for chart in (bars(outcome, BARS.get(scenario, ())),
                                curves(outcome, CURVES.get(scenario, ()))) if chart]


def bars(outcome, names):
    """These figures side by side, or nothing."""
    spreads = {metric: drawing.figure_spreads(outcome, metric.name)
               for metric in METRICS.get(outcome.case.scenario, ()) if metric.name in names}
    spreads = {metric: each for metric, each in spreads.items() if each}
    if not spreads:
        return ''
    systems = max(map(len, spreads.values()))
    figure, axes = drawing.canvas(len(spreads), height=0.9 + 0.25 * systems)
    for each, (metric, spread) in zip(axes, spreads.items()):
        drawing.draw_bars(each, metric.label, spread, metric.unit)
    return drawing.svg(figure)


def curves(outcome, latencies):
    """These latencies side by side on one scale, or nothing."""
    all_curves = {name: drawing.latency_curves(outcome, name) for name in latencies}
    all_curves = {name: each for name, each in all_curves.items() if each}
    if not all_curves:
        return ''
    figure, axes = drawing.canvas(len(all_curves))
    for each, (name, curve) in zip(axes, all_curves.items()):
        drawing.draw_curves(each, name, curve)
        each.sharey(axes[0])
    drawing.add_legend(axes)
    return drawing.svg(figure)
