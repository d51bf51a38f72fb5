"""A server that a test starts, on loopback, and how a script of several tests runs one of them."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'bench'))

from ports import take_ports

PATIENCE = 20  # seconds
SKIPPED = 77


def eventually(holds):
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, 'it does not come to pass'
        time.sleep(0.01)


def run_case(cases, what, herd, *more):
    """Calls case_WHAT of `cases` with a new folder, and what more there is. What it has left running ends with it."""
    if os.getpgrp() != os.getpid():  # A session's leader has a group already, and may not leave it.
        os.setpgrp()
    try:
        with tempfile.TemporaryDirectory() as made:
            cases[f'case_{what}'](os.path.abspath(herd), pathlib.Path(made), *more)
    except BaseException as why:
        if not isinstance(why, SystemExit):
            traceback.print_exc()
            sys.stderr.flush()
            os.killpg(0, signal.SIGKILL)
        raise


def accepts(port):
    """Whether somebody listens there."""
    try:
        socket.create_connection(('127.0.0.1', port), 1).close()
    except OSError:
        return False
    return True


def ask(port, lines):
    """A clients' port's answers to these lines, each up to its end."""
    with socket.create_connection(('127.0.0.1', port), 20) as connection:
        connection.sendall(''.join(line + '\n' for line in lines).encode())
        connection.shutdown(socket.SHUT_WR)
        heard = b''
        while part := connection.recv(65536):
            heard += part
    return heard.decode()


def counters(herd, path):
    """Of the first server of that configuration."""
    said = subprocess.run([herd, 'status', '--json', '--config', path], check=False,
                          capture_output=True, text=True).stdout
    return json.loads(said)['servers'][0]['counters']


def write(folder, config):
    """Returns where."""
    path = folder / f'{config["servers"][0]["name"]}.json'
    path.write_text(json.dumps({'log': {'folder': str(folder)}, **config}), encoding='utf-8')
    return path


def start(herd, folder, config, port):
    """The process of the first server of that configuration, when it listens at `port`."""
    name = config['servers'][0]['name']
    path = write(folder, config)
    process = subprocess.Popen([herd, 'serve', name, '--config', path], stdout=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while True:
        assert process.poll() is None, 'the server has ended'
        assert time.monotonic() < end, 'the server does not listen'
        if accepts(port):
            return process
        time.sleep(0.05)
