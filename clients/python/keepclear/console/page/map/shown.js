/** What the map shows now: the scene of the picture, the selection and the slider's time; and choosing on the map. */

import { selected } from "../address.js";
import { find, nameOf, now, shownAt, shownPicture } from "../desk/picture.js";
import { chosen } from "../queue/queue.js";
import { computed, signal } from "../vendor/signals.js";
import { sceneOf } from "./scene.js";
import { clashAt } from "./under.js";

/** Pixels from a mark within which a click means it. */
const REACH_PX = 16;

/** Moved on where the clock alone changes what is flown. */
const turned = signal(0);

/** The conflict that is emphasised: the selected one, else the one that the queue has open, where it is shown at all. */
export const chosenConflict = computed(() => {
  const { conflicts } = shownPicture.value;
  return find(conflicts, selected.value) ?? find(conflicts, chosen.value?.conflict ?? "");
});

/** @type {import("../types.js").Signal<import("./scene.js").Scene>} */
export const scene = /** @type {any} */ (
  computed(() => {
    turned.value;
    const at = shownAt.value;
    return sceneOf(shownPicture.value, chosenConflict.value?.conflict ?? null, at ?? now.peek(), at !== null);
  })
);

/** Draw the scene of the time that it is now. */
export function moveOn() {
  turned.value++;
}

/** Choose the conflict whose mark is at a place. @param {import("./sphere.js").Position} position @param {number} zoom */
export function choose(position, zoom) {
  const clash = clashAt(scene.peek(), position, REACH_PX / (256 * 2 ** zoom));
  if (clash) selected.value = nameOf(clash.conflict);
}
