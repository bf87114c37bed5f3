/** What lies at a place of the map: volumes of the scene's time, and conflicts whose mark or meeting is there. Pure. */

import { planeX, planeY } from "./mercator.js";
import { outlineOf, shapeOf } from "./shapes.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./scene.js").Clash} Clash */
/** @typedef {import("./scene.js").Volume} Volume */
/** @typedef {import("./sphere.js").Position} Position */

/** Volumes over a place and time, one of each notice. @param {Scene} scene @param {Position} position @returns {Volume[]} */
export function volumesAt(scene, [lat, lng]) {
  const [x, y] = [planeX(lng), planeY(lat)];
  /** @type {Map<string, Volume>} */
  const found = new Map();
  for (const volume of scene.flown) {
    if (!found.has(volume.id) && covers(volume.extent, x, y)) found.set(volume.id, volume);
  }
  return [...found.values()];
}

/** The conflict nearest to a place, within a reach in units of the plane. */
/** @param {Scene} scene @param {Position} position @param {number} reach @returns {Clash|null} */
export function clashAt(scene, [lat, lng], reach) {
  const [x, y] = [planeX(lng), planeY(lat)];
  let nearest = null;
  let least = reach;
  for (const clash of scene.clashes) {
    if (!clash.where) continue;
    const across = planeX(clash.where[1]) - x;
    const away = Math.hypot(across - Math.round(across), planeY(clash.where[0]) - y);
    // The first of several at one place is the worst.
    if (away < least) [nearest, least] = [clash, away];
  }
  return nearest;
}

/** @param {import("./scene.js").Extent} extent @param {number} x @param {number} y */
function covers(extent, x, y) {
  const shape = shapeOf(extent);
  const near = x + Math.round((shape.box[0] + shape.box[2]) / 2 - x);
  if (near < shape.box[0] || near > shape.box[2] || y < shape.box[1] || y > shape.box[3]) return false;
  return outlineOf(extent).fill.some((ring) => winds(ring, near, y));
}

/** Whether a ring winds round a point. @param {Float64Array} ring @param {number} x @param {number} y */
function winds(ring, x, y) {
  let turns = 0;
  for (let at = 0, before = ring.length - 2; at < ring.length; before = at, at += 2) {
    const side = (ring[at] - ring[before]) * (y - ring[before + 1]) - (x - ring[before]) * (ring[at + 1] - ring[before + 1]);
    if (ring[before + 1] <= y && y < ring[at + 1] && side > 0) turns++;
    if (ring[at + 1] <= y && y < ring[before + 1] && side < 0) turns--;
  }
  return turns !== 0;
}
