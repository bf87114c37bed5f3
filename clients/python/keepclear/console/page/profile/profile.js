/**
 * The profile's room: who is above whom and when, beneath the map; with the time slider, which the map follows too.
 *
 * Drawn anew when what it shows changes, and once a second for the line of now. What it shows of the chosen conflict is
 * told in words as well.
 */

import { blind, now, shownAt } from "../desk/picture.js";
import { html } from "../html.js";
import { heights, window } from "../measures.js";
import { coloursNow, onTheme } from "../map/colours.js";
import { chosenConflict, scene } from "../map/shown.js";
import { foreignText } from "../foreign.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { computed, effect, signal } from "../vendor/signals.js";
import { lang, say, t } from "../words.js";
import { drawProfile } from "./draw.js";
import { panelsOf } from "./panels.js";
import { Slider } from "./slider.js";
import { REACHES_H, spanAt } from "./span.js";
import { held, reach } from "./time.js";

/** @typedef {import("./span.js").Span} Span */

/** @type {Span} */
let lastSpan = { from_ms: 0, to_ms: 1 };

/** @type {import("../types.js").Signal<Span>} */
const span = /** @type {any} */ (
  computed(() => {
    const at = shownAt.value;
    // While another time is looked at, the axis stands still unless that time leaves it.
    const stands = held.value || (at !== null && at >= lastSpan.from_ms && at <= lastSpan.to_ms);
    const next = spanAt(stands ? now.peek() : now.value, REACHES_H[reach.value], chosenConflict.value, at);
    if (held.peek() || (next.from_ms === lastSpan.from_ms && next.to_ms === lastSpan.to_ms)) return lastSpan;
    lastSpan = next;
    return next;
  })
);

const panels = computed(() => panelsOf(scene.value, span.value));

/** Redrawn when the box or the theme changes. */
const changed = signal(0);

export function ProfileRoom() {
  const canvas = useRef(/** @type {HTMLCanvasElement|null} */ (null));
  useEffect(() => {
    const element = /** @type {HTMLCanvasElement} */ (canvas.current);
    const size = new ResizeObserver(() => changed.value++);
    size.observe(element);
    let colours = coloursNow();
    const ends = [
      onTheme(() => {
        colours = coloursNow();
        changed.value++;
      }),
      effect(() => {
        changed.value;
        lang.value;
        const sight = { panels: panels.value, span: span.value, now_ms: now.value, at_ms: shownAt.value, blind: blind.value };
        draw(element, { ...sight, colours });
      }),
    ];
    return () => {
      size.disconnect();
      for (const end of ends) end();
    };
  }, []);
  return html`
    <canvas class="profile-canvas" ref=${canvas} role="img" aria-label=${say("profile.label")} aria-describedby="profile-words"></canvas>
    <${Slider} span=${span.value} />
    <${ProfileWords} />`;
}

/** @param {HTMLCanvasElement} canvas @param {any} sight */
function draw(canvas, sight) {
  const ratio = Math.min(2, devicePixelRatio || 1);
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width || !height) return;
  if (canvas.width !== width * ratio || canvas.height !== height * ratio) {
    canvas.width = width * ratio;
    canvas.height = height * ratio;
  }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  drawProfile(context, { ...sight, width, height, words: { reference: named, now: say("profile.now") } });
}

/** @type {Record<string, string>} */
const REFERENCES = {
  FL: "profile.reference.fl",
  AMSL: "profile.reference.amsl",
  AGL: "profile.reference.agl",
  W84: "profile.reference.w84",
};

/** @param {string} reference */
function named(reference) {
  return say(REFERENCES[reference] ?? "profile.reference.unknown");
}

function ProfileWords() {
  const conflict = scene.value.chosen?.conflict;
  const references = panels.value.map(({ reference }) => named(reference));
  return html`<div id="profile-words" class="visually-hidden">
    <p>${t("profile.words.span", { window: window(span.value.from_ms, span.value.to_ms) })}</p>
    ${references.length > 1 && html`<p>${t("profile.words.references", { n: references.length })}</p>`}
    ${conflict?.pairs_shown.map((pair, at) => html`<p key=${at}>${pairWords(pair, conflict)}</p>`)}
  </div>`;
}

/** @param {import("../types.js").Pair} pair @param {import("../types.js").Conflict} conflict */
function pairWords({ ours, theirs, start_ms, end_ms }, conflict) {
  const band = (/** @type {import("../types.js").Extent|null} */ one) =>
    one ? heights(one.lower_m, one.upper_m, one.reference) : say("profile.words.unknown");
  return t("profile.words.pair", {
    own: foreignText(conflict.own.callsign) || say("map.unnamed"),
    ours: band(ours),
    other: foreignText(conflict.other.party),
    theirs: band(theirs),
    window: window(start_ms, end_ms),
  });
}
