/**
 * One canvas in the map that is painted in slices and moved as a whole: panning paints nothing and never waits.
 *
 * It is larger than the view by a margin. What is painted is scaled and moved with the map at once, and replaced by a
 * new painting as soon as that is whole: nobody sees half a picture. The ground is kept apart, so that a new picture is
 * painted upon a copy of it. The canvas is opaque: without a graphics processor a frame then costs the copying of one
 * image, whatever is on it.
 */

/** @typedef {import("./mercator.js").Box} Box */
/** @typedef {import("./trace.js").View} View */
/** @typedef {(context: CanvasRenderingContext2D, view: View) => Iterator<void>} Painter yields between slices */
/** @typedef {{canvas: HTMLCanvasElement, context: CanvasRenderingContext2D, view: View | null}} Sheet */

/** Of the view's width and height, on each side: more costs memory and painting, less repaints sooner. */
const MARGIN = 0.3;

/** Milliseconds of painting in one frame, while the map is being moved and while it stands. */
const MOVING_MS = 7;
const STANDING_MS = 28;

const TILE_PX = 256;

export class SlicedCanvas {
  /** @param {import("leaflet").Map} map @param {HTMLElement} pane @param {Painter} ground @param {Painter} picture */
  constructor(map, pane, ground, picture) {
    this.map = map;
    this.painters = { ground, picture };
    this.front = sheet();
    this.back = sheet();
    this.ground = sheet();
    pane.append(this.front.canvas, this.back.canvas);
    /** @type {Iterator<void> | null} */
    this.job = null;
    this.groundStale = true;
    this.pictureStale = false;
    this.moving = false;
    this.frame = 0;
    /** Called when the picture that was asked for last is on the screen; its ground may follow. @type {() => void} */
    this.shown = () => {};
    /** @type {[string, () => void][]} */
    this.heard = [
      ["zoom viewreset", () => this.place()],
      ["zoomend resize", () => this.repaint()],
      ["move", () => this.reach()],
      ["moveend", () => this.settle()],
      ["dragstart", () => (this.moving = true)],
    ];
    for (const [names, does] of this.heard) map.on(names, does);
  }

  remove() {
    for (const [names, does] of this.heard) this.map.off(names, does);
    cancelAnimationFrame(this.frame);
    for (const { canvas } of [this.front, this.back]) canvas.remove();
  }

  /** Paint the picture anew, and the ground where that changed: what is shown stays until it is done. */
  repaint(groundToo = false) {
    if (groundToo) this.groundStale = true;
    this.place();
    if (this.job && sameView(this.back.view, this.needed())) this.pictureStale = true;
    else this.begin();
  }

  /** While the map moves: paint on as soon as the painted margin ends. */
  reach() {
    const view = this.front.view;
    if (view && !this.job && !within(this.seen(), view.box)) this.begin();
  }

  settle() {
    this.moving = false;
    const view = this.front.view;
    if (this.job && this.back.view && within(this.seen(), this.back.view.box)) return;
    if (!view || !within(this.seen(), shrunk(view.box, MARGIN / 3))) this.begin();
  }

  begin() {
    cancelAnimationFrame(this.frame);
    const view = sameView(this.front.view, this.needed()) && this.front.view ? this.front.view : this.needed();
    this.back.view = view;
    this.pictureStale = false;
    this.job = this.work(view);
    this.frame = requestAnimationFrame(() => this.paint());
  }

  /** @param {View} view */
  *work(view) {
    if (this.groundStale || this.ground.view !== view) {
      this.groundStale = false;
      this.ground.view = null;
      yield* painted(this.ground, view, this.painters.ground);
      this.ground.view = view;
    }
    const { canvas, context } = sized(this.back, view);
    context.setTransform(1, 0, 0, 1, 0, 0);
    // A map without an area, as while a room takes the whole page, has nothing to copy, and a browser throws at the try.
    if (canvas.width > 0 && canvas.height > 0) context.drawImage(this.ground.canvas, 0, 0, canvas.width, canvas.height);
    yield* painted(this.back, view, this.painters.picture);
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
    if (!this.pictureStale) this.shown();
    if (this.groundStale || this.pictureStale || this.front.view?.zoom !== this.map.getZoom()) this.begin();
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

/** @returns {Sheet} */
function sheet() {
  const canvas = document.createElement("canvas");
  canvas.className = "map-sheet";
  canvas.setAttribute("aria-hidden", "true");
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  return { canvas, context, view: null };
}

/** @param {Sheet} sheet @param {View} view @returns {Sheet} */
function sized(sheet, view) {
  const { canvas } = sheet;
  const [width, height] = [(view.box[2] - view.box[0]) * view.scale, (view.box[3] - view.box[1]) * view.scale].map(Math.round);
  if (canvas.width !== width * view.ratio || canvas.height !== height * view.ratio) {
    canvas.width = width * view.ratio;
    canvas.height = height * view.ratio;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  return sheet;
}

/** @param {Sheet} sheet @param {View} view @param {Painter} painter */
function* painted(sheet, view, painter) {
  const { context } = sized(sheet, view);
  context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  const pieces = painter(context, view);
  while (!pieces.next().done) yield;
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
