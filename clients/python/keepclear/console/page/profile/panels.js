/**
 * What the profile shows, parted by what heights are measured from: no two references ever share an axis. Pure.
 *
 * Heights above ground, above the sea, above the ellipsoid and pressure levels are different things: a volume of one
 * stands in the panel of that one alone. With a conflict chosen the heights are those of its two flights about the time
 * that they meet, so that one sees who is above; else of all that is shown.
 */

import { between, common } from "../bands.js";
import { FOOT_M } from "./ticks.js";

/** @typedef {import("../types.js").Conflict} Conflict */
/** @typedef {import("../types.js").Pair} Pair */
/** @typedef {import("../map/scene.js").Scene} Scene */
/** @typedef {import("../map/scene.js").Volume} Volume */
/** @typedef {{from_ms: number, to_ms: number}} Span */
/** @typedef {{start_ms: number, end_ms: number, lower_m: number, upper_m: number}} Box */
/** @typedef {Box & {look: "own"|"other", chosen: boolean, name: string|null}} Block */
/** @typedef {Box & {look: "overlap"|"proximity"|"possible", grave: boolean, chosen: boolean, code: string}} Meeting */
/** @typedef {{reference: string, lower_ft: number, upper_ft: number, blocks: Block[], meetings: Meeting[]}} Panel */

/** Order of the panels, from what airliners use to what stands on the ground. */
const REFERENCES = ["FL", "AMSL", "W84", "AGL"];

/** A panel shows at least so many feet: a band fills it otherwise, and nobody sees what is above. */
const LEAST_FT = 4_000;

/** Of a climb so much is shown before and after the meeting. */
const ABOUT_MS = 120_000;

/** @param {Scene} scene @param {Span} span @returns {Panel[]} */
export function panelsOf(scene, span) {
  const chosen = scene.chosen?.conflict ?? null;
  /** @type {Map<string, {blocks: Block[], meetings: Meeting[], frame: Box[]}>} */
  const found = new Map();
  const of = (/** @type {string} */ reference) => {
    const known = found.get(reference);
    if (known) return known;
    const fresh = { blocks: [], meetings: [], frame: [] };
    found.set(reference, fresh);
    return fresh;
  };
  for (const volumes of [scene.own, scene.other]) {
    for (const volume of volumes) {
      if (!within(volume.extent, span)) continue;
      const side = of(volume.extent.reference);
      const block = blockOf(volume, chosen);
      side.blocks.push(block);
      if (block.chosen && chosen && around(block, chosen)) side.frame.push(block);
    }
  }
  for (const { conflict, open } of scene.clashes) {
    if (!open && conflict !== chosen) continue;
    for (const pair of conflict.pairs_shown) {
      const meeting = meetingOf(pair, conflict, conflict === chosen);
      if (meeting && pair.reference && within(meeting, span)) of(pair.reference).meetings.push(meeting);
    }
  }
  return [...found]
    .sort(([a], [b]) => REFERENCES.indexOf(a) - REFERENCES.indexOf(b))
    .map(([reference, { blocks, meetings, frame }]) => ({
      reference,
      ...heights(frame.length ? frame : [...blocks, ...meetings]),
      blocks,
      meetings,
    }));
}

/** @param {Volume} volume @param {Conflict|null} chosen @returns {Block} */
function blockOf({ extent, owner, id, name }, chosen) {
  const { start_ms, end_ms, lower_m, upper_m } = extent;
  return { start_ms, end_ms, lower_m, upper_m, look: owner, chosen: chosen !== null && chosen[owner].id === id, name };
}

/**
 * What is hatched: the heights that both have or, where they have none, what lies between them; of two references theirs.
 * @param {Pair} pair @param {Conflict} conflict @param {boolean} chosen @returns {Meeting|null}
 */
function meetingOf({ start_ms, end_ms, lower_m, upper_m, severity, ours, theirs }, conflict, chosen) {
  const look = severity === "proximity" || severity === "possible" ? severity : "overlap";
  const band = common(ours, theirs) ?? between(ours, theirs) ?? { lower_m, upper_m };
  if (band.lower_m === null || band.upper_m === null) return null;
  const [low, high] = [Math.min(band.lower_m, band.upper_m), Math.max(band.lower_m, band.upper_m)];
  return { start_ms, end_ms, lower_m: low, upper_m: high, look, grave: look === "overlap", chosen, code: conflict.code };
}

/** Whether a volume is flown in about the time of a conflict. @param {Box} box @param {Conflict} conflict */
function around({ start_ms, end_ms }, { time_start_ms, time_end_ms }) {
  if (time_start_ms === null || time_end_ms === null) return true;
  return start_ms <= time_end_ms + ABOUT_MS && end_ms >= time_start_ms - ABOUT_MS;
}

/** @param {{start_ms: number, end_ms: number}} window @param {Span} span */
function within({ start_ms, end_ms }, { from_ms, to_ms }) {
  return start_ms <= to_ms && end_ms >= from_ms;
}

/** Feet that hold all bands, with room above and below. @param {Box[]} boxes */
function heights(boxes) {
  let low = Infinity;
  let high = -Infinity;
  for (const { lower_m, upper_m } of boxes) {
    low = Math.min(low, lower_m / FOOT_M);
    high = Math.max(high, upper_m / FOOT_M);
  }
  const room = Math.max((high - low) * 0.12, (LEAST_FT - (high - low)) / 2, 200);
  return { lower_ft: Math.floor((low - room) / 100) * 100, upper_ft: Math.ceil((high + room) / 100) * 100 };
}
