// The slider that chooses a slice of a stack, the map at rest first; and for slices in time the button that plays them.

const BEAT = 1200; // milliseconds for each slice while it plays
const SIGNS = { play: "M4 2.5v11l9-5.5z", pause: "M4 3h3v10H4zM9 3h3v10H9z" };

class Stack {
  constructor(overlay, side) {
    Object.assign(this, { overlay, side, words: overlay.state.packet.words, timer: null });
    this.button = element("button", { type: "button", class: "play" });
    this.button.addEventListener("click", () => (this.timer ? this.pause() : this.play()));
    this.input = element("input", { type: "range", min: 0, step: 1, "aria-label": this.words.slice });
    this.input.addEventListener("input", () => {
      this.pause();
      overlay.turn(side, this.input.valueAsNumber);
    });
    this.label = element("span", { class: "slice" });
    this.node = element("div", { class: "stack" },
      this.button, element("span", { class: "slider" }, this.input), this.label);
    this.sign();
  }

  // From where it stands to the last slice; from the first one when it is at rest or at its end.
  play() {
    const { last, at } = this;
    this.overlay.turn(this.side, at % last || 1);
    this.timer = setInterval(() => {
      this.overlay.turn(this.side, this.at + 1);
      if (this.at + 1 >= this.last) this.pause();
    }, BEAT);
    this.sign();
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.sign();
  }

  sign() {
    const name = this.timer ? "pause" : "play";
    this.button.setAttribute("aria-label", this.words[name]);
    this.button.title = this.words[name];
    this.button.replaceChildren(drawing(SIGNS[name]));
  }

  show(state) {
    const layer = layerOf(state, this.side);
    const last = layer?.labels.length ?? 0;
    if (this.timer && layer?.slug !== this.layer?.slug) this.pause();
    Object.assign(this, { layer, last });
    this.node.hidden = !last;
    if (!last) return;
    const query = sliceOf(state, this.side, layer);
    this.at = query?.slice ?? 0;
    const text = aspect(this.words, { layer, query });
    this.button.hidden = !layer.playable || last < 2;
    this.input.max = last;
    if (this.input.valueAsNumber !== this.at) this.input.value = this.at;
    this.input.style.setProperty("--share", `${(100 * this.at) / last}%`);
    this.input.setAttribute("aria-valuetext", text);
    write(this.label, text);
    this.label.title = text;
  }
}

// A small sign from the path of its outline, 16 x 16.
function drawing(path) {
  const [image, shape] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  for (const [name, value] of Object.entries({ viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" })) {
    image.setAttribute(name, value);
  }
  shape.setAttribute("d", path);
  image.append(shape);
  return image;
}
