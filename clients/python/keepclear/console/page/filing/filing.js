/**
 * The room where a party files: its own notices, the form, the read-back, and what became of what was sent.
 *
 * A wall screen sees the notices and files nothing; the desk would refuse it besides.
 */

import { arrived, session } from "../desk/picture.js";
import { html } from "../html.js";
import { effect } from "../vendor/signals.js";
import { resume, results } from "./actions.js";
import { aside, draft } from "./draft.js";
import { FilingForm } from "./form.js";
import { NoticeList } from "./notices.js";
import { keepSketch } from "./places.js";
import { ReadBack } from "./readback.js";
import { Results } from "./results.js";

keepSketch();
// What was being sent when the page was reloaded is taken up once the desk has let this page in.
const undo = effect(() => {
  if (!arrived.value || session.value?.role !== "officer") return;
  queueMicrotask(() => undo());
  resume();
});

export function FilingRoom() {
  if (session.value?.role !== "officer") return html`<${NoticeList} />`;
  if (results.value !== null) return html`<${Results} />`;
  if (draft.value === null || aside.value) return html`<${NoticeList} />`;
  return draft.value.step === "review" ? html`<${ReadBack} />` : html`<${FilingForm} />`;
}
