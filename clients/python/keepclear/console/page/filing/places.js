/**
 * Where the typed points of a draft are, and the draft on the map while it is drawn.
 *
 * A point is read by the desk, as every position is: decimals, degrees and minutes, MGRS, bearing and distance from the
 * point before it. What is drawn here is a sketch and no claim: what is signed is what the desk reads back.
 */

import { room } from "../address.js";
import { ask } from "../desk/deeds.js";
import { draft as sketch, fit, picking } from "../map/sketch.js";
import { effect, signal } from "../vendor/signals.js";
import { faults, read } from "./actions.js";
import { aside, changeShape, draft } from "./draft.js";

/** @typedef {import("../types.js").Place} Place */
/** @typedef {{at: Place | null, off_m: number, note: string, problem: import("../desk/deeds.js").Problem | null}} Found */

const TYPED_MS = 250;
const MOST_KEPT = 2_000;
const BEARING = /^\s*\d{1,3}(\.\d+)?\s*(°|deg)?\s*[tm]?\s*\//i;
const LENGTH = /^(\d{1,6}(?:\.\d{1,3})?) ?(nm|km|m)$/i;
/** @type {Record<string, number>} */
const UNIT_M = { nm: 1852, km: 1000, m: 1 };

/** @type {Map<string, Found>} */
const known = new Map();
/** @type {Set<string>} */
const asking = new Set();
/** Moves on as the desk has found more points. */
const found = signal(0);
let timer = 0;

/** The shape to which a click on the map adds a point, by its number; null for none. @type {import("../types.js").Signal<number | null>} */
export const drawing = signal(null);

/** @param {string} text @param {Place | null} before */
function keyOf(text, before) {
  return BEARING.test(text) ? `${text}|${before?.join() ?? ""}` : text;
}

/**
 * Where the points of a shape are, as far as the desk has said.
 * @param {import("./draft.js").Shape} shape
 * @returns {(Found | null)[]} null for one that is empty, or not found yet
 */
export function placesOf(shape) {
  void found.value;
  /** @type {Place | null} */
  let before = null;
  return shape.points.map((text) => {
    if (text.trim() === "") return null;
    const key = keyOf(text, before);
    const place = known.get(key) ?? null;
    if (place === null) void later(key, text, before);
    before = place?.at ?? null;
    return place;
  });
}

/** @type {Map<string, [string, Place | null]>} */
const waiting = new Map();

/** @param {string} key @param {string} text @param {Place | null} before */
function later(key, text, before) {
  if (asking.has(key)) return;
  waiting.set(key, [text, before]);
  clearTimeout(timer);
  timer = window.setTimeout(() => {
    const wanted = [...waiting];
    waiting.clear();
    // Of what was typed through only what stands there now is asked for.
    const typed = new Set((draft.peek()?.shapes ?? []).flatMap((shape) => shape.points));
    for (const [name, [point, from]] of wanted) if (typed.has(point)) void find(name, point, from);
  }, TYPED_MS);
}

/** @param {string} key @param {string} text @param {Place | null} before */
async function find(key, text, before) {
  asking.add(key);
  if (known.size > MOST_KEPT) known.clear();
  try {
    known.set(key, await ask("/api/filing/place", { text, before }));
  } catch {
    // The header says that the desk is silent; the point is asked for again as soon as anything is typed.
  } finally {
    asking.delete(key);
    found.value += 1;
  }
}

/** A point of the map as it is typed: to a metre. @param {number} lat @param {number} lng */
function typed(lat, lng) {
  return `${lat.toFixed(5)}, ${lng.toFixed(5)}`;
}

/** Let clicks on the map add points to a shape. @param {number} at */
export function drawOnMap(at) {
  drawing.value = at;
  picking.value = {
    point: (lat, lng) => addPoint(at, lat, lng),
    finish: stopDrawing,
    undo: () => undo(at),
  };
}

export function stopDrawing() {
  drawing.value = null;
  picking.value = null;
}

/** @param {number} at @param {number} lat @param {number} lng */
function addPoint(at, lat, lng) {
  const shape = draft.peek()?.shapes[at];
  if (shape === undefined) return stopDrawing();
  const text = typed(lat, lng);
  const place = /** @type {Place} */ (text.split(", ").map(Number));
  known.set(text, { at: place, off_m: 0, note: "", problem: null });
  if (shape.shape === "circle") {
    changeShape(at, { points: [text] });
    return stopDrawing();
  }
  const points = shape.points.filter((point) => point.trim() !== "");
  // A double click puts two points on one place.
  if (points.at(-1) !== text) changeShape(at, { points: [...points, text, ""] });
  return undefined;
}

/** @param {number} at */
function undo(at) {
  const points = draft.peek()?.shapes[at]?.points.filter((point) => point.trim() !== "") ?? [];
  changeShape(at, { points: [...points.slice(0, -1), ""] });
}

/** Keep the map's sketch up with the draft. */
export function keepSketch() {
  effect(() => {
    const said = draft.value;
    if (said === null || aside.value || room.value !== "filing") {
      sketch.value = null;
      // Nobody who has left the form adds a point to it by a click on the map.
      if (drawing.peek() !== null) stopDrawing();
      return;
    }
    sketch.value = said.kind === "drawn" && said.step === "form" ? drawn(said.shapes) : asRead();
  });
  // What was read may lie anywhere, a typed place too: the map goes there, and to each flight that is shown next.
  let shown = "";
  effect(() => {
    const told = read.value, said = draft.peek();
    if (told === null) shown = "";
    if (told === null || said === null || told.flights.length === 0) return;
    const key = said.kind === "drawn" ? JSON.stringify(said.shapes) : `${said.file?.file ?? said.amends?.notice} ${told.shown}`;
    if (key !== shown) fit.value = performance.now();
    shown = key;
  });
  // Escape on the map ends the drawing.
  effect(() => {
    if (picking.value === null) drawing.value = null;
  });
}

/** @returns {import("../map/sketch.js").Draft[]} */
function asRead() {
  const told = read.value;
  if (told === null) return [];
  return told.flights.find((flight) => flight.number === told.shown)?.extents ?? told.extents;
}

/** @param {import("./draft.js").Shape[]} shapes @returns {import("../map/sketch.js").Draft[]} */
function drawn(shapes) {
  const wrong = new Set(faults.value.map((fault) => /^shapes\.(\d+)/.exec(fault.at)?.[1]));
  return shapes.flatMap((shape, at) => {
    const points = placesOf(shape).flatMap((place) => (place?.at ? [place.at] : []));
    if (points.length === 0) return [];
    const length = LENGTH.exec(shape.size.trim());
    const radius_m = length ? Number(length[1]) * (UNIT_M[String(length[2]).toLowerCase()] ?? 1) : 0;
    // What has too few points yet is shown as the line, or the point, that it is.
    const whole = shape.shape === "polygon" ? points.length > 2 : shape.shape === "circle" || points.length > 1;
    const kind = whole ? shape.shape : points.length > 1 ? "corridor" : "circle";
    const radius = kind === "polygon" ? null : shape.shape === "polygon" ? 0 : radius_m;
    return [{ shape: kind, points, radius_m: radius, wrong: wrong.has(String(at)) }];
  });
}
