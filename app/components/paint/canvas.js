// One mounted canvas: the grid, the hand over it, and the tools.

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const [BRUSH, RUBBER] = ["brush", "rubber"];
const MEMORY = { tool: BRUSH, size: {} }; // stays when the page takes the canvas away and brings it back

class Canvas {
  constructor(parent) {
    this.root = element("div", { class: "component paint" });
    parent.append(this.root);
    this.watch = new ResizeObserver(() => this.draw());
  }

  // What Python asks for. The grid in the browser counts as long as it is the same one: Python's may be a stroke behind.
  async receive(data) {
    if (data.identity === this.data?.identity) return;
    this.data = data;
    this.grid = { height: data.height, width: data.width, values: Float64Array.from(data.values) };
    this.at = null; // the cell under the pointer, or the one that the keys have reached
    this.last = null; // where the hand that is down was
    this.picture = null;
    this.sent = String(this.grid.values);
    this.palette = Array.from({ length: 256 }, (_, i) => colorOf(data.colors, i / 255));
    this.build();
    this.announce();
    this.picture = element("img", { src: data.source });
    await this.picture.decode();
    this.draw();
  }

  build() {
    const { words, own, width } = this.data;
    const most = Math.max(1, Math.floor(width / 2));
    this.size = Math.min(most, MEMORY.size[width] ?? Math.max(1, Math.round(width / 10)));
    this.canvas = element("canvas", { tabindex: 0, role: "application" });
    this.readout = element("output", { "aria-live": "polite", text: words.hint });
    this.tools = radioGroup("segments", words.tools, [[BRUSH, words.brush], [RUBBER, words.rubber]],
      (tool) => this.take(tool));
    const range = element("input", { type: "range", min: 1, max: most, value: this.size });
    const label = element("span");
    const resize = () => {
      this.size = MEMORY.size[width] = Number(range.value);
      label.textContent = fill(words.size, { count: this.size });
      range.style.setProperty("--share", `${most > 1 ? (100 * (this.size - 1)) / (most - 1) : 100}%`);
      this.draw();
    };
    range.addEventListener("input", resize);
    const button = (name, values) =>
      element("button", { type: "button", class: "plain", "data-name": name, text: words[name],
        onclick: () => this.replace(values) });
    const everywhere = (value) => this.grid.values.map(() => value);
    this.root.replaceChildren(
      element("div", { class: "stage" }, this.canvas),
      element("div", { class: "side" },
        this.tools.group,
        element("label", { class: "slider" }, label, range),
        element("div", { class: "buttons" },
          button("fill", everywhere(1)), button("clear", everywhere(0)), button("own", own)),
        this.readout));
    this.take(MEMORY.tool);
    resize();
    this.listen();
    this.watch.disconnect();
    this.watch.observe(this.canvas);
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      canvas.setPointerCapture(event.pointerId);
      this.stroke(this.cellOf(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (this.last) this.stroke(this.cellOf(event));
      else this.point(this.cellOf(event));
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => this.lift());
    canvas.addEventListener("pointerleave", () => this.last || this.point(null));
    canvas.addEventListener("blur", () => {
      this.lift();
      this.point(null);
    });
    canvas.addEventListener("keydown", (event) => this.press(event));
    canvas.addEventListener("keyup", ({ key }) => (key === "Enter" || key === " ") && this.lift());
  }

  // Arrow keys move, Enter paints; it counts as a hand that is down until the key is released.
  press(event) {
    const { height, width } = this.grid;
    const middle = { row: Math.floor(height / 2), column: Math.floor(width / 2) };
    if (event.key in ARROWS) {
      const [down, right] = ARROWS[event.key];
      const { row, column } = this.at ?? middle;
      const cell = this.at ? { row: within(row + down, height), column: within(column + right, width) } : middle;
      if (this.last) this.stroke(cell);
      else this.point(cell);
    } else if (event.key === "Enter" || event.key === " ") this.stroke(this.at ?? middle);
    else return;
    event.preventDefault();
  }

  cellOf(event) {
    const bounds = this.canvas.getBoundingClientRect();
    return cellAt(this.grid, (event.clientX - bounds.left) / bounds.width, (event.clientY - bounds.top) / bounds.height);
  }

  take(tool) {
    this.tool = MEMORY.tool = tool;
    this.tools.mark(tool);
  }

  point(cell) {
    this.at = cell;
    this.announce();
    this.draw();
  }

  stroke(cell) {
    for (const one of between(this.last ?? cell, cell)) {
      for (const index of under(this.grid, one, this.size)) this.grid.values[index] = this.tool === BRUSH ? 1 : 0;
    }
    this.last = cell;
    this.point(cell);
  }

  // The pointer lifts: Python gets one message, and only if something is new.
  lift() {
    this.last = null;
    const values = String(this.grid.values);
    if (values === this.sent) return;
    this.sent = values;
    this.send("painted", { identity: this.data.identity, values: [...this.grid.values] });
  }

  replace(values) {
    this.grid.values = Float64Array.from(values);
    this.lift();
    this.announce();
    this.draw();
  }

  announce() {
    const { words } = this.data;
    const { values, width } = this.grid;
    const text = this.at
      ? fill(words.value, { row: this.at.row + 1, column: this.at.column + 1,
        value: values[this.at.row * width + this.at.column].toFixed(2) })
      : words.hint;
    if (this.readout.textContent !== text) this.readout.textContent = text;
    const count = values.reduce((sum, value) => sum + (value > 0), 0);
    this.canvas.setAttribute("aria-label", fill(words.label, { count, total: values.length }));
  }

  draw() {
    const side = Math.max(1, Math.round(this.canvas.clientWidth * (window.devicePixelRatio || 1)));
    if (this.canvas.width !== side) this.canvas.width = this.canvas.height = side;
    const context = this.canvas.getContext("2d");
    const { height, width, values } = this.grid;
    context.clearRect(0, 0, side, side);
    if (this.picture?.complete) context.drawImage(this.picture, 0, 0, side, side);
    const edge = (index, count) => Math.round((index * side) / count); // whole pixels leave no seams
    const cell = (index) => {
      const [row, column] = [Math.floor(index / width), index % width];
      const [left, top] = [edge(column, width), edge(row, height)];
      return [left, top, edge(column + 1, width) - left, edge(row + 1, height) - top];
    };
    values.forEach((value, index) => {
      context.fillStyle = this.palette[Math.round(255 * value)];
      if (value > 0) context.fillRect(...cell(index));
    });
    context.fillStyle = "rgba(255, 255, 255, 0.22)";
    for (let i = 1; i < width && side / width > 6; i++) context.fillRect(edge(i, width), 0, 1, side);
    for (let i = 1; i < height && side / height > 6; i++) context.fillRect(0, edge(i, height), side, 1);
    if (!this.at) return;
    for (const [color, line] of [["rgba(0, 0, 0, 0.55)", 3], ["#ffffff", 1]]) {
      context.strokeStyle = color;
      context.lineWidth = line;
      for (const index of under(this.grid, this.at, this.size)) context.strokeRect(...cell(index));
    }
  }

  close() {
    this.watch.disconnect();
    this.root.remove();
  }
}
