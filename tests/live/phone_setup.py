#!/usr/bin/env python3
"""Phones that are set up by what `herd phone` prints, and nothing else: each app's settings, links and files are
read as the app reads them, and with these it reports over TLS. The check page shows what came, OwnTracks is told
of friends, and the log says who speaks TLS to the plain port. Where zbarimg is installed it reads the QR codes.

    phone_setup.py HERD
"""
import base64
import json
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import lone_server

FULL, UPPER, LOWER = '\u2588', '\u2580', '\u2584'


class Desk:
    """A server with tokens, and keys of its own, and whoever sets up phones."""

    def __init__(self, herd, folder):
        self.herd, self.folder = herd, folder
        clients, peers, self.plain, self.tls = lone_server.take_ports(4)
        server = {'name': 'Alone', 'clients': f'127.0.0.1:{clients}', 'peers': f'127.0.0.1:{peers}',
                  'phones': f'127.0.0.1:{self.plain}', 'phones_tls': f'127.0.0.1:{self.tls}'}
        config = {'servers': [server], 'limits': {'clients': 1000}, 'keys': str(folder / 'keys'),
                  'access': {'secret_file': str(folder / 'secret')}}
        (folder / 'made.json').write_text(json.dumps(config), encoding='utf-8')
        self.run('token', '--make-secret', folder / 'secret')
        self.run('keys', folder / 'keys', '--config', folder / 'made.json')
        self.process = lone_server.start(herd, folder, config, self.plain)
        trust = ssl.create_default_context(cafile=str(folder / 'keys' / 'ca.crt'))
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=trust))

    def run(self, *arguments):
        """What `herd` prints."""
        done = subprocess.run([self.herd, *map(str, arguments)], check=False, capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == 0, f'herd {arguments}: {done.stderr}'
        return done.stdout

    def token(self, pattern, rights):
        """A new one."""
        return self.run('token', '--for', pattern, '--may', rights, '--until', '+1d',
                        '--config', self.folder / 'made.json').strip()

    def ask(self, url, body=None, **headers):
        """The body of an answer that is 200."""
        request = urllib.request.Request(url, None if body is None else body.encode(),
                                         {k.replace('_', '-'): v for k, v in headers.items()})
        with self.opener.open(request, timeout=20) as answer:
            assert answer.status == 200
            return answer.read().decode()


def settings_of(text):
    """What is to be typed, by name, of the text for one app."""
    return dict(re.findall(r'^  (\S.*?)  +(\S.*)$', text, re.MULTILINE))


def qr_codes(text):
    """The QR codes in a text, as pictures that zbarimg reads (PGM)."""
    rows = []
    for line in text.splitlines():
        if not line.startswith('\x1b[38;5;16;48;5;231m'):
            if rows:
                yield picture(rows)
            rows = []
            continue
        modules = re.sub('\x1b\\[[0-9;]*m', '', line)
        rows.append([each in (FULL, UPPER) for each in modules])
        rows.append([each in (FULL, LOWER) for each in modules])
    if rows:
        yield picture(rows)


def picture(rows, scale=4):
    """Black where it says so."""
    lines = [b''.join((b'\0' if dark else b'\xff') * scale for dark in row) * scale for row in rows]
    return b'P5 %d %d 255\n' % (len(rows[0]) * scale, len(rows) * scale) + b''.join(lines)


def now():
    """Seconds, and as ISO 8601."""
    return int(time.time()), time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())


def owntracks(desk, token, base):
    """By its link; the answer has who has reported before."""
    text = desk.run('phone', token, '--at', base, '--device', 'o', '--app', 'owntracks', '--no-qr')
    link = re.search(r'^owntracks:///config\?(.*)$', text, re.MULTILINE)[1]
    said = json.loads(base64.b64decode(urllib.parse.parse_qs(link)['inline'][0], validate=True))
    file = json.loads(desk.run('phone', token, '--at', base, '--device', 'o', '--app', 'owntracks',
                               '--file'))
    assert said == file, (said, file)
    typed = settings_of(text)
    assert (typed['URL'], typed['Password']) == (said['url'], said['password'])
    basic = base64.b64encode(f"{said['username']}:{said['password']}".encode()).decode()
    message = {'_type': 'location', 'lat': 1.5, 'lon': 2.5, 'tst': now()[0], 'tid': 'xx',
               'topic': f"owntracks/{said['username']}/{said['deviceId']}"}
    return json.loads(desk.ask(said['url'], json.dumps(message), Authorization=f'Basic {basic}',
                               Content_Type='application/json'))


def traccar(desk, token, base):
    """By its link, as version 10 does."""
    text = desk.run('phone', token, '--at', base, '--device', 't', '--app', 'traccar', '--no-qr')
    link = re.search(r'^org\.traccar\.client://config\?(.*)$', text, re.MULTILINE)[1]
    said = {name: value for name, (value,) in urllib.parse.parse_qs(link).items()}
    assert settings_of(text) == {'Server URL': said['url'], 'Device identifier': said['id']}
    form = {'id': said['id'], 'timestamp': now()[0], 'lat': 1.5, 'lon': 2.5, 'accuracy': 12.5}
    assert desk.ask(said['url'], urllib.parse.urlencode(form)) == ''


def osmand(desk, token, base):
    """By its template."""
    text = desk.run('phone', token, '--at', base, '--device', 'm', '--app', 'osmand', '--no-qr')
    template = settings_of(text)['Web address']
    assert desk.ask(template.format('1.5', '2.5', now()[0] * 1000, '12.5')) == ''


def gpslogger(desk, token, base):
    """By its profile."""
    text = desk.run('phone', token, '--at', base, '--device', 'g', '--app', 'gpslogger', '--file')
    said = dict(line.split('=', 1) for line in text.splitlines())
    assert (said['log_customurl_method'], said['log_customurl_body']) == ('GET', '')
    url = said['log_customurl_url']
    for name, value in {'%LAT': '1.5', '%LON': '2.5', '%TIME': now()[1], '%ACC': '12.5'}.items():
        url = url.replace(name, value)
    assert desk.ask(url) == ''


def overland(desk, token, base):
    """By its link."""
    text = desk.run('phone', token, '--at', base, '--device', 'v', '--app', 'overland', '--no-qr')
    link = re.search(r'^overland://setup\?(.*)$', text, re.MULTILINE)[1]
    said = {name: value for name, (value,) in urllib.parse.parse_qs(link).items()}
    feature = {'geometry': {'type': 'Point', 'coordinates': [2.5, 1.5]},
               'properties': {'timestamp': now()[1], 'device_id': said['device_id']}}
    answer = desk.ask(said['url'], json.dumps({'locations': [feature]}),
                      Authorization=f"Bearer {said['token']}", Content_Type='application/json')
    assert json.loads(answer) == {'result': 'ok'}


def check_codes(desk, token, base):
    """Each QR code, read by a program that is not ours."""
    if not shutil.which('zbarimg'):
        return 'not read: there is no zbarimg (Debian: zbar-tools)'
    text = desk.run('phone', token, '--at', base, '--device', 'q')
    heard = []
    for number, each in enumerate(qr_codes(text)):
        path = desk.folder / f'{number}.pgm'
        path.write_bytes(each)
        read = subprocess.run(['zbarimg', '-q', '--raw', path], check=True, capture_output=True,
                              text=True, timeout=60)
        heard.append(read.stdout.strip())
    links = [line for line in text.splitlines() if re.match(r'owntracks:|overland:', line)]
    urls = [value for value in settings_of(text).values() if '/q?' in value]
    assert heard[0] == links[0] and heard[4] == links[1], heard
    assert sorted(heard[2:4]) == sorted(urls), (heard, urls)
    assert heard[1] == f'{base}/p/{token}?id=q', heard
    return f'{len(heard)} read'


def soon_over(desk):
    """A token whose time is over, once this returns."""
    until = int(time.time()) + 2
    token = desk.run('token', '--for', 'ada/*', '--may', 'report', '--config', desk.folder / 'made.json',
                     '--until', time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(until))).strip()
    while time.time() < until:
        time.sleep(0.1)
    return token


def check_refusals(desk, token, base):
    """What makes no sense is told in one line, and nothing is printed."""
    config = desk.folder / 'made.json'
    asks_only = desk.token('ada/*', 'ask')
    others = desk.folder / 'others'
    desk.run('token', '--make-secret', others)
    foreign = desk.run('token', '--for', 'ada/*', '--may', 'report', '--until', '+1d',
                       '--secret-file', others).strip()
    over = soon_over(desk)
    for arguments, part in {
            (token,): 'expected --at',
            (token, '--at', 'ftp://x'): 'must begin with http',
            (token, '--at', 'https://x/"'): 'has none of',
            (token, '--at', base, '--device', 'a b'): '--device: expected letters',
            (token, '--at', base, '--app', 'map'): 'expected one of owntracks, ',
            (token, '--at', base, '--app', 'traccar', '--file'): 'has no configuration file',
            (asks_only, '--at', base): 'does not let a phone report',
            ('word', '--config', config): '"word" is no token',
            (foreign, '--config', config): 'has not given the token',
            (over, '--at', base): 'was good until',
            # As when not all of it was marked to be copied.
            **{(token[:size], '--config', config): 'its end is missing' for size in range(6, len(token), 5)},
            (token[:50], '--at', base): 'its end is missing: copy it whole'}.items():
        done = subprocess.run([desk.herd, 'phone', *arguments], check=False, capture_output=True,
                              text=True, timeout=60)
        assert (done.returncode, done.stdout, done.stderr.count('\n')) == (2, '', 1), done
        assert part in done.stderr, done
    # Who has the secret is told what the token says, who has not, that nobody has checked it.
    sure = desk.run('phone', token, '--config', config, '--no-qr')
    assert 'The token is for "ada/*"' in sure and 'not checked' not in sure, sure
    assert 'that takes --config' in desk.run('phone', token, '--at', base, '--no-qr')
    # What can be told without the secret is: how it is written, and that its client is no text, but a part of
    # its signature, as of a token that has grown or was cut off.
    body = base64.urlsafe_b64decode(token + '=' * (-len(token) % 4))
    grown = [base64.urlsafe_b64encode(body[:-32] + part + body[-32:]).decode().rstrip('=')
             for part in (b'\xff', b'\x01', b'\xc3')]
    for wrong in [token + '=', token + '.', token + token, *grown]:
        done = subprocess.run([desk.herd, 'phone', wrong, '--at', base], check=False, capture_output=True, text=True,
                              timeout=60)
        assert (done.returncode, done.stdout) == (2, '') and 'copy it whole' in done.stderr, (wrong, done)
    # Where access is not limited, any word will do.
    assert f'{base}/p/word' in desk.run('phone', 'word', '--at', base, '--no-qr')


def check_plain(desk):
    """Who speaks TLS to the plain port is in the log, once."""
    for _ in range(3):
        with socket.create_connection(('127.0.0.1', desk.plain), 20) as connection:
            try:
                ssl._create_unverified_context().wrap_socket(connection)
            except (ssl.SSLError, OSError):
                continue
            raise AssertionError('the plain port speaks TLS')
    end = time.monotonic() + 20
    while True:
        log = (desk.folder / 'Alone.log').read_text('utf-8')
        lines = [line for line in log.splitlines() if 'event=phone_speaks_tls ' in line]
        if lines or time.monotonic() > end:
            break
        time.sleep(0.1)
    assert len(lines) == 1 and 'from=127.0.0.1 ' in lines[0], lines


def main(herd):
    with tempfile.TemporaryDirectory() as name:
        desk = Desk(herd, pathlib.Path(name))
        try:
            base = f'https://127.0.0.1:{desk.tls}'
            token = desk.token('ada/*', 'report,ask,friends')
            for app in (traccar, osmand, gpslogger, overland):
                app(desk, token, base)
            friends = owntracks(desk, token, base)
            assert {each['tid'] for each in friends} == set('tmgv'), friends
            assert all((each['lat'], each['lon']) == (1.5, 2.5) for each in friends), friends
            page = desk.ask(f'{base}/p/{token}/check')
            for device in 'otmgv':
                assert re.search(f'<td>ada/{device}</td><td>taken</td>', page), page
            # By the configuration alone it is where phones_tls is.
            config = desk.folder / 'made.json'
            assert base + '/pub' in desk.run('phone', token, '--config', config, '--no-qr')
            try:
                desk.ask(f'{base}/p/wrong/check')
                raise AssertionError('a page for nobody')
            except urllib.error.HTTPError as error:
                assert error.code == 401
            codes = check_codes(desk, token, base)
            check_refusals(desk, token, base)
            check_plain(desk)
        finally:
            desk.process.terminate()
            desk.process.wait(20)
        log = (desk.folder / 'Alone.log').read_text('utf-8')
        assert token not in log
    print(f'five apps set up; QR codes: {codes}')
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
