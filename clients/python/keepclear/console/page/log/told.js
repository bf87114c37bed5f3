/** An event in the page's language, made of its facts; the desk's own sentence, which is English, where it has none. */

import { now } from "../desk/picture.js";
import { foreignText } from "../foreign.js";
import { html } from "../html.js";
import { stampOf } from "../measures.js";
import { has, lang, say, t } from "../words.js";

const MOST = 40;

/** @param {import("../types.js").Happening} event */
export function toldOf(event) {
  if (lang.value === "en") return html`<bdi lang="en">${event.text}</bdi>`;
  const facts = event.facts;
  if (facts === null || !has(`log.told.${facts.what}`)) {
    return html`${has(`log.kind.${event.kind}`) && html`${t(`log.kind.${event.kind}`)}: `}<q><bdi lang="en">${event.text}</bdi></q>`;
  }
  const flight = facts.callsign ? foreignText(facts.callsign, MOST) : say("filing.no_callsign");
  return t(`log.told.${facts.what}`, {
    when: stampOf(facts.when_ms, now.peek()),
    code: facts.code ?? "",
    flight,
    party: facts.party ?? "",
    officer: facts.officer ? foreignText(facts.officer, MOST) : "?",
    revision: facts.revision ?? 1,
    severity: word("severity", facts.severity),
    lead: word("lead", facts.lead),
    state: word("state", facts.state),
    reason: word("reason", facts.reason),
    budget: facts.budget ?? "",
    until: facts.until_ms === undefined ? "" : stampOf(facts.until_ms, now.peek()),
  });
}

/** A word of the report's, or the code itself where there is none. @param {string} kind @param {string | null | undefined} code */
function word(kind, code) {
  const key = `report.${kind}_${(code ?? "").toLowerCase().replaceAll(" ", "_")}`;
  return has(key) ? say(key) : (code ?? "");
}
