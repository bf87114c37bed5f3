/**
 * The map's plane: Web Mercator, the world one unit wide and high, x from -180 degrees and y from the north.
 *
 * Beyond 85 degrees there is no plane: what lies there is drawn at the rim. A ring is an array of x, y, x, y...
 */

/** @typedef {import("./sphere.js").Position} Position */
/** @typedef {[number, number, number, number]} Box left, top, right, bottom, in the plane */

export const RIM_DEG = 85.0511287798066;

const RADIANS = Math.PI / 180;

/** @param {number} lng @returns {number} */
export const planeX = (lng) => lng / 360 + 0.5;

/** @param {number} lat @returns {number} */
export function planeY(lat) {
  const sine = Math.sin(Math.max(-RIM_DEG, Math.min(RIM_DEG, lat)) * RADIANS);
  return 0.5 - Math.atanh(sine) / (2 * Math.PI);
}

/** @param {number} x @param {number} y @returns {Position} */
export function globe(x, y) {
  return [Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) / RADIANS, (x - 0.5) * 360];
}

/** @param {Position[]} ring @returns {Float64Array} */
export function plane(ring) {
  const flat = new Float64Array(ring.length * 2);
  for (let at = 0; at < ring.length; at++) {
    flat[2 * at] = planeX(ring[at][1]);
    flat[2 * at + 1] = planeY(ring[at][0]);
  }
  return flat;
}

/** The same ring, turning the one way: rings that overlap are filled as one. @param {Float64Array} ring */
export function oneWay(ring) {
  let area = 0;
  for (let at = 0, before = ring.length - 2; at < ring.length; before = at, at += 2) {
    area += ring[before] * ring[at + 1] - ring[at] * ring[before + 1];
  }
  if (area >= 0) return ring;
  const turned = new Float64Array(ring.length);
  for (let at = 0; at < ring.length; at += 2) {
    turned[at] = ring[ring.length - 2 - at];
    turned[at + 1] = ring[ring.length - 1 - at];
  }
  return turned;
}

/** @param {Iterable<Float64Array>} rings @returns {Box} */
export function boxOf(rings) {
  /** @type {Box} */
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings) {
    for (let at = 0; at < ring.length; at += 2) {
      if (ring[at] < box[0]) box[0] = ring[at];
      if (ring[at] > box[2]) box[2] = ring[at];
      if (ring[at + 1] < box[1]) box[1] = ring[at + 1];
      if (ring[at + 1] > box[3]) box[3] = ring[at + 1];
    }
  }
  return box;
}

/** The box round both. @param {Box} a @param {Box} b @returns {Box} */
export function joined(a, b) {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}

/** The turns by which a thing stands in a view: none, or several where the view is wider than the world. */
/** @param {Box} box @param {Box} view @returns {number[]} */
export function turnsIn(box, view) {
  if (box[3] < view[1] || box[1] > view[3]) return [];
  const turns = [];
  for (let turn = Math.ceil(view[0] - box[2]); turn <= view[2] - box[0]; turn++) turns.push(turn);
  return turns;
}

/** Whether a thing stands in a view in any turn of the world. @param {Box} box @param {Box} view */
export function isIn(box, view) {
  if (box[3] < view[1] || box[1] > view[3]) return false;
  return Math.ceil(view[0] - box[2]) <= view[2] - box[0];
}
