/**
 * Which time the profile and its slider show: a span round now, or round the chosen conflict, as long as was asked for.
 *
 * It moves on by itself only while nobody looks at another time or holds the slider: nothing jumps under the hand.
 */

/** @typedef {{from_ms: number, to_ms: number}} Span */
/** @typedef {{time_start_ms: number|null, time_end_ms: number|null}} Window */

const HOUR_MS = 3_600_000;

/** Spans that can be asked for, in hours; the journal reaches back a week and more. */
export const REACHES_H = [1, 3, 12, 48, 168];

/** The share of the span that lies before now: what comes matters most. */
const BEFORE = 0.25;

/**
 * @param {number} now_ms @param {number} reach_h @param {Window|null} chosen @param {number|null} at_ms the slider's time
 * @returns {Span}
 */
export function spanAt(now_ms, reach_h, chosen, at_ms) {
  const length = reach_h * HOUR_MS;
  // By whole sixtieths: the axis stands still for a minute or longer.
  const step = length / 60;
  const from = Math.floor((now_ms - BEFORE * length) / step) * step;
  const span = { from_ms: from, to_ms: from + length };
  if (chosen?.time_start_ms != null && chosen.time_end_ms != null) include(span, chosen.time_start_ms, chosen.time_end_ms, step);
  if (at_ms !== null) include(span, at_ms, at_ms, step);
  return span;
}

/** @param {Span} span @param {number} start_ms @param {number} end_ms @param {number} step */
function include(span, start_ms, end_ms, step) {
  const room = 3 * step;
  if (start_ms - room < span.from_ms) span.from_ms = Math.floor((start_ms - room) / step) * step;
  if (end_ms + room > span.to_ms) span.to_ms = Math.ceil((end_ms + room) / step) * step;
}

/** Where in a span a time stands, from 0 to 1. @param {Span} span @param {number} ms */
export function shareOf({ from_ms, to_ms }, ms) {
  return (ms - from_ms) / (to_ms - from_ms);
}
