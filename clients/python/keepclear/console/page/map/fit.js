/** Where the map must stand for a box of the plane to be seen whole, with room about it. Pure. */

/** @typedef {import("./mercator.js").Box} Box */

/** Nearer than this nothing is fitted: half-widths are hundreds of metres, and the coast says nothing any more. */
const CLOSEST = 12;

/** As near as one can go by hand: a pixel is two metres. */
export const CLOSEST_EVER = 16;
export const FARTHEST = 2;

/** Share of the view that stays free on each side. */
const FREE = 0.12;

/** Zoom steps: fractions, so that what is fitted fills the view. */
export const SNAP = 0.25;

/** @param {Box} box @param {{width: number, height: number}} size in pixels @returns {{zoom: number, x: number, y: number}} */
export function fitted(box, size) {
  const wide = Math.max(box[2] - box[0], 1e-9);
  const high = Math.max(box[3] - box[1], 1e-9);
  const scale = Math.min((size.width * (1 - 2 * FREE)) / wide, (size.height * (1 - 2 * FREE)) / high);
  const zoom = Math.floor(Math.log2(scale / 256) / SNAP) * SNAP;
  return {
    zoom: Math.max(FARTHEST, Math.min(CLOSEST, zoom)),
    x: (box[0] + box[2]) / 2,
    y: (box[1] + box[3]) / 2,
  };
}
