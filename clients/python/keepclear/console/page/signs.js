/**
 * The sign, the word and the style of what a conflict is: colour is never alone. The terminal's board has the same signs.
 */

import { foreignText } from "./foreign.js";
import { glyph } from "./glyph.js";
import { has, say } from "./words.js";

/** @typedef {import("./types.js").Conflict} Conflict */

/** The glyph of each look. @type {Record<string, string>} */
const GLYPHS = {
  overlap: "danger",
  proximity: "warning",
  possible: "possible",
  unverified: "unverified",
  unconfirmed: "unconfirmed",
  past: "past",
  closed: "closed",
};

/** @type {Record<string, string>} */
const STATES = { UNVERIFIED: "unverified", "CLOSED NOT CONFIRMED": "unconfirmed", PAST: "past", CLOSED: "closed" };

/**
 * Return what a conflict looks like: a severity while it is open, else its state; an alarm before both.
 * @param {Conflict} conflict
 */
export function lookOf(conflict) {
  if (conflict.alarm !== null) return "unverified";
  if (conflict.state !== "OPEN") return STATES[conflict.state] ?? "unverified";
  return conflict.severity !== null && conflict.severity in GLYPHS ? conflict.severity : "unverified";
}

/** The sign of a look; one that is not known looks like what is worst. @param {string} look */
export function signOf(look) {
  return glyph(GLYPHS[look] ?? "unverified");
}

/** @param {string} look */
export function wordOf(look) {
  return say(`card.look.${look}`);
}

/** The category of the other side's flight in words, or as it stands in the agreement. @param {string | null} category */
export function categoryOf(category) {
  if (category === null) return say("card.notice");
  return has(`card.category.${category}`) ? say(`card.category.${category}`) : foreignText(category, 40);
}

/** Whether somebody must be called to it until he has answered. @param {Conflict} conflict */
export function isDanger(conflict) {
  return conflict.unanswered && ["OPEN", "UNVERIFIED"].includes(conflict.state) && !isPossible(conflict);
}

/** Whether it cannot be excluded, and all that was said of it holds. @param {Conflict} conflict */
export function isPossible(conflict) {
  return conflict.severity === "possible" && conflict.state === "OPEN" && conflict.alarm === null;
}

/** Whether it calls for somebody of ours. @param {Conflict} conflict */
export function calls(conflict) {
  return conflict.unanswered || conflict.state === "UNVERIFIED" || conflict.alarm !== null;
}

/** Whether an officer of ours may still answer it: what was closed unseen, so that others know it was seen. @param {Conflict} conflict */
export function asks(conflict) {
  return conflict.unanswered || conflict.phase === "cleared_unseen";
}

/** Whether it is over, and nothing of it is in doubt. @param {Conflict} conflict */
export function isOver(conflict) {
  return ["CLOSED", "PAST"].includes(conflict.state) && conflict.alarm === null;
}
