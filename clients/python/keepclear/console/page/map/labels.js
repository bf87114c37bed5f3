/**
 * The map's labels: code of a conflict, callsign or party with the band of a volume, in elements that move with the map.
 *
 * One label for a notice, at the volume that is flown in, or at where it clashes. Elements and no canvas, since callsigns
 * come in any script; each figure is isolated left to right. Texts of others are cut and made harmless by their one home.
 * Labels are no part of what a screen reader is told: the map's text says it.
 */

import { foreignText } from "../foreign.js";
import { heights } from "../measures.js";
import { bare } from "../words.js";
import { declutter } from "./declutter.js";
import { planeX, planeY } from "./mercator.js";
import { flownAt } from "./scene.js";
import { shapeOf } from "./shapes.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./scene.js").Volume} Volume */
/** @typedef {import("./scene.js").Clash} Clash */
/** @typedef {import("./declutter.js").Wanted} Wanted */
/** @typedef {Wanted & {kind: string, name: string, figures: string}} Label */

/** More than can be read at a glance; fewer fit in any case. */
const MOST = 60;

/** Notices on the map up to which also what is not flown in now is labelled. */
const FEW = 12;

/** Labels that stand so far from what they name that a line leads there. */
const FAR_PX = 20;

const SVG = "http://www.w3.org/2000/svg";

const NAME_LETTERS = 14;

/** How important the two flights of the chosen conflict are. */
const MAIN = 80;
const LETTER_PX = 7.9;
const HIGH_PX = 20;

export class Labels {
  /** @param {import("leaflet").Map} map @param {HTMLElement} pane */
  constructor(map, pane) {
    this.map = map;
    this.pane = pane;
    /** @type {HTMLElement[]} */
    this.elements = [];
    const drawing = document.createElementNS(SVG, "svg");
    drawing.setAttribute("class", "map-leaders");
    this.leaders = document.createElementNS(SVG, "path");
    drawing.append(this.leaders);
    pane.append(drawing);
  }

  /** Place the labels anew: after the map has moved or the scene has changed. @param {Scene} scene */
  place(scene) {
    const size = this.map.getSize();
    const scale = 256 * 2 ** this.map.getZoom();
    const bounds = this.map.getPixelBounds();
    const min = /** @type {import("leaflet").Point} */ (bounds.min);
    /** @param {number} x @param {number} y @returns {[number, number]} */
    const pixel = (x, y) => {
      // The turn of the world that is in view.
      const near = x - Math.floor(x - min.x / scale);
      return [near * scale - min.x, y * scale - min.y];
    };
    const wanted = labelsOf(scene, pixel, ([x, y]) => x > 0 && y > 0 && x < size.x && y < size.y);
    const placed = declutter(wanted, MOST, { width: size.x, height: size.y });
    const shift = this.map.containerPointToLayerPoint([0, 0]);
    placed.forEach(({ at, left, top }, index) => {
      const element = this.element(index);
      fill(element, wanted[at]);
      element.style.transform = `translate(${left + shift.x}px, ${top + shift.y}px)`;
    });
    for (const element of this.elements.splice(placed.length)) element.remove();
    this.leaders.setAttribute("d", placed.map((place) => leader(wanted[place.at], place, shift)).join(""));
  }

  /** @param {number} index @returns {HTMLElement} */
  element(index) {
    let element = this.elements[index];
    if (!element) {
      element = document.createElement("div");
      element.append(document.createElement("bdi"), document.createElement("bdi"));
      this.elements[index] = element;
      this.pane.append(element);
    }
    return element;
  }
}

/** A line from what a label names to a label that stands away from it. */
/** @param {Label} label @param {{left: number, top: number}} place @param {{x: number, y: number}} shift */
function leader({ x, y, wide, high, gap }, { left, top }, shift) {
  if (gap < FAR_PX) return "";
  const [toX, toY] = [Math.max(left, Math.min(x, left + wide)), Math.max(top, Math.min(y, top + high))];
  return `M${x + shift.x} ${y + shift.y}L${toX + shift.x} ${toY + shift.y}`;
}

/** @param {HTMLElement} element @param {Label} label */
function fill(element, label) {
  const [name, figures] = /** @type {HTMLElement[]} */ ([...element.children]);
  element.className = `map-label ${label.kind}`;
  name.textContent = bare(label.name);
  figures.textContent = label.figures;
  figures.dir = "ltr";
  figures.className = "figure";
}

/**
 * @param {Scene} scene @param {(x: number, y: number) => [number, number]} pixel
 * @param {(point: [number, number]) => boolean} inRoom @returns {Label[]}
 */
function labelsOf(scene, pixel, inRoom) {
  /** @type {Label[]} */
  const labels = [];
  for (const clash of scene.clashes) {
    if (clash.where) labels.push(clashLabel(clash, clash === scene.chosen, pixel));
  }
  const best = bestOf(scene);
  const few = best.size <= FEW;
  const chosen = scene.chosen?.conflict;
  const involved = new Set(scene.clashes.flatMap(({ conflict }) => [conflict.own.id, conflict.other.id]));
  for (const volume of best.values()) {
    const flown = flownAt(volume.extent, scene.at_ms);
    const main = volume.id === chosen?.own.id || volume.id === chosen?.other.id;
    if (!flown && !main && !few) continue;
    const rank = main ? MAIN : flown ? (involved.has(volume.id) ? 50 : 40) : 10;
    const point = pixel(...shapeOf(volume.extent).middle);
    if (inRoom(point)) labels.push(volumeLabel(volume, rank, flown || main, point));
  }
  return labels;
}

/** @type {WeakMap<Scene, Map<string, Volume>>} */
const bests = new WeakMap();

/** Of each notice the volume that is flown in, else the next one, else the last. @param {Scene} scene */
function bestOf(scene) {
  const known = bests.get(scene);
  if (known) return known;
  const pair = scene.chosen?.conflict.pairs_shown[0];
  /** @type {Map<string, Volume>} */
  const best = new Map();
  /** @type {Map<string, number>} */
  const distance = new Map();
  for (const volumes of [scene.flown, scene.faint]) {
    for (const volume of volumes) {
      const { start_ms, end_ms } = volume.extent;
      const meets = pair && volume.id === scene.chosen?.conflict[volume.owner].id;
      const at = meets ? pair.start_ms : scene.at_ms;
      const late = at < start_ms ? start_ms - at : at > end_ms ? 1e15 + at - end_ms : 0;
      const away = meets && isOf(volume.extent, volume.owner === "own" ? pair.ours : pair.theirs) ? -1 : late;
      if (away < (distance.get(volume.id) ?? Infinity)) {
        best.set(volume.id, volume);
        distance.set(volume.id, away);
      }
    }
  }
  bests.set(scene, best);
  return best;
}

/** Whether an extent is the one of a pair: the desk tells it in both places. */
/** @param {import("./scene.js").Extent} extent @param {import("./scene.js").Extent|null} other */
function isOf(extent, other) {
  return (
    other !== null &&
    extent.start_ms === other.start_ms &&
    extent.lower_m === other.lower_m &&
    extent.upper_m === other.upper_m &&
    extent.reference === other.reference
  );
}

/** @param {Clash} clash @param {boolean} chosen @param {(x: number, y: number) => [number, number]} pixel @returns {Label} */
function clashLabel({ conflict, grave, open, where }, chosen, pixel) {
  const [lat, lng] = where ?? [0, 0];
  const [x, y] = pixel(planeX(lng), planeY(lat));
  const kind = open ? (grave ? "danger" : "warning") : "settled";
  const rank = chosen ? 100 : open ? (grave ? 70 : 60) : 20;
  return sized({ x, y, rank, gap: chosen ? 30 : 13, kind: chosen ? `${kind} chosen` : kind, name: conflict.code, figures: "" });
}

/** @param {Volume} volume @param {number} rank @param {boolean} full @param {[number, number]} point @returns {Label} */
function volumeLabel({ extent, owner, name }, rank, full, [x, y]) {
  const figures = heights(extent.lower_m, extent.upper_m, extent.reference);
  const told = foreignText(name ?? "", NAME_LETTERS);
  // Off what they name where that is looked at: the volumes themselves are to be seen.
  return sized({ x, y, rank, gap: rank === MAIN ? 40 : 8, kind: full ? owner : `${owner} faint`, name: told, figures });
}

/** @param {Omit<Label, "wide"|"high">} label @returns {Label} */
function sized(label) {
  const letters = label.name.length + label.figures.length + (label.figures && label.name ? 1 : 0);
  return { ...label, wide: letters * LETTER_PX + 12, high: HIGH_PX };
}
