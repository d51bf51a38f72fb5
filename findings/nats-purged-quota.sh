#!/bin/bash
# A JetStream file stream that is purged by subject fills its server although it is nearly empty.
#
# Package: nats-server 2.9.10-1+b3 (Debian 12).
# Input: a server with max_file_store 1 MB; a stream with the newest message of each subject and
# file storage. Over and over: 100 messages of 1 kB to 100 subjects, then a purge of these
# subjects.
# Expected: what is purged does not count: the stream never holds more than 104 kB.
# Seen: a purge with a subject filter lowers the stream's bytes to 0 and leaves the account's
# usage. In the tenth round the server refuses everything (10023); the stream then holds 60
# messages. To delete the stream does not help. Without the purge, the same messages replace each
# other for ever.
. "$(dirname "$0")/common.bash"

debian_packages nats-server=2.9.10-1+b3

cat > "$dir/client.py" << 'END'
import sys
from nats_client import Nats

server, mode = Nats(sys.argv[1]), sys.argv[2]
server.create("file")
published, refused = 0, None
while published < 2000:
    if "error" in (answer := server.ask("$KV.herd.c%d" % (published % 100), b"x" * 1000)):
        refused = answer["error"]
        break
    published += 1
    if mode == "purge" and published % 100 == 0:
        server.ask("$JS.API.STREAM.PURGE.KV_herd", {"filter": "$KV.herd.>"})
print("published", published, "refused", refused)
stream = server.ask("$JS.API.STREAM.INFO.KV_herd")["state"]
print("stream: %d messages, %d bytes;" % (stream["messages"], stream["bytes"]),
      "account: %d bytes" % server.ask("$JS.API.INFO")["storage"])
server.ask("$JS.API.STREAM.DELETE.KV_herd")
print("stream deleted; account: %d bytes" % server.ask("$JS.API.INFO")["storage"])
END

for mode in keep purge; do
  port=$(free_port)
  printf 'jetstream { store_dir: "%s", max_file_store: 1000000 }\n' "$dir/$mode" > "$dir/$mode.conf"
  start nats-server -a 127.0.0.1 -p "$port" -c "$dir/$mode.conf"
  echo "$mode"
  python3 "$dir/client.py" "$port" $mode
done > "$dir/seen" 2>&1

compare << 'END'
keep
published 2000 refused None
stream: 100 messages, 104190 bytes; account: 104190 bytes
stream deleted; account: 0 bytes
purge
published 960 refused {'code': 503, 'err_code': 10023, 'description': 'insufficient resources'}
stream: 60 messages, 62510 bytes; account: 1000220 bytes
stream deleted; account: 937710 bytes
END
