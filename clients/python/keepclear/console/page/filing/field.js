/** A field of the form: its label, what may stand in it, and what is wrong with it, with the code, beside it. */

import { html } from "../html.js";
import { bare, say, t } from "../words.js";
import { faults, mend } from "./actions.js";
import { Said, plainly } from "./said.js";

/**
 * Where forms of ours say that they go, and never do: Chromium asks its maker about the fields of every form but a
 * search's, whose address has this word.
 */
export const UNASKED = "/search";

/** The id of a field's element. @param {string} at */
export function idOf(at) {
  return `filing-${at.replaceAll(".", "-")}`;
}

/** Put the cursor into a field. @param {string} at @returns {boolean} whether there is one */
export function focusOn(at) {
  const field = document.getElementById(idOf(at));
  for (let box = field?.closest("details"); box; box = box.parentElement?.closest("details")) box.open = true;
  field?.focus();
  return field !== null;
}

/** What is wrong with a field. @param {{at: string}} props */
export function Wrong({ at }) {
  const wrong = faults.value.filter((fault) => fault.at === at);
  if (wrong.length === 0) return null;
  return html`<div class="problem" id=${`${idOf(at)}-wrong`}>
    ${wrong.map((fault) => html`<${Problem} key=${fault.detail} problem=${fault} place=${fault.place} />`)}
  </div>`;
}

/** @param {{problem: {code: string, detail: string, hint: string}, place?: string}} props */
export function Problem({ problem, place = "" }) {
  return html`<p>
    <span class="code figure">${problem.code}</span> ${place !== "" && html`<${Said} text=${`${place}:`} /> `}
    <${Said} text=${problem.detail} />
    ${problem.hint !== "" && html`<span class="hint"> ${t("filing.hint", { hint: plainly(problem.hint) })}</span>`}
  </p>`;
}

/**
 * A line of text.
 * @param {{at: string, label: any, value: string, onText: (text: string) => void, option?: string, hint?: any, onLeave?: () => void,
 *   onKey?: (event: KeyboardEvent) => void, example?: string, children?: any, after?: any, numeric?: boolean}} props
 */
export function Field({ at, label, value, onText, option, hint, onLeave, onKey, example, children, after, numeric = false }) {
  const id = idOf(at);
  const wrong = faults.value.some((fault) => fault.at === at);
  const about = [wrong && `${id}-wrong`, hint && `${id}-hint`].filter(Boolean).join(" ");
  return html`<div class="field">
    <label for=${id}>${label}${option && html` <span class="figure quiet">${option}</span>`}</label>
    <div class="line"><input
      id=${id}
      type="text"
      dir="auto"
      autocomplete="off"
      autocapitalize="off"
      spellcheck=${false}
      inputmode=${numeric ? "numeric" : "text"}
      placeholder=${example === undefined ? undefined : bare(say("filing.example", { example }))}
      value=${value}
      aria-invalid=${String(wrong)}
      aria-describedby=${about || null}
      onInput=${(/** @type {InputEvent} */ event) => {
        mend(at);
        onText(/** @type {HTMLInputElement} */ (event.target).value);
      }}
      onBlur=${onLeave}
      onKeyDown=${onKey}
    />${after}</div>
    ${children}
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
    <${Wrong} at=${at} />
  </div>`;
}
