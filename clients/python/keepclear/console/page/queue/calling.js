/** What calls for somebody while another room has the queue's place: no room hides a danger. */

import { go } from "../address.js";
import { conflicts, nameOf, now } from "../desk/picture.js";
import { html } from "../html.js";
import { countdown } from "../measures.js";
import { calls, lookOf, signOf, wordOf } from "../signs.js";
import { isolated, t } from "../words.js";
import { endFinder } from "./finder.js";

export function Calling() {
  const waiting = conflicts.value.filter(calls);
  const worst = waiting[0];
  if (worst === undefined) return null;
  const { time_start_ms: start, time_end_ms: end } = worst;
  const left = start === null || end === null ? "" : countdown(start, end, now.value);
  return html`<button type="button" class="calling" data-look=${lookOf(worst)} onClick=${() => (endFinder(), go("queue", nameOf(worst)))}>
    ${signOf(lookOf(worst))} <span>${t("queue.waiting", { n: waiting.length })}:
    ${" "}<b class="figure">${worst.code}</b> <b>${isolated(wordOf(lookOf(worst)))}</b> ${isolated(left)}</span> <kbd>Q</kbd></button>`;
}
