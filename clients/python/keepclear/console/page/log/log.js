/** The events, newest first, with the time at which each happened; above them what changed while this desk was blind. */

import { conflicts, find, happenings, nameOf } from "../desk/picture.js";
import { go } from "../address.js";
import { glyph } from "../glyph.js";
import { html } from "../html.js";
import { useKeys } from "../keys.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { t } from "../words.js";
import { toldOf } from "./told.js";
import { Changed, changes, missed, missedWords } from "./since.js";

const SCROLL_PX = 120;

export function LogRoom() {
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  const scroll = (/** @type {number} */ by) => heading.current?.closest(".side")?.scrollBy({ top: by * SCROLL_PX });
  useEffect(() => heading.current?.focus(), []);
  useKeys([
    { key: "j", where: "log", words: "keys.down", does: () => scroll(1) },
    { key: "k", where: "log", words: "keys.up", does: () => scroll(-1) },
  ]);
  return html`<div class="log">
    <h2 class="title" tabindex="-1" ref=${heading}>${t("log.title")}</h2>
    ${missed.value !== null && html`<section class="since">
      <p><b>${missedWords()}</b></p>
      ${changes.value.length === 0 ? html`<p>${t("log.nothing_since")}</p>` : html`<${Changed} />`}
    </section>`}
    <h3>${t("log.events")}</h3>
    <ol class="list events">${happenings.value.toReversed().map((one) => html`<${Line} key=${`${one.at} ${one.text}`} event=${one} />`)}</ol>
    ${happenings.value.length === 0 && html`<p class="quiet">${t("log.none")}</p>`}
  </div>`;
}

/** One line of the strip. @param {{event: import("../types.js").Happening}} props */
export function Line({ event }) {
  const of = event.conflict === null ? null : find(conflicts.value, event.conflict);
  return html`<li class="event" data-alarm=${event.alarm}>
    ${event.alarm ? glyph("warning") : html`<span></span>`}
    <span>${toldOf(event)}</span>
    ${of !== null && html`<button type="button" class="button" onClick=${() => go("queue", nameOf(of))}>
      <span class="figure">${of.code}</span></button>`}
  </li>`;
}
