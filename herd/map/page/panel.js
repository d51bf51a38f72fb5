// What stands beside the map.
const panel = {
  rate: {at: 0, changes: 0, value: null},
  rows: [],
  state: '',

  count(number) { return number.toLocaleString('en-US'); },
  age(seconds) {
    if (seconds < 1) return 'now';
    if (seconds < 120) return Math.floor(seconds) + ' s ago';
    if (seconds < 7200) return Math.floor(seconds / 60) + ' min ago';
    if (seconds < 172800) return Math.floor(seconds / 3600) + ' h ago';
    return seconds > 262000 ? 'over 3 days ago' : Math.floor(seconds / 86400) + ' days ago';
  },
  time(us) {
    if (us < 995) return us + ' \u00b5s';
    return us < 995000 ? (us / 1000).toPrecision(2) + ' ms' : (us / 1e6).toFixed(1) + ' s';
  },

  // One word for all of it.
  judge() {
    if (stream.refused) return 'refused';
    if (stream.full) return 'full';
    if (stream.seen === 0) return stream.silent() > 4000 ? 'lost' : 'connecting';
    if (stream.silent() > 3500) return 'lost';
    const source = stream.source;
    if (!source || source.readyState !== EventSource.OPEN) return stream.silent() > 1500 ? 'lost' : 'connecting';
    return stream.behind() > 2000 ? 'behind' : 'live';
  },
  showState() {
    const state = this.judge();
    const server = stream.hello ? stream.hello.server : location.host;
    const lost = stream.seen === 0 ? '' : Math.round((Date.now() - stream.seen) / 1000) + ' s';
    const words = {
      connecting: ['Connecting', server],
      live: ['Live', 'from ' + server],
      behind: [(stream.behind() / 1000).toFixed(1) + ' s behind', 'from ' + server],
      lost: ['Not live', lost ? 'last heard ' + lost + ' ago' : 'no answer from ' + server],
      full: ['Not live', 'all places are taken'],
      refused: ['Not live', 'refused'],
    }[state];
    const alarm = {
      lost: server + ' does not answer' + (lost ? '. What you see is ' + lost + ' old' : '') + '. Trying again.',
      full: 'All places for viewers are taken. Trying again.',
      refused: server + ' refuses to tell. Your token may have expired: load the page again.',
    }[state] || '';
    set($('live'), words[0]);
    set($('lag'), words[1]);
    if (state !== this.state || alarm.slice(0, 20) !== $('alarm').textContent.slice(0, 20)) set($('alarm'), alarm);
    else if (alarm) $('alarm').firstChild.data = alarm;
    if (state === this.state) return;
    document.body.dataset.state = this.state = state;
    document.title = (state === 'live' ? '' : '(' + words[0].toLowerCase() + ') ') + server + ' - herd';
    draw.ask('top');
  },
  showNumbers() {
    const state = stream.state;
    if (!state) return;
    const stored = state.clients;
    set($('count'), this.count(stored));
    if (this.rate.at !== state.t) {
      const {at, changes} = this.rate;
      const fresh = at > 0 && state.t > at && state.t - at < 5000 && state.changes >= changes;
      this.rate = {at: state.t, changes: state.changes,
        value: fresh ? Math.round((state.changes - changes) * 1000 / (state.t - at)) : null};
    }
    const rate = this.rate.value === null ? '' : this.count(this.rate.value) + ' changes/s';
    const loading = stream.whole ? this.count(draw.shown) + ' in view' : this.count(clients.count) + ' loaded';
    set($('numbers'), rate ? loading + ', ' + rate : loading);
    set($('source'), `${stream.hello.server}: up ${this.age(state.up).replace(' ago', '')}, ` +
      `${this.count(state.connected)} connected, journal ${state.journal}, ${state.viewers} looking on. ` +
      'Land: Natural Earth.');
  },
  showClient() {
    const {name, slot} = followed;
    $('client').hidden = !name;
    if (!name) return;
    set($('name'), name);
    set($('trail'), followed.steps.length < 2 ? 'none yet' : followed.steps.length + ' places');
    if (!clients.has(slot)) {
      set($('where'), stream.whole ? 'not known here now' : '...');
      set($('when'), '-');
      set($('server'), '-');
      return;
    }
    const latitude = toLatitude(clients.ys[slot]), longitude = toLongitude(clients.xs[slot]);
    set($('where'), label(latitude, 5, 'N', 'S') + ' ' + label(longitude, 5, 'E', 'W'));
    set($('when'), this.age(stream.now() / 1000 - clients.times[slot]));
    set($('server'), this.serverName(clients.servers[slot]));
  },
  serverName(index) {
    const server = stream.hello && stream.hello.servers[index];
    return server ? server.name : 'a server unknown here';
  },

  // Once for each hello.
  makeServers() {
    const list = $('servers');
    list.replaceChildren();
    this.rows = stream.hello.servers.map((server, index) => {
      const row = document.createElement('li'), button = document.createElement('button');
      const name = document.createElement('span'), number = document.createElement('span');
      const more = document.createElement('small'), dot = document.createElement('i');
      set(name, server.name + (server.name === stream.hello.server ? ' (here)' : ''));
      number.className = 'number';
      button.append(dot, name, number, more);
      button.title = 'Show only its clients, or all';
      button.addEventListener('click', () => this.choose(index));
      row.append(button);
      list.append(row);
      return {row, button, dot, number, more};
    });
    this.makeGraph();
  },
  choose(index) {
    if (index >= this.rows.length) return;
    draw.only = draw.only === index ? -1 : index;
    if (draw.only >= 0) this.colourBy(false);
    this.showServers();
    draw.ask('points');
  },
  colourBy(age) {
    draw.byAge = age;
    $('colour').value = age ? 'age' : 'server';
    if (age) draw.only = -1;
    this.showServers();
    this.showAges();
    draw.ask('points');
  },
  link(name) { return stream.state && stream.state.links.find(each => each.to === name); },
  showServers() {
    if (!stream.hello) return;
    stream.hello.servers.forEach((server, index) => {
      const {row, button, dot, number, more} = this.rows[index];
      const link = this.link(server.name);
      dot.style.background = draw.byAge ? 'none' : draw.serverColour(index);
      dot.style.border = '1px solid ' + draw.serverColour(index);
      button.setAttribute('aria-pressed', draw.only === index);
      set(number, this.count(clients.perServer[index]));
      row.className = link && link.state !== 'live' ? 'down' : '';
      set(more, server.name === stream.hello.server ? 'tells this map' : this.linkText(link));
    });
    this.showGraph();
  },
  linkText(link) {
    if (!link) return 'no link from here';
    if (link.state !== 'live') return 'link is ' + link.state;
    if (link.legacy) return 'linked, an old server';
    const trip = link.rtt_us > 0 ? 'round trip ' + this.time(link.rtt_us) : 'linked';
    const lag = link.lag === 0 ? 'up to date' : this.time(link.lag_us) + ' behind';
    return trip + ', ' + (link.hears ? lag : 'tells us nothing');
  },
  // A ring of servers; a link of this one says how long its round trip is.
  makeGraph() {
    const {servers, server: here} = stream.hello, graph = $('graph');
    graph.style.display = servers.length < 2 || servers.length > 12 ? 'none' : '';
    const place = i => {
      const angle = 2 * Math.PI * i / servers.length - Math.PI / 2;
      return [140 + 88 * Math.cos(angle), 72 + 52 * Math.sin(angle)];
    };
    let lines = '', dots = '';
    servers.forEach((server, i) => {
      for (const j of server.links) {
        if (j < i && servers[j].links.includes(i)) continue;
        const [x1, y1] = place(i), [x2, y2] = place(j);
        const own = server.name === here ? j : servers[j].name === here ? i : '';
        lines += `<line data-to="${own}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>` +
          `<text data-to="${own}" x="${(x1 + x2) / 2}" y="${(y1 + y2) / 2 + 5}"></text>`;
      }
      const [x, y] = place(i);
      dots += `<circle cx="${x}" cy="${y}" r="7" class="${server.name === here ? 'self' : ''}"/>` +
        `<text x="${x}" y="${y + (y < 72 ? -11 : 20)}" data-name="${i}"></text>`;
    });
    graph.innerHTML = lines + dots;
    for (const text of graph.querySelectorAll('[data-name]')) {
      const name = servers[text.dataset.name].name;
      set(text, name.length > 14 ? name.slice(0, 13) + '...' : name);
    }
  },
  showGraph() {
    const {servers} = stream.hello;
    $('graph').querySelectorAll('circle').forEach((dot, i) => { dot.style.fill = draw.serverColour(i); });
    for (const part of $('graph').querySelectorAll('[data-to]')) {
      if (part.dataset.to === '') continue;
      const link = this.link(servers[part.dataset.to].name);
      const down = link && link.state !== 'live';
      if (part.tagName === 'line') part.setAttribute('class', link ? down ? 'down' : 'live' : '');
      else { part.setAttribute('class', 'cut'); set(part, down ? '\u2715' : ''); }
    }
  },
  showAges() {
    const counts = new Array(ageLimits.length).fill(0), now = stream.now() / 1000;
    for (let slot = 0; slot < clients.end; ++slot) {
      if (clients.rounds[slot] > 0) ++counts[draw.ageClass(now - clients.times[slot])];
    }
    const list = $('ages');
    if (!list.firstChild) {
      list.innerHTML = ageNames.map(name =>
        `<li><i></i><span>${name}</span><span class="track"><b></b></span><span class="number"></span></li>`).join('');
    }
    [...list.children].forEach((row, i) => {
      const [dot, , track, number] = row.children;
      const colour = agePalettes[dark.matches ? 'dark' : 'light'][i];
      dot.style.background = draw.byAge ? colour : 'none';
      dot.style.border = '1px solid ' + colour;
      track.firstChild.style.width = 100 * counts[i] / Math.max(1, clients.count) + '%';
      track.firstChild.style.background = colour;
      set(number, this.count(counts[i]));
    });
  },
  showScale() {
    const metres = view.metresPerPixel() * 100;
    const power = Math.pow(10, Math.floor(Math.log10(metres)));
    const round = power * (metres / power >= 5 ? 5 : metres / power >= 2 ? 2 : 1);
    $('bar').style.width = 100 * round / metres + 'px';
    set($('length'), round >= 1000 ? panel.count(round / 1000) + ' km' : round + ' m');
  },
  fold(open) {
    $('panel').classList.toggle('folded', !open);
    $('fold').setAttribute('aria-expanded', open);
    layOut();
  },
};

// Only what has changed, or readers of the screen would hear all of it each second.
function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// The map has the room that the panel leaves: beside it, or on small screens above it.
function layOut() {
  const small = innerWidth <= 640, folded = $('panel').classList.contains('folded');
  $('map').style.left = small || folded ? '0' : '304px';
  $('map').style.bottom = small ? $('panel').offsetHeight + 'px' : '0';
  draw.resize();
}
