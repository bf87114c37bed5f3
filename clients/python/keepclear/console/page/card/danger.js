/** What a screen reader is told unasked: each new danger, once, as one sentence; nothing else speaks by itself. */

import { fault } from "../broken.js";
import { conflicts } from "../desk/picture.js";
import { html } from "../html.js";
import { isDanger } from "../signs.js";
import { useState } from "../vendor/preact-hooks.js";
import { effect, signal, untracked } from "../vendor/signals.js";
import { bare } from "../words.js";
import { sentence } from "./sentence.js";

const MOST_AT_ONCE = 3;

const said = signal({ text: "", at: 0 });
/** @type {Set<string>} */
let told = new Set();

effect(() => {
  const danger = new Map(conflicts.value.filter(isDanger).map((one) => [`${one.conflict} ${one.version}`, one]));
  const fresh = [...danger].filter(([key]) => !told.has(key)).map(([, one]) => one);
  told = new Set(danger.keys());
  if (fresh.length === 0) return;
  const text = untracked(() => fresh.slice(0, MOST_AT_ONCE).map(sayOf).join(" "));
  said.value = { text, at: performance.now() };
});

/** One that cannot be said whole is said by its code: none may silence the others. @param {import("../types.js").Conflict} one */
function sayOf(one) {
  try {
    return bare(sentence(one));
  } catch (error) {
    fault(error);
    return one.code;
  }
}

/** Where it is said; a dialog has its own, for what stands behind it is not heard. */
export function NewDanger() {
  const [since] = useState(() => performance.now());
  return html`<div class="visually-hidden" role="alert">${said.value.at >= since ? said.value.text : ""}</div>`;
}
