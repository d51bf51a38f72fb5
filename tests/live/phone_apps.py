"""Phones' apps as far as their queues go: what each sends, what it takes for success, what it does
otherwise, and in which order. Their pauses are a hundredth of what they are, or less."""
import base64
import concurrent.futures
import http.client
import json
import threading
import time
import urllib.parse

FORM = 'application/x-www-form-urlencoded'
JSON = 'application/json'


class Point:
    """Where and when; what is bad of one no server can ever take."""

    def __init__(self, number, when, bad=''):
        self.number, self.when, self.bad = number, when, bad
        self.lat, self.lon = f'{10 + number / 100:.6f}', f'{-20 - number / 100:.6f}'
        if bad == 'place':
            self.lat = '91.5'
        elif bad == 'nowhere':
            self.lat = self.lon = '0.0'
        elif bad == 'time':
            self.when += 50 * 365 * 86400

    def iso(self):
        return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(self.when))

    def feature(self):
        return {'type': 'Feature',
                'geometry': {'type': 'Point', 'coordinates': [float(self.lon), float(self.lat)]},
                'properties': {'timestamp': self.iso(), 'speed': -1, 'battery_level': 0.5}}


class Answer:
    def __init__(self, status=0, kind='', body=b''):
        self.status, self.kind, self.body = status, kind, body

    def good(self):
        return 200 <= self.status < 300

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None


NONE = Answer()  # The server could not be reached, or has not answered.


class App(threading.Thread):
    """One phone: one point at a time, the oldest first, and again until it is taken."""
    pause, pause_max = 0.05, 0.05

    def __init__(self, port):
        super().__init__(daemon=True)
        self.device = type(self).__name__.lower()
        self.port, self.token = port, ''
        self.lock = threading.Lock()
        self.queue, self.taken, self.lost = [], [], []
        self.told = 0        # Points that can be taken, in requests that were answered with 200,
        self.unanswered = 0  # and in those of which nobody knows.
        self.statuses = set()
        self.ended = False
        self.connection = None

    def add(self, points):
        with self.lock:
            self.queue += points

    def idle(self):
        return not self.queue

    def run(self):
        pause = self.pause
        while not self.ended:
            if self.queue and self.step():
                pause = self.pause
                continue
            time.sleep(pause)
            pause = min(2 * pause, self.pause_max)

    def step(self):
        """Whether it got anywhere."""
        point = self.queue[0]
        answer = self.send(point)
        if self.takes(answer):
            self.settle([point], self.taken)
        elif self.gives_up(answer):
            self.settle([point], self.lost)
        else:
            return False
        return True

    def settle(self, points, where):
        with self.lock:
            self.queue = [each for each in self.queue if each not in points]
            where += points

    def takes(self, answer):
        return answer.good()

    def gives_up(self, answer):
        return False

    def ask(self, points, method, path, body=None, headers=None, connection=None):
        """On the connection that it keeps, unless it has another."""
        good = sum(not point.bad for point in points)
        answer = self.exchange(method, path, body, headers or {}, connection)
        with self.lock:
            if answer is NONE:
                self.unanswered += good
                return NONE
            self.statuses.add(answer.status)
            self.told += good if answer.status == 200 else 0
        return answer

    def exchange(self, method, path, body, headers, connection):
        """What is answered, or NONE."""
        if connection is None:
            self.connection = self.connection or http.client.HTTPConnection('127.0.0.1', self.port,
                                                                            timeout=10)
            connection = self.connection
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.getheader('Content-Type', ''), response.read())
        except (OSError, http.client.HTTPException):
            connection.close()
            return NONE

    def path(self):
        return f'/p/{self.token}/{self.device}'

    def basic(self):
        return {'Authorization': 'Basic ' + base64.b64encode(f'any:{self.token}'.encode()).decode()}


class OsmAnd(App):
    """Milliseconds; drops what is a quarter of an hour old."""

    def send(self, point):
        query = f'lat={point.lat}&lon={point.lon}&timestamp={point.when * 1000}&hdop=4.5&speed=1.2'
        return self.ask([point], 'GET', f'{self.path()}?{query}')


class OsmAndOld(OsmAnd):
    """At once again, in a busy loop."""
    pause = pause_max = 0.005


class Traccar7(App):
    """The query is posted, with an empty body; knots."""

    def send(self, point):
        query = urllib.parse.urlencode({'id': self.device, 'timestamp': point.when, 'lat': point.lat,
                                        'lon': point.lon, 'speed': 1.2, 'accuracy': 0.0, 'batt': 50})
        return self.ask([point], 'POST', f'/p/{self.token}?{query}', b'')

    def takes(self, answer):
        return 0 < answer.status < 400


class Traccar7Ios(Traccar7):
    """Whatever is answered."""

    def gives_up(self, answer):
        return answer.status >= 400


class Traccar9(App):
    def send(self, point):
        body = {'location': {'timestamp': point.iso()[:-1] + '.000Z',
                             'coords': {'latitude': float(point.lat), 'longitude': float(point.lon),
                                        'speed': -1, 'heading': -1, 'accuracy': 5, 'altitude': 1},
                             'battery': {'level': 0.5}, 'extras': {},
                             '_': f'&id={self.device}&lat={point.lat}'},
                'device_id': self.device}
        return self.ask([point], 'POST', f'/p/{self.token}', json.dumps(body), {'Content-Type': JSON})


class Traccar10(App):
    """A form; heartbeats without a place go through the same queue."""
    pause_max = 0.5

    def send(self, point):
        fields = {'id': self.device, 'timestamp': point.when, 'batt': 50, 'charge': 'true'}
        beat = self.post(fields, [])
        if not self.takes(beat):
            return beat
        return self.post({**fields, 'lat': point.lat, 'lon': point.lon, 'speed': 2.3}, [point])

    def post(self, fields, points):
        return self.ask(points, 'POST', f'/p/{self.token}', urllib.parse.urlencode(fields),
                        {'Content-Type': FORM + '; charset=UTF-8'})


class OwnTracks(App):
    """Android 2.6; all kinds of messages go through one queue."""
    pause_max = 0.5

    def send(self, point):
        other = self.post({'_type': 'waypoint', 'desc': 'home', 'lat': 1, 'lon': 1, 'rad': 50,
                           'tst': point.when}, [])
        if not self.takes(other):
            return other
        return self.post({'_type': 'location', 'lat': float(point.lat), 'lon': float(point.lon),
                          'tst': point.when, 'created_at': point.when + 5, 'acc': 5, 'vel': 3,
                          'tid': 'aa', 'topic': f'owntracks/any/{self.device}'}, [point])

    def post(self, message, points):
        headers = {**self.basic(), 'Content-Type': JSON, 'X-Limit-U': 'any', 'X-Limit-D': self.device}
        return self.ask(points, 'POST', '/pub', json.dumps(message), headers)


class OwnTracks258(OwnTracks):
    """It reads what is answered, and wants a list of messages, or one."""

    def takes(self, answer):
        said = answer.json()
        each = said if isinstance(said, list) else [said]
        return answer.good() and said is not None and all(
            isinstance(one, dict) and '_type' in one for one in each)


class OwnTracksIos(OwnTracks):
    """4xx: it says so to its owner, and deletes the point."""

    def gives_up(self, answer):
        return 400 <= answer.status < 500


class GpsLogger(App):
    """A job for each point, in no order, four tries each; each on a connection that stays open."""
    first_pause = 0.5

    def __init__(self, port):
        super().__init__(port)
        self.jobs, self.left_open = {}, []

    def step(self):
        now = time.monotonic()
        due = [point for point in reversed(self.queue) if self.jobs.get(point, (0, 0))[1] <= now]
        for point in due:
            connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=10)
            self.left_open.append(connection)
            query = f'lat={point.lat}&lon={point.lon}&time={point.iso()}'
            answer = self.ask([point], 'GET', f'{self.path()}?{query}', connection=connection)
            tries = self.jobs.get(point, (0, 0))[0] + 1
            if answer.good():
                self.settle([point], self.taken)
            elif tries == 4:
                self.settle([point], self.lost)
            else:
                self.jobs[point] = tries, now + self.first_pause * 2 ** (tries - 1)
        return bool(due)


class Overland(App):
    """Batches, each again as a whole until one word is answered, as JSON."""
    size = 5

    def step(self):
        batch = self.queue[:self.size]
        body = {'locations': [point.feature() for point in batch],
                'current': self.queue[-1].feature()}
        for feature in body['locations'] + [body['current']]:
            feature['properties']['device_id'] = self.device
        headers = {'Authorization': f'Bearer {self.token}', 'Content-Type': JSON,
                   'User-Agent': 'Overland/1.3 CFNetwork/1 Darwin/1'}
        answer = self.ask(batch + self.queue[-1:], 'POST', '/api', json.dumps(body), headers)
        if answer.kind != JSON or answer.json() != {'result': 'ok'}:
            return False
        self.settle(batch, self.taken)
        return True


class Colota(App):
    """Ten requests at once."""
    pause_max = 0.5

    def step(self):
        def send(point):
            connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=10)
            body = {'lat': float(point.lat), 'lon': float(point.lon), 'acc': 5, 'vel': 1,
                    'tst': point.when, 'batt': 50, 'bs': 1}
            answer = self.ask([point], 'POST', self.path(), json.dumps(body), {'Content-Type': JSON},
                              connection)
            connection.close()
            return point, answer
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(send, self.queue[:10]))
        good = [point for point, answer in answers if answer.good()]
        self.settle(good, self.taken)
        return bool(good)


class ColotaBatch(App):
    """A batch that is refused with 4xx is halved, again and again, and what is left alone waits."""
    pause_max = 0.5

    def step(self):
        return self.deliver(self.queue[:50])

    def deliver(self, batch):
        body = {'locations': [point.feature() for point in batch], 'device_id': self.device}
        # Of those of one phone the newest is all that counts.
        newest = [point for point in batch if not point.bad][-1:]
        answer = self.ask(newest, 'POST', f'/p/{self.token}', json.dumps(body), {'Content-Type': JSON})
        if answer.good():
            self.settle(batch, self.taken)
            return True
        if not 400 <= answer.status < 500 or len(batch) == 1:
            return False
        middle = len(batch) // 2
        # Each half has its chance.
        return [self.deliver(batch[:middle]), self.deliver(batch[middle:])] == [True, True]


class ULogger(App):
    """Logs in, begins a track, and then the points."""

    def __init__(self, port):
        super().__init__(port)
        self.track = 0

    def send(self, point):
        if self.track == 0 and not self.begin():
            return NONE
        answer = self.post({'action': 'addpos', 'lat': point.lat, 'lon': point.lon,
                            'time': point.when, 'accuracy': 5, 'provider': 'gps',
                            'trackid': self.track}, [point])
        if answer.status == 401:
            self.track = 0
        return answer

    def begin(self):
        if not self.takes(self.post({'action': 'auth', 'user': 'any', 'pass': 'any'}, [])):
            return False
        begun = self.post({'action': 'addtrack', 'track': 'walk'}, [])
        self.track = begun.json().get('trackid', 0) if self.takes(begun) else 0
        return self.track > 0

    def post(self, fields, points):
        return self.ask(points, 'POST', self.path() + '/client/index.php',
                        urllib.parse.urlencode(fields), {'Content-Type': FORM})

    def takes(self, answer):
        said = answer.json()
        return answer.status == 200 and isinstance(said, dict) and said.get('error') is False


class PhoneTrack(App):
    """Values that are unknown are empty."""

    def send(self, point):
        fields = {'timestamp': point.when, 'lat': point.lat, 'lon': point.lon, 'alt': '', 'acc': '',
                  'speed': '', 'bearing': '', 'sat': '', 'bat': 50, 'useragent': 'PhoneTrack'}
        return self.ask([point], 'POST', f'/logPost/{self.token}/{self.device}',
                        urllib.parse.urlencode(fields), {'Content-Type': FORM})

    def takes(self, answer):
        return answer.status == 200 and answer.json() == {'done': 1}


ALL = [OsmAnd, OsmAndOld, Traccar7, Traccar7Ios, Traccar9, Traccar10, OwnTracks, OwnTracks258,
       OwnTracksIos, GpsLogger, Overland, Colota, ColotaBatch, ULogger, PhoneTrack]
