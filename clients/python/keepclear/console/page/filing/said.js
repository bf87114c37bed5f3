/** What the desk says in its own words, which are English and may hold text of a file: harmless, and left to right. */

import { foreignText } from "../foreign.js";
import { html } from "../html.js";

const MOST = 600;

/** The text without the isolates and quotes that mark it as another's: where it stands, all of it is the desk's. @param {string} text */
export function plainly(text) {
  const told = foreignText(text, MOST).slice(1, -1);
  return told.startsWith('"') ? told.slice(1, -1).replace(/\\(["\\])/g, "$1") : told;
}

/** @param {{text: string}} props */
export function Said({ text }) {
  return html`<bdi dir="ltr" lang="en" class="said">${plainly(text)}</bdi>`;
}
