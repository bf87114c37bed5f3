/**
 * A party's own chart in GeoJSON taken apart into strokes: whatever the file holds, only numbers and short names remain.
 *
 * What is no geometry, or has a coordinate that is no place, is left out and counted. Nothing of a file is ever markup.
 */

import { planeX, planeY } from "./mercator.js";
import { nearLongitude } from "./sphere.js";
import { AREA, Collector, LINE, POINT } from "./strokes.js";

/** @typedef {{strokes: import("./strokes.js").Strokes, full: boolean, unread: number}} Taken */

/** Points of a chart that are drawn: a repaint of so many takes a few tenths of a second, in slices. */
const MOST_POINTS = 1_500_000;

/** Collections within collections; a chart has one or two. */
const MOST_DEPTH = 16;

const NAME_LETTERS = 24;

/** @param {unknown} file @returns {Taken} */
export function takenApart(file) {
  const collector = new Collector(MOST_POINTS);
  const lost = { count: 0 };
  /** @type {{areas: unknown[], lines: unknown[], points: {place: unknown, name: string}[]}} */
  const found = { areas: [], lines: [], points: [] };
  walk(file, "", 0, found, lost);
  for (const [kind, lines] of /** @type {const} */ ([[AREA, found.areas], [LINE, found.lines]])) {
    for (const line of lines) {
      const flat = flatOf(line);
      if (flat && flat.length >= 4) collector.add(kind, flat);
      else lost.count++;
    }
  }
  // Points last: their names are counted from the first of them.
  for (const { place, name } of found.points) {
    const flat = flatOf([place]);
    if (flat) collector.add(POINT, flat, name);
    else lost.count++;
  }
  return { strokes: collector.strokes(), full: collector.full, unread: lost.count };
}

/**
 * @param {any} thing @param {string} name @param {number} depth
 * @param {{areas: unknown[], lines: unknown[], points: {place: unknown, name: string}[]}} found @param {{count: number}} lost
 */
function walk(thing, name, depth, found, lost) {
  const { type, coordinates } = Object(thing);
  const list = (/** @type {any} */ value) => (Array.isArray(value) ? value : []);
  if (depth > MOST_DEPTH) lost.count++;
  else if (type === "FeatureCollection") for (const one of list(thing.features)) walk(one, "", depth + 1, found, lost);
  else if (type === "Feature") walk(thing.geometry, nameOf(thing.properties), depth + 1, found, lost);
  else if (type === "GeometryCollection") for (const one of list(thing.geometries)) walk(one, name, depth + 1, found, lost);
  else if (type === "Point") found.points.push({ place: coordinates, name });
  else if (type === "MultiPoint") for (const place of list(coordinates)) found.points.push({ place, name });
  else if (type === "LineString") found.lines.push(coordinates);
  else if (type === "MultiLineString") for (const line of list(coordinates)) found.lines.push(line);
  else if (type === "Polygon") for (const ring of list(coordinates)) found.areas.push(ring);
  else if (type === "MultiPolygon") for (const ring of list(coordinates).flatMap(list)) found.areas.push(ring);
  else if (thing !== null) lost.count++;
}

/** @param {any} properties @returns {string} */
function nameOf(properties) {
  const name = Object(properties).name;
  return typeof name === "string" ? name.slice(0, NAME_LETTERS) : "";
}

/** @param {unknown} line @returns {Float64Array|null} */
function flatOf(line) {
  if (!Array.isArray(line) || !line.length) return null;
  const flat = new Float64Array(line.length * 2);
  let near = Number(line[0]?.[0]);
  for (let at = 0; at < line.length; at++) {
    const [lng, lat] = Array.isArray(line[at]) ? line[at] : [];
    if (typeof lng !== "number" || typeof lat !== "number" || Math.abs(lng) > 540 || Math.abs(lat) > 90) return null;
    near = nearLongitude(lng, near);
    flat[2 * at] = planeX(near);
    flat[2 * at + 1] = planeY(lat);
  }
  return flat;
}
