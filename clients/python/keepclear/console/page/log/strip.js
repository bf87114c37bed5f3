/** At the foot of the page: the last events, or for a while the answer to what somebody has just done. */

import { happenings } from "../desk/picture.js";
import { html } from "../html.js";
import { Note, note } from "../note.js";
import { toldOf } from "./told.js";
import { say } from "../words.js";

const DEEP = 2;

export function Strip() {
  const last = happenings.value.slice(-DEEP);
  return html`<footer class="strip" aria-label=${say("log.events")}>
    <${Note} />
    ${note.value === null && html`<ol class="events">${last.map((one) => html`
      <li key=${`${one.at} ${one.text}`} data-alarm=${one.alarm}>
        ${toldOf(one)}</li>`)}</ol>`}
  </footer>`;
}
