/** Diagonal hatching for a canvas: the second cue of a conflict beside its colour, so that it is seen without any. */

/** @type {Map<string, CanvasPattern>} */
const made = new Map();

const TILE_PX = 9;

/** @param {CanvasRenderingContext2D} context @param {string} colour @param {number} [width_px] @returns {CanvasPattern} */
export function hatch(context, colour, width_px = 2) {
  const key = `${colour} ${width_px}`;
  const known = made.get(key);
  if (known) return known;
  const tile = document.createElement("canvas");
  tile.width = TILE_PX;
  tile.height = TILE_PX;
  const brush = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
  brush.strokeStyle = colour;
  brush.lineWidth = width_px;
  brush.beginPath();
  // Three lines, so that the corners of the tile are as full as its middle.
  for (const shift of [-TILE_PX, 0, TILE_PX]) {
    brush.moveTo(shift - 2, TILE_PX + 2);
    brush.lineTo(shift + TILE_PX + 2, -2);
  }
  brush.stroke();
  const pattern = /** @type {CanvasPattern} */ (context.createPattern(tile, "repeat"));
  made.set(key, pattern);
  return pattern;
}
