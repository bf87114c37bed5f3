// Geometry on the sphere of: unit vectors, arcs below a quarter of a turn, and distances in metres.
// Formulas work on differences of vectors, so that what is close is told to a nanometre.

export const RADIUS_M = 6_371_010;

const sub = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const chord = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
const unit = (a) => {
  const length = Math.hypot(...a);
  return [a[0] / length, a[1] / length, a[2] / length];
};

/** The unit vector of a position in degrees. A pole has one longitude and the antimeridian one sign. */
export function pointOf(lat, lng) {
  if (Math.abs(lat) === 90) return [0, 0, Math.sign(lat)];
  const [phi, lambda] = [(lat * Math.PI) / 180, ((lng === -180 ? 180 : lng) * Math.PI) / 180];
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)];
}

const fromChord = (length) => 2 * RADIUS_M * Math.asin(Math.min(1, length / 2));

/** Metres over the sphere between two points. */
export const between = (a, b) => fromChord(chord(a, b));

/** The chord from `p` to the nearest point of the arc from `a` to `b`. */
function chordToArc(p, a, b) {
  const e = sub(b, a);
  const w = sub(p, a);
  const ee = dot(e, e);
  const ww = dot(w, w);
  const along = dot(w, e) - (ee * ww) / 4;
  const front = 1 - ww / 2 + (dot(w, e) - ee / 2) / 2;
  const t = along / (ee * front);
  if (!(front > 0) || !(t > 0 && t < 1)) return Math.min(Math.sqrt(ww), chord(p, b));
  return chord(p, unit([a[0] + t * e[0], a[1] + t * e[1], a[2] + t * e[2]]));
}

/** The sign of the volume that three unit vectors span, from differences to the last of them. */
const turn = (a, b, c) => dot(cross(sub(a, c), sub(b, c)), c);

/** Whether the arcs cross in one point inside both. Where they only touch, distances tell it. */
export function arcsCross(a, b, c, d) {
  const acb = -turn(a, b, c);
  const bda = turn(a, b, d);
  if (acb * bda <= 0) return false;
  return acb * -turn(c, d, b) > 0 && acb * turn(c, d, a) > 0;
}

/** The greatest chord-wise bound of a chain of points: its middle and radius, to pass over what is far away. */
function ball(points) {
  const low = [0, 1, 2].map((axis) => points.reduce((least, point) => Math.min(least, point[axis]), Infinity));
  const high = [0, 1, 2].map((axis) => points.reduce((most, point) => Math.max(most, point[axis]), -Infinity));
  const middle = [0, 1, 2].map((axis) => (low[axis] + high[axis]) / 2);
  return { middle, radius: chord(low, high) / 2 };
}

/**
 * A core: `points`, `arcs` between them (closed for a ring), and for a ring what tells its inside: the frame of the
 * middle of its box, from which its edges are straight lines.
 */
export function coreOf(points, ring) {
  const arcs = points.slice(1).map((point, index) => [points[index], point]);
  if (ring) arcs.push([points.at(-1), points[0]]);
  const { middle } = ball(points);
  const balls = arcs.map((arc) => ball(arc));
  const core = { points, arcs, ring, balls, middle };
  if (ring) {
    const up = unit(middle);
    const side = unit(cross(up, Math.abs(up[2]) < 0.7 ? [0, 0, 1] : [1, 0, 0]));
    core.frame = [up, side, cross(up, side)];
    core.flat = points.map((point) => flatten(core.frame, point));
  }
  return core;
}

function flatten([up, side, ahead], point) {
  const front = dot(up, point);
  return [dot(side, point) / front, dot(ahead, point) / front];
}

/** Whether a point is inside a ring; near its edge either answer will do. */
export function inside(core, point) {
  if (dot(core.frame[0], point) <= 0) return false;
  const [x, y] = flatten(core.frame, point);
  let odd = false;
  core.flat.forEach(([x2, y2], index) => {
    const [x1, y1] = core.flat.at(index - 1);
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) odd = !odd;
  });
  return odd;
}

/** Metres over the sphere between two cores; 0 where they meet. */
export function distance(one, two) {
  if (one.ring && inside(one, two.points[0])) return 0;
  if (two.ring && inside(two, one.points[0])) return 0;
  let least = chord(one.points[0], two.points[0]);
  const arcsOf = (core) => (core.arcs.length ? core.arcs : [[core.points[0], core.points[0]]]);
  const ballsOf = (core) => (core.arcs.length ? core.balls : [{ middle: core.points[0], radius: 0 }]);
  const [ones, twos, onesBalls, twosBalls] = [arcsOf(one), arcsOf(two), ballsOf(one), ballsOf(two)];
  for (let i = 0; i < ones.length; i += 1) {
    const [a, b] = ones[i];
    for (let j = 0; j < twos.length; j += 1) {
      // An arc bulges out of the ball of its ends by its sagitta, below its radius squared.
      const reach = onesBalls[i].radius * (1 + onesBalls[i].radius) + twosBalls[j].radius * (1 + twosBalls[j].radius);
      if (chord(onesBalls[i].middle, twosBalls[j].middle) - reach > least) continue;
      const [c, d] = twos[j];
      if (a !== b && c !== d && arcsCross(a, b, c, d)) return 0;
      least = Math.min(least, chordToArc(a, c, d), chordToArc(b, c, d), chordToArc(c, a, b), chordToArc(d, a, b));
    }
  }
  return fromChord(least);
}

/** Whether arcs of a ring cross, or a vertex comes within `metres` of an arc that does not end in it. */
export function touchesItself({ arcs, balls }, metres) {
  const near = 2 * Math.sin(metres / RADIUS_M / 2);
  const count = arcs.length;
  for (let i = 0; i < count; i += 1) {
    const [a, b] = arcs[i];
    const [, next] = arcs[(i + 1) % count];
    if (chordToArc(next, a, b) < near || chordToArc(a, b, next) < near) return true;
    for (let j = i + 2; j < count; j += 1) {
      if (i === 0 && j === count - 1) continue;
      const reach = balls[i].radius * (1 + balls[i].radius) + balls[j].radius * (1 + balls[j].radius) + near;
      if (chord(balls[i].middle, balls[j].middle) > reach) continue;
      const [c, d] = arcs[j];
      if (arcsCross(a, b, c, d)) return true;
      if (Math.min(chordToArc(a, c, d), chordToArc(b, c, d), chordToArc(c, a, b), chordToArc(d, a, b)) < near)
        return true;
    }
  }
  return false;
}
