// The stream of events: one at a time, of a box somewhat larger than what is seen. A browser lets a
// page have few connections to one host, so it is closed while nobody looks.
const stream = {
  source: null,
  box: null,        // What the server was asked for,
  follow: '',       // and who, beside that.
  page: '',         // A number that tells the server which of its streams is over.
  last: '',         // The latest id: how far it was told.
  epoch: '',
  hello: null,
  state: null,
  seen: 0,          // When anything last came, by our clock;
  told: 0,          // what time it was then, by the server's;
  slack: Infinity,  // and the least that ours was ever ahead of that, on this connection.
  whole: false,
  full: false,
  refused: false,
  opened: 0,
  streams: 0,
  moves: 0,
  retry: 0,
  later: 0,
  heard: () => {},  // something was told
  greeted: () => {},

  // The server's time, as far as it can be told from here.
  now() { return this.slack === Infinity ? Date.now() : Date.now() - this.slack; },
  // How many milliseconds after they were told its words are read.
  behind() { return this.seen === 0 ? 0 : Math.max(0, this.seen - this.told - this.slack); },
  silent() { return Date.now() - Math.max(this.seen, this.opened); },

  note(time) {
    this.seen = Date.now();
    this.told = time;
    this.slack = Math.min(this.slack, this.seen - time);
  },
  // Asks anew if what is seen is not in the box, or the box is far too large.
  fit() {
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      if (document.hidden) return;
      if (!this.source || this.follow !== followed.name || !this.fits()) this.open();
    }, this.source ? 300 : 0);
  },
  fits() {
    if (!this.box) return false;
    const [south, west, north, east] = view.box(0);
    const [s, w, n, e] = this.box;
    const whole = e - w === 360;
    const around = x => (x - w + 720) % 360;
    const wide = (e - w + 360) % 360 || 360;
    const inside = whole || (around(west) <= around(east) && around(east) <= wide);
    if (south < s || north > n || !inside) return false;
    const seen = (north - south) * ((east - west + 360) % 360 || 360);
    return clients.count < 5000 || (n - s) * wide < 40 * seen;
  },
  open() {
    clearTimeout(this.retry);
    this.close();
    const box = view.box(0.5);
    const same = this.box && box.every((side, i) => side === this.box[i]);
    // Of another question nothing has been told yet.
    if (!same || this.follow !== followed.name) this.last = '';
    this.box = box;
    this.follow = followed.name;
    if (!this.page) this.page = crypto.getRandomValues(new Uint32Array(2))
      .reduce((text, each) => text + each.toString(16).padStart(8, '0'), '').slice(0, 15);
    const query = new URLSearchParams({box: box.map(side => side.toFixed(6)).join(','), page: this.page});
    if (this.follow) query.set('follow', this.follow);
    if (this.last) query.set('last', this.last);
    this.slack = Infinity;
    this.opened = Date.now();
    this.whole = false;
    ++this.streams;
    const source = this.source = new EventSource('map/events?' + query);
    const on = (name, take) => source.addEventListener(name, event => {
      if (event.lastEventId) this.last = event.lastEventId;
      this.full = this.refused = false;
      take(event.data);
      this.heard(name);
    });
    on('hello', data => this.greet(JSON.parse(data)));
    on('now', data => this.note(readNow(data, slot => { ++this.moves; followed.step(slot); })));
    on('gone', data => readGone(data, () => {}));
    on('whole', () => {
      this.whole = true;
      if (this.hello.whole) clients.settle();
    });
    on('state', data => {
      this.state = JSON.parse(data);
      this.note(this.state.t);
    });
    source.addEventListener('busy', () => {
      this.full = true;
      this.seen = 0;
      this.heard('busy');
    });
    source.addEventListener('error', () => {
      this.heard('error');
      if (source.readyState !== EventSource.CLOSED || source !== this.source) return;
      // It does not come back by itself: the server refuses, or said what is no stream.
      this.source = null;
      this.refuse();
      this.retry = setTimeout(() => this.open(), 3000);
    });
  },
  async refuse() {
    try {
      const answer = await fetch('map/client?slot=0', {cache: 'no-store'});
      this.refused = answer.status === 401 || answer.status === 421;
    } catch (error) {
      this.refused = false;
    }
    this.heard('error');
  },
  close() {
    if (this.source) this.source.close();
    this.source = null;
  },
  // Of another run of the server nothing is the same; of this one the picture stays until the next
  // one is whole.
  greet(hello) {
    this.slack = Infinity;
    this.whole = false;
    if (hello.epoch !== this.epoch) clients.clear();
    this.epoch = hello.epoch;
    this.hello = hello;
    if (hello.whole) ++clients.round;
    followed.slot = hello.follow === undefined ? followed.found(hello) : hello.follow;
    this.greeted();
  },
};

// The client that is followed, and where it was, as far as this page has seen it.
const followed = {
  name: '',
  slot: -1,
  steps: [],
  centred: true,  // The map goes with it.

  begin(name, slot) {
    this.name = name;
    this.slot = slot;
    this.steps = [];
    this.centred = true;
    if (clients.has(slot)) this.step(slot);
    stream.fit();
  },
  end() {
    this.name = '';
    this.slot = -1;
    this.steps = [];
    stream.fit();
  },
  // It was asked for, and the server has not said where it is.
  found(hello) { return stream.follow === this.name && hello.whole ? -1 : this.slot; },
  step(slot) {
    if (slot !== this.slot || !this.name) return;
    const x = clients.xs[slot], y = clients.ys[slot], last = this.steps[this.steps.length - 1];
    if (last && last.x === x && last.y === y) return;
    this.steps.push({x, y});
    if (this.steps.length > 500) this.steps.shift();
  },
};
