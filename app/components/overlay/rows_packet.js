// The blob of rows, read. rows.py says how it is packed.

function readRows(bytes) {
  const [envelope, headerAt] = readJson(bytes, 0);
  const [packet, bodyAt] = readJson(bytes, headerAt);
  let at = bodyAt;
  for (const picture of packet.pictures) {
    picture.file = new Blob([bytes.subarray(at, at + picture.bytes)]);
    at += picture.bytes;
  }
  for (const row of packet.rows) {
    for (const side of SIDES) {
      if (!row[side]) continue;
      row[side] = new Layer(row[side], bytes, at);
      at = row[side].after;
    }
  }
  return { ...packet, key: envelope.key, address: envelope.address };
}

// What one row shows, as the parts of an overlay know it: a packet of one picture, with a layer a side or none.
function packetOfRow({ words, padding, pictures }, entry) {
  const { width, height } = pictures[entry.picture];
  const [left, top, right, bottom] = entry.box;
  const picture = { width, height };
  const square = { left, top, width: right - left, height: bottom - top };
  const all = whole(picture, entry.box);
  return {
    words, padding, picture, square, all, whole: all, sight: null,
    ...Object.fromEntries(SIDES.map((side) => [side, entry[side] ? [entry[side]] : []])),
  };
}

// The part of a rectangle that is shown at a zoom about a place in the square, as far as the rectangle goes.
function windowOf({ all, square }, zoom, { x, y }) {
  const [width, height] = [all.width / zoom, all.height / zoom];
  const inside = (middle, length, start, whole) => Math.min(Math.max(middle - length / 2, start), start + whole - length);
  const left = inside(square.left + x * square.width, width, all.left, all.width);
  const top = inside(square.top + y * square.height, height, all.top, all.height);
  return { left, top, width, height };
}

// A place in the square of one row, in the square of another: the same pixel where both show the same picture.
function placeIn(from, to, { x, y }) {
  if (from.picture.width !== to.picture.width || from.picture.height !== to.picture.height) return { x, y };
  return {
    x: (from.square.left + x * from.square.width - to.square.left) / to.square.width,
    y: (from.square.top + y * from.square.height - to.square.top) / to.square.height,
  };
}
