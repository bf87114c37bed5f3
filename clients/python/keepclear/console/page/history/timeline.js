/** What happened to a conflict, the oldest first: when by whose clock, whose act, and where this desk was blind. */

import { now } from "../desk/picture.js";
import { foreignText } from "../foreign.js";
import { html } from "../html.js";
import { stampOf } from "../measures.js";
import { has, isolated, say, t } from "../words.js";
import { goTo } from "./past.js";

/**
 * @typedef {object} Happening
 * @property {string} at
 * @property {number} at_ms
 * @property {string} kind
 * @property {"ours" | "theirs" | "hotline"} by
 * @property {"ours" | "theirs" | "hotline"} clock
 * @property {number | null} came_at_ms
 * @property {string | null} sha256
 * @property {number} [version]
 * @property {number} [revision]
 * @property {string | null} [officer]
 * @property {string | null} [state]
 * @property {string | null} [standing]
 * @property {string | null} [severity]
 * @property {string | null} [reason]
 * @property {string | null} [lead]
 * @property {string | null} [status]
 * @property {string | null} [said]
 * @property {string | null} [verdict]
 */

/** @type {Record<string, string>} */
const KINDS = {
  filed: "report.kind_filed",
  amended: "report.kind_amended",
  withdrawn: "report.kind_withdrawn",
  receipted: "report.kind_receipted",
  alert: "report.kind_alert",
  closed: "report.kind_closed",
  delivered: "report.kind_delivered",
  displayed: "report.kind_displayed",
  acknowledged: "report.kind_acknowledged",
};
const CLOCKS = { ours: "incident.our_clock", theirs: "incident.their_clock", hotline: "incident.hotline_clock" };
const APART_MS = 1000;

/** @param {{told: import("./incident.js").Incident, line: import("../types.js").Signal<number>}} props */
export function Timeline({ told, line }) {
  const gaps = [
    ...told.blind.map((ends) => ({ ends, words: "report.blind" })),
    ...told.unwatched.map((ends) => ({ ends, words: "report.unwatched" })),
  ].sort((a, b) => a.ends[0].localeCompare(b.ends[0]));
  /** @type {any[]} */
  const rows = [];
  told.timeline.forEach((each, at) => {
    while (gaps[0] !== undefined && gaps[0].ends[0] <= each.at) rows.push(html`<${Gap} key=${`${gaps[0].words} ${gaps[0].ends[0]}`} ...${gaps.shift()} />`);
    rows.push(html`<${Line} key=${at} each=${each} at=${at} current=${line.value === at} told=${told} choose=${() => (line.value = at)} />`);
  });
  return html`<ol class="list timeline">${rows}</ol>`;
}

/** @param {{ends: [string, string], words: string}} props */
function Gap({ ends, words }) {
  return html`<li class="gap"><b class="figure">${stampOf(Date.parse(ends[0]), now.value)}</b>
    <b>${t(words, { until: stampOf(Date.parse(ends[1]), now.value) })}</b></li>`;
}

/** @param {{each: Happening, at: number, current: boolean, told: import("./incident.js").Incident, choose: () => void}} props */
function Line({ each, at, current, told, choose }) {
  const who = each.by === "theirs" ? foreignText(told.other.party) : say(each.by === "ours" ? "report.ours" : "report.hotline");
  return html`<li class="line" data-by=${each.by} aria-current=${current ? "true" : undefined}>
    <button type="button" class="head" id=${`line-${at}`} onClick=${() => showAt(each)} onFocus=${choose}>
      <span class="figure">${stampOf(each.at_ms, now.value)}</span>
      <b>${isolated(who)}</b>
      ${each.clock !== each.by && html`<span class="quiet">${t(CLOCKS[each.clock])}</span>`}
      <span class="what">${t(kindOf(each), values(each))}${notes(each).map((note) => html`${" "}<b class="note">${note}</b>`)}</span>
    </button>
  </li>`;
}

/** Look at the picture as it was when this desk knew of it. @param {Happening} each */
export function showAt(each) {
  goTo(Math.max(each.at_ms, each.came_at_ms ?? 0) + 1);
}

/** @param {Happening} each */
function kindOf(each) {
  if (each.kind === "receipted" && !each.lead) return "report.kind_ended_receipted";
  return KINDS[each.kind] ?? "report.kind_alert";
}

/** @param {Happening} each @returns {import("../words.js").Values} */
function values(each) {
  return {
    version: each.version,
    revision: each.revision,
    officer: foreignText(each.officer),
    severity: word("severity", each.severity),
    reason: word("reason", each.reason),
    state: word("state", each.state),
    lead: word("lead", each.lead),
  };
}

/** What is not as it should be, or comes from another clock. @param {Happening} each */
function notes(each) {
  /** @type {any[]} */
  const said = [];
  if (each.kind === "closed" && each.standing !== "CLOSED") said.push(isolated(word("state", each.standing ?? "unverified")));
  if (each.status && each.status !== "receipted") said.push(t("report.status", { status: word("status", each.status) }));
  if (each.said && each.said !== "verified") said.push(t("report.doubt", { said: each.said }));
  if (each.verdict && each.verdict !== "verified") said.push(html`${t("report.fails")} (<bdi dir="ltr">${each.verdict}</bdi>)`);
  if (each.came_at_ms !== null && Math.abs(each.came_at_ms - each.at_ms) >= APART_MS) {
    said.push(t("incident.came", { time: stampOf(each.came_at_ms, now.value) }));
  }
  return said;
}

/** The word for a code, else the code itself as a text of others. @param {string} kind @param {string | null | undefined} value */
export function word(kind, value) {
  if (!value) return "";
  const key = `report.${kind}_${value.toLowerCase().replaceAll(" ", "_")}`;
  return has(key) ? say(key) : foreignText(value);
}
