// The blob, read. overlay.py says how it is packed.

const SIDES = ["attention", "attribution"];
const LITTLE_ENDIAN = true;

function readJson(bytes, start) {
  const length = new DataView(bytes.buffer, bytes.byteOffset + start, 4).getUint32(0, LITTLE_ENDIAN);
  const end = start + 4 + length;
  return [JSON.parse(new TextDecoder().decode(bytes.subarray(start + 4, end))), end];
}

// The query of a layer: null (nothing: it is at rest), { slice } of a stack, counted from 1, or { row, column }, the
// cell whose row is wanted.
const sameQuery = (a, b) => a === b || (!!a && !!b && a.slice === b.slice && a.row === b.row && a.column === b.column);

class Layer {
  constructor(entry, bytes, start) {
    Object.assign(this, entry); // slug, title, label, note, rest, group, signed, height, width, labels ...
    this.cells = this.height * this.width;
    this.rows = this.windows * this.tokens;
    this.size = this.rows ? this.tokens : this.cells; // of every map but the one at rest
    const codes = start + 8 * this.maps;
    const Codes = this.wide ? Uint16Array : Uint8Array;
    const count = this.cells + (this.maps - 1) * this.size;
    const places = codes + count * Codes.BYTES_PER_ELEMENT;
    this.after = places + 4 * this.rows;
    this.ranges = new Float32Array(bytes.slice(start, codes).buffer);
    this.codes = new Codes(bytes.slice(codes, places).buffer);
    this.most = 256 ** Codes.BYTES_PER_ELEMENT - 1;
    this.places = new Int32Array(bytes.slice(places, this.after).buffer); // the cell of each token, below zero for none
    this.tokenAt = new Int32Array(this.cells);
    this.places.forEach((cell, token) => cell >= 0 && (this.tokenAt[cell] = token));
    this.decoded = new Map();
  }

  indexOf(query) {
    if (query?.slice && this.labels.length) return query.slice;
    return query && this.rows ? 1 + this.tokenAt[query.row * this.width + query.column] : 0;
  }

  // Where the colors of the map for a query end, without decoding it: at its high, or where one cell in a hundred of a
  // fine map exceeds it.
  end(query, full) {
    const index = this.indexOf(query);
    const [low, high] = [this.ranges[2 * index], this.ranges[2 * index + 1]];
    return full || this.clip <= Math.max(low, 0) ? high : Math.min(this.clip, high);
  }

  // The end of a scale that many maps share: of all slices of a stack, so that it stays while they change.
  top(query, full) {
    if (!this.labels.length) return this.end(query, full);
    return Math.max(...this.ranges.filter((_, i) => i % 2));
  }

  // { values, inside, width, height, signed, low, high, step, known } with NaN where there is no value; `inside` marks
  // the cells of the query's window where there are others.
  map(query) {
    const index = this.indexOf(query);
    if (!this.decoded.has(index)) {
      if (this.decoded.size > 64) this.decoded.clear();
      this.decoded.set(index, this.decode(index));
    }
    return this.decoded.get(index);
  }

  decode(index) {
    const low = this.ranges[2 * index];
    const high = this.ranges[2 * index + 1];
    const start = index && this.cells + (index - 1) * this.size;
    const codes = this.codes.subarray(start, start + (index ? this.size : this.cells));
    const half = (this.most - 1) / 2;
    const [zero, step, origin] = this.signed ? [half + 1, high / half, 0] : [1, (high - low) / (this.most - 1), low];
    const values = Float32Array.from(codes, (code) => (code ? origin + (code - zero) * step : NaN));
    return {
      ...(index && this.rows ? this.laidOut(index - 1, values) : { values, inside: null }),
      low, high, step, width: this.width, height: this.height, signed: this.signed,
      known: codes.some((code) => code),
    };
  }

  // A token's row in its place on the grid: what is not in its window gets nothing.
  laidOut(token, weights) {
    const values = new Float32Array(this.cells);
    const inside = new Uint8Array(this.cells);
    const first = token - (token % this.tokens);
    weights.forEach((weight, i) => {
      const cell = this.places[first + i];
      if (cell >= 0) [values[cell], inside[cell]] = [weight, 1];
    });
    return { values, inside: this.windows > 1 ? inside : null };
  }
}

// What one mount of the overlay shows.
function readPacket(bytes) {
  const [envelope, headerAt] = readJson(bytes, 0);
  const [packet, pictureAt] = readJson(bytes, headerAt);
  let at = pictureAt + packet.picture.bytes;
  packet.file = new Blob([bytes.subarray(pictureAt, at)]);
  for (const side of SIDES) {
    packet[side] = packet[side].map((entry) => {
      const layer = new Layer(entry, bytes, at);
      at = layer.after;
      return layer;
    });
  }
  const [left, top, right, bottom] = packet.box;
  packet.square = { left, top, width: right - left, height: bottom - top };
  packet.whole = whole(packet.picture, packet.box);
  packet.key = envelope.key;
  packet.wanted = envelope.wanted;
  packet.address = envelope.address; // the names in the address, where the display settings stand there
  return packet;
}

// The smallest rectangle that holds the picture and the model's square, in pixels of the picture.
function whole({ width, height }, [left, top, right, bottom]) {
  const [x, y] = [Math.min(0, left), Math.min(0, top)];
  return { left: x, top: y, width: Math.max(width, right) - x, height: Math.max(height, bottom) - y };
}
