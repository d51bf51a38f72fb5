// Three canvases, each drawn anew only when what is on it has changed: the land, all clients as
// pixels, and on top what is drawn with lines.
const palettes = {
  dark: ['#56b4e9', '#ffa62b', '#35d39f', '#ff7ab8', '#f4e45c', '#a99bff', '#ff7f50', '#9fb3c1'],
  light: ['#0068b4', '#b35c00', '#00795a', '#b0246f', '#7d6b00', '#5a46c8', '#b33a14', '#51626f'],
};
const agePalettes = {
  dark: ['#eaffb0', '#7ee08a', '#2fb5a3', '#3d86c6', '#8a77c9'],
  light: ['#006d2c', '#1a9850', '#2b7bba', '#6a51a3', '#8a8a8a'],
};
const ageLimits = [10, 60, 600, 3600, Infinity];
const ageNames = ['under 10 s', 'to 1 min', 'to 10 min', 'to 1 h', 'over 1 h'];
const dark = matchMedia('(prefers-color-scheme: dark)');

const draw = {
  byAge: false,
  only: -1,     // the server whose clients alone are shown; -1: all
  shown: 0,     // clients in the picture, when it was last drawn
  few: [],      // their slots, if they are few
  frames: 0,
  worst: 0,     // milliseconds of the longest drawing, for whoever measures
  stale: {land: true, points: true, top: true},
  asked: false,
  rings: null,  // of land: x, y, x, y, ... on the map, and what they lie within
  image: null,
  pixels: null,
  hits: null,   // clients at each pixel,
  kinds: null,  // and the colour of one of them
  table: new Uint32Array(64 * 16),

  // Of what is to be drawn anew.
  ask(...layers) {
    for (const layer of layers) this.stale[layer] = true;
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => this.frame());
  },
  frame() {
    const begin = performance.now();
    this.asked = false;
    const {land, points, top} = this.stale;
    this.stale = {land: false, points: false, top: false};
    if (land) this.drawLand();
    if (points) this.drawPoints();
    if (points || top) this.drawTop();
    ++this.frames;
    this.worst = Math.max(this.worst, performance.now() - begin);
  },
  resize() {
    const scale = window.devicePixelRatio || 1;
    const {clientWidth, clientHeight} = $('map');
    const width = Math.max(1, Math.round(clientWidth * scale));
    const height = Math.max(1, Math.round(clientHeight * scale));
    for (const id of ['land', 'points', 'top']) Object.assign($(id), {width, height});
    this.scale = scale;
    this.image = new ImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.hits = new Uint8Array(width * height);
    this.kinds = new Uint8Array(width * height);
    view.resize(clientWidth, clientHeight);
  },

  style(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); },
  colours() { return (this.byAge ? agePalettes : palettes)[dark.matches ? 'dark' : 'light']; },
  serverColour(index) { const of = palettes[dark.matches ? 'dark' : 'light']; return of[index % of.length]; },

  readRings() {
    this.rings = $('outlines').textContent.trim().split('\n').map(line => {
      const points = [];
      let x = 0, y = 0, at = 0;
      const next = () => {
        const value = takeShort(line, at);
        at = shortEnd;
        return value % 2 ? -(value + 1) / 2 : value / 2;
      };
      while (at < line.length) {
        x += next();
        y += next();
        // Antarctica goes on to the map's edge, and beyond.
        points.push(toX(x / 20), y / 20 < -89 ? 9 : toY(y / 20));
      }
      const sides = [Infinity, Infinity, -Infinity, -Infinity];
      points.forEach((each, i) => {
        sides[i % 2] = Math.min(sides[i % 2], each);
        sides[i % 2 + 2] = Math.max(sides[i % 2 + 2], each);
      });
      return {points, sides};
    });
  },
  // What is far away is cut off before it is drawn: its coordinates would be too large to draw with.
  drawLand() {
    if (!this.rings) this.readRings();
    const pen = $('land').getContext('2d', {alpha: false});
    pen.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    pen.fillStyle = this.style('--sea');
    pen.fillRect(0, 0, view.width, view.height);
    pen.fillStyle = this.style('--land');
    pen.strokeStyle = this.style('--shore');
    pen.lineWidth = 1;
    pen.beginPath();
    const rim = 20 / view.size;
    const [west, north] = [view.xAt(0) - rim, view.yAt(0) - rim];
    const [east, south] = [view.xAt(view.width) + rim, view.yAt(view.height) + rim];
    for (let shift = Math.floor(west) - 1; shift <= east; ++shift) {
      const frame = [west - shift, north, east - shift, south];
      for (const {points, sides} of this.rings) {
        if (sides[0] > frame[2] || sides[2] < frame[0] || sides[1] > frame[3] || sides[3] < frame[1]) continue;
        const part = clip(points, frame);
        for (let i = 0; i < part.length; i += 2) {
          const x = (part[i] + shift - view.xAt(0)) * view.size, y = view.py(part[i + 1]);
          if (i === 0) pen.moveTo(x, y); else pen.lineTo(x, y);
        }
        pen.closePath();
      }
    }
    pen.fill();
    pen.stroke();
    this.drawGrid(pen);
  },
  // Every 30 degrees, or as many as leave some room between two lines.
  drawGrid(pen) {
    pen.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    const wish = 130 / view.size * 360;
    const step = [60, 30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001]
      .reduce((best, each) => each >= wish ? each : best, 90);
    const digits = Math.max(0, Math.ceil(-Math.log10(step)));
    pen.strokeStyle = this.style('--grid');
    pen.fillStyle = this.style('--soft');
    pen.font = '10.5px system-ui, "Liberation Sans", sans-serif';
    pen.lineWidth = 1;
    const line = (x1, y1, x2, y2) => {
      pen.beginPath();
      pen.moveTo(x1, y1);
      pen.lineTo(x2, y2);
      pen.stroke();
    };
    const west = (view.xAt(0) - 0.5) * 360, east = (view.xAt(view.width) - 0.5) * 360;
    for (let i = Math.ceil(west / step); i * step <= east; ++i) {
      const x = Math.round((i * step / 360 + 0.5 - view.xAt(0)) * view.size) + 0.5;
      line(x, 0, x, view.height);
      const degrees = ((i * step + 180) % 360 + 360) % 360 - 180;
      if (x > 70) pen.fillText(label(degrees, digits, 'E', 'W'), x + 4, view.height - 6);
    }
    const south = Math.max(-85, toLatitude(view.yAt(view.height))), north = Math.min(85, toLatitude(view.yAt(0)));
    for (let i = Math.ceil(south / step); i * step <= north; ++i) {
      const y = Math.round(view.py(toY(i * step))) + 0.5;
      line(0, y, view.width, y);
      if (y < view.height - 24) pen.fillText(label(i * step, digits, 'N', 'S'), 6, y - 4);
    }
  },

  // For each colour and number of clients at a pixel: what is there.
  mix() {
    const bright = dark.matches ? 255 : 0;
    const colours = this.colours();
    for (let i = 0; i < 64; ++i) {
      const hex = parseInt(colours[i % colours.length].slice(1), 16);
      const lit = this.byAge || this.only < 0 || this.only === i;
      for (let count = 0; count < 16; ++count) {
        const more = lit ? Math.min(dark.matches ? 0.7 : 0.35, Math.log2(1 + count) / 6) : 0;
        const part = shift => Math.round(((hex >> shift) & 255) * (1 - more) + bright * more);
        const alpha = lit ? Math.min(255, 175 + 24 * count) : 26;
        this.table[i * 16 + count] = (alpha << 24 | part(0) << 16 | part(8) << 8 | part(16)) >>> 0;
      }
    }
  },
  ageClass(age) {
    let at = 0;
    while (age >= ageLimits[at]) ++at;
    return at;
  },
  // How large depends on how many there are: there were, until they are counted.
  dot() { return Math.round(this.scale * (this.shown > 50000 ? 1 : this.shown > 6000 ? 2 : 3)); },
  drawPoints(again) {
    this.mix();
    const {width, height} = $('points');
    const {pixels, hits, kinds, table} = this;
    const {xs, ys, rounds, servers, times, end} = clients;
    const size = view.size * this.scale;
    const x0 = view.xAt(0), y0 = view.yAt(0);
    const now = stream.now() / 1000;
    const dot = this.dot();
    const back = dot >> 1;
    const few = [];
    let shown = 0;
    pixels.fill(0);
    hits.fill(0);
    for (let slot = 0; slot < end; ++slot) {
      if (rounds[slot] === 0) continue;
      let dx = xs[slot] - x0;
      dx -= Math.floor(dx);
      const x = (dx * size | 0) - back, y = ((ys[slot] - y0) * size | 0) - back;
      if (x < -back || x >= width || y < -back || y >= height) continue;
      if (++shown <= 1200) few.push(slot);
      if (x < 0 || y < 0 || x + dot > width || y + dot > height) continue;
      const at = y * width + x;
      const hit = hits[at] < 15 ? ++hits[at] : 15;
      // Of many at one pixel one gives the colour, each of them as likely.
      if (hit < 2 || Math.imul(slot, 0x9e3779b1) >>> 16 < 65536 / hit) {
        kinds[at] = this.byAge ? this.ageClass(now - times[slot]) : servers[slot];
      }
      const colour = table[kinds[at] * 16 + hit];
      for (let row = 0; row < dot; ++row) {
        const from = at + row * width;
        for (let i = from; i < from + dot; ++i) pixels[i] = colour;
      }
    }
    this.shown = shown;
    if (this.dot() !== dot && !again) return this.drawPoints(true);
    this.few = shown <= 1200 ? few : [];
    if (this.few.length > 0) pixels.fill(0);
    $('points').getContext('2d').putImageData(this.image, 0, 0);
  },

  drawTop() {
    const pen = $('top').getContext('2d');
    pen.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    pen.clearRect(0, 0, view.width, view.height);
    const colours = this.colours(), now = stream.now() / 1000;
    const radius = this.few.length > 300 ? 2.5 : this.few.length > 60 ? 3.5 : 5;
    pen.strokeStyle = this.style('--halo');
    pen.lineWidth = 1;
    for (const slot of this.few) {
      const server = clients.servers[slot];
      if (!this.byAge && this.only >= 0 && this.only !== server) continue;
      const kind = this.byAge ? this.ageClass(now - clients.times[slot]) : server;
      pen.fillStyle = colours[kind % colours.length];
      pen.beginPath();
      pen.arc(view.px(clients.xs[slot]), view.py(clients.ys[slot]), radius, 0, 7);
      pen.fill();
      pen.stroke();
    }
    if (followed.name) this.drawFollowed(pen);
  },
  drawFollowed(pen) {
    const ring = this.style('--ring'), halo = this.style('--halo');
    const steps = followed.steps;
    // Newer parts of the trail are wider.
    for (const [colour, more] of [[halo, 2.5], [ring, 0]]) {
      pen.strokeStyle = colour;
      for (let i = 1; i < steps.length; ++i) {
        let dx = steps[i].x - steps[i - 1].x;
        dx -= Math.round(dx);
        const x = view.px(steps[i].x), y = view.py(steps[i].y);
        pen.lineWidth = 0.8 + 2 * i / steps.length + more;
        pen.beginPath();
        pen.moveTo(x - dx * view.size, view.py(steps[i - 1].y));
        pen.lineTo(x, y);
        pen.stroke();
      }
    }
    if (!clients.has(followed.slot)) return;
    const x = view.px(clients.xs[followed.slot]), y = view.py(clients.ys[followed.slot]);
    for (const [colour, width] of [[halo, 5], [ring, 2]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.beginPath();
      pen.arc(x, y, 10, 0, 7);
      for (const [a, b] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        pen.moveTo(x + a * 10, y + b * 10);
        pen.lineTo(x + a * 16, y + b * 16);
      }
      pen.stroke();
    }
    pen.font = '600 13px system-ui, "Liberation Sans", sans-serif';
    pen.lineWidth = 4;
    pen.strokeStyle = halo;
    pen.fillStyle = ring;
    const name = followed.name.length > 32 ? followed.name.slice(0, 31) + '...' : followed.name;
    pen.strokeText(name, x + 18, y - 10);
    pen.fillText(name, x + 18, y - 10);
  },
};

function label(degrees, digits, plus, minus) {
  const text = Math.abs(degrees).toFixed(digits) + '\u00b0';
  return Number(text.slice(0, -1)) === 0 ? '0\u00b0' : text + (degrees > 0 ? plus : minus);
}

// The part of an outline that lies within a frame: of west, north, east, south one side after the
// other (Sutherland and Hodgman, 1974).
function clip(points, frame) {
  for (let side = 0; side < 4; ++side) {
    const axis = side % 2, sign = side < 2 ? 1 : -1, edge = frame[side];
    const within = at => sign * (points[at + axis] - edge) >= 0;
    const part = [];
    for (let at = 0, last = points.length - 2; at < points.length; last = at, at += 2) {
      if (within(at) !== within(last)) {
        const way = (edge - points[last + axis]) / (points[at + axis] - points[last + axis]);
        part.push(points[last] + way * (points[at] - points[last]),
          points[last + 1] + way * (points[at + 1] - points[last + 1]));
      }
      if (within(at)) part.push(points[at], points[at + 1]);
    }
    points = part;
  }
  return points;
}
