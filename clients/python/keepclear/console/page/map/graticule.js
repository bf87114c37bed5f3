/**
 * Meridians and parallels at round degrees, each named once at the rim of what is painted of it.
 *
 * Names are drawn where the lines meet the grid's own middle lines, so that some can be read wherever one looks.
 */

import { globe, planeX, planeY, RIM_DEG } from "./mercator.js";
import { graticuleStep } from "./scale.js";
import { plainLongitude } from "./sphere.js";

/** @typedef {import("./trace.js").View} View */

const APART_PX = 130;

/** @param {CanvasRenderingContext2D} context @param {View} view @param {{grid: string, quiet: string, face: string}} colours */
export function paintGraticule(context, view, colours) {
  const step = graticuleStep(view.scale, APART_PX);
  const [south, west] = globe(view.box[0], Math.min(1, view.box[3]));
  const [north, east] = globe(view.box[2], Math.max(0, view.box[1]));
  const meridians = steps(west, east, step);
  const parallels = steps(Math.max(south, -RIM_DEG), Math.min(north, RIM_DEG), step);
  const x = (/** @type {number} */ lng) => (planeX(lng) - view.left) * view.scale;
  const y = (/** @type {number} */ lat) => (planeY(lat) - view.top) * view.scale;
  context.beginPath();
  for (const lng of meridians) {
    context.moveTo(x(lng), y(north));
    context.lineTo(x(lng), y(south));
  }
  for (const lat of parallels) {
    context.moveTo(x(west), y(lat));
    context.lineTo(x(east), y(lat));
  }
  context.strokeStyle = colours.grid;
  context.lineWidth = 1;
  context.stroke();
  context.fillStyle = colours.quiet;
  context.globalAlpha = 0.75;
  context.font = `11px ${colours.face}`;
  context.direction = "ltr";
  context.textAlign = "left";
  meridians.forEach((lng, column) => {
    parallels.forEach((lat, row) => {
      // On every second crossing both names: near enough anywhere, and out of the way of what flies.
      if ((column + row) % 2) return;
      context.fillText(`${degrees(lat, "NS", step)} ${degrees(plainLongitude(lng), "EW", step)}`, x(lng) + 3, y(lat) - 3);
    });
  });
  context.globalAlpha = 1;
}

/** @param {number} from @param {number} to @param {number} step @returns {number[]} */
function steps(from, to, step) {
  const values = [];
  // Counted in whole steps: adding a third of a degree again and again drifts.
  for (let count = Math.ceil(from / step); count * step <= to; count++) values.push(count * step);
  return values;
}

/** Degrees, with minutes and seconds where the step has them. @param {number} value @param {string} sides @param {number} step */
export function degrees(value, sides, step) {
  const seconds = Math.round(Math.abs(value) * 3600);
  const side = seconds === 0 || seconds === 648000 ? "" : sides[value < 0 ? 1 : 0];
  const whole = `${Math.floor(seconds / 3600)}\u00b0`;
  if (step >= 1) return whole + side;
  const minutes = `${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")}\u2032`;
  if (step >= 1 / 60) return whole + minutes + side;
  return `${whole}${minutes}${String(seconds % 60).padStart(2, "0")}\u2033${side}`;
}
