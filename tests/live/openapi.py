#!/usr/bin/env python3
"""Holds docs/openapi.json against running servers: each answer is one that it describes, and each
that it describes is seen.

    openapi.py HERD OPENAPI
"""
import http.client
import json
import pathlib
import re
import sys
import tempfile
import time

from lone_server import start, take_ports

LINE = 'IAMAT kiwi +34.068930-118.445127 5.25'
REPORT = {'client': 'kiwi', 'latitude': 34.06893, 'longitude': -118.445127, 'time': 5.25}
JSON = {'Content-Type': 'application/json'}
FULL = 2  # clients that the small server has room for


class Server:
    """One on loopback, with a neighbour that is not there if that is wanted."""

    def __init__(self, herd, folder, name, limits, neighbour=None):
        names = [name, neighbour] if neighbour else [name]
        ports = take_ports(3 * len(names))
        self.port = ports[2]
        config = {'servers': [{'name': each, 'clients': f'127.0.0.1:{ports[3 * i]}',
                               'peers': f'127.0.0.1:{ports[3 * i + 1]}',
                               'http': f'127.0.0.1:{ports[3 * i + 2]}'}
                              for i, each in enumerate(names)],
                  'links': [names] if neighbour else [], 'limits': limits}
        self.process = start(herd, folder, config, self.port)

    def ask(self, method, path, body=None, headers=None):
        """Status, type and body of the answer."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=20)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        kind = answer.getheader('Content-Type').split(';')[0]
        # A stream is looked at until it has said where somebody is.
        read = answer.status, kind, (events(answer, 'now') if kind == 'text/event-stream'
                                     else answer.read())
        connection.close()
        return read

    def end(self):
        self.process.terminate()
        self.process.wait(20)


def events(answer, last):
    """Those up to one of that kind, which says where somebody is."""
    said = []
    while not said or said[-1][0] != last:
        line = answer.readline().decode().strip()
        if line.startswith('event:'):
            data = answer.readline().decode()
            said.append((line.removeprefix('event:'), json.loads(data.removeprefix('data:'))))
    assert said[0] == ('follow', {'server': 'One'}), said
    return said[-1][1]


class Description:
    def __init__(self, text):
        self.root = json.loads(text)
        self.unseen = {(path, method, status, kind)
                       for path, methods in self.root['paths'].items()
                       for method, operation in methods.items()
                       for status, response in operation['responses'].items()
                       for kind in self.resolve(response)['content']}

    def resolve(self, part):
        while '$ref' in part:
            place = self.root
            for name in part['$ref'].removeprefix('#/').split('/'):
                place = place[name]
            part = place
        return part

    def check(self, path, method, answer):
        status, kind, body = answer
        where = f'{method} {path} {status} {kind}'
        operation = self.root['paths'][path].get(method.lower())
        # Of a method that is not there any other's answer says so.
        operation = operation or next(iter(self.root['paths'][path].values()))
        found = operation['responses'].get(str(status))
        assert found, f'{where}: not described: {body!r}'
        content = self.resolve(found)['content'].get(kind)
        assert content, f'{where}: this type is not described'
        for named in self.root['paths'][path]:
            self.unseen.discard((path, named, str(status), kind))
        if kind == 'application/json':
            self.fits(json.loads(body), content['schema'], where)

    def fits(self, value, schema, where):
        schema = self.resolve(schema)
        kinds = {'object': dict, 'array': list, 'string': str, 'boolean': bool,
                 'number': (int, float)}
        assert isinstance(value, kinds[schema['type']]), f'{where}: {value!r}'
        if schema['type'] == 'number':
            assert schema.get('minimum', value) <= value <= schema.get('maximum', value), where
        if schema['type'] == 'array':
            for each in value:
                self.fits(each, schema['items'], where)
        if schema['type'] != 'object':
            return
        for name in schema.get('required', []):
            assert name in value, f'{where}: {name} is missing'
        for name, each in value.items():
            known = schema.get('properties', {}).get(name)
            assert known or schema.get('additionalProperties', True), f'{where}: {name}'
            if known:
                self.fits(each, known, where)


def ask_all(description, one, small):
    def ask(server, path, method='GET', body=None, headers=None, suffix=''):
        described = re.sub(r'^/client/.*', '/client/{client}', path)
        answer = server.ask(method, path + suffix, body, headers)
        description.check(described, method, answer)
        return answer

    foreign = {'Host': 'evil.example'}
    another_page = {'Origin': 'http://evil.example'}
    now = int(time.time())
    ask(one, '/iamat', 'POST', LINE)
    ask(one, '/iamat', 'POST', json.dumps(REPORT), JSON)
    ask(one, '/iamat', 'POST', json.dumps({**REPORT, 'time': now}), JSON)
    ask(one, '/iamat', 'POST', json.dumps({**REPORT, 'altitude': 5}), JSON)
    ask(one, '/iamat', 'POST', json.dumps({**REPORT, 'latitude': 91}), JSON)
    ask(one, '/iamat', 'POST', 'WHATSAT kiwi 1 1')
    ask(one, '/iamat', 'POST', 'IAMAT ' + 'x' * 10_000)
    ask(one, '/iamat', 'POST', 'IAMAT kiwi +1+1 -9000000000')
    ask(one, '/iamat', 'POST', LINE, foreign)
    ask(one, '/iamat', 'POST', LINE, another_page)
    ask(one, '/iamat')
    ask(one, '/client/kiwi')
    ask(one, '/client/kiwi', suffix='?line')
    ask(one, '/client/nobody')
    ask(one, '/client/kiwi', headers=foreign)
    ask(one, '/client/kiwi', headers=another_page)
    ask(one, '/client/kiwi', 'POST', 'x')
    around = '?latitude=34.07&longitude=-118.44&radius=5&bound=3'
    ask(one, '/nearby', suffix=around)
    ask(one, '/nearby', suffix='?client=nobody&radius=5&bound=3')
    ask(one, '/nearby', suffix='?client=kiwi')
    ask(one, '/nearby', suffix=around, headers=foreign)
    ask(one, '/nearby', suffix=around, headers=another_page)
    ask(one, '/nearby', 'POST', 'x')
    where = ask(one, '/follow', suffix='?latitude=34.07&longitude=-118.44&radius=5')[2]
    assert where == ask(one, '/follow', suffix='?client=kiwi')[2]
    description.fits({**where, 'at': ''}, {'$ref': '#/components/schemas/Position'}, '/follow')
    ask(one, '/follow')
    ask(one, '/follow', suffix='?client=kiwi', headers=foreign)
    ask(one, '/follow', suffix='?client=kiwi', headers=another_page)
    ask(one, '/follow', 'POST', 'x')
    ask(small, '/follow', suffix='?client=kiwi')
    for path in '/healthz', '/metrics', '/status', '/readyz':
        ask(one, path)
    ask(one, '/readyz', suffix='?json')
    ask(one, '/status', headers=foreign)
    for number in range(FULL):
        ask(small, '/iamat', 'POST', f'IAMAT c{number} +1+1 {now}')
    ask(small, '/iamat', 'POST', f'IAMAT more +1+1 {now}')
    # Its neighbour is not there.
    ask(small, '/readyz')
    ask(small, '/readyz', suffix='?json')


# What only those are told who are not on the server's machine, or ask many at a time: see
# web_test.cpp and operations_test.cpp.
ELSEWHERE = {('/iamat', 'post', '503'), ('/nearby', 'get', '401'), ('/nearby', 'get', '503'),
             ('/follow', 'get', '401'), ('/follow', 'get', '503'), ('/iamat', 'post', '429'), ('/iamat', 'post', '401'), ('/client/{client}', 'get', '401'),
             ('/client/{client}', 'get', '503'),
             ('/metrics', 'get', '401'), ('/status', 'get', '401')}


def main():
    herd, path = sys.argv[1:]
    description = Description(pathlib.Path(path).read_text(encoding='utf-8'))
    with tempfile.TemporaryDirectory(prefix='herd-openapi-') as name:
        folder = pathlib.Path(name)
        servers = []
        try:
            servers.append(Server(herd, folder, 'One', {}))
            servers.append(Server(herd, folder, 'Small', {'clients': FULL, 'ready_ms': 600_000, 'http_followers': 0},
                                  'Nobody'))
            ask_all(description, *servers)
        finally:
            for each in servers:
                each.end()
    missed = {each for each in description.unseen if each[:3] not in ELSEWHERE}
    for each in sorted(missed):
        print('described, and not seen:', *each)
    return 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main())
