// Rows of maps with one pointer, one zoom, one pinned place, one set of controls, and one scale a column.

const kept = new Map(); // by key: the settings that a viewer chose, and what Python sent then

class Table {
  constructor(parent) {
    this.root = element("div", { class: "component overlay rows", "data-mode": "side" });
    this.rows = new Map();
    this.pictures = new Map(); // by digest: decoded
    Object.assign(this, { hover: null, pin: null, focus: null, last: null, newest: 0 });
    parent.append(this.root);
    this.watch = new ResizeObserver(() => this.schedule());
    this.watch.observe(this.root);
    this.sight = new IntersectionObserver((seen) => this.see(seen), { rootMargin: "200px" });
  }

  // A blob came: what is shown stays until its pictures are decoded.
  async receive(bytes) {
    const packet = readRows(bytes);
    if (packet.digest === this.packet?.digest) return;
    const turn = ++this.newest;
    for (const one of packet.pictures) {
      one.drawn = this.pictures.get(one.digest) ?? (await decodePicture(one));
    }
    if (turn !== this.newest || this.closed) return;
    this.pictures = new Map(packet.pictures.map((one) => [one.digest, one.drawn]));
    this.adopt(packet);
  }

  // Takes over a packet. What the viewer set stays, except what Python sets again; rows that stay keep their elements.
  adopt(packet) {
    const before = this.packet;
    const known = kept.get(packet.key) ?? { ...readAddress(packet), given: { ...packet.settings } };
    this.packet = packet;
    this.settings = settled(packet, known);
    this.kept = Object.assign(known, { settings: this.settings, given: { ...packet.settings } });
    kept.set(packet.key, known);
    followed.set(packet.key, { overlay: this, kept: known, packet, path: location.pathname });
    const frame = ({ words, columns }) => JSON.stringify([words, columns]);
    if (!before || frame(before) !== frame(packet)) this.build();
    const rows = packet.rows.map((entry) => {
      const row = this.rows.get(entry.slug);
      row?.adopt(entry, packet);
      return row ?? new Row(this, entry);
    });
    this.arrange(rows);
    this.draw();
    this.writeSoon();
  }

  build() {
    this.rows.forEach((row) => row.pause());
    this.rows = new Map();
    const { words, columns, choices } = this.packet;
    this.state = { packet: { words, choices, attention: [], attribution: [] }, settings: this.settings };
    this.controls = new Controls(this);
    this.heads = columns.map((side) => new ColumnHead(words, side));
    this.lines = element("div", { class: "lines" });
    const head = element("div", { class: "line heads" }, element("span", { text: words.row }), ...this.heads.map(({ node }) => node));
    this.root.style.setProperty("--columns", columns.length);
    this.root.replaceChildren(this.controls.node, head, this.lines);
  }

  // Puts the rows in their order; those that are gone no longer count.
  arrange(rows) {
    for (const row of this.rows.values()) if (!rows.includes(row)) row.pause();
    for (const name of ["hover", "pin", "focus", "last"]) if (this[name] && !rows.includes(this[name].row)) this[name] = null;
    const same = rows.length === this.lines.children.length && rows.every((row, i) => row.node === this.lines.children[i]);
    if (!same) {
      this.sight.disconnect();
      this.lines.replaceChildren(...rows.map(({ node }) => node));
      rows.forEach(({ node }) => this.sight.observe(node));
    }
    this.rows = new Map(rows.map((row) => [row.entry.slug, row]));
    const states = rows.filter(({ entry }) => !entry.note).map(({ state }) => state);
    states.forEach((state) => (state.peers = states));
    for (const side of SIDES) this.state.packet[side] = states.flatMap(({ packet }) => packet[side]);
  }

  // Rows that are out of sight are not drawn.
  see(seen) {
    const byNode = new Map([...this.rows.values()].map((row) => [row.node, row]));
    for (const { target, isIntersecting } of seen) {
      const row = byNode.get(target);
      if (row) row.visible = isIntersecting;
    }
    this.schedule();
  }

  get zoomed() {
    return this.settings.zoom !== "1";
  }

  set(changes) {
    if ("zoom" in changes && !this.zoomed) this.focus = this.pin ?? this.last;
    Object.assign(this.settings, changes);
    this.schedule();
    this.writeSoon();
  }

  // Moves what is shown by a share of a row's square.
  drag(row, across, down) {
    const at = this.focus && (this.focus.row === row ? this.focus : placeIn(this.focus.row.state.packet, row.state.packet, this.focus));
    const inside = (share) => Math.min(Math.max(share, 0), 1);
    const { x, y } = at ?? { x: 0.5, y: 0.5 };
    this.focus = { row, x: inside(x - across), y: inside(y - down) };
    this.schedule();
  }

  point(hover) {
    this.hover = hover;
    if (hover && !hover.outside) this.last = hover;
    this.schedule();
  }

  // Pins the place that a row points at in all rows, or lets it go where it is the pinned one.
  pinHover(row) {
    const { hover } = this;
    const layer = hover && !hover.outside && layerOf(row.state, hover.side);
    if (!layer?.rows) return;
    const again = row.state.pin?.side === hover.side && sameQuery(row.state.pin, cellAt(layer, hover));
    this.pin = again ? null : { ...hover, row };
    this.schedule();
  }

  release() {
    if (this.pin) this.pin = null;
    else this.hover = null;
    this.schedule();
  }

  // Whether all maps of a column are on one scale, which stands at its head.
  shares(side) {
    const [first, ...others] = this.state.packet[side];
    return this.settings.scale !== "own" && !!first && others.every(({ signed }) => signed === first.signed);
  }

  act(name, slug) {
    this.send("action", { name, slug });
  }

  // What the address says of the display, after Back or Forward.
  follow({ settings }) {
    if (!this.packet || this.closed) return;
    this.settings = this.kept.settings = settings;
    this.schedule();
  }

  writeSoon() {
    clearTimeout(this.writing);
    this.writing = setTimeout(() => this.writeNow(), SETTLED);
  }

  writeNow() {
    if (this.closed || location.pathname !== followed.get(this.packet?.key)?.path) return;
    writeAddress({ packet: this.packet, settings: this.settings, pin: null });
  }

  schedule() {
    if (!this.packet || this.closed) return;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    const started = performance.now();
    const ratio = window.devicePixelRatio || 1;
    this.root.dataset.zoomed = this.zoomed;
    this.state.settings = this.settings;
    this.controls.show(this.state);
    for (const row of this.rows.values()) row.follow(this);
    for (const row of this.rows.values()) row.draw(ratio);
    const rows = [...this.rows.values()].filter(({ entry }) => !entry.note);
    for (const head of this.heads) head.draw(rows, this.shares(head.side), this.settings, ratio);
    this.root.dataset.drawn = Number(this.root.dataset.drawn ?? 0) + 1;
    this.root.dataset.milliseconds = (performance.now() - started).toFixed(2);
  }

  close() {
    this.closed = true;
    clearTimeout(this.writing);
    this.rows.forEach((row) => row.pause());
    if (this.frame) cancelAnimationFrame(this.frame);
    this.watch.disconnect();
    this.sight.disconnect();
    this.root.remove();
  }
}

// The head of a column: its title, and the scale that all its maps share.
class ColumnHead {
  constructor(words, side) {
    Object.assign(this, { side, words });
    this.bar = element("canvas", { "aria-hidden": "true" });
    [this.low, this.high] = ["low", "high"].map((name) => element("span", { class: name }));
    this.scale = element("div", { class: "scale", title: words.one_scale }, this.low, element("div", {}, this.bar), this.high);
    this.node = element("div", { class: "column" }, element("h3", { text: words[side], title: words[`${side}_help`] ?? "" }), this.scale);
  }

  draw(rows, shared, settings, ratio) {
    const shown = rows.map(({ state }) => viewOf(state, this.side)).find(({ blank }) => !blank);
    this.scale.hidden = !shared || !shown;
    if (this.scale.hidden) return;
    const [low, high] = endsOf(this.words, this.side, { ...shown.scale, above: 0 });
    write(this.low, low);
    write(this.high, high);
    fitCanvas(this.bar, ratio);
    const context = this.bar.getContext("2d");
    context.clearRect(0, 0, this.bar.width, this.bar.height);
    drawBar(context, this.bar.width, this.bar.height, shown.scale, settings);
  }
}
