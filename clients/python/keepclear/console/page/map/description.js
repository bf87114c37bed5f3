/**
 * The map in words, for who does not see it: what is shown, the chosen conflict's place, then each open one's.
 *
 * It is what the map's element is described by: read when the focus comes to it, and never by itself.
 */

import { bandWords } from "../card/sentence.js";
import { foreignText } from "../foreign.js";
import { latlng } from "../measures.js";
import { html } from "../html.js";
import { say, t } from "../words.js";
import { origin, told } from "./aids.js";
import { mgrs } from "./mgrs.js";
import { flownAt } from "./scene.js";
import { scene } from "./shown.js";

/** @typedef {import("./scene.js").Clash} Clash */

/** Conflicts that are told one by one; who wants more goes through the queue. */
const TOLD = 5;

export function MapWords() {
  const { own, other, clashes, chosen, at_ms } = scene.value;
  const ids = new Set(own.map(({ id }) => id));
  const flown = new Set(own.filter(({ extent }) => flownAt(extent, at_ms)).map(({ id }) => id));
  const open = clashes.filter((clash) => clash.open && clash !== chosen);
  return html`<div id="map-words" class="visually-hidden">
    <p>${t("map.words.notices", { n: ids.size, flown: flown.size })}</p>
    <p>${t("map.words.others", { n: other.length })}</p>
    <p>${t("map.words.conflicts", { n: clashes.filter((clash) => clash.open).length })}</p>
    ${chosen && html`<p>${t("map.words.chosen")} ${placeOf(chosen)}</p>`}
    ${open.slice(0, TOLD).map((clash) => html`<p key=${clash.conflict.conflict}>${placeOf(clash)}</p>`)}
    ${open.length > TOLD && html`<p>${t("map.words.more", { n: open.length - TOLD })}</p>`}
  </div>`;
}

/** @param {Clash} clash */
function placeOf({ conflict, where, grave }) {
  const [lat, lng] = where ?? [0, 0];
  const from = origin.value;
  const measured = from && where ? told(from.position, where) : null;
  return t(where ? "map.words.conflict" : "map.words.nowhere", {
    kind: say(grave ? "map.words.danger" : "map.words.warning"),
    code: conflict.code,
    own: foreignText(conflict.own.callsign) || say("map.unnamed"),
    other: foreignText(conflict.other.party),
    place: latlng(lat, lng),
    mgrs: mgrs(lat, lng),
    band: bandWords(conflict) ?? "",
    from: measured && from ? say("map.from_origin", { ...measured, here: "", name: foreignText(from.name) || say("map.picked") }) : "",
  });
}
