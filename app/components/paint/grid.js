// A grid of weights, { values, height, width }, row by row, each from 0 to 1; and how it is colored.

const OPACITY = 0.85; // of the strongest weight: as the maps above it
const GROWTH = 0.7;

const within = (index, count) => Math.min(Math.max(index, 0), count - 1);

// The cell in which a place of the square lies, both 0..1; a hand that has left the square paints along its edge.
const cellAt = ({ height, width }, x, y) => ({
  row: within(Math.floor(y * height), height), column: within(Math.floor(x * width), width),
});

// The cells under a round brush, `size` cells wide, in the middle of a cell.
function under({ height, width }, { row, column }, size) {
  const [reach, cells] = [Math.floor(size / 2), []];
  for (let down = -reach; down <= reach; down++) {
    for (let right = -reach; right <= reach; right++) {
      const [y, x] = [row + down, column + right];
      if (Math.hypot(down, right) <= size / 2 && y >= 0 && y < height && x >= 0 && x < width) cells.push(y * width + x);
    }
  }
  return cells;
}

// Every cell from one to another: a quick hand skips some.
function between(from, to) {
  const steps = Math.max(Math.abs(to.row - from.row), Math.abs(to.column - from.column), 1);
  return Array.from({ length: steps + 1 }, (_, i) => ({
    row: Math.round(from.row + ((to.row - from.row) * i) / steps),
    column: Math.round(from.column + ((to.column - from.column) * i) / steps),
  }));
}

const parts = (color) => color.match(/[0-9a-f]{2}/gi).map((pair) => parseInt(pair, 16));

// The color of a weight, between the two stops it lies between; it lets the picture through the more, the less it is.
function colorOf(stops, value) {
  const at = value * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  const [from, to] = [parts(stops[low]), parts(stops[low + 1])];
  const mixed = from.map((one, i) => Math.round(one + (to[i] - one) * (at - low)));
  return `rgba(${mixed.join()}, ${OPACITY * value ** GROWTH})`;
}
