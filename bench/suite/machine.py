"""What all this was measured on."""
import datetime
import json
import os
import pathlib
import platform
import re
import subprocess

VERSIONS = {  # of what: how to ask
    'compiler': ['c++', '--version'],
    'python': ['/usr/bin/python3', '--version'],
    'aiohttp': ['/usr/bin/python3', '-c', 'import aiohttp; print(aiohttp.__version__)'],
    'uvloop': ['/usr/bin/python3', '-c', 'import uvloop; print(uvloop.__version__)'],
    'node': ['node', '--version'],
    'java': ['java', '--version'],
    'redis-server': ['redis-server', '--version'],
    'nats-server': ['nats-server', '--version'],
}


def describe(tools):
    """The machine and every version, by name."""
    return {'machine': hardware(), 'versions': {**versions(tools), **made(tools)}}


def made(tools):
    """How the herd was built, and when all this was measured."""
    said = {'measured': f'{datetime.datetime.now():%Y-%m-%d %H:%M}'}
    file = tools.build / 'meson-info' / 'intro-buildoptions.json'
    if file.exists():
        options = json.loads(file.read_text(encoding='utf-8'))
        kind = next(each['value'] for each in options if each['name'] == 'buildtype')
        said['build'] = f'{kind}, assertions on'
    return said


def hardware():
    """Processor, memory, kernel, distribution, and how busy it was before."""
    cpu = pathlib.Path('/proc/cpuinfo').read_text(encoding='utf-8')
    memory = pathlib.Path('/proc/meminfo').read_text(encoding='utf-8')
    return {
        'processor': found(r'^model name\s*: (.*)$', cpu) or platform.machine(),
        'cores': len(os.sched_getaffinity(0)),
        'memory_gb': round(int(found(r'^MemTotal:\s*(\d+)', memory)) / 1e6, 1),
        'kernel': f'{platform.system()} {platform.release()}',
        'distribution': platform.freedesktop_os_release().get('PRETTY_NAME', 'unknown'),
        'load_before': round(os.getloadavg()[0], 2),
    }


def available_gb():
    """Memory that programs could have now."""
    memory = pathlib.Path('/proc/meminfo').read_text(encoding='utf-8')
    return int(found(r'^MemAvailable:\s*(\d+)', memory)) / 1e6


def versions(tools):
    """What each program says of itself, and which sources the herd was built from."""
    commands = {'herd': [tools.herd, '--version'], **VERSIONS}
    said = {name: first_line(command) for name, command in commands.items()}
    git = ['git', '-C', tools.root]
    said['commit'] = first_line([*git, 'describe', '--always', '--dirty'])
    return {name: text for name, text in said.items() if text}


def first_line(command):
    """Of what a command prints; empty if it fails."""
    try:
        run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ''
    return run.stdout.split('\n')[0].strip() if run.returncode == 0 else ''


def found(pattern, text):
    """What the group of the pattern matched."""
    match = re.search(pattern, text, re.MULTILINE)
    return match[1] if match else ''
