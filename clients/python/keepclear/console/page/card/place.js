/** A place as seen from the reference point that both ends of the voice line know, as the terminal's board says it. */

import { bullseye } from "../desk/picture.js";
import { foreignText } from "../foreign.js";
import { MILE_M, bearingRange } from "../map/sphere.js";
import { say } from "../words.js";

/** Under it there is no bearing to tell. */
const AT_IT_M = 0.05 * MILE_M;

/** @param {number} lat @param {number} lng */
export function fromBullseye(lat, lng) {
  const point = bullseye.value;
  if (point === null) return null;
  const name = foreignText(point.name, 24);
  const { bearing_deg, range_m } = bearingRange([point.lat, point.lng], [lat, lng]);
  if (range_m < AT_IT_M) return say("card.at_bullseye", { name });
  // North is 360, as pilots say it.
  const bearing = `${String(Math.round(bearing_deg) % 360 || 360).padStart(3, "0")}°`;
  const far = range_m / MILE_M;
  return say("card.from_bullseye", { bearing, range: `${far.toFixed(far < 100 ? 1 : 0)} NM`, name });
}
