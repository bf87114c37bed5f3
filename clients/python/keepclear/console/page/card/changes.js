/** What changed against the version before: an officer who has answered that one reads only this. */

import { html } from "../html.js";
import { clock, distance, heights, window as windowOf } from "../measures.js";
import { has, isolated, say, t } from "../words.js";

/** @param {{conflict: import("../types.js").Conflict}} props */
export function Changes({ conflict }) {
  if (conflict.changes.length === 0) return null;
  return html`<div class="changes">
    <h3>${conflict.since_ms === null ? t("card.changed") : t("card.changed_at", { at: clock(conflict.since_ms) })}</h3>
    <ul>${conflict.changes.map(({ what, before, after }) => html`<li key=${what}>
      ${t("card.change", { what: say(`card.what.${what}`), before: valueOf(what, before), after: valueOf(what, after) })}</li>`)}
    </ul>
  </div>`;
}

/**
 * @param {string} what
 * @param {any} value
 * @returns {any}
 */
function valueOf(what, value) {
  if (value === null || value === undefined) return say("card.none");
  if (what === "window" && Array.isArray(value)) return windowOf(Date.parse(value[0]), Date.parse(value[1]));
  if (what === "band" && Array.isArray(value)) return heights(value[0], value[1], value[2]);
  if (what === "distance" && Array.isArray(value)) return value.map((one) => distance(one)).join(" / ");
  if (what === "distance" && typeof value === "number") return distance(value);
  if (what === "severity" && has(`card.look.${value}`)) return say(`card.look.${value}`);
  if (what === "revision" && typeof value === "object" && !Array.isArray(value)) return say("card.revisions", value);
  if (Array.isArray(value)) return html`${value.map((one) => html`${isolated(valueOf(what, one))} `)}`;
  return typeof value === "object" ? JSON.stringify(value) : value;
}
