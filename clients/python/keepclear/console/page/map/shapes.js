/**
 * An extent's shape on the map's plane, made once for each extent and kept as long as the extent is.
 *
 * What is cheap is made at first sight: a box round it, its core line, the middle where a label goes. The outline is
 * made when it is drawn: of thousands of volumes most are never seen so near. `fill` rings turn the one way, so that
 * overlapping ones are filled as one; all of a shape stands in one turn of the world.
 */

import { boxOf, joined, oneWay, plane } from "./mercator.js";
import { core, outline } from "./outline.js";
import { EARTH_RADIUS_M } from "./sphere.js";

/** @typedef {import("./mercator.js").Box} Box */
/** @typedef {Pick<import("../types.js").Extent, "shape" | "points" | "radius_m">} Drawn what of an extent is drawn on a map */
/** @typedef {{fill: Float64Array[], lines: Float64Array[]}} Outline */
/** @typedef {{core: Float64Array, box: Box, middle: [number, number], half: number}} Shape `half`: its half width on the plane */

/** @type {WeakMap<object, Shape>} */
const shapes = new WeakMap();

/** @type {WeakMap<object, Outline>} */
const outlines = new WeakMap();

/** @param {Drawn} extent @returns {Shape} */
export function shapeOf(extent) {
  let shape = shapes.get(extent);
  if (!shape) {
    shape = extent.shape === "polygon" ? polygonShape(extent) : roundShape(extent);
    shapes.set(extent, shape);
  }
  return shape;
}

/** @param {Drawn} extent @returns {Outline} */
export function outlineOf(extent) {
  let made = outlines.get(extent);
  if (!made) {
    const { core: line } = shapeOf(extent);
    made = flat(extent, line[0]);
    outlines.set(extent, made);
  }
  return made;
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

/** @param {Drawn} extent @returns {Shape} */
function polygonShape(extent) {
  const made = flat(extent, plane([extent.points[0]])[0]);
  outlines.set(extent, made);
  const box = boxOf(made.fill);
  return { core: made.lines[0], box, middle: [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2], half: 0 };
}

/** @param {Drawn} extent @returns {Shape} */
function roundShape(extent) {
  const points = core(extent);
  const line = plane(points);
  const angle = (extent.radius_m ?? 0) / EARTH_RADIUS_M;
  const highest = points.reduce((most, [lat]) => Math.max(most, Math.abs(lat)), 0) * (Math.PI / 180) + angle;
  // On the plane a length grows as one over the cosine of the latitude; round a pole it goes all the way round.
  const half = highest < 1.48 ? angle / (2 * Math.PI * Math.cos(highest)) : 0.5;
  const [left, top, right, bottom] = boxOf([line]);
  const at = 2 * Math.floor(line.length / 4);
  return { core: line, box: [left - half, top - half, right + half, bottom + half], middle: [line[at], line[at + 1]], half };
}

/** @param {Drawn} extent @param {number} start @returns {Outline} */
function flat(extent, start) {
  const { fill, lines } = outline(extent);
  return {
    fill: fill.map((ring) => beside(oneWay(plane(ring)), start)),
    lines: lines.map((line) => beside(plane(line), start)),
  };
}

/** @param {Float64Array} ring @param {number} start @returns {Float64Array} */
function beside(ring, start) {
  const turn = Math.round(start - ring[0]);
  if (turn) for (let at = 0; at < ring.length; at += 2) ring[at] += turn;
  return ring;
}
