/** Round figures along the profile's two axes: heights in feet and levels, times in Zulu. Pure. */

export const FOOT_M = 0.3048;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Feet between lines: whole hundreds, so that they are whole flight levels too. */
const STEPS_FT = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000];

const STEPS_MS = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 7, 14, 30].map((days) => days * DAY_MS),
];

/** Round heights in feet between two, at most `most` of them. @param {number} lower_ft @param {number} upper_ft @param {number} most */
export function heightTicks(lower_ft, upper_ft, most) {
  return ticks(STEPS_FT, lower_ft, upper_ft, most);
}

/** Round times between two, at most `most` of them. @param {number} from_ms @param {number} to_ms @param {number} most */
export function timeTicks(from_ms, to_ms, most) {
  return ticks(STEPS_MS, from_ms, to_ms, most);
}

/** A tick's time: "14:20", or the day where one begins, "11-26". @param {number} ms @returns {string} */
export function timeName(ms) {
  const text = new Date(ms).toISOString();
  return ms % DAY_MS === 0 ? text.slice(5, 10) : text.slice(11, 16);
}

/** A height on the axis of its reference: "FL180", else "18000". @param {number} feet @param {string} reference */
export function heightName(feet, reference) {
  if (reference !== "FL") return String(feet);
  const level = Math.round(feet / 100);
  return `FL${level < 0 ? "-" : ""}${String(Math.abs(level)).padStart(3, "0")}`;
}

/** @param {number[]} steps @param {number} from @param {number} to @param {number} most @returns {number[]} */
function ticks(steps, from, to, most) {
  const step = steps.find((one) => (to - from) / one <= most) ?? steps[steps.length - 1];
  const values = [];
  for (let count = Math.ceil(from / step); count * step <= to; count++) values.push(count * step);
  return values;
}
