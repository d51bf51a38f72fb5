#!/bin/bash
# Four EventSource clients make an empty message of a comment that has a blank line behind it.
#
# Packages: npm @microsoft/fetch-event-source 2.0.1, @fortaine/fetch-event-source 3.0.6,
# extended-eventsource 2.1.0, @sentool/fetch-event-source 0.6.0; @sanity/eventsource 5.0.4 and
# fetch-sse 1.2.1 for comparison.
# Input: a stream of server-sent events, "retry: 100" and two positions, with a comment in between
# as what keeps the connection alive, with and without a blank line behind it.
# Expected: two messages. A blank line behind nothing but comments, or behind retry, finds the data
# buffer empty, and then nothing is dispatched (HTML Living Standard, section 9.2.6).
# Seen: the four dispatch a message without data for both; three of them are of one descent. Who
# parses each message as JSON fails there: fetch-event-source takes the exception for a broken
# connection, and begins anew at each comment. A comment without the blank line passes in all.
. "$(dirname "$0")/common.bash"

npm_packages @microsoft/fetch-event-source@2.0.1 @fortaine/fetch-event-source@3.0.6 \
  extended-eventsource@2.1.0 @sentool/fetch-event-source@0.6.0 @sanity/eventsource@5.0.4 \
  fetch-sse@1.2.1

cat > "$dir/read.mjs" << 'END'
import { createServer } from 'node:http';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import * as microsoft from '@microsoft/fetch-event-source';
import * as fortaine from '@fortaine/fetch-event-source';
import * as extended from 'extended-eventsource';
import * as sentool from '@sentool/fetch-event-source';
import sanity from '@sanity/eventsource';
import * as fetchSse from 'fetch-sse';

const quiet = { addEventListener() {}, removeEventListener() {} };
Object.assign(globalThis, { window: globalThis, document: quiet });  // two are made for browsers

let asked = 0;
const streams = {
  '/line': ['event: now\ndata: 1\n\n', ':\n', 'event: now\ndata: 2\n\n'],
  '/blank': ['event: now\ndata: 1\n\n', ':\n\n', 'event: now\ndata: 2\n\n'],
  '/retry': ['retry: 100\n\n', 'event: now\ndata: 1\n\n', 'event: now\ndata: 2\n\n'],
};
const server = createServer(async (request, response) => {
  ++asked;
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  for (const part of streams[request.url]) {
    response.write(part);
    await wait(30);
  }
}).listen(0, '127.0.0.1');
await once(server, 'listening');

const source = (EventSource, options) => (url, message) => {
  const events = new EventSource(url, options);
  events.onmessage = message;
  events.addEventListener('now', message);
};
const fetched = (fetchEventSource) => (url, message) => {
  fetchEventSource(url, { openWhenHidden: true, onmessage: message }).catch(() => {});
};
const clients = {
  '@microsoft/fetch-event-source': fetched(microsoft.fetchEventSource),
  '@fortaine/fetch-event-source': fetched(fortaine.fetchEventSource),
  'extended-eventsource': source(extended.EventSource, { disableLogger: true }),
  '@sentool/fetch-event-source': fetched(sentool.fetchEventSource),
  '@sanity/eventsource': source(sanity),
  'fetch-sse': (url, message) => {
    fetchSse.fetchEventData(url, { method: 'GET', onMessage: message }).catch(() => {});
  },
};
const url = (path) => `http://127.0.0.1:${server.address().port}${path}`;
for (const [name, client] of Object.entries(clients)) {
  console.log(name);
  for (const path of Object.keys(streams)) {
    const seen = [];
    await new Promise((last) => client(url(path), ({ data }) => {
      seen.push(data ? data : 'EMPTY');
      if (data == 2) last();
    }));
    console.log(`  ${path.padEnd(6)} ${seen.join(' ')}`);
  }
}
for (const path of ['/line', '/blank']) {
  asked = 0;
  fetched(microsoft.fetchEventSource)(url(path), ({ data }) => JSON.parse(data));
  await wait(2500);
  console.log(`JSON, ${path}: ${asked > 1 ? 'connects again' : 'stays connected'}`);
}
process.exit();
END
node "$dir/read.mjs" > "$dir/seen" 2>&1

compare << 'END'
@microsoft/fetch-event-source
  /line  1 2
  /blank 1 EMPTY 2
  /retry EMPTY 1 2
@fortaine/fetch-event-source
  /line  1 2
  /blank 1 EMPTY 2
  /retry EMPTY 1 2
extended-eventsource
  /line  1 2
  /blank 1 EMPTY 2
  /retry EMPTY 1 2
@sentool/fetch-event-source
  /line  1 2
  /blank 1 EMPTY 2
  /retry EMPTY 1 2
@sanity/eventsource
  /line  1 2
  /blank 1 2
  /retry 1 2
fetch-sse
  /line  1 2
  /blank 1 2
  /retry 1 2
JSON, /line: stays connected
JSON, /blank: connects again
END
