// The display settings in the address. The browser writes it, without a word to Python: what is changed here causes no rerun. Only
// what differs from the settings of Python is in it. overlay.py has the names.

const ADDRESS_CHANGED = "fovea:address"; // on the document: somebody has written, or is about to read, the address
const SETTLED = 200; // milliseconds after the last change

const PERCENT = ["opacity", "threshold", "wipe"];

// A setting as the address says it, and back; undefined for what cannot be.
function toAddress(name, value) {
  if (PERCENT.includes(name)) return String(Math.round(100 * value));
  return value === true ? "1" : String(value);
}

function fromAddress(text, name, { settings, choices }) {
  if (choices[name]) return choices[name].includes(text) ? text : undefined;
  if (typeof settings[name] === "boolean") return text === "1" ? true : undefined;
  return /^\d{1,3}$/.test(text) && text <= 100 ? text / 100 : undefined;
}

// What the address says: the settings that it names, and the pinned cell of the left pane, or null.
function readAddress(packet) {
  const query = new URLSearchParams(location.search);
  const settings = {};
  for (const [name, key] of Object.entries(packet.address)) {
    const value = query.has(key) ? fromAddress(query.get(key), name, packet) : undefined;
    if (value !== undefined) settings[name] = value;
  }
  const [, row, column] = query.get(packet.address.pin)?.match(/^(\d{1,4})-(\d{1,4})$/) ?? [];
  return { settings, pin: row > 0 && column > 0 ? { side: SIDES[0], row: row - 1, column: column - 1 } : null };
}

// The settings of a packet: what the viewer set stays, except what Python sets again.
function settled(packet, kept) {
  const settings = { ...packet.settings };
  for (const name of Object.keys(settings)) {
    if (name in kept.settings && kept.given[name] === settings[name]) settings[name] = kept.settings[name];
  }
  return settings;
}

// Puts the display settings into the address, in the place of those before. A page's bare address is still to be
// written.
function writeAddress({ packet, settings, pin }) {
  if (!location.search) return;
  const url = new URL(location.href);
  const put = (key, text, usual) => (text === usual ? url.searchParams.delete(key) : url.searchParams.set(key, text));
  for (const name of Object.keys(packet.settings)) {
    put(packet.address[name], toAddress(name, settings[name]), toAddress(name, packet.settings[name]));
  }
  if (packet.address.pin) put(packet.address.pin, pin?.side === SIDES[0] ? `${pin.row + 1}-${pin.column + 1}` : "", "");
  if (url.search !== location.search) History.prototype.replaceState.call(history, history.state, "", url);
}

// Back and Forward: the display is that of the address again, on the page that it belongs to.
const followed = new Map(); // by key: the overlay that is on the page, what is remembered of it, and its page

addEventListener("popstate", () => {
  for (const { overlay, kept, packet, path } of followed.values()) {
    if (location.pathname !== path) continue;
    const { settings, pin } = readAddress(packet);
    kept.settings = { ...packet.settings, ...settings };
    kept.pin = pin;
    overlay.follow(kept);
  }
});

document.addEventListener(ADDRESS_CHANGED, () => followed.forEach(({ overlay }) => overlay.writeNow()));
