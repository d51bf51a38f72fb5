"""A processor for what is measured, on a machine that has others to serve.

A server and its load get a processor each, and it is theirs whenever they want it (SCHED_FIFO, which
needs root). Others have what these two leave of the load's, as if they were on machines of their own but for
caches and memory: what they still cost is what they make the server do.
"""
import os
import pathlib

SERVER, LOAD = {0}, {1}


def _threads(process):
    return [int(thread.name) for thread in pathlib.Path(f'/proc/{process}/task').iterdir()]


def _first(thread, processors):
    os.sched_setaffinity(thread, processors)
    os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(1))


def give_server(process):
    """To all threads that the process of that number has by now."""
    for thread in _threads(process):
        _first(thread, SERVER)


def be_load():
    """In a process that becomes the load, between fork and exec."""
    _first(0, LOAD)


def give_others(process):
    """To all threads that the process of that number has by now."""
    for thread in _threads(process):
        os.sched_setaffinity(thread, LOAD)
