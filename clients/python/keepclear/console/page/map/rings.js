/** Range rings at round miles round a point, and a draft of another room: what is painted over the picture. */

import { hatch } from "./hatch.js";
import { boxOf, globe, plane, turnsIn } from "./mercator.js";
import { metresPerPixel, miles, ringRadii } from "./scale.js";
import { outlineOf, shapeOf } from "./shapes.js";
import { destination } from "./sphere.js";
import { trace } from "./trace.js";

/** @typedef {import("./colours.js").Colours} Colours */
/** @typedef {import("./sphere.js").Position} Position */
/** @typedef {import("./trace.js").View} View */

const CORNERS = 96;

/** The outermost ring's radius, as a share of the painted height. */
const REACH = 0.3;

/** @param {CanvasRenderingContext2D} context @param {View} view @param {Position} center @param {Colours} colours */
export function paintRings(context, view, center, colours) {
  const [lat] = globe(0, view.top + (view.box[3] - view.box[1]) / 2);
  const reach_m = REACH * (view.box[3] - view.box[1]) * view.scale * metresPerPixel(lat, view.scale);
  context.font = `12px ${colours.face}`;
  context.textAlign = "center";
  context.direction = "ltr";
  for (const radius of ringRadii(reach_m)) {
    const corners = Array.from({ length: CORNERS + 1 }, (_, at) => destination(center, (at * 360) / CORNERS, radius));
    const ring = plane(corners);
    for (const turn of turnsIn(boxOf([ring]), view.box)) {
      context.beginPath();
      trace(context, ring, view, turn, false);
      context.strokeStyle = colours.quiet;
      context.lineWidth = 1;
      context.setLineDash([2, 4]);
      context.stroke();
      context.setLineDash([]);
      const [x, y] = [(ring[0] + turn - view.left) * view.scale, (ring[1] - view.top) * view.scale];
      context.lineWidth = 4;
      context.strokeStyle = colours.ground;
      context.strokeText(`${miles(radius)} NM`, x, y + 4);
      context.fillStyle = colours.text;
      context.fillText(`${miles(radius)} NM`, x, y + 4);
    }
  }
}

/** @param {CanvasRenderingContext2D} context @param {View} view @param {import("./sketch.js").Draft[]} drafts @param {Colours} colours */
export function paintDrafts(context, view, drafts, colours) {
  for (const draft of drafts.filter(({ points }) => points.length)) {
    const shape = shapeOf(draft);
    for (const turn of turnsIn(shape.box, view.box)) {
      context.beginPath();
      for (const ring of outlineOf(draft).fill) trace(context, ring, view, turn, true);
      context.fillStyle = draft.wrong ? hatch(context, colours.warning) : colours.text;
      context.globalAlpha = draft.wrong ? 0.6 : 0.12;
      context.fill();
      context.globalAlpha = 1;
      context.beginPath();
      for (const line of [...outlineOf(draft).lines, shape.core]) trace(context, line, view, turn, false);
      context.strokeStyle = draft.wrong ? colours.warning : colours.text;
      context.lineWidth = 2;
      context.setLineDash([2, 4]);
      context.stroke();
      context.setLineDash([]);
    }
  }
}
