/**
 * Directions and distances on the sphere, the one of cli/reference.py: what the map says by voice is what the board says.
 *
 * Within 0.6 % and 0.3 degrees of the ellipsoid's: enough to find a place by voice or to draw it. No conflict is judged
 * by it. Positions are [latitude, longitude] in degrees; a longitude may lie outside of -180 to 180.
 */

/** @typedef {[number, number]} Position */
/** @typedef {[number, number, number]} Vector */

export const EARTH_RADIUS_M = 6_371_010;
export const MILE_M = 1852;

const RADIANS = Math.PI / 180;

/** @param {Position} position @returns {Vector} */
export function vector([lat, lng]) {
  const flat = Math.cos(lat * RADIANS);
  return [flat * Math.cos(lng * RADIANS), flat * Math.sin(lng * RADIANS), Math.sin(lat * RADIANS)];
}

/** @param {Vector} vector @returns {Position} */
export function position([x, y, z]) {
  return [Math.atan2(z, Math.hypot(x, y)) / RADIANS, Math.atan2(y, x) / RADIANS];
}

/** The longitude within half a turn of another one. @param {number} lng @param {number} near @returns {number} */
export function nearLongitude(lng, near) {
  return lng - 360 * Math.round((lng - near) / 360);
}

/** The longitude as it is read out, from -180 to 180. @param {number} lng @returns {number} */
export function plainLongitude(lng) {
  return nearLongitude(lng, 0);
}

/**
 * True bearing in degrees, 0 to below 360, and range in metres from one position to another.
 * @param {Position} from @param {Position} to @returns {{bearing_deg: number, range_m: number}}
 */
export function bearingRange(from, to) {
  const a = from[0] * RADIANS;
  const b = to[0] * RADIANS;
  const across = (to[1] - from[1]) * RADIANS;
  const east = Math.sin(across) * Math.cos(b);
  const north = Math.cos(a) * Math.sin(b) - Math.sin(a) * Math.cos(b) * Math.cos(across);
  const along = Math.sin(a) * Math.sin(b) + Math.cos(a) * Math.cos(b) * Math.cos(across);
  return {
    bearing_deg: (Math.atan2(east, north) / RADIANS + 360) % 360,
    range_m: EARTH_RADIUS_M * Math.atan2(Math.hypot(east, north), along),
  };
}

/**
 * Where one is after a range along the great circle that leaves at a bearing; its longitude is near the start's.
 * @param {Position} from @param {number} bearing_deg @param {number} range_m @returns {Position}
 */
export function destination(from, bearing_deg, range_m) {
  const a = from[0] * RADIANS;
  const turn = bearing_deg * RADIANS;
  const far = range_m / EARTH_RADIUS_M;
  const north = Math.cos(far) * Math.cos(a) - Math.sin(far) * Math.sin(a) * Math.cos(turn);
  const east = Math.sin(far) * Math.sin(turn);
  const up = Math.cos(far) * Math.sin(a) + Math.sin(far) * Math.cos(a) * Math.cos(turn);
  const lng = from[1] + Math.atan2(east, north) / RADIANS;
  return [Math.atan2(up, Math.hypot(east, north)) / RADIANS, lng];
}

/**
 * The points of the great circle from one position to another: the first without, the last with, none further apart
 * than `step_deg`. Longitudes run on from the first one's, so that a line over the antimeridian has no jump.
 * @param {Position} from @param {Position} to @param {number} step_deg @returns {Position[]}
 */
export function greatCircle(from, to, step_deg) {
  const a = vector(from);
  const b = vector(to);
  const angle = Math.atan2(Math.hypot(...cross(a, b)), dot(a, b));
  const parts = Math.max(1, Math.ceil(angle / RADIANS / step_deg));
  /** @type {Position[]} */
  const points = [];
  let last = from[1];
  for (let part = 1; part <= parts; part++) {
    const share = part / parts;
    // Near the ends of one point or of opposite ones the weights would divide by nothing.
    const sine = Math.sin(angle);
    const [p, q] =
      sine < 1e-12 ? [1 - share, share] : [Math.sin((1 - share) * angle) / sine, Math.sin(share * angle) / sine];
    const [lat, lng] = part === parts ? to : position([p * a[0] + q * b[0], p * a[1] + q * b[1], p * a[2] + q * b[2]]);
    last = nearLongitude(lng, last);
    points.push([lat, last]);
  }
  return points;
}

/** @param {Vector} a @param {Vector} b @returns {Vector} */
function cross(a, b) {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** @param {Vector} a @param {Vector} b @returns {number} */
function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
