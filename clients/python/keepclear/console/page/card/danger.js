/** What a screen reader is told unasked: each new danger, once, as one sentence; nothing else speaks by itself. */

import { conflicts } from "../desk/picture.js";
import { html } from "../html.js";
import { isDanger } from "../signs.js";
import { useEffect, useState } from "../vendor/preact-hooks.js";
import { bare } from "../words.js";
import { sentence } from "./sentence.js";

/** @type {Set<string>} */
const told = new Set();
const MOST_AT_ONCE = 3;

export function NewDanger() {
  const [said, setSaid] = useState("");
  const danger = conflicts.value.filter(isDanger);
  useEffect(() => {
    const fresh = danger.filter((one) => !told.has(`${one.conflict} ${one.version}`));
    for (const one of fresh) told.add(`${one.conflict} ${one.version}`);
    if (fresh.length > 0) setSaid(fresh.slice(0, MOST_AT_ONCE).map((one) => bare(sentence(one))).join(" "));
  }, [conflicts.value]);
  return html`<div class="visually-hidden" role="alert">${said}</div>`;
}
