#!/bin/bash
# A killed JetStream server brings back old messages, and those subjects cannot be written any more.
#
# Package: nats-server 2.9.10-1+b3 (Debian 12).
# Input: a file stream that keeps the newest message of each of 20,000 subjects; 331,500 messages
# of 100 bytes to subjects drawn at random, each acknowledged, the last 1,500 of them within 3 s;
# then kill -9 and a new start. (Only the process dies, so the kernel keeps all that it had
# written.)
# Expected: each subject shows the newest acknowledged message. At worst the last few are missing.
# Seen: some subjects (9 to 19 of 20,000, others each time) show an older message again, also one
# that was replaced 200,000 messages ago. A publish to such a subject is acknowledged with a
# sequence, but neither that sequence nor the subject can be read afterwards. Nothing is logged.
# With fewer than some 270,000 messages, with SIGTERM, or after 12 s of rest it did not happen.
. "$(dirname "$0")/common.bash"

debian_packages nats-server=2.9.10-1+b3

cat > "$dir/client.py" << 'END'
import json, random, sys, time
from nats_client import Nats

server, file, mode = Nats(sys.argv[1]), sys.argv[2] + "/acknowledged", sys.argv[3]
acknowledged = {}

def publish(numbers):
    pairs = [(random.randrange(20000), number) for number in numbers]
    server.socket.sendall(b"".join(b"PUB $KV.herd.c%d answers 100\r\n%0100d\r\n" % pair
                                   for pair in pairs))
    for subject, number in pairs:
        assert "seq" in json.loads(server.answer()[1])
        acknowledged[subject] = number

if mode == "fill":
    server.create("file")
    for first in range(0, 330000, 2000):
        publish(range(first, first + 2000))
    for first in range(330000, 331500, 50):
        publish(range(first, first + 50))
        time.sleep(0.1)
    json.dump(acknowledged, open(file, "w"))
    sys.exit()

acknowledged = json.load(open(file))
count = server.ask("$JS.API.STREAM.INFO.KV_herd")["state"]["messages"]
server.socket.sendall(b"SUB shown 2\r\n")
server.publish("$JS.API.CONSUMER.CREATE.KV_herd", {
    "stream_name": "KV_herd",
    "config": {"deliver_subject": "shown", "deliver_policy": "all", "ack_policy": "none"}})
shown = {}
while len(shown) < count:
    subject, body = server.answer()
    if subject.startswith("$KV"):
        shown[subject[len("$KV.herd.c"):]] = int(body)
old = [subject for subject, number in acknowledged.items() if shown.get(subject, -1) < number]
print("shows something older:", "more than one" if len(old) > 1 else len(old))
print(len(old), "subjects; for example acknowledged", acknowledged[old[0]], "shown",
      shown.get(old[0]), file=sys.stderr)
subject = "$KV.herd.c" + old[0]
stored = server.ask(subject, b"new")
print("a publish there is acknowledged:", "seq" in stored)
for what in ({"seq": stored["seq"]}, {"last_by_subj": subject}):
    read = server.ask("$JS.API.STREAM.MSG.GET.KV_herd", what)
    print("  read by", *what, "->", read.get("error", {}).get("description", "found"))
END

port=$(free_port)
for round in fill look; do
  start nats-server -a 127.0.0.1 -p "$port" -js -sd "$dir/store"
  python3 "$dir/client.py" "$port" "$dir" $round
  kill -9 "${started[-1]}"
  wait "${started[-1]}" 2> /dev/null
done > "$dir/seen"
grep -E '\[(ERR|WRN|FTL)\]' "$dir/nats-server.log" >> "$dir/seen"

compare << 'END'
shows something older: more than one
a publish there is acknowledged: True
  read by seq -> no message found
  read by last_by_subj -> no message found
END
