#!/usr/bin/env python3
"""What a bridge gets from a broker, and what that costs, beside a bare publisher that pipelines to it.

    bridge_rate.py HERD [--clients N] [--turns N] [--seconds S] [--stopped S] [--storage memory|file]

In turns, with two readers of the stream each time: a bare publisher whose lines are ready, beside two
programs that read; one that reads what it has published itself, as a bridge has to, beside another
one; and the bridge of a herd, beside one that reads for another herd. Windows, sizes of messages and
what is counted are the same: messages that the stream has taken in that time. The herd is told of so
many changes that its bridge always has some, in lines that are ready, and of no more, as a server
that takes a million changes a second for others has the processors that the broker wants.
Then: a bridge that begins anew, and one whose broker stands still.
"""
import json
import signal
import statistics
import threading
import time
import zlib

import bridge_soak
from bridge_soak import Nats, cpu_s, rss_kb, until

WINDOW = 4096  # as bridges have it
CHUNK = 250
MOST = 300_000  # lines a second that are ready for a bridge


class Stream:
    """How far it has come."""

    def __init__(self, broker, name):
        self.nats, self.name = Nats(broker.port), name

    def seq(self):
        return self.nats.ask(f'$JS.API.STREAM.INFO.{self.name}')['state']['last_seq']


def texts_of(clients, answers):
    """What a bare publisher says, in pieces; as long as what a bridge says."""
    def text(client):
        line = b'AT East +0.263873386 c%06d +34.068930-118.%06d 1520023934.918963' % (client, client)
        return b'PUB $KV.bare.%02x.cc%06d %s %d\r\n%s\r\n' % (
            zlib.crc32(b'c%06d' % client) & 255, client, answers, len(line), line)
    return [b''.join(map(text, range(first, first + CHUNK))) for first in range(0, clients, CHUNK)]


def bare_turn(broker, options, told):
    """Lines a second, and the broker's processor time for each."""
    nats = Nats(broker.port)
    nats.ask('$JS.API.STREAM.CREATE.KV_bare', json.dumps(
        {'name': 'KV_bare', 'subjects': ['$KV.bare.>'], 'max_msgs_per_subject': 1,
         'discard': 'new', 'storage': options.storage, 'num_replicas': 1}).encode())
    for _ in range(1 if told else 2):
        reader = Nats(broker.port)
        reader.consume('KV_bare')
        threading.Thread(target=bridge_soak.swallow, args=[reader.socket], daemon=True).start()
    if told:
        nats.consume('KV_bare')
    texts = texts_of(options.clients, nats.answers)
    said = heard = turn = 0
    tail = b''
    stream = Stream(broker, 'KV_bare')
    cpu, start = cpu_s(broker.process), time.monotonic()
    while time.monotonic() < start + options.seconds:
        while said - heard <= WINDOW - CHUNK:
            nats.socket.sendall(texts[turn % len(texts)])
            turn += 1
            said += CHUNK
        whole, _, tail = (tail + nats.socket.recv(1 << 20)).rpartition(b'\n')
        heard += whole.count(b'"seq":')
    done = stream.seq()
    took, cpu = time.monotonic() - start, cpu_s(broker.process) - cpu
    stream.nats.ask('$JS.API.STREAM.DELETE.KV_bare')
    return {'lines/s': done / took, "broker's us": cpu / done * 1e6}


def bridge_turn(broker, site, other, stamp, options):
    """The same of a bridge that is fed, and what it and the other one take for each."""
    stream, each = Stream(broker, 'KV_herd'), options.clients // 5
    moves = [(first, stamp + turn * 0.1) for turn in range(int(options.seconds * MOST / options.clients))
             for first in range(0, options.clients, each)]
    pieces = [bridge_soak.iamats(range(first, first + each), stamp) for first, stamp in moves]
    watched = site.processes[1], other.processes[1], broker.process
    counted = site.status()[1]['counters'], other.status()[1]['counters']
    first, done, told = stream.seq(), 0, 0
    cpu, start = [cpu_s(process) for process in watched], time.monotonic()
    while time.monotonic() < start + options.seconds:
        while pieces and told - done <= 2 * each:
            site.socket.sendall(pieces.pop(0))
            told += each
        time.sleep(0.01)
        done = stream.seq() - first
    took = time.monotonic() - start
    assert pieces, 'it was faster than anybody thought'
    until(lambda: bridge_soak.is_equal([site, other], options.clients), 'both are equal')
    cpu = [cpu_s(process) - before for process, before in zip(watched, cpu)]
    now = site.status()[1]['counters'], other.status()[1]['counters']
    said = now[0]['bridge_published'] - counted[0]['bridge_published']
    heard = now[1]['bridge_received'] - counted[1]['bridge_received']
    return {'lines/s': done / took, "broker's us": cpu[2] / said * 1e6,
            "its us": cpu[0] / said * 1e6, "the reader's us": cpu[1] / heard * 1e6}


def rates(options, broker, sites):
    kinds = {'bare': [], 'bare and told': [], 'bridge': []}
    stamp = time.time() - 60
    sites[0].report(range(options.clients), stamp)
    until(lambda: bridge_soak.is_equal(sites, options.clients), 'both sites are equal at first')
    for _ in range(options.turns):
        stamp += options.seconds
        for kind, told in [('bare', False), ('bare and told', True)]:
            kinds[kind].append(bare_turn(broker, options, told))
        kinds['bridge'].append(bridge_turn(broker, *sites, stamp, options))
        sites.reverse()
    for kind, turns in kinds.items():
        print(f'{kind}: ' + ', '.join(
            f'{name} {statistics.median(each[name] for each in turns):,.2f}' for name in turns[0]))
        ratios = [each['lines/s'] / bare['lines/s'] for each, bare in zip(turns, kinds['bare'])]
        print(f'    {statistics.median(ratios):.2f} x bare ({min(ratios):.2f} to {max(ratios):.2f})',
              flush=True)
    return stamp


def begin_anew(options, site, sites):
    site.processes[1].terminate()
    site.processes[1].wait()
    start = time.monotonic()
    site.processes[1] = site.start('bridge', f'{site.name}Bridge')
    until(lambda: bridge_soak.is_equal(sites, options.clients), 'a bridge that begins anew is equal')
    return time.monotonic() - start


def stand_still(options, broker, site, sites, stamp):
    before = rss_kb(site.processes[1])
    broker.process.send_signal(signal.SIGSTOP)
    for _ in range(options.stopped):
        stamp += 1
        site.report(range(options.clients), stamp)
        time.sleep(1)
    print(f'broker stopped for {options.stopped} s: resident memory of the bridge '
          f'{before} kB before, {rss_kb(site.processes[1])} kB after')
    broker.process.send_signal(signal.SIGCONT)
    start = time.monotonic()
    until(lambda: bridge_soak.is_equal(sites, options.clients), 'both sites are equal')
    print(f'equal {time.monotonic() - start:.2f} s later')


def main():
    parser = bridge_soak.arguments()
    parser.add_argument('--turns', type=int, default=5)
    parser.add_argument('--seconds', type=float, default=2.5, help='of each measurement')
    parser.add_argument('--stopped', type=int, default=60, help='seconds; 0: not at all')
    options = parser.parse_args()
    with bridge_soak.running(options) as (brokers, sites):
        stamp = rates(options, brokers[0], sites)
        took = [begin_anew(options, sites[0], sites) for _ in range(options.turns)]
        print(f'a bridge that begins anew: equal after {statistics.median(took):.2f} s', flush=True)
        if options.stopped:
            stand_still(options, brokers[0], sites[0], sites, stamp)


if __name__ == '__main__':
    main()
