/**
 * What each side has answered to the version that is shown, with times: delivered, displayed, acknowledged.
 *
 * While the link is down or silent, what the other side has not answered is said as of when this desk last heard: since
 * then they may have, so it does not count up.
 */

import { agreement, link, now, party, quiet } from "../desk/picture.js";
import { foreignText } from "../foreign.js";
import { html } from "../html.js";
import { clock, span } from "../measures.js";
import { isOver } from "../signs.js";
import { isolated, say, t } from "../words.js";

/** @typedef {import("../types.js").Conflict} Conflict */
/** @typedef {import("../types.js").Answers} Answers */

/** Since when this side may know of it. @param {Conflict} conflict */
function toldAt(conflict) {
  return conflict.ours.delivered_at_ms ?? conflict.received_at_ms;
}

/**
 * The state of our answer in a few words, and how loud it is.
 * @param {Conflict} conflict
 * @param {number} at
 * @returns {{text: string, level: "alarm" | "warning" | "good" | "dim"}}
 */
export function answerState(conflict, at) {
  if (conflict.phase === "cleared_unseen") return { text: say("card.state.cleared_unseen"), level: "warning" };
  if (conflict.unanswered) {
    const since = toldAt(conflict);
    const told = since === null ? say("card.state.new") : say("card.state.new_since", { span: span(at - since) });
    const text = conflict.overdue ? say("card.state.overdue", { told }) : told;
    return { text, level: conflict.state === "OPEN" || conflict.overdue ? "alarm" : "warning" };
  }
  if (conflict.ours.acknowledged_at_ms !== null && conflict.state === "OPEN") {
    return { text: say("card.state.acknowledged", { at: clock(conflict.ours.acknowledged_at_ms) }), level: "good" };
  }
  return { text: say(`card.state.${conflict.phase}`), level: "dim" };
}

/** @param {{conflict: Conflict}} props */
export function Answered({ conflict }) {
  return html`<table class="answers">
    <thead><tr><td></td><th>${t("card.delivered")}</th><th>${t("card.displayed")}</th><th>${t("card.acknowledged")}</th></tr></thead>
    <tbody>
      <${Side} name=${say("card.we", { party: foreignText(party.value, 40) })} said=${conflict.ours} conflict=${conflict} ours=${true} />
      <${Side} name=${foreignText(conflict.other.party, 40)} said=${conflict.theirs} conflict=${conflict} ours=${false} />
    </tbody>
  </table>`;
}

/** @param {{name: string, said: Answers, conflict: Conflict, ours: boolean}} props */
function Side({ name, said, conflict, ours }) {
  return html`<tr class=${ours ? "ours" : "theirs"}>
    <th scope="row"><span class="party">${isolated(name)}</span></th>
    <td>${said.delivered_at_ms === null ? t("card.not_known") : html`<bdi dir="ltr">${clock(said.delivered_at_ms)}</bdi>`}</td>
    <td>${said.displayed_at_ms === null ? "-" : html`<bdi dir="ltr">${clock(said.displayed_at_ms)}</bdi> ${by(said.displayed_by)}`}</td>
    <td>${acknowledged(said, conflict, ours)}</td>
  </tr>`;
}

/** @param {Answers} said @param {Conflict} conflict @param {boolean} ours */
function acknowledged(said, conflict, ours) {
  if (said.acknowledged_at_ms !== null) {
    const after = said.acknowledged_after.map((one) => say("card.then", { officer: foreignText(one.officer, 40), at: clock(one.at_ms) }));
    return html`<b class="good"><bdi dir="ltr">${clock(said.acknowledged_at_ms)}</bdi> ${by(said.acknowledged_by)}</b>
      ${after.map((one) => html` ${isolated(one)}`)}`;
  }
  const earlier = said.acknowledged_version_before === null ? null : t("card.earlier", { before: said.acknowledged_version_before, version: conflict.version });
  if (isOver(conflict)) return earlier ?? t("card.no_answer_known");
  if (!ours && (link.value?.up !== true || quiet.value)) {
    const heard = link.value?.heard_at_ms ?? null;
    return html`<span class="waits">${earlier ?? t("card.not_answered")} ${heard !== null && t("card.as_of", { at: clock(heard) })}</span>`;
  }
  return html`<span class="waits">${earlier ?? t("card.not_answered")} <${Waited} said=${said} conflict=${conflict} /></span>`;
}

/** @param {{said: Answers, conflict: Conflict}} props */
function Waited({ said, conflict }) {
  const since = said.delivered_at_ms ?? toldAt(conflict);
  if (since === null) return null;
  const limit = agreement.value?.deadline_s ?? null;
  const left = limit === null || conflict.state !== "OPEN" ? null : since + limit * 1000 - now.value;
  return html`${isolated(span(now.value - since))}
    ${left !== null && html`, ${left >= 0 ? t("card.due_in", { span: span(left) }) : html`<b class="overdue">${t("card.overdue")}</b>`}`}`;
}

/** @param {string | null} officer */
function by(officer) {
  return officer === null ? null : t("card.by", { officer: foreignText(officer, 40) });
}
