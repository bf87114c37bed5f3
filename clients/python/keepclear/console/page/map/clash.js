/**
 * One conflict on the map: where its volumes meet, hatched within a heavy line; its place, marked by a sign.
 *
 * Danger is red, hatched, a full triangle. Warnings are yellow: an open triangle for too close, a diamond for what
 * cannot be excluded; their two volumes are outlined, since they meet nowhere. Looking at another time, what does not
 * meet then is outlined and not hatched.
 */

import { hatch } from "./hatch.js";
import { planeX, planeY, turnsIn } from "./mercator.js";
import { flownAt, pairsAt } from "./scene.js";
import { outlineOf, shapeOf } from "./shapes.js";
import { trace } from "./trace.js";

/** @typedef {import("./colours.js").Colours} Colours */
/** @typedef {import("./scene.js").Clash} Clash */
/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./scene.js").Extent} Extent */
/** @typedef {import("./trace.js").View} View */

/** Pixels across below which nothing of a pair can be seen but its mark. */
const SMALL_PX = 3;

/**
 * @param {CanvasRenderingContext2D} context @param {View} view @param {Clash} clash @param {Scene} scene
 * @param {Colours} colours
 */
export function paintClash(context, view, clash, scene, colours) {
  const colour = clash.open ? (clash.grave ? colours.danger : colours.warning) : colours.quiet;
  const heavy = clash === scene.chosen ? 4 : 3;
  for (const pair of clash === scene.chosen ? clash.conflict.pairs_shown : pairsAt(clash, scene.at_ms)) {
    const then = flownAt(pair, scene.at_ms) || (!scene.looking && pair.severity === "overlap");
    if (pair.ours && pair.theirs && pair.severity === "overlap") {
      paintMeeting(context, view, pair.ours, pair.theirs, { colour, heavy, hatched: then });
    } else if (then) {
      for (const extent of [pair.ours, pair.theirs]) if (extent) paintEdge(context, view, extent, colour, heavy - 1);
    }
  }
}

/**
 * @param {CanvasRenderingContext2D} context @param {View} view @param {Extent} ours @param {Extent} theirs
 * @param {{colour: string, heavy: number, hatched: boolean}} style
 */
function paintMeeting(context, view, ours, theirs, { colour, heavy, hatched }) {
  const [a, b] = [shapeOf(ours), shapeOf(theirs)];
  const beside = Math.round((a.box[0] + a.box[2] - b.box[0] - b.box[2]) / 2);
  for (const turn of turnsIn(a.box, view.box)) {
    const left = Math.max(a.box[0], b.box[0] + beside) + turn;
    const right = Math.min(a.box[2], b.box[2] + beside) + turn;
    const top = Math.max(a.box[1], b.box[1]);
    const bottom = Math.min(a.box[3], b.box[3]);
    const [wide, high] = [(right - left) * view.scale, (bottom - top) * view.scale];
    if (wide < SMALL_PX && high < SMALL_PX) continue;
    const one = pathOf(ours, view, turn, true);
    const two = pathOf(theirs, view, turn + beside, true);
    context.save();
    context.clip(one);
    context.save();
    context.clip(two);
    const place = /** @type {const} */ ([(left - view.left) * view.scale - 2, (top - view.top) * view.scale - 2, wide + 4, high + 4]);
    context.fillStyle = colour;
    context.globalAlpha = 0.22;
    context.fillRect(...place);
    context.globalAlpha = 1;
    if (hatched) {
      context.fillStyle = hatch(context, colour);
      context.fillRect(...place);
    }
    // Of a line within its own clip only the inner half is seen.
    edge(context, pathOf(ours, view, turn, false), colour, 2 * heavy);
    context.restore();
    edge(context, pathOf(theirs, view, turn + beside, false), colour, heavy);
    context.restore();
  }
}

/** @param {CanvasRenderingContext2D} context @param {View} view @param {Extent} extent @param {string} colour @param {number} width */
function paintEdge(context, view, extent, colour, width) {
  for (const turn of turnsIn(shapeOf(extent).box, view.box)) edge(context, pathOf(extent, view, turn, false), colour, width);
}

/** @param {CanvasRenderingContext2D} context @param {Path2D} path @param {string} colour @param {number} width */
function edge(context, path, colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.stroke(path);
}

/** @param {Extent} extent @param {View} view @param {number} turn @param {boolean} filled @returns {Path2D} */
function pathOf(extent, view, turn, filled) {
  const path = new Path2D();
  for (const ring of outlineOf(extent)[filled ? "fill" : "lines"]) trace(path, ring, view, turn, filled);
  return path;
}

/**
 * @param {CanvasRenderingContext2D} context @param {View} view @param {Clash} clash @param {Colours} colours
 * @param {boolean} chosen
 */
export function paintMark(context, view, clash, colours, chosen) {
  if (!clash.where) return;
  const [x, y] = [planeX(clash.where[1]), planeY(clash.where[0])];
  const size = chosen ? 12 : 8;
  for (const turn of turnsIn([x, y, x, y], view.box)) {
    const path = signAt(clash, (x + turn - view.left) * view.scale, (y - view.top) * view.scale, size);
    context.lineJoin = "round";
    context.strokeStyle = colours.ground;
    context.lineWidth = 6;
    context.stroke(path);
    context.fillStyle = clash.open && clash.grave ? colours.danger : colours.ground;
    context.fill(path);
    context.strokeStyle = clash.open ? (clash.grave ? colours.onDanger : colours.warning) : colours.quiet;
    context.lineWidth = clash.grave && clash.open ? 1.5 : 2.5;
    context.stroke(path);
    if (chosen) paintRing(context, view, (x + turn - view.left) * view.scale, (y - view.top) * view.scale, colours);
  }
}

/** @param {Clash} clash @param {number} x @param {number} y @param {number} size @returns {Path2D} */
function signAt(clash, x, y, size) {
  const path = new Path2D();
  if (clash.conflict.severity === "possible") {
    path.moveTo(x, y - size);
    path.lineTo(x + size, y);
    path.lineTo(x, y + size);
    path.lineTo(x - size, y);
  } else {
    path.moveTo(x, y - size);
    path.lineTo(x + size, y + size * 0.8);
    path.lineTo(x - size, y + size * 0.8);
  }
  path.closePath();
  return path;
}

/** @param {CanvasRenderingContext2D} context @param {View} _view @param {number} x @param {number} y @param {Colours} colours */
function paintRing(context, _view, x, y, colours) {
  context.beginPath();
  context.arc(x, y, 22, 0, 2 * Math.PI);
  context.strokeStyle = colours.text;
  context.lineWidth = 2;
  context.stroke();
}
