/**
 * One conflict whole: what happened by whose clock, every pair, what each side was shown, and what every signature is
 * worth, verified anew by the desk from the bytes that it has kept. J and K go along the timeline, Enter shows then.
 */

import { go, room, selected } from "../address.js";
import { ours, theirs } from "../card/sentence.js";
import { ask } from "../desk/deeds.js";
import { conflicts, find, now, stamp } from "../desk/picture.js";
import { foreignText } from "../foreign.js";
import { html } from "../html.js";
import { useKeys } from "../keys.js";
import { distance, feet, heights, latlng, window as windowOf } from "../measures.js";
import { lookOf, signOf, wordOf } from "../signs.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { effect, signal } from "../vendor/signals.js";
import { isolated, t } from "../words.js";
import { Signatures, wholeHashes } from "./signatures.js";
import { showAt, Timeline } from "./timeline.js";

/** @typedef {import("../types.js").Conflict} Conflict */
/** @typedef {import("../types.js").Extent} Extent */
/** @typedef {{digest: string, revision: number, since_ms: number, extent: Extent | null}} Revealed */
/**
 * @typedef {Conflict & {timeline: import("./timeline.js").Happening[], signatures: import("./signatures.js").Signature[],
 *   unsound: number, disclosed: Revealed[], shown: Revealed[], own_volumes: number,
 *   blind: [string, string][], unwatched: [string, string][]}} Incident
 */

/** The incident that is shown. @type {import("../types.js").Signal<Incident | null>} */
export const incident = signal(null);
const fault = signal("");
const line = signal(0);

/** Return the id of what the address selects: codes are of now's conflicts, ids of any. */
export function incidentId() {
  return find(conflicts.peek(), selected.peek())?.conflict ?? selected.peek();
}

async function read() {
  const id = incidentId();
  if (id === "") return;
  try {
    const told = stamp(await ask(`/api/incidents/${encodeURIComponent(id)}`));
    incident.value = told;
    fault.value = "";
  } catch (problem) {
    incident.value = null;
    fault.value = /** @type {import("../desk/deeds.js").Problem} */ (problem).detail;
  }
}

/** @param {number} by */
function move(by) {
  const count = incident.peek()?.timeline.length ?? 0;
  line.value = Math.max(0, Math.min(count - 1, line.peek() + by));
  requestAnimationFrame(() => document.getElementById(`line-${line.peek()}`)?.focus());
}

function showThen() {
  const chosen = incident.peek()?.timeline[line.peek()];
  if (chosen !== undefined) showAt(chosen);
}

export function IncidentRoom() {
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    line.value = 0;
    // Again where another is selected, and where the conflict that is shown changes.
    const undo = effect(() => {
      void [selected.value, find(conflicts.value, selected.value)?.version, find(conflicts.value, selected.value)?.phase];
      void read();
    });
    requestAnimationFrame(() => heading.current?.focus({ preventScroll: true }));
    return undo;
  }, []);
  useKeys([
    { key: "r", where: "incident", words: "keys.report", does: () => incident.peek() && go("report") },
    { key: "v", where: "incident", words: "keys.hashes", does: () => (wholeHashes.value = !wholeHashes.peek()) },
    { key: "j", where: "incident", words: "keys.next_line", does: () => move(1) },
    { key: "ArrowDown", where: "incident", words: "keys.next_line", silent: true, does: () => move(1) },
    { key: "k", where: "incident", words: "keys.previous_line", does: () => move(-1) },
    { key: "ArrowUp", where: "incident", words: "keys.previous_line", silent: true, does: () => move(-1) },
    { key: "Enter", where: "incident", words: "keys.show_time", does: showThen },
    { key: "Escape", where: "incident", words: "keys.history", does: () => go("history") },
  ]);
  const told = incident.value;
  return html`<div class="incident">
    <h2 class="title" tabindex="-1" ref=${heading}>${t("incident.title")}${" "}
      ${told !== null && html`<span class="figure">${told.code}</span>`}</h2>
    ${fault.value !== "" && html`<p class="problem">${isolated(foreignText(fault.value, 300))}</p>`}
    ${selected.value === "" ? html`<p>${t("incident.choose")}</p>` : told === null && fault.value === "" && html`<p>${t("history.reading")}</p>`}
    ${told !== null && html`<${Whole} told=${told} />`}
    <div class="buttons"><button type="button" class="button" onClick=${() => go("history")}>${t("incident.to_history")} <kbd>Esc</kbd></button></div>
  </div>`;
}

/** @param {{told: Incident}} props */
function Whole({ told }) {
  const look = lookOf(told);
  const count = told.signatures.length;
  return html`
    <p class="head" data-look=${look}>${signOf(look)} <b class="look">${isolated(wordOf(look))}</b>
      <span>${t("card.who", { ours: ours(told), theirs: theirs(told) })}</span></p>
    <p class=${told.unsound > 0 ? "doubt alarm" : "sound"}>${told.unsound > 0
      ? html`<b>${t("incident.fail", { unsound: told.unsound, n: count })}</b>`
      : t("incident.hold", { n: count })}</p>
    <div class="buttons">
      <button type="button" class="button primary" onClick=${() => go("report")}>${t("incident.report")} <kbd>R</kbd></button>
      <button type="button" class="button" aria-pressed=${wholeHashes.value} onClick=${() => (wholeHashes.value = !wholeHashes.value)}>
        ${wholeHashes.value ? t("incident.short") : t("incident.hashes")} <kbd>V</kbd></button>
    </div>
    <h3>${t("incident.timeline")}</h3>
    <${Timeline} told=${told} line=${line} />
    <h3>${t("incident.pairs")}</h3>
    ${told.pairs_shown.length === 0 && html`<p class="quiet">${t("incident.no_pairs")}</p>`}
    <ol class="list">${told.pairs_shown.map((pair, at) => html`<${PairOf} key=${at} pair=${pair} number=${at + 1} />`)}</ol>
    <h3>${t("incident.disclosed")}</h3>
    <p class="quiet">${told.disclosed.length > 0 ? t("report.disclosed_says", { party: foreignText(told.other.party) }) : t("report.disclosed_none")}</p>
    <${RevealedList} volumes=${told.disclosed} />
    <h3>${t("incident.shown")}</h3>
    <p class="quiet">${told.shown.length > 0 ? t("report.shown_says", { n: told.own_volumes }) : t("report.shown_none")}</p>
    <${RevealedList} volumes=${told.shown} />
    <h3>${t("incident.signatures")}</h3>
    <${Signatures} signatures=${told.signatures} />`;
}

/** @param {{pair: import("../types.js").Pair, number: number}} props */
function PairOf({ pair, number }) {
  const what = pair.severity === "overlap" || pair.horizontal_m === null || pair.vertical_m === null
    ? t("incident.meet")
    : t("incident.apart", { horizontal: distance(pair.horizontal_m), vertical: feet(pair.vertical_m) });
  const sides = /** @type {[string, Extent | null][]} */ ([["incident.ours_at", pair.ours], ["incident.theirs_at", pair.theirs]]);
  return html`<li class="pair">
    <p><b>${t("incident.pair", { number, what })}</b></p>
    <p><bdi dir="ltr">${windowOf(pair.start_ms, pair.end_ms, now.value)}</bdi></p>
    ${sides.map(([key, extent]) => extent && html`<p>${t(key, { heights: heights(extent.lower_m, extent.upper_m, extent.reference) })}</p>`)}
    ${pair.where && html`<p>${t("incident.closest", { place: latlng(...pair.where) })}</p>`}
  </li>`;
}

/** @param {{volumes: Revealed[]}} props */
function RevealedList({ volumes }) {
  return html`<ul class="list">${volumes.map((one) => html`<li key=${one.digest} class="revealed">
    <span class="figure" title=${one.digest}>${wholeHashes.value ? one.digest : one.digest.slice(0, 8)}</span>
    ${one.extent === null
      ? html`<span class="quiet">${t("report.unknown_volume")}</span>`
      : html`<span><bdi dir="ltr">${windowOf(one.extent.start_ms, one.extent.end_ms, now.value)}</bdi></span>
        <span><bdi dir="ltr">${heights(one.extent.lower_m, one.extent.upper_m, one.extent.reference)}</bdi></span>`}
  </li>`)}</ul>`;
}

/** The incident of what is chosen, from wherever it is chosen. @param {Conflict | null} chosen */
export function openIncident(chosen) {
  if (chosen !== null) go("incident", chosen.conflict);
  else if (room.peek() !== "incident") go("history");
}
