/**
 * How high, how far, where and when, as an officer reads it out over a telephone.
 *
 * Guaranteed, as in the terminal's words: what is claimed is rounded outward, what keeps two apart is rounded down, so
 * that no figure says more room than there is. Flight levels for FL, feet for all else, nautical miles with kilometres
 * beside them; times are Zulu. Texts of figures alone read left to right; those with words in them come from `say`.
 */

import { say } from "./words.js";

const FOOT_M = 0.3048;
const FLIGHT_LEVEL_M = 30.48;
const MILE_M = 1852;
/** What a level may be off by for the arithmetic alone: FL180 is 5486.400000000001 m. */
const NOISE = 1e-6;
const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

const down = (/** @type {number} */ value) => Math.floor(value + NOISE);
const up = (/** @type {number} */ value) => Math.ceil(value - NOISE);

/**
 * A band in its own unit: "FL140-FL180", or "4500-6000 ft AMSL".
 * @param {number} lower_m
 * @param {number} upper_m
 * @param {string} reference
 */
export function heights(lower_m, upper_m, reference) {
  if (reference === "FL") return range(down(lower_m / FLIGHT_LEVEL_M), up(upper_m / FLIGHT_LEVEL_M), level);
  return `${feetBand(lower_m, upper_m)} ${reference}`;
}

/** A band in feet: "14000-18000 ft". @param {number} lower_m @param {number} upper_m */
export function feetBand(lower_m, upper_m) {
  return `${range(down(lower_m / FOOT_M), up(upper_m / FOOT_M))} ft`;
}

/** A band in metres: "4267-5487 m". @param {number} lower_m @param {number} upper_m */
export function metricBand(lower_m, upper_m) {
  return `${range(down(lower_m), up(upper_m))} m`;
}

/** From one number to another; a dash between them would be read as a sign of one below zero. @param {number} from @param {number} to @param {(number: number) => string} [written] */
function range(from, to, written = String) {
  return `${written(from)}${from < 0 || to < 0 ? " \u2026 " : "-"}${written(to)}`;
}

/** @param {number} number */
function level(number) {
  return `FL${number < 0 ? "-" : ""}${String(Math.abs(number)).padStart(3, "0")}`;
}

/** By how much one clock is ahead of another: no tenths that dance where they agree. @param {number} seconds */
export function ahead(seconds) {
  return Math.abs(seconds) < 1 ? "<1 s" : `${seconds > 0 ? "+" : ""}${seconds.toFixed(1)} s`;
}

/** A distance, rounded down: "3.4 NM (6.3 km)". @param {number} metres */
export function distance(metres) {
  const metric = metres < 1000 ? `${Math.floor(metres)} m` : `${(Math.floor(metres / 100) / 10).toFixed(1)} km`;
  return `${miles(metres)} (${metric})`;
}

/** @param {number} metres */
export function miles(metres) {
  return `${(Math.floor((metres * 10) / MILE_M) / 10).toFixed(1)} NM`;
}

/** A difference of heights, rounded down: "850 ft (259 m)". @param {number} metres */
export function feet(metres) {
  return `${Math.trunc(metres / FOOT_M)} ft (${Math.floor(metres)} m)`;
}

/** A place in decimal degrees, some eleven metres: "34.5213N 037.1250E". @param {number} lat @param {number} lng */
export function latlng(lat, lng) {
  const north = Math.abs(lat).toFixed(4).padStart(7, "0"), east = Math.abs(lng).toFixed(4).padStart(8, "0");
  return `${north}${lat >= 0 ? "N" : "S"} ${east}${lng >= 0 ? "E" : "W"}`;
}

/** A place in degrees, minutes and whole seconds: "343117N 0370730E". @param {number} lat @param {number} lng */
export function latlngDms(lat, lng) {
  return `${dms(lat, "NS", 2)} ${dms(lng, "EW", 3)}`;
}

/** @param {number} degrees @param {string} signs @param {number} digits */
function dms(degrees, signs, digits) {
  const seconds = Math.round(Math.abs(degrees) * 3600);
  const whole = Math.floor(seconds / 3600), rest = seconds % 3600;
  return `${pad(whole, digits)}${pad(Math.floor(rest / 60))}${pad(rest % 60)}${signs[degrees < 0 ? 1 : 0]}`;
}

/** The time of day in Zulu: "14:20:05Z". @param {number} ms */
export function clock(ms) {
  return `${iso(Math.floor(ms / SECOND) * SECOND).slice(11, 19)}Z`;
}

/** The time of day to the minute: "14:20Z". @param {number} ms */
export function minute(ms) {
  return `${iso(ms).slice(11, 16)}Z`;
}

/** The time of day on this machine's wall: "16:20:05". @param {number} ms */
export function localClock(ms) {
  const at = new Date(ms);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => pad(part)).join(":");
}

/** The day in Zulu: "2026-11-26". @param {number} ms */
export function day(ms) {
  return iso(ms).slice(0, 10);
}

/** An instant: the time of day, with its date where that is not `now`'s. @param {number} ms @param {number} now */
export function stampOf(ms, now) {
  return day(ms) === day(now) ? clock(ms) : `${day(ms)} ${clock(ms)}`;
}

/**
 * A window, rounded outward to whole seconds: "14:20:00Z-14:50:00Z", with dates where they are not `now`'s.
 * @param {number} start
 * @param {number} end
 * @param {number} [now]
 */
export function window(start, end, now = start) {
  const last = Math.ceil(end / SECOND) * SECOND;
  if (day(start) === day(last) && day(start) === day(now)) return `${clock(start)}-${clock(last)}`;
  return `${iso(start).slice(5, 16)}Z - ${iso(Math.ceil(end / MINUTE) * MINUTE).slice(5, 16)}Z`;
}

/** How long something lasts, in two units, the finer of which can be seen to move. @param {number} ms */
export function span(ms) {
  const lasts = Math.max(0, ms);
  const whole = (/** @type {number} */ unit, of = Infinity) => Math.floor((lasts % of) / unit);
  if (lasts < 2 * MINUTE) return say("measures.s", { s: whole(SECOND) });
  if (lasts < HOUR) return say("measures.min_s", { min: whole(MINUTE), s: pad(whole(SECOND, MINUTE)) });
  if (lasts < 2 * DAY) return say("measures.h_min", { h: whole(HOUR), min: pad(whole(MINUTE, HOUR)) });
  return say("measures.d_h", { d: whole(DAY), h: whole(HOUR, DAY) });
}

/**
 * When a window begins or ends, as seen from `now`; what is left is never shown longer than it is.
 * @param {number} start
 * @param {number} end
 * @param {number} now
 */
export function countdown(start, end, now) {
  if (now < start) return say("measures.in", { span: span(start - now) });
  if (now <= end) return say("measures.now", { span: span(end - now) });
  return say("measures.over", { span: span(now - end) });
}

/**
 * The same for the telephone and the screen reader, in whole words: hours never without their minutes, as they are read out.
 *
 * @param {number} start @param {number} end @param {number} now
 */
export function countdownSpoken(start, end, now) {
  if (now > end) return say("measures.over_spoken");
  const left = Math.max(0, (now < start ? start : end) - now);
  return say(now < start ? "measures.begins_in" : "measures.lasts", { span: spanSpoken(left) });
}

/** @param {number} left */
function spanSpoken(left) {
  if (left < 2 * MINUTE) return say("measures.seconds", { n: Math.floor(left / SECOND) });
  const h = Math.floor(left / HOUR), min = Math.floor((left % HOUR) / MINUTE);
  const minutes = say("measures.minutes", { n: min });
  if (h === 0) return minutes;
  const hours = say("measures.hours", { n: h });
  return min === 0 ? hours : say("measures.hours_minutes", { hours, minutes });
}

/** @param {number} ms */
function iso(ms) {
  return new Date(ms).toISOString();
}

/** @param {number} number */
function pad(number, digits = 2) {
  return String(number).padStart(digits, "0");
}
