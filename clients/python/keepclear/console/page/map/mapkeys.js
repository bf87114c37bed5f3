/** What keys do while the map has the focus, and the two that work from anywhere. */

import { crosshair, fineCoast, origin, picked, plainPosition, ringed } from "./aids.js";
import { moveCrosshair } from "./crosshair.js";
import { choose, scene } from "./shown.js";
import { picking } from "./sketch.js";

/** @typedef {import("./chart.js").Chart} Chart */
/** @typedef {import("../keys.js").Binding} Binding */

/** Pixels of one press of an arrow: a fifth of a label; Shift is for the map, by a quarter of the view. */
const STEP_PX = 16;

/** @param {Chart} chart @param {{all: () => void, chosen: () => void}} fits @returns {Binding[]} */
export function mapKeys(chart, fits) {
  const where = "map";
  const move = (/** @type {number} */ x, /** @type {number} */ y) => () => moveCrosshair(chart, x * STEP_PX, y * STEP_PX);
  return [
    { key: "m", words: "map.key.map", does: () => chart.map.getContainer().focus() },
    { key: "0", words: "map.key.all", does: fits.all },
    { key: "ArrowUp", where, words: "map.key.move", does: move(0, -1) },
    { key: "ArrowDown", where, words: "map.key.move", silent: true, does: move(0, 1) },
    { key: "ArrowLeft", where, words: "map.key.move", silent: true, does: move(-1, 0) },
    { key: "ArrowRight", where, words: "map.key.move", silent: true, does: move(1, 0) },
    { key: "+", where, words: "map.key.nearer", does: () => zoom(chart, 1) },
    { key: "=", where, words: "map.key.nearer", silent: true, does: () => zoom(chart, 1) },
    { key: "-", where, words: "map.key.farther", does: () => zoom(chart, -1) },
    { key: "c", where, words: "map.key.centre", does: () => centre(chart) },
    { key: " ", where, words: "map.key.space", does: () => press(chart) },
    { key: "Enter", where, words: "map.key.enter", does: () => (picking.peek() ?? { finish: fits.chosen }).finish() },
    { key: "Backspace", where, words: "map.key.undo", does: () => picking.peek()?.undo() },
    { key: "d", where, words: "map.key.origin", does: () => measureFrom(chart) },
    { key: "r", where, words: "map.key.rings", does: () => ringsHere(chart) },
    { key: "g", where, words: "map.key.coast", does: () => (fineCoast.value = !fineCoast.peek()) },
    { key: "Escape", where, words: "map.key.leave", does: () => leave(chart) },
  ];
}

/** Nearer or farther, about the cross-hair where there is one. @param {Chart} chart @param {number} by */
export function zoom(chart, by) {
  const about = crosshair.peek() ?? chart.map.getCenter();
  chart.map.setZoomAround(about, chart.map.getZoom() + by / 2, { animate: false });
}

/** Measure from the cross-hair, or no more from where one measured. @param {Chart} chart */
export function measureFrom(chart) {
  picked.value = picked.peek() ? null : here(chart);
}

/** Rings round the chosen conflict, else round the cross-hair; or none. @param {Chart} chart */
export function ringsHere(chart) {
  ringed.value = ringed.peek() ? null : (crosshair.peek() ?? scene.peek().chosen?.where ?? origin.peek()?.position ?? here(chart));
}

/** @param {Chart} chart */
function centre(chart) {
  chart.map.panTo(here(chart), { animate: false });
}

/** @param {Chart} chart */
function press(chart) {
  const picks = picking.peek();
  if (picks) picks.point(...plainPosition(here(chart)));
  else choose(here(chart), chart.map.getZoom());
}

/** @param {Chart} chart @returns {import("./sphere.js").Position} */
function here(chart) {
  if (!crosshair.peek()) moveCrosshair(chart, 0, 0);
  return /** @type {import("./sphere.js").Position} */ (crosshair.peek());
}

/** @param {Chart} chart */
function leave(chart) {
  if (picking.peek()) picking.value = null;
  else if (crosshair.peek()) crosshair.value = null;
  else if (ringed.peek() || picked.peek()) {
    ringed.value = null;
    picked.value = null;
  } else {
    chart.map.getContainer().blur();
  }
}
