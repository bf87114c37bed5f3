/**
 * Draws the profile on a canvas: height over time, a panel for each reference, time from left to right in any language.
 *
 * Own volumes are solid, others' dashed, meetings hatched within a heavy line: the same looks as on the map. What lies
 * before now is dimmed; the line of now is whole, that of the time looked at is dashed.
 */

import { foreignText } from "../foreign.js";
import { hatch } from "../map/hatch.js";
import { heights } from "../measures.js";
import { bare } from "../words.js";
import { namedOf, standOf } from "./names.js";
import { shareOf } from "./span.js";
import { FOOT_M, heightName, heightTicks, timeName, timeTicks } from "./ticks.js";

/** @typedef {import("../map/colours.js").Colours} Colours */
/** @typedef {import("./panels.js").Panel} Panel */
/** @typedef {import("./panels.js").Block} Block */
/** @typedef {import("./panels.js").Meeting} Meeting */
/** @typedef {import("./span.js").Span} Span */
/**
 * @typedef {{width: number, height: number, panels: Panel[], span: Span, now_ms: number, at_ms: number|null,
 *   blind: {from: number, to: number}[], colours: Colours, words: {reference: (reference: string) => string, now: string}}} Sight
 */
/** @typedef {{x: (ms: number) => number, y: (metres: number) => number, top: number, bottom: number, left: number, right: number}} Frame */

/** Beside the axes; the slider beneath keeps the same, so that its thumb stands under its time. */
export const LEFT_PX = 62;
export const RIGHT_PX = 62;

const AXIS_PX = 20;
const GAP_PX = 8;

/** Before the name of what lies beyond the scale. */
const ARROW_PX = 14;

/** Blocks up to which each may bear its name. */
const NAMED = 14;

/** Blocks from which the ones that are not chosen have no line round each: lines alone would fill the panel. */
const MANY = 250;

/** @param {CanvasRenderingContext2D} context @param {Sight} sight */
export function drawProfile(context, sight) {
  const { width, height, panels, colours } = sight;
  context.fillStyle = colours.panel;
  context.fillRect(0, 0, width, height);
  context.direction = "ltr";
  context.textBaseline = "middle";
  const whole = frameOf(sight, 0, height - AXIS_PX, null);
  drawTimes(context, sight, whole);
  const high = (height - AXIS_PX - GAP_PX * (panels.length - 1)) / Math.max(1, panels.length);
  panels.forEach((panel, at) => {
    const top = at * (high + GAP_PX);
    drawPanel(context, sight, panel, frameOf(sight, top, top + high, panel));
  });
  drawLines(context, sight, whole);
}

/** @param {Sight} sight @param {number} top @param {number} bottom @param {Panel|null} panel @returns {Frame} */
function frameOf({ width, span }, top, bottom, panel) {
  const [left, right] = [LEFT_PX, width - RIGHT_PX];
  const { lower_ft, upper_ft } = panel ?? { lower_ft: 0, upper_ft: 1 };
  return {
    top,
    bottom,
    left,
    right,
    x: (ms) => left + shareOf(span, ms) * (right - left),
    y: (metres) => bottom - ((metres / FOOT_M - lower_ft) / (upper_ft - lower_ft)) * (bottom - top),
  };
}

/** @param {CanvasRenderingContext2D} context @param {Sight} sight @param {Frame} frame */
function drawTimes(context, { span, now_ms, blind, colours }, { x, left, right, bottom }) {
  context.fillStyle = colours.ground;
  context.fillRect(left, 0, right - left, bottom);
  const past = Math.min(right, x(now_ms));
  if (past > left) {
    context.fillStyle = colours.line;
    context.globalAlpha = 0.28;
    context.fillRect(left, 0, past - left, bottom);
    context.globalAlpha = 1;
  }
  for (const { from, to } of blind) {
    const [start, end] = [Math.max(left, x(from)), Math.min(right, x(to))];
    if (end <= start) continue;
    context.fillStyle = hatch(context, colours.warning, 1);
    context.fillRect(start, bottom - 5, Math.max(2, end - start), 5);
  }
  context.font = `11px ${colours.face}`;
  context.textAlign = "center";
  for (const ms of timeTicks(span.from_ms, span.to_ms, (right - left) / 64)) {
    context.fillStyle = colours.grid;
    context.fillRect(Math.round(x(ms)), 0, 1, bottom);
    context.fillStyle = colours.quiet;
    // At the axis' beginning stands what times these are.
    if (x(ms) > left + 22) context.fillText(timeName(ms), x(ms), bottom + AXIS_PX / 2 + 1);
  }
  context.textAlign = "right";
  context.fillText("UTC", left - 8, bottom + AXIS_PX / 2 + 1);
}

/** @param {CanvasRenderingContext2D} context @param {Sight} sight @param {Panel} panel @param {Frame} frame */
function drawPanel(context, sight, panel, frame) {
  const { colours, words } = sight;
  const { left, right, top, bottom, y } = frame;
  context.font = `11px ${colours.face}`;
  const room = (bottom - top) / 26;
  for (const feet of heightTicks(panel.lower_ft, panel.upper_ft, Math.max(2, room))) {
    const at = y(feet * FOOT_M);
    context.fillStyle = colours.grid;
    context.fillRect(left, Math.round(at), right - left, 1);
    if (at < top + 20 || at > bottom - 5) continue;
    context.fillStyle = colours.quiet;
    context.textAlign = "right";
    context.fillText(heightName(feet, panel.reference), left - 6, at);
    context.textAlign = "left";
    context.fillText(String(feet), right + 6, at);
  }
  // What the heights are measured from stands at both ends of its own axis.
  context.fillStyle = colours.text;
  context.font = `700 11px ${colours.face}`;
  context.textAlign = "right";
  context.fillText(panel.reference === "FL" ? "FL" : `ft ${panel.reference}`, left - 6, top + 8);
  context.textAlign = "left";
  context.fillText(panel.reference === "FL" ? "ft 1013" : `ft ${panel.reference}`, right + 6, top + 8);
  const said = bare(words.reference(panel.reference));
  context.font = `11px ${colours.textFace}`;
  const said_px = context.measureText(said).width;
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  drawBlocks(context, panel, frame, colours);
  drawMeetings(context, panel, frame, colours);
  drawNames(context, panel, frame, colours, [[right - 6 - said_px, top, right, top + 18]]);
  context.restore();
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.strokeRect(left + 0.5, Math.round(top) + 0.5, right - left - 1, Math.round(bottom - top) - 1);
  context.font = `11px ${colours.textFace}`;
  context.textAlign = "right";
  halo(context, said, right - 6, top + 9, colours.quiet, colours.ground);
}

/** @param {CanvasRenderingContext2D} context @param {Panel} panel @param {Frame} frame @param {Colours} colours */
function drawBlocks(context, panel, frame, colours) {
  const chosen = panel.blocks.some((block) => block.chosen);
  for (const look of /** @type {const} */ (["own", "other"])) {
    const dash = look === "own" ? [] : [6, 4];
    const faint = panel.blocks.filter((block) => block.look === look && !block.chosen);
    const many = faint.length > MANY;
    const alpha = (chosen ? 0.35 : 0.8) * (many ? 0 : 1);
    paintBoxes(context, frame, faint, { colour: colours[look], dash, width: 1, fill: many ? (chosen ? 0.16 : 0.32) : 0.1, alpha });
    const main = panel.blocks.filter((block) => block.look === look && block.chosen);
    paintBoxes(context, frame, main, { colour: colours[look], dash, width: 2, fill: 0.2, alpha: 1 });
  }
}

/**
 * @param {CanvasRenderingContext2D} context @param {Frame} frame @param {import("./panels.js").Box[]} boxes
 * @param {{colour: string, dash: number[], width: number, fill: number, alpha: number}} style
 */
function paintBoxes(context, frame, boxes, { colour, dash, width, fill, alpha }) {
  if (!boxes.length) return;
  context.beginPath();
  for (const box of boxes) context.rect(...rectOf(box, frame));
  context.fillStyle = colour;
  if (fill) {
    context.globalAlpha = fill;
    context.fill();
  }
  if (alpha) {
    context.globalAlpha = alpha;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.stroke();
    context.setLineDash([]);
  }
  context.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} context @param {Panel} panel @param {Frame} frame @param {Colours} colours */
function drawMeetings(context, panel, frame, colours) {
  const chosen = panel.meetings.some((meeting) => meeting.chosen);
  // The worst upon the others, the chosen on top.
  const order = (/** @type {Meeting} */ one) => Number(one.chosen) * 2 + Number(one.grave);
  for (const meeting of [...panel.meetings].sort((a, b) => order(a) - order(b))) {
    const rect = rectOf(meeting, frame);
    const colour = meeting.grave ? colours.danger : colours.warning;
    context.globalAlpha = meeting.chosen ? 1 : chosen ? 0.3 : 0.8;
    context.strokeStyle = colour;
    context.lineWidth = meeting.chosen ? 3 : 1;
    if (meeting.chosen || (meeting.grave && !chosen)) {
      context.fillStyle = hatch(context, colour, meeting.grave ? 2 : 1);
      context.fillRect(...rect);
    }
    context.strokeRect(...rect);
    context.globalAlpha = 1;
  }
}

/**
 * @param {CanvasRenderingContext2D} context @param {Panel} panel @param {Frame} frame @param {Colours} colours
 * @param {number[][]} taken where other words stand
 */
function drawNames(context, panel, frame, colours, taken) {
  const standing = (/** @type {Block} */ block) => standOf(frame.y(block.upper_m), frame.y(block.lower_m), frame);
  const flights = namedOf(panel.blocks, (block) => standing(block).beyond === null);
  const named = flights.filter(({ chosen }) => chosen || flights.length <= NAMED);
  context.textAlign = "left";
  context.font = `700 12px ${colours.face}`;
  for (const { chosen } of [{ chosen: true }, { chosen: false }]) {
    for (const block of named.filter((one) => one.chosen === chosen)) {
      const name = bare(foreignText(block.name ?? "", 14));
      if (!name) continue;
      const { beyond, y: first } = standing(block);
      const text = beyond === null ? name : `${name} ${heights(block.lower_m, block.upper_m, panel.reference)}`;
      const arrow = beyond === null ? 0 : ARROW_PX;
      const wide = arrow + context.measureText(text).width;
      const x = Math.max(frame.left + 4, Math.min(Math.max(frame.x(block.start_ms), frame.left) + 4, beyond === null ? Infinity : frame.right - wide - 4));
      // Two flights of one height: the second name stands beneath the first, or above it at the lower edge.
      const next = beyond === "below" ? -16 : 16;
      const y = [0, 1, 2].map((many) => first + many * next).find((at) => isFree([x, at - 7, x + wide, at + 7], taken));
      if (y === undefined) continue;
      taken.push([x, y - 7, x + wide, y + 7]);
      const colour = block.look === "own" ? colours.ownText : colours.otherText;
      if (beyond !== null) drawArrow(context, x, y, beyond === "above" ? -1 : 1, colour);
      halo(context, text, x + arrow, y, colour, colours.ground);
    }
  }
}

/** An arrow upward or downward: what lies beyond the scale. @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {1|-1} down @param {string} colour */
function drawArrow(context, x, y, down, colour) {
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(x + 5, y + 5 * down);
  context.lineTo(x + 10, y);
  context.lineTo(x, y);
  context.fill();
  context.fillRect(x + 4, Math.min(y, y - 5 * down), 2, 5);
}

/** @param {number[]} box @param {number[][]} taken */
function isFree(box, taken) {
  return !taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3]);
}

/** @param {CanvasRenderingContext2D} context @param {Sight} sight @param {Frame} frame */
function drawLines(context, { now_ms, at_ms, colours, words }, { x, left, right, bottom }) {
  const now = x(now_ms);
  if (now >= left && now <= right) {
    context.fillStyle = colours.text;
    context.fillRect(Math.round(now) - 1, 0, 2, bottom + 4);
    context.font = `700 11px ${colours.textFace}`;
    context.textAlign = now > right - 60 ? "right" : "left";
    halo(context, bare(words.now), now + (now > right - 60 ? -5 : 5), bottom - 8, colours.text, colours.ground);
  }
  if (at_ms === null) return;
  const at = x(at_ms);
  context.strokeStyle = colours.warning;
  context.lineWidth = 3;
  context.setLineDash([7, 4]);
  context.beginPath();
  context.moveTo(at, 0);
  context.lineTo(at, bottom + 4);
  context.stroke();
  context.setLineDash([]);
}

/** @param {CanvasRenderingContext2D} context @param {string} text @param {number} x @param {number} y @param {string} colour @param {string} ground */
function halo(context, text, x, y, colour, ground) {
  context.lineWidth = 4;
  context.lineJoin = "round";
  context.strokeStyle = ground;
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

/** Never thinner than can be seen. @param {import("./panels.js").Box} box @param {Frame} frame @returns {[number, number, number, number]} */
function rectOf({ start_ms, end_ms, lower_m, upper_m }, { x, y }) {
  const [left, top] = [x(start_ms), y(upper_m)];
  return [left, top, Math.max(2, x(end_ms) - left), Math.max(3, y(lower_m) - top)];
}
