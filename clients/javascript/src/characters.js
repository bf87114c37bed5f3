// What may stand in a text that people read: ranges that nobody asks a table of Unicode for.
import { characters, isText } from "./json.js";

const UNSEEN_BELOW = "\\u0000-\\u001F\\u007F-\\u009F\\u00AD\\u034F\\u061C\\u115F-\\u1160\\u17B4-\\u17B5\\u180B-\\u180F";
const UNSEEN_ABOVE =
  "\\u200B-\\u200F\\u2028-\\u202E\\u2060-\\u206F\\u3164\\uD800-\\uF8FF\\uFDD0-\\uFDEF\\uFEFF\\uFFA0\\uFFF0-\\uFFFF" +
  "\\u{1BCA0}-\\u{1BCA3}\\u{1D173}-\\u{1D17A}\\u{1FFFE}-\\u{1FFFF}\\u{2FFFE}-\\u{2FFFF}\\u{3FFFE}-\\u{10FFFF}";
const UNSEEN_BUT_VARIANTS = new RegExp(`[${UNSEEN_BELOW}${UNSEEN_ABOVE}]`, "u");
const VARIANTS = /[\uFE00-\uFE0F]/u;
const BLANK = "[\\u0020\\u00A0\\u1680\\u2000-\\u200A\\u202F\\u205F\\u3000]";
const BLANK_ENDS = new RegExp(`^${BLANK}|${BLANK}$`, "u");

const ofLength = (value, most) => isText(value) && value !== "" && characters(value) <= most;

/** Whether it is a name of at most that many characters. */
export const isName = (value, most = 80) =>
  ofLength(value, most) && !UNSEEN_BUT_VARIANTS.test(value) && !VARIANTS.test(value) && !BLANK_ENDS.test(value);

/** Whether it may be a notice's remarks. */
export const isRemarks = (value) => ofLength(value, 280) && !UNSEEN_BUT_VARIANTS.test(value);
