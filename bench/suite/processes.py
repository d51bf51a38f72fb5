"""Processes, each in a group of its own, so that no child of theirs is left when they are ended."""
import os
import signal
import socket
import subprocess
import time

from suite.topology import HOST


class Failure(Exception):
    """Why something could not be measured, in a sentence."""


class Process:
    """A command that runs until it is killed; what it prints is appended to a file."""

    def __init__(self, command, folder, name):
        self.command = [str(word) for word in command]
        self.folder = folder
        self.log = folder / f'{name}.out'
        self.running = None

    def start(self):
        """Starts it, again if it was killed."""
        with self.log.open('ab') as log:
            self.running = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                start_new_session=True)

    def kill(self):
        """SIGKILL for it and its children."""
        if self.running:
            kill_group(self.running)
            self.running = None

    def wait_for(self, port, timeout=20.0):
        """Until it accepts connections at the port."""
        end = time.monotonic() + timeout
        while not accepts(port):
            if self.running.poll() is not None:
                raise Failure(f'{self.command[0]} ended at once: {self.last_words()}')
            if time.monotonic() > end:
                raise Failure(f'{self.command[0]} does not listen at port {port}')
            time.sleep(0.01)

    def last_words(self):
        """The last line that it printed."""
        lines = self.log.read_text(encoding='utf-8', errors='replace').split('\n')
        return next((line.strip() for line in reversed(lines) if line.strip()), 'without a word')


def kill_group(process):
    """Ends a process that was started in a session of its own, and all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def accepts(port):
    """Whether somebody listens at the port."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False
