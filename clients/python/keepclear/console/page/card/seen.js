/**
 * What has stood before somebody's eyes, and since when: the versions that were in view of a page that is visible.
 *
 * Guaranteed: only such a version is told to the desk as shown, each once by this page, and only it can be
 * acknowledged, a second after it came into view at the earliest. What is read of it must be in view: of an opened card
 * its sentence, else its head; no card is too high for a low screen. What a dialog covers is not in view. A wall screen
 * tells nothing: nobody may sit there.
 */

import { ask } from "../desk/deeds.js";
import { session } from "../desk/picture.js";
import { question } from "../keys.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { computed, effect } from "../vendor/signals.js";

/** What has stood in view for less cannot have been read. */
const READ_MS = 1000;
const TOGETHER_MS = 100;
/** What the desk takes at once. */
const MOST_TOLD = 500;
const MOST_KEPT = 20_000;

/** @type {Map<string, number>} */
const seenAt = new Map();
/** @type {[string, number][]} */
let waiting = [];
let timer = 0;

/** @type {WeakMap<Element, import("../types.js").Conflict>} */
const shownIn = new WeakMap();
/** @type {Set<Element>} */
const inView = new Set();

const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) inView.add(target);
      else inView.delete(target);
    }
    look();
  },
  { threshold: 0.5 },
);
document.addEventListener("visibilitychange", look);

function look() {
  if (document.visibilityState !== "visible" || document.querySelector("dialog[open]") !== null) return;
  for (const part of inView) {
    const conflict = shownIn.get(part);
    if (conflict !== undefined && part.isConnected) note(conflict);
  }
}

effect(() => {
  // Each dialog is a question: what one has covered is seen once it is left.
  if (question.value === "") look();
});

/** @param {import("../types.js").Conflict} conflict */
function note(conflict) {
  const key = `${conflict.conflict} ${conflict.version}`;
  if (seenAt.has(key)) return;
  if (seenAt.size > MOST_KEPT) seenAt.clear();
  seenAt.set(key, performance.now());
  put(conflict);
}

const officer = computed(() => session.value?.officer ?? null);

effect(() => {
  // What another had before his eyes is not what who begins now has read: all in view is shown to him from now on.
  if (officer.value === null) return;
  seenAt.clear();
  look();
});

/** @param {import("../types.js").Conflict} conflict */
function put({ conflict, version }) {
  waiting.push([conflict, version]);
  if (timer === 0) timer = window.setTimeout(tellDesk, TOGETHER_MS);
}

async function tellDesk() {
  timer = 0;
  const shown = waiting.slice(0, MOST_TOLD);
  waiting = waiting.slice(MOST_TOLD);
  if (waiting.length > 0) timer = window.setTimeout(tellDesk, TOGETHER_MS);
  if (session.peek()?.role !== "officer") return;
  // That it stood here is known to this page whether or not the desk could be told; it asks for no answer.
  await ask("/api/shown", { conflicts: shown }).catch(() => {});
}

/** For how long in ms a version has stood in view. @param {import("../types.js").Conflict} conflict */
export function seenFor({ conflict, version }) {
  const at = seenAt.get(`${conflict} ${version}`);
  return at === undefined ? 0 : performance.now() - at;
}

/** Whether a version has been in view for long enough to be read. @param {import("../types.js").Conflict} conflict */
export function wasRead(conflict) {
  return seenFor(conflict) >= READ_MS;
}

/**
 * Return a reference for the element in which a conflict is shown.
 * @param {import("../types.js").Conflict} conflict
 * @param {boolean} open whether all of it is shown, not its head alone
 */
export function useSeen(conflict, open) {
  const element = useRef(/** @type {HTMLElement | null} */ (null));
  const part = useRef(/** @type {Element | null} */ (null));
  useEffect(() => {
    const read = element.current?.querySelector(open ? ".sentence" : ".head") ?? null;
    part.current = read;
    if (read === null) return undefined;
    observer.observe(read);
    return () => {
      observer.unobserve(read);
      inView.delete(read);
    };
  }, [open]);
  useEffect(() => {
    if (part.current !== null) shownIn.set(part.current, conflict);
    look();
  }, [conflict.conflict, conflict.version, open]);
  return element;
}
