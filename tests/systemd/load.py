"""Connections to a server, one after the other, from some processes, while something is done to it.

Each says one report, reads its answer and goes. What became of them is counted: answered, refused
(nobody listened), or lost (begun, and not answered).
"""
import multiprocessing
import socket
import time

WAIT_S = 20  # for an answer; a server that starts lets its clients wait


def one(address, client):
    """What becomes of one connection."""
    try:
        with socket.create_connection(address, WAIT_S) as connection:
            connection.sendall(f'IAMAT {client} +34.06-118.44 {time.time():.6f}\n'.encode())
            return 'answered' if connection.recv(200).endswith(b'\n') else 'lost'
    except ConnectionRefusedError:
        return 'refused'
    except OSError:
        return 'lost'


def go_on(address, rate, ended, told):
    """At that many a second at most, until it is ended."""
    counts = dict.fromkeys(('answered', 'refused', 'lost'), 0)
    name, begin, done = multiprocessing.current_process().name, time.monotonic(), 0
    while not ended.is_set():
        counts[one(address, name)] += 1
        done += 1
        ahead = begin + done / rate - time.monotonic()
        if ahead > 0.002:
            time.sleep(ahead)
    told.put(counts)


class Load:
    """As a context; after it, `counts` says what became of all, `rate` how many a second they were."""

    def __init__(self, address, rate=5000, processes=2):
        self.address, self.wanted, self.processes = address, rate / processes, processes
        self.counts, self.rate = {}, 0

    def __enter__(self):
        self.ended, self.told = multiprocessing.Event(), multiprocessing.Queue()
        self.begin = time.monotonic()
        self.running = [multiprocessing.Process(
            target=go_on, name=f'load-{number}',
            args=(self.address, self.wanted, self.ended, self.told))
            for number in range(self.processes)]
        for process in self.running:
            process.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        counts = [self.told.get() for _ in self.running]
        for process in self.running:
            process.join()
        self.counts = {key: sum(each[key] for each in counts) for key in counts[0]}
        self.rate = round(sum(self.counts.values()) / (time.monotonic() - self.begin))
