// A row of thumbnails, one for each map of a side that is in one group: the model's square with that map over it. Those
// that belong together are large.

const THUMBNAIL = { opacity: 0.85, threshold: 0 };
const RING = 4; // pixels round the chosen one

class Strip {
  constructor(overlay, side, group) {
    Object.assign(this, { overlay, side, group, drawn: "" });
    const { packet } = overlay.state;
    const heading = group || packet.words[`${side}_maps`];
    this.canvases = new Map();
    const options = this.layers(packet).map(({ slug, label, title }) => {
      const canvas = element("canvas", { "aria-hidden": "true" });
      this.canvases.set(slug, canvas);
      return [slug, canvas, element("span", { text: label || title, title })];
    });
    this.radios = radioGroup("thumbnails", heading, options, (slug) => overlay.choose(side, slug));
    this.together = this.layers(packet).some((layer) => layer.together);
    this.node = element("section", { class: `strip ${side}${this.together ? " together" : ""}` }, element("h4", { text: heading }), this.radios.group);
    this.node.hidden = !options.length;
  }

  layers(packet) {
    return packet[this.side].filter((layer) => layer.group === this.group);
  }

  // Drawn again only when something that a thumbnail shows has changed.
  draw(state, picture, ratio) {
    const { side } = this;
    const { colors, scale, smooth, full } = state.settings;
    const signature = JSON.stringify(
      [state.packet.digest, state.chosen, state.slices, scale === "both" && state.hover, state.pin, colors, scale,
        smooth, full, ratio]
    );
    if (signature === this.drawn) return;
    this.drawn = signature;
    this.radios.mark(state.chosen[side]);
    this.reveal(this.radios.buttons.get(state.chosen[side]));
    const pin = state.pin?.side === side ? state.pin : null;
    const backdrop = new Backdrop();
    for (const layer of this.layers(state.packet)) {
      const canvas = this.canvases.get(layer.slug);
      fitCanvas(canvas, ratio);
      const frame = frameOf(state.packet, state.packet.square, canvas.width);
      const shown = viewOf(state, side, layer, queryFor(state, side, layer, pin));
      const context = canvas.getContext("2d");
      backdrop.draw(context, state.packet, picture, frame, shown.scale.signed);
      drawMap(context, shown, { ...state.settings, ...THUMBNAIL }, frame);
    }
  }

  // Scrolls the row, never the page.
  reveal(button) {
    if (!button) return;
    const { group } = this.radios;
    const from = button.offsetLeft - RING; // the group is what it is measured from
    const to = button.offsetLeft + button.offsetWidth + RING;
    if (from < group.scrollLeft) group.scrollLeft = from;
    else if (to > group.scrollLeft + group.clientWidth) group.scrollLeft = to - group.clientWidth;
  }
}
