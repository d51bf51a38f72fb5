"""Charts as SVG. The only module that needs matplotlib."""
import io
import re

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from suite import figures
from suite.metrics import written

matplotlib.rcParams.update({
    'font.family': 'sans-serif', 'font.size': 9, 'axes.spines.top': False,
    'axes.spines.right': False, 'axes.titlesize': 10, 'axes.titleweight': 'bold',
    'axes.titlelocation': 'left', 'svg.hashsalt': 'herd', 'axes.axisbelow': True,
    'grid.color': '#dddddd', 'grid.linewidth': 0.6})

COLOURS = {
    'herd': '#d62728', 'python': '#1f4e79', 'python-uvloop': '#4f81bd', 'python-kept': '#95b3d7',
    'node': '#4e9a06', 'java': '#b5651d', 'floor': '#333333', 'relay': '#999999',
    'redis': '#8e44ad', 'nats': '#17a2b8'}
OTHER = '#bbbbbb'
PERCENTILES = {0.5: '50 %', 0.9: '90 %', 0.99: '99 %', 0.999: '99.9 %', 0.9999: '99.99 %',
               0.99999: '99.999 %'}


def canvas(columns, width=9.0, height=3.0):
    """A figure with that many charts side by side, and the charts."""
    figure = Figure(figsize=(width, height), layout='constrained')
    return figure, list(figure.subplots(1, columns, squeeze=False)[0])


def draw_curves(axes, title, curves):
    """Latencies of systems ({name: points of figures.curve}) up to their slowest."""
    for name, points in curves.items():
        axes.step(*zip(*points), where='post', label=name, color=COLOURS.get(name, OTHER),
                  linewidth=2.0 if name == 'herd' else 1.2)
    top = max((points[-1][0] for points in curves.values()), default=1)
    ticks = {figures.percentile_axis(fraction): label for fraction, label in PERCENTILES.items()}
    ticks = {place: label for place, label in ticks.items() if place <= top + 0.1}
    axes.set_xticks(list(ticks), labels=list(ticks.values()))
    axes.set_yscale('log')
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: written(value, 'ns')))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(True)
    axes.set_title(title)
    axes.set_xlabel('of the reports took no longer')


def draw_bars(axes, title, spreads, unit):
    """Medians of systems ({name: spread}) as bars, with the least and the most of the rounds."""
    names = list(spreads)[::-1]
    medians = [spreads[name]['median'] for name in names]
    whiskers = [[abs(spreads[name]['median'] - spreads[name][end]) for name in names]
                for end in ('min', 'max')]
    axes.barh(names, medians, color=[COLOURS.get(name, OTHER) for name in names], height=0.7,
              xerr=whiskers, error_kw={'elinewidth': 0.8, 'ecolor': '#777777'})
    for place, name in enumerate(names):
        axes.annotate(written(spreads[name]['median'], unit), (spreads[name]['max'], place),
                      xytext=(4, 0), textcoords='offset points', va='center')
    axes.margins(x=0.2)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: written(value, unit)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.locator_params(axis='x', nbins=4)
    axes.grid(True, axis='x')
    axes.set_title(title)


def add_legend(axes):
    """One legend to the right of all charts, of all that stands in any of them."""
    handles = {label: handle for each in axes
               for handle, label in zip(*each.get_legend_handles_labels())}
    axes[-1].legend(handles.values(), handles.keys(), loc='upper left', bbox_to_anchor=(1, 1),
                    frameon=False)


def svg(figure, text_as_paths=False):
    """The figure as an SVG element, in hundredths of a point."""
    buffer = io.StringIO()
    with matplotlib.rc_context({'svg.fonttype': 'path' if text_as_paths else 'none'}):
        figure.savefig(buffer, format='svg', metadata={'Date': None, 'Creator': None})
    text = buffer.getvalue()
    text = re.sub(r'(\.\d\d)\d+', r'\1', text[text.index('<svg'):])
    text = re.sub(r' <metadata>.*?</metadata>\n', '', text, flags=re.DOTALL)
    return text.encode('ascii', 'xmlcharrefreplace').decode()


def latency_curves(outcome, latency):
    """The curve of each system that has this latency, all rounds together."""
    merged = {name: figures.merged(outcome.combined(name)) for name in outcome.results}
    return {name: figures.thinned(figures.curve(each[latency])) for name, each in merged.items()
            if each.get(latency)}


def figure_spreads(outcome, name):
    """The spread of each system that has this figure."""
    return {system: summary[name] for system, summary in outcome.summaries().items()
            if name in summary}
