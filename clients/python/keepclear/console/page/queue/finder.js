/** Finding the one that somebody names on the telephone: by its code, a callsign or whose it is. */

import { html } from "../html.js";
import { useLayoutEffect, useRef } from "../vendor/preact-hooks.js";
import { computed, signal } from "../vendor/signals.js";
import { say, t } from "../words.js";

/** What is looked for; null while nobody looks. @type {import("../types.js").Signal<string | null>} */
const wanted = signal(null);
const opened = signal(0);
const plainWanted = computed(() => plain(wanted.value ?? ""));

/** Whether somebody looks for one: then the list holds only what is found. */
export const finding = computed(() => wanted.value !== null);

export function openFinder() {
  wanted.value ??= "";
  opened.value += 1;
}

/** Whether a conflict is one of those looked for. @param {import("../types.js").Conflict} conflict */
export function finds(conflict) {
  const asked = plainWanted.value;
  if (asked === "") return true;
  return [conflict.code, conflict.own.callsign ?? "", conflict.other.party, conflict.other.category ?? ""].some((text) => plain(text).includes(asked));
}

/** What is misheard is taken for what it is in a code: I and L for 1, O for 0. @param {string} text */
function plain(text) {
  return text.toLowerCase().replace(/[\s-]/g, "").replace(/[il]/g, "1").replaceAll("o", "0");
}

export function endFinder() {
  wanted.value = null;
}

/** @param {{found: () => void}} props what becomes of what was found */
export function Finder({ found }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  // Before anything is drawn: what is typed next must not be taken for keys.
  useLayoutEffect(() => {
    if (opened.value > 0 && wanted.peek() !== null) field.current?.focus();
  }, [opened.value]);
  if (wanted.value === null) return null;
  return html`<form class="finder" action="/search" role="search" onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      found();
      endFinder();
    }}>
    <input ref=${field} type="text" dir="ltr" maxlength="40" autocomplete="off" aria-label=${say("queue.find")} placeholder=${say("queue.find_hint")} value=${wanted.value}
      onInput=${(/** @type {Event & {currentTarget: HTMLInputElement}} */ event) => (wanted.value = event.currentTarget.value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && endFinder()} />
    <button type="button" class="button" onClick=${endFinder}>${t("queue.find_end")}</button>
  </form>`;
}
