/**
 * A vector tile (Mapbox Vector Tile 2.1) as strokes of the plane: shapes of all its layers, without their properties.
 *
 * No names are taken: a chart's labels would come in its maker's words and take a side. What is wrong with a tile ends
 * in an error; what is too much is left out.
 */

import { AREA, Collector, LINE, POINT } from "./strokes.js";
import { varints } from "./pmtiles.js";

const MOST_POINTS = 200_000;

const LAYERS = 3;
const FEATURES = 2;
const EXTENT = 5;
const KIND = 3;
const GEOMETRY = 4;

const BYTES = 2;
const MOVE = 1;
const LINE_TO = 2;
const CLOSE = 7;

/** Kinds of geometry in a tile. @type {Record<number, number>} */
const KINDS = { 1: POINT, 2: LINE, 3: AREA };

/** @param {Uint8Array} bytes @param {number} z @param {number} x @param {number} y @returns {import("./strokes.js").Strokes} */
export function strokesOf(bytes, z, x, y) {
  /** @type {[number, Float64Array][]} */
  const shapes = [];
  for (const layer of bytesOf(bytes, LAYERS)) {
    const extent = numberOf(layer, EXTENT) ?? 4096;
    if (extent < 1) throw new Error("a tile of it has no extent");
    const place = { by: 1 / (extent * 2 ** z), left: x / 2 ** z, top: y / 2 ** z };
    for (const feature of bytesOf(layer, FEATURES)) {
      const kind = KINDS[numberOf(feature, KIND) ?? 0];
      if (kind === undefined) continue;
      for (const geometry of bytesOf(feature, GEOMETRY)) {
        for (const flat of partsOf(geometry, kind, place)) shapes.push([kind, flat]);
      }
    }
  }
  const collector = new Collector(MOST_POINTS);
  // Points last, as strokes have them.
  for (const wanted of [AREA, LINE, POINT]) {
    for (const [kind, flat] of shapes) if (kind === wanted) collector.add(kind, flat);
  }
  return collector.strokes();
}

/** @param {Uint8Array} geometry @param {number} kind @param {{by: number, left: number, top: number}} place @returns {Float64Array[]} */
function partsOf(geometry, kind, { by, left, top }) {
  const values = [];
  const read = packedOf(geometry);
  for (let value = read(); value !== null; value = read()) values.push(value);
  /** @type {number[][]} */
  const parts = [];
  let [px, py] = [0, 0];
  for (let at = 0; at < values.length; ) {
    const [command, count] = [values[at] & 7, values[at] >>> 3];
    at++;
    if (command === CLOSE) continue;
    if (command !== MOVE && command !== LINE_TO) throw new Error("a tile of it has a command that is none");
    for (let point = 0; point < count && at + 1 < values.length; point++, at += 2) {
      px += zigzag(values[at]);
      py += zigzag(values[at + 1]);
      if (command === MOVE) parts.push([]);
      parts[parts.length - 1]?.push(left + px * by, top + py * by);
    }
  }
  return parts.filter((part) => part.length >= (kind === POINT ? 2 : 4)).map((part) => Float64Array.from(part));
}

/** @param {number} value */
function zigzag(value) {
  return (value >>> 1) ^ -(value & 1);
}

/** Each value of a field of bytes. @param {Uint8Array} message @param {number} wanted @returns {Uint8Array[]} */
function bytesOf(message, wanted) {
  return [...fields(message)].flatMap(([field, value]) => (field === wanted && value instanceof Uint8Array ? [value] : []));
}

/** The last value of a field of numbers. @param {Uint8Array} message @param {number} wanted @returns {number|undefined} */
function numberOf(message, wanted) {
  const found = [...fields(message)].findLast(([field, value]) => field === wanted && typeof value === "number");
  return /** @type {number|undefined} */ (found?.[1]);
}

/** Fields of a protobuf message: numbers of variable length and bytes; those of fixed length are passed over. */
/** @param {Uint8Array} message @returns {Generator<[number, number|Uint8Array]>} */
function* fields(message) {
  let at = 0;
  const number = () => {
    const rest = message.subarray(at, at + 10);
    const value = varints(rest)();
    at += 1 + rest.findIndex((byte) => byte < 128);
    return value;
  };
  while (at < message.length) {
    const tag = number();
    const [field, wire] = [Math.floor(tag / 8), tag % 8];
    if (wire === 0) yield [field, number()];
    else if (wire === BYTES) {
      const length = number();
      if (at + length > message.length) throw new Error("a tile of it is cut off");
      yield [field, message.subarray(at, at + length)];
      at += length;
    } else if (wire === 1 || wire === 5) at += wire === 1 ? 8 : 4;
    else throw new Error("a tile of it is no vector tile");
  }
}

/** @param {Uint8Array} bytes @returns {() => number|null} */
function packedOf(bytes) {
  let left = bytes.reduce((count, byte) => count + (byte < 128 ? 1 : 0), 0);
  const next = varints(bytes);
  return () => (left-- > 0 ? next() : null);
}
