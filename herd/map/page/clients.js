// Every client that the page knows of, by its slot in the server's table: arrays that grow.
const clients = {
  xs: new Float64Array(0), ys: new Float64Array(0),  // on Mercator's map, which is 1 wide and high
  times: new Float64Array(0),  // of the report, in seconds of the server's clock
  servers: new Uint8Array(0),
  rounds: new Uint32Array(0),  // the picture in which it was told of; 0: it is not there
  end: 0,  // Slots from here on were never used.
  count: 0,
  round: 1,
  perServer: new Uint32Array(64),

  grow(slot) {
    if (slot < this.xs.length) return;
    const size = Math.max(1024, 2 * slot);
    for (const name of ['xs', 'ys', 'times', 'servers', 'rounds']) {
      const old = this[name];
      this[name] = new old.constructor(size);
      this[name].set(old);
    }
  },
  put(slot, x, y, time, server) {
    this.grow(slot);
    if (this.rounds[slot] === 0) ++this.count;
    else --this.perServer[this.servers[slot]];
    ++this.perServer[server];
    this.xs[slot] = x;
    this.ys[slot] = y;
    this.times[slot] = time;
    this.servers[slot] = server;
    this.rounds[slot] = this.round;
    if (slot >= this.end) this.end = slot + 1;
  },
  has(slot) { return slot < this.end && this.rounds[slot] > 0; },
  remove(slot) {
    if (!this.has(slot)) return;
    this.rounds[slot] = 0;
    --this.count;
    --this.perServer[this.servers[slot]];
  },
  clear() {
    this.rounds.fill(0);
    this.perServer.fill(0);
    this.count = this.end = 0;
  },
  // A picture is whole: who was not in it is not there.
  settle() {
    for (let slot = 0; slot < this.end; ++slot) {
      if (this.rounds[slot] > 0 && this.rounds[slot] < this.round) this.remove(slot);
    }
  },
};

// Mercator's map ends at 85 degrees; who is beyond stands at its edge.
function toX(longitude) { return longitude / 360 + 0.5; }
function toY(latitude) {
  const sine = Math.sin(Math.max(-85.05, Math.min(85.05, latitude)) * Math.PI / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
}
function toLongitude(x) { return (x - Math.floor(x)) * 360 - 180; }
function toLatitude(y) { return Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180 / Math.PI; }

// Digits of six bits, and short numbers of five bits a digit: see docs/map.md.
function takeNumber(text, at, count) {
  let value = 0;
  for (let i = 0; i < count; ++i) value = value * 64 + text.charCodeAt(at + i) - 48;
  return value;
}
let shortEnd = 0;
function takeShort(text, at) {
  let value = 0, factor = 1, digit;
  do {
    digit = text.charCodeAt(at++) - 48;
    value += (digit & 31) * factor;
    factor *= 32;
  } while (digit & 32);
  shortEnd = at;
  return value;
}

// Both call each(slot) for each client that they tell of. The first returns when it was told, in
// milliseconds of the server's clock.
function readNow(text, each) {
  const now = takeNumber(text, 0, 7);
  let slot = 0;
  for (let at = 7; at < text.length;) {
    slot += takeShort(text, at);
    at = shortEnd;
    const server = text.charCodeAt(at) - 48;
    const latitude = takeNumber(text, at + 1, 5) / 1e5 - 90;
    const longitude = takeNumber(text, at + 6, 5) / 1e5 - 180;
    const age = takeNumber(text, at + 11, 3);
    at += 14;
    clients.put(slot, toX(longitude), toY(latitude), now / 1000 - age, server);
    each(slot++);
  }
  return now;
}
function readGone(text, each) {
  let slot = 0;
  for (let at = 0; at < text.length; at = shortEnd) {
    slot += takeShort(text, at);
    clients.remove(slot);
    each(slot++);
  }
}
