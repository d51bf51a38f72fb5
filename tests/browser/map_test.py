#!/usr/bin/env python3
"""The live map in a real browser: servers as processes, Chromium by WebDriver.

    map_test.py BINARY PICTURES [--memory-minutes N] [unittest's options]

Says what it has measured, and keeps pictures in the folder PICTURES. With --memory-minutes it watches
the page's memory for so long, and wants it flat: MapTest.test_14_memory alone takes little more. Exits
77 where there is no browser.
"""
import contextlib
import pathlib
import socket
import statistics
import subprocess
import sys
import time
import unittest

from herds import NAMES, Fleet, Herd, Traffic, wait_for
from webdriver import Browser, missing

CROWD = 100_000
MEMORY_MINUTES = 0.0
FLAT = 1.05  # of what it was, at most
BINARY = PICTURES = None
herd = browser = fleet = None

# Of frames that the browser could draw in five seconds, how many it drew, and more.
FRAMES = """
const done = arguments[0], begin = performance.now(), moves = stream.moves;
let frames = 0;
draw.worst = 0;
requestAnimationFrame(function tick() {
  ++frames;
  const seconds = (performance.now() - begin) / 1000;
  if (seconds < 5) requestAnimationFrame(tick);
  else done({frames: frames / seconds, moves: (stream.moves - moves) / seconds, worst: draw.worst});
});"""


def setUpModule():
    global herd, browser, fleet
    herd = Herd(BINARY)
    unittest.addModuleCleanup(herd.__exit__)
    browser = Browser()
    unittest.addModuleCleanup(browser.__exit__)
    fleet = Fleet(CROWD)
    with contextlib.ExitStack() as stack:
        fleet.report({name: stack.enter_context(connection)
                      for name, connection in herd.connect_all().items()}, CROWD)
    wait_for(lambda: all(herd.status(name)['records'] == CROWD for name in NAMES), 30)


def picture(name):
    browser.picture(PICTURES / f'{name}.png')


def tell(what):
    print(f'  {what}', flush=True)


def text(element):
    return browser.run('return document.getElementById(arguments[0]).textContent', element)


def state():
    return browser.run('return document.body.dataset.state')


def is_whole():
    return browser.run('return stream.whole') and state() == 'live'


def look(place='', name='Goloman'):
    """Opens the page anew, and returns how long it took until it had everything."""
    browser.open('about:blank')
    browser.log('browser')
    browser.log('performance')
    begin = time.monotonic()
    browser.open(herd.url(name, '/map' + place))
    wait_for(is_whole, 20, 0.02)
    return time.monotonic() - begin


def say(line, name='Goloman'):
    with herd.connect(name) as client:
        client.say([line + '\n'])


def report(client, latitude, longitude, name='Goloman'):
    say(f'IAMAT {client} {latitude:+.5f}{longitude:+.5f} {time.time():.6f}', name)


def elsewhere():
    """An address of this machine that is not loopback; empty: there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        with contextlib.suppress(OSError):
            probe.connect(('192.0.2.1', 9))  # sends nothing
            return probe.getsockname()[0]
    return ''


class MapTest(unittest.TestCase):
    def setUp(self):
        browser.resize(1280, 800)
        browser.prefer(color_scheme='light', reduced_motion='no-preference')

    def settles(self, holds, seconds=15):
        try:
            wait_for(holds, seconds)
        except AssertionError:
            picture('failed-' + self.id().rsplit('.', maxsplit=1)[-1])
            raise

    def test_01_shows_everybody(self):
        browser.prefer(color_scheme='dark')
        took = look()
        count = browser.run('return clients.count')
        self.assertEqual(count, herd.status('Goloman')['records'])
        tell(f'{count:,} clients on the page after {took:.2f} s')
        size = browser.run("return performance.getEntriesByType('navigation')[0].transferSize")
        tell(f'the page is {size:,} bytes, as it is sent')
        with Traffic(herd, fleet, 20_000) as traffic:
            time.sleep(2)
            seen = browser.run_later(FRAMES)
            tell(f'{seen["frames"]:.0f} frames/s at {traffic.rate():,.0f} moves/s, of which '
                 f'{seen["moves"]:,.0f} were shown; the longest drawing took {seen["worst"]:.0f} ms')
            self.assertGreater(seen['moves'], 0)
            picture('world-dark')
        self.settles(lambda: text('count') == f'{count:,}')
        self.settles(lambda: f'{count:,} in view' in text('numbers')
                     or f'{count - 1:,} in view' in text('numbers'))
        self.assertEqual(browser.run('return document.title'), 'Goloman - herd')

    def test_02_asks_nobody_else(self):
        look()
        self.assertEqual(browser.log('browser'), [])
        base = herd.url('Goloman', '/map')
        foreign = [url for url in browser.requests()
                   if not url.startswith((base, 'data:', 'chrome:', 'about:'))]
        self.assertEqual(foreign, [])

    def test_03_follows_one_with_a_trail(self):
        look('#-40/-30/2000000')
        report('lonely', -40, -30)
        self.settles(lambda: browser.run('return draw.few.length') == 1)
        x, y = browser.run('return [view.px(clients.xs[draw.few[0]]) + $("map").offsetLeft,'
                           'view.py(clients.ys[draw.few[0]])]')
        browser.point(('move', int(x), int(y)), ('down',), ('up',))
        self.settles(lambda: text('name') == 'lonely')
        for step in range(1, 30):
            report('lonely', -40 + 0.0001 * step * (step % 7 - 2), -30 + 0.001 * step,
                   NAMES[step % 5])
            time.sleep(0.27)
        self.settles(lambda: browser.run('return followed.steps.length') >= 25)
        self.settles(lambda: text('where').endswith('29.97100\N{DEGREE SIGN}W'))
        self.assertLess(abs(browser.run('return toLongitude(view.x)') + 29.971), 0.001)
        self.assertEqual(text('server'), NAMES[29 % 5])
        picture('trail')
        self.settles(lambda: browser.run('return location.hash').endswith('/lonely'))
        # It is followed when the page is loaded again, wherever that looks.
        look('#10/10/2000000/lonely')
        self.settles(lambda: text('where').endswith('29.97100\N{DEGREE SIGN}W'))
        browser.press('Escape')
        self.assertTrue(browser.run('return $("client").hidden'))
        report('lonely', 80, 0)

    def test_04_finds_by_name_with_keys_alone(self):
        look()
        browser.press('f', *'us-4242')
        self.settles(lambda: 'bus-4242' in text('found'))
        picture('found')
        browser.press('Enter')
        self.settles(lambda: text('name').startswith('bus-4242'))
        self.assertEqual(text('found'), '')
        wait_for(lambda: browser.run('return stream.whole && clients.has(followed.slot)'), 10)
        before = browser.run('return [view.x, view.y, view.size]')
        browser.press('Escape', 'ArrowRight', 'ArrowDown', '+')
        self.settles(lambda: browser.run('return view.size') > before[2] * 1.5)
        after = browser.run('return [view.x, view.y, view.size]')
        self.assertGreater(after[0], before[0])
        self.assertGreater(after[1], before[1])
        browser.press('Enter')
        self.settles(lambda: text('name').startswith('bus-'))
        browser.press('0')
        browser.press('f', *'nobody-at-all')
        self.settles(lambda: 'Nobody' in text('found'))
        browser.press('Escape', '?')
        self.assertTrue(browser.run('return $("help").open'))
        picture('keys')
        browser.press('Escape')
        browser.press('2')
        self.assertEqual(browser.run('return draw.only'), 1)
        picture('one-server')
        browser.press('a')
        self.assertTrue(browser.run('return draw.byAge'))

    def test_05_a_name_is_text(self):
        name = '<img/src=x/onerror=document.title="broken">\u00e9\u4e16'
        report(name, -50, -100)
        look()
        browser.run("$('find').value = 'onerror'; find()")
        self.settles(lambda: name in text('found'))
        browser.run("$('found').querySelector('button').click()")
        self.settles(lambda: text('name') == name)
        self.assertEqual(browser.run('return document.images.length'), 0)
        self.assertEqual(browser.run('return document.title'), 'Goloman - herd')
        self.assertEqual(browser.log('browser'), [])
        look('#-50/-100/2000000/' + browser.run('return encodeURIComponent(arguments[0])', name))
        self.settles(lambda: text('name') == name and 'W' in text('where'))

    def test_06_small_screens(self):
        for scheme in ('light', 'dark'):
            browser.resize(360, 640, 2, True)
            browser.prefer(color_scheme=scheme)
            look()
            self.assertEqual(browser.run('return document.documentElement.scrollWidth'), 360)
            self.assertGreater(browser.run('return $("map").clientHeight'), 400)
            picture(f'small-{scheme}')
            browser.press('p')
            self.settles(lambda: browser.run('return $("map").clientHeight') > 180)
            self.assertLessEqual(browser.run('return $("panel").offsetWidth'), 360)
            picture(f'small-{scheme}-open')
            browser.press('p')
        before = browser.run('return view.x')
        browser.point(('move', 300, 200), ('down',), ('move', 200, 200), ('up',), kind='touch')
        self.assertNotEqual(browser.run('return view.x'), before)
        colours = []
        for scheme in ('light', 'dark'):
            browser.prefer(color_scheme=scheme)
            colours.append(browser.run('return getComputedStyle(document.body).backgroundColor'))
        self.assertNotEqual(*colours)

    def test_07_less_motion(self):
        browser.prefer(reduced_motion='reduce')
        look()
        before = browser.run('return view.size')
        browser.press('+')
        self.assertAlmostEqual(browser.run('return view.size') / before, 1.6, places=3)

    def test_08_a_lost_neighbour(self):
        look()
        herd.kill('Hands')
        self.settles(lambda: 'link is down' in text('servers'))
        self.assertEqual(state(), 'live')
        picture('lost-neighbour')
        herd.start('Hands')
        self.settles(lambda: 'link is down' not in text('servers'), 30)

    def test_09_a_lost_server(self):
        look('#48.85/2.35/150000')
        browser.press('Enter')
        self.settles(lambda: text('name').startswith('bus-'))
        name = text('name')
        herd.kill('Goloman')
        self.settles(lambda: state() == 'lost')
        self.assertIn('Goloman does not answer', text('alarm'))
        self.assertIn('not live', browser.run('return document.title'))
        time.sleep(2)
        picture('lost')
        herd.start('Goloman')
        took = wait_for(lambda: state() == 'live' and is_whole(), 30)
        tell(f'live again {took:.1f} s after the server was')
        self.assertEqual(text('alarm'), '')
        # Of the new run's table, whose slots are others.
        wait_for(lambda: herd.status('Goloman')['records'] >= CROWD, 30)
        self.settles(lambda: text('where').endswith('E') and text('name') == name)
        slot = browser.run('return followed.slot')
        known = herd.get('Goloman', f'/map/client?slot={slot}')
        self.assertIn(f'"client":"{name}"', known)

    def test_10_goes_on_where_it_was(self):
        look()
        count = browser.run('return clients.count')
        self.settles(lambda: browser.run('return stream.last') != '')
        browser.run('stream.close()')
        self.settles(lambda: state() != 'live')
        report('late', -60, 60)
        browser.run('stream.moves = 0; stream.open()')
        self.settles(is_whole)
        self.assertFalse(browser.run('return stream.hello.whole'))
        self.assertEqual(browser.run('return [clients.count, stream.moves]'), [count + 1, 1])

    def test_11_all_places_taken(self):
        with Herd(BINARY, map_viewers=1) as other:
            with socket.create_connection(('127.0.0.1', other.ports['Goloman'][2])) as viewer:
                viewer.sendall(b'GET /map/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
                viewer.recv(1)
                browser.open(other.url('Goloman', '/map'))
                self.settles(lambda: state() == 'full')
                picture('full')
            took = wait_for(is_whole, 30)
            tell(f'shown {took:.1f} s after the only place was free')

    def test_12_many_tabs(self):
        first = browser.send('GET', browser.session + '/window')
        opened = []
        begin = time.monotonic()
        for _ in range(7):
            opened.append(browser.call('/window/new', {'type': 'tab'})['handle'])
            browser.call('/window', {'handle': opened[-1]})
            browser.open(herd.url('Goloman', '/map'))
        # A browser has six connections for one host: those of hidden pages are given up.
        wait_for(is_whole, 40)
        tell(f'seven tabs, opened one after the other: {time.monotonic() - begin:.1f} s')
        for handle in opened:
            browser.call('/window', {'handle': handle})
            browser.send('DELETE', browser.session + '/window')
        browser.call('/window', {'handle': first})

    def test_13_viewers_cost_the_server_little(self):
        browser.open('about:blank')
        time.sleep(2)
        before = herd.resident('Goloman')
        viewers = []
        for _ in range(10):
            viewer = socket.socket()
            viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            viewer.connect(('127.0.0.1', herd.ports['Goloman'][2]))
            viewer.sendall(b'GET /map/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
            viewers.append(viewer)
        with Traffic(herd, fleet, 5_000):
            time.sleep(5)
        more = herd.resident('Goloman') - before
        tell(f'ten viewers that do not read: {more / 1e6:.2f} MB more of the server')
        self.assertLess(more, 1e6)
        for viewer in viewers:
            viewer.close()

    def test_14_memory(self):
        browser.open('about:blank')
        sizes = []
        wait = max(2, 3 * MEMORY_MINUTES)
        with Browser(logs=False) as page:
            page.open(herd.url('Goloman', '/map'))
            wait_for(lambda: page.run('return stream.whole'), 20)
            page.devtools('Performance.enable')
            with Traffic(herd, fleet, 20_000) as traffic:
                until = time.monotonic() + max(20, MEMORY_MINUTES * 60)
                while time.monotonic() < until:
                    time.sleep(wait)
                    page.devtools('HeapProfiler.collectGarbage')
                    metrics = page.devtools('Performance.getMetrics')['metrics']
                    heap = next(each['value'] for each in metrics if each['name'] == 'JSHeapUsedSize')
                    sizes.append((page.resident() / 1e6, heap / 1e6))
                    tell('after {:.0f} s at {:,.0f} moves/s the page has {:.1f} MB, its objects {:.2f} MB'
                         .format(time.monotonic() - traffic.began, traffic.rate(), *sizes[-1]))
            wait_for(lambda: page.run('return document.body.dataset.state') == 'live', 20)
            tell(f'{page.run("return stream.moves"):,} moves were shown')
        # The first tenth fills what grows to its size once.
        steady = sizes[len(sizes) // 10:]
        third = len(steady) // 3
        bound = FLAT if MEMORY_MINUTES else 1.5
        for which, what in enumerate(('process', 'objects')):
            first, last = (statistics.median(each[which] for each in some)
                           for some in (steady[:third], steady[-third:]))
            tell(f'the {what}: {first:.2f} MB in the first third, {last:.2f} MB in the last')
            self.assertLess(last, bound * first)

    def test_15_from_elsewhere_with_a_token(self):
        host = elsewhere()
        if not host:
            self.skipTest('this machine has no address but its own')
        secret = PICTURES / 'secret'
        secret.unlink(missing_ok=True)
        herd_token = [BINARY, 'token']
        subprocess.run([*herd_token, '--make-secret', secret], check=True, capture_output=True)
        token = subprocess.run([*herd_token, '--for', 'bus-*', '--may', 'report,ask', '--until', '+1h',
                                '--secret-file', secret], check=True, capture_output=True,
                               text=True).stdout.strip()
        with Herd(BINARY, host, {'secret_file': str(secret.resolve()), 'in_the_clear': True}) as other:
            with other.connect('Goloman') as client:
                client.say([f'AUTH bus-* {token}\n', f'IAMAT bus-1 +1+2 {time.time():.3f}\n'])
            browser.open(other.url('Goloman', '/map'))
            self.assertNotIn('clients', browser.run('return document.body.textContent'))
            browser.open(other.url('Goloman', '/map').replace('//', f'//any:{token}@'))
            browser.open(other.url('Goloman', '/map'))
            wait_for(is_whole, 20)
            self.assertEqual(browser.run('return clients.count'), 1)
        browser.log('browser')


def main():
    global BINARY, PICTURES, MEMORY_MINUTES
    arguments = sys.argv[1:]
    if '--memory-minutes' in arguments:
        at = arguments.index('--memory-minutes')
        MEMORY_MINUTES = float(arguments[at + 1])
        del arguments[at:at + 2]
    if len(arguments) < 2:
        sys.exit(__doc__)
    BINARY, PICTURES = pathlib.Path(arguments[0]).resolve(), pathlib.Path(arguments[1])
    if missing():
        print(f'there is no {missing()} (Debian: chromium chromium-driver)')
        sys.exit(77)
    version = subprocess.run(['chromium', '--version'], capture_output=True, text=True, check=False)
    print(version.stdout.strip(), flush=True)
    unittest.main(argv=[sys.argv[0], '--verbose', *arguments[2:]])


if __name__ == '__main__':
    main()
