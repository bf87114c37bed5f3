/**
 * A canvas in the map that is painted in slices and moved as a whole: panning paints nothing and never waits.
 *
 * It is larger than the view by a margin. What is painted is scaled and moved with the map at once, and replaced by a
 * new painting as soon as that is whole: nobody sees half a picture. Without a graphics processor a frame then costs
 * the moving of one image, whatever is on it.
 */

/** @typedef {import("./mercator.js").Box} Box */
/** @typedef {import("./trace.js").View} View */
/** @typedef {(context: CanvasRenderingContext2D, view: View) => Iterator<void>} Painter yields between slices */
/** @typedef {{canvas: HTMLCanvasElement, view: View | null}} Sheet */

/** Of the view's width and height, on each side: more costs memory and painting, less repaints sooner. */
const MARGIN = 0.3;

/** Milliseconds of painting in one frame, while the map is being moved and while it stands. */
const MOVING_MS = 7;
const STANDING_MS = 28;

const TILE_PX = 256;

export class SlicedCanvas {
  /** @param {import("leaflet").Map} map @param {HTMLElement} pane @param {Painter} painter */
  constructor(map, pane, painter) {
    this.map = map;
    this.painter = painter;
    this.front = sheet(pane);
    this.back = sheet(pane);
    /** @type {Iterator<void> | null} */
    this.job = null;
    this.stale = false;
    this.moving = false;
    this.frame = 0;
    /** @type {() => void} */
    this.painted = () => {};
    map.on("zoom viewreset", this.place, this);
    map.on("zoomend resize", this.repaint, this);
    map.on("move", this.reach, this);
    map.on("moveend", this.settle, this);
    map.on("dragstart", this.hurry, this);
  }

  remove() {
    this.map.off("zoom viewreset", this.place, this);
    this.map.off("zoomend resize", this.repaint, this);
    this.map.off("move", this.reach, this);
    this.map.off("moveend", this.settle, this);
    this.map.off("dragstart", this.hurry, this);
    cancelAnimationFrame(this.frame);
    for (const { canvas } of [this.front, this.back]) canvas.remove();
  }

  /** Paint anew: what is shown stays until that is done. */
  repaint() {
    this.place();
    if (this.job && sameView(this.back.view, this.needed())) this.stale = true;
    else this.begin();
  }

  hurry() {
    this.moving = true;
  }

  /** While the map moves: paint on as soon as the painted margin ends. */
  reach() {
    const view = this.front.view;
    if (!view || this.job || within(this.seen(), view.box)) return;
    this.begin();
  }

  settle() {
    this.moving = false;
    const view = this.front.view;
    if (this.job && this.back.view && within(this.seen(), this.back.view.box)) return;
    if (!view || !within(this.seen(), shrunk(view.box, MARGIN / 3))) this.begin();
  }

  begin() {
    cancelAnimationFrame(this.frame);
    const view = this.needed();
    const { canvas } = this.back;
    const [width, height] = [Math.round((view.box[2] - view.box[0]) * view.scale), Math.round((view.box[3] - view.box[1]) * view.scale)];
    if (canvas.width !== width * view.ratio || canvas.height !== height * view.ratio) {
      canvas.width = width * view.ratio;
      canvas.height = height * view.ratio;
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    this.back.view = view;
    this.stale = false;
    this.job = this.painter(context, view);
    this.frame = requestAnimationFrame(() => this.paint());
  }

  paint() {
    if (!this.job) return;
    const until = performance.now() + (this.moving ? MOVING_MS : STANDING_MS);
    do {
      if (this.job.next().done) {
        this.finish();
        return;
      }
    } while (performance.now() < until);
    this.frame = requestAnimationFrame(() => this.paint());
  }

  finish() {
    this.job = null;
    [this.front, this.back] = [this.back, this.front];
    this.place();
    this.front.canvas.style.visibility = "visible";
    this.back.canvas.style.visibility = "hidden";
    this.painted();
    if (this.stale || this.front.view?.zoom !== this.map.getZoom()) this.begin();
    else this.reach();
  }

  /** Put what is painted where it belongs at this zoom. */
  place() {
    const { canvas, view } = this.front;
    if (!view) return;
    const scale = TILE_PX * 2 ** this.map.getZoom();
    const origin = this.map.getPixelOrigin();
    const x = view.left * scale - origin.x;
    const y = view.top * scale - origin.y;
    const by = scale / view.scale;
    canvas.style.transform = `translate(${x}px, ${y}px)${by === 1 ? "" : ` scale(${by})`}`;
  }

  /** @returns {Box} */
  seen() {
    const scale = TILE_PX * 2 ** this.map.getZoom();
    const { min, max } = this.map.getPixelBounds();
    if (!min || !max) throw new Error("a map without bounds");
    return [min.x / scale, min.y / scale, max.x / scale, max.y / scale];
  }

  /** @returns {View} */
  needed() {
    const zoom = this.map.getZoom();
    const scale = TILE_PX * 2 ** zoom;
    const box = this.seen();
    const wide = (box[2] - box[0]) * MARGIN;
    const high = (box[3] - box[1]) * MARGIN;
    // On whole pixels, so that lines are as sharp as they are painted.
    const left = Math.floor((box[0] - wide) * scale) / scale;
    const top = Math.floor((box[1] - high) * scale) / scale;
    const right = Math.ceil((box[2] + wide) * scale) / scale;
    const bottom = Math.ceil((box[3] + high) * scale) / scale;
    return { box: [left, top, right, bottom], left, top, scale, zoom, ratio: Math.min(2, globalThis.devicePixelRatio || 1) };
  }
}

/** @param {HTMLElement} pane @returns {Sheet} */
function sheet(pane) {
  const canvas = document.createElement("canvas");
  canvas.className = "map-sheet";
  canvas.setAttribute("aria-hidden", "true");
  pane.append(canvas);
  return { canvas, view: null };
}

/** @param {View | null} a @param {View} b */
function sameView(a, b) {
  return a !== null && a.zoom === b.zoom && a.box.every((side, at) => Math.abs(side - b.box[at]) * b.scale < 2);
}

/** @param {Box} inner @param {Box} outer */
function within(inner, outer) {
  return inner[0] >= outer[0] && inner[1] >= outer[1] && inner[2] <= outer[2] && inner[3] <= outer[3];
}

/** @param {Box} box @param {number} by @returns {Box} */
function shrunk(box, by) {
  // The box is larger than the view by the margin on both sides.
  const wide = ((box[2] - box[0]) / (1 + 2 * MARGIN)) * by;
  const high = ((box[3] - box[1]) / (1 + 2 * MARGIN)) * by;
  return [box[0] + wide, box[1] + high, box[2] - wide, box[3] - high];
}
