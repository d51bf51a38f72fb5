'use strict';
// One server of the herd in Node.js: a map of locations, flooded to the neighbours.
// usage: node server.js SERVER_ID [--config FILE] [--keep]
// Bytes are handled as latin1 strings, so that every copy is exact.

const fs = require('fs');
const http = require('http');
const https = require('https');
const net = require('net');

const defaults = require('./config');
const { LOCATION, isReport, isSearch, skew } = require('./messages');

const BLANKS = /[ \t\r\n\f\v]+/;
const PLACES_TIMEOUT_MS = 4000;
const BACKLOG = 1024; // a message is a connection: they come in bursts

function log(text) {
  console.error(`${new Date().toISOString()} ${text}`);
}

// A neighbour: a connection for each message, or one that stays. What cannot be delivered is lost.
class Neighbour {
  constructor(name, { host, port }, keep) {
    this.name = name;
    this.address = { host, port, noDelay: true };
    this.keep = keep;
    this.reached = false;
    this.socket = null;
  }

  send(message) {
    if (!this.keep) {
      this.dial().end(message, 'latin1');
      return;
    }
    if (this.socket === null) {
      this.socket = this.dial();
      this.socket.on('close', () => {
        this.lost('it ended');
        this.socket = null;
      });
    }
    this.socket.write(`${message}\n`, 'latin1');
  }

  dial() {
    const socket = net.connect(this.address, () => {
      if (!this.reached) log(`new connection to ${this.name}`);
      this.reached = true;
    });
    socket.on('error', (error) => this.lost(error.message));
    return socket.resume();
  }

  lost(why) {
    log(`dropped connection to ${this.name}: ${why}`);
    this.reached = false;
  }
}

// What all connections of a server share: the locations, the neighbours, the places.
class Server {
  constructor(name, config, keep) {
    this.name = name;
    this.placesUrl = new URL(config.places_url);
    this.key = config.key;
    this.web = this.placesUrl.protocol === 'https:' ? https : http;
    this.agent = new this.web.Agent({ keepAlive: true });
    this.locations = new Map(); // client: the AT line of its location
    this.neighbours = config.neighbours[name].map(
      (other) => new Neighbour(other, config.servers[other], keep));
  }

  // The answer to a line, or a promise of it.
  handle(line) {
    const fields = line.split(BLANKS).filter((field) => field !== '');
    const [command, ...operands] = fields;
    if (command === 'IAMAT' && operands.length === 3 && isReport(operands)) {
      const [client, location, time] = operands;
      const atLine = `AT ${this.name} ${skew(time)} ${client} ${location} ${time}`;
      this.update(client, atLine, []);
      return `${atLine}\n`;
    }
    if (command === 'WHATSAT' && operands.length === 3) {
      const [client, radius, bound] = operands;
      const atLine = this.locations.get(client);
      if (atLine !== undefined && isSearch(radius, bound)) {
        return this.whatsat(atLine, Number(radius), Number(bound));
      }
    }
    if (command === 'AT' && fields.length >= 6 && isReport(fields.slice(0, 6))) {
      this.update(fields[3], fields.slice(0, 6).join(' '), fields.slice(6));
      return '';
    }
    return `? ${line}\n`;
  }

  // Whatever differs from what is known takes its place, and goes on to the neighbours.
  update(client, atLine, passed) {
    if (this.locations.get(client) === atLine) return;
    this.locations.set(client, atLine);
    const names = [this.name, ...this.neighbours.map((neighbour) => neighbour.name)];
    const added = names.filter((name) => !passed.includes(name));
    const message = [atLine, ...passed, ...added].join(' ');
    for (const neighbour of this.neighbours) {
      if (!passed.includes(neighbour.name)) neighbour.send(message);
    }
  }

  // The AT line, at most `bound` places near it, an empty line.
  async whatsat(atLine, radius, bound) {
    const [, latitude, longitude] = LOCATION.exec(atLine.split(' ')[4]);
    const location = `${Number(latitude)},${Number(longitude)}`;
    let places;
    try {
      places = JSON.parse(await this.search(location, radius * 1000));
      places.results = places.results.slice(0, bound);
    } catch (error) {
      log(`no places: ${error.message}`);
      places = { html_attributions: [], results: [], status: 'UNKNOWN_ERROR' };
    }
    const text = Buffer.from(JSON.stringify(places, null, 3)).toString('latin1');
    return `${atLine}\n${text}\n\n`;
  }

  search(location, radius) {
    const url = new URL(this.placesUrl);
    url.search = new URLSearchParams({ location, radius, key: this.key });
    return new Promise((resolve, reject) => {
      const options = { agent: this.agent, timeout: PLACES_TIMEOUT_MS };
      const request = this.web.get(url, options, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text) => { body += text; });
        response.on('end', () => resolve(body)).on('error', reject);
      });
      request.on('timeout', () => request.destroy(new Error('timeout'))).on('error', reject);
    });
  }
}

// A connection that somebody opened to us: lines in, their answers out in the same order.
function converse(server, socket) {
  const lines = [];
  let rest = ''; // of what came, behind the last newline
  let looking = false; // a WHATSAT, which the lines behind it wait for
  let ended = false;

  function answerLines() {
    let answers = '';
    while (lines.length > 0 && !looking) {
      const answer = server.handle(lines.shift().replace(/\r$/, ''));
      if (typeof answer === 'string') {
        answers += answer;
      } else {
        looking = true;
        answer.then(lookedUp);
      }
    }
    if (answers !== '') socket.write(answers, 'latin1');
    if (ended && !looking) socket.end();
  }

  function lookedUp(answer) {
    looking = false;
    socket.write(answer, 'latin1');
    answerLines();
  }

  socket.setEncoding('latin1');
  socket.on('data', (text) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop();
    lines.push(...parts);
    answerLines();
  });
  socket.on('end', () => {
    if (rest !== '') lines.push(rest);
    ended = true;
    answerLines();
  });
  socket.on('error', () => socket.destroy());
}

function main([name, ...options]) {
  const file = options.indexOf('--config');
  const config = { ...defaults };
  if (file >= 0) Object.assign(config, JSON.parse(fs.readFileSync(options[file + 1], 'utf8')));
  const server = new Server(name, config, options.includes('--keep'));
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
  const { host, port } = config.servers[name];
  net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => converse(server, socket))
    .listen(port, host, BACKLOG, () => log(`${name} listens on ${host} port ${port}`));
}

main(process.argv.slice(2));
