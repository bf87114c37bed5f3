/** A dialog that takes all keys while it stands; Escape leaves it, and the focus goes back to where it was. */

import { NewDanger } from "../card/danger.js";
import { html } from "../html.js";
import { question } from "../keys.js";
import { useLayoutEffect, useRef } from "../vendor/preact-hooks.js";

/** @param {{name: string, label: any, leave: () => void, children: any}} props */
export function Dialog({ name, label, leave, children }) {
  const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    question.value = name;
    return () => {
      dialog?.close();
      if (question.peek() === name) question.value = "";
    };
  }, []);
  return html`<dialog ref=${element} class=${`dialog ${name}`} aria-label=${label}
    onCancel=${(/** @type {Event} */ event) => (event.preventDefault(), leave())}>
    <${NewDanger} />${children}</dialog>`;
}
