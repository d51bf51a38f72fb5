#!/usr/bin/env python3
"""Clients that speak TLS as people write them in Python; prints what they hear, and how it ended.

    tls_clients.py farewell|bare_end|pipelined PORT CA-FILE
"""
import asyncio
import socket
import ssl
import sys

REPORT = b'IAMAT kiwi +34.068930-118.445127 1520023934\n'


def farewell(port, context):
    """By memory BIOs: unwrap() once, then read to the end."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname='Goloman')
    connection = socket.create_connection(('127.0.0.1', port))

    def until_done(step):
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                connection.sendall(outgoing.read())
                incoming.write(connection.recv(65536))

    until_done(tls.do_handshake)
    tls.write(REPORT * 50 + b'WHATSAT kiwi 1 0\n')
    try:
        tls.unwrap()
    except ssl.SSLWantReadError:
        connection.sendall(outgoing.read())
    heard = b''
    try:
        while True:
            heard += until_done(lambda: tls.read(65536))
    except ssl.SSLError as end:
        print(heard.decode() + 'end: ' + type(end).__name__)


def bare_end(port, context):
    """FIN without a farewell, past the TLS object, which goes on reading."""
    tls = context.wrap_socket(socket.create_connection(('127.0.0.1', port)),
                              suppress_ragged_eofs=False, server_hostname='Goloman')
    tls.sendall(REPORT + b'WHATSAT kiwi 10 3\n')
    socket.socket.shutdown(tls, socket.SHUT_WR)
    heard = b''
    while part := tls.recv(65536):  # An end without a farewell would raise an error.
        heard += part
    print(heard.decode() + 'end: farewell')


async def pipelined(port, context):
    """64 lines, 64 answers, close."""
    reader, writer = await asyncio.open_connection('127.0.0.1', port, ssl=context,
                                                   server_hostname='Goloman')
    writer.write(REPORT * 64)
    answers = [await reader.readline() for _ in range(64)]
    writer.close()
    await writer.wait_closed()
    print(sum(line.startswith(b'AT Goloman ') for line in answers), 'answers, closed')


def main(name, port, authority):
    client = globals()[name]
    context = ssl.create_default_context(cafile=authority)
    done = client(int(port), context)
    if asyncio.iscoroutine(done):
        asyncio.run(done)


if __name__ == '__main__':
    main(*sys.argv[1:])
