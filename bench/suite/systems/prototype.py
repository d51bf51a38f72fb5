"""The prototype's protocol in other languages: one port, a flood of AT lines with their path."""
import functools
import json
import shutil
import subprocess

from suite.processes import Failure
from suite.systems.base import System
from suite.topology import HOST, PLACES, address, observer_of

PYTHON = '/usr/bin/python3'  # Debian's: the one that has Debian's aiohttp and uvloop


class Prototype(System):
    """Any of them: they share a configuration file and differ in the command."""
    scenarios = frozenset(('request', 'propagation', 'places', 'connections', 'clients', 'fault',
                           'visits'))
    program = []
    flags = []

    def commands(self, topology, folder, settings):
        config = folder / 'config.json'
        config.write_text(json.dumps(configuration(topology), indent=1))
        return {name: [*self.program, name, '--config', config, *self.flags]
                for name in topology.servers}


def configuration(topology):
    """The configuration file that all of them read."""
    servers = {name: {'host': HOST, 'port': topology.clients(name)} for name in topology.servers}
    servers |= {observer_of(name): {'host': HOST, 'port': topology.observer(name)}
                for name in topology.observed}
    neighbours = {name: topology.neighbours(name) for name in topology.servers}
    for name in topology.observed:
        neighbours[name] = [*neighbours[name], observer_of(name)]
    return {'servers': servers, 'neighbours': neighbours, 'key': 'none',
            'places_url': f'http://{address(PLACES)}/maps/api/place/nearbysearch/json'}


@functools.cache
def python_has(module):
    """Whether Debian's Python can import it."""
    try:
        return subprocess.run([PYTHON, '-c', f'import {module}'], check=False,
                              capture_output=True).returncode == 0
    except OSError:
        return False


class Python(Prototype):
    """The prototype itself."""
    name = 'python'
    about = 'The prototype: asyncio, a connection for each message to a neighbour.'
    modules = ['aiohttp']

    @property
    def program(self):
        return [PYTHON, self.tools.reference / 'python' / 'server.py']

    def missing(self):
        for module in self.modules:
            if not python_has(module):
                return f'{PYTHON} cannot import {module} (Debian: python3-{module}).'
        return None


class PythonUvloop(Python):
    """The prototype on a faster event loop."""
    name = 'python-uvloop'
    about = 'The same on uvloop.'
    modules = ['aiohttp', 'uvloop']
    flags = ['--uvloop']


class PythonKept(PythonUvloop):
    """The fairest fast Python."""
    name = 'python-kept'
    about = ('The same on uvloop, with one standing connection to each neighbour; not tuned '
             'otherwise.')
    flags = ['--uvloop', '--keep']


class Node(Prototype):
    """The same in JavaScript."""
    name = 'node'
    about = ('The same in Node.js, with one standing connection to each neighbour. Warmed up for a '
             'second before each measurement but of stored/s.')
    flags = ['--keep']
    warmup = 1

    @property
    def program(self):
        return ['node', self.tools.reference / 'node' / 'server.js']

    def missing(self):
        return None if shutil.which('node') else 'There is no node (Debian: nodejs).'


class Java(Prototype):
    """The same in Java."""
    name = 'java'
    about = ('The same in Java (NIO), with one standing connection to each neighbour. Warmed up for '
             'three seconds before each measurement but of stored/s, which is that of a cold start.')
    flags = ['--keep']
    warmup = 3

    @property
    def classes(self):
        """Where its classes are compiled to."""
        return self.tools.out / 'java'

    @property
    def program(self):
        return ['java', '-cp', self.classes, 'Server']

    def missing(self):
        for program in ('java', 'javac'):
            if not shutil.which(program):
                return f'There is no {program} (Debian: default-jdk-headless).'
        return None

    def build(self):
        sources = sorted((self.tools.reference / 'java').glob('*.java'))
        run = subprocess.run(['javac', '-d', self.classes, *sources], check=False, text=True,
                             capture_output=True)
        if run.returncode:
            raise Failure(f'javac: {run.stderr.strip()}')
