/**
 * The acknowledgement: what was read is read back, then signed by the desk in the officer's name.
 *
 * Guaranteed: nothing is asked about that has not stood in view for a second; what is signed is the version that was
 * read, and where another came meanwhile the question is taken back and the newer state stands on the card. A danger
 * asks twice, with different keys, and no key counts that came before its question could be read.
 */

import { ask as askDesk } from "../desk/deeds.js";
import { conflicts, nameOf, session } from "../desk/picture.js";
import { go } from "../address.js";
import { foreignText } from "../foreign.js";
import { isPast } from "../history/past.js";
import { html } from "../html.js";
import { question, useKeys } from "../keys.js";
import { tell, untell } from "../note.js";
import { asks, isDanger, lookOf, wordOf } from "../signs.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { effect, signal } from "../vendor/signals.js";
import { bare, has, isolated, say, t } from "../words.js";
import { wasRead } from "./seen.js";
import { readBack } from "./sentence.js";

/** @typedef {import("../types.js").Conflict} Conflict */

const CONFIRM_MS = 300;
const QUESTION = "acknowledge";

/**
 * @typedef {object} Asked
 * @property {string} conflict
 * @property {number} version
 * @property {"read" | "danger" | "signing"} step
 * @property {number} at
 */

/** @type {import("../types.js").Signal<Asked | null>} */
export const asked = signal(null);

/** Ask whether a conflict was read. @param {Conflict} conflict */
export function ask(conflict) {
  const code = conflict.code;
  if (asked.peek() !== null) return tell(say("card.ack.signing"));
  if (isPast.peek()) return tell(say("history.no_deeds"), "warning");
  if (session.peek()?.role !== "officer") return tell(say("card.ack.wall"), "warning");
  if (!session.peek()?.officer) return tell(say("card.ack.no_watch"), "warning");
  if (!asks(conflict)) return tell(say("card.ack.needs_none", { code }));
  if (!wasRead(conflict)) {
    // Where little is in view at a time, what is to be read may not be.
    document.getElementById(`row-${conflict.conflict}`)?.closest("li")?.querySelector(".sentence")?.scrollIntoView({ block: "nearest" });
    return tell(say("card.ack.too_soon", { code }), "warning");
  }
  go("queue", nameOf(conflict));
  put({ conflict: conflict.conflict, version: conflict.version, step: "read" });
}

/** @param {Omit<Asked, "at">} next */
function put(next) {
  asked.value = { ...next, at: performance.now() };
  // While the desk signs nothing is asked any more, and keys mean what they always do.
  question.value = next.step === "signing" ? "" : QUESTION;
}

function drop() {
  asked.value = null;
  if (question.peek() === QUESTION) question.value = "";
}

effect(() => {
  const open = asked.value;
  if (open === null || open.step === "signing") return;
  const current = conflicts.value.find((one) => one.conflict === open.conflict);
  if (current !== undefined && current.version === open.version && asks(current)) return;
  drop();
  tell(say("card.ack.changed", { code: current?.code ?? "" }), "alarm");
});

/** What was last said to be acknowledged. @type {import("../types.js").Signal<{conflict: string, version: number, text: string} | null>} */
const done = signal(null);

effect(() => {
  const told = done.value;
  if (told === null) return;
  const current = conflicts.value.find((one) => one.conflict === told.conflict);
  // That it is still there is said of that version alone, and for no longer than it is so.
  if (current !== undefined && current.version <= told.version && current.state === "OPEN") return;
  untell(told.text);
});

/** @param {{conflict: Conflict}} props */
export function AskBox({ conflict }) {
  const open = asked.value;
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const before = document.activeElement;
    box.current?.focus();
    return () => {
      // A question that is not on the screen is not open: nobody could answer it, and it would keep every key.
      if (asked.peek()?.conflict === conflict.conflict && asked.peek()?.step !== "signing") {
        drop();
        tell(say("card.ack.gone", { code: conflict.code }), "warning");
      }
      const row = document.getElementById(`row-${conflict.conflict}`);
      (before instanceof HTMLElement && before.isConnected && before !== document.body ? before : row)?.focus();
    };
  }, []);
  useEffect(() => box.current?.scrollIntoView({ block: "nearest" }), [open?.step]);
  useKeys([
    { key: "y", where: QUESTION, words: "keys.yes", does: () => yes(conflict) },
    { key: "Enter", where: QUESTION, words: "keys.yes_danger", does: () => sure(conflict) },
    { key: "Escape", where: QUESTION, words: "keys.no", does: () => no(conflict) },
    { key: "n", where: QUESTION, words: "keys.no", silent: true, does: () => no(conflict) },
  ]);
  if (open === null) return null;
  const officer = foreignText(session.value?.officer, 40);
  return html`<div class="ask" role="group" aria-label=${say("card.ack.title")} tabindex="-1" ref=${box} data-step=${open.step}>
    <p class="read-back">${isolated(readBack(conflict))}</p>
    ${open.step === "read" && html`<p>${t("card.ack.sign", { officer })}</p>
      <div class="buttons">
        <button type="button" class="button primary" onClick=${() => yes(conflict)}>${t("card.ack.yes")} <kbd>Y</kbd></button>
        <button type="button" class="button" onClick=${() => no(conflict)}>${t("card.ack.no")} <kbd>Esc</kbd></button>
      </div>`}
    ${open.step === "danger" && html`<p class="danger">${t("card.ack.danger", { code: conflict.code, look: wordOf(lookOf(conflict)) })}</p>
      <div class="buttons">
        <button type="button" class="button primary" onClick=${() => sure(conflict)}>${t("card.ack.sure")} <kbd>Enter</kbd></button>
        <button type="button" class="button" onClick=${() => no(conflict)}>${t("card.ack.no")} <kbd>Esc</kbd></button>
      </div>`}
    ${open.step === "signing" && html`<p>${t("card.ack.signing")}</p>`}
  </div>`;
}

function early() {
  const open = asked.peek();
  return open === null || performance.now() - open.at < CONFIRM_MS;
}

/** @param {Conflict} conflict */
function yes(conflict) {
  const open = asked.peek();
  if (early() || open?.step !== "read") return;
  if (isDanger(conflict)) put({ ...open, step: "danger" });
  else void sign(conflict, open);
}

/** @param {Conflict} conflict */
function sure(conflict) {
  const open = asked.peek();
  if (early() || open?.step !== "danger") return;
  void sign(conflict, open);
}

/** @param {Conflict} conflict */
function no(conflict) {
  drop();
  tell(say("card.ack.not", { code: conflict.code }));
}

/** @param {Conflict} conflict @param {Asked} open */
async function sign(conflict, open) {
  put({ ...open, step: "signing" });
  const { code } = conflict;
  try {
    await askDesk("/api/acknowledge", { conflict: open.conflict, version: open.version, read_back: plain(readBack(conflict)) });
    const text = say("card.ack.done", { code, version: open.version });
    tell(text, "good");
    done.value = { conflict: open.conflict, version: open.version, text };
  } catch (fault) {
    const { code: problem, detail, hint } = /** @type {import("../desk/deeds.js").Problem} */ (fault);
    const known = `card.ack.error.${problem}`;
    tell(has(known) ? say(known, { code }) : say("card.ack.failed", { code, detail: foreignText(detail, 300) }), "alarm", hint && foreignText(hint, 300));
  } finally {
    drop();
  }
}

/** What is signed holds no character that is not read. @param {string} text */
function plain(text) {
  return bare(text).replace(/[\u2066-\u2069]/g, "");
}
