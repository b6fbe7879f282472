// Fields of numbers: { values, width, height }, row by row, NaN where there is no value.

// The field interpolated between the centers of its cells, on a grid of width x height points. A point inside a cell
// without a value has none; its neighbors are left out of the average of the others.
function enlarge(field, width, height) {
  const across = steps(field.width, width);
  const down = steps(field.height, height);
  const values = new Float32Array(width * height);
  const [from, whole] = [field.values, !field.values.some(Number.isNaN)];
  for (let y = 0, i = 0; y < height; y++) {
    const [upper, lower, v] = [down.low[y] * field.width, down.high[y] * field.width, down.share[y]];
    for (let x = 0; x < width; x++, i++) {
      const [left, right, u] = [across.low[x], across.high[x], across.share[x]];
      const [a, b, c, d] = [from[upper + left], from[upper + right], from[lower + left], from[lower + right]];
      values[i] = whole
        ? (a + (b - a) * u) * (1 - v) + (c + (d - c) * u) * v
        : between([a, b, c, d], u, v);
    }
  }
  return { values, width, height, signed: field.signed };
}

// For each of `count` points along `cells` cells: the cell centers below and above, and the share of the upper one.
function steps(cells, count) {
  const [low, high, share] = [new Int32Array(count), new Int32Array(count), new Float32Array(count)];
  for (let i = 0; i < count; i++) {
    const at = Math.min(Math.max(((i + 0.5) * cells) / count - 0.5, 0), cells - 1);
    low[i] = Math.floor(at);
    high[i] = Math.min(low[i] + 1, cells - 1);
    share[i] = at - low[i];
  }
  return { low, high, share };
}

function between(corners, u, v) {
  const weights = [(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v];
  if (Number.isNaN(corners[(u >= 0.5) + 2 * (v >= 0.5)])) return NaN;
  let [sum, weight] = [0, 0];
  corners.forEach((value, i) => {
    if (!Number.isNaN(value)) [sum, weight] = [sum + value * weights[i], weight + weights[i]];
  });
  return sum / weight;
}

// The mean of absolute values over the area of each cell of a coarser grid (parts of cells count by their part).
function pool(field, width, height) {
  const across = shares(field.width, width);
  const down = shares(field.height, height);
  const values = new Float32Array(width * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let [sum, area] = [0, 0];
      for (const [y, tall] of down[row]) {
        for (const [x, wide] of across[column]) {
          const value = field.values[y * field.width + x];
          if (!Number.isNaN(value)) [sum, area] = [sum + Math.abs(value) * tall * wide, area + tall * wide];
        }
      }
      values[row * width + column] = area ? sum / area : NaN;
    }
  }
  return { values, width, height };
}

// For each of `count` cells over `cells` finer ones: the pairs (finer cell, how much of it lies inside).
function shares(cells, count) {
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [(i * cells) / count, ((i + 1) * cells) / count];
    const pairs = [];
    for (let cell = Math.floor(from); cell < to && cell < cells; cell++) {
      const part = Math.min(cell + 1, to) - Math.max(cell, from);
      if (part > 1e-9) pairs.push([cell, part]);
    }
    return pairs;
  });
}

// The least and the largest value, [0, 0] where there is none.
function extremesOf({ values }) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 0];
}

const peakOf = (field) => field.values.reduce((peak, value) => (Math.abs(value) > peak ? Math.abs(value) : peak), 0);

// First minus second, each by absolute value, pooled to the coarser of the two grids, as a share of its own peak there.
function subtract(first, second) {
  const [width, height] = [Math.min(first.width, second.width), Math.min(first.height, second.height)];
  const [a, b] = [first, second].map((field) => pool(field, width, height));
  for (const field of [a, b]) {
    const peak = peakOf(field);
    if (peak) field.values = field.values.map((value) => value / peak);
  }
  const values = a.values.map((value, i) => value - b.values[i]);
  const known = values.some((value) => !Number.isNaN(value));
  return { values, width, height, signed: true, low: -1, high: 1, step: 2 / 254, known, parts: [a, b] };
}

// The cell with the largest value, by its size where it is negative: { row, column, value }.
function strongest(field) {
  let best = -1;
  field.values.forEach((value, i) => {
    if (!Number.isNaN(value) && (best < 0 || Math.abs(value) > Math.abs(field.values[best]))) best = i;
  });
  return { row: Math.floor(best / field.width), column: best % field.width, value: field.values[best] };
}
