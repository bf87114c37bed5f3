/**
 * Which labels are shown, and where each stands: none covers another, the more important ones first. Pure.
 *
 * A label that finds no place is left out; what it says stands in the queue, in the read-out and in the map's text.
 */

/** @typedef {{x: number, y: number, wide: number, high: number, rank: number, gap: number}} Wanted point, size, how far from it */
/** @typedef {{at: number, left: number, top: number}} Placed `at`: which of those wanted */

const CELL_PX = 96;

/**
 * @param {Wanted[]} wanted higher ranks first served @param {number} most @param {{width: number, height: number}} room
 * @returns {Placed[]}
 */
export function declutter(wanted, most, room) {
  const order = wanted.map((_, at) => at).sort((a, b) => wanted[b].rank - wanted[a].rank || a - b);
  /** @type {Map<string, number[][]>} */
  const cells = new Map();
  /** @type {Placed[]} */
  const placed = [];
  for (const at of order) {
    if (placed.length >= most) break;
    const place = sides(wanted[at]).find((box) => inside(box, room) && isFree(cells, box));
    if (!place) continue;
    take(cells, place);
    placed.push({ at, left: place[0], top: place[1] });
  }
  return placed;
}

/** Beside its point: above, below, to the right, to the left, then across it. @param {Wanted} label @returns {number[][]} */
function sides({ x, y, wide, high, gap }) {
  const [half, middle] = [wide / 2, high / 2];
  const corners = [
    [x - half, y - gap - high],
    [x - half, y + gap],
    [x + gap, y - middle],
    [x - gap - wide, y - middle],
  ];
  if (gap === 0) corners.unshift([x - half, y - middle]);
  return corners.map(([left, top]) => [Math.round(left), Math.round(top), Math.round(left + wide), Math.round(top + high)]);
}

/** @param {number[]} box @param {{width: number, height: number}} room */
function inside([left, top, right, bottom], { width, height }) {
  return left >= 0 && top >= 0 && right <= width && bottom <= height;
}

/** @param {Map<string, number[][]>} cells @param {number[]} box */
function isFree(cells, box) {
  return cellsOf(box).every((cell) => (cells.get(cell) ?? []).every((other) => apart(box, other)));
}

/** @param {Map<string, number[][]>} cells @param {number[]} box */
function take(cells, box) {
  for (const cell of cellsOf(box)) cells.set(cell, [...(cells.get(cell) ?? []), box]);
}

/** @param {number[]} a @param {number[]} b */
function apart(a, b) {
  return a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
}

/** @param {number[]} box @returns {string[]} */
function cellsOf([left, top, right, bottom]) {
  const names = [];
  for (let column = Math.floor(left / CELL_PX); column <= Math.floor(right / CELL_PX); column++) {
    for (let row = Math.floor(top / CELL_PX); row <= Math.floor(bottom / CELL_PX); row++) names.push(`${column},${row}`);
  }
  return names;
}
