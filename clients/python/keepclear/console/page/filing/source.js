/** A file that is dropped, chosen or pasted: its bytes go to the desk on this machine, which says what format it is. */

import { ask } from "../desk/deeds.js";
import { Foreign } from "../foreign.js";
import { glyph } from "../glyph.js";
import { html } from "../html.js";
import { useState } from "../vendor/preact-hooks.js";
import { signal } from "../vendor/signals.js";
import { t } from "../words.js";
import { failed, mend } from "./actions.js";
import { change, draft } from "./draft.js";
import { Problem, Wrong, idOf } from "./field.js";

const MOST_WAIT_MS = 120_000;
const PASTED_MS = 400;

/** What is wrong with the file itself. @type {import("../types.js").Signal<import("../desk/deeds.js").Problem | null>} */
const unread = signal(null);
const taking = signal(false);
/** What was pasted and is not taken yet. @type {string | null} */
let typed = null;
let timer = 0;
let newest = 0;
let taken = Promise.resolve();

/** @param {Blob} bytes @param {string} name @param {boolean} pasted */
async function take(bytes, name, pasted) {
  newest += 1;
  const mine = newest;
  mend("source");
  unread.value = null;
  taking.value = true;
  change({ file: null, ...(pasted ? {} : { pasted: "" }) });
  try {
    const known = await ask("/api/filing/file", bytes, { wait_ms: MOST_WAIT_MS });
    if (mine === newest) change({ file: { ...known, name }, show: 1 });
  } catch (problem) {
    if (mine === newest) unread.value = /** @type {import("../desk/deeds.js").Problem} */ (problem);
  } finally {
    if (mine === newest) taking.value = false;
  }
}

/** @param {string} text */
function paste(text) {
  change({ pasted: text });
  typed = text;
  clearTimeout(timer);
  timer = window.setTimeout(takeTyped, PASTED_MS);
}

function takeTyped() {
  clearTimeout(timer);
  const text = typed;
  typed = null;
  if (text === null) return;
  if (text.trim() !== "") taken = take(new Blob([text]), "", true);
  else change({ file: null });
}

/** Wait until the desk has what was dropped or pasted: whoever is quick reads back what he sees. */
export async function whenTaken() {
  takeTyped();
  await taken;
}

/** Choose among what was dropped. @param {FileList | null | undefined} files */
function choose(files) {
  const file = files?.[0];
  if (file === undefined) return;
  typed = null;
  taken = take(file, file.name, false);
}

/** @param {{said: import("./draft.js").Draft}} props */
export function Source({ said }) {
  const [over, setOver] = useState(false);
  const { file } = said;
  const drop = {
    onDragOver: (/** @type {DragEvent} */ event) => {
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (/** @type {DragEvent} */ event) => {
      event.preventDefault();
      setOver(false);
      choose(event.dataTransfer?.files);
    },
  };
  return html`<div class=${over ? "source over" : "source"} ...${drop}>
    <div class="field">
      ${/* The browser's own control would show a file's name as it is, whichever way its letters turn. */ ""}
      <span class="chooser"><input id=${idOf("source")} type="file" class="visually-hidden" onChange=${(/** @type {Event} */ event) => choose(/** @type {HTMLInputElement} */ (event.target).files)} />
        <label class="button" for=${idOf("source")}>${glyph("file")} ${t("filing.choose")}</label></span>
      <p class="hint">${t("filing.choose.how")}</p>
    </div>
    <div class="field">
      <label for="filing-pasted">${t("filing.paste")}</label>
      <textarea id="filing-pasted" dir="ltr" spellcheck=${false} autocomplete="off" value=${said.pasted}
        onInput=${(/** @type {Event} */ event) => paste(/** @type {HTMLTextAreaElement} */ (event.target).value)}></textarea>
    </div>
    ${taking.value && html`<p role="status">${t("filing.taking")}</p>`}
    ${file !== null && html`<p role="status" class="taken">
      ${t("filing.taken", { format: file.format, size: `${Math.ceil(file.bytes / 1024)} kB` })}
      ${file.name !== "" && html` <${Foreign} text=${file.name} most=${60} />`}</p>`}
    ${unread.value !== null && html`<div class="problem" role="alert"><${Problem} problem=${unread.value} /></div>`}
    <${Wrong} at="source" />
  </div>`;
}

/** Give the desk again what it has not got any more: it was started anew since. */
export function sendAgain() {
  const said = draft.peek();
  if (failed.peek()?.code !== "not_found" || said === null || said.kind !== "file") return;
  if (said.pasted.trim() !== "") taken = take(new Blob([said.pasted]), "", true);
  else change({ file: null });
}
