/**
 * The head: whose page it is, by which clock, whether it hears, how old the picture is, what waits, who is on watch.
 *
 * Guaranteed: while what is shown may not be whole, NOT DECONFLICTED stands here in words, with the reasons. Nothing
 * here ever says clear by itself. A page that does not hear its own desk says that before all else.
 */

import { broken } from "../broken.js";
import { SILENT_MS, refusal } from "../desk/feed.js";
import { agreement, arrived, blind, forged, heardDesk, link, now, over, parties, party, probing, session, spanned, trouble, unwatched, whole } from "../desk/picture.js";
import { Foreign, foreignText } from "../foreign.js";
import { glyph } from "../glyph.js";
import { html } from "../html.js";
import { clock, day, localClock, minute, span, stampOf } from "../measures.js";
import { has, isolated, say, t } from "../words.js";
import { Age, Clocks, LinkState, Sound, Waiting } from "./chips.js";
import { Menu } from "./menu.js";

/** Times that are each said; of more before them only that they were. */
const TIMES_SAID = 3;
/** The name under which the hotline says that it has no room itself. */
const ROOM = "room";
/** The reason that stands at all times as long as the line has no beats: no news, so not loud. */
const CALM = "not_yet_beats";

export function HeaderRoom() {
  return html`<header class="header">
    <div class="top">
      <div class="bar">
        <h1 class="whose"><${Foreign} text=${party.value} most=${24} fixed=${true} />
          <span class="quiet"><${Foreign} text=${agreement.value?.name} most=${40} fixed=${true} /></span></h1>
        <${Watch} />
        <${Waiting} /><${LinkState} /><${Age} /><${Clocks} /><${Sound} />
      </div>
      <p class="times"><span class="figure zulu">${clock(now.value)}</span>
        <span class="local"><span class="figure">${day(now.value)}</span> ${t("header.local", { at: localClock(now.value) })}</span></p>
    </div>
    <div class="bar second"><${Whole} /><${Menu} /></div>
    <${Warnings} />
  </header>`;
}

function Watch() {
  const watch = session.value?.watch ?? null;
  if (session.value?.role === "wall") return html`<span class="badge info">${t("header.wall")}</span>`;
  if (watch === null) return html`<span class="badge warning">${glyph("warning")} ${t("header.nobody")}</span>`;
  return html`<span class="badge"><span>${t("header.on_watch", { officer: foreignText(watch.officer, 32), since: minute(watch.since_ms) })}</span></span>`;
}

/** The sentence that stands while what is shown may not be whole; else only that silence is not safety. */
export function Whole() {
  const silent = heardDesk.value >= SILENT_MS;
  const { is, reasons } = whole.value;
  if (is && !silent && refusal.value === null && !broken.value && arrived.value) return html`<p class="whole calm"><span>${t("header.no_clear")}</span></p>`;
  const told = [
    ...(broken.value ? [say("header.reason.broken")] : []),
    ...(silent ? [say("header.reason.desk_silent", { span: span(heardDesk.value) })] : []),
    ...(refusal.value !== null ? [reasonOf({ code: refusal.value.code, text: refusal.value.detail })] : []),
    ...(arrived.value ? reasons.filter(({ code }) => code !== CALM).map(reasonOf) : [say("header.reason.never_heard")]),
  ];
  return html`<p class="whole loud">
    <b>${glyph("unverified")} ${t("header.not_deconflicted")}</b>
    <span>${told.map((one, at) => html`${at > 0 ? " " : ""}${isolated(one)}`)}</span>
  </p>`;
}

/** @param {import("../types.js").Coded} reason */
function reasonOf({ code, text }) {
  const heard = link.value?.heard_at_ms ?? null;
  if (code === "quiet" && heard !== null) return say("header.reason.quiet", { span: span(now.value - heard) });
  const slow = link.value?.hotline_slow_since_ms ?? null;
  if (code === "hotline_slow") return slow === null ? foreignText(text, 200) : say("header.reason.hotline_slow", { since: clock(slow) });
  if (code === "behind") return say("header.reason.behind", { n: behindOf() });
  if (code === "over_budget") {
    const theirs = parties.value.filter((whose) => whose !== party.value).flatMap((whose) => overOf(whose, "header.reason.over_budget"));
    return html`${theirs.map((words, at) => html`${at > 0 ? " " : ""}${isolated(words)}`)}`;
  }
  return has(`header.reason.${code}`) ? say(`header.reason.${code}`) : foreignText(text, 200);
}

/** How many events wait, and of whom as far as they have come. */
function behindOf() {
  const of = Object.entries(link.value?.behind_of ?? {}).map(([whose, count]) => `${foreignText(whose, 64)} ${count}`);
  return `${link.value?.behind ?? 0}${of.length > 0 ? ` (${of.join(", ")})` : ""}`;
}

/** What it means here that a party was over budgets, whose names are the protocol's, or found no room: a sentence of each. @param {string} whose @param {string} key */
function overOf(whose, key) {
  const all = over.value.filter((one) => one.party === whose);
  return [
    ...saidOf(whose, key, all.filter((one) => one.budget !== ROOM)),
    ...saidOf(whose, "header.no_room", all.filter((one) => one.budget === ROOM)),
  ];
}

/** @param {string} whose @param {string} key @param {import("../types.js").Over[]} some */
function saidOf(whose, key, some) {
  if (some.length === 0) return [];
  const budget = some.map((one) => one.budget.replaceAll("_", " ")).join(", ");
  const until = stampOf(Math.max(...some.map((one) => one.until_ms)), now.value);
  return [say(key, { party: foreignText(whose, 64), budget, until })];
}

/** @returns {[string, any][]} */
function overLines() {
  return overOf(party.value, "header.over_own").map((words) => ["warning", isolated(words)]);
}

/** @returns {[string, any][]} */
function probingLines() {
  return probing.value.map(({ party: whose, notices, ours, since_ms: since, until_ms: until }) =>
    ["alarm", t("header.probing", { party: foreignText(whose, 64), notices, ours, span: span(until - since), at: stampOf(until, now.value) })]);
}

function Warnings() {
  const told = [...overLines(), ...probingLines(), ...slowLines(), ...blindLines(), ...unwatchedLines(), ...forgedLines(), ...troubleLines()];
  if (told.length === 0) return null;
  return html`<ul class="warnings">${told.map(([level, words], at) => html`
    <li key=${at} class=${level}>${glyph(level === "alarm" ? "unverified" : "warning")} <span>${words}</span></li>`)}</ul>`;
}

/** @returns {[string, any][]} */
function blindLines() {
  return timesLine("header.blind", blind.value);
}

/** @returns {[string, any][]} */
function slowLines() {
  return timesLine("header.was_slow", (link.value?.hotline_was_slow ?? []).map(spanned));
}

/** What was so at some times, in one line that names the last of them. @param {string} key @param {import("../types.js").Span[]} spans @returns {[string, any][]} */
function timesLine(key, spans) {
  if (spans.length === 0) return [];
  const times = spans.slice(-TIMES_SAID).map(({ from, to }) => say("header.time", { from: clock(from), to: clock(to), span: span(to - from) }));
  const before = spans.length - times.length;
  const all = html`${times.map((one, at) => html`${at > 0 ? ", " : ""}${isolated(one)}`)}`;
  return [["warning", html`${t(key, { times: all })}${before > 0 && html` ${t("header.times_before", { n: before })}`}`]];
}

/** @returns {[string, any][]} */
function unwatchedLines() {
  if (unwatched.value === null) return [];
  const { from, to } = unwatched.value;
  return [["warning", t("header.unwatched", { from: stampOf(from, now.value), to: stampOf(to, now.value), span: span(to - from) })]];
}

/** @returns {[string, any][]} */
function forgedLines() {
  return forged.value === 0 ? [] : [["alarm", t("header.forged", { n: forged.value })]];
}

/** @returns {[string, any][]} */
function troubleLines() {
  const said = trouble.value;
  const detail = link.value?.up === false && link.value.detail ? link.value.detail : null;
  /** @type {[string, any][]} */
  const told = said === null ? [] : [["alarm", html`<${Foreign} text=${said.text} most=${200} /> <span class="figure">(${said.code})</span>`]];
  return detail === null ? told : [...told, ["alarm", html`${t("header.link_detail")} <${Foreign} text=${detail} most=${200} />`]];
}
