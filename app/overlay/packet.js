// The blob, read. overlay.py says how it is packed.

const SIDES = ["attention", "attribution"];
const LITTLE_ENDIAN = true;

function readJson(bytes, start) {
  const length = new DataView(bytes.buffer, bytes.byteOffset + start, 4).getUint32(0, LITTLE_ENDIAN);
  const end = start + 4 + length;
  return [JSON.parse(new TextDecoder().decode(bytes.subarray(start + 4, end))), end];
}

// A cell of a layer with rows is a query: null (none: the mean), { row, column } or { token: true }.
const sameQuery = (a, b) =>
  a === b || (!!a && !!b && !!a.token === !!b.token && a.row === b.row && a.column === b.column);

class Layer {
  constructor(entry, bytes, start) {
    Object.assign(this, entry); // slug, title, note, signed, height, width, rows, maps
    this.cells = this.height * this.width;
    this.token = this.rows > this.cells;
    const codes = start + 8 * this.maps;
    this.ranges = new Float32Array(bytes.slice(start, codes).buffer);
    this.codes = bytes.subarray(codes, codes + this.maps * this.cells);
    this.end = codes + this.maps * this.cells;
    this.decoded = new Map();
  }

  indexOf(query) {
    if (!query || !this.rows) return 0;
    if (query.token) return 1;
    return 1 + this.token + query.row * this.width + query.column;
  }

  // { low, high } of the map for a query, without decoding it.
  range(query) {
    const index = this.indexOf(query);
    return { low: this.ranges[2 * index], high: this.ranges[2 * index + 1] };
  }

  // { values, width, height, signed, low, high, step, known } with NaN where there is no value.
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
    const codes = this.codes.subarray(index * this.cells, (index + 1) * this.cells);
    const [zero, step, origin] = this.signed ? [128, high / 127, 0] : [1, (high - low) / 254, low];
    const values = Float32Array.from(codes, (code) => (code ? origin + (code - zero) * step : NaN));
    return {
      values, low, high, step, width: this.width, height: this.height, signed: this.signed,
      known: codes.some((code) => code),
    };
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
      at = layer.end;
      return layer;
    });
  }
  const [left, top, right, bottom] = packet.box;
  packet.square = { left, top, width: right - left, height: bottom - top };
  packet.whole = whole(packet.picture, packet.box);
  packet.key = envelope.key;
  packet.told = envelope.told;
  return packet;
}

// The smallest rectangle that holds the picture and the model's square, in pixels of the picture.
function whole({ width, height }, [left, top, right, bottom]) {
  const [x, y] = [Math.min(0, left), Math.min(0, top)];
  return { left: x, top: y, width: Math.max(width, right) - x, height: Math.max(height, bottom) - y };
}
