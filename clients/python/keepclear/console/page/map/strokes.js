/**
 * Many lines, areas and points of a party's own chart in a few flat arrays, and how they are painted: quietly, in slices.
 *
 * Flat, so that they come from a worker by transfer. A chart of a million points is painted piece by piece, and only
 * what is in view of it. Names are drawn as text on the canvas and are nothing else to the page.
 */

import { isIn, turnsIn } from "./mercator.js";
import { trace } from "./trace.js";

/** @typedef {import("./mercator.js").Box} Box */
/** @typedef {import("./trace.js").View} View */
/** @typedef {import("./colours.js").Colours} Colours */
/**
 * @typedef {{flat: Float64Array, starts: Uint32Array, kinds: Uint8Array, boxes: Float64Array, names: string[]}} Strokes
 *   stroke n is flat[starts[n]..starts[n + 1]]; its box is boxes[4 n..]; names of the points, in their order
 */

export const POINT = 0;
export const LINE = 1;
export const AREA = 2;

/** Points of strokes traced between two looks at the clock. */
const SLICE = 20_000;

/** Names drawn in one view: more would be a grey heap. */
const MOST_NAMES = 150;

/** Collects strokes up to a most of points; `full` says that something was left out. */
export class Collector {
  /** @param {number} most */
  constructor(most) {
    this.most = most;
    /** @type {Float64Array[]} */
    this.pieces = [];
    /** @type {number[]} */
    this.kinds = [];
    /** @type {string[]} */
    this.names = [];
    this.count = 0;
    this.full = false;
  }

  /** @param {number} kind @param {Float64Array} flat @param {string} [name] */
  add(kind, flat, name = "") {
    if (this.count + flat.length / 2 > this.most) {
      this.full = true;
      return;
    }
    this.count += flat.length / 2;
    this.pieces.push(flat);
    this.kinds.push(kind);
    if (kind === POINT) this.names.push(name);
  }

  /** @returns {Strokes} */
  strokes() {
    const flat = new Float64Array(this.count * 2);
    const starts = new Uint32Array(this.pieces.length + 1);
    const boxes = new Float64Array(this.pieces.length * 4);
    let end = 0;
    this.pieces.forEach((piece, at) => {
      flat.set(piece, end);
      end += piece.length;
      starts[at + 1] = end;
      boxes.set(roundOf(piece), 4 * at);
    });
    return { flat, starts, kinds: Uint8Array.from(this.kinds), boxes, names: this.names };
  }
}

/** @param {Strokes} strokes @returns {ArrayBuffer[]} */
export function buffersOf({ flat, starts, kinds, boxes }) {
  return [flat, starts, kinds, boxes].map(({ buffer }) => /** @type {ArrayBuffer} */ (buffer));
}

/**
 * @param {CanvasRenderingContext2D} context @param {View} view @param {Strokes} strokes @param {Colours} colours
 * @param {{edged: boolean, told: (name: string) => string}} how `edged`: whether areas have an outline, those cut up by
 *   tiles have none; `told`: a name made harmless to read
 */
export function* paintStrokes(context, view, strokes, colours, { edged, told }) {
  const seen = inView(strokes, view.box);
  yield* paintKind(context, view, strokes, seen, AREA, () => {
    context.globalAlpha = 0.08;
    context.fillStyle = colours.quiet;
    context.fill("evenodd");
    context.globalAlpha = 0.45;
    context.strokeStyle = colours.quiet;
    context.lineWidth = 1;
    if (edged) context.stroke();
    context.globalAlpha = 1;
  });
  yield* paintKind(context, view, strokes, seen, LINE, () => {
    context.globalAlpha = 0.45;
    context.strokeStyle = colours.quiet;
    context.lineWidth = 1;
    context.stroke();
    context.globalAlpha = 1;
  });
  paintPoints(context, view, strokes, seen, colours, told);
  yield;
}

/**
 * @param {CanvasRenderingContext2D} context @param {View} view @param {Strokes} strokes @param {number[]} seen
 * @param {number} kind @param {() => void} finish
 */
function* paintKind(context, view, { flat, starts, kinds, boxes }, seen, kind, finish) {
  let traced = 0;
  context.beginPath();
  for (const at of seen) {
    if (kinds[at] !== kind) continue;
    const ring = flat.subarray(starts[at], starts[at + 1]);
    for (const turn of turnsIn(boxOf(boxes, at), view.box)) trace(context, ring, view, turn, kind === AREA);
    traced += ring.length / 2;
    if (traced > SLICE) {
      finish();
      context.beginPath();
      traced = 0;
      yield;
    }
  }
  finish();
  yield;
}

/**
 * @param {CanvasRenderingContext2D} context @param {View} view @param {Strokes} strokes @param {number[]} seen
 * @param {Colours} colours @param {(name: string) => string} told
 */
function paintPoints(context, view, { flat, starts, kinds, boxes, names }, seen, colours, told) {
  const points = seen.filter((at) => kinds[at] === POINT);
  context.fillStyle = colours.quiet;
  context.font = `11px ${colours.textFace}`;
  context.textAlign = "left";
  let number = 0;
  const first = kinds.indexOf(POINT);
  for (const at of points) {
    for (const turn of turnsIn(boxOf(boxes, at), view.box)) {
      const [x, y] = [(flat[starts[at]] + turn - view.left) * view.scale, (flat[starts[at] + 1] - view.top) * view.scale];
      context.fillRect(x - 1.5, y - 1.5, 3, 3);
      const name = names[at - first];
      if (name && number++ < MOST_NAMES && points.length <= 4 * MOST_NAMES) context.fillText(told(name), x + 5, y + 4);
    }
  }
}

/** @param {Strokes} strokes @param {Box} view @returns {number[]} */
function inView({ kinds, boxes }, view) {
  const seen = [];
  for (let at = 0; at < kinds.length; at++) if (isIn(boxOf(boxes, at), view)) seen.push(at);
  return seen;
}

/** @param {Float64Array} boxes @param {number} at @returns {Box} */
function boxOf(boxes, at) {
  return [boxes[4 * at], boxes[4 * at + 1], boxes[4 * at + 2], boxes[4 * at + 3]];
}

/** @param {Float64Array} flat @returns {Box} */
function roundOf(flat) {
  /** @type {Box} */
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < flat.length; at += 2) {
    box[0] = Math.min(box[0], flat[at]);
    box[1] = Math.min(box[1], flat[at + 1]);
    box[2] = Math.max(box[2], flat[at]);
    box[3] = Math.max(box[3], flat[at + 1]);
  }
  return box;
}
