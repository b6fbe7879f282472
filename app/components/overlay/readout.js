// Numbers and places in words.

// Three significant digits, but none finer than `step`, the error of the codes; signed values with their sign.
function number(value, signed, step) {
  const unit = step ? 10 ** Math.ceil(Math.log10(step)) : 0;
  const size = Math.abs(unit ? Number((Math.round(value / unit) * unit).toPrecision(12)) : value);
  const plain = size === 0 || (size >= 1e-4 && size < 1e5);
  const digits = plain ? String(Number(size.toPrecision(3))) : size.toExponential(1);
  const sign = size === 0 ? "" : value < 0 ? "\u2212" : signed ? "+" : "";
  return sign + digits.replace("e-", "e\u2212").replace("e+", "e");
}

// The two ends of a scale, in words or as numbers of the same precision.
function endsOf(words, side, { low, high, signed, above }) {
  if (side === "difference") return [words.difference_low, words.difference_high];
  const plain = low !== 0 && Math.abs(low) < high / 1000 ? 0 : low; // too small to differ from zero on this scale
  const ends = [number(plain, signed), number(high, signed)];
  return above ? [signed ? `\u2264 ${ends[0]}` : ends[0], `\u2265 ${ends[1]}`] : ends;
}

// What to know of a map's colors: that its strongest cells go beyond them, and the note on the map at rest.
function remarkOf(words, { layer, query, scale, blank }) {
  const share = Math.max(0.1, Number((100 * (scale?.above ?? 0)).toFixed(1)));
  const beyond = scale?.above && !blank ? fill(words.beyond_scale, { share: fill(words.percent, { value: share }) }) : "";
  return [beyond, layer && !query ? layer.note : ""].filter(Boolean).join(" \u00b7 ");
}

// Rows and columns are counted from 1 on screen, as people do, and from 0 in messages to Python.
const counted = ({ row, column }) => ({ row: row + 1, column: column + 1 });

// What of a layer is shown: what it is at rest, a slice, or the row of a cell.
function aspect(words, { layer, query }, pinned) {
  if (!query) return layer?.rest ?? "";
  if (query.slice) return layer.labels[query.slice - 1];
  const from = fill(words.from_patch, counted(query));
  return pinned ? `${from} \u00b7 ${words.pinned}` : from;
}

// The line under a pane: the value at the place that is pointed at, or what can be done there.
function readout(state, side, shown) {
  const { words } = state.packet;
  const { hover } = state;
  if (!shown.layer) return "";
  if (hover?.outside) return words.outside;
  const asks = side !== "difference" && shown.layer.rows && shown.query && !shown.blank;
  const pinnedHere = asks && state.pin?.side === side;
  if (asks && (!pinnedHere || !hover)) return strongestText(words, shown);
  if (!hover) return shown.layer.rows ? words.hint_rows : words.hint;
  const cell = cellAt(shown.map, hover);
  const at = cell.row * shown.map.width + cell.column;
  if (shown.map.inside?.[at] === 0) return fill(words.beyond, counted(cell));
  const value = shown.map.values[at];
  if (Number.isNaN(value)) return fill(words.masked, counted(cell));
  const texts = { ...counted(cell), value: number(value, shown.map.signed, shown.map.step) };
  if (side !== "difference") return fill(words.value, texts);
  const [first, second] = shown.map.parts.map((part) => number(part.values[at], false, shown.map.step));
  return fill(words.difference_value, { ...texts, first, second });
}

// Where a query's row is strongest, next to the uniform share; a signed row has none.
function strongestText(words, { layer, query, map }) {
  const there = strongest(map);
  const { row, column } = counted(there);
  const value = number(there.value, layer.signed);
  const texts = { there_row: row, there_column: column, value, uniform: number(layer.even) };
  return fill(layer.signed ? words.largest : words.strongest, { ...texts, ...counted(query) });
}
