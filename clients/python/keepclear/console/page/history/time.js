/** A time that an officer types, Zulu: of today where no date is said, and of yesterday where today's is yet to come. */

const TYPED = /^\s*(?:(\d{4})-(\d\d)-(\d\d)[\sT]+)?(\d{1,2}):?(\d\d)(?::?(\d\d))?\s*[Zz]?\s*$/;
const DAY_MS = 86_400_000;

/**
 * Return the time in ms, or null where it is none.
 * @param {string} text
 * @param {number} now
 */
export function readTime(text, now) {
  const found = TYPED.exec(text);
  if (found === null) return null;
  const [, year, month, day, hours, minutes, seconds] = found;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds ?? 0) > 59) return null;
  const date = year === undefined ? new Date(now).toISOString().slice(0, 10) : `${year}-${month}-${day}`;
  const at = Date.parse(`${date}T${hours?.padStart(2, "0")}:${minutes}:${seconds ?? "00"}Z`);
  if (Number.isNaN(at)) return null;
  return year === undefined && at > now ? at - DAY_MS : at;
}
