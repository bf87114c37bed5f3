/** What the keys do, for hands on a mouse: the rooms, the watch, language and theme. */

import { LANGUAGES, go, lang, room, theme, toggleTheme } from "../address.js";
import { session } from "../desk/picture.js";
import { glyph } from "../glyph.js";
import { html } from "../html.js";
import { sides } from "../rooms.js";
import { openHelp } from "../watch/help.js";
import { openWatch } from "../watch/watch.js";
import { say, t } from "../words.js";

/** Each language under its own name: who cannot read the present one finds his. @type {Record<string, string>} */
const NAMES = { en: "English", he: "עברית", ar: "العربية", tr: "Türkçe", ru: "Русский" };

/** @type {[import("../address.js").Room, string][]} */
const ROOMS = [["filing", "F"], ["history", "H"], ["log", "L"]];

export function Menu() {
  const officer = session.value?.role === "officer";
  return html`<nav class="menu" aria-label=${say("header.menu")}>
    ${ROOMS.filter(([name]) => sides[name] !== undefined && (officer || name !== "filing")).map(([name, key]) => html`
      <button type="button" class="button" key=${name} aria-current=${room.value === name ? "page" : undefined}
        onClick=${() => go(room.value === name ? "queue" : name)}>${t(`page.${name}`)} <kbd>${key}</kbd></button>`)}
    ${officer && html`<button type="button" class="button" onClick=${openWatch}>
      ${session.value?.officer ? t("header.hand_over") : t("header.begin")} <kbd>B</kbd></button>`}
    <button type="button" class="button" aria-label=${say("keys.theme")} aria-pressed=${theme.value === "day"} onClick=${toggleTheme}>
      ${glyph("sun")}</button>
    <button type="button" class="button" aria-label=${say("keys.help")} onClick=${openHelp}><kbd>?</kbd></button>
    ${/* Of a field outside a form that looks like a search Chromium asks its maker what could be filled in. */ ""}
    <form action="/search" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}><select aria-label=${say("header.language")} value=${lang.value}
      onChange=${(/** @type {Event & {currentTarget: HTMLSelectElement}} */ event) => (lang.value = event.currentTarget.value)}>
      ${LANGUAGES.map((one) => html`<option key=${one} value=${one} lang=${one}>${NAMES[one]}</option>`)}
    </select></form>
  </nav>`;
}
