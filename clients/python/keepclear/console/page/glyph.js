/**
 * The signs that stand beside every colour: drawn here, since no face of ours has them, in the colour of the text.
 *
 * A sign says nothing to a screen reader: the word that it stands beside does.
 */

import { html } from "./html.js";

/** Each a path in a box of 16 by 16; `solid` ones are filled. The signs of a conflict are those of the terminal's board. */
const SIGNS = /** @type {const} */ ({
  danger: { solid: true, path: "M8 1 15.5 14.5H.5Z" },
  warning: { solid: false, path: "M8 2.2 14.4 13.6H1.6Z" },
  possible: { solid: false, path: "M8 1.5 14.5 8 8 14.5 1.5 8Z" },
  unverified: { solid: false, path: "M2.5 2.5 13.5 13.5M13.5 2.5 2.5 13.5" },
  unconfirmed: { solid: false, path: "M8 2a6 6 0 0 1 4 1.5M14 8a6 6 0 0 1-2 4.4M8 14a6 6 0 0 1-4-1.5M2 8a6 6 0 0 1 2-4.4" },
  past: { solid: false, path: "M3.5 2.5 13 8 3.5 13.5Z" },
  closed: { solid: false, path: "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z" },
  good: { solid: false, path: "M2 8.5 6.2 13 14 3.5" },
  own: { solid: true, path: "M2 3H14V13H2Z" },
  other: { solid: false, path: "M2 5V3H5M8 3h3M14 3v3M14 9v4H12M9 13H6M2 13v-2M2 9V7" },
  link: { solid: false, path: "M6.5 9.5 9.5 6.5M7 4.5 9 2.7a3 3 0 0 1 4.3 4.3L11.5 9M9 11.5 7 13.3A3 3 0 0 1 2.7 9L4.5 7" },
  cut: { solid: false, path: "M7 4.5 9 2.7a3 3 0 0 1 4.3 4.3L11.5 9M9 11.5 7 13.3A3 3 0 0 1 2.7 9L4.5 7M2 2 14 14" },
  sound: { solid: false, path: "M2 6H5L9 2.5V13.5L5 10H2ZM11.5 5.5a3.5 3.5 0 0 1 0 5" },
  mute: { solid: false, path: "M2 6H5L9 2.5V13.5L5 10H2ZM11 6 15 10M15 6 11 10" },
  clock: { solid: false, path: "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0ZM8 4.5V8L10.5 10" },
  file: { solid: false, path: "M8 12V3M4.5 6.5 8 3 11.5 6.5M2.5 13.5H13.5" },
  history: { solid: false, path: "M3 3V6.5H6.5M3.2 6.4A5.5 5.5 0 1 1 2.5 9M8 5.5V8.5L10 10" },
  print: { solid: false, path: "M4 6V2H12V6M4 11.5H2V6H14V11.5H12M4 9.5H12V14H4Z" },
  amend: { solid: false, path: "M2.5 13.5 3.3 10.2 10.8 2.7 13.3 5.2 5.8 12.7Z" },
  withdraw: { solid: false, path: "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0ZM5 8H11" },
  sun: { solid: false, path: "M11 8A3 3 0 1 1 5 8a3 3 0 0 1 6 0ZM8 1V3M8 13V15M1 8H3M13 8H15M3 3 4.5 4.5M11.5 11.5 13 13M13 3 11.5 4.5M4.5 11.5 3 13" },
  help: { solid: false, path: "M5.5 6A2.5 2.5 0 1 1 8 8.5V10M8 12.5V13.2" },
});

/** @typedef {keyof typeof SIGNS} Sign */

/**
 * The sign of a name; one that is not known looks like what is worst.
 *
 * @param {Sign | string} name
 */
export function glyph(name) {
  const { solid, path } = name in SIGNS ? SIGNS[/** @type {Sign} */ (name)] : SIGNS.unverified;
  return html`<svg class="glyph" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path
      d=${path}
      fill=${solid ? "currentColor" : "none"}
      stroke="currentColor"
      stroke-width="2"
      stroke-linejoin="round"
      stroke-linecap="round"
    />
  </svg>`;
}
