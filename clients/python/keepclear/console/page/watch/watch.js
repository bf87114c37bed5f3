/**
 * Beginning a watch and handing it over.
 *
 * Beginning unlocks the sound and plays every tone; the checks stand beside it. Handing over reads out what is open, a
 * few at a time, each leaf turned by a key; then the next officer is named. The desk signs both.
 */

import { go } from "../address.js";
import { ask } from "../desk/deeds.js";
import { conflicts, session } from "../desk/picture.js";
import { foreignText } from "../foreign.js";
import { html } from "../html.js";
import { useKeys } from "../keys.js";
import { tell } from "../note.js";
import { isOver } from "../signs.js";
import { soundTest, unlock } from "../sound.js";
import { useLayoutEffect, useRef, useState } from "../vendor/preact-hooks.js";
import { signal } from "../vendor/signals.js";
import { isolated, say, t } from "../words.js";
import { sentence } from "../card/sentence.js";
import { Checks } from "./checks.js";
import { Dialog } from "./dialog.js";

const LEAF = 3;
const NAME = "watch";

const open = signal(false);

export function openWatch() {
  open.value = session.peek()?.role === "officer";
}

function leave() {
  open.value = false;
}

export function WatchDialog() {
  if (!open.value) return null;
  const officer = session.value?.officer ?? null;
  return html`<${Dialog} name=${NAME} label=${say(officer === null ? "watch.begin" : "watch.hand_over")} leave=${leave}>
    ${officer === null ? html`<${Begin} />` : html`<${HandOver} officer=${officer} />`}
  <//>`;
}

/** @param {string} path @param {object} body @param {string} done */
async function deed(path, body, done) {
  try {
    await ask(path, body);
    leave();
    // Who takes over begins where the worst is.
    go("queue", "");
    tell(done, "good");
  } catch (fault) {
    const { detail, hint } = /** @type {import("../desk/deeds.js").Problem} */ (fault);
    return { detail, hint };
  }
  return null;
}

function Begin() {
  const [refused, setRefused] = useState(/** @type {{detail: string, hint: string} | null} */ (null));
  const [officer, setOfficer] = useState(session.peek()?.named ?? "");
  const held = session.value?.watch ?? null;
  const begin = async () => {
    void unlock().then(soundTest);
    setRefused(await deed("/api/watch/begin", { officer: officer.trim() }, say("watch.begun", { officer: foreignText(officer.trim(), 32) })));
  };
  return html`
    <h2>${t("watch.begin")}</h2>
    ${held && html`<p>${t("watch.held", { officer: foreignText(held.officer, 32) })}</p>`}
    <${OfficerForm} label=${t("watch.officer")} value=${officer} change=${setOfficer} does=${begin} word=${t("watch.begin")} required=${true} />
    <p class="hint">${t("watch.tones")}</p>
    <${Refused} refused=${refused} />
    <${Checks} />
    <${OpenCount} />`;
}

/** @param {{officer: string}} props */
function HandOver({ officer }) {
  const [at, setAt] = useState(0);
  const [to, setTo] = useState("");
  const [refused, setRefused] = useState(/** @type {{detail: string, hint: string} | null} */ (null));
  const standing = conflicts.value.filter((one) => !isOver(one));
  const leaves = Math.ceil(standing.length / LEAF);
  const turn = () => setAt(Math.min(leaves, at + 1));
  useKeys(at < leaves ? [{ key: "Enter", where: NAME, words: "keys.read_out", does: turn }] : []);
  const end = async () => {
    setRefused(await deed("/api/watch/end", to.trim() === "" ? {} : { to: to.trim() }, to.trim() === "" ? say("watch.ended", { officer: foreignText(officer, 32) }) : say("watch.begun", { officer: foreignText(to.trim(), 32) })));
  };
  if (at < leaves) {
    return html`<h2>${t("watch.hand_over")}</h2>
      <p>${t("watch.read_out", { n: standing.length })} <b>${t("watch.leaf", { at: at + 1, of: leaves })}</b></p>
      <ol class="read-out">${standing.slice(at * LEAF, (at + 1) * LEAF).map((one) => html`<li key=${one.conflict}>${isolated(sentence(one))}</li>`)}</ol>
      <div class="buttons"><button type="button" class="button primary" onClick=${turn}>${t("watch.was_read")} <kbd>Enter</kbd></button>
      <button type="button" class="button" onClick=${leave}>${t("watch.go_on")} <kbd>Esc</kbd></button></div>`;
  }
  return html`<h2>${t("watch.hand_over")}</h2>
    <p>${standing.length === 0 ? t("watch.nothing_open") : t("watch.all_read", { n: standing.length })}</p>
    <${OfficerForm} label=${t("watch.to")} value=${to} change=${setTo} does=${end} word=${t("watch.hand_over")} required=${false} />
    <p class="hint">${t("watch.to_nobody")}</p>
    <${Refused} refused=${refused} />`;
}

/** @param {{label: any, value: string, change: (text: string) => void, does: () => void, word: any, required: boolean}} props */
function OfficerForm({ label, value, change, does, word, required }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useLayoutEffect(() => field.current?.focus(), []);
  return html`<form action="/search" onSubmit=${(/** @type {Event} */ event) => (event.preventDefault(), does())}>
    <div class="field"><label for="officer">${label}</label>
      <input id="officer" ref=${field} type="text" dir="ltr" maxlength="64" autocomplete="off" spellcheck=${false} required=${required} value=${value}
        onInput=${(/** @type {Event & {currentTarget: HTMLInputElement}} */ event) => change(event.currentTarget.value)} /></div>
    <div class="buttons"><button type="submit" class="button primary">${word} <kbd>Enter</kbd></button>
      <button type="button" class="button" onClick=${leave}>${t("watch.not_now")} <kbd>Esc</kbd></button></div>
  </form>`;
}

/** @param {{refused: {detail: string, hint: string} | null}} props */
function Refused({ refused }) {
  if (refused === null) return null;
  return html`<p class="problem" role="alert"><span class="code">${isolated(foreignText(refused.detail, 300))}</span>
    ${refused.hint && html`<span>${isolated(foreignText(refused.hint, 300))}</span>`}</p>`;
}

function OpenCount() {
  const waits = conflicts.value.filter((one) => one.unanswered).length;
  return html`<p>${t("watch.open", { n: conflicts.value.filter((one) => !isOver(one)).length })} <b>${t("watch.unanswered", { n: waits })}</b></p>`;
}
