#!/usr/bin/env python3
"""Says who enters and who leaves a circle: fence.py HOST PORT LOCATION KILOMETRES."""
import signal
import socket
import sys

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a word.
host, port, location, radius = sys.argv[1:]
inside = set()
with socket.create_connection((host, int(port))) as server:
    server.sendall(f'FOLLOW {location} {radius}\n'.encode())
    for line in server.makefile(encoding='utf-8', errors='surrogateescape', newline='\n'):
        kind, *rest = line.rstrip('\n').split(' ')
        left = set()
        if kind == 'NOW' and rest[4] not in inside:
            inside.add(rest[4])
            print(ascii(rest[4]), 'enters at', rest[5], flush=True)
        elif kind == 'GONE':
            left = {rest[1]} & inside
        elif kind == 'FOLLOW':  # The answer; or, later, all that was told is told anew.
            left = set(inside)
        elif kind == '?':
            sys.exit('the server refuses that')
        inside -= left
        for client in sorted(left):
            print(ascii(client), 'leaves', flush=True)
sys.exit('the server has ended the connection')
