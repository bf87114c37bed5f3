/**
 * What is asked of the desk for a draft: read it back, sign and send it; and what came of it.
 *
 * Guaranteed: what is signed is what was read back, as its digest says; asking twice files once, for the desk knows
 * what it has filed; a page that was reloaded while it sent asks again by itself and is told what became of it. Whatever
 * fails leaves the draft as it was.
 */

import { ask } from "../desk/deeds.js";
import { effect, signal } from "../vendor/signals.js";
import { asked, begin, change, draft, keyed } from "./draft.js";

/** @typedef {import("../desk/deeds.js").Problem} Problem */
/** @typedef {{at: string, place: string, code: string, detail: string, hint: string}} Fault */
/** @typedef {{notice: string | null, code: string | null, outcome: string, detail?: string, revision?: number, problem?: Problem,
 *   faults?: {place: string, code: string, detail: string, hint: string}[], lead?: string | null, reference?: string | null,
 *   anew?: string | null, more?: boolean, conflicts?: any[], unverified?: number}} Became */
/** @typedef {Became & {number?: number, place?: string | null, callsign?: string | null}} Result */

/**
 * @typedef {object} Flight a flight as it was read
 * @property {number} number
 * @property {string | null} place
 * @property {string | null} callsign
 * @property {string} category
 * @property {string | null} remarks
 * @property {string} time_start
 * @property {string} time_end
 * @property {string} lead
 * @property {[string, string][]} lines
 * @property {boolean} loud
 * @property {import("../types.js").Extent[]} extents
 * @property {Became | null} stands
 * @property {{in_conflict_with_what_is_known: boolean, meets: any[], lines: string[], unknown: string} | null} what_if
 */

/**
 * @typedef {object} Read
 * @property {Flight[]} flights
 * @property {number} flight_count
 * @property {number} shown
 * @property {string[]} notes
 * @property {Fault[]} faults
 * @property {import("../types.js").Extent[]} extents
 * @property {string | null} digest
 * @property {string} read_at
 */

const KEPT = "keepclear.filed";
const MOST_WAIT_MS = 600_000;
const AGAIN = 3, AGAIN_MS = 2_000;

/** How the desk has read the draft. @type {import("../types.js").Signal<Read | null>} */
export const read = signal(null);
/** What is wrong with the fields, but for those that were changed since. @type {import("../types.js").Signal<Fault[]>} */
export const faults = signal([]);
/** What kept the desk from answering. @type {import("../types.js").Signal<Problem | null>} */
export const failed = signal(null);
/** @type {import("../types.js").Signal<"" | "reading" | "sending">} */
export const busy = signal("");
/** Whether what was read back would say something else by now, so that it was not signed. */
export const reread = signal(false);
/** What became of what was sent last, until somebody has done with it. @type {import("../types.js").Signal<Result[] | null>} */
export const results = signal(recall());

effect(() => {
  try {
    if (results.value === null) sessionStorage.removeItem(KEPT);
    else sessionStorage.setItem(KEPT, JSON.stringify(results.value));
  } catch {
    // It stands on the screen, and in the list of notices.
  }
});

/** @returns {Result[] | null} */
function recall() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    return Array.isArray(kept) ? kept : null;
  } catch {
    return null;
  }
}

/** Take what is wrong with a field off it: it was changed. @param {string} at */
export function mend(at) {
  const parent = at.replace(/\.points\.\d+$/, "");
  faults.value = faults.peek().filter((fault) => fault.at !== at && fault.at !== parent && fault.at !== `${parent}.points`);
}

/** Have the draft read back; return whether nothing is wrong with it. @param {{quiet?: boolean, show?: number}} [how] */
export async function readBack({ quiet = false, show } = {}) {
  if (show !== undefined) change({ show });
  const said = draft.peek();
  if (said === null || busy.peek() !== "") return false;
  if (!quiet) busy.value = "reading";
  try {
    const answer = await ask("/api/filing/read", asked(said), { wait_ms: MOST_WAIT_MS });
    if (quiet && (draft.peek() !== said || busy.peek() !== "")) return false;
    take(answer);
    failed.value = null;
    if (!quiet) change({ step: answer.faults.length > 0 ? "form" : "review" });
    return answer.faults.length === 0;
  } catch (problem) {
    if (!quiet) failed.value = /** @type {Problem} */ (problem);
    return false;
  } finally {
    if (!quiet) busy.value = "";
  }
}

/** @param {Read} answer */
function take(answer) {
  read.value = answer;
  faults.value = answer.faults;
}

/** Sign and send what was read back. @param {number} [again] how often it is asked again where no answer came */
export async function send(again = AGAIN) {
  const said = draft.peek();
  const digest = said?.sending || read.peek()?.digest;
  if (said === null || !digest || busy.peek() !== "") return;
  busy.value = "sending";
  reread.value = false;
  change({ sending: digest });
  try {
    const answer = await ask("/api/filing/send", { ...asked(said), digest }, { wait_ms: MOST_WAIT_MS });
    if (answer.results === null) {
      take(answer.read);
      reread.value = true;
      change({ sending: "", step: answer.read.faults.length > 0 ? "form" : "review" });
    } else {
      finish(answer.results);
    }
    failed.value = null;
  } catch (problem) {
    failed.value = /** @type {Problem} */ (problem);
    // Where the desk's answer was lost it is asked again, by itself at first; what it refused was not sent.
    if (failed.value.code !== "desk_silent") change({ sending: "" });
    else if (again > 0) setTimeout(() => draft.peek()?.sending === digest && void send(again - 1), AGAIN_MS);
  } finally {
    busy.value = "";
  }
}

/** @param {Result[]} told */
export function finish(told) {
  results.value = told;
  draft.value = null;
  read.value = null;
  faults.value = [];
}

/** Throw the draft away. */
export function discardDraft() {
  draft.value = null;
  read.value = null;
  faults.value = [];
  failed.value = null;
  reread.value = false;
}

/**
 * Begin the form that amends a notice: moved in time, or with what it says changed.
 * @param {string} notice
 * @param {{moved: boolean}} how
 */
export async function amend(notice, { moved }) {
  busy.value = "reading";
  try {
    const form = await ask("/api/filing/form", { notice });
    const { code, revision, callsign, category, remarks, drawn } = form;
    const given = { callsign: callsign ?? "", category, remarks: remarks ?? "" };
    const amends = { notice: form.notice, code, revision, callsign, drawable: drawn !== null };
    discardDraft();
    begin({
      ...given,
      amends,
      kind: moved || drawn === null ? "notice" : "drawn",
      shapes: keyed(drawn?.shapes ?? []),
      options: drawn?.options ?? {},
    });
  } catch (problem) {
    failed.value = /** @type {Problem} */ (problem);
  } finally {
    busy.value = "";
  }
}

/** Take up what was being sent when this page was reloaded. */
export function resume() {
  if (draft.peek()?.sending) void send();
}
