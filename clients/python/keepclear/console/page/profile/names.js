/**
 * Where a flight's name stands in a panel of heights: in its own band, or at the edge that the band lies beyond. Pure.
 *
 * No name is moved to a height at which its flight is not: what is off the scale says so by an arrow and its own band.
 */

/** @typedef {import("./panels.js").Block} Block */

const HALF_LINE_PX = 9;

/** So much of a band must be in sight for a name to stand in it. */
const SEEN_PX = 2;

/**
 * Where the name of a band from `top_px` to `bottom_px` stands; `beyond` is the edge that it is off the scale by.
 * @param {number} top_px
 * @param {number} bottom_px
 * @param {{top: number, bottom: number}} frame
 * @returns {{beyond: "above" | "below" | null, y: number}}
 */
export function standOf(top_px, bottom_px, { top, bottom }) {
  if (bottom_px < top + SEEN_PX) return { beyond: "above", y: top + HALF_LINE_PX };
  if (top_px > bottom - SEEN_PX) return { beyond: "below", y: bottom - HALF_LINE_PX };
  return { beyond: null, y: Math.min(Math.max(top_px + HALF_LINE_PX, top + HALF_LINE_PX), bottom - HALF_LINE_PX) };
}

/**
 * The block of each flight that bears its name: one that is on the scale before one that is not, a chosen one before
 * the others, then the earliest.
 * @param {Block[]} blocks
 * @param {(block: Block) => boolean} inSight
 * @returns {Block[]}
 */
export function namedOf(blocks, inSight) {
  /** @type {Map<string, Block>} */
  const first = new Map();
  const before = (/** @type {Block} */ one, /** @type {Block} */ other) =>
    Number(inSight(other)) - Number(inSight(one)) || Number(other.chosen) - Number(one.chosen) || one.start_ms - other.start_ms;
  for (const block of blocks) {
    const key = `${block.look} ${block.name}`;
    const known = first.get(key);
    if (!known || before(block, known) < 0) first.set(key, block);
  }
  return [...first.values()];
}
