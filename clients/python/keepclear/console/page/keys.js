/**
 * The keyboard: which key does what where, said once and shown by the help page as it is bound.
 *
 * Guaranteed: nothing fires while somebody writes in a field, nor for a key that is held down; Escape leaves the field.
 * A question that is asked takes all keys until it is answered. Letters go by their place on a keyboard whose letters
 * are not Latin, so A acknowledges on a Hebrew or Russian one.
 */

import { room } from "./address.js";
import { useLayoutEffect, useRef } from "./vendor/preact-hooks.js";
import { signal } from "./vendor/signals.js";

/**
 * @typedef {object} Binding
 * @property {string} key `event.key`: a lower-case letter, or "Enter", "Escape", "ArrowDown", "?"
 * @property {string} [where] a room, the name of a question, that of an element by its `data-keys`, or "*" for everywhere
 * @property {string} words the key of its words
 * @property {() => void} does
 * @property {boolean} [silent] not listed by the help page: another key for the same
 */

/** @type {import("./types.js").Signal<Binding[]>} */
export const bound = signal([]);

/** The question that is open and takes all keys, or "". */
export const question = signal("");

/** Keys that go on while they are held. */
const MOVES = /^(Arrow\w+|Page\w+|[jk+-])$/;

/** When a key was last pressed, by the steady clock. */
export const pressedAt = signal(0);

/** Bind a key; return what undoes it. @param {Binding} binding */
export function bind(binding) {
  const whole = { where: "*", ...binding };
  bound.value = [...bound.peek(), whole];
  return () => {
    bound.value = bound.peek().filter((one) => one !== whole);
  };
}

/**
 * Bind keys for as long as a component stands; `does` may be new each time.
 * @param {Binding[]} bindings
 */
export function useKeys(bindings) {
  const named = bindings.map(({ key, where }) => `${where ?? "*"} ${key}`).join(",");
  /** @type {Map<string, Binding>} */
  const current = new Map(bindings.map((one) => [one.key, one]));
  const latest = useRef(current);
  // Before anything is drawn: no key that comes right after a change of room is lost.
  useLayoutEffect(() => {
    const undo = bindings.map((one) => bind({ ...one, does: () => live.get(named)?.get(one.key)?.does() }));
    return () => {
      for (const each of undo) each();
      // Another of the same keys may stand already: what comes is drawn before what goes is told so.
      if (live.get(named) === latest.current) live.delete(named);
    };
  }, [named]);
  latest.current = current;
  live.set(named, current);
}

/** What the components' keys do as of their last drawing. @type {Map<string, Map<string, Binding>>} */
const live = new Map();

/** Listen to the keyboard. */
export function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    pressedAt.value = performance.now();
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = nameOfKey(event);
    if (writes(event.target)) {
      if (key === "Escape") /** @type {HTMLElement} */ (event.target).blur();
      return;
    }
    // Space and Enter press the button that has the focus; with a question open too, for its buttons are in view.
    if ((key === "Enter" || key === " ") && presses(event.target)) return;
    const found = meant(key, event.target);
    if (found === undefined) return;
    event.preventDefault();
    if (!event.repeat || MOVES.test(key)) found.does();
  });
}

/**
 * Return what a key means: of the part of the page that has the focus first, then of the room, then anywhere.
 * @param {string} key
 * @param {EventTarget | null} target
 */
function meant(key, target) {
  const part = target instanceof Element ? target.closest("[data-keys]")?.getAttribute("data-keys") : null;
  // A question that has bound no key stands nowhere: it must not keep the keys of all else.
  const asks = question.peek() !== "" && bound.peek().some((one) => one.where === question.peek());
  const places = asks ? [question.peek()] : [part, room.peek(), "*"];
  const named = bound.peek().filter((one) => one.key === key);
  return places.map((place) => named.findLast((one) => one.where === place)).find((one) => one !== undefined);
}

/** @param {KeyboardEvent} event */
function nameOfKey(event) {
  if (event.key === "؟") return "?";
  if (/^[a-z]$/i.test(event.key)) return event.key.toLowerCase();
  const letter = /^Key([A-Z])$/.exec(event.code);
  if (letter !== null && event.key.length === 1) return String(letter[1]).toLowerCase();
  // Where Slash gives neither of its own, the layout has none: Russian has a full stop and a comma there.
  if (event.code === "Slash" && !["?", "/"].includes(event.key)) return event.shiftKey ? "?" : "/";
  return event.key;
}

/** @param {EventTarget | null} target */
function writes(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "range"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

/** @param {EventTarget | null} target */
function presses(target) {
  return target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement || target instanceof HTMLInputElement;
}
