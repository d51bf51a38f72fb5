"""How a server talks to its neighbours. What cannot be delivered is dropped and logged."""
import asyncio
import logging

log = logging.getLogger('herd')


class EchoClientProtocol(asyncio.Protocol):
    """Says one message, then that there is no more. The neighbour closes."""

    def __init__(self, message):
        self.message = message

    def connection_made(self, transport):
        transport.write(self.message)
        transport.write_eof()


class Neighbour:
    """A neighbour that gets a connection of its own for each message."""

    def __init__(self, name, address):
        self.name = name
        self.address = address
        self.reached = False
        self.deliveries = set()

    def send(self, message):
        """Begins to deliver it."""
        delivery = asyncio.create_task(self.deliver(message))
        self.deliveries.add(delivery)
        delivery.add_done_callback(self.deliveries.discard)

    async def deliver(self, message):
        """Connects and says it."""
        log.debug('to %s: %r', self.name, message)
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: EchoClientProtocol(message), *self.address)
        except OSError as error:
            log.warning('dropped connection to %s, message lost: %s', self.name, error)
            self.reached = False
            return
        if not self.reached:
            log.info('new connection to %s', self.name)
            self.reached = True


class KeptNeighbour(asyncio.Protocol):
    """A neighbour with one connection that stays, dialled when there is something to say."""

    def __init__(self, name, address):
        self.name = name
        self.address = address
        self.transport = None
        self.dialling = None
        self.waiting = []  # for the connection

    def send(self, message):
        """Says it at once, or as soon as there is a connection."""
        log.debug('to %s: %r', self.name, message)
        if self.transport:
            self.transport.write(message + b'\n')
            return
        self.waiting.append(message + b'\n')
        if not self.dialling or self.dialling.done():
            self.dialling = asyncio.create_task(self.dial())

    async def dial(self):
        """Connects; what waits is lost when nobody is there."""
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self, *self.address)
        except OSError as error:
            log.warning('no connection to %s, messages lost: %s', self.name, error)
            self.waiting.clear()

    def connection_made(self, transport):
        log.info('new connection to %s', self.name)
        self.transport = transport
        transport.writelines(self.waiting)
        self.waiting.clear()

    def connection_lost(self, exc):
        log.warning('dropped connection to %s: %s', self.name, exc or 'it ended')
        self.transport = None
