// Which part of the map is seen: its middle, and how many pixels of the page the whole map takes.
const $ = id => document.getElementById(id);
const calm = matchMedia('(prefers-reduced-motion: reduce)');
const view = {
  x: 0.5, y: 0.42, size: 1024, width: 1, height: 1,
  moved: () => {},  // called after each change
  glide: 0,

  least() { return Math.max(this.width, this.height * 0.7); },
  set(x, y, size) {
    this.size = Math.max(this.least(), Math.min(6e7, size));
    this.x = x - Math.floor(x);
    const half = Math.min(0.5, this.height / this.size / 2);
    this.y = Math.max(half, Math.min(1 - half, y));
    this.moved();
  },
  resize(width, height) {
    this.width = width;
    this.height = height;
    this.set(this.x, this.y, this.size);
  },
  // By so many pixels.
  pan(dx, dy) { this.set(this.x + dx / this.size, this.y + dy / this.size, this.size); },
  // What is at that pixel stays there.
  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const size = Math.max(this.least(), Math.min(6e7, this.size * factor));
    const dx = px - this.width / 2, dy = py - this.height / 2;
    this.set(this.x + dx / this.size - dx / size, this.y + dy / this.size - dy / size, size);
  },
  // The same, seen to move, unless that is not wanted.
  zoomSoftly(factor) {
    cancelAnimationFrame(this.glide);
    if (calm.matches) return this.zoom(factor);
    let steps = 8;
    const step = () => {
      this.zoom(Math.pow(factor, 1 / 8));
      if (--steps > 0) this.glide = requestAnimationFrame(step);
    };
    step();
  },
  world() { this.set(0.5, 0.42, 0); },
  // From the map to the page. Of all places that are the same one, the one to the right of the
  // left edge.
  px(x) {
    const dx = x - (this.x - this.width / this.size / 2);
    return (dx - Math.floor(dx)) * this.size;
  },
  py(y) { return (y - this.y) * this.size + this.height / 2; },
  xAt(px) { return this.x + (px - this.width / 2) / this.size; },
  yAt(py) { return this.y + (py - this.height / 2) / this.size; },
  // South, west, north, east in degrees; with a margin of so many of its own sizes at each side.
  box(margin) {
    const halfX = this.width / this.size / 2 * (1 + 2 * margin);
    const halfY = this.height / this.size / 2 * (1 + 2 * margin);
    const north = this.y - halfY <= 0.001 ? 90 : toLatitude(this.y - halfY);
    const south = this.y + halfY >= 0.999 ? -90 : toLatitude(this.y + halfY);
    if (halfX >= 0.5) return [south, -180, north, 180];
    return [south, toLongitude(this.x - halfX), north, toLongitude(this.x + halfX)];
  },
  metresPerPixel() {
    return 40075017 * Math.cos(toLatitude(this.y) * Math.PI / 180) / this.size;
  },
};

// Mouse, touch and pen move and pinch; the wheel zooms. A press that moves nothing is a click.
function listen(map, click, touched) {
  const pointers = new Map(), left = () => map.offsetLeft;
  let travelled = 0;
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return {d: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2 - left(), y: (a.y + b.y) / 2};
  };
  map.addEventListener('pointerdown', event => {
    if (event.button > 0) return;
    map.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, {x: event.clientX, y: event.clientY});
    travelled = pointers.size > 1 ? 100 : 0;
    map.classList.add('drags');
  });
  map.addEventListener('pointermove', event => {
    const pointer = pointers.get(event.pointerId);
    if (!pointer) return;
    const before = pointers.size === 2 ? spread() : null;
    const dx = event.clientX - pointer.x, dy = event.clientY - pointer.y;
    pointer.x = event.clientX;
    pointer.y = event.clientY;
    travelled += Math.abs(dx) + Math.abs(dy);
    if (travelled < 5) return;
    touched();
    if (!before) return view.pan(-dx, -dy);
    const after = spread();
    view.pan(before.x - after.x, before.y - after.y);
    view.zoom(after.d / Math.max(1, before.d), after.x, after.y);
  });
  const end = event => {
    if (!pointers.delete(event.pointerId)) return;
    if (pointers.size === 0) map.classList.remove('drags');
    if (event.type === 'pointerup' && travelled < 5) click(event.clientX - left(), event.clientY);
  };
  map.addEventListener('pointerup', end);
  map.addEventListener('pointercancel', end);
  map.addEventListener('wheel', event => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 30 : 1;
    view.zoom(Math.pow(2, -event.deltaY * lines / 320), event.clientX - left(), event.clientY);
  }, {passive: false});
  map.addEventListener('dblclick', event => view.zoom(2, event.clientX - left(), event.clientY));
}
