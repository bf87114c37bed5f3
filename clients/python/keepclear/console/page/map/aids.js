/**
 * What an officer has put on the map by hand: the cross-hair, the point to measure from, range rings, the fine coast.
 *
 * Of one page alone: nothing of it is sent or kept. The point to measure from is the party's bullseye until another one
 * is picked.
 */

import { computed, signal } from "../vendor/signals.js";
import { bullseye } from "../desk/picture.js";
import { bearingRange, MILE_M, plainLongitude } from "./sphere.js";

/** @typedef {import("./sphere.js").Position} Position */
/** @template T @typedef {import("../types.js").Signal<T>} Signal */

/** Where the keyboard's cross-hair stands. @type {Signal<Position|null>} */
export const crosshair = signal(null);

/** Where the pointer is while it is over the map. @type {Signal<Position|null>} */
export const pointer = signal(null);

/** The point that was picked to measure from, if one was. @type {Signal<Position|null>} */
export const picked = signal(null);

/** What range rings are drawn round, if any are. @type {Signal<Position|null>} */
export const ringed = signal(null);

/** Whether the coast is drawn finely at any zoom: by itself it is where one looks closely. */
export const fineCoast = signal(false);

/** From where bearing and range are told, and its name: "" for a picked point. */
export const origin = /** @type {Signal<{position: Position, name: string}|null>} */ (
  computed(() => {
    if (picked.value) return { position: picked.value, name: "" };
    const { lat, lng, name } = bullseye.value ?? { lat: 0, lng: 0, name: "" };
    return bullseye.value ? { position: [lat, lng], name } : null;
  })
);

/** Bearing in whole degrees, 360 for north, and range in miles, as they are read out. @param {Position} from @param {Position} to */
export function told(from, to) {
  const { bearing_deg, range_m } = bearingRange(from, to);
  const far = range_m / MILE_M;
  return {
    bearing: `${String(Math.round(bearing_deg) % 360 || 360).padStart(3, "0")}\u00b0`,
    range: `${far < 100 ? far.toFixed(1) : far.toFixed(0)} NM`,
    here: far < 0.05,
  };
}

/** A position as it is told, its longitude between -180 and 180. @param {Position} position @returns {Position} */
export function plainPosition([lat, lng]) {
  return [lat, plainLongitude(lng)];
}
