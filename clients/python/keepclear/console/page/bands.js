/** From where to where two flights are both in the air between: what both sides say of a conflict, and read alike. Pure. */

/** @typedef {{lower_m: number, upper_m: number}} Band */
/** @typedef {Band & {reference: string}} Measured */
/** @typedef {{altitude_lower_m: number | null, altitude_upper_m: number | null, reference: string | null}} Told */

/**
 * The heights that two bands have in common; null where they have none, or are of two references, which nobody may compare.
 *
 * It is the same whichever of the two is ours.
 * @param {Measured | null} one
 * @param {Measured | null} other
 * @returns {Measured | null}
 */
export function common(one, other) {
  if (one === null || other === null || one.reference !== other.reference) return null;
  const lower_m = Math.max(one.lower_m, other.lower_m), upper_m = Math.min(one.upper_m, other.upper_m);
  return lower_m > upper_m ? null : { lower_m, upper_m, reference: one.reference };
}

/** What lies between two bands of one reference that do not meet; null of any others. @param {Measured | null} one @param {Measured | null} other @returns {Measured | null} */
export function between(one, other) {
  if (one === null || other === null || one.reference !== other.reference || common(one, other) !== null) return null;
  const [low, high] = one.lower_m < other.lower_m ? [one, other] : [other, one];
  return { lower_m: low.upper_m, upper_m: high.lower_m, reference: one.reference };
}

/** The heights of one side of a conflict's worst pair, where they are had. @param {Told} side @returns {Measured | null} */
export function bandOfSide({ altitude_lower_m: lower_m, altitude_upper_m: upper_m, reference }) {
  return lower_m === null || upper_m === null || reference === null ? null : { lower_m, upper_m, reference };
}
