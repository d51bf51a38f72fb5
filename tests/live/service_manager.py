"""A small service manager: starts a server as systemd does, keeps what it is handed, and hears it."""
import os
import socket
import threading
import time

import lone_server
from lone_server import PATIENCE


class Manager:
    """Starts one server again and again, each with the sockets that the one before it had stored."""

    def __init__(self, herd, folder, config, abstract=False):
        self.herd, self.folder, self.config = herd, folder, config
        self.name = config['servers'][0]['name']
        self.path = lone_server.write(folder, config)
        self.address = f'\0herd-{os.getpid()}-{id(self)}' if abstract else str(folder / 'notify')
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address)
        self.said = []   # messages, in order
        self.store = {}  # name: descriptors
        self.pid = 0
        self.ends = False
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self):
        self.socket.settimeout(0.1)
        while not self.ends:
            try:
                data, fds, _, _ = socket.recv_fds(self.socket, 65536, 16)
            except TimeoutError:
                continue
            with self.changed:
                self._take(data.decode(), fds)
                self.changed.notify_all()

    def _take(self, text, fds):
        said = dict(line.split('=', 1) for line in text.splitlines())
        name = said.get('FDNAME', 'stored')
        if said.get('FDSTOREREMOVE') == '1':
            for fd in self.store.pop(name, []):
                os.close(fd)
        for fd in fds:
            kept = self.store.setdefault(name, [])
            # Who sends again what is kept already has it kept once.
            if any(os.path.sameopenfile(fd, other) for other in kept):
                os.close(fd)
            else:
                kept.append(fd)
        self.said.append(said)

    def hears(self, key, value=None, since=0):
        """Whether it says so, from the message of that number on."""
        def said():
            return any(key in each and value in (None, each[key]) for each in self.said[since:])
        with self.changed:
            return self.changed.wait_for(said, PATIENCE)

    def start(self, environment=None, extra=()):
        """Returns when the server is ready, with the number of the first message that it said."""
        since = len(self.said)
        handed = [(name, fd) for name, fds in self.store.items() for fd in fds] + list(extra)
        variables = dict(os.environ, NOTIFY_SOCKET=self.address.replace('\0', '@'),
                         **(environment or {}))
        self.pid = spawn([self.herd, 'serve', self.name, '--config', self.path], handed, variables)
        assert self.hears('READY', '1', since), self.said
        return since

    def end(self, number):
        os.kill(self.pid, number)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def close(self):
        self.ends = True
        self.thread.join()
        self.socket.close()
        for fds in self.store.values():
            for fd in fds:
                os.close(fd)


def spawn(command, handed, variables):
    """A process that has these (name, descriptor) from 3 on, as sd_listen_fds(3) has it."""
    pid = os.fork()
    if pid != 0:
        return pid
    try:
        # Out of the way first: some may be where others are to be.
        copies = [os.dup(fd) for _, fd in handed]
        high = [os.dup2(fd, 500 + i) for i, fd in enumerate(copies)]
        for i, fd in enumerate(high):
            os.dup2(fd, 3 + i)
        os.closerange(3 + len(high), 1024)
        if high:
            variables.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(high)),
                             LISTEN_FDNAMES=':'.join(name for name, _ in handed))
        os.execve(command[0], [str(word) for word in command], variables)
    finally:
        os._exit(127)


class Load:
    """Connects, reports and reads the answer, over and over, from some threads."""

    def __init__(self, port, threads=4):
        self.port = port
        self.answered = self.refused = self.lost = 0
        self.ends = False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run, args=(i,), daemon=True)
                        for i in range(threads)]
        for each in self.threads:
            each.start()

    def _run(self, number):
        count = 0
        while not self.ends:
            count += 1
            outcome = self._once(f'IAMAT load{number} +1.5-2.5 {1_600_000_000 + count}\n')
            with self.lock:
                setattr(self, outcome, getattr(self, outcome) + 1)

    def _once(self, line):
        try:
            connection = socket.create_connection(('127.0.0.1', self.port), PATIENCE)
        except OSError:
            return 'refused'
        with connection:
            try:
                connection.sendall(line.encode())
                return 'answered' if connection.recv(4096).startswith(b'AT ') else 'lost'
            except OSError:
                return 'lost'

    def wait_for(self, more):
        """For so many more answers."""
        until, end = self.answered + more, time.monotonic() + PATIENCE
        while self.answered < until:
            assert time.monotonic() < end, 'nobody is answered'
            time.sleep(0.005)

    def stop(self):
        self.ends = True
        for each in self.threads:
            each.join()
