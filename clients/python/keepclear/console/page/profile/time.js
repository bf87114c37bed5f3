/** The slider's time: set here by whoever looks at another time, and kept in the page's address. */

import { time } from "../address.js";
import { now, shownAt } from "../desk/picture.js";
import { signal } from "../vendor/signals.js";

/** Which of the spans that can be asked for is shown. */
export const reach = signal(0);

/** Whether the slider is held. */
export const held = signal(false);

/** Look at a time, or at now. @param {number|null} ms */
export function showAt(ms) {
  time.value = ms === null ? "" : new Date(Math.round(ms / 1000) * 1000).toISOString();
}

/** Whether what is shown is of another time than now. */
export function looking() {
  return shownAt.value !== null;
}

/** The time that is shown. */
export function shownTime() {
  return shownAt.value ?? now.value;
}
