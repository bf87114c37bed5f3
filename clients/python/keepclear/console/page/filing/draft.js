/**
 * What an officer is about to file, field by field, as typed.
 *
 * Guaranteed: nothing of it is lost by an error, a cut link or a reload: it is kept for this tab until it was sent or
 * thrown away. What is kept names no key and no officer. A file that was dropped is kept by its hash alone: the desk
 * on this machine has its bytes for as long as the console runs.
 */

import { effect, signal } from "../vendor/signals.js";

/** @typedef {"corridor" | "polygon" | "circle"} Kind */
/** @typedef {{key: number, shape: Kind, points: string[], size: string}} Shape */
/** @typedef {{file: string, name: string, bytes: number, format: string}} Chosen */
/** @typedef {{notice: string, code: string, revision: number, callsign: string | null, drawable: boolean}} Amends */

/**
 * @typedef {object} Draft
 * @property {"form" | "review"} step
 * @property {"drawn" | "file" | "notice"} kind where its flights come from
 * @property {Amends | null} amends
 * @property {Shape[]} shapes
 * @property {Chosen | null} file
 * @property {string} pasted
 * @property {Record<string, string>} options
 * @property {string} callsign
 * @property {string} category
 * @property {string} remarks
 * @property {string} reference
 * @property {string} shift minutes
 * @property {number} show which flight of a file is shown in full
 * @property {string} sending the digest of what is being sent
 */

const KEPT = "keepclear.filing";
/** What a tab's own store certainly takes; a longer text is at the desk, by its hash. */
const MOST_PASTED = 400_000;

/** @type {Draft} */
const EMPTY = {
  step: "form",
  kind: "drawn",
  amends: null,
  shapes: [],
  file: null,
  pasted: "",
  options: {},
  callsign: "",
  category: "",
  remarks: "",
  reference: "",
  shift: "",
  show: 1,
  sending: "",
};

/** @type {import("../types.js").Signal<Draft | null>} */
export const draft = signal(recall());

/** Whether the draft is set aside, and the list of notices is looked at. */
export const aside = signal(false);

let lastKey = Math.max(0, ...(draft.peek()?.shapes ?? []).map((shape) => shape.key));

effect(() => {
  const kept = draft.value;
  try {
    if (kept === null) sessionStorage.removeItem(KEPT);
    else sessionStorage.setItem(KEPT, JSON.stringify({ ...kept, pasted: kept.pasted.length > MOST_PASTED ? "" : kept.pasted }));
  } catch {
    // A tab without room or right to keep it: it stands on the screen all the same.
  }
});

/** @returns {Draft | null} */
function recall() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    return kept === null || !Array.isArray(kept.shapes) ? null : { ...EMPTY, ...kept };
  } catch {
    return null;
  }
}

/** Begin a draft. @param {Partial<Draft>} [given] */
export function begin(given = {}) {
  aside.value = false;
  draft.value = { ...EMPTY, ...given };
}

/** @param {Partial<Draft>} changes */
export function change(changes) {
  const before = draft.peek();
  if (before !== null) draft.value = { ...before, ...changes };
}

/** @param {string} name @param {string} text */
export function changeOption(name, text) {
  change({ options: { ...draft.peek()?.options, [name]: text } });
}

/** Add a shape that has no point yet; return its number. @param {Kind} shape */
export function addShape(shape) {
  const shapes = draft.peek()?.shapes ?? [];
  const size = shapes.findLast((one) => one.shape === shape)?.size ?? "";
  lastKey += 1;
  change({ shapes: [...shapes, { key: lastKey, shape, points: [""], size }] });
  return shapes.length;
}

/** @param {number} at @param {Partial<Shape>} changes */
export function changeShape(at, changes) {
  const shapes = draft.peek()?.shapes ?? [];
  change({ shapes: shapes.map((shape, number) => (number === at ? { ...shape, ...changes } : shape)) });
}

/** @param {number} at */
export function removeShape(at) {
  change({ shapes: (draft.peek()?.shapes ?? []).filter((_, number) => number !== at) });
}

/** Shapes as a form of the desk's has them. @param {Omit<Shape, "key">[]} shapes @returns {Shape[]} */
export function keyed(shapes) {
  return shapes.map((shape) => {
    lastKey += 1;
    // Behind the last point there is always an empty line.
    return { ...shape, points: shape.shape === "circle" ? shape.points : [...shape.points, ""], key: lastKey };
  });
}

/** What the desk is asked to read. @param {Draft} said */
export function asked(said) {
  const { kind, shapes, file, amends, callsign, category, remarks, reference, show } = said;
  const points = (/** @type {Shape} */ shape) => shape.points.filter((text) => text.trim() !== "");
  const source =
    kind === "drawn"
      ? { kind, shapes: shapes.map((shape) => ({ shape: shape.shape, size: shape.size, points: points(shape) })) }
      : kind === "notice"
        ? { kind, notice: amends?.notice ?? null }
        : { kind: file === null ? "none" : "file", file: file?.file ?? null };
  const moved = kind === "notice" ? minutes(said.shift) : 0;
  return {
    source,
    options: kind === "notice" ? {} : said.options,
    callsign,
    category,
    remarks,
    reference: amends === null ? reference : "",
    amends: amends?.notice ?? null,
    revision: amends?.revision ?? null,
    shift_min: moved,
    show,
  };
}

/** @param {string} text @returns {number | string} a text that is no number is for the desk to refuse */
function minutes(text) {
  const plain = text.trim();
  return plain === "" ? 0 : /^[+-]?\d{1,6}$/.test(plain) ? Number(plain) : plain;
}
