#!/usr/bin/env python3
"""The HTTP library of most apps for Android, the real one, at servers' ports for phones.

    okhttp.py wire HERD      what it does on the wire: each position arrives, each answer is what the app
                             needs, and a connection that has ended is nobody's loss
    okhttp.py queues HERD    phone_queues.py, with it below the apps

77: it is not here. Of Debian it wants libokhttp-java (OkHttp 3.13) and default-jdk-headless.
"""
import json
import pathlib
import signal
import socket
import sys
import tempfile
import time
import urllib.parse

import okhttp_phone
import phone_apps
import phone_queues
from okhttp_town import Relay, Server, Town

SKIPPED = 77
PATIENCE = 60  # seconds; a server closes what has been idle for 30
JSON = phone_apps.JSON
HOWS = ('GET', 'POST', 'connection', 'fixed', 'chunked')  # of Town.post()


def owntracks(point, device):
    return json.dumps({'_type': 'location', 'lat': float(point.lat), 'lon': float(point.lon),
                       'tst': point.when, 'tid': 'aa', 'topic': f'owntracks/any/{device}'})


# What is sent, and answered ---------------------------------------------------------------------

def shapes(point, device, token):
    """Of each app: what is sent, and what it wants to read."""
    fields = point.fields()
    mine = {**fields, 'id': device}
    feature = point.feature()
    feature['properties']['device_id'] = device
    location = {'timestamp': point.iso(), 'coords': {'latitude': float(point.lat), 'speed': -1,
                                                     'longitude': float(point.lon)}}
    flat = {'lat': float(point.lat), 'lon': float(point.lon), 'tst': point.when, 'vel': 1}
    unknown = {name: '' for name in ('alt', 'acc', 'speed', 'bearing', 'sat')}
    path = f'/p/{token}'
    return {
        'OsmAnd': ('GET', f'{path}/{device}', {'query': fields}, ''),
        'Traccar 7': ('POST', path, {'query': mine, 'body': ''}, ''),
        'Traccar 9': ('POST', path, {'type': JSON, 'body': json.dumps(
            {'location': location, 'device_id': device})}, ''),
        'Traccar 10': ('POST', path, {'form': mine}, ''),
        'OwnTracks': ('POST', '/pub', {
            'type': JSON, 'body': owntracks(point, device), 'password': token,
            'headers': {'X-Limit-U': 'any', 'X-Limit-D': device}}, '[]'),
        'Overland': ('POST', '/api', {
            'type': JSON, 'body': json.dumps({'locations': [feature]}),
            'headers': {'Authorization': f'Bearer {token}'}}, '{"result":"ok"}'),
        'Colota': ('POST', f'{path}/{device}', {'type': JSON, 'body': json.dumps(flat)}, ''),
        'GPSLogger': ('POST', f'{path}/{device}', {'body': urllib.parse.urlencode(fields)}, ''),
        'PhoneTrack': ('POST', f'/logPost/{token}/{device}', {'form': {**fields, **unknown}},
                       '{"done":1}'),
        'ulogger': ('POST', f'{path}/{device}/client/index.php',
                    {'parts': {**fields, 'action': 'addpos', 'trackid': '1'}},
                    '{"error":false,"trackid":1}'),
    }


def check_shapes(town, base):
    """All on one connection, each at the first try; nothing is packed, though it may be."""
    connects = 0
    for name in shapes(town.point(), '', ''):
        point, device = town.point(), name.replace(' ', '')
        method, path, more, answer = shapes(point, device, town.server.right)[name]
        result = town.okhttp.call(base, method, base + path, **more)
        assert (result.status, result.body, result.protocol) == (200, answer, 'http/1.1'), result
        assert result.sent['accept-encoding'] == 'gzip' and 'content-encoding' not in result.heard
        kind = result.heard['content-type']
        assert kind.startswith(JSON if answer else 'text/plain'), result
        assert [step for step in result.steps if step not in ('connect', 'body')] == [
            'head', 'wait', '200'], result
        connects += result.steps.count('connect')
        town.arrived(device, point)
    head = town.okhttp.call(base, 'HEAD', f'{base}/p/{town.server.right}/x/client/index.php')
    assert (head.status, head.body, head.steps[0]) == (200, '', 'head'), head
    assert connects == 1, connects


def check_connections(town, base):
    """Those who have no library have what Android made of OkHttp; on one connection."""
    results = [town.post(base, 'urls', how) for how in ('connection', 'fixed', 'chunked')]
    assert len({result.port for result in results}) == 1, results
    assert results[2].sent['transfer-encoding'] == 'chunked'


def check_names(town, base):
    """One name is one, however it is escaped."""
    name = 'J\u00fcrgen & 1+1 50%'
    for way in ('segment', 'query', 'form', 'flat', 'topic'):
        point = town.point()
        fields = point.fields()
        more = {'segment': {'segment': name, 'query': fields, 'body': ''},
                'query': {'query': {**fields, 'id': name}, 'body': ''},
                'form': {'form': {**fields, 'id': name}},
                'flat': {'type': JSON, 'body': json.dumps({**fields, 'id': name})},
                'topic': {'type': JSON, 'body': owntracks(point, name)}}[way]
        result = town.okhttp.call(base, 'POST', f'{base}/p/{town.server.right}', **more)
        assert result.status == 200, (way, result)
        town.arrived('J%C3%BCrgen%20&%201+1%2050%25', point)


def check_asked(town, base):
    """A password that is said when it is asked for, and not before; that is wrong, and mended."""
    right, wrong = town.server.right, town.server.wrong
    for token in (right, wrong, right):
        for more in ({}, {'pieces': 5}):
            point = town.point()
            result = town.okhttp.call('asked', 'POST', base + '/pub', type=JSON, **more,
                                      body=owntracks(point, 'asked'), password_if_asked=token)
            statuses = [step for step in result.steps if step.isdigit()]
            assert statuses == ['401', '401' if token == wrong else '200'], result
            if token == right:
                assert result.body == '[]', result
                town.arrived('asked', point)


def check_expecting(town, base):
    """100 Continue comes before the body does, and a refusal in its place."""
    right, wrong = town.server.right, town.server.wrong
    for token, more in ((right, {}), (right, {'pieces': 5}), (wrong, {}), (right, {})):
        point = town.point()
        result = town.okhttp.call('expecting', 'POST', base + '/pub', type=JSON, password=token,
                                  headers={'Expect': '100-continue'}, **more,
                                  body=owntracks(point, 'expecting'))
        steps = [step for step in result.steps if step != 'connect']
        if token == wrong:
            assert steps == ['head', 'wait', '401'], result
            continue
        assert steps == ['head', 'wait', 'body', 'wait', '200'] and result.body == '[]', result
        town.arrived('expecting', point)


def check_long(town, base):
    """A batch of unknown length, and what is refused while it comes."""
    points = [town.point() for _ in range(1000)]
    body = json.dumps({'locations': [point.feature() for point in points], 'device_id': 'long'})
    right, wrong = town.server.right, town.server.wrong
    for token, status in ((right, 200), (wrong, 401), (right, 200)):
        result = town.okhttp.call('long', 'POST', base + '/api', type=JSON, pieces=100, body=body,
                                  headers={'Authorization': f'Bearer {token}'})
        assert result.sent['transfer-encoding'] == 'chunked'
        assert result.status == status, result
    town.arrived('long', points[-1])
    for more in ({}, {'pieces': 100}):
        result = town.okhttp.call('long', 'POST', f'{base}/p/{right}', type=JSON, **more,
                                  body=' ' * 1024, times=9000)
        assert result.status == 413, result
    town.post(base, 'long')


def check_at_once(town, base):
    """A queue that is delivered at once: on five connections, as OkHttp makes no more to a host."""
    points = {f'crowd{number}': town.point() for number in range(20)}
    calls = [town.okhttp.begin('crowd', 'GET', f'{base}/p/{town.server.right}/{device}',
                               query=point.fields()) for device, point in points.items()]
    results = [town.okhttp.end(call) for call in calls]
    assert all(result.status == 200 for result in results), results
    assert len({result.port for result in results}) <= 5, results
    for device, point in points.items():
        town.arrived(device, point)


def check_strangers(town):
    """HTTP/2 where nobody has agreed on it, TLS where it is plain, plain where it is TLS, and an
    authority that the phone does not know: each fails at once, and nobody else has harm."""
    refused = town.server.counters()['http_refused']
    for base, more in ((town.plain, {'protocols': 'h2_prior_knowledge'}),
                       (town.plain.replace('http:', 'https:'), {}),
                       (town.tls.replace('https:', 'http:'), {}), (town.tls, {'trust': 'nobody'})):
        result = town.okhttp.call(f'stranger {base} {more}', 'POST', base + '/pub', body='x', **more)
        assert result.error and result.steps.count('connect') <= 2, result
    assert town.server.counters()['http_refused'] >= refused + 2
    # HTTP/2 is offered, and not taken.
    relay = Relay(town.server.tls)
    result = town.post(f'https://127.0.0.1:{relay.port}', 'alpn')
    assert b'\x02h2\x08http/1.1' in relay.firsts[0] and result.protocol == 'http/1.1', result
    town.post(town.plain, 'alpn')


# Connections that end ----------------------------------------------------------------------------

def post_all(town, name):
    """Each way of saying it, from a client of its own, plain and not."""
    return [town.post(base, f'{name}-{how}-{base.partition(":")[0]}', how)
            for base in (town.plain, town.tls) for how in HOWS]


def check_anew(results, after):
    """Each had to connect anew, and nobody was told."""
    for result in results:
        assert result.status == 200 and result.steps.count('connect') == 1, (after, result)


def is_open(ports):
    """Whether a connection from one of these is."""
    lines = [line.split() for name in ('tcp', 'tcp6')
             for line in pathlib.Path(f'/proc/net/{name}').read_text('ascii').splitlines()[1:]]
    mine = {f'{port:04X}' for port in ports}
    return any(each[1].rpartition(':')[2] in mine and each[3] == '01' for each in lines)


def check_idle(town, before):
    """The server closes what is idle."""
    end = time.monotonic() + PATIENCE
    while is_open([result.port for result in before]):
        assert time.monotonic() < end, 'idle connections stay open'
        time.sleep(0.2)
    check_anew(post_all(town, 'idle'), 'idle')


def check_restarts(town):
    post_all(town, 'restart')
    for how in (signal.SIGTERM, signal.SIGKILL):
        town.server.restart(how)
        check_anew(post_all(town, 'restart'), how)


def check_evicted(town):
    """Of three phones where there is room for two, whoever comes takes the place of who has been idle
    for longest."""
    town.server.restart(phone_connections=2)
    hows = ('POST', 'POST', 'POST', 'GET', 'GET', 'POST', 'fixed', 'chunked')
    check_anew([town.post(town.plain, f'evicted{number % 3}', how)
                for number, how in enumerate(hows)], 'evicted')
    assert town.server.counters()['http_evicted'] == len(hows) - 2
    town.server.restart(phone_connections=1024)


def check_full(town):
    """503 is told to the app, and not tried again behind its back."""
    town.server.restart(clients=1)
    town.post(town.plain, 'first')
    point = town.point()
    url = f'{town.plain}/p/{town.server.right}/second'
    result = town.okhttp.call('second', 'POST', url, form=point.fields())
    assert result.steps == ['connect', 'head', 'body', 'wait', '503'], result
    town.server.restart(clients=1000)
    assert town.okhttp.call('second', 'POST', url, form=point.fields()).status == 200
    town.arrived('second', point)


def check_lost(town):
    """An answer is lost on its way, and OkHttp says all of it again, of its own accord where it can:
    the position counts once."""
    relay = Relay(town.server.plain)
    base = f'http://127.0.0.1:{relay.port}'
    points = [town.point() for _ in range(len(HOWS) + 2)]
    counted = town.server.counters()
    with socket.create_connection(('127.0.0.1', town.server.clients), 20) as follower:
        follower.sendall(f'AUTH ada/* {town.server.right}\nFOLLOW ada/lost\n'.encode())
        town.post(base, 'lost', point=points[0])
        for how, point in zip(HOWS, points[1:]):
            relay.lose = 1
            result = town.post(base, 'lost', how, point=point)
            if how in ('fixed', 'chunked'):  # It has not kept what it has sent.
                assert result.error and result.steps.count('head') == 1, result
                result = town.post(base, 'lost', how, point=point)
            else:
                assert result.steps.count('head') == 2, result
            assert result.status == 200 and relay.lose == 0, result
        town.post(base, 'lost', point=points[-1])
        seen = []
        with follower.makefile('r') as lines:
            while str(points[-1].when) not in seen:
                fields = next(lines).split()
                if fields[0] == 'NOW' and 'ada/lost' in fields:
                    seen.append(fields[fields.index('ada/lost') + 2])
    assert seen == [str(point.when) for point in points], seen
    now = town.server.counters()
    assert now['phone_points'] - counted['phone_points'] == len(points) + len(HOWS), (counted, now)


def wire(herd, folder):
    """One server stays, and one comes and goes while the other waits for what is idle."""
    servers = [Server(herd, folder / name) for name in ('stays', 'goes')]
    okhttp = okhttp_phone.OkHttp([server.folder / 'keys' / 'ca.crt' for server in servers])
    try:
        stays, goes = (Town(server, okhttp) for server in servers)
        before = post_all(stays, 'idle')
        for base in (stays.plain, stays.tls):
            for check in (check_shapes, check_connections, check_names, check_asked, check_expecting,
                          check_long, check_at_once):
                check(stays, base)
        check_strangers(stays)
        for check in (check_restarts, check_evicted, check_full, check_lost):
            check(goes)
        check_idle(stays, before)
        print(f'{okhttp.begun} calls')
    finally:
        for server in servers:
            server.process.kill()
        okhttp.close()


# Below the apps ----------------------------------------------------------------------------------

# Those that have no library of their own.
BY = {phone_apps.OsmAnd: 'connection', phone_apps.OsmAndOld: 'connection',
      phone_apps.Traccar7: 'connection', phone_apps.Traccar10: 'fixed',
      phone_apps.ULogger: 'connection', phone_apps.PhoneTrack: 'connection'}


def exchange_by(okhttp):
    """What phone_apps.App.exchange is then."""
    def exchange(app, method, path, body, headers, connection):
        more = {'headers': {**headers}}
        if 'Content-Type' in headers:
            more['type'] = more['headers'].pop('Content-Type')
        if body is not None:
            more['body'] = body if isinstance(body, str) else body.decode()
        if type(app) in BY:
            more['by'] = BY[type(app)]
        # GPSLogger has a new client for each try.
        client = id(connection) if isinstance(app, phone_apps.GpsLogger) else app.device
        result = okhttp.call(client, method, f'http://127.0.0.1:{app.port}{path}', **more)
        if result.error:
            return phone_apps.NONE
        return phone_apps.Answer(result.status, result.heard.get('content-type', ''), result.body)
    return exchange


def queues(herd, _):
    okhttp = okhttp_phone.OkHttp([])
    phone_apps.App.exchange = exchange_by(okhttp)
    try:
        phone_queues.main(herd)
    finally:
        okhttp.close()


def main(what, herd):
    missing = okhttp_phone.missing()
    if missing:
        print('skipped:', missing)
        return SKIPPED
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        {'wire': wire, 'queues': queues}[what](herd, pathlib.Path(folder))
    print(f'{what}: fine, {time.monotonic() - began:.1f} s')
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
