// One row: what it is about and its prediction, then a pane for each map. To its panes it is what an overlay is to its own.

const DRAG = 4; // pixels that a pointer moves before it drags the picture
const FAINT = 0.1; // of a scale: a map whose values stay below this share of it can hardly be seen

class Row {
  constructor(table, entry) {
    Object.assign(this, { table, visible: true });
    this.about = element("div", { class: "about" });
    this.note = element("p", { class: "sentence" });
    this.state = { settings: {}, chosen: {}, slices: {}, hover: null, pin: null, peers: [] };
    this.adopt(entry, table.packet);
    this.panes = table.packet.columns.map((side) => new Pane(this, side));
    this.panes.forEach((pane, i) => {
      pane.node.style.setProperty("--at", i + 1);
      this.drags(pane);
    });
    this.node = element("section", { class: "line" }, this.about, this.note, ...this.panes.map(({ node }) => node));
  }

  // Takes over what a blob says of the row.
  adopt(entry, packet) {
    this.entry = entry;
    this.state.packet = packetOfRow(packet, entry);
    for (const side of SIDES) this.state.chosen[side] = entry[side]?.slug ?? "";
    this.picture = packet.pictures[entry.picture].drawn;
    const { attention, attribution, ...facts } = entry;
    const text = JSON.stringify(facts);
    if (text === this.text) return;
    this.text = text;
    this.about.replaceChildren(...headOf(entry, packet.words, (name) => this.table.act(name, entry.slug)));
    write(this.note, entry.note);
  }

  point(hover) {
    this.table.point(hover && { ...hover, row: this });
  }

  pinHover() {
    this.table.pinHover(this);
  }

  turn(side, slice) {
    this.state.slices[nameOfStack(side, layerOf(this.state, side))] = slice;
    this.table.schedule();
  }

  // A picture that is zoomed into is dragged; the click at the end of that pins nothing.
  drags(pane) {
    const { canvas, stage } = pane;
    let from = null;
    let moved = false;
    canvas.addEventListener("pointerdown", ({ clientX, clientY, pointerType }) => {
      moved = false;
      from = this.table.zoomed && pointerType !== "touch" ? { clientX, clientY } : null;
    });
    canvas.addEventListener("pointermove", ({ clientX, clientY, buttons, pointerId }) => {
      if (!from || !buttons) return;
      const [x, y] = [clientX - from.clientX, clientY - from.clientY];
      if (!moved && Math.hypot(x, y) < DRAG) return;
      if (!moved) canvas.setPointerCapture(pointerId); // it goes on outside of the picture
      moved = true;
      from = { clientX, clientY };
      const { square, whole } = this.state.packet;
      const scale = whole.width / canvas.clientWidth;
      this.table.drag(this, (x * scale) / square.width, (y * scale) / square.height);
    });
    stage.addEventListener("click", (event) => moved && event.stopPropagation(), true);
  }

  // The place that the table points at or has pinned, as this row knows it.
  follow({ hover, pin, focus, settings }) {
    const { state } = this;
    const { packet } = state;
    const here = (place) => (place.row === this ? place : { ...place, ...placeIn(place.row.state.packet, packet, place) });
    const within = ({ x, y }) => x >= 0 && x < 1 && y >= 0 && y < 1;
    state.settings = { ...settings, mode: "side" };
    const middle = focus ? here(focus) : { x: 0.5, y: 0.5 };
    packet.whole = windowOf(packet, Number(settings.zoom), middle);
    const at = hover && (hover.outside ? hover.row === this && hover : here(hover));
    state.hover = at && !at.outside && !within(at) ? { side: at.side, outside: true } : at || null;
    const layer = pin && layerOf(state, pin.side);
    const place = layer?.rows && here(pin);
    state.pin = place && within(place) ? { side: pin.side, ...cellAt(layer, place) } : null;
  }

  draw(ratio) {
    const { entry, state, node, picture } = this;
    node.classList.toggle("failed", !!entry.note);
    node.classList.toggle("pending", entry.pending);
    if (entry.note || !this.visible) return;
    for (const pane of this.panes) {
      const { side } = pane;
      const shown = viewOf(state, side);
      pane.draw(state, picture, [{ side, view: shown, from: 0, to: 1 }], ratio);
      pane.label(state, side, shown, ratio);
      const alone = this.table.shares(side);
      pane.node.classList.toggle("shared", alone);
      if (!shown.layer) write(pane.note, entry.pending ? state.packet.words.waiting : entry[`${side}_missing`]);
      if (!this.table.hover && !state.pin) write(pane.readout, "");
      write(pane.range, alone && !shown.blank ? rangeOf(state.packet.words, shown) : "");
    }
  }

  pause() {
    this.panes.forEach(({ stack }) => stack.pause());
  }
}

// Between which values a map lies, in words: on a scale that it shares with others its colors do not say it.
function rangeOf(words, { map, scale }) {
  const [low, high] = extremesOf(map);
  const texts = [low, high].map((value) => number(value, map.signed, map.step));
  const range = fill(words.own_range, { low: texts[0], high: texts[1] });
  return Math.max(-low, high) < FAINT * scale.high ? `${range} \u00b7 ${words.faint}` : range;
}

// What a row is about: its title, sentences, the most likely classes, and its two buttons.
function headOf({ title, about, bars, right }, words, act) {
  const mark = { true: "\u2713", false: "\u2717" }[right] ?? "";
  const items = bars.map(({ name, share, text, explained }, place) => {
    const sign = mark && !place ? [element("b", { class: right ? "right" : "wrong", text: mark })] : [];
    const bar = element("i");
    bar.style.setProperty("--share", `${100 * share}%`);
    return element("li", explained ? { class: "explained" } : {},
      element("span", { class: "name" }, ...sign, name), element("span", { class: "share", text }), bar);
  });
  const button = (name) => {
    const node = element("button", { type: "button", text: words[name], "data-action": name });
    node.addEventListener("click", () => act(name));
    return node;
  };
  return [
    element("h4", { text: title }),
    ...about.map((text) => element("p", { text })),
    ...(items.length ? [element("ol", { "aria-label": words.prediction }, ...items)] : []),
    element("div", { class: "buttons" }, button("open"), button("remove")),
  ];
}
