"""A client of one connection to a NATS server on this machine, for the finds about it."""

import json
import socket
import time


class Nats:
    def __init__(self, port):
        for _ in range(100):
            try:
                self.socket = socket.create_connection(("127.0.0.1", int(port)))
                break
            except OSError:
                time.sleep(0.1)
        self.lines = self.socket.makefile("rb")
        self.socket.sendall(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n'
                            b"SUB answers 1\r\n")
        while "error" in self.ask("$JS.API.INFO"):
            time.sleep(0.1)

    def answer(self):
        """Returns the subject and the body of the next message."""
        while not (line := self.lines.readline()).startswith((b"MSG", b"HMSG")):
            if not line:
                raise EOFError
        return line.split()[1].decode(), self.lines.read(int(line.split()[-1]) + 2)[:-2]

    def publish(self, subject, body=b"", header=b""):
        """Publishes bytes, or something to write as JSON; the answer is yet to be read."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if header:
            head = b"NATS/1.0\r\n%s\r\n\r\n" % header
            line = b"HPUB %s answers %d %d" % (subject.encode(), len(head), len(head + body))
            body = head + body
        else:
            line = b"PUB %s answers %d" % (subject.encode(), len(body))
        self.socket.sendall(line + b"\r\n" + body + b"\r\n")

    def ask(self, subject, body=b"", header=b""):
        """Publishes, and returns what the answer's JSON says (nothing where it is none)."""
        self.publish(subject, body, header)
        while True:
            name, text = self.answer()
            if name == "answers":
                return json.loads(text) if text else {"error": "no responders"}

    def create(self, storage):
        """Makes the stream KV_herd, which keeps the newest message of each subject."""
        return self.ask("$JS.API.STREAM.CREATE.KV_herd",
                        {"name": "KV_herd", "subjects": ["$KV.herd.>"],
                         "max_msgs_per_subject": 1, "storage": storage})
