#!/usr/bin/env python3
"""Says one message to a server of the herd and prints its answer."""
import argparse
import asyncio
import sys

from config import Config


async def ask(address, message):
    """What the server answers until it ends the connection."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(message.encode() + b'\n')
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('server', metavar='SERVER_ID')
    parser.add_argument('message', metavar='MESSAGE')
    parser.add_argument('--config', metavar='FILE')
    options = parser.parse_args()
    address = Config(options.config).address(options.server)
    sys.stdout.buffer.write(asyncio.run(ask(address, options.message)))


if __name__ == '__main__':
    main()
