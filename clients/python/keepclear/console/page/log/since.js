/**
 * What changed while this desk was blind, or nobody watched at it: out of the picture itself, so a reload loses none.
 */

import { go } from "../address.js";
import { blind, conflicts, nameOf, now, unwatched } from "../desk/picture.js";
import { foreignText } from "../foreign.js";
import { html } from "../html.js";
import { clock, span, stampOf } from "../measures.js";
import { lookOf, wordOf } from "../signs.js";
import { computed } from "../vendor/signals.js";
import { isolated, say, t } from "../words.js";

/** @typedef {import("../types.js").Conflict} Conflict */
/** @typedef {{at: number, conflict: Conflict, text: string}} Change */

/** The last span of which an officer here must know what happened in it. */
export const missed = computed(() => blind.value.at(-1) ?? unwatched.value);

/** What changed since that span began, oldest first. */
export const changes = computed(() => {
  const of = missed.value;
  return of === null ? [] : conflicts.value.flatMap((one) => changesOf(one, of.from)).sort((a, b) => a.at - b.at);
});

/**
 * @param {Conflict} conflict
 * @param {number} from
 * @returns {Change[]}
 */
function changesOf(conflict, from) {
  /** @type {Change[]} */
  const found = [];
  const { since_ms: since, first_at_ms: first, theirs, ours, other } = conflict;
  if (since !== null && since >= from) {
    const fresh = first !== null && first >= from;
    found.push({ at: since, conflict, text: say(fresh ? "log.new" : "log.changed", { look: wordOf(lookOf(conflict)) }) });
  }
  for (const [who, answers] of /** @type {const} */ ([[other.party, theirs], ["", ours]])) {
    const at = answers.acknowledged_at_ms;
    if (at === null || at < from) continue;
    const officer = foreignText(answers.acknowledged_by, 40);
    const text = who === "" ? say("log.we_answered", { officer }) : say("log.they_answered", { party: foreignText(who, 40), officer });
    found.push({ at, conflict, text });
  }
  return found;
}

/** The lines of it. */
export function Changed() {
  return html`<ul class="list changed">${changes.value.map(({ at, conflict, text }) => html`
    <li key=${`${conflict.conflict} ${at} ${text}`}>
      <span class="figure">${clock(at)}</span>
      <span>${isolated(text)}</span>
      <button type="button" class="button" onClick=${() => go("queue", nameOf(conflict))}><span class="figure">${conflict.code}</span></button>
    </li>`)}
  </ul>`;
}

/** From when to when, in words. */
export function missedWords() {
  const of = missed.value;
  if (of === null) return null;
  const values = { from: stampOf(of.from, now.value), to: stampOf(of.to, now.value), span: span(of.to - of.from) };
  return blind.value.length > 0 ? t("log.since_blind", values) : t("log.since_unwatched", values);
}

/** Above the queue, for as long as the desk says that it was blind. */
export function SinceBlind() {
  if (missed.value === null) return null;
  const n = changes.value.length;
  return html`<section class="since" aria-label=${say("log.since")}>
    <p>${missedWords()}</p>
    <p class="count"><b>${n === 0 ? t("log.nothing_since") : t("log.count", { n })}</b> ${n > 0 && html`<button type="button" class="button" onClick=${() => go("log")}>
      ${t("log.read")} <kbd>L</kbd></button>`}</p>
  </section>`;
}
