/**
 * The after-action report of the selected conflict, as the desk has made it, to be read and printed.
 *
 * The desk escapes every text in it; here it is read by the browser's parser into a document that runs nothing, and
 * whatever could run is not taken over even so. Its style is `report.css`, the same as in the file of keepclear report.
 */

import { go } from "../address.js";
import { ask } from "../desk/deeds.js";
import { foreignText } from "../foreign.js";
import { incidentId } from "../history/incident.js";
import { html } from "../html.js";
import { useKeys } from "../keys.js";
import { useEffect, useLayoutEffect, useRef } from "../vendor/preact-hooks.js";
import { effect, signal } from "../vendor/signals.js";
import { isolated, lang, t } from "../words.js";

/** @type {import("../types.js").Signal<{html: string, code: string} | null>} */
const made = signal(null);
const fault = signal("");

const RUNS = "script, iframe, object, embed, link, meta, base, form, img, style";

/** @param {string} wanted */
async function read(wanted) {
  made.value = null;
  fault.value = "";
  try {
    const id = incidentId();
    made.value = await ask(`/api/incidents/${encodeURIComponent(id)}/report?lang=${wanted}`);
  } catch (problem) {
    fault.value = /** @type {import("../desk/deeds.js").Problem} */ (problem).detail;
  }
}

export function ReportRoom() {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => effect(() => void read(lang.value)), []);
  useKeys([
    { key: "p", where: "report", words: "keys.print", does: () => print() },
    { key: "Escape", where: "report", words: "keys.leave_report", does: () => go("incident") },
  ]);
  const told = made.value;
  useLayoutEffect(() => {
    if (told === null || place.current === null) return undefined;
    const article = new DOMParser().parseFromString(told.html, "text/html").querySelector("article");
    for (const one of article?.querySelectorAll(RUNS) ?? []) one.remove();
    place.current.replaceChildren(...(article ? [article] : []));
    place.current.focus({ preventScroll: true });
    return pagesNamed(told.code);
  }, [told]);
  return html`<div class="report-room">
    ${told === null && html`<h1 class="visually-hidden">${t("report.title")}</h1>`}
    <div class="report-bar">
      <button type="button" class="button primary" onClick=${() => print()} disabled=${told === null}>${t("report.print")} <kbd>P</kbd></button>
      <button type="button" class="button" onClick=${() => go("incident")}>${t("report.leave")} <kbd>Esc</kbd></button>
      ${fault.value !== "" && html`<p class="problem" role="alert">${isolated(foreignText(fault.value, 300))}</p>`}
      ${told === null && fault.value === "" && html`<p role="status">${t("report.making")}</p>`}
    </div>
    <div ref=${place} class="report-place" tabindex="0"></div>
  </div>`;
}

/** Have every printed page bear the conflict's code; return what undoes it. @param {string} code */
function pagesNamed(code) {
  const sheet = new CSSStyleSheet();
  sheet.insertRule(`@page { @bottom-left { content: "${code.replace(/[^0-9A-Z-]/g, "")}"; color: #000; font: 8pt sans-serif; } }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  return () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
  };
}
