/**
 * The time that is looked at, where that is not now: the picture of then comes from the desk's journal.
 *
 * Guaranteed: while a past time is looked at, what is on the map is of that time or nothing at all, never now's; of
 * several times asked for in a row only the last one's answer is taken. Now comes back by one key.
 */

import { time } from "../address.js";
import { ask } from "../desk/deeds.js";
import { now, pastPicture, shownAt, stamp } from "../desk/picture.js";
import { computed, effect, signal } from "../vendor/signals.js";

/** @typedef {{at: string, at_ms: number, what: "own" | "alert" | "answer", by: string | null, id: string}} Mark */
/** @typedef {{oldest_ms: number, newest_ms: number, blind: [number, number][], unwatched: [number, number][], marks: Mark[]}} Reach */

/** How far the past reaches, when the desk was blind, what happened when. @type {import("../types.js").Signal<Reach | null>} */
export const pastSpan = signal(null);

/** Why the picture of then cannot be told. @type {import("../types.js").Signal<import("../desk/deeds.js").Problem | null>} */
export const pastFault = signal(null);

/** What the desk told of then, beside conflicts and notices. @type {import("../types.js").Signal<any>} */
export const then = signal(null);

/** Whether what is looked at is over: of a time ahead now's picture is the best there is. */
export const isPast = computed(() => shownAt.value !== null && shownAt.value < now.value);

const NOTHING = { conflicts: [], notices: [] };
/** A time that is asked for again and again, as by a slider that is dragged, is asked for so often at most. */
const EACH_MS = 120;
/** An event is told to the millisecond: so far behind it the picture has it. */
const BEHIND_MS = 1;
/** Faults that pass by themselves: the desk does not answer, or this page is let in again. */
const PASSING = ["desk_silent", "session"];
const AGAIN_MS = 2000;
/** The span is read again after so long. */
const REACH_STAYS_MS = 10_000;

let wanted = /** @type {number | null} */ (null);
let asking = false;
let reachAt = -Infinity;
let reading = Promise.resolve();

/** Look at another time; one that is not behind the desk's clock is told with now's picture. @param {number} ms */
export function goTo(ms) {
  time.value = new Date(Math.round(ms)).toISOString().replace(/\.000Z$/, "Z");
}

export function backToNow() {
  time.value = "";
}

/** Move the time that is looked at. @param {number} by_ms */
export function step(by_ms) {
  goTo(clipped((shownAt.peek() ?? now.peek()) + by_ms));
}

/** Go to the event before or behind. @param {-1 | 1} direction */
export async function toMark(direction) {
  await readReach();
  const at = shownAt.peek() ?? now.peek();
  const times = (pastSpan.peek()?.marks ?? []).map((mark) => mark.at_ms);
  const found = direction < 0 ? times.findLast((each) => each < at - BEHIND_MS) : times.find((each) => each > at);
  if (found !== undefined) goTo(found + BEHIND_MS);
  else if (direction > 0) backToNow();
}

/** Go to the oldest time that the journal tells of. */
export async function toOldest() {
  await readReach();
  const oldest = pastSpan.peek()?.oldest_ms;
  if (oldest !== undefined) goTo(oldest);
}

/** @param {number} ms */
function clipped(ms) {
  return Math.max(ms, pastSpan.peek()?.oldest_ms ?? -Infinity);
}

/** Keep the picture of then up with the time that is looked at. */
export function keepPast() {
  effect(() => {
    const at = shownAt.value;
    if (at === null || !isPast.value) {
      wanted = null;
      pastPicture.value = null;
      pastFault.value = null;
      then.value = null;
      return;
    }
    if (wanted === at) return;
    wanted = at;
    pastFault.value = null;
    // What was on the map is of another time: of a step it stands until the next is there, of now's nothing may stay.
    if (pastPicture.peek() === null) pastPicture.value = NOTHING;
    void read();
  });
}

async function read() {
  if (asking) return;
  asking = true;
  try {
    while (wanted !== null && then.peek()?.asked_ms !== wanted && pastFault.peek() === null) await readOne(wanted);
  } finally {
    asking = false;
  }
}

/** @param {number} at */
async function readOne(at) {
  const began = performance.now();
  try {
    const told = stamp(await ask(`/api/history?at=${encodeURIComponent(new Date(at).toISOString())}`));
    if (wanted === null) return;
    pastFault.value = null;
    then.value = { ...told, asked_ms: at };
    pastPicture.value = { conflicts: told.conflicts, notices: told.notices };
  } catch (fault) {
    if (wanted !== at) return;
    pastFault.value = /** @type {import("../desk/deeds.js").Problem} */ (fault);
    then.value = null;
    pastPicture.value = NOTHING;
    if (PASSING.includes(pastFault.value.code)) setTimeout(again, AGAIN_MS, at);
  }
  await new Promise((done) => setTimeout(done, Math.max(0, EACH_MS - (performance.now() - began))));
}

/** Ask again for what could not be had for the moment. @param {number} at */
function again(at) {
  if (wanted !== at) return;
  pastFault.value = null;
  void read();
}

/** Read how far the past reaches, if that was not just done. */
export function readReach() {
  if (performance.now() - reachAt < REACH_STAYS_MS) return reading;
  reachAt = performance.now();
  reading = readSpan();
  return reading;
}

async function readSpan() {
  try {
    const told = stamp(await ask("/api/history/span"));
    const spans = (/** @type {[string, string][]} */ each) => each.map((ends) => ends.map((end) => Date.parse(end)));
    pastSpan.value = { ...told, blind: spans(told.blind), unwatched: spans(told.unwatched) };
  } catch {
    reachAt = -Infinity;
  }
}
