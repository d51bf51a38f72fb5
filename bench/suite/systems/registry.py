"""All systems, in the order in which they are run and shown."""
from suite.systems.brokers import Nats, Redis, RedisPair
from suite.systems.floor import Bare, Floor, FloorSpin, FloorTls, Relay
from suite.systems.herd import Herd, HerdAlways, HerdFew, HerdSecond, HerdSpin, HerdTls
from suite.systems.nginx import Nginx
from suite.systems.prototype import Java, Node, Python, PythonKept, PythonUvloop

ALL = (Herd, HerdSpin, HerdFew, HerdSecond, HerdAlways, HerdTls, Python, PythonUvloop, PythonKept,
       Node, Java, Floor, FloorSpin, FloorTls, Bare, Relay, Nginx, Redis, RedisPair, Nats)
NAMES = tuple(system.name for system in ALL)


def pick(names, tools):
    """The systems of these names."""
    return [system(tools) for system in ALL if system.name in names]
