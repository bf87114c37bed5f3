/**
 * The cross-hair that the keyboard moves, and the line to it from the point that bearing and range are told from.
 *
 * Both stand in the map and move with it. The cross-hair takes the map along where it leaves the view, so that it can
 * always be seen.
 */

import { crosshair, origin, pointer } from "./aids.js";
import { effect } from "../vendor/signals.js";
import { greatCircle, nearLongitude } from "./sphere.js";

/** @typedef {import("./chart.js").Chart} Chart */
/** @typedef {import("./sphere.js").Position} Position */

const SVG = "http://www.w3.org/2000/svg";

/** Pixels of the view's rim that the cross-hair keeps away from. */
const RIM_PX = 40;

/** Show both; returns what ends that. @param {Chart} chart @returns {() => void} */
export function showCrosshair(chart) {
  const pane = chart.map.createPane("cross");
  pane.setAttribute("aria-hidden", "true");
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("class", "map-aim");
  const [line, dot, cross] = ["path", "path", "path"].map((name) => document.createElementNS(SVG, name));
  line.setAttribute("class", "map-bearing");
  dot.setAttribute("class", "map-origin");
  cross.setAttribute("class", "map-cross");
  drawing.append(line, dot, cross);
  pane.append(drawing);
  const draw = () => {
    const at = crosshair.value;
    const from = origin.value;
    const to = pointer.value ?? at;
    cross.setAttribute("d", at ? crossAt(layer(chart, at)) : "");
    dot.setAttribute("d", from ? dotAt(layer(chart, beside(from.position, chart))) : "");
    line.setAttribute("d", from && to ? lineOf(chart, beside(from.position, chart), to) : "");
  };
  const stop = effect(draw);
  chart.map.on("zoom viewreset moveend", draw);
  return () => {
    stop();
    chart.map.off("zoom viewreset moveend", draw);
  };
}

/** Move it by pixels, from the middle where there is none; it stays in view. @param {Chart} chart @param {number} x @param {number} y */
export function moveCrosshair(chart, x, y) {
  const size = chart.map.getSize();
  const from = crosshair.peek();
  const at = from ? chart.pixelOf(from) : { x: size.x / 2, y: size.y / 2 };
  const seen = from && at.x >= 0 && at.y >= 0 && at.x <= size.x && at.y <= size.y;
  const [left, top] = seen ? [at.x + x, at.y + y] : [size.x / 2, size.y / 2];
  const pan = [beyond(left, size.x), beyond(top, size.y)];
  crosshair.value = chart.positionAt(left, top);
  if (pan[0] || pan[1]) chart.map.panBy([pan[0], pan[1]], { animate: false });
}

/** @param {number} at @param {number} size */
function beyond(at, size) {
  return at < RIM_PX ? at - RIM_PX : at > size - RIM_PX ? at - size + RIM_PX : 0;
}

/** A position in the turn of the world that is in view. @param {Position} position @param {Chart} chart @returns {Position} */
function beside([lat, lng], chart) {
  return [lat, nearLongitude(lng, chart.map.getCenter().lng)];
}

/** @param {Chart} chart @param {Position} position */
function layer(chart, position) {
  return chart.map.latLngToLayerPoint(position);
}

/** @param {{x: number, y: number}} at */
function crossAt({ x, y }) {
  return `M${x - 18} ${y}H${x - 4}M${x + 4} ${y}H${x + 18}M${x} ${y - 18}V${y - 4}M${x} ${y + 4}V${y + 18}`;
}

/** @param {{x: number, y: number}} at */
function dotAt({ x, y }) {
  return `M${x - 7} ${y}a7 7 0 1 0 14 0a7 7 0 1 0 -14 0M${x - 1} ${y}h2`;
}

/** @param {Chart} chart @param {Position} from @param {Position} to */
function lineOf(chart, from, to) {
  const points = [from, ...greatCircle(from, to, 1)].map((position) => layer(chart, position));
  return `M${points.map(({ x, y }) => `${x} ${y}`).join("L")}`;
}
