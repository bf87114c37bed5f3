/** What an officer who begins a watch must know of the line: the link, the clocks, the keys, whether it sounds. */

import { age, agreement, link, now } from "../desk/picture.js";
import { glyph } from "../glyph.js";
import { html } from "../html.js";
import { ahead, day, span } from "../measures.js";
import { sounds } from "../sound.js";
import { t } from "../words.js";

const CLOCK_S = 2;
const SOON_MS = 7 * 86_400_000;

export function Checks() {
  return html`<ul class="checks">${checks().map(([name, holds, words]) => html`
    <li key=${name} data-check=${name} data-holds=${holds}>${glyph(holds ? "good" : "warning")} ${words}</li>`)}</ul>`;
}

/** @returns {[string, boolean, any][]} */
function checks() {
  const at = link.value;
  const heard = age.value?.heard_at_ms ?? null;
  const by = at?.clock_ahead_s ?? null;
  const until = Date.parse(agreement.value?.valid_until ?? "");
  return [
    ["link", at?.up === true, at?.up ? t("watch.check.link_up") : t("watch.check.link_down")],
    ["age", age.value?.stale === false, heard === null ? t("watch.check.no_picture") : t("watch.check.age", { span: span(now.value - heard) })],
    ["clock", by !== null && Math.abs(by) <= CLOCK_S, by === null ? t("watch.check.clock_unknown") : t("watch.check.clock", { by: ahead(by) })],
    ["keys", until - now.value > SOON_MS, Number.isNaN(until) ? t("watch.check.keys_unknown") : t("watch.check.keys", { until: day(until) })],
    ["sound", sounds.value, sounds.value ? t("watch.check.sound_on") : t("watch.check.sound_off")],
  ];
}

