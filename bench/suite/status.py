"""What the servers of a running herd say of themselves."""
import json
import subprocess

from suite.processes import Failure

TIMEOUT = 20.0  # seconds


def ask(tools, config):
    """`herd status` of each server of it that answers, by name: an observer does not."""
    command = [tools.herd, 'status', '--json', '--config', config]
    run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=TIMEOUT)
    if run.returncode not in (0, 1):
        raise Failure(f'herd status: {run.stderr.strip() or run.stdout.strip()}')
    return {each['server']: each for each in json.loads(run.stdout)['servers']
            if 'counters' in each}
