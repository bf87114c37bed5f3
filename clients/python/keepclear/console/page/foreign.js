/**
 * Text that others wrote (callsigns, categories, remarks, officers, names of parties and files), made harmless to read.
 *
 * A plain handle such as duty-1 stands as it is; all else between double quotes, so that no text of theirs passes for
 * ours, and a quote or backslash in it behind a backslash. Whatever is not seen or turns the direction is written out
 * as \u202e; a letter keeps at most four marks; every kind of space is a space. What remains is isolated from our text,
 * and so is each number in it: no range is read from its wrong end. A long text is cut, with a button that shows
 * it whole. Markup needs no care: the page only ever makes text of it. Not guaranteed: that texts which look alike are
 * the same.
 */

import { html } from "./html.js";
import { t } from "./words.js";
import { useState } from "./vendor/preact-hooks.js";

/** Characters shown before the cut: a counterpart's texts have at most 64 each. */
const MOST = 72;

/** Characters shown of one text when it is shown whole: more is no name, and would only slow the page down. */
const WHOLE = 16_000;

/** Marks on one letter: Hebrew and Vietnamese use up to three; a flood of them covers the lines above. */
const MOST_MARKS = 4;

const HANDLE = /^[A-Za-z0-9._@-]+$/;
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{16fe4}\u{1d159}]/u;
const MARK = /\p{M}/u;
const SPACE = /\p{Zs}/u;
/** Ours; those of Arabic stand from right to left with its letters, as their readers expect. */
const NUMBERS = /([+-]?[0-9](?:[0-9.,:/\u2010-\u2015+-]*[0-9])?)/;
const LEFTWARD = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** @param {string} character */
function escaped(character) {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  return code < 0x100
    ? `\\x${digits.padStart(2, "0")}`
    : code < 0x10000
      ? `\\u${digits.padStart(4, "0")}`
      : `\\U${digits.padStart(8, "0")}`;
}

/**
 * The text with everything unseen written out, at most `most` characters of it.
 *
 * @param {string} text
 * @param {number} most
 * @returns {{ shown: string, more: number }} `more`: how many characters were left out
 */
function seen(text, most) {
  const told = [];
  let length = 0;
  let taken = 0;
  let marks = 0;
  let bare = true; // a mark here would fall upon what is not its own
  for (const character of text) {
    if (length >= most) {
      break;
    }
    taken += character.length;
    const mark = MARK.test(character);
    marks = mark ? marks + 1 : 0;
    let piece = character;
    if (UNSEEN.test(character) || (mark && (bare || marks === MOST_MARKS + 1))) {
      piece = escaped(character);
      bare = !mark || bare;
    } else if (marks > MOST_MARKS) {
      piece = "";
    } else {
      piece = SPACE.test(character) ? " " : character === '"' || character === "\\" ? `\\${character}` : character;
      bare = piece === " " || piece.length > 1 && piece.startsWith("\\");
    }
    told.push(piece);
    length += piece.length;
  }
  return { shown: told.join(""), more: text.length - taken };
}

/**
 * The same as a string, for a value of `say` and `t`, a canvas, an aria-label: isolated by characters, "" for none.
 *
 * @param {string | null | undefined} text
 * @param {number} [most]
 */
export function foreignText(text, most = MOST) {
  if (!text) {
    return "";
  }
  const { shown, more } = seen(text, most);
  const quote = HANDLE.test(text) ? "" : '"';
  const parts = LEFTWARD.test(shown) ? shown.split(NUMBERS).map(apart) : [shown];
  return `\u2068${quote}${parts.join("")}${more ? "\u2026" : ""}${quote}\u2069`;
}

/**
 * Every other part of a text that was split by NUMBERS is one.
 *
 * @param {string} part
 * @param {number} at
 */
function apart(part, at) {
  return at % 2 ? `\u2066${part}\u2069` : part;
}

/**
 * The same as an element. With `fixed` there is no button, for places that are themselves one.
 *
 * @param {{ text: string | null | undefined, absent?: string, most?: number, fixed?: boolean }} props
 */
export function Foreign({ text, absent = "", most = MOST, fixed = false }) {
  const [whole, setWhole] = useState(false);
  if (!text) {
    return absent;
  }
  const handle = HANDLE.test(text);
  const { shown, more } = seen(text, whole ? WHOLE : most);
  const quote = handle ? "" : '"';
  const parts = LEFTWARD.test(shown) ? shown.split(NUMBERS) : [shown];
  const label = whole ? t("foreign.less") : t("foreign.more", { n: text.length });
  return html`<bdi class=${whole ? "foreign whole" : "foreign"} dir=${handle ? "ltr" : "auto"}
    >${quote}${parts.map((part, at) => (at % 2 ? html`<bdi dir="ltr">${part}</bdi>` : part))}${more
      ? "\u2026"
      : ""}${quote}</bdi
  >${(more > 0 || whole) &&
  !fixed &&
  html` <button
    type="button"
    class="button more"
    aria-expanded=${String(whole)}
    onClick=${(/** @type {Event} */ event) => {
      event.stopPropagation();
      setWhole(!whole);
    }}
  >
    ${label}
  </button>`}`;
}
