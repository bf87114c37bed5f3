/**
 * The colours that a canvas is painted with, as the theme's style sheet has them.
 *
 * Read anew when the theme changes, never guessed: a name that the style sheet lacks is an error in a test.
 */

import { theme } from "../address.js";
import { effect } from "../vendor/signals.js";

/**
 * @typedef {{own: string, other: string, danger: string, warning: string, dangerText: string, warningText: string,
 *   ownText: string, otherText: string, text: string, quiet: string, ground: string, panel: string, sea: string,
 *   land: string, coast: string, grid: string, line: string, onDanger: string, onWarning: string, dangerFill: string,
 *   warningFill: string, face: string, textFace: string}} Colours
 */

const NAMES = {
  own: "--own",
  other: "--other",
  danger: "--danger",
  warning: "--warning",
  dangerText: "--danger-text",
  warningText: "--warning-text",
  ownText: "--own-text",
  otherText: "--other-text",
  text: "--text",
  quiet: "--quiet",
  ground: "--ground",
  panel: "--panel",
  sea: "--sea",
  land: "--land",
  coast: "--coast",
  grid: "--grid",
  line: "--line",
  onDanger: "--on-danger",
  onWarning: "--on-warning",
  dangerFill: "--danger-fill",
  warningFill: "--warning-fill",
  face: "--figure-face",
  textFace: "--text-face",
};

/** @returns {Colours} */
export function coloursNow() {
  const style = getComputedStyle(document.documentElement);
  const found = Object.entries(NAMES).map(([name, variable]) => [name, style.getPropertyValue(variable).trim()]);
  return /** @type {Colours} */ (Object.fromEntries(found));
}

/** Call back after each change of theme, as soon as the style sheet has it; returns what ends that. */
/** @param {() => void} changed @returns {() => void} */
export function onTheme(changed) {
  return effect(() => {
    theme.value;
    queueMicrotask(changed);
  });
}
