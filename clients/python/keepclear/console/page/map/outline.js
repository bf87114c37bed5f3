/**
 * What an extent covers, as rings in degrees: polygons and corridors along great circles, circles and round ends.
 *
 * Never smaller than what is claimed: a curve is drawn by chords outside of it, at most 1.2 % further out. `fill` rings
 * are to be filled together by the non-zero rule; `lines` are the outline alone, without what lies inside of it.
 * Longitudes of one ring run on without a jump; a ring round a pole is closed over that pole.
 */

import { EARTH_RADIUS_M, greatCircle, nearLongitude, position, vector } from "./sphere.js";

/** @typedef {import("./sphere.js").Position} Position */
/** @typedef {import("./sphere.js").Vector} Vector */
/** @typedef {Pick<import("../types.js").Extent, "shape" | "points" | "radius_m">} Outlined */
/** @typedef {{fill: Position[][], lines: Position[][]}} Outline */

/** Great circles bulge by 26 m between points a quarter of a degree apart at 60 degrees of latitude: under a pixel. */
const STEP_DEG = 0.25;

/** Chords of 15 degrees, pushed out by 1 / cos 7.5 degrees to touch the circle in their middles: 0.9 %. */
const CHORD = Math.PI / 12;
const OUT = 1 / Math.cos(CHORD / 2);

/** Legs of a corridor up to which its outline is searched for what lies inside of it: every leg is held against all. */
const SEARCHED_LEGS = 120;

/** @param {Outlined} extent @returns {Outline} */
export function outline(extent) {
  const angle = (extent.radius_m ?? 0) / EARTH_RADIUS_M;
  if (extent.shape === "circle") return single(circle(vector(extent.points[0]), angle));
  if (extent.shape === "corridor") return corridor(extent.points, angle);
  return single(polygon(extent.points));
}

/** The line that an extent is drawn round, for where its width is not drawn. @param {Outlined} extent @returns {Position[]} */
export function core(extent) {
  const line = [extent.points[0]];
  if (extent.shape !== "corridor") return line;
  for (let at = 1; at < extent.points.length; at++) {
    const [lat, lng] = line[line.length - 1];
    const [toLat, toLng] = extent.points[at];
    const near = nearLongitude(toLng, lng);
    // Most legs are short: no need to bend them.
    if (Math.abs(toLat - lat) + Math.abs(near - lng) <= STEP_DEG) line.push([toLat, near]);
    else line.push(...greatCircle([lat, lng], [toLat, near], STEP_DEG));
  }
  return line;
}

/** @param {Position[]} ring @returns {Outline} */
function single(ring) {
  const [first, last] = [ring[0], ring[ring.length - 1]];
  if (Math.abs(last[1] - first[1]) <= 180) return { fill: [ring], lines: [[...ring, first]] };
  const pole = ring.reduce((sum, [lat]) => sum + lat, 0) > 0 ? 90 : -90;
  /** @type {Position} */
  const round = [first[0], first[1] + 360 * Math.sign(last[1] - first[1])];
  return { fill: [[...ring, round, [pole, round[1]], [pole, first[1]]]], lines: [[...ring, round]] };
}

/** @param {Position[]} points @returns {Position[]} */
function polygon(points) {
  /** @type {Position[]} */
  const ring = [points[0]];
  for (const to of [...points.slice(1), points[0]]) ring.push(...greatCircle(ring[ring.length - 1], to, STEP_DEG));
  const [lat, lng] = ring[ring.length - 1];
  // The first point again, unless a turn round a pole has made it another.
  if (lat === ring[0][0] && lng === ring[0][1]) ring.pop();
  return ring;
}

/** @param {Vector} center @param {number} angle @returns {Position[]} */
function circle(center, angle) {
  // A chord is straight in degrees and not on the globe: by so much at most, near a pole, for a circle of 300 km.
  return degrees(arc(center, side(center), 2 * Math.PI, angle * 1.002).slice(1, -1));
}

/** @param {Position[]} points @param {number} angle @returns {Outline} */
function corridor(points, angle) {
  const legs = legsOf(points);
  if (!legs.length) return single(circle(vector(points[0]), angle));
  const curve = [...along(legs, angle), ...along(legs.map(reversed).reverse(), angle)];
  const ring = degrees(curve);
  const simple = legs.length === 1 || (legs.length <= SEARCHED_LEGS && !curve.some(inside(legs, angle)));
  if (simple) return single(ring);
  const hidden = legs.length <= SEARCHED_LEGS ? curve.map(inside(legs, angle)) : curve.map(() => false);
  return {
    fill: legs.map((leg) => degrees([...along([leg], angle), ...along([reversed(leg)], angle)])),
    lines: shownRuns(ring, hidden),
  };
}

/** @typedef {{from: Vector, to: Vector, left: Vector, length: number}} Leg its great circle's pole lies to the left */

/** @param {Position[]} points @returns {Leg[]} */
function legsOf(points) {
  const legs = [];
  for (let at = 1; at < points.length; at++) {
    const from = vector(points[at - 1]);
    const to = vector(points[at]);
    const normal = cross(from, to);
    const sine = Math.hypot(...normal);
    if (sine > 1e-12) legs.push({ from, to, left: scaled(normal, 1 / sine), length: Math.atan2(sine, dot(from, to)) });
  }
  return legs;
}

/** @param {Leg} leg @returns {Leg} */
function reversed(leg) {
  return { from: leg.to, to: leg.from, left: scaled(leg.left, -1), length: leg.length };
}

/**
 * The right side of all legs and the round end after the last, as points on the sphere.
 * @param {Leg[]} legs @param {number} angle @returns {Vector[]}
 */
function along(legs, angle) {
  /** @type {Vector[]} */
  const points = [];
  legs.forEach((leg, index) => {
    const before = legs[index - 1];
    const after = legs[index + 1];
    const right = scaled(leg.left, -1);
    if (!before || turn(before, leg) >= 0 || !mitred(before, leg, angle)) points.push(moved(leg.from, right, angle));
    const parts = Math.ceil(leg.length / (STEP_DEG * (Math.PI / 180)));
    const forward = cross(leg.left, leg.from);
    for (let part = 1; part < parts; part++) {
      points.push(moved(moved(leg.from, forward, (leg.length * part) / parts), right, angle));
    }
    if (!after) points.push(...arc(leg.to, right, Math.PI, angle));
    else if (turn(leg, after) >= 0) points.push(...arc(leg.to, right, turn(leg, after), angle));
    else if (mitred(leg, after, angle)) points.push(inner(leg, after, angle));
    else points.push(moved(leg.to, right, angle));
  });
  return points;
}

/** The turn to the left from one leg into the next, in radians. @param {Leg} leg @param {Leg} next @returns {number} */
function turn(leg, next) {
  return Math.atan2(dot(cross(leg.left, next.left), leg.to), dot(leg.left, next.left));
}

/** Whether both legs reach as far as where their inner sides meet. @param {Leg} leg @param {Leg} next @param {number} angle */
function mitred(leg, next, angle) {
  return Math.tan(Math.abs(turn(leg, next)) / 2) * angle <= Math.min(leg.length, next.length);
}

/** Where the right sides of two legs meet that turn to the right. @param {Leg} leg @param {Leg} next @param {number} angle */
function inner(leg, next, angle) {
  const middle = unit([leg.left[0] + next.left[0], leg.left[1] + next.left[1], leg.left[2] + next.left[2]]);
  return moved(leg.to, scaled(middle, -1), Math.atan(Math.tan(angle) / Math.cos(turn(leg, next) / 2)));
}

/**
 * Points about `center` from the direction `start` on, turning left; chords of them lie outside of the arc.
 * @param {Vector} center @param {Vector} start @param {number} turned @param {number} angle @returns {Vector[]}
 */
function arc(center, start, turned, angle) {
  const parts = Math.ceil(turned / CHORD - 1e-9);
  const points = [moved(center, start, angle)];
  const ahead = cross(center, start);
  const out = parts ? 1 / Math.cos(turned / parts / 2) : OUT;
  for (let part = 0; part < parts; part++) {
    // Corners in the middles of the parts: each chord between two of them touches the arc.
    const a = (turned * (part + 0.5)) / parts;
    const towards = [0, 1, 2].map((k) => Math.cos(a) * start[k] + Math.sin(a) * ahead[k]);
    points.push(moved(center, /** @type {Vector} */ (towards), Math.atan(Math.tan(angle) * out)));
  }
  const last = [0, 1, 2].map((k) => Math.cos(turned) * start[k] + Math.sin(turned) * ahead[k]);
  points.push(moved(center, /** @type {Vector} */ (last), angle));
  return points;
}

/** Whether a point of the curve lies nearer to a leg than the curve does: inside, so no part of the outline. */
/** @param {Leg[]} legs @param {number} angle @returns {(point: Vector) => boolean} */
function inside(legs, angle) {
  const near = angle * (1 - 1e-4);
  return (point) => legs.some((leg) => distance(point, leg) < near);
}

/** @param {Vector} point @param {Leg} leg @returns {number} */
function distance(point, leg) {
  const forward = dot(point, cross(leg.left, leg.from));
  const behindEnd = dot(point, cross(leg.to, leg.left));
  if (forward > 0 && behindEnd > 0) return Math.abs(Math.asin(clamped(dot(point, leg.left))));
  return Math.min(apart(point, leg.from), apart(point, leg.to));
}

/** @param {Position[]} ring @param {boolean[]} hidden @returns {Position[][]} */
function shownRuns(ring, hidden) {
  /** @type {Position[][]} */
  const runs = [];
  for (let at = 0; at < ring.length; at++) {
    const next = (at + 1) % ring.length;
    if (hidden[at] || hidden[next]) continue;
    const run = runs[runs.length - 1];
    if (run && run[run.length - 1] === ring[at]) run.push(ring[next]);
    else runs.push([ring[at], ring[next]]);
  }
  return runs;
}

/** @param {Vector[]} points @returns {Position[]} */
function degrees(points) {
  let near = position(points[0])[1];
  return points.map((point) => {
    const [lat, lng] = position(point);
    near = nearLongitude(lng, near);
    return [lat, near];
  });
}

/** @param {Vector} from @param {Vector} towards @param {number} angle @returns {Vector} */
function moved(from, towards, angle) {
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  return [from[0] * c + towards[0] * s, from[1] * c + towards[1] * s, from[2] * c + towards[2] * s];
}

/** A direction from a point: eastward, or any at a pole. @param {Vector} point @returns {Vector} */
function side(point) {
  const east = Math.hypot(point[0], point[1]);
  return east < 1e-12 ? [1, 0, 0] : [-point[1] / east, point[0] / east, 0];
}

/** @param {Vector} a @param {Vector} b @returns {Vector} */
function cross(a, b) {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** @param {Vector} a @param {Vector} b @returns {number} */
function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** @param {Vector} a @param {number} by @returns {Vector} */
function scaled(a, by) {
  return [a[0] * by, a[1] * by, a[2] * by];
}

/** @param {Vector} a @returns {Vector} */
function unit(a) {
  return scaled(a, 1 / (Math.hypot(...a) || 1));
}

/** @param {Vector} a @param {Vector} b @returns {number} */
function apart(a, b) {
  return Math.atan2(Math.hypot(...cross(a, b)), dot(a, b));
}

/** @param {number} sine @returns {number} */
function clamped(sine) {
  return Math.max(-1, Math.min(1, sine));
}
