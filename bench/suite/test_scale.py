#!/usr/bin/python3
"""Graphs of many servers and their model, and what the scale of a herd is measured by."""
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from suite import counted, graphs, metrics, plan, run, scale, session, status, targets
from suite.processes import Failure
from suite.systems import brokers, herd, nginx, registry
from suite.systems.base import Tools
from suite.topology import ALONE

TOOLS = Tools(pathlib.Path('/root'), pathlib.Path('/build'), pathlib.Path('/out'))


def flooded(topology, entry):
    """How many lines it takes when each server tells all others but the one it has it from."""
    known, told = {entry}, [(entry, None)]
    count = 0
    for server, teller in told:
        for other in topology.neighbours(server):
            if other == teller:
                continue
            count += 1
            if other not in known:
                known.add(other)
                told.append((other, server))
    return count


class Graphs(unittest.TestCase):
    def test_shapes_have_the_links_that_their_names_say(self):
        for shape, count, links in (('ring', 64, 64), ('tree', 64, 63), ('mesh', 16, 120)):
            topology = graphs.SHAPES[shape](count)
            self.assertEqual(len(topology.servers), count)
            self.assertEqual(len(set(map(frozenset, topology.links))), links)
            self.assertEqual(len(graphs.passed(topology, 's1')), count)

    def test_ends_are_as_far_apart_as_any(self):
        for shape, count, passed in (('ring', 64, 33), ('ring', 5, 3), ('mesh', 16, 2),
                                     ('tree', 7, 5), ('tree', 4, 4)):
            entry, last, count_passed = graphs.ends(graphs.SHAPES[shape](count))
            self.assertEqual(count_passed, passed)
            self.assertEqual(graphs.passed(graphs.SHAPES[shape](count), entry)[last], passed)

    def test_the_model_is_what_a_flood_takes_from_wherever_it_begins(self):
        for shape in graphs.SHAPES:
            topology = graphs.SHAPES[shape](9)
            for entry in topology.servers:
                self.assertEqual(graphs.lines(topology), flooded(topology, entry))

    def test_an_observer_is_one_line_more(self):
        self.assertEqual(graphs.lines(graphs.watched('ring', 8)),
                         graphs.lines(graphs.ring(8)) + 1)


class Costs(unittest.TestCase):
    def test_they_are_found_again(self):
        made = [graphs.ring(4), graphs.ring(64), graphs.tree(16), graphs.mesh(8)]
        points = [(each, graphs.cost(each, (50, 20, 3))) for each in made]
        for found, expected in zip(graphs.costs(points), (50, 20, 3)):
            self.assertAlmostEqual(found, expected)

    def test_too_little_tells_nothing(self):
        trees = [(graphs.tree(count), 20 * count) for count in (4, 8, 16, 32)]
        self.assertIsNone(graphs.costs(trees))  # Nothing comes again.
        self.assertIsNone(graphs.costs([(graphs.ring(4), 90), (graphs.mesh(4), 100)]))
        self.assertIsNone(graphs.costs([]))

    def test_a_row_stands_beside_what_all_of_them_say(self):
        made = []
        for shape, count, cost in (('ring', 4, 100), ('ring', 8, 200), ('ring', 16, 400),
                                   ('ring', 32, 800), ('ring', 64, 3_200), ('mesh', 8, 284)):
            made.append(session.Outcome(scale.graph(shape, count, 1, 1)))
            made[-1].results['herd'] = [{'parts': [{
                'scenario': 'graph', 'latency': {},
                'figures': {'herd_cpu_ns_per_update': cost, 'lines_against_model': 1}}]}]
        rows = {row[0]: row[1:] for row in targets.rows(made)}
        self.assertEqual(rows['mesh of 8: CPU per report'][-1], 'met')
        self.assertEqual(rows['ring of 64: CPU per report'][-1], 'NOT MET')
        self.assertEqual(rows['ring of 64: CPU per report'][3], '0.80 x to 1.20 x')
        self.assertTrue(rows['mesh of 8: CPU per report'][1].startswith('model '))
        self.assertEqual(rows['ring of 4: lines per report, against 2E - N + 1'][-1], 'met')
        self.assertNotIn('tree of 4: CPU per report', rows)


class Plan(unittest.TestCase):
    every = {system.name: system.scenarios for system in registry.ALL}

    def test_it_ends_within_a_quarter_of_an_hour(self):
        cases = plan.select(scale.cases(), self.every, '', None)
        self.assertEqual(len(cases), len(scale.cases()))
        self.assertLess(plan.total_seconds(cases), 900)

    def test_its_targets_are_measured_in_three_rounds(self):
        cases = {case.name: case for case in scale.cases()}
        for target in targets.SCALE:
            case = cases[target.case]
            self.assertGreaterEqual(case.rounds, 3)
            self.assertIn(target.figure, {each.name for each in metrics.METRICS[case.scenario]})
            self.assertLessEqual({target.system, target.yardstick} - {'', targets.MODEL},
                                 set(case.systems))

    def test_without_memory_for_the_clients_there_are_the_graphs(self):
        self.assertEqual({case.scenario for case in scale.cases(records=0)}, {'graph'})


class Commands(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = pathlib.Path(made.name)

    def test_who_is_observed_in_a_full_herd_knows_its_neighbours_only(self):
        topology = graphs.watched('ring', 64)
        commands = herd.Herd(TOOLS).commands(topology, self.folder, {})
        self.assertEqual(len(commands), 64)
        whole = json.loads((self.folder / 'herd.json').read_text())
        self.assertEqual((len(whole['servers']), len(whole['links'])), (64, 64))
        last, = topology.observed
        self.assertIn(self.folder / f'{last}.json', commands[last])
        self.assertIn(self.folder / 'herd.json', commands['s1'])
        near = json.loads((self.folder / f'{last}.json').read_text())
        self.assertEqual({each['name'] for each in near['servers']},
                         {'s32', 's33', 's34', 's33-observer'})
        self.assertEqual(len(near['links']), 3)

    def test_a_smaller_herd_has_one_configuration(self):
        commands = herd.Herd(TOOLS).commands(graphs.watched('mesh', 4), self.folder, {})
        self.assertEqual({command[4] for command in commands.values()},
                         {self.folder / 'herd.json'})

    def test_the_second_redis_is_a_replica_of_the_first(self):
        commands = brokers.RedisPair(TOOLS).commands(scale.PAIR, self.folder, {})
        self.assertNotIn('--replicaof', commands['Goloman'])
        self.assertEqual(commands['Hands'][-3:], ['--replicaof', '127.0.0.1', 21001])

    def test_nginx_closes_where_it_is_told_to(self):
        command = nginx.Nginx(TOOLS).commands(ALONE, self.folder, {})['Goloman']
        text = (self.folder / 'nginx-21001.conf').read_text()
        self.assertIn(self.folder / 'nginx-21001.conf', command)
        self.assertIn('keepalive_timeout 0;', text)
        self.assertIn('listen 127.0.0.1:21001 ', text)
        nginx.write(self.folder, 21001, nginx.KEPT, ' "ok"')
        text = (self.folder / 'nginx-21001.conf').read_text()
        self.assertNotIn('keepalive_timeout 0;', text)
        self.assertIn('return 200 "ok";', text)


class Turns(unittest.TestCase):
    def test_graphs_take_turns_as_they_are_compared_with_each_other(self):
        cases = [scale.graph('ring', 4, 2, 1), scale.graph('tree', 4, 2, 1),
                 scale.catch_up(5, 2, 1)]
        with mock.patch.object(session.Session, 'run_once') as run_once:
            session.Session(TOOLS, [], cases).run()
        ran = [(call.args[0].case.name, call.args[2]) for call in run_once.call_args_list
               if call.args[1] == 'herd']
        self.assertEqual(ran, [('ring of 4', 1), ('tree of 4', 1), ('ring of 4', 2),
                               ('tree of 4', 2), (cases[2].name, 1), (cases[2].name, 2)])


class Counted(unittest.TestCase):
    case = scale.graph('ring', 4, 1, 1)  # 5 lines, and one to the observer

    def said(self, reports, lines, state='live'):
        """What four servers say that had so many in all."""
        return {name: {'links': [{'neighbour': 's2', 'state': state},
                                 {'neighbour': 's3-observer', 'state': 'down'}],
                       'counters': {'iamat': reports * (name == 's1'), 'records_sent': lines / 4}}
                for name in self.case.topology.servers}

    def probe(self, *answers):
        """Figures of a run in which the servers say these, one after the other."""
        with mock.patch.object(status, 'ask', side_effect=answers), \
                mock.patch.object(counted, 'PAUSE', 0):
            probe = counted.Lines(run.Run(TOOLS, None, self.case, pathlib.Path('/run'), {}))
            return probe.end({'figures': {'herd_cpu_ns_per_update': 60_000},
                              'latency': {'3 servers': {'p50': 1, 'p99': 2}}})

    def test_lines_per_report_are_differences(self):
        figures = self.probe(self.said(0, 0, 'down'), self.said(7, 100), self.said(7, 100),
                             self.said(107, 700))
        self.assertEqual(figures['lines_per_report'], 6)
        self.assertEqual(figures['lines_against_model'], 1)
        self.assertEqual(figures['cpu_ns_per_line'], 10_000)
        self.assertEqual((figures['farthest_p50_ns'], figures['farthest_p99_ns']), (1, 2))

    def test_a_silent_server_is_a_failure(self):
        said = self.said(0, 0)
        del said['s4']
        with self.assertRaisesRegex(Failure, 's4'):
            self.probe(said)

    def test_who_lacks_records_has_not_caught_up(self):
        case = scale.catch_up(10, 1, 1)
        system = mock.Mock()
        probe = counted.Stored(run.Run(TOOLS, system, case, None, {}))
        system.stored.return_value = {'Goloman': 10, 'Hands': 10}
        self.assertEqual(probe.end({}), {})
        system.stored.return_value = {'Goloman': 10, 'Hands': 9}
        with self.assertRaisesRegex(Failure, 'Hands has 9 of 10'):
            probe.end({})


if __name__ == '__main__':
    unittest.main()
