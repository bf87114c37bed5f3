/** A sentence that answers what somebody has just done; it stands for a while. */

import { html } from "./html.js";
import { signal } from "./vendor/signals.js";
import { isolated } from "./words.js";

const STAYS_MS = 20_000;

/** @typedef {"plain" | "good" | "warning" | "alarm"} Level */

/** @type {import("./types.js").Signal<{text: string, level: Level, hint: string} | null>} */
export const note = signal(null);

let waits = 0;

/**
 * Say something for a while.
 * @param {string} text of `say`
 * @param {Level} [level]
 * @param {string} [hint]
 */
export function tell(text, level = "plain", hint = "") {
  note.value = { text, level, hint };
  clearTimeout(waits);
  waits = window.setTimeout(() => {
    note.value = null;
  }, STAYS_MS);
}

/** Take a sentence back, where it still stands: it holds no more. @param {string} text */
export function untell(text) {
  if (note.peek()?.text === text) note.value = null;
}

export function Note() {
  const said = note.value;
  return html`<div class="note" role="status" data-level=${said?.level ?? "none"}>
    ${said && html`<span>${isolated(said.text)}</span>`}
    ${said?.hint && html`<span class="hint">${isolated(said.hint)}</span>`}
  </div>`;
}
