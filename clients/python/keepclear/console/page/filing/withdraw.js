/**
 * Withdrawing: ends a notice for ever, so that it is asked twice, with different keys, and said what it means.
 *
 * No key counts that came before its question could be read. The notice is named with the revision that was looked at:
 * where it was changed meanwhile, nothing is signed.
 */

import { ask } from "../desk/deeds.js";
import { notices } from "../desk/picture.js";
import { foreignText } from "../foreign.js";
import { html } from "../html.js";
import { question, useKeys } from "../keys.js";
import { tell } from "../note.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { effect, signal } from "../vendor/signals.js";
import { say, t } from "../words.js";
import { busy, failed, results } from "./actions.js";

/** @typedef {import("../types.js").Notice} Notice */

const QUESTION = "withdraw";
const CONFIRM_MS = 300;
const MOST_WAIT_MS = 60_000;

/** @type {import("../types.js").Signal<{id: string, revision: number, step: "first" | "second", at: number} | null>} */
const open = signal(null);

/** @param {Notice} one */
export function askWithdraw(one) {
  if (one.state === "withdrawn") return tell(say("filing.is_withdrawn", { code: one.code }), "warning");
  if (one.state === "not sent") return tell(say("filing.never_sent", { code: one.code }), "warning");
  open.value = { id: one.id, revision: one.revision, step: "first", at: performance.now() };
  question.value = QUESTION;
  return undefined;
}

/** Take the question back. */
export function endsNow() {
  open.value = null;
  if (question.peek() === QUESTION) question.value = "";
}

effect(() => {
  const asked = open.value;
  if (asked !== null && !notices.value.some((one) => one.id === asked.id && one.revision === asked.revision)) endsNow();
});

/** @param {{one: Notice}} props */
export function Sure({ one }) {
  return open.value?.id === one.id ? html`<${Question} one=${one} />` : null;
}

/** @param {{one: Notice}} props */
function Question({ one }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const second = open.value?.step === "second";
  useEffect(() => {
    box.current?.focus();
    box.current?.scrollIntoView({ block: "nearest" });
    return endsNow;
  }, []);
  useKeys([
    { key: "y", where: QUESTION, words: "keys.filing_yes", does: first },
    { key: "Enter", where: QUESTION, words: "keys.filing_sure", does: () => void sure(one) },
    { key: "Escape", where: QUESTION, words: "keys.filing_no", does: endsNow },
    { key: "n", where: QUESTION, words: "keys.filing_no", silent: true, does: endsNow },
  ]);
  const named = { code: one.code, callsign: foreignText(one.callsign, 40) };
  return html`<div class="ask" role="group" aria-label=${say("filing.withdraw.title")} tabindex="-1" ref=${box} data-step=${open.value?.step}>
    <p class="strong">${t(one.callsign === null ? "filing.withdraw.ask_bare" : "filing.withdraw.ask", named)}</p>
    <p>${t("filing.withdraw.means")}</p>
    ${second && html`<p class="danger">${t("filing.withdraw.sure", named)}</p>`}
    <div class="buttons">
      ${second
        ? html`<button type="button" class="grave" disabled=${busy.value !== ""} onClick=${() => void sure(one)}>${t("filing.withdraw.last")} <kbd>Enter</kbd></button>`
        : html`<button type="button" onClick=${first}>${t("filing.withdraw.yes")} <kbd>Y</kbd></button>`}
      <button type="button" onClick=${endsNow}>${t("filing.withdraw.no")} <kbd>Esc</kbd></button>
    </div>
  </div>`;
}

function early() {
  const asked = open.peek();
  return asked === null || performance.now() - asked.at < CONFIRM_MS;
}

function first() {
  const asked = open.peek();
  if (early() || asked?.step !== "first") return;
  open.value = { ...asked, step: "second", at: performance.now() };
}

/** @param {Notice} one */
async function sure(one) {
  const asked = open.peek();
  if (early() || asked?.step !== "second" || busy.peek() !== "") return;
  busy.value = "sending";
  failed.value = null;
  try {
    const became = await ask("/api/filing/withdraw", { notice: one.id, revision: asked.revision }, { wait_ms: MOST_WAIT_MS });
    results.value = [{ ...became, callsign: one.callsign }];
  } catch (problem) {
    failed.value = /** @type {import("../desk/deeds.js").Problem} */ (problem);
  } finally {
    busy.value = "";
    endsNow();
  }
}
