// What is shown, derived from what was sent and what the viewer did. A state is
// { packet, settings, chosen: { attention, attribution }, slices, hover, pin }, where
//   slices holds the slice of each stack that is not at rest, by side and slug;
//   hover is null, { side, outside: true } or { side, x, y }: a place in the model's square, 0..1;
//   pin is null or a cell with its side: { side, row, column }.
// A row of several has in addition peers, the states of all rows, itself among them.

const layerOf = (state, side) => state.packet[side].find((layer) => layer.slug === state.chosen[side]) ?? null;

// The cell of a grid in which a place lies.
function cellAt(grid, place) {
  const row = Math.min(Math.floor(place.y * grid.height), grid.height - 1);
  return { row, column: Math.min(Math.floor(place.x * grid.width), grid.width - 1) };
}

// The query of a side: the slice of a stack, or the row of the pinned cell, else of the one under the pointer.
function queryOf(state, side) {
  const layer = layerOf(state, side);
  if (!layer?.rows) return layer && sliceOf(state, side, layer);
  if (state.pin?.side === side) return state.pin;
  const { hover } = state;
  return hover?.side === side && !hover.outside ? cellAt(layer, hover) : null;
}

// The slice of a stack that is shown, as a query.
const nameOfStack = (side, layer) => `${side}/${layer.slug}`;

function sliceOf(state, side, layer) {
  const slice = Math.min(state.slices[nameOfStack(side, layer)] ?? 0, layer.labels.length);
  return slice ? { slice } : null;
}

// The query of any layer of a side when that of the chosen one is `query`: the same for rows of the same cells.
const queryFor = (state, side, layer, query) =>
  sliceOf(state, side, layer) ?? (sameCells(layer, layerOf(state, side)) ? query : null);

// Whether a pin still means something: its layer has rows, and the cell.
const holds = (layer, pin) => !!layer?.rows && pin.row < layer.height && pin.column < layer.width;

// The map of one layer as it is shown now: { layer, query, map, scale, blank }, blank "" or the word that says why.
function viewOf(state, side, layer = layerOf(state, side), query = queryOf(state, side)) {
  if (!layer) return { layer, blank: "empty" };
  const map = layer.map(query);
  const { scale: shared, full } = state.settings;
  const alone = shared === "own" && !layer.together;
  const scale = scaleOf(map, alone ? layer.end(query, full) : sharedTop(state, side, layer, query), !alone);
  const blank = map.known ? (map.low || map.high ? "" : "blank") : "missing";
  return { layer, query, map, scale, blank };
}

// The end of a shared scale: the farthest over the maps that share it, rows compared with the rows of one query. Maps of
// a group that belong together share one in any case; peers share one of each side.
function sharedTop(state, side, { group }, query) {
  const { scale, full } = state.settings;
  if (state.peers) return Math.max(...state.peers.map((one) => layerOf(one, side)?.top(queryOf(one, side), full) ?? 0));
  const sharing = state.packet[side].filter((one) => scale === "strip" || one.group === group);
  const ends = scale !== "both"
    ? sharing.map((one) => one.top(queryFor(state, side, one, query), full))
    : SIDES.map((name) => layerOf(state, name)?.end(name === side ? query : queryOf(state, name), full) ?? 0);
  return Math.max(...ends);
}

// Whether two layers have rows for the same cells.
const sameCells = (a, b) => !!a?.rows && !!b?.rows && a.width === b.width && a.height === b.height;

// Attention minus attribution, in the shape of a view; the query is that of the side that has one.
function difference(state) {
  const [first, second] = SIDES.map((side) => viewOf(state, side));
  if (!first.layer || !second.layer) return { layer: null, blank: "empty" };
  const map = subtracted(first.map, second.map);
  const scale = { low: -1, high: 1, signed: true, above: 0 };
  const { layer, query } = second.query && !first.query ? second : first;
  return { layer, query, map, scale, blank: map.known ? "" : "missing" };
}

let last = [];

function subtracted(first, second) {
  if (last[0] !== first || last[1] !== second) last = [first, second, subtract(first, second)];
  return last[2];
}

// What each stage on screen shows: [{ view, from, to }], each over a part of the stage's width.
function scenes(state) {
  const { mode, wipe } = state.settings;
  if (mode === "difference") return [[{ side: "difference", view: difference(state), from: 0, to: 1 }]];
  const [first, second] = SIDES.map((side) => ({ side, view: viewOf(state, side), from: 0, to: 1 }));
  return mode === "side" ? [[first], [second]] : [[{ ...first, to: wipe }, { ...second, from: wipe }]];
}

// The side that a pointer at `share` of a stage's width points at.
function sideAt(state, side, share) {
  const { mode, wipe } = state.settings;
  if (mode === "side") return side;
  if (mode === "wipe") return SIDES[share < wipe ? 0 : 1];
  return SIDES.find((name) => layerOf(state, name)?.rows) ?? SIDES[0];
}
