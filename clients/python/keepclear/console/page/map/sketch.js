/**
 * What another room draws on the map, and asks of it: a draft over everything, and points picked by hand or keyboard.
 *
 * While `picking` is set, a click on the map and Space at the cross-hair give `point`, a double click or Enter `finish`,
 * Backspace `undo`; Escape ends it. The map itself keeps nothing of a draft.
 */

import { signal } from "../vendor/signals.js";

/** @typedef {Pick<import("../types.js").Extent, "shape" | "points" | "radius_m"> & {wrong?: boolean}} Draft */
/** @typedef {{point: (lat: number, lng: number) => void, finish: () => void, undo: () => void}} Picking */
/** @template T @typedef {import("../types.js").Signal<T>} Signal */

/** Drawn dotted over everything; `wrong` ones hatched as a warning. @type {Signal<Draft[]|null>} */
export const draft = signal(null);

/** @type {Signal<Picking|null>} */
export const picking = signal(null);

/** Set it to any new number to fit the map to the draft. */
export const fit = signal(0);
