/**
 * One conflict: in the list its head, opened all that an officer is asked for over a telephone.
 *
 * Who, when, how high, where, how far, how late, what each side has answered, what changed since the version before,
 * and of the other side exactly what was disclosed. What fails to verify is the loudest thing on it.
 */

import { go, lookAt } from "../address.js";
import { nameOf, now } from "../desk/picture.js";
import { foreignText } from "../foreign.js";
import { openIncident } from "../history/incident.js";
import { html } from "../html.js";
import { mgrs } from "../map/mgrs.js";
import { countdown, distance, feet, feetBand, latlng, latlngDms, span, window as windowOf } from "../measures.js";
import { asks, calls, categoryOf, lookOf, signOf, wordOf } from "../signs.js";
import { isolated, t } from "../words.js";
import { AskBox, asked, ask } from "./acknowledge.js";
import { Answered, answerState } from "./answered.js";
import { Changes } from "./changes.js";
import { fromBullseye } from "./place.js";
import { useSeen } from "./seen.js";
import { ours, sentence, sideBand, theirs } from "./sentence.js";

/** @typedef {import("../types.js").Conflict} Conflict */

const LOUD_LEADS = ["LATE", "IN_PROGRESS", "RETROACTIVE"];

/** @param {{conflict: Conflict, open: boolean}} props */
export function Card({ conflict, open }) {
  const look = lookOf(conflict);
  const name = nameOf(conflict);
  const element = useSeen(conflict, open);
  return html`
    <li class="row" ref=${element} data-look=${look} data-phase=${conflict.phase} data-calls=${calls(conflict)}
      data-code=${conflict.code} data-version=${conflict.version} aria-current=${open ? "true" : undefined}>
      <button type="button" class="head" id=${`row-${conflict.conflict}`} aria-expanded=${open}
        onClick=${() => (open ? (lookAt.value = { conflict: conflict.conflict, at: performance.now() }) : go("queue", name))}>
        ${signOf(look)}
        <span class="code"><bdi dir="ltr">${conflict.code}</bdi></span>
        <span class="look">${isolated(wordOf(look))}</span>
        <${State} conflict=${conflict} />
        <span class="who">${t("card.who", { ours: ours(conflict), theirs: theirs(conflict) })}</span>
        <span class="when"><${When} conflict=${conflict} open=${open} /></span>
      </button>
      ${open && html`<${Opened} conflict=${conflict} />`}
    </li>`;
}

/** In the place of a card that cannot be drawn. @param {{conflict: Conflict}} props */
export function Undrawn({ conflict }) {
  const look = lookOf(conflict);
  return html`<li class="row undrawn" data-look=${look} data-code=${conflict.code}>
    ${signOf("unverified")} <span>${t("card.undrawn", { code: conflict.code, look: wordOf(look) })}</span></li>`;
}

/** @param {{conflict: Conflict}} props */
function State({ conflict }) {
  const { text, level } = answerState(conflict, now.value);
  return html`<span class="answer-state" data-level=${level}>${isolated(text)}</span>`;
}

/** @param {{conflict: Conflict, open: boolean}} props */
function When({ conflict, open }) {
  const { time_start_ms: start, time_end_ms: end } = conflict;
  if (start === null || end === null) return html`<span>${conflict.reason === null ? t("card.no_window") : why(conflict)}</span>`;
  const heights = open ? null : sideBand(conflict.other);
  return html`<b>${isolated(countdown(start, end, now.value))}</b>
    <span><bdi dir="ltr">${windowOf(start, end, now.value)}</bdi></span>
    ${heights && html`<span>${t("card.theirs_at", { heights })}</span>`}`;
}

/** @param {{conflict: Conflict}} props */
function Opened({ conflict }) {
  return html`
    <div class="card">
      <${Doubt} conflict=${conflict} />
      <p class="sentence">${isolated(sentence(conflict))}</p>
      ${asked.value?.conflict === conflict.conflict ? html`<${AskBox} conflict=${conflict} />` : html`<${Buttons} conflict=${conflict} />`}
      <${Answered} conflict=${conflict} />
      <${Changes} conflict=${conflict} />
      <dl class="facts">${facts(conflict).map(([name, value]) => html`
        <div key=${name} data-fact=${name}><dt>${t(`card.fact.${name}`)}</dt><dd>${value}</dd></div>`)}
      </dl>
    </div>`;
}

/** @param {{conflict: Conflict}} props */
function Buttons({ conflict }) {
  return html`<div class="buttons">
    ${asks(conflict) && html`<button type="button" class="button primary" onClick=${() => ask(conflict)}>
      ${t("card.acknowledge")} <kbd>A</kbd></button>`}
    <button type="button" class="button" onClick=${() => (lookAt.value = { conflict: conflict.conflict, at: performance.now() })}>
      ${t("card.show")} <kbd>Enter</kbd></button>
    <button type="button" class="button" onClick=${() => openIncident(conflict)}>${t("card.incident")} <kbd>I</kbd></button>
  </div>`;
}

/** What must not be taken for what it looks like. @param {{conflict: Conflict}} props */
function Doubt({ conflict }) {
  if (conflict.alarm !== null || conflict.state === "UNVERIFIED") {
    const detail = foreignText(conflict.alarm_detail ?? conflict.verdict, 300);
    return html`<p class="doubt alarm">${t("card.alarmed", { detail, code: conflict.alarm ?? conflict.verdict })}</p>`;
  }
  if (conflict.state === "CLOSED NOT CONFIRMED") return html`<p class="doubt">${t("card.not_confirmed")}</p>`;
  if (conflict.phase === "cleared_unseen") return html`<p class="doubt">${t("card.cleared_unseen")}</p>`;
  return null;
}

/**
 * @param {Conflict} conflict
 * @returns {[string, any][]}
 */
function facts(conflict) {
  /** @type {[string, any][]} */
  const told = [];
  const { time_start_ms: start, time_end_ms: end, where } = conflict;
  if (start !== null && end !== null) {
    told.push(["when", html`<b class="figures">${windowOf(start, end, now.value)}</b> <span>${t("card.lasts", { span: span(end - start) })}</span>
      ${" "}<b>${isolated(countdown(start, end, now.value))}</b>`]);
  }
  for (const [whose, side] of /** @type {const} */ ([["ours", conflict.own], ["theirs", conflict.other]])) {
    const band = sideBand(side);
    if (band === null) continue;
    const feetToo = side.reference === "FL" && html` <bdi class="figures" dir="ltr">${feetBand(side.altitude_lower_m ?? 0, side.altitude_upper_m ?? 0)}</bdi>`;
    told.push([`height_${whose}`, html`<b class=${`figures ${whose}`}>${band}</b>${feetToo}`]);
  }
  if (where !== null) {
    const bullseye = fromBullseye(where.lat, where.lng);
    told.push(["where", html`${[
      html`<b class="figures">${latlng(where.lat, where.lng)}</b>`,
      html`<span class="figures">${mgrs(where.lat, where.lng)}</span>`,
      html`<span class="figures">${latlngDms(where.lat, where.lng)}</span>`,
      bullseye && html`<b>${isolated(bullseye)}</b>`,
    ].filter(Boolean).map((one) => html`<span class="place">${one}</span>${" "}`)}`]);
  }
  const apart = apartOf(conflict);
  if (apart !== null) told.push(["apart", apart]);
  told.push(["known", known(conflict)]);
  if (start !== null) told.push(["late", late(conflict, start)]);
  if (conflict.state !== "OPEN" && conflict.reason !== null) told.push(["why", why(conflict)]);
  return told;
}

/** @param {Conflict} conflict */
function apartOf({ severity, horizontal_m: across, vertical_m: between, state }) {
  if (severity === null || state !== "OPEN") return null;
  if (severity === "overlap") return html`<b>${t("card.apart.meet")}</b>`;
  if (across === null || between === null) return null;
  const ground = across > 0 ? t("card.apart.across", { distance: distance(across) }) : t("card.apart.same_ground");
  if (severity === "possible") {
    const least = between > 0 ? t("card.apart.least", { height: feet(between) }) : t("card.apart.unknown_height");
    return html`${ground}; ${least}; <b>${t("card.apart.possible")}</b>`;
  }
  if (between > 0) return html`${ground}; ${t("card.apart.above", { height: feet(between) })}`;
  return across > 0 ? html`${ground}; ${t("card.apart.same_height")}` : t("card.apart.after");
}

/** Of the other side exactly what was disclosed, and said so. @param {Conflict} conflict */
function known(conflict) {
  const shown = conflict.their_extents.length;
  const category = categoryOf(conflict.other.category);
  return html`${t("card.known.volumes", { n: shown, category })} <b>${t("card.known.nothing_else")}</b>`;
}

/** @param {Conflict} conflict @param {number} start */
function late(conflict, start) {
  const lead = conflict.lead ?? "ROUTINE";
  const ahead = conflict.received_at_ms === null ? null : start - conflict.received_at_ms;
  const told = ahead === null ? null : ahead > 0 ? t("card.lead.ahead", { span: span(ahead) }) : t("card.lead.after", { span: span(-ahead) });
  return html`<span class=${LOUD_LEADS.includes(lead) ? "loud" : ""}>${t(`card.lead.${lead}`)}${" "}${told}</span>`;
}

/** @param {Conflict} conflict */
function why(conflict) {
  const { reason, by, other, confirmed } = conflict;
  const act = by !== null && ["withdrawn", "amended"].includes(reason ?? "");
  const said = act ? t(`card.why.${by === other.party ? "they" : "we"}_${reason}`, { party: foreignText(other.party, 40) }) : t(`card.why.${reason}`);
  return html`${said}${confirmed && html`; ${t("card.why.confirmed", { party: foreignText(other.party, 40) })}`}`;
}
