// A row of thumbnails, one for each map of a side: the model's square with that map over it.

const THUMBNAIL = { opacity: 0.85, threshold: 0 };

class Strip {
  constructor(overlay, side) {
    Object.assign(this, { overlay, side, drawn: "" });
    const { packet } = overlay.state;
    this.canvases = new Map();
    const options = packet[side].map(({ slug, title }) => {
      const canvas = element("canvas", { "aria-hidden": "true" });
      this.canvases.set(slug, canvas);
      return [slug, canvas, element("span", { text: title, title })];
    });
    this.radios = radioGroup("thumbnails", packet.words[`${side}_maps`], options, (slug) => overlay.choose(side, slug));
    this.node = element("section", { class: `strip ${side}` },
      element("h4", { text: packet.words[`${side}_maps`] }), this.radios.group);
    this.node.hidden = !options.length;
  }

  // Drawn again only when something that a thumbnail shows has changed.
  draw(state, picture, ratio) {
    const { side } = this;
    const { colours, scale, smooth } = state.settings;
    const signature = JSON.stringify(
      [state.packet.digest, state.chosen, scale === "both" && state.hover, state.pin, colours, scale, smooth, ratio]
    );
    if (signature === this.drawn) return;
    this.drawn = signature;
    this.radios.mark(state.chosen[side]);
    this.reveal(this.radios.buttons.get(state.chosen[side]));
    const chosen = layerOf(state, side);
    const pin = state.pin?.side === side ? state.pin : null;
    const backdrop = new Backdrop();
    for (const layer of state.packet[side]) {
      const canvas = this.canvases.get(layer.slug);
      fitCanvas(canvas, ratio);
      const frame = frameOf(state.packet, state.packet.square, canvas.width);
      const shown = look(state, side, layer, alike(layer, chosen) ? pin : null);
      const context = canvas.getContext("2d");
      backdrop.draw(context, state.packet, picture, frame, shown.scale.signed);
      drawMap(context, shown, { ...state.settings, ...THUMBNAIL }, frame);
    }
  }

  // Scrolls the row, never the page.
  reveal(button) {
    if (!button) return;
    const { group } = this.radios;
    const from = button.offsetLeft; // the group is what it is measured from
    const to = from + button.offsetWidth;
    if (from < group.scrollLeft) group.scrollLeft = from;
    else if (to > group.scrollLeft + group.clientWidth) group.scrollLeft = to - group.clientWidth;
  }
}
