/**
 * Times as they are typed in a hurry: "1405", "14:05Z", "+15", written out in full where they stand.
 *
 * Guaranteed: what is meant is seen before it is read back, with its date; a time that is written in full is left as it
 * is, and what is none is left for the desk to refuse. A start is rounded down to the minute and an end up.
 */

const MINUTE = 60_000, DAY = 86_400_000;
const OF_DAY = /^(\d{1,2}):?(\d{2})\s*z?$/i;
const FROM_NOW = /^\+(\d{1,4})$/;

/**
 * The start that a text means: the time of day nearest to `now`, or minutes from it.
 * @param {string} text
 * @param {number} now in ms
 */
export function startOf(text, now) {
  const minutes = FROM_NOW.exec(text.trim());
  if (minutes) return written(Math.floor((now + Number(minutes[1]) * MINUTE) / MINUTE) * MINUTE);
  const time = timeOf(text);
  if (time === null) return text;
  const today = Math.floor(now / DAY) * DAY + time;
  const nearest = [today - DAY, today, today + DAY].reduce((a, b) => (Math.abs(b - now) < Math.abs(a - now) ? b : a));
  return written(nearest);
}

/**
 * The end that a text means: the first such time of day after the start, or minutes from the start.
 * @param {string} text
 * @param {string} start as typed
 * @param {number} now in ms
 */
export function endOf(text, start, now) {
  const begins = Date.parse(start.trim().replace(" ", "T"));
  const from = Number.isNaN(begins) ? now : begins;
  const minutes = FROM_NOW.exec(text.trim());
  if (minutes) return written(Math.ceil((from + Number(minutes[1]) * MINUTE) / MINUTE) * MINUTE);
  const time = timeOf(text);
  if (time === null) return text;
  const sameDay = Math.floor(from / DAY) * DAY + time;
  return written(sameDay > from ? sameDay : sameDay + DAY);
}

/** @param {string} text @returns {number | null} ms since midnight */
function timeOf(text) {
  const found = OF_DAY.exec(text.trim());
  if (!found) return null;
  const hours = Number(found[1]), minutes = Number(found[2]);
  return hours < 24 && minutes < 60 ? (hours * 60 + minutes) * MINUTE : null;
}

/** @param {number} ms */
function written(ms) {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}
