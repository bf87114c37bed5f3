/** What became of each flight that was sent: in words, with the codes that are read out, and what to do about it. */

import { go } from "../address.js";
import { Foreign } from "../foreign.js";
import { glyph } from "../glyph.js";
import { html } from "../html.js";
import { useKeys } from "../keys.js";
import { window as windowOf } from "../measures.js";
import { lookOf, signOf, wordOf } from "../signs.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { say, t } from "../words.js";
import { results } from "./actions.js";
import { Problem } from "./field.js";
import { Said } from "./said.js";

/** @typedef {import("./actions.js").Result} Result */

/** How an outcome looks. @type {Record<string, {level: string, sign: string}>} */
const LOOKS = {
  filed: { level: "good", sign: "good" },
  withdrawn: { level: "good", sign: "good" },
  settled: { level: "good", sign: "good" },
  filed_already: { level: "info", sign: "good" },
  twice: { level: "info", sign: "good" },
  discarded: { level: "info", sign: "good" },
  in_conflict: { level: "danger", sign: "danger" },
  refused: { level: "danger", sign: "unverified" },
  evidence: { level: "danger", sign: "unverified" },
  not_sent: { level: "warning", sign: "cut" },
  not_tried: { level: "warning", sign: "cut" },
  unknown: { level: "warning", sign: "unconfirmed" },
  lost: { level: "danger", sign: "unverified" },
};

/** What has stood for less cannot have been read. */
export const READ_MS = 700;

/** Of more than this what is well is told in one line each. */
const FEW = 5;

/** Those that count at the hotline. */
const COUNTS = ["filed", "in_conflict", "filed_already", "twice", "withdrawn", "settled", "discarded"];

/** @param {Result} one */
function rankOf({ outcome }) {
  return COUNTS.includes(outcome) ? (outcome === "in_conflict" ? 1 : 2) : 0;
}

/** @param {{outcome: string}} props */
export function Outcome({ outcome }) {
  const { level, sign } = LOOKS[outcome] ?? { level: "danger", sign: "unverified" };
  return html`<span class=${`badge ${level}`}>${glyph(sign)} ${t(`filing.outcome.${outcome}`)}</span>`;
}

export function Results() {
  // What somebody has to do something about stands first.
  const told = [...(results.value ?? [])].sort((a, b) => rankOf(a) - rankOf(b));
  const at = useRef(performance.now());
  // A second Enter behind the one that signed takes nothing off the screen that nobody has read.
  const done = () => {
    if (performance.now() - at.current > READ_MS) results.value = null;
  };
  useEffect(() => document.getElementById("filing-done")?.focus({ preventScroll: true }), []);
  useKeys([{ key: "Escape", where: "filing", words: "keys.filing_done", does: done }]);
  const bad = told.filter((one) => !COUNTS.includes(one.outcome)).length;
  const met = told.filter((one) => one.outcome === "in_conflict").length;
  return html`<section class="filing results" aria-label=${say("filing.results")}>
    <h2>${t("filing.results")}</h2>
    <p role="status" class="strong">${bad > 0 ? t("filing.results.bad", { n: bad, all: told.length }) : met > 0 ? t("filing.results.conflict", { n: met, all: told.length }) : t("filing.results.fine", { n: told.length })}</p>
    <ul class="list">${told.map((one, at) => html`<li key=${at}><${One} one=${one} many=${told.length > FEW} /></li>`)}</ul>
    <div class="buttons end"><button type="button" id="filing-done" class="primary" onClick=${done}>${t("filing.done")} <kbd>Enter</kbd></button></div>
  </section>`;
}

/** @param {{one: Result, many: boolean}} props */
function One({ one, many }) {
  return html`<div class="result">
    <p><${Outcome} outcome=${one.outcome} /> ${one.code && html`<b class="figure">${one.code}</b>`}
      ${" "}<${Foreign} text=${one.callsign} most=${24} /> ${one.revision !== undefined && html`<span class="quiet">${t("filing.revision", { revision: one.revision })}</span>`}</p>
    ${!(many && one.outcome === "filed") && html`<p class="hint">${t(`filing.means.${one.outcome}`)}</p>`}
    ${one.detail && html`<p><${Said} text=${one.detail} /></p>`}
    ${one.anew && html`<p>${t("filing.anew")} <${Said} text=${one.anew} /></p>`}
    ${one.problem && html`<div class="problem"><${Problem} problem=${one.problem} />
      ${(one.faults ?? []).slice(1).map((fault) => html`<${Problem} key=${fault.detail} problem=${fault} />`)}</div>`}
    ${(one.conflicts ?? []).map((conflict) => html`<${Met} key=${conflict.conflict} conflict=${conflict} />`)}
    ${one.more && html`<p>${t("filing.more_conflicts")}</p>`}
    ${(one.unverified ?? 0) > 0 && html`<p class="problem">${t("filing.unverified", { n: one.unverified })}</p>`}
  </div>`;
}

/** @param {{conflict: any}} props */
function Met({ conflict }) {
  const look = lookOf(conflict);
  return html`<p class="met" data-look=${look}>${signOf(look)} <b>${wordOf(look).slice(1, -1)}</b> <b class="figure">${conflict.code}</b>
    <span>${t("filing.met", { party: html`<${Foreign} text=${conflict.other.party} most=${40} fixed />` })}</span>
    ${conflict.time_start && html` <span class="figure">${windowOf(Date.parse(conflict.time_start), Date.parse(conflict.time_end))}</span>`}
    <button type="button" onClick=${() => go("queue", conflict.code)}>${t("filing.to_alert")}</button></p>`;
}
