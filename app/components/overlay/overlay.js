// One mounted overlay: what the viewer did, and what follows from it.

const memory = new Map(); // by key: what a viewer set, kept when the page takes the overlay away and brings it back

class Overlay {
  constructor(parent) {
    this.parent = parent;
    this.root = element("div", { class: "component overlay" });
    this.state = null;
    this.newest = 0;
    this.lastPick = "null";
    parent.append(this.root);
    this.watch = new ResizeObserver(() => this.schedule());
    this.watch.observe(this.root);
  }

  // A blob came: nothing happens for one that is shown already; the old view stays until the new picture is decoded.
  async receive(bytes) {
    const packet = readPacket(bytes);
    if (packet.digest === this.digest) {
      if (this.state) this.checkPin(); // of Back or Forward, which wait for Python to go first
      return;
    }
    this.digest = packet.digest;
    const turn = ++this.newest;
    const picture = await decodePicture(packet);
    if (turn !== this.newest || this.closed) return;
    this.adopt(packet);
    this.picture = picture;
    this.draw();
  }

  // Takes over a packet. What the viewer set stays, except what Python sets again.
  adopt(packet) {
    const fresh = !this.state;
    const kept = memory.get(packet.key) ?? remembered(packet);
    const settings = settled(packet, kept);
    const echo = kept.sent.lastIndexOf(JSON.stringify(packet.selected));
    kept.sent = kept.sent.slice(echo + 1);
    const chosen = {};
    SIDES.forEach((side, i) => {
      const stays = echo >= 0 || kept.given[side] === packet.selected[i];
      const known = packet[side].some((layer) => layer.slug === kept.chosen[side]);
      chosen[side] = stays && known ? kept.chosen[side] : packet.selected[i];
    });
    const [attention, attribution] = packet.selected;
    const given = { ...packet.settings, attention, attribution, pin: packet.pin ?? null };
    const before = this.state?.packet;
    this.state = { packet, settings, chosen, slices: kept.slices, hover: this.state?.hover ?? null, pin: kept.pin };
    if (kept.given.pin !== given.pin) this.state.pin = kept.pin = pinAt(layerOf(this.state, SIDES[0]), given.pin);
    this.kept = Object.assign(kept, { settings, given, chosen });
    memory.set(packet.key, kept);
    if (outline(before) !== outline(packet)) this.build();
    if (fresh && kept.pin) this.lastPick = "unknown"; // Streamlit may have dropped it with the page
    if (packet.address) followed.set(packet.key, { overlay: this, kept, packet, path: location.pathname });
    this.checkPin();
    this.writeSoon();
  }

  // What the address says of the display, after Back or Forward. Python hears of the pin when it has gone there too.
  follow({ settings, pin }) {
    if (!this.state || this.closed) return;
    Object.assign(this.state, { settings, pin });
    this.schedule();
  }

  writeSoon() {
    if (!this.state.packet.address) return;
    clearTimeout(this.writing);
    this.writing = setTimeout(() => this.writeNow(), SETTLED);
  }

  writeNow() {
    if (this.closed || location.pathname !== followed.get(this.state.packet.key)?.path) return;
    writeAddress(this.state);
  }

  build() {
    const focused = this.root.getRootNode().activeElement?.dataset.value;
    this.panes?.forEach((pane) => pane.stack.pause());
    this.panes = SIDES.map((side) => new Pane(this, side));
    const { packet } = this.state;
    this.strips = SIDES.flatMap((side) => groupsOf(packet[side]).map((group) => new Strip(this, side, group)));
    this.controls = new Controls(this);
    this.divider = new Divider(this, this.panes[0].stage);
    const panes = element("div", { class: "panes" }, ...this.panes.map((pane) => pane.node));
    const [near, rest] = [true, false].map((near) => this.strips.filter((strip) => strip.together === near));
    const sight = packet.sight
      ? [element("p", { class: "sight" }, element("i"), element("span", { text: fill(packet.words.sight, packet.sight) }))]
      : [];
    this.root.replaceChildren(panes, ...sight, ...near.map(({ node }) => node), this.controls.node, ...rest.map(({ node }) => node));
    this.strips.forEach(({ radios }) => radios.buttons.get(focused)?.focus({ preventScroll: true }));
    this.root.onkeydown = ({ key }) => {
      if (key === "Escape") this.release(); // and nothing returned: false would take every other key from the browser
    };
  }

  set(changes) {
    Object.assign(this.state.settings, changes);
    this.schedule();
    this.writeSoon();
  }

  choose(side, slug) {
    if (this.state.chosen[side] === slug) return;
    const before = layerOf(this.state, side);
    this.state.chosen[side] = slug;
    const after = layerOf(this.state, side);
    if (this.state.pin?.side === side && !sameCells(before, after)) this.state.pin = null;
    this.checkPin();
    if (this.state.packet.wanted.includes("selected")) this.sendSoon("selected", { ...this.state.chosen });
    this.schedule();
  }

  // Shows a slice of the chosen stack; 0 is the map at rest.
  turn(side, slice) {
    this.state.slices[nameOfStack(side, layerOf(this.state, side))] = slice;
    this.schedule();
  }

  point(hover) {
    this.state.hover = hover;
    this.schedule();
  }

  pinHover() {
    const { hover } = this.state;
    const layer = hover && layerOf(this.state, hover.side);
    if (layer?.rows && !hover.outside) this.togglePin({ side: hover.side, ...cellAt(layer, hover) });
  }

  // Pins a query, or lets it go when it is the pinned one.
  togglePin(pin) {
    const { pin: old } = this.state;
    this.pinTo(old && old.side === pin.side && sameQuery(old, pin) ? null : pin);
  }

  release() {
    if (this.state.pin) this.pinTo(null);
    else this.point(null);
  }

  pinTo(pin) {
    this.state.pin = pin;
    this.checkPin();
    this.schedule();
  }

  // Drops a pin without a meaning, remembers it, and informs Python once what has changed.
  checkPin() {
    const { state } = this;
    if (state.pin && !holds(layerOf(state, state.pin.side), state.pin)) state.pin = null;
    this.kept.pin = state.pin;
    const { side, row = null, column = null } = state.pin ?? {};
    const pick = state.pin && { pane: side, layer: state.chosen[side], row, column };
    const message = JSON.stringify(pick);
    if (message === this.lastPick) return;
    this.lastPick = message;
    this.writeSoon();
    if (state.packet.wanted.includes("pick")) this.send("pick", pick);
  }

  // A choice is sent to Python when the viewer has come to rest, not at each key.
  sendSoon(name, value) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.kept.sent.push(JSON.stringify(SIDES.map((side) => value[side])));
      this.send(name, value);
    }, 250);
  }

  save() {
    saveView(this);
  }

  schedule() {
    if (!this.state) return;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    const started = performance.now();
    const { state, picture } = this;
    const ratio = window.devicePixelRatio || 1;
    const { mode } = state.settings;
    this.root.dataset.mode = mode;
    this.controls.show(state);
    this.divider.show(state.settings);
    scenes(state).forEach((parts, i) => this.panes[i].draw(state, picture, parts, ratio));
    SIDES.forEach((side, i) => this.panes[i].label(state, side, viewOf(state, side), ratio));
    if (mode === "difference") this.panes[0].label(state, "difference", difference(state), ratio);
    for (const strip of this.strips) strip.draw(state, picture, ratio);
    this.root.dataset.drawn = Number(this.root.dataset.drawn ?? 0) + 1;
    this.root.dataset.milliseconds = (performance.now() - started).toFixed(2);
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    clearTimeout(this.writing);
    this.panes?.forEach((pane) => pane.stack.pause());
    if (this.frame) cancelAnimationFrame(this.frame);
    this.watch.disconnect();
    this.root.remove();
  }
}

// What an overlay sets out from that nobody has seen yet: what the address says, also of a pin that Python sets.
function remembered(packet) {
  const { settings, pin } = packet.address ? readAddress(packet) : { settings: {}, pin: null };
  const given = { ...packet.settings, pin: pin ? (packet.pin ?? null) : null };
  return { settings, given, chosen: {}, sent: [], slices: {}, pin };
}

// The pin of a cell of a layer that is counted row by row; none of a number that is null.
const pinAt = (layer, cell) =>
  layer && cell !== null ? { side: SIDES[0], row: Math.floor(cell / layer.width), column: cell % layer.width } : null;

// The headings under which the layers of a side stand, in their order; one without a name where there is no layer.
const groupsOf = (layers) => (layers.length ? [...new Set(layers.map((layer) => layer.group))] : [""]);

// What the page is built from; as long as it stays, the elements stay, and with them the focus.
function outline(packet) {
  const names = (side) => packet[side].map(({ slug, title, label, group, together }) => [slug, title, label, group, together]);
  return packet && JSON.stringify([packet.words, packet.sight, ...SIDES.map(names)]);
}
