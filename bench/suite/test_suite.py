#!/usr/bin/python3
"""The suite's arithmetic, plan and tables, and a session with a herd-bench that only pretends."""
import contextlib
import io
import json
import pathlib
import sys
import tempfile
import textwrap
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from suite import (figures, metrics, plan, probes, processes, run, scale, search, session, table,
                   targets, topology)
from suite.systems import brokers, floor, herd, prototype, registry
from suite.systems.base import System, Tools

MACHINE = {'machine': {'processor': 'A', 'cores': 2, 'memory_gb': 1, 'kernel': 'K',
                       'distribution': 'D', 'load_before': 0}, 'versions': {'herd': 'herd 1'}}


def latency(p50, p99=0, buckets=()):
    """A latency as herd-bench writes it."""
    return {'count': 1, 'mean': p50, 'p50': p50, 'p90': p50, 'p99': p99 or p50, 'p99.9': p50,
            'max': p50, 'buckets': [list(bucket) for bucket in buckets]}


def propagation(missing=0, superseded=0, unsent=0, p50=1e6, p99=2e6):
    """A result of that scenario."""
    return {'scenario': 'propagation',
            'figures': {'missing': missing, 'superseded': superseded, 'unsent': unsent},
            'latency': {'1 server': latency(p50, p99), 'send lateness': latency(1e9, 1e9)}}


def outcome(scenario, values, rounds=1):
    """An outcome with these figures by system and round."""
    case = plan.Case('some case', scenario, topology.ALONE, tuple(values), rounds, {'rate': 5})
    made = session.Outcome(case)
    for name, each in values.items():
        made.results[name] = [{'commands': [['x']], 'parts': [
            {'scenario': scenario, 'figures': one, 'latency': {}, 'command': ['y']}]}
            for one in each]
    return made


class Figures(unittest.TestCase):
    def test_flat_names_and_no_latency_that_was_not_measured(self):
        empty = {**latency(5), 'count': 0}
        flat = figures.flatten({'figures': {'a': 1}, 'latency': {'x': latency(7), 'y': empty}})
        self.assertEqual((flat['a'], flat['x p50']), (1, 7))
        self.assertNotIn('y p50', flat)

    def test_medians_and_spread_over_rounds(self):
        rounds = [{'figures': {'a': value}, 'latency': {}} for value in (3, 1, 10)]
        self.assertEqual(figures.summarize(rounds)['a'],
                         {'median': 3, 'min': 1, 'max': 10, 'runs': 3})

    def test_a_ratio_says_how_many_times_better(self):
        self.assertEqual(figures.times_better(10, 2, True), 5)
        self.assertEqual(figures.times_better(10, 2, False), 0.2)
        for ours, theirs in ((0, 2), (2, 0), (None, 2), (2, None), (-1, 5)):
            self.assertIsNone(figures.times_better(ours, theirs, True))

    def test_parts_are_put_side_by_side_and_their_counts_added(self):
        one, other = propagation(missing=1), propagation(missing=2)
        other['latency'] = {'2 servers': latency(9)}
        whole = figures.combine([one, other])
        self.assertEqual(whole['figures']['missing'], 3)
        self.assertEqual(set(whole['latency']), {'1 server', '2 servers', 'send lateness'})
        self.assertIs(figures.combine([one]), one)

    def test_buckets_of_all_rounds_together(self):
        rounds = [{'latency': {'x': latency(1, buckets=[(10, 1), (20, 2)])}},
                  {'latency': {'x': latency(1, buckets=[(20, 3), (5, 1)])}}]
        self.assertEqual(figures.merged(rounds), {'x': [(5, 1), (10, 1), (20, 5)]})

    def test_the_percentile_axis_has_a_step_for_each_nine(self):
        for place, fraction in enumerate((0, 0.9, 0.99, 0.999)):
            self.assertAlmostEqual(figures.percentile_axis(fraction), place)
        points = figures.curve([(5, 90), (7, 9), (9, 1)])
        self.assertEqual([value for _, value in points], [5, 7, 9])
        for (place, _), expected in zip(points, (0, 1, 2)):
            self.assertAlmostEqual(place, expected)

    def test_a_thin_curve_keeps_its_ends(self):
        points = [(place / 100, place) for place in range(11)]
        self.assertEqual(figures.thinned(points, 0.04), [points[at] for at in (0, 4, 8, 10)])
        self.assertEqual(figures.thinned(points[:1]), points[:1])

    def test_what_is_not_sustained(self):
        def trouble(**how):
            return figures.trouble(figures.summarize([propagation(**how)]))
        self.assertIsNone(trouble(missing=5, superseded=5))
        self.assertIn('2 reports never arrived', trouble(missing=5, superseded=3))
        self.assertIn('could not be sent', trouble(unsent=1))
        self.assertIn('more than 150 ms', trouble(p99=150e6))


class Search(unittest.TestCase):
    def test_finds_each_limit_with_few_probes(self):
        for limit in (0, *search.LADDER):
            asked = []

            def good(rate, limit=limit, asked=asked):
                asked.append(rate)
                return rate <= limit
            self.assertEqual(search.highest(search.LADDER, good), limit or None)
            self.assertLessEqual(len(asked), len(search.LADDER).bit_length())

    def test_a_probe_is_good_when_all_arrives_in_time(self):
        self.assertTrue(search.sustained(propagation(missing=4, superseded=4)))
        self.assertFalse(search.sustained(propagation(missing=4)))
        self.assertFalse(search.sustained(propagation(unsent=1)))
        self.assertFalse(search.sustained(propagation(p99=100e6)))


class Metrics(unittest.TestCase):
    def test_values_have_three_digits_and_a_unit(self):
        for value, unit, expected in (
                (812.4, 'ns', '812 ns'), (1_532_000, 'ns', '1.53 ms'), (262.4, 'bytes', '262 B'),
                (1_240_000, 'per_second', '1.24 M'), (55.12, 'per_second', '55.1'),
                (0, 'count', '0'), (0, 'ns', '0 ns'), (-1, 'ms', 'never'),
                (0.004, 'ms', '4.00 \u00b5s'), (12_345, 'count', '12,345')):
            self.assertEqual(metrics.written(value, unit), expected)

    def test_a_spread_is_in_the_median_s_scale(self):
        each = {'median': 1.5e6, 'min': 0.9e6, 'max': 2e6, 'runs': 3}
        self.assertEqual(metrics.written_spread(each, 'ns'), '1.50 ms (0.90-2.00)')
        self.assertEqual(metrics.written_spread({**each, 'runs': 1}, 'ns'), '1.50 ms')
        sometimes = {'median': 3, 'min': -1, 'max': 4, 'runs': 3}
        self.assertEqual(metrics.written_spread(sometimes, 'ms'), '3.00 ms (never-4.00)')


class Plan(unittest.TestCase):
    every = {system.name: system.scenarios for system in registry.ALL}

    def test_all_plans_fit_their_time(self):
        for cases, limit in ((plan.quick(), 120), (plan.targets(huge=True), 1050),
                             (plan.full(), 1930)):
            cases = plan.select(cases, self.every, '', None)
            self.assertLess(plan.total_seconds(cases), limit)

    def test_names_differ_and_every_system_is_somewhere(self):
        cases = plan.full(huge=True) + scale.cases()
        self.assertEqual(len({case.name for case in cases}), len(cases))
        self.assertEqual({name for case in cases for name in case.systems}, set(registry.NAMES))

    def test_nobody_is_asked_for_what_it_cannot_do(self):
        for case in plan.full(huge=True) + scale.cases():
            for name in case.systems:
                scenario = 'propagation' if case.scenario == plan.LIMIT else case.scenario
                self.assertIn(scenario, self.every[name])
        chosen = plan.select(plan.quick(registry.NAMES), self.every, 'propagation 200', None)
        self.assertEqual([case.name for case in chosen], ['propagation 200/s'])
        self.assertNotIn('redis', chosen[0].systems)

    def test_a_choice_of_systems_names_and_rounds(self):
        few = {'herd': self.every['herd'], 'redis': self.every['redis']}
        chosen = plan.select(plan.full(), few, 'request', 2)
        self.assertEqual({case.scenario for case in chosen}, {'request'})
        self.assertEqual({case.rounds for case in chosen}, {2})
        self.assertEqual(chosen[0].systems, ('herd', 'redis'))

    def test_a_case_at_a_rate_found_later(self):
        case = next(case for case in plan.full() if case.of_limit).at(160)
        self.assertEqual(case.options['rate'], 160)
        self.assertFalse(case.of_limit)


class Targets(unittest.TestCase):
    def test_what_they_need_is_measured_in_five_rounds(self):
        cases = {case.name: case for case in plan.targets(huge=True)}
        everything = {case.name: case for case in plan.full(huge=True)}
        for target in targets.TARGETS:
            for name in filter(None, (target.system, target.yardstick)):
                self.assertIn(name, cases[target.case].systems)
                self.assertIn(name, everything[target.case].systems)
            self.assertGreaterEqual(cases[target.case].rounds, 5)
            figures_there = {metric.name for metric in metrics.METRICS[cases[target.case].scenario]}
            self.assertIn(target.figure, figures_there)

    def rows(self, **what):
        """The row of a target whose herd has 30 and whose floor has 20 ns."""
        target = targets.Target('it', 'some case', 'a', 'ns', 'floor', **what)
        made = outcome('request', {'herd': [{'a': 30}], 'floor': [{'a': 20}]})
        made.case = made.case.at(500)
        with mock.patch.object(targets, 'TARGETS', (target,)):
            return list(targets.rows([made]))

    def test_ratios_differences_and_plain_figures(self):
        for what, measured, wanted, met in (
                ({'most': 1.5}, '1.50 x', 'at most 1.50 x', 'met'),
                ({'most': 1.4}, '1.50 x', 'at most 1.40 x', 'NOT MET'),
                ({'least': 1.6}, '1.50 x', 'at least 1.60 x', 'NOT MET'),
                ({'most': 2, 'least': 1.2}, '1.50 x', '1.20 x to 2.00 x', 'met'),
                ({'most': 2, 'least': 1.6}, '1.50 x', '1.60 x to 2.00 x', 'NOT MET'),
                ({'most': 10, 'kind': 'beyond'}, '10.0 ns', 'at most 10.0 ns', 'met'),
                ({'most': 29, 'kind': 'plain'}, '30.0 ns', 'at most 29.0 ns', 'NOT MET')):
            self.assertEqual(self.rows(**what),
                             [('it', '30.0 ns', 'floor 20.0 ns', measured, wanted, met)])

    def test_what_tls_adds_is_compared_with_what_it_adds_to_the_yardstick(self):
        target = targets.Target('it', 'some case', 'a', 'ns', 'floor-tls', 1.2, kind='added',
                                system='herd-tls')
        figures = {'herd': 30, 'floor': 20, 'herd-tls': 54, 'floor-tls': 36}
        for without, row in (
                ('', ('it', '24.0 ns', 'floor-tls 16.0 ns', '1.50 x', 'at most 1.20 x', 'NOT MET')),
                ('floor', ('it', '24.0 ns', '-', '-', 'at most 1.20 x', '-'))):
            made = outcome('request', {name: [{'a': figure}] for name, figure in figures.items()
                                       if name != without})
            with mock.patch.object(targets, 'TARGETS', (target,)):
                self.assertEqual(list(targets.rows([made])), [row])

    def test_what_was_not_measured_is_not_met_either(self):
        self.assertEqual(self.rows(most=1, system='java')[0][1:],
                         ('-', 'floor 20.0 ns', '-', 'at most 1.00 x', '-'))
        self.assertEqual(list(targets.rows([])), [])


class Probes(unittest.TestCase):
    def test_strace_says_its_total(self):
        table_of = '% time  seconds  usecs/call  calls  errors syscall\n{}\n'
        for line, calls in (('100.00    0.02           3      9412        12 total', 9412),
                            ('100.00    0.02           3      9412           total', 9412),
                            ('100.00    0.02                  9412           total', 9412)):
            self.assertEqual(probes.total(table_of.format(line)), calls)
        with self.assertRaises(processes.Failure):
            probes.total('')


class Systems(unittest.TestCase):
    tools = Tools(pathlib.Path('/root'), pathlib.Path('/build'), pathlib.Path('/out'))

    def test_an_observer_is_one_more_server_of_the_herd(self):
        config = herd.configuration(topology.WATCHED, {'limits': {'clients': 5}})
        self.assertEqual(len(config['servers']), 10)
        self.assertIn(('Welsh', 'Welsh-observer'), config['links'])
        addresses = [server[kind] for server in config['servers'] for kind in ('clients', 'peers')]
        self.assertEqual(len(set(addresses)), 20)
        self.assertEqual(config['limits'], {'clients': 5})

    def test_who_speaks_tls_has_keys_and_a_port_of_its_own_for_it(self):
        made = herd.HerdTls(self.tools)
        config = made.configuration(topology.WATCHED, pathlib.Path('/run'), {})
        self.assertEqual(config['keys'], '/run/keys')
        sealed = {server['name']: server.get('clients_tls') for server in config['servers']}
        self.assertEqual(sealed['Hands'], '127.0.0.1:21502')
        self.assertIsNone(sealed['Hands-observer'])
        target = made.target(topology.WATCHED, dict.fromkeys(topology.FIVE, 1))
        self.assertEqual(target['servers'][1]['clients'], sealed['Hands'])
        self.assertEqual(target['servers'][1]['observer'], '127.0.0.1:21202')

    def test_herd_bench_is_told_of_keys_where_a_system_has_some(self):
        case = plan.request(1, 1, (), 1, 1)
        for system, sealed in ((herd.HerdTls, True), (floor.FloorTls, True), (herd.Herd, False)):
            command = run.bench_command(self.tools, system(self.tools), case,
                                        pathlib.Path('/run/target.json'), 'result.json', {})
            self.assertEqual('/run/keys' in command, sealed)

    def test_keys_are_made_for_the_floor_as_well(self):
        with tempfile.TemporaryDirectory() as name, \
                mock.patch.object(herd.subprocess, 'run') as ran:
            ran.return_value.returncode = 0
            folder = pathlib.Path(name)
            made = floor.FloorTls(self.tools).commands(topology.ALONE, folder, {})
            self.assertEqual(made['Goloman'][1:], ['tls', folder / 'keys', 'Goloman', 21001])
            self.assertIn(folder / 'herd.json', ran.call_args[0][0])
            alone = floor.Bare(self.tools).alone(topology.ALONE, folder, {'seconds': 2})
            self.assertEqual(alone[1:], ['handshakes', folder / 'keys', 'Goloman', 2])
            ran.return_value.returncode = 1
            with self.assertRaises(processes.Failure):
                floor.Bare(self.tools).commands(topology.ALONE, folder, {})

    def test_an_observer_is_one_more_neighbour_of_the_prototype(self):
        config = prototype.configuration(topology.WATCHED)
        self.assertEqual(config['neighbours']['Welsh'], ['Holiday', 'Welsh-observer'])
        self.assertEqual(config['servers']['Welsh-observer']['port'], 21204)
        lone = prototype.configuration(topology.ALONE)
        self.assertEqual(lone['neighbours'], {'Goloman': []})

    def test_the_floor_answers_alone_and_floods_in_company(self):
        made = floor.Floor(self.tools)
        alone = made.commands(topology.ALONE, None, {})['Goloman']
        self.assertEqual(alone[1:], ['line', 21001])
        lookup = made.commands(topology.ALONE, None, {'places_delay_ms': 0})['Goloman']
        self.assertEqual(lookup[1:], ['lookup', 21001, 21300])
        flood = made.commands(topology.WATCHED, None, {})['Welsh']
        self.assertEqual(flood[1:], ['flood', 'Welsh', 21004, 21104, 21103, 21204])

    def test_relays_are_entered_one_after_the_other(self):
        relay = floor.Relay(self.tools)
        row = relay.arrange(topology.WATCHED)
        commands = relay.commands(row, None, {})
        self.assertEqual([command[2:] for command in commands.values()],
                         [[21001, 21002], [21002, 21003], [21003, 21203]])
        parts = relay.parts({'seconds': 2, 'enter': 'Goloman'})
        self.assertEqual([part['enter'] for part in parts], ['r3', 'r2', 'r1'])
        target = relay.target(row, {'r1': 1, 'r2': 2, 'r3': 3})
        self.assertEqual([server.get('observer') for server in target['servers']],
                         [None, None, '127.0.0.1:21203'])

    def test_a_chain_is_a_chain_for_relays_and_herds(self):
        row = topology.chain(2)
        relay = floor.Relay(self.tools)
        self.assertEqual(relay.arrange(row), row)
        self.assertEqual([command[2:] for command in relay.commands(row, None, {}).values()],
                         [[21001, 21002], [21002, 21202]])
        self.assertEqual(len(relay.parts({'enter': 'r1'})), 1)
        self.assertEqual(herd.configuration(row, {})['links'],
                         [('r1', 'r2'), ('r2', 'r2-observer')])

    def test_leaf_nodes_make_a_tree_and_are_subscribed_to(self):
        nats = brokers.Nats(self.tools)
        tree = nats.arrange(topology.WATCHED)
        self.assertIn(':21103', nats.configuration(tree, 'Welsh'))
        self.assertIn('remotes: []', nats.configuration(tree, 'Goloman'))
        target = nats.target(tree, dict.fromkeys(topology.FIVE, 1))
        self.assertTrue(all(server['observed'] and 'observer' not in server
                            for server in target['servers']))


class Table(unittest.TestCase):
    def test_ratios_come_first_then_medians_with_their_command(self):
        made = outcome('request', {
            'herd': [{'lines_per_second': 4e6}, {'lines_per_second': 2e6}],
            'python': [{'lines_per_second': 3e4}], 'floor': [{'lines_per_second': 6e6}]}, 2)
        made.notes['node'] = 'was tired'
        made.errors['java'] = 'round 1: fell over'
        text = table.text([made], MACHINE, {'nats': 'There is none.'}, './dev bench')
        lines = [' '.join(line.split()) for line in text.split('\n')]
        for expected in ('How many times better the herd is than python floor',
                         'some case: lines/s 100 0.50', '$ herd-bench request --rate 5',
                         'herd 3.00 M (2.00-4.00)', 'python 30.0 k', 'node: was tired',
                         'java: FAILED: round 1: fell over', 'nats: There is none.'):
            self.assertIn(expected, lines)
        self.assertLess(lines.index('some case: lines/s 100 0.50'),
                        lines.index('herd 3.00 M (2.00-4.00)'))

    def test_without_the_herd_there_are_no_ratios(self):
        made = outcome('request', {'python': [{'lines_per_second': 3e4}]})
        self.assertEqual(list(table.ratios([made])), [])


class Pretender(System):
    """A system whose server is a Python that listens."""
    name = 'herd'
    scenarios = frozenset(('request', 'propagation', 'fault', 'start'))
    server = ('import socket, sys, time\n'
              's = socket.create_server(("127.0.0.1", int(sys.argv[1])))\n'
              'time.sleep(60)')

    def commands(self, topology, folder, settings):
        return {name: [sys.executable, '-c', self.server, topology.clients(name)]
                for name in topology.servers}


BENCH = '''\
#!{python}
import json, sys
words = sys.argv[2:]
options = dict(zip(words[::2], words[1::2]))
target = json.load(open(options['--target']))
if sys.argv[1] == 'request':
    sys.exit('herd-bench: no way')
if sys.argv[1] == 'fault':
    print('event kill Goloman', flush=True)
    print('event restart Goloman', flush=True)
rate = float(options.get('--rate', 0))
times = dict(count=1, p50=1, p99=1e6 * rate, mean=1, max=1, buckets=[[1, 1]])
times.update({{'p90': 1, 'p99.9': 1}})
json.dump(dict(scenario=sys.argv[1], system=target['system'],
               figures=dict(missing=0, superseded=0, unsent=0, complete_ms=1),
               latency={{'1 server': times}}), open(options['--json'], 'w'))
'''


class Sessions(unittest.TestCase):
    """On ports of its own: the real ones may be busy with a real session."""

    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(mock.patch.object(topology, 'CLIENTS', 21_901))
        stack.enter_context(mock.patch.object(run, 'LINKING', 0))
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        self.tools = Tools(folder, folder, folder / 'out')
        self.tools.bench.parent.mkdir()
        self.tools.bench.write_text(textwrap.dedent(BENCH.format(python=sys.executable)))
        self.tools.bench.chmod(0o755)

    def run_cases(self, *cases):
        """A session of the pretender's."""
        made = session.Session(self.tools, [Pretender(self.tools)], cases)
        made.run()
        self.assertFalse(processes.accepts(21_901))
        return made

    def test_failures_are_noted_and_the_rest_goes_on(self):
        made = self.run_cases(plan.request(1, 1, ('herd',), 1, 1), plan.fault(('herd',), 1))
        first, second = made.outcomes
        self.assertTrue(made.failed)
        self.assertEqual(first.errors, {'herd': 'round 1: herd-bench: herd-bench: no way'})
        self.assertEqual(second.errors, {})
        self.assertEqual(second.summaries()['herd']['complete_ms']['median'], 1)
        json.dumps(second.summary())

    def test_when_it_is_late_each_case_has_one_round(self):
        made = session.Session(self.tools, [Pretender(self.tools)],
                               [plan.fault(('herd',), 3), plan.propagation(50, 1, ('herd',), 3, 1)],
                               seconds=0)
        made.run()
        self.assertEqual([len(each.results['herd']) for each in made.outcomes], [1, 1])

    def test_starts_need_no_load(self):
        with mock.patch.object(probes, 'STARTS', 2):
            made = self.run_cases(plan.starts(('herd',), 1))
        self.assertGreater(made.outcomes[0].summaries()['herd']['start_ms']['median'], 0)

    def test_a_system_may_measure_itself(self):
        def measured(depth, program):
            command = [sys.executable, '-c', program]
            with mock.patch.object(Pretender, 'alone', lambda *_: command):
                outcome, = self.run_cases(plan.request(1, depth, ('herd',), 1, 1)).outcomes
            return outcome
        said = measured(1, 'print(\'{"lines_per_second": 7}\')').summaries()['herd']
        self.assertEqual(said['lines_per_second']['median'], 7)
        self.assertIn('no module', measured(2, 'import no_module').errors['herd'].lower())

    def test_whoever_does_not_sustain_a_rate_is_spared_higher_ones(self):
        made = self.run_cases(*(plan.propagation(rate, 1, ('herd',), 1, 1)
                                for rate in (50, 200, 300)))
        self.assertEqual([each.errors for each in made.outcomes], [{}, {}, {}])
        self.assertEqual(made.outcomes[0].notes, {})
        self.assertIn('not sustained', made.outcomes[1].notes['herd'])
        self.assertIn('not sustained: at 200/s', made.outcomes[2].notes['herd'])
        self.assertEqual(made.outcomes[2].results, {})


if __name__ == '__main__':
    unittest.main()
