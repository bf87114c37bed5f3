/**
 * The coastline: land and its shores on the map's plane, and how they are painted.
 *
 * Land rings are filled together by the even-odd rule, so a lake cut out of land stays cut out. Where the file cuts
 * land along the antimeridian there is no shore. Land round a pole is closed over the pole.
 */

import { boxOf, plane, RIM_DEG, turnsIn } from "./mercator.js";
import { nearLongitude, plainLongitude } from "./sphere.js";
import { trace } from "./trace.js";

/** @typedef {import("./mercator.js").Box} Box */
/** @typedef {import("./sphere.js").Position} Position */
/** @typedef {import("./trace.js").View} View */
/** @typedef {{land: Float64Array[], landBoxes: Box[], shores: Float64Array[], shoreBoxes: Box[]}} Coast */
/** @typedef {[number, number]} LngLat */
/** @typedef {{type: string, features?: Land[], geometry?: {type: string, coordinates: any}}} Land */

/** @param {Land} land @returns {Coast} */
export function coastOf(land) {
  /** @type {Coast} */
  const coast = { land: [], landBoxes: [], shores: [], shoreBoxes: [] };
  for (const { geometry } of land.features ?? [land]) {
    if (!geometry) continue;
    /** @type {LngLat[][][]} */
    const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
    for (const ring of polygons.flat()) {
      // Beyond the plane's rim there is nothing to be seen of it: the hole that the file leaves about the pole.
      if (ring.every(([, lat]) => Math.abs(lat) > RIM_DEG)) continue;
      const around = unwound(ring);
      coast.land.push(plane(overPole(around)));
      coast.shores.push(...shoresOf(around).map(plane));
    }
  }
  coast.landBoxes = coast.land.map((ring) => boxOf([ring]));
  coast.shoreBoxes = coast.shores.map((line) => boxOf([line]));
  return coast;
}

/**
 * @param {CanvasRenderingContext2D} context @param {View} view @param {Coast} coast
 * @param {{land: string, coast: string}} colours @param {"land"|"shores"} part @returns {Generator<void>}
 */
export function* paintCoast(context, view, coast, colours, part) {
  const [rings, boxes] = part === "land" ? [coast.land, coast.landBoxes] : [coast.shores, coast.shoreBoxes];
  context.beginPath();
  for (let at = 0; at < rings.length; at++) {
    for (const turn of turnsIn(boxes[at], view.box)) trace(context, rings[at], view, turn, part === "land");
  }
  yield;
  if (part === "land") {
    context.fillStyle = colours.land;
    context.fill("evenodd");
  } else {
    context.strokeStyle = colours.coast;
    context.lineWidth = 1;
    context.stroke();
  }
  yield;
}

/** @param {LngLat[]} ring @returns {Position[]} */
function unwound(ring) {
  let near = ring[0][0];
  return ring.map(([lng, lat]) => {
    near = nearLongitude(lng, near);
    return [lat, near];
  });
}

/** @param {Position[]} ring @returns {Position[]} */
function overPole(ring) {
  const [first, last] = [ring[0], ring[ring.length - 1]];
  if (Math.abs(last[1] - first[1]) < 180) return ring;
  const pole = Math.sign(first[0]) * 90;
  return [...ring, [pole, last[1]], [pole, first[1]]];
}

/** @param {Position[]} ring @returns {Position[][]} */
function shoresOf(ring) {
  /** @type {Position[][]} */
  const lines = [];
  let open = false;
  for (let at = 1; at < ring.length; at++) {
    const [from, to] = [ring[at - 1], ring[at]];
    const cut = (onCut(from) && onCut(to)) || (Math.abs(from[0]) > RIM_DEG && Math.abs(to[0]) > RIM_DEG);
    if (!cut && open) lines[lines.length - 1].push(to);
    else if (!cut) lines.push([from, to]);
    open = !cut;
  }
  return lines;
}

/** @param {Position} position */
function onCut([, lng]) {
  return Math.abs(Math.abs(plainLongitude(lng)) - 180) < 1e-6;
}
