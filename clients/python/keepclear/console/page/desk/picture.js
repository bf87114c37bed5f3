/**
 * The desk's picture as signals. What the desk sent is taken as it is: it has verified it, the page judges nothing.
 *
 * Guaranteed: `now` is the desk's clock, moved on by this machine's steady clock between two beats; each time is parsed
 * once, into a `*_ms` member beside its text; an object that did not change stays the same value, so what is drawn of
 * it need not be drawn again.
 */

import { selected, time } from "../address.js";
import { batch, computed, signal } from "../vendor/signals.js";

/** @typedef {import("../types.js").Conflict} Conflict */
/** @typedef {import("../types.js").Notice} Notice */

/**
 * @template T
 * @typedef {import("../types.js").Signal<T>} Signal
 */

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const MOST_HAPPENINGS = 200;

/** @type {Signal<Conflict[]>} */
export const conflicts = signal([]);
/** @type {Signal<Notice[]>} */
export const notices = signal([]);
/** @type {Signal<import("../types.js").Link | null>} */
export const link = signal(null);
/** @type {Signal<import("../types.js").Whole>} */
export const whole = signal({ is: false, reasons: [] });
/** Whether the link is up, and silent for longer than it may be. */
export const quiet = computed(() => whole.value.reasons.some(({ code }) => code === "quiet"));
/** @type {Signal<import("../types.js").Counts>} */
export const counts = signal({ unanswered: 0, not_sent: 0, lost: 0 });
/** @type {Signal<import("../types.js").Agreement | null>} */
export const agreement = signal(null);
/** @type {Signal<import("../types.js").Session | null>} */
export const session = signal(null);
/** @type {Signal<import("../types.js").Age | null>} */
export const age = signal(null);
/** @type {Signal<import("../types.js").Span[]>} */
export const blind = signal([]);
/** @type {Signal<import("../types.js").Span | null>} */
export const unwatched = signal(null);
/** @type {Signal<import("../types.js").Coded | null>} */
export const trouble = signal(null);
/** From where bearing and range are told. @type {Signal<import("../types.js").Reference | null>} */
export const bullseye = signal(null);
/** The party's own chart, if it has one. @type {Signal<"geojson" | "pmtiles" | null>} */
export const basemap = signal(null);
export const forged = signal(0);
/** Who is over an agreed budget now. @type {Signal<import("../types.js").Over[]>} */
export const over = signal([]);
/** Whose short-lived notices have met many of ours. @type {Signal<import("../types.js").Probing[]>} */
export const probing = signal([]);
export const party = signal("");
/** @type {Signal<string[]>} */
export const parties = signal([]);
/** The strip, oldest first. @type {Signal<import("../types.js").Happening[]>} */
export const happenings = signal([]);
/** Whether a whole picture has come since this page was opened. */
export const arrived = signal(false);

/** The desk's clock in ms; moves each second. */
export const now = signal(Date.now());
/** Since when, in ms, this page has heard nothing of its own desk. */
export const heardDesk = signal(0);

/** The slider's time in ms; null is now. */
export const shownAt = computed(() => {
  const at = Date.parse(time.value);
  return Number.isNaN(at) ? null : at;
});

/** The picture that history gave for `shownAt`, as long as one is looked at. @type {Signal<Shown | null>} */
export const pastPicture = signal(null);

/** @typedef {{conflicts: Conflict[], notices: Notice[]}} Shown */

/** What is on the map: now's, or history's of another time. @type {import("../types.js").Signal<Shown>} */
export const shownPicture = /** @type {any} */ (
  computed(() => pastPicture.value ?? { conflicts: conflicts.value, notices: notices.value })
);

/** The selected conflict, by code or id. */
export const selectedConflict = computed(() => find(conflicts.value, selected.value));

/**
 * @param {Conflict[]} among
 * @param {string} name
 * @returns {Conflict | null}
 */
export function find(among, name) {
  if (!name) return null;
  return among.find((one) => one.conflict === name) ?? among.find((one) => one.code === name) ?? null;
}

/**
 * Return by what the address names a conflict: its code, or its id where another shares that.
 * @param {Conflict} conflict
 */
export function nameOf(conflict) {
  const same = conflicts.peek().filter((one) => one.code === conflict.code);
  return same.length > 1 ? conflict.conflict : conflict.code;
}

let deskAt = Date.now();
let heardAt = performance.now();

/** Take in that the desk was heard. @param {string} [at] its clock */
export function heard(at) {
  heardAt = performance.now();
  if (at !== undefined) {
    const told = Date.parse(at);
    if (!Number.isNaN(told)) deskAt = told;
  }
  tick();
}

/** Move the page's time on. */
export function tick() {
  const silent = performance.now() - heardAt;
  batch(() => {
    heardDesk.value = Math.round(silent);
    const at = deskAt + silent;
    if (Math.floor(at / 1000) !== Math.floor(now.peek() / 1000)) now.value = at;
  });
}

/**
 * Take in a picture, or a change of one: what is absent did not change.
 * @param {any} told
 * @param {boolean} isWhole
 */
export function take(told, isWhole) {
  stamp(told);
  batch(() => {
    if (told.party !== undefined) party.value = told.party;
    if (told.parties !== undefined) parties.value = told.parties;
    if (told.link !== undefined) link.value = told.link;
    if (told.whole !== undefined) whole.value = told.whole;
    if (told.counts !== undefined) counts.value = told.counts;
    if (told.agreement !== undefined) agreement.value = told.agreement;
    if (told.session !== undefined) session.value = told.session;
    if (told.picture !== undefined) age.value = told.picture;
    if (told.trouble !== undefined) trouble.value = told.trouble;
    if (told.reference !== undefined) bullseye.value = told.reference;
    if (told.basemap !== undefined) basemap.value = told.basemap;
    if (told.forged !== undefined) forged.value = told.forged;
    if (told.over_budget !== undefined) over.value = told.over_budget;
    if (told.probing !== undefined) probing.value = told.probing;
    if (told.blind !== undefined) blind.value = told.blind.map(spanned);
    if (told.unwatched !== undefined) unwatched.value = told.unwatched === null ? null : spanned(told.unwatched);
    if (told.events !== undefined) happenings.value = told.events;
    if (told.conflicts !== undefined) merge(conflicts, told.conflicts, (/** @type {Conflict} */ one) => one.conflict);
    if (told.notices !== undefined) merge(notices, told.notices, (/** @type {Notice} */ one) => one.sha256);
    if (isWhole) arrived.value = true;
    heard(told.now);
  });
}

/** Take in a line of the strip. @param {any} told */
export function happened(told) {
  stamp(told);
  happenings.value = [...happenings.peek(), told].slice(-MOST_HAPPENINGS);
}

/**
 * @template T
 * @param {Signal<T[]>} kept
 * @param {T[] | {put?: T[], gone?: string[], order?: string[]}} told
 * @param {(one: T) => string} idOf
 */
function merge(kept, told, idOf) {
  if (Array.isArray(told)) {
    kept.value = told;
    return;
  }
  const byId = new Map(kept.peek().map((one) => [idOf(one), one]));
  for (const id of told.gone ?? []) byId.delete(id);
  for (const one of told.put ?? []) byId.set(idOf(one), one);
  const order = told.order ?? [...byId.keys()];
  const ordered = order.flatMap((id) => byId.get(id) ?? []);
  // What an order leaves out is shown all the same, last: nothing may vanish by a slip of the order.
  const named = new Set(order);
  kept.value = [...ordered, ...[...byId].filter(([id]) => !named.has(id)).map(([, one]) => one)];
}

/** @param {[string, string]} times */
export function spanned(times) {
  return { from: Date.parse(times[0]), to: Date.parse(times[1]) };
}

/**
 * Put a `*_ms` beside every time; in place, for these are values that nobody else holds.
 * @param {any} value
 */
export function stamp(value) {
  if (Array.isArray(value)) {
    // Points are by far the most arrays: numbers need no look.
    if (typeof value[0] === "object") for (const one of value) stamp(one);
    return value;
  }
  if (value === null || typeof value !== "object") return value;
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === "string") {
      if (INSTANT.test(inner)) value[`${name}_ms`] = Date.parse(inner);
    } else if (inner === null && /(_at|start|end|since)$/.test(name)) {
      value[`${name}_ms`] = null;
    } else if (typeof inner === "object") stamp(inner);
  }
  return value;
}
