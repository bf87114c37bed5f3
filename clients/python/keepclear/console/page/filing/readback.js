/**
 * The read-back: what would be signed, in the words of the commands, held against the order before anything is.
 *
 * What it would meet of what is known here stands above its lines, and that nothing met is no clearance. A notice that comes
 * late, and a flight that was said before, are told before all else. It is read anew while it stands, since a lead
 * class and what is known change with the time.
 */

import { Foreign } from "../foreign.js";
import { glyph } from "../glyph.js";
import { html } from "../html.js";
import { useKeys } from "../keys.js";
import { window as windowOf } from "../measures.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { say, t } from "../words.js";
import { busy, failed, read, readBack, reread, send } from "./actions.js";
import { change, draft } from "./draft.js";
import { Problem } from "./field.js";
import { Outcome, READ_MS } from "./results.js";
import { Said } from "./said.js";

/** @typedef {import("./actions.js").Flight} Flight */
/** @typedef {import("./actions.js").Read} Read */

const AGAIN_MS = 20_000;
const FEW = 12;

export function ReadBack() {
  const told = read.value, said = draft.value;
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const at = useRef(Infinity);
  // The Enter that asked for the read-back, held down, signs nothing that nobody has read.
  const sign = () => performance.now() - at.current > READ_MS && void send();
  useKeys([
    { key: "Escape", where: "filing", words: "keys.filing_form", does: back },
    { key: "j", where: "filing", words: "keys.filing_next", does: () => step(1) },
    { key: "k", where: "filing", words: "keys.filing_previous", does: () => step(-1) },
  ]);
  useEffect(() => {
    // A draft that was kept over a reload has no read-back yet; one that has is for the officer to read and send.
    if (told === null) void readBack();
    else (document.getElementById("filing-send") ?? box.current)?.focus({ preventScroll: true });
    // It is read from its top; the button stands at the foot of what is in view.
    box.current?.parentElement?.scrollTo({ top: 0 });
  }, [told === null]);
  useEffect(() => {
    at.current = performance.now();
  }, [told?.digest]);
  useEffect(() => {
    const timer = setInterval(() => (read.peek()?.flight_count ?? FEW) < FEW && void readBack({ quiet: true }), AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  if (said === null) return null;
  const flight = told?.flights.find((one) => one.number === told.shown);
  return html`<section class="filing review" ref=${box} tabindex="-1" aria-label=${say("filing.review")}>
    <h2>${said.amends === null ? t("filing.review") : t("filing.review.amend", { code: said.amends.code, revision: said.amends.revision + 1 })}</h2>
    ${reread.value && html`<p class="problem mild" role="alert">${t("filing.reread")}</p>`}
    ${failed.value !== null && html`<div class="problem" role="alert"><p class="strong">${t(said.sending ? "filing.send_failed" : "filing.failed")}</p><${Problem} problem=${failed.value} /></div>`}
    ${told !== null && told.faults.length > 0 && html`<div class="problem" role="alert"><p class="strong">${t("filing.wrong", { n: told.faults.length })}</p>
      ${told.faults.map((fault) => html`<${Problem} key=${fault.at + fault.detail} problem=${fault} place=${fault.place} />`)}</div>`}
    ${told === null && html`<p role="status">${t("filing.reading")}</p>`}
    ${told !== null && html`<${Flights} told=${told} /><${Doubts} told=${told} />`}
    ${flight !== undefined && html`<${OneFlight} flight=${flight} />`}
    ${told !== null && html`<${Deed} told=${told} onSign=${sign} />`}
  </section>`;
}

function back() {
  if (busy.peek() === "") change({ step: "form", sending: "" });
}

/** @param {number} by */
function step(by) {
  const told = read.peek();
  if (told === null) return;
  const show = told.shown + by;
  if (show >= 1 && show <= told.flight_count) void readBack({ show });
}

/** @param {{told: Read, onSign: () => void}} props */
function Deed({ told, onSign }) {
  const fresh = told.faults.length > 0 ? 0 : told.flights.filter((flight) => flight.stands === null).length;
  const stand = told.flights.filter((flight) => flight.stands !== null).length;
  const sending = busy.value === "sending";
  return html`
    ${stand > 0 && told.flights.length > 1 && html`<p>${t("filing.some_stand", { n: stand })}</p>`}
    <div class="buttons end">
      ${fresh > 0 && html`<button type="button" id="filing-send" class="primary" disabled=${busy.value !== ""} onClick=${onSign}>
        <span>${sending ? t("filing.sending") : t("filing.send", { n: fresh })}</span> <kbd>Enter</kbd></button>`}
      <button type="button" disabled=${sending} onClick=${back}>${t("filing.back")} <kbd>Esc</kbd></button>
    </div>
    <p class="hint" role="status">${sending ? t("filing.sending.how") : fresh > 0 ? t("filing.send.how") : told.faults.length > 0 ? "" : t("filing.nothing_new")}</p>`;
}

/** All flights of a file, one shown in full at a time. @param {{told: Read}} props */
function Flights({ told }) {
  if (told.flights.length < 2) return null;
  return html`<div class="many" tabindex="0" role="group" aria-label=${say("filing.flights", { n: told.flights.length })}><table class="table">
    <thead><tr><th scope="col">${t("filing.flights", { n: told.flights.length })}</th><th scope="col">${t("filing.window")}</th></tr></thead>
    <tbody>${told.flights.map((flight) => html`<tr key=${flight.number} aria-current=${flight.number === told.shown ? "true" : null}>
      <td><button type="button" class="link" onClick=${() => void readBack({ show: flight.number })}>
        <span class="figure">${flight.number}</span> <${Foreign} text=${flight.callsign} absent=${t("filing.no_callsign")} most=${24} fixed /></button>
        ${flight.stands !== null && html`<${Outcome} outcome=${flight.stands.outcome} />`}
        ${flight.what_if?.in_conflict_with_what_is_known && html`<span class="badge danger">${glyph("danger")} ${t("filing.would_conflict")}</span>`}</td>
      <td><span class="figure">${windowOf(Date.parse(flight.time_start), Date.parse(flight.time_end))}</span>
        ${flight.loud && html` <${Loud} lead=${flight.lead} />`}</td>
    </tr>`)}</tbody>
  </table></div>`;
}

/** What was left out, changed, or cannot be sure. @param {{told: Read}} props */
function Doubts({ told }) {
  if (told.notes.length === 0) return null;
  return html`<div class="problem mild">
    <p class="strong">${glyph("warning")} ${t("filing.losses", { n: told.notes.length })}</p>
    <ul class="notes" tabindex="0" aria-label=${say("filing.losses", { n: told.notes.length })}>${told.notes.map((note) => html`<li key=${note}><${Said} text=${note} /></li>`)}</ul>
  </div>`;
}

/** @param {{lead: string}} props */
function Loud({ lead }) {
  return html`<span class="badge warning">${glyph("clock")} ${t(`filing.lead.${lead}`)}</span>`;
}

/** @param {{flight: Flight}} props */
function OneFlight({ flight }) {
  return html`<article class="flight">
    ${flight.loud && html`<p class="late" role="alert">${glyph("clock")} <b>${t(`filing.lead.${flight.lead}`)}</b> ${t("filing.lead.how")}</p>`}
    ${flight.stands !== null && html`<div class="problem mild"><p><${Outcome} outcome=${flight.stands.outcome} />
      ${flight.stands.code && html` <span class="figure">${flight.stands.code}</span>`} ${flight.stands.detail && html`<${Said} text=${flight.stands.detail} />`}</p>
      ${flight.stands.problem && html`<${Problem} problem=${flight.stands.problem} />`}
      ${flight.stands.outcome === "filed_already" && html`<p class="hint">${t("filing.again.how")}</p>`}</div>`}
    <p class="what"><b><${Foreign} text=${flight.callsign} absent=${t("filing.no_callsign")} most=${40} /></b>,
      ${" "}<${Foreign} text=${flight.category} most=${40} /></p>
    <${Meets} flight=${flight} />
    ${flight.remarks && html`<p><span class="quiet">${t("filing.remarks")}</span> <${Foreign} text=${flight.remarks} most=${400} /></p>`}
    <table class="lines" dir="ltr" lang="en"><tbody>
      ${flight.lines.map(([name, text], at) => html`<tr key=${at} class=${name === "WARNING" ? "warned" : ""}>
        ${name === "" ? html`<td></td>` : html`<th scope="row">${name === "WARNING" ? html`${glyph("warning")} ${name}` : name}</th>`}<td>${text}</td></tr>`)}
    </tbody></table>
  </article>`;
}

/** @param {{flight: Flight}} props */
function Meets({ flight }) {
  const met = flight.what_if;
  if (met === null) return null;
  const lines = met.lines.slice(0, -1);
  const bad = met.in_conflict_with_what_is_known;
  return html`<div class=${bad ? "problem meets" : "meets"} role=${bad ? "alert" : null}>
    <h3>${bad && glyph("danger")} ${t(bad ? "filing.meets.conflict" : lines.length > 0 ? "filing.meets.own" : "filing.meets.nothing")}</h3>
    ${lines.length > 0 && html`<ul>${lines.map((line) => html`<li key=${line}><bdi dir="ltr" lang="en" class="said">${line}</bdi></li>`)}</ul>`}
    <p class="not-clear"><bdi dir="ltr" lang="en" class="said">${met.unknown}</bdi></p>
  </div>`;
}
