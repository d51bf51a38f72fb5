#!/usr/bin/python3
"""What a journal takes of the disk, and where it is."""
import io
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from suite import kept, plan, processes, run, topology
from suite.systems import herd
from suite.systems.base import Tools


class Journals(unittest.TestCase):
    tools = Tools(pathlib.Path('/root'), pathlib.Path('/build'), pathlib.Path('/out'))

    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = pathlib.Path(made.name)

    def room(self, system, lines):
        """What is measured of a journal of these lines, of a server with 5 records."""
        journals = self.folder / 'journals'
        journals.mkdir()
        with (journals / 'Goloman.journal').open('wb') as file:
            file.truncate(3 << 20)
            file.seek(0, io.SEEK_END)
            file.write(lines)
        (journals / 'Goloman.journal.next').write_bytes(bytes(5_000))
        (journals / 'Hands.journal').write_bytes(bytes(9_000))
        case = plan.journal(1, 1)
        seen = run.Run(self.tools, system(self.tools), case, self.folder, {})
        with mock.patch.object(system, 'stored', lambda *_: {'Goloman': 5}):
            return kept.Room(seen).end({})

    def test_a_journal_s_holes_take_no_room_and_its_table_has_a_line_per_record(self):
        found = self.room(herd.HerdAlways, b'\n' + b'x' * 79 + b'\n' + b'x' * 99 + b'\ncut')
        self.assertEqual(found['table_bytes'], 5 * 90)
        self.assertGreaterEqual(found['journal_bytes'], 5_000)
        self.assertLess(found['journal_bytes'], 1 << 20)
        self.assertEqual(found['journal_against_table'],
                         found['journal_bytes'] / found['table_bytes'])

    def test_a_journal_without_lines_tells_nothing(self):
        with self.assertRaises(processes.Failure):
            self.room(herd.HerdSecond, b'')

    def test_who_has_no_journal_takes_no_room(self):
        self.assertEqual(self.room(herd.Herd, b'\nx\n'), {})

    def test_a_journal_is_in_the_folder_of_its_run_until_that_is_over(self):
        for system, fsync in ((herd.HerdSecond, 'second'), (herd.HerdAlways, 'always')):
            made = system(self.tools)
            made.commands(topology.ALONE, self.folder, plan.journal(1, 1).settings)
            config = json.loads((self.folder / 'herd.json').read_text())
            self.assertEqual(config['journal'],
                             {'folder': str(self.folder / 'journals'), 'fsync': fsync})
            self.assertEqual(config['limits']['clients'], 1_200_000)
            (self.folder / 'journals' / 'Goloman.journal').write_text('x')
            made.clear(self.folder)
            self.assertEqual([each.name for each in self.folder.iterdir()], ['herd.json'])


if __name__ == '__main__':
    unittest.main()
