/**
 * Paints the air picture on a canvas, in slices: what is claimed beneath, where it clashes above, the chosen on top.
 *
 * Never colour alone: own is solid, the others' dashed, a conflict hatched within a heavy line and marked by a sign.
 * Volumes flown in at the scene's time are full, others faint. Where a view holds many, the faint ones shrink to the
 * lines that they are drawn round: a claim's width is then seen at its time, or nearer. A conflict is never faint now.
 */

import { isIn, planeX, planeY, turnsIn } from "./mercator.js";
import { paintClash, paintMark } from "./clash.js";
import { flownAt } from "./scene.js";
import { outlineOf, shapeOf } from "./shapes.js";
import { trace } from "./trace.js";

/** @typedef {import("./colours.js").Colours} Colours */
/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./scene.js").Volume} Volume */
/** @typedef {import("./scene.js").Clash} Clash */
/** @typedef {import("./trace.js").View} View */

/** Volumes in view above which faint ones are lines. */
const MANY = 300;

/** Half the width in pixels below which a corridor is drawn as one thick line. */
const THIN_PX = 3;

/** Volumes put into one path: a slice of a few milliseconds. */
const BATCH = 60;

export const DASH = { own: [], other: [8, 5] };

/**
 * @param {CanvasRenderingContext2D} context @param {View} view @param {Scene} scene @param {Colours} colours
 * @returns {Generator<void>}
 */
export function* paintAir(context, view, scene, colours) {
  const chosen = scene.chosen?.conflict ?? null;
  const own = sideOf();
  const other = sideOf();
  let count = 0;
  for (const [group, volumes] of /** @type {const} */ ([["faint", scene.faint], ["flown", scene.flown]])) {
    for (const volume of volumes) {
      // At the first look at thousands of volumes their boxes are made: in slices as well.
      if (++count % 500 === 0) yield;
      if (!isIn(shapeOf(volume.extent).box, view.box)) continue;
      const side = volume.owner === "own" ? own : other;
      const of = chosen && volume.id === chosen[volume.owner].id;
      side[of ? "chosen" : group].push(volume);
    }
  }
  const many = own.faint.length + other.faint.length > MANY;
  yield* paintFaint(context, view, own.faint, colours.own, DASH.own, many);
  yield* paintFaint(context, view, other.faint, colours.other, DASH.other, many);
  yield* paintVolumes(context, view, own.flown, { colour: colours.own, dash: DASH.own, width: 1.5, fill: 0.17 });
  yield* paintVolumes(context, view, other.flown, { colour: colours.other, dash: DASH.other, width: 1.75, fill: 0.13 });
  yield* paintClashes(context, view, scene, colours);
  const late = (/** @type {Volume} */ { extent }) => !flownAt(extent, scene.at_ms);
  const emphasis = { width: 2.5, fill: 0.2 };
  yield* paintFaint(context, view, own.chosen.filter(late), colours.own, DASH.own, false, 0.8);
  yield* paintFaint(context, view, other.chosen.filter(late), colours.other, DASH.other, false, 0.8);
  yield* paintVolumes(context, view, own.chosen.filter((one) => !late(one)), { colour: colours.own, dash: DASH.own, ...emphasis });
  yield* paintVolumes(context, view, other.chosen.filter((one) => !late(one)), { colour: colours.other, dash: DASH.other, ...emphasis });
  if (scene.chosen) {
    paintClash(context, view, scene.chosen, scene, colours);
    paintMark(context, view, scene.chosen, colours, true);
  }
}

/** @returns {Record<"faint"|"flown"|"chosen", Volume[]>} */
function sideOf() {
  return { faint: [], flown: [], chosen: [] };
}

/** @param {CanvasRenderingContext2D} context @param {View} view @param {Scene} scene @param {Colours} colours */
function* paintClashes(context, view, scene, colours) {
  // The worst are first in order, so last in paint.
  const others = scene.clashes.filter((clash) => clash !== scene.chosen).reverse();
  let count = 0;
  for (const clash of others) {
    paintClash(context, view, clash, scene, colours);
    if (++count % 8 === 0) yield;
  }
  for (const clash of others) paintMark(context, view, clash, colours, false);
  yield;
}

/**
 * @param {CanvasRenderingContext2D} context @param {View} view @param {Volume[]} volumes @param {string} colour
 * @param {number[]} dash @param {boolean} lines @param {number} [alpha]
 */
function* paintFaint(context, view, volumes, colour, dash, lines, alpha = lines ? 0.4 : 0.5) {
  for (let at = 0; at < volumes.length; at += BATCH) {
    context.beginPath();
    for (const { extent } of volumes.slice(at, at + BATCH)) {
      if (extent.shape === "corridor" && (lines || isThin(extent, view))) traceCore(context, extent, view);
      else traceLines(context, extent, view);
    }
    stroke(context, colour, 1, lines ? [] : dash, alpha);
    yield;
  }
}

/**
 * @param {CanvasRenderingContext2D} context @param {View} view @param {Volume[]} volumes
 * @param {{colour: string, dash: number[], width: number, fill: number}} style
 */
function* paintVolumes(context, view, volumes, { colour, dash, width, fill }) {
  const narrow = (/** @type {Volume} */ { extent }) => extent.shape === "corridor" && isThin(extent, view);
  const thin = volumes.filter(narrow);
  const wide = volumes.filter((volume) => !narrow(volume));
  for (let at = 0; at < thin.length; at += BATCH) {
    const batch = thin.slice(at, at + BATCH);
    const broad = 2 * Math.max(...batch.map(({ extent }) => shapeOf(extent).half)) * view.scale + width;
    context.beginPath();
    for (const { extent } of batch) traceCore(context, extent, view);
    stroke(context, colour, broad, [], 0.35);
    stroke(context, colour, width, dash, 1);
    yield;
  }
  for (let at = 0; at < wide.length; at += BATCH) {
    const batch = wide.slice(at, at + BATCH);
    context.beginPath();
    for (const { extent } of batch) {
      for (const turn of turnsIn(shapeOf(extent).box, view.box)) {
        for (const ring of outlineOf(extent).fill) trace(context, ring, view, turn, true);
      }
    }
    context.fillStyle = colour;
    context.globalAlpha = fill;
    context.fill("nonzero");
    context.beginPath();
    for (const { extent } of batch) traceLines(context, extent, view);
    stroke(context, colour, width, dash, 1);
    yield;
  }
}

/** Whether a corridor is so narrow at this scale that its two sides are one line. */
/** @param {import("./scene.js").Extent} extent @param {View} view */
function isThin(extent, view) {
  return shapeOf(extent).half * view.scale < THIN_PX;
}

/** @param {CanvasRenderingContext2D} context @param {import("./scene.js").Extent} extent @param {View} view */
function traceCore(context, extent, view) {
  const { core, box } = shapeOf(extent);
  for (const turn of turnsIn(box, view.box)) trace(context, core, view, turn, false);
}

/** @param {CanvasRenderingContext2D} context @param {import("./scene.js").Extent} extent @param {View} view */
function traceLines(context, extent, view) {
  const { lines } = outlineOf(extent);
  for (const turn of turnsIn(shapeOf(extent).box, view.box)) for (const line of lines) trace(context, line, view, turn, false);
}

/** @param {CanvasRenderingContext2D} context @param {string} colour @param {number} width @param {number[]} dash @param {number} alpha */
function stroke(context, colour, width, dash, alpha) {
  context.globalAlpha = alpha;
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.lineCap = width > 4 ? "round" : "butt";
  context.setLineDash(dash);
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/** Pixels on the canvas of a position, in the turn of the world that it stands in. */
/** @param {View} view @param {import("./sphere.js").Position} position @param {number} [turn] @returns {[number, number]} */
export function pixelOf(view, [lat, lng], turn = 0) {
  return [(planeX(lng) + turn - view.left) * view.scale, (planeY(lat) - view.top) * view.scale];
}
