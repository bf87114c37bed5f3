/** A conflict as one sentence that can be read over a telephone, and what is signed when it is acknowledged. */

import { bandOfSide, common } from "../bands.js";
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
 *
 * An alert tells of each volume of the other side its worst meeting with ours: of flights with many volumes the two
 * sides are told other windows of one conflict, so that it is said whose this one is.
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

/**
 * How high they are: the heights that both have, which the other side reads alike, else each side's by its name.
 *
 * What the alert says of heights is of the second flight alone: it is the other side's, and is called so.
 * @param {Conflict} conflict
 * @returns {{meets: string} | {apart: string} | null}
 */
export function bandsOf(conflict) {
  const [own, other] = [bandOfSide(conflict.own), bandOfSide(conflict.other) ?? bandOfSide(conflict)];
  const meets = own && other && common(own, other);
  if (meets) return { meets: written(meets) };
  const told = [
    own && say("card.say.band_of", { party: party.value, band: written(own) }),
    other && say("card.say.band_of", { party: foreignText(conflict.other.party, 40), band: written(other) }),
  ].filter((one) => one !== null);
  return told.length ? { apart: told.join(say("card.say.between").slice(1, -1)) } : null;
}

/** The same as one text. @param {Conflict} conflict */
export function bandWords(conflict) {
  const bands = bandsOf(conflict);
  return bands && ("meets" in bands ? bands.meets : bands.apart);
}

/** @param {import("../types.js").Side} side */
export function sideBand(side) {
  const band = bandOfSide(side);
  return band && written(band);
}

/** @param {import("../bands.js").Measured} band */
function written({ lower_m, upper_m, reference }) {
  return heights(lower_m, upper_m, reference);
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
  const bands = bandsOf(conflict);
  const parts = [
    say(`card.say.${look}`, { spoken: spokenOf(conflict), us: party.value, ours: ours(conflict), theirs: theirs(conflict) }),
    times && say("card.say.when", { us: party.value, from: times[0], to: times[1] }),
    bands && ("meets" in bands ? say("card.say.band", { band: bands.meets }) : bands.apart),
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
    band: bandWords(conflict) ?? "-",
  });
}
