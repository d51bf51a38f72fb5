#!/bin/bash
# Watching one key of a large NATS bucket in memory stops all writers of the bucket meanwhile.
#
# Packages: npm @nats-io/kv 3.4.0, @nats-io/transport-node 3.4.0; nats-server 2.9.10-1+b3 (Debian
# 12).
# Input: buckets with 300,000 keys, one in memory and one in files. A client writes one key over
# and over and waits for each acknowledgement; another one begins to watch a single key that
# nobody writes, or one that is not there.
# Expected: a get of a key takes no time, so a watcher of one key should not either, and memory
# should be faster than files.
# Seen: in memory no write is acknowledged until the server has gone through the whole bucket for
# that one key, in proportion to its size, and so for each new watcher: 0.7 s here. With files it
# is less than 0.1 s, and some 10 ms for a key that is not there.
. "$(dirname "$0")/common.bash"

debian_packages nats-server=2.9.10-1+b3
npm_packages @nats-io/kv@3.4.0 @nats-io/transport-node@3.4.0

cat > "$dir/watch.mjs" << 'END'
import { connect } from '@nats-io/transport-node';
import { Kvm } from '@nats-io/kv';

const connected = () => connect({ servers: `127.0.0.1:${process.argv[2]}` });
const writer = await connected(), reader = await connected();
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const keys = 300000;

// What a bucket's writer waits for longest, in ms, the median of three: while each thing is done.
async function waits(storage) {
  const bucket = await new Kvm(writer).create(storage, { storage });
  for (let i = 0; i < keys; ++i) {
    writer.publish(`$KV.${storage}.k${i}`, 'IAMAT kiwi +34.0-118.4 1520023934');
    if (i % 5000 === 0) await writer.flush();
  }
  while ((await bucket.status()).values < keys) await pause(100);

  let longest = 0, writing = true;
  const write = (async () => {
    while (writing) {
      const begin = performance.now();
      await bucket.put('k1', 'y');
      longest = Math.max(longest, performance.now() - begin);
    }
  })();
  const watched = await new Kvm(reader).open(storage);
  const watch = async (key) => (await watched.watch({ key })).stop();
  const result = {};
  for (const [name, act] of Object.entries({
    'nothing else': () => {},
    'get of a key': () => watched.get('k7'),
    'watcher of a key': () => watch('k7'),
    'watcher of a key that is not there': () => watch('none'),
  })) {
    const times = [];
    for (let i = 0; i < 3; ++i) {
      await pause(100);
      longest = 0;
      await act();
      await pause(100);
      times.push(longest);
    }
    result[name] = times.sort((a, b) => a - b)[1];
  }
  writing = false;
  await write;
  return result;
}

const file = await waits('file'), memory = await waits('memory');
for (const name in file) {
  console.error(name, file[name].toFixed(1), memory[name].toFixed(1));
  const much = memory[name] > 2 * (file[name] + 10);
  console.log(`${name}: in memory a write takes ${much ? 'over twice' : 'about'} as long`);
}
await writer.close();
await reader.close();
END

port=$(free_port)
start nats-server -a 127.0.0.1 -p "$port" -js -sd "$dir/store"
until_listening "$port"
node "$dir/watch.mjs" "$port" > "$dir/seen" 2> "$dir/times"

compare << 'END'
nothing else: in memory a write takes about as long
get of a key: in memory a write takes about as long
watcher of a key: in memory a write takes over twice as long
watcher of a key that is not there: in memory a write takes over twice as long
END
