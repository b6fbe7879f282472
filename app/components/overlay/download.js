// The present view as one PNG: titles, stages, color bars and notes on the theme's background.

const PNG_STAGE = 900; // pixels across, for each stage
const PNG_GAP = 36;
const PNG_LINE = 40;

async function saveView(overlay) {
  const canvas = composeView(overlay);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const link = element("a", { href: URL.createObjectURL(blob), download: fileName(overlay.state) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function fileName({ chosen, settings }) {
  const words = ["fovea", chosen.attention, chosen.attribution, settings.mode === "side" ? "" : settings.mode];
  return `${words.filter(Boolean).join("-").replace(/[^\w.-]+/g, "-")}.png`;
}

function composeView({ root, state: seen, picture }) {
  const state = { ...seen, hover: null };
  const stages = scenes(state);
  const { whole, words } = state.packet;
  const height = heightOf(whole, PNG_STAGE);
  const labels = Math.max(...stages.map((parts) => parts.length));
  const canvas = canvasOf(
    stages.length * (PNG_STAGE + PNG_GAP) + PNG_GAP, PNG_GAP + labels * 2 * PNG_LINE + height + PNG_GAP
  );
  const style = getComputedStyle(root);
  const context = canvas.getContext("2d");
  context.fillStyle = style.getPropertyValue("--ground").trim() || "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.textBaseline = "middle";
  stages.forEach((parts, i) => {
    const left = PNG_GAP + i * (PNG_STAGE + PNG_GAP);
    let top = PNG_GAP / 2;
    for (const { side, view: shown } of parts) {
      writeLine(context, style, left, top + PNG_LINE / 2, titleOf(words, side), captionOf(state, side, shown));
      top += PNG_LINE;
    }
    context.save();
    context.translate(left, top);
    const frame = frameOf(state.packet, whole, PNG_STAGE);
    drawStage(context, state, picture, frame, parts, new Backdrop(), 2);
    context.restore();
    top += height + PNG_LINE / 2;
    for (const part of parts) {
      drawLegend(context, style, state, part, left, top);
      top += PNG_LINE;
    }
  });
  return canvas;
}

function writeLine(context, style, left, middle, title, caption) {
  context.fillStyle = style.color;
  context.textAlign = "left";
  context.font = `600 24px ${style.fontFamily}`;
  context.fillText(title, left, middle);
  const used = context.measureText(title).width + 24;
  context.font = `22px ${style.fontFamily}`;
  context.textAlign = "right";
  context.globalAlpha = 0.7;
  context.fillText(caption, left + PNG_STAGE, middle, PNG_STAGE - used);
  context.globalAlpha = 1;
}

// A color bar with the numbers of its ends (and zero), or the words that say why a map is blank.
function drawLegend(context, style, state, { side, view: shown }, left, top) {
  const { words } = state.packet;
  context.fillStyle = style.color;
  context.font = `20px ${style.fontFamily}`;
  context.textAlign = "left";
  if (shown.blank) return context.fillText(noteOf(state, shown), left, top + PNG_LINE / 2, PNG_STAGE);
  const ends = endsOf(words, side, shown.scale);
  const [before, after] = ends.map((text) => context.measureText(text).width);
  const width = Math.min(360, PNG_STAGE - before - after - 24);
  context.fillText(ends[0], left, top + PNG_LINE / 2);
  context.fillText(ends[1], left + before + width + 24, top + PNG_LINE / 2);
  const used = before + width + after + 48;
  const remark = side === "difference" ? "" : remarkOf(words, shown);
  if (remark) context.fillText(remark, left + used, top + PNG_LINE / 2, PNG_STAGE - used);
  context.save();
  context.translate(left + before + 12, top + PNG_LINE / 2 - 7);
  drawBar(context, width, 14, shown.scale, state.settings);
  if (shown.scale.signed) context.fillRect(width / 2 - 1, -4, 2, 22);
  context.restore();
}
