/**
 * The map itself: Leaflet for moving about, a canvas painted in slices for what is drawn, elements for labels and cross-hair.
 *
 * It holds no state of the desk: it is told a scene, and draws it. Nothing is drawn while it is moved; x grows eastward
 * whatever the page's direction. Asks nothing of another machine: there are no tiles, only the coast of this package
 * and the party's own chart.
 */

import * as L from "../vendor/leaflet.js";
import { SlicedCanvas } from "./canvas.js";
import { paintCoast } from "./coast.js";
import { coloursNow } from "./colours.js";
import { CLOSEST_EVER, FARTHEST, fitted, SNAP } from "./fit.js";
import { paintGraticule } from "./graticule.js";
import { Labels } from "./labels.js";
import { globe, planeX, planeY } from "./mercator.js";
import { paintAir } from "./paint.js";
import { paintDrafts, paintRings } from "./rings.js";
import { sceneOf } from "./scene.js";

/** @typedef {import("./mercator.js").Box} Box */
/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./sphere.js").Position} Position */
/** @typedef {import("./trace.js").View} View */
/** @typedef {{paint: (context: CanvasRenderingContext2D, view: View) => Iterator<void>}} Under the party's own chart */

/** Zoom from which the coast of 1:50 million is too coarse to find a place by. */
const FINE_ZOOM = 7;

/** What the controls and the read-out cover of the view, at its foot: nothing is fitted beneath them. */
export const FOOT_PX = 84;

/** Turns of the world that one may pan to: more would only get lost. */
const TURNS = 2;

/** @type {Scene} */
const EMPTY = sceneOf({ notices: [], conflicts: [] }, null, 0, false);

export class Chart {
  /** @param {HTMLElement} element */
  constructor(element) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map = L.map(element, {
      attributionControl: false,
      boxZoom: false,
      center: [20, 0],
      fadeAnimation: false,
      inertia: !still,
      keyboard: false,
      maxBounds: [
        [-85.05, -360 * TURNS],
        [85.05, 360 * TURNS],
      ],
      maxZoom: CLOSEST_EVER,
      minZoom: FARTHEST,
      zoom: FARTHEST,
      zoomAnimation: false,
      zoomControl: false,
      zoomDelta: 0.5,
      zoomSnap: SNAP,
    });
    this.scene = EMPTY;
    this.colours = coloursNow();
    /** @type {import("./coast.js").Coast | null} */
    this.coarse = null;
    /** @type {import("./coast.js").Coast | null} */
    this.fine = null;
    this.wantsFine = false;
    /** @type {Under | null} */
    this.under = null;
    /** @type {Position | null} */
    this.ringed = null;
    /** @type {import("./sketch.js").Draft[] | null} */
    this.drafts = null;
    this.sheet = new SlicedCanvas(
      this.map,
      this.map.createPane("sheet"),
      (context, view) => this.paintGround(context, view),
      (context, view) => this.paintPicture(context, view),
    );
    // For whoever waits for it from outside: how many volumes of ours the picture on the screen is of.
    this.sheet.shown = () => (element.dataset.drawn = String(this.scene.own.length));
    this.labels = new Labels(this.map, this.map.createPane("labels"));
    this.map.getPane("labels")?.setAttribute("aria-hidden", "true");
    this.map.on("moveend zoomend resize", () => this.labels.place(this.scene));
    /** What the map was fitted to and nobody has moved it from since: a region that grows or shrinks keeps it in sight. @type {Box | null} */
    this.fittedTo = null;
    this.map.on("movestart zoomstart", () => (this.fittedTo = null));
    this.map.on("resize", () => this.fittedTo && this.fit(this.fittedTo));
    this.size = new ResizeObserver(() => this.map.invalidateSize({ pan: false, debounceMoveend: true }));
    this.size.observe(element);
  }

  remove() {
    this.size.disconnect();
    // A size that changed just now is told 200 ms later, also to a map that is no more.
    this.map.off("moveend zoomend resize movestart zoomstart");
    this.sheet.remove();
    this.map.remove();
  }

  /** @param {Scene} scene */
  show(scene) {
    this.scene = scene;
    this.sheet.repaint();
    this.labels.place(scene);
  }

  /** After a change of theme: everything in its new colours. */
  recolour() {
    this.colours = coloursNow();
    this.sheet.repaint(true);
  }

  /** @param {Box} box */
  fit(box) {
    const size = this.map.getSize();
    const foot = Math.min(FOOT_PX, size.y / 3);
    const { zoom, x, y } = fitted(box, { width: size.x, height: size.y - foot });
    this.map.setView(globe(x, y + foot / 2 / (256 * 2 ** zoom)), zoom, { animate: false });
    this.fittedTo = box;
  }

  /** @param {Position} position @returns {{x: number, y: number}} in the view */
  pixelOf([lat, lng]) {
    return this.map.latLngToContainerPoint([lat, lng]);
  }

  /** @param {number} x @param {number} y @returns {Position} */
  positionAt(x, y) {
    const { lat, lng } = this.map.containerPointToLatLng([x, y]);
    return [lat, lng];
  }

  /** The part of the plane that is in view. @returns {Box} */
  box() {
    const bounds = this.map.getBounds();
    return [planeX(bounds.getWest()), planeY(bounds.getNorth()), planeX(bounds.getEast()), planeY(bounds.getSouth())];
  }

  /** @param {CanvasRenderingContext2D} context @param {View} view */
  *paintGround(context, view) {
    context.fillStyle = this.colours.sea;
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    const near = this.wantsFine || view.zoom >= FINE_ZOOM;
    const coast = (near && this.fine) || this.coarse;
    if (coast) yield* paintCoast(context, view, coast, this.colours, "land");
    if (this.under) {
      const painted = this.under.paint(context, view);
      while (!painted.next().done) yield;
    }
    if (coast) yield* paintCoast(context, view, coast, this.colours, "shores");
    paintGraticule(context, view, this.colours);
    yield;
  }

  /** @param {CanvasRenderingContext2D} context @param {View} view */
  *paintPicture(context, view) {
    yield* paintAir(context, view, this.scene, this.colours);
    if (this.ringed) paintRings(context, view, this.ringed, this.colours);
    if (this.drafts) paintDrafts(context, view, this.drafts, this.colours);
  }
}
