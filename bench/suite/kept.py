"""What a journal takes of the disk, against the table that it keeps."""
from suite.processes import Failure
from suite.systems.herd import JOURNALS

BLOCK = 512      # bytes, of which the kernel counts a file's room
LATELY = 1 << 20  # bytes at a file's end, whose lines are as long as any where all clients are alike


class Room:
    """The room of a lone server's journal at end(); no figure where it has none."""

    def __init__(self, run):
        self.run = run

    def end(self, _part):
        """All its files, as much of them as is no hole, and one line of each client."""
        if not self.run.system.fsync:
            return {}
        topology, folder = self.run.case.topology, self.run.folder
        (name, records), = self.run.system.stored(topology, folder).items()
        journals = folder / JOURNALS
        disk = sum(file.stat().st_blocks * BLOCK for file in journals.glob(f'{name}.journal*'))
        table = records * line_bytes(journals / f'{name}.journal')
        return {'journal_bytes': disk, 'table_bytes': table, 'journal_against_table': disk / table}


def line_bytes(file):
    """The mean of the newest lines of a journal, with what frames each."""
    with file.open('rb') as journal:
        journal.seek(max(0, file.stat().st_size - LATELY))
        lines = journal.read().split(b'\n')[1:-1]  # The first is cut, or the title.
    if not lines:
        raise Failure(f'{file} has no lines')
    return sum(len(line) + 1 for line in lines) / len(lines)
