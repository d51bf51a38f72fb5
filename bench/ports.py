"""Ports on loopback for servers that a script starts."""
import errno
import random
import socket

# Below those for outgoing connections, where one may be taken at any moment, and above those of the
# built-in herd and of the benchmark's suite.
FIRST, END = 22_000, 32_000

_taken = []


def take_ports(count):
    """Ports that nobody has, and that nobody else takes in this way while this process lives.

    A port that is only found free is another's before its server binds it, or while that is
    restarted. So each is taken by a mark as well: an abstract Unix socket of that number, of which
    the kernel has one per network namespace, and which goes with the process. The C++ tests do the
    same (tests/live/ports.cpp).
    """
    ports = []
    while len(ports) < count:
        port = random.randrange(FIRST, END)
        mark = socket.socket(socket.AF_UNIX)
        try:
            mark.bind(f'\0herd-test-port-{port}')
            socket.create_server(('127.0.0.1', port)).close()
        except OSError as why:
            mark.close()
            if why.errno != errno.EADDRINUSE:
                raise
            continue
        _taken.append(mark)
        ports.append(port)
    return ports
