/** A conflict as one sentence that can be read over a telephone, and what is signed when it is acknowledged. */

import { now, party } from "../desk/picture.js";
import { foreignText } from "../foreign.js";
import { clock, countdownSpoken, day, heights, latlng, stampOf } from "../measures.js";
import { categoryOf, lookOf } from "../signs.js";
import { say } from "../words.js";
import { fromBullseye } from "./place.js";

/** @typedef {import("../types.js").Conflict} Conflict */

/** Our flight by its callsign, or by the code of its notice. @param {Conflict} conflict */
export function ours(conflict) {
  return conflict.own.callsign === null ? say("card.no_callsign") : foreignText(conflict.own.callsign, 40);
}

/** Their flight: whose it is and what. @param {Conflict} conflict */
export function theirs(conflict) {
  return say("card.theirs", { party: foreignText(conflict.other.party, 40), category: categoryOf(conflict.other.category) });
}

/**
 * When it is, to the second, outward; with its day where that is not today's, or where it must be said in any case.
 * @param {Conflict} conflict
 * @param {{dated?: boolean}} [options]
 * @returns {[string, string] | null}
 */
export function ends(conflict, { dated = false } = {}) {
  const start = conflict.time_start_ms;
  if (start === null || conflict.time_end_ms === null) return null;
  const last = Math.ceil(conflict.time_end_ms / 1000) * 1000;
  return dated ? [`${day(start)} ${clock(start)}`, stampOf(last, start)] : [stampOf(start, now.value), stampOf(last, now.value)];
}

/** The band in which they meet, or theirs where they do not. @param {Conflict} conflict */
export function bandOf(conflict) {
  const { altitude_lower_m: lower, altitude_upper_m: upper, reference } = conflict;
  if (lower !== null && upper !== null && reference !== null) return heights(lower, upper, reference);
  return sideBand(conflict.other);
}

/** @param {import("../types.js").Side} side */
export function sideBand(side) {
  const { altitude_lower_m: lower, altitude_upper_m: upper, reference } = side;
  return lower === null || upper === null || reference === null ? null : heights(lower, upper, reference);
}

/** The code's words, each by itself, so that a line may end between two; from left to right in every language. @param {Conflict} conflict */
function spokenOf(conflict) {
  if (!conflict.spoken) return conflict.code;
  return `\u2066${conflict.spoken.split(" ").map((word) => `\u2066${word}\u2069`).join(" ")}\u2069`;
}

/** The whole of it, as it is read out. @param {Conflict} conflict */
export function sentence(conflict) {
  const look = lookOf(conflict);
  const times = ends(conflict);
  const band = bandOf(conflict);
  const parts = [
    say(`card.say.${look}`, { spoken: spokenOf(conflict), us: party.value, ours: ours(conflict), theirs: theirs(conflict) }),
    times && say("card.say.when", { from: times[0], to: times[1] }),
    band && say("card.say.band", { band }),
    conflict.where && say("card.say.where", { where: latlng(conflict.where.lat, conflict.where.lng) }),
    conflict.where && fromBullseye(conflict.where.lat, conflict.where.lng),
    conflict.time_start_ms !== null && conflict.time_end_ms !== null
      ? say("card.say.countdown", { left: countdownSpoken(conflict.time_start_ms, conflict.time_end_ms, now.value) })
      : null,
  ].filter((part) => part !== null);
  return say("card.say.whole", { text: parts.join(say("card.say.between").slice(1, -1)) });
}

/** What is read back and signed for. @param {Conflict} conflict */
export function readBack(conflict) {
  const times = ends(conflict, { dated: true });
  return say("card.read_back", {
    code: conflict.code,
    version: conflict.version,
    ours: ours(conflict),
    theirs: theirs(conflict),
    from: times?.[0] ?? "-",
    to: times?.[1] ?? "-",
    band: bandOf(conflict) ?? "-",
  });
}
