// Clicks, keys and time.
async function ask(question) {
  try {
    const answer = await fetch('map/' + question, {cache: 'no-store'});
    return answer.ok ? await answer.json() : null;
  } catch (error) {
    return null;
  }
}

// Shows one client that somebody has found, wherever it is.
function goTo(found) {
  followed.begin(found.client, found.slot);
  const size = Math.max(view.size, 40075017 / 60);
  view.set(toX(found.longitude), toY(found.latitude), size);
  refresh();
}
async function pick(slot) {
  const found = await ask('client?slot=' + slot);
  if (!found) return;
  followed.begin(found.client, slot);
  refresh();
}
function refresh() {
  panel.showClient();
  remember();
  draw.ask('top');
}
// The client next to a pixel, if there is one.
function nearest(px, py, most) {
  let best = -1, least = most * most;
  for (let slot = 0; slot < clients.end; ++slot) {
    if (clients.rounds[slot] === 0) continue;
    if (!draw.byAge && draw.only >= 0 && draw.only !== clients.servers[slot]) continue;
    const dx = view.px(clients.xs[slot]) - px, dy = view.py(clients.ys[slot]) - py;
    const distance = dx * dx + dy * dy;
    if (distance < least) [best, least] = [slot, distance];
  }
  return best;
}
function pickAt(px, py, most) {
  const slot = nearest(px, py, most);
  if (slot >= 0) pick(slot);
}
function letGo() {
  followed.end();
  refresh();
}
function centre() {
  followed.centred = true;
  if (clients.has(followed.slot)) view.set(clients.xs[followed.slot], clients.ys[followed.slot], view.size);
}

// Where we are stands in the address, so that it can be kept and handed on.
let remembering = 0;
function remember() {
  clearTimeout(remembering);
  remembering = setTimeout(() => {
    const parts = [toLatitude(view.y).toFixed(5), toLongitude(view.x).toFixed(5), Math.round(view.size)];
    if (followed.name) parts.push(encodeURIComponent(followed.name));
    history.replaceState(null, '', '#' + parts.join('/'));
  }, 500);
}
function recall() {
  const [latitude, longitude, size, name] = location.hash.slice(1).split('/');
  if (!(Number(size) > 0)) return view.world();
  view.set(toX(Number(longitude)), toY(Number(latitude)), Number(size));
  if (name) followed.begin(decodeURIComponent(name), -1);
}

let wanted = '', searching = 0;
async function find() {
  const part = $('find').value.trim();
  if (part === wanted) return;
  wanted = part;
  const answer = part && new TextEncoder().encode(part).length <= 64
    ? await ask('find?part=' + encodeURIComponent(part)) : {found: []};
  if (part !== wanted) return;
  const rows = ((answer && answer.found) || []).map(found => {
    const row = document.createElement('li'), button = document.createElement('button');
    const name = document.createElement('span'), more = document.createElement('span');
    set(name, found.client);
    set(more, panel.age(found.age));
    button.append(name, more);
    button.addEventListener('click', () => { showFound([]); goTo(found); $('map').focus(); });
    row.append(button);
    return row;
  });
  if (part && rows.length === 0) {
    rows.push(document.createElement('li'));
    set(rows[0], answer ? 'Nobody of that name.' : 'The server does not answer.');
    rows[0].className = 'small';
  }
  showFound(rows);
}
function showFound(rows) {
  $('found').replaceChildren(...rows);
  if (rows.length === 0) wanted = $('find').value = '';
}
$('find').addEventListener('input', () => {
  clearTimeout(searching);
  searching = setTimeout(find, 150);
});
$('search').addEventListener('keydown', event => {
  const buttons = [...$('found').querySelectorAll('button')];
  const at = buttons.indexOf(document.activeElement);
  if (event.key === 'Escape') { showFound([]); $('map').focus(); }
  else if (event.key === 'ArrowDown' && buttons.length) buttons[Math.min(at + 1, buttons.length - 1)].focus();
  else if (event.key === 'ArrowUp' && at >= 0) at === 0 ? $('find').focus() : buttons[at - 1].focus();
  else if (event.key === 'Enter' && at < 0) find().then(() => { const first = $('found').querySelector('button'); if (first) first.click(); });
  else return;
  event.preventDefault();
});

const keys = {
  ArrowLeft: () => move(-80, 0), ArrowRight: () => move(80, 0),
  ArrowUp: () => move(0, -80), ArrowDown: () => move(0, 80),
  '+': () => view.zoomSoftly(1.6), '=': () => view.zoomSoftly(1.6), '-': () => view.zoomSoftly(1 / 1.6),
  0: () => view.world(), Home: () => view.world(),
  Enter: () => pickAt(view.width / 2, view.height / 2, 4000),
  f: () => $('find').focus(), '/': () => $('find').focus(),
  c: centre, Escape: letGo,
  a: () => panel.colourBy(!draw.byAge),
  p: () => panel.fold($('panel').classList.contains('folded')),
  '?': () => $('help').showModal(),
};
function move(dx, dy) {
  followed.centred = false;
  view.pan(dx, dy);
}
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || $('help').open) return;
  const where = document.activeElement;
  if (where && /^(INPUT|SELECT)$/.test(where.tagName)) return;
  if (event.key === 'Enter' && where && where.tagName === 'BUTTON') return;
  if (/^[1-9]$/.test(event.key)) panel.choose(Number(event.key) - 1);
  else if (keys[event.key]) keys[event.key]();
  else return;
  event.preventDefault();
});
listen($('map'), (x, y) => pickAt(x, y, 16), () => { followed.centred = false; });
$('map').addEventListener('pointermove', event => {
  const latitude = toLatitude(view.yAt(event.clientY)), longitude = toLongitude(view.xAt(event.clientX - $('map').offsetLeft));
  set($('at'), label(latitude, 3, 'N', 'S') + ' ' + label(longitude, 3, 'E', 'W'));
});
$('in').addEventListener('click', () => view.zoomSoftly(2));
$('out').addEventListener('click', () => view.zoomSoftly(0.5));
$('world').addEventListener('click', () => view.world());
$('keys').addEventListener('click', () => $('help').showModal());
$('centre').addEventListener('click', centre);
$('leave').addEventListener('click', letGo);
$('fold').addEventListener('click', () => panel.fold($('panel').classList.contains('folded')));
$('colour').addEventListener('change', () => panel.colourBy($('colour').value === 'age'));

view.moved = () => {
  draw.ask('land', 'points');
  panel.showScale();
  stream.fit();
  remember();
};
stream.greeted = () => { panel.makeServers(); panel.showServers(); };
stream.heard = name => {
  if (name === 'now' || name === 'gone' || name === 'whole') draw.ask('points');
  if (name === 'now' && followed.centred && followed.name && stream.whole && clients.has(followed.slot)) {
    const x = clients.xs[followed.slot], y = clients.ys[followed.slot];
    if (Math.abs(x - view.x) + Math.abs(y - view.y) > 1e-12) view.set(x, y, view.size);
  }
  if (name === 'state' || name === 'whole') everySecond();
  panel.showState();
};
function everySecond() {
  panel.showNumbers();
  panel.showServers();
  panel.showAges();
  panel.showClient();
  if (draw.byAge || draw.few.length > 0) draw.ask('points');
}
// While nobody looks, nothing is asked for.
let hiding = 0;
document.addEventListener('visibilitychange', () => {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(() => stream.close(), 3000);
  else if (!stream.source) stream.open();
});
addEventListener('resize', layOut);
new ResizeObserver(() => { if (innerWidth <= 640) layOut(); }).observe($('panel'));
dark.addEventListener('change', () => { draw.ask('land', 'points'); panel.showServers(); panel.showAges(); });
setInterval(() => { panel.showState(); panel.showNumbers(); panel.showClient(); }, 500);
panel.fold(innerWidth > 640);
recall();
panel.showState();
panel.showAges();
