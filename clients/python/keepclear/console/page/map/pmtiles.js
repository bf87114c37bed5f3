/**
 * Reads a PMTiles archive of version 3 piece by piece: its head, its directories, one tile.
 *
 * Written here and not taken along, for what an archive may do to its reader is bounded: each piece has a most of bytes,
 * packed and unpacked, directories do not nest deeper than the format means, and whatever is wrong ends in one error.
 */

/** @typedef {(from: number, length: number) => Promise<Uint8Array>} Read */
/** @typedef {{root: number, rootLength: number, leaves: number, tiles: number, packed: number, tilesPacked: number, kind: number, minZoom: number, maxZoom: number}} Head */
/** @typedef {{id: number, run: number, offset: number, length: number}} Entry */

export const VECTOR = 1;
export const PICTURES = /** @type {Record<number, string>} */ ({ 2: "image/png", 3: "image/jpeg", 4: "image/webp", 5: "image/avif" });

const HEAD_BYTES = 127;
const MOST_PACKED = 2 * 1024 * 1024;
const MOST_UNPACKED = 8 * 1024 * 1024;
const MOST_ENTRIES = 200_000;

/** Root, leaf, and one more that the format allows. */
const MOST_DEPTH = 4;

/** Tile numbers of deeper zooms are no whole numbers in a double. */
const MOST_ZOOM = 24;

const NOT_PACKED = [0, 1];
const GZIP = 2;

/** Directories kept in memory. */
const KEPT = 64;

export class Archive {
  /** @param {Read} read */
  constructor(read) {
    this.read = read;
    /** @type {Map<number, Entry[]>} */
    this.directories = new Map();
    /** @type {Head|null} */
    this.head = null;
  }

  /** @returns {Promise<Head>} */
  async open() {
    this.head = headOf(await this.read(0, HEAD_BYTES));
    return this.head;
  }

  /** The bytes of a tile, unpacked, or null where there is none. @param {number} z @param {number} x @param {number} y */
  async tile(z, x, y) {
    const head = this.head ?? (await this.open());
    const id = tileNumber(z, x, y);
    let [at, length] = [head.root, head.rootLength];
    for (let depth = 0; depth < MOST_DEPTH; depth++) {
      const entry = entryOf(await this.directory(at, length), id);
      if (!entry) return null;
      if (entry.run > 0) {
        return unpacked(await this.piece(head.tiles + entry.offset, entry.length), head.tilesPacked);
      }
      [at, length] = [head.leaves + entry.offset, entry.length];
    }
    throw new Error("its directories nest too deep");
  }

  /** @param {number} at @param {number} length @returns {Promise<Entry[]>} */
  async directory(at, length) {
    const known = this.directories.get(at);
    if (known) return known;
    const entries = entriesOf(await unpacked(await this.piece(at, length), /** @type {Head} */ (this.head).packed));
    if (this.directories.size >= KEPT) this.directories.clear();
    this.directories.set(at, entries);
    return entries;
  }

  /** @param {number} at @param {number} length */
  async piece(at, length) {
    if (length > MOST_PACKED) throw new Error("a piece of it is too large");
    const bytes = await this.read(at, length);
    if (bytes.length !== length) throw new Error("it is cut off");
    return bytes;
  }
}

/** @param {Uint8Array} bytes @returns {Head} */
export function headOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEAD_BYTES || new TextDecoder().decode(bytes.subarray(0, 7)) !== "PMTiles") {
    throw new Error("it is no PMTiles archive");
  }
  if (bytes[7] !== 3) throw new Error("it is PMTiles of another version than 3");
  const number = (/** @type {number} */ at) => Number(view.getBigUint64(at, true));
  const head = {
    root: number(8),
    rootLength: number(16),
    leaves: number(40),
    tiles: number(56),
    packed: bytes[97],
    tilesPacked: bytes[98],
    kind: bytes[99],
    minZoom: bytes[100],
    maxZoom: bytes[101],
  };
  if (head.minZoom > head.maxZoom || head.maxZoom > MOST_ZOOM) throw new Error("its zooms are none");
  if (head.kind !== VECTOR && !(head.kind in PICTURES)) throw new Error("its tiles are of a kind that is not known");
  return head;
}

/** The number of a tile along Hilbert's curve, after all tiles of lower zooms. @param {number} z @param {number} x @param {number} y */
export function tileNumber(z, x, y) {
  let number = (4 ** z - 1) / 3;
  for (let side = 2 ** (z - 1); side >= 1; side /= 2) {
    const [right, down] = [(x & side) > 0 ? 1 : 0, (y & side) > 0 ? 1 : 0];
    number += side * side * ((3 * right) ^ down);
    if (!down) {
      if (right) [x, y] = [side - 1 - x, side - 1 - y];
      [x, y] = [y, x];
    }
  }
  return number;
}

/** @param {Uint8Array} bytes @returns {Entry[]} */
export function entriesOf(bytes) {
  const next = varints(bytes);
  const count = next();
  if (count > MOST_ENTRIES) throw new Error("a directory of it is too long");
  /** @type {Entry[]} */
  const entries = [];
  let id = 0;
  for (let at = 0; at < count; at++) entries.push({ id: (id += next()), run: 0, offset: 0, length: 0 });
  for (const entry of entries) entry.run = next();
  for (const entry of entries) entry.length = next();
  entries.forEach((entry, at) => {
    const told = next();
    const before = entries[at - 1];
    entry.offset = told === 0 && before ? before.offset + before.length : told - 1;
  });
  return entries;
}

/** @param {Entry[]} entries @param {number} id @returns {Entry|null} */
function entryOf(entries, id) {
  let [low, high] = [0, entries.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (entries[middle].id <= id) low = middle + 1;
    else high = middle - 1;
  }
  const entry = entries[high];
  // A run of 0 is a directory for all that follows; else so many tiles share the entry.
  return entry && (entry.run === 0 || id < entry.id + entry.run) ? entry : null;
}

/** Unsigned numbers of 7 bits a byte, one after the other. @param {Uint8Array} bytes @returns {() => number} */
export function varints(bytes) {
  let at = 0;
  return () => {
    let value = 0;
    for (let power = 1; ; power *= 128) {
      if (at >= bytes.length || power > 2 ** 49) throw new Error("a number in it has no end");
      const byte = bytes[at++];
      value += (byte & 127) * power;
      if (byte < 128) return value;
    }
  };
}

/** @param {Uint8Array} bytes @param {number} packed @returns {Promise<Uint8Array>} */
async function unpacked(bytes, packed) {
  if (NOT_PACKED.includes(packed)) return bytes;
  if (packed !== GZIP) throw new Error("it is packed by another method than gzip");
  const stream = new Blob([/** @type {BlobPart} */ (bytes)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const reader = stream.getReader();
  const parts = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > MOST_UNPACKED) {
      await reader.cancel();
      throw new Error("a piece of it unpacks to too much");
    }
    parts.push(value);
  }
  const whole = new Uint8Array(length);
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}
