/**
 * An extent's shape on the map's plane, made once for each extent and kept as long as the extent is.
 *
 * `fill` rings turn the one way, so that overlapping ones are filled as one; all rings of a shape stand in one turn of
 * the world. `middle` is where a label goes.
 */

import { boxOf, joined, oneWay, plane } from "./mercator.js";
import { core, outline } from "./outline.js";

/** @typedef {import("./mercator.js").Box} Box */
/** @typedef {Pick<import("../types.js").Extent, "shape" | "points" | "radius_m">} Drawn what of an extent is drawn on a map */
/** @typedef {{fill: Float64Array[], lines: Float64Array[], core: Float64Array, box: Box, middle: [number, number]}} Shape */

/** @type {WeakMap<object, Shape>} */
const made = new WeakMap();

/** @param {Drawn} extent @returns {Shape} */
export function shapeOf(extent) {
  const known = made.get(extent);
  if (known) return known;
  const { fill, lines } = outline(extent);
  const rings = fill.map((ring) => oneWay(plane(ring)));
  const start = rings[0][0];
  for (const ring of rings) beside(ring, start);
  const middleLine = beside(plane(core(extent)), start);
  const box = boxOf(rings);
  const at = 2 * Math.floor(middleLine.length / 4);
  /** @type {Shape} */
  const shape = {
    fill: rings,
    lines: lines.map((line) => beside(plane(line), start)),
    core: middleLine,
    box,
    middle: extent.shape === "polygon" ? [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] : [middleLine[at], middleLine[at + 1]],
  };
  made.set(extent, shape);
  return shape;
}

/** The box round all extents, or null of none. @param {Drawn[]} extents @returns {Box|null} */
export function boxRound(extents) {
  /** @type {Box|null} */
  let round = null;
  for (const extent of extents) {
    const { box } = shapeOf(extent);
    // Extents on both sides of the antimeridian lie together, not a world apart.
    const turn = round ? Math.round((round[0] + round[2] - box[0] - box[2]) / 2) : 0;
    /** @type {Box} */
    const near = [box[0] + turn, box[1], box[2] + turn, box[3]];
    round = round ? joined(round, near) : near;
  }
  return round;
}

/** @param {Float64Array} ring @param {number} start @returns {Float64Array} */
function beside(ring, start) {
  const turn = Math.round(start - ring[0]);
  if (turn) for (let at = 0; at < ring.length; at += 2) ring[at] += turn;
  return ring;
}
