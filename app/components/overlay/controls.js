// The line of controls: each changes one setting, in the browser.

class Controls {
  constructor(overlay) {
    const { words, choices } = overlay.state.packet;
    const set = (name) => (value) => overlay.set({ [name]: value });
    this.opacity = slider(words, words.opacity, set("opacity"));
    this.threshold = slider(words, words.threshold, set("threshold"));
    this.mode = radioGroup("segments", words.view, choices.mode.map((mode) => [mode, words[mode]]), set("mode"));
    this.mode.group.hidden = choices.mode.length < 2;
    this.colors = radioGroup("swatches", words.colors, Object.keys(TABLES).map((name) => [name]), set("colors"));
    for (const [name, button] of this.colors.buttons) {
      button.title = words[name];
      button.setAttribute("aria-label", words[name]);
      button.style.background = gradient(name);
    }
    this.scale = element("select", {}, ...choices.scale.map((scale) =>
      element("option", { value: scale, text: words[`scale_${scale}`] })));
    this.scale.addEventListener("change", () => overlay.set({ scale: this.scale.value }));
    this.smooth = element("input", { type: "checkbox" });
    this.smooth.addEventListener("change", () => overlay.set({ smooth: this.smooth.checked }));
    this.full = element("input", { type: "checkbox" });
    this.full.addEventListener("change", () => overlay.set({ full: this.full.checked }));
    this.range = element("label", { class: "tick", title: words.full_help }, this.full,
      element("span", { text: words.full }));
    this.download = element("button", { type: "button", class: "download", text: words.download });
    this.download.addEventListener("click", () => overlay.save());
    this.download.hidden = !overlay.save;
    this.zoom = radioGroup("segments zoom", words.zoom, (choices.zoom ?? []).map((zoom) => [zoom, `${zoom} \u00d7`]), set("zoom"));
    const zoom = choices.zoom ? [element("div", { class: "pick", title: words.zoom_help }, element("span", { text: words.zoom }), this.zoom.group)] : [];
    this.node = element("div", { class: "controls" }, this.mode.group, this.opacity.node,
      this.threshold.node, this.colors.group,
      element("label", { class: "pick" }, element("span", { text: words.scale }), this.scale),
      element("label", { class: "tick" }, this.smooth, element("span", { text: words.smooth })),
      this.range, ...zoom, this.download);
  }

  show({ settings, packet }) {
    this.range.hidden = !SIDES.some((side) => packet[side].some((layer) => layer.clip));
    this.full.checked = settings.full;
    this.opacity.show(settings.opacity);
    this.threshold.show(settings.threshold);
    this.mode.mark(settings.mode);
    this.colors.mark(settings.colors);
    this.scale.value = settings.scale;
    this.zoom.mark(settings.zoom);
    this.smooth.checked = settings.smooth;
  }
}

// A thin slider from 0 to 100 %.
function slider(words, label, change) {
  const input = element("input", { type: "range", min: 0, max: 100, step: 1, "aria-label": label });
  const percent = element("span", { class: "percent" });
  input.addEventListener("input", () => change(input.valueAsNumber / 100));
  const node = element("label", { class: "slider" }, element("span", { text: label }), input, percent);
  const show = (share) => {
    const value = Math.round(share * 100);
    if (input.valueAsNumber !== value) input.value = value;
    input.style.setProperty("--share", `${value}%`);
    const text = fill(words.percent, { value });
    input.setAttribute("aria-valuetext", text);
    write(percent, text);
  };
  return { node, show };
}

function gradient(name) {
  const colors = palette(name, false);
  const stops = Array.from({ length: 9 }, (_, i) => `rgb(${colors.slice(3 * Math.round(i * 31.875)).slice(0, 3)})`);
  return `linear-gradient(90deg, ${stops})`;
}

// The divider of the wipe: dragged, or moved with the arrow keys.
class Divider {
  constructor(overlay, stage) {
    const { words } = overlay.state.packet;
    this.node = element("div", { class: "divider", role: "slider", tabindex: 0, "aria-label": words.divider,
      "aria-valuemin": 0, "aria-valuemax": 100 }, element("span"));
    const move = (share) => overlay.set({ wipe: Math.min(Math.max(share, 0), 1) });
    this.node.addEventListener("pointerdown", (event) => this.node.setPointerCapture(event.pointerId));
    this.node.addEventListener("pointermove", (event) => {
      if (!this.node.hasPointerCapture(event.pointerId)) return;
      const { left, width } = stage.getBoundingClientRect();
      move((event.clientX - left) / width);
    });
    this.node.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
      if (!step) return;
      event.preventDefault();
      move(overlay.state.settings.wipe + step);
    });
    stage.append(this.node);
  }

  show({ mode, wipe }) {
    this.node.hidden = mode !== "wipe";
    this.node.style.left = `${wipe * 100}%`;
    this.node.setAttribute("aria-valuenow", Math.round(wipe * 100));
  }
}
