// A picture with a map over it, in device pixels. All places are those of a frame: `whole` (the picture and the model's
// square) fitted to a canvas of a given width.

const SHADE = "rgba(17, 20, 32, 0.62)"; // over what the model never saw
const FINEST = 384; // points along a side of an interpolated map; the canvas enlarges it from there

function frameOf(packet, whole, width) {
  const scale = width / whole.width;
  const place = ({ left, top, width: wide, height }) => ({
    left: (left - whole.left) * scale, top: (top - whole.top) * scale, width: wide * scale, height: height * scale,
  });
  return {
    width,
    height: Math.round(whole.height * scale),
    picture: place({ left: 0, top: 0, ...packet.picture }),
    square: place(packet.square),
  };
}

const heightOf = (whole, width) => Math.round((whole.height * width) / whole.width);

function canvasOf(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.max(1, width), Math.max(1, height)];
  return canvas;
}

// The decoded picture, in color and, for signed maps, in a light gray that both ends of their colors stand out from:
// 56 + 0.75 · luma (Rec. 601).
async function decodePicture(packet) {
  const color = await createImageBitmap(packet.file);
  const gray = canvasOf(color.width, color.height);
  const context = gray.getContext("2d", { willReadFrequently: true });
  context.drawImage(color, 0, 0);
  const image = context.getImageData(0, 0, gray.width, gray.height);
  for (let i = 0, { data } = image; i < data.length; i += 4) {
    const luma = 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
    data[i] = data[i + 1] = data[i + 2] = 56 + 0.75 * luma;
  }
  context.putImageData(image, 0, 0);
  return { color, gray };
}

// The picture, whole, on the color that the model's square is padded with, and shaded outside that square.
function drawPicture(context, packet, source, frame) {
  const { picture, square } = frame;
  context.fillStyle = `rgb(${packet.padding.join()})`;
  context.fillRect(0, 0, frame.width, frame.height);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(source, picture.left, picture.top, picture.width, picture.height);
  context.beginPath();
  context.rect(0, 0, frame.width, frame.height);
  context.rect(square.left, square.top, square.width, square.height);
  context.fillStyle = SHADE;
  context.fill("evenodd");
}

// The pictures of one stage, drawn once for a size and kept, for they are the slow part.
class Backdrop {
  draw(context, packet, picture, frame, gray) {
    const place = JSON.stringify(frame);
    if (this.picture !== picture || this.place !== place) Object.assign(this, { picture, place, color: null, gray: null });
    const name = gray ? "gray" : "color";
    if (!this[name]) {
      this[name] = canvasOf(frame.width, frame.height);
      drawPicture(this[name].getContext("2d"), packet, picture[name], frame);
    }
    context.drawImage(this[name], 0, 0);
  }
}

const enlarged = new WeakMap();

// A map finer than where it is drawn is shrunk by the canvas, so that no cell falls between two pixels.
const finer = (map, square) => map.width > square.width || map.height > square.height;

// The map as a small canvas of colored pixels: one for each cell, or interpolated (the values are, not the colors, so
// that color, alpha and threshold are right between the cells as well).
function paint({ map, scale }, settings, square) {
  let field = map;
  if (settings.smooth && !finer(map, square)) {
    const shrink = Math.min(1, FINEST / Math.max(square.width, square.height));
    const [width, height] = [square.width, square.height].map((side) => Math.max(1, Math.round(side * shrink)));
    field = enlarged.get(map);
    if (field?.width !== width || field?.height !== height) {
      field = enlarge(map, width, height);
      enlarged.set(map, field);
    }
  }
  const canvas = canvasOf(field.width, field.height);
  const context = canvas.getContext("2d");
  const image = context.createImageData(field.width, field.height);
  const colors = ramp(settings.colors, scale.signed, settings.opacity);
  colorize(field, scale, colors, settings.threshold, new Uint32Array(image.data.buffer));
  context.putImageData(image, 0, 0);
  return canvas;
}

function drawMap(context, shown, settings, frame) {
  if (shown.blank) return;
  const { left, top, width, height } = frame.square;
  context.imageSmoothingEnabled = settings.smooth || finer(shown.map, frame.square);
  context.drawImage(paint(shown, settings, frame.square), left, top, width, height);
}

// The outline of a cell of a grid: white on black, heavy for a query, light for the place that is pointed at.
function drawCell(context, frame, grid, { row, column }, ratio, heavy) {
  const { square } = frame;
  const [wide, tall] = [square.width / grid.width, square.height / grid.height];
  const [width, height] = [wide, tall].map((side) => Math.max(side, 7 * ratio)); // a tiny cell still shows
  const left = square.left + (column + 0.5) * wide - width / 2;
  const top = square.top + (row + 0.5) * tall - height / 2;
  for (const [color, line] of [["rgba(0, 0, 0, 0.55)", heavy ? 4 : 3], ["#ffffff", heavy ? 2 : 1]]) {
    context.lineWidth = line * ratio;
    context.strokeStyle = color;
    context.strokeRect(left, top, width, height);
  }
}

// What a cell sees of the picture: a dashed square about its middle, cut off where the model's square ends.
function drawSight(context, { square }, { share, rows, columns }, { row, column }, ratio) {
  const around = (start, length, at, count) => {
    const [middle, half] = [start + ((at + 0.5) * length) / count, (share * length) / 2];
    const first = Math.max(start, middle - half);
    return [first, Math.min(start + length, middle + half) - first];
  };
  const [left, width] = around(square.left, square.width, column, columns);
  const [top, height] = around(square.top, square.height, row, rows);
  context.save();
  context.lineWidth = 3 * ratio;
  context.strokeStyle = "rgba(0, 0, 0, 0.5)";
  context.strokeRect(left, top, width, height);
  context.lineWidth = 1.5 * ratio;
  context.strokeStyle = "#ffffff";
  context.setLineDash([5 * ratio, 4 * ratio]);
  context.strokeRect(left, top, width, height);
  context.restore();
}

// One stage: its scenes side by side over the same picture, and the cells of queries and under the pointer.
function drawStage(context, state, picture, frame, parts, backdrop, ratio) {
  for (const { view: shown, from, to } of parts) {
    context.save();
    context.beginPath();
    context.rect(from * frame.width, 0, (to - from) * frame.width, frame.height);
    context.clip();
    backdrop.draw(context, state.packet, picture, frame, shown.scale?.signed);
    if (shown.map?.inside) drawOutside(context, state.packet, picture, frame, shown.map, backdrop);
    drawMap(context, shown, state.settings, frame);
    drawCells(context, state, frame, shown, ratio);
    context.restore();
  }
}

// What lies outside of a query's window is shown without its colors: that is where it cannot look.
function drawOutside(context, packet, picture, frame, { inside, width, height }, backdrop) {
  const { left, top, width: wide, height: tall } = frame.square;
  const across = (column) => Math.round(left + (column * wide) / width); // whole pixels leave no seams
  const down = (row) => Math.round(top + (row * tall) / height);
  context.save();
  context.beginPath();
  context.rect(left, top, wide, tall);
  inside.forEach((belongs, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    if (!belongs) return;
    context.rect(across(column), down(row), across(column + 1) - across(column), down(row + 1) - down(row));
  });
  context.clip("evenodd");
  backdrop.draw(context, packet, picture, frame, true);
  context.restore();
}

function drawCells(context, { hover, packet }, frame, { layer, query, map }, ratio) {
  if (!layer) return;
  const sees = hover && !hover.outside ? cellAt({ width: packet.sight?.columns, height: packet.sight?.rows }, hover) : query;
  if (packet.sight && sees?.row !== undefined) drawSight(context, frame, packet.sight, sees, ratio);
  if (hover && !hover.outside) drawCell(context, frame, map, cellAt(map, hover), ratio, false);
  if (query && layer.rows) drawCell(context, frame, layer, query, ratio, true);
}

// The colors of a scale from low to high, opaque; what the threshold hides is left out.
function drawBar(context, width, height, scale, settings) {
  const count = Math.max(2, Math.round(width));
  const step = (scale.high - scale.low) / (count - 1);
  const values = Float32Array.from({ length: count }, (_, i) => scale.low + step * i);
  const colors = ramp(settings.colors, scale.signed, 1).map((pixel) => pixel | 0xff000000);
  const strip = canvasOf(count, 1);
  const image = new ImageData(count, 1);
  colorize({ values }, scale, colors, settings.threshold, new Uint32Array(image.data.buffer));
  strip.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(strip, 0, 0, width, height);
}

// A canvas as large as it is laid out, in device pixels; its height follows from `aspect` where one is given.
function fitCanvas(canvas, ratio, aspect) {
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = Math.max(1, Math.round(aspect ? width / aspect : canvas.clientHeight * ratio));
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
}
