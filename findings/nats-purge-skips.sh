#!/bin/bash
# A purge of one subject has a stream's consumers pass over messages of other subjects.
#
# Package: nats-server 2.9.10-1+b3 (Debian 12).
# Input: a stream in memory with the newest message of each subject, and a push consumer of all of
# it. 20,000 messages to 20,000 subjects, 100 at a time, each acknowledged; in the second round
# with each 100 of them a purge of one subject of the first round.
# Expected: the consumer is sent all 20,000, in either round.
# Seen: in the second round it is sent some 3,000 to 8,000 of them. The numbers of what it is sent
# have no gap, and nothing says that anything is missing. The stream has all of it.
. "$(dirname "$0")/common.bash"

debian_packages nats-server=2.9.10-1+b3

cat > "$dir/client.py" << 'END'
import json, sys, threading, time
from nats_client import Nats

reader = Nats(sys.argv[1])
server = Nats(sys.argv[1])  # Answers come to both.
server.create("memory")
reader.socket.sendall(b"SUB shown 2\r\n")
reader.publish("$JS.API.CONSUMER.CREATE.KV_herd", {
    "stream_name": "KV_herd",
    "config": {"deliver_subject": "shown", "deliver_policy": "all", "ack_policy": "none"}})
server.answer()
shown = set()

def read():
    while True:
        subject, body = reader.answer()
        if subject.startswith("$KV"):
            shown.add(subject)

threading.Thread(target=read, daemon=True).start()
for name in "keep", "purge":
    shown.clear()
    for first in range(0, 20000, 100):
        for number in range(first, first + 100):
            server.publish("$KV.herd.%s%d" % (name, number), b"x")
        if name == "purge":
            server.publish("$JS.API.STREAM.PURGE.KV_herd", {"filter": "$KV.herd.keep%d" % first})
        for _ in range(101 if name == "purge" else 100):
            assert "error" not in json.loads(server.answer()[1])
    count = 0
    while count != len(shown):
        count = len(shown)
        time.sleep(1)
    stored = server.ask("$JS.API.STREAM.INFO.KV_herd")["state"]["messages"]
    print(name, "shown:", "all" if len(shown) == 20000 else "some", "stored:", stored)
    print(name, len(shown), file=sys.stderr)
END

port=$(free_port)
printf 'jetstream { store_dir: "%s" }\n' "$dir/store" > "$dir/nats.conf"
start nats-server -a 127.0.0.1 -p "$port" -c "$dir/nats.conf"
python3 "$dir/client.py" "$port" > "$dir/seen" 2> "$dir/counts"
cat "$dir/counts" >&2

compare << 'END'
keep shown: all stored: 20000
purge shown: some stored: 39800
END
