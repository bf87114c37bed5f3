// Strict JSON: one reading or a refusal. A whole number reads as a JavaScript number, one with fraction
// or exponent as a Real, so that 1.0 is never taken for 1. Objects have no prototype.
import { ensure, refuse } from "./refusal.js";

const DEEPEST = 16;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** A number that was written with a fraction or an exponent. */
export class Real {
  constructor(value) {
    this.value = value;
  }
  toJSON() {
    return this.value;
  }
}

export const isWhole = (value) => typeof value === "number";
export const isNumber = (value) => isWhole(value) || value instanceof Real;
export const asNumber = (value) => (value instanceof Real ? value.value : value);
export const isText = (value) => typeof value === "string";
export const isObject = (value) =>
  value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Real);
export const characters = (text) => [...text].length;
export const inBounds = (value, least, most) => asNumber(value) >= least && asNumber(value) <= most;

/** Whether `object` has exactly these members. */
export function hasExactly(object, names) {
  return isObject(object) && Object.keys(object).length === names.length && names.every((name) => name in object);
}

class Reader {
  constructor(text, deepest) {
    this.text = text;
    this.deepest = deepest;
    this.at = 0;
  }

  fail(message = "not JSON") {
    refuse("json", `${message} at character ${this.at}`);
  }

  space() {
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) this.at += 1;
  }

  take(symbol) {
    this.space();
    if (this.text[this.at] !== symbol) return false;
    this.at += 1;
    return true;
  }

  expect(symbol) {
    if (!this.take(symbol)) this.fail();
  }

  word(word, value) {
    if (!this.text.startsWith(word, this.at)) this.fail();
    this.at += word.length;
    return value;
  }

  value(depth) {
    this.space();
    const first = this.text[this.at];
    if (first === "{" || first === "[") {
      if (depth >= this.deepest) this.fail(`more than ${this.deepest} levels`);
      this.at += 1;
      return first === "{" ? this.object(depth + 1) : this.array(depth + 1);
    }
    if (first === '"') return this.string();
    if (first === "t") return this.word("true", true);
    if (first === "f") return this.word("false", false);
    if (first === "n") return this.word("null", null);
    return this.number();
  }

  object(depth) {
    const object = Object.create(null);
    if (this.take("}")) return object;
    do {
      this.space();
      const name = this.text[this.at] === '"' ? this.string() : this.fail();
      if (name in object) this.fail("a name stands twice");
      this.expect(":");
      object[name] = this.value(depth);
    } while (this.take(","));
    this.expect("}");
    return object;
  }

  array(depth) {
    const items = [];
    if (this.take("]")) return items;
    do items.push(this.value(depth)); while (this.take(","));
    this.expect("]");
    return items;
  }

  string() {
    let text = "";
    for (this.at += 1; ; ) {
      PLAIN.lastIndex = this.at;
      text += PLAIN.exec(this.text)[0];
      this.at = PLAIN.lastIndex;
      const symbol = this.text[this.at++];
      if (symbol === '"') break;
      if (symbol !== "\\") this.fail();
      const escape = this.text[this.at++];
      if (escape === "u") {
        const hex = this.text.slice(this.at, this.at + 4);
        if (!/^[0-9a-fA-F]{4}$/.test(hex)) this.fail();
        text += String.fromCharCode(Number.parseInt(hex, 16));
        this.at += 4;
      } else text += ESCAPES[escape] ?? this.fail();
    }
    if (!text.isWellFormed()) this.fail("a lone surrogate");
    return text;
  }

  number() {
    if (/^-?(?:NaN|Infinity)/.test(this.text.slice(this.at, this.at + 9)))
      refuse("json_number", "a number that is not finite");
    NUMBER.lastIndex = this.at;
    const found = NUMBER.exec(this.text);
    if (!found) this.fail();
    this.at = NUMBER.lastIndex;
    const value = Number(found[0]);
    ensure(Number.isFinite(value), "json_number", "a number that no double holds");
    if (found[1] || found[2]) return new Real(value);
    ensure(Number.isSafeInteger(value), "json_number", "an integer beyond 2^53 - 1");
    return value;
  }
}

/** What the bytes say, or a refusal with `too_large`, `json` or `json_number`. */
export function parse(bytes, limit = Infinity, deepest = DEEPEST) {
  ensure(bytes.length <= limit, "too_large", `${bytes.length} bytes, of at most ${limit}`);
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    refuse("json", "not UTF-8");
  }
  const reader = new Reader(text, deepest);
  const value = reader.value(0);
  reader.space();
  if (reader.at !== text.length) reader.fail();
  return value;
}
