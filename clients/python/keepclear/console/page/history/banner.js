/** Above the map, as long as another time than now is looked at: which, how far from now, and the one key back. */

import { now, shownAt } from "../desk/picture.js";
import { foreignText } from "../foreign.js";
import { glyph } from "../glyph.js";
import { html } from "../html.js";
import { useKeys } from "../keys.js";
import { span, stampOf } from "../measures.js";
import { say, t } from "../words.js";
import { backToNow, isPast, pastFault, then } from "./past.js";

export function PastBanner() {
  return shownAt.value === null ? null : html`<${Banner} at=${shownAt.value} />`;
}

/** @param {{at: number}} props */
function Banner({ at }) {
  useKeys([{ key: "n", words: "keys.now", does: backToNow }]);
  const ago = Math.abs(now.value - at);
  const values = { time: stampOf(at, now.value), span: span(Math.floor(ago / 1000) * 1000) };
  return html`<section class="not-now" aria-label=${say("history.title")}>
    <p class="loud">${glyph("warning")} <b>${isPast.value ? t("history.not_now", values) : t("history.ahead", values)}</b></p>
    ${isPast.value && html`<${Doubts} />`}
    <button type="button" class="button primary" onClick=${backToNow}>${t("history.back")} <kbd>N</kbd></button>
  </section>`;
}

/** What was wrong then, or why the picture of then is not to be had. */
function Doubts() {
  const fault = pastFault.value;
  if (fault !== null) {
    return html`<p class="fault">${t("history.fault", { detail: foreignText(fault.detail, 300), code: fault.code })}</p>`;
  }
  if (then.value?.asked_ms !== shownAt.value) return html`<p>${t("history.reading")}</p>`;
  /** @type {string[]} */
  const codes = then.value.whole.reasons.map((/** @type {import("../types.js").Coded} */ one) => one.code);
  return html`
    ${(codes.includes("link_down") || codes.includes("never_heard")) && html`<p><b>${t("history.deaf_then")}</b></p>`}
    ${codes.includes("unwatched") && html`<p><b>${t("history.unwatched_then")}</b></p>`}`;
}
