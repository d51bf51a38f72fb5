"""A browser, driven by W3C WebDriver: chromedriver and Chromium (Debian: chromium-driver)."""
import base64
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'bench'))

from ports import take_ports


def missing():
    """The program that is not there; None if both are."""
    return next((name for name in ('chromedriver', 'chromium') if not shutil.which(name)), None)


class Browser:
    """One window. Ends, with all that it started, at the end of the `with`. With `logs` the page's
    process keeps all that it is told over the network."""

    def __init__(self, width=1280, height=800, logs=True):
        self.folder = tempfile.TemporaryDirectory()
        port, = take_ports(1)
        self.base = f'http://127.0.0.1:{port}'
        self.process = subprocess.Popen(
            ['chromedriver', f'--port={port}'], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        options = {
            'args': ['--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars',
                     '--no-first-run', '--disable-background-networking', '--lang=en-US',
                     f'--window-size={width},{height}', f'--user-data-dir={self.folder.name}'],
            'binary': shutil.which('chromium')}
        wish = {'browserName': 'chrome', 'goog:chromeOptions': options}
        if logs:
            wish['goog:loggingPrefs'] = {'browser': 'ALL', 'performance': 'ALL'}
        until = time.monotonic() + 30
        while True:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                made = self.send('POST', '/session', {'capabilities': {'alwaysMatch': wish}})
                break
            if time.monotonic() > until:
                raise RuntimeError('chromedriver does not answer')
            time.sleep(0.1)
        self.session = '/session/' + made['sessionId']
        self.resize(width, height)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(Exception):
            self.send('DELETE', self.session)
        self.process.terminate()
        self.process.wait(20)
        with contextlib.suppress(OSError):
            self.folder.cleanup()

    def send(self, method, path, body=None):
        data = None if method != 'POST' else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.base + path, data, method=method,
                                         headers={'Content-Type': 'application/json'})
        try:
            with urllib.request.urlopen(request, timeout=200) as answer:
                return json.load(answer)['value']
        except urllib.error.HTTPError as error:
            value = json.load(error)['value']
            raise RuntimeError(f'{path}: {value["error"]}: {value["message"][:500]}') from None

    def call(self, path, body=None):
        return self.send('POST', self.session + path, body)

    def open(self, url):
        self.call('/url', {'url': url})

    def run(self, script, *arguments):
        """What a function with this body returns."""
        return self.call('/execute/sync', {'script': script, 'args': arguments})

    def run_later(self, script, *arguments):
        """What such a function hands to its last argument."""
        return self.call('/execute/async', {'script': script, 'args': arguments})

    def devtools(self, command, **parameters):
        return self.call('/goog/cdp/execute', {'cmd': command, 'params': parameters})

    def resize(self, width, height, scale=1, mobile=False):
        self.devtools('Emulation.setDeviceMetricsOverride', width=width, height=height,
                      deviceScaleFactor=scale, mobile=mobile)

    def prefer(self, **features):
        """Media features, as color_scheme='dark'."""
        self.devtools('Emulation.setEmulatedMedia', features=[
            {'name': 'prefers-' + name.replace('_', '-'), 'value': value}
            for name, value in features.items()])

    def press(self, *keys):
        """Keys, one after the other, wherever the focus is."""
        codes = {'Enter': '\ue007', 'Escape': '\ue00c', 'ArrowLeft': '\ue012', 'Tab': '\ue004',
                 'ArrowUp': '\ue013', 'ArrowRight': '\ue014', 'ArrowDown': '\ue015'}
        steps = []
        for key in keys:
            value = codes.get(key, key)
            steps += [{'type': 'keyDown', 'value': value}, {'type': 'keyUp', 'value': value}]
        self.call('/actions', {'actions': [{'type': 'key', 'id': 'keys', 'actions': steps}]})

    def point(self, *steps, kind='mouse'):
        """Pointer actions: ('move', x, y), ('down',), ('up',)."""
        actions = []
        for step in steps:
            if step[0] == 'move':
                actions.append({'type': 'pointerMove', 'x': step[1], 'y': step[2], 'duration': 20})
            else:
                actions.append({'type': 'pointer' + step[0].capitalize(), 'button': 0})
        self.call('/actions', {'actions': [{'type': 'pointer', 'id': 'pointer' + kind,
                                            'parameters': {'pointerType': kind},
                                            'actions': actions}]})

    def resident(self):
        """Bytes of memory that the largest process has that shows a page."""
        parents, sizes = {}, {}
        for folder in pathlib.Path('/proc').glob('[0-9]*'):
            with contextlib.suppress(OSError):
                pid = int(folder.name)
                parents[pid] = int((folder / 'stat').read_text().rsplit(')', 1)[1].split()[1])
                if b'--type=renderer' in (folder / 'cmdline').read_bytes():
                    pages = int((folder / 'statm').read_text().split()[1])
                    sizes[pid] = pages * os.sysconf('SC_PAGE_SIZE')

        def is_ours(pid):
            while pid > 1 and pid != self.process.pid:
                pid = parents.get(pid, 0)
            return pid == self.process.pid
        return max(size for pid, size in sizes.items() if is_ours(pid))

    def picture(self, path):
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.send('GET', self.session + '/screenshot')))
        return path

    def log(self, kind):
        """What the browser has logged of that kind since the last time."""
        return self.call('/se/log', {'type': kind})

    def requests(self):
        """The addresses that were asked for since the last time."""
        entries = [json.loads(entry['message'])['message'] for entry in self.log('performance')]
        return [entry['params']['request']['url'] for entry in entries
                if entry['method'] == 'Network.requestWillBeSent']
