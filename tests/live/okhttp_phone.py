"""OkHttp in a Java program of ours (OkHttpPhone.java), for tests that say what it sends."""
import pathlib
import shutil
import subprocess
import threading
import urllib.parse

JARS = [pathlib.Path('/usr/share/java') / name
        for name in ('okhttp.jar', 'okio.jar', 'okhttp-urlconnection.jar')]
WANTED = 'Debian: libokhttp-java default-jdk-headless'


def missing():
    """What of it is not installed, or nothing."""
    if not (shutil.which('java') and shutil.which('javac')):
        return f'there is no java, or no javac ({WANTED})'
    lacking = [str(jar) for jar in JARS if not jar.exists()]
    return f'there is no {lacking[0]} ({WANTED})' if lacking else ''


class Result:
    """What became of a call. Its steps are a word each: connect, head, body, wait, and a status."""

    def __init__(self, line):
        self.fields = dict(urllib.parse.parse_qsl(line, keep_blank_values=True))
        self.number = int(self.fields['call'])
        self.status = int(self.fields.get('status', 0))
        self.body = self.fields.get('body', '')
        self.error = self.fields.get('error', '')
        self.steps = self.fields['steps'].split()
        self.port = int(self.fields.get('port', 0))  # The last connection's, at this end.
        self.protocol = self.fields.get('protocol', '')
        self.sent, self.heard = (self.headers(name) for name in ('sent', 'heard'))

    def headers(self, name):
        lines = self.fields.get(name, '').splitlines()
        return {key.lower(): value for key, _, value in (line.partition(': ') for line in lines)}

    def __repr__(self):
        return repr(self.fields)


class OkHttp:
    """The program, which makes calls at once, for any number of threads here."""

    def __init__(self, authorities):
        source = pathlib.Path(__file__).with_name('OkHttpPhone.java')
        self.process = subprocess.Popen(
            ['java', '-Xshare:auto', '-XX:TieredStopAtLevel=1', '-Xmx256m', '-cp',
             ':'.join(map(str, JARS)), source, *authorities],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.changed = threading.Condition()
        self.begun, self.results, self.ended = 0, {}, False
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        for line in self.process.stdout:
            result = Result(line.strip())
            with self.changed:
                self.results[result.number] = result
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def begin(self, client, method, url, **more):
        """Returns its number. What is a dictionary is sent as a query."""
        call = {'client': client, 'method': method, 'url': url}
        for name, value in more.items():
            call[name] = urllib.parse.urlencode(value) if isinstance(value, dict) else value
        with self.changed:
            self.begun += 1
            self.process.stdin.write(urllib.parse.urlencode({'call': self.begun, **call}) + '\n')
            self.process.stdin.flush()
            return self.begun

    def end(self, number):
        """What became of that call. OkHttp itself sees to it that something does."""
        with self.changed:
            done = self.changed.wait_for(lambda: number in self.results or self.ended, 60)
            assert done and number in self.results, f'OkHttp says nothing of call {number}'
            return self.results.pop(number)

    def call(self, client, method, url, **more):
        return self.end(self.begin(client, method, url, **more))

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
