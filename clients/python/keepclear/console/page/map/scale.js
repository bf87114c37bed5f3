/** Round figures for what is drawn at a scale: range rings and the scale bar in miles, the graticule in degrees. Pure. */

import { EARTH_RADIUS_M, MILE_M } from "./sphere.js";

/** Degrees between lines of the graticule: whole fractions of a degree, as minutes are read. */
const GRATICULE_DEG = [30, 15, 10, 5, 2, 1, 0.5, 1 / 3, 1 / 6, 1 / 12, 1 / 30, 1 / 60, 1 / 120, 1 / 360];

/** The largest of 1, 2 and 5 times a power of ten that is not above `most`. @param {number} most @returns {number} */
export function roundBelow(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  const digit = most / power;
  // Of 1e-9, so that 5.000000001 / 1e3 is not 4.
  return [5, 2, 1].map((step) => step * power).find((step) => step <= most * (1 + 1e-9)) ?? power * Math.floor(digit);
}

/** Metres on the ground for a pixel, where the world is `scale` pixels wide. @param {number} lat @param {number} scale */
export function metresPerPixel(lat, scale) {
  return (2 * Math.PI * EARTH_RADIUS_M * Math.cos((lat * Math.PI) / 180)) / scale;
}

/** Radii in metres of range rings, at round miles, of which the last is not beyond `reach_m`. */
/** @param {number} reach_m @returns {number[]} */
export function ringRadii(reach_m) {
  const step = roundBelow(reach_m / MILE_M / 3);
  const count = Math.max(1, Math.min(6, Math.floor((reach_m / MILE_M + 1e-9) / step)));
  return Array.from({ length: count }, (_, at) => (at + 1) * step * MILE_M);
}

/** Degrees between graticule lines that are about `apart_px` apart. @param {number} scale @param {number} apart_px */
export function graticuleStep(scale, apart_px) {
  const least = (apart_px / scale) * 360;
  return GRATICULE_DEG.findLast((step) => step >= least) ?? GRATICULE_DEG[0];
}

/** A range in miles without needless digits: "0.5", "20". @param {number} metres @returns {string} */
export function miles(metres) {
  return String(Number((metres / MILE_M).toPrecision(3)));
}
