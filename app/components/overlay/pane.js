// One side of the overlay: a heading, a stage with the picture, a color bar and a readout. In the modes "wipe" and
// "difference" the first pane's stage stands for both.

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const LEAP = 8; // cells, with Shift

class Pane {
  constructor(overlay, side) {
    Object.assign(this, { overlay, side, backdrop: new Backdrop(), touched: false });
    this.title = element("h3");
    this.subtitle = element("span", { class: "subtitle" });
    this.canvas = element("canvas", { tabindex: 0, role: "application", "data-pane": side });
    this.note = element("p", { class: "note" });
    this.stage = element("div", { class: "stage" }, this.canvas, this.note);
    this.low = element("span", { class: "low" });
    this.bar = element("canvas", { "aria-hidden": "true" });
    this.zero = element("span", { class: "zero", text: "0" });
    this.high = element("span", { class: "high" });
    this.remark = element("span", { class: "remark" });
    this.scale = element("div", { class: "scale" },
      this.low, element("div", {}, this.bar, this.zero), this.high, this.remark);
    this.readout = element("output", { class: "readout", "aria-live": "polite" });
    this.stack = new Stack(overlay, side);
    this.range = element("span", { class: "range" }); // of a map on a scale that others share
    this.head = element("header", {}, this.title, this.subtitle);
    this.foot = element("footer", {}, this.range, this.scale, this.stack.node, this.readout);
    this.node = element("section", { class: `pane ${side}` }, this.head, this.stage, this.foot);
    this.listen();
  }

  listen() {
    const { canvas, overlay } = this;
    canvas.addEventListener("pointerdown", (event) => (this.touched = event.pointerType === "touch"));
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch") overlay.point(this.placeOf(event));
    });
    canvas.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && overlay.point(null));
    canvas.addEventListener("click", (event) => this.click(this.placeOf(event)));
    canvas.addEventListener("blur", () => overlay.point(null));
    canvas.addEventListener("keydown", (event) => this.press(event));
  }

  // A mouse points before it clicks; a first tap points, and a second one on the same cell pins.
  click(place) {
    const { overlay } = this;
    const layer = layerOf(overlay.state, place.side);
    const before = overlay.state.hover;
    const again = before && layer && !before.outside && !place.outside && before.side === place.side
      && sameQuery(cellAt(layer, before), cellAt(layer, place));
    overlay.point(place);
    if (!this.touched || again) overlay.pinHover();
  }

  press(event) {
    const { overlay } = this;
    if (event.key in ARROWS) {
      const [down, right] = ARROWS[event.key].map((step) => step * (event.shiftKey ? LEAP : 1));
      overlay.point(this.moved(down, right));
    } else if (event.key === "Enter" || event.key === " ") overlay.pinHover();
    else return; // Escape is the whole overlay's
    event.preventDefault();
  }

  // The place one step on, always the center of a cell; the first key press starts at the pinned cell or in the middle.
  moved(down, right) {
    const { state } = this.overlay;
    const at = state.hover?.outside ? null : state.hover;
    const side = at?.side ?? sideAt(state, this.side, 0.5);
    const grid = layerOf(state, side) ?? { height: 1, width: 1 };
    const pinned = state.pin?.side === side ? state.pin : null;
    const cell = at ? cellAt(grid, at) : pinned ?? cellAt(grid, { x: 0.5, y: 0.5 });
    const [row, column] = at || pinned ? [cell.row + down, cell.column + right] : [cell.row, cell.column];
    const inside = (index, count) => (Math.min(Math.max(index, 0), count - 1) + 0.5) / count;
    const place = { x: inside(column, grid.width), y: inside(row, grid.height) };
    return { ...place, side: sideAt(state, this.side, this.shareOf(place.x)) };
  }

  // Where in the model's square an event is.
  placeOf(event) {
    const { state } = this.overlay;
    const bounds = this.canvas.getBoundingClientRect();
    const { square } = frameOf(state.packet, state.packet.whole, bounds.width);
    const x = (event.clientX - bounds.left - square.left) / square.width;
    const y = (event.clientY - bounds.top - square.top) / square.height;
    const side = sideAt(state, this.side, (event.clientX - bounds.left) / bounds.width);
    return x >= 0 && x < 1 && y >= 0 && y < 1 ? { side, x, y } : { side, outside: true };
  }

  // A place in the square as a share of the stage's width.
  shareOf(x) {
    const { packet } = this.overlay.state;
    return (packet.square.left + x * packet.square.width - packet.whole.left) / packet.whole.width;
  }

  draw(state, picture, parts, ratio) {
    const { whole } = state.packet;
    this.stage.style.setProperty("--aspect", whole.width / whole.height);
    fitCanvas(this.canvas, ratio, whole.width / whole.height);
    const context = this.canvas.getContext("2d");
    const frame = frameOf(state.packet, whole, this.canvas.width);
    drawStage(context, state, picture, frame, parts, this.backdrop, ratio);
    const notes = parts.map((part) => noteOf(state, part.view)).filter(Boolean);
    write(this.note, [...new Set(notes)].join(" \u00b7 "));
  }

  // The heading, the bar and the readout of what this side shows.
  label(state, side, shown, ratio) {
    const { words } = state.packet;
    write(this.title, titleOf(words, side));
    this.title.title = words[`${side}_help`] ?? "";
    write(this.subtitle, captionOf(state, side, shown, true));
    this.subtitle.title = [captionOf(state, side, shown), shown.layer?.detail].filter(Boolean).join(" \u00b7 ");
    this.stack.show(state);
    this.canvas.setAttribute("aria-label", fill(words.pane, { title: titleOf(words, side),
      layer: this.subtitle.textContent }));
    write(this.readout, readout(state, side, shown));
    if (side !== "difference") write(this.remark, remarkOf(words, shown)); // there it only keeps its place
    this.scale.classList.toggle("none", !!shown.blank);
    if (shown.blank) return;
    const [lowest, highest] = endsOf(words, side, shown.scale);
    write(this.low, lowest);
    write(this.high, highest);
    this.zero.hidden = !shown.scale.signed;
    fitCanvas(this.bar, ratio);
    const context = this.bar.getContext("2d");
    context.clearRect(0, 0, this.bar.width, this.bar.height);
    drawBar(context, this.bar.width, this.bar.height, shown.scale, state.settings);
  }
}

// Why a map is blank, in words: its own note first.
const noteOf = ({ packet: { words } }, shown) => (shown.blank ? remarkOf(words, shown) || words[shown.blank] : "");

const titleOf = (words, side) => (side === "difference" ? words.difference_title : words[side]);

// Which layers a side shows, and of what; a brief one leaves out what a map shows at rest.
function captionOf(state, side, shown, brief = false) {
  const { words } = state.packet;
  const titles = (side === "difference" ? SIDES : [side]).map((name) => layerOf(state, name)?.title ?? "");
  const pinned = !!state.pin && !!shown.query && sameQuery(state.pin, shown.query);
  const about = brief && !shown.query ? "" : aspect(words, shown, pinned);
  return [titles.filter(Boolean).join(" \u2212 "), about].filter(Boolean).join(" \u00b7 ");
}
