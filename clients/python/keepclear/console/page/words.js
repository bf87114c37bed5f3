/**
 * The page's words, in the language that is chosen: no text stands in a module.
 *
 * Guaranteed: every value stands isolated from the words around it, numbers, ranges, ids and times left to right
 * whatever the language, so that no range is read backwards; a word that a language lacks is given in English; no text
 * of others steers the direction of ours. Nothing is upper-cased by code: Turkish would be spelt wrong.
 */

import { lang } from "./address.js";
import { html } from "./html.js";
import { computed, effect, signal } from "./vendor/signals.js";

export { lang };

/** @typedef {string | number | import("./vendor/preact.js").VNode<any> | import("./vendor/preact.js").VNode<any>[]} Value */
/** @typedef {Record<string, Value | null | undefined>} Values */

const LRI = "\u2066", RLI = "\u2067", FSI = "\u2068", PDI = "\u2069";
/** What a text that is isolated begins with, and the direction that it has then. */
const DIRECTIONS = new Map([[LRI, "ltr"], [RLI, "rtl"], [FSI, "auto"]]);
const RTL = ["he", "ar"];
/** Characters of a number, range or time that is kept on one line: no column is narrower than so many. */
const MOST_WHOLE = 24;
const AGAIN_MS = 300;

/** @type {import("./types.js").Signal<Record<string, string>>} */
const english = signal({});
/** @type {import("./types.js").Signal<Record<string, string>>} */
const chosen = signal({});
const plurals = computed(() => new Intl.PluralRules(lang.value));

export const direction = computed(() => (RTL.includes(lang.value) ? "rtl" : "ltr"));

/** Load English, which stands in for what is missing, and keep to the language that is chosen. */
export async function loadWords() {
  english.value = await dictionary("en");
  await new Promise((done) => {
    effect(() => {
      const wanted = lang.value;
      document.documentElement.lang = wanted;
      document.documentElement.dir = direction.value;
      dictionary(wanted).then((words) => {
        if (lang.peek() === wanted) chosen.value = words;
        done(undefined);
      });
    });
  });
}

/**
 * Fetch a language's words, again and again while the network gives way: a page of keys says nothing to anybody.
 * @param {string} wanted
 * @returns {Promise<Record<string, string>>}
 */
async function dictionary(wanted) {
  for (;;) {
    try {
      const response = await fetch(`/words/${wanted}.json`);
      return response.ok ? await response.json() : {};
    } catch {
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  }
}

/** Whether there is such a word. @param {string} key */
export function has(key) {
  return chosen.value[key] !== undefined || english.value[key] !== undefined;
}

/**
 * Return words as nodes, each value in an element of its own direction.
 * @param {string} key
 * @param {Values} [values]
 */
export function t(key, values = {}) {
  const parts = pieces(key, values).map((piece) => (typeof piece === "string" ? piece : isolated(piece.value)));
  return parts.length === 1 ? parts[0] : html`${parts}`;
}

/**
 * Return words as one text, for labels and canvases; values are isolated by characters.
 * @param {string} key
 * @param {Values} [values]
 */
export function say(key, values = {}) {
  const said = pieces(key, values)
    .map((piece) => (typeof piece === "string" ? piece : embedded(String(piece.value))))
    .join("");
  // By the language, not by its first letter: a phrase that begins with a code would else be read from the wrong end.
  return `${direction.value === "rtl" ? RLI : LRI}${said}${PDI}`;
}

/** Return a text as a node: one of `say` or `foreignText` in its own direction, any other left to right. @param {Value} value */
export function isolated(value) {
  if (typeof value === "object") return value;
  const text = String(value);
  const own = DIRECTIONS.get(text.charAt(0));
  if (own === undefined) return element(LRI, [text]);
  // A phrase may be broken over lines, which a figure never is: the style tells them apart by their elements.
  return own === "auto" ? element(FSI, nested(bare(text))) : html`<span dir=${own}>${nested(bare(text))}</span>`;
}

/**
 * Return a text with each stretch that characters isolate in an element of its own: so none of its numbers is torn.
 * @param {string} text
 */
function nested(text) {
  /** @type {{opens: string, parts: any[]}[]} */
  const open = [];
  /** @type {any[]} */
  const whole = [];
  const put = (/** @type {any} */ part) => (open.at(-1)?.parts ?? whole).push(part);
  for (const piece of text.split(/([\u2066-\u2069])/)) {
    if (DIRECTIONS.has(piece)) open.push({ opens: piece, parts: [] });
    else if (piece !== PDI) put(piece);
    else {
      const closed = open.pop();
      if (closed) put(element(closed.opens, closed.parts));
    }
  }
  for (const left of open) whole.push(...left.parts);
  return whole;
}

/** @param {string} opens @param {any[]} parts */
function element(opens, parts) {
  const long = parts.some((part) => typeof part !== "string" || part.length > MOST_WHOLE);
  return html`<bdi dir=${DIRECTIONS.get(opens) ?? "ltr"} class=${long ? "long" : undefined}>${parts}</bdi>`;
}

/** A text without the isolates around it: for where an element isolates it. @param {string} text */
export function bare(text) {
  return DIRECTIONS.has(text.charAt(0)) && text.endsWith(PDI) ? text.slice(1, -1) : text;
}

/** @param {string} text */
function embedded(text) {
  return DIRECTIONS.has(text.charAt(0)) ? text : `${LRI}${text}${PDI}`;
}

/**
 * @param {string} key
 * @param {Values} values
 * @returns {(string | {value: Value})[]}
 */
function pieces(key, values) {
  const pattern = look(key, values.n);
  const found = pattern.split(/\{(\w+)\}/);
  /** @type {(string | {value: Value})[]} */
  const made = [];
  found.forEach((text, at) => {
    const value = at % 2 === 0 ? text : values[text];
    if (at % 2 === 0 && text !== "") made.push(text);
    else if (at % 2 === 1 && value !== undefined && value !== null) made.push({ value });
  });
  return made;
}

/**
 * @param {string} key
 * @param {unknown} n
 */
function look(key, n) {
  for (const words of [chosen.value, english.value]) {
    if (typeof n === "number") {
      const form = words[`${key}.${plurals.value.select(n)}`] ?? words[`${key}.other`];
      if (form !== undefined) return form;
    }
    if (words[key] !== undefined) return words[key];
  }
  return key;
}
