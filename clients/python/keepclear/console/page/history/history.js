/**
 * The room of history: a time to look at, what stood on the screen then, and every conflict that there ever was.
 *
 * By keys alone: a minute or an event back and on, a time typed, a conflict chosen and its incident opened. Nothing can
 * be acknowledged from here.
 */

import { go, selected } from "../address.js";
import { ours, theirs } from "../card/sentence.js";
import { ask } from "../desk/deeds.js";
import { now, shownAt, shownPicture, stamp } from "../desk/picture.js";
import { foreignText } from "../foreign.js";
import { html } from "../html.js";
import { useKeys } from "../keys.js";
import { clock, stampOf, window as windowOf } from "../measures.js";
import { lookOf, signOf, wordOf } from "../signs.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { computed, signal } from "../vendor/signals.js";
import { isolated, t } from "../words.js";
import { goTo, isPast, pastSpan, readReach, step, toMark, toOldest } from "./past.js";
import { readTime } from "./time.js";

/** @typedef {import("../types.js").Conflict} Conflict */
/** @typedef {Pick<Conflict, "conflict" | "code" | "state" | "severity" | "alarm" | "version" | "unanswered" | "time_start_ms" | "time_end_ms"> & {own: {id: string, callsign: string | null}, other: {party: string, category: string | null}, received_at_ms: number | null}} Listed */

const MINUTE_MS = 60_000;
const ROWS = 50;

/** Every conflict, the newest first. @type {import("../types.js").Signal<Listed[]>} */
const all = signal([]);
const rows = signal(ROWS);
const fault = signal("");

/** What keys move over: in the past what stood then, first, then all others. */
const listed = computed(() => {
  /** @type {Listed[]} */
  const before = isPast.value ? /** @type {any} */ (shownPicture.value.conflicts) : [];
  const there = new Set(before.map((one) => one.conflict));
  return { then: before, rest: all.value.filter((one) => !there.has(one.conflict)) };
});

const chosen = computed(() => {
  const every = [...listed.value.then, ...listed.value.rest];
  return every.find((one) => one.conflict === selected.value || one.code === selected.value) ?? null;
});

async function readAll() {
  try {
    all.value = stamp((await ask("/api/incidents")).incidents);
    fault.value = "";
  } catch (problem) {
    fault.value = /** @type {import("../desk/deeds.js").Problem} */ (problem).detail;
  }
}

/** @param {number} by */
function move(by) {
  const every = [...listed.peek().then, ...listed.peek().rest].slice(0, rows.peek());
  const at = every.findIndex((one) => one.conflict === chosen.peek()?.conflict);
  const next = every[Math.max(0, Math.min(every.length - 1, at + by))];
  if (next === undefined) return;
  selected.value = next.conflict;
  requestAnimationFrame(() => document.getElementById(`past-${next.conflict}`)?.focus());
}

/** @param {Listed | null} one */
function open(one) {
  if (one !== null) go("incident", one.conflict);
}

export function HistoryRoom() {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    void readAll();
    void readReach();
    heading.current?.focus({ preventScroll: true });
  }, []);
  useKeys([
    { key: "ArrowLeft", where: "history", words: "keys.minute_back", does: () => step(-MINUTE_MS) },
    { key: "ArrowRight", where: "history", words: "keys.minute_on", does: () => step(MINUTE_MS) },
    { key: "PageUp", where: "history", words: "keys.mark_back", does: () => void toMark(-1) },
    { key: "PageDown", where: "history", words: "keys.mark_on", does: () => void toMark(1) },
    { key: "Home", where: "history", words: "keys.oldest", does: () => void toOldest() },
    { key: "g", where: "history", words: "keys.time", does: () => field.current?.focus() },
    { key: "j", where: "history", words: "keys.next_conflict", does: () => move(1) },
    { key: "ArrowDown", where: "history", words: "keys.next_conflict", silent: true, does: () => move(1) },
    { key: "k", where: "history", words: "keys.previous_conflict", does: () => move(-1) },
    { key: "ArrowUp", where: "history", words: "keys.previous_conflict", silent: true, does: () => move(-1) },
    { key: "Enter", where: "history", words: "keys.open_incident", does: () => open(chosen.peek()) },
  ]);
  const shown = listed.value;
  const room = Math.max(0, rows.value - shown.then.length);
  return html`<div class="history">
    <h2 class="title" tabindex="-1" ref=${heading}>${t("history.title")}</h2>
    <${Clock} field=${field} />
    ${isPast.value && html`<${ThenList} conflicts=${shown.then} />`}
    <h3>${t("history.all")}</h3>
    ${fault.value !== "" && html`<p class="problem">${isolated(foreignText(fault.value, 300))}</p>`}
    ${all.value.length === 0 && html`<p class="quiet">${t("history.all_none")}</p>`}
    <ul class="list">${shown.rest.slice(0, room).map((one) => html`<${Row} key=${one.conflict} one=${one} />`)}</ul>
    ${shown.rest.length > room && html`<button type="button" class="button" onClick=${() => (rows.value += ROWS)}>
      ${t("history.more", { n: Math.min(ROWS, shown.rest.length - room) })}</button>`}
  </div>`;
}

/** The time that is looked at, and the ways to another. @param {{field: {current: HTMLInputElement | null}}} props */
function Clock({ field }) {
  const at = shownAt.value ?? now.value;
  const wrong = useRef(signal(false)).current;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const read = readTime(field.current?.value ?? "", now.peek());
    wrong.value = read === null;
    if (read === null) return;
    goTo(read);
    field.current?.blur();
  };
  return html`<form class="clock" action="/search" onSubmit=${submit}>
    <p class="time"><b class="figure">${stampOf(at, now.value)}</b></p>
    <div class="steps" dir="ltr">
      <button type="button" class="button" onClick=${() => void toMark(-1)}>${t("history.mark_back")} <kbd>PgUp</kbd></button>
      <button type="button" class="button" onClick=${() => step(-MINUTE_MS)} aria-label=${t("history.minute_back")}><kbd>${"<"}</kbd></button>
      <button type="button" class="button" onClick=${() => step(MINUTE_MS)} aria-label=${t("history.minute_on")}><kbd>${">"}</kbd></button>
      <button type="button" class="button" onClick=${() => void toMark(1)}>${t("history.mark_on")} <kbd>PgDn</kbd></button>
    </div>
    <label class="field">
      <span>${t("history.at")} <kbd>G</kbd></span>
      <input ref=${field} type="text" dir="ltr" autocomplete="off" maxlength="32" aria-describedby="history-hint"
        aria-invalid=${wrong.value} />
      <small id="history-hint" class=${wrong.value ? "problem" : "quiet"}>${wrong.value ? t("history.at_wrong") : t("history.at_hint")}</small>
    </label>
    <button type="submit" class="button">${t("history.go")}</button>
    ${pastSpan.value !== null && html`<p class="quiet">${t("history.reach", { time: stampOf(pastSpan.value.oldest_ms, now.value) })}</p>`}
  </form>`;
}

/** What stood on the screen then. @param {{conflicts: Listed[]}} props */
function ThenList({ conflicts }) {
  const waiting = conflicts.filter((one) => one.unanswered).length;
  const notices = shownPicture.value.notices.length;
  return html`<h3>${t("history.then", { time: clock(shownAt.value ?? now.value) })}</h3>
    <p class="quiet">${t("history.then_counts", { waiting, notices })}</p>
    ${conflicts.length === 0 && html`<p>${t("history.then_none")}</p>`}
    <ul class="list">${conflicts.map((one) => html`<${Row} key=${one.conflict} one=${one} past />`)}</ul>`;
}

/** @param {{one: Listed, past?: boolean}} props */
function Row({ one, past = false }) {
  const look = lookOf(/** @type {any} */ (one));
  const current = chosen.value?.conflict === one.conflict;
  const { time_start_ms: start, time_end_ms: end } = one;
  return html`<li class="row past" data-look=${look} aria-current=${current ? "true" : undefined}>
    <button type="button" class="head" id=${`past-${one.conflict}`} onClick=${() => open(one)}
      onFocus=${() => (selected.value = one.conflict)}>
      ${signOf(look)} <span class="code"><bdi dir="ltr">${one.code}</bdi></span>
      <span class="look">${isolated(wordOf(look))}</span>
      <span class="who">${t("card.who", { ours: ours(/** @type {any} */ (one)), theirs: theirs(/** @type {any} */ (one)) })}</span>
      ${start !== null && end !== null && html`<span class="when"><bdi dir="ltr">${windowOf(start, end, now.value)}</bdi></span>`}
      ${one.unanswered && html`<span class="waited">${past ? t("history.waited") : t("history.waits")}</span>`}
    </button>
  </li>`;
}
