/**
 * Rings and lines of the plane put into a canvas path, with no more points than can be seen.
 *
 * Points nearer than most of a pixel to the last one are left out, and so are those between two others that lie beyond
 * the same edge of the view: what is filled or drawn inside of the view stays what it was.
 */

/** @typedef {import("./mercator.js").Box} Box */

/**
 * What is being painted: a piece of the plane on a canvas. `scale` is pixels for the width of the world.
 * @typedef {{box: Box, left: number, top: number, scale: number, zoom: number, ratio: number}} View
 */

/** Pixels by which a point must differ from the last one to be seen. */
const FINE_PX = 0.7;

/**
 * @param {CanvasPath} path @param {Float64Array} ring @param {View} view @param {number} turn @param {boolean} closed
 */
export function trace(path, ring, view, turn, closed) {
  const { left, top, scale, box } = view;
  const shift = turn - left;
  const last = ring.length - 2;
  let open = false;
  let drawnX = 0;
  let drawnY = 0;
  let keptSides = 0;
  let nextSides = sides(ring[0] + turn, ring[1], box);
  for (let at = 0; at <= last; at += 2) {
    const here = nextSides;
    if (at < last) nextSides = sides(ring[at + 2] + turn, ring[at + 3], box);
    const x = (ring[at] + shift) * scale;
    const y = (ring[at + 1] - top) * scale;
    if (!open) {
      path.moveTo(x, y);
      open = true;
    } else if (at < last) {
      if (keptSides & here & nextSides) continue;
      if (Math.abs(x - drawnX) < FINE_PX && Math.abs(y - drawnY) < FINE_PX) continue;
      path.lineTo(x, y);
    } else path.lineTo(x, y);
    drawnX = x;
    drawnY = y;
    keptSides = here;
  }
  if (closed) path.closePath();
}

/** The edges of the view that a point lies beyond, one bit each. @param {number} x @param {number} y @param {Box} box */
function sides(x, y, box) {
  return (x < box[0] ? 1 : x > box[2] ? 2 : 0) | (y < box[1] ? 4 : y > box[3] ? 8 : 0);
}
