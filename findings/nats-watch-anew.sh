#!/bin/bash
# Who watches a NATS bucket never hears of it again once it was made anew, and is not told.
#
# Packages: npm @nats-io/kv 3.4.0, @nats-io/transport-node 3.4.0; nats-server 2.9.10-1+b3 (Debian
# 12).
# Input: a watcher of all keys of a bucket with three keys. Then the bucket is lost, as one in
# memory is by a restart of the server, or deleted, and made and filled again; 12 seconds later,
# after two heartbeats of the watcher and more, all keys get one more value.
# Expected: the watcher goes on with the new bucket, or ends, or fails. The client reconnects by
# itself and goes on when a bucket in files has survived the restart.
# Seen: not a value, no error, no end of the iteration, and a connection that says "reconnect" and
# is alive; also when the new bucket has more messages than the old one had.
. "$(dirname "$0")/common.bash"

debian_packages nats-server=2.9.10-1+b3
npm_packages @nats-io/kv@3.4.0 @nats-io/transport-node@3.4.0

cat > "$dir/watch.mjs" << 'END'
import { connect } from '@nats-io/transport-node';
import { Kvm } from '@nats-io/kv';

const connection = await connect({ servers: `127.0.0.1:${process.argv[2]}`,
                                   maxReconnectAttempts: -1 });
const watcher = await (await new Kvm(connection).open('herd')).watch();
(async () => {
  try {
    for await (const entry of watcher) console.log(entry.key, entry.string());
    console.log('ended');
  } catch (error) {
    console.log('failed:', error.message);
  }
})();
END
cat > "$dir/write.py" << 'END'
import sys, time
from nats_client import Nats

port, storage, *values = sys.argv[1:]
nats = Nats(port)
nats.create(storage)
for value in values:
    for key in "abc":
        nats.ask("$KV.herd." + key, value.encode())
END
cat > "$dir/delete.py" << 'END'
import sys
from nats_client import Nats
Nats(sys.argv[1]).ask("$JS.API.STREAM.DELETE.KV_herd")
END

# watched STORAGE EVENT: what a watcher says when that happens to the server or to the bucket.
watched() {
  local port server watcher said=$dir/$1-$2
  port=$(free_port)
  serve() {
    start nats-server -a 127.0.0.1 -p "$port" -js -sd "$said.store"
    server=$!
  }
  serve
  python3 "$dir/write.py" "$port" "$1" before
  : > "$said"
  node "$dir/watch.mjs" "$port" > "$said" 2>&1 &
  watcher=$!
  until [ "$(wc -l < "$said")" = 3 ]; do sleep 0.1; done
  if [ "$2" = restart ]; then
    kill $server && wait $server
    serve
    sleep 4  # the client dials again after 2
  else
    python3 "$dir/delete.py" "$port"
  fi
  python3 "$dir/write.py" "$port" "$1" after again
  sleep 12
  python3 "$dir/write.py" "$port" "$1" later
  sleep 1
  kill $watcher $server
  wait
}

cases="memory-restart file-delete file-restart"
for case in $cases; do watched ${case/-/ } & done
wait
for case in $cases; do
  echo "$case:" $(cut -d' ' -f2- "$dir/$case" | uniq -c)
done > "$dir/seen"

compare << 'END'
memory-restart: 3 before
file-delete: 3 before
file-restart: 3 before 3 after 3 again 3 later
END
