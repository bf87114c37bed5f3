/**
 * The party's own notices: what state each is in, and what can be done with the one that is chosen, all by keys.
 *
 * What was signed and does not count, since it was NOT SENT, is of unknown outcome, or was lost, stands above all else.
 */

import { ask } from "../desk/deeds.js";
import { notices, now, selectedConflict, session } from "../desk/picture.js";
import { Foreign } from "../foreign.js";
import { glyph } from "../glyph.js";
import { html } from "../html.js";
import { useKeys } from "../keys.js";
import { countdown, window as windowOf } from "../measures.js";
import { tell } from "../note.js";
import { useEffect, useRef, useState } from "../vendor/preact-hooks.js";
import { signal } from "../vendor/signals.js";
import { isolated, say, t } from "../words.js";
import { amend, busy, discardDraft, failed, results } from "./actions.js";
import { aside, begin, draft } from "./draft.js";
import { Problem, UNASKED } from "./field.js";
import { Sure, askWithdraw, endsNow } from "./withdraw.js";

/** @typedef {import("../types.js").Notice} Notice */
/** @typedef {{notice: string, code: string, revision: number, kind: string, status: string, callsign: string | null, time_start: string | null, time_end: string | null}} Waiting */

const MOST_WAIT_MS = 600_000;
/** Rows that are drawn at once: thousands would hold up every key. */
const MOST_ROWS = 200;

/** The chosen notice, by its id. */
const chosen = signal("");
const wanted = signal("");
/** The flight of the conflict from which somebody came last. */
let lastMeant = "";

/** What begins first stands first; what has no window, before all. @param {Notice} one */
function startOf(one) {
  return one.time_start_ms ?? 0;
}

/** @param {Notice} one @param {string} text */
function holds(one, text) {
  const needle = text.trim().toLowerCase();
  return needle === "" || [one.code, one.callsign, one.reference, one.category].some((part) => part?.toLowerCase().includes(needle));
}

export function NoticeList() {
  const mayFile = session.value?.role === "officer";
  const all = notices.value.filter((one) => holds(one, wanted.value)).sort((a, b) => startOf(a) - startOf(b));
  const at = Math.max(0, all.findIndex((one) => one.id === chosen.value));
  const current = all[at];
  const move = (/** @type {number} */ by) => {
    const next = all[Math.min(all.length - 1, Math.max(0, at + by))];
    if (next) chosen.value = next.id;
  };
  useEffect(() => {
    // Who comes from a conflict is here for the flight of ours that is in it.
    if (selectedConflict.peek() !== null) chosen.value = selectedConflict.peek()?.own.id ?? "";
  }, []);
  useEffect(() => {
    // Whoever comes from a conflict means its flight.
    const ours = selectedConflict.peek()?.own.id;
    if (ours !== undefined && ours !== lastMeant) chosen.value = ours;
    lastMeant = ours ?? lastMeant;
  }, []);
  const from = Math.max(0, Math.min(at - MOST_ROWS / 2, all.length - MOST_ROWS));
  useKeys([
    { key: "j", where: "filing", words: "keys.filing_next_notice", does: () => move(1) },
    { key: "ArrowDown", where: "filing", words: "keys.filing_next_notice", silent: true, does: () => move(1) },
    { key: "k", where: "filing", words: "keys.filing_previous_notice", does: () => move(-1) },
    { key: "ArrowUp", where: "filing", words: "keys.filing_previous_notice", silent: true, does: () => move(-1) },
    { key: "n", where: "filing", words: "keys.filing_new", does: () => mayFile && fresh() },
    { key: "d", where: "filing", words: "keys.filing_delay", does: () => mayFile && current && void change(current, true) },
    { key: "e", where: "filing", words: "keys.filing_amend", does: () => mayFile && current && void change(current, false) },
    { key: "w", where: "filing", words: "keys.filing_withdraw", does: () => mayFile && current && askWithdraw(current) },
    { key: "g", where: "filing", words: "keys.filing_resend", does: () => mayFile && void resendAll() },
    { key: "c", where: "filing", words: "keys.filing_continue", does: () => mayFile && draft.peek() && (aside.value = false) },
  ]);
  return html`<section class="filing notices" aria-label=${say("filing.notices")}>
    <h2>${t("filing.notices")} <span class="quiet">${t("filing.count", { n: notices.value.length })}</span></h2>
    ${!mayFile && html`<p class="hint">${t("filing.wall")}</p>`}
    ${mayFile && html`<div class="buttons"><button type="button" class="primary" onClick=${fresh}>${glyph("file")} ${t("filing.new")} <kbd>N</kbd></button></div>`}
    ${mayFile && draft.value !== null && html`<div class="problem mild"><p class="strong">${t("filing.draft_waits")}</p><div class="buttons">
      <button type="button" onClick=${() => (aside.value = false)}>${t("filing.continue")} <kbd>C</kbd></button>
      <button type="button" onClick=${discardDraft}>${t("filing.throw_away")}</button></div></div>`}
    ${failed.value !== null && draft.value === null && html`<div class="problem" role="alert"><${Problem} problem=${failed.value} /></div>`}
    <${WaitingBox} mayFile=${mayFile} />
    ${notices.value.length > 12 && html`<form class="field" action=${UNASKED} onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}><label for="filing-find">${t("filing.find")}</label>
      <input id="filing-find" type="search" dir="auto" autocomplete="off" spellcheck=${false} value=${wanted.value} onInput=${(/** @type {Event} */ event) => (wanted.value = /** @type {HTMLInputElement} */ (event.target).value)} /></form>`}
    ${all.length === 0 && html`<p class="quiet">${t("filing.no_notices")}</p>`}
    <ul class="list own" aria-label=${say("filing.notices")}>
      ${all.slice(from, from + MOST_ROWS).map((one) => html`<${Row} key=${one.sha256} one=${one} current=${one === current} mayFile=${mayFile} />`)}
    </ul>
    ${all.length > MOST_ROWS && html`<p class="quiet">${t("filing.some_rows", { shown: MOST_ROWS, all: all.length })}</p>`}
  </section>`;
}

function fresh() {
  if (draft.peek() !== null) return draftFirst();
  return begin();
}

function draftFirst() {
  aside.value = false;
  tell(say("filing.draft_first"), "warning");
}

/** @param {Notice} one @param {boolean} moved */
async function change(one, moved) {
  chosen.value = one.id;
  if (draft.peek() !== null) return draftFirst();
  if (one.state === "withdrawn") return tell(say("filing.is_withdrawn", { code: one.code }), "warning");
  return amend(one.id, { moved });
}

/** @param {{one: Notice, current: boolean, mayFile: boolean}} props */
function Row({ one, current, mayFile }) {
  const element = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (current) element.current?.scrollIntoView({ block: "nearest" });
  }, [current]);
  const { time_start_ms: start, time_end_ms: end } = one;
  return html`<li ref=${element} aria-current=${current ? "true" : null} data-state=${one.state}>
    <button type="button" class="row" onClick=${() => (chosen.value = one.id)} aria-expanded=${String(current)}>
      <span class="notice-head"><b class="figure">${one.code}</b> <${Foreign} text=${one.callsign} absent=${t("filing.no_callsign")} most=${24} fixed />
        <${State} state=${one.state} /></span>
      <span class="notice-rest"><${Foreign} text=${one.category} most=${24} fixed />
        ${start !== null && end !== null && html`<span class="figure">${windowOf(start, end, now.value)}</span> <span class="quiet">${isolated(countdown(start, end, now.value))}</span>`}
        <span class="quiet">${t("filing.revision", { revision: one.revision })}</span>
        ${one.reference && html`<${Foreign} text=${one.reference} most=${24} fixed />`}</span>
    </button>
    ${current && mayFile && html`<${Sure} one=${one} />
      <div class="buttons">
        <button type="button" disabled=${busy.value !== ""} onClick=${() => void change(one, true)}>${glyph("clock")} ${t("filing.delay")} <kbd>D</kbd></button>
        <button type="button" disabled=${busy.value !== ""} onClick=${() => void change(one, false)}>${glyph("amend")} ${t("filing.change")} <kbd>E</kbd></button>
        <button type="button" disabled=${busy.value !== ""} onClick=${() => askWithdraw(one)}>${glyph("withdraw")} ${t("filing.withdraw")} <kbd>W</kbd></button>
      </div>`}
  </li>`;
}

/** How a notice's state looks. @type {Record<string, {level: string, sign: string, word: string}>} */
const STATES = {
  live: { level: "good", sign: "good", word: "filing.state.live" },
  ended: { level: "info", sign: "past", word: "filing.state.ended" },
  withdrawn: { level: "info", sign: "withdraw", word: "filing.state.withdrawn" },
  unknown: { level: "warning", sign: "unconfirmed", word: "filing.state.unknown" },
  "not sent": { level: "warning", sign: "cut", word: "filing.state.not_sent" },
  lost: { level: "danger", sign: "unverified", word: "filing.state.lost" },
};

/** @param {{state: string}} props */
function State({ state }) {
  const look = STATES[state];
  if (look === undefined) return html`<span class="badge danger">${glyph("unverified")} <${Foreign} text=${state} /></span>`;
  return html`<span class=${`badge ${look.level}`}>${glyph(look.sign)} ${t(look.word)}</span>`;
}

/** @type {import("../types.js").Signal<Waiting[]>} */
const waiting = signal([]);

async function refresh() {
  try {
    waiting.value = (await ask("/api/filing/waiting", {})).waiting;
  } catch {
    // The header says that the desk is silent; what waits stands as it was.
  }
}

/** @param {{mayFile: boolean}} props */
function WaitingBox({ mayFile }) {
  const [giveUp, setGiveUp] = useState("");
  useEffect(() => {
    if (mayFile) void refresh();
  }, [notices.value, mayFile, results.value]);
  if (waiting.value.length === 0) return null;
  return html`<div class="problem waiting-box" role="status">
    <p class="strong">${glyph("cut")} ${t("filing.waiting", { n: waiting.value.length })}</p>
    <ul class="list">${waiting.value.slice(0, MOST_ROWS).map((one) => html`<li key=${`${one.notice} ${one.revision}`}>
      <p><span class="badge warning">${t(`filing.waits.${one.status}`)}</span> <b class="figure">${one.code}</b> <${Foreign} text=${one.callsign} most=${24} fixed />
        ${one.time_start && one.time_end && html`<span class="figure">${windowOf(Date.parse(one.time_start), Date.parse(one.time_end), now.value)}</span>`}
        ${one.time_start && Date.parse(one.time_start) < now.value && html` <b>${t(Date.parse(one.time_end ?? "") < now.value ? "filing.is_over" : "filing.has_begun")}</b>`}
        ${one.kind === "withdrawal" && html` ${t("filing.a_withdrawal")}`}</p>
      <div class="buttons">
        <button type="button" disabled=${busy.value !== ""} onClick=${() => void resend([one])}>${t("filing.send_again")}</button>
        ${one.status !== "unknown" && html`<button type="button" onClick=${() => (giveUp === one.notice ? void discard(one) : setGiveUp(one.notice))}>
          ${t(giveUp === one.notice ? "filing.discard.sure" : "filing.discard")}</button>`}
      </div></li>`)}</ul>
    ${waiting.value.length > 1 && html`<div class="buttons"><button type="button" class="primary" disabled=${busy.value !== ""} onClick=${() => void resendAll()}><span>${t("filing.send_all", { n: unlost().length })}</span> <kbd>G</kbd></button></div>`}
  </div>`;
}

/** What the hotline has lost is filed again one by one: it may get another code. */
function unlost() {
  return waiting.value.filter((one) => one.status !== "lost");
}

async function resendAll() {
  if (unlost().length > 0) await resend(unlost());
}

/** What was asked about, since its window has begun, and until when a second press means yes. */
let asked = { of: "", until: 0 };
const MEANT_MS = 10_000;

/** Whether somebody means it: of what has begun, or is over, it is asked once. @param {Waiting[]} those */
function meant(those) {
  const begun = those.filter((one) => one.time_start !== null && Date.parse(one.time_start) < now.peek());
  const of = those.map((one) => one.notice).join(" ");
  if (begun.length === 0 || (asked.of === of && performance.now() < asked.until)) return true;
  asked = { of, until: performance.now() + MEANT_MS };
  tell(say("filing.begun", { n: begun.length }), "warning");
  return false;
}

/** @param {Waiting[]} those */
async function resend(those) {
  if (busy.peek() !== "" || !meant(those)) return;
  busy.value = "sending";
  failed.value = null;
  try {
    results.value = (await ask("/api/filing/resend", { notices: those.map((one) => one.notice) }, { wait_ms: MOST_WAIT_MS })).results;
  } catch (problem) {
    failed.value = /** @type {import("../desk/deeds.js").Problem} */ (problem);
  } finally {
    busy.value = "";
    void refresh();
  }
}

/** @param {Waiting} one */
async function discard(one) {
  failed.value = null;
  try {
    await ask("/api/filing/discard", { notice: one.notice });
    tell(say("filing.discarded", { code: one.code }));
  } catch (problem) {
    failed.value = /** @type {import("../desk/deeds.js").Problem} */ (problem);
  } finally {
    endsNow();
    void refresh();
  }
}
