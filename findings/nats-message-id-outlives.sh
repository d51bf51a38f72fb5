#!/bin/bash
# JetStream acknowledges a message and drops it: its id was used for another subject, or is purged.
#
# Package: nats-server 2.9.10-1+b3 (Debian 12).
# Input: a stream with the newest message of each subject; messages with a Nats-Msg-Id, which
# makes a repeated publish harmless.
# Expected: an id guards what it came with: the same message published again.
# Seen: an id guards the whole stream for two minutes, whatever has become of its message.
# Publishing a value again after another writer has overwritten it, the same id with another
# subject, and publishing anything after a purge of the whole stream are all acknowledged with a
# sequence, "duplicate": true, and not stored. The sequence is that of a message that is gone.
. "$(dirname "$0")/common.bash"

debian_packages nats-server=2.9.10-1+b3

cat > "$dir/client.py" << 'END'
import base64, sys
from nats_client import Nats

server = Nats(sys.argv[1])
server.create("memory")

def publish(what, subject, value, header=b""):
    subject = "$KV.herd." + subject
    stored = server.ask(subject, value, header)
    message = server.ask("$JS.API.STREAM.MSG.GET.KV_herd", {"last_by_subj": subject}).get("message")
    print("%-32s sequence %d%s, then shown: %s" % (
        what, stored["seq"], " duplicate" if stored.get("duplicate") else "",
        base64.b64decode(message["data"]).decode() if message else "nothing"))

publish("car: new, id r1", "car", b"new", b"Nats-Msg-Id: r1")
publish("car: another writer's old, no id", "car", b"old")
publish("car: new again, id r1", "car", b"new", b"Nats-Msg-Id: r1")
publish("bus: new, id r1", "bus", b"new", b"Nats-Msg-Id: r1")
server.ask("$JS.API.STREAM.PURGE.KV_herd")
publish("car: new after a purge, id r1", "car", b"new", b"Nats-Msg-Id: r1")
END

port=$(free_port)
start nats-server -a 127.0.0.1 -p "$port" -js -sd "$dir/store"
python3 "$dir/client.py" "$port" > "$dir/seen" 2>&1

compare << 'END'
car: new, id r1                  sequence 1, then shown: new
car: another writer's old, no id sequence 2, then shown: old
car: new again, id r1            sequence 1 duplicate, then shown: old
bus: new, id r1                  sequence 1 duplicate, then shown: nothing
car: new after a purge, id r1    sequence 1 duplicate, then shown: nothing
END
