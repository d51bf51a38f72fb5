#!/bin/bash
# A key that the NATS KV client stores for one second stays for ever on an older server.
#
# Packages: npm @nats-io/kv 3.4.0, @nats-io/transport-node 3.4.0; nats-server 2.9.10-1+b3 (Debian
# 12).
# Input: a bucket with lifetimes for single keys (markerTTL), a key created with a lifetime of
# "1s".
# Expected: the key is gone after a second, or an error: the client refuses other settings that
# need a server 2.10 by name ("compression", "metadata").
# Seen: the client refuses those two, and says nothing of lifetimes, which need 2.11. Bucket and
# key are made, markerTTL reads back as 0, and the key is there after 3 seconds and for good. A
# key that exists can also not be created again, so a lock with a lifetime is never given back.
. "$(dirname "$0")/common.bash"

debian_packages nats-server=2.9.10-1+b3
npm_packages @nats-io/kv@3.4.0 @nats-io/transport-node@3.4.0

cat > "$dir/read.mjs" << 'END'
import { connect } from '@nats-io/transport-node';
import { Kvm } from '@nats-io/kv';

const connection = await connect({ servers: `127.0.0.1:${process.argv[2]}` });
const buckets = new Kvm(connection);
for (const setting of [{ compression: true }, { metadata: { a: 'b' } }]) {
  await buckets.create('other', setting).catch((error) => console.log(error.message));
}
const bucket = await buckets.create('herd', { markerTTL: 2000 });
console.log('markerTTL asked 2000, is', (await bucket.status()).markerTTL);
console.log('created as', await bucket.create('lock', 'mine', '1s'));
await new Promise((resolve) => setTimeout(resolve, 3000));
console.log('after 3 s:', (await bucket.get('lock'))?.string() ?? 'gone');
await bucket.create('lock', 'yours', '1s').catch((error) => console.log('again:', error.message));
await connection.close();
END

port=$(free_port)
start nats-server -a 127.0.0.1 -p "$port" -js -sd "$dir/store"
until_listening "$port"
node "$dir/read.mjs" "$port" > "$dir/seen" 2>&1

compare << 'END'
stream 'compression' requires server 2.10.0
stream 'metadata' requires server 2.10.0
markerTTL asked 2000, is 0
created as 1
after 3 s: mine
again: wrong last sequence: 1
END
